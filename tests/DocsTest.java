package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README shows is what the program prints, and every page it names is there. */
class DocsTest {
    private static final Pattern BLOCK = Pattern.compile("(?s)```\\n\\$ \\./catalog ([^\\n]*)\\n(.*?)```");

    /** On which the facts were fetched. */
    private static final String DAY = "2026-11-[0-9]{2}(T[0-9-]+Z)?";

    @TempDir
    Path folder;

    @Test
    void every_command_with_its_output_in_readme_prints_just_that() throws IOException {
        var blocks = BLOCK.matcher(Files.readString(Shell.CHECKOUT.resolve("README.md")));
        var seen = new ArrayList<String>();
        // One person who reads from top to bottom; the demo comes first.
        var door = new FrontDoor(folder);
        Files.copy(Shell.CHECKOUT.resolve("tests/samples/docs/last-week.json"), door.cwd.resolve("last-week.json"));
        Files.createDirectories(door.home.resolve(".config/aichat"));
        Files.copy(Shell.CHECKOUT.resolve("tests/samples/docs/aichat.yaml"), door.home.resolve(".config/aichat/config.yaml"));
        while (blocks.find()) {
            seen.add(blocks.group(1));
            var result = door.run(blocks.group(1).split(" "));
            var printed = blocks.group(1).contains("--help") ? result.out() : result.err() + result.out();
            assertEquals(lines(blocks.group(2)).replaceAll(DAY, "DAY"), lines(printed.replace(door.cwd.toString(), "/home/me/catalog").replace(door.home.toString(), "/home/me")).replaceAll(DAY, "DAY"),
                    blocks.group(1));
        }
        assertEquals("demo", seen.get(0));
        assertTrue(seen.contains("--help") && seen.contains("fetch --help"), seen.toString());
    }

    /** The demo's providers answer in any order. */
    private static String lines(String text) {
        return String.join("\n", text.lines().sorted().toList());
    }

    @Test
    void every_link_in_the_docs_leads_to_a_file() throws IOException {
        var pages = new ArrayList<>(List.of(Shell.CHECKOUT.resolve("README.md"), Shell.CHECKOUT.resolve("CONTRIBUTING.md")));
        try (var docs = Files.walk(Shell.CHECKOUT.resolve("docs"))) {
            docs.filter(page -> page.toString().endsWith(".md")).forEach(pages::add);
        }
        var broken = new ArrayList<String>();
        for (var page : pages) {
            var links = Pattern.compile("\\]\\(([^)#:]+)\\)").matcher(Files.readString(page));
            while (links.find()) {
                if (!Files.exists(page.resolveSibling(links.group(1)))) {
                    broken.add(page.getFileName() + ": " + links.group(1));
                }
            }
        }
        assertEquals(List.of(), broken);
    }
}
