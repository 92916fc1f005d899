package lib.apply;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import lib.apply.JsonDocument.Scan;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;
import org.tomlj.TomlVersion;

/**
 * TOML 1.0. tomlj says whether a text is sound and what it states; we write into the text ourselves, because tomlj's own edits
 * put blank lines in, drop the comments inside a list and above a table that goes, and refuse comments in an inline table.
 *
 * <p>A value that stays keeps its line, the comment behind it as well. A table is changed key by key, and a list element by
 * element ({@link Bracketed}). New keys stand behind the last of their table; a new table behind the last one that it shares
 * most of its name with; what belongs to a table made by dotted keys gets dotted keys. Dates are java.time values in the tree,
 * infinity and NaN doubles.
 */
final class TomlDocument implements Checked.Parsed {
    /** A header or, with a value, a key; its path, of which the header above it says {@code table} steps; the end of its line. */
    private record Entry(List<Object> path, int table, int start, int end, Scan.Node value) {
        boolean header() {
            return value == null;
        }

        boolean within(List<Object> above) {
            int last = above.size() - 1;
            return last < 0 || path.size() > last && path.get(last).equals(above.get(last))
                    && path.subList(0, last).equals(above.subList(0, last));
        }
    }

    /** The text from one offset to another, anew. */
    private record Splice(int from, int to, String text) {}

    private final String text;
    private final Map<String, Object> tree;
    private final Scan scan;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<List<Object>, Entry> stated = new HashMap<>();

    private TomlDocument(String text) throws Document.Refused {
        this.text = text;
        this.tree = read(text);
        this.scan = new Scan(text, true);
        scan();
    }

    static Document open(String text) throws Document.Refused {
        return new Checked(text, TomlDocument::new);
    }

    /** What is wrong is said in our words: tomlj's quote the file, and there are keys in it. */
    private static Map<String, Object> read(String text) throws Document.Refused {
        var result = Toml.parse(text, TomlVersion.V1_0_0);
        if (result.hasErrors()) {
            throw new Document.Refused(result.errors().get(0).position().line(), "it is no valid TOML 1.0");
        }
        return table(result);
    }

    private static Map<String, Object> table(TomlTable table) {
        var members = new LinkedHashMap<String, Object>();
        table.keySet().forEach(name -> members.put(name, plain(table.get(List.of(name)))));
        return members;
    }

    private static Object plain(Object value) {
        if (value instanceof TomlTable table) {
            return table(table);
        }
        if (value instanceof TomlArray array) {
            return IntStream.range(0, array.size()).mapToObj(i -> plain(array.get(i))).toList();
        }
        return value instanceof Double number && Double.isFinite(number) ? new BigDecimal(number.toString()) : value;
    }

    private void scan() {
        var elements = new HashMap<List<Object>, Integer>();
        List<Object> table = List.of();
        for (int at = scan.skip(0); at < text.length(); at = scan.skip(at)) {
            boolean header = text.charAt(at) == '[';
            boolean element = text.startsWith("[[", at);
            var keys = scan.keys(header ? scan.pastBlanks(at + (element ? 2 : 1)) : at);
            int behind = scan.pastBlanks(keys.end()) + 1;
            var value = header ? null : scan.value(scan.pastBlanks(behind));
            var path = new ArrayList<>(header ? List.of() : table);
            for (int i = 0; i < keys.names().size(); i++) {
                path.add(keys.names().get(i));
                if (element && i + 1 == keys.names().size()) {
                    path.add(elements.merge(List.copyOf(path), 1, Integer::sum) - 1);
                } else if (elements.containsKey(path)) {
                    path.add(elements.get(path) - 1);
                }
            }
            table = header ? path : table;
            int end = scan.lineEnd(header ? behind : value.end());
            entries.add(new Entry(path, table.size(), at, end, value));
            stated.put(path, entries.get(entries.size() - 1));
            at = end;
        }
    }

    @Override
    public Map<String, Object> tree() {
        return tree;
    }

    @Override
    public List<Document.Leaf> leaves() {
        var leaves = new ArrayList<Document.Leaf>();
        for (var entry : entries) {
            Object value = tree;
            for (var step : entry.path()) {
                value = step instanceof Integer at ? ((List<?>) value).get(at) : ((Map<?, ?>) value).get(step);
            }
            if (!entry.header()) {
                scan.leaves(entry.value(), value, entry.path(), leaves);
            }
        }
        return leaves;
    }

