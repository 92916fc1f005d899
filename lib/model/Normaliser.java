package lib.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import lib.model.Model.Fact;
import lib.model.Stated.Dates;
import lib.model.Stated.Prices;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Provider.Field;
import lib.provider.Provider.Mapping.Condition;
import lib.provider.Provider.Mapping.Pointer;
import lib.provider.Provider.Mapping;
import lib.provider.Provider;

/** Turns one provider's answer into models, by the mapping of its entry alone. What the answer does not say stays unknown. */
public final class Normaliser {
    private static final int LONGEST_TEXT = 2_000;
    private static final int LONGEST_ID = 512;
    private static final BigDecimal MOST_TOKENS = new BigDecimal(100_000_000);
    private static final Pattern TOKENS = Pattern.compile("\\d{1,9}");

    /** What serving software fills in where nobody said who owns the model; no owner, unless the id or the provider says so too. */
    private static final Set<String> PLACEHOLDER_OWNERS = Set.of("system", "owner", "organization_owner", "organization-owner",
            "custom", "library", "unknown", "llamacpp", "openai", "sglang", "vllm");

    /** The schema's modalities in its order, and the other words that the providers use for them. */
    private static final List<String> MODALITIES = List.of("text", "image", "audio", "video", "pdf");
    private static final Map<String, String> MODALITY_WORDS = Map.of("file", "pdf", "files", "pdf", "document", "pdf",
            "documents", "pdf", "images", "image", "videos", "video");

    /** Dates that say when a model came to be: the ones that servers make up. */
    private static final Set<Field> BIRTHS = Set.of(Field.RELEASED, Field.UPDATED);

    private final Provider provider;
    private final Mapping mapping;
    private final Instant fetchedAt;
    /** Null where the answer states no prices. */
    private final BigDecimal perMillion;
    private final Map<Field, List<Pointer>> places;
    private final Map<Field, List<Condition>> flags;
    private final List<Mapping.Rule> mode;
    private final List<Mapping.Rule> status;

    private Normaliser(Provider provider, Collection<JsonNode> items, Instant fetchedAt) {
        this.provider = provider;
        this.mapping = provider.mapping();
        this.fetchedAt = fetchedAt;
        this.perMillion = mapping.price() == null ? null : Prices.perMillion(mapping.price());
        // The defaults are one union for all providers, of which any one answer has few members: the rest need not be looked for.
        var members = new HashSet<String>();
        items.forEach(item -> item.fieldNames().forEachRemaining(members::add));
        this.places = new EnumMap<>(Field.class);
        mapping.fields().forEach((field, all) -> keep(places, field, all, p -> isThere(p, members) && !isVolatile(p)
                && !(BIRTHS.contains(field) && isServerTime(p, items))));
        places.remove(Field.ID);
        this.flags = new EnumMap<>(Field.class);
        mapping.flags().forEach((field, all) -> keep(flags, field, all, c -> isThere(c.path(), members) && isSteady(c)));
        this.mode = mapping.mode().stream().filter(rule -> isReadable(rule, members)).toList();
        this.status = mapping.status().stream().filter(rule -> isReadable(rule, members)).toList();
    }

    /**
     * @param answer    all pages, and the second API where there is one; not changed
     * @param fetchedAt when it was made: a release date of that moment is none
     * @return sorted by id, in the order of code points
     * @throws Listing.NotAListing where the answer holds no list at the place the entry names
     */
    public static List<Model> models(Provider provider, JsonNode answer, Instant fetchedAt) throws Listing.NotAListing {
        var items = new LinkedHashMap<String, JsonNode>();
        var offer = provider.mapping().offer();
        Listing.read(answer, provider.mapping()).items()
                .forEach((id, item) -> items.put(id, offer == null ? item : withOffer(item, offer)));
        var normaliser = new Normaliser(provider, items.values(), fetchedAt);
        return items.entrySet().stream().map(e -> normaliser.model(e.getKey(), e.getValue(), refused -> {})).sorted(Model.ORDER).toList();
    }

