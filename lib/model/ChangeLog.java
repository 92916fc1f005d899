package lib.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.model.Changes.Change;
import lib.model.Changes.Kind;
import lib.provider.Field;
import lib.provider.Json;

/**
 * {@code models/changes.jsonl}: one change per line, after each fetch more of them. Since when a model is missing follows from
 * its last line that tells of its coming and going, so a checkout of {@code models/} is all that a machine needs to know it.
 * A line that is none (half-written, or left by a merge) is passed over.
 */
public final class ChangeLog {
    private static final Pattern AMOUNT = Pattern.compile("\\d{1,40}(\\.\\d{1,80})?");
    private static final int MOST_DIGITS = 100;
    private static final List<String> OF_FACTS = Stream.of(Kind.values()).filter(Kind::ofFact)
            .map(kind -> "\"change\":\"" + kind.word() + "\"").toList();

    /** @param at when it was noticed, to the second */
    public record Logged(Instant at, Change change) {}

    private record Key(String provider, String id) {}

    private final Path file;
    private final List<String> lines = new ArrayList<>();
    /** The last line of each model about its coming and going. */
    private final Map<Key, Logged> last = new HashMap<>();
    private String damage;
    /** The file's bytes, and how many of them are whole lines: less where a killed run left a part of one. */
    private long size;
    private long whole;
    /** Whether the last line is whole but for its end. */
    private boolean openEnd;

    private ChangeLog(Path file) {
        this.file = file;
    }

