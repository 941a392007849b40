package bihuan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// change is what a transaction does to a subject that it holds, and what comes of it.
type change struct {
	sub      *heldSubject
	facts    []assess.Evidence // on file and counting, before this transaction
	added    []newEvidence
	gone     map[string]bool // withdrawn by this transaction
	moved    bool            // to another unit, or back, by this transaction
	mattered bool            // its matters moved in this transaction

	before, after map[string]standing // by party
}

// newEvidence is checked and about to be stored.
type newEvidence struct {
	assess.Evidence
	doc         string
	supersedes  string
	attachments []Attachment
}

// standing is a live score as stored.
type standing struct {
	Column
	clauses   string // packed
	asOf      programme.Day
	changedAt int64
}

// counting gives the evidence that counts after the change.
func (c *change) counting() []assess.Evidence {
	if len(c.added) == 0 && len(c.gone) == 0 {
		return c.facts
	}
	gone := maps.Clone(c.gone)
	if gone == nil {
		gone = map[string]bool{}
	}
	for _, n := range c.added {
		if n.supersedes != "" {
			gone[n.supersedes] = true
		}
	}
	out := make([]assess.Evidence, 0, len(c.facts)+len(c.added))
	for _, e := range c.facts {
		if !gone[e.ID] {
			out = append(out, e)
		}
	}
	for _, n := range c.added {
		if !gone[n.ID] {
			out = append(out, n.Evidence)
		}
	}
	return out
}

// settle is the one way in which evidence becomes scores: it assesses the subjects that change, stores what moved, and
// stores the evidence last, with its place in the programme's order. Filing, bulk imports, enrolment, withdrawals and new
// versions all end here. The caller holds the subjects.
func (s *Site) settle(ctx context.Context, tx *db.Tx, run *Running, changes []*change) error {
	all, err := s.withPeers(ctx, tx, run, changes)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(c *change) bool { return c.sub.Left }) // those that left have no live score
	for again := true; again; {                                                            // what rectifications end by it, rules may read in their turn
		if err := s.rescored(ctx, tx, run, all, false); err != nil {
			return err
		}
		if again, err = s.meetOf(ctx, tx, run, all); err != nil {
			return err
		}
	}
	if err := s.rename(ctx, tx, run, changes); err != nil {
		return err
	}
	return s.storeEvidence(ctx, tx, run, changes)
}

// meetOf ends the rectifications that changes have met, and tells whether rules may look at what moved by it.
func (s *Site) meetOf(ctx context.Context, tx *db.Tx, run *Running, changes []*change) (bool, error) {
	held, byID, ids := map[string]*heldSubject{}, map[string]*change{}, make([]string, len(changes))
	for i, c := range changes {
		sub := *c.sub
		sub.moment += int64(max(len(c.added), 1) - 1) // that of the evidence
		held[sub.ID], byID[sub.ID], ids[i] = &sub, c, sub.ID
	}
	moved, err := s.meet(ctx, tx, run, held, ids, func(subject string) ([]assess.Evidence, error) { return byID[subject].counting(), nil })
	for _, id := range moved {
		byID[id].mattered = true
	}
	return run.readsMatters && len(moved) > 0, err
}

// withPeers adds everybody else when the programme compares subjects: slow with many, but right.
func (s *Site) withPeers(ctx context.Context, tx *db.Tx, run *Running, changes []*change) ([]*change, error) {
	if !run.Assess.NeedsPopulation() {
		return changes, nil
	}
	known := map[string]bool{}
	for _, c := range changes {
		known[c.sub.ID] = true
	}
	ids, err := memberIDs(ctx, tx, run.Name)
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return known[id] })
	others, err := s.unchanged(ctx, tx, run, ids)
	return append(slices.Clone(changes), others...), err
}

