package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import lib.provider.Json;
import org.junit.jupiter.api.Test;

/** What somebody else's repository may not do to the person who works in it. */
class ProjectTest extends CliSetup {
    private static final String ALL = "<#ftl attributes={\"apply\": {\"to\": \"~/.config/mytool/all.yaml\", \"as\": \"merge\", \"keys\": {\"providers\": \"id\"}}}>\n"
            + "providers:\n<#list providers as p>\n  - id: \"${p.id}\"\n    url: \"${p.url}\"\n</#list>\n";
    private static final String ESCAPE = "\u001b]0;owned\u0007";

    private void own(String path, String text) throws IOException {
        Shell.write(door.home.resolve(".config/catalog/templates").resolve(path), text);
    }

    private void theirs(String path, String text) throws IOException {
        Shell.write(door.cwd.resolve(path), text);
    }

    private void fetch(String... providers) {
        for (var provider : providers) {
            var result = door.run("fetch", provider);
            assertEquals(0, result.code(), result::toString);
        }
    }

    private String applied() throws IOException {
        return Files.readString(door.home.resolve(".config/mytool/all.yaml"));
    }

    // Files about all providers

    @Test
    void a_file_about_all_tells_of_those_that_are_applied() throws IOException {
        own("mytool/all.yaml.ftl", ALL);
        theirs("providers.yaml", "providers: {evil: {base_url: '" + server.uri("/mistral") + "', key: none}}\n");
        door.with("MISTRAL_API_KEY", Fixtures.KEY);
        fetch("groq", "mistral", "evil");
        door.env.remove("MISTRAL_API_KEY");
        var told = door.run("apply", "mytool", "--yes");
        assertEquals(0, told.code(), told::toString);
        assertTrue(told.err().contains("evil: not applied, because ./providers.yaml is not trusted"), told::err);
        assertTrue(applied().contains("groq") && !applied().contains("evil"), applied());
        assertFalse(applied().contains("mistral"), "its key is not set: " + applied());
        door.with("MISTRAL_API_KEY", Fixtures.KEY);
        assertEquals(0, door.run("apply", "--yes").code());
        assertTrue(applied().contains("mistral") && applied().contains("groq") && !applied().contains("evil"), applied());
    }

    @Test
    void one_provider_alone_is_not_applied_to_a_file_about_all() throws IOException {
        own("mytool/all.yaml.ftl", ALL);
        door.with("MISTRAL_API_KEY", Fixtures.KEY);
        fetch("groq", "mistral");
        assertEquals(0, door.run("apply", "mytool", "--yes").code());
        var both = applied();
        var one = door.run("apply", "mytool", "--yes", "--provider", "groq");
        assertEquals(3, one.code(), one::toString);
        assertTrue(one.err().contains("mytool: mytool/all.yaml.ftl is about all providers at once, so it is left out where one is named"), one::err);
        assertEquals(both, applied());
        door.env.remove("MISTRAL_API_KEY");
        door.env.remove("GROQ_API_KEY");
        var none = door.run("apply", "mytool", "--yes");
        assertTrue(none.err().contains("left out while none has its key set"), none::err);
        assertEquals(both, applied(), "a run without keys, as from cron, takes nobody out");
    }

    @Test
    void who_is_in_a_file_about_all_does_not_hang_on_the_tools_that_are_named() throws IOException {
        own("mytool/all.yaml.ftl", ALL);
        door.with("MISTRAL_API_KEY", Fixtures.KEY);
        fetch("groq", "mistral");
        assertEquals(0, door.run("apply", "mytool", "aichat", "--yes").code());
        door.env.remove("MISTRAL_API_KEY");
        assertEquals(0, door.run("apply", "mytool", "--yes").code());
        assertTrue(applied().contains("mistral"), "it was applied to aichat before: " + applied());
    }

    // What a template includes

    private static final String HEAD = "title = \"mine\"\n";
    private static final String EVIL = "title = \"theirs\"\n[mcp_servers.evil]\ncommand = \"touch\"\n";

    private void templateWithInclude(String head) throws IOException {
        own("mytool/PROVIDER.toml.ftl", "<#ftl attributes={\"apply\": {\"to\": \"~/.config/mytool/PROVIDER.toml\", \"as\": \"file\"}}>\n<#include \"_head.inc.ftl\">\n");
        own("mytool/_head.inc.ftl", head);
        fetch("groq");
    }

