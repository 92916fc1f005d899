package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import lib.apply.Document;
import lib.apply.Document.Format;
import lib.apply.Merge;
import lib.apply.Merge.Choice;
import lib.apply.Document.Place;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is ours of a file and what a person's: one run after the other, with what people do between them. */
class MergeTest {
    private static final Map<String, String> KEYS = Map.of("clients", "name", "clients.models", "name");
    private static final String TWO = client("groq", "m1", "m2");

    @TempDir
    Path folder;

    private String file = "";
    private Map<String, String> owned = Map.of();
    private Merge.Plan plan;

    private static String client(String name, String... models) {
        var text = new StringBuilder("clients:\n- name: " + name + "\n  type: openai-compatible\n  models:\n");
        for (var model : models) {
            text.append("  - name: ").append(model).append("\n    max_input_tokens: 1000\n    input_price: 0.5\n");
        }
        return text.toString();
    }

    /** One run. */
    private void apply(String fragment, Choice choice, List<String> own) throws Document.Refused {
        var document = Document.open(Format.YAML, file);
        plan = new Merge(document, KEYS, own).plan(Document.open(Format.YAML, fragment).tree(), owned, choice);
        document.all(plan.edits());
        file = document.text();
        owned = plan.owned();
    }

    private void apply(String fragment) throws Document.Refused {
        apply(fragment, Choice.NONE, List.of());
    }

    private void applyOurs(String fragment, String place) throws Document.Refused {
        apply(fragment, new Choice(Set.of(place), Set.of()), List.of());
    }

    private void applyTheirs(String fragment, String place) throws Document.Refused {
        apply(fragment, new Choice(Set.of(), Set.of(place)), List.of());
    }

    private Object at(String place) throws Document.Refused {
        return Document.open(Format.YAML, file).get(Place.parse(place));
    }

    private List<String> conflicts() {
        return plan.conflicts().stream().map(one -> one.line() + " " + one.place() + ": " + one.theirs() + " / " + one.ours()).toList();
    }

    @Test
    void an_empty_file_gets_all_in_one_edit() throws Document.Refused {
        apply(TWO);
        assertEquals(List.of(Place.parse("clients")), plan.edits().stream().map(Merge.Edit::place).toList());
        assertEquals(8, plan.values());
        assertEquals(8, owned.size());
        assertEquals(Document.open(Format.YAML, TWO).tree(), Document.open(Format.YAML, file).tree());
    }

    @Test
    void twice_is_once() throws Document.Refused {
        apply(TWO);
        var once = file;
        var ours = owned;
        apply(TWO);
        assertEquals(List.of(), plan.edits());
        assertEquals(once, file);
        assertEquals(ours, owned);
    }

    @Test
    void our_value_is_brought_up_to_date_and_a_persons_is_a_conflict_with_its_line() throws Document.Refused {
        apply(TWO);
        file = file.replaceFirst("max_input_tokens: 1000", "max_input_tokens: 7 # mine");
        apply(TWO.replace("0.5", "0.7"));
        assertEquals(List.of("6 clients[name=groq].models[name=m1].max_input_tokens: 7 / 1000"), conflicts());
        assertEquals(2, plan.values());
        assertTrue(file.contains("max_input_tokens: 7 # mine\n") && !file.contains("0.5"), file);
        apply(TWO.replace("0.5", "0.7"));
        assertEquals(1, conflicts().size(), "until it is decided");
    }

    @Test
    void ours_overwrites_and_theirs_is_kept_for_good() throws Document.Refused {
        apply(TWO);
        var before = owned;
        file = file.replaceFirst("input_price: 0.5", "input_price: 9");
        var edited = file;
        applyOurs(TWO, "clients[name=groq].models[name=m1].input_price");
        assertEquals("0.5", String.valueOf(at("clients[name=groq].models[name=m1].input_price")));
        assertEquals(List.of(), conflicts());
        file = edited;
        owned = before;
        applyTheirs(TWO, "clients[name=groq].models[name=m1]");
        assertEquals(List.of(), conflicts());
        apply(TWO.replace("0.5", "0.7"));
        assertEquals(List.of(), conflicts());
        assertEquals("9", String.valueOf(at("clients[name=groq].models[name=m1].input_price")));
        assertEquals("0.7", String.valueOf(at("clients[name=groq].models[name=m2].input_price")));
    }

