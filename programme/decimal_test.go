package programme

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestDecimal(t *testing.T) {
	d := MustDecimal
	for _, c := range []struct{ got, want string }{
		{d("0.10").String(), "0.1"}, {d("1.5e3").String(), "1500"}, {d("-0.050").String(), "-0.05"}, {d("1e-3").String(), "0.001"},
		{d("78.60").Quo(d("98.25")).String(), "0.8"},
		{d("1").Quo(d("3")).String(), "0.333333333333"}, {d("2").Quo(d("3")).String(), "0.666666666667"},
		{d("0.125").Round(2).String(), "0.12"}, {d("0.375").Round(2).String(), "0.38"}, {d("-0.125").Round(2).String(), "-0.12"},
		{d("-1.5").Floor().String(), "-2"}, {d("-1.5").Ceil().String(), "-1"}, {d("1.5").Ceil().String(), "2"},
		{d("9223372036854775807").Add(d("1")).String(), "9223372036854775808"},
		{d("9223372036854775808").Sub(d("1")).String(), "9223372036854775807"},
		{d("99999999999999999999999999999999999999").Add(d("1")).String(), "?"},
		{d("1").Quo(d("0")).String(), "?"}, {d("1").Quo(d("0")).Add(d("1")).String(), "?"},
		{d("7").Fixed(2), "7.00"}, {d("0.05").Fixed(1), "0.0"}, {d("-12.345").Fixed(2), "-12.34"},
		{d("-9223372036854775808").Neg().String(), "9223372036854775808"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	for _, s := range []string{"", "-", ".", "1.", ".5", "1e", "1e99", "0x1", "１", "1_000", "123456789012345678901234567890123456789"} {
		if d, err := ParseDecimal(s); err == nil {
			t.Errorf("%q is read as %s", s, d)
		}
	}
	if n, ok := d("1.25").Scaled(2); n != 125 || !ok {
		t.Error("1.25 scaled", n, ok)
	}
	if _, ok := d("1.255").Scaled(2); ok {
		t.Error("1.255 has no two decimals")
	}
}

// What runs on int64 must be what runs on big numbers.
func TestDecimalAgainstRationals(t *testing.T) {
	rat := func(d Decimal) *big.Rat { r, _ := new(big.Rat).SetString(d.String()); return r }
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.Custom(func(t *rapid.T) Decimal {
			return NewDecimal(rapid.Int64().Draw(t, "coef"), rapid.IntRange(0, 9).Draw(t, "scale"))
		})
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		for name, x := range map[string][2]*big.Rat{
			"+": {rat(a.Add(b)), new(big.Rat).Add(rat(a), rat(b))},
			"-": {rat(a.Sub(b)), new(big.Rat).Sub(rat(a), rat(b))},
			"*": {rat(a.Mul(b)), new(big.Rat).Mul(rat(a), rat(b))},
		} {
			if x[0] == nil || x[0].Cmp(x[1]) != 0 {
				t.Fatalf("%s %s %s = %v, want %v", a, name, b, x[0], x[1])
			}
		}
		if a.Cmp(b) != rat(a).Cmp(rat(b)) {
			t.Fatalf("%s cmp %s", a, b)
		}
		if q := a.Quo(b); !b.IsZero() && q.Finite() {
			off := new(big.Rat).Sub(rat(q), new(big.Rat).Quo(rat(a), rat(b)))
			if off.Abs(off).Cmp(big.NewRat(1, 2_000_000_000_000)) > 0 {
				t.Fatalf("%s / %s = %s", a, b, q)
			}
		}
	})
}
