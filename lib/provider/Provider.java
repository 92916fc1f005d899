package lib.provider;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import lib.provider.Provider.Mapping.Condition;
import lib.provider.Provider.Mapping.Pointer;

/**
 * One entry of providers.yaml after all layers are laid over each other.
 *
 * @param id          slug; the 40 of the legacy tool keep theirs
 * @param ship        whether it is asked without being named
 * @param why         for disabled entries and tombstones: the reason, a sentence; else null
 * @param since       when a tombstone died (YYYY or YYYY-MM or YYYY-MM-DD), else null
 * @param successor   the provider id to use instead, else null
 * @param baseUrl     as configured, without a trailing slash; may hold {@code ${VARIABLE}}, filled from the environment
 * @param baseUrlEnv  variables that replace it, in order
 * @param keyEnv      variables that hold the key, in order of preference
 * @param keyCommand  what prints the key where none of them is set; null in most entries and all bundled ones
 * @param auth        {@code bearer}, {@code none} or the name of the header that carries the key ({@code x-api-key})
 * @param headers     further headers of every request; never secret
 * @param wires       what the API speaks, to the base URL that speaks it (null: the base URL), in order of preference:
 *                    openai-chat, openai-responses, anthropic-messages, google-generate, cohere-chat, azure-openai
 * @param models      path and query below the base URL, or an absolute https URL, or {@code ""} for the base URL itself
 * @param page        null where one answer holds all
 * @param join        null unless a second API says more of the same models
 * @param modelsDev   what models.dev calls it, in the order to look there; empty if it does not know it
 * @param litellm     what LiteLLM's price map calls it, likewise: for some providers it has a name per kind of model
 * @param alsoCalled  what tools that people set up by hand call it where that is not its id: {@code claude}
 * @param prefix      what stands before every model id here and in no catalogue ({@code models/}), or ""
 * @param source      null unless it is no provider but tells facts about models of many
 * @param legacy      what the legacy TOML must say where it differs from today's entry
 * @param trust       which layer may send which key where
 */
