package assess

import (
	"bytes"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"bihuan.dev/bihuan/programme"
)

// Population holds subjects with their evidence, packed. What changes it and what reads it must not be called at the same time;
// results are of the population as it was until something is put, filed or dropped.
type Population struct {
	pr       *Program
	rows     []*subject
	byKey    map[string]int
	names    []*names // by batch
	evidence int
	bytes    int

	mu      sync.Mutex
	changed []int           // by batch: how often one of its subjects changed
	known   []*batchColumns // the facts that runs wanted last
	order   []int           // room
	piece   []byte          // room
}

// subject is one of the population.
type subject struct {
	Key, Unit string
	Matters   map[string][]programme.Values
	Invited   map[string]int64
	data      []byte // the evidence, packed, in the order in which it counts
	names     *names
}

// NewPopulation gives an empty population.
func (pr *Program) NewPopulation() *Population { return &Population{pr: pr, byKey: map[string]int{}} }

// Put adds a subject, or replaces the one with the same key. Evidence of forms or clauses that the programme does not know is
// kept and left aside.
func (pop *Population) Put(s Subject) {
	row, known := pop.byKey[s.Key]
	if !known {
		row = pop.add(&subject{Key: s.Key})
	} else {
		pop.weigh(pop.rows[row], -1)
	}
	x := &subject{Key: s.Key, Unit: s.Unit, Matters: s.Matters, Invited: s.Invited, names: pop.names[row/batchRows]}
	x.data = pop.packAll(s.Evidence, x.names)
	pop.rows[row] = x
	pop.weigh(x, 1)
	pop.changed[row/batchRows]++
}

// add makes room for a subject at the end.
func (pop *Population) add(x *subject) int {
	row := len(pop.rows)
	if row/batchRows == len(pop.changed) {
		pop.changed, pop.names = append(pop.changed, 0), append(pop.names, &names{})
	}
	pop.rows = append(pop.rows, x)
	pop.byKey[x.Key] = row
	return row
}

// packAll packs evidence in the order in which it counts.
func (pop *Population) packAll(list []Evidence, n *names) []byte {
	order := pop.order[:0]
	for i := range list {
		order = append(order, i)
	}
	pop.order = order
	compare := func(i, j int) int {
		if c := compareFiled(&list[i], &list[j]); c != 0 {
			return c
		}
		return bytes.Compare(list[i].Values.JSON(), list[j].Values.JSON()) // costs more than all the rest: twins only
	}
	if !slices.IsSortedFunc(order, compare) {
		slices.SortFunc(order, compare)
	}
	var room [1024]byte
	b := room[:0]
	for _, i := range order {
		b = pop.pr.pack(b, &list[i], n)
	}
	return bytes.Clone(b)
}

// File adds a piece of evidence to the subject in a row, and takes out the one that it supersedes, if that is there.
func (pop *Population) File(row int, e Record, supersedes string) {
	pop.file(row, &e, supersedes)
}

// fieldsOnly reports whether a form is one of which one record counts, or the profile: what is filed of it changes fields.
func (pr *Program) fieldsOnly(form int) bool {
	return form >= 0 && (pr.forms[form].kind == single || pr.forms[form].kind == profile)
}

// none is the form of what is not there.
const none = -2

// file is that. It gives the form of what was superseded, as filed has it; none: nothing was.
func (pop *Population) file(row int, e *Record, supersedes string) (form, clause int) {
	s := pop.rows[row]
	form = none
	pop.bytes -= len(s.data)
	var room [20]byte
	id := appendID(room[:0], supersedes)
	at, twin := -1, false
	var f filed
	for b := s.data; len(b) > 0; {
		from := len(s.data) - len(b)
		behind := f.peek(b[4:])
		if supersedes != "" && holdsID(behind, id) {
			_ = f.read(pop.pr, b, s.names)
			form, clause = f.form, f.clause
			pop.evidence--
			b = nextPiece(b)
			s.data = slices.Delete(s.data, from, len(s.data)-len(b))
			b = s.data[from:]
			continue
		}
		twin = twin || f.On == e.On && f.Recorded == e.Recorded && f.code == e.code
		if at < 0 && (f.On > e.On || f.On == e.On && f.Recorded > e.Recorded) {
			at = from
		}
		b = nextPiece(b)
	}
	if at < 0 {
		at = len(s.data)
	}
	if twin { // of the same form and microsecond: what else orders them has to be looked at
		s.data = pop.packAll(append(pop.Subject(row).Evidence, *e.Evidence), s.names)
	} else {
		pop.piece = packRecord(pop.piece[:0], e, s.names)
		s.data = slices.Insert(s.data, at, pop.piece...)
	}
	pop.evidence++
	pop.bytes += len(s.data)
	pop.note(row, pop.pr.fieldsOnly(int(e.code)-codeForms) && (form == none || pop.pr.fieldsOnly(form)))
	return form, clause
}

