package bihuan

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// dueTold is how many days before a form or a round's step is due people are told.
const dueTold = 7

// What was told of a due form or a step.
const (
	toldNothing = 0
	toldSoon    = 1
	toldOverdue = 2
)

// dueNotice is a form that somebody has to be told of.
type dueNotice struct {
	subject, name, unit, form string
	due                       programme.Day
	stale                     bool
}

// tellDue tells those who file a form that it falls due within a week or its last one stops counting, and once more when it is
// overdue. Each of them hears of all at once, a notice a programme and day.
func (s *Site) tellDue(ctx context.Context) error {
	running, err := s.Programmes(ctx)
	if err != nil {
		return err
	}
	for _, run := range running {
		for more := true; more; {
			err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
				more, err = s.tellDueOf(ctx, tx, run)
				return err
			})
			if err != nil {
				return fmt.Errorf("tell of due forms of %s: %w", run.Name, err)
			}
		}
	}
	return nil
}

// mostDue bounds how many forms one transaction tells of.
const mostDue = 5000

func (s *Site) tellDueOf(ctx context.Context, tx *db.Tx, run *Running) (more bool, err error) {
	today := s.Today()
	var list []dueNotice
	err = tx.Each(ctx, fmt.Sprintf(`UPDATE form_due SET told = CASE WHEN due_on < $2 THEN 2 ELSE 1 END
		WHERE (subject_id, form) IN (SELECT d.subject_id, d.form FROM form_due d JOIN subject s ON s.id = d.subject_id AND s.programme = $1 AND s.left_at IS NULL
			WHERE d.due_on <= $3 AND d.told < CASE WHEN d.due_on < $2 THEN 2 ELSE 1 END ORDER BY d.subject_id, d.form LIMIT %d)
		AND told < CASE WHEN due_on < $2 THEN 2 ELSE 1 END
		RETURNING subject_id, form, due_on, COALESCE(stale_on, 0) = due_on, (SELECT name FROM subject WHERE id = subject_id), (SELECT unit FROM subject WHERE id = subject_id)`, mostDue),
		[]any{run.Name, int64(today), int64(today + dueTold)}, func(scan func(...any) error) error {
			var d dueNotice
			err := scan(&d.subject, &d.form, &d.due, &d.stale, &d.name, &d.unit)
			list = append(list, d)
			return err
		})
	if err != nil || len(list) == 0 {
		return false, err
	}
	slices.SortFunc(list, func(a, b dueNotice) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.name, b.name), cmp.Compare(a.form, b.form))
	})
	mine := map[string][]dueNotice{}
	filers := map[[2]string][]string{} // by unit and role
	for _, d := range list {
		form := run.forms[d.form]
		if form == nil {
			continue
		}
		first := run.filers(form)
		if len(first) == 0 {
			continue
		}
		key := [2]string{d.unit, first[0].role}
		if _, ok := filers[key]; !ok {
			filers[key] = []string{}
			near := -1
			err := eachHolder(ctx, tx, run.Name, d.unit, []string{first[0].role}, 0, func(person string, depth int) {
				if near < 0 || depth == near {
					near = depth
					filers[key] = append(filers[key], person)
				}
			})
			if err != nil {
				return false, err
			}
		}
		for _, person := range filers[key] {
			mine[person] = append(mine[person], d)
		}
	}
	var notices []notice
	for person, list := range mine {
		notices = append(notices, notice{person: person, kind: "due", text: dueText(run, list, today)})
	}
	return len(list) == mostDue, s.storeNotices(ctx, tx, notices)
}

