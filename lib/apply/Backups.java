package lib.apply;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import lib.apply.SafeFile.Refused;
import lib.apply.SafeFile.Steps;
import lib.provider.Json;

/**
 * How files of a person were before we changed them: a folder for each time, whole or not there, with a copy of each file and a
 * {@code manifest.json}. Readable without this program too.
 */
public final class Backups {
    private static final String MANIFEST = "manifest.json";
    private static final Pattern ID = Pattern.compile("(\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\dZ)(?:-([1-9]\\d{0,5}))?");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH-mm-ss'Z'").withZone(ZoneOffset.UTC);
    private static final Duration WAIT = Duration.ofSeconds(30);

    private final Path dir;
    private final Clock clock;
    private final Steps steps;

    /** @param dir absolute; made when there is something to keep */
    public Backups(Path dir, Clock clock) {
        this(dir, clock, Steps.REAL);
    }

    public Backups(Path dir, Clock clock, Steps steps) {
        this.dir = dir;
        this.clock = clock;
        this.steps = steps;
    }

    /**
     * @param id its time, with {@code -2} and so on where there are more of that second
     * @param why in a few words
     * @param damage why nothing can be restored from it, one line; null where its manifest is whole
     */
    public record Backup(String id, Instant at, String why, Path dir, List<Copy> files, String damage) {}

    /**
     * @param named as it was named, absolute
     * @param real behind all links
     * @param file its copy's name in the folder; null if there was no such file, then the rest is null too
     * @param mode {@code rw-r--r--}; null where the system has none
     */
    public record Copy(Path named, Path real, String file, String sha256, String mode) {
        public boolean absent() {
            return file == null;
        }
    }

    public enum Became { RESTORED, SAME, REMOVED, LEFT }

    /** @param why it was left as it is, one line; null otherwise */
    public record Result(Path file, Became became, String why) {}

    /** @param before how everything was until then; null where nothing was written */
    public record Restored(Backup before, List<Result> results) {}

    /**
     * Keeps the files as they are now. Call it before the first byte changes, with their locks held.
     *
     * @param targets absolute; need not exist
     */
    public Backup create(Collection<Path> targets, String why) throws Refused {
        try (var lock = hold()) {
            removeLeftovers();
            return load(keepAll(targets, why));
        } catch (IOException e) {
            throw Refused.because("no backup could be made in " + dir, e);
        }
    }

    /** @return the id */
    private String keepAll(Collection<Path> targets, String why) throws IOException {
        var unfinished = unfinished();
        try {
            steps.makeDirs(unfinished);
            var files = JsonNodeFactory.instance.arrayNode();
            var seen = new HashSet<Path>();
            for (var target : targets) {
                var now = SafeFile.open(target);
                if (seen.add(now.real())) {
                    keep(now, target, unfinished, files);
                }
            }
            var at = clock.instant().truncatedTo(ChronoUnit.SECONDS);
            write(unfinished.resolve(MANIFEST), manifest(at, why, files));
            steps.fsyncDir(unfinished);
            var id = freeId(at);
            steps.move(unfinished, dir.resolve(id));
            steps.fsyncDir(dir);
            return id;
        } catch (IOException | RuntimeException e) {
            discard(unfinished, e);
            throw e;
        }
    }

