package lib.render;

import freemarker.cache.TemplateLoader;
import freemarker.core.Environment;
import freemarker.core.HTMLOutputFormat;
import freemarker.core.InvalidReferenceException;
import freemarker.core.LegacyCFormat;
import freemarker.core.OutputFormat;
import freemarker.core.ParseException;
import freemarker.core.PlainTextOutputFormat;
import freemarker.core.TemplateClassResolver;
import freemarker.core.TemplateNumberFormat;
import freemarker.core.TemplateNumberFormatFactory;
import freemarker.core.XMLOutputFormat;
import freemarker.core._CoreAPI;
import freemarker.template.Configuration;
import freemarker.template.Template;
import freemarker.template.TemplateException;
import freemarker.template.TemplateExceptionHandler;
import freemarker.template.TemplateHashModel;
import freemarker.template.TemplateModelException;
import freemarker.template.TemplateNumberModel;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TimeZone;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import lib.provider.Json.Listing;

/**
 * FreeMarker as we use it: one configuration per output format, so that an included file is escaped as the file that
 * includes it, and no way from a template to a class, a file, the environment or a key.
 */
final class Engine {
    static final int MAX_OUTPUT_BYTES = 64 << 20;
    private static final long MAX_RENDER_NANOS = 30_000_000_000L;
    static final String TOO_LONG = "did not end within " + MAX_RENDER_NANOS / 1_000_000_000 + " s";
    /** How long a template that was told to stop may go on before its thread is left behind. */
    private static final long GRACE_NANOS = 2_000_000_000L;

    /** How output is escaped, and which parser has to accept it before it is written. */
    enum Format {
        TOML("toml"), YAML("yaml", "yml"), JSON("json"), JSONC("jsonc"), XML("xml", "atom", "rss"), HTML("html"), TEXT("txt", "md");

        private final List<String> extensions;

        Format(String... extensions) {
            this.extensions = List.of(extensions);
        }

        /** @return null where no format has this extension */
        static Format of(String fileName) {
            var extension = fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
            for (var format : values()) {
                if (fileName.contains(".") && format.extensions.contains(extension)) {
                    return format;
                }
            }
            return null;
        }

        OutputFormat outputFormat() {
            return switch (this) {
                case TOML -> new Quoted("TOML", Quoted.TomlLexer::new);
                case YAML -> new Quoted("YAML", Quoted.YamlLexer::new);
                case JSON, JSONC -> new Quoted("JSON", Quoted.JsonLexer::new);
                case XML -> XMLOutputFormat.INSTANCE;
                case HTML -> HTMLOutputFormat.INSTANCE;
                case TEXT -> PlainTextOutputFormat.INSTANCE;
            };
        }
    }

    /** A template that cannot be read or did not get to its end. */
    static final class Failed extends Exception {
        private static final long serialVersionUID = 1;
        private final transient Rendering.Problem problem;

        Failed(Rendering.Problem problem) {
            super(problem.message());
            this.problem = problem;
        }

        Rendering.Problem problem() {
            return problem;
        }
    }

    /** Thrown by {@code <@skip reason="…"/>}: this file is left out, which is no error. */
    static final class Skip extends TemplateModelException {
        private static final long serialVersionUID = 1;
        private final String reason;

        Skip(String reason) {
            super(reason);
            this.reason = reason;
        }

        String reason() {
            return reason;
        }
    }

    private final Function<String, Tools.Source> trusted;
    private final Function<String, Tools.Source> all;

    /**
     * @param trusted the files a trusted template may include, by path below the templates folder; null where there is none
     * @param all     the files an untrusted one may include
     */
    Engine(Function<String, Tools.Source> trusted, Function<String, Tools.Source> all) {
        this.trusted = trusted;
        this.all = all;
    }

    /** @throws Failed with line and column, where it is no template */
    Template parse(String path, Tools.Source source, Format format) throws Failed {
        try {
            var template = configuration(format, source.trusted() ? trusted : all).getTemplate(path);
            _CoreAPI.addThreadInterruptedChecks(template);
            return template;
        } catch (ParseException e) {
            throw new Failed(new Rendering.Problem(Rendering.Kind.TEMPLATE, source.shown(), e.getLineNumber(), e.getColumnNumber(), null, null,
                    brief(e.getEditorMessage())));
        } catch (IOException e) {
            throw new Failed(new Rendering.Problem(Rendering.Kind.TEMPLATE, source.shown(), 0, 0, null, null, brief(e.getMessage())));
        }
    }

