package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.host.Host;
import lib.provider.Access;
import lib.provider.Provider.Field;
import lib.provider.Providers.ConfigError;
import lib.provider.Provider;
import lib.provider.Provider.Mapping.Pointer;
import lib.provider.Providers;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Layers and trust of providers.yaml, and what the environment makes of an entry. */
class ProvidersTest {
    private static final String BUNDLED = """
            defaults:
              context: /context
              max_output: /output
              modes: {a: chat, b: embedding}
            providers:
              acme:
                name: Acme
                base_url: https://api.acme.example/v1
                base_url_env: [ACME_URL, ACME_API_OPENAI]
                key_env: [ACME_API_KEY, ACME_KEY]
                headers: {acme-version: "1", acme-beta: "2"}
                modes: {c: rerank}
              local: {base_url: http://localhost:1234/v1, key_env: LOCAL_KEY, key: optional, ship: local}
              account: {base_url: "https://api.account.example/${ACCOUNT_ID}/v1", key_env: ACCOUNT_KEY}
              anywhere: {base_url: "${ANYWHERE_URL}", key_env: ANYWHERE_KEY}
              apart: {base_url: https://api.apart.example/v1, base_url_env: APART_URL, models: "https://list.apart.example/all?x=1"}
              itself: {base_url: https://raw.example/models.json, base_url_env: ITSELF_URL, models: ""}
              joined:
                base_url: https://api.joined.example
                join: {url: https://more.joined.example/list, url_env: JOINED_MORE, query: a=b, items: /items, key: /name, copy: {x: /x}}
            tombstones:
              gone: {why: shut down, base_url: https://gone.example}
              forgotten: {since: 2024}
            """;

    @TempDir
    Path dir;
    private Path cwd;
    private Path userFile;
    private Path projectFile;

    @BeforeEach
    void places() throws IOException {
        cwd = Files.createDirectories(dir.resolve("project"));
        projectFile = cwd.resolve("providers.yaml");
        userFile = Files.createDirectories(dir.resolve("config/catalog")).resolve("providers.yaml");
    }

    private Host host(String... env) {
        return host(cwd, env);
    }

    private Host host(Path workingDirectory, String... env) {
        var all = new java.util.HashMap<>(Map.of("HOME", dir.toString(), "XDG_CONFIG_HOME", dir.resolve("config").toString()));
        for (int i = 0; i < env.length; i += 2) {
            all.put(env[i], env[i + 1]);
        }
        return new Host(all, workingDirectory, Clock.systemUTC(), new PrintWriter(new StringWriter()),
                new PrintWriter(new StringWriter()), false);
    }

    private Providers load() {
        return Providers.load(host(), BUNDLED.getBytes(StandardCharsets.UTF_8));
    }

    private Access access(String id, String... env) {
        var providers = load();
        return providers.access(providers.named(id), host(env));
    }

    private String accessError(String id, String... env) {
        return assertThrows(ConfigError.class, () -> access(id, env)).getMessage();
    }

    @Test
    void our_own_file_loads_without_a_note() throws IOException {
        try (var in = Providers.class.getResourceAsStream("/providers.yaml")) {
            assertNotNull(in, "providers.yaml is not on the class path");
            var providers = Providers.load(host(), in.readAllBytes());
            assertEquals(List.of(), providers.notes());
            assertTrue(providers.byId().size() > 90, () -> "only " + providers.byId().size());
            for (var provider : providers.byId().values()) {
                var access = providers.access(provider, host());
                assertTrue(access.models() != null || access.missing() != null || provider.ship() == Provider.Ship.TOMBSTONE
                                || provider.source() != null && provider.source().file() != null,
                        () -> access + " has no address, and no variable to give it one");
            }
        }
    }

