package lib.provider;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

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
