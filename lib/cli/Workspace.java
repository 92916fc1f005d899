package lib.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Function;
import lib.fetch.History;
import lib.fetch.Store;
import lib.host.AtomicFile.Tree;
import lib.host.AtomicFile;
import lib.host.Host;
import lib.model.Archive;
import lib.model.Changes.ChangeLog;
import lib.model.Changes.Change;
import lib.model.Snapshot;
import lib.provider.Access;
import lib.provider.Provider;
import lib.provider.Providers.ConfigError;
import lib.provider.Providers;
import lib.provider.Providers.Trusted;
import lib.render.Rendering.Unchanged;

/**
 * What every command starts from: the providers as all layers and the environment have them, and where things are.
 *
 * @param root the folder that {@code config/} and {@code models/} are written to
 */
public record Workspace(Host host, Path root, Providers providers) {
    /** The version of catalog itself, shown by {@code version} and sent as User-Agent. */
    public static final String VERSION = "0.1.0";

    /** @param root as given by {@code --root}, or null for the working directory */
    public static Workspace open(Host host, Output output, Path root) {
        return open(host, output, root, providers(host));
    }

    /** As above, with providers that were read before. */
    static Workspace open(Host host, Output output, Path root, Providers providers) {
        providers.notes().forEach(output::warn);
        return new Workspace(host, root(host, root), providers);
    }

    static Path root(Host host, Path root) {
        return host.cwd().resolve(root == null ? Path.of("") : root).normalize();
    }

