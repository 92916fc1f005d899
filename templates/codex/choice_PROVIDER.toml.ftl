<#ftl attributes={"about": "OpenAI Codex CLI: the model it uses without a profile",
    "where": {"wire": "openai-responses", "mode": "chat"},
    "choice": ["model", "model_provider", "model_catalog_json", "web_search",
        "features.multi_agent", "features.goals"],
    "apply": {"to": r"${CODEX_HOME:-~/.codex}/config.toml", "as": "merge"}}>
<#if !provider.id?matches("[A-Za-z0-9_-]+")><@skip reason="Codex takes only letters, digits, - and _ in the name of a profile"/></#if>
<#assign m = models?first>
<#include "_use.inc.ftl">
