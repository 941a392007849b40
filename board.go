package bihuan

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Board is how the subjects within a unit stand: the live score in the deciding column for members of the house, the
// last decision for everybody else.
type Board struct {
	Unit     Unit
	Path     []Unit // from the root down to the unit
	Live     bool   // live scores; otherwise decided ones
	Round    string // title of the round that decided them; empty when live, or when there are several or none
	AsOf     programme.Day
	Subjects int
	Scored   int
	Grades   []GradeCount // every grade of the programme, best first, then the one for none
	Mean     assess.Points
	Median   assess.Points
	Rank, Of int        // by mean, among the units beside it that have scored subjects; 0: not ranked
	Children []BoardRow // in the order of their rank; those without scored subjects last
	Bins     []int      // scored subjects by 5 points: Bins[0] below 5, the last up to the standard's total and beyond
}

// GradeCount is how many subjects hold a grade.
type GradeCount struct {
	Grade string
	Title programme.Text
	Count int
}

// BoardRow is a unit below the one the board is of. Units with the same mean share a rank.
type BoardRow struct {
	Unit     Unit
	Subjects int
	Scored   int
	Mean     assess.Points
	Grades   []GradeCount
	Rank     int // 0: not ranked
}

// Board gives how the subjects within a unit stand. Members of the house at the unit see the live scores; others see what
// the last round decided, where the programme publishes grades. The empty unit is the root of the tree.
func (s *Site) Board(ctx context.Context, a Actor, name, unit string) (Board, error) {
	var b Board
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		run, err := s.runningIn(ctx, tx, name)
		if err != nil {
			return err
		}
		path, err := unitPath(ctx, tx, unit)
		if err != nil {
			return err
		}
		b = Board{Unit: path[len(path)-1], Path: path}
		figures, err := s.figuresFor(ctx, tx, a, run, b.Unit.Code)
		if err != nil {
			return err
		}
		b.Live, b.Round, b.AsOf = figures.live(), figures.title, figures.asOf
		tallies, err := figures.tallies(ctx, tx, b.Unit.Code)
		if err != nil {
			return fmt.Errorf("board of %s: %w", b.Unit.Code, err)
		}
		b.count(run, tallies)
		children, err := unitsIn(ctx, tx, selectUnit+"WHERE u.parent = $1 ORDER BY u.sort", b.Unit.Code)
		if err != nil {
			return err
		}
		b.Children = rankedRows(run, children, tallies)
		if b.Unit.Parent == "" || b.Scored == 0 {
			return nil
		}
		beside, err := figures.tallies(ctx, tx, b.Unit.Parent)
		if err != nil {
			return err
		}
		b.Rank, b.Of = rankBeside(b.Unit.Code, beside)
		return nil
	})
	return b, err
}

// unitPath gives a unit and those above it, the root first; of the empty code, the first root.
func unitPath(ctx context.Context, tx *db.Tx, code string) ([]Unit, error) {
	query, args := selectUnit+"JOIN unit_within up ON up.within = u.code WHERE up.unit = $1 ORDER BY up.depth DESC", []any{code}
	if code == "" {
		query, args = selectUnit+"WHERE u.parent IS NULL ORDER BY u.sort, u.code LIMIT 1", nil
	}
	path, err := unitsIn(ctx, tx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("path of unit %s: %w", code, err)
	}
	if len(path) == 0 {
		return nil, notFound("该单位", "unit")
	}
	return path, nil
}

// tally is how many subjects below one child of a unit stand alike. The child is empty for those right at the unit.
type tally struct {
	child  string
	scored bool
	total  assess.Points
	grade  string
	n      int
}

func (b *Board) count(run *Running, list []tally) {
	b.Grades = gradeCounts(run, list)
	var sum assess.Points
	var scored []tally
	b.Bins = make([]int, bins(run))
	for _, x := range list {
		b.Subjects += x.n
		if !x.scored {
			continue
		}
		b.Scored += x.n
		sum += x.total * assess.Points(x.n)
		scored = append(scored, x)
		if len(b.Bins) > 0 {
			b.Bins[min(max(0, int(x.total/(5*assess.PointsScale))), len(b.Bins)-1)] += x.n
		}
	}
	b.Mean, b.Median = mean(sum, b.Scored), median(scored, b.Scored)
}

