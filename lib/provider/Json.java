package lib.provider;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import lib.provider.Provider.Mapping.Condition;
import lib.provider.Provider.Mapping.Pointer;

/**
 * How the answers of providers are read: exact decimals, nothing after the value, at most 1,000 levels deep; and how one value
 * in them is asked by {@link Pointer} and {@link Condition}. A path that leads nowhere is unknown, never an error.
 */
public final class Json {
    private static final ObjectReader READER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build().reader();

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


    /** Every value at the path that is neither missing nor null, in document order. */
    public static List<JsonNode> all(JsonNode node, Pointer path) {
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
}
