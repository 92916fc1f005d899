package lib.fetch;

import java.net.URI;
import java.time.Instant;

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
