package lib.fetch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import lib.fetch.Outcome.Answer;
import lib.fetch.Outcome.Failure;
import lib.fetch.Outcome.Failures;
import lib.fetch.Outcome.Kind;
import lib.host.AtomicFile;
import lib.host.Host;
import lib.provider.Access;
import lib.provider.Json.Listing;
import lib.provider.Provider;
import lib.provider.Providers.Secrets;

/** Asks providers for their model lists, all at once, and decides what of their answers may replace what is stored. */
public final class Fetch {
    /**
     * @param maxConcurrency requests at a time in all
     * @param perProvider    requests at a time to one provider
     * @param timeout        total for one provider: all pages, retries and waits between them
     * @param stall          longest silence before the headers and within a body
     * @param backoff        longest pause before the first retry; it doubles
     * @param maxBytes       of one provider's answer, decoded, all pages together
     * @param force          without ETag and breaker; an empty or much shorter list is accepted
     * @param offline        nobody is asked, the stored answers serve
     */
    public record Options(int maxConcurrency, int perProvider, Duration timeout, Duration stall, Duration backoff, long maxBytes,
            boolean force, boolean offline, String userAgent) {

        /** @param userAgent {@code catalog/<version>} */
        public static Options defaults(String userAgent) {
            return new Options(64, 4, Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ofMillis(300), 64L << 20, false, false, userAgent);
        }

        public Options withMaxConcurrency(int most) {
            return new Options(most, perProvider, timeout, stall, backoff, maxBytes, force, offline, userAgent);
        }

        public Options withTimeout(Duration total) {
            return new Options(maxConcurrency, perProvider, total, stall, backoff, maxBytes, force, offline, userAgent);
        }

        public Options withForce(boolean on) {
            return new Options(maxConcurrency, perProvider, timeout, stall, backoff, maxBytes, on, offline, userAgent);
        }

        public Options withOffline(boolean on) {
            return new Options(maxConcurrency, perProvider, timeout, stall, backoff, maxBytes, force, on, userAgent);
        }
    }

    private static final int MOST_NAMED = 100;
    private static final Duration LONGEST_FOR_CATALOGUE = Duration.ofSeconds(10);

    private final Host host;
    private final Store store;
    private final History history;
    private final Options options;
    private final Set<String> known;

    /** @param secrets values of keys, which no answer may hold: what is stored and rendered is read by others */
    public Fetch(Host host, Store store, History history, Options options, Set<String> secrets) {
        this.known = secrets;
        this.host = host;
        this.store = store;
        this.history = history;
        this.options = options;
    }

    /** Optional, from any thread: makes the first request sooner, by what can be done before one knows whom to ask. */
    public static void warmUp() {
        ListRequest.warmUp();
        Client.warmUp();
    }

    /**
     * Asks all, takes what became of them into the {@link History} (which the caller saves), and closes the client,
     * also when interrupted.
     *
     * @param onOutcome called once per provider, from any thread, as each settles
     * @return in the order asked
     * @throws lib.provider.Providers.ConfigError      where a proxy or CA variable cannot be used
     * @throws java.io.UncheckedIOException  where answers cannot be stored; nobody was asked then
     */
    public List<Outcome> run(List<Access> asked, Consumer<Outcome> onOutcome) throws InterruptedException {
        var now = host.clock().instant();
        var pool = pool();
        var programs = Executors.newCachedThreadPool(Fetch::daemon);
        var settling = new ArrayList<CompletableFuture<Outcome>>();
        var cases = asked.stream().map(access -> new Case(access, mayBeAsked(access, now),
                new HttpGuards.Budget(patience(access), options.maxBytes(), options.perProvider()))).toList();
        try {
            boolean online = cases.stream().anyMatch(Case::ask);
            if (online) {
                store.prepare();
            }
            // What is stored is read while the client is built.
            var stored = cases.stream().map(c -> CompletableFuture.supplyAsync(() -> store.find(c.access()), pool)).toList();
            try (var client = online ? new Client(host, options) : null) {
                var keyed = cases.stream().map(one -> keyed(one.access(), one.ask(), programs)).toList();
                var all = forbidden(keyed, cases);
                for (int i = 0; i < cases.size(); i++) {
                    var one = cases.get(i);
                    var access = keyed.get(i);
                    settling.add(stored.get(i)
                            .thenCompose(found -> one.ask() ? ask(one, access, all, found, client, pool)
                                    : CompletableFuture.completedFuture(unasked(one.access(), found.answer(), now)))
                            .thenApply(outcome -> {
                                onOutcome.accept(outcome);
                                return outcome;
                            }));
                }
                await(settling, cases);
            }
        } finally {
            pool.shutdownNow();
            programs.shutdownNow();
            if (!options.offline()) {
                record(cases, settling, now);
            }
        }
        var outcomes = settling.stream().map(CompletableFuture::join).toList();
        if (outcomes.stream().anyMatch(Outcome.Fresh.class::isInstance)) {
            try {
                store.prune();
            } catch (IOException e) {
                throw new UncheckedIOException("old answers cannot be deleted", e);
            }
        }
        return outcomes;
    }

