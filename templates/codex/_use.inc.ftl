<#-- What makes Codex use the model m of this provider. -->
<#-- Codex keeps these ids for itself. -->
<#assign id = ["openai", "ollama", "lmstudio", "amazon-bedrock"]?seq_contains(provider.id)?then(provider.id + "-api", provider.id)>
model = "${m.id}"
model_provider = "${id}"
model_catalog_json = "${provider.id}.models.json"
<#if !["openai", "azure"]?seq_contains(provider.id)>
# Tools that only OpenAI's own servers understand; others refuse the whole request.
web_search = "disabled"

[features]
multi_agent = false
goals = false
</#if>

[model_providers."${id}"]
name = "${provider.name}"
base_url = "${provider.url}"
<#if provider.keyEnv??>
  <#if provider.local>
# Codex refuses to start a request while this variable is not set, so only if your server wants a key:
# env_key = "${provider.keyEnv}"
  <#else>
env_key = "${provider.keyEnv}"
  </#if>
</#if>
wire_api = "responses"
