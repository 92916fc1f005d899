package lib.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.cli.Output.Failures;
import lib.host.Host;
import lib.model.Model;
import lib.model.Search;
import lib.model.Search.Filter;
import lib.model.Snapshot;
import lib.provider.Provider.Field;
import lib.provider.Providers.ConfigError;
import lib.provider.Json.Listing;
import lib.provider.Provider;
import lib.provider.Provider.Mapping;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * What looks models up in the snapshot: {@code catalog search} and {@code catalog suggest}, and what both have in common with
 * {@code catalog info} and its like.
 */
public abstract class SearchCommand implements Callable<Integer> {
    final Host host;
    final Output output;

    @Spec
    CommandSpec spec;

    @Option(names = "--provider", split = ",", paramLabel = "P", description = "Of these providers only.")
    private List<String> providers;

    @Option(names = "--json", description = "As JSON.")
    boolean json;

    @Option(names = "--root", paramLabel = "DIR", description = "The folder of models/ and config/ (default: here).")
    private Path root;

    SearchCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    /** @param models of the snapshot, those of the providers asked for. @return the exit code */
    abstract int print(Workspace workspace, Snapshot snapshot, List<Model> models);

    @Override
    public final Integer call() {
        var workspace = Workspace.open(host, output, root);
        var snapshot = workspace.snapshot();
        if (snapshot.models().isEmpty()) {
            output.warn("There are no models in " + workspace.snapshotFile() + " yet. 'catalog fetch' asks the providers whose key is set;"
                    + " 'catalog demo' shows it without a key.");
            return Failures.NOTHING_DONE;
        }
        var asked = asked(workspace, snapshot.models());
        if (asked.isEmpty() && providers != null) {
            output.warn("The snapshot has no models of " + Listing.visible(String.join(", ", providers)) + "; 'catalog fetch "
                    + Listing.visible(String.join(",", providers)) + "' asks for them.");
            return Failures.NOTHING_DONE;
        }
        int code = print(workspace, snapshot, asked);
        workspace.tellAge(snapshot, output);
        return code;
    }

    /** Those of the named providers, else of all that sell any; a catalogue's own list is for the asking only. */
    private List<Model> asked(Workspace workspace, List<Model> all) {
        if (providers == null) {
            return all.stream().filter(model -> !workspace.isSource(model.providerId())).toList();
        }
        var there = new TreeSet<>(workspace.providers().byId().keySet());
        all.forEach(model -> there.add(model.providerId()));
        var ids = providers.stream().map(name -> known("provider", name, there)).collect(Collectors.toSet());
        return all.stream().filter(model -> ids.contains(model.providerId())).toList();
    }

    /**
     * The one of all that is meant: case, and hyphens for underscores, do not count.
     *
     * @throws ParameterException with the nearest that there is
     */
    String known(String what, String word, Collection<String> all) {
        return known(what, word, all, "");
    }

    /** @param see where to find them, for the message, as they may be too many to list */
    String known(String what, String word, Collection<String> all, String see) {
        var plain = word.strip().toLowerCase(Locale.ROOT).replace('-', '_');
        return all.contains(word) ? word : all.stream().filter(plain::equals).findFirst().orElseThrow(() -> {
            var near = Listing.visible(ConfigError.didYouMean(word, all));
            var there = all.stream().sorted().map(Listing::visible).collect(Collectors.joining(", "));
            return new ParameterException(spec.commandLine(), "no " + what + " '" + Listing.visible(word) + "'"
                    + (near.isEmpty() && all.size() <= 40 ? "; there are " + there : near + see));
        });
    }

    /** Says what was left out, and where nothing is left by what. @return the exit code, which is 1 then, as grep has it */
    final int conclude(int asked, Search.Found found, String advice) {
        var unknown = found.unknown();
        if (found.leftOut() > 0) {
            output.say((found.leftOut() == 1 ? "1 model" : Output.count(found.leftOut()) + " models") + " left out: "
                    + unknown.entrySet().stream().map(e -> e.getKey() + " unknown" + (unknown.size() == 1 ? "" : " ("
                            + Output.count(e.getValue()) + ")")).collect(Collectors.joining(", ")) + advice);
        }
        if (!found.models().isEmpty()) {
            return Failures.OK;
        }
        var by = found.dropped().entrySet().stream().sorted(Map.Entry.<Filter, Integer>comparingByValue().reversed())
                .map(e -> Listing.visible(e.getKey().asked()) + " leaves out " + Output.count(e.getValue()))
                .collect(Collectors.joining(", "));
        output.warn("No model fits" + (by.isEmpty() ? "" : ": of " + Output.count(asked) + ", " + by) + ".");
        return Failures.SOME_FAILED;
    }

