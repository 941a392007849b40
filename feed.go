package bihuan

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// A calendar feed is a secret address under which somebody's own calendar reads his deadlines, without signing in.

// NewFeed makes the address of the actor's feed, in the place of the one he had. The token is shown this once.
func (s *Site) NewFeed(ctx context.Context, a Actor) (token string, err error) {
	if a.Visitor() || a.system || a.Voice() {
		return "", signInFirst()
	}
	secret := make([]byte, 24)
	_, _ = rand.Read(secret) // never fails
	token = base64.RawURLEncoding.EncodeToString(secret)
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		return tx.Insert(ctx, "calendar_feed (account_id, hash, created_at)", [][]any{{a.ID, sha256Hex("feed:" + token), s.Now().UnixMicro()}},
			"ON CONFLICT (account_id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at")
	})
	if err != nil {
		return "", fmt.Errorf("new calendar feed: %w", err)
	}
	return token, nil
}

// FeedSince tells since when the actor has a feed; zero: he has none.
func (s *Site) FeedSince(ctx context.Context, a Actor) (time.Time, error) {
	var at int64
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Row(ctx, "SELECT created_at FROM calendar_feed WHERE account_id = $1", []any{a.ID}, &at)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("calendar feed of %s: %w", a.ID, err)
	}
	return s.moment(at), nil
}

// RevokeFeed ends the actor's feed.
func (s *Site) RevokeFeed(ctx context.Context, a Actor) error {
	if a.Visitor() {
		return signInFirst()
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM calendar_feed WHERE account_id = $1", a.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("revoke calendar feed: %w", err)
	}
	return nil
}

// ActorByFeed gives whose feed a token is; NotFound when it is nobody's any more.
func (s *Site) ActorByFeed(ctx context.Context, token string) (Actor, error) {
	var id string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Row(ctx, "SELECT account_id FROM calendar_feed WHERE hash = $1", []any{sha256Hex("feed:" + token)}, &id)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Actor{}, notFound("该日历", "calendar")
	}
	if err != nil {
		return Actor{}, fmt.Errorf("actor by calendar feed: %w", err)
	}
	a, err := s.ActorByID(ctx, id)
	if _, refused := KindOf(err); refused {
		return Actor{}, notFound("该日历", "calendar") // disabled since
	}
	return a, err
}

// Deadline is a day by which the actor has to do something.
type Deadline struct {
	UID       string // stays the same as long as it is the same thing
	Title     programme.Text
	On        programme.Day
	Uncertain bool   // the holidays of a year that matters are not known
	Path      string // where on the site it is done
}

// Deadlines lists the actor's deadlines, at most 1000 of a kind: matters whose turn is his, forms to file, rounds to hand in or to move on.
func (s *Site) Deadlines(ctx context.Context, a Actor) ([]Deadline, error) {
	if a.Visitor() {
		return nil, signInFirst()
	}
	most := Page{Limit: 1000}
	matters, err := s.Matters(ctx, a, MatterQuery{Box: BoxTodo, State: "open", Sort: "due", Page: most})
	if err != nil {
		return nil, err
	}
	var out []Deadline
	for _, m := range matters.Matters {
		if m.Clock.Runs && !m.Clock.Stopped {
			out = append(out, Deadline{"matter-" + m.ID, programme.T("{0}：{1}", "{0}: {1}").Fill(m.StageTitle, m.Called), m.Clock.Due, m.Clock.Lacks != 0, "/matters/" + m.ID})
		}
	}
	for _, kind := range []TaskKind{TaskFile, TaskSubmit, TaskDecide} {
		tasks, err := s.Tasks(ctx, a, TaskQuery{Kind: kind, Page: most})
		if err != nil {
			return nil, err
		}
		for _, t := range tasks.List {
			d := Deadline{Title: t.Title, On: t.Due}
			switch {
			case t.Due == 0:
				continue
			case t.Kind == TaskFile:
				d.UID, d.Path = "form-"+t.Subject.ID+"-"+t.Form, "/p/"+t.Programme+"/subjects/"+t.Subject.ID+"/file/"+t.Form
				d.Title = programme.T("填报{0}：{1}", "File {0}: {1}").Fill(t.Title, t.Subject.Name)
			default:
				d.UID, d.Path = "round-"+t.Round+"-"+string(t.Kind)+"-"+t.Party, "/rounds/"+t.Round
			}
			out = append(out, d)
		}
	}
	return out, nil
}
