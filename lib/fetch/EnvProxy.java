package lib.fetch;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import lib.host.Host;
import lib.provider.ConfigError;

/**
 * The proxy the environment asks for, read as curl reads it: the lower-case variable first, upper-case {@code HTTP_PROXY}
 * never (a web server sets it from a request header), {@code NO_PROXY} as names that also stand for their subdomains.
 * Loopback is never reached through a proxy, which would look for the server on its own machine.
 */
final class EnvProxy extends ProxySelector {
    /** @param variable whose value it is, to be named in messages instead of the value, which may hold a password */
    private record Setting(String variable, URI uri) {}

    private final Setting https;
    private final Setting http;
    private final List<String> direct;

    /** @throws ConfigError naming the variable that holds no http proxy */
    EnvProxy(Host host) {
        https = setting(host, "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY");
        http = setting(host, "http_proxy", "all_proxy", "ALL_PROXY");
        var lower = host.env("no_proxy");
        var names = lower != null ? lower : host.env("NO_PROXY");
        direct = names == null ? List.of() : List.of(names.toLowerCase(Locale.ROOT).split("[,\\s]+"));
    }

    private static Setting setting(Host host, String... variables) {
        for (var variable : variables) {
            var value = host.env(variable);
            if (value != null) {
                return new Setting(variable, parse(variable, value));
            }
        }
        return null;
    }

    private static URI parse(String variable, String value) {
        URI uri;
        try {
            uri = URI.create(value.contains("://") ? value : "http://" + value);
        } catch (IllegalArgumentException e) {
            throw new ConfigError(variable + " is no proxy URL; write http://host:port");
        }
        if (!"http".equalsIgnoreCase(uri.getScheme()) || uri.getHost() == null) {
            throw new ConfigError(variable + " names a proxy that is not supported; only http://host:port is");
        }
        return uri;
    }

    /** Whether the environment names any proxy; if not, Java's own settings are left as they are. */
    boolean isSet() {
        return https != null || http != null;
    }

    @Override
    public List<Proxy> select(URI target) {
        var setting = "https".equalsIgnoreCase(target.getScheme()) ? https : http;
        if (setting == null || isLoopback(target.getHost()) || isDirect(target.getHost())) {
            return List.of(Proxy.NO_PROXY);
        }
        var proxy = setting.uri();
        // 1080 is what curl takes where no port is given.
        int port = proxy.getPort() > 0 ? proxy.getPort() : 1080;
        return List.of(new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), port)));
    }

    private boolean isDirect(String target) {
        var name = target.toLowerCase(Locale.ROOT);
        for (var entry : direct) {
            var plain = entry.replaceFirst("(?<=[^:]):\\d+$", "").replaceFirst("^\\*?\\.", "");
            if (entry.equals("*") || !plain.isEmpty() && (name.equals(plain) || name.endsWith("." + plain))) {
                return true;
            }
        }
        return false;
    }

    /** By name, without asking the DNS. */
    static boolean isLoopback(String name) {
        return name.equalsIgnoreCase("localhost") || name.toLowerCase(Locale.ROOT).endsWith(".localhost")
                || name.matches("127\\.\\d+\\.\\d+\\.\\d+") || name.equals("[::1]");
    }

    /** The password for the proxy; null where none is set, as an authenticator spoils the 401 of an API (JDK 17). */
    Authenticator authenticator() {
        if (user(https) == null && user(http) == null) {
            return null;
        }
        return new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                if (getRequestorType() != RequestorType.PROXY) {
                    return null;
                }
                for (var setting : new Setting[] {https, http}) {
                    var user = user(setting);
                    if (user != null && setting.uri().getHost().equalsIgnoreCase(getRequestingHost())) {
                        var parts = user.split(":", 2);
                        return new PasswordAuthentication(parts[0], parts.length < 2 ? new char[0] : parts[1].toCharArray());
                    }
                }
                return null;
            }
        };
    }

    private static String user(Setting setting) {
        return setting == null ? null : setting.uri().getUserInfo();
    }

    @Override
    public void connectFailed(URI target, SocketAddress proxy, IOException why) {
        // There is no second proxy to turn to; the request itself fails with the reason.
    }
}
