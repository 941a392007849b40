package bihuan

import (
	"time"

	"bihuan.dev/bihuan/programme"
)

// Judgement is an assessor's decision on a judged clause.
type Judgement struct {
	Subject  string // its ID
	Round    string // its ID; empty: outside any round
	Clause   string
	Level    string             // of a clause with levels
	Points   *programme.Decimal // of a clause with a range
	Reason   string             // required
	By       string             // a party; empty: the last party that the actor may judge for
	Recorded time.Time          // System only: the moment it is taken to be recorded, for the history of a demo
}

// ToJudge is a clause of a subject that waits for the judgement of a party.
type ToJudge struct {
	Subject     Subject
	Clause      string
	Title       programme.Text
	Party       string
	Round       string // its ID; empty: outside any round
	RoundTitle  string
	Due         programme.Day // last day of the round's step; 0: none
	Overdue     bool
	MayNotJudge bool // the actor is an officer of the subject: somebody else has to
}

// JudgeQuery selects clauses that wait for a judgement by the actor.
type JudgeQuery struct {
	Round  string // only of this round
	Clause string
	Unit   string // and below
	Page
}
