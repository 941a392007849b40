// Package assess turns facts into verdicts, points and grades, with the reasons.
//
// A programme compiles once. Evidence goes into a Population, Run gathers its facts into columns: one subject is a population
// of one, a county is a population of a hundred thousand, and the same code runs both. Everything here is pure and exact: the
// same programme, evidence and day give the same result on any machine, in any order and batch.
//
// What counts. Evidence counts from the day it is true. A column is a prefix of the parties. Of a form with one record a later
// party's valid record overrides an earlier one's; within a party the newest day, then the latest recorded, wins. Records of
// many forms add up. What a role that is no party files is seen by every column, and any party overrides it. A record is stale the day
// after its form's `valid` has passed: then it is missing, or drops out of its list. What the subject is merges field by field over
// time, whoever filed it. A judgement counts per assessor, the newest; those of the latest party that judged count, as their mean.
//
// How it is computed. The measure is rounded to its decimals, points to those of the standard, both half to even (GB/T 8170), once.
// A missing or inapplicable clause follows its policy. Where something is left out (合理缺项) its section is scaled by section
// points ÷ applicable points; where nothing of a section applies its part is scaled likewise, then the total.
//
// What follows, in this order: items zeroed by vetoes, sums, deductions of repaired vetoes (not below 0), set_score (of several
// the lowest), grade by bands, ladder and quota, drop_when, cap_grade, set_grade (of several the worst), fail; gates and exclusion
// leave the subject without a score.
package assess

import (
	"bihuan.dev/bihuan/programme"
)

// Points are millionths of a point. Sums of points are exact and do not depend on their order.
type Points int64

// PointsScale is how many Points make one point.
const PointsScale = 1_000_000

// Verdict is what was found of a clause (条款结论).
type Verdict uint8

// The verdicts. Pending waits for an assessor or a policy; Missing lacks facts.
const (
	Missing Verdict = iota
	Met
	Partly
	Unmet
	NotApplicable
	Pending
)

// Evidence is one filed form, as stored and as given to `bihuan assess`.
type Evidence struct {
	ID       string        // opaque; comes back in Input.Evidence
	Form     string        // a form of the programme, programme.SubjectForm or programme.JudgementForm
	On       programme.Day // the day it is true
	Recorded int64         // microseconds since 1970, when it was filed; breaks ties of On, later wins
	By       string        // the party or role that filed it
	Filer    string        // the account, for several assessors of one clause
	Values   programme.Values
}

// Subject is one that is assessed, with all its evidence.
type Subject struct {
	Key      string
	Unit     string     // for ranks within a unit
	Evidence []Evidence // in any order
	// Matters are the matters of this subject by name, oldest first: id, stage, outcome, raised, closed, due, overdue, on_time;
	// the fields of the form that raised each; and of the forms filed on its way "form.field", or just "field" where that is clear.
	Matters map[string][]programme.Values
	Invited map[string]int64 // how many were invited to vote, by ballot form; absent: not known
}

// Options say as of when, and whose column.
type Options struct {
	AsOf  programme.Day
	Party string // whose column; empty: that of the last party
}

// Score is the result for one subject in one column, with its reasons.
type Score struct {
	Subject string
	AsOf    programme.Day
	Party   string
	Scored  bool   // false when a gate was not passed, or the subject is excluded
	Total   Points // 0 when not Scored
	Most    Points // the total that could be had: the standard's total
	Grade   string // a grade, the standard's `else`, or "" when excluded
	NoAward bool
	Struck  []Struck       // vetoes in force, repaired, or undecided; those in force first
	Note    programme.Text // that the total was scaled, set or reduced, and how the grade came about
	Parts   []PartScore
	Clauses []ClauseScore // in the order of the standard
}

// Struck is a veto that says something about this subject.
type Struck struct {
	Veto   string // its name, or the clause's number
	Title  programme.Text
	Effect string
	To     string
	State  string // "in_force", "repaired", "undecided" (facts missing)
	Since  programme.Day
	Ends   programme.Day // 0: not known
	Why    programme.Text
	Inputs []Input
	Deduct Points // when repaired
}

// PartScore is what a part earned; it is the sum of its sections unless it was scaled.
type PartScore struct {
	Part     string
	Title    programme.Text
	Points   Points // what can be had
	Earned   Points
	Note     programme.Text // that and how it was scaled because something did not apply
	Sections []SectionScore
}

// SectionScore is what a section earned.
type SectionScore struct {
	Section string
	Title   programme.Text
	Points  Points
	Earned  Points
	Bonus   bool
	Note    programme.Text // scaled (合理缺项), or held at its cap
	Ladder  *LadderScore   // of a bonus section: what its ladder gave
}

// LadderScore is what the records of a bonus ladder earned, before the section's cap.
type LadderScore struct {
	Points Points
	Rule   programme.Text
	Why    programme.Text
	Inputs []Input
}

// ClauseScore is the verdict on one clause, and why.
type ClauseScore struct {
	Clause  string
	Status  Verdict
	Points  Points
	Most    Points
	Measure *programme.Decimal // after rounding; nil when the clause has none or it cannot be computed
	Rule    programme.Text     // the rule in words, the same for every subject
	Why     programme.Text     // one sentence: what was found and what followed
	Steps   []Step             // intermediate values, in the order of the computation
	Inputs  []Input            // the facts it looked at
	Lacks   []Lack             // the facts it looked for and did not find
}

// Step is one intermediate value of a computation.
type Step struct {
	Text  programme.Text // what it is: "members ÷ employees", "rounded to 4 decimals"
	Value programme.Text
}

// Input is a fact that was looked at, with where it comes from.
type Input struct {
	Form     string
	Field    string // empty for a whole list
	Title    programme.Text
	Value    programme.Text // as shown, with its unit
	Evidence []string
	On       programme.Day
	By       string
}

// Lack is a fact that was looked for in vain.
type Lack struct {
	Form   string
	Field  string // empty: the form was never filed
	Title  programme.Text
	Reason programme.Text // never filed; left empty; stale since a day; no attachment; cannot be computed
	Stale  programme.Day  // the day since when it is stale, or 0
}

// Text gives the word for a verdict.
func (v Verdict) Text() programme.Text { return verdictTexts[v] }

// String gives the code word: missing met partly unmet not_applicable pending.
func (v Verdict) String() string { return verdictWords[v] }

var verdictWords = [...]string{"missing", "met", "partly", "unmet", "not_applicable", "pending"}

var verdictTexts = [...]programme.Text{
	programme.T("缺佐证", "no evidence"), programme.T("达到", "met"), programme.T("部分达到", "partly met"),
	programme.T("未达到", "not met"), programme.T("不适用", "not applicable"), programme.T("待评", "pending"),
}
