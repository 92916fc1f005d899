package lib.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.cli.Output.Failures;
import lib.host.AtomicFile;
import lib.host.Host;
import lib.model.Archive.Kept;
import lib.model.Archive;
import lib.model.Changes.Change;
import lib.model.Changes.ChangeLog;
import lib.model.Changes;
import lib.model.Model;
import lib.model.Search;
import lib.model.Snapshot;
import lib.provider.Json.Listing;
import lib.provider.Provider.Field;
import lib.provider.Provider;
import lib.provider.Providers.ConfigError;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code catalog diff}: what changed between two snapshots; {@link Rollback} goes back to one. */
@Command(name = "diff", description = {"Tell what changed from one snapshot to another.",
        "FROM and TO: previous, current, the id of a kept snapshot ('catalog rollback --list') or its beginning, or a file."},
        footer = {"", "Examples:", "  catalog diff                        what the last fetch changed",
            "  catalog diff --since 7d --markdown  for the text of a pull request",
            "  catalog diff --watch-price 10%%      for CI: exit code 1 if a price moved by 10 %% or more",
            "  git show HEAD:models/catalog.json > old.json && catalog diff old.json current"})
public final class DiffCommand implements Callable<Integer> {
    private static final int WIDEST_NAME = 60;

    private final Host host;
    private final Output output;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", arity = "0..1", paramLabel = "FROM", description = "The earlier one (default: previous).")
    private String from;

    @Parameters(index = "1", arity = "0..1", paramLabel = "TO", defaultValue = "current", description = "The later one (default: current).")
    private String to;

    @Option(names = "--since", paramLabel = "D", description = "FROM is the newest kept before this: 24h, 7d or 2026-11-01.")
    private String since;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Option(names = "--markdown", description = "As Markdown.")
    private boolean markdown;

    @Option(names = "--exit-code", description = "Exit code 1 if anything changed.")
    private boolean exitCode;

    @Option(names = "--watch-price", paramLabel = "P", converter = Watch.Converter.class,
            description = "Exit code 1 only if a price moved by this much or more: 10%%, or +10%% for up only.")
    private Watch watch;

    @Option(names = "--grace", paramLabel = "D", defaultValue = "72h", converter = DaysConverter.class,
            description = "A model missing for longer is removed (default: ${DEFAULT-VALUE}).")
    private Duration grace;

    @Option(names = "--provider", paramLabel = "P", split = ",", description = "Only these providers.")
    private List<String> providers = List.of();

    @Option(names = "--root", paramLabel = "DIR", description = "The folder of models/ and config/ (default: here).")
    private Path root;

    public DiffCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    /** One of the two that are compared. @param at since when it is what it is. @param kept null where it is a file */
    private record Side(String shown, Instant at, Snapshot snapshot, Kept kept) {
        static Side of(Archive archive, Kept kept) {
            return new Side(kept.id(), kept.at(), archive.read(kept), kept);
        }

        /** The first that is whole; the others are named. @return null where there is none */
        static Side of(Archive archive, List<Kept> kept, Output output) {
            for (var one : kept) {
                try {
                    return of(archive, one);
                } catch (ConfigError damaged) {
                    output.warn(damaged.getMessage());
                }
            }
            return null;
        }
    }

    /** How much a price has to move to matter, in percent. @param way 1 up, -1 down, 0 either */
    record Watch(BigDecimal percent, int way) {
        boolean sees(Change change) {
            return change.moved(percent, way);
        }

        static final class Converter implements ITypeConverter<Watch> {
            @Override
            public Watch convert(String text) {
                var match = Pattern.compile("([+-]?)(\\d{1,6}(?:\\.\\d{1,6})?) ?%?").matcher(text.strip());
                if (!match.matches() || new BigDecimal(match.group(2)).signum() == 0) {
                    throw new TypeConversionException("'" + text + "' is no percentage such as 10% or +10%");
                }
                return new Watch(new BigDecimal(match.group(2)), match.group(1).isEmpty() ? 0 : match.group(1).equals("+") ? 1 : -1);
            }
        }
    }

