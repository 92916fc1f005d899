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
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
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
import java.util.concurrent.FutureTask;
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
    private static final int SIGINT = 2;

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
        return catalog(in, all.toArray(String[]::new));
    }

    private FrontDoor.Result catalog(InputStream in, String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var host = new Host(Map.of("HOME", folder.toString(), "TERM", "xterm"), folder, Clock.fixed(Instant.now(), ZoneOffset.UTC),
                new PrintWriter(out), new PrintWriter(err), false, in);
        try {
            var run = Class.forName("catalog").getMethod("run", Host.class, String[].class);
            var code = (int) run.invoke(null, host, args);
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
        var typed = new Typed(typed(mayGoOn ? text : text + "z"), 20);
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
        assertEquals("", new Typed(new ByteArrayInputStream(new byte[] {(byte) 0xff, 'a', 'b', 'c'}), 20).key());
        assertNull(new Typed(typed(""), 20).line());
        assertEquals("a b", new Typed(typed(" a b\r\n"), 20).line());
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

    private Path put(String path, String text) throws IOException {
        var file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private String read(String path) throws IOException {
        return Files.readString(folder.resolve(path));
    }

    private FrontDoor.Result choosing(int code, String lines, String tool, String... more) {
        var args = new ArrayList<>(List.of("--apply", tool));
        args.addAll(List.of(more));
        var result = typing(lines.replace('|', '\n'), args.toArray(String[]::new));
        assertEquals(code, result.code(), result::toString);
        return result;
    }

    /** What the settings of a tool are worth to a later {@code catalog apply}. */
    private void assertQuiet(String tool) throws IOException {
        var before = FrontDoor.tree(folder);
        var result = catalog(typed(""), "apply", tool, "--provider", "groq", "--yes");
        assertEquals(0, result.code(), result::toString);
        assertEquals(before, FrontDoor.tree(folder), result::toString);
        assertFalse(result.err().contains("conflict"), result.err());
    }

    @Test
    void a_choice_becomes_what_aichat_uses_and_nothing_else_changes() throws IOException {
        var before = "# mine\nmodel: openai:gpt-4o   # as ever\nstream:  false\n\nclients:\n  # the first\n"
                + "  - {type: openai, api_key: mine}\n# end\n";
        put(".config/aichat/config.yaml", before);
        var result = choosing(0, "groq|70b|y|", "aichat");
        assertEquals("", result.out(), "nothing is printed for another program");
        assertTrue(result.err().contains("  -model: openai:gpt-4o   # as ever\n  +model: groq:llama-70b   # as ever\n"), result.err());
        var after = read(".config/aichat/config.yaml");
        assertTrue(after.startsWith(before.substring(0, before.indexOf("# end")).replace("openai:gpt-4o", "groq:llama-70b")), after);
        assertTrue(after.contains("  - name: groq\n    type: openai-compatible\n"), after);
        assertTrue(after.contains("llama-8b") && after.endsWith("# end\n"), after);
        try (var kept = Files.walk(folder.resolve(".local/state/catalog/backups"))) {
            assertTrue(kept.filter(Files::isRegularFile).anyMatch(file -> holds(file, before)), "what was there is kept");
        }
        assertQuiet("aichat");
    }

    private static boolean holds(Path file, String text) {
        try {
            return Files.readString(file).equals(text);
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void a_choice_becomes_what_mods_uses() throws IOException {
        var before = "# mine\ndefault-api: openai\ndefault-model: gpt-4o # m\ntemp: 1.0\napis:\n  openai:\n    base-url: https://x.example\n";
        put(".config/mods/mods.yml", before);
        choosing(0, "groq|70b|yes|", "mods");
        var after = read(".config/mods/mods.yml");
        assertTrue(after.startsWith(before.replace("-api: openai", "-api: groq").replace("gpt-4o", "llama-70b")), after);
        assertQuiet("mods");
    }

    @Test
    void a_choice_becomes_what_codex_uses_and_the_next_one_takes_its_place() throws IOException {
        var mine = "# mine\nmodel = \"o3\" # old\napproval_policy = 'never'\n\n[features]\ngoals = true\n\n[tui]\nnotifications = true\n";
        put(".codex/config.toml", mine);
        choosing(0, "groq|70b|", "codex", "--yes");
        var groq = read(".codex/config.toml");
        for (var part : List.of("# mine\nmodel = \"llama-70b\" # old\napproval_policy = 'never'\n", "model_provider = \"groq\"",
                "web_search = \"disabled\"", "goals = false", "[tui]\nnotifications = true\n",
                "base_url = \"https://api.groq.com/openai/v1\"", "model_catalog_json = \"groq.models.json\"")) {
            assertTrue(groq.contains(part), part + " is not in\n" + groq);
        }
        assertTrue(Files.exists(folder.resolve(".codex/groq.models.json")), "it is named, so it is there");
        assertQuiet("codex");
        choosing(0, "openai|gpt|", "codex", "--yes");
        var openai = read(".codex/config.toml");
        assertTrue(openai.contains("model = \"gpt-5\" # old") && openai.contains("model_catalog_json = \"openai.models.json\""), openai);
        assertFalse(openai.contains("groq") || openai.contains("web_search") || openai.contains("goals"), openai);
        assertQuiet("codex");
    }

    @Test
    void settings_are_made_where_there_are_none() throws IOException {
        choosing(0, "groq|70b|y|", "aichat");
        assertTrue(read(".config/aichat/config.yaml").startsWith("model: "), read(".config/aichat/config.yaml"));
        assertQuiet("aichat");
    }

    @ParameterizedTest
    @ValueSource(strings = {"groq|70b|n|", "groq|70b||", "groq|70b"})
    void without_a_yes_nothing_is_written(String lines) throws IOException {
        put(".config/aichat/config.yaml", "model: a:b\n");
        var before = FrontDoor.tree(folder);
        var result = choosing(1, lines, "aichat");
        assertTrue(result.err().contains("  +model: groq:llama-70b") && result.err().contains("Write 1 file? [y/N]"), result.err());
        assertEquals(before, FrontDoor.tree(folder));
    }

    @Test
    void a_dry_run_prints_the_diff() throws IOException {
        put(".config/aichat/config.yaml", "model: a:b\n");
        var before = FrontDoor.tree(folder);
        var result = choosing(0, "groq|70b|", "aichat", "--dry-run");
        assertTrue(result.out().contains("\n-model: a:b\n+model: groq:llama-70b\n"), result::toString);
        assertEquals(before, FrontDoor.tree(folder));
    }

    @Test
    void what_else_is_in_the_way_is_a_conflict_as_ever() throws IOException {
        put(".config/aichat/config.yaml",
                "model: a:b\nclients:\n  - name: groq\n    type: openai-compatible\n    api_base: https://proxy.example/v1\n");
        var result = choosing(1, "groq|70b|", "aichat", "--yes");
        assertTrue(result.err().contains("conflict ~/.config/aichat/config.yaml:5: clients[name=groq].api_base"), result.err());
        assertTrue(read(".config/aichat/config.yaml").startsWith("model: groq:llama-70b\n"), read(".config/aichat/config.yaml"));
        assertTrue(read(".config/aichat/config.yaml").contains("https://proxy.example/v1"));
    }

    @Test
    void a_file_that_does_not_parse_is_refused() throws IOException {
        put(".config/mods/mods.yml", "default-api: [\n");
        choosing(5, "groq|70b|", "mods", "--yes");
        assertEquals("default-api: [\n", read(".config/mods/mods.yml"));
    }

    @Test
    void only_what_the_tool_can_use_is_offered() throws IOException {
        snapshot(folder, model("anthropic", "opus"), model("groq", "llama-70b"), model("groq", "embed", Field.MODE, "embedding"));
        var err = choosing(1, "|", "codex").err();
        assertTrue(err.contains("llama-70b") && !err.contains("opus") && !err.contains("anthropic") && !err.contains("embed"), err);
        snapshot(folder, model("anthropic", "opus"));
        assertTrue(choosing(3, "1|", "codex").err().contains("There is no model for codex in"));
    }

    @Test
    void a_tool_that_cannot_be_told_is_said_before_anybody_is_asked() {
        var result = choosing(2, "groq|70b|", "json");
        assertTrue(result.err().contains("those of aichat, codex, mods do") && !result.err().contains("Provider"), result.err());
        assertTrue(choosing(2, "groq|70b|", "aichatt").err().contains("aichat"));
        assertEquals(2, typing("groq\n70b\n", "--yes").code(), "there is nothing to agree to");
    }

    @Test
    void a_tool_of_ones_own_needs_a_template_and_no_more() throws IOException {
        put(".config/catalog/templates/llm/choice_PROVIDER.txt.ftl", """
                <#ftl attributes={"choice": [], "apply": {"to": "~/.config/llm/default_model.txt", "as": "file"}}>
                ${provider.id}/${models?first.id}
                """);
        put(".config/llm/default_model.txt", "mine\n");
        choosing(0, "groq|70b|y|", "llm");
        assertEquals("groq/llama-70b\n", read(".config/llm/default_model.txt"));
        choosing(0, "groq|8b|y|", "llm");
        assertEquals("groq/llama-8b\n", read(".config/llm/default_model.txt"));
        assertEquals(0, catalog(typed(""), "render").code());
        assertFalse(Files.exists(folder.resolve("config/llm")), "it is of no use without a choice");
        assertTrue(catalog(typed(""), "tools", "list").out().contains("llm (discover --apply)"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', value = {
        "choice_PROVIDER.yaml; 'choice': ['model']", "choice.yaml; 'choice': ['model'], 'apply': {'to': '~/x.yaml', 'as': 'merge'}",
        "choice_PROVIDER.yaml; 'choice': ['model'], 'apply': {'to': '~/PROVIDER.yaml', 'as': 'merge'}",
        "choice_PROVIDER.yaml; 'choice': ['model'], 'when': 'fetch', 'apply': {'to': '~/x.yaml', 'as': 'merge'}",
        "choice_PROVIDER.yaml; 'choice': true, 'apply': {'to': '~/x.yaml', 'as': 'merge'}",
    })
    void a_template_of_a_choice_that_makes_no_sense_is_a_mistake(String name, String header) throws IOException {
        put(".config/catalog/templates/x/" + name + ".ftl", "<#ftl attributes={" + header.replace('\'', '"') + "}>\n");
        var result = catalog(typed(""), "tools", "list");
        assertEquals(4, result.code(), result::toString);
        assertTrue(result.err().contains("\"choice\""), result.err());
    }

    /** What is written at once is there at once, however late a busy machine lets a byte of it be read. */
    private static InputStream late(String text, long millis) {
        return new FilterInputStream(typed(text)) {
            @Override
            public int read() throws IOException {
                try {
                    Thread.sleep(millis);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return super.read();
            }
        };
    }

    @Test
    void a_key_is_not_taken_apart_because_the_machine_is_busy() throws InterruptedException {
        var typed = new Typed(late("\u001bOB\u001b[5~é", 60), 10);
        assertEquals(List.of("down", "page up", "é"), List.of(typed.key(), typed.key(), typed.key()));
    }

    @Test
    void a_key_may_come_in_parts() throws Exception {
        try (var keyboard = new PipedOutputStream(); var in = new PipedInputStream(keyboard)) {
            var typed = new Typed(in, 20_000);
            var key = new FutureTask<>(typed::key);
            new Thread(key).start();
            for (char part : "\u001b[B".toCharArray()) {
                keyboard.write(part);
                keyboard.flush();
                Thread.sleep(50);
            }
            assertEquals("down", key.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void what_is_typed_ahead_is_left_to_who_reads_next() throws Exception {
        var in = typed("\u001b[B\ry\n");
        var typed = new Typed(in, 20);
        assertEquals(List.of("down", "enter"), List.of(typed.key(), typed.key()));
        Thread.sleep(100);
        assertEquals("y\n", new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }

    /**
     * The program in a process and at a terminal of its own, standard output elsewhere, as in {@code mods -m $(catalog discover)}.
     *
     * @param keys by turns what to wait for and what is typed then; all at once where nothing is waited for
     */
    @ParameterizedTest
    @CsvSource({
        "'Provider (2)|^[[B^M|Model of groq (3)|^[OB^M', groq/llama-70b, 0",
        "'|^[[B^M^[OB^M',                                groq/llama-70b, 0",
        "'Provider (2)|^[[B^M^[OB^M',                    groq/llama-70b, 0",
        "'Provider (2)|^[',                              '',             1",
        "'Provider (2)|^C',                              '',             130",
    })
    void at_a_terminal_keys_choose_and_the_terminal_is_left_as_it_was(String keys, String chosen, int code) throws Exception {
        assertEquals(chosen, atTerminal("discover", keys, code));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Provider (2)|^[[B^M|Model of groq (3)|^[OB^M|[y/N]|y^M", "|^[[B^M^[OB^My^M"})
    void at_a_terminal_the_question_is_answered_there(String keys) throws Exception {
        assertEquals("", atTerminal("discover --apply aichat", keys, 0));
        assertTrue(read(".config/aichat/config.yaml").contains("model: groq:llama-70b"), read(".config/aichat/config.yaml"));
    }

    /** @return what it printed on standard output */
    private String atTerminal(String command, String keys, int code) throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux") && Files.isExecutable(Path.of("/usr/bin/script")),
                "there is no util-linux script here, which makes the terminal");
        assumeTrue(!keys.endsWith("^C") || !isInterruptIgnored(), "Ctrl-C is ignored here, as in a script's job in the background, so it ends nothing");
        var java = Path.of(System.getProperty("java.home"), "bin", "java");
        Files.writeString(folder.resolve("run.sh"), "trap : INT; stty -g >before; '" + java + "' -XX:TieredStopAtLevel=1 -cp '"
                + System.getProperty("java.class.path") + "' catalog " + command + " >out; echo $? >code; stty -g >after\n");
        var builder = new ProcessBuilder("/usr/bin/script", "-qc", "sh run.sh", "/dev/null").directory(folder.toFile())
                .redirectErrorStream(true);
        builder.environment().keySet().retainAll(List.of("PATH"));
        builder.environment().putAll(Map.of("HOME", folder.toString(), "TERM", "xterm", "LC_ALL", "C.UTF-8"));
        var process = builder.start();
        try {
            var screen = new Screen(process.getInputStream());
            var turns = keys.replace("^[", "\u001b").replace("^M", "\r").replace("^C", "\u0003").split("\\|");
            for (int i = 0; i < turns.length; i += 2) {
                screen.await(turns[i]);
                process.getOutputStream().write(turns[i + 1].getBytes(StandardCharsets.UTF_8));
                process.getOutputStream().flush();
            }
            assertTrue(process.waitFor(Screen.PATIENCE, TimeUnit.SECONDS), () -> "it goes on; to be seen was\n" + screen);
            assertEquals(String.valueOf(code), read("code").strip(), screen::toString);
            assertEquals(read("before"), read("after"));
            return read("out").strip();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /** A process that begins so cannot change it, nor can what it starts. */
    private static boolean isInterruptIgnored() throws IOException {
        var ignored = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("SigIgn:")).findFirst().orElseThrow();
        return (Long.parseUnsignedLong(ignored.substring("SigIgn:".length()).strip(), 16) & 1 << SIGINT - 1) != 0;
    }

    /** All that a terminal was sent, read by a thread of its own, so that nobody waits for it without end. */
    private static final class Screen {
        /** In seconds: a start takes that long only on a machine that does a hundred other things. */
        static final int PATIENCE = 120;

        private final ByteArrayOutputStream seen = new ByteArrayOutputStream();

        Screen(InputStream in) {
            var reader = new Thread(() -> {
                try {
                    in.transferTo(seen);
                } catch (IOException e) {
                    // The terminal is gone.
                }
            });
            reader.setDaemon(true);
            reader.start();
        }

        void await(String text) throws InterruptedException {
            for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE); !toString().contains(text); Thread.sleep(5)) {
                assertTrue(System.nanoTime() - end < 0, () -> "'" + text + "' is not in\n" + this);
            }
        }

        @Override
        public String toString() {
            return seen.toString(StandardCharsets.UTF_8);
        }
    }
}
