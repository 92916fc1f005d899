package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lib.provider.Access;
import lib.provider.Json;
import org.junit.jupiter.api.Test;

/** Whatever a server answers, no part of the key that it was sent is shown or kept, in whatever spelling. */
class EchoesTest extends CliSetup {
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/";

    private final Random random = new Random(4);

    private String key(int length) {
        return random.ints(length, 0, LETTERS.length()).mapToObj(i -> LETTERS.substring(i, i + 1)).collect(Collectors.joining());
    }

    private static String each(String text, String before, String after) {
        return text.chars().mapToObj(c -> before + (char) c + after).collect(Collectors.joining());
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Map<String, String> spellings(String key) {
        var bytes = key.getBytes(StandardCharsets.UTF_8);
        var middle = key.substring(5, key.length() - 5);
        var spellings = new LinkedHashMap<String, String>();
        spellings.put("as it is", key);
        spellings.put("small", key.toLowerCase(Locale.ROOT));
        spellings.put("capitals", key.toUpperCase(Locale.ROOT));
        spellings.put("middle", middle);
        spellings.put("a short piece", key.substring(9, 19));
        spellings.put("backwards", new StringBuilder(middle).reverse().toString());
        spellings.put("URL", URLEncoder.encode(middle, StandardCharsets.UTF_8));
        spellings.put("URL twice", IntStream.range(0, bytes.length).mapToObj(i -> String.format("%%25%02x", bytes[i])).collect(Collectors.joining()));
        spellings.put("URL all", IntStream.range(0, bytes.length).mapToObj(i -> String.format("%%%02X", bytes[i])).collect(Collectors.joining()));
        spellings.put("JSON", IntStream.range(0, bytes.length).mapToObj(i -> String.format("\\u%04x", bytes[i])).collect(Collectors.joining()));
        spellings.put("JSON, one letter", middle.substring(0, 7) + String.format("\\u%04x", (int) middle.charAt(7)) + middle.substring(8, 14));
        spellings.put("C", IntStream.range(0, bytes.length).mapToObj(i -> String.format("\\x%02x", bytes[i])).collect(Collectors.joining()));
        spellings.put("HTML", middle.chars().mapToObj(c -> (char) c + "&#8203;").collect(Collectors.joining()));
        spellings.put("HTML numbers", middle.chars().mapToObj(c -> "&#" + c + ";").collect(Collectors.joining()));
        spellings.put("hex", HexFormat.of().formatHex(bytes));
        spellings.put("hex with signs", HexFormat.ofDelimiter(":").withUpperCase().formatHex(bytes));
        spellings.put("hex of C", HexFormat.ofDelimiter(", ").withPrefix("0x").formatHex(bytes));
        spellings.put("bytes", IntStream.range(0, bytes.length).mapToObj(i -> String.valueOf(bytes[i])).collect(Collectors.joining(", ", "[", "]")));
        for (var before : List.of("", "x", "xy", "Bearer ", "user:", "{\"key\":\"")) {
            spellings.put("Base64 of " + before, base64(before + key));
            spellings.put("Base64URL of " + before, base64(before + key + "\"}").replace('+', '-').replace('/', '_').replace("=", ""));
        }
        spellings.put("Base64 of small", base64(key.toLowerCase(Locale.ROOT)));
        spellings.put("Base64 in lines", base64(key).replaceAll("(.{10})", "$1\n"));
        spellings.put("spaces", each(middle, "", " "));
        spellings.put("dashes", each(middle, "", "-"));
        spellings.put("lines", each(middle, "", "\n"));
        spellings.put("written line ends", each(middle, "", "\\n"));
        spellings.put("stars", middle.replaceAll("(...)", "$1**"));
        spellings.put("nothing to be seen between", each(middle, "\u200b", ""));
        spellings.put("accents", each(middle, "", "\u0301"));
        spellings.put("tags", each(middle, "\udb40\udc67", ""));
        spellings.put("wide", middle.codePoints().map(c -> c > 0x20 && c < 0x7f ? c + 0xfee0 : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString());
        return spellings;
    }

    @Test
    void no_spelling_of_the_key_is_shown_or_kept() throws IOException {
        var key = key(32);
        door.with("GROQ_API_KEY", key);
        for (var spelling : spellings(key).entrySet()) {
            for (var member : List.of("message", "detail")) {
                var body = Json.parse("{\"error\":{}}".getBytes(StandardCharsets.UTF_8));
                ((ObjectNode) body.get("error")).put(member, "Incorrect API key provided: " + spelling.getValue());
                server.on("/groq/models", Loopback.answer(401, body.toString()));
                var result = door.run("fetch", "groq", "-v", "--json", "--force");
                assertEquals(3, result.code(), result::toString);
                assertTrue(result.err().contains("HTTP 401: (its words repeat the key, so they are left out)"), spelling.getKey() + ": "
                        + result.err());
                assertTrue(result.err().contains("check GROQ_API_KEY"), result.err());
                nothingOf(key, spelling.getValue(), result);
            }
        }
    }

    private void nothingOf(String key, String spelling, FrontDoor.Result result) throws IOException {
        var all = new StringBuilder(result.toString());
        for (var place : List.of(door.cwd, door.home)) {
            FrontDoor.tree(place).forEach((path, content) -> all.append(path).append(content));
        }
        assertFalse(all.toString().contains("Incorrect API key"), all::toString);
        for (var secret : List.of(key, spelling)) {
            for (int i = 0; i + 12 <= secret.length(); i++) {
                assertFalse(all.toString().contains(secret.substring(i, i + 12)), all::toString);
            }
        }
    }

    @Test
    void it_is_looked_for_in_all_that_is_told_of_an_answer() throws IOException {
        var key = key(32);
        var spelt = base64("Bearer " + key);
        for (var body : List.of(spelt, "{\"error\":\"" + spelt + "\"}", "{\"data\":{\"" + spelt + "\":1}}",
                "{\"data\":[{\"id\":7,\"x\":\"" + spelt + "\"}]}", "{\"data\":" + spelt.replaceAll("[^A-Za-z]", "") + "}")) {
            for (int status : new int[] {200, 403, 500}) {
                server.on("/groq/models", Loopback.answer(status, body));
                nothingOf(key, spelt, door.with("GROQ_API_KEY", key).run("fetch", "groq", "-v", "--json", "--force", "--timeout", "3s"));
            }
        }
    }

    @Test
    void the_key_of_another_provider_is_not_repeated_either() throws IOException {
        var key = key(32);
        server.on("/groq/models", Loopback.answer(401, "{\"error\":{\"message\":\"Incorrect API key provided: " + base64(key) + "\"}}"));
        nothingOf(key, base64(key), door.with("MISTRAL_API_KEY", key).run("fetch", "groq", "-v", "--json"));
    }

    @Test
    void ordinary_words_are_told_as_they_are() {
        var messages = List.of("Invalid API Key", "You didn't provide an API key. You need to provide your API key in an Authorization header",
                "this is only a test of none of the models",
                "rate limit of 12000 requests reached for org_01hv in 60.5s; see https://console.groq.com/settings",
                "LM Studio: no model is loaded; ollama is not running", "request id: 6a3f09c1-44d2-4e5b-9f0e-7f1c2b3a4d5e (2026-11-20T12:00:00Z)",
                "invalid x-api-key: it has to begin with sk-ant-, not with bearer", "Unauthorized: %s &amp; \\n 100%");
        for (var key : List.of("test", "none", "ollama", "lm-studio", "not-needed", "0", "42", "x1", "sk-no-key-required", "no-key-required",
                "sk-dummy-0000000", key(20), key(40), key(51), "0123456789")) {
            for (var message : messages) {
                assertFalse(new Access.Echoes(List.of(key, "")).in(message), key + " in: " + message);
            }
        }
        for (var key : List.of("test", "none", "ollama", "lm-studio", key(40))) {
            server.on("/groq/models", Loopback.answer(401, "{\"error\":{\"message\":\"" + messages.get(2) + "\"}}"));
            var told = door.with("GROQ_API_KEY", key).run("fetch", "groq", "--force").err();
            assertTrue(told.contains("HTTP 401: " + messages.get(2)), told);
        }
    }

    @Test
    void short_keys_are_hidden_as_a_whole() {
        for (var key : List.of("pa55", "s3cret", "sk-1234", "hunter2!x", "a1b2c3d4e5")) {
            for (var spelling : List.of(key, key.toUpperCase(Locale.ROOT), base64(key), base64("Bearer " + key), each(key, "", " "))) {
                assertTrue(new Access.Echoes(List.of(key)).in("no such key: " + spelling + "; ask for another"), spelling);
            }
        }
    }
}
