package lib.apply;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.apply.Document.Change.Target;
import lib.apply.Document.Change;
import lib.apply.Merge.Choice;
import lib.apply.SafeFile.Steps;
import lib.host.Host;
import lib.provider.Json;

/** Brings what templates made into the files of a person: all that was planned, or nothing. */
public final class Apply {
    private static final Duration WAIT = Duration.ofSeconds(30);

    private final Host host;
    private final Steps steps;

    public Apply(Host host) {
        this(host, Steps.REAL);
    }

    public Apply(Host host, Steps steps) {
        this.host = host;
        this.steps = steps;
    }

    /**
     * @param changes one for each target
     * @param backup  of the files that were changed; null where none was wanted or nothing was written
     * @param failure why nothing is changed after all, and what was put back; null where all is well
     */
    public record Result(List<Change> changes, Backups.Backup backup, String failure) {}

    public static Path record(Host host) {
        return host.stateDir().resolve("owned.json");
    }

    public static Ownership ownership(Host host) throws SafeFile.Refused {
        return Ownership.read(record(host), SafeFile.open(record(host)).content());
    }

    /** What would come of it. Nothing is locked, nothing written. */
    public List<Change> preview(List<Target> targets, Choice choice) throws SafeFile.Refused {
        var ownership = ownership(host);
        var changes = new ArrayList<Change>();
        for (var target : joined(targets)) {
            try (var file = SafeFile.open(target.named())) {
                changes.add(Change.plan(target, file, ownership.of(target.named(), file), choice));
            } catch (SafeFile.Refused e) {
                changes.add(unreadable(target, e));
            }
        }
        return changes;
    }

    private static Change unreadable(Target target, SafeFile.Refused e) {
        return new Change(target.named(), target.named(), null, null, Change.State.REFUSED, e.getMessage(), Change.Counts.NONE, List.of(), Ownership.Record.NONE);
    }

    /** Two names may lead to one file. */
    private static List<Target> joined(List<Target> targets) {
        var byFile = new TreeMap<Path, Target>();
        for (var target : targets) {
            Path real;
            try {
                real = SafeFile.resolve(target.named());
            } catch (SafeFile.Refused e) {
                real = target.named(); // told when it is opened
            }
            byFile.merge(real, target, (one, other) -> {
                var parts = new ArrayList<>(one.parts());
                parts.addAll(other.parts());
                return new Target(one.named(), parts, one.create() || other.create(), one.again() || other.again());
            });
        }
        return List.copyOf(byFile.values());
    }

    /**
     * @param shown  what the person agreed to; null where nobody was asked
     * @param backup whether the files are kept before they change
     * @throws SafeFile.Refused where it could not begin
     */
    public Result write(List<Target> targets, Choice choice, List<Change> shown, boolean backup) throws SafeFile.Refused {
        var files = new ArrayList<SafeFile>();
        // Taken first, and by everybody who applies: so two of them come one after the other.
        try (var record = SafeFile.lock(host.stateDir(), record(host), WAIT, steps)) {
            var ownership = Ownership.read(record(host), record.content());
            var changes = new ArrayList<Change>();
            var open = new TreeMap<Path, SafeFile>();
            for (var target : joined(targets)) {
                try {
                    var file = SafeFile.lock(host.stateDir(), target.named(), WAIT, steps);
                    files.add(file);
                    open.put(file.real(), file);
                    changes.add(Change.plan(target, file, ownership.of(target.named(), file), choice));
                } catch (SafeFile.Refused e) {
                    changes.add(unreadable(target, e));
                }
            }
            if (shown != null && !same(shown, changes)) {
                return new Result(changes, null, "somebody else has changed a file meanwhile, so nothing was done; run again");
            }
            return write(changes, open, ownership, record, backup);
        } finally {
            Collections.reverse(files);
            files.forEach(SafeFile::close);
        }
    }

