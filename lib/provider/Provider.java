package lib.provider;

import java.util.List;
import java.util.Map;
import lib.provider.Mapping.Condition;
import lib.provider.Mapping.Pointer;

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
 * @param auth        {@code bearer}, {@code none} or the name of the header that carries the key ({@code x-api-key})
 * @param headers     further headers of every request; never secret
 * @param wires       what the API speaks, to the base URL that speaks it (null: the base URL), in order of preference:
 *                    openai-chat, openai-responses, anthropic-messages, google-generate, cohere-chat, azure-openai
 * @param models      path and query below the base URL, or an absolute https URL, or {@code ""} for the base URL itself
 * @param page        null where one answer holds all
 * @param join        null unless a second API says more of the same models
 * @param modelsDev   what models.dev calls it, null if it does not know it
 * @param litellm     what LiteLLM's price map calls it, null likewise
 * @param prefix      what stands before every model id here and in no catalogue ({@code models/}), or ""
 * @param source      null unless it is no provider but tells facts about models of many
 * @param legacy      what the legacy TOML must say where it differs from today's entry
 * @param trust       which layer may send which key where
 */
public record Provider(String id, String name, Ship ship, String why, String since, String successor, String baseUrl,
        List<String> baseUrlEnv, List<String> keyEnv, KeyNeed key, String auth, Map<String, String> headers,
        Map<String, String> wires, String models, Page page, Join join, Mapping mapping, String docs, String verified,
        String modelsDev, String litellm, String prefix, Source source, Legacy legacy, Trust trust) {

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

    /** What the catalogue calls this provider, null where it does not know it. */
    public String knownTo(String catalogue) {
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
}
