package tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import lib.fetch.Fetch;
import lib.fetch.History;
import lib.fetch.Outcome;
import lib.fetch.Outcome.Kind;
import lib.provider.Access;
import lib.provider.Providers.ConfigError;
import org.junit.jupiter.api.Test;

class FetchTest extends FetchSetup {
    // What is sent and kept

    @Test
    void a_list_is_fetched_with_the_key_in_a_header_and_stored() throws Exception {
        server.on("/models", Loopback.answer(200, Fixtures.list(3), "ETag: \"v1\""));
        var answer = fresh(fetch(acme()));
        assertEquals(3, answer.models());
        assertEquals("\"v1\"", answer.etag());
        assertEquals(Fixtures.NOW, answer.fetchedAt());
        assertEquals(Fixtures.list(3), new String(answer.body(), StandardCharsets.UTF_8));
        var request = server.requests().get(0);
        assertEquals("Bearer " + Fixtures.KEY, request.headers().get("authorization"));
        assertEquals("application/json", request.headers().get("accept"));
        assertEquals("catalog/test", request.headers().get("user-agent"));
        assertFalse(request.target().contains(Fixtures.KEY));
        assertArrayEquals(answer.body(), store().load(acme()).body());
    }

    @Test
    void the_key_goes_into_the_header_the_entry_names_beside_its_other_headers() throws Exception {
        server.on("/models", Loopback.json(Fixtures.list(1)));
        fetch(Fixtures.access("acme", server.uri("/models"), e -> e.auth("x-api-key", Map.of("acme-version", "2023-06-01"))));
        fetch(Fixtures.access("open", server.uri("/models"), e -> e.auth("none", Map.of())));
        assertEquals(Fixtures.KEY, server.requests().get(0).headers().get("x-api-key"));
        assertEquals("2023-06-01", server.requests().get(0).headers().get("acme-version"));
        assertNull(server.requests().get(0).headers().get("authorization"));
        assertFalse(server.requests().get(1).headers().containsValue(Fixtures.KEY));
        assertNull(server.requests().get(1).headers().get("authorization"));
    }

    @Test
    void a_key_no_header_can_carry_is_told_without_its_value_and_nobody_is_asked() throws Exception {
        var access = Fixtures.access("acme", server.uri("/models"), null, "fake\nkey-\u00e9-for-tests", e -> e);
        var why = failure(fetch(access), Kind.AUTH);
        assertTrue(why.message().contains("ACME_API_KEY"), why.message());
        assertFalse(why.message().contains("for-tests"), why.message());
        assertEquals(0, server.requests().size());
    }

    @Test
    void a_header_that_cannot_be_sent_fails_its_provider_only() throws Exception {
        server.on("/models", Loopback.json(Fixtures.list(1)));
        var outcomes = run(options(), Map.of(), Fixtures.access("bad", server.uri("/models"), e -> e.auth("bearer", Map.of("host", "x"))), acme());
        failure(outcomes.get(0), Kind.REFUSED);
        fresh(outcomes.get(1));
    }

    @Test
    void without_its_key_a_provider_is_skipped_and_the_variable_named() throws Exception {
        var outcome = fetch(Fixtures.access("acme", server.uri("/models"), null, null, e -> e));
        assertEquals(new Outcome.Skipped("acme", "no key", "set ACME_API_KEY (https://acme.test/docs)"), outcome);
        assertEquals(0, server.requests().size());
    }

    @Test
    void without_its_address_a_provider_is_skipped_and_the_variable_named() throws Exception {
        var acme = acme();
        var outcome = fetch(new Access(acme.provider(), "https://${ACME_REGION}.test", null, null, "ACME_API_KEY", Fixtures.KEY, "ACME_REGION", null));
        assertTrue(assertInstanceOf(Outcome.Skipped.class, outcome).advice().startsWith("set ACME_REGION"));
        assertInstanceOf(Outcome.Skipped.class, fetch(new Access(acme.provider(), "x", null, null, "ACME_API_KEY", Fixtures.KEY, "ACME_REGION", null),
                o -> o.withOffline(true)));
    }

    @Test
    void each_outcome_is_reported_once_and_the_list_is_in_the_order_asked() throws Exception {
        var asked = new ArrayList<Access>();
        for (int i = 0; i < 12; i++) {
            server.on("/p" + i + "/models", i % 3 == 0 ? Loopback.answer(401, "") : Loopback.json(Fixtures.list(i)));
            asked.add(Fixtures.access("p" + i, server.uri("/p" + i + "/models"), e -> e));
        }
        var reported = Collections.synchronizedList(new ArrayList<String>());
        var outcomes = new Fetch(Fixtures.host(dir, Map.of()), store(), History.load(dir.resolve("h.json")), options(), Set.of())
                .run(asked, o -> reported.add(o.provider()));
        assertEquals(asked.stream().map(a -> a.provider().id()).toList(), outcomes.stream().map(Outcome::provider).toList());
        assertEquals(asked.stream().map(a -> a.provider().id()).sorted().toList(), reported.stream().sorted().toList());
    }

