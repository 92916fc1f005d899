package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.apply.Document.Format;
import lib.apply.Document.Place;
import lib.apply.LineDiff;
import lib.apply.LiteralKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which values in settings are keys, and that none can be read in what is printed of them. */
class LiteralKeysTest {
    private static final Random RANDOM = new Random(7);
    /** Nobody's, and of no known kind. */
    private static final String MIXED = made("abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789", 32);
    private static final String HEX = made("0123456789abcdef", 40);
    private static final String DIGITS = made("123456789", 24);
    private static final String CAPITALS = made("ABCDEFGHJKMNPQRSTUVWXYZ23456789", 20);
    private static final String KNOWN_KIND = "sk-" + "proj-" + MIXED;

    private static String made(String letters, int length) {
        return RANDOM.ints(length, 0, letters.length()).mapToObj(i -> letters.substring(i, i + 1)).collect(Collectors.joining());
    }

    /** Where a key may stand: {@code ¤} is put in. */
    private static final Map<Format, List<String>> PLACES = Map.of(
            Format.YAML, List.of(
                    "api_key: ¤", "api_key: '¤'", "api_key: \"¤\"", "api_key: >-\n  ¤", "api_key: |\n  ¤", "api_key:\n  ¤",
                    "api_key: !!str ¤", "x: &k ¤\napi_key: *k", "clients:\n- {type: openai, name: a, api_key: ¤}", "apis:\n  a:\n    api-key: ¤ # mine",
                    "headers:\n  Authorization: Bearer ¤", "headers: {X-Auth-Token: ¤}", "headers: {X-Auth: ¤}", "secret_access_key: ¤",
                    "serve_api_key: ¤", "api_base: https://h.example/v1?api_key=¤", "api_base: \"https://h.example/v1?a=b&key=¤&c=d\"",
                    "http-proxy: http://me:¤@proxy.example:8080", "apis:\n  a:\n    api-key-env: ¤!", "api-key-cmd: echo ¤", "api-key-cmd: printf %s ¤",
                    "key_cmd: [echo, ¤]", "args: [--token, ¤]", "args: [--api-key=¤]", "args: [-H, 'Authorization: Bearer ¤']",
                    "args: [-e, GITHUB_TOKEN=¤]", "env: [GITHUB_TOKEN=¤]", "openai-api-key: ¤", "api-key:\n- groq=¤", "model: \"a\\u0062c\"\napi_key: ¤",
                    "password: ¤", "github_pat: ¤", "api_keys:\n  groq: ¤", "client_secret: ¤"),
            Format.TOML, List.of(
                    "experimental_bearer_token = '¤'", "experimental_bearer_token = '''¤'''", "experimental_bearer_token = \"\"\"\n¤\"\"\"",
                    "model_providers.a.experimental_bearer_token = \"¤\"", "[model_providers.a]\nquery_params = { key = \"¤\" }",
                    "[mcp_servers.a]\nbearer_token = \"¤\"", "[a.http_headers]\nX-Api-Token = \"¤\"",
                    "[a]\nhttp_headers = { \"Authorization\" = \"Bearer ¤\" }", "[otel.exporter.\"otlp-http\".headers]\nx-otlp-api-key = \"¤\"",
                    "[mcp_servers.a.env]\nFOO_APIKEY = \"¤\"", "[mcp_servers.a.env]\nPASSWORD = \"¤\"", "base_url = \"https://h.example/v1?api_key=¤\"",
                    "env_key = \"¤!\"", "args = [\"--token\", \"¤\"]", "[mcp_servers.a.env]\nGROQ_KEY = \"¤\""),
            Format.JSON, List.of(
                    "{\"options\": {\"apiKey\": \"¤\"}}", "{\"providers\": {\"a\": {\"api_key\": \"¤\"}}}", "{\"env\": {\"ANTHROPIC_AUTH_TOKEN\": \"¤\"}}",
                    "{\n  // mine\n  \"headers\": {\"Authorization\": \"Bearer ¤\"},\n}", "{\"api_key\": \"$(echo ¤)\"}", "{\"mcp\": {\"a\": {\"command\": [\"x\", \"--api-key\", \"¤\"]}}}"));

    private static Stream<List<Object>> places() {
        return PLACES.entrySet().stream().flatMap(of -> of.getValue().stream().map(text -> List.of(of.getKey(), text)));
    }

    private static String with(String place, String key) {
        return place.replace("¤!", key + "-" + key).replace("¤", key);
    }

    @Test
    void a_word_with_digits_that_a_person_made_up_is_a_key_where_the_name_says_so() {
        var key = "my-very-own-" + DIGITS;
        assertEquals(List.of(key), LiteralKeys.in(Format.YAML, "api_key: " + key + "\n", Set.of()).stream().map(LiteralKeys.Found::value).toList());
    }

