package assess

import (
	"errors"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/programme"
)

// veto is a veto of the standard or of a clause.
type veto struct {
	*programme.Veto
	name   string
	clause int // whose it is; -1: the standard's
	target int // of zero_item the clause, of cap_grade and set_grade the grade's place
	score  Points
	forms  []int // that when reads
}

// vetoState says how things stand with one veto for one subject.
type vetoState struct {
	veto  int
	state string // "" when it says nothing
	since programme.Day
	ends  programme.Day
	err   error // of what is undecided
}

// The states of a veto.
const (
	InForce   = "in_force"
	WasVetoed = "repaired"
	Undecided = "undecided"
)

func (pr *Program) addVetoes(s *programme.Standard) error {
	add := func(v *programme.Veto, name string, clause int) error {
		x := &veto{Veto: v, name: name, clause: clause, target: -1}
		switch v.Effect {
		case programme.ZeroItem:
			if c, ok := pr.byClause[v.To]; ok {
				x.target = c
			} else if v.To == "" {
				x.target = clause
			}
			if x.target < 0 {
				return fmt.Errorf("veto %s: no clause %q", name, v.To)
			}
		case programme.CapGrade, programme.SetGrade:
			if x.target = slices.Index(pr.grades, v.To); x.target < 0 {
				return fmt.Errorf("veto %s: no grade %q", name, v.To)
			}
		case programme.SetScore:
			if v.To != "" {
				d, err := programme.ParseDecimal(v.To)
				if err != nil {
					return fmt.Errorf("veto %s: %w", name, err)
				}
				x.score = pr.points(d)
			}
		}
		var exprs []*programme.Expr
		if v.When != nil {
			exprs = append(exprs, v.When)
		} else if clause >= 0 {
			exprs = append(exprs, pr.clauses[clause].exprs...)
		}
		for _, e := range append(slices.Clone(exprs), v.Until) {
			if e != nil && !e.Checked() {
				return fmt.Errorf("veto %s: the rule %q was not checked", name, e.Source)
			}
		}
		for _, e := range exprs {
			for _, read := range e.Reads() {
				if i, ok := pr.byForm[read.Form]; ok && !slices.Contains(x.forms, i) {
					x.forms = append(x.forms, i)
				}
			}
		}
		pr.vetoes = append(pr.vetoes, x)
		return nil
	}
	for _, v := range s.Vetoes {
		if err := add(v, v.Veto, -1); err != nil {
			return err
		}
	}
	for _, c := range pr.clauses {
		if c.Veto != nil {
			if err := add(c.Veto, c.Clause.Clause, c.index); err != nil {
				return err
			}
		}
	}
	return nil
}

// errWaiting is why a clause's veto is undecided while the clause waits for an assessor.
var errWaiting = errors.New("pending")

// strikes reports whether the veto's condition holds in the frame's row; outs are the outcomes of its clauses, or nil.
func (pr *Program) strikes(v *veto, fr *frame, outs []outcome) (bool, error) {
	if v.When != nil {
		return v.When.Bool(fr)
	}
	var out outcome
	if outs == nil {
		if pr.clauses[v.clause].shape == rankShape {
			return false, errWaiting // the places of an earlier day are not known
		}
		out = pr.evaluate(pr.clauses[v.clause], fr)
	} else {
		out = outs[v.clause]
	}
	switch out.status {
	case Unmet:
		return true, nil
	case Missing:
		if out.err != nil {
			return false, out.err
		}
		return false, errWaiting
	case Pending:
		return false, errWaiting
	}
	return false, nil
}

// vetoStates finds how things stand with every veto for a subject, and since when.
//
// Without `for`, a veto is in force while its condition holds; once `until` holds too, it is repaired. With `for`, the days
// on which evidence that the condition reads became true are replayed: the veto struck on the last one on which it held, and is in
// force for the span from there, unless `until` holds.
func (pr *Program) vetoStates(s *subject, last int, fr *frame, outs []outcome) []vetoState {
	var states []vetoState
	for k, v := range pr.vetoes {
		now, err := pr.strikes(v, fr, outs)
		st := vetoState{veto: k}
		switch {
		case now:
			st.since = pr.since(s, last, v, fr.asOf)
			if !v.For.Zero() {
				st.ends = pr.calendar.Add(fr.asOf, v.For)
			}
			st.state = InForce
		case !v.For.Zero():
			if day, ok := pr.lastStrike(s, last, v, fr.asOf); ok && fr.asOf < pr.calendar.Add(day, v.For) {
				st.since, st.ends, st.state = pr.since(s, last, v, day), pr.calendar.Add(day, v.For), InForce
			}
		}
		if st.state == "" && err != nil {
			st.state, st.err = Undecided, err
		}
		if st.state == InForce && v.Until != nil {
			if over, err := v.Until.Bool(fr); err == nil && over {
				st.state = WasVetoed
			}
		}
		if st.state != "" {
			states = append(states, st)
		}
	}
	return states
}

// days gives the days on which evidence that the veto reads became true, newest first, up to a day.
func (pr *Program) days(s *subject, v *veto, upTo programme.Day) []programme.Day {
	var out []programme.Day
	for f := range s.pieces(pr) {
		reads := slices.Contains(v.forms, f.form) || f.form == -1 && v.When == nil && f.clause == v.clause
		if f.On <= upTo && reads && (len(out) == 0 || out[len(out)-1] != f.On) {
			out = append(out, f.On)
		}
	}
	slices.Reverse(out)
	return out
}

// heldOn evaluates the condition as of an earlier day.
func (pr *Program) heldOn(s *subject, last int, v *veto, day programme.Day) bool {
	f := pr.newFacts(day, nil)
	ch := pr.choose(s, day, last)
	f.add(s, &ch)
	fr := newFrame(f)
	fr.row = 0
	ok, err := pr.strikes(v, fr, nil)
	return ok && err == nil
}

func (pr *Program) lastStrike(s *subject, last int, v *veto, asOf programme.Day) (programme.Day, bool) {
	for _, d := range pr.days(s, v, asOf) {
		if pr.heldOn(s, last, v, d) {
			return d, true
		}
	}
	return 0, false
}

// since gives the first day of the unbroken run of days, back from one on which the condition holds, on which it held.
func (pr *Program) since(s *subject, last int, v *veto, day programme.Day) programme.Day {
	for _, d := range pr.days(s, v, day) {
		if !pr.heldOn(s, last, v, d) {
			break
		}
		day = d
	}
	return day
}

// repair takes off what remains of repaired vetoes, then lets those in force set the score, fail, bar or exclude.
func (pr *Program) repair(t *tally, states []vetoState) {
	for _, st := range states {
		if v := pr.vetoes[st.veto]; st.state == WasVetoed && v.Repaired != nil {
			t.deducted += pr.points(v.Repaired.Deduct)
		}
	}
	if t.deducted > 0 {
		t.total = max(t.total-t.deducted, 0)
	}
	for _, st := range states {
		v := pr.vetoes[st.veto]
		if st.state != InForce {
			continue
		}
		switch v.Effect {
		case programme.SetScore:
			if !t.set || v.score < t.total { // of several the lowest
				t.total, t.set = v.score, true
			}
		case programme.Fail:
			t.failed = true
		case programme.GateKind:
			t.scored = false
		case programme.Exclude:
			t.scored, t.excluded = false, true
		case programme.NoAward:
			t.noAward = true
		}
	}
	if !t.scored {
		t.total = 0
	}
}