    /** @param refused how many values stand where a number should, and are no usable one: prose, negative or absurd */
    record Understood(Model model, int refused) {}

    /** The same of items that were taken from a catalogue, in any order; the ids are the keys. */
    static Map<String, Understood> understood(Provider source, Map<String, JsonNode> items, Instant fetchedAt) {
        var normaliser = new Normaliser(source, items.values(), fetchedAt);
        var models = new HashMap<String, Understood>();
        items.forEach((id, item) -> {
            var refused = new ArrayList<JsonNode>(0);
            models.put(id, new Understood(normaliser.model(id, item, refused::add), refused.size()));
        });
        return models;
    }

    /**
     * Whether the model is to be offered where one chats. Where the mode is unknown, it is, unless the model is known to
     * answer with anything but text, or its id is one that the entry's {@code not_chat} patterns know.
     */
    public static boolean offeredAsChat(Provider provider, Model model) {
        var mode = model.text(Field.MODE);
        if (mode != null) {
            return mode.equals("chat") || mode.equals("responses");
        }
        var output = model.list(Field.OUTPUT_MODALITIES);
        return (output.isEmpty() || output.contains("text"))
                && provider.mapping().notChat().stream().noneMatch(p -> p.matcher(model.id()).find());
    }

    /** A copy that shows the chosen offer as {@code /offer}; a member of that name that the provider sent is hidden. */
    private static JsonNode withOffer(JsonNode item, Mapping.Offer offer) {
        var copy = JsonNodeFactory.instance.objectNode();
        copy.setAll((ObjectNode) item);
        copy.remove("offer");
        var offers = Json.first(item, offer.from());
        JsonNode chosen = null;
        if (offers != null && offers.isArray()) {
            for (var one : offers) {
                long has = offer.having().stream().filter(p -> Json.first(one, p) != null).count();
                if (has == offer.having().size()) {
                    chosen = one;
                    break;
                }
                chosen = chosen == null && has > 0 ? one : chosen;
            }
        }
        return chosen == null ? copy : copy.set("offer", chosen);
    }

    private static <T> void keep(Map<Field, List<T>> kept, Field field, List<T> all, Predicate<T> wanted) {
        var some = all.stream().filter(wanted).toList();
        if (!some.isEmpty()) {
            kept.put(field, some);
        }
    }

    private static boolean isThere(Pointer path, Set<String> members) {
        return path.tokens().isEmpty() || members.contains(path.tokens().get(0));
    }

    private boolean isReadable(Mapping.Rule rule, Set<String> members) {
        return rule.when() != null ? isThere(rule.when().path(), members) && isSteady(rule.when())
                : isThere(rule.path(), members) && !isVolatile(rule.path());
    }

    private boolean isVolatile(Pointer path) {
        return mapping.volatileFields().stream().anyMatch(v -> path.tokens().size() >= v.tokens().size()
                && path.tokens().subList(0, v.tokens().size()).equals(v.tokens()));
    }

    private boolean isSteady(Condition condition) {
        return !isVolatile(condition.path()) && (condition.guard() == null || isSteady(condition.guard()));
    }

    /** A constant, or the time of the request, on every model: {@code created} is that for every third provider. */
    private static boolean isServerTime(Pointer path, Collection<JsonNode> items) {
        return Dates.oneMoment(items.stream().flatMap(item -> Json.all(item, path).stream().limit(1))
                .map(Dates::read).filter(Objects::nonNull).toList());
    }

    /** @param refused is given each value that is meant as a number and is no usable one */
    private Model model(String id, JsonNode item, Consumer<JsonNode> refused) {
        var facts = new EnumMap<Field, Fact>(Field.class);
        places.forEach((field, all) -> {
            for (var place : all) {
                var value = value(field, id, Json.all(item, place), refused);
                if (value != null) {
                    state(facts, field, value);
                    return;
                }
            }
        });
        flags.forEach((field, questions) -> state(facts, field, answer(field, item, questions)));
        state(facts, Field.MODE, word(mode, item, mapping.modes()::get));
        state(facts, Field.STATUS, word(status, item, Normaliser::status));
        var prices = Prices.of(item, mapping.price(), perMillion, mapping.complete(), refused);
        prices.forEach((field, amount) -> state(facts, field, amount));
        if (!prices.isEmpty()) {
            state(facts, Field.CURRENCY, mapping.price().currency());
            var tiers = Prices.tiers(item, mapping.price(), perMillion, refused);
            state(facts, Field.TIERS, tiers.isEmpty() ? null : tiers);
        }
        return new Model(provider.id(), id, facts);
    }

