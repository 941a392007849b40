// Package programme is the language in which a written standard (规范) is put so that it can run.
//
// A programme is a directory of YAML files and golden cases. Load reads it, checks all of it and tells every mistake at
// once, with its place. What comes back is complete and consistent: every name in it is known, every rule is type-checked.
// Package assess runs it. This package knows no database, clock or network.
package programme

// Programme is a loaded programme. The fields follow the keys of programme.yaml; see docs/language.md.
type Programme struct {
	Name         string         `yaml:"programme,required"`
	Version      string         `yaml:"version"`
	Title        Text           `yaml:"title,required"`
	Document     Document       `yaml:"document"`
	Subject      Subject        `yaml:"subject,required"`
	Parties      []Party        `yaml:"parties,keyed"` // in order; the last one decides
	Roles        []Role         `yaml:"roles,keyed"`
	Calendar     string         `yaml:"calendar" of:"cn weekends"` // default cn
	Public       []string       `yaml:"public"`
	Forms        []*Form        `yaml:"forms,keyed"`
	Standard     *Standard      `yaml:"standard"`
	Rounds       []*Round       `yaml:"rounds,keyed"`
	Matters      []*Matter      `yaml:"matters,keyed"`
	Deadlines    []Deadline     `yaml:"deadlines,keyed,free"` // of the matters that every programme has
	Indicators   []*Indicator   `yaml:"indicators,keyed"`
	Certificates []*Certificate `yaml:"certificates,keyed"`

	Cases []*Case           `yaml:"-"` // from cases/*.yaml
	Files map[string][]byte `yaml:"-"` // what was read, by slash path inside the directory
	Hash  string            `yaml:"-"` // SHA-256 (hex) over the sorted names and contents of Files

	facts *factRules
}

// Document is the written standard that the programme runs.
type Document struct {
	Title    Text   `yaml:"title"`
	Kind     string `yaml:"kind" of:"national industry local group enterprise normative notice statute"`
	Number   string `yaml:"number"`
	Issued   Day    `yaml:"issued"`
	ReviewBy Day    `yaml:"review_by"`
	Note     Text   `yaml:"note"`
}

// Subject is what is assessed. Its fields are kept like evidence of a form named "subject".
type Subject struct {
	Kind   string   `yaml:"kind"`
	Title  Text     `yaml:"title"`
	Key    string   `yaml:"key,required"` // the field that is the business key, unique in the programme
	Name   string   `yaml:"name"`         // the field shown as its name; by default the first text field
	Fields []*Field `yaml:"fields,keyed,required"`
}

// Party is one who scores; each is a score column.
type Party struct {
	Name  string `yaml:"-"`
	Title Text   `yaml:"title"`
	Role  string `yaml:"role,required"`
}

// Role is what a person may be in this programme, granted at a unit and inherited downwards.
type Role struct {
	Name  string `yaml:"-"`
	Title Text   `yaml:"title"`
}

// Form is the only way in: a filled form is evidence.
// Three forms exist in every programme without being written: SubjectForm, JudgementForm and AllForms() lists them too.
type Form struct {
	Name   string   `yaml:"-"`
	Title  Text     `yaml:"title"`
	Help   Text     `yaml:"help"`
	By     []string `yaml:"by"`    // parties or roles that file it; empty: every party
	Every  Span     `yaml:"every"` // due again
	Valid  Span     `yaml:"valid"` // afterwards stale: treated as missing, and says so
	Many   bool     `yaml:"many"`  // all count: a list in rules
	Ballot bool     `yaml:"ballot"`
	Fields []*Field `yaml:"fields,keyed"`
	Pos    Pos      `yaml:"-"`
}

// The forms that exist in every programme. A judgement is the decision of an assessor on a judged clause.
const (
	SubjectForm   = "subject"   // fields: those of Programme.Subject
	JudgementForm = "judgement" // fields: clause, level, points, reason
)

