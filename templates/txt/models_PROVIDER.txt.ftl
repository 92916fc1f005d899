<#ftl attributes={"about": "The ids of the models, one per line", "also": {"legacy": "models/models_PROVIDER.txt"}}>
${answer.ids?join("\n")}<#rt>
