///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../catalog.java
//SOURCES *.java
//DEPS org.junit.jupiter:junit-jupiter:6.1.3
//DEPS com.fasterxml.jackson.dataformat:jackson-dataformat-yaml:2.22.4
//DEPS org.junit.platform:junit-platform-launcher:6.1.3
//JAVA_OPTIONS -Xmx768m
package tests;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the tests: all, or the classes ({@code FetchTest}) and methods ({@code FetchTest#name}) that are named. Prints a line for
 * each that did not pass, with the part of the trace that lies in this project, and ends with {@code N passed, N failed, N skipped}.
 */
public class all {
    public static void main(String... names) throws URISyntaxException {
        var jar = Path.of(all.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<? extends DiscoverySelector> selected = names.length == 0
                ? selectClasspathRoots(Set.of(jar))
                : Arrays.stream(names).map(name -> "tests." + name).map(name -> name.contains("#") ? selectMethod(name) : selectClass(name)).toList();
        var request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selected)
                .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
                .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
                .configurationParameter("junit.jupiter.execution.parallel.config.executor-service", "WORKER_THREAD_POOL")
                .build();
        var report = new Report(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        LauncherFactory.create().execute(request, report);
        report.out.printf("%d passed, %d failed, %d skipped%n", report.passed, report.failed, report.skipped);
        System.exit(report.failed == 0 && report.passed > 0 ? 0 : 1);
    }

    /** Counts tests; a class or an engine that fails as a whole counts as one failure. */
    private static final class Report implements TestExecutionListener {
        private final PrintStream out;
        private int passed;
        private int failed;
        private int skipped;

        private Report(PrintStream out) {
            this.out = out;
        }

        @Override
        public synchronized void executionSkipped(TestIdentifier test, String reason) {
            skipped++;
            out.println("SKIPPED " + name(test) + ": " + reason);
        }

        @Override
        public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
            var problem = result.getThrowable().orElse(null);
            switch (result.getStatus()) {
                case SUCCESSFUL -> passed += test.isTest() ? 1 : 0;
                case ABORTED -> executionSkipped(test, problem == null ? "" : String.valueOf(problem.getMessage()));
                case FAILED -> {
                    failed++;
                    out.println("FAILED " + name(test) + ": " + problem);
                    for (var cause = problem; cause != null; cause = cause.getCause()) {
                        if (cause != problem) {
                            out.println("    caused by " + cause);
                        }
                        trace(cause).forEach(frame -> out.println("        at " + frame));
                    }
                }
            }
        }

        private static List<StackTraceElement> trace(Throwable problem) {
            var own = new ArrayList<>(Arrays.asList(problem.getStackTrace()));
            own.removeIf(frame -> !frame.getClassName().startsWith("tests.") && !frame.getClassName().startsWith("lib.")
                    && !frame.getClassName().startsWith("catalog"));
            return own.subList(0, Math.min(own.size(), 8));
        }

        private static String name(TestIdentifier test) {
            var source = test.getSource().<TestSource>map(s -> s).orElse(null);
            var where = source instanceof MethodSource m ? m.getClassName().replaceFirst("^tests\\.", "") + "#" + m.getMethodName()
                    : source instanceof ClassSource c ? c.getClassName().replaceFirst("^tests\\.", "") : test.getUniqueId();
            return test.isTest() && !test.getDisplayName().startsWith(where.replaceFirst(".*#", "")) ? where + " " + test.getDisplayName() : where;
        }
    }
}
