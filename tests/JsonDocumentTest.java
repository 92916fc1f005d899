package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import lib.apply.Document;
import lib.apply.Document.Format;
import lib.apply.Document.Refused;
import lib.apply.Document.Place;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tests.DocumentEdits.Outcome;

/** Edits of hand-written JSON with comments: by example, on whole configs, and on configs that were damaged at random. */
class JsonDocumentTest {
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS, JsonReadFeature.ALLOW_TRAILING_COMMA).build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
    private static final DocumentEdits EDITS = new DocumentEdits(Format.JSON, JsonDocumentTest::read,
            Pattern.compile("\"(?:\\\\.|[^\"\\\\])*\"|(//[^\\r\\n]*|/\\*[\\s\\S]*?\\*/)"),
            List.of("// said", "/* said */", "/* two\nlines */"));

    private static Object read(String text) {
        try {
            var tree = JSON.readTree(text.startsWith("\ufeff") ? text.substring(1) : text);
            return tree.isMissingNode() ? Map.of() : JSON.treeToValue(tree, Object.class);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "{⏎  \"a\": 1⏎}⏎ ¦ b ¦ 2 ¦ {⏎  \"a\": 1,⏎  \"b\": 2⏎}⏎",
        "{⏎  \"a\": 1,⏎}⏎ ¦ b ¦ 2 ¦ {⏎  \"a\": 1,⏎  \"b\": 2,⏎}⏎",
        "{⏎  \"a\": 1 // one⏎  // end⏎}⏎ ¦ b ¦ 2 ¦ {⏎  \"a\": 1, // one⏎  \"b\": 2⏎  // end⏎}⏎",
        "{⏎  \"a\": 1, // one⏎}⏎ ¦ b ¦ 2 ¦ {⏎  \"a\": 1, // one⏎  \"b\": 2,⏎}⏎",
        "{⏎  \"a\": 1 /* one */⏎}⏎ ¦ b ¦ 2 ¦ {⏎  \"a\": 1, /* one */⏎  \"b\": 2⏎}⏎",
        "{⏎→\"a\": 1⏎} ¦ b.c ¦ {\"d\": [1, \"x\"]} ¦ {⏎→\"a\": 1,⏎→\"b\": {⏎→→\"c\": {⏎→→→\"d\": [⏎→→→→1,⏎→→→→\"x\"⏎→→→]⏎→→}⏎→}⏎}",
        "{␍⏎    \"a\" : 1␍⏎}␍⏎ ¦ b ¦ {\"c\": {}, \"d\": []} ¦ "
                + "{␍⏎    \"a\" : 1,␍⏎    \"b\" : {␍⏎        \"c\" : {},␍⏎        \"d\" : []␍⏎    }␍⏎}␍⏎",
        "{\"a\":1} ¦ b ¦ {\"c\": [1, 2]} ¦ {\"a\":1,\"b\":{\"c\":[1,2]}}",
        "{ \"a\": 1 } ¦ b ¦ {\"c\": [1, 2]} ¦ { \"a\": 1, \"b\": {\"c\": [1, 2]} }",
        "{⏎  \"a\": 1⏎  , \"b\": 2⏎} ¦ c ¦ 3 ¦ {⏎  \"a\": 1⏎  , \"b\": 2,⏎  \"c\": 3⏎}",
        "{⏎  \"a\": { \"b\": 1 }⏎} ¦ a.c ¦ {\"d\": 1} ¦ {⏎  \"a\": { \"b\": 1, \"c\": {\"d\": 1} }⏎}",
        "{⏎  \"a\": {⏎    \"b\": 1 } } ¦ a.c ¦ 2 ¦ {⏎  \"a\": {⏎    \"b\": 1,⏎    \"c\": 2 } }",
        "{⏎  // a note⏎⏎  \"a\": 1⏎} // end ¦ b ¦ true ¦ {⏎  // a note⏎⏎  \"a\": 1,⏎  \"b\": true⏎} // end"})
    void a_new_member_stands_behind_the_last_as_the_others_do(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "∅ ¦ a.b ¦ 1 ¦ {⏎  \"a\": {⏎    \"b\": 1⏎  }⏎}⏎",
        "␠⏎⏎ ¦ a ¦ [] ¦ ␠⏎⏎{⏎  \"a\": []⏎}⏎",
        "// note ¦ a ¦ 1 ¦ // note⏎{⏎  \"a\": 1⏎}⏎",
        "\ufeff// note␍⏎ ¦ a ¦ 1 ¦ \ufeff// note␍⏎{␍⏎  \"a\": 1␍⏎}␍⏎",
        "{} ¦ a ¦ {\"b\": 1} ¦ {⏎  \"a\": {⏎    \"b\": 1⏎  }⏎}",
        "{⏎⏎}⏎ ¦ a ¦ 1 ¦ {⏎  \"a\": 1⏎}⏎",
        "{ // note⏎}⏎ ¦ a ¦ 1 ¦ { // note⏎  \"a\": 1⏎}⏎",
        "{ /* note */ } ¦ a ¦ 1 ¦ { /* note */⏎  \"a\": 1⏎}",
        "{⏎  \"a\": {⏎    // none⏎  }⏎} ¦ a.b ¦ 1 ¦ {⏎  \"a\": {⏎    // none⏎    \"b\": 1⏎  }⏎}",
        "{\"a\":{},\"b\":[]} ¦ a.c ¦ 1 ¦ {\"a\":{\"c\": 1},\"b\":[]}",
        "{⏎  \"a\": []⏎} ¦ a ¦ [\"x\", \"y\"] ¦ {⏎  \"a\": [⏎    \"x\",⏎    \"y\"⏎  ]⏎}",
        "{⏎  \"a\": [⏎    // none⏎  ]⏎} ¦ a ¦ [\"x\"] ¦ {⏎  \"a\": [⏎    // none⏎    \"x\"⏎  ]⏎}",
        "{⏎  \"a\": null // none⏎} ¦ a.b ¦ 1 ¦ {⏎  \"a\": {⏎    \"b\": 1⏎  } // none⏎}"})
    void what_is_empty_is_filled(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "{ \"a\" /* k */ : /* v */ 1 /* w */ } ¦ a ¦ \"x\" ¦ { \"a\" /* k */ : /* v */ \"x\" /* w */ }",
        "{⏎  \"a\": \"x\", // why⏎  \"b\": 2⏎} ¦ a ¦ 1.5 ¦ {⏎  \"a\": 1.5, // why⏎  \"b\": 2⏎}",
        "{⏎  \"a\": 1⏎} ¦ a ¦ {\"b\": 1} ¦ {⏎  \"a\": {⏎    \"b\": 1⏎  }⏎}",
        "{⏎  \"a\": {⏎    // note⏎    \"b\": 1⏎  }⏎} ¦ a ¦ \"x\" ¦ {⏎  \"a\": \"x\"⏎}",
        "{⏎  \"a\": {⏎    // note⏎    \"b\": 1, // one⏎    \"c\": 2, // two⏎    // three⏎    \"d\": 3⏎  }⏎} ¦ a ¦ "
                + "{\"e\": 5, \"d\": 4, \"b\": 1} ¦ "
                + "{⏎  \"a\": {⏎    // note⏎    \"b\": 1, // one⏎    // three⏎    \"d\": 4,⏎    \"e\": 5⏎  }⏎}",
        "{\"a\": 1.50} ¦ a ¦ 1.5 ¦ {\"a\": 1.50}",
        "{\"a\": 1.0} ¦ a ¦ 1 ¦ {\"a\": 1.0}",
        "{\"a\": 123456789012345678901234567890} ¦ a ¦ 9007199254740993 ¦ {\"a\": 9007199254740993}",
        "{\"a\": 1} ¦ a ¦ 0.0000001 ¦ {\"a\": 0.0000001}",
        "{\"a\": \"\\u0062\\/\"} ¦ a ¦ \"b/\" ¦ {\"a\": \"\\u0062\\/\"}",
        "{\"\\u0061\": 1} ¦ a ¦ 2 ¦ {\"\\u0061\": 2}",
        "{\"a\": 1} ¦ a ¦ \"q\\\"b\\\\n\\n\\u0001\\u2028🐬\" ¦ {\"a\": \"q\\\"b\\\\n\\n\\u0001\\u2028🐬\"}"})
    void a_value_is_replaced_and_nothing_beside_it(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "{⏎  \"a\": [⏎    \"x\", // ex⏎    // before y⏎    \"y\", // why⏎    \"z\"⏎  ]⏎} ¦ a ¦ [\"w\", \"y\", \"z\"] ¦ "
                + "{⏎  \"a\": [⏎    \"w\",⏎    // before y⏎    \"y\", // why⏎    \"z\"⏎  ]⏎}",
        "{⏎  \"a\": [⏎    \"x\", // ex⏎    \"y\", // why⏎  ],⏎} ¦ a ¦ [\"y\", \"x\", \"z\"] ¦ "
                + "{⏎  \"a\": [⏎    \"y\", // why⏎    \"x\", // ex⏎    \"z\",⏎  ],⏎}",
        "{\"a\": [1, 2, 3]} ¦ a ¦ [3, 1] ¦ {\"a\": [3, 1]}",
        "{\"a\":[1,2,3]} ¦ a ¦ [2,4] ¦ {\"a\":[2,4]}",
        "{\"a\": [ 1, /* two */ 2, 3 ]} ¦ a ¦ [1, 3] ¦ {\"a\": [ 1, /* two */ 3 ]}",
        "{⏎ \"a\": [⏎  1, 2, // row⏎  3⏎ ]⏎} ¦ a ¦ [1, 3] ¦ {⏎ \"a\": [⏎  1, // row⏎  3⏎ ]⏎}",
        "{⏎ \"a\": [⏎  1, 2,⏎  3 // three⏎ ]⏎} ¦ a ¦ [1, 3, 2] ¦ {⏎ \"a\": [⏎  1,⏎  3, // three⏎  2⏎ ]⏎}",
        "{⏎ \"a\": [⏎  // one⏎  1,⏎  // two⏎  2,⏎  // three⏎  3⏎ ]⏎} ¦ a ¦ [3] ¦ {⏎ \"a\": [⏎  // one⏎  // two⏎  // three⏎  3⏎ ]⏎}",
        "{⏎  \"a\": [⏎    // one⏎    1⏎  ]⏎} ¦ a ¦ [] ¦ {⏎  \"a\": [⏎    // one⏎  ]⏎}",
        "{⏎  \"a\": [⏎    1⏎  ]⏎} ¦ a ¦ [] ¦ {⏎  \"a\": []⏎}",
        "{\"a\": [1, 1, 2]} ¦ a ¦ [1, 2, 1, 1] ¦ {\"a\": [1, 2, 1, 1]}",
        "{⏎  \"m\": [⏎    { \"id\": \"x\", \"n\": 1 /* one */ },⏎    { \"id\": \"y\", \"n\": 2 } // two⏎  ]⏎} ¦ m ¦ "
                + "[{\"id\": \"y\", \"n\": 3}, {\"id\": \"x\", \"n\": 1}, {\"id\": \"z\"}] ¦ "
                + "{⏎  \"m\": [⏎    { \"id\": \"y\", \"n\": 3 }, // two⏎    { \"id\": \"x\", \"n\": 1 /* one */ },⏎    {⏎"
                + "      \"id\": \"z\"⏎    }⏎  ]⏎}",
        "{⏎  \"a\": [\"vendor/a-long-name\", \"vendor/b\"]⏎} ¦ a ¦ "
                + "[\"vendor/b\", \"vendor/c-also-a-long-name\", \"vendor/d-that-goes-on-and-on\", \"vendor/e-the-last-of-them-all\"] ¦ "
                + "{⏎  \"a\": [⏎    \"vendor/b\",⏎    \"vendor/c-also-a-long-name\",⏎    \"vendor/d-that-goes-on-and-on\",⏎"
                + "    \"vendor/e-the-last-of-them-all\"⏎  ]⏎}"})
    void a_list_keeps_the_comments_of_what_stays_in_it(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "{⏎  // of a⏎  \"a\": 1, // behind a⏎  // of b⏎  \"b\": 2⏎} ¦ a ¦ - ¦ {⏎  // of a⏎  // of b⏎  \"b\": 2⏎}",
        "{⏎  \"a\": 1, // behind a⏎  // of b⏎  \"b\": 2 // behind b⏎  // end⏎} ¦ b ¦ - ¦ {⏎  \"a\": 1 // behind a⏎  // of b⏎  // end⏎}",
        "{⏎  \"a\": 1,⏎  \"b\": 2,⏎} ¦ b ¦ - ¦ {⏎  \"a\": 1,⏎}",
        "{\"a\":1,\"b\":2,\"c\":3} ¦ b ¦ - ¦ {\"a\":1,\"c\":3}",
        "{ \"a\": 1, \"b\": 2 } ¦ a ¦ - ¦ { \"b\": 2 }",
        "{⏎ \"a\": 1, \"b\": 2, // both⏎ \"c\": 3⏎} ¦ a ¦ - ¦ {⏎ \"b\": 2, // both⏎ \"c\": 3⏎}",
        "{\"a\": {\"b\": 1}} ¦ a.b ¦ - ¦ {\"a\": {}}",
        "{⏎  \"a\": {⏎    \"b\": 1⏎  }⏎} ¦ a.b ¦ - ¦ {⏎  \"a\": {}⏎}",
        "{⏎  \"a\": {⏎    // why⏎    \"b\": 1⏎  }⏎} ¦ a.b ¦ - ¦ {⏎  \"a\": {⏎    // why⏎  }⏎}",
        "{⏎  \"a\": 1,⏎⏎  \"b\": 2⏎} ¦ b ¦ - ¦ {⏎  \"a\": 1⏎}",
        "{⏎  \"a\": 1⏎  , \"b\": 2⏎  , \"c\": 3⏎} ¦ b ¦ - ¦ {⏎  \"a\": 1⏎  , \"c\": 3⏎}",
        "{\"a\": null} ¦ a ¦ - ¦ {}",
        "{\"a\": 1} ¦ b.c[name=x].d ¦ - ¦ {\"a\": 1}",
        "{\"a\": 1} ¦ a.b ¦ - ¦ {\"a\": 1}"})
    void a_member_goes_and_leaves_the_comments_of_others(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "{\"m\": [{\"name\": \"a\", \"k\": 1}, {\"name\": \"b\"}]} ¦ m[name=b].k ¦ 2 ¦ "
                + "{\"m\": [{\"name\": \"a\", \"k\": 1}, {\"name\": \"b\", \"k\": 2}]}",
        "{\"m\": [{\"name\": \"a\", \"k\": 1}, {\"name\": \"b\"}]} ¦ m[name=a] ¦ - ¦ {\"m\": [{\"name\": \"b\"}]}",
        "{\"m\": [{\"id\": \"q\", \"name\": \"a\"}]} ¦ m[name=b].k ¦ 2 ¦ "
                + "{\"m\": [{\"id\": \"q\", \"name\": \"a\"}, {\"name\": \"b\", \"k\": 2}]}",
        "{⏎  \"m\": [⏎    {⏎      \"name\": \"a\"⏎    }, // a⏎  ]⏎} ¦ m[name=b] ¦ {\"k\": 1} ¦ "
                + "{⏎  \"m\": [⏎    {⏎      \"name\": \"a\"⏎    }, // a⏎    {⏎      \"name\": \"b\",⏎      \"k\": 1⏎    },⏎  ]⏎}",
        "{} ¦ m[name=\"x/y.z:1\"].list ¦ [] ¦ {⏎  \"m\": [⏎    {⏎      \"name\": \"x/y.z:1\",⏎      \"list\": []⏎    }⏎  ]⏎}",
        "{\"p\": {}} ¦ p.\"vendor/m.1:free\".name ¦ \"M\" ¦ {\"p\": {\"vendor/m.1:free\": {\"name\": \"M\"}}}"})
    void an_element_is_found_by_a_member_or_made(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "{⏎  \"a\": 1,⏎  \"b\": 1,⏎  \"\\u0061\": 2⏎} ¦ x ¦ 1 ¦ 4 ¦ a key stands there twice in one object",
        "[1] ¦ x ¦ 1 ¦ 1 ¦ it is no JSON object",
        "// c⏎\"x\" ¦ x ¦ 1 ¦ 2 ¦ it is no JSON object",
        "{} {} ¦ x ¦ 1 ¦ 1 ¦ it is no valid JSON, with or without comments",
        "{⏎\"a\": [1, 2 ¦ x ¦ 1 ¦ 2 ¦ it is no valid JSON, with or without comments",
        "{⏎⏎\"a\" 1} ¦ x ¦ 1 ¦ 3 ¦ it is no valid JSON, with or without comments",
        "{'a': 1} ¦ x ¦ 1 ¦ 1 ¦ it is no valid JSON, with or without comments",
        "{a: 1} ¦ x ¦ 1 ¦ 1 ¦ it is no valid JSON, with or without comments",
        "{\"a\": NaN} ¦ x ¦ 1 ¦ 1 ¦ it is no valid JSON, with or without comments",
        "{\"a\": 1,,} ¦ x ¦ 1 ¦ 1 ¦ it is no valid JSON, with or without comments",
        "{} # c ¦ x ¦ 1 ¦ 1 ¦ it is no valid JSON, with or without comments",
        "/* c ¦ x ¦ 1 ¦ 1 ¦ it is no valid JSON, with or without comments",
        "{\"a\": 1e99999999999} ¦ x ¦ 1 ¦ 0 ¦ it holds a number that is too large to be read",
        "{⏎\"a\": {⏎\"b\": 1}} ¦ a.b.c ¦ 1 ¦ 3 ¦ a table is needed here, not another value",
        "{⏎\"a\": {⏎\"b\": 1}} ¦ a[name=x].c ¦ 1 ¦ 2 ¦ a list is needed here, not another value",
        "{⏎\"a\": []} ¦ a.b ¦ 1 ¦ 2 ¦ a table is needed here, not another value",
        "{\"a\": [⏎{\"n\": \"x\"}, {\"n\": \"x\"}]} ¦ a[n=x].b ¦ 1 ¦ 1 ¦ the list has more than one element of that name",
        "{\"a\": [⏎{\"n\": \"x\"}, {\"n\": \"x\"}]} ¦ a[n=x] ¦ - ¦ 1 ¦ the list has more than one element of that name",
        "{\"a\": [⏎{\"n\": \"x\"}]} ¦ a[n=x].n ¦ \"y\" ¦ 2 ¦ the element would no longer be found by its name",
        "{⏎\"a\": 1} ¦ a ¦ [\"\\ud800\"] ¦ 2 ¦ a text that is to be written holds half a character"})
    void what_cannot_be_edited_safely_is_refused(String text, String place, String json, int line, String message) throws Exception {
        EDITS.refused(text, place, json, line, message);
    }

    @Test
    void values_are_read_as_they_are_and_lines_counted_from_one() throws Exception {
        var document = Document.open(Format.JSON, "\ufeff{\n  \"l\": [\n    {\"id\": \"x\", \"n\": -0},\n    {\n      \"id\": \"y\",\n"
                + "      \"n\": 1.50}],\n  \"big\": 12345678901234567890, \"t\": true, \"z\": null }");
        assertEquals(List.of("x", "y"), document.items(Place.parse("l"), "id"));
        assertEquals(0L, document.get(Place.parse("l[id=x].n")));
        assertEquals(new BigDecimal("1.50"), document.get(Place.parse("l[id=y].n")));
        assertEquals(new BigDecimal("12345678901234567890"), document.get(Place.parse("big")));
        assertEquals(true, document.get(Place.parse("t")));
        assertNull(document.get(Place.parse("z")));
        assertNull(document.get(Place.parse("z.y.x")));
        assertEquals(List.of("l", "big", "t", "z"), List.copyOf(document.tree().keySet()));
        var lines = Map.of("l", 2, "l[id=x]", 3, "l[id=x].n", 3, "l[id=y]", 4, "l[id=y].n", 6, "l[id=z].n", 2, "big.x", 7, "none", 1);
        lines.forEach((place, line) -> assertEquals(line, document.line(Place.parse(place)), place));
    }

    @Test
    void a_file_nested_beyond_reason_is_refused() throws Exception {
        var deep = "[".repeat(101) + "]".repeat(101);
        EDITS.refused("{\"a\": " + deep + "}", "x", "1", 0, "its values are nested more than 100 levels deep");
        EDITS.refused("[".repeat(5000) + "]".repeat(5000), "x", "1", 0, "it is no valid JSON, with or without comments");
    }

    @Test
    void several_edits_follow_each_other() throws Exception {
        var document = Document.open(Format.JSON, "{\n  // mine\n  \"a\": 1\n}\n");
        document.set(Place.parse("p.acme.models"), new LinkedHashMap<>(Map.of("x", Map.of())));
        document.set(Place.parse("p.acme.models.y"), Map.of());
        document.remove(Place.parse("p.acme.models.x"));
        assertThrows(Refused.class, () -> document.set(Place.parse("a.b"), 1L));
        document.set(Place.parse("a"), 2L);
        var models = "{\n      \"models\": {\n        \"y\": {}\n      }\n    }";
        assertEquals("{\n  // mine\n  \"a\": 2,\n  \"p\": {\n    \"acme\": " + models + "\n  }\n}\n", document.text());
        document.remove(Place.parse("p"));
        document.set(Place.parse("a"), 1L);
        assertEquals("{\n  // mine\n  \"a\": 1\n}\n", document.text());
    }

    @Test
    void what_is_no_value_is_a_mistake_of_the_caller() throws Exception {
        var document = Document.open(Format.JSON, "{}");
        assertThrows(IllegalArgumentException.class, () -> document.set(Place.parse("a"), null));
        assertThrows(IllegalArgumentException.class, () -> document.set(Place.parse("a"), List.of(1.5)));
        assertThrows(IllegalArgumentException.class, () -> document.set(Place.parse("a[name=x]"), "x"));
        assertEquals("{}", document.text());
    }

    @Test
    void an_edit_changes_nothing_else_in_any_sample() throws Exception {
        var ended = EDITS.everySample(30);
        assertTrue(EDITS.samples().size() >= 25 && !ended.containsKey(Outcome.UNREADABLE), ended.toString());
        assertTrue(ended.get(Outcome.APPLIED) > 600, ended.toString());
    }

    @Test
    void edits_at_once_come_out_as_one_by_one() throws Exception {
        assertTrue(EDITS.together(6) > 100);
    }

    @Test
    void an_edit_changes_nothing_else_in_a_damaged_sample() throws Exception {
        var ended = EDITS.fuzz();
        assertTrue(ended.getOrDefault(Outcome.APPLIED, 0) * 3 >= ended.values().stream().mapToInt(n -> n).sum(), ended.toString());
    }
}
