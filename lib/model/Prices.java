package lib.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import lib.provider.Field;
import lib.provider.Mapping;
import lib.provider.Pointer;
import lib.provider.Values;

/**
 * What a model costs, exactly: no binary fraction, no rounding, no currency conversion. An empty amount, a negative one
 * (routers say -1 for "it depends") and prose are unknown; a stated 0 is 0, unless the entry says that it means nothing.
 */
final class Prices {
    /** The longest real amount has 20 digits. Beyond these bounds a number is hostile, and must never be written out. */
    private static final int MOST_DIGITS = 40;
    private static final BigDecimal HIGHEST = new BigDecimal("1E9");

    private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);
    private static final Pattern AMOUNT = Pattern.compile("\\$?\\s?((?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d{1,2})?)");

    private Prices() {}

    /** @return USD (or the entry's currency) per 1M tokens, or a piece, by schema field; stripped of trailing zeros */
    static Map<Field, BigDecimal> of(JsonNode item, Mapping.Price price, List<Pointer> complete) {
        var found = new EnumMap<Field, BigDecimal>(Field.class);
        if (price == null || price.when() != null && !Boolean.TRUE.equals(Values.ask(item, price.when(), complete))) {
            return found;
        }
        var perMillion = MILLION.divide(BigDecimal.valueOf(price.perTokens())).multiply(price.scale());
        price.parts().forEach((field, places) -> {
            var factor = field.kind() == Field.Kind.MONEY ? perMillion : price.scale();
            for (var place : places) {
                var amount = cheapest(Values.all(item, place), factor, price.zeroUnknown());
                if (amount != null) {
                    found.put(field, amount);
                    return;
                }
            }
        });
        return found;
    }

    /** Of several amounts the least above 0, because a 0 among prices is an offer that did not say; else 0; else null. */
    private static BigDecimal cheapest(List<JsonNode> stated, BigDecimal factor, boolean zeroUnknown) {
        BigDecimal best = null;
        for (var value : stated) {
            var amount = amount(value, factor);
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
        return amount.compareTo(HIGHEST) > 0 ? null : amount.stripTrailingZeros();
    }

    private static BigDecimal parse(String text) {
        if (text.length() > 2 * MOST_DIGITS) {
            return null;
        }
        var amount = AMOUNT.matcher(text.strip());
        return amount.matches() ? new BigDecimal(amount.group(1)) : null;
    }
}