    /** As other durations, and {@code 7d}. */
    static final class DaysConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            return text.matches("[1-9][0-9]{0,5}d") ? Duration.ofDays(Long.parseLong(text.substring(0, text.length() - 1)))
                    : new FetchCommand.DurationConverter().convert(text);
        }
    }

    @Override
    public Integer call() throws IOException {
        if (from != null && since != null || json && markdown) {
            var both = json && markdown ? "--json or --markdown" : "FROM or --since";
            throw new ParameterException(spec.commandLine(), both + ", not both");
        }
        var now = host.clock().instant();
        var archive = Archive.of(host, Workspace.root(host, root));
        var first = since == null && from == null ? "previous" : from;
        boolean present = to.equals("current");
        var bytes = Files.isRegularFile(archive.file()) ? Files.readAllBytes(archive.file()) : null;
        // Reading two large snapshots takes twice as long as one; here is a second processor.
        var reading = "current".equals(first) ? null : CompletableFuture.supplyAsync(() -> earlier(first, archive, bytes, now));
        var current = Stream.of(first, to).anyMatch(word -> "current".equals(word) || "previous".equals(word))
                ? archive.current(now, Workspace::howOld) : new Archive.Current(null, bytes, null, null);
        if (current.content() == null && current.snapshot() != null) {
            output.warn("There is no " + archive.file() + " yet; 'catalog fetch' makes it.");
            return Failures.NOTHING_DONE;
        }
        var later = side(to, archive, current);
        var earlier = reading == null ? side(first, archive, current)
                : current.instead() != null ? earlier(first, archive, current.content(), now) : joined(reading);
        if (later == null || earlier == null) {
            output.warn("No earlier snapshot of " + archive.file() + " is kept. 'catalog fetch' keeps one each time something changed,"
                    + " but the first has nothing to compare with; two files can be compared without: 'catalog diff old.json new.json'.");
            return Failures.NOTHING_DONE;
        }
        var log = ChangeLog.open(archive.file().resolveSibling("changes.jsonl"));
        Stream.of(current.note(), log.damage()).filter(Objects::nonNull).forEach(output::warn);
        var changes = chosen(Changes.between(earlier.snapshot(), later.snapshot()), earlier, later);
        // What the log knows leads up to the present.
        changes = present ? log.explain(changes, grace, now) : changes;
        tell(changes);
        var compared = "From " + earlier.shown() + age(earlier.at(), now) + " to " + later.shown() + age(later.at(), now);
        if (present && Workspace.isOld(later.at(), now)) {
            output.warn(compared + "; 'catalog fetch' asks again");
        } else {
            output.say(compared);
        }
        Workspace.tellIfChanged(archive, current.snapshot() == null ? null : current.content(), output);
        if (present) {
            RetiredModels.warnings(host, later.snapshot(), log).forEach(output::warn);
        }
        if (watch == null) {
            return exitCode && !changes.isEmpty() ? Failures.SOME_FAILED : Failures.OK;
        }
        var moved = changes.stream().filter(watch::sees).toList();
        moved.forEach(change -> output.say(output.paint("yellow", "watched") + " " + change.line()));
        return moved.isEmpty() ? Failures.OK : Failures.SOME_FAILED;
    }

    private static Side joined(CompletableFuture<Side> reading) {
        try {
            return reading.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException known ? known : e;
        }
    }

    /** @param word null for --since */
    private Side earlier(String word, Archive archive, byte[] content, Instant now) {
        try {
            return word == null ? since(archive, now) : side(word, archive, new Archive.Current(null, content, null, null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String age(Instant then, Instant now) {
        return " (" + Workspace.howOld(then, now) + ")";
    }

    /** @return null where nothing is kept that it could be */
    private Side side(String word, Archive archive, Archive.Current current) throws IOException {
        if (word.equals("current")) {
            var kept = current.instead();
            var snapshot = current.snapshot();
            return kept != null ? new Side(kept.id(), kept.at(), snapshot, kept)
                    : new Side(archive.file().toString(), Workspace.since(archive, snapshot, host.clock().instant()), snapshot, null);
        }
        if (word.equals("previous")) {
            return Side.of(archive, archive.before(current.content()), output);
        }
        try {
            var file = host.cwd().resolve(word);
            if (Files.isRegularFile(file)) {
                var at = Workspace.written(file, host.clock().instant());
                return new Side(file.toString(), at, Snapshot.read(file, Files.readAllBytes(file)), null);
            }
        } catch (InvalidPathException e) {
            // then it is no file
        }
        var kept = named(spec, archive, word);
        return kept == null ? null : Side.of(archive, kept);
    }

    private Side since(Archive archive, Instant now) throws IOException {
        Instant begin;
        try {
            begin = since.matches("\\d{4}-.*") ? LocalDate.parse(since).atStartOfDay(ZoneOffset.UTC).toInstant()
                    : now.minus(new DaysConverter().convert(since));
        } catch (DateTimeException | TypeConversionException e) {
            throw new ParameterException(spec.commandLine(), "--since: '" + since + "' is no time such as 24h, 7d or 2026-11-01");
        }
        var kept = archive.list();
        var before = kept.stream().filter(one -> !one.at().isAfter(begin)).toList();
        if (!before.isEmpty() || kept.isEmpty()) {
            return Side.of(archive, before, output);
        }
        output.say("Nothing is kept of the time before " + Archive.minute(begin) + "; the oldest that is kept serves.");
        return Side.of(archive, kept.stream().sorted(Comparator.comparing(Kept::id)).toList(), output);
    }

    /** @return null where nothing at all is kept */
    private static Kept named(CommandSpec spec, Archive archive, String word) throws IOException {
        var kept = archive.list();
        var found = word.equals("latest") ? kept.subList(0, Math.min(1, kept.size())) : archive.find(word);
        if (kept.isEmpty() && !word.contains("/") && !word.endsWith(".json") || found.size() == 1) {
            return found.isEmpty() ? null : found.get(0);
        }
        var ids = kept.stream().map(Kept::id).toList();
        var near = ConfigError.didYouMean(word, Stream.concat(ids.stream(), Stream.of("previous", "current", "latest")).toList());
        throw new ParameterException(spec.commandLine(), found.isEmpty()
                ? "'" + word + "' is no file and no kept snapshot" + (near.isEmpty() ? "; 'catalog rollback --list' shows these" : near)
                : "'" + word + "' begins more than one: " + String.join(", ", found.stream().map(Kept::id).limit(5).toList()));
    }

    private List<Change> chosen(List<Change> changes, Side earlier, Side later) {
        if (providers.isEmpty()) {
            return changes;
        }
        var models = Stream.of(earlier, later).flatMap(side -> side.snapshot().models().stream());
        var known = models.map(Model::providerId).collect(Collectors.toSet());
        providers.stream().filter(provider -> !known.contains(provider)).findFirst().ifPresent(one -> {
            throw new ParameterException(spec.commandLine(), "neither has models of '" + one + "'" + ConfigError.didYouMean(one, known));
        });
        return changes.stream().filter(change -> providers.contains(change.provider())).toList();
    }

    private void tell(List<Change> changes) {
        if (json) {
            var array = JsonNodeFactory.instance.arrayNode();
            changes.forEach(change -> array.add(change.json()));
            output.data(array);
        } else if (markdown) {
            Changes.markdown(changes).forEach(output::data);
        } else {
            changes.stream().collect(Collectors.groupingBy(Change::provider, LinkedHashMap::new, Collectors.toList())).forEach(this::lines);
        }
        output.say(changes.isEmpty() ? "Nothing changed." : "Changes: " + Changes.summary(changes) + ".");
    }

    private void lines(String provider, List<Change> changes) {
        int width = changes.stream().mapToInt(change -> change.subject().length()).filter(length -> length <= WIDEST_NAME).max().orElse(0);
        for (var change : changes) {
            var style = change.kind().ofFact() ? "yellow" : change.kind().sign().equals("+") ? "green" : "red";
            output.data(output.paint(style, change.kind().sign()) + " " + change.subject()
                    + " ".repeat(Math.max(0, width - change.subject().length()) + 1) + change.what(Listing::visible));
        }
    }

    /** {@code catalog rollback}: the current snapshot replaced by an earlier one. */
    @Command(name = "rollback", description = {"Go back to an earlier snapshot: write it to models/catalog.json.",
            "What is there is kept, so one can go forward again."},
            footer = {"", "Examples:", "  catalog rollback               to the one before the current one",
                "  catalog rollback --list        what there is", "  catalog rollback --to latest   forward again"})
    public static final class Rollback implements Callable<Integer> {
        private final Host host;
        private final Output output;

        @Spec
        private CommandSpec spec;

        @Option(names = "--to", paramLabel = "ID", defaultValue = "previous",
                description = "Its id or the beginning of it, previous or latest (default: ${DEFAULT-VALUE}).")
        private String to;

        @Option(names = "--list", description = "List the snapshots that are kept, the newest first.")
        private boolean list;

        @Option(names = "--json", description = "As JSON.")
        private boolean json;

        @Option(names = "--root", paramLabel = "DIR", description = "The folder of models/ and config/ (default: here).")
        private Path root;

        public Rollback(Host host, Output output) {
            this.host = host;
            this.output = output;
        }

        @Override
        public Integer call() throws IOException, InterruptedException {
            var now = host.clock().instant();
            var archive = Archive.of(host, Workspace.root(host, root));
            if (archive.list().isEmpty()) {
                output.warn("No snapshot of " + archive.file() + " is kept; 'catalog fetch' keeps one each time something changed.");
                return Failures.NOTHING_DONE;
            }
            try (var held = list ? null : archive.lock()) {
                var content = Files.isRegularFile(archive.file()) ? Files.readAllBytes(archive.file()) : null;
                return list ? list(archive.list(), content == null ? "" : AtomicFile.sha256(content), now) : back(archive, content, now);
            }
        }

        private int back(Archive archive, byte[] content, Instant now) throws IOException {
            var side = to.equals("previous") ? Side.of(archive, archive.before(content), output)
                    : Side.of(archive, named(spec, archive, to));
            if (side == null) {
                output.warn("Nothing is kept that came before " + archive.file() + "; 'catalog rollback --list' shows what is.");
                return Failures.NOTHING_DONE;
            }
            Workspace.requireNoWayOut(host, Workspace.root(host, root));
            var target = side.kept();
            var before = current(archive, content);
            archive.keepCurrent(now, false);
            boolean written = Workspace.putBack(archive, side.snapshot(), target.load());
            if (json) {
                output.data(JsonNodeFactory.instance.objectNode().put("id", target.id()).put("at", target.at().toString())
                        .put("written", written));
            }
            output.say(archive.file() + " is the snapshot of " + Archive.minute(target.at()) + age(target.at(), now)
                    + (!written ? " already."
                            : " again" + (before == null ? "" : ": " + Changes.summary(Changes.between(before, side.snapshot())))
                            + ". 'catalog render' writes the files of tools from it."));
            return Failures.OK;
        }

        /** @return null where it is damaged, which is a reason to be here */
        private static Snapshot current(Archive archive, byte[] content) {
            try {
                return content == null ? Snapshot.empty() : Snapshot.read(archive.file(), content);
            } catch (ConfigError damaged) {
                return null;
            }
        }

        /** A content may be kept several times; the file is the newest of them. */
        private int list(List<Kept> kept, String sha256, Instant now) throws IOException {
            var current = kept.stream().filter(one -> sha256.startsWith(one.hash())).findFirst().orElse(null);
            var array = JsonNodeFactory.instance.arrayNode();
            var rows = new ArrayList<List<String>>();
            for (var one : kept) {
                boolean is = one.equals(current);
                array.addObject().put("id", one.id()).put("at", one.at().toString()).put("sha256", one.hash())
                        .put("bytes", Files.size(one.file())).put("current", is);
                rows.add(List.of(one.id(), Workspace.age(one.at(), now), is ? "current" : ""));
            }
            if (json) {
                output.data(array);
            } else {
                output.table(List.of("ID", "AGE", ""), rows);
            }
            return Failures.OK;
        }
    }
}

/**
 * Where a person's own settings still name a model that is deprecated, retired or gone. The files are read and never written;
 * what these tools understand of a line is more than is looked at here: a model's id, whole, as a value or a key.
 */
final class RetiredModels {
    private static final long LARGEST_FILE = 1 << 20;
    private static final int MOST_PER_FILE = 10;
    private static final String QUOTED = "\"((?:[^\"\\\\]++|\\\\.)*+)\"|'([^']*+)'";
    /** A comment, a quoted text or a word. In YAML a comment has a space before it, and ids may hold a {@code #}. */
    private static final Pattern YAML = Pattern.compile("(?<!\\S)#.*|" + QUOTED + "|([^\\s\"'\\[\\]{},#][^\\s\\[\\]{},]*+)");
    private static final Pattern TOML = Pattern.compile("#.*|" + QUOTED + "|([^\\s\"'\\[\\]{},=#]++)");
    private static final Pattern CODEX_PROVIDER = Pattern.compile("(?m)^\\s*model_provider\\s*=\\s*[\"']([^\"']+)[\"']");

    /** A type that tells whose models they are; names of {@code openai-compatible} clients are providers' ids. */
    private static final Pattern CLIENT = Pattern.compile("(?m)^\\s*- type:\\s*(?!openai-compatible)([\\w-]+)\\s*(?:#.*)?\\R"
            + "\\s+name:\\s*[\"']?([^\\s\"'#]+)");

    /** By provider, why one should not use its model of some id. */
    private final Map<String, Map<String, String>> retired = new HashMap<>();
    /** The providers that list these ids and say nothing against them. */
    private final Map<String, Set<String>> alive = new HashMap<>();
    /** The providers whose models there are, by all their names in the settings of such tools. */
    private final Map<String, Set<String>> named = new HashMap<>();

    private RetiredModels(Snapshot snapshot, ChangeLog log, Collection<Provider> known, LocalDate today) {
        for (var model : snapshot.models()) {
            named.computeIfAbsent(model.providerId(), Set::of);
            var why = objection(model, today);
            if (why != null) {
                retire(model.providerId(), model.id(), why);
            }
        }
        log.away().forEach((provider, ids) -> ids.forEach(id -> {
            var logged = log.away(provider, id);
            retire(provider, id, logged.change().kind() == Changes.Kind.REMOVED ? "no longer listed"
                    : "missing from its list since " + LocalDate.ofInstant(logged.at(), ZoneOffset.UTC));
        }));
        for (var model : snapshot.models()) {
            if (objection(model, today) == null) {
                for (var name : names(model.id())) {
                    if (retired.containsKey(name)) {
                        // What the log calls away may be listed again; the next fetch will note it.
                        retired.get(name).remove(model.providerId());
                        alive.computeIfAbsent(name, n -> new HashSet<>()).add(model.providerId());
                    }
                }
            }
        }
        var there = Set.copyOf(named.keySet());
        known.stream().filter(provider -> there.contains(provider.id())).forEach(provider -> provider.alsoCalled()
                .forEach(name -> named.merge(name, Set.of(provider.id()), RetiredModels::both)));
    }

    private static Set<String> both(Set<String> some, Set<String> more) {
        var all = new TreeSet<>(some);
        all.addAll(more);
        return all;
    }

    private void retire(String provider, String id, String why) {
        names(id).forEach(name -> retired.computeIfAbsent(name, n -> new HashMap<>()).put(provider, why));
    }

    /** Tools leave Google's {@code models/} out. */
    private static List<String> names(String id) {
        return id.startsWith("models/") ? List.of(id, id.substring("models/".length())) : List.of(id);
    }

    /** @return null where nobody says anything against it */
    private static String objection(Model model, LocalDate today) {
        var status = model.text(Field.STATUS);
        var retiredOn = model.text(Field.RETIRED_ON);
        var deprecatedOn = model.text(Field.DEPRECATED_ON);
        String why = null;
        if ("retired".equals(status) || Search.isPast(retiredOn, today)) {
            why = "retired" + (Search.isPast(retiredOn, today) ? " since " + retiredOn : "");
        } else if ("deprecated".equals(status) || Search.isPast(deprecatedOn, today)) {
            why = "deprecated" + (Search.isPast(deprecatedOn, today) ? " since " + deprecatedOn : "")
                    + (retiredOn == null ? "" : ", to be retired on " + retiredOn);
        }
        var replacement = model.text(Field.REPLACEMENT);
        return why == null ? null : Listing.visible(why + (replacement == null ? "" : "; replacement: " + replacement));
    }

    /** One line for each place that names such a model, and for each file that cannot be read. */
    public static List<String> warnings(Host host, Snapshot snapshot, ChangeLog log) {
        var warnings = new ArrayList<String>();
        var files = Workspace.toolSettings(host, (folder, e) -> warnings.add(unreadable(folder.toString(), e)));
        if (files.isEmpty()) {
            return warnings;
        }
        var retired = new RetiredModels(snapshot, log, providers(host), LocalDate.ofInstant(host.clock().instant(), ZoneOffset.UTC));
        for (var file : files) {
            var shown = Workspace.shown(host, file);
            try {
                if (Files.size(file) <= LARGEST_FILE) {
                    var text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
                    var found = retired.scan(text, file.toString().endsWith(".toml"));
                    found.stream().limit(MOST_PER_FILE).forEach(line -> warnings.add(shown + ":" + line));
                    if (found.size() > MOST_PER_FILE) {
                        warnings.add(shown + ": and " + (found.size() - MOST_PER_FILE) + " more lines with such models");
                    }
                }
            } catch (IOException e) {
                warnings.add(unreadable(shown, e));
            }
        }
        return warnings;
    }

    /** None where their file has a mistake: whoever needs it more tells so. */
    private static Collection<Provider> providers(Host host) {
        try {
            return Workspace.providers(host).byId().values();
        } catch (ConfigError e) {
            return List.of();
        }
    }

    private static String unreadable(String shown, IOException e) {
        return shown + " cannot be read (" + e.getClass().getSimpleName() + "), so not looked at for retired models";
    }

    /** @return {@code 12: groq/x is retired}, one for each line and model */
    private List<String> scan(String text, boolean toml) {
        var found = new LinkedHashSet<String>();
        var stated = CODEX_PROVIDER.matcher(text);
        var provider = toml && stated.find() ? stated.group(1) : null;
        var clients = toml ? Map.<String, String>of() : clients(text);
        int number = 0;
        for (var line : text.split("\n", -1)) {
            number++;
            var tokens = (toml ? TOML : YAML).matcher(line);
            while (tokens.find()) {
                var quoted = tokens.group(1) != null ? tokens.group(1) : tokens.group(2);
                var token = quoted != null ? quoted : withoutColon(tokens.group(3));
                var client = clients.getOrDefault(token, token);
                if (!toml && named.containsKey(client)) {
                    provider = client; // the client or API whose models follow
                }
                int colon = token.indexOf(':');
                var why = why(provider, token);
                if (why == null && colon > 0) {
                    var before = token.substring(0, colon);
                    why = why(clients.getOrDefault(before, before), token.substring(colon + 1));
                }
                if (why != null) {
                    found.add(number + ": " + why);
                }
            }
        }
        return List.copyOf(found);
    }

    /** aichat's clients that bear a name of the person's own, each with its type. */
    private static Map<String, String> clients(String text) {
        var types = new HashMap<String, String>();
        var clients = CLIENT.matcher(text);
        while (clients.find()) {
            types.put(clients.group(2), clients.group(1));
        }
        return types;
    }

    /** A key is a word with a colon. @param word null for a comment */
    private static String withoutColon(String word) {
        return word == null ? "" : word.endsWith(":") ? word.substring(0, word.length() - 1) : word;
    }

    /** @param provider where it is said to be, which may be a name of the person's own, or null */
    private String why(String provider, String id) {
        var against = retired.getOrDefault(id, Collections.emptyMap());
        var living = alive.getOrDefault(id, Collections.emptySet());
        // The same id may be well and alive elsewhere; then only the right provider's word counts.
        var where = named.getOrDefault(provider, provider == null ? Set.of() : Set.of(provider)).stream().filter(against::containsKey)
                .findFirst().orElse(against.isEmpty() || !living.isEmpty() ? null : new TreeSet<>(against.keySet()).first());
        return where == null ? null : Listing.visible(where) + "/" + Listing.visible(id) + " is " + against.get(where);
    }
}
