package lib.provider;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import lib.provider.Provider.Mapping;
import lib.provider.Provider.Mapping.Condition;
import lib.provider.Provider.Mapping.Pointer;

/** How a {@link Mapping} is written in providers.yaml: in {@code defaults} and beside the other keys of every entry. */
final class MappingGrammar {
    /** What there is without any {@code defaults}: the list as OpenAI writes it. */
    static final Mapping PLAIN = new Mapping(new Mapping.Items(Mapping.Shape.ARRAY, Pointer.parse("/data")), Set.of(), null,
            Map.of(Field.ID, List.of(Pointer.parse("/id"))), Map.of(), List.of(), List.of(), Map.of(), List.of(), List.of(),
            List.of(), null, null);

    private static final List<String> UNITS = List.of("token", "1K", "1M");
    private static final long[] TOKENS_PER_UNIT = {1, 1_000, 1_000_000};
    private static final Pattern CURRENCY = Pattern.compile("[A-Z]{3}");
    private static final int LONGEST_NUMBER = 20;

    private static final Map<String, Field> FIELDS = new HashMap<>();
    private static final Map<String, Field> AMOUNTS = new HashMap<>();
    /** Every key of a mapping. */
    static final Set<String> KEYS = new LinkedHashSet<>(List.of("items", "skip", "offer", "modes", "complete", "not_chat",
            "volatile", "price", "provider_of"));
    private static final Set<String> PRICE_KEYS = new LinkedHashSet<>(List.of("per", "scale", "when", "zero", "currency", "tiers"));

    static {
        for (var field : Field.values()) {
            if (field != Field.CURRENCY && field != Field.TIERS && !Field.PERSONAL.contains(field)) {
                (field.isMoney() ? AMOUNTS : FIELDS).put(field.key(), field);
                (field.isMoney() ? PRICE_KEYS : KEYS).add(field.key());
            }
        }
    }

    private static final Set<String> TIER_KEYS = new LinkedHashSet<>(AMOUNTS.keySet());

    static {
        TIER_KEYS.addAll(List.of("from", "above", "service"));
    }

    private MappingGrammar() {}

    /** @param base what holds for keys that {@code members} do not have; other keys than {@link #KEYS} are passed over */
    static Mapping read(Map<String, Yaml.Member> members, Mapping base) {
        var items = base.items();
        var skip = base.skip();
        var offer = base.offer();
        var paths = new EnumMap<Field, List<Pointer>>(Field.class);
        paths.putAll(base.fields());
        var flags = new EnumMap<Field, List<Condition>>(Field.class);
        flags.putAll(base.flags());
        var mode = base.mode();
        var status = base.status();
        var modes = base.modes();
        var complete = base.complete();
        var notChat = base.notChat();
        var volatileFields = base.volatileFields();
        var price = base.price();
        var providerOf = base.providerOf();
        for (var member : members.values()) {
            switch (member.key()) {
                case "items" -> items = items(member);
                case "skip" -> skip = Collections.unmodifiableSet(new LinkedHashSet<>(texts(member)));
                case "offer" -> offer = offer(member);
                case "mode" -> mode = rules(member, Mapping.MODES);
                case "status" -> status = rules(member, Mapping.STATUSES);
                case "modes" -> modes = modes(member, modes);
                case "complete" -> complete = pointers(member);
                case "not_chat" -> notChat = each(member, MappingGrammar::pattern);
                case "volatile" -> volatileFields = pointers(member);
                case "price" -> price = price(member);
                case "provider_of" -> providerOf = member.isNull() ? null : pointer(member);
                default -> field(member, paths, flags);
            }
        }
        if (items.shape() == Mapping.Shape.ARRAY && paths.get(Field.ID) == null) {
            var culprit = members.get("id") != null ? members.get("id") : members.get("items");
            throw culprit.error("id must not be empty unless items is \"{}\"");
        }
        return new Mapping(items, skip, offer, Collections.unmodifiableMap(paths), Collections.unmodifiableMap(flags), mode,
                status, modes, complete, notChat, volatileFields, price, providerOf);
    }

