package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Collectors;
import lib.provider.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code catalog doctor}: what it finds wrong, and that it shows no key while finding them. */
class DoctorTest extends CliSetup {
    private static final String LITERAL = "not-a-real-literal-0003";

    private Path aichat(String text) throws IOException {
        return write(".config/aichat/config.yaml", text);
    }

    private Path mods(String text) throws IOException {
        return write(".config/mods/mods.yml", text);
    }

    private Path codex(String text) throws IOException {
        return write(".codex/config.toml", text);
    }

    private Path write(String path, String text) throws IOException {
        var file = door.home.resolve(path);
        Shell.write(file, text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void a_healthy_place_has_nothing_to_mend() {
        door.run("fetch", "groq");
        var result = door.run("doctor");
        assertEquals(0, result.code(), result::toString);
        for (var part : new String[] {"on Java ", "GROQ_API_KEY", "2 models, less than a minute old", "aichat", "layers    bundled"}) {
            assertTrue(result.out().contains(part), () -> part + " in " + result.out());
        }
        assertFalse(result.toString().contains(Fixtures.KEY), result::toString);
        assertFalse(result.out().contains("problem"), result.out());
    }

    @Test
    void each_thing_to_mend_is_a_problem() throws IOException {
        door.run("fetch", "groq");
        try (var answers = Files.list(door.home.resolve(".cache/catalog/answers"))) {
            Files.writeString(answers.findFirst().orElseThrow(), "damage");
        }
        Shell.write(door.home.resolve(".local/state/catalog/trusted.json"), "{");
        Shell.write(door.home.resolve(".config/catalog/templates/mine/a.txt.ftl"), "<#if");
        var result = door.with("XDG_STATE_HOME", door.home.resolve(".local/state").toString()).with("MISTRAL_API_OPENAI",
                "ftp://x").run("doctor", "--json");
        assertEquals(1, result.code(), result::toString);
        var problems = new java.util.TreeSet<String>();
        for (var check : Json.parse(result.out().getBytes(StandardCharsets.UTF_8))) {
            if (check.get("state").textValue().equals("problem")) {
                problems.add(check.get("check").textValue());
            }
        }
        assertEquals(java.util.Set.of("answers", "providers", "templates", "trust"), problems, result.out());
    }

    @Test
    void a_folder_that_cannot_be_made_and_a_file_that_cannot_be_read_are_told_and_the_rest_goes_on() throws IOException {
        Files.writeString(folder.resolve("file"), "");
        Shell.write(door.home.resolve(".config/catalog/providers.yaml"), "providers: [");
        var result = door.with("XDG_CACHE_HOME", folder.resolve("file").toString()).run("doctor");
        assertEquals(1, result.code(), result::toString);
        assertTrue(result.out().contains("is no folder") && result.out().contains("XDG_CACHE_HOME"), result.out());
        assertTrue(result.out().contains("providers.yaml:1"), result.out());
        assertTrue(result.out().contains("templates for") || result.out().contains("template"), result.out());
    }

    @Test
    void files_of_a_project_that_nobody_trusts_are_noted() throws IOException {
        Files.writeString(door.cwd.resolve("providers.yaml"), "providers:\n  groq: {base_url: https://evil.example}\n");
        var result = door.run("doctor");
        assertEquals(0, result.code(), result::toString);
        assertTrue(result.out().contains("groq is built in") && result.out().contains("catalog trust"), result.out());
        door.run("trust", "--yes");
        assertTrue(door.run("doctor").out().contains("the files of this folder are trusted"));
    }

    @Test
    void keys_in_aichats_settings_are_found_with_the_variable_that_it_reads() throws IOException {
        aichat("clients:\n  - type: openai-compatible\n    name: groq\n    api_base: https://x\n    api_key: " + LITERAL + "  # mine\n"
                + "    models:\n      - name: a\n  - api_key: '" + LITERAL + "'\n    models:\n      - name: b\n    name: second\n"
                + "  - {type: openai, name: third, api_key: \"" + LITERAL + "\"}\n");
        var result = door.run("doctor", "--secrets");
        assertEquals(1, result.code(), result::toString);
        assertTrue(result.out().contains("~/.config/aichat/config.yaml:5: api_key: not… (23 characters)\n"), result.out());
        assertTrue(result.out().contains("config.yaml:8: api_key") && result.out().contains("config.yaml:12: api_key"), result.out());
        assertTrue(result.out().contains("GROQ_API_KEY") && result.out().contains("SECOND_API_KEY")
                && result.out().contains("THIRD_API_KEY"), result.out());
        assertFalse(result.toString().contains(LITERAL) || result.toString().contains(LITERAL.substring(0, 5)), result::toString);
        assertFalse(result.err().contains("chmod"), "only its owner may read it");
    }

    @Test
    void keys_in_mods_and_codex_are_found_by_name() throws IOException {
        mods("apis:\n  groq:\n    api-key: " + LITERAL + "\n    api-key-env: GROQ_API_KEY\n");
        codex("[model_providers.x]\nexperimental_bearer_token = \"" + LITERAL
                + "\"\nenv_key = \"not/a/name\"\n[mcp_servers.y.env]\nMY_TOKEN = '" + LITERAL
                + "'\n[model_providers.z.http_headers]\n\"X-Api-Key\" = \"" + LITERAL + "\"\n");
        var json = Json.parse(door.run("doctor", "--secrets", "--json").out().getBytes(StandardCharsets.UTF_8));
        var found = new java.util.ArrayList<String>();
        json.forEach(one -> found.add(Path.of(one.get("file").textValue()).getFileName() + ":" + one.get("line") + ":"
                + one.get("name").textValue()));
        assertEquals(java.util.List.of("mods.yml:3:api-key", "config.toml:2:experimental_bearer_token", "config.toml:3:env_key",
                "config.toml:5:MY_TOKEN",
                "config.toml:7:X-Api-Key"), found);
        assertTrue(json.get(0).get("advice").textValue().contains("api-key-env"));
        assertTrue(json.get(1).get("advice").textValue().contains("env_key = "));
        assertTrue(json.get(4).get("advice").textValue().contains("env_http_headers"));
        assertFalse(json.toString().contains(LITERAL));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sk-proj-a1b2c3d4e5f6g7h8", "gsk_abcdefghij0123456789", "AIzaSyA0123456789abcdefghijklmnopqrstu",
            "hf_abcdefghij0123456789"})
    void keys_are_found_by_their_looks_wherever_they_stand(String key) throws IOException {
        aichat("# was: " + key + "\nnote: [\"use " + key + "\"]\n");
        var result = door.run("doctor", "--secrets");
        assertEquals(1, result.code(), result::toString);
        assertTrue(result.out().contains("config.yaml:1: a key: " + key.substring(0, 3) + "… (" + key.length() + " characters)"),
                result.out());
        assertTrue(result.out().contains("config.yaml:2:"), result.out());
        assertFalse(result.toString().contains(key.substring(0, 8)), result::toString);
    }

    @Test
    void the_value_of_a_key_variable_is_found_and_the_variable_named() throws IOException {
        mods("# " + Fixtures.KEY + "\n");
        Shell.write(door.home.resolve(".config/catalog/providers.yaml"), "providers:\n  groq: {headers: {x-team: " + Fixtures.KEY + "}}\n");
        var result = door.run("doctor", "--secrets");
        assertEquals(1, result.code(), result::toString);
        assertTrue(result.out().contains("out of the comment; it is the value of GROQ_API_KEY")
                && result.out().contains("auth: x-team, and key_env: GROQ_API_KEY; GROQ_API_KEY holds it already"), result.out());
        assertFalse(result.toString().contains(Fixtures.KEY), result::toString);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"api_key: $GROQ_API_KEY", "api_key: null", "api_key: xxxxxx", "api_key: your-api-key",
            "api_key: ''",
        "api_key: sk-no-key-required", "# api_key: example-words", "api_key_hint: something-long", "serve_api_key: 'true'",
                "model: groq:sk-learn-of-long-words-only"})
    void what_is_no_key_is_not_called_one(String line) throws IOException {
        aichat(line + "\n");
        var result = door.run("doctor", "--secrets");
        assertEquals(0, result.code(), result::toString);
        assertEquals("", result.out());
        assertTrue(result.err().contains("No keys found in 1 file"), result.err());
    }

