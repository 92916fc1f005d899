package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import lib.fetch.Fetch;
import lib.fetch.Outcome;
import lib.fetch.Outcome.Kind;
import lib.provider.Access;
import lib.provider.Provider;
import org.junit.jupiter.api.Test;

class FetchFailureTest extends FetchSetup {
    // Statuses

    @Test
    void each_status_has_its_class() throws Exception {
        var classes = Map.of(401, Kind.AUTH, 403, Kind.AUTH, 402, Kind.PAYMENT, 404, Kind.GONE, 410, Kind.GONE, 429, Kind.RATE_LIMIT,
                400, Kind.REFUSED, 418, Kind.REFUSED, 500, Kind.NETWORK, 503, Kind.NETWORK);
        for (var e : classes.entrySet()) {
            var why = refuses(Loopback.answer(e.getKey(), "{\"error\":{\"message\":\"because\"}}"), e.getValue(), o -> o.withForce(true));
            assertTrue(why.message().startsWith("HTTP " + e.getKey() + ": because"), why.message());
        }
    }

    @Test
    void a_refused_key_is_named_by_its_variable_and_never_repeated() throws Exception {
        for (var echo : List.of(Fixtures.KEY, "fake****", "****0000")) {
            server.on("/models", Loopback.answer(401, "{\"error\":\"bad key " + echo + "\"}"));
            var why = failure(fetch(acme()), Kind.AUTH);
            assertFalse(why.message().contains(echo), why.message());
            assertEquals("check ACME_API_KEY (the key was refused)", why.advice());
        }
    }

    @Test
    void a_dead_provider_is_gone_with_its_successor() throws Exception {
        server.on("/models", Loopback.answer(404, ""));
        var tombstone = Fixtures.access("acme", server.uri("/models"), e -> e.ship(Provider.Ship.TOMBSTONE));
        var why = failure(fetch(tombstone), Kind.GONE);
        assertTrue(why.message().startsWith("shut down (since 2026-01)"), why.message());
        assertEquals("use phoenix instead", why.advice());
        server.close();
        failure(fetch(tombstone), Kind.GONE);
    }

    // The network

    @Test
    void two_retries_and_no_more_on_429_and_5xx() throws Exception {
        server.on("/models", Loopback.answer(429, ""), Loopback.answer(503, ""), Loopback.json(Fixtures.list(1)));
        fresh(fetch(acme()));
        assertEquals(3, server.requests().size());
        server.on("/models", Loopback.answer(500, ""));
        failure(fetch(acme()), Kind.NETWORK);
        assertEquals(6, server.requests().size());
    }

    @Test
    void a_refusal_is_not_retried() throws Exception {
        server.on("/models", Loopback.answer(401, ""));
        fetch(acme());
        server.on("/models", Loopback.json("{"));
        fetch(acme());
        assertEquals(2, server.requests().size());
    }

    @Test
    void a_short_retry_after_is_honoured() throws Exception {
        server.on("/models", Loopback.answer(429, "", "Retry-After: 0.2"), Loopback.json(Fixtures.list(1)));
        long start = System.nanoTime();
        fresh(fetch(acme()));
        assertTrue(System.nanoTime() - start >= 200_000_000L, "came back too early");
    }

    @Test
    void a_long_retry_after_ends_the_attempt_at_once_and_is_told() throws Exception {
        server.on("/models", Loopback.answer(429, "", "Retry-After: 3600"));
        var why = failure(fetch(acme()), Kind.RATE_LIMIT);
        assertEquals(1, server.requests().size());
        assertEquals("try again in 60 min", why.advice());
        server.on("/models", Loopback.answer(429, "", "Retry-After: Fri, 20 Nov 2026 14:00:00 GMT"));
        assertEquals("try again in 2 h", failure(fetch(acme()), Kind.RATE_LIMIT).advice());
        server.on("/models", Loopback.answer(429, "", "Retry-After: 11"));
        assertEquals("try again in 11 s", failure(fetch(acme(), o -> o.withForce(true)), Kind.RATE_LIMIT).advice());
        server.on("/models", Loopback.answer(429, "", "Retry-After: 3"));
        assertEquals("try again in 3 s", failure(fetch(acme(), o -> o.withForce(true).withTimeout(Duration.ofSeconds(2))), Kind.RATE_LIMIT).advice());
        assertEquals(4, server.requests().size());
    }

    @Test
    void a_dropped_connection_is_retried() throws Exception {
        server.on("/models", (request, out) -> { }, Loopback.json(Fixtures.list(1)));
        fresh(fetch(acme()));
    }

    @Test
    void nobody_listening_is_told_with_host_and_port() throws Exception {
        var nowhere = nowhere();
        var why = failure(fetch(Fixtures.access("acme", nowhere, e -> e)), Kind.NETWORK);
        assertEquals("cannot connect to 127.0.0.1:" + nowhere.getPort(), why.message());
    }

    private static URI nowhere() throws IOException {
        try (var free = new ServerSocket(0)) {
            return URI.create("http://127.0.0.1:" + free.getLocalPort() + "/models");
        }
    }

    @Test
    void a_local_server_that_does_not_run_is_skipped() throws Exception {
        var outcome = fetch(Fixtures.access("acme", nowhere(), e -> e.ship(Provider.Ship.LOCAL)));
        assertTrue(assertInstanceOf(Outcome.Skipped.class, outcome, outcome.toString()).why().startsWith("not running at http://127.0.0.1:"));
    }

