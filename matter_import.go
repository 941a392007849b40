package bihuan

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// PastMatter is a matter that ran elsewhere until now: a row of an import. It says where it stands (Stage, Since), or what
// happened to it (Moves).
type PastMatter struct {
	Row     int
	Subject string         // its key or ID
	Code    string         // which it has elsewhere, and keeps
	By      string         // the role that raised it; empty: the first that may
	Raiser  string         // the name of who raised it, where it is known
	Raised  programme.Day  // when
	Values  map[string]any // of the form that raises it, raw
	Clause  string         // that it is about, if any

	Stage string                    // the stage or end that it is in; empty: it has not moved
	Since programme.Day             // when it came there; 0: when it was raised
	Days  map[string]programme.Day  // by stage: when it came to an earlier one, where that is known
	Forms map[string]map[string]any // on file, beside the one it was raised with
	Why   string                    // of one that is over: the public reason
	Lead  string                    // the login of the lead handler, if one is named
	With  []string                  // and of the co-handlers

	Moves []PastMove // System only: what happened, in order; Stage is then where it must have led
	Who   string     // System only: the login of who raised it
	At    time.Time  // System only: the moment it was raised
}

// PastMove is something that happened to a matter.
type PastMove struct {
	Move                       // with As: the role in which it was done, or raiser
	On      programme.Day      // when
	At      time.Time          // the moment, if it is known
	Who     string             // the login of who did it, if it is known
	Figures *programme.Figures // of a ballot that was counted
}

// ImportMatters takes over matters that ran elsewhere, in one transaction: all of them, or none when one is bad, or the good ones
// alone if so chosen. Each ends up in a state that its process could have led to, and its clock runs on from the day it came
// there; nobody is told of what is past. A matter whose code is there already is left as it is (Unchanged). Those who
// handle such matters may do it for their subjects, and administrators. Who raised a matter and has no account becomes a voice,
// without a code until somebody who handles it hands one out.
func (s *Site) ImportMatters(ctx context.Context, a Actor, programme, name string, rows []PastMatter, opt Import) (Imported, error) {
	if a.Visitor() {
		return Imported{}, signInFirst()
	}
	if len(rows) > mostRows {
		return Imported{}, refuse(TooLarge, "一次最多导入{0}行", "an import has at most {0} rows", mostRows)
	}
	rows = slices.Clone(rows)
	for i := range rows {
		if rows[i].Row == 0 {
			rows[i].Row = i + 1
		}
	}
	var done Imported
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		done, err = s.importMatters(ctx, tx, a, programme, name, rows, opt)
		return err
	})
	if err != nil {
		return Imported{}, fmt.Errorf("import %d matters of %s: %w", len(rows), programme, err)
	}
	s.wroteMany(ctx, done.Stored, "matter", "matter_event", "matter_form", "matter_person", "matter_turn", "voice")
	return done, nil
}

