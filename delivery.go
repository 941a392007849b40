package bihuan

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// parcel is what a message holds: lines for people, or an event for a machine.
type parcel struct {
	Lines []line          `json:"lines,omitempty"`
	Event json.RawMessage `json:"event,omitempty"`
}

// line is a notice in a message, and where on the site it leads.
type line struct {
	programme.Text
	Path string `json:"path"`
}

// path is where a notice leads.
func (n notice) path() string {
	if n.matter != "" {
		return "/matters/" + n.matter
	}
	return "/todo"
}

// A message is on its way, arrived, or given up.
const (
	deliveryWaiting = "waiting"
	deliverySent    = "sent"
	deliveryFailed  = "failed"
)

// mostTries is how often a message is tried before it is given up: over about a day and a half.
const mostTries = 18

// deliverNotices puts notices on their way to the channels of the people they are for, and to the robots of units whose officers
// they are for, in the transaction that stores them: a message a channel.
func (s *Site) deliverNotices(ctx context.Context, tx *db.Tx, list []notice) error {
	parcels := map[string]*parcel{} // by channel
	put := func(channel string, l line) {
		if parcels[channel] == nil {
			parcels[channel] = &parcel{}
		}
		if p := parcels[channel]; !slices.Contains(p.Lines, l) {
			p.Lines = append(p.Lines, l)
		}
	}
	byPerson := map[string][]notice{}
	var people []string
	for _, n := range list {
		if byPerson[n.person] == nil {
			people = append(people, n.person)
		}
		byPerson[n.person] = append(byPerson[n.person], n)
	}
	err := db.Chunks(people, func(people []string) error {
		return tx.Each(ctx, "SELECT id, account_id FROM channel WHERE removed_at IS NULL AND account_id IN ("+db.In(len(people), 1)+")", db.Args(people), func(scan func(...any) error) error {
			var id, person string
			err := scan(&id, &person)
			for _, n := range byPerson[person] {
				put(id, line{n.text, n.path()})
			}
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("channels of those who are told: %w", err)
	}
	if err := s.deliverToUnits(ctx, tx, list, put); err != nil {
		return err
	}
	return s.dispatch(ctx, tx, parcels)
}

// deliverToUnits gives a unit's robots what its officers are told about matters. The group behind a robot may hold anybody: of a
// matter that is not public it hears only that there is one.
func (s *Site) deliverToUnits(ctx context.Context, tx *db.Tx, list []notice, put func(string, line)) error {
	byMatter := map[string][]notice{}
	var matters []string
	for _, n := range list {
		if n.matter != "" && slices.Contains([]string{"turn", "remind", "escalate", "soon"}, n.kind) {
			if byMatter[n.matter] == nil {
				matters = append(matters, n.matter)
			}
			byMatter[n.matter] = append(byMatter[n.matter], n)
		}
	}
	var any_ int
	if len(matters) == 0 {
		return nil
	}
	if err := tx.Row(ctx, "SELECT count(*) FROM channel WHERE unit IS NOT NULL AND kind <> 'webhook' AND removed_at IS NULL", nil, &any_); err != nil || any_ == 0 {
		return err
	}
	for _, id := range matters {
		m, err := s.matterWhere(ctx, tx, "WHERE m.id = $1", id)
		if err != nil {
			return err
		}
		v, err := s.viewerOf(ctx, tx, Actor{}, m)
		if err != nil {
			return err
		}
		for _, n := range byMatter[id] {
			l := line{n.text, n.path()}
			if v.sees < matterPublic {
				l = line{programme.T("有一件不公开的事项需要办理，请登录查看", "a matter that is not public waits for you: sign in to see it"), "/todo"}
			}
			roles := houseRoles(m.run, m.x)
			err := tx.Each(ctx, `SELECT DISTINCT c.id FROM channel c JOIN unit_within w ON w.unit = $1 AND w.within = c.unit
				JOIN account_grant g ON g.unit = c.unit AND g.account_id = $2 AND g.programme = $3 AND g.role IN (`+db.In(len(roles), 4)+`)
				WHERE c.kind <> 'webhook' AND c.removed_at IS NULL AND c.programme IN ('', $3)`, db.Args(roles, any(m.Unit), any(n.person), any(m.Programme)), func(scan func(...any) error) error {
				var channel string
				err := scan(&channel)
				put(channel, l)
				return err
			})
			if err != nil {
				return fmt.Errorf("robots of units: %w", err)
			}
		}
	}
	return nil
}

// deliverEvents tells machines of matters that moved, as somebody sees them who has not signed in; of others they hear nothing.
func (s *Site) deliverEvents(ctx context.Context, tx *db.Tx, w *writes) error {
	if len(w.events) == 0 {
		return nil
	}
	type hook struct{ id, unit, programme string }
	var hooks []hook
	err := tx.Each(ctx, "SELECT id, unit, programme FROM channel WHERE kind = 'webhook' AND removed_at IS NULL", nil, func(scan func(...any) error) error {
		var h hook
		err := scan(&h.id, &h.unit, &h.programme)
		hooks = append(hooks, h)
		return err
	})
	if err != nil || len(hooks) == 0 {
		return err
	}
	var rows [][]any
	var list []river.JobArgs
	for _, m := range w.matters {
		if !slices.ContainsFunc(w.events, func(e []any) bool { return e[0] == m.ID }) {
			continue
		}
		v, err := s.viewerOf(ctx, tx, Actor{}, *m)
		if err != nil {
			return err
		}
		if v.sees == matterUnseen {
			continue
		}
		path, err := unitPath(ctx, tx, m.Unit)
		if err != nil {
			return err
		}
		m.derive(s.Today())
		event, err := json.Marshal(eventOf(v.show(*m, raiserName{}), s.Now()))
		if err != nil {
			return err
		}
		body, err := json.Marshal(parcel{Event: event})
		if err != nil {
			return err
		}
		for _, h := range hooks {
			if (h.programme == "" || h.programme == m.Programme) && slices.ContainsFunc(path, func(u Unit) bool { return u.Code == h.unit }) {
				id := newID()
				rows = append(rows, []any{id, h.id, string(body), deliveryWaiting, s.Now().UnixMicro()})
				list = append(list, deliverJob{id})
			}
		}
	}
	return s.onTheirWay(ctx, tx, rows, list)
}

// MatterEventDoc is what a webhook is told: a matter as everybody may see it, after it moved.
type MatterEventDoc struct {
	Type      string    `json:"type"` // matter.changed
	Timestamp time.Time `json:"timestamp"`
	Data      MatterDoc `json:"data"`
}

// MatterDoc is a matter as a webhook is told of it. What the programme calls is in both languages, what people wrote as they wrote it.
type MatterDoc struct {
	Code       string `json:"code"`
	Programme  string `json:"programme"`
	Name       string `json:"name"`
	Title      inBoth `json:"title"`
	Subject    string `json:"subject,omitempty"` // its key
	Unit       string `json:"unit"`
	Stage      string `json:"stage"`
	StageTitle inBoth `json:"stage_title"`
	Outcome    string `json:"outcome,omitempty"`
	Meaning    string `json:"meaning,omitempty"`
	Why        string `json:"why,omitempty"`
	RaisedOn   string `json:"raised_on"`
	DueOn      string `json:"due_on,omitempty"`
	ClosedOn   string `json:"closed_on,omitempty"`
}

func eventOf(m Matter, now time.Time) MatterEventDoc {
	d := MatterDoc{Code: m.Code, Programme: m.Programme, Name: m.Name, Title: inBoth(m.Called), Subject: m.Subject.Key, Unit: m.Unit, Stage: m.Stage, StageTitle: inBoth(m.StageTitle),
		Outcome: m.Outcome, Meaning: m.Meaning, Why: m.Why, RaisedOn: m.RaisedOn.String()}
	if m.Clock.Runs && !m.Clock.Stopped {
		d.DueOn = m.Clock.Due.String()
	}
	if m.Over() {
		d.ClosedOn = m.ClosedOn.String()
	}
	return MatterEventDoc{"matter.changed", now, d}
}

func (s *Site) dispatch(ctx context.Context, tx *db.Tx, parcels map[string]*parcel) error {
	var rows [][]any
	var list []river.JobArgs
	for channel, p := range parcels {
		body, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("message: %w", err)
		}
		id := newID()
		rows = append(rows, []any{id, channel, string(body), deliveryWaiting, s.Now().UnixMicro()})
		list = append(list, deliverJob{id})
	}
	return s.onTheirWay(ctx, tx, rows, list)
}

func (s *Site) onTheirWay(ctx context.Context, tx *db.Tx, rows [][]any, list []river.JobArgs) error {
	if err := tx.Insert(ctx, "delivery (id, channel_id, body, state, at)", rows, ""); err != nil {
		return err
	}
	return s.jobs.Add(ctx, tx, list...)
}

// deliver sends a message that waits. One that arrived, or was given up, is left alone. Between the sending and the note that it was
// sent the process may die: then it is sent again, with the same ID.
func (s *Site) deliver(ctx context.Context, id string) error {
	var c Channel
	var x secretOf
	var o outside
	var p parcel
	tries := 0
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		tries = 0
		var channel, body string
		err := tx.Row(ctx, "UPDATE delivery SET tries = tries + 1, tried_at = $2 WHERE id = $1 AND state = 'waiting' RETURNING channel_id, body, tries", []any{id, s.Now().UnixMicro()},
			&channel, &body, &tries)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			return fmt.Errorf("message: %w", err)
		}
		list, secrets, err := s.channels(ctx, tx, "WHERE c.id = $1", channel)
		if err != nil {
			return err
		}
		c, x = list[0], secrets[0]
		o, err = readOutside(ctx, tx)
		return err
	})
	if err != nil || tries == 0 {
		return err
	}
	failed := errors.New("the process died while it was sent") // the last time, when it was tried too often already
	if tries <= mostTries {
		failed = s.send(ctx, o, c, x, id, p)
	}
	now := s.Now().UnixMicro()
	note := context.WithoutCancel(ctx) // what was sent is noted, even when the process is to stop
	err = s.db.Tx(note, func(tx *db.Tx) error {
		if failed == nil {
			_, err := tx.Exec(note, "UPDATE delivery SET state = 'sent', sent_at = $2, problem = '' WHERE id = $1", id, now)
			return err
		}
		state := deliveryWaiting
		if tries >= mostTries {
			state = deliveryFailed
		}
		_, err := tx.Exec(note, "UPDATE delivery SET state = $2, problem = $3 WHERE id = $1 AND state = 'waiting'", id, state, failed.Error())
		return err
	})
	if err == nil && tries < mostTries {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("deliver %s: %w", id, err)
	}
	return nil
}

