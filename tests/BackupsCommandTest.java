package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import lib.provider.Json;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code catalog backups}: keeping, looking, going back. */
class BackupsCommandTest {
    private static final String FIRST = "2026-11-20T12-00-00Z";

    @TempDir
    Path folder;
    private FrontDoor door;
    private Path aichat;
    private Path codex;

    @BeforeEach
    void settings() throws IOException {
        door = new FrontDoor(folder);
        aichat = write(door.home.resolve(".config/aichat/config.yaml"), "model: groq:old\nclients: []\n");
        codex = write(door.home.resolve("my codex/config.toml"), "model = \"old\"\n");
        door.with("CODEX_HOME", codex.getParent().toString());
    }

    private static Path write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file);
    }

    @Test
    void create_keeps_the_settings_of_known_tools_and_restore_brings_them_back() throws IOException {
        var made = door.run("backups", "create");
        assertEquals(0, made.code(), made::toString);
        assertEquals(FIRST + "\n", made.out());
        write(aichat, "model: groq:new\n");
        Files.delete(codex);
        var restored = door.run("backups", "restore", "latest", "--yes");
        assertEquals(0, restored.code(), restored::toString);
        assertEquals("model: groq:old\nclients: []\n", read(aichat));
        assertEquals("model = \"old\"\n", read(codex));
        assertTrue(restored.err().contains("restored ~/.config/aichat/config.yaml"), restored.err());
        assertTrue(restored.err().contains("catalog backups restore " + FIRST + "-2"), restored.err());
        var back = door.run("backups", "restore", FIRST + "-2", "--yes");
        assertEquals("model: groq:new\n", read(aichat), "the way back from the way back");
        assertEquals(5, back.code(), "what was away is not removed again: it is the person's");
        assertEquals("model = \"old\"\n", read(codex));
    }

    @Test
    void create_takes_other_files_by_name_and_says_which_is_not_there() throws IOException {
        write(door.cwd.resolve("notes.txt"), "a\n");
        assertEquals(0, door.run("backups", "create", "notes.txt").code());
        assertEquals(2, door.run("backups", "create", "notes.txt", "no\u001bwhere").code());
        var all = door.run("backups", "list", "--json").out();
        assertTrue(all.contains("notes.txt") && !all.contains("config.toml"), all);
        Files.delete(aichat);
        Files.delete(codex);
        assertEquals(3, door.run("backups", "create").code());
    }

    @Test
    void restoring_some_files_leaves_the_others() throws IOException {
        door.run("backup-configs");
        write(aichat, "changed\n");
        write(codex, "changed = true\n");
        var result = door.run("backups", "restore", FIRST, codex.toString(), "--yes");
        assertEquals(0, result.code(), result::toString);
        assertEquals("changed\n", read(aichat));
        assertEquals("model = \"old\"\n", read(codex));
        assertEquals(2, door.run("backups", "restore", FIRST, "other.txt", "--yes").code());
    }

    @Test
    void nobody_to_ask_is_a_usage_error_and_no_is_a_no() throws IOException {
        door.run("backups", "create");
        write(codex, "changed = true\n");
        var alone = door.run("backups", "restore", "latest");
        assertEquals(2, alone.code(), alone::toString);
        assertTrue(alone.err().contains("--yes"), alone.err());
        assertEquals(3, door.typing("n\n", "backups", "restore", "latest").code());
        assertEquals(3, door.typing("", "backups", "restore", "latest").code());
        assertEquals("changed = true\n", read(codex));
        var asked = door.typing("y\n", "backups", "restore", "latest");
        assertEquals(0, asked.code(), asked::toString);
        assertTrue(asked.err().contains("[y/N]"), asked.err());
        assertEquals("model = \"old\"\n", read(codex));
    }

    @Test
    void the_old_commands_do_the_same() throws IOException {
        assertEquals(0, door.run("backup-configs").code());
        write(codex, "changed = true\n");
        assertEquals(2, door.run("restore-configs", "--timestamp", "latest").code());
        assertEquals(0, door.run("restore-configs", "--timestamp", "2026-11-20T12:00:00Z", "--yes").code());
        assertEquals("model = \"old\"\n", read(codex));
        assertFalse(door.run("--help").err().contains("backup-configs") || door.run("--help").out().contains("backup-configs"));
    }

    @Test
    void a_file_that_was_not_there_is_left_unless_we_wrote_it_and_that_is_said() throws IOException {
        var dir = door.home.resolve(".local/state/catalog/backups");
        door.run("backups", "create", codex.toString());
        var absent = door.home.resolve("absent.txt");
        var manifest = dir.resolve(FIRST).resolve("manifest.json");
        var files = "[{\"named\":\"" + absent + "\",\"real\":\"" + absent.toAbsolutePath() + "\",\"absent\":true}]";
        Files.writeString(manifest, "{\"schema\":1,\"why\":\"x\",\"sha256_of_files\":\"" + lib.host.AtomicFile.sha256(files.getBytes())
                + "\",\"files\":" + files + "}");
        write(absent, "mine\n");
        var result = door.run("backups", "restore", FIRST, "--yes", "-q");
        assertEquals(5, result.code(), result::toString);
        assertTrue(result.err().contains("left") && result.err().contains("was not there then"), result.err());
        assertEquals("mine\n", read(absent));
    }

    @Test
    void list_and_show_tell_what_is_kept_and_what_became_of_it() throws IOException {
        assertEquals("", door.run("backups").out());
        assertEquals("[ ]\n", door.run("backups", "list", "--json").out());
        assertEquals(3, door.run("backups", "show", "latest").code());
        door.run("backups", "create");
        write(aichat, "changed\n");
        Files.delete(codex);
        door.now = door.now.plus(Duration.ofHours(3));
        var shown = door.run("backups", "show", "latest");
        assertTrue(shown.out().contains("3 hours ago, by hand"), shown.out());
        assertTrue(shown.out().contains("changed") && shown.out().contains("removed"), shown.out());
        var json = Json.parse(door.run("backups", "show", FIRST, "--json").out().getBytes());
        assertEquals(aichat.toString(), json.at("/files/0/file").textValue());
        assertEquals("changed", json.at("/files/0/now").textValue());
        assertTrue(door.run("backups", "ls").out().contains(FIRST + "  3 hours  2      by hand"), door.run("backups").out());
        assertEquals(2, door.run("backups", "show", "2020-01-01T00-00-00Z").code());
    }

    @Test
    void a_damaged_backup_is_named_and_not_restored() throws IOException {
        door.run("backups", "create");
        Files.writeString(door.home.resolve(".local/state/catalog/backups").resolve(FIRST).resolve("manifest.json"), "{");
        assertTrue(door.run("backups", "list").out().contains("manifest.json is damaged"));
        assertEquals(5, door.run("backups", "restore", FIRST, "--yes").code());
    }

    @Test
    void diff_goes_from_then_to_now_and_masks_keys() throws IOException {
        write(codex, "model = \"old\"\nexperimental_bearer_token = \"" + Fixtures.KEY + "\"\n");
        door.with("GROQ_API_KEY", Fixtures.KEY).run("backups", "create");
        write(codex, "model = \"new\"\nexperimental_bearer_token = \"" + Fixtures.KEY + "\"\n");
        var diff = door.run("backups", "diff", "latest", codex.toString());
        assertEquals(0, diff.code(), diff::toString);
        assertTrue(diff.out().contains("-model = \"old\"\n+model = \"new\"\n"), diff.out());
        assertTrue(diff.out().contains("bearer_token") && !(diff.out() + diff.err()).contains(Fixtures.KEY), diff.out());
        assertTrue(diff.err().contains("masked"), diff.err());
        assertEquals("", door.run("backups", "diff", "latest", aichat.toString()).out());
        write(aichat, "api_key: unmarked-words-of-mine\n");
        assertTrue(door.run("backups", "diff", "latest", aichat.toString()).out().contains("+api_key: ***\n"));
        door.run("backups", "create");
        write(aichat, "");
        assertTrue(door.run("backups", "diff", "latest", aichat.toString()).out().contains("-api_key: ***\n"));
        write(aichat, "x\u001b[2J\n");
        assertFalse(door.typing("", "backups", "diff", "latest", aichat.toString()).out().contains("\u001b"));
        assertTrue(door.run("backups", "diff", "latest", aichat.toString()).out().contains("+x\u001b[2J\n"), "for a pipe, as it is");
    }

    @Test
    void prune_keeps_the_newest_and_the_young() {
        for (int i = 0; i < 4; i++) {
            door.run("backups", "create");
            door.now = door.now.plus(Duration.ofDays(10));
        }
        assertTrue(door.run("backups", "prune").err().contains("0 backups removed; 4 left."));
        assertTrue(door.run("backups", "prune", "--keep", "1", "--older-than", "25d").err().contains("2 backups removed"));
        assertTrue(door.run("backups", "prune", "--keep", "1").err().contains("1 backup removed"));
        assertTrue(door.run("backups", "prune", "--keep", "0", "--older-than", "30d").err().contains("1 left"));
        assertEquals(2, door.run("backups", "prune", "--keep", "-1").code());
    }
}
