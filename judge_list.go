package bihuan

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// ToJudge is a clause of a subject that waits for the judgement of a party.
type ToJudge struct {
	Subject     Subject
	Clause      string
	Title       programme.Text
	Party       string
	Round       string // its ID; empty: outside any round
	RoundTitle  string
	Due         programme.Day // last day of the round's step; 0: none
	Overdue     bool
	MayNotJudge bool // the actor is an officer of the subject: somebody else has to
}

// JudgeQuery selects clauses that wait for a judgement by the actor.
type JudgeQuery struct {
	Round  string // only of this round
	Clause string
	Unit   string // and below
	Page
}

// JudgeList lists what waits for a judgement of the actor's parties in a programme, what is due first, and tells how much
// it is in all.
func (s *Site) JudgeList(ctx context.Context, a Actor, name string, q JudgeQuery) (list []ToJudge, total int, err error) {
	if a.Visitor() {
		return nil, 0, signInFirst()
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		run, err := s.runningIn(ctx, tx, name)
		if err != nil {
			return err
		}
		piles, err := s.toJudgePiles(ctx, tx, a, run, q, true)
		if err != nil {
			return err
		}
		limit, offset := q.clip()
		for _, p := range piles {
			total += p.entries
		}
		if list, err = listPiles(piles, limit, offset); err != nil {
			return err
		}
		return markRecused(ctx, tx, a, run, list)
	})
	return list, total, err
}

// judgePart is a part of what is to be judged: counted, and listed as far as somebody looks.
type judgePart struct {
	entries, overdue int
	list             func(limit, offset int) ([]ToJudge, error)
}

func listPiles(parts []judgePart, limit, offset int) (list []ToJudge, err error) {
	for _, p := range parts {
		if n := min(limit-len(list), p.entries-offset); n > 0 && err == nil {
			var some []ToJudge
			some, err = p.list(n, offset)
			list = append(list, some...)
		}
		offset = max(0, offset-p.entries)
	}
	return list, err
}

// toJudgePiles counts what waits in rounds, and then what waits in the live columns and in no round. They are two queries,
// since neither engine plans one with both well. Subjects whose officer the actor is himself are in it only when wanted.
func (s *Site) toJudgePiles(ctx context.Context, tx *db.Tx, a Actor, run *Running, q JudgeQuery, recusedToo bool) ([]judgePart, error) {
	var parts []judgePart
	for _, live := range []bool{false, true} {
		from, args := toJudgeFrom(a, run, q, recusedToo, live)
		if from == "" || live && q.Round != "" {
			continue
		}
		var p judgePart
		var err error
		if live {
			err = tx.Row(ctx, "SELECT count(*) "+from, args, &p.entries)
		} else {
			err = tx.Row(ctx, fmt.Sprintf("SELECT count(*), COALESCE(sum(CASE WHEN t.ends_on < %d THEN 1 ELSE 0 END), 0) %s", s.Today(), from), args, &p.entries, &p.overdue)
		}
		if err != nil {
			return nil, fmt.Errorf("count what is to be judged: %w", err)
		}
		p.list = func(limit, offset int) ([]ToJudge, error) {
			return s.toJudgeRows(ctx, tx, run, from, args, live, limit, offset)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// toJudgeFrom gives the part of the query from FROM on; empty when the actor judges nothing.
func toJudgeFrom(a Actor, run *Running, q JudgeQuery, recusedToo, live bool) (string, []any) {
	args := []any{run.Name}
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	var parties []string
	for _, p := range run.Parties {
		if units := grantUnits(a, run.Name, p.Role); len(units) > 0 {
			parties = append(parties, "j.party = "+arg(p.Name)+" AND "+withinUnits("s.unit", units, arg))
		}
	}
	if len(parties) == 0 {
		return "", nil
	}
	from := "FROM judge_due j JOIN subject s ON s.id = j.subject_id JOIN round r ON r.id = j.round_id JOIN round_step t ON t.round_id = r.id AND t.position = r.step WHERE "
	if live {
		from = `FROM judge_due j JOIN subject s ON s.id = j.subject_id WHERE j.round_id = '' AND NOT EXISTS (SELECT 1 FROM judge_due k
			WHERE k.subject_id = j.subject_id AND k.party = j.party AND k.clause = j.clause AND k.round_id > '') AND `
	}
	from += "s.programme = $1 AND s.left_at IS NULL AND (" + strings.Join(parties, " OR ") + ")"
	if own := run.Parties[0]; !recusedToo {
		if units := grantUnits(a, run.Name, own.Role); len(units) > 0 {
			from += " AND (j.party = " + arg(own.Name) + " OR NOT " + withinUnits("s.unit", units, arg) + ")"
		}
	}
	if q.Round != "" {
		from += " AND j.round_id = " + arg(q.Round)
	}
	if q.Clause != "" {
		from += " AND j.clause = " + arg(q.Clause)
	}
	if q.Unit != "" {
		from += " AND " + withinUnits("s.unit", []string{q.Unit}, arg)
	}
	return from, args
}

func markRecused(ctx context.Context, tx *db.Tx, a Actor, run *Running, list []ToJudge) error {
	units := make([]string, len(list))
	for i, j := range list {
		units[i] = j.Subject.Unit
	}
	at, err := heldAtEach(ctx, tx, a, run.Name, units)
	for i, j := range list {
		list[i].MayNotJudge = recused(run, at[j.Subject.Unit], j.Party) != nil
	}
	return err
}

// withinUnits is the condition that a column holds a unit within one of the units. It is no EXISTS for each row: the units
// below are gathered once.
func withinUnits(column string, units []string, arg func(any) string) string {
	in := make([]string, len(units))
	for i, u := range units {
		in[i] = arg(u)
	}
	if len(in) == 0 {
		in = []string{"NULL"}
	}
	return column + " IN (SELECT unit FROM unit_within WHERE within IN (" + strings.Join(in, ",") + "))"
}

func (s *Site) toJudgeRows(ctx context.Context, tx *db.Tx, run *Running, from string, args []any, live bool, limit, offset int) ([]ToJudge, error) {
	var list []ToJudge
	today := s.Today()
	round, order := "r.title, t.ends_on", "t.ends_on, "
	if live {
		round, order = "'', NULL", ""
	}
	err := tx.Each(ctx, fmt.Sprintf("SELECT j.clause, j.party, j.round_id, %s, %s %s ORDER BY %s s.sort, s.id, j.clause, j.party LIMIT %d OFFSET %d",
		round, briefSubject, from, order, limit, offset), args, func(scan func(...any) error) error {
		var j ToJudge
		var b subjectBrief
		var due sql.NullInt64
		if err := scan(append([]any{&j.Clause, &j.Party, &j.Round, &j.RoundTitle, &due}, b.into()...)...); err != nil {
			return err
		}
		j.Subject, j.Due = b.subject(s), programme.Day(due.Int64)
		j.Overdue = due.Valid && j.Due < today
		if c, ok := run.judged[j.Clause]; ok {
			j.Title = c.Title
		}
		list = append(list, j)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list what is to be judged: %w", err)
	}
	return list, nil
}
