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
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.host.AtomicFile.Tree.Link;
import lib.host.AtomicFile.Tree;
import lib.host.AtomicFile;
import lib.model.Changes.ChangeLog;
import lib.model.Changes;
import lib.model.Model;
import lib.model.Normaliser;
import lib.provider.Access;
import lib.provider.Json.Listing;
import lib.provider.Provider;
import lib.provider.Providers.Secrets;
import lib.provider.Providers.Trusted;

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
     * @param told      the providers that files about all tell of, null for all; of none: there are no such files
     * @param optional  what was asked for beyond the usual: {@code legacy}
     * @param run       the fetch that this belongs to; null where there was none
     * @param scope     how much of it is done
     * @param threads   how many files are rendered at once
     * @param changes   what happened last to models, the newest first
     */
    public record Request(Path root, List<Access> providers, Collection<Provider> known, Function<String, List<Model>> models,
            Function<String, JsonNode> answers, Set<String> secrets, Set<String> tools, Set<String> only, Set<String> told, Set<String> optional,
            Run run, Scope scope, int threads, List<Change> changes) {

        /** Where files about all tell of all. */
        public Request(Path root, List<Access> providers, Collection<Provider> known, Function<String, List<Model>> models,
                Function<String, JsonNode> answers, Set<String> secrets, Set<String> tools, Set<String> only, Set<String> optional, Run run,
                Scope scope, int threads, List<Change> changes) {
            this(root, providers, known, models, answers, secrets, tools, only, null, optional, run, scope, threads, changes);
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

    /** @param provider null for a template that is rendered once for all; path: of the template */
    public record LeftOut(String tool, String path, String provider, String reason) {}

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

    /** Renders what is asked for of all tools, several files at once, and writes what passes its checks. */
    public static final class Renderer {
        static final Pattern PROVIDER = word("PROVIDER");
        private static final Pattern TIMESTAMP = word("TIMESTAMP");
        private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

        private final Tools tools;

        public Renderer(Tools tools) {
            this.tools = tools;
        }

        private static Pattern word(String word) {
            return Pattern.compile("(?<![A-Za-z])" + word + "(?![A-Za-z])");
        }

        /** @return never with an exception for a bad template; see {@link Rendering.Report#problems()} */
        public Rendering.Report render(Rendering.Request request) throws InterruptedException {
            return render(request, null);
        }

        /** @param taker gets what trusted templates make for a person's settings, from any thread, and nothing is written; null: all is written */
        public Rendering.Report render(Rendering.Request request, Consumer<Rendering.Made> taker) throws InterruptedException {
            var call = new Call(request, taker);
            var jobs = new ArrayList<Job>();
            for (var entry : tools.entries()) {
                var outputs = outputs(entry, request);
                if (outputs.isEmpty() || taker != null && (entry.apply() == null || !entry.source().trusted())) {
                    continue;
                }
                if (request.scope() == Rendering.Scope.REHEARSAL && !entry.source().layer().equals("bundled")) {
                    continue;
                }
                if (!entry.perProvider()) {
                    if (request.told() == null || !request.told().isEmpty()) {
                        jobs.add(new Job(entry, outputs, null, Integer.MAX_VALUE));
                    }
                    continue;
                }
                for (var subject : call.subjects.values()) {
                    if (request.only() == null || request.only().contains(subject.id())) {
                        jobs.add(new Job(entry, outputs, subject, subject.models().size()));
                    }
                }
            }
            jobs.sort(Comparator.comparingInt(Job::weight).reversed());
            new Engine.Crew<>(jobs, call::make, job -> call.problem(job, Rendering.Kind.TEMPLATE, Engine.TOO_LONG)).work(Math.max(1, Math.min(request.threads(), jobs.size())));
            return call.report(tools.problems());
        }

        /** Where this template's output is wanted: at its own place, and copies of it that are asked for by name. */
        private static List<String> outputs(Tools.Entry entry, Rendering.Request request) {
            var outputs = new ArrayList<String>();
            boolean wanted = request.tools() == null || request.tools().contains(entry.tool());
            boolean told = "changes".equals(entry.when());
            if (told ? request.changes().isEmpty() : entry.onFetch() ? request.run() == null : request.scope() == Rendering.Scope.NEWS) {
                return outputs;
            }
            if (wanted && (entry.optional() == null || request.optional().contains(entry.optional()))) {
                outputs.add(entry.output());
            }
            entry.also().forEach((name, copy) -> {
                if (request.optional().contains(name) && (wanted || request.tools().contains(name))) {
                    outputs.add(copy);
                }
            });
            return outputs;
        }

        /** One file to make. @param subject null for a file about all providers */
        private record Job(Tools.Entry entry, List<String> outputs, Subject subject, int weight) {
            String provider() {
                return subject == null ? null : subject.id();
            }
        }

        /** A provider with its models, shared by all its files. */
        private static final class Subject {
            final Access access;
            private final Supplier<List<Model>> models;
            private final Map<String, List<Model>> byMode = new HashMap<>();
            private final Supplier<JsonNode> source;
            private boolean asked;
            private Views.Named answer;

            Subject(Access access, Supplier<List<Model>> models, Supplier<JsonNode> source) {
                this.access = access;
                this.models = models;
                this.source = source;
            }

            String id() {
                return access.provider().id();
            }

            List<Model> models() {
                return models.get();
            }

            synchronized List<Model> ofMode(String mode) {
                return mode == null ? models() : byMode.computeIfAbsent(mode, m -> models().stream()
                        .filter(model -> m.equals("chat") ? Normaliser.offeredAsChat(access.provider(), model)
                                : m.equals(model.text(lib.provider.Provider.Field.MODE))).toList());
            }

            /** @return null where no answer is stored */
            synchronized Views.Named answer() {
                if (!asked) {
                    asked = true;
                    var node = source.get();
                    if (node != null) {
                        var legacy = new Legacy(id(), access.provider().mapping(), node);
                        answer = new Views.Named("answer").lazily("json", legacy::json).lazily("ids", once(legacy::ids))
                                .lazily("profiles", once(legacy::profiles));
                    }
                }
                return answer;
            }

            private static <T> Supplier<T> once(Supplier<T> made) {
                var kept = new AtomicReference<T>();
                return () -> {
                    synchronized (kept) {
                        if (kept.get() == null) {
                            kept.set(made.get());
                        }
                        return kept.get();
                    }
                };
            }
        }

        /** Whether what is written into a folder stays below the root. @param out the link by which it does not, or null */
        private record Way(Link out, boolean vouched) {}

        /** One call of {@link #render}, with what its threads share. */
        private final class Call {
            private final Rendering.Request request;
            private final Consumer<Rendering.Made> taker;
            private final Map<String, Subject> subjects = new LinkedHashMap<>();
            private final Map<String, String> environmentNames;
            private final Map<String, Set<String>> keyHosts;
            private final Secrets secrets;
            private final Map<Path, String> takenBy = new ConcurrentHashMap<>();
            private final Map<Path, Way> ways = new ConcurrentHashMap<>();
            private final Queue<Path> written = new ConcurrentLinkedQueue<>();
            private final Queue<Path> unchanged = new ConcurrentLinkedQueue<>();
            private final Queue<Path> untrusted = new ConcurrentLinkedQueue<>();
            private final Queue<Path> news = new ConcurrentLinkedQueue<>();
            private final Queue<Rendering.LeftOut> leftOut = new ConcurrentLinkedQueue<>();
            private final Queue<Rendering.Note> notes = new ConcurrentLinkedQueue<>();
            private final Queue<Rendering.Problem> problems = new ConcurrentLinkedQueue<>();

            Call(Rendering.Request request, Consumer<Rendering.Made> taker) {
                this.request = request;
                this.taker = taker;
                for (var access : request.providers()) {
                    var id = access.provider().id();
                    subjects.put(id, new Subject(access, Subject.once(() -> request.models().apply(id)), () -> request.answers().apply(id)));
                }
                environmentNames = request.environmentNames();
                keyHosts = Check.keyHosts(request.known(), request.providers());
                secrets = new Secrets(request.secrets().stream().flatMap(Quoted::spellings).toList());
            }

            Rendering.Report report(List<Rendering.Problem> unreadable) {
                var all = new ArrayList<>(unreadable);
                problems.stream().sorted(Comparator.comparing(Rendering.Problem::file).thenComparing(p -> String.valueOf(p.subject())))
                        .collect(Collectors.groupingBy(p -> List.of(p.kind(), p.file(), p.line(), p.column(), p.message()), LinkedHashMap::new,
                                Collectors.toList())).values().forEach(same -> all.add(same.get(0).andMore(same.size() - 1)));
                return new Rendering.Report(sorted(written), sorted(unchanged),
                        leftOut.stream().distinct().sorted(Comparator.comparing(Rendering.LeftOut::tool)
                                .thenComparing(l -> String.valueOf(l.provider()))).toList(),
                        notes.stream().distinct().sorted(Comparator.comparing(Rendering.Note::tool)
                                .thenComparing(n -> String.valueOf(n.provider()))).toList(),
                        List.copyOf(all), new TreeSet<>(untrusted), new TreeSet<>(news));
            }

            private static List<Path> sorted(Collection<Path> paths) {
                return paths.stream().sorted().toList();
            }

            void leaveOut(Job job, String reason) {
                leftOut.add(new Rendering.LeftOut(job.entry().tool(), job.entry().path(), job.provider(), Listing.visible(reason)));
            }

            void problem(Job job, Rendering.Kind kind, String message) {
                problems.add(new Rendering.Problem(kind, job.entry().source().shown(), 0, 0, null, job.provider(), message));
            }

            /** Makes one file. @param watch told of the part whose length a template decides */
            void make(Job job, Engine.Watch watch) {
                var entry = job.entry();
                if (job.subject() != null) {
                    var objection = objection(entry, job.subject());
                    if (objection != null) {
                        leaveOut(job, objection);
                        return;
                    }
                }
                var targets = targets(job);
                if (targets.isEmpty()) {
                    return;
                }
                var told = new LinkedHashSet<String>();
                var position = new Views.Position();
                try {
                    byte[] bytes;
                    watch.begin();
                    try {
                        bytes = tools.engine().render(entry.template(), entry.source(), entry.format(), root(entry, job.subject(), position, told),
                                () -> subject(job, position));
                    } finally {
                        watch.end();
                    }
                    told.forEach(text -> notes.add(new Rendering.Note(entry.tool(), job.provider(), Listing.visible(text))));
                    for (var target : targets) {
                        write(job, target, bytes);
                    }
                } catch (Engine.Skip e) {
                    leaveOut(job, e.reason());
                } catch (Engine.Failed e) {
                    problems.add(e.problem());
                } catch (IOException e) {
                    problem(job, Rendering.Kind.IO, "cannot write its output: " + e);
                }
            }

            private List<Path> targets(Job job) {
                var entry = job.entry();
                var targets = new ArrayList<Path>();
                for (var output : job.outputs()) {
                    var filled = fill(output, job.provider());
                    var flaw = Check.place(filled, entry.tool(), entry.source().trusted());
                    if (flaw != null) {
                        problem(job, Rendering.Kind.REFUSED, flaw);
                        continue;
                    }
                    var target = request.root().resolve(filled);
                    var other = takenBy.putIfAbsent(target, entry.source().shown());
                    if (other != null) {
                        problem(job, Rendering.Kind.TEMPLATE, filled + " is made by " + other + " already");
                        continue;
                    }
                    targets.add(target);
                }
                return targets;
            }

            private void write(Job job, Path target, byte[] bytes) throws IOException {
                if (secrets.in(bytes)) {
                    problem(job, Rendering.Kind.REFUSED, "not written, because its output holds the value of a key: " + target);
                    return;
                }
                if (request.scope() == Rendering.Scope.REHEARSAL) {
                    Check.flaw(job.entry().format(), bytes);
                    return;
                }
                boolean trusted = job.entry().source().trusted();
                var objection = taker == null ? wayOut(target.getParent(), trusted) : null;
                objection = objection != null || trusted ? objection : Check.stranger(job.entry().format(), bytes, keyHosts);
                if (objection != null) {
                    problem(job, Rendering.Kind.REFUSED, objection);
                    return;
                }
                if (!trusted) {
                    untrusted.add(target);
                }
                if (job.entry().onFetch()) {
                    news.add(target);
                }
                if (taker == null && AtomicFile.holds(target, bytes)) {
                    unchanged.add(target);
                    return;
                }
                var flaw = Check.flaw(job.entry().format(), bytes);
                if (flaw != null) {
                    problem(job, Rendering.Kind.TEMPLATE, flaw);
                    return;
                }
                if (taker != null) {
                    taker.accept(new Rendering.Made(job.entry(), job.provider(), bytes));
                    return;
                }
                AtomicFile.write(target, bytes);
                written.add(target);
            }

            /** @return why nothing may be written into this folder, or null */
            private String wayOut(Path folder, boolean trusted) throws IOException {
                var way = ways.get(folder);
                if (way == null) {
                    var link = Tree.wayOut(request.root(), folder);
                    way = new Way(link, link == null || tools.follows(request.root(), link));
                    ways.put(folder, way);
                }
                var link = way.out();
                if (link == null || trusted && way.vouched()) {
                    return null;
                }
                return (trusted ? "" : "it is not trusted, and ") + "a link, " + Trusted.shown(link.path()) + ", leads its output out of "
                        + Trusted.shown(request.root().toString()) + ", to " + Trusted.shown(link.to().toString())
                        + (trusted ? "; if it is your own: catalog trust " + Trusted.shown(request.root().toString()) : "");
            }

            private String fill(String output, String provider) {
                var filled = provider == null ? output : PROVIDER.matcher(output).replaceAll(provider);
                return request.run() == null ? filled : TIMESTAMP.matcher(filled).replaceAll(STAMP.format(request.run().started()));
            }

            private Views.Root root(Tools.Entry entry, Subject subject, Views.Position position, Collection<String> told) {
                var root = new HashMap<String, Supplier<?>>();
                root.put("newest", () -> Views.NEWEST_FIRST);
                root.put("skip", () -> Views.SKIP);
                root.put("note", () -> Views.note(told));
                root.put("run", () -> request.run());
                root.put("changes", () -> request.changes());
                root.put("providers", () -> subjects.values().stream()
                        .filter(s -> (request.told() == null || request.told().contains(s.id())) && objection(entry, s) == null)
                        .map(s -> view(entry, s).with("models", new Views.Models(s.ofMode(entry.mode()), position))).toList());
                if (subject != null) {
                    root.put("provider", () -> view(entry, subject));
                    root.put("models", () -> new Views.Models(subject.ofMode(entry.mode()), position));
                    root.put("answer", () -> {
                        var answer = subject.answer();
                        return answer != null ? answer : new Views.Absent("no answer is stored; 'catalog fetch' gets it");
                    });
                }
                return new Views.Root(root);
            }

            private Views.Named view(Tools.Entry entry, Subject subject) {
                var access = subject.access;
                var provider = access.provider();
                var urls = new LinkedHashMap<String, String>();
                provider.wires().forEach((wire, url) -> urls.put(wire, url == null ? access.baseUrl() : url));
                var wire = provider.wires().keySet().stream().filter(w -> entry.wires().isEmpty() || entry.wires().contains(w)).findFirst().orElse(null);
                var legacy = provider.legacy();
                var legacyKey = legacy != null && legacy.keyEnv() != null ? legacy.keyEnv() : provider.keyEnv().isEmpty() ? null : provider.keyEnv().get(0);
                return new Views.Named("provider").with("id", provider.id()).with("name", provider.name()).with("baseUrl", access.baseUrl())
                        .with("wire", wire).with("url", wire == null ? access.baseUrl() : urls.get(wire)).with("urls", urls)
                        .with("wires", provider.wires().keySet()).with("keyEnv", access.keyVariable()).with("keyEnvs", provider.keyEnv())
                        .with("key", provider.key().name().toLowerCase(Locale.ROOT)).with("local", provider.ship() == Provider.Ship.LOCAL)
                        .with("envName", environmentNames.get(provider.id())).with("docs", provider.docs())
                        .with("legacy", new Views.Named("provider.legacy").with("keyEnv", legacyKey)
                                .with("baseUrl", legacy != null && legacy.baseUrl() != null ? legacy.baseUrl() : access.baseUrl()));
            }
        }

        /** @return why this provider has no file of this template, or null */
        private static String objection(Tools.Entry entry, Subject subject) {
            var provider = subject.access.provider();
            if (!entry.wires().isEmpty()) {
                var wires = provider.wires().keySet();
                if (wires.stream().noneMatch(entry.wires()::contains)) {
                    return wires.isEmpty() ? "it is no API to talk to" : "its API is " + String.join(", ", wires) + ", not "
                            + String.join(" or ", entry.wires());
                }
                if (subject.access.missing() != null || subject.access.baseUrl() == null) {
                    return "its address is not known" + (subject.access.missing() == null ? "" : ": set " + subject.access.missing());
                }
            }
            if (entry.mode() != null && subject.ofMode(entry.mode()).isEmpty()) {
                return subject.models().isEmpty() ? "no models of it are known" : "none of its models is for " + entry.mode().replace('_', ' ');
            }
            return null;
        }

        private static String subject(Job job, Views.Position position) {
            var model = position.last();
            var provider = job.provider() != null ? job.provider() : model == null ? null : model.providerId();
            return provider == null ? null : model == null ? provider : provider + ", model " + Listing.visible(model.id());
        }
    }
}
