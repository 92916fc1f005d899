package lib.host;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * All that one run takes from the machine it runs on. Nothing in {@code lib} reads the process's environment, clock,
 * working directory or streams by any other way, so a test runs a whole command in-process beside others.
 *
 * @param out data, and nothing else
 * @param err everything for people
 * @param cwd the working directory, absolute
 * @param in  what a person types, or another program says
 */
public record Host(Map<String, String> env, Path cwd, Clock clock, PrintWriter out, PrintWriter err, boolean terminal, InputStream in) {
    /** Where nobody types. */
    public Host(Map<String, String> env, Path cwd, Clock clock, PrintWriter out, PrintWriter err, boolean terminal) {
        this(env, cwd, clock, out, err, terminal, InputStream.nullInputStream());
    }

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

    /**
     * The terminal while its keys come one by one and lines are drawn anew, on standard error. Standard input and output may
     * lead elsewhere, as they do in {@code … | mods -m $(catalog discover)}.
     */
    public static final class Terminal implements AutoCloseable {
        private static final String TTY = "/dev/tty";

        private final PrintWriter err;
        private final String before;
        private final int columns;
        private final int rows;
        private final AtomicBoolean open = new AtomicBoolean(true);
        private int drawn;

        private Terminal(PrintWriter err, String before, int columns, int rows) {
            this.err = err;
            this.before = before;
            this.columns = columns;
            this.rows = rows;
        }

        /** @return null where there is none, or nothing to set it up with, or it cannot draw */
        public static Terminal open(Host host) throws IOException, InterruptedException {
            var kind = host.env("TERM");
            // A test's input is not the process's own, whatever terminal the tests are run in.
            boolean own = host.in instanceof FileInputStream file && file.getFD() == FileDescriptor.in;
            var said = !own || kind == null || kind.equals("dumb") ? null : shell("[ -t 2 ] && exec 2>/dev/null && stty -g && stty size");
            if (said == null || !said.matches("[0-9A-Za-z:=]+\\s+[0-9]{1,5} [0-9]{1,5}")) {
                return null;
            }
            var parts = said.split("\\s+");
            var terminal = new Terminal(host.err, parts[0], bound(Integer.parseInt(parts[2]), host.env("COLUMNS"), 80),
                    bound(Integer.parseInt(parts[1]), host.env("LINES"), 24));
            // For the ways to end that do not unwind.
            Runtime.getRuntime().addShutdownHook(new Thread(terminal::close));
            // Ctrl-C goes on interrupting. Ctrl-Z does not stop: the shell would be left with a terminal that shows no typing.
            shell("stty -icanon -echo min 1 time 0 susp undef");
            return terminal;
        }

        /** The smaller of what is and what somebody wants. @param real 0 where unknown; wanted: null where nothing */
        public static int bound(int real, String wanted, int otherwise) {
            int most = wanted != null && wanted.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(wanted) : 0;
            return real > 0 && most > 0 ? Math.min(real, most) : real + most > 0 ? real + most : otherwise;
        }

        /** @return what it said, or null where it failed, or there is no shell or no terminal to run it at */
        private static String shell(String script) throws InterruptedException {
            try {
                var process = new ProcessBuilder("sh", "-c", script).redirectInput(new File(TTY))
                        .redirectError(ProcessBuilder.Redirect.INHERIT).start();
                var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
                return process.waitFor() == 0 ? said : null;
            } catch (IOException e) {
                return null;
            }
        }

        public int columns() {
            return columns;
        }

        public int rows() {
            return rows;
        }

        public InputStream keys() throws IOException {
            return new FileInputStream(TTY);
        }

        /** In the place of what was drawn before. @param lines none longer than the terminal is wide */
        public synchronized void draw(List<String> lines) {
            if (open.get()) {
                err.print(erasing() + "\033[?25l" + String.join("\n", lines) + "\n");
                err.flush();
                drawn = lines.size();
            }
        }

        private String erasing() {
            return (drawn == 0 ? "" : "\033[" + drawn + "A") + "\r\033[J";
        }

        /** Nothing stays to be seen of it. */
        @Override
        public synchronized void close() {
            if (open.compareAndSet(true, false)) {
                err.print(erasing() + "\033[?25h");
                err.flush();
                try {
                    shell("stty " + before);
                } catch (InterruptedException e) {
                    // It was started, and goes on by itself.
                    Thread.currentThread().interrupt();
                }
            }
        }

