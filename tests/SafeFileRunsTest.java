package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static tests.SafeFileTest.names;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import lib.apply.SafeFile;
import lib.apply.SafeFile.Refused;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs in processes of their own: killed at any moment, and two at once. */
class SafeFileRunsTest {
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String BIG = "0123456789abcdef".repeat(20_000);

    @TempDir
    Path folder;
    private Path dir;
    private Path state;
    private Path target;

    @BeforeEach
    void an_old_file() throws IOException {
        dir = Files.createDirectory(folder.toRealPath().resolve("home"));
        state = folder.toRealPath().resolve("state/catalog");
        target = Files.writeString(dir.resolve("a.toml"), "old");
    }

    private SafeFile lock(Path file) throws Refused {
        return SafeFile.lock(state, file, SHORT);
    }

    private void write(Path file, String content) throws Refused {
        try (var locked = lock(file)) {
            assertTrue(locked.replace(bytes(content)));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private String refusal(Path file) {
        return assertThrows(Refused.class, () -> write(file, "refuse me")).getMessage();
    }

    @Test
    void a_run_killed_at_any_step_leaves_a_whole_file_and_the_next_run_clears_up() throws Exception {
        int killed = 0;
        int leftovers = 0;
        var kept = new ArrayList<String>();
        for (int at = 0; killed == at; at++) {
            Files.writeString(target, "old");
            killed += child("die", target, at).waitFor() == 9 ? 1 : 0;
            var content = Files.readString(target);
            kept.add(content.equals(BIG) ? "new" : content);
            leftovers += names(dir).size() - 1;
            write(target, "by the next run");
            assertEquals("by the next run", Files.readString(target));
            assertEquals(Set.of("a.toml"), names(dir));
        }
        assertEquals(List.of("old", "old", "old", "old", "old", "old", "new", "new"), kept,
                "before each of six steps, in the midst of writing, never");
        assertEquals(4, leftovers, "so many runs died with something to clear up");
    }

    @Test
    void a_run_killed_from_outside_leaves_a_whole_file() throws Exception {
        var random = new Random(7);
        for (int round = 0; round < 4; round++) {
            var child = child("write", target);
            assertEquals('>', child.getInputStream().read());
            Thread.sleep(20 + random.nextInt(150));
            child.destroyForcibly().waitFor();
            var content = Files.readString(target);
            assertEquals(String.valueOf(content.charAt(0)).repeat(BIG.length()), content);
            lock(target).close();
            assertEquals(Set.of("a.toml"), names(dir));
        }
    }

    @Test
    void two_runs_at_once_lose_nothing_fifty_times() throws Exception {
        Files.writeString(target, "");
        var children = List.of(child("append", target, "A", LONG), child("append", target, "B", LONG));
        for (var child : children) {
            assertEquals(0, child.waitFor(), () -> new String(read(child), StandardCharsets.UTF_8));
        }
        var lines = Files.readAllLines(target);
        var expected = Set.of("A0", "A1", "B0", "B1").stream().flatMap(who -> IntStream.range(0, 25).mapToObj(n -> who + " " + n)).toList();
        assertEquals(100, lines.size());
        assertEquals(new HashSet<>(expected), new HashSet<>(lines));
        assertEquals(Set.of("a.toml"), names(dir));
    }

    @Test
    void a_lock_excludes_threads_and_processes_by_any_name_of_the_file() throws Exception {
        var link = Files.createSymbolicLink(dir.resolve("link.toml"), Path.of("a.toml"));
        try (var held = lock(target)) {
            assertTrue(refusal(link).contains("another run is busy with " + link));
            write(dir.resolve("b.toml"), "another file");
            // Had the refused one closed a channel to the lock file, the system would have given up the lock of this process.
            assertEquals(1, child("append", target, "A", SHORT).waitFor());
            Thread.currentThread().interrupt();
            assertTrue(refusal(link).contains("interrupted"));
            assertTrue(Thread.interrupted());
            held.replace(bytes("new"));
        }
        write(link, "newer");
        var late = SafeFile.lock(state, target, LONG);
        var waiting = Executors.newSingleThreadExecutor();
        var other = waiting.submit(() -> SafeFile.lock(state, link, LONG).content());
        Thread.sleep(30);
        late.replace(bytes("before you"));
        late.close();
        assertEquals("before you", new String(other.get(10, TimeUnit.SECONDS), StandardCharsets.UTF_8));
        waiting.shutdown();
    }

    private Process child(Object... arguments) throws IOException {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC", "-Xmx64m", "-cp", System.getProperty("java.class.path"), "tests.SafeFileRunsTest", state.toString()));
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static byte[] read(Process child) {
        try {
            return child.getInputStream().readAllBytes();
        } catch (IOException e) {
            return bytes(e.toString());
        }
    }

    /** A run of its own: state folder, what to do, target. */
    public static void main(String... arguments) throws Exception {
        var state = Path.of(arguments[0]);
        var target = Path.of(arguments[2]);
        switch (arguments[1]) {
            case "die" -> die(state, target, Integer.parseInt(arguments[3]));
            case "write" -> writeForEver(state, target);
            default -> {
                var wait = Duration.parse(arguments[4]);
                for (int i = 0; i < 2; i++) {
                    var who = arguments[3] + i;
                    new Thread(() -> append(state, target, who, wait)).start();
                }
            }
        }
    }

    private static void die(Path state, Path target, int at) throws IOException {
        var passed = new ArrayList<String>();
        var steps = SafeFileTest.steps((step, with) -> {
            if (passed.size() == at) {
                Runtime.getRuntime().halt(9);
            }
            passed.add(step);
            if (step.equals("write") && passed.size() == at) {
                Files.write((Path) with[0], Arrays.copyOf((byte[]) with[1], BIG.length() / 2));
                Runtime.getRuntime().halt(9);
            }
            passed.addAll(step.equals("write") ? List.of("half of it") : List.of());
        });
        try (var file = SafeFile.lock(state, target, SHORT, steps)) {
            file.replace(bytes(BIG));
        }
    }

    private static void writeForEver(Path state, Path target) throws IOException {
        for (int i = 1;; i++) {
            try (var file = SafeFile.lock(state, target, SHORT)) {
                file.replace(bytes(String.valueOf((char) ('a' + i % 26)).repeat(BIG.length())));
            }
            System.out.print(i == 1 ? ">" : "");
            System.out.flush();
        }
    }

    /** Adds 25 lines. After the first it waits for the other three's first, so that no run can be over before another begins. */
    private static void append(Path state, Path target, String who, Duration wait) {
        try {
            for (int i = 0; i < 25; i++) {
                try (var file = SafeFile.lock(state, target, wait)) {
                    file.replace(bytes(new String(file.content(), StandardCharsets.UTF_8) + who + " " + i + "\n"));
                }
                for (long end = System.nanoTime() + wait.toNanos(); Files.readAllLines(target).size() < 4;) {
                    if (System.nanoTime() > end) {
                        throw new IOException(who + " is alone");
                    }
                    Thread.sleep(1);
                }
            }
        } catch (IOException | InterruptedException e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }
}
