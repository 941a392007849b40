package assess

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bihuan.dev/bihuan/programme"
)

// What is packed and loaded again scores as before, also when some of it was dropped or put anew; bytes that are damaged are refused or
// load what they say, and never do harm.
func TestPackedPopulation(t *testing.T) {
	base, m := programme.LoadDir("testdata/differential/random")
	if len(m.Fatal()) > 0 {
		t.Fatal(m)
	}
	scope := programme.RuleScope(base)
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{t: rt}
		pr, err := Compile(w.programme(*base, scope, 2))
		if err != nil {
			rt.Skip(err)
		}
		pop := pr.NewPopulation()
		n := rapid.IntRange(1, 6).Draw(rt, "subjects")
		for i := range n {
			s := drawSubject(rt, fmt.Sprint(i))
			s.Matters, s.Invited, s.Unit = nil, nil, fmt.Sprint(i%2)
			if i == 1 {
				s.Evidence = append(s.Evidence, Evidence{ID: "01923f6e-0000-7abc-8def-0123456789ab", Form: "unheard of", On: today, Values: programme.Values{"x": int64(1)}})
			}
			pop.Put(s)
		}
		body := pop.Pack()
		again := pr.NewPopulation()
		if err := again.Load(body); err != nil {
			rt.Fatal(err)
		}
		if err := again.Load(body); err == nil {
			rt.Fatal("the same subjects were loaded twice")
		}
		for i := range n {
			if a, b := pop.Subject(i), again.Subject(i); fmt.Sprint(a) != fmt.Sprint(b) {
				rt.Fatalf("%v\nbecame %v", a, b)
			}
		}
		if again.Evidence() != pop.Evidence() || again.Bytes() != pop.Bytes() {
			rt.Fatalf("%d pieces of %d bytes, want %d of %d", again.Evidence(), again.Bytes(), pop.Evidence(), pop.Bytes())
		}
		gone := fmt.Sprint(rapid.IntRange(0, n-1).Draw(rt, "gone"))
		again.Drop(gone)
		again.Put(drawSubject(rt, "new"))
		plain := pr.NewPopulation()
		for i := range again.Len() {
			plain.Put(again.Subject(i))
		}
		if _, there := again.Row(gone); there {
			rt.Fatal("who was dropped is still there")
		}
		o := Options{AsOf: today}
		if _, diff := pr.reference(plain, o).differences(pr.Run(again, o)); len(diff) > 0 {
			rt.Fatal(diff)
		}
		damaged := slices.Clone(body)
		at := rapid.IntRange(0, len(body)-1).Draw(rt, "at")
		damaged = damaged[:at]
		if err := pr.NewPopulation().Load(damaged); err == nil {
			rt.Fatalf("%d of %d bytes were taken for all", at, len(body))
		}
	})
}
