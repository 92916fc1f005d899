package tests;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import lib.apply.Document;
import lib.apply.Document.Refused;
import lib.apply.Merge.Edit;
import lib.apply.Document.Place;
import lib.apply.Document.Place.Item;
import lib.apply.Document.Place.Key;
import lib.apply.Document.Place.Step;

/**
 * Edits of a config file, and damage to it, as the dice fall.
 *
 * @param remarks comments that may be put behind any line
 */
record RandomEdits(Document.Format format, List<String> remarks) {
    private static final List<String> TEXTS = List.of("plain", "vendor/model-1.5:free", "a.b", "", " ", "say \"hi\"", "back\\slash",
            "it's", "# no comment", "// nor this", "/* nor */", "]", "}", "a = 1", "two\nlines", "tab\there", "\r",
            "\u0000\u001f\u007f\u0085", "\u2028\ufeff", "🐬 模型 é", "\"\"\"", "'''", "true", "1", "null", "1979-05-27", "x".repeat(120));
    private static final List<String> NAMES = List.of("models", "name", "id", "limit", "zz-new", "vendor/new.1:free", "x y");

    /** Something to do with this text: to what is there, or to what could be. */
    Edit edit(String text, Random dice) {
        var places = new ArrayList<List<Step>>();
        try {
            collect(List.of(), Document.open(format, text).tree(), places);
        } catch (Refused e) {
            return new Edit(Place.parse("a"), 1L);
        }
        var steps = new ArrayList<>(pick(places, dice));
        int kind = dice.nextInt(10);
        if (steps.isEmpty() || kind < 4) {
            steps.add(new Key(kind == 0 ? pick(TEXTS, dice) : pick(NAMES, dice)));
            if (dice.nextInt(6) == 0) {
                steps.add(new Item("name", pick(TEXTS, dice)));
                steps.add(new Key("v"));
            } else if (dice.nextInt(3) == 0) {
                steps.add(new Key("below"));
            }
        }
        var last = steps.get(steps.size() - 1);
        boolean name = steps.size() > 1 && steps.get(steps.size() - 2) instanceof Item item && last.equals(new Key(item.key()));
        return new Edit(new Place(steps), kind >= 8 && !name ? null : last instanceof Item ? map(dice, 2) : value(dice, 2));
    }

    private static void collect(List<Step> above, Object tree, List<List<Step>> places) {
        places.add(above);
        if (tree instanceof Map<?, ?> map) {
            map.forEach((name, value) -> collect(new Place(above).then(new Key((String) name)).steps(), value, places));
        } else if (tree instanceof List<?> list) {
            for (var key : List.of("id", "name", "title")) {
                list.stream().filter(e -> e instanceof Map<?, ?> map && map.get(key) instanceof String).forEach(element ->
                        collect(new Place(above).then(new Item(key, (String) ((Map<?, ?>) element).get(key))).steps(), element, places));
            }
        }
    }

    private static Object value(Random dice, int depth) {
        return switch (dice.nextInt(depth > 0 ? 9 : 5)) {
            case 0 -> dice.nextBoolean();
            case 1 -> dice.nextLong() >> dice.nextInt(64);
            case 2 -> BigDecimal.valueOf(dice.nextInt(100000), dice.nextInt(12));
            case 3, 4 -> pick(TEXTS, dice);
            case 5 -> dice.ints(dice.nextInt(9), 0, TEXTS.size()).mapToObj(TEXTS::get).toList();
            case 6 -> dice.ints(dice.nextInt(4)).mapToObj(i -> value(dice, depth - 1)).toList();
            case 7 -> dice.ints(dice.nextInt(4)).mapToObj(i -> (Object) map(dice, depth - 1)).toList();
            default -> map(dice, depth - 1);
        };
    }

    private static Map<String, Object> map(Random dice, int depth) {
        var map = new LinkedHashMap<String, Object>();
        for (int i = dice.nextInt(4); i > 0; i--) {
            map.put(pick(dice.nextInt(3) == 0 ? TEXTS : NAMES, dice), value(dice, depth));
        }
        return map;
    }

    private static <T> T pick(List<T> all, Random dice) {
        return all.get(dice.nextInt(all.size()));
    }

    /** The text as somebody else could have written it, or no longer a config at all. */
    String damaged(String text, Random dice) {
        var lines = new ArrayList<>(Arrays.asList(text.split("\n", -1)));
        int at = dice.nextInt(lines.size());
        var line = lines.get(at);
        var remark = pick(remarks, dice);
        switch (dice.nextInt(12)) {
            case 0 -> lines.remove(at);
            case 1 -> lines.add(at, pick(lines, dice));
            case 2 -> lines.add(at, remark);
            case 3 -> lines.set(at, line.replaceFirst("\r?$", Matcher.quoteReplacement(" " + remark) + "$0"));
            case 4 -> lines.add(at, "");
            case 5 -> lines.set(at, pick(List.of("  ", "\t", "      "), dice) + line);
            case 6 -> lines.set(at, line.endsWith("\r") ? line.replace("\r", "") : line + (at + 1 < lines.size() ? "\r" : ""));
            case 7 -> Collections.swap(lines, at, dice.nextInt(lines.size()));
            case 8 -> lines.set(at, line.isEmpty() ? "x" : line.substring(1 + dice.nextInt(line.length()) / 4));
            default -> { }
        }
        var joined = String.join("\n", lines);
        return switch (dice.nextInt(12)) {
            case 0 -> joined.replaceAll("\r?\n", "\r\n");
            case 1 -> joined.startsWith("\ufeff") ? joined.substring(1) : "\ufeff" + joined;
            case 2 -> joined.stripTrailing();
            case 3 -> joined.replace("\r\n", "\n");
            case 4 -> format == Document.Format.TOML ? joined + "\n[nest.\"x.y\"]\nk = [\n  { name = \"n\" }, # n\n]\n"
                    : joined.startsWith("\ufeff") ? joined : "{ \"nest\": [{ \"name\": \"n\", \"o\": " + joined + "\n}] }";
            default -> joined;
        };
    }
}
