package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What somebody without a checkout gets: JBang fetches the alias, the script and each listed file from a web server. */
class RemoteTest {
    @TempDir
    private Path folder;
    private HttpServer server;
    private final Set<String> asked = new ConcurrentSkipListSet<>();

    @BeforeEach
    void serve_the_checkout() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        server.createContext("/", exchange -> {
            var path = exchange.getRequestURI().getPath().substring(1);
            asked.add(path);
            var file = Shell.CHECKOUT.resolve(path).normalize();
            if (file.startsWith(Shell.CHECKOUT) && Files.isRegularFile(file)) {
                var bytes = Files.readAllBytes(file);
                exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
                exchange.getResponseBody().write(bytes);
            } else {
                exchange.sendResponseHeaders(404, -1);
            }
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    /** What JBang's own script does: exit code 255 means that the command it printed is to be run. */
    private Shell.Result jbang(Shell shell, Object... arguments) throws IOException, InterruptedException {
        var script = "command=$(\"$JAVA_HOME/bin/java\" -cp \"$0\" dev.jbang.Main run \"$@\") ; code=$?; [ $code -eq 255 ] || exit $code; eval \"exec $command\"";
        var command = new ArrayList<Object>(List.of("sh", "-c", script, shell.jbangJar(), "--build-dir", folder.resolve("built here")));
        command.add("catalog@http://127.0.0.1:" + server.getAddress().getPort() + "/jbang-catalog.json");
        command.addAll(List.of(arguments));
        return shell.with("JBANG_RUNTIME_SHELL", "bash").with("JBANG_NO_VERSION_CHECK", "true").run(command.toArray());
    }

    @Test
    void the_alias_runs_from_a_web_server_with_an_empty_cache_and_finds_every_template() throws IOException, InterruptedException {
        var shell = Shell.of(folder);
        var root = folder.resolve("what the demo wrote");
        var demo = jbang(shell, "demo", "--root", root);
        assertEquals(0, demo.code(), demo::toString);
        assertFalse(demo.out().isBlank(), demo::toString);

        var local = folder.resolve("what it writes in a checkout");
        var inCheckout = shell.run(Shell.CHECKOUT.resolve("catalog"), "demo", "--root", local);
        assertEquals(0, inCheckout.code(), inCheckout::toString);
        assertEquals(rendered(local), rendered(root), "the same files, run remotely and in a checkout");
        assertFalse(rendered(root).isEmpty());

        for (var path : Directives.of(Shell.CHECKOUT.resolve("catalog.java")).all()) {
            assertTrue(asked.contains(path), "JBang did not ask for " + path);
        }
    }

    /** Without what the demo keeps for itself, whose names depend on the port of its server. */
    private static Set<String> rendered(Path root) throws IOException {
        try (var walk = Files.walk(root)) {
            var paths = new TreeSet<String>();
            walk.filter(Files::isRegularFile).forEach(file -> paths.add(root.relativize(file).toString().replaceAll("[0-9]{8}.?[0-9]{4,}.*?(?=\\.)", "TIME")));
            paths.removeIf(path -> path.startsWith("."));
            return paths;
        }
    }
}
