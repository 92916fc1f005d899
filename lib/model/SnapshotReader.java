package lib.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.model.Model.Conflict;
import lib.model.Model.Difference;
import lib.model.Model.Fact;
import lib.model.Model.Said;
import lib.model.Model.Tier;
import lib.model.Snapshot.Input;
import lib.provider.ConfigError;
import lib.provider.Field;
import lib.provider.Listing;

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
