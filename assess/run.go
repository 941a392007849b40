package assess

import "bihuan.dev/bihuan/programme"

// Program is a compiled programme. It may be used by several goroutines.
type Program struct{ p *programme.Programme }

// Compile makes a program of a loaded and checked programme.
func Compile(p *programme.Programme) (*Program, error) { return &Program{p}, nil }

// Population holds subjects with their evidence. Put and Run must not be called at the same time.
type Population struct{}

// NewPopulation gives an empty population.
func (pr *Program) NewPopulation() *Population { return &Population{} }

// Put adds a subject, or replaces the one with the same key.
func (pop *Population) Put(s Subject) {}

// NeedsPopulation reports whether a score depends on other subjects: ranks, means of peers, quotas.
func (pr *Program) NeedsPopulation() bool { return false }

// Run scores everybody in one column.
func (pr *Program) Run(pop *Population, o Options) *Result { return &Result{} }

// Assess scores one subject: a population of one.
func (pr *Program) Assess(s Subject, o Options) Score { return Score{} }

// Result holds what Run found, in columns; rows are in the order in which subjects were first put.
type Result struct{}

// Len tells how many subjects there are.
func (r *Result) Len() int { return 0 }

// Key gives the key of row i.
func (r *Result) Key(i int) string { return "" }

// Row gives the row of a key.
func (r *Result) Row(key string) (int, bool) { return 0, false }

// Scored reports whether row i is scored at all.
func (r *Result) Scored(i int) bool { return false }

// Total gives the total of row i.
func (r *Result) Total(i int) Points { return 0 }

// Grade gives the grade of row i.
func (r *Result) Grade(i int) string { return "" }

// Status gives the verdict on a clause, by its place in the standard.
func (r *Result) Status(i, clause int) Verdict { return Missing }

// Points gives the points of a clause.
func (r *Result) Points(i, clause int) Points { return 0 }

// Score assembles the full explanation of row i.
func (r *Result) Score(i int) Score { return Score{} }
