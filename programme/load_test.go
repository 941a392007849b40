package programme

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// Every directory of testdata/right loads without a word.
func TestRight(t *testing.T) {
	for _, dir := range dirs(t, "testdata/right") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			p, found := LoadDir(dir)
			if p == nil || len(found) > 0 {
				t.Fatalf("%v", found)
			}
		})
	}
}

// Every directory of testdata/mistakes says beside each mistake what must be told there: # want "regexp". Nothing else may
// be told. A comment that cannot stand on the line itself stands on the line before: # want below "regexp".
func TestMistakes(t *testing.T) {
	for _, dir := range dirs(t, "testdata/mistakes") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			_, found := LoadDir(dir)
			wants := wanted(t, os.DirFS(dir))
			for _, m := range found {
				place := fmt.Sprintf("%s:%d", m.File, m.Line)
				i := matching(wants[place], m.Message.In(En))
				if i < 0 {
					t.Errorf("%s: not wanted: %s (hint: %s)", m.Pos, m.Message.In(En), m.Hint.In(En))
					continue
				}
				wants[place] = append(wants[place][:i:i], wants[place][i+1:]...)
				if m.Excerpt == "" && m.Line > 1 || m.Col < 1 || m.Col > len([]rune(m.Excerpt))+1 {
					t.Errorf("%s: the place is outside its line %q", m.Pos, m.Excerpt)
				}
				if m.Message.Zh == "" || m.Message.Zh == m.Message.En {
					t.Errorf("%s: no Chinese for %q", m.Pos, m.Message.En)
				}
			}
			for place, left := range wants {
				for _, w := range left {
					t.Errorf("%s: wanted and not told: %s", place, w)
				}
			}
		})
	}
}

func matching(wants []*regexp.Regexp, message string) int {
	for i, w := range wants {
		if w.MatchString(message) {
			return i
		}
	}
	return -1
}

var wantRe = regexp.MustCompile(`# want (below )?((?:"(?:[^"\\]|\\.)*" ?)+)`)
var quotedRe = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// wanted collects the want comments of all YAML files, by file:line.
func wanted(t *testing.T, fsys fs.FS) map[string][]*regexp.Regexp {
	wants := map[string][]*regexp.Regexp{}
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(name, ".y") {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		for i, line := range strings.Split(string(data), "\n") {
			m := wantRe.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			at := i + 1
			if m[1] != "" {
				at++
			}
			for _, q := range quotedRe.FindAllString(m[2], -1) {
				s, err := strconv.Unquote(q)
				if err != nil {
					t.Fatalf("%s:%d: %v", name, i+1, err)
				}
				place := fmt.Sprintf("%s:%d", name, at)
				wants[place] = append(wants[place], regexp.MustCompile(s))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return wants
}

func dirs(t *testing.T, root string) []string {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, filepath.Join(root, e.Name()))
	}
	return out
}

// files makes a programme out of texts by file name.
func files(texts map[string]string) fs.FS {
	out := fstest.MapFS{}
	for name, text := range texts {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}
