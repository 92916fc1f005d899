package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import lib.render.Tools;
import org.junit.jupiter.api.Test;

/** The shape of the source tree: what JBang is told about it, which room may know which, and how long a file may get. */
class SourcesTest {
    private static final int MOST_FILES_A_REMOTE_USER_FETCHES = 60;
    private static final int MOST_LINES = 750;

    /** Room to the rooms that it may know, see docs/architecture.md. */
    private static final Map<String, Set<String>> MAY_KNOW = Map.of(
            "host", Set.of(),
            "provider", Set.of("host"),
            "model", Set.of("host", "provider"),
            "fetch", Set.of("host", "provider"),
            "render", Set.of("host", "provider", "model", "fetch"),
            "apply", Set.of("host", "provider", "model", "fetch", "render"),
            "cli", Set.of("host", "provider", "model", "fetch", "render", "apply"));

    private final Directives directives = Directives.of(Shell.CHECKOUT.resolve("catalog.java"));

    SourcesTest() throws IOException {}

    @Test
    void every_source_is_listed_once() throws IOException {
        var onDisk = Directives.onDisk("lib").stream().filter(path -> path.endsWith(".java")).toList();
        assertEquals(String.join("\n", onDisk), String.join("\n", directives.sources().stream().sorted().toList()), "lib/ on disk, //SOURCES of catalog.java");
    }

    @Test
    void every_bundled_file_is_listed_once_under_its_own_path() throws IOException {
        var onDisk = new TreeSet<>(Set.of("providers.yaml"));
        Directives.onDisk("lib").stream().filter(path -> !path.endsWith(".java")).forEach(onDisk::add);
        assertEquals(String.join("\n", onDisk), String.join("\n", directives.files().stream().sorted().toList()), "data in lib/ on disk, //FILES of catalog.java");
        for (var line : directives.fileLines()) {
            assertTrue(line.equals("providers.yaml") || line.equals(line.substring(line.indexOf('=') + 1) + "=" + line.substring(line.indexOf('=') + 1)),
                    "the resource and the file have the same path, else JBang drops its folder: //FILES " + line);
        }
    }

    @Test
    void the_bundle_holds_the_templates() throws IOException {
        assertEquals(Bundle.json(Bundle.texts(Shell.CHECKOUT.resolve("templates"))), Bundle.current(Shell.CHECKOUT), "templates/ changed: run tests/bundle");
        assertEquals(Bundle.texts(Shell.CHECKOUT.resolve("templates")), Tools.bundled(), "what the program reads of the bundle");
    }

    @Test
    void a_remote_user_fetches_few_files_and_no_pattern() {
        assertTrue(directives.all().size() <= MOST_FILES_A_REMOTE_USER_FETCHES, directives.all().size() + " files: JBang fetches each one by a request of its own");
        assertEquals(List.of(), directives.all().stream().filter(path -> !path.matches("[A-Za-z0-9_./-]+")).toList(), "JBang drops patterns and lists remotely");
    }

    @Test
    void the_launcher_watches_everything_that_is_listed() throws IOException {
        var launcher = Files.readString(Shell.CHECKOUT.resolve("catalog"));
        for (var path : directives.all()) {
            var top = path.replaceFirst("/.*", "");
            assertTrue(launcher.contains("\"$home/" + top + "\""), "the launcher's list of what it sums up lacks " + top);
        }
    }

    @Test
    void a_room_knows_only_the_rooms_below_it() throws IOException {
        var mention = Pattern.compile("\\blib\\.([a-z]+)\\.(?=[A-Z*])");
        var wrong = new ArrayList<String>();
        var rooms = new HashSet<String>();
        for (var path : directives.sources()) {
            var room = path.split("/")[1];
            rooms.add(room);
            var text = Files.readString(Shell.CHECKOUT.resolve(path));
            if (!text.contains("\npackage lib." + room + ";") && !text.startsWith("package lib." + room + ";")) {
                wrong.add(path + " is not in package lib." + room);
            }
            var known = new TreeSet<String>();
            mention.matcher(text).results().forEach(found -> known.add(found.group(1)));
            known.remove(room);
            known.removeAll(MAY_KNOW.getOrDefault(room, Set.of()));
            if (!known.isEmpty()) {
                wrong.add(path + " knows " + known);
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(MAY_KNOW.keySet().containsAll(rooms), "rooms without a rule: " + rooms);
    }

    @Test
    void no_java_file_is_longer_than_can_be_read() throws IOException {
        var long_ = new ArrayList<String>();
        var paths = new ArrayList<>(directives.sources());
        paths.add("catalog.java");
        Directives.onDisk("tests").stream().filter(path -> path.endsWith(".java")).forEach(paths::add);
        for (var path : paths) {
            var lines = Files.readAllLines(Shell.CHECKOUT.resolve(path)).size();
            if (lines > MOST_LINES) {
                long_.add(path + ": " + lines + " lines");
            }
        }
        assertEquals(List.of(), long_);
    }
}
