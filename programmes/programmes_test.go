package programmes

import (
	"io/fs"
	"testing"

	"bihuan.dev/bihuan/programme"
)

// load gives every shipped programme, and fails the test on any mistake or warning in one.
func load(t *testing.T) []*programme.Programme {
	t.Helper()
	dirs, err := fs.ReadDir(FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	var all []*programme.Programme
	for _, d := range dirs {
		sub, err := fs.Sub(FS, d.Name())
		if err != nil {
			t.Fatal(err)
		}
		p, mistakes := programme.Load(sub, d.Name())
		for _, m := range mistakes {
			t.Errorf("%s: %s: %s (%s)", d.Name(), m.Pos, m.Message.En, m.Hint.En)
		}
		if p != nil {
			all = append(all, p)
		}
	}
	return all
}

// A shipped programme has no mistakes, and no warnings either.
func TestLoad(t *testing.T) { load(t) }

// one gives a shipped programme by its name.
func one(t *testing.T, name string) *programme.Programme {
	t.Helper()
	for _, p := range load(t) {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no programme %s is shipped", name)
	return nil
}
