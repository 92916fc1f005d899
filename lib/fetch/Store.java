package lib.fetch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import lib.fetch.Outcome.Answer;
import lib.host.AtomicFile;
import lib.provider.Access;
import lib.provider.Json;

/**
 * The last accepted answer of each provider, apart for each address and key: what one key may see is not shown to another.
 * One file each: a line of JSON that describes the answer, then the answer itself; that of a catalogue, which is long
 * and seldom new, is compressed. No key is in it, nor in its name. A file that is not whole is moved aside, and above 50 MB the ones that served longest ago go.
 */
public final class Store {
    private static final int FORMAT = 2;
    private static final String ENTRY = ".answer";
    private static final String ASIDE = ".damaged";
    private static final long MOST_BYTES = 50L << 20;
    private final Path dir;
    private final long mostBytes;

    /** @param dir made when something is first kept in it */
    public Store(Path dir) {
        this(dir, MOST_BYTES);
    }

    Store(Path dir, long mostBytes) {
        this.dir = dir;
        this.mostBytes = mostBytes;
    }

    /** @param answer null if there is none
     *  @param damage why a file that is there is as good as none, one line; null where all is well */
    public record Found(Answer answer, String damage) {}

    /** @return null if there is none, or none that is whole */
    public Answer load(Access access) {
        return find(access).answer();
    }

    public Found find(Access access) {
        if (access.models() == null) {
            return new Found(null, null);
        }
        var file = file(access);
        try {
            var content = Files.readAllBytes(file);
            var answer = read(access, content, Files.getLastModifiedTime(file).toInstant());
            return new Found(answer, answer == null ? setAside(file) : null);
        } catch (NoSuchFileException e) {
            return new Found(null, null);
        } catch (IOException e) {
            return new Found(null, "the stored answer cannot be read: " + file + " (" + e.getClass().getSimpleName() + ")");
        }
    }

    /** So that somebody can look at it, and nobody meets it again. */
    private static String setAside(Path file) throws IOException {
        var aside = file.resolveSibling(file.getFileName() + ASIDE);
        Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        return "the stored answer was damaged and is not used; it was moved to " + aside;
    }

    /** Deletes what served longest ago, damaged files first, until the rest is small enough. */
    void prune() throws IOException {
        if (!Files.isDirectory(dir)) {
            return;
        }
        record Kept(Path file, long bytes, FileTime used) {}
        var kept = new ArrayList<Kept>();
        try (var files = Files.newDirectoryStream(dir)) {
            for (var file : files) {
                kept.add(new Kept(file, Files.size(file), file.toString().endsWith(ASIDE) ? FileTime.fromMillis(0) : Files.getLastModifiedTime(file)));
            }
        }
        long total = kept.stream().mapToLong(Kept::bytes).sum();
        kept.sort(Comparator.comparing(Kept::used));
        for (var one : kept) {
            if (total <= mostBytes) {
                return;
            }
            Files.deleteIfExists(one.file);
            total -= one.bytes;
        }
    }

    /** Replaces what is stored for this provider, address and key. */
    public void save(Access access, Answer answer) throws IOException {
        makeDir();
        var head = JsonNodeFactory.instance.objectNode();
        head.put("format", FORMAT).put("provider", answer.provider()).put("url", answer.url().toString())
                .put("etag", answer.etag()).put("last_modified", answer.lastModified())
                .put("fetched_at", answer.fetchedAt().toString()).put("models", answer.models())
                .put("sha256", answer.sha256()).put("length", answer.body().length);
        boolean compressed = access.provider().source() != null;
        var kept = compressed ? compressed(answer.body()) : answer.body();
        head.put("gzip", compressed).put("crc32", crc32(kept, 0));
        var line = (head + "\n").getBytes(StandardCharsets.UTF_8);
        var content = Arrays.copyOf(line, line.length + kept.length);
        System.arraycopy(kept, 0, content, line.length, kept.length);
        AtomicFile.write(file(access), content);
        confirm(access, answer.fetchedAt());
    }

