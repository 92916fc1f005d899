package lib.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import lib.cli.Output.Failures;
import lib.host.Host;
import lib.provider.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine;

/** {@code catalog demo}: the whole way from request to file with made-up providers on loopback, without a key. */
@Command(name = "demo", description = "See it work without a key: made-up models, served on this machine, rendered for every tool.",
        footer = {"", "Example:", "  catalog demo --root /tmp/demo"})
public final class DemoCommand implements Callable<Integer> {
    /** The samples that are asked beside the providers. */
    private static final Set<String> SOURCES = Set.of("models-dev", "litellm");

    private final Host host;
    private final Output output;

    @Option(names = "--root", paramLabel = "DIR", description = "The folder to write to (default: ./catalog-demo).")
    private Path root = Path.of("catalog-demo");

    @Option(names = "--legacy-output", description = "Also write models/ as the legacy tool dump_models does.")
    private boolean legacy;

    public DemoCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    @Override
    public Integer call() throws IOException {
        var folder = host.cwd().resolve(root).normalize();
        int code;
        try (var server = new SampleServer()) {
            var machine = machine(folder, server);
            var arguments = new ArrayList<>(List.of("--root", folder.toString()));
            if (legacy) {
                arguments.add("--legacy-output");
            }
            server.names().stream().filter(name -> !SOURCES.contains(name)).forEach(arguments::add);
            var failures = new Failures(machine, output);
            code = new CommandLine(new FetchCommand(machine, output)).setExecutionExceptionHandler(failures).setParameterExceptionHandler(failures)
                    .execute(arguments.toArray(String[]::new));
        }
        if (code == Failures.OK) {
            whatNext(folder);
        }
        return code;
    }

    /** This machine as a newcomer's: no keys but the samples', no settings, and all that is kept is kept below the folder. */
    private Host machine(Path folder, SampleServer server) {
        var env = new HashMap<String, String>();
        for (var place : Map.of("XDG_CONFIG_HOME", "config", "XDG_CACHE_HOME", "cache", "XDG_STATE_HOME", "state").entrySet()) {
            env.put(place.getKey(), folder.resolve(".catalog").resolve(place.getValue()).toString());
        }
        env.put("HOME", folder.toString());
        var workspace = Workspace.open(new Host(env, folder, host.clock(), host.out(), host.err(), false), output, folder);
        for (var name : server.names()) {
            var provider = workspace.providers().named(name);
            env.put(provider.baseUrlEnv().get(0), server.baseUrl(name));
            provider.keyEnv().stream().limit(1).forEach(variable -> env.put(variable, "demo"));
        }
        return new Host(env, folder, host.clock(), host.out(), host.err(), host.terminal());
    }

    private void whatNext(Path folder) {
        var here = host.cwd().relativize(folder);
        var shown = here.startsWith("..") ? folder : here;
        output.say("");
        output.say("The models are made up; the files are what real ones become. Look at:");
        for (var file : List.of("models/catalog.json", "config/aichat/models_groq.yaml", "config/codex/openrouter.config.toml", "config/mods/models_mistral.yml")) {
            output.data(shown.resolve(file).toString());
        }
        output.say("Try:  catalog info openai/sample-5 --explain --root " + shown);
        output.say("Then, with a key of yours set (GROQ_API_KEY, OPENROUTER_API_KEY, …):");
        output.say("  catalog fetch                  writes config/ and models/ here");
        output.say("  catalog providers list         which keys it looks for");
        output.say("  catalog tools list             which tools it writes for");
    }

    /** Provider id to an answer in its shape, without the catalogues. */
    static Map<String, JsonNode> samples() {
        var samples = new LinkedHashMap<String, JsonNode>();
        sampleFile().properties().forEach(sample -> samples.put(sample.getKey(),
                sample.getValue().has("pages") ? sample.getValue().get("pages").get(0) : sample.getValue()));
        samples.keySet().removeAll(SOURCES);
        return samples;
    }

    private static JsonNode sampleFile() {
        try (var in = DemoCommand.class.getResourceAsStream("/lib/cli/samples.json")) {
            return Json.parse(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The model lists of some made-up models in the shapes of real providers, served on loopback, so that the whole way from
     * request to file can be seen without a key. A list with {@code pages} is served page by page, as Anthropic does.
     */
    private static final class SampleServer implements AutoCloseable {
        private final HttpServer server;
        private final JsonNode samples;

        SampleServer() throws IOException {
            samples = sampleFile();
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", this::answer);
            server.start();
        }

        List<String> names() {
            var names = new ArrayList<String>();
            samples.fieldNames().forEachRemaining(names::add);
            return names;
        }

        String baseUrl(String provider) {
            return "http://" + InetAddress.getLoopbackAddress().getHostAddress() + ":" + server.getAddress().getPort() + "/" + provider;
        }

        private void answer(HttpExchange exchange) throws IOException {
            try (exchange) {
                var sample = samples.get(exchange.getRequestURI().getPath().split("/")[1]);
                if (sample != null && sample.has("pages")) {
                    var query = String.valueOf(exchange.getRequestURI().getQuery());
                    sample = sample.get("pages").get(query.contains("after_id=") ? 1 : 0);
                }
                var body = (sample == null ? "{\"error\":{\"message\":\"no such sample\"}}" : sample.toString()).getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Content-Type", "application/json");
                exchange.sendResponseHeaders(sample == null ? 404 : 200, body.length);
                exchange.getResponseBody().write(body);
            }
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }
}
