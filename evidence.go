package bihuan

import (
	"context"
	"fmt"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Filing is a form somebody filled in, on its way to become evidence.
type Filing struct {
	Subject    string         // its ID; in FileMany the key will do
	Form       string         // a form of the programme, or programme.SubjectForm
	On         programme.Day  // the day it is true; 0: the field that `is: date`, else today
	By         string         // the party or role that files; empty: the one that the actor's grants give
	Values     map[string]any // raw, as Form.Fill takes them
	Supersedes string         // the evidence that this one corrects
	Row        int            // in the file, from 1 with the header as row 1
	Recorded   time.Time      // System only: the moment it is taken to be recorded, for the history of a demo
	Account    string         // System only: the ID of the account that is taken to have filed it, likewise
}

// Filed is what a filing did: the evidence's ID, and what moved.
type Filed struct {
	ID            string
	Before, After Standing
	Moved         []ClauseMove // in the actor's column
}

// Standing is where a subject stands in the actor's own column and in the deciding one.
type Standing struct{ Own, Deciding Column }

// Column is the live score of a subject in one party's column, without its reasons.
type Column struct {
	Party  string
	Scored bool
	Total  assess.Points
	Grade  string
}

// ClauseMove is a clause whose verdict or points changed.
type ClauseMove struct {
	Clause                    string
	Before, After             assess.Verdict
	PointsBefore, PointsAfter assess.Points
}

// File files a form for a subject: it becomes evidence, and moves the score at once. What is wrong in the form comes back
// by field. Of two who file at once both are kept, one after the other. Evidence that corrects another supersedes it, which
// only the same party may do, and only once.
func (s *Site) File(ctx context.Context, a Actor, f Filing) (Filed, error) {
	if a.Visitor() {
		return Filed{}, signInFirst()
	}
	var filed Filed
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		filed, err = s.fileIn(ctx, tx, a, f, false)
		return err
	})
	if err != nil {
		return Filed{}, fmt.Errorf("file %s for %s: %w", f.Form, f.Subject, err)
	}
	return filed, nil
}

// fileIn is File within a transaction; judging also lets programme.JudgementForm through, whose own checks the caller makes.
func (s *Site) fileIn(ctx context.Context, tx *db.Tx, a Actor, f Filing, judging bool) (Filed, error) {
	run, err := s.programmeOf(ctx, tx, f.Subject)
	if err != nil {
		return Filed{}, err
	}
	if err := holdComparing(ctx, tx, run); err != nil {
		return Filed{}, err
	}
	c, h, err := s.take(ctx, tx, a, run, f.Subject)
	if err != nil {
		return Filed{}, err
	}
	n, err := s.check(ctx, tx, a, run, c, h, f, judging)
	if err != nil {
		return Filed{}, err
	}
	c.added = append(c.added, n)
	if err := s.settle(ctx, tx, run, []*change{c}); err != nil {
		return Filed{}, err
	}
	if err := dropDraft(ctx, tx, a, f.Subject, f.Form); err != nil {
		return Filed{}, err
	}
	return c.filed(run, n), nil
}

// take holds a subject for one who belongs to the house there, and loads its evidence.
func (s *Site) take(ctx context.Context, tx *db.Tx, a Actor, run *Running, id string) (*change, held, error) {
	subjects, err := s.hold(ctx, tx, []string{id}, 1)
	if err != nil {
		return nil, held{}, err
	}
	sub := subjects[id]
	if sub == nil {
		return nil, held{}, notFound("该评价对象", "subject")
	}
	h, err := heldAt(ctx, tx, a, run.Name, sub.Unit)
	if err != nil {
		return nil, held{}, err
	}
	if !h.any() {
		return nil, held{}, notFound("该评价对象", "subject")
	}
	facts, err := s.factsOf(ctx, tx, run, []string{id}, nil)
	return &change{sub: sub, facts: facts[id]}, h, err
}

