package bihuan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Move is what somebody does with a matter.
type Move struct {
	Kind   programme.EventKind // act file pause resume extend transfer return assign merge split withdraw reopen close remind
	Action string              // of act and pause
	Seen   int                 // Matter.Seq of what the actor looked at; 0: not told
	Stage  string              // the stage that he looked at; empty: not told
	Forms  map[string]map[string]any
	Reason string
	To     string   // of transfer: a unit; of assign: the login of the lead handler; of merge: the code of the matter it is a duplicate of
	With   []string // of assign: the logins of the co-handlers
	Parts  []string // of split: what the parts are called
	As     string   // System only: the role in which it acts

	at time.Time // of what happened in the past
}

// Act does something with a matter. Of two who do the same thing at once the second is told so; what the stage does not allow
// any more is refused with what happened instead. When the actor does not see the matter any more, since it went to another
// body, what comes back is empty.
func (s *Site) Act(ctx context.Context, a Actor, id string, mv Move) (MatterFile, error) {
	if err := s.act(ctx, a, id, mv); err != nil {
		return MatterFile{}, err
	}
	m, err := s.Matter(ctx, a, id)
	if k, ok := KindOf(err); ok && k == NotFound {
		return MatterFile{}, nil
	}
	return m, err
}

// act is Act for those who do not look at the matter afterwards.
func (s *Site) act(ctx context.Context, a Actor, id string, mv Move) error {
	if a.Visitor() {
		return signInFirst()
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		m, h, err := s.holdMatter(ctx, tx, id)
		if err != nil {
			return err
		}
		v, err := s.viewerOf(ctx, tx, a, m)
		if err != nil {
			return err
		}
		switch {
		case v.sees == matterPublic: // who had it a moment ago is told what became of it
			return instead(&m, programme.Event{Kind: mv.Kind, Action: mv.Action, At: s.Now(), Seen: mv.Seen, Stage: mv.Stage, Person: a.ID, Roles: v.roles}, mayNot())
		case v.sees < matterPart:
			return notFound("该事项", "matter")
		}
		w := writes{actor: a.ID, parts: mv.Parts}
		if err := s.move(ctx, tx, &w, h, &m, v, mv); err != nil {
			return err
		}
		return s.finish(ctx, tx, &w, h, m.x)
	})
	if err != nil {
		return fmt.Errorf("%s %s of matter %s: %w", mv.Kind, mv.Action, id, err)
	}
	return nil
}

// movable are the kinds of events that people bring about; the others follow by themselves.
var movable = []programme.EventKind{programme.EventAct, programme.EventFile, programme.EventPause, programme.EventResume, programme.EventExtend,
	programme.EventTransfer, programme.EventReturn, programme.EventAssign, programme.EventMerge, programme.EventSplit, programme.EventWithdraw,
	programme.EventReopen, programme.EventClose, programme.EventRemind}

