package assess

import (
	"maps"
	"slices"
	"sync"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"bihuan.dev/bihuan/programme"
)

// A column holds one field of all records of a form: whole numbers and scaled decimals as int64, days and codes of texts as
// int32, truth as bits, lists of texts as codes with offsets, the rest as values. Which places hold anything stands in a
// bitmap. A sealed column is padded to whole words of 64 places, so that kernels need no tail.
type column struct {
	kind  kind
	scale int // decimals of scaled decimals
	n     int
	dict  *dictionary
	valid []uint64        // a bit for each place
	bits  []uint64        // of bools
	wide  []int64         // of ints and decimals
	small []int32         // of days and texts
	start []int32         // of lists: the items of place i are those from start[i] to start[i+1]
	items []int32         // codes
	vals  map[int]ref.Val // of kind other: all values
	odd   map[int]ref.Val // decimals that do not fit their declared scale, and what is of another type
	cut   *planes         // of a sealed column of many rows: its numbers by bits
	uncut bool            // a place was written since it was sealed
}

type kind uint8

const (
	ints kind = iota
	bools
	decimals
	days
	texts
	lists // of texts
	other // reals
)

// dictionary numbers texts. That of a program knows the options and the texts in rules and is never changed once it is
// compiled; that of a population goes on where it ends.
type dictionary struct {
	base  *dictionary
	from  int32
	mu    sync.RWMutex
	codes map[string]int32
	vals  []ref.Val
}

func newDictionary(base *dictionary) *dictionary {
	d := &dictionary{base: base, codes: map[string]int32{}}
	if base != nil {
		d.from = base.size()
	}
	return d
}

func (d *dictionary) size() int32 { return d.from + int32(len(d.vals)) }

