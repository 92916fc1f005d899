package lib.render;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import lib.model.Model;
import lib.provider.Json;
import lib.provider.Provider.Field;
import lib.provider.Provider.Mapping;
import lib.provider.Provider.Mapping.Pointer;

/**
 * A provider's raw answer in the forms of {@code dump_models.py}, byte for byte, including what it did by accident. The
 * rules are Python's: {@code json.dump(indent=2)}, {@code repr(float)}, {@code int(text)}, truth of values, order of texts.
 */
final class Legacy {
    private static final Pattern PYTHON_INT = Pattern.compile("[+-]?[0-9]+(_[0-9]+)*");
    private static final int LONGEST_ID = 512;
    private static final int PROFILE_NAME_LENGTH = 20;

    private final JsonNode answer;
    private final Mapping mapping;
    private final String provider;

    /** @param answer as the provider gave it; it is not changed */
    Legacy(String provider, Mapping mapping, JsonNode answer) {
        this.provider = provider;
        this.mapping = mapping;
        this.answer = answer;
    }

    /**
     * A Codex profile of the legacy TOML.
     *
     * @param context   as the answer states it, null where it states none
     * @param maxOutput likewise
     */
    public record Profile(String name, String id, BigInteger context, BigInteger maxOutput) {}

    private Pointer place() {
        return mapping.items().shape() == Mapping.Shape.ARRAY ? mapping.items().path() : null;
    }

    /** The answer with its models sorted by id, which is what {@code models_P.json} holds. */
    String json() {
        var out = new StringBuilder(1 << 16);
        if (mapping.items().shape() == Mapping.Shape.MAP && answer.isObject()) {
            write(members(answer), 0, out);
        } else {
            write(answer, "", 0, out);
        }
        return out.toString();
    }

    private static Map<String, JsonNode> members(JsonNode object) {
        var sorted = new TreeMap<String, JsonNode>(Model.CODE_POINTS);
        object.properties().forEach(e -> sorted.put(e.getKey(), e.getValue()));
        return sorted;
    }

    /** The models in the order of {@link #json()}; of a map each with its key as id. */
    private List<Map.Entry<String, JsonNode>> models() {
        var models = new ArrayList<Map.Entry<String, JsonNode>>();
        if (place() == null) {
            members(answer).forEach((id, model) -> {
                if (!mapping.skip().contains(id)) {
                    models.add(Map.entry(id, model));
                }
            });
        } else {
            var array = Json.first(answer, place());
            if (array != null && array.isArray()) {
                sorted(array).forEach(model -> models.add(Map.entry(id(model), model)));
            }
        }
        models.removeIf(m -> !isUsable(m.getKey()));
        return models;
    }

    /** An id with a control character would become two lines of TXT. No real one has any. */
    private static boolean isUsable(String id) {
        return !id.isEmpty() && id.length() <= LONGEST_ID
                && id.codePoints().noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
    }

    /** Verbatim and with duplicates. */
    List<String> ids() {
        return models().stream().map(Map.Entry::getKey).toList();
    }

    /** Where two ids give one name, the later takes the earlier one's place, and the limits are those of the first equal id. */
    List<Profile> profiles() {
        var models = models();
        var first = new LinkedHashMap<String, JsonNode>();
        models.forEach(m -> first.putIfAbsent(m.getKey(), m.getValue()));
        var profiles = new LinkedHashMap<String, Profile>();
        for (var entry : models) {
            var id = entry.getKey();
            var model = first.get(id);
            var name = profileName(id);
            profiles.put(name, new Profile(name, id, context(model), maxOutput(model)));
        }
        return List.copyOf(profiles.values());
    }

    private String profileName(String id) {
        var clean = id.replaceAll("[/.-]", "_").replaceAll("[^A-Za-z0-9_]", "").toLowerCase(Locale.ROOT);
        return provider.substring(0, Math.min(3, provider.length())) + "_"
                + clean.substring(0, Math.min(PROFILE_NAME_LENGTH, clean.length()));
    }

    private static BigInteger context(JsonNode model) {
        return limit(model.has("top_provider") ? model.get("top_provider").get("context_length")
                : firstTrue(model, "context_length", "context_window", "max_context_length", "max_tokens", "max_model_len"));
    }

    private static BigInteger maxOutput(JsonNode model) {
        return limit(model.has("top_provider") ? model.get("top_provider").get("max_completion_tokens")
                : firstTrue(model, "max_completion_tokens", "max_output_tokens", "max_tokens_output"));
    }

    private static JsonNode firstTrue(JsonNode model, String... names) {
        for (var name : names) {
            if (isTrue(model.get(name))) {
                return model.get(name);
            }
        }
        return null;
    }

    private static boolean isTrue(JsonNode value) {
        if (value == null || value.isNull()) {
            return false;
        }
        if (value.isBoolean()) {
            return value.booleanValue();
        }
        if (value.isNumber()) {
            return value.isIntegralNumber() ? value.bigIntegerValue().signum() != 0 : value.decimalValue().signum() != 0;
        }
        return value.isTextual() ? !value.textValue().isEmpty() : !value.isEmpty();
    }

    /** A TOML integer has 64 bits; a limit beyond that is nobody's, and would make the whole file unreadable. */
    private static BigInteger limit(JsonNode value) {
        var limit = pythonInt(value);
        return limit == null || limit.bitLength() > 63 ? null : limit;
    }

