package assess

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync"

	"bihuan.dev/bihuan/programme"
)

// Scores are the scores of a population kept current: when the facts of a subject change, only the clauses that read what
// changed are scored again, then its total and grade; counts and ranks follow at once. They equal those of Run over the
// same population.
//
// Where a score depends on other subjects (Program.NeedsPopulation), a change scores everybody again. One may Apply or File while
// others read.
type Scores struct {
	mu      sync.RWMutex
	pr      *Program
	pop     *Population
	options Options
	last    int
	r       *Result
	spare   *Result  // the one before, where everybody is scored again
	plain   []uint64 // rows whose total is the sum of their points: nothing scaled, no veto that says anything
	totals  *ranking // of those who are scored
	counts  Counts
	readers []readers // by form
	matters [][]int   // by matter: the clauses that read it
	judged  []int     // clauses that assessors decide
	direct  []clausePlaces
	drops   bool // grades may drop

	// Room that is used again.
	one     *facts // all of the subject that changed last
	near    *facts // of one subject what a few clauses read
	m       *machine
	ch, old chosen
	look    look
	chose   []int   // by form: the turn in which what counts of it was picked
	brought [][]int // by form and place: the turn in which it was brought near
	turn    int
	was     []byte // what the records of a form said, field by field
	now     []byte
	warmth  uint64
	again   []bool
	touched []int
	found   []alone // of those touched
	moved   []int
}

// readers are the clauses that read a form.
type readers struct {
	any   []int   // any of it
	place [][]int // by place of the shape, that place; of forms with one record
	proof []int   // want it on file
	slow  bool    // a veto looks at it
}

// clausePlaces says whether a clause can be scored from what forms with one record say, and which.
type clausePlaces struct {
	can    bool
	places []fieldPlace
}

// fieldPlace is a place of a form with one record, and which of its fields stands there; -1: the day of the record.
type fieldPlace struct{ form, slot, field int }

// Change is what became of a subject.
type Change struct {
	Row        int
	New        bool
	Total, Was Points
	Grade, Old string
	Rank       int   // competition rank by total among those scored, from 1; 0: not scored
	Recomputed int   // how many clauses were scored again
	Clauses    []int // the clauses whose verdict or points changed; good until the next change
}

// NewScores scores everybody, and keeps the result current from then on. The population must not be changed but by Apply and File.
func (pr *Program) NewScores(pop *Population, o Options) *Scores {
	s := &Scores{pr: pr, pop: pop, options: o, last: pr.last(o.Party), again: make([]bool, len(pr.clauses)), chose: make([]int, len(pr.forms)),
		m: pr.newMachine()}
	s.drops = pr.p.Standard != nil && pr.p.Standard.Grades.DropWhen != nil
	s.findReaders()
	s.rescore()
	return s
}

// findReaders notes which clauses and vetoes read what.
func (s *Scores) findReaders() {
	pr := s.pr
	s.readers, s.matters, s.direct = make([]readers, len(pr.forms)), make([][]int, pr.matters.Len()), make([]clausePlaces, len(pr.clauses))
	for i, x := range pr.forms {
		s.readers[i].place = make([][]int, x.shape.Len())
		s.brought = append(s.brought, make([]int, x.shape.Len()))
	}
	add := func(list *[]int, j int) {
		if !slices.Contains(*list, j) {
			*list = append(*list, j)
		}
	}
	for j, c := range pr.clauses {
		d := &s.direct[j]
		d.can = c.shape != judgedShape && !pr.looksBeyond(c)
		for _, i := range c.proof {
			add(&s.readers[i].any, j)
			add(&s.readers[i].proof, j)
		}
		for i := range pr.readBy(c.exprs...) {
			if i.matter {
				add(&s.matters[i.form], j)
				d.can = false
				continue
			}
			r := &s.readers[i.form]
			add(&r.any, j)
			if kind := pr.forms[i.form].kind; i.slot < 0 || kind != single && kind != profile {
				d.can = false
				continue
			}
			add(&r.place[i.slot], j)
			d.places = append(d.places, fieldPlace{i.form, i.slot, slices.Index(pr.forms[i.form].slots, i.slot)})
		}
		if c.shape == judgedShape {
			s.judged = append(s.judged, j)
		}
	}
	for _, v := range pr.vetoes {
		exprs := []*programme.Expr{v.When, v.Until}
		if v.clause >= 0 && !v.For.Zero() { // it looks at the clause as of earlier days
			exprs = append(exprs, pr.clauses[v.clause].exprs...)
			for _, i := range pr.clauses[v.clause].proof {
				s.readers[i].slow = true
			}
		}
		for i := range pr.readBy(exprs...) {
			if !i.matter {
				s.readers[i.form].slow = true
			}
		}
	}
}