// code gives the number of a text, a new one when it has none.
func (d *dictionary) code(s string) int32 {
	if d.base != nil {
		if c, ok := d.base.codes[s]; ok {
			return c
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.codes[s]
	if !ok {
		c = d.size()
		d.codes[s] = c
		d.vals = append(d.vals, types.String(s))
	}
	return c
}

// codeBytes gives the number of a text without making a string of it when it has one.
func (d *dictionary) codeBytes(b []byte) int32 {
	if d.base != nil {
		if c, ok := d.base.codes[string(b)]; ok {
			return c
		}
	}
	d.mu.RLock()
	c, ok := d.codes[string(b)]
	d.mu.RUnlock()
	if ok {
		return c
	}
	return d.code(string(b))
}

// text gives the text of a number.
func (d *dictionary) text(code int32) ref.Val {
	if code < d.from {
		return d.base.text(code)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.vals[code-d.from]
}

// newColumn gives an empty column for a field, or for what the language adds itself, of a type of expressions.
func newColumn(t *types.Type, f *programme.Field, dict *dictionary) column {
	c := column{kind: other, dict: dict}
	switch {
	case programme.IsCELDecimal(t):
		c.kind, c.scale = decimals, programme.QuoDecimals
		if f != nil && f.Type == programme.Money {
			c.scale = 2
		} else if f != nil {
			c.scale = f.Decimals
		}
	case t.Kind() == types.BoolKind:
		c.kind = bools
	case t.Kind() == types.IntKind:
		c.kind = ints
	case t.Kind() == types.TimestampKind:
		c.kind = days
	case t.Kind() == types.StringKind:
		c.kind = texts
	case t.Kind() == types.ListKind && t.Parameters()[0].Kind() == types.StringKind:
		c.kind, c.start = lists, []int32{0}
	}
	return c
}

// has reports whether a place holds anything; a column that no rule reads has no places.
func (c *column) has(i int) bool { return i < c.n && c.valid[i>>6]&(1<<(i&63)) != 0 }

// push appends a value; nil, or one of another type than the field's, leaves the place empty.
func (c *column) push(v any) {
	i := c.n
	c.grow()
	ok := false
	switch x := v.(type) {
	case nil:
	case bool:
		if ok = c.kind == bools; ok && x {
			c.bits[i>>6] |= 1 << (i & 63)
		}
	case int64:
		switch c.kind {
		case ints:
			c.wide[i], ok = x, true
		case decimals:
			c.wide[i], ok = c.decimal(i, programme.DecimalOf(x)), true
		}
	case programme.Day:
		if ok = c.kind == days; ok {
			c.small[i] = int32(x)
		}
	case programme.Decimal:
		if c.kind == decimals {
			c.wide[i], ok = c.decimal(i, x), true
		}
	case string:
		if ok = c.kind == texts; ok {
			c.small[i] = c.dict.code(x)
		}
	case []string:
		if ok = c.kind == lists; ok {
			for _, s := range x {
				c.items = append(c.items, c.dict.code(s))
			}
			c.start[i+1] = int32(len(c.items))
		}
	default:
		if val := programme.CELValue(v); c.kind == other && val != nil {
			c.keep(i, val)
			ok = true
		}
	}
	if ok {
		c.valid[i>>6] |= 1 << (i & 63)
	}
}

// pushPacked appends the k-th field of a packed piece of evidence.
func (c *column) pushPacked(v value, x *form, k int) {
	i := c.n
	c.grow()
	if v.tag != tagAbsent && c.setPacked(i, v, x, k) {
		c.valid[i>>6] |= 1 << (i & 63)
	}
}

// setPacked writes a value to an empty place, and tells whether it is one of the column's type.
func (c *column) setPacked(i int, v value, x *form, k int) bool {
	switch {
	case v.tag == tagFalse || v.tag == tagTrue:
		if c.kind == bools && v.tag == tagTrue {
			c.bits[i>>6] |= 1 << (i & 63)
		}
		return c.kind == bools
	case v.tag == tagInt && c.kind == ints:
		c.wide[i] = v.n
		return true
	case v.tag == tagDay && c.kind == days:
		c.small[i] = int32(v.n)
		return true
	case v.tag == tagOption && c.kind == texts:
		c.small[i] = x.codes[k][v.n]
		return true
	case v.tag == tagText && c.kind == texts:
		c.small[i] = c.dict.codeBytes(v.b)
		return true
	case v.tag == tagTexts && c.kind == lists:
		for s := range v.texts {
			c.items = append(c.items, c.dict.codeBytes(s))
		}
		c.start[i+1] = int32(len(c.items))
		return true
	case c.kind == decimals && v.tag >= tagDecimal:
		if n := int(v.tag - tagDecimal); n == c.scale {
			c.wide[i] = v.n
		} else {
			c.wide[i] = c.decimal(i, programme.NewDecimal(v.n, n))
		}
		return true
	case c.kind == decimals && v.tag == tagInt:
		c.wide[i] = c.decimal(i, programme.DecimalOf(v.n))
		return true
	case c.kind == decimals && v.tag == tagBig:
		c.wide[i] = c.decimal(i, v.any(nil).(programme.Decimal))
		return true
	case c.kind == other && v.tag == tagReal:
		c.keep(i, programme.CELValue(v.any(nil)))
		return true
	}
	return false
}

// set writes the k-th field of a packed piece of evidence to a place, whatever stood there.
func (c *column) set(i int, v value, x *form, k int) {
	c.empty(i)
	ok := false
	if c.kind == lists {
		var codes []int32
		if ok = v.tag == tagTexts; ok {
			for s := range v.texts {
				codes = append(codes, c.dict.codeBytes(s))
			}
		}
		c.setItems(i, codes)
	} else {
		ok = v.tag != tagAbsent && c.setPacked(i, v, x, k)
	}
	if ok {
		c.valid[i>>6] |= 1 << (i & 63)
	}
}

// setItems gives a place of a column of lists other items.
func (c *column) setItems(i int, codes []int32) {
	from, to := c.start[i], c.start[i+1]
	c.items = slices.Replace(c.items, int(from), int(to), codes...)
	if more := int32(len(codes)) - (to - from); more != 0 {
		for j := i + 1; j < len(c.start); j++ {
			c.start[j] += more
		}
	}
}

// empty takes away what stands at a place, but for the items of a list.
func (c *column) empty(i int) {
	c.cut, c.uncut = nil, true
	c.valid[i>>6] &^= 1 << (i & 63)
	switch c.kind {
	case bools:
		c.bits[i>>6] &^= 1 << (i & 63)
	case ints, decimals:
		c.wide[i] = 0
	case days, texts:
		c.small[i] = 0
	case other:
		delete(c.vals, i)
	}
	if c.odd != nil {
		delete(c.odd, i)
	}
}

// take copies a place of another column of the same field and dictionary.
func (c *column) take(i int, from *column, at int) {
	c.empty(i)
	has := from.valid[at>>6] >> (at & 63) & 1
	c.valid[i>>6] |= has << (i & 63)
	switch c.kind {
	case bools:
		c.bits[i>>6] |= from.bits[at>>6] >> (at & 63) & 1 << (i & 63)
	case ints, decimals:
		c.wide[i] = from.wide[at]
	case days, texts:
		c.small[i] = from.small[at]
	case lists:
		c.setItems(i, from.items[from.start[at]:from.start[at+1]])
	case other:
		if has != 0 {
			c.keep(i, from.vals[at])
		}
	}
	if from.odd != nil {
		if v, odd := from.odd[at]; odd {
			c.strange(i, v)
		}
	}
}

// same reports whether a place holds what one of another column of the same field and dictionary does. What is neither number, day,
// truth nor text is never said to be the same.
func (c *column) same(i int, from *column, at int) bool {
	if c.odd != nil || from.odd != nil || c.valid[i>>6]>>(i&63)&1 != from.valid[at>>6]>>(at&63)&1 {
		return false
	}
	switch c.kind {
	case bools:
		return c.bits[i>>6]>>(i&63)&1 == from.bits[at>>6]>>(at&63)&1
	case ints, decimals:
		return c.wide[i] == from.wide[at]
	case days, texts:
		return c.small[i] == from.small[at]
	}
	return false
}

// own gives the column places of its own, where it shared them.
func (c *column) own() {
	c.valid, c.bits, c.wide, c.small = slices.Clone(c.valid), slices.Clone(c.bits), slices.Clone(c.wide), slices.Clone(c.small)
	c.start, c.items, c.vals, c.odd = slices.Clone(c.start), slices.Clone(c.items), maps.Clone(c.vals), maps.Clone(c.odd)
}

// pushValue appends a value of an expression. One of another type than the column's is kept apart for the interpreter.
func (c *column) pushValue(v ref.Val) {
	if v == nil {
		c.push(nil)
		return
	}
	i := c.n
	switch x := v.(type) {
	case types.Bool:
		c.push(bool(x))
	case types.Int:
		if c.kind == decimals {
			c.push(nil) // a whole number is no decimal in an expression
		} else {
			c.push(int64(x))
		}
	case types.String:
		c.push(string(x))
	case types.Timestamp:
		c.push(programme.DayOf(x.Time.UTC()))
	default:
		if d, ok := programme.DecimalOfCEL(v); ok {
			c.push(d)
		} else if list, ok := v.Value().([]string); ok {
			c.push(list)
		} else {
			c.push(nil)
		}
	}
	if !c.has(i) {
		c.valid[i>>6] |= 1 << (i & 63)
		if c.kind == other {
			c.keep(i, v)
		} else {
			c.strange(i, v)
		}
	}
}

// grow adds an empty place.
func (c *column) grow() {
	if c.n&63 == 0 {
		c.valid = append(c.valid, 0)
		if c.kind == bools {
			c.bits = append(c.bits, 0)
		}
	}
	switch c.kind {
	case ints, decimals:
		c.wide = append(c.wide, 0)
	case days, texts:
		c.small = append(c.small, 0)
	case lists:
		c.start = append(c.start, int32(len(c.items)))
	}
	c.n++
}

// reset empties the column and keeps its room.
func (c *column) reset() {
	c.n, c.valid, c.bits, c.wide, c.small, c.items = 0, c.valid[:0], c.bits[:0], c.wide[:0], c.small[:0], c.items[:0]
	c.start = c.start[:min(len(c.start), 1)]
	c.vals, c.odd, c.cut = nil, nil, nil
}

// reserve makes room for so many places.
func (c *column) reserve(n int) {
	words := (n + 63) / 64
	c.valid = slices.Grow(c.valid, words)
	switch c.kind {
	case bools:
		c.bits = slices.Grow(c.bits, words)
	case ints, decimals:
		c.wide = slices.Grow(c.wide, words*64)
	case days, texts:
		c.small = slices.Grow(c.small, words*64)
	}
}

// bytes tells what the column takes.
func (c *column) bytes() int {
	planes := 0
	if c.cut != nil {
		planes = 8 * len(c.cut.not)
	}
	return 8*(len(c.valid)+len(c.bits)+len(c.wide)+planes) + 4*(len(c.small)+len(c.start)+len(c.items)) + 64*(len(c.vals)+len(c.odd))
}

// seal pads the column to whole words, and cuts its numbers into planes.
func (c *column) seal() {
	full := len(c.valid) * 64
	switch c.kind {
	case ints, decimals:
		c.wide = append(c.wide, make([]int64, full-len(c.wide))...)
	case days, texts:
		c.small = append(c.small, make([]int32, full-len(c.small))...)
	}
	c.cutUp()
}

// cutUp cuts the numbers into planes, again when a place was written.
func (c *column) cutUp() {
	switch c.uncut = false; c.kind {
	case ints, decimals:
		c.cut = newPlanes(c.wide, c.valid)
	case days, texts:
		c.cut = newPlanes(c.small, c.valid)
	}
}

func (c *column) keep(i int, v ref.Val) {
	if c.vals == nil {
		c.vals = map[int]ref.Val{}
	}
	c.vals[i] = v
}

func (c *column) strange(i int, v ref.Val) {
	if c.odd == nil {
		c.odd = map[int]ref.Val{}
	}
	c.odd[i] = v
}

func (c *column) decimal(i int, d programme.Decimal) int64 {
	n, ok := d.Scaled(c.scale)
	if !ok {
		c.strange(i, programme.CELDecimal(d))
	}
	return n
}

// get gives the value of a place for CEL, nil when it is empty.
func (c *column) get(i int) ref.Val {
	if !c.has(i) {
		return nil
	}
	if c.odd != nil {
		if v, ok := c.odd[i]; ok {
			return v
		}
	}
	switch c.kind {
	case ints:
		return types.Int(c.wide[i])
	case bools:
		return types.Bool(c.bits[i>>6]>>(i&63)&1 != 0)
	case decimals:
		return programme.CELDecimal(programme.NewDecimal(c.wide[i], c.scale))
	case days:
		return programme.CELValue(programme.Day(c.small[i]))
	case texts:
		return c.dict.text(c.small[i])
	case lists:
		out := make([]string, 0, c.start[i+1]-c.start[i])
		for _, code := range c.items[c.start[i]:c.start[i+1]] {
			out = append(out, string(c.dict.text(code).(types.String)))
		}
		return programme.CELValue(out)
	}
	return c.vals[i]
}
