package lib.apply;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import lib.provider.Json;

/**
 * What of people's files is ours: the record {@code owned.json}. Of each file the sum of its content as we last wrote it, and for
 * each template and provider the places with the hashes of their values (see {@link Merge.Plan#owned}). A file that is ours as
 * a whole has one place, the empty one.
 *
 * <p>It is written before the files are, as what is pending, and again after. Whatever ends a run between the two, the content of
 * a file says which of both holds.
 */
public final class Ownership {
    static final String WHOLE = "";

    private final Map<Path, Record> files = new TreeMap<>();
    private final Map<Path, Record> pending = new TreeMap<>();

    /**
     * @param sha256 of the whole file as we last wrote it; null: never
     * @param owned  path of the template, then provider (empty for all), then place, to hash
     */
    public record Record(String sha256, Map<String, Map<String, Map<String, String>>> owned) {
        static final Record NONE = new Record(null, Map.of());

        Map<String, String> of(String template, String provider) {
            return owned.getOrDefault(template, Map.of()).getOrDefault(provider, Map.of());
        }

        /** With what a template now owns for a provider. */
        Record with(String template, String provider, Map<String, String> places) {
            var all = new TreeMap<>(owned);
            var ofTemplate = new TreeMap<>(all.getOrDefault(template, Map.of()));
            if (places.isEmpty()) {
                ofTemplate.remove(provider);
            } else {
                ofTemplate.put(provider, places);
            }
            all.put(template, ofTemplate);
            if (ofTemplate.isEmpty()) {
                all.remove(template);
            }
            return new Record(sha256, all);
        }

        Record written(String sum) {
            return new Record(sum, owned);
        }
    }

    /** @param content of {@code owned.json}; null where there is none yet */
    public static Ownership read(Path file, byte[] content) throws SafeFile.Refused {
        var ownership = new Ownership();
        if (content == null) {
            return ownership;
        }
        try {
            var root = Json.parse(content);
            if (root.path("schema").asInt() == 1 && read(root.path("files"), ownership.files) && read(root.path("pending"), ownership.pending)) {
                return ownership;
            }
        } catch (IOException | IllegalArgumentException e) {
            // said below
        }
        throw new SafeFile.Refused(file + ", the record of what we wrote into your files, is damaged; without it they are all yours, and"
                + " differences are conflicts. To go on so: mv '" + file + "' '" + file + ".damaged'");
    }

    private static boolean read(JsonNode json, Map<Path, Record> records) {
        for (var file : json.properties()) {
            var owned = new TreeMap<String, Map<String, Map<String, String>>>();
            for (var template : file.getValue().path("owned").properties()) {
                var providers = new TreeMap<String, Map<String, String>>();
                for (var provider : template.getValue().properties()) {
                    var places = new TreeMap<String, String>();
                    provider.getValue().properties().forEach(place -> places.put(place.getKey(), place.getValue().asText()));
                    providers.put(provider.getKey(), places);
                }
                owned.put(template.getKey(), providers);
            }
            records.put(Path.of(file.getKey()), new Record(file.getValue().path("sha256").textValue(), owned));
        }
        return json.isObject();
    }

    public byte[] bytes() {
        var root = JsonNodeFactory.instance.objectNode().put("schema", 1);
        write(files, root.putObject("files"));
        write(pending, root.putObject("pending"));
        return (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static void write(Map<Path, Record> records, ObjectNode json) {
        records.forEach((path, record) -> {
            var file = json.putObject(path.toString()).put("sha256", record.sha256);
            var owned = file.putObject("owned");
            record.owned.forEach((template, providers) -> {
                var ofTemplate = owned.putObject(template);
                providers.forEach((provider, places) -> places.forEach(ofTemplate.putObject(provider)::put));
            });
        });
    }

    /** @param content of the file now; null where there is none */
    Record of(Path real, byte[] content) {
        var after = pending.get(real);
        var sum = content == null ? null : SafeFile.sha256(content);
        return after != null && (sum == null ? after.sha256 == null : sum.equals(after.sha256)) ? after : files.getOrDefault(real, Record.NONE);
    }

    /** @param sha256 of the content that the file is about to get; null where it is to be removed */
    void announce(Path real, Record record) {
        pending.put(real, record);
    }

    /** What was announced has come true, or nothing has. */
    void settle(Path real, Record record) {
        pending.remove(real);
        if (record.owned.isEmpty()) {
            files.remove(real);
        } else {
            files.put(real, record);
        }
    }

    /** The providers that a template has written anything of. */
    public Set<String> providers(String template) {
        var all = new TreeSet<String>();
        files.values().forEach(record -> all.addAll(record.owned.getOrDefault(template, Map.of()).keySet()));
        pending.values().forEach(record -> all.addAll(record.owned.getOrDefault(template, Map.of()).keySet()));
        return all;
    }

    /** Whether a file holds just what we last wrote. */
    public boolean isOurs(Path real, byte[] content) {
        return content != null && SafeFile.sha256(content).equals(of(real, content).sha256);
    }
}
