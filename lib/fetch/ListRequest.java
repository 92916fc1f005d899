package lib.fetch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import lib.fetch.Outcome.Answer;
import lib.fetch.Outcome.Failures;
import lib.fetch.Outcome.Kind;
import lib.provider.Access;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Provider;
import lib.provider.Provider.Mapping;
import lib.provider.Provider.Mapping.Pointer;

/**
 * Asks one provider for its whole list: all pages, and a second API beside them, made into one JSON document. There is no
 * half a list: a page that fails fails it all. Only the second API may fail, as its share is extra.
 */
final class ListRequest {
    private static final int MOST_PAGES = 200;
    static final ObjectWriter WRITER = new JsonMapper().writer();

    private final Access access;
    private final Client client;
    private final HttpGuards.Budget budget;
    private final Executor parsing;
    private final Clock clock;
    private final Failures failures;

    /**
     * @param parsing  where answers are read: never on the threads that serve the connections
     * @param failures of this access
     */
    ListRequest(Access access, Client client, HttpGuards.Budget budget, Executor parsing, Clock clock, Failures failures) {
        this.access = access;
        this.client = client;
        this.budget = budget;
        this.parsing = parsing;
        this.clock = clock;
        this.failures = failures;
    }

    /**
     * @param document null if the answer is, to the byte, the stored one
     * @param body     {@code document} as JSON in UTF-8: the provider's own bytes where it is one page of one API
     * @param etag     null unless the provider gave one for the whole answer; lastModified likewise
     */
    record Gathered(JsonNode document, byte[] body, String etag, String lastModified, List<String> notes) {}

    /** Jackson's first use takes longer than its work on most answers. */
    static void warmUp() {
        try {
            WRITER.writeValueAsBytes(Json.parse(new byte[] {'{', '}'}));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an empty object", e);
        }
    }

    /** @param stored what to compare with, null if there is nothing
     *  @param conditional whether the provider may answer that nothing changed */
    CompletableFuture<Gathered> run(Answer stored, boolean conditional) {
        Map<String, String> headers;
        try {
            headers = headers(access.models());
        } catch (Failures.Unusable e) {
            return CompletableFuture.failedFuture(e);
        }
        if (conditional && stored != null && stored.etag() != null) {
            headers.put("If-None-Match", stored.etag());
        }
        if (conditional && stored != null && stored.lastModified() != null) {
            headers.put("If-Modified-Since", stored.lastModified());
        }
        boolean asked = headers.containsKey("If-None-Match") || headers.containsKey("If-Modified-Since");
        var notes = new ArrayList<String>();
        var second = access.join() == null ? null : second(notes);
        var list = new Pages(access.models(), access.provider().page(), this::ids);
        return client.get(list.first(), headers, budget).thenComposeAsync(response -> {
            try {
                if (response.statusCode() == 304 && asked) {
                    return CompletableFuture.completedFuture(new Gathered(null, stored.body(),
                            validator(response.headers(), "ETag", stored.etag()),
                            validator(response.headers(), "Last-Modified", stored.lastModified()), notes));
                }
                var body = accepted(response);
                var etag = validator(response.headers(), "ETag", null);
                var lastModified = validator(response.headers(), "Last-Modified", null);
                if (list.page == null && second == null) {
                    return CompletableFuture.completedFuture(stored != null && Arrays.equals(body, stored.body())
                            ? new Gathered(null, stored.body(), etag, lastModified, notes)
                            : onePage(read(body), body, etag, lastModified, notes));
                }
                var whole = follow(list, list.first(), Json.parse(body), itemsOf(access.provider().mapping()), null);
                return whole.thenCombineAsync(second == null ? CompletableFuture.completedFuture(null) : second, (document, more) -> {
                    try {
                        if (list.number == 1 && second == null) {
                            return onePage(document, body, etag, lastModified, notes);
                        }
                        return new Gathered(more == null ? document : merged(document, more), WRITER.writeValueAsBytes(document), null, null, notes);
                    } catch (JsonProcessingException | Listing.NotAListing e) {
                        throw new CompletionException(e);
                    }
                }, parsing);
            } catch (JsonProcessingException | Failures.Unusable e) {
                return CompletableFuture.failedFuture(e);
            }
        }, parsing);
    }

