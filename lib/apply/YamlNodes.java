package lib.apply;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.apply.Document.Refused;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.resolver.CoreScalarResolver;
import org.snakeyaml.engine.v2.resolver.ScalarResolver;

/**
 * YAML text as a tree in which every value knows where it stands, and values as YAML text.
 *
 * <p>Built from events, because the library's own nodes give an alias the place of its anchor. Dashes, colons and commas are no
 * events; they are what comes next when spaces, line ends and comments are skipped.
 */
final class YamlNodes {
    private static final int LONGEST = 4 << 20;
    private static final int DEEPEST = 64;
    /** Counted with what aliases stand for, which is how a small file could become an endless comparison. */
    private static final int MOST_NODES = 1_000_000;
    private static final ScalarResolver CORE = new CoreScalarResolver(true);

    enum Kind { MAP, LIST, SCALAR, ALIAS }

    /**
     * All places are offsets in the text.
     *
     * @param start  of the anchor or the tag where it has one
     * @param end    behind the last character that counts; comments and blank lines after it do not, nor does a line's end
     * @param anchor its own, or the one that an alias names
     * @param text   of a scalar or of the scalar that an alias stands for, otherwise null
     * @param value  as {@link Document} has it; null for a stated null, too
     */
    record Node(Kind kind, boolean flow, int line, int start, int end, String anchor, String text, Object value, List<Child> children) {
        /** Nothing is written there, as in {@code key:}. */
        boolean isBlank() {
            return start == end;
        }

        /** A map or a list without brackets. */
        boolean isBlock() {
            return !flow && !children.isEmpty();
        }

        int first() {
            return children.get(0).start;
        }

        private Node movedTo(int at) {
            return isBlank() ? new Node(kind, flow, line, at, at, anchor, text, value, children) : this;
        }
    }

    /**
     * A member of a map or an element of a list.
     *
     * @param start of its key, its {@code ?} or its dash; of its value in {@code [a, b]}
     * @param key   null in a list
     * @param sign  behind its colon or its dash, -1 where it has none
     * @param comma the one after it, -1 where there is none
     */
    record Child(int start, Node key, int sign, Node value, int comma) {
        int end() {
            return Math.max(Math.max(sign, value.end), key == null ? 0 : key.end);
        }
    }

    private final String source;
    /** Of each code point, which is what the library counts; null where no character takes two places. */
    private final int[] offsets;
    private final Iterator<Event> events;
    private final Map<String, Node> anchors = new HashMap<>();
    private final Map<String, Integer> sizes = new HashMap<>();
    private final Set<Integer> shared = new HashSet<>();
    private final Node root;
    private int nodes;

    private YamlNodes(String source) throws Refused {
        this.source = source;
        int count = source.codePointCount(0, source.length());
        this.offsets = count == source.length() ? null : new int[count + 1];
        for (int i = 0; offsets != null && i < count; i++) {
            offsets[i + 1] = source.offsetByCodePoints(offsets[i], 1);
        }
        this.events = new Parse(LoadSettings.builder().setCodePointLimit(LONGEST).build()).parseString(source).iterator();
        this.root = document();
    }

    /** @param source without a BOM */
    static YamlNodes read(String source) throws Refused {
        try {
            return new YamlNodes(source);
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().or(e::getContextMark).map(mark -> mark.getLine() + 1).orElse(0);
            throw new Refused(line, "not valid YAML: " + e.getProblem());
        } catch (ReaderException e) {
            int line = lineOf(source, source.indexOf(e.getCodePoint()));
            throw new Refused(line, String.format("not valid YAML: a control character (U+%04X)", e.getCodePoint()));
        } catch (YamlEngineException | IllegalArgumentException e) {
            // The library's few errors without a mark: a %YAML version of the future, an escape beyond Unicode, a huge file.
            throw new Refused(0, "not valid YAML: " + e.getMessage());
        }
    }

    /** The tags that say something else than that a text is a text. @param source a file that {@link #read} takes */
    static Set<String> tags(String source) {
        var tags = new TreeSet<String>();
        for (var event : new Parse(LoadSettings.builder().setCodePointLimit(LONGEST).build()).parseString(source)) {
            var tag = event instanceof ScalarEvent scalar ? scalar.getTag() : event instanceof CollectionStartEvent start ? start.getTag()
                    : Optional.<String>empty();
            tag.filter(name -> !name.equals(Tag.STR.getValue())).ifPresent(tags::add);
        }
        return tags;
    }

