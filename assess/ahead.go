package assess

// reading is what clauses read of a column that stands row by row: its planes, where it is compared with constants, or its values.
type reading struct {
	place          place
	planes, values bool
}

// readings finds what the rules read so.
func (ir *lowerings) readings() []reading {
	var out []reading
	at := map[place]int{}
	note := func(n *node, compared bool) {
		for n != nil && n.op == opDecimal {
			n = n.args[0]
		}
		if n == nil || n.op != opFact || n.level != nil {
			return
		}
		i, known := at[n.place]
		if !known {
			i = len(out)
			at[n.place], out = i, append(out, reading{place: n.place})
		}
		out[i].planes, out[i].values = out[i].planes || compared, out[i].values || !compared
	}
	for _, n := range ir.graph.nodes {
		for k, a := range n.args {
			note(a, n.op == opMember || (n.op == opLess || n.op == opEqual) && n.args[1-k].op.steady())
		}
	}
	for _, lc := range ir.clauses {
		if lc != nil {
			note(lc.measure, lc.low != nil)
			for _, n := range lc.nodes {
				note(n, lc.adding != nil)
			}
		}
	}
	return out
}

// page is how much memory the processor reads ahead of itself at most.
const page = 4096

// readAhead touches each page of what a batch's clauses will read. Memory is far: one after the other, the columns would be waited for a
// hundred times, and so it is once. What it gives means nothing.
func (f *facts) readAhead() (sum uint64) {
	for _, r := range f.pr.ir.ahead {
		c := f.column(r.place)
		if r.planes && c.cut != nil {
			for k := 0; k < len(c.cut.not); k += page / 64 {
				sum += c.cut.not[k][0]
			}
		}
		if r.values || c.cut == nil {
			for k := 0; k < len(c.wide); k += page / 8 {
				sum += uint64(c.wide[k])
			}
			for k := 0; k < len(c.small); k += page / 4 {
				sum += uint64(c.small[k])
			}
			if len(c.bits) > 0 {
				sum += c.bits[0]
			}
		}
		if len(c.valid) > 0 {
			sum += c.valid[0]
		}
	}
	return sum
}