    private void state(Map<Field, Fact> facts, Field field, Object value) {
        if (value != null) {
            facts.put(field, new Fact(value, provider.id()));
        }
    }

    /** @return what the values found at one place come to, null if nothing usable is among them */
    private Object value(Field field, String id, List<JsonNode> found, Consumer<JsonNode> refused) {
        if (found.isEmpty()) {
            return null;
        }
        return switch (field.kind()) {
            case TEXT -> found.stream().map(v -> text(field, id, v)).filter(Objects::nonNull).findFirst().orElse(null);
            case DATE -> found.stream().map(Dates::read).filter(Objects::nonNull)
                    .filter(d -> !BIRTHS.contains(field) || !d.isAbout(fetchedAt))
                    .map(Dates.Date::text).findFirst().orElse(null);
            case LIST -> switch (field) {
                case INPUT_MODALITIES, OUTPUT_MODALITIES -> modalities(field, found);
                default -> texts(id, found);
            };
            case TOKENS -> found.stream().map(v -> tokens(v, refused)).filter(Objects::nonNull).max(Long::compare).orElse(null);
            case WORD, FLAG, MONEY, MONEY_EACH, TIERS -> null;
        };
    }

    private String text(Field field, String id, JsonNode value) {
        var text = usable(value, LONGEST_TEXT);
        if (text == null) {
            return null;
        }
        return switch (field) {
            case CANONICAL_ID -> text.equals(id) ? null : text;
            case OWNED_BY -> PLACEHOLDER_OWNERS.contains(text) && !text.equals(provider.id()) && !id.startsWith(text + "/")
                    ? null : text;
            // some link to the model's page instead of naming it
            case HUGGING_FACE_ID -> text.replaceFirst("^https://[^/]+/", "");
            default -> text;
        };
    }

    /** @return without surrounding white space; null if blank, too long, or holding what no name holds */
    private static String usable(JsonNode value, int longest) {
        if (!value.isTextual() || value.textValue().length() > longest) {
            return null;
        }
        var text = value.textValue().strip();
        return text.isEmpty() || text.codePoints().anyMatch(c -> Character.isISOControl(c) || c >= 0xD800 && c <= 0xDFFF)
                ? null : text;
    }

    private static List<String> texts(String id, List<JsonNode> found) {
        var texts = new LinkedHashSet<String>();
        for (var value : found) {
            for (var one : value.isArray() ? value : List.of(value)) {
                texts.add(usable(one, LONGEST_ID));
            }
        }
        texts.remove(null);
        texts.remove(id);
        return texts.isEmpty() ? null : List.copyOf(texts);
    }

    /** A list of words, or a text such as {@code text+image} or {@code text+image->text}, of which the field's side counts. */
    private static List<String> modalities(Field field, List<JsonNode> found) {
        var known = new TreeSet<Integer>();
        for (var value : found) {
            for (var one : value.isArray() ? value : List.of(value)) {
                var text = one.isTextual() && one.textValue().length() <= LONGEST_ID ? one.textValue() : "";
                int arrow = text.indexOf("->");
                var side = arrow < 0 ? text : field == Field.INPUT_MODALITIES ? text.substring(0, arrow) : text.substring(arrow + 2);
                for (var word : side.toLowerCase(Locale.ROOT).split("[^a-z]+")) {
                    known.add(MODALITIES.indexOf(MODALITY_WORDS.getOrDefault(word, word)));
                }
            }
        }
        known.remove(-1);
        return known.isEmpty() ? null : known.stream().map(MODALITIES::get).toList();
    }

