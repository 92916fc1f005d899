package lib.apply;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import lib.apply.Document.Format;
import lib.apply.Document.Place;
import lib.provider.Providers;

/** What changes in a text, line by line, as {@code diff -u} says it and {@code patch} reads it. */
public final class LineDiff {
    private static final int CONTEXT = 3;
    /** Texts that differ by more lines are shown as replaced from the first to the last difference; it bounds memory to 16 MB. */
    private static final int MOST_EDITS = 2000;

    private final List<String> before;
    private final List<String> after;
    private final int[] a;
    private final int[] b;

    /** From {@code i} and {@code j} on, so many lines are removed and so many added. */
    private record Change(int i, int j, int removed, int added) {
        int iEnd() {
            return i + removed;
        }

        int jEnd() {
            return j + added;
        }
    }

    private LineDiff(String before, String after, UnaryOperator<String> shown) {
        var numbers = new HashMap<String, Integer>();
        this.a = numbered(lines(before), numbers);
        this.b = numbered(lines(after), numbers);
        this.before = lines(shown.apply(before));
        this.after = lines(shown.apply(after));
    }

    /**
     * @param before null where there is no file yet
     * @param after null where the file is removed
     * @return ends with a line break; empty if nothing changes
     */
    public static String unified(String name, String before, String after) {
        return unified(name, before, after, UnaryOperator.identity());
    }

    /** @param shown what of a whole text is printed, in as many lines; what differs is told of the texts as they are */
    static String unified(String name, String before, String after, UnaryOperator<String> shown) {
        if (before == null ? after == null : before.equals(after)) {
            return "";
        }
        var diff = new LineDiff(before == null ? "" : before, after == null ? "" : after, shown);
        var out = new StringBuilder("--- ").append(before == null ? "/dev/null" : quoted(name)).append("\n+++ ")
                .append(after == null ? "/dev/null" : quoted(name)).append('\n');
        for (var hunk : hunks(diff.changes())) {
            diff.print(hunk, out);
        }
        return out.toString();
    }

    /** Names end at white space for {@code patch}, unless a tab follows; odd ones it reads in C's quotes. */
    private static String quoted(String name) {
        if (name.chars().noneMatch(c -> c < ' ' || c == '"' || c == '\\' || c == 0x7f)) {
            return name.indexOf(' ') < 0 ? name : name + "\t";
        }
        var out = new StringBuilder("\"");
        for (char c : name.toCharArray()) {
            out.append(c < ' ' || c == 0x7f ? String.format("\\%03o", (int) c) : c == '"' || c == '\\' ? "\\" + c : String.valueOf(c));
        }
        return out.append('"').toString();
    }

    /** With their line feeds, so a missing last one makes another line; a carriage return is part of a line. */
    private static List<String> lines(String text) {
        var lines = new ArrayList<String>();
        for (int from = 0; from < text.length();) {
            int feed = text.indexOf('\n', from);
            int to = feed < 0 ? text.length() : feed + 1;
            lines.add(text.substring(from, to));
            from = to;
        }
        return lines;
    }

    private static int[] numbered(List<String> lines, HashMap<String, Integer> numbers) {
        return lines.stream().mapToInt(line -> numbers.computeIfAbsent(line, l -> numbers.size())).toArray();
    }

