package lib.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.cli.Output.Failures;
import lib.host.Host;
import lib.model.Archive.Inputs;
import lib.model.Enrichment.Differences;
import lib.model.Model;
import lib.model.Model.Conflict;
import lib.model.Model.Difference;
import lib.model.Model.Fact;
import lib.model.Search;
import lib.model.Snapshot;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Provider.Field;
import lib.provider.Provider.Field.Kind;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code catalog info}: what is known of one model, and who says so. */
@Command(name = "info", description = "Show what is known of one model, each fact with its source.",
        footer = {"", "With --json an object; a list of them where several providers have the model.", "", "Examples:",
            "  catalog info openai/gpt-5 --explain",
            "  catalog info gpt-5 --provider openai --json | jq -r '.fields.\"cost.input\".value'"})
public final class InfoCommand extends SearchCommand {
    /** What is worth saying even where nobody knows it. */
    private static final Set<Field> CORE = EnumSet.of(Field.CONTEXT, Field.MAX_OUTPUT, Field.COST_INPUT, Field.COST_OUTPUT, Field.TOOLS,
            Field.VISION, Field.REASONING);
    /** Of these a catalogue is asked before the provider. */
    private static final Set<Field> BETTER_KNOWN = EnumSet.of(Field.NAME, Field.FAMILY, Field.KNOWLEDGE);
    /** How much older a source has to be for that alone to explain why it says something else. */
    private static final Duration STALE_AFTER = Duration.ofHours(24);

    @Parameters(paramLabel = "MODEL", description = "PROVIDER/ID, or an id, an alias or a short name.")
    private String name;

    @Option(names = "--explain", description = "Also who agrees, who does not, and why this value counts.")
    private boolean explain;

    public InfoCommand(Host host, Output output) {
        super(host, output);
    }

    @Override
    int print(Workspace workspace, Snapshot snapshot, List<Model> models) {
        var named = Search.named(models, name);
        if (named.isEmpty()) {
            output.warn(noModel(models, name));
            return Failures.NOTHING_DONE;
        }
        var dates = dates(workspace, snapshot);
        if (json) {
            var array = JsonNodeFactory.instance.arrayNode();
            named.forEach(model -> array.add(json(model, dates)));
            output.data(named.size() == 1 ? array.get(0) : array);
        } else if (named.size() == 1) {
            describe(workspace, named.get(0), dates);
        } else {
            output.table(Output.TITLES, named.stream().map(Output::row).toList());
            output.say(named.size() + " models are called so. For all that is known of one: catalog info "
                    + Listing.visible(named.get(0).providerId() + "/" + named.get(0).id()));
        }
        return Failures.OK;
    }

    private void describe(Workspace workspace, Model model, Map<String, Instant> dates) {
        var rows = new ArrayList<List<String>>();
        for (var field : Field.values()) {
            var fact = model.facts().get(field);
            if (fact != null) {
                rows.add(List.of(Output.label(field), Output.said(model, field, fact.value()),
                        Listing.visible(fact.source()) + (fact.inferred() ? " (inferred)" : ""), day(dates, fact.source()),
                        explain ? why(workspace, model, field, fact) : ""));
                if (explain) {
                    rows.addAll(others(model, field, fact, dates));
                }
            } else if (CORE.contains(field)) {
                rows.add(List.of(Output.label(field), "unknown", "-", "-", ""));
            }
        }
        output.data(Listing.visible(model.providerId() + "/" + model.id()));
        output.table(List.of("FACT", "VALUE", "SOURCE", "AS OF", explain ? "WHY" : ""), rows);
    }

    private static List<List<String>> others(Model model, Field field, Fact fact, Map<String, Instant> dates) {
        var rows = new ArrayList<List<String>>();
        fact.agree().forEach(source -> rows.add(List.of("", "the same", Listing.visible(source), day(dates, source), "")));
        for (var conflict : model.conflicts()) {
            if (conflict.field() == field) {
                var word = "differs: " + Output.word(difference(model, conflict, dates));
                conflict.others().forEach(said -> rows.add(List.of("", Output.said(model, field, said.value()),
                        Listing.visible(said.source()), day(dates, said.source()), word)));
            }
        }
        return rows;
    }

