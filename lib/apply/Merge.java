package lib.apply;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lib.apply.Document.Place;
import lib.host.AtomicFile;

/**
 * What has to change in a person's file so that it says what a fragment says, and nothing else does. Pure: the document is
 * read and not changed.
 *
 * <p>A value belongs to us if we wrote it and it still is what we wrote. Such a value is brought up to date, and goes when the
 * fragment has it no more. Any other value is the person's: where the fragment says something else, that is a conflict; where
 * the person has removed what we wrote, it stays away, also when the fragment lacks it for a while. What was ours is ours again
 * as soon as the file says it again: somebody may have gone back to an old file and forth.
 */
public final class Merge {
    /**
     * What is known of a place. Written down as {@code theirs}, {@code gone}, {@code HASH}, {@code away HASH} or {@code maybe HASH}; where
     * a run was killed there may be two hashes, {@code HASH|HASH}.
     *
     * @param hashes of the values that we wrote there; none where the person has chosen, or we have removed it
     */
    record Mark(Kind kind, List<String> hashes) {
        /**
         * THEIRS: the person chose to keep the value, or to do without it. OURS: we wrote one of the hashes. AWAY: we did, and the
         * person has removed it. MAYBE: we may have, but were killed. GONE: a table or an element that we have removed ourselves,
         * in which the person had removed something.
         */
        enum Kind { OURS, AWAY, MAYBE, THEIRS, GONE }

        static final Mark THEIRS = new Mark(Kind.THEIRS, List.of());
        static final Mark GONE = new Mark(Kind.GONE, List.of());

        static Mark of(Object value) {
            return new Mark(Kind.OURS, List.of(hash(value)));
        }

        /** @param text null where nothing is known, which is also returned then */
        static Mark parse(String text) {
            if (text == null || text.equals("theirs") || text.equals("gone")) {
                return text == null ? null : text.equals("gone") ? GONE : THEIRS;
            }
            int space = text.indexOf(' ');
            var kind = space < 0 ? Kind.OURS : text.startsWith("away ") ? Kind.AWAY : Kind.MAYBE;
            return new Mark(kind, List.of(text.substring(space + 1).split("\\|")));
        }

        Mark as(Kind other) {
            return new Mark(other, hashes);
        }

        /** Either was written, nobody knows which. @param before may be null, after too */
        static Mark either(Mark before, Mark after) {
            if (before == null || after == null) {
                var one = before == null ? after : before;
                return one.hashes.isEmpty() ? one : one.as(Kind.MAYBE);
            }
            if (before.hashes.isEmpty() || after.hashes.isEmpty()) {
                return before.hashes.isEmpty() ? before : after;
            }
            return new Mark(before.kind, Stream.concat(before.hashes.stream(), after.hashes.stream()).distinct().toList());
        }

        boolean wrote(Object value) {
            return hashes.contains(hash(value));
        }

        @Override
        public String toString() {
            var word = kind.name().toLowerCase(Locale.ROOT);
            return hashes.isEmpty() ? word : (kind == Kind.OURS ? "" : word + " ") + String.join("|", hashes);
        }
    }

    /** @param value null: to be removed */
    public record Edit(Place place, Object value) {}

    /** @param theirs what the file says; ours what we would write; line of the file's value, 0 if unknown */
    public record Conflict(Place place, Object theirs, Object ours, int line) {}

    /**
     * @param owned    place to what is known of it once the edits are made, see {@link Mark}
     * @param values   how many values the edits set
     * @param removed  how many they remove
     * @param kept     how many places are left as the person has them: chosen or removed by them, or changed and now gone from the
     *     fragment
     * @param unowned  where the file has just what we would write, without our having done so
     */
    public record Plan(List<Edit> edits, List<Conflict> conflicts, Map<String, String> owned, int values, int removed, int kept, List<Place> unowned) {}

    /** How conflicts are settled. The places are as {@link Place#toString()} writes them, or what they begin with. */
    public record Choice(Set<String> ours, Set<String> theirs) {
        public static final Choice NONE = new Choice(Set.of(), Set.of());

        static boolean names(Set<String> chosen, String place) {
            return chosen.stream().anyMatch(one -> within(place, one));
        }

