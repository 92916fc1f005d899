package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real launcher in front of a tiny program, by real JBang, from a folder with spaces, with nothing inherited. */
class LauncherTest {
    private static final String PROGRAM = """
            //JAVA 17+
            //COMPILE_OPTIONS -encoding UTF-8
            //SOURCES lib/say/Say.java
            //FILES providers.yaml
            //FILES lib/say/text=lib/say/text
            public class catalog {
                public static void main(String... args) throws Exception {
                    if (args.length > 0 && args[0].equals("demo")) {
                        java.nio.file.Files.createFile(java.nio.file.Path.of(args[2], ".hidden"));
                    }
                    if (args.length > 0 && args[0].equals("read")) {
                        System.out.println(new String(System.in.readAllBytes()));
                        System.exit(7);
                    }
                    System.out.print(lib.say.Say.WORD + new String(catalog.class.getResourceAsStream("/lib/say/text").readAllBytes()));
                    System.out.println(System.getProperty("java.home"));
                    for (var arg : args) {
                        System.out.println("<" + arg + ">");
                    }
                }
            }
            """;
    private static final String[] TOOLS = {"sh", "env", "find", "cksum", "cat", "cut", "mkdir", "mv", "readlink", "rm", "sha256sum", "shasum", "ls"};
    private static final String[] HARD_ARGUMENTS = {"", "a b", "*", "%{no:such}", "%https://127.0.0.1:1/x", "two\nlines\n", "'\"$HOME`id`\\", "-Dx=y", "--", ""};

    @TempDir
    private Path folder;
    private Path project;
    private Shell shell;

    @BeforeEach
    void a_checkout_and_a_user() throws IOException, InterruptedException {
        project = folder.resolve("a check out");
        Shell.write(project.resolve("catalog.java"), PROGRAM);
        Shell.write(project.resolve("lib/say/Say.java"), "package lib.say;\n\n/** Größe. */\npublic class Say {\n    public static final String WORD = \"said \";\n}\n");
        Shell.write(project.resolve("providers.yaml"), "providers: {}\n");
        Shell.write(project.resolve("lib/say/text"), "old text\n");
        Files.copy(Shell.CHECKOUT.resolve("catalog"), project.resolve("catalog"), StandardCopyOption.COPY_ATTRIBUTES);
        shell = Shell.of(folder);
        shell.jbangJar();
    }

    private Shell.Result catalog(Object... arguments) throws IOException, InterruptedException {
        return catalog(shell, arguments);
    }

    private Shell.Result catalog(Shell by, Object... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<Object>(List.of(project.resolve("catalog")));
        command.addAll(List.of(arguments));
        return by.run(command.toArray());
    }

    /** No JBang, and no way to get it: what still starts was not asked for again. */
    private Shell cutOff() throws IOException, InterruptedException {
        Files.delete(shell.jbangJar());
        return shell.onlyWith(TOOLS);
    }

    private String said(String text, String... arguments) {
        var lines = new StringBuilder("said " + text + "\n" + shell.env().get("JAVA_HOME") + "\n");
        for (var argument : arguments) {
            lines.append('<').append(argument).append(">\n");
        }
        return lines.toString();
    }

    private static void assertSaid(String expected, Shell.Result result) {
        assertEquals(expected, result.out(), result::toString);
        assertEquals(0, result.code(), result::toString);
    }

