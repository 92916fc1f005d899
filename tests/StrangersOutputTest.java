package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a template of a stranger may bring into one's settings, and that what templates are shared for still goes. */
class StrangersOutputTest extends CliSetup {
    private static final String HEADER = "<#ftl attributes={\"where\": {\"wire\": \"openai-chat\"}, \"apply\": {\"as\": \"%s\", \"to\": r\"%s\"}}>\n";

    @BeforeEach
    void fetch() {
        server.on("/groq/models", Loopback.json("{\"data\":[{\"id\":\"swift-8b\",\"context_window\":65536},{\"id\":\"command\"},{\"id\":\"org/"
                + "mcp-servers\"},"
                + "{\"id\":\"shell-gpt\"},{\"id\":\"env\"},{\"id\":\"plugins:free\",\"context_window\":1}]}"));
        var result = door.run("fetch", "groq");
        assertEquals(0, result.code(), result::toString);
    }

    private FrontDoor.Result apply(String ending, String how, String to, String output) throws IOException {
        Shell.write(folder.resolve("given/own/PROVIDER." + ending + ".ftl"), HEADER.formatted(how, to) + "<#noparse>" + output + "</#noparse>\n");
        var result = door.run("apply", "own", "--yes", "--templates", folder.resolve("given").toString());
        Files.delete(folder.resolve("given/own/PROVIDER." + ending + ".ftl"));
        return result;
    }