    /** The files that this template was made of so far: its own, and those that it has included in what it rendered. */
    static Collection<Tools.Source> sources(Template template) {
        return ((Loader) template.getConfiguration().getTemplateLoader()).read();
    }

    /**
     * @param subject asked for when something goes wrong: what was being rendered
     * @return UTF-8
     */
    byte[] render(Template template, Tools.Source source, Format format, TemplateHashModel data, Supplier<String> subject)
            throws Failed, Skip {
        var lexer = template.getOutputFormat() instanceof Quoted quoted ? quoted.newLexer() : null;
        try (var sink = new Sink(lexer, MAX_OUTPUT_BYTES)) {
            template.process(data, sink);
            return sink.toByteArray();
        } catch (Skip e) {
            throw e;
        } catch (TemplateException e) {
            throw failed(e, source, subject.get());
        } catch (StackOverflowError e) {
            throw new Failed(new Rendering.Problem(Rendering.Kind.TEMPLATE, source.shown(), 0, 0, null, subject.get(),
                    "a macro or function of it calls itself without end"));
        } catch (IOException e) {
            throw e.getCause() instanceof TemplateException located ? failed(located, source, subject.get())
                    : new Failed(new Rendering.Problem(Rendering.Kind.TEMPLATE, source.shown(), 0, 0, null, subject.get(), brief(e.getMessage())));
        } catch (RuntimeException e) {
            throw new Failed(new Rendering.Problem(Rendering.Kind.TEMPLATE, source.shown(), 0, 0, null, subject.get(),
                    Thread.currentThread().isInterrupted() || interrupted(e) ? TOO_LONG : brief(e.toString())));
        }
    }

    /** FreeMarker's own exception for a template that noticed the interruption is not public. */
    private static boolean interrupted(Throwable e) {
        return e.getClass().getSimpleName().equals("TemplateProcessingThreadInterruptedException");
    }

    private Failed failed(TemplateException e, Tools.Source source, String subject) {
        var included = e.getTemplateSourceName() == null ? null : all.apply(e.getTemplateSourceName());
        int line = e.getLineNumber() == null ? 0 : e.getLineNumber();
        int column = e.getColumnNumber() == null ? 0 : e.getColumnNumber();
        var expression = e.getBlamedExpressionString();
        var message = e instanceof InvalidReferenceException && expression != null
                ? expression + " is unknown or not there; ask with <#if " + expression + "??> or give a default with !"
                : brief(e.getMessageWithoutStackTop());
        return new Failed(new Rendering.Problem(Rendering.Kind.TEMPLATE, included == null ? source.shown() : included.shown(), line, column,
                expression == null ? null : brief(expression), subject, message));
    }

    /** FreeMarker's messages have many lines, and may quote what a provider said. */
    private static String brief(String message) {
        if (message == null) {
            return "no reason given";
        }
        int end = message.indexOf("\n----");
        var text = (end < 0 ? message : message.substring(0, end)).replaceAll("\\s+", " ").strip();
        return Listing.visible(text);
    }

    /** One for each template, so that what it includes is known. */
    private static Configuration configuration(Format format, Function<String, Tools.Source> sources) {
        var c = new Configuration(Configuration.VERSION_2_3_35);
        c.setTemplateLoader(new Loader(sources, new ConcurrentLinkedQueue<>()));
        c.setOutputFormat(format.outputFormat());
        c.setRecognizeStandardFileExtensions(false);
        c.setDefaultEncoding("UTF-8");
        c.setLocalizedLookup(false);
        c.setTemplateUpdateDelayMilliseconds(Long.MAX_VALUE);
        c.setLocale(Locale.ROOT);
        c.setTimeZone(TimeZone.getTimeZone("UTC"));
        c.setCustomNumberFormats(Map.of("plain", PlainNumbers.FACTORY));
        c.setNumberFormat("@plain");
        c.setBooleanFormat("c");
        c.setCFormat(LegacyCFormat.INSTANCE);
        c.setDateTimeFormat("iso");
        c.setObjectWrapper(Views.WRAPPER);
        c.setNewBuiltinClassResolver(TemplateClassResolver.ALLOWS_NOTHING_RESOLVER);
        c.setAPIBuiltinEnabled(false);
        c.setTemplateExceptionHandler(TemplateExceptionHandler.RETHROW_HANDLER);
        c.setAttemptExceptionReporter((e, environment) -> { });
        c.setLogTemplateExceptions(false);
        c.setWrapUncheckedExceptions(false);
        c.setFallbackOnNullLoopVariable(false);
        return c;
    }

