package lib.apply;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import lib.apply.Document.Place.Item;
import lib.apply.Document.Place.Key;
import lib.apply.Document.Place.Step;
import lib.apply.Document.Place;
import lib.apply.Merge.Edit;
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
    /** How the file is written; null until it is asked for. */
    private Manner manner;
    /** By list and by the member that is their name: a long list is asked for each of its elements. */
    private final Map<List<?>, Map<String, Names>> names = new IdentityHashMap<>();

    /** @param first of each name, where its element is */
    private record Names(Map<Object, Integer> first, Set<Object> twice) {
        static Names of(List<?> list, String key) {
            var names = new Names(new HashMap<>(), new HashSet<>());
            for (int i = 0; i < list.size(); i++) {
                var name = list.get(i) instanceof Map<?, ?> map ? map.get(key) : null;
                if (names.first.putIfAbsent(name, i) != null) {
                    names.twice.add(name);
                }
            }
            return names;
        }
    }

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
    public List<Leaf> leaves() {
        var leaves = new ArrayList<Leaf>();
        leaves(nodes.root(), List.of(), leaves);
        return leaves;
    }

    private void leaves(Node node, List<Object> path, List<Leaf> out) {
        if (node.text() != null && !path.isEmpty()) {
            var said = node.value() instanceof String || node.value() instanceof Number ? node.text() : null;
            out.add(new Leaf(path, said, bom.length() + node.start(), bom.length() + node.end()));
        }
        for (int i = 0; i < node.children().size(); i++) {
            var child = node.children().get(i);
            var inner = new ArrayList<>(path);
            inner.add(child.key() == null ? (Object) i : child.key().text());
            leaves(child.value(), inner, out);
        }
    }

    @Override
    public Object get(Place place) {
        return get(place.steps());
    }

    private Object get(List<Step> steps) {
        Object at = tree();
        for (var step : steps) {
            if (step instanceof Item item && at instanceof List<?> list) {
                var found = names(list, item.key()).first.get(item.value());
                at = found == null ? null : list.get(found);
            } else {
                at = member(at, step);
            }
        }
        return at;
    }

    /** @param list of {@link #tree} */
    private Names names(List<?> list, String key) {
        return names.computeIfAbsent(list, l -> new HashMap<>()).computeIfAbsent(key, k -> Names.of(list, k));
    }

    private static Object get(Object tree, List<Step> steps) {
        return steps.isEmpty() ? tree : get(member(tree, steps.get(0)), steps.subList(1, steps.size()));
    }

    private static Object member(Object of, Step step) {
        if (step instanceof Key key) {
            return of instanceof Map<?, ?> map ? map.get(key.name()) : null;
        }
        int at = of instanceof List<?> list ? indexOf(list, step) : -1;
        return at < 0 ? null : ((List<?>) of).get(at);
    }

    /** No stream, as lists may be long. @return -1 where there is none */
    private static int indexOf(List<?> list, Step step) {
        for (int i = 0; i < list.size(); i++) {
            if (isIt(list.get(i), step)) {
                return i;
            }
        }
        return -1;
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
        all(List.of(new Edit(place, Objects.requireNonNull(value))));
    }

    @Override
    public void remove(Place place) throws Refused {
        all(List.of(new Edit(place, null)));
    }

    @Override
    public void all(List<Edit> edits) throws Refused {
        int done = 0;
        while (done < edits.size()) {
            done += begin(edits.subList(done, edits.size()));
        }
    }

    /**
     * Makes the first of the edits, and those after it as far as they touch other parts of the text and other values: then each
     * finds the text as it was, and it is read again once for all of them.
     *
     * @return how many were made
     */
    private int begin(List<Edit> edits) throws Refused {
        var splices = new Splices();
        var touched = new HashSet<List<Step>>();
        var above = new HashSet<List<Step>>();
        var keys = new HashMap<List<Step>, String>();
        Object values = tree();
        Place last = null;
        int count = 0;
        for (var edit : edits) {
            var steps = edit.place().steps();
            var wanted = wanted(edit);
            if (isKnownOtherwise(steps, keys) || above.contains(steps)
                    || IntStream.rangeClosed(1, steps.size()).anyMatch(n -> touched.contains(steps.subList(0, n)))) {
                break; // it finds something else there then
            }
            if (changes(edit.place(), wanted)) {
                try {
                    if (!splices.add(splice(edit.place(), wanted))) {
                        break;
                    }
                } catch (Refused e) {
                    if (splices.isEmpty()) {
                        throw e;
                    }
                    break; // one before it may be what it needs
                }
                values = with(values, steps, wanted);
                last = edit.place();
                int first = Math.min(way(edit.place()).size(), steps.size()); // with the uppermost place that it makes
                touched.add(steps.subList(0, first));
                IntStream.range(1, first).forEach(n -> above.add(steps.subList(0, n)));
            }
            count++;
        }
        if (!splices.isEmpty() && !become(splices.applied(text), values)) {
            if (splices.size() == 1) {
                throw new Refused(line(last), "this cannot be changed without changing more, as it is written");
            }
            for (var edit : edits.subList(0, count)) {
                begin(List.of(edit));
            }
        }
        return count;
    }

    /** @param wanted null where nothing is to be; and a stated null is something to remove */
    private boolean changes(Place place, Object wanted) {
        return wanted == null ? get(place) != null || way(place).size() > place.steps().size() : !same(wanted, get(place));
    }

    /** What is to be there, of an element its name first; null where nothing is to be. */
    private static Object wanted(Edit edit) {
        if (!(edit.place().last() instanceof Item item && edit.value() instanceof Map<?, ?> map)) {
            return edit.value();
        }
        var element = begun(item);
        map.forEach((key, member) -> element.put((String) key, member));
        return element;
    }

    private Splice splice(Place place, Object wanted) throws Refused {
        var way = editable(place);
        var node = last(way).value();
        var left = place.steps().subList(way.size() - 1, place.steps().size());
        if (wanted == null && !left.isEmpty()) {
            throw new Refused(node.line(), "the value comes from another map that is merged here (<<)");
        }
        if (wanted == null) {
            return removed(way);
        }
        if (!isNamed(place, wanted)) {
            throw new Refused(node.line(), "the value would then be at another place");
        }
        boolean isEmpty = node.value() == null || node.flow() && node.children().isEmpty() && isOneLine(node.start(), node.end());
        return left.isEmpty() || isEmpty ? replaced(way, with(node.value(), left, wanted))
                : inserted(node, left.get(0), with(begun(left.get(0)), left.subList(1, left.size()), wanted));
    }

    /** An element may have several names, by different members. @param keys of lists to the member that has been used so far */
    private static boolean isKnownOtherwise(List<Step> steps, Map<List<Step>, String> keys) {
        for (int i = 1; i < steps.size(); i++) {
            if (steps.get(i) instanceof Item item && !item.key().equals(keys.computeIfAbsent(steps.subList(0, i), list -> item.key()))) {
                return true;
            }
        }
        return false;
    }

    /** Whether an element, or the one that the value is the name of, has that name then. */
    private boolean isNamed(Place place, Object wanted) {
        if (IntStream.range(1, place.steps().size()).anyMatch(i -> place.steps().get(i) instanceof Item && place.steps().get(i - 1) instanceof Item)) {
            return same(wanted, get(with(tree(), place.steps(), wanted), place.steps())); // lists in lists
        }
        if (place.last() instanceof Item) {
            return isIt(wanted, place.last());
        }
        var above = place.steps().size() > 1 ? place.steps().get(place.steps().size() - 2) : null;
        return !(above instanceof Item item && place.last() instanceof Key key && key.name().equals(item.key())) || item.value().equals(wanted);
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
        int at = inner == null ? list.size() : indexOf(list, step);
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

    /** @return whether the text is now this one: if it can be read and holds these values */
    private boolean become(String changed, Object values) {
        try {
            var read = YamlNodes.read(changed);
            if (same(values, read.tree())) {
                text = changed;
                nodes = read;
                manner = null;
                names.clear();
                return true;
            }
        } catch (Refused e) {
            // The line is one of a text that nobody will see.
        }
        return false;
    }

    /** What stands in the file on the way to a place, the whole of it first. */
    private List<Child> way(Place place) {
        var way = new ArrayList<Child>();
        way.add(new Child(nodes.root().start(), null, -1, nodes.root(), -1));
        for (var step : place.steps()) {
            var next = child(last(way).value(), step);
            if (next == null) {
                return way;
            }
            way.add(next);
        }
        return way;
    }

    private Child child(Node of, Step step) {
        if (of.kind() == Kind.LIST) {
            var found = step instanceof Item item ? names((List<?>) of.value(), item.key()).first.get(item.value()) : null;
            return found == null ? null : of.children().get(found);
        }
        for (var child : of.children()) {
            if (step instanceof Key key && child.key().text().equals(key.name()) && !nodes.isMerge(child.key())) {
                return child;
            }
        }
        return null;
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
            var above = get(place.steps().subList(0, i));
            int line = way.get(Math.min(i, way.size() - 1)).value().line();
            if (above != null && !(step instanceof Key ? Map.class : List.class).isInstance(above)) {
                throw new Refused(line, (step instanceof Key ? "a map" : "a list") + " is needed here, not " + YamlNodes.kind(above));
            }
            if (above instanceof List<?> list && step instanceof Item item && names(list, item.key()).twice.contains(item.value())) {
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

    /** A part of the text, and what is to stand there. */
    private record Splice(int from, int to, String with) {}

    /** Those that do not meet, in the order of the text; what is inserted at one place in the order in which it came. */
    private static final class Splices {
        private final List<Splice> all = new ArrayList<>();

        /** @return false where it would meet one of the others */
        boolean add(Splice splice) {
            int at = all.size();
            while (at > 0 && (all.get(at - 1).from > splice.from || all.get(at - 1).from == splice.from && all.get(at - 1).to > splice.to)) {
                at--;
            }
            boolean meets = at > 0 && all.get(at - 1).to > splice.from || at < all.size() && all.get(at).from < splice.to;
            if (!meets) {
                all.add(at, splice);
            }
            return !meets;
        }

        boolean isEmpty() {
            return all.isEmpty();
        }

        int size() {
            return all.size();
        }

        String applied(String text) {
            var changed = new StringBuilder();
            int at = 0;
            for (var splice : all) {
                changed.append(text, at, splice.from).append(splice.with);
                at = splice.to;
            }
            return changed.append(text, at, text.length()).toString();
        }
    }

    /** @param with lines that end with a line feed */
    private Splice splice(int from, int to, String with) {
        return new Splice(from, to, with.replace("\n", eol));
    }

    /** Without the lines of these places. A file that does not end with a line end stays such a file. */
    private Splice cut(int from, int to) {
        int next = text.indexOf('\n', to) + 1;
        int start = lineStart(from);
        return next > 0 ? splice(start, next, "") : splice(start == 0 ? 0 : lineEnd(lineStart(start - 1)), text.length(), "");
    }

    private Manner manner() {
        if (manner == null) {
            int map = indent(nodes.root(), Kind.MAP);
            int list = indent(nodes.root(), Kind.LIST);
            int step = map > 0 ? map : Math.max(list, 2);
            manner = new Manner(step, list < 0 ? step : list);
        }
        return manner;
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

    private Splice replaced(List<Child> way, Object value) throws Refused {
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
            var cut = cut(old.start(), old.end());
            return new Splice(child.sign(), cut.to, " " + with + text.substring(child.sign(), cut.from));
        }
        return splice(old.start(), old.end(), with);
    }

    /** @param parent a block, null for the whole file */
    private Splice replacedByBlock(Child child, Node parent, Object value) {
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
                : splice(sign, line, text.substring(end, line) + "\n" + lines);
    }

    private Splice inserted(Node into, Step step, Object content) throws Refused {
        if (into.flow()) {
            return insertedInFlow(into, step, content);
        }
        int column = column(into.first());
        int at = lineEnd(into.end());
        var entry = step instanceof Key key ? manner().member(key.name(), content, column) : "- " + manner().block(content, column + 2);
        return splice(at, at, "\n" + " ".repeat(column) + entry);
    }

    private Splice insertedInFlow(Node into, Step step, Object content) throws Refused {
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
            return new Splice(end, lineEnd(from), (from > end ? "" : ",") + text.substring(end, lineEnd(from))
                    + eol + text.substring(line, last.start()) + entry + (from > end ? "," : ""));
        }
        return from > end ? splice(from, from, " " + entry + ",") : splice(end, end, ", " + entry);
    }

    /** {@code b: 1} in {@code [a, b: 1]}. */
    private boolean isPair(Node node) {
        return node.kind() == Kind.MAP && node.flow() && !node.children().isEmpty()
                && (node.first() == node.start() || text.charAt(node.start()) == '?');
    }

    private Splice removed(List<Child> way) throws Refused {
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

    private Splice removedFromFlow(Node parent, int index) {
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
        return new Splice(comma, to, text.substring(Math.min(comma + 1, from), from));
    }
}