    /** A table goes on until something else is stated. */
    @Override
    public int[] span(List<Object> path) {
        for (int n = path.size(); n > 0; n--) {
            var above = path.subList(0, n);
            var entry = stated.get(above);
            if (entry != null && !entry.header()) {
                var value = Scan.deepest(entry.value(), path.subList(n, path.size()));
                return new int[] {value.start(), value.end()};
            }
            var inside = within(above);
            if (!inside.isEmpty()) {
                int next = inside.length();
                int end = next == entries.size() ? text.length() : entries.get(next).start();
                return new int[] {entries.get(inside.nextSetBit(0)).start(), end};
            }
        }
        return new int[] {0, text.length()};
    }

    private BitSet within(List<Object> path) {
        return IntStream.range(0, entries.size()).filter(i -> entries.get(i).within(path)).collect(BitSet::new, BitSet::set, BitSet::or);
    }

    @Override
    public String edited(Map<String, Object> wanted, boolean removal, List<String> marks) throws Document.Refused {
        return new Edit(removal, marks).written(wanted);
    }

    /** One edit: what goes, and what is written where. */
    private final class Edit {
        private final boolean removal;
        private final List<String> marks;
        private final Bracketed brackets;
        private final String eol = scan.eol;
        private final BitSet gone = new BitSet();
        private final List<Splice> splices = new ArrayList<>();

        Edit(boolean removal, List<String> marks) {
            this.removal = removal;
            this.marks = marks;
            this.brackets = new Bracketed(text, true, "  ", marks);
        }

        private void change(List<Object> path, Object old, Object wanted) throws Document.Refused {
            if (Checked.same(old, wanted)) {
                return;
            }
            var value = stated.containsKey(path) ? stated.get(path).value() : null;
            if (value != null) {
                splices.add(new Splice(value.start(), value.end(), brackets.edit(value, old, wanted, false)));
            } else if (!path.isEmpty() && !stated.containsKey(path) && wanted.equals(old instanceof Map ? Map.of() : List.of())) {
                gone.or(within(path));
                if (!removal) {
                    add(path.subList(0, path.size() - 1), Map.of(path.get(path.size() - 1), wanted));
                }
            } else if (old instanceof Map<?, ?> from && wanted instanceof Map<?, ?> to) {
                from.keySet().stream().filter(name -> !to.containsKey(name)).forEach(name -> gone.or(within(below(path, name))));
                for (var name : from.keySet()) {
                    change(below(path, name), from.get(name), to.containsKey(name) ? to.get(name) : from.get(name));
                }
                var missing = new LinkedHashMap<Object, Object>(to);
                missing.keySet().removeAll(from.keySet());
                if (!missing.isEmpty()) {
                    add(path, missing);
                }
            } else if (old instanceof List<?> from && tabular(wanted) && wanted instanceof List<?> to) {
                elements(path, from, to);
            } else {
                throw new Document.Refused(Checked.line(text, span(path)[0]), "a table stands where a value is to be written");
            }
        }

        /** What is written under a header of its own: a table, a list of tables. */
        private boolean tabular(Object value) {
            return value instanceof Map
                    || value instanceof List<?> list && !list.isEmpty() && list.stream().allMatch(Map.class::isInstance);
        }

        /** New elements stand behind the one that is before them in the list wanted, else before the first that stays. */
        private void elements(List<Object> path, List<?> old, List<?> wanted) throws Document.Refused {
            var matched = Bracketed.matched(old, wanted, marks);
            var stay = IntStream.of(matched).filter(i -> i >= 0).toArray();
            if (!Arrays.equals(stay, IntStream.of(stay).sorted().toArray())) {
                throw new Document.Refused(Checked.line(text, span(path)[0]), "the tables there would have to change their order");
            }
            IntStream.range(0, old.size()).filter(i -> Arrays.binarySearch(stay, i) < 0).forEach(i -> gone.or(within(below(path, i))));
            var behind = path;
            for (int i = 0, from = 0; i < matched.length; from = i) {
                while (i < matched.length && matched[i] < 0) {
                    i++;
                }
                if (i > from) {
                    var blocks = blocks(path.subList(0, path.size() - 1), Map.of(path.get(path.size() - 1), wanted.subList(from, i)));
                    if (from == 0 && stay.length > 0) {
                        insert(commentsAbove(entries.indexOf(stated.get(below(path, stay[0])))), blocks + eol + eol);
                    } else {
                        append(behind, blocks);
                    }
                } else {
                    behind = below(path, matched[i]);
                    change(behind, old.get(matched[i]), wanted.get(i++));
                }
            }
        }

