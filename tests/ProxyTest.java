package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.fetch.Fetch;
import lib.fetch.History;
import lib.fetch.Outcome;
import lib.fetch.Store;
import lib.provider.Providers.ConfigError;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProxyTest {
    /** No such host (RFC 6761), so that only a proxy can answer for it. */
    private static final URI ACME = URI.create("http://api.acme.invalid/models");

    @TempDir
    Path dir;
    private final Loopback proxy = new Loopback().on(ACME.toString(), Loopback.json(Fixtures.list(1)));

    @AfterEach
    void stop() {
        proxy.close();
    }

    private Outcome fetch(URI models, Map<String, String> env) throws InterruptedException {
        return new Fetch(Fixtures.host(dir, env), new Store(dir.resolve("answers")), History.load(dir.resolve("h.json")), FetchSetup.options(), Set.of())
                .run(List.of(Fixtures.access("acme", models, e -> e)), o -> { }).get(0);
    }

    private String address() {
        return "127.0.0.1:" + proxy.uri("/").getPort();
    }

    @Test
    void the_proxy_of_the_environment_is_used_for_all_but_loopback() throws Exception {
        assertInstanceOf(Outcome.Fresh.class, fetch(ACME, Map.of("http_proxy", "http://" + address())));
        assertInstanceOf(Outcome.NotModified.class, fetch(ACME, Map.of("ALL_PROXY", address())));
        assertEquals(2, proxy.requests().size());
        try (var local = new Loopback().on("/models", Loopback.json(Fixtures.list(1)))) {
            assertInstanceOf(Outcome.Fresh.class, fetch(local.uri("/models"), Map.of("http_proxy", address())));
            assertEquals(1, local.requests().size());
        }
        assertEquals(2, proxy.requests().size());
    }

    @Test
    void no_proxy_upper_case_http_proxy_and_the_other_schemes_variable_mean_direct() throws Exception {
        for (var env : List.of(Map.of("HTTP_PROXY", address()), Map.of("https_proxy", address()), Map.of("http_proxy", address(), "NO_PROXY", "*"),
                Map.of("http_proxy", address(), "no_proxy", "x, .ACME.invalid"), Map.of("http_proxy", address(), "no_proxy", "acme.invalid:80"))) {
            assertInstanceOf(Outcome.Failed.class, fetch(ACME, env), env.toString());
        }
        assertEquals(0, proxy.requests().size());
        assertInstanceOf(Outcome.Fresh.class, fetch(ACME, Map.of("http_proxy", address(), "no_proxy", "cme.invalid,i.acme.invalid")));
    }

    @Test
    void https_goes_through_a_tunnel_that_sees_no_key() throws Exception {
        fetch(URI.create("https://api.acme.invalid/models"), Map.of("HTTPS_PROXY", "http://" + address()));
        assertEquals("api.acme.invalid:443", proxy.requests().get(0).target());
        assertFalse(proxy.requests().toString().contains(Fixtures.KEY));
    }

    @Test
    void the_proxys_password_is_sent_when_it_asks_and_only_to_it() throws Exception {
        Loopback.Reply needsPassword = (request, out) -> (request.headers().containsKey("proxy-authorization") ? Loopback.json(Fixtures.list(1))
                : Loopback.answer(407, "", "Proxy-Authenticate: Basic realm=\"x\"")).to(request, out);
        proxy.on(ACME.toString(), needsPassword);
        var outcome = fetch(ACME, Map.of("http_proxy", "http://me:fake-password@" + address()));
        assertInstanceOf(Outcome.Fresh.class, outcome, outcome.toString());
        assertNull(proxy.requests().get(0).headers().get("proxy-authorization"));
        assertEquals("Basic " + Base64.getEncoder().encodeToString("me:fake-password".getBytes(StandardCharsets.UTF_8)),
                proxy.requests().get(1).headers().get("proxy-authorization"));
        var without = assertInstanceOf(Outcome.Stale.class, fetch(ACME, Map.of("http_proxy", address())));
        assertTrue(without.why().message().contains("407"), without.toString());
    }

    @Test
    void a_proxy_that_cannot_be_used_is_named_by_its_variable_without_its_value() {
        for (var bad : List.of("socks5://me:fake-password@x:1", "https://me:fake-password@x", "http://", "http://me:fake-password@[")) {
            var e = assertThrows(ConfigError.class, () -> fetch(ACME, Map.of("https_proxy", bad)));
            assertTrue(e.getMessage().startsWith("https_proxy "), e.getMessage());
            assertFalse(e.getMessage().contains("fake-password"), e.getMessage());
        }
    }
}