    @ParameterizedTest
    @MethodSource("places")
    void a_key_is_found_where_keys_stand_with_its_line(List<Object> place) {
        for (var key : List.of(MIXED, HEX, DIGITS, CAPITALS, KNOWN_KIND)) {
            var text = "# settings\n" + with((String) place.get(1), key) + "\n";
            text = place.get(0) == Format.JSON ? text.substring(text.indexOf('\n') + 1) : text;
            var wanted = ((String) place.get(1)).contains("¤!") ? key + "-" + key : key;
            var found = LiteralKeys.in((Format) place.get(0), text, Set.of());
            assertEquals(List.of(wanted), found.stream().map(LiteralKeys.Found::value).distinct().toList(), text);
            var line = text.split("\n")[found.get(0).line() - 1];
            assertTrue(line.contains(key) || line.contains("*k") || text.split("\n")[found.get(0).line()].contains(key), found + " in " + text);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"changeme", "sk-xxxxxxxxxxxxxxxxxxxx", "lm-studio", "none", "ollama", "EMPTY", "os.environ/GROQ_API_KEY", "{env:GROQ_API_KEY}",
            "${GROQ_API_KEY}", "$GROQ_API_KEY", "GROQ_API_KEY", "{file:~/.secrets/groq}", "$(pass show groq)", "${{ secrets.GROQ_API_KEY }}", "%GROQ_API_KEY%",
            "<your key here>", "your-api-key", "sk-...", "sk-no-key-required", "not-needed", "op://vault/groq/key", "null", "true", "YOUR_API_KEY_HERE",
            "~/.config/groq.key", "!pass show groq", "PLACEHOLDER", "my-key", "the-api-key", "sk-your-key-here-0000000000000"})
    void references_and_placeholders_are_no_keys(String value) {
        assertEquals(List.of(), LiteralKeys.in(Format.YAML, "api_key: '" + value.replace("'", "''") + "'\n", Set.of()));
        assertEquals(List.of(), LiteralKeys.in(Format.TOML, "experimental_bearer_token = '" + value + "'\n", Set.of()));
        assertEquals(List.of(), LiteralKeys.in(null, "export GROQ_API_KEY='" + value + "'\n# api_key: " + value + "\n", Set.of()));
        assertEquals(List.of(), LiteralKeys.in(Format.JSON, "{\"headers\": {\"Authorization\": \"Bearer " + value + "\"}}", Set.of()));
    }

    /** What people have in their settings that is no key, though it may sound or look like one. */
    private static final String PLAIN = """
            model: anthropic:claude-3-5-sonnet-20241022 # the default
            max_tokens: 4096
            max_input_tokens: 131072
            max_output_tokens: 16384
            thinking-budget-token: 20000
            input_price: 0.15
            input_cost_per_token: 0.00000015
            output_cost_per_token: 1.5e-07
            context_window: 1000000
            tokenizer: cl100k_base
            keybindings: vi
            sort_key: created
            api_key_name: groq
            env_key: GROQ_API_KEY
            bearer_token_env_var: GITHUB_TOKEN
            api-key-env: OPENAI_API_KEY
            api-key-cmd: pass show openai
            key_cmd: [pass, show, groq]
            key: none
            authorization_endpoint: https://login.example/oauth2/authorize
            api_base: https://api.example.com/openai/v1?api-version=2024-10-21
            prompt: The basic usage of a token, and of a secret key, is to sign.
            models:
            - name: deepseek-r1-distill-qwen-32b
            - name: qwen2.5-coder-32b-instruct-q4_k_m
            - name: accounts/fireworks/models/llama-v3p1-405b-instruct
            # api_key: see GROQ_API_KEY
            # https://docs.example.com/guide?token=limits
            """;

    @Test
    void what_is_no_key_is_not_found_and_can_be_read_in_a_diff() {
        assertEquals(List.of(), LiteralKeys.in(Format.YAML, PLAIN, Set.of()));
        for (var broken : List.of("", "broken: [\n")) {
            var shown = new LineDiff.Masks(Set.of()).diff("/x/a.yaml", "", broken + PLAIN);
            assertEquals((broken + PLAIN).replaceAll("(?<=token=)limits|(?<=# api_key: )see.*", "***").replaceAll("(?m)^", "+"), shown.replaceFirst("(?s)^.*?@@\n", ""));
        }
    }

    @Test
    void nothing_of_a_key_is_in_a_diff_of_its_file_sound_or_damaged() {
        for (var place : places().toList()) {
            for (var key : List.of(MIXED, HEX, DIGITS, CAPITALS, KNOWN_KIND, "swordfish-of-mine")) {
                for (var damage : List.of("", "}broken: [\"\n")) {
                    if (!damage.isEmpty() && key.startsWith("swordfish") && ((String) place.get(1)).contains("*k")) {
                        continue; // an alias is only known in what parses, and these are words
                    }
                    var before = with((String) place.get(1), key) + "\n" + damage;
                    hidden(place.get(0), before, before.replace("settings", "x") + (place.get(0) == Format.JSON ? "// a\n" : "# a\n"), key);
                    hidden(place.get(0), null, before, key);
                    hidden(place.get(0), before, null, key);
                }
            }
        }
    }

