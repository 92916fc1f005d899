package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.stream.IntStream;
import lib.model.Model;
import lib.model.Model.Fact;
import lib.model.Snapshot;
import lib.provider.Provider.Field;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code catalog resolve}. In providers.yaml openai comes before anthropic, and groq before cerebras. */
class ResolveTest {
    @TempDir
    Path folder;
    FrontDoor door;

    @BeforeEach
    void open() throws IOException {
        door = new FrontDoor(folder);
    }

    static Model model(String provider, String id, Object... fieldsAndValues) {
        var facts = new EnumMap<Field, Fact>(Field.class);
        for (int i = 0; i < fieldsAndValues.length; i += 2) {
            facts.put((Field) fieldsAndValues[i], new Fact(fieldsAndValues[i + 1], provider));
        }
        return new Model(provider, id, facts);
    }

    /** The snapshot of a working directory. */
    static void snapshot(Path root, Model... models) throws IOException {
        Files.createDirectories(root.resolve("models"));
        Files.write(root.resolve("models/catalog.json"), new Snapshot(List.of(), List.of(models)).bytes());
    }

    private FrontDoor.Result resolve(String... args) {
        var all = new ArrayList<>(List.of("resolve"));
        all.addAll(List.of(args));
        return door.run(all.toArray(String[]::new));
    }

    private void some() throws IOException {
        snapshot(door.cwd, model("openai", "gpt-5"), model("openai", "shared"), model("anthropic", "shared"),
                model("anthropic", "claude-sonnet-4", Field.SHORT_NAME, "sonnet", Field.ALIASES, List.of("claude-latest")),
                model("groq", "openai/gpt-oss-120b"), model("groq", "Qwen/QwQ-32B"), model("cerebras", "gpt-oss-120b"),
                model("cerebras", "openai/gpt-oss-120b"));
    }

    @ParameterizedTest
    @CsvSource({
        "anthropic/claude-sonnet-4, anthropic/claude-sonnet-4",
        "ANTHROPIC/claude-sonnet-4, anthropic/claude-sonnet-4",
        "anthropic/sonnet,          anthropic/claude-sonnet-4",
        "anthropic/claude-latest,   anthropic/claude-sonnet-4",
        "anthropic/Claude-Sonnet-4, anthropic/claude-sonnet-4",
        "anthropic/shared,          anthropic/shared",
        "shared,                    openai/shared",
        "sonnet,                    anthropic/claude-sonnet-4",
        "SONNET,                    anthropic/claude-sonnet-4",
        "claude-latest,             anthropic/claude-sonnet-4",
        "gpt-oss-120b,              cerebras/gpt-oss-120b",
        "GPT-OSS-120B,              cerebras/gpt-oss-120b",
        "openai/gpt-oss-120b,       groq/openai/gpt-oss-120b",
        "groq/openai/gpt-oss-120b,  groq/openai/gpt-oss-120b",
        "Qwen/QwQ-32B,              groq/Qwen/QwQ-32B",
        "qwq,                       groq/Qwen/QwQ-32B",
        "onne,                      anthropic/claude-sonnet-4",
    })
    void a_text_means_one_model_by_its_long_id(String text, String expected) throws IOException {
        some();
        var result = resolve(text);
        assertEquals(expected + System.lineSeparator(), result.out(), result::toString);
        assertEquals(0, result.code());
    }

    @ParameterizedTest
    @CsvSource({
        "anthropic/gpt-5,  Invalid model for provider anthropic: gpt-5",
        "Anthropic/claude, Invalid model for provider anthropic: claude",
        "anthropic/,       Invalid model for provider anthropic: ''",
        "gpt-7,            Invalid model: gpt-7",
        "openai/gpt-oss,   Invalid model for provider openai: gpt-oss",
        "nobody/gpt-5,     Invalid model: nobody/gpt-5",
        "' ',              'Invalid model:  '",
        "'',               'Invalid model: '",
    })
    void what_means_no_model_is_1_with_the_one_sentence(String text, String sentence) throws IOException {
        some();
        var result = resolve(text);
        assertEquals(1, result.code(), result::toString);
        assertEquals("", result.out());
        assertEquals(sentence.replace("''", "") + System.lineSeparator(), result.err());
    }

