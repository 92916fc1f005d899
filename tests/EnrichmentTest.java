package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Facts that providers do not state: from catalogues and overrides, through the whole of {@code catalog fetch}. */
class EnrichmentTest extends CliSetup {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String MODELS_DEV = """
            {"groq": {"id": "groq", "models": {
               "swift-8b": {"id": "swift-8b", "name": "Swift 8B", "family": "swift", "tool_call": true, "reasoning": false, "knowledge": "2025-12",
                 "modalities": {"input": ["text", "image"], "output": ["text"]}, "limit": {"context": 64000, "output": 8192},
                 "cost": {"input": 0.1, "output": 0.30, "tiers": [{"tier": {"type": "context", "size": 32000}, "input": 0.2, "output": 0.6}]}},
               "boreas-70b": {"id": "boreas-70b", "limit": {"context": 0, "output": 0}, "cost": {"input": 0, "output": 0}}}},
             "openai": {"id": "openai", "models": {
               "gale-2": {"id": "gale-2", "tool_call": true, "limit": {"context": 400000, "output": 100000}, "cost": {"input": 9, "output": 9}}}}}
            """;

    private static final String LITELLM = """
            {"sample_spec": {"litellm_provider": "one of", "max_input_tokens": "max input tokens", "mode": "one of: chat"},
             "groq/swift-8b": {"litellm_provider": "groq", "mode": "chat", "max_input_tokens": 65536, "max_output_tokens": 4096,
               "input_cost_per_token": 1e-07, "output_cost_per_token": 6e-07, "supports_function_calling": true, "supports_vision": false,
               "supports_prompt_caching": true, "deprecation_date": "2027-01-31"},
             "boreas-70b": {"litellm_provider": "openai", "mode": "chat", "max_output_tokens": 1, "input_cost_per_token": 1}}
            """;

    @BeforeEach
    void catalogues() {
        server.on("/models-dev", Loopback.json(MODELS_DEV)).on("/litellm", Loopback.json(LITELLM));
        door.env.remove("CATALOG_SOURCES");
        door.with("MISTRAL_API_KEY", Fixtures.KEY).with("MODELS_DEV_URL", server.uri("/models-dev").toString()).with("LITELLM_API_OPENAI", server.uri("/litellm").toString());
    }

    private JsonNode model(String provider, String id) throws IOException {
        for (var model : JSON.readTree(Files.readAllBytes(lock())).get("models")) {
            if (model.get("provider_id").textValue().equals(provider) && model.get("id").textValue().equals(id)) {
                return model;
            }
        }
        throw new AssertionError("no " + provider + "/" + id);
    }

    private Path lock() {
        return door.cwd.resolve("models/catalog.json");
    }

    private FrontDoor.Result fetch(String... arguments) {
        var all = new ArrayList<>(List.of("fetch"));
        all.addAll(List.of(arguments));
        return door.run(all.toArray(String[]::new));
    }

    private List<String> inputs() throws IOException {
        return JSON.readTree(Files.readAllBytes(lock())).get("inputs").findValuesAsText("id");
    }

    @Test
    void each_field_comes_from_the_best_source_and_the_others_are_kept() throws IOException {
        var result = fetch("groq");
        assertEquals(0, result.code(), result.err());
        var swift = model("groq", "swift-8b");
        assertEquals(65536, swift.at("/limits/context").asInt(), "the provider's own word comes first");
        assertEquals("groq", swift.at("/sources/limits.context").asText());
        assertEquals(8192, swift.at("/limits/output").asInt());
        assertEquals("models-dev", swift.at("/sources/limits.output").asText());
        assertEquals("Swift 8B", swift.get("name").asText());
        assertEquals("0.1", swift.at("/cost/input").asText());
        assertEquals("[{\"min_context\":32000,\"service\":\"standard\",\"input\":\"0.2\",\"output\":\"0.6\"}]", swift.at("/cost/tiers").toString());
        assertEquals("chat", swift.get("mode").asText());
        assertEquals("litellm", swift.at("/sources/mode").asText());
        assertTrue(swift.at("/capabilities/prompt_caching").asBoolean());
        assertEquals("2027-01-31", swift.at("/lifecycle/deprecation_date").asText());
        assertTrue(swift.at("/agree/litellm").toString().contains("\"cost.input\""), swift.toString());
        assertEquals("""
                [{"field":"limits.context","chosen":65536,"others":[{"source":"models-dev","value":64000}],"class":"rounding"},\
                {"field":"limits.output","chosen":8192,"others":[{"source":"litellm","value":4096}],"class":"real"},\
                {"field":"capabilities.vision","chosen":true,"others":[{"source":"litellm","value":false}],"class":"real"},\
                {"field":"cost.output","chosen":"0.3","others":[{"source":"litellm","value":"0.6"}],"class":"tier"}]""", swift.get("conflicts").toString());
        assertEquals(List.of("groq", "litellm", "models-dev"), inputs());
    }

