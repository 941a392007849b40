package assess

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"sync"

	"bihuan.dev/bihuan/programme"
)

// Population holds subjects with their evidence. Put and Run must not be called at the same time.
type Population struct {
	pr    *Program
	rows  []*subject
	byKey map[string]int

	mu      sync.Mutex
	changed []int           // by batch: how often one of its subjects changed
	known   []*batchColumns // the facts that runs wanted last
}

// subject is one of the population, its evidence resolved and in order.
type subject struct {
	Subject
	filed []filed
}

// filed is a piece of evidence; form is -1 for a judgement.
type filed struct {
	*Evidence
	form   int
	party  int // -1: filed by a role that is no party
	clause int // of judgements
}

// NewPopulation gives an empty population.
func (pr *Program) NewPopulation() *Population { return &Population{pr: pr, byKey: map[string]int{}} }

// Put adds a subject, or replaces the one with the same key. The population keeps the evidence and does not change it.
// Evidence of forms or clauses that the programme does not know is left aside.
func (pop *Population) Put(s Subject) {
	x := pop.pr.resolve(s)
	if i, ok := pop.byKey[s.Key]; ok {
		pop.rows[i] = x
		pop.changed[i/batchRows]++
		return
	}
	if k := len(pop.rows) / batchRows; k == len(pop.changed) {
		pop.changed = append(pop.changed, 1)
	} else {
		pop.changed[k]++
	}
	pop.byKey[s.Key] = len(pop.rows)
	pop.rows = append(pop.rows, x)
}

// batchRows is how many subjects have their facts together, and are scored together. Longer batches gain nothing, and a
// change costs the facts of one of them.
const batchRows = 2048

// batchColumns are the facts of everybody as of a day in a column, batch by batch.
type batchColumns struct {
	asOf    programme.Day
	last    int
	dict    *dictionary
	batches []*facts
	changed []int // as of which change
}

// mostColumns is how many days and columns a population keeps the facts of.
const mostColumns = 4

// columns gives everybody's facts. They are kept, and what changed is brought up to date.
func (pop *Population) columns(asOf programme.Day, last int) []*facts {
	pop.mu.Lock()
	defer pop.mu.Unlock()
	i := slices.IndexFunc(pop.known, func(b *batchColumns) bool { return b.asOf == asOf && b.last == last })
	if i < 0 {
		if i = len(pop.known); i == mostColumns {
			pop.known = slices.Delete(pop.known, 0, 1)
			i--
		}
		pop.known = append(pop.known, &batchColumns{asOf: asOf, last: last, dict: newDictionary(pop.pr.dict)})
	}
	b := pop.known[i]
	out := make([]*facts, len(pop.changed))
	for k := range out {
		if k == len(b.batches) {
			b.batches, b.changed = append(b.batches, nil), append(b.changed, 0)
		}
		if b.changed[k] != pop.changed[k] {
			f := pop.pr.newFacts(asOf, b.dict)
			for _, s := range pop.rows[k*batchRows : min((k+1)*batchRows, len(pop.rows))] {
				ch := pop.pr.choose(s, asOf, last)
				f.add(s, &ch)
			}
			f.seal()
			b.batches[k], b.changed[k] = f, pop.changed[k]
		}
		out[k] = b.batches[k]
	}
	return out
}

// Len tells how many subjects there are.
func (pop *Population) Len() int { return len(pop.rows) }

func (pr *Program) resolve(s Subject) *subject {
	x := &subject{Subject: s, filed: make([]filed, 0, len(s.Evidence))}
	for i := range s.Evidence {
		e := &s.Evidence[i]
		f := filed{Evidence: e, form: -1, party: -1, clause: -1}
		if p, ok := pr.parties[e.By]; ok {
			f.party = p
		}
		if e.Form == programme.JudgementForm {
			name, _ := e.Values["clause"].(string)
			c, ok := pr.byClause[name]
			if !ok {
				continue
			}
			f.clause = c
		} else {
			n, ok := pr.byForm[e.Form]
			if !ok {
				continue
			}
			f.form = n
		}
		x.filed = append(x.filed, f)
	}
	slices.SortFunc(x.filed, func(a, b filed) int {
		if c := cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Recorded, b.Recorded), strings.Compare(a.ID, b.ID),
			strings.Compare(a.Form, b.Form), strings.Compare(a.By, b.By), strings.Compare(a.Filer, b.Filer)); c != 0 {
			return c
		}
		return bytes.Compare(a.Values.JSON(), b.Values.JSON()) // costs more than all the rest: twins only
	})
	return x
}

