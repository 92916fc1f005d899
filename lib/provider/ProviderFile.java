package lib.provider;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import lib.provider.Json.Listing;
import lib.provider.Provider.Field;
import lib.provider.Provider.Mapping.Condition;
import lib.provider.Provider.Mapping.Pointer;
import lib.provider.Provider.Mapping;
import lib.provider.Providers.ConfigError;

/**
 * One providers.yaml as it is written, before it is laid over others: members keep their places, and what the file does
 * not say is not there. The grammar is told in docs/providers.md.
 *
 * @param defaults what entries do not say about their answers
 * @param entries  providers and tombstones by id, in the file's order
 */
record ProviderFile(Map<String, Yaml.Member> defaults, Map<String, Entry> entries) {

    /** What one file, or several laid over each other, say of a provider. @param at where the uppermost of them begins */
    record Entry(String id, Yaml.At at, boolean tombstone, Provider.Trust trust, Map<String, Yaml.Member> members) {
        Entry with(Map<String, Yaml.Member> others) {
            return new Entry(id, at, tombstone, trust, others);
        }
    }

    private static final Set<String> COMMON_KEYS = union(List.of("name", "docs", "verified", "models_dev", "litellm", "also_called",
            "prefix", "catalogue", "file", "why", "base_url", "base_url_env", "key_env", "key_cmd", "key", "auth", "headers", "wires", "models",
            "page", "join", "legacy", "disabled"), MappingGrammar.KEYS);
    private static final Set<String> PROVIDER_KEYS = union(COMMON_KEYS, List.of("ship"));
    private static final Set<String> TOMBSTONE_KEYS = union(COMMON_KEYS, List.of("since", "successor"));
    private static final List<String> SHIPS = List.of("default", "template", "local", "disabled", "source");
    private static final List<String> KEY_NEEDS = List.of("required", "optional", "none");
    /** Set by the HTTP client itself, which refuses them; secrets belong in variables and not in files. */
    private static final Set<String> NOT_OURS = Set.of("connection", "content-length", "expect", "host", "upgrade",
            "authorization", "proxy-authorization", "cookie");
    private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9-]{1,64}");
    private static final Pattern ASCII = Pattern.compile("[ -~]*");
    private static final Pattern DATE = Pattern.compile("[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?");
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

    private static Set<String> union(Collection<String> some, Collection<String> more) {
        var all = new LinkedHashSet<>(some);
        all.addAll(more);
        return Collections.unmodifiableSet(all);
    }

    /** @param file as it is named in messages */
    static ProviderFile parse(String file, byte[] content, Provider.Trust trust) {
        var root = Yaml.parse(file, content);
        if (root == null) {
            return new ProviderFile(Map.of(), Map.of());
        }
        if (!(root instanceof Yaml.Table top)) {
            throw root.at().error("expected providers: with entries below it");
        }
        top.only(List.of("schema", "defaults", "providers", "tombstones"), "this file");
        var schema = text(top.members(), "schema");
        if (schema != null && !schema.equals("1")) {
            throw top.get("schema").error("this file is of schema " + Listing.visible(schema)
                    + ", and this catalog reads schema 1; update catalog");
        }
        var defaults = top.get("defaults") == null ? Map.<String, Yaml.Member>of()
                : top.get("defaults").table().only(MappingGrammar.KEYS, "defaults").members();
        var entries = new LinkedHashMap<String, Entry>();
        addEntries(top.get("providers"), PROVIDER_KEYS, trust, entries);
        addEntries(top.get("tombstones"), TOMBSTONE_KEYS, trust, entries);
        return new ProviderFile(defaults, entries);
    }

    private static void addEntries(Yaml.Member section, Set<String> keys, Provider.Trust trust, Map<String, Entry> entries) {
        if (section == null) {
            return;
        }
        for (var member : section.table().members().values()) {
            var id = member.key();
            if (!ID.matcher(id).matches()) {
                throw member.keyAt().error("'" + Listing.visible(id) + "' is no provider id: lower-case letters, digits, '.', '_'"
                        + " and '-', at most 64, the first a letter or digit");
            }
            var entry = new Entry(id, member.keyAt(), section.key().equals("tombstones"), trust,
                    member.table().only(keys, id).members());
            if (trust == Provider.Trust.BUNDLED && entry.members.containsKey("key_cmd")) {
                throw entry.at.error(id + ": a bundled entry runs no program");
            }
            var earlier = entries.putIfAbsent(id, entry);
            if (earlier != null) {
                throw entry.at.error(id + " stands here already, in line " + earlier.at.line());
            }
        }
    }

    /**
     * @param entry    all layers of it, laid over each other
     * @param commands those of all entries, by their words: two that name the same share it
     */
    static Provider bind(Entry entry, Mapping defaults, Map<List<String>, Access.KeyCommand> commands) {
        var members = entry.members;
        var ship = entry.tombstone ? Provider.Ship.TOMBSTONE : members.get("ship") == null ? Provider.Ship.DEFAULT
                : Provider.Ship.valueOf(word(members, "ship", SHIPS).toUpperCase(Locale.ROOT));
        var why = text(members, "why");
        if (why == null && (ship == Provider.Ship.DISABLED || ship == Provider.Ship.TEMPLATE)) {
            throw entry.at.error(entry.id + " needs why: a sentence that tells why it is not asked by itself");
        }
        var baseUrl = baseUrl(members.get("base_url"));
        var baseUrlEnv = variables(members, "base_url_env");
        var source = ship == Provider.Ship.SOURCE ? source(members) : null;
        if (baseUrl == null && baseUrlEnv.isEmpty() && !entry.tombstone && (source == null || source.file() == null)) {
            throw entry.at.error(entry.id + " needs base_url");
        }
        var name = text(members, "name");
        var keyEnv = variables(members, "key_env");
        return new Provider(entry.id, name == null ? entry.id : name, ship, why, date(members, "since", 4), text(members, "successor"),
                baseUrl, baseUrlEnv, keyEnv, keyCommand(members, keyEnv, commands), keyNeed(members, keyEnv), auth(members), headers(members),
                wires(members), models(members), members.get("page") == null ? null : page(members.get("page")), join(members),
                MappingGrammar.read(members, defaults), docs(members), date(members, "verified", 7), texts(members, "models_dev"),
                texts(members, "litellm"), texts(members, "also_called"), text(members, "prefix") == null ? "" : text(members, "prefix"),
                source, legacy(members), entry.trust);
    }

    private static Provider.Source source(Map<String, Yaml.Member> members) {
        var catalogue = members.get("catalogue");
        var file = text(members, "file");
        if (file != null && (file.contains("/") || file.contains("\\"))) {
            throw members.get("file").error("file must be the name of a file, without a folder");
        }
        return catalogue == null && file == null ? null
                : new Provider.Source(catalogue == null ? null
                        : MappingGrammar.word(catalogue.scalar(), "catalogue", Provider.CATALOGUES), file);
    }

    private static String text(Map<String, Yaml.Member> members, String key) {
        var member = members.get(key);
        var text = member == null ? null : member.text();
        return text == null || text.isEmpty() ? null : text;
    }

    /** One, several or none. */
    private static List<String> texts(Map<String, Yaml.Member> members, String key) {
        return members.get(key) == null ? List.of()
                : MappingGrammar.each(members.get(key), text -> text).stream().filter(text -> !text.isEmpty()).toList();
    }

    private static String word(Map<String, Yaml.Member> members, String key, List<String> words) {
        return MappingGrammar.word(members.get(key).scalar(), key, words);
    }

    private static String date(Map<String, Yaml.Member> members, String key, int atLeast) {
        var text = text(members, key);
        if (text != null && (text.length() < atLeast || !DATE.matcher(text).matches())) {
            throw members.get(key).error(key + " must be " + (atLeast == 4 ? "YYYY, " : "") + "YYYY-MM or YYYY-MM-DD");
        }
        return text;
    }

    private static List<String> variables(Map<String, Yaml.Member> members, String key) {
        return members.get(key) == null ? List.of() : MappingGrammar.each(members.get(key), ProviderFile::variable);
    }

    private static String variable(String text) {
        if (!VARIABLE.matcher(text).matches()) {
            throw new IllegalArgumentException("this is no name of an environment variable (names only, never a key)");
        }
        return text;
    }

    /** @return null where there is none */
    private static Access.KeyCommand keyCommand(Map<String, Yaml.Member> members, List<String> keyEnv,
            Map<List<String>, Access.KeyCommand> commands) {
        var member = members.get("key_cmd");
        if (member == null || member.isNull()) {
            return null;
        }
        if (!(member.value() instanceof Yaml.Sequence)) {
            throw member.error("key_cmd must be a list of words, such as [pass, show, groq]: no shell reads it");
        }
        if (keyEnv.isEmpty()) {
            throw member.error("key_cmd needs key_env too: the variable in which tools find the key");
        }
        var words = member.scalars().stream().map(word -> word.text("key_cmd")).toList();
        if (words.isEmpty() || words.get(0).isEmpty() || words.get(0).matches(".*[/\\\\].*") && !Path.of(words.get(0)).isAbsolute()) {
            throw member.error("key_cmd must name a program on the PATH, or by its whole path");
        }
        return commands.computeIfAbsent(words, Access.KeyCommand::new);
    }

    private static Provider.KeyNeed keyNeed(Map<String, Yaml.Member> members, List<String> keyEnv) {
        var key = members.get("key");
        if (key == null || key.isNull()) {
            return keyEnv.isEmpty() ? Provider.KeyNeed.NONE : Provider.KeyNeed.REQUIRED;
        }
        var need = Provider.KeyNeed.valueOf(word(members, "key", KEY_NEEDS).toUpperCase(Locale.ROOT));
        if (need == Provider.KeyNeed.REQUIRED && keyEnv.isEmpty()) {
            throw key.error("key: required needs key_env, the variable that holds it");
        }
        return need;
    }

    private static String auth(Map<String, Yaml.Member> members) {
        var auth = text(members, "auth");
        if (auth == null) {
            return "bearer";
        }
        var lower = auth.toLowerCase(Locale.ROOT);
        if (!HEADER.matcher(auth).matches() || NOT_OURS.contains(lower)) {
            throw members.get("auth").error("auth must be bearer, none or the name of a header such as x-api-key");
        }
        return lower;
    }

    private static Map<String, String> headers(Map<String, Yaml.Member> members) {
        var headers = new LinkedHashMap<String, String>();
        if (members.get("headers") != null) {
            for (var header : members.get("headers").table().members().values()) {
                var name = header.key().toLowerCase(Locale.ROOT);
                if (!HEADER.matcher(name).matches() || NOT_OURS.contains(name) || name.equalsIgnoreCase(text(members, "auth"))) {
                    throw header.keyAt().error("the header '" + Listing.visible(header.key()) + "' cannot be set here"
                            + (name.equals("authorization") ? "; name the key's variable in key_env" : ""));
                }
                var value = header.text();
                if (value == null || !ASCII.matcher(value).matches()) {
                    throw header.error("the value of a header must be ASCII text");
                }
                headers.put(header.key(), value);
            }
        }
        return Collections.unmodifiableMap(headers);
    }

    /** Without any, what nearly all speak. */
    private static Map<String, String> wires(Map<String, Yaml.Member> members) {
        var wires = new LinkedHashMap<String, String>();
        var member = members.get("wires");
        if (member == null) {
            wires.put(Provider.WIRES.get(0), null);
        } else if (member.value() instanceof Yaml.Table table) {
            for (var wire : table.only(Provider.WIRES, "wires").members().values()) {
                wires.put(wire.key(), baseUrl(wire));
            }
        } else {
            for (var wire : member.scalars()) {
                wires.put(MappingGrammar.word(wire, "wires", Provider.WIRES), null);
            }
        }
        return Collections.unmodifiableMap(wires);
    }

    /** @return null for none, or for {@code ""} */
    private static String baseUrl(Yaml.Member member) {
        var text = member == null ? null : member.text();
        if (text == null || text.isEmpty()) {
            return null;
        }
        var flaw = Access.flawOfTemplate(text, false);
        if (flaw != null) {
            throw member.error(member.key() + ": " + flaw);
        }
        return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    }

    private static String models(Map<String, Yaml.Member> members) {
        var member = members.get("models");
        if (member == null || member.isNull()) {
            return "/models";
        }
        var text = member.text();
        boolean below = text.isEmpty() || text.charAt(0) == '/' || text.charAt(0) == '?';
        var flaw = Access.flawOfTemplate(below ? "https://x" + text : text, true);
        if (flaw != null) {
            throw member.error("models must be a path below base_url, or an address: " + flaw);
        }
        return text;
    }

    private static String docs(Map<String, Yaml.Member> members) {
        var docs = text(members, "docs");
        if (docs != null && !docs.startsWith("https://")) {
            throw members.get("docs").error("docs must be an https:// address");
        }
        return docs;
    }

    private static Provider.Page page(Yaml.Member member) {
        if (member.isNull()) {
            return null;
        }
        var table = member.table().only(List.of("param", "next", "more", "first", "total", "link"), "page");
        boolean link = table.get("link") != null;
        boolean cursor = table.get("next") != null;
        boolean number = table.get("first") != null;
        var param = text(table.members(), "param");
        if ((link ? 1 : 0) + (cursor ? 1 : 0) + (number ? 1 : 0) != 1 || link == (param != null)
                || table.get("more") != null && !cursor || table.get("total") != null && !number) {
            throw member.error("page must be {param, next[, more]}, {param, first[, total]} or {link}");
        }
        return new Provider.Page(param, pointer(table, "next"), pointer(table, "more"),
                number ? (Integer) first(table.get("first")) : null, pointer(table, "total"), pointer(table, "link"));
    }

    private static int first(Yaml.Member member) {
        var text = member.text();
        if (!"0".equals(text) && !"1".equals(text)) {
            throw member.error("first must be 0 or 1");
        }
        return text.charAt(0) - '0';
    }

    private static Pointer pointer(Yaml.Table table, String key) {
        return table.get(key) == null || table.get(key).isNull() ? null : MappingGrammar.pointer(table.get(key));
    }

    private static Provider.Join join(Map<String, Yaml.Member> members) {
        var member = members.get("join");
        if (member == null || member.isNull()) {
            return null;
        }
        var table = member.table().only(List.of("url", "url_env", "query", "items", "key", "page", "copy"), "join");
        var urlEnv = text(table.members(), "url_env");
        if (urlEnv != null) {
            variables(table.members(), "url_env");
        }
        var url = MappingGrammar.required(table, "url", member);
        var query = text(table.members(), "query");
        var flaw = Access.flaw(url.text(), true);
        if (flaw == null && query != null) {
            flaw = "?&#".indexOf(query.charAt(0)) >= 0 ? "write query without the leading " + query.charAt(0)
                    : Access.flaw("https://x/?" + query, true);
        }
        if (flaw != null) {
            throw url.error("join: " + flaw);
        }
        var copies = new LinkedHashMap<String, Provider.Copy>();
        for (var copy : MappingGrammar.required(table, "copy", member).table().members().values()) {
            copies.put(copy.key(), copy(copy));
        }
        return new Provider.Join(url.text(), urlEnv, query, MappingGrammar.pointer(MappingGrammar.required(table, "items", member)),
                MappingGrammar.pointer(MappingGrammar.required(table, "key", member)),
                table.get("page") == null ? null : page(table.get("page")), Collections.unmodifiableMap(copies));
    }

    private static Provider.Copy copy(Yaml.Member member) {
        if (!(member.value() instanceof Yaml.Table table)) {
            return new Provider.Copy(MappingGrammar.pointer(member), null, false, null);
        }
        table.only(List.of("path", "else", "count", "where"), "copy");
        boolean count = table.get("count") != null;
        if (count == (table.get("path") != null) || table.get(count ? "else" : "where") != null) {
            throw member.error(member.key() + " must be a path, {path, else} or {count, where}");
        }
        return new Provider.Copy(MappingGrammar.pointer(table.get(count ? "count" : "path")),
                table.get("else") == null ? null : json(table.get("else").scalar()), count,
                table.get("where") == null ? null
                        : MappingGrammar.at(table.get("where").scalar(), "where", MappingGrammar::condition));
    }

    /** What stands for nothing found, as JSON text. */
    private static String json(Yaml.Scalar scalar) {
        if (scalar.isNull()) {
            return "null";
        }
        if (scalar.isFlag()) {
            return scalar.value().toLowerCase(Locale.ROOT);
        }
        var text = scalar.text("else");
        return scalar.plain() && NUMBER.matcher(text).matches() ? text
                : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static Provider.Legacy legacy(Map<String, Yaml.Member> members) {
        var member = members.get("legacy");
        if (member == null || member.isNull()) {
            return null;
        }
        var table = member.table().only(List.of("key_env", "base_url"), "legacy");
        return new Provider.Legacy(text(table.members(), "key_env"), text(table.members(), "base_url"));
    }

    /** Whether an address of the entry wants the value of a variable. */
    static boolean hasPlaceholder(Entry entry) {
        var values = new ArrayList<Yaml.Node>();
        for (var key : List.of("base_url", "models")) {
            if (entry.members.get(key) != null) {
                values.add(entry.members.get(key).value());
            }
        }
        if (entry.members.get("wires") != null && entry.members.get("wires").value() instanceof Yaml.Table wires) {
            for (var wire : wires.members().values()) {
                values.add(wire.value());
            }
        }
        for (var value : values) {
            if (value instanceof Yaml.Scalar scalar && scalar.value().contains("${")) {
                return true;
            }
        }
        return false;
    }
}