func (s *Site) importMatters(ctx context.Context, tx *db.Tx, a Actor, programmeName, name string, rows []PastMatter, opt Import) (Imported, error) {
	run, err := s.runningIn(ctx, tx, programmeName)
	if err != nil {
		return Imported{}, err
	}
	x, err := s.process(run, name)
	if err != nil {
		return Imported{}, err
	}
	if err := holdComparing(ctx, tx, run); err != nil {
		return Imported{}, err
	}
	var names []string
	for _, r := range rows {
		for range len(r.Moves) + 2 { // a moment for each thing that happened
			names = append(names, r.Subject)
		}
	}
	changes, rights, err := s.takeMany(ctx, tx, a, run, names)
	if err != nil {
		return Imported{}, err
	}
	p := pastImport{run: run, x: x, bad: badRows(opt), all: writes{past: true}, late: !a.system || !opt.AsItHappened}
	if p.taken, err = mattersByCode(ctx, tx, rows); err != nil {
		return Imported{}, err
	}
	if p.people, err = accountsByLogin(ctx, tx, a, rows); err != nil {
		return Imported{}, err
	}
	handlers := rolesOf(run, x.Handlers())
	var changed []*change
	stored := 0
	for i, r := range rows {
		if opt.Progress != nil && i%200 == 0 {
			opt.Progress(i, len(rows))
		}
		c := changes[r.Subject]
		switch {
		case p.bad[r.Row] != nil:
			continue
		case c == nil || !rights[c.sub.Unit].any():
			p.bad.add(r.Row, "subject", "没有评价对象{0}", "there is no subject {0}", r.Subject)
			continue
		case !rights[c.sub.Unit].admin && !slices.ContainsFunc(handlers, rights[c.sub.Unit].holds):
			p.bad.add(r.Row, "subject", "只有承办人和管理员可以为{0}导入", "only those who handle it and administrators may import for {0}", r.Subject)
			continue
		case c.sub.Left:
			p.bad.add(r.Row, "subject", "{0}已退出评价", "{0} has left the programme", c.sub.Name)
			continue
		case p.known(r, c.sub.ID):
			continue
		}
		facts := heldForMatter{run, c.sub, whatItIs(c.facts, s.Today()), c}
		if err := s.pastMatter(ctx, tx, &p, a, facts, r); err != nil {
			if err := p.bad.refusal(r.Row, err); err != nil {
				return Imported{}, err
			}
			continue
		}
		c.mattered = true
		changed = append(changed, c)
		stored++
	}
	done, err := p.bad.judge(len(rows), opt)
	if err != nil {
		return Imported{}, err
	}
	done.Stored, done.Unchanged = stored, done.Rows-stored-len(p.bad)
	if opt.Progress != nil {
		opt.Progress(len(rows), len(rows))
	}
	if stored == 0 {
		return done, nil
	}
	if err := s.store(ctx, tx, &p.all); err != nil {
		return Imported{}, err
	}
	if !run.readsMatters || x.BuiltIn {
		return done, nil
	}
	return done, s.settle(ctx, tx, run, inOrder(changed))
}

// pastImport is an import of matters under way.
type pastImport struct {
	run    *Running
	x      *programme.Process
	bad    rowMistakes
	all    writes
	late   bool                 // known from now on only
	taken  map[string][2]string // by code: the subject's ID and the process of the matter that has it
	people map[string]Actor     // by login
}

// known notes a row whose code is taken: by the very matter, which is left as it is, or by another, which is a mistake.
func (p *pastImport) known(r PastMatter, subject string) bool {
	if r.Code == "" {
		p.bad.add(r.Row, "code", "缺少编号", "it has no code")
		return true
	}
	of, taken := p.taken[r.Code]
	switch {
	case !taken:
		p.taken[r.Code] = [2]string{}
		return false
	case of == [2]string{}:
		p.bad.add(r.Row, "code", "编号{0}在文件中出现了两次", "the code {0} stands twice in the file", r.Code)
	case of != [2]string{subject, p.x.Matter.Name}:
		p.bad.add(r.Row, "code", "编号{0}已用于另一件事项", "another matter has the code {0}", r.Code)
	}
	return true
}

// pastMatter collects one matter of the past. What it collected of one that is refused is gone.
func (s *Site) pastMatter(ctx context.Context, tx *db.Tx, p *pastImport, a Actor, h heldForMatter, r PastMatter) error {
	if !a.system && (len(r.Moves) > 0 || r.Who != "" || !r.At.IsZero()) {
		return refuse(Forbidden, "经过只能用命令行导入", "what happened step by step can only be imported from the command line")
	}
	if p.late {
		for field, d := range map[string]programme.Day{"raised": r.Raised, "since": r.Since} {
			if d > s.Today() {
				return wrongFields([]programme.FieldError{wrongField(field, "{0}还没有到", "{0} is still to come", d)})
			}
		}
	}
	if r.Raised == 0 && r.At.IsZero() {
		return wrongFields([]programme.FieldError{wrongField("raised", "缺少提起日期", "it does not say when it was raised")})
	}
	w := writes{past: true, late: p.late}
	b := beginning{x: p.x, clause: r.Clause, code: r.Code, at: s.pastMoment(r.Raised, r.At)}
	role := cmp.Or(r.By, p.x.Matter.Raise.By[0])
	if !slices.Contains(p.x.Matter.Raise.By, role) && role != programme.SystemRole {
		return wrongFields([]programme.FieldError{wrongField("by", "“{0}”不能提起这类事项", "{0} cannot raise such a matter", role)})
	}
	role = rolesOf(p.run, []string{role})[0]
	b.roles = []string{role}
	if r.Who != "" || !isPartyRole(p.run, role) && role != programme.SystemRole {
		var err error
		if b.actor, err = p.person(&w, h, r.Who, role, r.Raiser, b.at); err != nil {
			return err
		}
		b.person = b.actor.ID
	}
	form, ok := p.x.Form(p.x.Matter.Raise.Form)
	if !ok {
		return fmt.Errorf("matter %s has no form", p.x.Matter.Name)
	}
	var wrong []programme.FieldError
	if b.values, wrong = form.Fill(p.run.Programme, r.Values, programme.About{AsOf: programme.DayOf(b.at), Subject: h.about}); wrong != nil {
		return wrongFields(wrong)
	}
	if _, ok := p.run.Clause(r.Clause); r.Clause != "" && !ok {
		return wrongFields([]programme.FieldError{wrongField("clause", "没有条款{0}", "there is no clause {0}", r.Clause)})
	}
	var err error
	if b.attachments, err = s.attach(ctx, tx, a, h.sub.ID, form, b.values); err != nil {
		return err
	}
	m, err := s.begin(ctx, tx, &w, h, b)
	if err != nil {
		return err
	}
	if len(r.Moves) > 0 {
		err = s.pastMoves(ctx, tx, p, &w, h, &m, b.actor, r)
	} else {
		err = s.pastStanding(ctx, tx, p, &w, a, h, &m, r)
	}
	if err == nil {
		p.all.join(&w)
	}
	return err
}

