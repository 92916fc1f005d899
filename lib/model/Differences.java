package lib.model;

import static lib.provider.Field.*;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Objects;
import lib.model.Model.Difference;
import lib.model.Model.Said;
import lib.provider.Field;

/** Why sources say different things of one field: most differences are no mistakes. */
public final class Differences {
    /** 1,048,576 for 1,000,000, and less: what lies between counting in thousands and in 1,024s. */
    private static final double THOUSANDS = 1.055;

    private Differences() {}

    /** Of several others the gravest counts. @param all what each source says of the model */
    static Difference between(Field field, Object chosen, List<Said> others, List<Model> all) {
        var gravest = Difference.ROUNDING;
        for (var other : others) {
            var one = isRounding(chosen, other.value()) ? Difference.ROUNDING
                    : isTier(field, chosen, other, all) ? Difference.TIER : Difference.REAL;
            gravest = one.compareTo(gravest) > 0 ? one : gravest;
        }
        return gravest;
    }

    /** How many times the larger is the smaller, at least 1; null for what are no numbers, infinite beside 0. */
    public static Double ratio(Object one, Object other) {
        if (!(one instanceof Number a) || !(other instanceof Number b)) {
            return null;
        }
        double low = Math.min(a.doubleValue(), b.doubleValue());
        double high = Math.max(a.doubleValue(), b.doubleValue());
        return low == high ? 1 : low == 0 ? Double.POSITIVE_INFINITY : high / low;
    }

    private static boolean isRounding(Object chosen, Object other) {
        if (chosen instanceof Long a && other instanceof Long b) {
            return Math.abs(a - b) <= 1 || ratio(a, b) <= THOUSANDS && (a % 1000 == 0 && b % 1024 == 0 || a % 1024 == 0 && b % 1000 == 0);
        }
        if (chosen instanceof BigDecimal a && other instanceof BigDecimal b) {
            int scale = Math.min(a.scale(), b.scale());
            return a.signum() != 0 && b.signum() != 0
                    && a.setScale(scale, RoundingMode.HALF_UP).compareTo(b.setScale(scale, RoundingMode.HALF_UP)) == 0;
        }
        return chosen instanceof String a && other instanceof String b && Character.isDigit(a.charAt(0)) && (a.startsWith(b) || b.startsWith(a));
    }

    private static boolean isTier(Field field, Object chosen, Said other, List<Model> all) {
        if (field == CONTEXT) {
            return states(all, MAX_INPUT, other) || all.stream().map(model -> model.tokens(MAX_INPUT)).anyMatch(chosen::equals);
        }
        if (field == COST_INPUT || field == COST_OUTPUT) {
            var batch = field == COST_INPUT ? COST_BATCH_INPUT : COST_BATCH_OUTPUT;
            return states(all, batch, other) || isTierPrice(field, other.value(), all) || isTierPrice(field, chosen, all);
        }
        return field.isMoney() && (isTierPrice(field, other.value(), all) || isTierPrice(field, chosen, all));
    }

    private static boolean states(List<Model> all, Field field, Said other) {
        return all.stream().map(model -> model.facts().get(field))
                .anyMatch(fact -> fact != null && Objects.equals(fact.value(), other.value()) && !fact.source().equals(other.source()));
    }

    private static boolean isTierPrice(Field field, Object amount, List<Model> all) {
        return all.stream().flatMap(model -> model.tiers().stream()).map(tier -> tier.prices().get(field)).anyMatch(amount::equals);
    }
}
