package tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import lib.fetch.Outcome.Answer;
import lib.fetch.Store;
import lib.provider.Access;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreTest {
    private static final URI URL = URI.create("https://acme.test/v1/models?limit=1000");

    @TempDir
    Path dir;

    private static Access access(String id, URI url, String key) {
        return Fixtures.access(id, url, null, key, e -> e);
    }

    private static Answer answer(String id, URI url, String body) {
        return new Answer(id, url, "W/\"é\\\"1\"", null, Fixtures.NOW, 2, "00ff", body.getBytes(StandardCharsets.UTF_8));
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(dir.resolve("answers"))) {
            return files.toList();
        }
    }

    @Test
    void an_answer_comes_back_as_it_was_kept() throws Exception {
        var store = new Store(dir.resolve("answers"));
        var access = access("acme", URL, Fixtures.KEY);
        assertNull(store.load(access));
        for (var body : List.of("{\"data\":[]}\n", "", "\n\n{", "ü\u0000\r\n")) {
            var kept = answer("acme", URL, body);
            store.save(access, kept);
            var found = store.load(access);
            assertArrayEquals(kept.body(), found.body());
            assertEquals(List.of(kept.provider(), kept.url(), kept.etag(), kept.fetchedAt(), kept.models(), kept.sha256()),
                    List.of(found.provider(), found.url(), found.etag(), found.fetchedAt(), found.models(), found.sha256()));
            assertNull(found.lastModified());
        }
        assertEquals(1, files().size());
    }

    @Test
    void what_one_key_or_address_or_provider_got_is_not_shown_to_another() throws Exception {
        var store = new Store(dir.resolve("answers"));
        var mine = access("acme", URL, Fixtures.KEY);
        store.save(mine, answer("acme", URL, "{}"));
        assertNull(store.load(access("acme", URL, Fixtures.KEY + "1")));
        assertNull(store.load(access("acme", URL, null)));
        assertNull(store.load(access("acme", URI.create("https://other.test/v1/models"), Fixtures.KEY)));
        assertNull(store.load(access("acme2", URL, Fixtures.KEY)));
        assertNotNull(store.load(mine));
    }

    @Test
    void no_file_and_no_name_holds_the_key() throws Exception {
        new Store(dir.resolve("answers")).save(access("acme", URL, Fixtures.KEY), answer("acme", URL, "{}"));
        var file = files().get(0);
        assertFalse(file.toString().contains(Fixtures.KEY) || Files.readString(file).contains(Fixtures.KEY));
        assertTrue(file.getFileName().toString().matches("[a-z0-9._-]+"), "good on every system: " + file);
    }

    @Test
    void only_the_owner_may_look_into_the_folder() throws Exception {
        if (!FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        new Store(dir.resolve("answers")).save(access("acme", URL, Fixtures.KEY), answer("acme", URL, "{}"));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("answers"))));
    }

    @Test
    void any_damage_makes_it_absent_and_is_told() throws Exception {
        var store = new Store(dir.resolve("answers"));
        var access = access("acme", URL, Fixtures.KEY);
        store.save(access, answer("acme", URL, "{\"data\":[{\"id\":\"m1\"},{\"id\":\"m2\"}]}"));
        var file = files().get(0);
        var whole = Files.readAllBytes(file);
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            var damaged = i < whole.length ? Arrays.copyOf(whole, i) : whole.clone();
            if (i >= whole.length) {
                int head = 0;
                while (whole[head] != '\n') {
                    head++;
                }
                damaged[head + 1 + random.nextInt(whole.length - head - 1)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(file, damaged);
            var found = store.find(access);
            assertNull(found.answer(), "seed " + seed + ", round " + i);
            assertTrue(found.damage().contains(file + ".damaged"), found.damage());
            assertArrayEquals(damaged, Files.readAllBytes(file.resolveSibling(file.getFileName() + ".damaged")));
            assertNull(store.find(access).damage(), "it is told once");
        }
        for (var head : List.of("null", "[]", "{}", "{\"format\":1,\"length\":0,\"crc32\":0,\"provider\":\"acme\",\"url\":\"" + URL + "\",\"fetched_at\":\"noon\"}")) {
            Files.writeString(file, head + "\n");
            assertNull(store.load(access), head);
        }
        Files.write(file, whole);
        assertNull(store.find(access).damage());
        assertEquals(2, store.load(access).models());
    }

    @Test
    void a_catalogue_is_kept_compressed_and_its_damage_is_found() throws Exception {
        var store = new Store(dir.resolve("answers"));
        var host = new lib.host.Host(java.util.Map.of("HOME", dir.toString(), "LITELLM_API_OPENAI", "http://127.0.0.1:1/map"), dir, java.time.Clock.systemUTC(),
                new java.io.PrintWriter(System.out), new java.io.PrintWriter(System.err), false);
        var providers = lib.provider.Providers.load(host, Shell.class.getResourceAsStream("/providers.yaml").readAllBytes());
        var access = providers.access(providers.named("litellm"), host);
        var body = Fixtures.list(2_000);
        store.save(access, answer("litellm", access.models(), body));
        var file = files().get(0);
        assertTrue(Files.size(file) * 4 < body.length(), Files.size(file) + " bytes for " + body.length());
        assertEquals(body, new String(store.load(access).body(), java.nio.charset.StandardCharsets.UTF_8));
        var whole = Files.readAllBytes(file);
        var random = new Random(7);
        for (int i = 0; i < 100; i++) {
            var damaged = whole.clone();
            damaged[whole.length - 1 - random.nextInt(whole.length / 2)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, damaged);
            assertNull(store.load(access), "seed 7, round " + i);
        }
    }
}