    private static void field(Yaml.Member member, Map<Field, List<Pointer>> paths, Map<Field, List<Condition>> flags) {
        var field = FIELDS.get(member.key());
        if (field == null) {
            return;
        }
        if (field.kind() == Field.Kind.FLAG) {
            put(flags, field, each(member, MappingGrammar::condition));
        } else {
            put(paths, field, pointers(member));
        }
    }

    /** An empty list switches a field off. */
    private static <T> void put(Map<Field, List<T>> map, Field field, List<T> places) {
        if (places.isEmpty()) {
            map.remove(field);
        } else {
            map.put(field, places);
        }
    }

    private static Mapping.Items items(Yaml.Member member) {
        var text = member.isNull() ? null : member.scalar().text("items");
        if (text == null) {
            return PLAIN.items();
        }
        if (text.startsWith("{}/")) {
            return new Mapping.Items(Mapping.Shape.NESTED, at(member.scalar(), "items", t -> path(t.substring(2))));
        }
        return text.equals("{}") ? new Mapping.Items(Mapping.Shape.MAP, null)
                : new Mapping.Items(Mapping.Shape.ARRAY, at(member.scalar(), "items", MappingGrammar::path));
    }

    private static Mapping.Offer offer(Yaml.Member member) {
        if (member.isNull()) {
            return null;
        }
        var table = member.table().only(List.of("from", "having"), "offer");
        return new Mapping.Offer(pointer(required(table, "from", member)), pointers(required(table, "having", member)));
    }

    static Yaml.Member required(Yaml.Table table, String key, Yaml.Member owner) {
        var member = table.get(key);
        if (member == null || member.isNull()) {
            throw owner.error(owner.key() + " needs " + key);
        }
        return member;
    }

    private static Map<String, String> modes(Yaml.Member member, Map<String, String> base) {
        var modes = new LinkedHashMap<>(base);
        for (var each : member.table().members().values()) {
            if (each.isNull()) {
                modes.remove(each.key());
            } else {
                modes.put(each.key(), word(each.scalar(), each.key(), Mapping.MODES));
            }
        }
        return Collections.unmodifiableMap(modes);
    }

    private static List<Mapping.Rule> rules(Yaml.Member member, List<String> results) {
        var rules = new ArrayList<Mapping.Rule>();
        for (var scalar : member.scalars()) {
            var text = scalar.text(member.key());
            int arrow = text.indexOf("=>");
            if (arrow < 0) {
                rules.add(new Mapping.Rule(null, at(scalar, member.key(), MappingGrammar::path), null));
                continue;
            }
            var when = at(scalar, member.key(), t -> condition(t.substring(0, arrow).strip()));
            rules.add(new Mapping.Rule(when, null, known(text.substring(arrow + 2).strip(), scalar.at(), member.key(), results)));
        }
        return Collections.unmodifiableList(rules);
    }

    private static Mapping.Price price(Yaml.Member member) {
        var table = member.table().only(PRICE_KEYS, "price");
        var parts = new EnumMap<Field, List<Pointer>>(Field.class);
        for (var each : table.members().values()) {
            var field = AMOUNTS.get(each.key());
            if (field != null) {
                put(parts, field, pointers(each));
            }
        }
        if (parts.isEmpty()) {
            if (!table.members().isEmpty()) {
                throw member.error("price names no amount, such as input: /pricing/input");
            }
            return null;
        }
        var per = table.get("per");
        var scale = table.get("scale");
        var when = table.get("when");
        var zero = table.get("zero");
        var currency = table.get("currency");
        return new Mapping.Price(Collections.unmodifiableMap(parts),
                per == null ? 1_000_000 : TOKENS_PER_UNIT[UNITS.indexOf(word(per.scalar(), "per", UNITS))],
                scale == null ? BigDecimal.ONE : factor(scale),
                when == null ? null : at(when.scalar(), "when", MappingGrammar::condition),
                zero != null && word(zero.scalar(), "zero", List.of("unknown")) != null,
                currency == null ? "USD" : currency(currency),
                table.get("tiers") == null ? List.of() : tiers(table.get("tiers")));
    }

