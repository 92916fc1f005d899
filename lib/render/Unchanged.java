package lib.render;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import lib.host.AtomicFile;

/**
 * What a rendering was made of and what it left behind, so that a run in which neither changed need not make it again.
 * Everything that can change a file has to be among the parts; a file that a person touched since is noticed by size and time.
 */
public final class Unchanged {
    private Unchanged() {}

    /** One name for all the parts, in this order. */
    public static String digest(Collection<String> parts) {
        try {
            var sha = MessageDigest.getInstance("SHA-256");
            for (var part : parts) {
                sha.update(part.getBytes(StandardCharsets.UTF_8));
                sha.update((byte) 0xff);
            }
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * Whether the same parts were rendered before and all that came of it is still there, untouched.
     *
     * @return the files, or null where something changed
     */
    public static List<Path> recall(Path record, String digest) throws IOException {
        if (!Files.isRegularFile(record)) {
            return null;
        }
        var lines = Files.readAllLines(record);
        if (lines.isEmpty() || !lines.get(0).equals(digest)) {
            return null;
        }
        var files = new ArrayList<Path>();
        for (var line : lines.subList(1, lines.size())) {
            var file = Path.of(line.substring(line.indexOf('\t') + 1));
            if (!Files.isRegularFile(file) || !line.equals(line(file))) {
                return null;
            }
            files.add(file);
        }
        return files;
    }

    /** @param files all that the rendering left, written now or found as it should be */
    public static void remember(Path record, String digest, Collection<Path> files) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(digest);
        for (var file : files) {
            if (file.toString().contains("\n")) {
                Files.deleteIfExists(record);
                return;
            }
            lines.add(line(file));
        }
        AtomicFile.write(record, String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    }

    private static String line(Path file) throws IOException {
        return Files.size(file) + " " + Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS) + "\t" + file;
    }
}
