package lib.render;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import freemarker.template.TemplateModelException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.parsers.SAXParserFactory;
import lib.provider.Access;
import lib.provider.Json.Listing;
import lib.provider.Provider;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;
import org.tomlj.TomlVersion;
import org.xml.sax.Attributes;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.helpers.DefaultHandler;

/** What an output has to pass before it may be written: a parser of its format, and the search for keys. */
final class Check {
    private static final String SNAPSHOT = "models/catalog.json";
    private static final JsonFactory JSON = JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Engine.MAX_OUTPUT_BYTES).build()).build();
    private static final JsonFactory JSONC = JSON.rebuild().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS, JsonReadFeature.ALLOW_TRAILING_COMMA).build();
    private static final Pattern HOST = Pattern.compile("(?i)\\b[a-z][a-z0-9+.-]*:[\\\\/]{2}([^/\\\\\\s\"'<>?#,;)}\\]]+)");
    private static final Pattern ADDRESS_NAME = Pattern.compile("(?i)host|domain|server|endpoint|ur[il]|addr|base|proxy|gateway|upstream|remote|origin"
            + "|authority|site|instance|target|peer|relay|webhook|api(?![_-]?key)");
    private static final Pattern BARE_HOST = Pattern.compile("(?i)((?:[^\\s/@]+@)?(?:(?:[\\p{L}0-9_-]+\\.)+(?:\\p{L}{2,}|xn--[a-z0-9-]+)"
            + "|[0-9]{1,3}(?:\\.[0-9]{1,3}){3}|\\[[0-9a-f:.]+])\\.?(?::[0-9]+)?)(?:[/?#].*)?", Pattern.DOTALL);
    private static final Pattern ESCAPED = Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([/.:]))|%([0-9a-fA-F]{2})|&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));");

    private Check() {}

    /** @return what a parser says against it, with the output's line, or null if it is sound */
    static String flaw(Engine.Format format, byte[] output) {
        return switch (format) {
            case JSON -> json(JSON, output);
            case JSONC -> json(JSONC, output);
            case YAML -> yaml(output);
            case TOML -> toml(output);
            case XML -> xml(output);
            case HTML, TEXT -> null;
        };
    }

    private static String at(String what, byte[] output, long line, String message) {
        var lines = new String(output, StandardCharsets.UTF_8).split("\n", -1);
        var text = line >= 1 && line <= lines.length ? lines[(int) line - 1].strip() : "";
        return "its output is not " + what + ": line " + line + ": " + Listing.visible(message.replaceAll("\\s+", " "))
                + (text.isEmpty() ? "" : ": " + Listing.visible(text));
    }

    private static String json(JsonFactory factory, byte[] output) {
        try (var parser = factory.createParser(output)) {
            if (parser.nextToken() == null) {
                return "its output is not JSON: it is empty";
            }
            parser.skipChildren();
            return parser.nextToken() == null ? null
                    : at("one JSON value", output, parser.currentTokenLocation().getLineNr(), "something follows its end");
        } catch (JsonProcessingException e) {
            return at("JSON", output, e.getLocation() == null ? 0 : e.getLocation().getLineNr(), e.getOriginalMessage());
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
    }

    private static String toml(byte[] output) {
        var result = Toml.parse(new String(output, StandardCharsets.UTF_8), TomlVersion.V1_0_0);
        if (!result.hasErrors()) {
            return null;
        }
        var first = result.errors().get(0);
        return at("TOML", output, first.position().line(), first.getMessage());
    }

    /** Events rather than a loaded tree: 1.5 MB take 0.1 s in a cold JVM. Where something is wrong we read again, for the line. */
    private static String yaml(byte[] output) {
        var text = new String(output, StandardCharsets.UTF_8);
        return yaml(output, text, false) == null ? null : yaml(output, text, true);
    }

    private static String yaml(byte[] output, String text, boolean marks) {
        var settings = LoadSettings.builder().setCodePointLimit(Engine.MAX_OUTPUT_BYTES).setUseMarks(marks)
                .setBufferSize(Math.min(1 << 15, text.length() + 1)).build();
        var open = new ArrayDeque<Level>();
        int documents = 0;
        try {
            for (var event : new Parse(settings).parseString(text)) {
                var id = event.getEventId();
                if (id == Event.ID.DocumentStart && ++documents > 1) {
                    return at("one YAML document", output, line(event.getStartMark()), "a second document begins");
                }
                if (id == Event.ID.MappingEnd || id == Event.ID.SequenceEnd) {
                    open.pop();
                    continue;
                }
                var key = open.isEmpty() ? null : open.peek().next(event);
                if (key != null) {
                    return at("YAML without double keys", output, line(event.getStartMark()), "the key stands there twice");
                }
                if (id == Event.ID.MappingStart || id == Event.ID.SequenceStart) {
                    open.push(new Level(id == Event.ID.MappingStart));
                }
            }
        } catch (MarkedYamlEngineException e) {
            return at("YAML", output, e.getProblemMark().map(m -> (long) m.getLine() + 1).orElse(0L), String.valueOf(e.getProblem()));
        } catch (YamlEngineException e) {
            return "its output is not YAML: " + Listing.visible(String.valueOf(e.getMessage()));
        }
        int tab = tabIndent(text);
        return tab > 0 ? at("YAML", output, tab, "a line is indented with a tab") : null;
    }

    private static long line(java.util.Optional<Mark> mark) {
        return mark.map(m -> (long) m.getLine() + 1).orElse(0L);
    }

    /** The keys of a mapping so far; of a sequence nothing is kept. */
    private static final class Level {
        private final Set<String> keys;
        private boolean keyNext = true;

        Level(boolean mapping) {
            keys = mapping ? new HashSet<>() : null;
        }

        /** @return the key where it stood before, else null */
        String next(Event event) {
            if (keys == null) {
                return null;
            }
            boolean key = keyNext;
            keyNext = !keyNext;
            return key && event instanceof ScalarEvent scalar && !keys.add(scalar.getValue()) ? scalar.getValue() : null;
        }
    }

    private static int tabIndent(String text) {
        int line = 1;
        boolean start = true;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                line++;
                start = true;
            } else if (c == '\t' && start) {
                return line;
            } else if (c != ' ') {
                start = false;
            }
        }
        return 0;
    }

    private static String xml(byte[] output) {
        try {
            xml(output, new DefaultHandler() {
                @Override
                public void fatalError(SAXParseException e) throws SAXException {
                    throw e;
                }
            });
            return null;
        } catch (SAXParseException e) {
            return at("XML", output, e.getLineNumber(), e.getMessage());
        } catch (SAXException | IOException e) {
            return "its output is not XML: " + Listing.visible(String.valueOf(e.getMessage()));
        }
    }

    static void xml(byte[] output, DefaultHandler handler) throws IOException, SAXException {
        try {
            var factory = SAXParserFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.newSAXParser().parse(new ByteArrayInputStream(output), handler);
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("every Java reads XML", e);
        }
    }

    static JsonParser parser(Engine.Format format, byte[] output) throws IOException {
        return (format == Engine.Format.JSONC ? JSONC : JSON).createParser(output);
    }

    /** @return why this is no place for an output, or null */
    static String place(String output, String tool, boolean trusted) {
        for (var part : output.split("/", -1)) {
            if (part.isBlank() || part.equals(".") || part.equals("..") || part.matches(".*[\\\\:*?\"<>|\\p{Cntrl}].*")) {
                return "'" + Listing.visible(output) + "' is no path below the root";
            }
        }
        if (output.equals(SNAPSHOT)) {
            return SNAPSHOT + " is the snapshot itself";
        }
        return trusted || output.startsWith("config/" + tool + "/") ? null
                : "it is not trusted, so it may write below config/" + tool + "/ only, not to " + Listing.visible(output);
    }

    /**
     * Whether an output of a template that nobody trusts yet would have a tool send a known key to a stranger: it names the
     * key's variable, and an address whose host no provider of ours uses with that variable.
     *
     * <p>What counts is what the tool's parser will make of it, and, for comments and what has no parser, the text as it stands.
     *
     * @param hosts key variable to the hosts that get its value
     * @return a sentence, or null
     */
    static String stranger(Engine.Format format, byte[] output, Map<String, Set<String>> hosts) {
        var text = new String(output, StandardCharsets.UTF_8);
        var plain = new StringBuilder(text).append('\n').append(unescaped(text));
        var addressed = new TreeSet<String>();
        var named = Pattern.compile("([A-Za-z0-9_-]+)[\"']?\\s*[:=]\\s*[\"']?([^\\s\"',;]+)").matcher(text);
        while (format == Engine.Format.TEXT && named.find()) {
            addHost(named.group(1), named.group(2), addressed);
        }
        try {
            Texts.of(format, output, (name, value) -> {
                plain.append('\n').append(value).append('\n').append(unescaped(value));
                addHost(name, unescaped(value), addressed);
            });
        } catch (IOException | YamlEngineException | SAXException e) {
            return null; // no parser takes it, so it is not written
        }
        var variables = hosts.keySet().stream()
                .filter(v -> plain.indexOf(v) >= 0 && Pattern.compile("(?<![A-Za-z0-9_])" + Pattern.quote(v) + "(?![A-Za-z0-9_])").matcher(plain).find())
                .sorted().toList();
        if (variables.isEmpty()) {
            return null;
        }
        HOST.matcher(plain).results().forEach(found -> addressed.add(host(found.group(1))));
        for (var host : addressed) {
            for (var variable : variables) {
                if (!hosts.get(variable).contains(host)) {
                    return "it is not trusted, and its output names " + variable + " beside the host " + Listing.visible(host)
                            + ", which does not belong to that key; read it, then pass --templates ./templates if you agree";
                }
            }
        }
        return null;
    }

    /** Tools that ask for a host put {@code https://} before it themselves. */
    private static void addHost(String name, String value, Set<String> hosts) {
        var bare = BARE_HOST.matcher(value);
        if (name != null && ADDRESS_NAME.matcher(name).find() && bare.matches()) {
            hosts.add(host(bare.group(1)));
        }
    }

    /** Of the part of an address between {@code //} and the path. */
    static String host(String authority) {
        var host = authority.substring(authority.lastIndexOf('@') + 1).toLowerCase(Locale.ROOT);
        return host.replaceFirst(":[0-9]*$", "");
    }

    private static String unescaped(String text) {
        return ESCAPED.matcher(text).replaceAll(m -> {
            for (int group = 1; group <= 7; group++) {
                if (m.group(group) != null && group != 4) {
                    int point = Integer.parseUnsignedInt(m.group(group), group == 7 ? 10 : 16);
                    return java.util.regex.Matcher.quoteReplacement(Character.isValidCodePoint(point) ? Character.toString(point) : " ");
                }
            }
            return m.group(4);
        });
    }

    /**
     * Which hosts may get a key: variable to the hosts of our own and the user's entries, and of the environment.
     *
     * @param known  all providers there are
     * @param access those of this run
     */
    static Map<String, Set<String>> keyHosts(Collection<Provider> known, Collection<Access> access) {
        var hosts = new HashMap<String, Set<String>>();
        for (var provider : known) {
            provider.keyEnv().forEach(v -> hosts.computeIfAbsent(v, x -> new HashSet<>()));
            if (provider.trust() != Provider.Trust.PROJECT) {
                provider.wires().values().forEach(url -> bind(provider, url, hosts));
                bind(provider, provider.baseUrl(), hosts);
                bind(provider, provider.docs(), hosts);
            }
        }
        for (var one : access) {
            if (one.provider().trust() != Provider.Trust.PROJECT) {
                bind(one.provider(), one.baseUrl(), hosts);
            }
        }
        return hosts;
    }

    private static void bind(Provider provider, String url, Map<String, Set<String>> hosts) {
        if (url != null && url.contains("//")) {
            var host = host(url.substring(url.indexOf("//") + 2).split("/", 2)[0]);
            provider.keyEnv().forEach(v -> hosts.computeIfAbsent(v, x -> new HashSet<>()).add(host));
        }
    }
}

