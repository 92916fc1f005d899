package tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import lib.apply.Apply;
import lib.apply.Document.Change;
import lib.apply.Document;
import lib.apply.Document.Format;
import lib.apply.Merge.Choice;
import lib.apply.Document.Place;
import lib.apply.SafeFile.Steps;
import lib.host.Host;
import lib.render.Tools;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code catalog apply} must never do: half of it, over somebody else, for a stranger, or with a key in it. */
class ApplySafetyTest extends CliSetup {
    private static final String AICHAT = ".config/aichat/config.yaml";
    private static final String MODS = ".config/mods/mods.yml";
    private static final String HEADER = "<#ftl attributes={\"where\": {\"wire\": \"openai-chat\"}, \"apply\": {\"as\": \"%s\", \"to\": r\"%s\"}}>\n";

    @BeforeEach
    void fetch() {
        var result = door.run("fetch", "groq");
        assertEquals(0, result.code(), result::toString);
    }

    private Path put(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private Path put(String path, String text) throws IOException {
        return put(door.home.resolve(path), text);
    }

    private String read(String path) throws IOException {
        return Files.readString(door.home.resolve(path));
    }

    private FrontDoor.Result apply(int code, String... more) {
        var args = new ArrayList<>(List.of("apply", "--yes"));
        args.addAll(List.of(more));
        var result = door.run(args.toArray(String[]::new));
        assertEquals(code, result.code(), result::toString);
        return result;
    }

    @Test
    void what_does_not_parse_is_refused_with_its_line_and_left_and_others_are_done() throws IOException {
        var broken = "clients:\n  - name: own\n   type: [\n";
        put(AICHAT, broken);
        put(MODS, "apis: {}\n");
        var told = apply(5);
        assertEquals(broken, read(AICHAT));
        assertTrue(told.err().contains("refused " + door.home.resolve(AICHAT) + ":3: not valid YAML"), told::err);
        assertTrue(read(MODS).contains("swift-8b"));
        Files.write(door.home.resolve(AICHAT), new byte[] {'a', ':', ' ', (byte) 0xff, '\n'});
        assertTrue(apply(5).err().contains("it is not UTF-8"));
        assertArrayEquals(new byte[] {'a', ':', ' ', (byte) 0xff, '\n'}, Files.readAllBytes(door.home.resolve(AICHAT)));
    }

    @Test
    void a_list_that_stands_for_another_place_too_is_refused() throws IOException {
        var shared = "clients: &c\n  - name: own\nmore: *c\n";
        put(AICHAT, shared);
        assertTrue(apply(5).err().contains(door.home.resolve(AICHAT) + ":1: other places of the file stand for this value as well"));
        assertEquals(shared, read(AICHAT));
    }

    @Test
    void a_read_only_file_is_refused_and_the_others_are_done() throws IOException {
        var file = put(AICHAT, "clients: []\n");
        put(MODS, "apis: {}\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        assertTrue(apply(5).err().contains("is read-only"));
        assertEquals("clients: []\n", read(AICHAT));
        assertTrue(read(MODS).contains("swift-8b"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        apply(0);
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void a_link_stays_a_link() throws IOException {
        var real = put(folder.resolve("dotfiles/aichat.yaml"), "clients: [] # mine\n");
        Files.createDirectories(door.home.resolve(".config/aichat"));
        var link = Files.createSymbolicLink(door.home.resolve(AICHAT), Path.of("../../../dotfiles/aichat.yaml"));
        apply(0);
        assertTrue(Files.isSymbolicLink(link));
        assertTrue(Files.readString(real).contains("swift-8b"));
    }

    @Test
    void the_files_are_kept_before_they_change() throws IOException {
        put(AICHAT, "clients: [] # before\n");
        apply(0, "aichat", "codex");
        var kept = FrontDoor.tree(door.home.resolve(".local/state/catalog/backups"));
        assertTrue(kept.containsValue("clients: [] # before\n"), kept::toString);
        assertTrue(kept.get("2026-11-20T12-00-00Z/manifest.json").contains(".codex/groq.models.json"), kept::toString);
        put(AICHAT, "clients: [] # again\n");
        apply(0, "--ours", "clients", "--no-backup");
        assertEquals(kept, FrontDoor.tree(door.home.resolve(".local/state/catalog/backups")));
    }

    private Change.Part part(String output) throws IOException {
        var entry = Tools.discover(Fixtures.host(door.cwd, door.env), null, Map.of("t/a_PROVIDER.yaml.ftl",
                HEADER.formatted("merge", "~/x") + "a: 1\n")).entries().iterator().next();
        return new Change.Part(entry, "groq", output == null ? null : output.getBytes(StandardCharsets.UTF_8));
    }

    /** Runs the writing itself, with a disk that fails at one of its steps. */
    private Apply.Result write(Steps steps, Path... files) throws IOException {
        var targets = new ArrayList<Change.Target>();
        for (var file : files) {
            targets.add(new Change.Target(file, List.of(part("a: 1\n")), true, false));
        }
        return new Apply(Fixtures.host(door.cwd, door.env), steps).write(targets, Choice.NONE, null, true);
    }

    @Test
    void whatever_step_fails_all_files_are_as_they_were_or_all_are_done() throws IOException {
        for (int failing = 1; ; failing++) {
            var dir = folder.resolve("t" + failing);
            var first = put(dir.resolve("1.yaml"), "x: 1\n");
            var second = dir.resolve("2.yaml");
            var third = put(dir.resolve("3.yaml"), "y: 1\n");
            var count = new AtomicInteger(failing);
            var steps = new Steps() {
                private void step(Path path) throws IOException {
                    if (path.startsWith(dir) && count.decrementAndGet() == 0) {
                        throw new FileSystemException(path.toString(), null, "broken on purpose");
                    }
                }

                @Override
                public void write(Path file, byte[] content) throws IOException {
                    step(file);
                    Steps.super.write(file, content);
                }

                @Override
                public void move(Path from, Path to) throws IOException {
                    step(to);
                    Steps.super.move(from, to);
                }

                @Override
                public void fsyncDir(Path at) throws IOException {
                    step(at);
                    Steps.super.fsyncDir(at);
                }
            };
            var result = write(steps, first, second, third);
            if (count.get() > 0) {
                assertEquals(null, result.failure());
                assertEquals(10, failing, "three steps for each of three files");
                return;
            }
            assertTrue(result.failure().contains("broken on purpose"), result::failure);
            assertEquals(Map.of("1.yaml", "x: 1\n", "3.yaml", "y: 1\n"), FrontDoor.tree(dir), "step " + failing + ": " + result.failure());
            assertEquals(failing >= 3, result.failure().contains(first + " was put back as it was"), result::failure);
            assertEquals(failing >= 6, result.failure().contains(second + " was removed again"), result::failure);
            assertEquals(null, write(Steps.REAL, first, second, third).failure(), "and then it works");
            assertEquals("x: 1\na: 1\n", Files.readString(first));
        }
    }

    @Test
    void a_record_that_cannot_be_written_in_the_end_undoes_all() throws IOException {
        var first = put(folder.resolve("full/1.yaml"), "x: 1\n");
        var records = new AtomicInteger();
        var full = new Steps() {
            @Override
            public void write(Path file, byte[] content) throws IOException {
                if (file.getFileName().toString().startsWith(".owned.json") && records.incrementAndGet() == 2) {
                    throw new FileSystemException(file.toString(), null, "No space left on device");
                }
                Steps.super.write(file, content);
            }
        };
        var result = write(full, first, folder.resolve("full/2.yaml"));
        assertTrue(result.failure().contains("No space left on device") && result.failure().contains(first + " was put back as it was"), result::failure);
        assertEquals(Map.of("1.yaml", "x: 1\n"), FrontDoor.tree(folder.resolve("full")));
        assertEquals(null, write(Steps.REAL, first).failure());
        assertEquals("x: 1\na: 1\n", Files.readString(first));
    }

    @Test
    void a_run_that_was_killed_before_its_record_is_understood_also_when_the_file_was_changed_since() throws IOException {
        var first = put(folder.resolve("late/1.yaml"), "x: 1\n");
        var records = new AtomicInteger();
        try {
            write(new Steps() {
                @Override
                public void write(Path file, byte[] content) throws IOException {
                    if (file.getFileName().toString().startsWith(".owned.json") && records.incrementAndGet() == 2) {
                        throw new StackOverflowError("killed");
                    }
                    Steps.super.write(file, content);
                }
            }, first);
        } catch (StackOverflowError e) {
            // No way back is left to such a run.
        }
        assertEquals("x: 1\na: 1\n", Files.readString(first));
        Files.writeString(first, "# I was here\nx: 1\na: 1\n");
        var gone = new Apply(Fixtures.host(door.cwd, door.env)).write(List.of(new Change.Target(first, List.of(part(null)), true, false)), Choice.NONE, null, true);
        assertEquals(null, gone.failure());
        assertEquals("# I was here\nx: 1\n", Files.readString(first), "the value was ours");
    }

    @Test
    void a_run_that_was_killed_between_two_files_is_understood_by_the_next() throws IOException {
        var dir = folder.resolve("killed");
        var first = put(dir.resolve("1.yaml"), "x: 1\n");
        var second = put(dir.resolve("2.yaml"), "y: 1\n");
        try {
            write(new Steps() {
                @Override
                public void move(Path from, Path to) throws IOException {
                    if (to.endsWith("2.yaml")) {
                        throw new StackOverflowError("killed");
                    }
                    Steps.super.move(from, to);
                }
            }, first, second);
        } catch (StackOverflowError e) {
            // No way back is left to such a run.
        }
        assertEquals("x: 1\na: 1\n", Files.readString(first));
        Files.writeString(first, "x: 1\na: 2\n");
        var result = write(Steps.REAL, first, second);
        assertEquals("y: 1\na: 1\n", Files.readString(second));
        assertEquals(List.of(1, 0), result.changes().stream().map(change -> change.conflicts().size()).toList(), "the person has changed what was ours");
        Files.writeString(first, "x: 1\na: 1\n");
        assertEquals(List.of(), write(Steps.REAL, first, second).changes().stream().filter(Change::writes).toList());
    }

    @Test
    void two_runs_at_once_lose_nothing_fifty_times() throws Exception {
        door.with("MISTRAL_API_KEY", Fixtures.KEY);
        assertEquals(0, door.run("fetch", "mistral").code());
        for (int round = 0; round < 50; round++) {
            put(AICHAT, "# mine\nclients:\n  - name: own\n    type: openai\n");
            put(MODS, "# mine\napis: {}\n");
            Files.deleteIfExists(door.home.resolve(".local/state/catalog/owned.json"));
            var other = CompletableFuture.supplyAsync(() -> door.run("apply", "--yes", "--provider", "mistral", "mods", "aichat"));
            var one = door.run("apply", "--yes", "--provider", "groq", "--ours", "clients[name=groq]", "aichat", "mods");
            assertEquals(List.of(0, 0), List.of(one.code(), other.get().code()), () -> one + " " + other.join());
            var clients = Document.open(Format.YAML, read(AICHAT));
            assertEquals(Set.of("own", "groq", "mistral"), Set.copyOf(clients.items(Place.parse("clients"), "name")));
            assertEquals(List.of("boreas-70b", "swift-8b"), clients.items(Place.parse("clients[name=groq].models"), "name"));
            assertEquals(3, clients.items(Place.parse("clients[name=mistral].models"), "name").size());
            assertTrue(read(AICHAT).startsWith("# mine\nclients:\n  - name: own\n    type: openai\n  - "), read(AICHAT));
            var again = apply(0, "--dry-run").err();
            assertTrue(again.contains("aichat/config.yaml: unchanged") && again.contains("mods/mods.yml: unchanged"), "the record is whole: " + again);
        }
    }

    @Test
    void a_template_that_nobody_trusts_does_not_apply() throws IOException {
        put(door.cwd.resolve("templates/evil/PROVIDER.toml.ftl"), HEADER.formatted("file", "~/.codex/PROVIDER.config.toml") + "x = \"${provider.id}\"\n");
        Files.createDirectories(door.home.resolve(".codex"));
        put(AICHAT, "clients: []\n");
        var told = apply(5);
        assertTrue(told.err().contains("refused templates/evil/PROVIDER.toml.ftl: it is not trusted"), told::err);
        assertFalse(read(".codex/groq.config.toml").contains("x ="), "ours was written");
        assertTrue(read(AICHAT).contains("swift-8b"));
    }

    @Test
    void what_a_tool_would_start_comes_only_from_the_users_own_templates() throws IOException {
        var own = Path.of(".config/catalog/templates/own/PROVIDER.json.ftl");
        for (var harmful : List.of("{\"mcp_servers\": {\"x\": {\"url\": \"y\"}}}", "{\"a\": [{\"command\": \"rm\"}]}", "{\"notify\": [\"sh\"]}",
                "{\"hooks\": {}}", "{\"shell\": \"sh\"}", "{\"api-key-cmd\": \"x\"}", "{\"key_command\": \"x\"}", "{\"apiKeyHelper\": \"x\"}")) {
            put(folder.resolve("given/own/PROVIDER.json.ftl"), HEADER.formatted("file", "~/own/PROVIDER.json") + harmful + "\n");
            var told = apply(5, "own", "--templates", folder.resolve("given").toString());
            assertTrue(told.err().contains("has a tool start something"), told::err);
            assertFalse(Files.exists(door.home.resolve("own")), harmful);
        }
        put(folder.resolve("given/own/PROVIDER.json.ftl"), HEADER.formatted("file", "~/own/PROVIDER.json") + "{\"recommend\": 1, \"shell_type\": 2}\n");
        apply(0, "own", "--templates", folder.resolve("given").toString());
        put(folder.resolve("given/own/PROVIDER.txt.ftl"), HEADER.formatted("file", "~/own/PROVIDER.sh") + "rm\n");
        assertTrue(apply(5, "own", "--templates", folder.resolve("given").toString()).err().contains("cannot be looked into"));
        put(own.toString(), HEADER.formatted("file", "~/mine/PROVIDER.json") + "{\"command\": \"rm\"}\n");
        apply(0, "own");
        assertEquals("{\"command\": \"rm\"}\n", read("mine/groq.json"));
    }

    @Test
    void a_header_that_says_something_wrong_is_told_with_its_line() throws IOException {
        var file = ".config/catalog/templates/own/PROVIDER.json.ftl";
        for (var mistake : Map.of("{\"to\": \"~/x\", \"as\": \"merg\"}", "unknown value of \"as\" in \"apply\" 'merg'; did you mean merge?",
                "{\"to\": \"~/x\", \"kets\": {}}", "unknown word in \"apply\" 'kets'; did you mean keys?",
                "{\"to\": {\"linus\": \"~/x\"}, \"as\": \"file\"}", "unknown system in \"to\" 'linus'; did you mean linux?",
                "{\"to\": \"~/x\"}", "\"apply\" needs \"to\"", "\"~/x\"", "\"apply\" has to be a map").entrySet()) {
            put(file, "<#ftl attributes={\"about\": \"x\",\n  \"apply\": " + mistake.getKey() + "}>\n{}\n");
            var told = apply(4, "own");
            assertTrue(told.err().contains(file + ":2:") || told.err().contains(file + ":1:") && mistake.getKey().equals("\"~/x\""), told::err);
            assertTrue(told.err().contains(mistake.getValue()), told::err);
        }
    }

    @Test
    void no_key_is_written_or_shown() throws IOException {
        put(".config/catalog/templates/own/PROVIDER.yaml.ftl", HEADER.formatted("merge", "~/own.yaml") + "key: \"" + Fixtures.KEY + "\"\n");
        put("own.yaml", "x: 1\n");
        put(AICHAT, "clients:\n  - name: groq\n    api_key: sk-of-mine-alone\n    api_base: \"https://u:" + Fixtures.KEY + "@h\"\n");
        put(MODS, "apis:\n  groq:\n    api-key: sk-of-mine-too\n    api-key-env: \"sk-of-mine-as-well\"\n");
        var all = new StringBuilder();
        for (var how : List.of(List.of("--dry-run"), List.of("--json", "--dry-run"), List.of("--diff", "-v"))) {
            var result = apply(5, how.toArray(String[]::new));
            all.append(result.out()).append(result.err());
        }
        assertEquals("x: 1\n", read("own.yaml"));
        assertTrue(all.toString().contains("its output holds the value of a key"), all::toString);
        assertFalse(all.toString().contains(Fixtures.KEY) || all.toString().contains("sk-of-mine-alone") || all.toString().contains("sk-of-mine-too")
                || all.toString().contains("as-well"), all::toString);
        assertTrue(read(MODS).contains("swift-8b") && read(MODS).contains("api-key: sk-of-mine-too\n"));
        assertFalse(FrontDoor.tree(door.home.resolve(".local/state/catalog")).get("owned.json").contains(Fixtures.KEY));
    }

    @Test
    void keys_that_are_in_no_variable_are_not_shown_either() throws IOException {
        var key = "words" + Long.toString(1L << 50) + "of";
        for (var client : List.of("api_key: >-\n      ¤", "api_key: |\n      ¤", "api_key: has#hash¤", "api_key: \"quo'te¤\"", "api_key: \"quo\\\"te¤\"",
                "api_base: https://h.example/v1?key=¤", "extra: [\"sk-proj-¤\"]\n    # old one: sk-proj-¤", "patch: {headers: {X-Auth: ¤, Authorization: Bearer ¤}}",
                "api_key: 12345678901234567890")) {
            put(AICHAT, "clients:\n  - name: groq\n    type: openai-compatible\n    " + client.replace("¤", key) + "\n");
            for (var how : List.of(List.of("aichat", "--dry-run"), List.of("aichat", "--json", "--dry-run"))) {
                var result = door.run(Stream.concat(Stream.of("apply"), how.stream()).toArray(String[]::new));
                assertTrue(result.out().contains("name: swift-8b") && result.out().contains("max_input_tokens: 65536"), result::toString);
                assertFalse(result.toString().contains(key.substring(4, 12)) || result.toString().contains("has#") || result.toString().contains("quo")
                        || result.toString().contains("90123"), result::toString);
            }
        }
        put(".codex/groq.config.toml", "experimental_bearer_token = \"\"\"\nsk-proj-" + key + "\"\"\"\n");
        put("a.yaml", "k: sk-proj-" + key + "\npassword: " + key + "\n");
        put("b.yaml", "k: other\n");
        var codex = apply(1, "codex");
        assertTrue(codex.err().contains("-experimental_bearer_token = ***"), codex::toString);
        var merge = door.run("merge", "--source", door.home.resolve("a.yaml").toString(), "--target", door.home.resolve("b.yaml").toString(), "--dry-run");
        assertTrue(merge.out().contains("+password: ***") && merge.err().contains("ours:  \"***\""), merge::toString);
        assertFalse((codex.toString() + merge).contains(key), codex + "\n" + merge);
    }

    @Test
    void a_damaged_record_is_told_and_nothing_is_done() throws IOException {
        put(AICHAT, "clients: []\n");
        put(".local/state/catalog/owned.json", "{\"schema\": 1");
        assertTrue(apply(5).err().contains("owned.json.damaged"));
        assertEquals("clients: []\n", read(AICHAT));
    }

    @Test
    void a_person_at_a_terminal_is_asked() throws IOException, ReflectiveOperationException {
        put(AICHAT, "clients: []\n");
        assertTrue(asked("n\n", 1).contains("Write 1 file? [y/N] "));
        assertTrue(asked("", 1).contains("values to be set"));
        assertEquals("clients: []\n", read(AICHAT));
        asked("y\n", 0);
        assertTrue(read(AICHAT).contains("swift-8b"));
        assertFalse(asked("", 0).contains("?"), "there is nothing to ask for");
    }

    private String asked(String answer, int code) throws ReflectiveOperationException {
        var err = new StringWriter();
        var host = new Host(Map.copyOf(door.env), door.cwd, Clock.fixed(door.now, ZoneOffset.UTC), new PrintWriter(new StringWriter()), new PrintWriter(err), true,
                new ByteArrayInputStream(answer.getBytes(StandardCharsets.UTF_8)));
        assertEquals(code, Class.forName("catalog").getMethod("run", Host.class, String[].class).invoke(null, host, new String[] {"apply"}), err::toString);
        return err.toString();
    }
}