// move brings an event about and does what follows from it.
func (s *Site) move(ctx context.Context, tx *db.Tx, w *writes, h heldForMatter, m *stored, v viewer, mv Move) error {
	if !slices.Contains(movable, mv.Kind) {
		return refuse(Invalid, "没有这种操作", "there is nothing of this kind to do")
	}
	reason, wrong := cleanText("reason", mv.Reason, mostReason, false)
	if err := wrongFields(wrong); err != nil {
		return err
	}
	roles := v.roles
	if v.actor.system && mv.As != "" {
		roles = []string{mv.As}
	}
	at, moment := w.moments(s, h, mv.at)
	e := programme.Event{Kind: mv.Kind, Action: mv.Action, At: at, Seen: mv.Seen, Stage: mv.Stage, Person: v.actor.ID, Roles: roles, Reason: reason}
	as, allowed := s.wayOf(m, mv, roles)
	if v.everybodyKnows(m.x, as) {
		e.By = v.actor.Name
	} else {
		e.As = as
	}
	forms, err := s.fillForms(ctx, tx, v.actor, h, m, mv.Forms, programme.DayOf(at), allowed)
	if err != nil {
		return instead(m, e, err)
	}
	e.Forms = forms.values
	if err := s.point(ctx, tx, h, m, v, mv, &e); err != nil {
		return err
	}
	if mv.Kind == programme.EventRemind {
		if err := s.remindedToday(ctx, tx, m, e); err != nil {
			return err
		}
	}
	before := m.state
	joins := mv.Kind == programme.EventFile && before.Stage != "" && collects(m.x, before.Stage, e.Forms)
	if joins {
		if v.ties[tieRaiser] || v.ties[tieJoined] {
			return refuse(Conflict, "您已经参与", "you take part in it already")
		}
		w.tie(m.ID, v.actor.ID, tieJoined, moment)
		as = tieJoined
	}
	if err := s.mayReopen(ctx, tx, m, mv); err != nil {
		return err
	}
	next, effects, err := m.x.Next(before, e)
	if err != nil {
		return refusal(err)
	}
	m.state = next
	if m.Name == appealMatter && next.Meaning == programme.Good && m.Round != "" {
		if err := s.correct(ctx, tx, v.actor, h, m, e); err != nil {
			return err
		}
	}
	w.event(m, before.Stage, e, as, v.actor.ID, moment, programme.Text{})
	if mv.Kind == programme.EventRemind {
		w.touched = false
		w.put(m, m.MovedAt.UnixMicro())
	}
	for _, name := range slices.Sorted(maps.Keys(e.Forms)) {
		w.form(*m, name, v.actor.ID, e.Forms[name], forms.attachments[name])
	}
	if err := s.follow(ctx, tx, w, h, m, e, effects); err != nil {
		return err
	}
	if mv.Kind != programme.EventMerge {
		return nil
	}
	return s.absorb(ctx, tx, w, h, m, e)
}

// mayReopen refuses to open an objection again when its round is decided, and an appeal when it led to a correction.
func (s *Site) mayReopen(ctx context.Context, tx *db.Tx, m *stored, mv Move) error {
	if mv.Kind != programme.EventReopen || m.Round == "" {
		return nil
	}
	switch m.Name {
	case objectionMatter:
		if r, _, err := s.round(ctx, tx, m.Round); err != nil || r.State != RoundDecided {
			return err
		}
		return refuse(Conflict, "考核已经评定，异议不能重新办理", "the round is decided; the objection cannot be reopened").hint("可以申请复核", "appeal instead")
	case appealMatter:
		if m.Meaning == programme.Good {
			return refuse(Conflict, "结果已经更正，复核不能重新办理", "the result was corrected; the appeal cannot be reopened")
		}
	}
	return nil
}

// wayOf finds in which of his roles somebody does something, and which forms may come with it.
func (s *Site) wayOf(m *stored, mv Move, roles []string) (as string, forms []string) {
	by := m.x.Handlers()
	if mv.Kind == programme.EventRemind {
		by = append([]string{tieRaiser, tieJoined}, rolesAbove(m.run, m.x)...)
	}
	for _, way := range m.x.Ways(m.state) {
		if way.Kind == mv.Kind && (way.Action == mv.Action || mv.Kind == programme.EventFile) {
			by = way.By
			forms = append(forms, way.Form)
		}
	}
	if st, ok := m.x.Matter.Stage(m.state.Stage); ok && mv.Kind == programme.EventAct {
		for _, a := range st.Actions {
			if a.Name == mv.Action {
				forms = append(forms, a.Form, a.Needs)
			}
		}
	}
	if st, ok := m.x.Matter.Stage(m.state.Stage); ok && mv.Kind == programme.EventExtend && st.Extend != nil {
		forms = append(forms, st.Extend.Needs)
	}
	return actedAs(m.x, by, roles), forms
}

