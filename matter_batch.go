package bihuan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/programme"
)

// MostTogether is how many matters may be acted upon at once.
const MostTogether = 300

// Batch is one and the same thing done with several matters.
type Batch struct {
	Matters []Picked
	Move    Move // without forms, and nothing that is of one matter alone: see Together
}

// Picked is a matter of a batch, and what of it the actor was looking at.
type Picked struct {
	ID    string // or its code
	Seen  int    // Matter.Seq; 0: not told
	Stage string // empty: not told
}

// BatchLine tells what became of one matter of a batch.
type BatchLine struct {
	ID, Code string
	Called   programme.Text // like Code empty when the actor may not see it
	Done     bool
	Why      programme.Text // it was not
}

// together are the kinds of moves that several matters can take at once.
var together = []programme.EventKind{programme.EventAct, programme.EventAssign, programme.EventRemind, programme.EventReturn, programme.EventTransfer,
	programme.EventExtend, programme.EventPause, programme.EventResume}

// ActOnMany does the same with each of several matters, in their order, each in a transaction of its own: what one of them refuses
// does not keep the others from it. It tells of each what became of it. A matter that is named twice counts once.
func (s *Site) ActOnMany(ctx context.Context, a Actor, b Batch) ([]BatchLine, error) {
	var picked []Picked
	for _, p := range b.Matters {
		if !slices.ContainsFunc(picked, func(q Picked) bool { return q.ID == p.ID }) {
			picked = append(picked, p)
		}
	}
	switch {
	case a.Visitor():
		return nil, signInFirst()
	case len(picked) == 0:
		return nil, wrongFields([]programme.FieldError{wrongField("matters", "请先勾选事项", "tick some matters first")})
	case len(picked) > MostTogether:
		return nil, refuse(TooLarge, "一次最多办理 {0} 件，选了 {1} 件", "at most {0} matters at once; {1} were chosen", MostTogether, len(picked))
	case len(b.Move.Forms) > 0 || !slices.Contains(together, b.Move.Kind):
		return nil, wrongFields([]programme.FieldError{wrongField("kind", "这一步要逐件办理", "this is done one matter at a time")})
	}
	lines, err := s.nameBatch(ctx, a, picked)
	if err != nil {
		return nil, fmt.Errorf("name the matters of a batch: %w", err)
	}
	for i, p := range picked {
		mv, line := b.Move, &lines[i]
		mv.Seen, mv.Stage = p.Seen, p.Stage
		err := s.act(ctx, a, p.ID, mv)
		line.Done = err == nil
		if known, ok := errors.AsType[*Error](err); ok {
			line.Why = known.Text
			for _, f := range known.Fields[:min(len(known.Fields), 1)] {
				line.Why = f.Message
			}
		} else if ctx.Err() != nil {
			return nil, ctx.Err() // whoever asked has gone away
		} else if err != nil {
			s.log.Error("act on many", "matter", p.ID, "error", err)
			line.Why = programme.T("系统出了差错，这一件没有办理", "something went wrong on our side; nothing was done with this one")
		}
	}
	return lines, nil
}

// nameBatch begins the lines of a batch with what the matters are called, as far as the actor may see them before they move.
func (s *Site) nameBatch(ctx context.Context, a Actor, picked []Picked) ([]BatchLine, error) {
	lines, ids := make([]BatchLine, len(picked)), make([]string, len(picked))
	for i, p := range picked {
		lines[i].ID, ids[i] = p.ID, p.ID
	}
	page, err := s.Matters(ctx, a, MatterQuery{only: ids, Page: Page{Limit: len(ids)}})
	for _, m := range page.Matters {
		for i := range lines {
			if l := &lines[i]; l.ID == m.ID || l.ID == m.Code {
				l.Code, l.Called = m.Code, m.Called
			}
		}
	}
	return lines, err
}

// waysTogether lists what the viewer may do with a matter and with others at once: what needs no form.
func waysTogether(m *stored, v viewer) (ways []programme.Way) {
	for _, w := range m.x.Ways(m.state) {
		if w.Form == "" && slices.Contains(together, w.Kind) && v.may(m.x, w.By) {
			ways = append(ways, w)
		}
	}
	if _, _, err := m.x.Next(m.state, programme.Event{Kind: programme.EventRemind, Person: v.actor.ID, Roles: v.roles}); err == nil {
		ways = append(ways, programme.Way{Kind: programme.EventRemind, Title: m.x.Happened(programme.Happening{Kind: programme.EventRemind}), By: m.x.Waiting()})
	}
	return ways
}