    /** That there is no such model, with what is near to its name. */
    static String noModel(List<Model> models, String name) {
        var near = Search.near(models, name);
        var advice = near.isEmpty() ? Listing.visible(ConfigError.didYouMean(name, models.stream().map(Model::id).toList()))
                : "; near to it: " + near.stream().map(Listing::visible).collect(Collectors.joining(", "));
        return "no model '" + Listing.visible(name) + "' in the snapshot"
                + (advice.isEmpty() ? "; 'catalog search' shows what there is" : advice);
    }

    /** {@code 200000}, {@code 128k}, {@code 1.5M}. */
    static final class Tokens implements ITypeConverter<Long> {
        private static final Pattern NUMBER = Pattern.compile("(\\d{1,10}(?:\\.\\d{1,6})?)([kKmM]?)");

        @Override
        public Long convert(String text) {
            var parts = NUMBER.matcher(text.replace("_", ""));
            if (!parts.matches()) {
                throw new TypeConversionException("'" + Listing.visible(text) + "' is no number of tokens such as 200000, 128k or 1M");
            }
            int zeros = parts.group(2).isEmpty() ? 0 : parts.group(2).equalsIgnoreCase("k") ? 3 : 6;
            return new BigDecimal(parts.group(1)).scaleByPowerOfTen(zeros).longValue();
        }
    }

    /** {@code 0.25}, {@code $3}. */
    static final class Amount implements ITypeConverter<BigDecimal> {
        private static final Pattern NUMBER = Pattern.compile("\\$?(\\d{1,9}(?:\\.\\d{1,20})?)");

        @Override
        public BigDecimal convert(String text) {
            var number = NUMBER.matcher(text);
            if (!number.matches()) {
                throw new TypeConversionException("'" + Listing.visible(text) + "' is no amount such as 0.25");
            }
            return new BigDecimal(number.group(1));
        }
    }

    /** {@code catalog search}: the models that fit. */
    @Command(name = "search", description = "Find models by name, abilities, limits and prices; unknown does not fit.",
            footer = {"", "Prices are USD per 1M tokens. Exit code 1: no model fits.", "", "Examples:",
                "  catalog search --capability tools,vision --max-price 1 --min-context 128k --sort price",
                "  catalog search llama 70b --json | jq -r '.[] | .provider_id + \"/\" + .id'"})
    public static final class Find extends SearchCommand {
        @Parameters(arity = "0..*", paramLabel = "TEXT", description = "Words of the id, name, family, aliases and short name.")
        private List<String> words = List.of();

        @Option(names = "--capability", split = ",", paramLabel = "C",
                description = "All that it must do: tools, vision, reasoning, json, pdf, audio, caching, or any of the snapshot's names.")
        private List<String> capabilities = List.of();

        @Option(names = "--max-price", paramLabel = "USD", converter = Amount.class, description = "Of the input, per 1M tokens.")
        private BigDecimal maxPrice;

        @Option(names = "--max-output-price", paramLabel = "USD", converter = Amount.class, description = "Of the output, per 1M tokens.")
        private BigDecimal maxOutputPrice;

        @Option(names = "--min-context", paramLabel = "N", converter = Tokens.class, description = "Context window: 200000, 128k or 1M.")
        private Long minContext;

        @Option(names = "--min-output", paramLabel = "N", converter = Tokens.class, description = "Max output tokens, likewise.")
        private Long minOutput;

        @Option(names = "--mode", split = ",", paramLabel = "M", description = "chat, embedding, … (default: all).")
        private List<String> modes;

        @Option(names = "--free", description = "Where the provider says that it is free.")
        private boolean free;

        @Option(names = "--open-weights", description = "Where the weights are published.")
        private boolean openWeights;

        @Option(names = "--tag", paramLabel = "T", description = "With this tag in your overrides.yaml.")
        private String tag;

        @Option(names = "--sort", paramLabel = "BY", defaultValue = "provider", converter = Words.Orders.class,
                completionCandidates = Words.Orders.class, description = "One of ${COMPLETION-CANDIDATES}.")
        private Search.Sort sort;

