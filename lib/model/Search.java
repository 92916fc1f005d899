package lib.model;

import static lib.provider.Provider.Field.*;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import lib.provider.Json.Listing;
import lib.provider.Overrides;
import lib.provider.Provider.Field;
import lib.provider.Provider;

/** Finds models by what is known of them. Unknown is neither yes nor no: what is unknown is left out, counted, or kept when asked. */
public final class Search {
    /** Of a bill, as is usual, three parts are prompt and one is answer. */
    private static final BigDecimal PROMPT_PARTS = new BigDecimal(3);
    private static final BigDecimal ALL_PARTS = new BigDecimal(4);
    private static final Set<String> CHAT_MODES = Set.of("chat", "responses");
    private static final Set<String> GONE = Set.of("deprecated", "retired", "missing");

    private Search() {}

    /**
     * Something that models are chosen by.
     *
     * @param asked as the person wrote it, for messages
     * @param fact  what has to be known for it, in words
     * @param holds null where that is unknown
     */
    public record Filter(String asked, String fact, Function<Model, Boolean> holds) {}

    public static Filter text(String words) {
        var wanted = words.strip().toLowerCase(Locale.ROOT).split("\\s+");
        return new Filter("'" + words.strip() + "'", "name", model -> Arrays.stream(wanted).allMatch(word -> mentions(model, word)));
    }

    private static boolean mentions(Model model, String word) {
        return holds(model.id(), word) || holds(model.text(NAME), word) || holds(model.text(FAMILY), word)
                || holds(model.text(SHORT_NAME), word) || model.list(ALIASES).stream().anyMatch(alias -> holds(alias, word));
    }

    private static boolean holds(String text, String lowerCase) {
        return text != null && text.toLowerCase(Locale.ROOT).contains(lowerCase);
    }

    /** @param flag a field that is true, false or unknown */
    public static Filter flag(String asked, String fact, Field flag) {
        return new Filter(asked, fact, model -> model.flag(flag));
    }

    /** Where nobody says it, a model that has a price is not free. */
    public static Filter free(String asked) {
        return new Filter(asked, "whether it is free", model -> {
            var input = model.money(COST_INPUT);
            var output = model.money(COST_OUTPUT);
            boolean costs = input != null && input.signum() > 0 || output != null && output.signum() > 0;
            return model.flag(FREE) != null ? model.flag(FREE) : costs ? Boolean.FALSE : null;
        });
    }

    /** @param amount of a model in USD, null where unknown
     *  @param most   null where nobody asks for it; then there is no filter: null */
    public static Filter atMost(String option, String fact, Function<Model, BigDecimal> amount, BigDecimal most) {
        return most == null ? null : new Filter(option + " " + most.toPlainString(), fact, model -> {
            var price = amount.apply(model);
            return price == null ? null : price.compareTo(most) <= 0;
        });
    }

    /** @param tokens of a model, null where unknown
     *  @param least  null where nobody asks for it; then there is no filter: null */
    public static Filter atLeast(String option, String fact, Function<Model, Long> tokens, Long least) {
        return least == null ? null : new Filter(option + " " + least, fact, model -> {
            var number = tokens.apply(model);
            return number == null ? null : number >= least;
        });
    }

    /** Where the mode is unknown, a model that cannot chat is at least known to be none for chat. */
    public static Filter modes(String asked, Set<String> modes, Map<String, Provider> providers) {
        return new Filter(asked, "mode", model -> {
            if (model.text(MODE) != null) {
                return modes.contains(model.text(MODE));
            }
            return CHAT_MODES.containsAll(modes) && !offeredAsChat(model, providers) ? false : null;
        });
    }

    public static Filter tagged(String tag) {
        return new Filter("--tag " + tag, "tag", model -> model.list(TAGS).contains(tag));
    }

    /** Chat models, as far as is known, that are still to be had today. */
    public static List<Filter> inUse(Map<String, Provider> providers, LocalDate today) {
        return List.of(new Filter("chat", "mode", model -> offeredAsChat(model, providers)),
                new Filter("not deprecated", "status", model -> !GONE.contains(String.valueOf(model.text(STATUS)))
                        && !isPast(model.text(DEPRECATED_ON), today) && !isPast(model.text(RETIRED_ON), today)));
    }

