package programme

import (
	"os"
	"strings"
	"testing"
)

// mostAllocations is some three times what the largest programme that is allowed takes (TestLargest).
const mostAllocations = 20_000_000

// Load never panics and never does more work than the largest programme takes, and every mistake stands inside its file.
func FuzzLoad(f *testing.F) {
	cases, _ := os.ReadFile("testdata/right/whole/cases/five-stars.yaml")
	for _, root := range []string{"testdata/right", "testdata/mistakes"} {
		entries, err := os.ReadDir(root)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range entries {
			data, err := os.ReadFile(root + "/" + e.Name() + "/programme.yaml")
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(data), string(cases))
		}
	}
	f.Fuzz(func(t *testing.T, main, kase string) {
		texts := map[string]string{MainFile: main, "cases/a.yaml": kase}
		var p *Programme
		var found Mistakes
		if n := allocations(func() { p, found = Load(files(texts), "") }); n > mostAllocations {
			t.Errorf("allocates %d times", n)
		}
		if (p == nil) != (len(found.Fatal()) > 0) {
			t.Errorf("a programme in spite of mistakes, or none without: %v", found)
		}
		for _, m := range found {
			lines := strings.Split(strings.TrimPrefix(texts[m.File], "\ufeff"), "\n")
			if m.Line < 1 || m.Line > len(lines) || m.Col < 1 || m.Col > len([]rune(lines[m.Line-1]))+1 {
				t.Errorf("%v is outside the file: %s", m.Pos, m.Message.En)
			}
			if m.Message.Zh == "" || m.Message.En == "" {
				t.Errorf("%v: says nothing", m.Pos)
			}
		}
		found.Render(&strings.Builder{}, Zh, true)
	})
}
