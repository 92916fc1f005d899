<#ftl attributes={"about": "dump_models: which providers failed last time", "output": "models/failed_models.json", "optional": "legacy", "when": "fetch"}>
<#assign failed = run.history?filter(h -> h.outcome == "failed" || h.outcome == "stale" && h.kind??)>
{<#list failed as f><#if f?is_first>${"\n"?no_esc}</#if>  "${f.provider}": {
    "failed": true,
    "error": "${f.message!}",
    "last_attempt": "${f.at}"
  }<#sep>,${"\n"?no_esc}</#list><#if failed?has_content>${"\n"?no_esc}</#if>}<#rt>