        private void add(List<Object> path, Map<?, ?> missing) {
            int header = entries.indexOf(stated.get(path));
            int dotted = -1;
            for (int n = path.size(); n > 0 && dotted < 0 && !stated.containsKey(path.subList(0, n)); n--) {
                var above = path.subList(0, n);
                dotted = last(0, entries.size(), e -> !e.header() && e.table() < above.size() && e.within(above));
            }
            if (dotted >= 0) {
                pairs(dotted, path.subList(entries.get(dotted).table(), path.size()), missing, true);
            } else if (header >= 0 || path.isEmpty()) {
                pairs(Math.max(header, last(header + 1, sectionEnd(header), e -> true)), List.of(), missing, false);
                append(path, blocks(path, missing));
            } else {
                var above = path.subList(0, path.size() - 1);
                append(path, blocks(above, Map.of(path.get(above.size()), missing)));
            }
        }

        /** Behind this entry; -1 is the top of the file, above the first header and what is said of it. */
        private void pairs(int behind, List<Object> above, Map<?, ?> missing, boolean dotted) {
            var entry = behind < 0 ? null : entries.get(behind);
            var indent = entry == null ? "" : scan.indentAt(entry.start());
            boolean tight = entry != null && !entry.header() && text.charAt(entry.value().start() - 1) == '=';
            var lines = String.join(eol, lines(above, missing, dotted, indent, tight ? "=" : " = "));
            int header = IntStream.range(0, entries.size()).filter(i -> entries.get(i).header() && !gone.get(i)).findFirst().orElse(-1);
            if (lines.isEmpty()) {
                return;
            }
            if (entry != null) {
                insert(entry.end(), eol + lines);
            } else if (header >= 0) {
                insert(commentsAbove(header), lines + eol + eol);
            } else {
                insert(text.length(), (text.isEmpty() || text.endsWith("\n") ? "" : eol) + lines + eol);
            }
        }

        private List<String> lines(List<Object> above, Map<?, ?> members, boolean dotted, String indent, String colon) {
            var lines = new ArrayList<String>();
            members.forEach((name, value) -> {
                if (dotted && value instanceof Map<?, ?> map && !map.isEmpty()) {
                    lines.addAll(lines(below(above, name), map, true, indent, colon));
                } else if (dotted || !tabular(value)) {
                    lines.add(indent + brackets.key(names(below(above, name))) + colon + brackets.render(value, indent));
                }
            });
            return lines;
        }

        /** Behind the last entry of the nearest table above that has any, and the comments that go on from there. */
        private void append(List<Object> path, String blocks) {
            int found = IntStream.iterate(path.size(), n -> n >= 0, n -> n - 1)
                    .map(n -> last(0, entries.size(), e -> e.within(path.subList(0, n)))).filter(i -> i >= 0).findFirst().orElse(-1);
            if (found >= 0 && !blocks.isEmpty()) {
                int at = commentsBehind(entries.get(last(found, sectionEnd(found), e -> true)).end());
                insert(at, (scan.blankLine(scan.pastBreak(at)) ? eol + eol : eol) + blocks);
            } else if (!blocks.isEmpty()) {
                boolean top = text.isBlank() || !entries.isEmpty() && text.endsWith("\n");
                insert(text.length(), (top ? "" : text.endsWith("\n") ? eol : eol + eol) + blocks + eol);
            }
        }

        /** The tables among the members, each under its header, indented as the last one that stands beside them. */
        private String blocks(List<Object> above, Map<?, ?> members) {
            int depth = names(above).size() + 1;
            int like = last(0, entries.size(), e -> e.header() && e.within(above) && names(e.path()).size() == depth);
            var indent = like < 0 ? "" : scan.indentAt(entries.get(like).start());
            boolean filled = like >= 0 && like + 1 < sectionEnd(like);
            var blocks = new ArrayList<String>();
            blocks(names(above), members, indent, filled ? scan.indentAt(entries.get(like + 1).start()) : indent, blocks);
            return String.join(eol + eol, blocks);
        }

