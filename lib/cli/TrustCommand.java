package lib.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.apply.Apply;
import lib.apply.Document.Format;
import lib.apply.LiteralKeys;
import lib.apply.LiteralKeys.Owner;
import lib.apply.SafeFile;
import lib.cli.Output.Failures;
import lib.fetch.Fetch;
import lib.host.AtomicFile;
import lib.host.Host;
import lib.provider.Access;
import lib.provider.Json.Listing;
import lib.provider.Overrides;
import lib.provider.Provider;
import lib.provider.Providers.ConfigError;
import lib.provider.Providers.Secrets;
import lib.provider.Providers.Trusted;
import lib.provider.Providers;
import lib.render.Rendering;
import lib.render.Tools;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code catalog trust}: a person vouches for the files of a project's folder, after seeing what they would be allowed. */
@Command(name = "trust", description = {"Let a project's providers.yaml and templates/ do what your own may, until one of them changes.",
        "Shows first what that is, and asks then."},
        footer = {"", "Examples:", "  catalog trust --dry-run      only show what it would allow", "  catalog trust --list"})
public final class TrustCommand implements Callable<Integer> {
    private static final Pattern SERVER = Pattern.compile("[A-Za-z]+://([^/?#]+).*");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z0-9_]+)}");

    private final Host host;
    private final Output output;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", arity = "0..1", description = "The project's folder (default: here).")
    private Path dir;

    @Option(names = "--list", description = "List the folders that are trusted.")
    private boolean list;

    @Option(names = "--dry-run", description = "Only show what it would allow.")
    private boolean dryRun;

    @Option(names = "--yes", description = "Do not ask; needed where nobody can be asked.")
    private boolean yes;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    public TrustCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        var trusted = Trusted.load(host);
        if (trusted.damage() != null) {
            output.warn(trusted.damage());
        }
        if (list) {
            list(trusted);
            return Failures.OK;
        }
        var folder = folder(host, spec, dir);
        var there = new Host(host.env(), folder, host.clock(), host.out(), host.err(), host.terminal(), host.in());
        var now = look(there, host.clock().instant());
        if (now.files().isEmpty() && now.links().isEmpty()) {
            output.warn("There is nothing to trust in " + shown(folder)
                    + ": no providers.yaml, no templates/, and no link that leads outputs out of it.");
            return Failures.NOTHING_DONE;
        }
        if (isOurs(now.files()) && now.links().isEmpty()) {
            output.say(shown(folder) + " needs no trust: its files are those that come with catalog.");
            return Failures.OK;
        }
        var allowed = Allowed.of(there, now.links());
        if (json) {
            output.data(allowed.json(folder, now.files()));
        } else {
            output.data(shown(folder) + ": " + Trusted.named(Stream.concat(now.files().keySet().stream(), now.links().keySet().stream()).toList()));
            allowed.lines().forEach(line -> output.data("  " + line));
        }
        if (dryRun) {
            return Failures.OK;
        }
        if (!yes && !host.terminal()) {
            output.warn("catalog: nobody is there to be asked; --dry-run only shows what it would allow, --yes trusts it.");
            return Failures.USAGE;
        }
        if (!yes && !output.isConfirmed("Trust it?")) {
            output.say("Not trusted.");
            return Failures.NOTHING_DONE;
        }
        // What is trusted is what was shown.
        if (!look(there, now.at()).equals(now)) {
            output.warn("Not trusted: somebody has changed it meanwhile; run again to see what it is now.");
            return Failures.REFUSED_TO_WRITE;
        }
        Trusted.change(host, record -> record.with(folder, now));
        if (trusted.damage() != null) {
            output.say("The damaged record is kept: " + shown(trusted.aside()));
        }
        output.say("Trusted until one of these files changes; 'catalog untrust' takes it back.");
        return Failures.OK;
    }

    private static Trusted.Seen look(Host there, Instant at) {
        try {
            return Trusted.look(there.cwd(), Allowed.tools(there).outputFolders(), at);
        } catch (IOException e) {
            throw new ConfigError(Trusted.why(e));
        }
    }

    private static String shown(Path folder) {
        return Trusted.shown(folder.toString());
    }

    /** Behind all links, so that it is the same by whatever way one comes. */
    private static Path folder(Host host, CommandSpec spec, Path dir) throws IOException {
        var named = dir == null ? host.cwd() : host.cwd().resolve(dir);
        if (!Files.isDirectory(named)) {
            throw new ParameterException(spec.commandLine(), "there is no folder " + shown(named));
        }
        return named.toRealPath();
    }

    private static boolean isOurs(Map<String, String> files) throws IOException {
        var ours = new TreeMap<String, String>();
        ours.put("providers.yaml", AtomicFile.sha256(Workspace.bundled()));
        Tools.bundled().forEach((path, text) -> ours.put("templates/" + path, AtomicFile.sha256(text.getBytes(StandardCharsets.UTF_8))));
        return files.entrySet().stream().allMatch(file -> file.getValue().equals(ours.get(file.getKey())));
    }

    private void list(Trusted trusted) {
        var array = JsonNodeFactory.instance.arrayNode();
        var rows = new ArrayList<List<String>>();
        trusted.folders().forEach((folder, seen) -> {
            String state;
            try {
                var changed = Files.isDirectory(Path.of(folder)) ? trusted.changed(Path.of(folder)) : null;
                state = changed == null ? "gone" : changed.isEmpty() ? "trusted" : "changed: " + Trusted.named(changed);
            } catch (IOException e) {
                state = "cannot be read";
            }
            rows.add(List.of(Trusted.shown(folder), Workspace.age(seen.at(), host.clock().instant()), state));
            array.addObject().put("folder", folder).put("at", seen.at().toString()).put("trusted", state.equals("trusted")).put("state",
                    state);
        });
        if (json) {
            output.data(array);
        } else if (rows.isEmpty()) {
            output.say("No folder is trusted.");
        } else {
            output.table(List.of("FOLDER", "SINCE", "STATE"), rows);
        }
    }

    /** A variable whose value goes to a server, to which it does not go otherwise. */
    private record Send(String variable, String server, String provider) {}

    /** @param replaces whose template it stands in for: ours, the person's own, or null */
    private record Made(String template, String output, String replaces, List<String> appliesTo) {}

    /**
     * What a folder may do when it is trusted and not before.
     *
     * @param commands provider to the words of the program it would run
     * @param includes the files that templates can include, to whose file it stands in for: ours, the person's own, or ""
     * @param links    the links by which outputs would be written elsewhere, to where they lead
     * @param refused  what is not followed now, one line each
     */
    private record Allowed(Set<Send> sends, SortedMap<String, List<String>> commands, List<Made> templates, SortedMap<String, String> includes,
            SortedMap<String, String> links, List<String> problems, List<String> refused) {

        /** @throws lib.provider.Providers.ConfigError where its providers.yaml cannot be read: there is nothing to vouch for */
        static Allowed of(Host there, SortedMap<String, String> links) throws IOException {
            var before = Providers.load(there, Workspace.bundled(), false);
            var after = Providers.load(there, Workspace.bundled(), true);
            var sends = sends(after);
            var known = sends(before).stream().map(send -> List.of(send.variable, send.server)).collect(Collectors.toSet());
            sends.removeIf(send -> known.contains(List.of(send.variable, send.server)));
            var commands = new TreeMap<String, List<String>>();
            after.byId().forEach((id, provider) -> {
                if (provider.keyCommand() != null && !words(provider).equals(words(before.byId().get(id)))) {
                    commands.put(id, words(provider));
                }
            });
            var ours = Tools.bundled();
            var own = there.configDir().resolve("templates");
            var tools = tools(there);
            var templates = new ArrayList<Made>();
            for (var entry : tools.entries()) {
                if (isTheirs(entry.path(), entry.source(), ours)) {
                    var to = entry.apply() == null ? Set.<String>of() : new TreeSet<>(entry.apply().to().values());
                    templates.add(new Made(entry.path(), entry.output(), replaced(entry.path(), own, ours), List.copyOf(to)));
                }
            }
            var includes = new TreeMap<String, String>();
            tools.includes().forEach((path, source) -> {
                if (isTheirs(path, source, ours)) {
                    includes.put(path, Optional.ofNullable(replaced(path, own, ours)).orElse(""));
                }
            });
            return new Allowed(sends, commands, templates, includes, links, tools.problems().stream().map(Rendering.Problem::toString).toList(),
                    before.notes());
        }

        /** As if the folder's were named by --templates, which is one's own word for them too. */
        static Tools tools(Host there) {
            var folder = there.cwd().resolve("templates");
            return Tools.discover(there, Files.isDirectory(folder) ? folder : null, Tools.bundled());
        }

        private static boolean isTheirs(String path, Tools.Source source, Map<String, String> ours) {
            return source.layer().equals("--templates") && !source.text().equals(ours.get(path));
        }

        private static String replaced(String path, Path own, Map<String, String> ours) {
            return Files.exists(own.resolve(path)) ? "your own" : ours.containsKey(path) ? "ours" : null;
        }

        private static List<String> words(Provider provider) {
            return provider == null || provider.keyCommand() == null ? List.of() : provider.keyCommand().words();
        }

        private static Set<Send> sends(Providers providers) {
            var sends = new LinkedHashSet<Send>();
            for (var provider : providers.byId().values()) {
                var addresses = new ArrayList<String>(provider.wires().values());
                addresses.add(provider.baseUrl());
                addresses.add(provider.models());
                var join = provider.join();
                addresses.add(join == null ? null : join.url());
                provider.baseUrlEnv().forEach(variable -> addresses.add("${" + variable + "}"));
                addresses.add(join == null || join.urlEnv() == null ? null : "${" + join.urlEnv() + "}");
                var legacy = provider.legacy();
                addresses.add(legacy == null ? null : legacy.baseUrl());
                addresses.removeIf(address -> address == null || Access.isBelow(address));
                for (var address : addresses) {
                    var variables = new TreeSet<>(provider.keyEnv());
                    if (legacy != null && legacy.keyEnv() != null) {
                        variables.add(legacy.keyEnv());
                    }
                    if (address.contains("://")) {
                        VARIABLE.matcher(address).results().forEach(found -> variables.add(found.group(1)));
                    }
                    variables.forEach(variable -> sends.add(new Send(variable, server(address), provider.id())));
                }
            }
            return sends;
        }

        /** Of an address; a whole address that is in a variable stays as it is. */
        private static String server(String address) {
            var server = SERVER.matcher(address);
            return server.matches() ? server.group(1) : address;
        }

        List<String> lines() {
            var lines = new ArrayList<String>();
            for (var send : sends) {
                lines.add(send.variable + " would be sent to " + Output.whole(send.server) + " (" + send.provider + ")");
            }
            commands.forEach((id, words) -> lines.add(id + " would run: "
                    + words.stream().map(Allowed::quoted).collect(Collectors.joining(" "))));
            templates.forEach(made -> lines.add("templates/" + Output.whole(made.template) + " would make " + Output.whole(made.output)
                    + (made.replaces == null ? "" : ", in place of " + made.replaces)
                    + (made.appliesTo.isEmpty() ? "" : ", and be applied to " + Output.whole(String.join(", ", made.appliesTo)))));
            includes.forEach((path, replaces) -> lines.add("templates/" + Output.whole(path) + " would be there for templates to include"
                    + (replaces.isEmpty() ? "" : ", in place of " + replaces)));
            links.forEach((path, to) -> lines.add("what is made below " + Output.whole(path) + " would be written to " + Output.whole(to)
                    + ", where that link leads"));
            problems.forEach(problem -> lines.add("error " + Output.whole(problem)));
            refused.forEach(note -> lines.add("until now: " + note));
            return lines.isEmpty() ? List.of("It asks for nothing that it may not do now.") : lines;
        }

        private static String quoted(String word) {
            return word.matches("[A-Za-z0-9_./:=@%+,-]+") ? word : "'" + Output.whole(word) + "'";
        }

        ObjectNode json(Path folder, Map<String, String> files) {
            var node = JsonNodeFactory.instance.objectNode().put("folder", folder.toString());
            files.forEach(node.putObject("files")::put);
            var keys = node.putArray("sends");
            sends.forEach(send -> keys.addObject().put("variable", send.variable).put("server", send.server).put("provider",
                    send.provider));
            var runs = node.putObject("runs");
            commands.forEach((id, words) -> words.forEach(runs.withArray("/" + id)::add));
            var made = node.putArray("templates");
            for (var template : templates) {
                var one = made.addObject().put("template", template.template).put("output", template.output).put("replaces",
                        template.replaces);
                template.appliesTo.forEach(one.putArray("applies_to")::add);
            }
            var included = node.putArray("includes");
            includes.forEach((path, replaces) -> included.addObject().put("template", path).put("replaces", replaces.isEmpty() ? null : replaces));
            links.forEach(node.putObject("links")::put);
            problems.forEach(node.putArray("problems")::add);
            refused.forEach(node.putArray("not_followed")::add);
            return node;
        }
    }

    /** {@code catalog untrust}. */
    @Command(name = "untrust", description = "Take back the trust in a project's folder.")
    public static final class Untrust implements Callable<Integer> {
        private final Host host;
        private final Output output;

        @Parameters(paramLabel = "DIR", arity = "0..1", description = "The project's folder (default: here). It need not exist any more.")
        private Path dir;

        public Untrust(Host host, Output output) {
            this.host = host;
            this.output = output;
        }

        @Override
        public Integer call() throws IOException, InterruptedException {
            var named = dir == null ? host.cwd() : host.cwd().resolve(dir);
            var folder = (Files.isDirectory(named) ? named.toRealPath() : named.normalize()).toString();
            var damage = Trusted.load(host).damage();
            if (damage != null) {
                output.warn(damage);
            }
            if (!Trusted.change(host, record -> record.without(folder))) {
                output.warn(Trusted.shown(folder) + " was not trusted; 'catalog trust --list' shows what is.");
                return Failures.NOTHING_DONE;
            }
            output.say(Trusted.shown(folder) + " is not trusted any more.");
            return Failures.OK;
        }
    }

    /** {@code catalog doctor}: whether all is in place here, and where keys stand in files that should not hold them. */
    @Command(name = "doctor", description = {"Look whether all is in place: folders, layers, keys, stored answers, templates.",
            "With --secrets: find keys that stand in settings, and say how to move them out. Exit code 1 if there is anything to mend."},
            footer = {"", "Examples:", "  catalog doctor", "  catalog doctor --secrets"})
    public static final class DoctorCommand implements Callable<Integer> {
        private final Host host;
        private final Output output;

        @Option(names = "--secrets", description = "Find keys in the settings of known tools, in what your shell starts with, and in your own files.")
        private boolean secrets;

        @Option(names = "--json", description = "As JSON.")
        private boolean json;

        public DoctorCommand(Host host, Output output) {
            this.host = host;
            this.output = output;
        }

        private enum State { OK, NOTE, PROBLEM }

        /** @param text fit to print */
        private record Check(String what, State state, String text) {}

        @Override
        public Integer call() {
            if (secrets) {
                return secrets();
            }
            var checks = new ArrayList<Check>();
            checks.add(new Check("catalog", State.OK, Workspace.VERSION + " on Java " + System.getProperty("java.version") + " ("
                    + System.getProperty("java.vendor") + "), " + System.getProperty("os.name")));
            checks.add(folder("settings", host.configDir(), "XDG_CONFIG_HOME"));
            checks.add(folder("answers", host.cacheDir(), "XDG_CACHE_HOME"));
            checks.add(folder("state", host.stateDir(), "XDG_STATE_HOME"));
            project(checks);
            record(checks);
            certificates(checks);
            Providers providers = null;
            try {
                providers = Workspace.providers(host);
                providers.notes().forEach(note -> checks.add(new Check("providers", State.NOTE, note)));
            } catch (ConfigError e) {
                checks.add(new Check("providers", State.PROBLEM, e.getMessage()));
            }
            if (providers != null) {
                providers(checks, new Workspace(host, host.cwd(), providers));
            }
            templates(checks);
            var array = JsonNodeFactory.instance.arrayNode();
            for (var check : checks) {
                var state = check.state.name().toLowerCase(Locale.ROOT);
                if (json) {
                    array.addObject().put("check", check.what).put("state", state).put("text", check.text);
                } else {
                    var colour = check.state == State.OK ? "green" : check.state == State.NOTE ? "yellow" : "red";
                    output.data(String.format("%s %-9s %s", output.paint(colour, String.format("%-7s", state)), check.what, check.text));
                }
            }
            if (json) {
                output.data(array);
            }
            return checks.stream().anyMatch(check -> check.state == State.PROBLEM) ? Failures.SOME_FAILED : Failures.OK;
        }

        private static Check folder(String what, Path folder, String variable) {
            var there = folder.toAbsolutePath();
            while (there.getParent() != null && !Files.exists(there)) {
                there = there.getParent();
            }
            boolean good = Files.isDirectory(there) && Files.isWritable(there);
            var shown = Listing.visible(folder.toString());
            return new Check(what, good ? State.OK : State.PROBLEM, good ? shown + (there.equals(folder) ? "" : " (not made yet)")
                    : shown + ": " + Listing.visible(there.toString()) + (Files.isDirectory(there) ? " cannot be written" : " is no folder")
                            + "; mend that, or set " + variable);
        }

        private void project(List<Check> checks) {
            var own = host.configDir().resolve("providers.yaml");
            var ownTemplates = own.resolveSibling("templates");
            var project = new ArrayList<String>();
            boolean trusted = true;
            try {
                var files = Trusted.look(host.cwd().toRealPath(), List.of(), host.clock().instant()).files();
                trusted = files.isEmpty() || isOurs(files) || Trusted.holds(host);
                files.keySet().forEach(file -> project.add(file.startsWith("templates/") ? "./templates" : "./" + file));
            } catch (IOException e) {
                checks.add(new Check("layers", State.PROBLEM, "the files of this folder cannot be read (" + e.getClass().getSimpleName() + ")"));
            }
            var known = "bundled" + (Files.isRegularFile(own) ? ", " + Workspace.shown(host, own) : "")
                    + (Files.isDirectory(ownTemplates) ? ", " + Workspace.shown(host, ownTemplates) : "");
            var here = project.stream().distinct().collect(Collectors.joining(", "));
            checks.add(new Check("layers", State.OK, known + (here.isEmpty() || !trusted ? "" : ", " + here)));
            if (!trusted) {
                checks.add(new Check("layers", State.NOTE, here + ": not trusted, so no key of yours is used for it and nothing of it is applied;"
                        + " 'catalog trust --dry-run' shows what it asks for"));
            }
            var all = Trusted.load(host);
            if (all.damage() != null) {
                checks.add(new Check("trust", State.PROBLEM, all.damage()));
            } else if (Trusted.holds(host)) {
                checks.add(new Check("trust", State.OK, "the files of this folder are trusted"));
            }
        }

        private void record(List<Check> checks) {
            try {
                Apply.ownership(host);
            } catch (SafeFile.Refused e) {
                checks.add(new Check("state", State.PROBLEM, e.getMessage()));
            }
        }

        private void certificates(List<Check> checks) {
            try {
                var variable = Fetch.certificates(host);
                if (variable != null) {
                    checks.add(new Check("network", State.OK, "further certificates by " + variable));
                }
            } catch (ConfigError e) {
                checks.add(new Check("network", State.PROBLEM, e.getMessage()));
            }
        }

        private void providers(List<Check> checks, Workspace workspace) {
            var set = new TreeSet<String>();
            var programs = new TreeSet<String>();
            var flawed = new TreeMap<String, String>();
            for (var provider : workspace.providers().byId().values()) {
                try {
                    var access = workspace.access(provider.id());
                    if (access.command() != null) {
                        programs.add(provider.id());
                    } else if (access.flawOfKey() != null) {
                        flawed.put(access.keyVariable(), access.flawOfKey());
                    } else if (access.key() != null) {
                        set.add(access.keyVariable());
                    }
                    damage(checks, workspace, access);
                } catch (ConfigError e) {
                    checks.add(new Check("providers", State.PROBLEM, e.getMessage()));
                }
            }
            flawed.forEach((variable, flaw) -> checks.add(new Check("keys", State.PROBLEM, "the value of " + variable + " is no key: " + flaw)));
            if (!programs.isEmpty()) {
                checks.add(new Check("keys", State.OK, "by key_cmd: " + String.join(", ", programs)));
            }
            if (!set.isEmpty()) {
                checks.add(new Check("keys", State.OK, String.join(", ", set)));
            } else if (programs.isEmpty() && flawed.isEmpty()) {
                checks.add(new Check("keys", State.NOTE, "none is set; 'catalog providers list' shows their variables"));
            }
            sources(checks, workspace);
            var history = workspace.history();
            if (history.damage() != null) {
                checks.add(new Check("state", State.PROBLEM, history.damage()));
            }
            try {
                var snapshot = workspace.snapshot();
                boolean none = snapshot.models().isEmpty();
                checks.add(new Check("snapshot", none ? State.NOTE : State.OK, none ? "none here; 'catalog fetch' makes one"
                        : Workspace.count(snapshot.models().size(), "model") + ", " + workspace.snapshotAge(snapshot)));
            } catch (ConfigError e) {
                checks.add(new Check("snapshot", State.PROBLEM, e.getMessage()));
            }
        }

        private static void damage(List<Check> checks, Workspace workspace, Access access) {
            var damage = workspace.store().find(access).damage();
            if (damage != null) {
                checks.add(new Check("answers", State.PROBLEM, access.provider().id() + ": " + damage));
            }
        }

        /** What a person overrides has to be sound also while it is switched off. */
        private void sources(List<Check> checks, Workspace workspace) {
            var wrong = new LinkedHashSet<String>();
            try {
                Sources.of(workspace, null);
            } catch (ConfigError e) {
                wrong.add(e.getMessage());
            }
            for (var provider : workspace.providers().byId().values()) {
                try {
                    if (provider.source() != null && provider.source().file() != null) {
                        Overrides.load(host, provider.source().file());
                    }
                } catch (ConfigError e) {
                    wrong.add(e.getMessage());
                }
            }
            wrong.forEach(why -> checks.add(new Check("sources", State.PROBLEM, why)));
        }

        private void templates(List<Check> checks) {
            try {
                var tools = Tools.discover(host, null, Tools.bundled());
                tools.problems().forEach(problem -> checks.add(new Check("templates", State.PROBLEM, problem.toString())));
                tools.ignored().forEach(line -> checks.add(new Check("templates", State.NOTE, line)));
                if (tools.problems().isEmpty()) {
                    checks.add(new Check("templates", State.OK, Workspace.count(tools.entries().size(), "template") + " for "
                            + String.join(", ", tools.byTool().keySet())));
                }
            } catch (ConfigError e) {
                checks.add(new Check("templates", State.PROBLEM, e.getMessage()));
            }
        }

        private int secrets() {
            var array = JsonNodeFactory.instance.arrayNode();
            var tellings = new LinkedHashSet<String>();
            var unread = new LinkedHashMap<Path, String>();
            var places = places(unread);
            var known = values();
            int found = 0;
            int noted = 0;
            for (var place : places) {
                var advice = LiteralKeys.Advice.of(place.owner, place.file, place.format, place.text);
                boolean note = place.owner == Owner.SHELL || place.owner == Owner.DOTENV;
                for (var one : LiteralKeys.in(place.format, place.text, known)) {
                    found += note ? 0 : 1;
                    noted += note ? 1 : 0;
                    var told = Output.whole(advice.on(one, variable(one.value())));
                    array.addObject().put("file", place.file.toString()).put("line", one.line()).put("name", one.name())
                            .put("state", note ? "note" : "problem").put("masked", Secrets.masked(one.value())).put("advice", told);
                    if (!json) {
                        output.data(Workspace.shown(host, place.file) + ":" + one.line() + ": " + Listing.visible(one.name()) + ": "
                                + Secrets.masked(one.value()));
                        output.data("    " + (note ? "note: " : "") + told);
                    }
                    mode(place.file, tellings);
                }
            }
            unread.forEach((file, why) -> array.addObject().put("file", file.toString()).put("state", "unread").put("why", why));
            if (json) {
                output.data(array);
            }
            stores().forEach((file, whose) -> {
                if (Files.isRegularFile(file)) {
                    output.say(Workspace.shown(host, file) + " is where " + whose + "; it belongs there.");
                    mode(file, tellings);
                }
            });
            tellings.forEach(output::warn);
            unread.forEach((file, why) -> output.warn(Workspace.shown(host, file) + " cannot be read (" + why + "), so not looked at"));
            var looked = Workspace.count(places.size(), "file") + (unread.isEmpty() ? "" : "; " + unread.size() + " could not be read");
            output.say(found + noted == 0 ? "No keys found in " + looked + "." : Workspace.count(found + noted, "key") + " found in " + looked
                    + (noted == 0 ? "" : ", " + noted + " of them where shells and tools read their variables, which is no fault")
                    + ". Once a key has been in a file that others may have read (a repository, a backup), get a new one.");
            return found == 0 && unread.isEmpty() ? Failures.OK : Failures.SOME_FAILED;
        }

        private static void mode(Path file, Collection<String> tellings) {
            try {
                var mode = Files.getPosixFilePermissions(file);
                if (mode.contains(PosixFilePermission.GROUP_READ) || mode.contains(PosixFilePermission.OTHERS_READ)) {
                    tellings.add("Others on this machine may read it: chmod 600 '" + Output.whole(file.toString()) + "'");
                }
            } catch (IOException | UnsupportedOperationException e) {
                // A system without such modes, or a file that went away.
            }
        }

        private Set<String> values() {
            try {
                return Workspace.providers(host).secretValues(host);
            } catch (ConfigError e) {
                // doctor without --secrets tells what is wrong with it; keys are found by their looks all the same
                return Set.of();
            }
        }

        /** The variable that holds this very key now, or null. */
        private String variable(String value) {
            return host.env().entrySet().stream().filter(entry -> entry.getValue().strip().equals(value)).map(Map.Entry::getKey)
                    .filter(name -> name.matches("[A-Za-z_][A-Za-z0-9_]*")).min(String::compareTo).orElse(null);
        }

        /** @param format null of a file of lines */
        private record Place(Path file, Owner owner, Format format, String text) {}

        /** @param unread told of what is there and cannot be read */
        private List<Place> places(Map<Path, String> unread) {
            var files = new LinkedHashMap<Path, Owner>();
            for (var file : Workspace.toolPlaces(host, (folder, e) -> unread.put(folder, e.getClass().getSimpleName()))) {
                files.put(file, file.endsWith("mods.yml") ? Owner.MODS : file.toString().endsWith(".toml") ? Owner.CODEX : Owner.AICHAT);
            }
            var home = host.home();
            files.put(Workspace.aichatDir(host).resolve(".env"), Owner.DOTENV);
            var config = Workspace.set(host, "XDG_CONFIG_HOME", home.resolve(".config"));
            var opencode = List.of("config.json", "opencode.json", "opencode.jsonc");
            opencode.forEach(name -> files.put(config.resolve("opencode").resolve(name), Owner.OPENCODE));
            if (host.env("OPENCODE_CONFIG") != null) {
                files.put(host.cwd().resolve(host.env("OPENCODE_CONFIG")), Owner.OPENCODE);
            }
            var crush = Workspace.set(host, "CRUSH_GLOBAL_CONFIG", config.resolve("crush"));
            List.of("crush.json", "crushrc").forEach(name -> files.put(crush.resolve(name), Owner.CRUSH));
            var continues = Workspace.set(host, "CONTINUE_GLOBAL_DIR", home.resolve(".continue"));
            List.of("config.yaml", "config.json").forEach(name -> files.put(continues.resolve(name), Owner.CONTINUE));
            files.put(continues.resolve(".env"), Owner.DOTENV);
            var claude = Workspace.set(host, "CLAUDE_CONFIG_DIR", home.resolve(".claude"));
            List.of("settings.json", "settings.local.json").forEach(name -> files.put(claude.resolve(name), Owner.CLAUDE));
            List.of(home, host.cwd()).forEach(folder -> files.put(folder.resolve(".aider.conf.yml"), Owner.AIDER));
            for (var name : List.of(".bashrc", ".bash_profile", ".zshrc", ".zshenv", ".zprofile", ".profile")) {
                files.put(home.resolve(name), Owner.SHELL);
            }
            files.put(config.resolve("fish").resolve("config.fish"), Owner.SHELL);
            for (var folder : List.of(host.configDir(), host.cwd())) {
                List.of("providers.yaml", "overrides.yaml").forEach(name -> files.put(folder.resolve(name), Owner.OURS));
            }
            var places = new ArrayList<Place>();
            files.forEach((file, owner) -> {
                try {
                    if (!Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
                        places.add(new Place(file, owner, format(file, owner), new String(Files.readAllBytes(file), StandardCharsets.UTF_8)));
                    }
                } catch (IOException e) {
                    unread.put(file, e.getClass().getSimpleName());
                }
            });
            return places;
        }

        private static Format format(Path file, Owner owner) {
            return switch (owner) {
                case SHELL, DOTENV -> null;
                case AICHAT -> Format.YAML;
                default -> Format.of(file.getFileName().toString());
            };
        }

        /** Where tools themselves keep keys. */
        private Map<Path, String> stores() {
            var home = host.home();
            var stores = new LinkedHashMap<Path, String>();
            stores.put(Workspace.codexHome(host).resolve("auth.json"), "Codex itself keeps how you are signed in");
            stores.put(Workspace.set(host, "XDG_DATA_HOME", home.resolve(".local/share")).resolve("opencode").resolve("auth.json"),
                    "opencode itself keeps its keys");
            stores.put(Workspace.set(host, "LLM_USER_PATH", Workspace.settings(host, "APPDATA").resolve("io.datasette.llm")).resolve("keys.json"),
                    "llm itself keeps its keys");
            return stores;
        }
    }
}
