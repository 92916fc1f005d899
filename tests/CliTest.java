package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Commands as a person runs them, against a server on loopback. */
class CliTest extends CliSetup {
    @Test
    void fetch_asks_those_whose_key_is_set_and_writes_every_tools_files() throws IOException {
        var result = door.run("fetch");
        assertEquals(0, result.code(), result::toString);
        assertEquals("", result.out());
        assertTrue(result.err().contains("2 models of 1 provider: 1 done"), result.err());
        assertEquals("[config/aichat/models_groq.yaml, config/codex/groq.config.toml, config/codex/groq.models.json, config/json/models_groq.json, "
                + "config/mods/models_groq.yml, config/txt/models_groq.txt, models/catalog.json, models/changes.atom, models/changes.jsonl]", written().keySet().toString());
        assertEquals("boreas-70b\nswift-8b", written().get("config/txt/models_groq.txt"));
        assertEquals("Bearer " + Fixtures.KEY, server.requests("/groq/models").get(0).headers().get("authorization"));
    }

    @Test
    void fetching_one_provider_keeps_the_models_and_files_of_the_others() throws IOException {
        door.run("fetch");
        var before = written();
        var result = door.with("MISTRAL_API_KEY", Fixtures.KEY).run("fetch", "mistral");
        assertEquals(0, result.code(), result::toString);
        var after = written();
        assertTrue(after.get("models/catalog.json").contains("\"boreas-70b\"") && after.get("models/catalog.json").contains("\"m3\""));
        assertEquals(before.get("config/aichat/models_groq.yaml"), after.get("config/aichat/models_groq.yaml"));
        assertEquals(1, server.requests("/groq/models").size());
    }

    @Test
    void nothing_to_ask_is_3_and_says_what_to_set() {
        door.env.remove("GROQ_API_KEY");
        var result = door.run("fetch");
        assertEquals(3, result.code());
        assertTrue(result.err().contains("No provider's key is set"), result.err());
    }

    @Test
    void a_named_provider_without_a_key_is_skipped_with_the_variable_to_set() {
        var result = door.run("fetch", "mistral");
        assertEquals(0, result.code(), result::toString);
        assertTrue(result.err().contains("MISTRAL_API_KEY"), result.err());
    }

    @Test
    void a_name_that_no_provider_has_is_a_usage_error_with_the_nearest_one() {
        var result = door.run("fetch", "grok");
        assertEquals(2, result.code());
        assertTrue(result.err().contains("groq"), result.err());
        assertEquals(2, door.run("fetch", "--tool", "aichut").code());
        assertEquals(0, server.requests().size());
    }

    @Test
    void names_may_be_separated_by_commas() {
        var result = door.with("MISTRAL_API_KEY", Fixtures.KEY).run("fetch", "groq,mistral");
        assertEquals(0, result.code(), result::toString);
        assertTrue(result.err().contains("5 models of 2 providers: 2 done"), result.err());
    }

    @Test
    void a_failure_is_1_when_others_succeed_and_3_when_nothing_could_be_done() {
        server.on("/mistral/models", Loopback.answer(401, "{\"message\":\"bad key\"}"));
        door.with("MISTRAL_API_KEY", Fixtures.KEY);
        var both = door.run("fetch");
        assertEquals(1, both.code(), both::toString);
        assertTrue(both.err().contains("failed") && both.err().contains("MISTRAL_API_KEY"), both.err());
        assertFalse(both.err().contains(Fixtures.KEY), both.err());
        assertEquals(3, door.run("fetch", "mistral").code());
    }

    @Test
    void after_a_failed_refresh_the_old_answer_serves_with_its_age_and_the_code_is_1() throws IOException {
        door.run("fetch");
        var before = written();
        server.on("/groq/models", Loopback.answer(403, "{}"));
        door.now = door.now.plus(Duration.ofDays(3));
        var result = door.run("fetch");
        assertEquals(1, result.code(), result::toString);
        assertTrue(result.err().contains("3 days"), result.err());
        assertEquals(before, written());
    }

