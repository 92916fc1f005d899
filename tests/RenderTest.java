package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.provider.Providers.ConfigError;
import lib.render.Rendering;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The engine: which template counts, what it may do, and what becomes of its mistakes. */
class RenderTest {
    private static final String SECRET = "fake/key\"for-tests-0001";

    @TempDir
    Path dir;

    private RenderFixtures fixture() throws Exception {
        return new RenderFixtures(dir).ids("acme", "m1", "m2").ids("plain", "p1");
    }

    // Layers

    @Test
    void the_path_of_a_template_is_the_path_of_its_output() throws Exception {
        var report = fixture().user("t/a-PROVIDER_x.txt.ftl", "${provider.id}").user("t/all.txt.ftl", "all").render();
        assertEquals(List.of("config/t/a-acme_x.txt", "config/t/a-plain_x.txt", "config/t/all.txt"),
                report.written().stream().map(p -> dir.resolve("root").relativize(p).toString().replace('\\', '/')).toList());
    }

    @Test
    void provider_is_a_token_only_where_no_letter_touches_it() throws Exception {
        var fixture = fixture().user("t/PROVIDERS.txt.ftl", "x");
        fixture.render();
        assertTrue(fixture.exists("config/t/PROVIDERS.txt"));
    }

    @Test
    void one_file_of_the_user_overrides_one_bundled_file() throws Exception {
        var fixture = fixture().bundled("t/a.txt.ftl", "bundled a").bundled("t/b.txt.ftl", "bundled b").user("t/a.txt.ftl", "mine");
        fixture.render();
        assertEquals("mine", fixture.read("config/t/a.txt"));
        assertEquals("bundled b", fixture.read("config/t/b.txt"));
    }

    @Test
    void the_option_beats_the_user_and_nobody_trusts_the_project() throws Exception {
        var fixture = fixture().user("t/a.txt.ftl", "user").project("t/a.txt.ftl", "project");
        fixture.render();
        assertEquals("user", fixture.read("config/t/a.txt"));
        fixture.put(dir.resolve("given"), "t/a.txt.ftl", "given").option(dir.resolve("given")).render();
        assertEquals("given", fixture.read("config/t/a.txt"));
    }

    @Test
    void a_missing_templates_folder_is_an_error_only_where_it_was_asked_for() throws Exception {
        var fixture = fixture().option(Path.of("nowhere"));
        assertEquals("--templates nowhere: there is no such folder", assertThrows(ConfigError.class, fixture::discover).getMessage());
    }

    @Test
    void a_symbolic_link_to_a_folder_of_templates_works() throws Exception {
        var fixture = fixture().put(dir.resolve("dotfiles"), "t/a.txt.ftl", "linked");
        Files.createDirectories(fixture.host.configDir());
        Files.createSymbolicLink(fixture.host.configDir().resolve("templates"), dir.resolve("dotfiles"));
        fixture.render();
        assertEquals("linked", fixture.read("config/t/a.txt"));
    }

    @Test
    void an_unknown_tool_is_named_with_the_nearest() throws Exception {
        var tools = fixture().bundledTemplates().discover();
        assertEquals("no tool 'aichta'; did you mean aichat?", assertThrows(ConfigError.class, () -> tools.require(Set.of("aichta"))).getMessage());
        assertEquals(Set.of("aichat", "codex", "feed", "json", "legacy", "mods", "run", "txt"), tools.byTool().keySet());
    }

    // Headers

    @Test
    void an_unknown_attribute_is_named_with_the_nearest() throws Exception {
        var problem = fixture().problem("a.txt", "<#ftl attributes={\"abuot\": \"x\"}>");
        assertEquals("unknown attribute 'abuot'; did you mean about?", problem.message());
        assertTrue(problem.file().endsWith("t/a.txt.ftl"), problem.file());
    }

    @Test
    void an_unknown_wire_or_mode_is_named_with_the_nearest() throws Exception {
        assertTrue(fixture().problem("a.txt", "<#ftl attributes={\"where\": {\"wire\": \"openai-chta\"}}>").message().contains("did you mean openai-chat?"));
        assertTrue(fixture().problem("a.txt", "<#ftl attributes={\"where\": {\"mode\": \"chatt\"}}>").message().contains("did you mean chat?"));
    }