    /** Of a date that is stated as month or year alone the whole of it has to be over. @param date null where unknown */
    public static boolean isPast(String date, LocalDate today) {
        var day = today.toString();
        return date != null && (date.length() >= day.length() ? date.compareTo(day) <= 0
                : date.compareTo(day.substring(0, date.length())) < 0);
    }

    private static boolean offeredAsChat(Model model, Map<String, Provider> providers) {
        var provider = providers.get(model.providerId());
        return provider != null ? Normaliser.offeredAsChat(provider, model)
                : model.text(MODE) == null || CHAT_MODES.contains(model.text(MODE));
    }

    /** An amount per 1M tokens in USD; null where it is unknown, or in a currency that cannot be compared. */
    public static BigDecimal usd(Model model, Field field) {
        var currency = model.text(CURRENCY);
        return currency == null || currency.equals("USD") ? model.money(field) : null;
    }

    /** USD per 1M tokens of which three parts are prompt and one is answer; null where one of the prices is unknown. */
    public static BigDecimal blended(Model model) {
        var input = usd(model, COST_INPUT);
        var output = usd(model, COST_OUTPUT);
        return input == null || output == null ? null : input.multiply(PROMPT_PARTS).add(output).divide(ALL_PARTS);
    }

    /**
     * @param models  those that fit, in the order they came in
     * @param dropped by each filter, in its order, of those that the filters before it left; what is known not to fit
     * @param leftOut how many could fit, were more known of them
     * @param unknown what is not known of how many of these
     */
    public record Found(List<Model> models, Map<Filter, Integer> dropped, int leftOut, Map<String, Integer> unknown) {}

    /** @param keepUnknown whether a model fits of which nobody knows whether it does */
    public static Found find(List<Model> models, List<Filter> filters, boolean keepUnknown) {
        var found = new ArrayList<Model>();
        var dropped = new LinkedHashMap<Filter, Integer>();
        var unknown = new LinkedHashMap<String, Integer>();
        var lacking = new LinkedHashSet<String>();
        int leftOut = 0;
        next: for (var model : models) {
            lacking.clear();
            for (var filter : filters) {
                var holds = filter.holds().apply(model);
                if (holds == null) {
                    lacking.add(filter.fact());
                } else if (!holds) {
                    dropped.merge(filter, 1, Integer::sum);
                    continue next;
                }
            }
            if (lacking.isEmpty() || keepUnknown) {
                found.add(model);
            } else {
                leftOut++;
                lacking.forEach(fact -> unknown.merge(fact, 1, Integer::sum));
            }
        }
        return new Found(found, dropped, leftOut, unknown);
    }

    /** Cheapest, largest and newest first, and last what is unknown; those that are equal by provider, then id. */
    public enum Sort {
        NAME(Comparator.comparing(model -> model.id().toLowerCase(Locale.ROOT), Model.CODE_POINTS)),
        PRICE(up(model -> usd(model, COST_INPUT))), OUTPUT_PRICE(up(model -> usd(model, COST_OUTPUT))),
        CONTEXT(down(Model::contextWindow)), RELEASED(down(model -> model.text(Field.RELEASED))), PROVIDER(Model.ORDER);

        private final Comparator<Model> order;

        Sort(Comparator<Model> order) {
            this.order = order.thenComparing(Model.ORDER);
        }

        public Comparator<Model> order() {
            return order;
        }

        @Override
        public String toString() {
            return typed(name());
        }

        private static <T extends Comparable<T>> Comparator<Model> up(Function<Model, T> by) {
            return Comparator.comparing(by, Comparator.nullsLast(Comparator.naturalOrder()));
        }

        private static <T extends Comparable<T>> Comparator<Model> down(Function<Model, T> by) {
            return Comparator.comparing(by, Comparator.nullsLast(Comparator.reverseOrder()));
        }
    }

    /**
     * The models that a person may mean: by the first of these that any model has: provider/id, short name, id, alias; and only
     * then by the same in another case.
     */
    public static List<Model> named(List<Model> models, String name) {
        for (var same : List.<Predicate<String>>of(name::equals, name::equalsIgnoreCase)) {
            for (var way : List.<Predicate<Model>>of(model -> same.test(model.providerId() + "/" + model.id()),
                    model -> model.text(SHORT_NAME) != null && same.test(model.text(SHORT_NAME)), model -> same.test(model.id()),
                    model -> model.list(ALIASES).stream().anyMatch(same))) {
                var found = models.stream().filter(way).toList();
                if (!found.isEmpty()) {
                    return found;
                }
            }
        }
        return List.of();
    }

