package bihuan

import (
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// Subject is one that is assessed (评价对象).
type Subject struct {
	ID, Programme, Key, Unit, UnitName, Name string
	EnrolledAt                               time.Time
	Left                                     bool
}

// NewSubject is a subject to be enrolled, or a row of a file of them.
type NewSubject struct {
	Row    int // in the file, from 1 with the header as row 1
	Unit   string
	Fields map[string]any // raw, as Form.Fill takes them; the programme's key field among them
	On     programme.Day  // since when it is so; 0: today
}

// Import says how a bulk verb treats bad rows, and whom it tells how far it is.
type Import struct {
	Wrong        []RowError // what was found wrong while the file was read: bad rows like those found here
	GoodRowsOnly bool       // store the good rows and report the others; otherwise nothing is stored when one row is bad
	Progress     func(done, total int)
	Recorded     time.Time // System only: the moment it is taken to be recorded, for the history of a demo
}

// Imported is what became of the rows.
type Imported struct {
	Rows, Stored, Unchanged int
	Errors                  []RowError // of the rows left out, when GoodRowsOnly
}

// SubjectQuery selects and orders the subjects of a programme.
type SubjectQuery struct {
	Programme string
	Unit      string // and below; empty: all that the actor may see
	Search    string // words of the name, the key, the pinyin or its initials
	Grade     string // the live grade in the deciding column
	Clause    string // with Status: the verdict on this clause
	Status    string // a word of assess.Verdict; without Clause: on any clause
	Sort      string // name (default) total -total rank grade changed
	Offset    int
	Limit     int // 0: 50
}

// SubjectRow is a subject in a list, with its live score.
type SubjectRow struct {
	Subject
	Scored    bool                     // in the deciding column
	Totals    map[string]assess.Points // by party, for those columns that are scored
	Grade     string                   // in the deciding column
	Rank      int                      // among all of the queried unit in the deciding column; 0: not scored
	ChangedAt time.Time                // when the total or the grade last changed
	Decided   string                   // the grade of the last decision; empty: none yet
}
