package lib.model;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.provider.Provider.Field;

/**
 * One model of one provider: what is known of it, each fact with who said it. What is unknown is absent.
 *
 * @param id        verbatim: what one sends to the provider
 * @param facts     in the order of {@link Field}; values by kind: String (TEXT, WORD, DATE as YYYY[-MM[-DD]]), List of String
 *                  (LIST), Long (TOKENS), Boolean (FLAG), BigDecimal (MONEY in USD per 1M tokens, MONEY_EACH in USD), List of
 *                  {@link Tier} (TIERS)
 * @param conflicts where others say something else than the fact that counts, in the order of {@link Field}
 * @param own       what the provider itself says where something else counts; without it nobody could tell when a source falls silent
 */
public record Model(String providerId, String id, Map<Field, Fact> facts, List<Conflict> conflicts, Map<Field, Object> own) {
    /** Of texts, by code point: the order of the bytes in UTF-8, and of other languages' sorted lists. */
    public static final Comparator<String> CODE_POINTS = Model::compareCodePoints;

    /** By provider, then id. */
    public static final Comparator<Model> ORDER = Comparator.comparing(Model::providerId, CODE_POINTS)
            .thenComparing(Model::id, CODE_POINTS);

    /**
     * @param source   the id of an input of the snapshot: the provider's id for its own answer
     * @param inferred the source says it of the model this one is made from, at that model's own maker
     * @param agree    other inputs that say the same, in order of precedence
     */
    public record Fact(Object value, String source, boolean inferred, List<String> agree) {
        public Fact(Object value, String source) {
            this(value, source, false, List.of());
        }
    }

    /**
     * What is charged instead of the usual prices.
     *
     * @param minContext for prompts of more tokens than this; null: whatever their length
     * @param service    standard, priority, flex or batch
     * @param prices     in the model's currency per 1M tokens
     */
    public record Tier(Long minContext, String service, Map<Field, BigDecimal> prices) {
        /** As the schema names them. */
        public Map<String, Object> members() {
            var members = new LinkedHashMap<String, Object>();
            if (minContext != null) {
                members.put("min_context", minContext);
            }
            members.put("service", service);
            prices.forEach((field, amount) -> members.put(field.key(), amount));
            return members;
        }
    }

    /** One field of which sources say different things. @param others without those that agree with the fact that counts */
    public record Conflict(Field field, List<Said> others, Difference difference) {}

    /** @param value of the field's kind */
    public record Said(String source, Object value) {}

    /**
     * ROUNDING: the same amount, written less exactly. TIER: what the other says is right for another prompt length, class of
     * service or side of the limit. STALE: the other is simply older. REAL: one of them is wrong.
     */
    public enum Difference { ROUNDING, TIER, STALE, REAL }

    public Model {
        var ordered = new EnumMap<Field, Fact>(Field.class);
        ordered.putAll(facts);
        facts = Collections.unmodifiableMap(ordered);
        // Nearly always empty, and an EnumMap takes a place for each field.
        own = own.isEmpty() ? Map.of() : Collections.unmodifiableMap(new EnumMap<>(own));
    }

    /** Where nothing of the provider's lost. */
    public Model(String providerId, String id, Map<Field, Fact> facts, List<Conflict> conflicts) {
        this(providerId, id, facts, conflicts, Map.of());
    }

    /** As a provider alone tells it. */
    public Model(String providerId, String id, Map<Field, Fact> facts) {
        this(providerId, id, facts, List.of(), Map.of());
    }

    /** @return null where unknown */
    public Long tokens(Field field) {
        return (Long) value(field);
    }

    /** @return null where unknown */
    public BigDecimal money(Field field) {
        return (BigDecimal) value(field);
    }

    /** @return null where unknown */
    public Boolean flag(Field field) {
        return (Boolean) value(field);
    }

    /** @return null where unknown */
    public String text(Field field) {
        return (String) value(field);
    }

    /** @return empty where unknown */
    @SuppressWarnings("unchecked")
    public List<String> list(Field field) {
        var value = value(field);
        return value == null ? List.of() : (List<String>) value;
    }

    /** @return empty where unknown */
    @SuppressWarnings("unchecked")
    public List<Tier> tiers() {
        var value = value(Field.TIERS);
        return value == null ? List.of() : (List<Tier>) value;
    }

    public Object value(Field field) {
        var fact = facts.get(field);
        return fact == null ? null : fact.value();
    }

    /** What a prompt has to fit into: the context window, else the input limit, else null. */
    public Long contextWindow() {
        var context = tokens(Field.CONTEXT);
        return context != null ? context : tokens(Field.MAX_INPUT);
    }

    /** As UTF-16 is, but for one thing: surrogates, the halves of the highest code points, sort after U+E000 to U+FFFF. */
    private static int compareCodePoints(String a, String b) {
        int common = Math.min(a.length(), b.length());
        for (int i = 0; i < common; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                return Character.isSurrogate(x) == Character.isSurrogate(y) ? x - y : Character.isSurrogate(x) ? 1 : -1;
            }
        }
        return a.length() - b.length();
    }
}
