<#ftl attributes={"about": "OpenAI Codex CLI: a profile per provider that speaks the Responses API",
    "where": {"wire": "openai-responses", "mode": "chat"},
    "apply": {"to": r"${CODEX_HOME:-~/.codex}/PROVIDER.config.toml", "as": "file"}}>
<#if !provider.id?matches("[A-Za-z0-9_-]+")><@skip reason="Codex takes only letters, digits, - and _ in the name of a profile"/></#if>
<#assign m = newest(models)?first>
# ${provider.name} for the OpenAI Codex CLI, made by catalog. 'catalog apply codex' brings it and ${provider.id}.models.json
# to ~/.codex (or $CODEX_HOME), side by side. Then: codex -p ${provider.id}
#
# The model below is the newest chat model here<#if m.capabilities.tool_call!false> that is known to call tools<#else>; of none is it known that it calls tools</#if>. /model shows all ${models?size}.
<#if m.contextWindow??>
# Its context window: ${m.contextWindow} tokens.
</#if>
<#if m.limits.output??>
# Its longest answer: ${m.limits.output} tokens.
</#if>
<#if m.cost.input?? && m.cost.output??>
# Its price per 1M tokens: ${m.cost.input} in, ${m.cost.output} out (${m.cost.currency!"USD"}).
</#if>
#
# What Codex tells the models to be stands in ${provider.id}.models.json as "base_instructions". To replace it for all of them:
# model_instructions_file = "instructions.md"      ('codex debug models --bundled' shows what OpenAI wrote for its own)
<#include "_use.inc.ftl">