    /** Of a catalogue few models are wanted, of a provider all. */
    private JsonNode read(byte[] body) throws JsonProcessingException {
        return access.provider().source() == null ? Json.parse(body) : Json.outline(body, access.provider().mapping());
    }

    /** The provider's bytes are kept, unless they begin with a byte order mark or are UTF-16, which JSON files must not. */
    private static Gathered onePage(JsonNode document, byte[] body, String etag, String lastModified, List<String> notes)
            throws JsonProcessingException {
        boolean utf8 = body.length < 2 || body[0] > 0 && body[1] != 0;
        return new Gathered(document, utf8 ? body : WRITER.writeValueAsBytes(document), etag, lastModified, notes);
    }

    /** The key goes to the list's own origin; to the second API too, unless the entry comes from a folder nobody vouched for. */
    private Map<String, String> headers(URI target) throws Failures.Unusable {
        var provider = access.provider();
        var headers = new LinkedHashMap<>(provider.headers());
        var key = access.key();
        boolean bound = HttpGuards.origin(target).equals(HttpGuards.origin(access.models())) || provider.trust() != Provider.Trust.PROJECT;
        if (key == null || provider.auth().equals("none") || !bound) {
            return headers;
        }
        // Checked here because the JDK's complaint would quote the header, key and all.
        if (access.flawOfKey() != null) {
            throw new Failures.Unusable(Kind.AUTH, "the value of " + access.keySource() + " is no key: " + access.flawOfKey(),
                    (access.command() == null ? "set " + access.keyVariable() + " again" : "see what the program prints first") + failures.docs());
        }
        if (provider.auth().equals("bearer")) {
            headers.put("Authorization", "Bearer " + key);
        } else {
            headers.put(provider.auth(), key);
        }
        return headers;
    }

    private byte[] accepted(HttpResponse<byte[]> response) throws Failures.Unusable {
        var body = response.body();
        if (response.statusCode() != 200) {
            throw new Failures.Unusable(failures.ofStatus(response, clock.instant()));
        }
        int start = 0;
        while (start < body.length && body[start] <= ' ' && body[start] >= 0) {
            start++;
        }
        if (start == body.length) {
            throw new Failures.Unusable(Kind.PARSE, "an empty answer", "try again later, or see " + Failures.place(access.models()));
        }
        if (body[start] == '<') {
            throw new Failures.Unusable(failures.html());
        }
        return body;
    }

    /** A validator fit to be sent back: printable ASCII of sane length. */
    private static String validator(HttpHeaders headers, String name, String otherwise) {
        var value = headers.firstValue(name).orElse(otherwise);
        return value == null || value.length() > 1000 || !value.chars().allMatch(c -> c >= 0x20 && c < 0x7f) ? null : value;
    }

    private Set<String> ids(JsonNode page) throws Listing.NotAListing {
        return Listing.read(page, access.provider().mapping()).items().keySet();
    }

    private static Pointer itemsOf(Mapping mapping) {
        return mapping.items().shape() == Mapping.Shape.ARRAY ? mapping.items().path() : null;
    }

