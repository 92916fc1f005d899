package lib.apply;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;

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