    /**
     * The values of one file into another one, without any record of it.
     *
     * @param keys   see {@link Merge}
     * @param dryRun whether it is only looked at
     */
    public Result merge(Path source, Path target, Document.Format format, Map<String, String> keys, Choice choice, boolean dryRun, boolean backup)
            throws SafeFile.Refused {
        var from = SafeFile.open(source);
        if (from.content() == null) {
            throw new SafeFile.Refused(source + " is not there");
        }
        try (var file = dryRun ? SafeFile.open(target) : SafeFile.lock(host.stateDir(), target, WAIT, steps)) {
            var change = merged(source, from.content(), target, file, format, keys, choice);
            if (dryRun || !change.writes()) {
                return new Result(List.of(change), null, null);
            }
            var kept = backup ? new Backups(host.stateDir().resolve("backups"), host.clock(), steps).create(List.of(target), "before catalog merge") : null;
            try {
                file.replace(change.after());
                return new Result(List.of(change), kept, null);
            } catch (IOException e) {
                return new Result(List.of(change), kept, e.getMessage());
            }
        }
    }

    private static Change merged(Path source, byte[] from, Path target, SafeFile file, Document.Format format, Map<String, String> keys, Choice choice) {
        var before = file.content();
        var asked = source;
        try {
            var fragment = Document.open(format, Change.utf8(from)).tree();
            asked = target;
            var document = Document.open(format, before == null ? "" : Change.utf8(before));
            var plan = new Merge(document, keys, List.of()).plan(fragment, Map.of(), choice);
            Change.edit(document, plan.edits());
            Document.open(format, document.text());
            var after = plan.edits().isEmpty() ? before : document.text().getBytes(StandardCharsets.UTF_8);
            var state = plan.edits().isEmpty() ? Change.State.UNCHANGED : before == null ? Change.State.CREATED : Change.State.CHANGED;
            var change = new Change(target, file.real(), before, after, state, null, Change.Counts.NONE.plus(plan), plan.conflicts(), Ownership.Record.NONE);
            if (change.writes()) {
                file.checkReplaceable();
            }
            return change;
        } catch (Document.Refused e) {
            return refused(target, file, asked + (e.line() > 0 ? ":" + e.line() : "") + ": " + e.getMessage());
        } catch (SafeFile.Refused e) {
            return refused(target, file, e.getMessage());
        }
    }

    private static Change refused(Path target, SafeFile file, String why) {
        return new Change(target, file.real(), file.content(), file.content(), Change.State.REFUSED, why, Change.Counts.NONE, List.of(), Ownership.Record.NONE);
    }

    private static boolean same(List<Change> one, List<Change> other) {
        var after = one.stream().collect(Collectors.toMap(Change::real, change -> Arrays.hashCode(change.after())));
        return other.stream().allMatch(change -> Integer.valueOf(Arrays.hashCode(change.after())).equals(after.get(change.real())));
    }

    private Result write(List<Change> changes, Map<Path, SafeFile> open, Ownership ownership, SafeFile record, boolean backup) throws SafeFile.Refused {
        var writing = changes.stream().filter(Change::writes).toList();
        var kept = writing.isEmpty() || !backup ? null : new Backups(host.stateDir().resolve("backups"), host.clock(), steps)
                .create(writing.stream().map(Change::named).toList(), "before catalog apply");
        var old = record.content();
        if (!writing.isEmpty()) {
            writing.forEach(ownership::announce);
            record.replace(ownership.bytes());
        }
        var done = new ArrayList<Change>();
        try {
            for (var change : writing) {
                var file = open.get(change.real());
                done.add(change);
                if (change.after() == null) {
                    file.remove();
                } else {
                    file.replace(change.after());
                }
            }
            for (var change : changes) {
                if (change.state() != Change.State.REFUSED) {
                    ownership.settle(change);
                }
            }
            if (old != null || !writing.isEmpty() || changes.stream().anyMatch(change -> !change.owned().owned().isEmpty())) {
                record.replace(ownership.bytes());
            }
        } catch (IOException | RuntimeException e) {
            if (writing.isEmpty()) {
                throw e;
            }
            return new Result(changes, kept, e.getMessage() + rollBack(done, open, record, old, kept));
        }
        return new Result(changes, kept, null);
    }