    @Test
    void a_user_changes_single_fields_and_the_order_stays() throws IOException {
        Files.writeString(userFile, """
                providers:
                  mine: {base_url: https://mine.example}
                  acme: {base_url: https://proxy.example/acme, headers: {x-team: red}, modes: {d: ocr}}
                """);
        var providers = load();
        var acme = providers.named("acme");
        assertEquals("https://proxy.example/acme", acme.baseUrl());
        assertEquals("Acme", acme.name());
        assertEquals(List.of("ACME_API_KEY", "ACME_KEY"), acme.keyEnv());
        assertEquals(Map.of("x-team", "red"), acme.headers(), "headers are replaced wholly");
        assertEquals(Map.of("a", "chat", "b", "embedding", "c", "rerank", "d", "ocr"), acme.mapping().modes(), "modes are not");
        assertEquals(Provider.Trust.USER, acme.trust());
        assertEquals(Provider.Trust.BUNDLED, providers.named("local").trust());
        assertEquals("acme", providers.byId().keySet().iterator().next());
        assertEquals("mine", List.copyOf(providers.byId().keySet()).get(providers.byId().size() - 1));
        assertEquals(List.of(), providers.notes());
    }

    @Test
    void an_explicit_null_takes_a_field_back_and_an_omitted_one_does_not() throws IOException {
        Files.writeString(userFile, "providers: {acme: {key_env: , name: Mine}}");
        var acme = load().named("acme");
        assertEquals(List.of(), acme.keyEnv());
        assertEquals(Provider.KeyNeed.NONE, acme.key());
        assertEquals(List.of("ACME_URL", "ACME_API_OPENAI"), acme.baseUrlEnv());
    }

    @Test
    void a_user_changes_single_defaults() throws IOException {
        Files.writeString(userFile, "defaults: {context: [/mine, /context], modes: {b: null, z: search}}");
        var mapping = load().named("acme").mapping();
        assertEquals(List.of(Pointer.parse("/mine"), Pointer.parse("/context")), mapping.fields().get(Field.CONTEXT));
        assertEquals(List.of(Pointer.parse("/output")), mapping.fields().get(Field.MAX_OUTPUT));
        assertEquals(Map.of("a", "chat", "z", "search", "c", "rerank"), mapping.modes());
    }

    @Test
    void a_user_hides_an_entry_and_is_told_of_a_slip() throws IOException {
        Files.writeString(userFile, "providers:\n  acme: {disabled: true}\n  locall: {disabled: true}\n  local: {disabled: false}\n");
        var providers = load();
        assertFalse(providers.byId().containsKey("acme"));
        assertFalse(providers.byId().containsKey("locall"));
        assertTrue(providers.byId().containsKey("local"));
        assertEquals(List.of(userFile + ":3: there is no locall to disable; did you mean local?"), providers.notes());
    }

    @Test
    void a_user_brings_a_tombstone_back_to_life_and_buries_another() throws IOException {
        Files.writeString(userFile, "providers: {gone: {name: Back}}\ntombstones: {acme: {why: too dear, since: 2026}}\n");
        var providers = load();
        assertEquals(Provider.Ship.DEFAULT, providers.named("gone").ship());
        assertEquals("https://gone.example", providers.named("gone").baseUrl());
        assertEquals(Provider.Ship.TOMBSTONE, providers.named("acme").ship());
        assertEquals("2026", providers.named("acme").since());
    }

    @Test
    void a_mistake_in_a_file_below_the_working_directory_is_named_as_one_would_type_it() throws IOException {
        Files.writeString(projectFile, "providers:\n  x: {base_ur: https://x.example}\n");
        assertEquals("./providers.yaml:2:7: unknown key 'base_ur' in x; did you mean base_url?",
                assertThrows(ConfigError.class, this::load).getMessage());
        Files.delete(projectFile);
        Files.writeString(userFile, "providers: []");
        assertEquals(userFile + ":1:12: providers must be a map, not a list", assertThrows(ConfigError.class, this::load).getMessage());
        var below = assertThrows(ConfigError.class, () -> Providers.load(host(dir), BUNDLED.getBytes(StandardCharsets.UTF_8)));
        assertTrue(below.getMessage().startsWith("./config/catalog/providers.yaml:1:12: "), below.getMessage());
    }