    @Test
    void failed_asks_those_that_failed_last_time() {
        server.on("/mistral/models", Loopback.answer(401, "{}"), Loopback.json(Fixtures.list(3)));
        door.with("MISTRAL_API_KEY", Fixtures.KEY).run("fetch");
        var again = door.run("fetch", "--failed");
        assertEquals(0, again.code(), again::toString);
        assertEquals(1, server.requests("/groq/models").size());
        assertEquals(3, door.run("fetch", "--failed").code());
    }

    @Test
    void offline_serves_what_is_stored_and_touches_no_network() throws IOException {
        door.run("fetch");
        var before = written();
        server.close();
        door.now = door.now.plus(Duration.ofHours(5));
        var result = door.run("fetch", "--offline");
        assertEquals(0, result.code(), result::toString);
        assertTrue(result.err().contains("5 hours old"), result.err());
        assertEquals(before, written());
    }

    @Test
    void render_writes_the_same_files_again_without_asking() throws IOException {
        door.run("fetch", "--legacy-output");
        var before = written();
        for (var path : before.keySet()) {
            if (!path.endsWith("catalog.json") && !path.endsWith("changes.jsonl") && !path.endsWith("failed_models.json")) {
                Files.delete(door.cwd.resolve(path));
            }
        }
        server.close();
        var result = door.run("render", "--legacy-output");
        assertEquals(0, result.code(), result::toString);
        assertEquals(before, written());
        Files.delete(door.cwd.resolve("config/txt/models_groq.txt"));
        Files.delete(door.cwd.resolve("config/aichat/models_groq.yaml"));
        door.run("render", "--tool", "aichat", "--provider", "groq");
        assertFalse(written().containsKey("config/txt/models_groq.txt"));
        assertTrue(written().containsKey("config/aichat/models_groq.yaml"));
    }

    @Test
    void what_is_made_of_stored_data_says_how_old_it_is() {
        door.run("fetch");
        door.now = door.now.plus(Duration.ofHours(5));
        assertTrue(door.run("render").err().contains("5 hours old\n"), door.run("render").err());
        door.now = door.now.plus(Duration.ofDays(2));
        assertTrue(door.run("render").err().contains("2 days old; 'catalog fetch' asks again"));
        assertTrue(door.run("stats").err().contains("2 days old; 'catalog fetch' asks again"));
        door.run("fetch");
        assertTrue(door.run("stats").err().contains("less than a minute old\n"));
    }

    @Test
    void a_second_fetch_of_the_same_answer_changes_no_file() throws IOException {
        door.run("fetch");
        var before = written();
        var result = door.run("fetch");
        assertTrue(result.err().contains("1 not modified"), result.err());
        assertEquals(before, written());
    }

    @Test
    void an_error_in_the_users_file_names_file_line_and_column() throws IOException {
        Files.createDirectories(door.home.resolve(".config/catalog"));
        Files.writeString(door.home.resolve(".config/catalog/providers.yaml"), "providers:\n  groq:\n    base_ulr: https://x.test\n");
        var result = door.run("providers", "list");
        assertEquals(4, result.code());
        assertTrue(result.err().matches("(?s).*providers.yaml:3:5: .*base_url.*"), result.err());
    }

    @Test
    void providers_and_stats_tell_what_is_known() throws IOException {
        assertEquals(3, door.run("stats").code());
        door.run("fetch");
        var list = new ObjectMapper().readTree(door.run("providers", "list", "--json").out());
        var groq = java.util.stream.StreamSupport.stream(list.spliterator(), false).filter(p -> p.get("id").asText().equals("groq")).findFirst().orElseThrow();
        assertEquals("true 2 fresh", groq.get("key_set").asText() + " " + groq.get("models") + " " + groq.get("last_outcome").asText());
        assertTrue(list.size() > 90);
        assertTrue(door.run("providers").out().contains("GROQ_API_KEY set"));
        assertFalse(door.run("providers", "show", "groq", "--json").out().contains(Fixtures.KEY));
        assertTrue(door.run("providers", "show", "lambda").out().contains("2025-09-25"));
        assertEquals(2, door.run("providers", "show", "lamda").code());
        assertEquals("2", new ObjectMapper().readTree(door.run("stats", "--json").out()).at("/total/context").asText());
        assertTrue(door.run("stats").out().contains("groq"));
    }

