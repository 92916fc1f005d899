<#ftl attributes={"about": "OpenAI Codex CLI: the models of a profile, as Codex 0.110 and later read them",
    "where": {"wire": "openai-responses", "mode": "chat"},
    "apply": {"to": r"${CODEX_HOME:-~/.codex}/PROVIDER.models.json", "as": "file"}}>
<#if !provider.id?matches("[A-Za-z0-9_-]+")><@skip reason="Codex takes only letters, digits, - and _ in the name of a profile"/></#if>
<#assign instructions = "You are a coding agent in a terminal on the user's computer. Do what the user asks, with the tools you are given. Read the files that matter before you change them, keep changes small and in the style of the project, and run its checks where it has some. At the end say briefly what you did, and what you could not do.">
{
  "models": [
<#list newest(models) as m>
  <#assign reasons = m.capabilities.reasoning!false>
    {
      "slug": "${m.id}",
      "display_name": "${m.name!m.id}",
      "description": "${provider.name}<#if m.contextWindow??>, context ${m.contextWindow}</#if><#if m.limits.output??>, answers up to ${m.limits.output} tokens</#if><#if m.cost.input?? && m.cost.output??>, ${m.cost.input} in and ${m.cost.output} out (${m.cost.currency!"USD"} per 1M tokens)</#if>",
  <#if reasons>
      "default_reasoning_level": "medium",
      "supported_reasoning_levels": [
        {"effort": "low", "description": "low"},
        {"effort": "medium", "description": "medium"},
        {"effort": "high", "description": "high"}
      ],
  <#else>
      "supported_reasoning_levels": [],
  </#if>
      "shell_type": "shell_command",
      "visibility": "${(m.capabilities.tool_call!true)?then("list", "hide")}",
      "supported_in_api": true,
      "priority": ${m?counter},
      "upgrade": null,
      "base_instructions": "${instructions}",
      "supports_reasoning_summaries": ${reasons},
      "default_reasoning_summary": "none",
      "support_verbosity": false,
      "default_verbosity": null,
      "apply_patch_tool_type": null,
      "web_search_tool_type": "text",
      "truncation_policy": {"mode": "tokens", "limit": 10000},
      "supports_parallel_tool_calls": ${m.capabilities.parallel_tool_call!false},
      "supports_image_detail_original": false,
  <#if m.contextWindow??>
      "context_window": ${m.contextWindow},
      "max_context_window": ${m.contextWindow},
      "effective_context_window_percent": 95,
  </#if>
      "experimental_supported_tools": [],
      "input_modalities": ["text"<#if (m.capabilities.vision!false) || (m.modalities.input![])?seq_contains("image")>, "image"</#if>]
    }<#sep>,</#sep>
</#list>
  ]
}
