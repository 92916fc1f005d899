package lib.model;

import static lib.provider.Provider.Field.*;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import lib.model.Model.Conflict;
import lib.model.Model.Difference;
import lib.model.Model.Fact;
import lib.model.Model.Said;
import lib.model.Normaliser.Understood;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Overrides;
import lib.provider.Provider.Field;
import lib.provider.Provider.Mapping;
import lib.provider.Provider;

/**
 * Gives each field of a provider's models the best known value, from the person's overrides, the provider's own answer and the
 * catalogues, and keeps who says the same and who says something else. The precedence is told in docs/facts.md.
 *
 * <p>A catalogue's model is the provider's only if both name the provider and the id exactly, or by an alias that is stated.
 */
public final class Enrichment {
    /** Of these the catalogues know more than the providers' own lists. */
    private static final Set<Field> BETTER_KNOWN = EnumSet.of(NAME, FAMILY, KNOWLEDGE);

    /** What only the provider, or the person, can say of its model. */
    private static final Set<Field> ONLY_OWN = EnumSet.of(ID, ALIASES, CANONICAL_ID, OWNED_BY, FREE, SHORT_NAME, TAGS, NOTE);

    /** What is true of a model wherever it runs, as long as nobody says otherwise. */
    private static final Set<Field> INHERITED = inherited();

    /** Differences in these are no contradictions: wordings, and dates of different events. */
    private static final Set<Field> NOT_COMPARED = EnumSet.of(NAME, FAMILY, RELEASED, UPDATED, REPLACEMENT, CURRENCY, LICENSE,
            HUGGING_FACE_ID, QUANTIZATION, TIERS);

    private final Map<String, Catalogue> catalogues;
    private final Overrides overrides;
    private final String overrideId;

    /**
     * @param catalogues by their ids, in order of precedence; null for one that is silent today, of which the last snapshot counts
     * @param overrideId the id of the input that the overrides are
     */
    public Enrichment(Map<String, Catalogue> catalogues, Overrides overrides, String overrideId) {
        this.catalogues = Collections.unmodifiableMap(new LinkedHashMap<>(catalogues));
        this.overrides = overrides;
        this.overrideId = overrideId;
    }

    /**
     * @param own    the provider's models as its own answer has them, or as a snapshot has them: what an earlier enrichment added
     *               to these is dropped
     * @param before the same models in the last snapshot, by id: what a source that is silent today said when it was last heard
     */
    public List<Model> enrich(Provider provider, List<Model> own, Map<String, Model> before) {
        return own.stream().map(model -> enrich(provider, model, before.get(model.id()))).toList();
    }

    /** How sure it is that a catalogue speaks of this very model, the surest first. */
    private enum Match { EXACT, ALIAS, INFERRED }

    private record Voice(Model model, Match match) {
        boolean inferred() {
            return match == Match.INFERRED;
        }
    }

    private Model enrich(Provider provider, Model told, Model before) {
        var own = ownOf(told);
        var known = new ArrayList<Voice>();
        catalogues.forEach((id, catalogue) -> {
            var found = catalogue == null ? remembered(before, id) : find(catalogue, provider, own);
            if (found != null) {
                known.add(found);
            }
        });
        var stated = overrides.of(provider.id(), own.id());
        if (known.isEmpty() && stated.isEmpty()) {
            return own;
        }
        var personal = new EnumMap<Field, Fact>(Field.class);
        stated.forEach((field, value) -> personal.put(field, new Fact(value, overrideId)));
        var person = new Voice(new Model(own.providerId(), own.id(), personal), Match.EXACT);
        var provided = new Voice(own, Match.EXACT);
        // Stable: among equals the order of the catalogues stays.
        known.sort(Comparator.comparing(Voice::match));
        var context = context(provided, known);
        var inputs = new HashSet<Long>();
        known.stream().filter(voice -> voice.model.tokens(CONTEXT) != null).forEach(voice -> inputs.add(voice.model.tokens(MAX_INPUT)));
        inputs.add(own.tokens(MAX_INPUT));
        known.replaceAll(voice -> comparable(voice, own, context, inputs));
        var usual = new ArrayList<Voice>(List.of(person, provided));
        usual.addAll(known);
        var better = new ArrayList<Voice>(List.of(person));
        known.stream().filter(voice -> !voice.inferred()).forEach(better::add);
        better.add(provided);
        known.stream().filter(Voice::inferred).forEach(better::add);
        var facts = new EnumMap<Field, Fact>(Field.class);
        var conflicts = new ArrayList<Conflict>(0);
        for (var field : Field.values()) {
            decide(field, BETTER_KNOWN.contains(field) ? better : usual, facts, conflicts);
        }
        var lost = new EnumMap<Field, Object>(Field.class);
        own.facts().forEach((field, fact) -> {
            var counts = facts.get(field);
            if (counts == null || !counts.source().equals(own.providerId()) && !counts.agree().contains(own.providerId())) {
                lost.put(field, fact.value());
            }
        });
        return new Model(own.providerId(), own.id(), facts, List.copyOf(conflicts), lost);
    }

