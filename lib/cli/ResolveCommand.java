package lib.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lib.cli.Output.Failures;
import lib.host.Host;
import lib.host.Host.Terminal;
import lib.model.Model;
import lib.model.Normaliser;
import lib.model.Search.Resolver;
import lib.model.Snapshot;
import lib.provider.Json.Listing;
import lib.provider.Overrides;
import lib.provider.Provider.Field;
import lib.provider.Provider;
import lib.provider.Provider.Mapping;
import lib.render.Tools;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code catalog resolve}: the one model that a text means; and {@link Discover}, for those who have no text yet. */
@Command(name = "resolve", description = "Say which model a name, a part of one or PROVIDER/NAME means.",
        footer = {"", "Examples:", "  catalog resolve gpt-oss-120b",
            "  catalog resolve --strict --json openai/gpt-oss-120b | jq -r .provider"})
public final class ResolveCommand implements Callable<Integer> {
    private static final int MOST_OTHERS = 10;

    private final Host host;
    private final Output output;

    @Parameters(paramLabel = "STRING", description = "An id, a short name from overrides.yaml, an alias, or a part of one.")
    private String text;

    @Option(names = "--strict", description = "Fail where several models fit as well.")
    private boolean strict;

    @Option(names = "--json", description = "As JSON; candidates are the others that fit as well.")
    private boolean json;

    @Option(names = "--root", paramLabel = "DIR", description = "The folder of models/ and config/ (default: here).")
    private Path root;

    public ResolveCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    @Override
    public Integer call() {
        var workspace = Workspace.open(host, output, root);
        var snapshot = snapshot(workspace, output);
        if (snapshot == null) {
            return Failures.NOTHING_DONE;
        }
        var overrides = workspace.providers().byId().values().stream().filter(p -> p.source() != null && p.source().file() != null)
                .map(p -> Overrides.load(host, p.source().file())).findFirst().orElse(Overrides.NONE);
        var found = new Resolver(workspace.providers().byId().values(), snapshot.models(), overrides).resolve(text);
        if (found.failure() != null) {
            found.failure().lines().forEach(output::warn);
            return Failures.SOME_FAILED;
        }
        var names = found.hits().stream().map(Resolver.Hit::scoped).toList();
        if (strict && found.ambiguous()) {
            output.warn("'" + Listing.visible(text) + "' could be any of " + names.size() + " models: " + some(names));
            return Failures.SOME_FAILED;
        }
        var hit = found.hits().get(0);
        var others = names.subList(1, names.size());
        if (json) {
            var node = JsonNodeFactory.instance.objectNode().put("provider", hit.model().providerId()).put("id", hit.model().id())
                    .put("matched", hit.matched().name().toLowerCase(Locale.ROOT));
            others.forEach(node.putArray("candidates")::add);
            output.data(node);
        } else {
            output.data(hit.scoped());
        }
        if (!others.isEmpty()) {
            output.say("also: " + some(others));
        }
        warnOfItsEnd(hit.model(), output);
        workspace.tellAge(snapshot, output);
        return Failures.OK;
    }

    private static String some(List<String> names) {
        return names.stream().limit(MOST_OTHERS).map(Listing::visible).collect(Collectors.joining(", "))
                + (names.size() > MOST_OTHERS ? " and " + (names.size() - MOST_OTHERS) + " more" : "");
    }

    /** Without ids that hold control characters: they are none. @return null, after saying what to do, where there are no models */
    private static Snapshot snapshot(Workspace workspace, Output output) {
        var snapshot = workspace.snapshot();
        if (snapshot.models().isEmpty()) {
            output.warn("There are no models in " + workspace.snapshotFile() + " yet; 'catalog fetch' asks for them.");
            return null;
        }
        var models = snapshot.models().stream().filter(model -> model.id().chars().noneMatch(Character::isISOControl)).toList();
        return new Snapshot(snapshot.inputs(), models);
    }

    private static boolean ends(Model model) {
        return "deprecated".equals(model.text(Field.STATUS)) || "retired".equals(model.text(Field.STATUS));
    }

    private static void warnOfItsEnd(Model model, Output output) {
        if (ends(model)) {
            var date = model.text(Field.RETIRED_ON);
            var instead = model.text(Field.REPLACEMENT);
            output.warn(output.paint("yellow", "warning") + " " + Listing.visible(model.providerId() + "/" + model.id()) + " is "
                    + model.text(Field.STATUS) + (date == null ? "" : ", its retirement is " + Listing.visible(date))
                    + (instead == null ? "; it names no replacement" : "; its replacement is " + Listing.visible(instead)));
        }
    }

