package lib.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import lib.cli.Output.Failures;
import lib.fetch.Store;
import lib.host.Host;
import lib.model.Changes.ChangeLog;
import lib.model.Model;
import lib.model.Normaliser;
import lib.model.Snapshot;
import lib.provider.Access;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.render.Rendering;
import lib.render.Rendering.Renderer;
import lib.render.Tools;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code catalog render}: every tool's files again from the snapshot, offline. */
@Command(name = "render", description = "Write tools' files again from models/catalog.json, offline.",
        footer = {"", "Examples:", "  catalog render", "  catalog render --tool aichat,mods --provider groq"})
public final class RenderCommand implements Callable<Integer> {
    private static final int THREADS = 2;
    private static final int MOST_REHEARSALS = 40;

    private final Host host;
    private final Output output;

    @Spec
    private CommandSpec spec;

    @Option(names = "--provider", paramLabel = "P", split = ",", description = "Only these providers' files.")
    private List<String> providers = List.of();

    @Mixin
    private Options options;

    public RenderCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    @Override
    public Integer call() throws InterruptedException {
        var workspace = Workspace.open(host, output, options.root);
        var snapshot = workspace.snapshot();
        if (snapshot.models().isEmpty()) {
            output.warn("There are no models in " + workspace.snapshotFile() + " yet; 'catalog fetch' asks for them.");
            return Failures.NOTHING_DONE;
        }
        for (var provider : providers) {
            if (!workspace.providers().byId().containsKey(provider)) {
                throw new ParameterException(spec.commandLine(), ProvidersCommand.unknown(workspace, provider));
            }
        }
        var tools = options.discover(host, spec);
        var store = workspace.store();
        var report = options.render(workspace, tools, snapshot, id -> stored(workspace, store, id),
                providers.isEmpty() ? null : Set.copyOf(providers), null, workspace.changeLog());
        Options.tell(report, output);
        output.say(Workspace.count(report.written().size(), "file") + " written, " + report.unchanged().size() + " unchanged, from models/catalog.json, "
                + workspace.snapshotAge(snapshot));
        workspace.tellIfChanged(output);
        workspace.warnIfOld(snapshot, output);
        return Options.exitCode(report);
    }

    /** {@code fetch --locked}: nothing but the snapshot counts, and it has to know everybody who is named. */
    static int fromLock(Workspace workspace, Options options, CommandSpec spec, List<String> names, Output output) throws InterruptedException {
        var snapshot = workspace.snapshot();
        var has = snapshot.models().stream().map(Model::providerId).collect(Collectors.toSet());
        var lacking = names.stream().filter(name -> !has.contains(name)).toList();
        if (has.isEmpty() || !lacking.isEmpty()) {
            output.warn(workspace.snapshotFile() + (has.isEmpty() ? " has no models" : " has no models of " + String.join(", ", lacking))
                    + ", so --locked cannot do it; 'catalog fetch" + (lacking.isEmpty() ? "" : " " + String.join(",", lacking)) + "' asks for them.");
            return Failures.NOTHING_DONE;
        }
        var answered = new HashMap<String, String>();
        snapshot.inputs().forEach(input -> answered.put(input.id(), input.sha256()));
        var report = options.render(workspace, options.discover(workspace.host(), spec), snapshot, id -> {
            // The lock names the answer by its checksum; a stored one of the same is the same.
            var answer = workspace.store().load(workspace.access(id));
            return answer == null || !answer.sha256().equals(answered.get(id)) ? null : stored(workspace, workspace.store(), id);
        }, names.isEmpty() ? null : Set.copyOf(names), null, workspace.changeLog());
        Options.tell(report, output);
        output.say(Workspace.count(report.written().size(), "file") + " written, " + report.unchanged().size() + " unchanged, from the lock "
                + workspace.snapshotFile() + ", " + workspace.snapshotAge(snapshot));
        workspace.tellIfChanged(output);
        workspace.warnIfOld(snapshot, output);
        boolean enough = !options.isChosen() || report.leftOut().isEmpty() || !report.written().isEmpty() || !report.unchanged().isEmpty();
        return enough ? Options.exitCode(report) : Failures.NOTHING_DONE;
    }

