package lib.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import lib.fetch.History;
import lib.fetch.Outcome;
import lib.model.Changes;
import lib.model.Changes.Change;
import lib.provider.Listing;
import lib.render.Rendering;

/** What a fetch tells: how it goes, what it came to, and the same as JSON for a script. */
final class FetchReport {
    private static final int MOST_NOTES = 5;
    private static final int MOST_CHANGES = 1_000;

    private FetchReport() {}

    /** What ends a fetch: counts first, then whatever wants attention and what to do about it. Failures are told to the quiet, too. */
    static void tell(List<Outcome> outcomes, Instant now, Output output) {
        output.say(counts(outcomes));
        var skipped = new LinkedHashMap<String, List<String>>();
        for (var outcome : outcomes) {
            if (outcome instanceof Outcome.Skipped one) {
                skipped.computeIfAbsent(one.advice(), advice -> new ArrayList<>()).add(one.provider());
            }
            int shown = output.verbose() ? Integer.MAX_VALUE : MOST_NOTES;
            notes(outcome).stream().limit(shown).forEach(note -> output.say("  " + output.paint("yellow", "note") + "    "
                    + outcome.provider() + ": " + note));
            if (notes(outcome).size() > shown) {
                output.say("  " + output.paint("yellow", "note") + "    " + outcome.provider() + ": and " + (notes(outcome).size() - shown)
                        + " more; --verbose and models/extra/run_*.json tell all");
            }
        }
        skipped.forEach((advice, providers) -> output.say("  " + output.paint("faint", "skipped") + " " + String.join(", ", providers)
                + (advice == null ? "" : ": " + advice)));
        for (var outcome : outcomes) {
            if (outcome instanceof Outcome.Stale stale && stale.why() != null) {
                output.warn("  " + output.paint("yellow", "stale") + "   " + stale.provider() + ": " + stale.why().message()
                        + "; the answer of " + Workspace.age(stale.answer().fetchedAt(), now) + " ago serves. " + stale.why().advice());
            } else if (outcome instanceof Outcome.Failed failed) {
                output.warn("  " + output.paint("red", "failed") + "  " + failed.provider() + ": " + failed.why().message() + ". "
                        + failed.why().advice());
            }
        }
        oldest(outcomes, now).ifPresent(output::say);
    }

    private static String counts(List<Outcome> outcomes) {
        var counts = new LinkedHashMap<String, Integer>();
        List.of("done", "not modified", "stale", "skipped", "failed").forEach(word -> counts.put(word, 0));
        long models = 0;
        for (var outcome : outcomes) {
            counts.merge(word(outcome), 1, Integer::sum);
            models += outcome.usable() == null ? 0 : outcome.usable().models();
        }
        var parts = new ArrayList<String>();
        counts.forEach((word, count) -> {
            if (count > 0) {
                parts.add(count + " " + word);
            }
        });
        return Workspace.count(models, "model") + " of " + Workspace.count(outcomes.size(), "provider") + ": " + String.join(", ", parts);
    }

    /** The age of offline answers; those of failed refreshes are told one by one. */
    private static java.util.Optional<String> oldest(List<Outcome> outcomes, Instant now) {
        return outcomes.stream().filter(o -> o instanceof Outcome.Stale stale && stale.why() == null)
                .map(o -> o.usable().fetchedAt()).min(Instant::compareTo)
                .map(oldest -> "  offline: the oldest of these answers is " + Workspace.age(oldest, now)
                        + " old; 'catalog fetch' asks again.");
    }

    private static String word(Outcome outcome) {
        return kind(outcome).replace('_', ' ').replace("fresh", "done");
    }

    /** The outcome's name in files and JSON. */
    static String kind(Outcome outcome) {
        if (outcome instanceof Outcome.Fresh) {
            return "fresh";
        }
        if (outcome instanceof Outcome.NotModified) {
            return "not_modified";
        }
        if (outcome instanceof Outcome.Stale) {
            return "stale";
        }
        return outcome instanceof Outcome.Skipped ? "skipped" : "failed";
    }

