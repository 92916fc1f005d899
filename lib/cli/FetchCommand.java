package lib.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.cli.Output.Failures;
import lib.fetch.Fetch;
import lib.fetch.History;
import lib.fetch.Outcome;
import lib.host.Host;
import lib.model.Changes.Change;
import lib.model.Changes;
import lib.model.Model;
import lib.model.Normaliser;
import lib.model.Snapshot;
import lib.provider.Access;
import lib.provider.Json.Listing;
import lib.provider.Json;
import lib.provider.Provider;
import lib.provider.Providers;
import lib.render.Rendering.Unchanged;
import lib.render.Rendering;
import lib.render.Tools;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code catalog fetch}: ask providers, bring the snapshot up to date, render every tool's files. */
@Command(name = "fetch", aliases = "get", description = {"Ask providers for their models and write every tool's files.",
        "Without names: the providers whose key is set."},
        footer = {"", "Examples:", "  catalog fetch                      the providers whose key is set",
            "  catalog fetch groq,mistral         these", "  catalog fetch --all                and those with a public list, and local servers",
            "  catalog fetch --failed             those that failed last time", "  catalog fetch --offline --tool aichat"})
public final class FetchCommand implements Callable<Integer> {
    private final Host host;
    private final Output output;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NAME", arity = "0..*", split = ",", description = "Provider ids, separated by spaces or commas.")
    private List<String> names = List.of();

    @Option(names = "--all", description = "Also ask providers with a public list, and local servers.")
    private boolean all;

    @Option(names = "--failed", description = "Ask those that failed last time.")
    private boolean failed;

    @Option(names = "--force", description = "Ask without ETag and in spite of pacing; accept an empty list or far fewer models.")
    private boolean force;

    @Option(names = "--offline", description = "Use no network; serve stored answers.")
    private boolean offline;

    @Option(names = "--locked", description = "Use no network and no stored answers: write the files from models/catalog.json alone,"
            + " and fail if it lacks a provider.")
    private boolean locked;

    @Option(names = "--sources", paramLabel = "S", split = ",", description = "Take further facts from these (models-dev, litellm, override), or none"
            + " (default: CATALOG_SOURCES, else all).")
    private List<String> sources;

    @Option(names = "--max-concurrency", paramLabel = "N", defaultValue = "64", description = "Requests under way at once (default: ${DEFAULT-VALUE}).")
    private int maxConcurrency;

    @Option(names = "--timeout", paramLabel = "D", defaultValue = "30s", converter = DurationConverter.class,
            description = "Longest time for one provider: 500ms, 30s, 2m (default: ${DEFAULT-VALUE}).")
    private Duration timeout;

    @Option(names = "--watch-price", paramLabel = "P", converter = DiffCommand.Watch.Converter.class,
            description = "Exit code 1 also if a price moved by this much or more: 10%%, or +10%% for up only.")
    private DiffCommand.Watch watch;

    @Option(names = "--grace", paramLabel = "D", defaultValue = "72h", converter = DiffCommand.DaysConverter.class,
            description = "A model that its list lacks is missing, and removed after this time (default: ${DEFAULT-VALUE}).")
    private Duration grace;

    @Option(names = "--json", description = "Print the outcomes as JSON.")
    private boolean json;

    @Mixin
    private RenderCommand.Options rendering;

    /** Null unless {@link #early()} was called. */
    private CompletableFuture<Providers> providers;

    public FetchCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    /**
     * Starts on other threads what every fetch needs, while the command line is still being read: that takes a cold JVM longer
     * than anything else before the first request.
     */
    public FetchCommand early() {
        CompletableFuture.runAsync(Fetch::warmUp);
        providers = CompletableFuture.supplyAsync(() -> Workspace.providers(host));
        return this;
    }

