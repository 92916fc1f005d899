package lib.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import lib.fetch.Outcome;
import lib.host.AtomicFile;
import lib.model.Enrichment.Catalogue;
import lib.model.Enrichment;
import lib.model.Model;
import lib.model.Snapshot;
import lib.provider.Access;
import lib.provider.Providers.ConfigError;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Overrides;
import lib.provider.Provider;

/**
 * Where one fetch takes facts from that providers do not state: the catalogues that are switched on, and the person's overrides.
 *
 * @param catalogues in order of precedence, which is that of providers.yaml
 * @param overrides  null where they are switched off
 * @param stated     what they say
 */
record Sources(Workspace workspace, List<Provider> catalogues, Provider overrides, Overrides stated) {
    private static final String BUNDLED = "/lib/model/models.dev.json";
    private static final String BUNDLED_URL = "bundled:";

    /**
     * @param named ids of sources, or {@code none}; null for what CATALOG_SOURCES names, or else all
     * @throws ConfigError for a name that is no source, and for mistakes in the overrides
     */
    static Sources of(Workspace workspace, List<String> named) {
        var set = workspace.host().env("CATALOG_SOURCES");
        var chosen = named != null || set == null ? named : List.of(set.split("[, ]+"));
        var catalogues = new ArrayList<Provider>();
        Provider overrides = null;
        var all = workspace.providers().byId().values().stream().filter(p -> p.source() != null).toList();
        var ids = all.stream().map(Provider::id).toList();
        for (var name : chosen == null ? List.<String>of() : chosen) {
            if (!ids.contains(name) && !name.equals("none")) {
                throw new ConfigError("no source '" + Listing.visible(name) + "'; there are " + String.join(", ", ids) + ", or none"
                        + ConfigError.didYouMean(name, ids));
            }
        }
        for (var provider : all) {
            if (chosen != null && !chosen.contains(provider.id())) {
                continue;
            }
            if (provider.source().file() != null) {
                overrides = provider;
            } else {
                catalogues.add(provider);
            }
        }
        return new Sources(workspace, List.copyOf(catalogues), overrides,
                overrides == null ? Overrides.NONE : Overrides.load(workspace.host(), overrides.source().file()));
    }

    /** Those to ask beside the providers. @param asked who is asked anyway */
    List<Access> asked(List<Access> asked) {
        var named = new HashSet<String>();
        asked.forEach(access -> named.add(access.provider().id()));
        return catalogues.stream().filter(provider -> !named.contains(provider.id())).map(provider -> workspace.access(provider.id())).toList();
    }

    /**
     * What is known of many providers' models.
     *
     * @param fetchedAt of each input, by its id
     * @param notes     what of it could not be used, one line each
     */
    record Known(Enrichment enrichment, List<Snapshot.Input> inputs, Map<String, Instant> fetchedAt, List<String> notes,
            Map<String, Catalogue> catalogues, Overrides stated) {
        private static final int MOST_NAMED = 3;

        /** What to say once all models were looked up. */
        List<String> told(Snapshot snapshot) {
            var told = new ArrayList<>(notes);
            catalogues.forEach((id, catalogue) -> {
                if (catalogue != null && catalogue.refused() > 0) {
                    told.add(id + ": " + Workspace.count(catalogue.refused(), "value") + (catalogue.refused() == 1 ? " is no usable number and is" : " are no usable numbers and are")
                            + " left out");
                }
            });
            if (stated.facts().isEmpty()) {
                return told;
            }
            var models = new HashSet<String>();
            var providers = new HashSet<String>();
            snapshot.models().forEach(model -> {
                providers.add(model.providerId());
                models.add(model.providerId() + "/" + model.id());
            });
            // A provider that was never asked may well have the model.
            var lost = stated.facts().keySet().stream().filter(key -> providers.contains(key.substring(0, key.indexOf('/'))) && !models.contains(key)).toList();
            lost.stream().limit(MOST_NAMED).forEach(key -> told.add("overrides.yaml tells of " + Listing.visible(key) + ", which is not in its list"
                    + ConfigError.didYouMean(key, models)));
            if (lost.size() > MOST_NAMED) {
                told.add("and of " + (lost.size() - MOST_NAMED) + " more that are not");
            }
            return told;
        }
    }

