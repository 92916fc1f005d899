package lib.fetch;

import com.github.mizosoft.methanol.BodyDecoder;
import com.github.mizosoft.methanol.Methanol;
import com.github.mizosoft.methanol.MutableRequest;
import com.github.mizosoft.methanol.TaggableRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import lib.fetch.Outcome.Failures;
import lib.provider.Json.Listing;

/** What a client needs before it may listen to strangers, and Methanol does not bring. */
final class HttpGuards {
    private HttpGuards() {}

    /** An answer that is refused whatever the network does, so asking again is useless. The message is fit to print. */
    static final class Unacceptable extends IOException {
        private static final long serialVersionUID = 1;

        Unacceptable(String message) {
            super(message);
        }
    }

    /** A provider did not finish within its total time. */
    static final class OutOfTime extends IOException {
        private static final long serialVersionUID = 1;

        OutOfTime(Duration time) {
            super("no complete answer within " + Failures.words(time));
        }
    }

    /**
     * What one provider may use up in one run, over all its pages, both its APIs and all retries: time, bytes, and
     * requests at a time. The time runs from the
     * first free slot, so that waiting behind others is not held against it; then neither a retry nor an answer that
     * trickles in byte by byte (which no read timeout notices) outlives it.
     */
    static final class Budget implements AutoCloseable {
        private final Duration time;
        private final AtomicLong bytesLeft;
        private final Limit atOnce;
        private final CompletableFuture<Void> over = new CompletableFuture<>();
        private final AtomicBoolean started = new AtomicBoolean();
        private volatile long startNanos;

        Budget(Duration time, long bytes, int requestsAtOnce) {
            this.time = time;
            this.bytesLeft = new AtomicLong(bytes);
            this.atOnce = new Limit(requestsAtOnce);
        }

        /** The budget a request is made on. */
        static Budget of(HttpRequest request) {
            return TaggableRequest.tagOf(request, Budget.class).orElseThrow();
        }

        void start() {
            if (started.compareAndSet(false, true)) {
                startNanos = System.nanoTime();
                over.orTimeout(time.toNanos(), TimeUnit.NANOSECONDS);
            }
        }

        /** Zero when it is over. */
        Duration timeLeft() {
            if (over.isDone()) {
                return Duration.ZERO;
            }
            return started.get() ? time.minusNanos(System.nanoTime() - startNanos) : time;
        }

        /** The same work, failed as soon as the time is over, whatever the work itself waits for. */
        <T> CompletableFuture<T> within(CompletableFuture<T> work) {
            var result = work.copy();
            over.whenComplete((nothing, end) -> result.completeExceptionally(new OutOfTime(time)));
            return result;
        }

        /** Ends everything that still runs on this budget. */
        @Override
        public void close() {
            over.cancel(false);
        }
    }

    /** Reads whole bodies, decoded, within the {@link Budget}. Knows gzip and deflate in any spelling. */
    static HttpResponse.BodyHandler<byte[]> body(Budget budget) {
        return info -> {
            var encoding = info.headers().firstValue("Content-Encoding").orElse("").strip().toLowerCase(Locale.ROOT);
            boolean plain = encoding.isEmpty() || encoding.equals("identity");
            var body = new BoundedBody(budget);
            if (plain && info.headers().firstValueAsLong("Content-Length").orElse(0) > budget.bytesLeft.get()) {
                body.abort(tooLarge());
            }
            // A 304 or a redirect may name the encoding of the body it does not have.
            if (plain || info.statusCode() / 100 == 3) {
                return body;
            }
            var decoder = BodyDecoder.Factory.getFactory(encoding.startsWith("x-") ? encoding.substring(2) : encoding);
            if (decoder.isEmpty()) {
                body.abort(new Unacceptable("the answer comes in an encoding nobody asked for: "
                        + Listing.visible(encoding)));
                return body;
            }
            return decoder.get().create(body);
        };
    }

    private static Unacceptable tooLarge() {
        return new Unacceptable("the answer is larger than allowed");
    }

    /** Collects a body; ends the exchange at once when it grows too large or the budget is over. */
    private static final class BoundedBody implements HttpResponse.BodySubscriber<byte[]> {
        private final Budget budget;
        private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
        private final List<ByteBuffer> parts = new ArrayList<>();
        private long size;
        private volatile Flow.Subscription source;

        BoundedBody(Budget budget) {
            this.budget = budget;
            budget.over.whenComplete((nothing, end) -> abort(new OutOfTime(budget.time)));
        }

        void abort(IOException why) {
            if (whole.completeExceptionally(why) && source != null) {
                source.cancel();
            }
        }

        @Override
        public CompletionStage<byte[]> getBody() {
            return whole;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            source = subscription;
            if (whole.isDone()) {
                subscription.cancel();
            } else {
                subscription.request(Long.MAX_VALUE);
            }
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (var buffer : buffers) {
                size += buffer.remaining();
                if (size > budget.bytesLeft.get()) {
                    parts.clear();
                    abort(tooLarge());
                }
                if (whole.isDone()) {
                    return;
                }
                parts.add(buffer);
            }
        }

        @Override
        public void onError(Throwable why) {
            whole.completeExceptionally(why);
        }

