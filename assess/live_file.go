package assess

import (
	"bytes"

	"bihuan.dev/bihuan/programme"
)

// File takes one more piece of evidence of the subject in a row, and the ID of the one that it supersedes, if any; everything is
// brought up to date.
//
// A record of a form of which one counts, or of what the subject is, changes its own fields only: they are written into the columns
// of everybody, the clauses that read them are scored from there, and the total moves by what their points moved. That takes about a
// microsecond. A subject is looked at as a whole, some ten microseconds,
//   - for a record of a form of which all count, a ballot, a judgement: lists do not stand row by row;
//   - when a clause that reads the field also reads a list or matters, or is part of a bonus;
//   - when a veto looks at the field or follows from the clause, or says anything of the subject at all, or grades may drop: what these
//     come to depends on more than points;
//   - when something of the subject does not apply and its points are scaled, before or after; when a gate opens or shuts.
func (s *Scores) File(row int, e Record, supersedes string) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	pr := s.pr
	k, i := row/batchRows, row%batchRows
	form, known := int(e.code)-codeForms, e.code >= codeForms
	if known && !pr.crowd && !s.readers[form].slow && isSet(s.plain, int32(row)) && !s.drops {
		if x := pr.forms[form]; x.kind == single || x.kind == profile {
			if s.cols.flat[k] != s.pop.changed[k] {
				s.pop.fill(s.cols, k)
			}
			if c, done := s.fileOne(row, k, i, x, &e, supersedes); done {
				return c
			}
			return s.whole(nil, row, true, s.again) // fileOne has marked the clauses
		}
	}
	clear(s.again)
	s.mark(form, known, e.Evidence)
	was, clause := s.pop.file(row, &e, supersedes)
	s.pop.changed[k]++
	switch {
	case was >= 0:
		s.markAll(s.readers[was].any)
	case was == -1 && clause >= 0:
		s.again[clause] = true
	}
	return s.whole(nil, row, true, s.again)
}

// mark notes the clauses that read a piece of evidence.
func (s *Scores) mark(form int, known bool, e *Evidence) {
	if known {
		s.markAll(s.readers[form].any)
	} else if e.Form == programme.JudgementForm {
		number, _ := e.Values["clause"].(string)
		if c, ok := s.pr.byClause[number]; ok {
			s.again[c] = true
		}
	}
}

func (s *Scores) markAll(list []int) {
	for _, j := range list {
		s.again[j] = true
	}
}

// fileOne does it field by field. When that is not possible it has filed the evidence and marked the clauses, and says so.
func (s *Scores) fileOne(row, k, i int, x *form, e *Record, supersedes string) (Change, bool) {
	pr, ch := s.pr, &s.old
	subject := s.pop.rows[row]
	ch.only(pr, subject, s.options.AsOf, s.last, x.index)
	s.was = ch.say(s.was[:0], x.index)
	wasOn := ch.day(x)
	was, clause := s.pop.file(row, e, supersedes)
	s.pop.changed[k]++
	if was != -2 && was != x.index { // it superseded something of another form
		clear(s.again)
		s.markAll(s.readers[x.index].any)
		if was >= 0 {
			s.markAll(s.readers[was].any)
		} else {
			s.again[clause] = true
		}
		return Change{}, false
	}
	ch.only(pr, subject, s.options.AsOf, s.last, x.index)
	s.now = ch.say(s.now[:0], x.index)
	f := s.cols.batches[k]
	f.rows[i], f.written = subject, true
	s.touched = s.touched[:0]
	columns, readers := f.forms[x.index].columns, &s.readers[x.index]
	a, b := s.was, s.now
	var v value
	for n, j := range x.slots {
		from, to := a, b
		_, a = readValue(a)
		v, b = readValue(b)
		if j >= 0 && !bytes.Equal(from[:len(from)-len(a)], to[:len(to)-len(b)]) {
			columns[j].set(i, v, x, n)
			s.touch(readers.place[j])
		}
	}
	if on := ch.day(x); on != wasOn {
		for _, j := range x.own {
			if columns[j].empty(i); on != 0 {
				columns[j].small[i] = int32(on)
				columns[j].valid[i>>6] |= 1 << (i & 63)
			}
			s.touch(readers.place[j])
		}
	}
	if x.proof {
		bit := uint64(1) << (i & 63)
		is := uint64(0)
		if pr.proved(x.index, ch) {
			is = bit
		}
		if p := &f.proofs[x.index][i>>6]; *p&bit != is {
			*p = *p&^bit | is
			s.touch(readers.proof)
		}
	}
	if s.cols.changed[k] == s.pop.changed[k]-1 {
		s.cols.changed[k]++
	}
	s.cols.flat[k] = s.pop.changed[k]
	for _, j := range s.touched {
		if !s.direct[j].can {
			clear(s.again)
			s.markAll(s.touched)
			return Change{}, false
		}
	}
	return s.rescoreRow(row, f, i)
}

