package lib.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.fetch.Outcome;
import lib.host.AtomicFile;
import lib.model.Catalogue;
import lib.model.Enrichment;
import lib.model.Model;
import lib.model.Snapshot;
import lib.provider.Access;
import lib.provider.ConfigError;
import lib.provider.Json;
import lib.provider.Listing;
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
    record Known(Enrichment enrichment, List<Snapshot.Input> inputs, Map<String, Instant> fetchedAt, List<String> notes) {}

    /**
     * @param outcomes  of everything that was asked
     * @param documents the answers that were read already, by provider id
     */
    Known known(List<Outcome> outcomes, Map<String, JsonNode> documents) {
        var read = new ArrayList<Catalogue>();
        var inputs = new ArrayList<Snapshot.Input>();
        var times = new LinkedHashMap<String, Instant>();
        var notes = new ArrayList<String>();
        for (var provider : catalogues) {
            var answer = outcomes.stream().filter(o -> o.provider().equals(provider.id()) && o.usable() != null).map(Outcome::usable).findFirst()
                    .orElse(null);
            try {
                var bundled = answer == null ? bundled(provider) : null;
                if (answer == null && bundled == null) {
                    continue;
                }
                var document = documents.containsKey(provider.id()) ? documents.get(provider.id())
                        : Json.parse(answer == null ? bundled : answer.body());
                var at = answer == null ? null : answer.fetchedAt();
                read.add(new Catalogue(provider, document, at == null ? Instant.EPOCH : at));
                inputs.add(new Snapshot.Input(provider.id(), answer == null ? "bundled:models.dev.json" : answer.url().toString(),
                        answer == null ? AtomicFile.sha256(bundled) : answer.sha256()));
                if (at != null) {
                    times.put(provider.id(), at);
                } else {
                    notes.add(provider.id() + " was never fetched; the few models that came with catalog serve");
                }
            } catch (IOException | Listing.NotAListing e) {
                notes.add("the stored answer of " + provider.id() + " does not fit its entry in providers.yaml and is not used: "
                        + Listing.visible(e.getMessage()));
            }
        }
        if (stated.sha256() != null) {
            inputs.add(new Snapshot.Input(overrides.id(), overrides.source().file(), stated.sha256()));
        }
        return new Known(new Enrichment(read, stated, overrides == null ? "" : overrides.id()), inputs, times, notes);
    }

    /** What decides of all this what becomes of the models, so that the same again can be recognised. */
    List<String> ingredients() {
        var parts = new ArrayList<String>();
        catalogues.forEach(provider -> parts.add(provider.id()));
        parts.add(String.valueOf(stated.sha256()));
        return parts;
    }

    /** A small copy of models.dev's format, for those who have never reached it. @return null for other catalogues */
    private static byte[] bundled(Provider provider) {
        if (!provider.source().catalogue().equals("models_dev")) {
            return null;
        }
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
        var rest = new LinkedHashMap<String, List<Model>>();
        for (var model : old.models()) {
            if (!fetched.containsKey(model.providerId())) {
                rest.computeIfAbsent(model.providerId(), id -> new ArrayList<>()).add(model);
            }
        }
        var models = new ArrayList<Model>();
        fetched.forEach((id, own) -> models.addAll(known.enrichment().enrich(workspace.providers().named(id), own)));
        rest.forEach((id, all) -> {
            var provider = workspace.providers().byId().get(id);
            models.addAll(same || provider == null ? all : known.enrichment().enrich(provider, all));
        });
        var inputs = new LinkedHashMap<String, Snapshot.Input>();
        old.inputs().stream().filter(input -> !sources.contains(input.id())).forEach(input -> inputs.put(input.id(), input));
        known.inputs().forEach(input -> inputs.put(input.id(), input));
        answers.forEach(input -> inputs.put(input.id(), input));
        return new Snapshot(List.copyOf(inputs.values()), models);
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