    /** A map, or a blank scalar where the file holds nothing but comments: at the place where the first key can go. */
    Node root() {
        return root;
    }

    @SuppressWarnings("unchecked")
    Map<String, Object> tree() {
        return root.value == null ? Map.of() : (Map<String, Object>) root.value;
    }

    /** Another place of the file stands for this node as well. */
    boolean isShared(Node node) {
        return node.kind != Kind.ALIAS && node.anchor != null && shared.contains(node.start);
    }

    boolean isMerge(Node key) {
        return key.kind == Kind.SCALAR && key.text.equals("<<") && source.startsWith("<<", key.start);
    }

    /** For messages. */
    static String kind(Object value) {
        return value instanceof Map ? "a map" : value instanceof List ? "a list" : value == null ? "null" : "a single value";
    }

    static int lineOf(String source, int at) {
        return 1 + (int) source.chars().limit(at).filter(c -> c == '\n').count();
    }

    private int at(Optional<Mark> mark) {
        int index = mark.orElseThrow().getIndex();
        return offsets == null ? index : offsets[index];
    }

    private static int line(Event event) {
        return event.getStartMark().orElseThrow().getLine() + 1;
    }

    private int skip(int at) {
        while (at < source.length() && " \t\r\n#".indexOf(source.charAt(at)) >= 0) {
            int end = source.charAt(at) == '#' ? source.indexOf('\n', at) : at + 1;
            at = end < 0 ? source.length() : end;
        }
        return at;
    }

    /** @return behind this sign if it is what comes next, otherwise -1 */
    private int behind(char sign, int at) {
        int next = skip(at);
        return next < source.length() && source.charAt(next) == sign ? next + 1 : -1;
    }

    private Node document() throws Refused {
        Node found = null;
        while (events.hasNext()) {
            var event = events.next();
            if (event.getEventId() == Event.ID.DocumentStart) {
                if (found != null) {
                    throw new Refused(line(event), "a second document starts here");
                }
                found = node(events.next(), 1);
            }
        }
        if (found != null && found.kind != Kind.MAP && !found.isBlank()) {
            throw new Refused(found.line, "the file holds " + kind(found.value) + ", not a map");
        }
        int end = source.length();
        return found != null ? found : new Node(Kind.SCALAR, false, lineOf(source, end), end, end, null, "", null, List.of());
    }

    private Node node(Event event, int depth) throws Refused {
        if (depth > DEEPEST) {
            throw new Refused(line(event), "nested more than " + DEEPEST + " levels deep");
        }
        int before = nodes++;
        if (event instanceof AliasEvent alias) {
            return alias(alias);
        }
        var node = event instanceof ScalarEvent scalar ? scalar(scalar) : collection((CollectionStartEvent) event, depth);
        if (nodes > MOST_NODES) {
            throw new Refused(node.line, "too many values, with what the aliases stand for");
        }
        if (node.anchor != null) {
            anchors.put(node.anchor, node);
            sizes.put(node.anchor, nodes - before);
        }
        return node;
    }

    private Node alias(AliasEvent event) throws Refused {
        var name = event.getAlias().getValue();
        var target = anchors.get(name);
        if (target == null) {
            throw new Refused(line(event), "*" + name + " stands for nothing that ends before it");
        }
        shared.add(target.start);
        nodes += sizes.get(name);
        int start = at(event.getStartMark());
        return new Node(Kind.ALIAS, false, line(event), start, at(event.getEndMark()), name, target.text, target.value, List.of());
    }

    private Node scalar(ScalarEvent event) {
        int end = at(event.getEndMark());
        var text = event.getValue();
        if (event.isLiteral() || event.isFolded()) {
            // Where the file ends without a line end, so does the text; but not for the library.
            boolean isOpen = end == source.length() && !source.substring(source.lastIndexOf('\n') + 1).isBlank() && text.endsWith("\n");
            end = blockEnd(end, text);
            text = isOpen ? text.substring(0, text.length() - 1) : text;
        }
        var anchor = event.getAnchor().map(Anchor::getValue).orElse(null);
        return new Node(Kind.SCALAR, false, line(event), at(event.getStartMark()), end, anchor, text, value(event, text), List.of());
    }