    @Test
    void a_provider_that_was_never_asked_is_told_from_one_without_the_model() throws IOException {
        some();
        var result = resolve("mistral/open-mistral-7b");
        assertEquals(List.of("Invalid model for provider mistral: open-mistral-7b",
                "The snapshot holds no models of mistral; 'catalog fetch mistral' asks for them."), result.err().lines().toList());
    }

    @Test
    void names_count_by_how_closely_they_match_before_the_order_of_providers() throws IOException {
        snapshot(door.cwd, model("openai", "x-one-x"), model("openai", "ONE"), model("anthropic", "a", Field.ALIASES, List.of("one")));
        assertEquals("alias", json("one").get("matched").textValue());
        snapshot(door.cwd, model("openai", "x-one-x"), model("anthropic", "ONE"));
        assertEquals("case", json("one").get("matched").textValue());
        snapshot(door.cwd, model("openai", "x-One-x"), model("anthropic", "One"), model("groq", "b", Field.SHORT_NAME, "one"));
        assertEquals("short", json("one").get("matched").textValue());
        snapshot(door.cwd, model("openai", "x-One-x"));
        assertEquals("substring", json("one").get("matched").textValue());
    }

    @Test
    void at_one_provider_an_id_counts_before_anothers_short_name_and_providers_before_that() throws IOException {
        snapshot(door.cwd, model("groq", "a", Field.SHORT_NAME, "one"), model("groq", "one"), model("openai", "z", Field.SHORT_NAME, "two"),
                model("groq", "two"));
        assertEquals("one", json("one").get("id").textValue());
        assertEquals("z", json("two").get("id").textValue());
    }

    private com.fasterxml.jackson.databind.JsonNode json(String... args) throws IOException {
        var all = new ArrayList<>(List.of(args));
        all.add("--json");
        return new ObjectMapper().readTree(resolve(all.toArray(String[]::new)).out());
    }

    @Test
    void json_says_how_it_matched_and_who_else_did() throws IOException {
        some();
        var expected = "{\"provider\":\"openai\",\"id\":\"shared\",\"matched\":\"exact\",\"candidates\":[";
        assertEquals(expected + "\"anthropic/shared\"]}", json("shared").toString());
        assertEquals(expected + "]}", json("openai/shared").toString());
    }

    @Test
    void the_others_are_told_up_to_ten() throws IOException {
        snapshot(door.cwd, IntStream.range(0, 15).mapToObj(i -> model("openai", "m-" + (char) ('a' + i))).toArray(Model[]::new));
        var result = resolve("m-");
        assertEquals("openai/m-a" + System.lineSeparator(), result.out());
        assertTrue(result.err().contains("also: openai/m-b, "), result.err());
        assertTrue(result.err().contains("openai/m-k and 4 more"), result.err());
        assertFalse(result.err().contains("openai/m-l"), result.err());
        assertFalse(resolve("m-a").err().contains("also"), "one that matches exactly has no others");
    }

    @Test
    void strict_takes_none_of_several_that_match_as_well() throws IOException {
        some();
        for (var text : List.of("shared", "openai/gpt-oss-120b", "gpt")) {
            var result = resolve("--strict", text);
            assertEquals(1, result.code(), result::toString);
            assertEquals("", result.out());
        }
        assertTrue(resolve("--strict", "--json", "shared").err().contains("2 models: openai/shared, anthropic/shared"));
        assertEquals("", resolve("--strict", "--json", "shared").out());
        for (var text : List.of("openai/shared", "gpt-oss-120b", "groq/openai/gpt-oss-120b", "sonnet")) {
            assertEquals(0, resolve("--strict", text).code(), text);
        }
    }

    @Test
    void short_names_of_today_count_and_not_those_the_snapshot_was_made_with() throws IOException {
        some();
        Files.writeString(door.cwd.resolve("overrides.yaml"), """
                models:
                  openai/gpt-5: {short_name: sonnet, aliases: [best]}
                  anthropic/shared: {short_name: mine}
                """);
        assertEquals("openai/gpt-5", resolve("sonnet").out().strip());
        assertEquals("openai/gpt-5", resolve("openai/best").out().strip());
        assertEquals("anthropic/shared", resolve("mine").out().strip());
        assertEquals("Invalid model for provider anthropic: sonnet", resolve("anthropic/sonnet").err().strip());
        Files.writeString(door.cwd.resolve("overrides.yaml"), "models:\n  anthropic/claude-sonnet-4: {short_name: null}\n");
        assertEquals("substring", json("sonnet").get("matched").textValue());
    }

