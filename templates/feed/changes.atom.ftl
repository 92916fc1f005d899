<#ftl attributes={"about": "An Atom feed of the last 50 changes of models", "output": "models/changes.atom", "when": "changes"}>
<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>urn:uuid:6f6d2f0e-6c1f-4d5b-9f0b-2c1a5d3e7b90</id>
  <title>Changes of AI models</title>
  <author><name>catalog</name></author>
  <updated>${changes?sort_by("at")?last.at}</updated>
<#list changes as c>
  <entry>
    <id>urn:uuid:${c.uid}</id>
    <title>${c.line}</title>
    <updated>${c.at}</updated>
    <category term="${c.change}"/>
    <content type="text">${c.line}</content>
  </entry>
</#list>
</feed>
