package lib.provider;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.provider.Json.Listing;
import lib.provider.Providers.ConfigError;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * A YAML file as a tree in which every value knows where it stands, so that each complaint names line and column.
 *
 * <p>Built from events and not from the library's own nodes: those know no duplicate keys, overflow the stack on deep
 * nesting and lose the position of some errors. Tags, merge keys and keys that are no texts have no use here and are
 * refused; aliases are allowed in small numbers.
 */
final class Yaml {
    /** The bundled file has about a tenth of this. */
    static final int LARGEST_BYTES = 1 << 20;
    private static final int DEEPEST = 32;
    private static final int LONGEST_TEXT = 4_000;
    /** Each alias may stand for the whole file once more, and reading is linear in what they stand for. */
    private static final int MOST_ALIASES = 200;

    sealed interface Node permits Scalar, Sequence, Table {
        At at();
    }

    /** @param plain written without quotes, so that {@code true}, {@code 1} and {@code null} are no texts */
    record Scalar(At at, String value, boolean plain) implements Node {
        boolean isNull() {
            return plain && (value.isEmpty() || value.equals("~") || value.equalsIgnoreCase("null"));
        }

        boolean isFlag() {
            return plain && (value.equalsIgnoreCase("true") || value.equalsIgnoreCase("false"));
        }

