package tests;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lib.apply.Document;
import lib.apply.Document.Format;
import lib.apply.Document.Refused;
import lib.apply.Document.Place;
import lib.apply.Document.Place.Item;
import lib.apply.Document.Place.Key;
import lib.apply.Document.Place.Step;
import lib.apply.Merge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.CollectionNode;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.schema.CoreSchema;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Edits of YAML as people write it: by example, anywhere in whole configs, and in configs that were damaged at random. */
class YamlDocumentTest {
    private static final Path SAMPLES = Shell.CHECKOUT.resolve("tests/samples/dotfiles/yaml");
    private static final LoadSettings CORE = LoadSettings.builder().setSchema(new CoreSchema()).build();
    private static final Pattern GAP = Pattern.compile("(?:\\s+|#[^\\n]*)*+");
    private static final List<String> SIGNS = List.of(":#-[]{}&*!|>'\"%@`,? \t\r".split(""));
    private static final Map<String, List<Object>> EXAMPLES = examples();
    private static final List<Object> EDITS = EXAMPLES.get("edits");
    private static final List<Object> TEXTS = EXAMPLES.get("texts");

    private static Map<String, List<Object>> examples() {
        try {
            return new YAMLMapper().reader(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.USE_LONG_FOR_INTS)
                    .forType(new TypeReference<Map<String, List<Object>>>() {}).readValue(SAMPLES.resolve("examples.yml").toFile());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** @param value null to remove */
    private record Edit(Place place, Object value) {
        String on(String text) throws Refused {
            var document = Document.open(Format.YAML, text);
            try {
                if (value == null) {
                    document.remove(place);
                } else {
                    document.set(place, value);
                }
                return document.text();
            } catch (Refused e) {
                assertTrue(text.equals(document.text()) && e.line() > 0 && !e.getMessage().isBlank());
                throw e;
            }
        }
    }

    private static Object core(String text) {
        try {
            return normal(new Load(CORE).loadFromString(text));
        } catch (YamlEngineException e) {
            return e;
        }
    }

    /** By a reader of YAML 1.1, which takes more for numbers, dates and booleans. @return null where it cannot be read */
    private static Object old(String text) {
        try {
            return normal(new Yaml(new SafeConstructor(new LoaderOptions())).load(text.replaceFirst("^\ufeff", "")));
        } catch (RuntimeException e) {
            return null;
        }
    }

    private static Object normal(Object value) {
        if (value instanceof Map<?, ?> map) {
            var normal = new TreeMap<String, Object>();
            map.forEach((key, member) -> normal.put(String.valueOf(key), normal(member)));
            return normal;
        }
        double real = value instanceof Number number ? number.doubleValue() : 0;
        return value instanceof List<?> list ? list.stream().map(YamlDocumentTest::normal).toList()
                : Double.isNaN(real) ? ".nan" : Double.isInfinite(real) ? ".inf" : value instanceof Number ? (Object) real : value;
    }

    /** Keys, lengths and nulls only. */
    private static Object shape(Object tree) {
        return tree instanceof Map<?, ?> map ? map.entrySet().stream().map(e -> List.of(e.getKey(), shape(e.getValue()))).toList()
                : tree instanceof List<?> list ? list.stream().map(YamlDocumentTest::shape).toList() : tree == null;
    }

    private static Object child(Object tree, Step step) {
        return step instanceof Key key ? tree instanceof Map<?, ?> map ? map.get(key.name()) : null
                : tree instanceof List<?> list ? list.stream().filter(element -> isIt(element, step)).findFirst().orElse(null) : null;
    }

    private static boolean isIt(Object element, Step step) {
        return step instanceof Item item && element instanceof Map<?, ?> map && item.value().equals(map.get(item.key()));
    }

    private static Object get(Object tree, List<Step> steps) {
        return steps.isEmpty() ? tree : get(child(tree, steps.get(0)), steps.subList(1, steps.size()));
    }

    /** Without a place, and without what is null or empty then: each may have become the parent of a new value. */
    private static Object without(Object tree, List<Step> steps) {
        var below = steps.size() < 2 ? List.<Step>of() : steps.subList(1, steps.size());
        var step = steps.isEmpty() ? null : steps.get(0);
        if (tree instanceof Map<?, ?> map) {
            var rest = new TreeMap<Object, Object>();
            map.forEach((key, value) -> rest.put(key, without(value, new Key((String) key).equals(step) ? below : List.of())));
            rest.keySet().removeIf(key -> rest.get(key) == null || steps.size() == 1 && new Key((String) key).equals(step));
            return rest.isEmpty() ? null : rest;
        }
        if (tree instanceof List<?> list) {
            var rest = list.stream().filter(element -> !below.isEmpty() || !isIt(element, step))
                    .map(element -> without(element, isIt(element, step) ? below : List.of())).toList();
            return rest.isEmpty() ? null : rest;
        }
        return tree;
    }

    /** Whole lines of a text, found by the library's nodes: all that an edit may touch. */
    private record Span(int from, int to) {
        static Span of(String text, Edit edit) {
            var node = new Compose(LoadSettings.builder().build()).composeString(text).orElse(null);
            var span = new Span(0, text.length());
            for (var step : edit.place.steps()) {
                var children = node instanceof CollectionNode<?> all ? all.getValue() : List.of();
                boolean isAlone = edit.value == null && (isFlow(node) || children.size() == 1);
                int after = children.isEmpty() ? 0 : at(text, node.getStartMark());
                Span found = null;
                for (var child : children) {
                    var key = child instanceof NodeTuple tuple ? tuple.getKeyNode() : null;
                    var value = child instanceof NodeTuple tuple ? tuple.getValueNode() : (Node) child;
                    int end = Math.max(end(text, value), key == null ? after : end(text, key));
                    if (found == null && isIt(key, value, step)) {
                        var gap = GAP.matcher(text).region(after, text.length());
                        found = lines(text, gap.lookingAt() ? gap.end() : after, end);
                        node = value;
                    }
                    after = end;
                }
                if (found == null || isAlone) {
                    return span;
                }
                span = found;
            }
            return span;
        }

        private static int at(String text, Optional<Mark> mark) {
            return text.offsetByCodePoints(0, mark.orElseThrow().getIndex());
        }

        /** The library's end of a block is behind the comments after it. */
        private static int end(String text, Node node) {
            var inside = node instanceof MappingNode map ? map.getValue().stream().flatMap(t -> Stream.of(t.getKeyNode(), t.getValueNode()))
                    : node instanceof SequenceNode list ? list.getValue().stream() : Stream.<Node>of();
            int end = at(text, node.getEndMark());
            return isFlow(node) ? end : inside.mapToInt(child -> end(text, child)).max().orElse(end);
        }

        private static boolean isFlow(Node node) {
            return node instanceof CollectionNode<?> all && all.getFlowStyle() == FlowStyle.FLOW;
        }

        private static Span lines(String text, int from, int to) {
            int start = Math.max(text.lastIndexOf('\n', from - 1) + 1, text.startsWith("\ufeff") ? 1 : 0);
            int next = text.indexOf('\n', to) + 1;
            // Where the first member goes, the next one comes behind the dash.
            int end = text.substring(start, from).isBlank() ? next : text.length() - text.substring(next).stripLeading().length();
            return next > 0 ? new Span(start, end) : new Span(text.substring(0, start).stripTrailing().length(), text.length());
        }

        private static boolean isIt(Node key, Node value, Step step) {
            return key instanceof ScalarNode name ? step instanceof Key wanted && name.getValue().equals(wanted.name())
                    : step instanceof Item item && value instanceof MappingNode map && map.getValue().stream().anyMatch(member ->
                    isIt(member.getKeyNode(), null, new Key(item.key())) && member.getValueNode() instanceof ScalarNode text
                            && text.getValue().equals(item.value()) && text.getTag().getValue().endsWith(":str"));
        }
    }

    /** Everything that must be so after an edit. @return whether it was done; it may be refused */
    private static boolean holds(String before, Edit edit) {
        String after;
        var read = core(before);
        try {
            var tree = normal(Document.open(Format.YAML, before).tree());
            if (read instanceof YamlEngineException) {
                return false; // for tags that do not fit, which a document takes as they are
            }
            // The library ends a block of text with a line end even where the file has none, and takes !!bool x for null.
            boolean mayDiffer = read == null || !before.endsWith("\n") && before.contains("|") || before.contains("!!bool");
            assertTrue(tree.equals(read) || mayDiffer, tree::toString);
            after = edit.on(before);
        } catch (Refused e) {
            return false;
        }
        assertEquals(after, assertDoesNotThrow(() -> edit.on(after)), "a second time");
        isRight(read, core(after), edit);
        var older = old(before);
        if (older != null && shape(older).equals(shape(read))) {
            isRight(older, old(after), edit);
        }
        if (!after.equals(before)) {
            var span = Span.of(before, edit);
            assertTrue(after.startsWith(before.substring(0, span.from)) && after.endsWith(before.substring(span.to))
                    && after.length() >= span.from + before.length() - span.to, "outside of the value");
            boolean isMixed = !before.contains("\r\n") || before.replace("\r\n", "").contains("\n");
            assertTrue(isMixed || !after.replace("\r\n", "").contains("\n"), "line ends");
        }
        return true;
    }

    private static void isRight(Object before, Object after, Edit edit) {
        var steps = edit.place.steps();
        assertEquals(normal(edit.value), get(after, steps));
        int known = (int) IntStream.range(1, steps.size()).filter(n -> get(before, steps.subList(0, n)) != null).count();
        assertEquals(without(before, steps.subList(0, known + 1)), without(after, steps.subList(0, known + 1)));
    }

    @ParameterizedTest
    @FieldSource("EDITS")
    void each_form_is_edited_where_it_stands(Map<String, Object> example) throws Exception {
        var before = (String) example.get("before");
        var edit = new Edit(Place.parse((String) Objects.requireNonNullElse(example.get("set"), example.get("remove"))), example.get("to"));
        if (example.get("after") instanceof String after) {
            assertEquals(after, edit.on(before));
            assertTrue(holds(before, edit));
        } else {
            var refused = assertThrows(Refused.class, () -> edit.on(before));
            assertEquals(example.get("refused"), refused.line() + ": " + refused.getMessage());
        }
    }

    @Test
    void text_is_text_for_each_reader_and_in_each_place() throws Exception {
        for (var before : List.of("a: 1\n", "a: 'x'\n", "a: \"x\"\n", "{a: 1}\n", "{\"a\": 1}\n", "l: [a]\na: []\n")) {
            for (var text : TEXTS) {
                var asKey = new Edit(new Place(List.of(new Key((String) text))), List.of(Map.of(text, text), text));
                assertTrue(holds(before, new Edit(Place.parse("a"), text)) && holds(before, asKey), text::toString);
            }
        }
    }

    @Test
    void values_are_those_of_yaml_1_2() throws Exception {
        var document = Document.open(Format.YAML, "a: [yes, True, ~, 0x10, 0o10, 010, 1_0, 1.50, 1e3, .inf, '1', 2001-01-01]\n"
                + "b: &b {c: 1, d: 2}\ne: {<<: *b, d: 3}\nf: |\n  x\n4.10: {true: *b}\nn:\n");
        assertEquals("{a=[yes, true, null, 16, 8, 10, 1_0, 1.50, 1E+3, .inf, 1, 2001-01-01], b={c=1, d=2}, e={d=3, c=1}, f=x\n, "
                + "4.10={true={c=1, d=2}}, n=null}", document.tree().toString());
        var values = Stream.of("\"4.10\".true.d", "e.c", "n", "a.b[c=d]").map(Place::parse).map(document::get).toList();
        assertEquals(Arrays.asList(2L, 1L, null, null), values);
    }

    @Test
    void the_line_is_that_of_the_value_or_of_what_is_there_above_it() throws Exception {
        var document = Document.open(Format.YAML, "# c\na: 1\nl:\n\n  - name: x\n    m: {}\n");
        assertEquals(List.of(2, 5, 5, 6, 6, 2, 5), Stream.of("a", "l", "l[name=x]", "l[name=x].m", "l[name=x].m.n.o", "q", "l[name=y].z")
                .map(Place::parse).map(document::line).toList());
    }

    static List<Path> samples() throws IOException {
        try (var files = Files.list(SAMPLES)) {
            return files.filter(file -> !file.endsWith("examples.yml")).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void any_place_of_a_config_can_be_changed_and_nothing_else_changes(Path sample) throws Exception {
        var text = Files.readString(sample);
        var random = new Random(sample.getFileName().toString().hashCode());
        long done = IntStream.range(0, 25).filter(i -> holds(text, random, "edit " + i)).count();
        assertTrue(done > 5, done + " of 25");
    }

    @Test
    void a_damaged_config_is_changed_rightly_or_not_at_all() throws Exception {
        int cases = Integer.parseInt(System.getenv().getOrDefault("CATALOG_FUZZ", "700"));
        long seed = Long.parseLong(System.getenv().getOrDefault("CATALOG_FUZZ_SEED", "20261120"));
        var samples = samples();
        int done = 0;
        for (int i = 0; i < cases; i++) {
            var random = new Random(seed + i);
            var text = damaged(Files.readString(pick(random, samples)), random);
            done += holds(text, random, "CATALOG_FUZZ=1 CATALOG_FUZZ_SEED=" + (seed + i)) ? 1 : 0;
        }
        assertTrue(done >= cases / 3, done + " of " + cases);
    }

    @Test
    void many_changes_at_once_come_to_the_values_that_they_come_to_one_by_one() throws Exception {
        int made = 0;
        for (var sample : samples()) {
            var text = Files.readString(sample);
            for (int seed = 0; seed < 20; seed++) {
                var random = new Random(seed);
                var single = Document.open(Format.YAML, text);
                var edits = new ArrayList<Merge.Edit>();
                for (int i = 0; i < 12; i++) {
                    var edit = edit(single.tree(), random);
                    try {
                        single.all(List.of(new Merge.Edit(edit.place, edit.value)));
                        edits.add(new Merge.Edit(edit.place, edit.value));
                    } catch (Refused e) {
                        // then not this one
                    }
                }
                var whole = Document.open(Format.YAML, text);
                whole.all(edits);
                assertEquals(single.tree(), whole.tree(), sample.getFileName() + " " + seed + " " + edits);
                made += edits.size();
            }
        }
        assertTrue(made > 3000, made + " edits");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n"})
    void a_long_list_with_models_and_comments_of_a_person_changes_in_a_hundred_places_at_once(String eol) throws Exception {
        var before = new StringBuilder("# mine\nclients:\n- name: groq\n  models:\n  - name: own # keep\n    x: 1\n");
        var after = new StringBuilder(before);
        var edits = new ArrayList<Merge.Edit>();
        for (int i = 0; i < 100; i++) {
            var model = "  # above " + i + "\n  - name: m" + i + "\n    input_price: 0.5 # beside\n";
            before.append(model);
            var place = "clients[name=groq].models[name=m" + i + "]";
            if (i % 3 == 0) {
                edits.add(new Merge.Edit(Place.parse(place + ".input_price"), new BigDecimal("0.75")));
                after.append(model.replace("0.5", "0.75"));
            } else if (i % 3 == 1) {
                edits.add(new Merge.Edit(Place.parse(place), null));
                after.append("  # above ").append(i).append("\n");
            } else {
                edits.add(new Merge.Edit(Place.parse(place + ".type"), "chat"));
                after.append(model).append("    type: chat\n");
            }
        }
        for (int i = 0; i < 50; i++) {
            edits.add(new Merge.Edit(Place.parse("clients[name=groq].models[name=n" + i + "]"), Map.of("input_price", 1L)));
            after.append("  - name: n").append(i).append("\n    input_price: 1\n");
        }
        Collections.shuffle(edits.subList(0, 100), new Random(1));
        var document = Document.open(Format.YAML, (before + "temperature: 0\n").replace("\n", eol));
        document.all(edits);
        assertEquals((after + "temperature: 0\n").replace("\n", eol), document.text());
    }

    private static boolean holds(String text, Random random, String label) {
        Edit edit = null;
        try {
            edit = edit(Document.open(Format.YAML, text).tree(), random);
            return holds(text, edit);
        } catch (Refused e) {
            return false;
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(label + ": " + edit + ": " + e.getMessage() + " in\n" + text, e);
        }
    }

    private static String damaged(String text, Random random) {
        for (int i = random.nextInt(2); i >= 0; i--) {
            var lines = new ArrayList<>(List.of(text.split("(?<=\n)")));
            int at = random.nextInt(lines.size());
            var line = lines.get(at);
            switch (random.nextInt(12)) {
                case 0 -> lines.remove(at);
                case 1 -> lines.add(random.nextInt(lines.size()), line);
                case 2, 3 -> lines.set(at, " ".repeat(random.nextInt(4)) + line.replaceFirst("^ {1,2}", ""));
                case 4 -> lines.add(at, " ".repeat(random.nextInt(8)) + "# more: [" + i + "\n");
                case 5 -> lines.add(at, pick(random, List.of("\n", "  \n", "---\n", "...\n", "{}\n", "more:\n", "- \n")));
                case 6 -> lines.set(at, line.endsWith("\r\n") ? line.replace("\r", "") : line.replace("\n", "\r\n"));
                case 7 -> lines.replaceAll(l -> l.replaceFirst("\r?\n$", "\r\n"));
                case 8 -> lines.set(0, lines.get(0).startsWith("\ufeff") ? lines.get(0).substring(1) : "\ufeff" + lines.get(0));
                case 9 -> lines.set(lines.size() - 1, lines.get(lines.size() - 1).stripTrailing());
                case 10 -> lines.set(at, new StringBuilder(line).insert(random.nextInt(line.length() + 1), pick(random, SIGNS)).toString());
                default -> lines.set(at, line.replaceFirst(": (\\w+)",
                        pick(random, List.of(": [$1]", ": {a: $1}", ": &x $1", ":   '$1'", ": |\n        $1\n", ": 🎉$1"))));
            }
            text = lines.isEmpty() ? "\n" : String.join("", lines);
        }
        return text;
    }

    private static <T> T pick(Random random, List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    private static Edit edit(Object tree, Random random) {
        var steps = new ArrayList<Step>();
        do {
            var there = tree instanceof Map<?, ?> map ? map.keySet().stream().<Step>map(key -> new Key((String) key)).toList()
                    : (tree instanceof List<?> list ? list : List.of()).stream().filter(Map.class::isInstance)
                    .flatMap(element -> ((Map<?, ?>) element).entrySet().stream())
                    .filter(member -> member.getValue() instanceof String)
                    .<Step>map(member -> new Item((String) member.getKey(), (String) member.getValue())).toList();
            var text = (String) pick(random, TEXTS);
            var other = tree instanceof List || tree == null && random.nextBoolean() ? new Item("name", text) : new Key(text);
            steps.add(there.isEmpty() || random.nextInt(10) == 0 ? other : pick(random, there));
            tree = child(tree, steps.get(steps.size() - 1));
        } while (random.nextInt(6) > 0 && (tree instanceof Map || tree instanceof List || tree == null && random.nextBoolean()));
        var place = new Place(steps);
        var value = place.last() instanceof Item item ? Map.of(item.key(), item.value(), item.key() + "x", value(2, random)) : value(3, random);
        return new Edit(place, random.nextInt(4) == 0 ? null : value);
    }

    private static Object value(int depth, Random random) {
        return switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0, 1 -> random.nextBoolean() ? (Object) random.nextLong() : (Object) random.nextBoolean();
            case 2 -> new BigDecimal(random.nextInt(1000)).movePointLeft(random.nextInt(9)).add(new BigDecimal("0.0000000001"));
            case 3 -> random.nextBoolean() ? List.of() : Map.of();
            case 4, 5 -> pick(random, TEXTS);
            case 6 -> random.ints(1 + random.nextInt(3)).mapToObj(i -> value(depth - 1, random)).toList();
            default -> random.ints(1 + random.nextInt(3), 0, TEXTS.size()).boxed().distinct()
                    .collect(Collectors.toMap(TEXTS::get, i -> value(depth - 1, random)));
        };
    }
}
