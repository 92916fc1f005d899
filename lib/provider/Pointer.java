package lib.provider;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A path into one model of a provider's answer: a JSON Pointer (RFC 6901) that may hold {@code *}, which stands for every
 * element of an array. {@code ""} is the model itself. How several values become one is fixed by what is looked for:
 * of limits the largest, of flags any that is true, of texts the first.
 *
 * @param tokens the decoded reference tokens
 */
public record Pointer(String text, List<String> tokens) {

    /** @throws IllegalArgumentException with a sentence for the reader of providers.yaml */
    public static Pointer parse(String text) {
        if (text.isEmpty()) {
            return new Pointer(text, List.of());
        }
        if (text.charAt(0) != '/') {
            throw new IllegalArgumentException("'" + text + "' is not a path: it must be empty or start with /");
        }
        var tokens = new ArrayList<String>(4);
        for (int start = 1, end; start <= text.length(); start = end + 1) {
            end = text.indexOf('/', start);
            end = end < 0 ? text.length() : end;
            tokens.add(decode(text.substring(start, end)));
        }
        return new Pointer(text, Collections.unmodifiableList(tokens));
    }

    private static String decode(String token) {
        int tilde = token.indexOf('~');
        if (tilde < 0) {
            return token;
        }
        for (; tilde >= 0; tilde = token.indexOf('~', tilde + 1)) {
            if (tilde + 1 == token.length() || token.charAt(tilde + 1) != '0' && token.charAt(tilde + 1) != '1') {
                throw new IllegalArgumentException("'" + token + "' has a ~ that is not ~0 or ~1");
            }
        }
        return token.replace("~1", "/").replace("~0", "~");
    }

    @Override
    public String toString() {
        return text;
    }
}
