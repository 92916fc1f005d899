package tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import lib.cli.Workspace;
import lib.host.AtomicFile;
import lib.model.Archive;
import lib.model.Archive.Inputs;
import lib.model.Archive.Kept;
import lib.model.Snapshot;
import lib.provider.Provider.Field;
import lib.provider.Providers.ConfigError;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The snapshots that are kept: their order, their wholeness, and what happens when the current one is damaged. */
class ArchiveTest {
    private static final Instant NOON = Fixtures.NOW;

    @TempDir
    Path dir;
    private Path root;
    private Archive archive;

    @BeforeEach
    void open() {
        root = dir.resolve("work");
        archive = archive(Map.of());
    }

    private Archive archive(Map<String, String> env) {
        var all = new java.util.HashMap<>(env);
        all.put("HOME", dir.toString());
        return Archive.of(Fixtures.host(root, all), root);
    }

    private static Snapshot snapshot(long version) {
        return ChangesTest.snapshot(ChangesTest.model("p", "m", Field.CONTEXT, version));
    }

    private static byte[] content(long version) {
        return snapshot(version).bytes();
    }

    /** @return what people have to know */
    private static String replace(Archive archive, long version, Instant at) throws IOException {
        var replaced = archive.replace(snapshot(version)::writeTo, at);
        assertEquals(AtomicFile.sha256(content(version)), replaced.sha256());
        return replaced.problem();
    }

    private Archive.Current current() throws IOException {
        return archive.current(NOON, Workspace::howOld);
    }

    private static List<String> ids(List<Kept> kept) {
        return kept.stream().map(Kept::id).toList();
    }

    @Test
    void a_snapshot_is_kept_under_its_time_and_checksum() throws IOException {
        assertEquals(List.of(), archive.list());
        var kept = archive.keep(content(1), NOON);
        assertEquals("2026-11-20T12-00-00Z-" + AtomicFile.sha256(content(1)).substring(0, 12), kept.id());
        assertEquals(dir.resolve(".local/state/catalog/snapshots").resolve(AtomicFile.sha256(root.toString().getBytes(StandardCharsets.UTF_8)).substring(0, 24))
                .resolve(kept.id() + ".json.gz"), kept.file());
        assertEquals(List.of(kept), archive.list());
        assertArrayEquals(content(1), kept.load());
        assertEquals(snapshot(1), archive.read(kept));
        assertEquals(kept, archive.keep(content(1), NOON.plusSeconds(60)), "the newest is not kept twice");
        archive.keep(content(2), NOON.plusSeconds(60));
        archive.keep(content(1), NOON.plusSeconds(120));
        assertEquals(3, archive.list().size(), "one that is not the newest is");
        var elsewhere = Archive.of(Fixtures.host(root, Map.of("HOME", dir.toString())), dir.resolve("other"));
        assertEquals(List.of(), elsewhere.list());
    }

    @Test
    void the_newest_thirty_are_kept_or_as_many_as_asked_for() throws IOException {
        for (int i = 0; i < 40; i++) {
            archive.keep(content(i), NOON.plusSeconds(i));
        }
        var kept = archive.list();
        assertEquals(30, kept.size());
        assertArrayEquals(content(39), kept.get(0).load());
        assertArrayEquals(content(10), kept.get(29).load());
        archive(Map.of("CATALOG_KEEP_SNAPSHOTS", "3")).keep(content(50), NOON.plusSeconds(50));
        assertEquals(3, archive.list().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "many", "1.5", "99999"})
    void a_number_to_keep_that_is_none_is_named_and_the_snapshot_is_written_all_the_same(String number) throws IOException {
        var odd = archive(Map.of("CATALOG_KEEP_SNAPSHOTS", number));
        assertEquals("CATALOG_KEEP_SNAPSHOTS is '" + number + "', not a number from 1 to 9999",
                assertThrows(ConfigError.class, () -> odd.keep(content(1), NOON)).getMessage());
        assertTrue(replace(odd, 1, NOON).contains("CATALOG_KEEP_SNAPSHOTS"));
        assertArrayEquals(content(1), Files.readAllBytes(odd.file()));
    }

