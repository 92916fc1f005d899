package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import lib.apply.Document;
import lib.apply.Document.Format;
import lib.apply.Document.Refused;
import lib.apply.Document.Place;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;
import org.tomlj.TomlVersion;
import tests.DocumentEdits.Outcome;

/** Edits of hand-written TOML: by example, on whole configs, and on configs that were damaged at random. */
class TomlDocumentTest {
    private static final DocumentEdits EDITS = new DocumentEdits(Format.TOML, TomlDocumentTest::read, Pattern.compile(
            "\"\"\"(?:\\\\[\\s\\S]|[^\\\\])*?\"{3,5}|'''[\\s\\S]*?'{3,5}|\"(?:\\\\.|[^\"\\\\\\n])*\"|'[^'\\n]*'|(#[^\\r\\n]*)"),
            List.of("# said", "#"));

    private static Object read(String text) {
        var result = Toml.parse(text.startsWith("\ufeff") ? text.substring(1) : text, TomlVersion.V1_0_0);
        assertEquals(List.of(), result.errors());
        return plain(result);
    }

    private static Object plain(Object value) {
        if (value instanceof TomlTable table) {
            var map = new LinkedHashMap<String, Object>();
            table.entrySet().forEach(entry -> map.put(entry.getKey(), plain(entry.getValue())));
            return map;
        }
        return value instanceof TomlArray array ? IntStream.range(0, array.size()).mapToObj(i -> plain(array.get(i))).toList() : value;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "a = 1⏎ ¦ b ¦ 2 ¦ a = 1⏎b = 2⏎",
        "a=1⏎ ¦ b ¦ \"x\" ¦ a=1⏎b=\"x\"⏎",
        "a = 1 ¦ b ¦ 2 ¦ a = 1⏎b = 2",
        "a = 1␍⏎␍⏎[t]␍⏎x = 1␍⏎ ¦ b ¦ 2 ¦ a = 1␍⏎b = 2␍⏎␍⏎[t]␍⏎x = 1␍⏎",
        "[t]⏎→x = 1 # ex⏎→# y = 2⏎⏎# of u⏎[u]⏎ ¦ t.z ¦ 3 ¦ [t]⏎→x = 1 # ex⏎→z = 3⏎→# y = 2⏎⏎# of u⏎[u]⏎",
        "[t] # of t⏎# more⏎⏎[u]⏎ ¦ t.z ¦ 3 ¦ [t] # of t⏎z = 3⏎# more⏎⏎[u]⏎",
        "[t]⏎x = '''⏎# no⏎'''⏎⏎[u] ¦ t.z ¦ 3 ¦ [t]⏎x = '''⏎# no⏎'''⏎z = 3⏎⏎[u]",
        "# file⏎⏎# of t⏎[t]⏎ ¦ a ¦ 1 ¦ # file⏎⏎a = 1⏎⏎# of t⏎[t]⏎",
        "#:schema x⏎[t]⏎ ¦ a ¦ 1 ¦ #:schema x⏎a = 1⏎⏎[t]⏎",
        "p.x = 1 # ex⏎a = 1⏎ ¦ p.y.z ¦ 2 ¦ p.x = 1 # ex⏎p.y.z = 2⏎a = 1⏎",
        "[t]⏎p.x = 1⏎a = 1⏎ ¦ t.p.q ¦ {\"r\": {\"s\": 1}, \"u\": [{\"v\": 1}]} ¦ [t]⏎p.x = 1⏎p.q.r.s = 1⏎p.q.u = [{ v = 1 }]⏎a = 1⏎",
        "p = { x = 1 } # in⏎ ¦ p.y.z ¦ 2 ¦ p = { x = 1, y = { z = 2 } } # in⏎",
        "p = {}⏎ ¦ p.y ¦ {\"z\": [\"w\"]} ¦ p = { y = { z = [\"w\"] } }⏎",
        "p = {x=1,y=[ # why⏎2]}⏎ ¦ p.z ¦ 2 ¦ p = {x=1,y=[ # why⏎2],z=2}⏎",
        "p = { a.b = 1, a.c = 2 }⏎ ¦ p.a.d ¦ 3 ¦ p = { a.b = 1, a.c = 2, a.d = 3 }⏎",
        "a = 1⏎ ¦ \"x.y/z:1\" ¦ {\"b c\": {}} ¦ a = 1⏎⏎[\"x.y/z:1\".\"b c\"]⏎",
        "a = 1⏎ ¦ s ¦ \"q\\\"b\\\\n\\u007f\\t🐬\" ¦ a = 1⏎s = \"q\\\"b\\\\n\\u007f\\t🐬\"⏎",
        "a = 1⏎ ¦ f ¦ 5e0 ¦ a = 1⏎f = 5.0⏎"})
    void a_new_key_stands_behind_the_last_of_its_table(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "∅ ¦ a.b ¦ 1 ¦ [a]⏎b = 1⏎",
        "⏎⏎ ¦ a ¦ 1 ¦ ⏎⏎a = 1⏎",
        "# note⏎ ¦ a.b ¦ 1 ¦ # note⏎⏎[a]⏎b = 1⏎",
        "# note ¦ a ¦ 1 ¦ # note⏎a = 1⏎",
        "\ufeffa = 1␍⏎ ¦ t ¦ {\"x\": 1, \"u\": {\"y\": 2}, \"l\": [{\"z\": 3}]} ¦ "
                + "\ufeffa = 1␍⏎␍⏎[t]␍⏎x = 1␍⏎␍⏎[t.u]␍⏎y = 2␍⏎␍⏎[[t.l]]␍⏎z = 3␍⏎",
        "[p.a]⏎x = 1⏎⏎# of q⏎[q]⏎y = 1⏎ ¦ p.b.x ¦ 1 ¦ [p.a]⏎x = 1⏎⏎[p.b]⏎x = 1⏎⏎# of q⏎[q]⏎y = 1⏎",
        "[p.a]⏎x = 1⏎# x = 2⏎⏎# foot ¦ p.b.x ¦ 1 ¦ [p.a]⏎x = 1⏎# x = 2⏎⏎[p.b]⏎x = 1⏎⏎# foot",
        "[p]⏎  [p.a]⏎    x = 1⏎[q]⏎ ¦ p.b.x ¦ 1 ¦ [p]⏎  [p.a]⏎    x = 1⏎  [p.b]⏎    x = 1⏎[q]⏎",
        "[p.a]⏎x = 1⏎⏎[q]⏎ ¦ p.y ¦ 1 ¦ [p.a]⏎x = 1⏎⏎[p]⏎y = 1⏎⏎[q]⏎",
        "[[h]]⏎n = 'a'⏎⏎[[h]]⏎n = 'b'⏎ ¦ h[n=a].s.x ¦ 1 ¦ [[h]]⏎n = 'a'⏎⏎[h.s]⏎x = 1⏎⏎[[h]]⏎n = 'b'⏎",
        "[a]⏎x = 1⏎⏎[b]⏎[a.c]⏎y = 1⏎⏎[z]⏎ ¦ a.d.y ¦ 1 ¦ [a]⏎x = 1⏎⏎[b]⏎[a.c]⏎y = 1⏎⏎[a.d]⏎y = 1⏎⏎[z]⏎",
        "[t]⏎# only this⏎ ¦ t.u.x ¦ 1 ¦ [t]⏎# only this⏎⏎[t.u]⏎x = 1⏎"})
    void a_new_table_stands_behind_those_beside_it(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "a   =   'x'   # why⏎ ¦ a ¦ \"y\" ¦ a   =   \"y\"   # why⏎",
        "a = 'x'⏎ ¦ a ¦ \"x\" ¦ a = 'x'⏎",
        "a = 0xFF⏎ ¦ a ¦ 255 ¦ a = 0xFF⏎",
        "a = 1e3⏎ ¦ a ¦ 1000 ¦ a = 1e3⏎",
        "a = 1979-05-27 07:32:00 # when⏎ ¦ a ¦ \"never\" ¦ a = \"never\" # when⏎",
        "a = \"\"\"⏎x\\⏎  \"\"\" # three⏎b = 1 ¦ a ¦ 1 ¦ a = 1 # three⏎b = 1",
        "a = [ # one⏎  'x', # ex⏎  # before y⏎  'y',⏎  'z' # last⏎  # end⏎]⏎ ¦ a ¦ [\"w\", \"y\", \"z\"] ¦ "
                + "a = [ # one⏎  \"w\",⏎  # before y⏎  'y',⏎  'z' # last⏎  # end⏎]⏎",
        "a = [ # one⏎  'x', # ex⏎]⏎ ¦ a ¦ [] ¦ a = [ # one⏎]⏎",
        "a = [ # one⏎  'x', 'y' ] # two⏎ ¦ a ¦ [\"y\"] ¦ a = [ # one⏎  'y' ] # two⏎",
        "a = [ 'x', 'y' ]⏎ ¦ a ¦ [\"y\"] ¦ a = [ 'y' ]⏎",
        "a = [⏎    'x'⏎  , 'y'⏎] # two⏎ ¦ a ¦ [\"x\", \"y\", \"z\"] ¦ a = [⏎    'x'⏎  , 'y',⏎    \"z\"⏎] # two⏎",
        "a = []⏎ ¦ a ¦ [\"a-rather-long-name-of-a-model\", \"another-long-name-of-a-model\", \"and-one-more-long-name-of-a-model\"] ¦ "
                + "a = [⏎  \"a-rather-long-name-of-a-model\",⏎  \"another-long-name-of-a-model\",⏎"
                + "  \"and-one-more-long-name-of-a-model\",⏎]⏎",
        "a = { x = 1, y = 2 }⏎ ¦ a ¦ {\"y\": 3, \"z\": 4} ¦ a = { y = 3, z = 4 }⏎",
        "a = 1 # one⏎ ¦ a ¦ {\"b\": [1]} ¦ a = { b = [1] } # one⏎",
        "[t]⏎x = 1 # ex⏎# of y⏎y = 2⏎⏎[t.u]⏎z = 3⏎ ¦ t ¦ {\"w\": 0, \"x\": 2} ¦ [t]⏎x = 2 # ex⏎w = 0⏎# of y⏎",
        "p.x = 1⏎p.y = 2⏎ ¦ p ¦ {} ¦ [p]⏎",
        "[p.x]⏎a = 1⏎ ¦ p ¦ {} ¦ [p]⏎"})
    void a_value_is_replaced_and_nothing_beside_it(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "# of a⏎a = 1 # one⏎# of b⏎b = 2⏎ ¦ a ¦ - ¦ # of a⏎# of b⏎b = 2⏎",
        "a = 1⏎b = [⏎  1, # one⏎] # b⏎ ¦ b ¦ - ¦ a = 1⏎",
        "a = 1␍⏎b = 2 ¦ b ¦ - ¦ a = 1",
        "a = 1⏎⏎[t]⏎ ¦ a ¦ - ¦ [t]⏎",
        "# banner⏎⏎# of t⏎[t] # t⏎x = 1⏎# in⏎y = 2⏎# commented = 3⏎⏎# of u⏎[u]⏎ ¦ t ¦ - ¦ # banner⏎⏎# of t⏎# commented = 3⏎⏎# of u⏎[u]⏎",
        "[a]⏎x = 1⏎⏎[b]⏎y = 1⏎⏎[c]⏎z = 1⏎ ¦ b ¦ - ¦ [a]⏎x = 1⏎⏎[c]⏎z = 1⏎",
        "[a]⏎x = 1⏎⏎[b]⏎y = 1 ¦ b ¦ - ¦ [a]⏎x = 1",
        "[a]⏎x = 1⏎[b]⏎y = 1⏎[a.c]⏎[c]⏎ ¦ a ¦ - ¦ [b]⏎y = 1⏎[c]⏎",
        "p.x = 1⏎a = 1⏎p.y.z = 2⏎ ¦ p ¦ - ¦ a = 1⏎",
        "p.x = 1⏎a = 1⏎ ¦ p.x ¦ - ¦ a = 1⏎",
        "p = { x = 1, y = { z = 2 } } # p⏎ ¦ p.y.z ¦ - ¦ p = { x = 1, y = {} } # p⏎",
        "p = { a.b = 1 }⏎ ¦ p.a.b ¦ - ¦ p = {}⏎",
        "[t]⏎x = 1⏎ ¦ t.x ¦ - ¦ [t]⏎",
        "a = 1⏎ ¦ b.c ¦ - ¦ a = 1⏎"})
    void a_key_goes_and_leaves_the_comments_of_others(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "[[h]]⏎n = 'a'⏎⏎# of b⏎[[h]]⏎n = 'b' # b⏎⏎[z]⏎ ¦ h[n=a].v ¦ 1 ¦ [[h]]⏎n = 'a'⏎v = 1⏎⏎# of b⏎[[h]]⏎n = 'b' # b⏎⏎[z]⏎",
        "[[h]]⏎n = 'a'⏎⏎[z]⏎ ¦ h[n=b].v ¦ 1 ¦ [[h]]⏎n = 'a'⏎⏎[[h]]⏎n = \"b\"⏎v = 1⏎⏎[z]⏎",
        "[[h]]⏎n = 'a'⏎[h.s]⏎x = 1⏎⏎# of b⏎[[h]]⏎n = 'b'⏎ ¦ h[n=a] ¦ - ¦ # of b⏎[[h]]⏎n = 'b'⏎",
        "a = 1⏎⏎[[h]]⏎n = 'a'⏎ ¦ h[n=a] ¦ - ¦ a = 1⏎",
        "a = 1⏎ ¦ h[n=x].s.y ¦ [1] ¦ a = 1⏎⏎[[h]]⏎n = \"x\"⏎⏎[h.s]⏎y = [1]⏎",
        "h = [⏎  { n = 'a', v = 1 }, # a⏎  { n = 'b' },⏎]⏎ ¦ h[n=b].v ¦ 2 ¦ h = [⏎  { n = 'a', v = 1 }, # a⏎  { n = 'b', v = 2 },⏎]⏎",
        "h = [{ n = 'a' }]⏎ ¦ h[n=b].v ¦ 2 ¦ h = [{ n = 'a' }, { n = \"b\", v = 2 }]⏎",
        "h = []⏎ ¦ h[n=\"x/y.z:1\"].v ¦ 2 ¦ h = [{ n = \"x/y.z:1\", v = 2 }]⏎",
        "[[h]]⏎n = 'a'⏎[[h.m]]⏎id = 'x' # ex⏎ ¦ h[n=a].m[id=x].n ¦ \"y\" ¦ [[h]]⏎n = 'a'⏎[[h.m]]⏎id = 'x' # ex⏎n = \"y\"⏎",
        "[[h]]⏎id = 'b'⏎⏎[[h]]⏎id = 'd' # d⏎ ¦ h ¦ "
                + "[{\"id\": \"a\"}, {\"id\": \"b\", \"v\": 1}, {\"id\": \"c\"}, {\"id\": \"d\"}, {\"id\": \"e\"}] ¦ "
                + "[[h]]⏎id = \"a\"⏎⏎[[h]]⏎id = 'b'⏎v = 1⏎⏎[[h]]⏎id = \"c\"⏎⏎[[h]]⏎id = 'd' # d⏎⏎[[h]]⏎id = \"e\"⏎",
        "[[h]]⏎id = 'a'⏎⏎[[h]]⏎id = 'b'⏎⏎[[h]]⏎id = 'c'⏎ ¦ h ¦ [{\"id\": \"c\"}] ¦ [[h]]⏎id = 'c'⏎",
        "a = 1⏎⏎[[h]]⏎id = 'a'⏎⏎[[h]]⏎id = 'b'⏎ ¦ h ¦ [] ¦ a = 1⏎h = []⏎"})
    void an_element_is_found_by_a_member_or_made(String before, String place, String json, String after) throws Exception {
        EDITS.example(before, place, json, after);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', value = {
        "a = 1⏎b = = 2 ¦ x ¦ 1 ¦ 2 ¦ it is no valid TOML 1.0",
        "[a]⏎x = 1⏎[a]⏎ ¦ x ¦ 1 ¦ 3 ¦ it is no valid TOML 1.0",
        "a = 1⏎a = 2⏎ ¦ x ¦ 1 ¦ 2 ¦ it is no valid TOML 1.0",
        "a = 'x ¦ x ¦ 1 ¦ 1 ¦ it is no valid TOML 1.0",
        "a = { b = 1,⏎ c = 2 } ¦ x ¦ 1 ¦ 1 ¦ it is no valid TOML 1.0",
        "a = { b = 1, } ¦ x ¦ 1 ¦ 1 ¦ it is no valid TOML 1.0",
        "a = 9223372036854775808⏎ ¦ x ¦ 1 ¦ 1 ¦ it is no valid TOML 1.0",
        "a = 1␍b = 2 ¦ x ¦ 1 ¦ 1 ¦ it is no valid TOML 1.0",
        "a = 1⏎b = 'x'⏎ ¦ b.c ¦ 1 ¦ 2 ¦ a table is needed here, not another value",
        "a = 1⏎[b]⏎c = 1⏎ ¦ b[n=x].c ¦ 1 ¦ 2 ¦ a list is needed here, not another value",
        "[[b]]⏎c = 1⏎ ¦ b.c ¦ 1 ¦ 1 ¦ a table is needed here, not another value",
        "a = 1⏎[b]⏎# dear⏎c = 1⏎ ¦ b ¦ 1 ¦ 2 ¦ a table stands where a value is to be written",
        "b.c = 1⏎ ¦ b ¦ [\"x\"] ¦ 1 ¦ a table stands where a value is to be written",
        "[[b]]⏎# dear⏎c = 1⏎ ¦ b ¦ [1] ¦ 1 ¦ a table stands where a value is to be written",
        "[[b]]⏎id = 'x'⏎[[b]]⏎id = 'y'⏎ ¦ b ¦ [{\"id\": \"y\"}, {\"id\": \"x\"}] ¦ 1 ¦ the tables there would have to change their order",
        "[[b]]⏎n = 'x'⏎[[b]]⏎n = 'x'⏎ ¦ b[n=x].c ¦ 1 ¦ 1 ¦ the list has more than one element of that name",
        "[[b]]⏎n = 'x'⏎ ¦ b[n=x].n ¦ \"y\" ¦ 2 ¦ the element would no longer be found by its name",
        "a = 1⏎ ¦ a ¦ 1e400 ¦ 1 ¦ this cannot be changed without breaking the file",
        "a = 1⏎ ¦ a ¦ [\"\\ud800\"] ¦ 1 ¦ a text that is to be written holds half a character"})
    void what_cannot_be_edited_safely_is_refused(String text, String place, String json, int line, String message) throws Exception {
        EDITS.refused(text, place, json, line, message);
    }

    @Test
    void values_are_read_as_they_are_and_lines_counted_from_one() throws Exception {
        var document = Document.open(Format.TOML, "\ufeffd = 2024-01-31\n\n[[l]]\nid = 'x'\nf = 1.50\n\n[[l]]\nid = 'y'\np.q = [\n"
                + "  { id = 'z',\tn = +1_0 }\n]\n[u.v]\ni = inf\n");
        assertEquals(List.of("x", "y"), document.items(Place.parse("l"), "id"));
        assertEquals(LocalDate.of(2024, 1, 31), document.get(Place.parse("d")));
        assertEquals(new BigDecimal("1.5"), document.get(Place.parse("l[id=x].f")));
        assertEquals(10L, document.get(Place.parse("l[id=y].p.q[id=z].n")));
        assertEquals(Double.POSITIVE_INFINITY, document.get(Place.parse("u.v.i")));
        assertNull(document.get(Place.parse("d.e")));
        assertEquals(Map.of("v", Map.of("i", Double.POSITIVE_INFINITY)), document.tree().get("u"));
        var lines = Map.of("d", 1, "l", 3, "l[id=y]", 7, "l[id=y].p", 9, "l[id=y].p.q[id=z].n", 10, "l[id=z].n", 3,
                "u", 12, "u.v.i", 13, "u.w", 12);
        lines.forEach((place, line) -> assertEquals(line, document.line(Place.parse(place)), place));
    }

    @Test
    void a_file_nested_beyond_reason_is_refused() throws Exception {
        EDITS.refused("a = " + "[".repeat(101) + "]".repeat(101), "x", "1", 0, "its values are nested more than 100 levels deep");
    }

    @Test
    void several_edits_follow_each_other() throws Exception {
        var text = "# mine\nmodel = 'x'\n\n[t]\ny = 1\n\n# foot\n";
        var document = Document.open(Format.TOML, text);
        document.set(Place.parse("model_providers.acme"), new LinkedHashMap<>(Map.of("name", "Acme")));
        document.set(Place.parse("model_providers.acme.http_headers.\"X-A\""), "1");
        assertThrows(Refused.class, () -> document.set(Place.parse("model.x"), 1L));
        document.set(Place.parse("t.z"), List.of(1L, new BigDecimal("0.5")));
        assertEquals("# mine\nmodel = 'x'\n\n[t]\ny = 1\nz = [1, 0.5]\n\n[model_providers.acme]\nname = \"Acme\"\n\n"
                + "[model_providers.acme.http_headers]\nX-A = \"1\"\n\n# foot\n", document.text());
        document.remove(Place.parse("t.z"));
        document.remove(Place.parse("model_providers"));
        assertEquals(text, document.text());
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
