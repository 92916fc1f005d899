package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import lib.fetch.Fetch;
import lib.fetch.History;
import lib.fetch.Outcome;
import lib.fetch.Store;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
    private static final char[] PASSWORD = "fake-password".toCharArray();

    @TempDir
    static Path certificates;
    private static HttpsServer server;

    @TempDir
    Path dir;

    /** A certificate for 127.0.0.1 that nobody trusts, made by the JDK's own tool. */
    @BeforeAll
    static void start() throws IOException, GeneralSecurityException, InterruptedException {
        var store = certificates.resolve("server.p12").toString();
        keytool("-genkeypair", "-keystore", store, "-keyalg", "EC", "-dname", "CN=loopback", "-ext", "san=ip:127.0.0.1", "-alias", "server");
        keytool("-exportcert", "-rfc", "-keystore", store, "-alias", "server", "-file", certificates.resolve("ca.pem").toString());
        var keys = KeyStore.getInstance(Path.of(store).toFile(), PASSWORD);
        var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, PASSWORD);
        var context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/models", exchange -> {
            var body = Fixtures.list(2).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.createContext("/down/models", exchange -> {
            exchange.getResponseHeaders().set("Location", exchange.getRequestURI().getQuery());
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        server.start();
    }

    private static void keytool(String... arguments) throws IOException, InterruptedException {
        var command = new java.util.ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-storepass", new String(PASSWORD), "-storetype", "PKCS12"));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }

    @AfterAll
    static void stop() {
        server.stop(0);
    }

    private Outcome fetch(String target, Map<String, String> env) throws InterruptedException {
        return fetch(URI.create("https://127.0.0.1:" + server.getAddress().getPort() + target), env);
    }

    private Outcome fetch(URI models, Map<String, String> env) throws InterruptedException {
        return new Fetch(Fixtures.host(dir, env), new Store(dir.resolve("answers")), History.load(dir.resolve("h.json")), FetchSetup.options(), Set.of())
                .run(List.of(Fixtures.access("acme", models, e -> e)), o -> { }).get(0);
    }

    @Test
    void a_certificate_nobody_trusts_is_told_with_the_variable_that_helps() throws Exception {
        var why = assertInstanceOf(Outcome.Failed.class, fetch("/models", Map.of())).why();
        assertEquals(Outcome.Kind.NETWORK, why.kind());
        assertTrue(why.message().contains("certificate"), why.message());
        assertTrue(why.advice().contains("CATALOG_CA_BUNDLE"), why.advice());
    }

    @Test
    void an_extra_certificate_of_the_environment_is_trusted() throws Exception {
        Files.copy(certificates.resolve("ca.pem"), dir.resolve("ca.pem"));
        assertInstanceOf(Outcome.Fresh.class, fetch("/models", Map.of("CATALOG_CA_BUNDLE", "ca.pem", "SSL_CERT_FILE", "not-read.pem")));
        assertInstanceOf(Outcome.NotModified.class, fetch("/models", Map.of("SSL_CERT_FILE", dir.resolve("ca.pem").toString())));
    }

    @Test
    void an_extra_certificate_is_trusted_for_its_own_host_only() throws Exception {
        var env = Map.of("CATALOG_CA_BUNDLE", certificates.resolve("ca.pem").toString());
        var other = URI.create("https://localhost:" + server.getAddress().getPort() + "/models");
        var outcome = fetch(other, env);
        assertTrue(assertInstanceOf(Outcome.Failed.class, outcome, outcome.toString()).why().message().contains("certificate"), outcome.toString());
    }

    @Test
    void a_redirect_from_https_to_http_is_refused() throws Exception {
        try (var plain = new Loopback().on("/models", Loopback.json(Fixtures.list(1)))) {
            var outcome = fetch("/down/models?" + plain.uri("/models"), Map.of("CATALOG_CA_BUNDLE", certificates.resolve("ca.pem").toString()));
            assertTrue(assertInstanceOf(Outcome.Failed.class, outcome).why().message().contains("from https to http"), outcome.toString());
            assertEquals(0, plain.requests().size());
        }
    }
}