    /** Up to five ids that hold a name which nobody has, the shortest first. */
    public static List<String> near(List<Model> models, String name) {
        var wanted = baseName(name);
        return models.stream().map(Model::id).filter(id -> holds(id, wanted)).distinct().sorted(Comparator.comparingInt(String::length))
                .limit(5).toList();
    }

    /** How the model of one provider is known to be that of another. */
    public enum Match { EXACT, SAME_NAME, STATED }

    public record Same(Model model, Match match) {}

    /**
     * One model at all providers, the cheapest first: by the same id; by the same id after its last slash, in any case of
     * letters; or because one of them states the other as its alias or as the model it is.
     */
    public static List<Same> same(List<Model> models, String name) {
        var ids = new LinkedHashSet<>(List.of(name));
        var stated = new LinkedHashSet<>(List.of(name));
        for (var model : named(models, name)) {
            ids.add(model.id());
            stated.add(model.id());
            stated.addAll(model.list(ALIASES));
            if (model.text(CANONICAL_ID) != null) {
                stated.add(model.text(CANONICAL_ID));
            }
        }
        var names = new LinkedHashSet<String>();
        ids.forEach(id -> names.add(baseName(id)));
        var found = new ArrayList<Same>();
        for (var model : models) {
            if (ids.contains(model.id())) {
                found.add(new Same(model, Match.EXACT));
            } else if (names.contains(baseName(model.id()))) {
                found.add(new Same(model, Match.SAME_NAME));
            } else if (stated.contains(model.id()) || stated.contains(model.text(CANONICAL_ID))
                    || model.list(ALIASES).stream().anyMatch(stated::contains)) {
                found.add(new Same(model, Match.STATED));
            }
        }
        found.sort(Comparator.comparing(same -> blended(same.model()), Comparator.nullsLast(Comparator.naturalOrder())));
        return found;
    }