        private void blocks(List<String> above, Map<?, ?> members, String indent, String inner, List<String> blocks) {
            members.forEach((name, value) -> {
                var names = names(below(above, name));
                boolean element = value instanceof List;
                for (var one : !tabular(value) ? List.of() : element ? (List<?>) value : List.of(value)) {
                    var table = (Map<?, ?>) one;
                    var lines = lines(List.of(), table, false, inner, " = ");
                    if (element || table.isEmpty() || !lines.isEmpty()) {
                        lines.add(0, indent + (element ? "[[" : "[") + brackets.key(names) + (element ? "]]" : "]"));
                        blocks.add(String.join(eol, lines));
                    }
                    blocks(names, table, indent, inner, blocks);
                }
            });
        }

        private int last(int from, int to, Predicate<Entry> wanted) {
            return IntStream.range(from, to).filter(i -> !gone.get(i) && wanted.test(entries.get(i))).max().orElse(-1);
        }

        /** The index of the next header. */
        private int sectionEnd(int entry) {
            return IntStream.range(entry + 1, entries.size()).filter(i -> entries.get(i).header()).findFirst().orElse(entries.size());
        }

        private void insert(int at, String what) {
            splices.add(new Splice(at, at, what));
        }

        /** Where the comments begin that stand right above a header; {@code #:} tells an editor something about the file. */
        private int commentsAbove(int header) {
            int floor = header == 0 ? 0 : entries.get(header - 1).end();
            int at = scan.lineStart(entries.get(header).start());
            int above = scan.lineStart(Math.max(0, at - 1));
            while (above >= floor && text.substring(above, at).strip().matches("#([^:].*)?")) {
                at = above;
                above = scan.lineStart(Math.max(0, at - 1));
            }
            return at;
        }

        /** Past the comments on the next lines, unless a header or a key follows: then they are about that. */
        private int commentsBehind(int end) {
            for (int at = end;;) {
                int first = scan.pastBlanks(scan.pastBreak(at));
                if (first == text.length() || text.charAt(first) != '#') {
                    return first == scan.lineEnd(first) ? at : end;
                }
                at = scan.lineEnd(first);
            }
        }

        /** The lines of what goes: of a table up to its last key, and one of the two blank lines around it. */
        private void cut() {
            int past = 0;
            boolean top = true;
            for (int i = gone.nextSetBit(0); i >= 0; i = gone.nextSetBit(i + 1)) {
                int section = sectionEnd(i);
                boolean whole = entries.get(i).header() || section == i + 1 && last(0, section, e -> true) < 0;
                int from = scan.lineStart(entries.get(i).start());
                int above = scan.lineStart(Math.max(from - 1, 0));
                i = whole ? section - 1 : i;
                int end = entries.get(i).end();
                int next = scan.pastBreak(end);
                top &= from == past;
                if (whole && scan.blankLine(next)) {
                    next = top ? scan.pastBreak(scan.lineEnd(next)) : next;
                    from = above >= past && scan.blankLine(above) ? above : from;
                }
                int last = next > end || from == past ? 0 : text.startsWith("\r\n", from - 2) ? 2 : 1;
                splices.add(new Splice(from - last, next, ""));
                past = next;
            }
        }

        String written(Map<String, Object> wanted) throws Document.Refused {
            change(List.of(), tree, wanted);
            cut();
            splices.sort(Comparator.comparingInt(Splice::from).thenComparingInt(Splice::to));
            var out = new StringBuilder();
            int at = 0;
            for (var splice : splices) {
                if (splice.from() < at) {
                    throw new Document.Refused(Checked.line(text, at), "what is to go there and what is to come are too close together");
                }
                out.append(text, at, splice.from()).append(splice.text());
                at = splice.to();
            }
            return out.append(text, at, text.length()).toString();
        }
    }

    private static List<Object> below(List<?> path, Object name) {
        var longer = new ArrayList<Object>(path);
        longer.add(name);
        return longer;
    }

    private static List<String> names(List<?> path) {
        return path.stream().filter(String.class::isInstance).map(String.class::cast).toList();
    }
}
