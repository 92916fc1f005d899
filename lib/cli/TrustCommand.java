package lib.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.host.AtomicFile;
import lib.host.Host;
import lib.provider.Listing;
import lib.provider.Provider;
import lib.provider.Providers;
import lib.provider.Trusted;
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
        "Shows first what that is; at a terminal it asks then."},
        footer = {"", "Examples:", "  catalog trust --dry-run      only show what it would allow", "  catalog trust --list"})
public final class TrustCommand implements Callable<Integer> {
    private static final Pattern SERVER = Pattern.compile("https?://([^/?#]+).*");
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

    @Option(names = "--yes", description = "Do not ask.")
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
        var files = Trusted.files(folder);
        if (files.isEmpty()) {
            output.warn("There is nothing to trust in " + shown(folder) + ": no providers.yaml and no templates/.");
            return Failures.NOTHING_DONE;
        }
        if (isOurs(files)) {
            output.say(shown(folder) + " needs no trust: its files are those that come with catalog.");
            return Failures.OK;
        }
        var allowed = Allowed.of(new Host(host.env(), folder, host.clock(), host.out(), host.err(), host.terminal(), host.in()));
        if (json) {
            output.data(allowed.json(folder, files));
        } else {
            output.data(shown(folder) + ": " + Trusted.named(List.copyOf(files.keySet())));
            allowed.lines().forEach(line -> output.data("  " + line));
        }
        if (dryRun) {
            return Failures.OK;
        }
        if (!yes && host.terminal() && !output.isConfirmed("Trust it?")) {
            output.say("Not trusted.");
            return Failures.NOTHING_DONE;
        }
        trusted.with(folder, files, host.clock().instant()).save();
        output.say("Trusted until one of these files changes; 'catalog untrust' takes it back.");
        return Failures.OK;
    }

    private static String shown(Path folder) {
        return Listing.visible(folder.toString());
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
            rows.add(List.of(Listing.visible(folder), Workspace.age(seen.at(), host.clock().instant()), state));
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
     * @param refused  what is not followed now, one line each
     */
    private record Allowed(Set<Send> sends, SortedMap<String, List<String>> commands, List<Made> templates, List<String> problems,
            List<String> refused) {

        /** @throws lib.provider.ConfigError where its providers.yaml cannot be read: there is nothing to vouch for */
        static Allowed of(Host there) throws IOException {
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
            // As if they were named by --templates, which is one's own word for them too.
            var folder = there.cwd().resolve("templates");
            var tools = Tools.discover(there, Files.isDirectory(folder) ? folder : null, ours);
            var templates = new ArrayList<Made>();
            for (var entry : tools.entries()) {
                if (entry.source().layer().equals("--templates") && !entry.source().text().equals(ours.get(entry.path()))) {
                    var replaces = Files.exists(own.resolve(entry.path())) ? "your own" : ours.containsKey(entry.path()) ? "ours" : null;
                    var to = entry.apply() == null ? Set.<String>of() : new TreeSet<>(entry.apply().to().values());
                    templates.add(new Made(entry.path(), entry.output(), replaces, List.copyOf(to)));
                }
            }
            return new Allowed(sends, commands, templates, tools.problems().stream().map(Rendering.Problem::toString).toList(),
                    before.notes());
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
                addresses.add(provider.join() == null ? null : provider.join().url());
                var legacy = provider.legacy();
                addresses.add(legacy == null ? null : legacy.baseUrl());
                addresses.removeIf(address -> address == null || !SERVER.matcher(address).matches());
                for (var address : addresses) {
                    var variables = new TreeSet<>(provider.keyEnv());
                    if (legacy != null && legacy.keyEnv() != null) {
                        variables.add(legacy.keyEnv());
                    }
                    VARIABLE.matcher(address).results().forEach(found -> variables.add(found.group(1)));
                    variables.forEach(variable -> sends.add(new Send(variable, server(address), provider.id())));
                }
            }
            return sends;
        }

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
        public Integer call() throws IOException {
            var named = dir == null ? host.cwd() : host.cwd().resolve(dir);
            var folder = (Files.isDirectory(named) ? named.toRealPath() : named.normalize()).toString();
            var trusted = Trusted.load(host);
            if (trusted.damage() != null) {
                output.warn(trusted.damage());
            }
            if (!trusted.folders().containsKey(folder)) {
                output.warn(Listing.visible(folder) + " was not trusted; 'catalog trust --list' shows what is.");
                return Failures.NOTHING_DONE;
            }
            trusted.without(folder).save();
            output.say(Listing.visible(folder) + " is not trusted any more.");
            return Failures.OK;
        }
    }
}
