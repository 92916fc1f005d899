package lib.model;

import static lib.provider.Field.*;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.model.Model.Conflict;
import lib.model.Model.Fact;
import lib.model.Model.Said;
import lib.provider.Field;
import lib.provider.Overrides;
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

    private final List<Catalogue> catalogues;
    private final Overrides overrides;
    private final String overrideId;

    /**
     * @param catalogues in order of precedence
     * @param overrideId the id of the input that the overrides are
     */
    public Enrichment(List<Catalogue> catalogues, Overrides overrides, String overrideId) {
        this.catalogues = List.copyOf(catalogues);
        this.overrides = overrides;
        this.overrideId = overrideId;
    }

    /** @param own the provider's models as its own answer has them; what an earlier enrichment added to them is dropped */
    public List<Model> enrich(Provider provider, List<Model> own) {
        return own.stream().map(model -> enrich(provider, model)).toList();
    }

    private record Voice(Model model, boolean inferred) {}

    private Model enrich(Provider provider, Model told) {
        var own = ownOf(told);
        var known = new ArrayList<Voice>();
        for (var catalogue : catalogues) {
            var found = find(catalogue, provider, own);
            if (found != null) {
                known.add(found);
            }
        }
        var stated = overrides.of(provider.id(), own.id());
        if (known.isEmpty() && stated.isEmpty()) {
            return own;
        }
        var personal = new EnumMap<Field, Fact>(Field.class);
        stated.forEach((field, value) -> personal.put(field, new Fact(value, overrideId)));
        var person = new Voice(new Model(own.providerId(), own.id(), personal), false);
        var provided = new Voice(own, false);
        known.sort((a, b) -> Boolean.compare(a.inferred, b.inferred));
        var context = context(provided, known);
        var inputs = new HashSet<Long>();
        known.stream().filter(voice -> voice.model.tokens(CONTEXT) != null).forEach(voice -> inputs.add(voice.model.tokens(MAX_INPUT)));
        inputs.add(own.tokens(MAX_INPUT));
        known.replaceAll(voice -> comparable(voice, own, context, inputs));
        var usual = new ArrayList<Voice>(List.of(person, provided));
        usual.addAll(known);
        var better = new ArrayList<Voice>(List.of(person));
        known.stream().filter(voice -> !voice.inferred).forEach(better::add);
        better.add(provided);
        known.stream().filter(Voice::inferred).forEach(better::add);
        var facts = new EnumMap<Field, Fact>(Field.class);
        var conflicts = new ArrayList<Conflict>(0);
        for (var field : Field.values()) {
            decide(field, BETTER_KNOWN.contains(field) ? better : usual, own, facts, conflicts);
        }
        return new Model(own.providerId(), own.id(), facts, List.copyOf(conflicts));
    }

    private static Model ownOf(Model told) {
        var facts = new EnumMap<Field, Fact>(Field.class);
        told.facts().forEach((field, fact) -> {
            if (fact.source().equals(told.providerId())) {
                facts.put(field, fact.agree().isEmpty() ? fact : new Fact(fact.value(), fact.source()));
            }
        });
        return facts.size() == told.facts().size() && told.conflicts().isEmpty() && facts.equals(told.facts()) ? told
                : new Model(told.providerId(), told.id(), facts);
    }

    /** By exact id, then by an alias that the provider states; then the model it is stated to be made from, at that one's maker. */
    private static Voice find(Catalogue catalogue, Provider provider, Model own) {
        var ids = new LinkedHashSet<String>();
        ids.add(own.id());
        if (!provider.prefix().isEmpty() && own.id().startsWith(provider.prefix())) {
            ids.add(own.id().substring(provider.prefix().length()));
        }
        ids.addAll(own.list(ALIASES));
        for (var id : ids) {
            var found = catalogue.find(provider, id);
            if (found != null) {
                return new Voice(found, false);
            }
        }
        var canonical = own.text(CANONICAL_ID);
        int slash = canonical == null ? -1 : canonical.indexOf('/');
        var found = canonical == null ? null : catalogue.find(provider, canonical);
        if (found == null && slash > 0) {
            found = catalogue.find(canonical.substring(0, slash), canonical.substring(slash + 1));
        }
        return found == null ? null : new Voice(found, true);
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
        if (voice.inferred || nothing || currency != null && !currency.equals(said.text(CURRENCY))) {
            facts.keySet().removeIf(field -> field.isMoney() || field == CURRENCY || field == TIERS);
        }
        if (voice.inferred) {
            facts.keySet().retainAll(INHERITED);
        }
        var input = said.tokens(MAX_INPUT);
        if (said.tokens(CONTEXT) == null && input != null && context != null && !inputs.contains(input)
                && (said.tokens(MAX_OUTPUT) == null || input + said.tokens(MAX_OUTPUT) != context)) {
            facts.put(CONTEXT, facts.remove(MAX_INPUT));
        }
        return new Voice(new Model(said.providerId(), said.id(), facts), voice.inferred);
    }

    private static boolean isZero(BigDecimal amount) {
        return amount != null && amount.signum() == 0;
    }

    private static void decide(Field field, List<Voice> voices, Model own, Map<Field, Fact> facts, List<Conflict> conflicts) {
        Fact chosen = null;
        var agree = new ArrayList<String>(0);
        var others = new ArrayList<Said>(0);
        for (var voice : voices) {
            var fact = voice.model.facts().get(field);
            if (fact == null) {
                continue;
            }
            if (chosen == null) {
                chosen = voice.inferred ? new Fact(fact.value(), fact.source(), true, List.of()) : fact;
            } else if (chosen.value() != null && !voice.inferred) {
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
}
