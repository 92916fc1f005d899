package lib.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import lib.provider.Field;
import lib.provider.Json;
import lib.provider.Mapping;
import lib.provider.Mapping.Pointer;

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
        if (price == null || price.when() != null && !Boolean.TRUE.equals(Json.ask(item, price.when(), complete))) {
            return Map.of();
        }
        return amounts(item, price.parts(), price);
    }

    private static Map<Field, BigDecimal> amounts(JsonNode item, Map<Field, List<Pointer>> parts, Mapping.Price price) {
        var found = new EnumMap<Field, BigDecimal>(Field.class);
        var perMillion = MILLION.divide(BigDecimal.valueOf(price.perTokens())).multiply(price.scale());
        parts.forEach((field, places) -> {
            var factor = field.kind() == Field.Kind.MONEY ? perMillion : price.scale();
            for (var place : places) {
                var amount = cheapest(Json.all(item, place), factor, price.zeroUnknown());
                if (amount != null) {
                    found.put(field, amount);
                    return;
                }
            }
        });
        return found;
    }

    /** In the entry's order, and by bound where the answer lists them. */
    static List<Model.Tier> tiers(JsonNode item, Mapping.Price price) {
        var tiers = new ArrayList<Model.Tier>();
        for (var tier : price.tiers()) {
            var from = tier.from() == null ? item : Json.first(item, tier.from());
            if (from == null) {
                continue;
            }
            for (var one : from.isArray() ? from : List.of(from)) {
                var bound = tier.bound() == null ? tier.minContext() : Normaliser.tokens(Json.first(one, tier.bound()));
                var prices = amounts(one, tier.parts(), price);
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
