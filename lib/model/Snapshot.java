package lib.model;

import static lib.provider.Provider.Field.*;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.model.Model.Conflict;
import lib.model.Model.Difference;
import lib.model.Model.Fact;
import lib.model.Model.Said;
import lib.model.Model.Tier;
import lib.model.Snapshot.Input;
import lib.provider.Provider.Field;
import lib.provider.Providers.ConfigError;
import lib.provider.Json.Listing;

/**
 * All models of all providers, as {@code models/catalog.json} keeps them: what every command but {@code fetch} works from.
 * The same models give the same bytes; no time is in it. One line per input and per model, so that version control shows
 * what changed. {@code limits}, {@code cost} and {@code sources} are always there, an unknown fact is absent.
 *
 * @param inputs the answers the models were made from, sorted by id
 * @param models sorted by provider, then id
 */
public record Snapshot(List<Input> inputs, List<Model> models) {
    static final int SCHEMA = 1;

    /** The order of a model's members, which is the schema's. */
    private static final List<Field> MEMBERS = List.of(CANONICAL_ID, ALIASES, NAME, FAMILY, OWNED_BY, MODE,
            INPUT_MODALITIES, OUTPUT_MODALITIES,
            TOOLS, PARALLEL_TOOLS, TOOL_CHOICE, STRUCTURED_OUTPUT, REASONING, VISION, PDF_INPUT, AUDIO_INPUT, PROMPT_CACHING,
            SYSTEM_MESSAGES, ASSISTANT_PREFILL, COMPUTER_USE, WEB_SEARCH, TEMPERATURE, STREAMING, BATCH,
            REASONING_KINDS, REASONING_EFFORTS, CONTEXT, MAX_INPUT, MAX_OUTPUT, DEFAULT_OUTPUT,
            COST_INPUT, COST_OUTPUT, COST_CACHE_READ, COST_CACHE_WRITE, COST_CACHE_WRITE_1H, COST_REASONING, COST_INPUT_AUDIO,
            COST_OUTPUT_AUDIO, COST_BATCH_INPUT, COST_BATCH_OUTPUT, COST_IMAGE, COST_REQUEST, CURRENCY, TIERS,
            FREE, STATUS, DEPRECATED_ON, RETIRED_ON, REPLACEMENT, RELEASED, UPDATED, KNOWLEDGE,
            OPEN_WEIGHTS, LICENSE, HUGGING_FACE_ID, QUANTIZATION, SHORT_NAME, TAGS, NOTE);

    /** The members in their groups: {@code limits}, {@code cost}, …; a member of the model itself is a group of one, without name. */
    private static final List<Group> GROUPS = groups();

    /** Each line is a value of its own to the generator, so this stands between them. */
    private static final JsonFactory JSON = new JsonFactoryBuilder().rootValueSeparator(",\n")
            .disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();

    /**
     * An answer that facts came from.
     *
     * @param id     what the models' {@code sources} call it: the provider's id for its own list
     * @param url    the configured address, without anything secret
     * @param sha256 of the answer without its volatile fields, lower-case hex
     */
    public record Input(String id, String url, String sha256) {}

    /** @param names of the fields within the group */
    private record Group(String name, List<Field> fields, List<String> names) {
        boolean always() {
            return name != null && (name.equals("limits") || name.equals("cost"));
        }
    }

    public Snapshot {
        inputs = inputs.stream().sorted(Comparator.comparing(Input::id, Model.CODE_POINTS)).toList();
        models = models.stream().sorted(Model.ORDER).toList();
    }

    public static Snapshot empty() {
        return new Snapshot(List.of(), List.of());
    }

    /** This snapshot with all that it held of these providers replaced; a provider that comes without models has none after. */
    public Snapshot with(Collection<Input> newInputs, Collection<Model> newModels) {
        var replaced = new HashSet<String>();
        newInputs.forEach(input -> replaced.add(input.id()));
        newModels.forEach(model -> replaced.add(model.providerId()));
        var allInputs = new ArrayList<>(newInputs);
        inputs.stream().filter(input -> !replaced.contains(input.id())).forEach(allInputs::add);
        var allModels = new ArrayList<>(newModels);
        models.stream().filter(model -> !replaced.contains(model.providerId())).forEach(allModels::add);
        return new Snapshot(allInputs, allModels);
    }

