package assess

import (
	"math"
	"slices"

	"bihuan.dev/bihuan/programme"
)

// A clause that can earn only few different points keeps no points: each of them is a step, and what rows are on it are bits.

// mostSteps is how many different points a clause may earn so, between nothing and all.
const mostSteps = 40

// steps are the points between nothing and all; their codes begin after Pending.
func (c *clause) steps() []int64 { return c.worth[Pending+1:] }

// step gives which of the steps has so many points.
func (c *clause) step(points int64) int { return slices.Index(c.steps(), points) }

// takeSteps notes the points that a clause may earn, and reports whether they are such as can be kept as steps.
func (c *clause) takeSteps(points []int64) bool {
	full := c.worth[Met]
	for _, p := range points {
		switch {
		case p < 0 || p > full || full <= 0:
			return false
		case p > 0 && p < full && c.step(p) < 0:
			c.worth = append(c.worth, p)
		}
	}
	return len(c.steps()) <= mostSteps
}

// lowerSteps finds out how the points of a clause are kept.
func (pr *Program) lowerSteps(c *clause, lc *compiled) {
	worth := c.worth
	steps := c.shape == passShape
	switch {
	case c.na.Word == "peer_mean" || c.missing.Word == "peer_mean" || pr.zeroes(c.index):
		steps = false
	case lc == nil:
	case c.shape == bandShape || c.shape == linearShape && lc.low != nil:
		steps = c.takeSteps(lc.points)
	case c.shape == tickShape || c.shape == deductShape:
		if a := pr.adding(c, lc); a != nil && c.takeSteps(a.points) {
			steps, lc.adding = true, a
		}
	}
	if c.ownPoints = !steps; c.ownPoints {
		c.worth = worth
	}
}

// findGrain finds the most that clauses earn by verdict or step, and the largest number that all these points are multiples of.
func (pr *Program) findGrain() {
	pr.grain = 0
	for _, c := range pr.clauses {
		if c.ownPoints {
			continue
		}
		if c.highest = slices.Max(c.worth); slices.Min(c.worth) < 0 {
			c.highest = -1
		}
		for _, p := range c.worth {
			for a := p; a != 0; {
				pr.grain, a = a, pr.grain%a
			}
		}
	}
	if pr.grain = max(pr.grain, -pr.grain); pr.grain == 0 {
		pr.grain = 1
	}
}

// adding is how deductions or ticks add up: going through them, a row passes from one sum to another.
type adding struct {
	from   [][]int64 // of deductions, one by one: from how many cases on the levels after the first begin
	next   [][][]int // one by one, by the sum so far: the sum that each level leads to
	points []int64   // by the last sum
}

// adding gives how a clause's deductions or ticks add up; nil when too many different sums can come of it.
func (pr *Program) adding(c *clause, lc *compiled) *adding {
	a := &adding{}
	sums := []int64{0}
	for k := range lc.nodes {
		costs := []int64{0, 0}
		if c.shape == tickShape {
			costs[1] = lc.points[k]
		} else {
			var from []int64
			if from, costs = lc.levels(c.Deduct[k], k, pr); costs == nil {
				return nil
			}
			a.from = append(a.from, from)
		}
		var then []int64
		next := make([][]int, len(sums))
		for i, sum := range sums {
			for _, cost := range costs {
				to := sum + cost
				if c.shape == deductShape {
					to = min(to, lc.each)
				}
				at := slices.Index(then, to)
				if at < 0 {
					at, then = len(then), append(then, to)
				}
				next[i] = append(next[i], at)
			}
		}
		if len(then) > mostSteps {
			return nil
		}
		a.next, sums = append(a.next, next), then
	}
	for _, sum := range sums {
		if c.shape == deductShape {
			sum = lc.each - sum
		}
		a.points = append(a.points, pr.toUnits(sum, lc.scale))
	}
	return a
}

// levels gives what so many cases cost, at most all points, as levels: where those after the first begin. It gives nil when the cost
// still rises where the table ends.
func (lc *compiled) levels(d *programme.Deduction, k int, pr *Program) (from, costs []int64) {
	table := lc.tables[k]
	for n, cost := range table {
		if cost = min(cost, lc.each); n == 0 || cost != costs[len(costs)-1] {
			if n > 0 {
				from = append(from, int64(n))
			}
			costs = append(costs, cost)
		}
	}
	off, all := deduct(d, math.MaxInt32)
	if last := costs[len(costs)-1]; last < lc.each && (all || off.Cmp(programme.NewDecimal(last, lc.scale)) != 0) {
		return nil, nil
	}
	return from, costs
}

// lineSteps gives the steps of a line over a constant, as bands; nothing when there are too many.
func (pr *Program) lineSteps(c *clause, lc *compiled) (low, points []int64) {
	l := c.Linear
	if lc.fullAt.op != opConst || lc.zero != nil && lc.zero.op != opConst || l.Step == "exact" || l.Minus.Sign() <= 0 {
		return nil, nil
	}
	fullAt := programme.NewDecimal(lc.fullAt.c, lc.fullAt.scale)
	raise := programme.DecimalOf(power(lc.rounded))
	zero := int64(math.MinInt64)
	if lc.zero != nil {
		var ok bool
		if zero, ok = programme.NewDecimal(lc.zero.c, lc.zero.scale).Mul(raise).Ceil().Int64(); !ok {
			return nil, nil
		}
	}
	// Full from full_at on; then so many steps short.
	from, ok := fullAt.Mul(raise).Ceil().Int64()
	worth := pr.units(c.Points)
	first := int64(0)
	if l.Step == "ceil" {
		first = 1
	}
	for n := first; ok; n++ {
		low, points = append(low, max(from, zero)), append(points, worth)
		if worth = max(pr.units(c.Points.Sub(programme.DecimalOf(n).Mul(l.Minus))), 0); worth == 0 || from <= zero {
			return low, points
		}
		if len(low) > mostSteps {
			return nil, nil
		}
		if l.Step == "ceil" { // n steps reach down to just there
			from, ok = fullAt.Sub(programme.DecimalOf(n).Mul(l.Each)).Mul(raise).Ceil().Int64()
		} else { // n steps reach down to right above n + 1
			from, ok = fullAt.Sub(programme.DecimalOf(n + 1).Mul(l.Each)).Mul(raise).Floor().Int64()
			from++
		}
	}
	return nil, nil
}