    @Test
    void a_project_adds_keyless_providers_and_nothing_more() throws IOException {
        Files.writeString(userFile, "providers: {mine: {base_url: https://mine.example}}");
        Files.writeString(projectFile, """
                defaults: {context: /evil}
                providers:
                  acme: {base_url: https://evil.example}
                  mine: {base_url: https://evil.example}
                  local: {disabled: true}
                  stealer:
                    base_url: https://evil.example
                    base_url_env: ACME_URL
                    key_env: ACME_API_KEY
                    key: required
                    headers: {x-a: b}
                    legacy: {key_env: ACME_API_KEY}
                    join: {url: https://evil.example, url_env: ACME_URL, items: /i, key: /k, copy: {x: /x}}
                  leaker: {base_url: "https://evil.example/${ACME_API_KEY}"}
                  pager: {base_url: https://evil.example, models: "/models?${ACME_API_KEY}"}
                  wirer: {base_url: https://evil.example, wires: {openai-chat: "https://${ACME_API_KEY}.evil.example"}}
                  honest: {base_url: https://honest.example/v1, key: none, context: /n}
                tombstones:
                  gone: {base_url: https://evil.example}
                """);
        var providers = load();
        assertEquals(List.of(
                "./providers.yaml:1: defaults ignored; a project file that is not trusted cannot change them",
                "./providers.yaml:3: acme is built in; a project file that is not trusted cannot change it",
                "./providers.yaml:4: mine is in your own file; a project file that is not trusted cannot change it",
                "./providers.yaml:5: local is built in; a project file that is not trusted cannot change it",
                "./providers.yaml:6: stealer: key_env, key, headers, base_url_env, legacy, join.url_env ignored;"
                        + " a project file that is not trusted adds providers without keys only",
                "./providers.yaml:14: leaker ignored; a project file that is not trusted cannot put variables into addresses",
                "./providers.yaml:15: pager ignored; a project file that is not trusted cannot put variables into addresses",
                "./providers.yaml:16: wirer ignored; a project file that is not trusted cannot put variables into addresses",
                "./providers.yaml:19: gone is built in; a project file that is not trusted cannot change it"), providers.notes());
        assertEquals("https://api.acme.example/v1", providers.named("acme").baseUrl());
        assertEquals(Provider.Trust.BUNDLED, providers.named("acme").trust());
        assertEquals("https://gone.example", providers.named("gone").baseUrl());
        assertEquals(List.of(Pointer.parse("/context")), providers.defaults().fields().get(Field.CONTEXT));
        assertFalse(providers.byId().containsKey("leaker"));

        var stealer = providers.named("stealer");
        assertEquals(Provider.Trust.PROJECT, stealer.trust());
        assertEquals(Provider.KeyNeed.NONE, stealer.key());
        assertEquals(Map.of(), stealer.headers());
        assertNull(stealer.legacy());
        var access = providers.access(stealer, host("ACME_API_KEY", "not-a-real-key-1", "ACME_URL", "https://other.example"));
        assertNull(access.key());
        assertNull(access.keyVariable());
        assertEquals(URI.create("https://evil.example/models"), access.models());
        assertEquals(URI.create("https://evil.example"), access.join());
        assertTrue(access.usable());
        assertEquals(List.of(Pointer.parse("/n")), providers.named("honest").mapping().fields().get(Field.CONTEXT));
    }

    @Test
    void a_trusted_project_may_do_what_the_user_may() throws IOException {
        Files.writeString(projectFile, "providers: {acme: {base_url: https://proxy.example}, x: {base_url: https://x.example, key_env: X_KEY}}");
        var providers = Providers.load(host(), BUNDLED.getBytes(StandardCharsets.UTF_8), true);
        assertEquals("https://proxy.example", providers.named("acme").baseUrl());
        assertEquals("not-a-real-key-1", providers.access(providers.named("x"), host("X_KEY", "not-a-real-key-1")).key());
        assertEquals(List.of(), providers.notes());
    }