// looksBeyond reports whether more follows from a clause than its points: a veto, a bonus that is held at its cap.
func (pr *Program) looksBeyond(c *clause) bool {
	return pr.sections[c.section].Bonus != nil || slices.ContainsFunc(pr.vetoes, func(v *veto) bool {
		return v.clause == c.index && v.When == nil || v.target == c.index && v.Effect == programme.ZeroItem
	})
}

// readBy gives the places that rules read, each once; slot -1 is a form as a whole.
func (pr *Program) readBy(exprs ...*programme.Expr) map[place]bool {
	out := map[place]bool{}
	for _, e := range exprs {
		if e == nil {
			continue
		}
		if strings.Contains(e.Source, "dyn") { // what is read behind dyn() is not known
			for i := range pr.forms {
				out[place{form: i, slot: -1, sub: -1}] = true
			}
			for i := range pr.matters.Len() {
				out[place{matter: true, form: i, slot: -1, sub: -1}] = true
			}
		}
		for _, read := range e.Reads() {
			p := place{slot: -1, sub: -1}
			if read.Form == programme.MattersVar {
				i, ok := pr.matters.Index(read.Field)
				if p.matter, p.form = true, i; ok {
					out[p] = true
				}
				continue
			}
			i, ok := pr.byForm[read.Form]
			if !ok {
				continue
			}
			if p.form = i; pr.forms[i].kind == single || pr.forms[i].kind == profile {
				if j, ok := pr.forms[i].shape.Index(read.Field); ok {
					p.slot = j
				}
			}
			out[p] = true
		}
	}
	return out
}

func (s *Scores) rescore() {
	s.r, s.spare = s.pr.RunAgain(s.spare, s.pop, s.options), s.r
	s.totals = newRanking()
	s.counts = Counts{Grades: make([]int, len(s.pr.grades))}
	s.plain = make([]uint64, len(s.r.scored))
	for i := range s.r.rows {
		s.count(i, 1)
	}
	s.findPlain()
}

// findPlain finds the rows whose total is the sum of their points.
func (s *Scores) findPlain() {
	set(s.plain)
	for k := range s.r.states {
		for i, state := range s.r.states[k] {
			if state != silent {
				s.plain[i>>6] &^= 1 << (i & 63)
			}
		}
	}
	for j, c := range s.pr.clauses {
		if c.na.Word == "rescale" && c.full != 0 {
			for i, v := range s.r.clauses[j].status {
				if Verdict(v) == NotApplicable {
					s.plain[i>>6] &^= 1 << (i & 63)
				}
			}
		}
	}
}

// setPlain does so for one row.
func (s *Scores) setPlain(row int) {
	for len(s.plain) < len(s.r.scored) {
		s.plain = append(s.plain, 0)
	}
	plain := true
	for k := range s.r.states {
		plain = plain && s.r.states[k][row] == silent
	}
	for j, c := range s.pr.clauses {
		plain = plain && (c.na.Word != "rescale" || c.full == 0 || s.r.Status(row, j) != NotApplicable)
	}
	if s.plain[row>>6] &^= 1 << (row & 63); plain {
		s.plain[row>>6] |= 1 << (row & 63)
	}
}

// count adds a row to the counts and ranks, or takes it away.
func (s *Scores) count(i, by int) {
	s.counts.Subjects += by
	if isSet(s.r.excluded, int32(i)) {
		s.counts.Excluded += by
	} else if len(s.counts.Grades) > 0 {
		s.counts.Grades[s.r.final[i]] += by
	}
	if s.r.Scored(i) {
		s.counts.Scored += by
		s.totals.add(int64(s.r.totals[i]/s.pr.unit), by)
	}
	s.counts.Total += Points(by) * s.r.totals[i]
}

// Apply takes a subject's facts as they are now, all of them, and brings everything up to date. One with a new key is added.
func (s *Scores) Apply(x Subject) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, known := s.pop.byKey[x.Key]
	var before *subject
	if known {
		before = s.pop.rows[row]
	}
	s.pop.Put(x)
	row = s.pop.byKey[x.Key]
	s.r.rows = s.pop.rows[:len(s.pop.rows):len(s.pop.rows)]
	if !known && !s.pr.crowd {
		s.r.extend(s.pop)
	}
	return s.whole(before, row, known, nil)
}

