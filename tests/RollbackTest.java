package tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import lib.model.Archive;
import lib.provider.Json;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of a snapshot that is not the last one fetched: its age, its damage, that somebody changed it. */
class RollbackTest extends CliSetup {
    private Archive archive;
    private byte[] first;
    private byte[] second;

    /** Two fetches, 51 days apart, of a list that changed meanwhile. */
    @BeforeEach
    void fetched() throws IOException {
        archive = Archive.of(Fixtures.host(door.cwd, door.env), door.cwd);
        assertEquals(0, door.run("fetch", "groq").code());
        first = Files.readAllBytes(archive.file());
        door.now = door.now.plus(Duration.ofDays(51));
        server.on("/groq/models", Loopback.json(Fixtures.list(4)));
        assertEquals(0, door.run("fetch", "groq").code());
        second = Files.readAllBytes(archive.file());
    }

    private String said(String... args) {
        return door.run(args).err();
    }

    @Test
    void after_a_rollback_the_age_is_that_of_what_was_fetched_then() throws IOException {
        assertTrue(said("search").contains(": less than a minute old"), said("search"));
        assertEquals(0, door.run("rollback").code());
        assertArrayEquals(first, Files.readAllBytes(archive.file()));
        assertTrue(archive.inputs().isOf(first));
        assertTrue(said("search", "-q").contains(": 51 days old; 'catalog fetch' asks again"), said("search", "-q"));
        assertTrue(said("diff", "latest", "current").contains("catalog.json (51 days old); 'catalog fetch' asks again"), said("diff", "latest", "current"));
        assertEquals(0, door.run("rollback", "--to", "latest").code());
        assertTrue(said("search").contains(": less than a minute old"), said("search"));
    }

