package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static tests.SafeFileTest.chmod;
import static tests.SafeFileTest.mode;
import static tests.SafeFileTest.names;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lib.apply.Backups;
import lib.apply.Backups.Became;
import lib.apply.Backups.Restored;
import lib.apply.SafeFile;
import lib.apply.SafeFile.Refused;
import lib.apply.SafeFile.Steps;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupsTest {
    private static final Instant NOW = Instant.parse("2026-11-21T08:52:22.7Z");
    private static final Duration WAIT = Duration.ofMillis(100);
    private static final BiPredicate<Path, byte[]> NOT_OURS = (file, content) -> false;

    @TempDir
    Path folder;
    private Path home;
    private Path state;
    private Path a;
    private Path b;

    @BeforeEach
    void a_home() throws IOException {
        home = Files.createDirectory(folder.toRealPath().resolve("home"));
        state = folder.toRealPath().resolve("state");
        a = Files.writeString(home.resolve("a.toml"), "a = 1\r\n");
        b = home.resolve("b.yaml");
    }

    private Backups backups(long seconds, Steps steps) {
        return new Backups(state.resolve("backups"), Clock.fixed(NOW.plusSeconds(seconds), ZoneOffset.UTC), steps);
    }

    private Backups backups(long seconds) {
        return backups(seconds, Steps.REAL);
    }

    private Restored restore(String id) throws Refused {
        return restore(id, NOT_OURS);
    }

    private Restored restore(String id, BiPredicate<Path, byte[]> ours) throws Refused {
        var backups = backups(3600);
        return backups.restore(backups.find(id), state, WAIT, ours);
    }

    private static Map<Path, Became> became(Restored restored) {
        return restored.results().stream().collect(Collectors.toMap(Backups.Result::file, Backups.Result::became, (x, y) -> x));
    }

    private static String why(Restored restored, Path file) {
        return restored.results().stream().filter(result -> result.file().equals(file)).findFirst().orElseThrow().why();
    }

    private List<String> ids() throws Refused {
        return backups(0).list().stream().map(Backups.Backup::id).toList();
    }

    @Test
    void it_keeps_bytes_and_modes_and_what_was_not_there() throws Exception {
        var link = Files.createSymbolicLink(home.resolve("link to a"), Path.of("a.toml"));
        if (Steps.POSIX) {
            chmod(a, "rw-r-----");
        }
        var backups = backups(0);
        var made = backups.create(List.of(link, b, a), "apply");
        assertEquals("2026-11-21T08-52-22Z", made.id());
        assertEquals(List.of(made), backups.list());
        assertNull(made.damage());
        assertEquals("apply", made.why());
        assertEquals(Instant.parse("2026-11-21T08:52:22Z"), made.at());
        var copy = made.files().get(0);
        var sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(a)));
        assertEquals(new Backups.Copy(link, a, "1-link_to_a", sha256, Steps.POSIX ? "rw-r-----" : null), copy);
        assertEquals(new Backups.Copy(b, b, null, null, null), made.files().get(1));
        assertEquals(2, made.files().size(), "one copy of one file, by however many names");
        assertEquals("a = 1\r\n", new String(backups.read(made, copy), StandardCharsets.UTF_8));
        assertNull(backups.read(made, made.files().get(1)));
        assertEquals(Set.of("1-link_to_a", "manifest.json"), names(made.dir()));
        assertEquals(1, new ObjectMapper().readTree(made.dir().resolve("manifest.json").toFile()).path("schema").asInt());
        if (Steps.POSIX) {
            assertEquals("rwx------ rwx------ rw------- rw-------", mode(made.dir().getParent()) + " " + mode(made.dir()) + " "
                    + mode(made.dir().resolve("manifest.json")) + " " + mode(made.dir().resolve("1-link_to_a")));
        }
    }

    @Test
    void many_at_once_in_the_same_second_all_have_names() throws Exception {
        var four = Executors.newFixedThreadPool(4);
        var runs = IntStream.range(0, 12).mapToObj(i -> (Callable<String>) () -> backups(0).create(List.of(a), "").id()).toList();
        var made = new ArrayList<String>();
        for (var run : four.invokeAll(runs)) {
            made.add(run.get());
        }
        four.shutdown();
        backups(-1).create(List.of(a), "");
        var expected = new ArrayList<>(IntStream.iterate(12, n -> n > 1, n -> n - 1).mapToObj(n -> "2026-11-21T08-52-22Z-" + n).toList());
        expected.addAll(List.of("2026-11-21T08-52-22Z", "2026-11-21T08-52-21Z"));
        assertEquals(expected, ids());
        assertEquals(Set.copyOf(expected.subList(0, 12)), Set.copyOf(made));
        assertTrue(backups(0).list().stream().allMatch(backup -> backup.damage() == null));
    }

    @Test
    void they_are_found_by_name_by_time_and_as_the_latest() throws IOException {
        var backups = backups(0);
        assertEquals(List.of(), backups.list());
        assertTrue(assertThrows(Refused.class, () -> backups.find("latest")).getMessage().contains("no backup yet"));
        var first = backups.create(List.of(a), "");
        var second = backups(60).create(List.of(a), "");
        assertEquals(first, backups.find("2026-11-21T08:52:22Z"));
        assertEquals(second, backups.find("latest"));
        assertTrue(assertThrows(Refused.class, () -> backups.find("2020")).getMessage().contains("catalog backups list"));
    }

    @Test
    void what_cannot_be_kept_stops_the_whole() throws IOException {
        Files.createDirectory(b);
        assertTrue(assertThrows(Refused.class, () -> backups(0).create(List.of(a, b), "")).getMessage().contains("is a folder"));
        assertEquals(Set.of(".lock"), names(state.resolve("backups")));
    }

    @Test
    void restoring_is_backed_up_and_can_be_undone() throws IOException {
        Files.writeString(b, "b: 1");
        var id = backups(0).create(List.of(a, b), "apply").id();
        Files.writeString(a, "a = 2");
        var restored = restore(id);
        assertEquals(Map.of(a, Became.RESTORED, b, Became.SAME), became(restored));
        assertEquals("a = 1\r\n", Files.readString(a));
        assertEquals("before restoring " + id, restored.before().why());
        assertEquals(List.of(a), restored.before().files().stream().map(Backups.Copy::named).toList());
        restore("latest");
        assertEquals("a = 2", Files.readString(a));
        restore("latest");
        assertEquals("a = 1\r\n", Files.readString(a));
        restored = restore(id);
        assertNull(restored.before(), "nothing to do, nothing to keep");
        assertEquals(4, ids().size());
    }

    @Test
    void a_lost_file_comes_back_with_its_mode_and_one_that_is_there_keeps_its_own() throws IOException {
        assumeTrue(Steps.POSIX, "modes are a thing of POSIX");
        chmod(a, "r--r--r--");
        chmod(Files.writeString(b, "b: 1"), "rw-r--r--");
        backups(0).create(List.of(a, b), "");
        Files.delete(a);
        chmod(Files.writeString(b, "b: 2"), "rw-------");
        assertEquals(2, restore("latest").before().files().size());
        assertEquals(Set.of(Became.SAME), Set.copyOf(became(restore("2026-11-21T08-52-22Z")).values()));
        chmod(Files.writeString(b, "b: 2"), "r--r--r--");
        var refused = restore("2026-11-21T08-52-22Z");
        assertTrue(refused.before() == null && why(refused, b).contains("read-only"), "known before anything is written");
        chmod(b, "rw-------");
        restore("2026-11-21T08-52-22Z");
        assertEquals("a = 1\r\n r--r--r-- b: 1 rw-------", Files.readString(a) + " " + mode(a) + " " + Files.readString(b) + " " + mode(b));
    }

    @Test
    void a_file_that_was_not_there_is_removed_only_as_we_wrote_it() throws IOException {
        backups(0).create(List.of(b), "");
        Files.writeString(b, "b: ours");
        BiPredicate<Path, byte[]> ours = (file, content) -> file.equals(b) && new String(content, StandardCharsets.UTF_8).equals("b: ours");
        Files.writeString(b, "b: ours, and a line of mine");
        var left = restore("latest", ours);
        assertEquals(Map.of(b, Became.LEFT), became(left));
        assertTrue(why(left, b).contains("not as we wrote it"));
        assertTrue(Files.exists(b));
        Files.writeString(b, "b: ours");
        assertEquals(Map.of(b, Became.REMOVED), became(restore("latest", ours)));
        assertFalse(Files.exists(b));
        restore("latest");
        assertEquals("b: ours", Files.readString(b));
    }

    @Test
    void what_cannot_be_put_back_is_left_and_told_and_the_rest_is_done() throws IOException {
        Files.writeString(b, "b: 1");
        var moved = Files.createSymbolicLink(home.resolve("moved"), Files.writeString(home.resolve("c"), "c 1"));
        var busy = Files.writeString(home.resolve("d"), "d 1");
        var id = backups(0).create(List.of(a, b, moved, busy), "").id();
        for (var file : List.of(a, b, moved, busy)) {
            Files.writeString(file, "changed");
        }
        Files.delete(moved);
        Files.createSymbolicLink(moved, Files.writeString(home.resolve("e"), "another file"));
        Files.delete(b);
        Files.createDirectory(b);
        try (var held = SafeFile.lock(state, busy, WAIT)) {
            var restored = restore(id);
            assertEquals(Map.of(a, Became.RESTORED, b, Became.LEFT, moved, Became.LEFT, busy, Became.LEFT), became(restored));
            assertTrue(why(restored, b).contains("is a folder"));
            assertTrue(why(restored, busy).contains("another run is busy"));
            assertTrue(why(restored, moved).contains("led to " + home.resolve("c")), why(restored, moved));
            assertTrue(why(restored, moved).contains("3-moved"), why(restored, moved));
            assertEquals("changed", new String(held.content(), StandardCharsets.UTF_8));
        }
        assertEquals("another file", Files.readString(moved));
        assertEquals(Became.RESTORED, became(restore(id)).get(busy), "the lock was given back");
    }

    @Test
    void a_damaged_copy_is_named_and_never_restored() throws IOException {
        Files.writeString(b, "b: 1");
        var made = backups(0).create(List.of(a, b), "");
        Files.writeString(a, "a = 2");
        Files.writeString(b, "b: 2");
        Files.writeString(made.dir().resolve("1-a.toml"), "a = 9\r\n");
        var restored = restore(made.id());
        assertEquals(Map.of(a, Became.LEFT, b, Became.RESTORED), became(restored));
        assertEquals("the copy of " + a + " is damaged and not used: " + made.dir().resolve("1-a.toml"), why(restored, a));
        Files.delete(made.dir().resolve("1-a.toml"));
        assertTrue(why(restore(made.id()), a).contains("cannot be read: not there"));
        assertEquals("a = 2b: 1", Files.readString(a) + Files.readString(b));
    }

    @Test
    void a_damaged_manifest_is_listed_and_never_restored() throws IOException {
        var good = backups(0).create(List.of(a), "");
        var bad = backups(60).create(List.of(a), "");
        var manifest = bad.dir().resolve("manifest.json");
        var text = Files.readString(manifest);
        for (var damage : List.of("", "null", "[]", "{}", text.substring(0, 99), text.replace("a.toml\"", "b.yaml\""),
                text.replace("\"real\"", "\"reel\""), text.replace("\"schema\" : 1", "\"schema\" : 2"), text + text)) {
            Files.writeString(manifest, damage);
            var listed = backups(0).list();
            assertEquals(2, listed.size());
            assertTrue(listed.get(0).damage().contains("manifest.json is damaged"), damage);
            assertEquals(good, backups(0).find("latest"));
            assertTrue(assertThrows(Refused.class, () -> restore(bad.id())).getMessage().contains(bad.id() + " cannot be restored"));
        }
        Files.delete(manifest);
        assertTrue(backups(0).list().get(0).damage().contains("cannot be read: not there"));
        Files.createDirectories(state.resolve("backups/2026-99-99T00-00-00Z"));
        Files.createDirectories(state.resolve("backups/notes of mine"));
        assertEquals("its name is no time", backups(0).list().get(2).damage());
        assertEquals(3, backups(0).list().size());
    }

    @Test
    void pruning_keeps_the_newest_and_the_young() throws IOException {
        assertEquals(List.of(), backups(0).prune(0, Duration.ZERO));
        for (int day = 0; day < 6; day++) {
            backups(day * 86_400L).create(List.of(a), "");
        }
        var all = ids();
        var today = backups(5 * 86_400L);
        assertEquals(List.of(), today.prune(6, Duration.ZERO));
        assertEquals(List.of(), today.prune(0, Duration.ofDays(6)));
        assertEquals(all.subList(5, 6), today.prune(2, Duration.ofDays(5)).stream().map(Backups.Backup::id).toList());
        assertEquals(all.subList(0, 5), ids());
        assertEquals(all.subList(4, 5), today.prune(4, Duration.ofDays(1)).stream().map(Backups.Backup::id).toList());
        assertEquals(all.subList(2, 4), today.prune(2, Duration.ZERO).stream().map(Backups.Backup::id).toList());
        assertEquals(all.subList(0, 2), ids());
        assertEquals(2, today.prune(0, Duration.ZERO).size());
        assertEquals(Set.of(".lock"), names(state.resolve("backups")));
    }

    private interface Run {
        void with(Backups backups) throws Refused;
    }

    /** Ends the run at its first step, then at its second, until it comes through; each time the next run must find all well. */
    private List<String> dieEverywhere(Callable<?> before, Run run, Callable<?> check) throws Exception {
        var done = new ArrayList<String>();
        for (int last = 1; last == 1 || done.size() == last - 2; last++) {
            before.call();
            done.clear();
            try {
                run.with(backups(100 + last, SafeFileTest.dying(last, done)));
            } catch (Refused e) {
                assertTrue(e.getMessage().endsWith("dead"), e.getMessage());
            }
            for (var backup : backups(0).list()) {
                assertNull(backup.damage(), done.toString());
                for (var copy : backup.files()) {
                    backups(0).read(backup, copy);
                }
            }
            check.call();
        }
        return List.copyOf(done);
    }

    @Test
    void killed_at_any_step_a_backup_is_whole_or_not_there() throws Exception {
        Files.writeString(b, "b: 1");
        var steps = dieEverywhere(() -> null, backups -> backups.create(List.of(a, b), ""), () -> {
            var next = backups(0).create(List.of(a), "next");
            var hidden = names(state.resolve("backups")).stream().filter(name -> name.startsWith(".")).toList();
            assertEquals(List.of(".lock"), hidden, "the next run cleared up");
            return next;
        });
        assertEquals(List.of("makeDirs", "write", "fsync", "write", "fsync", "write", "fsync", "fsyncDir", "move", "fsyncDir"), steps);
    }

    @Test
    void killed_at_any_step_of_restoring_each_file_is_the_old_or_the_new_one() throws Exception {
        Files.writeString(b, "b: 1");
        var id = backups(0).create(List.of(b, a), "").id();
        var seen = new ArrayList<String>();
        dieEverywhere(() -> List.of(Files.writeString(a, "a = 2"), Files.writeString(b, "b: 2")),
                backups -> backups.restore(backups.find(id), state, WAIT, NOT_OURS), () -> {
                    seen.add(Files.readString(a) + Files.readString(b));
                    assertTrue(restore(id).results().stream().allMatch(result -> result.became() != Became.LEFT));
                    assertEquals("a = 1\r\nb: 1", Files.readString(a) + Files.readString(b));
                    assertEquals(Set.of("a.toml", "b.yaml"), names(home));
                    return null;
                });
        assertEquals(Set.of("a = 2b: 2", "a = 1\r\nb: 2", "a = 1\r\nb: 1"), Set.copyOf(seen),
                "in the order of their names, so that no two runs wait for each other");
    }

    @Test
    void killed_at_any_step_of_pruning_no_half_of_a_backup_is_left() throws Exception {
        dieEverywhere(() -> backups(0).create(List.of(a), ""), backups -> backups.prune(0, Duration.ZERO), () -> {
            backups(0).prune(0, Duration.ZERO);
            assertEquals(Set.of(".lock"), names(state.resolve("backups")));
            return null;
        });
    }
}