    /** What was fetched of one provider and understood. */
    private record Fetched(JsonNode answer, List<Model> models) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (maxConcurrency < 1) {
            throw new ParameterException(spec.commandLine(), "--max-concurrency must be at least 1");
        }
        var workspace = Workspace.open(host, output, rendering.root(), providers == null ? Workspace.providers(host) : await(providers));
        var history = workspace.history();
        Stream.of(history.damage(), workspace.changeLog().damage()).filter(Objects::nonNull).forEach(output::warn);
        if (locked) {
            return fromLock(workspace);
        }
        Workspace.requireNoWayOut(host, workspace.root());
        var beside = Sources.of(workspace, sources);
        var asked = asked(workspace, history);
        if (asked.isEmpty()) {
            output.warn(failed ? "No provider failed last time." : "No provider's key is set. Set one, for example GROQ_API_KEY, or name providers,"
                    + " or use --all for those with a public list. 'catalog providers list' shows them all.");
            return Failures.NOTHING_DONE;
        }
        // Read while the providers answer; a tool that does not exist is told before anybody is asked.
        var tools = CompletableFuture.supplyAsync(() -> rendering.discover(host, spec));
        if (rendering.isChosen()) {
            await(tools);
        }
        var started = host.clock().instant();
        var fetched = new ConcurrentHashMap<String, Fetched>();
        var answered = new AtomicBoolean();
        if (!offline && Runtime.getRuntime().availableProcessors() > 1) {
            CompletableFuture.runAsync(() -> rehearse(workspace, tools, answered));
        }
        var documents = new ConcurrentHashMap<String, JsonNode>();
        var everyone = new ArrayList<>(asked);
        everyone.addAll(beside.asked(asked));
        var everything = fetch(workspace, history, everyone, asked.size(), fetched, documents, answered);
        var outcomes = everything.subList(0, asked.size());
        keep(history);
        var parts = new ArrayList<>(workspace.ingredients(asked));
        parts.addAll(rendering.choices());
        parts.addAll(beside.ingredients());
        everything.forEach(outcome -> parts.add(outcome.usable() == null ? "none" : outcome.usable().sha256()));
        parts.add(await(tools).digest());
        var digest = Unchanged.digest(parts);
        boolean news = everything.stream().anyMatch(Outcome.Fresh.class::isInstance);
        var kept = news || await(tools).tellsNewsByOthers() ? null : Unchanged.recall(workspace.renderedFile(), digest);
        var now = host.clock().instant();
        var run = FetchReport.run(workspace, outcomes, history, started, now);
        var misfits = List.<String>of();
        var report = Rendering.Report.EMPTY;
        var changes = List.<Change>of();
        boolean comparable = true;
        var times = new HashMap<String, Instant>();
        everything.stream().filter(outcome -> outcome.usable() != null).forEach(outcome -> times.put(outcome.provider(), outcome.usable().fetchedAt()));
        // What is read, merged and written here is nobody else's meanwhile; another fetch into this root waits.
        try (var held = workspace.archive().lock()) {
            if (kept != null || outcomes.stream().noneMatch(outcome -> outcome.usable() != null)) {
                if (!outcomes.stream().allMatch(Outcome.Skipped.class::isInstance)) {
                    var log = workspace.changeLog();
                    if (kept != null && !log.away().isEmpty()) {
                        // Nobody says anything new, but time has passed for what is missing.
                        changes = workspace.settle(log, List.of(), workspace.snapshot(), Set.copyOf(times.keySet()), grace);
                    }
                    report = rendering.renderNews(workspace, await(tools), asked, run, changes.isEmpty() ? null : log);
                    workspace.confirm(times);
                }
            } else {
                var before = CompletableFuture.supplyAsync(workspace::snapshot);
                var known = before.thenApplyAsync(then -> beside.known(everything, documents, then));
                misfits = List.copyOf(understandTheRest(workspace, outcomes, fetched));
                var facts = await(known);
                var old = await(before);
                long start = System.nanoTime();
                var snapshot = merged(workspace, old, outcomes, fetched, facts);
                if (output.verbose()) {
                    output.say(snapshot.models().size() + " models looked up in " + facts.inputs().size() + " catalogues in "
                            + (System.nanoTime() - start) / 1_000_000 + " ms");
                }
                facts.told(snapshot).forEach(note -> output.say("  " + output.paint("yellow", "note") + "    " + note));
                comparable = !old.models().isEmpty();
                var saved = CompletableFuture.supplyAsync(() -> workspace.keep(snapshot, times));
                var log = workspace.changeLog();
                changes = workspace.settle(log, Changes.between(old, snapshot), snapshot, fetched.keySet(), grace);
                try {
                    var touched = Sources.changed(old, snapshot);
                    touched.addAll(fetched.keySet());
                    var store = workspace.store();
                    report = rendering.render(workspace, await(tools), snapshot,
                            id -> fetched.containsKey(id) ? fetched.get(id).answer() : RenderCommand.stored(workspace, store, id), touched, run, log);
                } finally {
                    // Also when interrupted: nobody ends this process in the middle of it.
                    saved.exceptionally(failure -> null).join();
                }
                Optional.ofNullable(await(saved)).ifPresent(output::warn);
                RetiredModels.warnings(host, snapshot, log).forEach(output::warn);
                if (report.problems().isEmpty() && misfits.isEmpty()) {
                    Unchanged.remember(workspace.renderedFile(), digest, lasting(workspace, report));
                }
            }
        }
        if (json) {
            output.data(FetchReport.json(outcomes, report, everything.subList(asked.size(), everything.size()), changes, watch));
        }
        FetchReport.tell(outcomes, now, output);
        FetchReport.tellSources(everything.subList(asked.size(), everything.size()), now, output);
        FetchReport.tellChanges(changes, watch, comparable, output);
        misfits.forEach(output::warn);
        RenderCommand.Options.tell(report, output);
        output.say(kept != null ? "Nothing changed; " + Workspace.count(kept.size(), "file") + " below " + workspace.root() + " left as they are."
                : Workspace.count(report.written().size(), "file") + " written, " + report.unchanged().size() + " unchanged below "
                        + workspace.root() + ": " + RenderCommand.Options.byTool(workspace.root(), report));
        return Failures.worst(FetchReport.exitCode(outcomes, !names.isEmpty() && !offline), RenderCommand.Options.exitCode(report),
                misfits.isEmpty() ? Failures.OK : Failures.CONFIGURATION,
                watch != null && changes.stream().anyMatch(watch::sees) ? Failures.SOME_FAILED : Failures.OK);
    }

    private static void rehearse(Workspace workspace, CompletableFuture<Tools> tools, AtomicBoolean answered) {
        try {
            RenderCommand.Options.rehearse(workspace, tools.join(), answered::get);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Fresh answers were understood as they came; the others only if something is to be made of them. One that no longer fits its
     * entry, because {@code items} was changed since, is left out and keeps its models.
     *
     * @return what to mend, a line for each of these
     */
    private static Collection<String> understandTheRest(Workspace workspace, List<Outcome> outcomes, Map<String, Fetched> fetched) {
        var misfits = new ConcurrentLinkedQueue<String>();
        outcomes.parallelStream().filter(outcome -> outcome.usable() != null && !fetched.containsKey(outcome.provider())).forEach(outcome -> {
            var id = outcome.provider();
            try {
                fetched.put(id, understand(workspace.providers().named(id), outcome.usable(), null));
            } catch (IOException | Listing.NotAListing e) {
                misfits.add("the stored answer of " + id + " does not fit its entry in providers.yaml: " + Listing.visible(e.getMessage())
                        + "; mend items: there, or ask anew with 'catalog fetch --force " + id + "'");
            }
        });
        return misfits;
    }

    /** What this run left that the next one may rely on: all but the files that tell of this run. */
    private static Set<Path> lasting(Workspace workspace, Rendering.Report report) {
        var files = new TreeSet<>(report.written());
        files.addAll(report.unchanged());
        files.removeAll(report.news());
        files.add(workspace.snapshotFile());
        return files;
    }

    /** Models matter more than the record of how they were got. */
    private void keep(History history) {
        try {
            history.save();
        } catch (IOException e) {
            output.warn("the record of this run could not be kept below " + host.stateDir() + " (" + e.getClass().getSimpleName()
                    + "): --failed and pacing will not know of it");
        }
    }

    private static <T> T await(CompletableFuture<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e.getCause());
        }
    }

    /** The files from the snapshot as it is, for those named or else for all that it knows. */
    private int fromLock(Workspace workspace) throws InterruptedException {
        if (all || failed || force || offline || json) {
            throw new ParameterException(spec.commandLine(), "--locked asks nobody, so --all, --failed, --force, --offline and --json have no meaning with it");
        }
        names.forEach(name -> named(workspace, name));
        return RenderCommand.fromLock(workspace, rendering, spec, names, output);
    }

    /** @param providers how many of those asked are providers; the rest are catalogues that are asked beside them */
    private List<Outcome> fetch(Workspace workspace, History history, List<Access> asked, int providers, Map<String, Fetched> fetched,
            Map<String, JsonNode> documents, AtomicBoolean answered) throws InterruptedException {
        var options = Fetch.Options.defaults("catalog/" + Workspace.VERSION).withMaxConcurrency(maxConcurrency).withTimeout(timeout)
                .withForce(force).withOffline(offline);
        var known = workspace.providers();
        var beside = asked.subList(providers, asked.size()).stream().map(access -> access.provider().id()).collect(Collectors.toSet());
        var progress = new FetchReport.Progress(output, asked.stream().map(a -> a.provider().id()).toList(), beside);
        return new Fetch(host, workspace.store(), history, options, known.secretValues(host)).run(asked, outcome -> {
            answered.set(true);
            if (outcome instanceof Outcome.Fresh fresh) {
                documents.put(outcome.provider(), fresh.document());
                try {
                    if (!beside.contains(outcome.provider())) {
                        fetched.put(outcome.provider(), understand(known.named(outcome.provider()), outcome.usable(), fresh.document()));
                    }
                } catch (IOException | Listing.NotAListing e) {
                    throw new IllegalStateException("what was just accepted of " + outcome.provider(), e);
                }
            }
            progress.accept(outcome);
        });
    }

    private static Fetched understand(Provider provider, Outcome.Answer answer, JsonNode document) throws IOException, Listing.NotAListing {
        var read = document == null ? Json.parse(answer.body()) : document;
        return new Fetched(read, Normaliser.models(provider, read, answer.fetchedAt()));
    }

    /** Whom to ask: the named; those that failed last time; else those with a key, and with --all all that need none. */
    private List<Access> asked(Workspace workspace, History history) {
        var ids = new LinkedHashSet<String>();
        for (var name : names) {
            ids.add(named(workspace, name));
        }
        if (failed) {
            history.entries().values().stream().filter(e -> e.failureKind() != null && !workspace.isSource(e.provider()))
                    .forEach(e -> ids.add(e.provider()));
        } else if (names.isEmpty()) {
            ids.addAll(workspace.askedUnnamed(all));
        }
        return workspace.known(ids);
    }

    private String named(Workspace workspace, String name) {
        if (!workspace.providers().byId().containsKey(name)) {
            throw new ParameterException(spec.commandLine(), ProvidersCommand.unknown(workspace, name));
        }
        return name;
    }

    /** The snapshot with the parts of those that answered replaced; all others keep what they have. */
    private static Snapshot merged(Workspace workspace, Snapshot old, List<Outcome> outcomes, Map<String, Fetched> fetched, Sources.Known known) {
        var inputs = new ArrayList<Snapshot.Input>();
        var models = new LinkedHashMap<String, List<Model>>();
        for (var outcome : outcomes) {
            if (fetched.containsKey(outcome.provider())) {
                inputs.add(new Snapshot.Input(outcome.provider(), outcome.usable().url().toString(), outcome.usable().sha256()));
                models.put(outcome.provider(), fetched.get(outcome.provider()).models());
            }
        }
        return Sources.merged(workspace, old, inputs, models, known);
    }

    /** {@code 30}, {@code 30s}, {@code 500ms}, {@code 2m}. */
    static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            var match = java.util.regex.Pattern.compile("([0-9]{1,9})(ms|s|m|h)?").matcher(text);
            if (!match.matches() || Long.parseLong(match.group(1)) == 0) {
                throw new TypeConversionException("'" + text + "' is not a time such as 500ms, 30s or 2m");
            }
            long amount = Long.parseLong(match.group(1));
            return switch (match.group(2) == null ? "s" : match.group(2)) {
                case "ms" -> Duration.ofMillis(amount);
                case "m" -> Duration.ofMinutes(amount);
                case "h" -> Duration.ofHours(amount);
                default -> Duration.ofSeconds(amount);
            };
        }
    }
}

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
