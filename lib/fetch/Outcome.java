package lib.fetch;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.time.Instant;
import java.util.List;

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
}
