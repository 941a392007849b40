package bihuan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// MatterFile is a matter with all that happened to it, as far as the actor may know it.
type MatterFile struct {
	Matter
	Stages    []StageMark // the way it went and may go
	Forms     []MatterForm
	Events    []MatterEvent   // the oldest first
	Ways      []programme.Way // that the actor may go
	Next      []programme.Way // what can happen to it now, whoever may bring it about: actions, forms, a ballot
	Confirmed bool            // those affected brought its end about: who raised it or joined it, by themselves or by their ballot
	ByRules   programme.Text  // why the rules ended it; empty: people did
	Ballot    *BallotFigures  // the one that runs, or the last one
	Hides     []string        // what the programme hides
	Follows   bool            // the actor does
	Recused   bool            // the actor had a part in what it is against, and may do nothing with it
	Reminds   bool            // the actor may remind those whose turn it is, and has not today
	House     bool            // the actor belongs to those who handle it, or are above
	Parts     []MatterLink    // what it was split into
	Part      *MatterLink     // what it was split from
	Into      *MatterLink     // what it was merged into
	Absorbed  []MatterLink    // what was merged into it
}

// MatterLink points to another matter.
type MatterLink struct {
	ID, Code string
	Called   programme.Text
}

// StageMark is a stage of a matter's process: passed, now, ahead, or one of its ends.
type StageMark struct {
	Stage   string
	Title   programme.Text
	Entered programme.Day // the last time; 0: never
	Visits  int
	Now     bool
	End     bool
}

// MatterForm is a form that was filed on a matter's way, without the fields that are hidden.
type MatterForm struct {
	Seq         int // of the event
	Form        string
	Title       programme.Text
	Definition  *programme.Form // to show the values by
	Values      programme.Values
	Told        map[string]programme.Text // fields that the rules filled in: the same in both languages
	Hidden      []string                  // names of fields that hold something and are hidden from the actor
	By          programme.Text
	On          programme.Day
	Attachments []Attachment
}

// In gives what a form says, what the rules filled in in a language.
func (f MatterForm) In(l programme.Lang) programme.Values {
	if len(f.Told) == 0 {
		return f.Values
	}
	out := maps.Clone(f.Values)
	for name, t := range f.Told {
		if out[name] != nil {
			out[name] = t.In(l)
		}
	}
	return out
}

// MatterEvent is something that happened to a matter.
type MatterEvent struct {
	Seq      int
	Kind     programme.EventKind
	Action   string
	Title    programme.Text // what was done, in words
	As       programme.Text // the role or tie in which it was done
	Name     string         // of who did it, for those of the house, unless it is hidden
	Reason   string
	Told     programme.Text // what the rules said to it
	Target   string         // to whom or what, in words
	From, To programme.Text // stages; alike when it stayed
	At       time.Time      // when the site was told of it
	On       programme.Day  // when it happened; earlier, of what was taken over from elsewhere
	Late     bool           // it left its stage after its time
}

// Matter gives a matter by its ID or its code, to those who may see it.
func (s *Site) Matter(ctx context.Context, a Actor, id string) (MatterFile, error) {
	var out MatterFile
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		m, v, err := s.seenMatter(ctx, tx, a, id, matterTold)
		if err != nil {
			return err
		}
		out, err = s.matterFile(ctx, tx, a, v, m)
		return err
	})
	if err != nil {
		return MatterFile{}, fmt.Errorf("matter %s: %w", id, err)
	}
	return out, nil
}

func (s *Site) matterFile(ctx context.Context, tx *db.Tx, a Actor, v viewer, m stored) (MatterFile, error) {
	raisers, err := s.raiserNames(ctx, tx, []string{m.ID})
	if err != nil {
		return MatterFile{}, err
	}
	if err := s.nameHandlers(ctx, tx, []*stored{&m}); err != nil {
		return MatterFile{}, err
	}
	out := MatterFile{Matter: v.show(m, raisers[m.ID]), Stages: marks(m), Hides: m.x.Matter.Hides, House: v.sees == matterHouse, Follows: v.ties[tieFollows], Recused: v.ties[tieRecused]}
	if v.sees == matterTold {
		return out, nil // that it ended, how, and the public reason
	}
	if err = s.matterEvents(ctx, tx, v, m, &out); err != nil {
		return MatterFile{}, err
	}
	if out.Forms, err = s.matterForms(ctx, tx, v, m); err != nil {
		return MatterFile{}, err
	}
	for _, w := range m.x.Ways(m.state) {
		joins := w.Kind == programme.EventFile && collects(m.x, m.Stage, map[string]programme.Values{w.Form: nil})
		if (a.system || v.may(m.x, w.By)) && w.Kind != programme.EventBallot && !(joins && (v.ties[tieRaiser] || v.ties[tieJoined])) {
			out.Ways = append(out.Ways, w)
		}
		if w.Kind == programme.EventAct || w.Kind == programme.EventFile || w.Kind == programme.EventBallot {
			out.Next = append(out.Next, w)
		}
	}
	if out.Ballot, err = s.ballotOf(ctx, tx, v, m); err != nil {
		return MatterFile{}, err
	}
	if out.Reminds, err = s.mayRemind(ctx, tx, m, v); err != nil {
		return MatterFile{}, err
	}
	return out, s.matterLinks(ctx, tx, m, &out)
}

