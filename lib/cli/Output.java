package lib.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.apply.SafeFile.Refused;
import lib.host.Host;
import lib.model.Model.Difference;
import lib.model.Model;
import lib.model.Search;
import lib.model.Snapshot;
import lib.provider.Json.Listing;
import lib.provider.Provider.Field;
import lib.provider.Providers.ConfigError;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;
import picocli.CommandLine;

/** Where words go: data to stdout, words for people to stderr, how many of them and in which colours; and how values are written. */
public final class Output {
    public enum Colour { auto, always, never }

    /** Abilities in the words of every day, in the order in which they are shown. */
    static final Map<String, Field> ABILITIES = abilities();

    /** Of a table with {@link #row}s. */
    static final List<String> TITLES = List.of("PROVIDER", "MODEL", "CONTEXT", "MAX OUTPUT", "INPUT $/1M", "OUTPUT $/1M", "CAN");

    private static final Map<Field, String> LABELS = Map.of(Field.CONTEXT, "context window", Field.MAX_INPUT, "max input",
            Field.MAX_OUTPUT, "max output", Field.INPUT_MODALITIES, "input modalities", Field.OUTPUT_MODALITIES, "output modalities",
            Field.TOOLS, "tool calling", Field.REASONING_KINDS, "reasoning set by", Field.REASONING_EFFORTS, "reasoning efforts",
            Field.TIERS, "other prices");

    private static final int PATIENCE = 100;

    private final Host host;

    @Option(names = {"-v", "--verbose"}, scope = ScopeType.INHERIT, description = "Say more; show the stack trace of an unknown failure.")
    private boolean verbose;

    @Option(names = {"-q", "--quiet"}, scope = ScopeType.INHERIT, description = "Say nothing but errors.")
    private boolean quiet;

    @Option(names = "--color", scope = ScopeType.INHERIT, paramLabel = "WHEN", defaultValue = "auto",
            description = "auto, always or never. auto: on a terminal, unless NO_COLOR is set.")
    private Colour colour = Colour.auto;

    public Output(Host host) {
        this.host = host;
    }

    public boolean verbose() {
        return verbose;
    }

    /** Whether lines may be redrawn: a terminal, and somebody who wants to be told. */
    public boolean live() {
        return host.terminal() && !quiet && !verbose;
    }

    public Ansi ansi() {
        return switch (colour) {
            case always -> Ansi.ON;
            case never -> Ansi.OFF;
            case auto -> host.env("CLICOLOR_FORCE") != null || host.terminal() && host.env("NO_COLOR") == null ? Ansi.ON : Ansi.OFF;
        };
    }

    /** One line of data. */
    public void data(String line) {
        host.out().println(line);
    }