        /** Whether a place is that one, or below it; below the empty one are all. */
        public static boolean within(String place, String above) {
            return above.isEmpty() || place.startsWith(above) && (place.length() == above.length() || ".[".indexOf(place.charAt(above.length())) >= 0);
        }
    }

    /** A place on the way down. @param names its keys, by dots, without the elements; above: null at the top */
    private record Spot(Place place, String text, String names, Spot above) {
        private static final Spot TOP = new Spot(null, "", "", null);

        Spot then(Place.Step step) {
            var longer = place == null ? new Place(List.of(step)) : place.then(step);
            var part = Place.text(step);
            var name = step instanceof Place.Key key ? (names.isEmpty() ? "" : names + ".") + key.name() : names;
            return new Spot(longer, place == null ? part.substring(1) : text + part, name, this);
        }
    }

    private final Document document;
    private final Map<String, String> keys;
    private final List<String> own;

    /** All that the document says: the text of a place to its value, tables and lists too. */
    private final Map<String, Object> there = new HashMap<>();
    private final Map<String, Spot> leavesThere = new LinkedHashMap<>();

    /**
     * @param keys dotted names of lists to the member by which their elements are told apart: {@code clients.models} by {@code name}
     * @param own  dotted names of what may be set; empty: everything
     */
    public Merge(Document document, Map<String, String> keys, List<String> own) {
        this.document = document;
        this.keys = keys;
        this.own = own;
        walk(Spot.TOP, document.tree(), true, (spot, value, isLeaf) -> {
            there.putIfAbsent(spot.text, value);
            if (isLeaf) {
                leavesThere.putIfAbsent(spot.text, spot);
            }
        });
    }

    /**
     * @param fragment what the file should say, as values
     * @param owned    what an earlier plan left, of the same file and fragment
     */
    public Plan plan(Map<String, Object> fragment, Map<String, String> owned, Choice choice) {
        var wanted = new LinkedHashMap<String, Spot>();
        var values = new HashMap<String, Object>();
        var parts = new HashMap<String, Object>();
        walk(Spot.TOP, fragment, false, (spot, value, isLeaf) -> {
            parts.putIfAbsent(spot.text, value);
            if (isLeaf && mayBeSet(spot.names) && values.putIfAbsent(spot.text, value) == null) {
                wanted.put(spot.text, spot);
            }
        });
        var before = new TreeMap<String, Mark>();
        owned.forEach((place, mark) -> before.put(place, Mark.parse(mark)));
        // What the person has removed since the last run counts, with all that we had taken out of it before.
        var decided = before.entrySet().stream().filter(one -> one.getValue().kind == Mark.Kind.OURS && there.get(one.getKey()) == null)
                .map(one -> uppermostMissing(one.getKey())).collect(Collectors.toSet());
        before.entrySet().removeIf(one -> one.getValue() == Mark.GONE && Choice.names(decided, one.getKey()));
        var opened = above(wanted.values().stream().filter(spot -> there.get(spot.text) == null && Choice.names(choice.ours, spot.text)).toList());
        opened.removeIf(place -> there.get(place) != null);
        var open = open(wanted.values(), before, choice, opened);
        var conflicts = new ArrayList<Conflict>();
        var marks = new TreeMap<String, Mark>();
        var missing = new LinkedHashMap<String, Missing>();
        var edits = new ArrayList<Edit>();
        int kept = 0;
        var unowned = new ArrayList<Place>();
        for (var spot : wanted.values()) {
            var name = spot.text;
            var value = values.get(name);
            var stated = there.get(name);
            var mark = before.get(name) == Mark.GONE ? null : before.get(name);
            // What stands beside a chosen place comes along where there is nothing yet: half a client is no client.
            boolean chosen = Choice.names(choice.ours, name) || stated == null && opened.contains(spot.above.text);
            boolean theirs = !chosen && (mark == Mark.THEIRS || Choice.names(choice.theirs, name));
            if (theirs) {
                marks.put(name, Mark.THEIRS);
                kept += stated == null || !same(stated, value) ? 1 : 0;
            } else if (stated == null && !chosen && isRemoved(spot, before, open)) {
                if (mark != null) {
                    marks.put(name, mark.as(Mark.Kind.AWAY));
                }
                kept++;
            } else if (stated == null) {
                var top = missing(spot);
                marks.put(name, Mark.of(value));
                missing.computeIfAbsent(top.text, text -> new Missing(top, new HashSet<>())).accepted.add(name);
            } else if (same(stated, value)) {
                if (chosen || mark != null && mark.wrote(stated) || mark == null && value instanceof Map && owns(before, name)) {
                    marks.put(name, Mark.of(value));
                } else if (mark != null) {
                    marks.put(name, mark); // The person wrote it, and we agree: it stays the person's.
                } else {
                    unowned.add(spot.place);
                }
            } else if (chosen || mark != null && mark.wrote(stated)) {
                edits.add(new Edit(spot.place, value));
                marks.put(name, Mark.of(value));
            } else {
                conflicts.add(new Conflict(spot.place, stated, value, document.line(spot.place)));
                if (mark != null) {
                    marks.put(name, mark);
                }
            }
        }
        int set = edits.size() + missing.values().stream().mapToInt(one -> one.accepted.size()).sum();
        missing.forEach((text, one) -> edits.add(new Edit(one.top.place, pruned(one.top, parts.get(text), one.accepted))));
        var going = going(wanted, before, choice);
        var removals = removals(going, wanted.values());
        edits.addAll(removals.edits);
        marks.putAll(going.remembered);
        var made = above(wanted.values().stream().filter(spot -> marks.containsKey(spot.text) && marks.get(spot.text).kind == Mark.Kind.OURS).toList());
        before.forEach((place, mark) -> {
            if (mark == Mark.GONE && there.get(place) == null && !made.contains(place)) {
                marks.putIfAbsent(place, mark);
            }
        });
        removals.containers.stream().filter(place -> remembers(marks, place)).forEach(place -> marks.putIfAbsent(place, Mark.GONE));
        var known = new TreeMap<String, String>();
        marks.forEach((place, mark) -> known.put(place, mark.toString()));
        return new Plan(List.copyOf(edits), List.copyOf(conflicts), known, set, removals.leaves, kept + going.kept + removals.kept, List.copyOf(unowned));
    }

