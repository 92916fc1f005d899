package lib.provider;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import lib.host.Host;

/**
 * How a provider is reached in this run: addresses and key after the environment had its say.
 *
 * @param baseUrl     without a trailing slash; with its {@code ${VARIABLE}} still in it, or null, where {@code models} is null
 * @param models      the first page of the list; null where the address is not known
 * @param join        the second API's first address, null if there is none
 * @param keyVariable the variable to name in messages and rendered files: the one that is set, else the first; null if it takes no key
 * @param key         the secret, null if not set (or not to be sent there). Never printed; see {@link #toString()}
 * @param missing     the unset variable without which the address is not known, else null
 */
public record Access(Provider provider, String baseUrl, URI models, URI join, String keyVariable, String key, String missing) {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Z0-9_]+)}");
    private static final Pattern LOOPBACK = Pattern.compile("127(\\.[0-9]{1,3}){3}");
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9._-]+");

    /** Where the address is known. */
    public Access(Provider provider, String baseUrl, URI models, URI join, String keyVariable, String key) {
        this(provider, baseUrl, models, join, keyVariable, key, null);
    }

    /** Whether the provider can be asked at all: its address is known, and it needs no key, or it has one. */
    public boolean usable() {
        return models != null && (key != null || provider.key() != Provider.KeyNeed.REQUIRED);
    }

    @Override
    public String toString() {
        return provider.id() + (models == null ? " without an address" : " at " + models) + (key == null ? "" : " with " + keyVariable);
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

        var whole = provider.baseUrl() == null ? null : PLACEHOLDER.matcher(provider.baseUrl());
        var instead = firstSet(provider.baseUrlEnv(), environment);
        if (instead == null && whole != null && whole.matches()) {
            instead = firstSet(List.of(whole.group(1)), environment);
        }
        var base = instead == null ? provider.baseUrl() : address(instead, environment, provider.models());
        var join = join(provider.join(), environment);
        if (base == null) {
            return new Access(provider, null, null, join, keyVariable, key, provider.baseUrlEnv().isEmpty() ? null : provider.baseUrlEnv().get(0));
        }
        var list = models(base, provider.models(), instead != null);
        var unset = firstUnset(base, environment);
        var missing = unset != null ? unset : firstUnset(list, environment);
        return new Access(provider, unset != null ? base : filled(base, environment), missing != null ? null
                : URI.create(filled(list, environment)), join, keyVariable, key, missing);
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
}