    @Test
    void a_choice_for_one_name_is_none_for_a_longer_one() throws Document.Refused {
        file = client("groq", "m1", "m10").replace("0.5", "9");
        applyOurs(client("groq", "m1", "m10"), "clients[name=groq].models[name=m1]");
        assertEquals(List.of("10 clients[name=groq].models[name=m10].input_price: 9 / 0.5"), conflicts());
    }

    @Test
    void what_the_person_removed_stays_away_until_it_is_asked_for() throws Document.Refused {
        apply(TWO);
        file = file.substring(0, file.indexOf("      - name: m2"));
        var edited = file;
        apply(TWO);
        apply(client("groq", "m1", "m2", "m3"));
        assertEquals(List.of("m1", "m3"), Document.open(Format.YAML, file).items(Place.parse("clients[name=groq].models"), "name"));
        assertEquals(3, plan.kept());
        apply(TWO.replace("    input_price: 0.5\n", "    input_price: 0.5\n    supports_vision: true\n"));
        assertEquals(null, at("clients[name=groq].models[name=m2]"), "nor for what is new of it");
        assertTrue(edited.contains("m1"));
        applyOurs(TWO, "clients[name=groq].models[name=m2]");
        assertEquals("1000", String.valueOf(at("clients[name=groq].models[name=m2].max_input_tokens")));
    }

    @Test
    void who_goes_back_to_an_old_file_and_forth_loses_nothing() throws Document.Refused {
        var old = "model: x\n";
        file = old;
        apply(TWO);
        var applied = file;
        file = old;
        apply(TWO);
        assertEquals(8, plan.kept());
        file = applied;
        apply(client("groq", "m1").replace("0.5", "0.7"));
        assertEquals("0.7", String.valueOf(at("clients[name=groq].models[name=m1].input_price")));
        assertEquals(null, at("clients[name=groq].models[name=m2]"), "it still was ours");
        assertEquals(List.of(), conflicts());
    }

    @Test
    void what_the_person_removed_stays_away_also_when_the_list_lacks_it_for_a_while() throws Document.Refused {
        apply(TWO);
        file = file.substring(0, file.indexOf("  - name: m2"));
        apply(TWO);
        apply(client("groq", "m1"));
        apply(TWO);
        assertEquals(null, at("clients[name=groq].models[name=m2]"));
        applyTheirs(client("groq", "m1", "m3"), "clients[name=groq].models[name=m3]");
        apply(client("groq", "m1"));
        apply(client("groq", "m1", "m2", "m3"));
        assertEquals(List.of("m1"), Document.open(Format.YAML, file).items(Place.parse("clients[name=groq].models"), "name"));
    }

    @Test
    void a_table_that_becomes_empty_is_ours_still() throws Document.Refused {
        apply("apis:\n  p:\n    models:\n      m: {max: 1}\n      n: {max: 1}\n");
        apply("apis:\n  p:\n    models:\n      m: {max: 1}\n      n: {}\n");
        assertEquals(Map.of("m", Map.of("max", 1L), "n", Map.of()), at("apis.p.models"));
        apply("apis:\n  p:\n    models:\n      m: {max: 1}\n");
        assertEquals(Map.of("m", Map.of("max", 1L)), at("apis.p.models"));
    }

    @Test
    void what_we_took_away_comes_back_without_what_the_person_had_removed_of_it() throws Document.Refused {
        apply(TWO);
        file = file.replaceFirst("        input_price: 0.5\n", "");
        apply(TWO);
        apply(client("groq", "m2"));
        apply(TWO);
        assertEquals(Map.of("name", "m1", "max_input_tokens", 1000L), at("clients[name=groq].models[name=m1]"));
        apply("");
        assertEquals(null, at("clients"));
        apply(TWO);
        assertEquals(Map.of("name", "m1", "max_input_tokens", 1000L), at("clients[name=groq].models[name=m1]"));
        apply(TWO);
        assertEquals(List.of(), plan.edits());
    }

