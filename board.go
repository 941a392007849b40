package bihuan

import (
	"bihuan.dev/bihuan/assess"
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
	Bins     []int      // scored subjects by 5 points: Bins[0] from 0 below 5; the last takes all from the standard's total on
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

// PassRate is how often each verdict was found on a clause.
type PassRate struct {
	Met, Partly, Unmet, Missing, NA, Pending int
	MeanShare                                float64 // mean of points earned ÷ points to be had where the clause applies, 0 to 1; only for charts
}

// Counted gives how many subjects the clause concerns.
func (p PassRate) Counted() int { return p.Met + p.Partly + p.Unmet + p.Missing + p.Pending }