    @Test
    void files_that_others_may_read_are_named_and_codex_own_sign_in_is_no_alarm() throws IOException {
        Files.setPosixFilePermissions(mods("api-key: " + LITERAL + "\n"), PosixFilePermissions.fromString("rw-r--r--"));
        write(".codex/auth.json", "{\"OPENAI_API_KEY\":\"" + LITERAL + "\"}");
        var result = door.run("doctor", "--secrets");
        assertTrue(result.err().contains("chmod 600 '" + door.home.resolve(".config/mods/mods.yml") + "'"), result.err());
        assertTrue(result.err().contains("auth.json is where Codex itself keeps"), result.err());
        Files.delete(door.home.resolve(".config/mods/mods.yml"));
        assertEquals(0, door.run("doctor", "--secrets").code());
    }

    private String problems(FrontDoor.Result result) {
        assertEquals(1, result.code(), result::toString);
        return result.out().lines().filter(line -> line.startsWith("problem")).collect(Collectors.joining("\n"));
    }

    @Test
    void what_other_commands_refuse_is_a_problem() throws IOException {
        var state = write(".local/state/catalog/owned.json", "{\"schema\": 1, \"files\"");
        assertTrue(problems(door.run("doctor")).contains("owned.json"));
        Files.delete(state);
        for (var switched : new String[] {"none", "override"}) {
            var overrides = write(".config/catalog/overrides.yaml", "models: [x");
            assertTrue(problems(door.with("CATALOG_SOURCES", switched).run("doctor")).contains("overrides.yaml:1"));
            Files.delete(overrides);
        }
        var flawed = "no key " + Fixtures.KEY;
        var keys = door.with("GROQ_API_KEY", flawed).run("doctor");
        assertTrue(problems(keys).contains("the value of GROQ_API_KEY is no key: it holds white space"), keys::toString);
        assertFalse(keys.toString().contains(Fixtures.KEY), keys::toString);
        door.with("GROQ_API_KEY", Fixtures.KEY).with("CATALOG_CA_BUNDLE", "/nonexist");
        assertTrue(problems(door.run("doctor")).contains("CATALOG_CA_BUNDLE names a file that cannot be read"));
        door.with("CATALOG_CA_BUNDLE", write("ca.pem", "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n").toString());
        assertTrue(problems(door.run("doctor")).contains("CATALOG_CA_BUNDLE names a file whose certificates cannot be used"));
    }