    @Test
    void a_whole_provider_comes_back_without_the_model_that_the_person_had_removed() throws Document.Refused {
        apply(TWO);
        file = file.substring(0, file.indexOf("      - name: m2"));
        apply(TWO);
        apply("");
        assertEquals(null, at("clients"));
        apply("");
        apply(client("groq", "m1", "m2", "m3"));
        assertEquals(List.of("m1", "m3"), Document.open(Format.YAML, file).items(Place.parse("clients[name=groq].models"), "name"));
        assertEquals("openai-compatible", at("clients[name=groq].type"));
    }

    @Test
    void what_the_person_removes_after_we_took_something_of_it_away_stays_away_as_a_whole() throws Document.Refused {
        apply(TWO);
        file = file.replaceFirst("        input_price: 0.5\n", "");
        apply(TWO);
        apply(client("groq", "m2"));
        file = file.substring(0, file.indexOf("    models:"));
        apply(client("groq", "m2"));
        apply(TWO);
        assertEquals(null, at("clients[name=groq].models"));
    }

    @Test
    void ours_within_a_client_that_the_person_removed_brings_what_it_needs() throws Document.Refused {
        apply(TWO);
        file = "model: x\n";
        apply(TWO);
        applyOurs(client("groq", "m1", "m2", "m3"), "clients[name=groq].models[name=m1].input_price");
        assertEquals("openai-compatible", at("clients[name=groq].type"));
        assertEquals(List.of("m1", "m3"), Document.open(Format.YAML, file).items(Place.parse("clients[name=groq].models"), "name"),
                "m2 was removed, m3 is new");
        assertEquals("1000", String.valueOf(at("clients[name=groq].models[name=m1].max_input_tokens")));
        var once = file;
        var marks = owned;
        apply(client("groq", "m1", "m2", "m3"));
        assertEquals(once, file);
        assertEquals(marks, owned);
    }

    @Test
    void what_the_person_wrote_stays_the_persons_also_when_the_provider_comes_to_say_the_same() throws Document.Refused {
        apply(TWO);
        file = file.replaceFirst("input_price: 0.5", "input_price: 0.7");
        apply(TWO);
        assertEquals(1, conflicts().size());
        apply(TWO.replace("0.5", "0.7"));
        assertEquals(List.of(), conflicts());
        apply(TWO.replace("0.5", "0.9"));
        assertEquals(1, conflicts().size());
        assertEquals("0.7", String.valueOf(at("clients[name=groq].models[name=m1].input_price")));
    }

    @Test
    void nothing_else_of_a_list_is_touched_however_much_of_it_changes() throws Document.Refused {
        var names = java.util.stream.IntStream.range(0, 70).mapToObj(i -> "m" + i).toArray(String[]::new);
        apply(client("groq", names));
        file = file.replace("      - name: m3\n", "\n      - name:   'm3'   # mine\n").replaceFirst("(?s)(      - name: m0\n.*?)(?=      - name: m1\n)", "")
                .replaceFirst("    models:\n", "    models:\n      - {max_input_tokens: 1000, input_price: 0.50, name: 'm0'}\n") + "fav: &fav x\nuse: *fav\n";
        var wanted = file.replaceAll("input_price: 0.5\n", "input_price: 0.7\n").replace("0.50", "0.7");
        apply(client("groq", names).replace("0.5", "0.7"));
        assertEquals(List.of(), conflicts());
        assertEquals(wanted, file);
    }

    @Test
    void values_that_came_from_elsewhere_are_told_and_can_be_taken_over() throws Document.Refused {
        file = TWO;
        apply(TWO);
        assertEquals(8, plan.unowned().size());
        applyOurs(TWO, "clients[name=groq]");
        apply(TWO.replace("0.5", "0.7"));
        assertEquals(List.of(), conflicts());
        assertEquals("0.7", String.valueOf(at("clients[name=groq].models[name=m2].input_price")));
    }

    @Test
    void a_model_can_be_declined_beforehand() throws Document.Refused {
        applyTheirs(TWO, "clients[name=groq].models[name=m2]");
        apply(TWO);
        assertEquals(List.of("m1"), Document.open(Format.YAML, file).items(Place.parse("clients[name=groq].models"), "name"));
    }

