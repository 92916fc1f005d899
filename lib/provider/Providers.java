package lib.provider;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.host.Host;
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
                    byId.put(entry.id(), ProviderFile.bind(entry, mapping, commands));
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
}