// matterEvents reads what happened to a matter, whether those affected brought its end about, and why the rules did.
func (s *Site) matterEvents(ctx context.Context, tx *db.Tx, v viewer, m stored, out *MatterFile) error {
	late := 0
	err := tx.Each(ctx, `SELECT e.seq, e.kind, e.action, e.person, COALESCE(a.name, v.name, ''), e.acted_as, e.reason, e.target, e.told, e.at, e.on_day, e.from_stage, e.stage, e.late
		FROM matter_event e LEFT JOIN account a ON a.id = e.person LEFT JOIN voice v ON v.id = e.person WHERE e.matter_id = $1 ORDER BY e.seq`, []any{m.ID},
		func(scan func(...any) error) error {
			var e MatterEvent
			var person, name, as, from, to, told string
			var at int64
			var lates int
			if err := scan(&e.Seq, &e.Kind, &e.Action, &person, &name, &as, &e.Reason, &e.Target, &told, &at, &e.On, &from, &to, &lates); err != nil {
				return err
			}
			e.Title, e.As, e.At = m.x.Happened(programme.Happening{Kind: e.Kind, Action: e.Action, From: from}), m.x.People([]string{as}), s.moment(at)
			e.From, e.To = m.x.StageTitle(from), m.x.StageTitle(to)
			e.Told = readText(told)
			if from == "" {
				e.From = programme.Text{}
			}
			if v.knowsName(m.x, person, as) {
				e.Name = name
			}
			e.Late, late = lates > late, lates
			if m.Over() && from != to && to == m.Outcome {
				out.Confirmed, out.ByRules = as == tieRaiser || as == tieJoined || e.Kind == programme.EventBallot, e.Told
			}
			out.Events = append(out.Events, e)
			return nil
		})
	if err != nil {
		return fmt.Errorf("events of matter %s: %w", m.ID, err)
	}
	return s.nameTargets(ctx, tx, v, out.Events)
}

// nameTargets puts names in the place of what events point to: units, handlers, other matters.
func (s *Site) nameTargets(ctx context.Context, tx *db.Tx, v viewer, events []MatterEvent) error {
	for i := range events {
		e := &events[i]
		if e.Target == "" {
			continue
		}
		var name string
		query := ""
		switch e.Kind {
		case programme.EventTransfer:
			query = "SELECT name FROM unit WHERE code = $1"
		case programme.EventAssign:
			query = "SELECT name FROM account WHERE id = $1"
		default:
			query = "SELECT code FROM matter WHERE id = $1"
		}
		err := tx.Row(ctx, query, []any{e.Target}, &name)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("name what an event points to: %w", err)
		}
		e.Target = name
		if e.Kind == programme.EventAssign && v.sees != matterHouse {
			e.Target = ""
		}
	}
	return nil
}

