<#ftl attributes={"about": "mods (charmbracelet): the API and model it uses where none is named",
    "where": {"wire": ["openai-chat", "anthropic-messages", "google-generate"], "mode": "chat"},
    "choice": ["default-api", "default-model"],
    "apply": {"as": "merge", "to": {"linux": r"${XDG_CONFIG_HOME:-~/.config}/mods/mods.yml",
        "mac": r"${XDG_CONFIG_HOME:-~/Library/Application Support}/mods/mods.yml",
        "windows": r"${XDG_CONFIG_HOME:-${LOCALAPPDATA}}/mods/mods.yml"}}}>
<#include "_api.inc.ftl">
<#assign m = models?first>
default-api: "${api}"
default-model: "${(wire == "google-generate")?then(m.id?remove_beginning("models/"), m.id)}"
