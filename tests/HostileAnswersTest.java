package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import lib.model.Model;
import lib.model.Normaliser;
import lib.model.Snapshot;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Provider.Field;
import lib.provider.Provider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers made to break us come out as data or are refused, from the bytes to the snapshot and back. */
class HostileAnswersTest {
    private static final String EVERYTHING = """
            name_of: /name
            owned_by: /owner
            aliases: /aliases
            input_modalities: /modalities
            released: /created
            knowledge: /cut
            context: [/context, /limits/*/context]
            max_output: /output
            tools: [/tools, /features ~ tools]
            free: /free = 1
            mode: /type
            modes: {chat: chat}
            status: [/status]
            offer: {from: /offers, having: [/context, /price]}
            quantization: /offer/quantization
            price: {input: [/price, /offers/*/price], output: /offer/price, per: token, when: /free = 0}
            """;

    @TempDir
    Path dir;

    private static Provider everything() {
        return NormaliserTest.acme(EVERYTHING);
    }

    private Snapshot roundTrip(List<Model> models) throws Exception {
        var snapshot = new Snapshot(List.of(), models);
        var read = Snapshot.read(dir.resolve("catalog.json"), snapshot.bytes());
        assertEquals(snapshot, read);
        return read;
    }

    @ParameterizedTest
    @ValueSource(strings = {"x\"\\n[mcp_servers.evil]", "]]", "---", "# comment", "yes", "1.0", "null", "~", "${id}", "<#assign x=1>", "a: b",
        "../../etc/passwd", "C:\\con", "\u202egnp.exe", "\u2066x\u2069", "a\u2028b", "\uFEFFx", "' OR 1=1", "%s%n", "*", "&a", "!!java", "😀", "models/x",
        "\u00e9", "e\u0301", "</script>", "sk-fake-not-a-key"})
    void an_odd_id_is_kept_to_the_letter(String id) throws Exception {
        var item = JsonNodeFactory.instance.objectNode().put("id", id).put("name", id).put("context", 5);
        var answer = JsonNodeFactory.instance.objectNode();
        answer.putArray("data").add(item);
        var models = NormaliserTest.models(everything(), answer.toString());
        assertEquals(id, models.get(0).id());
        assertEquals(id, roundTrip(models).models().get(0).id());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\\nb", "a\\rb", "\\u0000", "\\u001b[2J", "a\\u007f", "\\u0085", "\\u009b31m", "\\ud800", "\\udc00x", "\\ud800\\ud800"})
    void an_id_that_holds_a_control_or_half_a_character_is_refused_by_name(String escaped) throws Exception {
        var answer = Json.parse(("{\"data\":[{\"id\":\"" + escaped + "\"},{\"id\":\"good\"}]}").getBytes(StandardCharsets.UTF_8));
        var listing = Listing.read(answer, everything().mapping());
        assertEquals(1, listing.refused().size());
        assertFalse(listing.refused().get(0).chars().anyMatch(c -> Character.isISOControl(c) || Character.isSurrogate((char) c)));
        assertEquals(List.of("good"), Normaliser.models(everything(), answer, NormaliserTest.FETCHED).stream().map(Model::id).toList());
    }

    @Test
    void an_id_of_a_million_characters_is_refused_in_a_short_line() throws Exception {
        var answer = Json.parse(("{\"data\":[{\"id\":\"" + "x".repeat(1_000_000) + "\"}]}").getBytes(StandardCharsets.UTF_8));
        var listing = Listing.read(answer, everything().mapping());
        assertTrue(listing.items().isEmpty());
        assertTrue(listing.refused().get(0).length() < 250 && listing.refused().get(0).contains("1000000 characters"));
    }

    @Test
    void a_million_items_that_are_no_models_do_not_fill_the_memory_with_reasons() throws Exception {
        var answer = Json.parse(("[" + "1,".repeat(1_000_000) + "{\"id\":\"m\"}]").getBytes(StandardCharsets.UTF_8));
        var listing = Listing.read(answer, NormaliserTest.acme("items: ''").mapping());
        assertEquals(10_000, listing.refused().size());
        assertEquals(1, listing.items().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"data\":", "{\"data\":[{\"id\":"})
    void nesting_without_end_is_a_parse_error(String opening) {
        var answer = opening.repeat(200_000).getBytes(StandardCharsets.UTF_8);
        assertThrows(JsonProcessingException.class, () -> Json.parse(answer));
    }

    @Test
    void numbers_made_to_be_written_out_are_unknown() throws Exception {
        for (var number : List.of("1e999999999", "-1e999999999", "1e-999999999", "9".repeat(900), "0." + "9".repeat(900), "1e2147483647")) {
            var members = Arrays.stream("context output created cut price".split(" ")).map(f -> "\"" + f + "\":" + number).toList();
            var models = NormaliserTest.models(everything(), "{\"data\":[{\"id\":\"m\",\"free\":0,\"offers\":[{\"context\":1,\"price\":" + number
                    + "}]," + String.join(",", members) + "}]}");
            assertEquals(List.of(), List.copyOf(models.get(0).facts().keySet()), number.substring(0, 5));
            roundTrip(models);
        }
    }

    @Test
    void every_kind_of_value_at_every_place_is_data_or_unknown() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var provider = everything();
        for (int round = 0; round < 400; round++) {
            var answer = "{\"data\":[" + item(random) + "," + item(random) + "," + item(random) + "," + value(random, 0) + "]}";
            var parsed = Json.parse(answer.getBytes(StandardCharsets.UTF_8));
            var before = parsed.toString();
            List<Model> models;
            try {
                models = Normaliser.models(provider, parsed, NormaliserTest.FETCHED);
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + answer, e);
            }
            assertEquals(before, parsed.toString(), "seed " + seed);
            assertEquals(models, roundTrip(models).models(), "seed " + seed);
            for (var model : models) {
                var context = model.tokens(Field.CONTEXT);
                assertTrue(context == null || context > 0 && context <= 1_000_000_000, "seed " + seed);
                var price = model.money(Field.COST_INPUT);
                assertTrue(price == null || price.signum() >= 0 && price.toPlainString().length() < 100, "seed " + seed);
            }
        }
    }

    private static String item(Random random) {
        var members = Arrays.stream(("name owner aliases modalities created cut context limits output tools features free type status offers price "
                + "offer").split(" ")).map(name -> "\"" + name + "\":" + value(random, 0)).toList();
        return "{\"id\":\"m" + random.nextInt(3) + "\"," + String.join(",", members) + "}";
    }

    private static String value(Random random, int depth) {
        var scalars = List.of("null", "true", "false", "0", "1", "-1", "8192", "1e999999999", "0.5", "1729641600", "1772366400", "\"\"", "\"0\"", "\"1\"",
                "\"tools\"", "\"chat\"", "\"text+image->text\"", "\"2024-02-30\"", "\"2024-05\"", "\"\\u0000\"", "\"\\ud800\"", "\"$1.5\"", "\"x\\\"]]\"");
        int pick = random.nextInt(depth > 2 ? scalars.size() : scalars.size() + 4);
        if (pick < scalars.size()) {
            return scalars.get(pick);
        }
        return pick % 2 == 0 ? "[" + value(random, depth + 1) + "," + value(random, depth + 1) + "]"
                : "{\"context\":" + value(random, depth + 1) + ",\"price\":" + value(random, depth + 1) + ",\"quantization\":"
                        + value(random, depth + 1) + "}";
    }
}