public record Provider(String id, String name, Ship ship, String why, String since, String successor, String baseUrl,
        List<String> baseUrlEnv, List<String> keyEnv, Access.KeyCommand keyCommand, KeyNeed key, String auth, Map<String, String> headers,
        Map<String, String> wires, String models, Page page, Join join, Mapping mapping, String docs, String verified,
        List<String> modelsDev, List<String> litellm, List<String> alsoCalled, String prefix, Source source, Legacy legacy, Trust trust) {

    /** The protocols an API may speak. */
    public static final List<String> WIRES = List.of("openai-chat", "openai-responses", "anthropic-messages",
            "google-generate", "cohere-chat", "azure-openai");

    /** {@code default}: asked when its key is set. {@code template}, {@code disabled} and tombstones only when named. */
    public enum Ship { DEFAULT, TEMPLATE, LOCAL, DISABLED, SOURCE, TOMBSTONE }

    public enum KeyNeed { REQUIRED, OPTIONAL, NONE }

    /** BUNDLED and USER entries may use keys; a PROJECT entry that is not trusted never sees one. */
    public enum Trust { BUNDLED, USER, PROJECT }

    /** The names of the keys by which an entry says what a catalogue calls it. */
    public static final List<String> CATALOGUES = List.of("models_dev", "litellm");

    /**
     * Where facts come from that providers do not state. One of the two is null.
     *
     * @param catalogue one of {@link #CATALOGUES}: which key of a provider's entry says what it is called there
     * @param file      a file of facts that a person keeps, in the configuration folder or the working directory
     */
    public record Source(String catalogue, String file) {}

    /** What the catalogue calls this provider, the name to look for first first; empty where it does not know it. */
    public List<String> knownTo(String catalogue) {
        return catalogue.equals("litellm") ? litellm : modelsDev;
    }

    /** @param keyEnv null where the legacy table had no line; baseUrl likewise */
    public record Legacy(String keyEnv, String baseUrl) {}

    /**
     * How the rest of a list is reached. Exactly one of the three ways is declared:
     * cursor ({@code param} + {@code next} [+ {@code more}]), number ({@code param} + {@code first}), link ({@code link}).
     * All stop as soon as a page brings no new id.
     *
     * @param param query parameter that carries the cursor or the page number
     * @param next  where an answer holds the next cursor
     * @param more  where an answer says whether there is more; null: a null or absent cursor says it
     * @param first the number of the first page, null for a cursor
     * @param total where an answer states how many models there are in all; null if it does not
     * @param link  where an answer holds the next page's URL (same origin only)
     */
    public record Page(String param, Pointer next, Pointer more, Integer first, Pointer total, Pointer link) {}

    /**
     * A second request whose items are merged into the first's by key.
     *
     * @param urlEnv variable that replaces {@code url}
     * @param query  added to the URL, whichever it is
     * @param key    in the second answer's items, equal to the model's id
     * @param copy   new member of the model to what it is made of, in this order
     */
    public record Join(String url, String urlEnv, String query, Pointer items, Pointer key, Page page, Map<String, Copy> copy) {}

    /**
     * @param path  the value to copy
     * @param orElse JSON text used where there is none; null: the member is left out
     * @param count true: the number of elements of the array at {@code path} (those for which {@code where} holds)
     */
    public record Copy(Pointer path, String orElse, boolean count, Condition where) {}

    /**
     * How one provider's answer says what we want to know, declared in providers.yaml and never in Java. Every list is an
     * ordered fallback: the first entry that gives a usable value counts.
     *
     * @param items     where the models are: {@code /data} an array, {@code ""} the root array, {@code "{}"} a map of id to model
     * @param skip      keys of such a map that are no models ({@code sample_spec})
     * @param offer     null unless a model lists several offers of sub-providers
     * @param fields    schema field (see {@link Field#schema()}) to the places that state it, for texts, dates, lists and tokens
     * @param flags     schema field to the questions that answer it
     * @param mode      rules that tell what kind of model it is
     * @param status    rules that tell its lifecycle status
     * @param modes     what a bare {@code mode} path's value means in our terms: {@code language: completion}
     * @param complete  lists that name all a model can do, so that what they do not name is false rather than unknown
     * @param notChat   model ids that are no chat models where nothing else says so (a stop-gap)
     * @param volatileFields pointers whose values change with every request; never read, and dropped before hashing
     * @param price     null where the answer states no prices
     * @param providerOf in a catalogue of many providers' models, where an item names its provider; null elsewhere
     */
    public record Mapping(Items items, Set<String> skip, Offer offer, Map<Field, List<Pointer>> fields,
            Map<Field, List<Condition>> flags, List<Rule> mode, List<Rule> status, Map<String, String> modes,
            List<Pointer> complete, List<Pattern> notChat, List<Pointer> volatileFields, Price price, Pointer providerOf) {

        /** The kinds of model there are, and the statuses in a model's life: no other word stands in a snapshot. */
        public static final List<String> MODES = List.of("chat", "responses", "completion", "embedding", "rerank",
                "image_generation", "audio_transcription", "audio_speech", "video_generation", "moderation", "ocr", "realtime",
                "search", "other");
        public static final List<String> STATUSES = List.of("preview", "active", "deprecated", "retired", "missing");

        /** @param path of the array; for {@link Shape#NESTED}, within each outer value; null for {@link Shape#MAP} */
        public record Items(Shape shape, Pointer path) {}

        /** NESTED is a map of providers, each of which holds a map of models: their ids are {@code provider/model}. */
        public enum Shape { ARRAY, MAP, NESTED }

        /** {@code condition => result}, or a bare path whose value is the result (through {@link #modes} for a mode). */
        public record Rule(Condition when, Pointer path, String result) {}

        /**
         * Of the array at {@code from}, the first element that has all of {@code having} (else the first that has any) is
         * seen by all other pointers as {@code /offer}, so that limits and prices come from one and the same offer.
         */
        public record Offer(Pointer from, List<Pointer> having) {}

        /**
         * @param parts        schema field ({@code cost.input}) to the places of its amount
         * @param perTokens    how many tokens an amount is for: 1, 1000 or 1000000
         * @param scale        what an amount is multiplied by to be in the currency (0.0001 for novita)
         * @param when         amounts count only where this is true; null means always
         * @param zeroUnknown  true where the provider writes 0 for what it charges otherwise
         * @param currency     ISO 4217
         * @param tiers        what is charged instead under a condition
         */
        public record Price(Map<Field, List<Pointer>> parts, long perTokens, BigDecimal scale, Condition when,
                boolean zeroUnknown, String currency, List<Tier> tiers) {}

        /**
         * Prices of a class of service or beyond a prompt length: either one tier with a fixed {@code minContext} or
         * {@code service}, or an array of tiers at {@code from}, each with its bound at {@code bound}.
         *
         * @param from       the array, or the object that holds the tier's prices; null: the model itself
         * @param bound      in an element of the array, tokens above which it counts; null where the bound is fixed
         * @param minContext tokens above which it counts; null where it does not depend on them or {@code bound} says it
         * @param service    standard, priority, flex or batch; null: standard
         * @param parts      places within the tier
         */
        public record Tier(Pointer from, Pointer bound, Long minContext, String service, Map<Field, List<Pointer>> parts) {}

        public static final List<String> SERVICES = List.of("standard", "priority", "flex", "batch");

        /**
         * A path into one model of a provider's answer: a JSON Pointer (RFC 6901) that may hold {@code *}, which stands for every
         * element of an array. {@code ""} is the model itself. How several values become one is fixed by what is looked for:
         * of limits the largest, of flags any that is true, of texts the first.
         *
         * @param tokens the decoded reference tokens
         */
        public record Pointer(String text, List<String> tokens) {

            /** @throws IllegalArgumentException with a sentence for the reader of providers.yaml */
            public static Pointer parse(String text) {
                if (text.isEmpty()) {
                    return new Pointer(text, List.of());
                }
                if (text.charAt(0) != '/') {
                    throw new IllegalArgumentException("'" + text + "' is not a path: it must be empty or start with /");
                }
                var tokens = new ArrayList<String>(4);
                for (int start = 1, end; start <= text.length(); start = end + 1) {
                    end = text.indexOf('/', start);
                    end = end < 0 ? text.length() : end;
                    tokens.add(decode(text.substring(start, end)));
                }
                return new Pointer(text, Collections.unmodifiableList(tokens));
            }

            private static String decode(String token) {
                int tilde = token.indexOf('~');
                if (tilde < 0) {
                    return token;
                }
                for (; tilde >= 0; tilde = token.indexOf('~', tilde + 1)) {
                    if (tilde + 1 == token.length() || token.charAt(tilde + 1) != '0' && token.charAt(tilde + 1) != '1') {
                        throw new IllegalArgumentException("'" + token + "' has a ~ that is not ~0 or ~1");
                    }
                }
                return token.replace("~1", "/").replace("~0", "~");
            }

            @Override
            public String toString() {
                return text;
            }
        }

        /**
         * A yes-or-no question to one model of an answer, as written in providers.yaml:
         *
         * <pre>
         * /supports_tools                              the value is true
         * /pricing/unit_type = TOKEN                   the value, as text, equals (= false asks for an explicit false)
         * /features ~ reasoning                        an array holds the text, or a text contains it
         * /supports_image_input if /supports_chat      asked only where the guard is true, else unknown
         * </pre>
         *
         * @param value what to compare with; null for {@link Test#TRUE}
         * @param guard null where there is none
         */
        public record Condition(Pointer path, Test test, String value, Condition guard) {
            public enum Test { TRUE, EQUALS, CONTAINS }

            /** @throws IllegalArgumentException with a sentence for the reader of providers.yaml */
            public static Condition parse(String text) {
                int guarded = text.indexOf(" if ");
                if (guarded >= 0) {
                    var plain = parse(text.substring(0, guarded).strip());
                    return new Condition(plain.path, plain.test, plain.value, parse(text.substring(guarded + 4).strip()));
                }
                int equals = text.indexOf(" = ");
                int contains = text.indexOf(" ~ ");
                if (equals < 0 && contains < 0) {
                    return new Condition(Pointer.parse(text.strip()), Test.TRUE, null, null);
                }
                int at = equals < 0 ? contains : contains < 0 ? equals : Math.min(equals, contains);
                return new Condition(Pointer.parse(text.substring(0, at).strip()), at == equals ? Test.EQUALS : Test.CONTAINS,
                        text.substring(at + 3).strip(), null);
            }
        }
    }

    /** What can be mapped: the key in providers.yaml, the field of the normalised schema, and the kind of its value. */
    public enum Field {
        ID("id", "id", Kind.TEXT), NAME("name_of", "name", Kind.TEXT), MODE("mode", "mode", Kind.WORD), STATUS("status", "lifecycle.status", Kind.WORD),
            FAMILY("family", "family", Kind.TEXT),
        OWNED_BY("owned_by", "owned_by", Kind.TEXT), CANONICAL_ID("canonical_id", "canonical_id", Kind.TEXT),
        LICENSE("license", "license", Kind.TEXT), HUGGING_FACE_ID("hugging_face_id", "hugging_face_id", Kind.TEXT),
        QUANTIZATION("quantization", "quantization", Kind.TEXT), REPLACEMENT("replacement", "lifecycle.replacement", Kind.TEXT),
        RELEASED("released", "release_date", Kind.DATE), UPDATED("updated", "last_updated", Kind.DATE),
        KNOWLEDGE("knowledge", "knowledge_cutoff", Kind.DATE), DEPRECATED_ON("deprecated_on", "lifecycle.deprecation_date", Kind.DATE),
        RETIRED_ON("retired_on", "lifecycle.retirement_date", Kind.DATE),
        ALIASES("aliases", "aliases", Kind.LIST), INPUT_MODALITIES("input_modalities", "modalities.input", Kind.LIST),
        OUTPUT_MODALITIES("output_modalities", "modalities.output", Kind.LIST),
        CONTEXT("context", "limits.context", Kind.TOKENS), MAX_INPUT("max_input", "limits.input", Kind.TOKENS),
        MAX_OUTPUT("max_output", "limits.output", Kind.TOKENS), DEFAULT_OUTPUT("default_output", "limits.default_output", Kind.TOKENS),
        TOOLS("tools", "capabilities.tool_call", Kind.FLAG), PARALLEL_TOOLS("parallel_tools", "capabilities.parallel_tool_call", Kind.FLAG),
        TOOL_CHOICE("tool_choice", "capabilities.tool_choice", Kind.FLAG),
        STRUCTURED_OUTPUT("structured_output", "capabilities.structured_output", Kind.FLAG),
        REASONING("reasoning", "capabilities.reasoning", Kind.FLAG), VISION("vision", "capabilities.vision", Kind.FLAG),
        PDF_INPUT("pdf_input", "capabilities.pdf_input", Kind.FLAG), AUDIO_INPUT("audio_input", "capabilities.audio_input", Kind.FLAG),
        PROMPT_CACHING("prompt_caching", "capabilities.prompt_caching", Kind.FLAG),
        SYSTEM_MESSAGES("system_messages", "capabilities.system_messages", Kind.FLAG),
        ASSISTANT_PREFILL("assistant_prefill", "capabilities.assistant_prefill", Kind.FLAG),
        COMPUTER_USE("computer_use", "capabilities.computer_use", Kind.FLAG), WEB_SEARCH("web_search", "capabilities.web_search", Kind.FLAG),
        TEMPERATURE("temperature", "capabilities.temperature", Kind.FLAG), STREAMING("streaming", "capabilities.streaming", Kind.FLAG),
        BATCH("batch", "capabilities.batch", Kind.FLAG), OPEN_WEIGHTS("open_weights", "open_weights", Kind.FLAG), FREE("free", "free", Kind.FLAG),
        COST_INPUT("input", "cost.input", Kind.MONEY), COST_OUTPUT("output", "cost.output", Kind.MONEY),
        COST_CACHE_READ("cache_read", "cost.cache_read", Kind.MONEY), COST_CACHE_WRITE("cache_write", "cost.cache_write", Kind.MONEY),
        COST_CACHE_WRITE_1H("cache_write_1h", "cost.cache_write_1h", Kind.MONEY), COST_REASONING("reasoning", "cost.reasoning", Kind.MONEY),
        COST_INPUT_AUDIO("input_audio", "cost.input_audio", Kind.MONEY), COST_OUTPUT_AUDIO("output_audio", "cost.output_audio", Kind.MONEY),
        COST_BATCH_INPUT("batch_input", "cost.batch_input", Kind.MONEY), COST_BATCH_OUTPUT("batch_output", "cost.batch_output", Kind.MONEY),
        /** USD for one image or one request, not per token. */
        COST_IMAGE("image", "cost.image", Kind.MONEY_EACH), COST_REQUEST("request", "cost.request", Kind.MONEY_EACH),
        /** ISO 4217, of all amounts of the model; known where one of them is. Nothing is converted. */
        CURRENCY("currency", "cost.currency", Kind.TEXT),
        /** What is charged instead beyond a prompt length, or for another class of service. */
        TIERS("tiers", "cost.tiers", Kind.TIERS),
        /** How the amount of reasoning is told: toggle, effort, budget_tokens; and the efforts there are. */
        REASONING_KINDS("reasoning_kinds", "reasoning_options.kinds", Kind.LIST),
        REASONING_EFFORTS("reasoning_efforts", "reasoning_options.efforts", Kind.LIST),
        /** What only a person can say, in overrides.yaml: a name of their own, words to search for, why a fact is overridden. */
        SHORT_NAME("short", "short_name", Kind.TEXT), TAGS("tags", "tags", Kind.LIST), NOTE("note", "note", Kind.TEXT);

        /** The fields of which no provider speaks. */
        public static final Set<Field> PERSONAL = Set.of(SHORT_NAME, TAGS, NOTE);

        private final String key;
        private final String schema;
        private final Kind kind;

        Field(String key, String schema, Kind kind) {
            this.key = key;
            this.schema = schema;
            this.kind = kind;
        }

        /** The key in providers.yaml: beside {@code items} for all but money, below {@code price} for money. */
        public String key() {
            return key;
        }

        /** The dotted name in the snapshot and in {@code sources}. */
        public String schema() {
            return schema;
        }

        public Kind kind() {
            return kind;
        }

        private static final Map<String, Field> BY_SCHEMA = new HashMap<>();

        static {
            for (var field : values()) {
                BY_SCHEMA.put(field.schema, field);
            }
        }

        /** @return null where the schema has no such field */
        public static Field ofSchema(String dotted) {
            return BY_SCHEMA.get(dotted);
        }

        public boolean isMoney() {
            return kind == Kind.MONEY || kind == Kind.MONEY_EACH;
        }

        /** WORD is one of a fixed set of words (mode, lifecycle status); MONEY is USD per 1M tokens, MONEY_EACH USD a piece. */
        public enum Kind { TEXT, WORD, DATE, LIST, TOKENS, FLAG, MONEY, MONEY_EACH, TIERS }
    }
}