    @ParameterizedTest
    @CsvSource({"0.135, 1.4e-7, rounding", "1.25, 1e-6, real", "0.2, 1e-7, tier", "0.1, 2e-7, tier"})
    void prices_differ_by_rounding_by_tier_or_really(String modelsDev, String litellm, String expected) throws IOException {
        server.on("/models-dev", Loopback.json("{\"groq\":{\"models\":{\"swift-8b\":{\"cost\":{\"input\":" + modelsDev + ",\"output\":5,"
                + "\"tiers\":[{\"tier\":{\"size\":1000},\"input\":0.2}]}}}}}"));
        server.on("/litellm", Loopback.json("{\"groq/swift-8b\":{\"litellm_provider\":\"groq\",\"input_cost_per_token\":" + litellm + "}}"));
        fetch("groq");
        assertEquals("cost.input " + expected, model("groq", "swift-8b").at("/conflicts/0/field").asText() + " "
                + model("groq", "swift-8b").at("/conflicts/0/class").asText());
    }

    @Test
    void nothing_is_taken_from_another_providers_model_and_nothing_from_a_zero() throws IOException {
        fetch("groq");
        var boreas = model("groq", "boreas-70b");
        assertEquals("{\"context\":131072}", boreas.get("limits").toString(), "openai's boreas-70b is another");
        assertEquals("{}", boreas.get("cost").toString(), "0 for all means free or unknown, and nobody can tell");
    }

    @Test
    void the_model_it_is_stated_to_be_made_from_lends_limits_but_no_prices_and_is_marked() throws IOException {
        server.on("/or/models", Loopback.json("{\"data\":[{\"id\":\"alias/gale\",\"canonical_slug\":\"openai/gale-2\"}]}"));
        door.with("OPENROUTER_API_OPENAI", server.uri("/or").toString()).with("OPENROUTER_API_KEY", Fixtures.KEY);
        fetch("openrouter");
        var gale = model("openrouter", "alias/gale");
        assertEquals(400_000, gale.at("/limits/context").asInt());
        assertEquals("{}", gale.get("cost").toString());
        assertEquals("[\"capabilities.tool_call\",\"limits.context\",\"limits.output\"]", gale.get("inferred").toString());
    }

    @Test
    void the_very_id_counts_before_an_alias_and_a_prefix_is_no_part_of_it() throws IOException {
        server.on("/mistral/models", Loopback.json("{\"data\":[{\"id\":\"small\",\"aliases\":[\"small-1\",\"mix\"]},{\"id\":\"lone\",\"aliases\":[\"mix\"]}]}"));
        server.on("/models-dev", Loopback.json("{\"mistral\":{\"models\":{\"mix\":{\"cost\":{\"input\":7,\"output\":7},\"limit\":{\"output\":7}}}},"
                + "\"google\":{\"models\":{\"gem-1\":{\"limit\":{\"context\":1000,\"output\":9}}}}}"));
        server.on("/litellm", Loopback.json("{\"mistral/small\":{\"litellm_provider\":\"mistral\",\"input_cost_per_token\":1e-6}}"));
        server.on("/gem/models", Loopback.json("{\"data\":[{\"id\":\"models/gem-1\"}]}"));
        door.with("GEMINI_API_OPENAI", server.uri("/gem").toString()).with("GEMINI_API_KEY", Fixtures.KEY);
        assertEquals(0, fetch("mistral", "gemini").code());
        assertEquals("1", model("mistral", "small").at("/cost/input").asText());
        assertEquals("7", model("mistral", "small").at("/cost/output").asText());
        assertEquals("7", model("mistral", "lone").at("/cost/input").asText());
        assertEquals(9, model("gemini", "models/gem-1").at("/limits/output").asInt());
    }