// whole brings a subject up to date from all of its evidence. Of a subject that is known either before is what was known of it, or
// again tells which clauses read what changed.
func (s *Scores) whole(before *subject, row int, known bool, again []bool) Change {
	pr := s.pr
	out := Change{Row: row, New: !known}
	s.moved = s.moved[:0]
	if known {
		out.Was, out.Old = s.r.totals[row], s.r.Grade(row)
	}
	if pr.crowd {
		old := s.r
		s.rescore()
		out.Recomputed = len(pr.clauses)
		for j := range pr.clauses {
			if !known || old.Status(row, j) != s.r.Status(row, j) || old.Points(row, j) != s.r.Points(row, j) {
				s.moved = append(s.moved, j)
			}
		}
	} else {
		if known {
			s.count(row, -1)
		}
		s.update(before, row, known, again, &out)
		s.count(row, 1)
	}
	out.Total, out.Grade, out.Rank, out.Clauses = s.r.totals[row], s.r.Grade(row), s.rank(row), s.moved
	return out
}

// update scores a row again.
func (s *Scores) update(before *subject, row int, known bool, again []bool, out *Change) {
	pr, r := s.pr, s.r
	now := s.pop.rows[row]
	if s.one == nil || s.one.dict.size() > mostTexts {
		s.one = pr.newFacts(s.options.AsOf, nil)
	}
	f := s.one
	f.reset()
	s.ch.choose(pr, now, s.options.AsOf, s.last)
	f.add(now, &s.ch)
	f.seal()
	if known && again == nil {
		again = s.stale(before, now)
	}
	m := s.m
	m.begin(f)
	for j, c := range pr.clauses {
		x := &m.cells[j]
		if again == nil || again[j] || pr.zeroes(j) { // what a veto zeroed is not what the clause itself would have
			m.clause(c, x)
			out.Recomputed++
		} else {
			m.recall(r, c, x, row)
		}
	}
	m.finish(m.cells, s.last)
	m.settleGrades(nil)
	for j, c := range pr.clauses {
		if r.storeCell(c, row, &m.cells[j]) || !known {
			s.moved = append(s.moved, j)
		}
	}
	r.storeRow(row, m)
	s.setPlain(row)
}

// mostTexts is how many texts the facts of one subject number; beyond, they begin anew.
const mostTexts = 1 << 16

// stale tells which clauses read what changed.
func (s *Scores) stale(before, now *subject) []bool {
	pr := s.pr
	again := s.again
	clear(again)
	mark := func(list []int) {
		for _, j := range list {
			again[j] = true
		}
	}
	s.old.choose(pr, before, s.options.AsOf, s.last)
	was, is := &s.old, &s.ch
	for i := range pr.forms {
		if was.stale[i] != is.stale[i] || !sameRecords(was.records[i], is.records[i]) {
			mark(s.readers[i].any)
		}
		if pr.forms[i].kind == ballot && before.Invited[pr.forms[i].Name] != now.Invited[pr.forms[i].Name] {
			mark(s.readers[i].any)
		}
	}
	for i := range pr.matters.Len() {
		name := pr.matters.Name(i)
		if !slices.EqualFunc(before.Matters[name], now.Matters[name], sameValues) {
			mark(s.matters[i])
		}
	}
	for _, j := range s.judged {
		if !sameRecords(was.judged[j], is.judged[j]) {
			again[j] = true
		}
	}
	return again
}

func sameRecords(a, b []*filed) bool {
	return slices.EqualFunc(a, b, func(x, y *filed) bool {
		if x == nil || y == nil {
			return x == y
		}
		return x.On == y.On && bytes.Equal(x.raw, y.raw)
	})
}

// sameValues reports whether two matters hold the same. It may take equal numbers of more than 18 digits for different.
func sameValues(a, b programme.Values) bool {
	return maps.EqualFunc(a, b, func(x, y any) bool {
		if list, ok := x.([]string); ok {
			other, ok := y.([]string)
			return ok && slices.Equal(list, other)
		}
		if _, ok := y.([]string); ok {
			return false
		}
		return x == y
	})
}

// recall fills the cells of a clause that need not be scored again from the result.
func (m *machine) recall(r *Result, c *clause, x *cells, row int) {
	x.begin(c, m.words)
	out := outcome{status: r.Status(row, c.index), points: r.Points(row, c.index)}
	out.measure, out.measured = r.Measure(row, c.index)
	x.put(m.pr, c, 0, out)
}

