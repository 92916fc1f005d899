package lib.apply;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import lib.apply.Document.Change;

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

    private LineDiff(String before, String after) {
        this.before = lines(before);
        this.after = lines(after);
        var numbers = new HashMap<String, Integer>();
        this.a = numbered(this.before, numbers);
        this.b = numbered(this.after, numbers);
    }

    /**
     * @param before null where there is no file yet
     * @param after null where the file is removed
     * @return ends with a line break; empty if nothing changes
     */
    public static String unified(String name, String before, String after) {
        if (before == null ? after == null : before.equals(after)) {
            return "";
        }
        var diff = new LineDiff(before == null ? "" : before, after == null ? "" : after);
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
}
