package lib.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import lib.host.Host;
import lib.model.Model;
import lib.provider.Field;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code catalog stats}: what the snapshot holds, and how much of it is known. */
@Command(name = "stats", description = "Count what the snapshot knows, per provider.",
        footer = {"", "Example:", "  catalog stats --json | jq .total.models"})
public final class StatsCommand implements Callable<Integer> {
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
        output.say(workspace.snapshotFile() + ": " + workspace.snapshotAge(snapshot));
        return Failures.OK;
    }

    private static List<String> row(Counts counts) {
        return List.of(counts.provider, "" + counts.models, "" + counts.context, "" + counts.maxOutput, "" + counts.prices, "" + counts.tools,
                "" + counts.vision, "" + counts.reasoning);
    }
}
