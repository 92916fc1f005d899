package tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a script tells JBang to fetch beside itself.
 *
 * @param sources the paths of {@code //SOURCES}, one each line
 * @param files the paths on disk of {@code //FILES} ({@code resource=path} or {@code path})
 */
record Directives(List<String> sources, List<String> files, List<String> fileLines) {
    static Directives of(Path script) throws IOException {
        var lines = Files.readAllLines(script);
        var fileLines = values(lines, "//FILES ");
        return new Directives(values(lines, "//SOURCES "), fileLines.stream().map(line -> line.substring(line.indexOf('=') + 1)).toList(), fileLines);
    }

    private static List<String> values(List<String> lines, String directive) {
        return lines.stream().filter(line -> line.startsWith(directive)).map(line -> line.substring(directive.length()).strip()).toList();
    }

    List<String> all() {
        return Stream.concat(sources.stream(), files.stream()).toList();
    }

    /** The regular files below a folder of the checkout, as paths from its root, sorted. */
    static List<String> onDisk(String folder) throws IOException {
        var found = new ArrayList<String>();
        try (var walk = Files.walk(Shell.CHECKOUT.resolve(folder))) {
            walk.filter(Files::isRegularFile).forEach(file -> found.add(Shell.CHECKOUT.relativize(file).toString().replace('\\', '/')));
        }
        found.removeIf(path -> path.endsWith(".DS_Store") || path.endsWith("~"));
        found.sort(null);
        return found;
    }
}
