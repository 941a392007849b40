package bihuan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Outcome is what became of an objection.
type Outcome string

// The outcomes of an objection.
const (
	ObjectionOpen     Outcome = "open"
	ObjectionUpheld   Outcome = "upheld"
	ObjectionRejected Outcome = "rejected"
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
	AnsweredBy string // a person's name; empty for visitors
	AnsweredAt time.Time
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
	}
	return programme.Text{}
}

// Object objects to the published result of a subject, or to one clause of it, while the publicity of the round runs. The
// subject's officers and those with a role that scores nothing (employees) may, each once to a clause until it is answered.
func (s *Site) Object(ctx context.Context, a Actor, roundID, subjectID, clause, body string) (Objection, error) {
	if a.Visitor() {
		return Objection{}, signInFirst()
	}
	var out Objection
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, _, _, err := s.seenRound(ctx, tx, a, roundID); err != nil {
			return err
		}
		if _, err := s.holdSubjects(ctx, tx, []string{subjectID}); err != nil {
			return err
		}
		r, run, err := s.round(ctx, tx, roundID)
		if err != nil {
			return err
		}
		if err := s.mayObject(ctx, tx, a, run, r, subjectID); err != nil {
			return err
		}
		if err := s.publicityRuns(run, r); err != nil {
			return err
		}
		body, err := objectionText(run, clause, body)
		if err != nil {
			return err
		}
		id := newID()
		if err := insertObjection(ctx, tx, a, id, r.ID, subjectID, clause, body, s.Now()); err != nil {
			return err
		}
		list, err := s.objections(ctx, tx, "j.id = $1", id)
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
		return refuse(Conflict, "现在不是公示期，现为“{0}”", "nothing is published for objections now; {0} is under way", underWay(run, r))
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

func insertObjection(ctx context.Context, tx *db.Tx, a Actor, id, round, subject, clause, body string, at time.Time) error {
	var n int
	err := tx.Row(ctx, `SELECT count(*) FROM objection WHERE round_id = $1 AND subject_id = $2 AND clause = $3 AND account_id = $4 AND outcome = 'open'`,
		[]any{round, subject, clause, a.ID}, &n)
	if err != nil {
		return err
	}
	if n > 0 {
		return refuse(Conflict, "您对此已提出异议，请等待答复", "you have objected to this already; wait for the answer")
	}
	_, err = tx.Exec(ctx, `INSERT INTO objection (id, round_id, subject_id, clause, account_id, body, filed_at, outcome, answer)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', '')`, id, round, subject, clause, a.ID, body, at.UnixMicro())
	return err
}

// Answer answers an objection in public, for the deciding party. When it is upheld, the party may judge and file anew for
// the subject, and the decision takes in what is known then; what was published stays beside it.
func (s *Site) Answer(ctx context.Context, a Actor, objectionID string, upheld bool, answer string) error {
	if a.Visitor() {
		return signInFirst()
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		var roundID, subjectID string
		err := tx.Row(ctx, "SELECT round_id, subject_id FROM objection WHERE id = $1", []any{objectionID}, &roundID, &subjectID)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("该异议", "objection")
		}
		if err != nil {
			return err
		}
		if _, _, _, err := s.seenRound(ctx, tx, a, roundID); err != nil {
			return err
		}
		if _, err := s.holdSubjects(ctx, tx, []string{subjectID}); err != nil {
			return err
		}
		r, run, err := s.round(ctx, tx, roundID)
		if err != nil {
			return err
		}
		unit, err := pinnedUnit(ctx, tx, r.ID, subjectID)
		if err != nil {
			return err
		}
		h, err := heldAt(ctx, tx, a, run.Name, unit)
		if err != nil {
			return err
		}
		if _, err := judgingParty(run, h, r.Decides); err != nil {
			return err
		}
		answer, wrong := cleanText("answer", answer, mostReason, true)
		if err := wrongFields(wrong); err != nil {
			return err
		}
		outcome := ObjectionRejected
		if upheld {
			outcome = ObjectionUpheld
		}
		n, err := tx.Exec(ctx, `UPDATE objection SET outcome = $2, answer = $3, answered_at = $4, answered_by = $5, rev = rev + 1
			WHERE id = $1 AND outcome = 'open'`, objectionID, string(outcome), answer, s.Now().UnixMicro(), a.ID)
		if err != nil || n == 1 {
			return err
		}
		return s.answeredBefore(ctx, tx, objectionID)
	})
	if err != nil {
		return fmt.Errorf("answer objection %s: %w", objectionID, err)
	}
	return nil
}

func (s *Site) answeredBefore(ctx context.Context, tx *db.Tx, id string) error {
	list, err := s.objections(ctx, tx, "j.id = $1", id)
	if err != nil {
		return err
	}
	o := list[0]
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
		for _, o := range list {
			if !knows && o.account != a.ID {
				o.FiledBy = ""
			}
			if sees == sightPublic {
				o.AnsweredBy = ""
			}
			out = append(out, o.Objection)
		}
		return err
	})
	return out, err
}

// filedObjection is an objection with the account that filed it.
type filedObjection struct {
	Objection
	account string
}

func (s *Site) objections(ctx context.Context, tx *db.Tx, where string, args ...any) ([]filedObjection, error) {
	var out []filedObjection
	err := tx.Each(ctx, `SELECT j.id, j.round_id, j.clause, j.body, j.account_id, COALESCE(f.name, ''), j.filed_at, j.outcome, j.answer,
			COALESCE(b.name, ''), j.answered_at, `+briefSubject+`
		FROM objection j JOIN subject s ON s.id = j.subject_id
		LEFT JOIN account f ON f.id = j.account_id LEFT JOIN account b ON b.id = j.answered_by
		WHERE `+where+" ORDER BY j.filed_at DESC, j.id DESC", args, func(scan func(...any) error) error {
		var o filedObjection
		var filed int64
		var answered sql.NullInt64
		var b subjectBrief
		if err := scan(append([]any{&o.ID, &o.Round, &o.Clause, &o.Body, &o.account, &o.FiledBy, &filed, &o.Outcome, &o.Answer,
			&o.AnsweredBy, &answered}, b.into()...)...); err != nil {
			return err
		}
		o.Subject, o.FiledAt, o.AnsweredAt = b.subject(s), s.moment(filed), s.momentIf(answered)
		out = append(out, o)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read objections: %w", err)
	}
	return out, nil
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
