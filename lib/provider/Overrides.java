package lib.provider;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import lib.host.AtomicFile;
import lib.host.Host;
import lib.provider.Json.Listing;
import lib.provider.Provider.Field;
import lib.provider.Provider.Mapping;
import lib.provider.Providers.ConfigError;

/**
 * What a person knows better than any provider or catalogue: {@code overrides.yaml} in the configuration folder, and over it the
 * one in the working directory. It states facts and nothing else, so a cloned repository's file needs no trust.
 *
 * @param facts  {@code provider/id} to what is stated of that model; values as in the normalised model, null for "unknown after all"
 * @param sha256 of the files' content, lower-case hex; null where there is none
 */
public record Overrides(Map<String, Map<Field, Object>> facts, String sha256) {
    private static final Pattern DATE = Pattern.compile("\\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\\d|3[01]))?)?");
    private static final Pattern TOKENS = Pattern.compile("[1-9][0-9_]{0,11}");
    private static final Pattern AMOUNT = Pattern.compile("\\d{1,9}(\\.\\d{1,20})?");
    private static final Pattern SHORT = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    public static final Overrides NONE = new Overrides(Map.of(), null);

    /** @throws ConfigError at the first mistake in either file */
    public static Overrides load(Host host, String name) {
        var facts = new TreeMap<String, Map<Field, Object>>();
        var shorts = new HashMap<String, String>();
        var content = new ByteArrayOutputStream();
        var files = new ArrayList<Path>();
        for (var folder : List.of(host.configDir(), host.cwd())) {
            var file = folder.resolve(name).normalize();
            if (Files.isRegularFile(file) && !files.contains(file)) {
                files.add(file);
                read(file, host, content, facts, shorts);
            }
        }
        return files.isEmpty() ? NONE : new Overrides(Collections.unmodifiableMap(facts), AtomicFile.sha256(content.toByteArray()));
    }

    /** @return empty where nothing is stated */
    public Map<Field, Object> of(String provider, String id) {
        return facts.getOrDefault(provider + "/" + id, Map.of());
    }

    private static void read(Path file, Host host, ByteArrayOutputStream content, Map<String, Map<Field, Object>> facts,
            Map<String, String> shorts) {
        var shown = file.startsWith(host.cwd()) ? "./" + host.cwd().relativize(file) : file.toString();
        byte[] bytes;
        try {
            if (Files.size(file) > Yaml.LARGEST_BYTES) {
                throw ConfigError.at(shown, 1, 1, "the file is larger than " + Yaml.LARGEST_BYTES + " bytes");
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new ConfigError(shown + ": cannot be read: " + e.getClass().getSimpleName() + "; check its permissions");
        }
        content.writeBytes(bytes);
        var root = Yaml.parse(shown, bytes);
        if (root == null) {
            return;
        }
        if (!(root instanceof Yaml.Table top)) {
            throw root.at().error("expected models: with provider/id entries below it");
        }
        var models = top.only(List.of("models"), "this file").get("models");
        if (models == null) {
            return;
        }
        for (var entry : models.table().members().values()) {
            if (entry.key().indexOf('/') <= 0 || entry.key().endsWith("/")) {
                throw entry.keyAt().error("'" + Listing.visible(entry.key()) + "' is no model: write provider/id, the id as the provider writes it");
            }
            var stated = facts.computeIfAbsent(entry.key(), key -> new EnumMap<>(Field.class));
            entry.table().members().values().forEach(member -> state(stated, "", member));
            if (stated.get(Field.SHORT_NAME) instanceof String name) {
                var other = shorts.put(name, entry.key());
                if (other != null && !other.equals(entry.key())) {
                    throw entry.keyAt().error("the short name '" + name + "' is " + other + "'s already; short names are unique");
                }
            }
        }
    }

    /** Fields by their dotted names, or nested: {@code limits.output: 1} and {@code limits: {output: 1}} are the same. */
    private static void state(Map<Field, Object> stated, String before, Yaml.Member member) {
        var name = before + member.key();
        var field = name.equals("short") ? Field.SHORT_NAME : Field.ofSchema(name);
        if (field == null && member.value() instanceof Yaml.Table table && before.isEmpty()) {
            table.members().values().forEach(inner -> state(stated, member.key() + ".", inner));
            return;
        }
        if (field == null || field == Field.ID || field == Field.TIERS) {
            throw member.keyAt().error("no field '" + Listing.visible(name) + "' to override"
                    + ConfigError.didYouMean(name, names().keySet()));
        }
        stated.put(field, member.isNull() ? null : value(field, member));
    }

    private static Map<String, Field> names() {
        var names = new LinkedHashMap<String, Field>();
        for (var field : Field.values()) {
            if (field != Field.ID && field != Field.TIERS) {
                names.put(field.schema(), field);
            }
        }
        return names;
    }

    private static Object value(Field field, Yaml.Member member) {
        return switch (field.kind()) {
            case TEXT -> field != Field.SHORT_NAME ? member.text() : matching(member, SHORT, "letters, digits, '.', '_' and '-'");
            case WORD -> MappingGrammar.word(member.scalar(), member.key(), field == Field.MODE ? Mapping.MODES : Mapping.STATUSES);
            case DATE -> matching(member, DATE, "YYYY, YYYY-MM or YYYY-MM-DD");
            case LIST -> member.scalars().stream().map(scalar -> scalar.text(member.key())).toList();
            case TOKENS -> Long.valueOf(matching(member, TOKENS, "a whole number of tokens above 0").replace("_", ""));
            case FLAG -> member.flag();
            case MONEY, MONEY_EACH -> new BigDecimal(matching(member, AMOUNT, "an amount such as 0.25"
                    + (field.kind() == Field.Kind.MONEY ? ", per 1M tokens" : ""))).stripTrailingZeros();
            case TIERS -> throw new IllegalStateException("refused before");
        };
    }

    private static String matching(Yaml.Member member, Pattern pattern, String wanted) {
        var text = member.scalar().text(member.key());
        if (!pattern.matcher(text).matches()) {
            throw member.error(member.key() + " must be " + wanted);
        }
        return text;
    }
}
