package bihuan

import (
	"context"
	"fmt"

	"bihuan.dev/bihuan/internal/db"
)

// MatterTally counts matters for a board.
type MatterTally struct {
	Counts []MatterCount
	Waits  map[string]int // how many wait for whom: a role, raiser for those affected, lead for a handler who is named
}

// MatterCount is how many matters of a kind are at a stage, or ended alike.
type MatterCount struct {
	Name, Stage   string
	Over          bool
	Meaning       string // of the end
	Count         int
	Overdue, Soon int // of those that run
}

// whoseTurn says for a turn t of a matter m whose it is, as MatterQuery.Turn does.
const whoseTurn = `CASE WHEN t.role <> '' THEN t.role
	WHEN EXISTS (SELECT 1 FROM matter_person p WHERE p.matter_id = m.id AND p.person = t.person AND p.tie IN ('raiser', 'joined')) THEN 'raiser' ELSE 'lead' END`

// MatterTally counts the matters that a query selects and the actor may see.
func (s *Site) MatterTally(ctx context.Context, a Actor, q MatterQuery) (MatterTally, error) {
	out := MatterTally{Waits: map[string]int{}}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		where, args, err := s.mattersSeen(ctx, tx, a, q)
		if err != nil {
			return err
		}
		from, today := " FROM matter m JOIN subject s ON s.id = m.subject_id ", int64(s.Today())
		n := len(args)
		err = tx.Each(ctx, fmt.Sprintf(`SELECT m.name, m.stage, m.outcome, m.meaning, count(*),
			sum(CASE WHEN m.outcome = '' AND m.due_on < $%d THEN 1 ELSE 0 END), sum(CASE WHEN m.outcome = '' AND m.due_on >= $%d AND m.due_on <= $%d THEN 1 ELSE 0 END)`,
			n+1, n+1, n+2)+from+"WHERE "+where+" GROUP BY m.name, m.stage, m.outcome, m.meaning ORDER BY m.name, m.stage", append(args[:n:n], today, today+soon),
			func(scan func(...any) error) error {
				var c MatterCount
				var outcome string
				err := scan(&c.Name, &c.Stage, &outcome, &c.Meaning, &c.Count, &c.Overdue, &c.Soon)
				c.Over = outcome != ""
				out.Counts = append(out.Counts, c)
				return err
			})
		if err != nil {
			return err
		}
		return tx.Each(ctx, "SELECT "+whoseTurn+", count(DISTINCT m.id)"+from+"JOIN matter_turn t ON t.matter_id = m.id WHERE m.outcome = '' AND "+where+" GROUP BY 1", args,
			func(scan func(...any) error) error {
				var who string
				var n int
				err := scan(&who, &n)
				out.Waits[who] = n
				return err
			})
	})
	if err != nil {
		return MatterTally{}, fmt.Errorf("tally matters: %w", err)
	}
	return out, nil
}