    static Providers providers(Host host) {
        try {
            return Providers.loadTrusting(host, bundled());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Our own providers.yaml. */
    static byte[] bundled() throws IOException {
        try (var in = Workspace.class.getResourceAsStream("/providers.yaml")) {
            return in.readAllBytes();
        }
    }

    public Access access(String id) {
        return providers.access(providers.named(id), host);
    }

    /** Whether facts come from it, and no models: it is asked beside the providers. */
    boolean isSource(String id) {
        var provider = providers.byId().get(id);
        return provider != null && provider.ship() == Provider.Ship.SOURCE;
    }

    /** The providers of these ids that still exist; a snapshot may hold models of one that the user has since removed. */
    public List<Access> known(Iterable<String> ids) {
        var found = new ArrayList<Access>();
        for (var id : ids) {
            if (providers.byId().containsKey(id)) {
                found.add(access(id));
            }
        }
        return found;
    }

    public Store store() {
        return new Store(host.cacheDir().resolve("answers"));
    }

    public History history() {
        return History.load(host.stateDir().resolve("history.json"));
    }

    public Path snapshotFile() {
        return root.resolve("models").resolve("catalog.json");
    }

    /** The snapshot; where it is damaged the one before, which is said. */
    public Snapshot snapshot() {
        try {
            var current = archive().current(host.clock().instant(), Workspace::howOld);
            if (current.note() != null) {
                host.err().println(current.note());
            }
            return current.snapshot();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Before the snapshot is written: through a link that came with a repository it would be somebody else's file. */
    static void requireNoWayOut(Host host, Path root) {
        try {
            var link = Tree.wayOut(root, root.resolve("models"));
            if (link != null && !Trusted.load(host).vouchesFor(root, link)) {
                throw new ConfigError("a link, " + Trusted.shown(link.path()) + ", leads the snapshot out of " + Trusted.shown(root.toString())
                        + ", to " + Trusted.shown(link.to().toString()) + "; if it is your own: catalog trust " + Trusted.shown(root.toString()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Archive archive() {
        return Archive.of(host, root);
    }

    /** What changed at which fetch. */
    public ChangeLog changeLog() {
        return ChangeLog.open(snapshotFile().resolveSibling("changes.jsonl"));
    }

    /** Notes what a fetch changed, and what time has made of models that are missing. @return both */
    List<Change> settle(ChangeLog log, List<Change> between, Snapshot snapshot, Set<String> answered, Duration grace) {
        var now = host.clock().instant();
        var changes = log.settle(between, snapshot, answered, grace, now);
        try {
            log.append(changes, now);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return changes;
    }

    /** Whom to ask when nobody is named: those whose key is set, and with {@code all} those that need none. */
    List<String> askedUnnamed(boolean all) {
        return providers.byId().values().stream()
                .filter(provider -> provider.ship() == Provider.Ship.DEFAULT || provider.ship() == Provider.Ship.LOCAL)
                .filter(provider -> all && provider.key() != Provider.KeyNeed.REQUIRED || providers.access(provider, host).hasKey())
                .map(Provider::id).toList();
    }

    /** When each input of the snapshot was fetched. */
    public Archive.Inputs inputs() {
        try {
            return archive().inputs();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path inputsFile() {
        return archive().inputsFile();
    }

    /** Makes this the snapshot, keeps the one before, and notes when its inputs were fetched. @return what went wrong, null if nothing did */
    String keep(Snapshot snapshot, Map<String, Instant> fetchedAt) {
        try {
            var replaced = archive().replace(snapshot::writeTo, host.clock().instant());
            AtomicFile.write(inputsFile(), Archive.Inputs.of(snapshot, replaced.sha256(), fetchedAt, inputs()).bytes());
            return replaced.problem();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Writes a snapshot that is kept to where it was. Of an input that is the same now it is known when it was fetched; the others
     * were fetched when the snapshot was kept. @return whether it was not there already
     */
    static boolean putBack(Archive archive, Snapshot snapshot, byte[] content) throws IOException {
        var noted = archive.inputs();
        var since = archive.since(content);
        var times = new HashMap<String, Instant>();
        snapshot.inputs().forEach(input -> times.put(input.id(), Optional.ofNullable(noted.at(input)).orElse(since)));
        boolean written = AtomicFile.write(archive.file(), content);
        AtomicFile.write(archive.inputsFile(), Archive.Inputs.of(snapshot, content, times, noted).bytes());
        return written;
    }

    /** The inputs are what they were, and were asked for again. */
    void confirm(Map<String, Instant> fetchedAt) {
        var before = inputs();
        var after = before.fetched().stream().map(one -> new Archive.Inputs.Fetched(one.id(), one.url(), one.sha256(),
                fetchedAt.getOrDefault(one.id(), one.at()))).toList();
        try {
            if (!after.isEmpty()) {
                AtomicFile.write(inputsFile(), new Archive.Inputs(before.snapshot(), after).bytes());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Model lists rot within days; older ones are used all the same, and it is said. */
    private static final Duration TIME_TO_LIVE = Duration.ofHours(24);
    private static final Duration OLD = Duration.ofDays(7);

    /** Clocks of two machines differ by less; a time further ahead than that was noted by a clock that was wrong, or this one is. */
    private static final Duration AHEAD = Duration.ofMinutes(5);

    /** How old the snapshot is, beyond 24 hours with the command that refreshes it. */
    public String snapshotAge(Snapshot snapshot) {
        var now = host.clock().instant();
        var then = since(snapshot);
        return howOld(then, now) + (isAhead(then, now) ? " 'catalog fetch' asks again"
                : Duration.between(then, now).compareTo(TIME_TO_LIVE) > 0 ? "; 'catalog fetch' asks again" : "");
    }

    /** Says it: beyond 7 days to the quiet, too. */
    void tellAge(Snapshot snapshot, Output output) {
        if (!warnIfOld(snapshot, output)) {
            output.say(snapshotFile() + ": " + snapshotAge(snapshot));
        }
        if (output.verbose()) {
            tellIfChanged(output);
        }
    }

    /** As {@link #tellIfChanged(Archive, byte[], Output)}. */
    void tellIfChanged(Output output) {
        try {
            tellIfChanged(archive(), Files.isRegularFile(snapshotFile()) ? Files.readAllBytes(snapshotFile()) : null, output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Says it where the snapshot is not what catalog wrote: what is made of it outlasts this command. @param content null for none */
    static void tellIfChanged(Archive archive, byte[] content, Output output) throws IOException {
        var noted = archive.inputs();
        boolean changed = content != null && noted.snapshot() != null && !noted.isOf(content);
        // A damaged one is not used.
        if (changed && archive.current(Instant.EPOCH, Workspace::howOld).instead() == null) {
            output.say(archive.file() + " was changed since catalog wrote it (its checksum is not that in " + archive.inputsFile()
                    + "); it is used as it is");
        }
    }

    /** @return whether it is so old that it was said */
    boolean warnIfOld(Snapshot snapshot, Output output) {
        boolean old = isOld(since(snapshot), host.clock().instant());
        if (old) {
            output.warn(output.paint("yellow", "old") + " " + snapshotFile() + ": " + snapshotAge(snapshot));
        }
        return old;
    }

    /** Whether it has to be said; so has a time that cannot be. */
    static boolean isOld(Instant then, Instant now) {
        return isAhead(then, now) || Duration.between(then, now).compareTo(OLD) > 0;
    }

    private static boolean isAhead(Instant then, Instant now) {
        return then.isAfter(now.plus(AHEAD));
    }

    /**
     * Since the provider that answered longest ago did so: by inputs.json, else by the stored answer, where that is the same answer.
     * This machine's history would not do: it tells of the last answer, which need not be the one that the snapshot is made of.
     */
    private Instant since(Snapshot snapshot) {
        try {
            return since(archive(), snapshot.inputs().stream().filter(input -> !isSource(input.id())).toList(), this::stored, snapshot,
                    host.clock().instant());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Instant stored(Snapshot.Input input) {
        var answer = providers.byId().containsKey(input.id()) ? store().load(access(input.id())) : null;
        return answer != null && answer.sha256().equals(input.sha256()) ? answer.fetchedAt() : null;
    }

    /** As above, without knowing which inputs are providers: settings that have to be mended are no reason not to compare. */
    static Instant since(Archive archive, Snapshot snapshot, Instant now) throws IOException {
        return since(archive, snapshot.inputs(), input -> null, snapshot, now);
    }

    private static Instant since(Archive archive, List<Snapshot.Input> inputs, Function<Snapshot.Input, Instant> otherwise, Snapshot snapshot,
            Instant now) throws IOException {
        var noted = archive.inputs();
        var times = new ArrayList<Instant>();
        inputs.forEach(input -> times.add(Optional.ofNullable(noted.at(input)).orElseGet(() -> otherwise.apply(input))));
        if (times.isEmpty() || times.removeIf(Objects::isNull)) {
            times.add(kept(archive, snapshot, now));
        }
        var last = Collections.max(times);
        return isAhead(last, now) ? last : Collections.min(times);
    }

    /** Since it was kept first, else (it came with a repository) since its file was written. */
    private static Instant kept(Archive archive, Snapshot snapshot, Instant now) throws IOException {
        if (!Files.isRegularFile(archive.file())) {
            return now;
        }
        var since = archive.since(Files.readAllBytes(archive.file()));
        // Where the file is damaged, the snapshot is another than what it holds.
        since = since == null ? archive.since(snapshot.bytes()) : since;
        return since == null ? written(archive.file(), now) : since;
    }

    /** By the file system, whose clock need not be ours. */
    static Instant written(Path file, Instant now) throws IOException {
        var written = Files.getLastModifiedTime(file).toInstant();
        return written.isAfter(now) ? now : written;
    }

    /** All that decides, beside answers and templates, what is rendered: this program, the user's files, addresses and keys. */
    public List<String> ingredients(List<Access> asked) {
        var parts = new ArrayList<String>();
        try {
            var program = Path.of(Workspace.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            parts.add(VERSION + " " + program + " " + Files.size(program) + " " + Files.getLastModifiedTime(program));
            for (var file : List.of(host.configDir().resolve("providers.yaml"), host.cwd().resolve("providers.yaml"))) {
                parts.add(Files.isRegularFile(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("where our own classes are", e);
        }
        for (var access : asked) {
            parts.add(access.provider().id() + " " + access.baseUrl() + " " + access.models() + " " + access.keyVariable() + " " + access.missing());
        }
        parts.add(providers.secretValues(host).size() + " " + Trusted.holds(host));
        return parts;
    }

    /** Where it is noted what was rendered for this root, see {@link Unchanged}. */
    public Path renderedFile() {
        return host.cacheDir().resolve("rendered").resolve(Unchanged.digest(List.of(root.toString())).substring(0, 24));
    }

    /**
     * The settings there are of aichat, mods and Codex, at their usual places.
     *
     * @param unreadable told of a folder that cannot be listed
     */
    static List<Path> toolSettings(Host host, BiConsumer<Path, IOException> unreadable) {
        return toolPlaces(host, unreadable).stream().filter(Files::isRegularFile).toList();
    }

    /** As above, and the places where there may be none, or something that is no file. */
    static List<Path> toolPlaces(Host host, BiConsumer<Path, IOException> unreadable) {
        var files = new ArrayList<Path>();
        files.add(set(host, "AICHAT_CONFIG_FILE", aichatDir(host).resolve("config.yaml")));
        files.add(settings(host, "LOCALAPPDATA").resolve("mods").resolve("mods.yml"));
        var codex = codexHome(host);
        files.add(codex.resolve("config.toml"));
        if (Files.isDirectory(codex)) {
            try (var profiles = Files.newDirectoryStream(codex, "*.config.toml")) {
                var all = new TreeSet<Path>();
                profiles.forEach(all::add);
                files.addAll(all);
            } catch (DirectoryIteratorException e) {
                unreadable.accept(codex, e.getCause());
            } catch (IOException e) {
                unreadable.accept(codex, e);
            }
        }
        return files;
    }

    static Path aichatDir(Host host) {
        return set(host, "AICHAT_CONFIG_DIR", settings(host, "APPDATA").resolve("aichat"));
    }

    static Path codexHome(Host host) {
        return set(host, "CODEX_HOME", host.home().resolve(".codex"));
    }

    /** What a variable names, or else this. */
    static Path set(Host host, String variable, Path otherwise) {
        return host.env(variable) == null ? otherwise : host.cwd().resolve(host.env(variable));
    }

    /** @param windows the variable that names the folder there */
    static Path settings(Host host, String windows) {
        var os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        var usual = host.home().resolve(os.contains("mac") ? "Library/Application Support" : ".config");
        return set(host, "XDG_CONFIG_HOME", os.contains("win") ? set(host, windows, usual) : usual);
    }

    /** A file as people name it: {@code ~/.codex/config.toml}. */
    static String shown(Host host, Path file) {
        return Trusted.shown((file.startsWith(host.home()) ? Path.of("~").resolve(host.home().relativize(file)) : file).toString());
    }

    /** {@code 3 days old}, for people. */
    public static String howOld(Instant then, Instant now) {
        return isAhead(then, now) ? "of unknown age: its time lies in the future, is the clock right?" : age(then, now) + " old";
    }

    /** How old something is, in the largest unit that is not zero: {@code 3 days}. */
    public static String age(Instant then, Instant now) {
        if (isAhead(then, now)) {
            return "an unknown time";
        }
        var age = Duration.between(then, now);
        if (age.toDays() > 0) {
            return count(age.toDays(), "day");
        }
        if (age.toHours() > 0) {
            return count(age.toHours(), "hour");
        }
        return age.toMinutes() > 0 ? count(age.toMinutes(), "minute") : "less than a minute";
    }

    /** {@code 1 model}, {@code 2 models}. */
    public static String count(long number, String thing) {
        return number + " " + thing + (number == 1 ? "" : "s");
    }
}
