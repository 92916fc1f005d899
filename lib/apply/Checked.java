package lib.apply;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import lib.apply.Document.Place;

/**
 * A document of whose text somebody knows how to write it anew for another tree. A change holds only if the new text
 * reads as the tree that is wanted, to the last value, and is the old text outside of what the change may reach.
 */
final class Checked implements Document {
    private static final Object NOTHING = new Object();
    private static final int DEEPEST = 100;

    /** A text that was read. A path is made of the names of members and the indexes of elements. */
    interface Parsed {
        Map<String, Object> tree();

        List<Leaf> leaves();

        /** Where the value at the path begins and ends, or the nearest above it. */
        int[] span(List<Object> path);

        /**
         * @param removal whether what is left empty may go as well
         * @param marks   the members by which tables in a list are known, the foremost first
         */
        String edited(Map<String, Object> wanted, boolean removal, List<String> marks) throws Refused;
    }

    /** @throws Refused where the text is not sound */
    interface Reader {
        Parsed read(String text) throws Refused;
    }

    private final Reader reader;
    private final String bom;
    private String text;
    private Parsed parsed;

    Checked(String whole, Reader reader) throws Refused {
        this.reader = reader;
        this.bom = whole.startsWith("\uFEFF") ? "\uFEFF" : "";
        this.text = whole.substring(bom.length());
        this.parsed = read(text);
    }

    private Parsed read(String changed) throws Refused {
        try {
            var read = reader.read(changed);
            if (depth(read.tree()) <= DEEPEST) {
                return read;
            }
        } catch (StackOverflowError e) {
            // the reader's, of a thousand brackets
        }
        throw new Refused(0, "its values are nested more than " + DEEPEST + " levels deep");
    }

    private static int depth(Object value) {
        Collection<?> values = value instanceof Map<?, ?> map ? map.values() : value instanceof List<?> list ? list : List.of();
        int depth = 0;
        for (var inner : values) {
            depth = Math.max(depth, 1 + depth(inner));
        }
        return depth;
    }

    @Override
    public Object get(Place place) {
        return at(parsed.tree(), place);
    }

    private static Object at(Object tree, Place place) {
        var at = tree;
        for (var step : place.steps()) {
            at = child(at, step);
        }
        return at;
    }

    @Override
    public int line(Place place) {
        return line(text, parsed.span(path(parsed.tree(), place))[0]);
    }

    static int line(String text, int offset) {
        return 1 + (int) text.chars().limit(offset).filter(c -> c == '\n').count();
    }

    @Override
    public void set(Place place, Object value) throws Refused {
        change(List.of(place), with(parsed.tree(), place, value), false);
    }

    @Override
    public void remove(Place place) throws Refused {
        change(List.of(place), without(parsed.tree(), place), true);
    }

    /** The file is written once for all that is set in a row, and once for all that is removed. */
    @Override
    public void all(List<Merge.Edit> edits) throws Refused {
        for (int i = 0; i < edits.size();) {
            boolean removal = edits.get(i).value() == null;
            var places = new ArrayList<Place>();
            Object wanted = parsed.tree();
            for (; i < edits.size() && removal == (edits.get(i).value() == null); i++) {
                var place = edits.get(i).place();
                wanted = removal ? without(wanted, place) : with(wanted, place, edits.get(i).value());
                places.add(place);
            }
            change(places, wanted, removal);
        }
    }

    @Override
    public String text() {
        return bom + text;
    }

    @Override
    public Map<String, Object> tree() {
        return parsed.tree();
    }

    @Override
    public List<Leaf> leaves() {
        int mark = bom.length();
        return parsed.leaves().stream().map(leaf -> new Leaf(leaf.path(), leaf.value(), leaf.start() + mark, leaf.end() + mark)).toList();
    }

