package lib.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.provider.Field;
import lib.provider.Listing;

/**
 * What happened to models from one snapshot to another, by the values of facts: who states them is no change of a model, nor
 * are its name, family and dates of release. {@link ChangeLog} is the same over time.
 */
public final class Changes {
    /** How long a model may stay away before it counts as removed, where nobody says otherwise. */
    public static final Duration GRACE = Duration.ofHours(72);

    /** By kind. */
    private static final List<Field> WATCHED = Stream.of(Field.values()).filter(field -> kind(field) != null)
            .sorted(Comparator.comparing(Changes::kind)).toList();
    /** What is told of a model that is new. */
    private static final List<Field> KEY_FACTS = List.of(Field.CONTEXT, Field.MAX_INPUT, Field.COST_INPUT, Field.COST_OUTPUT,
            Field.CURRENCY);

    private static final DateTimeFormatter MINUTE = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** By provider and id; of one model what became of it before its facts. */
    static final Comparator<Change> ORDER = Comparator.comparing(Change::provider, Model.CODE_POINTS)
            .thenComparing(change -> change.id() == null ? "" : change.id(), Model.CODE_POINTS).thenComparing(Change::kind);

    private Changes() {}

    /**
     * MISSING: it was there and is not now; that it is REMOVED is said when it stayed away. The last four are of single facts.
     * PROVIDER_REMOVED: nothing at all is known of it any more, for example because the other machine asks other providers.
     */
    public enum Kind {
        PROVIDER_ADDED("provider added", "providers added"), PROVIDER_REMOVED("provider gone", "providers gone"),
        ADDED("model added", "models added"), MISSING("missing", "missing"), BACK("back", "back"), REMOVED("removed", "removed"),
        LIFECYCLE("lifecycle fact", "lifecycle facts"), PRICE("price", "prices"), LIMIT("limit", "limits"),
        CAPABILITY("capability", "capabilities");

        private final String one;
        private final String many;

        Kind(String one, String many) {
            this.one = one;
            this.many = many;
        }

        /** As files name it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        public boolean ofFact() {
            return compareTo(LIFECYCLE) >= 0;
        }

        /** {@code +}, {@code -} or {@code ~}. */
        public String sign() {
            return ofFact() ? "~" : this == PROVIDER_ADDED || this == ADDED || this == BACK ? "+" : "-";
        }
    }

    /**
     * @param id      null for a provider as a whole
     * @param field   of a fact; else null
     * @param tier    which tier's price it is: {@code flex}, {@code >200000} for longer prompts; null for the usual one
     * @param from    of a fact its value (see {@link Model}), null for unknown; of a provider the number of its models; where a model
     *                is MISSING, BACK or REMOVED since when it was missing (Instant), null where that is not known
     * @param to      likewise; of an ADDED model what is known of its size and price, schema name to value
     * @param percent from one price to another in the same currency, rounded to tenths; null where there is no such number
     */
    public record Change(Kind kind, String provider, String id, Field field, String tier, Object from, Object to, BigDecimal percent) {
        static Change of(Kind kind, String provider, String id, Object from, Object to) {
            return new Change(kind, provider, id, null, null, from, to, null);
        }

        /** Whether a price moved by so many percent; from 0 to anything is more than any. @param way 1 up, -1 down, 0 either */
        public boolean moved(BigDecimal atLeast, int way) {
            if (!(from instanceof BigDecimal was) || !(to instanceof BigDecimal is) || percent == null && was.signum() != 0) {
                return false;
            }
            var by = is.subtract(was);
            return by.signum() * way >= 0 && by.abs().scaleByPowerOfTen(2).compareTo(was.multiply(atLeast)) >= 0;
        }

        /** One line for people, fit to print: {@code ~ openai/gpt-5 input price 1.25 -> 1.00 (-20 %)}. */
        public String line() {
            return kind.sign() + " " + subject() + " " + what(Listing::visible);
        }

        /** Provider and model, fit to print. */
        public String subject() {
            return Listing.visible(provider) + (id == null ? "" : "/" + Listing.visible(id));
        }