    /** The models of one provider, sorted by id. */
    public List<Model> of(String providerId) {
        return models.stream().filter(model -> model.providerId().equals(providerId)).toList();
    }

    /** The file's content: JSON in UTF-8. */
    public byte[] bytes() {
        var out = new ByteArrayOutputStream(1 << 16);
        try {
            writeTo(out);
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory", e);
        }
        return out.toByteArray();
    }

    /** Writes the file's content, see {@link #bytes}. @param out is not closed */
    public void writeTo(OutputStream out) throws IOException {
        ascii(out, "{\"schema\":" + SCHEMA + ",\n\"inputs\":[\n");
        try (var json = JSON.createGenerator(out)) {
            for (var input : inputs) {
                json.writeStartObject();
                json.writeStringField("id", input.id());
                json.writeStringField("url", input.url());
                json.writeStringField("sha256", input.sha256());
                json.writeEndObject();
            }
        }
        ascii(out, "],\n\"models\":[\n");
        try (var json = JSON.createGenerator(out)) {
            for (var model : models) {
                write(json, model);
            }
        }
        ascii(out, "]}\n");
    }

    private static void ascii(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static void write(JsonGenerator json, Model model) throws IOException {
        var facts = model.facts();
        json.writeStartObject();
        json.writeStringField("provider_id", model.providerId());
        json.writeStringField("id", model.id());
        for (var group : GROUPS) {
            boolean open = group.always();
            if (open) {
                json.writeObjectFieldStart(group.name());
            }
            for (int i = 0; i < group.fields().size(); i++) {
                var fact = facts.get(group.fields().get(i));
                if (fact == null) {
                    continue;
                }
                if (!open && group.name() != null) {
                    json.writeObjectFieldStart(group.name());
                    open = true;
                }
                json.writeFieldName(group.names().get(i));
                write(json, fact.value());
            }
            if (open) {
                json.writeEndObject();
            }
        }
        json.writeObjectFieldStart("sources");
        for (var field : MEMBERS) {
            var fact = facts.get(field);
            if (fact != null) {
                json.writeStringField(field.schema(), fact.source());
            }
        }
        json.writeEndObject();
        provenance(json, model);
        json.writeEndObject();
    }

    /** What is seldom there: inferred facts, who else says so, what the provider itself says, and who says something else. */
    private static void provenance(JsonGenerator json, Model model) throws IOException {
        var inferred = new ArrayList<String>();
        var agree = new TreeMap<String, List<String>>();
        for (var field : MEMBERS) {
            var fact = model.facts().get(field);
            if (fact != null && fact.inferred()) {
                inferred.add(field.schema());
            }
            if (fact != null) {
                fact.agree().forEach(source -> agree.computeIfAbsent(source, s -> new ArrayList<>()).add(field.schema()));
            }
        }
        if (!inferred.isEmpty()) {
            json.writeFieldName("inferred");
            write(json, inferred);
        }
        if (!agree.isEmpty()) {
            json.writeObjectFieldStart("agree");
            for (var e : agree.entrySet()) {
                json.writeFieldName(e.getKey());
                write(json, e.getValue());
            }
            json.writeEndObject();
        }
        if (!model.own().isEmpty()) {
            json.writeObjectFieldStart("own");
            for (var e : model.own().entrySet()) {
                json.writeFieldName(e.getKey().schema());
                write(json, e.getValue());
            }
            json.writeEndObject();
        }
        if (!model.conflicts().isEmpty()) {
            json.writeArrayFieldStart("conflicts");
            for (var conflict : model.conflicts()) {
                json.writeStartObject();
                json.writeStringField("field", conflict.field().schema());
                json.writeFieldName("chosen");
                write(json, model.value(conflict.field()));
                json.writeArrayFieldStart("others");
                for (var said : conflict.others()) {
                    json.writeStartObject();
                    json.writeStringField("source", said.source());
                    json.writeFieldName("value");
                    write(json, said.value());
                    json.writeEndObject();
                }
                json.writeEndArray();
                json.writeStringField("class", conflict.difference().name().toLowerCase(Locale.ROOT));
                json.writeEndObject();
            }
            json.writeEndArray();
        }
    }

    private static void write(JsonGenerator json, Object value) throws IOException {
        if (value instanceof Long tokens) {
            json.writeNumber(tokens);
        } else if (value instanceof Boolean flag) {
            json.writeBoolean(flag);
        } else if (value instanceof BigDecimal amount) {
            json.writeString(amount.stripTrailingZeros().toPlainString());
        } else if (value instanceof List<?> list) {
            json.writeStartArray();
            for (var one : list) {
                write(json, one);
            }
            json.writeEndArray();
        } else if (value instanceof Model.Tier tier) {
            json.writeStartObject();
            for (var e : tier.members().entrySet()) {
                json.writeFieldName(e.getKey());
                write(json, e.getValue());
            }
            json.writeEndObject();
        } else {
            json.writeString((String) value);
        }
    }

    /**
     * Members that this schema does not know are passed over, and a fact without source counts as the provider's own.
     *
     * @param file where the content is from
     * @throws ConfigError where it was written by a newer catalog, or is damaged; names line and column
     */
    public static Snapshot read(Path file, byte[] content) {
        try (var json = JSON.createParser(content)) {
            return new SnapshotReader(file, json, new HashMap<>()).snapshot();
        } catch (JsonProcessingException e) {
            // Some of it is for the parser's programmers.
            throw damaged(file, e.getLocation(), e.getOriginalMessage().replaceAll("\\[Source: [^;]*; ([^]]*)]", "$1")
                    .replaceAll(",? from `[^`]*`", ""));
        } catch (IOException e) {
            throw damaged(file, null, e.getMessage());
        }
    }

    static ConfigError damaged(Path file, JsonLocation at, String what) {
        return ConfigError.at(file.toString(), at == null ? 1 : at.getLineNr(), at == null ? 1 : Math.max(1, at.getColumnNr()),
                "the snapshot is damaged (" + Listing.visible(what) + "); delete it and run 'catalog fetch' to make it anew");
    }

    private static List<Group> groups() {
        var groups = new ArrayList<Group>();
        for (var field : MEMBERS) {
            int dot = field.schema().indexOf('.');
            var name = dot < 0 ? null : field.schema().substring(0, dot);
            var last = groups.isEmpty() ? null : groups.get(groups.size() - 1);
            if (name == null || last == null || !name.equals(last.name())) {
                last = new Group(name, new ArrayList<>(), new ArrayList<>());
                groups.add(last);
            }
            last.fields().add(field);
            last.names().add(field.schema().substring(dot + 1));
        }
        return List.copyOf(groups);
    }
}

/**
 * Reads {@code models/catalog.json}.
 *
 * @param seen texts that came before, so that the thousands of equal sources are one text in memory */
record SnapshotReader(Path file, JsonParser json, Map<String, String> seen) {
    private static final Pattern AMOUNT = Pattern.compile("\\d{1,40}(\\.\\d{1,80})?");

