package lib.provider;

import java.util.Collection;
import java.util.Locale;

/** Something in a configuration file or variable that its owner has to mend. The message names file, line and column. */
public final class ConfigError extends RuntimeException {
    private static final long serialVersionUID = 1;

    public ConfigError(String message) {
        super(message);
    }

    /** @param line   1-based
     *  @param column 1-based */
    public static ConfigError at(String file, int line, int column, String message) {
        return new ConfigError(file + ":" + line + ":" + column + ": " + message);
    }

    /**
     * The end of a message about a word that is not among the known ones: {@code "; did you mean X?"}, or nothing where
     * none is near. Case and {@code _} for {@code -} count as no difference.
     */
    public static String didYouMean(String word, Collection<String> known) {
        var wanted = plain(word);
        String nearest = null;
        int least = Math.min(3, wanted.length() / 3) + 1;
        for (var candidate : known) {
            int distance = distance(wanted, plain(candidate), least);
            if (distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        return nearest == null ? "" : "; did you mean " + nearest + "?";
    }

    private static String plain(String word) {
        return word.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** How many letters to add, drop, replace or swap with a neighbour; {@code bound} where it is that many or more. */
    private static int distance(String a, String b, int bound) {
        if (Math.abs(a.length() - b.length()) >= bound) {
            return bound;
        }
        var before = new int[b.length() + 1];
        var above = new int[b.length() + 1];
        var row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            above[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                boolean same = a.charAt(i - 1) == b.charAt(j - 1);
                row[j] = Math.min(above[j - 1] + (same ? 0 : 1), 1 + Math.min(above[j], row[j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], before[j - 2] + 1);
                }
            }
            var free = before;
            before = above;
            above = row;
            row = free;
        }
        return above[b.length()];
    }
}