    /** Blank lines at its end are its own only where they are part of its value ({@code |+}). */
    private int blockEnd(int end, String value) {
        boolean keeps = value.endsWith("\n\n") || value.equals("\n");
        for (boolean isFirst = true; end > 0 && source.charAt(end - 1) == '\n' && (isFirst || !keeps); isFirst = false) {
            end -= end > 1 && source.charAt(end - 2) == '\r' ? 2 : 1;
        }
        return end;
    }

    private static Object value(ScalarEvent event, String text) {
        var tag = event.getTag().map(Tag::new).orElseGet(() -> event.isPlain() ? CORE.resolve(text, true) : Tag.STR);
        if (!tag.equals(Tag.FLOAT) && !tag.equals(CORE.resolve(text, true))) {
            return text;
        }
        if (tag.equals(Tag.NULL) || tag.equals(Tag.BOOL)) {
            return tag.equals(Tag.NULL) ? null : Boolean.valueOf(text);
        }
        try {
            return tag.equals(Tag.INT) ? integer(text) : tag.equals(Tag.FLOAT) ? new BigDecimal(text) : text;
        } catch (NumberFormatException e) {
            return text; // .inf, .nan
        }
    }

    private static Object integer(String text) {
        int radix = text.startsWith("0x") ? 16 : text.startsWith("0o") ? 8 : 10;
        var number = new BigInteger(radix == 10 ? text : text.substring(2), radix);
        return number.bitLength() > 63 ? new BigDecimal(number) : (Object) number.longValue();
    }

    private Node collection(CollectionStartEvent event, int depth) throws Refused {
        var anchor = event.getAnchor().map(Anchor::getValue).orElse(null);
        anchors.remove(anchor); // inside of it, its name stands for nothing else
        boolean isMap = event instanceof MappingStartEvent;
        var children = new ArrayList<Child>();
        int start = at(event.getStartMark());
        int at = at(event.getEndMark());
        at -= !isMap && !event.isFlow() && !source.startsWith("-", at) ? 1 : 0; // of a list that is not indented, behind its dash
        // For the library a block ends where the next thing starts, and b: 1 in [a, b: 1, c] where the next thing ends.
        boolean isBracketed = event.isFlow() && at > start && "[{".indexOf(source.charAt(at - 1)) >= 0;
        var next = events.next();
        for (; next.getEventId() != Event.ID.MappingEnd && next.getEventId() != Event.ID.SequenceEnd; next = events.next()) {
            var child = child(skip(at), next, isMap, event.isFlow(), depth + 1);
            children.add(child);
            at = Math.max(child.end(), child.comma + 1);
        }
        int end = isBracketed ? at(next.getEndMark()) : children.get(children.size() - 1).end();
        var value = isMap ? map(children) : children.stream().map(child -> child.value.value).toList();
        return new Node(isMap ? Kind.MAP : Kind.LIST, event.isFlow(), line(event), start, end, anchor, null, value, children);
    }

    private Child child(int start, Event event, boolean inMap, boolean inFlow, int depth) throws Refused {
        var key = inMap ? node(event, depth) : null;
        if (inMap && (key.text == null || key.value == null)) {
            throw new Refused(key.line, "a key that is no text");
        }
        int sign = inMap ? behind(':', key.end) : inFlow ? -1 : start + 1;
        var value = node(inMap ? events.next() : event, depth).movedTo(sign < 0 && inMap ? key.end : sign);
        var child = new Child(start, key, sign, value, -1);
        return inFlow ? new Child(start, key, sign, value, behind(',', child.end()) - 1) : child;
    }