    @Test
    void the_limit_in_all_holds_over_several_hosts() throws Exception {
        var busy = new java.util.concurrent.atomic.AtomicInteger();
        var most = new java.util.concurrent.atomic.AtomicInteger();
        Loopback.Reply slow = (request, out) -> {
            most.accumulateAndGet(busy.incrementAndGet(), Math::max);
            Thread.sleep(30);
            busy.decrementAndGet();
            Loopback.json(Fixtures.list(1)).to(request, out);
        };
        try (var other = new Loopback()) {
            server.on("/models", slow);
            other.on("/models", slow);
            run(options().withMaxConcurrency(1), Map.of(), Fixtures.access("a", server.uri("/models"), e -> e),
                    Fixtures.access("b", other.uri("/models"), e -> e), Fixtures.access("c", server.uri("/models"), e -> e)).forEach(this::fresh);
        }
        assertEquals(1, most.get());
    }

    // Nothing changed

    @Test
    void an_unchanged_list_is_asked_for_with_its_etag_and_keeps_its_bytes() throws Exception {
        server.on("/models", Loopback.answer(200, Fixtures.list(3), "ETag: \"v1\"", "Last-Modified: Fri, 20 Nov 2026 10:00:00 GMT"),
                (request, out) -> Loopback.head(out, 304, null, "ETag: \"v1\"", "Content-Encoding: gzip"));
        fetch(acme());
        now = now.plusSeconds(3600);
        var same = assertInstanceOf(Outcome.NotModified.class, fetch(acme()));
        assertEquals("\"v1\"", server.requests().get(1).headers().get("if-none-match"));
        assertEquals("Fri, 20 Nov 2026 10:00:00 GMT", server.requests().get(1).headers().get("if-modified-since"));
        assertEquals(3, same.answer().models());
        assertEquals(now, store().load(acme()).fetchedAt());
        assertEquals(Fixtures.list(3), new String(store().load(acme()).body(), StandardCharsets.UTF_8));
    }

    @Test
    void force_asks_without_the_etag() throws Exception {
        server.on("/models", Loopback.answer(200, Fixtures.list(3), "ETag: \"v1\""));
        fetch(acme());
        fetch(acme(), o -> o.withForce(true));
        assertNull(server.requests().get(1).headers().get("if-none-match"));
    }

    @Test
    void a_304_to_a_plain_question_is_refused() throws Exception {
        server.on("/models", (request, out) -> Loopback.head(out, 304, null));
        failure(fetch(acme()), Kind.REFUSED);
    }

    @Test
    void the_same_content_again_is_not_modified_and_takes_the_new_etag() throws Exception {
        server.on("/models", Loopback.answer(200, Fixtures.list(3), "ETag: \"v1\""), Loopback.answer(200, Fixtures.list(3), "ETag: \"v2\""));
        fetch(acme());
        assertInstanceOf(Outcome.NotModified.class, fetch(acme()));
        assertEquals("\"v2\"", store().load(acme()).etag());
    }

    @Test
    void volatile_fields_do_not_make_an_answer_new() throws Exception {
        var first = "{\"data\":[{\"id\":\"m1\",\"created\":1,\"x\":{\"t\":[{\"now\":5,\"k\":1}]}}]}";
        server.on("/models", Loopback.json(first), Loopback.json(first.replace(":1,", ":2,").replace(":5,", ":6,")), Loopback.json(first.replace("\"k\":1", "\"k\":2")));
        var access = Fixtures.access("acme", server.uri("/models"), e -> e.mapping(Fixtures.mapping("/data", "/created", "/x/t/*/now")));
        fetch(access);
        assertInstanceOf(Outcome.NotModified.class, fetch(access));
        assertEquals(first, new String(store().load(access).body(), StandardCharsets.UTF_8), "the old bytes stay");
        fresh(fetch(access));
    }

    // What must not replace a good answer

    @Test
    void an_error_object_under_200_keeps_the_old_answer_even_with_force() throws Exception {
        var why = refuses(Loopback.json("{\"error\":{\"message\":\"quota \\u001b[31mexceeded\"}}"), Kind.PARSE, o -> o.withForce(true));
        assertTrue(why.message().contains("quota"), why.message());
        assertFalse(why.message().contains("\u001b"));
    }

