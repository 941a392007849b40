package programme

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// Decimal is an exact decimal number of at most 38 digits. It is immutable; the zero value is 0.
//
// + − × are exact, ÷ keeps QuoDecimals decimals. A result that needs more than 38 digits, or a division by zero, is not
// finite: it stays so through every further step, and Finite tells. Nearly every number fits the int64 path, which
// allocates nothing.
type Decimal struct {
	coef  int64    // unless big is set
	scale int32    // decimals; without trailing zeros, never negative
	big   *big.Int // never changed once set; nil: coef holds the number
}

// QuoDecimals is how many decimals a quotient keeps.
const QuoDecimals = 12

const maxDigits = 38

var (
	notFinite = new(big.Int) // only its address counts
	limit     = new(big.Int).Exp(big.NewInt(10), big.NewInt(maxDigits), nil)
	bigTen    = big.NewInt(10)
	pow10     [19]int64
)

func init() {
	pow10[0] = 1
	for i := 1; i < len(pow10); i++ {
		pow10[i] = pow10[i-1] * 10
	}
}

// NewDecimal gives coef ÷ 10^scale.
func NewDecimal(coef int64, scale int) Decimal {
	if scale < 0 {
		return fromBig(big.NewInt(coef), scale)
	}
	return normal(coef, int32(scale))
}

// DecimalOf gives a whole number.
func DecimalOf(n int64) Decimal { return Decimal{coef: n} }

// ParseDecimal reads 12, -0.95, +3 or 1.5e3. More than 38 digits, or anything else, is an error.
func ParseDecimal(s string) (Decimal, error) {
	bad := func() (Decimal, error) { return Decimal{}, fmt.Errorf("%q is not a number", s) }
	text, exp := s, 0
	if len(s) > 100 {
		return Decimal{}, errors.New("number is too long")
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n > maxDigits || n < -maxDigits {
			return bad()
		}
		text, exp = s[:i], n
	}
	sign := ""
	if text != "" && (text[0] == '-' || text[0] == '+') {
		if text[0] == '-' {
			sign = "-"
		}
		text = text[1:]
	}
	whole, frac, dotted := strings.Cut(text, ".")
	digits := whole + frac
	if digits == "" || dotted && (frac == "" || whole == "") {
		return bad()
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return bad()
		}
	}
	scale := len(frac) - exp
	if len(digits) <= 18 && scale >= 0 && scale <= 18 {
		n, _ := strconv.ParseInt(sign+digits, 10, 64)
		return normal(n, int32(scale)), nil
	}
	n, ok := new(big.Int).SetString(sign+digits, 10)
	if !ok {
		return bad()
	}
	d := fromBig(n, scale)
	if !d.Finite() {
		return Decimal{}, fmt.Errorf("%q has more than %d digits", s, maxDigits)
	}
	return d, nil
}

