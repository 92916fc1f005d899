package lib.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import lib.cli.Output.Failures;
import lib.fetch.History;
import lib.host.Host;
import lib.model.Model;
import lib.provider.Access;
import lib.provider.Json.Listing;
import lib.provider.Provider.Field;
import lib.provider.Provider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code catalog providers}: what is configured, whether its key is set, what came of it last. */
@Command(name = "providers", description = "Show the configured providers.",
        footer = {"", "Examples:", "  catalog providers list", "  catalog providers show groq"})
public final class ProvidersCommand implements Callable<Integer> {
    private final Host host;
    private final Output output;

    @Spec
    private CommandSpec spec;

    public ProvidersCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    /** Without a subcommand: the list. */
    @Override
    public Integer call() {
        return list(null, false);
    }

    @Command(name = "list", aliases = "ls", description = "All providers, one a line: key set or not, kind, models known, last outcome, base URL.",
            footer = {"", "Example:", "  catalog providers list --json | jq -r '.[] | select(.key_set) | .id'"})
    int list(@Option(names = "--root", paramLabel = "DIR", description = "The folder of models/ and config/ (default: here).") java.nio.file.Path root,
            @Option(names = "--json", description = "As JSON.") boolean json) {
        var workspace = Workspace.open(host, output, root);
        var known = modelsKnown(workspace);
        var history = workspace.history().entries();
        var accesses = new ArrayList<Access>();
        for (var provider : workspace.providers().byId().values()) {
            accesses.add(workspace.providers().access(provider, host));
        }
        if (json) {
            var array = JsonNodeFactory.instance.arrayNode();
            accesses.forEach(access -> array.add(json(access, known, history)));
            output.data(array);
            return Failures.OK;
        }
        var rows = new ArrayList<List<String>>();
        for (var access : accesses) {
            var provider = access.provider();
            var models = known.get(provider.id());
            rows.add(List.of(provider.id(), key(access), kind(provider), models == null ? "-" : String.valueOf(models),
                    lastOutcome(history.get(provider.id())), access.baseUrl() == null ? "-" : access.baseUrl()));
        }
        output.table(List.of("PROVIDER", "KEY", "KIND", "MODELS", "LAST", "BASE URL"), rows);
        return Failures.OK;
    }

    @Command(name = "show", description = "All that is known of one provider.", footer = {"", "Example:", "  catalog providers show anthropic"})
    int show(@Parameters(paramLabel = "NAME", description = "Its id, as 'catalog providers list' prints it.") String name,
            @Option(names = "--root", paramLabel = "DIR", description = "The folder of models/ and config/ (default: here).") java.nio.file.Path root,
            @Option(names = "--json", description = "As JSON.") boolean json) {
        var workspace = Workspace.open(host, output, root);
        if (!workspace.providers().byId().containsKey(name)) {
            throw new ParameterException(spec.commandLine(), unknown(workspace, name));
        }
        var facts = json(workspace.access(name), modelsKnown(workspace), workspace.history().entries());
        if (json) {
            output.data(facts);
            return Failures.OK;
        }
        facts.properties().forEach(fact -> output.data(String.format("%-14s %s", fact.getKey().replace('_', ' '),
                fact.getValue().isValueNode() ? fact.getValue().asText() : flat(fact.getValue()))));
        return Failures.OK;
    }

    /** The message for a name that no provider has, with the nearest one that exists. */
    static String unknown(Workspace workspace, String name) {
        try {
            return "no provider " + workspace.providers().named(name).id();
        } catch (lib.provider.Providers.ConfigError e) {
            return e.getMessage();
        }
    }

    private static String flat(com.fasterxml.jackson.databind.JsonNode node) {
        var parts = new ArrayList<String>();
        if (node.isObject()) {
            node.properties().forEach(e -> parts.add(e.getValue().asText().isEmpty() ? e.getKey() : e.getKey() + " " + e.getValue().asText()));
        } else {
            node.forEach(e -> parts.add(e.asText()));
        }
        return String.join(", ", parts);
    }

    private Map<String, Integer> modelsKnown(Workspace workspace) {
        var known = new HashMap<String, Integer>();
        try {
            workspace.snapshot().models().forEach(model -> known.merge(model.providerId(), 1, Integer::sum));
        } catch (lib.provider.Providers.ConfigError e) {
            output.warn(e.getMessage());
        }
        return known;
    }

