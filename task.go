package bihuan

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// TaskKind is what has to be done.
type TaskKind string

// The kinds of tasks, in the order of the list.
const (
	TaskDecide TaskKind = "decide" // a round whose step has ended
	TaskAnswer TaskKind = "answer" // an objection without an answer
	TaskMatter TaskKind = "matter" // a matter whose turn it is the actor's
	TaskVote   TaskKind = "vote"   // a ballot in which the actor may vote
	TaskSubmit TaskKind = "submit" // columns to hand in
	TaskFile   TaskKind = "file"   // a form due within 30 days, overdue, or stale
	TaskJudge  TaskKind = "judge"  // a clause that waits for a judgement
)

// TaskKinds lists the kinds in their order.
var TaskKinds = []TaskKind{TaskDecide, TaskAnswer, TaskMatter, TaskVote, TaskSubmit, TaskFile, TaskJudge}

// Text gives the word for a kind of task.
func (k TaskKind) Text() programme.Text {
	switch k {
	case TaskDecide:
		return programme.T("推进考核", "move a round on")
	case TaskAnswer:
		return programme.T("答复异议", "answer objections")
	case TaskMatter:
		return programme.T("办理事项", "handle matters")
	case TaskVote:
		return programme.T("评价表决", "vote")
	case TaskSubmit:
		return programme.T("提交评分", "hand in scores")
	case TaskFile:
		return programme.T("填报材料", "file forms")
	case TaskJudge:
		return programme.T("评定条款", "judge clauses")
	}
	return programme.Text{}
}

// Task is something the actor has to do (待办).
type Task struct {
	Kind       TaskKind
	Programme  string
	Subject    *Subject // nil: of a whole round
	Form       string
	Clause     string
	Round      string // its ID
	RoundTitle string
	Party      string // whose column
	Objection  string // its ID
	Matter     *Matter
	Ballot     string // its ID
	Title      programme.Text
	Due        programme.Day // last day to do it; 0: none
	Overdue    bool
	Stale      bool // of a form: the last one no longer counts
	Count      int  // how many columns wait, of a whole round; otherwise 1
}

// TaskQuery selects tasks of the actor.
type TaskQuery struct {
	Kind      TaskKind // empty: all
	Programme string   // empty: all
	Unit      string   // and below; empty: all
	Page
}

// Tasks are counts of all that the query selects but for its Kind, and a part of the list.
type Tasks struct {
	Counts  map[TaskKind]int // of every kind; columns to hand in count one by one
	Overdue int              // of all kinds together
	Total   int              // entries in the whole list of the queried kind, for paging
	List    []Task
}

// dueWithin is how many days before a form is due it becomes a task.
const dueWithin = 30

// Tasks counts and lists what the actor has to do. A form is the task of the first of those who may file it; what has to be
// judged or handed in, of the party under way; a matter, of those whose turn it is; a ballot, of whom it invites; the rest, of those
// who lead a round. Within a kind the most urgent come first.
func (s *Site) Tasks(ctx context.Context, a Actor, q TaskQuery) (Tasks, error) {
	if a.Visitor() {
		return Tasks{}, signInFirst()
	}
	t := Tasks{Counts: map[TaskKind]int{}}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		piles, err := s.piles(ctx, tx, a, q)
		if err != nil {
			return err
		}
		var answered []string // an objection is a matter, too: it is one task, not two
		for _, p := range piles {
			answered = append(answered, p.objections...)
		}
		matters, err := s.matterPile(ctx, tx, a, q, answered)
		if err != nil {
			return err
		}
		votes, err := s.votePile(ctx, tx, a, q)
		if err != nil {
			return err
		}
		piles = append(piles, matters, votes)
		limit, offset := q.clip()
		for _, kind := range TaskKinds {
			t.Counts[kind] = 0
			for _, p := range piles {
				if p.kind != kind {
					continue
				}
				t.Counts[kind] += p.work
				t.Overdue += p.overdue
				if q.Kind != "" && q.Kind != kind {
					continue
				}
				t.Total += p.entries
				if offset >= p.entries {
					offset -= p.entries
					continue
				}
				if n := min(limit-len(t.List), p.entries-offset); n > 0 {
					list, err := p.list(n, offset)
					if err != nil {
						return fmt.Errorf("list tasks to %s: %w", kind, err)
					}
					t.List = append(t.List, list...)
				}
				offset = 0
			}
		}
		return nil
	})
	if err != nil {
		return Tasks{}, fmt.Errorf("tasks of %s: %w", a.ID, err)
	}
	return t, nil
}

