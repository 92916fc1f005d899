package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import lib.host.Host;
import lib.provider.Provider.Field;
import lib.provider.Providers.ConfigError;
import lib.provider.Provider;
import lib.provider.Provider.Mapping;
import lib.provider.Provider.Mapping.Condition;
import lib.provider.Provider.Mapping.Pointer;
import lib.provider.Providers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What providers.yaml may say, and what is said about it where it says something else. */
class ProviderFileTest {
    @TempDir
    Path dir;

    private static final String EVERYTHING = """
            # every key there is
            schema: 1
            defaults:
              items: /data
              id: /id
              name_of: [/display_name, /name]
              context: [/context_length, /limits/*/context]
              tools: /features ~ tools
              modes: {language: completion, tts: audio_speech}
            providers:
              acme:
                name: Acme
                docs: https://acme.example/docs
                verified: 2026-08
                models_dev: acme-ai
                litellm: [acme_chat, acme]
                also_called: acme-cloud
                ship: template
                why: it needs an account id.
                base_url: https://api.acme.example/v1/accounts/${ACME_ACCOUNT}/
                base_url_env: [ACME_URL, ACME_API_OPENAI]
                key_env: [ACME_API_KEY, ACME_KEY]
                key: optional
                auth: X-Api-Key
                headers: {acme-version: 2026-01-01}
                wires: {openai-chat: "", anthropic-messages: https://api.acme.example/anthropic}
                models: /models?limit=1000
                page: {param: after_id, next: /last_id, more: /has_more}
                join:
                  url: https://more.acme.example/list
                  url_env: ACME_MORE
                  query: limit=100
                  items: /items
                  key: /name
                  page: {param: page, first: 0, total: /total}
                  copy:
                    owner: /user
                    hot: {path: /is_hot, else: false}
                    unit: {path: /unit, else: "tokens"}
                    nodes: {count: /instances, where: "/active"}
                items: "{}"
                skip: [sample_spec]
                offer: {from: /offers, having: [/context, /price]}
                vision: [/vision, "/kind = image if /is_model"]
                mode: ["/kind = embed => embedding", /type]
                status: "/old => deprecated"
                modes: {rank: rerank}
                complete: [/features]
                not_chat: ["^whisper", embed]
                volatile: [/created]
                price: {input: [/price/in, /in], image: /price/image, per: token, scale: 0.0001, when: /unit = TOKEN, zero: unknown, currency: EUR}
                legacy: {key_env: OLD_KEY, base_url: "http://old.example"}
              links:
                base_url: http://127.0.0.1:8080/v1
                ship: local
                page: {link: /links/next}
                name_of: []
                wires: [openai-responses, openai-chat]
            tombstones:
              gone: {since: 2026-01, why: shut down, successor: acme}
            """;

    private Host host() {
        return new Host(Map.of("HOME", dir.toString()), dir, Clock.systemUTC(), new PrintWriter(new StringWriter()),
                new PrintWriter(new StringWriter()), false);
    }

    private Providers load(String yaml) {
        return Providers.load(host(), yaml.getBytes(StandardCharsets.UTF_8));
    }

    private String error(String yaml) {
        return error(yaml.getBytes(StandardCharsets.UTF_8));
    }

    private String error(byte[] yaml) {
        return assertThrows(ConfigError.class, () -> Providers.load(host(), yaml)).getMessage();
    }