/** The texts in an output as a parser of its format understands them, however they are spelt. */
final class Texts {
    private final BiConsumer<String, String> taker;

    private Texts(BiConsumer<String, String> taker) {
        this.taker = taker;
    }

    /**
     * @param taker gets each text, names of members too, and before it the name of the member that it is in; null where there is none
     * @throws IOException, {@link YamlEngineException} or {@link SAXException} where it does not parse
     */
    static void of(Engine.Format format, byte[] output, BiConsumer<String, String> taker) throws IOException, SAXException {
        var texts = new Texts(taker);
        switch (format) {
            case JSON, JSONC -> texts.json(format, output);
            case YAML -> texts.yaml(new String(output, StandardCharsets.UTF_8));
            case TOML -> texts.toml(null, Toml.parse(new String(output, StandardCharsets.UTF_8), TomlVersion.V1_0_0));
            case XML -> texts.xml(output);
            case HTML, TEXT -> { }
        }
    }

    private void json(Engine.Format format, byte[] output) throws IOException {
        try (var parser = Check.parser(format, output)) {
            String name = null;
            for (var token = parser.nextToken(); token != null; token = parser.nextToken()) {
                name = token == JsonToken.FIELD_NAME ? parser.currentName() : name;
                if (token == JsonToken.FIELD_NAME || token == JsonToken.VALUE_STRING) {
                    taker.accept(name, parser.getText());
                }
            }
        }
    }