    /** The second API's whole list; null with a note where it cannot be had. */
    private CompletableFuture<JsonNode> second(List<String> notes) {
        var join = access.provider().join();
        var pages = new Pages(access.join(), join.page(), page -> {
            var keys = new HashSet<String>();
            for (var item : Listing.array(page, join.items())) {
                var key = Json.first(item, join.key());
                if (key != null && key.isTextual()) {
                    keys.add(key.textValue());
                }
            }
            return keys;
        });
        CompletableFuture<JsonNode> whole;
        try {
            var first = client.get(pages.first(), headers(access.join()), budget);
            // The list itself is one round trip for most providers; waiting for each page here would make it two.
            var ahead = pages.second() == null ? null : client.get(pages.second(), headers(access.join()), budget);
            whole = first.thenComposeAsync(response -> {
                try {
                    return follow(pages, pages.first(), Json.parse(accepted(response)), join.items(), ahead);
                } catch (JsonProcessingException | Failures.Unusable e) {
                    return CompletableFuture.failedFuture(e);
                }
            }, parsing);
        } catch (Failures.Unusable e) {
            whole = CompletableFuture.failedFuture(e);
        }
        return whole.exceptionally(failure -> {
            notes.add("its second API at " + Failures.place(access.join()) + " gave nothing (" + failures.of(failure).message()
                    + "): the list lacks what only that one says");
            return null;
        });
    }

    /**
     * Adds the items of all further pages to those of the first.
     *
     * @param items null where a list cannot have pages
     * @param ahead the next page, if it was asked for already; else null
     */
    private CompletableFuture<JsonNode> follow(Pages pages, URI at, JsonNode page, Pointer items, CompletableFuture<HttpResponse<byte[]>> ahead) {
        try {
            var next = pages.take(at, page, items);
            if (next == null) {
                return CompletableFuture.completedFuture(pages.whole);
            }
            var coming = ahead != null ? ahead : client.get(next, headers(pages.start), budget);
            return coming.thenComposeAsync(response -> {
                try {
                    return follow(pages, next, Json.parse(accepted(response)), items, null);
                } catch (JsonProcessingException | Failures.Unusable e) {
                    return CompletableFuture.failedFuture(e);
                }
            }, parsing);
        } catch (Listing.NotAListing | Failures.Unusable e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private interface Ids {
        Set<String> of(JsonNode page) throws Listing.NotAListing;
    }

    /** Goes through the pages of one list; confined to one page at a time, so it needs no lock. */
    private static final class Pages {
        private final URI start;
        private final Provider.Page page;
        private final Ids ids;
        private final Set<String> seen = new HashSet<>();
        private JsonNode whole;
        private int number;

        /** @param page null where there is one page only */
        Pages(URI start, Provider.Page page, Ids ids) {
            this.start = start;
            this.page = page;
            this.ids = ids;
        }

        URI first() {
            return page == null || page.first() == null ? start : with(start, page.param(), String.valueOf(page.first()));
        }

        /** @return where numbered pages go on; null for pages that only their predecessor knows */
        URI second() {
            return page == null || page.first() == null ? null : with(start, page.param(), String.valueOf(page.first() + 1));
        }

        /** @return the next page's address, null if this was the last */
        URI take(URI at, JsonNode answer, Pointer items) throws Listing.NotAListing, Failures.Unusable {
            number++;
            if (whole == null) {
                whole = answer;
                if (page == null || items == null) {
                    return null;
                }
                seen.addAll(ids.of(answer));
                return next(at, answer, Listing.array(answer, items).size());
            }
            // Some APIs leave the list out of a last page that is empty.
            if (answer.isObject() && answer.isEmpty() || !seen.addAll(ids.of(answer))) {
                return null;
            }
            var all = Listing.array(whole, items);
            all.addAll(Listing.array(answer, items));
            return next(at, answer, all.size());
        }

        private URI next(URI at, JsonNode answer, int items) throws Failures.Unusable {
            var next = page.link() != null ? link(at, answer) : page.next() != null ? cursor(answer) : numbered(answer, items);
            if (next != null && number == MOST_PAGES) {
                throw new Failures.Unusable(Kind.REFUSED, "its list has more than " + MOST_PAGES + " pages", "check page: of its entry in providers.yaml");
            }
            return next;
        }

        private URI numbered(JsonNode answer, int items) {
            var total = page.total() == null ? null : Json.first(answer, page.total());
            boolean complete = items == 0 || total != null && total.isIntegralNumber() && total.canConvertToLong() && items >= total.longValue();
            return complete ? null : with(start, page.param(), String.valueOf(page.first() + number));
        }

        private URI cursor(JsonNode answer) throws Failures.Unusable {
            var more = page.more() == null ? null : Json.first(answer, page.more());
            var cursor = Json.first(answer, page.next());
            if (cursor == null || more != null && more.isBoolean() && !more.booleanValue() || cursor.isTextual() && cursor.textValue().isEmpty()) {
                return null;
            }
            if (!cursor.isTextual() && !cursor.isIntegralNumber()) {
                throw new Failures.Unusable(Kind.PARSE, "what it says about its next page at " + page.next() + " is no cursor",
                        "check page: of its entry in providers.yaml");
            }
            return with(start, page.param(), cursor.asText());
        }

        private URI link(URI at, JsonNode answer) throws Failures.Unusable {
            var link = Json.first(answer, page.link());
            if (link == null || link.isTextual() && link.textValue().isBlank()) {
                return null;
            }
            try {
                var next = at.resolve(link.asText());
                if (next.getHost() != null && HttpGuards.origin(next).equals(HttpGuards.origin(start))) {
                    return next;
                }
            } catch (IllegalArgumentException e) {
                throw new Failures.Unusable(Kind.PARSE, "what it names as its next page is no URL", "check page: of its entry in providers.yaml");
            }
            throw new Failures.Unusable(Kind.REFUSED, "it names a next page at another host than its own",
                    "check page: of its entry in providers.yaml");
        }

        /** The address with this one parameter set, the others as they are. */
        private static URI with(URI uri, String name, String value) {
            var parts = new ArrayList<String>();
            for (var part : uri.getRawQuery() == null ? new String[0] : uri.getRawQuery().split("&")) {
                if (!part.isEmpty() && !part.equals(name) && !part.startsWith(name + "=")) {
                    parts.add(part);
                }
            }
            parts.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8));
            var text = uri.toString();
            int end = text.indexOf('?') >= 0 ? text.indexOf('?') : text.indexOf('#') >= 0 ? text.indexOf('#') : text.length();
            return URI.create(text.substring(0, end) + "?" + String.join("&", parts));
        }
    }