    @Test
    void an_html_page_under_200_keeps_the_old_answer_even_with_force() throws Exception {
        var why = refuses(Loopback.answer(200, " \n<!doctype html><title>Welcome</title>", "Content-Type: text/html"), Kind.PARSE, o -> o.withForce(true));
        assertTrue(why.message().contains("HTML"), why.message());
    }

    @Test
    void items_that_are_all_no_models_keep_the_old_answer_even_with_force() throws Exception {
        refuses(Loopback.json("{\"data\":[{\"id\":null},\"x\",{\"id\":7}]}"), Kind.PARSE, o -> o.withForce(true));
    }

    @Test
    void no_json_an_empty_body_and_null_keep_the_old_answer() throws Exception {
        for (var body : List.of("{\"data\":[{\"id\":\"m1\"}", "", "  ", "null", "{\"data\":null}", "[".repeat(200_000), "{\"data\":[]} trailing")) {
            refuses(Loopback.json(body), Kind.PARSE, o -> o.withForce(true));
        }
    }

    @Test
    void an_empty_list_needs_force() throws Exception {
        server.on("/models", Loopback.json("{\"data\":[]}"));
        failure(fetch(acme()), Kind.REFUSED);
        server.on("/models", Loopback.json(Fixtures.list(3)));
        fresh(fetch(acme()));
        server.on("/models", Loopback.json("{\"data\":[]}"));
        var outcome = fetch(acme());
        assertTrue(failure(outcome, Kind.REFUSED).advice().contains("--force"));
        assertEquals(3, outcome.usable().models());
        assertEquals(0, fresh(fetch(acme(), o -> o.withForce(true))).models());
    }

    @Test
    void a_steep_drop_needs_force_and_a_small_one_does_not() throws Exception {
        server.on("/models", Loopback.json(Fixtures.list(10)));
        fetch(acme());
        server.on("/models", Loopback.json(Fixtures.list(5)));
        assertEquals(5, fresh(fetch(acme())).models(), "half is no steep drop");
        server.on("/models", Loopback.json(Fixtures.list(1)));
        assertEquals(1, fresh(fetch(acme())).models(), "four fewer are no steep drop");
        server.on("/models", Loopback.json(Fixtures.list(11)));
        fetch(acme());
        server.on("/models", Loopback.json(Fixtures.list(5)));
        assertTrue(failure(fetch(acme()), Kind.REFUSED).message().contains("5 models, where it had 11"));
        assertEquals(5, fresh(fetch(acme(), o -> o.withForce(true))).models());
    }

    @Test
    void refused_items_and_duplicates_are_noted_by_name() throws Exception {
        var items = new StringBuilder("{\"id\":\"good\"},{\"id\":\"good\"},{\"id\":\"b\\u0007ell\"}");
        items.append(",{\"id\":7}".repeat(102));
        server.on("/models", Loopback.json("{\"data\":[" + items + "]}"));
        var notes = assertInstanceOf(Outcome.Fresh.class, fetch(acme())).notes();
        assertTrue(notes.get(0).contains("b\\u0007ell"), notes.toString());
        assertTrue(notes.contains("and 3 more that are no models"), notes.toString());
        assertTrue(notes.contains("1 id comes twice; the first counts"), notes.toString());
        assertEquals(102, notes.size());
    }

    // Offline, breaker, damage, interruption

    @Test
    void offline_serves_what_is_stored_and_asks_nobody() throws Exception {
        server.on("/models", Loopback.json(Fixtures.list(2)));
        assertEquals("nothing stored", assertInstanceOf(Outcome.Skipped.class, fetch(acme(), o -> o.withOffline(true))).why());
        assertEquals(Map.of(), History.load(dir.resolve("history.json")).entries());
        fetch(acme());
        var stale = assertInstanceOf(Outcome.Stale.class, fetch(acme(), o -> o.withOffline(true)));
        assertEquals(2, stale.answer().models());
        assertNull(stale.why());
        assertEquals(1, server.requests().size());
        assertEquals("fresh", History.load(dir.resolve("history.json")).entries().get("acme").outcome(), "offline is no news");
    }

    @Test
    void after_three_failed_runs_a_provider_is_left_alone_until_later_or_force() throws Exception {
        server.on("/models", Loopback.answer(500, ""));
        for (int i = 0; i < 3; i++) {
            failure(fetch(acme()), Kind.NETWORK);
        }
        int before = server.requests().size();
        var why = failure(fetch(acme()), Kind.NETWORK);
        assertEquals(before, server.requests().size());
        assertTrue(why.message().contains("3 times in a row"), why.message());
        assertEquals("it will be asked again in 60 s; --force asks now", why.advice());
        fetch(acme(), o -> o.withForce(true));
        assertEquals(before + 3, server.requests().size());
        now = now.plusSeconds(61);
        assertTrue(failure(fetch(acme()), Kind.NETWORK).advice().contains("again in 59 s"), "the fourth failure doubled the pause");
        now = now.plusSeconds(60);
        server.on("/models", Loopback.json(Fixtures.list(1)));
        fresh(fetch(acme()));
        assertNull(History.load(dir.resolve("history.json")).entries().get("acme").notBefore());
    }

