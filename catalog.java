///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//COMPILE_OPTIONS -encoding UTF-8 -XDstringConcat=inline
//JAVA_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xms96m -Xmn24m -XX:SurvivorRatio=4 -XX:MetaspaceSize=64m -XX:-UsePerfData

//DEPS info.picocli:picocli:4.7.7
//DEPS com.github.mizosoft.methanol:methanol:1.9.0
//DEPS com.fasterxml.jackson.core:jackson-databind:2.22.4
//DEPS org.snakeyaml:snakeyaml-engine:3.2
//DEPS org.tomlj:tomlj:2.2.0
//DEPS org.freemarker:freemarker:2.3.35

//SOURCES lib/host/AtomicFile.java
//SOURCES lib/host/Host.java

//SOURCES lib/provider/Access.java
//SOURCES lib/provider/Json.java
//SOURCES lib/provider/Overrides.java
//SOURCES lib/provider/Provider.java
//SOURCES lib/provider/ProviderFile.java
//SOURCES lib/provider/Providers.java
//SOURCES lib/provider/Yaml.java

//SOURCES lib/model/Archive.java
//SOURCES lib/model/Changes.java
//SOURCES lib/model/Enrichment.java
//SOURCES lib/model/Model.java
//SOURCES lib/model/Normaliser.java
//SOURCES lib/model/Search.java
//SOURCES lib/model/Snapshot.java

//SOURCES lib/fetch/Client.java
//SOURCES lib/fetch/Fetch.java
//SOURCES lib/fetch/History.java
//SOURCES lib/fetch/HttpGuards.java
//SOURCES lib/fetch/ListRequest.java
//SOURCES lib/fetch/Outcome.java
//SOURCES lib/fetch/Store.java

//SOURCES lib/render/Check.java
//SOURCES lib/render/Engine.java
//SOURCES lib/render/Legacy.java
//SOURCES lib/render/Quoted.java
//SOURCES lib/render/Rendering.java
//SOURCES lib/render/Tools.java
//SOURCES lib/render/Views.java

//SOURCES lib/apply/Apply.java
//SOURCES lib/apply/Backups.java
//SOURCES lib/apply/Checked.java
//SOURCES lib/apply/Document.java
//SOURCES lib/apply/JsonDocument.java
//SOURCES lib/apply/LineDiff.java
//SOURCES lib/apply/LiteralKeys.java
//SOURCES lib/apply/Merge.java
//SOURCES lib/apply/SafeFile.java
//SOURCES lib/apply/TomlDocument.java
//SOURCES lib/apply/YamlDocument.java
//SOURCES lib/apply/YamlNodes.java

//SOURCES lib/cli/ApplyCommand.java
//SOURCES lib/cli/BackupsCommand.java
//SOURCES lib/cli/DemoCommand.java
//SOURCES lib/cli/DiffCommand.java
//SOURCES lib/cli/FetchCommand.java
//SOURCES lib/cli/InfoCommand.java
//SOURCES lib/cli/Output.java
//SOURCES lib/cli/ProvidersCommand.java
//SOURCES lib/cli/RenderCommand.java
//SOURCES lib/cli/ResolveCommand.java
//SOURCES lib/cli/SearchCommand.java
//SOURCES lib/cli/Sources.java
//SOURCES lib/cli/TrustCommand.java
//SOURCES lib/cli/Workspace.java

//FILES providers.yaml
//FILES lib/bundled.json=lib/bundled.json
//FILES lib/cli/samples.json=lib/cli/samples.json
//FILES lib/model/models.dev.json=lib/model/models.dev.json

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import lib.cli.BackupsCommand;
import lib.cli.ApplyCommand;
import lib.cli.DemoCommand;
import lib.cli.DiffCommand;
import lib.cli.TrustCommand.DoctorCommand;
import lib.cli.Output.Failures;
import lib.cli.FetchCommand;
import lib.cli.InfoCommand;
import lib.cli.ApplyCommand.MergeCommand;
import lib.cli.Output;
import lib.cli.ProvidersCommand;
import lib.cli.ProvidersCommand.StatsCommand;
import lib.cli.RenderCommand;
import lib.cli.RenderCommand.ToolsCommand;
import lib.cli.ResolveCommand;
import lib.cli.SearchCommand;
import lib.cli.TrustCommand;
import lib.cli.Workspace;
import lib.host.Host;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "catalog", mixinStandardHelpOptions = true, scope = CommandLine.ScopeType.INHERIT,
        versionProvider = catalog.Version.class, sortOptions = false,
        description = "Model lists for your AI tools, fetched with your own keys, as files you own.",
        footer = {"", "Examples:", "  catalog demo                 see it work, without a key",
            "  catalog fetch                ask the providers whose key is set, write every file",
            "  catalog fetch groq,mistral   ask these", "  catalog search llama --max-price 1 --capability tools",
            "  catalog info openai/gpt-5 --explain", "  catalog diff --since 7d      what changed", "  catalog render --tool aichat write aichat's files again, offline",
            "", "Exit codes: 0 done, 1 some failed, 2 usage, 3 nothing could be done,",
            "4 configuration or template invalid, 5 refused to write, 130 interrupted."})
