package bihuan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Notice is something that somebody has to know. It never holds a name that is hidden.
type Notice struct {
	ID     string
	Kind   string // turn, remind, escalate, soon, tell, vote, closed, warn, due, round, calendar
	Matter string // its ID; empty: none
	Ballot string // its ID; empty: none
	Text   programme.Text
	At     time.Time
	Read   bool
}

// notice is one on its way into the database.
type notice struct {
	person, kind, matter, ballot string
	text                         programme.Text
}

// tellThem collects a notice for each of those whom a process means, but for who brought it about.
func (s *Site) tellThem(ctx context.Context, tx *db.Tx, w *writes, m *stored, kind string, who []string, text programme.Text) error {
	if w.past {
		return nil
	}
	people, err := s.peopleOf(ctx, tx, w, m, who)
	if err != nil {
		return err
	}
	w.tell(slices.DeleteFunc(slices.Clone(people), func(p string) bool { return slices.Contains(m.state.Recused, p) }), kind, m.ID, "", text)
	return nil
}

// tell collects a notice for people. What somebody is told twice in one transaction he is told once.
func (w *writes) tell(people []string, kind, matter, ballot string, text programme.Text) {
	for _, p := range people {
		n := notice{p, kind, matter, ballot, text}
		if p != "" && p != w.actor && !w.quiet && !slices.Contains(w.notices, n) {
			w.notices = append(w.notices, n)
		}
	}
}

// escalate tells those above a matter that it is overdue, and its holders that they were told.
func (s *Site) escalate(ctx context.Context, tx *db.Tx, w *writes, m *stored, f programme.Effect) error {
	if err := s.tellThem(ctx, tx, w, m, "escalate", f.Who, m.about(f.Text)); err != nil {
		return err
	}
	return s.tellThem(ctx, tx, w, m, "remind", m.state.Holder, m.about(programme.T("已逾期，并已报告上级", "it is overdue, and those above were told")))
}

// tellAdministrators tells those who administer a matter's unit.
func (s *Site) tellAdministrators(ctx context.Context, tx *db.Tx, w *writes, m *stored, text programme.Text) error {
	if w.past {
		return nil
	}
	var people []string
	err := eachHolder(ctx, tx, "", m.Unit, []string{Admin}, 0, func(person string, _ int) { people = append(people, person) })
	if err != nil {
		return fmt.Errorf("administrators of %s: %w", m.Unit, err)
	}
	w.tell(people, "warn", m.ID, "", m.about(text))
	return nil
}

// storeNotices stores notices, and puts them on their way to the channels of those they are for.
func (s *Site) storeNotices(ctx context.Context, tx *db.Tx, list []notice) error {
	now := s.Now().UnixMicro()
	rows := make([][]any, len(list))
	for i, n := range list {
		rows[i] = []any{newID(), n.person, n.kind, nullable(n.matter), nullable(n.ballot), n.text.Zh, n.text.En, now}
	}
	if err := tx.Insert(ctx, "notice (id, person, kind, matter_id, ballot_id, zh, en, at)", rows, ""); err != nil {
		return err
	}
	return s.deliverNotices(ctx, tx, list)
}

// NoticePage is a part of somebody's notices, how many there are, and how many he has not read.
type NoticePage struct {
	Notices       []Notice
	Total, Unread int
}

// Notices lists the actor's notices, the newest first.
func (s *Site) Notices(ctx context.Context, a Actor, p Page) (NoticePage, error) {
	if a.Visitor() {
		return NoticePage{}, signInFirst()
	}
	var out NoticePage
	limit, offset := p.clip()
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Row(ctx, "SELECT count(*), COALESCE(sum(CASE WHEN read_at IS NULL THEN 1 ELSE 0 END), 0) FROM notice WHERE person = $1", []any{a.ID}, &out.Total, &out.Unread); err != nil {
			return err
		}
		return tx.Each(ctx, fmt.Sprintf(`SELECT id, kind, COALESCE(matter_id, ''), COALESCE(ballot_id, ''), zh, en, at, read_at FROM notice
			WHERE person = $1 ORDER BY at DESC, id DESC LIMIT %d OFFSET %d`, limit, offset), []any{a.ID}, func(scan func(...any) error) error {
			var n Notice
			var at int64
			var read sql.NullInt64
			err := scan(&n.ID, &n.Kind, &n.Matter, &n.Ballot, &n.Text.Zh, &n.Text.En, &at, &read)
			n.At, n.Read = s.moment(at), read.Valid
			out.Notices = append(out.Notices, n)
			return err
		})
	})
	if err != nil {
		return NoticePage{}, fmt.Errorf("notices of %s: %w", a.ID, err)
	}
	return out, nil
}

// ReadNotices marks the actor's notices as read: those given, or all of them.
func (s *Site) ReadNotices(ctx context.Context, a Actor, ids ...string) error {
	if a.Visitor() {
		return signInFirst()
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		query, args := "UPDATE notice SET read_at = $2 WHERE person = $1 AND read_at IS NULL", []any{a.ID, s.Now().UnixMicro()}
		if len(ids) > 0 {
			query, args = query+" AND id IN ("+db.In(len(ids), 3)+")", append(args, db.Args(ids)...)
		}
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("read notices of %s: %w", a.ID, err)
	}
	return nil
}

// Unread counts the notices that the actor has not read.
func (s *Site) Unread(ctx context.Context, a Actor) (int, error) {
	if a.Visitor() {
		return 0, nil
	}
	var n int
	if err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Row(ctx, "SELECT count(*) FROM notice WHERE person = $1 AND read_at IS NULL", []any{a.ID}, &n)
	}); err != nil {
		return 0, fmt.Errorf("unread notices of %s: %w", a.ID, err)
	}
	return n, nil
}

// OpenNotice marks one of the actor's notices as read and gives it.
func (s *Site) OpenNotice(ctx context.Context, a Actor, id string) (Notice, error) {
	if a.Visitor() {
		return Notice{}, signInFirst()
	}
	var n Notice
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		var at int64
		err := tx.Row(ctx, `UPDATE notice SET read_at = COALESCE(read_at, $3) WHERE id = $1 AND person = $2
			RETURNING id, kind, COALESCE(matter_id, ''), COALESCE(ballot_id, ''), zh, en, at`, []any{id, a.ID, s.Now().UnixMicro()},
			&n.ID, &n.Kind, &n.Matter, &n.Ballot, &n.Text.Zh, &n.Text.En, &at)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("该消息", "notice")
		}
		n.At, n.Read = s.moment(at), true
		return err
	})
	if err != nil {
		return Notice{}, fmt.Errorf("open notice %s: %w", id, err)
	}
	return n, nil
}
