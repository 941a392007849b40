package bihuan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// A clause that fails in a decided round is followed up: the rules raise a rectification (整改) that ends when new evidence meets
// the clause, or with a waiver that has a name and a reason. Nobody closes it by saying so.

// The matters that every programme has, its own or those of the language.
const (
	rectificationMatter = "rectification"
	objectionMatter     = "objection"
	appealMatter        = "appeal"
)

// finding is a clause that fails in a decision.
type finding struct {
	decision, subject string
	clause            assess.ClauseScore
}

// failing lists the clauses of a decided score that have to be followed up: those unmet or missing that ask for something. A
// recommendation or a permission asks for nothing, extra points are nobody's duty, and what has its points in full by the
// standard's own word for missing facts is not failing. Who is excluded by a veto was not assessed; who fails a gate was not scored, and
// what he has to put right first is that gate.
func (r *Running) failing(score assess.Score) []assess.ClauseScore {
	if slices.ContainsFunc(score.Struck, func(x assess.Struck) bool { return x.Effect == programme.Exclude && x.State == assess.InForce }) {
		return nil
	}
	var out, gates []assess.ClauseScore
	for _, x := range score.Clauses {
		c, ok := r.Clause(x.Clause)
		switch {
		case !ok, x.Status != assess.Unmet && x.Status != assess.Missing:
		case c.Kind == "recommendation", c.Kind == "permission", r.bonus[x.Clause]:
		case x.Most > 0 && x.Points >= x.Most:
		case c.Gate:
			gates = append(gates, x)
		default:
			out = append(out, x)
		}
	}
	if len(gates) > 0 {
		return gates
	}
	return out
}

// byDegree tells whether a clause earns points by how much of it is there: by cases, steps, shares or a judgement. What raised a rectification of
// such a clause was that nothing was there, and full points are not owed: they may need a year, or everybody's contentment.
func (r *Running) byDegree(clause string) bool {
	c, ok := r.Clause(clause)
	return ok && c.Pass == nil && len(c.Ticks) == 0
}

// rectify notes the findings of decisions and raises a rectification for each clause that has none open. The subjects are held,
// and their next moment is after what was known for the decisions.
func (s *Site) rectify(ctx context.Context, tx *db.Tx, run *Running, round string, held map[string]*heldSubject, found []finding) error {
	x, err := s.process(run, rectificationMatter)
	if err != nil {
		return err
	}
	open, err := openRectifications(ctx, tx, subjectsOf(found))
	if err != nil {
		return err
	}
	w := writes{quiet: true}
	var rows [][]any
	raised := map[string][]*stored{}
	for _, f := range found {
		key := [2]string{f.subject, f.clause.Clause}
		if _, there := open[key]; !there && !held[f.subject].Left {
			sub := *held[f.subject] // all rectifications of a decision arise at one moment
			h := heldForMatter{run: run, sub: &sub}
			m, err := s.begin(ctx, tx, &w, h, run.rectification(x, round, f))
			if err != nil {
				return fmt.Errorf("rectification of %s: %w", f.clause.Clause, err)
			}
			open[key] = m.ID
			raised[f.subject] = append(raised[f.subject], &m)
		}
		rows = append(rows, []any{f.decision, f.clause.Clause, f.clause.Status.String(), nullable(open[key])})
	}
	w.quiet = false
	for _, id := range subjectsOf(found) { // one notice for each subject and person, not for each clause
		if list := raised[id]; len(list) > 0 {
			if err := s.tellThem(ctx, tx, &w, list[0], "turn", list[0].state.Holder, asked(list)); err != nil {
				return err
			}
		}
	}
	if err := s.store(ctx, tx, &w); err != nil {
		return err
	}
	if err := tx.Insert(ctx, "finding (decision_id, clause, status, matter_id)", rows, ""); err != nil {
		return err
	}
	if run.readsMatters && !x.BuiltIn { // rules may read the programme's own rectifications
		return s.settleMattered(ctx, tx, run, held, subjectsOf(found))
	}
	_, err = s.meet(ctx, tx, run, held, subjectsOf(found), func(subject string) ([]assess.Evidence, error) { // what was put right since the columns were handed in
		facts, err := s.factsOf(ctx, tx, run, []string{subject}, nil)
		return facts[subject], err
	})
	return err
}

