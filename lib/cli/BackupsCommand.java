package lib.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import lib.apply.Backups;
import lib.apply.Backups.Backup;
import lib.apply.Backups.Became;
import lib.apply.Backups.Copy;
import lib.apply.LineDiff;
import lib.apply.Apply.Ownership;
import lib.apply.SafeFile;
import lib.apply.SafeFile.Refused;
import lib.cli.Output.Failures;
import lib.host.Host;
import lib.provider.Json.Listing;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code catalog backups}: how people's files were before they were changed, and the way back. */
@Command(name = "backups", description = {"Copies of your tools' settings from before they were changed, and the way back.",
        "Without a command: the list."},
        footer = {"", "Examples:", "  catalog backups diff latest      what has changed since",
                "  catalog backups restore latest   undo it"})
public final class BackupsCommand implements Callable<Integer> {
    private static final Duration WAIT = Duration.ofSeconds(10);
    private static final String ID = "Its id, as 'catalog backups list' prints it, or latest.";
    private static final String FILES = "Only these files of it.";

    private final Host host;
    private final Output output;
    private final Path dir;
    private final Backups backups;

    @Spec
    private CommandSpec spec;

    public BackupsCommand(Host host, Output output) {
        this.host = host;
        this.output = output;
        this.dir = host.stateDir().resolve("backups");
        this.backups = new Backups(dir, host.clock());
    }

    /** Without a subcommand: the list. */
    @Override
    public Integer call() throws Refused {
        return list(false);
    }

    @Command(name = "list", aliases = "ls", description = "All backups, the newest first.")
    int list(@Option(names = "--json", description = "As JSON.") boolean json) throws Refused {
        var all = backups.list();
        var now = host.clock().instant();
        if (json) {
            var array = JsonNodeFactory.instance.arrayNode();
            all.forEach(backup -> array.add(json(backup)));
            output.data(array);
        } else if (all.isEmpty()) {
            output.say("No backups yet in " + dir + "; 'catalog apply' makes one before it changes a file,"
                    + " 'catalog backups create' makes one now.");
        } else {
            var rows = new ArrayList<List<String>>();
            for (var backup : all) {
                rows.add(List.of(backup.id(), Workspace.age(backup.at(), now), String.valueOf(backup.files().size()),
                        backup.damage() != null ? "(" + backup.damage() + ")" : visible(backup.why())));
            }
            output.table(List.of("ID", "AGE", "FILES", "WHY"), rows);
        }
        return Failures.OK;
    }

    private static String visible(String text) {
        return text == null ? "" : Listing.visible(text);
    }

    private static ObjectNode json(Backup backup) {
        var node = JsonNodeFactory.instance.objectNode().put("id", backup.id()).put("at", backup.at().toString()).put("why", backup.why())
                .put("folder", backup.dir().toString()).put("damage", backup.damage());
        var files = node.putArray("files");
        backup.files().forEach(copy -> files.addObject().put("file", copy.named().toString()).put("real", copy.real().toString())
                .put("absent", copy.absent()).put("copy", copy.file()).put("sha256", copy.sha256()).put("mode", copy.mode()));
        return node;
    }

    @Command(name = "create", description = {"Keep files as they are now.", "Without FILE: the settings of aichat, mods and Codex."})
    int create(@Parameters(paramLabel = "FILE", arity = "0..*", description = "What to keep.") List<Path> named) throws Refused {
        var files = new ArrayList<Path>();
        for (var file : named == null ? List.<Path>of() : named) {
            var whole = host.cwd().resolve(file).normalize();
            if (!Files.exists(whole)) {
                throw new ParameterException(spec.commandLine(), "there is no file " + Listing.visible(whole.toString()));
            }
            files.add(whole);
        }
        if (files.isEmpty()) {
            files.addAll(Workspace.toolSettings(host, (folder, e) -> output.warn(folder + " cannot be read ("
                    + e.getClass().getSimpleName() + ")")));
            if (files.isEmpty()) {
                output.warn("There are no settings of aichat, mods or Codex at their usual places; name files: catalog backups create FILE…");
                return Failures.NOTHING_DONE;
            }
        }
        var backup = backups.create(files, "by hand");
        output.data(backup.id());
        output.say(Workspace.count(backup.files().size(), "file") + " kept: " + shown(backup) + ". 'catalog backups restore " + backup.id()
                + "' brings them back.");
        return Failures.OK;
    }

