package bihuan

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// NewMatter is a matter on its way to be raised.
type NewMatter struct {
	Subject string         // its ID
	Name    string         // of the process
	Values  map[string]any // of the form that raises it, raw, as Form.Fill takes them
	Clause  string         // that it is about, if any
	Round   string         // the ID of the round in which it arose, if any
	For     string         // a role without accounts: a handler raises it for somebody who came or called, who gets a code
	ForName string         // the name of that somebody, if he gives one
	Once    string         // marks this filling: what the actor sends again with the same mark is not raised again; empty: it is
	As      string         // System only: the role it is raised in
	Code    string         // System only: the code it has elsewhere
	At      time.Time      // System only: the moment it was raised, for a demo and for imports
}

// Raised is a matter that was raised, and for somebody without an account the code with which he speaks in it. The code is
// shown once.
type Raised struct {
	Matter MatterFile
	Voice  string
}

// Raise raises a matter for a subject. What is wrong in the form comes back by field.
func (s *Site) Raise(ctx context.Context, a Actor, n NewMatter) (Raised, error) {
	if a.Visitor() {
		return Raised{}, signInFirst()
	}
	var out Raised
	var id string
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		out = Raised{}
		h, err := s.holdForMatter(ctx, tx, n.Subject)
		if err != nil {
			return err
		}
		b, err := s.mayRaise(ctx, tx, a, h, n)
		if err != nil {
			return err
		}
		if n.Once != "" {
			b.id = uuid.NewSHA1(uuid.NameSpaceOID, []byte(a.ID+"\x00"+n.Subject+"\x00"+n.Once)).String()
			var there int
			if err := tx.Row(ctx, "SELECT count(*) FROM matter WHERE id = $1", []any{b.id}, &there); err != nil {
				return err
			}
			if id = b.id; there > 0 {
				return nil
			}
		}
		if n.For != "" {
			if b.person, out.Voice, err = s.newVoice(ctx, tx, a, voiceOf{run: h.run, role: n.For, unit: h.sub.Unit, name: n.ForName}); err != nil {
				return err
			}
			b.actor = Actor{ID: b.person, Name: n.ForName}
		}
		w := writes{actor: b.person}
		m, err := s.begin(ctx, tx, &w, h, b)
		if err != nil {
			return err
		}
		id = m.ID
		return s.finish(ctx, tx, &w, h, m.x)
	})
	if err != nil {
		return Raised{}, fmt.Errorf("raise %s for %s: %w", n.Name, n.Subject, err)
	}
	if out.Matter, err = s.Matter(ctx, a, id); err != nil {
		return Raised{}, err
	}
	return out, nil
}

// mayRaise checks who raises a matter, and what he filled in.
func (s *Site) mayRaise(ctx context.Context, tx *db.Tx, a Actor, h heldForMatter, n NewMatter) (beginning, error) {
	x, err := s.process(h.run, n.Name)
	if err != nil {
		return beginning{}, err
	}
	if n.Name == objectionMatter || n.Name == appealMatter {
		return beginning{}, refuse(Invalid, "{0}在考核结果的页面提出", "{0} begins on the page of a result", matterTitle(x.Matter)).
			hint("请打开该对象的结果", "open the result of the subject")
	}
	at, err := heldAt(ctx, tx, a, h.run.Name, h.sub.Unit)
	if err != nil {
		return beginning{}, err
	}
	if !at.any() {
		return beginning{}, notFound("该评价对象", "subject")
	}
	b := beginning{actor: a, person: a.ID, x: x, clause: n.Clause, round: n.Round, code: n.Code, title: ""}
	for role := range at.roles {
		b.roles = append(b.roles, role)
	}
	switch {
	case a.system:
		b.roles, b.at = append(b.roles, n.As, programme.SystemRole), n.At
	case n.For != "":
		if !slices.ContainsFunc(rolesOf(h.run, x.Handlers()), at.holds) {
			return beginning{}, refuse(Forbidden, "只有承办人可以代为登记", "only those who handle it may register it for somebody else")
		}
		if isPartyRole(h.run, n.For) || !slices.Contains(x.Matter.Raise.By, n.For) {
			return beginning{}, refuse(Invalid, "不能代{0}登记", "it cannot be registered for {0}", n.For)
		}
		b.roles = []string{n.For}
	}
	if h.sub.Left {
		return beginning{}, refuse(Conflict, "{0}已退出评价", "{0} has left the programme", h.sub.Name)
	}
	form, ok := x.Form(x.Matter.Raise.Form)
	if !ok {
		return beginning{}, fmt.Errorf("matter %s has no form %s", n.Name, x.Matter.Raise.Form)
	}
	values, wrong := form.Fill(h.run.Programme, n.Values, programme.About{AsOf: s.Today(), Subject: h.about})
	if told, _ := values["clause"].(string); n.Name == rectificationMatter && b.clause == "" { // what it says it is about
		n.Clause, b.clause = told, told
	}
	if _, ok := h.run.Clause(n.Clause); n.Clause != "" && !ok {
		wrong = append(wrong, wrongField("clause", "没有条款{0}", "there is no clause {0}", n.Clause))
	}
	if err := wrongFields(wrong); err != nil {
		return beginning{}, err
	}
	b.values = values
	b.attachments, err = s.attach(ctx, tx, a, h.sub.ID, form, values)
	return b, err
}

