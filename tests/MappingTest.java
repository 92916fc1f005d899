package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import lib.provider.Json;
import lib.provider.Json.Listing;
import lib.provider.Provider.Mapping.Condition;
import lib.provider.Provider.Mapping.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths and questions of a mapping, asked of JSON, and the list of models in an answer. */
class MappingTest {
    private static JsonNode json(String text) {
        try {
            return Json.parse(text.getBytes(StandardCharsets.UTF_8));
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Listing listing(String items, String answer) throws Listing.NotAListing {
        return Listing.read(json(answer), Fixtures.mapping(items));
    }

    private static String refusal(String items, String answer) {
        return assertThrows(Listing.NotAListing.class, () -> listing(items, answer)).getMessage();
    }

    @Test
    void a_pointer_decodes_its_tokens() {
        assertEquals(List.of("a/b", "m~n", "", "*"), Pointer.parse("/a~1b/m~0n//*").tokens());
        assertEquals(List.of(), Pointer.parse("").tokens());
        assertEquals(List.of("~1"), Pointer.parse("/~01").tokens());
    }

    @ParameterizedTest
    @ValueSource(strings = {"data", " /data", "/a~", "/a~2b"})
    void what_is_no_pointer_is_refused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Pointer.parse(text));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /a/b     | 1
            /l/1     | 2
            /l/*/x   | 3
            /l/01    |
            /l/-     |
            /l/9999999999 |
            /s/0     |
            /s/x/y   |
            /n       |
            /n/x     |
            /a/*     |
            """)
    void a_path_that_leads_nowhere_is_unknown_and_no_error(String path, String expected) {
        var node = json("{\"a\":{\"b\":1},\"l\":[null,2,{\"x\":3},{\"x\":4}],\"s\":\"text\",\"n\":null}");
        var first = Json.first(node, Pointer.parse(path));
        assertEquals(expected, first == null ? null : first.asText());
        var all = Json.all(node, Pointer.parse(path));
        assertEquals(expected, all.isEmpty() ? null : all.get(0).asText());
    }

    @Test
    void a_star_finds_every_value_in_order_through_nested_lists() {
        var node = json("{\"l\":[{\"x\":[1,2]},{\"x\":null},{\"y\":5},{\"x\":[3,null]}]}");
        assertEquals("[1, 2, 3]", Json.all(node, Pointer.parse("/l/*/x/*")).toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /t                    | true
            /f                    | false
            /word                 |
            /none                 |
            /word = chat          | true
            /word = chats         | false
            /f = false            | true
            /n = 1                | true
            /none = x             |
            /list = x             |
            /list ~ tools         | true
            /list ~ tool          |
            /whole ~ tool         | false
            /word ~ ha            | true
            /word ~ xx            |
            /n ~ 1                |
            /offers/*/ok          | true
            /offers/*/no          | false
            /f if /t              | false
            /t if /f              |
            /t if /none           |
            /t if /word = chat    | true
            /arrow ~ image->      | true
            """)
    void a_question_is_answered_yes_no_or_not_at_all(String question, Boolean expected) {
        var node = json("""
                {"t":true,"f":false,"n":1,"word":"chat","list":["tools",7],"whole":["tools"],"arrow":"text+image->text",
                 "offers":[{"ok":false,"no":false},{"ok":true},{}]}""");
        assertEquals(expected, Json.ask(node, Condition.parse(question), List.of(Pointer.parse("/whole"))));
    }

    @Test
    void the_three_shapes_of_a_list_are_read() throws Exception {
        assertEquals("[a, b]", listing("/data", "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}").items().keySet().toString());
        assertEquals("[b, a]", listing("", "[{\"id\":\"b\"},{\"id\":\"a\"}]").items().keySet().toString());
        assertEquals("[x]", listing("{}", "{\"sample_spec\":{},\"x\":{\"mode\":\"chat\"}}").items().keySet().toString());
        assertTrue(listing("/data", "{\"data\":[]}").items().isEmpty());
    }

    @Test
    void the_first_of_two_equal_ids_counts() throws Exception {
        var listing = listing("/data", "{\"data\":[{\"id\":\"a\",\"n\":1},{\"id\":\"a\",\"n\":2}]}");
        assertEquals(1, listing.items().get("a").get("n").intValue());
        assertEquals(List.of("a"), listing.duplicates());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /data | {"error":{"message":"bad\\u001b[31m key"}}  | an error instead of a list at /data: bad\\u001b[31m key
            /data | {"error":"no"}                              | an error instead of a list at /data: no
            ''    | {"message":"Unauthorized","status_code":401} | an error instead of a list: Unauthorized
            {}    | {"error":{"code":5}}                        | an error instead of a map of models: an object with code
            {}    | [1]                                         | expected a map of models, got a list of 1
            /data | {"data":{"id":"a"},"object":"list"}         | expected a list at /data, got an object with data, object
            /data | null                                        | expected a list at /data, got null
            ''    | 1e999999999                                 | expected a list, got 1E+999999999
            """)
    void an_answer_without_a_list_is_described(String items, String answer, String message) {
        assertEquals(message, refusal(items, answer));
    }

    @Test
    void items_that_are_no_models_are_refused_with_a_reason() throws Exception {
        var answer = "{\"data\":[5,{},{\"id\":7},{\"id\":\"\"},{\"id\":\" \"},{\"id\":\"a\\nb\"},{\"id\":\"\\ud800\"},{\"id\":\"" + "x".repeat(513)
                + "\"},{\"id\":null,\"n\":1},{\"id\":\"fine\"},{\"id\":\"" + "y".repeat(512) + "\"}]}";
        var listing = listing("/data", answer);
        assertEquals(2, listing.items().size());
        assertEquals(List.of("5: not an object", "an object with nothing in it: no id", "7: its id is not a text", ": its id is blank",
                " : its id is blank", "a\\u000ab: its id holds a control character", "\\ud800: its id is not valid Unicode",
                "x".repeat(120) + "…: its id has 513 characters, more than 512", "an object with id, n: no id"), listing.refused());
    }

    @Test
    void text_from_a_provider_is_printed_without_anything_a_terminal_obeys() {
        assertEquals("a\\u001b[2J\\u202eb\\u2028c\\u0085", Listing.visible("a\u001b[2J\u202eb\u2028c\u0085"));
        assertEquals("😀".repeat(120) + "…", Listing.visible("😀".repeat(121)));
        assertNull(Json.first(json("{}"), Pointer.parse("/x")));
    }
}
