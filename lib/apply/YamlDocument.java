package lib.apply;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import lib.apply.Document.Place.Item;
import lib.apply.Document.Place.Key;
import lib.apply.Document.Place.Step;
import lib.apply.Document.Place;
import lib.apply.YamlNodes.Child;
import lib.apply.YamlNodes.Kind;
import lib.apply.YamlNodes.Manner;
import lib.apply.YamlNodes.Node;

/**
 * A YAML file that is edited by cutting and inserting text. It is never written anew: that would lose the way a person wrote it.
 *
 * <p>Text has more forms than can be foreseen here. So after each edit the new text is read again and must hold exactly the
 * values that were meant; where it does not, the edit is refused and the text is as it was.
 */
final class YamlDocument implements Document {
    private final String bom;
    private final String eol;
    private String text;
    private YamlNodes nodes;

    private YamlDocument(String bom, String text) throws Refused {
        var unix = text.replace("\r\n", "\n");
        if (unix.indexOf('\r') >= 0) {
            throw new Refused(YamlNodes.lineOf(unix, unix.indexOf('\r')), "a carriage return without a line feed");
        }
        this.bom = bom;
        this.text = text;
        this.nodes = YamlNodes.read(text);
        this.eol = text.startsWith("\r", text.indexOf('\n') - 1) ? "\r\n" : "\n";
    }

    static YamlDocument open(String text) throws Refused {
        var bom = text.startsWith("\ufeff") ? "\ufeff" : "";
        return new YamlDocument(bom, text.substring(bom.length()));
    }

    @Override
    public String text() {
        return bom + text;
    }

    @Override
    public Map<String, Object> tree() {
        return nodes.tree();
    }

    @Override
    public Object get(Place place) {
        return get(tree(), place.steps());
    }

    private static Object get(Object tree, List<Step> steps) {
        return steps.isEmpty() ? tree : get(member(tree, steps.get(0)), steps.subList(1, steps.size()));
    }

    private static Object member(Object of, Step step) {
        return step instanceof Key key ? of instanceof Map<?, ?> map ? map.get(key.name()) : null
                : of instanceof List<?> list ? list.stream().filter(element -> isIt(element, step)).findFirst().orElse(null) : null;
    }

    private static boolean isIt(Object element, Step step) {
        return step instanceof Item item && element instanceof Map<?, ?> map && item.value().equals(map.get(item.key()));
    }

    @Override
    public int line(Place place) {
        return last(way(place)).value().line();
    }

    @Override
    public void set(Place place, Object value) throws Refused {
        var wanted = value;
        if (place.last() instanceof Item item && value instanceof Map<?, ?> map) {
            var element = begun(item); // which has it first
            map.forEach((key, member) -> element.put((String) key, member));
            wanted = element;
        }
        if (same(Objects.requireNonNull(wanted), get(place))) {
            return;
        }
        var way = editable(place);
        var left = place.steps().subList(way.size() - 1, place.steps().size());
        var node = last(way).value();
        boolean isEmpty = node.value() == null || node.flow() && node.children().isEmpty() && isOneLine(node.start(), node.end());
        var changed = left.isEmpty() || isEmpty ? replaced(way, with(node.value(), left, wanted))
                : inserted(node, left.get(0), with(begun(left.get(0)), left.subList(1, left.size()), wanted));
        var values = with(tree(), place.steps(), wanted);
        if (!same(wanted, get(values, place.steps()))) {
            throw new Refused(node.line(), "the value would then be at another place");
        }
        become(changed, values, node.line());
    }

    @Override
    public void remove(Place place) throws Refused {
        boolean isMissing = way(place).size() <= place.steps().size();
        if (isMissing && get(place) == null) {
            return;
        }
        var way = editable(place);
        int line = last(way).value().line();
        if (isMissing) {
            throw new Refused(line, "the value comes from another map that is merged here (<<)");
        }
        become(removed(way), with(tree(), place.steps(), null), line);
    }

    private static Map<String, Object> begun(Step step) {
        var map = new LinkedHashMap<String, Object>();
        if (step instanceof Item item) {
            map.put(item.key(), item.value());
        }
        return map;
    }

