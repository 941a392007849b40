package programme

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write what is generated instead of comparing it")

func TestSchemaIsCurrent(t *testing.T) {
	for name, data := range map[string][]byte{"programme.schema.json": Schema(), "case.schema.json": CaseSchema()} {
		path := filepath.Join("../docs", name)
		if *update {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, data) {
			t.Errorf("%s is out of date: go test ./programme -run Schema -update", path)
		}
	}
}

// The schema says of every fixture and shipped programme what the decoder says. What a schema cannot say is left aside.
func TestSchemaAgreesWithDecoder(t *testing.T) {
	beyond := regexp.MustCompile(`belongs to a standard|already stands|^(programme|title|subject) is missing`)
	programmes, cases := compiled(t, Schema()), compiled(t, CaseSchema())
	mains, _ := filepath.Glob("testdata/*/*/*.yaml")
	shipped, _ := filepath.Glob("../programmes/*/*.yaml")
	more, _ := filepath.Glob("testdata/*/*/cases/*.yaml")
	shippedCases, _ := filepath.Glob("../programmes/*/cases/*.yaml")
	for _, file := range slices.Concat(mains, shipped, more, shippedCases) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := &report{sources: map[string]*source{}}
		docs := r.parse(&source{name: MainFile, data: data})
		isCase := strings.Contains(file, "/cases/")
		if len(r.mistakes) > 0 || len(docs) == 0 || !isCase && (len(docs) > 1 || docs[0].kind != mapping) {
			continue // told before there is anything to validate
		}
		schema := programmes
		if isCase {
			schema = cases
		}
		valid := error(nil)
		for _, doc := range docs {
			if err := schema.Validate(jsonOf(doc)); err != nil {
				valid = err
			}
		}
		l := &loader{report: r, d: newDecoder(r), p: &Programme{}, decoded: true}
		if isCase {
			l.casing = docs
			l.readCases()
		} else {
			l.roots = docs
			l.decode()
		}
		l.mistakes = slices.DeleteFunc(l.mistakes, func(m Mistake) bool { return !isCase && beyond.MatchString(m.Message.En) })
		if (valid == nil) != (len(l.mistakes) == 0) {
			t.Errorf("%s: the decoder says %v, the schema says %v", file, l.mistakes, valid)
		}
	}
}

func compiled(t *testing.T, data []byte) *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("bihuan:schema", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("bihuan:schema")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// jsonOf is a node as an editor's validator sees it.
func jsonOf(n *node) any {
	switch {
	case n.kind == list:
		out := []any{}
		for _, x := range n.items {
			out = append(out, jsonOf(x))
		}
		return out
	case n.kind == mapping:
		out := map[string]any{}
		for i, k := range n.keys {
			out[k.text] = jsonOf(n.vals[i])
		}
		return out
	case n.quoted() || n.tag == "str" || n.tag == "timestamp":
		return n.text
	case n.tag == "null":
		return nil
	case n.tag == "bool":
		return n.text == "true"
	}
	return json.Number(n.text)
}

// Every key of the language has its description.
func TestEveryKeyIsDescribed(t *testing.T) {
	used := map[string]bool{}
	m := schemaMaker{defs: schema{}}
	m.of(reflect.TypeFor[Programme](), member{})
	m.of(reflect.TypeFor[Case](), member{})
	for _, name := range slices.Sorted(maps.Keys(m.defs)) {
		def, _ := m.defs[name].(schema)
		properties, _ := def["properties"].(schema)
		for key := range properties {
			if name == "Peer" || name == "Text" || name == "Programme" && (key == "vetoes" || key == "grades") || name == "Standard" && key == "rounds" {
				continue
			}
			if describe(name, key) == "" {
				t.Errorf("%s.%s has no description", name, key)
			}
			used[name+"."+key], used[key] = true, true
		}
	}
	for key := range keyTexts {
		if !used[key] {
			t.Errorf("%s is described, and is no key", key)
		}
	}
}