    @Test
    void a_catalogue_may_call_a_provider_by_several_names_and_write_the_ids_with_the_first() throws IOException {
        server.on("/oa/models", Loopback.json("{\"data\":[{\"id\":\"gale-2\"},{\"id\":\"gale-instruct\"}]}"));
        server.on("/fw/models", Loopback.json("{\"data\":[{\"id\":\"acme/embed-1\"},{\"id\":\"embed-1\"}]}"));
        server.on("/litellm", Loopback.json("{\"gale-2\":{\"litellm_provider\":\"openai\",\"max_output_tokens\":2},"
                + "\"text-completion-openai/gale-2\":{\"litellm_provider\":\"text-completion-openai\",\"max_output_tokens\":3},"
                + "\"gale-instruct\":{\"litellm_provider\":\"text-completion-openai\",\"max_output_tokens\":4},"
                + "\"fireworks_ai/acme/embed-1\":{\"litellm_provider\":\"fireworks_ai-embedding-models\",\"max_output_tokens\":5}}"));
        door.with("OPENAI_API_OPENAI", server.uri("/oa").toString()).with("OPENAI_API_KEY", Fixtures.KEY);
        door.with("FIREWORKS_API_OPENAI", server.uri("/fw").toString()).with("FIREWORKS_API_KEY", Fixtures.KEY);
        assertEquals(0, fetch("openai", "fireworks", "--sources", "litellm").code());
        assertEquals(2, model("openai", "gale-2").at("/limits/output").asInt(), "the first name counts");
        assertEquals(4, model("openai", "gale-instruct").at("/limits/output").asInt());
        assertEquals(5, model("fireworks", "acme/embed-1").at("/limits/output").asInt());
        assertFalse(model("fireworks", "embed-1").at("/limits").has("output"), "no more than the name is left out");
    }

    @Test
    void that_a_model_is_served_does_not_contradict_that_it_is_a_preview() throws IOException {
        server.on("/groq/models", Loopback.json("{\"data\":[{\"id\":\"swift-8b\",\"active\":true},{\"id\":\"off\",\"active\":false}]}"));
        server.on("/models-dev", Loopback.json("{\"groq\":{\"models\":{\"swift-8b\":{\"status\":\"beta\"},\"off\":{\"status\":\"beta\"}}}}"));
        assertEquals(0, fetch("groq", "--sources", "models-dev").code());
        assertEquals("preview", model("groq", "swift-8b").at("/lifecycle/status").asText());
        assertFalse(model("groq", "swift-8b").has("conflicts"), model("groq", "swift-8b").toString());
        assertEquals("retired", model("groq", "off").at("/lifecycle/status").asText());
    }

    @Test
    void overrides_win_field_by_field_and_bad_ones_are_named_with_their_line() throws IOException {
        Files.writeString(door.cwd.resolve("overrides.yaml"), """
                models:
                  groq/swift-8b:
                    note: measured by me
                    short: swift
                    limits: {output: 16000}
                    cost.input: 0.05
                """);
        assertEquals(0, fetch("groq").code());
        var swift = model("groq", "swift-8b");
        assertEquals(16000, swift.at("/limits/output").asInt());
        assertEquals("override", swift.at("/sources/limits.output").asText());
        assertEquals("0.05", swift.at("/cost/input").asText());
        assertEquals("0.3", swift.at("/cost/output").asText());
        assertEquals("swift", swift.get("short_name").asText());
        assertEquals("measured by me", swift.get("note").asText());
        assertTrue(inputs().contains("override"));
        Files.writeString(door.cwd.resolve("overrides.yaml"), "models:\n  groq/swift-8b:\n    limits.contxt: 5\n");
        var bad = fetch("groq");
        assertEquals(4, bad.code());
        assertTrue(bad.err().contains("./overrides.yaml:3:5") && bad.err().contains("did you mean") && bad.err().contains("limits.context"), bad.err());
        Files.writeString(door.cwd.resolve("overrides.yaml"), "models:\n  a/b: {short: x}\n  a/c: {short: x}\n");
        assertTrue(fetch("groq").err().contains("'x' is a/b's already"));
    }

