package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static tests.ResolveTest.model;
import static tests.ResolveTest.snapshot;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.SequenceInputStream;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import lib.cli.ResolveCommand.Menu;
import lib.cli.ResolveCommand.Row;
import lib.host.Host;
import lib.host.Host.Terminal.Typed;
import lib.model.Model;
import lib.provider.Provider.Field;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code catalog discover}: by lines, by keys, and at a terminal of its own. */
class DiscoverTest {
    @TempDir
    Path folder;

    @BeforeEach
    void some() throws IOException {
        snapshot(folder, model("openai", "gpt-5", Field.CONTEXT, 400_000L, Field.COST_INPUT, new BigDecimal("1.25"), Field.COST_OUTPUT,
                        new BigDecimal("10"), Field.MODE, "chat"), model("openai", "embed-3", Field.MODE, "embedding"),
                model("groq", "llama-8b", Field.STATUS, "deprecated"), model("groq", "llama-70b", Field.FREE, true), model("groq", "it's"));
    }

    private FrontDoor.Result discover(InputStream in, String... args) {
        var all = new ArrayList<>(List.of("discover"));
        all.addAll(List.of(args));
        var out = new StringWriter();
        var err = new StringWriter();
        var host = new Host(Map.of("HOME", folder.toString(), "TERM", "xterm"), folder, Clock.fixed(Instant.now(), ZoneOffset.UTC),
                new PrintWriter(out), new PrintWriter(err), false, in);
        try {
            var run = Class.forName("catalog").getMethod("run", Host.class, String[].class);
            var code = (int) run.invoke(null, host, all.toArray(String[]::new));
            return new FrontDoor.Result(code, out.toString(), err.toString());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private FrontDoor.Result typing(String text, String... args) {
        return discover(typed(text), args);
    }

    private static InputStream typed(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource({
        "'2|3|',              groq/llama-8b",
        "'groq|llama-70b|',   groq/llama-70b",
        "'GRO|70|',           groq/llama-70b",
        "'2|llama|2|',        groq/llama-70b",
        "'zzz|1|gpt|',        openai/gpt-5",
        "'2||1|gpt|',         openai/gpt-5",
        "'2|3',               groq/llama-8b",
        "' groq |  3  |',     groq/llama-8b",
    })
    void lines_choose_by_number_and_by_part_of_the_name(String lines, String expected) {
        var result = typing(lines.replace('|', '\n'));
        assertEquals(expected + System.lineSeparator(), result.out(), result::toString);
        assertEquals(0, result.code());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "2\n\n\n", "2\n", "99\n", "x\ny\n"})
    void nothing_chosen_is_1_and_prints_nothing(String lines) {
        var result = typing(lines);
        assertEquals(1, result.code(), result::toString);
        assertEquals("", result.out());
    }

    @Test
    void where_nobody_is_there_it_is_2_in_one_line() {
        var result = typing("");
        assertEquals(2, result.code());
        assertEquals("", result.out());
        assertEquals(1, result.err().lines().count(), result.err());
    }

    @Test
    void an_input_that_never_ends_is_not_listened_to_for_ever() {
        var endless = new InputStream() {
            private boolean y;

            @Override
            public int read() {
                y = !y;
                return y ? 'y' : '\n';
            }
        };
        assertEquals(1, discover(endless).code());
    }

    @Test
    void a_row_shows_context_and_price_and_its_end() {
        var err = typing("1\n\n2\n").err();
        for (var row : List.of("  1 embed-3       -  -", "  2 gpt-5      400K  1.25/10 USD", "  2 llama-70b       -  free",
                "  3 llama-8b        -  -, deprecated")) {
            assertTrue(err.lines().anyMatch(row::equals), row + " is not in\n" + err);
        }
    }

    @Test
    void provider_and_mode_narrow_what_is_offered() {
        assertEquals("groq/llama-70b", typing("70\n", "--provider", "groq").out().strip());
        assertEquals("openai/embed-3", typing("1\n", "--mode", "embedding").out().strip());
        assertEquals("openai/gpt-5", typing("openai\n1\n", "--mode", "chat").out().strip());
        assertEquals(3, typing("1\n", "--provider", "mistral").code());
        assertEquals(3, typing("1\n", "--mode", "rerank").code());
        var result = typing("1\n", "--provider", "grok");
        assertEquals(2, result.code());
        assertTrue(result.err().contains("groq"), result.err());
        assertEquals(2, typing("1\n", "--mode", "talk").code());
    }

    @Test
    void the_choice_is_printed_in_the_form_that_is_asked_for() {
        assertEquals("gpt-5", typing("1\ngpt\n", "--print", "id").out().strip());
        assertEquals("{\"provider\":\"openai\",\"id\":\"gpt-5\"}", typing("1\ngpt\n", "--print", "json").out().replaceAll("\\s", ""));
        assertEquals(2, typing("1\ngpt\n", "--print", "poem").code());
    }

    @Test
    void hints_and_warnings_are_for_people() {
        var result = typing("groq\n8b\n");
        assertTrue(result.err().contains("aichat -m groq:llama-8b, codex -p groq -m llama-8b"), result.err());
        assertTrue(result.err().contains("warning groq/llama-8b is deprecated"), result.err());
        assertTrue(typing("groq\nit\n").err().contains("codex -p groq -m 'it'\\''s'"));
    }

    @Test
    void long_lists_are_cut_and_say_so() throws IOException {
        snapshot(folder, IntStream.range(100, 170).mapToObj(i -> model("openai", "m-" + i)).toArray(Model[]::new));
        var result = typing("70\n");
        assertEquals("openai/m-169", result.out().strip());
        assertTrue(result.err().contains("… and 30 more"), result.err());
        assertTrue(result.err().contains("m-139") && !result.err().contains("m-140"), result.err());
        snapshot(folder, model("openai", "x".repeat(110)), model("openai", "你".repeat(60)));
        var rows = typing("1\n").err().lines().filter(line -> line.startsWith("  ")).toList();
        assertEquals(2, rows.size());
        rows.forEach(row -> assertTrue(row.contains("…") && columns(row) < 80, row));
    }

    @Test
    void without_a_snapshot_it_is_3() throws IOException {
        Files.delete(folder.resolve("models/catalog.json"));
        assertEquals(3, typing("1\n").code());
    }

    @ParameterizedTest
    @CsvSource({
        "a, a", "é, é", "模, 模", "\uD83D\uDE00, \uD83D\uDE00", "^M, enter", "'\n', enter", "^?, erase", "^H, erase", "^U, clear",
        "^P, up", "^N, down", "^D, escape", "^[, escape", "^[^[, escape", "'', escape",
        "^[[A, up", "^[OA, up", "^[[B, down", "^[OB, down", "^[[5~, page up", "^[[6~, page down",
        "^[[H, home", "^[OH, home", "^[[1~, home", "^[[F, end", "^[OF, end", "^[[4~, end",
        "^[[C, ''", "^[[1;5A, ''", "^[[15~, ''", "^[x, ''", "^A, ''",
    })
    void the_bytes_of_a_terminal_are_keys(String bytes, String key) throws InterruptedException {
        var text = bytes.replace("^?", "\u007f").replace("^[", "\u001b").replace("^M", "\r").replace("^H", "\b").replace("^U", "\u0015")
                .replace("^P", "\u0010").replace("^N", "\u000e").replace("^D", "\u0004").replace("^A", "\u0001");
        boolean mayGoOn = text.isEmpty() || text.equals("\u001b");
        var typed = new Typed(typed(mayGoOn ? text : text + "z"), 5000);
        assertEquals(key, typed.key());
        assertEquals(mayGoOn ? "escape" : "z", typed.key(), "nothing is left of it, and nothing else taken");
        assertEquals("escape", typed.key());
    }

    @Test
    void the_escape_key_is_known_by_what_does_not_follow_and_text_that_is_none_is_no_key() throws InterruptedException {
        var never = new CountDownLatch(1);
        var silence = new InputStream() {
            @Override
            public int read() throws IOException {
                try {
                    never.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return -1;
            }
        };
        assertEquals("escape", new Typed(new SequenceInputStream(typed("\u001b"), silence), 20).key());
        never.countDown();
        assertEquals("", new Typed(new ByteArrayInputStream(new byte[] {(byte) 0xff, 'a', 'b', 'c'}), 5000).key());
        assertNull(new Typed(typed(""), 5000).line());
        assertEquals("a b", new Typed(typed(" a b\r\n"), 5000).line());
    }

    private static final Menu MENU = new Menu("Model", IntStream.rangeClosed(1, 40).mapToObj(i -> new Row("m" + (1000 - i), "x")).toList());

    private static Menu press(Menu menu, String... keys) {
        for (var key : keys) {
            menu = menu.press(key, 10);
        }
        return menu;
    }

    @Test
    void arrows_move_and_stop_at_both_ends() {
        assertEquals(2, press(MENU, "down", "down", "down", "up").chosen());
        assertEquals(0, press(MENU, "down", "up", "up").chosen());
        assertEquals(10, press(MENU, "page down").chosen());
        assertEquals(39, press(MENU, "end", "down").chosen());
        assertEquals(29, press(MENU, "end", "page up").chosen());
        assertEquals(39, press(MENU, "end", "page up", "page down", "page down").chosen());
        assertEquals(0, press(MENU, "end", "home", "page up").chosen());
        assertEquals(MENU, press(MENU, ""));
    }

    @Test
    void typing_filters_and_a_number_points() {
        var filtered = press(MENU, "9", "9");
        assertEquals(10, filtered.shown().size());
        assertEquals(1, press(filtered, "down").chosen());
        assertEquals(40, press(filtered, "erase", "erase", "erase").shown().size());
        assertEquals(40, press(filtered, "clear").shown().size());
        assertEquals(0, press(MENU, "down", "M").chosen());
        assertEquals(19, press(MENU, "2", "0").chosen(), "the row of this number");
        assertEquals(1, press(MENU, "2", "0").shown().size());
        assertEquals(List.of(4, 34), press(MENU, "5").shown().stream().filter(i -> i == 4 || i == 34).toList(), "number 5, and m965");
        assertEquals(4, press(MENU, "5").chosen());
        var words = new Menu("M", List.of(new Row("gpt mini", ""), new Row("gpt", ""), new Row("mini", "")));
        assertEquals(List.of(0), press(words, "i", " ", "G").shown());
    }

    @Test
    void enter_chooses_what_is_pointed_at_and_escape_nothing() {
        var chosen = press(MENU, "down", "enter");
        assertTrue(chosen.done());
        assertEquals(1, chosen.chosen());
        var left = press(MENU, "down", "escape");
        assertTrue(left.done());
        assertEquals(-1, left.chosen());
        assertFalse(press(MENU, "down").done());
        assertFalse(press(MENU, "q", "enter").done(), "there is nothing to choose");
        assertEquals(-1, press(MENU, "q", "down").chosen());
    }

    @Test
    void a_window_follows_what_is_pointed_at() {
        assertEquals(List.of("Model (40): ", ">  1 m999  x", "   2 m998  x", "   3 m997  x"), MENU.lines(80, 3));
        assertEquals(List.of("Model (40): ", "  10 m990  x", "> 11 m989  x", "  12 m988  x"), press(MENU, "page down").lines(80, 3));
        assertEquals(List.of("Model (40): ", "  38 m962  x", "  39 m961  x", "> 40 m960  x"), press(MENU, "end").lines(80, 3));
        assertEquals(List.of("Model (0 of 40): q"), press(MENU, "q").lines(80, 3));
        for (int width : new int[] {1, 2, 5, 20, 40}) {
            var wide = new Menu("T".repeat(50), List.of(new Row("模".repeat(30), "detail of it"), new Row("y".repeat(90), "")));
            for (var line : press(wide, "模").lines(width, 5)) {
                assertTrue(columns(line) <= Math.max(1, width - 1), width + ": " + line);
            }
        }
    }

    private static int columns(String line) {
        return line.codePoints().map(c -> c > 0x3000 ? 2 : 1).sum();
    }

    /** The program in a process and at a terminal of its own, standard output elsewhere, as in {@code mods -m $(catalog discover)}. */
    @ParameterizedTest
    @CsvSource({"'^[[B^M^[OB^M', 'groq/llama-70b', 0", "'^[', '', 1", "'^C', '', 130"})
    void at_a_terminal_keys_choose_and_the_terminal_is_left_as_it_was(String keys, String chosen, int code) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")) && System.getProperty("os.name").equals("Linux"), "util-linux's script");
        assumeTrue("1".equals(System.getenv("CATALOG_PTY")), "CATALOG_PTY=1: at a real terminal a busy machine can keep this waiting for ever");
        var java = Path.of(System.getProperty("java.home"), "bin", "java");
        Files.writeString(folder.resolve("run.sh"), "trap : INT; stty -g >before; '" + java + "' -XX:TieredStopAtLevel=1 -cp '"
                + System.getProperty("java.class.path") + "' catalog discover >out; echo $? >code; stty -g >after\n");
        var builder = new ProcessBuilder("/usr/bin/script", "-qc", "sh run.sh", "/dev/null").directory(folder.toFile())
                .redirectErrorStream(true);
        builder.environment().keySet().retainAll(List.of("PATH"));
        builder.environment().putAll(Map.of("HOME", folder.toString(), "TERM", "xterm", "LC_ALL", "C.UTF-8"));
        var process = builder.start();
        try {
            var seen = new ByteArrayOutputStream();
            for (var part : keys.replace("^M", "^M|").split("\\|")) {
                int from = seen.size();
                while (!seen.toString(StandardCharsets.UTF_8).substring(Math.min(from, seen.size())).contains("Esc goes back")) {
                    int next = process.getInputStream().read();
                    assertTrue(next >= 0, () -> "it ended: " + seen);
                    seen.write(next);
                }
                var bytes = part.replace("^[", "\u001b").replace("^M", "\r").replace("^C", "\u0003");
                process.getOutputStream().write(bytes.getBytes(StandardCharsets.UTF_8));
                process.getOutputStream().flush();
            }
            process.getInputStream().transferTo(seen);
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
            assertEquals(chosen, Files.readString(folder.resolve("out")).strip(), seen::toString);
            assertEquals(String.valueOf(code), Files.readString(folder.resolve("code")).strip(), seen::toString);
            assertEquals(Files.readString(folder.resolve("before")), Files.readString(folder.resolve("after")));
        } finally {
            process.destroyForcibly();
        }
    }
}