// unchanged holds subjects and loads their evidence, to be scored anew.
func (s *Site) unchanged(ctx context.Context, tx *db.Tx, run *Running, ids []string) ([]*change, error) {
	held, err := s.hold(ctx, tx, ids, 1)
	if err != nil {
		return nil, err
	}
	facts, err := s.factsOf(ctx, tx, run, ids, nil)
	if err != nil {
		return nil, err
	}
	var out []*change
	for _, id := range ids {
		if held[id] != nil && !held[id].Left {
			out = append(out, &change{sub: held[id], facts: facts[id]})
		}
	}
	return out, nil
}

// memberIDs lists the subjects that have not left, by ID.
func memberIDs(ctx context.Context, tx *db.Tx, programme string) ([]string, error) {
	var ids []string
	err := tx.Each(ctx, "SELECT id FROM subject WHERE programme = $1 AND left_at IS NULL ORDER BY id", []any{programme},
		func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// rescored assesses subjects as of today in every column and stores what differs from before. anew forgets what was
// derived under another version.
func (s *Site) rescored(ctx context.Context, tx *db.Tx, run *Running, changes []*change, anew bool) error {
	if len(changes) == 0 {
		return nil
	}
	today, now := s.Today(), s.Now().UnixMicro()
	if err := readStandings(ctx, tx, changes); err != nil {
		return err
	}
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = c.sub.ID
	}
	matters, err := s.mattersOf(ctx, tx, run, ids, today, nil)
	if err != nil {
		return err
	}
	population := run.Assess.NewPopulation()
	for _, c := range changes {
		population.Put(assess.Subject{Key: c.sub.ID, Unit: c.sub.Unit, Evidence: c.counting(), Matters: matters[c.sub.ID]})
		c.after = make(map[string]standing, len(run.Parties))
	}
	for _, p := range run.Parties {
		result := run.Assess.Run(population, assess.Options{AsOf: today, Party: p.Name})
		for i, c := range changes {
			after := standing{Column{p.Name, result.Scored(i), result.Total(i), result.Grade(i)}, pack(run, result, i), today, now}
			if before, ok := c.before[p.Name]; ok && before.Column == after.Column {
				after.changedAt = before.changedAt
			}
			c.after[p.Name] = after
		}
	}
	if anew {
		if err := forget(ctx, tx, changes); err != nil {
			return err
		}
	}
	return storeStandings(ctx, tx, run, changes, today)
}

// readStandings reads the stored scores of the subjects.
func readStandings(ctx context.Context, tx *db.Tx, changes []*change) error {
	byID := make(map[string]*change, len(changes))
	ids := make([]string, len(changes))
	for i, c := range changes {
		byID[c.sub.ID], ids[i], c.before = c, c.sub.ID, map[string]standing{}
	}
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, "SELECT subject_id, party, scored, total, grade, clauses, as_of, changed_at FROM score WHERE subject_id IN ("+
			db.In(len(ids), 1)+")", db.Args(ids), func(scan func(...any) error) error {
			var id string
			var b standing
			if err := scan(&id, &b.Party, &b.Scored, &b.Total, &b.Grade, &b.clauses, &b.asOf, &b.changedAt); err != nil {
				return err
			}
			byID[id].before[b.Party] = b
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("read live scores: %w", err)
	}
	return nil
}

// forget deletes what was derived for the subjects. When a score last changed is kept in before.
func forget(ctx context.Context, tx *db.Tx, changes []*change) error {
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = c.sub.ID
		for p, b := range c.before {
			b.clauses = ""
			c.before[p] = b
		}
	}
	return db.Chunks(ids, func(ids []string) error {
		for _, table := range []string{"score", "score_clause", "form_due", "judge_due"} {
			query := "DELETE FROM " + table + " WHERE subject_id IN (" + db.In(len(ids), 1) + ")"
			if table == "judge_due" {
				query += " AND round_id = ''"
			}
			if _, err := tx.Exec(ctx, query, db.Args(ids)...); err != nil {
				return fmt.Errorf("forget %s: %w", table, err)
			}
		}
		return nil
	})
}