// Delivery is a message to a channel, as those see it who look after the channel.
type Delivery struct {
	ID      string
	Channel Channel
	Text    programme.Text // its first line
	More    int            // further lines
	State   string         // waiting, sent, failed
	Tries   int
	Problem string // of the last try
	At      time.Time
	TriedAt time.Time // zero: never
}

// DeliveryPage is a part of a list of messages, and how many there are in all.
type DeliveryPage struct {
	Deliveries []Delivery
	Total      int
}

// Deliveries lists messages in a state (waiting, failed or sent), the newest first: those of the actor's own channels, or with
// units those of channels of the units that he administers.
func (s *Site) Deliveries(ctx context.Context, a Actor, units bool, state string, p Page) (DeliveryPage, error) {
	if a.Visitor() {
		return DeliveryPage{}, signInFirst()
	}
	args := []any{state}
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	where := "d.state = $1 AND c.account_id = "
	if units {
		within := grantUnits(a, "", Admin)
		if len(within) == 0 {
			return DeliveryPage{}, mayNot()
		}
		where = "d.state = $1 AND " + withinUnits("c.unit", within, arg)
	} else {
		where += arg(a.ID)
	}
	var out DeliveryPage
	limit, offset := p.clip()
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Row(ctx, "SELECT count(*) FROM delivery d JOIN channel c ON c.id = d.channel_id WHERE "+where, args, &out.Total); err != nil {
			return err
		}
		var channels []string
		err := tx.Each(ctx, fmt.Sprintf(`SELECT d.id, d.channel_id, d.body, d.state, d.tries, d.problem, d.at, d.tried_at FROM delivery d JOIN channel c ON c.id = d.channel_id WHERE %s
			ORDER BY d.at DESC, d.id DESC LIMIT %d OFFSET %d`, where, limit, offset), args, func(scan func(...any) error) error {
			var d Delivery
			var body string
			var at int64
			var tried sql.NullInt64
			if err := scan(&d.ID, &d.Channel.ID, &body, &d.State, &d.Tries, &d.Problem, &at, &tried); err != nil {
				return err
			}
			var content parcel
			if err := json.Unmarshal([]byte(body), &content); err != nil {
				return fmt.Errorf("message %s: %w", d.ID, err)
			}
			d.At, d.TriedAt = s.moment(at), s.momentIf(tried)
			d.Text, d.More = content.first()
			out.Deliveries, channels = append(out.Deliveries, d), append(channels, d.Channel.ID)
			return nil
		})
		if err != nil || len(channels) == 0 {
			return err
		}
		list, _, err := s.channels(ctx, tx, "WHERE c.id IN ("+db.In(len(channels), 1)+")", db.Args(channels)...)
		for i := range out.Deliveries {
			for _, c := range list {
				if c.ID == out.Deliveries[i].Channel.ID {
					out.Deliveries[i].Channel = c
				}
			}
		}
		return err
	})
	if err != nil {
		return DeliveryPage{}, fmt.Errorf("messages: %w", err)
	}
	return out, nil
}