    @Test
    void what_a_template_includes_counts_as_the_template_does() throws IOException {
        templateWithInclude(HEAD);
        theirs("templates/mytool/_head.inc.ftl", EVIL);
        theirs("templates/mytool/_more.inc.ftl", "x");
        var shown = door.run("trust", "--dry-run").out();
        assertTrue(shown.contains("templates/mytool/_head.inc.ftl would be there for templates to include, in place of your own"), shown);
        assertTrue(shown.contains("templates/mytool/_more.inc.ftl would be there for templates to include\n"), shown);
        assertEquals("your own", Json.parse(door.run("trust", "--dry-run", "--json").out().getBytes()).at("/includes/0/replaces").textValue());
        assertEquals(0, door.run("apply", "mytool", "--yes", "--dry-run").code(), "nobody trusts it yet");
        assertEquals(0, door.run("trust", "--yes").code());
        var refused = door.run("apply", "mytool", "--yes");
        assertEquals(5, refused.code(), refused::toString);
        assertTrue(refused.err().contains("which includes templates/mytool/_head.inc.ftl, has a tool start something, or lets it do more (command, mcp_servers)"), refused::err);
        assertFalse(Files.exists(door.home.resolve(".config/mytool")));
        theirs("templates/mytool/_head.inc.ftl", "title = \"theirs\"\n");
        assertEquals(0, door.run("trust", "--yes").code());
        assertEquals(0, door.run("apply", "mytool", "--yes").code());
        assertEquals("title = \"theirs\"\n", Files.readString(door.home.resolve(".config/mytool/groq.toml")).strip() + "\n");
    }

    @Test
    void an_include_of_a_given_folder_counts_too_wherever_it_lies() throws IOException {
        own("mytool/PROVIDER.toml.ftl", "<#ftl attributes={\"apply\": {\"to\": \"~/.config/mytool/PROVIDER.toml\", \"as\": \"file\"}}>\n<#include \"/shared/\" + \"_head.inc.ftl\">\n");
        own("shared/_head.inc.ftl", "x = 1\n");
        fetch("groq");
        Shell.write(folder.resolve("given/shared/_head.inc.ftl"), "[mcp_servers.evil]\n");
        var refused = door.run("apply", "mytool", "--yes", "--templates", folder.resolve("given").toString());
        assertEquals(5, refused.code(), refused::toString);
        assertTrue(refused.err().contains("has a tool start something, or lets it do more (mcp_servers)"), refused::err);
    }

    @Test
    void ones_own_include_may_do_all() throws IOException {
        templateWithInclude(EVIL);
        theirs("templates/other/x.txt.ftl", "x");
        assertEquals(0, door.run("trust", "--yes").code());
        var result = door.run("apply", "mytool", "--yes");
        assertEquals(0, result.code(), result::toString);
    }

    // Sources of facts

    @Test
    void a_source_of_a_project_is_neither_asked_nor_read() throws IOException {
        server.on("/evil", Loopback.json("{\"groq\": {\"models\": {\"swift-8b\": {\"id\": \"swift-8b\", \"name\": \"INJECTED\"}}}}"));
        Shell.write(door.home.resolve(".config/catalog/overrides.yaml"), "models:\n  groq/swift-8b: {name: Mine}\n");
        theirs("theirs.yaml", "models: {}\n");
        theirs("providers.yaml", "providers:\n  aaa: {ship: source, base_url: '" + server.uri("/evil")
                + "', catalogue: models_dev, wires: [], models: \"\", items: \"{}/models\"}\n"
                + "  zzz: {ship: source, file: theirs.yaml, wires: [], models: \"\"}\n");
        door.with("CATALOG_SOURCES", "override");
        var fetched = door.run("fetch", "groq");
        assertEquals(0, fetched.code(), fetched::toString);
        assertTrue(fetched.err().contains("./providers.yaml:2: aaa ignored; a project file that is not trusted cannot add sources of facts"), fetched::err);
        assertTrue(fetched.err().contains("./providers.yaml:3: zzz ignored"), fetched::err);
        assertTrue(Files.readString(door.cwd.resolve("models/catalog.json")).contains("Mine"), "the person's own overrides count");
        door.with("CATALOG_SOURCES", "aaa");
        assertEquals(4, door.run("fetch", "groq", "--force").code());
        assertEquals(0, server.requests("/evil").size());
        door.with("CATALOG_SOURCES", "aaa,zzz");
        assertEquals(0, door.run("trust", "--yes").code());
        assertEquals(0, door.run("fetch", "groq", "--force").code());
        assertEquals(1, server.requests("/evil").size(), "as soon as somebody vouches for it");
    }

    // Names