    private Object with(Object tree, Place place, Object value) throws Refused {
        requireWritable(place, value);
        if (place.last() instanceof Place.Item && !(value instanceof Map)) {
            throw new IllegalArgumentException("an element that is known by a member is a table: " + place);
        }
        for (var step : place.steps()) {
            requireWritable(place, step instanceof Place.Key key ? key.name() : ((Place.Item) step).value());
        }
        requireWay(tree, place, true);
        var wanted = put(tree, place.steps(), value);
        if (place.last() instanceof Place.Key && !same(at(wanted, place), value)) {
            throw new Refused(line(place), "the element would no longer be found by its name");
        }
        return wanted;
    }

    private Object without(Object tree, Place place) throws Refused {
        requireWay(tree, place, false);
        return path(tree, place).size() < place.steps().size() ? tree : put(tree, place.steps(), NOTHING);
    }

    /** @param fit whether what is on the way has to be a table or list as the place says */
    private void requireWay(Object tree, Place place, boolean fit) throws Refused {
        var at = tree;
        for (int i = 0; i < place.steps().size() && at != null; i++) {
            var step = place.steps().get(i);
            var above = new Place(place.steps().subList(0, i));
            if (fit && !(step instanceof Place.Key ? at instanceof Map : at instanceof List)) {
                throw new Refused(line(above), (step instanceof Place.Key ? "a table" : "a list") + " is needed here, not another value");
            }
            if (step instanceof Place.Item item && index(at, item, 0) >= 0 && index(at, item, index(at, item, 0) + 1) >= 0) {
                throw new Refused(line(above), "the list has more than one element of that name");
            }
            at = child(at, step);
        }
    }

    @SuppressWarnings("unchecked")
    private void change(List<Place> places, Object wanted, boolean removal) throws Refused {
        if (same(parsed.tree(), wanted)) {
            return;
        }
        var marks = new LinkedHashSet<String>();
        places.stream().flatMap(place -> place.steps().stream()).filter(Place.Item.class::isInstance)
                .forEach(step -> marks.add(((Place.Item) step).key()));
        marks.addAll(List.of("id", "name"));
        var changed = parsed.edited((Map<String, Object>) wanted, removal, List.copyOf(marks));
        int line = line(places.get(0));
        Parsed after;
        try {
            after = read(changed);
        } catch (Refused e) {
            throw new Refused(line, "this cannot be changed without breaking the file");
        }
        boolean reads = same(after.tree(), wanted) || removal && same(after.tree(), pruned(wanted, after.tree(), places));
        if (!reads || !kept(changed, places)) {
            throw new Refused(line, "this cannot be changed without changing more, as it is written");
        }
        text = changed;
        parsed = after;
    }

    /** Whether the text is the old one outside of the table or list that the only change is in. */
    private boolean kept(String changed, List<Place> places) {
        if (places.size() > 1) {
            return true;
        }
        var above = path(parsed.tree(), places.get(0));
        var span = parsed.span(above.subList(0, Math.min(above.size(), places.get(0).steps().size() - 1)));
        var before = text.substring(0, span[0]).stripTrailing();
        var behind = text.substring(span[1]);
        return changed.length() >= before.length() + behind.length() && changed.startsWith(before) && changed.endsWith(behind);
    }

    /** The tree wanted without what was left empty, and was there only by its members: a table that their dots made. */
    private static Object pruned(Object wanted, Object there, List<Place> places) {
        var tree = wanted;
        for (var place : places) {
            for (var above = place.parent(); !above.steps().isEmpty(); above = above.parent()) {
                var left = at(tree, above);
                boolean empty = left instanceof Map<?, ?> map ? map.isEmpty() : left instanceof List<?> list && list.isEmpty();
                tree = empty && at(there, above) == null ? put(tree, above.steps(), NOTHING) : tree;
            }
        }
        return tree;
    }

    private static Object child(Object at, Place.Step step) {
        if (step instanceof Place.Key key) {
            return at instanceof Map<?, ?> map ? map.get(key.name()) : null;
        }
        int found = index(at, (Place.Item) step, 0);
        return found < 0 ? null : ((List<?>) at).get(found);
    }

