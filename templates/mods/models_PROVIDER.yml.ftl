<#ftl attributes={"about": "mods (charmbracelet): an apis: map with one API per provider",
    "where": {"wire": ["openai-chat", "anthropic-messages", "google-generate"], "mode": "chat"},
    "apply": {"as": "merge", "to": {"linux": r"${XDG_CONFIG_HOME:-~/.config}/mods/mods.yml",
        "mac": r"${XDG_CONFIG_HOME:-~/Library/Application Support}/mods/mods.yml",
        "windows": r"${XDG_CONFIG_HOME:-${LOCALAPPDATA}}/mods/mods.yml"}}}>
<#include "_api.inc.ftl">
# ${provider.name} for mods, made by catalog. Copy the entry below "apis:" into "apis:" of mods.yml (mods --settings).
# max-input-chars is three characters for each token of the context window; mods cuts longer prompts silently.
<#if provider.keyEnv??>
# Without ${provider.keyEnv} mods sends the value of OPENAI_API_KEY to this address: set it, or take the entry out.
</#if>
apis:
  "${api}":
    base-url: "${provider.urls[wire]}"
<#if provider.keyEnv??>
    api-key-env: "${provider.keyEnv}"
<#else>
    # It needs no key. Without a text here mods would send the value of OPENAI_API_KEY.
    api-key: "none"
    api-key-env: ""
</#if>
    models:
<#list models as m>
      "${(wire == "google-generate")?then(m.id?remove_beginning("models/"), m.id)}":<#if !m.contextWindow??> {}</#if>
  <#if m.contextWindow??>
        max-input-chars: ${m.contextWindow * 3}
  </#if>
</#list>
