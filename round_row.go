package bihuan

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// RoundRows gives the subjects of a round with what was handed in and decided. People see those within their own units;
// once results are published, members of the round's house see all. Visitors see decisions only, no columns.
//
// Of the query, Unit, Search, Grade (decided, or of the deciding column), Sort (name, total, -total, spread) and the page
// are used. Status is "waiting" (the column of the step under way is not handed in), "handed_in", or "objected".
func (s *Site) RoundRows(ctx context.Context, a Actor, id string, q SubjectQuery) (rows []RoundRow, total int, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		r, run, sees, err := s.seenRound(ctx, tx, a, id)
		if err != nil {
			return err
		}
		ids, err := s.roundRowIDs(ctx, tx, a, run, r, q, &total)
		if err != nil {
			return fmt.Errorf("list subjects of round %s: %w", id, err)
		}
		if rows, err = s.briefRows(ctx, tx, id, ids); err != nil {
			return fmt.Errorf("read subjects of round %s: %w", id, err)
		}
		return s.fillRows(ctx, tx, id, sees, rows)
	})
	return rows, total, err
}

// roundRowIDs gives the subjects to be shown, in order, and counts them all. Only what the query needs is joined: the rest
// is read for the few that are shown.
func (s *Site) roundRowIDs(ctx context.Context, tx *db.Tx, a Actor, run *Running, r Round, q SubjectQuery, total *int) ([]string, error) {
	from, args := roundRowsFrom(a, run, r, q)
	if err := tx.Row(ctx, "SELECT count(*) "+from, args, total); err != nil {
		return nil, err
	}
	const column = "FROM round_column c WHERE c.round_id = rs.round_id AND c.subject_id = rs.subject_id AND "
	args = append(args, r.Decides)
	mine := fmt.Sprintf("%s c.scored AND c.party = $%d", column, len(args))
	order := ""
	switch q.Sort {
	case "total":
		order = "COALESCE((SELECT c.total " + mine + "), 9000000000000000000), "
	case "-total":
		order = "COALESCE((SELECT c.total " + mine + "), -9000000000000000000) DESC, "
	case "spread":
		order = "COALESCE((SELECT max(c.total) - min(c.total) " + column + "c.scored), -1) DESC, "
	}
	if !strings.HasSuffix(q.Sort, "total") {
		args = args[:len(args)-1]
	}
	limit, offset := Page{Offset: q.Offset, Limit: q.Limit}.clip()
	var ids []string
	err := tx.Each(ctx, fmt.Sprintf("SELECT s.id %s ORDER BY %s s.sort, s.id LIMIT %d OFFSET %d", from, order, limit, offset), args,
		func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// briefRows reads subjects of a round with their decisions.
func (s *Site) briefRows(ctx context.Context, tx *db.Tx, round string, ids []string) ([]RoundRow, error) {
	rows := make([]RoundRow, len(ids))
	at := make(map[string]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	return rows, db.Chunks(ids, func(part []string) error {
		return tx.Each(ctx, `SELECT d.id, d.scored, d.total, d.grade, d.valid_until, `+briefSubject+`
			FROM subject s LEFT JOIN decision_now d ON d.round_id = $1 AND d.subject_id = s.id
			WHERE s.id IN (`+db.In(len(part), 2)+")", db.Args(part, round), func(scan func(...any) error) error {
			var b subjectBrief
			var d struct {
				id, grade    sql.NullString
				scored       sql.NullBool
				total, until sql.NullInt64
			}
			if err := scan(append([]any{&d.id, &d.scored, &d.total, &d.grade, &d.until}, b.into()...)...); err != nil {
				return err
			}
			row := RoundRow{Subject: b.subject(s), Columns: map[string]RoundColumn{}}
			if d.id.Valid {
				row.Decision = &DecisionBrief{d.id.String, d.scored.Bool, assess.Points(d.total.Int64), d.grade.String, programme.Day(d.until.Int64)}
			}
			rows[at[row.Subject.ID]] = row
			return nil
		})
	})
}

// roundRowsFrom gives the part of the query from FROM on.
func roundRowsFrom(a Actor, run *Running, r Round, q SubjectQuery) (string, []any) {
	step, _ := r.UnderWay()
	args := []any{r.ID}
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	from := "FROM round_subject rs JOIN subject s ON s.id = rs.subject_id WHERE rs.round_id = $1"
	if r.PublishedAt.IsZero() && r.State != RoundDecided && !a.system {
		from += " AND " + withinUnits("rs.unit", grantUnits(a, run.Name), arg)
	}
	if q.Unit != "" {
		from += " AND " + withinUnits("rs.unit", []string{q.Unit}, arg)
	}
	for _, word := range searchWords(q.Search) {
		from += " AND s.terms LIKE " + arg(word) + ` ESCAPE '\'`
	}
	if q.Grade != "" {
		from += ` AND COALESCE((SELECT d.grade FROM decision_now d WHERE d.round_id = rs.round_id AND d.subject_id = rs.subject_id),
			(SELECT c.grade FROM round_column c WHERE c.round_id = rs.round_id AND c.subject_id = rs.subject_id AND c.party = ` +
			arg(r.Decides) + ")) = " + arg(q.Grade)
	}
	column := "EXISTS (SELECT 1 FROM round_column x WHERE x.round_id = rs.round_id AND x.subject_id = rs.subject_id AND x.party = "
	switch q.Status {
	case "waiting":
		from += " AND NOT " + column + arg(step.Name) + ")"
	case "handed_in":
		from += " AND " + column + arg(step.Name) + ")"
	case "objected":
		from += " AND EXISTS (SELECT 1 FROM matter j WHERE j.round_id = rs.round_id AND j.subject_id = rs.subject_id AND j.name = 'objection')"
	}
	return from, args
}

// fillRows adds the columns and objections of the subjects shown.
func (s *Site) fillRows(ctx context.Context, tx *db.Tx, round string, sees sight, rows []RoundRow) error {
	at := make(map[string]*RoundRow, len(rows))
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].Subject.ID
		at[ids[i]] = &rows[i]
	}
	return db.Chunks(ids, func(part []string) error {
		in := db.In(len(part), 2)
		err := tx.Each(ctx, "SELECT subject_id, count(*), sum(CASE WHEN outcome = '' THEN 1 ELSE 0 END) FROM matter WHERE round_id = $1 AND name = 'objection' AND subject_id IN ("+in+") GROUP BY subject_id",
			db.Args(part, round), func(scan func(...any) error) error {
				var id string
				var n, open int
				if err := scan(&id, &n, &open); err != nil {
					return err
				}
				at[id].Objections, at[id].Open = n, open
				return nil
			})
		if err != nil || sees == sightPublic {
			return err
		}
		return tx.Each(ctx, `SELECT c.subject_id, c.party, c.scored, c.total, c.grade, c.pending, c.known_at, c.submitted_by, COALESCE(b.name, '')
			FROM round_column c LEFT JOIN account b ON b.id = c.submitted_by WHERE c.round_id = $1 AND c.subject_id IN (`+in+")",
			db.Args(part, round), func(scan func(...any) error) error {
				var id, by string
				var c RoundColumn
				var total, knownAt int64
				if err := scan(&id, &c.Party, &c.Scored, &total, &c.Grade, &c.Pending, &knownAt, &by, &c.SubmittedBy); err != nil {
					return err
				}
				c.Total, c.Known, c.TakenOver = assess.Points(total), s.moment(knownAt), by == ""
				if by != "" {
					c.SubmittedBy = nameOr(c.SubmittedBy)
				}
				at[id].Columns[c.Party] = c
				at[id].Spread = spread(at[id].Columns)
				return nil
			})
	})
}

func spread(columns map[string]RoundColumn) assess.Points {
	var low, high assess.Points
	first := true
	for _, c := range columns {
		if !c.Scored {
			continue
		}
		if first {
			low, high, first = c.Total, c.Total, false
		}
		low, high = min(low, c.Total), max(high, c.Total)
	}
	return high - low
}
