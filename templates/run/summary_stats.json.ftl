<#ftl attributes={"about": "How many models of each provider state what", "output": "models/extra/summary_stats.json"}>
<#assign total = 0>
<#list providers as p><#assign total += p.models?size></#list>
{
  "providers": ${providers?size},
  "models": ${total},
  "by_provider": {
<#list providers as p>
    "${p.id}": {
      "models": ${p.models?size},
      "context": ${p.models?filter(m -> m.contextWindow??)?size},
      "max_output": ${p.models?filter(m -> m.limits.output??)?size},
      "price": ${p.models?filter(m -> m.cost.input??)?size},
      "tool_call": ${p.models?filter(m -> m.capabilities.tool_call!false)?size},
      "vision": ${p.models?filter(m -> m.capabilities.vision!false)?size},
      "reasoning": ${p.models?filter(m -> m.capabilities.reasoning!false)?size}
    }<#sep>,</#sep>
</#list>
  }
}
