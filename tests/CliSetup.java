package tests;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A person with a key for groq, which is on loopback, as mistral is. */
abstract class CliSetup {
    static final String TWO = "{\"data\":[{\"id\":\"swift-8b\",\"context_window\":65536},{\"id\":\"boreas-70b\",\"context_window\":131072}]}";

    @TempDir
    Path folder;
    Loopback server;
    FrontDoor door;

    @BeforeEach
    void open() throws IOException {
        server = new Loopback().on("/groq/models", Loopback.json(TWO)).on("/mistral/models", Loopback.json(Fixtures.list(3)));
        door = new FrontDoor(folder).with("GROQ_API_OPENAI", server.uri("/groq").toString()).with("GROQ_API_KEY", Fixtures.KEY)
                .with("MISTRAL_API_OPENAI", server.uri("/mistral").toString());
    }

    @AfterEach
    void close() {
        server.close();
    }

    Map<String, String> written() throws IOException {
        var files = new TreeMap<>(FrontDoor.tree(door.cwd));
        files.keySet().removeIf(path -> path.startsWith("models/extra/"));
        return files;
    }
}
