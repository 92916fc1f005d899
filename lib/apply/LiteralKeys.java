package lib.apply;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import lib.apply.Document.Format;
import lib.apply.Document.Leaf;
import lib.apply.Document.Place;
import lib.apply.Document.Refused;
import lib.provider.Providers.Secrets;

/**
 * Keys that stand in settings as they are, where the name of a variable could stand: by the names of the members that hold them,
 * by where values go (addresses, headers, a program's words), and by their looks.
 *
 * <p>It is asked two things. {@link #in} says which they are, for a person who is to move them: what may be a placeholder is none.
 * {@link LineDiff.Masks} hides them in what is printed: what may be one is one, as long as numbers and names of models can be read.
 */
public final class LiteralKeys {
    /** How a key stands where it was found, which decides how it can be moved. */
    public enum How {
        MEMBER, HEADER, BEARER, ADDRESS, ARGUMENT, ASSIGNMENT, COMMAND,
        /** Where the name of a variable belongs. */
        NAME,
        COMMENT,
        /** A line of a file that is no document, or does not parse. */
        LINE
    }

    /**
     * A key in a file.
     *
     * @param line  1-based
     * @param path  names of members and indexes of elements; empty where the file is no document or it stands in a comment
     * @param name  of what it is the value of; {@code a key} where that is not known
     * @param value the key alone
     */
    public record Found(int line, List<Object> path, String name, String value, How how) {}

    /** A key in a value. @param certain whether it is one, and not only in the place of one */
    record Hit(String value, String name, How how, boolean certain) {}

    /** What stands in a line: {@code name: value}, {@code name = value}. @param at where the value begins */
    record Setting(String name, String value, int at) {}