    private String shown(Backup backup) {
        return backup.files().stream().map(copy -> Workspace.shown(host, copy.named())).collect(Collectors.joining(", "));
    }

    @Command(name = "show", description = "The files of a backup, and what became of them since.")
    int show(@Parameters(paramLabel = "ID", description = ID) String id, @Option(names = "--json", description = "As JSON.") boolean json)
            throws Refused {
        var backup = named(id);
        if (backup == null) {
            return Failures.NOTHING_DONE;
        }
        var all = json(backup);
        var rows = new ArrayList<List<String>>();
        int i = 0;
        for (var copy : backup.files()) {
            var now = now(backup, copy);
            ((ObjectNode) all.get("files").get(i++)).put("now", now);
            rows.add(List.of(Workspace.shown(host, copy.named()), copy.absent() ? "there was none" : copy.mode() == null ? ""
                    : copy.mode(), now));
        }
        if (json) {
            output.data(all);
            return Failures.OK;
        }
        output.data(backup.id() + ", " + Workspace.age(backup.at(), host.clock().instant()) + " ago"
                + (backup.why() == null ? "" : ", " + visible(backup.why())) + ", in " + backup.dir());
        if (backup.damage() != null) {
            output.warn("It cannot be restored: " + backup.damage() + "; its files may be there all the same.");
            return Failures.SOME_FAILED;
        }
        output.table(List.of("FILE", "THEN", "NOW"), rows);
        return Failures.OK;
    }

    private String now(Backup backup, Copy copy) {
        try {
            var then = backups.read(backup, copy);
            var now = SafeFile.open(copy.named()).content();
            return Arrays.equals(then, now) ? "same" : now == null ? "removed" : then == null ? "made" : "changed";
        } catch (Refused e) {
            return e.getMessage();
        }
    }

    @Command(name = "diff", description = "What has changed in its files since, as diff -u tells it. Keys are masked.")
    int diff(@Parameters(paramLabel = "ID", description = ID) String id,
            @Parameters(paramLabel = "FILE", arity = "0..*", index = "1..*", description = FILES) List<Path> files) throws Refused {
        var backup = only(named(id), files);
        if (backup == null) {
            return Failures.NOTHING_DONE;
        }
        var secrets = Workspace.providers(host).secretValues(host);
        boolean masked = false;
        for (var copy : backup.files()) {
            var then = text(backups.read(backup, copy));
            var now = text(SafeFile.open(copy.named()).content());
            var name = copy.named().toString();
            var shown = new LineDiff.Masks(secrets).diff(name, then, now);
            masked |= !shown.equals(LineDiff.unified(name, then, now));
            host.out().print(host.terminal() ? harmless(shown) : shown);
        }
        if (masked) {
            output.warn("Keys are masked, so this is nothing for patch.");
        }
        return Failures.OK;
    }

    private static String harmless(String text) {
        return text.codePoints().mapToObj(Character::toString).map(c -> c.equals("\t") || c.equals("\n") ? c : Listing.visible(c))
                .collect(Collectors.joining());
    }

    /** @param content null where there is none. Bytes that are no UTF-8 are shown one by one. */
    private static String text(byte[] content) {
        try {
            return content == null ? null : StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
        } catch (CharacterCodingException e) {
            return new String(content, StandardCharsets.ISO_8859_1);
        }
    }

    @Command(name = "restore", description = {"Put its files back. How they are now is kept in a new backup first.",
            "A file that was not there then is removed only if it is as we wrote it."},
            footer = {"", "Example:", "  catalog backups restore latest ~/.codex/config.toml"})
    int restore(@Parameters(paramLabel = "ID", description = ID) String id,
            @Parameters(paramLabel = "FILE", arity = "0..*", index = "1..*", description = FILES) List<Path> files,
            @Option(names = "--yes", description = "Do not ask.") boolean yes) throws Refused, InterruptedException {
        var backup = only(named(id), files);
        if (backup == null) {
            return Failures.NOTHING_DONE;
        }
        if (!yes && !host.terminal()) {
            throw new ParameterException(spec.commandLine(), "nobody is there to be asked; --yes restores without asking");
        }
        if (!yes && !output.isConfirmed("Put back " + shown(backup) + " as of " + Workspace.age(backup.at(), host.clock().instant()) + " ago?")) {
            output.say("Nothing was changed.");
            return Failures.NOTHING_DONE;
        }
        var record = host.stateDir().resolve("owned.json");
        var ownership = Ownership.read(record, SafeFile.open(record).content());
        var done = backups.restore(backup, host.stateDir(), WAIT, (file, content) -> isOurs(ownership, file, content));
        for (var result : done.results()) {
            var line = Output.word(result.became()) + " " + Workspace.shown(host, result.file()) + (result.why() == null ? "" : ": "
                    + result.why());
            if (result.became() == Became.LEFT) {
                output.warn(line);
            } else {
                output.say(line);
            }
        }
        output.say(done.before() == null ? "Nothing had to be written." : "How it was until now is kept: catalog backups restore "
                + done.before().id());
        return done.results().stream().anyMatch(result -> result.became() == Became.LEFT) ? Failures.REFUSED_TO_WRITE : Failures.OK;
    }

