package lib.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.host.AtomicFile;
import lib.host.AtomicFile.Exclusive;
import lib.host.AtomicFile.Packed;
import lib.host.AtomicFile.Written;
import lib.host.Host;
import lib.provider.Providers.ConfigError;
import lib.provider.Json;
import lib.provider.Json.Listing;

/**
 * The snapshots of one root: {@code models/catalog.json}, and those of before that this machine keeps. Each of these is whole by
 * its checksum, which is part of its name, or is not used. Their order is that of their names, so a new one never gets an
 * earlier name than those that are there, whatever the clock says.
 *
 * @param folder where they are kept
 * @param file   the current snapshot
 */
public record Archive(Host host, Path folder, Path file) {
    private static final int MOST_KEPT = 30;
    private static final int DIGITS = 12;
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH-mm-ss'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final Pattern NAME = Pattern.compile("(\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\dZ)-([0-9a-f]{12})\\.json\\.gz");
    /** A damaged snapshot can be replaced by an older one; one that a newer catalog wrote cannot. */
    private static final Pattern DAMAGE = Pattern.compile("the snapshot is damaged \\((.*)\\); delete it", Pattern.DOTALL);

    /**
     * A snapshot of before.
     *
     * @param id   its name: when it was kept, and the beginning of its checksum
     * @param at   when it was kept, by the clock of then; later than that where the clock had gone back
     * @param hash the first 12 digits of the SHA-256 of its content
     */
    public record Kept(String id, Path file, Instant at, String hash) {
        /** @return null where this is nothing of ours */
        static Kept of(Path file) {
            var name = NAME.matcher(file.getFileName().toString());
            try {
                return !name.matches() ? null : new Kept(name.group(1) + "-" + name.group(2), file,
                        LocalDateTime.parse(name.group(1), STAMP).toInstant(ZoneOffset.UTC), name.group(2));
            } catch (DateTimeException e) {
                return null;
            }
        }

        boolean isOf(String sha256) {
            return sha256 != null && sha256.startsWith(hash);
        }

        /** @return the content, whole. @throws ConfigError naming it, where it is not */
        public byte[] load() {
            var how = "its checksum is another";
            try {
                var content = Packed.unpack(file);
                if (isOf(AtomicFile.sha256(content))) {
                    return content;
                }
            } catch (IOException e) {
                how = e.getClass().getSimpleName();
            }
            throw new ConfigError("the kept snapshot " + id + " is damaged (" + how + ") and not used: " + file);
        }

        boolean isWhole() {
            try {
                return load() != null;
            } catch (ConfigError e) {
                return false;
            }
        }
    }

    /**
     * What to work with.
     *
     * @param content the bytes that the snapshot was read from; null where there is no file yet
     * @param instead the kept one it is, where the file is damaged; else null
     * @param note    what people have to know of that, one line; else null
     */
    public record Current(Snapshot snapshot, byte[] content, Kept instead, String note) {}

    /** @param root absolute: the folder that {@code models/} is in */
    public static Archive of(Host host, Path root) {
        var name = AtomicFile.sha256(root.toString().getBytes(StandardCharsets.UTF_8)).substring(0, 24);
        return new Archive(host, host.stateDir().resolve("snapshots").resolve(name), root.resolve("models").resolve("catalog.json"));
    }

    /**
     * The right to read, merge and write what is in {@code models/} of this root, which {@link #replace} and the others do not take
     * by themselves: they are parts of such a change. A state folder that cannot be written is no reason not to fetch, so there it
     * keeps only this process's own threads apart.
     */
    public Closeable lock() throws IOException, InterruptedException {
        return Exclusive.take(folder.resolve("lock"));
    }

