package lib.apply;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import lib.apply.JsonDocument.Scan.Node;
import lib.apply.JsonDocument.Scan;
import org.tomlj.Toml;

/**
 * JSON as people write it: with comments, and with commas after the last member. Jackson says whether it is sound and what it
 * states, {@link Scan} where everything stands. A text of nothing but comments is an object that is yet to be written.
 */
final class JsonDocument implements Checked.Parsed {
    private static final ObjectReader JSON = JsonMapper.builder(JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS, JsonReadFeature.ALLOW_TRAILING_COMMA).build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES).build().reader();

    private final String text;
    private final Map<String, Object> tree = new LinkedHashMap<>();
    private final Scan.Node root;

    private JsonDocument(String text) throws Document.Refused {
        this.text = text;
        var stated = read(text);
        var scan = new Scan(text, false);
        int start = scan.skip(0);
        if (!stated.isObject() && !stated.isMissingNode()) {
            throw new Document.Refused(Checked.line(text, start), "it is no JSON object");
        }
        stated.properties().forEach(member -> tree.put(member.getKey(), plain(member.getValue())));
        root = stated.isMissingNode() ? null : scan.value(start);
    }

    static Document open(String text) throws Document.Refused {
        return new Checked(text, JsonDocument::new);
    }

    /** What is wrong is said in our words: Jackson's quote the file, and there are keys in it. */
    private static JsonNode read(String text) throws Document.Refused {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            boolean twice = e.getOriginalMessage().startsWith("Duplicate field");
            throw new Document.Refused(e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                    twice ? "a key stands there twice in one object" : "it is no valid JSON, with or without comments");
        } catch (ArithmeticException | NumberFormatException e) {
            throw new Document.Refused(0, "it holds a number that is too large to be read");
        }
    }

    private static Object plain(JsonNode node) {
        if (node.isObject()) {
            var members = new LinkedHashMap<String, Object>();
            node.properties().forEach(member -> members.put(member.getKey(), plain(member.getValue())));
            return members;
        }
        if (node.isArray()) {
            var elements = new ArrayList<Object>();
            node.forEach(element -> elements.add(plain(element)));
            return elements;
        }
        if (node.isNumber()) {
            return node.isIntegralNumber() && node.canConvertToLong() ? (Object) node.longValue() : node.decimalValue();
        }
        return node.isBoolean() ? (Object) node.booleanValue() : node.textValue();
    }

    @Override
    public Map<String, Object> tree() {
        return tree;
    }

    @Override
    public List<Document.Leaf> leaves() {
        var leaves = new ArrayList<Document.Leaf>();
        if (root != null) {
            new Scan(text, false).leaves(root, tree, List.of(), leaves);
        }
        return leaves;
    }

    @Override
    public int[] span(List<Object> path) {
        var node = root == null ? null : Scan.deepest(root, path);
        return node == null ? new int[] {0, text.length()} : new int[] {node.start(), node.end()};
    }

    @Override
    public String edited(Map<String, Object> wanted, boolean removal, List<String> marks) {
        var plain = new Bracketed(text, false, "  ", marks);
        if (root == null) {
            var eol = new Scan(text, false).eol;
            var gap = text.isEmpty() || text.endsWith("\n") ? "" : eol;
            return text + gap + plain.render(wanted, "") + eol;
        }
        var indent = root.parts().isEmpty() ? "" : plain.style(root).indent();
        var brackets = indent.isEmpty() ? plain : new Bracketed(text, false, indent, marks);
        return text.substring(0, root.start()) + brackets.edit(root, tree, wanted, false) + text.substring(root.end());
    }

    /** What a string of a sound document says. */
    static String string(String quoted) {
        try {
            return quoted.indexOf('\\') < 0 ? quoted.substring(1, quoted.length() - 1) : JSON.readTree(quoted).textValue();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a key that was read before", e);
        }
    }

    /** Valid in TOML as well: only escapes that both know. */
    static String quoted(String string) {
        var out = new StringBuilder("\"");
        string.chars().forEach(c -> {
            int named = "\b\t\n\f\r\"\\".indexOf(c);
            if (named >= 0) {
                out.append('\\').append("btnfr\"\\".charAt(named));
            } else if (c < ' ' || c >= 0x7f && c < 0xa0 || c == 0x2028 || c == 0x2029 || c == 0xfeff) {
                out.append(String.format("\\u%04x", c));
            } else {
                out.append((char) c);
            }
        });
        return out.append('"').toString();
    }

    /** Where everything stands in a text, of JSON or of TOML, that a parser has found sound. Offsets are those of chars. */
    static final class Scan {
        /** @param parts null of a scalar */
        record Node(int start, int end, List<Part> parts) {}

        /**
         * @param keys  none of an element; more than one where TOML joins them by dots
         * @param comma where the comma behind it stands, or -1
         */
        record Part(List<String> keys, int start, int keyEnd, Node value, int comma) {
            int past() {
                return comma < 0 ? value.end() : comma + 1;
            }
        }

        /** Names joined by dots, and where they end. */
        record Keys(List<String> names, int end) {}

        private final String text;
        private final boolean toml;
        final String eol;

        Scan(String text, boolean toml) {
            this.text = text;
            this.toml = toml;
            int newline = text.indexOf('\n');
            this.eol = newline > 0 && text.charAt(newline - 1) == '\r' ? "\r\n" : "\n";
        }

        /** Past white space and comments. */
        int skip(int from) {
            int at = from;
            while (at < text.length()) {
                int past = pastComment(at);
                if (past == at && text.charAt(at) > ' ') {
                    break;
                }
                at = Math.max(past, at + 1);
            }
            return at;
        }

        int pastComment(int at) {
            if (!toml && text.startsWith("/*", at)) {
                return text.indexOf("*/", at + 2) + 2;
            }
            return text.startsWith(toml ? "#" : "//", at) ? lineEnd(at) : at;
        }

        /** Before the line break, or the end of the text. */
        int lineEnd(int from) {
            int at = from;
            while (at < text.length() && text.charAt(at) != '\n' && text.charAt(at) != '\r') {
                at++;
            }
            return at;
        }

        int pastBlanks(int from) {
            int at = from;
            while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
                at++;
            }
            return at;
        }

        String indentAt(int at) {
            return text.substring(lineStart(at), Math.min(pastBlanks(lineStart(at)), at));
        }

        int lineStart(int at) {
            return text.lastIndexOf('\n', at - 1) + 1;
        }

        int pastBreak(int at) {
            return at == text.length() ? at : at + (text.startsWith("\r\n", at) ? 2 : 1);
        }

        boolean blankLine(int at) {
            return pastBlanks(at) == lineEnd(at);
        }

        Node value(int at) {
            char c = text.charAt(at);
            if (c == '"' || c == '\'') {
                return new Node(at, pastString(at), null);
            }
            if (c != '[' && c != '{') {
                int end = at;
                while (end < text.length() && ",]}#/\r\n".indexOf(text.charAt(end)) < 0) {
                    end++;
                }
                return new Node(at, at + text.substring(at, end).stripTrailing().length(), null);
            }
            var parts = new ArrayList<Part>();
            char close = c == '{' ? '}' : ']';
            int next = skip(at + 1);
            while (text.charAt(next) != close) {
                int start = next;
                var keys = c == '{' ? keys(start) : new Keys(List.of(), start);
                var value = value(c == '{' ? skip(skip(keys.end()) + 1) : start);
                next = skip(value.end());
                int comma = text.charAt(next) == ',' ? next : -1;
                next = comma < 0 ? next : skip(comma + 1);
                parts.add(new Part(keys.names(), start, keys.end(), value, comma));
            }
            return new Node(at, next + 1, parts);
        }

        private int pastString(int start) {
            var quote = text.substring(start, start + 1);
            var end = toml && text.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
            int at = start + end.length();
            while (!text.startsWith(end, at)) {
                at += quote.equals("\"") && text.charAt(at) == '\\' ? 2 : 1;
            }
            at += end.length();
            while (end.length() == 3 && text.startsWith(quote, at)) {
                at++;
            }
            return at;
        }

        Keys keys(int start) {
            boolean quoted = false;
            for (int at = start;; at = pastBlanks(pastBlanks(at) + 1)) {
                if (text.charAt(at) == '"' || text.charAt(at) == '\'') {
                    quoted = true;
                    at = pastString(at);
                } else {
                    while (" \t.=]".indexOf(text.charAt(at)) < 0) {
                        at++;
                    }
                }
                if (!toml || text.charAt(pastBlanks(at)) != '.') {
                    var stated = text.substring(start, at);
                    var names = quoted && toml ? Toml.parseDottedKey(stated) : List.of(stated.split("[ \t]*\\.[ \t]*"));
                    return new Keys(toml ? names : List.of(string(stated)), at);
                }
            }
        }

        /** @param value what was read there */
        void leaves(Node node, Object value, List<Object> path, List<Document.Leaf> out) {
            if (node.parts() == null) {
                var said = value instanceof String string ? string : value instanceof Number ? text.substring(node.start(), node.end()) : null;
                out.add(new Document.Leaf(path, said, node.start(), node.end()));
                return;
            }
            for (int i = 0; i < node.parts().size(); i++) {
                var part = node.parts().get(i);
                var inner = new ArrayList<>(path);
                var at = value;
                for (var key : part.keys()) {
                    at = ((Map<?, ?>) at).get(key);
                    inner.add(key);
                }
                if (part.keys().isEmpty()) {
                    at = ((List<?>) at).get(i);
                    inner.add(i);
                }
                leaves(part.value(), at, inner, out);
            }
        }

        /** The value at the path, or the last one on the way that there is. */
        static Node deepest(Node from, List<Object> path) {
            for (int i = 0; !path.isEmpty() && from.parts() != null && i < from.parts().size(); i++) {
                var part = from.parts().get(i);
                int keys = Math.max(1, part.keys().size());
                if (path.get(0).equals(i) || keys <= path.size() && part.keys().equals(path.subList(0, keys))) {
                    return deepest(part.value(), path.subList(keys, path.size()));
                }
            }
            return from;
        }
    }
}

