package lib.provider;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.host.AtomicFile;
import lib.host.AtomicFile.Exclusive;
import lib.host.AtomicFile.Tree.Link;
import lib.host.AtomicFile.Tree;
import lib.host.Host;
import lib.provider.Json.Listing;
import lib.provider.Provider.Mapping;

/**
 * All providers that this run knows.
 *
 * @param byId     in the order of the bundled file, then the user's, then the project's; tombstones too, hidden ones not
 * @param defaults what holds for entries that say nothing else
 * @param notes    what of the files was not followed and why, one line each, fit to print
 */
public record Providers(Map<String, Provider> byId, Mapping defaults, List<String> notes) {
    private static final String FILE = "providers.yaml";

    /**
     * Reads the layers: bundled, then {@code providers.yaml} in {@link Host#configDir()}, then the one in {@link Host#cwd()};
     * each changes single fields of those before it. The project's file is not trusted: it adds providers without keys.
     *
     * @param bundled the content of our own providers.yaml
     * @throws ConfigError at the first mistake in any of them
     */
    public static Providers load(Host host, byte[] bundled) {
        return load(host, bundled, false);
    }

    /** As above; and the project's file may do all that the user's own may if the working directory is {@link Trusted}. */
    public static Providers loadTrusting(Host host, byte[] bundled) {
        boolean trusted = Trusted.holds(host);
        var loaded = load(host, bundled, trusted);
        var notes = new ArrayList<>(loaded.notes);
        var changed = trusted ? null : Trusted.note(host);
        if (changed != null) {
            notes.add(0, changed);
        } else if (!trusted && notes.stream().anyMatch(note -> note.startsWith("./" + FILE + ":"))) {
            notes.add("to see what ./" + FILE + " would be allowed, and allow it: catalog trust");
        }
        return new Providers(loaded.byId, loaded.defaults, List.copyOf(notes));
    }

    /** @param projectTrusted the project's file may do all that the user's own may */
    public static Providers load(Host host, byte[] bundled, boolean projectTrusted) {
        var layers = new Layers();
        layers.add(ProviderFile.parse("bundled " + FILE, bundled, Provider.Trust.BUNDLED));
        var user = host.configDir().resolve(FILE);
        var project = host.cwd().resolve(FILE);
        var own = content(user, host, bundled);
        if (own != null) {
            layers.add(ProviderFile.parse(asTyped(user, host), own, Provider.Trust.USER));
        }
        var cloned = isSame(user, project) ? null : content(project, host, bundled);
        if (cloned != null) {
            var file = ProviderFile.parse(asTyped(project, host), cloned,
                    projectTrusted ? Provider.Trust.USER : Provider.Trust.PROJECT);
            if (projectTrusted) {
                layers.add(file);
            } else {
                layers.addUntrusted(file);
            }
        }
        return layers.bind();
    }

    /** @return null where there is no such file, or only a copy of ours */
    private static byte[] content(Path file, Host host, byte[] bundled) {
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try {
            if (Files.size(file) > Yaml.LARGEST_BYTES) {
                throw ConfigError.at(asTyped(file, host), 1, 1, "the file is larger than " + Yaml.LARGEST_BYTES + " bytes");
            }
            var content = Files.readAllBytes(file);
            return Arrays.equals(content, bundled) ? null : content;
        } catch (IOException e) {
            throw new ConfigError(asTyped(file, host) + ": cannot be read: " + e.getClass().getSimpleName() + "; check its permissions");
        }
    }

