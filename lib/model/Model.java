package lib.model;

import java.math.BigDecimal;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import lib.provider.Field;

/**
 * One model of one provider: what is known of it, each fact with who said it. What is unknown is absent.
 *
 * @param id    verbatim: what one sends to the provider
 * @param facts in the order of {@link Field}; values by kind: String (TEXT, WORD, DATE as YYYY[-MM[-DD]]), List of String
 *              (LIST), Long (TOKENS), Boolean (FLAG), BigDecimal (MONEY in USD per 1M tokens, MONEY_EACH in USD)
 */
public record Model(String providerId, String id, Map<Field, Fact> facts) {
    /** Of texts, by code point: the order of the bytes in UTF-8, and of other languages' sorted lists. */
    public static final Comparator<String> CODE_POINTS = Model::compareCodePoints;

    /** By provider, then id. */
    public static final Comparator<Model> ORDER = Comparator.comparing(Model::providerId, CODE_POINTS)
            .thenComparing(Model::id, CODE_POINTS);

    /** @param source the id of an input of the snapshot: the provider's id for its own answer */
    public record Fact(Object value, String source) {}

    public Model {
        var ordered = new EnumMap<Field, Fact>(Field.class);
        ordered.putAll(facts);
        facts = java.util.Collections.unmodifiableMap(ordered);
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
