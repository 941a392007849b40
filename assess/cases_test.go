package assess

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bihuan.dev/bihuan/programme"
)

// What the cases get wrong, and what they never show, is written beside it.
func TestCases(t *testing.T) {
	dir := "testdata/golden/proposals"
	p, m := programme.LoadDir(dir)
	if len(m) > 0 {
		t.Fatal(m)
	}
	got := map[string][]string{}
	for _, x := range append(RunCases(p), Cover(p)...) {
		at := fmt.Sprintf("%s:%d", x.File, x.Line)
		got[at] = append(got[at], x.Message.En)
		if x.Message.Zh == "" || x.Excerpt == "" || x.Col < 1 {
			t.Errorf("%+v lacks something", x)
		}
	}
	want := regexp.MustCompile(`"([^"]*)"`)
	for _, file := range []string{"programme.yaml", "cases/one.yaml"} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(data), "\n") {
			at := fmt.Sprintf("%s:%d", file, n+1)
			_, comment, _ := strings.Cut(line, "# want ")
			for _, w := range want.FindAllStringSubmatch(comment, -1) {
				found := false
				for i, g := range got[at] {
					if !found && strings.Contains(g, w[1]) {
						got[at] = append(got[at][:i:i], got[at][i+1:]...)
						found = true
					}
				}
				if !found {
					t.Errorf("%s: %q is not told", at, w[1])
				}
			}
		}
	}
	for at, rest := range got {
		for _, g := range rest {
			t.Errorf("%s: %s", at, g)
		}
	}
}