    /** @param value null to remove what is there */
    private static Object with(Object old, List<Step> steps, Object value) {
        if (steps.isEmpty()) {
            return value;
        }
        var step = steps.get(0);
        var inner = member(old, step);
        var changed = with(inner == null ? begun(step) : inner, steps.subList(1, steps.size()), value);
        if (step instanceof Key key) {
            var map = new LinkedHashMap<Object, Object>(old instanceof Map<?, ?> members ? members : Map.of());
            map.compute(key.name(), (name, replaced) -> changed); // null removes
            return map;
        }
        var list = new ArrayList<Object>(old instanceof List<?> elements ? elements : List.of());
        int at = inner == null ? list.size() : IntStream.range(0, list.size()).filter(i -> list.get(i) == inner).findFirst().orElseThrow();
        list.subList(at, Math.min(at + 1, list.size())).clear();
        list.addAll(at, changed == null ? List.of() : List.of(changed));
        return list;
    }

    /** Of a number the amount counts, not the writing. */
    private static boolean same(Object wanted, Object stated) {
        if (wanted instanceof Number && stated instanceof Number) {
            return new BigDecimal(wanted.toString()).compareTo(new BigDecimal(stated.toString())) == 0;
        }
        if (wanted instanceof List<?> list && stated instanceof List<?> others) {
            return list.size() == others.size() && IntStream.range(0, list.size()).allMatch(i -> same(list.get(i), others.get(i)));
        }
        if (wanted instanceof Map<?, ?> map && stated instanceof Map<?, ?> others) {
            return map.keySet().equals(others.keySet()) && map.keySet().stream().allMatch(key -> same(map.get(key), others.get(key)));
        }
        return Objects.equals(wanted, stated);
    }

    private void become(String changed, Object values, int line) throws Refused {
        try {
            var read = YamlNodes.read(changed);
            if (same(values, read.tree())) {
                text = changed;
                nodes = read;
                return;
            }
        } catch (Refused e) {
            // The line is one of a text that nobody will see.
        }
        throw new Refused(line, "this cannot be changed without changing more, as it is written");
    }

    /** What stands in the file on the way to a place, the whole of it first. */
    private List<Child> way(Place place) {
        var way = new ArrayList<Child>();
        way.add(new Child(nodes.root().start(), null, -1, nodes.root(), -1));
        for (var step : place.steps()) {
            var next = last(way).value().children().stream().filter(child -> child.key() == null ? isIt(child.value().value(), step)
                    : step instanceof Key key && child.key().text().equals(key.name()) && !nodes.isMerge(child.key())).findFirst();
            if (next.isEmpty()) {
                return way;
            }
            way.add(next.get());
        }
        return way;
    }

    private static Child last(List<Child> way) {
        return way.get(way.size() - 1);
    }

    private List<Child> editable(Place place) throws Refused {
        var way = way(place);
        for (var child : way) {
            var node = child.value();
            if (node.kind() == Kind.ALIAS || nodes.isShared(node)) {
                throw new Refused(node.line(), node.kind() == Kind.ALIAS ? "*" + node.anchor() + " stands here for a value of another place"
                        : "other places of the file stand for this value as well (&" + node.anchor() + ")");
            }
        }
        for (int i = 0; i < place.steps().size(); i++) {
            var step = place.steps().get(i);
            var above = get(tree(), place.steps().subList(0, i));
            int line = way.get(Math.min(i, way.size() - 1)).value().line();
            if (above != null && !(step instanceof Key ? Map.class : List.class).isInstance(above)) {
                throw new Refused(line, (step instanceof Key ? "a map" : "a list") + " is needed here, not " + YamlNodes.kind(above));
            }
            if (above instanceof List<?> list && list.stream().filter(element -> isIt(element, step)).count() > 1) {
                throw new Refused(line, "the list has more than one element of that name");
            }
        }
        return way;
    }

    private int lineStart(int at) {
        return text.lastIndexOf('\n', at - 1) + 1;
    }