/** How a {@link Mapping} is written in providers.yaml: in {@code defaults} and beside the other keys of every entry. */
final class MappingGrammar {
    /** What there is without any {@code defaults}: the list as OpenAI writes it. */
    static final Mapping PLAIN = new Mapping(new Mapping.Items(Mapping.Shape.ARRAY, Pointer.parse("/data")), Set.of(), null,
            Map.of(Field.ID, List.of(Pointer.parse("/id"))), Map.of(), List.of(), List.of(), Map.of(), List.of(), List.of(),
            List.of(), null, null);

    private static final List<String> UNITS = List.of("token", "1K", "1M");
    private static final long[] TOKENS_PER_UNIT = {1, 1_000, 1_000_000};
    private static final Pattern CURRENCY = Pattern.compile("[A-Z]{3}");
    private static final int LONGEST_NUMBER = 20;

    private static final Map<String, Field> FIELDS = new HashMap<>();
    private static final Map<String, Field> AMOUNTS = new HashMap<>();
    /** Every key of a mapping. */
    static final Set<String> KEYS = new LinkedHashSet<>(List.of("items", "skip", "offer", "modes", "complete", "not_chat",
            "volatile", "price", "provider_of"));
    private static final Set<String> PRICE_KEYS = new LinkedHashSet<>(List.of("per", "scale", "when", "zero", "currency", "tiers"));