        /** What happened to it, for people. @param quote makes texts of strangers fit for the place where they will stand */
        public String what(UnaryOperator<String> quote) {
            return switch (kind) {
                case PROVIDER_ADDED -> "(new provider" + models(to) + ")";
                case PROVIDER_REMOVED -> "(the whole provider" + models(from) + ")";
                case ADDED -> size(to, quote);
                case MISSING -> "missing" + since(from);
                case BACK -> "back" + (from == null ? "" : ", was missing" + since(from));
                case REMOVED -> "removed" + (from == null ? "" : ", missing" + since(from));
                default -> label(field) + (tier == null ? "" : " [" + quote.apply(tier) + "]") + " " + shown(from, quote)
                        + " -> " + shown(to, quote)
                        + (percent == null ? "" : " (" + (percent.signum() > 0 ? "+" : "") + percent.toPlainString() + " %)");
            };
        }

        /** As in models/changes.jsonl: a fact's {@code from} and {@code to} are always there, of the rest only what is known. */
        public ObjectNode json() {
            var json = JsonNodeFactory.instance.objectNode().put("change", kind.word()).put("provider", provider);
            putKnown(json, "id", id);
            putKnown(json, "field", field == null ? null : field.schema());
            putKnown(json, "tier", tier);
            if (kind.ofFact()) {
                json.set("from", node(from));
                json.set("to", node(to));
            } else {
                putKnown(json, "from", from);
                putKnown(json, "to", to);
            }
            if (percent != null) {
                json.put("percent", percent);
            }
            return json;
        }
    }

    /** @return sorted; never BACK nor REMOVED, which only {@link ChangeLog} knows */
    public static List<Change> between(Snapshot from, Snapshot to) {
        var changes = new ArrayList<Change>();
        var before = providers(from);
        var after = providers(to);
        after.forEach((id, models) -> {
            if (!before.containsKey(id) && models > 0) {
                changes.add(Change.of(Kind.PROVIDER_ADDED, id, null, null, models));
            }
        });
        before.forEach((id, models) -> {
            if (!after.containsKey(id) && models > 0) {
                changes.add(Change.of(Kind.PROVIDER_REMOVED, id, null, models, null));
            }
        });
        var old = from.models();
        var now = to.models();
        for (int i = 0, j = 0; i < old.size() || j < now.size();) {
            int order = i == old.size() ? 1 : j == now.size() ? -1 : Model.ORDER.compare(old.get(i), now.get(j));
            if (order == 0) {
                facts(old.get(i), now.get(j), changes);
            } else if (order < 0 && after.containsKey(old.get(i).providerId())) {
                changes.add(Change.of(Kind.MISSING, old.get(i).providerId(), old.get(i).id(), null, null));
            } else if (order > 0 && before.containsKey(now.get(j).providerId())) {
                changes.add(Change.of(Kind.ADDED, now.get(j).providerId(), now.get(j).id(), null, keyFacts(now.get(j))));
            }
            i = order <= 0 ? next(old, i) : i;
            j = order >= 0 ? next(now, j) : j;
        }
        changes.sort(ORDER);
        return changes;
    }

    /** Those that answered, to the number of their models: one that listed none is known all the same. */
    private static Map<String, Long> providers(Snapshot snapshot) {
        var counts = new HashMap<String, Long>();
        snapshot.inputs().forEach(input -> counts.put(input.id(), 0L));
        snapshot.models().forEach(model -> counts.merge(model.providerId(), 1L, Long::sum));
        return counts;
    }

    /** Past the model and its doubles, which a merge by hand can leave; the first counts. */
    private static int next(List<Model> models, int at) {
        int next = at + 1;
        while (next < models.size() && Model.ORDER.compare(models.get(at), models.get(next)) == 0) {
            next++;
        }
        return next;
    }

    private static Map<String, Object> keyFacts(Model model) {
        var known = new LinkedHashMap<String, Object>();
        KEY_FACTS.stream().filter(field -> model.value(field) != null).forEach(field -> known.put(field.schema(), model.value(field)));
        return known.isEmpty() ? null : known;
    }

    /** @return null where a change of this field is not worth telling */
    private static Kind kind(Field field) {
        var schema = field.schema();
        return schema.startsWith("cost.") || field == Field.FREE ? Kind.PRICE : schema.startsWith("limits.") ? Kind.LIMIT
                : schema.startsWith("lifecycle.") ? Kind.LIFECYCLE
                : schema.startsWith("capabilities.") || schema.startsWith("modalities.") || schema.startsWith("reasoning_options.")
                ? Kind.CAPABILITY : null;
    }

