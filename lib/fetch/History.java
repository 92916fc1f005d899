package lib.fetch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import lib.fetch.Outcome.Failure;
import lib.fetch.Outcome.Kind;
import lib.host.AtomicFile;
import lib.provider.Json;

/**
 * What became of each provider when it was last asked, kept between runs; and the breaker made of it: who could not be
 * reached three runs in a row is left alone for a while, longer each time.
 */
public final class History {
    private static final int FAILURES_BEFORE_PAUSE = 3;
    private static final Duration FIRST_PAUSE = Duration.ofMinutes(1);
    private static final Duration LONGEST_PAUSE = Duration.ofHours(1);
    /** Failures that nobody here can mend, so that asking less often is all there is. The others end when a key or a plan is changed. */
    private static final Set<Kind> TIRING = Set.of(Kind.NETWORK, Kind.RATE_LIMIT, Kind.PARSE, Kind.GONE);

    /**
     * @param outcome       fresh, not_modified, stale, skipped or failed
     * @param models        how many the answer in use lists; null if there is none
     * @param failureKind   name of a {@link Kind}; null unless stale or failed
     * @param message       what happened, null where nothing needs saying
     * @param advice        null likewise
     * @param lastSuccess   null if it never succeeded
     * @param failuresInARow runs in which it could not be reached since it last could
     * @param notBefore     when it is to be asked again; null: any time
     */
    public record Entry(String provider, String outcome, Instant at, Integer models, String failureKind, String message,
            String advice, Instant lastSuccess, int failuresInARow, Instant notBefore) {}

    private final Path file;
    private final Map<String, Entry> entries;
    private final Set<String> recorded = new TreeSet<>();
    private final String damage;

    private History(Path file, Map<String, Entry> entries, String damage) {
        this.file = file;
        this.entries = new TreeMap<>(entries);
        this.damage = damage;
    }

    /** A file that cannot be understood is set aside, and history begins anew; see {@link #damage()}. */
    public static History load(Path file) {
        try {
            var entries = new TreeMap<String, Entry>();
            var providers = Json.parse(Files.readAllBytes(file)).get("providers");
            if (providers == null || !providers.isObject()) {
                return new History(file, Map.of(), setAside(file));
            }
            for (var e : providers.properties()) {
                entries.put(e.getKey(), entry(e.getKey(), e.getValue()));
            }
            return new History(file, entries, null);
        } catch (NoSuchFileException e) {
            return new History(file, Map.of(), null);
        } catch (JsonProcessingException | DateTimeException | IllegalArgumentException e) {
            return new History(file, Map.of(), setAside(file));
        } catch (IOException e) {
            return new History(file, Map.of(), "the record of past runs cannot be read: " + file + " (" + e.getClass().getSimpleName() + ")");
        }
    }

    private static String setAside(Path file) {
        var aside = file.resolveSibling(file.getFileName() + ".damaged");
        try {
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
            return "the record of past runs is damaged; it is set aside as " + aside;
        } catch (IOException e) {
            return "the record of past runs is damaged and not used: " + file;
        }
    }

    /** What was wrong with the file, one line for people; null where nothing was. */
    public String damage() {
        return damage;
    }

    /** By provider id, sorted. */
    public synchronized Map<String, Entry> entries() {
        return Collections.unmodifiableMap(new TreeMap<>(entries));
    }

    /** @return null if the provider may be asked now */
    synchronized Entry pausedUntilLater(String provider, Instant now) {
        var entry = entries.get(provider);
        if (entry == null || entry.notBefore() == null || entry.failureKind() == null || !now.isBefore(entry.notBefore())) {
            return null;
        }
        // Further off than any pause: the clock was wrong then, or is now.
        return Duration.between(now, entry.notBefore()).compareTo(LONGEST_PAUSE) > 0 ? null : entry;
    }

    /**
     * Takes in what became of those that were asked. {@link Fetch#run} does it; what it did not ask (offline, paused) is not
     * among them.
     */
    synchronized void record(Collection<Outcome> outcomes, Instant now) {
        for (var outcome : outcomes) {
            entries.put(outcome.provider(), next(entries.get(outcome.provider()), outcome, now));
            recorded.add(outcome.provider());
        }
    }

    private static Entry next(Entry before, Outcome outcome, Instant now) {
        var id = outcome.provider();
        var usable = outcome.usable();
        var models = usable == null ? null : (Integer) usable.models();
        var lastSuccess = before == null ? null : before.lastSuccess();
        int failures = before == null ? 0 : before.failuresInARow();
        if (outcome instanceof Outcome.Skipped skipped) {
            return new Entry(id, "skipped", now, null, null, skipped.why(), skipped.advice(), lastSuccess, failures, null);
        }
        var why = failure(outcome);
        if (why == null) {
            return new Entry(id, outcome instanceof Outcome.Fresh ? "fresh" : "not_modified", now, models, null, null, null, now, 0, null);
        }
        int inARow = failures + 1;
        return new Entry(id, outcome instanceof Outcome.Stale ? "stale" : "failed", now, models, why.kind().name(), why.message(),
                why.advice(), lastSuccess, inARow, !TIRING.contains(why.kind()) || inARow < FAILURES_BEFORE_PAUSE ? null : now.plus(pause(inARow)));
    }

    private static Failure failure(Outcome outcome) {
        return outcome instanceof Outcome.Stale stale ? stale.why() : outcome instanceof Outcome.Failed failed ? failed.why() : null;
    }

    private static Duration pause(int failures) {
        var doubled = FIRST_PAUSE.multipliedBy(1L << Math.min(failures - FAILURES_BEFORE_PAUSE, 10));
        return doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    }

    /** Writes what this run recorded over what the file holds by now: another run may have ended meanwhile. */
    public synchronized void save() throws IOException {
        var all = new TreeMap<>(damage == null ? load(file).entries : Map.<String, Entry>of());
        recorded.forEach(provider -> all.put(provider, entries.get(provider)));
        var root = JsonNodeFactory.instance.objectNode();
        root.put("schema", 1);
        var providers = root.putObject("providers");
        for (var e : all.values()) {
            providers.putObject(e.provider()).put("outcome", e.outcome()).put("at", text(e.at())).put("models", e.models())
                    .put("failure", e.failureKind()).put("message", e.message()).put("advice", e.advice())
                    .put("last_success", text(e.lastSuccess())).put("failures_in_a_row", e.failuresInARow())
                    .put("not_before", text(e.notBefore()));
        }
        AtomicFile.write(file, (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static Entry entry(String provider, JsonNode json) {
        var kind = text(json, "failure");
        var outcome = text(json, "outcome");
        var at = instant(json, "at");
        if (outcome == null || at == null) {
            throw new IllegalArgumentException("no outcome or no time of " + provider);
        }
        return new Entry(provider, outcome, at,
                json.path("models").isInt() ? (Integer) json.get("models").intValue() : null, kind == null ? null : Kind.valueOf(kind).name(),
                text(json, "message"), text(json, "advice"), instant(json, "last_success"),
                Math.max(0, json.path("failures_in_a_row").asInt()), instant(json, "not_before"));
    }

    private static String text(Instant time) {
        return time == null ? null : time.toString();
    }

    private static String text(JsonNode json, String name) {
        return json.path(name).isTextual() ? json.get(name).textValue() : null;
    }

    private static Instant instant(JsonNode json, String name) {
        var text = text(json, name);
        return text == null ? null : Instant.parse(text);
    }
}
