package tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import lib.apply.SafeFile;
import lib.apply.SafeFile.Refused;
import lib.apply.SafeFile.Steps;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One run with a file of a person: what stays as it was, what is refused, and what a failure leaves. */
class SafeFileTest {
    private static final Duration SHORT = Duration.ofMillis(50);

    @TempDir
    Path folder;
    private Path dir;
    private Path state;

    @BeforeEach
    void real_paths() throws IOException {
        dir = Files.createDirectory(folder.toRealPath().resolve("home"));
        state = folder.toRealPath().resolve("state/catalog");
    }

    /** Calls {@code before} ahead of each step; what that throws, the step throws. */
    interface Fault {
        void before(String step, Object[] arguments) throws Throwable;
    }

    static Steps steps(Fault fault) {
        InvocationHandler faulty = (Object self, Method step, Object[] with) -> {
            fault.before(step.getName(), with);
            return InvocationHandler.invokeDefault(self, step, with);
        };
        return (Steps) Proxy.newProxyInstance(Steps.class.getClassLoader(), new Class<?>[] {Steps.class}, faulty);
    }

    /** Nothing reaches the disk from the {@code last}th step on, counted from 1: as if the process had been killed there. */
    static Steps dying(int last, List<String> done) {
        return steps((step, with) -> {
            if (done.size() + 1 >= last) {
                throw new IOException("dead");
            }
            done.add(step);
        });
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(dir.resolve(name), content);
    }

    private SafeFile lock(Path target) throws Refused {
        return SafeFile.lock(state, target, SHORT);
    }

    private boolean write(Path target, String content) throws Refused {
        try (var file = lock(target)) {
            return file.replace(bytes(content));
        }
    }