    private static void facts(Model old, Model now, List<Change> changes) {
        for (var field : WATCHED) {
            var was = old.value(field);
            var is = now.value(field);
            if (same(was, is)) {
                continue;
            }
            var currencies = List.of(String.valueOf(old.text(Field.CURRENCY)), String.valueOf(now.text(Field.CURRENCY)));
            boolean comparable = currencies.contains("null") || currencies.get(0).equals(currencies.get(1));
            if (field == Field.TIERS) {
                tiers(old, now, comparable, changes);
            } else if (field != Field.CURRENCY || !comparable) {
                changes.add(fact(now, field, null, was, is, comparable));
            }
        }
    }

    private static Change fact(Model model, Field field, String tier, Object was, Object is, boolean comparable) {
        var percent = comparable && was instanceof BigDecimal a && is instanceof BigDecimal b && a.signum() != 0 ? percent(a, b) : null;
        return new Change(kind(field), model.providerId(), model.id(), field, tier, was, is, percent);
    }

    private static BigDecimal percent(BigDecimal was, BigDecimal is) {
        var rounded = is.subtract(was).scaleByPowerOfTen(2).divide(was, 1, RoundingMode.HALF_UP).stripTrailingZeros();
        return rounded.scale() < 0 ? rounded.setScale(0) : rounded;
    }

    private static boolean same(Object was, Object is) {
        return was instanceof BigDecimal a && is instanceof BigDecimal b ? a.compareTo(b) == 0
                : Objects.equals(was, is)
                || was instanceof List<?> a && is instanceof List<?> b && new HashSet<>(a).equals(new HashSet<>(b));
    }

    private static void tiers(Model old, Model now, boolean comparable, List<Change> changes) {
        var was = byLabel(old);
        var is = byLabel(now);
        Stream.concat(is.keySet().stream(), was.keySet().stream()).distinct().forEach(label -> {
            var before = was.getOrDefault(label, Map.of());
            var after = is.getOrDefault(label, Map.of());
            WATCHED.stream().filter(field -> !same(before.get(field), after.get(field)))
                    .forEach(field -> changes.add(fact(now, field, label, before.get(field), after.get(field), comparable)));
        });
    }

    private static Map<String, Map<Field, BigDecimal>> byLabel(Model model) {
        var prices = new LinkedHashMap<String, Map<Field, BigDecimal>>();
        for (var tier : model.tiers()) {
            var service = tier.service().equals("standard") && tier.minContext() != null ? "" : tier.service();
            prices.putIfAbsent((service + (tier.minContext() == null ? "" : " >" + tier.minContext())).strip(), tier.prices());
        }
        return prices;
    }

    private static void putKnown(ObjectNode json, String name, Object value) {
        if (value != null) {
            json.set(name, node(value));
        }
    }

    private static JsonNode node(Object value) {
        var make = JsonNodeFactory.instance;
        if (value instanceof List<?> list) {
            var array = make.arrayNode();
            list.forEach(one -> array.add(node(one)));
            return array;
        }
        if (value instanceof Map<?, ?> map) {
            var object = make.objectNode();
            map.forEach((name, one) -> object.set(name.toString(), node(one)));
            return object;
        }
        return value == null ? make.nullNode() : value instanceof Long number ? make.numberNode(number)
                : value instanceof Boolean flag ? make.booleanNode(flag)
                : make.textNode(value instanceof BigDecimal amount ? amount.stripTrailingZeros().toPlainString() : value.toString());
    }

    /** {@code 2 models added, 1 missing, 3 prices (1 up, 2 down)}; {@code nothing} where there is nothing. */
    public static String summary(Collection<Change> changes) {
        var parts = new ArrayList<String>();
        for (var kind : Kind.values()) {
            var some = changes.stream().filter(change -> change.kind() == kind).toList();
            if (!some.isEmpty()) {
                parts.add(some.size() + " " + (some.size() == 1 ? kind.one : kind.many) + ways(some));
            }
        }
        return parts.isEmpty() ? "nothing" : String.join(", ", parts);
    }