    @Test
    void a_value_that_the_person_had_stays_the_persons() throws Document.Refused {
        file = "clients:\n- name: groq\n  type: openai-compatible\n  models:\n  - name: m1\n    input_price: 0.50\n";
        apply(client("groq", "m1"));
        assertEquals(List.of("clients[name=groq].models[name=m1].max_input_tokens"), List.copyOf(owned.keySet()));
        apply(client("groq", "m2"));
        assertEquals("0.50", String.valueOf(at("clients[name=groq].models[name=m1].input_price")), "gone from the provider, but the person's");
        apply(client("groq", "m2").replace("0.5", "0.6"));
        assertEquals(List.of(), conflicts());
        apply(client("groq", "m1").replace("0.5", "0.6"));
        assertEquals(List.of("6 clients[name=groq].models[name=m1].input_price: 0.50 / 0.6"), conflicts());
    }

    @Test
    void a_model_that_is_gone_goes_and_one_that_the_person_changed_stays_whole() throws Document.Refused {
        apply(client("groq", "m1", "m2", "m3", "m4"));
        file = file.replaceFirst("(?s)(name: m2.*?)max_input_tokens: 1000", "$1max_input_tokens: 5").replaceFirst("(name: m3)", "$1\n        patch: mine");
        apply(client("groq", "m4"));
        assertEquals(List.of("m2", "m3", "m4"), Document.open(Format.YAML, file).items(Place.parse("clients[name=groq].models"), "name"));
        assertEquals(3, plan.removed());
        assertEquals("0.5", String.valueOf(at("clients[name=groq].models[name=m3].input_price")));
        assertEquals(List.of(), conflicts());
        assertEquals(Set.of(), owned.keySet().stream().filter(place -> place.contains("m2") || place.contains("m3")).collect(java.util.stream.Collectors.toSet()));
    }

    @Test
    void a_value_that_is_gone_goes_alone() throws Document.Refused {
        apply(TWO);
        apply(TWO.replaceFirst("    input_price: 0.5\n", ""));
        assertEquals(1, plan.removed());
        assertEquals(null, at("clients[name=groq].models[name=m1].input_price"));
        assertEquals("1000", String.valueOf(at("clients[name=groq].models[name=m1].max_input_tokens")));
    }

    @Test
    void a_provider_that_is_gone_goes_with_all_that_is_ours_alone() throws Document.Refused {
        file = "# mine\nclients:\n  - name: other\n    type: openai\n";
        var before = file;
        apply(TWO);
        apply("");
        assertEquals(before, file);
        assertEquals(Map.of(), owned);
        apply(TWO);
        file = file.replace("  - name: groq\n", "  - name: groq\n    api_key: x\n");
        apply("");
        assertEquals(Map.of("name", "groq", "api_key", "x", "type", "openai-compatible"), at("clients[name=groq]"), "the models were ours alone");
    }

    @Test
    void a_client_without_a_name_is_no_reason_to_lose_it() throws Document.Refused {
        file = "clients:\n  - type: openai\n";
        apply(TWO);
        apply("");
        assertEquals("clients:\n  - type: openai\n", file);
    }

    @Test
    void an_empty_table_is_content_with_more_and_may_get_more() throws Document.Refused {
        apply("apis:\n  p:\n    models:\n      m: {}\n      n: {}\n");
        file = file.replace("m: {}", "m:\n        aliases: [x]");
        apply("apis:\n  p:\n    models:\n      m: {}\n      n:\n        max: 3\n");
        assertEquals(List.of(), conflicts());
        assertEquals(Map.of("m", Map.of("aliases", List.of("x")), "n", Map.of("max", 3L)), at("apis.p.models"));
        apply("apis:\n  p:\n    models:\n      n: {}\n");
        assertEquals(Map.of("m", Map.of("aliases", List.of("x")), "n", Map.of()), at("apis.p.models"));
    }

    @Test
    void of_two_models_with_one_name_the_first_counts() throws Document.Refused {
        apply(client("groq", "m1") + "  - name: m1\n    max_input_tokens: 9\n    x: 1\n");
        assertEquals(List.of("m1"), Document.open(Format.YAML, file).items(Place.parse("clients[name=groq].models"), "name"));
        var once = file;
        apply(client("groq", "m1") + "  - name: m1\n    max_input_tokens: 9\n    x: 1\n");
        assertEquals(once, file);
        assertEquals(0, plan.kept());
    }