// dueText names the first of what is due and counts the rest.
func dueText(run *Running, list []dueNotice, today programme.Day) programme.Text {
	overdue := 0
	for _, d := range list {
		if d.due < today {
			overdue++
		}
	}
	d := list[0]
	what := programme.T("{0}的《{1}》应于{2}前填报", "“{1}” of {0} is to be filed by {2}")
	if d.stale {
		what = programme.T("{0}的《{1}》到{2}不再有效，请重新填报", "“{1}” of {0} no longer counts from {2}: file it anew")
	}
	text := what.Fill(d.name, formTitle(run.forms[d.form]), d.due)
	switch {
	case len(list) > 1 && overdue > 0:
		text = programme.T("{0}；连同其他共{1}项，其中{2}项已逾期", "{0}; {1} in all, {2} of them overdue").Fill(text, len(list), overdue)
	case len(list) > 1:
		text = programme.T("{0}；连同其他共{1}项", "{0}; {1} in all").Fill(text, len(list))
	case overdue > 0:
		text = programme.T("{0}，已逾期", "{0}; it is overdue").Fill(text)
	}
	return programme.T("{0}：{1}", "{0}: {1}").Fill(run.Title, text)
}

// tellRounds tells those who have not handed in that a round's step ends within a week, and once more when it has ended; then also
// those who may close it.
func (s *Site) tellRounds(ctx context.Context) error {
	today := s.Today()
	var ids []string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Each(ctx, `SELECT r.id FROM round r JOIN round_step t ON t.round_id = r.id AND t.position = r.step WHERE r.decided_at IS NULL AND t.ends_on <= $1
			AND t.told < CASE WHEN t.ends_on < $2 THEN 2 ELSE 1 END ORDER BY r.id`, []any{int64(today + dueTold), int64(today)}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("rounds whose step ends: %w", err)
	}
	for _, id := range ids {
		if err := s.db.Tx(ctx, func(tx *db.Tx) error { return s.tellRound(ctx, tx, id) }); err != nil {
			return fmt.Errorf("tell of round %s: %w", id, err)
		}
	}
	return nil
}

func (s *Site) tellRound(ctx context.Context, tx *db.Tx, id string) error {
	r, run, err := s.round(ctx, tx, id)
	if err != nil {
		return err
	}
	step, ok := r.UnderWay()
	if !ok {
		return nil
	}
	told, today := toldSoon, s.Today()
	if step.Ends < today {
		told = toldOverdue
	}
	n, err := tx.Exec(ctx, "UPDATE round_step SET told = $3 WHERE round_id = $1 AND position = $2 AND told < $3", id, r.Step, told)
	if err != nil || n == 0 {
		return err
	}
	w := writes{}
	tell := func(text programme.Text, unit string, parties ...string) error {
		near := -1
		return eachHolder(ctx, tx, run.Name, unit, rolesOf(run, parties), 0, func(person string, depth int) {
			if near < 0 || depth == near {
				near = depth
				w.tell([]string{person}, "round", "", "", text)
			}
		})
	}
	if step.Name != Publicity {
		text := programme.T("{0}：请在{2}前提交“{1}”", "{0}: hand in {1} by {2}").Fill(r.Title, step.Title, step.Ends)
		if told == toldOverdue {
			text = programme.T("{0}：“{1}”已于{2}截止，还没有提交", "{0}: {1} ended on {2} and was not handed in").Fill(r.Title, step.Title, step.Ends)
		}
		var units []string
		err := tx.Each(ctx, `SELECT DISTINCT s.unit FROM round_subject rs JOIN subject s ON s.id = rs.subject_id WHERE rs.round_id = $1
			AND NOT EXISTS (SELECT 1 FROM round_column c WHERE c.round_id = rs.round_id AND c.subject_id = rs.subject_id AND c.party = $2) ORDER BY 1`, []any{id, step.Name},
			func(scan func(...any) error) error {
				var u string
				err := scan(&u)
				units = append(units, u)
				return err
			})
		if err != nil {
			return err
		}
		for _, u := range units {
			if err := tell(text, u, step.Name); err != nil {
				return err
			}
		}
	}
	if told == toldOverdue {
		text := programme.T("{0}：“{1}”已于{2}到期，可以结束这一步", "{0}: {1} ended on {2}; the step can be closed").Fill(r.Title, step.Title, step.Ends)
		if err := tell(text, r.Unit, r.Decides); err != nil {
			return err
		}
	}
	return s.storeNotices(ctx, tx, w.notices)
}
