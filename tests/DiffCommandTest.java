package tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import lib.model.Archive;
import lib.model.Changes.ChangeLog;
import lib.model.Changes;
import lib.model.Model;
import lib.model.Snapshot;
import lib.provider.Json;
import lib.provider.Provider.Field;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code catalog diff} and {@code catalog rollback} as a person runs them, and what is made of the changes. */
class DiffCommandTest {
    private static final String NL = System.lineSeparator();
    private static final Snapshot MONDAY = ChangesTest.snapshot(model("groq", "gone"), price("groq", "swift", "1"), price("mistral", "m", "2"));
    private static final Snapshot TUESDAY = ChangesTest.snapshot(price("groq", "swift", "1.05"), price("mistral", "m", "2"));
    private static final Snapshot TODAY = ChangesTest.snapshot(model("groq", "boreas", Field.CONTEXT, 131072L), price("groq", "swift", "0.8"),
            price("mistral", "m", "2.1"));

    @TempDir
    Path folder;
    private FrontDoor door;
    private Archive archive;

    private static Model model(String provider, String id, Object... fieldsAndValues) {
        return ChangesTest.model(provider, id, fieldsAndValues);
    }

    private static Model price(String provider, String id, String input) {
        return model(provider, id, Field.COST_INPUT, new BigDecimal(input), Field.CURRENCY, "USD");
    }

    @BeforeEach
    void open() throws IOException {
        door = new FrontDoor(folder);
        archive = Archive.of(Fixtures.host(door.cwd, door.env), door.cwd);
    }

    private Path log() {
        return door.cwd.resolve("models/changes.jsonl");
    }

    /** What a fetch leaves. */
    private void fetched(Snapshot now, Duration ago) throws IOException {
        var before = archive.current(door.now, (then, later) -> "old").snapshot();
        var at = door.now.minus(ago);
        archive.replace(now::writeTo, at);
        var log = ChangeLog.open(log());
        log.append(log.settle(Changes.between(before, now), now, java.util.Set.of("groq", "mistral"), Changes.GRACE, at), at);
        Files.setLastModifiedTime(archive.file(), java.nio.file.attribute.FileTime.from(at));
    }

    private void threeDays() throws IOException {
        fetched(MONDAY, Duration.ofDays(2));
        fetched(TUESDAY, Duration.ofDays(1));
        fetched(TODAY, Duration.ofMinutes(5));
    }

    private static String lines(String... lines) {
        return String.join(NL, lines) + NL;
    }

    @Test
    void the_last_change_is_told_with_the_ages_of_both() throws IOException {
        threeDays();
        var result = door.run("diff");
        assertEquals(0, result.code(), result::toString);
        assertEquals(lines("+ groq/boreas (131,072 context)", "~ groq/swift  input price 1.05 -> 0.80 (-23.8 %)", "~ mistral/m input price 2.00 -> 2.10 (+5 %)"),
                result.out());
        assertEquals(lines("Changes: 1 model added, 2 prices (1 up, 1 down).", "From " + archive.list().get(1).id() + " (1 day old) to " + archive.file()
                + " (5 minutes old)"), result.err());
        assertEquals("", door.run("diff", "-q").err());
    }

    @Test
    void what_is_missing_is_told_with_its_time_and_after_the_grace_as_removed() throws IOException {
        threeDays();
        var first = archive.list().get(2).id();
        assertTrue(door.run("diff", first).out().startsWith("+ groq/boreas (131,072 context)" + NL + "- groq/gone   missing since 2026-11-19 12:00" + NL));
        assertTrue(door.run("diff", first, "--grace", "5h").out().contains("- groq/gone   removed, missing since 2026-11-19 12:00"));
        assertTrue(door.run("diff", first, "--grace", "1d").out().contains("missing since"));
    }

    @Test
    void nothing_to_compare_with_is_3_and_says_what_to_do() throws IOException {
        var nothing = door.run("diff");
        assertEquals(3, nothing.code());
        assertTrue(nothing.err().contains("catalog.json yet; 'catalog fetch' makes it."), nothing.err());
        fetched(MONDAY, Duration.ZERO);
        var one = door.run("diff");
        assertEquals(3, one.code(), one::toString);
        assertTrue(one.err().startsWith("No earlier snapshot of " + archive.file() + " is kept. 'catalog fetch' keeps one"), one.err());
        assertTrue(one.err().contains("the first has nothing to compare with"), one.err());
        assertEquals(3, door.run("rollback").code());
        assertEquals(3, new FrontDoor(folder.resolve("other")).run("rollback", "--list").code());
    }

