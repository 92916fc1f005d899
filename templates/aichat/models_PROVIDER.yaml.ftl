<#ftl attributes={"about": "aichat (sigoden): a clients: list with one client per provider",
    "where": {"wire": ["openai-chat", "anthropic-messages", "google-generate", "cohere-chat"], "mode": "chat"},
    "apply": {"as": "merge", "keys": {"clients": "name", "clients.models": "name"}, "to": {
        "linux": r"${AICHAT_CONFIG_FILE:-${AICHAT_CONFIG_DIR:-${XDG_CONFIG_HOME:-~/.config}/aichat}/config.yaml}",
        "mac": r"${AICHAT_CONFIG_FILE:-${AICHAT_CONFIG_DIR:-${XDG_CONFIG_HOME:-~/Library/Application Support}/aichat}/config.yaml}",
        "windows": r"${AICHAT_CONFIG_FILE:-${AICHAT_CONFIG_DIR:-${XDG_CONFIG_HOME:-${APPDATA}}/aichat}/config.yaml}"}}}>
<#assign types = {"openai-chat": "openai-compatible", "anthropic-messages": "claude", "google-generate": "gemini", "cohere-chat": "cohere"}>
<#assign reads = provider.envName?upper_case + "_API_KEY">
# ${provider.name} for aichat, made by catalog. Append the client below to "clients:" in aichat's config.yaml,
# or try this file as it is: AICHAT_CONFIG_FILE=config/aichat/models_${provider.id}.yaml aichat --list-models
<#if !provider.keyEnv??>
# It needs no key.
<#elseif provider.keyEnv == reads>
# aichat reads the key from ${reads}.
<#else>
# aichat reads the key from ${reads}, not from ${provider.keyEnv}: export ${reads}="$${provider.keyEnv}"
<@note text="aichat reads the key from " + reads + ": export " + reads + "=\"$" + provider.keyEnv + "\""/>
</#if>
clients:
  - type: "${types[provider.wire]}"
    name: "${provider.envName}"
    api_base: "${provider.url}"
    models:
<#list models as m>
      <#-- aichat's Gemini client writes models/ itself -->
      - name: "${(provider.wire == "google-generate")?then(m.id?remove_beginning("models/"), m.id)}"
  <#if m.contextWindow??>
        max_input_tokens: ${m.contextWindow}
  </#if>
  <#if m.limits.output??>
        max_output_tokens: ${m.limits.output}
  </#if>
  <#if provider.wire == "anthropic-messages">
        require_max_tokens: true
  </#if>
  <#if (m.cost.currency!"USD") == "USD">
    <#if m.cost.input??>
        input_price: ${m.cost.input}
    </#if>
    <#if m.cost.output??>
        output_price: ${m.cost.output}
    </#if>
  </#if>
  <#if m.capabilities.vision??>
        supports_vision: ${m.capabilities.vision}
  </#if>
  <#if m.capabilities.tool_call??>
        supports_function_calling: ${m.capabilities.tool_call}
  </#if>
</#list>
