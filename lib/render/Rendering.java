package lib.render;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import lib.host.AtomicFile;
import lib.model.ChangeLog;
import lib.model.Changes;
import lib.model.Model;
import lib.provider.Access;
import lib.provider.Provider;

/** What one asks of a {@link Renderer}, and what comes of it. */
public final class Rendering {
    private Rendering() {}

    /**
     * @param root      the folder that {@code config/} and {@code models/} are in
     * @param providers all whose models are known, in the order in which templates see them
     * @param known     all providers there are: their key variables must not be sent to strangers
     * @param models    provider id to its models, sorted by id
     * @param answers   provider id to the stored raw answer, or null; asked at most once per provider, from any thread
     * @param secrets   values that must not stand in any output
     * @param tools     the tools to render, null for all
     * @param only      the providers whose own files are rendered, null for all
     * @param optional  what was asked for beyond the usual: {@code legacy}
     * @param run       the fetch that this belongs to; null where there was none
     * @param scope     how much of it is done
     * @param threads   how many files are rendered at once
     * @param changes   what happened last to models, the newest first
     */
    public record Request(Path root, List<Access> providers, Collection<Provider> known, Function<String, List<Model>> models,
            Function<String, JsonNode> answers, Set<String> secrets, Set<String> tools, Set<String> only, Set<String> optional, Run run,
            Scope scope, int threads, List<Change> changes) {

        /** Without changes. */
        public Request(Path root, List<Access> providers, Collection<Provider> known, Function<String, List<Model>> models,
                Function<String, JsonNode> answers, Set<String> secrets, Set<String> tools, Set<String> only, Set<String> optional, Run run,
                Scope scope, int threads) {
            this(root, providers, known, models, answers, secrets, tools, only, optional, run, scope, threads, List.of());
        }

        /**
         * For each provider a name for tools that take the key from {@code NAME_API_KEY}: the id, or what the key variable asks
         * for. No two share one, and none makes a tool read a variable that belongs to other providers.
         */
        Map<String, String> environmentNames() {
            var owner = new HashMap<String, String>();
            known.forEach(p -> p.keyEnv().forEach(v -> owner.putIfAbsent(v, p.id())));
            var plain = known.stream().map(p -> plainName(p.id())).collect(Collectors.toSet());
            var names = new HashMap<String, String>();
            var taken = new HashSet<String>();
            for (var access : providers) {
                var provider = access.provider();
                var name = plainName(provider.id());
                var variable = access.keyVariable();
                if (variable != null && variable.endsWith("_API_KEY") && provider.id().equals(owner.get(variable))) {
                    var asked = variable.substring(0, variable.length() - "_API_KEY".length()).toLowerCase(Locale.ROOT);
                    name = plain.contains(asked) ? name : asked;
                }
                var read = name.toUpperCase(Locale.ROOT) + "_API_KEY";
                if (owner.containsKey(read) && !provider.keyEnv().contains(read)) {
                    name += "_api";
                }
                if (provider.trust() == Provider.Trust.PROJECT) {
                    name += "_keyless";
                }
                while (!taken.add(name)) {
                    name += "_2";
                }
                names.put(provider.id(), name);
            }
            return names;
        }

        private static String plainName(String id) {
            return id.replaceAll("[^a-z0-9]+", "_");
        }
    }

    /**
     * ALL: everything asked for. NEWS: only what tells of this fetch, since all other files are known to be right. REHEARSAL:
     * bundled templates only, checked and thrown away, so that the JVM has compiled the way when there is something to render.
     */
    public enum Scope { ALL, NEWS, REHEARSAL }

    /**
     * What templates see of a change: {@link Changes.Change} with the words that files use, and
     *
     * @param uid  a UUID that only this change has, the same in every run
     * @param at   when it was noticed
     * @param line all of it in one line for people, fit to print, and for XML
     */
    public record Change(String uid, Instant at, String change, String provider, String id, String field, String tier, Object from, Object to,
            BigDecimal percent, String line) {
        private static final int MOST = 50;

        /** What the log knows of the last changes, the newest first. */
        public static List<Change> latest(ChangeLog log) {
            return log.latest(MOST).stream().map(logged -> {
                var told = logged.change();
                // XML has no way to write these two, and whoever prints makes all else visible.
                var line = told.line().replace("\uFFFE", "\\ufffe").replace("\uFFFF", "\\uffff");
                return new Change(UUID.nameUUIDFromBytes((logged.at() + " " + told.json()).getBytes(StandardCharsets.UTF_8)).toString(), logged.at(),
                        told.kind().word(), told.provider(), told.id(), told.field() == null ? null : told.field().schema(), told.tier(),
                        told.from(), told.to(), told.percent(), line);
            }).toList();
        }
    }

    /** What templates see of a fetch. */
    public record Run(Instant started, long tookMillis, String version, List<Outcome> outcomes, List<Past> history) {}