// actedAs picks the role in which somebody acts: the first that is asked for and that he has.
func actedAs(x *programme.Process, by, roles []string) string {
	for _, b := range by {
		for _, r := range roles {
			if x.Among([]string{b}, []string{r}) {
				return r
			}
		}
	}
	if len(roles) > 0 {
		return roles[0]
	}
	return programme.SystemRole
}

// everybodyKnows tells whether the name of one who acts in a role is no secret to those who may act too.
func (v viewer) everybodyKnows(x *programme.Process, as string) bool {
	if v.ties[tieRaiser] || v.ties[tieJoined] || as == tieRaiser || as == tieJoined {
		return !hides(x.Matter, "proposer", tieRaiser, tieJoined)
	}
	return slices.Contains(x.Handlers(), as) || slices.ContainsFunc(x.Programme.Parties, func(p programme.Party) bool { return p.Role == as })
}

func collects(x *programme.Process, stage string, forms map[string]programme.Values) bool {
	st, ok := x.Matter.Stage(stage)
	if !ok || st.Collect == nil {
		return false
	}
	_, ok = forms[st.Collect.Form]
	return ok && !slices.ContainsFunc(st.Collect.By, func(b string) bool { return slices.Contains(x.Handlers(), b) })
}

// filledForms are the forms that come with a move.
type filledForms struct {
	values      map[string]programme.Values
	attachments map[string][]Attachment
}

func (s *Site) fillForms(ctx context.Context, tx *db.Tx, a Actor, h heldForMatter, m *stored, raw map[string]map[string]any, on programme.Day, allowed []string) (filledForms, error) {
	out := filledForms{map[string]programme.Values{}, map[string][]Attachment{}}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		form, ok := m.x.Form(name)
		if !ok || !slices.Contains(allowed, name) || form.Ballot {
			return out, refuse(Invalid, "这一步不用填报“{0}”", "“{0}” is not filled in here", name)
		}
		values, wrong := form.Fill(m.run.Programme, raw[name], programme.About{AsOf: on, Subject: h.about})
		if err := wrongFields(wrong); err != nil {
			return out, err
		}
		attachments, err := s.attach(ctx, tx, a, m.Subject.ID, form, values)
		if err != nil {
			return out, err
		}
		out.values[name], out.attachments[name] = values, attachments
	}
	return out, nil
}

// point resolves what a move points to.
func (s *Site) point(ctx context.Context, tx *db.Tx, h heldForMatter, m *stored, v viewer, mv Move, e *programme.Event) error {
	switch mv.Kind {
	case programme.EventTransfer:
		if mv.To == "" {
			return wrongFields([]programme.FieldError{wrongField("to", "请选择转给哪个单位", "choose the unit it goes to")})
		}
		if err := unitExists(ctx, tx, mv.To); err != nil {
			return wrongFields([]programme.FieldError{wrongField("to", "没有单位{0}", "there is no unit {0}", mv.To)})
		}
		if err := s.somebodyHandles(ctx, tx, m, mv.To); err != nil {
			return err
		}
		e.To = mv.To
	case programme.EventAssign:
		ids, err := s.handlersByLogin(ctx, tx, m, append([]string{mv.To}, mv.With...))
		if err != nil {
			return err
		}
		e.To, e.Others = ids[0], ids[1:]
	case programme.EventMerge:
		if mv.To == "" {
			return wrongFields([]programme.FieldError{wrongField("to", "请选择与哪一件重复", "choose the one that it repeats")})
		}
		other, err := s.matterWhere(ctx, tx, "WHERE (m.id = $1 OR m.code = $1) AND m.subject_id = $2 AND m.name = $3 AND m.clause = $4", mv.To, m.Subject.ID, m.Name, m.Clause)
		if k, ok := KindOf(err); ok && k == NotFound {
			return wrongFields([]programme.FieldError{wrongField("to", "该对象没有编号为{0}的同类事项", "the subject has no matter of this kind with the code {0}", mv.To)})
		}
		if err != nil {
			return err
		}
		if other.Over() {
			return wrongFields([]programme.FieldError{wrongField("to", "{0}已经办结", "{0} is over", mv.To)})
		}
		e.To = other.ID
	case programme.EventSplit:
		for _, title := range mv.Parts {
			if _, wrong := cleanText("parts", title, mostTitle, true); wrong != nil {
				return wrongFields(wrong)
			}
			e.Others = append(e.Others, newID())
		}
	}
	return nil
}