    @Test
    void every_key_of_an_entry_is_read() {
        var acme = load(EVERYTHING).named("acme");
        assertEquals("Acme", acme.name());
        assertEquals(Provider.Ship.TEMPLATE, acme.ship());
        assertEquals("it needs an account id.", acme.why());
        assertEquals("https://api.acme.example/v1/accounts/${ACME_ACCOUNT}", acme.baseUrl());
        assertEquals(List.of("ACME_URL", "ACME_API_OPENAI"), acme.baseUrlEnv());
        assertEquals(List.of("ACME_API_KEY", "ACME_KEY"), acme.keyEnv());
        assertEquals(Provider.KeyNeed.OPTIONAL, acme.key());
        assertEquals("x-api-key", acme.auth());
        assertEquals(Map.of("acme-version", "2026-01-01"), acme.headers());
        assertEquals(List.of("openai-chat", "anthropic-messages"), List.copyOf(acme.wires().keySet()));
        assertNull(acme.wires().get("openai-chat"));
        assertEquals("https://api.acme.example/anthropic", acme.wires().get("anthropic-messages"));
        assertEquals("/models?limit=1000", acme.models());
        assertEquals(new Provider.Page("after_id", Pointer.parse("/last_id"), Pointer.parse("/has_more"), null, null, null), acme.page());
        assertEquals("https://acme.example/docs", acme.docs());
        assertEquals("2026-08", acme.verified());
        assertEquals(List.of("acme-ai"), acme.knownTo("models_dev"));
        assertEquals(List.of("acme_chat", "acme"), acme.knownTo("litellm"));
        assertEquals(List.of("acme-cloud"), acme.alsoCalled());
        assertEquals(new Provider.Legacy("OLD_KEY", "http://old.example"), acme.legacy());
        assertEquals(Provider.Trust.BUNDLED, acme.trust());
    }

    @Test
    void a_join_is_read_with_json_texts_for_what_is_not_found() {
        var join = load(EVERYTHING).named("acme").join();
        assertEquals("https://more.acme.example/list", join.url());
        assertEquals("ACME_MORE", join.urlEnv());
        assertEquals("limit=100", join.query());
        assertEquals(new Provider.Page("page", null, null, 0, Pointer.parse("/total"), null), join.page());
        assertEquals(List.of("owner", "hot", "unit", "nodes"), List.copyOf(join.copy().keySet()));
        assertEquals(new Provider.Copy(Pointer.parse("/user"), null, false, null), join.copy().get("owner"));
        assertEquals("false", join.copy().get("hot").orElse());
        assertEquals("\"tokens\"", join.copy().get("unit").orElse());
        assertEquals(new Provider.Copy(Pointer.parse("/instances"), null, true, Condition.parse("/active")), join.copy().get("nodes"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"0 | 0", "'-1.50' | '-1.50'", "1e3 | 1e3", "0777 | '\"0777\"'", "null | 'null'", "'\"1\"' | '\"1\"'",
            "TRUE | 'true'", "'''a\"b''' | '\"a\\\"b\"'", "1e | '\"1e\"'"})
    void a_scalar_becomes_the_json_text_that_says_the_same(String yaml, String json) {
        var join = load("providers: {a: {base_url: https://a.example, join: {url: https://b.example, items: '', key: /k, copy: {m: {path: /p, else: "
                + yaml + "}}}}}").named("a").join();
        assertEquals(json, join.copy().get("m").orElse());
    }

    @Test
    void an_entry_overrides_the_defaults_key_by_key() {
        var providers = load(EVERYTHING);
        var acme = providers.named("acme").mapping();
        assertEquals(Mapping.Shape.MAP, acme.items().shape());
        assertEquals(List.of(Pointer.parse("/display_name"), Pointer.parse("/name")), acme.fields().get(Field.NAME));
        assertEquals(Map.of("language", "completion", "tts", "audio_speech", "rank", "rerank"), acme.modes());
        assertEquals(List.of(Condition.parse("/vision"), Condition.parse("/kind = image if /is_model")), acme.flags().get(Field.VISION));
        assertEquals(List.of(Condition.parse("/features ~ tools")), acme.flags().get(Field.TOOLS));
        assertEquals(List.of(new Mapping.Rule(Condition.parse("/kind = embed"), null, "embedding"),
                new Mapping.Rule(null, Pointer.parse("/type"), null)), acme.mode());
        assertEquals(List.of(new Mapping.Rule(Condition.parse("/old"), null, "deprecated")), acme.status());
        assertTrue(acme.notChat().get(0).matcher("Whisper-1").find());
        assertFalse(acme.notChat().get(0).matcher("my-whisper").find());
        assertEquals(List.of(Pointer.parse("/created")), acme.volatileFields());
        assertEquals(new Mapping.Offer(Pointer.parse("/offers"), List.of(Pointer.parse("/context"), Pointer.parse("/price"))), acme.offer());
        var price = acme.price();
        assertEquals(Map.of(Field.COST_INPUT, List.of(Pointer.parse("/price/in"), Pointer.parse("/in")),
                Field.COST_IMAGE, List.of(Pointer.parse("/price/image"))), price.parts());
        assertEquals(1, price.perTokens());
        assertEquals(new BigDecimal("0.0001"), price.scale());
        assertEquals(Condition.parse("/unit = TOKEN"), price.when());
        assertTrue(price.zeroUnknown());
        assertEquals("EUR", price.currency());

        var links = providers.named("links").mapping();
        assertNull(links.fields().get(Field.NAME), "an empty list switches a field off");
        assertEquals(new Mapping.Items(Mapping.Shape.ARRAY, Pointer.parse("/data")), links.items());
        assertEquals(Map.of("language", "completion", "tts", "audio_speech"), links.modes());
        assertNull(providers.defaults().price());
        assertEquals(List.of(Pointer.parse("/id")), providers.defaults().fields().get(Field.ID));
    }

    @Test
    void what_an_entry_omits_has_a_plain_meaning() {
        var plain = load("providers: {plain: {base_url: https://plain.example/v1, key_env: PLAIN_KEY}, open: {base_url: https://o.example}}");
        var entry = plain.named("plain");
        assertEquals("plain", entry.name());
        assertEquals(Provider.Ship.DEFAULT, entry.ship());
        assertEquals(Provider.KeyNeed.REQUIRED, entry.key());
        assertEquals("bearer", entry.auth());
        assertEquals("/models", entry.models());
        assertEquals(List.of("openai-chat"), List.copyOf(entry.wires().keySet()));
        assertEquals(List.of(Pointer.parse("/id")), entry.mapping().fields().get(Field.ID));
        assertEquals(Provider.KeyNeed.NONE, plain.named("open").key());
        assertEquals(List.of(), entry.knownTo("litellm"));
    }

    @Test
    void a_tombstone_tells_since_when_why_and_what_instead() {
        var gone = load(EVERYTHING).named("gone");
        assertEquals(Provider.Ship.TOMBSTONE, gone.ship());
        assertEquals("2026-01", gone.since());
        assertEquals("shut down", gone.why());
        assertEquals("acme", gone.successor());
        assertNull(gone.baseUrl());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "# only a comment\n", "---\n", "providers:\n", "schema: 1\n", "\uFEFF# with a byte order mark\n"})
    void a_file_without_entries_is_no_mistake(String yaml) {
        assertEquals(Map.of(), load(yaml).byId());
    }

