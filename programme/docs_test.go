package programme

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every example of docs/language.md loads: whole programmes and cases as they stand, the others spliced into a skeleton.
func TestLanguageReference(t *testing.T) {
	doc, err := os.ReadFile("../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	skeleton, err := os.ReadFile("testdata/docs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	first := ""
	blocks := regexp.MustCompile("(?ms)^```yaml ?([a-z ]*)\n(.*?)^```$").FindAllSubmatchIndex(doc, -1)
	if len(blocks) < 25 {
		t.Fatalf("only %d examples found", len(blocks))
	}
	for _, at := range blocks {
		kind, text := string(doc[at[2]:at[3]]), string(doc[at[4]:at[5]])
		line := 1 + strings.Count(string(doc[:at[4]]), "\n")
		texts := map[string]string{MainFile: string(skeleton)}
		switch kind {
		case "programme":
			first = text
			texts = map[string]string{MainFile: text}
		case "first case":
			texts = map[string]string{MainFile: first, "cases/a.yaml": text}
		case "case":
			texts["cases/a.yaml"] = text
		case "clause":
			item := "            - " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n              ") + "\n"
			texts[MainFile] = strings.Replace(string(skeleton), "            # clauses\n", item, 1)
		case "":
			texts[MainFile] = splice(string(skeleton), text)
		default:
			t.Errorf("line %d: no kind of example is called %q", line, kind)
		}
		p, found := Load(files(texts), "")
		for _, m := range found {
			if !m.Warning {
				t.Errorf("docs/language.md:%d: %s: %s\n\t%s", line, m.Pos, m.Message.En, m.Excerpt)
			}
		}
		if p == nil {
			t.Logf("in the example at line %d:\n%s", line, text)
		}
	}
}

// splice puts top-level keys in the place of the skeleton's own. Forms are added to the skeleton's.
func splice(skeleton, text string) string {
	key := regexp.MustCompile(`(?m)^([a-z]+):`)
	for _, m := range key.FindAllStringSubmatch(text, -1) {
		section := regexp.MustCompile(`(?m)^` + m[1] + `:.*\n((?:[ #].*\n)*)`)
		if m[1] == "forms" {
			own := section.FindStringSubmatch(skeleton)[1]
			for _, f := range regexp.MustCompile(`(?m)^  ([a-z]+):`).FindAllStringSubmatch(text, -1) {
				own = regexp.MustCompile(`(?m)^  `+f[1]+`:.*\n(?:    .*\n)*`).ReplaceAllString(own, "")
			}
			text += own
		}
		skeleton = section.ReplaceAllString(skeleton, "")
	}
	return skeleton + text
}