    @Test
    void overrides_that_are_switched_off_are_not_read() throws IOException {
        some();
        Files.writeString(door.cwd.resolve("overrides.yaml"), "models:\n  openai/gpt-5: {short_name: mine}\n");
        assertEquals("openai/gpt-5", resolve("mine").out().strip());
        var own = Files.createDirectories(door.home.resolve(".config/catalog")).resolve("providers.yaml");
        Files.writeString(own, "schema: 1\nproviders:\n  override: {disabled: true}\n");
        door.with("XDG_CONFIG_HOME", door.home.resolve(".config").toString());
        assertEquals("Invalid model: mine", resolve("mine").err().strip());
    }

    @Test
    void the_dead_are_found_only_by_their_name() throws IOException {
        snapshot(door.cwd, model("github-models", "gpt-5"), model("openai", "gpt-5-mini"));
        assertEquals("openai/gpt-5-mini", resolve("gpt-5").out().strip());
        assertEquals("github-models/gpt-5", resolve("github-models/gpt-5").out().strip());
    }

    @Test
    void models_of_nobody_we_know_are_not_found() throws IOException {
        snapshot(door.cwd, model("removed", "gpt-5"), model("openai", "gpt-4"));
        assertEquals("Invalid model: removed/gpt-5", resolve("removed/gpt-5").err().strip());
        assertEquals(1, resolve("gpt-5").code());
    }

    @Test
    void a_model_that_ends_is_named_with_a_warning() throws IOException {
        snapshot(door.cwd, model("openai", "old", Field.STATUS, "deprecated", Field.REPLACEMENT, "gpt-5",
                        Field.RETIRED_ON, "2027-01-31"),
                model("openai", "gone", Field.STATUS, "retired"), model("openai", "fine", Field.STATUS, "active"));
        var result = resolve("old");
        assertEquals("openai/old", result.out().strip());
        var warning = "warning openai/old is deprecated, its retirement is 2027-01-31; its replacement is gpt-5";
        assertTrue(result.err().contains(warning), result.err());
        assertTrue(resolve("gone").err().contains("openai/gone is retired"));
        assertTrue(resolve("-q", "gone").err().contains("openai/gone is retired"));
        assertFalse(resolve("fine").err().contains("warning"));
    }

    @Test
    void without_a_snapshot_it_is_3_and_a_damaged_one_is_named() throws IOException {
        var result = resolve("gpt-5");
        assertEquals(3, result.code());
        assertTrue(result.err().contains("catalog fetch"), result.err());
        Files.createDirectories(door.cwd.resolve("models"));
        Files.writeString(door.cwd.resolve("models/catalog.json"), "{\"schema\":1,\"models\":[{]}");
        assertEquals(4, resolve("gpt-5").code());
    }

    @Test
    void a_strangers_snapshot_sends_nothing_to_the_terminal() throws IOException {
        snapshot(door.cwd, model("openai", "gpt-5\u001b[2J"), model("openai", "gpt-5\nx"), model("groq", "gpt-5-a\u202eb"),
                model("groq", "gpt-5-z"));
        var result = resolve("gpt-5");
        assertEquals("groq/gpt-5-a\u202eb", result.out().strip());
        assertTrue(resolve("gpt-5-").err().contains("groq/gpt-5-z"));
        assertEquals("Invalid model: x\\u001b[2J", resolve("x\u001b[2J").err().strip());
        assertTrue(resolve("--strict", "gpt-5-").err().contains("a\\u202eb"));
    }

    @Test
    void it_says_how_old_the_snapshot_is_and_takes_it_from_the_named_root() throws IOException {
        snapshot(folder.resolve("elsewhere"), model("openai", "gpt-5"));
        Files.setLastModifiedTime(folder.resolve("elsewhere/models/catalog.json"),
                java.nio.file.attribute.FileTime.from(door.now.minus(java.time.Duration.ofDays(9))));
        var result = resolve("gpt-5", "--root", "../elsewhere");
        assertEquals("openai/gpt-5", result.out().strip());
        assertTrue(result.err().contains("9 days old"), result.err());
        var quiet = resolve("gpt-5", "--root", "../elsewhere", "-q").err();
        assertTrue(quiet.startsWith("old ") && quiet.contains("9 days old"), "beyond 7 days it is a warning: " + quiet);
    }
}
