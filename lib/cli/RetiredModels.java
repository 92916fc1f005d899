package lib.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import lib.host.Host;
import lib.model.ChangeLog;
import lib.model.Changes;
import lib.model.Model;
import lib.model.Search;
import lib.model.Snapshot;
import lib.provider.ConfigError;
import lib.provider.Field;
import lib.provider.Listing;
import lib.provider.Provider;

/**
 * Where a person's own settings still name a model that is deprecated, retired or gone. The files are read and never written;
 * what these tools understand of a line is more than is looked at here: a model's id, whole, as a value or a key.
 */
final class RetiredModels {
    private static final long LARGEST_FILE = 1 << 20;
    private static final int MOST_PER_FILE = 10;
    private static final String QUOTED = "\"((?:[^\"\\\\]++|\\\\.)*+)\"|'([^']*+)'";
    /** A comment, a quoted text or a word. In YAML a comment has a space before it, and ids may hold a {@code #}. */
    private static final Pattern YAML = Pattern.compile("(?<!\\S)#.*|" + QUOTED + "|([^\\s\"'\\[\\]{},#][^\\s\\[\\]{},]*+)");
    private static final Pattern TOML = Pattern.compile("#.*|" + QUOTED + "|([^\\s\"'\\[\\]{},=#]++)");
    private static final Pattern CODEX_PROVIDER = Pattern.compile("(?m)^\\s*model_provider\\s*=\\s*[\"']([^\"']+)[\"']");

    /** A type that tells whose models they are; names of {@code openai-compatible} clients are providers' ids. */
    private static final Pattern CLIENT = Pattern.compile("(?m)^\\s*- type:\\s*(?!openai-compatible)([\\w-]+)\\s*(?:#.*)?\\R"
            + "\\s+name:\\s*[\"']?([^\\s\"'#]+)");

    /** By provider, why one should not use its model of some id. */
    private final Map<String, Map<String, String>> retired = new HashMap<>();
    /** The providers that list these ids and say nothing against them. */
    private final Map<String, Set<String>> alive = new HashMap<>();
    /** The providers whose models there are, by all their names in the settings of such tools. */
    private final Map<String, Set<String>> named = new HashMap<>();

    private RetiredModels(Snapshot snapshot, ChangeLog log, Collection<Provider> known, LocalDate today) {
        for (var model : snapshot.models()) {
            named.computeIfAbsent(model.providerId(), Set::of);
            var why = objection(model, today);
            if (why != null) {
                retire(model.providerId(), model.id(), why);
            }
        }
        log.away().forEach((provider, ids) -> ids.forEach(id -> {
            var logged = log.away(provider, id);
            retire(provider, id, logged.change().kind() == Changes.Kind.REMOVED ? "no longer listed"
                    : "missing from its list since " + LocalDate.ofInstant(logged.at(), ZoneOffset.UTC));
        }));
        for (var model : snapshot.models()) {
            if (objection(model, today) == null) {
                for (var name : names(model.id())) {
                    if (retired.containsKey(name)) {
                        // What the log calls away may be listed again; the next fetch will note it.
                        retired.get(name).remove(model.providerId());
                        alive.computeIfAbsent(name, n -> new HashSet<>()).add(model.providerId());
                    }
                }
            }
        }
        var there = Set.copyOf(named.keySet());
        known.stream().filter(provider -> there.contains(provider.id())).forEach(provider -> provider.alsoCalled()
                .forEach(name -> named.merge(name, Set.of(provider.id()), RetiredModels::both)));
    }

    private static Set<String> both(Set<String> some, Set<String> more) {
        var all = new TreeSet<>(some);
        all.addAll(more);
        return all;
    }

    private void retire(String provider, String id, String why) {
        names(id).forEach(name -> retired.computeIfAbsent(name, n -> new HashMap<>()).put(provider, why));
    }

    /** Tools leave Google's {@code models/} out. */
    private static List<String> names(String id) {
        return id.startsWith("models/") ? List.of(id, id.substring("models/".length())) : List.of(id);
    }