    /** Why of all sources this one counts, as docs/facts.md tells in full. */
    private static String why(Workspace workspace, Model model, Field field, Fact fact) {
        var source = workspace.providers().byId().get(fact.source());
        if (source != null && source.source() != null && source.source().file() != null) {
            return "you say so, which comes before everything else";
        }
        if (fact.inferred()) {
            return "nobody says it of this provider's model, but of the model that it is made from";
        }
        boolean better = BETTER_KNOWN.contains(field);
        if (fact.source().equals(model.providerId())) {
            return better ? "the provider's word, as no catalogue has one" : "the provider's own word comes before the catalogues'";
        }
        return better ? "names, families and knowledge cutoffs are taken from a catalogue first" : "the provider does not say; "
                + (field.isMoney() ? "it is this provider's price, never another's" : "this is the first catalogue that does");
    }

    private static ObjectNode json(Model model, Map<String, Instant> dates) {
        var written = parsed(Output.json(List.of(model)).get(0));
        var node = JsonNodeFactory.instance.objectNode().put("provider_id", model.providerId()).put("id", model.id());
        var fields = node.putObject("fields");
        model.facts().forEach((field, fact) -> {
            var about = fields.putObject(field.schema());
            about.set("value", written.at("/" + field.schema().replace('.', '/')));
            about.put("source", fact.source());
            if (dates.containsKey(fact.source())) {
                about.put("as_of", dates.get(fact.source()).toString());
            }
            fact.agree().forEach(about.put("inferred", fact.inferred()).putArray("agree")::add);
            about.putArray("others");
        });
        for (var conflict : model.conflicts()) {
            if (fields.path(conflict.field().schema()).path("others") instanceof ArrayNode others) {
                var word = Output.word(difference(model, conflict, dates));
                conflict.others().forEach(said -> others.addObject().put("source", said.source())
                        .<ObjectNode>set("value", node(said.value())).put("class", word));
            }
        }
        return node;
    }

    /** A value that sources differ on, as in the snapshot. Lists are not compared. */
    private static JsonNode node(Object value) {
        var nodes = JsonNodeFactory.instance;
        return value instanceof Long number ? nodes.numberNode(number) : value instanceof Boolean flag ? nodes.booleanNode(flag)
                : nodes.textNode(value instanceof BigDecimal amount ? Output.plain(amount) : String.valueOf(value));
    }