    @Test
    void where_selects_providers_and_models() throws Exception {
        var fixture = new RenderFixtures(dir).samples().user("t/PROVIDER.txt.ftl",
                "<#ftl attributes={\"where\": {\"wire\": [\"anthropic-messages\", \"openai-responses\"], \"mode\": \"embedding\"}}>\n${models?join(\" \")}");
        var report = fixture.render();
        assertEquals(Map.of("t/acme.txt", "acme/embed"), RenderFixtures.tree(fixture.root.resolve("config")));
        assertTrue(report.leftOut().contains(new Rendering.LeftOut("t", "t/PROVIDER.txt.ftl", "openai", "none of its models is for embedding")), report.leftOut().toString());
        assertTrue(report.leftOut().contains(new Rendering.LeftOut("t", "t/PROVIDER.txt.ftl", "plain", "its API is openai-chat, not anthropic-messages or openai-responses")),
                report.leftOut().toString());
    }

    @Test
    void output_names_another_place_below_the_root() throws Exception {
        var fixture = fixture();
        fixture.user("t/a.txt.ftl", "<#ftl attributes={\"output\": \"elsewhere/PROVIDER/crushrc\"}>\n${provider.id}").render();
        assertEquals("acme", fixture.read("elsewhere/acme/crushrc"));
    }

    @Test
    void an_output_outside_of_the_root_or_over_the_snapshot_is_refused() throws Exception {
        for (var output : List.of("../evil.txt", "/tmp/evil.txt", "a//b.txt", "config/../../x.txt", "C:\\\\x.txt", "models/catalog.json")) {
            var name = output.endsWith("json") ? "a.json" : "a.txt";
            var problem = new RenderFixtures(Files.createTempDirectory(dir, "o")).ids("acme", "m").problem(name,
                    "<#ftl attributes={\"output\": \"" + output + "\"}>\n{}");
            assertEquals(Rendering.Kind.REFUSED, problem.kind(), output);
        }
    }

    @Test
    void two_templates_for_one_output_are_a_mistake() throws Exception {
        var problem = fixture().user("t/b.txt.ftl", "b").problem("a.txt", "<#ftl attributes={\"output\": \"config/t/b.txt\"}>\na");
        assertTrue(problem.message().startsWith("config/t/b.txt is made by "), problem.message());
    }

    @Test
    void optional_outputs_are_made_when_asked_for() throws Exception {
        var header = "<#ftl attributes={\"output\": \"models/x.txt\", \"optional\": \"legacy\"}>\n";
        var fixture = fixture().user("t/a.txt.ftl", header + "x").user("u/b.txt.ftl", "<#ftl attributes={\"also\": {\"legacy\": \"models/b.txt\"}}>\nb");
        fixture.render();
        assertEquals(Set.of("config/u/b.txt"), RenderFixtures.tree(fixture.root).keySet());
        fixture.legacy().render();
        assertEquals(Set.of("config/u/b.txt", "models/x.txt", "models/b.txt"), RenderFixtures.tree(fixture.root).keySet());
    }

    // What templates see

    @Test
    void templates_see_the_providers_and_models_by_the_names_of_the_snapshot() throws Exception {
        var fixture = new RenderFixtures(dir).samples();
        assertEquals("""
                acme Acme https://api.acme.example/v1 ACME_API_KEY openai-chat,openai-responses required
                4.1 - - - - 2026-09-21
                acme/alpha 32768 - 1.25 10 2023-11-14
                acme/embed - - - - -
                acme/paint - - - - -
                acme/zeta:free 131072 8192 0.0000005 0 2025-08-12
                yes - - - - 2026-05-28
                """, fixture.only("acme").user("t/PROVIDER.txt.ftl", """
                ${provider.id} ${provider.name} ${provider.baseUrl} ${provider.keyEnv} ${provider.wires?join(",")} ${provider.key}
                <#list models as m>
                ${m.id} ${m.limits.context!"-"} ${m.limits.output!"-"} ${m.cost.input!"-"} ${m.cost.output!"-"} ${m.release_date!"-"}
                </#list>
                """).tools("t").render().problems().isEmpty() ? fixture.read("config/t/acme.txt") : "problems");
    }

