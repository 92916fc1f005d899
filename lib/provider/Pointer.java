package lib.provider;

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
        var parts = text.substring(1).split("/", -1);
        return new Pointer(text, java.util.Arrays.stream(parts).map(Pointer::decode).toList());
    }

    private static String decode(String token) {
        if (token.matches(".*~(?![01]).*")) {
            throw new IllegalArgumentException("'" + token + "' has a ~ that is not ~0 or ~1");
        }
        return token.replace("~1", "/").replace("~0", "~");
    }

    @Override
    public String toString() {
        return text;
    }
}