    private static List<Mapping.Tier> tiers(Yaml.Member member) {
        var tiers = new ArrayList<Mapping.Tier>();
        for (var element : member.tables()) {
            var table = element.only(TIER_KEYS, "tiers");
            var from = table.get("from");
            var bound = table.get("above");
            var service = table.get("service");
            var parts = new EnumMap<Field, List<Pointer>>(Field.class);
            for (var each : table.members().values()) {
                if (AMOUNTS.get(each.key()) != null) {
                    put(parts, AMOUNTS.get(each.key()), pointers(each));
                }
            }
            boolean fixed = bound != null && bound.scalar().text("above").matches("[1-9][0-9]{0,8}");
            if (parts.isEmpty() || bound == null && service == null) {
                throw table.at().error("a tier needs above (tokens, or where they are stated) or service, and an amount such as input");
            }
            tiers.add(new Mapping.Tier(from == null ? null : pointer(from), bound == null || fixed ? null : pointer(bound),
                    fixed ? Long.valueOf(bound.scalar().text("above")) : null,
                    service == null ? null : word(service.scalar(), "service", Mapping.SERVICES), Collections.unmodifiableMap(parts)));
        }
        return Collections.unmodifiableList(tiers);
    }

    private static BigDecimal factor(Yaml.Member member) {
        var text = member.text();
        try {
            // Short and written out: 1e999999999 is a valid BigDecimal that nobody can multiply with.
            if (text != null && text.length() <= LONGEST_NUMBER && text.indexOf('e') < 0 && text.indexOf('E') < 0) {
                var factor = new BigDecimal(text);
                if (factor.signum() > 0) {
                    return factor;
                }
            }
        } catch (NumberFormatException e) {
            throw notAFactor(member);
        }
        throw notAFactor(member);
    }

    private static ConfigError notAFactor(Yaml.Member member) {
        return member.error(member.key() + " must be a number above 0, written out, such as 0.0001");
    }

    private static String currency(Yaml.Member member) {
        var text = member.text();
        if (text == null || !CURRENCY.matcher(text).matches()) {
            throw member.error("currency must be an ISO 4217 code such as USD");
        }
        return text;
    }

    static Pointer pointer(Yaml.Member member) {
        return at(member.scalar(), member.key(), MappingGrammar::path);
    }

    /** A path in providers.yaml, and no condition written without its spaces. */
    private static Pointer path(String text) {
        var pointer = Pointer.parse(text);
        if (text.indexOf(' ') >= 0 || text.indexOf('=') >= 0) {
            throw new IllegalArgumentException("'" + text + "' is not a path: it holds a space or =");
        }
        return pointer;
    }

    /** A question in providers.yaml, and no path that was meant to be one. */
    static Condition condition(String text) {
        var condition = Condition.parse(text);
        for (var each = condition; each != null; each = each.guard()) {
            if (each.path().text().indexOf(' ') >= 0 || each.path().text().indexOf('=') >= 0) {
                throw new IllegalArgumentException("'" + text + "' is no question: write /path, /path = value or /path ~ text");
            }
        }
        return condition;
    }

    static List<Pointer> pointers(Yaml.Member member) {
        return each(member, MappingGrammar::path);
    }

    private static Pattern pattern(String text) {
        try {
            return Pattern.compile(text, Pattern.CASE_INSENSITIVE);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("'" + text + "' is not a regular expression: " + e.getDescription());
        }
    }

    private static List<String> texts(Yaml.Member member) {
        return each(member, Function.identity());
    }

    static <T> List<T> each(Yaml.Member member, Function<String, T> parse) {
        var scalars = member.scalars();
        var parsed = new ArrayList<T>(scalars.size());
        for (var scalar : scalars) {
            parsed.add(at(scalar, member.key(), parse));
        }
        return Collections.unmodifiableList(parsed);
    }

    /** Parses and says where, if it cannot. */
    static <T> T at(Yaml.Scalar scalar, String key, Function<String, T> parse) {
        try {
            return parse.apply(scalar.text(key));
        } catch (IllegalArgumentException e) {
            throw scalar.at().error(key + ": " + e.getMessage());
        }
    }

    /** One of a fixed set of words. */
    static String word(Yaml.Scalar scalar, String key, List<String> words) {
        return known(scalar.text(key), scalar.at(), key, words);
    }

    private static String known(String text, Yaml.At at, String key, List<String> words) {
        if (!words.contains(text)) {
            throw at.error(key + ": '" + Listing.visible(text) + "' is not one of " + String.join(", ", words)
                    + ConfigError.didYouMean(text, words));
        }
        return text;
    }
}