    /** A catalogue is a help and no more: an older copy serves as well, so it is not waited for as a provider is. */
    private Duration patience(Access access) {
        boolean helps = access.provider().source() != null;
        return helps && options.timeout().compareTo(LONGEST_FOR_CATALOGUE) > 0 ? LONGEST_FOR_CATALOGUE : options.timeout();
    }

    private record Case(Access access, boolean ask, HttpGuards.Budget budget) {}

    private boolean mayBeAsked(Access access, Instant now) {
        return !options.offline() && skipped(access) == null && paused(access, now) == null;
    }

    private static void await(List<CompletableFuture<Outcome>> settling, List<Case> cases) throws InterruptedException {
        try {
            CompletableFuture.allOf(settling.toArray(CompletableFuture[]::new)).get();
        } catch (InterruptedException e) {
            // Cancelled first, or ending those still under way would make failures of them.
            settling.forEach(outcome -> outcome.cancel(false));
            cases.forEach(one -> one.budget().close());
            throw e;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e.getCause());
        }
    }

    /** What the breaker kept from being asked is no news. */
    private void record(List<Case> cases, List<CompletableFuture<Outcome>> settling, Instant now) {
        var outcomes = new ArrayList<Outcome>();
        for (int i = 0; i < settling.size(); i++) {
            var outcome = settling.get(i);
            boolean settled = outcome.isDone() && !outcome.isCompletedExceptionally();
            if (settled && (cases.get(i).ask() || outcome.join() instanceof Outcome.Skipped)) {
                outcomes.add(outcome.join());
            }
        }
        history.record(outcomes, now);
    }

    /** Reading, hashing and storing answers: apart from the threads that serve connections. */
    private static ExecutorService pool() {
        int threads = Math.min(4, Math.max(2, Runtime.getRuntime().availableProcessors()));
        return Executors.newFixedThreadPool(threads, Fetch::daemon);
    }

    private static Thread daemon(Runnable work) {
        var thread = new Thread(work, "catalog-answers");
        thread.setDaemon(true);
        return thread;
    }

    /** With the key, where a program prints it. Each has a thread of its own: it may wait for a person to unlock something. */
    private CompletableFuture<Access> keyed(Access access, boolean ask, ExecutorService programs) {
        if (!ask || access.command() == null) {
            return CompletableFuture.completedFuture(access);
        }
        return CompletableFuture.supplyAsync(() -> {
            try {
                return access.withKey(access.command().key(host, options.timeout()));
            } catch (Access.KeyCommand.NoKey | InterruptedException e) {
                throw new CompletionException(e);
            }
        }, programs);
    }

    /**
     * The variable that names further certificates, or null where none does.
     *
     * @throws lib.provider.Providers.ConfigError where these cannot be used
     */
    public static String certificates(Host host) {
        return Client.certificates(host);
    }

    /**
     * @param secrets what no answer may hold
     * @param keys    what no words may repeat: also what programs have printed that failed then
     */
    private record Forbidden(Secrets secrets, List<String> keys) {}

    /** Whoever sent it: so no answer is accepted, and no program's complaint told, before all programs have ended. */
    private CompletableFuture<Forbidden> forbidden(List<CompletableFuture<Access>> keyed, List<Case> cases) {
        return CompletableFuture.allOf(keyed.toArray(CompletableFuture[]::new)).handle((done, failure) -> {
            var commands = cases.stream().map(one -> one.access().command()).filter(Objects::nonNull).toList();
            var printed = commands.stream().map(Access.KeyCommand::known).filter(key -> key != null && Secrets.isSecret(key));
            return new Forbidden(new Secrets(Stream.concat(known.stream(), printed).toList()),
                    Stream.concat(known.stream(), commands.stream().flatMap(command -> command.printed().lines())).toList());
        });
    }

    /** @return null unless it cannot be asked at all */
    private Outcome.Skipped skipped(Access access) {
        if (access.usable()) {
            return null;
        }
        if (access.missing() != null) {
            return new Outcome.Skipped(access.provider().id(), "its address is not known: " + access.missing() + " is not set",
                    "set " + access.missing() + new Failures(access, known).docs());
        }
        return new Outcome.Skipped(access.provider().id(), "no key", "set " + access.keyVariable() + new Failures(access, known).docs());
    }

    private History.Entry paused(Access access, Instant now) {
        return options.force() ? null : history.pausedUntilLater(access.provider().id(), now);
    }

    private Outcome unasked(Access access, Answer stored, Instant now) {
        var id = access.provider().id();
        var skipped = skipped(access);
        if (options.offline() && access.missing() == null) {
            return stored != null ? new Outcome.Stale(id, stored, null)
                    : new Outcome.Skipped(id, "nothing stored", "run it once without --offline");
        }
        if (skipped != null) {
            return skipped;
        }
        var pause = paused(access, now);
        return without(access, stored, new Failure(Kind.valueOf(pause.failureKind()),
                "not asked: it failed " + pause.failuresInARow() + " times in a row (" + pause.message() + ")",
                "it will be asked again in " + Failures.words(Duration.between(now, pause.notBefore())) + "; --force asks now"));
    }

    private static Outcome without(Access access, Answer stored, Failure why) {
        return stored == null ? new Outcome.Failed(access.provider().id(), why) : new Outcome.Stale(access.provider().id(), stored, why);
    }

    private CompletableFuture<Outcome> ask(Case one, CompletableFuture<Access> keyed, CompletableFuture<Forbidden> all, Store.Found found,
            Client client, ExecutorService pool) {
        return keyed.thenCompose(access -> ask(access, one.budget(), all, found, client, pool))
                .handle((outcome, failure) -> failure == null ? CompletableFuture.completedFuture(outcome)
                        : all.thenApply(forbidden -> without(one.access(), found.answer(), new Failures(one.access(), forbidden.keys()).of(failure))))
                .thenCompose(Function.identity())
                .whenComplete((outcome, failure) -> one.budget().close());
    }

    private CompletableFuture<Outcome> ask(Access access, HttpGuards.Budget budget, CompletableFuture<Forbidden> all, Store.Found found,
            Client client, ExecutorService pool) {
        var failures = new Failures(access, known);
        return new ListRequest(access, client, budget, pool, host.clock(), failures).run(found.answer(), !options.force())
                .thenCombineAsync(all, (gathered, forbidden) -> {
                    try {
                        return settle(access, failures, found, gathered, forbidden.secrets());
                    } catch (Listing.NotAListing | JsonProcessingException | Failures.Unusable e) {
                        throw new CompletionException(e);
                    }
                }, pool)
                .exceptionally(failure -> failures.isNotRunning(failure)
                        ? new Outcome.Skipped(access.provider().id(), "not running at " + Failures.place(access.models()), "start it, then fetch again")
                        : without(access, found.answer(), failures.of(failure)));
    }

    private Outcome settle(Access access, Failures failures, Store.Found found, ListRequest.Gathered gathered, Secrets secrets)
            throws Listing.NotAListing, JsonProcessingException, Failures.Unusable {
        var notes = new ArrayList<>(gathered.notes());
        if (found.damage() != null) {
            notes.add(found.damage());
        }
        var old = found.answer();
        if (gathered.document() == null) {
            return unchanged(access, old, gathered, notes);
        }
        if (secrets.inJson(gathered.body(), gathered.document())) {
            throw new Failures.Unusable(Kind.REFUSED, "its answer holds the value of a key", "nothing of it was kept; if it is the key that "
                    + "was sent, replace it and tell them");
        }
        var listing = Listing.read(gathered.document(), access.provider().mapping());
        int models = listing.items().size();
        check(access, failures, listing, old == null ? 0 : old.models());
        note(failures, listing, notes);
        var sha256 = sha256(access.provider(), gathered);
        if (old != null && old.sha256().equals(sha256)) {
            return unchanged(access, old, gathered, notes);
        }
        var answer = new Answer(access.provider().id(), access.models(), gathered.etag(), gathered.lastModified(), fetchedAt(), models,
                sha256, gathered.body());
        keep(notes, () -> store.save(access, answer));
        return new Outcome.Fresh(access.provider().id(), answer, gathered.document(), notes);
    }

    /** The old bytes stay, so that what is made of them stays the same; only their time and validators are renewed. */
    private Outcome unchanged(Access access, Answer old, ListRequest.Gathered gathered, List<String> notes) {
        var renewed = new Answer(old.provider(), old.url(), gathered.etag(), gathered.lastModified(), fetchedAt(), old.models(),
                old.sha256(), old.body());
        boolean sameValidators = Objects.equals(old.etag(), renewed.etag()) && Objects.equals(old.lastModified(), renewed.lastModified());
        keep(notes, () -> {
            if (sameValidators) {
                store.confirm(access, renewed.fetchedAt());
            } else {
                store.save(access, renewed);
            }
        });
        return new Outcome.NotModified(old.provider(), renewed, notes);
    }

    private Instant fetchedAt() {
        return host.clock().instant().truncatedTo(ChronoUnit.SECONDS);
    }

    private interface Keeping {
        void run() throws IOException;
    }

    private static void keep(List<String> notes, Keeping keeping) {
        try {
            keeping.run();
        } catch (IOException e) {
            notes.add("the answer is good but could not be stored (" + e.getClass().getSimpleName() + "): --offline will not know it");
        }
    }

    /** What may never replace a good list, and what may only with {@code --force}. @param before models stored, 0 if nothing is */
    private void check(Access access, Failures failures, Listing listing, int before) throws Failures.Unusable {
        int models = listing.items().size();
        if (models == 0 && !listing.refused().isEmpty()) {
            throw new Failures.Unusable(Kind.PARSE, "none of its " + listing.refused().size() + " items is a model; the first: "
                    + failures.scrubbed(listing.refused().get(0)), "see what it sends: " + Failures.place(access.models()));
        }
        if (options.force()) {
            return;
        }
        if (models == 0) {
            throw new Failures.Unusable(Kind.REFUSED, before == 0 ? "its list is empty" : "its list is empty, where it had " + before + " models",
                    "if that is true, --force accepts it");
        }
        if (models * 2L < before && before - models >= 5) {
            throw new Failures.Unusable(Kind.REFUSED, "its list has only " + models + " models, where it had " + before,
                    "if that is true, --force accepts it");
        }
    }

    private static void note(Failures failures, Listing listing, List<String> notes) {
        var refused = listing.refused();
        refused.stream().limit(MOST_NAMED).forEach(item -> notes.add("not a model: " + failures.scrubbed(item)));
        if (refused.size() > MOST_NAMED) {
            notes.add("and " + (refused.size() - MOST_NAMED) + " more that are no models");
        }
        int duplicates = listing.duplicates().size();
        if (duplicates > 0) {
            notes.add(duplicates + (duplicates == 1 ? " id comes" : " ids come") + " twice; the first counts");
        }
    }

    /** Of the body without its volatile fields, which change with every request. */
    private static String sha256(Provider provider, ListRequest.Gathered gathered) throws JsonProcessingException, Listing.NotAListing {
        var dropped = provider.mapping().volatileFields();
        if (dropped.isEmpty()) {
            return AtomicFile.sha256(gathered.body());
        }
        var steady = gathered.document().deepCopy();
        for (var item : Listing.read(steady, provider.mapping()).items().values()) {
            dropped.forEach(path -> remove(item, path.tokens()));
        }
        return AtomicFile.sha256(ListRequest.WRITER.writeValueAsBytes(steady));
    }

    private static void remove(JsonNode node, List<String> tokens) {
        var rest = tokens.subList(1, tokens.size());
        if (tokens.get(0).equals("*") && node.isArray()) {
            node.forEach(element -> remove(element, rest));
        } else if (node instanceof ObjectNode object) {
            if (rest.isEmpty()) {
                object.remove(tokens.get(0));
            } else if (object.has(tokens.get(0))) {
                remove(object.get(tokens.get(0)), rest);
            }
        }
    }
}