    static List<String> notes(Outcome outcome) {
        if (outcome instanceof Outcome.Fresh fresh) {
            return fresh.notes();
        }
        return outcome instanceof Outcome.NotModified same ? same.notes() : List.of();
    }

    static Outcome.Failure failure(Outcome outcome) {
        if (outcome instanceof Outcome.Stale stale) {
            return stale.why();
        }
        return outcome instanceof Outcome.Failed failed ? failed.why() : null;
    }

    /**
     * What is different from before, in one line; all of it is in changes.jsonl, and what is watched stands here.
     *
     * @param comparable whether there was a snapshot before this fetch, which 'catalog diff' can go back to
     */
    static void tellChanges(List<Change> changes, DiffCommand.Watch watch, boolean comparable, Output output) {
        if (!changes.isEmpty()) {
            output.say("  " + output.paint("bold", "changed") + " " + Changes.summary(changes)
                    + (comparable ? "; 'catalog diff' tells all" : ""));
        }
        changes.stream().filter(change -> watch != null && watch.sees(change)).forEach(change -> output.say("  "
                + output.paint("yellow", "watched") + " " + change.line()));
    }

    /** A catalogue that could not be had is no failure of the fetch: what it said last serves, or nothing. */
    static void tellSources(List<Outcome> sources, Instant now, Output output) {
        for (var source : sources) {
            var why = failure(source);
            var note = output.paint("yellow", "note") + "    ";
            if (why != null) {
                output.say("  " + note + source.provider() + ": " + why.message() + "; "
                        + (source.usable() == null ? ""
                                : "what it said " + Workspace.age(source.usable().fetchedAt(), now) + " ago serves. ") + why.advice());
            }
            notes(source).stream().limit(output.verbose() ? Integer.MAX_VALUE : 1)
                    .forEach(text -> output.say("  " + note + source.provider() + ": " + text));
        }
    }

    /** The fetch as templates see it. */
    static Rendering.Run run(Workspace workspace, List<Outcome> outcomes, History history, Instant started, Instant now) {
        var told = outcomes.stream().map(outcome -> {
            var answer = outcome.usable();
            var why = failure(outcome);
            var skipped = outcome instanceof Outcome.Skipped s ? s : null;
            return new Rendering.Outcome(outcome.provider(), kind(outcome), answer == null ? null : answer.models(),
                    why == null ? null : why.kind().name().toLowerCase(Locale.ROOT),
                    why != null ? why.message() : skipped == null ? null : skipped.why(),
                    why != null ? why.advice() : skipped == null ? null : skipped.advice(),
                    answer == null ? null : Math.max(0, Duration.between(answer.fetchedAt(), now).toSeconds()), notes(outcome));
        }).toList();
        var asked = told.stream().map(Rendering.Outcome::provider).collect(Collectors.toSet());
        var past = history.entries().values().stream()
                .filter(e -> asked.contains(e.provider()) || !workspace.isSource(e.provider()))
                .map(e -> new Rendering.Past(e.provider(), e.outcome(), e.at(),
                        e.failureKind() == null ? null : e.failureKind().toLowerCase(Locale.ROOT), e.message(), e.advice(),
                        e.lastSuccess(), e.failuresInARow())).toList();
        return new Rendering.Run(started, Duration.between(started, now).toMillis(), Workspace.VERSION, told, past);
    }

    /**
     * {@code fetch --json}: one object per provider that was asked or skipped, one per catalogue that was asked beside them, and
     * what changed, each as a line of changes.jsonl without its time.
     *
     * @param watch null where no prices are watched
     */
    static ObjectNode json(List<Outcome> outcomes, Rendering.Report report, List<Outcome> sources, List<Change> changes,
            DiffCommand.Watch watch) {
        var root = JsonNodeFactory.instance.objectNode();
        list(root.putArray("providers"), outcomes);
        list(root.putArray("sources"), sources);
        var told = root.put("changes_total", changes.size()).putArray("changes");
        changes.stream().limit(MOST_CHANGES).forEach(change -> told.add(change.json()));
        var watched = root.putArray("watched");
        changes.stream().filter(change -> watch != null && watch.sees(change)).forEach(change -> watched.add(change.json()));
        report.written().forEach(file -> root.withArray("/written").add(file.toString()));
        report.problems().forEach(problem -> root.withArray("/problems").add(problem.toString()));
        return root;
    }