        /** One line of printable text; @param what the key, for the message */
        String text(String what) {
            if (isNull() || isFlag()) {
                throw at.error(what + " must be a text, not " + kind(this));
            }
            var text = value.strip();
            if (text.length() > LONGEST_TEXT) {
                throw at.error(what + " has " + text.length() + " characters, more than " + LONGEST_TEXT);
            }
            for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
                if (isUnprintable(text.codePointAt(i))) {
                    throw at.error(what + " must be one line without control or invisible characters");
                }
            }
            return text;
        }
    }

    record Sequence(At at, List<Node> items) implements Node {}

    record Table(At at, Map<String, Member> members) implements Node {
        /** Refuses the first key that is not among {@code allowed}. @param where what the table is, for the message */
        Table only(Collection<String> allowed, String where) {
            for (var member : members.values()) {
                if (!allowed.contains(member.key)) {
                    throw member.keyAt.error("unknown key '" + Listing.visible(member.key) + "' in " + where
                            + ConfigError.didYouMean(member.key, allowed));
                }
            }
            return this;
        }

        Member get(String key) {
            return members.get(key);
        }
    }

    /** A key with its value. */
    record Member(String key, At keyAt, Node value) {
        boolean isNull() {
            return value instanceof Scalar scalar && scalar.isNull();
        }

        ConfigError error(String message) {
            return value.at().error(message);
        }

        Scalar scalar() {
            if (value instanceof Scalar scalar) {
                return scalar;
            }
            throw error(key + " must be a text, not " + kind(value));
        }

        /** @return null for an explicit null */
        String text() {
            return isNull() ? null : scalar().text(key);
        }

        boolean flag() {
            if (value instanceof Scalar scalar && scalar.isFlag()) {
                return scalar.value.equalsIgnoreCase("true");
            }
            throw error(key + " must be true or false");
        }

        /** A list, or one value for a list of one, or null for an empty one. */
        List<Scalar> scalars() {
            if (isNull()) {
                return List.of();
            }
            if (!(value instanceof Sequence sequence)) {
                if (value instanceof Scalar scalar) {
                    return List.of(scalar);
                }
                throw error(key + " must be a text or a list of texts, not " + kind(value));
            }
            var scalars = new ArrayList<Scalar>(sequence.items.size());
            for (var item : sequence.items) {
                if (!(item instanceof Scalar scalar)) {
                    throw item.at().error(key + " must hold texts, not " + kind(item));
                }
                scalars.add(scalar);
            }
            return scalars;
        }

        /** A list of maps. */
        List<Table> tables() {
            var tables = new ArrayList<Table>();
            for (var item : value instanceof Sequence sequence ? sequence.items : List.of(value)) {
                if (!(item instanceof Table table)) {
                    throw item.at().error(key + " must hold maps, not " + kind(item));
                }
                tables.add(table);
            }
            return tables;
        }

        /** An explicit null is an empty one. */
        Table table() {
            if (value instanceof Table table) {
                return table;
            }
            if (isNull()) {
                return new Table(value.at(), Map.of());
            }
            throw error(key + " must be a map, not " + kind(value));
        }
    }

    /** @param line   1-based
     *  @param column 1-based, in code points */
    record At(String file, int line, int column) {
        ConfigError error(String message) {
            return ConfigError.at(file, line, column, message);
        }
    }

    private static String kind(Node node) {
        if (node instanceof Scalar scalar) {
            return scalar.isNull() ? "empty" : scalar.isFlag() ? scalar.value : "a text";
        }
        return node instanceof Sequence ? "a list" : "a map";
    }

    private static boolean isUnprintable(int c) {
        int type = Character.getType(c);
        return Character.isISOControl(c) || type == Character.FORMAT || type == Character.SURROGATE
                || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR;
    }

    private final String file;
    private final Iterator<Event> events;
    private final Map<String, Node> anchors = new HashMap<>();
    private int aliases;
    private At last;

    private Yaml(String file, String text) {
        this.file = file;
        this.last = new At(file, 1, 1);
        this.events = new Parse(LoadSettings.builder().setCodePointLimit(LARGEST_BYTES).build()).parseString(text).iterator();
    }

    /**
     * @param file as it is named in messages
     * @return null where there is nothing but comments
     */
    static Node parse(String file, byte[] content) {
        if (content.length > LARGEST_BYTES) {
            throw ConfigError.at(file, 1, 1, "the file has " + content.length + " bytes, more than " + LARGEST_BYTES);
        }
        var text = decode(file, content);
        var yaml = new Yaml(file, text);
        try {
            return yaml.document();
        } catch (MarkedYamlEngineException e) {
            var mark = e.getProblemMark().or(e::getContextMark);
            throw (mark.isPresent() ? yaml.at(mark.get()) : yaml.last).error("not valid YAML: " + Listing.visible(e.getProblem()));
        } catch (ReaderException e) {
            throw unprintable(file, text);
        } catch (YamlEngineException | IllegalArgumentException e) {
            // The library's few errors without a mark: a %YAML version of the future, an escape beyond Unicode.
            throw yaml.last.error("not valid YAML near here: " + Listing.visible(String.valueOf(e.getMessage())));
        }
    }

    private static String decode(String file, byte[] content) {
        var in = ByteBuffer.wrap(content);
        var out = CharBuffer.allocate(content.length);
        var result = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT).decode(in, out, true);
        var text = out.flip().toString();
        if (result.isError()) {
            throw end(file, text).error("not valid UTF-8");
        }
        return text;
    }

    private static ConfigError unprintable(String file, String text) {
        int i = 0;
        while (i < text.length() && StreamReader.isPrintable(text.codePointAt(i))) {
            i += Character.charCount(text.codePointAt(i));
        }
        return end(file, text.substring(0, i)).error("not valid YAML: a control character"
                + (i < text.length() ? " (" + String.format("U+%04X", text.codePointAt(i)) + ")" : ""));
    }

    /** The place behind {@code text}, which is what a file begins with. */
    private static At end(String file, String text) {
        int line = 1;
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\n') {
                line++;
                start = i + 1;
            }
        }
        return new At(file, line, text.codePointCount(start, text.length()) + 1);
    }

    private Node document() {
        Node root = null;
        boolean seen = false;
        while (events.hasNext()) {
            var event = next();
            switch (event.getEventId()) {
                case DocumentStart -> {
                    if (seen) {
                        throw last.error("a second document starts here; one file holds one");
                    }
                    seen = true;
                    root = node(next(), 1);
                }
                case StreamStart, DocumentEnd, StreamEnd, Comment -> { }
                default -> throw last.error("not valid YAML: unexpected " + event.getEventId());
            }
        }
        return root instanceof Scalar scalar && scalar.isNull() ? null : root;
    }

    private Event next() {
        var event = events.next();
        if (event.getStartMark().isPresent()) {
            last = at(event.getStartMark().get());
        }
        return event;
    }

    private At at(Mark mark) {
        return new At(file, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private Node node(Event event, int depth) {
        var at = last;
        if (depth > DEEPEST) {
            throw at.error("nested more than " + DEEPEST + " levels deep");
        }
        if (event instanceof AliasEvent alias) {
            var target = anchors.get(alias.getAlias().getValue());
            if (target == null) {
                throw at.error("*" + Listing.visible(alias.getAlias().getValue()) + " stands for nothing before it");
            }
            if (!(target instanceof Scalar) && ++aliases > MOST_ALIASES) {
                throw at.error("more than " + MOST_ALIASES + " aliases");
            }
            return target;
        }
        Node node;
        if (event instanceof ScalarEvent scalar) {
            refuse(scalar.getTag().isPresent(), at);
            node = new Scalar(at, scalar.getValue(), scalar.getScalarStyle() == ScalarStyle.PLAIN);
        } else {
            refuse(((CollectionStartEvent) event).getTag().isPresent(), at);
            node = event instanceof MappingStartEvent ? table(at, depth) : sequence(at, depth);
        }
        ((NodeEvent) event).getAnchor().ifPresent(anchor -> anchors.put(anchor.getValue(), node));
        return node;
    }

    private static void refuse(boolean tagged, At at) {
        if (tagged) {
            throw at.error("tags (!…) have no meaning here; put a text that starts with ! in quotes");
        }
    }

    private Sequence sequence(At at, int depth) {
        var items = new ArrayList<Node>();
        for (var event = next(); event.getEventId() != Event.ID.SequenceEnd; event = next()) {
            items.add(node(event, depth + 1));
        }
        return new Sequence(at, items);
    }

    private Table table(At at, int depth) {
        var members = new LinkedHashMap<String, Member>();
        for (var event = next(); event.getEventId() != Event.ID.MappingEnd; event = next()) {
            var keyAt = last;
            if (!(node(event, depth + 1) instanceof Scalar key)) {
                throw keyAt.error("a key must be a text");
            }
            var member = new Member(key.value, keyAt, node(next(), depth + 1));
            var earlier = members.putIfAbsent(key.value, member);
            if (earlier != null) {
                throw keyAt.error("'" + Listing.visible(key.value) + "' stands here already, in line " + earlier.keyAt.line);
            }
        }
        return new Table(at, members);
    }
}