// extend makes room for subjects that are new.
func (r *Result) extend(pop *Population) {
	n := len(pop.rows)
	words := (n + 63) / 64
	r.byKey = pop.byKey
	grow := func(b *[]uint64) {
		for len(*b) < words {
			*b = append(*b, 0)
		}
	}
	for i := range r.clauses {
		col := &r.clauses[i]
		for len(col.status) < words*64 {
			col.status = append(col.status, 0)
		}
		if col.points != nil {
			col.points = append(col.points, make([]int32, n-len(col.points))...)
		}
		if col.measure != nil {
			col.measure = append(col.measure, make([]int64, n-len(col.measure))...)
			grow(&col.measured)
		}
	}
	grow(&r.scored)
	grow(&r.excluded)
	grow(&r.noAward)
	more := n - len(r.totals)
	r.totals = append(r.totals, make([]Points, more)...)
	r.wanted, r.final = append(r.wanted, make([]uint8, more)...), append(r.final, make([]uint8, more)...)
	r.base = r.wanted
	for k := range r.states {
		r.states[k] = append(r.states[k], make([]uint8, more)...)
	}
}

// code gives the verdict of the first row as a clauseColumn has it.
func (x *cells) code() uint8 {
	for k, rows := range x.steps {
		if rows[0]&1 != 0 {
			return uint8(Pending) + 1 + uint8(k)
		}
	}
	for v, rows := range [...][]uint64{Missing: x.missing, Met: x.met, Partly: x.partly, Unmet: x.unmet, NotApplicable: x.na, Pending: x.pending} {
		if rows[0]&1 != 0 {
			return uint8(v)
		}
	}
	return uint8(Missing)
}

// first gives what was found of the first row, but for a measure that does not fit.
func (x *cells) first(c *clause) alone {
	a := alone{code: x.code(), measured: x.measured[0]&1 != 0}
	if a.points = c.worth[a.code]; x.points != nil {
		a.points = x.points[0]
	}
	if a.measured {
		a.measure = x.measure[0]
	}
	return a
}

// storeAlone keeps what was found of a clause as a row of the result, and tells whether its verdict or its points changed.
func (r *Result) storeAlone(j, row int, a *alone) bool {
	col := &r.clauses[j]
	status, points := r.Status(row, j), r.Points(row, j)
	col.status[row] = a.code
	if col.points != nil {
		delete(col.wide, row)
		if col.points[row] = int32(a.points); int64(int32(a.points)) != a.points {
			if col.wide == nil {
				col.wide = map[int]int64{}
			}
			col.wide[row] = a.points
		}
	}
	if col.measure != nil {
		delete(col.far, row)
		col.measure[row] = a.measure
		setBit(col.measured, row, bit(a.measured))
	}
	return status != r.Status(row, j) || points != r.Points(row, j)
}

// storeCell does so with the first row of a clause's cells.
func (r *Result) storeCell(c *clause, row int, x *cells) bool {
	a := x.first(c)
	moved := r.storeAlone(c.index, row, &a)
	if out, far := x.wide[0]; far {
		r.keepFar(&r.clauses[c.index], row, 1, map[int]outcome{0: out})
	}
	return moved
}

// setBit gives a row its bit.
func setBit(to []uint64, row int, on uint64) {
	to[row>>6] = to[row>>6]&^(1<<(row&63)) | on&1<<(row&63)
}

// storeRow keeps the total and the grade of the first row of a batch as a row of the result.
func (r *Result) storeRow(row int, m *machine) {
	s := &m.sums
	r.totals[row] = Points(s.total[0]) * r.pr.unit
	setBit(r.scored, row, s.scored[0])
	setBit(r.excluded, row, s.excluded[0])
	setBit(r.noAward, row, s.noAward[0])
	r.wanted[row], r.final[row] = s.wanted[0], s.final[0]
	for k := range r.states {
		r.states[k][row] = s.states[k][0]
	}
}

// Options gives the day and the column.
func (s *Scores) Options() Options { return s.options }

// Result gives the scores as Run would. They change with the next Apply.
func (s *Scores) Result() *Result { return s.r }

// Counts tells how many subjects have each grade.
func (s *Scores) Counts() Counts {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := s.counts
	out.Grades = slices.Clone(out.Grades)
	return out
}

// CountGrades writes how many subjects have each grade, by the places of Program.Grades, as far as there is room.
func (s *Scores) CountGrades(into []int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	copy(into, s.counts.Grades)
}

// Rank gives the competition rank of a subject by its total, among all that are scored; 0 when it is not.
func (s *Scores) Rank(key string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	row, ok := s.pop.byKey[key]
	if !ok {
		return 0
	}
	return s.rank(row)
}

func (s *Scores) rank(row int) int {
	if !s.r.Scored(row) {
		return 0
	}
	return s.totals.above(int64(s.r.totals[row]/s.pr.unit)) + 1
}
