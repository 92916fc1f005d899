package lib.host;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Files of our own that are whole at any moment: a reader, or a killed run, sees the old content or the new one. */
public final class AtomicFile {
    private AtomicFile() {}

    /** Writes {@code content} unless the file holds just that already. Makes folders as needed. @return true if written */
    public static boolean write(Path target, byte[] content) throws IOException {
        if (holds(target, content)) {
            return false;
        }
        replace(target, content);
        return true;
    }

    /** As above, for nobody but its owner to read, where the file system knows of owners. */
    public static void writePrivate(Path target, byte[] content) throws IOException {
        boolean posix = target.getFileSystem().supportedFileAttributeViews().contains("posix");
        replace(target, content, posix ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))}
                : new FileAttribute<?>[0]);
    }

    private static void replace(Path target, byte[] content, FileAttribute<?>... attributes) throws IOException {
        Files.createDirectories(target.getParent());
        var temporary = temporary(target);
        try {
            try (var channel = FileChannel.open(temporary, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), attributes)) {
                var bytes = ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
            move(temporary, target);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** Not createTempFile, whose files only their owner may read: results are as open as the user's umask says. */
    private static Path temporary(Path target) {
        return target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    }

    /** A content that is made while it is written: none of it need be in memory as a whole. */
    public interface Content {
        /** @param out is not closed */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * What was written.
     *
     * @param sha256 of the content, lower-case hex
     * @param packed the content, see {@link Packed#unpack}
     */
    public record Written(String sha256, byte[] packed) {}

    /** As {@link #write(Path, byte[])}, with what one needs to keep the same content elsewhere. */
    public static Written write(Path target, Content content) throws IOException {
        Files.createDirectories(target.getParent());
        var temporary = temporary(target);
        var packed = new ByteArrayOutputStream(1 << 16);
        var digest = sha256();
        try {
            try (var file = Files.newOutputStream(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
                    var packing = Packed.packing(packed)) {
                content.writeTo(new OutputStream() {
                    @Override
                    public void write(int one) throws IOException {
                        write(new byte[] {(byte) one}, 0, 1);
                    }

                    @Override
                    public void write(byte[] bytes, int from, int count) throws IOException {
                        file.write(bytes, from, count);
                        packing.write(bytes, from, count);
                        digest.update(bytes, from, count);
                    }
                });
            }
            if (!Files.isRegularFile(target) || Files.mismatch(temporary, target) >= 0) {
                move(temporary, target);
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
        return new Written(HexFormat.of().formatHex(digest.digest()), packed.toByteArray());
    }

    /** Whether the file exists with exactly this content. */
    public static boolean holds(Path target, byte[] content) throws IOException {
        return Files.isRegularFile(target) && Files.size(target) == content.length
                && Arrays.equals(Files.readAllBytes(target), content);
    }

    /** Of a content, lower-case hex. */
    public static String sha256(byte[] content) {
        return HexFormat.of().formatHex(sha256().digest(content));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /**
     * The right to be the only one, among all processes of this machine and all threads of this one, until closed. The file that it
     * stands for is never deleted: who waits for a deleted one waits beside those that take the new one.
     */
    public static final class Exclusive implements Closeable {
        private static final long MILLIS_BETWEEN = 20;
        /**
         * A process that closes any channel of a file loses its lock on that file, on POSIX. So nobody here may even open one that
         * is held here.
         */
        private static final Map<Path, Semaphore> HERE = new ConcurrentHashMap<>();

        private final Semaphore turn;
        private FileChannel channel;
        private boolean closed;

        private Exclusive(Semaphore turn) {
            this.turn = turn;
        }

        /**
         * Waits until it is free; not for one that the same thread holds already, which is never. Where the file cannot be made or
         * locked (a read-only folder, a network share without locks) it holds within this process alone.
         */
        public static Exclusive take(Path file) throws InterruptedException {
            var taken = new Exclusive(HERE.computeIfAbsent(file.normalize(), path -> new Semaphore(1, true)));
            taken.turn.acquire();
            try {
                Files.createDirectories(file.getParent());
                taken.channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                while (lock(taken.channel) == null) {
                    Thread.sleep(MILLIS_BETWEEN);
                }
            } catch (FileLockInterruptionException e) {
                taken.close();
                Thread.interrupted();
                throw new InterruptedException("while waiting for " + file);
            } catch (InterruptedException | RuntimeException e) {
                taken.close();
                throw e;
            } catch (IOException unusable) {
                return taken;
            }
            return taken;
        }

        /** @return null where this process holds it by another name, or by classes loaded twice */
        private static FileLock lock(FileChannel channel) throws IOException {
            try {
                return channel.lock();
            } catch (OverlappingFileLockException e) {
                return null;
            }
        }

        /** Gives it up, once: a second time would give up what is somebody else's by now. */
        @Override
        public synchronized void close() {
            if (closed) {
                return;
            }
            closed = true;
            try {
                if (channel != null) {
                    channel.close();
                }
            } catch (IOException e) {
                return; // the system gives the lock up with the process at the latest
            } finally {
                turn.release();
            }
        }
    }

    /** What lies below a folder, and where the links among it lead. */
    public static final class Tree {
        private static final int MOST = 20_000;

        private Tree() {}

        /** A link that leads out of the folder it is below. @param path below that folder, with {@code /} */
        public record Link(String path, Path to) {
            private static Link of(Path folder, Path link, Path to) {
                return new Link(folder.relativize(link).toString().replace('\\', '/'), to);
            }
        }

        /**
         * All files below a folder, links followed.
         *
         * @param depth how many folders deep at most
         * @throws IOException naming what cannot be read, the link that leads in a circle, or the folder that holds too much
         */
        public static List<Path> files(Path folder, int depth) throws IOException {
            var files = new ArrayList<Path>();
            walk(folder, depth, new SimpleFileVisitor<>() {
                private int visited;

                @Override
                public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) throws IOException {
                    return count();
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    if (attributes.isRegularFile()) {
                        files.add(file);
                    }
                    return count();
                }

                private FileVisitResult count() throws IOException {
                    if (++visited > MOST) {
                        throw new FileSystemException(folder.toString(), null, "holds more than " + MOST + " files and folders");
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                    throw e instanceof FileSystemLoopException ? new FileSystemLoopException(circling(folder, file).toString()) : e;
                }
            });
            return files;
        }

        /** The first link on the way to a file that leads back to where it lies, or above it. */
        private static Path circling(Path folder, Path file) throws IOException {
            var first = file;
            for (var link = file; link.startsWith(folder); link = link.getParent()) {
                if (Files.isSymbolicLink(link) && link.toAbsolutePath().getParent().toRealPath().startsWith(link.toRealPath())) {
                    first = link;
                }
            }
            return first;
        }

        /** The link by which a path below a folder leads out of it; null where it stays inside, as far as it exists. */
        public static Link wayOut(Path folder, Path below) throws IOException {
            if (!Files.isDirectory(folder)) {
                return null;
            }
            var real = folder.toRealPath();
            var at = folder;
            for (var step : folder.relativize(below)) {
                at = at.resolve(step);
                boolean there = Files.exists(at);
                if (!there && !Files.isSymbolicLink(at)) {
                    return null;
                }
                var to = there ? at.toRealPath() : at.resolveSibling(Files.readSymbolicLink(at)).normalize();
                if (!to.startsWith(real)) {
                    return Link.of(folder, at, to);
                }
            }
            return null;
        }

        /**
         * The links to folders by which what is below these names leads out.
         *
         * @param folder its real path
         * @param names  in it; they need not exist
         */
        public static List<Link> waysOut(Path folder, Collection<String> names) throws IOException {
            var links = new ArrayList<Link>();
            for (var name : names) {
                walk(folder.resolve(name), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) throws IOException {
                        var to = dir.toRealPath();
                        if (to.startsWith(folder)) {
                            return FileVisitResult.CONTINUE;
                        }
                        links.add(Link.of(folder, dir, to));
                        return FileVisitResult.SKIP_SUBTREE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException e) {
                        return FileVisitResult.CONTINUE; // nothing can be written there either
                    }
                });
            }
            return links;
        }

        private static void walk(Path folder, int depth, FileVisitor<Path> visitor) throws IOException {
            Files.walkFileTree(folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), depth, visitor);
        }
    }

    /** A content made small, and recognised without being made large again. */
    public static final class Packed {
        private Packed() {}

        /** Fast rather than small: it is done while somebody waits. */
        public static byte[] pack(byte[] content) throws IOException {
            var bytes = new ByteArrayOutputStream(content.length / 8);
            try (var out = packing(bytes)) {
                out.write(content);
            }
            return bytes.toByteArray();
        }

        /** What is written to it comes to {@code bytes} as {@link #pack} makes it, all of it once this is closed. */
        static OutputStream packing(ByteArrayOutputStream bytes) throws IOException {
            return new GZIPOutputStream(bytes, 1 << 16) {
                {
                    def.setLevel(Deflater.BEST_SPEED);
                }
            };
        }

        public static byte[] unpack(Path file) throws IOException {
            try (var in = new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(file)), 1 << 16)) {
                return in.readAllBytes();
            }
        }

        /** What a packed file ends in: CRC-32 and length. Enough to recognise a content, and there long before its SHA-256 is. */
        public static ByteBuffer mark(byte[] content) {
            var crc = new CRC32();
            crc.update(content);
            return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt((int) crc.getValue()).putInt(content.length).flip();
        }

        public static ByteBuffer mark(Path file) throws IOException {
            var end = ByteBuffer.allocate(8);
            try (var channel = FileChannel.open(file)) {
                channel.read(end, Math.max(0, channel.size() - 8));
            }
            return end.flip();
        }
    }
}