    public void data(JsonNode json) {
        try {
            host.out().println(JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build().writeValueAsString(json));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One line for people, silenced by {@code -q}. */
    public void say(String line) {
        if (!quiet) {
            host.out().flush();
            host.err().println(line);
        }
    }

    /** One line that is printed in any case: something has to be mended. */
    public void warn(String line) {
        host.err().println(line);
    }

    /** Asks a person, who has to be there: see {@link Host#terminal()}. Anything but yes is a no. */
    boolean isConfirmed(String question) throws InterruptedException {
        return isConfirmed(question, new Host.Terminal.Typed(host.in(), PATIENCE));
    }

    /** The same, of a person who is typing already. */
    boolean isConfirmed(String question, Host.Terminal.Typed typed) throws InterruptedException {
        host.out().flush();
        host.err().print(question + " [y/N] ");
        host.err().flush();
        var said = typed.line();
        return said != null && said.strip().matches("(?i)y|yes");
    }

    public PrintWriter err() {
        return host.err();
    }

    /** A word in a colour: {@code red}, {@code green}, {@code yellow}, {@code faint}, {@code bold}. The text is not interpreted. */
    public String paint(String style, String text) {
        return ansi().enabled() ? Ansi.Style.on(Ansi.Style.parse(style)) + text + Ansi.Style.off(Ansi.Style.parse(style)) : text;
    }

    /** A table to stdout, columns as wide as their longest cell. Picocli's own takes a second for ten thousand rows. */
    public void table(List<String> titles, List<List<String>> rows) {
        var widths = new int[titles.size()];
        widen(widths, titles);
        rows.forEach(row -> widen(widths, row));
        line(widths, titles);
        rows.forEach(row -> line(widths, row));
    }

    private static void widen(int[] widths, List<String> cells) {
        for (int i = 0; i < widths.length; i++) {
            widths[i] = Math.max(widths[i], cells.get(i).codePointCount(0, cells.get(i).length()));
        }
    }

    private void line(int[] widths, List<String> cells) {
        var line = new StringBuilder();
        int end = 0;
        for (int i = 0; i < widths.length; i++) {
            line.append(" ".repeat(end - line.codePointCount(0, line.length()))).append(cells.get(i));
            end += widths[i] + 2;
        }
        data(line.toString().stripTrailing());
    }

    /** With thousands separators. Not by String.format, which takes longer for a long table than all the rest. */
    static String count(long number) {
        var digits = new StringBuilder().append(number);
        for (int i = digits.length() - 3; i > 0; i -= 3) {
            digits.insert(i, ',');
        }
        return digits.toString();
    }

    /** A table's cell; - where unknown. */
    static String tokens(Long number) {
        return number == null ? "-" : count(number);
    }

    /** A table's cell: the currency only where it is not USD; - where unknown. */
    static String price(Model model, Field field) {
        var amount = model.money(field);
        return amount == null ? "-" : isUsd(model) ? plain(amount) : plain(amount) + " " + Listing.visible(model.text(Field.CURRENCY));
    }

    static String plain(BigDecimal amount) {
        return amount.stripTrailingZeros().toPlainString();
    }

    /** What one chooses by: the limits, the prices, and what the model can do, if it is still to be had. */
    static List<String> row(Model model) {
        var able = new StringBuilder();
        ABILITIES.forEach((word, field) -> able.append(Boolean.TRUE.equals(model.flag(field)) ? " " + word : ""));
        var status = model.text(Field.STATUS);
        able.append(status == null || status.equals("active") ? "" : " (" + Listing.visible(status) + ")");
        return List.of(Listing.visible(model.providerId()), Listing.visible(model.id()), tokens(model.contextWindow()),
                tokens(model.tokens(Field.MAX_OUTPUT)), price(model, Field.COST_INPUT), price(model, Field.COST_OUTPUT),
                able.toString().strip());
    }

    /** As JSON, the way the snapshot writes them: one a line, in the order given. */
    static List<String> json(List<Model> models) {
        if (models.isEmpty()) {
            return List.of();
        }
        var inOrder = new ArrayList<>(models);
        inOrder.sort(Model.ORDER);
        var written = new String(new Snapshot(List.of(), models).bytes(), StandardCharsets.UTF_8);
        var lines = written.substring(written.indexOf("\n{") + 1, written.lastIndexOf("]}")).strip().split(",\n");
        var lineOf = new IdentityHashMap<Model, String>();
        for (int i = 0; i < lines.length; i++) {
            lineOf.put(inOrder.get(i), lines[i]);
        }
        return models.stream().map(lineOf::get).toList();
    }

    private static Map<String, Field> abilities() {
        var abilities = new LinkedHashMap<String, Field>();
        abilities.put("tools", Field.TOOLS);
        abilities.put("vision", Field.VISION);
        abilities.put("reasoning", Field.REASONING);
        abilities.put("json", Field.STRUCTURED_OUTPUT);
        abilities.put("pdf", Field.PDF_INPUT);
        abilities.put("audio", Field.AUDIO_INPUT);
        abilities.put("caching", Field.PROMPT_CACHING);
        return Collections.unmodifiableMap(abilities);
    }

    /** A constant in small letters. */
    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** What a field is called among people. */
    static String label(Field field) {
        var leaf = field.schema().substring(field.schema().indexOf('.') + 1).replace('_', ' ');
        return LABELS.getOrDefault(field, field.isMoney() ? leaf + " price" : leaf);
    }

    /** A value that somebody says of a model's field, with its unit. */
    static String said(Model model, Field field, Object value) {
        if (value instanceof Model.Tier tier) {
            return (tier.minContext() == null ? "" : "above " + count(tier.minContext()) + " tokens ")
                    + (tier.service().equals("standard") ? "" : Listing.visible(tier.service()) + " ") + tier.prices().entrySet().stream()
                    .map(e -> e.getKey().key().replace('_', ' ') + " " + money(model, e.getValue())).collect(Collectors.joining(", "));
        }
        if (value instanceof List<?> list) {
            return list.stream().map(one -> said(model, field, one)).collect(Collectors.joining(field == Field.TIERS ? "; " : ", "));
        }
        if (value instanceof BigDecimal amount) {
            return money(model, amount) + (field.kind() == Field.Kind.MONEY ? " per 1M tokens" : " each");
        }
        return value instanceof Long number ? count(number) + " tokens"
                : value instanceof Boolean flag ? flag ? "yes" : "no" : whole((String) value);
    }

    /** Visible, and not cut: a person's note is as long as it has to be. */
    static String whole(String text) {
        return Stream.of(text.split("(?s)(?<=\\G.{100})")).map(Listing::visible).collect(Collectors.joining());
    }

    private static String money(Model model, BigDecimal amount) {
        return isUsd(model) ? "$" + plain(amount) : plain(amount) + " " + Listing.visible(model.text(Field.CURRENCY));
    }

    private static boolean isUsd(Model model) {
        return model.text(Field.CURRENCY) == null || model.text(Field.CURRENCY).equals("USD");
    }

    /** The one place where a failure becomes a line of advice and an exit code. */
    public static final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
        public static final int OK = 0;
        public static final int SOME_FAILED = 1;
        public static final int USAGE = 2;
        public static final int NOTHING_DONE = 3;
        public static final int CONFIGURATION = 4;
        public static final int REFUSED_TO_WRITE = 5;
        public static final int INTERRUPTED = 130;

        private final Host host;
        private final Output output;

        public Failures(Host host, Output output) {
            this.host = host;
            this.output = output;
        }

        @Override
        public int handleParseException(ParameterException e, String[] args) {
            host.err().println("catalog: " + firstLine(e.getMessage()));
            if (!UnmatchedArgumentException.printSuggestions(e, host.err())) {
                host.err().println("Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
            }
            host.err().flush();
            return USAGE;
        }

        @Override
        public int handleExecutionException(Exception e, CommandLine commandLine, ParseResult parsed) {
            var failure = e instanceof UncheckedIOException unchecked ? unchecked.getCause() : e;
            if (failure instanceof ParameterException usage) {
                return handleParseException(usage, new String[0]);
            }
            if (failure instanceof InterruptedException) {
                Thread.currentThread().interrupt();
                host.err().println((output.live() ? "\n" : "") + "catalog: interrupted; nothing is half-written.");
                return INTERRUPTED;
            }
            int code = code(failure);
            host.err().println("catalog: " + sentence(failure, code));
            if (output.verbose()) {
                failure.printStackTrace(host.err());
            }
            return code;
        }

        private static int code(Exception failure) {
            if (failure instanceof ConfigError) {
                return CONFIGURATION;
            }
            return failure instanceof FileSystemException || failure instanceof Refused ? REFUSED_TO_WRITE : SOME_FAILED;
        }

        private String sentence(Exception failure, int code) {
            if (code == CONFIGURATION || failure instanceof Refused) {
                return failure.getMessage();
            }
            if (failure instanceof FileSystemException file) {
                return file.getFile() + ": " + reason(file) + " Mend its permissions, or choose another place: --root for results, XDG_CACHE_HOME for answers.";
            }
            if (failure instanceof InvalidPathException path) {
                return "the name " + Listing.visible(path.getInput()) + " cannot be used in this locale: " + path.getReason() + ". With UTF-8 it can: export LC_ALL=C.UTF-8";
            }
            var what = failure instanceof IOException && failure.getMessage() != null ? failure.getMessage() : String.valueOf(failure);
            return firstLine(what) + (output.verbose() ? "" : " (this should not happen; run again with --verbose for the details)");
        }

        private static String reason(FileSystemException file) {
            if (file instanceof AccessDeniedException) {
                return "permission denied.";
            }
            if (file instanceof NoSuchFileException) {
                return "no such file or folder.";
            }
            if (file instanceof NotDirectoryException) {
                return "not a folder.";
            }
            return file.getReason() == null ? file.getClass().getSimpleName().replace("Exception", "").toLowerCase(Locale.ROOT) + "."
                    : file.getReason() + ".";
        }

        private static String firstLine(String text) {
            return text == null ? "unknown failure" : text.lines().findFirst().orElse("");
        }

        /** Of several codes the one that counts: usage, configuration, refused to write, nothing done, some failed, all done. */
        public static int worst(int... codes) {
            for (int code : new int[] {USAGE, CONFIGURATION, REFUSED_TO_WRITE, NOTHING_DONE, SOME_FAILED}) {
                for (int one : codes) {
                    if (one == code) {
                        return code;
                    }
                }
            }
            return OK;
        }
    }
}

/** An enumeration by its words as they are typed; picocli would name each twice, as a constant and as a word. */
abstract class Words<E extends Enum<E>> extends ArrayList<String> implements ITypeConverter<E> {
    private final transient List<E> all;

    private Words(E[] all) {
        this.all = List.of(all);
        this.all.forEach(one -> add(typed(one.name())));
    }

    private static String typed(String word) {
        return word.strip().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public E convert(String text) {
        int at = indexOf(typed(text));
        if (at < 0) {
            throw new TypeConversionException("'" + Listing.visible(text) + "' is not one of " + String.join(", ", this)
                    + ConfigError.didYouMean(text, this));
        }
        return all.get(at);
    }

    static final class Orders extends Words<Search.Sort> {
        Orders() {
            super(Search.Sort.values());
        }
    }

    static final class Uses extends Words<Search.UseCase> {
        Uses() {
            super(Search.UseCase.values());
        }
    }

    static final class Classes extends Words<Difference> {
        Classes() {
            super(Difference.values());
        }
    }
}
