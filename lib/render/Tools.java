package lib.render;

import freemarker.template.Template;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.host.AtomicFile.Tree.Link;
import lib.host.AtomicFile.Tree;
import lib.host.Host;
import lib.provider.Json.Listing;
import lib.provider.Json;
import lib.provider.Provider.Mapping;
import lib.provider.Provider;
import lib.provider.Providers.ConfigError;
import lib.provider.Providers.Trusted;
import lib.render.Rendering.Renderer;
import lib.render.Rendering.Unchanged;

/**
 * The tools there are templates for. A folder below {@code templates/} is a tool, and every {@code *.EXT.ftl} in it makes one
 * file, or one per provider. Files that start with {@code _} or end in {@code .inc.ftl} are there to be included.
 *
 * <p>Layers, the first that has a path wins: {@code --templates DIR}, {@code ./templates}, the user's configuration folder,
 * bundled. Of {@code ./templates}, which may be somebody else's repository, only what equals our bundled file is trusted, unless
 * the folder is {@link Trusted}; the rest may make files for tools that nobody else has templates for.
 */
public final class Tools {
    private static final String BUNDLE = "/lib/bundled.json";
    private static final int MAX_TEMPLATE_BYTES = 1 << 20;
    private static final int MAX_FOLDER_DEPTH = 6;
    /** Letters that would steer a terminal, or that nobody sees: a name with one of them is not what it looks like. */
    private static final Pattern UNSEEN = Pattern.compile("[\\p{Cntrl}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Set<String> ATTRIBUTES = Set.of("about", "output", "also", "where", "apply", "when", "optional", "choice");

    /**
     * One file of a layer.
     *
     * @param layer {@code --templates}, {@code ./templates}, {@code user} or {@code bundled}
     * @param shown where its user finds it, fit to print
     * @param text  with LF line ends; empty where it cannot be read
     * @param flaw  why it cannot be read, null where it can
     */
    public record Source(String layer, String shown, String text, boolean trusted, String flaw) {}

    /**
     * One template.
     *
     * @param path     below the templates folder: {@code aichat/models_PROVIDER.yaml.ftl}
     * @param about    what it makes, for people; null if its header does not say
     * @param output   below the root, may hold the words PROVIDER and TIMESTAMP
     * @param also     where a copy goes when it is asked for, by the name to ask with: {@code legacy}
     * @param wires    the provider has to speak one of these; empty: any
     * @param mode     only models of this mode are rendered; null: all
     * @param when     {@code fetch}: it tells of a fetch, so {@code render} leaves it out; {@code changes}: it tells of these, so it is
     *                 left out where there are none; null: always
     * @param optional null, or the name under which it has to be asked for ({@code legacy}, {@link #CHOICE})
     * @param apply    where {@code catalog apply} takes it; null: nowhere
     * @param choice   of a template that tells its tool which model a person chose, its only one: the dotted names of the values that
     *                 replace a person's own; null: it is no such template
     */
    public record Entry(String tool, String path, String about, String output, Map<String, String> also, Set<String> wires, String mode, String when,
            String optional, Destination apply, List<String> choice, Source source, Engine.Format format, Template template) {
        /** The name to ask with for templates that tell which model a person chose. */
        public static final String CHOICE = "choice";

        /** Whether it tells of a fetch. */
        public boolean onFetch() {
            return "fetch".equals(when);
        }

        /** Whether it makes one file per provider. */
        public boolean perProvider() {
            return namesProvider(output);
        }

        /** Its own file, and each that was included in what it has made so far. */
        public Collection<Source> sources() {
            return Engine.sources(template);
        }
    }

    /**
     * Where an output goes in a person's own settings.
     *
     * @param to    system ({@code linux}, {@code mac}, {@code windows}, or {@code all}) to a path with {@code ~},
     *              <code>${VARIABLE:-otherwise}</code> and the word PROVIDER
     * @param merge whether its values are set in a file that the person edits; else the file is ours as a whole
     * @param keys  dotted names of lists to the member by which their elements are told apart: {@code clients} by {@code name}
     * @param own   dotted names of what is set at most; empty: all of it
     */
    public record Destination(Map<String, String> to, boolean merge, Map<String, String> keys, List<String> own) {
        private static final Set<String> SYSTEMS = Set.of("all", "linux", "mac", "windows");

        private static Destination of(Source source, Object header, Engine.Format format) throws Engine.Failed {
            var words = map(source, "apply", header);
            for (var word : words.keySet()) {
                known(source, "word in \"apply\"", String.valueOf(word), Set.of("to", "as", "keys", "own"));
            }
            var to = texts(source, "to", words.get("to") instanceof String path ? Map.of("all", path) : words.get("to"));
            for (var system : to.keySet()) {
                known(source, "system in \"to\"", system, SYSTEMS);
            }
            if (to.isEmpty() || words.get("as") == null) {
                throw flaw(source, "apply", "\"apply\" needs \"to\", a path, and \"as\": \"file\" or \"merge\"");
            }
            boolean merge = known(source, "value of \"as\" in \"apply\"", String.valueOf(words.get("as")), Set.of("file", "merge")).equals("merge");
            if (merge && !Set.of(Engine.Format.TOML, Engine.Format.YAML, Engine.Format.JSON, Engine.Format.JSONC).contains(format)) {
                throw flaw(source, "apply", "only TOML, YAML and JSON can be merged");
            }
            var own = words.get("own") instanceof List<?> names ? names.stream().map(String::valueOf).toList() : List.<String>of();
            return new Destination(to, merge, texts(source, "keys", words.get("keys")), own);
        }
    }

    private final SortedMap<String, Entry> entries = new TreeMap<>();
    private final List<Rendering.Problem> problems = new ArrayList<>();
    private final Engine engine;
    private final String digest;
    private final List<String> ignored;
    private final SortedSet<String> names = new TreeSet<>();
    private final SortedMap<String, Source> includes = new TreeMap<>();
    private final Host host;

    private Tools(Host host, Map<String, Source> all, Map<String, Source> trusted, List<String> ignored) {
        this.host = host;
        this.ignored = ignored;
        all.keySet().stream().filter(path -> path.contains("/") && !UNSEEN.matcher(path).find()).map(Tools::toolOf).forEach(names::add);
        engine = new Engine(trusted::get, all::get);
        var parts = new ArrayList<String>();
        all.forEach((path, source) -> parts.addAll(List.of(path, source.layer(), String.valueOf(source.trusted()), source.text())));
        digest = Unchanged.digest(parts);
        all.forEach((path, source) -> {
            if (isInclude(path)) {
                includes.put(path, source);
            } else {
                try {
                    entries.put(path, read(path, source));
                } catch (Engine.Failed e) {
                    problems.add(e.problem());
                }
            }
        });
    }

    /**
     * Finds and reads all templates. One that cannot be read stands in {@link #problems()} instead.
     *
     * @param option  what {@code --templates} names, or null
     * @param bundled path to content, see {@link #bundled()}
     * @throws ConfigError where {@code --templates} names no folder, or a folder cannot be read
     */
    public static Tools discover(Host host, Path option, Map<String, String> bundled) {
        var layers = new ArrayList<Map<String, Source>>();
        if (option != null) {
            var folder = host.cwd().resolve(option).normalize();
            if (!Files.isDirectory(folder)) {
                throw new ConfigError("--templates " + option + ": there is no such folder");
            }
            layers.add(folder("--templates", folder, option.toString(), true));
        }
        var ours = new HashMap<String, String>();
        bundled.forEach((path, text) -> ours.put(path, unix(text)));
        layers.add(folder("./templates", host.cwd().resolve("templates"), "templates", Trusted.holds(host)).entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> judged(e.getValue(), ours.get(e.getKey())))));
        var user = host.configDir().resolve("templates");
        layers.add(folder("user", user, user.toString(), true));
        layers.add(ours.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey,
                e -> new Source("bundled", "templates/" + e.getKey() + " (bundled)", e.getValue(), true, null))));
        var all = new TreeMap<String, Source>();
        var trusted = new TreeMap<String, Source>();
        for (var layer : layers) {
            layer.forEach((path, source) -> {
                if (source.trusted()) {
                    trusted.putIfAbsent(path, source);
                }
            });
        }
        var known = trusted.keySet().stream().map(Tools::toolOf).collect(Collectors.toSet());
        var ignored = new ArrayList<String>();
        for (var layer : layers) {
            layer.forEach((path, source) -> {
                if (source.trusted() || !known.contains(toolOf(path))) {
                    all.putIfAbsent(path, source);
                } else {
                    ignored.add(source.shown() + " is not used: it is not ours, nobody trusts it yet, and it is for " + Listing.visible(toolOf(path))
                            + ", whose files may send a key. If it is yours: catalog trust, or use --templates, or keep it in " + user);
                }
            });
        }
        return new Tools(host, all, trusted, ignored);
    }

    /** The first part of a path. */
    private static String toolOf(String path) {
        return path.contains("/") ? path.substring(0, path.indexOf('/')) : path;
    }

    private static Source judged(Source found, String ours) {
        return found.text().equals(ours) ? new Source("bundled", found.shown(), found.text(), true, found.flaw()) : found;
    }

    /** All templates of the file tree, symbolic links followed: people keep them with stow. */
    private static Map<String, Source> folder(String layer, Path folder, String shown, boolean trusted) {
        var found = new TreeMap<String, Source>();
        if (!Files.isDirectory(folder)) {
            return found;
        }
        try {
            for (var file : Tree.files(folder, MAX_FOLDER_DEPTH)) {
                var path = folder.relativize(file).toString().replace('\\', '/');
                if (!path.endsWith(".ftl")) {
                    continue;
                }
                var where = Trusted.shown(shown + "/" + path);
                if (Files.size(file) > MAX_TEMPLATE_BYTES) {
                    found.put(path, new Source(layer, where, "", trusted, "is larger than " + (MAX_TEMPLATE_BYTES >> 20) + " MB, so no template"));
                    continue;
                }
                var text = utf8(Files.readAllBytes(file));
                found.put(path, new Source(layer, where, text == null ? "" : unix(text), trusted, text == null ? "is not UTF-8" : null));
            }
        } catch (IOException e) {
            throw new ConfigError(Trusted.why(e));
        }
        return found;
    }

    /** @return null where it is something else */
    private static String utf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static String unix(String text) {
        return text.indexOf('\r') < 0 ? text : text.replace("\r\n", "\n").replace('\r', '\n');
    }

    /** The templates that come with the program, by path: what {@code tests/bundle} made of our folder. */
    public static Map<String, String> bundled() {
        try (var in = Tools.class.getResourceAsStream(BUNDLE)) {
            var texts = new HashMap<String, String>();
            for (var template : Json.parse(in.readAllBytes()).properties()) {
                var lines = new StringJoiner("\n");
                template.getValue().forEach(line -> lines.add(line.textValue()));
                texts.put(template.getKey(), lines.toString());
            }
            return texts;
        } catch (IOException e) {
            throw new UncheckedIOException("reading our own templates", e);
        }
    }

    private static boolean isInclude(String path) {
        return path.startsWith("_") || path.contains("/_") || path.endsWith(".inc.ftl");
    }

    private Entry read(String path, Source source) throws Engine.Failed {
        if (source.flaw() != null) {
            throw flaw(source, source.flaw());
        }
        int slash = path.indexOf('/');
        if (UNSEEN.matcher(path).find()) {
            throw flaw(source, "its name holds characters that cannot be seen");
        }
        if (slash < 0) {
            throw flaw(source, "a template stands in the folder of its tool: templates/TOOL/" + path);
        }
        var name = path.substring(0, path.length() - ".ftl".length());
        var format = Engine.Format.of(name.substring(name.lastIndexOf('/') + 1));
        if (format == null) {
            throw flaw(source, "what it makes decides how it is escaped, so it has to end in .toml.ftl, .yaml.ftl, .yml.ftl, .json.ftl,"
                    + " .jsonc.ftl, .xml.ftl, .html.ftl, .md.ftl or .txt.ftl (the last may name any \"output\")");
        }
        if (source.text().startsWith("\ufeff")) {
            throw flaw(source, "starts with a byte order mark, which FreeMarker takes for text; save it as UTF-8 without one");
        }
        if (source.text().indexOf('\ufdd0') >= 0 || source.text().indexOf('\ufdd1') >= 0) {
            throw flaw(source, "holds a noncharacter (U+FDD0 or U+FDD1)");
        }
        var template = engine.parse(path, source, format);
        for (var attribute : template.getCustomAttributeNames()) {
            known(source, "attribute", attribute, ATTRIBUTES);
        }
        var where = map(source, "where", template.getCustomAttribute("where"));
        for (var key : where.keySet()) {
            known(source, "condition in \"where\"", String.valueOf(key), Set.of("wire", "mode"));
        }
        var wires = new TreeSet<String>();
        var wanted = where.get("wire");
        Collection<?> all = wanted instanceof Collection<?> list ? list : wanted == null ? List.of() : List.of(wanted);
        for (var wire : all) {
            wires.add(known(source, "wire", String.valueOf(wire), Provider.WIRES));
        }
        var mode = where.get("mode") == null ? null : known(source, "mode", String.valueOf(where.get("mode")), Mapping.MODES);
        var when = text(source, template, "when");
        if (when != null) {
            known(source, "value of \"when\"", when, Set.of("fetch", "changes"));
        }
        var output = text(source, template, "output");
        var also = texts(source, "also", template.getCustomAttribute("also"));
        if (output != null && UNSEEN.matcher(output).find() || also.values().stream().anyMatch(copy -> UNSEEN.matcher(copy).find())) {
            throw flaw(source, "output", "where it writes holds characters that cannot be seen");
        }
        if (output != null && format != Engine.Format.TEXT && Engine.Format.of(output) != format) {
            throw flaw(source, "its name says " + format + ", but its \"output\" is " + output);
        }
        var header = template.getCustomAttribute("apply");
        var apply = header == null ? null : Destination.of(source, header, format);
        var choice = choice(source, template);
        var optional = text(source, template, "optional");
        var entry = new Entry(path.substring(0, slash), path, text(source, template, "about"), output == null ? "config/" + name : output,
                also, wires, mode, when, choice == null ? optional : Entry.CHOICE, apply, choice, source, format, template);
        if (choice != null && (apply == null || apply.to().values().stream().anyMatch(Tools::namesProvider) || !entry.perProvider()
                || optional != null || when != null || !also.isEmpty())) {
            throw flaw(source, "choice", "a template with \"choice\" has PROVIDER in its name, \"apply\" to one place for all providers,"
                    + " and no \"when\", \"optional\" or \"also\"");
        }
        return entry;
    }

    private static boolean namesProvider(String path) {
        return Renderer.PROVIDER.matcher(path).find();
    }

    private static List<String> choice(Source source, Template template) throws Engine.Failed {
        var names = template.getCustomAttribute("choice");
        if (names == null || names instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
            return names == null ? null : ((List<?>) names).stream().map(String::valueOf).toList();
        }
        throw flaw(source, "choice", "\"choice\" has to be a list of names: [\"model\"]");
    }

    private static Map<?, ?> map(Source source, String attribute, Object value) throws Engine.Failed {
        if (value == null) {
            return Map.of();
        }
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw flaw(source, "\"" + attribute + "\" has to be a map: {\"…\": \"…\"}");
    }

    private static SortedMap<String, String> texts(Source source, String attribute, Object value) throws Engine.Failed {
        var texts = new TreeMap<String, String>();
        map(source, attribute, value).forEach((word, text) -> texts.put(String.valueOf(word), String.valueOf(text)));
        return texts;
    }

    private static String text(Source source, Template template, String attribute) throws Engine.Failed {
        var value = template.getCustomAttribute(attribute);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw flaw(source, "\"" + attribute + "\" has to be a text");
    }

    private static String known(Source source, String what, String word, Collection<String> words) throws Engine.Failed {
        if (words.contains(word)) {
            return word;
        }
        throw flaw(source, word, "unknown " + what + " '" + Listing.visible(word) + "'" + suggestion(word, words));
    }

    private static Engine.Failed flaw(Source source, String message) {
        return flaw(source, "", message);
    }

    /** @param near what stands in quotes where it is wrong */
    private static Engine.Failed flaw(Source source, String near, String message) {
        int at = Math.max(0, source.text().indexOf('"' + near + '"'));
        int line = 1 + (int) source.text().chars().limit(at).filter(c -> c == '\n').count();
        int column = at - source.text().lastIndexOf('\n', at);
        return new Engine.Failed(new Rendering.Problem(Rendering.Kind.TEMPLATE, source.shown(), line, column, null, null, message));
    }

    /** By path. */
    public Collection<Entry> entries() {
        return entries.values();
    }

    /** By path, the files that are there to be included. */
    public SortedMap<String, Source> includes() {
        return Collections.unmodifiableSortedMap(includes);
    }

    /** The folders below the root, or files in it, where these templates write: {@code config}, {@code models}. */
    public SortedSet<String> outputFolders() {
        return entries.values().stream().flatMap(entry -> Stream.concat(Stream.of(entry.output()), entry.also().values().stream()))
                .map(Tools::toolOf).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whether the person has vouched for a link that leads outputs out of the root. */
    boolean follows(Path root, Link link) throws IOException {
        return Trusted.load(host).vouchesFor(root, link);
    }

    /** Tool to its templates, both in order of their names. */
    public SortedMap<String, List<Entry>> byTool() {
        return entries.values().stream().collect(Collectors.groupingBy(Entry::tool, TreeMap::new, Collectors.toList()));
    }

    /** Whether a template that is not ours tells of a fetch, which may tell of anything: ours look at the fetch alone. */
    public boolean tellsNewsByOthers() {
        return entries.values().stream().anyMatch(entry -> entry.onFetch() && !entry.source().layer().equals("bundled"));
    }

    /** One name for all templates and what they include: another when any of them changed. */
    public String digest() {
        return digest;
    }

    /** Templates of {@code ./templates} that are not used because nobody trusts them, one line each. */
    public List<String> ignored() {
        return ignored;
    }

    /** Templates that cannot be used, and why. */
    public List<Rendering.Problem> problems() {
        return List.copyOf(problems);
    }

    /** @throws ConfigError naming the first that is no tool */
    public void require(Collection<String> wanted) {
        for (var name : wanted) {
            if (!names.contains(name)) {
                throw new ConfigError("no tool '" + name + "'" + suggestion(name, names));
            }
        }
    }

    Engine engine() {
        return engine;
    }

    /** The nearest of the known words, or all of them where none is near. */
    static String suggestion(String word, Collection<String> known) {
        var near = ConfigError.didYouMean(word, known);
        return near.isEmpty() ? "; known: " + String.join(", ", new TreeSet<>(known)) : near;
    }
}