    @Test
    void two_files_or_two_kept_ones_can_be_compared_either_way() throws IOException {
        Files.write(door.cwd.resolve("old.json"), MONDAY.bytes());
        Files.write(door.cwd.resolve("new.json"), TODAY.bytes());
        var files = door.run("diff", "old.json", "new.json");
        assertEquals(0, files.code(), files::toString);
        assertTrue(files.out().contains("- groq/gone   missing" + NL), files.out());
        threeDays();
        var kept = archive.list();
        assertEquals(files.out(), door.run("diff", kept.get(2).id().substring(0, 13), kept.get(0).hash().substring(0, 6)).out());
        assertTrue(door.run("diff", "current", "previous").out().contains("- groq/boreas missing"));
        assertEquals("", door.run("diff", "current", "latest").out());
        assertTrue(door.run("diff", "current", "latest").err().startsWith("Nothing changed." + NL));
        assertEquals(files.out(), door.run("diff", "old.json", "current").out().replace(" since 2026-11-19 12:00", ""));
    }

    @ParameterizedTest
    @CsvSource({"24h, 1", "1d, 1", "30h, 2", "7d, 2", "2026-11-20, 1", "2026-11-01, 2", "1s, 0"})
    void since_takes_the_newest_that_is_old_enough_else_the_oldest(String since, int from) throws IOException {
        threeDays();
        var result = door.run("diff", "--since", since);
        assertEquals(0, result.code(), result::toString);
        assertTrue(result.err().contains("From " + archive.list().get(from).id()), result.err());
        assertEquals(List.of("7d", "2026-11-01").contains(since), result.err().contains("the oldest that is kept serves"), result.err());
    }

    @Test
    void words_that_mean_nothing_are_usage_errors_with_the_nearest() throws IOException {
        threeDays();
        var id = archive.list().get(1).id();
        for (var bad : List.of(List.of("diff", "nothing"), List.of("diff", "2026"), List.of("diff", "--since", "soon"), List.of("diff", "previous", "--since", "7d"),
                List.of("diff", "--since", "2026-13-01"), List.of("diff", "--watch-price", "much"), List.of("diff", "--watch-price", "0%"), List.of("diff", "--grace", "0h"),
                List.of("diff", "--json", "--markdown"), List.of("diff", "--provider", "grok"), List.of("diff", "none.json"), List.of("rollback", "--to", "zzz"))) {
            var result = door.run(bad.toArray(String[]::new));
            assertEquals(2, result.code(), bad + " " + result);
            assertEquals("", result.out());
        }
        assertTrue(door.run("diff", "2026").err().contains("'2026' begins more than one: " + archive.list().get(0).id()), door.run("diff", "2026").err());
        assertTrue(door.run("rollback", "--to", id.substring(0, 32) + "x").err().contains("did you mean " + id), door.run("rollback", "--to", id + "x").err());
        assertTrue(door.run("diff", "previos").err().contains("did you mean previous?"));
        assertTrue(door.run("diff", "--provider", "grok").err().contains("neither has models of 'grok'; did you mean groq?"));
    }

    @Test
    void exit_codes_tell_scripts_what_happened() throws IOException {
        threeDays();
        assertEquals(1, door.run("diff", "--exit-code").code());
        assertEquals(0, door.run("diff", "--exit-code", "current").code());
        assertEquals(1, door.run("diff", "--watch-price", "10%").code());
        assertEquals(0, door.run("diff", "--watch-price", "25").code());
        assertEquals(0, door.run("diff", "--watch-price", "+10%", "--exit-code").code());
        assertEquals(1, door.run("diff", "--watch-price=-10%").code());
        assertEquals(1, door.run("diff", "--watch-price", "+5 %", "--provider", "mistral").code());
        assertTrue(door.run("diff", "--watch-price", "10%").err().contains("watched ~ groq/swift input price 1.05 -> 0.80 (-23.8 %)"));
    }