// somebodyHandles refuses a unit where a matter would wait for nobody: neither there nor above may anyone handle it.
func (s *Site) somebodyHandles(ctx context.Context, tx *db.Tx, m *stored, unit string) error {
	handlers, found := m.x.Handlers(), false
	err := eachHolder(ctx, tx, m.Programme, unit, rolesOf(m.run, handlers), 0, func(string, int) { found = true })
	if err != nil || found {
		return err
	}
	return wrongFields([]programme.FieldError{wrongField("to", "那里和上级都没有人能办：没有{0}", "nobody there or above could handle it: there is no {0}", m.x.People(handlers))})
}

// handlersByLogin finds accounts that may handle the matter where it is.
func (s *Site) handlersByLogin(ctx context.Context, tx *db.Tx, m *stored, logins []string) ([]string, error) {
	var ids []string
	for i, login := range logins {
		field := "to"
		if i > 0 {
			field = "with"
		}
		list, err := s.holdersOf(ctx, tx, m, rolesOf(m.run, m.x.Handlers()), login)
		if err != nil {
			return nil, err
		}
		if login == "" || len(list) == 0 {
			return nil, wrongFields([]programme.FieldError{wrongField(field, "{0}不能承办这件事", "{0} cannot handle this", login)})
		}
		ids = append(ids, list[0])
	}
	return ids, nil
}

// instead gives what the process itself has against an event, such as that it was done already, before what is wrong with its forms.
func instead(m *stored, e programme.Event, wrong error) error {
	_, _, err := m.x.Next(m.state, e)
	if r, ok := errors.AsType[*programme.Refusal](err); ok && r.Kind != programme.RefusedNoForm && r.Kind != programme.RefusedNoReason {
		return refusal(r)
	}
	return wrong
}

// absorb tells the other matter that this one was merged into it.
func (s *Site) absorb(ctx context.Context, tx *db.Tx, w *writes, h heldForMatter, m *stored, e programme.Event) error {
	other, err := s.lockMatter(ctx, tx, e.To)
	if err != nil {
		return err
	}
	moment := h.next()
	in := programme.Event{Kind: programme.EventAbsorb, At: s.moment(moment), To: m.ID, Roles: []string{programme.SystemRole}}
	next, effects, err := other.x.Next(other.state, in)
	if err != nil {
		return refusal(err)
	}
	before := other.state.Stage
	other.state = next
	w.event(&other, before, in, programme.SystemRole, "", moment, programme.Text{})
	return s.follow(ctx, tx, w, h, &other, in, effects)
}

// refusal turns what a process refuses into what a person can act on.
func refusal(err error) error {
	r, ok := errors.AsType[*programme.Refusal](err)
	if !ok {
		return err
	}
	switch r.Kind {
	case programme.RefusedNotYours:
		return &Error{Kind: Forbidden, Text: r.Text}
	case programme.RefusedNoReason:
		return wrongFields([]programme.FieldError{{Field: "reason", Message: r.Text}})
	case programme.RefusedNoForm:
		return &Error{Kind: Invalid, Text: r.Text, Fields: []programme.FieldError{{Field: r.Form, Message: r.Text}}}
	case programme.RefusedWrongValues:
		return &Error{Kind: Invalid, Text: r.Text}
	case programme.RefusedImpossible:
		return &Error{Kind: Invalid, Text: r.Text}
	}
	return &Error{Kind: Conflict, Text: r.Text} // moved, done, over, too late, too early
}