    private static boolean isOurs(Ownership ownership, Path file, byte[] content) {
        try {
            return ownership.isOurs(SafeFile.open(file).real(), content);
        } catch (Refused e) {
            return false;
        }
    }

    @Command(name = "prune", description = "Remove old backups.")
    int prune(@Option(names = "--keep", paramLabel = "N", defaultValue = "20",
                description = "The newest that stay in any case (default: ${DEFAULT-VALUE}).") int keep,
            @Option(names = "--older-than", paramLabel = "D", converter = DiffCommand.DaysConverter.class,
                    description = "Of the others only those that are older: 30d, 12h.") Duration olderThan) throws Refused {
        if (keep < 0) {
            throw new ParameterException(spec.commandLine(), "--keep must not be below 0");
        }
        var removed = backups.prune(keep, olderThan == null ? Duration.ZERO : olderThan);
        output.say(Workspace.count(removed.size(), "backup") + " removed" + (removed.isEmpty() ? "" : ": "
                + removed.stream().map(Backup::id).collect(Collectors.joining(", "))) + "; " + backups.list().size() + " left.");
        return Failures.OK;
    }

    /** @return null where there is none at all, which was said */
    private Backup named(String id) throws Refused {
        var all = backups.list();
        if (all.isEmpty()) {
            output.warn("There is no backup yet in " + dir + "; 'catalog backups create' makes one.");
            return null;
        }
        if (!id.strip().equals("latest") && all.stream().noneMatch(backup -> backup.id().equals(id.strip().replace(':', '-')))) {
            throw new ParameterException(spec.commandLine(), "there is no backup " + Listing.visible(id) + "; see: catalog backups list");
        }
        return backups.find(id);
    }

    /** @param files null or empty for all */
    private Backup only(Backup backup, List<Path> files) {
        if (backup == null || files == null || files.isEmpty()) {
            return backup;
        }
        var wanted = new ArrayList<Copy>();
        for (var file : files) {
            var whole = host.cwd().resolve(file).normalize();
            var copy = backup.files().stream().filter(one -> one.named().equals(whole) || one.real().equals(whole)).findFirst();
            wanted.add(copy.orElseThrow(() -> new ParameterException(spec.commandLine(), "backup " + backup.id() + " does not hold "
                    + Listing.visible(whole.toString()) + "; see: catalog backups show " + backup.id())));
        }
        return new Backup(backup.id(), backup.at(), backup.why(), backup.dir(), List.copyOf(wanted), backup.damage());
    }

    /** {@code catalog backup-configs}, as it was called before. */
    @Command(name = "backup-configs", hidden = true, description = "As 'catalog backups create'.")
    public static final class BackupConfigs implements Callable<Integer> {
        private final BackupsCommand backups;

        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "FILE", arity = "0..*", description = "What to keep.")
        private List<Path> files;

        public BackupConfigs(Host host, Output output) {
            backups = new BackupsCommand(host, output);
        }

        @Override
        public Integer call() throws Refused {
            backups.spec = spec;
            return backups.create(files);
        }
    }

    /** {@code catalog restore-configs}, as it was called before. */
    @Command(name = "restore-configs", hidden = true, description = "As 'catalog backups restore'.")
    public static final class RestoreConfigs implements Callable<Integer> {
        private final BackupsCommand backups;

        @Spec
        private CommandSpec spec;

        @Option(names = "--timestamp", paramLabel = "T", required = true, description = ID)
        private String id;

        @Option(names = "--yes", description = "Do not ask.")
        private boolean yes;

        public RestoreConfigs(Host host, Output output) {
            backups = new BackupsCommand(host, output);
        }

        @Override
        public Integer call() throws Refused, InterruptedException {
            backups.spec = spec;
            return backups.restore(id, List.of(), yes);
        }
    }
}
