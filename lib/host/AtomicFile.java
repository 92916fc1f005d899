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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
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
        Files.createDirectories(target.getParent());
        var temporary = temporary(target);
        try {
            try (var channel = FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                var bytes = ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
            move(temporary, target);
        } finally {
            Files.deleteIfExists(temporary);
        }
        return true;
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
