package lib.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import lib.provider.Field;
import lib.provider.Json;
import lib.provider.Provider.Mapping;
import lib.provider.Provider.Mapping.Pointer;

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

        /** @return USD (or the entry's currency) per 1M tokens, or a piece, by schema field; stripped of trailing zeros */
        static Map<Field, BigDecimal> of(JsonNode item, Mapping.Price price, List<Pointer> complete, Consumer<JsonNode> refused) {
            if (price == null || price.when() != null && !Boolean.TRUE.equals(Json.ask(item, price.when(), complete))) {
                return Map.of();
            }
            return amounts(item, price.parts(), price, refused);
        }

        private static Map<Field, BigDecimal> amounts(JsonNode item, Map<Field, List<Pointer>> parts, Mapping.Price price,
                Consumer<JsonNode> refused) {
            var found = new EnumMap<Field, BigDecimal>(Field.class);
            var perMillion = MILLION.divide(BigDecimal.valueOf(price.perTokens())).multiply(price.scale());
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
        static List<Model.Tier> tiers(JsonNode item, Mapping.Price price, Consumer<JsonNode> refused) {
            var tiers = new ArrayList<Model.Tier>();
            for (var tier : price.tiers()) {
                var from = tier.from() == null ? item : Json.first(item, tier.from());
                if (from == null) {
                    continue;
                }
                for (var one : from.isArray() ? from : List.of(from)) {
                    var bound = tier.bound() == null ? tier.minContext() : Normaliser.tokens(Json.first(one, tier.bound()), refused);
                    var prices = amounts(one, tier.parts(), price, refused);
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
