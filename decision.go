package bihuan

import (
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// Decision is the final result of a subject in a round. It recomputes from the version, the day and what was known.
type Decision struct {
	ID         string
	Round      string // its ID
	RoundTitle string
	Subject    Subject
	VersionID  string
	Scored     bool
	Total      assess.Points
	Grade      string
	AsOf       programme.Day
	Known      time.Time
	ValidUntil programme.Day // last day; 0: without end
	DecidedAt  time.Time
	DecidedBy  string       // a person's name; empty for visitors
	Score      assess.Score // with all reasons, as decided; for visitors without evidence and values of facts
}
