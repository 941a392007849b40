package assess

import (
	"cmp"
	"slices"

	"bihuan.dev/bihuan/programme"
)

// ranked is a row that takes part in a ranking.
type ranked struct {
	row     int
	measure programme.Decimal
}

// rank gives competition ranks (ties share the best place) among those who have a measure, within their unit or over all.
func (pr *Program) rank(c *clause, batches []*facts, kept [][]cells, col *clauseColumn) {
	groups := map[string][]ranked{}
	scale := c.measureScale(pr)
	n := 0
	for k, f := range batches {
		x := &kept[k][c.index]
		for i, s := range f.rows {
			if !isSet(x.unmet, int32(i)) || !isSet(x.measured, int32(i)) {
				continue
			}
			unit := ""
			if c.Rank.Within == "unit" {
				unit = s.Unit
			}
			d := programme.NewDecimal(x.measure[i], scale)
			if out, far := x.wide[i]; far {
				d = out.measure
			}
			groups[unit] = append(groups[unit], ranked{n + i, d})
		}
		n += len(f.rows)
	}
	col.place, col.among = make([]int32, n), make([]int32, n)
	for _, g := range groups {
		slices.SortFunc(g, func(a, b ranked) int {
			d := b.measure.Cmp(a.measure)
			if c.Rank.Lowest {
				d = -d
			}
			return d
		})
		place := 0
		for k, x := range g {
			if k == 0 || g[k-1].measure.Cmp(x.measure) != 0 {
				place = k + 1
			}
			col.place[x.row], col.among[x.row] = int32(place), int32(len(g))
			kept[x.row/batchRows][c.index].earn(pr, x.row%batchRows, pr.placed(c, outcome{}, place))
		}
	}
}

// placed gives an outcome the points and the verdict of a place.
func (pr *Program) placed(c *clause, out outcome, place int) outcome {
	if place == 0 {
		return out
	}
	out.points = max(pr.points(c.placePoints(place)), 0)
	if c.full > 0 {
		out.points = min(out.points, c.full)
	}
	return c.settle(out)
}

// earn gives a row that is unmet the points and the verdict of its place.
func (x *cells) earn(pr *Program, row int, out outcome) {
	w, b := row>>6, uint64(1)<<(row&63)
	x.unmet[w] &^= b
	switch out.status {
	case Met:
		x.met[w] |= b
	case Partly:
		x.partly[w] |= b
	default:
		x.unmet[w] |= b
	}
	x.points[row] = int64(out.points / pr.unit)
}

// placePoints gives the points of a place. Beyond the list `then` says what follows: points, so much less for every further
// place, or nothing.
func (c *clause) placePoints(place int) programme.Decimal {
	list := c.Rank.Points
	if place <= len(list) {
		return list[place-1]
	}
	then := c.Rank.Then
	switch {
	case then == nil || len(list) == 0 && then.Minus != nil:
		return programme.Decimal{}
	case then.Minus != nil:
		return list[len(list)-1].Sub(then.Minus.Mul(programme.DecimalOf(int64(place - len(list)))))
	}
	return then.Points
}

// peers gives those who lack facts, or whom the clause does not concern, the mean of the others, where the clause says so.
// Without any others it is 0.
func (pr *Program) peers(c *clause, kept [][]cells, col *clauseColumn) {
	var sum programme.Decimal
	each := func(rows func(x *cells, w int) uint64, f func(x *cells, row int)) {
		for k := range kept {
			x := &kept[k][c.index]
			for w := range x.met {
				eachBit(rows(x, w), func(j int) { f(x, w<<6|j) })
			}
		}
	}
	each(func(x *cells, w int) uint64 { return x.met[w] | x.partly[w] | x.unmet[w] }, func(x *cells, row int) {
		sum = sum.Add(programme.DecimalOf(x.points[row]))
		col.peers++
	})
	var mean int64
	if col.peers > 0 {
		mean, _ = sum.QuoRound(programme.DecimalOf(int64(col.peers)), 0).Int64()
	}
	col.mean = Points(mean) * pr.unit
	each(func(x *cells, w int) uint64 {
		var r uint64
		if c.missing.Word == "peer_mean" {
			r |= x.missing[w]
		}
		if c.na.Word == "peer_mean" {
			r |= x.na[w]
		}
		return r
	}, func(x *cells, row int) { x.points[row] = mean })
}

// quotas lets a grade go to at most its share of those scored, by total. When those at the edge are even and not all fit, all
// of them go one grade down, and count there. One who is alone has no share to take. Without quotas it gives nil.
func (pr *Program) quotas(batches []*facts, all []sums) []uint8 {
	if pr.p.Standard == nil || len(pr.p.Standard.Grades.Quota) == 0 || len(pr.grades) == 0 {
		return nil
	}
	quota := pr.p.Standard.Grades.Quota
	var base []uint8
	var totals []int64
	var scored []int
	for k, f := range batches {
		for i := range f.rows {
			if isSet(all[k].scored, int32(i)) {
				scored = append(scored, len(base))
			}
			base = append(base, all[k].wanted[i])
			totals = append(totals, all[k].total[i])
		}
	}
	if len(scored) < 2 {
		return base
	}
	for place, name := range pr.grades[:len(pr.grades)-1] {
		q := slices.IndexFunc(quota, func(q programme.Quota) bool { return q.Name == name })
		if q < 0 {
			continue
		}
		seats, _ := quota[q].Share.Mul(programme.DecimalOf(int64(len(scored)))).Floor().Int64()
		var in []int
		for _, i := range scored {
			if int(base[i]) == place {
				in = append(in, i)
			}
		}
		if int64(len(in)) <= seats {
			continue
		}
		slices.SortFunc(in, func(a, b int) int { return cmp.Compare(totals[b], totals[a]) })
		cut := int(seats)
		for cut > 0 && totals[in[cut-1]] == totals[in[cut]] {
			cut--
		}
		for _, i := range in[cut:] {
			base[i] = uint8(place + 1)
		}
	}
	return base
}