    /** @return what to add to the reason */
    private static String rollBack(List<Change> done, Map<Path, SafeFile> open, SafeFile record, byte[] old, Backups.Backup kept) {
        var said = new StringBuilder();
        for (int i = done.size() - 1; i >= 0; i--) {
            var change = done.get(i);
            var file = open.get(change.real());
            try {
                boolean back = change.before() == null ? file.remove() : file.replace(change.before());
                said.append(back ? "; " + change.named() + (change.before() == null ? " was removed again" : " was put back as it was") : "");
            } catch (IOException | RuntimeException e) {
                said.append("; ").append(change.named()).append(" could not be put back: ").append(e.getMessage())
                        .append(kept == null ? "" : "; 'catalog backups restore " + kept.id() + "' does");
            }
        }
        try {
            if (old == null) {
                record.remove();
            } else {
                record.replace(old);
            }
        } catch (IOException e) {
            // The contents of the files tell which record holds.
        }
        return said.toString();
    }

    /** The changes of which one line is due, the files in order of their names. */
    public static List<Change> inOrder(List<Change> changes) {
        return changes.stream().sorted(Comparator.comparing(Change::named)).toList();
    }

    /**
     * What of people's files is ours: the record {@code owned.json}. Of each file the sum of its content as we last wrote it, and for
     * each template and provider the places with the hashes of their values (see {@link Merge.Plan#owned}). A file that is ours as
     * a whole has one place, the empty one.
     *
     * <p>It is written before the files are, as what is pending, and again after. Whatever ends a run between the two, the content of
     * a file says which of both holds.
     */
    public static final class Ownership {
        static final String WHOLE = "";

        private final Map<Path, Record> files = new TreeMap<>();
        private final Map<Path, Record> pending = new TreeMap<>();

        /**
         * @param sha256 of the whole file as we last wrote it; null: never
         * @param named  as its template names it; null where that is not known, as in old records
         * @param owned  path of the template, then provider (empty for all), then place, to a {@link Merge.Mark}
         */
        public record Record(String sha256, Path named, Map<String, Map<String, Map<String, String>>> owned) {
            static final Record NONE = new Record(null, null, Map.of());

            public Map<String, String> of(String template, String provider) {
                return owned.getOrDefault(template, Map.of()).getOrDefault(provider, Map.of());
            }

            /** With what a template now owns for a provider. */
            Record with(String template, String provider, Map<String, String> places) {
                var all = new TreeMap<>(owned);
                var ofTemplate = new TreeMap<>(all.getOrDefault(template, Map.of()));
                if (places.isEmpty()) {
                    ofTemplate.remove(provider);
                } else {
                    ofTemplate.put(provider, places);
                }
                all.put(template, ofTemplate);
                if (ofTemplate.isEmpty()) {
                    all.remove(template);
                }
                return new Record(sha256, named, all);
            }

            Record written(String sum) {
                return new Record(sum, named, owned);
            }

            /** Where a run was killed, and the file has been changed since: each place by itself tells what was written. */
            private Record or(Record after) {
                var either = this;
                var templates = new TreeMap<>(owned);
                templates.putAll(after.owned);
                for (var template : templates.keySet()) {
                    var providers = new TreeMap<>(owned.getOrDefault(template, Map.of()));
                    providers.putAll(after.owned.getOrDefault(template, Map.of()));
                    for (var provider : providers.keySet()) {
                        var places = new TreeMap<>(of(template, provider));
                        places.putAll(after.of(template, provider));
                        places.replaceAll((place, mark) -> Merge.Mark.either(Merge.Mark.parse(of(template, provider).get(place)),
                                Merge.Mark.parse(after.of(template, provider).get(place))).toString());
                        either = either.with(template, provider, places);
                    }
                }
                return either;
            }
        }

        /** @param content of {@code owned.json}; null where there is none yet */
        public static Ownership read(Path file, byte[] content) throws SafeFile.Refused {
            var ownership = new Ownership();
            if (content == null) {
                return ownership;
            }
            try {
                var root = Json.parse(content);
                if (root.path("schema").asInt() == 1 && read(root.path("files"), ownership.files) && read(root.path("pending"), ownership.pending)) {
                    return ownership;
                }
            } catch (IOException | IllegalArgumentException e) {
                // said below
            }
            throw new SafeFile.Refused(file + ", the record of what we wrote into your files, is damaged; without it they are all yours, and"
                    + " differences are conflicts. To go on so: mv '" + file + "' '" + file + ".damaged'");
        }