    Snapshot snapshot() throws IOException {
        json.nextToken();
        expect(JsonToken.START_OBJECT, "an object");
        if (!"schema".equals(json.nextFieldName()) || json.nextToken() != JsonToken.VALUE_NUMBER_INT) {
            throw wrong("it does not begin with its schema number");
        }
        if (json.getBigIntegerValue().signum() <= 0) {
            throw wrong("its schema number is below 1");
        }
        if (!json.getText().equals(String.valueOf(Snapshot.SCHEMA))) {
            throw new ConfigError(file + " was written by a newer catalog (schema " + Listing.visible(json.getText())
                    + "); update catalog");
        }
        var inputs = new ArrayList<Input>();
        var models = new ArrayList<Model>();
        for (var name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
            json.nextToken();
            boolean known = name.equals("inputs") || name.equals("models");
            if (!known) {
                json.skipChildren();
                continue;
            }
            expect(JsonToken.START_ARRAY, "a list of " + name);
            while (json.nextToken() != JsonToken.END_ARRAY) {
                expect(JsonToken.START_OBJECT, "an object");
                if (name.equals("inputs")) {
                    inputs.add(input());
                } else {
                    models.add(model());
                }
            }
        }
        expect(JsonToken.END_OBJECT, "the end of the snapshot");
        if (json.nextToken() != null) {
            throw wrong("something follows its end");
        }
        return new Snapshot(inputs, models);
    }

