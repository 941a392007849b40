package bihuan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
)

// Subject is one that is assessed (评价对象).
type Subject struct {
	ID, Programme, Key, Unit, UnitName, Name string
	EnrolledAt                               time.Time
	Left                                     bool
}

// SubjectQuery selects and orders the subjects of a programme.
type SubjectQuery struct {
	Programme string
	Unit      string // and below; empty: all that the actor may see
	Search    string // words of the name, the key, the pinyin or its initials
	Grade     string // the live grade in the deciding column
	Clause    string // with Status: the verdict on this clause
	Status    string // a word of assess.Verdict; without Clause: on any clause
	Sort      string // name (default) total -total rank grade changed
	Offset    int
	Limit     int // 0: 50
}

// SubjectRow is a subject in a list, with its live score.
type SubjectRow struct {
	Subject
	Scored    bool                     // in the deciding column
	Totals    map[string]assess.Points // by party, for those columns that are scored
	Grade     string                   // in the deciding column
	Rank      int                      // among all of the queried unit in the deciding column; 0: not scored
	ChangedAt time.Time                // when the total or the grade last changed
	Decided   string                   // the grade of the last decision; empty: none yet
}

const selectSubject = `SELECT s.id, s.programme, s.key, s.unit, u.name, s.name, s.enrolled_at, s.left_at IS NOT NULL
	FROM subject s JOIN unit u ON u.code = s.unit `

func (s *Site) subjectWhere(ctx context.Context, tx *db.Tx, where string, args ...any) (Subject, error) {
	var x Subject
	var enrolled int64
	err := tx.Row(ctx, selectSubject+where, args, &x.ID, &x.Programme, &x.Key, &x.Unit, &x.UnitName, &x.Name, &enrolled, &x.Left)
	if errors.Is(err, sql.ErrNoRows) {
		return Subject{}, notFound("该评价对象", "subject")
	}
	if err != nil {
		return Subject{}, fmt.Errorf("read subject: %w", err)
	}
	x.EnrolledAt = s.moment(enrolled)
	return x, nil
}

// programmeOf gives the running version of the programme that a subject is enrolled in.
func (s *Site) programmeOf(ctx context.Context, tx *db.Tx, subjectID string) (*Running, error) {
	sub, err := s.subjectWhere(ctx, tx, "WHERE s.id = $1", subjectID)
	if err != nil {
		return nil, err
	}
	return s.runningIn(ctx, tx, sub.Programme)
}

// seen gives a subject to a member of the house there, with what he holds. To visitors it says that one has to sign in,
// whether or not there is such a subject; to those who have no role there, that there is none.
func (s *Site) seen(ctx context.Context, tx *db.Tx, a Actor, id string) (Subject, *Running, held, error) {
	if a.Visitor() {
		return Subject{}, nil, held{}, signInFirst()
	}
	sub, err := s.subjectWhere(ctx, tx, "WHERE s.id = $1", id)
	if err != nil {
		return Subject{}, nil, held{}, err
	}
	h, err := heldAt(ctx, tx, a, sub.Programme, sub.Unit)
	if err != nil {
		return Subject{}, nil, held{}, err
	}
	if !h.any() {
		return Subject{}, nil, held{}, notFound("该评价对象", "subject")
	}
	run, err := s.runningIn(ctx, tx, sub.Programme)
	return sub, run, h, err
}

// Subject gives a subject: to members of the house there, and to everybody when the programme shows its grades and the
// subject has been decided upon, or when it has public matters. To others there is no such subject.
func (s *Site) Subject(ctx context.Context, a Actor, id string) (Subject, error) {
	return s.subject(ctx, a, "WHERE s.id = $1", id)
}

// SubjectByKey gives a subject by its business key, as Subject does.
func (s *Site) SubjectByKey(ctx context.Context, a Actor, programme, key string) (Subject, error) {
	return s.subject(ctx, a, "WHERE s.programme = $1 AND s.key = $2", programme, key)
}

func (s *Site) subject(ctx context.Context, a Actor, where string, args ...any) (Subject, error) {
	var sub Subject
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if sub, err = s.subjectWhere(ctx, tx, where, args...); err != nil {
			return err
		}
		h, err := heldAt(ctx, tx, a, sub.Programme, sub.Unit)
		if err != nil || h.any() {
			return err
		}
		open, err := s.isPublic(ctx, tx, sub)
		if err == nil && !open {
			return notFound("该评价对象", "subject")
		}
		return err
	})
	if err != nil {
		return Subject{}, fmt.Errorf("subject: %w", err)
	}
	return sub, nil
}

