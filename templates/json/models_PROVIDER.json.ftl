<#ftl attributes={"about": "The raw answer of each provider, its models sorted by id", "also": {"legacy": "models/models_PROVIDER.json"}}>
${answer.json?no_esc}<#rt>