// Field types.
const (
	Bool       = "bool"
	Int        = "int"
	Number     = "number"
	Money      = "money"
	Real       = "real"
	TextType   = "text"
	Date       = "date"
	Choice     = "choice"
	Choices    = "choices"
	Photo      = "photo"
	File       = "file"
	Place      = "place"
	Phone      = "phone"
	CreditCode = "credit_code"
)

// Field is one entry of a form.
type Field struct {
	Name     string   `yaml:"-"`
	Type     string   `yaml:"type,required" of:"bool int number money real text date choice choices photo file place phone credit_code"`
	Title    Text     `yaml:"title"`
	Help     Text     `yaml:"help"`
	Unit     Text     `yaml:"unit"`
	Decimals int      `yaml:"decimals" range:"0 12"` // of number; money has 2
	Min      *Decimal `yaml:"min"`
	Max      *Decimal `yaml:"max"`
	Most     int      `yaml:"most" range:"1 100"` // how many photos or files; 0 means 1
	Of       []Option `yaml:"of"`                 // of choice and choices: a list of names, or a mapping of names to titles
	Required bool     `yaml:"required"`
	Check    *Expr    `yaml:"check"`
	Else     Text     `yaml:"else"`
	ShowWhen *Expr    `yaml:"show_when"`
	Is       string   `yaml:"is" of:"date"` // "date": names the day the record is true
	Pos      Pos      `yaml:"-"`
}

// Option is one value of a choice.
type Option struct {
	Name  string
	Title Text
}

// Standard is the tree of parts, sections and clauses with their points, vetoes and grades.
type Standard struct {
	Total          Decimal `yaml:"total"`                       // not written: the sum of the parts
	PointsDecimals int     `yaml:"points_decimals" range:"0 6"` // default 2
	Parts          []*Part `yaml:"parts,required"`
	Vetoes         []*Veto `yaml:"vetoes"`
	Grades         Grades  `yaml:"grades"`
}

// Part is a part of the standard.
type Part struct {
	Part     string     `yaml:"part,required"`
	Title    Text       `yaml:"title"`
	Points   *Decimal   `yaml:"points"`
	Sections []*Section `yaml:"sections,required"`
	Pos      Pos        `yaml:"-"`
}

// Section groups clauses; its points are checked against their sum. With Bonus it earns extra points above the total.
type Section struct {
	Section string    `yaml:"section,required"`
	Title   Text      `yaml:"title"`
	Points  *Decimal  `yaml:"points"`
	Bonus   *Bonus    `yaml:"bonus"`
	Clauses []*Clause `yaml:"clauses"`
	Pos     Pos       `yaml:"-"`
}

// Clause has exactly one scoring shape. Nil shapes are not used; Shape tells which one is.
type Clause struct {
	Clause   string   `yaml:"clause,required"`
	Title    Text     `yaml:"title"`
	Help     Text     `yaml:"help"`
	Ref      string   `yaml:"ref"`
	Kind     string   `yaml:"kind" of:"requirement instruction recommendation permission"` // default requirement
	Points   Decimal  `yaml:"points"`
	Gate     bool     `yaml:"gate"`
	Measure  *Expr    `yaml:"measure"`
	Decimals *int     `yaml:"decimals" range:"0 12"` // of the measure; default 4
	Applies  *Expr    `yaml:"applies"`
	NA       Policy   `yaml:"na" of:"rescale full zero peer_mean points"` // default rescale
	Missing  Policy   `yaml:"missing" of:"zero pending full peer_mean"`   // default zero
	Evidence []string `yaml:"evidence"`
	Veto     *Veto    `yaml:"veto"`
	Note     Text     `yaml:"note"` // where the rule comes from, or that it is inferred

	Pass         *Expr         `yaml:"pass"`
	Ticks        []*Tick       `yaml:"parts"`
	Deduct       []*Deduction  `yaml:"deduct"`
	Bands        []*Band       `yaml:"bands"`
	Linear       *Linear       `yaml:"linear"`
	Proportional *Proportional `yaml:"proportional"`
	Each         *Each         `yaml:"each"`
	Rank         *Rank         `yaml:"rank"`
	Judged       *Judged       `yaml:"judged"`
	Formula      *Expr         `yaml:"formula"`

	Pos Pos `yaml:"-"`
}

