package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static tests.SearchTest.json;
import static tests.SearchTest.model;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import lib.model.Model;
import lib.model.Model.Conflict;
import lib.model.Model.Difference;
import lib.model.Model.Fact;
import lib.model.Model.Said;
import lib.provider.Provider.Field;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code catalog info}, {@code conflicts} and {@code compare} on a snapshot that lies in the working directory. */
class InfoTest {
    @TempDir
    Path folder;
    FrontDoor door;

    @BeforeEach
    void open() throws IOException {
        door = new FrontDoor(folder);
        var facts = new EnumMap<Field, Fact>(Field.class);
        facts.put(Field.NAME, new Fact("Boreas", "models-dev"));
        facts.put(Field.CONTEXT, new Fact(131_072L, "groq", false, List.of("models-dev")));
        facts.put(Field.MAX_OUTPUT, new Fact(32_768L, "models-dev"));
        facts.put(Field.COST_INPUT, new Fact(new BigDecimal("0.59"), "override"));
        facts.put(Field.COST_OUTPUT, new Fact(new BigDecimal("0.79"), "models-dev", false, List.of("litellm")));
        facts.put(Field.TOOLS, new Fact(true, "models-dev", true, List.of()));
        facts.put(Field.TIERS, new Fact(List.of(new Model.Tier(200_000L, "standard", Map.of(Field.COST_INPUT, new BigDecimal("1.50"))),
                new Model.Tier(null, "batch", Map.of(Field.COST_INPUT, new BigDecimal("0.3")))), "models-dev"));
        facts.put(Field.NOTE, new Fact("our contract, " + "as of last spring, ".repeat(10) + "until further notice", "override"));
        var boreas = new Model("groq", "acme/boreas-70b", facts, List.of(
                new Conflict(Field.MAX_OUTPUT, List.of(new Said("litellm", 8_192L)), Difference.REAL),
                new Conflict(Field.COST_INPUT, List.of(new Said("groq", new BigDecimal("0.6")), new Said("litellm", new BigDecimal("0.5"))),
                        Difference.REAL)));
        SearchTest.write(door, List.of(boreas,
                model("mistral", "BOREAS-70B", Field.ALIASES, List.of("north"), Field.COST_INPUT, "0.5", Field.COST_OUTPUT, "0.5",
                        Field.QUANTIZATION, "fp8"),
                model("openrouter", "acme/boreas-70b", Field.SHORT_NAME, "bo"),
                model("openrouter", "wind:free", Field.CANONICAL_ID, "acme/boreas-70b", Field.COST_INPUT, "0", Field.COST_OUTPUT, "0",
                        Field.CURRENCY, "CNY"),
                model("zai", "north", Field.FREE, true)), "groq", "models-dev", "litellm");
    }

    private void fetched(String groq, String modelsDev, String litellm) throws IOException {
        var inputs = "{\"snapshot\":{\"sha256\":\"\"},\"inputs\":[" + input("groq", groq) + "," + input("models-dev", modelsDev) + ","
                + input("litellm", litellm) + "]}";
        Files.writeString(door.cwd.resolve("models/extra/inputs.json"), inputs);
    }

    private static String input(String id, String at) {
        return "{\"id\":\"" + id + "\",\"url\":\"https://" + id + ".test\",\"sha256\":\"" + "0".repeat(64)
                + "\",\"fetched_at\":\"" + at + "\"}";
    }

    /** The row of a table that begins so, its columns parted by two spaces. */
    private static String row(FrontDoor.Result result, String begin) {
        return result.out().lines().filter(line -> line.startsWith(begin + " ")).findFirst()
                .orElse("no row " + begin + " in\n" + result.out()).replaceAll(" {2,}", "  ");
    }

    @Test
    void info_tells_each_value_with_unit_source_and_date_and_what_is_not_known() throws IOException {
        fetched("2026-11-19T10:00:00Z", "2026-11-18T10:00:00Z", "2026-11-18T10:00:00Z");
        var result = door.run("info", "groq/acme/boreas-70b");
        assertEquals(0, result.code(), result::toString);
        assertEquals("context window  131,072 tokens  groq  2026-11-19", row(result, "context window"));
        assertEquals("input price  $0.59 per 1M tokens  override  -", row(result, "input price"));
        assertEquals("tool calling  yes  models-dev (inferred)  2026-11-18", row(result, "tool calling"));
        assertEquals("other prices  above 200,000 tokens input $1.5; batch input $0.3  models-dev  2026-11-18",
                row(result, "other prices"));
        assertEquals("vision  unknown  -  -", row(result, "vision"));
        assertTrue(row(result, "note").matches("note  our contract, as of .*until further notice  override  -"), result.out());
        assertFalse(result.out().contains("8,192"), "what others say is for --explain");
        assertTrue(result.err().contains(" old"), result.err());
    }