    private static void list(ArrayNode list, List<Outcome> outcomes) {
        for (var outcome : outcomes) {
            var one = list.addObject().put("provider", outcome.provider()).put("outcome", kind(outcome));
            if (outcome.usable() != null) {
                one.put("models", outcome.usable().models()).put("fetched_at", outcome.usable().fetchedAt().toString());
            }
            var failure = failure(outcome);
            if (failure != null) {
                one.put("kind", failure.kind().name().toLowerCase(Locale.ROOT)).put("message", failure.message())
                        .put("advice", failure.advice());
            }
            if (outcome instanceof Outcome.Skipped skipped) {
                one.put("message", skipped.why()).put("advice", skipped.advice());
            }
            notes(outcome).forEach(one.withArray("/notes")::add);
        }
    }

    /** 0 all was done, 1 some failed or only old data served, 3 nothing at all could be done. */
    static int exitCode(List<Outcome> outcomes, boolean excused) {
        if (outcomes.isEmpty()) {
            return Failures.NOTHING_DONE;
        }
        boolean failed = outcomes.stream().anyMatch(o -> failure(o) != null);
        boolean any = outcomes.stream().anyMatch(o -> o.usable() != null);
        if (!failed) {
            return any || excused ? Failures.OK : Failures.NOTHING_DONE;
        }
        return any ? Failures.SOME_FAILED : Failures.NOTHING_DONE;
    }

    /** Tells how a fetch goes: one line that is redrawn on a terminal, else a line for every provider as it settles. */
    static final class Progress implements Consumer<Outcome> {
        private static final String CLEAR_LINE = "\r\u001b[K";
        private static final int NAMES_SHOWN = 4;

        private final Output output;
        private final Set<String> sources;
        private final Set<String> waiting;
        private final int all;

        /** @param sources those of them that tell facts about others' models */
        Progress(Output output, Iterable<String> providers, Set<String> sources) {
            this.output = output;
            this.sources = sources;
            this.waiting = new LinkedHashSet<>();
            providers.forEach(waiting::add);
            this.all = waiting.size();
        }

        @Override
        public synchronized void accept(Outcome outcome) {
            waiting.remove(outcome.provider());
            if (!output.live()) {
                output.say(line(outcome));
                return;
            }
            output.err().print(CLEAR_LINE);
            if (outcome instanceof Outcome.Failed || outcome instanceof Outcome.Stale stale && stale.why() != null) {
                output.say(line(outcome));
            }
            if (!waiting.isEmpty()) {
                output.err().print((all - waiting.size()) + " of " + all + ", waiting for "
                        + String.join(", ", waiting.stream().limit(NAMES_SHOWN).toList()) + (waiting.size() > NAMES_SHOWN ? ", …" : ""));
            }
            output.err().flush();
        }

        private String line(Outcome outcome) {
            var name = Listing.visible(outcome.provider());
            if (outcome instanceof Outcome.Fresh fresh) {
                return output.paint("green", "done     ") + " " + name + ": " + models(fresh);
            }
            if (outcome instanceof Outcome.NotModified same) {
                return output.paint("green", "unchanged") + " " + name + ": " + models(same);
            }
            if (outcome instanceof Outcome.Stale stale) {
                return output.paint("yellow", "stale    ") + " " + name + ": " + models(stale)
                        + (stale.why() == null ? ", offline" : ", " + stale.why().message());
            }
            if (outcome instanceof Outcome.Skipped skipped) {
                return output.paint("faint", "skipped  ") + " " + name + ": " + skipped.why();
            }
            return output.paint("red", "failed   ") + " " + name + ": " + ((Outcome.Failed) outcome).why().message();
        }

        private String models(Outcome outcome) {
            return (sources.contains(outcome.provider()) ? "facts about " : "") + Workspace.count(outcome.usable().models(), "model");
        }
    }
}