    static {
        for (var field : Field.values()) {
            if (field != Field.CURRENCY && field != Field.TIERS && !Field.PERSONAL.contains(field)) {
                (field.isMoney() ? AMOUNTS : FIELDS).put(field.key(), field);
                (field.isMoney() ? PRICE_KEYS : KEYS).add(field.key());
            }
        }
    }

    private static final Set<String> TIER_KEYS = new LinkedHashSet<>(AMOUNTS.keySet());

    static {
        TIER_KEYS.addAll(List.of("from", "above", "service"));
    }

    private MappingGrammar() {}

    /** @param base what holds for keys that {@code members} do not have; other keys than {@link #KEYS} are passed over */
    static Mapping read(Map<String, Yaml.Member> members, Mapping base) {
        var items = base.items();
        var skip = base.skip();
        var offer = base.offer();
        var paths = new EnumMap<Field, List<Pointer>>(Field.class);
        paths.putAll(base.fields());
        var flags = new EnumMap<Field, List<Condition>>(Field.class);
        flags.putAll(base.flags());
        var mode = base.mode();
        var status = base.status();
        var modes = base.modes();
        var complete = base.complete();
        var notChat = base.notChat();
        var volatileFields = base.volatileFields();
        var price = base.price();
        var providerOf = base.providerOf();
        for (var member : members.values()) {
            switch (member.key()) {
                case "items" -> items = items(member);
                case "skip" -> skip = Collections.unmodifiableSet(new LinkedHashSet<>(texts(member)));
                case "offer" -> offer = offer(member);
                case "mode" -> mode = rules(member, Mapping.MODES);
                case "status" -> status = rules(member, Mapping.STATUSES);
                case "modes" -> modes = modes(member, modes);
                case "complete" -> complete = pointers(member);
                case "not_chat" -> notChat = each(member, MappingGrammar::pattern);
                case "volatile" -> volatileFields = pointers(member);
                case "price" -> price = price(member);
                case "provider_of" -> providerOf = member.isNull() ? null : pointer(member);
                default -> field(member, paths, flags);
            }
        }
        if (items.shape() == Mapping.Shape.ARRAY && paths.get(Field.ID) == null) {
            var culprit = members.get("id") != null ? members.get("id") : members.get("items");
            throw culprit.error("id must not be empty unless items is \"{}\"");
        }
        return new Mapping(items, skip, offer, Collections.unmodifiableMap(paths), Collections.unmodifiableMap(flags), mode,
                status, modes, complete, notChat, volatileFields, price, providerOf);
    }

