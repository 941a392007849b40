package bihuan

import (
	"context"
	"fmt"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
)

// Ways finds the smallest sets of clauses that bring a subject to a grade in the deciding column today, to the next better one
// when target is empty; at most so many. Members of the house there may ask.
func (s *Site) Ways(ctx context.Context, a Actor, subjectID, target string, most int) (assess.Ways, error) {
	var ways assess.Ways
	var run *Running
	var facts allFacts
	var sub Subject
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if sub, run, _, err = s.seen(ctx, tx, a, subjectID); err != nil {
			return err
		}
		facts, err = s.allFactsOf(ctx, tx, run, []string{sub.ID}, s.Today(), nil)
		return err
	})
	if err == nil && run.Standard == nil {
		return ways, nil
	}
	switch o := (assess.Options{AsOf: s.Today()}); {
	case err != nil:
	case run.Assess.NeedsPopulation() && !sub.Left:
		err = s.withPopulation(ctx, run.Name, func(p *population) error {
			r := p.asIs(o)
			if i, ok := r.Row(sub.ID); ok {
				ways = r.Ways(i, target, most)
			}
			return nil
		})
	default:
		ways = assessed(run, []Subject{sub}, facts, o.AsOf, "").Ways(0, target, most)
	}
	if err != nil {
		return assess.Ways{}, fmt.Errorf("ways of %s: %w", subjectID, err)
	}
	return ways, nil
}

// Levers tells which clauses, met in full by everybody within a unit, would lift most subjects to a better grade in the
// deciding column today; those that lift most come first. Members of the house at the unit may ask; the empty unit is the root
// of the tree.
func (s *Site) Levers(ctx context.Context, a Actor, name, unit string) ([]assess.Lever, error) {
	if a.Visitor() {
		return nil, signInFirst()
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		path, err := unitPath(ctx, tx, unit)
		if err != nil {
			return err
		}
		unit = path[len(path)-1].Code
		h, err := heldAt(ctx, tx, a, name, unit)
		if err == nil && !h.any() {
			return mayNot()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("levers of %s: %w", unit, err)
	}
	within, err := s.childOf(ctx, unit)
	if err != nil {
		return nil, fmt.Errorf("levers of %s: %w", unit, err)
	}
	var levers []assess.Lever
	err = s.withPopulation(ctx, name, func(p *population) error {
		if p.run.Standard == nil {
			return nil
		}
		o := assess.Options{AsOf: s.Today()}
		r := p.asIs(o)
		p.scoring.Lock()
		defer p.scoring.Unlock()
		key := leversOf{o.AsOf, unit}
		if known, ok := p.levers[key]; ok {
			levers = known
			return nil
		}
		rows := []int{}
		for i := range r.Len() {
			if _, ok := within[r.Unit(i)]; ok {
				rows = append(rows, i)
			}
		}
		levers = r.Levers(p.all, rows)
		if p.levers == nil || len(p.levers) > 200 {
			p.levers = map[leversOf][]assess.Lever{}
		}
		p.levers[key] = levers
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("levers of %s: %w", unit, err)
	}
	return levers, nil
}
