package lib.render;

import freemarker.core.CommonMarkupOutputFormat;
import freemarker.core.CommonTemplateMarkupOutputModel;
import java.io.IOException;
import java.io.Writer;
import java.util.stream.Stream;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * How text comes into JSON, YAML and TOML: escaped, and only between double quotes. The template writes the quotes; an
 * interpolation that stands outside of them is an error unless it prints a number or a boolean, because a model id such as
 * {@code a: b} or {@code x, y} would become structure there. Inside a comment that ends with its line text is fine as well.
 *
 * <p>What a template prints into a variable ({@code <#assign x>…</#assign>}) is judged where the variable is printed: until
 * then it stands between two Unicode noncharacters, which no escaped text can hold.
 */
final class Quoted extends CommonMarkupOutputFormat<Quoted.Markup> {
    static final char OPEN = '\ufdd0';
    static final char CLOSE = '\ufdd1';
    private static final Pattern BARE = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false");

    private final String name;
    private final Supplier<Lexer> lexer;

    /** Text that is escaped already. */
    static final class Markup extends CommonTemplateMarkupOutputModel<Markup> {
        private final Quoted format;

        Markup(Quoted format, String plain, String markup) {
            super(plain, markup);
            this.format = format;
        }

        @Override
        public Quoted getOutputFormat() {
            return format;
        }
    }

    Quoted(String name, Supplier<Lexer> lexer) {
        this.name = name;
        this.lexer = lexer;
    }

    /** A tracker for one output. */
    Lexer newLexer() {
        return lexer.get();
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public String getMimeType() {
        return "application/" + name.toLowerCase(java.util.Locale.ROOT);
    }

    @Override
    public void output(String text, Writer out) throws IOException {
        if (out instanceof Sink sink) {
            sink.interpolate(escape(text));
        } else {
            out.write(escapePlainText(text));
        }
    }

    @Override
    public String escapePlainText(String text) {
        return OPEN + escape(text) + CLOSE;
    }

    @Override
    public boolean isLegacyBuiltInBypassed(String builtIn) {
        return false;
    }

    @Override
    protected Markup newTemplateMarkupOutputModel(String plain, String markup) {
        return new Markup(this, plain, markup);
    }

    /** A text as it is, and as it would stand in quotes. */
    static Stream<String> spellings(String text) {
        var quoted = escape(text);
        return Stream.of(text, quoted, quoted.replace("/", "\\/"));
    }

    /** Valid between the double quotes of JSON, YAML 1.1 and 1.2, and TOML 1.0 alike. A lone surrogate becomes U+FFFD. */
    static String escape(String text) {
        StringBuilder out = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
                if (out != null) {
                    out.append(c);
                }
                continue;
            }
            if (out == null) {
                out = new StringBuilder(text.length() + 16).append(text, 0, i);
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                out.append(c).append(text.charAt(++i));
            } else {
                escape(c, out);
            }
        }
        return out == null ? text : out.toString();
    }

    private static void escape(char c, StringBuilder out) {
        switch (c) {
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '\b' -> out.append("\\b");
            case '\f' -> out.append("\\f");
            default -> {
                if (Character.isSurrogate(c)) {
                    out.append('\ufffd');
                } else if (invisible(c)) {
                    out.append(String.format("\\u%04X", (int) c));
                } else {
                    out.append(c);
                }
            }
        }
    }

    /** Line breaks of YAML 1.1, controls, marks that turn the direction of text round, noncharacters. */
    private static boolean invisible(char c) {
        return c < 0x20 || c >= 0x7f && c < 0xa0 || c >= 0x2028 && c <= 0x202e || c >= 0x2066 && c <= 0x2069 || c == 0x200e
                || c == 0x200f || c == 0xfeff || c >= 0xfdd0 && c <= 0xfdef || c >= 0xfffe;
    }

    /** Knows at any point of an output whether that point is between double quotes. */
    abstract static class Lexer {
        enum State { BARE, DOUBLE, SINGLE, LINE_COMMENT, BLOCK_COMMENT }

        State state = State.BARE;
        /** In {@code DOUBLE}: the next character is escaped. */
        boolean escaped;

        void next(char c) {
            switch (state) {
                case DOUBLE -> {
                    if (escaped) {
                        escaped = false;
                    } else if (c == '\\') {
                        escaped = true;
                    } else {
                        inQuotes(c, '"');
                    }
                }
                case SINGLE -> inQuotes(c, '\'');
                case LINE_COMMENT -> {
                    if (c == '\n') {
                        state = State.BARE;
                        bare(c);
                    }
                }
                case BLOCK_COMMENT -> inBlockComment(c);
                default -> bare(c);
            }
        }

        abstract void bare(char c);

        void inQuotes(char c, char quote) {
            if (c == quote) {
                state = State.BARE;
            }
        }

        void inBlockComment(char c) {}

        /** Some such characters were passed over. */
        void passedOver() {}

        /** A number or a boolean was printed outside of quotes. */
        void printedBare() {}

        /** @return why text must not come here, or null if it may */
        final String objection(String escapedText) {
            return switch (state) {
                case DOUBLE -> escaped ? "a backslash stands right before it" : null;
                case LINE_COMMENT -> null;
                case SINGLE -> "it stands between single quotes, where nothing can be escaped: use double quotes";
                case BLOCK_COMMENT -> "it stands in a /* comment */, which its text could end";
                default -> {
                    if (BARE.matcher(escapedText).matches()) {
                        printedBare();
                        yield null;
                    }
                    yield "it stands outside of double quotes, where only a number or a boolean may stand";
                }
            };
        }
    }

    /** JSON, with the comments of JSONC. */
    static final class JsonLexer extends Lexer {
        private char last;

        @Override
        void passedOver() {
            last = ' ';
        }

        @Override
        void bare(char c) {
            if (c == '"') {
                state = State.DOUBLE;
            } else if (last == '/' && (c == '/' || c == '*')) {
                state = c == '/' ? State.LINE_COMMENT : State.BLOCK_COMMENT;
                c = ' ';
            }
            last = c;
        }

        @Override
        void inBlockComment(char c) {
            if (last == '*' && c == '/') {
                state = State.BARE;
                c = ' ';
            }
            last = c;
        }
    }

    /** TOML 1.0 with its four kinds of strings. */
    static final class TomlLexer extends Lexer {
        private char lastQuote;
        /** Quotes in a row so far. */
        private int run;
        private boolean multiline;
        private boolean justClosed;

        @Override
        void bare(char c) {
            if (justClosed && c == lastQuote) {
                multiline = true;
                run = 0;
                state = c == '"' ? State.DOUBLE : State.SINGLE;
            } else if (c == '"' || c == '\'') {
                multiline = false;
                lastQuote = c;
                run = 1;
                state = c == '"' ? State.DOUBLE : State.SINGLE;
            } else if (c == '#') {
                state = State.LINE_COMMENT;
            }
            justClosed = false;
        }

        @Override
        void passedOver() {
            run = 0;
        }

        @Override
        void inQuotes(char c, char quote) {
            if (multiline) {
                run = c == quote ? run + 1 : 0;
                if (run == 3) {
                    state = State.BARE;
                    justClosed = false;
                }
            } else if (c == quote) {
                state = State.BARE;
                justClosed = run == 1;
            } else {
                run = 0;
            }
        }
    }

    /** YAML: quotes count only where a scalar begins. A block scalar counts as unquoted. */
    static final class YamlLexer extends Lexer {
        /** A quote here would open a quoted scalar. */
        private boolean fresh = true;
        private char last = '\n';
        private int flow;
        private boolean afterQuoted;

        @Override
        void bare(char c) {
            boolean wasFresh = fresh;
            boolean space = last == ' ' || last == '\n' || last == '\t';
            if (c == '\n') {
                fresh = true;
            } else if (c == ' ' || c == '\t') {
                fresh = fresh || last == ':' || last == '-' && indicator || last == '?' && indicator;
            } else if (c == '#' && space) {
                state = State.LINE_COMMENT;
            } else if ((c == '"' || c == '\'') && fresh) {
                state = c == '"' ? State.DOUBLE : State.SINGLE;
                fresh = false;
                afterQuoted = true;
                last = c;
                return;
            } else if ((c == '[' || c == '{') && fresh) {
                flow++;
            } else if (flow > 0 && (c == ']' || c == '}' || c == ',')) {
                flow -= c == ',' ? 0 : 1;
                fresh = c == ',';
            } else {
                fresh = c == ':' && afterQuoted;
            }
            indicator = wasFresh && (c == '-' || c == '?');
            afterQuoted = false;
            last = c;
        }

        /** The last character was a {@code -} or {@code ?} at the place where a scalar could begin. */
        private boolean indicator;

        @Override
        void printedBare() {
            fresh = false;
            indicator = false;
            afterQuoted = false;
            last = '0';
        }
    }
}