    @Test
    void a_copy_of_our_own_file_is_no_layer() throws IOException {
        Files.writeString(projectFile, BUNDLED);
        var providers = load();
        assertEquals(List.of(), providers.notes());
        assertEquals(Provider.Trust.BUNDLED, providers.named("acme").trust());
        Files.writeString(projectFile, BUNDLED + "# changed\n");
        assertEquals(10, load().notes().size());
    }

    @Test
    void in_the_users_own_folder_the_file_is_the_users() throws IOException {
        Files.writeString(userFile, "providers: {acme: {name: Mine}}");
        var inside = host(userFile.getParent());
        var providers = Providers.load(inside, BUNDLED.getBytes(StandardCharsets.UTF_8));
        assertEquals("Mine", providers.named("acme").name());
        assertEquals(List.of(), providers.notes());
    }

    @Test
    void a_project_entry_never_sees_a_key_even_if_it_were_bound_with_one() {
        var acme = load().named("acme");
        var strange = new Provider(acme.id(), acme.name(), acme.ship(), null, null, null, acme.baseUrl(), acme.baseUrlEnv(), acme.keyEnv(),
                null, acme.key(), acme.auth(), acme.headers(), acme.wires(), acme.models(), null, null, acme.mapping(), null, null, List.of(), List.of(),
                List.of(), "", null, null, Provider.Trust.PROJECT);
        var access = load().access(strange, host("ACME_API_KEY", "not-a-real-key-1", "ACME_URL", "https://other.example"));
        assertNull(access.key());
        assertEquals(URI.create("https://api.acme.example/v1/models"), access.models());
    }

    @Test
    void the_first_key_variable_that_is_set_counts() {
        var none = access("acme");
        assertNull(none.key());
        assertEquals("ACME_API_KEY", none.keyVariable());
        assertFalse(none.usable());
        var second = access("acme", "ACME_API_KEY", "  ", "ACME_KEY", " not-a-real-key-2\n");
        assertEquals("not-a-real-key-2", second.key());
        assertEquals("ACME_KEY", second.keyVariable());
        assertTrue(second.usable());
        assertFalse(second.toString().contains("not-a-real"));
        assertEquals("not-a-real-key-1", access("acme", "ACME_API_KEY", "not-a-real-key-1", "ACME_KEY", "not-a-real-key-2").key());
        assertTrue(access("local").usable());
        assertEquals("LOCAL_KEY", access("local").keyVariable());
        assertNull(access("apart").keyVariable());
    }

    @ParameterizedTest
    @CsvSource({"acme, https://api.acme.example/v1, https://api.acme.example/v1/models", "itself, https://raw.example/models.json, https://raw.example/models.json",
            "apart, https://api.apart.example/v1, https://list.apart.example/all?x=1", "local, http://localhost:1234/v1, http://localhost:1234/v1/models"})
    void addresses_without_the_environment(String id, String base, URI models) {
        assertEquals(base, access(id).baseUrl());
        assertEquals(models, access(id).models());
        assertNull(access(id).missing());
    }

    @ParameterizedTest
    @CsvSource({"acme, ACME_URL, https://proxy.example/v1/, https://proxy.example/v1, https://proxy.example/v1/models",
            "acme, ACME_API_OPENAI, http://127.0.0.9:80/a, http://127.0.0.9:80/a, http://127.0.0.9:80/a/models",
            "acme, ACME_URL, http://[::1]:80, http://[::1]:80, http://[::1]:80/models",
            "acme, ACME_URL, https://proxy.example/v1/models, https://proxy.example/v1, https://proxy.example/v1/models",
            "apart, APART_URL, https://proxy.example/v1, https://proxy.example/v1, https://proxy.example/v1/models",
            "itself, ITSELF_URL, https://proxy.example/models, https://proxy.example/models, https://proxy.example/models",
            "anywhere, ANYWHERE_URL, https://any.example/v1/, https://any.example/v1, https://any.example/v1/models",
            "account, ACCOUNT_ID, ab-1_c.d, https://api.account.example/ab-1_c.d/v1, https://api.account.example/ab-1_c.d/v1/models"})
    void addresses_from_the_environment(String id, String variable, String value, String base, URI models) {
        var access = access(id, variable, value);
        assertEquals(base, access.baseUrl());
        assertEquals(models, access.models());
        assertNull(access.missing());
    }

