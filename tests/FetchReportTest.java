package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code catalog fetch} says of catalogues and changes, to people and, with {@code --json}, to scripts. */
class FetchReportTest extends CliSetup {
    @BeforeEach
    void catalogues() {
        door.env.remove("CATALOG_SOURCES");
        door.with("MODELS_DEV_URL", server.uri("/models-dev").toString())
                .with("LITELLM_API_OPENAI", server.uri("/litellm").toString());
        server.on("/models-dev", prices("1")).on("/litellm", Loopback.answer(404, ""));
    }

    private static Loopback.Reply prices(String input) {
        return Loopback.json("{\"groq\":{\"models\":{\"swift-8b\":{\"cost\":{\"input\":" + input + ",\"output\":5}}}}}");
    }

    private JsonNode json(String... arguments) throws IOException {
        return new ObjectMapper().readTree(door.run(arguments).out());
    }

    @Test
    void json_has_the_catalogues_the_changes_and_the_watched_prices() throws IOException {
        var first = json("fetch", "groq", "--json");
        assertEquals("groq", first.at("/providers/0/provider").asText());
        assertEquals(1, first.get("providers").size());
        assertEquals(List.of("models-dev", "litellm"), first.get("sources").findValuesAsText("provider"));
        assertEquals(List.of("fresh", "failed"), first.get("sources").findValuesAsText("outcome"));
        assertTrue(first.at("/sources/1/advice").isTextual(), first.toString());
        assertEquals(0, first.get("watched").size());
        server.on("/models-dev", prices("2"));
        var second = json("fetch", "groq", "--watch-price", "10%", "--json");
        assertEquals(1, second.get("changes_total").asInt(), second.toString());
        assertEquals("price", second.at("/changes/0/change").asText());
        assertEquals("cost.input", second.at("/changes/0/field").asText());
        assertEquals(second.get("changes"), second.get("watched"));
    }

    @Test
    void json_lists_at_most_a_thousand_changes_and_says_how_many_there_are() throws IOException {
        json("fetch", "groq", "--json");
        var many = new StringBuilder("{\"data\":[");
        for (int i = 0; i < 1_200; i++) {
            many.append(i == 0 ? "" : ",").append("{\"id\":\"m").append(i).append("\"}");
        }
        server.on("/groq/models", Loopback.json(many + "]}"));
        var report = json("fetch", "groq", "--json");
        assertEquals(1_000, report.get("changes").size());
        assertTrue(report.get("changes_total").asInt() >= 1_200, report.get("changes_total").toString());
    }

    @Test
    void a_first_fetch_does_not_send_anybody_to_diff_which_has_nothing_to_compare() {
        var first = door.run("fetch", "groq").err();
        assertTrue(first.contains("changed ") && !first.contains("'catalog diff'"), first);
        server.on("/models-dev", prices("2"));
        assertTrue(door.run("fetch", "groq").err().contains("; 'catalog diff' tells all"));
    }

    @Test
    void values_of_a_catalogue_that_are_no_usable_numbers_are_counted_where_models_are_looked_up() throws IOException {
        server.on("/models-dev", Loopback.json("""
                {"groq": {"models": {"swift-8b": {"limit": {"context": "many", "output": 200000000},
                    "cost": {"input": -1, "output": "cheap", "cache_read": 1e-12, "cache_write": 0, "reasoning": null, "input_audio": ""}},
                  "other": {"limit": {"context": "many"}}}}}"""));
        var result = door.run("fetch", "groq");
        assertEquals(0, result.code());
        assertTrue(result.err().contains("models-dev: 5 values are no usable numbers and are left out"), result.err());
        server.on("/models-dev", prices("2"));
        assertFalse(door.run("fetch", "groq").err().contains("usable"));
    }
}