    /** The provider's own words: what counts of them, what something else agrees with, and what lost. */
    private static Model ownOf(Model told) {
        var id = told.providerId();
        if (told.conflicts().isEmpty() && told.own().isEmpty()
                && told.facts().values().stream().allMatch(fact -> fact.source().equals(id) && fact.agree().isEmpty())) {
            return told;
        }
        var facts = new EnumMap<Field, Fact>(Field.class);
        told.facts().forEach((field, fact) -> {
            if (fact.source().equals(id) || fact.agree().contains(id)) {
                facts.put(field, fact.source().equals(id) && fact.agree().isEmpty() ? fact : new Fact(fact.value(), id));
            }
        });
        told.own().forEach((field, value) -> facts.put(field, new Fact(value, id)));
        return new Model(id, told.id(), facts);
    }

    /** What a snapshot holds of a source's words on a model; null where that is nothing. @param before null for a new model */
    private static Voice remembered(Model before, String source) {
        if (before == null) {
            return null;
        }
        var facts = new EnumMap<Field, Fact>(Field.class);
        var inferred = new boolean[1];
        before.facts().forEach((field, fact) -> {
            if (fact.source().equals(source) || fact.agree().contains(source)) {
                facts.put(field, new Fact(fact.value(), source));
                inferred[0] |= fact.inferred();
            }
        });
        before.conflicts().forEach(conflict -> conflict.others().stream().filter(said -> said.source().equals(source))
                .forEach(said -> facts.put(conflict.field(), new Fact(said.value(), source))));
        return facts.isEmpty() ? null : new Voice(new Model(source, before.id(), facts), inferred[0] ? Match.INFERRED : Match.EXACT);
    }

    /** By exact id, then by an alias that the provider states; then the model it is stated to be made from, at that one's maker. */
    private static Voice find(Catalogue catalogue, Provider provider, Model own) {
        var exact = catalogue.find(provider, own.id());
        if (exact == null && !provider.prefix().isEmpty() && own.id().startsWith(provider.prefix())) {
            exact = catalogue.find(provider, own.id().substring(provider.prefix().length()));
        }
        if (exact != null) {
            return new Voice(exact, Match.EXACT);
        }
        for (var alias : own.list(ALIASES)) {
            var found = catalogue.find(provider, alias);
            if (found != null) {
                return new Voice(found, Match.ALIAS);
            }
        }
        var canonical = own.text(CANONICAL_ID);
        int slash = canonical == null ? -1 : canonical.indexOf('/');
        var found = canonical == null ? null : catalogue.find(provider, canonical);
        if (found == null && slash > 0) {
            found = catalogue.find(canonical.substring(0, slash), canonical.substring(slash + 1));
        }
        return found == null ? null : new Voice(found, Match.INFERRED);
    }

    private static Long context(Voice provided, List<Voice> known) {
        var own = provided.model.tokens(CONTEXT);
        return own != null ? own : known.stream().map(voice -> voice.model.tokens(CONTEXT)).filter(tokens -> tokens != null).findFirst()
                .orElse(null);
    }

    /**
     * A catalogue's model with what cannot be taken as it stands left out: prices of 0 for prompt and answer, by which a
     * catalogue writes "free" and "unknown" alike; prices in another currency; and an input limit where the context window may
     * be meant, as LiteLLM has one number for both. Where the window is known, that number counts as one for the input only if
     * another source says the same, or if it leaves just the room for the answer.
     */
    private static Voice comparable(Voice voice, Model own, Long context, Set<Long> inputs) {
        var said = voice.model;
        var facts = new EnumMap<Field, Fact>(Field.class);
        facts.putAll(said.facts());
        facts.keySet().removeAll(ONLY_OWN);
        var currency = own.text(CURRENCY);
        boolean nothing = isZero(said.money(COST_INPUT)) && isZero(said.money(COST_OUTPUT));
        if (voice.inferred() || nothing || currency != null && !currency.equals(said.text(CURRENCY))) {
            facts.keySet().removeIf(field -> field.isMoney() || field == CURRENCY || field == TIERS);
        }
        if (voice.inferred()) {
            facts.keySet().retainAll(INHERITED);
        }
        var input = said.tokens(MAX_INPUT);
        if (said.tokens(CONTEXT) == null && input != null && context != null && !inputs.contains(input)
                && (said.tokens(MAX_OUTPUT) == null || input + said.tokens(MAX_OUTPUT) != context)) {
            facts.put(CONTEXT, facts.remove(MAX_INPUT));
        }
        return new Voice(new Model(said.providerId(), said.id(), facts), voice.match);
    }

    private static boolean isZero(BigDecimal amount) {
        return amount != null && amount.signum() == 0;
    }

