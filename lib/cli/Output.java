package lib.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.util.List;
import lib.host.Host;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.TextTable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Where words go: data to stdout, words for people to stderr, and how many of them and in which colours. */
public final class Output {
    public enum Colour { auto, always, never }

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

    public PrintWriter err() {
        return host.err();
    }

    /** A word in a colour: {@code red}, {@code green}, {@code yellow}, {@code faint}, {@code bold}. The text is not interpreted. */
    public String paint(String style, String text) {
        return ansi().enabled() ? Ansi.Style.on(Ansi.Style.parse(style)) + text + Ansi.Style.off(Ansi.Style.parse(style)) : text;
    }

    /** A table to stdout, columns as wide as their longest cell. */
    public void table(List<String> titles, List<List<String>> rows) {
        var columns = new Column[titles.size()];
        for (int i = 0; i < columns.length; i++) {
            int at = i;
            int width = rows.stream().mapToInt(r -> r.get(at).codePointCount(0, r.get(at).length())).max().orElse(0);
            columns[i] = new Column(Math.max(width, titles.get(i).length()) + 2, 0, Column.Overflow.SPAN);
        }
        var table = TextTable.forColumns(picocli.CommandLine.Help.defaultColorScheme(Ansi.OFF), columns);
        table.addRowValues(titles.toArray(String[]::new));
        rows.forEach(row -> table.addRowValues(row.toArray(String[]::new)));
        table.toString().lines().forEach(line -> data(line.stripTrailing()));
    }
}