    @Test
    void fetch_json_is_data_on_stdout_and_words_on_stderr() throws IOException {
        var result = door.run("fetch", "--json");
        var outcome = new ObjectMapper().readTree(result.out()).at("/providers/0");
        assertEquals("groq fresh 2", outcome.get("provider").asText() + " " + outcome.get("outcome").asText() + " " + outcome.get("models"));
        assertEquals("", door.run("fetch", "-q").err());
    }

    @Test
    void help_version_completion_and_tools_need_no_network_and_no_files() throws IOException {
        assertTrue(door.run("version").out().startsWith("catalog "));
        assertEquals(door.run("version").out(), door.run("--version").out());
        for (var command : new String[] {"demo", "fetch", "render", "providers", "tools", "stats", "completion", "version"}) {
            var help = door.run(command, "--help");
            assertEquals(0, help.code(), command);
            assertTrue(help.out().contains("catalog " + command), help.out());
        }
        assertTrue(door.run("completion").out().contains("complete "));
        assertTrue(door.run("tools", "list").out().contains("config/codex/PROVIDER.config.toml"));
        assertTrue(new ObjectMapper().readTree(door.run("tools", "list", "--json").out()).size() > 8);
        assertEquals(2, door.run().code());
        assertEquals(2, door.run("fetsh").code());
        assertEquals(2, door.run("fetch", "--timeout", "soon").code());
        assertEquals(2, door.run("fetch", "--max-concurrency", "0").code());
        assertEquals(Map.of(), FrontDoor.tree(folder));
    }

    @Test
    void colours_only_where_asked() {
        assertFalse(door.run("fetch").err().contains("\u001b["));
        assertTrue(door.run("fetch", "--color", "always").err().contains("\u001b["));
    }

    @Test
    void a_provider_without_an_address_is_skipped_and_the_others_are_written() throws IOException {
        var result = door.run("fetch", "groq", "custom-openai", "cloudflare-workers-ai");
        assertEquals(0, result.code(), result::toString);
        assertTrue(result.err().contains("CUSTOM_BASE_URL"), result.err());
        assertTrue(written().containsKey("config/txt/models_groq.txt"));
        Files.createDirectories(door.home.resolve(".config/catalog"));
        Files.writeString(door.home.resolve(".config/catalog/providers.yaml"), "providers:\n  acme:\n    base_url_env: ACME_URL\n    key: none\n");
        assertEquals(0, door.run("providers", "list").code());
        assertFalse(door.run("providers", "show", "acme", "--json").out().contains("null"));
    }

    @Test
    void a_stored_answer_that_no_longer_fits_its_entry_stops_nobody_else() throws IOException {
        door.with("MISTRAL_API_KEY", Fixtures.KEY).run("fetch");
        Files.createDirectories(door.home.resolve(".config/catalog"));
        Files.writeString(door.home.resolve(".config/catalog/providers.yaml"), "providers:\n  groq:\n    items: /models\n");
        var result = door.run("fetch", "--offline");
        assertEquals(4, result.code(), result::toString);
        assertTrue(result.err().contains("groq") && result.err().contains("items:"), result.err());
        assertTrue(written().get("models/catalog.json").contains("boreas-70b") && written().containsKey("config/txt/models_mistral.txt"));
    }

    @Test
    void templates_that_cannot_be_read_are_told_and_the_rest_is_written() throws IOException {
        assertEquals(4, door.run("fetch", "--templates", "nowhere").code());
        assertEquals(0, server.requests().size());
        Files.createDirectories(door.cwd.resolve("templates/odd"));
        Files.write(door.cwd.resolve("templates/odd/x.txt.ftl"), new byte[] {(byte) 0xff, 'a'});
        var result = door.run("fetch");
        assertEquals(4, result.code(), result::toString);
        assertTrue(result.err().contains("templates/odd/x.txt.ftl") && result.err().contains("UTF-8"), result.err());
        assertTrue(Files.exists(door.cwd.resolve("config/aichat/models_groq.yaml")));
    }

