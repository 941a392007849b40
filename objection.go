package bihuan

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Outcome is what became of an objection.
type Outcome string

// The outcomes of an objection.
const (
	ObjectionOpen       Outcome = "open"
	ObjectionUpheld     Outcome = "upheld"
	ObjectionRejected   Outcome = "rejected"
	ObjectionWithdrawn  Outcome = programme.Withdrawn
	ObjectionMerged     Outcome = programme.Merged
	ObjectionSplit      Outcome = programme.SplitUp
	ObjectionUnresolved Outcome = "unresolved"
)

// Objection is made against a published result (异议) and answered in public by the deciding party.
type Objection struct {
	ID, Round  string
	Subject    Subject
	Clause     string // empty: the whole result
	Body       string
	FiledBy    string // a person's name, for members of the deciding house and for himself; empty for all others
	FiledAt    time.Time
	Outcome    Outcome
	Answer     string
	AnsweredBy string    // a person's name; empty for visitors, and for what was withdrawn
	AnsweredAt time.Time // or when it ended otherwise
	Waits      bool      // it is upheld and nothing is corrected yet: its round cannot be decided
}

// Text gives the word for an outcome.
func (o Outcome) Text() programme.Text {
	switch o {
	case ObjectionOpen:
		return programme.T("待答复", "open")
	case ObjectionUpheld:
		return programme.T("异议成立", "upheld")
	case ObjectionRejected:
		return programme.T("异议不成立", "rejected")
	case ObjectionWithdrawn:
		return programme.T("已撤回", "withdrawn")
	case ObjectionMerged:
		return programme.T("已并案", "merged into another")
	case ObjectionSplit:
		return programme.T("已分拆", "split")
	case ObjectionUnresolved:
		return programme.T("未解决办结", "closed unresolved")
	}
	return programme.Text{}
}

// Answered tells whether the deciding party gave an answer, and the objection did not end otherwise.
func (o Outcome) Answered() bool { return o == ObjectionUpheld || o == ObjectionRejected }

// Object objects to the published result of a subject, or to one clause of it, while the publicity of the round runs. The
// subject's officers and those with a role that scores nothing (employees) may, each once to a clause until it is answered. It is
// a matter: it has a clock, and whoever has to answer it finds it among his things to do.
func (s *Site) Object(ctx context.Context, a Actor, roundID, subjectID, clause, body string) (Objection, error) {
	if a.Visitor() {
		return Objection{}, signInFirst()
	}
	var out Objection
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		h, r, run, err := s.holdResult(ctx, tx, a, roundID, subjectID)
		if err != nil {
			return err
		}
		if err := s.mayObject(ctx, tx, a, run, r, subjectID); err != nil {
			return err
		}
		if err := s.publicityRuns(run, r); err != nil {
			return err
		}
		b, err := s.against(ctx, tx, a, h, run, objectionMatter, r.ID, clause, body)
		if err != nil {
			return err
		}
		if err := objectedOnce(ctx, tx, a, r.ID, subjectID, clause); err != nil {
			return err
		}
		w := writes{}
		m, err := s.begin(ctx, tx, &w, h, b)
		if err != nil {
			return err
		}
		if err := s.finish(ctx, tx, &w, h, m.x); err != nil {
			return err
		}
		list, err := s.objections(ctx, tx, "j.id = $1", m.ID)
		if err != nil {
			return err
		}
		out = list[0].Objection
		return nil
	})
	if err != nil {
		return Objection{}, fmt.Errorf("object to %s in round %s: %w", subjectID, roundID, err)
	}
	return out, nil
}

// holdResult holds the subject of a result in a round that the actor may see. What the round gives is read after it is held.
func (s *Site) holdResult(ctx context.Context, tx *db.Tx, a Actor, roundID, subjectID string) (h heldForMatter, r Round, run *Running, err error) {
	if _, _, _, err = s.seenRound(ctx, tx, a, roundID); err != nil {
		return h, r, run, err
	}
	if h, err = s.holdForMatter(ctx, tx, subjectID); err != nil {
		return h, r, run, err
	}
	r, run, err = s.round(ctx, tx, roundID)
	return h, r, run, err
}