// pastMoment is a moment of the past: the one that is known, or the morning of a day.
func (s *Site) pastMoment(on programme.Day, at time.Time) time.Time {
	if !at.IsZero() {
		return at.In(s.zone)
	}
	y, m, d := on.Time().Date()
	return time.Date(y, m, d, 9, 0, 0, 0, s.zone)
}

// person gives the actor of a login, or makes a voice in a role.
func (p *pastImport) person(w *writes, h heldForMatter, login, role, name string, at time.Time) (Actor, error) {
	if login != "" {
		who, ok := p.people[login]
		if !ok {
			return Actor{}, refuse(Invalid, "没有账号{0}", "there is no account {0}", login)
		}
		return who, nil
	}
	who := Actor{ID: voicePrefix + newID(), Name: name, system: true}
	w.voices = append(w.voices, []any{who.ID, p.run.Name, role, h.sub.Unit, "", name, nil, newID(), at.UnixMicro(), ""})
	return who, nil
}

// pastStanding carries a matter to where it stands elsewhere.
func (s *Site) pastStanding(ctx context.Context, tx *db.Tx, p *pastImport, w *writes, a Actor, h heldForMatter, m *stored, r PastMatter) error {
	if r.Stage == "" || r.Stage == m.state.Stage && (r.Since == 0 || r.Since == r.Raised) && r.Lead == "" {
		if len(r.Forms) == 0 {
			return nil
		}
	}
	at := programme.Standing{Stage: cmp.Or(r.Stage, m.state.Stage), Since: s.pastMoment(max(r.Since, r.Raised), time.Time{}), Days: r.Days, Why: r.Why,
		Forms: map[string]programme.Values{}}
	if r.Since != 0 && r.Since < r.Raised {
		at.Since = s.pastMoment(r.Since, time.Time{}) // for the process to refuse
	}
	if r.Lead != "" {
		ids, err := s.handlersByLogin(ctx, tx, m, append([]string{r.Lead}, r.With...))
		if err != nil {
			return err
		}
		at.Lead, at.With = ids[0], ids[1:]
	}
	attachments := map[string][]Attachment{}
	for name, raw := range r.Forms {
		form, ok := p.x.Form(name)
		if !ok || form.Ballot {
			return wrongFields([]programme.FieldError{wrongField(name, "没有表单 {0}", "there is no form {0}", name)})
		}
		values, wrong := form.Fill(p.run.Programme, raw, programme.About{AsOf: programme.DayOf(at.Since), Subject: h.about})
		for i := range wrong {
			wrong[i].Field = name + "." + wrong[i].Field
		}
		if err := wrongFields(wrong); err != nil {
			return err
		}
		var err error
		if attachments[name], err = s.attach(ctx, tx, a, h.sub.ID, form, values); err != nil {
			return err
		}
		at.Forms[name] = values
	}
	happened, moment := w.moments(s, h, at.Since)
	before := m.state
	next, effects, err := p.x.TakeOver(before, at)
	if err != nil {
		return rowRefusal(err)
	}
	m.state = next
	e := programme.Event{Kind: programme.EventTakeOver, At: happened, Reason: r.Why}
	w.event(m, before.Stage, e, programme.SystemRole, "", moment, programme.Text{})
	for _, name := range slices.Sorted(maps.Keys(at.Forms)) {
		w.form(*m, name, "", at.Forms[name], attachments[name])
	}
	return s.follow(ctx, tx, w, h, m, e, effects)
}