    @Test
    void only_what_may_be_set_is_set() throws Document.Refused {
        apply("model: groq:m1\n" + TWO, Choice.NONE, List.of("clients.models"));
        assertEquals(null, at("model"));
        assertEquals(null, at("clients[name=groq].type"));
        assertEquals("1000", String.valueOf(at("clients[name=groq].models[name=m2].max_input_tokens")));
    }

    @Test
    void lists_without_names_are_values() throws Document.Refused {
        file = "a: [1, 2]\nb: [1.0, x]\n";
        apply("a: [1, 2, 3]\nb: [1, x]\n");
        assertEquals(List.of("1 a: [1, 2] / [1, 2, 3]"), conflicts());
    }

    @Test
    void numbers_from_strangers_are_not_expanded() throws Document.Refused {
        file = "a: 1e999999999\n";
        apply("a: 1e999999998\nb: 1e999999999\n");
        assertEquals(1, conflicts().size());
        assertEquals(new TreeMap<>(owned).firstKey(), "b");
    }

    /** Lists come and go, and a person writes and removes, in any order. {@code CATALOG_FUZZ} and {@code CATALOG_FUZZ_SEED} as for documents. */
    @Test
    void whatever_happens_between_two_runs_what_the_person_wrote_stays() throws Document.Refused {
        long seed = Long.parseLong(System.getenv().getOrDefault("CATALOG_FUZZ_SEED", "20261121"));
        int cases = Integer.parseInt(System.getenv().getOrDefault("CATALOG_FUZZ", "700"));
        for (int i = 0; i < cases; i++) {
            var random = new Random(seed + i);
            var log = new StringBuilder("CATALOG_FUZZ=1 CATALOG_FUZZ_SEED=" + (seed + i));
            file = random.nextBoolean() ? "" : "# mine\nclients:\n- name: own\n  type: openai\n";
            owned = Map.of();
            var hers = new TreeMap<String, Object>();
            for (int step = 0; step < 8; step++) {
                var fragment = fragment(random);
                apply(fragment);
                log.append("\n").append(fragment.replace("\n", "|")).append("\n -> ").append(file.replace("\n", "|"));
                for (var one : hers.entrySet()) {
                    assertEquals(one.getValue(), at(one.getKey()), () -> one + " " + log);
                }
                var once = file;
                var marks = owned;
                apply(fragment);
                assertEquals(once, file, log::toString);
                assertEquals(marks, owned, log::toString);
                if (random.nextInt(3) > 0) {
                    edit(random, hers, log);
                }
            }
        }
    }

    private static String fragment(Random random) {
        var fragment = new StringBuilder(random.nextInt(6) == 0 ? "" : "clients:\n- name: groq\n  type: t" + random.nextInt(2) + "\n");
        var models = random.ints(0, 4).limit(3).distinct().mapToObj(m -> "  - name: m" + m + "\n"
                + (random.nextInt(4) == 0 ? "" : "    max: " + random.nextInt(3) + "\n") + (random.nextInt(4) == 0 ? "" : "    price: " + random.nextInt(3) + "\n")).toList();
        return fragment.length() == 0 || random.nextInt(5) == 0 ? fragment.toString() : fragment + "  models:\n" + String.join("", models);
    }

    /** Sets a value that nobody else would, or removes something with all that is in it. */
    private void edit(Random random, Map<String, Object> hers, StringBuilder log) throws Document.Refused {
        var model = "clients[name=groq].models[name=m" + random.nextInt(4) + "]";
        var place = List.of(model + ".max", model + ".price", model, "clients[name=groq].type", "clients[name=groq].models", "clients[name=groq]").get(random.nextInt(6));
        var document = Document.open(Format.YAML, file);
        if (document.get(Place.parse(place)) == null) {
            return;
        }
        boolean removes = place.endsWith("]") || place.endsWith("models") || random.nextBoolean();
        hers.keySet().removeIf(one -> Choice.within(one, place));
        if (removes) {
            document.remove(Place.parse(place));
        } else {
            hers.put(place, "hers" + log.length());
            document.set(Place.parse(place), hers.get(place));
        }
        file = document.text();
        log.append("\n ").append(removes ? "removes " : "sets ").append(place);
    }