    @Test
    void an_unknown_host_is_told_as_such() throws Exception {
        var why = failure(fetch(Fixtures.access("acme", URI.create("https://no-such-host.invalid/models"), e -> e)), Kind.NETWORK);
        assertTrue(why.message().contains("no-such-host.invalid"), why.message());
    }

    @Test
    void a_short_body_is_cut_short_not_a_list() throws Exception {
        var body = Fixtures.list(2);
        refuses((request, out) -> {
            Loopback.head(out, 200, "Content-Length: " + (body.length() + 10));
            out.write(body.getBytes(StandardCharsets.UTF_8));
        }, Kind.NETWORK, o -> o.withForce(true));
        refuses((request, out) -> {
            Loopback.head(out, 200, "Transfer-Encoding: chunked");
            out.write(("ff\r\n" + body).getBytes(StandardCharsets.UTF_8));
        }, Kind.NETWORK, o -> o.withForce(true));
    }

    @Test
    void gzip_in_any_spelling_is_read_and_broken_gzip_is_not() throws Exception {
        var gzip = Loopback.gzip(Fixtures.list(4).getBytes(StandardCharsets.UTF_8));
        int models = 4;
        for (var spelling : List.of("gzip", "GZIP", "x-gzip", "X-GZip")) {
            server.on("/models", Loopback.bytes(200, gzip, "Content-Encoding: " + spelling));
            assertEquals(models, fetch(acme(), o -> o.withForce(true)).usable().models());
        }
        server.on("/models", Loopback.answer(200, Fixtures.list(5), "Content-Encoding: Identity"));
        assertEquals(5, fresh(fetch(acme())).models());
        refuses(Loopback.bytes(200, java.util.Arrays.copyOf(gzip, gzip.length - 9), "Content-Encoding: gzip"), Kind.NETWORK, o -> o.withForce(true));
        refuses(Loopback.answer(200, Fixtures.list(4), "Content-Encoding: gzip"), Kind.NETWORK, o -> o.withForce(true));
        var why = refuses(Loopback.answer(200, Fixtures.list(4), "Content-Encoding: br"), Kind.REFUSED, o -> o.withForce(true));
        assertTrue(why.message().contains("br"), why.message());
    }

    @Test
    void a_gzip_bomb_and_an_endless_body_end_at_the_cap() throws Exception {
        var bomb = Loopback.gzip(new byte[32 << 20]);
        refuses(Loopback.bytes(200, bomb, "Content-Encoding: gzip"), Kind.REFUSED, o -> o.withForce(true));
        int before = server.requests().size();
        var hungUp = new CompletableFuture<Boolean>();
        server.on("/models", (request, out) -> {
            Loopback.head(out, 200, null);
            try {
                for (int i = 0; i < 4096; i++) {
                    out.write(new byte[1 << 16]);
                }
                hungUp.complete(false);
            } catch (IOException e) {
                hungUp.complete(true);
            }
        });
        assertTrue(failure(fetch(acme()), Kind.REFUSED).message().contains("larger"));
        assertTrue(hungUp.get(), "the rest was read");
        assertEquals(before + 1, server.requests().size(), "a retry would be as large");
        server.on("/models", (request, out) -> Loopback.head(out, 200, "Content-Length: 9999999999"));
        failure(fetch(acme()), Kind.REFUSED);
    }

    @Test
    void an_answer_that_trickles_in_ends_with_the_total_time_and_frees_its_slot() throws Exception {
        server.on("/models", (request, out) -> {
            Loopback.head(out, 200, null);
            while (true) {
                out.write(' ');
                out.flush();
                Thread.sleep(20);
            }
        });
        server.on("/next/models", Loopback.json(Fixtures.list(1)));
        var outcomes = run(options().withMaxConcurrency(1).withTimeout(Duration.ofMillis(2000)), Map.of(), acme(),
                Fixtures.access("next", server.uri("/next/models"), e -> e));
        assertTrue(failure(outcomes.get(0), Kind.NETWORK).message().contains("2 s"), outcomes.toString());
        fresh(outcomes.get(1));
    }

    @Test
    void silence_before_the_headers_and_within_the_body_ends_before_the_total_time() throws Exception {
        var never = new CountDownLatch(1);
        UnaryOperator<Fetch.Options> impatient = o -> new Fetch.Options(64, 4, o.timeout(), Duration.ofMillis(150), o.backoff(), o.maxBytes(), true, false, "t");
        server.on("/models", (request, out) -> never.await());
        assertTrue(failure(fetch(acme(), impatient), Kind.NETWORK).message().contains("did not answer"));
        server.on("/models", (request, out) -> {
            Loopback.head(out, 200, "Content-Length: 100");
            never.await();
        });
        assertTrue(failure(fetch(acme(), impatient), Kind.NETWORK).message().contains("in the middle"));
        assertEquals(6, server.requests().size(), "both are worth two retries");
    }

    @Test
    void waiting_for_a_slot_is_not_held_against_a_provider() throws Exception {
        server.on("/slow/models", (request, out) -> {
            Thread.sleep(600);
            Loopback.json(Fixtures.list(1)).to(request, out);
        });
        var asked = List.of("a", "b", "c", "d").stream().map(id -> Fixtures.access(id, server.uri("/slow/models"), e -> e)).toArray(Access[]::new);
        run(options().withMaxConcurrency(1).withTimeout(Duration.ofMillis(2000)), Map.of(), asked).forEach(this::fresh);
    }
}
