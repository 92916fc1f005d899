<#ftl attributes={"about": "aichat (sigoden): the model it uses where none is named",
    "where": {"wire": ["openai-chat", "anthropic-messages", "google-generate", "cohere-chat"], "mode": "chat"},
    "choice": ["model"],
    "apply": {"as": "merge", "to": {
        "linux": r"${AICHAT_CONFIG_FILE:-${AICHAT_CONFIG_DIR:-${XDG_CONFIG_HOME:-~/.config}/aichat}/config.yaml}",
        "mac": r"${AICHAT_CONFIG_FILE:-${AICHAT_CONFIG_DIR:-${XDG_CONFIG_HOME:-~/Library/Application Support}/aichat}/config.yaml}",
        "windows": r"${AICHAT_CONFIG_FILE:-${AICHAT_CONFIG_DIR:-${XDG_CONFIG_HOME:-${APPDATA}}/aichat}/config.yaml}"}}}>
<#assign m = models?first>
model: "${provider.envName}:${(provider.wire == "google-generate")?then(m.id?remove_beginning("models/"), m.id)}"