/**
 * Writes the text of a JSON value, or of one TOML value, anew around the values in it that stay.
 *
 * <p>What stands between two brackets is cut into parts, each with the comments above it and behind it on its line. A part
 * that stays is copied. One that goes takes the comment behind it along if it had the line for itself; what stands above
 * it stays. Elements of a list stay if they are equal, or tables of the same name, also where the order changes. So an
 * overwritten list keeps the comments of what is still in it, and loses those beside what is not.
 */
final class Bracketed {
    private static final int WIDE = 100;
    private static final Object NONE = new Object();

    /** How parts stand: on lines of their own or not, how far in, and what is between name and value. */
    record Style(boolean lines, String indent, String colon) {
        String comma() {
            return colon.endsWith(" ") ? ", " : ",";
        }
    }

    /** A part of the new text: from an old one, or a new one (-1). */
    private record Piece(int old, String body) {}

    private final String text;
    private final boolean toml;
    private final Scan scan;
    private final String unit;
    private final List<String> marks;

    /**
     * @param unit  one level of indentation, where there is nothing beside it to go by
     * @param marks the members by which tables in a list are known, the foremost first
     */
    Bracketed(String text, boolean toml, String unit, List<String> marks) {
        this.text = text;
        this.toml = toml;
        this.scan = new Scan(text, toml);
        this.unit = unit;
        this.marks = marks;
    }

