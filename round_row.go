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
		from, args := s.roundRowsFrom(a, run, r, q)
		if err := tx.Row(ctx, "SELECT count(*) "+from, args, &total); err != nil {
			return fmt.Errorf("count subjects of round %s: %w", id, err)
		}
		limit, offset := Page{Offset: q.Offset, Limit: q.Limit}.clip()
		order := map[string]string{"total": "c.total, ", "-total": "c.total DESC, ",
			"spread": `(SELECT max(x.total) - min(x.total) FROM round_column x WHERE x.round_id = rs.round_id AND x.subject_id = rs.subject_id AND x.scored) DESC, `}[q.Sort]
		if strings.HasSuffix(q.Sort, "total") {
			order = "CASE WHEN c.scored THEN 0 ELSE 1 END, " + order
		}
		err = tx.Each(ctx, fmt.Sprintf("SELECT %s, d.id, d.scored, d.total, d.grade, d.valid_until %s ORDER BY %s s.sort, s.id LIMIT %d OFFSET %d",
			briefSubject, from, order, limit, offset), args, func(scan func(...any) error) error {
			var b subjectBrief
			var d struct {
				id, grade sql.NullString
				scored    sql.NullBool
				total     sql.NullInt64
				until     sql.NullInt64
			}
			if err := scan(append(b.into(), &d.id, &d.scored, &d.total, &d.grade, &d.until)...); err != nil {
				return err
			}
			row := RoundRow{Subject: b.subject(s), Columns: map[string]RoundColumn{}}
			if d.id.Valid {
				row.Decision = &DecisionBrief{d.id.String, d.scored.Bool, assess.Points(d.total.Int64), d.grade.String, programme.Day(d.until.Int64)}
			}
			rows = append(rows, row)
			return nil
		})
		if err != nil {
			return fmt.Errorf("list subjects of round %s: %w", id, err)
		}
		return s.fillRows(ctx, tx, id, sees, rows)
	})
	return rows, total, err
}

// roundRowsFrom gives the part of the query from FROM on.
func (s *Site) roundRowsFrom(a Actor, run *Running, r Round, q SubjectQuery) (string, []any) {
	step, _ := r.UnderWay()
	args := []any{r.ID, r.Decides}
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	from := `FROM round_subject rs JOIN subject s ON s.id = rs.subject_id JOIN unit u ON u.code = s.unit
		LEFT JOIN round_column c ON c.round_id = rs.round_id AND c.subject_id = rs.subject_id AND c.party = $2
		LEFT JOIN decision d ON d.round_id = rs.round_id AND d.subject_id = rs.subject_id
		WHERE rs.round_id = $1`
	if r.PublishedAt.IsZero() && r.State != RoundDecided && !a.system {
		units := grantUnits(a, run.Name)
		var in []string
		for _, u := range units {
			in = append(in, arg(u))
		}
		if len(in) == 0 {
			in = []string{"NULL"}
		}
		from += " AND EXISTS (SELECT 1 FROM unit_within w WHERE w.unit = rs.unit AND w.within IN (" + strings.Join(in, ",") + "))"
	}
	if q.Unit != "" {
		from += " AND EXISTS (SELECT 1 FROM unit_within w WHERE w.unit = rs.unit AND w.within = " + arg(q.Unit) + ")"
	}
	for _, word := range searchWords(q.Search) {
		from += " AND s.terms LIKE " + arg(word) + ` ESCAPE '\'`
	}
	if q.Grade != "" {
		from += " AND COALESCE(d.grade, c.grade) = " + arg(q.Grade)
	}
	column := "EXISTS (SELECT 1 FROM round_column x WHERE x.round_id = rs.round_id AND x.subject_id = rs.subject_id AND x.party = "
	switch q.Status {
	case "waiting":
		from += " AND NOT " + column + arg(step.Name) + ")"
	case "handed_in":
		from += " AND " + column + arg(step.Name) + ")"
	case "objected":
		from += " AND EXISTS (SELECT 1 FROM objection j WHERE j.round_id = rs.round_id AND j.subject_id = rs.subject_id)"
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
		err := tx.Each(ctx, "SELECT subject_id, count(*), sum(CASE WHEN outcome = 'open' THEN 1 ELSE 0 END) FROM objection WHERE round_id = $1 AND subject_id IN ("+in+") GROUP BY subject_id",
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
