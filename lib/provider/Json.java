package lib.provider;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.provider.Provider.Field;
import lib.provider.Provider.Mapping.Condition;
import lib.provider.Provider.Mapping.Pointer;
import lib.provider.Provider.Mapping.Shape;
import lib.provider.Provider.Mapping;

/**
 * How the answers of providers are read: exact decimals, nothing after the value, at most 1,000 levels deep; and how one value
 * in them is asked by {@link Pointer} and {@link Condition}. A path that leads nowhere is unknown, never an error.
 */
public final class Json {
    private static final ObjectReader READER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build().reader();

    /** Of one value, whatever follows it. */
    private static final ObjectReader PART = READER.without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Json() {}

    /** @throws JsonProcessingException with line and column, where it is no JSON document */
    public static JsonNode parse(byte[] body) throws JsonProcessingException {
        try {
            return READER.readTree(body);
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
    }

    /**
     * The same tree, of a document that holds maps of models as {@code items} of this mapping says, of which few are wanted: each
     * model is read when somebody first looks into it. As a tree models.dev is ten times as long as its text.
     *
     * @param body not changed as long as the tree is in use
     * @throws JsonProcessingException as {@link #parse} does, and as early
     */
    public static JsonNode outline(byte[] body, Mapping mapping) throws JsonProcessingException {
        var outline = Outline.of(body, mapping);
        return outline == null ? parse(body) : outline;
    }

    /**
     * Goes through a document and makes nothing of its models but a note of where they stand.
     *
     * @param path  the names that lead to a map of models, {@code *} for any name
     * @param shown the one member of a model that is read at once, as a catalogue is sorted by it; null for none
     */
    private record Outline(byte[] body, JsonParser json, List<String> path, String shown) {
        /** In a longer one may stand a text that is too long for a tree, which is only found out when it is read. */
        private static final int LONGEST = 16 << 20;
        /** In fewer characters no number can be written that is none for a tree. */
        private static final int SHORTEST_ODD = 12;

        /** @return null for what has to be read as a whole: no map of models, or no sound JSON, which {@link #parse} has words for */
        static ObjectNode of(byte[] body, Mapping mapping) {
            var shape = mapping.items().shape();
            // Places are only known of plain UTF-8.
            if (shape == Shape.ARRAY || body.length < 2 || body.length > LONGEST || body[0] <= 0 || body[1] == 0) {
                return null;
            }
            var path = new ArrayList<String>();
            if (shape == Shape.NESTED) {
                path.add("*");
                path.addAll(mapping.items().path().tokens());
            }
            var named = mapping.providerOf();
            try (var json = READER.createParser(body)) {
                if (json.nextToken() != JsonToken.START_OBJECT) {
                    return null;
                }
                var root = new Outline(body, json, path, named == null || named.tokens().isEmpty() ? null : named.tokens().get(0)).map(0);
                return json.nextToken() == null ? root : null;
            } catch (IOException e) {
                return null;
            }
        }

        /** The object that the parser is in, so many names along the path. */
        private ObjectNode map(int depth) throws IOException {
            var map = JsonNodeFactory.instance.objectNode();
            for (var name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
                boolean object = json.nextToken() == JsonToken.START_OBJECT;
                boolean onPath = depth == path.size() || path.get(depth).equals("*") || path.get(depth).equals(name);
                map.set(name, !object || !onPath ? PART.readTree(json) : depth == path.size() ? model() : map(depth + 1));
            }
            return map;
        }

        private ObjectNode model() throws IOException {
            int from = read() - 1;
            JsonNode known = null;
            for (int depth = 1; depth > 0;) {
                var token = json.nextToken();
                if (token == JsonToken.FIELD_NAME && depth == 1 && json.currentName().equals(shown)) {
                    json.nextToken();
                    known = PART.readTree(json);
                } else if (token.isNumeric() && json.getTextLength() >= SHORTEST_ODD) {
                    PART.readTree(json);
                }
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
            }
            return new ObjectNode(JsonNodeFactory.instance, new Unread(body, from, read(), shown, known));
        }

        /** How many bytes the parser has gone through. */
        private int read() {
            return (int) json.currentLocation().getByteOffset();
        }
    }

    /** The members of an object, which are read when they are first asked for. */
    private static final class Unread extends AbstractMap<String, JsonNode> {
        private final byte[] body;
        private final int from;
        private final int to;
        private final String shown;
        private final JsonNode known;
        /** Whoever comes at the same time reads the same. */
        private volatile JsonNode read;

        /** @param known the member {@code shown}, or null */
        Unread(byte[] body, int from, int to, String shown, JsonNode known) {
            this.body = body;
            this.from = from;
            this.to = to;
            this.shown = shown;
            this.known = known;
        }

        private JsonNode read() {
            if (read == null) {
                try {
                    read = READER.readTree(body, from, to - from);
                } catch (IOException e) {
                    throw new IllegalStateException("it was gone through before", e);
                }
            }
            return read;
        }

        @Override
        public Set<Entry<String, JsonNode>> entrySet() {
            return read().properties();
        }

        @Override
        public JsonNode get(Object name) {
            return known != null && name.equals(shown) ? known : read().get((String) name);
        }

        @Override
        public boolean containsKey(Object name) {
            return get(name) != null;
        }
    }

    /** Every value at the path that is neither missing nor null, in document order. */
    public static List<JsonNode> all(JsonNode node, Pointer path) {
        if (!path.tokens().contains("*")) {
            var one = first(node, path);
            return one == null ? List.of() : List.of(one);
        }
        var found = new ArrayList<JsonNode>(1);
        collect(node, path.tokens(), 0, found);
        return found;
    }

    /** The first of {@link #all}, or null. */
    public static JsonNode first(JsonNode node, Pointer path) {
        var at = node;
        var tokens = path.tokens();
        for (int i = 0; i < tokens.size() && at != null; i++) {
            if (tokens.get(i).equals("*")) {
                var found = new ArrayList<JsonNode>(1);
                collect(at, tokens, i, found);
                return found.isEmpty() ? null : found.get(0);
            }
            at = step(at, tokens.get(i));
        }
        return at == null || at.isNull() ? null : at;
    }

    private static void collect(JsonNode node, List<String> tokens, int from, List<JsonNode> found) {
        var at = node;
        for (int i = from; i < tokens.size(); i++) {
            if (at == null) {
                return;
            }
            if (tokens.get(i).equals("*")) {
                if (at.isArray()) {
                    for (var element : at) {
                        collect(element, tokens, i + 1, found);
                    }
                }
                return;
            }
            at = step(at, tokens.get(i));
        }
        if (at != null && !at.isNull()) {
            found.add(at);
        }
    }

    private static JsonNode step(JsonNode node, String token) {
        if (node.isObject()) {
            return node.get(token);
        }
        return node.isArray() && token.matches("0|[1-9][0-9]{0,8}") ? node.get(Integer.parseInt(token)) : null;
    }

    /**
     * @param complete lists that name everything: a text missing from one of these is a no, not an unknown
     * @return null for unknown
     */
    public static Boolean ask(JsonNode node, Condition condition, List<Pointer> complete) {
        if (condition.guard() != null && !Boolean.TRUE.equals(ask(node, condition.guard(), complete))) {
            return null;
        }
        Boolean answer = null;
        for (var value : all(node, condition.path())) {
            var one = switch (condition.test()) {
                case TRUE -> value.isBoolean() ? (Boolean) value.booleanValue() : null;
                case EQUALS -> value.isValueNode() ? (Boolean) value.asText().equals(condition.value()) : null;
                case CONTAINS -> contains(value, condition, complete);
            };
            if (Boolean.TRUE.equals(one)) {
                return true;
            }
            answer = answer == null ? one : answer;
        }
        return answer;
    }

    private static Boolean contains(JsonNode value, Condition condition, List<Pointer> complete) {
        if (value.isTextual()) {
            return value.textValue().contains(condition.value()) ? true : null;
        }
        if (!value.isArray()) {
            return null;
        }
        for (var element : value) {
            if (element.isTextual() && element.textValue().equals(condition.value())) {
                return true;
            }
        }
        return complete.contains(condition.path()) ? false : null;
    }

    /**
     * The models in one answer, before anything is understood of them.
     *
     * @param items      model id, verbatim, to the model as the provider states it, in the answer's order
     * @param duplicates ids that came again; the first counts
     * @param refused    items that are no models, each with the reason, fit to print (of the first 10,000)
     */
    public record Listing(Map<String, JsonNode> items, List<String> duplicates, List<String> refused) {
        /** Longer ids are no ids: the longest real one known has 117 characters. */
        private static final int LONGEST_ID = 512;

        /** A hostile answer can hold millions of items that are no models; no more reasons than this are kept. */
        private static final int MOST_REFUSED = 10_000;

        /** An answer that holds no list of models: an error object, HTML, another shape. The message says what it holds. */
        public static final class NotAListing extends Exception {
            private static final long serialVersionUID = 1;

            public NotAListing(String message) {
                super(message);
            }
        }

        /** @throws NotAListing where there is no list at the place the provider's entry names; an empty list is one */
        public static Listing read(JsonNode answer, Mapping mapping) throws NotAListing {
            var items = new LinkedHashMap<String, JsonNode>();
            var duplicates = new ArrayList<String>();
            var refused = new ArrayList<String>();
            if (mapping.items().shape() == Mapping.Shape.MAP) {
                members("", object(answer), mapping, items, refused);
            } else if (mapping.items().shape() == Mapping.Shape.NESTED) {
                for (var provider : object(answer).properties()) {
                    if (Json.first(provider.getValue(), mapping.items().path()) instanceof ObjectNode models) {
                        members(provider.getKey() + "/", models, mapping, items, refused);
                    } else {
                        refuse(refused, provider.getKey(), "holds no map of models at " + mapping.items().path());
                    }
                }
            } else {
                var places = mapping.fields().get(Field.ID);
                for (var item : array(answer, mapping.items().path())) {
                    var node = item.isObject() ? id(item, places) : null;
                    var flaw = !item.isObject() ? "not an object" : node == null ? "no id"
                            : !node.isTextual() ? "its id is not a text" : flaw(node.textValue());
                    if (flaw != null) {
                        refuse(refused, node == null ? brief(item) : node.asText(), flaw);
                    } else if (items.putIfAbsent(node.textValue(), item) != null) {
                        duplicates.add(node.textValue());
                    }
                }
            }
            return new Listing(items, duplicates, refused);
        }

        private static void members(String before, ObjectNode map, Mapping mapping, Map<String, JsonNode> items, List<String> refused) {
            for (var entry : map.properties()) {
                if (mapping.skip().contains(entry.getKey())) {
                    continue;
                }
                var flaw = entry.getValue().isObject() ? flaw(entry.getKey()) : "not an object";
                if (flaw == null) {
                    items.put(before + entry.getKey(), entry.getValue());
                } else {
                    refuse(refused, before + entry.getKey(), flaw);
                }
            }
        }

        private static void refuse(List<String> refused, String name, String flaw) {
            if (refused.size() < MOST_REFUSED) {
                refused.add(visible(name) + ": " + flaw);
            }
        }

        private static JsonNode id(JsonNode item, List<Pointer> places) {
            for (var place : places) {
                var value = Json.first(item, place);
                if (value != null) {
                    return value;
                }
            }
            return null;
        }

        /** The array that holds the models, to which further pages are added. */
        public static ArrayNode array(JsonNode answer, Pointer path) throws NotAListing {
            var found = Json.first(answer, path);
            if (found instanceof ArrayNode array) {
                return array;
            }
            throw new NotAListing(describe(answer, path.text().isEmpty() ? "a list" : "a list at " + path));
        }

        private static ObjectNode object(JsonNode answer) throws NotAListing {
            if (answer instanceof ObjectNode object && !isError(answer)) {
                return object;
            }
            throw new NotAListing(describe(answer, "a map of models"));
        }

        private static boolean isError(JsonNode answer) {
            return answer.has("error") || answer.has("message") && answer.size() <= 5;
        }

        private static String describe(JsonNode answer, String wanted) {
            if (answer.isObject() && isError(answer)) {
                var error = answer.has("error") ? answer.get("error") : answer.get("message");
                var text = error.isObject() && error.has("message") ? error.get("message") : error;
                return "an error instead of " + wanted + ": " + brief(text);
            }
            return "expected " + wanted + ", got " + brief(answer);
        }

        private static String brief(JsonNode node) {
            var text = node.isTextual() ? node.textValue() : node.isObject() ? "an object with " + keys(node)
                    : node.isArray() ? "a list of " + node.size() : node.toString();
            return visible(text);
        }

        private static String keys(JsonNode node) {
            var names = new ArrayList<String>();
            node.fieldNames().forEachRemaining(names::add);
            return names.isEmpty() ? "nothing in it" : String.join(", ", names.subList(0, Math.min(5, names.size())));
        }

        /** @return why this cannot be the id of a model, or null if it can */
        private static String flaw(String id) {
            if (id.isBlank()) {
                return "its id is blank";
            }
            if (id.length() > LONGEST_ID) {
                return "its id has " + id.length() + " characters, more than " + LONGEST_ID;
            }
            for (int i = 0; i < id.length(); i++) {
                char c = id.charAt(i);
                if (Character.isISOControl(c)) {
                    return "its id holds a control character";
                }
                if (Character.isHighSurrogate(c) && i + 1 < id.length() && Character.isLowSurrogate(id.charAt(i + 1))) {
                    i++;
                } else if (Character.isSurrogate(c)) {
                    return "its id is not valid Unicode";
                }
            }
            return null;
        }

        /** Text from a provider, cut to 120 characters, with everything a terminal could obey written as an escape. */
        public static String visible(String text) {
            var out = new StringBuilder();
            text.codePoints().limit(120).forEach(c -> {
                int type = Character.getType(c);
                if (Character.isISOControl(c) || type == Character.FORMAT || type == Character.SURROGATE
                        || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR) {
                    out.append(String.format("\\u%04x", c));
                } else {
                    out.appendCodePoint(c);
                }
            });
            return text.codePointCount(0, text.length()) > 120 ? out + "…" : out.toString();
        }
    }
}