    /** From there on the first element that is meant, or -1. */
    private static int index(Object at, Place.Item item, int from) {
        var list = at instanceof List<?> elements ? elements : List.of();
        for (int i = from; i < list.size(); i++) {
            if (list.get(i) instanceof Map<?, ?> map && item.value().equals(map.get(item.key()))) {
                return i;
            }
        }
        return -1;
    }

    /** As far as there is something. */
    private static List<Object> path(Object tree, Place place) {
        var path = new ArrayList<Object>();
        var at = tree;
        for (var step : place.steps()) {
            if (step instanceof Place.Key key && at instanceof Map<?, ?> map && map.containsKey(key.name())) {
                path.add(key.name());
            } else if (step instanceof Place.Item item && index(at, item, 0) >= 0) {
                path.add(index(at, item, 0));
            } else {
                break;
            }
            at = child(at, step);
        }
        return path;
    }

    /** The tree with this value at the place, or without it; what is not on the way there is shared. */
    private static Object put(Object at, List<Place.Step> steps, Object value) {
        if (steps.isEmpty()) {
            return value;
        }
        var rest = steps.subList(1, steps.size());
        if (steps.get(0) instanceof Place.Key key) {
            var table = new LinkedHashMap<Object, Object>(at == null ? Map.of() : (Map<?, ?>) at);
            var below = put(table.get(key.name()), rest, value);
            if (below == NOTHING) {
                table.remove(key.name());
            } else {
                table.put(key.name(), below);
            }
            return table;
        }
        var item = (Place.Item) steps.get(0);
        var list = at == null ? new ArrayList<Object>() : new ArrayList<Object>((List<?>) at);
        int found = index(list, item, 0);
        var named = new LinkedHashMap<Object, Object>(Map.of(item.key(), item.value()));
        var below = put(found < 0 ? named : list.get(found), rest, value);
        if (rest.isEmpty() && below instanceof Map<?, ?> members) {
            named.putAll(members);
            named.put(item.key(), item.value());
            below = named;
        }
        if (found < 0) {
            list.add(below);
        } else if (below == NOTHING) {
            list.remove(found);
        } else {
            list.set(found, below);
        }
        return list;
    }

    /** Numbers by their value: with a fraction of zero or none, and no finer than a double, as which TOML's are read. */
    static boolean same(Object one, Object other) {
        if (one == other) {
            return true;
        }
        if (one instanceof Map<?, ?> a && other instanceof Map<?, ?> b) {
            boolean same = a.keySet().equals(b.keySet());
            for (var key : a.keySet()) {
                same = same && same(a.get(key), b.get(key));
            }
            return same;
        }
        if (one instanceof List<?> a && other instanceof List<?> b) {
            boolean same = a.size() == b.size();
            for (int i = 0; same && i < a.size(); i++) {
                same = same(a.get(i), b.get(i));
            }
            return same;
        }
        if (exact(one) != null && exact(other) != null) {
            var a = exact(one);
            var b = exact(other);
            return a.compareTo(b) == 0 || a.scale() > 0 && b.scale() > 0 && a.doubleValue() == b.doubleValue();
        }
        return one != null && one.equals(other);
    }

    private static BigDecimal exact(Object value) {
        return value instanceof Long number ? BigDecimal.valueOf(number) : value instanceof BigDecimal number ? number : null;
    }

    /** A lone surrogate, as an escape in somebody's JSON can make it, would be stored as a question mark. */
    private void requireWritable(Place place, Object value) throws Refused {
        if (value instanceof Map<?, ?> map) {
            for (var entry : map.entrySet()) {
                requireWritable(place, entry.getKey());
                requireWritable(place, entry.getValue());
            }
        } else if (value instanceof List<?> list) {
            for (var element : list) {
                requireWritable(place, element);
            }
        } else if (value instanceof String string && !StandardCharsets.UTF_8.newEncoder().canEncode(string)) {
            throw new Refused(line(place), "a text that is to be written holds half a character");
        } else if (!(value instanceof String || value instanceof Boolean || exact(value) != null)) {
            throw new IllegalArgumentException("no value for a config file: " + value);
        }
    }
}
