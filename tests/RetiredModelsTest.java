package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code catalog fetch} says of a person's own settings where these call a provider by another name than we do. */
class RetiredModelsTest extends CliSetup {
    /** Where there are none, settings are not looked at again. */
    private int news;

    @BeforeEach
    void a_model_that_one_of_two_providers_retires() {
        door.env.remove("CATALOG_SOURCES");
        door.with("MODELS_DEV_URL", server.uri("/models-dev").toString()).with("LITELLM_API_OPENAI", server.uri("/litellm").toString());
        door.with("ANTHROPIC_API_OPENAI", server.uri("/claude").toString()).with("ANTHROPIC_API_KEY", Fixtures.KEY);
        door.with("MISTRAL_API_KEY", Fixtures.KEY);
        server.on("/claude/models", Loopback.json("{\"data\":[{\"id\":\"haze-3\"}]}"));
        server.on("/groq/models", Loopback.json("{\"data\":[{\"id\":\"haze-3\"}]}"));
        server.on("/models-dev", Loopback.json("{\"anthropic\":{\"models\":{\"haze-3\":{\"status\":\"deprecated\"}}}}"));
        server.on("/litellm", Loopback.answer(404, ""));
    }

    private List<String> warnings(String aichat) throws IOException {
        var file = door.home.resolve(".config/aichat/config.yaml");
        Files.createDirectories(file.getParent());
        Files.writeString(file, aichat);
        server.on("/mistral/models", Loopback.json(Fixtures.list(++news)));
        return door.run("fetch", "anthropic", "groq", "mistral").err().lines().filter(line -> line.startsWith("~/")).toList();
    }

    private static String line(int number) {
        return "~/.config/aichat/config.yaml:" + number + ": anthropic/haze-3 is deprecated";
    }

    @Test
    void a_client_without_a_name_is_called_by_its_type() throws IOException {
        assertEquals(List.of(line(1)), warnings("model: claude:haze-3\n"));
        assertEquals(List.of(), warnings("model: groq:haze-3\n"), "there it is well and alive");
        assertEquals(List.of(), warnings("model: mine:haze-3\n"), "nobody knows whose that is");
        assertEquals(List.of(line(4)), warnings("clients:\n- type: claude\n  models:\n  - name: haze-3\n"));
        assertEquals(List.of(), warnings("clients:\n- type: claude\n- type: openai-compatible\n  name: groq\n"
                + "  models:\n  - name: haze-3\n"));
    }

    @Test
    void a_client_with_a_name_of_the_persons_own_is_known_by_its_type_wherever_it_stands() throws IOException {
        assertEquals(List.of(line(1), line(6)), warnings("model: mine:haze-3\nclients:\n- type: claude # at home\n  name: \"mine\"\n"
                + "  models:\n  - name: haze-3\n"));
        assertEquals(List.of(), warnings("model: mine:haze-3\nclients:\n- type: openai-compatible\n  name: mine\n"));
    }
}