// first gives the first line of what is sent, and how many follow.
func (p parcel) first() (programme.Text, int) {
	if len(p.Lines) > 0 {
		return p.Lines[0].Text, len(p.Lines) - 1
	}
	var e MatterEventDoc
	if err := json.Unmarshal(p.Event, &e); err != nil { // an older one, whose title was in one language
		return programme.T(e.Data.Code, e.Data.Code), 0
	}
	return programme.Text(e.Data.Title), 0
}

// Resend lets messages that were given up be tried anew: those given, or all of the channel.
func (s *Site) Resend(ctx context.Context, a Actor, channel string, ids ...string) (n int, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		n = 0
		if _, _, err := s.ownChannel(ctx, tx, a, channel); err != nil {
			return err
		}
		query, args := "UPDATE delivery SET state = 'waiting', tries = 0 WHERE channel_id = $1 AND state = 'failed'", []any{channel}
		if len(ids) > 0 {
			query, args = query+" AND id IN ("+db.In(len(ids), 2)+")", append(args, db.Args(ids)...)
		}
		var list []river.JobArgs
		err := tx.Each(ctx, query+" RETURNING id", args, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			list = append(list, deliverJob{id})
			return err
		})
		if err != nil {
			return err
		}
		n = len(list)
		return s.jobs.Add(ctx, tx, list...)
	})
	if err != nil {
		return 0, fmt.Errorf("send again: %w", err)
	}
	return n, nil
}