    /** {@code catalog discover}: a person picks a provider, then one of its models. */
    @Command(name = "discover", description = "Pick a provider and a model by arrow keys, by number or by typing a part of the name.",
            footer = {"", "Examples:", "  catalog discover --mode chat",
                "  mods -a groq -m \"$(catalog discover --provider groq --print id)\"",
                "  catalog discover --apply aichat       the choice is what aichat uses from now on"})
    public static final class Discover implements Callable<Integer> {
        public enum Print { resolve, id, json }

        /** What a key that sends several bytes takes to send them, at a slow connection; and what a closed input takes to say so. */
        private static final int PATIENCE = 100;
        private static final int WINDOW = 15;
        private static final int MOST_LINES = 40;
        /** For an input that never ends, such as that of {@code yes}. */
        private static final int MOST_QUESTIONS = 50;

        private final Host host;
        private final Output output;

        @Spec
        private CommandSpec spec;

        @Option(names = "--provider", paramLabel = "P", description = "One of this provider's models.")
        private String provider;

        @Option(names = "--mode", paramLabel = "M", description = "Only models of this kind: chat, embedding, …")
        private String mode;

        @Option(names = "--print", paramLabel = "FORM", defaultValue = "resolve",
                description = "resolve: PROVIDER/ID (default); id: the id alone; json.")
        private Print print = Print.resolve;

        @Option(names = "--plain", description = "Numbered lists, answered by lines on standard input, even at a terminal.")
        private boolean plain;

        @Option(names = "--root", paramLabel = "DIR", description = "The folder of models/ and config/ (default: here).")
        private Path root;

        /** Null: the choice is printed. */
        @ArgGroup(exclusive = false)
        private ApplyCommand.Choosing choosing;

        public Discover(Host host, Output output) {
            this.host = host;
            this.output = output;
        }

        @Override
        public Integer call() throws IOException, InterruptedException {
            var applying = choosing == null ? null : ApplyCommand.of(host, output, spec, choosing, root);
            var choices = applying == null ? List.<Tools.Entry>of() : applying.choices();
            var workspace = Workspace.open(host, output, root);
            var providers = workspace.providers().byId();
            if (provider != null && !providers.containsKey(provider)) {
                throw new ParameterException(spec.commandLine(), ProvidersCommand.unknown(workspace, provider));
            }
            if (mode != null && !Mapping.MODES.contains(mode)) {
                throw new ParameterException(spec.commandLine(), "no mode '" + Listing.visible(mode) + "'; there are "
                        + String.join(", ", Mapping.MODES));
            }
            var snapshot = snapshot(workspace, output);
            if (snapshot == null) {
                return Failures.NOTHING_DONE;
            }
            var models = Resolver.byProvider(providers.values(),
                    snapshot.models().stream().filter(model -> isAskedFor(providers.get(model.providerId()), model)
                            && choices.stream().allMatch(entry -> suits(providers.get(model.providerId()), model, entry))).toList());
            if (models.isEmpty()) {
                var what = (mode == null ? "" : mode + " ") + "model" + (provider == null ? "" : " of " + provider)
                        + (choosing == null ? "" : " for " + choosing.tool);
                output.warn("There is no " + what + " in " + workspace.snapshotFile() + "; 'catalog fetch' asks for them.");
                return Failures.NOTHING_DONE;
            }
            Model model;
            Terminal.Typed typed;
            try (var terminal = plain ? null : Terminal.open(host)) {
                typed = new Terminal.Typed(terminal == null ? host.in() : terminal.keys(), PATIENCE);
                if (terminal == null && typed.isOver()) {
                    output.warn("catalog: discover asks a person, and nobody is there; 'catalog resolve NAME' asks nobody.");
                    return Failures.USAGE;
                }
                var keys = typed;
                model = pick(providers, models, menu -> terminal == null ? byLine(menu, keys) : byKeys(menu, keys, terminal));
            }
            if (model == null) {
                output.say("Nothing chosen.");
                return Failures.SOME_FAILED;
            }
            if (applying != null) {
                output.say("Chosen: " + Listing.visible(model.providerId() + "/" + model.id()));
                warnOfItsEnd(model, output);
                return applying.apply(new ApplyCommand.Picked(model, typed));
            }
            switch (print) {
                case resolve -> output.data(model.providerId() + "/" + model.id());
                case id -> output.data(model.id());
                case json -> output.data(JsonNodeFactory.instance.objectNode().put("provider", model.providerId()).put("id", model.id()));
            }
            warnOfItsEnd(model, output);
            output.say("to use it: " + uses(providers.get(model.providerId()), model.id()));
            workspace.tellAge(snapshot, output);
            return Failures.OK;
        }