    /** The uppermost place that the document does not have, and the values below it that are to be set. */
    private record Missing(Spot top, Set<String> accepted) {}

    private boolean mayBeSet(String names) {
        return own.isEmpty() || own.stream().anyMatch(one -> names.equals(one) || names.startsWith(one + "."));
    }

    /** The uppermost place on the way to this one that the document does not have. */
    private Spot missing(Spot spot) {
        return missing(spot, place -> false);
    }

    /** The same, but below the lowest place whose absence tells nothing. */
    private Spot missing(Spot spot, Predicate<String> tellsNothing) {
        var top = spot;
        while (top.above != Spot.TOP && there.get(top.above.text) == null && !tellsNothing.test(top.above.text)) {
            top = top.above;
        }
        return top;
    }

    /** What is not there, but is after this run: where one thing comes back, what stands beside it is judged by itself. */
    private Set<String> open(Collection<Spot> wanted, TreeMap<String, Mark> known, Choice choice, Set<String> chosen) {
        var open = new HashSet<>(chosen);
        var missing = wanted.stream().filter(spot -> there.get(spot.text) == null && known.get(spot.text) != Mark.THEIRS
                && !Choice.names(choice.theirs, spot.text)).toList();
        for (int before = -1; before < open.size();) {
            before = open.size();
            for (var spot : missing) {
                if (!isRemoved(spot, known, open)) {
                    for (var at = spot.above; at != Spot.TOP && there.get(at.text) == null; at = at.above) {
                        open.add(at.text);
                    }
                }
            }
        }
        return open;
    }

    private String uppermostMissing(String place) {
        var steps = Place.parse(place).steps();
        return IntStream.rangeClosed(1, steps.size()).mapToObj(n -> new Place(steps.subList(0, n)).toString()).filter(one -> there.get(one) == null)
                .findFirst().orElse(place);
    }

    /** Of a place that is not there: whether it is the person who has removed it, with what we wrote there. @param open see {@link #open} */
    private boolean isRemoved(Spot spot, TreeMap<String, Mark> known, Set<String> open) {
        return owns(known, missing(spot, place -> known.get(place) == Mark.GONE || open.contains(place)).text);
    }

