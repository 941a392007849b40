package assess

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"bihuan.dev/bihuan/programme"
)

// File takes one more piece of evidence of the subject in a row, and the ID of the one that it supersedes, if any; everything is
// brought up to date.
//
// A record of a form of which one counts, or of what the subject is, changes its own fields only: the clauses that read them are scored
// from what the subject's evidence says, and the total moves by what their points moved. That takes about a microsecond, and whoever
// wants the columns next brings that row of them up to date. A subject is looked at as a whole, some ten microseconds,
//   - for a record of a form of which all count, a ballot, a judgement: lists do not stand row by row;
//   - when a clause that reads the field also reads a list or matters, is decided by assessors, or is part of a bonus;
//   - when a veto looks at the field or follows from the clause, or says anything of the subject at all, or grades may drop: what these
//     come to depends on more than points;
//   - when something of the subject does not apply and its points are scaled, before or after; when a gate opens or shuts.
func (s *Scores) File(row int, e Record, supersedes string) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warm(row, &e)
	s.warmData(s.pop.rows[row])
	return s.file(row, &e, supersedes)
}

// file is File with the lock held.
func (s *Scores) file(row int, e *Record, supersedes string) Change {
	pr := s.pr
	form, known := int(e.code)-codeForms, e.code >= codeForms
	if pr.fieldsOnly(form) && !pr.crowd && !s.readers[form].slow && !s.drops {
		subject := s.pop.rows[row]
		if isSet(s.plain, int32(row)) && s.look.at(pr, subject, form, e, supersedes, s.options.AsOf) {
			if c, done := s.fileOne(row, subject, pr.forms[form], e); done {
				return c
			}
			return s.whole(nil, row, true, s.again) // fileOne has marked the clauses
		}
	}
	clear(s.again)
	s.mark(form, known, e.Evidence)
	was, clause := s.pop.file(row, e, supersedes)
	switch {
	case was >= 0:
		s.markAll(s.readers[was].any)
	case was == -1 && clause >= 0:
		s.again[clause] = true
	}
	return s.whole(nil, row, true, s.again)
}

// warm reads once what will be read one after the other, of the row and of the record: memory is far, and so it is waited for once.
func (s *Scores) warm(row int, e *Record) {
	r, w := s.r, row>>6
	s.warmth += uint64(r.totals[row]) + uint64(r.wanted[row]) + uint64(r.final[row]) + r.scored[w] + r.excluded[w] + s.plain[w] + uint64(e.On)
	for at := 0; at < len(e.values); at += 64 {
		s.warmth += uint64(e.values[at])
	}
	if len(e.ID) > 0 {
		s.warmth += uint64(e.ID[0])
	}
}

// warmData does so for what a subject has filed, where a piece only tells where the next one begins.
func (s *Scores) warmData(x *subject) {
	for at := 0; at < len(x.data); at += 64 {
		s.warmth += uint64(x.data[at])
	}
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
	pieces   []piece // all that the subject has filed, in order
	mine     []filed // the pieces of its form up to the day, in order
	old      int     // which of them it supersedes; -1: none of them
	place    int     // before which of them it comes
	on       bool    // it is of the day or earlier
	insert   int     // where in the subject's data it goes
	from, to int     // of what it supersedes in the subject's data; 0, 0: nothing
	others   []filed // room for pieces of other forms
}

// piece is where a piece of evidence begins in a subject's data.
type piece struct {
	code uint64
	from int
	on   programme.Day
}

// at looks. It reports false when there is more to it: another piece of the moment, or none of the form is superseded.
func (l *look) at(pr *Program, s *subject, form int, e *Record, supersedes string, asOf programme.Day) bool {
	var room [20]byte
	id := appendID(room[:0], supersedes)
	l.pieces, l.mine, l.old, l.place, l.on, l.from, l.to = l.pieces[:0], l.mine[:0], -1, -1, e.On <= asOf, 0, 0
	after := func(on programme.Day, behind []byte) bool {
		recorded, _ := binary.Varint(behind)
		return on > e.On || on == e.On && recorded > e.Recorded
	}
	for b := s.data; len(b) > 0; {
		from := len(s.data) - len(b)
		code, on, behind := peekDay(b[4:])
		next := nextPiece(b)
		l.pieces = append(l.pieces, piece{code, from, on})
		if code == e.code {
			recorded, k := binary.Varint(behind)
			if on == e.On && recorded == e.Recorded {
				return false
			}
			if supersedes != "" && holdsID(behind[k:], id) {
				l.from, l.to = from, len(s.data)-len(next)
				if on <= asOf {
					l.old = len(l.mine)
				}
			}
			if on <= asOf {
				if l.place < 0 && after(on, behind) {
					l.place = len(l.mine)
				}
				l.mine = append(l.mine, filed{})
				l.mine[len(l.mine)-1].read(pr, b, s.names)
			}
		}
		b = next
	}
	if supersedes != "" && l.to == 0 {
		return false
	}
	l.insert = len(s.data)
	for k := len(l.pieces) - 1; k >= 0; k-- { // most are the newest
		_, on, behind := peekDay(s.data[l.pieces[k].from+4:])
		if !after(on, behind) {
			break
		}
		l.insert = l.pieces[k].from
	}
	if l.place < 0 {
		l.place = len(l.mine)
	}
	l.others = sized(l.others, len(l.pieces))
	return true
}

