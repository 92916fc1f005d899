// Reads the settings files of mods (charmbracelet) as mods 1.8.1 does: the documented schema, decoded by yaml.v3. Prints
// "api<TAB>model<TAB>max-input-chars" for every model; the exit status is 1 where mods would not start or would send a key astray.
package main

import (
	"fmt"
	"os"

	"gopkg.in/yaml.v3"
)

type model struct {
	Aliases        []string `yaml:"aliases"`
	MaxChars       int64    `yaml:"max-input-chars"`
	Fallback       string   `yaml:"fallback"`
	ThinkingBudget int      `yaml:"thinking-budget"`
}

type api struct {
	Name      string
	APIKey    string           `yaml:"api-key"`
	APIKeyEnv string           `yaml:"api-key-env"`
	APIKeyCmd string           `yaml:"api-key-cmd"`
	BaseURL   string           `yaml:"base-url"`
	User      string           `yaml:"user"`
	Models    map[string]model `yaml:"models"`
}

// apis keeps the order of the file, as in mods; there a list instead of a map panics.
type apis []api

func (a *apis) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: apis is not a map", node.Line)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		one := api{Name: node.Content[i].Value}
		if seen[one.Name] {
			return fmt.Errorf("line %d: api %q twice", node.Content[i].Line, one.Name)
		}
		seen[one.Name] = true
		if err := node.Content[i+1].Decode(&one); err != nil {
			return err
		}
		*a = append(*a, one)
	}
	return nil
}

func main() {
	for _, file := range os.Args[1:] {
		var settings struct {
			APIs apis `yaml:"apis"`
		}
		text, err := os.ReadFile(file)
		if err == nil {
			err = yaml.Unmarshal(text, &settings)
		}
		if err == nil && len(settings.APIs) == 0 {
			err = fmt.Errorf("no apis")
		}
		for _, a := range settings.APIs {
			if a.BaseURL == "" || a.APIKeyEnv == "" && a.APIKey == "" {
				err = fmt.Errorf("api %q lacks base-url, or would use OPENAI_API_KEY", a.Name)
			}
			for name, m := range a.Models {
				fmt.Printf("%s\t%s\t%d\n", a.Name, name, m.MaxChars)
			}
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			os.Exit(1)
		}
	}
}