    @Test
    void explain_adds_who_agrees_who_does_not_and_why_this_value_counts() throws IOException {
        fetched("2026-11-19T10:00:00Z", "2026-11-18T10:00:00Z", "2026-11-18T10:00:00Z");
        var out = door.run("info", "groq/acme/boreas-70b", "--explain").out().replaceAll(" {2,}", "  ");
        assertTrue(out.contains("\ncontext window  131,072 tokens  groq  2026-11-19  the provider's own word comes before the catalogues'\n"
                + "  the same  models-dev  2026-11-18\n"), out);
        assertTrue(out.contains("\nmax output  32,768 tokens  models-dev  2026-11-18  the provider does not say; "
                + "this is the first catalogue that does\n  8,192 tokens  litellm  2026-11-18  differs: real\n"), out);
        assertTrue(out.contains("  override  -  you say so, which comes before everything else\n"
                + "  $0.6 per 1M tokens  groq  2026-11-19  differs: real\n  $0.5 per 1M tokens  litellm"), out);
        assertTrue(out.contains("name  Boreas  models-dev  2026-11-18  names, families and knowledge cutoffs are taken from a catalogue"), out);
        assertTrue(out.contains("it is this provider's price, never another's\n  the same  litellm"), out);
        assertTrue(out.contains("but of the model that it is made from"), out);
    }

    @Test
    void info_as_json_has_the_same_and_no_date_where_none_is_known() throws IOException {
        fetched("2026-11-19T10:00:00Z", "not a date", "2026-11-18T10:00:00Z");
        var info = json(door.run("info", "groq/acme/boreas-70b", "--json"));
        assertEquals("groq", info.get("provider_id").textValue());
        assertEquals("{\"value\":131072,\"source\":\"groq\",\"as_of\":\"2026-11-19T10:00:00Z\",\"inferred\":false,"
                + "\"agree\":[\"models-dev\"],\"others\":[]}", info.get("fields").get("limits.context").toString());
        assertEquals("{\"value\":32768,\"source\":\"models-dev\",\"inferred\":false,\"agree\":[],"
                + "\"others\":[{\"source\":\"litellm\",\"value\":8192,\"class\":\"real\"}]}",
                info.get("fields").get("limits.output").toString());
        assertEquals("0.5", info.at("/fields/cost.input/others/1/value").textValue());
        assertTrue(info.at("/fields/capabilities.tool_call/inferred").booleanValue());
        assertEquals("1.5", info.at("/fields/cost.tiers/value/0/input").textValue());
        assertFalse(info.get("fields").has("capabilities.vision"), "unknown is absent");
    }

    @Test
    void dates_of_another_snapshots_inputs_are_not_told() throws IOException {
        fetched("2026-11-19T10:00:00Z", "2026-11-18T10:00:00Z", "2026-11-18T10:00:00Z");
        var file = door.cwd.resolve("models/extra/inputs.json");
        Files.writeString(file, Files.readString(file).replace("0".repeat(64), "1".repeat(64)));
        assertEquals("context window  131,072 tokens  groq  -", row(door.run("info", "groq/acme/boreas-70b"), "context window"));
        Files.writeString(file, "<html>");
        assertEquals("context window  131,072 tokens  groq  -", row(door.run("info", "groq/acme/boreas-70b"), "context window"));
    }

    @Test
    void a_model_is_found_by_short_name_id_or_alias_and_in_any_case_if_need_be() throws IOException {
        assertEquals("openrouter/acme/boreas-70b", door.run("info", "bo").out().lines().findFirst().orElse(""));
        assertEquals("zai/north", door.run("info", "north").out().lines().findFirst().orElse(""), "an id comes before an alias");
        assertEquals("mistral/BOREAS-70B", door.run("info", "north", "--provider", "mistral").out().lines().findFirst().orElse(""));
        assertEquals("mistral/BOREAS-70B", door.run("info", "Boreas-70b").out().lines().findFirst().orElse(""));
        var several = door.run("info", "acme/boreas-70b");
        assertEquals(0, several.code());
        assertTrue(several.out().startsWith("PROVIDER") && several.out().lines().count() == 3, several.out());
        assertTrue(several.err().contains("catalog info groq/acme/boreas-70b"), several.err());
        assertEquals(2, json(door.run("info", "acme/boreas-70b", "--json")).size());
        assertEquals("openrouter/acme/boreas-70b",
                door.run("info", "acme/boreas-70b", "--provider", "openrouter").out().lines().findFirst().orElse(""));
    }