    private Map<String, Object> map(List<Child> members) throws Refused {
        var map = new LinkedHashMap<String, Object>();
        var merged = new ArrayList<Node>();
        var keys = new HashSet<String>();
        for (var member : members) {
            if (!keys.add(member.key.text)) {
                throw new Refused(member.key.line, "the key '" + member.key.text + "' stands twice in one map");
            }
            if (isMerge(member.key)) {
                merged.add(member.value);
            } else {
                map.put(member.key.text, member.value.value);
            }
        }
        for (var node : merged) {
            for (var base : node.value instanceof List<?> all ? all : Collections.singletonList(node.value)) {
                if (!(base instanceof Map<?, ?> more)) {
                    throw new Refused(node.line, "<< stands before something that is no map");
                }
                more.forEach((key, value) -> map.putIfAbsent((String) key, value));
            }
        }
        return Collections.unmodifiableMap(map);
    }

    /**
     * How values are written into a file.
     *
     * @param map  by how much a map in a map is indented
     * @param list by how much a list in a map is indented, which may be not at all
     */
    record Manner(int map, int list) {
        private static final Pattern PLAIN = Pattern.compile("[\\p{L}\\p{So}0-9_/$(][[^\\p{C}\\p{Z}] ]*(?<![ :])");
        /** What some reader takes for something else than text: of YAML 1.1, which most tools read, also dates, 1_000 and 12:30. */
        private static final Pattern AMBIGUOUS = Pattern.compile("(?i)[yn]|yes|no|on|off|true|false|null|[0-9][0-9a-fox_.,:+tz -]*");
        /** But for what joins several emoji to one. */
        private static final Pattern INVISIBLE = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}&&[^\\p{Co}\u200d]]");

        static boolean isBlock(Object value) {
            return value instanceof Map<?, ?> map && !map.isEmpty() || value instanceof List<?> list && !list.isEmpty();
        }

        int indent(Object value) {
            return value instanceof List ? list : map;
        }

        /** The first line without its indent; lines end with a line feed. */
        String block(Object value, int column) {
            var lines = !isBlock(value) ? Stream.of(single(value, ' ', false))
                    : value instanceof List<?> list ? list.stream().map(element -> "- " + block(element, column + 2))
                    : ((Map<?, ?>) value).entrySet().stream().map(e -> member((String) e.getKey(), e.getValue(), column));
            return lines.collect(Collectors.joining("\n" + " ".repeat(column)));
        }

        String member(String key, Object value, int column) {
            int inner = column + indent(value);
            return single(key, ' ', true) + ":" + (isBlock(value) ? "\n" + " ".repeat(inner) : " ") + block(value, inner);
        }

        /** @param quote for every text, a space for none where none is needed */
        static String flow(Object value, char quote) {
            if (value instanceof Map<?, ?> map) {
                return map.entrySet().stream().map(e -> single(e.getKey(), quote, true) + ": " + flow(e.getValue(), quote))
                        .collect(Collectors.joining(", ", "{", "}"));
            }
            return !(value instanceof List<?> list) ? single(value, quote, true)
                    : list.stream().map(element -> flow(element, quote)).collect(Collectors.joining(", ", "[", "]"));
        }

        /** @param tight where a colon, a comma or a bracket could be a sign: in brackets, and in a key */
        static String single(Object value, char quote, boolean tight) {
            if (value instanceof BigDecimal number) {
                var text = Math.abs(number.scale()) > 40 ? number.toString() : number.toPlainString();
                return text.contains(".") ? text : text.replaceFirst("(?=E|$)", ".0");
            }
            if (!(value instanceof String text)) {
                return value instanceof Map ? "{}" : value instanceof List ? "[]" : String.valueOf(value);
            }
            boolean isPlain = PLAIN.matcher(text).matches() && !AMBIGUOUS.matcher(text).matches() && !text.contains(": ")
                    && !text.contains(" #") && !(tight && text.chars().anyMatch(c -> ":,[]{}".indexOf(c) >= 0));
            if (isPlain && quote != '"' && quote != '\'') {
                return text;
            }
            return quote == '\'' && !INVISIBLE.matcher(text).find() ? "'" + text.replace("'", "''") + "'" : quoted(text);
        }

        private static String quoted(String text) {
            var escaped = text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\t", "\\t");
            return '"' + INVISIBLE.matcher(escaped).replaceAll(found -> {
                int c = found.group().codePointAt(0);
                return String.format(c > 0xffff ? "\\\\U%08X" : "\\\\u%04X", c);
            }) + '"';
        }
    }
}
