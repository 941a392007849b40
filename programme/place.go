package programme

import "strings"

// Place gives the position in the YAML file of the character with this offset (counted in characters) in the expression.
// It is exact in plain, quoted and block scalars alike.
func (e *Expr) Place(offset int) Pos {
	if offset < 0 {
		offset = 0
	}
	if n := len(e.places); n > 0 {
		return e.places[min(offset, n-1)]
	}
	p := e.Pos
	p.Col += offset
	return p
}

// PlaceAt is Place for a line (from 1) and column (in characters, from 0) of the expression, as CEL gives them.
func (e *Expr) PlaceAt(line, col int) Pos {
	offset := 0
	rest := e.Source
	for ; line > 1; line-- {
		i := strings.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		offset += len([]rune(rest[:i])) + 1
		rest = rest[i+1:]
	}
	return e.Place(offset + col)
}

// slice makes an expression of a part of another one, from one offset in characters to another.
func (e *Expr) slice(from, to int) *Expr {
	x := &Expr{Source: string([]rune(e.Source)[from:to]), Pos: e.Place(from)}
	if len(e.places) > 0 {
		x.places = e.places[from : to+1]
	}
	return x
}
