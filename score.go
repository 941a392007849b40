package bihuan

import (
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// At says as of which day, as known at which moment, and by which version a score is computed.
// The zero At is the live score.
type At struct {
	AsOf    programme.Day // 0: today
	Known   time.Time     // evidence recorded by then; zero: all
	Version string        // a version's ID; empty: the one that runs
}

// Change is a point in the history of a subject's total or grade, and what caused it.
type Change struct {
	At       time.Time     // when it became so
	AsOf     programme.Day // the day it is of
	Scored   bool
	Total    assess.Points
	Grade    string
	Cause    string         // "evidence", "withdrawal", "version" or "day" (something fell due, went stale or ended)
	Evidence *EvidenceBrief // of evidence and withdrawals
	Version  string         // of versions: the version's text
}

// EvidenceBrief names a piece of evidence without its content.
type EvidenceBrief struct {
	ID, Form, By string
	Title        programme.Text // of the form
	AccountName  string
	On           programme.Day
}

// Due is a form that a subject has to file, or has let go stale.
type Due struct {
	Form    string
	Title   programme.Text
	LastOn  programme.Day // 0: never filed
	DueOn   programme.Day // 0: not due again
	Overdue bool
	Stale   bool // the last one no longer counts
}
