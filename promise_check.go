package bihuan

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
)

// PromiseCheck is when all decisions of a programme were computed anew, and what did not come out the same.
type PromiseCheck struct {
	Programme string
	At        time.Time
	Checked   int
	Breaches  []Breach
}

// CheckPromises computes every decision of a programme anew, looks for the evidence that each names, and adds the figures of its
// rounds up again. What it finds stays on the page of promises until the next check. Administrators and the deciding party may.
func (s *Site) CheckPromises(ctx context.Context, a Actor, name string) (PromiseCheck, error) {
	if a.Visitor() {
		return PromiseCheck{}, signInFirst()
	}
	c := PromiseCheck{Programme: name, At: s.Now(), Breaches: []Breach{}}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		run, err := s.runningIn(ctx, tx, name)
		if err != nil {
			return err
		}
		if !a.system && len(grantUnits(a, "", Admin)) == 0 && len(grantUnits(a, name, rolesOf(run, []string{run.Deciding()})...)) == 0 {
			return mayNot()
		}
		c.Checked, c.Breaches = 0, []Breach{}
		var rounds []string
		if err := tx.Each(ctx, "SELECT id FROM round WHERE programme = $1 AND decided_at IS NOT NULL ORDER BY decided_at", []any{name}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			rounds = append(rounds, id)
			return err
		}); err != nil {
			return err
		}
		for _, id := range rounds {
			n, found, err := s.checkRound(ctx, tx, id)
			if err != nil {
				return err
			}
			c.Checked, c.Breaches = c.Checked+n, append(c.Breaches, found...)
		}
		return nil
	})
	if err == nil {
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			failed, err := json.Marshal(c.Breaches)
			if err != nil {
				return err
			}
			return tx.Insert(ctx, "promise_check (id, programme, at, checked_by, checked, failed)",
				[][]any{{newID(), name, c.At.UnixMicro(), a.ID, c.Checked, string(failed)}}, "")
		})
	}
	if err != nil {
		return PromiseCheck{}, fmt.Errorf("check promises of %s: %w", name, err)
	}
	return c, nil
}

func (s *Site) lastCheck(ctx context.Context, tx *db.Tx, name string) (c PromiseCheck, ok bool, err error) {
	var at int64
	var failed string
	err = tx.Row(ctx, "SELECT at, checked, failed FROM promise_check WHERE programme = $1 ORDER BY at DESC, id DESC LIMIT 1", []any{name}, &at, &c.Checked, &failed)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(failed), &c.Breaches)
	}
	if err != nil {
		return c, false, fmt.Errorf("last check of promises: %w", err)
	}
	c.Programme, c.At = name, s.moment(at)
	return c, true, nil
}

// checkRound checks all decisions of a round and the figures made of them.
func (s *Site) checkRound(ctx context.Context, tx *db.Tx, round string) (n int, found []Breach, err error) {
	var ids []string
	if err := tx.Each(ctx, "SELECT id FROM decision WHERE round_id = $1 ORDER BY id", []any{round}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	}); err != nil {
		return 0, nil, err
	}
	if found, err = s.checkDecisions(ctx, tx, ids); err != nil {
		return 0, nil, err
	}
	figures, err := s.checkFigures(ctx, tx, round)
	return len(ids), append(found, figures...), err
}

// checkDecisions computes decisions anew and compares.
func (s *Site) checkDecisions(ctx context.Context, tx *db.Tx, ids []string) (found []Breach, err error) {
	err = db.Chunks(ids, func(part []string) error {
		list, err := s.decisionsWhere(ctx, tx, "d.id IN ("+db.In(len(part), 1)+")", db.Args(part)...)
		if err != nil {
			return err
		}
		there, err := evidenceThere(ctx, tx, list)
		if err != nil {
			return err
		}
		noted, err := findingsOf(ctx, tx, part)
		if err != nil {
			return err
		}
		for len(list) > 0 { // those that were decided together are computed together
			n := 1
			for n < len(list) && list[n].Round == list[0].Round && list[n].DecidedAt.Equal(list[0].DecidedAt) {
				n++
			}
			more, err := s.checkTogether(ctx, tx, list[:n], there, noted)
			if err != nil {
				return err
			}
			found, list = append(found, more...), list[n:]
		}
		return nil
	})
	return found, err
}