        @Option(names = "--limit", paramLabel = "N", description = "Show no more than the first N.")
        private Integer limit;

        @Option(names = "--include-unknown", description = "Keep models of which it is not known whether they fit.")
        private boolean includeUnknown;

        public Find(Host host, Output output) {
            super(host, output);
        }

        @Override
        int print(Workspace workspace, Snapshot snapshot, List<Model> models) {
            var found = Search.find(models, filters(workspace), includeUnknown);
            var sorted = new ArrayList<>(found.models());
            sorted.sort(sort.order());
            var shown = limit == null ? sorted : sorted.subList(0, Math.min(Math.max(0, limit), sorted.size()));
            if (json) {
                output.data(shown.isEmpty() ? "[]" : "[\n" + String.join(",\n", Output.json(shown)) + "\n]");
            } else if (!shown.isEmpty()) {
                output.table(Output.TITLES, shown.stream().map(Output::row).toList());
            }
            if (shown.size() < sorted.size()) {
                output.say(Output.count(sorted.size() - shown.size()) + " more fit.");
            }
            return conclude(models.size(), found, " (--include-unknown keeps them)");
        }

        private List<Filter> filters(Workspace workspace) {
            var text = String.join(" ", words).strip();
            var asked = modes == null ? null : modes.stream().map(mode -> known("mode", mode, Mapping.MODES)).collect(Collectors.toSet());
            var filters = new ArrayList<>(Arrays.asList(
                    text.isEmpty() ? null : Search.text(text),
                    tag == null ? null : Search.tagged(tag),
                    modes == null ? null : Search.modes("--mode " + String.join(",", modes), asked, workspace.providers().byId()),
                    Search.atMost("--max-price", "price", model -> Search.usd(model, Field.COST_INPUT), maxPrice),
                    Search.atMost("--max-output-price", "output price", model -> Search.usd(model, Field.COST_OUTPUT), maxOutputPrice),
                    Search.atLeast("--min-context", "context", Model::contextWindow, minContext),
                    Search.atLeast("--min-output", "max output", model -> model.tokens(Field.MAX_OUTPUT), minOutput),
                    free ? Search.free("--free") : null,
                    openWeights ? Search.flag("--open-weights", "whether the weights are open", Field.OPEN_WEIGHTS) : null));
            capabilities.forEach(name -> filters.add(Search.flag("--capability " + name, Listing.visible(name), capability(name))));
            filters.removeIf(Objects::isNull);
            return filters;
        }

        /** By its word of every day, its name in the snapshot or its key in providers.yaml, or what others call it. */
        private Field capability(String name) {
            var byName = new LinkedHashMap<>(Output.ABILITIES);
            byName.putAll(Map.of("function_calling", Field.TOOLS, "images", Field.VISION, "thinking", Field.REASONING, "search",
                    Field.WEB_SEARCH, "json_schema", Field.STRUCTURED_OUTPUT, "prefill", Field.ASSISTANT_PREFILL));
            for (var field : Field.values()) {
                if (field.schema().startsWith("capabilities.")) {
                    byName.put(field.schema().substring("capabilities.".length()), field);
                    byName.put(field.key(), field);
                }
            }
            return byName.get(known("capability", name, byName.keySet(), "; see 'catalog search --help'"));
        }
    }

    /** {@code catalog suggest}: the models that a use asks for, with the reasons. */
    @Command(name = "suggest", description = "Rank the snapshot's chat models for a use, with reasons.",
            footer = {"", "Of 100 points newness earns 30, price 25 (3 parts input, 1 output), context 15; for long-context",
                "context earns 45, for cheap price 70. Unknown earns nothing. Deprecated models are left out.", "",
                "Example:", "  catalog suggest --use-case code --budget 2 --min-context 200k"})
    public static final class Suggest extends SearchCommand {
        @Option(names = "--use-case", required = true, paramLabel = "USE", converter = Words.Uses.class,
                completionCandidates = Words.Uses.class, description = "One of ${COMPLETION-CANDIDATES}.")
        private Search.UseCase useCase;

        @Option(names = "--budget", paramLabel = "USD", converter = Amount.class,
                description = "The most that 1M tokens may cost, three parts input and one output.")
        private BigDecimal budget;

        @Option(names = "--min-context", paramLabel = "N", converter = Tokens.class, description = "Context window: 200000, 128k or 1M.")
        private Long minContext;