    @Test
    void one_that_was_kept_again_when_it_was_replaced_does_not_get_younger_by_that() throws IOException {
        door.run("rollback");
        door.now = door.now.plus(Duration.ofDays(1));
        Files.setLastModifiedTime(archive.file(), java.nio.file.attribute.FileTime.from(door.now.minusSeconds(60)));
        server.on("/groq/models", Loopback.json(Fixtures.list(5)));
        door.run("fetch", "groq");
        assertEquals(0, door.run("rollback").code());
        assertArrayEquals(first, Files.readAllBytes(archive.file()));
        assertTrue(said("search").contains(": 52 days old"), said("search"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void an_older_lock_from_the_repository_is_as_old_as_it_is(boolean withInputs) throws IOException {
        Files.write(archive.file(), first);
        if (!withInputs) {
            Files.delete(archive.inputsFile());
        }
        assertTrue(said("search").contains(": 51 days old"), said("search"));
        assertTrue(said("diff", "latest").contains("catalog.json (51 days old)"), said("diff", "latest"));
    }

    @Test
    void the_stored_answer_tells_where_nothing_is_noted() throws IOException {
        Files.delete(archive.inputsFile());
        for (var kept : archive.list()) {
            Files.delete(kept.file());
        }
        door.now = door.now.plus(Duration.ofDays(9));
        assertTrue(said("search").contains(": 9 days old"), said("search"));
    }

    @Test
    void after_a_rollback_a_damaged_file_is_replaced_by_what_was_rolled_back_to() throws IOException {
        door.run("rollback");
        Files.writeString(archive.file(), "<<<<<<< HEAD");
        var found = door.run("search");
        assertTrue(found.out().contains("swift-8b"), found::toString);
        assertTrue(found.err().contains("using the snapshot of 2026-11-20 12:00 (51 days old); 'catalog rollback' writes it back"), found.err());
        assertEquals(0, door.run("rollback").code());
        assertArrayEquals(first, Files.readAllBytes(archive.file()));
        Files.delete(archive.file());
        assertEquals(0, door.run("rollback").code());
        assertArrayEquals(first, Files.readAllBytes(archive.file()));
        Files.writeString(archive.file(), "<<<<<<< HEAD");
        Files.write(archive.list().get(1).file(), new byte[3]);
        assertTrue(said("search").contains("using the snapshot of 2027-01-10 12:00 (less than a minute old)"), said("search"));
    }

    @Test
    void a_changed_lock_is_said_where_files_or_claims_are_made_from_it() throws IOException {
        var line = archive.file() + " was changed since catalog wrote it (its checksum is not that in " + archive.inputsFile() + "); it is used as it is";
        for (var args : new String[][] {{"render"}, {"fetch", "--locked"}, {"diff"}, {"search", "-v"}}) {
            assertFalse(said(args).contains("was changed since"), said(args));
        }
        Files.writeString(archive.file(), Files.readString(archive.file()).replace("model-1\"", "model-one\"").replaceFirst("\\s*$", "\n\n"));
        for (var args : new String[][] {{"render"}, {"fetch", "--locked"}, {"diff"}, {"search", "-v"}}) {
            assertEquals(1, said(args).lines().filter(line::equals).count(), said(args));
        }
        assertFalse(said("search").contains("was changed since"), said("search"));
        Files.writeString(archive.file(), "{");
        assertFalse(said("render").contains("was changed since"), said("render"));
    }

    @Test
    void a_time_in_the_future_is_no_age() throws IOException {
        door.now = door.now.minus(Duration.ofDays(20));
        var unknown = "catalog.json: of unknown age: its time lies in the future, is the clock right? 'catalog fetch' asks again";
        for (var command : new String[] {"search", "render"}) {
            assertTrue(said(command, "-q").contains(unknown), said(command, "-q"));
        }
        assertTrue(said("diff", "-q").contains("catalog.json (of unknown age: its time lies in the future, is the clock right?)"), said("diff", "-q"));
        assertTrue(door.run("rollback", "--list").out().contains("an unknown time"), door.run("rollback", "--list").out());
        door.now = door.now.plus(Duration.ofDays(20)).minusSeconds(290);
        assertTrue(said("search").contains(": less than a minute old"), said("search"));
    }

    @Test
    void of_equal_contents_one_is_the_current() throws IOException {
        door.run("rollback");
        door.now = door.now.plus(Duration.ofDays(1));
        server.on("/groq/models", Loopback.json(Fixtures.list(5)));
        door.run("fetch", "groq");
        door.run("rollback");
        var list = Json.parse(door.run("rollback", "--list", "--json").out().getBytes());
        assertEquals(list.get(1).get("sha256"), list.get(3).get("sha256"));
        assertEquals(java.util.List.of(false, true, false, false), IntStream.range(0, 4).mapToObj(i -> list.get(i).get("current").booleanValue()).toList());
    }

    @ParameterizedTest
    @CsvSource({"'{\"schema\":1,\"models\":[', Unexpected end-of-input", "DEEP, nesting depth"})
    void damage_is_told_in_words_for_people(String content, String what) throws IOException {
        var damaged = content.equals("DEEP") ? "{\"schema\":1,\"x\":" + "[".repeat(3000) : content;
        Files.writeString(archive.file(), damaged);
        Files.writeString(door.cwd.resolve("other.json"), damaged);
        for (var said : new String[] {said("search"), said("diff"), said("diff", "other.json")}) {
            assertTrue(said.contains(what), said);
            assertFalse(said.contains("Source") || said.contains("StreamRead") || said.contains("`"), said);
        }
    }

    @Test
    void who_holds_the_lock_is_alone_in_this_process_and_among_all() throws Exception {
        var inside = new AtomicInteger();
        var most = new AtomicInteger();
        CompletableFuture.allOf(IntStream.range(0, 8).mapToObj(i -> CompletableFuture.runAsync(() -> {
            for (int round = 0; round < 20; round++) {
                try (var held = archive.lock()) {
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    Thread.yield();
                    inside.decrementAndGet();
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        })).toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
        assertEquals(1, most.get());
        Path file;
        try (var held = archive.lock(); var files = Files.newDirectoryStream(archive.folder(), "lock")) {
            file = files.iterator().next();
            try (var other = FileChannel.open(file, StandardOpenOption.WRITE)) {
                assertThrows(OverlappingFileLockException.class, other::tryLock, "the system knows of it");
            }
        }
        assertTrue(Files.exists(file), "who waits for a deleted file waits beside the others");
    }

    @Test
    void a_rollback_waits_for_the_lock_and_can_be_interrupted() throws Exception {
        var begun = new CountDownLatch(1);
        try (var held = archive.lock()) {
            var rollback = new Thread(() -> {
                begun.countDown();
                door.run("rollback");
            });
            rollback.start();
            begun.await();
            rollback.join(300);
            assertTrue(rollback.isAlive());
            assertArrayEquals(second, Files.readAllBytes(archive.file()));
            rollback.interrupt();
            rollback.join(20_000);
            assertFalse(rollback.isAlive());
            assertArrayEquals(second, Files.readAllBytes(archive.file()));
        }
        assertEquals(0, door.run("rollback").code());
    }

    @Test
    void a_state_folder_that_cannot_be_written_stops_nobody() throws Exception {
        var state = Files.writeString(folder.resolve("no-folder"), "");
        var odd = Archive.of(Fixtures.host(door.cwd, java.util.Map.of("HOME", door.home.toString(), "XDG_STATE_HOME", state.toString())), door.cwd);
        for (int i = 0; i < 2; i++) {
            odd.lock().close();
        }
    }
}