    @Test
    void a_clock_that_goes_backwards_changes_neither_order_nor_loses_the_new_one() throws IOException {
        var few = archive(Map.of("CATALOG_KEEP_SNAPSHOTS", "3"));
        var expected = new ArrayList<Integer>();
        var times = List.of(NOON, NOON, NOON.plus(Duration.ofDays(400)), NOON.plusSeconds(1), Instant.EPOCH, NOON.plusSeconds(2));
        for (int i = 0; i < times.size(); i++) {
            few.keep(content(i), times.get(i));
            expected.add(0, i);
            var kept = few.list();
            assertEquals(Math.min(3, i + 1), kept.size());
            for (int j = 0; j < kept.size(); j++) {
                assertArrayEquals(content(expected.get(j)), kept.get(j).load(), "after " + i);
            }
        }
        assertEquals("2027-12-25T12-00-03Z", few.list().get(0).id().substring(0, 20));
    }

    @Test
    void what_is_no_kept_snapshot_is_not_looked_at() throws IOException {
        var kept = archive.keep(content(1), NOON);
        for (var name : List.of("notes.txt", "2026-13-41T99-00-00Z-" + kept.hash() + ".json.gz", "." + kept.id() + ".json.gz.tmp", "x-" + kept.id() + ".json.gz")) {
            Files.writeString(archive.folder().resolve(name), "x");
        }
        assertEquals(List.of(kept), archive.list());
        archive.keep(content(2), NOON.plusSeconds(1));
        assertTrue(Files.exists(archive.folder().resolve("notes.txt")));
    }

    @Test
    void one_is_found_by_the_beginning_of_its_time_or_checksum() throws IOException {
        var a = archive.keep(content(1), NOON);
        var b = archive.keep(content(2), NOON.plusSeconds(60));
        var again = archive.keep(content(1), NOON.plusSeconds(120));
        assertEquals(List.of(b), archive.find(b.hash().substring(0, 5)));
        assertEquals(List.of(a), archive.find("2026-11-20T12-00"));
        assertEquals(List.of(again), archive.find(a.hash()), "the same content twice is no question");
        assertEquals(2, archive.find("2026").size());
        assertEquals(List.of(), archive.find("2025"));
        assertEquals(ids(List.of(b)), ids(archive.before(content(1))));
        assertEquals(ids(List.of(a)), ids(archive.before(content(2))));
        assertEquals(3, archive.before(content(3)).size());
        assertEquals(3, archive.before(null).size());
    }

