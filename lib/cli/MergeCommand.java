package lib.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import lib.apply.Apply;
import lib.apply.Document;
import lib.apply.Merge.Choice;
import lib.host.Host;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code catalog merge}: what one config file says into another one that a person edits. */
@Command(name = "merge", aliases = "merge-configs", description = {"Bring the values of one config file into another of the same format.",
        "What the other says already stays, and so do its comments; no record is kept of it."},
        footer = {"", "Examples:", "  catalog merge --source new.toml --target ~/.codex/config.toml --dry-run",
            "  catalog merge --source a.yaml --target b.yaml --keys clients=name,clients.models=name"})
public final class MergeCommand implements Callable<Integer> {
    private final Host host;
    private final Output output;

    @Spec
    private CommandSpec spec;

    @Option(names = "--source", required = true, paramLabel = "F", description = "Whose values are taken: .toml, .yaml, .yml, .json or .jsonc.")
    private Path source;

    @Option(names = "--target", required = true, paramLabel = "G", description = "The file that gets them; it need not exist.")
    private Path target;

    @Option(names = "--keys", paramLabel = "LIST=KEY", split = ",",
            description = "Lists whose elements are told apart by a member: clients=name,clients.models=name.")
    private List<String> keys = List.of();

    @Mixin
    private ApplyCommand.Options options;

    public MergeCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    @Override
    public Integer call() throws IOException {
        var format = format(source);
        if (format(target) != format) {
            throw new ParameterException(spec.commandLine(), source + " and " + target + " are of different formats");
        }
        var byList = new TreeMap<String, String>();
        for (var key : keys) {
            int equals = key.indexOf('=');
            if (equals < 1 || equals == key.length() - 1) {
                throw new ParameterException(spec.commandLine(), "--keys " + key + ": LIST=KEY expected, such as clients=name");
            }
            byList.put(key.substring(0, equals), key.substring(equals + 1));
        }
        var result = new Apply(host).merge(at(source), at(target), format, byList, new Choice(java.util.Set.copyOf(options.ours), java.util.Set.of()),
                options.dryRun, !options.noBackup);
        var changes = result.changes();
        var report = new ApplyCommand.Report(host, output, Workspace.providers(host).secretValues(host), Map.of());
        if ((options.dryRun || options.diff) && result.failure() == null) {
            report.diffs(changes);
        }
        if (result.failure() != null) {
            output.warn(output.paint("red", "failed") + " " + result.failure());
            return Failures.REFUSED_TO_WRITE;
        }
        report.lines(changes, options.dryRun ? "to be " : "");
        report.conflicts(changes);
        if (result.backup() != null) {
            output.say("Before: " + result.backup().dir());
        }
        return ApplyCommand.Report.exitCode(changes);
    }

    private Document.Format format(Path file) {
        var format = Document.Format.of(String.valueOf(file.getFileName()));
        if (format == null) {
            throw new ParameterException(spec.commandLine(), file + ": only .toml, .yaml, .yml, .json and .jsonc files can be merged");
        }
        return format;
    }

    private Path at(Path file) {
        return host.cwd().resolve(file).normalize();
    }
}
