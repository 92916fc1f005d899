package lib.apply;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A config file that a person edits, open for changing some values of it and not one byte else. Values are String, Boolean,
 * Long, BigDecimal, {@code List<Object>}, {@code Map<String, Object>} (insertion-ordered).
 */
public interface Document {
    enum Format {
        TOML, YAML, JSON;

        /** By its ending. @return null where it is none that can be edited */
        public static Format of(String fileName) {
            return switch (fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT)) {
                case "toml" -> TOML;
                case "yaml", "yml" -> YAML;
                case "json", "jsonc" -> JSON;
                default -> null;
            };
        }
    }

    /**
     * The file cannot be edited safely, or not in this way: it does not parse, an anchor would be shared, … Nothing was changed.
     *
     * <p>The message is one sentence without the file's name; {@code line} is 1-based, 0 where unknown.
     */
    final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        private final int line;

        public Refused(int line, String message) {
            super(message);
            this.line = line;
        }

        public int line() {
            return line;
        }
    }

    /** @param text the whole file, a BOM included; empty for a new one */
    static Document open(Format format, String text) throws Refused {
        return switch (format) {
            case TOML -> TomlDocument.open(text);
            case YAML -> YamlDocument.open(text);
            case JSON -> JsonDocument.open(text);
        };
    }

    /** @return the value there, null where there is none (a stated null is none either) */
    Object get(Place place);

    /** 1-based line on which the value at this place (or the nearest thing above it that exists) begins; 0 where unknown. */
    int line(Place place);

    /**
     * Sets the value, making what is missing above it (tables; the element of a list that an {@link Place.Item} names, with that
     * member first). Everything outside the value stays as it is to the byte; equal values change nothing.
     */
    void set(Place place, Object value) throws Refused;

    /** Removes the value with its key, or the list's element; nothing if it is not there. Comments of others stay. */
    void remove(Place place) throws Refused;

    /** Many changes as one: of a long list, each by itself would read the whole file again. After a refusal the document is void. */
    default void all(List<Merge.Edit> edits) throws Refused {
        for (var edit : edits) {
            if (edit.value() == null) {
                remove(edit.place());
            } else {
                set(edit.place(), edit.value());
            }
        }
    }

    /** The whole file as it now is. */
    String text();

    /** All of it as values, for checks. */
    Map<String, Object> tree();

    /** The elements' key values of a list of tables: {@code clients} by {@code name}; empty where there is none. */
    default List<String> items(Place list, String key) {
        return get(list) instanceof List<?> all ? all.stream().filter(e -> e instanceof Map<?, ?> m && m.get(key) instanceof String)
                .map(e -> (String) ((Map<?, ?>) e).get(key)).toList() : List.of();
    }
}