// pile is the tasks of one kind in one programme: counted, and listed only as far as somebody looks.
type pile struct {
	kind                   TaskKind
	entries, work, overdue int
	list                   func(limit, offset int) ([]Task, error)
	objections             []string // that are tasks of this pile
}

// piles counts the tasks that follow from the roles of the actor, by kind and programme.
func (s *Site) piles(ctx context.Context, tx *db.Tx, a Actor, q TaskQuery) ([]pile, error) {
	var names, piles = []string{}, []pile{}
	for _, g := range a.Grants {
		if g.Programme != "" && (q.Programme == "" || q.Programme == g.Programme) && !slices.Contains(names, g.Programme) {
			names = append(names, g.Programme)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		run, err := s.runningIn(ctx, tx, name)
		if k, refused := KindOf(err); refused && k == NotFound {
			continue // granted before it was published
		}
		if err != nil {
			return nil, err
		}
		leading, err := s.roundTasks(ctx, tx, a, run, q)
		if err != nil {
			return nil, err
		}
		for _, f := range []func(context.Context, *db.Tx, Actor, *Running, TaskQuery) (pile, error){s.answerPile, s.filePile, s.judgePile} {
			p, err := f(ctx, tx, a, run, q)
			if err != nil {
				return nil, err
			}
			piles = append(piles, p)
		}
		piles = append(piles, leading...)
	}
	return piles, nil
}

// pileOf makes a pile of tasks that are at hand.
func pileOf(kind TaskKind, tasks []Task) pile {
	p := pile{kind: kind, entries: len(tasks), list: func(limit, offset int) ([]Task, error) { return tasks[offset : offset+limit], nil }}
	for _, t := range tasks {
		p.work += t.Count
		if t.Overdue {
			p.overdue += t.Count
		}
	}
	return p
}

// roundTasks gives the columns to hand in and the steps to close, of rounds that are not decided.
func (s *Site) roundTasks(ctx context.Context, tx *db.Tx, a Actor, run *Running, q TaskQuery) ([]pile, error) {
	var ids []string
	err := tx.Each(ctx, "SELECT id FROM round WHERE programme = $1 AND decided_at IS NULL ORDER BY opened_at, id", []any{run.Name},
		func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	if err != nil {
		return nil, err
	}
	var submit, decide []Task
	for _, id := range ids {
		r, pinned, err := s.round(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if t, ok, err := s.submitTask(ctx, tx, a, pinned, r, q); err != nil {
			return nil, err
		} else if ok {
			submit = append(submit, t)
		}
		leads, err := s.leads(ctx, tx, a, pinned, r, q)
		if err != nil {
			return nil, err
		}
		if t, ok := s.moveOnTask(r); ok && leads {
			decide = append(decide, t)
		}
	}
	return []pile{pileOf(TaskDecide, decide), pileOf(TaskSubmit, submit)}, nil
}

// leads reports whether the actor may close the step under way, or decide, and asked for a unit that the round touches.
func (s *Site) leads(ctx context.Context, tx *db.Tx, a Actor, run *Running, r Round, q TaskQuery) (bool, error) {
	parties := []string{r.Decides}
	if step, ok := r.UnderWay(); ok && step.Name != Publicity {
		parties = append(parties, step.Name)
	}
	leads, err := s.holds(ctx, tx, a, run, r.Unit, parties...)
	if err != nil || !leads || q.Unit == "" {
		return leads, err
	}
	var n int
	err = tx.Row(ctx, "SELECT count(*) FROM unit_within WHERE unit = $1 AND within = $2", []any{r.Unit, q.Unit}, &n)
	return n > 0, err
}

// moveOnTask is the task to bring a round on, once its step has ended or everything is handed in.
func (s *Site) moveOnTask(r Round) (Task, bool) {
	t := Task{Kind: TaskDecide, Programme: r.Programme, Round: r.ID, RoundTitle: r.Title, Party: r.Decides, Count: 1}
	step, ok := r.UnderWay()
	if !ok {
		t.Title = programme.T("评定：{0}", "decide: {0}").Fill(r.Title)
		return t, true
	}
	t.Due, t.Overdue = step.Ends, step.Ends < s.Today()
	switch {
	case step.Name == Publicity && t.Overdue && r.OpenObjections == 0:
		t.Title = programme.T("公示期满，可以评定：{0}", "publicity is over, decide: {0}").Fill(r.Title)
		return t, true
	case step.Name == Publicity:
		return t, false // those with objections have to answer first, which is a task of its own
	case step.HandedIn == r.Subjects:
		t.Title = programme.T("“{1}”已全部提交，可以结束：{0}", "all of {1} is handed in, close it: {0}").Fill(r.Title, step.Title)
		return t, true
	}
	t.Title = programme.T("“{1}”已到期，请结束：{0}", "{1} has ended, close it: {0}").Fill(r.Title, step.Title)
	return t, t.Overdue
}

// submitTask is the task to hand in the columns of the step under way that are still out.
func (s *Site) submitTask(ctx context.Context, tx *db.Tx, a Actor, run *Running, r Round, q TaskQuery) (Task, bool, error) {
	step, ok := r.UnderWay()
	if !ok || step.Name == Publicity {
		return Task{}, false, nil
	}
	units := grantUnits(a, run.Name, rolesOf(run, []string{step.Name})...)
	if len(units) == 0 {
		return Task{}, false, nil
	}
	args := []any{r.ID, step.Name}
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	where := `FROM round_subject rs JOIN subject s ON s.id = rs.subject_id
		WHERE rs.round_id = $1 AND NOT EXISTS (SELECT 1 FROM round_column c WHERE c.round_id = rs.round_id AND c.subject_id = rs.subject_id
			AND c.party = $2) AND ` + withinUnits("s.unit", units, arg)
	if q.Unit != "" {
		where += " AND " + withinUnits("s.unit", []string{q.Unit}, arg)
	}
	t := Task{Kind: TaskSubmit, Programme: run.Name, Round: r.ID, RoundTitle: r.Title, Party: step.Name, Due: step.Ends,
		Overdue: step.Ends < s.Today(), Title: programme.T("提交{0}：{1}", "hand in {0}: {1}").Fill(step.Title, r.Title)}
	if err := tx.Row(ctx, "SELECT count(*) "+where, args, &t.Count); err != nil || t.Count == 0 {
		return t, false, err
	}
	if t.Count > 1 {
		return t, true, nil
	}
	var b subjectBrief
	if err := tx.Row(ctx, "SELECT "+briefSubject+" "+where, args, b.into()...); err != nil {
		return t, false, err
	}
	only := b.subject(s)
	t.Subject = &only
	return t, true, nil
}

// answerPile are the open objections that the actor has to answer.
func (s *Site) answerPile(ctx context.Context, tx *db.Tx, a Actor, run *Running, q TaskQuery) (pile, error) {
	args := []any{run.Name}
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	var kinds []string
	for _, k := range run.Rounds {
		if units := grantUnits(a, run.Name, rolesOf(run, []string{kindDecides(run, k)})...); len(units) > 0 {
			kinds = append(kinds, "r.kind = "+arg(k.Name)+" AND "+withinUnits("s.unit", units, arg))
		}
	}
	if len(kinds) == 0 {
		return pile{kind: TaskAnswer}, nil
	}
	where := `r.programme = $1 AND r.decided_at IS NULL AND j.outcome = '' AND (` + strings.Join(kinds, " OR ") + ")"
	if q.Unit != "" {
		where += " AND " + withinUnits("s.unit", []string{q.Unit}, arg)
	}
	list, err := s.objections(ctx, tx, "j.round_id IN (SELECT id FROM round WHERE programme = $1 AND decided_at IS NULL) AND EXISTS (SELECT 1 FROM round r WHERE r.id = j.round_id AND "+where+")", args...)
	if err != nil {
		return pile{}, err
	}
	slices.Reverse(list) // the oldest first
	var tasks []Task
	var ids []string
	for _, o := range list {
		r, _, err := s.round(ctx, tx, o.Round)
		if err != nil {
			return pile{}, err
		}
		t := Task{Kind: TaskAnswer, Programme: run.Name, Subject: &o.Subject, Clause: o.Clause, Round: o.Round, RoundTitle: r.Title,
			Party: r.Decides, Objection: o.ID, Count: 1, Title: programme.T("答复异议：{0}", "answer an objection: {0}").Fill(o.Subject.Name)}
		if step, ok := r.UnderWay(); ok {
			t.Due, t.Overdue = step.Ends, step.Ends < s.Today()
		}
		tasks, ids = append(tasks, t), append(ids, o.ID)
	}
	p := pileOf(TaskAnswer, tasks)
	p.objections = ids
	return p, nil
}

// filePile are the forms that the actor has to file: those whose first filer he is.
func (s *Site) filePile(ctx context.Context, tx *db.Tx, a Actor, run *Running, q TaskQuery) (pile, error) {
	today := s.Today()
	args := []any{run.Name, int64(today + dueWithin)}
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	byRole := map[string][]string{}
	for _, f := range run.Forms {
		if first := run.filers(f); run.expected[f.Name] != nil && len(first) > 0 {
			byRole[first[0].role] = append(byRole[first[0].role], f.Name)
		}
	}
	var mine []string
	for role, forms := range byRole {
		units := grantUnits(a, run.Name, role)
		if len(units) == 0 {
			continue
		}
		in := make([]string, len(forms))
		for i, f := range forms {
			in[i] = arg(f)
		}
		mine = append(mine, "d.form IN ("+strings.Join(in, ",")+") AND "+withinUnits("s.unit", units, arg))
	}
	if len(mine) == 0 {
		return pile{kind: TaskFile}, nil
	}
	from := `FROM form_due d JOIN subject s ON s.id = d.subject_id
		WHERE s.programme = $1 AND s.left_at IS NULL AND d.due_on <= $2 AND (` + strings.Join(mine, " OR ") + ")"
	if q.Unit != "" {
		from += " AND " + withinUnits("s.unit", []string{q.Unit}, arg)
	}
	p := pile{kind: TaskFile}
	if err := tx.Row(ctx, fmt.Sprintf("SELECT count(*), COALESCE(sum(CASE WHEN d.due_on < %d THEN 1 ELSE 0 END), 0) %s", int32(today), from), args,
		&p.entries, &p.overdue); err != nil {
		return pile{}, fmt.Errorf("count forms due: %w", err)
	}
	p.work = p.entries
	p.list = func(limit, offset int) (tasks []Task, err error) {
		err = tx.Each(ctx, fmt.Sprintf("SELECT d.form, d.due_on, d.stale_on, %s %s ORDER BY d.due_on, s.sort, s.id, d.form LIMIT %d OFFSET %d",
			briefSubject, from, limit, offset), args, func(scan func(...any) error) error {
			var b subjectBrief
			var form string
			var due int64
			var stale sql.NullInt64
			if err := scan(append([]any{&form, &due, &stale}, b.into()...)...); err != nil {
				return err
			}
			subject := b.subject(s)
			t := Task{Kind: TaskFile, Programme: run.Name, Subject: &subject, Form: form, Due: programme.Day(due),
				Overdue: due < int64(today), Stale: stale.Valid && stale.Int64 <= int64(today), Count: 1, Title: programme.T(form, form)}
			if f := run.forms[form]; f != nil && !f.Title.Empty() {
				t.Title = f.Title
			}
			tasks = append(tasks, t)
			return nil
		})
		return tasks, err
	}
	return p, nil
}

// judgePile are the clauses that the actor has to judge.
func (s *Site) judgePile(ctx context.Context, tx *db.Tx, a Actor, run *Running, q TaskQuery) (pile, error) {
	p := pile{kind: TaskJudge}
	parts, err := s.toJudgePiles(ctx, tx, a, run, JudgeQuery{Unit: q.Unit}, false)
	for _, part := range parts {
		p.entries, p.work, p.overdue = p.entries+part.entries, p.work+part.entries, p.overdue+part.overdue
	}
	p.list = func(limit, offset int) ([]Task, error) {
		list, err := listPiles(parts, limit, offset)
		tasks := make([]Task, len(list))
		for i, j := range list {
			tasks[i] = Task{Kind: TaskJudge, Programme: run.Name, Subject: &list[i].Subject, Clause: j.Clause, Round: j.Round,
				RoundTitle: j.RoundTitle, Party: j.Party, Title: programme.T("{0} {1}", "{0} {1}").Fill(j.Clause, j.Title),
				Due: j.Due, Overdue: j.Overdue, Count: 1}
		}
		return tasks, err
	}
	return p, err
}