    private static void field(Yaml.Member member, Map<Field, List<Pointer>> paths, Map<Field, List<Condition>> flags) {
        var field = FIELDS.get(member.key());
        if (field == null) {
            return;
        }
        if (field.kind() == Field.Kind.FLAG) {
            put(flags, field, each(member, MappingGrammar::condition));
        } else {
            put(paths, field, pointers(member));
        }
    }

    /** An empty list switches a field off. */
    private static <T> void put(Map<Field, List<T>> map, Field field, List<T> places) {
        if (places.isEmpty()) {
            map.remove(field);
        } else {
            map.put(field, places);
        }
    }

    private static Mapping.Items items(Yaml.Member member) {
        var text = member.isNull() ? null : member.scalar().text("items");
        if (text == null) {
            return PLAIN.items();
        }
        if (text.startsWith("{}/")) {
            return new Mapping.Items(Mapping.Shape.NESTED, at(member.scalar(), "items", t -> path(t.substring(2))));
        }
        return text.equals("{}") ? new Mapping.Items(Mapping.Shape.MAP, null)
                : new Mapping.Items(Mapping.Shape.ARRAY, at(member.scalar(), "items", MappingGrammar::path));
    }

    private static Mapping.Offer offer(Yaml.Member member) {
        if (member.isNull()) {
            return null;
        }
        var table = member.table().only(List.of("from", "having"), "offer");
        return new Mapping.Offer(pointer(required(table, "from", member)), pointers(required(table, "having", member)));
    }