// storeStandings stores the scores, and of verdicts, judging and due forms only what differs.
func storeStandings(ctx context.Context, tx *db.Tx, run *Running, changes []*change, today programme.Day) error {
	var scores, verdicts, judging [][]any
	var unverdict, unjudge [][]string
	deciding := run.Deciding()
	for _, c := range changes {
		id := c.sub.ID
		for _, p := range run.Parties {
			before, after := c.before[p.Name], c.after[p.Name]
			if before != after {
				scores = append(scores, []any{id, p.Name, after.Scored, int64(after.Total), after.Grade, after.clauses, int64(after.asOf), after.changedAt})
			}
			if before.clauses == after.clauses {
				continue
			}
			for _, m := range moves(before.clauses, after.clauses) {
				if p.Name == deciding && m.gone {
					unverdict = append(unverdict, []string{id, m.Clause})
				} else if p.Name == deciding {
					verdicts = append(verdicts, []any{id, m.Clause, m.After.String(), int64(m.PointsAfter)})
				}
				if run.judged[m.Clause] == nil {
					continue
				}
				was, is := !m.isNew && m.Before == assess.Pending, !m.gone && m.After == assess.Pending
				if is && !was {
					judging = append(judging, []any{id, p.Name, m.Clause, ""})
				} else if was && !is {
					unjudge = append(unjudge, []string{id, p.Name, m.Clause})
				}
			}
		}
	}
	if err := tx.Insert(ctx, "score (subject_id, party, scored, total, grade, clauses, as_of, changed_at)", scores,
		`ON CONFLICT (subject_id, party) DO UPDATE SET scored = excluded.scored, total = excluded.total, grade = excluded.grade,
		clauses = excluded.clauses, as_of = excluded.as_of, changed_at = excluded.changed_at`); err != nil {
		return err
	}
	if err := tx.Insert(ctx, "score_clause (subject_id, clause, status, points)", verdicts,
		"ON CONFLICT (subject_id, clause) DO UPDATE SET status = excluded.status, points = excluded.points"); err != nil {
		return err
	}
	if err := tx.Insert(ctx, "judge_due (subject_id, party, clause, round_id)", judging,
		"ON CONFLICT (subject_id, party, clause, round_id) DO NOTHING"); err != nil {
		return err
	}
	for _, u := range unverdict {
		if _, err := tx.Exec(ctx, "DELETE FROM score_clause WHERE subject_id = $1 AND clause = $2", u[0], u[1]); err != nil {
			return err
		}
	}
	for _, u := range unjudge {
		if _, err := tx.Exec(ctx, "DELETE FROM judge_due WHERE subject_id = $1 AND party = $2 AND clause = $3 AND round_id = ''", u[0], u[1], u[2]); err != nil {
			return err
		}
	}
	return storeDue(ctx, tx, run, changes, today)
}

// pack writes the verdict and points of every clause into one text: "1.1.1 1 10000000;…".
func pack(run *Running, r *assess.Result, row int) string {
	b := make([]byte, 0, 24*len(run.clauses))
	for i, c := range run.clauses {
		b = append(b, c.Clause...)
		b = append(b, ' ', '0'+byte(r.Status(row, i)), ' ')
		b = strconv.AppendInt(b, int64(r.Points(row, i)), 10)
		b = append(b, ';')
	}
	return string(b)
}

// verdictOf is one clause of a packed text.
type verdictOf struct {
	verdict assess.Verdict
	points  assess.Points
}

func unpack(packed string) (clauses []string, verdicts map[string]verdictOf) {
	verdicts = map[string]verdictOf{}
	for item := range strings.SplitSeq(packed, ";") {
		clause, rest, ok := strings.Cut(item, " ")
		status, points, ok2 := strings.Cut(rest, " ")
		if !ok || !ok2 || len(status) != 1 {
			continue
		}
		n, err := strconv.ParseInt(points, 10, 64)
		if err != nil {
			continue
		}
		clauses = append(clauses, clause)
		verdicts[clause] = verdictOf{assess.Verdict(status[0] - '0'), assess.Points(n)}
	}
	return clauses, verdicts
}