// settleMattered scores subjects anew whose matters moved in this transaction.
func (s *Site) settleMattered(ctx context.Context, tx *db.Tx, run *Running, held map[string]*heldSubject, subjects []string) error {
	facts, err := s.factsOf(ctx, tx, run, subjects, nil)
	if err != nil {
		return err
	}
	var changes []*change
	for _, id := range subjects {
		changes = append(changes, &change{sub: held[id], facts: facts[id], mattered: true})
	}
	return s.settle(ctx, tx, run, changes)
}

// asked says in one sentence what a subject has to put right.
func asked(list []*stored) programme.Text {
	var clauses []string
	for _, m := range list {
		clauses = append(clauses, m.Clause)
	}
	which := strings.Join(clauses[:min(len(clauses), 8)], "、")
	if len(clauses) > 8 {
		which += "…"
	}
	name, due := list[0].Subject.Name, list[0].x.Clock(list[0].state, list[0].x.Calendar)
	if !due.Runs {
		return programme.T("{0}有 {1} 条需要整改：{2}", "{0}: {1} clauses to put right: {2}").Fill(name, len(list), which)
	}
	return programme.T("{0}有 {1} 条需要整改，{2}前完成：{3}", "{0}: {1} clauses to put right by {2}: {3}").Fill(name, len(list), due.Due, which)
}