// Drop takes a subject out, if it is in. The last one takes its row.
func (pop *Population) Drop(key string) {
	row, ok := pop.byKey[key]
	if !ok {
		return
	}
	pop.weigh(pop.rows[row], -1)
	last := len(pop.rows) - 1
	if delete(pop.byKey, key); row != last {
		moved := pop.rows[last]
		pop.rows[row], pop.byKey[moved.Key] = moved, row
		pop.changed[row/batchRows]++
	}
	pop.rows[last] = nil
	pop.rows = pop.rows[:last]
	k := last / batchRows
	if pop.changed[k]++; last%batchRows == 0 {
		pop.changed, pop.names = pop.changed[:k], pop.names[:k]
		for _, b := range pop.known {
			b.batches, b.changed, b.late = b.batches[:min(k, len(b.batches))], b.changed[:min(k, len(b.changed))], b.late[:min(k, len(b.late))]
		}
	}
}

// weigh counts what a subject takes, or takes it off.
func (pop *Population) weigh(s *subject, by int) {
	for b := s.data; len(b) > 0; b = nextPiece(b) {
		pop.evidence += by
	}
	const bookkeeping = 200 // the struct, its pointer, the entry of the key
	pop.bytes += by * (bookkeeping + len(s.Key) + len(s.data))
}

// Subject gives a subject back with all its evidence, in the order in which it counts.
func (pop *Population) Subject(row int) Subject {
	x := pop.rows[row]
	s := Subject{Key: x.Key, Unit: x.Unit, Matters: x.Matters, Invited: x.Invited}
	for f := range x.pieces(pop.pr) {
		s.Evidence = append(s.Evidence, f.open(pop.pr).Evidence)
	}
	return s
}

// Row gives the row of a key.
func (pop *Population) Row(key string) (int, bool) {
	row, ok := pop.byKey[key]
	return row, ok
}

// UnitOf gives the unit of a row.
func (pop *Population) UnitOf(row int) string { return pop.rows[row].Unit }

// KeyOf gives the key of a row.
func (pop *Population) KeyOf(row int) string { return pop.rows[row].Key }

// Len tells how many subjects there are.
func (pop *Population) Len() int { return len(pop.rows) }

// Evidence tells how many pieces of evidence there are.
func (pop *Population) Evidence() int { return pop.evidence }

// Bytes tells what subjects and evidence take.
func (pop *Population) Bytes() int { return pop.bytes }

// ColumnBytes tells what the columns take that are kept for scoring.
func (pop *Population) ColumnBytes() int {
	pop.mu.Lock()
	defer pop.mu.Unlock()
	n := 0
	for _, b := range pop.known {
		for _, f := range b.batches {
			if f != nil {
				n += f.bytes()
			}
		}
	}
	return n
}

// batchRows is how many subjects have their facts together, and are scored together. The processor reads ahead what stands in a row, and of
// short columns it has not begun to before they end; what a clause works with must still be near, and a change may cost the facts of
// a batch.
const batchRows = 8192

// batchColumns are the facts of everybody as of a day in a column, batch by batch.
type batchColumns struct {
	asOf    programme.Day
	last    int
	dict    *dictionary
	batches []*facts
	changed []int     // as of which change
	late    [][]int32 // by batch: rows that have filed since what stands in forms of one record; nothing else of them changed
}

// mostLate is up to how many rows of a batch are brought up to date one by one; beyond, the batch is made anew.
const mostLate = batchRows / 4

// mostColumns is how many days and columns a population keeps the facts of.
const mostColumns = 4

// Reserve makes room for so many subjects in all.
func (pop *Population) Reserve(n int) {
	if more := n - len(pop.rows); more > 0 {
		pop.rows = slices.Grow(pop.rows, more)
		byKey := make(map[string]int, n)
		maps.Copy(byKey, pop.byKey)
		pop.byKey = byKey
	}
}

// SetMatters gives a subject its matters, in place of those that it had.
func (pop *Population) SetMatters(row int, matters map[string][]programme.Values) {
	x := *pop.rows[row]
	x.Matters = matters
	pop.rows[row] = &x
	pop.changed[row/batchRows]++
}

// note tells those who keep columns that a row has changed: fields is that it has only filed what stands in forms of one record.
func (pop *Population) note(row int, fields bool) {
	k := row / batchRows
	for _, b := range pop.known {
		if fields && k < len(b.changed) && b.changed[k] == pop.changed[k] && len(b.late[k]) < mostLate {
			b.changed[k]++
			b.late[k] = append(b.late[k], int32(row%batchRows))
		}
	}
	pop.changed[k]++
}