        private static boolean read(JsonNode json, Map<Path, Record> records) {
            for (var file : json.properties()) {
                var owned = new TreeMap<String, Map<String, Map<String, String>>>();
                for (var template : file.getValue().path("owned").properties()) {
                    var providers = new TreeMap<String, Map<String, String>>();
                    for (var provider : template.getValue().properties()) {
                        var places = new TreeMap<String, String>();
                        provider.getValue().properties().forEach(place -> places.put(place.getKey(), place.getValue().asText()));
                        providers.put(provider.getKey(), places);
                    }
                    owned.put(template.getKey(), providers);
                }
                var named = file.getValue().path("named").textValue();
                records.put(Path.of(file.getKey()), new Record(file.getValue().path("sha256").textValue(), named == null ? null : Path.of(named), owned));
            }
            return json.isObject();
        }

        public byte[] bytes() {
            var root = JsonNodeFactory.instance.objectNode().put("schema", 1);
            write(files, root.putObject("files"));
            write(pending, root.putObject("pending"));
            return (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
        }

        private static void write(Map<Path, Record> records, ObjectNode json) {
            records.forEach((path, record) -> {
                var file = json.putObject(path.toString()).put("sha256", record.sha256);
                if (record.named != null) {
                    file.put("named", record.named.toString());
                }
                var owned = file.putObject("owned");
                record.owned.forEach((template, providers) -> {
                    var ofTemplate = owned.putObject(template);
                    providers.forEach((provider, places) -> places.forEach(ofTemplate.putObject(provider)::put));
                });
            });
        }

        /** @param file as it is now */
        Record of(Path named, SafeFile file) throws SafeFile.Refused {
            var content = file.content();
            var settled = files.containsKey(file.real()) ? files.get(file.real()) : moved(named, file.real());
            var after = pending.get(file.real());
            var sum = content == null ? null : SafeFile.sha256(content);
            if (after == null || Objects.equals(sum, settled.sha256)) {
                return settled;
            }
            return Objects.equals(sum, after.sha256) ? after : settled.or(after);
        }

        /** Of a file that was moved and has a link to it in its old place, as dotfile managers do it. */
        private Record moved(Path named, Path real) throws SafeFile.Refused {
            for (var one : files.entrySet()) {
                if (wasMoved(one.getKey(), one.getValue(), named, real)) {
                    return one.getValue();
                }
            }
            return Record.NONE;
        }

        private static boolean wasMoved(Path from, Record record, Path named, Path real) throws SafeFile.Refused {
            return !from.equals(real) && named.equals(record.named == null ? from : record.named)
                    && (Files.notExists(from) || SafeFile.resolve(from).equals(real));
        }

        /** With the sum of the content that the file is about to get; none where it is to be removed. */
        void announce(Change change) {
            pending.put(change.real(), change.owned());
        }

        /** What was announced has come true, or nothing has. */
        void settle(Change change) throws SafeFile.Refused {
            pending.remove(change.real());
            for (var from : List.copyOf(files.keySet())) {
                if (wasMoved(from, files.get(from), change.named(), change.real())) {
                    files.remove(from);
                }
            }
            if (change.owned().owned.isEmpty()) {
                files.remove(change.real());
            } else {
                files.put(change.real(), new Record(change.owned().sha256, change.named(), change.owned().owned));
            }
        }

        /** The providers that a template has written anything of. */
        public Set<String> providers(String template) {
            var all = new TreeSet<String>();
            files.values().forEach(record -> all.addAll(record.owned.getOrDefault(template, Map.of()).keySet()));
            pending.values().forEach(record -> all.addAll(record.owned.getOrDefault(template, Map.of()).keySet()));
            return all;
        }

        /** Whether a file holds just what we last wrote. */
        public boolean isOurs(Path real, byte[] content) {
            var sum = content == null ? "" : SafeFile.sha256(content);
            return Stream.of(files, pending).anyMatch(records -> sum.equals(records.getOrDefault(real, Record.NONE).sha256));
        }
    }
}
