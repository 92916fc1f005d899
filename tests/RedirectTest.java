package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.fetch.Fetch;
import lib.fetch.History;
import lib.fetch.Outcome;
import lib.fetch.Outcome.Kind;
import lib.fetch.Store;
import lib.provider.Access;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedirectTest {
    @TempDir
    Path dir;
    private final Loopback server = new Loopback();
    private final Loopback stranger = new Loopback();

    @AfterEach
    void stop() {
        server.close();
        stranger.close();
    }

    private Outcome fetch(Access access) throws InterruptedException {
        return new Fetch(Fixtures.host(dir, Map.of()), new Store(dir.resolve("answers")), History.load(dir.resolve("h.json")), FetchSetup.options(), Set.of())
                .run(List.of(access), o -> { }).get(0);
    }

    private Access acme() {
        return Fixtures.access("acme", server.uri("/models"), e -> e.auth("bearer", Map.of("x-goog-api-key", "fake-second-secret")));
    }

    private static Loopback.Reply to(Object location) {
        return Loopback.answer(307, "", "Location: " + location);
    }

    @Test
    void a_redirect_within_the_origin_keeps_the_key_and_resolves_against_the_last_hop() throws Exception {
        server.on("/models", to("/v2/old/models"));
        server.on("/v2/old/models", to("../models?a=1"));
        server.on("/v2/models", Loopback.json(Fixtures.list(2)));
        assertEquals(2, assertInstanceOf(Outcome.Fresh.class, fetch(acme())).answer().models());
        assertEquals("Bearer " + Fixtures.KEY, server.requests("/v2/models").get(0).headers().get("authorization"));
        assertEquals("a=1", server.requests("/v2/models").get(0).query());
    }

    @Test
    void no_secret_crosses_origins_nor_comes_back() throws Exception {
        for (int status : new int[] {301, 302, 303, 307, 308}) {
            server.on("/models", Loopback.answer(status, "", "Location: " + stranger.uri("/models")));
            stranger.on("/models", to(server.uri("/back")));
            server.on("/back", Loopback.json(Fixtures.list(2)));
            fetch(acme());
            for (var request : List.of(stranger.requests("/models").get(0), server.requests("/back").get(0))) {
                assertFalse(request.headers().containsKey("authorization"), status + " " + request);
                assertFalse(request.headers().containsKey("x-goog-api-key"), status + " " + request);
                assertFalse(request.toString().contains("fake"), status + " " + request);
                assertEquals("application/json", request.headers().get("accept"));
            }
        }
    }

    @Test
    void an_etag_is_no_secret_of_the_new_origin_either() throws Exception {
        server.on("/models", Loopback.answer(200, Fixtures.list(2), "ETag: \"v1\""), to(stranger.uri("/models")));
        stranger.on("/models", Loopback.json(Fixtures.list(3)));
        fetch(acme());
        fetch(acme());
        assertFalse(stranger.requests("/models").get(0).headers().containsKey("if-none-match"));
    }

    @Test
    void a_loop_no_place_a_file_and_nonsense_end_cleanly_without_retries() throws Exception {
        server.on("/models", to("/models"));
        assertTrue(why(fetch(acme())).message().contains("more than 5 redirects"));
        assertEquals(6, server.requests().size());
        for (var reply : List.of(Loopback.answer(302, ""), to("file:///etc/passwd"), to("http://["), to("mailto:x@y"), to("http:///models"))) {
            server.on("/models", reply);
            int before = server.requests().size();
            why(fetch(acme()));
            assertEquals(before + 1, server.requests().size());
        }
    }

    private static Outcome.Failure why(Outcome outcome) {
        var why = assertInstanceOf(Outcome.Failed.class, outcome, outcome.toString()).why();
        assertEquals(Kind.REFUSED, why.kind(), why.toString());
        return why;
    }
}
