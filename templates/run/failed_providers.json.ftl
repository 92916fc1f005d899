<#ftl attributes={"about": "Which providers failed last time, and what to do", "output": "models/extra/failed_providers.json", "when": "fetch"}>
<#assign failed = run.history?filter(h -> h.outcome == "failed" || h.outcome == "stale" && h.kind??)>
{
<#list failed as f>
  "${f.provider}": {
    "kind": "${f.kind!"unknown"}",
    "message": "${f.message!}",
    "advice": "${f.advice!}",
    "at": "${f.at}",
<#if f.lastSuccess??>
    "last_success": "${f.lastSuccess}",
</#if>
    "failures_in_a_row": ${f.failuresInARow}
  }<#sep>,</#sep>
</#list>
}
