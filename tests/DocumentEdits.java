package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lib.apply.Document;
import lib.apply.Document.Refused;
import lib.apply.Merge.Edit;
import lib.apply.Document.Place;
import lib.apply.Document.Place.Item;
import lib.apply.Document.Place.Key;
import lib.apply.Document.Place.Step;

/**
 * What every edit of a config file has to leave as it was, checked without the help of the code under test: the files are read
 * by a parser of the format alone, and comments and lines are looked for in the text.
 */
final class DocumentEdits {
    enum Outcome { UNREADABLE, REFUSED, UNCHANGED, APPLIED }

    private static final ObjectReader JSON = JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS,
            DeserializationFeature.USE_LONG_FOR_INTS).build().readerFor(Object.class);
    private final Document.Format format;
    private final Function<String, Object> reader;
    private final Pattern comment;
    private final RandomEdits random;

    /**
     * @param reader  reads a text to maps, lists and scalars
     * @param comment matches a string of the format, or a comment as its group 1
     * @param remarks comments that may be put behind any line
     */
    DocumentEdits(Document.Format format, Function<String, Object> reader, Pattern comment, List<String> remarks) {
        this.format = format;
        this.reader = reader;
        this.comment = comment;
        this.random = new RandomEdits(format, remarks);
    }

    /** The text that a line of a test's table stands for. */
    static String text(String shown) {
        return shown.replace("∅", "").replace("⏎", "\n").replace("␍", "\r").replace("→", "\t").replace("␠", " ");
    }

    private static String shown(String text) {
        return text.replace("\n", "⏎").replace("\r", "␍").replace("\t", "→");
    }

    private static Edit edit(String place, String json) throws IOException {
        return new Edit(Place.parse(place), json.equals("-") ? null : JSON.readValue(json));
    }

    private static void apply(Edit edit, Document document) throws Refused {
        if (edit.value() == null) {
            document.remove(edit.place());
        } else {
            document.set(edit.place(), edit.value());
        }
    }

    /** One edit with the exact outcome. */
    void example(String before, String place, String json, String after) throws Exception {
        var document = Document.open(format, text(before));
        var edit = edit(place, json);
        apply(edit, document);
        assertEquals(shown(text(after)), shown(document.text()));
        check(text(before), edit);
    }

    /** @param json of the edit that is refused; null if the file is */
    void refused(String before, String place, String json, int line, String message) throws Exception {
        try {
            var document = Document.open(format, text(before));
            try {
                apply(edit(place, json), document);
            } finally {
                assertEquals(shown(text(before)), shown(document.text()));
            }
        } catch (Refused e) {
            assertEquals(line + ": " + message, e.line() + ": " + e.getMessage());
            return;
        }
        throw new AssertionError("not refused");
    }

    /** The sample files of the format by their name. */
    Map<String, String> samples() throws IOException {
        var samples = new TreeMap<String, String>();
        try (var files = Files.list(Shell.CHECKOUT.resolve("tests/samples/dotfiles/" + format.name().toLowerCase(Locale.ROOT)))) {
            for (var file : files.toList()) {
                samples.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        return samples;
    }

    /** Edits of every sample. @return how they ended */
    Map<Outcome, Integer> everySample(int edits) throws IOException {
        var ended = new EnumMap<Outcome, Integer>(Outcome.class);
        samples().forEach((name, text) -> {
            for (int i = 0; i < edits; i++) {
                ended.merge(checked(text, random.edit(text, new Random(i)), name), 1, Integer::sum);
            }
        });
        return ended;
    }

    /** Several edits of every sample have one outcome, made at once or one by one. @return how many were made */
    int together(int edits) throws Exception {
        int made = 0;
        for (var text : samples().values()) {
            var dice = new Random(text.length());
            var single = Document.open(format, text);
            var all = new ArrayList<Edit>();
            for (int i = 0; i < edits; i++) {
                var edit = random.edit(single.text(), dice);
                try {
                    apply(edit, single);
                    all.add(edit);
                } catch (Refused e) {
                    // then not this one
                }
            }
            var whole = Document.open(format, text);
            whole.all(all);
            assertEquals(single.tree(), whole.tree(), () -> shown(text) + "\n" + all);
            made += all.size();
        }
        return made;
    }

    /** Edits of damaged samples, as many as the environment says. @return how they ended */
    Map<Outcome, Integer> fuzz() throws IOException {
        long seed = Long.parseLong(System.getenv().getOrDefault("CATALOG_FUZZ_SEED", "20261121"));
        int cases = Integer.parseInt(System.getenv().getOrDefault("CATALOG_FUZZ", "700"));
        var samples = List.copyOf(samples().values());
        var ended = new EnumMap<Outcome, Integer>(Outcome.class);
        for (int i = 0; i < cases; i++) {
            var dice = new Random(seed + i);
            var text = samples.get(dice.nextInt(samples.size()));
            for (int n = dice.nextInt(4); n > 0; n--) {
                text = random.damaged(text, dice);
            }
            ended.merge(checked(text, random.edit(text, dice), "CATALOG_FUZZ=1 CATALOG_FUZZ_SEED=" + (seed + i)), 1, Integer::sum);
        }
        return ended;
    }

    /** As {@link #check}; what fails shows the edit and the text. */
    private Outcome checked(String text, Edit edit, String label) {
        try {
            return check(text, edit);
        } catch (Exception | AssertionError e) {
            throw new AssertionError(label + ": " + shown(edit.toString()) + ": " + e.getMessage() + "\n" + shown(text), e);
        }
    }

    /** One edit of a text, and the same again. Fails where it did more than that edit. */
    private Outcome check(String text, Edit edit) throws Refused {
        Document document;
        try {
            document = Document.open(format, text);
        } catch (Refused e) {
            return Outcome.UNREADABLE;
        }
        assertEquals(text, document.text(), "opened");
        var steps = edit.place().steps();
        var before = reader.apply(text);
        int above = document.line(edit.place().parent());
        int line = document.line(edit.place());
        try {
            apply(edit, document);
        } catch (Refused e) {
            assertEquals(text, document.text(), "refused: " + e.getMessage());
            assertTrue(e.line() >= 0 && e.line() <= text.lines().count() + 1, e.line() + ": " + e.getMessage());
            return Outcome.REFUSED;
        }
        var edited = document.text();
        var after = reader.apply(edited);
        assertTrue(agree(edit.value(), at(after, steps), edit.place().last()), "what is there now: " + at(after, steps));
        assertEquals(without(before, steps), without(after, steps), "all the rest");
        if (edit.value() != null) {
            assertEquals(String.valueOf(without(before, steps)), String.valueOf(without(after, steps)), "the order of all the rest");
        }
        for (var again : List.of(document, Document.open(format, edited))) {
            apply(edit, again);
            assertEquals(edited, again.text(), "the same again");
        }
        if (agree(edit.value(), at(before, steps), edit.place().last())) {
            assertTrue(edited.equals(text) || edit.value() == null, "nothing was to be changed");
            return Outcome.UNCHANGED;
        }
        checkText(text, edited, edit, at(before, steps), above, line);
        return Outcome.APPLIED;
    }

    private void checkText(String text, String edited, Edit edit, Object old, int above, int line) throws Refused {
        var untouched = text.lines().limit(above - 1).collect(Collectors.joining("\n")).stripTrailing();
        assertTrue(edited.replace("\r\n", "\n").startsWith(untouched), "the lines before line " + above);
        assertEquals(text.startsWith("\ufeff"), edited.startsWith("\ufeff"), "the byte order mark");
        assertEquals(List.of(), minus(comments(edited), comments(text)), "new comments");
        var comments = minus(comments(text), comments(edited));
        var lost = minus(lines(text), lines(edited));
        boolean container = old instanceof Map || old instanceof List;
        if (edit.value() == null) {
            var beside = text.lines().skip(Math.max(0, line - 3)).limit(8).collect(Collectors.joining("\n"));
            assertTrue(container || comments.stream().allMatch(beside::contains), "lost comments " + comments);
            assertTrue(minus(lines(edited), lines(text)).size() <= 2, "new lines " + minus(lines(edited), lines(text)));
        } else if (!container) {
            long tall = old instanceof String string ? 4 + string.lines().count() : 1;
            assertEquals(List.of(), comments, "lost comments");
            assertTrue(lost.size() <= tall, "lost lines " + lost);
        }
        if (edit.value() != null && old == null) {
            checkUndone(text, edited, edit);
        }
    }

    /** A new member that is removed leaves no trace but perhaps the header of its table; where it is not the first of many. */
    private void checkUndone(String text, String edited, Edit edit) throws Refused {
        if (at(reader.apply(text), edit.place().parent().steps()) instanceof Map<?, ?> map && !map.isEmpty()
                && edit.place().last() instanceof Key key && !map.containsKey(key.name())) {
            var document = Document.open(format, edited);
            document.remove(edit.place());
            var left = minus(lines(document.text()), lines(text));
            assertEquals(List.of(), minus(lines(text), lines(document.text())), "lines lost by adding and removing");
            assertTrue(left.stream().allMatch(line -> line.matches("\\s*\\[.*]")), "lines left by adding and removing: " + left);
        }
    }

    private static List<String> lines(String text) {
        return text.lines().filter(line -> !line.isBlank()).toList();
    }

    private List<String> comments(String text) {
        return comment.matcher(text.replace("\r\n", "\n")).results().filter(found -> found.group(1) != null)
                .map(found -> found.group(1).strip()).toList();
    }

    private static <T> List<T> minus(List<T> all, List<T> less) {
        var rest = new ArrayList<>(all);
        less.forEach(rest::remove);
        return rest;
    }

    /** Null where nothing is, or a null. */
    private static Object at(Object tree, List<Step> steps) {
        var at = tree;
        for (var step : steps) {
            if (step instanceof Key key) {
                at = at instanceof Map<?, ?> map ? map.get(key.name()) : null;
            } else {
                at = at instanceof List<?> list ? named(list, (Item) step) : null;
            }
        }
        return at;
    }

    private static Object named(List<?> list, Item item) {
        return list.stream().filter(e -> e instanceof Map<?, ?> map && item.value().equals(map.get(item.key()))).findFirst().orElse(null);
    }

    /** The tree without what is there, and without what is empty then. Null where nothing is left. */
    private static Object without(Object tree, List<Step> steps) {
        if (steps.isEmpty() || tree == null) {
            return null;
        }
        var rest = steps.subList(1, steps.size());
        if (steps.get(0) instanceof Key key && tree instanceof Map<?, ?> map) {
            var less = new LinkedHashMap<Object, Object>(map);
            less.put(key.name(), without(map.get(key.name()), rest));
            less.values().removeIf(Objects::isNull);
            return less.isEmpty() ? null : less;
        }
        if (steps.get(0) instanceof Item item && tree instanceof List<?> list) {
            var less = new ArrayList<Object>();
            list.forEach(e -> less.add(e == named(list, item) ? without(e, rest) : e));
            less.removeIf(e -> e == null || e.equals(Map.of(item.key(), item.value())));
            return less.isEmpty() ? null : less;
        }
        return tree;
    }

    private static boolean agree(Object wanted, Object there, Step last) {
        if (wanted instanceof Map<?, ?> && there instanceof Map<?, ?> && last instanceof Item item) {
            var named = new LinkedHashMap<Object, Object>((Map<?, ?>) wanted);
            named.put(item.key(), item.value());
            return agree(named, there, null);
        }
        if (wanted instanceof Map<?, ?> a && there instanceof Map<?, ?> b) {
            return a.keySet().equals(b.keySet()) && a.keySet().stream().allMatch(key -> agree(a.get(key), b.get(key), null));
        }
        if (wanted instanceof List<?> a && there instanceof List<?> b) {
            return a.size() == b.size() && IntStream.range(0, a.size()).allMatch(i -> agree(a.get(i), b.get(i), null));
        }
        if (wanted instanceof Number && there instanceof Number && !there.toString().matches("-?[IN].*")) {
            return new BigDecimal(wanted.toString()).compareTo(new BigDecimal(there.toString())) == 0;
        }
        return Objects.equals(wanted, there);
    }
}