// against prepares an objection or appeal against a result, or one clause of it.
func (s *Site) against(ctx context.Context, tx *db.Tx, a Actor, h heldForMatter, pinned *Running, name, round, clause, body string) (beginning, error) {
	body, err := objectionText(pinned, clause, body)
	if err != nil {
		return beginning{}, err
	}
	x, err := s.process(h.run, name)
	if err != nil {
		return beginning{}, err
	}
	form, ok := x.Form(x.Matter.Raise.Form)
	if !ok {
		return beginning{}, fmt.Errorf("matter %s has no form %s", name, x.Matter.Raise.Form)
	}
	values, wrong := form.Fill(h.run.Programme, saying(form, clause, body), programme.About{AsOf: s.Today(), Subject: h.about})
	if err := wrongFields(wrong); err != nil {
		return beginning{}, err
	}
	return beginning{actor: a, person: a.ID, roles: x.Matter.Raise.By, x: x, values: values, title: titleOfResult(pinned, clause), clause: clause, round: round}, nil
}

var wholeResult = programme.T("整个结果", "the whole result")

// called is what a matter is called.
func (m *stored) called() programme.Text { return m.run.called(m.Clause, m.Title) }

// called gives the title of a matter under a version. One that is about a clause was named by it, and is named so in the other language
// as well.
func (r *Running) called(clause, title string) programme.Text {
	t := programme.T(title, title)
	switch c, ok := r.Clause(clause); {
	case title == wholeResult.Zh:
		t.En = wholeResult.En
	case ok && !c.Title.Empty() && title == titleOfResult(r, clause):
		t.En = clause + " " + c.Title.In(programme.En)
	}
	return t
}

// titles lists what a matter is called in each language, once.
func (m *stored) titles() []string {
	t := m.called()
	return slices.Compact([]string{t.In(programme.Zh), t.In(programme.En)})
}

// titleOfResult calls a result, or a clause of it, by a name.
func titleOfResult(run *Running, clause string) string {
	c, ok := run.Clause(clause)
	if !ok {
		return wholeResult.Zh
	}
	return strings.TrimSpace(clause + " " + c.Title.In(programme.Zh))
}

// saying fills in what somebody says in a form: its field text, or else its first required text.
func saying(form *programme.Form, clause, body string) map[string]any {
	values := map[string]any{}
	into := ""
	for _, f := range form.Fields {
		switch {
		case f.Type != programme.TextType:
		case f.Name == "clause" && clause != "":
			values["clause"] = clause
		case f.Name == "text", f.Name != "clause" && into == "" && f.Required:
			into = f.Name
		}
	}
	if into != "" {
		values[into] = body
	}
	return values
}

func objectedOnce(ctx context.Context, tx *db.Tx, a Actor, round, subject, clause string) error {
	var n int
	err := tx.Row(ctx, `SELECT count(*) FROM matter j JOIN matter_person p ON p.matter_id = j.id AND p.tie = 'raiser' AND p.person = $4
		WHERE j.name = 'objection' AND j.outcome = '' AND j.round_id = $1 AND j.subject_id = $2 AND j.clause = $3`, []any{round, subject, clause, a.ID}, &n)
	if err == nil && n > 0 {
		err = refuse(Conflict, "您对此已提出异议，请等待答复", "you have objected to this already; wait for the answer")
	}
	return err
}