    @Test
    void a_name_that_no_model_has_is_3_with_what_is_near() {
        for (var command : List.of("info", "compare")) {
            var result = door.run(command, "BOREAS");
            assertEquals(3, result.code(), result::toString);
            assertEquals("", result.out());
            assertTrue(result.err().contains("near to it: BOREAS-70B, acme/boreas-70b"), result.err());
            assertTrue(door.run(command, "wind:fre").err().contains("wind:free"), "a part");
            assertTrue(door.run(command, "nort").err().contains("north"));
            assertTrue(door.run(command, "wimd:free").err().contains("did you mean wind:free?"));
            assertTrue(door.run(command, "zzz").err().contains("catalog search"));
        }
    }

    @Test
    void conflicts_counts_per_field_and_lists_the_largest_ratio_first() {
        var result = door.run("conflicts");
        assertEquals(0, result.code(), result::toString);
        assertEquals("limits.context  1  1  0  0  0  0  0.0 %", row(result, "limits.context"));
        assertEquals("limits.output  1  0  0  0  0  1  100.0 %", row(result, "limits.output"));
        assertEquals("cost.output  1  1  0  0  0  0  0.0 %", row(result, "cost.output"));
        var list = result.out().substring(result.out().indexOf("\n\n") + 2).replaceAll(" {2,}", "  ").lines().toList();
        assertEquals(List.of("MODEL  FIELD  COUNTS  OTHERS  RATIO  CLASS",
                "groq/acme/boreas-70b  limits.output  32,768 tokens (models-dev)  8,192 tokens (litellm)  4.00  real",
                "groq/acme/boreas-70b  cost.input  $0.59 per 1M tokens (override)  "
                        + "$0.6 per 1M tokens (groq), $0.5 per 1M tokens (litellm)  1.18  real"), list);
    }

    @Test
    void conflicts_can_be_narrowed_by_field_ratio_class_and_provider() {
        assertFalse(door.run("conflicts", "--summary").out().contains("boreas"));
        assertFalse(door.run("conflicts", "--min-ratio", "2").out().contains("$0.59"));
        assertTrue(door.run("conflicts", "--min-ratio", "4").out().contains("32,768"), "at least, not more than");
        assertFalse(door.run("conflicts", "--min-ratio", "4.01").out().contains("32,768"));
        var input = door.run("conflicts", "--field", "input").out();
        assertTrue(input.contains("cost.input") && !input.contains("limits.output"), input);
        assertTrue(door.run("conflicts", "--field", "limits.output").out().contains("8,192"));
        var near = door.run("conflicts", "--field", "contxt");
        assertEquals(2, near.code());
        assertTrue(near.err().contains("did you mean context?; see 'catalog conflicts --summary'"), near.err());
        var far = door.run("conflicts", "--field", "foo").err();
        assertTrue(far.contains("no field 'foo'; see 'catalog conflicts --summary'"), far);
        assertTrue(door.run("conflicts", "--class", "rounding").err().contains("No conflicts of that kind"));
        assertEquals(2, door.run("conflicts", "--class", "wrong").code());
        assertTrue(door.run("conflicts", "--provider", "mistral").err().contains("no two sources speak of the same"));
    }

    @Test
    void a_source_that_is_more_than_a_day_older_makes_a_conflict_stale() throws IOException {
        fetched("2026-11-19T10:00:00Z", "2026-11-19T10:00:00Z", "2026-11-18T09:59:59Z");
        var stale = json(door.run("conflicts", "--class", "stale", "--json"));
        assertEquals("limits.output", stale.at("/conflicts/0/field").textValue());
        assertEquals("stale", stale.at("/conflicts/0/class").textValue());
        assertEquals(1, stale.get("conflicts").size(), "nobody knows when the override was made");
        assertTrue(door.run("info", "groq/acme/boreas-70b", "--explain").out().contains("differs: stale"));
        fetched("2026-11-19T10:00:00Z", "2026-11-19T10:00:00Z", "2026-11-18T10:00:00Z");
        assertEquals(0, json(door.run("conflicts", "--class", "stale", "--json")).get("conflicts").size(), "exactly a day is not more");
        fetched("2026-11-19T10:00:00Z", "2026-11-01T10:00:00Z", "2026-11-19T10:00:00Z");
        assertEquals(0, json(door.run("conflicts", "--class", "stale", "--json")).get("conflicts").size(), "the loser is the newer one");
    }

