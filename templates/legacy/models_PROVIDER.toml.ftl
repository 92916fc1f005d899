<#ftl attributes={"about": "dump_models: Codex profiles as of 2025, which today's Codex refuses", "output": "models/models_PROVIDER.toml", "optional": "legacy"}>
[model_providers.${provider.id?matches("[A-Za-z0-9_-]+")?then(provider.id, "\"" + provider.id + "\"")?no_esc}]
base_url = "${provider.legacy.baseUrl}"
name = "${provider.id}"
wire_api = "chat"
<#if provider.legacy.keyEnv??>
env_key = "${provider.legacy.keyEnv}"
</#if>

<#list answer.profiles as p>
[profiles.${p.name?no_esc}]
approval_policy = "never"
model = "${p.id}"
model_provider = "${provider.id}"
model_reasoning_effort = "high"
<#if p.context??>
model_context_window = ${p.context}
</#if>
<#if p.maxOutput??>
model_max_output_tokens = ${p.maxOutput}
</#if>
<#sep>

</#sep>
<#else>
[profiles]
</#list>