    /** @return null unless it is a whole number above 0, as a number or in digits; 1e999999999 is not written out to see */
    static Long tokens(JsonNode value, Consumer<JsonNode> refused) {
        var tokens = value == null ? null : tokens(value);
        if (tokens == null && value != null && Stated.isMeantAsNumber(value)) {
            refused.accept(value);
        }
        return tokens;
    }

    private static Long tokens(JsonNode value) {
        var number = value.isNumber() ? value.decimalValue()
                : value.isTextual() && TOKENS.matcher(value.textValue()).matches() ? new BigDecimal(value.textValue()) : null;
        if (number == null || number.signum() <= 0 || number.compareTo(MOST_TOKENS) > 0 || number.scale() > 40) {
            return null;
        }
        return number.stripTrailingZeros().scale() > 0 ? null : (Long) number.longValue();
    }

    private Boolean answer(Field field, JsonNode item, List<Condition> questions) {
        for (var question : questions) {
            var answer = Json.ask(item, question, mapping.complete());
            // "not the price I was looking for" does not make a model one that costs: only is_free=false says that
            if (answer != null && (answer || field != Field.FREE || question.test() == Condition.Test.TRUE)) {
                return answer;
            }
        }
        return null;
    }

    private String word(List<Mapping.Rule> rules, JsonNode item, UnaryOperator<String> meaning) {
        for (var rule : rules) {
            if (rule.when() != null) {
                if (Boolean.TRUE.equals(Json.ask(item, rule.when(), mapping.complete()))) {
                    return rule.result();
                }
            } else {
                for (var value : Json.all(item, rule.path())) {
                    var word = value.isTextual() ? meaning.apply(value.textValue()) : null;
                    if (word != null) {
                        return word;
                    }
                }
            }
        }
        return null;
    }

    private static String status(String stated) {
        var word = stated.length() > 20 ? "" : stated.toLowerCase(Locale.ROOT);
        return Mapping.STATUSES.contains(word) ? word : null;
    }
}

/** How dates and amounts are read from answers: just as they are stated, or not at all. */
final class Stated {
    /** 0 and an empty text are how many write that they do not know. */
    private static final Pattern NOTHING = Pattern.compile("\\s*[-0.]*\\s*");

    private Stated() {}

    /** Whether something is said where a number should stand, be it one or not. */
    static boolean isMeantAsNumber(JsonNode value) {
        return value.isNumber() ? value.decimalValue().signum() != 0
                : value.isTextual() && !NOTHING.matcher(value.textValue()).matches();
    }

    /**
     * Dates as providers state them: seconds or milliseconds since 1970, as number or digits, ISO 8601 date and time, or a
     * year, month or day. Many state the moment of the request, or 0, instead; such a value is no date.
     */
    static final class Dates {
        /** Before it there was no model worth a date; from it on the providers mean "never". */
        private static final int FIRST_YEAR = 2015;
        private static final int END_YEAR = 2090;

        /** Above this a number counts milliseconds: as seconds it would be the year 5138. */
        private static final long MOST_SECONDS = 100_000_000_000L;

        /** How far a server's clock and one answer's making may be away from our time of fetching. */
        private static final Duration ONE_MOMENT = Duration.ofMinutes(10);

        private static final Pattern DIGITS = Pattern.compile("\\d{9,13}");
        private static final Pattern ISO = Pattern.compile("(\\d{4})(?:-(\\d{2})(?:-(\\d{2})([T ].{1,30})?)?)?");

        private Dates() {}

        /**
         * @param text    YYYY, YYYY-MM or YYYY-MM-DD (UTC), as exact as it was stated
         * @param at      its beginning
         * @param hasTime whether the time of day was stated too, so that {@code at} can be the moment of the request
         */
        record Date(String text, Instant at, boolean hasTime) {
            boolean isAbout(Instant moment) {
                return hasTime && Duration.between(at, moment).abs().compareTo(ONE_MOMENT) <= 0;
            }
        }