    /** Before what ends the line. */
    private int lineEnd(int at) {
        int end = text.indexOf('\n', at);
        return end < 0 ? text.length() : end > at && text.charAt(end - 1) == '\r' ? end - 1 : end;
    }

    private int column(int at) {
        return at - lineStart(at);
    }

    private boolean isBlank(int from, int to) {
        return text.substring(from, to).isBlank();
    }

    private boolean isOneLine(int from, int to) {
        return text.substring(from, to).indexOf('\n') < 0;
    }

    private String splice(int from, int to, String with) {
        return text.substring(0, from) + with.replace("\n", eol) + text.substring(to);
    }

    /** Without the lines of these places. A file that does not end with a line end stays such a file. */
    private String cut(int from, int to) {
        int next = text.indexOf('\n', to) + 1;
        int start = lineStart(from);
        return next > 0 ? splice(start, next, "") : text.substring(0, start == 0 ? 0 : lineEnd(lineStart(start - 1)));
    }

    private Manner manner() {
        int map = indent(nodes.root(), Kind.MAP);
        int list = indent(nodes.root(), Kind.LIST);
        int step = map > 0 ? map : Math.max(list, 2);
        return new Manner(step, list < 0 ? step : list);
    }

    /** Of the first one that stands in a map; -1 where there is none. */
    private int indent(Node node, Kind kind) {
        for (var child : node.children()) {
            var value = child.value();
            boolean isOne = node.kind() == Kind.MAP && value.kind() == kind && value.isBlock() && !isOneLine(child.start(), value.first());
            int found = isOne ? Math.min(column(value.first()) - column(child.start()), 8) : indent(value, kind);
            if (found >= 0) {
                return found;
            }
        }
        return -1;
    }

    /** That of the old value; in a file that looks like JSON, double quotes. */
    private char quote(Node old) {
        return nodes.root().flow() ? '"' : old.isBlank() ? ' ' : text.charAt(old.start());
    }

    private String replaced(List<Child> way, Object value) throws Refused {
        var child = last(way);
        var parent = way.size() > 1 ? way.get(way.size() - 2).value() : null;
        var old = child.value();
        boolean inFlow = parent != null && parent.flow();
        boolean staysFlow = old.flow() && !old.children().isEmpty() && isOneLine(old.start(), old.end())
                && value instanceof List<?> list && list.stream().noneMatch(Manner::isBlock);
        if (child.sign() < 0 && child.key() != null && !inFlow) {
            throw new Refused(child.key().line(), "a key without a colon");
        }
        if (!inFlow && !staysFlow && Manner.isBlock(value)) {
            return replacedByBlock(child, parent, value);
        }
        var with = inFlow || staysFlow ? Manner.flow(value, quote(old)) : Manner.single(value, quote(old), false);
        if (old.isBlank()) {
            return child.sign() < 0 ? splice(old.end(), old.end(), ": " + with) : splice(child.sign(), child.sign(), " " + with);
        }
        if (child.sign() >= 0 && old.isBlock() && !isOneLine(child.sign(), old.start())) {
            return new StringBuilder(cut(old.start(), old.end())).insert(child.sign(), " " + with).toString();
        }
        return splice(old.start(), old.end(), with);
    }

    /** @param parent a block, null for the whole file */
    private String replacedByBlock(Child child, Node parent, Object value) {
        var manner = manner();
        var old = child.value();
        int at = old.start();
        if (parent == null && old.isBlank()) {
            boolean isOpen = at > 0 && text.charAt(at - 1) != '\n';
            return splice(at, at, (isOpen ? "\n" : "") + manner.block(value, 0) + (isOpen && at == text.length() ? "" : "\n"));
        }
        if (parent == null) {
            return splice(at, old.end(), isBlank(lineStart(at), at) ? manner.block(value, column(at)) : Manner.flow(value, quote(old)));
        }
        int sign = child.sign();
        int base = column(child.start());
        if (parent.kind() == Kind.LIST && old.isBlank()) {
            return splice(sign, sign, " " + manner.block(value, column(sign) + 1));
        }
        // The comment behind the last line of several belongs to what is gone.
        int end = old.isBlock() && !isOneLine(at, old.end()) ? lineEnd(old.end()) : old.end();
        boolean isBelow = !old.isBlank() && !isOneLine(sign, at);
        boolean fits = isBelow ? column(at) > base || column(at) == base && value instanceof List : old.isBlock() && old.first() == at;
        if (fits || parent.kind() == Kind.LIST) {
            return splice(at, end, manner.block(value, column(at)));
        }
        int inner = base + manner.indent(value);
        var lines = " ".repeat(inner) + manner.block(value, inner);
        int line = lineEnd(old.end());
        return isBelow ? splice(lineStart(at), end, lines)
                : text.substring(0, sign) + text.substring(end, line) + splice(line, line, "\n" + lines).substring(line);
    }