// chosen is the evidence of one subject that counts as of a day in a column.
type chosen struct {
	records   [][]*Evidence       // by form: of a single form the one that counts; of the profile one for each field; else all
	stale     []programme.Day     // by form: since when the record that would count is stale; 0: it is not
	judged    map[int][]*Evidence // by clause, of the last party that judged
	staleMany map[int][]*Evidence // records of many forms that no longer count
}

// choose picks what counts: on or before asOf, by parties up to last or by roles that are no party. Of a form with one record a
// later party's valid record overrides; within a party the newest counts. What is older than its form's valid is stale.
func (pr *Program) choose(s *subject, asOf programme.Day, last int) chosen {
	c := chosen{records: make([][]*Evidence, len(pr.forms)), stale: make([]programme.Day, len(pr.forms))}
	rank := make([]int, len(pr.forms))  // of the record chosen so far: its party, and whether it is valid
	judge := map[int]int{}              // the party whose judgement counts so far
	byFiler := map[int]map[string]int{} // where a filer's judgement stands in the list
	for i := range s.filed {
		f := &s.filed[i]
		if f.On > asOf {
			break
		}
		if f.form < 0 {
			if f.party > last {
				continue
			}
			was, ok := judge[f.clause]
			if ok && was > f.party {
				continue
			}
			if !ok || was < f.party {
				judge[f.clause] = f.party
				byFiler[f.clause] = map[string]int{}
				if c.judged == nil {
					c.judged = map[int][]*Evidence{}
				}
				c.judged[f.clause] = nil
			}
			if at, again := byFiler[f.clause][f.Filer]; again {
				c.judged[f.clause][at] = f.Evidence
			} else {
				byFiler[f.clause][f.Filer] = len(c.judged[f.clause])
				c.judged[f.clause] = append(c.judged[f.clause], f.Evidence)
			}
			continue
		}
		form := pr.forms[f.form]
		if form.kind == profile {
			if c.records[f.form] == nil {
				c.records[f.form] = make([]*Evidence, len(form.Fields))
			}
			for j, x := range form.Fields {
				if _, ok := f.Values[x.Name]; ok {
					c.records[f.form][j] = f.Evidence
				}
			}
			continue
		}
		if f.party > last {
			continue
		}
		since := pr.staleSince(form, f.On)
		valid := since == 0 || asOf < since
		if form.kind != single {
			if valid {
				c.records[f.form] = append(c.records[f.form], f.Evidence)
			} else {
				c.stale[f.form] = since
				if c.staleMany == nil {
					c.staleMany = map[int][]*Evidence{}
				}
				c.staleMany[f.form] = append(c.staleMany[f.form], f.Evidence)
			}
			continue
		}
		r := f.party + 1
		if valid {
			r += 1 << 20 // whoever filed it, a valid record goes before a stale one
		}
		if c.records[f.form] == nil || r >= rank[f.form] {
			rank[f.form] = r
			c.records[f.form] = append(c.records[f.form][:0], f.Evidence)
			c.stale[f.form] = 0
			if !valid {
				c.stale[f.form] = since
			}
		}
	}
	return c
}

// staleSince gives the first day on which a record of the form no longer counts, or 0 when it stays valid.
func (pr *Program) staleSince(f *form, on programme.Day) programme.Day {
	if f.Valid.Zero() {
		return 0
	}
	return pr.calendar.Add(on, f.Valid) + 1
}

// record gives the record of a single form that counts, or nil.
func (c *chosen) record(form int) *Evidence {
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