    private static final int SHORTEST = 8;
    private static final int LONGEST = 2500;
    private static final int LONGEST_NAME = 200;
    private static final int LONGEST_SPELT = 4000;
    /** Of one line; a file in one line that does not parse could have any number. */
    static final int MOST_SETTINGS = 1000;
    /** Words of names, joined by {@code _}, whose value is a key. */
    private static final Pattern SURE = Pattern.compile("(?:.*_)?(?:api_?keys?|(?:access|secret|private|master|account|auth|subscription)_keys?"
            + "|(?<!(?:^|_)(?:per|max|min|num|stop|eos|bos|pad|unk|sep|mask|cls)_)token|(?:access|api|auth)_tokens|secrets?|passwords?|passwd"
            + "|passphrase"
            + "|pwd|bearer|authorization|(?<=_)pat)(?:_\\d+)?");
    private static final Pattern LOOSE = Pattern.compile("(?:.*_)?(?:key|keys|auth|cookie|credentials?|session|signature|sig|pass)(?:_\\d+)?"
            + "|.*(?<![a-z])(?:api_?key|secret|password|bearer|authorization|credentials?)_(?!.*(?:env|name|var|variable|cmd|command|file|path"
            + "|url|uri"
            + "|type|header|store|helper|limit|count|id|endpoint)s?(?:_\\d+)?$).*");
    /** Names whose value is a variable's name, and of maps of such values. */
    static final Pattern NAMES_VARIABLE = Pattern.compile("(?:.*_)?(?:env_key|key_env|token_env|(?:key|token|secret)_env_vars?|env_vars?"
            + "|env_key_name|env_http_headers|key_env_name)");
    private static final Pattern CONTAINER = Pattern.compile("(?:.*_)?(?:keys|secrets|passwords|credentials)|(?:(?:api|auth|access|bearer)_)?tokens");
    private static final Pattern RUNS = Pattern.compile("(?:.*_)?(?:cmd|command|helper|args)");
    private static final Pattern ECHO = Pattern.compile("(?:.*/)?(?:echo|printf)");
    private static final Pattern HEADERS = Pattern.compile("(?:.*_)?headers?");
    private static final Pattern FLAG = Pattern.compile("--?(?:[a-z-]*-)?(?:api-?key|token|key|secret|password|pat|auth|bearer)");
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    /** A variable's name, and no key of capitals and digits. */
    private static final String NAME_OF_KEY = "[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|PAT|AUTH|PASS)";
    private static final Pattern VARIABLE_NAME = Pattern.compile(NAME_OF_KEY + "(?:_[A-Z0-9]{1,12})?|[A-Z]+(?:_[A-Z]+)+");
    /** What can be nothing else than a reference. */
    private static final Pattern PLAIN_REFERENCE = Pattern.compile(NAME_OF_KEY + "|\\$(?:[A-Z_][A-Z0-9_]*|\\{[A-Z_][A-Z0-9_]*}|\\{\\{[^}]*}})"
            + "|\\{(?:env|file):[^}]*}|os\\.environ/\\w+|(?i:null|~|none|true|false|empty|)");
    /** What says where the key is to be had. */
    private static final Pattern REFERENCE = Pattern.compile("(?i)(?s)(?:\\$(?!2[aby]\\$)[\\w({].*|\\{(?:env|file):.*}|%\\w+%|os\\.environ/.*"
            + "|env:.*|!.*|\\{\\{.*}}|`.*`"
            + "|(?:op|vault|keychain|keyring|pass|secret|file)://.*|null|~|none|true|false|empty|)");
    /** What stands where a key is to be put, or where any word will do. */
    private static final Pattern PLACEHOLDER = Pattern.compile("(?i).*(?:<.*>|\\{\\{.*|x{4,}|\\*{3,}|\\.{3}|…|change[-_ ]?me|place[-_ ]?holder"
            + "|redacted"
            + "|replace[-_ ]?(?:me|with|this)|(?<![a-z])(?:insert|your)[-_ ]|[-_]here$).*|(?:my|the)(?:[-_ ][a-z]+)+|(?:sk-)?x{3,}|(?:sk-)?dummy.*"
            + "|sk-no-key-required"
            + "|(?:no|not)[-_]?(?:api[-_]?)?(?:key|needed|required|used|set)(?:[-_].*)?|ollama|lm[-_]?studio|llama[.-]?cpp|vllm|localhost"
            + "|local[-_]?ai|unused"
            + "|anything|test(?:ing)?|sk-1234|example.*|todo.*|undefined|unset|optional|(?:api[-_]?)?(?:key|token|secret|password|username"
            + "|credential)s?");
    private static final Pattern FILE = Pattern.compile("(?:~|\\.{1,2})?(?:/[A-Za-z.][\\w.@ -]*){2,}/?|(?:~|\\.{1,2})/[\\w.@ -]+|[A-Za-z]:\\\\.*"
            + "|https?://.*");
    private static final Pattern RUN = Pattern.compile("[A-Za-z0-9+/]{16,}");
    private static final Pattern UUID = Pattern.compile("(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final Pattern LOGIN = Pattern.compile("(?<=://)([^/@\\s\"'?#]{1,500}+)(?=@)");
    private static final Pattern QUERY = Pattern.compile("[?&;]([A-Za-z][\\w.-]{0,60})=([^&#\\s\"'<>\\\\`,;)}\\]]+)");
    private static final Pattern SCHEME = Pattern.compile("(?i)(?<![\\w-])(bearer|basic|token|api-?key)[ \\t]++([^\\s\"'`,;)\\]]+)");
    private static final Pattern ASSIGNMENT = Pattern.compile("([A-Za-z][\\w.-]*)=([^=\\s].*)");
    private static final Pattern HEADER_LINE = Pattern.compile("([A-Za-z][\\w-]*):\\s*(\\S.*)");
    private static final Pattern NAME = Pattern.compile("(?<![\\w.#$-])[\"']?([A-Za-z][\\w.-]{0,80})[\"']?[ \\t]*(?:=>|:=|[:=])[ \\t]*+(?![:=])"
            + "|(?<![\\w-])set(?:env)?[ \\t]+(?:-\\w+[ \\t]+)*+([A-Za-z_]\\w{0,80})[ \\t]++");
    static final Pattern OPENING = Pattern.compile("(?:[&!]\\S+\\s*)*(?:[|>][-+0-9]*|\"\"\".*|'''.*|\\\\|)\\s*(?:#.*)?");

    /** What a name says of its value. @param words in small letters, joined by {@code _} */
    record Named(String words, boolean sure, boolean loose, boolean variable, boolean headers, boolean container, boolean runs) {
        static Named of(String name) {
            var words = LiteralKeys.words(name);
            boolean loose = LOOSE.matcher(words).matches();
            boolean constant = loose && name.indexOf('_') > 0 && name.equals(name.toUpperCase(Locale.ROOT));
            return new Named(words, constant
                    || SURE.matcher(words).matches(), loose, NAMES_VARIABLE.matcher(words).matches(), HEADERS.matcher(words).matches(),
                    CONTAINER.matcher(words).matches(), RUNS.matcher(words).matches());
        }
    }

    private final Collection<String> known;
    /** A file has few names, and many values. */
    private final Map<String, Named> names = new HashMap<>();

    /** @param known the values of variables that hold keys */
    LiteralKeys(Collection<String> known) {
        this.known = known;
    }

    Named named(String name) {
        return names.computeIfAbsent(name, Named::of);
    }

    /**
     * The keys in a file, in the order in which they stand there.
     *
     * @param format null of a file of lines: {@code .env}, what a shell reads when it starts
     * @param known  the values of variables that hold keys
     */
    public static List<Found> in(Format format, String text, Collection<String> known) {
        return new LiteralKeys(known).in(format, text);
    }

    private List<Found> in(Format format, String text) {
        var document = document(format, text);
        var found = new ArrayList<Found>();
        var rest = document == null ? text : without(document.leaves(), text);
        var lines = new Lines(text);
        if (document != null) {
            for (var leaf : document.leaves()) {
                for (var hit : hits(leaf.path(), leaf.value(), siblings(document, leaf), false)) {
                    found.add(new Found(lines.of(leaf.start()), leaf.path(), hit.name(), hit.value(), hit.how()));
                }
            }
        }
        var all = rest.split("\n", -1);
        for (int i = 0; i < all.length; i++) {
            boolean comment = document != null || all[i].stripLeading().startsWith("#") || all[i].stripLeading().startsWith("//");
            var seen = new ArrayList<String>();
            for (var hit : hits(all, i, comment)) {
                if (seen.stream().noneMatch(value -> value.contains(hit.value()))) {
                    seen.add(hit.value());
                    found.add(new Found(i + 1, List.of(), hit.name(), hit.value(), hit.how()));
                }
            }
        }
        found.sort(Comparator.comparingInt(Found::line));
        return List.copyOf(found);
    }

    static Document document(Format format, String text) {
        try {
            return format == null ? null : Document.open(format, text);
        } catch (Refused e) {
            return null;
        }
    }

    /** What tells of a word in a list what it is: the first one and the one before it, and itself; empty elsewhere. */
    static List<String> siblings(Document document, Leaf leaf) {
        Object at = document.tree();
        for (var step : leaf.path().subList(0, leaf.path().size() - 1)) {
            at = step instanceof Integer i ? at instanceof List<?> list ? list.get(i) : null : at instanceof Map<?, ?> map ? map.get(step) : null;
        }
        return at instanceof List<?> list && leaf.path().get(leaf.path().size() - 1) instanceof Integer i ? siblings(list, i) : List.of();
    }

    static List<String> siblings(List<?> list, int at) {
        return IntStream.of(0, at - 1, at).filter(i -> i >= 0).distinct().mapToObj(i -> String.valueOf(list.get(i))).toList();
    }

    static String without(Collection<Leaf> leaves, String text) {
        var rest = new StringBuilder(text);
        for (var leaf : leaves) {
            for (int i = leaf.start(); i < leaf.end(); i++) {
                if (text.charAt(i) != '\n') {
                    rest.setCharAt(i, ' ');
                }
            }
        }
        return rest.toString();
    }

    /** {@code X-Api-Key}, {@code apiKey} and {@code API_KEY} end alike. */
    private static String words(String name) {
        var words = new StringBuilder();
        char before = '_';
        for (int i = Math.max(0, name.length() - LONGEST_NAME); i < name.length(); i++) {
            char c = name.charAt(i);
            boolean letter = c >= 'a' && c <= 'z' || c >= '0' && c <= '9';
            boolean capital = c >= 'A' && c <= 'Z';
            if (capital && before >= '0' && before != '_' && !(before >= 'A' && before <= 'Z') || !letter && !capital && before != '_') {
                words.append('_');
            }
            if (letter || capital) {
                words.append(capital ? (char) (c + 'a' - 'A') : c);
            }
            before = letter || capital ? c : '_';
        }
        return words.toString();
    }

    /**
     * What is a key in one value.
     *
     * @param whole    null where it is neither a text nor a number
     * @param siblings see {@link #siblings}
     * @param wide     whether what may be one is one
     */
    List<Hit> hits(List<Object> path, String whole, List<String> siblings, boolean wide) {
        var steps = path.stream().filter(String.class::isInstance).map(String.class::cast).toList();
        if (whole == null || steps.isEmpty()) {
            return List.of();
        }
        var hits = new LinkedHashMap<String, Hit>();
        var value = whole.strip();
        var name = steps.get(steps.size() - 1);
        var named = named(name);
        var above = steps.subList(0, steps.size() - 1).stream().map(this::named).toList();
        boolean inHeaders = above.stream().anyMatch(Named::headers);
        if (named.variable || above.stream().anyMatch(Named::variable)) {
            if (!isVariable(value) && isKey(value, true, wide)) {
                add(hits, new Hit(value, name, How.NAME, true));
            }
        } else {
            byPosition(hits, name, value, siblings, inHeaders, wide);
            boolean sure = named.sure || inHeaders && named.loose;
            boolean possible = sure || named.loose || above.stream().anyMatch(Named::container) || inHeaders && isRandom(value);
            if (hits.isEmpty() && possible && !named.runs && isKey(value, sure, wide)) {
                add(hits, new Hit(value, name, inHeaders ? How.HEADER : How.MEMBER, sure || isRandom(value)));
            }
        }
        for (var key : value.length() < Secrets.SHORTEST ? List.<String>of() : Secrets.found(value, known)) {
            if (hits.keySet().stream().noneMatch(hit -> hit.contains(key)) && (wide || known.contains(key) || !isPlaceholder(key))) {
                add(hits, new Hit(key, name, How.MEMBER, true));
            }
        }
        return List.copyOf(hits.values());
    }

    private static void add(Map<String, Hit> hits, Hit hit) {
        hits.putIfAbsent(hit.value(), hit);
    }

    /** Where it is known by its neighbours, not by its name: in an address, behind {@code Bearer}, among a program's words. */
    private void byPosition(Map<String, Hit> hits, String name, String value, List<String> siblings, boolean inHeaders, boolean wide) {
        addresses(hits, name, value, wide);
        schemes(hits, name, value, named(name).sure || inHeaders, inHeaders, wide);
        boolean substituted = value.startsWith("$(");
        boolean runs = substituted || named(name).runs;
        boolean one = siblings.isEmpty();
        var all = !one ? siblings : runs ? List.of(value.replaceFirst("^\\$\\((.*)\\)$", "$1").strip().split("\\s+")) : List.<String>of();
        for (int i = one ? 0 : all.size() - 1; i < all.size(); i++) {
            word(hits, name, all, i, unquoted(all.get(i)), runs, wide);
        }
        var assigned = ASSIGNMENT.matcher(value);
        if (one && (named(name).words.endsWith("env") || named(name).sure) && assigned.matches() && !runs && isKey(assigned.group(2), true, wide)) {
            add(hits, new Hit(assigned.group(2), assigned.group(1), How.ASSIGNMENT, true));
        }
    }

    void schemes(Map<String, Hit> hits, String name, String text, boolean named, boolean inHeaders, boolean wide) {
        var scheme = SCHEME.matcher(text);
        while (text.length() > SHORTEST && scheme.find()) {
            var key = scheme.group(2);
            boolean bearer = scheme.group(1).equalsIgnoreCase("bearer");
            boolean certain = named && scheme.start() == 0 || isRandom(key);
            boolean possible = certain || wide && (bearer || key.chars().anyMatch(Character::isDigit));
            if (possible && isKey(key, true, wide)) {
                boolean only = bearer && named(name).words.equals("authorization");
                add(hits, new Hit(key, name, only ? How.BEARER : inHeaders ? How.HEADER : How.MEMBER, certain));
            }
        }
    }

    void addresses(Map<String, Hit> hits, String name, String value, boolean wide) {
        var login = LOGIN.matcher(value);
        while (value.contains("://") && login.find()) {
            var password = login.group(1).substring(login.group(1).indexOf(':') + 1);
            if (wide || login.group(1).indexOf(':') >= 0 ? isKey(password, wide || password.length() >= SHORTEST, wide)
                    : isKey(password, false, false)) {
                add(hits, new Hit(wide ? login.group(1) : password, name, How.ADDRESS, true));
            }
        }
        var query = QUERY.matcher(value);
        while (value.indexOf('?') >= 0 && query.find()) {
            if ((named(query.group(1)).sure || named(query.group(1)).loose) && isKey(query.group(2), true, wide)) {
                add(hits, new Hit(query.group(2), name, How.ADDRESS, true));
            }
        }
    }

    private void word(Map<String, Hit> hits, String name, List<String> all, int i, String word, boolean runs, boolean wide) {
        var before = i == 0 ? "" : unquoted(all.get(i - 1));
        var parts = ASSIGNMENT.matcher(word);
        var flag = parts.matches() ? null : word.startsWith("-") ? ASSIGNMENT.matcher(word.replaceFirst("^--?", "")) : null;
        var header = HEADER_LINE.matcher(word);
        if (runs && i > 0 && ECHO.matcher(all.get(0)).matches() && !word.startsWith("-") && isKey(word, true, wide)) {
            add(hits, new Hit(word, name, How.COMMAND, true));
        } else if (FLAG.matcher(before).matches() && !word.startsWith("-") && isKey(word, true, wide)) {
            add(hits, new Hit(word, before, How.ARGUMENT, true));
        } else if (flag != null && flag.matches() && FLAG.matcher("--" + flag.group(1)).matches() && isKey(flag.group(2), true, wide)) {
            add(hits, new Hit(flag.group(2), "--" + flag.group(1), How.ARGUMENT, true));
        } else if (parts.matches() && (named(parts.group(1)).sure || named(name).sure) && isKey(unquoted(parts.group(2)), true, wide)) {
            add(hits, new Hit(unquoted(parts.group(2)), parts.group(1), How.ASSIGNMENT, true));
        } else if ((before.equals("-H") || before.equals("--header")) && header.matches()
                && (named(header.group(1)).sure || named(header.group(1)).loose)) {
            var value = header.group(2).replaceFirst("(?i)^(?:bearer|basic|token)\\s+", "");
            if (isKey(value, true, wide)) {
                add(hits, new Hit(value, header.group(1), How.ARGUMENT, true));
            }
        }
    }

    private static String unquoted(String word) {
        int from = 0;
        int to = word.length();
        while (from < to && "\"'".indexOf(word.charAt(from)) >= 0) {
            from++;
        }
        while (from < to && "\"'".indexOf(word.charAt(to - 1)) >= 0) {
            to--;
        }
        return word.substring(from, to);
    }

    static boolean isVariable(String value) {
        boolean key = value.length() > LONGEST_NAME || !Secrets.found(value, Set.of()).isEmpty() || isRandom(value)
                && !VARIABLE_NAME.matcher(value).matches();
        return VARIABLE.matcher(value).matches() && !key;
    }

    /** @param sure by its name or its position; otherwise it has to look like one */
    static boolean isKey(String value, boolean sure, boolean wide) {
        var key = value.strip();
        if (key.length() > LONGEST) {
            return wide && sure;
        }
        if (wide ? PLAIN_REFERENCE.matcher(key).matches() : REFERENCE.matcher(key).matches() || VARIABLE_NAME.matcher(key).matches()) {
            return false;
        }
        boolean number = key.matches("[-+]?[0-9][0-9_]*(?:\\.[0-9]*)?(?:[eE][-+]?[0-9]+)?");
        if (wide) {
            return key.length() >= (number || !sure ? 6 : 1) && (sure || !key.matches("[a-z]{1,12}"));
        }
        return key.length() >= SHORTEST && !(number && key.indexOf('.') >= 0) && !isPlaceholder(key) && !FILE.matcher(key).matches()
                && key.chars().noneMatch(c -> c == ' ' || c == '\t') && (sure || isRandom(key));
    }

    private static boolean isPlaceholder(String key) {
        return PLACEHOLDER.matcher(key).matches() || key.length() >= Secrets.SHORTEST && !Secrets.isSecret(key);
    }

    /** Letters and digits mixed as no name mixes them. */
    static boolean isRandom(String value) {
        if (UUID.matcher(value).matches() || value.matches("\\d{20,}") || !Secrets.found(value, Set.of()).isEmpty()) {
            return true;
        }
        return RUN.matcher(value).results().anyMatch(run -> {
            var text = run.group();
            int changes = 0;
            for (int i = 1; i < text.length(); i++) {
                changes += Character.isDigit(text.charAt(i)) != Character.isDigit(text.charAt(i - 1)) ? 1 : 0;
            }
            return changes >= 3 && text.indexOf('/') < 0 || changes >= 6;
        });
    }

    /** What is a key in a line of which no parser knows what it is. */
    private List<Hit> hits(String[] lines, int at, boolean comment) {
        var hits = new LinkedHashMap<String, Hit>();
        var how = comment ? How.COMMENT : How.LINE;
        for (var setting : settings(lines[at])) {
            var value = setting.value();
            boolean next = OPENING.matcher(value).matches() && at + 1 < lines.length && !comment;
            value = next ? lines[at + 1].strip() : value.replaceFirst("(?i)^(?:bearer|basic)\\s+", "");
            var named = named(setting.name());
            boolean misplaced = named.variable;
            boolean sure = named.sure && !(comment && value.chars().noneMatch(Character::isDigit)) || misplaced && !isVariable(value);
            if ((sure || named.loose && !misplaced) && isKey(value, sure, false)) {
                add(hits, new Hit(value, setting.name(), how, true));
            }
        }
        var further = new LinkedHashMap<String, Hit>();
        addresses(further, "a key", lines[at], false);
        schemes(further, "a key", lines[at], false, false, false);
        var words = lines[at].length() > LONGEST_SPELT ? List.<String>of() : List.of(lines[at].strip().split("\\s+"));
        for (int i = 1; i < words.size(); i++) {
            word(further, "a key", words, i, unquoted(words.get(i)), false, false);
        }
        Secrets.found(lines[at], known).stream().filter(key -> known.contains(key) || !isPlaceholder(key))
                .forEach(key -> add(further, new Hit(key, "a key", how, true)));
        further.values().stream().filter(hit -> hits.keySet().stream().noneMatch(value -> value.contains(hit.value())))
                .forEach(hit -> add(hits, new Hit(hit.value(), hit.name(), how, true)));
        return List.copyOf(hits.values());
    }

    static List<Setting> settings(String line) {
        var settings = new ArrayList<Setting>();
        var names = NAME.matcher(line);
        for (int from = 0; settings.size() < MOST_SETTINGS && names.find(from); from = Math.max(names.end(), from + 1)) {
            var name = names.group(1) == null ? names.group(2) : names.group(1);
            settings.add(new Setting(name, token(line, names.end()), names.end()));
        }
        return settings;
    }

    private static String token(String line, int from) {
        int end = Math.min(line.length(), from + LONGEST_SPELT);
        char quote = from < end ? line.charAt(from) : ' ';
        var token = new StringBuilder();
        if (quote == '"' || quote == '\'') {
            for (int i = from + 1; i < end && line.charAt(i) != quote; i++) {
                i += quote == '"' && line.charAt(i) == '\\' && i + 1 < end ? 1 : 0;
                token.append(line.charAt(i));
            }
            return line.startsWith(String.valueOf(quote).repeat(3), from) ? line.substring(from, end).strip() : token.toString();
        }
        boolean scheme = line.substring(from, end).matches("(?i)(?:bearer|basic)\\s.*");
        for (int i = from; i < end && (line.charAt(i) > ' ' || scheme && i < from + 7) && "\"',;}])".indexOf(line.charAt(i)) < 0; i++) {
            token.append(line.charAt(i));
        }
        return token.toString();
    }

    /** On which line something stands. */
    private static final class Lines {
        private final int[] starts;

        Lines(String text) {
            starts = IntStream.concat(IntStream.of(0),
                    IntStream.range(0, text.length()).filter(i -> text.charAt(i) == '\n').map(i -> i + 1)).toArray();
        }

        int of(int offset) {
            int at = Arrays.binarySearch(starts, offset);
            return at >= 0 ? at + 1 : -at - 1;
        }
    }

    /** Whose file it is: every tool has its own way to be told a key from elsewhere. */
    public enum Owner { AICHAT, MODS, CODEX, OPENCODE, CRUSH, CONTINUE, AIDER, CLAUDE, OURS, DOTENV, SHELL }

    /**
     * How keys are moved out of one file, in steps that work as they are told.
     *
     * @param tree what it states; null where it is no document
     */
    public record Advice(Owner owner, Path file, Map<String, Object> tree) {
        private static final Pattern PROVIDERS = Pattern.compile("model_providers|apis|provider|providers");
        private static final Pattern SERVERS = Pattern.compile("mcp|mcp_servers");

        /** @param format null of a file of lines */
        public static Advice of(Owner owner, Path file, Format format, String text) {
            var document = document(format, text);
            return new Advice(owner, file, document == null ? null : document.tree());
        }

        /** @param variable the one that holds this very key now; null where none does */
        public String on(Found found, String variable) {
            var name = variable == null ? variable(found) : variable;
            if (found.how() == How.COMMENT) {
                return "take it out of the comment" + (variable == null ? "" : "; it is the value of " + variable);
            }
            if (owner == Owner.SHELL) {
                var set = VARIABLE.matcher(found.name()).matches() ? found.name() : name;
                return (file.toString().endsWith(".fish") ? "set -gx " + set + " (pass show " + set + ")" : "export " + set + "=\"$(pass show "
                        + set + ")\"")
                        + ", or what else prints it, keeps it out of the file; as it is, all that you start can read it";
            }
            if (owner == Owner.DOTENV) {
                return "this file is the tool's own place for variables; it belongs in no repository and no backup that others see";
            }
            if (found.path().isEmpty()) {
                return owner == Owner.CRUSH && found.how() == How.LINE ? "write \"$" + name + "\" in its place; " + export(name, variable)
                        : "the file cannot be read as what it should be; mend that, and this says how to move the key out";
            }
            var told = switch (owner) {
                case AICHAT -> aichat(found, variable);
                case MODS -> mods(found, name, variable);
                case CODEX -> codex(found, name, variable);
                case OPENCODE -> "write {env:" + name + "} in its place; " + export(name, variable);
                case CRUSH -> found.how() == How.ARGUMENT ? null : "write $" + name + " in its place; " + export(name, variable);
                case CONTINUE -> file.toString().endsWith(".json") ? null : "write ${{ secrets." + name + " }} in its place, and " + name + "=… into "
                        + file.resolveSibling(".env");
                case AIDER -> aider(found, variable);
                case CLAUDE -> above(found, "env") ? "take it out; Claude Code reads it from its environment too: "
                        + export(found.name(), variable) : null;
                default -> ours(found, name, variable);
            };
            return told != null ? told : "no variable can stand in its place there; let nobody else read the file: chmod 600 '" + file
                    + "', and keep it out of repositories";
        }

        private static String export(String name, String variable) {
            return name.equals(variable) ? name + " holds it already" : "export " + name + "=" + (variable == null ? "…" : "\"$" + variable + "\"");
        }

        private static boolean above(Found found, String name) {
            return found.path().subList(0, found.path().size() - 1).contains(name);
        }

        /** A name for the variable, of what it is the key of. */
        private String variable(Found found) {
            var steps = found.path();
            if (found.name().matches("[A-Z][A-Z0-9_]+")) {
                return found.name();
            }
            for (int i = 0; i + 1 < steps.size(); i++) {
                if (steps.get(i) instanceof String kind && steps.get(i + 1) instanceof String id
                        && (PROVIDERS.matcher(kind).matches() || SERVERS.matcher(words(kind)).matches())) {
                    return identifier(id) + (PROVIDERS.matcher(kind).matches() ? "_API_KEY" : "_TOKEN");
                }
            }
            if (steps.size() > 2 && steps.get(1) instanceof Integer at && tree.get(steps.get(0)) instanceof List<?> list
                    && list.get(at) instanceof Map<?, ?> map
                    && map.get("provider") instanceof String provider) {
                return identifier(provider) + "_API_KEY";
            }
            var name = identifier(words(found.name().replaceFirst("^-+", "")));
            return name.endsWith("KEY") || name.endsWith("TOKEN") ? name : "API_KEY";
        }

        private static String identifier(String name) {
            return name.replaceAll("[^A-Za-z0-9]+", "_").replaceFirst("^(?=[0-9])", "_").toUpperCase(Locale.ROOT);
        }

        private static String asTable(List<Object> path) {
            return new Place(path.stream().<Place.Step>map(step -> new Place.Key(String.valueOf(step))).toList()).toString();
        }

        /** It reads {@code NAME_FIELD} for each field of a client, where NAME is its name, or else its type. */
        private String aichat(Found found, String variable) {
            var path = found.path();
            var client = path.size() > 2 && path.get(0).equals("clients") && tree.get("clients") instanceof List<?> clients
                    && clients.get((Integer) path.get(1)) instanceof Map<?, ?> map ? map : Map.of();
            var name = client.get("name") instanceof String given ? given : client.get("type") instanceof String type ? type : null;
            if (name == null) {
                return null;
            }
            boolean proxy = found.name().equals("proxy");
            boolean header = found.how() == How.BEARER;
            if (path.size() != 3 && !proxy && !header) {
                return null;
            }
            var field = header ? "api_key" : found.name();
            var what = "take out " + (header ? "the header " : "") + found.name() + ", and nothing else of the client '" + name + "'; aichat then ";
            if (proxy) {
                return what + "takes the whole address from HTTPS_PROXY: export HTTPS_PROXY=…";
            }
            var reads = (name + "_" + field).toUpperCase(Locale.ROOT);
            var whole = found.how() == How.ADDRESS ? " (the whole address)" : "";
            if (VARIABLE.matcher(reads).matches()) {
                return what + "reads " + reads + whole + ": " + export(reads, variable);
            }
            var other = name.replaceAll("[^A-Za-z0-9]+", "_").replaceFirst("^(?=[0-9])", "_");
            return "rename the client to " + other + ", also where '" + name + ":' stands before a model, for a shell cannot set " + reads
                    + "; take out "
                    + found.name() + "; aichat then reads " + identifier(other) + reads.substring(name.length()) + whole + ": "
                    + export(identifier(other) + reads.substring(name.length()), variable);
        }

        private static String mods(Found found, String name, String variable) {
            if (found.how() == How.NAME) {
                return found.name() + " is the name of the variable that holds the key, not the key: " + found.name() + ": " + name + "; "
                        + export(name, variable);
            }
            if (found.how() == How.COMMAND || found.name().equals("api-key")) {
                return "instead of " + found.name() + ": api-key-env: " + name + "; " + export(name, variable)
                        + " (or api-key-cmd, a command that prints it from where it is kept)";
            }
            if (found.name().equals("http-proxy")) {
                return "take it out; mods takes the whole address from MODS_HTTP_PROXY: export MODS_HTTP_PROXY=…";
            }
            if (found.how() == How.ASSIGNMENT && found.path().contains("env")) {
                return "take " + found.name() + " out of env; mods hands its own environment on: " + export(found.name(), variable);
            }
            return found.how() == How.ARGUMENT ? arguments("command: sh, args: [-c, '", "']", found, name) + export(name, variable) : null;
        }

        /** A shell puts the variable in. */
        private static String arguments(String before, String after, Found found, String name) {
            return "have a shell put it in: " + before + "exec COMMAND … " + found.name() + " \"$" + name + "\"" + after
                    + ", COMMAND … being the words of now; ";
        }

        private static String codex(Found found, String name, String variable) {
            var path = found.path();
            var export = "; " + export(name, variable);
            boolean server = path.get(0).equals("mcp_servers");
            if (path.size() < 3 || !server && !path.get(0).equals("model_providers")) {
                return null;
            }
            var table = "[" + asTable(path.subList(0, 2)) + "]";
            if (found.how() == How.NAME) {
                return found.name() + " is the name of the variable that holds the key, not the key: " + found.name() + " = \"" + name + "\""
                        + export;
            }
            var bearer = (server ? "bearer_token_env_var" : "env_key") + " = \"" + name + "\"" + export;
            if (above(found, "http_headers")) {
                return "take it out of http_headers; instead, in " + table + ": " + (found.how() == How.BEARER ? bearer
                        : "env_http_headers = { \"" + found.name()
                        + "\" = \"" + name + "\" }, the variable to hold all of the header's value" + export);
            }
            if (found.name().equals(server ? "bearer_token" : "experimental_bearer_token")) {
                return "instead, in " + table + ": " + bearer;
            }
            if (server && above(found, "env")) {
                return "take it out of env; instead, in " + table + ": env_vars = [\"" + found.name() + "\"]; " + export(found.name(), variable);
            }
            return server && found.how() == How.ARGUMENT ? arguments("command = \"sh\", args = [\"-c\", '", "']", found, name)
                    + "and env_vars = [\"" + name
                    + "\"]" + export : null;
        }

        private static String aider(Found found, String variable) {
            var name = found.how() == How.ASSIGNMENT ? found.name() : found.name().replaceFirst("(?i)[-_]api[-_]key$", "");
            var reads = identifier(name).matches(".*_(?:KEY|TOKEN)") ? identifier(name) : identifier(name) + "_API_KEY";
            return "take it out; aider reads " + reads + " too: " + export(reads, variable);
        }

        private static String ours(Found found, String name, String variable) {
            var path = found.path();
            if (path.size() < 3 || !path.get(0).equals("providers")) {
                return "take it out; no key belongs there";
            }
            var key = "key_env: " + name + "; " + export(name, variable);
            if (found.how() == How.NAME) {
                return "key_env is the name of the variable that holds the key, not the key: " + key;
            }
            if (above(found, "headers")) {
                return "take this header out; instead: " + (found.how() == How.BEARER ? "" : "auth: " + found.name() + ", and ") + key;
            }
            return "instead of " + found.name() + ": " + key + " (or key_cmd: [pass, show, " + path.get(1)
                    + "], which prints it from where it is kept)";
        }
    }
}
