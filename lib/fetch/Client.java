package lib.fetch;

import com.github.mizosoft.methanol.Methanol;
import com.github.mizosoft.methanol.MutableRequest;
import com.github.mizosoft.methanol.RetryInterceptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import lib.host.Host;
import lib.provider.Providers.ConfigError;

/**
 * The one HTTP client of a run. Building it takes time, and leaving it open 300 ms at exit, so it is made only when
 * something is asked, and closed.
 */
final class Client implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(5);
    /** Who asks for more patience than this is not asked again in this run. */
    static final Duration LONGEST_RETRY_AFTER = Duration.ofSeconds(10);
    private static final int RETRIES = 2;

    private final Methanol http;
    private final Clock clock;
    private final Duration backoff;
    /** Held, since java.util.logging forgets the level of a logger nobody holds. */
    private final Logger library = Logger.getLogger("com.github.mizosoft.methanol");

    /** @throws ConfigError naming the variable (proxy, CA bundle) that cannot be used */
    Client(Host host, Fetch.Options options) {
        clock = host.clock();
        backoff = options.backoff();
        // A process-wide setting: what goes wrong is told by outcomes, not by a library's stack traces on stderr.
        library.setLevel(Level.OFF);
        var builder = Methanol.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .autoAcceptEncoding(false)
                .connectTimeout(CONNECT).headersTimeout(options.stall()).readTimeout(options.stall())
                .userAgent(options.userAgent())
                .defaultHeaders("Accept", "application/json", "Accept-Encoding", "gzip, deflate")
                .interceptor(RetryInterceptor.newBuilder().maxRetries(RETRIES).on(this::isWorthARetry).backoff(this::pause).build())
                .interceptor(new HttpGuards.Limits(options.maxConcurrency()))
                .interceptor(new HttpGuards.SafeRedirects());
        var proxy = new EnvProxy(host);
        if (proxy.isSet()) {
            builder.proxy(proxy);
        }
        var authenticator = proxy.authenticator();
        if (authenticator != null) {
            // The JDK refuses to send a password to a proxy in front of https unless told otherwise, and reads this only once.
            System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
            builder.authenticator(authenticator);
        }
        http = builder.sslContext(tls(Trust.of(host))).build();
    }

    /** What the JDK sets up once for TLS takes longer than all the rest of a client. */
    static void warmUp() {
        try {
            SSLContext.getInstance("TLS").init(null, null, null);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has TLS", e);
        }
    }

    /**
     * @param headers the only place a key may be in
     * @return the response, whatever its status, redirects followed; fails with an IOException
     */
    CompletableFuture<HttpResponse<byte[]>> get(URI uri, Map<String, String> headers, HttpGuards.Budget budget) {
        return budget.within(CompletableFuture.completedFuture(uri)
                .thenCompose(any -> http.sendAsync(request(uri, headers, budget), HttpGuards.body(budget))))
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(cause(failure) instanceof IllegalArgumentException
                        // Its own message would quote the header or the URL.
                        ? new HttpGuards.Unacceptable("its URL or one of its headers cannot be sent") : failure));
    }

    private static HttpRequest request(URI uri, Map<String, String> headers, HttpGuards.Budget budget) {
        var request = MutableRequest.GET(uri).tag(HttpGuards.Budget.class, budget);
        if ("http".equalsIgnoreCase(uri.getScheme())) {
            // Without TLS the JDK would offer h2c, which some servers stumble over.
            request.version(HttpClient.Version.HTTP_1_1);
        }
        headers.forEach(request::setHeader);
        return request.toImmutableRequest();
    }

    private boolean isWorthARetry(RetryInterceptor.Context<?> attempt) {
        var left = HttpGuards.Budget.of(attempt.request()).timeLeft();
        if (attempt.response().isPresent()) {
            var response = attempt.response().get();
            var wait = retryAfter(response.headers(), clock.instant());
            return (response.statusCode() == 429 || response.statusCode() >= 500)
                    && (wait == null || wait.compareTo(LONGEST_RETRY_AFTER) <= 0 && wait.compareTo(left) < 0);
        }
        var failure = cause(attempt.exception().orElseThrow());
        boolean notRunning = failure instanceof ConnectException && EnvProxy.isLoopback(attempt.request().uri().getHost());
        return failure instanceof IOException && !notRunning && !left.isZero()
                && !(failure instanceof HttpGuards.Unacceptable || failure instanceof HttpGuards.OutOfTime || failure instanceof SSLException);
    }

    /** Full jitter: anything between nothing and the doubling limit, so that refused clients do not come back together. */
    private Duration pause(RetryInterceptor.Context<?> attempt) {
        var asked = attempt.response().map(r -> retryAfter(r.headers(), clock.instant())).orElse(null);
        long limit = Math.min(backoff.toMillis() << attempt.retryCount(), LONGEST_BACKOFF.toMillis());
        var jitter = Duration.ofMillis(ThreadLocalRandom.current().nextLong(limit + 1));
        return asked == null || asked.compareTo(jitter) < 0 ? jitter : asked;
    }

    /** RFC 9110 §10.2.3: seconds (some send 1.5) or a date. @return null where absent or unreadable; never negative */
    static Duration retryAfter(HttpHeaders headers, Instant now) {
        var text = headers.firstValue("Retry-After").orElse("").strip();
        if (text.matches("\\d{1,9}(\\.\\d{1,9})?")) {
            return Duration.ofMillis((long) Math.ceil(Double.parseDouble(text) * 1000));
        }
        try {
            var wait = Duration.between(now, ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** What a future failed with, without the wrapping that futures add. */
    static Throwable cause(Throwable failure) {
        var at = failure;
        while (at instanceof CompletionException && at.getCause() != null) {
            at = at.getCause();
        }
        return at;
    }

    private static SSLContext tls(Trust trust) {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has TLS", e);
        }
    }

    /** {@link Fetch#certificates} */
    static String certificates(Host host) {
        var variable = Trust.variable(host);
        try {
            var trust = Trust.of(host);
            if (trust.extraCertificates != null) {
                trust.extra();
            }
        } catch (CertificateException e) {
            throw new ConfigError(variable + " names a file whose certificates cannot be used: " + host.env(variable));
        }
        return host.env(variable) == null ? null : variable;
    }

    /**
     * Trusts whom the JDK trusts, and beyond that whom the certificates trust that the environment names. Each set is read
     * when a server first needs it: together they cost up to 300 ms.
     */
    private static final class Trust extends X509ExtendedTrustManager {
        private final byte[] extraCertificates;
        private X509ExtendedTrustManager jdk;
        private X509ExtendedTrustManager extra;

        /** @param extraCertificates PEM or DER; null where the environment names none */
        private Trust(byte[] extraCertificates) {
            this.extraCertificates = extraCertificates;
        }

        static String variable(Host host) {
            return host.env("CATALOG_CA_BUNDLE") != null ? "CATALOG_CA_BUNDLE" : "SSL_CERT_FILE";
        }

        static Trust of(Host host) {
            var variable = variable(host);
            var file = host.env(variable);
            if (file == null) {
                return new Trust(null);
            }
            try {
                var content = Files.readAllBytes(host.cwd().resolve(file));
                if (content.length > 0 && content[0] == 0x30 || new String(content, StandardCharsets.ISO_8859_1).contains("-----BEGIN ")) {
                    return new Trust(content);
                }
                throw new ConfigError(variable + " names a file without certificates: " + file);
            } catch (IOException | InvalidPathException e) {
                throw new ConfigError(variable + " names a file that cannot be read: " + file + " (" + e.getClass().getSimpleName() + ")");
            }
        }

        private interface Check {
            void by(X509ExtendedTrustManager manager) throws CertificateException;
        }

        private void check(Check check) throws CertificateException {
            try {
                check.by(jdk());
            } catch (CertificateException e) {
                if (extraCertificates == null) {
                    throw e;
                }
                check.by(extra());
            }
        }

        private synchronized X509ExtendedTrustManager jdk() throws CertificateException {
            jdk = jdk == null ? manager(null) : jdk;
            return jdk;
        }

        private synchronized X509ExtendedTrustManager extra() throws CertificateException {
            if (extra == null) {
                try {
                    var store = KeyStore.getInstance(KeyStore.getDefaultType());
                    store.load(null, null);
                    for (var c : CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(extraCertificates))) {
                        store.setCertificateEntry("extra-" + store.size(), c);
                    }
                    extra = manager(store);
                } catch (IOException | GeneralSecurityException e) {
                    throw new CertificateException("the extra certificates cannot be used", e);
                }
            }
            return extra;
        }

        /** @param store null for the JDK's own */
        private static X509ExtendedTrustManager manager(KeyStore store) throws CertificateException {
            try {
                var factory = TrustManagerFactory.getInstance("PKIX");
                factory.init(store);
                return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
            } catch (GeneralSecurityException e) {
                throw new CertificateException("no certificates to trust", e);
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
            check(manager -> manager.checkServerTrusted(chain, type, engine));
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            check(manager -> manager.checkServerTrusted(chain, type, socket));
        }

        /** Never called for HTTP, and unfit for it: it is not told the name the certificate must be for. */
        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("no host to check the certificate for");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("a client has no clients");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /** Ends it with whatever still runs: JDK 21 has a method for that, on 17 the selector thread is interrupted. */
    @Override
    public void close() {
        var jdk = http.underlyingClient();
        try {
            HttpClient.class.getMethod("shutdownNow").invoke(jdk);
        } catch (NoSuchMethodException e) {
            interruptSelector(jdk);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("closing the HTTP client", e);
        }
    }

    /** JDK 17: the client's text ends in its number, which also stands in the name of its thread (made so for JDK tests). */
    private static void interruptSelector(HttpClient jdk) {
        var number = Pattern.compile("\\((\\d+)\\)$").matcher(jdk.toString());
        if (!number.find()) {
            return;
        }
        var name = "HttpClient-" + number.group(1) + "-SelectorManager";
        var threads = new Thread[Thread.activeCount() + 32];
        int count = Thread.currentThread().getThreadGroup().enumerate(threads);
        for (int i = 0; i < count; i++) {
            if (threads[i].getName().equals(name)) {
                threads[i].interrupt();
            }
        }
    }
}

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