// MustDecimal is ParseDecimal for constants in code; it panics on a mistake.
func MustDecimal(s string) Decimal {
	d, err := ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

// DecimalFromFloat gives the decimal with the shortest text that reads back as f; NaN and infinities are not finite.
func DecimalFromFloat(f float64) Decimal {
	d, err := ParseDecimal(strconv.FormatFloat(f, 'e', -1, 64))
	if err != nil {
		return Decimal{big: notFinite}
	}
	return d
}

func normal(coef int64, scale int32) Decimal {
	for scale > 0 && coef%10 == 0 {
		coef, scale = coef/10, scale-1
	}
	return Decimal{coef: coef, scale: scale}
}

// fromBig takes n over; scale may be negative.
func fromBig(n *big.Int, scale int) Decimal {
	if scale < 0 {
		if scale < -maxDigits && n.Sign() != 0 {
			return Decimal{big: notFinite}
		}
		n = new(big.Int).Mul(n, bigPow10(min(-scale, maxDigits)))
		scale = 0
	}
	var q, r big.Int
	for scale > 0 {
		if q.QuoRem(n, bigTen, &r); r.Sign() != 0 {
			break
		}
		n, scale = new(big.Int).Set(&q), scale-1
	}
	if n.IsInt64() && scale <= maxDigits {
		return Decimal{coef: n.Int64(), scale: int32(scale)}
	}
	if scale > maxDigits || n.CmpAbs(limit) >= 0 {
		return Decimal{big: notFinite}
	}
	return Decimal{scale: int32(scale), big: n}
}

func bigPow10(n int) *big.Int {
	return new(big.Int).Exp(bigTen, big.NewInt(int64(n)), nil)
}

func (d Decimal) wide() *big.Int {
	if d.big != nil {
		return d.big
	}
	return big.NewInt(d.coef)
}

// Finite reports whether the number could be computed at all.
func (d Decimal) Finite() bool { return d.big != notFinite }

// align brings both to the larger of their scales.
func align(a, b Decimal) (x, y *big.Int, scale int) {
	x, y = a.wide(), b.wide()
	switch {
	case a.scale < b.scale:
		x = new(big.Int).Mul(x, bigPow10(int(b.scale-a.scale)))
	case b.scale < a.scale:
		y = new(big.Int).Mul(y, bigPow10(int(a.scale-b.scale)))
	}
	return x, y, int(max(a.scale, b.scale))
}

// align64 is align where everything fits an int64.
func align64(a, b Decimal) (x, y int64, scale int32, ok bool) {
	if a.big != nil || b.big != nil {
		return 0, 0, 0, false
	}
	x, y, scale, ok = a.coef, b.coef, a.scale, true
	switch {
	case a.scale < b.scale:
		scale = b.scale
		x, ok = scaleUp(x, b.scale-a.scale)
	case b.scale < a.scale:
		y, ok = scaleUp(y, a.scale-b.scale)
	}
	return x, y, scale, ok
}

func scaleUp(n int64, by int32) (int64, bool) {
	if int(by) >= len(pow10) {
		return 0, n == 0
	}
	return mul64(n, pow10[by])
}

func mul64(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(abs64(a), abs64(b))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func abs64(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

// Cmp gives -1, 0 or 1. What is not finite equals itself and is larger than every number.
func (d Decimal) Cmp(o Decimal) int {
	if x, y, _, ok := align64(d, o); ok {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	if !d.Finite() || !o.Finite() {
		switch {
		case d.Finite():
			return -1
		case o.Finite():
			return 1
		}
		return 0
	}
	x, y, _ := align(d, o)
	return x.Cmp(y)
}

// Add gives d + o, exactly.
func (d Decimal) Add(o Decimal) Decimal {
	if x, y, scale, ok := align64(d, o); ok {
		if sum := x + y; (sum > x) == (y > 0) {
			return normal(sum, scale)
		}
	}
	if !d.Finite() || !o.Finite() {
		return Decimal{big: notFinite}
	}
	x, y, scale := align(d, o)
	return fromBig(new(big.Int).Add(x, y), scale)
}

// Sub gives d − o, exactly.
func (d Decimal) Sub(o Decimal) Decimal { return d.Add(o.Neg()) }

// Neg gives −d.
func (d Decimal) Neg() Decimal {
	if d.big == nil && d.coef != math.MinInt64 {
		d.coef = -d.coef
		return d
	}
	if !d.Finite() {
		return d
	}
	return fromBig(new(big.Int).Neg(d.wide()), int(d.scale))
}

// Mul gives d × o, exactly.
func (d Decimal) Mul(o Decimal) Decimal {
	if d.big == nil && o.big == nil {
		if n, ok := mul64(d.coef, o.coef); ok && d.scale+o.scale <= 18 {
			return normal(n, d.scale+o.scale)
		}
	}
	if !d.Finite() || !o.Finite() {
		return Decimal{big: notFinite}
	}
	return fromBig(new(big.Int).Mul(d.wide(), o.wide()), int(d.scale+o.scale))
}

// Quo gives d ÷ o with QuoDecimals decimals, half to even. By zero it is not finite.
func (d Decimal) Quo(o Decimal) Decimal { return d.QuoRound(o, QuoDecimals) }

// QuoRound gives d ÷ o rounded once to so many decimals, half to even. By zero it is not finite.
func (d Decimal) QuoRound(o Decimal, decimals int) Decimal {
	if !d.Finite() || !o.Finite() || o.IsZero() {
		return Decimal{big: notFinite}
	}
	up := decimals + int(o.scale) - int(d.scale)
	if d.big == nil && o.big == nil && up >= 0 && up < len(pow10) {
		den := abs64(o.coef)
		hi, lo := bits.Mul64(abs64(d.coef), uint64(pow10[up]))
		if hi < den {
			q, r := bits.Div64(hi, lo, den)
			if r > den-r || r == den-r && q&1 == 1 {
				q++
			}
			if q <= math.MaxInt64 {
				n := int64(q)
				if (d.coef < 0) != (o.coef < 0) {
					n = -n
				}
				return normal(n, int32(decimals))
			}
		}
	}
	num, den := d.wide(), o.wide()
	if up >= 0 {
		num = new(big.Int).Mul(num, bigPow10(up))
	} else {
		den = new(big.Int).Mul(den, bigPow10(-up))
	}
	return fromBig(quoHalfEven(num, den), decimals)
}

func quoHalfEven(num, den *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	twice := new(big.Int).Lsh(r.Abs(r), 1)
	if c := twice.CmpAbs(den); c > 0 || c == 0 && q.Bit(0) == 1 {
		if (num.Sign() < 0) != (den.Sign() < 0) {
			return q.Sub(q, big.NewInt(1))
		}
		return q.Add(q, big.NewInt(1))
	}
	return q
}

// Round gives d with at most so many decimals, half to even (GB/T 8170).
func (d Decimal) Round(decimals int) Decimal {
	if int(d.scale) <= decimals || !d.Finite() {
		return d
	}
	return d.QuoRound(Decimal{coef: 1}, decimals)
}

// Floor gives the largest whole number that is not above d.
func (d Decimal) Floor() Decimal {
	if d.scale == 0 || !d.Finite() {
		return d
	}
	den := bigPow10(int(d.scale))
	q, r := new(big.Int).QuoRem(d.wide(), den, new(big.Int))
	if r.Sign() < 0 {
		q.Sub(q, big.NewInt(1))
	}
	return fromBig(q, 0)
}

// Ceil gives the smallest whole number that is not below d.
func (d Decimal) Ceil() Decimal { return d.Neg().Floor().Neg() }

// Trunc gives d without its decimals.
func (d Decimal) Trunc() Decimal {
	if d.Sign() < 0 {
		return d.Ceil()
	}
	return d.Floor()
}

// Sign gives -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.big == notFinite:
		return 1
	case d.big != nil:
		return d.big.Sign()
	case d.coef < 0:
		return -1
	case d.coef > 0:
		return 1
	}
	return 0
}

// IsZero reports whether d is 0.
func (d Decimal) IsZero() bool { return d.big == nil && d.coef == 0 }

// Scale tells how many decimals d has.
func (d Decimal) Scale() int { return int(d.scale) }

// Scaled gives d × 10^decimals when that is a whole number that fits.
func (d Decimal) Scaled(decimals int) (int64, bool) {
	if d.big != nil || int(d.scale) > decimals {
		return 0, false
	}
	return scaleUp(d.coef, int32(decimals)-d.scale)
}

// Int64 gives d when it is a whole number that fits.
func (d Decimal) Int64() (int64, bool) { return d.Scaled(0) }

// Float64 gives the nearest float.
func (d Decimal) Float64() float64 {
	if !d.Finite() {
		return math.NaN()
	}
	f, _ := strconv.ParseFloat(d.String(), 64)
	return f
}

// String writes d without exponent and without trailing zeros.
func (d Decimal) String() string {
	if !d.Finite() {
		return "?"
	}
	if d.scale == 0 && d.big == nil {
		return strconv.FormatInt(d.coef, 10)
	}
	return d.Fixed(int(d.scale))
}

// Fixed writes d with exactly so many decimals, rounding where it has more.
func (d Decimal) Fixed(decimals int) string {
	if !d.Finite() {
		return "?"
	}
	d = d.Round(decimals)
	digits := new(big.Int).Abs(d.wide()).String()
	if n := int(d.scale) + 1 - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	at := len(digits) - int(d.scale)
	out := digits[:at]
	if decimals > 0 {
		out += "." + digits[at:] + strings.Repeat("0", decimals-int(d.scale))
	}
	if d.Sign() < 0 {
		out = "-" + out
	}
	return out
}

// MarshalJSON writes d as a JSON number; what is not finite is null.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if !d.Finite() {
		return []byte("null"), nil
	}
	return []byte(d.String()), nil
}

// UnmarshalJSON reads a JSON number, or a number in a string.
func (d *Decimal) UnmarshalJSON(b []byte) (err error) {
	*d, err = ParseDecimal(strings.Trim(string(b), `"`))
	return err
}

// QuoFloor gives how many whole times o goes into d, exactly: the largest n with n × o ≤ d, for a positive o.
func (d Decimal) QuoFloor(o Decimal) Decimal {
	if !d.Finite() || !o.Finite() || o.IsZero() {
		return Decimal{big: notFinite}
	}
	x, y, _ := align(d, o)
	q, r := new(big.Int).QuoRem(x, y, new(big.Int))
	if r.Sign() != 0 && (r.Sign() < 0) != (y.Sign() < 0) {
		q.Sub(q, big.NewInt(1))
	}
	return fromBig(q, 0)
}