// mayObject refuses who is no officer of the subject and has no other part in it.
func (s *Site) mayObject(ctx context.Context, tx *db.Tx, a Actor, run *Running, r Round, subjectID string) error {
	unit, err := pinnedUnit(ctx, tx, r.ID, subjectID)
	if err != nil {
		return err
	}
	var affected []string // the subject's own party, and the roles that are no party
	if len(run.Parties) > 0 {
		affected = append(affected, run.Parties[0].Name)
	}
	for _, role := range run.Roles {
		if !isPartyRole(run, role.Name) {
			affected = append(affected, role.Name)
		}
	}
	return s.mustHold(ctx, tx, a, run, unit, affected...)
}

func isPartyRole(run *Running, role string) bool {
	for _, p := range run.Parties {
		if p.Role == role {
			return true
		}
	}
	return false
}

// pinnedUnit gives the unit of a subject in a round.
func pinnedUnit(ctx context.Context, tx *db.Tx, round, subject string) (unit string, err error) {
	err = tx.Row(ctx, "SELECT unit FROM round_subject WHERE round_id = $1 AND subject_id = $2", []any{round, subject}, &unit)
	if errors.Is(err, sql.ErrNoRows) {
		return "", notFound("该评价对象", "subject in this round")
	}
	return unit, err
}

// publicityRuns refuses what is only possible while results are published and not decided.
func (s *Site) publicityRuns(run *Running, r Round) error {
	step, ok := r.UnderWay()
	if !ok || step.Name != Publicity {
		return refuse(Conflict, "现在不是公示期，现为“{0}”", "nothing is published for objections now; the round stands at “{0}”", underWay(run, r))
	}
	if s.Today() > step.Ends {
		return refuse(Conflict, "公示已于{0}届满，不再受理异议", "the publicity ended on {0}; objections are no longer taken", step.Ends)
	}
	return nil
}

// publicityOver refuses to end the publicity before its days have run and every objection is answered.
func (s *Site) publicityOver(run *Running, r Round) error {
	step, ok := r.UnderWay()
	if ok && step.Name == Publicity && s.Today() <= step.Ends {
		return refuse(Conflict, "公示到{0}（含当日）届满，之后才能评定", "the publicity runs to the end of {0}; decide after that day", step.Ends)
	}
	if r.OpenObjections > 0 {
		return refuse(Conflict, "还有 {0} 件异议未答复", "{0} objections are not answered yet", r.OpenObjections).
			hint("请先答复异议", "answer them first")
	}
	return nil
}

func objectionText(run *Running, clause, body string) (string, error) {
	var wrong []programme.FieldError
	if _, ok := run.Clause(clause); clause != "" && !ok {
		wrong = append(wrong, wrongField("clause", "没有条款{0}", "there is no clause {0}", clause))
	}
	body, w := cleanText("body", body, mostReason, true)
	return body, wrongFields(append(wrong, w...))
}

// Answer answers an objection in public, for the deciding party. When it is upheld, the party may judge and file anew for
// the subject, and the decision takes in what is known then; what was published stays beside it. Until something was put right the round
// is not decided.
func (s *Site) Answer(ctx context.Context, a Actor, objectionID string, upheld bool, answer string) error {
	if a.Visitor() {
		return signInFirst()
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		m, h, err := s.holdMatter(ctx, tx, objectionID)
		if k, ok := KindOf(err); ok && k == NotFound || err == nil && (m.Name != objectionMatter || m.Round == "") {
			return notFound("该异议", "objection")
		} else if err != nil {
			return err
		}
		if _, _, _, err := s.seenRound(ctx, tx, a, m.Round); err != nil {
			return err
		}
		r, run, err := s.round(ctx, tx, m.Round)
		if err != nil {
			return err
		}
		unit, err := pinnedUnit(ctx, tx, r.ID, m.Subject.ID)
		if err != nil {
			return err
		}
		at, err := heldAt(ctx, tx, a, run.Name, unit)
		if err != nil {
			return err
		}
		if _, err := judgingParty(run, at, r.Decides); err != nil {
			return err
		}
		answer, wrong := cleanText("answer", answer, mostReason, true)
		if err := wrongFields(wrong); err != nil {
			return err
		}
		meaning := programme.Answered
		if upheld {
			meaning = programme.Good
		}
		act, ok := leadingTo(&m, meaning)
		if !ok {
			return s.answeredBefore(ctx, tx, m)
		}
		v, err := s.viewerOf(ctx, tx, a, m)
		if err != nil {
			return err
		}
		v.roles = slices.Concat(act.By, v.roles) // the deciding party of the round answers, whichever that is
		mv := Move{Kind: programme.EventAct, Action: act.Name, Reason: answer, Forms: map[string]map[string]any{}}
		for _, name := range []string{act.Form, act.Needs} {
			if form, ok := m.x.Form(name); ok {
				mv.Forms[name] = saying(form, "", answer)
			}
		}
		w := writes{actor: a.ID}
		if err := s.move(ctx, tx, &w, h, &m, v, mv); err != nil {
			return err
		}
		return s.finish(ctx, tx, &w, h, m.x)
	})
	if err != nil {
		return fmt.Errorf("answer objection %s: %w", objectionID, err)
	}
	return nil
}