        /**
         * What is typed. A thread of its own reads it, as a read cannot be interrupted and Ctrl-C interrupts; but only as much as
         * is asked for: what is typed ahead stays where it is, for whoever reads next.
         */
        public static final class Typed {
            private static final int END = -1;
            private static final int NONE = -2;
            private static final int PAUSE = 2;

            private final InputStream in;
            private final int patience;
            private final ExecutorService reader = Executors.newSingleThreadExecutor(task -> {
                var thread = new Thread(task, "keys");
                thread.setDaemon(true);
                return thread;
            });
            /** What the next byte is known to be, by the reader alone; NONE: not known yet. */
            private int known = NONE;

            /** @param patience how long to wait for what comes at once if it comes at all, in milliseconds */
            public Typed(InputStream in, int patience) {
                this.in = in;
                this.patience = patience;
            }

            /** Whether nothing will ever come. To be asked first: a person has not typed by then. */
            public boolean isOver() throws InterruptedException {
                return Objects.equals(asked(() -> known = next(false), patience), END);
            }

            /** @param most how long to wait, in milliseconds; @return null where it takes longer, and then goes on */
            private <T> T asked(Callable<T> what, long most) throws InterruptedException {
                try {
                    return reader.submit(what).get(most, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    return null;
                } catch (ExecutionException e) {
                    throw new IllegalStateException(e.getCause());
                }
            }

            private int next(boolean atOnce) throws InterruptedException {
                int next = known;
                try {
                    if (next == NONE && (!atOnce || comes())) {
                        next = in.read();
                    }
                } catch (IOException e) {
                    next = END;
                }
                known = next == END ? END : NONE;
                return next;
            }

            /**
             * Whether a byte comes in time. The terminal is asked for what it holds, once more after the time is over: a byte that
             * has come is not late because this program, on a busy machine, was.
             */
            private boolean comes() throws IOException, InterruptedException {
                long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patience);
                boolean over = false;
                while (in.available() == 0) {
                    if (over) {
                        return false;
                    }
                    Thread.sleep(PAUSE);
                    over = System.nanoTime() - end >= 0;
                }
                return true;
            }

            /** @return without white space around it; null at the end */
            public String line() throws InterruptedException {
                return asked(this::readLine, Long.MAX_VALUE);
            }

            private String readLine() throws InterruptedException {
                var line = new ByteArrayOutputStream();
                int next = next(false);
                if (next == END) {
                    return null;
                }
                for (; next != '\n' && next != END && line.size() < 1000; next = next(false)) {
                    line.write(next);
                }
                return line.toString(StandardCharsets.UTF_8).strip();
            }

            /**
             * The next key: a character as it is, or {@code up}, {@code down}, {@code page up}, {@code page down}, {@code home},
             * {@code end}, {@code enter}, {@code escape} (also at the end), {@code erase}, {@code clear}; empty for any other.
             */
            public String key() throws InterruptedException {
                return asked(this::readKey, Long.MAX_VALUE);
            }

            private String readKey() throws InterruptedException {
                int first = next(false);
                return switch (first) {
                    case 27 -> escaped();
                    case '\r', '\n' -> "enter";
                    case 8, 127 -> "erase";
                    case 'U' & 31 -> "clear";
                    case 'P' & 31 -> "up";
                    case 'N' & 31 -> "down";
                    case 'D' & 31, END -> "escape";
                    default -> first < ' ' ? "" : character(first);
                };
            }

            /** A key that is no character sends several bytes at once, the first of which is also the escape key's only one. */
            private String escaped() throws InterruptedException {
                int next = next(true);
                if (next != '[' && next != 'O') {
                    return next < 0 || next == 27 ? "escape" : "";
                }
                var code = new StringBuilder();
                do {
                    next = next(true);
                    code.append((char) next);
                } while (next >= ' ' && next < '@');
                return switch (code.toString()) {
                    case "A" -> "up";
                    case "B" -> "down";
                    case "5~" -> "page up";
                    case "6~" -> "page down";
                    case "H", "1~", "7~" -> "home";
                    case "F", "4~", "8~" -> "end";
                    default -> "";
                };
            }

            private String character(int first) throws InterruptedException {
                var bytes = new byte[first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4];
                bytes[0] = (byte) first;
                for (int i = 1; i < bytes.length; i++) {
                    bytes[i] = (byte) next(true);
                }
                var text = new String(bytes, StandardCharsets.UTF_8);
                return text.indexOf('\ufffd') < 0 ? text : "";
            }
        }
    }
}
