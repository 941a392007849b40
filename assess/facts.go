package assess

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"

	"bihuan.dev/bihuan/programme"
)

// facts are the facts of some subjects as of one day in one column, form by form, field by field.
type facts struct {
	pr      *Program
	asOf    programme.Day
	dict    *dictionary
	rows    []*subject
	forms   []formFacts
	matters []formFacts
	proofs  [][]uint64 // by form, of those that a clause wants on file: a bit for each row
	judged  []judgements
	ladders [][]Points // by section: what the records of its ladder earn
}

// formFacts are the columns of one form, or of one kind of matter. A form with one record has a place for each subject, and
// so has a ballot; the records of the others stand one after the other, those of row i from starts[i] to starts[i+1].
type formFacts struct {
	columns []column   // by the places of the shape; of fields that no rule reads nothing is kept
	subs    [][]column // of places that are objects: the columns of these
	starts  []int32
	votes   []programme.Values // of ballots
	cast    []int32            // of ballots: where the votes of a row begin
}

// judgements are what assessors gave for one clause, row by row.
type judgements struct {
	points []Points
	given  []int32
}

func (pr *Program) newFacts(asOf programme.Day, dict *dictionary) *facts {
	if dict == nil {
		dict = newDictionary(pr.dict)
	}
	f := &facts{pr: pr, asOf: asOf, dict: dict, forms: make([]formFacts, len(pr.forms)), matters: make([]formFacts, pr.matters.Len()),
		proofs: make([][]uint64, len(pr.forms)), judged: make([]judgements, len(pr.clauses)), ladders: make([][]Points, len(pr.sections))}
	for i, x := range pr.forms {
		f.forms[i] = newFormFacts(x.shape, dict)
		switch x.kind {
		case many:
			f.forms[i].starts = []int32{0}
		case ballot:
			f.forms[i].cast = []int32{0}
		}
	}
	for i := range f.matters {
		if pr.mattersUsed[i] {
			f.matters[i] = newFormFacts(pr.matters.Sub(i), dict)
			f.matters[i].starts = []int32{0}
		}
	}
	return f
}

func newFormFacts(s *programme.Shape, dict *dictionary) formFacts {
	ff := formFacts{columns: make([]column, s.Len()), subs: make([][]column, s.Len())}
	for j := range ff.columns {
		if sub := s.Sub(j); sub != nil {
			ff.subs[j] = newFormFacts(sub, dict).columns
		} else {
			ff.columns[j] = newColumn(s.Type(j), s.Field(j), dict)
		}
	}
	return ff
}

// add appends a subject's facts as the next row.
func (f *facts) add(s *subject, c *chosen) {
	row := len(f.rows)
	f.rows = append(f.rows, s)
	for i, x := range f.pr.forms {
		ff := &f.forms[i]
		switch x.kind {
		case single:
			ff.push(x, c.record(i))
		case profile:
			for k, j := range x.slots {
				if j < 0 {
					continue
				}
				if len(c.records[i]) > 0 && c.records[i][k] != nil {
					ff.columns[j].pushPacked(c.records[i][k].value(f.pr, k), x, k)
				} else {
					ff.columns[j].grow()
				}
			}
			for _, j := range x.own {
				ff.columns[j].grow()
			}
		case many:
			for _, e := range c.records[i] {
				ff.push(x, e)
			}
			ff.starts = append(ff.starts, ff.starts[row]+int32(len(c.records[i])))
		case ballot:
			for _, e := range c.records[i] {
				ff.votes = append(ff.votes, e.open(f.pr).Values)
			}
			ff.cast = append(ff.cast, int32(len(ff.votes)))
			if slices.Contains(x.read, true) {
				ff.pushObject(f.ballot(i, row))
			}
		}
	}
	for i := range f.matters {
		if ff := &f.matters[i]; ff.starts != nil {
			name, shape := f.pr.matters.Name(i), f.pr.matters.Sub(i)
			for _, v := range s.Matters[name] {
				ff.pushObject(programme.NewObject(shape, matter{shape: shape, values: v}))
			}
			ff.starts = append(ff.starts, ff.starts[row]+int32(len(s.Matters[name])))
		}
	}
	f.addChosen(row, c)
}

// addChosen appends what is known of a row beside its facts: what is on file, what assessors gave, what records earn.
func (f *facts) addChosen(row int, c *chosen) {
	pr := f.pr
	for i, x := range pr.forms {
		if x.proof {
			if row&63 == 0 {
				f.proofs[i] = append(f.proofs[i], 0)
			}
			if pr.proved(i, c) {
				f.proofs[i][row>>6] |= 1 << (row & 63)
			}
		}
	}
	for i, x := range pr.clauses {
		if x.shape == judgedShape {
			points, n := pr.judge(x, c)
			f.judged[i].points, f.judged[i].given = append(f.judged[i].points, points), append(f.judged[i].given, n)
		}
	}
	for k, s := range pr.sections {
		if s.Bonus != nil && s.Bonus.Ladder != nil {
			sum, _ := pr.ladder(s, c)
			f.ladders[k] = append(f.ladders[k], pr.points(sum))
		}
	}
}

