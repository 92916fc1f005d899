<#-- mods chooses the protocol by the API's name: these five names, and OpenAI chat for all others. -->
<#assign special = ["anthropic", "google", "cohere", "ollama", "azure", "azure-ad"]>
<#if provider.wires?seq_contains("openai-chat")>
  <#assign api = special?seq_contains(provider.id)?then(provider.id + "-openai", provider.id), wire = "openai-chat">
<#elseif provider.wire == "anthropic-messages" && provider.id == "anthropic">
  <#assign api = "anthropic", wire = provider.wire>
<#elseif provider.wire == "google-generate" && provider.id == "google">
  <#assign api = "google", wire = provider.wire>
<#elseif provider.wire == "anthropic-messages">
  <@skip reason="mods can hold one API of the Anthropic protocol only, and that is Anthropic itself"/>
<#else>
  <@skip reason="mods can hold one API of the Google protocol only, and that is Google itself"/>
</#if>
