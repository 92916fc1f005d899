package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole output tree of the demo, byte for byte: every format from every shape of answer. After a change that is meant,
 * {@code CATALOG_GOLDEN=write tests/run GoldenTest} writes the tree anew; read the diff before you commit it.
 */
class GoldenTest {
    private static final Path GOLDEN = Shell.CHECKOUT.resolve("tests/golden/demo");

    @TempDir
    Path folder;

    @Test
    void the_demo_writes_the_golden_tree() throws IOException {
        var door = new FrontDoor(folder);
        var result = door.run("demo", "--legacy-output", "--root", "demo");
        assertEquals(0, result.code(), result::toString);
        var actual = withoutPort(FrontDoor.tree(door.cwd.resolve("demo")));
        if ("write".equals(System.getenv("CATALOG_GOLDEN"))) {
            for (var file : actual.entrySet()) {
                Files.createDirectories(GOLDEN.resolve(file.getKey()).getParent());
                Files.writeString(GOLDEN.resolve(file.getKey()), file.getValue());
            }
        }
        var golden = FrontDoor.tree(GOLDEN);
        assertEquals(String.join("\n", golden.keySet()), String.join("\n", actual.keySet()));
        golden.forEach((path, content) -> assertEquals(content, actual.get(path), path));
        assertTrue(golden.size() > 40);
        assertEquals("", FrontDoor.tree(door.home).toString().replace("{}", ""), "the demo leaves a home as it was");
    }

    /** The sample server listens where it may; all else of a run is the same every time. */
    private static Map<String, String> withoutPort(Map<String, String> files) {
        var same = new TreeMap<String, String>();
        files.forEach((path, content) -> {
            if (!path.startsWith(".catalog/")) {
                same.put(path, content.replaceAll("127\\.0\\.0\\.1:[0-9]+", "127.0.0.1:0")
                        .replaceAll("(\"snapshot\" : \\{\\s+\"sha256\" : \")[0-9a-f]{64}", "$1" + "0".repeat(64)));
            }
        });
        return same;
    }
}