    private void toml(String name, Object value) {
        if (value instanceof TomlTable table) {
            table.keySet().forEach(key -> {
                taker.accept(name, key);
                toml(key, table.get(List.of(key)));
            });
        } else if (value instanceof TomlArray array) {
            array.toList().forEach(element -> toml(name, element));
        } else if (value instanceof String text) {
            taker.accept(name, text);
        }
    }

    private void yaml(String text) {
        var settings = LoadSettings.builder().setCodePointLimit(Engine.MAX_OUTPUT_BYTES).setUseMarks(false).build();
        var anchors = new HashMap<String, String>();
        // Of each mapping the name that is read, or empty where one comes next; of a sequence the name that it is under.
        var open = new ArrayDeque<Optional<String>>();
        var mappings = new ArrayDeque<Boolean>();
        for (var event : new Parse(settings).parseString(text)) {
            boolean ends = event instanceof CollectionEndEvent;
            if (ends) {
                open.pop();
                mappings.pop();
            }
            var under = open.isEmpty() ? Optional.<String>empty() : open.peek();
            boolean isName = !open.isEmpty() && mappings.peek() && under.isEmpty();
            if (event instanceof CollectionStartEvent start) {
                open.push(start.getEventId() == Event.ID.MappingStart ? Optional.empty() : Optional.of(under.orElse("")));
                mappings.push(start.getEventId() == Event.ID.MappingStart);
                continue;
            }
            String value = null;
            if (event instanceof ScalarEvent scalar) {
                value = scalar.getTag().filter("tag:yaml.org,2002:binary"::equals).isPresent() ? binary(scalar.getValue()) : scalar.getValue();
                var known = value;
                scalar.getAnchor().ifPresent(anchor -> anchors.put(anchor.getValue(), known));
            } else if (event instanceof AliasEvent alias) {
                value = anchors.getOrDefault(alias.getAlias().getValue(), "");
            }
            if (value != null) {
                taker.accept(under.orElse(null), value);
            }
            if ((value != null || ends) && !open.isEmpty() && mappings.peek()) {
                open.pop();
                open.push(isName ? Optional.of(value == null ? "" : value) : Optional.empty());
            }
        }
    }

