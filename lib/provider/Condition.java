package lib.provider;

/**
 * A yes-or-no question to one model of an answer, as written in providers.yaml:
 *
 * <pre>
 * /supports_tools                              the value is true
 * /pricing/unit_type = TOKEN                   the value, as text, equals (= false asks for an explicit false)
 * /features ~ reasoning                        an array holds the text, or a text contains it
 * /supports_image_input if /supports_chat      asked only where the guard is true, else unknown
 * </pre>
 *
 * @param value what to compare with; null for {@link Test#TRUE}
 * @param guard null where there is none
 */
public record Condition(Pointer path, Test test, String value, Condition guard) {
    public enum Test { TRUE, EQUALS, CONTAINS }

    /** @throws IllegalArgumentException with a sentence for the reader of providers.yaml */
    public static Condition parse(String text) {
        int guarded = text.indexOf(" if ");
        if (guarded >= 0) {
            var plain = parse(text.substring(0, guarded).strip());
            return new Condition(plain.path, plain.test, plain.value, parse(text.substring(guarded + 4).strip()));
        }
        int equals = text.indexOf(" = ");
        int contains = text.indexOf(" ~ ");
        if (equals < 0 && contains < 0) {
            return new Condition(Pointer.parse(text.strip()), Test.TRUE, null, null);
        }
        int at = equals < 0 ? contains : contains < 0 ? equals : Math.min(equals, contains);
        return new Condition(Pointer.parse(text.substring(0, at).strip()), at == equals ? Test.EQUALS : Test.CONTAINS,
                text.substring(at + 3).strip(), null);
    }
}