    /** Lines of Markdown, a list for each provider. Texts of strangers stand in code spans: nothing there is markup, mention or link. */
    public static List<String> markdown(List<Change> changes) {
        var lines = new ArrayList<String>();
        String provider = null;
        for (var change : changes) {
            if (!change.provider().equals(provider)) {
                lines.addAll(provider == null ? List.of() : List.of(""));
                provider = change.provider();
                lines.addAll(List.of("### " + code(provider), ""));
            }
            lines.add("- " + (change.kind() == Kind.ADDED ? "added " : "") + (change.id() == null ? "" : code(change.id()) + " ")
                    + change.what(Changes::code));
        }
        return changes.isEmpty() ? List.of("Nothing changed.") : lines;
    }

    /** Between more backticks than it holds. */
    private static String code(String text) {
        var visible = Listing.visible(text);
        var fence = "`";
        while (visible.contains(fence)) {
            fence += "`";
        }
        var space = fence.length() > 1 || visible.isBlank() ? " " : "";
        return fence + space + visible + space + fence;
    }

    private static String ways(List<Change> some) {
        long up = some.stream().filter(change -> change.percent() != null && change.percent().signum() > 0).count();
        long down = some.stream().filter(change -> change.percent() != null && change.percent().signum() < 0).count();
        var words = Stream.of(up == 0 ? "" : up + " up", down == 0 ? "" : down + " down").filter(word -> !word.isEmpty()).toList();
        return words.isEmpty() ? "" : " (" + String.join(", ", words) + ")";
    }

    private static String label(Field field) {
        var leaf = field.schema().substring(field.schema().indexOf('.') + 1).replace('_', ' ');
        return switch (field) {
            case CONTEXT -> "context window";
            case MAX_INPUT, MAX_OUTPUT -> "max " + leaf + " tokens";
            case DEFAULT_OUTPUT -> leaf + " tokens";
            case INPUT_MODALITIES, OUTPUT_MODALITIES -> leaf + " modalities";
            case REASONING_KINDS, REASONING_EFFORTS -> "reasoning " + leaf;
            case TOOLS, PARALLEL_TOOLS -> leaf + "ing";
            default -> leaf + (field.isMoney() ? " price" : "");
        };
    }

    private static String shown(Object value, UnaryOperator<String> quote) {
        if (value instanceof BigDecimal amount) {
            var plain = amount.stripTrailingZeros();
            return plain.setScale(Math.max(2, plain.scale())).toPlainString();
        }
        return value == null ? "unknown" : value instanceof Long number ? String.format(Locale.ROOT, "%,d", number)
                : value instanceof Boolean flag ? flag ? "yes" : "no"
                : quote.apply(value instanceof List<?> list ? list.stream().map(String::valueOf).collect(Collectors.joining(", "))
                        : value.toString());
    }

    private static String models(Object count) {
        return !(count instanceof Long number) ? "" : String.format(Locale.ROOT, ", %,d model%s", number, number == 1 ? "" : "s");
    }

    private static String since(Object from) {
        return from instanceof Instant then ? " since " + MINUTE.format(then) : "";
    }

    /** {@code (131,072 context, $0.59/$0.79)}. */
    private static String size(Object facts, UnaryOperator<String> quote) {
        var known = facts instanceof Map<?, ?> map ? map : Map.of();
        var context = known.get(Field.CONTEXT.schema()) != null ? known.get(Field.CONTEXT.schema()) : known.get(Field.MAX_INPUT.schema());
        var parts = new ArrayList<String>();
        if (context != null) {
            parts.add(shown(context, quote) + " context");
        }
        if (known.get(Field.COST_INPUT.schema()) != null || known.get(Field.COST_OUTPUT.schema()) != null) {
            var currency = known.get(Field.CURRENCY.schema());
            boolean dollars = currency == null || currency.equals("USD");
            parts.add(Stream.of(Field.COST_INPUT, Field.COST_OUTPUT).map(field -> known.get(field.schema()))
                    .map(amount -> amount == null ? "?" : (dollars ? "$" : "") + shown(amount, quote)).collect(Collectors.joining("/"))
                    + (dollars ? "" : " " + shown(currency, quote)));
        }
        return parts.isEmpty() ? "(new)" : "(" + String.join(", ", parts) + ")";
    }
}