        /** @param of null where the provider is not configured any more */
        private boolean isAskedFor(Provider of, Model model) {
            return of != null && (provider == null ? Resolver.takesPart(of) : provider.equals(of.id()))
                    && (mode == null || isOfMode(mode, of, model));
        }

        /** Whether a template could tell its tool of this choice. */
        private static boolean suits(Provider of, Model model, Tools.Entry template) {
            return (template.wires().isEmpty() || of.wires().keySet().stream().anyMatch(template.wires()::contains))
                    && (template.mode() == null || isOfMode(template.mode(), of, model));
        }

        private static boolean isOfMode(String mode, Provider of, Model model) {
            return mode.equals("chat") ? Normaliser.offeredAsChat(of, model) : mode.equals(model.text(Field.MODE));
        }

        private interface Choice {
            /** @return the index of a row, -1 to go back */
            int of(Menu menu) throws InterruptedException;
        }

        /** Provider, then model, and back; where there is but one provider, its models at once. @return null where nothing is wanted */
        private static Model pick(Map<String, Provider> providers, Map<String, List<Model>> models, Choice choice)
                throws InterruptedException {
            var ids = List.copyOf(models.keySet());
            var first = new Menu("Provider", ids.stream().map(id -> new Row(id, String.format(Locale.ROOT, "%5d  %s", models.get(id).size(),
                    Listing.visible(providers.get(id).name())))).toList());
            int at = ids.size() == 1 ? 0 : choice.of(first);
            while (at >= 0) {
                var own = models.get(ids.get(at));
                int chosen = choice.of(new Menu("Model of " + ids.get(at), own.stream().map(Row::of).toList()));
                if (chosen >= 0) {
                    return own.get(chosen);
                }
                at = ids.size() == 1 ? -1 : choice.of(first);
            }
            return null;
        }

        /** By lines: a number, or words until one row is left. */
        private int byLine(Menu menu, Terminal.Typed typed) throws InterruptedException {
            var width = Terminal.bound(0, host.env("COLUMNS"), 80);
            for (int times = 0; times < MOST_QUESTIONS; times++) {
                new Menu(menu.title(), menu.rows(), menu.filter(), -1, false).lines(width, MOST_LINES).forEach(host.err()::println);
                int more = menu.shown().size() - MOST_LINES;
                host.err().print((more > 0 ? "… and " + more + " more\n" : "") + "number or part of a name, empty to go back> ");
                host.err().flush();
                var line = typed.line();
                if (line == null || line.isEmpty()) {
                    return -1;
                }
                menu = menu.filtered(line);
                if (menu.isSettled()) {
                    return menu.chosen();
                }
            }
            return -1;
        }

        private static int byKeys(Menu menu, Terminal.Typed typed, Terminal terminal) throws InterruptedException {
            int height = Math.max(1, Math.min(WINDOW, terminal.rows() - 4));
            while (!menu.done()) {
                var lines = menu.lines(terminal.columns(), height);
                lines.add(Menu.cut("arrows, a number or part of the name; Enter chooses, Esc goes back", terminal.columns() - 1));
                terminal.draw(lines);
                menu = menu.press(typed.key(), height);
            }
            return menu.chosen();
        }

        private static String uses(Provider provider, String id) {
            var quoted = id.matches("[A-Za-z0-9._:/@-]+") ? id : "'" + Listing.visible(id).replace("'", "'\\''") + "'";
            return "aichat -m " + provider.id().replaceAll("[^a-z0-9]", "_") + ":" + quoted
                    + (provider.wires().containsKey("openai-responses") ? ", codex -p " + provider.id() + " -m " + quoted : "");
        }
    }

    /** One line to choose. Only the label is searched. */
    public record Row(String label, String detail) {
        static Row of(Model model) {
            var context = model.contextWindow();
            var in = model.money(Field.COST_INPUT);
            var out = model.money(Field.COST_OUTPUT);
            var currency = model.text(Field.CURRENCY);
            var price = Boolean.TRUE.equals(model.flag(Field.FREE)) ? "free" : in == null || out == null ? "-"
                    : in.toPlainString() + "/" + out.toPlainString() + " " + (currency == null ? "USD" : Listing.visible(currency));
            var tokens = context == null ? "-" : context < 1000 ? "" + context : context < 1_000_000 ? context / 1000 + "K"
                    : context / 100_000 / 10.0 + "M";
            var end = ends(model) ? ", " + model.text(Field.STATUS) : "";
            return new Row(model.id(), String.format(Locale.ROOT, "%6s  %s%s", tokens, price, end));
        }
    }