    @ParameterizedTest
    @CsvSource({"acme, ACME_URL, http://proxy.example", "acme, ACME_URL, proxy.example", "acme, ACME_URL, https://me:pw@proxy.example",
            "acme, ACME_URL, https://proxy.example/?key=pw", "acme, ACME_URL, file:///etc/passwd", "acme, ACME_URL, https://pw pw",
            "acme, ACME_URL, http://127.0.0.1.proxy.example", "anywhere, ANYWHERE_URL, http://proxy.example", "account, ACCOUNT_ID, a/b",
            "account, ACCOUNT_ID, ..", "account, ACCOUNT_ID, a@b", "joined, JOINED_MORE, http://proxy.example"})
    void an_address_that_cannot_be_used_is_refused_without_being_shown(String id, String variable, String value) {
        var message = accessError(id, variable, value);
        assertTrue(message.startsWith(variable + ": "), message);
        assertFalse(message.contains(value), message);
        assertFalse(message.contains("pw"), message);
    }

    @Test
    void an_address_that_wants_a_variable_says_which() {
        var account = access("account", "ACCOUNT_KEY", "not-a-real-key-1");
        assertEquals("ACCOUNT_ID", account.missing());
        assertNull(account.models());
        assertFalse(account.usable());
        assertEquals("https://api.account.example/${ACCOUNT_ID}/v1", account.baseUrl());
        assertEquals("ANYWHERE_URL", access("anywhere").missing());
        assertNull(access("forgotten").models());
        assertNull(access("forgotten").missing());
        assertFalse(access("forgotten").usable());
    }

    @Test
    void a_second_api_has_its_own_variable_and_keeps_its_query() {
        assertEquals(URI.create("https://more.joined.example/list?a=b"), access("joined").join());
        assertEquals(URI.create("http://localhost:9/x?y=z&a=b"), access("joined", "JOINED_MORE", "http://localhost:9/x?y=z").join());
        assertNull(access("acme").join());
    }

    @Test
    void secrets_are_the_long_values_of_key_variables() {
        var host = host("ACME_API_KEY", "not-a-real-key-1", "ACME_KEY", " not-a-real-key-2 ", "LOCAL_KEY", "lm-studio",
                "ACCOUNT_KEY", "sk-dummy-0123456789", "ANYWHERE_KEY", "sk-no-key-required", "ACME_URL", "https://long.acme.example");
        assertEquals(Set.of("not-a-real-key-1", "not-a-real-key-2"), load().secretValues(host));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"acm | no provider 'acm'; did you mean acme?", "ACME | no provider 'ACME'; did you mean acme?",
            "acem | no provider 'acem'; did you mean acme?", "gon | no provider 'gon'; did you mean gone?",
            "something | no provider 'something'; see what there is with: catalog providers list"})
    void an_unknown_name_gets_the_nearest_one(String name, String message) {
        assertEquals(message, assertThrows(ConfigError.class, () -> load().named(name)).getMessage());
    }

    @Test
    void a_name_is_shown_without_what_a_terminal_would_obey() {
        assertEquals("no provider '\\u001b[2Jacme-x-y'; see what there is with: catalog providers list",
                assertThrows(ConfigError.class, () -> load().named("\u001b[2Jacme-x-y")).getMessage());
    }

    @Test
    void underscores_and_case_are_nearer_than_other_letters() {
        assertEquals("; did you mean z-ai?", ConfigError.didYouMean("Z_AI", List.of("z-au", "z-ai", "zai")));
        assertEquals("", ConfigError.didYouMean("x", List.of("y")));
        assertEquals("", ConfigError.didYouMean("", List.of("y")));
    }
}
