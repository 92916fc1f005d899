package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code models/catalog.json} tells of its inputs and of nothing else: not of the way on which it came about, nor of who was out. */
class LockTest extends CliSetup {
    private static final String MODELS_DEV = """
            {"groq": {"models": {"swift-8b": {"id": "swift-8b", "name": "Swift 8B", "family": "swift", "tool_call": true,
               "limit": {"context": 65536, "output": 8192}, "cost": {"input": 0.1, "output": 0.3}}}},
             "mistral": {"models": {"m1": {"id": "m1", "name": "Mistral One", "limit": {"context": 1000, "output": 10}}}}}""";
    private static final String LITELLM = """
            {"groq/swift-8b": {"litellm_provider": "groq", "mode": "chat", "max_output_tokens": 4096, "input_cost_per_token": 1e-07}}""";

    @BeforeEach
    void catalogues() {
        server.on("/groq/models", Loopback.json("{\"data\":[{\"id\":\"swift-8b\",\"name\":\"swift\",\"family\":\"birds\",\"context_window\":65000},{\"id\":\"bare\"}]}"));
        server.on("/mistral/models", Loopback.json("{\"data\":[{\"id\":\"m1\",\"name\":\"one\"}]}"));
        server.on("/models-dev", Loopback.json(MODELS_DEV)).on("/litellm", Loopback.json(LITELLM));
        person(door);
    }

    private FrontDoor person(FrontDoor one) {
        one.env.remove("CATALOG_SOURCES");
        door.env.forEach(one.env::putIfAbsent);
        return one.with("MISTRAL_API_KEY", Fixtures.KEY).with("MODELS_DEV_URL", server.uri("/models-dev").toString())
                .with("LITELLM_API_OPENAI", server.uri("/litellm").toString());
    }

    private FrontDoor another(String name) throws IOException {
        return person(new FrontDoor(Files.createDirectories(folder.resolve(name))));
    }

    private static Path lock(FrontDoor whose) {
        return whose.cwd.resolve("models/catalog.json");
    }

    private static String models(FrontDoor whose) throws IOException {
        return Files.readString(lock(whose));
    }

    @Test
    void whatever_way_it_came_about_the_same_inputs_give_the_same_bytes() throws IOException {
        var direct = another("direct");
        assertEquals(0, direct.run("fetch", "groq,mistral", "--sources", "litellm").code());
        assertEquals(0, door.run("fetch", "groq,mistral").code());
        assertTrue(models(door).contains("Swift 8B"));
        assertEquals(0, door.run("fetch", "mistral", "--sources", "litellm").code());
        assertEquals(models(direct), models(door), "groq was not asked again, and its own words are back");
        assertEquals(0, door.run("fetch", "mistral").code());
        assertEquals(0, direct.run("fetch", "groq,mistral").code());
        assertEquals(models(direct), models(door));
    }

    @Test
    void without_the_override_the_providers_own_word_counts_again() throws IOException {
        var plain = another("plain");
        plain.run("fetch", "groq,mistral");
        var overrides = door.cwd.resolve("overrides.yaml");
        Files.writeString(overrides, "models:\n  groq/swift-8b: {limits.context: 5, name: Mine, limits.output: null, aliases: [a]}\n");
        door.run("fetch", "groq,mistral");
        assertTrue(models(door).contains("\"context\":5}"), models(door));
        assertFalse(models(door).contains("\"output\":8192"), "null is unknown after all");
        Files.delete(overrides);
        door.run("fetch", "mistral");
        assertEquals(models(plain), models(door));
    }

    @Test
    void a_catalogue_that_cannot_be_reached_costs_nobody_a_fact() throws IOException {
        door.run("fetch", "groq,mistral");
        var whole = models(door);
        // A machine that has the repository, and nothing stored.
        var runner = another("runner");
        Files.createDirectories(lock(runner).getParent());
        Files.writeString(lock(runner), whole);
        runner.with("MODELS_DEV_URL", server.uri("/nothing").toString()).with("LITELLM_API_OPENAI", server.uri("/nothing").toString());
        var result = runner.run("fetch", "groq");
        assertEquals(0, result.code(), result.err());
        assertTrue(result.err().contains("models-dev is silent; what models/catalog.json has of it stays"), result.err());
        assertFalse(result.err().contains("came with catalog"), result.err());
        assertEquals(whole, models(runner));
        assertFalse(Files.exists(runner.cwd.resolve("models/changes.jsonl")), "nothing changed");
    }

    @Test
    void fetches_at_once_into_one_root_lose_nobody() throws Exception {
        for (int round = 0; round < 10; round++) {
            var here = another("round " + round);
            var pool = Executors.newFixedThreadPool(3);
            try {
                List<Callable<Integer>> runs = List.of(() -> here.run("fetch", "groq").code(), () -> here.run("fetch", "mistral").code(),
                        () -> here.run("fetch", "groq,mistral").code());
                for (var code : pool.invokeAll(runs)) {
                    assertEquals(0, code.get());
                }
            } finally {
                pool.shutdownNow();
            }
            var ids = new ObjectMapper().readTree(lock(here).toFile()).get("models").findValuesAsText("provider_id");
            assertTrue(ids.contains("groq") && ids.contains("mistral"), "round " + round + ": " + ids);
        }
    }
}