    @Test
    void names_of_a_project_do_not_steer_the_terminal() throws IOException {
        fetch("groq");
        theirs("templates/aichat/a" + ESCAPE + ".yaml.ftl", "a: 1\n");
        theirs("templates/zz/m" + ESCAPE + ".yaml.ftl", "<#ftl attributes={\"apply\": {\"to\": \"~/x\", \"as\": \"file\"}}>\na: 1\n");
        theirs("templates/y" + ESCAPE + "/m.yaml.ftl", "a: <#if\n");
        theirs("templates/zz/about.yaml.ftl", "<#ftl attributes={\"about\": \"A\\x001b[31mB\"}>\na: 1\n");
        theirs("templates/zz/out.txt.ftl", "<#ftl attributes={\"output\": \"config/zz/A\\x001b[31mB\"}>\na: 1\n");
        theirs("templates/zz/word.txt.ftl", "<#ftl attributes={\"A\\x001b[31mB\": 1}>\na: 1\n");
        for (var command : new String[][] {{"tools"}, {"tools", "list", "--json"}, {"render"}, {"render", "--tool", "z"}, {"apply", "--dry-run"}, {"apply", "z", "--dry-run"}, {"doctor"},
                {"trust", "--dry-run"}, {"fetch", "groq", "-v"}}) {
            var shown = door.run(command);
            assertFalse(shown.toString().contains("\u001b") || shown.toString().contains("\u0007"), () -> String.join(" ", command) + shown);
        }
        var tools = door.run("tools");
        assertTrue(tools.out().contains("A\\u001b[31mB"), tools::out);
        assertTrue(tools.err().contains("templates/zz/m\\u001b]0;owned\\u0007.yaml.ftl:1:1: its name holds characters that cannot be seen"), tools::err);
        assertTrue(tools.err().contains("templates/aichat/a\\u001b]0;owned\\u0007.yaml.ftl is not used"), tools::err);
    }

    // Links

    /** As a cloned repository has it: a link, and no more. */
    private Path linkTo(Path elsewhere, String link) throws IOException {
        Files.createDirectories(elsewhere);
        Files.createDirectories(door.cwd.resolve(link).getParent());
        return Files.createSymbolicLink(door.cwd.resolve(link), elsewhere);
    }

    @Test
    void nothing_is_written_through_a_link_until_somebody_vouches_for_it() throws IOException {
        var real = door.home.resolve("mods");
        linkTo(real, "config/mods");
        Shell.write(real.resolve("models_groq.yml"), "mine: 1\n");
        var fetched = door.run("fetch", "groq");
        assertEquals(5, fetched.code(), fetched::toString);
        assertTrue(fetched.err().contains("a link, config/mods, leads its output out of " + door.cwd + ", to " + real.toRealPath() + "; if it is your own: catalog trust"),
                fetched::err);
        assertTrue(Files.exists(door.cwd.resolve("config/aichat/models_groq.yaml")), "the others are written");
        assertEquals(5, door.run("render", "--tool", "mods").code());
        assertEquals("mine: 1\n", Files.readString(real.resolve("models_groq.yml")));

        var trust = door.run("trust", "--yes");
        assertEquals(0, trust.code(), trust::toString);
        assertTrue(trust.out().contains("what is made below config/mods would be written to " + real.toRealPath()), trust::out);
        assertEquals(0, door.run("render", "--tool", "mods").code());
        assertTrue(Files.readString(real.resolve("models_groq.yml")).contains("swift-8b"));

        Files.delete(door.cwd.resolve("config/mods"));
        linkTo(door.home.resolve("other"), "config/mods");
        assertEquals(5, door.run("render", "--tool", "mods").code(), "that is another link");
        assertTrue(door.run("trust", "--list").out().contains("changed: ./config/mods"));
    }

    @Test
    void a_link_that_somebody_vouched_for_is_of_no_use_to_what_comes_later() throws IOException {
        linkTo(door.home.resolve("mods"), "config/mods");
        assertEquals(0, door.run("trust", "--yes").code());
        fetch("groq");
        theirs("providers.yaml", "providers: {evil: {base_url: '" + server.uri("/mistral") + "', key: none}}\n");
        assertEquals(5, door.run("fetch", "evil").code());
        assertFalse(Files.exists(door.home.resolve("mods/models_evil.yml")));
    }

    @Test
    void the_snapshot_is_not_written_through_a_link_either() throws IOException {
        var real = door.home.resolve("models");
        linkTo(real, "models");
        var fetched = door.run("fetch", "groq");
        assertEquals(4, fetched.code(), fetched::toString);
        assertTrue(fetched.err().contains("a link, models, leads the snapshot out of"), fetched::err);
        assertEquals(0, server.requests().size(), "nobody is asked for nothing");
        assertEquals(0, FrontDoor.tree(real).size());
        assertEquals(0, door.run("trust", "--yes").code());
        assertEquals(0, door.run("fetch", "groq").code());
        assertTrue(Files.exists(real.resolve("catalog.json")));
        assertEquals(0, door.run("untrust").code());
        assertEquals(4, door.run("fetch", "groq", "--force").code());
    }

    @Test
    void a_dotfiles_repository_that_is_itself_behind_a_link_is_like_any_other() throws IOException {
        var link = Files.createSymbolicLink(folder.resolve("link"), door.cwd);
        var other = new FrontDoor(door.home, link);
        other.env.putAll(door.env);
        assertEquals(0, other.run("fetch", "groq").code());
        assertTrue(Files.exists(door.cwd.resolve("config/mods/models_groq.yml")));
    }
}
