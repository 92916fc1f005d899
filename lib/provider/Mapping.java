package lib.provider;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * How one provider's answer says what we want to know, declared in providers.yaml and never in Java. Every list is an
 * ordered fallback: the first entry that gives a usable value counts.
 *
 * @param items     where the models are: {@code /data} an array, {@code ""} the root array, {@code "{}"} a map of id to model
 * @param skip      keys of such a map that are no models ({@code sample_spec})
 * @param offer     null unless a model lists several offers of sub-providers
 * @param fields    schema field (see {@link Field#schema()}) to the places that state it, for texts, dates, lists and tokens
 * @param flags     schema field to the questions that answer it
 * @param mode      rules that tell what kind of model it is
 * @param status    rules that tell its lifecycle status
 * @param modes     what a bare {@code mode} path's value means in our terms: {@code language: completion}
 * @param complete  lists that name all a model can do, so that what they do not name is false rather than unknown
 * @param notChat   model ids that are no chat models where nothing else says so (a stop-gap)
 * @param volatileFields pointers whose values change with every request; never read, and dropped before hashing
 * @param price     null where the answer states no prices
 */
public record Mapping(Items items, Set<String> skip, Offer offer, Map<Field, List<Pointer>> fields,
        Map<Field, List<Condition>> flags, List<Rule> mode, List<Rule> status, Map<String, String> modes,
        List<Pointer> complete, List<Pattern> notChat, List<Pointer> volatileFields, Price price) {

    /** @param path null for {@link Shape#MAP} */
    public record Items(Shape shape, Pointer path) {}

    public enum Shape { ARRAY, MAP }

    /** {@code condition => result}, or a bare path whose value is the result (through {@link #modes} for a mode). */
    public record Rule(Condition when, Pointer path, String result) {}

    /**
     * Of the array at {@code from}, the first element that has all of {@code having} (else the first that has any) is
     * seen by all other pointers as {@code /offer}, so that limits and prices come from one and the same offer.
     */
    public record Offer(Pointer from, List<Pointer> having) {}

    /**
     * @param parts        schema field ({@code cost.input}) to the places of its amount
     * @param perTokens    how many tokens an amount is for: 1, 1000 or 1000000
     * @param scale        what an amount is multiplied by to be in the currency (0.0001 for novita)
     * @param when         amounts count only where this is true; null means always
     * @param zeroUnknown  true where the provider writes 0 for what it charges otherwise
     * @param currency     ISO 4217
     */
    public record Price(Map<Field, List<Pointer>> parts, long perTokens, BigDecimal scale, Condition when,
            boolean zeroUnknown, String currency) {}
}