    /** Copies what the second API says of a model into the model; of two items with one key the last counts, as it always did. */
    private JsonNode merged(JsonNode document, JsonNode second) throws Listing.NotAListing, JsonProcessingException {
        var join = access.provider().join();
        var byKey = new HashMap<String, JsonNode>();
        for (var item : Listing.array(second, join.items())) {
            var key = Json.first(item, join.key());
            if (key != null) {
                byKey.put(key.asText(), item);
            }
        }
        for (var model : Listing.read(document, access.provider().mapping()).items().entrySet()) {
            var source = byKey.get(model.getKey());
            if (source == null) {
                continue;
            }
            for (var copy : join.copy().entrySet()) {
                var value = copied(source, copy.getValue());
                if (value != null) {
                    ((ObjectNode) model.getValue()).set(copy.getKey(), value);
                }
            }
        }
        return document;
    }

    private static JsonNode copied(JsonNode source, Provider.Copy copy) throws JsonProcessingException {
        var value = Json.first(source, copy.path());
        if (copy.count() && value instanceof ArrayNode array) {
            int count = 0;
            for (var element : array) {
                if (copy.where() == null || Boolean.TRUE.equals(Json.ask(element, copy.where(), List.of()))) {
                    count++;
                }
            }
            return array.numberNode(count);
        }
        if (value != null && !copy.count()) {
            return value;
        }
        return copy.orElse() == null ? null : Json.parse(copy.orElse().getBytes(StandardCharsets.UTF_8));
    }
}