    /** The stored answer was right at this time too. The file's own time says so, since answers are long. */
    public void confirm(Access access, Instant at) throws IOException {
        Files.setLastModifiedTime(file(access), FileTime.from(at));
    }

    /** Makes sure, before anyone is asked, that answers can be kept. @throws UncheckedIOException naming the folder */
    public void prepare() {
        try {
            makeDir();
            if (!Files.isWritable(dir)) {
                throw new AccessDeniedException(dir.toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("answers cannot be kept in " + dir, e);
        }
    }

    /** Only for its owner: which providers someone uses, and what their private models are called, is nobody's business. */
    private void makeDir() throws IOException {
        if (Files.isDirectory(dir)) {
            return;
        }
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(dir, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(dir);
        }
    }

    /** Provider ids are made of lower-case letters, digits and {@code . _ -}, so the name is good on every system. */
    private Path file(Access access) {
        // The program instead of the key that it prints: other commands find what a fetch has stored, and do not run it.
        var key = access.command() != null ? AtomicFile.sha256(("catalog key_cmd " + access.command().words()).getBytes(StandardCharsets.UTF_8))
                : access.key() == null ? "" : AtomicFile.sha256(("catalog key " + access.key()).getBytes(StandardCharsets.UTF_8));
        var place = AtomicFile.sha256((access.models() + "\n" + key).getBytes(StandardCharsets.UTF_8));
        return dir.resolve(access.provider().id() + "-" + place.substring(0, 24) + ENTRY);
    }

    /** @param confirmed when the file was last confirmed */
    private static Answer read(Access access, byte[] content, Instant confirmed) {
        int end = 0;
        while (end < content.length && content[end] != '\n') {
            end++;
        }
        if (end == content.length) {
            return null;
        }
        try {
            var head = Json.parse(Arrays.copyOf(content, end));
            var body = Arrays.copyOfRange(content, end + 1, content.length);
            if (head.path("gzip").asBoolean()) {
                body = decompressed(body, head.path("length").asInt(-1));
            }
            if (head.path("format").asInt() != FORMAT || head.path("length").asInt(-1) != body.length
                    || head.path("crc32").asLong(-1) != crc32(content, end + 1)
                    || !access.provider().id().equals(text(head, "provider")) || !access.models().toString().equals(text(head, "url"))) {
                return null;
            }
            var fetchedAt = Instant.parse(head.path("fetched_at").asText());
            return new Answer(access.provider().id(), access.models(), text(head, "etag"), text(head, "last_modified"),
                    confirmed.isAfter(fetchedAt) ? confirmed.truncatedTo(ChronoUnit.SECONDS) : fetchedAt, head.path("models").asInt(), head.path("sha256").asText(), body);
        } catch (IOException | DateTimeException e) {
            return null;
        }
    }

    /** Quickly rather than much: somebody waits, and JSON shrinks to an eighth all the same. */
    private static byte[] compressed(byte[] body) throws IOException {
        var out = new ByteArrayOutputStream(body.length / 4);
        try (var gzip = new GZIPOutputStream(out, 1 << 16) {
            {
                def.setLevel(Deflater.BEST_SPEED);
            }
        }) {
            gzip.write(body);
        }
        return out.toByteArray();
    }

    /** @param length what it comes to; more is not read */
    private static byte[] decompressed(byte[] kept, int length) throws IOException {
        try (var gzip = new GZIPInputStream(new ByteArrayInputStream(kept), 1 << 16)) {
            return gzip.readNBytes(Math.max(0, length));
        }
    }

    private static String text(JsonNode head, String name) {
        return head.path(name).isTextual() ? head.get(name).textValue() : null;
    }

    /** Finds damage as well as SHA-256 does, which takes a hundred times as long, and that for every file in every run. */
    private static long crc32(byte[] bytes, int from) {
        var crc = new CRC32();
        crc.update(bytes, from, bytes.length - from);
        return crc.getValue();
    }
}