    /**
     * A list as it stands before a person.
     *
     * @param filter words that the shown rows hold, or the number of one
     * @param at     which of the shown rows is pointed at
     * @param done   whether the person chose or, with {@code at} -1, went back
     */
    public record Menu(String title, List<Row> rows, String filter, int at, boolean done) {
        public Menu(String title, List<Row> rows) {
            this(title, rows, "", 0, false);
        }

        /** The rows that fit the filter, as indices. */
        public List<Integer> shown() {
            var words = List.of(filter.strip().toLowerCase(Locale.ROOT).split(" +"));
            int number = number();
            return IntStream.range(0, rows.size()).filter(i -> i == number || words.stream().allMatch(
                    rows.get(i).label().toLowerCase(Locale.ROOT)::contains)).boxed().toList();
        }

        private int number() {
            return filter.matches("[1-9][0-9]{0,8}") ? Integer.parseInt(filter) - 1 : -1;
        }

        /** @return the index of the row that is pointed at, -1 for none */
        public int chosen() {
            var shown = shown();
            return at < 0 || at >= shown.size() ? -1 : shown.get(at);
        }

        /** Whether what was typed leaves no question: a row's number, its whole label, or words that one row holds. */
        boolean isSettled() {
            int row = chosen();
            return row >= 0 && (row == number() || rows.get(row).label().equals(filter) || shown().size() == 1);
        }

        /** Points at the row that is called so, or has this number, else at the first. */
        public Menu filtered(String text) {
            var shown = new Menu(title, rows, text, 0, false);
            var all = shown.shown();
            int named = (int) all.stream().takeWhile(i -> !rows.get(i).label().equals(text)).count();
            int at = named < all.size() ? named : Math.max(0, all.indexOf(shown.number()));
            return new Menu(title, rows, text, at, false);
        }

        /** @param key as {@link Terminal.Typed#key} gives it; page: how far the page keys go */
        public Menu press(String key, int page) {
            int last = shown().size() - 1;
            return switch (key) {
                case "up" -> to(at - 1, last);
                case "down" -> to(at + 1, last);
                case "page up" -> to(at - page, last);
                case "page down" -> to(at + page, last);
                case "home" -> to(0, last);
                case "end" -> to(last, last);
                case "enter" -> new Menu(title, rows, filter, at, last >= 0);
                case "escape" -> new Menu(title, rows, filter, -1, true);
                case "erase" -> filtered(filter.isEmpty() ? "" : filter.substring(0, filter.offsetByCodePoints(filter.length(), -1)));
                case "clear" -> filtered("");
                case "" -> this;
                default -> filtered(filter + key);
            };
        }

        private Menu to(int row, int last) {
            return new Menu(title, rows, filter, Math.max(0, Math.min(row, last)), false);
        }

        /** What is to be seen of it in this width: the title, and this many rows around the one that is pointed at. */
        public List<String> lines(int width, int height) {
            var shown = shown();
            int from = Math.max(0, Math.min(at - height / 2, shown.size() - height));
            int digits = String.valueOf(rows.size()).length();
            int widest = rows.stream().mapToInt(row -> row.detail().length()).max().orElse(0);
            int label = Math.min(rows.stream().mapToInt(row -> columns(Listing.visible(row.label()))).max().orElse(0),
                    Math.max(20, width - digits - widest - 6));
            var lines = new ArrayList<String>();
            var count = (shown.size() == rows.size() ? "" : shown.size() + " of ") + rows.size();
            lines.add(cut(title + " (" + count + "): " + Listing.visible(filter), width - 1));
            for (int i = from; i < Math.min(shown.size(), from + height); i++) {
                var row = rows.get(shown.get(i));
                var text = cut(Listing.visible(row.label()), label);
                lines.add(cut(String.format(Locale.ROOT, "%s %" + digits + "d %s  %s", i == at ? ">" : " ", shown.get(i) + 1,
                        text + " ".repeat(label - columns(text)), row.detail()), width - 1));
            }
            return lines;
        }

        /** What East Asian scripts and pictures take is two columns. */
        private static int columns(String text) {
            return text.codePoints().map(c -> c < 0x1100 || c >> 8 == 0x20 ? 1 : 2).sum();
        }

        private static String cut(String text, int width) {
            int end = text.length();
            while (end > 0 && columns(text.substring(0, end)) + (end < text.length() ? 1 : 0) > width) {
                end = text.offsetByCodePoints(end, -1);
            }
            return end == text.length() ? text : text.substring(0, end) + "…";
        }
    }
}