    private static void hidden(Object format, String before, String after, String... keys) {
        for (var name : List.of("/x/settings." + format.toString().toLowerCase(), "/x/settings")) {
            var diff = new LineDiff.Masks(Set.of()).diff(name, before, after);
            for (var key : keys) {
                for (int i = 0; i + 8 <= key.length(); i++) {
                    assertFalse(diff.contains(key.substring(i, i + 8)), diff + "\nof\n" + before + "\nand\n" + after);
                }
            }
        }
    }

    @Test
    void every_spelling_and_every_line_of_a_key_is_hidden() {
        var odd = "quo\"te" + MIXED;
        hidden(Format.YAML, null, "api_key: \"" + odd.replace("\"", "\\\"") + "\"\n", MIXED);
        hidden(Format.YAML, null, "api_key: \"" + MIXED.charAt(0) + "\\\n  " + MIXED.substring(1) + "\"\n", MIXED.substring(1));
        hidden(Format.YAML, null, "api_key: 'it''s" + MIXED + "'\n", MIXED);
        hidden(Format.YAML, null, "api_key: has#hash" + MIXED + "\n", "has#hash" + MIXED);
        hidden(Format.YAML, null, "private_key: |\n  -----BEGIN\n  " + MIXED + "\n  " + HEX + "\n  -----END\nnext: 1\n", MIXED, HEX);
        hidden(Format.YAML, null, "x: \"\\u0041" + MIXED + "\"\napi_key: A" + MIXED + "\n", MIXED);
        hidden(Format.TOML, null, "token = \"\"\"\n" + MIXED + "\\\n   " + HEX + "\"\"\"\n", MIXED, HEX);
        hidden(Format.JSON, null, "{\"password\": \"" + MIXED.substring(0, 9) + "\\u002d" + MIXED.substring(9) + "\"}", MIXED);
        hidden(Format.YAML, "api_key: " + MIXED + "\n", "api_key: x\n# it was " + MIXED + "\n", MIXED);
        hidden(Format.YAML, null, "# old one: " + KNOWN_KIND + "\nextra: [\"" + KNOWN_KIND + "\"]\n# api_key: " + MIXED + "\n" + KNOWN_KIND + ": 1\n", MIXED);
        assertEquals("+api_key: ***\n+next: 1\n", new LineDiff.Masks(Set.of()).diff("a.yaml", "", "api_key: " + MIXED + "\nnext: 1\n").replaceFirst("(?s).*@@\n", ""));
        assertEquals("+a:\n+  api_key: ***\n+    ***\n+  b: 1\n", new LineDiff.Masks(Set.of()).diff("a.yaml", "", "a:\n  api_key: |\n    " + MIXED + "\n  b: 1\n")
                .replaceFirst("(?s).*@@\n", ""));
    }

    @Test
    void a_change_of_a_key_is_a_change() {
        assertEquals("-api_key: ***\n+api_key: ***\n", new LineDiff.Masks(Set.of()).diff("a.yaml", "api_key: " + MIXED + "\n", "api_key: " + HEX + "\n")
                .replaceFirst("(?s).*@@\n", ""));
    }

    @Test
    void values_in_conflict_are_masked_by_their_place() {
        var masks = new LineDiff.Masks(Set.of());
        assertEquals("***", masks.value(Place.parse("clients[name=a].api_key"), MIXED));
        assertEquals("https://h.example?key=***", masks.value(Place.parse("api_base"), "https://h.example?key=" + DIGITS));
        assertEquals(131072L, masks.value(Place.parse("models[name=a].max_input_tokens"), 131072L));
        assertEquals("***", masks.value(Place.parse("k"), KNOWN_KIND));
        assertEquals(Map.of("X-Auth", "***", "X-Extra", "plain"), masks.value(Place.parse("headers"), Map.of("X-Auth", MIXED, "X-Extra", "plain")));
        assertEquals(List.of("--token", "***"), masks.value(Place.parse("args"), List.of("--token", MIXED)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"export GROQ_API_KEY=¤", "GROQ_API_KEY='¤'", "set -gx GROQ_API_KEY ¤", "  export X=1 GITHUB_TOKEN=\"¤\"", "setenv API_KEY ¤",
            "alias g='GROQ_API_KEY=¤ groq'", "curl -H 'Authorization: Bearer ¤' https://h.example", "# export GROQ_API_KEY=¤", "mytool --api-key ¤ run"})
    void lines_of_shells_are_read(String line) {
        for (var key : List.of(MIXED, HEX, KNOWN_KIND)) {
            var found = LiteralKeys.in(null, "# a\n" + line.replace("¤", key) + "\n", Set.of());
            assertEquals(List.of("2 " + key), found.stream().map(one -> one.line() + " " + one.value()).distinct().toList(), line);
        }
    }

    @Test
    void a_file_that_does_not_parse_is_read_by_lines() {
        var found = new ArrayList<String>();
        LiteralKeys.in(Format.YAML, "a: [\napi_key: " + MIXED + "\nb:\n  token: >-\n    " + HEX + "\nmax_tokens: 4096\n", Set.of())
                .forEach(one -> found.add(one.line() + " " + one.value() + " " + one.how()));
        assertEquals(List.of("2 " + MIXED + " LINE", "4 " + HEX + " LINE"), found);
    }
}