    static Yaml.Member required(Yaml.Table table, String key, Yaml.Member owner) {
        var member = table.get(key);
        if (member == null || member.isNull()) {
            throw owner.error(owner.key() + " needs " + key);
        }
        return member;
    }

    private static Map<String, String> modes(Yaml.Member member, Map<String, String> base) {
        var modes = new LinkedHashMap<>(base);
        for (var each : member.table().members().values()) {
            if (each.isNull()) {
                modes.remove(each.key());
            } else {
                modes.put(each.key(), word(each.scalar(), each.key(), Mapping.MODES));
            }
        }
        return Collections.unmodifiableMap(modes);
    }

    private static List<Mapping.Rule> rules(Yaml.Member member, List<String> results) {
        var rules = new ArrayList<Mapping.Rule>();
        for (var scalar : member.scalars()) {
            var text = scalar.text(member.key());
            int arrow = text.indexOf("=>");
            if (arrow < 0) {
                rules.add(new Mapping.Rule(null, at(scalar, member.key(), MappingGrammar::path), null));
                continue;
            }
            var when = at(scalar, member.key(), t -> condition(t.substring(0, arrow).strip()));
            rules.add(new Mapping.Rule(when, null, known(text.substring(arrow + 2).strip(), scalar.at(), member.key(), results)));
        }
        return Collections.unmodifiableList(rules);
    }