    @Test
    void a_name_that_no_model_has_is_an_error_with_the_nearest() throws Exception {
        assertTrue(fixture().problem("a.txt", "${models[0].limits.contxt!}".replace("models", "providers[0].models")).message()
                .contains("limits has no 'contxt'; did you mean context?"));
        assertTrue(fixture().problem("a.txt", "${providers[0].kyeEnv!}").message().contains("provider has no 'kyeEnv'; did you mean keyEnv?"));
    }

    @Test
    void every_source_of_a_fact_can_be_told() throws Exception {
        var fixture = new RenderFixtures(dir).samples();
        assertEquals("acme", fixture.output("a.txt", "${providers[0].models[1].sources[\"limits.context\"]}"));
    }

    @Test
    void slugs_are_readable_safe_and_unique() throws Exception {
        var ids = new String[] {"vendor/m:free", "vendor--m..free", "a/-b", "a-/b", "a.:b", "a:.b", "..", "con", "ÄÖ", "ÄÜ", "x".repeat(300), "4.1", "a b", "a_b"};
        var slugs = List.of(new RenderFixtures(dir).ids("acme", ids).output("a.txt", "<#list providers[0].models as m>${m.slug}<#sep> </#list>").split(" "));
        assertEquals(ids.length, Set.copyOf(slugs).size(), slugs.toString());
        assertTrue(slugs.containsAll(List.of("vendor--m..free", "con", "4.1", "a_b")), slugs.toString());
        slugs.forEach(slug -> assertTrue(slug.matches("[A-Za-z0-9][A-Za-z0-9._~-]{0,140}") && !slug.endsWith("."), slug));
    }

    @Test
    void a_template_reaches_no_class_no_environment_and_no_key() throws Exception {
        for (var attempt : List.of("${provider.class}", "${models.class}", "${provider?api.access}", "${\"java.lang.Runtime\"?new()}",
                "${\"freemarker.template.utility.Execute\"?new()(\"id\")}", "${run.class.name}", "${provider.access}", "${provider.getClass()}",
                "<#include \"../../../etc/passwd\">", "<#include \"/etc/passwd\">", "${.data_model.host}", "${provider.key_value}")) {
            var fixture = new RenderFixtures(Files.createTempDirectory(dir, "r"), Map.of("ACME_API_KEY", SECRET)).ids("acme", "m");
            var problem = fixture.problem("PROVIDER.txt", attempt);
            assertEquals(Rendering.Kind.TEMPLATE, problem.kind(), attempt);
            assertFalse(fixture.exists("config"), attempt);
        }
    }

    @Test
    void a_template_can_leave_its_file_out_and_can_tell_its_user_something() throws Exception {
        var fixture = fixture().user("t/PROVIDER.txt.ftl", "<#if provider.id == \"acme\"><@skip reason=\"not for Acme\"/></#if>x<@note text=\"set it up\"/>");
        var report = fixture.render();
        assertEquals(List.of(new Rendering.LeftOut("t", "t/PROVIDER.txt.ftl", "acme", "not for Acme")), report.leftOut());
        assertEquals(List.of(new Rendering.Note("t", "plain", "set it up")), report.notes());
        assertFalse(fixture.exists("config/t/acme.txt"));
    }

    // Mistakes

    @Test
    void a_broken_template_names_line_column_expression_and_model_and_stops_no_other() throws Exception {
        var fixture = fixture().user("t/PROVIDER.txt.ftl", "line one\n<#list models as m>\n  ${m.limits.output}\n</#list>\n").user("u/a.txt.ftl", "fine");
        var report = fixture.render();
        assertEquals("fine", fixture.read("config/u/a.txt"));
        assertEquals(1, report.problems().size(), report.problems().toString());
        var problem = report.problems().get(0);
        assertTrue(problem.file().endsWith("templates/t/PROVIDER.txt.ftl"), problem.file());
        assertEquals("3:5 m.limits.output acme, model m1; and 1 more of the same",
                problem.line() + ":" + problem.column() + " " + problem.expression() + " " + problem.subject());
        assertFalse(fixture.exists("config/t/acme.txt"));
    }

