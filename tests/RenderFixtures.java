package tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import lib.host.Host;
import lib.model.Model;
import lib.model.Normaliser;
import lib.provider.Access;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Providers;
import lib.render.Rendering.Renderer;
import lib.render.Rendering;
import lib.render.Tools;

/** One rendering in a temporary folder, with the made-up providers of samples/render. */
final class RenderFixtures {
    static final Path SAMPLES = Shell.CHECKOUT.resolve("tests/samples/render");
    static final ObjectMapper MAPPER = new ObjectMapper();

    final Path root;
    final Host host;
    private final Providers providers;
    private final Map<String, JsonNode> answers = new LinkedHashMap<>();
    private final Map<String, List<Model>> models = new LinkedHashMap<>();
    private Map<String, String> bundled = Map.of();
    private Path option;
    private Set<String> secrets = Set.of();
    private Set<String> tools;
    private Set<String> only;
    private Set<String> optional = Set.of();
    private Rendering.Run run;

    RenderFixtures(Path dir) throws IOException {
        this(dir, Map.of());
    }

    RenderFixtures(Path dir, Map<String, String> environment) throws IOException {
        var env = new HashMap<>(Map.of("XDG_CONFIG_HOME", dir.resolve("config-home").toString(), "HOME", dir.toString()));
        env.putAll(environment);
        root = Files.createDirectories(dir.resolve("root"));
        host = Fixtures.host(root, env);
        providers = Providers.load(host, Files.readAllBytes(SAMPLES.resolve("providers.yaml")));
    }

    /** All sample providers with their answers. */
    RenderFixtures samples() throws IOException, Listing.NotAListing {
        for (var id : providers.byId().keySet()) {
            answer(id, Files.readString(SAMPLES.resolve(id + ".json")));
        }
        return this;
    }

    RenderFixtures answer(String provider, String json) throws IOException, Listing.NotAListing {
        var node = Json.parse(json.getBytes(StandardCharsets.UTF_8));
        answers.put(provider, node);
        models.put(provider, Normaliser.models(providers.named(provider), node, Fixtures.NOW));
        return this;
    }

    /** A provider with models of these ids and nothing else known. */
    RenderFixtures ids(String provider, String... ids) throws IOException, Listing.NotAListing {
        var root = MAPPER.createObjectNode();
        for (var id : ids) {
            root.withArray("/data").addObject().put("id", id);
        }
        return answer(provider, root.toString());
    }

    RenderFixtures withoutAnswer(String provider) {
        answers.remove(provider);
        return this;
    }

    RenderFixtures bundledTemplates() {
        bundled = Tools.bundled();
        return this;
    }

    RenderFixtures bundled(String path, String text) {
        bundled = new HashMap<>(bundled);
        bundled.put(path, text);
        return this;
    }

    RenderFixtures user(String path, String text) throws IOException {
        return put(host.configDir().resolve("templates"), path, text);
    }

    RenderFixtures project(String path, String text) throws IOException {
        return put(root.resolve("templates"), path, text);
    }

    RenderFixtures put(Path folder, String path, String text) throws IOException {
        Files.createDirectories(folder.resolve(path).getParent());
        Files.writeString(folder.resolve(path), text);
        return this;
    }

    RenderFixtures option(Path folder) {
        option = folder;
        return this;
    }

    RenderFixtures secrets(String... values) {
        secrets = Set.of(values);
        return this;
    }

    RenderFixtures tools(String... names) {
        tools = Set.of(names);
        return this;
    }

    RenderFixtures only(String... names) {
        only = Set.of(names);
        return this;
    }

    RenderFixtures legacy() {
        optional = Set.of("legacy");
        return this;
    }

    RenderFixtures run(Rendering.Run fetched) {
        run = fetched;
        return this;
    }

    Tools discover() {
        return Tools.discover(host, option, bundled);
    }

    Rendering.Report render() throws InterruptedException {
        var accesses = new ArrayList<Access>();
        models.keySet().forEach(id -> accesses.add(providers.access(providers.named(id), host)));
        return new Renderer(discover()).render(new Rendering.Request(root, accesses, providers.byId().values(), models::get, answers::get,
                secrets, tools, only, optional, run, Rendering.Scope.ALL, 2, List.of()));
    }

    /** What a template makes of one provider; anything that goes wrong fails the test. */
    String output(String name, String template) throws IOException, InterruptedException {
        user("t/" + name + ".ftl", template);
        var report = tools("t").render();
        if (!report.problems().isEmpty()) {
            throw new AssertionError(report.problems());
        }
        return read("config/t/" + name);
    }

    /** The one problem that a template runs into. */
    Rendering.Problem problem(String name, String template) throws IOException, InterruptedException {
        user("t/" + name + ".ftl", template);
        var problems = tools("t").render().problems();
        if (problems.size() != 1) {
            throw new AssertionError("one problem expected: " + problems);
        }
        return problems.get(0);
    }

    String read(String file) throws IOException {
        return Files.readString(root.resolve(file));
    }

    boolean exists(String file) {
        return Files.exists(root.resolve(file));
    }

    /** Path below the folder to content, of all files in it. */
    static Map<String, String> tree(Path folder) throws IOException {
        var found = new TreeMap<String, String>();
        try (var files = Files.walk(folder)) {
            for (var file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                found.put(folder.relativize(file).toString().replace('\\', '/'), Files.readString(file));
            }
        }
        return found;
    }
}