    private static boolean isSame(Path one, Path other) {
        try {
            return Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other);
        } catch (IOException e) {
            return one.equals(other);
        }
    }

    private static String asTyped(Path file, Host host) {
        return file.startsWith(host.cwd()) ? "./" + host.cwd().relativize(file).toString().replace('\\', '/') : file.toString();
    }

    /** @throws ConfigError with the nearest id there is */
    public Provider named(String id) {
        var provider = byId.get(id);
        if (provider == null) {
            var near = ConfigError.didYouMean(id, byId.keySet());
            throw new ConfigError("no provider '" + Listing.visible(id) + "'"
                    + (near.isEmpty() ? "; see what there is with: catalog providers list" : near));
        }
        return provider;
    }

    /**
     * Where and with which key to ask, as the environment has it now.
     *
     * @throws ConfigError naming the variable whose value cannot be used, never the value
     */
    public Access access(Provider provider, Host host) {
        return Access.of(provider, host);
    }

    /**
     * The values of all key variables that are set, and the keys that programs have printed in this run, so that what is rendered
     * can be searched for them. Values under 12 characters and well-known placeholders are left out: they are no secrets, and
     * would be found by chance.
     */
    public Set<String> secretValues(Host host) {
        var secrets = new TreeSet<String>();
        for (var provider : byId.values()) {
            var printed = provider.keyCommand() == null ? null : provider.keyCommand().known();
            Stream.concat(provider.keyEnv().stream().map(host::env), Stream.of(printed == null ? "" : printed))
                    .filter(value -> value != null && Secrets.isSecret(value)).forEach(secrets::add);
        }
        return secrets;
    }

    /** Files laid over each other, member by member, before anything in them is understood: what is omitted changes nothing. */
    private static final class Layers {
        /** What would send a variable's value somewhere, or have a rendered file make a tool do so. */
        private static final List<String> NEEDS_TRUST = List.of("key_env", "key_cmd", "key", "headers", "base_url_env", "legacy");

        private final Map<String, Yaml.Member> defaults = new LinkedHashMap<>();
        private final Map<String, ProviderFile.Entry> entries = new LinkedHashMap<>();
        private final List<String> notes = new ArrayList<>();

        void add(ProviderFile file) {
            overlay(defaults, file.defaults());
            for (var entry : file.entries().values()) {
                var below = entries.get(entry.id());
                if (below == null) {
                    entries.put(entry.id(), entry);
                } else {
                    var members = new LinkedHashMap<>(below.members());
                    overlay(members, entry.members());
                    entries.put(entry.id(), entry.with(members));
                }
            }
        }

        private static void overlay(Map<String, Yaml.Member> below, Map<String, Yaml.Member> above) {
            for (var member : above.values()) {
                var under = below.get(member.key());
                below.put(member.key(), under != null && member.key().equals("modes") ? union(under, member) : member);
            }
        }

        private static Yaml.Member union(Yaml.Member below, Yaml.Member above) {
            if (above.isNull()) {
                return above;
            }
            var members = new LinkedHashMap<>(below.table().members());
            members.putAll(above.table().members());
            return new Yaml.Member(above.key(), above.keyAt(), new Yaml.Table(above.value().at(), members));
        }

        void addUntrusted(ProviderFile file) {
            if (!file.defaults().isEmpty()) {
                note(file.defaults().values().iterator().next().keyAt(), "defaults ignored; a project file that is not trusted cannot change them");
            }
            for (var entry : file.entries().values()) {
                var known = entries.get(entry.id());
                if (known != null) {
                    note(entry.at(), entry.id() + (known.trust() == Provider.Trust.BUNDLED ? " is built in" : " is in your own file")
                            + "; a project file that is not trusted cannot change it");
                } else if (ProviderFile.hasPlaceholder(entry)) {
                    note(entry.at(), entry.id() + " ignored; a project file that is not trusted cannot put variables into addresses");
                } else {
                    entries.put(entry.id(), keyless(entry));
                }
            }
        }

        private ProviderFile.Entry keyless(ProviderFile.Entry entry) {
            var members = new LinkedHashMap<>(entry.members());
            var ignored = new ArrayList<String>();
            for (var key : NEEDS_TRUST) {
                var member = members.remove(key);
                boolean harmless = member != null && key.equals("key") && member.value() instanceof Yaml.Scalar need
                        && need.value().equals("none");
                if (member != null && !harmless) {
                    ignored.add(key);
                }
            }
            var join = members.get("join");
            if (join != null && join.value() instanceof Yaml.Table table && table.get("url_env") != null) {
                var rest = new LinkedHashMap<>(table.members());
                rest.remove("url_env");
                members.put("join", new Yaml.Member("join", join.keyAt(), new Yaml.Table(table.at(), rest)));
                ignored.add("join.url_env");
            }
            if (!ignored.isEmpty()) {
                note(entry.at(), entry.id() + ": " + String.join(", ", ignored)
                        + " ignored; a project file that is not trusted adds providers without keys only");
            }
            return entry.with(members);
        }

        private void note(Yaml.At at, String text) {
            notes.add(at.file() + ":" + at.line() + ": " + text);
        }

        Providers bind() {
            var mapping = MappingGrammar.read(defaults, MappingGrammar.PLAIN);
            var byId = new LinkedHashMap<String, Provider>();
            var commands = new HashMap<List<String>, Access.KeyCommand>();
            for (var entry : entries.values()) {
                var disabled = entry.members().get("disabled");
                if (disabled == null || !disabled.flag()) {
                    var provider = ProviderFile.bind(entry, mapping, commands);
                    if (provider.ship() == Provider.Ship.SOURCE && provider.trust() == Provider.Trust.PROJECT) {
                        note(entry.at(), entry.id() + " ignored; a project file that is not trusted cannot add sources of facts");
                    } else {
                        byId.put(entry.id(), provider);
                    }
                } else if (entry.members().size() == 1) {
                    var others = new ArrayList<>(entries.keySet());
                    others.remove(entry.id());
                    note(entry.at(), "there is no " + entry.id() + " to disable" + ConfigError.didYouMean(entry.id(), others));
                }
            }
            for (var provider : byId.values()) {
                if (provider.successor() != null && !entries.containsKey(provider.successor())) {
                    var successor = entries.get(provider.id()).members().get("successor");
                    throw successor.error("successor: there is no provider '" + provider.successor() + "'"
                            + ConfigError.didYouMean(provider.successor(), entries.keySet()));
                }
            }
            return new Providers(Collections.unmodifiableMap(byId), mapping, List.copyOf(notes));
        }
    }

    /**
     * Finds the values of keys in texts of many megabytes in one pass (Wu and Manber's algorithm: mostly it looks at two
     * bytes and moves on by nearly the length of the shortest key).
     */
    public static final class Secrets {
        /** Shorter values are no secrets, and occur in files by chance. */
        public static final int SHORTEST = 12;
        /** What people set where a local server or a proxy wants any key at all: llama.cpp's documented word, and LiteLLM's habit. */
        private static final List<String> PLACEHOLDERS = List.of("sk-no-key-required", "no-key-required");
        private static final String PLACEHOLDER_START = "sk-dummy";
        /** Keys of those who mark theirs. */
        private static final Pattern KEY = Pattern.compile("(?<![A-Za-z0-9_-])(?:"
                + "(?:sk|csk|fw|hf|gsk|xai|pplx|nvapi|r8|tgp_v1)[-_](?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}"
                + "|AIza[A-Za-z0-9_-]{30,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|AKIA[A-Z0-9]{16})");
        private static final int TABLE = 1 << 13;

        private final Map<Integer, byte[][]> endingIn = new HashMap<>();
        private final int[] shift = new int[TABLE];
        private final int window;

        /** @param values what must not be found: keys, and each as it would stand in quotes */
        public Secrets(Collection<String> values) {
            var patterns = new TreeSet<>(values).stream().map(v -> v.getBytes(StandardCharsets.UTF_8)).filter(p -> p.length >= 2).toList();
            window = patterns.stream().mapToInt(p -> p.length).min().orElse(0);
            Arrays.fill(shift, window - 1);
            for (var pattern : patterns) {
                for (int i = 1; i < window; i++) {
                    int pair = pair(pattern, i);
                    shift[pair] = Math.min(shift[pair], window - 1 - i);
                }
                endingIn.merge(pair(pattern, window - 1), new byte[][] {pattern}, Secrets::joined);
            }
        }

        /** Whether it is worth looking for: long enough, and no well-known placeholder. */
        public static boolean isSecret(String value) {
            var lower = value.toLowerCase(Locale.ROOT);
            return value.length() >= SHORTEST && !PLACEHOLDERS.contains(lower) && !lower.startsWith(PLACEHOLDER_START);
        }

        /** What in this text is one of these values, or looks like a key, in the order in which it stands there. */
        public static List<String> found(String text, Collection<String> values) {
            var found = new TreeMap<Integer, String>();
            for (var value : values) {
                for (int at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length())) {
                    found.merge(at, value, (a, b) -> a.length() < b.length() ? b : a);
                }
            }
            var keys = KEY.matcher(text);
            while (keys.find()) {
                if (isSecret(keys.group())) {
                    found.merge(keys.start(), keys.group(), (a, b) -> a.length() < b.length() ? b : a);
                }
            }
            return List.copyOf(found.values());
        }

        /** A secret as it may be shown: {@code sk-… (51 characters)}. */
        public static String masked(String secret) {
            return (secret.length() < SHORTEST ? "" : Listing.visible(secret.substring(0, 3))) + "… (" + secret.length() + " characters)";
        }

        /** A text with all such secrets masked. */
        public static String masked(String text, Collection<String> values) {
            var shown = text;
            for (var secret : found(text, values)) {
                shown = shown.replace(secret, masked(secret));
            }
            return shown;
        }

        private static byte[][] joined(byte[][] a, byte[][] b) {
            var all = Arrays.copyOf(a, a.length + 1);
            all[a.length] = b[0];
            return all;
        }

        private static int pair(byte[] bytes, int last) {
            return (bytes[last] & 0xff) + ((bytes[last - 1] & 0xff) << 5) & TABLE - 1;
        }

        /** @param document what was read of it: letters of a key may stand in it as {@code \\u0041} or {@code \\/} */
        public boolean inJson(byte[] json, JsonNode document) {
            return in(json) || isSpeltOtherwise(json) && in(document.toString().getBytes(StandardCharsets.UTF_8));
        }

        private static boolean isSpeltOtherwise(byte[] json) {
            for (int i = 0; i + 3 < json.length; i++) {
                if (json[i] == '\\') {
                    i++;
                    if (json[i] == '/' || json[i] == 'u' && json[i + 1] == '0' && json[i + 2] == '0') {
                        return true;
                    }
                }
            }
            return false;
        }

        public boolean in(byte[] output) {
            int last = window - 1;
            while (window > 0 && last < output.length) {
                int step = shift[pair(output, last)];
                if (step == 0) {
                    int start = last - window + 1;
                    for (var pattern : endingIn.getOrDefault(pair(output, last), new byte[0][])) {
                        if (start + pattern.length <= output.length
                                && Arrays.equals(output, start, start + pattern.length, pattern, 0, pattern.length)) {
                            return true;
                        }
                    }
                    step = 1;
                }
                last += step;
            }
            return false;
        }
    }

    /** Something in a configuration file or variable that its owner has to mend. The message names file, line and column. */
    public static final class ConfigError extends RuntimeException {
        private static final long serialVersionUID = 1;

        public ConfigError(String message) {
            super(message);
        }

        /** @param line   1-based
         *  @param column 1-based */
        public static ConfigError at(String file, int line, int column, String message) {
            return new ConfigError(file + ":" + line + ":" + column + ": " + message);
        }

        /**
         * The end of a message about a word that is not among the known ones: {@code "; did you mean X?"}, or nothing where
         * none is near. Case and {@code _} for {@code -} count as no difference.
         */
        public static String didYouMean(String word, Collection<String> known) {
            var wanted = plain(word);
            String nearest = null;
            int least = Math.min(3, wanted.length() / 3) + 1;
            for (var candidate : known) {
                int distance = distance(wanted, plain(candidate), least);
                if (distance < least) {
                    least = distance;
                    nearest = candidate;
                }
            }
            return nearest == null ? "" : "; did you mean " + nearest + "?";
        }

        private static String plain(String word) {
            return word.toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** How many letters to add, drop, replace or swap with a neighbour; {@code bound} where it is that many or more. */
        private static int distance(String a, String b, int bound) {
            if (Math.abs(a.length() - b.length()) >= bound) {
                return bound;
            }
            var before = new int[b.length() + 1];
            var above = new int[b.length() + 1];
            var row = new int[b.length() + 1];
            for (int j = 0; j <= b.length(); j++) {
                above[j] = j;
            }
            for (int i = 1; i <= a.length(); i++) {
                row[0] = i;
                for (int j = 1; j <= b.length(); j++) {
                    boolean same = a.charAt(i - 1) == b.charAt(j - 1);
                    row[j] = Math.min(above[j - 1] + (same ? 0 : 1), 1 + Math.min(above[j], row[j - 1]));
                    if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                        row[j] = Math.min(row[j], before[j - 2] + 1);
                    }
                }
                var free = before;
                before = above;
                above = row;
                row = free;
            }
            return above[b.length()];
        }
    }

    /**
     * The project folders that a person has vouched for: their {@code providers.yaml}, all files below {@code templates/} and the links
     * by which outputs leave the folder, as they were then. If one of these is changed, added or removed, the folder counts as any other
     * until the person has looked again.
     *
     * @param file    where it is kept
     * @param folders the real folder to what was in it
     * @param damage  why nothing is known of what was trusted before, one line; null where all is well
     */
    public record Trusted(Path file, SortedMap<String, Seen> folders, String damage) {
        private static final String PROVIDERS = "providers.yaml";
        private static final String TEMPLATES = "templates";
        private static final int MOST_FILES = 2_000;

        /**
         * @param files relative path, with {@code /}, to the SHA-256 of its content
         * @param links relative path of each link that leads out of the folder, to the real folder that it leads to
         */
        public record Seen(Instant at, SortedMap<String, String> files, SortedMap<String, String> links) {}

        public static Trusted load(Host host) {
            var file = host.stateDir().resolve("trusted.json");
            var folders = new TreeMap<String, Seen>();
            try {
                var root = Json.parse(Files.readAllBytes(file));
                if (root.path("schema").asInt() != 1) {
                    return damaged(file, "is of another schema");
                }
                for (var folder : root.path("folders").properties()) {
                    folders.put(folder.getKey(), new Seen(Instant.parse(folder.getValue().path("at").asText()),
                            texts(folder.getValue().path("files")), texts(folder.getValue().path("links"))));
                }
                return new Trusted(file, folders, null);
            } catch (NoSuchFileException e) {
                return new Trusted(file, folders, null);
            } catch (JsonProcessingException | DateTimeException e) {
                return damaged(file, "is damaged");
            } catch (IOException e) {
                return damaged(file, "cannot be read (" + e.getClass().getSimpleName() + ")");
            }
        }

        private static SortedMap<String, String> texts(JsonNode object) {
            var texts = new TreeMap<String, String>();
            object.properties().forEach(one -> texts.put(one.getKey(), one.getValue().asText()));
            return texts;
        }

        private static Trusted damaged(Path file, String why) {
            return new Trusted(file, Collections.emptySortedMap(), file + " " + why + ", so no folder is trusted; see: catalog trust");
        }

        /** Whether the working directory is trusted as it is now. Costs next to nothing where there is nothing to trust. */
        public static boolean holds(Host host) {
            if (!hasFiles(host.cwd())) {
                return false;
            }
            var trusted = load(host);
            try {
                var folder = host.cwd().toRealPath();
                return trusted.folders.containsKey(folder.toString()) && trusted.changed(folder).isEmpty();
            } catch (IOException e) {
                return false;
            }
        }

        /** What to say of the working directory, which was trusted and is no more; null where there is nothing to say. */
        static String note(Host host) {
            if (!hasFiles(host.cwd())) {
                return null;
            }
            var trusted = load(host);
            if (trusted.damage != null) {
                return trusted.damage;
            }
            try {
                var folder = host.cwd().toRealPath();
                var changed = trusted.folders.containsKey(folder.toString()) ? trusted.changed(folder) : List.<String>of();
                return changed.isEmpty() ? null : "not trusted any more, as it changed since: " + named(changed)
                        + "; to look and trust again: catalog trust";
            } catch (IOException e) {
                return "not trusted: " + why(e);
            }
        }

        /** Some files in one line. */
        public static String named(List<String> files) {
            var shown = files.stream().limit(5).map(file -> "./" + Listing.visible(file)).toList();
            return String.join(", ", shown) + (files.size() > 5 ? " and " + (files.size() - 5) + " more" : "");
        }

        private static boolean hasFiles(Path folder) {
            return Files.exists(folder.resolve(PROVIDERS)) || Files.exists(folder.resolve(TEMPLATES));
        }

        /**
         * Of a folder that is in {@link #folders}, the files and links that are not as they were.
         *
         * @param folder its real path
         */
        public List<String> changed(Path folder) throws IOException {
            var seen = folders.get(folder.toString());
            var then = seen.files();
            var now = files(folder);
            var all = new TreeSet<>(then.keySet());
            all.addAll(now.keySet());
            all.removeIf(file -> then.containsKey(file) && then.get(file).equals(now.get(file)));
            for (var link : seen.links().entrySet()) {
                if (!new Link(link.getKey(), Path.of(link.getValue())).equals(Tree.wayOut(folder, folder.resolve(link.getKey())))) {
                    all.add(link.getKey());
                }
            }
            return new ArrayList<>(all);
        }

        /** Whether somebody has vouched for this link of the folder, and all else that was vouched for is as it was. */
        public boolean vouchesFor(Path folder, Link link) throws IOException {
            var real = folder.toRealPath();
            var seen = folders.get(real.toString());
            return seen != null && link.to().toString().equals(seen.links().get(link.path())) && changed(real).isEmpty();
        }

        /** Why a folder cannot be read, one line, fit to print. */
        public static String why(IOException e) {
            if (e instanceof FileSystemLoopException loop) {
                return shown(loop.getFile()) + " leads back to a folder that it is in; take that link away";
            }
            if (e instanceof FileSystemException at) {
                return shown(at.getFile()) + (at.getReason() != null ? " " + at.getReason()
                        : " cannot be read (" + e.getClass().getSimpleName() + "); check its permissions");
            }
            return Listing.visible(String.valueOf(e.getMessage()));
        }

        /** A path, all of it, fit to print. */
        public static String shown(String path) {
            return Arrays.stream(path.split("/", -1)).map(Listing::visible).collect(Collectors.joining("/"));
        }

        /**
         * What one vouches for when one trusts a folder, as it is now.
         *
         * @param folder  its real path
         * @param outputs the names in it below which outputs are written
         * @throws IOException see {@link #why}
         */
        public static Seen look(Path folder, Collection<String> outputs, Instant at) throws IOException {
            var links = new TreeMap<String, String>();
            Tree.waysOut(folder, outputs).forEach(link -> links.put(link.path(), link.to().toString()));
            return new Seen(at, files(folder), links);
        }

        private static SortedMap<String, String> files(Path folder) throws IOException {
            var files = new TreeMap<String, String>();
            if (Files.isRegularFile(folder.resolve(PROVIDERS))) {
                files.put(PROVIDERS, sha256(folder.resolve(PROVIDERS)));
            }
            var templates = folder.resolve(TEMPLATES);
            if (Files.isDirectory(templates)) {
                for (var file : Tree.files(templates, Integer.MAX_VALUE)) {
                    if (files.size() == MOST_FILES) {
                        throw new FileSystemException(templates.toString(), null, "holds more than " + MOST_FILES + " files");
                    }
                    files.put(folder.relativize(file).toString().replace('\\', '/'), sha256(file));
                }
            }
            return files;
        }

        private static String sha256(Path file) throws IOException {
            try (var in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
                in.transferTo(OutputStream.nullOutputStream());
                return HexFormat.of().formatHex(in.getMessageDigest().digest());
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java has SHA-256", e);
            }
        }

        /** @param seen as {@link #look} told before the person was asked */
        public Trusted with(Path folder, Seen seen) {
            var more = new TreeMap<>(folders);
            more.put(folder.toString(), seen);
            return new Trusted(file, more, null);
        }

        public Trusted without(String folder) {
            var fewer = new TreeMap<>(folders);
            fewer.remove(folder);
            return new Trusted(file, fewer, null);
        }

        /** Where a damaged record is kept when a new one is begun. */
        public Path aside() {
            return file.resolveSibling(file.getFileName() + ".damaged");
        }

        /** Changes the record as nobody else does meanwhile: what it is by then is what is changed. @return whether that was anything */
        public static boolean change(Host host, UnaryOperator<Trusted> change) throws IOException, InterruptedException {
            try (var alone = Exclusive.take(host.stateDir().resolve("locks").resolve("trusted.lock"))) {
                var now = load(host);
                var then = change.apply(now);
                if (then.folders.equals(now.folders)) {
                    return false;
                }
                if (now.damage != null) {
                    Files.move(now.file, now.aside(), StandardCopyOption.REPLACE_EXISTING);
                }
                then.save();
                return true;
            }
        }

        private void save() throws IOException {
            var root = JsonNodeFactory.instance.objectNode().put("schema", 1);
            var all = root.putObject("folders");
            folders.forEach((folder, seen) -> {
                var one = all.putObject(folder).put("at", seen.at().toString());
                seen.files().forEach(one.putObject("files")::put);
                seen.links().forEach((path, to) -> one.withObject("/links").put(path, to));
            });
            AtomicFile.writePrivate(file, (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }
}
