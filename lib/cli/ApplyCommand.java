package lib.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.apply.Apply;
import lib.apply.Document.Change.State;
import lib.apply.Document.Change;
import lib.apply.Document;
import lib.apply.LineDiff;
import lib.apply.Merge.Choice;
import lib.apply.Merge.Conflict;
import lib.apply.SafeFile;
import lib.cli.Output.Failures;
import lib.host.Host;
import lib.model.Model;
import lib.provider.Access;
import lib.provider.Provider;
import lib.provider.Providers.ConfigError;
import lib.render.Rendering.Renderer;
import lib.render.Rendering;
import lib.render.Tools;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code catalog apply}: the models into the tools' own settings, where a person has written too. */
@Command(name = "apply", aliases = "update-configs", description = {"Bring the models of models/catalog.json into your tools' own settings.",
        "Without names: all tools that have settings here. What is yours stays; see docs/apply.md."},
        footer = {"", "Examples:", "  catalog apply --dry-run               what would change, as a diff", "  catalog apply aichat mods --yes       ask nothing",
            "  catalog apply --theirs 'clients[name=groq].api_base'", "                                        that value stays yours"})
public final class ApplyCommand implements Callable<Integer> {
    private static final int THREADS = 2;

    private final Host host;
    private final Output output;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "TOOL", arity = "0..*", split = ",", description = "Only these tools; one that has no settings yet gets some.")
    private List<String> names = List.of();

    @Option(names = "--provider", paramLabel = "P", split = ",",
            description = "Only these providers (default: those whose key is set or that need none, and those applied before).")
    private List<String> providers = List.of();

    @Option(names = "--templates", paramLabel = "DIR", description = "Templates that replace or join the bundled ones.")
    private Path templates;

    @Option(names = "--root", paramLabel = "DIR", description = "The folder of models/catalog.json (default: here).")
    private Path root;

    @Option(names = "--yes", description = "Do not ask; needed where nobody can be asked.")
    private boolean yes;

    @Option(names = "--theirs", paramLabel = "PATH", description = "Keep the value at this place, and all below it, for good.")
    private List<String> theirs = List.of();

    @Option(names = "--json", description = "Print what became of each file as JSON.")
    private boolean json;

    @Mixin
    private Options options;

    public ApplyCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    /** What {@code apply} and {@code merge} share. */
    static class Options {
        @Option(names = {"-n", "--dry-run"}, description = "Write nothing; print the diff of what would be written.")
        boolean dryRun;

        @Option(names = "--diff", description = "Print the diff of what is written.")
        boolean diff;

        @Option(names = "--no-backup", description = "Keep no copies of the files as they were.")
        boolean noBackup;

        @Option(names = "--ours", paramLabel = "PATH", description = "Write our value at this place, and all below it, over yours.")
        List<String> ours = List.of();
    }

    /** What {@code discover} can do with a choice. */
    static final class Choosing extends Options {
        @Option(names = "--apply", required = true, paramLabel = "TOOL",
                description = "Make the choice what this tool uses by itself, in your own settings; they get the provider's models too.")
        String tool;

        @Option(names = "--yes", description = "Do not ask whether to write that.")
        boolean yes;

        @Option(names = "--theirs", paramLabel = "PATH", description = "Keep the value at this place, and all below it, for good.")
        List<String> theirs = List.of();

        @Option(names = "--templates", paramLabel = "DIR", description = "Templates that replace or join the bundled ones.")
        Path templates;
    }

    /** A model that a person has picked. @param typed where the person goes on typing */
    record Picked(Model model, Host.Terminal.Typed typed) {}

    /** For {@link #apply} alone. @param root as in {@link Workspace#open} */
    static ApplyCommand of(Host host, Output output, CommandSpec spec, Choosing choosing, Path root) {
        var command = new ApplyCommand(host, output);
        command.spec = spec;
        command.names = List.of(choosing.tool);
        command.templates = choosing.templates;
        command.root = root;
        command.yes = choosing.yes;
        command.theirs = choosing.theirs;
        command.options = choosing;
        return command;
    }

    /** The templates that say how its tool is told of a choice. @throws ParameterException where there is none */
    List<Tools.Entry> choices() {
        var tools = Tools.discover(host, templates, Tools.bundled());
        var choices = entries(tools).stream().filter(entry -> entry.choice() != null).toList();
        if (choices.isEmpty()) {
            var able = tools.entries().stream().filter(entry -> entry.choice() != null).map(Tools.Entry::tool).distinct();
            throw new ParameterException(spec.commandLine(), "no template of " + names.get(0) + " says how it is told which model to use"
                    + " (\"choice\" in its header); those of " + able.collect(Collectors.joining(", ")) + " do");
        }
        return choices;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        return apply(null);
    }

    /** @param picked to be what the one tool uses by itself, beside its provider's models; null: there is none */
    int apply(Picked picked) throws IOException, InterruptedException {
        if (picked != null) {
            providers = List.of(picked.model.providerId());
        }
        var workspace = Workspace.open(host, output, root);
        var tools = Tools.discover(host, templates, Tools.bundled());
        tools.ignored().forEach(output::warn);
        var entries = entries(tools);
        int code = Failures.OK;
        for (var entry : entries) {
            if (!entry.source().trusted()) {
                output.warn(output.paint("red", "refused") + " " + entry.source().shown() + ": it is not trusted, so it cannot change your settings;"
                        + " if you have read it: catalog trust");
                code = Failures.REFUSED_TO_WRITE;
            }
        }
        var ownership = Apply.ownership(host);
        var snapshot = workspace.snapshot();
        var models = new TreeMap<String, List<Model>>();
        snapshot.models().forEach(model -> models.computeIfAbsent(model.providerId(), id -> new ArrayList<>()).add(model));
        var owned = new TreeSet<String>();
        entries.forEach(entry -> owned.addAll(ownership.providers(entry.path())));
        var chosen = chosen(workspace, models.keySet(), owned);
        var told = told(workspace, tools, entries, models.keySet(), ownership);
        if (models.isEmpty()) {
            output.warn("There are no models in " + workspace.snapshotFile() + " yet; 'catalog fetch' asks for them.");
            return Failures.worst(code, Failures.NOTHING_DONE);
        }
        var made = new ConcurrentLinkedQueue<Rendering.Made>();
        var rendering = new Rendering.Request(workspace.root(), workspace.known(models.keySet()),
                workspace.providers().byId().values(), models::get, id -> null, workspace.providers().secretValues(host),
                entries.stream().map(Tools.Entry::tool).collect(Collectors.toSet()), chosen, told, Set.of(), null,
                Rendering.Scope.ALL, THREADS, List.of());
        var report = new Renderer(tools).render(rendering, made::add);
        RenderCommand.Options.tell(report, output);
        code = Failures.worst(code, RenderCommand.Options.exitCode(report));
        var targets = new LinkedHashMap<Path, List<Change.Part>>();
        for (var one : made) {
            code = Failures.worst(code, put(targets, one.entry(), one.provider() == null ? "" : one.provider(), one.output()));
        }
        var ours = new TreeSet<>(places(options.ours));
        if (picked != null) {
            var choices = choices(new Renderer(tools), rendering, picked.model, report);
            if (choices.isEmpty()) {
                output.say("Nothing written.");
                return Failures.worst(code, Failures.SOME_FAILED);
            }
            for (var one : choices) {
                // There is one choice, whatever its provider: so what an earlier one left goes where this one does not say it.
                code = Failures.worst(code, put(targets, one.entry(), "", one.output()));
            }
            targets.forEach((place, parts) -> parts.stream().map(Change.Part::entry).filter(entry -> entry.choice() != null)
                    .forEach(entry -> ours.addAll(entry.apply().merge() ? entry.choice() : List.of(place.toString()))));
        }
        var addressed = workspace.known(chosen).stream().filter(access -> access.missing() == null && access.baseUrl() != null)
                .map(access -> access.provider().id()).filter(chosen::contains).collect(Collectors.toSet());
        for (var entry : entries) {
            for (var id : ownership.providers(entry.path())) {
                // Gone as a whole, or nothing of it is of use to the tool any more; not because a variable is not set today.
                boolean useless = addressed.contains(id) && report.leftOut().stream().anyMatch(one ->
                        one.path().equals(entry.path()) && id.equals(one.provider()));
                boolean goes = (useless || isGone(workspace, id)) && entry.source().trusted() && (providers.isEmpty() || providers.contains(id));
                code = Failures.worst(code, goes ? put(targets, entry, id, null) : Failures.OK);
            }
        }
        if (providers.isEmpty() && chosen.isEmpty() && targets.isEmpty()) {
            output.warn("None of the " + Workspace.count(models.size(), "provider") + " in " + workspace.snapshotFile()
                    + " has its key set or was applied before. Set one ('catalog providers list'), or name it: --provider " + models.firstKey());
        }
        workspace.tellAge(snapshot, output);
        return Failures.worst(code, apply(workspace, targets(targets), new Choice(ours, places(theirs)), picked));
    }

    /** What tells of the choice, its problems included. @param told already, and not to be told twice */
    private Collection<Rendering.Made> choices(Renderer renderer, Rendering.Request of, Model picked, Rendering.Report told)
            throws InterruptedException {
        var made = new ConcurrentLinkedQueue<Rendering.Made>();
        var report = renderer.render(new Rendering.Request(of.root(), of.providers(), of.known(), id -> List.of(picked), of.answers(),
                of.secrets(), of.tools(), of.only(), of.told(), Set.of(Tools.Entry.CHOICE), null, Rendering.Scope.ALL, THREADS, List.of()), made::add);
        var news = new Rendering.Report(List.of(), List.of(), without(report.leftOut(), told.leftOut()),
                without(report.notes(), told.notes()), without(report.problems(), told.problems()), report.untrusted(), report.news());
        RenderCommand.Options.tell(news, output);
        return made.stream().filter(one -> one.entry().choice() != null).toList();
    }

    private static <T> List<T> without(List<T> all, List<T> others) {
        return all.stream().filter(one -> !others.contains(one)).toList();
    }

    /** The templates with a place in somebody's settings. */
    private List<Tools.Entry> entries(Tools tools) {
        var applying = tools.entries().stream().filter(entry -> entry.apply() != null).toList();
        try {
            tools.require(names);
        } catch (ConfigError e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
        var known = applying.stream().map(Tools.Entry::tool).collect(Collectors.toCollection(TreeSet::new));
        for (var name : names) {
            if (!known.contains(name) && tools.problems().stream().noneMatch(problem -> problem.file().contains(name + "/"))) {
                throw new ParameterException(spec.commandLine(), "no template of " + name + " says where in your settings it goes (\"apply\" in its"
                        + " header); those of " + String.join(", ", known) + " do");
            }
        }
        return applying.stream().filter(entry -> names.isEmpty() || names.contains(entry.tool())).toList();
    }

    private static boolean isGone(Workspace workspace, String provider) {
        var known = workspace.providers().byId().get(provider);
        return !provider.isEmpty() && (known == null || known.ship() == Provider.Ship.TOMBSTONE);
    }

    /** The providers whose models are applied. */
    private Set<String> chosen(Workspace workspace, Set<String> listed, Set<String> owned) {
        var chosen = new TreeSet<String>();
        for (var name : providers) {
            if (!workspace.providers().byId().containsKey(name) && !owned.contains(name)) {
                throw new ParameterException(spec.commandLine(), ProvidersCommand.unknown(workspace, name));
            }
            if (!listed.contains(name) && !isGone(workspace, name)) {
                output.warn("There are no models of " + name + " in " + workspace.snapshotFile() + "; 'catalog fetch " + name + "' asks for them.");
            }
        }
        var wanted = providers.isEmpty() ? usual(workspace, listed, owned) : workspace.known(listed).stream()
                .map(access -> access.provider().id()).filter(id -> providers.contains(id) && !isGone(workspace, id)).toList();
        var strangers = wanted.stream().filter(id -> isStranger(workspace, id)).toList();
        wanted.stream().filter(id -> !isStranger(workspace, id)).forEach(chosen::add);
        if (!strangers.isEmpty()) {
            output.warn(String.join(", ", strangers) + ": not applied, because ./providers.yaml is not trusted");
        }
        owned.stream().filter(id -> providers.isEmpty() && !id.isEmpty() && !listed.contains(id) && !isGone(workspace, id)).forEach(id ->
                output.say("  " + id + ": not in " + workspace.snapshotFile() + ", so what was applied of it stays as it is"));
        return chosen;
    }

    /** Where none is named: those whose key is set or that need none, and those applied before. */
    private static List<String> usual(Workspace workspace, Set<String> listed, Set<String> owned) {
        return workspace.known(listed).stream().filter(access -> canBeUsed(access) || owned.contains(access.provider().id()))
                .map(access -> access.provider().id()).filter(id -> !isGone(workspace, id)).toList();
    }

    private static boolean isStranger(Workspace workspace, String id) {
        return workspace.providers().byId().get(id).trust() == Provider.Trust.PROJECT;
    }

    /**
     * The providers that files about all tell of: the usual, whichever tools are named, so that two runs do not take turns. What one
     * provider has in such a file cannot be told from what another has, so {@code --provider} leaves it alone, and so does a run that
     * would leave nobody in it.
     */
    private Set<String> told(Workspace workspace, Tools tools, List<Tools.Entry> entries, Set<String> listed, Apply.Ownership ownership) {
        var owned = new TreeSet<String>();
        tools.entries().stream().filter(entry -> entry.apply() != null).forEach(entry -> owned.addAll(ownership.providers(entry.path())));
        var told = providers.isEmpty() ? new TreeSet<>(usual(workspace, listed, owned)) : new TreeSet<String>();
        told.removeIf(id -> isStranger(workspace, id));
        entries.stream().filter(entry -> told.isEmpty() && !entry.perProvider() && entry.source().trusted()).forEach(entry -> output.say("  "
                + output.paint("bold", entry.tool()) + ": " + entry.path() + " is about all providers at once, so it is left out "
                + (providers.isEmpty() ? "while none has its key set" : "where one is named")));
        return told;
    }

    /** A public list says nothing about who may ask its models something. */
    private static boolean canBeUsed(Access access) {
        var provider = access.provider();
        return access.models() != null && (access.key() != null || access.command() != null || provider.key() == Provider.KeyNeed.NONE || provider.ship() == Provider.Ship.LOCAL);
    }

    private int put(Map<Path, List<Change.Part>> targets, Tools.Entry entry, String provider, byte[] content) {
        try {
            var place = Change.place(host, entry, provider);
            if (place != null) {
                targets.computeIfAbsent(place, p -> new ArrayList<>()).add(new Change.Part(entry, provider, content));
            }
            return Failures.OK;
        } catch (SafeFile.Refused e) {
            output.warn(output.paint("red", "refused") + " " + e.getMessage());
            return Failures.REFUSED_TO_WRITE;
        }
    }

    private List<Change.Target> targets(Map<Path, List<Change.Part>> parts) {
        var targets = new ArrayList<Change.Target>();
        parts.forEach((place, all) -> {
            boolean named = names.contains(all.get(0).entry().tool());
            targets.add(new Change.Target(place, all, named || Files.isDirectory(place.getParent()), named));
        });
        return targets;
    }

    private int apply(Workspace workspace, List<Change.Target> targets, Choice choice, Picked picked)
            throws IOException, InterruptedException {
        var toolOf = new TreeMap<Path, String>();
        targets.forEach(target -> toolOf.put(target.named(), target.parts().get(0).entry().tool()));
        var report = new Report(host, output, workspace.providers().secretValues(host), toolOf);
        List<Change> shown = null;
        boolean chooses = !options.ours.isEmpty() || !theirs.isEmpty();
        if (options.dryRun || !yes || chooses) {
            shown = new Apply(host).preview(targets, choice);
        }
        if (chooses && !areChosen(targets, shown)) {
            return Failures.USAGE;
        }
        if (!options.dryRun && !yes && shown.stream().anyMatch(Change::writes)) {
            if (picked == null && !host.terminal()) {
                output.warn("catalog: nobody is there to be asked; --dry-run shows what would be written, --yes writes it.");
                return Failures.USAGE;
            }
            if (!agrees(shown, report, picked)) {
                output.say("Nothing written.");
                return Failures.SOME_FAILED;
            }
        }
        var result = options.dryRun ? null : new Apply(host).write(targets, choice, yes ? null : shown, !options.noBackup);
        var changes = options.dryRun ? shown : result.changes();
        var failure = result == null ? null : result.failure();
        if (json) {
            output.data(report.json(changes, options.dryRun || options.diff, failure));
        } else if ((options.dryRun || options.diff) && failure == null) {
            report.diffs(changes);
        }
        if (failure != null) {
            output.warn(output.paint("red", "failed") + " " + failure);
            return Failures.REFUSED_TO_WRITE;
        }
        report.lines(changes, options.dryRun ? "to be " : "");
        report.unowned(changes);
        report.conflicts(changes);
        if (result != null && result.backup() != null) {
            output.say("Before: " + result.backup().dir());
        }
        return Report.exitCode(changes);
    }

    /** A file may be named as it is shown, and a name in a place be quoted. */
    private Set<String> places(List<String> given) {
        return given.stream().map(place -> place.startsWith("~/") ? host.home() + place.substring(1) : unquoted(place)).collect(Collectors.toSet());
    }

    private static String unquoted(String place) {
        try {
            return place.startsWith("/") ? place : Document.Place.parse(place).toString();
        } catch (IllegalArgumentException e) {
            return place; // a file's name
        }
    }

    /** Says which choices are about nothing that this run applies: a name may be misspelt. */
    private boolean areChosen(List<Change.Target> targets, List<Change> changes) {
        var places = new TreeSet<String>();
        targets.forEach(target -> places.add(target.named().toString()));
        for (var change : changes) {
            places.add(change.real().toString());
            change.conflicts().stream().filter(one -> one.place() != null).forEach(one -> places.add(one.place().toString()));
            change.counts().parts().forEach(place -> places.add(place.toString()));
            targets.stream().filter(target -> target.named().equals(change.named())).flatMap(target -> target.parts().stream())
                    .forEach(part -> places.addAll(change.owned().of(part.entry().path(), part.provider()).keySet()));
        }
        boolean all = true;
        for (var choice : Stream.concat(places(options.ours).stream(), places(theirs).stream()).sorted().toList()) {
            if (places.stream().noneMatch(place -> Choice.within(place, choice))) {
                output.warn("catalog: nothing of what is applied here is at " + Output.whole(choice)
                        + ", so nothing was done; a place looks like clients[name=groq].models");
                all = false;
            }
        }
        return all;
    }

    private boolean agrees(List<Change> changes, Report report, Picked picked) throws IOException, InterruptedException {
        if (picked != null) {
            report.look(changes);
        }
        report.lines(changes, "to be ");
        var question = "Write " + Workspace.count(changes.stream().filter(Change::writes).count(), "file") + "?";
        return picked == null ? output.isConfirmed(question) : output.isConfirmed(question, picked.typed);
    }

    /** What is said of files. @param tools by a file's name, for those that belong to one */
    record Report(Host host, Output output, Set<String> secrets, Map<Path, String> tools) {
        private static final int MOST_CONFLICTS = 20;
        private static final int MOST_LINES = 40;

        String shown(Path path) {
            return Workspace.shown(host, path);
        }

        /** For one file; what is a key in it may be none in another. */
        private LineDiff.Masks masks() {
            return new LineDiff.Masks(secrets);
        }

        void diffs(List<Change> changes) {
            Apply.inOrder(changes).stream().filter(Change::writes).forEach(change -> host.out().print(change.diff(masks())));
            host.out().flush();
        }

        /** Of files that are there, as much of the diffs as a person reads before agreeing. */
        void look(List<Change> changes) {
            Apply.inOrder(changes).stream().filter(change -> change.writes() && change.before() != null).forEach(change ->
                    output.warn(beginning(masks().diff(shown(change.named()), text(change.before()), text(change.after())), "  ")));
        }

        private static String text(byte[] content) {
            return content == null ? null : new String(content, StandardCharsets.UTF_8);
        }

        private String beginning(String diff, String indent) {
            var lines = diff.lines().toList();
            return lines.stream().limit(MOST_LINES).map(line -> indent + Output.whole(line)).collect(Collectors.joining("\n"))
                    + (lines.size() > MOST_LINES ? "\n" + indent + "… and " + (lines.size() - MOST_LINES) + " more lines" : "");
        }

        void lines(List<Change> changes, String future) {
            var absent = new TreeMap<String, List<Change>>();
            for (var change : Apply.inOrder(changes)) {
                var tool = tools.get(change.named());
                if (change.state() == State.ABSENT) {
                    absent.computeIfAbsent(tool, t -> new ArrayList<>()).add(change);
                } else if (change.state() == State.REFUSED) {
                    output.warn("  " + output.paint("red", "refused") + " " + change.why());
                } else {
                    output.say("  " + (tool == null ? "" : output.paint("bold", tool) + " ") + shown(change.named()) + ": " + what(change, future));
                }
            }
            absent.forEach((tool, all) -> {
                boolean removed = all.stream().anyMatch(change -> change.why() != null);
                output.say("  " + output.paint("bold", tool) + ": " + (removed ? "you have removed " : "no settings at ") + shown(all.get(0).named())
                        + (all.size() > 1 ? " and " + (all.size() - 1) + " more" : "") + "; 'catalog apply " + tool + "' makes "
                        + (all.size() > 1 ? "them" : "it") + (removed ? " again" : ""));
            });
        }

        private static String what(Change change, String future) {
            var parts = new ArrayList<String>();
            parts.add(switch (change.state()) {
                case CREATED -> future + "created";
                case REMOVED -> future + "removed";
                case CHANGED -> change.counts().set() + change.counts().removed() > 0 ? null : future + "replaced";
                default -> change.conflicts().isEmpty() && change.why() == null ? "unchanged" : change.why();
            });
            parts.add(change.counts().set() > 0 ? Workspace.count(change.counts().set(), "value") + " " + future + "set" : null);
            parts.add(change.counts().removed() > 0 ? Workspace.count(change.counts().removed(), "value") + " " + future + "removed" : null);
            parts.add(change.counts().kept() > 0 && change.why() == null ? change.counts().kept() + " left as you have them" : null);
            parts.add(change.conflicts().isEmpty() ? null : Workspace.count(change.conflicts().size(), "conflict"));
            parts.removeIf(part -> part == null);
            return String.join(", ", parts);
        }

        /** The settings came from another machine, or the record was lost: nothing is amiss until the first value changes. */
        void unowned(List<Change> changes) {
            for (var change : Apply.inOrder(changes)) {
                int count = change.counts().unowned();
                if (count > 0) {
                    output.say("  note " + shown(change.named()) + ": " + Workspace.count(count, "value") + " of it " + (count == 1 ? "is" : "are")
                            + " just what we would write, but not from here. To have them kept up to date:\n    catalog apply"
                            + change.counts().parts().stream().map(place -> " --ours '" + place.toString().replace("'", "'\\''") + "'").collect(Collectors.joining()));
                }
            }
        }

        void conflicts(List<Change> changes) {
            var all = new ArrayList<String>();
            for (var change : Apply.inOrder(changes)) {
                for (var conflict : change.conflicts()) {
                    all.add(output.paint("yellow", "conflict") + " " + shown(change.named()) + (conflict.line() > 0 ? ":" + conflict.line() : "")
                            + (conflict.place() == null ? ": it is not as we wrote it last\n" + difference(change, conflict)
                            : ": " + Output.whole(conflict.place().toString()) + "\n    yours: " + value(conflict, conflict.theirs())
                                    + "\n    ours:  " + value(conflict, conflict.ours())));
                }
            }
            all.stream().limit(MOST_CONFLICTS).forEach(output::warn);
            if (!all.isEmpty()) {
                output.warn((all.size() > MOST_CONFLICTS ? "… and " + (all.size() - MOST_CONFLICTS) + " more; --json shows all.\n" : "")
                        + "Yours stay as they are. --ours PATH writes our value" + (tools.isEmpty() ? "" : ", --theirs PATH keeps yours for good")
                        + ". PATH is what stands behind the colon,\nor the file, or what several begin with, such as 'clients[name=groq]'.");
            }
        }

        private String difference(Change change, Conflict conflict) {
            return beginning(masks().diff(shown(change.named()), (String) conflict.theirs(), (String) conflict.ours()), "    ");
        }

        private String value(Conflict conflict, Object value) {
            var shown = masks().value(conflict.place(), value);
            return Output.whole(shown instanceof String text ? '"' + text + '"' : String.valueOf(shown));
        }

        ArrayNode json(List<Change> changes, boolean diff, String failure) {
            var array = JsonNodeFactory.instance.arrayNode();
            for (var change : Apply.inOrder(changes)) {
                var file = array.addObject().put("tool", tools.get(change.named())).put("file", change.named().toString())
                        .put("state", failure != null && change.writes() ? "failed" : Output.word(change.state()))
                        .put("why", failure != null && change.writes() ? failure : change.why())
                        .put("values_set", change.counts().set()).put("values_removed", change.counts().removed()).put("values_kept", change.counts().kept());
                for (var conflict : change.conflicts()) {
                    var one = file.withArray("/conflicts").addObject().put("line", conflict.line());
                    if (conflict.place() != null) {
                        one.put("path", conflict.place().toString()).put("yours", value(conflict, conflict.theirs()))
                                .put("ours", value(conflict, conflict.ours()));
                    } else {
                        one.put("path", change.named().toString());
                    }
                }
                if (diff) {
                    file.put("diff", change.diff(masks()));
                }
            }
            return array;
        }

        static int exitCode(List<Change> changes) {
            boolean refused = changes.stream().anyMatch(change -> change.state() == State.REFUSED);
            boolean undecided = changes.stream().anyMatch(change -> !change.conflicts().isEmpty());
            boolean nothing = changes.stream().allMatch(change -> change.state() == State.ABSENT);
            return refused ? Failures.REFUSED_TO_WRITE : undecided ? Failures.SOME_FAILED : nothing ? Failures.NOTHING_DONE : Failures.OK;
        }
    }

    /** {@code catalog merge}: what one config file says into another one that a person edits. */
    @Command(name = "merge", aliases = "merge-configs", description = {"Bring the values of one config file into another of the same format.",
            "What the other says already stays, and so do its comments; no record is kept of it."},
            footer = {"", "Examples:", "  catalog merge --source new.toml --target ~/.codex/config.toml --dry-run",
                "  catalog merge --source a.yaml --target b.yaml --keys clients=name,clients.models=name"})
    public static final class MergeCommand implements Callable<Integer> {
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
            if (Files.notExists(at(source))) {
                throw new ParameterException(spec.commandLine(), source + " is not there");
            }
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
}