// check makes evidence of a filing, or says what is wrong with it.
func (s *Site) check(ctx context.Context, tx *db.Tx, a Actor, run *Running, c *change, h held, f Filing, judging bool) (newEvidence, error) {
	form := run.forms[f.Form]
	switch {
	case form == nil:
		return newEvidence{}, refuse(Invalid, "方案中没有表单{0}", "the programme has no form {0}", f.Form)
	case form.Ballot && !a.system: // the figures of a ballot are filed by the site itself
		return newEvidence{}, refuse(Invalid, "{0}由受邀人匿名填写，不能代填", "{0} is a ballot: only those invited fill it in", formTitle(form))
	case f.Form == programme.JudgementForm && !judging && !a.system:
		return newEvidence{}, refuse(Forbidden, "评分请在评定页面办理", "judgements are made on the judging page")
	case c.sub.Left:
		return newEvidence{}, refuse(Conflict, "{0}已退出评价", "{0} has left the programme", c.sub.Name)
	}
	by, err := run.filesAs(form, h, f.By)
	if err != nil {
		return newEvidence{}, err
	}
	today := s.Today()
	on := f.On
	if on == 0 {
		on = today
	}
	raw := f.Values
	if f.Form == programme.SubjectForm && raw[run.Subject.Key] == nil {
		raw = withKey(raw, run.Subject.Key, c.sub.Key)
	}
	values, wrong := form.Fill(run.Programme, raw, programme.About{AsOf: on, Subject: whatItIs(c.counting(), on)})
	if form.Ballot {
		values, wrong = form.FillFigures(run.Programme, raw)
	}
	if d := form.DayField(); d != nil {
		if day, ok := values[d.Name].(programme.Day); ok {
			on = day
		}
	}
	if on > today {
		wrong = append(wrong, wrongField(dayFieldName(form), "日期{0}晚于今天", "the day {0} is later than today", on))
	}
	if f.Form == programme.SubjectForm {
		if key, ok := values[run.Subject.Key]; ok && keyText(key) != c.sub.Key {
			wrong = append(wrong, wrongField(run.Subject.Key, "标识不能更改", "the key cannot be changed"))
		}
	}
	if err := wrongFields(wrong); err != nil {
		return newEvidence{}, err
	}
	n := newEvidence{Evidence: assess.Evidence{ID: newID(), Form: f.Form, On: on, Recorded: c.sub.moment + int64(len(c.added)),
		By: by, Filer: a.ID, Values: values}, doc: string(values.JSON()), supersedes: f.Supersedes}
	if a.system && !f.Recorded.IsZero() {
		n.Recorded = f.Recorded.UnixMicro()
	}
	if a.system && f.Account != "" {
		n.Filer = f.Account
	}
	if n.attachments, err = s.attach(ctx, tx, a, c.sub.ID, form, values); err != nil {
		return newEvidence{}, err
	}
	return n, s.mayCorrect(ctx, tx, c, n)
}

func formTitle(f *programme.Form) programme.Text {
	if f.Title.Empty() {
		return programme.T(f.Name, f.Name)
	}
	return f.Title
}

// dayFieldName is where a mistake in the day belongs: the field that names it, or "on".
func dayFieldName(f *programme.Form) string {
	if d := f.DayField(); d != nil {
		return d.Name
	}
	return "on"
}

func withKey(raw map[string]any, field, key string) map[string]any {
	out := make(map[string]any, len(raw)+1)
	for k, v := range raw {
		out[k] = v
	}
	out[field] = key
	return out
}

// keyText is the business key as text.
func keyText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// mayCorrect refuses a correction of what is not there, was corrected or withdrawn before, or belongs to another party.
func (s *Site) mayCorrect(ctx context.Context, tx *db.Tx, c *change, n newEvidence) error {
	if n.supersedes == "" {
		return nil
	}
	for _, e := range c.counting() {
		if e.ID != n.supersedes {
			continue
		}
		if e.Form != n.Form {
			return refuse(Invalid, "更正的表单不同", "what is corrected is another form")
		}
		if e.By != n.By {
			return refuse(Forbidden, "只能更正本方填报的佐证", "only evidence of your own party can be corrected").
				hint("可以另行填报一份", "file one of your own instead")
		}
		return nil
	}
	e, err := s.evidenceIn(ctx, tx, n.supersedes)
	if k, ok := KindOf(err); ok && k == NotFound || err == nil && e.Subject != c.sub.ID {
		return notFound("要更正的佐证", "evidence to be corrected")
	}
	if err != nil {
		return err
	}
	if e.Withdrawn != nil {
		return refuse(Conflict, "该佐证已由{0}撤回", "{0} has withdrawn this evidence", e.Withdrawn.AccountName)
	}
	later, err := s.evidenceIn(ctx, tx, e.SupersededBy)
	if err != nil {
		return err
	}
	return refuse(Conflict, "{0}已于{1}更正过该佐证", "{0} corrected this evidence at {1}", later.AccountName, later.Recorded.Format("2006-01-02 15:04")).
		hint("请查看更正后的内容", "see what it says now")
}