    private static void decide(Field field, List<Voice> voices, Map<Field, Fact> facts, List<Conflict> conflicts) {
        Fact chosen = null;
        var agree = new ArrayList<String>(0);
        var others = new ArrayList<Said>(0);
        for (var voice : voices) {
            var fact = voice.model.facts().get(field);
            if (fact == null) {
                continue;
            }
            if (chosen == null) {
                chosen = voice.inferred() ? new Fact(fact.value(), fact.source(), true, List.of()) : fact;
            } else if (chosen.value() != null && !voice.inferred()) {
                if (chosen.value().equals(fact.value())) {
                    agree.add(fact.source());
                } else if (field.kind() != Kind.LIST && !NOT_COMPARED.contains(field)) {
                    others.add(new Said(fact.source(), fact.value()));
                }
            }
        }
        if (chosen == null || chosen.value() == null) {
            return;
        }
        facts.put(field, agree.isEmpty() ? chosen : new Fact(chosen.value(), chosen.source(), chosen.inferred(), List.copyOf(agree)));
        if (!others.isEmpty() && !chosen.inferred()) {
            conflicts.add(new Conflict(field, List.copyOf(others),
                    Differences.between(field, chosen.value(), others, voices.stream().map(Voice::model).toList())));
        }
    }

    private static Set<Field> inherited() {
        var fields = EnumSet.of(CONTEXT, MAX_INPUT, MAX_OUTPUT, DEFAULT_OUTPUT, INPUT_MODALITIES, OUTPUT_MODALITIES, FAMILY, KNOWLEDGE,
                OPEN_WEIGHTS, REASONING_KINDS, REASONING_EFFORTS);
        for (var field : Field.values()) {
            if (field.schema().startsWith("capabilities.")) {
                fields.add(field);
            }
        }
        return fields;
    }

    /** Why sources say different things of one field: most differences are no mistakes. */
    public static final class Differences {
        /** 1,048,576 for 1,000,000, and less: what lies between counting in thousands and in 1,024s. Prices are not rounded by more. */
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
                return a.signum() != 0 && b.signum() != 0 && ratio(a, b) <= THOUSANDS
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

    /**
     * What one public catalogue (models.dev, LiteLLM's price map) says of the models of many providers. Only what is asked for is
     * understood: the models of those providers that the user has.
     */
    public static final class Catalogue {
        private final Provider source;
        private final Instant fetchedAt;
        private final Map<String, Map<String, JsonNode>> items = new HashMap<>();
        private final Map<String, Map<String, Understood>> understood = new ConcurrentHashMap<>();
        /** By name and id, of the models that were looked up, those of which some value could not be used: so many. */
        private final Map<String, Integer> refused = new ConcurrentHashMap<>();

        /**
         * @param source   an entry with {@code catalogue}
         * @param document its whole answer; not changed
         * @throws Listing.NotAListing where it is none
         */
        public Catalogue(Provider source, JsonNode document, Instant fetchedAt) throws Listing.NotAListing {
            this.source = source;
            this.fetchedAt = fetchedAt;
            var providerOf = source.mapping().providerOf();
            boolean nested = source.mapping().items().shape() == Mapping.Shape.NESTED;
            Listing.read(document, source.mapping()).items().forEach((key, item) -> {
                int slash = key.indexOf('/');
                var named = nested ? null : providerOf == null ? null : Json.first(item, providerOf);
                var provider = nested ? key.substring(0, slash) : named != null && named.isTextual() ? named.textValue() : "";
                // Some of LiteLLM's ids begin with their provider's name, and some do not.
                var id = nested ? key.substring(slash + 1) : key.startsWith(provider + "/") ? key.substring(provider.length() + 1) : key;
                items.computeIfAbsent(provider, p -> new HashMap<>()).putIfAbsent(id, item);
            });
        }

        /** The input's id, which is its entry's. */
        public String id() {
            return source.id();
        }

        /** @return null where it does not know this model of this provider */
        Model find(Provider provider, String id) {
            var names = provider.knownTo(source.source().catalogue());
            for (var name : names) {
                var found = find(name, id);
                if (found != null) {
                    return found;
                }
            }
            // LiteLLM files some under a further name of the provider, and still begins their ids with its first.
            for (var name : names.subList(Math.min(1, names.size()), names.size())) {
                var found = find(name, names.get(0) + "/" + id);
                if (found != null) {
                    return found;
                }
            }
            return null;
        }

        /** @param name as the catalogue calls a provider */
        Model find(String name, String id) {
            var all = items.get(name);
            if (all == null || !all.containsKey(id)) {
                return null;
            }
            var found = understood.computeIfAbsent(name, n -> Normaliser.understood(source, all, fetchedAt)).get(id);
            if (found.refused() > 0) {
                refused.put(name + "/" + id, found.refused());
            }
            return found.model();
        }

        /** How many values of the models that were looked up so far are no usable numbers, and are left out. */
        public int refused() {
            return refused.values().stream().mapToInt(Integer::intValue).sum();
        }
    }
}