// leadingTo finds the action of a matter's stage that ends it with a meaning.
func leadingTo(m *stored, meaning string) (*programme.Action, bool) {
	st, ok := m.x.Matter.Stage(m.state.Stage)
	if !ok {
		return nil, false
	}
	for _, a := range st.Actions {
		if end, ok := m.x.Matter.End(a.To); ok && end.Meaning == meaning {
			return a, true
		}
	}
	return nil, false
}

func (s *Site) answeredBefore(ctx context.Context, tx *db.Tx, m stored) error {
	list, err := s.objections(ctx, tx, "j.id = $1", m.ID)
	if err != nil {
		return err
	}
	o := list[0]
	if o.Outcome == ObjectionOpen {
		return refuse(Conflict, "现为“{0}”，还不能答复", "it is at “{0}” and cannot be answered yet", m.StageTitle)
	}
	if !o.Outcome.Answered() {
		return refuse(Conflict, "此件已于{0}终结：{1}", "it ended on {0}: {1}", when(o.AnsweredAt), o.Outcome.Text())
	}
	return refuse(Conflict, "{0}已于{1}答复：{2}", "{0} answered it on {1}: {2}", nameOr(o.AnsweredBy), when(o.AnsweredAt), o.Outcome.Text())
}

// nameOr names who acted; what has no account acted by itself.
func nameOr(name string) string {
	if name == "" {
		return System().Name
	}
	return name
}

// Objections lists the objections of a round that the actor may see, the newest first; with a subject, only those to its
// result. Answers are public; who objected is known to himself, the deciding party and administrators.
func (s *Site) Objections(ctx context.Context, a Actor, roundID, subjectID string) ([]Objection, error) {
	var out []Objection
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		r, run, sees, err := s.seenRound(ctx, tx, a, roundID)
		if err != nil {
			return err
		}
		knows, err := s.holds(ctx, tx, a, run, r.Unit, r.Decides)
		if err != nil {
			return err
		}
		where, args := "j.round_id = $1", []any{roundID}
		if subjectID != "" {
			where, args = where+" AND j.subject_id = $2", append(args, subjectID)
		}
		list, err := s.objections(ctx, tx, where, args...)
		if err != nil {
			return err
		}
		for _, o := range list {
			if o.Waits, err = s.waitsForCorrection(ctx, tx, run, r, o.Objection); err != nil {
				return err
			}
			if !knows && o.account != a.ID {
				o.FiledBy = ""
			}
			if sees == sightPublic {
				o.AnsweredBy = ""
			}
			out = append(out, o.Objection)
		}
		return nil
	})
	return out, err
}

// filedObjection is an objection with the account that filed it.
type filedObjection struct {
	Objection
	account string
}

