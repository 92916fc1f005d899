package lib.render;

import freemarker.template.ObjectWrapper;
import freemarker.template.SimpleNumber;
import freemarker.template.SimpleScalar;
import freemarker.template.TemplateBooleanModel;
import freemarker.template.TemplateCollectionModel;
import freemarker.template.TemplateDirectiveModel;
import freemarker.template.TemplateHashModel;
import freemarker.template.TemplateHashModelEx;
import freemarker.template.TemplateMethodModelEx;
import freemarker.template.TemplateModel;
import freemarker.template.TemplateModelException;
import freemarker.template.TemplateModelIterator;
import freemarker.template.TemplateScalarModel;
import freemarker.template.TemplateSequenceModel;
import java.lang.reflect.InvocationTargetException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import lib.model.Model;
import lib.provider.Provider.Field;

/**
 * What templates see. There is no way from here to anything else: every value is one of the kinds below, and a name that
 * does not exist is an error that tells the nearest one that does.
 */
final class Views {
    private static final Pattern PLAIN_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/:-]{0,119}");
    /** What would make two ids one slug: the separators' own signs in place of them or beside them. And no name ends in a dot. */
    private static final Pattern AMBIGUOUS = Pattern.compile("--|\\.\\.|-/|/-|\\.:|:\\.|[/:.]$");
    private static final int LONGEST_DIGITS = 400;

    private Views() {}

    /** Turns our values into template values, and refuses everything else. */
    static final ObjectWrapper WRAPPER = Views::wrap;

    static TemplateModel wrap(Object value) throws TemplateModelException {
        if (value == null || value instanceof TemplateModel) {
            return (TemplateModel) value;
        }
        if (value instanceof String text) {
            return new SimpleScalar(text);
        }
        if (value instanceof Number number) {
            return new SimpleNumber(number);
        }
        if (value instanceof Boolean flag) {
            return flag ? TemplateBooleanModel.TRUE : TemplateBooleanModel.FALSE;
        }
        if (value instanceof Instant instant) {
            return new SimpleScalar(instant.toString());
        }
        if (value instanceof Collection<?> list) {
            return new Sequence(List.copyOf(list));
        }
        if (value instanceof Map<?, ?> map) {
            return new Hash(map);
        }
        if (value instanceof Model.Tier tier) {
            return new Hash(tier.members());
        }
        if (value instanceof Record record) {
            return new Hash(members(record));
        }
        throw new TemplateModelException("a " + value.getClass().getSimpleName() + " is nothing for templates");
    }

    private static Map<String, Object> members(Record record) throws TemplateModelException {
        var members = new LinkedHashMap<String, Object>();
        try {
            for (var component : record.getClass().getRecordComponents()) {
                members.put(component.getName(), component.getAccessor().invoke(record));
            }
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new TemplateModelException("reading " + record.getClass().getSimpleName(), e);
        }
        return members;
    }

    /** A number without grouping, exponent and trailing zeros; one too long to be meant is left in scientific form. */
    static String plain(Number number) {
        if (number instanceof BigDecimal decimal) {
            return Math.abs((long) decimal.scale()) + decimal.precision() > LONGEST_DIGITS ? decimal.toString()
                    : decimal.signum() == 0 ? "0" : decimal.stripTrailingZeros().toPlainString();
        }
        if (number instanceof Double || number instanceof Float) {
            var value = number.doubleValue();
            return Double.isFinite(value) ? plain(new BigDecimal(number.toString())) : number.toString();
        }
        return number.toString();
    }

    record Sequence(List<?> list) implements TemplateSequenceModel {
        @Override
        public TemplateModel get(int index) throws TemplateModelException {
            return index < 0 || index >= list.size() ? null : wrap(list.get(index));
        }

        @Override
        public int size() {
            return list.size();
        }
    }

    /** The values of a JSON object or of a record. A name of a record that does not exist is simply not there. */
    record Hash(Map<?, ?> map) implements TemplateHashModelEx {
        @Override
        public TemplateModel get(String key) throws TemplateModelException {
            return wrap(map.get(key));
        }

        @Override
        public boolean isEmpty() {
            return map.isEmpty();
        }

        @Override
        public int size() {
            return map.size();
        }

        @Override
        public TemplateCollectionModel keys() {
            return () -> iterator(map.keySet());
        }

        @Override
        public TemplateCollectionModel values() {
            return () -> iterator(map.values());
        }
    }

    private static TemplateModelIterator iterator(Collection<?> values) {
        var each = values.iterator();
        return new TemplateModelIterator() {
            @Override
            public TemplateModel next() throws TemplateModelException {
                return wrap(each.next());
            }

            @Override
            public boolean hasNext() {
                return each.hasNext();
            }
        };
    }

    /** Names that are known beforehand, each with a way to its value, which is asked for only when a template does. */
    static final class Named implements TemplateHashModel {
        private final String what;
        private final Map<String, Supplier<?>> values = new LinkedHashMap<>();

        /** @param what in the message about a name that does not exist: {@code provider} */
        Named(String what) {
            this.what = what;
        }

        Named with(String name, Object value) {
            values.put(name, () -> value);
            return this;
        }

        Named lazily(String name, Supplier<?> value) {
            values.put(name, value);
            return this;
        }

        @Override
        public TemplateModel get(String name) throws TemplateModelException {
            var value = values.get(name);
            if (value == null) {
                throw new TemplateModelException(what + " has no '" + name + "'" + Tools.suggestion(name, values.keySet()));
            }
            return wrap(value.get());
        }

        @Override
        public boolean isEmpty() {
            return false;
        }
    }

    /** All that templates see, below their own variables; each made once, when it is first looked at. */
    static final class Root implements TemplateHashModel {
        private final Map<String, Supplier<?>> values;
        private final Map<String, TemplateModel> made = new HashMap<>();

        Root(Map<String, Supplier<?>> values) {
            this.values = values;
        }

        @Override
        public TemplateModel get(String name) throws TemplateModelException {
            var known = made.get(name);
            if (known == null && values.containsKey(name)) {
                known = wrap(values.get(name).get());
                made.put(name, known);
            }
            return known;
        }

        @Override
        public boolean isEmpty() {
            return false;
        }
    }

    /** Stands where there is nothing: a template that looks at it is left out. */
    record Absent(String reason) implements TemplateHashModel {
        @Override
        public TemplateModel get(String name) throws TemplateModelException {
            throw new Engine.Skip(reason);
        }

        @Override
        public boolean isEmpty() {
            return true;
        }
    }

    /** The models of one rendering. It remembers which one was handed out last, for the message if something breaks. */
    record Models(List<Model> models, Position position) implements TemplateSequenceModel {
        @Override
        public TemplateModel get(int index) {
            return index < 0 || index >= models.size() ? null : new One(models.get(index), position);
        }

        @Override
        public int size() {
            return models.size();
        }
    }

    /** Where a rendering is. */
    static final class Position {
        private Model last;

        /** The model a template looked at last, or null. */
        Model last() {
            return last;
        }
    }

    private static final Map<String, Object> MEMBERS = members();

    /** Schema name to its field, and {@code limits}, {@code cost}, … to the names in them. */
    private static Map<String, Object> members() {
        var members = new HashMap<String, Object>();
        for (var name : List.of("id", "slug", "provider_id", "contextWindow", "sources")) {
            members.put(name, name);
        }
        for (var field : Field.values()) {
            int dot = field.schema().indexOf('.');
            if (dot < 0) {
                members.put(field.schema(), field == Field.ID ? "id" : field);
            } else {
                @SuppressWarnings("unchecked")
                var group = (Map<String, Field>) members.computeIfAbsent(field.schema().substring(0, dot), g -> new HashMap<String, Field>());
                group.put(field.schema().substring(dot + 1), field);
            }
        }
        return members;
    }

    /** One model, by the names of the snapshot. */
    record One(Model model, Position position) implements TemplateHashModel, TemplateScalarModel {
        @Override
        public TemplateModel get(String name) throws TemplateModelException {
            position.last = model;
            var member = MEMBERS.get(name);
            if (member instanceof Field field) {
                return wrap(model.value(field));
            }
            if (member instanceof Map<?, ?> group) {
                return new Group(model, name, group);
            }
            if (member == null) {
                throw new TemplateModelException("a model has no '" + name + "'" + Tools.suggestion(name, MEMBERS.keySet()));
            }
            return switch (name) {
                case "id" -> new SimpleScalar(model.id());
                case "slug" -> new SimpleScalar(slug(model.id()));
                case "provider_id" -> new SimpleScalar(model.providerId());
                case "contextWindow" -> wrap(model.contextWindow());
                default -> wrap(sources());
            };
        }

        private Map<String, String> sources() {
            var sources = new LinkedHashMap<String, String>();
            model.facts().forEach((field, fact) -> sources.put(field.schema(), fact.source()));
            return sources;
        }

        /** So that a list of models prints, and joins, as their ids. */
        @Override
        public String getAsString() {
            position.last = model;
            return model.id();
        }

        @Override
        public boolean isEmpty() {
            return false;
        }
    }

    private record Group(Model model, String name, Map<?, ?> fields) implements TemplateHashModel {
        @Override
        public TemplateModel get(String key) throws TemplateModelException {
            if (fields.get(key) instanceof Field field) {
                return wrap(model.value(field));
            }
            throw new TemplateModelException(name + " has no '" + key + "'"
                    + Tools.suggestion(key, fields.keySet().stream().map(String::valueOf).toList()));
        }

        @Override
        public boolean isEmpty() {
            return false;
        }
    }

    /**
     * A name for files and profiles made of the id alone: readable, the same in every run, and no two ids share one.
     * {@code vendor/m:free} becomes {@code vendor--m..free}; an id for which that would be ambiguous, unsafe as a file name or too
     * long ends in {@code ~} and a piece of its SHA-256.
     */
    static String slug(String id) {
        if (PLAIN_ID.matcher(id).matches() && !AMBIGUOUS.matcher(id).find()) {
            return id.replace("/", "--").replace(":", "..");
        }
        var readable = id.replaceAll("[^A-Za-z0-9_]+", "-").replaceAll("^-+|-+$", "");
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
            return (readable.isEmpty() ? "model" : readable.length() > 100 ? readable.substring(0, 100) : readable) + "~"
                    + HexFormat.of().formatHex(hash, 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Not deprecated before deprecated, known to call tools first, then the newest; unknown dates last, ties by id. */
    static final Comparator<Model> NEWEST = Comparator
            .comparing((Model m) -> List.of("deprecated", "retired").contains(String.valueOf(m.text(Field.STATUS))))
            .thenComparing(m -> !Boolean.TRUE.equals(m.flag(Field.TOOLS)))
            .thenComparing(m -> Boolean.FALSE.equals(m.flag(Field.TOOLS)))
            .thenComparing(m -> m.text(Field.RELEASED) == null ? "" : m.text(Field.RELEASED), Comparator.reverseOrder())
            .thenComparing(Model::id, Model.CODE_POINTS);

    /** {@code newest(models)}: the models, the one to suggest first. */
    static final TemplateMethodModelEx NEWEST_FIRST = arguments -> {
        if (arguments.size() != 1 || !(arguments.get(0) instanceof TemplateSequenceModel models)) {
            throw new TemplateModelException("newest(models) takes one list of models");
        }
        var all = new ArrayList<One>();
        for (int i = 0; i < models.size(); i++) {
            if (!(models.get(i) instanceof One one)) {
                throw new TemplateModelException("newest(models) takes one list of models");
            }
            all.add(one);
        }
        all.sort(Comparator.comparing(One::model, NEWEST));
        return new Sequence(all);
    };

    /** {@code <@skip reason="…"/>}: leaves this file out, and says why. */
    static final TemplateDirectiveModel SKIP = (environment, parameters, variables, body) -> {
        throw new Engine.Skip(argument(parameters, "skip", "reason"));
    };

    /** {@code <@note text="…"/>}: the summary tells it to whoever renders. */
    static TemplateDirectiveModel note(Collection<String> notes) {
        return (environment, parameters, variables, body) -> notes.add(argument(parameters, "note", "text"));
    }

    private static String argument(Map<?, ?> parameters, String directive, String name) throws TemplateModelException {
        if (parameters.size() == 1 && parameters.get(name) instanceof TemplateScalarModel text && text.getAsString() != null) {
            return text.getAsString();
        }
        throw new TemplateModelException("<@" + directive + "> takes one text: <@" + directive + " " + name + "=\"…\"/>");
    }
}