    @Test
    void json_and_markdown_tell_the_same() throws IOException {
        threeDays();
        var json = Json.parse(door.run("diff", "--json").out().getBytes());
        assertEquals("[{\"change\":\"added\",\"provider\":\"groq\",\"id\":\"boreas\",\"to\":{\"limits.context\":131072}},"
                + "{\"change\":\"price\",\"provider\":\"groq\",\"id\":\"swift\",\"field\":\"cost.input\",\"from\":\"1.05\",\"to\":\"0.8\",\"percent\":-23.8},"
                + "{\"change\":\"price\",\"provider\":\"mistral\",\"id\":\"m\",\"field\":\"cost.input\",\"from\":\"2\",\"to\":\"2.1\",\"percent\":5}]", json.toString());
        assertEquals(lines("### `groq`", "", "- added `boreas` (131,072 context)", "- `swift` input price 1.05 -> 0.80 (-23.8 %)", "", "### `mistral`", "",
                "- `m` input price 2.00 -> 2.10 (+5 %)"), door.run("diff", "--markdown").out());
        assertEquals(lines("Nothing changed."), door.run("diff", "--markdown", "current").out());
        assertEquals("[]", Json.parse(door.run("diff", "--json", "current").out().getBytes()).toString());
        assertEquals(1, Json.parse(door.run("diff", "--json", "--provider", "mistral").out().getBytes()).size());
    }

    @Test
    void damage_anywhere_is_told_and_worked_around() throws IOException {
        threeDays();
        Files.writeString(archive.list().get(1).file(), "damaged");
        var previous = door.run("diff");
        assertEquals(0, previous.code(), previous::toString);
        assertTrue(previous.err().startsWith("the kept snapshot " + archive.list().get(1).id() + " is damaged ("), previous.err());
        assertTrue(previous.err().contains("From " + archive.list().get(2).id()), previous.err());
        assertEquals(4, door.run("diff", archive.list().get(1).id()).code(), "one that was named is not replaced in silence");
        Files.writeString(log(), "half a li", java.nio.file.StandardOpenOption.APPEND);
        Files.writeString(archive.file(), "<<<<<<< HEAD");
        var current = door.run("diff");
        assertEquals(0, current.code(), current::toString);
        assertTrue(current.err().contains("using the snapshot of 2026-11-20 11:55 (5 minutes old); 'catalog rollback' writes it back"), current.err());
        assertTrue(current.err().contains(log() + ": the last line is cut off and is left out"), current.err());
        assertTrue(current.out().contains("+ groq/boreas"), current.out());
        Files.writeString(archive.file(), "{\"schema\":9}");
        assertEquals(4, door.run("diff").code());
    }

    @Test
    void rollback_goes_back_step_by_step_and_forward_again() throws IOException {
        threeDays();
        var back = door.run("rollback");
        assertEquals(0, back.code(), back::toString);
        assertArrayEquals(TUESDAY.bytes(), Files.readAllBytes(archive.file()));
        assertEquals(lines(archive.file() + " is the snapshot of 2026-11-19 12:00 (1 day old) again: 1 missing, 2 prices (1 up, 1 down)."
                + " 'catalog render' writes the files of tools from it."), back.err());
        var list = Json.parse(door.run("rollback", "--list", "--json").out().getBytes());
        assertEquals(List.of(false, true, false), IntStream.range(0, 3).mapToObj(i -> list.get(i).get("current").booleanValue()).toList());
        assertTrue(door.run("rollback", "--list").out().contains(archive.list().get(1).id() + "  1 day"), door.run("rollback", "--list").out());
        door.run("rollback");
        assertArrayEquals(MONDAY.bytes(), Files.readAllBytes(archive.file()));
        assertEquals(3, door.run("rollback").code(), "there is none before it");
        door.run("rollback", "--to", "latest");
        assertArrayEquals(TODAY.bytes(), Files.readAllBytes(archive.file()));
        assertTrue(door.run("rollback", "--to", "latest").err().endsWith("already." + NL));
        var chosen = Json.parse(door.run("rollback", "--to", archive.list().get(2).hash(), "--json").out().getBytes());
        assertEquals(archive.list().get(2).id(), chosen.get("id").textValue());
        assertArrayEquals(MONDAY.bytes(), Files.readAllBytes(archive.file()));
    }