        /** @return null where the value is no date between 2015 and 2089 */
        static Date read(JsonNode value) {
            if (value.isNumber()) {
                return value.isIntegralNumber() ? value.canConvertToLong() ? unix(value.longValue()) : null
                        : unix(value.decimalValue());
            }
            if (!value.isTextual() || value.textValue().length() > 40) {
                return null;
            }
            var text = value.textValue().strip();
            return DIGITS.matcher(text).matches() ? unix(Long.parseLong(text)) : iso(text);
        }

        /** Three or more models that all came into being within ten minutes were dated by the server, not by their maker. */
        static boolean oneMoment(List<Date> all) {
            if (all.size() < 3) {
                return false;
            }
            var first = all.stream().map(Date::at).min(Instant::compareTo).orElseThrow();
            var last = all.stream().map(Date::at).max(Instant::compareTo).orElseThrow();
            return Duration.between(first, last).compareTo(ONE_MOMENT) <= 0;
        }

        /** Guarded, because the integer part of a hostile 1e999999999 would fill the memory. */
        private static Date unix(BigDecimal number) {
            return Math.abs((long) number.scale()) > 40 || number.toBigInteger().bitLength() > 62
                    ? null : unix(number.longValue());
        }

        private static Date unix(long number) {
            if (number <= 0 || number > MOST_SECONDS * 1000) {
                return null;
            }
            var at = number > MOST_SECONDS ? Instant.ofEpochMilli(number) : Instant.ofEpochSecond(number);
            return day(at);
        }

        private static Date day(Instant at) {
            var day = LocalDate.ofInstant(at, ZoneOffset.UTC);
            return inRange(day.getYear()) ? new Date(day.toString(), at, true) : null;
        }

        private static Date iso(String text) {
            var parts = ISO.matcher(text);
            if (!parts.matches() || !inRange(Integer.parseInt(parts.group(1)))) {
                return null;
            }
            try {
                var at = parts.group(4) == null ? null : time(text);
                if (at != null) {
                    return day(at);
                }
                var day = LocalDate.of(Integer.parseInt(parts.group(1)), number(parts.group(2)), number(parts.group(3)));
                var stated = parts.group(4) == null ? text : day.toString();
                return new Date(stated, day.atStartOfDay(ZoneOffset.UTC).toInstant(), false);
            } catch (DateTimeException e) {
                return null; // the 30th of February is as good as no date
            }
        }

        private static int number(String twoDigits) {
            return twoDigits == null ? 1 : Integer.parseInt(twoDigits);
        }

        /** @return null where the time of day is written in a way of its own; the day counts then */
        private static Instant time(String text) {
            var iso = text.replace(' ', 'T').toUpperCase(Locale.ROOT);
            try {
                return OffsetDateTime.parse(iso).toInstant();
            } catch (DateTimeException noOffset) {
                try {
                    return LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC);
                } catch (DateTimeException ownWay) {
                    return null;
                }
            }
        }

