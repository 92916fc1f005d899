package lib.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.model.Changes.Change;
import lib.model.Changes.Kind;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Provider.Field;

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

    /**
     * {@code models/changes.jsonl}: one change per line, after each fetch more of them. Since when a model is missing follows from
     * its last line that tells of its coming and going, so a checkout of {@code models/} is all that a machine needs to know it.
     * A line that is none (half-written, or left by a merge) is passed over.
     */
    public static final class ChangeLog {
        private static final Pattern AMOUNT = Pattern.compile("\\d{1,40}(\\.\\d{1,80})?");
        private static final int MOST_DIGITS = 100;
        private static final List<String> OF_FACTS = Stream.of(Kind.values()).filter(Kind::ofFact)
                .map(kind -> "\"change\":\"" + kind.word() + "\"").toList();

        /** @param at when it was noticed, to the second */
        public record Logged(Instant at, Change change) {}

        private record Key(String provider, String id) {}

        private final Path file;
        private final List<String> lines = new ArrayList<>();
        /** The last line of each model about its coming and going. */
        private final Map<Key, Logged> last = new HashMap<>();
        private String damage;
        /** The file's bytes, and how many of them are whole lines: less where a killed run left a part of one. */
        private long size;
        private long whole;
        /** Whether the last line is whole but for its end. */
        private boolean openEnd;

        private ChangeLog(Path file) {
            this.file = file;
        }

        /** A file that is not there is an empty log; so is one that cannot be read, see {@link #damage()}. */
        public static ChangeLog open(Path file) {
            var log = new ChangeLog(file);
            try {
                log.read(Files.readAllBytes(file));
            } catch (NoSuchFileException e) {
                log.size = 0;
            } catch (IOException e) {
                log.damage = file + " cannot be read (" + e.getClass().getSimpleName() + "); what is missing since when is not known";
            }
            return log;
        }

        private void read(byte[] content) {
            size = content.length;
            int wrong = 0;
            for (int start = 0, number = 1; start < content.length; number++) {
                int stop = start;
                while (stop < content.length && content[stop] != '\n') {
                    stop++;
                }
                boolean ended = stop < content.length;
                var line = new String(content, start, stop - start, StandardCharsets.UTF_8);
                boolean understood = line.isBlank() || take(line, ended);
                if (!understood && !ended) {
                    damage = (damage == null ? file + ": " : damage + "; ") + "the last line is cut off and is left out";
                    return;
                }
                if (!understood && wrong++ == 0) {
                    damage = file + ":" + number + ": this line is no change and is passed over";
                }
                whole = ended ? stop + 1 : stop;
                start = stop + 1;
            }
            damage = wrong > 1 ? damage + " (and " + (wrong - 1) + " more)" : damage;
            openEnd = content.length > 0 && content[content.length - 1] != '\n';
        }

        /** Lines of facts are the most by far, and only understood when somebody looks at them. @return false where it is no change */
        private boolean take(String line, boolean ended) {
            if (!ended || OF_FACTS.stream().noneMatch(line::contains)) {
                var logged = parse(line);
                if (logged == null) {
                    return false;
                }
                note(logged);
            }
            lines.add(line);
            return true;
        }

        private void note(Logged logged) {
            if (logged.change().id() != null && !logged.change().kind().ofFact()) {
                last.put(new Key(logged.change().provider(), logged.change().id()), logged);
            }
        }

        /** What was wrong with the file, one line for people; null where nothing was. */
        public String damage() {
            return damage;
        }

        /** @return the last line about the model's coming and going if it went; null where it is there, or was never heard of */
        public Logged away(String provider, String id) {
            var logged = last.get(new Key(provider, id));
            return logged != null && isAway(logged) ? logged : null;
        }

        /** Provider to the ids of its models that are away. */
        public Map<String, Set<String>> away() {
            var away = new HashMap<String, Set<String>>();
            last.forEach((key, logged) -> {
                if (isAway(logged)) {
                    away.computeIfAbsent(key.provider(), provider -> new HashSet<>()).add(key.id());
                }
            });
            return away;
        }

        private static boolean isAway(Logged logged) {
            return logged.change().kind() == Kind.MISSING || logged.change().kind() == Kind.REMOVED;
        }

        private static Instant since(Logged logged) {
            return logged.change().from() instanceof Instant since ? since : logged.change().kind() == Kind.MISSING ? logged.at() : null;
        }

        /**
         * What a fetch has to tell and to {@link #append}: the changes it made, with models that were away as BACK, and as REMOVED
         * those that stayed away.
         *
         * @param answered the providers that this fetch heard of: silence is no proof that a model is still missing
         */
        public List<Change> settle(Collection<Change> between, Snapshot now, Set<String> answered, Duration grace, Instant at) {
            var settled = new ArrayList<>(between);
            settled.removeIf(change -> (change.kind() == Kind.ADDED || change.kind() == Kind.MISSING)
                    && away(change.provider(), change.id()) != null);
            last.forEach((key, logged) -> {
                var since = since(logged);
                if (isAway(logged) && Collections.binarySearch(now.models(), new Model(key.provider(), key.id(), Map.of()), Model.ORDER) >= 0) {
                    settled.add(Change.of(Kind.BACK, key.provider(), key.id(), since, null));
                } else if (logged.change().kind() == Kind.MISSING && answered.contains(key.provider())) {
                    // Missing since a time to come: the clock was wrong then, or is now, and the grace begins anew.
                    if (since.isAfter(at)) {
                        settled.add(Change.of(Kind.MISSING, key.provider(), key.id(), null, null));
                    } else if (Duration.between(since, at).compareTo(grace) > 0) {
                        settled.add(Change.of(Kind.REMOVED, key.provider(), key.id(), since, null));
                    }
                }
            });
            settled.sort(Changes.ORDER);
            return settled;
        }

        /** Changes up to the present, with what the log knows of comings and goings: BACK for ADDED, since when MISSING, or REMOVED. */
        public List<Change> explain(Collection<Change> changes, Duration grace, Instant now) {
            return changes.stream().map(change -> {
                var logged = last.get(new Key(change.provider(), change.id()));
                if (logged == null || change.kind() != Kind.ADDED && change.kind() != Kind.MISSING) {
                    return change;
                }
                var since = since(logged);
                if (change.kind() == Kind.ADDED) {
                    return logged.change().kind() == Kind.ADDED ? change
                            : Change.of(Kind.BACK, change.provider(), change.id(), since, change.to());
                }
                boolean removed = logged.change().kind() == Kind.REMOVED || since != null && Duration.between(since, now).compareTo(grace) > 0;
                return isAway(logged) ? Change.of(removed ? Kind.REMOVED : Kind.MISSING, change.provider(), change.id(), since, null) : change;
            }).sorted(Changes.ORDER).toList();
        }

        /** Adds a line for each; a part of a line that a killed run left is taken away first. */
        public void append(Collection<Change> changes, Instant at) throws IOException {
            if (changes.isEmpty()) {
                return;
            }
            var text = new StringBuilder(openEnd ? "\n" : "");
            for (var change : changes) {
                var logged = new Logged(at.truncatedTo(ChronoUnit.SECONDS), change);
                var json = JsonNodeFactory.instance.objectNode().put("at", logged.at().toString());
                lines.add(json.setAll(change.json()).toString());
                text.append(lines.get(lines.size() - 1)).append('\n');
                note(logged);
            }
            Files.createDirectories(file.getParent());
            if (whole < size) {
                try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(channel.size() == size ? whole : channel.size());
                }
            }
            // In one piece at the end, wherever that is by now: another run may have added lines meanwhile.
            try (var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                for (var bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8)); bytes.hasRemaining();) {
                    channel.write(bytes);
                }
                size = channel.size();
                whole = size;
                openEnd = false;
            }
        }

        /** What happened last, the newest first, each thing once. */
        public List<Logged> latest(int most) {
            var latest = new LinkedHashSet<Logged>();
            for (int i = lines.size() - 1; i >= 0 && latest.size() < most; i--) {
                var logged = parse(lines.get(i));
                if (logged != null) {
                    latest.add(logged);
                }
            }
            return List.copyOf(latest);
        }

        /** @return null where the line is no change */
        private static Logged parse(String line) {
            try {
                var json = Json.parse(line.getBytes(StandardCharsets.UTF_8));
                var kind = Kind.valueOf(json.path("change").asText().toUpperCase(Locale.ROOT));
                var provider = json.path("provider").textValue();
                var id = json.path("id").textValue();
                var field = Field.ofSchema(json.path("field").asText());
                boolean ofProvider = kind == Kind.PROVIDER_ADDED || kind == Kind.PROVIDER_REMOVED;
                if (provider == null || (id == null) != ofProvider || (field != null) != kind.ofFact()) {
                    return null;
                }
                return new Logged(time(json.path("at").asText()), new Change(kind, provider, id, field, json.path("tier").textValue(),
                        value(field, json.path("from")), value(field, json.path("to")), percent(json.path("percent"))));
            } catch (JsonProcessingException | DateTimeException | IllegalArgumentException e) {
                return null;
            }
        }

        /** @param field null for what is no fact: a number of models, a time, or the key facts of a new model */
        private static Object value(Field field, JsonNode json) {
            if (json.isObject()) {
                var facts = new LinkedHashMap<String, Object>();
                json.properties().stream().filter(e -> Field.ofSchema(e.getKey()) != null)
                        .forEach(e -> facts.put(e.getKey(), value(Field.ofSchema(e.getKey()), e.getValue())));
                return facts;
            }
            if (json.isArray()) {
                var list = new ArrayList<String>();
                json.forEach(one -> list.add(one.asText()));
                return list;
            }
            if (!json.isTextual()) {
                return json.isBoolean() ? (Object) json.booleanValue()
                        : json.isIntegralNumber() && json.canConvertToLong() ? json.longValue() : null;
            }
            var text = json.textValue();
            return field == null ? time(text) : !field.isMoney() ? text : AMOUNT.matcher(text).matches() ? new BigDecimal(text) : null;
        }

        /** Years of four digits: of others not every instant is a date. */
        private static Instant time(String text) {
            if (text.indexOf('-') != 4) {
                throw new DateTimeException("no time of ours");
            }
            return Instant.parse(text);
        }

        private static BigDecimal percent(JsonNode json) {
            var number = json.isNumber() ? json.decimalValue() : null;
            return number == null || Math.abs((long) number.scale()) + number.precision() > MOST_DIGITS ? null : number;
        }
    }
}