// Policy says what happens when a clause does not apply, or lacks facts: a word, or {points: N}.
type Policy struct {
	Word   string // rescale full zero peer_mean pending points
	Points Decimal
}

// Tick is one condition of a sum of ticks.
type Tick struct {
	Pass   *Expr   `yaml:"pass,required"`
	Points Decimal `yaml:"points,required"`
	Title  Text    `yaml:"title"`
}

// Deduction takes points off for every case, down to its own cap. First and Then are for cases that escalate: First for the
// first one, Then for every further one, or all of the clause's points with `then: all`. Repeat "double" makes every case
// after the first cost twice Each.
type Deduction struct {
	Title  Text     `yaml:"title"`
	Count  *Expr    `yaml:"count,required"`
	Each   *Decimal `yaml:"each"`
	First  *Decimal `yaml:"first"`
	Then   *Then    `yaml:"then"`
	Repeat string   `yaml:"repeat" of:"double"`
	Most   *Decimal `yaml:"most"`
}

// Then is what comes after the listed cases or places: points for each, all points, or so much less per place.
type Then struct {
	Points Decimal
	All    bool     // `then: all`
	Minus  *Decimal // `then: {minus: 0.1}`: of a rank, so much less than the place before
}

// Band gives its points from AtLeast on (or up to AtMost, when less is better). Below is optional and only checked: bands
// are half-open, and gaps and overlaps are mistakes.
type Band struct {
	AtLeast *Decimal `yaml:"at_least"`
	Below   *Decimal `yaml:"below"`
	AtMost  *Decimal `yaml:"at_most"`
	Points  Decimal  `yaml:"points,required"`
	Pos     Pos      `yaml:"-"`
}

// Linear gives full points from FullAt on, and Minus less for every Each short of it.
type Linear struct {
	FullAt    *Expr   `yaml:"full_at,required"`
	Each      Decimal `yaml:"each,required"`
	Minus     Decimal `yaml:"minus,required"`
	Step      string  `yaml:"step" of:"floor ceil exact"` // default floor
	ZeroBelow *Expr   `yaml:"zero_below"`
}

// Proportional gives completion × points.
type Proportional struct {
	Target *Expr  `yaml:"target,required"`
	Cap    *Cap   `yaml:"cap"` // default 1.0
	Below  *Below `yaml:"below"`
}

// Cap is a number, or none.
type Cap struct {
	None bool
	At   Decimal
}

// Below is the penalty factor for a completion under the target.
type Below struct {
	Factor Decimal `yaml:"factor,required"`
}

// Each gives points for every case, up to Most.
type Each struct {
	Count  *Expr    `yaml:"count,required"`
	Points Decimal  `yaml:"points,required"`
	Most   *Decimal `yaml:"most"`
}

// Rank gives points by competition rank with ties. By is `highest` (default), `lowest`, or an expression ranked highest first.
type Rank struct {
	By     *Expr     `yaml:"by"`                   // nil: the measure
	Lowest bool      `yaml:"-"`                    // from `by: lowest`
	Within string    `yaml:"within" of:"unit all"` // default all
	Points []Decimal `yaml:"points,required"`
	Then   *Then     `yaml:"then"`
}

// Judged leaves the points to an assessor, by level or from a range, with a reason.
type Judged struct {
	Levels []Level  `yaml:"levels,keyed,free"` // name → share of the points
	From   *Decimal `yaml:"from"`
	To     *Decimal `yaml:"to"`
	Drop   string   `yaml:"drop" of:"extremes"` // "extremes": without the highest and the lowest of three or more
	Mean   bool     `yaml:"mean"`               // several assessors: their mean (the default, too)
}