// isPublic tells whether anybody may know the subject: its programme shows grades, and one has been decided, or it has a matter of
// a kind that its programme makes public.
func (s *Site) isPublic(ctx context.Context, tx *db.Tx, sub Subject) (bool, error) {
	run, err := s.runningIn(ctx, tx, sub.Programme)
	if err != nil {
		return false, err
	}
	var n int
	if run.showsGrades() {
		err = tx.Row(ctx, "SELECT count(*) FROM decision WHERE subject_id = $1", []any{sub.ID}, &n)
	}
	if err != nil || n > 0 || len(run.Public) == 0 {
		return n > 0, err
	}
	err = tx.Row(ctx, "SELECT count(*) FROM matter WHERE subject_id = $1 AND name IN ("+db.In(len(run.Public), 2)+")", db.Args(run.Public, any(sub.ID)), &n)
	return n > 0, err
}

func (r *Running) showsGrades() bool { return slices.Contains(r.Public, "grades") }

// Subjects lists the subjects of a programme that have not left, and tells how many there are in all. Members of the house
// see those at their units with the live score; others, when the programme shows its grades, those that have been decided
// upon, with the decided grade alone.
func (s *Site) Subjects(ctx context.Context, a Actor, q SubjectQuery) (rows []SubjectRow, total int, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		run, err := s.runningIn(ctx, tx, q.Programme)
		if err != nil {
			return err
		}
		list, err := s.listOf(ctx, tx, a, run, q)
		if err != nil {
			return err
		}
		if rows, total, err = list.read(ctx, tx, s, q); err != nil {
			return err
		}
		return fillRows(ctx, tx, rows, list.live)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list subjects of %s: %w", q.Programme, err)
	}
	return rows, total, nil
}

// subjectList is a query for subjects, put together from what may be seen and what is asked for.
type subjectList struct {
	live   bool // with live scores
	within string
	where  []string
	args   []any
	order  string
}

func (l *subjectList) arg(v any) string {
	l.args = append(l.args, v)
	return "$" + strconv.Itoa(len(l.args))
}

func (l *subjectList) unitsIn(units []string) string {
	first := len(l.args) + 1
	l.args = append(l.args, db.Args(units)...)
	return "(SELECT unit FROM unit_within WHERE within IN (" + db.In(len(units), first) + "))"
}

func (s *Site) listOf(ctx context.Context, tx *db.Tx, a Actor, run *Running, q SubjectQuery) (*subjectList, error) {
	l := &subjectList{live: true}
	programme, deciding := l.arg(run.Name), l.arg(run.Deciding())
	l.within = "s.programme = " + programme + " AND s.left_at IS NULL"
	if q.Unit != "" {
		if err := unitExists(ctx, tx, q.Unit); err != nil {
			return nil, err
		}
		l.within += " AND s.unit IN " + l.unitsIn([]string{q.Unit})
	}
	if err := s.limitTo(ctx, tx, l, a, run, q.Unit); err != nil {
		return nil, err
	}
	for _, w := range searchWords(q.Search) {
		l.where = append(l.where, `x.terms LIKE `+l.arg(w)+` ESCAPE '\'`)
	}
	if l.live {
		if q.Grade != "" {
			l.where = append(l.where, "x.grade = "+l.arg(q.Grade))
		}
		if q.Status != "" {
			condition := "c.status = " + l.arg(q.Status)
			if q.Clause != "" {
				condition += " AND c.clause = " + l.arg(q.Clause)
			}
			l.where = append(l.where, "x.id IN (SELECT c.subject_id FROM score_clause c WHERE "+condition+")")
		}
	} else if q.Grade != "" {
		l.where = append(l.where, `x.id IN (SELECT d.subject_id FROM decision_now d JOIN round r ON r.id = d.round_id WHERE d.grade = `+l.arg(q.Grade)+`
			AND NOT EXISTS (SELECT 1 FROM decision n JOIN round o ON o.id = n.round_id WHERE n.subject_id = d.subject_id AND o.decided_at > r.decided_at))`)
	}
	_ = deciding // $2, in the text of read
	orders := map[string]string{"": "x.sort", "name": "x.sort", "total": "x.place, x.total, x.sort", "-total": "x.place, x.total DESC, x.sort",
		"rank": "x.place, x.total DESC, x.sort", "changed": "x.changed_at DESC, x.sort", "grade": run.gradeOrder() + ", x.total DESC, x.sort"}
	var ok bool
	if l.order, ok = orders[q.Sort]; !ok {
		return nil, refuse(Invalid, "不能按{0}排序", "subjects cannot be ordered by {0}", q.Sort)
	}
	if !l.live {
		l.order = "x.sort"
	}
	return l, nil
}

// limitTo limits a list to what the actor may see.
func (s *Site) limitTo(ctx context.Context, tx *db.Tx, l *subjectList, a Actor, run *Running, unit string) error {
	if a.system {
		return nil
	}
	if unit != "" {
		h, err := heldAt(ctx, tx, a, run.Name, unit)
		if err != nil || h.any() { // the unit alone limits enough
			return err
		}
	}
	var units []string
	for _, g := range a.Grants {
		if g.Programme == run.Name || g.Programme == "" && g.Role == Admin {
			units = append(units, g.Unit)
		}
	}
	switch {
	case len(units) > 0:
		slices.Sort(units)
		l.where = append(l.where, "x.unit IN "+l.unitsIn(slices.Compact(units)))
	case run.showsGrades():
		l.live = false
		l.where = append(l.where, "x.id IN (SELECT subject_id FROM decision)")
	case a.Visitor():
		return signInFirst()
	default:
		l.where = append(l.where, "1 = 0")
	}
	return nil
}

