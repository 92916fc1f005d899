package lib.host;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;

/**
 * All that one run takes from the machine it runs on. Nothing in {@code lib} reads the process's environment, clock,
 * working directory or streams by any other way, so a test runs a whole command in-process beside others.
 *
 * @param out data, and nothing else
 * @param err everything for people
 * @param cwd the working directory, absolute
 */
public record Host(Map<String, String> env, Path cwd, Clock clock, PrintWriter out, PrintWriter err, boolean terminal) {

    /** A variable's value without surrounding white space, or null where it is unset or blank. */
    public String env(String name) {
        var value = env.get(name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    /** Where people keep settings: {@code providers.yaml} and {@code templates/} of the user. */
    public Path configDir() {
        return place("XDG_CONFIG_HOME", ".config", "Library/Application Support", "APPDATA", "config");
    }

    /** Where answers are kept that can be fetched again. */
    public Path cacheDir() {
        return place("XDG_CACHE_HOME", ".cache", "Library/Caches", "LOCALAPPDATA", "cache");
    }

    /** Where the past is kept that cannot be fetched again: outcomes, pacing. */
    public Path stateDir() {
        return place("XDG_STATE_HOME", ".local/state", "Library/Application Support", "LOCALAPPDATA", "state");
    }

    /** The XDG variable wins on every system (the specification ignores relative values); then the system's own place. */
    private Path place(String xdg, String unix, String mac, String windows, String inWindows) {
        var set = env(xdg);
        if (set != null && Path.of(set).isAbsolute()) {
            return Path.of(set).resolve("catalog");
        }
        var os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        if (os.contains("win") && env(windows) != null) {
            return Path.of(env(windows)).resolve("catalog").resolve(inWindows);
        }
        return home().resolve(os.contains("mac") ? mac : unix).resolve("catalog");
    }

    /** {@code HOME} before Java's own idea, which on Linux comes from the password file and ignores the variable. */
    public Path home() {
        var home = env("HOME");
        return Path.of(home != null ? home : System.getProperty("user.home")).toAbsolutePath();
    }
}
