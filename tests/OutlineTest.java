package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import lib.provider.Json;
import lib.provider.Provider.Mapping.Pointer;
import lib.provider.Provider.Mapping.Shape;
import lib.provider.Provider.Mapping;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A document whose models are read when somebody looks at them is the same document, and as wrong where it is wrong. */
class OutlineTest {
    private static final String NESTED = """
            {"openai": {"id": "openai", "env": ["A", {"b": null}], "models": {
                "gpt": {"name": "Gé \\u00e9 \\"x\\" 😀", "cost": {"input": 1.250, "x": [1, [2.5e-7, -0]]}, "limit": {"context": 128000}},
                "bare": {}, "text": "no model", "none": null, "list": [{}], "gpt": {"name": "again"}}},
             "empty": {"models": {}}, "odd": {"models": [1]}, "null": null, "number": 5, "inner": {"a": {"models": {"m": {"x": 1}}}}}
            """;
    private static final String MAP = """
            {"sample_spec": {"litellm_provider": "one of …", "mode": "chat"},
             "gpt": {"input_cost_per_token": 1.5E-06, "litellm_provider": "openai", "max_tokens": 100, "litellm_provider": "azure"},
             "deep": {"litellm_provider": {"no": ["text"]}, "inner": {"litellm_provider": "nobody"}}, "without": {"mode": "chat"}, "x": 1}
            """;

    private static final List<Mapping> MAPPINGS = List.of(mapping(Shape.NESTED, "/models", null), mapping(Shape.NESTED, "/models/m", null),
            mapping(Shape.NESTED, "/models", "/name"), mapping(Shape.MAP, "", null), mapping(Shape.ARRAY, "/data", null),
            mapping(Shape.MAP, "", "/litellm_provider"), mapping(Shape.MAP, "", "/inner/litellm_provider"));

    private static Mapping mapping(Shape shape, String path, String providerOf) {
        var items = new Mapping.Items(shape, shape == Shape.MAP ? null : Pointer.parse(path));
        return new Mapping(items, Set.of(), null, Map.of(), Map.of(), List.of(), List.of(), Map.of(), List.of(), List.of(), List.of(), null,
                providerOf == null ? null : Pointer.parse(providerOf));
    }

    /** What becomes of it, in one text: the tree, or the parser's words with line and column. */
    private interface Reading {
        JsonNode of(byte[] body) throws JsonProcessingException;
    }

    private static String told(Reading reading, byte[] body) {
        try {
            return reading.of(body).toString();
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            return e.getOriginalMessage() + (at == null ? "" : " " + at.getLineNr() + ":" + at.getColumnNr());
        } catch (NumberFormatException e) {
            return e.getMessage();
        }
    }

    private static void assertSame(byte[] body, String what) {
        for (var mapping : MAPPINGS) {
            assertEquals(told(Json::parse, body), told(b -> Json.outline(b, mapping), body), what);
        }
    }

    private static void assertSame(String body) {
        assertSame(body.getBytes(StandardCharsets.UTF_8), body);
    }

    @ParameterizedTest
    @ValueSource(strings = {NESTED, MAP, "{}", "[]", "null", "5", "\"text\"", "", " ", "{", "{\"a\":{\"models\":{\"m\":{", "{\"a\":{}} x",
            "{\"a\":{}}{}", "{\"error\":{\"message\":\"quota\"},\"status\":\"fail\"}", "{\"message\":\"no\"}", "{\"a\":{\"b\":tru}}",
            "{\"a\":{\"b\":01}}",
            "{\"a\":{\"b\":\"\\x\"}}", "{\"a\":{\"models\":{\"b\":{\"c\":1,}}}}", "\ufeff{\"a\":{\"b\":1}}"})
    void it_is_the_same_tree_or_the_same_mistake(String body) {
        assertSame(body);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e99999999999", "1e999999999", "-1E-9999999999999", "0.1e9999999999",
            "1.00000000000000000000000000000000000001"})
    void a_number_that_no_tree_can_hold_is_found_out_as_early(String number) {
        assertSame("{\"a\":{\"models\":{\"m\":{\"x\":[" + number + "]}}}}");
    }

    @Test
    void what_is_beyond_all_measure_is_found_out_as_early() {
        for (var value : List.of("9".repeat(2000), "0." + "9".repeat(2000), "[".repeat(1100) + "]".repeat(1100),
                "{\"y\":".repeat(1100) + "1" + "}".repeat(1100))) {
            assertSame("{\"a\":{\"x\":" + value + "}}");
            assertSame("{\"a\":{\"models\":{\"m\":{\"x\":" + value + "}}}}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-32BE", "ISO-8859-1"})
    void another_encoding_is_read_as_ever(String charset) {
        assertSame(NESTED.getBytes(Charset.forName(charset)), charset);
    }

    @Test
    void a_damaged_document_is_as_damaged() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 3000; round++) {
            var body = (random.nextBoolean() ? NESTED : MAP).getBytes(StandardCharsets.UTF_8);
            for (int i = random.nextInt(3); i >= 0; i--) {
                int other = random.nextBoolean() ? random.nextInt(256) : "{}[]\",:0e".charAt(random.nextInt(9));
                body[random.nextInt(body.length)] = (byte) other;
            }
            boolean cut = random.nextInt(4) == 0;
            assertSame(cut ? Arrays.copyOf(body, random.nextInt(body.length)) : body, "seed " + seed + ", round " + round);
        }
    }

    @Test
    void a_model_is_read_when_somebody_looks_at_it() throws JsonProcessingException {
        var text = "{\"p\":{\"models\":{\"a\":{\"n\":1},\"b\":{\"n\":2}}}}";
        var body = text.getBytes(StandardCharsets.UTF_8);
        var models = (ObjectNode) Json.outline(body, MAPPINGS.get(0)).at("/p/models");
        assertEquals(List.of("a", "b"), models.properties().stream().map(Map.Entry::getKey).toList());
        assertTrue(models.get("a").isObject());
        assertEquals(1, models.at("/a/n").intValue());
        body[text.indexOf("1}")] = '7';
        body[text.indexOf("2}")] = '8';
        assertEquals(1, models.at("/a/n").intValue());
        assertEquals(8, models.at("/b/n").intValue());
        assertEquals(models, models.deepCopy());
    }

    @Test
    void the_member_that_names_the_provider_is_read_at_once() throws JsonProcessingException {
        var text = "{\"m\":{\"x\":{\"litellm_provider\":\"no\"},\"litellm_provider\":\"openai\",\"n\":1}}";
        var body = text.getBytes(StandardCharsets.UTF_8);
        var model = Json.outline(body, MAPPINGS.get(5)).get("m");
        Arrays.fill(body, (byte) '!');
        assertEquals("openai", model.get("litellm_provider").textValue());
        assertThrows(IllegalStateException.class, () -> model.get("n"));
    }
}