    private ObjectNode json(Access access, Map<String, Integer> known, Map<String, History.Entry> history) {
        var provider = access.provider();
        var node = JsonNodeFactory.instance.objectNode().put("id", provider.id()).put("name", provider.name()).put("kind", kind(provider))
                .put("key", provider.key().name().toLowerCase(Locale.ROOT)).put("key_set", access.hasKey());
        if (access.command() != null) {
            node.put("key_cmd", true);
        }
        provider.keyEnv().forEach(node.withArray("/key_env")::add);
        provider.baseUrlEnv().forEach(node.withArray("/base_url_env")::add);
        var wires = node.putObject("wires");
        provider.wires().forEach((wire, url) -> wires.put(wire, url == null ? "" : url));
        optional(node, "base_url", access.baseUrl());
        optional(node, "models_url", access.models() == null ? null : access.models().toString());
        optional(node, "missing", access.missing());
        optional(node, "docs", provider.docs());
        optional(node, "verified", provider.verified());
        optional(node, "why", provider.why());
        optional(node, "since", provider.since());
        optional(node, "successor", provider.successor());
        if (known.containsKey(provider.id())) {
            node.put("models", known.get(provider.id()));
        }
        var last = history.get(provider.id());
        if (last != null) {
            node.put("last_outcome", last.outcome()).put("last_at", last.at().toString());
            optional(node, "last_message", last.message());
            optional(node, "last_success", last.lastSuccess() == null ? null : last.lastSuccess().toString());
        }
        return node;
    }

    private static void optional(ObjectNode node, String name, String value) {
        if (value != null) {
            node.put(name, value);
        }
    }

    private static String key(Access access) {
        if (access.provider().key() == Provider.KeyNeed.NONE || access.keyVariable() == null) {
            return "not needed";
        }
        if (access.command() != null) {
            return "key_cmd";
        }
        if (access.key() != null) {
            return access.keyVariable() + " set";
        }
        return access.provider().key() == Provider.KeyNeed.OPTIONAL ? "optional" : access.keyVariable() + " not set";
    }

    private static String kind(Provider provider) {
        return provider.ship().name().toLowerCase(Locale.ROOT);
    }

    private String lastOutcome(History.Entry last) {
        if (last == null) {
            return "-";
        }
        var ago = ", " + Workspace.age(last.at(), host.clock().instant()) + " ago";
        return Listing.visible(last.outcome().replace('_', ' ') + (last.failureKind() == null ? "" : " (" + last.failureKind().toLowerCase(Locale.ROOT).replace('_', ' ') + ")")) + ago;
    }

    /** {@code catalog stats}: what the snapshot holds, and how much of it is known. */
    @Command(name = "stats", description = "Count what the snapshot knows, per provider.",
            footer = {"", "Example:", "  catalog stats --json | jq .total.models"})
    public static final class StatsCommand implements Callable<Integer> {
        private final Host host;
        private final Output output;

        @Option(names = "--root", paramLabel = "DIR", description = "The folder of models/ and config/ (default: here).")
        private Path root;

        @Option(names = "--json", description = "As JSON.")
        private boolean json;

        public StatsCommand(Host host, Output output) {
            this.host = host;
            this.output = output;
        }

        /** How many of some models have what. */
        private record Counts(String provider, int models, int context, int maxOutput, int prices, int tools, int vision, int reasoning) {
            Counts plus(Model model) {
                return new Counts(provider, models + 1, context + known(model, Field.CONTEXT), maxOutput + known(model, Field.MAX_OUTPUT),
                        prices + known(model, Field.COST_INPUT), tools + yes(model, Field.TOOLS), vision + yes(model, Field.VISION),
                        reasoning + yes(model, Field.REASONING));
            }

            private static int known(Model model, Field field) {
                return model.value(field) == null ? 0 : 1;
            }

            private static int yes(Model model, Field field) {
                return Boolean.TRUE.equals(model.flag(field)) ? 1 : 0;
            }
        }

        @Override
        public Integer call() {
            var workspace = Workspace.open(host, output, root);
            var total = new Counts("total", 0, 0, 0, 0, 0, 0, 0);
            var byProvider = new TreeMap<String, Counts>();
            var snapshot = workspace.snapshot();
            for (var model : snapshot.models()) {
                total = total.plus(model);
                byProvider.compute(model.providerId(), (id, counts) -> (counts == null ? new Counts(id, 0, 0, 0, 0, 0, 0, 0) : counts).plus(model));
            }
            if (byProvider.isEmpty()) {
                output.warn("There are no models in " + workspace.snapshotFile() + " yet. 'catalog fetch' asks the providers whose key is set;"
                        + " 'catalog demo' shows it without a key.");
                return Failures.NOTHING_DONE;
            }
            var all = new ArrayList<>(byProvider.values());
            all.add(total);
            if (json) {
                var node = JsonNodeFactory.instance.objectNode();
                for (var counts : all) {
                    node.putObject(counts.provider).put("models", counts.models).put("context", counts.context).put("max_output", counts.maxOutput)
                            .put("prices", counts.prices).put("tools", counts.tools).put("vision", counts.vision).put("reasoning", counts.reasoning);
                }
                output.data(node);
            } else {
                output.table(List.of("PROVIDER", "MODELS", "CONTEXT", "MAX OUTPUT", "PRICES", "TOOLS", "VISION", "REASONING"),
                        all.stream().map(StatsCommand::row).toList());
            }
            workspace.tellAge(snapshot, output);
            return Failures.OK;
        }

        private static List<String> row(Counts counts) {
            return List.of(counts.provider, "" + counts.models, "" + counts.context, "" + counts.maxOutput, "" + counts.prices, "" + counts.tools,
                    "" + counts.vision, "" + counts.reasoning);
        }
    }
}