    @Test
    void a_layer_that_nobody_trusts_is_told_as_such() throws IOException {
        Files.writeString(door.cwd.resolve("providers.yaml"), "providers:\n  evil: {base_url: https://evil.example}\n");
        Shell.write(door.cwd.resolve("templates/x/a.txt.ftl"), "a");
        var result = door.run("doctor");
        assertEquals(0, result.code(), result::toString);
        assertTrue(result.out().contains("layers    bundled\n") && result.out().contains("./providers.yaml, ./templates: not trusted"), result.out());
        door.run("trust", "--yes");
        assertTrue(door.run("doctor").out().contains("layers    bundled, ./providers.yaml, ./templates\n"));
    }

    @Test
    void a_file_that_cannot_be_read_is_no_file_without_keys() throws IOException {
        var config = door.home.resolve(".config/aichat/config.yaml");
        Files.createDirectories(config.getParent());
        Files.createDirectory(door.home.resolve(".bashrc"));
        Files.createSymbolicLink(config, config);
        var result = door.run("doctor", "--secrets");
        assertEquals(1, result.code(), result::toString);
        assertTrue(result.err().contains(".bashrc cannot be read") && result.err().contains("config.yaml cannot be read"), result.err());
        assertTrue(result.err().contains("No keys found in 0 files; 2 could not be read."), result.err());
        var json = Json.parse(door.run("doctor", "--secrets", "--json").out().getBytes(StandardCharsets.UTF_8));
        assertEquals("unread", json.get(0).get("state").textValue());
    }

