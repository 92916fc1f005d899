package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.render.Rendering;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tomlj.Toml;

/** The bundled templates: what they make of the sample providers, and why. */
class TemplatesTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final Instant STARTED = Instant.parse("2026-11-20T12:00:00Z");
    static final Rendering.Run RUN = new Rendering.Run(STARTED, 1234, "0.0.0-test", List.of(
            new Rendering.Outcome("acme", "fresh", 6, null, null, null, 0L, List.of("a note with \"quotes\"")),
            new Rendering.Outcome("openai", "stale", 2, "rate_limit", "429 Too Many Requests", "wait a minute", 3600L, List.of()),
            new Rendering.Outcome("plain", "failed", null, "network", "connection refused", "is it running?", null, List.of())),
            List.of(new Rendering.Past("acme", "fresh", STARTED, null, null, null, STARTED, 0),
                    new Rendering.Past("openai", "stale", STARTED, "rate_limit", "429 Too Many Requests", "wait a minute", STARTED.minusSeconds(3600), 1),
                    new Rendering.Past("plain", "failed", STARTED, "network", "connection refused", "is it running?", null, 3)));

    @TempDir
    Path dir;

    private RenderFixtures fixture() throws Exception {
        return new RenderFixtures(dir).samples().bundledTemplates();
    }

    private static JsonNode yaml(RenderFixtures fixture, String file) throws Exception {
        return YAML.readTree(fixture.read(file));
    }

    /** To accept a change, look at the differences and copy the folder that the message names over tests/golden/render. */
    @Test
    void everything_together_is_the_golden_tree() throws Exception {
        var fixture = fixture().only("acme", "anthropic", "openai", "lmstudio").legacy().run(RUN);
        var report = fixture.render();
        assertEquals(List.of(), report.problems());
        var made = RenderFixtures.tree(fixture.root);
        var golden = RenderFixtures.tree(Shell.CHECKOUT.resolve("tests/golden/render"));
        var differing = new ArrayList<String>();
        made.forEach((file, text) -> {
            if (!text.equals(golden.get(file))) {
                differing.add(file);
            }
        });
        if (!differing.isEmpty()) {
            var kept = Files.createTempDirectory("catalog-golden-");
            made.forEach((file, text) -> write(kept.resolve(file), text));
            throw new AssertionError("not as in tests/golden/render: " + differing + "; made instead: " + kept);
        }
        assertEquals(golden.keySet(), made.keySet());
    }

    private static void write(Path file, String text) {
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void rendering_again_writes_nothing() throws Exception {
        fixture().render();
        var again = fixture().render();
        assertEquals(List.of(), again.written());
        assertFalse(again.unchanged().isEmpty());
    }

    @Test
    void files_about_a_fetch_are_left_alone_by_a_rendering_without_one() throws Exception {
        var fixture = fixture().legacy();
        fixture.render();
        assertFalse(fixture.exists("models/extra/failed_providers.json"));
        assertTrue(fixture.exists("models/extra/summary_stats.json"));
        assertFalse(fixture.exists("models/failed_models.json"));
        assertTrue(fixture.exists("models/models_acme.toml"));
    }

    @Test
    void codex_gets_only_providers_with_the_responses_api_and_the_others_are_named() throws Exception {
        var fixture = fixture().tools("codex");
        var report = fixture.render();
        assertEquals(java.util.Set.of("config/codex/acme.config.toml", "config/codex/acme.models.json", "config/codex/lmstudio.config.toml",
                "config/codex/lmstudio.models.json", "config/codex/openai.config.toml", "config/codex/openai.models.json"),
                RenderFixtures.tree(fixture.root).keySet());
        assertEquals(List.of("anthropic", "claudish", "co", "cohere", "plain", "regional", "tokenly"),
                report.leftOut().stream().map(Rendering.LeftOut::provider).distinct().toList());
        assertTrue(report.leftOut().get(0).reason().contains("anthropic-messages, not openai-responses"), report.leftOut().toString());
    }

    @Test
    void codex_profile_names_its_catalogue_and_the_newest_model_that_calls_tools() throws Exception {
        var fixture = fixture().tools("codex");
        fixture.render();
        var profile = Toml.parse(fixture.read("config/codex/acme.config.toml"));
        assertEquals("acme/zeta:free", profile.getString("model"));
        assertEquals("acme.models.json", profile.getString("model_catalog_json"));
        assertEquals("responses", profile.getString("model_providers.acme.wire_api"));
        assertEquals("ACME_API_KEY", profile.getString("model_providers.acme.env_key"));
        assertTrue(fixture.read("config/codex/acme.config.toml").contains("Its context window: 131072 tokens."));
    }

    @Test
    void codex_catalogue_lists_every_chat_model_once_and_leaves_unknown_limits_out() throws Exception {
        var fixture = fixture().tools("codex");
        fixture.render();
        var models = RenderFixtures.MAPPER.readTree(fixture.read("config/codex/acme.models.json")).get("models");
        assertEquals(List.of("acme/zeta:free", "acme/alpha", "4.1", "yes"), models.findValuesAsText("slug"));
        assertEquals(131072, models.get(0).get("context_window").intValue());
        assertFalse(models.get(2).has("context_window"));
        assertEquals("hide", models.get(2).get("visibility").textValue());
        assertEquals("text image", models.get(0).get("input_modalities").get(0).textValue() + " " + models.get(0).get("input_modalities").get(1).textValue());
    }

    @Test
    void codex_ids_that_it_keeps_for_itself_get_a_suffix() throws Exception {
        var fixture = fixture().tools("codex");
        fixture.render();
        assertEquals("openai-api", Toml.parse(fixture.read("config/codex/openai.config.toml")).getString("model_provider"));
        assertTrue(Toml.parse(fixture.read("config/codex/lmstudio.config.toml")).contains("model_providers.lmstudio-api.base_url"));
    }

    @Test
    void codex_of_a_local_server_asks_for_no_key() throws Exception {
        var fixture = fixture().tools("codex");
        fixture.render();
        assertFalse(Toml.parse(fixture.read("config/codex/lmstudio.config.toml")).contains("model_providers.lmstudio-api.env_key"));
    }

    @Test
    void aichat_lists_chat_models_with_quoted_names_and_what_is_known() throws Exception {
        var fixture = fixture().tools("aichat");
        fixture.render();
        var client = yaml(fixture, "config/aichat/models_acme.yaml").get("clients").get(0);
        assertEquals(List.of("4.1", "acme/alpha", "acme/zeta:free", "yes"), client.get("models").findValuesAsText("name"));
        assertTrue(client.get("models").get(0).get("name").isTextual());
        assertEquals("{\"name\":\"acme/zeta:free\",\"max_input_tokens\":131072,\"max_output_tokens\":8192,\"input_price\":5.0E-7,\"output_price\":0,"
                + "\"supports_vision\":true,\"supports_function_calling\":true}", client.get("models").get(2).toString());
        assertTrue(fixture.read("config/aichat/models_acme.yaml").contains("input_price: 0.0000005\n"));
    }

    @Test
    void aichat_speaks_to_anthropic_as_claude_and_always_sends_max_tokens() throws Exception {
        var fixture = fixture().tools("aichat");
        fixture.render();
        var client = yaml(fixture, "config/aichat/models_anthropic.yaml").get("clients").get(0);
        assertEquals("claude", client.get("type").textValue());
        assertEquals(64000, client.get("models").get(1).get("max_output_tokens").intValue());
        assertTrue(client.get("models").get(1).get("require_max_tokens").booleanValue());
        assertEquals(200000, client.get("models").get(1).get("max_input_tokens").intValue());
    }

    @Test
    void aichat_client_is_named_after_the_key_or_its_user_is_told_what_to_export() throws Exception {
        var fixture = fixture().tools("aichat");
        var report = fixture.render();
        assertEquals("acme", yaml(fixture, "config/aichat/models_acme.yaml").at("/clients/0/name").textValue());
        assertEquals("tokenly", yaml(fixture, "config/aichat/models_tokenly.yaml").at("/clients/0/name").textValue());
        assertTrue(report.notes().contains(new Rendering.Note("aichat", "tokenly",
                "aichat reads the key from TOKENLY_API_KEY: export TOKENLY_API_KEY=\"$TOKENLY_TOKEN\"")), report.notes().toString());
    }

    @Test
    void aichat_client_is_named_after_the_variable_that_is_set() throws Exception {
        var fixture = new RenderFixtures(dir, Map.of("CLAUDISH_API_KEY", "fake-key-for-tests-0000")).samples().bundledTemplates().tools("aichat");
        fixture.render();
        assertEquals("claudish", yaml(fixture, "config/aichat/models_claudish.yaml").at("/clients/0/name").textValue());
    }

    @Test
    void a_provider_whose_id_is_the_beginning_of_anothers_key_variable_does_not_get_that_key() throws Exception {
        var fixture = fixture().tools("aichat");
        fixture.render();
        assertEquals("co_api", yaml(fixture, "config/aichat/models_co.yaml").at("/clients/0/name").textValue());
    }

    @Test
    void a_provider_whose_address_is_not_known_is_left_out_with_the_variable_to_set() throws Exception {
        var report = fixture().tools("aichat").render();
        assertTrue(report.leftOut().contains(new Rendering.LeftOut("aichat", "aichat/models_PROVIDER.yaml.ftl", "regional", "its address is not known: set REGION")), report.leftOut().toString());
        var fixture = new RenderFixtures(dir, Map.of("REGION", "eu")).samples().bundledTemplates().tools("aichat");
        fixture.render();
        assertTrue(fixture.read("config/aichat/models_regional.yaml").contains("https://eu.regional.example/v1"));
    }

    @Test
    void mods_models_are_a_map_with_characters_from_the_context_window() throws Exception {
        var fixture = fixture().tools("mods");
        fixture.render();
        var api = yaml(fixture, "config/mods/models_acme.yml").at("/apis/acme");
        assertEquals("ACME_API_KEY", api.get("api-key-env").textValue());
        assertEquals(131072 * 3, api.get("models").get("acme/zeta:free").get("max-input-chars").intValue());
        assertEquals(0, api.get("models").get("4.1").size());
        assertFalse(api.get("models").has("acme/embed"));
    }

    @Test
    void mods_holds_one_api_of_the_anthropic_protocol_and_the_other_is_left_out() throws Exception {
        var fixture = fixture().tools("mods");
        var report = fixture.render();
        assertTrue(fixture.exists("config/mods/models_anthropic.yml"));
        assertFalse(fixture.exists("config/mods/models_claudish.yml"));
        assertTrue(report.leftOut().stream().anyMatch(l -> "claudish".equals(l.provider()) && l.reason().contains("one API of the Anthropic protocol")));
    }

    @Test
    void mods_api_does_not_take_a_name_that_means_another_protocol() throws Exception {
        var fixture = fixture().tools("mods");
        fixture.render();
        assertEquals("https://compat.cohere.example/v1", yaml(fixture, "config/mods/models_cohere.yml").at("/apis/cohere-openai/base-url").textValue());
    }

    @Test
    void mods_never_falls_back_to_the_key_of_openai() throws Exception {
        var fixture = fixture().tools("mods");
        fixture.render();
        for (var file : RenderFixtures.tree(fixture.root).entrySet()) {
            var api = YAML.readTree(file.getValue()).get("apis").elements().next();
            assertTrue(api.has("api-key-env") && (!api.get("api-key-env").textValue().isEmpty() || api.has("api-key")), file.getKey());
        }
    }

    @Test
    void raw_files_are_left_out_where_no_answer_is_stored() throws Exception {
        var fixture = fixture().withoutAnswer("acme").tools("json", "txt", "aichat");
        var report = fixture.render();
        assertFalse(fixture.exists("config/json/models_acme.json"));
        assertTrue(fixture.exists("config/aichat/models_acme.yaml"));
        assertEquals(List.of(new Rendering.LeftOut("json", "json/models_PROVIDER.json.ftl", "acme", "no answer is stored; 'catalog fetch' gets it"),
                new Rendering.LeftOut("txt", "txt/models_PROVIDER.txt.ftl", "acme", "no answer is stored; 'catalog fetch' gets it")),
                report.leftOut().stream().filter(l -> "acme".equals(l.provider())).toList());
    }
}