    private Input input() throws IOException {
        var members = new HashMap<String, String>();
        for (var name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
            json.nextToken();
            if (json.currentToken() == JsonToken.VALUE_STRING) {
                members.put(name, json.getText());
            }
            json.skipChildren();
        }
        if (!members.keySet().containsAll(List.of("id", "url", "sha256"))) {
            throw wrong("an input without id, url or sha256");
        }
        return new Input(members.get("id"), members.get("url"), members.get("sha256"));
    }

    private Model model() throws IOException {
        String providerId = null;
        String id = null;
        var values = new EnumMap<Field, Object>(Field.class);
        var sources = new EnumMap<Field, String>(Field.class);
        var inferred = EnumSet.noneOf(Field.class);
        var agree = new EnumMap<Field, List<String>>(Field.class);
        var own = new EnumMap<Field, Object>(Field.class);
        var conflicts = new ArrayList<Conflict>(0);
        for (var name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
            json.nextToken();
            switch (name) {
                case "provider_id" -> providerId = shared(text());
                case "id" -> id = text();
                case "sources" -> sources(sources);
                case "inferred" -> inferred.addAll(fields());
                case "agree" -> agree(agree);
                case "own" -> own(own);
                case "conflicts" -> conflicts(conflicts);
                default -> member(null, name, values);
            }
        }
        if (providerId == null || id == null) {
            throw wrong("a model without provider_id or id");
        }
        var facts = new EnumMap<Field, Fact>(Field.class);
        for (var e : values.entrySet()) {
            var field = e.getKey();
            facts.put(field, new Fact(e.getValue(), sources.getOrDefault(field, providerId), inferred.contains(field),
                    agree.getOrDefault(field, List.of())));
        }
        return new Model(providerId, id, facts, List.copyOf(conflicts), own);
    }

    private void sources(Map<Field, String> sources) throws IOException {
        expect(JsonToken.START_OBJECT, "an object");
        for (var name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
            json.nextToken();
            var field = Field.ofSchema(name);
            if (field == null) {
                json.skipChildren();
            } else {
                sources.put(field, shared(text()));
            }
        }
    }

    private void own(Map<Field, Object> own) throws IOException {
        expect(JsonToken.START_OBJECT, "an object");
        for (var name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
            json.nextToken();
            var field = Field.ofSchema(name);
            if (field == null) {
                json.skipChildren();
            } else {
                own.put(field, value(field));
            }
        }
    }

    /** A list of fields; those that this schema does not know are passed over. */
    private List<Field> fields() throws IOException {
        return list().stream().map(Field::ofSchema).filter(Objects::nonNull).toList();
    }

    private void agree(Map<Field, List<String>> agree) throws IOException {
        expect(JsonToken.START_OBJECT, "an object");
        for (var source = json.nextFieldName(); source != null; source = json.nextFieldName()) {
            json.nextToken();
            var who = shared(source);
            for (var field : fields()) {
                agree.merge(field, List.of(who), (some, more) -> Stream.concat(some.stream(), more.stream()).toList());
            }
        }
    }

