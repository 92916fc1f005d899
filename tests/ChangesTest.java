package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import lib.model.Changes.ChangeLog;
import lib.model.Changes;
import lib.model.Changes.Change;
import lib.model.Changes.Kind;
import lib.model.Model;
import lib.model.Model.Fact;
import lib.model.Model.Tier;
import lib.model.Snapshot;
import lib.provider.Json;
import lib.provider.Provider.Field;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What counts as a change, how it is told, and what the log makes of it over time. */
class ChangesTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    static Model model(String provider, String id, Object... fieldsAndValues) {
        var facts = new EnumMap<Field, Fact>(Field.class);
        for (int i = 0; i < fieldsAndValues.length; i += 2) {
            facts.put((Field) fieldsAndValues[i], new Fact(fieldsAndValues[i + 1], provider));
        }
        return new Model(provider, id, facts);
    }

    static Snapshot snapshot(Model... models) {
        var inputs = Arrays.stream(models).map(Model::providerId).distinct()
                .map(id -> new Snapshot.Input(id, "https://" + id + ".example/v1/models", "ab".repeat(32))).toList();
        return new Snapshot(inputs, List.of(models));
    }

    private static List<String> lines(List<Change> changes) {
        return changes.stream().map(Change::line).toList();
    }

    private static List<String> lines(Snapshot from, Snapshot to) {
        return lines(Changes.between(from, to));
    }

    private static BigDecimal usd(String amount) {
        return new BigDecimal(amount);
    }

    private static Snapshot of(Object... fieldsAndValues) {
        return snapshot(model("p", "m", fieldsAndValues));
    }

    @Test
    void each_kind_of_change_is_one_line_sorted_by_provider_and_id() {
        var before = snapshot(model("a", "gone"), model("a", "same", Field.CONTEXT, 8192L), model("b", "old"), model("b", "older"),
                model("c", "m", Field.CONTEXT, 8192L, Field.COST_INPUT, usd("1.25"), Field.TOOLS, false));
        var after = snapshot(model("a", "new", Field.CONTEXT, 131072L, Field.COST_INPUT, usd("0.59"), Field.COST_OUTPUT, usd("0.79")),
                model("a", "bare"), model("a", "same", Field.CONTEXT, 8192L), model("d", "1"), model("d", "2"),
                model("c", "m", Field.CONTEXT, 16384L, Field.COST_INPUT, usd("1"), Field.TOOLS, true, Field.STATUS, "deprecated",
                        Field.RETIRED_ON, "2027-01-01", Field.REPLACEMENT, "m-2"));
        assertEquals(List.of("+ a/bare (new)", "- a/gone missing", "+ a/new (131,072 context, $0.59/$0.79)", "- b (the whole provider, 2 models)",
                "~ c/m status unknown -> deprecated", "~ c/m replacement unknown -> m-2", "~ c/m retirement date unknown -> 2027-01-01",
                "~ c/m input price 1.25 -> 1.00 (-20 %)", "~ c/m context window 8,192 -> 16,384", "~ c/m tool calling no -> yes",
                "+ d (new provider, 2 models)"), lines(before, after));
        assertEquals(List.of(), lines(after, after));
        assertEquals("1 provider added, 1 provider gone, 2 models added, 1 missing, 3 lifecycle facts, 1 price (1 down), 1 limit, 1 capability",
                Changes.summary(Changes.between(before, after)));
        assertEquals("nothing", Changes.summary(List.of()));
    }

    @Test
    void who_says_it_and_what_it_is_called_is_no_change() {
        var before = new Model("p", "m", Map.of(Field.CONTEXT, new Fact(5L, "p"), Field.NAME, new Fact("M", "p"), Field.RELEASED, new Fact("2025", "p"),
                Field.INPUT_MODALITIES, new Fact(List.of("text", "image"), "p"), Field.COST_INPUT, new Fact(usd("0.50"), "p")));
        var after = new Model("p", "m", Map.of(Field.CONTEXT, new Fact(5L, "models-dev", true, List.of("x")), Field.NAME, new Fact("M 1", "p"),
                Field.FAMILY, new Fact("ms", "p"), Field.INPUT_MODALITIES, new Fact(List.of("image", "text"), "p"),
                Field.COST_INPUT, new Fact(usd("0.5"), "p"), Field.CURRENCY, new Fact("USD", "p")),
                List.of(new Model.Conflict(Field.CONTEXT, List.of(new Model.Said("x", 6L)), Model.Difference.REAL)));
        assertEquals(List.of(), lines(snapshot(before), snapshot(after)));
    }

    @Test
    void a_provider_that_answered_with_an_empty_list_is_still_there() {
        var full = snapshot(model("p", "m"));
        var empty = new Snapshot(full.inputs(), List.of());
        assertEquals(List.of("- p/m missing"), lines(full, empty));
        assertEquals(List.of("+ p/m (new)"), lines(empty, full));
        assertEquals(List.of("- p (the whole provider, 1 model)"), lines(full, Snapshot.empty()));
    }

    @Test
    void a_model_that_stands_twice_in_a_merged_file_is_compared_once() {
        var twice = new Snapshot(List.of(), List.of(model("p", "m", Field.CONTEXT, 1L), model("p", "m", Field.CONTEXT, 2L), model("p", "z")));
        assertEquals(List.of("~ p/m context window 1 -> 3"), lines(twice, snapshot(model("p", "m", Field.CONTEXT, 3L), model("p", "z"))));
        assertEquals(List.of(), lines(snapshot(model("p", "m", Field.CONTEXT, 1L), model("p", "z")), twice));
    }

    @ParameterizedTest
    @CsvSource({"1.25, 1, -20", "3, 3.30, 10", "1, 3, 200", "0.3, 0.2, -33.3", "2, 0, -100", "0, 2, ", "0.0000001, 1000000, 999999999999900", "1, 1.0001, 0"})
    void percentages_are_signed_and_rounded_to_tenths(String from, String to, String percent) {
        var change = Changes.between(of(Field.COST_OUTPUT, usd(from)), of(Field.COST_OUTPUT, usd(to))).get(0);
        assertEquals(percent, change.percent() == null ? null : change.percent().toPlainString());
    }

    @ParameterizedTest
    @CsvSource({"10, 11, 10, 0, true", "10, 11, 10.1, 0, false", "10, 9, 10, 0, true", "10, 9, 10, 1, false", "10, 9, 10, -1, true", "10, 11, 10, 1, true",
        "0, 1, 1000, 1, true", "0, 1, 1000, -1, false", "1, 0, 100, 0, true", "3, 3.2999, 10, 0, false"})
    void a_watched_price_is_compared_exactly(String from, String to, String percent, int way, boolean moved) {
        var change = Changes.between(of(Field.COST_INPUT, usd(from)), of(Field.COST_INPUT, usd(to))).get(0);
        assertEquals(moved, change.moved(usd(percent), way));
    }

    @Test
    void prices_in_two_currencies_are_not_compared() {
        var changes = Changes.between(of(Field.COST_INPUT, usd("1"), Field.CURRENCY, "USD"), of(Field.COST_INPUT, usd("7"), Field.CURRENCY, "CNY"));
        assertEquals(List.of("~ p/m input price 1.00 -> 7.00", "~ p/m currency USD -> CNY"), lines(changes));
        assertFalse(changes.stream().anyMatch(change -> change.moved(usd("1"), 0)));
        assertEquals("+ q/n (?/7.00 CNY)", lines(snapshot(model("q", "x")),
                snapshot(model("q", "x"), model("q", "n", Field.COST_OUTPUT, usd("7"), Field.CURRENCY, "CNY"))).get(0));
    }

    @Test
    void prices_of_tiers_are_compared_tier_by_tier() {
        var before = of(Field.TIERS, List.of(new Tier(200_000L, "standard", Map.of(Field.COST_INPUT, usd("2.5"))),
                new Tier(null, "flex", Map.of(Field.COST_INPUT, usd("0.5")))));
        var after = of(Field.TIERS, List.of(new Tier(null, "flex", Map.of(Field.COST_INPUT, usd("0.5"))),
                new Tier(200_000L, "standard", Map.of(Field.COST_INPUT, usd("5"))), new Tier(200_000L, "batch", Map.of(Field.COST_OUTPUT, usd("1")))));
        assertEquals(List.of("~ p/m input price [>200000] 2.50 -> 5.00 (+100 %)", "~ p/m output price [batch >200000] unknown -> 1.00"), lines(before, after));
    }

    @Test
    void texts_of_strangers_cannot_become_markup_nor_control_a_terminal() {
        var hostile = "x](http://evil)`|*@you #1\n# head\u001b[31m";
        var changes = Changes.between(snapshot(model("p", "a")), snapshot(model("p", "a", Field.REPLACEMENT, "``" + hostile), model("p", hostile)));
        var markdown = String.join("\n", Changes.markdown(changes));
        assertEquals("""
                ### `p`

                - `a` replacement unknown -> ``` ``x](http://evil)`|*@you #1\\u000a# head\\u001b[31m ```
                - added `` x](http://evil)`|*@you #1\\u000a# head\\u001b[31m `` (new)""", markdown);
        assertTrue(lines(changes).stream().noneMatch(line -> line.contains("\n") || line.contains("\u001b")), lines(changes)::toString);
        assertEquals(List.of("Nothing changed."), Changes.markdown(List.of()));
    }

    private ChangeLog log() {
        return ChangeLog.open(dir.resolve("changes.jsonl"));
    }

    @Test
    void the_log_is_one_json_object_per_line() throws IOException {
        var before = snapshot(model("a", "m", Field.COST_INPUT, usd("1.5"), Field.TOOLS, true), model("a", "n"));
        var after = snapshot(model("a", "m", Field.COST_INPUT, usd("3"), Field.CONTEXT, 5L), model("a", "é", Field.CONTEXT, 5L), model("b", "x"));
        log().append(Changes.between(before, after), NOON.plusMillis(123));
        assertEquals("""
                {"at":"2026-11-20T12:00:00Z","change":"price","provider":"a","id":"m","field":"cost.input","from":"1.5","to":"3","percent":100}
                {"at":"2026-11-20T12:00:00Z","change":"limit","provider":"a","id":"m","field":"limits.context","from":null,"to":5}
                {"at":"2026-11-20T12:00:00Z","change":"capability","provider":"a","id":"m","field":"capabilities.tool_call","from":true,"to":null}
                {"at":"2026-11-20T12:00:00Z","change":"missing","provider":"a","id":"n"}
                {"at":"2026-11-20T12:00:00Z","change":"added","provider":"a","id":"é","to":{"limits.context":5}}
                {"at":"2026-11-20T12:00:00Z","change":"provider_added","provider":"b","to":1}
                """, Files.readString(dir.resolve("changes.jsonl")));
        var told = new ArrayList<>(log().latest(50).stream().map(logged -> logged.change().line()).toList());
        java.util.Collections.reverse(told);
        assertEquals(lines(before, after), told);
        assertNull(log().damage());
        assertEquals(2, log().latest(2).size());
    }

    /** What a fetch does. */
    private List<String> fetch(Snapshot before, Snapshot now, Instant at, String... answered) throws IOException {
        var log = log();
        var changes = log.settle(Changes.between(before, now), now, Set.of(answered), Changes.GRACE, at);
        log.append(changes, at);
        return lines(changes);
    }

    @Test
    void a_model_is_missing_first_and_removed_when_it_stayed_away() throws IOException {
        var both = snapshot(model("p", "a"), model("p", "b"));
        var one = snapshot(model("p", "b"));
        assertEquals(List.of("- p/a missing"), fetch(both, one, NOON, "p"));
        assertEquals(List.of(), fetch(one, one, NOON.plus(Duration.ofHours(72)), "p"));
        assertEquals(List.of(), fetch(one, one, NOON.plus(Duration.ofHours(100)), "q"), "nobody asked");
        assertEquals(List.of("- p/a removed, missing since 2026-11-20 12:00"), fetch(one, one, NOON.plus(Duration.ofHours(73)), "p"));
        assertEquals(List.of(), fetch(one, one, NOON.plus(Duration.ofHours(200)), "p"));
        assertEquals(List.of("+ p/a back, was missing since 2026-11-20 12:00"), fetch(one, both, NOON.plus(Duration.ofHours(300)), "p"));
        assertEquals(List.of("- p/a missing"), fetch(both, one, NOON.plus(Duration.ofHours(301)), "p"));
    }

    @Test
    void a_model_that_returns_within_the_grace_was_never_removed() throws IOException {
        var both = snapshot(model("p", "a", Field.CONTEXT, 5L), model("p", "b"));
        var one = snapshot(model("p", "b"));
        fetch(both, one, NOON, "p");
        assertEquals(Set.of("a"), log().away().get("p"));
        var changed = snapshot(model("p", "a", Field.CONTEXT, 6L), model("p", "b"));
        assertEquals(List.of("+ p/a back, was missing since 2026-11-20 12:00"), fetch(one, changed, NOON.plusSeconds(60), "p"));
        assertEquals(Map.of(), log().away());
        assertNull(log().away("p", "a"));
    }

    @Test
    void a_rollback_or_a_clock_that_was_wrong_does_not_confuse_it() throws IOException {
        var both = snapshot(model("p", "a"), model("p", "b"));
        var one = snapshot(model("p", "b"));
        fetch(both, one, NOON, "p");
        assertEquals(List.of(), fetch(both, one, NOON.plusSeconds(60), "p"), "it is missing since noon, not since a minute later");
        assertEquals(List.of("+ p/a back, was missing since 2026-11-20 12:00"), fetch(both, both, NOON.plusSeconds(120), "p"));
        fetch(both, one, Instant.parse("2040-01-01T00:00:00Z"), "p");
        assertEquals(List.of("- p/a missing"), fetch(one, one, NOON, "p"), "missing since a time to come begins anew");
        assertEquals(1, fetch(one, one, NOON.plus(Duration.ofHours(73)), "p").size());
    }

    @Test
    void a_comparison_up_to_the_present_tells_what_the_log_knows() throws IOException {
        var both = snapshot(model("p", "a"), model("p", "b"));
        var one = snapshot(model("p", "b"));
        fetch(both, one, NOON, "p");
        var log = log();
        var missing = Changes.between(both, one);
        assertEquals(List.of("- p/a missing since 2026-11-20 12:00"), lines(log.explain(missing, Changes.GRACE, NOON.plusSeconds(9))));
        assertEquals(List.of("- p/a removed, missing since 2026-11-20 12:00"), lines(log.explain(missing, Duration.ofHours(1), NOON.plus(Duration.ofHours(2)))));
        assertEquals(List.of("+ p/a back, was missing since 2026-11-20 12:00"), lines(log.explain(Changes.between(one, both), Changes.GRACE, NOON)));
        assertEquals(List.of("+ p/c (new)"), lines(log.explain(Changes.between(one, snapshot(model("p", "b"), model("p", "c"))), Changes.GRACE, NOON)));
    }

    @Test
    void a_last_line_that_was_cut_off_is_left_out_and_taken_away_by_the_next_run() throws IOException {
        var file = dir.resolve("changes.jsonl");
        fetch(snapshot(model("p", "a"), model("p", "b"), model("p", "é")), snapshot(model("p", "b")), NOON, "p");
        var whole = Files.readAllBytes(file);
        int first = new String(whole, StandardCharsets.UTF_8).indexOf('\n') + 1;
        for (int cut = first + 1; cut < whole.length - 1; cut++) {
            Files.write(file, Arrays.copyOf(whole, cut));
            var log = log();
            assertEquals(file + ": the last line is cut off and is left out", log.damage());
            assertEquals(1, log.latest(50).size());
            log.append(Changes.between(snapshot(model("q", "x")), snapshot(model("q", "x"), model("q", "y"))), NOON);
            assertNull(log().damage(), "cut at " + cut);
            assertEquals(2, Files.readAllLines(file).size());
        }
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        fetch(snapshot(model("q", "x")), snapshot(model("q", "x"), model("q", "y")), NOON, "q");
        assertEquals(3, Files.readAllLines(file).size(), "a last line that only lacks its end is kept");
        assertNull(log().damage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"<<<<<<< HEAD", "{}", "[]", "null", "{\"at\":\"2026-11-20T12:00:00Z\"}", "{\"at\":\"noon\",\"change\":\"missing\",\"provider\":\"p\",\"id\":\"a\"}",
        "{\"at\":\"2026-11-20T12:00:00Z\",\"change\":\"vanished\",\"provider\":\"p\",\"id\":\"a\"}",
        "{\"at\":\"2026-11-20T12:00:00Z\",\"change\":\"missing\",\"provider\":\"p\"}",
        "{\"at\":\"2026-11-20T12:00:00Z\",\"change\":\"missing\",\"provider\":7,\"id\":\"a\"}",
        "{\"at\":\"+1000000000-01-01T00:00:00Z\",\"change\":\"missing\",\"provider\":\"p\",\"id\":\"a\"}",
        "{\"at\":\"2026-11-20T12:00:00Z\",\"change\":\"removed\",\"provider\":\"p\",\"id\":\"a\",\"from\":\"-1000000000-01-01T00:00:00Z\"}"})
    void lines_that_are_no_changes_are_passed_over_and_named_once(String junk) throws IOException {
        var file = dir.resolve("changes.jsonl");
        fetch(snapshot(model("p", "a"), model("p", "b")), snapshot(model("p", "b")), NOON, "p");
        Files.writeString(file, "\n" + junk + "\n" + junk + "\n", StandardOpenOption.APPEND);
        var log = log();
        assertEquals(file + ":3: this line is no change and is passed over (and 1 more)", log.damage());
        assertNotNull(log.away("p", "a"));
        assertEquals(1, log.latest(50).size());
    }

    @Test
    void whatever_the_file_holds_is_read_without_failing_and_can_be_added_to() throws IOException {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var file = dir.resolve("changes.jsonl");
        var now = snapshot(model("p", "b"), model("p", "d"));
        for (int round = 0; round < 300; round++) {
            Files.deleteIfExists(file);
            fetch(snapshot(model("p", "a"), model("p", "b", Field.COST_INPUT, usd("1")), model("p", "c")),
                    snapshot(model("p", "b", Field.COST_INPUT, usd("2"), Field.TIERS, List.of(new Tier(1L, "flex", Map.of(Field.COST_INPUT, usd("1"))))),
                            model("p", "d", Field.CONTEXT, 5L), model("r", "x")), NOON, "p", "r");
            var bytes = Files.readAllBytes(file);
            var parts = List.of("1e999999999", "\"", "{", "}", "\n", "\u0000", "null", "-1", "9999999999999999999", "[]", "\uD83D\uDE00", "+1000000000-01-01T00:00:00Z");
            for (int i = random.nextInt(4); i >= 0; i--) {
                int at = random.nextInt(bytes.length);
                var part = parts.get(random.nextInt(parts.size())).getBytes(StandardCharsets.UTF_8);
                int skip = random.nextInt(bytes.length - at);
                bytes = concat(Arrays.copyOf(bytes, at), part, random.nextBoolean() ? Arrays.copyOfRange(bytes, at + skip, bytes.length)
                        : Arrays.copyOfRange(bytes, at, bytes.length));
            }
            Files.write(file, bytes);
            var log = log();
            lines(log.settle(List.of(), now, Set.of("p", "r"), Changes.GRACE, NOON.plus(Duration.ofDays(9))));
            log.latest(50).forEach(logged -> assertFalse(logged.change().line().contains("\n"), "seed " + seed));
            log.latest(50).forEach(logged -> logged.change().json().toString());
            log.append(Changes.between(snapshot(model("z", "y")), snapshot(model("z", "y"), model("z", "end"))), NOON);
            var last = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
            assertEquals("end", Json.parse(last.get(last.size() - 1).getBytes(StandardCharsets.ISO_8859_1)).path("id").asText(), "seed " + seed);
            assertEquals("+ z/end (new)", log().latest(1).get(0).change().line(), "seed " + seed);
        }
    }

    private static byte[] concat(byte[]... parts) {
        var all = new java.io.ByteArrayOutputStream();
        Arrays.stream(parts).forEach(all::writeBytes);
        return all.toByteArray();
    }

    @Test
    void one_change_among_ten_thousand_models_is_found_and_of_a_long_log_the_end() throws IOException {
        var models = IntStream.range(0, 10_000).mapToObj(i -> model("p" + i % 40, "m" + i, Field.CONTEXT, 5L + i, Field.COST_INPUT, usd("1"))).toList();
        var before = new Snapshot(List.of(), models);
        var after = new Snapshot(List.of(), models.stream().map(model -> model.id().equals("m9") ? model("p9", "m9", Field.CONTEXT, 1L) : model).toList());
        var all = new ArrayList<Change>();
        for (int i = 0; i < 20_000; i++) {
            all.add(new Change(Kind.PRICE, "p", "m" + i, Field.COST_INPUT, null, usd("1"), usd("2"), usd("100")));
        }
        log().append(all, NOON);
        assertEquals(2, Changes.between(before, after).size());
        assertEquals(50, log().latest(50).size());
    }
}