    private static Mapping.Price price(Yaml.Member member) {
        var table = member.table().only(PRICE_KEYS, "price");
        var parts = new EnumMap<Field, List<Pointer>>(Field.class);
        for (var each : table.members().values()) {
            var field = AMOUNTS.get(each.key());
            if (field != null) {
                put(parts, field, pointers(each));
            }
        }
        if (parts.isEmpty()) {
            if (!table.members().isEmpty()) {
                throw member.error("price names no amount, such as input: /pricing/input");
            }
            return null;
        }
        var per = table.get("per");
        var scale = table.get("scale");
        var when = table.get("when");
        var zero = table.get("zero");
        var currency = table.get("currency");
        return new Mapping.Price(Collections.unmodifiableMap(parts),
                per == null ? 1_000_000 : TOKENS_PER_UNIT[UNITS.indexOf(word(per.scalar(), "per", UNITS))],
                scale == null ? BigDecimal.ONE : factor(scale),
                when == null ? null : at(when.scalar(), "when", MappingGrammar::condition),
                zero != null && word(zero.scalar(), "zero", List.of("unknown")) != null,
                currency == null ? "USD" : currency(currency),
                table.get("tiers") == null ? List.of() : tiers(table.get("tiers")));
    }

    private static List<Mapping.Tier> tiers(Yaml.Member member) {
        var tiers = new ArrayList<Mapping.Tier>();
        for (var element : member.tables()) {
            var table = element.only(TIER_KEYS, "tiers");
            var from = table.get("from");
            var bound = table.get("above");
            var service = table.get("service");
            var parts = new EnumMap<Field, List<Pointer>>(Field.class);
            for (var each : table.members().values()) {
                if (AMOUNTS.get(each.key()) != null) {
                    put(parts, AMOUNTS.get(each.key()), pointers(each));
                }
            }
            boolean fixed = bound != null && bound.scalar().text("above").matches("[1-9][0-9]{0,8}");
            if (parts.isEmpty() || bound == null && service == null) {
                throw table.at().error("a tier needs above (tokens, or where they are stated) or service, and an amount such as input");
            }
            tiers.add(new Mapping.Tier(from == null ? null : pointer(from), bound == null || fixed ? null : pointer(bound),
                    fixed ? Long.valueOf(bound.scalar().text("above")) : null,
                    service == null ? null : word(service.scalar(), "service", Mapping.SERVICES), Collections.unmodifiableMap(parts)));
        }
        return Collections.unmodifiableList(tiers);
    }