    @Test
    void a_syntax_error_names_line_and_column() throws Exception {
        var problem = fixture().problem("a.txt", "fine\n  ${1 +}\n");
        assertEquals(2, problem.line());
        assertTrue(problem.column() > 2, problem.toString());
    }

    @Test
    void a_mistake_in_an_included_file_names_that_file() throws Exception {
        var fixture = fixture().user("t/_part.inc.ftl", "\n${nothing}");
        var problem = fixture.problem("a.txt", "<#include \"_part.inc.ftl\">");
        assertTrue(problem.file().endsWith("t/_part.inc.ftl"), problem.file());
        assertEquals(2, problem.line());
    }

    @Test
    void output_that_does_not_parse_is_not_written_and_its_line_is_shown() throws Exception {
        var bad = Map.of("a.toml", "x = 1\nx = 2\n", "a.yaml", "a: 1\na: 2\n", "b.yaml", "a: 1\n---\nb: 2\n", "c.yml", "a: [1\n", "a.json", "{\"a\": 1,\n \"a\": 2}",
                "b.json", "{} {}", "c.json", "", "a.jsonc", "{/* x */ \"a\": }", "a.xml", "<a><b></a>", "d.yaml", "a:\n\tb: 1\n");
        for (var one : bad.entrySet()) {
            var fixture = new RenderFixtures(Files.createTempDirectory(dir, "p")).ids("acme", "m");
            fixture.put(fixture.root.resolve("config"), "t/" + one.getKey(), "old");
            var problem = fixture.problem(one.getKey(), one.getValue());
            assertTrue(problem.message().startsWith("its output is not "), one.getKey() + ": " + problem.message());
            assertEquals("old", fixture.read("config/t/" + one.getKey()));
        }
    }

    @Test
    void a_template_without_a_known_ending_is_told_which_there_are() throws Exception {
        assertTrue(fixture().problem("crushrc", "x").message().contains(".txt.ftl"));
    }

    @Test
    void a_byte_order_mark_is_told_as_such() throws Exception {
        assertTrue(fixture().problem("a.txt", "\ufeff<#ftl>x").message().contains("byte order mark"));
    }

    @Test
    void windows_line_ends_in_a_template_are_unix_ones_in_the_output() throws Exception {
        assertEquals("a\nb\n", fixture().output("a.txt", "a\r\nb\r\n"));
    }

    @Test
    void endless_output_is_stopped() throws Exception {
        var problem = fixture().problem("a.txt", "<#list 1.. as i>${\"x\"?left_pad(1000000)}</#list>");
        assertTrue(problem.message().contains("64 MB"), problem.message());
    }

    @Test
    void endless_recursion_is_stopped() throws Exception {
        assertTrue(fixture().problem("a.txt", "<#macro m><@m/></#macro><@m/>").message().contains("without end"));
    }

    // Trust

    @Test
    void a_template_of_the_project_is_rendered_and_marked() throws Exception {
        var fixture = fixture().project("t/a.txt.ftl", "${providers?size}");
        var report = fixture.render();
        assertEquals(Set.of(fixture.root.resolve("config/t/a.txt")), report.untrusted());
    }

    @Test
    void a_template_of_the_project_that_equals_ours_is_ours() throws Exception {
        assertEquals(Set.of(), fixture().bundled("t/a.txt.ftl", "same\n").project("t/a.txt.ftl", "same\r\n").render().untrusted());
    }