    Style style(Node node) {
        int before = node.start() + 1;
        boolean lines = false;
        var indent = scan.indentAt(node.start()) + unit;
        var colon = plainStyle().colon();
        for (var part : node.parts()) {
            if (text.substring(before, part.start()).contains("\n")) {
                lines = true;
                boolean first = scan.pastBlanks(scan.lineStart(part.start())) == part.start();
                indent = first ? scan.indentAt(part.start()) : indent;
            }
            var between = text.substring(part.keyEnd(), part.value().start());
            colon = between.matches("[ \t]*[:=][ \t]*") ? between : colon;
            before = part.value().end();
        }
        return new Style(lines || text.substring(before, node.end()).contains("\n"), indent, colon);
    }

    private Style plainStyle() {
        return new Style(false, "", toml ? " = " : ": ");
    }

    /**
     * The text of this node, changed where its value is to change.
     *
     * @param inline whether all stands on one line around it
     */
    String edit(Node node, Object old, Object wanted, boolean inline) {
        if (Checked.same(old, wanted)) {
            return text.substring(node.start(), node.end());
        }
        boolean tables = old instanceof Map && wanted instanceof Map;
        if (!tables && !(old instanceof List && wanted instanceof List)) {
            return render(wanted, scan.indentAt(node.start()), inline, plainStyle());
        }
        var style = style(node);
        boolean flat = toml || (node.parts().isEmpty() ? inline : !style.lines());
        var pieces = tables ? members(node, (Map<?, ?>) old, (Map<?, ?>) wanted, flat, style)
                : elements(node, (List<?>) old, (List<?>) wanted, flat, style);
        if (node.parts().isEmpty()) {
            return filled(node, pieces, style, inline || toml && tables);
        }
        var joined = new Chunks(node, style).joined(pieces);
        boolean row = !inline && !tables && !style.lines() && joined.length() > Math.max(WIDE, node.end() - node.start());
        return row && plain(joined, pieces) ? wrapped(node, pieces, style, false) : joined;
    }