    private String refusal(Path target) {
        var message = assertThrows(Refused.class, () -> write(target, "refuse me")).getMessage();
        assertEquals(1, message.lines().count(), message);
        return message;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    static Path chmod(Path file, String mode) throws IOException {
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    static Set<String> names(Path in) throws IOException {
        try (var files = Files.list(in)) {
            return files.map(path -> path.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw-------", "rwxr-xr-x", "rw-rw-rw-", "-w-------"})
    void the_mode_of_a_file_stays(String mode) throws IOException {
        assumeTrue(Steps.POSIX, "modes are a thing of POSIX");
        var target = chmod(file("a.toml", "old"), mode);
        assumeTrue(Files.isReadable(target), "only root may read a file of this mode");
        assertTrue(write(target, "new"));
        assertEquals("new", Files.readString(target));
        assertEquals(mode, mode(target));
        assertEquals(Set.of("a.toml"), names(dir));
    }

    @Test
    void owner_and_group_stay_where_they_may_be_given() throws IOException {
        assumeTrue(Steps.POSIX, "groups are a thing of POSIX");
        var target = chmod(file("a.toml", "old"), "rw-r-----");
        var view = Files.getFileAttributeView(target, PosixFileAttributeView.class);
        var people = target.getFileSystem().getUserPrincipalLookupService();
        try {
            view.setGroup(people.lookupPrincipalByGroupName("daemon"));
            view.setOwner(people.lookupPrincipalByName("daemon"));
        } catch (IOException e) {
            assumeTrue(false, "only root may give files away");
        }
        write(target, "new");
        var now = view.readAttributes();
        assertEquals("daemon daemon rw-r-----", now.owner() + " " + now.group() + " " + mode(target));
    }

    @Test
    void a_new_file_is_only_for_its_owner_and_so_are_its_folders() throws IOException {
        var target = dir.resolve(".codex/profiles/a.toml");
        try (var file = lock(target)) {
            assertNull(file.content());
            assertTrue(file.replace(bytes("new")));
            assertArrayEquals(bytes("new"), file.content());
        }
        assertEquals("new", Files.readString(target));
        if (Steps.POSIX) {
            assertEquals("rw-------", mode(target));
            assertEquals("rwx------ rwx------", mode(target.getParent()) + " " + mode(dir.resolve(".codex")));
        }
    }

    @Test
    void the_same_content_is_not_written() throws IOException {
        var target = file("a.toml", "same");
        var before = Files.readAttributes(target, "creationTime,lastModifiedTime,fileKey");
        assertFalse(write(target, "same"));
        assertEquals(before, Files.readAttributes(target, "creationTime,lastModifiedTime,fileKey"));
    }

    @Test
    void who_reads_meanwhile_reads_the_old_file_to_its_end() throws IOException {
        assumeTrue(Steps.POSIX, "Windows lets nobody replace a file that is open");
        var target = file("a.toml", "old");
        try (var reader = Files.newBufferedReader(target)) {
            write(target, "new");
            assertEquals("old", reader.readLine());
        }
    }

    @Test
    void links_stay_links_however_they_lead_there() throws IOException {
        Files.createDirectories(dir.resolve("dotfiles/deep/er"));
        var real = file("dotfiles/a.toml", "0");
        var links = List.of(link("absolute", real), link("relative", Path.of("dotfiles/a.toml")), link("chain", Path.of("./relative")),
                link("longer", dir.resolve("dotfiles/../chain")), link("folder", Path.of("dotfiles")).resolve("a.toml"),
                // Lexically this would be ./a.toml.
                link("into", Path.of("dotfiles/deep/er")).resolve("../../a.toml"));
        for (int i = 0; i < links.size(); i++) {
            var text = "written " + i;
            try (var file = lock(links.get(i))) {
                assertEquals(real, file.real());
                file.replace(bytes(text));
            }
            assertEquals(text, Files.readString(real));
        }
        for (var link : List.of("absolute", "relative", "chain", "longer", "folder", "into")) {
            assertTrue(Files.isSymbolicLink(dir.resolve(link)), link);
        }
        assertFalse(Files.isSymbolicLink(real));
    }

    private Path link(String name, Path to) throws IOException {
        return Files.createSymbolicLink(dir.resolve(name), to);
    }

    @Test
    void a_link_to_nothing_yet_gets_its_file_where_it_points() throws IOException {
        var link = link("config.toml", Path.of("not/yet/there.toml"));
        write(link, "new");
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("new", Files.readString(dir.resolve("not/yet/there.toml")));
        write(link("folder", Path.of("nor/this")).resolve("b.toml"), "too");
        assertEquals("too", Files.readString(dir.resolve("nor/this/b.toml")));
    }

    @Test
    void what_is_no_file_is_refused() throws Exception {
        link("a", Path.of("b"));
        link("b", Path.of("a"));
        assertTrue(refusal(dir.resolve("a")).contains("in a circle"));
        assertTrue(refusal(dir).contains(dir + " is a folder"));
        assertTrue(refusal(dir).contains("is a folder"), "the lock was given back");
        assertTrue(refusal(dir.getRoot()).contains("is a folder"));
        file("plain", "x");
        assertTrue(refusal(dir.resolve("plain/a.toml")).startsWith("cannot read " + dir.resolve("plain/a.toml"))
                || refusal(dir.resolve("plain/a.toml")).contains("plain is no folder"), "in Java's words, which differ, or ours");
        assertThrows(IllegalArgumentException.class, () -> SafeFile.open(Path.of("a.toml")));
        assumeTrue(Steps.POSIX && new ProcessBuilder("mkfifo", dir.resolve("pipe").toString()).start().waitFor() == 0, "no mkfifo");
        assertTrue(refusal(dir.resolve("pipe")).contains("is not a regular file"));
    }

    @Test
    void read_only_files_and_folders_are_refused_with_advice() throws IOException {
        assumeTrue(Steps.POSIX, "modes are a thing of POSIX");
        var target = chmod(file("a.toml", "old"), "r--r--r--");
        var message = refusal(link("link.toml", Path.of("a.toml")));
        assertTrue(message.contains("link.toml (that is " + target + ") is read-only"), message);
        assertTrue(message.contains("chmod u+w '" + target), message);
        assertFalse(write(target, "old"), "nothing to write, nothing to refuse");
        chmod(target, "rw-r--r--");
        chmod(dir, "r-xr-xr-x");
        try {
            assertTrue(refusal(target).contains("read-only folder"));
            assertTrue(refusal(dir.resolve("sub/new.toml")).contains("chmod u+w '" + dir + "'"));
            assertThrows(Refused.class, () -> SafeFile.open(target).checkReplaceable());
        } finally {
            chmod(dir, "rwxr-xr-x");
        }
        assertEquals("old", Files.readString(target));
        SafeFile.open(target).checkReplaceable();
    }

    @Test
    void hard_links_are_not_parted() throws IOException {
        assumeTrue(Steps.POSIX, "Java tells the number of hard links on POSIX only");
        var target = file("a.toml", "old");
        Files.createLink(dir.resolve("b.toml"), target);
        assertTrue(refusal(target).contains("has 2 hard links"));
        assertEquals("old", Files.readString(target));
        Files.delete(dir.resolve("b.toml"));
        assertTrue(write(target, "new"));
    }

    @Test
    void what_somebody_else_writes_meanwhile_is_not_lost() throws IOException {
        var target = file("a.toml", "old");
        var absent = dir.resolve("b.toml");
        var link = link("link.toml", Path.of("a.toml"));
        try (var file = lock(target); var none = lock(absent)) {
            Files.writeString(target, "theirs");
            Files.writeString(absent, "theirs");
            for (var one : List.of(file, none)) {
                assertTrue(assertThrows(Refused.class, () -> one.replace(bytes("ours"))).getMessage().contains("changed by somebody else"));
                Files.delete(one.real());
            }
            assertThrows(Refused.class, () -> file.replace(bytes("ours")), "removed meanwhile");
            assertFalse(none.remove());
            Files.writeString(target, "old");
        }
        try (var file = lock(link)) {
            Files.delete(link);
            link("link.toml", Path.of("c.toml"));
            assertTrue(assertThrows(Refused.class, () -> file.replace(bytes("ours"))).getMessage().contains("another file"));
        }
        var late = steps((step, with) -> {
            if (step.equals("fsync")) {
                Files.writeString(target, "at the last moment");
            }
        });
        try (var file = SafeFile.lock(state, target, SHORT, late)) {
            assertThrows(Refused.class, () -> file.replace(bytes("ours")));
        }
        assertEquals("at the last moment", Files.readString(target));
        assertEquals(Set.of("a.toml", "link.toml"), names(dir));
    }

    @Test
    void only_what_is_ours_is_cleared_away() throws IOException {
        var target = file("a.toml", "old");
        var id = "-123e4567-e89b-42d3-a456-426614174000.tmp";
        var theirs = List.of(".a.toml.tmp", ".a.toml.catalog-x.tmp", ".b.toml.catalog" + id, ".axtoml.catalog" + id, "a.toml.catalog" + id);
        for (var name : theirs) {
            file(name, "");
        }
        file(".a.toml.catalog" + id, "half of a fi");
        SafeFile.open(target);
        assertTrue(Files.exists(dir.resolve(".a.toml.catalog" + id)), "only looking");
        lock(target).close();
        var left = new TreeSet<>(theirs);
        left.add("a.toml");
        assertEquals(left, names(dir));
    }

    @Test
    void a_written_file_can_be_written_back_or_removed_under_the_same_lock() throws IOException {
        var target = file("a.toml", "old");
        try (var file = lock(target)) {
            file.replace(bytes("new"));
            assertTrue(file.replace(bytes("old")));
            assertTrue(file.remove());
            assertNull(file.content());
            assertFalse(Files.exists(target));
        }
        var closed = lock(target);
        closed.close();
        try (var next = lock(target)) {
            closed.close();
            assertThrows(Refused.class, () -> lock(target), "closing twice gives up nobody else's lock");
        }
        assertThrows(IllegalStateException.class, () -> closed.replace(bytes("late")));
        assertThrows(IllegalStateException.class, () -> SafeFile.open(target).replace(bytes("unlocked")));
        assertFalse(Files.exists(target));
    }

    @Test
    void a_step_that_fails_leaves_the_old_file_or_the_new_one_and_nothing_beside_it() throws IOException {
        var done = new ArrayList<String>();
        for (int i = 0; done.size() >= i; i++) {
            for (var failure : List.of(new IOException("No space left on device"), new OutOfMemoryError("for a test"))) {
                var target = file("a.toml", "old");
                int at = i;
                done.clear();
                var steps = steps((step, with) -> {
                    done.add(step);
                    if (done.size() == at + 1) {
                        throw failure;
                    }
                });
                try (var file = SafeFile.lock(state, target, SHORT, steps)) {
                    file.replace(bytes("new"));
                } catch (Refused e) {
                    assertTrue(e.getMessage().matches(".*a\\.toml was (not changed|replaced).*: No space left on device"), e.getMessage());
                    assertEquals(e.getMessage().contains("replaced"), Files.readString(target).equals("new"), e.getMessage());
                } catch (OutOfMemoryError e) {
                    // What counts is what it leaves.
                }
                assertTrue(Set.of("old", "new").contains(Files.readString(target)), done.toString());
                assertEquals(Set.of("a.toml"), names(dir), done.toString());
            }
        }
        assertEquals(List.of("makeDirs", "write", "chmod", "fsync", "move", "fsyncDir"), done);
    }

    @Test
    void a_state_folder_that_cannot_be_used_is_named() throws IOException {
        file("plain", "");
        state = dir.resolve("plain");
        assertTrue(refusal(dir.resolve("a.toml")).startsWith("cannot lock " + dir.resolve("a.toml") + " by " + state));
        state = folder.resolve("other");
        write(dir.resolve("a.toml"), "old");
        var lockFile = state.resolve("locks").resolve(names(state.resolve("locks")).iterator().next());
        Files.delete(lockFile);
        Files.createDirectory(lockFile);
        assertTrue(refusal(dir.resolve("a.toml")).startsWith("cannot lock "));
        Files.delete(lockFile);
        assertTrue(write(dir.resolve("a.toml"), "new"), "the failure has left no lock");
    }
}