// columns gives everybody's facts. They are kept, and what changed is brought up to date; what was given before stays as it is.
func (pop *Population) columns(asOf programme.Day, last int) []*facts {
	pop.mu.Lock()
	defer pop.mu.Unlock()
	b := pop.columnsOf(asOf, last)
	var stale []int
	for k := range pop.changed {
		if b.changed[k] != pop.changed[k] {
			stale = append(stale, k)
		} else if len(b.late[k]) > 0 {
			pop.renew(b, k)
		}
	}
	// Batches are made at once, as many as there are processors: they share nothing but the dictionary, which has a lock.
	workers := min(runtime.GOMAXPROCS(0), (len(stale)+3)/4)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for at := next.Add(1) - 1; at < int64(len(stale)); at = next.Add(1) - 1 {
				pop.fill(b, stale[at])
			}
		})
	}
	wg.Wait()
	return slices.Clone(b.batches)
}

// columnsOf finds the columns of a day, perhaps not up to date.
func (pop *Population) columnsOf(asOf programme.Day, last int) *batchColumns {
	i := slices.IndexFunc(pop.known, func(b *batchColumns) bool { return b.asOf == asOf && b.last == last })
	if i < 0 {
		if len(pop.known) >= mostColumns {
			pop.known = slices.Delete(pop.known, 0, 1)
		}
		i = len(pop.known)
		pop.known = append(pop.known, &batchColumns{asOf: asOf, last: last, dict: newDictionary(pop.pr.dict)})
	}
	b := pop.known[i]
	for len(b.batches) < len(pop.changed) {
		b.batches, b.changed, b.late = append(b.batches, nil), append(b.changed, -1), append(b.late, nil)
	}
	return b
}

// fill makes the facts of a batch.
func (pop *Population) fill(b *batchColumns, k int) {
	f := pop.pr.newFacts(b.asOf, b.dict)
	rows := pop.rows[k*batchRows : min((k+1)*batchRows, len(pop.rows))]
	f.reserve(len(rows))
	var ch chosen
	for _, s := range rows {
		ch.choose(pop.pr, s, b.asOf, b.last)
		f.add(s, &ch)
	}
	f.seal()
	b.batches[k], b.changed[k], b.late[k] = f, pop.changed[k], b.late[k][:0]
}

// renew brings the rows of a batch up to date that are late.
func (pop *Population) renew(b *batchColumns, k int) {
	late := b.late[k]
	slices.Sort(late)
	f, one := b.batches[k].copy(), pop.pr.newFacts(b.asOf, b.dict)
	var ch chosen
	for _, i := range slices.Compact(late) {
		s := pop.rows[k*batchRows+int(i)]
		ch.choose(pop.pr, s, b.asOf, b.last)
		one.reset()
		one.add(s, &ch)
		f.take(int(i), one)
	}
	f.cutUp()
	b.batches[k], b.late[k] = f, late[:0]
}

// chosen is the evidence of one subject that counts as of a day in a column.
type chosen struct {
	records   [][]*filed       // by form: of a single form the one that counts; of the profile one for each field; else all
	stale     []programme.Day  // by form: since when the record that would count is stale; 0: it is not
	judged    map[int][]*filed // by clause, of the last party that judged
	staleMany map[int][]*filed // records of many forms that no longer count

	pr   *Program
	asOf programme.Day
	last int
	rank []int // of the single record chosen so far: its party, and whether it is valid
	room []filed
}

// choose picks what counts: on or before asOf, by parties up to last or by roles that are no party. Of a form with one record a
// later party's valid record overrides; within a party the newest counts. What is older than its form's valid is stale.
func (pr *Program) choose(s *subject, asOf programme.Day, last int) (c chosen) {
	c.choose(pr, s, asOf, last)
	return c
}

// choose is that, in the room of the last time.
func (c *chosen) choose(pr *Program, s *subject, asOf programme.Day, last int) {
	c.begin(pr, asOf, last)
	n := 0
	for b := s.data; len(b) > 0; b = nextPiece(b) {
		n++
	}
	c.room = sized(c.room, n)
	n = 0
	for b := s.data; len(b) > 0; n++ {
		f := &c.room[n]
		if b = f.read(pr, b, s.names); f.On > asOf {
			break
		}
		c.take(f)
	}
}

// one begins to pick what counts of one form.
func (c *chosen) one(pr *Program, asOf programme.Day, last, form int) {
	if c.pr != pr {
		c.begin(pr, asOf, last)
	}
	c.asOf, c.last = asOf, last
	c.forget(form)
}