    /** @return the newest first */
    public List<Kept> list() throws IOException {
        var kept = new ArrayList<Kept>();
        try (var files = Files.newDirectoryStream(folder)) {
            for (var one : files) {
                var named = Kept.of(one);
                if (named != null) {
                    kept.add(named);
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        }
        kept.sort(Comparator.comparing(Kept::id).reversed());
        return kept;
    }

    /** Those whose id or checksum begins so, the newest first; of the same content the newest alone. */
    public List<Kept> find(String beginning) throws IOException {
        var found = new ArrayList<Kept>();
        for (var kept : list()) {
            boolean fits = kept.id().startsWith(beginning) || kept.hash().startsWith(beginning);
            if (fits && found.stream().noneMatch(one -> one.hash().equals(kept.hash()))) {
                found.add(kept);
            }
        }
        return found;
    }

    /**
     * What came before this content, the newest first. Where the content is not kept (somebody changed or deleted the file, or it is
     * damaged) that is all that is kept, and first of all what catalog wrote there last, which after a rollback is not the newest.
     *
     * @param content may be null
     */
    public List<Kept> before(byte[] content) throws IOException {
        var kept = list();
        var mark = content == null ? null : Packed.mark(content);
        int at = 0;
        while (at < kept.size() && !Packed.mark(kept.get(at).file()).equals(mark)) {
            at++;
        }
        if (at == kept.size()) {
            var written = inputs().snapshot();
            return Stream.concat(kept.stream().filter(one -> one.isOf(written)).limit(1), kept.stream()).distinct().toList();
        }
        var hash = kept.get(at).hash();
        return kept.stream().skip(at).filter(one -> !one.hash().equals(hash)).toList();
    }

    /**
     * Since when this content is known here; null where it is not kept. It may have been kept again, when something else replaced
     * it. Rather too old than too new: a content that came back after another counts from its first time.
     */
    public Instant since(byte[] content) throws IOException {
        var sha256 = AtomicFile.sha256(content);
        return list().stream().filter(one -> one.isOf(sha256)).map(Kept::at).min(Instant::compareTo).orElse(null);
    }

    /** {@code models/extra/inputs.json}, see {@link Inputs}. */
    public Path inputsFile() {
        return file.resolveSibling("extra").resolve("inputs.json");
    }

    public Inputs inputs() throws IOException {
        return Inputs.read(inputsFile());
    }

    /** @throws ConfigError where it is damaged, or of a newer catalog */
    public Snapshot read(Kept kept) {
        return Snapshot.read(kept.file(), kept.load());
    }

    /**
     * The current snapshot; where its file is damaged the one that catalog wrote there last, else the newest that is
     * kept whole. No file is an empty snapshot.
     *
     * @param age of two moments how old the first was at the second, in words
     * @throws ConfigError where it is damaged and no other is kept, or a newer catalog wrote it
     */
    public Current current(Instant now, BiFunction<Instant, Instant, String> age) throws IOException {
        byte[] content;
        try {
            content = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return new Current(Snapshot.empty(), null, null, null);
        }
        try {
            return new Current(Snapshot.read(file, content), content, null, null);
        } catch (ConfigError e) {
            var damage = DAMAGE.matcher(e.getMessage());
            for (var kept : damage.find() ? before(content) : List.<Kept>of()) {
                try {
                    var whole = kept.load();
                    return new Current(Snapshot.read(kept.file(), whole), whole, kept, file + " is damaged (" + damage.group(1)
                            + "); using the snapshot of " + minute(kept.at()) + " (" + age.apply(kept.at(), now)
                            + "); 'catalog rollback' writes it back");
                } catch (ConfigError alsoDamaged) {
                    continue;
                }
            }
            throw e;
        }
    }

    /** {@code 2026-11-20 12:00}, in UTC. */
    public static String minute(Instant at) {
        return at.truncatedTo(ChronoUnit.MINUTES).toString().replace('T', ' ').replaceFirst(":00Z$", "");
    }

    /** Keeps a snapshot, unless it is the newest that is kept, and forgets the oldest beyond the number to keep. */
    public Kept keep(byte[] content, Instant now) throws IOException {
        return keep(new Written(AtomicFile.sha256(content), Packed.pack(content)), now);
    }

    private Kept keep(Written content, Instant now) throws IOException {
        int most = most();
        var hash = content.sha256().substring(0, DIGITS);
        var newest = list().stream().findFirst().orElse(null);
        boolean same = newest != null && newest.hash().equals(hash);
        if (same && newest.isWhole()) {
            return newest;
        }
        var second = now.truncatedTo(ChronoUnit.SECONDS);
        var at = same ? newest.at() : newest == null || newest.at().isBefore(second) ? second : newest.at().plusSeconds(1);
        var id = STAMP.format(at) + "-" + hash;
        var kept = new Kept(id, folder.resolve(id + ".json.gz"), at, hash);
        AtomicFile.write(kept.file(), content.packed());
        var all = list();
        for (var old : all.subList(Math.min(most, all.size()), all.size())) {
            Files.deleteIfExists(old.file());
        }
        return kept;
    }

    private int most() {
        var set = host.env("CATALOG_KEEP_SNAPSHOTS");
        if (set != null && !set.matches("[1-9][0-9]{0,3}")) {
            throw new ConfigError("CATALOG_KEEP_SNAPSHOTS is '" + Listing.visible(set) + "', not a number from 1 to 9999");
        }
        return set == null ? MOST_KEPT : Integer.parseInt(set);
    }

    /**
     * Keeps what {@code models/catalog.json} holds, where it is a snapshot; a damaged one is laid beside those that are kept.
     *
     * @param again also where it is kept already, but is not the newest
     */
    public void keepCurrent(Instant now, boolean again) throws IOException {
        if (!Files.isRegularFile(file)) {
            return;
        }
        var content = Files.readAllBytes(file);
        var mark = Packed.mark(content);
        var kept = list();
        int at = 0;
        while (at < kept.size() && !(Packed.mark(kept.get(at).file()).equals(mark) && kept.get(at).isWhole())) {
            at++;
        }
        if (at == 0 && !kept.isEmpty() || at < kept.size() && !again) {
            return;
        }
        try {
            // What is kept was whole once; only of what others left there nobody knows.
            if (at == kept.size()) {
                Snapshot.read(file, content);
            }
        } catch (ConfigError e) {
            if (DAMAGE.matcher(e.getMessage()).find()) {
                AtomicFile.write(folder.resolve("damaged.json"), content);
                return;
            }
        }
        var written = Files.getLastModifiedTime(file).toInstant();
        keep(content, written.isBefore(now) ? written : now);
    }

    /**
     * What became of a new snapshot.
     *
     * @param sha256  of its content
     * @param problem what people have to know, one line; null where all went well
     */
    public record Replaced(String sha256, String problem) {}

    /**
     * Makes this content the current snapshot, and keeps it and what was there before. That it cannot be kept is no reason not
     * to write it.
     *
     * @param content best one that is made while it is written: what takes millions of bytes stays in memory for long
     */
    public Replaced replace(AtomicFile.Content content, Instant now) throws IOException {
        String problem = null;
        try {
            keepCurrent(now, true);
        } catch (IOException | ConfigError e) {
            problem = String.valueOf(e.getMessage());
        }
        var written = AtomicFile.write(file, content);
        try {
            keep(written, now);
        } catch (IOException | ConfigError e) {
            problem = String.valueOf(e.getMessage());
        }
        return new Replaced(written.sha256(), problem == null ? null
                : "the snapshot could not be kept for 'catalog diff' and 'catalog rollback': " + problem);
    }

    /**
     * {@code models/extra/inputs.json}: when each input of the snapshot was fetched, which the snapshot itself does not say so
     * that the same content gives the same bytes.
     *
     * @param snapshot SHA-256 of the {@code models/catalog.json} that it was written with; null where there is no such file
     * @param fetched  sorted by id
     */
    public record Inputs(String snapshot, List<Fetched> fetched) {
        /** @param at null where it is not known */
        public record Fetched(String id, String url, String sha256, Instant at) {}

        /** @param times of those fetched now; the others keep theirs as long as their content is the same */
        public static Inputs of(Snapshot snapshot, byte[] content, Map<String, Instant> times, Inputs before) {
            return of(snapshot, AtomicFile.sha256(content), times, before);
        }

        /** @param sha256 of the snapshot's content */
        public static Inputs of(Snapshot snapshot, String sha256, Map<String, Instant> times, Inputs before) {
            return new Inputs(sha256, snapshot.inputs().stream().map(input -> new Fetched(input.id(), input.url(),
                    input.sha256(), times.getOrDefault(input.id(), before.at(input)))).toList());
        }

        /** A file that is not there, or damaged, tells nothing. */
        public static Inputs read(Path file) throws IOException {
            try {
                var json = Json.parse(Files.readAllBytes(file));
                var fetched = new ArrayList<Fetched>();
                for (var one : json.path("inputs")) {
                    if (one.path("id").isTextual() && one.path("sha256").isTextual()) {
                        fetched.add(new Fetched(one.get("id").textValue(), one.path("url").asText(), one.get("sha256").textValue(),
                                time(one)));
                    }
                }
                return new Inputs(json.path("snapshot").path("sha256").textValue(), fetched);
            } catch (NoSuchFileException | JsonProcessingException e) {
                return new Inputs(null, List.of());
            }
        }

        private static Instant time(JsonNode input) {
            try {
                return input.path("fetched_at").isTextual() ? Instant.parse(input.get("fetched_at").textValue()) : null;
            } catch (DateTimeException e) {
                return null;
            }
        }

        /** The file's content: JSON in UTF-8. */
        public byte[] bytes() {
            var root = JsonNodeFactory.instance.objectNode();
            root.putObject("snapshot").put("sha256", snapshot);
            var inputs = root.putArray("inputs");
            for (var one : fetched) {
                var input = inputs.addObject().put("id", one.id()).put("url", one.url()).put("sha256", one.sha256());
                if (one.at() != null) {
                    input.put("fetched_at", one.at().truncatedTo(ChronoUnit.SECONDS).toString());
                }
            }
            return (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
        }

        /** When this was fetched; null where that is not known, or what was fetched was another content. */
        public Instant at(Snapshot.Input input) {
            return fetched.stream().filter(one -> one.id().equals(input.id()) && one.sha256().equals(input.sha256())).map(Fetched::at)
                    .filter(Objects::nonNull).findFirst().orElse(null);
        }

        /** Whether it tells of this content. */
        public boolean isOf(byte[] content) {
            return AtomicFile.sha256(content).equals(snapshot);
        }
    }
}