    /** Whether we wrote something there, or below, or the person has decided of it. */
    private static boolean owns(TreeMap<String, Mark> known, String place) {
        return isDecided(known.get(place)) || remembers(known, place);
    }

    private static boolean remembers(TreeMap<String, Mark> known, String place) {
        return Stream.of(".", "[").anyMatch(end -> known.tailMap(place + end).entrySet().stream().takeWhile(one -> one.getKey().startsWith(place + end))
                .anyMatch(one -> isDecided(one.getValue())));
    }

    private static boolean isDecided(Mark mark) {
        return mark != null && mark.kind != Mark.Kind.MAYBE && mark.kind != Mark.Kind.GONE;
    }

    /**
     * What we wrote, is as we wrote it, and the fragment has no more.
     *
     * @param kept       the number of those that the person has changed
     * @param remembered what the person has decided of places that the fragment lacks, perhaps only for a while
     */
    private record Going(Set<String> names, int kept, Map<String, Mark> remembered) {}

    private Going going(Map<String, Spot> wanted, Map<String, Mark> known, Choice choice) {
        var needed = above(wanted.values());
        var names = new LinkedHashSet<String>();
        var remembered = new TreeMap<String, Mark>();
        int kept = 0;
        for (var one : known.entrySet()) {
            var name = one.getKey();
            var mark = one.getValue();
            var stated = there.get(name);
            if (wanted.containsKey(name) || needed.contains(name) || mark == Mark.GONE) {
                continue;
            }
            if (mark == Mark.THEIRS || Choice.names(choice.theirs, name)) {
                remembered.put(name, Mark.THEIRS);
            } else if (stated == null) {
                if (mark.kind != Mark.Kind.MAYBE) {
                    remembered.put(name, mark.as(Mark.Kind.AWAY));
                }
            } else if (leavesThere.containsKey(name) && (mark.wrote(stated) || Choice.names(choice.ours, name))) {
                names.add(name);
            } else {
                kept++;
            }
        }
        return new Going(names, kept, remembered);
    }

    /** The places that lie above these. */
    private static Set<String> above(Collection<Spot> spots) {
        var above = new HashSet<String>();
        for (var spot : spots) {
            for (var at = spot.above; at != Spot.TOP && above.add(at.text); at = at.above) {
                // as far as they are new
            }
        }
        return above;
    }

    /** @param containers the tables and elements that go with what is in them */
    private record Removals(Collection<Edit> edits, int leaves, int kept, Set<String> containers) {}

    /**
     * An element or table goes as a whole where everything in it does. One that the person has added to, or changed, stays as it
     * is: half a model is no model.
     */
    private Removals removals(Going going, Collection<Spot> wanted) {
        if (going.names.isEmpty()) {
            return new Removals(List.of(), 0, 0, Set.of());
        }
        var needed = above(wanted);
        wanted.forEach(spot -> needed.add(spot.text));
        var staying = above(leavesThere.values().stream().filter(spot -> !going.names.contains(spot.text)).toList());
        var edits = new LinkedHashMap<String, Edit>();
        var containers = new HashSet<String>();
        int kept = 0;
        for (var name : going.names) {
            var top = leavesThere.get(name);
            if (top.above != Spot.TOP && staying.contains(top.above.text) && !needed.contains(top.above.text)) {
                kept++;
                continue;
            }
            while (top.above != Spot.TOP && !staying.contains(top.above.text) && !needed.contains(top.above.text)) {
                top = top.above;
                containers.add(top.text);
            }
            edits.putIfAbsent(top.text, new Edit(top.place, null));
        }
        return new Removals(edits.values(), going.names.size() - kept, kept, containers);
    }

    private interface Visitor {
        void visit(Spot spot, Object value, boolean isLeaf);
    }