// push appends a record, or that there is none.
func (ff *formFacts) push(x *form, e *filed) {
	if e == nil {
		for _, j := range x.slots {
			if j >= 0 {
				ff.columns[j].grow()
			}
		}
		for _, j := range x.own {
			ff.columns[j].grow()
		}
		return
	}
	b := e.raw
	var v value
	for k, j := range x.slots {
		if v, b = readValue(b); j >= 0 {
			ff.columns[j].pushPacked(v, x, k)
		}
	}
	for _, j := range x.own {
		ff.columns[j].push(e.On)
	}
}

// pushObject appends a record that is at hand as an object of an expression.
func (ff *formFacts) pushObject(o *programme.Object) {
	for j := range ff.columns {
		v := o.Record.Get(j)
		if ff.subs[j] == nil {
			ff.columns[j].pushValue(v)
			continue
		}
		sub := v.(*programme.Object)
		for k := range ff.subs[j] {
			if o.Shape.Sub(j).Sub(k) == nil {
				ff.subs[j][k].pushValue(sub.Record.Get(k))
			}
		}
	}
}

// seal pads all columns to whole words, as kernels want them.
func (f *facts) seal() {
	for _, list := range [][]formFacts{f.forms, f.matters} {
		for i := range list {
			for j := range list[i].columns {
				list[i].columns[j].seal()
				for k := range list[i].subs[j] {
					list[i].subs[j][k].seal()
				}
			}
		}
	}
}

// copy gives facts of which forms with one record can be written to, while these stay as they are. A column is copied when it is written.
func (f *facts) copy() *facts {
	g := *f
	g.forms = slices.Clone(f.forms)
	for i, x := range f.pr.forms {
		if x.kind == single || x.kind == profile {
			g.forms[i].columns = slices.Clone(f.forms[i].columns)
		}
	}
	g.proofs = slices.Clone(f.proofs)
	for i, p := range f.proofs {
		g.proofs[i] = slices.Clone(p)
	}
	return &g
}

// take writes what stands in forms of one record in the only row of others, of the same dictionary, where it is not the same.
func (f *facts) take(i int, one *facts) {
	for form, x := range f.pr.forms {
		if x.kind == single || x.kind == profile {
			for j, read := range x.read {
				if c, from := &f.forms[form].columns[j], &one.forms[form].columns[j]; read && c.n > 0 && !c.same(i, from, 0) {
					if !c.uncut {
						c.own()
					}
					c.take(i, from, 0)
				}
			}
		}
		if x.proof {
			f.proofs[form][i>>6] = f.proofs[form][i>>6]&^(1<<(i&63)) | one.proofs[form][0]&1<<(i&63)
		}
	}
}

// cutUp brings columns that were written in place to what sealed ones are.
func (f *facts) cutUp() {
	for i := range f.forms {
		for j := range f.forms[i].columns {
			if c := &f.forms[i].columns[j]; c.uncut {
				c.cutUp()
			}
		}
	}
}

// reserve makes room for so many subjects.
func (f *facts) reserve(n int) {
	for i, x := range f.pr.forms {
		if x.kind == single || x.kind == profile {
			for _, j := range x.slots {
				if j >= 0 {
					f.forms[i].columns[j].reserve(n)
				}
			}
		}
	}
}

// bytes tells what the facts take.
func (f *facts) bytes() int {
	n := 0
	for _, list := range [][]formFacts{f.forms, f.matters} {
		for i := range list {
			for j := range list[i].columns {
				n += list[i].columns[j].bytes()
				for k := range list[i].subs[j] {
					n += list[i].subs[j][k].bytes()
				}
			}
		}
	}
	return n
}

// reset empties the facts and keeps their room.
func (f *facts) reset() {
	f.rows = f.rows[:0]
	for _, list := range [][]formFacts{f.forms, f.matters} {
		for i := range list {
			ff := &list[i]
			for j := range ff.columns {
				ff.columns[j].reset()
				for k := range ff.subs[j] {
					ff.subs[j][k].reset()
				}
			}
			ff.starts, ff.cast, ff.votes = ff.starts[:min(len(ff.starts), 1)], ff.cast[:min(len(ff.cast), 1)], ff.votes[:0]
		}
	}
	for i := range f.proofs {
		f.proofs[i] = f.proofs[i][:0]
	}
	for i := range f.judged {
		f.judged[i] = judgements{f.judged[i].points[:0], f.judged[i].given[:0]}
	}
	for i := range f.ladders {
		f.ladders[i] = f.ladders[i][:0]
	}
}

// frame shows one row of facts at a time to expressions. It makes its objects once; only lists are made anew for a row, when
// an expression first asks for them.
type frame struct {
	*facts
	row     int
	asOfVal ref.Val
	objects []ref.Val // by form, for forms that are no lists
	lists   []ref.Val // by form, of row stamp
	stamps  []int
	matters ref.Val
	stamp   int // the row that matters is of
}

