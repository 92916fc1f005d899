package tests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Commands run in processes of their own, in an environment of which nothing is inherited.
 *
 * @param folder for the files that take the output, and the home; may have spaces in its name
 * @param env all of the environment
 */
record Shell(Path folder, Path cwd, Map<String, String> env) {
    /** The checkout: the tests are run from its root. */
    static final Path CHECKOUT = Path.of("").toAbsolutePath();

    record Result(int code, String out, String err) {}

    /** A new user: empty home, no language, the JDK of this test run, PATH without JBang. Maven's repository is shared. */
    static Shell of(Path folder) throws IOException {
        var env = new TreeMap<String, String>();
        env.put("HOME", Files.createDirectories(folder.resolve("home of a user")).toString());
        env.put("XDG_CACHE_HOME", folder.resolve("a cache").toString());
        env.put("JBANG_DIR", folder.resolve("jbang dir").toString());
        env.put("JBANG_REPO", System.getenv().getOrDefault("JBANG_REPO", Path.of(System.getProperty("user.home"), ".m2", "repository").toString()));
        env.put("JAVA_HOME", System.getProperty("java.home"));
        env.put("CATALOG_ARCHIVE", "off");
        env.put("PATH", searchPath().filter(at -> !Files.exists(at.resolve("jbang"))).map(Path::toString).collect(Collectors.joining(":")));
        return new Shell(folder, Files.createDirectories(folder.resolve("somewhere else")), env);
    }

    static Stream<Path> searchPath() {
        return Arrays.stream(System.getenv("PATH").split(":")).filter(at -> at.startsWith("/")).map(Path::of);
    }

    /** The same with a variable set; null removes it. */
    Shell with(String name, Object value) {
        var changed = new TreeMap<>(env);
        if (value == null) {
            changed.remove(name);
        } else {
            changed.put(name, value.toString());
        }
        return new Shell(folder, cwd, changed);
    }

    Shell in(Path other) {
        return new Shell(folder, other, env);
    }

    /** The same with a PATH of exactly the named commands. */
    Shell onlyWith(String... commands) throws IOException {
        var bin = Files.createTempDirectory(folder, "bin");
        for (var command : commands) {
            var found = searchPath().map(at -> at.resolve(command)).filter(Files::isExecutable).findFirst();
            if (found.isPresent()) {
                executable(bin.resolve(command), "#!/bin/sh\nexec " + found.get() + " \"$@\"\n");
            }
        }
        return with("PATH", bin);
    }

    Result run(Object... command) throws IOException, InterruptedException {
        return finish(start(command));
    }

    record Running(Process process, Path out, Path err) {}

    Running start(Object... command) throws IOException {
        var out = Files.createTempFile(folder, "out", "");
        var err = Files.createTempFile(folder, "err", "");
        var builder = new ProcessBuilder(Arrays.stream(command).map(Object::toString).toList())
                .directory(cwd.toFile()).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().putAll(env);
        return new Running(builder.start(), out, err);
    }

    Result finish(Running running) throws IOException, InterruptedException {
        running.process.getOutputStream().close();
        if (!running.process.waitFor(5, TimeUnit.MINUTES)) {
            running.process.destroyForcibly();
            throw new AssertionError("still running after 5 minutes: " + Files.readString(running.err));
        }
        return new Result(running.process.exitValue(), Files.readString(running.out), Files.readString(running.err));
    }

    /** The pinned JBang jar, put where the launcher looks for it. Fetched by the launcher itself if nobody has done so yet. */
    Path jbangJar() throws IOException, InterruptedException {
        var known = System.getenv("XDG_CACHE_HOME");
        var here = jars(Path.of(env.get("XDG_CACHE_HOME"), "catalog"));
        if (!here.isEmpty()) {
            return here.get(0);
        }
        var there = known == null ? List.<Path>of() : jars(Path.of(known, "catalog"));
        if (there.isEmpty()) {
            var result = run(CHECKOUT.resolve("catalog"), "version");
            here = jars(Path.of(env.get("XDG_CACHE_HOME"), "catalog"));
            if (here.isEmpty()) {
                throw new AssertionError("no JBang jar: " + result);
            }
            return here.get(0);
        }
        var into = Files.createDirectories(Path.of(env.get("XDG_CACHE_HOME"), "catalog"));
        return Files.copy(there.get(0), into.resolve(there.get(0).getFileName()));
    }

    private static List<Path> jars(Path cache) throws IOException {
        if (!Files.isDirectory(cache)) {
            return List.of();
        }
        try (var files = Files.list(cache)) {
            return files.filter(file -> file.getFileName().toString().matches("jbang-[0-9.]+\\.jar")).toList();
        }
    }

    /** Copies what the directives of {@code catalog.java} name, and the launcher. */
    static Path copyOfTheProject(Path to) throws IOException {
        var paths = new ArrayList<>(List.of("catalog", "catalog.java"));
        paths.addAll(Directives.of(CHECKOUT.resolve("catalog.java")).all());
        for (var path : paths) {
            var file = to.resolve(path);
            Files.createDirectories(file.getParent());
            Files.copy(CHECKOUT.resolve(path), file, StandardCopyOption.COPY_ATTRIBUTES);
        }
        return to;
    }

    static void executable(Path file, String text) throws IOException {
        write(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text, StandardCharsets.UTF_8);
    }
}