type move struct {
	ClauseMove
	isNew, gone bool
}

// moves lists the clauses whose verdict or points differ, in the order of the standard.
func moves(before, after string) []move {
	var out []move
	was, old := unpack(before)
	is, now := unpack(after)
	for _, c := range is {
		o, ok := old[c]
		n := now[c]
		if !ok || o != n {
			out = append(out, move{ClauseMove{c, o.verdict, n.verdict, o.points, n.points}, !ok, false})
		}
	}
	for _, c := range was {
		if _, ok := now[c]; !ok {
			out = append(out, move{ClauseMove{Clause: c, Before: old[c].verdict, PointsBefore: old[c].points}, false, true})
		}
	}
	return out
}

// rename keeps the subject's name as its own fields give it now.
func (s *Site) rename(ctx context.Context, tx *db.Tx, run *Running, changes []*change) error {
	for _, c := range changes {
		if len(c.gone) == 0 && !slices.ContainsFunc(c.added, func(n newEvidence) bool { return n.Form == programme.SubjectForm }) {
			continue
		}
		name := run.nameOf(whatItIs(c.counting(), s.Today()), c.sub.Key)
		if name == c.sub.Name {
			continue
		}
		if _, err := tx.Exec(ctx, "UPDATE subject SET name = $2, terms = $3, sort = $4 WHERE id = $1",
			c.sub.ID, name, searchTerms(name, c.sub.Key), sortKey(name)); err != nil {
			return fmt.Errorf("rename %s: %w", c.sub.ID, err)
		}
	}
	return nil
}

// nameOf gives what a subject is called: the field that the programme names, else its first text, else its key.
func (r *Running) nameOf(v programme.Values, key string) string {
	for _, f := range r.Subject.Fields {
		if r.Subject.Name == f.Name || r.Subject.Name == "" && f.Type == programme.TextType && f.Name != r.Subject.Key {
			if name, ok := v[f.Name].(string); ok {
				return name
			}
		}
	}
	return key
}

// storeEvidence stores what was added, in the order of the changes, and numbers it.
func (s *Site) storeEvidence(ctx context.Context, tx *db.Tx, run *Running, changes []*change) error {
	n := 0
	for _, c := range changes {
		n += len(c.added)
	}
	seq, err := takeSeq(ctx, tx, run, n)
	if err != nil {
		return err
	}
	var touched []string
	var rows, blobs, superseding [][]any
	for _, c := range changes {
		if c.moved || c.mattered || len(c.gone) > 0 {
			touched = append(touched, c.sub.ID)
		}
		for _, e := range c.added {
			row := []any{e.ID, seq, run.Name, c.sub.ID, e.Form, int64(e.On), e.Recorded, e.By, e.Filer, run.Version.ID, e.doc, nullable(e.supersedes)}
			seq++
			if e.supersedes == "" {
				rows = append(rows, row)
			} else {
				superseding = append(superseding, row) // may point at one of this very transaction
			}
			for i, x := range e.attachments {
				blobs = append(blobs, []any{e.ID, x.Field, i, x.SHA256, x.Name})
			}
		}
	}
	if err := noteChanged(ctx, tx, run, touched); err != nil {
		return err
	}
	const into = "evidence (id, seq, programme, subject_id, form, valid_on, recorded_at, by_party, account_id, version_id, doc, supersedes)"
	for _, part := range [][][]any{rows, superseding} {
		if err := tx.Insert(ctx, into, part, ""); err != nil {
			return err
		}
	}
	return tx.Insert(ctx, "evidence_blob (evidence_id, field, position, sha256, name)", blobs, "")
}