    private List<Piece> members(Node node, Map<?, ?> old, Map<?, ?> wanted, boolean inline, Style style) {
        var pieces = new ArrayList<Piece>();
        var stated = new HashSet<List<String>>();
        var above = new HashSet<List<String>>();
        for (int i = 0; i < node.parts().size(); i++) {
            var part = node.parts().get(i);
            var value = at(wanted, part.keys());
            if (value != NONE) {
                var before = at(old, part.keys());
                pieces.add(new Piece(i, text.substring(part.start(), part.value().start()) + edit(part.value(), before, value, inline)));
            }
            stated.add(part.keys());
            for (int n = 1; n < part.keys().size(); n++) {
                above.add(part.keys().subList(0, n));
            }
        }
        unstated(List.of(), wanted, stated, above).forEach((keys, value) -> pieces.add(new Piece(-1,
                key(keys) + style.colon() + render(value, style.indent(), inline, style))));
        return pieces;
    }

    /** What is wanted and stands nowhere yet, below keys joined by dots as well. */
    private static Map<List<String>, Object> unstated(List<String> path, Map<?, ?> wanted, Set<List<String>> stated,
            Set<List<String>> above) {
        var missing = new LinkedHashMap<List<String>, Object>();
        wanted.forEach((name, value) -> {
            var keys = new ArrayList<>(path);
            keys.add((String) name);
            if (above.contains(keys) && value instanceof Map<?, ?> map) {
                missing.putAll(unstated(keys, map, stated, above));
            } else if (!stated.contains(keys)) {
                missing.put(keys, value);
            }
        });
        return missing;
    }

    private static Object at(Object from, List<String> keys) {
        var at = from;
        for (var key : keys) {
            if (!(at instanceof Map<?, ?> map) || !map.containsKey(key)) {
                return NONE;
            }
            at = map.get(key);
        }
        return at;
    }

    private List<Piece> elements(Node node, List<?> old, List<?> wanted, boolean inline, Style style) {
        var stays = matched(old, wanted, marks);
        var pieces = new ArrayList<Piece>();
        for (int i = 0; i < stays.length; i++) {
            int from = stays[i];
            pieces.add(new Piece(from, from < 0 ? render(wanted.get(i), style.indent(), inline, style)
                    : edit(node.parts().get(from).value(), old.get(from), wanted.get(i), inline)));
        }
        return pieces;
    }

