package tests;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import lib.host.Host;

/**
 * A person at a terminal: a home, a working directory, an environment, and the whole command line run in this process.
 * The class {@code catalog} is in the unnamed package, which a named one cannot import; hence the reflection.
 */
final class FrontDoor {
    final Path home;
    final Path cwd;
    final Map<String, String> env = new LinkedHashMap<>();
    Instant now = Instant.parse("2026-11-20T12:00:00Z");

    /** @param folder empty; the home and the working directory are made in it */
    FrontDoor(Path folder) throws IOException {
        home = Files.createDirectories(folder.resolve("home"));
        cwd = Files.createDirectories(folder.resolve("work"));
        env.put("HOME", home.toString());
        // Tests ask nobody but loopback; those about catalogues put them there and take this away.
        env.put("CATALOG_SOURCES", "none");
    }

    /** The same person in another folder, or in the same by another way. */
    FrontDoor(Path home, Path cwd) {
        this.home = home;
        this.cwd = cwd;
    }

    record Result(int code, String out, String err) {}

    Result run(String... args) {
        return run(false, "", args);
    }

    /** At a terminal, with somebody who types this when asked. */
    Result typing(String typed, String... args) {
        return run(true, typed, args);
    }

    private Result run(boolean terminal, String typed, String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var host = new Host(Map.copyOf(env), cwd, Clock.fixed(now, ZoneOffset.UTC), new PrintWriter(out), new PrintWriter(err), terminal,
                new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)));
        try {
            var code = (int) Class.forName("catalog").getMethod("run", Host.class, String[].class).invoke(null, host, args);
            return new Result(code, out.toString(), err.toString());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** A provider on loopback, by the variables a user would set. */
    FrontDoor with(String name, String value) {
        env.put(name, value);
        return this;
    }

    /** Every file below a folder, path to content; what is compressed is shown as what was. */
    static Map<String, String> tree(Path folder) throws IOException {
        var files = new TreeMap<String, String>();
        if (!Files.isDirectory(folder)) {
            return files;
        }
        try (var walk = Files.walk(folder)) {
            for (var file : (Iterable<Path>) walk.filter(Files::isRegularFile)::iterator) {
                files.put(folder.relativize(file).toString().replace('\\', '/'), text(Files.readAllBytes(file)));
            }
        }
        return files;
    }

    private static String text(byte[] content) throws IOException {
        int at = 0;
        while (at + 1 < content.length && !(content[at] == 0x1f && (content[at + 1] & 0xff) == 0x8b && (at == 0 || content[at - 1] == '\n'))) {
            at++;
        }
        if (at + 1 >= content.length) {
            return new String(content, StandardCharsets.UTF_8);
        }
        try (var gzip = new GZIPInputStream(new ByteArrayInputStream(content, at, content.length - at))) {
            return new String(content, 0, at, StandardCharsets.UTF_8) + new String(gzip.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