// JobState tells how what runs by itself stands, for administrators of the whole site.
type JobState struct {
	Behind                int  // matters whose clock has something to do, and programmes that are not scored, by today
	Waiting, Failed, Sent int  // messages
	Stuck                 bool // a message that was never tried has waited for more than ten minutes
}

// JobState counts what waits to be done.
func (s *Site) JobState(ctx context.Context, a Actor) (JobState, error) {
	var out JobState
	today := int64(s.Today())
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := administersAll(ctx, tx, a); err != nil {
			return err
		}
		var programmes, untried int
		for _, q := range []struct {
			query string
			args  []any
			into  *int
		}{
			{"SELECT count(*) FROM matter WHERE outcome = '' AND next_on <= $1", []any{today}, &out.Behind},
			{"SELECT count(*) FROM programme WHERE rescored < $1", []any{today}, &programmes},
			{"SELECT count(*) FROM delivery WHERE state = 'waiting' AND tries = 0 AND at < $1", []any{s.Now().Add(-10 * time.Minute).UnixMicro()}, &untried},
			{"SELECT count(*) FROM delivery WHERE state = $1", []any{deliveryWaiting}, &out.Waiting},
			{"SELECT count(*) FROM delivery WHERE state = $1", []any{deliveryFailed}, &out.Failed},
			{"SELECT count(*) FROM delivery WHERE state = $1", []any{deliverySent}, &out.Sent},
		} {
			if err := tx.Row(ctx, q.query, q.args, q.into); err != nil {
				return err
			}
		}
		out.Behind, out.Stuck = out.Behind+programmes, untried > 0
		return nil
	})
	if err != nil {
		return JobState{}, fmt.Errorf("state of jobs: %w", err)
	}
	return out, nil
}
