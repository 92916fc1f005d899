package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.apply.Document;
import lib.apply.Document.Format;
import lib.apply.Document.Place;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code catalog apply} among what people have in their settings, and what they do to it between two runs. */
class ApplyTest extends CliSetup {
    static final String AICHAT = ".config/aichat/config.yaml";
    static final String MODS = ".config/mods/mods.yml";
    private static final String MODELS = "clients[name=groq].models";

    @BeforeEach
    void fetch() {
        fetch(TWO);
    }

    private void fetch(String groq) {
        server.on("/groq/models", Loopback.json(groq));
        var result = door.run("fetch", "groq");
        assertEquals(0, result.code(), result::toString);
    }

    private Path put(String path, String text) throws IOException {
        var file = door.home.resolve(path);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private String read(String path) throws IOException {
        return Files.readString(door.home.resolve(path));
    }

    private FrontDoor.Result apply(int code, String... more) {
        var args = new ArrayList<>(List.of("apply", "--yes"));
        args.addAll(List.of(more));
        var result = door.run(args.toArray(String[]::new));
        assertEquals(code, result.code(), result::toString);
        return result;
    }

    private Document aichat() throws IOException, Document.Refused {
        return Document.open(Format.YAML, read(AICHAT));
    }

    private List<String> models() throws IOException, Document.Refused {
        return aichat().items(Place.parse(MODELS), "name");
    }

    private Object at(String place) throws IOException, Document.Refused {
        return aichat().get(Place.parse(place));
    }

    private Map<String, String> home() throws IOException {
        var files = FrontDoor.tree(door.home);
        files.keySet().removeIf(path -> path.contains("/catalog/"));
        return files;
    }

    private static String thirteen() {
        var text = new StringBuilder("# my settings\nmodel: c1:big # the default\nstream: true\n\nclients:\n");
        for (int i = 1; i <= 13; i++) {
            text.append("  # number ").append(i).append("\n  - type: openai-compatible\n    name: ").append(i == 7 ? "groq" : "c" + i)
                    .append("   # that one\n    api_base: https://c").append(i).append(".example/v1\n    api_key: secret-of-mine-").append(i)
                    .append("\n    models:\n      - name: big # large\n        max_input_tokens: 8000\n");
        }
        return text.append("  # the end\n").toString();
    }

    @Test
    void thirteen_clients_stay_thirteen_with_all_that_was_said_of_them() throws IOException, Document.Refused {
        var before = thirteen();
        put(AICHAT, before);
        apply(1);
        var after = read(AICHAT);
        assertEquals(13, aichat().items(Place.parse("clients"), "name").size());
        assertEquals(List.of("big", "boreas-70b", "swift-8b"), models());
        assertTrue(Fixtures.isSubsequence(before.lines().toList(), after.lines().toList()), after);
        assertEquals("secret-of-mine-7", at("clients[name=groq].api_key"));
    }

    @Test
    void a_second_run_changes_nothing() throws IOException {
        put(AICHAT, thirteen());
        put(MODS, "apis:\n  # x\n");
        apply(1, "aichat", "mods", "codex");
        var files = FrontDoor.tree(door.home);
        var second = apply(1, "aichat", "mods", "codex");
        assertEquals(files, FrontDoor.tree(door.home), "no backup and no record either");
        assertTrue(second.err().contains("mods.yml: unchanged"), second::err);
    }

    @Test
    void line_ends_a_mark_anchors_and_a_missing_end_stay() throws IOException, Document.Refused {
        var before = "\ufeff# mine\r\nx: &a {k: 1}\r\ny: *a\r\nclients:\r\n    - name: own\r\n      type: openai   # t\r\nlast: 'quoted'";
        put(AICHAT, before);
        apply(0);
        var after = read(AICHAT);
        assertEquals(List.of("own", "groq"), aichat().items(Place.parse("clients"), "name"));
        assertEquals(before.lines().toList(), after.lines().filter(before.lines().toList()::contains).toList());
        assertTrue(after.endsWith("last: 'quoted'") && after.startsWith("\ufeff#") && !after.replace("\r\n", "").contains("\n"), after);
    }

    @Test
    void the_dry_run_shows_what_is_done_then() throws IOException {
        put(AICHAT, thirteen().replaceAll("secret-of-mine", "m"));
        put(MODS, "apis: {}\n");
        Files.createDirectories(door.home.resolve(".codex"));
        var before = home();
        var dry = door.run("apply", "--dry-run");
        assertEquals(1, dry.code(), dry::toString);
        assertEquals(before, home());
        assertFalse(Files.exists(door.home.resolve(".local/state/catalog/owned.json")));
        var done = apply(1, "--diff");
        assertEquals(dry.out(), done.out());
        for (var file : List.of(AICHAT, MODS, ".codex/groq.config.toml", ".codex/groq.models.json")) {
            var shown = dry.out().substring(dry.out().indexOf("+++ " + door.home.resolve(file)));
            int end = shown.indexOf("\n--- ");
            var added = shown.substring(0, end < 0 ? shown.length() : end).lines().skip(1).filter(line -> line.startsWith("+")).map(line -> line.substring(1)).toList();
            var now = new ArrayList<>(read(file).lines().toList());
            before.getOrDefault(file, "").lines().forEach(now::remove);
            assertEquals(now, added, file);
        }
    }

    @Test
    void nobody_is_asked_without_a_terminal() throws IOException {
        put(AICHAT, "clients: []\n");
        var result = door.run("apply");
        assertEquals(2, result.code(), result::toString);
        assertTrue(result.err().contains("--dry-run") && result.err().contains("--yes"), result::err);
        assertEquals(Map.of(AICHAT, "clients: []\n"), home());
    }

    @Test
    void a_tool_without_settings_gets_some_only_when_named() throws IOException {
        var result = apply(3);
        assertEquals(Map.of(), home());
        assertTrue(result.err().contains("aichat: no settings at ~/.config/aichat/config.yaml; 'catalog apply aichat' makes it"), result::err);
        apply(0, "aichat", "codex");
        assertEquals(java.util.Set.of(AICHAT, ".codex/groq.config.toml", ".codex/groq.models.json"), home().keySet());
        assertTrue(read(".codex/groq.config.toml").contains("model_catalog_json = \"groq.models.json\""));
    }

    @Test
    void variables_lead_elsewhere() throws IOException {
        door.with("CODEX_HOME", folder.resolve("c o").toString()).with("AICHAT_CONFIG_DIR", folder.resolve("a").toString())
                .with("XDG_CONFIG_HOME", folder.resolve("x").toString());
        apply(0, "aichat", "codex", "mods");
        assertEquals(Map.of(), home());
        for (var file : List.of("c o/groq.config.toml", "c o/groq.models.json", "a/config.yaml", "x/mods/mods.yml")) {
            assertTrue(Files.exists(folder.resolve(file)), file);
        }
        door.with("CODEX_HOME", "relative");
        assertTrue(apply(5, "codex").err().contains("leads to relative/groq.config.toml, which is no absolute path"));
    }

    @Test
    void models_come_and_go_and_what_is_the_persons_stays() throws IOException, Document.Refused {
        put(AICHAT, "clients:\n- name: own\n  type: openai\n");
        apply(0);
        put(AICHAT, read(AICHAT).replace("  - name: swift-8b\n", "  - name: mine # by hand\n    max_input_tokens: 5\n  - name: swift-8b\n"));
        fetch(TWO.replace("swift-8b", "calm-9b"));
        apply(0);
        assertEquals(java.util.Set.of("boreas-70b", "mine", "calm-9b"), java.util.Set.copyOf(models()), read(AICHAT));
        assertTrue(read(AICHAT).contains("  - name: mine # by hand\n"));
    }

    @Test
    void a_value_that_the_person_changed_is_a_conflict_until_it_is_decided() throws IOException, Document.Refused {
        put(AICHAT, "");
        apply(0);
        put(AICHAT, read(AICHAT).replace("131072", "100000"));
        var place = "clients[name=groq].models[name=boreas-70b].max_input_tokens";
        var told = apply(1);
        int line = 1 + read(AICHAT).substring(0, read(AICHAT).indexOf("100000")).split("\n", -1).length - 1;
        assertTrue(told.err().contains("conflict ~/" + AICHAT + ":" + line + ": " + place + "\n    yours: 100000\n    ours:  131072\n"), told::err);
        assertEquals(100000L, at(place));
        apply(0, "--theirs", place);
        apply(0);
        assertEquals(100000L, at(place));
        apply(0, "--ours", "clients[name=groq]");
        assertEquals(131072L, at(place));
    }

    @Test
    void a_model_that_the_person_removed_stays_away() throws IOException, Document.Refused {
        put(AICHAT, "");
        apply(0);
        var text = read(AICHAT);
        put(AICHAT, text.substring(0, text.indexOf("      - name: swift-8b")));
        var told = apply(0);
        assertEquals(List.of("boreas-70b"), models());
        assertTrue(told.err().contains("2 left as you have them"), told::err);
    }

    @Test
    void a_provider_none_of_whose_models_is_of_use_any_more_goes_too() throws IOException, Document.Refused {
        put(AICHAT, "clients:\n  - name: own\n    type: openai\n");
        apply(0, "aichat");
        fetch("{\"data\":[{\"id\":\"ears\",\"type\":\"transcription\"},{\"id\":\"whisper-1\",\"type\":\"transcription\"}]}");
        var told = apply(0, "aichat").err();
        assertTrue(told.contains("config.yaml: 7 values removed"), told);
        assertEquals("clients:\n  - name: own\n    type: openai\n", read(AICHAT));
    }

    @Test
    void a_file_that_moves_into_a_dotfiles_folder_keeps_its_record() throws IOException, Document.Refused {
        put(AICHAT, "clients: []\n");
        apply(0, "aichat");
        var moved = Files.createDirectories(door.home.resolve("dotfiles")).resolve("aichat.yaml");
        Files.move(door.home.resolve(AICHAT), moved);
        Files.createSymbolicLink(door.home.resolve(AICHAT), moved);
        fetch("{\"data\":[{\"id\":\"swift-8b\",\"context_window\":7}]}");
        apply(0, "aichat");
        assertEquals(List.of("swift-8b"), models());
        assertEquals(7L, at(MODELS + "[name=swift-8b].max_input_tokens"));
        apply(0, "aichat");
        assertEquals(1, read(".local/state/catalog/owned.json").split("\"sha256\"", -1).length - 1, "one record, of the file where it is now");
    }

    @Test
    void settings_that_came_with_the_dotfiles_of_another_machine_are_told() throws IOException {
        put(AICHAT, "clients: []\n");
        apply(0, "aichat");
        Files.delete(door.home.resolve(".local/state/catalog/owned.json"));
        var told = apply(0, "aichat").err();
        assertTrue(told.contains("config.yaml: unchanged\n  note ~/.config/aichat/config.yaml: 7 values of it are just what we would write, but not from here."
                + " To have them kept up to date:\n    catalog apply --ours 'clients[name=groq]'\n"), told);
        assertFalse(apply(0, "aichat", "--ours", "clients[name=groq]").err().contains("note"));
        fetch("{\"data\":[{\"id\":\"swift-8b\",\"context_window\":7}]}");
        apply(0, "aichat");
    }

    @Test
    void a_note_on_settings_from_elsewhere_names_no_place_with_something_of_the_persons() throws IOException, Document.Refused {
        door.with("MISTRAL_API_KEY", Fixtures.KEY);
        assertEquals(0, door.run("fetch", "mistral").code());
        put(AICHAT, "clients: []\n");
        apply(0, "aichat");
        put(AICHAT, read(AICHAT).replace("65536", "1"));
        Files.delete(door.home.resolve(".local/state/catalog/owned.json"));
        var told = apply(1, "aichat").err();
        assertTrue(told.contains("catalog apply --ours 'clients[name=mistral]'\n"), told);
        apply(1, "aichat", "--ours", "clients[name=mistral]");
        assertEquals(1L, at(MODELS + "[name=swift-8b].max_input_tokens"));
        apply(0, "aichat", "--ours", door.home.resolve(AICHAT).toString());
        assertEquals(65536L, at(MODELS + "[name=swift-8b].max_input_tokens"));
    }

    @Test
    void another_template_of_the_same_tool_is_no_reason_to_take_anything_away() throws IOException {
        put(".config/catalog/templates/aichat/embed_PROVIDER.yaml.ftl", "<#ftl attributes={\"where\": {\"wire\": \"openai-chat\", \"mode\": \"embedding\"},"
                + " \"apply\": {\"to\": \"~/.config/aichat/config.yaml\", \"as\": \"merge\"}}>\nembed: \"${models[0].id}\"\n");
        put(AICHAT, "clients: []\n");
        apply(0, "aichat");
        var once = read(AICHAT);
        assertTrue(apply(0, "aichat").err().contains("config.yaml: unchanged"));
        assertEquals(once, read(AICHAT));
    }

    @Test
    void nobody_is_chosen_without_a_key_and_that_is_said() throws IOException {
        put(AICHAT, "clients: []\n");
        door.env.remove("GROQ_API_KEY");
        var told = apply(3, "aichat").err();
        assertTrue(told.contains("None of the 1 provider") && told.contains("--provider groq"), told);
    }

    @Test
    void declining_all_makes_no_empty_file() throws IOException {
        Files.createDirectories(door.home.resolve(".config/aichat"));
        apply(3, "aichat", "--theirs", "clients[name=groq]");
        assertFalse(Files.exists(door.home.resolve(AICHAT)));
    }

    @Test
    void a_choice_of_a_place_that_is_not_there_is_told() throws IOException, Document.Refused {
        put(AICHAT, "clients: []\n");
        var told = apply(2, "aichat", "--ours", "clients[name=groc]").err();
        assertTrue(told.contains("nothing of what is applied here is at clients[name=groc], so nothing was done"), told);
        assertEquals("clients: []\n", read(AICHAT));
        apply(0, "aichat");
        put(AICHAT, read(AICHAT).replace("65536", "1"));
        apply(0, "aichat", "--ours", "clients[name=\"groq\"]");
        assertEquals(65536L, at(MODELS + "[name=swift-8b].max_input_tokens"));
    }

    @Test
    void a_provider_that_is_gone_goes_from_the_settings() throws IOException, Document.Refused {
        put(AICHAT, "model: x # mine\nclients: # all\n- name: own\n  type: openai\n");
        put(".codex/config.toml", "");
        var before = home();
        apply(0, "aichat", "codex");
        Files.createDirectories(door.home.resolve(".config/catalog"));
        put(".config/catalog/providers.yaml", "providers:\n  groq: {disabled: true}\n");
        var told = apply(0, "aichat", "codex");
        var after = home();
        after.remove(".config/catalog/providers.yaml");
        assertEquals(before, after, told::err);
    }

    @Test
    void a_provider_whose_key_is_not_set_any_more_is_kept_up_to_date() throws IOException, Document.Refused {
        put(AICHAT, "clients: []\n");
        apply(0);
        fetch(TWO.replace("65536", "70000"));
        door.env.remove("GROQ_API_KEY");
        apply(0);
        assertEquals(70000L, at("clients[name=groq].models[name=swift-8b].max_input_tokens"));
    }

    @Test
    void a_provider_without_a_key_is_not_applied_unless_named() throws IOException, Document.Refused {
        put(AICHAT, "clients: []\n");
        door.env.remove("GROQ_API_KEY");
        apply(3);
        assertEquals("clients: []\n", read(AICHAT));
        apply(0, "--provider", "groq");
        assertEquals(2, models().size());
    }

    @Test
    void a_whole_file_that_the_person_changed_is_a_conflict() throws IOException {
        apply(0, "codex");
        put(".codex/groq.config.toml", read(".codex/groq.config.toml") + "# mine\n");
        fetch(TWO.replace("boreas-70b", "boreas-80b"));
        var told = apply(1, "codex");
        assertTrue(told.err().contains("conflict ~/.codex/groq.config.toml:1: it is not as we wrote it last"), told::err);
        assertTrue(told.err().contains("    -# mine\n"), told::err);
        assertTrue(read(".codex/groq.models.json").contains("boreas-80b"), "the other file is ours");
        assertTrue(read(".codex/groq.config.toml").endsWith("# mine\n"));
        apply(0, "codex", "--ours", "~/.codex/groq.config.toml");
        assertFalse(read(".codex/groq.config.toml").contains("# mine"));
        put(".codex/groq.config.toml", "# mine\n");
        apply(0, "codex", "--theirs", door.home.resolve(".codex/groq.config.toml").toString());
        apply(0, "codex");
        assertEquals("# mine\n", read(".codex/groq.config.toml"));
    }

    @Test
    void a_whole_file_that_the_person_removed_stays_away_unless_the_tool_is_named() throws IOException {
        apply(0, "codex");
        Files.delete(door.home.resolve(".codex/groq.config.toml"));
        var told = apply(0);
        assertTrue(told.err().contains("codex: you have removed ~/.codex/groq.config.toml; 'catalog apply codex' makes it again"), told::err);
        assertFalse(Files.exists(door.home.resolve(".codex/groq.config.toml")));
        apply(0, "codex");
        assertTrue(Files.exists(door.home.resolve(".codex/groq.config.toml")));
    }

    @Test
    void settings_that_the_person_removed_are_begun_anew() throws IOException, Document.Refused {
        apply(0, "aichat");
        put(AICHAT, read(AICHAT).replaceAll("(?s)  *- name: swift-8b.*", ""));
        apply(0, "aichat");
        Files.delete(door.home.resolve(AICHAT));
        assertTrue(apply(3).err().contains("aichat: you have removed ~/" + AICHAT));
        apply(0, "aichat");
        assertEquals(2, models().size());
    }

    @Test
    void what_came_of_it_can_be_had_as_json() throws IOException {
        put(AICHAT, "clients:\n- name: groq\n  type: openai\n  api_base: https://me:swordfish@x/v1\n  api_key: sword\n");
        var result = apply(1, "aichat", "--json", "--dry-run");
        var json = RenderFixtures.MAPPER.readTree(result.out());
        var file = json.path(0);
        assertEquals("aichat changed " + door.home.resolve(AICHAT), file.path("tool").asText() + " " + file.path("state").asText() + " " + file.path("file").asText());
        assertEquals("clients[name=groq].type", file.path("conflicts").path(0).path("path").asText());
        assertEquals(4, file.path("values_set").asInt(), result.out());
        assertTrue(file.path("diff").asText().contains("- name: swift-8b"), result.out());
        assertFalse(result.out().contains("sword"), result.out());
    }
}
