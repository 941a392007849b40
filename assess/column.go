package assess

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"bihuan.dev/bihuan/programme"
)

// A column holds one field of all records of a form: whole numbers, scaled decimals and days as int64, texts as codes of a
// dictionary, the rest as values. Which places hold anything stands in a bitmap.
type column struct {
	kind  kind
	scale int      // decimals of scaled decimals
	valid []uint64 // a bit for each place
	ints  []int64
	vals  []ref.Val // of kind other; for texts the dictionary
	codes map[string]int64
	wide  map[int]ref.Val // decimals that do not fit their declared scale
}

type kind uint8

const (
	ints kind = iota
	bools
	decimals
	days
	texts
	other // reals and lists
)

func newColumn(f *programme.Field) column {
	c := column{kind: texts}
	switch f.Type {
	case programme.Bool:
		c.kind = bools
	case programme.Int:
		c.kind = ints
	case programme.Number:
		c.kind, c.scale = decimals, f.Decimals
	case programme.Money:
		c.kind, c.scale = decimals, 2
	case programme.Date:
		c.kind = days
	case programme.Real, programme.Choices, programme.Photo, programme.File:
		c.kind = other
	}
	if c.kind == texts {
		c.codes = map[string]int64{}
	}
	return c
}

// dayColumn is for the day a record is true.
func dayColumn() column { return column{kind: days} }

func (c *column) has(i int) bool { return c.valid[i>>6]&(1<<(i&63)) != 0 }

// push appends a value; nil, or one of another type than the field's, leaves the place empty.
func (c *column) push(v any) {
	i := len(c.ints)
	if i&63 == 0 {
		c.valid = append(c.valid, 0)
	}
	n, ok := int64(0), false
	switch x := v.(type) {
	case nil:
	case bool:
		if ok = c.kind == bools; ok && x {
			n = 1
		}
	case int64:
		switch c.kind {
		case ints:
			n, ok = x, true
		case decimals:
			n, ok = c.pushDecimal(i, programme.DecimalOf(x))
		}
	case programme.Day:
		n, ok = int64(x), c.kind == days
	case programme.Decimal:
		if c.kind == decimals {
			n, ok = c.pushDecimal(i, x)
		}
	case string:
		if c.kind == texts {
			code, known := c.codes[x]
			if !known {
				code = int64(len(c.vals))
				c.codes[x] = code
				c.vals = append(c.vals, types.String(x))
			}
			n, ok = code, true
		}
	default:
		if val := programme.CELValue(v); c.kind == other && val != nil {
			n, ok = int64(len(c.vals)), true
			c.vals = append(c.vals, val)
		}
	}
	c.ints = append(c.ints, n)
	if ok {
		c.valid[i>>6] |= 1 << (i & 63)
	}
}

func (c *column) pushDecimal(i int, d programme.Decimal) (int64, bool) {
	n, ok := d.Scaled(c.scale)
	if !ok {
		if c.wide == nil {
			c.wide = map[int]ref.Val{}
		}
		c.wide[i] = programme.CELDecimal(d)
	}
	return n, true
}

// get gives the value of a place for CEL, nil when it is empty.
func (c *column) get(i int) ref.Val {
	if !c.has(i) {
		return nil
	}
	n := c.ints[i]
	switch c.kind {
	case ints:
		return types.Int(n)
	case bools:
		return types.Bool(n != 0)
	case decimals:
		if c.wide != nil {
			if v, ok := c.wide[i]; ok {
				return v
			}
		}
		return programme.CELDecimal(programme.NewDecimal(n, c.scale))
	case days:
		return programme.CELValue(programme.Day(n))
	}
	return c.vals[n]
}
