package lib.fetch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.github.mizosoft.methanol.HttpReadTimeoutException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import lib.provider.Access;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Provider;

/** What became of one provider in one fetch. */
public sealed interface Outcome {
    String provider();

    /**
     * A new answer, accepted and stored.
     *
     * @param document the answer's body, as it was parsed
     * @param notes    what was odd about it, fit to print (refused ids, a join that failed)
     */
    record Fresh(String provider, Answer answer, JsonNode document, List<String> notes) implements Outcome {}

    /** The stored answer is still right: a 304, or the same content again. */
    record NotModified(String provider, Answer answer, List<String> notes) implements Outcome {}

    /** Nothing usable came, so the stored answer serves; its {@code fetchedAt} tells its age. {@code why} is null for --offline. */
    record Stale(String provider, Answer answer, Failure why) implements Outcome {}

    /** Not asked, which is no failure: no key, a local server that is not running. */
    record Skipped(String provider, String why, String advice) implements Outcome {}

    /** Asked without success, and nothing stored. */
    record Failed(String provider, Failure why) implements Outcome {}

    /**
     * @param kind    the class of failure; scripts may rely on it
     * @param message what happened, one line, no secrets, nothing a terminal would obey
     * @param advice  what to do, one line
     */
    record Failure(Kind kind, String message, String advice) {}

    enum Kind { AUTH, RATE_LIMIT, PAYMENT, GONE, NETWORK, PARSE, REFUSED }

    /** The answer that can be used now, new or old; null where there is none. */
    default Answer usable() {
        if (this instanceof Fresh fresh) {
            return fresh.answer();
        }
        if (this instanceof NotModified same) {
            return same.answer();
        }
        return this instanceof Stale stale ? stale.answer() : null;
    }

    /**
     * A provider's whole model list as it was accepted: one JSON document, all pages and the second API merged in.
     *
     * @param url          the configured address of the first page
     * @param etag         null unless the provider gave one and the answer is one page of one API
     * @param lastModified null likewise
     * @param models       how many models it lists
     * @param sha256       of {@code body}, without the provider's volatile fields; lower-case hex
     * @param body         JSON, UTF-8
     */
    public record Answer(String provider, URI url, String etag, String lastModified, Instant fetchedAt, int models,
            String sha256, byte[] body) {}

    /**
     * What went wrong with one provider, in our own words. Messages of the HTTP libraries are never passed on: they are null,
     * or hold whole URIs.
     */
    final class Failures {
        private static final String LEFT_OUT = "(its words repeat the key, so they are left out)";

        private final Access access;
        private final Collection<String> known;

        /** @param known values of keys that nobody's words may repeat, besides the one that is sent */
        Failures(Access access, Collection<String> known) {
            this.access = access;
            this.known = known;
        }

        /** Carries a failure that is already in words through futures. */
        static final class Unusable extends Exception {
            private static final long serialVersionUID = 1;
            private final transient Failure failure;

            Unusable(Failure failure) {
                super(failure.message());
                this.failure = failure;
            }

            Unusable(Kind kind, String message, String advice) {
                this(new Failure(kind, message, advice));
            }

            Failure failure() {
                return failure;
            }
        }

        /** @param response with any status but 200 */
        Failure ofStatus(HttpResponse<byte[]> response, Instant now) {
            int status = response.statusCode();
            var said = said(response.body());
            var message = "HTTP " + status + (said == null ? "" : ": " + said);
            var again = "try again later";
            return switch (status) {
                case 401, 403 -> new Failure(Kind.AUTH, message, keyAdvice(status));
                case 402 -> new Failure(Kind.PAYMENT, message, "the account needs credit or a plan" + docs());
                case 404, 410 -> tombstoned(new Failure(Kind.GONE, message + " (no model list at " + place(access.models()) + ")",
                        "check base_url of " + access.provider().id() + " in providers.yaml" + docs()));
                case 407 -> new Failure(Kind.NETWORK, "HTTP 407: the proxy asks for a user and a password",
                        "write them into HTTPS_PROXY: http://user:password@host:port");
                case 429 -> {
                    var wait = Client.retryAfter(response.headers(), now);
                    yield wait == null ? new Failure(Kind.RATE_LIMIT, message, again)
                            : new Failure(Kind.RATE_LIMIT, message + " (it asks to wait " + words(wait) + ")", "try again in " + words(wait));
                }
                default -> status >= 500 ? tombstoned(new Failure(Kind.NETWORK, message, again))
                        : new Failure(Kind.REFUSED, message, "check base_url and models of " + access.provider().id() + " in providers.yaml");
            };
        }