    /** @return null where nobody says anything against it */
    private static String objection(Model model, LocalDate today) {
        var status = model.text(Field.STATUS);
        var retiredOn = model.text(Field.RETIRED_ON);
        var deprecatedOn = model.text(Field.DEPRECATED_ON);
        String why = null;
        if ("retired".equals(status) || Search.isPast(retiredOn, today)) {
            why = "retired" + (Search.isPast(retiredOn, today) ? " since " + retiredOn : "");
        } else if ("deprecated".equals(status) || Search.isPast(deprecatedOn, today)) {
            why = "deprecated" + (Search.isPast(deprecatedOn, today) ? " since " + deprecatedOn : "")
                    + (retiredOn == null ? "" : ", to be retired on " + retiredOn);
        }
        var replacement = model.text(Field.REPLACEMENT);
        return why == null ? null : Listing.visible(why + (replacement == null ? "" : "; replacement: " + replacement));
    }

    /** One line for each place that names such a model, and for each file that cannot be read. */
    public static List<String> warnings(Host host, Snapshot snapshot, ChangeLog log) {
        var warnings = new ArrayList<String>();
        var files = Workspace.toolSettings(host, (folder, e) -> warnings.add(unreadable(folder.toString(), e)));
        if (files.isEmpty()) {
            return warnings;
        }
        var retired = new RetiredModels(snapshot, log, providers(host), LocalDate.ofInstant(host.clock().instant(), ZoneOffset.UTC));
        for (var file : files) {
            var shown = Workspace.shown(host, file);
            try {
                if (Files.size(file) <= LARGEST_FILE) {
                    var text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
                    var found = retired.scan(text, file.toString().endsWith(".toml"));
                    found.stream().limit(MOST_PER_FILE).forEach(line -> warnings.add(shown + ":" + line));
                    if (found.size() > MOST_PER_FILE) {
                        warnings.add(shown + ": and " + (found.size() - MOST_PER_FILE) + " more lines with such models");
                    }
                }
            } catch (IOException e) {
                warnings.add(unreadable(shown, e));
            }
        }
        return warnings;
    }

    /** None where their file has a mistake: whoever needs it more tells so. */
    private static Collection<Provider> providers(Host host) {
        try {
            return Workspace.providers(host).byId().values();
        } catch (ConfigError e) {
            return List.of();
        }
    }

    private static String unreadable(String shown, IOException e) {
        return shown + " cannot be read (" + e.getClass().getSimpleName() + "), so not looked at for retired models";
    }

    /** @return {@code 12: groq/x is retired}, one for each line and model */
    private List<String> scan(String text, boolean toml) {
        var found = new LinkedHashSet<String>();
        var stated = CODEX_PROVIDER.matcher(text);
        var provider = toml && stated.find() ? stated.group(1) : null;
        var clients = toml ? Map.<String, String>of() : clients(text);
        int number = 0;
        for (var line : text.split("\n", -1)) {
            number++;
            var tokens = (toml ? TOML : YAML).matcher(line);
            while (tokens.find()) {
                var quoted = tokens.group(1) != null ? tokens.group(1) : tokens.group(2);
                var token = quoted != null ? quoted : withoutColon(tokens.group(3));
                var client = clients.getOrDefault(token, token);
                if (!toml && named.containsKey(client)) {
                    provider = client; // the client or API whose models follow
                }
                int colon = token.indexOf(':');
                var why = why(provider, token);
                if (why == null && colon > 0) {
                    var before = token.substring(0, colon);
                    why = why(clients.getOrDefault(before, before), token.substring(colon + 1));
                }
                if (why != null) {
                    found.add(number + ": " + why);
                }
            }
        }
        return List.copyOf(found);
    }

    /** aichat's clients that bear a name of the person's own, each with its type. */
    private static Map<String, String> clients(String text) {
        var types = new HashMap<String, String>();
        var clients = CLIENT.matcher(text);
        while (clients.find()) {
            types.put(clients.group(2), clients.group(1));
        }
        return types;
    }

    /** A key is a word with a colon. @param word null for a comment */
    private static String withoutColon(String word) {
        return word == null ? "" : word.endsWith(":") ? word.substring(0, word.length() - 1) : word;
    }

    /** @param provider where it is said to be, which may be a name of the person's own, or null */
    private String why(String provider, String id) {
        var against = retired.getOrDefault(id, Collections.emptyMap());
        var living = alive.getOrDefault(id, Collections.emptySet());
        // The same id may be well and alive elsewhere; then only the right provider's word counts.
        var where = named.getOrDefault(provider, provider == null ? Set.of() : Set.of(provider)).stream().filter(against::containsKey)
                .findFirst().orElse(against.isEmpty() || !living.isEmpty() ? null : new TreeSet<>(against.keySet()).first());
        return where == null ? null : Listing.visible(where) + "/" + Listing.visible(id) + " is " + against.get(where);
    }
}
