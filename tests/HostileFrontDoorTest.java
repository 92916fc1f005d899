package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.tomlj.Toml;

/** Answers made to break out of a file: they come out as data in every format, or are refused by name. */
class HostileFrontDoorTest {
    private static final List<String> STRANGE = List.of("a\"b", "it's", "x]]", "---", "# no", "yes", "no", "null", "1.0", "0x1F", "${user}", "<#if x>",
            "[=x]", "a: b", "- a", "{a}", "*a", "&a", "!!str", "%TAG", "a\\nb", "\\", "x\"\\n[mcp_servers.evil]", "\u202egnp.exe", "mod\u00e8le", "\ud83d\udc2c",
            "a\u2028b", "=cmd|' /C calc'!A0", "</script>", "a,b", "~", "'", "a b", "openai/gpt-oss:free", "..", "CON");
    private static final List<String> REFUSED = List.of("a\nb", "a\u0000b", "\u001b[31m", "\u0085", "\ud800", "x".repeat(513), "x".repeat(1 << 20));

    @TempDir
    Path folder;

    @Test
    void strange_ids_are_data_and_impossible_ones_are_refused_by_name() throws IOException {
        var body = JsonNodeFactory.instance.objectNode();
        var data = body.putArray("data");
        for (var id : STRANGE) {
            data.addObject().put("id", id).put("name", id).put("context_window", 4096).put("owned_by", id);
        }
        REFUSED.forEach(id -> data.addObject().put("id", id));
        // A lone surrogate has no bytes in UTF-8; in JSON it comes as an escape.
        var result = fetch(body.toString().replace("\ud800", "\\ud800"));
        assertEquals(0, result.code(), result.err());
        assertTrue(result.err().contains("\\u001b[31m") && !result.err().contains("\u001b"), result.err());
        assertEquals(new TreeSet<>(STRANGE), ids());
    }

    /** Ids of random pieces of every syntax that is written. */
    @Test
    void random_ids_are_data() throws IOException {
        long seed = Long.getLong("catalog.seed", new Random().nextLong());
        var random = new Random(seed);
        var pieces = List.of("\"", "'", "\\", "\\u0041", "]", "[[a]]", "{", "}", "#", ": ", "- ", "---", "...", "${a}", "<#a>", "%", "&", "*", "!", "|", ">", "@",
                "`", "\u00e9", "\u202e", "\ufeff", "\ud83d\ude00", "=", ",", "true", "~", "1e9", " ", "a", "Z");
        var ids = new TreeSet<String>();
        var body = JsonNodeFactory.instance.objectNode();
        var data = body.putArray("data");
        for (int i = 0; i < 300; i++) {
            var id = new StringBuilder("i");
            for (int n = random.nextInt(8); n >= 0; n--) {
                id.append(pieces.get(random.nextInt(pieces.size())));
            }
            if (ids.add(id.toString())) {
                data.addObject().put("id", id.toString()).put("name", id.reverse().toString());
            }
        }
        var result = fetch(body.toString());
        assertEquals(0, result.code(), "seed " + seed + "\n" + result.err());
        assertEquals(ids, ids(), "seed " + seed);
    }

    @Test
    void an_answer_nested_beyond_all_measure_fails_with_a_word() throws IOException {
        var result = fetch("{\"data\":" + "[".repeat(200_000) + "]".repeat(200_000) + "}");
        assertEquals(3, result.code(), result.err());
        assertTrue(result.err().contains("failed") && !result.err().contains("Exception"), result.err());
    }

    @Test
    void absurd_numbers_are_unknown() throws IOException {
        var result = fetch("{\"data\":[{\"id\":\"a\",\"context_window\":1e999999999,\"max_completion_tokens\":-5,\"created\":1e400}]}");
        assertEquals(0, result.code(), result.err());
        assertTrue(Files.readString(folder.resolve("work/models/catalog.json")).contains("\"limits\":{}"));
    }

    private FrontDoor.Result fetch(String body) throws IOException {
        try (var server = new Loopback().on("/v1/models", Loopback.json(body))) {
            return new FrontDoor(folder).with("OPENROUTER_API_OPENAI", server.uri("/v1").toString()).with("OPENROUTER_API_KEY", Fixtures.KEY)
                    .run("fetch", "openrouter");
        }
    }

    /** The ids as each written format has them, which must be the same in all. */
    private TreeSet<String> ids() throws IOException {
        var config = folder.resolve("work/config");
        var yaml = new Load(LoadSettings.builder().setAllowDuplicateKeys(false).build());
        var aichat = new TreeSet<String>();
        var clients = (List<?>) ((Map<?, ?>) yaml.loadFromString(Files.readString(config.resolve("aichat/models_openrouter.yaml")))).get("clients");
        for (var model : (List<?>) ((Map<?, ?>) clients.get(0)).get("models")) {
            aichat.add((String) ((Map<?, ?>) model).get("name"));
        }
        var mods = new TreeSet<String>();
        var apis = (Map<?, ?>) ((Map<?, ?>) yaml.loadFromString(Files.readString(config.resolve("mods/models_openrouter.yml")))).get("apis");
        ((Map<?, ?>) ((Map<?, ?>) apis.get("openrouter")).get("models")).keySet().forEach(key -> mods.add((String) key));
        var codex = new TreeSet<String>();
        new ObjectMapper().readTree(config.resolve("codex/openrouter.models.json").toFile()).get("models").forEach(m -> codex.add(m.get("slug").asText()));
        var snapshot = new ArrayList<String>();
        new ObjectMapper().readTree(folder.resolve("work/models/catalog.json").toFile()).get("models").forEach(m -> snapshot.add(m.get("id").asText()));
        assertEquals(aichat, mods);
        assertEquals(aichat, codex);
        assertEquals(aichat, new TreeSet<>(snapshot));
        assertEquals(aichat, new TreeSet<>(List.of(Files.readString(config.resolve("txt/models_openrouter.txt")).split("\n"))).descendingSet().descendingSet());
        var profile = Toml.parse(config.resolve("codex/openrouter.config.toml"));
        assertFalse(profile.hasErrors(), () -> profile.errors().toString());
        assertEquals("[features, model, model_catalog_json, model_provider, model_providers, web_search]", new TreeSet<>(profile.keySet()).toString());
        assertTrue(codex.contains(profile.getString("model")));
        return aichat;
    }
}