func subjectsOf(found []finding) (ids []string) {
	for _, f := range found {
		if len(ids) == 0 || ids[len(ids)-1] != f.subject {
			ids = append(ids, f.subject)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// openRectifications gives the rectifications that run, by subject and clause.
func openRectifications(ctx context.Context, tx *db.Tx, subjects []string) (map[[2]string]string, error) {
	out := map[[2]string]string{}
	err := db.Chunks(subjects, func(part []string) error {
		return tx.Each(ctx, "SELECT subject_id, clause, id FROM matter WHERE name = $1 AND outcome = '' AND clause <> '' AND subject_id IN ("+db.In(len(part), 2)+") ORDER BY id",
			db.Args(part, any(rectificationMatter)), func(scan func(...any) error) error {
				var subject, clause, id string
				err := scan(&subject, &clause, &id)
				out[[2]string{subject, clause}] = id
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("open rectifications: %w", err)
	}
	return out, nil
}

// rectification says what was found on a clause, and what would meet it.
func (r *Running) rectification(x *programme.Process, round string, f finding) beginning {
	b := beginning{x: x, roles: []string{programme.SystemRole}, clause: f.clause.Clause, round: round, title: titleOfResult(r, f.clause.Clause), values: programme.Values{}}
	would := r.wouldMeet(f.clause)
	b.told = programme.T("{0} 需要的佐证：{1}", "{0} Evidence that would meet it: {1}").Fill(f.clause.Why, would)
	form, _ := x.Form(x.Matter.Raise.Form)
	for name, text := range map[string]string{"clause": f.clause.Clause, fieldFound: f.clause.Why.In(programme.Zh), fieldWould: would.In(programme.Zh)} {
		if form != nil && slices.ContainsFunc(form.Fields, func(p *programme.Field) bool { return p.Name == name && p.Type == programme.TextType }) {
			b.values[name] = text
		}
	}
	return b
}

// The fields of a rectification that the rules fill in, in Chinese: what was found on the clause, and what would meet it.
const (
	fieldFound = "what"
	fieldWould = "evidence"
)

// tellFindings says in both languages what the rules filled in when they raised a rectification: the decisions that found it hold the
// reasons, its version the names of forms.
func (s *Site) tellFindings(ctx context.Context, tx *db.Tx, m stored, forms []MatterForm) error {
	i := slices.IndexFunc(forms, func(f MatterForm) bool { return f.Form == m.x.Matter.Raise.Form })
	if m.Name != rectificationMatter || i < 0 {
		return nil
	}
	f := &forms[i]
	f.Told = map[string]programme.Text{}
	err := tx.Each(ctx, "SELECT d.doc FROM finding x JOIN decision d ON d.id = x.decision_id WHERE x.matter_id = $1 ORDER BY d.decided_at, d.id", []any{m.ID}, func(scan func(...any) error) error {
		var doc []byte
		if err := scan(&doc); err != nil {
			return err
		}
		score, err := unpackScore(doc)
		for _, c := range score.Clauses {
			if c.Clause != m.Clause {
				continue
			}
			for name, t := range map[string]programme.Text{fieldFound: c.Why, fieldWould: m.run.wouldMeet(c)} {
				if f.Values[name] == t.In(programme.Zh) {
					f.Told[name] = t
				}
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("what rectification %s asks for: %w", m.ID, err)
	}
	return nil
}

// wouldMeet names the evidence that a clause looks for: the facts that it lacks, or else the forms that it reads.
func (r *Running) wouldMeet(x assess.ClauseScore) programme.Text {
	var zh, en []string
	add := func(t programme.Text) {
		if !slices.Contains(zh, t.In(programme.Zh)) {
			zh, en = append(zh, t.In(programme.Zh)), append(en, t.In(programme.En))
		}
	}
	for _, l := range x.Lacks {
		if f := r.forms[l.Form]; f != nil && l.Field != "" {
			add(programme.T("{0}·{1}（{2}）", "{0} · {1} ({2})").Fill(formTitle(f), l.Title, l.Reason))
		} else {
			add(programme.T("{0}（{1}）", "{0} ({1})").Fill(l.Title, l.Reason))
		}
	}
	if c, ok := r.Clause(x.Clause); ok && len(zh) == 0 {
		for _, name := range readBy(c) {
			if f := r.forms[name]; f != nil && name != programme.SubjectForm && name != programme.JudgementForm {
				add(formTitle(f))
			}
		}
		if c.Judged != nil {
			add(programme.T("评定人员的新评定", "a new judgement"))
		}
	}
	if len(zh) == 0 {
		return programme.T("符合条款的佐证", "evidence that meets the clause")
	}
	return programme.T(strings.Join(zh, "、"), strings.Join(en, ", "))
}

// readBy lists the forms that a clause reads.
func readBy(c *programme.Clause) []string {
	forms := slices.Clone(c.Evidence)
	for _, e := range expressionsOf(c) {
		for _, read := range e.Reads() {
			forms = append(forms, read.Form)
		}
	}
	return forms
}

// clauseReads tells whether a clause looks at a piece of evidence: its forms, and judgements of itself.
func clauseReads(c *programme.Clause, form string, values programme.Values) bool {
	if form == programme.JudgementForm {
		return values["clause"] == c.Clause
	}
	return slices.Contains(readBy(c), form)
}

// metBy says what put a clause right: of the evidence that counts and that the clause reads, what was filed last.
func (s *Site) metBy(run *Running, clause string, counting []assess.Evidence) programme.Text {
	c, ok := run.Clause(clause)
	if !ok {
		return programme.T("规范中已没有这一条款。", "The standard no longer has the clause.")
	}
	var last assess.Evidence
	for _, e := range counting {
		if clauseReads(c, e.Form, e.Values) && e.Recorded >= last.Recorded {
			last = e
		}
	}
	f := run.forms[last.Form]
	if f == nil {
		return programme.T("新的佐证符合条款。", "New evidence meets the clause.")
	}
	return programme.T("新的佐证符合条款：{0}，{1} 填报。", "New evidence meets the clause: {0}, filed {1}.").Fill(formTitle(f), s.dayOf(last.Recorded))
}

// meet ends the rectifications of subjects whose clause is met by now, or no longer applies, in the deciding column; of a clause by
// degree also one that is met in part. The subjects are held, and their live scores are stored; counting gives the evidence of one of
// them. It tells whose rectifications ended that rules may read.
func (s *Site) meet(ctx context.Context, tx *db.Tx, run *Running, held map[string]*heldSubject, subjects []string,
	counting func(subject string) ([]assess.Evidence, error)) ([]string, error) {
	told := func(subject, clause, status string) (programme.Text, error) {
		if status == assess.NotApplicable.String() {
			return programme.T("条款不再适用。", "The clause no longer applies."), nil
		}
		evidence, err := counting(subject)
		return s.metBy(run, clause, evidence), err
	}
	return s.endRectifications(ctx, tx, held, subjects, told, "c.status IS NULL OR c.status IN ('met', 'partly', 'not_applicable')",
		func(clause, status string) bool { return status != "partly" || run.byDegree(clause) })
}

// endRectifications takes the step of the rules in those open rectifications m of subjects for which a condition holds, of the matter or
// of the live outcome c of its clause, and that are chosen by the clause and that outcome's status. What is told of it follows from the
// subject, the clause and the status.
func (s *Site) endRectifications(ctx context.Context, tx *db.Tx, held map[string]*heldSubject, subjects []string,
	told func(subject, clause, status string) (programme.Text, error), when string, chosen func(clause, status string) bool) (read []string, err error) {
	type ending struct{ id, clause, status string }
	var list []ending
	err = db.Chunks(subjects, func(part []string) error {
		return tx.Each(ctx, `SELECT m.id, m.clause, COALESCE(c.status, '') FROM matter m LEFT JOIN score_clause c ON c.subject_id = m.subject_id AND c.clause = m.clause
			WHERE m.name = $1 AND m.outcome = '' AND m.clause <> '' AND (`+when+`) AND m.subject_id IN (`+
			db.In(len(part), 2)+") ORDER BY m.id", db.Args(part, any(rectificationMatter)), func(scan func(...any) error) error {
			var e ending
			err := scan(&e.id, &e.clause, &e.status)
			if chosen(e.clause, e.status) {
				list = append(list, e)
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("rectifications that are met: %w", err)
	}
	w := writes{}
	for _, e := range list {
		m, err := s.lockMatter(ctx, tx, e.id)
		if err != nil {
			return nil, err
		}
		why, err := told(m.Subject.ID, e.clause, e.status)
		if err != nil {
			return nil, err
		}
		sub := *held[m.Subject.ID]
		ended, err := s.systemStep(ctx, tx, &w, heldForMatter{run: m.run, sub: &sub}, &m, why)
		if err != nil {
			return nil, err
		}
		if ended && !m.x.BuiltIn {
			read = append(read, m.Subject.ID)
		}
	}
	return read, s.store(ctx, tx, &w)
}

// systemStep takes the action that the rules themselves have in a matter's stage, if there is one.
func (s *Site) systemStep(ctx context.Context, tx *db.Tx, w *writes, h heldForMatter, m *stored, told programme.Text) (bool, error) {
	st, ok := m.x.Matter.Stage(m.state.Stage)
	if !ok {
		return false, nil
	}
	i := slices.IndexFunc(st.Actions, func(a *programme.Action) bool { return slices.Contains(a.By, programme.SystemRole) })
	if i < 0 {
		return false, nil
	}
	moment := h.next()
	e := programme.Event{Kind: programme.EventAct, Action: st.Actions[i].Name, At: s.moment(moment), Roles: []string{programme.SystemRole}}
	before := m.state
	next, effects, err := m.x.Next(before, e)
	if err != nil {
		return false, fmt.Errorf("step of the rules in matter %s: %w", m.ID, err)
	}
	m.state = next
	w.event(m, before.Stage, e, programme.SystemRole, "", moment, told)
	return true, s.follow(ctx, tx, w, h, m, e, effects)
}
