package bihuan

import (
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// Publicity is the name of the step in which results are published and objections taken (公示).
const Publicity = "publicity"

// RoundState says how far a round is.
type RoundState string

// A round collects the columns party by party, publishes the results, and is decided. It is deciding when every step is
// over and only the decision is left; a round without publicity goes straight there.
const (
	RoundCollecting RoundState = "collecting"
	RoundPublicity  RoundState = "publicity"
	RoundDeciding   RoundState = "deciding"
	RoundDecided    RoundState = "decided"
)

// Text gives the word for a state.
func (s RoundState) Text() programme.Text {
	switch s {
	case RoundCollecting:
		return programme.T("评分中", "collecting")
	case RoundPublicity:
		return programme.T("公示中", "published for objections")
	case RoundDeciding:
		return programme.T("待评定", "to be decided")
	case RoundDecided:
		return programme.T("已评定", "decided")
	}
	return programme.Text{}
}

// Round is one assessment period (考核周期) of the subjects within a unit. It pins the version, the day and the subjects.
type Round struct {
	ID, Programme, VersionID string
	Version                  string // the version's text
	Kind                     string // a round of the programme file
	KindTitle                programme.Text
	Title                    string
	Unit, UnitName           string
	AsOf                     programme.Day // the day the scores are of
	Decides                  string        // the party that decides
	State                    RoundState
	Step                     int // position in Steps; len(Steps) when all are over
	Steps                    []RoundStep
	Subjects                 int
	OpenObjections           int
	OpenedAt                 time.Time
	OpenedBy                 string    // a person's name; empty for visitors
	PublishedAt              time.Time // zero: not yet
	DecidedAt                time.Time // zero: not yet
	DecidedBy                string    // a person's name; empty for visitors
}

// RoundStep is a step of a round: a party that hands its column in, or Publicity.
type RoundStep struct {
	Name         string
	Title        programme.Text
	Starts, Ends programme.Day // both included; of steps to come as planned
	HandedIn     int           // columns handed in by the party
	TakenOver    int           // columns taken as they stood when the step was closed
	ClosedAt     time.Time     // zero: not closed
	ClosedBy     string        // a person's name; empty for visitors
}

// UnderWay gives the step under way; false when all are over.
func (r Round) UnderWay() (RoundStep, bool) {
	if r.Step < len(r.Steps) && r.DecidedAt.IsZero() {
		return r.Steps[r.Step], true
	}
	return RoundStep{}, false
}

// NewRound is a round to be opened.
type NewRound struct {
	Programme string
	Kind      string        // a round of the programme file; empty: its only one
	Title     string        // empty: the kind's title and the year of AsOf
	Unit      string        // whose subjects
	AsOf      programme.Day // the day the scores are of; 0: today
	Starts    programme.Day // first day of the first step; 0: today
}

// RoundColumn is what a party handed in for a subject: the score of its column as known at that moment.
type RoundColumn struct {
	Party       string
	Scored      bool
	Total       assess.Points
	Grade       string
	Pending     int    // clauses that nobody had judged
	TakenOver   bool   // nobody handed it in: taken as it stood when the step was closed
	SubmittedBy string // a person's name; empty when taken over, and for visitors
	Known       time.Time
}

// DecisionBrief is a decision without its reasons.
type DecisionBrief struct {
	ID         string
	Scored     bool
	Total      assess.Points
	Grade      string
	ValidUntil programme.Day // last day; 0: without end
}

// RoundRow is a subject in a round.
type RoundRow struct {
	Subject    Subject
	Columns    map[string]RoundColumn // by party, those there are
	Decision   *DecisionBrief
	Objections int           // open or answered
	Open       int           // of them, not answered yet
	Spread     assess.Points // the highest total less the lowest, over the scored columns
}