    @Test
    void rollback_keeps_what_it_replaces_and_mends_what_is_damaged() throws IOException {
        threeDays();
        var own = ChangesTest.snapshot(model("groq", "mine"));
        Files.write(archive.file(), own.bytes());
        door.run("rollback");
        assertArrayEquals(TODAY.bytes(), Files.readAllBytes(archive.file()));
        assertArrayEquals(own.bytes(), archive.list().get(0).load());
        Files.writeString(archive.file(), "{");
        var mended = door.run("rollback");
        assertEquals(0, mended.code(), mended::toString);
        assertArrayEquals(TODAY.bytes(), Files.readAllBytes(archive.file()), "what was there before the damage, though it is not the newest");
        Files.delete(archive.file());
        assertEquals(0, door.run("rollback").code());
    }

    @Test
    void an_old_snapshot_is_a_warning_that_even_quiet_ones_get() throws IOException {
        threeDays();
        door.now = door.now.plus(Duration.ofDays(8));
        assertTrue(door.run("diff", "-q").err().contains("(8 days old); 'catalog fetch' asks again"), door.run("diff", "-q").err());
        Files.createDirectories(door.cwd.resolve("models/extra"));
        Files.write(door.cwd.resolve("models/extra/inputs.json"), Archive.Inputs.of(TODAY, TODAY.bytes(),
                java.util.Map.of("groq", door.now.minusSeconds(120), "mistral", door.now), new Archive.Inputs(null, List.of())).bytes());
        assertTrue(door.run("diff").err().contains("(2 minutes old)"), door.run("diff").err());
    }

    private void config(String path, String content) throws IOException {
        Files.createDirectories(door.home.resolve(path).getParent());
        Files.writeString(door.home.resolve(path), content);
    }

    @Test
    void settings_that_name_a_retired_model_are_named_with_their_line() throws IOException {
        fetched(MONDAY, Duration.ofDays(2));
        fetched(ChangesTest.snapshot(price("groq", "swift", "1"), model("groq", "old", Field.STATUS, "deprecated", Field.RETIRED_ON, "2027-01-01",
                Field.REPLACEMENT, "swift"), model("groq", "past", Field.RETIRED_ON, "2026-11-20"), model("groq", "later", Field.DEPRECATED_ON, "2026-11"),
                model("mistral", "old"), model("mistral", "llama3:8b", Field.STATUS, "retired"), model("mistral", "models/gem", Field.STATUS, "retired")),
                Duration.ofMinutes(5));
        config(".config/aichat/config.yaml", """
                model: groq:old       # groq:gone
                # model: groq:gone
                clients:
                  - type: openai-compatible
                    name: "mistral"
                    models:
                      - name: old
                      - {name: 'llama3:8b', type: chat}
                      - name: gold
                  - name: groq
                    models:
                      - name: old
                      - name: swift
                """);
        config(".codex/config.toml", "# model = \"past\"\nmodel = \"past\"\nmodel_provider = \"groq\"\nreview_model='later'#gone\n");
        config(".codex/m.config.toml", "model_provider = \"mistral\"\nmodel = \"old\"\n");
        config(".config/mods/mods.yml", "default-model: gone\napis:\n  mistral:\n    models:\n      llama3:8b:\n        aliases: [gem]\n      old: {}\n");
        var warnings = door.run("diff").err().lines().filter(line -> line.startsWith("~/")).toList();
        assertEquals(String.join("\n", "~/.config/aichat/config.yaml:1: groq/old is deprecated, to be retired on 2027-01-01; replacement: swift",
                "~/.config/aichat/config.yaml:8: mistral/llama3:8b is retired",
                "~/.config/aichat/config.yaml:12: groq/old is deprecated, to be retired on 2027-01-01; replacement: swift",
                "~/.config/mods/mods.yml:1: groq/gone is missing from its list since 2026-11-20",
                "~/.config/mods/mods.yml:5: mistral/llama3:8b is retired", "~/.config/mods/mods.yml:6: mistral/gem is retired",
                "~/.codex/config.toml:2: groq/past is retired since 2026-11-20"), String.join("\n", warnings));
    }

