package bihuan

import (
	"context"
	"errors"
	"fmt"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Tick lets the day begin for matters and ballots: it climbs the overdue ladder, tells holders beforehand, and counts ballots whose time is
// over, those of subjects as well. It may be called at any time, by several processes at once and again after a crash: each thing happens
// once, since it happens in the transaction that notes it. It tells how many matters and ballots moved. What goes wrong with
// one of them does not keep the others from theirs; all of it comes back.
func (s *Site) Tick(ctx context.Context) (int, error) {
	var ids []string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Each(ctx, "SELECT id FROM matter WHERE outcome = '' AND next_on <= $1 ORDER BY next_on, id", []any{int64(s.Today())}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	if err != nil {
		return 0, fmt.Errorf("what is due today: %w", err)
	}
	n, err := s.countDueBallots(ctx)
	errs := []error{err}
	for _, id := range ids {
		moved, err := s.matterDay(ctx, id)
		if moved {
			n++
		}
		if err != nil {
			errs = append(errs, err)
		}
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
	}
	return n, errors.Join(errs...)
}

// matterDay lets the day begin for one matter. Who comes second finds nothing to do.
func (s *Site) matterDay(ctx context.Context, id string) (moved bool, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		moved = false
		m, h, err := s.holdMatter(ctx, tx, id)
		if err != nil {
			return err
		}
		today := s.Today()
		if next, ok := m.nextOn().(int64); !ok || programme.Day(next) > today {
			return nil
		}
		w := writes{}
		if on, ok := m.warnOn(m.Clock); ok && on <= today {
			m.warned = m.Clock.Due
			w.put(&m, m.MovedAt.UnixMicro())
		}
		if m.warned == m.Clock.Due && len(w.matters) > 0 && today <= m.Clock.Due {
			moved = true
			text := programme.T("“{0}”应于{1}前办好", "“{0}” is due on {1}").Fill(m.StageTitle, m.Clock.Due)
			if err := s.tellThem(ctx, tx, &w, &m, "soon", m.state.Holder, m.about(text)); err != nil {
				return err
			}
		}
		moment := h.next()
		e := programme.Event{Kind: programme.EventDay, At: s.moment(moment), Roles: []string{programme.SystemRole}}
		before := m.state
		next, effects, err := m.x.Next(before, e)
		if err != nil {
			return err
		}
		if len(effects) > 0 {
			moved, m.state = true, next
			w.put(&m, moment)
			if next.Seq != before.Seq {
				w.event(&m, before.Stage, e, programme.SystemRole, "", moment, effects[0].Text)
			}
			if err := s.follow(ctx, tx, &w, h, &m, e, effects); err != nil {
				return err
			}
		}
		return s.finish(ctx, tx, &w, h, m.x)
	})
	if err != nil {
		return false, fmt.Errorf("day of matter %s: %w", id, err)
	}
	return moved, nil
}
