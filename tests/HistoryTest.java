package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.fetch.Fetch;
import lib.fetch.History;
import lib.fetch.Store;
import lib.provider.Access;
import lib.provider.Provider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryTest {
    @TempDir
    Path dir;
    private final Loopback server = new Loopback();

    @AfterEach
    void stop() {
        server.close();
    }

    private Path file() {
        return dir.resolve("state/history.json");
    }

    private History after(long seconds, Access... asked) throws Exception {
        var history = History.load(file());
        new Fetch(Fixtures.host(dir, Map.of(), Fixtures.NOW.plusSeconds(seconds)), new Store(dir.resolve("answers")), history, FetchSetup.options(), Set.of())
                .run(List.of(asked), o -> { });
        history.save();
        return history;
    }

    private Access acme() {
        return Fixtures.access("acme", server.uri("/models"), e -> e);
    }

    @Test
    void what_became_of_each_survives_the_run() throws Exception {
        server.on("/models", Loopback.json(Fixtures.list(3)), Loopback.answer(402, ""));
        after(0, acme(), Fixtures.access("nokey", server.uri("/models"), null, null, e -> e));
        var read = History.load(file()).entries();
        assertEquals(new History.Entry("acme", "fresh", Fixtures.NOW, 3, null, null, null, Fixtures.NOW, 0, null), read.get("acme"));
        assertEquals("skipped", read.get("nokey").outcome());
        assertEquals("no key", read.get("nokey").message());
        var written = after(60, acme()).entries();
        read = History.load(file()).entries();
        assertEquals(written, read);
        assertEquals("stale", read.get("acme").outcome());
        assertEquals("PAYMENT", read.get("acme").failureKind());
        assertEquals(3, read.get("acme").models());
        assertEquals(Fixtures.NOW, read.get("acme").lastSuccess());
        assertEquals("skipped", read.get("nokey").outcome(), "who was not asked for stays");
    }

    @Test
    void the_pause_doubles_up_to_an_hour_and_a_success_ends_it() throws Exception {
        server.on("/models", Loopback.answer(429, "", "Retry-After: 60"));
        long now = 0;
        var pauses = new StringBuilder();
        for (int i = 0; i < 11; i++) {
            var entry = after(now, acme()).entries().get("acme");
            assertEquals(i + 1, entry.failuresInARow());
            long pause = entry.notBefore() == null ? 0 : entry.notBefore().getEpochSecond() - Fixtures.NOW.plusSeconds(now).getEpochSecond();
            pauses.append(pause / 60).append(' ');
            now += pause;
        }
        assertEquals("0 0 1 2 4 8 16 32 60 60 60 ", pauses.toString());
        server.on("/models", Loopback.json(Fixtures.list(1)));
        assertEquals(0, after(now, acme()).entries().get("acme").failuresInARow());
    }

    @Test
    void a_pause_further_off_than_any_we_make_comes_from_a_wrong_clock() throws Exception {
        server.on("/models", Loopback.answer(500, ""));
        for (int i = 0; i < 3; i++) {
            after(9_999_999, acme());
        }
        server.on("/models", Loopback.json(Fixtures.list(1)));
        assertEquals("fresh", after(0, acme()).entries().get("acme").outcome());
    }

    @Test
    void a_provider_without_its_key_meanwhile_is_asked_when_the_key_is_back() throws Exception {
        server.on("/models", Loopback.answer(500, ""));
        for (int i = 0; i < 3; i++) {
            after(i, acme());
        }
        after(4, Fixtures.access("acme", server.uri("/models"), null, null, e -> e));
        server.on("/models", Loopback.json(Fixtures.list(1)));
        assertEquals("fresh", after(5, acme()).entries().get("acme").outcome());
    }

    @Test
    void a_local_server_that_is_off_is_skipped_and_never_paused() throws Exception {
        server.close();
        for (int i = 0; i < 4; i++) {
            after(i, Fixtures.access("acme", server.uri("/models"), e -> e.ship(Provider.Ship.LOCAL)));
        }
        var entry = History.load(file()).entries().get("acme");
        assertEquals("skipped", entry.outcome());
        assertNull(entry.notBefore());
    }

    @Test
    void a_damaged_file_is_set_aside_and_told() throws Exception {
        Files.createDirectories(file().getParent());
        for (var damage : List.of("", "{\"providers\":", "[]", "null", "{\"providers\":{\"a\":{\"outcome\":\"fresh\",\"at\":\"noon\"}}}",
                "{\"providers\":{\"a\":{}}}", "{\"providers\":{\"a\":{\"outcome\":\"failed\",\"at\":\"2026-01-01T00:00:00Z\",\"failure\":\"ODD\"}}}")) {
            Files.writeString(file(), damage);
            var history = History.load(file());
            assertEquals(Map.of(), history.entries());
            assertTrue(history.damage().contains("damaged"), damage);
            assertFalse(Files.exists(file()), damage);
            assertEquals(damage, Files.readString(dir.resolve("state/history.json.damaged")));
        }
        assertNull(History.load(file()).damage());
    }

    @Test
    void no_file_yet_is_no_damage() {
        var history = History.load(file());
        assertNull(history.damage());
        assertEquals(Map.of(), history.entries());
    }

    @Test
    void of_two_runs_at_once_both_are_remembered() throws Exception {
        server.on("/models", Loopback.json(Fixtures.list(3)));
        var slow = History.load(file());
        after(0, acme());
        new Fetch(Fixtures.host(dir, Map.of()), new Store(dir.resolve("answers")), slow, FetchSetup.options(), Set.of())
                .run(List.of(Fixtures.access("zeta", server.uri("/models"), e -> e)), o -> { });
        slow.save();
        assertEquals(Set.of("acme", "zeta"), History.load(file()).entries().keySet());
    }
}
