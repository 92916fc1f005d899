package lib.provider;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lib.host.Host;
import lib.provider.Json.Listing;
import lib.provider.Providers.ConfigError;

/**
 * How a provider is reached in this run: addresses and key after the environment had its say.
 *
 * @param baseUrl     without a trailing slash; with its {@code ${VARIABLE}} still in it, or null, where {@code models} is null
 * @param models      the first page of the list; null where the address is not known
 * @param join        the second API's first address, null if there is none
 * @param keyVariable the variable to name in messages and rendered files: the one that is set, else the first; null if it takes no key
 * @param key         the secret, null if not set (or not to be sent there). Never printed; see {@link #toString()}
 * @param missing     the unset variable without which the address is not known, else null
 * @param command     what prints the key, as no variable holds it; null where there is no need or no such program
 */
public record Access(Provider provider, String baseUrl, URI models, URI join, String keyVariable, String key, String missing,
        KeyCommand command) {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Z0-9_]+)}");
    private static final Pattern LOOPBACK = Pattern.compile("127(\\.[0-9]{1,3}){3}");
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9._-]+");

    /** Where the address is known. */
    public Access(Provider provider, String baseUrl, URI models, URI join, String keyVariable, String key) {
        this(provider, baseUrl, models, join, keyVariable, key, null, null);
    }

    /** With the key that its {@link #command} printed. */
    public Access withKey(String printed) {
        return new Access(provider, baseUrl, models, join, keyVariable, printed, missing, command);
    }

    /** Whether there is a key, or a program that prints it. */
    public boolean hasKey() {
        return key != null || command != null;
    }

    /** Where the key comes from, for messages: the variable's name or {@code key_cmd}; null if it takes no key. */
    public String keySource() {
        return command != null ? "key_cmd" : keyVariable;
    }

    /** Whether the provider can be asked at all: its address is known, and it needs no key, or it has one. */
    public boolean usable() {
        return models != null && (hasKey() || provider.key() != Provider.KeyNeed.REQUIRED);
    }

    /** Why its key cannot be sent, without repeating it; null where it can be, or is none. */
    public String flawOfKey() {
        return key() == null || key().chars().allMatch(c -> c > 0x20 && c < 0x7f) ? null : "it holds white space or non-ASCII characters";
    }

    @Override
    public String toString() {
        return provider.id() + (models == null ? " without an address" : " at " + models) + (hasKey() ? " with " + keySource() : "");
    }

    /**
     * Lays the environment over an entry. Of an entry from a project's file that is not trusted nothing is taken from the
     * environment: neither a key nor an address that could carry a variable's value to a stranger.
     *
     * @throws ConfigError naming the variable whose value cannot be used, never the value
     */
    static Access of(Provider provider, Host host) {
        UnaryOperator<String> environment = provider.trust() == Provider.Trust.PROJECT ? name -> null : host::env;
        boolean takesKey = provider.key() != Provider.KeyNeed.NONE && !provider.keyEnv().isEmpty();
        var set = takesKey ? firstSet(provider.keyEnv(), environment) : null;
        var key = set == null ? null : environment.apply(set);
        var keyVariable = !takesKey ? null : set != null ? set : provider.keyEnv().get(0);
        var command = takesKey && set == null && provider.trust() == Provider.Trust.USER ? provider.keyCommand() : null;

        var whole = provider.baseUrl() == null ? null : PLACEHOLDER.matcher(provider.baseUrl());
        var instead = firstSet(provider.baseUrlEnv(), environment);
        if (instead == null && whole != null && whole.matches()) {
            instead = firstSet(List.of(whole.group(1)), environment);
        }
        var base = instead == null ? provider.baseUrl() : address(instead, environment, provider.models());
        var join = join(provider.join(), environment);
        if (base == null) {
            return new Access(provider, null, null, join, keyVariable, key, provider.baseUrlEnv().isEmpty() ? null : provider.baseUrlEnv().get(0),
                    command);
        }
        var list = models(base, provider.models(), instead != null);
        var unset = firstUnset(base, environment);
        var missing = unset != null ? unset : firstUnset(list, environment);
        return new Access(provider, unset != null ? base : filled(base, environment), missing != null ? null
                : URI.create(filled(list, environment)), join, keyVariable, key, missing, command);
    }

    private static String firstSet(List<String> names, UnaryOperator<String> environment) {
        for (var name : names) {
            if (environment.apply(name) != null) {
                return name;
            }
        }
        return null;
    }

    /** A whole address from a variable. Some people's variable is the address of the list itself. */
    private static String address(String variable, UnaryOperator<String> environment, String models) {
        var url = environment.apply(variable);
        var flaw = flaw(url, false);
        if (flaw != null) {
            throw new ConfigError(variable + ": " + flaw);
        }
        url = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        return models.startsWith("/models") && url.endsWith("/models") ? url.substring(0, url.length() - "/models".length()) : url;
    }

    private static String firstUnset(String template, UnaryOperator<String> environment) {
        var placeholder = PLACEHOLDER.matcher(template);
        while (placeholder.find()) {
            if (environment.apply(placeholder.group(1)) == null) {
                return placeholder.group(1);
            }
        }
        return null;
    }

    private static String filled(String template, UnaryOperator<String> environment) {
        var placeholder = PLACEHOLDER.matcher(template);
        var filled = new StringBuilder();
        String variable = null;
        while (placeholder.find()) {
            variable = placeholder.group(1);
            var value = environment.apply(variable);
            // One name in a host or path: no slash that would move the host's end, no dots that would climb.
            if (!PART.matcher(value).matches() || value.equals(".") || value.equals("..")) {
                throw new ConfigError(variable + ": may hold only letters, digits, '.', '_' and '-', for it becomes part of an address");
            }
            placeholder.appendReplacement(filled, value);
        }
        if (variable == null) {
            return template;
        }
        var flaw = flaw(placeholder.appendTail(filled).toString(), true);
        if (flaw != null) {
            throw new ConfigError(variable + ": the address it becomes part of cannot be used: " + flaw);
        }
        return filled.toString();
    }

    /** An absolute address of the list belongs to the configured base URL, and not to another that the environment names. */
    private static String models(String baseUrl, String models, boolean redirected) {
        return isBelow(models) ? baseUrl + models : redirected ? baseUrl + "/models" : models;
    }

    /** Whether an entry's {@code models} is no address of its own, but goes on where the base URL ends. */
    public static boolean isBelow(String models) {
        return models.isEmpty() || models.charAt(0) == '/' || models.charAt(0) == '?';
    }

    private static URI join(Provider.Join join, UnaryOperator<String> environment) {
        if (join == null) {
            return null;
        }
        var url = join.url();
        if (join.urlEnv() != null && environment.apply(join.urlEnv()) != null) {
            url = environment.apply(join.urlEnv());
            var flaw = flaw(url, true);
            if (flaw != null) {
                throw new ConfigError(join.urlEnv() + ": " + flaw);
            }
        }
        return URI.create(join.query() == null ? url : url + (url.indexOf('?') < 0 ? '?' : '&') + join.query());
    }

    /** @return why this cannot be an address in providers.yaml, in which {@code ${VARIABLE}} may stand, or null */
    static String flawOfTemplate(String template, boolean mayHaveQuery) {
        var placeholder = PLACEHOLDER.matcher(template);
        if (placeholder.matches()) {
            return null;
        }
        var example = new StringBuilder();
        int end = 0;
        while (placeholder.find()) {
            example.append(template, end, placeholder.start());
            example.append(example.length() > 0 && example.charAt(example.length() - 1) == ':' ? "1" : "x");
            end = placeholder.end();
        }
        example.append(template, end, template.length());
        return example.indexOf("${") >= 0 ? "a variable is written ${NAME}, with A-Z, 0-9 and _" : flaw(example.toString(), mayHaveQuery);
    }

    /** @return why this address cannot be used, without repeating it (it may hold a secret), or null */
    static String flaw(String url, boolean mayHaveQuery) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            return "this is no address (" + e.getReason() + ")";
        }
        if (!"https".equalsIgnoreCase(uri.getScheme()) && !"http".equalsIgnoreCase(uri.getScheme())) {
            return "an address starts with https://";
        }
        if (uri.getRawUserInfo() != null || uri.getRawAuthority() != null && uri.getRawAuthority().indexOf('@') >= 0) {
            return "an address must not hold a user name or password";
        }
        if (uri.getHost() == null || uri.getPort() > 65535) {
            return "the address names no host";
        }
        if (uri.getRawFragment() != null || !mayHaveQuery && uri.getRawQuery() != null) {
            return mayHaveQuery ? "the address must not hold #" : "the address must not hold ? or #";
        }
        return "http".equalsIgnoreCase(uri.getScheme()) && !isLoopback(uri.getHost())
                ? "the address must start with https:// (http:// only for this machine)" : null;
    }

    /** By name alone: what a name resolves to can change between the check and the use. */
    private static boolean isLoopback(String host) {
        return host.equalsIgnoreCase("localhost") || host.equals("[::1]") || LOOPBACK.matcher(host).matches();
    }

    /**
     * A program that prints a key, mostly a password manager. It is run when its provider is asked and not before, without a
     * shell, and once: what came of it is kept as long as this object.
     */
    public static final class KeyCommand {
        private static final Duration LONGEST = Duration.ofSeconds(30);
        private static final int MOST_BYTES = 1 << 16;
        private static final int MOST_AT_ONCE = 1 << 20;
        private static final int MILLIS_BETWEEN_LOOKS = 20;
        private static final int SHORTEST = 8;
        private static final int LOOKS_BETWEEN_FAMILIES = 10;
        /** Nobody knows of these words that they are keys; they have the length and a digit. */
        private static final Pattern KEY_LIKE = Pattern.compile("(?<![A-Za-z0-9_+=~-])(?=[A-Za-z_+=~-]*[0-9])[A-Za-z0-9_+=~-]{16,}");
        private static final Pattern SECRET_NAME = Pattern.compile("(?i).*(KEY|TOKEN|SECRET|PASS|CREDENTIAL).*|.*_SESSION(_[a-z0-9]+)?");
        private static final Pattern PLACE = Pattern.compile("([A-Za-z]:)?[/\\\\].*");

        private final List<String> words;
        private volatile String printed = "";
        private volatile String key;
        private NoKey failure;

        KeyCommand(List<String> words) {
            this.words = List.copyOf(words);
        }

        /** Why there is no key. The message is one line, fit to print, and holds nothing that the program has said. */
        public static final class NoKey extends Exception {
            private static final long serialVersionUID = 1;
            private final String said;
            private final transient List<String> secrets;

            NoKey(String message) {
                this(message, null, List.of());
            }

            /**
             * @param said    what the program says about it, null for nothing
             * @param secrets what it knows and has printed
             */
            NoKey(String message, String said, List<String> secrets) {
                super(message);
                this.said = said;
                this.secrets = secrets;
            }

            /** With what the program says about it, unless a key is in that, or in part. @param known all keys of this run */
            public String told(Collection<String> known) {
                if (said == null) {
                    return getMessage();
                }
                var masked = KEY_LIKE.matcher(Providers.Secrets.masked(said, secrets)).replaceAll(word ->
                        Matcher.quoteReplacement(Providers.Secrets.masked(word.group())));
                var shown = Listing.visible(masked);
                var all = new ArrayList<>(secrets);
                all.addAll(known);
                return getMessage() + ": " + (new Echoes(all).in(shown) ? "(what it says repeats a key, so it is left out)" : shown);
            }
        }

        /** The program and its arguments. */
        public List<String> words() {
            return words;
        }

        /** The key that it printed; null where it has not run, or failed. */
        public String known() {
            return key;
        }

        /** All that it printed, even if it failed; empty where it has not run. Never to be shown. */
        public String printed() {
            return printed;
        }

        /** Runs it unless it has run. @param patience it is ended after this time or 30 seconds */
        public synchronized String key(Host host, Duration patience) throws NoKey, InterruptedException {
            if (key == null && failure == null) {
                try {
                    key = run(host, patience.compareTo(LONGEST) < 0 ? patience : LONGEST);
                } catch (NoKey e) {
                    failure = e;
                }
            }
            if (key == null) {
                throw failure;
            }
            return key;
        }

        /**
         * Its end is its end: what it leaves in the background may hold its output open for ever, so nobody waits for the end of
         * that, and nothing here blocks in reading.
         */
        private String run(Host host, Duration patience) throws NoKey, InterruptedException {
            long end = System.nanoTime() + patience.toNanos();
            var process = start(host);
            var family = new HashSet<ProcessHandle>();
            var out = new ByteArrayOutputStream();
            var err = new ByteArrayOutputStream();
            boolean ended = false;
            try {
                process.getOutputStream().close();
                for (int look = 0; !ended; look++) {
                    boolean over = process.waitFor(MILLIS_BETWEEN_LOOKS, TimeUnit.MILLISECONDS);
                    take(process.getInputStream(), out);
                    take(process.getErrorStream(), err);
                    if (out.size() > MOST_BYTES) {
                        throw new NoKey(shown() + " printed more than " + (MOST_BYTES >> 10) + " KB");
                    }
                    if (!over && System.nanoTime() >= end) {
                        throw new NoKey(shown() + " did not end within " + (patience.toMillis() + 999) / 1000 + " s");
                    }
                    if (look % LOOKS_BETWEEN_FAMILIES == 0) {
                        process.descendants().forEach(family::add);
                    }
                    ended = over;
                }
            } catch (IOException e) {
                throw new NoKey(shown() + " could not be listened to (" + e.getClass().getSimpleName() + ")");
            } finally {
                printed = out.toString(StandardCharsets.UTF_8);
                close(process, ended, family);
            }
            if (process.exitValue() != 0) {
                throw new NoKey(shown() + " ended with code " + process.exitValue(), complaint(err), secrets(host));
            }
            var first = printed.lines().findFirst().orElse("").strip();
            if (first.isEmpty()) {
                throw new NoKey(shown() + " printed no key");
            }
            return first;
        }

        /** All that is there now; what is more than can be a key is lost. */
        private static void take(InputStream in, ByteArrayOutputStream all) throws IOException {
            for (int taken = 0, there = in.available(); there > 0 && taken < MOST_AT_ONCE; there = in.available()) {
                var some = in.readNBytes(there);
                all.write(some, 0, Math.min(some.length, MOST_BYTES + 1 - all.size()));
                taken += some.length;
            }
        }

        /** @param ended by itself: then what it has left running stays, for a password manager may have started its agent */
        private static void close(Process process, boolean ended, Set<ProcessHandle> family) {
            if (!ended) {
                process.descendants().forEach(family::add);
                process.destroyForcibly();
                family.forEach(ProcessHandle::destroyForcibly);
            }
            for (var stream : List.of(process.getInputStream(), process.getErrorStream())) {
                try {
                    stream.close();
                } catch (IOException e) {
                    // Nothing more is wanted of it.
                }
            }
        }

        /** At home: what lies in the working directory, maybe of a stranger, is no program's business here. */
        private Process start(Host host) throws NoKey {
            var builder = new ProcessBuilder(words).directory((Files.isDirectory(host.home()) ? host.home() : Path.of("/")).toFile());
            builder.environment().clear();
            builder.environment().putAll(host.env());
            try {
                return builder.start();
            } catch (IOException e) {
                // Its message repeats the words, and an argument may be secret.
                throw new NoKey(shown() + " cannot be started (is it on the PATH?)");
            }
        }

        /** The program alone: its arguments may be secret. */
        private String shown() {
            return Listing.visible(words.get(0));
        }

        /** @return the first line that says something, null where none does */
        private static String complaint(ByteArrayOutputStream said) {
            return said.toString(StandardCharsets.UTF_8).lines().map(String::strip).filter(line -> !line.isEmpty()).findFirst().orElse(null);
        }

        /** What it may repeat in a complaint. */
        private List<String> secrets(Host host) {
            var secrets = new ArrayList<>(Stream.concat(Stream.of(printed), printed.lines().map(String::strip))
                    .filter(text -> text.length() >= SHORTEST).toList());
            host.env().forEach((name, value) -> {
                if (value.length() >= SHORTEST && SECRET_NAME.matcher(name).matches() && !PLACE.matcher(value).matches()) {
                    secrets.add(value);
                }
            });
            return secrets;
        }

        /** Nothing of the words: objects that hold this get printed. */
        @Override
        public String toString() {
            return "key_cmd";
        }
    }

    /**
     * Keys that a text of somebody else must not repeat: not whole, not in part, not in another spelling.
     *
     * <p>Both sides are brought down to small letters and digits: the text as it is and with its escapes read, each key as it is and as programs
     * spell it. If they then have eight in a row in common, the text repeats it.
     */
    public static final class Echoes {
        private static final int RUN = 8;
        private static final int SHORTEST = 4;
        /** An escape within an escape, and so on. */
        private static final int DEEPEST = 5;
        private static final Pattern ESCAPE = Pattern.compile("(?i)(?:\\\\+u|%u|u\\+)(e00[0-7][0-9a-f]|1[13bd][0-9a-f]{3}|[0-9a-f]{4})"
                + "|(?:\\\\+u\\{|&#x)([0-9a-f]{1,6})[;}]?|(?:\\\\+x|%|0x)([0-9a-f]{2})|&#([0-9]{1,7});?|\\\\+[abefnrtv]|&[a-z]{2,6};");

        private final List<String> keys;

        /** Of these, those that are keys: {@code none} and {@code lm-studio}, for servers that want any, occur in texts by chance. */
        public Echoes(Collection<String> keys) {
            this.keys = keys.stream().filter(Echoes::isKey).toList();
        }

        /** Whether it is worth hiding: it is a secret by its length, or is shorter and has a digit. */
        public static boolean isKey(String value) {
            return value.length() >= Providers.Secrets.SHORTEST ? Providers.Secrets.isSecret(value)
                    : plain(value).length() >= SHORTEST && value.chars().anyMatch(Character::isDigit);
        }

        /** @param text as it will be shown: what was cut off repeats nothing */
        public boolean in(String text) {
            var runs = new HashMap<Integer, Set<String>>();
            var readings = readings(text);
            return keys.stream().anyMatch(text::contains) || keys.stream().flatMap(Echoes::spellings).anyMatch(spelling -> {
                int length = Math.min(RUN, spelling.length());
                var said = runs.computeIfAbsent(length, l -> runs(readings, l));
                return IntStream.rangeClosed(0, spelling.length() - length).anyMatch(i -> said.contains(spelling.substring(i, i + length)));
            });
        }

        private static Set<String> runs(Set<String> texts, int length) {
            return texts.stream().flatMap(text -> IntStream.rangeClosed(0, text.length() - length).mapToObj(i -> text.substring(i, i + length)))
                    .collect(Collectors.toSet());
        }

        private static Set<String> readings(String text) {
            var readings = new LinkedHashSet<String>();
            var reading = Normalizer.normalize(text, Normalizer.Form.NFKD);
            for (int depth = 0; depth < DEEPEST && readings.add(reading); depth++) {
                reading = ESCAPE.matcher(reading).replaceAll(escape -> Matcher.quoteReplacement(meant(escape)));
            }
            return readings.stream().map(Echoes::plain).collect(Collectors.toSet());
        }

        private static String meant(MatchResult escape) {
            for (int group = 1; group <= escape.groupCount(); group++) {
                if (escape.group(group) != null) {
                    int c = Integer.parseInt(escape.group(group), group == escape.groupCount() ? 10 : 16);
                    return Character.isValidCodePoint(c) ? Character.toString(c) : " ";
                }
            }
            return " ";
        }

        private static String plain(String text) {
            return text.replaceAll("[^\\p{L}\\p{N}]", "").toLowerCase(Locale.ROOT);
        }

        private static Stream<String> spellings(String key) {
            return Stream.of(key, key.toLowerCase(Locale.ROOT), key.toUpperCase(Locale.ROOT)).distinct().flatMap(one -> {
                var bytes = one.getBytes(StandardCharsets.UTF_8);
                var numbers = IntStream.range(0, bytes.length).mapToObj(i -> String.valueOf(bytes[i] & 0xff)).collect(Collectors.joining());
                return Stream.concat(Stream.of(one, new StringBuilder(one).reverse().toString(), HexFormat.of().formatHex(bytes), numbers),
                        IntStream.range(0, 3).mapToObj(before -> base64(before, bytes))).map(Echoes::plain).filter(s -> s.length() >= SHORTEST);
            });
        }

        /** Its letters in the Base64 of a longer text (as {@code Bearer …} is): without those that depend on its neighbours. */
        private static String base64(int before, byte[] key) {
            var text = new byte[before + key.length];
            System.arraycopy(key, 0, text, before, key.length);
            var letters = Base64.getEncoder().withoutPadding().encodeToString(text);
            return letters.substring(Math.min(letters.length(), before == 0 ? 0 : before + 1), letters.length() - (text.length % 3 == 0 ? 0 : 1));
        }
    }
}