// day gives the day of the record of a single form that counts, 0 when there is none.
func (c *chosen) day(x *form) programme.Day {
	if x.kind == single {
		if f := c.record(x.index); f != nil {
			return f.On
		}
	}
	return 0
}

func (s *Scores) touch(list []int) {
	for _, j := range list {
		seen := false
		for _, t := range s.touched {
			seen = seen || t == j
		}
		if !seen {
			s.touched = append(s.touched, j)
		}
	}
}

// rescoreRow scores the clauses that were touched from the columns of everybody.
func (s *Scores) rescoreRow(row int, f *facts, i int) (Change, bool) {
	pr, r, m := s.pr, s.r, s.m
	out := Change{Row: row, Was: r.totals[row], Old: r.Grade(row), Recomputed: len(s.touched)}
	s.bring(f, i)
	m.begin(s.near)
	for _, j := range s.touched {
		c, x := pr.clauses[j], &m.cells[j]
		m.clause(c, x)
		was := r.Status(row, j)
		if x.na[0]&1 != 0 && c.na.Word == "rescale" && c.full != 0 || c.Gate && (x.met[0]|x.na[0])&1 != bit(was == Met || was == NotApplicable) {
			clear(s.again)
			s.markAll(s.touched)
			return out, false
		}
	}
	s.moved = s.moved[:0]
	var delta Points
	for _, j := range s.touched {
		was := r.Points(row, j)
		if r.storeCell(pr.clauses[j], row, &m.cells[j]) {
			s.moved = append(s.moved, j)
			delta += r.Points(row, j) - was
		}
	}
	if len(s.moved) > 0 && r.Scored(row) {
		s.count(row, -1)
		r.totals[row] += delta
		r.wanted[row] = pr.reached(r, row)
		r.final[row] = r.wanted[row]
		s.count(row, 1)
	}
	out.Total, out.Grade, out.Rank, out.Clauses = r.totals[row], r.Grade(row), s.rank(row), s.moved
	return out, true
}

// bring copies what the touched clauses read of a row.
func (s *Scores) bring(f *facts, i int) {
	if s.near == nil || s.near.dict != s.cols.dict {
		s.near = s.pr.newFacts(s.options.AsOf, s.cols.dict)
		s.near.rows = []*subject{nil}
		for form, x := range s.pr.forms {
			for j := range s.near.forms[form].columns {
				if x.read[j] && (x.kind == single || x.kind == profile) {
					s.near.forms[form].columns[j].grow()
				}
			}
			s.near.proofs[form] = []uint64{0}
		}
		for j := range s.near.judged {
			s.near.judged[j] = judgements{make([]Points, 1), make([]int32, 1)}
		}
		s.near.seal()
	}
	s.near.rows[0] = f.rows[i]
	for _, j := range s.touched {
		for _, p := range s.direct[j].places {
			s.near.column(p).take(0, f.column(p), i)
		}
		c := s.pr.clauses[j]
		for _, form := range c.proof {
			s.near.proofs[form][0] = f.proofs[form][i>>6] >> (i & 63) & 1
		}
		if c.shape == judgedShape {
			s.near.judged[j].points[0], s.near.judged[j].given[0] = f.judged[j].points[i], f.judged[j].given[i]
		}
	}
}

// reached gives the place of the grade that a row reaches by its points or by the ladder.
func (pr *Program) reached(r *Result, row int) uint8 {
	if len(pr.grades) == 0 {
		return r.wanted[row]
	}
	total := int64(r.totals[row] / pr.unit)
	for _, b := range pr.bands {
		if total >= b.from {
			return uint8(b.place)
		}
	}
	place := uint8(pr.lowest())
	for _, step := range pr.steps {
		for _, j := range step.needs {
			if v := r.Status(row, j); v != Met && v != NotApplicable {
				return place
			}
		}
		place = step.place
	}
	return place
}
