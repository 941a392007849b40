package programme

import "testing"

// What is stored comes back, whatever the size of a number and however many decimals its field has.
func TestStoredNumbersComeBack(t *testing.T) {
	f := &Form{Name: "f", Fields: []*Field{{Name: "n", Type: Number, Decimals: 6}}}
	for _, s := range []string{"0", "15", "-3.25", "1234567890.123456"} {
		v, wrong := f.Fill(&Programme{}, map[string]any{"n": s})
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		back, err := f.ParseJSON(v.JSON())
		if err != nil {
			t.Errorf("%s: %v", s, err)
		} else if d, ok := back["n"].(Decimal); !ok || d.String() != s {
			t.Errorf("%s came back as %v", s, back["n"])
		}
	}
}