    /** Of each wanted element which old one it is, or -1: an equal one, else a table that has one of the marks in common. */
    static int[] matched(List<?> old, List<?> wanted, List<String> marks) {
        var found = new int[wanted.size()];
        Arrays.fill(found, -1);
        match(old, wanted, found, element -> element == null ? NONE : element);
        for (var mark : marks) {
            match(old, wanted, found, element -> element instanceof Map<?, ?> map && map.get(mark) instanceof String name ? name : null);
        }
        return found;
    }

    private static void match(List<?> old, List<?> wanted, int[] found, UnaryOperator<Object> mark) {
        var taken = Arrays.stream(found).boxed().collect(Collectors.toSet());
        var left = new HashMap<Object, Deque<Integer>>();
        for (int i = 0; i < old.size(); i++) {
            if (!taken.contains(i)) {
                left.computeIfAbsent(mark.apply(old.get(i)), m -> new ArrayDeque<>()).add(i);
            }
        }
        for (int i = 0; i < found.length; i++) {
            var name = mark.apply(wanted.get(i));
            var same = name == null || found[i] >= 0 ? null : left.get(name);
            found[i] = same == null || same.isEmpty() ? found[i] : same.poll();
        }
    }

    /** A list of scalars that no comment stands in. */
    private static boolean plain(String joined, List<Piece> pieces) {
        return !joined.contains("/*") && pieces.stream().noneMatch(piece -> piece.body().startsWith("[") || piece.body().startsWith("{"));
    }

    private String wrapped(Node node, List<Piece> pieces, Style style, boolean inline) {
        return wrapped(text.charAt(node.start()), pieces.stream().map(Piece::body).toList(), scan.indentAt(node.start()), inline, style);
    }

    /** Where nothing stood before, unless comments. */
    private String filled(Node node, List<Piece> pieces, Style style, boolean inline) {
        var inside = text.substring(node.start(), node.end() - 1).stripTrailing();
        if (inside.length() == 1) {
            return wrapped(node, pieces, style, inline);
        }
        var line = scan.eol + style.indent();
        var bodies = pieces.stream().map(Piece::body).collect(Collectors.joining("," + line));
        return inside + line + bodies + scan.eol + scan.indentAt(node.start()) + text.charAt(node.end() - 1);
    }

    /** What stands around the parts of a node: above each, and behind it up to the end of its line. */
    private final class Chunks {
        private final Node node;
        private final Style style;
        private final String head;
        private final String[] lead;
        private final String[] trail;
        private String tail;

        Chunks(Node node, Style style) {
            this.node = node;
            this.style = style;
            this.lead = new String[node.parts().size()];
            this.trail = new String[lead.length];
            int cut = end(node.start() + 1, false);
            this.head = text.substring(node.start(), cut);
            for (int i = 0; i < lead.length; i++) {
                var part = node.parts().get(i);
                lead[i] = text.substring(cut, part.start());
                cut = end(part.past(), i + 1 == lead.length);
                trail[i] = text.substring(part.past(), cut);
            }
            tail = text.substring(cut, node.end() - 1);
        }

        /** Past the comments behind it, if nothing else follows on its line. */
        private int end(int past, boolean last) {
            int end = past;
            int at = scan.pastBlanks(end);
            while (scan.pastComment(at) > at) {
                end = scan.pastComment(at);
                at = scan.pastBlanks(end);
            }
            return at == scan.lineEnd(at) ? at : last ? end : past;
        }