// beginning is a matter that is about to begin: checked, but for what the process itself refuses.
type beginning struct {
	actor         Actor
	person        string   // who raises it; empty: the rules
	roles         []string // in which
	x             *programme.Process
	values        programme.Values
	attachments   []Attachment
	title         string // empty: from the values
	clause, round string
	code          string
	since         programme.Day    // of what it is raised against
	origin        *programme.State // of which it is a part
	id            string           // of a part
	unit          string           // of a part: the body that handles the whole
	recused       []string
	at            time.Time      // System only
	told          programme.Text // what the rules say to it
}

// begin begins a matter of a subject that is held.
func (s *Site) begin(ctx context.Context, tx *db.Tx, w *writes, h heldForMatter, b beginning) (stored, error) {
	id := b.id
	if id == "" {
		id = newID()
	}
	at, moment := w.moments(s, h, b.at)
	e := programme.Event{Kind: programme.EventRaise, At: at, To: id, Person: b.person, Roles: b.roles,
		Forms: map[string]programme.Values{b.x.Matter.Raise.Form: b.values}}
	state, effects, err := b.x.Begin(e, b.since, b.origin)
	if err != nil {
		return stored{}, refusal(err)
	}
	state.Recused = append(state.Recused, b.recused...)
	m := stored{run: h.run, x: b.x, state: state, Matter: Matter{ID: id, Code: b.code, Programme: h.run.Name, Name: b.x.Matter.Name, Kind: matterTitle(b.x.Matter),
		Subject: h.sub.Subject, Unit: h.sub.Unit, Clause: b.clause, Round: b.round, VersionID: h.run.Version.ID, Title: b.title}}
	if b.unit != "" {
		m.Unit, m.state.Unit = b.unit, b.unit
	}
	if m.Code == "" {
		if m.Code, err = freeCode(ctx, tx, w, programme.DayOf(at)); err != nil {
			return stored{}, err
		}
	}
	if m.Title == "" {
		m.Title = titleOf(b.x, b.values, h.sub.Name)
	}
	w.begin(m, at, moment)
	if b.person != "" {
		w.tie(m.ID, b.person, tieRaiser, moment)
	}
	for _, p := range b.recused {
		w.tie(m.ID, p, tieRecused, moment)
	}
	as := actedAs(b.x, b.x.Matter.Raise.By, b.roles)
	if b.person != "" {
		as = tieRaiser
	}
	w.event(&m, "", e, as, b.person, moment, b.told)
	form, _ := b.x.Form(b.x.Matter.Raise.Form)
	w.form(m, form.Name, b.person, b.values, b.attachments)
	err = s.follow(ctx, tx, w, h, &m, e, effects)
	return m, err
}

// titleOf gives what a matter is called: the first text of the form that raised it, unless that is hidden.
func titleOf(x *programme.Process, values programme.Values, key string) string {
	form, ok := x.Form(x.Matter.Raise.Form)
	if !ok {
		return key
	}
	for _, f := range form.Fields {
		if f.Type != programme.TextType || hidesField(x.Matter, form.Name, f.Name) {
			continue
		}
		if text, _ := values[f.Name].(string); text != "" {
			line, _, _ := strings.Cut(text, "\n")
			if r := []rune(line); len(r) > mostTitle {
				line = string(r[:mostTitle]) + "…"
			}
			return line
		}
	}
	return cmp.Or(key, x.Matter.Name)
}

const mostTitle = 60

// freeCode makes a code that no matter has.
func freeCode(ctx context.Context, tx *db.Tx, w *writes, day programme.Day) (string, error) {
	for {
		code := newCode(day)
		var n int
		if err := tx.Row(ctx, "SELECT count(*) FROM matter WHERE code = $1", []any{code}, &n); err != nil {
			return "", fmt.Errorf("find a code: %w", err)
		}
		if n == 0 && !slices.ContainsFunc(w.matters, func(m *stored) bool { return m.Code == code }) {
			return code, nil
		}
	}
}

// newCode makes the code by which people speak of a matter: the day and five letters that are not mistaken for one another.
// It tells nobody anything.
func newCode(day programme.Day) string {
	const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	b := make([]byte, 5)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return day.Time().Format("060102") + "-" + string(b)
}