    private FrontDoor.Result merge(int code, String source, String target, String... more) throws IOException {
        var door = new FrontDoor(Files.createDirectories(folder));
        var args = new ArrayList<>(List.of("merge", "--source", source, "--target", target));
        args.addAll(List.of(more));
        var result = door.run(args.toArray(String[]::new));
        assertEquals(code, result.code(), result::toString);
        return result;
    }

    private Path put(String name, String text) throws IOException {
        Files.createDirectories(folder.resolve("work"));
        return Files.writeString(folder.resolve("work").resolve(name), text);
    }

    @Test
    void the_command_adds_what_is_missing_and_tells_what_differs() throws IOException {
        for (var files : List.of(List.of("toml", "a = 1 # one\nb = 2\n", "b = 3\n[t]\nc = \"x\"\n", "[t]\nc = \"x\"\n"),
                List.of("yaml", "a: 1 # one\nb: 2\n", "b: 3\nt:\n  c: x\n", "t:\n  c: x\n"),
                List.of("jsonc", "{\n  \"a\": 1, // one\n  \"b\": 2\n}\n", "{\"b\": 3, \"t\": {\"c\": \"x\"}}", "\"c\": \"x\""))) {
            var target = put("g." + files.get(0), files.get(1));
            var source = put("f." + files.get(0), files.get(2));
            var dry = merge(1, source.toString(), "g." + files.get(0), "--dry-run");
            assertEquals(files.get(1), Files.readString(target));
            var done = merge(1, source.toString(), "g." + files.get(0), "--diff");
            assertEquals(dry.out(), done.out());
            assertTrue(done.err().contains(": b\n    yours: 2\n    ours:  3\n"), done::err);
            assertFalse(done.err().contains("--theirs"), done::err);
            assertTrue(Files.readString(target).contains(files.get(3)) && Files.readString(target).contains("one\n"), Files.readString(target));
            merge(0, source.toString(), "g." + files.get(0), "--ours", "b");
            var once = Files.readString(target);
            assertTrue(merge(0, source.toString(), "g." + files.get(0)).err().contains("unchanged"));
            assertEquals(once, Files.readString(target));
            assertTrue(FrontDoor.tree(folder.resolve("home/.local/state/catalog/backups")).containsValue(files.get(1)));
        }
    }

    @Test
    void the_command_knows_elements_by_their_keys() throws IOException {
        put("f.yaml", TWO);
        put("g.yaml", client("groq", "m0"));
        merge(0, "f.yaml", "g.yaml", "--keys", "clients=name,clients.models=name");
        assertEquals(List.of("m0", "m1", "m2"), items("g.yaml"));
        put("h.yaml", client("groq", "m0"));
        merge(1, "f.yaml", "h.yaml");
        assertEquals(List.of("m0"), items("h.yaml"));
    }

    private List<String> items(String name) throws IOException {
        try {
            return Document.open(Format.YAML, Files.readString(folder.resolve("work").resolve(name))).items(Place.parse("clients[name=groq].models"), "name");
        } catch (Document.Refused e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void the_command_refuses_what_it_cannot_do() throws IOException {
        put("f.toml", "d = 2026-11-20\na = 1\n");
        var target = put("g.toml", "x = [\n");
        assertTrue(merge(5, "f.toml", "g.toml").err().contains("g.toml:"));
        assertEquals("x = [\n", Files.readString(target));
        assertTrue(merge(2, "none.toml", "g.toml").err().contains("none.toml is not there"));
        assertEquals(5, merge(5, "f.toml", "new.toml").code(), "a date cannot be written");
        merge(2, "f.toml", "g.yaml");
        merge(2, "f.txt", "g.txt");
        put("f.toml", "a = 1\n");
        merge(0, "f.toml", "new.toml");
        assertEquals("a = 1\n", Files.readString(folder.resolve("work/new.toml")));
    }

    @Test
    void hundreds_of_prices_change_at_once() throws Document.Refused {
        var models = new String[300];
        for (int i = 0; i < models.length; i++) {
            models[i] = "vendor/m" + i;
        }
        file = "# top\nclients: # all\n";
        apply(client("groq", models));
        apply(client("groq", models).replace("0.5", "0.7"));
        assertEquals(300, plan.values());
        assertTrue(file.startsWith("# top\nclients: # all\n") && !file.contains("0.5"), file);
    }
}