// say appends what the records of a form say that count: the packed fields in their order.
func (c *chosen) say(b []byte, form int) []byte {
	x := c.pr.forms[form]
	if x.kind == single {
		if f := c.record(form); f != nil {
			return append(b, f.raw...)
		}
		return append(b, make([]byte, len(x.Fields))...) // all absent
	}
	for k := range x.Fields {
		if list := c.records[form]; len(list) > 0 && list[k] != nil {
			from := list[k].raw
			for range k {
				_, from = readValue(from)
			}
			_, rest := readValue(from)
			b = append(b, from[:len(from)-len(rest)]...)
		} else {
			b = append(b, tagAbsent)
		}
	}
	return b
}

func (c *chosen) begin(pr *Program, asOf programme.Day, last int) {
	if c.pr != pr {
		*c = chosen{pr: pr, room: c.room, records: make([][]*filed, len(pr.forms)), stale: make([]programme.Day, len(pr.forms)), rank: make([]int, len(pr.forms))}
	}
	c.asOf, c.last = asOf, last
	for i := range c.records {
		c.forget(i)
	}
	c.judged, c.staleMany = nil, nil
}

func (c *chosen) forget(form int) {
	c.records[form], c.stale[form], c.rank[form] = c.records[form][:0], 0, 0
}

// take looks at the next piece of evidence, in the order in which it counts.
func (c *chosen) take(f *filed) {
	if f.form == -2 {
		return
	}
	if f.form < 0 {
		if f.party <= c.last {
			c.judge(f)
		}
		return
	}
	form := c.pr.forms[f.form]
	list := &c.records[f.form]
	if form.kind == profile {
		if len(*list) == 0 {
			*list = slices.Grow(*list, len(form.Fields))[:len(form.Fields)]
			clear(*list)
		}
		var v value
		b := f.raw
		for j := range form.Fields {
			if v, b = readValue(b); v.tag != tagAbsent {
				(*list)[j] = f
			}
		}
		return
	}
	if f.party > c.last {
		return
	}
	since := c.pr.staleSince(form, f.On)
	valid := since == 0 || c.asOf < since
	if form.kind != single {
		if valid {
			if form.kind == ballot && isTally(f.open(c.pr).Values) {
				*list = (*list)[:0] // a ballot that was counted goes before the one before
			}
			*list = append(*list, f)
		} else {
			c.stale[f.form] = since
			if c.staleMany == nil {
				c.staleMany = map[int][]*filed{}
			}
			c.staleMany[f.form] = append(c.staleMany[f.form], f)
		}
		return
	}
	r := f.party + 1
	if valid {
		r += 1 << 20 // whoever filed it, a valid record goes before a stale one
	}
	if len(*list) == 0 || r >= c.rank[f.form] {
		c.rank[f.form] = r
		*list = append((*list)[:0], f)
		c.stale[f.form] = 0
		if !valid {
			c.stale[f.form] = since
		}
	}
}

// judge takes a judgement: of the last party that judged, of each assessor the newest.
func (c *chosen) judge(f *filed) {
	list := c.judged[f.clause]
	if len(list) > 0 && list[0].party > f.party {
		return
	}
	if c.judged == nil {
		c.judged = map[int][]*filed{}
	}
	if len(list) > 0 && list[0].party < f.party {
		list = nil
	}
	if at := slices.IndexFunc(list, func(x *filed) bool { return x.Filer == f.Filer }); at >= 0 {
		list[at] = f
	} else {
		list = append(list, f)
	}
	c.judged[f.clause] = list
}

// open reads what the pieces say, for those who want to tell of it.
func (c *chosen) open() *chosen {
	for i := range c.room {
		if c.room[i].raw != nil {
			c.room[i].open(c.pr)
		}
	}
	return c
}

// isTally tells the figures of a counted ballot from a single vote.
func isTally(v programme.Values) bool {
	_, ok := v["cast"].(int64)
	if !ok {
		_, ok = v["invited"].(int64)
	}
	return ok
}

// staleSince gives the first day on which a record of the form no longer counts, or 0 when it stays valid.
func (pr *Program) staleSince(f *form, on programme.Day) programme.Day {
	if f.Valid.Zero() {
		return 0
	}
	return pr.calendar.Add(on, f.Valid) + 1
}

// record gives the record of a single form that counts, or nil.
func (c *chosen) record(form int) *filed {
	if c.stale[form] != 0 || len(c.records[form]) == 0 {
		return nil
	}
	return c.records[form][0]
}

// last gives the place of the party whose column is meant; without parties everything counts.
func (pr *Program) last(party string) int {
	if i, ok := pr.parties[party]; ok {
		return i
	}
	return len(pr.p.Parties) - 1
}
