package bihuan

import (
	"context"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// matterPile are the matters whose turn it is the actor's, the most urgent first, without those that stand among his tasks already.
func (s *Site) matterPile(ctx context.Context, tx *db.Tx, a Actor, q TaskQuery, without []string) (pile, error) {
	p := pile{kind: TaskMatter}
	where, args, err := s.mattersSeen(ctx, tx, a, MatterQuery{Programme: q.Programme, Unit: q.Unit, Box: BoxTodo})
	if err != nil {
		return pile{}, err
	}
	if len(without) > 0 {
		where += " AND m.id NOT IN (" + db.In(len(without), len(args)+1) + ")"
		args = append(args, db.Args(without)...)
	}
	if err := tx.Row(ctx, fmt.Sprintf(`SELECT count(*), COALESCE(sum(CASE WHEN m.due_on < %d THEN 1 ELSE 0 END), 0)
		FROM matter m JOIN subject s ON s.id = m.subject_id WHERE %s`, int32(s.Today()), where), args, &p.entries, &p.overdue); err != nil {
		return pile{}, fmt.Errorf("count matters to handle: %w", err)
	}
	p.work = p.entries
	p.list = func(limit, offset int) (tasks []Task, err error) {
		list, err := s.mattersPart(ctx, tx, where, args, matterOrder("due"), limit, offset)
		if err != nil {
			return nil, err
		}
		err = s.shown(ctx, tx, a, list, func(_ viewer, _ *stored, m Matter) {
			t := Task{Kind: TaskMatter, Programme: m.Programme, Subject: &m.Subject, Matter: &m, Clause: m.Clause, Round: m.Round, Title: programme.T("{0}：{1}", "{0}: {1}").Fill(m.Kind, m.Called), Count: 1}
			if m.Clock.Runs && !m.Clock.Stopped {
				t.Due, t.Overdue = m.Clock.Due, m.Clock.Due < s.Today()
			}
			tasks = append(tasks, t)
		})
		return tasks, err
	}
	return p, nil
}

// votePile are the ballots in which the actor may vote and has not.
func (s *Site) votePile(ctx context.Context, tx *db.Tx, a Actor, q TaskQuery) (pile, error) {
	args := []any{a.ID}
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	also := ""
	if q.Programme != "" {
		also += " AND b.programme = " + arg(q.Programme)
	}
	if q.Unit != "" {
		also += " AND " + withinUnits("s.unit", []string{q.Unit}, arg)
	}
	list, err := s.toVote(ctx, tx, a, also, args...)
	if err != nil {
		return pile{}, fmt.Errorf("ballots to vote in: %w", err)
	}
	titles, err := matterTitles(ctx, tx, list)
	if err != nil {
		return pile{}, err
	}
	var tasks []Task
	for _, b := range list {
		about := b.Subject.Name
		if title := titles[b.Matter]; title != "" {
			about = title
		}
		tasks = append(tasks, Task{Kind: TaskVote, Programme: b.programme, Subject: &b.Subject, Ballot: b.ID, Title: programme.T("{0}：{1}", "{0}: {1}").Fill(formTitle(b.Form), about),
			Due: b.ClosesOn, Overdue: b.ClosesOn < s.Today(), Count: 1})
	}
	return pileOf(TaskVote, tasks), nil
}

// matterTitles gives the titles of the matters that ballots belong to. Whom a ballot invites sees its matter.
func matterTitles(ctx context.Context, tx *db.Tx, list []storedBallot) (map[string]string, error) {
	var ids []string
	for _, b := range list {
		if b.Matter != "" && !slices.Contains(ids, b.Matter) {
			ids = append(ids, b.Matter)
		}
	}
	out := map[string]string{}
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, "SELECT id, title FROM matter WHERE id IN ("+db.In(len(ids), 1)+")", db.Args(ids), func(scan func(...any) error) error {
			var id, title string
			err := scan(&id, &title)
			out[id] = title
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("titles of matters: %w", err)
	}
	return out, nil
}