    static JsonNode stored(Workspace workspace, Store store, String provider) {
        var answer = store.load(workspace.access(provider));
        try {
            return answer == null ? null : Json.parse(answer.body());
        } catch (IOException e) {
            throw new IllegalStateException("a stored answer of " + provider + " cannot be read", e);
        }
    }

    /** What {@code fetch} and {@code render} share: which files are written where, and what is said of them. */
    static final class Options {
        @Option(names = "--tool", paramLabel = "T", split = ",", description = "Only these tools' files; 'catalog tools list' shows them.")
        private List<String> tools = List.of();

        @Option(names = "--templates", paramLabel = "DIR", description = "Templates that replace or join the bundled ones.")
        private Path templates;

        @Option(names = "--legacy-output", description = "Also write models/ as the legacy tool dump_models does.")
        private boolean legacy;

        @Option(names = "--root", paramLabel = "DIR", description = "The folder to write config/ and models/ to (default: here).")
        private Path root;

        Path root() {
            return root;
        }

        /** Whether a name was given that may be wrong. */
        boolean isChosen() {
            return !tools.isEmpty() || templates != null;
        }

        Tools discover(Host host, CommandSpec spec) {
            var found = Tools.discover(host, templates, Tools.bundled());
            found.ignored().forEach(host.err()::println);
            try {
                found.require(tools);
            } catch (lib.provider.Providers.ConfigError e) {
                throw new ParameterException(spec.commandLine(), e.getMessage());
            }
            return found;
        }

        /**
         * @param answers provider id to its raw answer, or null where none is stored
         * @param only    the providers whose files are rendered; null for all
         * @param run     null where nothing was fetched
         * @param log     what changed lately
         */
        Rendering.Report render(Workspace workspace, Tools found, Snapshot snapshot, Function<String, JsonNode> answers, Set<String> only,
                Rendering.Run run, ChangeLog log) throws InterruptedException {
            var byProvider = new TreeMap<String, List<Model>>();
            snapshot.inputs().stream().filter(input -> !workspace.isSource(input.id())).forEach(input -> byProvider.put(input.id(), new ArrayList<>()));
            snapshot.models().forEach(model -> byProvider.computeIfAbsent(model.providerId(), id -> new ArrayList<>()).add(model));
            var accesses = workspace.known(byProvider.keySet());
            return new Renderer(found).render(new Rendering.Request(workspace.root(), accesses, workspace.providers().byId().values(),
                    byProvider::get, answers, workspace.providers().secretValues(workspace.host()), tools.isEmpty() ? null : Set.copyOf(tools),
                    only, legacy ? Set.of("legacy") : Set.of(), run, Rendering.Scope.ALL, THREADS, Rendering.Change.latest(log)));
        }

        /** After a fetch that changed nothing: only the files that tell of the fetch itself. @param log null unless it has grown */
        Rendering.Report renderNews(Workspace workspace, Tools found, List<Access> asked, Rendering.Run run, ChangeLog log)
                throws InterruptedException {
            var snapshot = new AtomicReference<Snapshot>();
            return new Renderer(found).render(new Rendering.Request(workspace.root(), asked, workspace.providers().byId().values(),
                    id -> snapshot.updateAndGet(read -> read == null ? workspace.snapshot() : read).of(id), id -> null, workspace.providers().secretValues(workspace.host()),
                    tools.isEmpty() ? null : Set.copyOf(tools), Set.of(), legacy ? Set.of("legacy") : Set.of(), run, Rendering.Scope.NEWS, 1,
                    log == null ? List.of() : Rendering.Change.latest(log)));
        }

