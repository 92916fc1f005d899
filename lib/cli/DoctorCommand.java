package lib.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.host.Host;
import lib.provider.Access;
import lib.provider.ConfigError;
import lib.provider.Listing;
import lib.provider.Providers;
import lib.provider.Providers.Secrets;
import lib.provider.Trusted;
import lib.render.Tools;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code catalog doctor}: whether all is in place here, and where keys stand in files that should not hold them. */
@Command(name = "doctor", description = {"Look whether all is in place: folders, layers, keys, stored answers, templates.",
        "With --secrets: find keys that stand in settings, and say how to move them out. Exit code 1 if there is anything to mend."},
        footer = {"", "Examples:", "  catalog doctor", "  catalog doctor --secrets"})
public final class DoctorCommand implements Callable<Integer> {
    private final Host host;
    private final Output output;

    @Option(names = "--secrets", description = "Find keys in the settings of aichat, mods and Codex, and in your own files.")
    private boolean secrets;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    public DoctorCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    /** A diff of settings with the keys that stand in them masked, by name or by looks. @param values known ones */
    static String masked(String diff, Collection<String> values) {
        return Literal.masked(diff, values);
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
        checks.add(new Check("layers", State.OK, "bundled" + (Files.isRegularFile(own) ? ", " + Workspace.shown(host, own) : "")
                + (Files.isDirectory(ownTemplates) ? ", " + Workspace.shown(host, ownTemplates) : "")
                + (Files.exists(host.cwd().resolve("providers.yaml")) ? ", ./providers.yaml" : "")
                + (Files.isDirectory(host.cwd().resolve("templates")) ? ", ./templates" : "")));
        var trusted = Trusted.load(host);
        if (trusted.damage() != null) {
            checks.add(new Check("trust", State.PROBLEM, trusted.damage()));
        } else if (Trusted.holds(host)) {
            checks.add(new Check("trust", State.OK, "the files of this folder are trusted"));
        }
    }

