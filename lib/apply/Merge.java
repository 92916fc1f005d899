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
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import lib.apply.Document.Place;
import lib.host.AtomicFile;

/**
 * What has to change in a person's file so that it says what a fragment says, and nothing else does. Pure: the document is
 * read and not changed.
 *
 * <p>A value belongs to us if we wrote it and it still is what we wrote. Such a value is brought up to date, and goes when the
 * fragment has it no more. Any other value is the person's: where the fragment says something else, that is a conflict; where
 * the person has removed what we wrote, it stays away.
 */
public final class Merge {
    /** Of a value that the person chose to keep, or to do without: it is theirs, and no conflict any more. */
    static final String THEIRS = "theirs";

    /** @param value null: to be removed */
    public record Edit(Place place, Object value) {}

    /** @param theirs what the file says; ours what we would write; line of the file's value, 0 if unknown */
    public record Conflict(Place place, Object theirs, Object ours, int line) {}

    /**
     * @param owned   place to the hash of the value that is ours once the edits are made, or {@link #THEIRS}
     * @param values  how many values the edits set
     * @param removed how many they remove
     * @param kept    how many places are left as the person has them: removed by them, or changed and now gone from the fragment
     */
    public record Plan(List<Edit> edits, List<Conflict> conflicts, Map<String, String> owned, int values, int removed, int kept) {}

    /** How conflicts are settled. The places are as {@link Place#toString()} writes them, or what they begin with. */
    public record Choice(Set<String> ours, Set<String> theirs) {
        public static final Choice NONE = new Choice(Set.of(), Set.of());

        static boolean names(Set<String> chosen, String place) {
            return chosen.stream().anyMatch(one -> within(place, one));
        }
    }

    private static boolean within(String place, String above) {
        return place.startsWith(above) && (place.length() == above.length() || ".[".indexOf(place.charAt(above.length())) >= 0);
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

    private static final int MANY = 50;

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
        var before = new TreeMap<>(owned);
        var conflicts = new ArrayList<Conflict>();
        var ours = new TreeMap<String, String>();
        var missing = new LinkedHashMap<String, Missing>();
        var edits = new ArrayList<Edit>();
        int kept = 0;
        for (var spot : wanted.values()) {
            var name = spot.text;
            var value = values.get(name);
            var stated = there.get(name);
            boolean chosen = Choice.names(choice.ours, name);
            if (stated == null) {
                var top = missing(spot);
                boolean removed = !chosen && (owns(before, top.text) || Choice.names(choice.theirs, name));
                kept += removed ? 1 : 0;
                ours.put(name, removed ? THEIRS : hash(value));
                if (!removed) {
                    missing.computeIfAbsent(top.text, text -> new Missing(top, new HashSet<>())).accepted.add(name);
                }
            } else if (same(stated, value)) {
                if (chosen || before.containsKey(name)) {
                    ours.put(name, !chosen && before.get(name).equals(THEIRS) ? THEIRS : hash(value));
                }
            } else if (!chosen && (THEIRS.equals(before.get(name)) || Choice.names(choice.theirs, name))) {
                ours.put(name, THEIRS);
            } else if (chosen || hash(stated).equals(before.get(name))) {
                edits.add(new Edit(spot.place, value));
                ours.put(name, hash(value));
            } else {
                conflicts.add(new Conflict(spot.place, stated, value, document.line(spot.place)));
                if (before.containsKey(name)) {
                    ours.put(name, before.get(name));
                }
            }
        }
        int set = edits.size() + missing.values().stream().mapToInt(one -> one.accepted.size()).sum();
        missing.forEach((text, one) -> edits.add(new Edit(one.top.place, pruned(one.top, parts.get(text), one.accepted))));
        var going = going(wanted, before, choice);
        var removals = removals(going, wanted.values());
        edits.addAll(removals.edits);
        return new Plan(joined(edits, new Lists(parts, before, ours, wanted)), List.copyOf(conflicts), ours, set, removals.leaves, kept + going.kept + removals.kept);
    }

    /** What {@link #joined} decides by. */
    private record Lists(Map<String, Object> parts, Map<String, String> before, Map<String, String> ours, Map<String, Spot> wanted) {}

