package lib.apply;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lib.apply.Apply.Ownership;
import lib.apply.Merge.Choice;
import lib.apply.Merge.Conflict;
import lib.host.Host;
import lib.provider.Json.Listing;
import lib.render.Tools;

/**
 * A config file that a person edits, open for changing some values of it and not one byte else. Values are String, Boolean,
 * Long, BigDecimal, {@code List<Object>}, {@code Map<String, Object>} (insertion-ordered).
 */
public interface Document {
    enum Format {
        TOML, YAML, JSON;

        /** By its ending. @return null where it is none that can be edited */
        public static Format of(String fileName) {
            return switch (fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT)) {
                case "toml" -> TOML;
                case "yaml", "yml" -> YAML;
                case "json", "jsonc" -> JSON;
                default -> null;
            };
        }
    }

    /**
     * The file cannot be edited safely, or not in this way: it does not parse, an anchor would be shared, … Nothing was changed.
     *
     * <p>The message is one sentence without the file's name; {@code line} is 1-based, 0 where unknown.
     */
    final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        private final int line;

        public Refused(int line, String message) {
            super(message);
            this.line = line;
        }

        public int line() {
            return line;
        }
    }

    /** @param text the whole file, a BOM included; empty for a new one */
    static Document open(Format format, String text) throws Refused {
        return switch (format) {
            case TOML -> TomlDocument.open(text);
            case YAML -> YamlDocument.open(text);
            case JSON -> JsonDocument.open(text);
        };
    }

    /** @return the value there, null where there is none (a stated null is none either) */
    Object get(Place place);

    /** 1-based line on which the value at this place (or the nearest thing above it that exists) begins; 0 where unknown. */
    int line(Place place);

    /**
     * Sets the value, making what is missing above it (tables; the element of a list that an {@link Place.Item} names, with that
     * member first). Everything outside the value stays as it is to the byte; equal values change nothing.
     */
    void set(Place place, Object value) throws Refused;

    /** Removes the value with its key, or the list's element; nothing if it is not there. Comments of others stay. */
    void remove(Place place) throws Refused;

    /** Many changes as one: of a long list, each by itself would read the whole file again. After a refusal the document is void. */
    default void all(List<Merge.Edit> edits) throws Refused {
        for (var edit : edits) {
            if (edit.value() == null) {
                remove(edit.place());
            } else {
                set(edit.place(), edit.value());
            }
        }
    }

    /** The whole file as it now is. */
    String text();

    /** All of it as values, for checks. */
    Map<String, Object> tree();

    /**
     * A single value, and where in {@link #text()} it is spelt: with its quotes, its anchor and its tag.
     *
     * @param path  names of members and indexes of elements
     * @param value of a text what it says, of a number its letters; null of anything else
     */
    record Leaf(List<Object> path, String value, int start, int end) {}

    /** All single values, in the order in which they stand there. */
    List<Leaf> leaves();

    /** The elements' key values of a list of tables: {@code clients} by {@code name}; empty where there is none. */
    default List<String> items(Place list, String key) {
        return get(list) instanceof List<?> all ? all.stream().filter(e -> e instanceof Map<?, ?> m && m.get(key) instanceof String)
                .map(e -> (String) ((Map<?, ?>) e).get(key)).toList() : List.of();
    }

    /**
     * A place in a config file: {@code clients[name=groq].models}, {@code model_providers."a.b".env_key}. A step is a key of a
     * table, or the one element of a list whose member of that key is that text.
     */
    public record Place(List<Step> steps) {
        public sealed interface Step {}

        /** A member of a table (a TOML table, a YAML mapping, a JSON object). */
        public record Key(String name) implements Step {}

        /** The element of a list, a table itself, whose member {@code key} is {@code value}. */
        public record Item(String key, String value) implements Step {}

        public Place {
            steps = List.copyOf(steps);
        }

        public Place then(Step step) {
            var longer = new ArrayList<>(steps);
            longer.add(step);
            return new Place(longer);
        }

        public Step last() {
            return steps.get(steps.size() - 1);
        }

        public Place parent() {
            return new Place(steps.subList(0, steps.size() - 1));
        }

        /** @throws IllegalArgumentException with a sentence about what is wrong with it */
        public static Place parse(String text) {
            var steps = new ArrayList<Step>();
            int at = 0;
            while (at < text.length()) {
                char c = text.charAt(at);
                if (c == '[') {
                    int equals = text.indexOf('=', at);
                    var end = new int[1];
                    if (steps.isEmpty() || equals < 0) {
                        throw new IllegalArgumentException("'" + text + "': [key=value] expected at " + at);
                    }
                    var value = word(text, equals + 1, "]", end);
                    if (end[0] >= text.length() || text.charAt(end[0]) != ']') {
                        throw new IllegalArgumentException("'" + text + "' has a [ without ]");
                    }
                    steps.add(new Item(text.substring(at + 1, equals), value));
                    at = end[0] + 1;
                } else {
                    if (c == '.' && !steps.isEmpty()) {
                        at++;
                    } else if (!steps.isEmpty()) {
                        throw new IllegalArgumentException("'" + text + "': a dot expected at " + at);
                    }
                    var end = new int[1];
                    steps.add(new Key(word(text, at, ".[", end)));
                    at = end[0];
                }
            }
            if (steps.isEmpty()) {
                throw new IllegalArgumentException("an empty place");
            }
            return new Place(steps);
        }

        private static String word(String text, int from, String ends, int[] end) {
            if (from < text.length() && text.charAt(from) == '"') {
                var out = new StringBuilder();
                int i = from + 1;
                for (; i < text.length() && text.charAt(i) != '"'; i++) {
                    i += text.charAt(i) == '\\' && i + 1 < text.length() ? 1 : 0;
                    out.append(text.charAt(i));
                }
                if (i >= text.length()) {
                    throw new IllegalArgumentException("'" + text + "' has a quote that does not end");
                }
                end[0] = i + 1;
                return out.toString();
            }
            int i = from;
            while (i < text.length() && ends.indexOf(text.charAt(i)) < 0) {
                i++;
            }
            if (i == from) {
                throw new IllegalArgumentException("'" + text + "' has an empty name at " + from);
            }
            end[0] = i;
            return text.substring(from, i);
        }

        private static String quoted(String word, String ends) {
            boolean plain = !word.isEmpty() && word.chars().noneMatch(c -> c == '"' || c == '\\' || ends.indexOf(c) >= 0);
            return plain ? word : "\"" + word.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
        }

        /** What {@link #parse} reads. */
        @Override
        public String toString() {
            return steps.stream().map(Place::text).collect(Collectors.joining()).substring(1);
        }

        /** What a step adds to the text of a place, a key's dot included. */
        static String text(Step step) {
            return step instanceof Key key ? "." + quoted(key.name(), ".[")
                    : "[" + ((Item) step).key() + "=" + quoted(((Item) step).value(), "]") + "]";
        }
    }

    /**
     * What is to become of one file of a person. Nothing is written here.
     *
     * @param named     as its template names it, absolute
     * @param real      behind all links
     * @param before    what it holds; null where there is none
     * @param after     what it is to hold; null where there is to be none
     * @param state     what that comes to
     * @param why       of a file that is refused, left or not made: one line; null otherwise
     * @param counts    of the values in it
     * @param conflicts what the person has to decide; of a file that is ours as a whole, one without a place
     * @param owned     what is ours of it then
     */
    public record Change(Path named, Path real, byte[] before, byte[] after, State state, String why, Counts counts,
            List<Conflict> conflicts, Ownership.Record owned) {
        public enum State { CREATED, CHANGED, REMOVED, UNCHANGED, REFUSED, ABSENT }

        /**
         * How many values are set and removed, and how many are left as the person has them although we would write something else.
         *
         * @param unowned  how many values are just what we would write, in parts of the file in which we have written nothing and nothing
         *     is in conflict
         * @param parts    the places above these
         */
        public record Counts(int set, int removed, int kept, int unowned, List<Place> parts) {
            public static final Counts NONE = new Counts(0, 0, 0, 0, List.of());

            Counts plus(Merge.Plan plan) {
                boolean isElsewhere = plan.owned().isEmpty() && plan.conflicts().isEmpty();
                return new Counts(set + plan.values(), removed + plan.removed(), kept + plan.kept(), unowned + (isElsewhere ? plan.unowned().size() : 0),
                        isElsewhere ? Stream.concat(parts.stream(), heads(plan.unowned())).distinct().toList() : parts);
            }

            /** The one place above all of these, or the members of the top that they stand in. */
            private static Stream<Place> heads(List<Place> places) {
                var common = places.isEmpty() ? List.<Place.Step>of() : places.get(0).steps();
                for (var place : places) {
                    int same = 0;
                    while (same < Math.min(common.size(), place.steps().size()) && common.get(same).equals(place.steps().get(same))) {
                        same++;
                    }
                    common = common.subList(0, same);
                }
                return common.isEmpty() ? places.stream().map(place -> new Place(place.steps().subList(0, 1))) : Stream.of(new Place(common));
            }
        }

        private static final String REMOVED_BY_YOU = "you have removed it";
        private static final Set<String> OWN_LAYERS = Set.of("bundled", "user");

        /**
         * A part of a file.
         *
         * @param provider empty for all
         * @param output   null where nothing is to be said of the provider any more: it is gone, or of no use to the tool
         */
        public record Part(Tools.Entry entry, String provider, byte[] output) {
            Document.Format format() {
                return Document.Format.of(entry.path().substring(0, entry.path().length() - ".ftl".length()));
            }
        }

        /**
         * A file and what goes there.
         *
         * @param create whether it may be made where there is none
         * @param again  whether it may be made where the person has removed it
         */
        public record Target(Path named, List<Part> parts, boolean create, boolean again) {
            public Target {
                parts = parts.stream().sorted(Comparator.comparing((Part part) -> part.entry().path()).thenComparing(Part::provider)).toList();
            }
        }

        public boolean writes() {
            return !Arrays.equals(before, after);
        }

        /** What it comes to in a unified diff, without the keys. */
        public String diff(LineDiff.Masks masks) {
            return masks.diff(named.toString(), shown(before), shown(after));
        }

        private static String shown(byte[] content) {
            return content == null ? null : new String(content, StandardCharsets.UTF_8);
        }

        /**
         * Where a template's output goes.
         *
         * @param provider empty where it is about all
         * @return null where the template knows no place for this system
         * @throws SafeFile.Refused where a variable leads nowhere
         */
        public static Path place(Host host, Tools.Entry entry, String provider) throws SafeFile.Refused {
            var os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
            var paths = entry.apply().to();
            var to = paths.getOrDefault(os.contains("mac") ? "mac" : os.contains("win") ? "windows" : "linux", paths.get("all"));
            if (to == null) {
                return null;
            }
            var filled = expand(host, entry, to.replaceAll("(?<![A-Za-z])PROVIDER(?![A-Za-z])", provider));
            var path = Path.of(filled.equals("~") || filled.startsWith("~/") ? host.home() + filled.substring(1) : filled);
            if (!path.isAbsolute()) {
                throw new SafeFile.Refused("the place of " + entry.source().shown() + " leads to " + path + ", which is no absolute path");
            }
            return path.normalize();
        }

        /** <code>${NAME}</code> and <code>${NAME:-otherwise}</code>, which may hold more of them. */
        private static String expand(Host host, Tools.Entry entry, String text) throws SafeFile.Refused {
            int open = text.indexOf("${");
            if (open < 0) {
                return text;
            }
            int close = open + 2;
            for (int depth = 1; close < text.length(); close++) {
                depth += text.startsWith("${", close) ? 1 : text.charAt(close) == '}' ? -1 : 0;
                if (depth == 0) {
                    break;
                }
            }
            if (close == text.length()) {
                throw new SafeFile.Refused("the place of " + entry.source().shown() + " has a ${ without }");
            }
            var inner = text.substring(open + 2, close);
            int otherwise = inner.indexOf(":-");
            var name = otherwise < 0 ? inner : inner.substring(0, otherwise);
            var given = host.env(name);
            // The XDG specification has relative ones ignored.
            var value = given != null && name.startsWith("XDG_") && !Path.of(given).isAbsolute() ? null : given;
            if (value == null && otherwise < 0) {
                throw new SafeFile.Refused("the place of " + entry.source().shown() + " is not known: set " + name);
            }
            return text.substring(0, open) + (value != null ? value : expand(host, entry, inner.substring(otherwise + 2)))
                    + expand(host, entry, text.substring(close + 1));
        }

        /**
         * @param file   as it is now
         * @param record what we know to have written into it
         */
        static Change plan(Target target, SafeFile file, Ownership.Record record, Choice choice) {
            try {
                for (var part : target.parts) {
                    requireHarmless(part, target.named);
                }
                boolean merged = target.parts.stream().anyMatch(part -> part.entry().apply().merge());
                if (!merged && target.parts.size() > 1 || merged && target.parts.stream().anyMatch(part -> !part.entry().apply().merge())) {
                    throw new Document.Refused(0, "more than one template makes this file: " + target.parts.stream().map(part -> part.entry().path()).toList());
                }
                var change = merged ? merged(target, file, record, choice) : whole(target, file, record, choice);
                if (change.writes()) {
                    file.checkReplaceable();
                }
                return change;
            } catch (Document.Refused e) {
                return left(target, file, record, State.REFUSED, target.named + (e.line() > 0 ? ":" + e.line() : "") + ": " + e.getMessage());
            } catch (SafeFile.Refused e) {
                return left(target, file, record, State.REFUSED, e.getMessage());
            }
        }

        /** Only what is ours or the user's own, with all that it includes, may write down what a tool will start, or what it will let others do. */
        private static void requireHarmless(Part part, Path to) throws Document.Refused {
            var entry = part.entry();
            var foreign = entry.sources().stream().filter(source -> !OWN_LAYERS.contains(source.layer())).findFirst().orElse(null);
            if (part.output == null || foreign == null) {
                return;
            }
            boolean own = !foreign.equals(entry.source());
            var shown = entry.source().shown() + (own ? ", which includes " + foreign.shown() + "," : "");
            var otherwise = "; if that is what you want, keep " + (own ? "both" : "the template") + " in your own templates folder";
            if (part.format() == null) {
                throw new Document.Refused(0, shown + " makes what cannot be looked into for commands; keep it in your own templates folder if you trust it");
            }
            if (part.format() != Document.Format.of(to.getFileName().toString()) || to.getParent().toString().endsWith(".d")) {
                throw new Document.Refused(0, shown + " makes " + part.format() + ", and this place is read as something else" + otherwise);
            }
            var found = Harm.in(part.format(), shown(part.output));
            if (!found.isEmpty()) {
                throw new Document.Refused(0, "the output of " + shown + " has a tool start something, or lets it do more ("
                        + String.join(", ", found.stream().map(Listing::visible).toList()) + ")" + otherwise);
            }
        }

        private static Change left(Target target, SafeFile file, Ownership.Record record, State state, String why) {
            return new Change(target.named, file.real(), file.content(), file.content(), state, why, Counts.NONE, List.of(), record);
        }

        private static Change whole(Target target, SafeFile file, Ownership.Record record, Choice choice) {
            var part = target.parts.get(0);
            var before = file.content();
            var known = record.of(part.entry().path(), part.provider).get(Ownership.WHOLE);
            var sum = before == null ? null : SafeFile.sha256(before);
            boolean ours = names(choice.ours(), target.named, file.real());
            if (before == null && !ours && (part.output == null || known != null && !target.again || !target.create)) {
                return left(target, file, record, State.ABSENT, known != null ? REMOVED_BY_YOU : null);
            }
            if (part.output != null && Arrays.equals(before, part.output)) {
                return settled(target, file, record, before, sum, State.UNCHANGED);
            }
            var mark = Merge.Mark.parse(known);
            boolean theirs = !ours && before != null && (mark == Merge.Mark.THEIRS || names(choice.theirs(), target.named, file.real()));
            if (theirs) {
                var change = settled(target, file, record, before, Merge.Mark.THEIRS.toString(), State.UNCHANGED);
                return new Change(target.named, file.real(), before, before, State.UNCHANGED, "left to you",
                        new Counts(0, 0, 1, 0, List.of()), List.of(), change.owned);
            }
            if (before == null || ours || mark != null && mark.hashes().contains(sum)) {
                return settled(target, file, record, part.output, part.output == null ? null : SafeFile.sha256(part.output),
                        before == null ? State.CREATED : part.output == null ? State.REMOVED : State.CHANGED);
            }
            if (part.output == null) {
                return new Change(target.named, file.real(), before, before, State.UNCHANGED, "nothing is due here any more, but you have changed it",
                        new Counts(0, 0, 1, 0, List.of()), List.of(), record.with(part.entry().path(), part.provider, Map.of()));
            }
            return new Change(target.named, file.real(), before, before, State.UNCHANGED, null, Counts.NONE,
                    List.of(new Conflict(null, shown(before), shown(part.output), 1)), record);
        }

        /** @param hash null: nothing is ours of it any more */
        private static Change settled(Target target, SafeFile file, Ownership.Record record, byte[] after, String hash, State state) {
            var part = target.parts.get(0);
            var owned = record.with(part.entry().path(), part.provider, hash == null ? Map.of() : Map.of(Ownership.WHOLE, hash));
            return new Change(target.named, file.real(), file.content(), after, state, null, Counts.NONE, List.of(),
                    owned.written(after == null ? null : SafeFile.sha256(after)));
        }

        private static boolean names(Set<String> chosen, Path named, Path real) {
            return chosen.contains(named.toString()) || chosen.contains(real.toString());
        }

        private static Change merged(Target target, SafeFile file, Ownership.Record record, Choice choice) throws Document.Refused {
            var before = file.content();
            var first = target.parts.get(0);
            boolean removed = before == null && !record.owned().isEmpty();
            if (before == null && (!target.create || removed && !target.again || target.parts.stream().allMatch(part -> part.output == null))) {
                return left(target, file, record, State.ABSENT, removed ? REMOVED_BY_YOU : null);
            }
            var format = Document.Format.of(target.named.getFileName().toString());
            var settling = new Settling(Document.open(format == null ? first.format() : format, before == null ? "" : utf8(before)),
                    before == null ? Ownership.Record.NONE : record);
            var all = new Choice(names(choice.ours(), target.named, file.real()) ? Set.of("") : choice.ours(),
                    names(choice.theirs(), target.named, file.real()) ? Set.of("") : choice.theirs());
            for (var part : target.parts) {
                settling.settle(part, all);
            }
            var text = settling.text();
            if (before == null && text.isEmpty()) {
                return new Change(target.named, file.real(), null, null, State.ABSENT, null, settling.counts, settling.conflicts,
                        settling.record.written(null));
            }
            if (before != null && text.equals(shown(before))) {
                return new Change(target.named, file.real(), before, before, State.UNCHANGED, null, settling.counts, settling.conflicts,
                        settling.record.written(settling.record.owned().isEmpty() ? null : SafeFile.sha256(before)));
            }
            // Reading what was written is the proof; and whoever applies this again must find nothing to do.
            var again = new Settling(Document.open(format == null ? first.format() : format, text), settling.record);
            for (var part : target.parts) {
                again.settle(part, Choice.NONE);
            }
            if (!again.text().equals(text)) {
                throw new Document.Refused(0, "a second run would change it again, so it is left as it is; please report this");
            }
            var after = text.getBytes(StandardCharsets.UTF_8);
            return new Change(target.named, file.real(), before, after, before == null ? State.CREATED : State.CHANGED, null, settling.counts,
                    settling.conflicts, settling.record.written(SafeFile.sha256(after)));
        }

        static String utf8(byte[] content) throws Document.Refused {
            var bytes = ByteBuffer.wrap(content);
            try {
                return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
            } catch (CharacterCodingException e) {
                int line = 1 + (int) IntStream.range(0, bytes.position()).filter(i -> content[i] == '\n').count();
                throw new Document.Refused(line, "it is not UTF-8");
            }
        }

        /**
         * A document while one part after the other is brought into it. Parts that have to do with different places are written
         * together, since each writing takes reading the whole file: {@link #text} writes those that are still to be.
         */
        private static final class Settling {
            private final Document document;
            private final List<Merge.Edit> pending = new ArrayList<>();
            private final Set<List<Place.Step>> atPending = new HashSet<>();
            private final Set<List<Place.Step>> abovePending = new HashSet<>();
            private final List<Conflict> conflicts = new ArrayList<>();
            private Ownership.Record record;
            private Merge merge;
            private Tools.Destination mergedTo;
            private Counts counts = Counts.NONE;

            Settling(Document document, Ownership.Record record) {
                this.document = document;
                this.record = record;
            }

            void settle(Part part, Choice choice) throws Document.Refused {
                var fragment = part.output == null ? Map.<String, Object>of() : Document.open(part.format(), shown(part.output)).tree();
                var plan = plan(part, fragment, choice);
                if (!pending.isEmpty() && (plan.removed() > 0 || plan.edits().stream().anyMatch(this::meetsPending))) {
                    write();
                    plan = plan(part, fragment, choice);
                }
                for (var edit : plan.edits()) {
                    var steps = edit.place().steps();
                    pending.add(edit);
                    IntStream.rangeClosed(1, steps.size()).forEach(n -> (n < steps.size() ? abovePending : atPending).add(steps.subList(0, n)));
                }
                if (plan.removed() > 0) {
                    write(); // what is empty without it is for the next part to see
                }
                conflicts.addAll(plan.conflicts());
                counts = counts.plus(plan);
                record = record.with(part.entry().path(), part.provider, plan.owned());
            }

            private Merge.Plan plan(Part part, Map<String, Object> fragment, Choice choice) {
                var to = part.entry().apply();
                if (merge == null || !to.equals(mergedTo)) {
                    merge = new Merge(document, to.keys(), to.own());
                    mergedTo = to;
                }
                return merge.plan(fragment, record.of(part.entry().path(), part.provider), choice);
            }

            /** One is the place of the other, or lies above or below it. */
            private boolean meetsPending(Merge.Edit edit) {
                var steps = edit.place().steps();
                return abovePending.contains(steps) || IntStream.rangeClosed(1, steps.size()).anyMatch(n -> atPending.contains(steps.subList(0, n)));
            }

            private void write() throws Document.Refused {
                if (!pending.isEmpty()) {
                    edit(document, pending);
                    pending.clear();
                    atPending.clear();
                    abovePending.clear();
                    merge = null;
                }
            }

            String text() throws Document.Refused {
                write();
                return document.text();
            }
        }

        static void edit(Document document, List<Merge.Edit> edits) throws Document.Refused {
            try {
                document.all(edits);
            } catch (IllegalArgumentException e) {
                throw new Document.Refused(0, e.getMessage());
            }
        }
    }

    /**
     * What a template of a stranger may not make: names behind which tools keep what they start and what they allow, and texts that a
     * shell or a tool carries out. Such a list is never complete, which is why it is wide: what is refused can be had otherwise.
     */
    final class Harm {
        /** Within a name. Letters and digits only, for tools differ in the signs between words and in case, and some heed neither. */
        private static final Pattern NAME = Pattern.compile(".*(command|cmd|exec|hook|helper|plugin|extension|addon|module|marketplace"
                + "|callback|loader|handler|middleware|guardrail|notify|mcp|permission|approv|sandbox|trust|danger|bypass|unsafe|yolo"
                + "|(?<!sh|sw)allow|interpreter|program|binary|entrypoint|credentialprocess|preload|languageserver|editor(?!model|edit)|pager"
                + "|browser|opener|launcher|wrapper|linker|runner|formatter|linter|daemon|npm|keymap|keybind|customauth).*"
                + "|(shell(?!type$)|auto(run|accept|confirm)|yesalways|noconfirm|dotenv|envfile).*"
                + "|.*(run|args|argv|arguments?|shell|(?<!tran)scripts?|tasks|bin|exe|refresh|export|setenv)"
                + "|(?!(api|base|url|chat|completions?|endpoint|request|http)+s?paths?$).*paths?"
                + "|env|environment|includes?|imports?|extends|uses|load|lsp|dap|entry|packages?|requires?|dependencies");
        private static final Pattern VARIABLES = Pattern.compile(".*env.*");
        /** What is in a map with such a name is called as its owner likes: a model may be called command. */
        private static final Pattern NAMED_BY_OTHERS = Pattern.compile(".*(models|apis|providers|clients)");
        private static final Pattern TEXT = Pattern.compile("\\$\\(|`|^\\s*:?!|^\\s*:(sh|pipe|run)\\b|\\{file:|\\$\\{command:|\\bexec *\\(");
        /** Where a line ends for some readers and not for others, which see a comment there. */
        private static final Pattern DOUBTFUL = Pattern.compile("\r(?!\n)|[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\x85\\u2028\\u2029]");

        private final Set<String> found = new TreeSet<>();

        private Harm() {}

        /** @return what it is, in words that may hold anything; empty for a harmless text */
        static Set<String> in(Format format, String text) throws Refused {
            var harm = new Harm();
            harm.inValue("", open(format, text).tree(), false);
            if (DOUBTFUL.matcher(text).find()) {
                harm.found.add("a line end that not all take for one");
            }
            if (format == Format.YAML) {
                // A key may be written in Base64, with a tag, and a tag may stand for a program's own type.
                YamlNodes.tags(text).stream().map(tag -> "the tag " + tag).forEach(harm.found::add);
            }
            return harm.found;
        }

        /** @param name of the key that it belongs to; @param named whether keys in it are names that somebody chose */
        private void inValue(String name, Object value, boolean named) {
            if (value instanceof Map<?, ?> map) {
                map.forEach((key, inner) -> inMember((String) key, inner, named));
            } else if (value instanceof List<?> list) {
                list.forEach(element -> inValue(name, element, false));
            } else if (value instanceof String text && TEXT.matcher(text).find()) {
                found.add("the text of " + name);
            }
        }

        private void inMember(String key, Object value, boolean named) {
            var plain = Normalizer.normalize(key, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]", "");
            boolean holdsMore = value instanceof Map || value instanceof List;
            boolean isName = named && value instanceof Map;
            if (!isName && (NAME.matcher(plain).matches() || holdsMore && VARIABLES.matcher(plain).matches()) || TEXT.matcher(key).find()) {
                found.add(key);
            }
            inValue(key, value, !isName && NAMED_BY_OTHERS.matcher(plain).matches());
        }
    }
}
