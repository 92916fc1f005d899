package lib.apply;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * The only way in which a file that belongs to a person is written: through links, whole, with its mode, and never over what
 * somebody else has written meanwhile. The lock covers reading, editing and replacing:
 *
 * <pre>{@code
 * try (var file = SafeFile.lock(stateDir, target, Duration.ofSeconds(10))) {
 *     file.replace(edited(file.content()));
 * }
 * }</pre>
 *
 * <p>Who locks several files takes them in the order of their {@link #real} paths, else two runs may wait for each other.
 * A replaced file is a new one: ACLs and extended attributes of the old one are not carried over.
 */
public final class SafeFile implements AutoCloseable {
    private static final int MOST_LINKS = 40;

    /** One line: what is wrong with which file, and what to do. Nothing was written, or the line says what. */
    public static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }

        private Refused(String what, IOException cause) {
            super(what + ": " + reason(cause), cause);
        }

        static Refused because(String what, IOException cause) {
            return cause instanceof Refused refused ? refused : new Refused(what, cause);
        }

        private static String reason(IOException e) {
            if (!(e instanceof FileSystemException file)) {
                return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            }
            var why = e instanceof AccessDeniedException ? "permission denied" : e instanceof NoSuchFileException ? "not there"
                    : file.getReason() == null ? e.getClass().getSimpleName() : file.getReason();
            return why + " (" + file.getFile() + ")";
        }
    }

    private final Path named;
    private final Path real;
    private final Held held;
    private final Steps steps;
    private byte[] content;
    /** Of the file that {@link #remove} has removed; null where it has not. */
    private Set<PosixFilePermission> removedMode;

    private SafeFile(Path named, Path real, Held held, Steps steps) throws Refused {
        this.named = named;
        this.real = real;
        this.held = held;
        this.steps = steps;
        this.content = read(real);
    }

    /** Only for looking: without a lock, so without {@link #replace}. @param target absolute */
    public static SafeFile open(Path target) throws Refused {
        return new SafeFile(target, resolve(target), null, Steps.REAL);
    }

    /**
     * Waits for another run that has this file, removes what a killed one left beside it, and reads it.
     *
     * @param stateDir lock files are kept there, for good: a lock on a removed file would exclude nobody
     * @param target absolute; need not exist, may be a link
     */
    public static SafeFile lock(Path stateDir, Path target, Duration wait) throws Refused {
        return lock(stateDir, target, wait, Steps.REAL);
    }

    public static SafeFile lock(Path stateDir, Path target, Duration wait, Steps steps) throws Refused {
        var real = resolve(target);
        var key = sha256(real.toString().getBytes(StandardCharsets.UTF_8)).substring(0, 24);
        var held = Held.take(stateDir.resolve("locks").resolve(key + ".lock"), target, wait);
        try {
            removeLeftovers(real, steps);
            return new SafeFile(target, real, held, steps);
        } catch (Refused | RuntimeException | Error e) {
            held.close();
            throw e;
        }
    }

    /** What was read, or what we have written since; null where there is no file. */
    public byte[] content() {
        return content == null ? null : content.clone();
    }

    /** The file behind all links, or where it would be. */
    public Path real() {
        return real;
    }

    /** Whether {@link #replace} would be refused, for as far as can be known without trying. */
    public void checkReplaceable() throws Refused {
        try {
            int links = content != null && Steps.POSIX ? (int) Files.getAttribute(real, "unix:nlink") : 1;
            if (links > 1) {
                throw refused("has " + links + " hard links, and replacing it would part them; to make it a file of its own: cp -p '"
                        + real + "' '" + real + ".own' && mv '" + real + ".own' '" + real + "'");
            }
            if (content != null && readOnly(real)) {
                throw refused("is read-only; if a tool makes it (Nix, home-manager), change it there, else: chmod u+w '" + real + "'");
            }
            var dir = real.getParent();
            while (Files.notExists(dir, LinkOption.NOFOLLOW_LINKS)) {
                dir = dir.getParent();
            }
            if (!Files.isDirectory(dir)) {
                throw refused("cannot be made, as " + dir + " is no folder; move that away");
            }
            if (readOnly(dir)) {
                throw refused("is in a read-only folder; if a tool makes that, change it there, else: chmod u+w '" + dir + "'");
            }
        } catch (IOException e) {
            throw Refused.because("cannot look at " + named, e);
        }
    }

    /**
     * Writes the whole file, unless it holds just that. If only the very last step fails, to sync the folder, the new content is
     * there already, and {@link #content} says so. A file that was there keeps its mode, also one that was removed here.
     *
     * @return whether anything was written
     */
    public boolean replace(byte[] newContent) throws Refused {
        return replace(newContent, removedMode);
    }

    /** @param mode of a file that is not there yet; null: only for its owner. One that is there keeps its own. */
    boolean replace(byte[] newContent, Set<PosixFilePermission> mode) throws Refused {
        checkLocked();
        if (Arrays.equals(newContent, content)) {
            return false;
        }
        checkUnchanged();
        checkReplaceable();
        var temporary = real.resolveSibling("." + real.getFileName() + ".catalog-" + UUID.randomUUID() + ".tmp");
        try {
            steps.makeDirs(real.getParent());
            steps.write(temporary, newContent);
            steps.chmod(temporary, Steps.POSIX && content != null ? Files.readAttributes(real, PosixFileAttributes.class) : null, mode);
            steps.fsync(temporary);
            checkUnchanged();
            steps.move(temporary, real);
        } catch (IOException e) {
            discard(temporary, e);
            throw Refused.because(named + " was not changed", e);
        } catch (RuntimeException | Error e) {
            discard(temporary, e);
            throw e;
        }
        content = newContent.clone();
        settle("was replaced");
        return true;
    }

    /** Removes the file that was read; links to it stay. @return false where there was none */
    public boolean remove() throws Refused {
        checkLocked();
        if (content == null) {
            return false;
        }
        checkUnchanged();
        checkReplaceable();
        try {
            removedMode = Steps.POSIX ? Files.getPosixFilePermissions(real) : null;
            steps.delete(real);
        } catch (IOException e) {
            throw Refused.because(named + " was not removed", e);
        }
        content = null;
        settle("was removed");
        return true;
    }

    @Override
    public void close() {
        if (held != null) {
            held.close();
        }
    }

    private void checkLocked() {
        if (held == null || !held.channel.isOpen()) {
            throw new IllegalStateException("not locked: " + named);
        }
    }

    private void checkUnchanged() throws Refused {
        if (!resolve(named).equals(real)) {
            throw refused("leads to another file meanwhile; run again");
        }
        if (!Arrays.equals(read(real), content)) {
            throw refused("was changed by somebody else meanwhile; run again");
        }
    }

    private void discard(Path temporary, Throwable failure) {
        try {
            steps.delete(temporary);
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private void settle(String done) throws Refused {
        try {
            steps.fsyncDir(real.getParent());
        } catch (IOException e) {
            throw Refused.because(named + " " + done + ", but a power cut may undo that, as its folder cannot be synced", e);
        }
    }

    private Refused refused(String what) {
        return new Refused(named + (real.equals(named) ? " " : " (that is " + real + ") ") + what);
    }

    /** By its mode too: root may write anywhere, and still somebody has said that this is not to be written. */
    private static boolean readOnly(Path path) throws IOException {
        return !Files.isWritable(path) || Steps.POSIX && !Files.getPosixFilePermissions(path).contains(PosixFilePermission.OWNER_WRITE);
    }

    /** @return null where there is none */
    private static byte[] read(Path real) throws Refused {
        try {
            var attributes = Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                var what = attributes.isDirectory() ? "a folder" : "not a regular file";
                throw new Refused(real + " is " + what + "; move it away, or name another file");
            }
            return Files.readAllBytes(real);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw Refused.because("cannot read " + real, e);
        }
    }

    static Path resolve(Path target) throws Refused {
        if (!target.isAbsolute()) {
            throw new IllegalArgumentException("not absolute: " + target);
        }
        try {
            var real = resolve(target, target, new int[1]);
            return Files.exists(real) ? real.toRealPath() : real;
        } catch (IOException e) {
            throw Refused.because("cannot follow " + target, e);
        }
    }

    /** Step by step, since {@link Path#toRealPath} finds no way to a file that does not exist yet. */
    private static Path resolve(Path path, Path target, int[] links) throws IOException {
        if (path.getParent() == null) {
            return path;
        }
        var dir = resolve(path.getParent(), target, links);
        if (path.endsWith(".") || path.endsWith("..")) {
            return path.endsWith(".") || dir.getParent() == null ? dir : dir.getParent();
        }
        var at = dir.resolve(path.getFileName());
        if (!Files.isSymbolicLink(at)) {
            return at;
        }
        if (++links[0] > MOST_LINKS) {
            throw new Refused(target + " is a link that leads in a circle; see: ls -l '" + at + "'");
        }
        return resolve(dir.resolve(Files.readSymbolicLink(at)), target, links);
    }

    /** We hold the lock of this file, so whoever wrote these is gone. */
    private static void removeLeftovers(Path real, Steps steps) throws Refused {
        var ours = Pattern.compile(Pattern.quote("." + real.getFileName() + ".catalog-") + "[0-9a-f-]{36}\\.tmp");
        if (real.getParent() == null || !Files.isDirectory(real.getParent())) {
            return;
        }
        try (var found = Files.newDirectoryStream(real.getParent(), path -> ours.matcher(path.getFileName().toString()).matches())) {
            for (var leftover : found) {
                steps.delete(leftover);
            }
        } catch (IOException e) {
            throw Refused.because("what a killed run left beside " + real + " cannot be removed", e);
        }
    }

    /** Lower-case hex. */
    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * A lock against other processes and other threads.
     *
     * <p>The one set in the program that belongs to the process, since the system's locks do: closing any channel to a file gives
     * up every lock that the process has on it, so while one thread holds a lock no other may open its file.
     */
    record Held(Path place, FileChannel channel) implements AutoCloseable {
        private static final Set<Path> IN_THIS_PROCESS = ConcurrentHashMap.newKeySet();
        private static final long PAUSE_MS = 5;

        /** @param what is locked, for the message */
        static Held take(Path lockFile, Path what, Duration wait) throws Refused {
            long end = System.nanoTime() + wait.toNanos();
            try {
                Steps.REAL.makeDirs(lockFile.getParent());
                var place = lockFile.getParent().toRealPath().resolve(lockFile.getFileName());
                for (var held = attempt(place);; held = attempt(place)) {
                    if (held != null) {
                        return held;
                    }
                    if (System.nanoTime() >= end) {
                        throw new Refused("another run is busy with " + what + "; run again when it has ended");
                    }
                    Thread.sleep(PAUSE_MS);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Refused("interrupted while another run was busy with " + what);
            } catch (IOException e) {
                throw Refused.because("cannot lock " + what + " by " + lockFile, e);
            }
        }

        private static Held attempt(Path place) throws IOException {
            if (!IN_THIS_PROCESS.add(place)) {
                return null;
            }
            Held held = null;
            boolean locked = false;
            try {
                held = new Held(place, FileChannel.open(place, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
                locked = held.channel.tryLock() != null;
                return locked ? held : null;
            } finally {
                if (held == null) {
                    IN_THIS_PROCESS.remove(place);
                } else if (!locked) {
                    held.close();
                }
            }
        }

        @Override
        public void close() {
            if (!channel.isOpen()) {
                return;
            }
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot unlock " + place, e);
            } finally {
                IN_THIS_PROCESS.remove(place);
            }
        }
    }

    /** All that {@link SafeFile} and {@link Backups} do to the disk, step by step, so that a test can end a run at each of them. */
    public interface Steps {
        boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        Steps REAL = new Steps() {};

        /** Those that are missing, only for their owner. */
        default void makeDirs(Path dir) throws IOException {
            if (!Files.isDirectory(dir)) {
                Files.createDirectories(dir, onlyOwner("rwx------"));
            }
        }

        /** A new file, from its first moment only for its owner. */
        default void write(Path file, byte[] content) throws IOException {
            var options = Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
            try (var channel = FileChannel.open(file, options, onlyOwner("rw-------"))) {
                var bytes = ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
        }

        /**
         * Makes a new file as open as the old one. The group before the mode, so that no other group may read it for a moment; where
         * it may not be given, our own group gets no more than everybody. An owner that may not be given is we.
         *
         * @param old null where there is none
         * @param mode where there is no old one; null: as it is
         */
        default void chmod(Path file, PosixFileAttributes old, Set<PosixFilePermission> mode) throws IOException {
            if (!POSIX || old == null && mode == null) {
                return;
            }
            var view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
            var wanted = new HashSet<>(old == null ? mode : old.permissions());
            if (old != null && !view.readAttributes().group().equals(old.group())) {
                try {
                    view.setGroup(old.group());
                } catch (IOException e) {
                    retainForGroupWhatOthersHave(wanted);
                }
            }
            if (old != null && !view.getOwner().equals(old.owner())) {
                try {
                    view.setOwner(old.owner());
                } catch (IOException e) {
                    // Only root may give files away. Who may write to the folder may replace the file all the same.
                }
            }
            if (!view.readAttributes().permissions().equals(wanted)) {
                view.setPermissions(wanted);
            }
        }

        /** Open for reading where that suffices: its mode may be one that forbids writing. */
        default void fsync(Path file) throws IOException {
            try (var channel = FileChannel.open(file, POSIX ? StandardOpenOption.READ : StandardOpenOption.WRITE)) {
                channel.force(true);
            }
        }

        /** In one step, over what is there. On Windows again after a while: virus scanners and editors keep files open. */
        default void move(Path from, Path to) throws IOException {
            for (int pause = 20; ; pause *= 2) {
                try {
                    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                    return;
                } catch (AccessDeniedException e) {
                    if (POSIX || pause > 1000) {
                        throw e;
                    }
                }
                try {
                    Thread.sleep(pause);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted", e);
                }
            }
        }

        /** Without this a power cut may undo a move. Only POSIX systems let folders be opened. */
        default void fsyncDir(Path dir) throws IOException {
            if (POSIX) {
                try (var channel = FileChannel.open(dir, StandardOpenOption.READ)) {
                    channel.force(true);
                }
            }
        }

        /** A file or an empty folder, if it is there. */
        default void delete(Path path) throws IOException {
            Files.deleteIfExists(path);
        }

        private static void retainForGroupWhatOthersHave(Set<PosixFilePermission> mode) {
            retain(mode, PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ);
            retain(mode, PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
            retain(mode, PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.OTHERS_EXECUTE);
        }

        private static void retain(Set<PosixFilePermission> mode, PosixFilePermission group, PosixFilePermission others) {
            if (!mode.contains(others)) {
                mode.remove(group);
            }
        }

        private static FileAttribute<?>[] onlyOwner(String mode) {
            return POSIX ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                    : new FileAttribute<?>[0];
        }
    }
}
