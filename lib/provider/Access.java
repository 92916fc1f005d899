package lib.provider;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
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
        boolean below = models.isEmpty() || models.charAt(0) == '/' || models.charAt(0) == '?';
        return below ? baseUrl + models : redirected ? baseUrl + "/models" : models;
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

        private final List<String> words;
        private volatile String key;
        private NoKey failure;

        KeyCommand(List<String> words) {
            this.words = List.copyOf(words);
        }

        /** Why there is no key, one line, fit to print. */
        public static final class NoKey extends Exception {
            private static final long serialVersionUID = 1;

            NoKey(String message) {
                super(message);
            }
        }

        /** The program and its arguments. */
        public List<String> words() {
            return words;
        }

        /** What it printed; null where it has not run, or failed. */
        public String known() {
            return key;
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

        private String run(Host host, Duration patience) throws NoKey, InterruptedException {
            long end = System.nanoTime() + patience.toNanos();
            var process = start(host);
            try {
                process.getOutputStream().close();
                var out = reading(process.getInputStream(), process::destroyForcibly);
                var err = reading(process.getErrorStream(), null);
                boolean ended = process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                var printed = ended ? out.get(end - System.nanoTime(), TimeUnit.NANOSECONDS) : null;
                if (printed == null) {
                    throw new TimeoutException();
                }
                if (printed.length > MOST_BYTES) {
                    throw new NoKey(shown() + " printed more than " + (MOST_BYTES >> 10) + " KB");
                }
                var first = new String(printed, StandardCharsets.UTF_8).lines().findFirst().orElse("").strip();
                if (process.exitValue() != 0) {
                    throw new NoKey(shown() + " ended with code " + process.exitValue()
                            + complaint(host, err.get(end - System.nanoTime(), TimeUnit.NANOSECONDS), first));
                }
                if (first.isEmpty()) {
                    throw new NoKey(shown() + " printed no key");
                }
                return first;
            } catch (TimeoutException e) {
                throw new NoKey(shown() + " did not end within " + (patience.toMillis() + 999) / 1000 + " s");
            } catch (IOException | ExecutionException e) {
                throw new NoKey(shown() + " could not be listened to (" + e.getClass().getSimpleName() + ")");
            } finally {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
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

        /** @param tooMuch what to do about more than can be a key; null: the rest is dropped */
        private static CompletableFuture<byte[]> reading(InputStream in, Runnable tooMuch) {
            var read = new CompletableFuture<byte[]>();
            var reader = new Thread(() -> {
                try (in) {
                    var all = in.readNBytes(MOST_BYTES + 1);
                    read.complete(all);
                    if (all.length > MOST_BYTES && tooMuch != null) {
                        tooMuch.run();
                    } else {
                        in.transferTo(OutputStream.nullOutputStream());
                    }
                } catch (IOException e) {
                    read.completeExceptionally(e);
                }
            }, "catalog-key");
            reader.setDaemon(true);
            reader.start();
            return read;
        }

        /** Its first words to people, without anything that may be a key. */
        private static String complaint(Host host, byte[] said, String printed) {
            var secrets = new ArrayList<String>();
            host.env().forEach((name, value) -> {
                if (value.length() >= 8 && name.matches("(?i).*(KEY|TOKEN|SECRET|PASS).*")) {
                    secrets.add(value);
                }
            });
            if (!printed.isEmpty()) {
                secrets.add(printed);
            }
            var line = new String(said, StandardCharsets.UTF_8).lines().filter(l -> !l.isBlank()).findFirst();
            return line.map(l -> ": " + Listing.visible(Providers.Secrets.masked(l.strip(), secrets))).orElse("");
        }

        /** Nothing of the words: objects that hold this get printed. */
        @Override
        public String toString() {
            return "key_cmd";
        }
    }
}
