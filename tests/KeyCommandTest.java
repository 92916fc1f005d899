package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code key_cmd}: a program prints the key, when it is needed, once, and nobody else sees it. */
class KeyCommandTest extends CliSetup {
    private static final String PRINTED = "printed-fake-key-for-tests-0002";

    private Path runs;

    @BeforeEach
    void nothingSet() {
        runs = folder.resolve("runs");
        door.env.remove("GROQ_API_KEY");
        door.with("PATH", System.getenv("PATH"));
    }

    /** A program in a folder with a space, which notes that it ran. */
    private Path program(String script) throws IOException {
        var program = folder.resolve("my bin/pass");
        Shell.write(program, "#!/bin/sh\necho \"$*\" >>'" + runs + "'\n" + script + "\n");
        Files.setPosixFilePermissions(program, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        return program;
    }

    private void own(String entries) throws IOException {
        Shell.write(door.home.resolve(".config/catalog/providers.yaml"), "providers:\n" + entries);
    }

    private void groq(String script) throws IOException {
        own("  groq: {key_cmd: ['" + program(script) + "', show, 'a b;$(id)']}\n");
    }

    private int timesRun() throws IOException {
        return Files.exists(runs) ? Files.readAllLines(runs).size() : 0;
    }

    private void nothingShows(FrontDoor.Result result, String secret) throws IOException {
        assertFalse(result.toString().contains(secret), result::toString);
        for (var place : List.of(door.cwd, door.home)) {
            FrontDoor.tree(place).forEach((path, content) -> assertFalse(content.contains(secret), path));
        }
    }

    @Test
    void what_the_program_prints_first_is_sent_and_shown_nowhere() throws IOException {
        groq("cat; echo '  " + PRINTED + " '; echo second; echo noise >&2");
        var result = door.run("fetch", "-v");
        assertEquals(0, result.code(), result::toString);
        assertEquals("Bearer " + PRINTED, String.valueOf(server.requests("/groq/models").get(0).headers().get("authorization")));
        assertEquals(List.of("show a b;$(id)"), Files.readAllLines(runs), "words are words, without a shell");
        assertFalse(result.err().contains("noise"), result.err());
        nothingShows(result, PRINTED);
        assertTrue(written().get("config/mods/models_groq.yml").contains("GROQ_API_KEY"), "tools get a reference");
    }

    @Test
    void it_runs_only_when_its_provider_is_asked() throws IOException {
        groq("echo " + PRINTED);
        assertTrue(door.run("providers", "list").out().lines().anyMatch(line -> line.matches("groq +key_cmd .*")));
        assertTrue(door.run("providers", "show", "groq", "--json").out().contains("\"key_cmd\" : true"));
        door.run("fetch", "mistral");
        assertEquals(0, timesRun());
        door.run("fetch", "groq", "--legacy-output");
        assertEquals(1, timesRun());
        for (var command : new String[][] {{"render"}, {"search", "swift"}, {"fetch", "groq", "--offline"}, {"stats"}, {"doctor"},
                {"trust", "--yes"}}) {
            door.run(command);
        }
        assertEquals(1, timesRun());
        Files.delete(door.cwd.resolve("config/txt/models_groq.txt"));
        door.run("render");
        assertTrue(Files.exists(door.cwd.resolve("config/txt/models_groq.txt")),
                "what a fetch with the key has stored is found without it");
    }

    @Test
    void two_entries_with_the_same_words_share_one_run() throws IOException {
        var program = program("echo " + PRINTED);
        own("  groq: {key_cmd: ['" + program + "', x]}\n  mistral: {key_cmd: ['" + program + "', x]}\n");
        assertEquals(0, door.run("fetch").code());
        assertEquals(1, timesRun());
        assertEquals(1, server.requests("/mistral/models").size());
    }

    @Test
    void a_variable_that_is_set_wins() throws IOException {
        groq("echo " + PRINTED);
        door.with("GROQ_API_KEY", Fixtures.KEY).run("fetch", "groq");
        assertEquals(0, timesRun());
        assertEquals("Bearer " + Fixtures.KEY, String.valueOf(server.requests("/groq/models").get(0).headers().get("authorization")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "echo " + PRINTED + "; echo 'not in the store' >&2; exit 3 | ended with code 3: not in the store",
        "echo " + PRINTED + "; echo \"no " + PRINTED + "\" >&2; exit 1 | ended with code 1: no pri… (31 characters)",
        "printf 'a\\033[2Jb' >&2; exit 1 | ended with code 1: a\\u001b[2Jb",
        "true | printed no key",
        "echo; echo " + PRINTED + " | printed no key",
        "yes | printed more than 64 KB",
        "exec sleep 20 | did not end within 5 s"})
    void a_program_that_fails_fails_its_provider_alone_with_one_line(String script, String why) throws IOException {
        groq(script);
        door.with("MISTRAL_API_KEY", Fixtures.KEY);
        long start = System.nanoTime();
        var result = door.run("fetch", "--timeout", "5s", "--json");
        assertTrue(System.nanoTime() - start < 15_000_000_000L, "ended when its time was over");
        assertEquals(1, result.code(), result::toString);
        assertTrue(result.err().contains("pass " + why), result.err());
        assertTrue(result.out().contains("\"auth\""), result.out());
        assertTrue(result.err().contains("mistral: 3 models"), result.err());
        assertEquals(0, server.requests("/groq/models").size());
        nothingShows(result, PRINTED);
    }

    /** What people pipe a key through on its way to a complaint. */
    @ParameterizedTest
    @ValueSource(strings = {"base64", "base64 -w 9", "xxd -p", "od -An -tx1", "od -An -tu1", "tr a-z A-Z", "rev", "sed 's/./& /g'", "cut -c 3-20"})
    void a_complaint_holds_no_key_in_another_spelling(String spelling) throws IOException {
        assumeTrue(Shell.searchPath().anyMatch(at -> Files.exists(at.resolve(spelling.replaceAll(" .*", "")))));
        groq("printf '%s\\nlogin: me\\n' \"$PRINTED\"; echo \"oops $(printf '%s' \"$PRINTED\" | " + spelling + " | tr '\\n' ' ')\" >&2; exit 3");
        var result = door.with("PRINTED", PRINTED).run("fetch", "groq", "-v", "--json");
        assertEquals(3, result.code(), result::toString);
        assertTrue(result.err().contains("ended with code 3: "), result.err());
        var said = result.err().replaceAll("(?s).*ended with code 3: (.*?)\\R.*", "$1");
        assertTrue(said.contains("what it says repeats a key") || said.matches("oops .{3}… \\([0-9]+ characters\\).*"), said);
    }

    @Test
    void a_complaint_does_not_repeat_what_another_program_printed() throws IOException {
        var late = program("sleep 1; echo " + PRINTED + "; exit $1");
        var early = folder.resolve("my bin/early");
        Files.copy(late, early);
        Files.writeString(early, "#!/bin/sh\necho 'bad passphrase hunter:" + PRINTED.substring(8, 22) + "' >&2; exit 1\n");
        own("  groq: {key_cmd: ['" + early + "']}\n  mistral: {key_cmd: ['" + late + "', '0']}\n");
        var result = door.run("fetch", "-v", "--json");
        assertTrue(result.err().contains("early ended with code 1: (what it says repeats a key, so it is left out)"), result.err());
        nothingShows(result, PRINTED.substring(8, 22));
        own("  groq: {key_cmd: ['" + early + "']}\n  mistral: {key_cmd: ['" + late + "', '4']}\n");
        nothingShows(door.run("fetch", "-v", "--json", "--force"), PRINTED.substring(8, 22));
    }

    @Test
    void words_that_look_like_keys_are_masked_in_a_complaint_and_others_stay() throws IOException {
        var session = PRINTED.replaceAll("[^a-z0-9]", "") + "Xy9";
        groq("echo \"vault of $LOGNAME2 at /home/me/.password-store/groq.gpg: session $1 $BW_SESSION expired \"abc1abc2abc3abc4abc5 >&2; exit 2");
        var told = door.with("LOGNAME2", "me").with("BW_SESSION", "correct horse battery").run("fetch", "groq").err();
        assertTrue(told.contains("vault of me at /home/me/.password-store/groq.gpg: session show cor… (21 characters) expired abc… (20 characters)"),
                told);
        assertTrue(door.with("BW_SESSION", session).run("fetch", "groq", "--force").err().contains("session show pri… ("));
        groq("echo \"no session $(printf %s \"$BW_SESSION\" | tr a-z A-Z | sed 's/./& /g')\" >&2; exit 2");
        assertTrue(door.with("BW_SESSION", "correct horse battery").run("fetch", "groq", "--force").err().contains("(what it says repeats a key"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo", "printf %s"})
    void what_the_program_leaves_running_is_not_waited_for(String print) throws IOException {
        groq("sleep 40 & " + print + " " + PRINTED);
        long start = System.nanoTime();
        var result = door.run("fetch", "groq", "--timeout", "20s");
        assertEquals(0, result.code(), result::toString);
        assertTrue(System.nanoTime() - start < 15_000_000_000L, "the end of the program is what counts");
        assertEquals("Bearer " + PRINTED, String.valueOf(server.requests("/groq/models").get(0).headers().get("authorization")));
    }

    @Test
    void what_a_program_has_started_ends_with_it_when_its_time_is_over() throws IOException, InterruptedException {
        var pids = folder.resolve("pids");
        // The first is alone in the world when the time is over: who started it has ended.
        groq("sh -c 'sleep 60 & echo $! >>\"" + pids + "\"; sleep 1'; sleep 61 & echo $! >>'" + pids + "'; wait");
        var result = door.run("fetch", "groq", "--timeout", "3s");
        assertTrue(result.err().contains("did not end within 3 s"), result.err());
        for (var pid : Files.readAllLines(pids)) {
            for (int i = 0; i < 100 && ProcessHandle.of(Long.parseLong(pid)).isPresent(); i++) {
                Thread.sleep(50);
            }
            assertFalse(ProcessHandle.of(Long.parseLong(pid)).map(ProcessHandle::isAlive).orElse(false), pid);
        }
        assertEquals(2, Files.readAllLines(pids).size());
    }

    @Test
    void a_long_complaint_does_not_keep_the_program() throws IOException {
        groq("head -c 3000000 /dev/zero | tr '\\0' y >&2; echo " + PRINTED);
        assertEquals(0, door.run("fetch", "groq").code());
    }

    @Test
    void a_program_that_is_not_there_is_named_without_its_arguments() throws IOException {
        own("  groq: {key_cmd: [no-such-program-here, --token=hidden-words]}\n");
        var result = door.run("fetch", "groq", "-v");
        assertEquals(3, result.code(), result::toString);
        assertTrue(result.err().contains("no-such-program-here cannot be started"), result.err());
        assertFalse(result.toString().contains("hidden-words"), result::toString);
    }

    @Test
    void a_refused_key_is_blamed_on_the_program() throws IOException {
        groq("echo " + PRINTED);
        server.on("/groq/models", Loopback.answer(401, "{\"error\":{\"message\":\"bad key " + PRINTED + "\"}}"));
        var result = door.run("fetch", "groq");
        assertEquals(3, result.code(), result::toString);
        assertTrue(result.err().contains("check key_cmd"), result.err());
        nothingShows(result, PRINTED);
    }

    @Test
    void the_printed_key_is_looked_for_in_every_answer_and_file() throws IOException {
        groq("sleep 1; echo " + PRINTED);
        server.on("/mistral/models", Loopback.json("{\"data\":[{\"id\":\"" + PRINTED + "\"}]}"));
        var answers = door.with("MISTRAL_API_KEY", Fixtures.KEY).run("fetch", "mistral", "groq");
        assertEquals(1, answers.code(), answers::toString);
        assertTrue(answers.err().contains("holds the value of a key"), answers.err());
        Shell.write(door.cwd.resolve("mine/notes/key.txt.ftl"), PRINTED);
        var files = door.run("fetch", "groq", "--templates", "mine");
        assertEquals(5, files.code(), files::toString);
        assertFalse(Files.exists(door.cwd.resolve("config/notes/key.txt")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"key_cmd: pass show groq", "key_cmd: []", "key_cmd: [bin/pass]", "key_cmd: [[a]]", "key_cmd: [true]",
        "key_cmd: [pass], key_env: ", "key_cmd: {a: b}"})
    void what_is_no_list_of_words_is_an_error_of_the_file(String entry) throws IOException {
        own("  groq: {" + entry + "}\n");
        var result = door.run("providers", "list");
        assertEquals(4, result.code(), result::toString);
        assertTrue(result.err().contains("key_cmd"), result.err());
    }

    @Test
    void the_programs_see_the_home_and_not_the_folder_one_stands_in() throws IOException {
        groq("pwd >'" + runs + "'; echo " + PRINTED);
        door.run("fetch", "groq");
        assertEquals(List.of(door.home.toRealPath().toString()), Files.readAllLines(runs));
    }
}