        /**
         * The demo's samples through the whole way, thrown away, while the providers are waited for and nobody else needs the
         * processor. Answers that come then meet compiled code: docs/decisions/0003-rehearsal.md has the numbers.
         */
        static void rehearse(Workspace workspace, Tools found, BooleanSupplier enough) throws InterruptedException {
            var samples = DemoCommand.samples();
            var accesses = workspace.known(samples.keySet());
            for (int round = 0; round < MOST_REHEARSALS && !enough.getAsBoolean(); round++) {
                var models = new LinkedHashMap<String, List<Model>>();
                for (var access : accesses) {
                    try {
                        models.put(access.provider().id(), Normaliser.models(access.provider(), samples.get(access.provider().id()), Instant.EPOCH));
                    } catch (Listing.NotAListing e) {
                        throw new IllegalStateException("our own sample", e);
                    }
                }
                Snapshot.empty().with(List.of(), models.values().stream().flatMap(List::stream).toList()).bytes();
                new Renderer(found).render(new Rendering.Request(workspace.root(), accesses, List.of(), models::get, samples::get, Set.of(), null, null,
                        Set.of(), null, Rendering.Scope.REHEARSAL, 1, List.of()));
            }
        }

        /** What decides, beside the answers, what is rendered. */
        List<String> choices() {
            return List.of(String.valueOf(tools), String.valueOf(templates), String.valueOf(legacy));
        }

        /** What a person has to know: what was refused and why, what a tool cannot use, what to set. */
        static void tell(Rendering.Report report, Output output) {
            report.problems().forEach(problem -> output.warn(output.paint("red", problem.kind() == Rendering.Kind.REFUSED ? "refused" : "error")
                    + " " + problem));
            var providers = new LinkedHashMap<List<String>, Set<String>>();
            report.leftOut().forEach(left -> providers.computeIfAbsent(List.of(left.tool(), left.reason()), k -> new LinkedHashSet<>())
                    .add(left.provider() == null ? "files about all providers" : left.provider()));
            // One line for tools that leave out the same for the same reason.
            var tools = new LinkedHashMap<String, List<String>>();
            providers.forEach((why, names) -> tools.computeIfAbsent("(" + why.get(1) + "): " + String.join(", ", names), k -> new ArrayList<>())
                    .add(why.get(0)));
            tools.forEach((what, names) -> output.say("  " + output.paint("faint", "not usable with") + " " + String.join(", ", names) + " " + what));
            report.notes().forEach(note -> output.say("  " + output.paint("yellow", "note") + "    " + note.tool()
                    + (note.provider() == null ? "" : ", " + note.provider()) + ": " + note.text()));
        }

        static int exitCode(Rendering.Report report) {
            int worst = Failures.OK;
            for (var problem : report.problems()) {
                worst = Failures.worst(worst, problem.kind() == Rendering.Kind.TEMPLATE ? Failures.CONFIGURATION : Failures.REFUSED_TO_WRITE);
            }
            return worst;
        }

        /** The files of a report by tool: {@code aichat 12, codex 4}, for one line of a summary. */
        static String byTool(Path root, Rendering.Report report) {
            var counts = new TreeMap<String, Integer>();
            var all = new TreeSet<>(report.written());
            all.addAll(report.unchanged());
            for (var file : all) {
                var below = root.relativize(file);
                counts.merge(below.getName(0) + "/" + (below.getNameCount() > 2 ? below.getName(1) + "/" : ""), 1, Integer::sum);
            }
            return counts.entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).collect(Collectors.joining(", "));
        }
    }

    /** {@code catalog tools}: which tools there are templates for, and where their files go. */
    @Command(name = "tools", description = "Show the tools that files are written for.",
            footer = {"", "Example:", "  catalog tools list"})
    public static final class ToolsCommand implements Callable<Integer> {
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
                var makes = entry.choice() == null ? entry.output() : null;
                var when = entry.optional() == null ? "" : makes == null ? " (discover --apply)" : " (--legacy-output)";
                rows.add(List.of(entry.tool() + when, makes == null ? "-" : makes, source.layer() + (source.trusted() ? "" : ", not trusted"),
                        entry.about() == null ? "" : Output.whole(entry.about())));
                array.addObject().put("tool", entry.tool()).put("template", source.shown()).put("layer", source.layer()).put("trusted", source.trusted())
                        .put("output", makes).put("optional", entry.optional()).put("about", entry.about());
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
}