// bins is how many times 5 points the standard's total is.
func bins(run *Running) int {
	if run.Standard == nil {
		return 0
	}
	total, _ := run.Standard.Total.Scaled(6)
	return int((total + 5*assess.PointsScale - 1) / (5 * assess.PointsScale))
}

// mean divides to the nearest millionth of a point.
func mean(sum assess.Points, n int) assess.Points {
	if n == 0 {
		return 0
	}
	d := assess.Points(n)
	if sum < 0 {
		return -((-sum + d/2) / d)
	}
	return (sum + d/2) / d
}

// median is the middle total, or the mean of the two in the middle.
func median(list []tally, n int) assess.Points {
	if n == 0 {
		return 0
	}
	slices.SortFunc(list, func(x, y tally) int { return cmp.Compare(x.total, y.total) })
	at := func(k int) assess.Points {
		for _, x := range list {
			if k < x.n {
				return x.total
			}
			k -= x.n
		}
		return 0
	}
	return mean(at((n-1)/2)+at(n/2), 2)
}

// gradeCounts counts the grades of the programme, best first, and those of an older version that there still are.
func gradeCounts(run *Running, list []tally) []GradeCount {
	var out []GradeCount
	for _, g := range run.GradeNames() {
		out = append(out, GradeCount{Grade: g, Title: run.GradeTitle(g)})
	}
	for _, x := range list {
		if x.grade == "" {
			continue
		}
		i := slices.IndexFunc(out, func(g GradeCount) bool { return g.Grade == x.grade })
		if i < 0 {
			i = len(out)
			out = append(out, GradeCount{Grade: x.grade, Title: run.GradeTitle(x.grade)})
		}
		out[i].Count += x.n
	}
	return out
}

func rankedRows(run *Running, children []Unit, list []tally) []BoardRow {
	below := map[string][]tally{}
	for _, x := range list {
		below[x.child] = append(below[x.child], x)
	}
	rows := make([]BoardRow, len(children))
	for i, u := range children {
		var b Board
		b.count(run, below[u.Code])
		rows[i] = BoardRow{Unit: u, Subjects: b.Subjects, Scored: b.Scored, Mean: b.Mean, Grades: b.Grades}
	}
	slices.SortStableFunc(rows, func(x, y BoardRow) int {
		if (x.Scored > 0) != (y.Scored > 0) {
			return cmp.Compare(y.Scored, x.Scored)
		}
		return cmp.Compare(y.Mean, x.Mean)
	})
	shareRanks(rows, func(r *BoardRow) *int { return &r.Rank }, func(r BoardRow) bool { return r.Scored > 0 }, func(a, b BoardRow) bool { return a.Mean == b.Mean })
	return rows
}

// shareRanks numbers sorted rows from 1; equals share the rank of the first of them, and those that do not count have none.
func shareRanks[T any](rows []T, rank func(*T) *int, counts func(T) bool, equal func(a, b T) bool) {
	for i := range rows {
		switch {
		case !counts(rows[i]):
		case i > 0 && counts(rows[i-1]) && equal(rows[i], rows[i-1]):
			*rank(&rows[i]) = *rank(&rows[i-1])
		default:
			*rank(&rows[i]) = i + 1
		}
	}
}

// rankBeside gives the rank of a unit by mean among those beside it that have scored subjects, and how many these are.
func rankBeside(code string, list []tally) (rank, of int) {
	sums, counts := map[string]assess.Points{}, map[string]int{}
	for _, x := range list {
		if x.scored && x.child != "" {
			sums[x.child] += x.total * assess.Points(x.n)
			counts[x.child] += x.n
		}
	}
	own := mean(sums[code], counts[code])
	rank = 1
	for unit, n := range counts {
		if unit != code && mean(sums[unit], n) > own {
			rank++
		}
	}
	return rank, len(counts)
}
