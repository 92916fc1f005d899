package tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes {@code lib/bundled.json} of {@code templates/}: one file instead of many for a remote user to fetch. It holds the path
 * of each template and its text as an array of lines, so that a change of one is seen as such in a diff.
 *
 * <p>{@code tests/bundle} runs it by the JDK alone, so it knows nothing else of this project. With {@code --check} it writes
 * nothing, and exits with 1 if the file is out of date.
 */
public class Bundle {
    private static final Path BUNDLE = Path.of("lib", "bundled.json");

    public static void main(String... args) throws IOException {
        if (args.length > 1 || args.length == 1 && !args[0].equals("--check")) {
            System.err.println("usage: tests/bundle [--check]");
            System.exit(2);
        }
        var wanted = json(texts(Path.of("templates")));
        if (wanted.equals(current(Path.of("")))) {
            return;
        }
        if (args.length == 1) {
            System.err.println(BUNDLE + " is not what templates/ holds; run tests/bundle");
            System.exit(1);
        }
        Files.writeString(BUNDLE, wanted);
    }

    /** @return what the bundle of a checkout holds, empty if there is none */
    static String current(Path checkout) throws IOException {
        var file = checkout.resolve(BUNDLE);
        return Files.exists(file) ? unix(Files.readString(file)) : "";
    }

    /** The templates of a folder by their paths below it, in the order of these. */
    static Map<String, String> texts(Path folder) throws IOException {
        var texts = new TreeMap<String, String>();
        try (var walk = Files.walk(folder)) {
            for (var file : walk.filter(f -> f.toString().endsWith(".ftl") && Files.isRegularFile(f)).toList()) {
                texts.put(folder.relativize(file).toString().replace('\\', '/'), unix(Files.readString(file)));
            }
        }
        return texts;
    }

    /** Line ends as they are committed: git may have changed them in a checkout. */
    private static String unix(String text) {
        return text.replace("\r\n", "\n");
    }

    /** An object of arrays of lines. A text that ends its last line, as it should, has an empty string at the end. */
    static String json(Map<String, String> texts) {
        var members = new ArrayList<String>();
        texts.forEach((path, text) -> {
            var lines = List.of(text.split("\n", -1)).stream().map(line -> "    " + quoted(line)).toList();
            members.add("  " + quoted(path) + ": [\n" + String.join(",\n", lines) + "\n  ]");
        });
        return "{\n" + String.join(",\n", members) + "\n}\n";
    }

    private static String quoted(String text) {
        var json = new StringBuilder("\"");
        for (var c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c == '\t') {
                json.append("\\t");
            } else if (c < 0x20 || c == 0x7f || c == '\u2028' || c == '\u2029' || c == '\ufeff') {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
