package bihuan

import (
	"context"
	"errors"
	"fmt"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// adopt carries the running matters of a programme over to a version that is about to run, where its process says `running: adopt`
// and still has their stage; the others end under the version they began with. It notes with the version how many did which.
// Scores that read matters were brought up to the version before; they read what happened, which this does not change.
func (s *Site) adopt(ctx context.Context, tx *db.Tx, run *Running) (adopted, kept int, err error) {
	var ids, subjects []string
	err = tx.Each(ctx, "SELECT id, subject_id FROM matter WHERE programme = $1 AND outcome = '' AND version_id <> $2 ORDER BY id", []any{run.Name, run.Version.ID},
		func(scan func(...any) error) error {
			var id, subject string
			err := scan(&id, &subject)
			ids, subjects = append(ids, id), append(subjects, subject)
			return err
		})
	if err != nil {
		return 0, 0, fmt.Errorf("running matters of %s: %w", run.Name, err)
	}
	if _, err := s.hold(ctx, tx, subjects, 1); err != nil { // subjects before their matters
		return 0, 0, err
	}
	w := writes{}
	for _, id := range ids {
		m, err := s.lockMatter(ctx, tx, id)
		if err != nil {
			return 0, 0, err
		}
		if m.Over() {
			continue // it ended while we waited
		}
		x, err := s.process(run, m.Name)
		if k, ok := KindOf(err); ok && k == NotFound { // the version has no such matter any more
			kept++
			continue
		} else if err != nil {
			return 0, 0, err
		}
		state, err := x.Adopt(m.state)
		if _, refused := errors.AsType[*programme.Refusal](err); refused {
			kept++
			continue
		} else if err != nil {
			return 0, 0, err
		}
		m.state, m.run, m.x, m.VersionID = state, run, x, run.Version.ID
		w.put(&m, m.MovedAt.UnixMicro())
		adopted++
	}
	if err := s.store(ctx, tx, &w); err != nil {
		return 0, 0, err
	}
	_, err = tx.Exec(ctx, "UPDATE programme_version SET adopted = $2, kept = $3 WHERE id = $1", run.Version.ID, adopted, kept)
	return adopted, kept, err
}