    @Test
    void a_refused_key_never_trips_the_breaker() throws Exception {
        server.on("/models", Loopback.answer(401, ""));
        for (int i = 0; i < 5; i++) {
            fetch(acme());
        }
        assertEquals(5, server.requests().size());
    }

    @Test
    void a_damaged_stored_answer_is_told_and_replaced() throws Exception {
        server.on("/models", Loopback.answer(200, Fixtures.list(2), "ETag: \"v1\""));
        fetch(acme());
        try (var files = Files.list(dir.resolve("answers"))) {
            var file = files.findFirst().orElseThrow();
            var bytes = Files.readAllBytes(file);
            bytes[bytes.length - 4] ^= 1;
            Files.write(file, bytes);
        }
        var again = assertInstanceOf(Outcome.Fresh.class, fetch(acme()));
        assertNull(server.requests().get(1).headers().get("if-none-match"), "a 304 would leave nothing");
        assertTrue(again.notes().get(0).contains("damaged"), again.notes().toString());
        assertEquals(2, store().load(acme()).models());
    }

    @Test
    void a_store_that_cannot_be_written_ends_the_run_before_anyone_is_asked() throws Exception {
        Files.writeString(dir.resolve("answers"), "a file where a folder should be");
        var e = assertThrows(UncheckedIOException.class, () -> fetch(acme()));
        assertTrue(e.getMessage().contains("answers"), e.getMessage());
        assertEquals(0, server.requests().size());
    }

    @Test
    void a_ca_bundle_that_cannot_be_read_is_named_by_its_variable() throws Exception {
        Files.writeString(dir.resolve("empty.pem"), "");
        for (var file : List.of("nowhere.pem", "empty.pem")) {
            var e = assertThrows(ConfigError.class, () -> run(options(), Map.of("SSL_CERT_FILE", file), acme()));
            assertTrue(e.getMessage().startsWith("SSL_CERT_FILE "), e.getMessage());
        }
        run(options().withOffline(true), Map.of("SSL_CERT_FILE", "nowhere.pem"), acme());
    }

    @Test
    void an_interrupted_run_ends_at_once_and_what_it_did_not_learn_is_no_failure() throws Exception {
        var asked = new CountDownLatch(1);
        var hungUp = new CompletableFuture<Boolean>();
        server.on("/models", (request, out) -> {
            Loopback.head(out, 200, null);
            asked.countDown();
            try {
                while (true) {
                    out.write(' ');
                    Thread.sleep(5);
                }
            } catch (IOException e) {
                hungUp.complete(true);
            }
        });
        var history = History.load(dir.resolve("history.json"));
        var ended = new CompletableFuture<Boolean>();
        var reported = Collections.synchronizedList(new ArrayList<Outcome>());
        var run = new Thread(() -> {
            try {
                new Fetch(Fixtures.host(dir, Map.of()), store(), history, options(), Set.of()).run(List.of(acme()), reported::add);
                ended.complete(false);
            } catch (InterruptedException e) {
                ended.complete(true);
            }
        });
        run.start();
        asked.await();
        run.interrupt();
        assertTrue(ended.get());
        assertTrue(hungUp.get());
        assertEquals(Map.of(), history.entries());
        assertEquals(List.of(), reported);
    }

    @Test
    void the_selector_thread_of_the_client_ends_with_the_run() throws Exception {
        server.on("/models", Loopback.json(Fixtures.list(1)));
        var group = new ThreadGroup("one fetch");
        var done = new CompletableFuture<Outcome>();
        new Thread(group, () -> {
            try {
                done.complete(fetch(acme()));
            } catch (InterruptedException | IOException e) {
                done.completeExceptionally(e);
            }
        }).start();
        fresh(done.get());
        assertFalse(lives(group, 100), "its HTTP client is still open");
    }

    private static boolean lives(ThreadGroup group, int polls) throws InterruptedException {
        for (int i = 0; i < polls; i++) {
            var threads = new Thread[64];
            int count = group.enumerate(threads);
            if (java.util.Arrays.stream(threads, 0, count).noneMatch(t -> t.getName().endsWith("SelectorManager"))) {
                return false;
            }
            Thread.sleep(20);
        }
        return true;
    }
}