func (s *Site) matterForms(ctx context.Context, tx *db.Tx, v viewer, m stored) ([]MatterForm, error) {
	var out []MatterForm
	secret := map[int]bool{} // events whose actor the viewer may not know
	err := tx.Each(ctx, `SELECT f.seq, f.form, f.person, f.doc, e.acted_as, e.on_day FROM matter_form f
		JOIN matter_event e ON e.matter_id = f.matter_id AND e.seq = f.seq WHERE f.matter_id = $1 ORDER BY f.seq, f.form`, []any{m.ID},
		func(scan func(...any) error) error {
			var f MatterForm
			var person, doc, as string
			if err := scan(&f.Seq, &f.Form, &person, &doc, &as, &f.On); err != nil {
				return err
			}
			form, ok := m.x.Form(f.Form)
			if !ok {
				return nil // a later version carried it over
			}
			if form.Name != m.x.Matter.Raise.Form && v.sees == matterPublic && !publicForm(m.x, form.Name) {
				return nil
			}
			f.Definition, f.Title, f.By = form, formTitle(form), m.x.People([]string{as})
			f.Values, f.Hidden = v.hideFields(m.x, form, person, readValues(form, []byte(doc)))
			secret[f.Seq] = person != "" && hides(m.x.Matter, "proposer", tieRaiser, tieJoined) && !v.knowsName(m.x, person, as)
			out = append(out, f)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("forms of matter %s: %w", m.ID, err)
	}
	if err := s.tellFindings(ctx, tx, m, out); err != nil {
		return nil, err
	}
	return out, matterAttachments(ctx, tx, m.ID, out, secret)
}

// publicForm tells whether visitors may read a form on the way of a public matter: the answers of those who handle it, not what
// those who took part wrote.
func publicForm(x *programme.Process, form string) bool {
	for _, st := range x.Matter.Stages {
		if st.Collect != nil && st.Collect.Form == form {
			return false
		}
	}
	return true
}

// matterAttachments adds the files that stand in fields which are shown. What people call their files may tell who they are: of
// those who are hidden a file has a number instead of its name.
func matterAttachments(ctx context.Context, tx *db.Tx, id string, forms []MatterForm, secret map[int]bool) error {
	return tx.Each(ctx, `SELECT x.seq, x.form, x.field, x.sha256, x.name, b.media, b.size FROM matter_blob x JOIN blob b ON b.sha256 = x.sha256
		WHERE x.matter_id = $1 ORDER BY x.seq, x.form, x.field, x.position`, []any{id}, func(scan func(...any) error) error {
		var seq int
		var form string
		var x Attachment
		if err := scan(&seq, &form, &x.Field, &x.SHA256, &x.Name, &x.Media, &x.Size); err != nil {
			return err
		}
		for i := range forms {
			if f := &forms[i]; f.Seq == seq && f.Form == form && f.Values[x.Field] != nil {
				if secret[seq] {
					x.Name = fmt.Sprint(len(f.Attachments)+1) + filepath.Ext(x.Name)
				}
				f.Attachments = append(f.Attachments, x)
			}
		}
		return nil
	})
}

// marks gives the stages of a matter's process in their order, and the end it came to.
func marks(m stored) []StageMark {
	var out []StageMark
	for _, st := range m.x.Matter.Stages {
		out = append(out, StageMark{st.Stage, m.x.StageTitle(st.Stage), m.state.Days[st.Stage], m.state.Visits[st.Stage], st.Stage == m.Stage, false})
	}
	if m.Over() {
		out = append(out, StageMark{m.Outcome, m.StageTitle, m.ClosedOn, 1, true, true})
	}
	return out
}

func (s *Site) matterLinks(ctx context.Context, tx *db.Tx, m stored, out *MatterFile) error {
	ids := slices.Concat(m.state.Parts, m.state.Absorbed, []string{m.state.Part, m.state.Into})
	links, err := s.linksTo(ctx, tx, ids)
	if err != nil {
		return fmt.Errorf("matters beside %s: %w", m.ID, err)
	}
	of := func(ids []string) (list []MatterLink) {
		for _, id := range ids {
			if l, ok := links[id]; ok {
				list = append(list, l)
			}
		}
		return list
	}
	one := func(id string) *MatterLink {
		if l, ok := links[id]; ok {
			return &l
		}
		return nil
	}
	out.Parts, out.Absorbed, out.Part, out.Into = of(m.state.Parts), of(m.state.Absorbed), one(m.state.Part), one(m.state.Into)
	return nil
}

// linksTo gives the links to matters, by their IDs.
func (s *Site) linksTo(ctx context.Context, tx *db.Tx, ids []string) (map[string]MatterLink, error) {
	type named struct {
		MatterLink
		title, clause, version string
	}
	var list []named
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, "SELECT id, code, title, clause, version_id FROM matter WHERE id IN ("+db.In(len(ids), 1)+")", db.Args(ids), func(scan func(...any) error) error {
			var l named
			err := scan(&l.ID, &l.Code, &l.title, &l.clause, &l.version)
			list = append(list, l)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("titles of matters: %w", err)
	}
	out := map[string]MatterLink{}
	for _, l := range list {
		run, err := s.versionIn(ctx, tx, l.version)
		if err != nil {
			return nil, err
		}
		l.Called = run.called(l.clause, l.title)
		out[l.ID] = l.MatterLink
	}
	return out, nil
}