        @Option(names = "--limit", paramLabel = "N", defaultValue = "5", description = "How many (default: 5).")
        private int limit;

        public Suggest(Host host, Output output) {
            super(host, output);
        }

        @Override
        int print(Workspace workspace, Snapshot snapshot, List<Model> models) {
            var today = LocalDate.ofInstant(host.clock().instant(), ZoneOffset.UTC);
            var filters = new ArrayList<>(Search.inUse(workspace.providers().byId(), today));
            filters.addAll(useCase.needs());
            filters.addAll(Arrays.asList(Search.atLeast("--min-context", "context", Model::contextWindow, minContext),
                    Search.atMost("--budget", "price", Search::blended, budget)));
            filters.removeIf(Objects::isNull);
            var found = Search.find(models, filters, false);
            var shown = Search.rank(found.models(), useCase, today).stream().limit(Math.max(0, limit)).toList();
            if (json) {
                var array = JsonNodeFactory.instance.arrayNode();
                shown.forEach(one -> array.add(json(workspace, one)));
                output.data(array);
            } else if (!shown.isEmpty()) {
                output.table(List.of("SCORE", "PROVIDER", "MODEL", "WHY"), shown.stream().map(one -> List.of("" + one.score(),
                        Listing.visible(one.model().providerId()), Listing.visible(one.model().id()), why(workspace, one))).toList());
            }
            return conclude(models.size(), found, "");
        }

        private static String why(Workspace workspace, Search.Suggestion one) {
            var why = String.join(", ", reasons(one.model()));
            var unset = unset(workspace, one.model());
            var also = one.also().stream().limit(3).map(model -> Listing.visible(model.providerId() + "/" + model.id()))
                    .collect(Collectors.joining(", "));
            return why + (unset == null ? "" : " (" + unset + " not set)") + (also.isEmpty() ? "" : "; also " + also)
                    + (one.also().size() > 3 ? " and " + (one.also().size() - 3) + " more" : "");
        }

        private static ObjectNode json(Workspace workspace, Search.Suggestion one) {
            var model = one.model();
            var node = JsonNodeFactory.instance.objectNode().put("provider_id", model.providerId()).put("id", model.id());
            reasons(model).forEach(node.put("score", one.score()).withArray("/reasons")::add);
            if (Search.blended(model) != null) {
                node.put("blended_price", Output.plain(Search.blended(model)));
            }
            if (unset(workspace, model) != null) {
                node.put("key_not_set", unset(workspace, model));
            }
            one.also().forEach(same -> node.withArray("/also").add(same.providerId() + "/" + same.id()));
            return node;
        }

        private static List<String> reasons(Model model) {
            var reasons = new ArrayList<String>();
            if (Boolean.TRUE.equals(model.flag(Field.TOOLS))) {
                reasons.add("calls tools");
            }
            if (Boolean.TRUE.equals(model.flag(Field.VISION))) {
                reasons.add("sees images");
            }
            if (Boolean.TRUE.equals(model.flag(Field.REASONING))) {
                reasons.add("reasons");
            }
            reasons.add(model.contextWindow() == null ? "context unknown" : Output.tokens(model.contextWindow()) + " context");
            if (model.tokens(Field.MAX_OUTPUT) != null) {
                reasons.add(Output.tokens(model.tokens(Field.MAX_OUTPUT)) + " max output");
            }
            reasons.add(Search.blended(model) == null ? "price unknown"
                    : "$" + Output.price(model, Field.COST_INPUT) + "/$" + Output.price(model, Field.COST_OUTPUT));
            var released = model.text(Field.RELEASED);
            reasons.add(released == null ? "release date unknown"
                    : "released " + Listing.visible(released.length() > 7 ? released.substring(0, 7) : released));
            for (var end : List.of(Field.DEPRECATED_ON, Field.RETIRED_ON)) {
                if (model.text(end) != null) {
                    reasons.add((end == Field.RETIRED_ON ? "retired on " : "deprecated on ") + Listing.visible(model.text(end)));
                }
            }
            return reasons;
        }

        /** The variable of the key without which the provider cannot be asked; null where nothing is missing. */
        private static String unset(Workspace workspace, Model model) {
            if (!workspace.providers().byId().containsKey(model.providerId())) {
                return null;
            }
            var access = workspace.access(model.providerId());
            return !access.hasKey() && access.provider().key() == Provider.KeyNeed.REQUIRED ? access.keyVariable() : null;
        }
    }
}