    private static String binary(String base64) {
        try {
            return new String(Base64.getMimeDecoder().decode(base64), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return base64;
        }
    }

    private void xml(byte[] output) throws IOException, SAXException {
        Check.xml(output, new DefaultHandler() {
            private final StringBuilder text = new StringBuilder();
            private String name;

            @Override
            public void startElement(String uri, String local, String element, Attributes attributes) {
                end();
                name = element;
                taker.accept(null, element);
                for (int i = 0; i < attributes.getLength(); i++) {
                    taker.accept(null, attributes.getQName(i));
                    taker.accept(attributes.getQName(i), attributes.getValue(i));
                }
            }

            @Override
            public void endElement(String uri, String local, String element) {
                end();
            }

            private void end() {
                taker.accept(name, text.toString().strip());
                text.setLength(0);
            }

            @Override
            public void characters(char[] letters, int from, int count) {
                text.append(letters, from, count);
            }

            @Override
            public void fatalError(SAXParseException e) throws SAXException {
                throw e;
            }
        });
    }
}

/** A whole output in memory: UTF-8, bounded in size and time, and watched by a lexer where the format has one. */
final class Sink extends Writer {
    private final Quoted.Lexer lexer;
    private final int maxBytes;
    private byte[] bytes = new byte[1 << 14];
    private int length;
    private char high;
    private StringBuilder held;

