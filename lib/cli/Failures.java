package lib.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;
import lib.apply.SafeFile.Refused;
import lib.host.Host;
import lib.provider.ConfigError;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The one place where a failure becomes a line of advice and an exit code. */
public final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
    public static final int OK = 0;
    public static final int SOME_FAILED = 1;
    public static final int USAGE = 2;
    public static final int NOTHING_DONE = 3;
    public static final int CONFIGURATION = 4;
    public static final int REFUSED_TO_WRITE = 5;
    public static final int INTERRUPTED = 130;

    private final Host host;
    private final Output output;

    public Failures(Host host, Output output) {
        this.host = host;
        this.output = output;
    }

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        host.err().println("catalog: " + firstLine(e.getMessage()));
        if (!UnmatchedArgumentException.printSuggestions(e, host.err())) {
            host.err().println("Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
        }
        host.err().flush();
        return USAGE;
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine commandLine, ParseResult parsed) {
        var failure = e instanceof UncheckedIOException unchecked ? unchecked.getCause() : e;
        if (failure instanceof ParameterException usage) {
            return handleParseException(usage, new String[0]);
        }
        if (failure instanceof InterruptedException) {
            Thread.currentThread().interrupt();
            host.err().println((output.live() ? "\n" : "") + "catalog: interrupted; nothing is half-written.");
            return INTERRUPTED;
        }
        int code = code(failure);
        host.err().println("catalog: " + sentence(failure, code));
        if (output.verbose()) {
            failure.printStackTrace(host.err());
        }
        return code;
    }

    private static int code(Exception failure) {
        if (failure instanceof ConfigError) {
            return CONFIGURATION;
        }
        return failure instanceof FileSystemException || failure instanceof Refused ? REFUSED_TO_WRITE : SOME_FAILED;
    }

    private String sentence(Exception failure, int code) {
        if (code == CONFIGURATION || failure instanceof Refused) {
            return failure.getMessage();
        }
        if (failure instanceof FileSystemException file) {
            return file.getFile() + ": " + reason(file) + " Mend its permissions, or choose another place: --root for results, XDG_CACHE_HOME for answers.";
        }
        var what = failure instanceof IOException && failure.getMessage() != null ? failure.getMessage() : String.valueOf(failure);
        return firstLine(what) + (output.verbose() ? "" : " (this should not happen; run again with --verbose for the details)");
    }

    private static String reason(FileSystemException file) {
        if (file instanceof AccessDeniedException) {
            return "permission denied.";
        }
        if (file instanceof NoSuchFileException) {
            return "no such file or folder.";
        }
        if (file instanceof NotDirectoryException) {
            return "not a folder.";
        }
        return file.getReason() == null ? file.getClass().getSimpleName().replace("Exception", "").toLowerCase(Locale.ROOT) + "."
                : file.getReason() + ".";
    }

    private static String firstLine(String text) {
        return text == null ? "unknown failure" : text.lines().findFirst().orElse("");
    }

    /** Of several codes the one that counts: usage, configuration, refused to write, nothing done, some failed, all done. */
    public static int worst(int... codes) {
        for (int code : new int[] {USAGE, CONFIGURATION, REFUSED_TO_WRITE, NOTHING_DONE, SOME_FAILED}) {
            for (int one : codes) {
                if (one == code) {
                    return code;
                }
            }
        }
        return OK;
    }
}
