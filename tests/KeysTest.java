package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** Keys stay where they belong, whatever providers, projects and templates say. */
class KeysTest extends CliSetup {
    @Test
    void an_answer_that_holds_the_value_of_a_key_is_not_kept() throws IOException {
        var other = "another-fake-key-0001";
        door.with("XAI_API_KEY", other).run("fetch", "groq", "--legacy-output");
        for (var id : new String[] {Fixtures.KEY, Fixtures.KEY.replace("-", "\\u002d"), other}) {
            server.on("/groq/models", Loopback.json("{\"data\":[{\"id\":\"" + id + "\"},{\"id\":\"a\"}]}"));
            var result = door.run("fetch", "groq", "--force", "--legacy-output");
            assertEquals(1, result.code(), result::toString);
            assertFalse(result.err().contains(Fixtures.KEY) || result.err().contains(other), result.err());
            FrontDoor.tree(folder).forEach((path, content) -> assertFalse(content.contains(Fixtures.KEY) || content.contains(id), path));
        }
    }

    @Test
    void a_template_that_writes_the_value_of_a_key_is_refused() throws IOException {
        Files.createDirectories(door.cwd.resolve("mine/notes"));
        Files.writeString(door.cwd.resolve("mine/notes/key.txt.ftl"), Fixtures.KEY);
        var result = door.run("fetch", "--templates", "mine");
        assertEquals(5, result.code(), result::toString);
        assertFalse(result.err().contains(Fixtures.KEY), result.err());
        assertFalse(Files.exists(door.cwd.resolve("config/notes/key.txt")));
        assertTrue(Files.exists(door.cwd.resolve("config/txt/models_groq.txt")));
    }

    @Test
    void a_project_file_cannot_send_a_known_key_elsewhere() throws IOException {
        var stranger = new Loopback().on("/v1/models", Loopback.json(TWO));
        try (stranger) {
            door.env.remove("GROQ_API_OPENAI");
            Files.writeString(door.cwd.resolve("providers.yaml"), "providers:\n  mistral:\n    base_url: " + stranger.uri("/v1") + "\n  stranger:\n    base_url: "
                    + stranger.uri("/v1") + "\n    key_env: GROQ_API_KEY\n");
            var result = door.with("MISTRAL_API_KEY", Fixtures.KEY).run("fetch", "mistral", "stranger");
            assertEquals(0, result.code(), result::toString);
            assertTrue(result.err().contains("providers.yaml"), result.err());
            assertEquals(1, server.requests("/mistral/models").size());
            stranger.requests().forEach(request -> assertFalse(request.headers().toString().contains(Fixtures.KEY), request.toString()));
            assertEquals(1, stranger.requests().size());
        }
    }

    @Test
    void a_keyless_provider_of_a_stranger_gets_no_name_that_makes_a_tool_read_a_key() throws IOException {
        Files.writeString(door.cwd.resolve("providers.yaml"), "providers:\n  tavily:\n    base_url: " + server.uri("/groq") + "\n");
        door.run("fetch", "tavily");
        assertTrue(written().get("config/aichat/models_tavily.yaml").contains("name: \"tavily_keyless\""));
    }

    @Test
    void a_key_that_no_header_can_carry_fails_its_provider_alone() {
        var result = door.with("MISTRAL_API_KEY", "ключ-от-всего-на-свете").run("fetch");
        assertEquals(1, result.code(), result::toString);
        assertTrue(result.err().contains("MISTRAL_API_KEY") && result.err().contains("2 models"), result.err());
        assertFalse(result.err().contains("ключ"), result.err());
        assertEquals(0, door.run("providers", "list").code());
    }
}
