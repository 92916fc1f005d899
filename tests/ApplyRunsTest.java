package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import lib.apply.Apply;
import lib.apply.Document.Change;
import lib.apply.Merge.Choice;
import lib.apply.SafeFile.Steps;
import lib.render.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole apply, with its record and its backup, in a process of its own that is killed before each of its steps. */
class ApplyRunsTest {
    private static final String TEMPLATE = "<#ftl attributes={\"where\": {\"wire\": \"openai-chat\"}, \"apply\": {\"as\": \"merge\", \"to\": \"~/x\"}}>\na: 1\n";
    private static final Map<String, String> OLD = Map.of("1.yaml", "# mine\nx: 1\n");
    private static final Map<String, String> NEW = Map.of("1.yaml", "# mine\nx: 1\na: 1\n", "2.yaml", "a: 1\n");

    @TempDir
    Path folder;

    @Test
    void whatever_step_a_run_is_killed_at_each_file_is_whole_and_the_next_run_goes_on() throws Exception {
        int steps = write(folder.resolve("never"), Integer.MAX_VALUE);
        assertTrue(steps > 20, steps + " steps");
        var seen = IntStream.range(0, steps).parallel().mapToObj(this::killedAt).toList();
        assertEquals(OLD, seen.get(0));
        assertEquals(NEW, seen.get(steps - 1));
        assertTrue(seen.contains(Map.of("1.yaml", NEW.get("1.yaml"))), "between the files");
    }

    /** @return the files as the killed run left them */
    private Map<String, String> killedAt(int step) {
        try {
            var home = folder.resolve("killed" + step);
            Files.createDirectories(home.resolve("files"));
            var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
            var child = new ProcessBuilder(java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m", "-cp", System.getProperty("java.class.path"),
                    "tests.ApplyRunsTest", home.toString(), String.valueOf(step)).redirectErrorStream(true).start();
            var said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(9, child.waitFor(), said);
            var left = new TreeMap<>(FrontDoor.tree(home.resolve("files")));
            left.keySet().removeIf(name -> name.endsWith(".tmp"));
            for (var file : left.entrySet()) {
                assertTrue(Set.of(OLD.getOrDefault(file.getKey(), ""), NEW.get(file.getKey())).contains(file.getValue()), step + ": " + left);
            }
            write(home, Integer.MAX_VALUE);
            assertEquals(NEW, FrontDoor.tree(home.resolve("files")), "after step " + step);
            var state = FrontDoor.tree(home.resolve(".local/state/catalog")).keySet();
            assertTrue(state.stream().allMatch(name -> name.matches("owned.json|locks/.*|backups/\\d[^/]*/.*|backups/.lock")), "step " + step + ": " + state);
            assertEquals(List.of(), result(home, "a: 1\n", Steps.REAL).changes().stream().filter(Change::writes).toList(), "step " + step);
            var gone = result(home, null, Steps.REAL);
            assertEquals(List.of(1, 1), gone.changes().stream().map(change -> change.counts().removed()).toList(), "it is known to be ours: step " + step);
            return left;
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** A run of its own: home, at which step it dies. */
    public static void main(String... arguments) throws IOException {
        write(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    }

    /** @return the number of its steps */
    private static int write(Path home, int last) throws IOException {
        var done = new AtomicInteger();
        var result = result(home, "a: 1\n", SafeFileTest.steps((step, with) -> {
            if (done.getAndIncrement() == last) {
                Runtime.getRuntime().halt(9);
            }
        }));
        assertEquals(null, result.failure());
        return done.get();
    }

    private static Apply.Result result(Path home, String output, Steps steps) throws IOException {
        var dir = Files.createDirectories(home.resolve("files"));
        if (Files.notExists(dir.resolve("1.yaml"))) {
            Files.writeString(dir.resolve("1.yaml"), OLD.get("1.yaml"));
        }
        var host = Fixtures.host(home, Map.of("HOME", home.toString()));
        var entry = Tools.discover(host, null, Map.of("t/a_PROVIDER.yaml.ftl", TEMPLATE)).entries().iterator().next();
        var part = new Change.Part(entry, "groq", output == null ? null : output.getBytes(StandardCharsets.UTF_8));
        var targets = new ArrayList<Change.Target>();
        for (var name : List.of("1.yaml", "2.yaml")) {
            targets.add(new Change.Target(dir.resolve(name), List.of(part), true, true));
        }
        return new Apply(host, steps).write(targets, Choice.NONE, null, true);
    }
}