        /** A comment to the end of a line needs a line break behind it, whatever comes to stand there. */
        String joined(List<Piece> pieces) {
            var first = blank(lead[0]) ? lead[0] : "";
            var next = lead.length > 1 && blank(lead[1]) ? lead[1] : style.comma().substring(1);
            boolean trailing = node.parts().get(lead.length - 1).comma() >= 0;
            handOver(pieces.stream().map(Piece::old).collect(Collectors.toSet()));
            boolean remark = head.strip().length() > 1;
            if (pieces.isEmpty() && !remark && tail.isBlank()) {
                return head.strip() + text.charAt(node.end() - 1);
            }
            var out = new StringBuilder(head);
            for (int k = 0; k < pieces.size(); k++) {
                int old = pieces.get(k).old();
                var above = old >= 0 ? lead[old] : style.lines() ? scan.eol + style.indent() : "";
                above = !blank(above) ? above : k == 0 ? first : old <= 0 ? next : above;
                out.append(remark && !above.contains("\n") ? scan.eol + style.indent() + above.strip() : above);
                out.append(pieces.get(k).body());
                if (old >= 0 && node.parts().get(old).comma() >= 0) {
                    out.append(text, node.parts().get(old).value().end(), node.parts().get(old).comma());
                }
                out.append(k + 1 < pieces.size() || trailing ? "," : "").append(old < 0 ? "" : trail[old]);
                remark = old >= 0 && style.lines() && !trail[old].isBlank();
            }
            return out.append(remark ? onNewLine(tail) : tail).append(text.charAt(node.end() - 1)).toString();
        }

        private String onNewLine(String before) {
            return before.contains("\n") ? before : scan.eol + scan.indentAt(node.start()) + before.strip();
        }

        /** Gives the comments of parts that go to what stays behind them. */
        private void handOver(Set<Integer> stay) {
            var comments = "";
            for (int i = 0; i < lead.length; i++) {
                if (stay.contains(i)) {
                    lead[i] = comments + lead[i];
                    comments = "";
                } else if (i + 1 < lead.length && !lead[i + 1].startsWith("\n") && !lead[i + 1].startsWith("\r\n")) {
                    lead[i + 1] = lead[i] + lead[i + 1].stripLeading();
                } else {
                    int line = lead[i].lastIndexOf('\n');
                    boolean alone = line >= 0 && lead[i].substring(line).isBlank();
                    int end = line > 0 && lead[i].charAt(line - 1) == '\r' ? line - 1 : line;
                    comments += alone ? lead[i].substring(0, end) : lead[i].stripTrailing() + trail[i].stripTrailing();
                }
            }
            if (!comments.isBlank()) {
                tail = comments + (style.lines() ? onNewLine(tail) : tail);
            }
        }

        private static boolean blank(String text) {
            return text.isBlank() && !text.contains("\n");
        }
    }

    /** A value that nothing is like yet, on lines of its own where that is usual. */
    String render(Object value, String indent) {
        return render(value, indent, false, plainStyle());
    }

    private String render(Object value, String indent, boolean inline, Style style) {
        boolean flat = inline || toml;
        if (value instanceof Map<?, ?> map) {
            var bodies = new ArrayList<String>();
            map.forEach((name, inner) -> bodies.add(key(List.of((String) name)) + style.colon()
                    + render(inner, indent + unit, flat, style)));
            return wrapped('{', bodies, indent, flat, style);
        }
        if (value instanceof List<?> list) {
            var bodies = list.stream().map(element -> render(element, indent + unit, flat, style)).toList();
            return wrapped('[', bodies, indent, inline, style);
        }
        if (value instanceof BigDecimal number) {
            var digits = Math.abs(number.scale()) <= 30 ? number.toPlainString() : number.toString();
            return toml && digits.matches("-?[0-9]+") ? digits + ".0" : digits;
        }
        return value instanceof String string ? JsonDocument.quoted(string) : String.valueOf(value);
    }

    private String wrapped(char open, List<String> bodies, String indent, boolean inline, Style style) {
        var close = open == '{' ? "}" : "]";
        var pad = toml && open == '{' && !bodies.isEmpty() ? " " : "";
        var row = open + pad + String.join(style.comma(), bodies) + pad + close;
        var line = scan.eol + indent + unit;
        return bodies.isEmpty() || inline || toml && row.length() <= WIDE ? row
                : open + line + String.join("," + line, bodies) + (toml ? "," : "") + scan.eol + indent + close;
    }

    /** Names joined by dots, as TOML or JSON needs them. */
    String key(List<String> names) {
        return names.stream().map(name -> toml && name.matches("[A-Za-z0-9_-]+") ? name : JsonDocument.quoted(name))
                .collect(Collectors.joining("."));
    }
}