    private void refused(String ending, String output) throws IOException {
        var told = apply(ending, "file", "~/own/a." + ending, output);
        assertEquals(5, told.code(), () -> output + "\n" + told);
        assertTrue(told.err().contains("has a tool start something"), () -> output + "\n" + told.err());
        assertFalse(Files.exists(door.home.resolve("own")), output);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "document_loaders: {pdf: \"sh -c evil\"}", "repl: {documentLoaders: {pdf: x}}", "DOCUMENT-LOADERS: {pdf: x}", "documentloaders: {}",
        "editor: /tmp/evil", "litellm_settings: {callbacks: evil.module}", "litellm_settings: {success_callback: [x]}",
        "general_settings: {custom_auth: evil.auth}", "extensions: {x: {uri: y}}", "pager: x", "git: {pagers: [x]}", "lint-cmd: x", "test-cmd: x",
        "set-env: [A=b]", "env-file: x", "load: x", "env: {A: b}", "environment: [A=b]", "jobs: {x: {steps: [{run: x}]}}",
        "users: [{user: {exec: {apiVersion: x}}}]", "scripts: {x: y}", "program: x", "binary: {x: y}", "interpreter: x", "args: [x]",
        "bash_path: x", "lsp: {x: y}", "hoo\u212as: {}", "\uff4dcp: {}", "aliases: {co: '!sh'}", "keys: {normal: {x: ':sh x'}}",
        "models: {command: x}", "models: {x: {command: y}}", "providers: {mcp: {command: x}}"})
    void names_behind_which_tools_keep_what_they_start_are_refused(String yaml) throws IOException {
        refused("yaml", yaml);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "zsh_path = \"/tmp/evil\"", "approval_policy = \"never\"", "sandbox_mode = \"danger-full-access\"",
        "[shell_environment_policy]\nset = {BASH_ENV = \"/tmp/x\"}", "shell_environment_policy.set.BASH_ENV = \"x\"",
        "[sandbox_workspace_write]\nnetwork_access = true", "[projects.\"/x\"]\ntrust_level = \"trusted\"",
        "[build]\nrustc-wrapper = \"x\"", "[target.x]\nlinker = \"x\"", "[env]\nA = \"b\"", "[hooks]\nx = \"y\"", "\"mcp_servers.x\" = {}"})
    void names_of_toml_are_refused(String toml) throws IOException {
        refused("toml", toml);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{\"plugin\":[\"evil-npm-package\"]}", "{\"provider\":{\"x\":{\"npm\":\"evil-npm-package\"}}}", "{\"permission\":{\"bash\":\"allow\"}}",
        "{\"awsAuthRefresh\":\"x\"}", "{\"awsCredentialExport\":\"x\"}", "{\"env\":{\"NODE_OPTIONS\":\"x\"}}",
        "{\"permissions\":{\"defaultMode\":\"x\"}}", "{\"allowedTools\":[]}", "{\"trustedFolders\":{}}", "{\"autoAccept\":true}",
        "{\"terminal.integrated.profiles.linux\":{\"x\":{\"path\":\"y\"}}}", "{\"git.path\":\"x\"}", "{\"enabledPlugins\":{}}", "{\"formatter\":{}}", "{\"tasks\":[]}", "{\"entrypoint\":\"x\"}"})
    void names_of_json_are_refused(String json) throws IOException {
        refused("json", json);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"$(touch /tmp/pwn)\"", "\"a `touch /tmp/pwn` b\"", "[\"x\", {\"y\": \"$(id)\"}]", "\"!sh\"", "\"{file:~/.ssh/id_rsa}\"",
        "\"{{ exec(command='x') }}\""})
    void texts_that_a_tool_carries_out_are_refused(String value) throws IOException {
        refused("json", "{\"providers\":{\"groq\":{\"api_key\":" + value + "}}}");
    }

    @Test
    void names_that_a_shell_carries_out_are_refused() throws IOException {
        refused("json", "{\"$(touch /tmp/pwn)\":1}");
        refused("toml", "\"`id`\" = 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"!!binary bWNwLXNlcnZlcnM=: {a: {!!binary Y29tbWFuZA==: touch}}", "a: !!binary dG91Y2g=",
        "a: !!python/object:os.system x", "!!int 5: x", "a: !custom {b: c}", "a: !!set {x}", "%TAG ! tag:yaml.org,2002:\n---\na: !binary dG91Y2g="})
    void tags_are_refused(String yaml) throws IOException {
        refused("yaml", yaml);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a: 1 # x\u2028mcp-servers: {a: {command: touch}}", "a: 1 # x\u0085command: touch", "a: 1 # x\u2029command: touch"})
    void what_is_a_comment_for_some_readers_only_is_refused(String yaml) throws IOException {
        refused("yaml", yaml);
    }

    @Test
    void a_place_that_is_read_as_something_else_is_refused() throws IOException {
        for (var to : List.of("~/.bash_aliases", "~/.ssh/authorized_keys", "~/.profile", "~/.zshrc", "~/x/PROVIDER", "~/x/a.sh", "~/x/a.yaml",
                "~/x/a.json", "~/x/a.toml.", "~/.bashrc.d/a.toml")) {
            for (var how : List.of("file", "merge")) {
                var told = apply("toml", how, to, "x = 1");
                assertEquals(5, told.code(), told::toString);
                assertTrue(told.err().contains("this place is read as something else"), told::err);
            }
        }
        assertEquals(List.of(".cache", ".local"),
                FrontDoor.tree(door.home).keySet().stream().map(path -> path.replaceAll("/.*", "")).distinct().toList());
    }

    @Test
    void what_templates_are_shared_for_is_applied() throws IOException {
        for (var output : List.of("models:\n  - model_id: \"groq/x\"\n    api_base: https://x.test/v1\n    api_key_name: groq\n    vision: true\n"
                + "    api_path: /v1/chat",
                "model_list:\n  - model_name: x\n    litellm_params: {model: groq/x, api_key: os.environ/GROQ_API_KEY, api_base: 'https://x.test'}\n"
                + "    model_info: {mode: chat}",
                "models: {command: {max-input-chars: 3}, env: {}, a/b-hook: {x: 1}}\napis: {plugin: {api-key-env: GROQ_API_KEY}}",
                "name: !!str x\napiKey: ${{ secrets.GROQ_API_KEY }}\nroles: [chat, edit]\nrecommend: 1\nshell_type: 2\neditor-model: x\n"
                + "transcript: 1\ndescription: a")) {
            assertEquals(0, apply("yaml", "file", "~/own/a.yml", output).code(), output);
            assertTrue(Files.readString(door.home.resolve("own/a.yml")).startsWith(output.substring(0, 5)));
            Files.delete(door.home.resolve("own/a.yml"));
        }
        for (var output : List.of("{\"providers\":{\"groq\":{\"api_key\":\"$GROQ_API_KEY\",\"base_url\":\"x\",\"type\":\"openai\","
                + "\"models\":[{\"id\":\"x\",\"can_reason\":true,\"default_max_tokens\":1,\"cost_per_1m_in\":0.5,\"supports_attachments\":false}]}}}",
                "{\"provider\":{\"groq\":{\"options\":{\"baseURL\":\"x\",\"apiKey\":\"{env:GROQ_API_KEY}\"},"
                + "\"models\":{\"command\":{\"name\":\"x\",\"tool_call\":true,\"limit\":{\"context\":1,\"output\":2}}}}}} // x")) {
            assertEquals(0, apply("jsonc", "merge", "~/own/a.json", output).code(), output);
            assertTrue(Files.readString(door.home.resolve("own/a.json")).contains("groq"));
            Files.delete(door.home.resolve("own/a.json"));
        }
    }

    /** A repository of shared templates begins with copies of ours. */
    @Test
    void copies_of_the_bundled_templates_are_applied() throws IOException {
        var given = folder.resolve("given");
        var tools = new ArrayList<Path>();
        try (var files = Files.walk(Shell.CHECKOUT.resolve("templates"))) {
            tools.addAll(files.filter(Files::isRegularFile).toList());
        }
        for (var template : tools) {
            var copy = given.resolve(Shell.CHECKOUT.resolve("templates").relativize(template).toString());
            Shell.write(copy, Files.readString(template) + "<#-- of a stranger -->");
        }
        var result = door.run("apply", "aichat", "mods", "codex", "--yes", "--templates", given.toString());
        assertEquals(0, result.code(), result::toString);
        var home = FrontDoor.tree(door.home);
        for (var file : List.of(".config/aichat/config.yaml", ".config/mods/mods.yml", ".codex/groq.models.json")) {
            for (var id : List.of("\"command\"", "org/mcp-servers", "shell-gpt", "env", "plugins:free")) {
                assertTrue(home.get(file).replaceAll("command(?=:|\\R)", "\"command\"").contains(id), file + "\n" + home.get(file));
            }
        }
        assertTrue(home.get(".codex/groq.config.toml").contains("model_catalog_json"));
    }
}
