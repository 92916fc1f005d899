package lib.provider;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * Finds the values of keys in texts of many megabytes in one pass (Wu and Manber's algorithm: mostly it looks at two
 * bytes and moves on by nearly the length of the shortest key).
 */
public final class Secrets {
    private static final int TABLE = 1 << 13;

    private final Map<Integer, byte[][]> endingIn = new HashMap<>();
    private final int[] shift = new int[TABLE];
    private final int window;

    /** @param values what must not be found: keys, and each as it would stand in quotes */
    public Secrets(Collection<String> values) {
        var patterns = new TreeSet<>(values).stream().map(v -> v.getBytes(StandardCharsets.UTF_8)).filter(p -> p.length >= 2).toList();
        window = patterns.stream().mapToInt(p -> p.length).min().orElse(0);
        Arrays.fill(shift, window - 1);
        for (var pattern : patterns) {
            for (int i = 1; i < window; i++) {
                int pair = pair(pattern, i);
                shift[pair] = Math.min(shift[pair], window - 1 - i);
            }
            endingIn.merge(pair(pattern, window - 1), new byte[][] {pattern}, Secrets::joined);
        }
    }

    private static byte[][] joined(byte[][] a, byte[][] b) {
        var all = Arrays.copyOf(a, a.length + 1);
        all[a.length] = b[0];
        return all;
    }

    private static int pair(byte[] bytes, int last) {
        return (bytes[last] & 0xff) + ((bytes[last - 1] & 0xff) << 5) & TABLE - 1;
    }

    public boolean in(byte[] output) {
        int last = window - 1;
        while (window > 0 && last < output.length) {
            int step = shift[pair(output, last)];
            if (step == 0) {
                int start = last - window + 1;
                for (var pattern : endingIn.getOrDefault(pair(output, last), new byte[0][])) {
                    if (start + pattern.length <= output.length
                            && Arrays.equals(output, start, start + pattern.length, pattern, 0, pattern.length)) {
                        return true;
                    }
                }
                step = 1;
            }
            last += step;
        }
        return false;
    }
}