    @Test
    void an_untrusted_template_cannot_send_a_known_key_to_a_stranger() throws Exception {
        for (var text : List.of("ACME_API_KEY https://evil.example/v1", "key: $ACME_API_KEY\nurl: HTTPS://evil.example:8443/v1",
                "ACME_API_KEY https:\\/\\/evil.example", "ACME_API_KEY wss://user@evil.example/", "ACME_API_KEY \\u0068ttps://evil.example",
                "ACME_API_KEY https://api.acme.example.evil.example/", "${provider.keyEnv} https://${\"ev\"}il.example/")) {
            var fixture = new RenderFixtures(Files.createTempDirectory(dir, "u")).ids("acme", "m").project("t/PROVIDER.txt.ftl", text);
            var problems = fixture.render().problems();
            assertEquals(1, problems.size(), text);
            assertEquals(Rendering.Kind.REFUSED, problems.get(0).kind());
            assertTrue(problems.get(0).message().contains("ACME_API_KEY"), problems.get(0).message());
            assertFalse(fixture.exists("config/t"), text);
        }
    }

    @Test
    void it_is_what_the_parser_makes_of_an_output_that_counts() throws Exception {
        var binary = java.util.Base64.getEncoder().encodeToString("https://evil.example/v1".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        for (var text : Map.of("PROVIDER.toml", "base_url = \"\"\"https:\\\n  //evil.example/v1\"\"\"\nenv_key = \"\"\"ACME_\\\n  API_KEY\"\"\"\n",
                "PROVIDER.yaml", "key: ACME_API_KEY\nurl: \"https:\\\n  //evil.example/v1\"\n", "b_PROVIDER.yaml", "key: ACME_API_KEY\nurl: !!binary " + binary + "\n",
                "h_PROVIDER.yaml", "key: ACME_API_KEY\nhost: evil.example\n", "a_PROVIDER.yaml", "x: &h evil.example\nkey: ACME_API_KEY\nservers: [*h]\n",
                "PROVIDER.json", "{\"env\": {\"ACME_API_\\u004bEY\": \"\"}, \"api_host\": \"evil.example:8443\"}",
                "p_PROVIDER.json", "{\"key\": \"ACME_API_KEY\", \"base\": [\"u@evil.example/v1\"]}",
                "PROVIDER.xml", "<a key=\"ACME_API_KEY\"><host>evil.exa<![CDATA[mple]]></host></a>", "PROVIDER.txt", "key=ACME_API_KEY\nHost: evil.example\n").entrySet()) {
            var fixture = new RenderFixtures(Files.createTempDirectory(dir, "u")).ids("acme", "m").project("t/" + text.getKey() + ".ftl", text.getValue());
            var problems = fixture.render().problems();
            assertEquals(1, problems.size(), text.getKey());
            assertEquals(Rendering.Kind.REFUSED, problems.get(0).kind(), problems::toString);
            assertTrue(problems.get(0).message().contains("ACME_API_KEY beside the host evil.example"), problems.get(0).message());
            assertFalse(fixture.exists("config/t"), text.getKey());
        }
        var fixture = new RenderFixtures(Files.createTempDirectory(dir, "u")).ids("acme", "gpt-4.1-mini", "us.amazon.nova").project("t/PROVIDER.yaml.ftl",
                "key: \"${provider.keyEnv}\"\nhost: api.acme.example\nfile: acme.models.json\nname: Z.ai\nmodels:\n<#list models as m>  - name: \"${m.id}\"\n</#list>");
        assertEquals(List.of(), fixture.render().problems());
        assertTrue(fixture.exists("config/t/acme.yaml"));
    }

    @Test
    void an_untrusted_template_may_name_a_key_beside_the_host_it_belongs_to() throws Exception {
        var fixture = fixture().only("acme").project("t/PROVIDER.txt.ftl", "${provider.keyEnv} ${provider.baseUrl}");
        assertEquals(List.of(), fixture.render().problems());
        assertEquals("ACME_API_KEY https://api.acme.example/v1", fixture.read("config/t/acme.txt"));
    }

    @Test
    void an_untrusted_template_writes_below_its_own_folder_only() throws Exception {
        for (var output : List.of(".git/hooks/pre-commit", "config/aichat/models_acme.yaml", "models/x")) {
            var fixture = new RenderFixtures(Files.createTempDirectory(dir, "u")).ids("acme", "m")
                    .project("t/a.txt.ftl", "<#ftl attributes={\"output\": \"" + output + "\"}>\nx");
            assertEquals(Rendering.Kind.REFUSED, fixture.render().problems().get(0).kind());
            assertFalse(fixture.exists(output));
        }
    }

    @Test
    void an_untrusted_template_for_a_tool_of_ours_is_not_used_and_told() throws Exception {
        var fixture = fixture().bundled("aichat/a.txt.ftl", "ours").project("aichat/a.txt.ftl", "theirs").project("aichat/b.txt.ftl", "theirs");
        fixture.render();
        assertEquals("ours", fixture.read("config/aichat/a.txt"));
        assertFalse(fixture.exists("config/aichat/b.txt"));
        assertEquals(2, fixture.discover().ignored().size());
        assertTrue(fixture.discover().ignored().get(0).contains("aichat"));
    }

    @Test
    void a_tool_whose_only_template_is_broken_is_still_a_tool() throws Exception {
        var tools = fixture().user("mine/a.txt.ftl", "<#if").discover();
        tools.require(List.of("mine"));
        assertEquals(1, tools.problems().size());
    }

    @Test
    void nothing_is_written_through_a_link_out_of_the_root() throws Exception {
        var fixture = fixture().project("t/a.txt.ftl", "x").bundled("b/a.txt.ftl", "x").bundled("c/a.txt.ftl", "x");
        Files.createDirectories(dir.resolve("elsewhere"));
        Files.createDirectories(fixture.root.resolve("config"));
        Files.createDirectories(fixture.root.resolve("inside"));
        Files.createSymbolicLink(fixture.root.resolve("config/t"), dir.resolve("elsewhere"));
        Files.createSymbolicLink(fixture.root.resolve("config/b"), dir.resolve("elsewhere"));
        Files.createSymbolicLink(fixture.root.resolve("config/c"), Path.of("../inside"));
        var problems = fixture.render().problems();
        assertEquals(List.of(Rendering.Kind.REFUSED, Rendering.Kind.REFUSED), problems.stream().map(Rendering.Problem::kind).toList(), problems::toString);
        assertFalse(Files.exists(dir.resolve("elsewhere/a.txt")));
        assertTrue(fixture.exists("inside/a.txt"), "a link within the root is nobody else's business");
    }

    @Test
    void a_trusted_template_does_not_include_an_untrusted_file() throws Exception {
        var fixture = fixture().project("t/_part.inc.ftl", "evil").user("t/a.txt.ftl", "<#include \"_part.inc.ftl\">");
        assertEquals(1, fixture.render().problems().size());
        fixture.bundled("t/_part.inc.ftl", "ours").render();
        assertEquals("ours", fixture.read("config/t/a.txt"));
    }

    @Test
    void an_output_with_the_value_of_a_key_is_refused_plain_and_escaped() throws Exception {
        for (var text : List.of("x " + SECRET + " y", SECRET, "fake/key\\\"for-tests-0001", "fake\\/key\\\"for-tests-0001")) {
            var fixture = new RenderFixtures(Files.createTempDirectory(dir, "s")).ids("acme", "m").secrets(SECRET, "another-fake-key-0002", "short-one-12");
            var problem = fixture.problem("a.txt", text.replace("${", "$ {"));
            assertEquals(Rendering.Kind.REFUSED, problem.kind(), text);
            assertFalse(problem.toString().contains(SECRET));
            assertFalse(fixture.exists("config/t/a.txt"));
        }
    }

    @Test
    void an_output_with_almost_the_value_of_a_key_is_written() throws Exception {
        var fixture = fixture().secrets(SECRET, "another-fake-key-0002");
        assertTrue(fixture.output("a.txt", "another-fake-key-0003 " + SECRET.substring(1)).startsWith("another"));
    }

    @Test
    void bundled_templates_can_all_be_read_and_say_what_they_make() throws Exception {
        var tools = fixture().bundledTemplates().discover();
        assertEquals(List.of(), tools.problems());
        tools.entries().forEach(entry -> assertTrue(entry.about() != null && !entry.about().isBlank(), entry.path()));
    }
}