    /** @param lexer null for formats without quotes to watch */
    Sink(Quoted.Lexer lexer, int maxBytes) {
        this.lexer = lexer;
        this.maxBytes = maxBytes;
    }

    void interpolate(String escapedText) throws IOException {
        if (lexer != null) {
            var objection = lexer.objection(escapedText);
            if (objection != null) {
                throw located("this interpolation cannot print text: " + objection);
            }
        }
        int end = escapedText.length();
        for (int i = 0; i < end; i++) {
            i = high == 0 ? ordinary(escapedText, i, end) : i;
            if (i < end) {
                put(escapedText.charAt(i));
            }
        }
    }

    private void text(char c) throws IOException {
        if (c == Quoted.OPEN && held == null && lexer != null) {
            held = new StringBuilder();
        } else if (held == null) {
            put(c);
            if (lexer != null) {
                lexer.next(c);
            }
        } else if (c == Quoted.CLOSE) {
            var interpolated = held.toString();
            held = null;
            interpolate(interpolated);
        } else {
            held.append(c);
        }
    }

    private void put(char c) throws IOException {
        makeRoom(4);
        if (high != 0) {
            int point = Character.isLowSurrogate(c) ? Character.toCodePoint(high, c) : 0xfffd;
            high = 0;
            encode(point);
            if (point != 0xfffd) {
                return;
            }
        }
        if (c < 0x80) {
            bytes[length++] = (byte) c;
        } else if (Character.isHighSurrogate(c)) {
            high = c;
        } else {
            encode(Character.isLowSurrogate(c) ? 0xfffd : c);
        }
    }

    private void encode(int point) throws IOException {
        makeRoom(8);
        if (point < 0x800) {
            bytes[length++] = (byte) (0xc0 | point >> 6);
        } else {
            if (point < 0x10000) {
                bytes[length++] = (byte) (0xe0 | point >> 12);
            } else {
                bytes[length++] = (byte) (0xf0 | point >> 18);
                bytes[length++] = (byte) (0x80 | point >> 12 & 0x3f);
            }
            bytes[length++] = (byte) (0x80 | point >> 6 & 0x3f);
        }
        bytes[length++] = (byte) (0x80 | point & 0x3f);
    }

    private void makeRoom(int more) throws IOException {
        if (length + more <= bytes.length) {
            return;
        }
        if (length + more > maxBytes) {
            throw located("its output passes " + (maxBytes >> 20) + " MB");
        }
        if (Thread.currentThread().isInterrupted()) {
            throw located(Engine.TOO_LONG);
        }
        bytes = Arrays.copyOf(bytes, Math.min(maxBytes, Math.max(length + more, bytes.length * 2)));
    }

    /** An error that knows which instruction of the template was running; FreeMarker wraps no IOException itself. */
    private static IOException located(String message) {
        return new IOException(message, new TemplateModelException(message));
    }

    @Override
    public void write(int c) throws IOException {
        text((char) c);
    }

    @Override
    public void write(char[] chars, int from, int count) throws IOException {
        for (int i = from; i < from + count; i++) {
            text(chars[i]);
        }
    }

    @Override
    public void write(String string, int from, int count) throws IOException {
        int end = from + count;
        for (int i = from; i < end; i++) {
            if (held == null && high == 0 && (lexer == null || lexer.state == Quoted.Lexer.State.DOUBLE && !lexer.escaped)) {
                i = ordinary(string, i, end);
            }
            if (i < end) {
                text(string.charAt(i));
            }
        }
    }

    /** Copies what needs no look from the lexer, which is most of an output. @return where that ends */
    private int ordinary(String string, int from, int end) throws IOException {
        int i = from;
        makeRoom(end - from);
        for (; i < end; i++) {
            char c = string.charAt(i);
            if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
                break;
            }
            bytes[length++] = (byte) c;
        }
        if (i > from && lexer != null) {
            lexer.passedOver();
        }
        return i;
    }

    byte[] toByteArray() throws IOException {
        if (high != 0) {
            high = 0;
            encode(0xfffd);
        }
        return Arrays.copyOf(bytes, length);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