    private static String baseName(String id) {
        return id.substring(id.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    }

    /** What speaks for a model. Each is worth between nothing (unknown, or least) and all of its weight. */
    private enum Merit { NEW, CHEAP, CONTEXT, OUTPUT, KNOWLEDGE, REASONING, TOOLS }

    /** A constant as it is typed. */
    private static String typed(String constant) {
        return constant.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What a model is wanted for: without what it does not do at all, and what counts how much of 100. */
    public enum UseCase {
        CODE(List.of(needs("tool calling", TOOLS), room(32_000)),
                Map.of(Merit.NEW, 30, Merit.CHEAP, 25, Merit.CONTEXT, 15, Merit.OUTPUT, 10, Merit.REASONING, 10, Merit.KNOWLEDGE, 10)),
        CHAT(List.of(), Map.of(Merit.NEW, 30, Merit.CHEAP, 25, Merit.CONTEXT, 15, Merit.OUTPUT, 10, Merit.KNOWLEDGE, 10, Merit.TOOLS, 10)),
        VISION(List.of(needs("image input", Field.VISION)),
                Map.of(Merit.NEW, 30, Merit.CHEAP, 25, Merit.CONTEXT, 15, Merit.OUTPUT, 10, Merit.KNOWLEDGE, 10, Merit.TOOLS, 10)),
        LONG_CONTEXT(List.of(room(200_000)), Map.of(Merit.CONTEXT, 45, Merit.CHEAP, 25, Merit.NEW, 20, Merit.OUTPUT, 10)),
        CHEAP(List.of(new Filter("has a price", "price", model -> blended(model) == null ? null : true)),
                Map.of(Merit.CHEAP, 70, Merit.NEW, 15, Merit.CONTEXT, 10, Merit.TOOLS, 5));

        private final List<Filter> needs;
        private final Map<Merit, Integer> weights;

        UseCase(List<Filter> needs, Map<Merit, Integer> weights) {
            this.needs = needs;
            this.weights = weights;
        }

        public List<Filter> needs() {
            return needs;
        }

        @Override
        public String toString() {
            return typed(name());
        }

        private static Filter needs(String what, Field flag) {
            return flag(what, what, flag);
        }

        private static Filter room(long tokens) {
            return atLeast("context", "context", Model::contextWindow, tokens);
        }
    }

    /** @param score of 100
     *  @param also  the same by name, which scored less: other providers', and dated releases */
    public record Suggestion(Model model, int score, List<Model> also) {}

    /** The best first; facts alone decide, so the same models on the same day give the same list. */
    public static List<Suggestion> rank(List<Model> models, UseCase useCase, LocalDate today) {
        record Scored(Model model, double score) {}
        var sorted = new ArrayList<Scored>(models.size());
        models.forEach(model -> sorted.add(new Scored(model, score(model, useCase, today))));
        sorted.sort(Comparator.comparingDouble(Scored::score).reversed().thenComparing(Scored::model, Model.ORDER));
        var best = new ArrayList<Suggestion>();
        var byName = new HashMap<String, Suggestion>();
        for (var scored : sorted) {
            var model = scored.model();
            var names = new LinkedHashSet<>(List.of(undated(model.id())));
            model.list(ALIASES).forEach(alias -> names.add(undated(alias)));
            var better = names.stream().map(byName::get).filter(Objects::nonNull).findFirst().orElse(null);
            if (better == null) {
                best.add(new Suggestion(model, (int) Math.round(scored.score()), new ArrayList<>()));
            } else {
                better.also().add(model);
            }
            for (var name : names) {
                byName.putIfAbsent(name, better == null ? best.get(best.size() - 1) : better);
            }
        }
        return best;
    }

    private static final Pattern DATED = Pattern.compile("-(20\\d\\d-?\\d\\d-?\\d\\d|latest)$");

    private static String undated(String id) {
        return DATED.matcher(baseName(id)).replaceFirst("");
    }

    private static double score(Model model, UseCase useCase, LocalDate today) {
        double sum = 0;
        // In the order of the enum, for sums of fractions depend on it.
        for (var merit : Merit.values()) {
            sum += useCase.weights.getOrDefault(merit, 0) * worth(merit, model, today);
        }
        return Math.round(sum * 1000) / 1000.0;
    }

    private static double worth(Merit merit, Model model, LocalDate today) {
        return switch (merit) {
            case NEW -> recent(model.text(RELEASED), today);
            case KNOWLEDGE -> recent(model.text(Field.KNOWLEDGE), today);
            case CHEAP -> blended(model) == null ? 0 : 1 - between(0.01, 100, blended(model).doubleValue());
            case CONTEXT -> model.contextWindow() == null ? 0 : between(8_000, 1_000_000, model.contextWindow());
            case OUTPUT -> model.tokens(MAX_OUTPUT) == null ? 0 : between(2_000, 128_000, model.tokens(MAX_OUTPUT));
            case REASONING -> yes(model, Field.REASONING);
            case TOOLS -> yes(model, Field.TOOLS);
        };
    }

    private static double yes(Model model, Field flag) {
        return Boolean.TRUE.equals(model.flag(flag)) ? 1 : 0;
    }

    /** Where a number stands between two, 0 to 1, each doubling counting the same. */
    private static double between(double least, double most, double number) {
        return number <= least ? 0 : Math.min(1, StrictMath.log(number / least) / StrictMath.log(most / least));
    }

    /** 1 for this month, 0 for three years ago and before, or for a date that cannot be. @param date YYYY[-MM[-DD]], null where unknown */
    private static double recent(String date, LocalDate today) {
        if (date == null || !date.matches("\\d{4}(-\\d{2}.*)?")) {
            return 0;
        }
        int then = Integer.parseInt(date.substring(0, 4)) * 12 + (date.length() < 7 ? 1 : Integer.parseInt(date.substring(5, 7)));
        int months = today.getYear() * 12 + today.getMonthValue() - then;
        return months < -1 ? 0 : Math.max(0, Math.min(1, 1 - months / 36.0));
    }

    /** Tells which model a person means by a text such as {@code groq/openai/gpt-oss-120b}, {@code my-short-name} or {@code sonnet-4}. */
    public static final class Resolver {
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
}
