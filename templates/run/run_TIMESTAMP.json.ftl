<#ftl attributes={"about": "What became of every provider in this fetch", "output": "models/extra/run_TIMESTAMP.json", "when": "fetch"}>
{
  "started": "${run.started}",
  "took_ms": ${run.tookMillis},
  "version": "${run.version}",
  "outcomes": [
<#list run.outcomes as o>
    {
      "provider": "${o.provider}",
<#if o.models??>
      "models": ${o.models},
</#if>
<#if o.ageSeconds??>
      "age_seconds": ${o.ageSeconds},
</#if>
<#if o.kind??>
      "kind": "${o.kind}",
</#if>
<#if o.message??>
      "message": "${o.message}",
</#if>
<#if o.advice??>
      "advice": "${o.advice}",
</#if>
<#if o.notes?has_content>
      "notes": [<#list o.notes as note>"${note}"<#sep>, </#list>],
</#if>
      "outcome": "${o.outcome}"
    }<#sep>,</#sep>
</#list>
  ]
}