// choose picks what counts of another form.
func (l *look) choose(c *chosen, pr *Program, s *subject, form int) {
	code := uint64(codeForms + form)
	for n := range l.pieces {
		if p := &l.pieces[n]; p.code == code && p.on <= c.asOf {
			f := &l.others[n]
			f.read(pr, s.data[p.from:], s.names)
			c.take(f)
		}
	}
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
func (s *Scores) fileOne(row int, subject *subject, x *form, e *Record) (Change, bool) {
	pr, ch := s.pr, &s.old
	ch.one(pr, s.options.AsOf, s.last, x.index)
	s.look.before(ch)
	s.was = ch.say(s.was[:0], x.index)
	wasOn, wasProved := ch.day(x), x.proof && pr.proved(x.index, ch)
	ch.forget(x.index)
	s.look.after(ch, e.filed(pr, x.index))
	s.now = ch.say(s.now[:0], x.index)
	s.touched = s.touched[:0]
	readers := &s.readers[x.index]
	s.touchFields(x, readers)
	if ch.day(x) != wasOn {
		for _, j := range x.own {
			s.touch(readers.place[j])
		}
	}
	if x.proof && pr.proved(x.index, ch) != wasProved {
		s.touch(readers.proof)
	}
	direct := true
	for _, j := range s.touched {
		direct = direct && s.direct[j].can
	}
	if direct {
		s.bring(row, subject, x)
	}
	s.look.put(s.pop, subject, e)
	s.pop.note(row, true)
	if !direct {
		clear(s.again)
		s.markAll(s.touched)
		return Change{}, false
	}
	return s.rescoreRow(row)
}

// touchFields touches the clauses that read fields of which something else is said now than before.
func (s *Scores) touchFields(x *form, readers *readers) {
	a, b := s.was, s.now
	same := sameBytes(a, b)
	for _, j := range x.slots {
		if same == len(a) && same == len(b) {
			return
		}
		n := valueSize(a)
		m := n
		if n > same {
			if m = valueSize(b); j >= 0 {
				s.touch(readers.place[j])
			}
		}
		if a, b = a[n:], b[m:]; n > same {
			same = sameBytes(a, b)
		} else {
			same -= n
		}
	}
}

// sameBytes tells how many bytes are the same from the front.
func sameBytes(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if d := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); d != 0 {
			return i + bits.TrailingZeros64(d)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
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

// rescoreRow scores the clauses that were touched from the facts that were brought.
func (s *Scores) rescoreRow(row int) (Change, bool) {
	pr, r, m := s.pr, s.r, s.m
	out := Change{Row: row, Was: r.totals[row], Old: r.Grade(row), Recomputed: len(s.touched)}
	m.begin(s.near)
	s.found = s.found[:0]
	for _, j := range s.touched {
		c := pr.clauses[j]
		a := m.alone(c)
		if a.left {
			m.clause(c, &m.cells[j])
			a = m.cells[j].first(c)
			a.left = true
		}
		s.found = append(s.found, a)
		was, is := r.Status(row, j), verdictOf(a.code)
		if is == NotApplicable && c.na.Word == "rescale" && c.full != 0 || c.Gate && (is == Met || is == NotApplicable) != (was == Met || was == NotApplicable) {
			clear(s.again)
			s.markAll(s.touched)
			return out, false
		}
	}
	s.moved = s.moved[:0]
	var delta Points
	for i, j := range s.touched {
		was, moved := r.Points(row, j), false
		if a := &s.found[i]; a.left {
			moved = r.storeCell(pr.clauses[j], row, &m.cells[j])
		} else {
			moved = r.storeAlone(j, row, a)
		}
		if moved {
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

// bring picks from the subject's evidence what the touched clauses read. Of the form of the piece itself, x, it is picked already. What
// was found of these clauses before is read here too, all at once; see warm.
func (s *Scores) bring(row int, subject *subject, x *form) {
	for _, j := range s.touched {
		col := &s.r.clauses[j]
		s.warmth += uint64(col.status[row])
		if col.points != nil {
			s.warmth += uint64(col.points[row])
		}
	}
	if s.near == nil || s.near.dict.size() > mostTexts {
		s.makeNear()
	}
	s.near.rows[0] = subject
	s.turn++
	s.chose[x.index] = s.turn
	for _, j := range s.touched {
		for _, p := range s.direct[j].places {
			if s.brought[p.form][p.slot] == s.turn {
				continue
			}
			s.brought[p.form][p.slot] = s.turn
			s.choose(subject, p.form)
			c, f := &s.near.forms[p.form].columns[p.slot], s.old.says(p)
			switch {
			case f == nil:
				c.empty(0)
			case p.field < 0:
				c.empty(0)
				c.small[0], c.valid[0] = int32(f.On), 1
			default:
				c.set(0, f.value(s.pr, p.field), s.pr.forms[p.form], p.field)
			}
		}
		for _, form := range s.pr.clauses[j].proof {
			s.choose(subject, form)
			s.near.proofs[form][0] = bit(s.pr.proved(form, &s.old))
		}
	}
}

// choose picks what counts of a form, once for a piece of evidence.
func (s *Scores) choose(subject *subject, form int) {
	if s.chose[form] != s.turn {
		s.chose[form] = s.turn
		s.old.forget(form)
		s.look.choose(&s.old, s.pr, subject, form)
	}
}

// says gives the record of a form that says what a field is, or nil.
func (c *chosen) says(p fieldPlace) *filed {
	if c.pr.forms[p.form].kind == single {
		return c.record(p.form)
	}
	if list := c.records[p.form]; len(list) > 0 && p.field >= 0 {
		return list[p.field]
	}
	return nil
}

// makeNear makes room for what a few clauses read of one subject.
func (s *Scores) makeNear() {
	s.near = s.pr.newFacts(s.options.AsOf, nil)
	s.near.rows = []*subject{nil}
	for form, x := range s.pr.forms {
		for j := range s.near.forms[form].columns {
			if x.read[j] && (x.kind == single || x.kind == profile) {
				s.near.forms[form].columns[j].grow()
			}
		}
		s.near.proofs[form] = []uint64{0}
	}
	s.near.seal()
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