// checkTogether checks decisions of a round that were made at one moment.
func (s *Site) checkTogether(ctx context.Context, tx *db.Tx, list []Decision, there map[string]string, noted map[[2]string]bool) (found []Breach, err error) {
	r, run, err := s.round(ctx, tx, list[0].Round)
	if err != nil {
		return nil, err
	}
	k, err := knownWhen(ctx, tx, r.ID, list[0].DecidedAt.UnixMicro())
	if err != nil {
		return nil, err
	}
	byID, ids := map[string]Decision{}, make([]string, len(list))
	for i, d := range list {
		byID[d.Subject.ID], ids[i], k[d.Subject.ID] = d, d.Subject.ID, d.Known.UnixMicro()
	}
	breach := func(kind BreachKind, d Decision, clause string) {
		found = append(found, Breach{Kind: kind, Subject: named(d.Subject), Clause: clause, Round: r.ID, Title: r.Title, Decision: d.ID})
	}
	computed := map[string]bool{}
	err = s.assessRound(ctx, tx, run, r, r.Decides, ids, k, func(id string, result *assess.Result, i int) error {
		d := byID[id]
		computed[id] = true
		if !d.sameAs(result.Score(i)) || d.Score.Scored != d.Scored || d.Score.Total != d.Total || d.Score.Grade != d.Grade {
			breach(BreachDiffers, d, "")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		if !computed[d.Subject.ID] {
			breach(BreachDiffers, d, "")
		}
		for _, c := range d.Score.Clauses {
			if slices.ContainsFunc(c.Inputs, func(in assess.Input) bool {
				return slices.ContainsFunc(in.Evidence, func(id string) bool { return there[id] != d.Subject.ID })
			}) {
				breach(BreachNoEvidence, d, c.Clause)
			}
		}
		if !d.Corrected {
			for _, c := range run.failing(d.Score) {
				if !noted[[2]string{d.ID, c.Clause}] {
					breach(BreachNotRecorded, d, c.Clause)
				}
			}
		}
	}
	return found, nil
}

// named leaves of a subject what a case needs.
func named(s Subject) Subject {
	return Subject{ID: s.ID, Programme: s.Programme, Key: s.Key, Unit: s.Unit, UnitName: s.UnitName, Name: s.Name}
}

// evidenceThere tells of which subject each piece of evidence is that scores name.
func evidenceThere(ctx context.Context, tx *db.Tx, list []Decision) (map[string]string, error) {
	out, ids := map[string]string{}, []string{}
	for _, d := range list {
		for _, c := range d.Score.Clauses {
			for _, in := range c.Inputs {
				for _, id := range in.Evidence {
					if _, known := out[id]; !known {
						out[id] = ""
						ids = append(ids, id)
					}
				}
			}
		}
	}
	err := db.Chunks(ids, func(part []string) error {
		return tx.Each(ctx, "SELECT id, subject_id FROM evidence WHERE id IN ("+db.In(len(part), 1)+")", db.Args(part), func(scan func(...any) error) error {
			var id, subject string
			err := scan(&id, &subject)
			out[id] = subject
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("look for evidence: %w", err)
	}
	return out, nil
}

// findingsOf lists the findings of decisions, by decision and clause.
func findingsOf(ctx context.Context, tx *db.Tx, ids []string) (map[[2]string]bool, error) {
	out := map[[2]string]bool{}
	err := tx.Each(ctx, "SELECT decision_id, clause FROM finding WHERE decision_id IN ("+db.In(len(ids), 1)+")", db.Args(ids), func(scan func(...any) error) error {
		var key [2]string
		err := scan(&key[0], &key[1])
		out[key] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read findings: %w", err)
	}
	return out, nil
}

// checkFigures adds the verdicts of a round's decisions up again.
func (s *Site) checkFigures(ctx context.Context, tx *db.Tx, round string) (found []Breach, err error) {
	list, err := pinnedSubjects(ctx, tx, round)
	if err != nil {
		return nil, err
	}
	rates := clauseRates{}
	err = db.Chunks(list, func(part []pinned) error {
		units := map[string]string{}
		for _, p := range part {
			units[p.ID] = p.Unit
		}
		decided, err := s.decisionsWhere(ctx, tx, "d.round_id = $1 AND d.subject_id IN ("+db.In(len(part), 2)+")", db.Args(idsOf(part), any(round))...)
		for _, d := range decided {
			if !d.Corrected {
				rates.add(units[d.Subject.ID], d.Score)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	wrong := map[[2]string]bool{}
	err = tx.Each(ctx, "SELECT unit, clause, status, subjects, points, most FROM round_clause WHERE round_id = $1", []any{round}, func(scan func(...any) error) error {
		var key [3]string
		var subjects int
		var points, most int64
		if err := scan(&key[0], &key[1], &key[2], &subjects, &points, &most); err != nil {
			return err
		}
		c := rates[key]
		if c == nil {
			c = &clauseRate{}
		}
		if c.subjects != subjects || int64(c.points) != points || int64(c.most) != most {
			wrong[[2]string{key[0], key[1]}] = true
		}
		delete(rates, key)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read figures of round %s: %w", round, err)
	}
	for key := range rates { // not there at all
		wrong[[2]string{key[0], key[1]}] = true
	}
	r, _, err := s.round(ctx, tx, round)
	if err != nil {
		return nil, err
	}
	for key := range wrong {
		var name string
		if err := tx.Row(ctx, "SELECT name FROM unit WHERE code = $1", []any{key[0]}, &name); err != nil {
			return nil, err
		}
		found = append(found, Breach{Kind: BreachFigure, Subject: Subject{Programme: r.Programme, Unit: key[0], UnitName: name, Name: name}, Clause: key[1], Round: round, Title: r.Title})
	}
	slices.SortFunc(found, func(x, y Breach) int {
		return slices.Compare([]string{x.Subject.Unit, x.Clause}, []string{y.Subject.Unit, y.Clause})
	})
	return found, nil
}
