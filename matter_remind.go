package bihuan

import (
	"context"
	"fmt"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Somebody who waits may remind those whose turn it is (催办), by Act with a Move of kind remind: who raised the matter, who joined
// it, who is above; once a day each. It stands on the timeline as an event like any other, so that the order of what happened
// stays whole; but the matter does not move by it, rules do not read it, and its stage's clock runs on.

// remindedToday refuses whoever has reminded the holders of a matter on the day of the event already.
func (s *Site) remindedToday(ctx context.Context, tx *db.Tx, m *stored, e programme.Event) error {
	var n int
	if err := tx.Row(ctx, "SELECT count(*) FROM matter_event WHERE matter_id = $1 AND person = $2 AND kind = 'remind' AND on_day = $3",
		[]any{m.ID, e.Person, int64(programme.DayOf(e.At))}, &n); err != nil {
		return fmt.Errorf("who reminded the holders of matter %s: %w", m.ID, err)
	}
	if n > 0 {
		return refuse(Conflict, "您今天已经催办过，一天一次", "you have reminded them today; once a day is enough")
	}
	return nil
}

// mayRemind tells whether somebody may remind the holders of a matter now.
func (s *Site) mayRemind(ctx context.Context, tx *db.Tx, m stored, v viewer) (bool, error) {
	e := programme.Event{Kind: programme.EventRemind, At: s.Now(), Person: v.actor.ID, Roles: v.roles}
	if _, _, err := m.x.Next(m.state, e); err != nil {
		return false, nil // to be told when it is tried
	}
	err := s.remindedToday(ctx, tx, &m, e)
	if _, refused := KindOf(err); refused {
		return false, nil
	}
	return err == nil, err
}