    private void providers(List<Check> checks, Workspace workspace) {
        var set = new TreeSet<String>();
        var programs = new TreeSet<String>();
        for (var provider : workspace.providers().byId().values()) {
            try {
                var access = workspace.access(provider.id());
                if (access.command() != null) {
                    programs.add(provider.id());
                } else if (access.key() != null) {
                    set.add(access.keyVariable());
                }
                damage(checks, workspace, access);
            } catch (ConfigError e) {
                checks.add(new Check("providers", State.PROBLEM, e.getMessage()));
            }
        }
        if (!programs.isEmpty()) {
            checks.add(new Check("keys", State.OK, "by key_cmd: " + String.join(", ", programs)));
        }
        if (!set.isEmpty()) {
            checks.add(new Check("keys", State.OK, String.join(", ", set)));
        } else if (programs.isEmpty()) {
            checks.add(new Check("keys", State.NOTE, "none is set; 'catalog providers list' shows their variables"));
        }
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
        int found = 0;
        var places = places();
        for (var place : places) {
            for (var one : Literal.in(place, host)) {
                found++;
                array.addObject().put("file", place.file.toString()).put("line", one.line).put("name", one.name)
                        .put("masked", Secrets.masked(one.value)).put("advice", one.advice);
                if (!json) {
                    output.data(Workspace.shown(host, place.file) + ":" + one.line + ": " + Listing.visible(one.name) + ": "
                            + Secrets.masked(one.value));
                    output.data("    " + one.advice);
                }
                mode(place.file, tellings);
            }
        }
        if (json) {
            output.data(array);
        }
        var signIn = Workspace.codexHome(host).resolve("auth.json");
        if (Files.isRegularFile(signIn)) {
            output.say(Workspace.shown(host, signIn) + " is where Codex itself keeps how you are signed in; it belongs there.");
            mode(signIn, tellings);
        }
        tellings.forEach(output::warn);
        output.say(found == 0 ? "No keys found in " + Workspace.count(places.size(), "file") + "." : Workspace.count(found, "key")
                + " found. Once a key has been in a file that others may have read (a repository, a backup), get a new one.");
        return found == 0 ? Failures.OK : Failures.SOME_FAILED;
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

    /** Whose file it is decides how its keys are moved out. */
    private enum Owner { AICHAT, MODS, CODEX, OURS }

    private record Place(Path file, Owner owner, String text) {}

    private List<Place> places() {
        var files = new LinkedHashMap<Path, Owner>();
        for (var file : Workspace.toolSettings(host, (folder, e) -> output.warn(folder + " cannot be read ("
                + e.getClass().getSimpleName() + ")"))) {
            files.put(file, file.endsWith("mods.yml") ? Owner.MODS : file.toString().endsWith(".toml") ? Owner.CODEX : Owner.AICHAT);
        }
        for (var folder : List.of(host.configDir(), host.cwd())) {
            List.of("providers.yaml", "overrides.yaml").forEach(name -> files.put(folder.resolve(name), Owner.OURS));
        }
        var places = new ArrayList<Place>();
        files.forEach((file, owner) -> {
            try {
                if (Files.isRegularFile(file)) {
                    places.add(new Place(file, owner, new String(Files.readAllBytes(file), StandardCharsets.UTF_8)));
                }
            } catch (IOException e) {
                output.warn(Workspace.shown(host, file) + " cannot be read (" + e.getClass().getSimpleName() + "), so not looked at");
            }
        });
        return places;
    }

    /** A key that stands in a file. @param name of what it is the value of; {@code a key} where that is not known */
    private record Literal(int line, String name, String value, String advice) {
        private static final Pattern SETTING = Pattern.compile("(?<![\\w.#-])[\"']?([A-Za-z][\\w.-]*)[\"']?\\s*[:=]\\s*(?:&\\S+\\s+)?"
                + "(?:\"((?:[^\"\\\\]++|\\\\.)*+)\"|'([^']*+)'|([^\\s\"'\\[{#,}\\]][^\\s#,}\\]]*))");
        private static final Pattern SECRET_NAME = Pattern.compile(
                "(?i:api[_-]?key|experimental_bearer_token|x-(?:goog-)?api-key|authorization)"
                + "|[A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD)");
        /** What refers to a key elsewhere, or stands where a key is to be put. */
        private static final Pattern NO_KEY = Pattern.compile("(?i)null|~|none|true|false|\\d+|\\$.*|.*\\{\\{.*|.*<.*>.*"
                + "|x{3,}|\\.{3}|(?:your|my)[-_ ].*|dummy.*|ollama");
        private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
        private static final int SHORTEST = 8;

        static List<Literal> in(Place place, Host host) {
            var values = values(host);
            var lines = place.text.split("\n", -1);
            var found = new ArrayList<Literal>();
            for (int i = 0; i < lines.length; i++) {
                var seen = new TreeSet<String>();
                var settings = SETTING.matcher(lines[i].strip().startsWith("#") ? "" : lines[i]);
                while (settings.find()) {
                    var name = settings.group(1);
                    var value = value(settings).replaceFirst("(?i)^bearer\\s+", "");
                    boolean misplaced = name.equals("env_key") && !VARIABLE.matcher(value).matches();
                    if (misplaced || SECRET_NAME.matcher(name).matches() && isKey(value)
                            || !Secrets.found(value, values).isEmpty()) {
                        seen.add(value);
                        found.add(new Literal(i + 1, name, value, advice(place.owner, name, lines, i, variable(value, host))));
                    }
                }
                int line = i + 1;
                for (var key : Secrets.found(lines[i], values)) {
                    if (seen.stream().noneMatch(value -> value.contains(key))) {
                        found.add(new Literal(line, "a key", key, advice(place.owner, "", lines, i, variable(key, host))));
                    }
                }
            }
            return found;
        }

        /** @param diff lines with a mark before each */
        static String masked(String diff, Collection<String> values) {
            var shown = new StringBuilder();
            for (var line : diff.split("(?<=\n)")) {
                var masked = Secrets.masked(line, values);
                var settings = SETTING.matcher(line.isEmpty() ? "" : line.substring(1));
                while (settings.find()) {
                    var value = value(settings);
                    if (SECRET_NAME.matcher(settings.group(1)).matches() && isKey(value)) {
                        masked = masked.replace(value, Secrets.masked(value));
                    }
                }
                shown.append(masked);
            }
            return shown.toString();
        }

        private static boolean isKey(String value) {
            return value.length() >= SHORTEST && !NO_KEY.matcher(value).matches() && (value.length() < Secrets.SHORTEST
                    || Secrets.isSecret(value));
        }

        private static Set<String> values(Host host) {
            try {
                return Workspace.providers(host).secretValues(host);
            } catch (ConfigError e) {
                // doctor without --secrets tells what is wrong with it; keys are found by their looks all the same
                return Set.of();
            }
        }

        /** The variable that holds this very key now, or null. */
        private static String variable(String value, Host host) {
            return host.env().entrySet().stream().filter(entry -> entry.getValue().strip().equals(value)).map(Map.Entry::getKey)
                    .filter(name -> VARIABLE.matcher(name).matches()).min(String::compareTo).orElse(null);
        }

        private static String advice(Owner owner, String name, String[] lines, int at, String variable) {
            var set = variable == null ? "NAME" : variable;
            return switch (owner) {
                case AICHAT -> {
                    var reads = client(lines, at);
                    var from = variable == null || variable.equals(reads) ? "…" : "\"$" + variable + "\"";
                    yield "take the line out, and aichat reads the key from " + (reads == null ? "the client's NAME_API_KEY" : reads)
                            + ": export " + (reads == null ? "NAME_API_KEY" : reads) + "=" + from;
                }
                case MODS -> "instead: api-key-env: " + set + ", the variable that holds the key, or api-key-cmd, a command that prints it";
                case CODEX -> codex(name, set);
                case OURS -> "instead: key_env: " + set + ", the variable that holds the key, or key_cmd: [pass, show, …], which prints it";
            };
        }

        private static String codex(String name, String variable) {
            if (name.equals("env_key")) {
                return "env_key is the name of the variable that holds the key, not the key: env_key = \"" + variable + "\"";
            }
            if (name.matches("(?i)x-.*|authorization")) {
                return "instead, in env_http_headers: the header with the name of the variable that holds the key";
            }
            return name.isEmpty() || name.equals(name.toUpperCase(Locale.ROOT))
                    ? "take it out and export it in the environment that Codex is started from"
                    : "instead: env_key = \"" + variable + "\", the variable that holds the key";
        }

        /** What aichat reads for the client in whose list item a line stands; null where that has no name. */
        private static String client(String[] lines, int at) {
            int from = at;
            while (from > 0 && !(lines[from].stripLeading().startsWith("- ") && (from == at || indent(lines[from]) < indent(lines[at])))) {
                from--;
            }
            int dash = indent(lines[from]);
            int level = dash + 1 + indent(lines[from].substring(Math.min(lines[from].length(), dash + 1)));
            for (int i = from; i < lines.length && (i == from || lines[i].isBlank() || indent(lines[i]) > dash); i++) {
                var settings = SETTING.matcher(i == from || indent(lines[i]) == level ? lines[i] : "");
                while (settings.find()) {
                    if (settings.group(1).equals("name")) {
                        return value(settings).toUpperCase(Locale.ROOT) + "_API_KEY";
                    }
                }
            }
            return null;
        }

        private static String value(Matcher setting) {
            return setting.group(2) != null ? setting.group(2) : setting.group(3) != null ? setting.group(3) : setting.group(4);
        }

        private static int indent(String line) {
            return line.length() - line.stripLeading().length();
        }
    }
}