    /** Reads what {@link Tools} found; a path decides, nothing else. @param read what was asked for and found */
    private record Loader(Function<String, Tools.Source> sources, Queue<Tools.Source> read) implements TemplateLoader {
        @Override
        public Object findTemplateSource(String name) {
            var found = sources.apply(name);
            if (found != null) {
                read.add(found);
            }
            return found;
        }

        @Override
        public long getLastModified(Object source) {
            return 0;
        }

        @Override
        public Reader getReader(Object source, String encoding) {
            return new StringReader(((Tools.Source) source).text());
        }

        @Override
        public void closeTemplateSource(Object source) {}
    }

    /** Numbers as people and every parser read them: no grouping, no exponent, no trailing zeros. */
    private static final class PlainNumbers extends TemplateNumberFormat {
        static final TemplateNumberFormatFactory FACTORY = new TemplateNumberFormatFactory() {
            @Override
            public TemplateNumberFormat get(String parameters, Locale locale, Environment environment) {
                return new PlainNumbers();
            }
        };

        @Override
        public String formatToPlainText(TemplateNumberModel model) throws TemplateModelException {
            return Views.plain(model.getAsNumber());
        }

        @Override
        public boolean isLocaleBound() {
            return false;
        }

        @Override
        public String getDescription() {
            return "plain decimal";
        }
    }

    /** Tells the crew when the part of a job begins and ends whose length a template decides. */
    interface Watch {
        void begin();

        void end();
    }

    /**
     * Threads that work off jobs, and a watch over them: a job whose watched part takes too long is interrupted, and one that
     * does not heed that is left behind, with a new thread in its place.
     */
    static final class Crew<J> {
        private final Queue<J> jobs;
        private final BiConsumer<J, Watch> work;
        private final Consumer<J> stuck;
        private final List<Member> members = new ArrayList<>();
        private final AtomicReference<Throwable> broken = new AtomicReference<>();

        /** @param stuck told of each job that was left behind */
        Crew(Collection<J> jobs, BiConsumer<J, Watch> work, Consumer<J> stuck) {
            this.jobs = new ConcurrentLinkedQueue<>(jobs);
            this.work = work;
            this.stuck = stuck;
        }

        /** Returns when all jobs are done or left behind. */
        void work(int size) throws InterruptedException {
            for (int i = 0; i < size; i++) {
                add();
            }
            try {
                for (int i = 0; i < members.size(); i++) {
                    var member = members.get(i);
                    while (member.isAlive() && !member.isLeft()) {
                        member.join(50);
                        watch();
                    }
                }
            } catch (InterruptedException e) {
                jobs.clear();
                members.forEach(Thread::interrupt);
                // Each deletes the file it is in the middle of; one that a template keeps busy is not waited for long.
                for (var member : members) {
                    member.join(500);
                }
                throw e;
            }
            if (broken.get() != null) {
                throw new IllegalStateException("a rendering thread broke", broken.get());
            }
        }

        private void add() {
            var member = new Member();
            members.add(member);
            member.start();
        }

        private void watch() {
            for (var member : List.copyOf(members)) {
                if (member.overdue(System.nanoTime())) {
                    stuck.accept(member.job);
                    add();
                }
            }
        }

        private final class Member extends Thread implements Watch {
            private volatile J job;
            private boolean watched;
            private long since;
            private boolean told;
            private boolean left;

            Member() {
                super("catalog-render");
                setDaemon(true);
                setUncaughtExceptionHandler((thread, e) -> broken.compareAndSet(null, e));
            }

            @Override
            public void run() {
                for (var next = jobs.poll(); next != null && !isLeft() && broken.get() == null; next = jobs.poll()) {
                    job = next;
                    work.accept(next, this);
                }
            }

            synchronized boolean isLeft() {
                return left;
            }

            @Override
            public synchronized void begin() {
                watched = true;
                since = System.nanoTime();
                told = false;
            }

            @Override
            public synchronized void end() {
                watched = false;
                if (told) {
                    Thread.interrupted();
                }
            }

            /** @return true once, when it is to be left behind */
            synchronized boolean overdue(long now) {
                if (!watched || left) {
                    return false;
                }
                if (now - since > MAX_RENDER_NANOS && !told) {
                    told = true;
                    interrupt();
                }
                left = now - since > MAX_RENDER_NANOS + GRACE_NANOS;
                return left;
            }
        }
    }
}
