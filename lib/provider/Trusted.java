package lib.provider;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import lib.host.AtomicFile;
import lib.host.Host;

/**
 * The project folders that a person has vouched for: their {@code providers.yaml} and all files below {@code templates/}, as they
 * were then. If one of these is changed, added or removed, the folder counts as any other until the person has looked again.
 *
 * @param file    where it is kept
 * @param folders the real folder to what was in it
 * @param damage  why nothing is known of what was trusted before, one line; null where all is well
 */
public record Trusted(Path file, SortedMap<String, Seen> folders, String damage) {
    private static final String PROVIDERS = "providers.yaml";
    private static final String TEMPLATES = "templates";
    private static final int MOST_FILES = 2_000;

    /** @param files relative path, with {@code /}, to the SHA-256 of its content */
    public record Seen(Instant at, SortedMap<String, String> files) {}

    public static Trusted load(Host host) {
        var file = host.stateDir().resolve("trusted.json");
        var folders = new TreeMap<String, Seen>();
        try {
            var root = Json.parse(Files.readAllBytes(file));
            if (root.path("schema").asInt() != 1) {
                return damaged(file, "is of another schema");
            }
            for (var folder : root.path("folders").properties()) {
                var files = new TreeMap<String, String>();
                folder.getValue().path("files").properties().forEach(one -> files.put(one.getKey(), one.getValue().asText()));
                folders.put(folder.getKey(), new Seen(Instant.parse(folder.getValue().path("at").asText()), files));
            }
            return new Trusted(file, folders, null);
        } catch (NoSuchFileException e) {
            return new Trusted(file, folders, null);
        } catch (JsonProcessingException | DateTimeException e) {
            return damaged(file, "is damaged");
        } catch (IOException e) {
            return damaged(file, "cannot be read (" + e.getClass().getSimpleName() + ")");
        }
    }

    private static Trusted damaged(Path file, String why) {
        return new Trusted(file, Collections.emptySortedMap(), file + " " + why + ", so no folder is trusted; see: catalog trust");
    }

    /** Whether the working directory is trusted as it is now. Costs next to nothing where there is nothing to trust. */
    public static boolean holds(Host host) {
        if (!hasFiles(host.cwd())) {
            return false;
        }
        var trusted = load(host);
        try {
            var folder = host.cwd().toRealPath();
            return trusted.folders.containsKey(folder.toString()) && trusted.changed(folder).isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    /** What to say of the working directory, which was trusted and is no more; null where there is nothing to say. */
    static String note(Host host) {
        if (!hasFiles(host.cwd())) {
            return null;
        }
        var trusted = load(host);
        if (trusted.damage != null) {
            return trusted.damage;
        }
        try {
            var folder = host.cwd().toRealPath();
            var changed = trusted.folders.containsKey(folder.toString()) ? trusted.changed(folder) : List.<String>of();
            return changed.isEmpty() ? null : "not trusted any more, as it changed since: " + named(changed)
                    + "; to look and trust again: catalog trust";
        } catch (IOException e) {
            return "not trusted, as it cannot be read (" + Listing.visible(String.valueOf(e.getMessage())) + ")";
        }
    }

    /** Some files in one line. */
    public static String named(List<String> files) {
        var shown = files.stream().limit(5).map(file -> "./" + Listing.visible(file)).toList();
        return String.join(", ", shown) + (files.size() > 5 ? " and " + (files.size() - 5) + " more" : "");
    }

    private static boolean hasFiles(Path folder) {
        return Files.exists(folder.resolve(PROVIDERS)) || Files.exists(folder.resolve(TEMPLATES));
    }

    /**
     * Of a folder that is in {@link #folders}, the files that are not as they were.
     *
     * @param folder its real path
     */
    public List<String> changed(Path folder) throws IOException {
        var then = folders.get(folder.toString()).files();
        var now = files(folder);
        var all = new TreeSet<>(then.keySet());
        all.addAll(now.keySet());
        all.removeIf(file -> then.containsKey(file) && then.get(file).equals(now.get(file)));
        return new ArrayList<>(all);
    }

    /**
     * What one vouches for when one trusts a folder, as it is now.
     *
     * @param folder its real path
     * @throws IOException naming what cannot be read, or saying that there is too much
     */
    public static SortedMap<String, String> files(Path folder) throws IOException {
        var files = new TreeMap<String, String>();
        if (Files.isRegularFile(folder.resolve(PROVIDERS))) {
            files.put(PROVIDERS, sha256(folder.resolve(PROVIDERS)));
        }
        var templates = folder.resolve(TEMPLATES);
        if (Files.isDirectory(templates)) {
            try (var found = Files.walk(templates, FileVisitOption.FOLLOW_LINKS)) {
                for (var file : (Iterable<Path>) found.filter(Files::isRegularFile)::iterator) {
                    if (files.size() == MOST_FILES) {
                        throw new IOException(templates + " holds more than " + MOST_FILES + " files");
                    }
                    files.put(folder.relativize(file).toString().replace('\\', '/'), sha256(file));
                }
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }
        return files;
    }

    private static String sha256(Path file) throws IOException {
        try (var in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** @param files as {@link #files} told before the person was asked: what changed meanwhile is not trusted */
    public Trusted with(Path folder, SortedMap<String, String> files, Instant at) {
        var more = new TreeMap<>(folders);
        more.put(folder.toString(), new Seen(at, files));
        return new Trusted(file, more, null);
    }

    public Trusted without(String folder) {
        var fewer = new TreeMap<>(folders);
        fewer.remove(folder);
        return new Trusted(file, fewer, null);
    }

    public void save() throws IOException {
        var root = JsonNodeFactory.instance.objectNode().put("schema", 1);
        var all = root.putObject("folders");
        folders.forEach((folder, seen) -> {
            var files = all.putObject(folder).put("at", seen.at().toString()).putObject("files");
            seen.files().forEach(files::put);
        });
        AtomicFile.write(file, (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