// rowRefusal points a refusal to the column that is to be mended.
func rowRefusal(err error) error {
	r, ok := errors.AsType[*programme.Refusal](err)
	if !ok {
		return err
	}
	field := "stage"
	switch r.Kind {
	case programme.RefusedNoForm:
		field = r.Form
	case programme.RefusedNoReason:
		field = "why"
	}
	return wrongFields([]programme.FieldError{{Field: field, Message: r.Text}})
}

// pastMoves lets everything happen again that happened to a matter.
func (s *Site) pastMoves(ctx context.Context, tx *db.Tx, p *pastImport, w *writes, h heldForMatter, m *stored, raiser Actor, r PastMatter) error {
	raiser.system = true
	for i, mv := range r.Moves {
		mv.at = s.pastMoment(mv.On, mv.At)
		v := viewer{sees: matterHouse, trusted: true, ties: map[string]bool{}}
		switch {
		case mv.As == tieRaiser:
			v.actor, v.ties[tieRaiser] = raiser, true
			v.roles, mv.As = []string{tieRaiser, tieJoined}, ""
		case mv.Who != "" || mv.As != programme.SystemRole && !isPartyRole(p.run, mv.As) && !slices.Contains(p.x.Handlers(), mv.As):
			who, err := p.person(w, h, mv.Who, mv.As, "", mv.at)
			if err != nil {
				return err
			}
			v.actor = who
		}
		v.actor.system = true
		var err error
		if mv.Kind == programme.EventBallot {
			err = s.pollEnds(ctx, tx, w, h, m, mv)
		} else {
			err = s.move(ctx, tx, w, h, m, v, mv.Move)
		}
		if err != nil {
			var known *Error
			if errors.As(err, &known) {
				return refuse(Invalid, "第 {0} 步（{1} {2}）：{3}", "step {0} ({1} {2}): {3}", i+1, string(mv.Kind), mv.Action, known.Text)
			}
			return err
		}
	}
	if r.Stage != "" && r.Stage != m.state.Stage {
		return wrongFields([]programme.FieldError{wrongField("stage", "这些经过到“{0}”，不是“{1}”", "what happened leads to “{0}”, not to “{1}”", m.x.StageTitle(m.state.Stage), m.x.StageTitle(r.Stage))})
	}
	return nil
}

// poll is a ballot of the past, or one that runs when the past ends.
type poll struct {
	m       *stored
	form    string
	opened  time.Time
	closes  programme.Day
	invited []string
	ended   time.Time // zero: it runs
	figures programme.Figures
}

// pollBegins notes a ballot of the past. Those invited are the people of the matter.
func (s *Site) pollBegins(ctx context.Context, tx *db.Tx, w *writes, m *stored, e programme.Event, f programme.Effect) error {
	invited, err := s.votersOf(ctx, tx, w, m, f.Who)
	w.polls = append(w.polls, &poll{m: m, form: f.Form, opened: e.At, closes: m.x.Clock(m.state, m.x.Calendar).Due, invited: invited})
	return err
}

// pollEnds counts one, with the figures that are told of it.
func (s *Site) pollEnds(ctx context.Context, tx *db.Tx, w *writes, h heldForMatter, m *stored, mv PastMove) error {
	at, moment := w.moments(s, h, mv.at)
	e := programme.Event{Kind: programme.EventBallot, At: at, Roles: []string{programme.SystemRole}, Figures: mv.Figures}
	before := m.state
	if n := len(w.polls); n > 0 && mv.Figures != nil {
		p := w.polls[n-1]
		if int64(len(p.invited)) != mv.Figures.Invited {
			return refuse(Invalid, "应参评 {0} 人，不是 {1} 人", "{0} were invited, not {1}", len(p.invited), mv.Figures.Invited)
		}
		p.figures = *mv.Figures
	}
	next, effects, err := m.x.Next(before, e)
	if err != nil {
		return refusal(err)
	}
	m.state = next
	if n := len(w.polls); n > 0 && (!next.Rerun || before.Rerun) {
		w.polls[n-1].ended = at
	}
	w.event(m, before.Stage, e, programme.SystemRole, "", moment, withheld(m, e, next.Ballot.Why))
	return s.follow(ctx, tx, w, h, m, e, effects)
}