    private void discard(Path unfinished, Exception failure) {
        try {
            if (Files.exists(unfinished)) {
                removeTree(unfinished);
            }
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private void keep(SafeFile now, Path target, Path into, ArrayNode files) throws IOException {
        var entry = files.addObject().put("named", target.toString()).put("real", now.real().toString());
        if (now.content() == null) {
            entry.put("absent", true);
            return;
        }
        var name = target.getFileName().toString().replaceAll("[^A-Za-z0-9._-]", "_");
        var file = files.size() + "-" + name.substring(Math.max(0, name.length() - 80));
        write(into.resolve(file), now.content());
        entry.put("file", file).put("sha256", SafeFile.sha256(now.content()));
        if (Steps.POSIX) {
            entry.put("mode", PosixFilePermissions.toString(Files.getPosixFilePermissions(now.real())));
        }
    }

    private void write(Path file, byte[] content) throws IOException {
        steps.write(file, content);
        steps.fsync(file);
    }

    /** With a sum of its own: a damaged path would send a file to the wrong place. */
    private static byte[] manifest(Instant at, String why, ArrayNode files) {
        var root = JsonNodeFactory.instance.objectNode().put("schema", 1).put("at", at.toString()).put("why", why);
        root.put("sha256_of_files", SafeFile.sha256(files.toString().getBytes(StandardCharsets.UTF_8)));
        root.set("files", files);
        return (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private String freeId(Instant at) {
        var time = TIME.format(at);
        var id = time;
        for (int i = 2; Files.exists(dir.resolve(id), LinkOption.NOFOLLOW_LINKS); i++) {
            id = time + "-" + i;
        }
        return id;
    }

    /** Newest first, damaged ones too. */
    public List<Backup> list() throws Refused {
        var all = new ArrayList<Backup>();
        try (var found = Files.newDirectoryStream(dir, path -> ID.matcher(path.getFileName().toString()).matches())) {
            for (var path : found) {
                all.add(load(path.getFileName().toString()));
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw Refused.because("the backups in " + dir + " cannot be listed", e);
        }
        all.sort(Comparator.comparing(Backup::at).thenComparingInt(Backups::number).reversed());
        return List.copyOf(all);
    }

    private static int number(Backup backup) {
        var id = ID.matcher(backup.id());
        return id.matches() && id.group(2) != null ? Integer.parseInt(id.group(2)) : 1;
    }

    /** @param idOrLatest an id, its time as clocks write it ({@code 08:52:22}), or {@code latest}: the newest that is not damaged */
    public Backup find(String idOrLatest) throws Refused {
        var wanted = idOrLatest.strip().replace(':', '-');
        for (var backup : list()) {
            if (backup.id().equals(wanted) || wanted.equals("latest") && backup.damage() == null) {
                return backup;
            }
        }
        throw new Refused((wanted.equals("latest") ? "there is no backup yet in " : "there is no backup " + wanted + " in ") + dir
                + "; see: catalog backups list");
    }

    private Backup load(String id) {
        var place = dir.resolve(id);
        Instant at;
        try {
            at = TIME.parse(id.substring(0, 20), Instant::from);
        } catch (DateTimeException e) {
            return new Backup(id, Instant.EPOCH, null, place, List.of(), "its name is no time");
        }
        try {
            var root = Json.parse(Files.readAllBytes(place.resolve(MANIFEST)));
            var files = root.path("files");
            if (root.path("schema").asInt() != 1 || !files.isArray()
                    || !SafeFile.sha256(files.toString().getBytes(StandardCharsets.UTF_8)).equals(root.path("sha256_of_files").asText())) {
                return new Backup(id, at, null, place, List.of(), MANIFEST + " is damaged");
            }
            var copies = new ArrayList<Copy>();
            for (var entry : files) {
                copies.add(new Copy(Path.of(entry.path("named").asText()), Path.of(entry.path("real").asText()), text(entry, "file"),
                        text(entry, "sha256"), text(entry, "mode")));
            }
            return new Backup(id, at, text(root, "why"), place, List.copyOf(copies), null);
        } catch (JsonProcessingException | InvalidPathException e) {
            return new Backup(id, at, null, place, List.of(), MANIFEST + " is damaged");
        } catch (IOException e) {
            return new Backup(id, at, null, place, List.of(), Refused.because(MANIFEST + " cannot be read", e).getMessage());
        }
    }

    private static String text(JsonNode json, String name) {
        return json.path(name).isTextual() ? json.get(name).textValue() : null;
    }

    /** What a file held then, if the copy is still what was written; null if there was none. */
    public byte[] read(Backup backup, Copy copy) throws Refused {
        if (copy.absent()) {
            return null;
        }
        var file = backup.dir().resolve(copy.file());
        try {
            var content = Files.readAllBytes(file);
            if (!SafeFile.sha256(content).equals(copy.sha256())) {
                throw new Refused("the copy of " + copy.named() + " is damaged and not used: " + file);
            }
            return content;
        } catch (IOException e) {
            throw Refused.because("the copy of " + copy.named() + " cannot be read", e);
        }
    }

    /**
     * Puts everything back, after a backup of how it is now. What cannot be put back is left and told; the rest is done. A file that
     * is there keeps its mode: we have never changed it, so whoever did meant it.
     *
     * @param ours whether a file (as it was named) with this content is as we last wrote it: only then may it be removed where
     *     there was none
     */
    public Restored restore(Backup backup, Path stateDir, Duration wait, BiPredicate<Path, byte[]> ours) throws Refused {
        if (backup.damage() != null) {
            throw new Refused("backup " + backup.id() + " cannot be restored: " + backup.damage() + "; see: catalog backups list");
        }
        var results = new ArrayList<Result>();
        var pending = new ArrayList<Pending>();
        try {
            for (var copy : backup.files().stream().sorted(Comparator.comparing(Copy::real)).toList()) {
                prepare(backup, copy, stateDir, wait, ours, pending, results);
            }
            if (pending.isEmpty()) {
                return new Restored(null, List.copyOf(results));
            }
            var before = create(pending.stream().map(one -> one.copy.named()).toList(), "before restoring " + backup.id());
            pending.forEach(one -> results.add(put(one)));
            return new Restored(before, List.copyOf(results));
        } finally {
            pending.forEach(one -> one.file.close());
        }
    }

    /** What will be written, under its lock. @param content null: the file is removed */
    private record Pending(Copy copy, SafeFile file, byte[] content) {}

    private void prepare(Backup backup, Copy copy, Path stateDir, Duration wait, BiPredicate<Path, byte[]> ours, List<Pending> pending,
            List<Result> results) {
        SafeFile file = null;
        boolean kept = false;
        try {
            if (!SafeFile.resolve(copy.named()).equals(copy.real())) {
                throw new Refused(copy.named() + " led to " + copy.real() + " then, and to another file now"
                        + (copy.absent() ? "" : "; its copy is " + backup.dir().resolve(copy.file())));
            }
            var content = read(backup, copy);
            file = SafeFile.lock(stateDir, copy.named(), wait, steps);
            if (Arrays.equals(content, file.content())) {
                results.add(new Result(copy.named(), Became.SAME, null));
                return;
            }
            if (content == null && !ours.test(copy.named(), file.content())) {
                throw new Refused(copy.named() + " was not there then, but is not as we wrote it; if you do not need it, remove it");
            }
            file.checkReplaceable();
            pending.add(new Pending(copy, file, content));
            kept = true;
        } catch (Refused e) {
            results.add(new Result(copy.named(), Became.LEFT, e.getMessage()));
        } finally {
            if (file != null && !kept) {
                file.close();
            }
        }
    }

    private static Result put(Pending one) {
        var done = one.content == null ? Became.REMOVED : Became.RESTORED;
        try {
            if (one.content == null) {
                one.file.remove();
            } else {
                one.file.replace(one.content, one.copy.mode() == null ? null : PosixFilePermissions.fromString(one.copy.mode()));
            }
            return new Result(one.copy.named(), done, null);
        } catch (Refused e) {
            boolean there = Arrays.equals(one.content, one.file.content());
            return new Result(one.copy.named(), there ? done : Became.LEFT, e.getMessage());
        }
    }

    /**
     * Removes what is neither among the newest nor young.
     *
     * @param keep so many are kept at least; 0: age alone decides
     * @param olderThan only those; zero: the number alone decides
     * @return the removed ones
     */
    public List<Backup> prune(int keep, Duration olderThan) throws Refused {
        if (!Files.isDirectory(dir)) {
            return List.of();
        }
        try (var lock = hold()) {
            removeLeftovers();
            var limit = clock.instant().minus(olderThan);
            var old = list().stream().skip(keep).filter(backup -> !backup.at().isAfter(limit)).toList();
            for (var backup : old) {
                var unfinished = unfinished();
                steps.move(backup.dir(), unfinished);
                removeTree(unfinished);
            }
            steps.fsyncDir(dir);
            return old;
        } catch (IOException e) {
            throw Refused.because("the backups in " + dir + " could not all be removed", e);
        }
    }

    private SafeFile.Held hold() throws Refused {
        return SafeFile.Held.take(dir.resolve(".lock"), dir, WAIT);
    }

    private Path unfinished() {
        return dir.resolve(".catalog-" + UUID.randomUUID() + ".tmp");
    }

    /** We hold the lock, so whoever began these is gone. */
    private void removeLeftovers() throws IOException {
        try (var found = Files.newDirectoryStream(dir, ".catalog-*.tmp")) {
            for (var leftover : found) {
                removeTree(leftover);
            }
        }
    }

    private void removeTree(Path tree) throws IOException {
        Files.walkFileTree(tree, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                steps.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException failure) throws IOException {
                steps.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