        @Override
        public void onComplete() {
            if (whole.isDone()) {
                return;
            }
            budget.bytesLeft.addAndGet(-size);
            var bytes = ByteBuffer.allocate((int) size);
            parts.forEach(bytes::put);
            parts.clear();
            whole.complete(bytes.array());
        }
    }

    /** An interceptor of a client that is only used asynchronously. */
    interface AsyncOnly extends Methanol.Interceptor {
        @Override
        default <T> HttpResponse<T> intercept(HttpRequest request, Chain<T> chain) {
            throw new UnsupportedOperationException("this client is asynchronous only");
        }
    }

    /**
     * Follows redirects, for use with {@code followRedirects(NEVER)}: the JDK's own way sends {@code x-api-key} (and on
     * 17 {@code Authorization} too) to whichever host the answer names.
     */
    static final class SafeRedirects implements AsyncOnly {
        private static final int MOST = 5;
        /** All that another origin may see of a request; a list of what is harmless, as secrets have any name. */
        private static final Set<String> HARMLESS = Set.of("accept", "accept-encoding", "user-agent");

        @Override
        public <T> CompletableFuture<HttpResponse<T>> interceptAsync(HttpRequest request, Chain<T> chain) {
            return follow(request, chain, 0);
        }

        private static <T> CompletableFuture<HttpResponse<T>> follow(HttpRequest request, Chain<T> chain, int hops) {
            return chain.forwardAsync(request).thenCompose(response -> {
                if (!Set.of(301, 302, 303, 307, 308).contains(response.statusCode())) {
                    return CompletableFuture.completedFuture(response);
                }
                try {
                    return follow(next(request, response, hops), chain, hops + 1);
                } catch (Unacceptable e) {
                    return CompletableFuture.failedFuture(e);
                }
            });
        }

        private static HttpRequest next(HttpRequest request, HttpResponse<?> response, int hops) throws Unacceptable {
            if (hops == MOST) {
                throw new Unacceptable("more than " + MOST + " redirects");
            }
            var location = response.headers().firstValue("Location").orElse(null);
            if (location == null) {
                throw new Unacceptable("a redirect (HTTP " + response.statusCode() + ") to nowhere");
            }
            var from = request.uri();
            URI to;
            try {
                to = from.resolve(location.strip());
            } catch (IllegalArgumentException e) {
                throw new Unacceptable("a redirect to something that is no URL");
            }
            var scheme = String.valueOf(to.getScheme()).toLowerCase(Locale.ROOT);
            if (!Set.of("http", "https").contains(scheme) || to.getHost() == null) {
                throw new Unacceptable("a redirect to something that is neither https nor http");
            }
            if (scheme.equals("http") && from.getScheme().equalsIgnoreCase("https")) {
                throw new Unacceptable("a redirect from https to http, which anyone on the way could read");
            }
            var next = MutableRequest.copyOf(request).uri(to);
            if (!origin(to).equals(origin(from))) {
                next.removeHeadersIf((name, value) -> !HARMLESS.contains(name.toLowerCase(Locale.ROOT)));
            }
            return next.toImmutableRequest();
        }
    }

    /** Scheme, host and port, lower-case, the port always there. */
    static String origin(URI uri) {
        int port = uri.getPort() >= 0 ? uri.getPort() : "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
        return (uri.getScheme() + "://" + uri.getHost() + ":" + port).toLowerCase(Locale.ROOT);
    }

    /** Holds back requests beyond so many at a time, per provider and in all. Put after the retry: who sleeps holds no slot. */
    static final class Limits implements AsyncOnly {
        private final Limit inAll;

        Limits(int inAll) {
            this.inAll = new Limit(inAll);
        }

        @Override
        public <T> CompletableFuture<HttpResponse<T>> interceptAsync(HttpRequest request, Chain<T> chain) {
            var budget = Budget.of(request);
            return budget.atOnce.run(() -> inAll.run(() -> {
                budget.start();
                return chain.forwardAsync(request);
            }));
        }
    }

    /** At most so many operations at a time, first come, first served; blocks no thread. */
    private static final class Limit {
        private final int most;
        private final Queue<Runnable> waiting = new ArrayDeque<>();
        private int running;
        private boolean starting;

        Limit(int most) {
            this.most = most;
        }

        <T> CompletableFuture<T> run(Supplier<CompletableFuture<T>> operation) {
            var result = new CompletableFuture<T>();
            synchronized (this) {
                waiting.add(() -> start(operation, result));
            }
            startAllowed();
            return result;
        }

        private <T> void start(Supplier<CompletableFuture<T>> operation, CompletableFuture<T> result) {
            CompletableFuture<T> work;
            try {
                work = operation.get();
            } catch (RuntimeException e) {
                work = CompletableFuture.failedFuture(e);
            }
            work.whenComplete((value, failure) -> {
                synchronized (this) {
                    running--;
                }
                startAllowed();
                if (failure == null) {
                    result.complete(value);
                } else {
                    result.completeExceptionally(failure);
                }
            });
        }

        /** One thread at a time starts what may run, in a loop: operations that end at once must not nest. */
        private void startAllowed() {
            synchronized (this) {
                if (starting) {
                    return;
                }
                starting = true;
            }
            for (Runnable next = allowed(); next != null; next = allowed()) {
                next.run();
            }
        }

        private synchronized Runnable allowed() {
            if (running == most || waiting.isEmpty()) {
                starting = false;
                return null;
            }
            running++;
            return waiting.remove();
        }
    }
}