// gradeOrder orders by grade, the best first.
func (r *Running) gradeOrder() string {
	var b strings.Builder
	b.WriteString("CASE x.grade")
	for i, g := range r.GradeNames() {
		fmt.Fprintf(&b, " WHEN '%s' THEN %d", strings.ReplaceAll(g, "'", "''"), i)
	}
	b.WriteString(" ELSE 1000 END")
	return b.String()
}

// read counts and reads the list. The rank is taken over all of the unit before anything is searched for, so that the first
// hit of a search does not become the first of the county.
func (l *subjectList) read(ctx context.Context, tx *db.Tx, s *Site, q SubjectQuery) (rows []SubjectRow, total int, err error) {
	x := `(SELECT s.id, s.programme, s.key, s.unit, s.name, s.terms, s.sort, s.enrolled_at, c.scored, c.total, c.grade, c.changed_at,
			CASE WHEN c.scored THEN 0 WHEN c.grade IS NULL THEN 2 ELSE 1 END AS place,
			rank() OVER (ORDER BY CASE WHEN c.scored THEN 0 ELSE 1 END, c.total DESC) AS standing
		FROM subject s LEFT JOIN score c ON c.subject_id = s.id AND c.party = $2 WHERE ` + l.within + `) x`
	where := ""
	if len(l.where) > 0 {
		where = " WHERE " + strings.Join(l.where, " AND ")
	}
	limit, offset := Page{q.Offset, q.Limit}.clip()
	// The page comes with the count: both need the same pass.
	query := fmt.Sprintf(`SELECT x.id, x.programme, x.key, x.unit, u.name, x.name, x.enrolled_at, x.scored, x.grade, x.changed_at, x.standing, x.hits
		FROM (SELECT x.*, count(*) OVER () AS hits FROM %s%s ORDER BY %s, x.id LIMIT %d OFFSET %d) x JOIN unit u ON u.code = x.unit ORDER BY %s, x.id`,
		x, where, l.order, limit, offset, l.order)
	err = tx.Each(ctx, query, l.args, func(scan func(...any) error) error {
		var r SubjectRow
		var enrolled int64
		var scored sql.NullBool
		var grade sql.NullString
		var changed sql.NullInt64
		if err := scan(&r.ID, &r.Programme, &r.Key, &r.Unit, &r.UnitName, &r.Name, &enrolled, &scored, &grade, &changed, &r.Rank, &total); err != nil {
			return err
		}
		r.EnrolledAt = s.moment(enrolled)
		if r.Scored = scored.Bool; !r.Scored {
			r.Rank = 0
		}
		r.Grade = grade.String
		if changed.Valid {
			r.ChangedAt = s.moment(changed.Int64)
		}
		if !l.live {
			r.Scored, r.Grade, r.Rank, r.ChangedAt = false, "", 0, time.Time{}
		}
		rows = append(rows, r)
		return nil
	})
	if err == nil && len(rows) == 0 && offset > 0 { // past the end: the count came with no row
		err = tx.Row(ctx, "SELECT count(*) FROM "+x+where, l.args, &total)
	}
	return rows, total, err
}

// fillRows adds what only the rows of the page need: the totals of all columns, and the last decided grade.
func fillRows(ctx context.Context, tx *db.Tx, rows []SubjectRow, live bool) error {
	at := make(map[string]*SubjectRow, len(rows))
	ids := make([]string, len(rows))
	for i := range rows {
		at[rows[i].ID], ids[i] = &rows[i], rows[i].ID
		rows[i].Totals = map[string]assess.Points{}
	}
	return db.Chunks(ids, func(ids []string) error {
		in := "(" + db.In(len(ids), 1) + ")"
		if live {
			if err := tx.Each(ctx, "SELECT subject_id, party, total FROM score WHERE scored AND subject_id IN "+in, db.Args(ids),
				func(scan func(...any) error) error {
					var id, party string
					var total assess.Points
					err := scan(&id, &party, &total)
					if err == nil {
						at[id].Totals[party] = total
					}
					return err
				}); err != nil {
				return err
			}
		}
		return tx.Each(ctx, "SELECT d.subject_id, d.grade FROM decision_now d JOIN round r ON r.id = d.round_id WHERE d.subject_id IN "+in+" ORDER BY r.decided_at", db.Args(ids),
			func(scan func(...any) error) error {
				var id, grade string
				err := scan(&id, &grade)
				if err == nil {
					at[id].Decided = grade // the last one stays
				}
				return err
			})
	})
}
