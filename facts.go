package bihuan

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// factsOf gives the evidence that counts for subjects, by subject ID: what had been recorded by a moment and had not been
// superseded or withdrawn by then. known gives each subject's moment in microseconds; 0 or none means all there is.
// What superseded evidence says does not come back when the correction is withdrawn in its turn: it was found wrong.
func (s *Site) factsOf(ctx context.Context, tx *db.Tx, run *Running, ids []string, known map[string]int64) (map[string][]assess.Evidence, error) {
	out := make(map[string][]assess.Evidence, len(ids))
	err := db.Chunks(ids, func(ids []string) error {
		superseded := map[string]bool{}
		// Two short scans beat a join: most evidence is never withdrawn.
		withdrawn := map[string]int64{}
		err := tx.Each(ctx, `SELECT w.evidence_id, w.recorded_at FROM evidence_withdrawal w JOIN evidence e ON e.id = w.evidence_id
			WHERE e.subject_id IN (`+db.In(len(ids), 1)+`)`, db.Args(ids), func(scan func(...any) error) error {
			var id string
			var at int64
			err := scan(&id, &at)
			withdrawn[id] = at
			return err
		})
		if err != nil {
			return err
		}
		return s.eachEvidence(ctx, tx, ids, func(e *storedEvidence) {
			k := known[e.subject]
			if k != 0 && e.Recorded > k {
				return
			}
			if e.supersedes.Valid {
				superseded[e.supersedes.String] = true
			}
			if at, ok := withdrawn[e.ID]; ok && (k == 0 || at <= k) || superseded[e.ID] {
				return
			}
			form := run.forms[e.Form]
			if form == nil {
				return // this version has no such form
			}
			e.Values = readValues(form, []byte(e.doc))
			out[e.subject] = append(out[e.subject], e.Evidence)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("load evidence of %d subjects: %w", len(ids), err)
	}
	return out, nil
}

type storedEvidence struct {
	assess.Evidence
	subject, doc string
	supersedes   sql.NullString
}

const selectEvidence = "SELECT id, subject_id, form, valid_on, recorded_at, by_party, account_id, doc, supersedes FROM evidence "

// scan reads a row of selectEvidence.
func (e *storedEvidence) scan(scan func(...any) error) error {
	return scan(&e.ID, &e.subject, &e.Form, &e.On, &e.Recorded, &e.By, &e.Filer, &e.doc, &e.supersedes)
}

// eachEvidence reads all evidence of subjects, what supersedes before what it supersedes.
func (s *Site) eachEvidence(ctx context.Context, tx *db.Tx, ids []string, f func(*storedEvidence)) error {
	query := selectEvidence + "WHERE subject_id IN (" + db.In(len(ids), 1) + ") ORDER BY subject_id, seq DESC"
	return tx.Each(ctx, query, db.Args(ids), func(scan func(...any) error) error {
		var e storedEvidence
		if err := e.scan(scan); err != nil {
			return err
		}
		f(&e)
		return nil
	})
}

// readValues reads a stored document by the form of a version that may be a later one. A field whose type has changed since
// is left out, so that the clause that needs it is missing and says so; the others count.
func readValues(f *programme.Form, doc []byte) programme.Values {
	if f.Ballot {
		f = f.Figures()
	}
	v, err := f.ParseJSON(doc)
	if err == nil {
		return v
	}
	out := programme.Values{}
	for _, x := range f.Fields {
		if one, err := (&programme.Form{Name: f.Name, Fields: []*programme.Field{x}}).ParseJSON(doc); err == nil {
			maps.Copy(out, one)
		}
	}
	return out
}

// whatItIs gives a subject's own fields as of a day: the newest value of each.
func whatItIs(facts []assess.Evidence, asOf programme.Day) programme.Values {
	var own []assess.Evidence
	for _, e := range facts {
		if e.Form == programme.SubjectForm && e.On <= asOf {
			own = append(own, e)
		}
	}
	slices.SortFunc(own, func(a, b assess.Evidence) int {
		return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Recorded, b.Recorded), cmp.Compare(a.ID, b.ID))
	})
	out := programme.Values{}
	for _, e := range own {
		maps.Copy(out, e.Values)
	}
	return out
}

// assessed scores subjects in a party's column; rows of the result are in the order of the subjects.
func assessed(run *Running, subjects []Subject, facts allFacts, asOf programme.Day, party string) *assess.Result {
	return run.Assess.Run(populationOf(run, subjects, facts), assess.Options{AsOf: asOf, Party: party})
}

func populationOf(run *Running, subjects []Subject, facts allFacts) *assess.Population {
	population := run.Assess.NewPopulation()
	for _, sub := range subjects {
		population.Put(facts.of(sub.ID, sub.Unit))
	}
	return population
}

// allFacts is what counts of subjects, by subject ID.
type allFacts struct {
	evidence map[string][]assess.Evidence
	matters  map[string]map[string][]programme.Values
}

// of gives a subject as the engine wants it.
func (f allFacts) of(id, unit string) assess.Subject {
	return assess.Subject{Key: id, Unit: unit, Evidence: f.evidence[id], Matters: f.matters[id]}
}

// allFactsOf gives everything that rules look at: the evidence of subjects and their matters, as of a day, as known at a moment
// of each.
func (s *Site) allFactsOf(ctx context.Context, tx *db.Tx, run *Running, ids []string, asOf programme.Day, known map[string]int64) (allFacts, error) {
	evidence, err := s.factsOf(ctx, tx, run, ids, known)
	if err != nil {
		return allFacts{}, err
	}
	matters, err := s.mattersOf(ctx, tx, run, ids, asOf, known)
	return allFacts{evidence, matters}, err
}
