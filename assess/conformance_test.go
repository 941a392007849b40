package assess

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	conformance "cel.dev/expr/conformance/test"
	"google.golang.org/protobuf/encoding/prototext"

	"bihuan.dev/bihuan/programme"
)

// The CEL project's own conformance cases hold for kernels, as far as a case is in the language and is compiled.
func TestConformance(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "cel.dev/expr").Output()
	if err != nil {
		t.Skip("no go command to ask for the module:", err)
	}
	base, m := programme.LoadDir("testdata/differential/random")
	if len(m.Fatal()) > 0 {
		t.Fatal(m)
	}
	scope := programme.RuleScope(base)
	pr, err := Compile(base)
	if err != nil {
		t.Fatal(err)
	}
	f := pr.newFacts(today, nil)
	s := &subject{Key: "s"}
	ch := pr.choose(s, today, 1)
	f.add(s, &ch)
	f.seal()
	cases, checked, compiled := 0, 0, 0
	for _, name := range []string{"basic", "comparisons", "conversions", "fp_math", "integer_math", "lists", "logic", "macros", "string", "timestamps", "fields", "parse", "plumbing"} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "tests/simple/testdata", name+".textproto"))
		if err != nil {
			t.Fatal(err)
		}
		var file conformance.SimpleTestFile
		if err := (prototext.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, &file); err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		for _, section := range file.GetSection() {
			for _, c := range section.GetTest() {
				cases++
				e := &programme.Expr{Source: c.GetExpr()}
				if c.GetDisableCheck() || len(c.GetBindings()) > 0 || len(scope.Check(e, programme.WantAny).Fatal()) > 0 || !e.Checked() {
					continue // outside of the language: dynamic types, uint, bytes, maps of messages
				}
				checked++
				g := newGraph()
				pr.ir.graph = g
				n, _ := pr.lowerExpr(g, e)
				if n == nil {
					continue
				}
				compiled++
				m := pr.newMachine()
				m.begin(f)
				v := m.at(n, nil)
				where := name + "/" + section.GetName() + "/" + c.GetName() + ": " + c.GetExpr()
				if m.left != nil {
					continue // the interpreter's, by its own choice
				}
				defined := v.ok != nil && v.ok[0]&1 != 0 || v.t != nil && (v.t[0]|v.f[0])&1 != 0
				_, err := e.Eval(newFrame(f))
				if defined != (err == nil) {
					t.Errorf("%s: defined %v, but the interpreter says %v", where, defined, err)
				}
				if wantError := c.GetEvalError() != nil; wantError == defined {
					if strings.ContainsAny(c.GetExpr(), ".") { // exact numbers have no infinities, and no largest float
						continue
					}
					t.Errorf("%s: defined %v, want an error %v", where, defined, wantError)
					continue
				}
				want := c.GetValue()
				switch {
				case !defined:
				case n.typ == truth:
					if got := v.t[0]&1 != 0; got != want.GetBoolValue() && want != nil {
						t.Errorf("%s = %v", where, got)
					}
				case n.typ == whole:
					if got := v.x[0]; got != want.GetInt64Value() {
						t.Errorf("%s = %v, want %v", where, got, want)
					}
				case n.typ == decimal: // where the language has exact numbers for CEL's doubles
					if got := programme.NewDecimal(v.x[0], n.scale).Float64(); got != want.GetDoubleValue() {
						t.Logf("%s = %v exactly, %v as doubles", where, got, want)
					}
				case n.typ == textCode:
					if got := pr.dict.text(v.s[0]).Value().(string); got != want.GetStringValue() {
						t.Errorf("%s = %q, want %v", where, got, want)
					}
				}
			}
		}
	}
	t.Logf("%d cases, %d in the language, %d compiled", cases, checked, compiled)
	if compiled < 50 {
		t.Errorf("only %d of %d cases were compiled", compiled, cases)
	}
}
