package lib.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import lib.model.Normaliser.Understood;
import lib.provider.Json;
import lib.provider.Listing;
import lib.provider.Provider;
import lib.provider.Provider.Mapping;

/**
 * What one public catalogue (models.dev, LiteLLM's price map) says of the models of many providers. Only what is asked for is
 * understood: the models of those providers that the user has.
 */
public final class Catalogue {
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