    private void conflicts(List<Conflict> conflicts) throws IOException {
        expect(JsonToken.START_ARRAY, "a list of conflicts");
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(JsonToken.START_OBJECT, "an object");
            Field field = null;
            Difference difference = null;
            var others = new ArrayList<Said>(1);
            for (var name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
                json.nextToken();
                switch (name) {
                    case "field" -> field = Field.ofSchema(text());
                    case "class" -> difference = difference();
                    case "others" -> others(field, others);
                    default -> json.skipChildren();
                }
            }
            if (field != null && difference != null && !others.isEmpty()) {
                conflicts.add(new Conflict(field, List.copyOf(others), difference));
            }
        }
    }

    private Difference difference() throws IOException {
        try {
            return Difference.valueOf(text().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw wrong("a class of conflict expected");
        }
    }

    private void others(Field field, List<Said> others) throws IOException {
        expect(JsonToken.START_ARRAY, "a list");
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(JsonToken.START_OBJECT, "an object");
            String source = null;
            Object value = null;
            for (var name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
                json.nextToken();
                switch (name) {
                    case "source" -> source = shared(text());
                    case "value" -> {
                        if (field == null) {
                            json.skipChildren();
                        } else {
                            value = value(field);
                        }
                    }
                    default -> json.skipChildren();
                }
            }
            if (source != null && value != null) {
                others.add(new Said(source, value));
            }
        }
    }

    private void member(String group, String name, Map<Field, Object> values) throws IOException {
        var field = Field.ofSchema(group == null ? name : group + "." + name);
        if (field != null && field != Field.ID) {
            values.put(field, value(field));
        } else if (group == null && json.currentToken() == JsonToken.START_OBJECT) {
            for (var inner = json.nextFieldName(); inner != null; inner = json.nextFieldName()) {
                json.nextToken();
                member(name, inner, values);
            }
        } else {
            json.skipChildren();
        }
    }

    private Object value(Field field) throws IOException {
        return switch (field.kind()) {
            case TEXT, DATE -> text();
            case WORD -> shared(text());
            case LIST -> list();
            case TOKENS -> {
                expect(JsonToken.VALUE_NUMBER_INT, "a whole number for " + field.schema());
                yield json.getLongValue();
            }
            case FLAG -> {
                if (!json.currentToken().isBoolean()) {
                    throw wrong("true or false expected for " + field.schema());
                }
                yield json.getBooleanValue();
            }
            case MONEY, MONEY_EACH -> amount(field);
            case TIERS -> tiers();
        };
    }

    private BigDecimal amount(Field field) throws IOException {
        var amount = text();
        if (!AMOUNT.matcher(amount).matches()) {
            throw wrong("an amount expected for " + field.schema());
        }
        return new BigDecimal(amount).stripTrailingZeros();
    }

    private List<Tier> tiers() throws IOException {
        expect(JsonToken.START_ARRAY, "a list of tiers");
        var tiers = new ArrayList<Tier>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(JsonToken.START_OBJECT, "an object");
            Long minContext = null;
            var service = "standard";
            var prices = new EnumMap<Field, BigDecimal>(Field.class);
            for (var name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
                json.nextToken();
                var field = Field.ofSchema("cost." + name);
                if (name.equals("min_context")) {
                    expect(JsonToken.VALUE_NUMBER_INT, "a whole number");
                    minContext = json.getLongValue();
                } else if (name.equals("service")) {
                    service = shared(text());
                } else if (field != null && field.isMoney()) {
                    prices.put(field, amount(field));
                } else {
                    json.skipChildren();
                }
            }
            tiers.add(new Tier(minContext, service, prices));
        }
        return List.copyOf(tiers);
    }

    private List<String> list() throws IOException {
        expect(JsonToken.START_ARRAY, "a list");
        var list = new ArrayList<String>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            list.add(shared(text()));
        }
        return List.copyOf(list);
    }

    private String text() throws IOException {
        expect(JsonToken.VALUE_STRING, "a text");
        return json.getText();
    }

    private String shared(String text) {
        var first = seen.putIfAbsent(text, text);
        return first == null ? text : first;
    }

    private void expect(JsonToken token, String what) {
        if (json.currentToken() != token) {
            throw wrong(what + " expected");
        }
    }

    private ConfigError wrong(String what) {
        return Snapshot.damaged(file, json.currentTokenLocation(), what);
    }
}