    private static void assertRefused(Shell.Result result, String... words) {
        assertEquals(3, result.code(), result::toString);
        assertEquals("", result.out(), result::toString);
        assertEquals(1, result.err().lines().count(), result::toString);
        for (var word : words) {
            assertTrue(result.err().contains(word), () -> word + " in " + result);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sh", "dash", "bash"})
    void arguments_reach_the_program_as_given_in_the_first_start_and_the_second(String by) throws IOException, InterruptedException {
        assumeTrue(Shell.searchPath().anyMatch(at -> Files.isExecutable(at.resolve(by))), by + " is not installed");
        var command = new ArrayList<Object>(List.of(by, project.resolve("catalog")));
        command.addAll(List.of(HARD_ARGUMENTS));
        var first = shell.run(command.toArray());
        assertSaid(said("old text", HARD_ARGUMENTS), first);
        assertTrue(first.err().contains("Building jar"), first::toString);
        var second = shell.run(command.toArray());
        assertSaid(said("old text", HARD_ARGUMENTS), second);
        assertEquals("", second.err());
    }

    @Test
    void standard_input_and_the_exit_code_are_the_programs() throws IOException, InterruptedException {
        for (var attempt = 0; attempt < 2; attempt++) {
            var running = shell.start(project.resolve("catalog"), "read");
            running.process().getOutputStream().write("typed".getBytes());
            var result = shell.finish(running);
            assertEquals("typed\n", result.out(), result::toString);
            assertEquals(7, result.code(), result::toString);
        }
    }

    @Test
    void a_second_start_asks_neither_jbang_nor_maven() throws IOException, InterruptedException {
        assertSaid(said("old text"), catalog());
        assertSaid(said("old text", "x"), catalog(cutOff(), "x"));
    }

    @Test
    void an_edit_is_seen_though_size_and_time_stay_the_same() throws IOException, InterruptedException {
        assertSaid(said("old text"), catalog());
        var text = project.resolve("lib/say/text");
        var before = Files.getLastModifiedTime(text);
        Files.writeString(text, "new text\n");
        Files.setLastModifiedTime(text, before);
        assertSaid(said("new text"), catalog());

        Shell.write(text, "old text\n");
        Files.setLastModifiedTime(text, FileTime.from(Instant.parse("2001-01-01T00:00:00Z")));
        assertSaid(said("old text"), catalog(cutOff()));
    }

    @Test
    void a_removed_source_is_noticed() throws IOException, InterruptedException {
        assertSaid(said("old text"), catalog());
        Files.delete(project.resolve("lib/say/Say.java"));
        var result = catalog();
        assertEquals(3, result.code(), result::toString);
        assertEquals("", result.out());
        assertTrue(result.err().contains("Say.java") && result.err().contains("catalog: JBang could not build catalog.java"), result::toString);
    }

    @Test
    void another_jdk_is_noticed_and_going_back_costs_nothing() throws IOException, InterruptedException {
        assertSaid(said("old text"), catalog());
        var jdk = Path.of(shell.env().get("JAVA_HOME"));
        var other = Files.createDirectories(folder.resolve("another jdk"));
        try (var parts = Files.list(jdk)) {
            for (var part : parts.filter(part -> !part.endsWith("bin")).toList()) {
                Files.createSymbolicLink(other.resolve(part.getFileName()), part);
            }
        }
        Files.createDirectory(other.resolve("bin"));
        for (var program : List.of("java", "javac")) {
            Files.copy(jdk.resolve("bin").resolve(program), other.resolve("bin").resolve(program), StandardCopyOption.COPY_ATTRIBUTES);
        }
        var onOther = catalog(shell.with("JAVA_HOME", other));
        assertEquals(0, onOther.code(), onOther::toString);
        assertTrue(onOther.err().contains("Building jar"), onOther::toString);
        assertSaid(said("old text"), catalog(cutOff()));
        try (var links = Files.list(other)) {
            for (var link : links.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    @Test
    void it_starts_through_links_from_anywhere() throws IOException, InterruptedException {
        var bin = Files.createDirectories(folder.resolve("my bin"));
        Files.createSymbolicLink(bin.resolve("one"), Path.of("deeper/two"));
        Files.createSymbolicLink(Files.createDirectory(bin.resolve("deeper")).resolve("two"), project.resolve("catalog"));
        assertSaid(said("old text"), shell.run(bin.resolve("one")));

        var offline = cutOff();
        assertSaid(said("old text"), offline.in(bin).run("sh", "one"));
        assertSaid(said("old text"), offline.in(bin).with("CDPATH", folder).run("sh", "deeper/two"));
        assertSaid(said("old text"), offline.in(project).run("./catalog"));
        assertSaid(said("old text"), offline.with("PATH", offline.env().get("PATH") + ":" + bin).run("sh", "-c", "one"));
    }

    @Test
    void what_is_missing_is_said_in_one_line() throws IOException, InterruptedException {
        assertRefused(catalog(shell.onlyWith(TOOLS).with("JAVA_HOME", null)), "Java is missing", "JDK 17");
        assertRefused(catalog(shell.with("JAVA_HOME", folder.resolve("nothing here"))), "JAVA_HOME is " + folder.resolve("nothing here"));

        var onlyJava = shell.onlyWith(TOOLS).with("JAVA_HOME", null);
        Shell.executable(Path.of(onlyJava.env().get("PATH"), "java"), "#!/bin/sh\n");
        assertRefused(catalog(onlyJava), "no javac", "not a JRE");

        assertRefused(catalog(cutOff()), "neither JBang nor Maven is on PATH");
        var file = Files.createFile(folder.resolve("a file"));
        assertRefused(catalog(shell.with("XDG_CACHE_HOME", file)), "cannot write to " + file, "XDG_CACHE_HOME");
    }

    @Test
    void maven_fetches_the_pinned_jar_for_an_empty_home() throws IOException, InterruptedException {
        Files.delete(shell.jbangJar());
        assertSaid(said("old text"), catalog());
        try (var left = Files.list(Path.of(shell.env().get("XDG_CACHE_HOME"), "catalog"))) {
            assertEquals(List.of("jbang-0.132.1.jar", "start"), left.map(path -> path.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void a_jar_with_another_checksum_is_deleted_and_not_run() throws IOException, InterruptedException {
        var jar = shell.jbangJar();
        Files.write(jar, new byte[] {1}, StandardOpenOption.APPEND);
        assertRefused(catalog(), "SHA-256", "not run");
        assertFalse(Files.exists(jar));
    }

    @Test
    void a_damaged_or_emptied_cache_is_built_again() throws IOException, InterruptedException {
        assertSaid(said("old text"), catalog());
        var start = Path.of(shell.env().get("XDG_CACHE_HOME"), "catalog", "start");
        try (var walk = Files.walk(start)) {
            Files.delete(walk.filter(file -> file.endsWith("catalog.jar")).findFirst().orElseThrow());
        }
        assertSaid(said("old text"), catalog());
        for (var damage : List.of("", "'no end", "/no/such/java -classpath x catalog\n", "echo hello\n")) {
            Path entry;
            try (var files = Files.list(start)) {
                entry = files.filter(Files::isRegularFile).findFirst().orElseThrow();
            }
            Files.writeString(entry, damage);
            assertSaid(said("old text"), catalog());
        }
    }

    @Test
    void first_starts_at_once_do_not_harm_each_other() throws IOException, InterruptedException {
        var running = new ArrayList<Shell.Running>();
        for (var i = 0; i < 4; i++) {
            running.add(shell.start(project.resolve("catalog"), i));
        }
        for (var i = 0; i < 4; i++) {
            assertSaid(said("old text", "" + i), shell.finish(running.get(i)));
        }
        assertSaid(said("old text"), catalog(cutOff()));
    }

    @Test
    void an_installed_jbang_is_preferred() throws IOException, InterruptedException {
        var installed = Files.createDirectories(folder.resolve("an install/bin"));
        var script = installed.resolve("jbang");
        Shell.executable(script, "#!/bin/sh\nprintf '<%s>\\n' \"$@\"\n");
        var jar = shell.jbangJar();
        var by = shell.onlyWith(TOOLS);
        Files.createSymbolicLink(Path.of(by.env().get("PATH"), "jbang"), script);

        assertSaid("<run>\n<" + project.toRealPath().resolve("catalog.java") + ">\n<a b>\n", catalog(by, "a b"));

        Files.move(jar, installed.resolve("jbang.jar"));
        assertSaid(said("old text", "", "a b"), catalog(by, "", "a b"));
        assertFalse(Files.exists(jar), "the pinned jar is not needed");
    }

    @Test
    void a_class_archive_changes_nothing_that_is_printed_whatever_its_state() throws IOException, InterruptedException {
        var archiving = shell.with("CATALOG_ARCHIVE", null);
        assertSaid(said("old text"), catalog(archiving));
        assertSaid(said("old text"), catalog(archiving));
        var start = Path.of(shell.env().get("XDG_CACHE_HOME"), "catalog", "start");
        Path archive;
        try (var files = Files.list(start)) {
            archive = files.filter(file -> file.toString().endsWith(".archive")).findFirst().orElseThrow();
        }
        var jsa = Path.of(archive.toString().replaceFirst("archive$", "jsa"));
        for (var i = 0; i < 600 && !(Files.exists(jsa) && isEmpty(archive)); i++) {
            Thread.sleep(100);
        }
        assertTrue(Files.exists(jsa), "no archive within a minute");

        var whole = Files.readAllBytes(jsa);
        var states = List.of(whole, new byte[0], "not an archive".getBytes());
        for (var state : states) {
            Files.delete(jsa);
            Files.write(jsa, state);
            var result = catalog(archiving, "x");
            assertSaid(said("old text", "x"), result);
            assertEquals("", result.err());
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }
}
