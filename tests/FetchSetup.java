package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import lib.fetch.Outcome.Answer;
import lib.fetch.Fetch;
import lib.fetch.History;
import lib.fetch.Outcome;
import lib.fetch.Outcome.Kind;
import lib.fetch.Store;
import lib.provider.Access;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** One provider at a loopback server, fetched in-process; history and store live as long as the test. */
abstract class FetchSetup {
    @TempDir
    Path dir;
    final Loopback server = new Loopback();
    Instant now = Fixtures.NOW;

    @AfterEach
    void stop() {
        server.close();
    }

    static Fetch.Options options() {
        return new Fetch.Options(64, 4, Duration.ofSeconds(20), Duration.ofSeconds(10), Duration.ofMillis(1), 1 << 20, false, false, "catalog/test");
    }

    Store store() {
        return new Store(dir.resolve("answers"));
    }

    Outcome fetch(Access access, UnaryOperator<Fetch.Options> change) throws InterruptedException, IOException {
        var history = History.load(dir.resolve("history.json"));
        var outcomes = new Fetch(Fixtures.host(dir, Map.of(), now), store(), history, change.apply(options()), Set.of()).run(List.of(access), o -> { });
        history.save();
        return outcomes.get(0);
    }

    Outcome fetch(Access access) throws InterruptedException, IOException {
        return fetch(access, o -> o);
    }

    Access acme() {
        return Fixtures.access("acme", server.uri("/models"), e -> e);
    }

    Outcome.Failure failure(Outcome outcome, Kind kind) {
        var why = outcome instanceof Outcome.Stale stale ? stale.why() : assertInstanceOf(Outcome.Failed.class, outcome, outcome.toString()).why();
        assertEquals(kind, why.kind(), why.toString());
        assertFalse(why.toString().contains(Fixtures.KEY), why.toString());
        assertFalse(why.message().contains("\n") || why.advice().isBlank(), why.toString());
        return why;
    }

    /** The failure while nothing is stored, then the same while ten models are. */
    Outcome.Failure refuses(Loopback.Reply bad, Kind kind, UnaryOperator<Fetch.Options> change) throws InterruptedException, IOException {
        server.on("/models", bad);
        failure(fetch(acme(), change.andThen(o -> o.withForce(true))::apply), kind);
        server.on("/models", Loopback.json(Fixtures.list(10)));
        assertEquals(10, fetch(acme(), o -> o.withForce(true)).usable().models());
        server.on("/models", bad);
        var outcome = fetch(acme(), change);
        assertEquals(10, assertInstanceOf(Outcome.Stale.class, outcome, outcome.toString()).answer().models());
        assertEquals(10, store().load(acme()).models());
        return failure(outcome, kind);
    }

    Outcome.Failure refuses(Loopback.Reply bad, Kind kind) throws InterruptedException, IOException {
        return refuses(bad, kind, o -> o);
    }

    Answer fresh(Outcome outcome) {
        return assertInstanceOf(Outcome.Fresh.class, outcome, outcome.toString()).answer();
    }

    List<Outcome> run(Fetch.Options options, Map<String, String> env, Access... asked) throws InterruptedException {
        return new Fetch(Fixtures.host(dir, env, now), store(), History.load(dir.resolve("history.json")), options, Set.of()).run(List.of(asked), o -> { });
    }
}
