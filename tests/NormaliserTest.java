package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import lib.model.Model;
import lib.model.Normaliser;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Provider.Field;
import lib.provider.Provider;
import lib.provider.Providers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of one provider's answer, by its mapping alone. */
class NormaliserTest {
    static final Instant FETCHED = Instant.parse("2026-03-01T12:00:00Z");

    /** @param mapping lines of an entry of providers.yaml */
    static Provider acme(String mapping) {
        var yaml = "schema: 1\ndefaults: {items: /data, id: /id}\nproviders:\n  acme:\n    base_url: https://acme.example/v1\n"
                + mapping.indent(4);
        var nowhere = Path.of("no-such-folder").toAbsolutePath();
        var host = Fixtures.host(nowhere, Map.of("XDG_CONFIG_HOME", nowhere.toString()));
        return Providers.load(host, yaml.getBytes(StandardCharsets.UTF_8)).named("acme");
    }

    static List<Model> models(Provider provider, String answer) {
        try {
            return Normaliser.models(provider, Json.parse(answer.getBytes(StandardCharsets.UTF_8)), FETCHED);
        } catch (Listing.NotAListing | java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    /** @param members of the one model, beside its id "m" */
    private static Model model(String mapping, String members) {
        return models(acme(mapping), "{\"data\":[{\"id\":\"m\"," + members + "}]}").get(0);
    }

    private static String price(String mapping, String members) {
        var money = model(mapping, members).money(Field.COST_INPUT);
        return money == null ? null : money.toPlainString();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            text, USD per token           | {input: /p, per: token}              | "0.000000015" | 0.015
            text with zeros at its end    | {input: /p, per: token}              | "0.00000500"  | 5
            number, USD per token         | {input: /p, per: token}              | 2.5e-06       | 2.5
            text with $, USD per token    | {input: /p, per: token}              | "$0.00000055" | 0.55
            number, USD per 1M            | {input: /p}                          | 0.04          | 0.04
            noise of a binary fraction    | {input: /p}                          | 0.040003199999999996 | 0.040003199999999996
            per 1K                        | {input: /p, per: 1K}                 | 0.0015        | 1.5
            1e-4 USD per 1M               | {input: /p, scale: 0.0001}           | 500           | 0.05
            cents per token               | {input: /p, per: token, scale: 0.01} | 0.0003        | 3
            another currency              | {input: /p, currency: CNY}           | "8"           | 8
            a stated 0                    | {input: /p}                          | 0             | 0
            a stated 0, as text           | {input: /p, per: token}              | "0.00000000"  | 0
            a 0 with a hostile exponent   | {input: /p, per: token}              | 0e999999999   | 0
            """)
    void amounts_become_exact_decimals_per_million_tokens(String what, String price, String stated, String expected) {
        assertEquals(expected, price("price: " + price, "\"p\":" + stated), what);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "\" \"", "\"-1\"", "-1", "-0.5", "\"free\"", "\"1,000\"", "\"0.5 USD\"", "null", "true", "[1]", "{}",
        "1e999999999", "1e-999999999", "-1e999999999", "\"1e999999999\"", "\"NaN\"", "\"\\u0661\"", "10000000000", "1e-12", "\"0.0000000009\""})
    void amounts_that_say_nothing_are_unknown(String stated) {
        assertNull(price("price: {input: /p}", "\"p\":" + stated));
    }

    @Test
    void an_unusable_amount_makes_way_for_the_next_place() {
        assertEquals("3", price("price: {input: [/a, /b]}", "\"a\":\"\",\"b\":3"));
        assertEquals("0", price("price: {input: [/a, /b]}", "\"a\":0,\"b\":3"));
        assertEquals("3", price("price: {input: [/a, /b], zero: unknown}", "\"a\":0,\"b\":3"));
    }

    @Test
    void prices_count_only_under_their_condition() {
        var mapping = "price: {input: /p, when: /unit = TOKEN}";
        assertEquals("2", price(mapping, "\"p\":2,\"unit\":\"TOKEN\""));
        assertNull(price(mapping, "\"p\":2,\"unit\":\"SECOND\""));
        assertNull(price(mapping, "\"p\":2"));
    }

    @Test
    void a_price_each_is_not_multiplied_by_tokens() {
        var model = model("price: {input: /p, image: /i, per: token}", "\"p\":\"0.000001\",\"i\":\"0.003613\"");
        assertEquals(new BigDecimal("0.003613"), model.money(Field.COST_IMAGE));
        assertEquals(new BigDecimal("1"), model.money(Field.COST_INPUT));
    }

    @Test
    void the_currency_stands_beside_prices_and_nowhere_else() {
        assertEquals("CNY", model("price: {input: /p, currency: CNY}", "\"p\":2").text(Field.CURRENCY));
        assertEquals("USD", model("price: {input: /p}", "\"p\":2").text(Field.CURRENCY));
        assertNull(model("price: {input: /p}", "\"p\":null").text(Field.CURRENCY));
    }

    @Test
    void of_several_offers_the_limit_is_the_largest_and_the_price_the_least_above_zero() {
        var offers = "\"o\":[{\"c\":8192,\"p\":0.4},{\"c\":131072,\"p\":0.3},{\"c\":null,\"p\":0}]";
        var model = model("context: /o/*/c\nprice: {input: /o/*/p}", offers);
        assertEquals(131072, model.tokens(Field.CONTEXT));
        assertEquals(new BigDecimal("0.3"), model.money(Field.COST_INPUT));
    }

    @Test
    void limits_and_prices_come_from_the_first_offer_that_has_both() {
        var mapping = "offer: {from: /o, having: [/c, /p]}\ncontext: /offer/c\nprice: {input: /offer/p}";
        var both = model(mapping, "\"offer\":{\"c\":1,\"p\":1},\"o\":[{\"c\":9000},{\"c\":100,\"p\":2},{\"c\":200,\"p\":1}]");
        assertEquals(100, both.tokens(Field.CONTEXT));
        assertEquals(new BigDecimal("2"), both.money(Field.COST_INPUT));
        assertEquals(9000, model(mapping, "\"o\":[{},{\"c\":9000}]").tokens(Field.CONTEXT));
        assertNull(model(mapping, "\"offer\":{\"c\":1},\"o\":[]").tokens(Field.CONTEXT), "the provider's own member is not ours");
    }

    @Test
    void choosing_an_offer_leaves_the_answer_as_it_was() throws Exception {
        var answer = Json.parse("{\"data\":[{\"id\":\"m\",\"offer\":1,\"o\":[{\"c\":5}]}]}".getBytes(StandardCharsets.UTF_8));
        var before = answer.toString();
        Normaliser.models(acme("offer: {from: /o, having: [/c]}\ncontext: /offer/c"), answer, FETCHED);
        assertEquals(before, answer.toString());
    }

    @ParameterizedTest
    @CsvSource({"131072, 131072", "131072.0, 131072", "1.31072e5, 131072", "'\"8192\"', 8192", "100000000, 100000000"})
    void token_counts_are_whole_numbers_in_any_dress(String stated, long expected) {
        assertEquals(expected, model("context: /c", "\"c\":" + stated).tokens(Field.CONTEXT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "\"0\"", "\"\"", "null", "8192.5", "\"max tokens\"", "\"8k\"", "\"-5\"", "true", "100000001", "\"100000001\"", "1e999999999",
        "1e-999999999", "99999999999999999999", "\"\\u0661\\u0662\"", "[8192]"})
    void a_limit_that_is_none_makes_way_for_the_next_place(String stated) {
        assertEquals(77, model("context: [/c, /d]", "\"c\":" + stated + ",\"d\":77").tokens(Field.CONTEXT));
    }

    @ParameterizedTest
    @CsvSource({"1729641600, 2024-10-23", "1739905182986, 2025-02-18", "1729641600.75, 2024-10-23", "'\"1729641600\"', 2024-10-23",
        "'\"2024-10-22T00:00:00Z\"', 2024-10-22", "'\"2024-10-22T23:30:00-02:00\"', 2024-10-23", "'\"2024-10-22 08:00:00\"', 2024-10-22",
        "'\"2024-10-22T8am\"', 2024-10-22", "'\"2024-10-22\"', 2024-10-22", "'\"2024-10\"', 2024-10", "'\"2024\"', 2024"})
    void dates_are_read_in_every_form_that_providers_use(String stated, String expected) {
        assertEquals(expected, model("released: /d", "\"d\":" + stated).text(Field.RELEASED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-5", "1", "null", "\"\"", "\"soon\"", "\"2014-12-31\"", "\"2090-01-01\"", "\"2099\"", "\"2024-13-01\"",
        "\"2024-02-30\"", "4102444800", "1e999999999", "1e-999999999", "99999999999999999999999", "\"October 2023\"", "true", "[1729641600]"})
    void what_is_no_date_is_unknown(String stated) {
        var model = model("released: /d\nretired_on: /d", "\"d\":" + stated);
        assertNull(model.text(Field.RELEASED));
        assertNull(model.text(Field.RETIRED_ON));
    }

    @Test
    void the_moment_of_the_request_is_no_release_date() {
        var mapping = "released: [/created, /made]\nretired_on: /created";
        long now = FETCHED.getEpochSecond();
        for (long near : new long[] {now, now - 590, now + 590, (now - 5) * 1000}) {
            assertEquals("2024-05", model(mapping, "\"created\":" + near + ",\"made\":\"2024-05\"").text(Field.RELEASED));
        }
        assertEquals("2026-03-01", model(mapping, "\"created\":" + (now - 700)).text(Field.RELEASED));
        assertEquals("2026-03-01", model(mapping, "\"created\":" + now).text(Field.RETIRED_ON), "only births are made up");
        assertEquals("2026-03-01", model(mapping, "\"created\":\"2026-03-01\"").text(Field.RELEASED), "a day names no moment");
    }

    @Test
    void one_moment_on_three_or_more_models_is_no_release_date() {
        var provider = acme("released: /created\nknowledge: /cut");
        var same = "{\"data\":[{\"id\":\"a\",\"created\":1677610602,\"cut\":\"2024-06\"},{\"id\":\"b\",\"created\":1677610602,\"cut\":\"2024-06\"}%s]}";
        for (var model : models(provider, same.formatted(",{\"id\":\"c\",\"created\":1677610603,\"cut\":\"2024-06\"}"))) {
            assertNull(model.text(Field.RELEASED));
            assertEquals("2024-06", model.text(Field.KNOWLEDGE));
        }
        assertEquals("2023-02-28", models(provider, same.formatted("")).get(0).text(Field.RELEASED), "two may be siblings");
        assertEquals("2023-02-28", models(provider, same.formatted(",{\"id\":\"c\",\"created\":1777610603}")).get(0).text(Field.RELEASED));
    }

    @Test
    void volatile_places_are_never_read() {
        var mapping = "volatile: [/created, /live]\nreleased: [/created, /made]\nopen_weights: /live/open\ncontext: [/live/c, /c]\n"
                + "status: ['/live/up => active']";
        var model = model(mapping, "\"created\":1729641600,\"made\":\"2023-01\",\"live\":{\"open\":true,\"c\":5,\"up\":true},\"c\":6");
        assertEquals("2023-01", model.text(Field.RELEASED));
        assertEquals(6, model.tokens(Field.CONTEXT));
        assertNull(model.flag(Field.OPEN_WEIGHTS));
        assertNull(model.text(Field.STATUS));
    }

    @Test
    void texts_are_the_first_that_a_person_could_read() {
        var mapping = "name_of: [/a, /b]";
        for (var useless : List.of("\"\"", "\" \"", "5", "null", "\"x\\ny\"", "\"\\u001b[31m\"", "\"\\ud800\"", "\"" + "x".repeat(2001) + "\"")) {
            assertEquals("B", model(mapping, "\"a\":" + useless + ",\"b\":\" B \"").text(Field.NAME), useless);
        }
    }

    @Test
    void placeholders_are_no_owners() {
        for (var placeholder : List.of("system", "owner", "organization_owner", "openai", "vllm")) {
            assertNull(model("owned_by: /o", "\"o\":\"" + placeholder + "\"").text(Field.OWNED_BY), placeholder);
        }
        assertEquals("mistralai", model("owned_by: /o", "\"o\":\"mistralai\"").text(Field.OWNED_BY));
        assertEquals("openai", models(acme("owned_by: /o"), "{\"data\":[{\"id\":\"openai/gpt\",\"o\":\"openai\"}]}").get(0).text(Field.OWNED_BY));
    }

    @Test
    void a_canonical_id_is_another_id() {
        assertNull(model("canonical_id: /root", "\"root\":\"\"").text(Field.CANONICAL_ID));
        assertNull(model("canonical_id: /root", "\"root\":\"m\"").text(Field.CANONICAL_ID));
        assertEquals("m-2024", model("canonical_id: /root", "\"root\":\"m-2024\"").text(Field.CANONICAL_ID));
    }

    @Test
    void a_link_to_the_weights_names_them() {
        var mapping = "hugging_face_id: /h";
        assertEquals("LG/EXAONE", model(mapping, "\"h\":\"https://huggingface.co/LG/EXAONE\"").text(Field.HUGGING_FACE_ID));
        assertEquals("LG/EXAONE", model(mapping, "\"h\":\"LG/EXAONE\"").text(Field.HUGGING_FACE_ID));
    }

    @Test
    void aliases_are_other_names_once_each() {
        var model = model("aliases: /a", "\"a\":[\"x\",\"m\",\"x\",\"\",7,\"y\\u0000\",\"w\"]");
        assertEquals(List.of("x", "w"), model.list(Field.ALIASES));
        assertFalse(model("aliases: /a", "\"a\":[\"m\"]").facts().containsKey(Field.ALIASES));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "text+image->text"              | text,image     | text
            "text->text+image+audio"        | text           | text,image,audio
            ["video","file","text","text"]  | text,video,pdf | text,video,pdf
            "image, Text"                   | text,image     | text,image
            ["smell"]                       | ''             | ''
            "->text"                        | ''             | text
            7                               | ''             | ''
            """)
    void modalities_are_sorted_words_of_the_schema(String stated, String input, String output) {
        var model = model("input_modalities: /m\noutput_modalities: /m", "\"m\":" + stated);
        assertEquals(input, String.join(",", model.list(Field.INPUT_MODALITIES)));
        assertEquals(output, String.join(",", model.list(Field.OUTPUT_MODALITIES)));
    }

    @Test
    void a_flag_is_what_the_first_definite_answer_says() {
        var mapping = "tools: [/t, /features ~ tools]\nvision: /features ~ vision\ncomplete: [/all]\nreasoning: /all ~ thinking";
        assertEquals(false, model(mapping, "\"t\":false,\"features\":[\"tools\"]").flag(Field.TOOLS));
        assertEquals(true, model(mapping, "\"t\":null,\"features\":[\"tools\"]").flag(Field.TOOLS));
        assertNull(model(mapping, "\"features\":[]").flag(Field.VISION), "a list that is not complete leaves it open");
        assertEquals(false, model(mapping, "\"all\":[]").flag(Field.REASONING));
        assertNull(model(mapping, "\"all\":null").flag(Field.REASONING));
    }

    @Test
    void only_a_statement_makes_a_model_free_or_not() {
        var mapping = "free: [/price = 0, /is_free]";
        assertEquals(true, model(mapping, "\"price\":\"0\"").flag(Field.FREE));
        assertNull(model(mapping, "\"price\":\"0.5\"").flag(Field.FREE));
        assertEquals(false, model(mapping, "\"price\":\"0.5\",\"is_free\":false").flag(Field.FREE));
    }

    @Test
    void mode_and_status_follow_the_first_rule_that_holds() {
        var mapping = "mode: ['/out ~ image => image_generation', /type, '/chat => chat']\nmodes: {language: completion, chat: chat}\n"
                + "status: ['/active = false => retired', /state]";
        assertEquals("image_generation", model(mapping, "\"out\":[\"image\"],\"type\":\"chat\"").text(Field.MODE));
        assertEquals("completion", model(mapping, "\"type\":\"language\",\"chat\":true").text(Field.MODE));
        assertEquals("chat", model(mapping, "\"type\":\"unheard of\",\"chat\":true").text(Field.MODE));
        assertNull(model(mapping, "\"type\":\"unheard of\"").text(Field.MODE));
        assertEquals("retired", model(mapping, "\"active\":false,\"state\":\"active\"").text(Field.STATUS));
        assertEquals("preview", model(mapping, "\"active\":true,\"state\":\"Preview\"").text(Field.STATUS));
        assertNull(model(mapping, "\"state\":\"hibernating\"").text(Field.STATUS));
    }

    @ParameterizedTest
    @CsvSource({"gpt-x, '', true", "text-embed-3, '', false", "gpt-x, '\"type\":\"chat\"', true", "text-embed-3, '\"type\":\"responses\"', true",
        "gpt-x, '\"type\":\"embedding\"', false", "gpt-x, '\"out\":[\"image\"]', false", "gpt-x, '\"out\":[\"image\",\"text\"]', true"})
    void a_model_is_offered_for_chat_unless_something_says_otherwise(String id, String members, boolean expected) {
        var provider = acme("mode: /type\nmodes: {chat: chat, responses: responses, embedding: embedding}\noutput_modalities: /out\nnot_chat: [EMBED]");
        var model = models(provider, "{\"data\":[{\"id\":\"" + id + "\"" + (members.isEmpty() ? "" : "," + members) + "}]}").get(0);
        assertEquals(expected, Normaliser.offeredAsChat(provider, model));
    }

    @Test
    void every_fact_names_its_source_and_models_come_in_the_order_of_code_points() {
        var ids = new ArrayList<>(List.of("B", "a", "a/b", "é", "\uFFFD", "😀", "0"));
        var seed = new Random().nextLong();
        Collections.shuffle(ids, new Random(seed));
        var items = ids.stream().map(id -> "{\"id\":\"" + id + "\",\"c\":5}").toList();
        var models = models(acme("context: /c"), "{\"data\":[" + String.join(",", items) + "]}");
        assertEquals(List.of("0", "B", "a", "a/b", "é", "\uFFFD", "😀"), models.stream().map(Model::id).toList(), "seed " + seed);
        assertTrue(models.stream().allMatch(m -> m.providerId().equals("acme") && m.facts().get(Field.CONTEXT).source().equals("acme")));
    }
}