    /**
     * All values below, tables and lists before what is in them; a list whose elements have no names is one value, as is an empty
     * table.
     *
     * @param isFile whether it is the person's. There, what has no name, or that of another, stands for itself, so that its list
     *     is not taken for all ours.
     */
    private void walk(Spot at, Object value, boolean isFile, Visitor visitor) {
        if (value instanceof Map<?, ?> map && (at == Spot.TOP || !map.isEmpty())) {
            visit(at, value, false, visitor);
            map.forEach((key, inner) -> walk(at.then(new Place.Key(String.valueOf(key))), inner, isFile, visitor));
        } else if (value instanceof List<?> list && at != Spot.TOP && isKeyed(at, list, isFile)) {
            visit(at, value, false, visitor);
            var key = keys.get(at.names);
            var names = new HashSet<String>();
            int others = 0;
            for (var element : list) {
                if (element instanceof Map<?, ?> map && map.get(key) instanceof String name && names.add(name)) {
                    walk(at.then(new Place.Item(key, name)), element, isFile, visitor);
                } else if (isFile) {
                    visit(at.then(new Place.Item("", String.valueOf(++others))), element, true, visitor);
                }
            }
        } else if (value != null) {
            visit(at, value, true, visitor);
        }
    }

    private static void visit(Spot at, Object value, boolean isLeaf, Visitor visitor) {
        if (at != Spot.TOP) {
            visitor.visit(at, value, isLeaf);
        }
    }

    private boolean isKeyed(Spot at, List<?> list, boolean isFile) {
        var key = keys.get(at.names);
        Predicate<Object> isNamed = element -> element instanceof Map<?, ?> map && map.get(key) instanceof String;
        return key != null && !list.isEmpty() && (isFile ? list.stream().anyMatch(isNamed) : list.stream().allMatch(isNamed));
    }

    /** The part of the fragment without the values that are not accepted; of two elements with one name the first. */
    private Object pruned(Spot at, Object value, Set<String> accepted) {
        if (value instanceof Map<?, ?> map && !map.isEmpty()) {
            var members = new LinkedHashMap<String, Object>();
            map.forEach((name, inner) -> {
                var kept = inner == null ? null : pruned(at.then(new Place.Key(String.valueOf(name))), inner, accepted);
                if (kept != null) {
                    members.put(String.valueOf(name), kept);
                }
            });
            return members.isEmpty() ? null : members;
        }
        if (value instanceof List<?> list && isKeyed(at, list, false)) {
            var key = keys.get(at.names);
            var elements = new LinkedHashMap<String, Object>();
            for (var element : list) {
                if (element instanceof Map<?, ?> map && map.get(key) instanceof String name && !elements.containsKey(name)
                        && pruned(at.then(new Place.Item(key, name)), map, accepted) instanceof Map<?, ?> kept) {
                    var named = new LinkedHashMap<Object, Object>(kept);
                    named.putIfAbsent(key, name);
                    elements.put(name, named);
                }
            }
            return elements.isEmpty() ? null : List.copyOf(elements.values());
        }
        return accepted.contains(at.text) ? value : null;
    }

    /** Whichever way they are written. An empty table is wanted where nothing need be in it. */
    private static boolean same(Object stated, Object wanted) {
        if (stated instanceof Map<?, ?> map && wanted instanceof Map<?, ?> other) {
            return other.isEmpty() || map.keySet().equals(other.keySet()) && map.keySet().stream().allMatch(key -> same(map.get(key), other.get(key)));
        }
        return Objects.equals(canonical(stated), canonical(wanted));
    }

    /** Of a value, whichever way it is written. */
    static String hash(Object value) {
        return AtomicFile.sha256(canonical(value).getBytes(StandardCharsets.UTF_8)).substring(0, 24);
    }

    private static String canonical(Object value) {
        if (value instanceof Long || value instanceof BigDecimal) {
            // Not plainly: 1e999999999 is a number too.
            return "n" + new BigDecimal(value.toString()).stripTrailingZeros();
        }
        if (value instanceof List<?> list) {
            var out = new StringBuilder("[");
            list.forEach(element -> out.append(canonical(element)).append('\u0000'));
            return out + "]";
        }
        if (value instanceof Map<?, ?> map) {
            var out = new StringBuilder("{");
            new TreeMap<>(map).forEach((key, inner) -> out.append(key).append('\u0001').append(canonical(inner)).append('\u0000'));
            return out + "}";
        }
        return (value instanceof Boolean ? "b" : "s") + value;
    }
}