    /**
     * What became of one provider in this fetch.
     *
     * @param outcome    fresh, not_modified, stale, skipped or failed
     * @param models     null where there is no answer to use
     * @param kind       of failure; null where there was none, as are message and advice
     * @param ageSeconds of the answer in use, null where there is none
     */
    public record Outcome(String provider, String outcome, Integer models, String kind, String message, String advice, Long ageSeconds,
            List<String> notes) {}

    /** The last outcome of each provider, of this fetch or an earlier one. @param lastSuccess null if it never succeeded */
    public record Past(String provider, String outcome, Instant at, String kind, String message, String advice, Instant lastSuccess,
            int failuresInARow) {}

    /**
     * What one rendering came to. Nothing in it is fatal: a broken template leaves out its own files and no others.
     *
     * @param written   files that changed on disk, sorted
     * @param unchanged files that held just these bytes already, sorted
     * @param leftOut   what was not rendered although it was asked for, by tool and provider
     * @param notes     what a template wants its user to know, by tool and provider
     * @param problems  what went wrong; a mistake that shows in many files stands there once, and says so
     * @param untrusted files made by a template of {@code ./templates} that is not ours: not to be applied to a person's settings
     * @param news      files that tell of this fetch, and so differ each time
     */
    public record Report(List<Path> written, List<Path> unchanged, List<LeftOut> leftOut, List<Note> notes,
            List<Problem> problems, SortedSet<Path> untrusted, SortedSet<Path> news) {

        /** Nothing was rendered. */
        public static final Report EMPTY = new Report(List.of(), List.of(), List.of(), List.of(), List.of(), Collections.emptySortedSet(),
                Collections.emptySortedSet());
    }


    /** An output that passed all checks. @param provider null for a template that is rendered once for all */
    public record Made(Tools.Entry entry, String provider, byte[] output) {}

    /** @param provider null for a template that is rendered once for all */
    public record LeftOut(String tool, String provider, String reason) {}

    /** @param provider null for a template that is rendered once for all */
    public record Note(String tool, String provider, String text) {}

    /** TEMPLATE: its author has to mend it. REFUSED: the output must not be written. IO: the disk said no. */
    public enum Kind { TEMPLATE, REFUSED, IO }

    /**
     * @param file       the template as its user can open it
     * @param line       1-based, 0 where unknown
     * @param column     1-based, 0 where unknown
     * @param expression the FTL expression to blame, or null
     * @param subject    the provider, and the model looked at last, that were being rendered, fit to print; null before that
     * @param message    one line, fit to print
     */
    public record Problem(Kind kind, String file, int line, int column, String expression, String subject, String message) {
        /** @param others how many more times the same went wrong */
        Problem andMore(int others) {
            return others == 0 || subject == null ? this
                    : new Problem(kind, file, line, column, expression, subject + "; and " + others + " more of the same", message);
        }

        @Override
        public String toString() {
            return file + (line > 0 ? ":" + line + ":" + column : "") + ": " + message
                    + (expression == null || message.contains(expression) ? "" : " [in " + expression + "]") + (subject == null ? "" : " (rendering " + subject + ")");
        }
    }

    /**
     * What a rendering was made of and what it left behind, so that a run in which neither changed need not make it again.
     * Everything that can change a file has to be among the parts; a file that a person touched since is noticed by size and time.
     */
    public static final class Unchanged {
        private Unchanged() {}

        /** One name for all the parts, in this order. */
        public static String digest(Collection<String> parts) {
            try {
                var sha = MessageDigest.getInstance("SHA-256");
                for (var part : parts) {
                    sha.update(part.getBytes(StandardCharsets.UTF_8));
                    sha.update((byte) 0xff);
                }
                return HexFormat.of().formatHex(sha.digest());
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java has SHA-256", e);
            }
        }

        /**
         * Whether the same parts were rendered before and all that came of it is still there, untouched.
         *
         * @return the files, or null where something changed
         */
        public static List<Path> recall(Path record, String digest) throws IOException {
            if (!Files.isRegularFile(record)) {
                return null;
            }
            var lines = Files.readAllLines(record);
            if (lines.isEmpty() || !lines.get(0).equals(digest)) {
                return null;
            }
            var files = new ArrayList<Path>();
            for (var line : lines.subList(1, lines.size())) {
                var file = Path.of(line.substring(line.indexOf('\t') + 1));
                if (!Files.isRegularFile(file) || !line.equals(line(file))) {
                    return null;
                }
                files.add(file);
            }
            return files;
        }

        /** @param files all that the rendering left, written now or found as it should be */
        public static void remember(Path record, String digest, Collection<Path> files) throws IOException {
            List<String> lines = new ArrayList<>();
            lines.add(digest);
            for (var file : files) {
                if (file.toString().contains("\n")) {
                    Files.deleteIfExists(record);
                    return;
                }
                lines.add(line(file));
            }
            AtomicFile.write(record, String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
        }

        private static String line(Path file) throws IOException {
            return Files.size(file) + " " + Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS) + "\t" + file;
        }
    }
}