    /** A long list that is ours alone is written anew instead of at hundreds of places: each of them takes reading the whole file. */
    private List<Edit> joined(List<Edit> edits, Lists lists) {
        var byList = new LinkedHashMap<Place, List<Edit>>();
        for (var edit : edits) {
            int last = edit.place.steps().size() - 1;
            while (last >= 0 && !(edit.place.steps().get(last) instanceof Place.Item)) {
                last--;
            }
            byList.computeIfAbsent(last < 1 ? edit.place : new Place(edit.place.steps().subList(0, last)), list -> new ArrayList<>()).add(edit);
        }
        var joined = new ArrayList<Edit>();
        byList.forEach((list, all) -> {
            var value = all.size() < MANY ? null : anew(list.toString(), lists);
            joined.addAll(value == null ? all : List.of(new Edit(list, value)));
        });
        return List.copyOf(joined);
    }

    /** @return null where a person has had a hand in the list: a value, a comment */
    private Object anew(String list, Lists lists) {
        var stated = leavesThere.values().stream().filter(spot -> within(spot.text, list)).toList();
        var said = lists.wanted.values().stream().filter(spot -> within(spot.text, list)).toList();
        if (!(lists.parts.get(list) instanceof List<?> fragment) || stated.isEmpty()
                || !stated.stream().allMatch(spot -> hash(there.get(spot.text)).equals(lists.before.get(spot.text)))
                || !said.stream().allMatch(spot -> hash(lists.parts.get(spot.text)).equals(lists.ours.get(spot.text)))) {
            return null;
        }
        int first = document.line(Place.parse(list));
        int last = document.line(stated.get(stated.size() - 1).place);
        boolean isCommented = document.text().lines().skip(Math.max(0, first - 2)).limit(last - first + 3).anyMatch(line -> line.indexOf('#') >= 0);
        var top = said.get(0);
        while (!top.text.equals(list)) {
            top = top.above;
        }
        return isCommented ? null : pruned(top, fragment, said.stream().map(Spot::text).collect(Collectors.toSet()));
    }

    /** The uppermost place that the document does not have, and the values below it that are to be set. */
    private record Missing(Spot top, Set<String> accepted) {}

    private boolean mayBeSet(String names) {
        return own.isEmpty() || own.stream().anyMatch(one -> names.equals(one) || names.startsWith(one + "."));
    }

    /** The uppermost place on the way to this one that the document does not have. */
    private Spot missing(Spot spot) {
        var top = spot;
        while (top.above != Spot.TOP && there.get(top.above.text) == null) {
            top = top.above;
        }
        return top;
    }

    /** Whether we wrote something there, or below: then the person has removed it. */
    private static boolean owns(TreeMap<String, String> owned, String place) {
        for (var end : List.of(".", "[")) {
            var next = owned.ceilingKey(place + end);
            if (next != null && next.startsWith(place + end)) {
                return true;
            }
        }
        return owned.containsKey(place);
    }

    /** What we wrote, is as we wrote it, and the fragment has no more. @param kept the number of those that the person has changed */
    private record Going(Set<String> names, int kept) {}

    private Going going(Map<String, Spot> wanted, Map<String, String> owned, Choice choice) {
        var needed = above(wanted.values());
        var names = new LinkedHashSet<String>();
        int kept = 0;
        for (var one : owned.entrySet()) {
            var name = one.getKey();
            var stated = there.get(name);
            if (wanted.containsKey(name) || one.getValue().equals(THEIRS) || stated == null || needed.contains(name)) {
                continue;
            }
            if (leavesThere.containsKey(name) && (hash(stated).equals(one.getValue()) || Choice.names(choice.ours, name))) {
                names.add(name);
            } else {
                kept++;
            }
        }
        return new Going(names, kept);
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

    private record Removals(Collection<Edit> edits, int leaves, int kept) {}

    /**
     * An element or table goes as a whole where everything in it does. One that the person has added to, or changed, stays as it
     * is: half a model is no model.
     */
    private Removals removals(Going going, Collection<Spot> wanted) {
        if (going.names.isEmpty()) {
            return new Removals(List.of(), 0, 0);
        }
        var needed = above(wanted);
        wanted.forEach(spot -> needed.add(spot.text));
        var staying = above(leavesThere.values().stream().filter(spot -> !going.names.contains(spot.text)).toList());
        var edits = new LinkedHashMap<String, Edit>();
        int kept = 0;
        for (var name : going.names) {
            var top = leavesThere.get(name);
            if (top.above != Spot.TOP && staying.contains(top.above.text) && !needed.contains(top.above.text)) {
                kept++;
                continue;
            }
            while (top.above != Spot.TOP && !staying.contains(top.above.text) && !needed.contains(top.above.text)) {
                top = top.above;
            }
            edits.putIfAbsent(top.text, new Edit(top.place, null));
        }
        return new Removals(edits.values(), going.names.size() - kept, kept);
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