    @Test
    void a_source_can_be_switched_off_and_takes_its_facts_with_it() throws IOException {
        fetch("groq");
        assertEquals(0, fetch("groq", "--sources", "litellm").code());
        assertEquals(4096, model("groq", "swift-8b").at("/limits/output").asInt());
        assertEquals(List.of("groq", "litellm"), inputs());
        fetch("groq", "--sources", "none");
        assertFalse(model("groq", "swift-8b").at("/limits").has("output"));
        assertFalse(model("groq", "swift-8b").has("conflicts"));
        Files.createDirectories(door.home.resolve(".config/catalog"));
        Files.writeString(door.home.resolve(".config/catalog/providers.yaml"), "providers:\n  litellm: {disabled: true}\n");
        int asked = server.requests("/litellm").size();
        fetch("groq");
        assertEquals(asked, server.requests("/litellm").size());
        assertEquals(List.of("groq", "models-dev"), inputs());
        var unknown = fetch("groq", "--sources", "model-dev");
        assertEquals(4, unknown.code());
        assertTrue(unknown.err().contains("models-dev"), unknown.err());
    }

    @Test
    void a_catalogue_that_says_something_new_changes_models_of_providers_that_were_not_asked() throws IOException {
        fetch("groq");
        server.on("/models-dev", Loopback.json(MODELS_DEV.replace("8192", "9000")));
        assertEquals(0, fetch("mistral").code());
        assertTrue(inputs().contains("mistral"));
        assertEquals(9000, model("groq", "swift-8b").at("/limits/output").asInt());
        assertEquals(65536, model("groq", "swift-8b").at("/limits/context").asInt(), "and the provider's own facts stay");
        assertTrue(written().get("config/aichat/models_groq.yaml").contains("max_output_tokens: 9000"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "[]| got a list",
        "{\"groq\": []}| models",
        "<html>| HTML",
        "{\"error\": {\"message\": \"gone\"}}| gone",
        "{}| empty"})
    void a_catalogue_of_the_wrong_shape_is_one_line_and_the_good_copy_stays(String body, String word) throws IOException {
        fetch("groq");
        var good = Files.readString(lock());
        server.on("/models-dev", Loopback.json(body));
        var result = fetch("groq");
        assertEquals(0, result.code(), "the provider was asked and answered");
        assertEquals(good, Files.readString(lock()));
        var lines = result.err().lines().filter(line -> line.contains("note") && line.contains("models-dev")).toList();
        assertEquals(1, lines.size(), result.err());
        assertTrue(lines.get(0).contains(word) && lines.get(0).contains("ago serves"), lines.get(0));
    }

    @Test
    void a_page_after_a_redirect_is_no_catalogue() throws IOException {
        server.on("/models-dev", Loopback.answer(302, "", "Location: /")).on("/", Loopback.answer(200, "<!doctype html><p>models.dev", "Content-Type: text/html"));
        var result = fetch("groq");
        assertEquals(0, result.code(), result.err());
        assertTrue(result.err().contains("models-dev was never fetched; the few models that came with catalog serve"), result.err());
        assertEquals("litellm", model("groq", "swift-8b").at("/sources/limits.output").asText());
    }

    @Test
    void prose_negative_and_absurd_numbers_are_unknown() throws IOException {
        server.on("/models-dev", Loopback.json("""
                {"groq": {"models": {"swift-8b": {"limit": {"context": "many", "output": 99999999999999}, "cost": {"input": -1, "output": "cheap", "cache_read": 1e40}},
                  "boreas-70b": {"limit": {"output": 1e3}, "tool_call": "yes", "cost": {"input": "0.25"}}}}}"""));
        server.on("/litellm", Loopback.json("{\"groq/swift-8b\":{\"litellm_provider\":\"groq\",\"max_output_tokens\":-5,\"input_cost_per_token\":-1},"
                + "\"x\": 5, \"y\": {\"litellm_provider\": 7}}"));
        assertEquals(0, fetch("groq").code());
        assertEquals("{\"context\":65536}", model("groq", "swift-8b").get("limits").toString());
        assertEquals("{}", model("groq", "swift-8b").get("cost").toString());
        var boreas = model("groq", "boreas-70b");
        assertEquals(1000, boreas.at("/limits/output").asInt());
        assertEquals("0.25", boreas.at("/cost/input").asText());
        assertFalse(boreas.has("capabilities"), boreas.toString());
    }

    @Test
    void what_was_never_fetched_comes_from_the_bundled_copy() throws IOException {
        server.on("/models-dev", Loopback.answer(404, "")).on("/oa/models", Loopback.json("{\"data\":[{\"id\":\"gpt-4.1\"}]}"));
        door.with("OPENAI_API_OPENAI", server.uri("/oa").toString()).with("OPENAI_API_KEY", Fixtures.KEY);
        var result = fetch("openai");
        assertEquals(0, result.code(), result.err());
        assertEquals(1_047_576, model("openai", "gpt-4.1").at("/limits/context").asInt());
        assertTrue(Files.readString(lock()).contains("bundled:models.dev.json"));
    }

    @Test
    void offline_uses_the_stored_catalogues_and_asks_nobody() throws IOException {
        fetch("groq");
        var good = Files.readString(lock());
        Files.delete(lock());
        int asked = server.requests().size();
        fetch("groq", "--offline");
        assertEquals(asked, server.requests().size());
        assertEquals(good, Files.readString(lock()));
    }

    @Test
    void a_lock_alone_makes_the_files_and_says_what_it_lacks() throws IOException {
        fetch("groq");
        var before = written();
        var elsewhere = new FrontDoor(Files.createDirectories(folder.resolve("laptop")));
        Files.createDirectories(elsewhere.cwd.resolve("models"));
        Files.copy(lock(), elsewhere.cwd.resolve("models/catalog.json"));
        var result = elsewhere.with("GROQ_API_OPENAI", server.uri("/groq").toString()).run("fetch", "--locked");
        assertEquals(0, result.code(), result.err());
        assertEquals(before.get("config/aichat/models_groq.yaml"), FrontDoor.tree(elsewhere.cwd).get("config/aichat/models_groq.yaml"));
        var lacking = elsewhere.run("fetch", "--locked", "mistral");
        assertEquals(3, lacking.code());
        assertTrue(lacking.err().contains("no models of mistral"), lacking.err());
        assertEquals(2, elsewhere.run("fetch", "--locked", "--force").code());
        assertEquals(3, elsewhere.run("fetch", "--locked", "--tool", "json").code(), "the raw answer is not in the lock");
        assertEquals(0, fetch("--locked").code());
        assertEquals(before, written(), "where the answers are stored, everything is as a fetch leaves it");
    }

    @Test
    void the_same_inputs_give_the_same_bytes_without_any_time() throws IOException {
        fetch("groq", "mistral");
        var first = Files.readAllBytes(lock());
        Files.delete(lock());
        door.now = door.now.plusSeconds(90_000);
        fetch("mistral", "groq", "--force");
        assertEquals(new String(first), Files.readString(lock()));
        assertFalse(new String(first).contains("2026-11-2"), "a time of fetching in the lock");
    }

    @Test
    void another_locale_and_time_zone_write_the_same_bytes() throws IOException, InterruptedException {
        assertEquals(0, fetch("groq", "mistral").code());
        var there = new FrontDoor(Files.createDirectories(folder.resolve("izmir")));
        var java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Duser.language=tr", "-Duser.country=TR",
                "-Duser.timezone=Pacific/Kiritimati", "-Dfile.encoding=ISO-8859-9", "-cp", System.getProperty("java.class.path"), "catalog", "fetch", "groq,mistral");
        java.environment().clear();
        door.env.forEach(java.environment()::put);
        java.environment().put("HOME", there.home.toString());
        var log = folder.resolve("izmir.log").toFile();
        int code = java.directory(there.cwd.toFile()).redirectErrorStream(true).redirectOutput(log).start().waitFor();
        assertEquals(0, code, () -> log.toString());
        assertEquals(Files.readString(lock()), Files.readString(there.cwd.resolve("models/catalog.json")));
        var here = written();
        assertEquals(here.get("config/aichat/models_groq.yaml"), FrontDoor.tree(there.cwd).get("config/aichat/models_groq.yaml"));
    }
}
