package assess

import (
	"bytes"
	"slices"

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
			r := s.r
			s.warmth = uint64(r.totals[row]) + uint64(r.wanted[row]) + uint64(r.final[row]) + r.scored[row>>6] + r.excluded[row>>6]
			if s.look.at(pr, s.pop.rows[row], x.index, &e, supersedes, s.options.AsOf) {
				if c, done := s.fileOne(row, k, i, x, &e); done {
					return c
				}
				return s.whole(nil, row, true, s.again) // fileOne has marked the clauses
			}
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

// look is what a piece of evidence meets in a subject, seen in one go.
type look struct {
	news     filed   // the piece itself
	mine     []filed // the pieces of its form up to the day, in order
	old      int     // which of them it supersedes; -1: none of them
	place    int     // before which of them it comes
	on       bool    // it is of the day or earlier
	insert   int     // where in the subject's data it goes
	from, to int     // of what it supersedes in the subject's data; 0, 0: nothing
	warmth   byte
}

// at looks. It reports false when there is more to it: another piece of the moment, or what is superseded is of another form.
func (l *look) at(pr *Program, s *subject, form int, e *Record, supersedes string, asOf programme.Day) bool {
	var room [20]byte
	id := appendID(room[:0], supersedes)
	*l = look{mine: l.mine[:0], old: -1, place: -1, on: e.On <= asOf, insert: -1}
	var f filed
	l.warmth = 0
	for at := 0; at < len(s.data); at += 64 { // see warm; a piece only tells where the next one begins
		l.warmth += s.data[at]
	}
	for b := s.data; len(b) > 0; {
		from := len(s.data) - len(b)
		behind := f.peek(b[4:])
		next := nextPiece(b)
		if f.code == e.code && f.On == e.On && f.Recorded == e.Recorded {
			return false
		}
		after := f.On > e.On || f.On == e.On && f.Recorded > e.Recorded
		if l.insert < 0 && after {
			l.insert = from
		}
		mine := f.code == e.code
		if supersedes != "" && holdsID(behind, id) {
			if !mine || l.to > 0 {
				return false
			}
			l.from, l.to = from, len(s.data)-len(next)
			if f.On <= asOf {
				l.old = len(l.mine)
			}
		}
		if mine && f.On <= asOf {
			if l.place < 0 && after {
				l.place = len(l.mine)
			}
			l.mine = append(l.mine, filed{})
			l.mine[len(l.mine)-1].read(pr, b, s.names)
		}
		b = next
	}
	if l.insert < 0 {
		l.insert = len(s.data)
	}
	if l.place < 0 {
		l.place = len(l.mine)
	}
	return true
}

// before lets what counted before be chosen from.
func (l *look) before(c *chosen) {
	for i := range l.mine {
		c.take(&l.mine[i])
	}
}

// after does so with what counts with the new piece.
func (l *look) after(c *chosen, news filed) {
	l.news = news
	for i := range l.mine {
		if i == l.place && l.on {
			c.take(&l.news)
		}
		if i != l.old {
			c.take(&l.mine[i])
		}
	}
	if l.place == len(l.mine) && l.on {
		c.take(&l.news)
	}
}

// put writes the piece into the subject's data, in place of what it supersedes.
func (l *look) put(pop *Population, s *subject, e *Record) {
	pop.piece = packRecord(pop.piece[:0], e, s.names)
	was := len(s.data)
	if l.to > 0 {
		pop.evidence--
		if s.data = slices.Delete(s.data, l.from, l.to); l.insert > l.from {
			l.insert -= l.to - l.from
		}
	}
	s.data = slices.Insert(s.data, l.insert, pop.piece...)
	pop.evidence++
	pop.bytes += len(s.data) - was
}

// fileOne does it field by field. When that is not possible it has filed the evidence and marked the clauses, and says so.
func (s *Scores) fileOne(row, k, i int, x *form, e *Record) (Change, bool) {
	pr, ch := s.pr, &s.old
	subject := s.pop.rows[row]
	ch.one(pr, s.options.AsOf, s.last, x.index)
	s.look.before(ch)
	s.was = ch.say(s.was[:0], x.index)
	wasOn := ch.day(x)
	ch.forget(x.index)
	s.look.after(ch, e.filed(pr, x.index))
	s.now = ch.say(s.now[:0], x.index)
	on, proved := ch.day(x), x.proof && pr.proved(x.index, ch)
	s.look.put(s.pop, subject, e)
	s.pop.changed[k]++
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
	if on != wasOn {
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
		if proved {
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
	s.warm(row, f, i)
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

// warm reads once all that will be read one after the other: memory is far, and so it is waited for once instead of thirty times.
func (s *Scores) warm(row int, f *facts, i int) {
	r, sum := s.r, uint64(0)
	for _, j := range s.touched {
		col := &r.clauses[j]
		sum += uint64(col.status[row])
		if col.points != nil {
			sum += uint64(col.points[row])
		}
		if col.measure != nil {
			sum += uint64(col.measure[row]) + col.measured[row>>6]
		}
		for _, p := range s.direct[j].places {
			c := f.column(p)
			switch sum += c.valid[i>>6]; {
			case c.wide != nil:
				sum += uint64(c.wide[i])
			case c.small != nil:
				sum += uint64(c.small[i])
			case c.bits != nil:
				sum += c.bits[i>>6]
			}
		}
	}
	s.warmth = sum
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