    /** @param line a model as the snapshot writes it */
    private static ObjectNode parsed(String line) {
        try {
            return (ObjectNode) Json.parse(line.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("reading what was just written", e);
        }
    }

    /** When each input was fetched, by its id; nothing of those of which that is not known. */
    private static Map<String, Instant> dates(Workspace workspace, Snapshot snapshot) {
        try {
            return Inputs.read(workspace.root().resolve("models/extra/inputs.json")).fetched().stream()
                    .filter(one -> one.at() != null && snapshot.inputs().contains(new Snapshot.Input(one.id(), one.url(), one.sha256())))
                    .collect(Collectors.toMap(Inputs.Fetched::id, Inputs.Fetched::at, (first, second) -> first));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String day(Map<String, Instant> dates, String source) {
        return dates.containsKey(source) ? dates.get(source).toString().substring(0, 10) : "-";
    }

    /** The snapshot has no times in it, so what is simply older is told apart here. */
    private static Difference difference(Model model, Conflict conflict, Map<String, Instant> dates) {
        var fact = model.facts().get(conflict.field());
        var chosen = fact == null ? null : dates.get(fact.source());
        boolean older = chosen != null && conflict.others().stream().map(said -> dates.get(said.source()))
                .allMatch(other -> other != null && other.plus(STALE_AFTER).isBefore(chosen));
        return conflict.difference() == Difference.REAL && older ? Difference.STALE : conflict.difference();
    }

    /** {@code catalog conflicts}: where sources say different things. */
    @Command(name = "conflicts", description = "Show where sources say different things of the same model.",
            footer = {"", "rounding: the same, written less exactly; tier: right for another length or service;",
                "stale: more than a day older; real: one of them is wrong.", "",
                "Example:", "  catalog conflicts --field context --min-ratio 2"})
    public static final class Conflicts extends SearchCommand {
        /** Fields of these kinds are compared wherever two sources have them. */
        private static final Set<Kind> COMPARED = EnumSet.of(Kind.TOKENS, Kind.FLAG, Kind.MONEY, Kind.MONEY_EACH);

        @Option(names = "--field", paramLabel = "F", description = "Of this field: context, cost.input, … (input: of all of that name).")
        private String field;

        @Option(names = "--min-ratio", paramLabel = "R", converter = Amount.class,
                description = "List numbers of which one is at least R times the other.")
        private BigDecimal minRatio;

        @Option(names = "--class", paramLabel = "C", converter = Words.Classes.class,
                description = "List those of this class: rounding, tier, stale or real.")
        private Difference only;

        @Option(names = "--summary", description = "Only count, per field.")
        private boolean summary;

        public Conflicts(Host host, Output output) {
            super(host, output);
        }

        /** @param ratio null where the values are no numbers */
        private record Found(Model model, Conflict conflict, Fact chosen, Difference difference, Double ratio) {
            Field field() {
                return conflict.field();
            }
        }

        @Override
        int print(Workspace workspace, Snapshot snapshot, List<Model> models) {
            var fields = fields();
            var dates = dates(workspace, snapshot);
            var agreeing = new EnumMap<Field, Integer>(Field.class);
            var found = new ArrayList<Found>();
            for (var model : models) {
                var differing = EnumSet.noneOf(Field.class);
                for (var conflict : model.conflicts()) {
                    var chosen = model.facts().get(conflict.field());
                    if (fields.contains(conflict.field()) && chosen != null && differing.add(conflict.field())) {
                        found.add(new Found(model, conflict, chosen, difference(model, conflict, dates),
                                conflict.others().stream().map(said -> Differences.ratio(chosen.value(), said.value()))
                                        .filter(ratio -> ratio != null).max(Double::compare).orElse(null)));
                    }
                }
                model.facts().forEach((field, fact) -> {
                    if (!fact.agree().isEmpty() && fields.contains(field) && !differing.contains(field)) {
                        agreeing.merge(field, 1, Integer::sum);
                    }
                });
            }
            var counts = counts(found, agreeing);
            found.removeIf(one -> only != null && one.difference() != only
                    || minRatio != null && (one.ratio() == null || one.ratio() < minRatio.doubleValue()));
            found.sort(Comparator.comparing(Found::ratio, Comparator.nullsLast(Comparator.reverseOrder())));
            if (json) {
                output.data(json(counts, found));
                return Failures.OK;
            }
            output.table(List.of("FIELD", "MODELS", "AGREE", "ROUNDING", "TIER", "STALE", "REAL", "DIFFER"),
                    counts.stream().map(Count::row).toList());
            if (!summary && !found.isEmpty()) {
                output.data("");
                output.table(List.of("MODEL", "FIELD", "COUNTS", "OTHERS", "RATIO", "CLASS"), found.stream().map(Conflicts::row).toList());
            }
            if (found.isEmpty()) {
                output.say("No conflicts" + (counts.isEmpty() ? "; no two sources speak of the same." : " of that kind."));
            }
            return Failures.OK;
        }

        /** Of one field: how many models have it from two sources or more. @param by class of difference */
        private record Count(Field field, int agree, Map<Difference, Integer> by) {
            int models() {
                return agree + by.values().stream().mapToInt(Integer::intValue).sum();
            }

            /** Of 100 models that two sources know, so many. */
            String percent() {
                return String.format(Locale.ROOT, "%.1f", 100.0 * (models() - agree) / models());
            }

            List<String> row() {
                var row = new ArrayList<>(List.of(field.schema(), Output.count(models()), Output.count(agree)));
                Stream.of(Difference.values()).forEach(difference -> row.add(Output.count(by.getOrDefault(difference, 0))));
                row.add(percent() + " %");
                return row;
            }
        }

        /** Of other kinds only those of which a difference shows that they are compared. */
        private static List<Count> counts(List<Found> found, Map<Field, Integer> agreeing) {
            var by = new EnumMap<Field, Map<Difference, Integer>>(Field.class);
            found.forEach(one -> by.computeIfAbsent(one.field(), field -> new EnumMap<>(Difference.class))
                    .merge(one.difference(), 1, Integer::sum));
            agreeing.keySet().stream().filter(field -> COMPARED.contains(field.kind())).forEach(field -> by.putIfAbsent(field, Map.of()));
            return by.entrySet().stream().map(e -> new Count(e.getKey(), agreeing.getOrDefault(e.getKey(), 0), e.getValue())).toList();
        }

        private static List<String> row(Found one) {
            return List.of(Listing.visible(one.model().providerId() + "/" + one.model().id()), one.field().schema(),
                    said(one, one.chosen().source(), one.chosen().value()),
                    one.conflict().others().stream().map(other -> said(one, other.source(), other.value()))
                            .collect(Collectors.joining(", ")),
                    one.ratio() == null ? "-" : one.ratio().isInfinite() ? "from 0" : String.format(Locale.ROOT, "%.2f", one.ratio()),
                    Output.word(one.difference()));
        }

        private static String said(Found one, String source, Object value) {
            return Output.said(one.model(), one.field(), value) + " (" + Listing.visible(source) + ")";
        }

        private ObjectNode json(List<Count> counts, List<Found> found) {
            var node = JsonNodeFactory.instance.objectNode();
            var fields = node.putArray("fields");
            for (var count : counts) {
                var about = fields.addObject().put("field", count.field().schema()).put("models", count.models());
                about.put("agree", count.agree());
                Stream.of(Difference.values()).forEach(one -> about.put(Output.word(one), count.by().getOrDefault(one, 0)));
                about.put("differ_percent", new BigDecimal(count.percent()));
            }
            if (!summary) {
                var conflicts = node.putArray("conflicts");
                for (var one : found) {
                    var about = conflicts.addObject().put("provider_id", one.model().providerId()).put("id", one.model().id());
                    about.put("field", one.field().schema()).set("chosen", node(one.chosen().value()));
                    about.put("source", one.chosen().source()).put("class", Output.word(one.difference()));
                    var others = about.putArray("others");
                    one.conflict().others().forEach(said -> others.addObject().put("source", said.source())
                            .set("value", node(said.value())));
                    if (one.ratio() != null && !one.ratio().isInfinite()) {
                        about.put("ratio", one.ratio());
                    }
                }
            }
            return node;
        }

        /** All, or those of which the dotted name, or what follows its dot, was asked for. */
        private Set<Field> fields() {
            if (field == null) {
                return EnumSet.allOf(Field.class);
            }
            var names = Stream.of(Field.values()).map(Field::schema)
                    .flatMap(one -> Stream.of(one, one.substring(one.indexOf('.') + 1))).collect(Collectors.toSet());
            var name = known("field", field, names, "; see 'catalog conflicts --summary'");
            return Stream.of(Field.values()).filter(one -> ("." + one.schema()).endsWith("." + name)).collect(Collectors.toSet());
        }
    }

    /** {@code catalog compare}: one model as each provider sells it. */
    @Command(name = "compare", description = "Show one model at all its providers, the cheapest first.",
            footer = {"", "Prices are each provider's own, USD per 1M tokens; * marks the lowest, three parts input and one output.",
                "", "Example:", "  catalog compare gpt-oss-120b"})
    public static final class Compare extends SearchCommand {
        @Parameters(paramLabel = "ID", description = "As one of the providers writes it, with or without the provider before it.")
        private String id;

        public Compare(Host host, Output output) {
            super(host, output);
        }

        @Override
        int print(Workspace workspace, Snapshot snapshot, List<Model> models) {
            var same = Search.same(models, id);
            if (same.isEmpty()) {
                output.warn(noModel(models, id));
                return Failures.NOTHING_DONE;
            }
            var lowest = Search.blended(same.get(0).model());
            if (json) {
                var array = JsonNodeFactory.instance.arrayNode();
                same.forEach(one -> array.add(parsed(Output.json(List.of(one.model())).get(0)).put("match", Output.word(one.match()))
                        .put("cheapest", isLowest(one.model(), lowest))));
                output.data(array);
                return Failures.OK;
            }
            var titles = new ArrayList<>(Output.TITLES);
            titles.addAll(6, List.of("", "QUANTIZATION", "MATCH"));
            var rows = new ArrayList<List<String>>();
            for (var one : same) {
                var row = new ArrayList<>(Output.row(one.model()));
                var quantization = one.model().text(Field.QUANTIZATION);
                row.addAll(6, List.of(isLowest(one.model(), lowest) ? "*" : "",
                        quantization == null ? "-" : Listing.visible(quantization), Output.word(one.match())));
                rows.add(row);
            }
            output.table(titles, rows);
            return Failures.OK;
        }

        private static boolean isLowest(Model model, BigDecimal lowest) {
            return lowest != null && Search.blended(model) != null && Search.blended(model).compareTo(lowest) == 0;
        }
    }
}