public class catalog implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final Output output;

    catalog(Output output) {
        this.output = output;
    }

    public static void main(String... args) {
        var out = new PrintWriter(new java.io.OutputStreamWriter(new java.io.FileOutputStream(java.io.FileDescriptor.out), StandardCharsets.UTF_8));
        var err = new PrintWriter(new java.io.OutputStreamWriter(new java.io.FileOutputStream(java.io.FileDescriptor.err), StandardCharsets.UTF_8), true);
        var running = Thread.currentThread();
        var done = new CountDownLatch(1);
        // Ctrl-C ends the JVM without unwinding; this lets the run say so and take its unfinished files with it.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (done.getCount() > 0) {
                running.interrupt();
                await(done);
            }
        }));
        int code;
        try {
            code = run(out, err, System.getenv(), args);
        } finally {
            done.countDown();
        }
        System.exit(code);
    }

    private static void await(CountDownLatch done) {
        try {
            done.await(2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One run of the command line in this process. @return the exit code, see {@link Failures} */
    public static int run(PrintWriter out, PrintWriter err, Map<String, String> env, String... args) {
        var cwd = Path.of("").toAbsolutePath();
        var in = new java.io.FileInputStream(java.io.FileDescriptor.in);
        return run(new Host(env, cwd, Clock.systemUTC(), out, err, env.containsKey("CATALOG_TERMINAL"), in), args);
    }

    /** As above, with everything of the machine given. */
    public static int run(Host host, String... args) {
        var output = new Output(host);
        var commands = new LinkedHashMap<String, Supplier<Object>>();
        commands.put("demo", () -> new DemoCommand(host, output));
        commands.put("fetch", () -> new FetchCommand(host, output));
        commands.put("render", () -> new RenderCommand(host, output));
        commands.put("apply", () -> new ApplyCommand(host, output));
        commands.put("merge", () -> new MergeCommand(host, output));
        commands.put("providers", () -> new ProvidersCommand(host, output));
        commands.put("tools", () -> new ToolsCommand(host, output));
        commands.put("resolve", () -> new ResolveCommand(host, output));
        commands.put("discover", () -> new ResolveCommand.Discover(host, output));
        commands.put("stats", () -> new StatsCommand(host, output));
        commands.put("search", () -> new SearchCommand.Find(host, output));
        commands.put("suggest", () -> new SearchCommand.Suggest(host, output));
        commands.put("info", () -> new InfoCommand(host, output));
        commands.put("compare", () -> new InfoCommand.Compare(host, output));
        commands.put("conflicts", () -> new InfoCommand.Conflicts(host, output));
        commands.put("diff", () -> new DiffCommand(host, output));
        commands.put("rollback", () -> new DiffCommand.Rollback(host, output));
        commands.put("backups", () -> new BackupsCommand(host, output));
        commands.put("backup-configs", () -> new BackupsCommand.BackupConfigs(host, output));
        commands.put("restore-configs", () -> new BackupsCommand.RestoreConfigs(host, output));
        commands.put("trust", () -> new TrustCommand(host, output));
        commands.put("untrust", () -> new TrustCommand.Untrust(host, output));
        commands.put("doctor", () -> new DoctorCommand(host, output));
        commands.put("completion", () -> new CompletionCommand(output));
        commands.put("version", () -> new VersionCommand(output));
        // Picocli takes some 10 ms to read a command's annotations, so those that cannot be meant are not shown to it.
        if (args.length > 0 && commands.containsKey(args[0]) && !args[0].equals("completion")) {
            commands.keySet().retainAll(Set.of(args[0]));
            commands.computeIfPresent("fetch", (name, fetch) -> () -> new FetchCommand(host, output).early());
        }
        var commandLine = new CommandLine(new catalog(output));
        commands.forEach((name, command) -> commandLine.addSubcommand(name, command.get()));
        var failures = new Failures(host, output);
        commandLine.setOut(host.out()).setErr(host.err()).setColorScheme(CommandLine.Help.defaultColorScheme(output.ansi()))
                .setExecutionExceptionHandler(failures).setParameterExceptionHandler(failures)
                .setCaseInsensitiveEnumValuesAllowed(true).setUsageHelpWidth(100);
        try {
            return commandLine.execute(args);
        } finally {
            host.out().flush();
            host.err().flush();
        }
    }

    /** Without a command: what there is. */
    @Override
    public Integer call() {
        spec.commandLine().usage(output.err());
        return Failures.USAGE;
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"catalog " + Workspace.VERSION};
        }
    }

    @Command(name = "version", description = "Print the version.")
    static final class VersionCommand implements Callable<Integer> {
        private final Output output;

        VersionCommand(Output output) {
            this.output = output;
        }

        @Override
        public Integer call() {
            output.data("catalog " + Workspace.VERSION);
            return Failures.OK;
        }
    }

    /** {@code catalog completion}: a script for the shell that completes commands and options. */
    @Command(name = "completion", description = "Print a completion script for bash and zsh.",
            footer = {"", "Example:", "  source <(catalog completion)"})
    static final class CompletionCommand implements Callable<Integer> {
        private final Output output;

        @Spec
        private CommandSpec spec;

        CompletionCommand(Output output) {
            this.output = output;
        }

        @Override
        public Integer call() {
            output.data(AutoComplete.bash("catalog", spec.root().commandLine()));
            return Failures.OK;
        }
    }
}