    @Test
    void a_damaged_one_is_named_and_never_used() throws IOException {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var kept = archive.keep(content(1), NOON);
        var whole = Files.readAllBytes(kept.file());
        for (int round = 0; round < 300; round++) {
            var bytes = whole.clone();
            if (random.nextBoolean()) {
                bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            } else {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(kept.file(), bytes);
            try {
                assertArrayEquals(content(1), kept.load(), "seed " + seed); // a bit of the header that means nothing
            } catch (ConfigError e) {
                assertTrue(e.getMessage().startsWith("the kept snapshot " + kept.id() + " is damaged ("), e.getMessage());
                assertTrue(e.getMessage().endsWith(kept.file().toString()), e.getMessage());
            }
        }
        Files.write(kept.file(), new byte[0]);
        archive.keep(content(1), NOON.plusSeconds(5));
        assertEquals(List.of(kept), archive.list(), "written anew in its place");
        assertArrayEquals(content(1), kept.load());
        Files.delete(kept.file());
        assertThrows(ConfigError.class, () -> kept.load());
    }

    @Test
    void replacing_keeps_what_was_there_whoever_wrote_it() throws IOException {
        Files.createDirectories(archive.file().getParent());
        Files.write(archive.file(), content(1));
        Files.setLastModifiedTime(archive.file(), FileTime.from(NOON.minusSeconds(3600)));
        assertNull(replace(archive, 2, NOON));
        assertArrayEquals(content(2), Files.readAllBytes(archive.file()));
        assertEquals(List.of("2026-11-20T12-00-00Z", "2026-11-20T11-00-00Z"), archive.list().stream().map(kept -> kept.id().substring(0, 20)).toList());
        assertNull(replace(archive, 2, NOON.plusSeconds(9)));
        assertEquals(2, archive.list().size());
        Files.writeString(archive.file(), "<<<<<<< HEAD");
        assertNull(replace(archive, 3, NOON.plusSeconds(10)));
        assertEquals(3, archive.list().size());
        assertEquals("<<<<<<< HEAD", Files.readString(archive.folder().resolve("damaged.json")));
    }

    @Test
    void where_nothing_can_be_kept_the_snapshot_is_written_and_it_is_said() throws IOException {
        Files.createDirectories(archive.folder().getParent());
        Files.writeString(archive.folder(), "a file");
        var said = replace(archive, 1, NOON);
        assertTrue(said.startsWith("the snapshot could not be kept for 'catalog diff' and 'catalog rollback': "), said);
        assertArrayEquals(content(1), Files.readAllBytes(archive.file()));
        assertEquals(List.of(), archive.list());
    }

    @Test
    void a_damaged_current_snapshot_is_replaced_by_the_newest_whole_one_in_clear_words() throws IOException {
        assertEquals(Snapshot.empty(), current().snapshot());
        replace(archive, 1, NOON.minus(Duration.ofDays(2)));
        replace(archive, 2, NOON.minus(Duration.ofDays(1)));
        assertEquals(snapshot(2), current().snapshot());
        assertNull(current().note());
        for (var damage : List.of("", "{\"schema\":1,\"models\":[", "<<<<<<< HEAD\n", "[]")) {
            Files.writeString(archive.file(), damage);
            var current = current();
            assertEquals(snapshot(2), current.snapshot());
            assertEquals(archive.list().get(0), current.instead());
            assertArrayEquals(content(2), current.content());
            assertTrue(current.note().matches("\\Q" + archive.file() + "\\E is damaged \\(.+\\); using the snapshot of 2026-11-19 12:00 \\(1 day old\\);"
                    + " 'catalog rollback' writes it back"), current.note());
            assertFalse(current.note().contains("\n"));
        }
        Files.write(archive.list().get(0).file(), new byte[] {1, 2});
        assertEquals(snapshot(1), current().snapshot());
        Files.write(archive.list().get(1).file(), new byte[0]);
        assertTrue(assertThrows(ConfigError.class, this::current).getMessage().contains("the snapshot is damaged"));
    }

    @Test
    void a_snapshot_of_a_newer_catalog_is_an_error_whatever_is_kept() throws IOException {
        replace(archive, 1, NOON);
        Files.writeString(archive.file(), "{\"schema\":2}");
        assertTrue(assertThrows(ConfigError.class, this::current).getMessage().contains("newer catalog"));
    }

    @Test
    void inputs_tell_when_each_was_fetched_and_forget_it_when_the_content_is_another() throws IOException {
        var file = root.resolve("models/extra/inputs.json");
        var none = Inputs.read(file);
        assertEquals(new Inputs(null, List.of()), none);
        var snapshot = new Snapshot(List.of(new Snapshot.Input("b", "https://b.example", "b1"), new Snapshot.Input("a", "https://a.example", "a1")), List.of());
        var first = Inputs.of(snapshot, snapshot.bytes(), Map.of("a", NOON, "b", NOON.minusSeconds(60).plusNanos(7)), none);
        AtomicFile.write(file, first.bytes());
        assertEquals("""
                {
                  "snapshot" : {
                    "sha256" : "%s"
                  },
                  "inputs" : [ {
                    "id" : "a",
                    "url" : "https://a.example",
                    "sha256" : "a1",
                    "fetched_at" : "2026-11-20T12:00:00Z"
                  }, {
                    "id" : "b",
                    "url" : "https://b.example",
                    "sha256" : "b1",
                    "fetched_at" : "2026-11-20T11:59:00Z"
                  } ]
                }
                """.formatted(AtomicFile.sha256(snapshot.bytes())), Files.readString(file));
        var read = Inputs.read(file);
        assertEquals(NOON.minusSeconds(60), read.fetched().get(1).at());
        assertTrue(read.isOf(snapshot.bytes()));
        assertFalse(read.isOf(content(1)));
        var changed = new Snapshot(List.of(new Snapshot.Input("a", "https://a.example", "a1"), new Snapshot.Input("b", "https://b.example", "b2")), List.of());
        var next = Inputs.of(changed, changed.bytes(), Map.of("c", NOON), read);
        assertEquals(Arrays.asList(NOON, null), next.fetched().stream().map(Inputs.Fetched::at).toList());
        assertNotEquals(first.snapshot(), next.snapshot());
        assertFalse(new String(next.bytes(), StandardCharsets.UTF_8).contains("null"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{\"inputs\":5}", "{\"inputs\":[5,{}]}", "not JSON", "{\"snapshot\":[]}"})
    void a_damaged_list_of_inputs_tells_nothing(String content) throws IOException {
        var file = Files.createDirectories(root).resolve("inputs.json");
        Files.writeString(file, content);
        assertEquals(new Inputs(null, List.of()), Inputs.read(file));
        Files.writeString(file, "{\"inputs\":[{\"id\":\"a\",\"sha256\":\"x\",\"fetched_at\":\"yesterday\"}]}");
        assertNull(Inputs.read(file).fetched().get(0).at());
        assertSame(1, Inputs.read(file).fetched().size());
    }
}
