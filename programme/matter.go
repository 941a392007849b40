package programme

// Matter is a process that people can start and that ends only as its stages allow.
type Matter struct {
	Name    string     `yaml:"-"`
	Title   Text       `yaml:"title"`
	Raise   Raise      `yaml:"raise,required"`
	Stages  []*Stage   `yaml:"stages,required"`
	Ends    []End      `yaml:"ends,keyed,required"`
	Overdue []*Overdue `yaml:"overdue"`
	Pause   []string   `yaml:"pause"`
	Return  Limits     `yaml:"return_within"` // for the wrong body to return it; default 10 days
	Running string     `yaml:"running" of:"keep adopt"`
	Benefit string     `yaml:"benefit"` // the form that measures what those affected gained
	Hides   []string   `yaml:"hides"`
	Pos     Pos        `yaml:"-"`
}

// Limits are time limits that all hold: the one that ends first decides, so that a stricter local rule wins.
type Limits []Span

// Deadline is the time limit of a stage, MATTER.STAGE, of a matter that every programme has.
type Deadline struct {
	Name   string
	Within Limits
}

// Raise says who may start a matter, and with which form.
type Raise struct {
	By     []string `yaml:"by,required"`
	Form   string   `yaml:"form,required"`
	Within Limits   `yaml:"within"` // after what it is raised against
}

// Stage is one station of a matter.
type Stage struct {
	Stage   string    `yaml:"stage,required"`
	Title   Text      `yaml:"title"`
	Within  Limits    `yaml:"within"`
	Turn    []string  `yaml:"turn"` // whose turn it is; default: those who handle it by its actions
	From    string    `yaml:"from"` // the stage, or form date, the clock starts from; default: entering the stage
	Extend  *Extend   `yaml:"extend"`
	Actions []*Action `yaml:"actions,keyed"`
	Collect *Collect  `yaml:"collect"`
	Ballot  *Ballot   `yaml:"ballot"`
	Decide  []*Branch `yaml:"decide"`
	Needs   *Needs    `yaml:"needs"`
	Pos     Pos       `yaml:"-"`
}

// Action moves a matter; Needs names what must be given with it: "reason" or a form.
type Action struct {
	Name  string   `yaml:"-"`
	Title Text     `yaml:"title"`
	By    []string `yaml:"by,required"`
	To    string   `yaml:"to,required"`
	Form  string   `yaml:"form"`
	Needs string   `yaml:"needs"`
	Pos   Pos      `yaml:"-"`
}

// Extend lengthens a stage's deadline once.
type Extend struct {
	Once  Span     `yaml:"once,required"`
	By    []string `yaml:"by"`
	Needs string   `yaml:"needs"`
}

// Collect gathers forms of others while the stage lasts.
type Collect struct {
	Form string   `yaml:"form,required"`
	By   []string `yaml:"by,required"`
}

// Ballot asks those invited, or a Sample of so many of them drawn by lot; Least is the smallest share that must take part.
type Ballot struct {
	Form   string   `yaml:"form,required"`
	Invite string   `yaml:"invite,required"`
	Sample int      `yaml:"sample" range:"5 100000"` // 0: everybody
	Least  *Decimal `yaml:"least,percent"`
}

// Branch is one way on after a ballot: the first whose When holds, or Else.
type Branch struct {
	When   *Expr  `yaml:"when"`
	To     string `yaml:"to"`
	Else   string `yaml:"else"`
	Within Limits `yaml:"within"` // of the stage it leads to, this time, from entering it
	Pos    Pos    `yaml:"-"`
}

// Needs is what must be on file before a stage can be left.
type Needs struct {
	Form string `yaml:"form,required"`
}

// End is a stage at which a matter is over, and what that means: good, partly, answered, open_to_public.
type End struct {
	Name    string
	Meaning string
}

// Overdue is one rung of the ladder after a deadline has passed.
type Overdue struct {
	After    Span   `yaml:"after,required"`
	Remind   string `yaml:"remind"`
	Escalate string `yaml:"escalate"`
	Pos      Pos    `yaml:"-"`
}

// Indicator is a figure over subjects and time.
type Indicator struct {
	Name      string   `yaml:"-"`
	Title     Text     `yaml:"title"`
	Note      Text     `yaml:"note"`
	Function  string   `yaml:"-"`              // sum count mean median ratio min max, from value
	Value     *Expr    `yaml:"value,required"` // what is summed, counted, …; nil for count()
	Over      *Expr    `yaml:"-"`              // of ratio: what it is divided by
	Where     *Expr    `yaml:"where"`
	By        []string `yaml:"by"`
	Show      []string `yaml:"show" of:"total share growth rank trend"`
	Target    *Decimal `yaml:"target"`
	Direction string   `yaml:"direction" of:"up down"`
	Unit      Text     `yaml:"unit"`
	Pos       Pos      `yaml:"-"`
}

// Certificate is issued to a subject or person when its condition holds.
type Certificate struct {
	Name        string `yaml:"-"`
	To          string `yaml:"to" of:"subject person"` // default subject
	Title       Text   `yaml:"title"`
	When        *Expr  `yaml:"when,required"`
	Valid       Span   `yaml:"valid"`
	VerifyEvery Span   `yaml:"verify_every"`
	Pos         Pos    `yaml:"-"`
}

// Case is a golden case: a subject, its evidence, and what must come out.
type Case struct {
	Case     string       `yaml:"case,required"`
	AsOf     Day          `yaml:"as_of,required"`
	Party    string       `yaml:"party"` // whose column; default the last
	Subject  Raw          `yaml:"subject,required"`
	Unit     string       `yaml:"unit"`
	Evidence []CaseFiling `yaml:"evidence"`
	Matters  []CaseFiling `yaml:"matters"`
	Peers    []*Case      `yaml:"peers,peer"` // other subjects, for ranks, peer means and quotas; only subject, unit and evidence
	Expect   Expect       `yaml:"expect,required"`
	Pos      Pos          `yaml:"-"`

	places map[string]Pos
}

// Raw is a mapping of field names to values as they stand in the file: string (numbers and booleans too, as written), []any
// of strings, or map[string]any of them.
type Raw map[string]any

// CaseFiling is one filed form of a case. That of a ballot holds its figures: invited, cast, and the votes for every option.
type CaseFiling struct {
	Form   string
	On     Day    // its field that is the date; or `on`; or as_of
	By     string // default: the first party that may file the form
	Values Raw
	Pos    Pos
}

// Expect is what a case must give. Empty fields are not compared.
type Expect struct {
	Grade   *string                 `yaml:"grade"`
	Total   *Decimal                `yaml:"total"`
	Scored  *bool                   `yaml:"scored"`
	Vetoes  []string                `yaml:"vetoes"`
	Columns map[string]Decimal      `yaml:"columns"`
	Clauses map[string]ExpectClause `yaml:"clauses"` // a number of points, or {status:, points:, measure:}
}

// ExpectClause is what a clause must give.
type ExpectClause struct {
	Points  *Decimal `yaml:"points"`
	Status  string   `yaml:"status" of:"met partly unmet missing not_applicable pending"`
	Measure *Decimal `yaml:"measure"`
	Pos     Pos      `yaml:"-"`
}
