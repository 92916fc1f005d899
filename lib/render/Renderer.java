package lib.render;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.host.AtomicFile;
import lib.model.Model;
import lib.model.Normaliser;
import lib.provider.Access;
import lib.provider.Listing;
import lib.provider.Provider;
import lib.provider.Providers.Secrets;

/** Renders what is asked for of all tools, several files at once, and writes what passes its checks. */
public final class Renderer {
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
                jobs.add(new Job(entry, outputs, null, Integer.MAX_VALUE));
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
                            : m.equals(model.text(lib.provider.Field.MODE))).toList());
        }

        /** @return null where no answer is stored */
        synchronized Views.Named answer() {
            if (!asked) {
                asked = true;
                var node = source.get();
                if (node != null) {
                    var legacy = new Legacy(id(), access.provider().mapping(), node);
                    answer = new Views.Named("answer").lazily("json", once(legacy::json)).lazily("ids", once(legacy::ids))
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

    /** One call of {@link #render}, with what its threads share. */
    private final class Call {
        private final Rendering.Request request;
        private final Consumer<Rendering.Made> taker;
        private final Map<String, Subject> subjects = new LinkedHashMap<>();
        private final Map<String, String> environmentNames;
        private final Map<String, Set<String>> keyHosts;
        private final Secrets secrets;
        private final Map<Path, String> takenBy = new ConcurrentHashMap<>();
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
            leftOut.add(new Rendering.LeftOut(job.entry().tool(), job.provider(), Listing.visible(reason)));
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
            if (!job.entry().source().trusted()) {
                var stranger = Check.leadsOut(request.root(), target) ? "it is not trusted, and a link leads its output out of " + request.root()
                        : Check.stranger(bytes, keyHosts);
                if (stranger != null) {
                    problem(job, Rendering.Kind.REFUSED, stranger);
                    return;
                }
                untrusted.add(target);
            }
            if (request.scope() == Rendering.Scope.REHEARSAL) {
                Check.flaw(job.entry().format(), bytes);
                return;
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
            root.put("providers", () -> subjects.values().stream().filter(s -> objection(entry, s) == null)
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
