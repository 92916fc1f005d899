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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
