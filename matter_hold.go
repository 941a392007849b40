package bihuan

import (
	"context"
	"fmt"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// heldForMatter is a subject that is held while a matter of it moves, and the version that scores it now.
type heldForMatter struct {
	run   *Running
	sub   *heldSubject
	about programme.Values // what the subject is
	c     *change
}

// holdForMatter holds a subject, and before it its programme when that compares subjects.
func (s *Site) holdForMatter(ctx context.Context, tx *db.Tx, subject string) (heldForMatter, error) {
	if err := s.calendars.fresh(ctx, tx); err != nil {
		return heldForMatter{}, err
	}
	run, err := s.programmeOf(ctx, tx, subject)
	if err != nil {
		return heldForMatter{}, err
	}
	if err := holdComparing(ctx, tx, run); err != nil {
		return heldForMatter{}, err
	}
	held, err := s.hold(ctx, tx, []string{subject}, 16) // a move may make others: parts, a merger, a ballot that is counted
	if err != nil {
		return heldForMatter{}, err
	}
	sub := held[subject]
	if sub == nil {
		return heldForMatter{}, notFound("该评价对象", "subject")
	}
	facts, err := s.factsOf(ctx, tx, run, []string{subject}, nil)
	if err != nil {
		return heldForMatter{}, err
	}
	c := &change{sub: sub, facts: facts[subject]}
	return heldForMatter{run, sub, whatItIs(c.facts, s.Today()), c}, nil
}

// next gives the next moment on the subject's clock.
func (h heldForMatter) next() int64 {
	at := h.sub.moment
	h.sub.moment++
	return at
}

// holdMatter holds a matter and before it its subject. What it gives is read after both are held.
func (s *Site) holdMatter(ctx context.Context, tx *db.Tx, id string) (stored, heldForMatter, error) {
	m, err := s.matterWhere(ctx, tx, "WHERE m.id = $1 OR m.code = $1", id)
	if err != nil {
		return stored{}, heldForMatter{}, err
	}
	h, err := s.holdForMatter(ctx, tx, m.Subject.ID)
	if err != nil {
		return stored{}, heldForMatter{}, err
	}
	if m, err = s.lockMatter(ctx, tx, m.ID); err != nil {
		return stored{}, heldForMatter{}, err
	}
	return m, h, nil
}

// lockMatter takes a matter's row, whose subject is held, and reads it.
func (s *Site) lockMatter(ctx context.Context, tx *db.Tx, id string) (stored, error) {
	if _, err := tx.Exec(ctx, "UPDATE matter SET rev = rev + 1 WHERE id = $1", id); err != nil {
		return stored{}, fmt.Errorf("hold matter %s: %w", id, err)
	}
	return s.matterWhere(ctx, tx, "WHERE m.id = $1", id)
}