    private List<Change> changes() {
        int start = 0;
        while (start < a.length && start < b.length && a[start] == b[start]) {
            start++;
        }
        int end = 0;
        while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] == b[b.length - 1 - end]) {
            end++;
        }
        return shortest(start, a.length - end, b.length - end);
    }

    /** Myers, "An O(ND) Difference Algorithm": how far one gets on each diagonal k = x - y by 0, 1, 2, … edits. */
    private List<Change> shortest(int start, int aEnd, int bEnd) {
        int n = aEnd - start;
        int m = bEnd - start;
        var rounds = new ArrayList<int[]>();
        for (int edits = 0; edits <= Math.min(n + m, MOST_EDITS); edits++) {
            var before = edits == 0 ? null : rounds.get(edits - 1);
            var furthest = new int[2 * edits + 1];
            for (int k = -edits; k <= edits; k += 2) {
                int x = edits == 0 ? 0 : adds(before, k, edits) ? before[k + edits] : before[k + edits - 2] + 1;
                while (x < n && x - k < m && a[start + x] == b[start + x - k]) {
                    x++;
                }
                furthest[k + edits] = x;
                if (x >= n && x - k >= m) {
                    return wayBack(rounds, start, n, m);
                }
            }
            rounds.add(furthest);
        }
        return List.of(new Change(start, start, n, m));
    }

    /** Whether the way to diagonal k comes from k + 1, by an added line, rather than from k - 1, by a removed one. */
    private static boolean adds(int[] before, int k, int edits) {
        return k == -edits || k != edits && before[k + edits - 2] < before[k + edits];
    }

    private static List<Change> wayBack(List<int[]> rounds, int start, int n, int m) {
        var changes = new ArrayDeque<Change>();
        int x = n;
        int y = m;
        for (int edits = rounds.size(); edits > 0; edits--) {
            var before = rounds.get(edits - 1);
            int k = x - y;
            boolean adds = adds(before, k, edits);
            x = before[adds ? k + edits : k + edits - 2];
            y = x - (adds ? k + 1 : k - 1);
            var change = new Change(start + x, start + y, adds ? 0 : 1, adds ? 1 : 0);
            var next = changes.peekFirst();
            if (next != null && next.i == change.iEnd() && next.j == change.jEnd()) {
                changes.removeFirst();
                change = new Change(change.i, change.j, change.removed + next.removed, change.added + next.added);
            }
            changes.addFirst(change);
        }
        return List.copyOf(changes);
    }

    /** Changes so near to each other that their contexts touch. */
    private static List<List<Change>> hunks(List<Change> changes) {
        var hunks = new ArrayList<List<Change>>();
        Change last = null;
        for (var change : changes) {
            if (last == null || change.i - last.iEnd() > 2 * CONTEXT) {
                hunks.add(new ArrayList<>());
            }
            hunks.get(hunks.size() - 1).add(change);
            last = change;
        }
        return hunks;
    }

    private void print(List<Change> hunk, StringBuilder out) {
        var first = hunk.get(0);
        var last = hunk.get(hunk.size() - 1);
        int lead = Math.min(CONTEXT, first.i);
        int trail = Math.min(CONTEXT, a.length - last.iEnd());
        out.append("@@ -").append(range(first.i - lead, last.iEnd() + trail))
                .append(" +").append(range(first.j - lead, last.jEnd() + trail)).append(" @@\n");
        int at = first.i - lead;
        for (var change : hunk) {
            print(' ', before.subList(at, change.i), out);
            print('-', before.subList(change.i, change.iEnd()), out);
            print('+', after.subList(change.j, change.jEnd()), out);
            at = change.iEnd();
        }
        print(' ', before.subList(at, at + trail), out);
    }

    /** First line and number of lines; of none, the line before, and of one, only which. */
    private static String range(int from, int to) {
        int lines = to - from;
        return lines == 1 ? String.valueOf(from + 1) : (lines == 0 ? from : from + 1) + "," + lines;
    }

    private static void print(char mark, List<String> lines, StringBuilder out) {
        for (var line : lines) {
            out.append(mark).append(line).append(line.endsWith("\n") ? "" : "\n\\ No newline at end of file\n");
        }
    }

    /** Hides the keys of some texts in these and in what is said of them. */
    public static final class Masks {
        private static final String MASK = "***";
        private static final Pattern ARGUMENT = Pattern.compile("(?:(?<=[\\s\"'\\[(,])(?:echo|printf)[\"']?[\\s,]+"
                + "|(?<![\\w-])--?(?:[a-z-]*-)?(?:api-?key|token|key|secret|password|pat|auth|bearer)[\"']?[\\s,=]+[\"']?)(?=[^\\s\"'])");
        private static final Pattern WORD = Pattern.compile("[A-Za-z0-9+/=_-]{16,}");
        private static final int SHORTEST_ELSEWHERE = 6;

        private final Set<String> known;
        private final LiteralKeys rules;
        private final Map<String, Read> read = new HashMap<>();
        /** What is hidden wherever it stands, the longest first. */
        private final Set<String> values = new TreeSet<>(Comparator.comparing(String::length).reversed().thenComparing(Comparator.naturalOrder()));

        /** @param known the values of variables that hold keys */
        public Masks(Collection<String> known) {
            this.known = Set.copyOf(known);
            this.rules = new LiteralKeys(this.known);
            values.addAll(known);
        }

        /** A unified diff in which no key can be read. @param before null where there is none, as is {@code after} */
        public String diff(String name, String before, String after) {
            learn(name, before);
            learn(name, after);
            return LineDiff.unified(name, before, after, text -> masked(name, text));
        }

        /** A text. @param leaves of its single values what is a key in it; null where nobody could parse it */
        private record Read(Map<Document.Leaf, List<LiteralKeys.Hit>> leaves) {}

        private Read read(String name, String text) {
            var document = document(name, text);
            if (document == null) {
                return new Read(null);
            }
            var leaves = new LinkedHashMap<Document.Leaf, List<LiteralKeys.Hit>>();
            document.leaves().forEach(leaf -> leaves.put(leaf, rules.hits(leaf.path(), leaf.value(), LiteralKeys.siblings(document, leaf), true)));
            return new Read(leaves);
        }

        /** Takes note of the keys of a text, so that they are hidden in others as well. */
        private void learn(String name, String text) {
            var leaves = text == null ? null : read.computeIfAbsent(text, t -> read(name, t)).leaves;
            if (leaves != null) {
                leaves.values().forEach(hits -> hits.forEach(this::learn));
            } else if (text != null) {
                LiteralKeys.in(null, text, known).forEach(found -> learn(new LiteralKeys.Hit(found.value(), found.name(), found.how(), true)));
            }
        }

        private void learn(LiteralKeys.Hit hit) {
            if (hit.certain()) {
                hit.value().lines().map(String::strip).filter(line -> line.length() >= SHORTEST_ELSEWHERE).forEach(values::add);
            }
        }

        /** Files of tools may have any name. */
        private static Document document(String name, String text) {
            var format = Format.of(name);
            for (var one : format != null ? List.of(format) : List.of(Format.JSON, Format.TOML, Format.YAML)) {
                var document = LiteralKeys.document(one, text);
                if (document != null && !document.tree().isEmpty()) {
                    return document;
                }
            }
            return null;
        }

        /** What stands at a place, for a person to read. */
        public Object value(Place place, Object value) {
            var path = new ArrayList<Object>();
            place.steps().forEach(step -> path.add(step instanceof Place.Key key ? key.name() : (Object) 0));
            return value(path, value, List.of());
        }

        private Object value(List<Object> path, Object value, List<String> siblings) {
            if (value instanceof Map<?, ?> map) {
                var masked = new LinkedHashMap<String, Object>();
                map.forEach((key, inner) -> masked.put((String) key, value(below(path, key), inner, List.of())));
                return masked;
            }
            if (value instanceof List<?> list) {
                var masked = new ArrayList<Object>();
                list.forEach(inner -> masked.add(value(below(path, masked.size()), inner, LiteralKeys.siblings(list, masked.size()))));
                return masked;
            }
            var text = value instanceof String || value instanceof Number ? value.toString() : null;
            var shown = text;
            for (var hit : rules.hits(path, text, siblings, true)) {
                learn(hit);
                shown = shown.replace(hit.value(), MASK);
            }
            for (var one : text == null ? Set.<String>of() : values) {
                shown = shown.replace(one, MASK);
            }
            return text == null || shown.equals(text) ? value : shown;
        }

        private static List<Object> below(List<Object> path, Object step) {
            var longer = new ArrayList<>(path);
            longer.add(step);
            return longer;
        }

        /** As many lines as the text. */
        private String masked(String name, String text) {
            var hidden = new BitSet(text.length());
            var leaves = read.computeIfAbsent(text, t -> read(name, t)).leaves;
            var rest = text;
            if (leaves != null) {
                leaves.forEach((leaf, hits) -> {
                    hits.forEach(hit -> hide(hidden, text, leaf, hit.value()));
                    if (leaf.value() != null) {
                        values.stream().filter(leaf.value()::contains).forEach(known -> hide(hidden, text, leaf, known));
                    }
                });
                rest = LiteralKeys.without(leaves.keySet(), text);
            }
            lines(hidden, rest, leaves == null);
            for (var value : values) {
                for (int at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length())) {
                    hidden.set(at, at + value.length());
                }
            }
            Providers.Secrets.found(text, known).forEach(key -> {
                for (int at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + key.length())) {
                    hidden.set(at, at + key.length());
                }
            });
            return shown(text, hidden);
        }

        /** Where it is not spelt as it is, or stands on several lines, all of the value's text. */
        private static void hide(BitSet hidden, String text, Document.Leaf leaf, String value) {
            var spelt = text.substring(leaf.start(), leaf.end());
            int at = spelt.indexOf('\n') < 0 ? spelt.indexOf(value) : -1;
            if (at < 0) {
                hidden.set(leaf.start(), leaf.end());
            }
            for (; at >= 0; at = spelt.indexOf(value, at + value.length())) {
                hidden.set(leaf.start() + at, leaf.start() + at + value.length());
            }
        }

        /** @param whole whether it is all of a file that nobody could parse, so that values may go on in the next lines */
        private void lines(BitSet hidden, String text, boolean whole) {
            int start = 0;
            var block = new Block(-1, null);
            for (var line : text.split("\n", -1)) {
                int indent = line.length() - line.stripLeading().length();
                if (whole && block.holds(line, indent)) {
                    hidden.set(start, start + line.length());
                    block = block.ends(line) ? new Block(-1, null) : block;
                } else {
                    block = new Block(-1, null);
                    var settings = LiteralKeys.settings(line);
                    if (settings.size() == LiteralKeys.MOST_SETTINGS) {
                        hidden.set(start, start + line.length());
                    }
                    for (var setting : settings) {
                        var named = rules.named(setting.name());
                        boolean secret = named.sure() || named.loose();
                        boolean variable = named.variable();
                        var value = setting.value().isEmpty() ? line.substring(setting.at()).strip() : setting.value();
                        if (variable ? !LiteralKeys.isVariable(value) && !value.isEmpty() : secret && LiteralKeys.isKey(value, named.sure(), true)) {
                            hidden.set(start + setting.at(), start + line.length());
                        }
                        if (secret && !variable && whole) {
                            block = Block.opened(line.substring(setting.at()).strip(), indent);
                        }
                    }
                    further(hidden, line, start);
                    int begin = start;
                    int end = start + line.length();
                    ARGUMENT.matcher(line).results().forEach(found -> hidden.set(begin + found.end(), end));
                    if (whole) {
                        WORD.matcher(line).results().filter(word -> LiteralKeys.isRandom(word.group()) || word.group().matches("\\d+"))
                                .forEach(word -> hidden.set(begin + word.start(), begin + word.end()));
                    }
                }
                start += line.length() + 1;
            }
        }

        private void further(BitSet hidden, String line, int start) {
            var hits = new LinkedHashMap<String, LiteralKeys.Hit>();
            rules.addresses(hits, "", line, true);
            rules.schemes(hits, "", line, false, false, true);
            for (var value : hits.keySet()) {
                for (int at = line.indexOf(value); at >= 0; at = line.indexOf(value, at + value.length())) {
                    hidden.set(start + at, start + at + value.length());
                }
            }
        }

        /** A value that goes on below its name: as far as lines are indented more, or up to a sign. */
        private record Block(int indent, String end) {
            static Block opened(String value, int indent) {
                for (var quote : List.of("\"\"\"", "'''")) {
                    if (value.startsWith(quote)) {
                        return value.indexOf(quote, 3) < 0 ? new Block(indent, quote) : new Block(-1, null);
                    }
                }
                for (var quote : List.of("\"", "'")) {
                    if (value.startsWith(quote) && value.replace("\\\\", "").replace("\\" + quote, "").indexOf(quote, 1) < 0) {
                        return new Block(indent, quote);
                    }
                }
                if (value.startsWith("[") && value.indexOf(']') < 0 || value.startsWith("{") && value.indexOf('}') < 0) {
                    return new Block(indent, value.startsWith("[") ? "]" : "}");
                }
                return LiteralKeys.OPENING.matcher(value).matches() ? new Block(indent, null) : new Block(-1, null);
            }

            boolean holds(String line, int lineIndent) {
                return indent >= 0 && (end != null || line.isBlank() || lineIndent > indent || lineIndent == indent && line.startsWith("- ", indent));
            }

            boolean ends(String line) {
                return end != null && line.contains(end);
            }
        }

        /** Line ends, and what stands before a line, stay to be seen. */
        private static String shown(String text, BitSet hidden) {
            var out = new StringBuilder();
            boolean masked = false;
            boolean first = true;
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                boolean blank = c == '\n' || c == '\r' || first && (c == ' ' || c == '\t');
                first = c == '\n' || first && blank;
                if (blank || !hidden.get(i)) {
                    out.append(c);
                    masked = false;
                } else if (!masked) {
                    out.append(MASK);
                    masked = true;
                }
            }
            return out.toString();
        }
    }
}
