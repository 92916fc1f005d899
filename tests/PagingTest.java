package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import lib.fetch.Outcome.Answer;
import lib.fetch.Fetch;
import lib.fetch.History;
import lib.fetch.Outcome;
import lib.fetch.Store;
import lib.provider.Access;
import lib.provider.Json;
import lib.provider.Provider;
import lib.provider.Provider.Mapping.Condition;
import lib.provider.Provider.Mapping.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PagingTest {
    private static final Provider.Page CURSOR = new Provider.Page("after_id", Pointer.parse("/last_id"), Pointer.parse("/has_more"), null, null, null);
    private static final Provider.Page TOKEN = new Provider.Page("pageToken", Pointer.parse("/next"), null, null, null, null);
    private static final Provider.Page NUMBER = new Provider.Page("page", null, null, 0, Pointer.parse("/total"), null);
    private static final Provider.Page LINK = new Provider.Page(null, null, null, null, null, Pointer.parse("/links/next"));

    @TempDir
    Path dir;
    private final Loopback server = new Loopback();

    @AfterEach
    void stop() {
        server.close();
    }

    private Outcome fetch(Access access) throws InterruptedException {
        return fetch(access, FetchSetup.options());
    }

    private Outcome fetch(Access access, Fetch.Options options) throws InterruptedException {
        return new Fetch(Fixtures.host(dir, Map.of()), new Store(dir.resolve("answers")), History.load(dir.resolve("h.json")), options, Set.of())
                .run(List.of(access), o -> { }).get(0);
    }

    private Access paged(Provider.Page page) {
        return Fixtures.access("acme", server.uri("/models?limit=2"), e -> e.page(page));
    }

    private static Answer answer(Outcome outcome) {
        return assertInstanceOf(Outcome.Fresh.class, outcome, outcome.toString()).answer();
    }

    private static JsonNode document(Outcome outcome) throws IOException {
        return Json.parse(answer(outcome).body());
    }

    private List<String> queries() {
        return server.requests("/models").stream().map(Loopback.Request::query).toList();
    }

    private static Loopback.Reply page(String ids, String rest) {
        var items = new StringBuilder();
        for (var id : ids.split(",")) {
            items.append(items.isEmpty() ? "" : ",").append("{\"id\":\"").append(id).append("\"}");
        }
        return Loopback.json("{\"first\":1.10,\"data\":[" + items + "]," + rest + "}");
    }

    @Test
    void a_cursor_is_followed_until_there_is_no_more_and_the_items_are_joined() throws Exception {
        server.on("/models", page("a,b", "\"has_more\":true,\"last_id\":\"b &/é\""), page("c,d", "\"has_more\":true,\"last_id\":\"d\""),
                page("e", "\"has_more\":false,\"last_id\":\"e\""));
        var outcome = fetch(paged(CURSOR));
        assertEquals(List.of("limit=2", "limit=2&after_id=b+%26%2F%C3%A9", "limit=2&after_id=d"), queries());
        var document = document(outcome);
        assertEquals("[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"},{\"id\":\"d\"},{\"id\":\"e\"}]", document.get("data").toString());
        assertEquals("1.10", document.get("first").toString(), "other members stay, to the digit");
        assertEquals(5, answer(outcome).models());
        server.requests("/models").forEach(r -> assertEquals("Bearer " + Fixtures.KEY, r.headers().get("authorization")));
    }

    @Test
    void a_null_or_missing_cursor_ends_the_list_whatever_more_says() throws Exception {
        server.on("/models", page("a", "\"has_more\":true,\"last_id\":null"));
        assertEquals(1, answer(fetch(paged(CURSOR))).models());
        server.on("/models", page("a", "\"next\":\"t\""), page("b", "\"next\":\"\""));
        assertEquals(2, answer(fetch(paged(TOKEN))).models());
        server.on("/models", page("x", "\"next\":\"t\""), page("y", "\"next\":\"u\""), Loopback.json("{}"));
        assertEquals(2, document(fetch(paged(TOKEN))).get("data").size());
    }

    @Test
    void pages_are_numbered_until_the_total_is_reached() throws Exception {
        server.on("/models", page("a,b", "\"total\":3"), page("c", "\"total\":3"));
        assertEquals(3, answer(fetch(paged(NUMBER))).models());
        assertEquals(List.of("limit=2&page=0", "limit=2&page=1"), queries());
    }

    @Test
    void a_page_without_a_new_id_ends_the_list_and_is_not_added() throws Exception {
        server.on("/models", page("a,b", "\"total\":99"));
        assertEquals(2, document(fetch(paged(NUMBER))).get("data").size());
        assertEquals(2, queries().size());
        server.on("/models", page("x,y", "\"next\":\"same\""));
        assertEquals(2, document(fetch(paged(TOKEN))).get("data").size());
    }

    @Test
    void a_link_is_followed_on_the_same_origin_only() throws Exception {
        server.on("/models", page("a", "\"links\":{\"next\":\"/more?x=1\"}"));
        server.on("/more", page("b", "\"links\":{\"next\":null}"));
        assertEquals(2, answer(fetch(paged(LINK))).models());
        try (var stranger = new Loopback()) {
            stranger.on("/models", page("c", "\"links\":{}"));
            server.on("/models", page("a", "\"links\":{\"next\":\"" + stranger.uri("/models") + "\"}"));
            assertTrue(assertInstanceOf(Outcome.Stale.class, fetch(paged(LINK))).why().message().contains("another host"));
            assertEquals(0, stranger.requests().size());
        }
    }

    @Test
    void a_later_page_that_fails_fails_the_whole_list() throws Exception {
        for (var bad : List.of(Loopback.answer(500, ""), Loopback.json("{\"error\":\"later\"}"), Loopback.json("<html>"), Loopback.json("{\"data\":"))) {
            server.on("/models", page("a", "\"next\":\"t\""), bad);
            assertInstanceOf(Outcome.Failed.class, fetch(paged(TOKEN)));
        }
        server.on("/models", page("a", "\"next\":{}"));
        assertInstanceOf(Outcome.Failed.class, fetch(paged(TOKEN)));
    }

    @Test
    void a_list_without_end_is_refused_after_200_pages() throws Exception {
        server.on("/models", (request, out) -> {
            var at = request.query().replaceFirst(".*pageToken=", "").replaceFirst("\\D.*", "");
            int next = at.isEmpty() ? 1 : Integer.parseInt(at) + 1;
            page("m" + next, "\"next\":" + next).to(request, out);
        });
        assertTrue(assertInstanceOf(Outcome.Failed.class, fetch(paged(TOKEN))).why().message().contains("200 pages"));
        assertEquals(200, queries().size());
    }

    @Test
    void all_pages_together_stay_below_the_cap() throws Exception {
        var big = " ".repeat(400_000);
        server.on("/models", page("a", "\"x\":\"" + big + "\",\"next\":1"), page("b", "\"x\":\"" + big + "\",\"next\":2"), page("c", "\"x\":\"" + big + "\",\"next\":3"));
        assertTrue(assertInstanceOf(Outcome.Failed.class, fetch(paged(TOKEN))).why().message().contains("larger"));
    }

    @Test
    void an_etag_is_used_only_where_one_request_held_the_whole_list() throws Exception {
        var etag = "ETag: \"v1\"";
        var last = "{\"data\":[{\"id\":\"a\"}],\"next\":null}";
        server.on("/models", Loopback.answer(200, last, etag));
        assertEquals("\"v1\"", answer(fetch(paged(TOKEN))).etag());
        server.on("/models", Loopback.answer(200, last.replace("null", "1"), etag), Loopback.answer(200, last.replace("\"a\"", "\"b\""), etag));
        assertNull(answer(fetch(paged(TOKEN))).etag());
        server.on("/models", Loopback.answer(200, last, etag));
        fetch(paged(TOKEN));
        assertFalse(server.requests("/models").get(3).headers().containsKey("if-none-match"));
    }

    @Test
    void half_a_surrogate_pair_survives_the_joining_of_pages() throws Exception {
        server.on("/models", Loopback.json("{\"data\":[{\"id\":\"a\",\"name\":\"\\ud800 \\ud83d\\ude00 é\"}],\"next\":1}"), page("b", "\"next\":null"));
        assertEquals("\ud800 \ud83d\ude00 é", document(fetch(paged(TOKEN))).get("data").get(0).get("name").textValue());
    }

    @Test
    void numbers_no_computer_can_write_out_pass_through_unexpanded() throws Exception {
        server.on("/models", Loopback.json("{\"total\":1e999999999,\"data\":[{\"id\":\"a\",\"n\":1e999999999}]}"), page("b", "\"total\":1"));
        assertEquals("1E+999999999", document(fetch(paged(NUMBER))).get("data").get(0).get("n").toString());
    }

    // The second API

    private Access joined(Provider.Page page, URI second) {
        var copy = new LinkedHashMap<String, Provider.Copy>();
        copy.put("tagline", new Provider.Copy(Pointer.parse("/tagline"), "\"\"", false, null));
        copy.put("gpus", new Provider.Copy(Pointer.parse("/node/gpus"), null, false, null));
        copy.put("all", new Provider.Copy(Pointer.parse("/instances"), "0", true, null));
        copy.put("active", new Provider.Copy(Pointer.parse("/instances"), null, true, Condition.parse("/active")));
        var join = new Provider.Join(second.toString(), null, null, Pointer.parse("/items"), Pointer.parse("/name"), page, copy);
        return Fixtures.access("acme", server.uri("/models"), second, Fixtures.KEY, e -> e.join(join));
    }

    @Test
    void a_second_api_is_merged_by_key_over_all_its_pages() throws Exception {
        server.on("/models", Loopback.answer(200, "{\"data\":[{\"id\":\"a\",\"x\":1},{\"id\":\"b\"},{\"id\":\"c\"}]}", "ETag: \"v1\""));
        var first = Loopback.json("{\"total\":2,\"items\":[{\"name\":\"b\",\"tagline\":null,\"node\":{\"gpus\":[1]},\"instances\":[{\"active\":true},{\"active\":false}]}]}");
        var second = Loopback.json("{\"total\":2,\"items\":[{\"name\":\"a\",\"tagline\":\"hi\"}]}");
        // Both pages are asked for at once, so they come in any order.
        server.on("/second", (request, out) -> (request.query().endsWith("page=0") ? first : second).to(request, out));
        var outcome = fetch(joined(NUMBER, server.uri("/second?limit=1")));
        assertEquals("[{\"id\":\"a\",\"x\":1,\"tagline\":\"hi\",\"all\":0},{\"id\":\"b\",\"tagline\":\"\",\"gpus\":[1],\"all\":2,\"active\":1},{\"id\":\"c\"}]",
                document(outcome).get("data").toString());
        assertNull(answer(outcome).etag(), "a 304 would say nothing of the second API");
        assertEquals(List.of("limit=1&page=0", "limit=1&page=1"), server.requests("/second").stream().map(Loopback.Request::query).sorted().toList());
        assertEquals("Bearer " + Fixtures.KEY, server.requests("/second").get(0).headers().get("authorization"));
    }

    @Test
    void both_apis_are_asked_at_once_unless_the_provider_is_asked_one_by_one() throws Exception {
        var answer = Loopback.json("{\"data\":[{\"id\":\"a\"}],\"items\":[]}");
        Loopback.Reply slow = (request, out) -> {
            Thread.sleep(100);
            answer.to(request, out);
        };
        server.on("/models", slow);
        server.on("/second", slow);
        var o = FetchSetup.options();
        fetch(joined(null, server.uri("/second")),
                new Fetch.Options(64, 1, o.timeout(), o.stall(), o.backoff(), o.maxBytes(), false, false, o.userAgent()));
        assertEquals(1, server.mostAtOnce());
        var both = new CountDownLatch(2);
        Loopback.Reply together = (request, out) -> {
            both.countDown();
            both.await(20, TimeUnit.SECONDS);
            answer.to(request, out);
        };
        server.on("/models", together);
        server.on("/second", together);
        fetch(joined(null, server.uri("/second")));
        assertEquals(2, server.mostAtOnce());
    }

    @Test
    void a_second_api_that_fails_is_noted_and_the_list_stays() throws Exception {
        server.on("/models", Loopback.json(Fixtures.list(2)));
        server.on("/second", Loopback.answer(403, ""));
        var fresh = assertInstanceOf(Outcome.Fresh.class, fetch(joined(null, server.uri("/second"))));
        assertEquals(2, fresh.answer().models());
        assertTrue(fresh.notes().get(0).contains("second API") && fresh.notes().get(0).contains("HTTP 403"), fresh.notes().toString());
    }

    @Test
    void a_second_api_that_never_ends_costs_its_share_but_not_the_list() throws Exception {
        server.on("/models", Loopback.json(Fixtures.list(2)));
        server.on("/second", (request, out) -> {
            Loopback.head(out, 200, null);
            while (true) {
                out.write(' ');
                out.flush();
                Thread.sleep(20);
            }
        });
        var fresh = assertInstanceOf(Outcome.Fresh.class, fetch(joined(null, server.uri("/second")), FetchSetup.options().withTimeout(Duration.ofMillis(2000))));
        assertEquals(1, fresh.notes().size());
    }

    @Test
    void the_key_of_an_entry_nobody_vouched_for_stays_with_the_first_api() throws Exception {
        try (var stranger = new Loopback()) {
            server.on("/models", Loopback.json(Fixtures.list(1)));
            stranger.on("/second", Loopback.json("{\"items\":[]}"));
            var trusted = joined(null, stranger.uri("/second"));
            fetch(trusted);
            var join = trusted.provider().join();
            fetch(Fixtures.access("acme", server.uri("/models"), trusted.join(), Fixtures.KEY, e -> e.join(join).trust(Provider.Trust.PROJECT)));
            assertTrue(stranger.requests().get(0).headers().containsKey("authorization"));
            assertFalse(stranger.requests().get(1).headers().containsKey("authorization"));
            assertTrue(server.requests().get(1).headers().containsKey("authorization"));
        }
    }
}
