package bihuan

import (
	"context"
	"fmt"

	"bihuan.dev/bihuan/internal/db"
)

// terms is what a search finds a matter by: what it is called in both languages, its code, its subject.
func (m *stored) terms() string {
	return searchTerms(append(m.titles(), m.Code, m.Subject.Name)...)
}

// termMatters writes the terms of matters that have none. A migration empties them when others are to be found by.
func (s *Site) termMatters(ctx context.Context) error {
	const part = 1000
	for n := part; n == part; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			list, err := s.matters(ctx, tx, fmt.Sprintf("WHERE m.terms = '' ORDER BY m.id LIMIT %d", part))
			if err != nil {
				return err
			}
			for i := range list {
				if _, err := tx.Exec(ctx, "UPDATE matter SET terms = $2 WHERE id = $1", list[i].ID, list[i].terms()); err != nil {
					return err
				}
			}
			n = len(list)
			return nil
		})
		if err != nil {
			return fmt.Errorf("terms of matters: %w", err)
		}
	}
	return nil
}