// filed tells what a change did, in the column of the one who filed.
func (c *change) filed(run *Running, n newEvidence) Filed {
	own := n.By
	if _, ok := run.Party(own); !ok {
		own = run.Deciding()
	}
	out := Filed{ID: n.ID,
		Before: Standing{c.before[own].Column, c.before[run.Deciding()].Column},
		After:  Standing{c.after[own].Column, c.after[run.Deciding()].Column}}
	for _, m := range moves(c.before[own].clauses, c.after[own].clauses) {
		if !m.isNew && !m.gone {
			out.Moved = append(out.Moved, m.ClauseMove)
		}
	}
	return out
}

// Withdraw takes evidence out of the score from now on; it stays readable, with the reason. Whoever may file as the party
// that filed it may withdraw it; what a role that scores nothing filed, only the one who filed it.
func (s *Site) Withdraw(ctx context.Context, a Actor, evidenceID, reason string) error {
	if a.Visitor() {
		return signInFirst()
	}
	reason, wrong := cleanText("reason", reason, mostReason, true)
	if err := wrongFields(wrong); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		e, err := s.evidenceIn(ctx, tx, evidenceID)
		if err != nil {
			return err
		}
		run, err := s.programmeOf(ctx, tx, e.Subject)
		if err != nil {
			return err
		}
		if err := holdComparing(ctx, tx, run); err != nil {
			return err
		}
		c, h, err := s.take(ctx, tx, a, run, e.Subject)
		if err != nil {
			return err
		}
		if !run.mayWithdraw(a, h, e) {
			return mayNot()
		}
		if e.Form == programme.JudgementForm {
			if err := recused(run, h, e.By); err != nil {
				return err
			}
		}
		if e, err = s.evidenceIn(ctx, tx, evidenceID); err != nil { // now that nobody else can change it
			return err
		}
		if e.Withdrawn != nil {
			return refuse(Conflict, "该佐证已由{0}撤回", "{0} has withdrawn this evidence", e.Withdrawn.AccountName)
		}
		if e.Form == programme.SubjectForm && onlyOne(c.facts, e.ID) {
			return refuse(Conflict, "这是该对象唯一的基本情况，不能撤回", "nothing else says what the subject is; correct it instead")
		}
		if err := tx.Insert(ctx, "evidence_withdrawal (evidence_id, account_id, reason, recorded_at)",
			[][]any{{evidenceID, a.ID, reason, c.sub.moment}}, ""); err != nil {
			return err
		}
		c.gone = map[string]bool{evidenceID: true}
		if err := s.settle(ctx, tx, run, []*change{c}); err != nil || e.Form != programme.JudgementForm {
			return err
		}
		return s.askJudgesAgain(ctx, tx, e.Subject)
	})
	if err != nil {
		return fmt.Errorf("withdraw %s: %w", evidenceID, err)
	}
	return nil
}

func (r *Running) mayWithdraw(a Actor, h held, e Evidence) bool {
	if a.system || h.admin || e.Account == a.ID {
		return true
	}
	i, isParty := r.Party(e.By)
	return isParty && h.holds(r.Parties[i].Role)
}

func onlyOne(facts []assess.Evidence, id string) bool {
	for _, e := range facts {
		if e.Form == programme.SubjectForm && e.ID != id {
			return false
		}
	}
	return true
}