    @Test
    void a_state_folder_that_cannot_be_written_costs_only_the_record() throws IOException {
        Files.createDirectories(door.home.resolve(".local"));
        Files.writeString(door.home.resolve(".local/state"), "a file where a folder should be");
        var result = door.run("fetch");
        assertEquals(0, result.code(), result::toString);
        assertTrue(result.err().contains("could not be kept"), result.err());
        assertTrue(written().containsKey("models/catalog.json"));
    }

    @Test
    void a_damaged_record_is_told() throws IOException {
        door.run("fetch");
        Files.writeString(door.home.resolve(".local/state/catalog/history.json"), "{");
        assertTrue(door.run("fetch").err().contains("damaged"));
    }

    @Test
    void quiet_keeps_quiet_about_all_but_failures() {
        server.on("/groq/models", Loopback.answer(401, "{}"));
        var result = door.run("fetch", "-q");
        assertEquals(3, result.code());
        assertTrue(result.err().contains("failed") && result.err().contains("GROQ_API_KEY"), result.err());
    }

    @Test
    void when_all_are_skipped_nothing_is_written() throws IOException {
        assertEquals(0, door.run("fetch", "mistral").code());
        assertEquals(Map.of(), FrontDoor.tree(door.cwd));
    }

    @Test
    void an_edited_or_deleted_file_is_made_again_though_no_answer_changed() throws IOException {
        door.run("fetch");
        var before = written();
        Files.writeString(door.cwd.resolve("config/aichat/models_groq.yaml"), "mine");
        Files.delete(door.cwd.resolve("models/extra/summary_stats.json"));
        door.run("fetch");
        assertEquals(before, written());
        assertTrue(Files.exists(door.cwd.resolve("models/extra/summary_stats.json")));
        assertTrue(door.run("fetch").err().contains("Nothing changed"));
        assertTrue(door.run("fetch", "--legacy-output").err().contains("3 unchanged") || written().containsKey("models/models_groq.toml"));
    }

    @Test
    void an_accepted_empty_list_empties_the_lists_and_is_named_for_the_tools() throws IOException {
        door.run("fetch");
        server.on("/groq/models", Loopback.json("{\"data\":[]}"));
        assertEquals(1, door.run("fetch").code());
        assertEquals("boreas-70b\nswift-8b", written().get("config/txt/models_groq.txt"));
        var result = door.run("fetch", "--force");
        assertEquals(0, result.code(), result::toString);
        assertEquals("", written().get("config/txt/models_groq.txt"));
        assertTrue(result.err().contains("not usable with aichat"), result.err());
    }

    @Test
    void gemini_models_are_named_as_aichat_sends_them() throws IOException {
        server.on("/google/models", Loopback.json("{\"models\":[{\"name\":\"models/g-1\",\"inputTokenLimit\":1000,"
                + "\"supportedGenerationMethods\":[\"generateContent\"]}]}"));
        door.with("GOOGLE_API_OPENAI", server.uri("/google").toString()).with("GEMINI_API_KEY", Fixtures.KEY).run("fetch", "google");
        assertTrue(written().get("config/aichat/models_google.yaml").contains("name: \"g-1\""));
        assertTrue(written().get("models/catalog.json").contains("\"id\":\"models/g-1\""));
        assertEquals(Fixtures.KEY, server.requests("/google/models").get(0).headers().get("x-goog-api-key"));
    }

    @Test
    void a_root_that_cannot_be_written_is_refused_with_its_name() throws IOException {
        Files.createDirectories(door.cwd.resolve("root"));
        Files.writeString(door.cwd.resolve("root/models"), "a file where a folder should be");
        var result = door.run("fetch", "--root", "root");
        assertEquals(5, result.code(), result::toString);
        assertTrue(result.err().contains("root/models") && !result.err().contains("should not happen"), result.err());
    }
}