    private static BigInteger pythonInt(JsonNode value) {
        if (!isTrue(value)) {
            return null;
        }
        if (value.isBoolean()) {
            return BigInteger.ONE;
        }
        if (value.isTextual()) {
            var text = value.textValue().strip();
            return PYTHON_INT.matcher(text).matches() ? new BigInteger(text.replace("_", "").replace("+", "")) : null;
        }
        return value.isIntegralNumber() ? value.bigIntegerValue() : null;
    }

    private String id(JsonNode model) {
        for (var pointer : mapping.fields().getOrDefault(Field.ID, List.of())) {
            var value = Json.first(model, pointer);
            if (value != null) {
                return value.isTextual() ? value.textValue() : "";
            }
        }
        return "";
    }

    private List<JsonNode> sorted(JsonNode array) {
        record Keyed(String id, JsonNode model) {}
        var models = new ArrayList<Keyed>(array.size());
        array.forEach(model -> models.add(new Keyed(id(model), model)));
        models.sort(Comparator.comparing(Keyed::id, Model.CODE_POINTS));
        return models.stream().map(Keyed::model).toList();
    }

    private void write(JsonNode node, String path, int depth, StringBuilder out) {
        if (node.isArray()) {
            write(path != null && place() != null && path.equals(place().text()) ? sorted(node) : node, depth, out);
        } else if (node instanceof ObjectNode object && path != null && place() != null && place().text().startsWith(path + "/")) {
            var members = new LinkedHashMap<String, JsonNode>();
            object.properties().forEach(e -> members.put(e.getKey(), e.getValue()));
            writeObject(members, path, depth, out);
        } else {
            write(node, depth, out);
        }
    }

    private void write(Object node, int depth, StringBuilder out) {
        if (node instanceof Map<?, ?> map) {
            writeObject(map, null, depth, out);
        } else if (node instanceof ObjectNode object) {
            writeObject(object, depth, out);
        } else if (node instanceof JsonNode value && !value.isArray()) {
            scalar(value, out);
        } else {
            writeArray((Iterable<?>) node, depth, out);
        }
    }

    private void writeObject(ObjectNode object, int depth, StringBuilder out) {
        if (object.isEmpty()) {
            out.append("{}");
            return;
        }
        char sign = '{';
        for (var member : object.properties()) {
            line(out.append(sign), depth + 1);
            quoted(member.getKey(), out);
            out.append(": ");
            write((Object) member.getValue(), depth + 1, out);
            sign = ',';
        }
        line(out, depth);
        out.append('}');
    }

    private void writeObject(Map<?, ?> object, String path, int depth, StringBuilder out) {
        if (object.isEmpty()) {
            out.append("{}");
            return;
        }
        char sign = '{';
        for (var member : object.entrySet()) {
            line(out.append(sign), depth + 1);
            quoted((String) member.getKey(), out);
            out.append(": ");
            write((JsonNode) member.getValue(), path == null ? null : path + "/" + member.getKey(), depth + 1, out);
            sign = ',';
        }
        line(out, depth);
        out.append('}');
    }

    private void writeArray(Iterable<?> array, int depth, StringBuilder out) {
        var each = array.iterator();
        if (!each.hasNext()) {
            out.append("[]");
            return;
        }
        char sign = '[';
        while (each.hasNext()) {
            line(out.append(sign), depth + 1);
            write(each.next(), depth + 1, out);
            sign = ',';
        }
        line(out, depth);
        out.append(']');
    }

    private static void line(StringBuilder out, int depth) {
        out.append('\n').append("  ".repeat(depth));
    }

    private static void scalar(JsonNode value, StringBuilder out) {
        if (value.isTextual()) {
            quoted(value.textValue(), out);
        } else if (value.isIntegralNumber() || !value.isNumber()) {
            out.append(value.asText());
        } else {
            out.append(repr(value.decimalValue()));
        }
    }

    private static void quoted(String text, StringBuilder out) {
        out.append('"');
        int done = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c <= 0x7f && c != '"' && c != '\\') {
                continue;
            }
            out.append(text, done, i);
            done = i + 1;
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> out.append(String.format("\\u%04x", (int) c));
            }
        }
        out.append(text, done, text.length()).append('"');
    }

    /**
     * Python's {@code repr} of the double nearest to a decimal: the fewest digits that give this double again. (Java's own
     * {@code Double.toString} does that only since 19.) What no double can hold keeps its own digits.
     */
    static String repr(BigDecimal stated) {
        double value = stated.doubleValue();
        if (value == 0) {
            return "0.0";
        }
        if (Double.isInfinite(value)) {
            return stated.toString();
        }
        var digits = shortest(stated, value).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            var plain = digits.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        var all = digits.unscaledValue().abs().toString();
        return (value < 0 ? "-" : "") + all.charAt(0) + (all.length() > 1 ? "." + all.substring(1) : "")
                + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    /** Up to 15 digits, two different decimals are two different doubles (unless tiny), so the stated digits are the shortest. */
    private static BigDecimal shortest(BigDecimal stated, double value) {
        boolean full = Math.abs(value) >= Double.MIN_NORMAL;
        if (full && stated.precision() <= 15) {
            return stated;
        }
        var exact = new BigDecimal(value);
        for (int digits = full ? 15 : 1; digits < 17; digits++) {
            // The nearest decimal first; at a power of two only the farther one above may be near enough.
            for (var mode : List.of(RoundingMode.HALF_EVEN, RoundingMode.UP, RoundingMode.DOWN)) {
                var rounded = exact.round(new MathContext(digits, mode));
                if (rounded.doubleValue() == value) {
                    return rounded;
                }
            }
        }
        return exact.round(new MathContext(17, RoundingMode.HALF_EVEN));
    }
}