    @Test
    void conflicts_as_json_have_values_sources_ratio_and_class() throws IOException {
        var json = json(door.run("conflicts", "--json"));
        assertEquals("{\"field\":\"limits.context\",\"models\":1,\"agree\":1,\"rounding\":0,\"tier\":0,\"stale\":0,"
                + "\"real\":0,\"differ_percent\":0.0}", json.at("/fields/0").toString());
        var first = json.at("/conflicts/0");
        assertEquals("groq acme/boreas-70b limits.output 32768 models-dev 4.0 real", String.join(" ", first.get("provider_id").textValue(),
                first.get("id").textValue(), first.get("field").textValue(), first.get("chosen").asText(), first.get("source").textValue(),
                first.get("ratio").asText(), first.get("class").textValue()));
        assertEquals("[{\"source\":\"litellm\",\"value\":8192}]", first.get("others").toString());
        assertFalse(json(door.run("conflicts", "--json", "--summary")).has("conflicts"));
    }

    @Test
    void compare_shows_one_model_at_its_providers_the_cheapest_first_and_says_how_it_was_recognised() {
        var result = door.run("compare", "acme/boreas-70b");
        assertEquals(0, result.code(), result::toString);
        assertEquals("mistral  BOREAS-70B  -  -  0.5  0.5  *  fp8  same name", row(result, "mistral"));
        assertEquals("groq  acme/boreas-70b  131,072  32,768  0.59  0.79  -  exact  tools", row(result, "groq"));
        assertEquals("mistral groq openrouter openrouter",
                String.join(" ", result.out().lines().skip(1).map(line -> line.split(" ")[0]).toList()));
        assertTrue(result.out().contains("stated") && result.out().contains("0 CNY"), "another currency cannot be compared");
        assertFalse(result.out().contains("zai"), result.out());
        assertEquals(result.out(), door.run("compare", "groq/acme/boreas-70b").out());
        assertTrue(door.run("compare", "boreas-70b").out().contains("acme/boreas-70b"), "by name alone");
    }

    @Test
    void what_a_terminal_would_obey_is_made_visible_wherever_it_is_printed() throws IOException {
        var evil = "\u001b[2J\u202e";
        SearchTest.write(door, List.of(new Model("groq" + evil, "id" + evil, Map.of(Field.NAME, new Fact("name" + evil, "source" + evil, false,
                List.of("agrees" + evil)), Field.FAMILY, new Fact("family" + evil, "groq"), Field.COST_INPUT, new Fact(BigDecimal.ONE, "groq"),
                Field.CURRENCY, new Fact("EUR" + evil, "groq"), Field.QUANTIZATION, new Fact("fp8" + evil, "groq"), Field.TAGS,
                new Fact(List.of("tag" + evil), "groq")),
                List.of(new Conflict(Field.FAMILY, List.of(new Said("differs" + evil, "ocr" + evil)), Difference.REAL)))));
        for (var command : List.of("info id" + evil + " --explain", "compare id" + evil, "conflicts", "search", "suggest --use-case chat",
                "info nobody" + evil, "info id", "search --free --tag " + evil)) {
            var result = door.run(command.split(" "));
            var said = result.out() + result.err();
            assertFalse(said.contains("\u001b") || said.contains("\u202e"), command + ": " + said);
            assertTrue(said.contains("\\u001b[2J\\u202e"), command + ": " + said);
        }
    }

    @Test
    void compare_as_json_is_the_snapshots_models_with_match_and_cheapest() throws IOException {
        var all = json(door.run("compare", "acme/boreas-70b", "--json"));
        assertEquals(4, all.size());
        assertEquals("BOREAS-70B same name true", all.get(0).get("id").textValue() + " " + all.get(0).get("match").textValue() + " "
                + all.get(0).get("cheapest"));
        assertEquals("0.79", all.get(1).at("/cost/output").textValue());
        assertFalse(all.get(1).get("cheapest").booleanValue());
    }
}
