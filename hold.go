package bihuan

import (
	"context"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/internal/db"
)

// Locks are taken in one order everywhere: the subject, then its evidence and scores, and last the programme, whose seq
// thereby numbers evidence in the order of commits. Only a programme that compares subjects is held first, since one piece
// of evidence then moves everybody's score.

// heldSubject is a subject that nobody else can change until this transaction ends.
type heldSubject struct {
	Subject
	moment int64 // microseconds: after all that was ever recorded or decided of it
}

// hold takes subjects, reserving so many moments on the clock of each. Those that do not exist are not in the answer.
func (s *Site) hold(ctx context.Context, tx *db.Tx, ids []string, moments int) (map[string]*heldSubject, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	out := make(map[string]*heldSubject, len(ids))
	now := s.Now().UnixMicro()
	more := int64(max(moments, 1) - 1)
	err := db.Chunks(ids, func(ids []string) error {
		query := `UPDATE subject SET touched_at = CASE WHEN touched_at >= $1 THEN touched_at + 1 + $2 ELSE $1 + $2 END
			WHERE id IN (` + db.In(len(ids), 3) + `)
			RETURNING id, programme, key, unit, name, enrolled_at, left_at IS NOT NULL, touched_at`
		return tx.Each(ctx, query, db.Args(ids, any(now), any(more)), func(scan func(...any) error) error {
			var h heldSubject
			var enrolled int64
			if err := scan(&h.ID, &h.Programme, &h.Key, &h.Unit, &h.Name, &enrolled, &h.Left, &h.moment); err != nil {
				return err
			}
			h.moment -= more
			h.EnrolledAt = s.moment(enrolled)
			out[h.ID] = &h
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("hold %d subjects: %w", len(ids), err)
	}
	return out, nil
}

// holdSubjects takes subjects and gives the moment of each: all that is recorded of it later is recorded after that moment.
func (s *Site) holdSubjects(ctx context.Context, tx *db.Tx, ids []string) (map[string]int64, error) {
	held, err := s.hold(ctx, tx, ids, 1)
	moments := make(map[string]int64, len(held))
	for id, h := range held {
		moments[id] = h.moment
	}
	return moments, err
}

// takeSeq takes the next n numbers of a programme's evidence and gives the first. It holds the programme until the end of
// the transaction, so it comes last. When another version has been published since run was read, the transaction has to
// start over.
func takeSeq(ctx context.Context, tx *db.Tx, run *Running, n int) (int64, error) {
	var last int64
	var version string
	err := tx.Row(ctx, "UPDATE programme SET seq = seq + $2, rev = rev + 1 WHERE name = $1 RETURNING seq, version_id",
		[]any{run.Name, int64(n)}, &last, &version)
	if err != nil {
		return 0, fmt.Errorf("take seq of %s: %w", run.Name, err)
	}
	if version != run.Version.ID {
		return 0, db.ErrAgain
	}
	return last - int64(n) + 1, nil
}

// holdComparing holds a programme that compares subjects, before any of its subjects is held.
func holdComparing(ctx context.Context, tx *db.Tx, run *Running) error {
	if !run.Assess.NeedsPopulation() {
		return nil
	}
	_, err := takeSeq(ctx, tx, run, 0)
	return err
}

// noteChanged tells those who keep the programme's population that subjects changed other than by new evidence. The
// transaction has taken its seq before.
func noteChanged(ctx context.Context, tx *db.Tx, run *Running, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	var rev int64
	if err := tx.Row(ctx, "SELECT rev FROM programme WHERE name = $1", []any{run.Name}, &rev); err != nil {
		return fmt.Errorf("rev of %s: %w", run.Name, err)
	}
	rows := make([][]any, len(ids))
	for i, id := range ids {
		rows[i] = []any{run.Name, rev, id}
	}
	return tx.Insert(ctx, "subject_change (programme, rev, subject_id)", rows, "ON CONFLICT (programme, rev, subject_id) DO NOTHING")
}