    /**
     * @param outcomes  of everything that was asked
     * @param documents the answers that were read already, by provider id
     * @param old       the last snapshot: of a source that is silent today, its word of then stays
     */
    Known known(List<Outcome> outcomes, Map<String, JsonNode> documents, Snapshot old) {
        var read = new LinkedHashMap<String, Catalogue>();
        var inputs = new ArrayList<Snapshot.Input>();
        var times = new LinkedHashMap<String, Instant>();
        var notes = new ArrayList<String>();
        for (var provider : catalogues) {
            var id = provider.id();
            var answer = outcomes.stream().filter(o -> o.provider().equals(id) && o.usable() != null).map(Outcome::usable).findFirst().orElse(null);
            var then = old.inputs().stream().filter(input -> input.id().equals(id) && !input.url().startsWith(BUNDLED_URL)).findFirst().orElse(null);
            try {
                if (answer != null) {
                    var document = documents.containsKey(id) ? documents.get(id) : Json.outline(answer.body(), provider.mapping());
                    read.put(id, new Catalogue(provider, document, answer.fetchedAt()));
                    inputs.add(new Snapshot.Input(id, answer.url().toString(), answer.sha256()));
                    times.put(id, answer.fetchedAt());
                    continue;
                }
            } catch (IOException | Listing.NotAListing e) {
                notes.add("the stored answer of " + id + " does not fit its entry in providers.yaml and is not used: " + Listing.visible(e.getMessage()));
            }
            if (then != null) {
                read.put(id, null);
                inputs.add(then);
                notes.add(id + " is silent; what models/catalog.json has of it stays");
            } else if (isModelsDev(provider)) {
                var bundled = bundled();
                read.put(id, catalogue(provider, bundled));
                inputs.add(new Snapshot.Input(id, BUNDLED_URL + "models.dev.json", AtomicFile.sha256(bundled)));
                notes.add(id + " was never fetched; the few models that came with catalog serve");
            }
        }
        if (stated.sha256() != null) {
            inputs.add(new Snapshot.Input(overrides.id(), overrides.source().file(), stated.sha256()));
        }
        return new Known(new Enrichment(read, stated, overrides == null ? "" : overrides.id()), inputs, times, notes, read, stated);
    }

    private static boolean isModelsDev(Provider provider) {
        return provider.source().catalogue().equals("models_dev");
    }

    private static Catalogue catalogue(Provider provider, byte[] bundled) {
        try {
            return new Catalogue(provider, Json.parse(bundled), Instant.EPOCH);
        } catch (IOException | Listing.NotAListing e) {
            throw new IllegalStateException("our own copy", e);
        }
    }

    /** What decides of all this what becomes of the models, so that the same again can be recognised. */
    List<String> ingredients() {
        var parts = new ArrayList<String>();
        catalogues.forEach(provider -> parts.add(provider.id()));
        parts.add(String.valueOf(stated.sha256()));
        return parts;
    }

    /** A small copy of models.dev, for those who have never reached it. */
    private static byte[] bundled() {
        try (var in = Sources.class.getResourceAsStream(BUNDLED)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The snapshot with the new models in it, each with all that is known of it. The others are looked up anew if a source says
     * something else than when they were.
     */
    static Snapshot merged(Workspace workspace, Snapshot old, List<Snapshot.Input> answers, Map<String, List<Model>> fetched, Known known) {
        var sources = sourceIds(workspace, old.models());
        var before = old.inputs().stream().filter(input -> sources.contains(input.id())).toList();
        boolean same = new Snapshot(known.inputs(), List.of()).inputs().equals(before);
        var rest = byProvider(old);
        var models = new ConcurrentLinkedQueue<List<Model>>();
        fetched.entrySet().parallelStream().forEach(e -> models.add(known.enrichment().enrich(workspace.providers().named(e.getKey()), e.getValue(),
                byId(rest.get(e.getKey())))));
        rest.keySet().removeAll(fetched.keySet());
        rest.entrySet().parallelStream().forEach(e -> {
            var provider = workspace.providers().byId().get(e.getKey());
            var all = e.getValue();
            models.add(same || provider == null ? all : known.enrichment().enrich(provider, all, byId(all)));
        });
        var inputs = new LinkedHashMap<String, Snapshot.Input>();
        old.inputs().stream().filter(input -> !sources.contains(input.id())).forEach(input -> inputs.put(input.id(), input));
        known.inputs().forEach(input -> inputs.put(input.id(), input));
        answers.forEach(input -> inputs.put(input.id(), input));
        return new Snapshot(List.copyOf(inputs.values()), models.stream().flatMap(List::stream).toList());
    }

    /** The providers of whose models something else is known now, or that have others; their files want to be made anew. */
    static Set<String> changed(Snapshot old, Snapshot now) {
        var before = byProvider(old);
        var after = byProvider(now);
        var changed = new HashSet<String>();
        after.forEach((id, models) -> {
            if (!models.equals(before.get(id))) {
                changed.add(id);
            }
        });
        return changed;
    }

    private static Map<String, List<Model>> byProvider(Snapshot snapshot) {
        var byProvider = new LinkedHashMap<String, List<Model>>();
        snapshot.models().forEach(model -> byProvider.computeIfAbsent(model.providerId(), id -> new ArrayList<>()).add(model));
        return byProvider;
    }

    private static Map<String, Model> byId(List<Model> models) {
        var byId = new HashMap<String, Model>();
        if (models != null) {
            models.forEach(model -> byId.put(model.id(), model));
        }
        return byId;
    }

    /** Ids of sources that were not also asked as a provider. */
    private static Set<String> sourceIds(Workspace workspace, List<Model> models) {
        var ids = new HashSet<String>();
        for (var provider : workspace.providers().byId().values()) {
            if (provider.ship() == Provider.Ship.SOURCE) {
                ids.add(provider.id());
            }
        }
        models.forEach(model -> ids.remove(model.providerId()));
        return ids;
    }
}