// objections reads objections: matters j of that name.
func (s *Site) objections(ctx context.Context, tx *db.Tx, where string, args ...any) ([]filedObjection, error) {
	var out []filedObjection
	err := tx.Each(ctx, `SELECT j.id, COALESCE(j.round_id, ''), j.clause, p.person, COALESCE(f.name, ''), j.raised_at, j.outcome, j.meaning,
			(SELECT w.doc FROM matter_form w WHERE w.matter_id = j.id ORDER BY w.seq LIMIT 1),
			COALESCE((SELECT w.doc FROM matter_form w WHERE w.matter_id = j.id AND w.seq = e.seq), ''), COALESCE(e.reason, ''),
			COALESCE(b.name, ''), e.at, `+briefSubject+`
		FROM matter j JOIN subject s ON s.id = j.subject_id
		JOIN matter_person p ON p.matter_id = j.id AND p.tie = 'raiser'
		LEFT JOIN matter_event e ON e.matter_id = j.id AND j.outcome <> '' AND e.seq = (SELECT max(l.seq) FROM matter_event l WHERE l.matter_id = j.id)
		LEFT JOIN account f ON f.id = p.person LEFT JOIN account b ON b.id = e.person
		WHERE j.name = 'objection' AND `+where+" ORDER BY j.raised_at DESC, j.id DESC", args, func(scan func(...any) error) error {
		var o filedObjection
		var filed int64
		var answered sql.NullInt64
		var outcome, meaning, said, answer, reason string
		var b subjectBrief
		if err := scan(append([]any{&o.ID, &o.Round, &o.Clause, &o.account, &o.FiledBy, &filed, &outcome, &meaning, &said, &answer, &reason,
			&o.AnsweredBy, &answered}, b.into()...)...); err != nil {
			return err
		}
		o.Body, o.Answer = saidIn(said), cmp.Or(saidIn(answer), reason)
		o.Subject, o.FiledAt, o.AnsweredAt, o.Outcome = b.subject(s), s.moment(filed), s.momentIf(answered), outcomeOf(outcome, meaning)
		switch o.Outcome {
		case ObjectionWithdrawn:
			o.AnsweredBy, o.Answer = "", "" // it was who objected, and his name is known to few
		case ObjectionMerged, ObjectionSplit:
			o.Answer = "" // the reason is for those concerned
		}
		out = append(out, o)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read objections: %w", err)
	}
	return out, nil
}

func outcomeOf(outcome, meaning string) Outcome {
	switch {
	case outcome == "":
		return ObjectionOpen
	case outcome == programme.Withdrawn, outcome == programme.Merged, outcome == programme.SplitUp:
		return Outcome(outcome)
	case meaning == programme.Good:
		return ObjectionUpheld
	case meaning == programme.OpenToPublic:
		return ObjectionUnresolved
	}
	return ObjectionRejected
}

// saidIn gives what somebody says in a stored form: its field text, or else its longest text that is no clause.
func saidIn(doc string) (said string) {
	var values map[string]any
	if json.Unmarshal([]byte(doc), &values) != nil {
		return ""
	}
	if text, ok := values["text"].(string); ok {
		return text
	}
	for name, v := range values {
		if text, ok := v.(string); ok && name != "clause" && len(text) > len(said) {
			said = text
		}
	}
	return said
}

// briefSubject are the columns of a subject s, read by subjectBrief. The unit's name is no join: it is wanted for the rows
// shown, not for all that are counted and sorted.
const briefSubject = "s.id, s.programme, s.key, s.unit, (SELECT u.name FROM unit u WHERE u.code = s.unit), s.name, s.enrolled_at, s.left_at"

type subjectBrief struct {
	Subject
	enrolled int64
	left     sql.NullInt64
}

func (b *subjectBrief) into() []any {
	return []any{&b.ID, &b.Programme, &b.Key, &b.Unit, &b.UnitName, &b.Name, &b.enrolled, &b.left}
}

func (b *subjectBrief) subject(s *Site) Subject {
	b.EnrolledAt, b.Left = s.moment(b.enrolled), b.left.Valid
	return b.Subject
}