        Failure of(Throwable thrown) {
            var failure = Client.cause(thrown);
            if (failure instanceof Unusable told) {
                return told.failure();
            }
            if (failure instanceof Access.KeyCommand.NoKey none) {
                return new Failure(Kind.AUTH, "no key: " + none.told(known), "mend its key_cmd, or set " + access.keyVariable());
            }
            if (failure instanceof HttpGuards.Unacceptable refused) {
                return new Failure(Kind.REFUSED, scrubbed(refused.getMessage()), "check base_url of " + access.provider().id()
                        + " in providers.yaml");
            }
            if (failure instanceof JsonProcessingException json) {
                return ofJson(json);
            }
            if (failure instanceof Listing.NotAListing) {
                return new Failure(Kind.PARSE, scrubbed(failure.getMessage()), "see what it sends: " + place(access.models()) + docs());
            }
            if (failure instanceof IOException) {
                return tombstoned(new Failure(Kind.NETWORK, ofNetwork((IOException) failure), networkAdvice(failure)));
            }
            return new Failure(Kind.PARSE, "its answer could not be processed (" + failure.getClass().getSimpleName() + ")",
                    "please report this, with the answer of " + place(access.models()));
        }

        private Failure ofJson(JsonProcessingException json) {
            var at = json.getLocation() == null ? "" : " at line " + json.getLocation().getLineNr() + ", column " + json.getLocation().getColumnNr();
            if (json instanceof StreamConstraintsException) {
                return new Failure(Kind.PARSE, "its answer is JSON beyond all measure" + at + ": nested too deep, or too long",
                        "see what it sends: " + place(access.models()));
            }
            // What the parser says after this is for its programmers.
            var what = json.getOriginalMessage().replaceAll("[:;,]? ?(enable|\\(for|from) [`A-Z(].*", "");
            return new Failure(Kind.PARSE, "its answer is no JSON" + at + ": " + scrubbed(what), "see what it sends: " + place(access.models()));
        }

        private String ofNetwork(IOException failure) {
            var server = server(access.models());
            if (failure instanceof HttpGuards.OutOfTime) {
                return failure.getMessage();
            }
            if (failure instanceof HttpConnectTimeoutException) {
                return "no connection to " + server + " in time";
            }
            if (failure instanceof HttpReadTimeoutException) {
                return server + " stopped in the middle of its answer";
            }
            if (failure instanceof HttpTimeoutException) {
                return server + " accepted the connection but did not answer in time";
            }
            if (failure instanceof ConnectException) {
                return (isUnknownHost(failure) ? "cannot find the host " : "cannot connect to ") + server;
            }
            if (failure instanceof SSLException) {
                return isUntrusted(failure) ? "the certificate of " + server + " is not trusted here" : "no TLS connection with " + server;
            }
            return "the connection to " + server + " broke, or its answer was cut short";
        }

        private String networkAdvice(Throwable failure) {
            if (isUntrusted(failure)) {
                return "behind a company's proxy, set CATALOG_CA_BUNDLE to the file (PEM) of its certificate";
            }
            return failure instanceof HttpGuards.OutOfTime ? "try again, or give it longer with --timeout"
                    : isUnknownHost(failure) ? "check the network, and base_url of " + access.provider().id() : "try again later";
        }

        /** A local server that does not run is no failure. */
        boolean isNotRunning(Throwable thrown) {
            return access.provider().ship() == Provider.Ship.LOCAL && !isUnknownHost(Client.cause(thrown))
                    && (Client.cause(thrown) instanceof ConnectException || Client.cause(thrown) instanceof HttpConnectTimeoutException);
        }

