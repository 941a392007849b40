package bihuan_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "bihuan.dev/bihuan"

// mayImport says which of our packages each of our packages may import, beside itself: only inward, as docs/design.md draws
// the house. A package that is not listed may not exist.
var mayImport = map[string][]string{
	".":                {"programme", "assess", "internal/db", "internal/jobs"},
	"programme":        {},
	"assess":           {"programme"},
	"exchange":         {"programme"},
	"programmes":       {},
	"internal/db":      {},
	"internal/dbtest":  {"internal/db"},
	"internal/jobs":    {"internal/db"},
	"internal/browser": {},
	"web":              {".", "programme", "assess", "exchange"},
	"cmd/bihuan":       {".", "programme", "assess", "exchange", "programmes", "web"},
}

// sources calls f for every file of the repository that people write, with its slash path.
func sources(t *testing.T, f func(name string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "tools" || d.Name() == "bench" || d.Name() == "bin" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if !d.IsDir() {
			f(filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsPointInward(t *testing.T) {
	documented := map[string]bool{}
	sources(t, func(name string) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Error(err)
			return
		}
		if generated(t, name) || ignored(t, name) {
			return
		}
		dir := path.Dir(name)
		documented[dir] = documented[dir] || strings.TrimSpace(file.Doc.Text()) != ""
		allowed, known := mayImport[dir]
		if !known {
			t.Errorf("%s: package %s has no place in the house; add it to mayImport if it has one", name, dir)
		}
		for _, i := range file.Imports {
			imported := strings.Trim(i.Path.Value, `"`)
			inside, ours := strings.CutPrefix(imported, module)
			if !ours || inside != "" && inside[0] != '/' {
				continue
			}
			if inside = strings.TrimPrefix(inside, "/"); inside == "" {
				inside = "."
			}
			if !slices.Contains(allowed, inside) {
				t.Errorf("%s imports %s: imports point only inward", name, imported)
			}
		}
	})
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment", dir)
		}
	}
}

func generated(t *testing.T, name string) bool {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(content[:min(len(content), 200)], []byte("Code generated"))
}

// ignored tells a program that is run by hand from the package beside it.
func ignored(t *testing.T, name string) bool {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.HasPrefix(content, []byte("//go:build ignore"))
}

func TestFilesHaveNamesAndMeasure(t *testing.T) {
	written := []string{".go", ".templ", ".sh", ".css", ".js", ".yaml"}
	sources(t, func(name string) {
		stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
		for _, vague := range []string{"util", "utils", "model", "models", "common", "helper", "helpers", "misc"} {
			if stem == vague || stem == vague+"_test" {
				t.Errorf("%s: name it by what it holds", name)
			}
		}
		if !slices.Contains(written, path.Ext(name)) || strings.Contains(name, ".min.") || strings.Contains(name, "/vendor/") || strings.HasPrefix(name, "docs/") || generated(t, name) {
			return
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(content, []byte("\n")); lines > 800 && !strings.Contains(name, "/assets/dist/") {
			t.Errorf("%s has %d lines: look for the second idea", name, lines)
		}
	})
}

// What the documents tell people to type must exist.
func TestDocumentedCommandsExist(t *testing.T) {
	read := func(pattern string) string {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		var all strings.Builder
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(content)
		}
		return all.String()
	}
	makefile, source := read("Makefile"), read("cmd/bihuan/*.go")
	commands := regexp.MustCompile(`(?m)^\s+([A-Z]\w+)\s+\w+\s+`+"`cmd:").FindAllStringSubmatch(source, -1)
	var known []string
	for _, c := range commands {
		known = append(known, strings.ToLower(c[1]))
	}
	for _, doc := range []string{"README.md", "README.zh-CN.md", "docs/operations.md"} {
		text := read(doc)
		for _, m := range regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: make %s does not exist", doc, m[1])
			}
		}
		for _, m := range regexp.MustCompile("(?m)(?:^|`|run \\./cmd/)bihuan ([a-z]+)([^`\n#]*)").FindAllStringSubmatch(text, -1) {
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s: bihuan %s does not exist; there are %v", doc, m[1], known)
			}
			for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(m[2], -1) {
				field := regexp.MustCompile(`(?i)\b` + strings.ReplaceAll(flag[1], "-", "") + `\s+(bool|string|\[\]string)\b|name:"` + flag[1] + `"`)
				if !field.MatchString(source) {
					t.Errorf("%s: bihuan %s has no flag --%s", doc, m[1], flag[1])
				}
			}
		}
	}
}
