package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lib.apply.LineDiff;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineDiffTest {
    /** Some look like parts of a diff, some end as Windows' lines do. */
    private static final List<String> LINES = List.of("a", "b", "c", "", "a\r", "\r", "x\ry", "-- a/file", "++ b/file", "@@ -1 +1 @@",
            "\\ No newline at end of file", "Größe 模型", "\t indented", "diff --git a b", "Index: a", "  ", "*** a", "---");

    @TempDir
    Path folder;

    private static String diff(String before, String after) {
        return LineDiff.unified("config.toml", before, after);
    }

    private static String numbers(int from, int to) {
        return IntStream.rangeClosed(from, to).mapToObj(n -> n + "\n").collect(Collectors.joining());
    }

    @Test
    void no_change_is_no_diff() {
        assertEquals("", diff("a\nb\n", "a\nb\n"));
        assertEquals("", diff("", ""));
        assertEquals("", diff(null, null));
    }

    @Test
    void three_lines_around_a_change_are_shown() {
        assertEquals("""
                --- config.toml
                +++ config.toml
                @@ -3,7 +3,8 @@
                 3
                 4
                 5
                -6
                +six
                +6.5
                 7
                 8
                 9
                """, diff(numbers(1, 12), numbers(1, 5) + "six\n6.5\n" + numbers(7, 12)));
    }

    @Test
    void changes_share_a_hunk_while_their_contexts_touch() {
        var six = diff(numbers(1, 10), "one\n" + numbers(2, 7) + "eight\n" + numbers(9, 10));
        assertEquals(1, six.lines().filter(line -> line.startsWith("@@")).count(), six);
        var seven = diff(numbers(1, 10), "one\n" + numbers(2, 8) + numbers(10, 10));
        assertEquals(List.of("@@ -1,4 +1,4 @@", "@@ -6,5 +6,4 @@"), seven.lines().filter(line -> line.startsWith("@@")).toList(), seven);
    }

    @Test
    void new_and_removed_files_are_said_to_be() {
        assertEquals("--- /dev/null\n+++ config.toml\n@@ -0,0 +1,2 @@\n+a\n+b\n", diff(null, "a\nb\n"));
        assertEquals("--- config.toml\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", diff("a\n", null));
        assertEquals("--- config.toml\n+++ config.toml\n@@ -0,0 +1 @@\n+a\n", diff("", "a\n"));
    }

    @Test
    void a_missing_last_line_feed_is_shown_where_it_is_missing() {
        var names = "--- config.toml\n+++ config.toml\n";
        var none = "\\ No newline at end of file\n";
        assertEquals(names + "@@ -1,2 +1,2 @@\n a\n-b\n" + none + "+b\n", diff("a\nb", "a\nb\n"));
        assertEquals(names + "@@ -1 +1 @@\n-b\n+b\n" + none, diff("b\n", "b"));
        assertEquals(names + "@@ -1,2 +1,2 @@\n-a\n+x\n b\n" + none, diff("a\nb", "x\nb"));
        assertEquals(names + "@@ -1 +1,2 @@\n-b\n" + none + "+b\n+c\n" + none, diff("b", "b\nc"));
    }

    @Test
    void a_carriage_return_is_part_of_its_line() {
        assertEquals("--- config.toml\n+++ config.toml\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+b\n", diff("a\r\nb\r\n", "a\r\nb\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain.toml:plain.toml", "a b.toml:a b.toml\t",
        "tab\tquote\"\\.toml:\"tab\\011quote\\\"\\\\.toml\"", "Größe:Größe"})
    void names_are_written_as_patch_reads_them(String nameAndWritten) {
        var name = nameAndWritten.split(":");
        assertEquals("--- " + name[1] + "\n+++ " + name[1] + "\n@@ -1 +0,0 @@\n-a\n", LineDiff.unified(name[0], "a\n", ""));
    }

    @Test
    void it_is_the_shortest() {
        var random = new Random(11);
        for (int round = 0; round < 300; round++) {
            var before = IntStream.range(0, random.nextInt(14)).mapToObj(i -> LINES.get(random.nextInt(3))).toList();
            var after = IntStream.range(0, random.nextInt(14)).mapToObj(i -> LINES.get(random.nextInt(3))).toList();
            var diff = diff(text(before, true), text(after, true));
            long edits = diff.lines().skip(2).filter(line -> line.matches("[-+].*")).count();
            assertEquals(before.size() + after.size() - 2 * common(before, after), edits, diff);
        }
    }

    private static int common(List<String> a, List<String> b) {
        var longest = new int[a.size() + 1][b.size() + 1];
        for (int i = 1; i <= a.size(); i++) {
            for (int j = 1; j <= b.size(); j++) {
                longest[i][j] = a.get(i - 1).equals(b.get(j - 1)) ? longest[i - 1][j - 1] + 1
                        : Math.max(longest[i - 1][j], longest[i][j - 1]);
            }
        }
        return longest[a.size()][b.size()];
    }

    @Test
    void patch_makes_the_one_of_the_other_and_back() throws Exception {
        patchIsThere();
        var random = new Random(20261121);
        for (int round = 0; round < 80; round++) {
            var lines = IntStream.range(0, random.nextInt(40)).mapToObj(i -> LINES.get(random.nextInt(LINES.size()))).toList();
            patches(text(lines, random.nextBoolean()), text(edited(lines, random), random.nextBoolean()));
        }
    }

    @Test
    void long_files_that_have_little_in_common_are_still_right() throws Exception {
        patchIsThere();
        var odd = IntStream.range(0, 5_000).mapToObj(n -> n % 2 == 0 ? "same " + n : "before " + n).toList();
        var even = IntStream.range(0, 5_000).mapToObj(n -> n % 2 == 0 ? "same " + n : "after " + n).toList();
        patches(text(odd, true), text(even, true));
        assertEquals(4_999, diff(text(odd, true), text(even, true)).lines().filter(line -> line.matches("-[sb].*")).count(),
                "not the shortest, as memory is bounded");
        patches(text(odd.subList(0, 1_500), true), text(even.subList(0, 1_500), false));
        patches(text(odd, true), "");
    }

    private static void patchIsThere() {
        assumeTrue(Shell.searchPath().anyMatch(at -> Files.isExecutable(at.resolve("patch"))), "no patch command here");
    }

    private static List<String> edited(List<String> lines, Random random) {
        var edited = new ArrayList<>(lines);
        for (int i = random.nextInt(6); i >= 0; i--) {
            int at = random.nextInt(edited.size() + 1);
            if (random.nextBoolean() && at < edited.size()) {
                edited.remove(at);
            } else {
                edited.add(at, LINES.get(random.nextInt(LINES.size())));
            }
        }
        return edited;
    }

    private static String text(List<String> lines, boolean ended) {
        return String.join("\n", lines) + (ended && !lines.isEmpty() ? "\n" : "");
    }

    private void patches(String before, String after) throws IOException, InterruptedException {
        var diff = Files.writeString(folder.resolve("diff"), diff(before, after));
        var file = Files.writeString(folder.resolve("config.toml"), before);
        if (before.equals(after)) {
            return;
        }
        patch(file, diff, "--forward");
        assertEquals(after, Files.readString(file), Files.readString(diff));
        patch(file, diff, "--reverse");
        assertEquals(before, Files.readString(file), Files.readString(diff));
    }

    private void patch(Path file, Path diff, String way) throws IOException, InterruptedException {
        var patch = new ProcessBuilder("patch", "--fuzz=0", "--reject-file=-", way, file.toString(), diff.toString())
                .redirectErrorStream(true).directory(folder.toFile()).start();
        patch.getOutputStream().close();
        var said = new String(patch.getInputStream().readAllBytes());
        assertTrue(patch.waitFor() == 0 && !said.contains("offset"), () -> said + diff);
    }
}
