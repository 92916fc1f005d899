package lib.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import lib.host.Host;
import lib.render.Tools;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code catalog tools}: which tools there are templates for, and where their files go. */
@Command(name = "tools", description = "Show the tools that files are written for.",
        footer = {"", "Example:", "  catalog tools list"})
public final class ToolsCommand implements Callable<Integer> {
    private final Host host;
    private final Output output;

    public ToolsCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    /** Without a subcommand: the list. */
    @Override
    public Integer call() {
        return list(null, false);
    }

    @Command(name = "list", aliases = "ls", description = "All templates: tool, what it makes, where that goes, where the template is.")
    int list(@Option(names = "--templates", paramLabel = "DIR", description = "Templates that replace or join the bundled ones.") Path templates,
            @Option(names = "--json", description = "As JSON.") boolean json) {
        var tools = Tools.discover(host, templates, Tools.bundled());
        var array = JsonNodeFactory.instance.arrayNode();
        var rows = new ArrayList<List<String>>();
        for (var entry : tools.entries()) {
            var source = entry.source();
            rows.add(List.of(entry.tool() + (entry.optional() == null ? "" : " (--legacy-output)"), entry.output(),
                    source.layer() + (source.trusted() ? "" : ", not trusted"), entry.about() == null ? "" : entry.about()));
            array.addObject().put("tool", entry.tool()).put("template", source.shown()).put("layer", source.layer()).put("trusted", source.trusted())
                    .put("output", entry.output()).put("optional", entry.optional()).put("about", entry.about());
        }
        tools.ignored().forEach(output::warn);
        tools.problems().forEach(problem -> output.warn("error " + problem));
        if (json) {
            output.data(array);
        } else {
            output.table(List.of("TOOL", "OUTPUT", "FROM", "ABOUT"), rows);
        }
        return tools.problems().isEmpty() ? Failures.OK : Failures.CONFIGURATION;
    }
}