        private static boolean isUnknownHost(Throwable failure) {
            return hasCause(failure, UnresolvedAddressException.class) || hasCause(failure, java.net.UnknownHostException.class);
        }

        private static boolean isUntrusted(Throwable failure) {
            return failure instanceof SSLException
                    && (hasCause(failure, java.security.cert.CertificateException.class) || String.valueOf(failure.getMessage()).contains("PKIX"));
        }

        private static boolean hasCause(Throwable failure, Class<?> type) {
            for (var at = failure; at != null; at = at.getCause()) {
                if (type.isInstance(at)) {
                    return true;
                }
            }
            return false;
        }

        /** A page made for people where a list should be. */
        Failure html() {
            return new Failure(Kind.PARSE, "an HTML page, not a model list (a login or captive portal page?)",
                    "open " + place(access.models()) + " in a browser to see it");
        }

        /** For a provider known to be dead, the usual words mislead. */
        private Failure tombstoned(Failure failure) {
            var provider = access.provider();
            if (provider.ship() != Provider.Ship.TOMBSTONE) {
                return failure;
            }
            var why = provider.why() == null ? "it no longer exists" : provider.why();
            return new Failure(Kind.GONE, why + (provider.since() == null ? "" : " (since " + provider.since() + ")") + "; " + failure.message(),
                    provider.successor() == null ? "remove it from your configuration" : "use " + provider.successor() + " instead");
        }

        private String keyAdvice(int status) {
            if (access.key() != null) {
                return "check " + access.keySource() + " (the key was refused" + (status == 403 ? ", or may not list models)" : ")");
            }
            return access.keyVariable() == null ? "its list is not public (any more)" + docs() : "set " + access.keyVariable() + docs();
        }

        String docs() {
            return access.provider().docs() == null ? "" : " (" + access.provider().docs() + ")";
        }

        /** The provider's own words in an error body; null where it has none. */
        private String said(byte[] body) {
            if (body.length == 0 || body.length > 100_000) {
                return null;
            }
            JsonNode json;
            try {
                json = Json.parse(body);
            } catch (JsonProcessingException e) {
                var text = new String(body, StandardCharsets.UTF_8).strip();
                return text.startsWith("<") || text.length() > 200 ? null : scrubbed(text);
            }
            var error = json.has("error") ? json.get("error") : json;
            for (var member : new String[] {"message", "detail", "error"}) {
                if (error.path(member).isTextual()) {
                    return scrubbed(error.get(member).textValue());
                }
            }
            return error.isTextual() ? scrubbed(error.textValue()) : null;
        }

        /** Fit to print. Some providers repeat a refused key, whole or starred out in the middle: then nothing of it is shown. */
        String scrubbed(String text) {
            var shown = Listing.visible(text.strip());
            var key = access.key();
            boolean starred = key != null && key.length() >= 8 && Access.Echoes.isKey(key)
                    && (shown.contains(key.substring(0, 4)) || shown.contains(key.substring(key.length() - 4)));
            return starred || new Access.Echoes(keys()).in(shown) ? LEFT_OUT : shown;
        }

        private List<String> keys() {
            return Stream.concat(known.stream(), Stream.ofNullable(access.key())).toList();
        }

        /** A URL without user, query and fragment, any of which may be secret. */
        static String place(URI uri) {
            return Listing.visible(uri.getScheme() + "://" + server(uri) + uri.getRawPath());
        }

        private static String server(URI uri) {
            return uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
        }

        /** {@code 40 s}, {@code 5 min}, {@code 2 h}: rounded up. */
        static String words(Duration time) {
            long millis = Math.max(0, time.toMillis());
            if (millis > 0 && millis < 1000) {
                return millis + " ms";
            }
            long seconds = (millis + 999) / 1000;
            return seconds < 120 ? seconds + " s" : seconds < 7200 ? (seconds + 59) / 60 + " min"
                    : String.format(Locale.ROOT, "%d h", (seconds + 3599) / 3600);
        }
    }
}
