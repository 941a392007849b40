package bihuan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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
	at                        string // what the unit is called
}

// tellDue tells those who file a form that it falls due within a week or its last one stops counting, and once more when it is
// overdue. Each of them hears of all at once, a notice a programme and day; so do the robots of the units that the subjects lie in, of
// all that lies there.
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
const mostDue = 50_000

func (s *Site) tellDueOf(ctx context.Context, tx *db.Tx, run *Running) (more bool, err error) {
	today := s.Today()
	var list []dueNotice
	err = tx.Each(ctx, fmt.Sprintf(`UPDATE form_due SET told = CASE WHEN due_on < $2 THEN 2 ELSE 1 END
		WHERE (subject_id, form) IN (SELECT d.subject_id, d.form FROM form_due d JOIN subject s ON s.id = d.subject_id AND s.programme = $1 AND s.left_at IS NULL
			WHERE d.due_on <= $3 AND d.told < CASE WHEN d.due_on < $2 THEN 2 ELSE 1 END ORDER BY d.subject_id, d.form LIMIT %d)
		AND told < CASE WHEN due_on < $2 THEN 2 ELSE 1 END
		RETURNING subject_id, form, due_on, COALESCE(stale_on, 0) = due_on, (SELECT name FROM subject WHERE id = subject_id), (SELECT unit FROM subject WHERE id = subject_id),
			(SELECT u.name FROM unit u JOIN subject s ON s.unit = u.code WHERE s.id = subject_id)`, mostDue),
		[]any{run.Name, int64(today), int64(today + dueTold)}, func(scan func(...any) error) error {
			var d dueNotice
			err := scan(&d.subject, &d.form, &d.due, &d.stale, &d.name, &d.unit, &d.at)
			list = append(list, d)
			return err
		})
	if err != nil || len(list) == 0 {
		return false, err
	}
	more = len(list) == mostDue
	list = run.filable(list)
	sortDue(list)
	mine := map[string][]dueNotice{}
	filers := map[[2]string][]string{} // by unit and role
	for _, d := range list {
		role := run.filers(run.forms[d.form])[0].role
		key := [2]string{d.unit, role}
		if _, ok := filers[key]; !ok {
			filers[key] = []string{}
			near := -1
			err := eachHolder(ctx, tx, run.Name, d.unit, []string{role}, 0, func(person string, depth int) {
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
	if err := s.storeNotices(ctx, tx, notices); err != nil {
		return false, err
	}
	return more, s.dueToRobots(ctx, tx, run, list)
}

// dueToRobots tells the robots of units what is due in them and below. The group behind a robot may hold anybody and a subject may be a
// person, so that the units are named and not the subjects.
func (s *Site) dueToRobots(ctx context.Context, tx *db.Tx, run *Running, list []dueNotice) error {
	in := map[string][]dueNotice{} // by unit
	for _, d := range list {
		d.name = d.at
		in[d.unit] = append(in[d.unit], d)
	}
	due := map[string][]dueNotice{} // by channel
	err := db.Chunks(slices.Sorted(maps.Keys(in)), func(units []string) error {
		return tx.Each(ctx, `SELECT c.id, w.unit FROM channel c JOIN unit_within w ON w.within = c.unit
			WHERE c.kind IN ('wecom', 'dingtalk', 'feishu') AND c.removed_at IS NULL AND c.programme IN ('', $1) AND w.unit IN (`+db.In(len(units), 2)+")",
			db.Args(units, any(run.Name)), func(scan func(...any) error) error {
				var channel, unit string
				err := scan(&channel, &unit)
				due[channel] = append(due[channel], in[unit]...)
				return err
			})
	})
	if err != nil {
		return fmt.Errorf("robots of units: %w", err)
	}
	parcels := map[string]*parcel{}
	for channel, list := range due {
		sortDue(list)
		parcels[channel] = &parcel{Lines: []line{{dueText(run, list, s.Today()), "/todo"}}}
	}
	return s.dispatch(ctx, tx, parcels)
}

// dueToNewRobot tells a robot that was added to a unit what fell due there before it came and is still to be filed: once, a line a
// programme. What falls due later it hears of with all the others.
func (s *Site) dueToNewRobot(ctx context.Context, tx *db.Tx, channel string, n NewChannel) error {
	due := map[string][]dueNotice{} // by programme
	err := tx.Each(ctx, fmt.Sprintf(`SELECT s.programme, d.form, d.due_on, COALESCE(d.stale_on, 0) = d.due_on, u.name FROM form_due d JOIN subject s ON s.id = d.subject_id
			JOIN unit_within w ON w.unit = s.unit JOIN unit u ON u.code = s.unit
		WHERE w.within = $1 AND $2 IN ('', s.programme) AND s.left_at IS NULL AND d.told > 0 ORDER BY d.due_on, d.subject_id, d.form LIMIT %d`, mostDue),
		[]any{n.Unit, n.Programme}, func(scan func(...any) error) error {
			var in string
			var d dueNotice
			err := scan(&in, &d.form, &d.due, &d.stale, &d.name)
			due[in] = append(due[in], d)
			return err
		})
	if err != nil {
		return fmt.Errorf("what is due in %s: %w", n.Unit, err)
	}
	var p parcel
	for _, name := range slices.Sorted(maps.Keys(due)) {
		run, err := s.runningIn(ctx, tx, name)
		if err != nil {
			return err
		}
		if list := run.filable(due[name]); len(list) > 0 {
			sortDue(list)
			p.Lines = append(p.Lines, line{dueText(run, list, s.Today()), "/todo"})
		}
	}
	if len(p.Lines) == 0 {
		return nil
	}
	return s.dispatch(ctx, tx, map[string]*parcel{channel: &p})
}

// filable leaves out the forms that the version does not have, or that nobody files.
func (r *Running) filable(list []dueNotice) []dueNotice {
	return slices.DeleteFunc(list, func(d dueNotice) bool { return r.forms[d.form] == nil || len(r.filers(r.forms[d.form])) == 0 })
}

// sortDue puts the most urgent first.
func sortDue(list []dueNotice) {
	slices.SortFunc(list, func(a, b dueNotice) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.name, b.name), cmp.Compare(a.form, b.form))
	})
}

// mostDueForms is how many forms a text names; the rest it counts.
const mostDueForms = 3

// dueText says which forms are due, the most urgent first, each with the first of those that it is due from and how many they are.
func dueText(run *Running, list []dueNotice, today programme.Day) programme.Text {
	byForm := map[string][]dueNotice{}
	var forms []string
	for _, d := range list {
		if byForm[d.form] == nil {
			forms = append(forms, d.form)
		}
		byForm[d.form] = append(byForm[d.form], d)
	}
	text := dueFormText(run, byForm[forms[0]], today)
	for _, f := range forms[1:min(len(forms), mostDueForms)] {
		text = programme.T("{0}；{1}", "{0}; {1}").Fill(text, dueFormText(run, byForm[f], today))
	}
	if rest := len(forms) - mostDueForms; rest > 0 {
		text = programme.T("{0}；另有{1}张表应填", "{0}; and {1} more forms").Fill(text, rest)
	}
	return programme.T("{0}：{1}", "{0}: {1}").Fill(run.Title, text)
}

// dueFormText says from whom one form is due, and when.
func dueFormText(run *Running, list []dueNotice, today programme.Day) programme.Text {
	first, last, n, overdue, stale := list[0], list[len(list)-1], len(list), 0, true
	for _, d := range list {
		if d.due < today {
			overdue++
		}
		stale = stale && d.stale
	}
	who := programme.T(first.name, first.name)
	if n > 1 {
		who = programme.T("{0}等{1}家", "{0} and {2} more").Fill(first.name, n, n-1)
	}
	form := formTitle(run.forms[first.form])
	var text programme.Text
	switch {
	case first.due != last.due:
		text = programme.T("{0}的《{1}》应在{2}至{3}间填报", "“{1}” of {0} is to be filed, from {2} to {3}").Fill(who, form, first.due, last.due)
	case stale:
		text = programme.T("{0}的《{1}》到{2}不再有效，请重新填报", "“{1}” of {0} no longer counts from {2}: file it anew").Fill(who, form, first.due)
	default:
		text = programme.T("{0}的《{1}》应于{2}前填报", "“{1}” of {0} is to be filed by {2}").Fill(who, form, first.due)
	}
	switch {
	case overdue == 0:
		return text
	case n == 1:
		return programme.T("{0}，已逾期", "{0}; it is overdue").Fill(text)
	case overdue == n:
		return programme.T("{0}，均已逾期", "{0}; all are overdue").Fill(text)
	}
	return programme.T("{0}，其中{1}家已逾期", "{0}; {1} of them overdue").Fill(text, overdue)
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