func newFrame(f *facts) *frame {
	fr := &frame{facts: f, row: -1, asOfVal: programme.CELValue(f.asOf), objects: make([]ref.Val, len(f.forms)),
		lists: make([]ref.Val, len(f.forms)), stamps: make([]int, len(f.forms)), stamp: -1}
	for i, x := range f.pr.forms {
		fr.stamps[i] = -1
		if x.kind == single || x.kind == profile {
			fr.objects[i] = programme.NewObject(x.shape, &current{fr, &f.forms[i]})
		}
	}
	return fr
}

// current is the one record of a form in the frame's row.
type current struct {
	fr *frame
	ff *formFacts
}

func (c *current) Get(i int) ref.Val      { return c.ff.columns[i].get(c.fr.row) }
func (c *current) Why(int) programme.Text { return programme.Text{} }

// item is one of several records.
type item struct {
	ff *formFacts
	at int
}

func (r *item) Get(i int) ref.Val      { return r.ff.columns[i].get(r.at) }
func (r *item) Why(int) programme.Text { return programme.Text{} }

// Parent implements cel.Activation.
func (fr *frame) Parent() cel.Activation { return nil }

// ResolveName implements cel.Activation.
func (fr *frame) ResolveName(name string) (any, bool) {
	i, ok := fr.pr.byForm[name]
	switch {
	case !ok && name == "as_of":
		return fr.asOfVal, true
	case !ok && name == programme.MattersVar:
		if fr.stamp != fr.row {
			fr.matters, fr.stamp = fr.matterLists(), fr.row
		}
		return fr.matters, true
	case !ok:
		return nil, false
	case fr.objects[i] != nil:
		return fr.objects[i], true
	}
	if fr.stamps[i] != fr.row {
		fr.lists[i], fr.stamps[i] = fr.list(i), fr.row
	}
	return fr.lists[i], true
}

// list makes the list of a form's records in the row, or the counts of a ballot.
func (fr *frame) list(i int) ref.Val {
	x, ff := fr.pr.forms[i], &fr.forms[i]
	if x.kind == ballot {
		return fr.ballot(i, fr.row)
	}
	from, to := int(ff.starts[fr.row]), int(ff.starts[fr.row+1])
	items := make([]item, to-from)
	objects := make([]programme.Object, to-from)
	list := make([]ref.Val, to-from)
	for n := range items {
		items[n] = item{ff, from + n}
		objects[n] = programme.Object{Shape: x.shape, Record: &items[n]}
		list[n] = &objects[n]
	}
	return programme.NewObjectList(list)
}

// ballot gives the counts of a ballot in a row.
func (f *facts) ballot(i, row int) *programme.Object {
	x, ff := f.pr.forms[i], &f.forms[i]
	invited := int64(-1)
	if n, ok := f.rows[row].Invited[x.Name]; ok {
		invited = n
	}
	return programme.NewBallot(x.shape, invited, ff.votes[ff.cast[row]:ff.cast[row+1]])
}

// matterLists makes the lists of matters of the row.
func (fr *frame) matterLists() ref.Val {
	shape := fr.pr.matters
	slots := make([]ref.Val, shape.Len())
	for i := range slots {
		var list []ref.Val
		for _, v := range fr.rows[fr.row].Matters[shape.Name(i)] {
			list = append(list, programme.NewObject(shape.Sub(i), matter{shape: shape.Sub(i), values: v}))
		}
		slots[i] = programme.NewObjectList(list)
	}
	return programme.NewObject(shape, programme.SlotsRecord(slots))
}

// matter is one matter, or one form filed on its way, whose values are kept as "form.field", or as "field" when no other form
// of the matter has a field of that name.
type matter struct {
	shape  *programme.Shape
	values programme.Values
	form   string           // of a form filed on the way: its name and a dot
	of     *programme.Shape // of a form filed on the way: that of the matter
}

func (m matter) Get(i int) ref.Val {
	name := m.shape.Name(i)
	if sub := m.shape.Sub(i); sub != nil {
		return programme.NewObject(sub, matter{sub, m.values, name + ".", m.shape})
	}
	if v, ok := m.values[m.form+name]; ok {
		return programme.CELValue(v)
	}
	if m.of != nil {
		if j, ok := m.of.Index(name); ok && m.of.Field(j) == m.shape.Field(i) {
			return programme.CELValue(m.values[name])
		}
		return nil
	}
	for j := range m.shape.Len() { // a field of a form filed on the way, without the form's name
		sub := m.shape.Sub(j)
		if sub == nil {
			continue
		}
		if k, ok := sub.Index(name); ok && sub.Field(k) == m.shape.Field(i) {
			if v, ok := m.values[m.shape.Name(j)+"."+name]; ok {
				return programme.CELValue(v)
			}
		}
	}
	return nil
}

func (m matter) Why(int) programme.Text { return programme.Text{} }
