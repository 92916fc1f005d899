package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The files of {@code --legacy-output}: what dump_models.py wrote, to the byte. */
class LegacyTest {
    @TempDir
    Path dir;

    private RenderFixtures rendered(String answer) throws Exception {
        var fixture = new RenderFixtures(dir).answer("acme", answer).bundledTemplates().legacy();
        var report = fixture.tools("legacy").render();
        assertEquals(List.of(), report.problems());
        return fixture;
    }

    /** The numbers of Python's {@code repr}: those of the recorded answers, and the edges of its layouts. */
    @ParameterizedTest
    @CsvSource({"0.000001,1e-06", "1.9e-08,1.9e-08", "5E-9,5e-09", "0.00000014,1.4e-07", "6.25e-09,6.25e-09", "2.9452365658188216e-05,2.9452365658188216e-05",
        "0.00043636624959171653,0.00043636624959171653", "0.040003199999999996,0.040003199999999996", "150.0,150.0", "0.0,0.0", "0e10,0.0", "0.32986602,0.32986602",
        "1e-4,0.0001", "0.00009,9e-05", "1e15,1000000000000000.0", "1e16,1e+16", "123456789012345680000.0,1.2345678901234568e+20", "1.0e+23,1e+23",
        "0.1000000000000000055511151231257827,0.1", "20000000000000000000000e1,2e+23", "9007199254740993.0,9007199254740992.0", "5.684341886080801486968994140625E-14,5.684341886080802e-14", "2.2250738585072011e-308,2.225073858507201e-308", "4.4501477170144023e-308,4.4501477170144023e-308", "2.0e-3,0.002", "-1.50,-1.5", "1e100,1e+100",
        "1e999999999,1E+999999999", "1e-999999999,0.0", "1.7976931348623157e308,1.7976931348623157e+308", "5e-324,5e-324"})
    void decimals_print_as_python_prints_the_nearest_double(String stated, String printed) throws Exception {
        assertEquals("{\n  \"data\": [\n    {\n      \"id\": \"a\",\n      \"n\": " + printed + "\n    }\n  ]\n}",
                rendered("{\"data\":[{\"id\":\"a\",\"n\":" + stated + "}]}").read("models/models_acme.json"));
    }

    @Test
    void json_keeps_all_but_the_order_of_the_models_and_is_ascii() throws Exception {
        assertEquals("""
                {
                  "z": {},
                  "data": [
                    {
                      "id": "A",
                      "y": 1,
                      "x": [],
                      "n": 123456789012345678901234567890
                    },
                    {
                      "id": "\\uff5c",
                      "t": "\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\\u0080",
                      "b": [
                        true,
                        false,
                        null,
                        1.0
                      ]
                    },
                    {
                      "id": "\\ud83d\\udc2c"
                    }
                  ],
                  "a": "last"
                }""", rendered("""
                {"z":{},"data":[{"id":"🐬"},{"id":"｜","t":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\\u0080","b":[true,false,null,1.0]},
                {"id":"A","y":1,"x":[],"n":123456789012345678901234567890}],"a":"first","a":"last"}""").read("models/models_acme.json"));
    }

    @Test
    void equal_ids_keep_their_order_and_are_all_listed() throws Exception {
        var fixture = rendered("{\"data\":[{\"id\":\"b\"},{\"id\":\"a\",\"n\":2},{\"id\":\"a\",\"n\":1}]}");
        assertEquals("a\na\nb", fixture.read("models/models_acme.txt"));
        assertTrue(fixture.read("models/models_acme.json").indexOf("\"n\": 2") < fixture.read("models/models_acme.json").indexOf("\"n\": 1"));
    }

    @Test
    void a_name_that_two_models_share_keeps_the_first_place_and_the_last_model() throws Exception {
        var toml = rendered("{\"data\":[{\"id\":\"vendor/a-very-long-model-1\",\"context_length\":1},{\"id\":\"vendor/a-very-long-model-2\",\"context_length\":2},{\"id\":\"x\"},"
                + "{\"id\":\"x\",\"context_length\":9}]}").read("models/models_acme.toml");
        assertEquals("""
                [profiles.acm_vendor_a_very_long_m]
                approval_policy = "never"
                model = "vendor/a-very-long-model-2"
                model_provider = "acme"
                model_reasoning_effort = "high"
                model_context_window = 2

                [profiles.acm_x]
                approval_policy = "never"
                model = "x"
                model_provider = "acme"
                model_reasoning_effort = "high"
                """, toml.substring(toml.indexOf("[profiles")));
    }

    /** Context and output limits are what Python's truth and {@code int()} make of the first true one. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"\"context_length\":\"128k\"|", "\"context_length\":1.5|", "\"context_length\":0,\"context_window\":7|model_context_window = 7",
        "\"context_length\":\"0\"|model_context_window = 0", "\"context_length\":true|model_context_window = 1", "\"context_length\":\" 1_000 \"|model_context_window = 1000",
        "\"context_length\":null,\"max_tokens\":5|model_context_window = 5", "\"context_length\":9,\"top_provider\":{\"context_length\":null}|",
        "\"top_provider\":{\"max_completion_tokens\":3}|model_max_output_tokens = 3", "\"context_length\":9,\"top_provider\":null|", "\"max_output_tokens\":-4|model_max_output_tokens = -4",
        "\"context_length\":[1]|", "\"context_length\":99999999999999999999|"})
    void limits_follow_pythons_rules(String members, String line) throws Exception {
        var toml = rendered("{\"data\":[{\"id\":\"a\"," + members + "}]}").read("models/models_acme.toml");
        assertEquals(line == null ? "" : line + "\n", toml.substring(toml.indexOf("\"high\"\n") + 7));
    }

    @Test
    void no_models_leave_an_empty_text_and_an_empty_table() throws Exception {
        var fixture = rendered("{\"data\":[]}");
        assertEquals("", fixture.read("models/models_acme.txt"));
        assertEquals("{\n  \"data\": []\n}", fixture.read("models/models_acme.json"));
        assertTrue(fixture.read("models/models_acme.toml").endsWith("env_key = \"ACME_API_KEY\"\n\n[profiles]\n"));
    }

    @Test
    void a_number_for_an_id_is_no_id() throws Exception {
        assertEquals("b", rendered("{\"data\":[{\"id\":\"b\"},{\"id\":4},{\"name\":\"c\"}]}").read("models/models_acme.txt"));
    }
}
