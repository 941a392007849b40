package bihuan

import (
	"time"
)

// Outcome is what became of an objection.
type Outcome string

// The outcomes of an objection.
const (
	ObjectionOpen     Outcome = "open"
	ObjectionUpheld   Outcome = "upheld"
	ObjectionRejected Outcome = "rejected"
)

// Objection is made against a published result (异议) and answered in public by the deciding party.
type Objection struct {
	ID, Round  string
	Subject    Subject
	Clause     string // empty: the whole result
	Body       string
	FiledBy    string // a person's name, for members of the deciding house and for himself; empty for all others
	FiledAt    time.Time
	Outcome    Outcome
	Answer     string
	AnsweredBy string // a person's name; empty for visitors
	AnsweredAt time.Time
}