        private static boolean inRange(int year) {
            return year >= FIRST_YEAR && year < END_YEAR;
        }
    }

    /**
     * What a model costs, exactly: no binary fraction, no rounding, no currency conversion. An empty amount, a negative one
     * (routers say -1 for "it depends") and prose are unknown; a stated 0 is 0, unless the entry says that it means nothing.
     */
    static final class Prices {
        /** The longest real amount has 20 digits. Beyond these bounds a number is hostile, and must never be written out. */
        private static final int MOST_DIGITS = 40;
        private static final BigDecimal HIGHEST = new BigDecimal("1E9");
        /** Below it a million tokens cost less than anybody could ever be billed for. */
        private static final BigDecimal LOWEST = new BigDecimal("1E-9");

        private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);
        private static final Pattern AMOUNT = Pattern.compile("\\$?\\s?((?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d{1,2})?)");

        private Prices() {}

        /** What an amount for tokens is multiplied by. */
        static BigDecimal perMillion(Mapping.Price price) {
            return MILLION.divide(BigDecimal.valueOf(price.perTokens())).multiply(price.scale());
        }

        /**
         * @param perMillion of the same price: it is the same for all models
         * @return USD (or the entry's currency) per 1M tokens, or a piece, by schema field; stripped of trailing zeros
         */
        static Map<Field, BigDecimal> of(JsonNode item, Mapping.Price price, BigDecimal perMillion, List<Pointer> complete,
                Consumer<JsonNode> refused) {
            if (price == null || price.when() != null && !Boolean.TRUE.equals(Json.ask(item, price.when(), complete))) {
                return Map.of();
            }
            return amounts(item, price.parts(), price, perMillion, refused);
        }

        private static Map<Field, BigDecimal> amounts(JsonNode item, Map<Field, List<Pointer>> parts, Mapping.Price price,
                BigDecimal perMillion, Consumer<JsonNode> refused) {
            var found = new EnumMap<Field, BigDecimal>(Field.class);
            parts.forEach((field, places) -> {
                var factor = field.kind() == Field.Kind.MONEY ? perMillion : price.scale();
                for (var place : places) {
                    var amount = cheapest(Json.all(item, place), factor, price.zeroUnknown(), refused);
                    if (amount != null) {
                        found.put(field, amount);
                        return;
                    }
                }
            });
            return found;
        }

        /** In the entry's order, and by bound where the answer lists them. */
        static List<Model.Tier> tiers(JsonNode item, Mapping.Price price, BigDecimal perMillion, Consumer<JsonNode> refused) {
            var tiers = new ArrayList<Model.Tier>();
            for (var tier : price.tiers()) {
                var from = tier.from() == null ? item : Json.first(item, tier.from());
                if (from == null) {
                    continue;
                }
                for (var one : from.isArray() ? from : List.of(from)) {
                    var bound = tier.bound() == null ? tier.minContext() : Normaliser.tokens(Json.first(one, tier.bound()), refused);
                    var prices = amounts(one, tier.parts(), price, perMillion, refused);
                    if (!prices.isEmpty() && (bound != null || tier.bound() == null)) {
                        tiers.add(new Model.Tier(bound, tier.service() == null ? "standard" : tier.service(), prices));
                    }
                }
            }
            tiers.sort(Comparator.comparing((Model.Tier tier) -> Mapping.SERVICES.indexOf(tier.service()))
                    .thenComparing(tier -> tier.minContext() == null ? 0 : tier.minContext()));
            return List.copyOf(tiers);
        }

        /** Of several amounts the least above 0, because a 0 among prices is an offer that did not say; else 0; else null. */
        private static BigDecimal cheapest(List<JsonNode> stated, BigDecimal factor, boolean zeroUnknown,
                Consumer<JsonNode> refused) {
            BigDecimal best = null;
            for (var value : stated) {
                var amount = amount(value, factor);
                if (amount == null && isMeantAsNumber(value)) {
                    refused.accept(value);
                }
                if (amount == null || zeroUnknown && amount.signum() == 0) {
                    continue;
                }
                if (best == null || best.signum() == 0 || amount.signum() > 0 && amount.compareTo(best) < 0) {
                    best = amount;
                }
            }
            return best;
        }

        private static BigDecimal amount(JsonNode value, BigDecimal factor) {
            var stated = value.isNumber() ? value.decimalValue() : value.isTextual() ? parse(value.textValue()) : null;
            if (stated == null || stated.signum() < 0) {
                return null;
            }
            if (stated.signum() == 0) {
                return BigDecimal.ZERO;
            }
            if (stated.precision() > MOST_DIGITS || Math.abs((long) stated.scale()) > MOST_DIGITS) {
                return null;
            }
            var amount = stated.multiply(factor);
            return amount.compareTo(HIGHEST) > 0 || amount.compareTo(LOWEST) < 0 ? null : amount.stripTrailingZeros();
        }

        private static BigDecimal parse(String text) {
            if (text.length() > 2 * MOST_DIGITS) {
                return null;
            }
            var amount = AMOUNT.matcher(text.strip());
            return amount.matches() ? new BigDecimal(amount.group(1)) : null;
        }
    }
}