    private String inserted(Node into, Step step, Object content) throws Refused {
        if (into.flow()) {
            return insertedInFlow(into, step, content);
        }
        int column = column(into.first());
        int at = lineEnd(into.end());
        var entry = step instanceof Key key ? manner().member(key.name(), content, column) : "- " + manner().block(content, column + 2);
        return splice(at, at, "\n" + " ".repeat(column) + entry);
    }

    private String insertedInFlow(Node into, Step step, Object content) throws Refused {
        if (isPair(into)) {
            throw new Refused(into.line(), "a pair without braces cannot get another member");
        }
        char quote = quote(into);
        var entry = (step instanceof Key key ? Manner.single(key.name(), quote, true) + ": " : "") + Manner.flow(content, quote);
        int close = into.end() - 1;
        if (into.children().isEmpty()) {
            return splice(lineStart(close), lineStart(close), " ".repeat(column(close) + 2) + entry + "\n");
        }
        var last = last(into.children());
        int end = last.end();
        int from = Math.max(end, last.comma() + 1);
        int line = lineStart(last.start());
        if (isBlank(line, last.start()) && lineEnd(from) < close) {
            return text.substring(0, end) + (from > end ? "" : ",") + text.substring(end, lineEnd(from))
                    + eol + text.substring(line, last.start()) + entry + (from > end ? "," : "") + text.substring(lineEnd(from));
        }
        return from > end ? splice(from, from, " " + entry + ",") : splice(end, end, ", " + entry);
    }

    /** {@code b: 1} in {@code [a, b: 1]}. */
    private boolean isPair(Node node) {
        return node.kind() == Kind.MAP && node.flow() && !node.children().isEmpty()
                && (node.first() == node.start() || text.charAt(node.start()) == '?');
    }

    private String removed(List<Child> way) throws Refused {
        var child = last(way);
        var parent = way.get(way.size() - 2).value();
        int start = child.start();
        if (isPair(parent) || !parent.flow() && parent.children().size() == 1) {
            return replaced(way.subList(0, way.size() - 1), parent.kind() == Kind.MAP ? Map.of() : List.of());
        } else if (parent.flow() || isBlank(lineStart(start), start)) {
            return parent.flow() ? removedFromFlow(parent, parent.children().indexOf(child)) : cut(start, child.end());
        }
        // The first member of an element stands behind the dash; the second takes its place, unless comments are above that.
        int end = lineEnd(child.end());
        int next = parent.children().get(1).start();
        return isBlank(end, next) ? splice(start, next, "") : splice(text.substring(0, start).stripTrailing().length(), end, "");
    }

    private String removedFromFlow(Node parent, int index) {
        var child = parent.children().get(index);
        boolean isLast = index == parent.children().size() - 1;
        int next = isLast ? parent.end() - 1 : parent.children().get(index + 1).start();
        int from = child.start();
        int to = Math.max(child.end(), child.comma() + 1);
        if (isBlank(lineStart(from), from) && lineEnd(to) < next) {
            from = lineStart(from);
            to = text.indexOf('\n', to) + 1;
        } else if (!isLast && isOneLine(to, next)) {
            to = next;
        } else {
            while (text.charAt(from - 1) == ' ') {
                from--;
            }
        }
        int comma = isLast && index > 0 && child.comma() < 0 ? parent.children().get(index - 1).comma() : from;
        return text.substring(0, comma) + text.substring(Math.min(comma + 1, from), from) + text.substring(to);
    }
}