    /** File, line and column of every kind of mistake, in the form that editors jump to. A ¦ marks the place. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'¦provders: {}' | 'unknown key ''provders'' in this file; did you mean providers?'",
        "'providers: {a: {base_url: https://a.example, ¦contxt: /c}}' | 'unknown key ''contxt'' in a; did you mean context?'",
        "'providers: {a: {¦base-url: https://a.example}}' | 'unknown key ''base-url'' in a; did you mean base_url?'",
        "'providers: {a: {base_url: https://a.example, ¦zzzzzzzz: 1}}' | 'unknown key ''zzzzzzzz'' in a'",
        "'providers: {a: {base_url: https://a.example, ¦since: 2026}}' | 'unknown key ''since'' in a'",
        "'defaults: {¦base_url: https://a.example}' | 'unknown key ''base_url'' in defaults'",
        "'providers: {a: {¦<<: {}}}' | 'unknown key ''<<'' in a'",
        "'providers: ¦[a]' | 'providers must be a map, not a list'",
        "'providers: {a: ¦1}' | 'a must be a map, not a text'",
        "'¦just text' | 'expected providers: with entries below it'",
        "'providers: {a: {base_url: ¦[https://a.example]}}' | 'base_url must be a text, not a list'",
        "'providers: {a: {base_url: https://a.example, name: ¦true}}' | 'name must be a text, not true'",
        "'providers: {a: {base_url: https://a.example, context: ¦{x: /y}}}' | 'context must be a text or a list of texts, not a map'",
        "'providers: {a: {base_url: https://a.example, context: [/a, ¦[/b]]}}' | 'context must hold texts, not a list'",
        "'providers: {a: {base_url: https://a.example}, ¦a: {}}' | '''a'' stands here already, in line 1'",
        "'providers: {a: {base_url: https://a.example, key: none, ¦key: none}}' | '''key'' stands here already, in line 1'",
        "'{providers: {a: {base_url: https://a.example}}, tombstones: {¦a: {}}}' | 'a stands here already, in line 1'",
        "'providers: {¦Acme: {}}' | '''Acme'' is no provider id: lower-case letters, digits, ''.'', ''_'' and ''-'', at most 64, the first a letter or digit'",
        "'providers: {¦../x: {}}' | '''../x'' is no provider id: lower-case letters, digits, ''.'', ''_'' and ''-'', at most 64, the first a letter or digit'",
        "'providers: {¦a: {}}' | 'a needs base_url'",
        "'providers: {¦a: {base_url: }}' | 'a needs base_url'",
        "'providers: {a: {base_url: ¦http://a.example}}' | 'base_url: the address must start with https:// (http:// only for this machine)'",
        "'providers: {a: {base_url: ¦http://127.0.0.1.example}}' | 'base_url: the address must start with https:// (http:// only for this machine)'",
        "'providers: {a: {base_url: ¦https://me:pw@a.example}}' | 'base_url: an address must not hold a user name or password'",
        "'providers: {a: {base_url: ¦https://a.example/v1?x=1}}' | 'base_url: the address must not hold ? or #'",
        "'providers: {a: {base_url: ¦\"https://a.example/#x\"}}' | 'base_url: the address must not hold ? or #'",
        "'providers: {a: {base_url: ¦https:///v1}}' | 'base_url: the address names no host'",
        "'providers: {a: {base_url: ¦ftp://a.example}}' | 'base_url: an address starts with https://'",
        "'providers: {a: {base_url: ¦\"https://a.example/${lower}\"}}' | 'base_url: a variable is written ${NAME}, with A-Z, 0-9 and _'",
        "'providers: {a: {base_url: https://a.example, models: ¦models}}' | 'models must be a path below base_url, or an address: an address starts with https://'",
        "'providers: {a: {base_url: https://a.example, context: ¦limits}}' | 'context: ''limits'' is not a path: it must be empty or start with /'",
        "'providers: {a: {base_url: https://a.example, context: ¦/a~b}}' | 'context: ''a~b'' has a ~ that is not ~0 or ~1'",
        "'providers: {a: {base_url: https://a.example, vision: ¦/a=b}}' | 'vision: ''/a=b'' is no question: write /path, /path = value or /path ~ text'",
        "'providers: {a: {base_url: https://a.example, mode: ¦/a = b => chatt}}' | 'mode: ''chatt'' is not one of chat, responses, completion, embedding, rerank, image_generation, audio_transcription, audio_speech, video_generation, moderation, ocr, realtime, search, other; did you mean chat?'",
        "'providers: {a: {base_url: https://a.example, status: ¦/a => dead}}' | 'status: ''dead'' is not one of preview, active, deprecated, retired, missing'",
        "'providers: {a: {base_url: https://a.example, modes: {x: ¦y}}}' | 'x: ''y'' is not one of chat, responses, completion, embedding, rerank, image_generation, audio_transcription, audio_speech, video_generation, moderation, ocr, realtime, search, other'",
        "'providers: {a: {base_url: https://a.example, not_chat: ¦\"a(\"}}' | 'not_chat: ''a('' is not a regular expression: Unclosed group'",
        "'providers: {a: {base_url: https://a.example, price: {input: /i, per: ¦1m}}}' | 'per: ''1m'' is not one of token, 1K, 1M; did you mean 1M?'",
        "'providers: {a: {base_url: https://a.example, price: {input: /i, scale: ¦1e999999999}}}' | 'scale must be a number above 0, written out, such as 0.0001'",
        "'providers: {a: {base_url: https://a.example, price: {¦in: /i}}}' | 'unknown key ''in'' in price'",
        "'providers: {a: {base_url: https://a.example, price: ¦{per: 1M}}}' | 'price names no amount, such as input: /pricing/input'",
        "'providers: {a: {base_url: https://a.example, ship: ¦disabld}}' | 'ship: ''disabld'' is not one of default, template, local, disabled, source; did you mean disabled?'",
        "'providers: {¦a: {base_url: https://a.example, ship: disabled}}' | 'a needs why: a sentence that tells why it is not asked by itself'",
        "'providers: {a: {base_url: https://a.example, wires: [¦openai-chats]}}' | 'wires: ''openai-chats'' is not one of openai-chat, openai-responses, anthropic-messages, google-generate, cohere-chat, azure-openai; did you mean openai-chat?'",
        "'providers: {a: {base_url: https://a.example, key: ¦required}}' | 'key: required needs key_env, the variable that holds it'",
        "'providers: {a: {base_url: https://a.example, key_env: ¦sk-123}}' | 'key_env: this is no name of an environment variable (names only, never a key)'",
        "'providers: {a: {base_url: https://a.example, headers: {¦Authorization: x}}}' | 'the header ''Authorization'' cannot be set here; name the key''s variable in key_env'",
        "'providers: {a: {base_url: https://a.example, headers: {x-a: ¦\"a\\nb\"}}}' | 'x-a must be one line without control or invisible characters'",
        "'providers: {a: {base_url: https://a.example, name: ¦\"a\\e[31m\"}}' | 'name must be one line without control or invisible characters'",
        "'providers: {a: {base_url: https://a.example, auth: ¦a b}}' | 'auth must be bearer, none or the name of a header such as x-api-key'",
        "'providers: {a: {base_url: https://a.example, page: ¦{param: p}}}' | 'page must be {param, next[, more]}, {param, first[, total]} or {link}'",
        "'providers: {a: {base_url: https://a.example, page: ¦{param: p, first: 1, more: /m}}}' | 'page must be {param, next[, more]}, {param, first[, total]} or {link}'",
        "'providers: {a: {base_url: https://a.example, join: ¦{url: https://b.example}}}' | 'join needs copy'",
        "'providers: {a: {base_url: https://a.example, verified: ¦August}}' | 'verified must be YYYY-MM or YYYY-MM-DD'",
        "'providers: {a: {base_url: https://a.example, disabled: ¦1}}' | 'disabled must be true or false'",
        "'tombstones: {a: {successor: ¦b}}' | 'successor: there is no provider ''b'''",
        "'tombstones: {a: {¦ship: default}}' | 'unknown key ''ship'' in a; did you mean skip?'",
        "'{defaults: {items: \"{}\", id: []}, providers: {a: {base_url: https://a.example, items: ¦/data}}}' | 'id must not be empty unless items is \"{}\"'",
        "'defaults: {id: ¦[]}' | 'id must not be empty unless items is \"{}\"'",
        "'schema: ¦2' | 'this file is of schema 2, and this catalog reads schema 1; update catalog'",
        "'providers: {a: {base_url: ¦!!str https://a.example}}' | 'tags (!…) have no meaning here; put a text that starts with ! in quotes'",
        "'providers: {? ¦[a] : {}}' | 'a key must be a text'",
        "'providers: {a: ¦*nowhere}' | '*nowhere stands for nothing before it'",
        "'providers: &p {a: ¦*p}' | '*p stands for nothing before it'",
        "'providers: {a: ¦' | 'not valid YAML: expected the node content, but found ''<stream end>'''",
    })
    void a_mistake_is_named_with_line_and_column(String yaml, String message) {
        assertEquals("bundled providers.yaml:1:" + (yaml.indexOf('¦') + 1) + ": " + message, error(yaml.replace("¦", "")));
    }

    @Test
    void positions_count_lines_and_code_points() {
        assertEquals("bundled providers.yaml:4:17: base_url: the address names no host",
                error("# ein Kommentar \uD83D\uDE00\r\nproviders:\r\n  a:\r\n    base_url:   https:///x\r\n"));
        assertTrue(error("defaults: {name_of: \"/\uD83D\uDE00\", x: y}").startsWith("bundled providers.yaml:1:27: unknown key 'x'"));
    }

    @Test
    void bytes_that_are_no_text_are_refused_where_they_stand() {
        assertEquals("bundled providers.yaml:2:4: not valid UTF-8", error(new byte[] {'#', '\n', '#', ' ', 'x', (byte) 0xC3, '\n'}));
        assertEquals("bundled providers.yaml:2:3: not valid YAML: a control character (U+0007)", error("# a\n# \u0007\n"));
    }

    @Test
    void deep_nesting_many_aliases_long_texts_and_large_files_are_refused() {
        assertTrue(error("defaults: " + "[".repeat(100_000)).contains("nested more than 32 levels deep"));
        var aliases = new StringBuilder("providers:\n  a: &x {base_url: https://a.example}\n");
        for (int i = 0; i < 300; i++) {
            aliases.append("  a").append(i).append(": *x\n");
        }
        assertTrue(error(aliases.toString()).contains("more than 200 aliases"));
        assertTrue(error("defaults: {vision: " + "/a if ".repeat(20_000) + "/a}").contains("vision has 120002 characters, more than 4000"));
        assertTrue(error("#".repeat(2 << 20)).contains("bytes, more than"));
        assertTrue(error("--- 1\n--- 2\n").endsWith(":2:1: a second document starts here; one file holds one"));
    }

    @Test
    void an_alias_stands_for_what_it_names() {
        var providers = load("providers:\n  a: &x {base_url: https://a.example, name: &n Both}\n  b: *x\n  c: {base_url: https://c.example, name: *n}\n");
        assertEquals("https://a.example", providers.named("b").baseUrl());
        assertEquals("Both", providers.named("c").name());
    }

    @Test
    void mutilated_files_give_config_errors_with_a_place_and_nothing_else() {
        var place = Pattern.compile("(?s)bundled providers\\.yaml:[1-9][0-9]*:[1-9][0-9]*: \\S.*");
        long seed = 20261121;
        var random = new Random(seed);
        var valid = EVERYTHING.getBytes(StandardCharsets.UTF_8);
        int refused = 0;
        for (int round = 0; round < 500; round++) {
            var bytes = mutilated(valid, random);
            try {
                Providers.load(host(), bytes);
            } catch (ConfigError e) {
                refused++;
                assertTrue(place.matcher(e.getMessage()).matches(), () -> "seed " + seed + ": " + e.getMessage());
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError("seed " + seed + " round " + round + ":\n" + new String(bytes, StandardCharsets.UTF_8), e);
            }
        }
        assertTrue(refused > 100, "too few were refused to prove anything: " + refused);
    }

    private static byte[] mutilated(byte[] valid, Random random) {
        var bytes = valid;
        for (int i = random.nextInt(4); i >= 0; i--) {
            int from = random.nextInt(bytes.length);
            int length = Math.min(bytes.length - from, 1 + random.nextInt(random.nextBoolean() ? 3 : 60));
            var piece = Arrays.copyOfRange(bytes, from, from + length);
            switch (random.nextInt(3)) {
                case 0 -> bytes = spliced(bytes, from, from + length, new byte[0]);
                case 1 -> bytes = spliced(bytes, from, from, piece);
                default -> {
                    var inserted = new byte[1 + random.nextInt(3)];
                    for (int j = 0; j < inserted.length; j++) {
                        var likely = "{}[]:,#&*!|>'\"%@`?-~ \n\t$/0\\\uFEFF\u0000".getBytes(StandardCharsets.UTF_8);
                        inserted[j] = random.nextInt(8) == 0 ? (byte) random.nextInt(256) : likely[random.nextInt(likely.length)];
                    }
                    bytes = spliced(bytes, from, from, inserted);
                }
            }
        }
        return bytes;
    }

    private static byte[] spliced(byte[] bytes, int from, int to, byte[] instead) {
        var out = new byte[from + instead.length + bytes.length - to];
        System.arraycopy(bytes, 0, out, 0, from);
        System.arraycopy(instead, 0, out, from, instead.length);
        System.arraycopy(bytes, to, out, from + instead.length, bytes.length - to);
        return out;
    }
}
