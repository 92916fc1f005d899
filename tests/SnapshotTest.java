package tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import lib.model.Model;
import lib.model.Model.Fact;
import lib.model.Snapshot;
import lib.provider.Provider.Field;
import lib.provider.Providers.ConfigError;
import lib.provider.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code models/catalog.json}: its exact form, and that nothing is lost on the way through it. */
class SnapshotTest {
    private static final String HASH = "ab".repeat(32);
    private static final Path FILE = Path.of("catalog.json");

    private static Model model(String provider, String id, Object... fieldsAndValues) {
        var facts = new EnumMap<Field, Fact>(Field.class);
        for (int i = 0; i < fieldsAndValues.length; i += 2) {
            facts.put((Field) fieldsAndValues[i], new Fact(fieldsAndValues[i + 1], provider));
        }
        return new Model(provider, id, facts);
    }

    private static Snapshot.Input input(String id) {
        return new Snapshot.Input(id, "https://" + id + ".example/v1/models", HASH);
    }

    private static Snapshot written(byte[] content) {
        return Snapshot.read(FILE, content);
    }

    private static String text(Snapshot snapshot) {
        return new String(snapshot.bytes(), StandardCharsets.UTF_8);
    }

    @Test
    void the_file_is_one_line_per_input_and_model_with_the_schemas_names() {
        var rich = model("acme", "m-2", Field.NAME, "M 2", Field.MODE, "chat", Field.INPUT_MODALITIES, List.of("text", "image"),
                Field.TOOLS, true, Field.VISION, false, Field.CONTEXT, 128000L, Field.MAX_OUTPUT, 4096L,
                Field.COST_INPUT, new BigDecimal("0.0150"), Field.COST_OUTPUT, new BigDecimal("5E+2"), Field.CURRENCY, "USD",
                Field.FREE, false, Field.STATUS, "active", Field.RELEASED, "2025-01", Field.LICENSE, "MIT");
        assertEquals("""
                {"schema":1,
                "inputs":[
                {"id":"acme","url":"https://acme.example/v1/models","sha256":"%s"}],
                "models":[
                {"provider_id":"acme","id":"m-1","limits":{},"cost":{},"sources":{}},
                {"provider_id":"acme","id":"m-2","name":"M 2","mode":"chat","modalities":{"input":["text","image"]},\
                "capabilities":{"tool_call":true,"vision":false},"limits":{"context":128000,"output":4096},\
                "cost":{"input":"0.015","output":"500","currency":"USD"},"free":false,"lifecycle":{"status":"active"},\
                "release_date":"2025-01","license":"MIT","sources":{"name":"acme","mode":"acme","modalities.input":"acme",\
                "capabilities.tool_call":"acme","capabilities.vision":"acme","limits.context":"acme","limits.output":"acme",\
                "cost.input":"acme","cost.output":"acme","cost.currency":"acme","free":"acme","lifecycle.status":"acme",\
                "release_date":"acme","license":"acme"}}]}
                """.formatted(HASH), text(new Snapshot(List.of(input("acme")), List.of(rich, model("acme", "m-1")))));
    }

    @Test
    void every_field_of_the_schema_is_kept() throws JsonProcessingException {
        var facts = new EnumMap<Field, Fact>(Field.class);
        for (var field : Field.values()) {
            if (field != Field.ID) {
                facts.put(field, new Fact(sample(field, new Random(1)), "from-" + field.key()));
            }
        }
        var snapshot = new Snapshot(List.of(), List.of(new Model("acme", "m", facts)));
        assertEquals(snapshot, written(snapshot.bytes()));
        var json = Json.parse(snapshot.bytes()).at("/models/0");
        for (var field : facts.keySet()) {
            assertTrue(json.hasNonNull("sources") && json.get("sources").has(field.schema()), field.schema());
            assertFalse(json.at("/" + field.schema().replace('.', '/')).isMissingNode(), field.schema());
        }
    }

