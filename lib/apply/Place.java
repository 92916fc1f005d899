package lib.apply;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A place in a config file: {@code clients[name=groq].models}, {@code model_providers."a.b".env_key}. A step is a key of a
 * table, or the one element of a list whose member of that key is that text.
 */
public record Place(List<Step> steps) {
    public sealed interface Step {}

    /** A member of a table (a TOML table, a YAML mapping, a JSON object). */
    public record Key(String name) implements Step {}

    /** The element of a list, a table itself, whose member {@code key} is {@code value}. */
    public record Item(String key, String value) implements Step {}

    public Place {
        steps = List.copyOf(steps);
    }

    public Place then(Step step) {
        var longer = new ArrayList<>(steps);
        longer.add(step);
        return new Place(longer);
    }

    public Step last() {
        return steps.get(steps.size() - 1);
    }

    public Place parent() {
        return new Place(steps.subList(0, steps.size() - 1));
    }

    /** @throws IllegalArgumentException with a sentence about what is wrong with it */
    public static Place parse(String text) {
        var steps = new ArrayList<Step>();
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '[') {
                int equals = text.indexOf('=', at);
                var end = new int[1];
                if (steps.isEmpty() || equals < 0) {
                    throw new IllegalArgumentException("'" + text + "': [key=value] expected at " + at);
                }
                var value = word(text, equals + 1, "]", end);
                if (end[0] >= text.length() || text.charAt(end[0]) != ']') {
                    throw new IllegalArgumentException("'" + text + "' has a [ without ]");
                }
                steps.add(new Item(text.substring(at + 1, equals), value));
                at = end[0] + 1;
            } else {
                if (c == '.' && !steps.isEmpty()) {
                    at++;
                } else if (!steps.isEmpty()) {
                    throw new IllegalArgumentException("'" + text + "': a dot expected at " + at);
                }
                var end = new int[1];
                steps.add(new Key(word(text, at, ".[", end)));
                at = end[0];
            }
        }
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("an empty place");
        }
        return new Place(steps);
    }

    private static String word(String text, int from, String ends, int[] end) {
        if (from < text.length() && text.charAt(from) == '"') {
            var out = new StringBuilder();
            int i = from + 1;
            for (; i < text.length() && text.charAt(i) != '"'; i++) {
                i += text.charAt(i) == '\\' && i + 1 < text.length() ? 1 : 0;
                out.append(text.charAt(i));
            }
            if (i >= text.length()) {
                throw new IllegalArgumentException("'" + text + "' has a quote that does not end");
            }
            end[0] = i + 1;
            return out.toString();
        }
        int i = from;
        while (i < text.length() && ends.indexOf(text.charAt(i)) < 0) {
            i++;
        }
        if (i == from) {
            throw new IllegalArgumentException("'" + text + "' has an empty name at " + from);
        }
        end[0] = i;
        return text.substring(from, i);
    }

    private static String quoted(String word, String ends) {
        boolean plain = !word.isEmpty() && word.chars().noneMatch(c -> c == '"' || c == '\\' || ends.indexOf(c) >= 0);
        return plain ? word : "\"" + word.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    /** What {@link #parse} reads. */
    @Override
    public String toString() {
        return steps.stream().map(Place::text).collect(Collectors.joining()).substring(1);
    }

    /** What a step adds to the text of a place, a key's dot included. */
    static String text(Step step) {
        return step instanceof Key key ? "." + quoted(key.name(), ".[")
                : "[" + ((Item) step).key() + "=" + quoted(((Item) step).value(), "]") + "]";
    }
}