    /** A file that is not there is an empty log; so is one that cannot be read, see {@link #damage()}. */
    public static ChangeLog open(Path file) {
        var log = new ChangeLog(file);
        try {
            log.read(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            log.size = 0;
        } catch (IOException e) {
            log.damage = file + " cannot be read (" + e.getClass().getSimpleName() + "); what is missing since when is not known";
        }
        return log;
    }

    private void read(byte[] content) {
        size = content.length;
        int wrong = 0;
        for (int start = 0, number = 1; start < content.length; number++) {
            int stop = start;
            while (stop < content.length && content[stop] != '\n') {
                stop++;
            }
            boolean ended = stop < content.length;
            var line = new String(content, start, stop - start, StandardCharsets.UTF_8);
            boolean understood = line.isBlank() || take(line, ended);
            if (!understood && !ended) {
                damage = (damage == null ? file + ": " : damage + "; ") + "the last line is cut off and is left out";
                return;
            }
            if (!understood && wrong++ == 0) {
                damage = file + ":" + number + ": this line is no change and is passed over";
            }
            whole = ended ? stop + 1 : stop;
            start = stop + 1;
        }
        damage = wrong > 1 ? damage + " (and " + (wrong - 1) + " more)" : damage;
        openEnd = content.length > 0 && content[content.length - 1] != '\n';
    }

    /** Lines of facts are the most by far, and only understood when somebody looks at them. @return false where it is no change */
    private boolean take(String line, boolean ended) {
        if (!ended || OF_FACTS.stream().noneMatch(line::contains)) {
            var logged = parse(line);
            if (logged == null) {
                return false;
            }
            note(logged);
        }
        lines.add(line);
        return true;
    }

    private void note(Logged logged) {
        if (logged.change().id() != null && !logged.change().kind().ofFact()) {
            last.put(new Key(logged.change().provider(), logged.change().id()), logged);
        }
    }

    /** What was wrong with the file, one line for people; null where nothing was. */
    public String damage() {
        return damage;
    }

    /** @return the last line about the model's coming and going if it went; null where it is there, or was never heard of */
    public Logged away(String provider, String id) {
        var logged = last.get(new Key(provider, id));
        return logged != null && isAway(logged) ? logged : null;
    }

    /** Provider to the ids of its models that are away. */
    public Map<String, Set<String>> away() {
        var away = new HashMap<String, Set<String>>();
        last.forEach((key, logged) -> {
            if (isAway(logged)) {
                away.computeIfAbsent(key.provider(), provider -> new HashSet<>()).add(key.id());
            }
        });
        return away;
    }

    private static boolean isAway(Logged logged) {
        return logged.change().kind() == Kind.MISSING || logged.change().kind() == Kind.REMOVED;
    }

    private static Instant since(Logged logged) {
        return logged.change().from() instanceof Instant since ? since : logged.change().kind() == Kind.MISSING ? logged.at() : null;
    }

    /**
     * What a fetch has to tell and to {@link #append}: the changes it made, with models that were away as BACK, and as REMOVED
     * those that stayed away.
     *
     * @param answered the providers that this fetch heard of: silence is no proof that a model is still missing
     */
    public List<Change> settle(Collection<Change> between, Snapshot now, Set<String> answered, Duration grace, Instant at) {
        var settled = new ArrayList<>(between);
        settled.removeIf(change -> (change.kind() == Kind.ADDED || change.kind() == Kind.MISSING)
                && away(change.provider(), change.id()) != null);
        last.forEach((key, logged) -> {
            var since = since(logged);
            if (isAway(logged) && Collections.binarySearch(now.models(), new Model(key.provider(), key.id(), Map.of()), Model.ORDER) >= 0) {
                settled.add(Change.of(Kind.BACK, key.provider(), key.id(), since, null));
            } else if (logged.change().kind() == Kind.MISSING && answered.contains(key.provider())) {
                // Missing since a time to come: the clock was wrong then, or is now, and the grace begins anew.
                if (since.isAfter(at)) {
                    settled.add(Change.of(Kind.MISSING, key.provider(), key.id(), null, null));
                } else if (Duration.between(since, at).compareTo(grace) > 0) {
                    settled.add(Change.of(Kind.REMOVED, key.provider(), key.id(), since, null));
                }
            }
        });
        settled.sort(Changes.ORDER);
        return settled;
    }

    /** Changes up to the present, with what the log knows of comings and goings: BACK for ADDED, since when MISSING, or REMOVED. */
    public List<Change> explain(Collection<Change> changes, Duration grace, Instant now) {
        return changes.stream().map(change -> {
            var logged = last.get(new Key(change.provider(), change.id()));
            if (logged == null || change.kind() != Kind.ADDED && change.kind() != Kind.MISSING) {
                return change;
            }
            var since = since(logged);
            if (change.kind() == Kind.ADDED) {
                return logged.change().kind() == Kind.ADDED ? change
                        : Change.of(Kind.BACK, change.provider(), change.id(), since, change.to());
            }
            boolean removed = logged.change().kind() == Kind.REMOVED || since != null && Duration.between(since, now).compareTo(grace) > 0;
            return isAway(logged) ? Change.of(removed ? Kind.REMOVED : Kind.MISSING, change.provider(), change.id(), since, null) : change;
        }).sorted(Changes.ORDER).toList();
    }

    /** Adds a line for each; a part of a line that a killed run left is taken away first. */
    public void append(Collection<Change> changes, Instant at) throws IOException {
        if (changes.isEmpty()) {
            return;
        }
        var text = new StringBuilder(openEnd ? "\n" : "");
        for (var change : changes) {
            var logged = new Logged(at.truncatedTo(ChronoUnit.SECONDS), change);
            var json = JsonNodeFactory.instance.objectNode().put("at", logged.at().toString());
            lines.add(json.setAll(change.json()).toString());
            text.append(lines.get(lines.size() - 1)).append('\n');
            note(logged);
        }
        Files.createDirectories(file.getParent());
        if (whole < size) {
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(channel.size() == size ? whole : channel.size());
            }
        }
        // In one piece at the end, wherever that is by now: another run may have added lines meanwhile.
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            for (var bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8)); bytes.hasRemaining();) {
                channel.write(bytes);
            }
            size = channel.size();
            whole = size;
            openEnd = false;
        }
    }

    /** What happened last, the newest first, each thing once. */
    public List<Logged> latest(int most) {
        var latest = new LinkedHashSet<Logged>();
        for (int i = lines.size() - 1; i >= 0 && latest.size() < most; i--) {
            var logged = parse(lines.get(i));
            if (logged != null) {
                latest.add(logged);
            }
        }
        return List.copyOf(latest);
    }

    /** @return null where the line is no change */
    private static Logged parse(String line) {
        try {
            var json = Json.parse(line.getBytes(StandardCharsets.UTF_8));
            var kind = Kind.valueOf(json.path("change").asText().toUpperCase(Locale.ROOT));
            var provider = json.path("provider").textValue();
            var id = json.path("id").textValue();
            var field = Field.ofSchema(json.path("field").asText());
            boolean ofProvider = kind == Kind.PROVIDER_ADDED || kind == Kind.PROVIDER_REMOVED;
            if (provider == null || (id == null) != ofProvider || (field != null) != kind.ofFact()) {
                return null;
            }
            return new Logged(time(json.path("at").asText()), new Change(kind, provider, id, field, json.path("tier").textValue(),
                    value(field, json.path("from")), value(field, json.path("to")), percent(json.path("percent"))));
        } catch (JsonProcessingException | DateTimeException | IllegalArgumentException e) {
            return null;
        }
    }

    /** @param field null for what is no fact: a number of models, a time, or the key facts of a new model */
    private static Object value(Field field, JsonNode json) {
        if (json.isObject()) {
            var facts = new LinkedHashMap<String, Object>();
            json.properties().stream().filter(e -> Field.ofSchema(e.getKey()) != null)
                    .forEach(e -> facts.put(e.getKey(), value(Field.ofSchema(e.getKey()), e.getValue())));
            return facts;
        }
        if (json.isArray()) {
            var list = new ArrayList<String>();
            json.forEach(one -> list.add(one.asText()));
            return list;
        }
        if (!json.isTextual()) {
            return json.isBoolean() ? (Object) json.booleanValue()
                    : json.isIntegralNumber() && json.canConvertToLong() ? json.longValue() : null;
        }
        var text = json.textValue();
        return field == null ? time(text) : !field.isMoney() ? text : AMOUNT.matcher(text).matches() ? new BigDecimal(text) : null;
    }

    /** Years of four digits: of others not every instant is a date. */
    private static Instant time(String text) {
        if (text.indexOf('-') != 4) {
            throw new DateTimeException("no time of ours");
        }
        return Instant.parse(text);
    }

    private static BigDecimal percent(JsonNode json) {
        var number = json.isNumber() ? json.decimalValue() : null;
        return number == null || Math.abs((long) number.scale()) + number.precision() > MOST_DIGITS ? null : number;
    }
}