    /** What is told of the one key in a file. */
    private String advice(String path, String text) throws IOException {
        var file = write(path, text.replace("¤", LITERAL));
        var result = door.run("doctor", "--secrets", "--json");
        var json = Json.parse(result.out().getBytes(StandardCharsets.UTF_8));
        assertEquals(1, json.size(), result::toString);
        assertFalse(result.toString().contains(LITERAL), result::toString);
        Files.delete(file);
        return json.get(0).get("advice").textValue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "- type: openai\\n  api_key: ¤ | nothing else of the client 'openai'; aichat then reads OPENAI_API_KEY: export OPENAI_API_KEY=…",
        "- {type: x, name: flow, api_key: ¤} | take out api_key, and nothing else of the client 'flow'; aichat then reads FLOW_API_KEY",
        "- type: x\\n  models:\\n  - name: notclient\\n  api_key: ¤\\n  name: after | reads AFTER_API_KEY: export AFTER_API_KEY=…",
        "- type: bedrock\\n  secret_access_key: ¤ | reads BEDROCK_SECRET_ACCESS_KEY: export BEDROCK_SECRET_ACCESS_KEY=…",
        "- type: x\\n  name: my-groq\\n  api_key: ¤ | rename the client to my_groq, also where 'my-groq:' stands before a model",
        "- type: x\\n  name: quo ted\\n  api_key: ¤ | aichat then reads QUO_TED_API_KEY: export QUO_TED_API_KEY=…",
        "- type: x\\n  name: a\\n  api_base: https://h.example/v1?key=¤ | take out api_base, and nothing else of the client 'a'; aichat then reads A_API_BASE (the whole"
    })
    void advice_for_aichat_names_the_variable_that_it_reads(String client, String advice) throws IOException {
        var told = advice(".config/aichat/config.yaml", "clients:\n" + client.replace("\\n", "\n") + "\n");
        assertTrue(told.contains(advice), told);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        ".codex/config.toml | [model_providers.groq]\\nhttp_headers = { \"Authorization\" = \"Bearer ¤\" } | in [model_providers.groq]: env_key = \"GROQ_API_KEY\"; export GROQ_API_KEY=…",
        ".codex/config.toml | [model_providers.groq.http_headers]\\nX-Token = \"¤\" | in [model_providers.groq]: env_http_headers = { \"X-Token\" = \"GROQ_API_KEY\" }",
        ".codex/config.toml | [mcp_servers.x.env]\\nMY_PAT = \"¤\" | in [mcp_servers.x]: env_vars = [\"MY_PAT\"]; export MY_PAT=…",
        ".codex/config.toml | [mcp_servers.x]\\nbearer_token = \"¤\" | bearer_token_env_var = \"X_TOKEN\"; export X_TOKEN=…",
        ".codex/config.toml | [model_providers.x.query_params]\\napi_key = \"¤\" | no variable can stand in its place there",
        ".codex/a.config.toml | [model_providers.a-b]\\nexperimental_bearer_token = \"¤\" | in [model_providers.a-b]: env_key = \"A_B_API_KEY\"; export A_B_API_KEY=…",
        ".config/mods/mods.yml | apis:\\n  a-b:\\n    api-key: ¤ | instead of api-key: api-key-env: A_B_API_KEY; export A_B_API_KEY=…",
        ".config/mods/mods.yml | apis:\\n  a:\\n    api-key-cmd: echo ¤ | instead of api-key-cmd: api-key-env: A_API_KEY",
        ".config/mods/mods.yml | http-proxy: http://u:¤@p.example | export MODS_HTTP_PROXY=…",
        ".config/mods/mods.yml | mcp-servers:\\n  x:\\n    env: [MY_TOKEN=¤] | take MY_TOKEN out of env; mods hands its own environment on: export MY_TOKEN=…",
        ".config/opencode/opencode.jsonc | {\"provider\":{\"groq\":{\"options\":{\"apiKey\":\"¤\"}}}} | write {env:GROQ_API_KEY} in its place; export GROQ_API_KEY=…",
        ".config/crush/crush.json | {\"providers\":{\"groq\":{\"api_key\":\"¤\"}}} | write $GROQ_API_KEY in its place; export GROQ_API_KEY=…",
        ".config/crush/crushrc | provider add groq --api-key \"¤\" | in its place",
        ".continue/config.yaml | models: [{name: a, provider: groq, apiKey: ¤}] | write ${{ secrets.GROQ_API_KEY }} in its place, and GROQ_API_KEY=… into",
        ".aider.conf.yml | openai-api-key: ¤ | take it out; aider reads OPENAI_API_KEY too: export OPENAI_API_KEY=…",
        ".aider.conf.yml | api-key:\\n- groq=¤ | aider reads GROQ_API_KEY too: export GROQ_API_KEY=…",
        ".claude/settings.json | {\"env\":{\"ANTHROPIC_AUTH_TOKEN\":\"¤\"}} | export ANTHROPIC_AUTH_TOKEN=…",
        ".config/catalog/providers.yaml | providers: {groq: {headers: {X-Auth-Token: ¤}}} | auth: X-Auth-Token, and key_env: GROQ_API_KEY",
        ".config/catalog/providers.yaml | providers: {groq: {key_cmd: [echo, ¤]}} | instead of key_cmd: key_env: GROQ_API_KEY; export GROQ_API_KEY=… (or key_cmd: [pass, show, groq]",
        ".bashrc | export GROQ_API_KEY=¤ | export GROQ_API_KEY=\"$(pass show GROQ_API_KEY)\"",
        ".config/fish/config.fish | set -gx GROQ_API_KEY ¤ | set -gx GROQ_API_KEY (pass show GROQ_API_KEY)",
        ".config/aichat/.env | GROQ_API_KEY=¤ | the tool's own place for variables"
    })
    void advice_can_be_followed_as_it_is(String path, String text, String advice) throws IOException {
        door.env.remove("GROQ_API_KEY");
        var told = advice(path, text.replace("\\n", "\n") + "\n");
        assertTrue(told.contains(advice), told);
    }

    @Test
    void where_tools_and_shells_keep_keys_is_no_fault() throws IOException {
        write(".bashrc", "export GROQ_API_KEY=" + LITERAL + "\n");
        write(".config/aichat/.env", "GROQ_API_KEY=" + LITERAL + "\n");
        write(".local/share/opencode/auth.json", "{\"groq\": {\"key\": \"" + LITERAL + "\"}}");
        Files.setPosixFilePermissions(write(".config/io.datasette.llm/keys.json", "{\"groq\": \"" + LITERAL + "\"}"), PosixFilePermissions.fromString("rw-r--r--"));
        var result = door.run("doctor", "--secrets");
        assertEquals(0, result.code(), result::toString);
        assertTrue(result.out().contains("~/.bashrc:1: GROQ_API_KEY: not… (23 characters)\n    note: "), result.out());
        assertTrue(result.err().contains("2 keys found in 2 files, 2 of them where shells and tools read their variables"), result.err());
        assertTrue(result.err().contains("opencode itself keeps its keys") && result.err().contains("chmod 600 '" + door.home + "/.config/io.datasette.llm/keys.json'"), result.err());
        assertFalse(result.toString().contains(LITERAL), result::toString);
    }

    @Test
    void a_line_of_a_megabyte_is_read_too() throws IOException {
        aichat("api_key: \"" + "a\\\"".repeat(300_000) + "\n" + "x".repeat(1_000_000) + "\n");
        assertEquals(0, door.run("doctor", "--secrets").code());
    }
}