    @Test
    void settings_elsewhere_are_found_and_unreadable_or_huge_ones_are_no_failure() throws IOException {
        fetched(MONDAY, Duration.ofDays(2));
        fetched(ChangesTest.snapshot(model("groq", "swift", Field.STATUS, "retired"), price("mistral", "m", "2")), Duration.ofMinutes(5));
        config("elsewhere/mods/mods.yml", "default-model: swift\n");
        config("a/config.yaml", "model: groq:swift\n");
        config("c/config.toml", "model = \"swift\"\n" + " ".repeat(1 << 20));
        config("c/x.config.toml", "model = \"swift\"\n".repeat(30));
        config("c/y.config.toml", "model = \"");
        door.with("XDG_CONFIG_HOME", door.home.resolve("elsewhere").toString()).with("AICHAT_CONFIG_DIR", door.home.resolve("a").toString())
                .with("CODEX_HOME", door.home.resolve("c").toString());
        var result = door.run("diff");
        assertEquals(0, result.code(), result::toString);
        var warnings = result.err().lines().filter(line -> line.startsWith("~/")).toList();
        assertEquals("~/a/config.yaml:1: groq/swift is retired", warnings.get(0));
        assertEquals("~/elsewhere/mods/mods.yml:1: groq/swift is retired", warnings.get(1));
        assertEquals("~/c/x.config.toml: and 20 more lines with such models", warnings.get(12));
        assertEquals(13, warnings.size());
    }

    @Test
    void the_feed_is_well_formed_whatever_models_are_called_and_the_same_for_the_same_log() throws Exception {
        fetched(MONDAY, Duration.ofDays(2));
        var hostile = "x]]></title>&amp;<!DOCTYPE x>\"'\u001b\u0000\uFFFE\uFFFF😀";
        var feed = door.cwd.resolve("models/changes.atom");
        fetched(ChangesTest.snapshot(model("groq", hostile, Field.STATUS, hostile), price("groq", "swift", "1"), price("mistral", "m", "2")), Duration.ofDays(1));
        assertEquals(0, door.run("render", "--tool", "feed").code(), () -> door.run("render", "--tool", "feed").toString());
        var first = Files.readString(feed);
        door.now = Instant.parse("2026-12-24T00:00:00Z");
        door.run("render");
        assertEquals(first, Files.readString(feed));
        var document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(Files.readAllBytes(feed)));
        var titles = document.getElementsByTagName("title");
        assertEquals("+ groq/x]]></title>&amp;<!DOCTYPE x>\"'\\u001b\\u0000\\ufffe\\uffff😀 (new)", titles.item(1).getTextContent());
        assertEquals("2026-11-19T12:00:00Z", document.getElementsByTagName("updated").item(0).getTextContent());
        assertEquals("provider_added", ((org.w3c.dom.Element) document.getElementsByTagName("category").item(2)).getAttribute("term"));
        fetched(TUESDAY, Duration.ofHours(1));
        door.run("render");
        var before = IntStream.range(0, document.getElementsByTagName("id").getLength()).mapToObj(i -> document.getElementsByTagName("id").item(i).getTextContent());
        assertTrue(before.allMatch(Files.readString(feed)::contains), "an entry keeps its id");
    }

    @Test
    void without_changes_there_is_no_feed_and_with_many_it_has_fifty() throws IOException {
        Files.createDirectories(archive.file().getParent());
        Files.write(archive.file(), TODAY.bytes());
        var none = door.run("render");
        assertFalse(Files.exists(door.cwd.resolve("models/changes.atom")));
        assertFalse(none.err().contains("feed"), none.err());
        var many = IntStream.range(0, 80).mapToObj(i -> model("groq", "n" + i)).toArray(Model[]::new);
        var now = new Snapshot(TODAY.inputs(), List.of(many));
        ChangeLog.open(log()).append(Changes.between(TODAY, now), door.now);
        door.run("render");
        assertEquals(50, Files.readString(door.cwd.resolve("models/changes.atom")).split("<entry>").length - 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"diff", "rollback"})
    void help_has_an_example(String command) {
        var help = door.run(command, "--help");
        assertEquals(0, help.code());
        assertTrue(help.out().contains("catalog " + command), help.out());
    }
}