    @Test
    void what_is_written_is_read_again_whatever_the_texts() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 30; round++) {
            var models = new LinkedHashMap<String, Model>();
            for (int i = random.nextInt(40); i > 0; i--) {
                var facts = new EnumMap<Field, Fact>(Field.class);
                for (var field : Field.values()) {
                    if (field != Field.ID && random.nextInt(3) == 0) {
                        facts.put(field, new Fact(sample(field, random), random.nextBoolean() ? "acme" : odd(random), random.nextInt(5) == 0,
                                random.nextInt(3) == 0 ? List.of("a", "b") : List.of()));
                    }
                }
                var conflicts = facts.keySet().stream().filter(field -> random.nextInt(4) == 0)
                        .map(field -> new Model.Conflict(field, List.of(new Model.Said(odd(random), sample(field, random))),
                                Model.Difference.values()[random.nextInt(Model.Difference.values().length)])).toList();
                var own = new EnumMap<Field, Object>(Field.class);
                facts.keySet().stream().filter(field -> random.nextInt(4) == 0).forEach(field -> own.put(field, sample(field, random)));
                var model = new Model("p" + random.nextInt(3), odd(random), facts, conflicts, own);
                models.put(model.providerId() + " " + model.id(), model);
            }
            var snapshot = new Snapshot(List.of(new Snapshot.Input(odd(random), odd(random), HASH)), List.copyOf(models.values()));
            var read = written(snapshot.bytes());
            assertEquals(snapshot, read, "seed " + seed);
            assertArrayEquals(snapshot.bytes(), read.bytes(), "seed " + seed);
        }
    }

    private static Object sample(Field field, Random random) {
        return switch (field.kind()) {
            case TEXT, WORD, DATE -> odd(random);
            case LIST -> List.of(odd(random), odd(random));
            case TOKENS -> 1L + random.nextInt(1_000_000_000);
            case FLAG -> random.nextBoolean();
            case MONEY, MONEY_EACH -> BigDecimal.valueOf(random.nextInt(1_000_000), random.nextInt(20)).stripTrailingZeros();
            case TIERS -> List.of(new Model.Tier(random.nextBoolean() ? null : 128_000L, "flex", Map.of(Field.COST_INPUT, BigDecimal.ONE)));
        };
    }

    private static String odd(Random random) {
        var parts = List.of("a", "gpt/4", "\"", "\\", "]]", "---", "#", "yes", "1.0", "${x}", "\u202e", "\u2028", "😀", "é", " ", ": ", "\uFFFD",
                "</script>", "'", "\t", "\u0000");
        return IntStream.range(0, 1 + random.nextInt(5)).mapToObj(i -> parts.get(random.nextInt(parts.size()))).reduce("x", String::concat);
    }

    @Test
    void the_order_of_making_does_not_show() {
        var models = new ArrayList<Model>();
        for (var provider : List.of("b", "a", "a-b")) {
            for (var id : List.of("z", "😀", "\uFFFD", "A")) {
                models.add(model(provider, id, Field.CONTEXT, 5L));
            }
        }
        var inputs = new ArrayList<>(List.of(input("b"), input("a"), input("a-b")));
        var before = text(new Snapshot(inputs, models));
        Collections.shuffle(models, new Random(5));
        Collections.reverse(inputs);
        assertEquals(before, text(new Snapshot(inputs, models)));
        assertEquals(List.of("A", "z", "\uFFFD", "😀"), new Snapshot(inputs, models).of("a-b").stream().map(Model::id).toList());
    }

    @Test
    void a_provider_that_was_fetched_is_replaced_whole_and_the_others_stay() {
        var old = new Snapshot(List.of(input("a"), input("b"), input("c")),
                List.of(model("a", "1"), model("a", "2"), model("b", "3"), model("c", "4")));
        var changed = new Snapshot.Input("a", "https://new.example", HASH);
        var now = old.with(List.of(changed, input("c")), List.of(model("a", "9")));
        assertEquals(List.of(changed, input("b"), input("c")), now.inputs());
        assertEquals(List.of("9", "3"), now.models().stream().map(Model::id).toList());
        assertEquals(4, old.models().size());
    }

    @Test
    void an_empty_snapshot_is_read_as_such() {
        assertEquals(Snapshot.empty(), written(Snapshot.empty().bytes()));
    }

    @Test
    void a_snapshot_of_a_newer_catalog_is_refused() {
        var message = assertThrows(ConfigError.class, () -> written("{\"schema\": 2, \"things\": what is this".getBytes(StandardCharsets.UTF_8))).getMessage();
        assertEquals(FILE + " was written by a newer catalog (schema 2); update catalog", message);
    }

    @Test
    void members_that_are_not_known_are_passed_over_and_a_fact_without_source_is_the_providers() {
        var read = written("""
                {"schema": 1, "made_by": {"deep": [1, {}]}, "models": [{"id": "m", "new": [{"a": 1}], "limits": {"context": 5, "of": {"x": 1}},
                 "more": {"y": []}, "provider_id": "p", "sources": {"more.y": {"z": 1}}}], "inputs": []}
                """.getBytes(StandardCharsets.UTF_8));
        assertEquals(List.of(model("p", "m", Field.CONTEXT, 5L)), read.models());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                                                                       | 1:1
            []                                                                       | 1:1
            {"models":[]}                                                            | 1:2
            {"schema":0}                                                             | 1:11
            {"schema":"1"}                                                           | 1:11
            {"schema":1,"models":{}}                                                 | 1:22
            {"schema":1,"models":[5]}                                                | 1:23
            {"schema":1,"models":[{"id":"x"}]}                                       | 1:32
            {"schema":1,"inputs":[{"id":"x"}]}                                       | 1:32
            {"schema":1,"models":[{"provider_id":"p","id":"x","limits":{"context":"5"}}]} | 1:71
            {"schema":1,"models":[{"provider_id":"p","id":"x","cost":{"input":"1e999999999"}}]} | 1:67
            {"schema":1,"models":[{"provider_id":"p","id":"x","free":"no"}]}         | 1:58
            {"schema":1,"models":[]} x                                               | 1:26
            {"schema":1,"models":[                                                   | 1:23
            <<<<<<< HEAD                                                             | 1:1
            """)
    void a_damaged_file_is_refused_with_its_place_and_what_to_do(String content, String place) {
        var message = assertThrows(ConfigError.class, () -> written(content.getBytes(StandardCharsets.UTF_8))).getMessage();
        assertTrue(message.startsWith(FILE + ":" + place + ": the snapshot is damaged ("), message);
        assertTrue(message.endsWith("run 'catalog fetch' to make it anew") && message.lines().count() == 1, message);
    }

    @Test
    void a_file_cut_anywhere_is_damaged_and_never_a_smaller_snapshot() {
        var whole = new Snapshot(List.of(input("a")), List.of(model("a", "é😀", Field.CONTEXT, 5L, Field.TOOLS, true, Field.NAME, "N"))).bytes();
        for (int length = 0; length < whole.length - 1; length++) {
            var cut = java.util.Arrays.copyOf(whole, length);
            assertThrows(ConfigError.class, () -> written(cut), "cut at " + length);
        }
    }

    @Test
    void ten_thousand_models_stay_under_6_MB() {
        var random = new Random(7);
        var models = IntStream.range(0, 10_000).mapToObj(i -> {
            var id = "organisation-" + random.nextInt(300) + "/model-name-" + i + "-instruct";
            var facts = new LinkedHashMap<Field, Object>(Map.of(Field.OWNED_BY, "organisation", Field.RELEASED, "2025-03-01",
                    Field.CONTEXT, 131072L, Field.MAX_OUTPUT, 32768L));
            if (i % 3 == 0) {
                facts.putAll(Map.of(Field.NAME, "Model Name " + i, Field.MODE, "chat", Field.TOOLS, true, Field.REASONING, true, Field.COST_INPUT,
                        new BigDecimal("0.35"), Field.COST_OUTPUT, new BigDecimal("1.25"), Field.CURRENCY, "USD",
                        Field.INPUT_MODALITIES, List.of("text", "image")));
            }
            return model("provider-" + i % 40, id, facts.entrySet().stream().flatMap(e -> java.util.stream.Stream.of(e.getKey(), e.getValue())).toArray());
        }).toList();
        var snapshot = new Snapshot(List.of(), models);
        var bytes = snapshot.bytes();
        assertTrue(bytes.length < 6_000_000, bytes.length + " bytes");
        assertEquals(snapshot, written(bytes));
    }
}