    private static BigDecimal factor(Yaml.Member member) {
        var text = member.text();
        try {
            // Short and written out: 1e999999999 is a valid BigDecimal that nobody can multiply with.
            if (text != null && text.length() <= LONGEST_NUMBER && text.indexOf('e') < 0 && text.indexOf('E') < 0) {
                var factor = new BigDecimal(text);
                if (factor.signum() > 0) {
                    return factor;
                }
            }
        } catch (NumberFormatException e) {
            throw notAFactor(member);
        }
        throw notAFactor(member);
    }

    private static ConfigError notAFactor(Yaml.Member member) {
        return member.error(member.key() + " must be a number above 0, written out, such as 0.0001");
    }

    private static String currency(Yaml.Member member) {
        var text = member.text();
        if (text == null || !CURRENCY.matcher(text).matches()) {
            throw member.error("currency must be an ISO 4217 code such as USD");
        }
        return text;
    }

    static Pointer pointer(Yaml.Member member) {
        return at(member.scalar(), member.key(), MappingGrammar::path);
    }

    /** A path in providers.yaml, and no condition written without its spaces. */
    private static Pointer path(String text) {
        var pointer = Pointer.parse(text);
        if (text.indexOf(' ') >= 0 || text.indexOf('=') >= 0) {
            throw new IllegalArgumentException("'" + text + "' is not a path: it holds a space or =");
        }
        return pointer;
    }

    /** A question in providers.yaml, and no path that was meant to be one. */
    static Condition condition(String text) {
        var condition = Condition.parse(text);
        for (var each = condition; each != null; each = each.guard()) {
            if (each.path().text().indexOf(' ') >= 0 || each.path().text().indexOf('=') >= 0) {
                throw new IllegalArgumentException("'" + text + "' is no question: write /path, /path = value or /path ~ text");
            }
        }
        return condition;
    }

    static List<Pointer> pointers(Yaml.Member member) {
        return each(member, MappingGrammar::path);
    }

    private static Pattern pattern(String text) {
        try {
            return Pattern.compile(text, Pattern.CASE_INSENSITIVE);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("'" + text + "' is not a regular expression: " + e.getDescription());
        }
    }

    private static List<String> texts(Yaml.Member member) {
        return each(member, Function.identity());
    }

    static <T> List<T> each(Yaml.Member member, Function<String, T> parse) {
        var scalars = member.scalars();
        var parsed = new ArrayList<T>(scalars.size());
        for (var scalar : scalars) {
            parsed.add(at(scalar, member.key(), parse));
        }
        return Collections.unmodifiableList(parsed);
    }

    /** Parses and says where, if it cannot. */
    static <T> T at(Yaml.Scalar scalar, String key, Function<String, T> parse) {
        try {
            return parse.apply(scalar.text(key));
        } catch (IllegalArgumentException e) {
            throw scalar.at().error(key + ": " + e.getMessage());
        }
    }

    /** One of a fixed set of words. */
    static String word(Yaml.Scalar scalar, String key, List<String> words) {
        return known(scalar.text(key), scalar.at(), key, words);
    }

    private static String known(String text, Yaml.At at, String key, List<String> words) {
        if (!words.contains(text)) {
            throw at.error(key + ": '" + Listing.visible(text) + "' is not one of " + String.join(", ", words)
                    + ConfigError.didYouMean(text, words));
        }
        return text;
    }
}
