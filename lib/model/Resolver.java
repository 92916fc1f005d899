package lib.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import lib.provider.Field;
import lib.provider.Json.Listing;
import lib.provider.Overrides;
import lib.provider.Provider;

/** Tells which model a person means by a text such as {@code groq/openai/gpt-oss-120b}, {@code my-short-name} or {@code sonnet-4}. */
public final class Resolver {
    /** By its id, a person's short name for it, an alias, one of these in another case, or a part of id or short name. */
    public enum Matched { EXACT, SHORT, ALIAS, CASE, SUBSTRING }

    public record Hit(Model model, Matched matched) {
        /** What names this model and no other, at whichever provider. */
        public String scoped() {
            return model.providerId() + "/" + model.id();
        }
    }

    /**
     * @param hits    the first counts, the others fit as well; empty where nothing fits
     * @param failure what to say then, in one line or two, else null
     */
    public record Resolution(List<Hit> hits, String failure) {
        /** Of several models that fit as well, none is meant. */
        public boolean ambiguous() {
            return hits.size() > 1;
        }
    }

    /** A model by all its names; {@code shortName} null where it has none. */
    private record Named(Model model, String shortName, List<String> aliases) {
        Matched exactly(String text) {
            return model.id().equals(text) ? Matched.EXACT : text.equals(shortName) ? Matched.SHORT : null;
        }

        Matched alias(String text) {
            return aliases.contains(text) ? Matched.ALIAS : null;
        }

        Matched inOtherCase(String text) {
            return model.id().equalsIgnoreCase(text) || text.equalsIgnoreCase(shortName)
                    || aliases.stream().anyMatch(text::equalsIgnoreCase) ? Matched.CASE : null;
        }

        /** @param lower in lower case */
        Matched inPart(String lower) {
            return model.id().toLowerCase(Locale.ROOT).contains(lower)
                    || shortName != null && shortName.toLowerCase(Locale.ROOT).contains(lower) ? Matched.SUBSTRING : null;
        }
    }

    private final Set<String> prefixes = new HashSet<>();
    private final Map<String, List<Named>> byProvider = new LinkedHashMap<>();
    private final Set<String> unasked = new HashSet<>();

    /**
     * @param providers in configuration order; their ids are the known prefixes
     * @param models    those of other providers are passed over
     * @param overrides short names and aliases, which count more than those that the models came with
     */
    public Resolver(Collection<Provider> providers, List<Model> models, Overrides overrides) {
        var given = new HashSet<Object>();
        overrides.facts().values().forEach(facts -> given.add(facts.get(Field.SHORT_NAME)));
        providers.forEach(provider -> prefixes.add(provider.id()));
        byProvider(providers, models).forEach((id, own) ->
                byProvider.put(id, own.stream().map(model -> named(model, overrides, given)).toList()));
        providers.stream().filter(provider -> !takesPart(provider)).forEach(provider -> unasked.add(provider.id()));
    }

    /** @param given short names that the overrides give to a model; whichever had it when the snapshot was made has it no more */
    @SuppressWarnings("unchecked")
    private static Named named(Model model, Overrides overrides, Set<Object> given) {
        var stated = overrides.facts().isEmpty() ? Map.<Field, Object>of() : overrides.of(model.providerId(), model.id());
        var old = model.text(Field.SHORT_NAME);
        var name = stated.containsKey(Field.SHORT_NAME) ? (String) stated.get(Field.SHORT_NAME) : given.contains(old) ? null : old;
        var aliases = stated.containsKey(Field.ALIASES) ? (List<String>) stated.get(Field.ALIASES) : model.list(Field.ALIASES);
        return new Named(model, name, aliases == null ? List.of() : aliases);
    }

    /** Whether its models are found without it being named: the dead and those that only know others' models are not searched. */
    public static boolean takesPart(Provider provider) {
        return provider.ship() != Provider.Ship.TOMBSTONE && provider.ship() != Provider.Ship.SOURCE;
    }

    /** The models by provider id, providers in the given order; left out are providers without models and models of others. */
    public static Map<String, List<Model>> byProvider(Collection<Provider> providers, List<Model> models) {
        var all = new LinkedHashMap<String, List<Model>>();
        providers.forEach(provider -> all.put(provider.id(), new ArrayList<>()));
        models.stream().filter(model -> all.containsKey(model.providerId())).forEach(model -> all.get(model.providerId()).add(model));
        all.values().removeIf(List::isEmpty);
        return all;
    }

    /**
     * What stands before the first slash is a provider, if there is one of that name, and the rest a name of a model there. If
     * it is none, or no provider stands there, the whole is a name of a model of any provider. Only where no provider stands
     * before, a part of an id will do.
     */
    public Resolution resolve(String text) {
        int slash = text.indexOf('/');
        var prefix = slash < 0 ? null : text.substring(0, slash).toLowerCase(Locale.ROOT);
        if (prefix == null || !prefixes.contains(prefix)) {
            var hits = find(searched(), text, true);
            return new Resolution(hits, hits.isEmpty() ? "Invalid model: " + Listing.visible(text) : null);
        }
        var rest = text.substring(slash + 1);
        var hits = find(List.of(byProvider.getOrDefault(prefix, List.of())), rest, false);
        if (hits.isEmpty()) {
            hits = find(searched(), text, false);
        }
        var advice = byProvider.containsKey(prefix) || unasked.contains(prefix) ? ""
                : "\nThe snapshot holds no models of " + prefix + "; 'catalog fetch " + prefix + "' asks for them.";
        return new Resolution(hits, hits.isEmpty() ? "Invalid model for provider " + prefix + ": " + Listing.visible(rest) + advice : null);
    }

    private List<List<Named>> searched() {
        return byProvider.entrySet().stream().filter(e -> !unasked.contains(e.getKey())).map(Map.Entry::getValue).toList();
    }

    /** The closest level of matching at which anything fits, and all that fits there. */
    private static List<Hit> find(List<List<Named>> providers, String text, boolean inPart) {
        if (text.isBlank()) {
            return List.of();
        }
        var lower = text.toLowerCase(Locale.ROOT);
        var levels = new ArrayList<Function<Named, Matched>>(List.of(model -> model.exactly(text), model -> model.alias(text),
                model -> model.inOtherCase(text)));
        if (inPart) {
            levels.add(model -> model.inPart(lower));
        }
        for (var level : levels) {
            var hits = new LinkedHashMap<String, Hit>();
            for (var models : providers) {
                models.stream().map(named -> new Hit(named.model(), level.apply(named))).filter(hit -> hit.matched() != null)
                        .sorted(Comparator.comparing(Hit::matched)).forEach(hit -> hits.putIfAbsent(hit.scoped(), hit));
            }
            if (!hits.isEmpty()) {
                return List.copyOf(hits.values());
            }
        }
        return List.of();
    }
}
