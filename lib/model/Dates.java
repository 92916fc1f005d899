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
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Dates as providers state them: seconds or milliseconds since 1970, as number or digits, ISO 8601 date and time, or a
 * year, month or day. Many state the moment of the request, or 0, instead; such a value is no date.
 */
final class Dates {
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
    record Stated(String text, Instant at, boolean hasTime) {
        boolean isAbout(Instant moment) {
            return hasTime && Duration.between(at, moment).abs().compareTo(ONE_MOMENT) <= 0;
        }
    }

    /** @return null where the value is no date between 2015 and 2089 */
    static Stated read(JsonNode value) {
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
    static boolean oneMoment(List<Stated> all) {
        if (all.size() < 3) {
            return false;
        }
        var first = all.stream().map(Stated::at).min(Instant::compareTo).orElseThrow();
        var last = all.stream().map(Stated::at).max(Instant::compareTo).orElseThrow();
        return Duration.between(first, last).compareTo(ONE_MOMENT) <= 0;
    }

    /** Guarded, because the integer part of a hostile 1e999999999 would fill the memory. */
    private static Stated unix(BigDecimal number) {
        return Math.abs((long) number.scale()) > 40 || number.toBigInteger().bitLength() > 62
                ? null : unix(number.longValue());
    }

    private static Stated unix(long number) {
        if (number <= 0 || number > MOST_SECONDS * 1000) {
            return null;
        }
        var at = number > MOST_SECONDS ? Instant.ofEpochMilli(number) : Instant.ofEpochSecond(number);
        return day(at);
    }

    private static Stated day(Instant at) {
        var day = LocalDate.ofInstant(at, ZoneOffset.UTC);
        return inRange(day.getYear()) ? new Stated(day.toString(), at, true) : null;
    }

    private static Stated iso(String text) {
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
            return new Stated(stated, day.atStartOfDay(ZoneOffset.UTC).toInstant(), false);
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