// Level is a named share of a clause's points.
type Level struct {
	Name   string
	Factor Decimal
}

// Bonus makes a section one of extra points, at most Cap together. Ladder gives points for each record of a many form by its
// level; with SameEvent "once" the records of one event count once, the highest only.
type Bonus struct {
	Cap       Decimal `yaml:"cap,required"`
	Ladder    *Ladder `yaml:"ladder"`
	SameEvent string  `yaml:"same_event" of:"once"`
}

// Ladder may be written as {national: 3, provincial: 2} when only one many form has a choice with these names.
type Ladder struct {
	Form   string
	Level  string // its choice field
	Event  string // its field that names the event; default "event"
	Points []Level
}

// Veto has an effect that begins, ends, and can be repaired.
type Veto struct {
	Veto     string    `yaml:"veto"` // its name; of a clause: the clause's number
	Title    Text      `yaml:"title"`
	When     *Expr     `yaml:"when"` // of a clause's veto nil: the clause being unmet
	Effect   string    `yaml:"effect,required" of:"fail gate cap_grade set_grade set_score zero_item no_award exclude"`
	To       string    `yaml:"to"`
	For      Span      `yaml:"for"`
	Until    *Expr     `yaml:"until"`
	Repaired *Repaired `yaml:"repaired"`
	Note     Text      `yaml:"note"`
	Pos      Pos       `yaml:"-"`
}

// The effects of a veto (DOMAIN 1.2).
const (
	Fail     = "fail"
	GateKind = "gate"
	CapGrade = "cap_grade"
	SetGrade = "set_grade"
	SetScore = "set_score"
	ZeroItem = "zero_item"
	NoAward  = "no_award"
	Exclude  = "exclude"
)

// Repaired is what remains of a veto once its Until holds.
type Repaired struct {
	Deduct Decimal `yaml:"deduct,required"`
}

// Grades are bands or a ladder, best first.
type Grades struct {
	Bands       []*GradeBand `yaml:"bands"`
	Ladder      []*GradeStep `yaml:"ladder"`
	Else        string       `yaml:"else"` // default "none"
	Quota       []Quota      `yaml:"quota,keyed,free,percent"`
	Titles      []Option     `yaml:"titles"` // grade → title
	Valid       Span         `yaml:"valid"`
	VerifyEvery Span         `yaml:"verify_every"`
	DropWhen    *Expr        `yaml:"drop_when"`
}

// GradeBand is reached from AtLeast on.
type GradeBand struct {
	Grade   string   `yaml:"grade,required"`
	Title   Text     `yaml:"title"`
	AtLeast Decimal  `yaml:"at_least,required"`
	Below   *Decimal `yaml:"below"`
	Pos     Pos      `yaml:"-"`
}

// GradeStep needs its own clauses and all those of the steps below it.
type GradeStep struct {
	Grade string   `yaml:"grade,required"`
	Title Text     `yaml:"title"`
	Needs []string `yaml:"needs,required"`
	Pos   Pos      `yaml:"-"`
}

// Quota is the largest share of the scored subjects that may hold a grade, such as 0.1 for 10%.
type Quota struct {
	Name  string
	Share Decimal
}

// Span is a length of calendar time: days, working days, weeks, months or years. The zero Span is none.
type Span struct {
	N    int
	Unit string // day workday week month year
}

// Round is one kind of assessment period.
type Round struct {
	Name    string `yaml:"-"`
	Title   Text   `yaml:"title"`
	Every   Span   `yaml:"every"`
	Steps   []Step `yaml:"steps,required"`
	Decides string `yaml:"decides"` // the party that decides; default the last
	Pos     Pos    `yaml:"-"`
}

// Step is one step of a round: a party's name or "publicity", and how long it takes.
type Step struct {
	Name string
	Span Span
}