// storePolls stores ballots of the past: who might vote, and the sums. Who voted in one that is over is not known; the register
// holds as many of those invited as there were votes.
func (s *Site) storePolls(ctx context.Context, tx *db.Tx, w *writes) error {
	var ballots, rights, registers, boxes [][]any
	for _, p := range w.polls {
		form, ok := p.m.x.Form(p.form)
		if !ok {
			return fmt.Errorf("matter %s has no form %s", p.m.Name, p.form)
		}
		id, tally := newID(), map[string]int64{}
		for _, f := range form.Fields {
			for _, o := range f.Of {
				tally[o.Name] = p.figures.Count[o.Name]
			}
		}
		var ended any
		if !p.ended.IsZero() {
			ended = p.ended.UnixMicro()
		}
		ballots = append(ballots, []any{id, p.m.run.Name, p.m.VersionID, p.form, p.m.Subject.ID, p.m.ID, p.opened.UnixMicro(), "", int64(p.closes), ended, ended != nil})
		for _, who := range p.invited {
			rights = append(rights, []any{id, who})
		}
		voted := slices.Sorted(slices.Values(p.invited[:min(int(p.figures.Cast), len(p.invited))]))
		register, err := json.Marshal(append([]string{}, voted...))
		if err != nil {
			return fmt.Errorf("register of a ballot: %w", err)
		}
		box, err := json.Marshal(tally)
		if err != nil {
			return fmt.Errorf("box of a ballot: %w", err)
		}
		registers = append(registers, []any{id, string(register)})
		boxes = append(boxes, []any{id, p.figures.Cast, string(box)})
	}
	for _, part := range []struct {
		into string
		rows [][]any
	}{
		{"ballot (id, programme, version_id, form, subject_id, matter_id, opened_at, opened_by, closes_on, ended_at, counted)", ballots},
		{"ballot_right (ballot_id, person)", rights},
		{"ballot_register (ballot_id, voted)", registers},
		{"ballot_box (ballot_id, votes, tally)", boxes},
	} {
		if err := tx.Insert(ctx, part.into, part.rows, ""); err != nil {
			return err
		}
	}
	return nil
}

// mattersByCode finds which of the rows' codes are taken.
func mattersByCode(ctx context.Context, tx *db.Tx, rows []PastMatter) (map[string][2]string, error) {
	codes, out := make([]string, len(rows)), map[string][2]string{}
	for i, r := range rows {
		codes[i] = r.Code
	}
	err := db.Chunks(codes, func(codes []string) error {
		return tx.Each(ctx, "SELECT code, subject_id, name FROM matter WHERE code IN ("+db.In(len(codes), 1)+")", db.Args(codes), func(scan func(...any) error) error {
			var code string
			var of [2]string
			err := scan(&code, &of[0], &of[1])
			out[code] = of
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("which codes are taken: %w", err)
	}
	return out, nil
}

// accountsByLogin finds the accounts that the rows name. Only the system may speak for them.
func accountsByLogin(ctx context.Context, tx *db.Tx, a Actor, rows []PastMatter) (map[string]Actor, error) {
	names := map[string]bool{}
	for _, r := range rows {
		names[r.Who] = true
		for _, mv := range r.Moves {
			names[mv.Who] = true
		}
	}
	delete(names, "")
	out := map[string]Actor{}
	if !a.system {
		return out, nil
	}
	err := db.Chunks(keys(names), func(logins []string) error {
		return tx.Each(ctx, "SELECT id, login, name FROM account WHERE login IN ("+db.In(len(logins), 1)+")", db.Args(logins), func(scan func(...any) error) error {
			who := Actor{system: true}
			err := scan(&who.ID, &who.Login, &who.Name)
			out[who.Login] = who
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("accounts of %d logins: %w", len(names), err)
	}
	return out, nil
}
