package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import lib.render.Rendering;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tomlj.Toml;

/** Whatever a provider says comes out as data, in every format, or is refused by name. */
class EscapeTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    /** Ids that are allowed, and that would be structure in one format or another if they were not escaped. */
    private static final List<String> HOSTILE = List.of("x\"\n[mcp_servers.evil]\ncommand=\"sh".replace("\n", " "), "a\"b", "a\\b", "\\", "\"", "'", "a'b", "]]", "---", "- a",
            "#", "a #b", "a: b", "yes", "no", "null", "~", "1.0", "0x1f", "1e9", "${1+1}", "#{1}", "[=1]", "<#if>", "{{x}}", "$(id)", "`id`", "%x", "@x", "&a", "*a", "!x",
            "| x", "> x", "{a: b}", "[a, b]", "a, b", "</script>", "a/b", "\u202eabc", "\u200f", "a\u2028b", "a\u2029b", "\ufeffx", "\u00a0", "ü", "日本", "🐬", "\ufdd0x\ufdd1", "\uffff",
            "=cmd", "a\u0300", "__proto__", "true", "<<", "?", ":", "a:", " a", "a ", "x".repeat(512));
    /** Ids that are no ids. */
    private static final List<String> REFUSED = List.of("a\nb", "a\rb", "a\tb", "a\0b", "\u001b[31m", "a\u0085b", "\u007f", "x".repeat(513));

    @TempDir
    Path dir;

    private static String jsonList(List<String> ids) {
        var root = RenderFixtures.MAPPER.createObjectNode();
        ids.forEach(id -> root.withArray("/data").addObject().put("id", id));
        return root.toString();
    }

    @Test
    void hostile_ids_come_out_of_every_bundled_template_as_the_ids_they_are() throws Exception {
        var all = new ArrayList<>(HOSTILE);
        all.addAll(REFUSED);
        var fixture = new RenderFixtures(dir).answer("acme", jsonList(all)).bundledTemplates().legacy();
        var report = fixture.render();
        assertEquals(List.of(), report.problems());
        var expected = HOSTILE.stream().sorted().toList();
        var aichat = YAML.readTree(fixture.read("config/aichat/models_acme.yaml")).at("/clients/0/models");
        assertEquals(expected, texts(aichat, "name"));
        var mods = new ArrayList<String>();
        YAML.readTree(fixture.read("config/mods/models_acme.yml")).at("/apis/acme/models").fieldNames().forEachRemaining(mods::add);
        assertEquals(expected, mods.stream().sorted().toList());
        assertEquals(expected, texts(RenderFixtures.MAPPER.readTree(fixture.read("config/codex/acme.models.json")).get("models"), "slug"));
        assertTrue(HOSTILE.contains(Toml.parse(fixture.read("config/codex/acme.config.toml")).getString("model")));
        var legacy = Toml.parse(fixture.read("models/models_acme.toml"));
        assertEquals(List.of(), legacy.errors());
        assertEquals(java.util.Set.of("model_providers", "profiles"), legacy.keySet());
        assertEquals(expected, fixture.read("config/txt/models_acme.txt").lines().sorted().toList());
        assertEquals(all.stream().sorted().toList(), texts(RenderFixtures.MAPPER.readTree(fixture.read("config/json/models_acme.json")).get("data"), "id"));
    }

    private static List<String> texts(JsonNode array, String member) {
        var texts = new ArrayList<String>();
        array.forEach(one -> texts.add(one.get(member).textValue()));
        return texts.stream().sorted().toList();
    }

    @Test
    void a_lone_surrogate_in_a_name_becomes_the_replacement_character() throws Exception {
        var fixture = new RenderFixtures(dir).answer("acme", "{\"data\":[{\"id\":\"a\",\"name\":\"x\\ud800y\"}]}");
        var out = fixture.output("a.json", "{\"n\": \"${providers[0].models[0].name!\"\\xFFFD\"}\"}");
        assertTrue(out.contains("\ufffd"), out);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.toml", "a.yaml", "a.yml", "a.json", "a.jsonc"})
    void random_text_between_quotes_survives_every_format(String name) throws Exception {
        long seed = 20261120;
        var source = "\"${run.outcomes[0].message}\"";
        var template = name.endsWith("toml") ? "v = " + source : name.contains("y") ? "v: " + source : "{\"v\": " + source + "}";
        var random = new Random(seed);
        var alphabet = "\"\\'#:-,[]{}&*!|>%@`~ ab\n\r\t\b\f\0\u001f\u007f\u0085\u00a0\u2028\u2029\u202e\ufeff\uffff\ufdd0\ufdd1ü日/$<=";
        for (int round = 0; round < 40; round++) {
            var text = new StringBuilder();
            for (int i = random.nextInt(30); i >= 0; i--) {
                text.append(random.nextInt(12) == 0 ? "🐬" : String.valueOf(alphabet.charAt(random.nextInt(alphabet.length()))));
            }
            var said = new Rendering.Outcome("acme", "failed", null, "parse", text.toString(), null, null, List.of());
            var fixture = new RenderFixtures(Files.createTempDirectory(dir, "f")).run(new Rendering.Run(Fixtures.NOW, 1, "0", List.of(said), List.of()));
            var output = fixture.output(name, template);
            var value = name.endsWith("toml") ? Toml.parse(output).getString("v") : YAML.readTree(output).get("v").textValue();
            assertEquals(text.toString(), value, "seed " + seed + " round " + round);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', value = {"a.yaml¦- ${X}", "a.yaml¦a: ${X}", "a.yaml¦a: [${X}]", "a.yaml¦${X}: 1", "a.yaml¦a: '${X}'", "a.yaml¦a: x \"${X}\"",
        "a.toml¦a = ${X}", "a.toml¦${X} = 1", "a.toml¦a = '${X}'", "a.toml¦[${X}]", "a.toml¦a = '''it is \"${X}\"'''", "a.json¦{\"a\": ${X}}", "a.json¦[\"\\${X}\"]",
        "a.json¦{\"a\": ${X?c}}", "a.yaml¦a: ${X?c}", "a.jsonc¦[/* ${X} */ 1]", "a.yaml¦<#assign y>a: ${X}</#assign>${y}", "a.json¦<#assign y>${X}</#assign>[${y}]",
        "a.yaml¦<#include '_x.inc.ftl'>", "a.yaml¦a: |NL  ${X}"})
    void text_outside_of_double_quotes_is_an_error(String name, String template) throws Exception {
        var fixture = new RenderFixtures(dir).ids("acme", "a: b").user("t/_x.inc.ftl", "- ${providers[0].models[0].id}");
        var problem = fixture.problem(name, template.replace("X", "providers[0].models[0].id").replace("NL", "\n"));
        assertEquals(Rendering.Kind.TEMPLATE, problem.kind());
        assertTrue(problem.message().startsWith("this interpolation cannot print text: "), problem.toString());
        assertTrue(problem.line() >= 1, problem.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', value = {"a.yaml¦- \"${X}\"", "a.yaml¦- {a: \"${X}\"}", "a.yaml¦\"${X}\": 1", "a.yaml¦? \"${X}\"", "a.yaml¦a: [\"${X}\", \"${X}\"]",
        "a.yaml¦# ${X}", "a.yaml¦a: it's # ${X}", "a.yaml¦a: {\"b\":\"${X}\"}", "a.toml¦a = \"${X}\" # ${X}", "a.toml¦\"${X}\" = '#'", "a.toml¦a = \"\"\"x \"y\" ${X}\"\"\"",
        "a.toml¦a = ''", "a.toml¦a = ['x', \"${X}\"]", "a.json¦{\"${X}\": \"http://x/${X}\"}", "a.jsonc¦[1 // ${X}NL]", "a.yaml¦<#assign y>\"${X}\"</#assign>- ${y}",
        "a.yaml¦- ${providers?size}", "a.toml¦a = ${(1.5)}", "a.json¦[${true}, ${0.0000001}]", "a.yaml¦<#macro q>\"<#nested>\"</#macro>- <@q>${X}</@q>"})
    void text_between_double_quotes_or_in_a_comment_is_fine_as_are_bare_numbers(String name, String template) throws Exception {
        var fixture = new RenderFixtures(dir).ids("acme", "a: \"b\" ]]");
        assertEquals(List.of(), fixture.user("t/" + name + ".ftl", template.replace("X", "providers[0].models[0].id").replace("NL", "\n")).tools("t").render().problems());
    }

    @ParameterizedTest
    @CsvSource({"a.xml,<a b=\"${X}\">${X}</a>", "a.html,<p>${X}</p>"})
    void markup_is_escaped_as_markup(String name, String template) throws Exception {
        var out = new RenderFixtures(dir).ids("acme", "<script>&\"").output(name, template.replace("X", "providers[0].models[0].id"));
        assertTrue(out.contains("&lt;script&gt;&amp;&quot;"), out);
    }

    @Test
    void an_included_file_is_escaped_as_the_file_that_includes_it() throws Exception {
        var fixture = new RenderFixtures(dir).ids("acme", "a\"b").user("t/_x.inc.ftl", "{\"v\": \"${providers[0].models[0].id}\"}");
        assertEquals("{\"v\": \"a\\\"b\"}", fixture.output("a.json", "<#include \"_x.inc.ftl\">"));
    }
}
