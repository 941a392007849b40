package bihuan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// An objection that is upheld says that the published result is wrong. The round is not decided before something was put right: judged
// anew, filed or withdrawn since the objection was made, of what its clause reads and true by the round's day. Who put it right before he
// answered, or answered first, comes to the same.

// mustBeCorrected refuses to decide a round while an upheld objection is answered by words alone.
func (s *Site) mustBeCorrected(ctx context.Context, tx *db.Tx, run *Running, r Round) error {
	list, err := s.objections(ctx, tx, "j.round_id = $1 AND j.meaning = 'good'", r.ID)
	if err != nil {
		return err
	}
	var names []string
	n := 0
	for _, o := range list {
		waits, err := s.waitsForCorrection(ctx, tx, run, r, o.Objection)
		if err != nil {
			return err
		}
		if !waits {
			continue
		}
		if n++; n <= 3 {
			names = append(names, strings.TrimSpace(o.Subject.Name+" "+o.Clause))
		}
	}
	if n == 0 {
		return nil
	}
	return refuse(Conflict, "有 {0} 件异议成立但还没有更正：{1}", "upheld objections that nothing was corrected for: {0} ({1})", n, strings.Join(names, "、")).
		hint("请在该对象的结果页重新评定有关条款，或更正佐证（日期不晚于{0}）", "on the page of that result, judge the clause anew or correct its evidence (dated {0} or before)", r.AsOf)
}

// waitsForCorrection tells whether an objection is upheld, its round not decided, and nothing put right.
func (s *Site) waitsForCorrection(ctx context.Context, tx *db.Tx, run *Running, r Round, o Objection) (waits bool, err error) {
	if o.Outcome != ObjectionUpheld || r.State == RoundDecided {
		return false, nil
	}
	clause, _ := run.Clause(o.Clause) // nil: the whole result
	made := o.FiledAt.UnixMicro()
	waits = true
	err = tx.Each(ctx, `SELECT e.form, e.doc FROM evidence e LEFT JOIN evidence_withdrawal w ON w.evidence_id = e.id
		WHERE e.subject_id = $1 AND (e.recorded_at > $2 AND (e.valid_on <= $3 OR e.supersedes IS NOT NULL) OR w.recorded_at > $2)`, []any{o.Subject.ID, made, int64(r.AsOf)},
		func(scan func(...any) error) error {
			var name, doc string
			err := scan(&name, &doc)
			if form := run.forms[name]; form != nil && (clause == nil || clauseReads(clause, name, readValues(form, []byte(doc)))) {
				waits = false
			}
			return err
		})
	if err == nil && waits && (clause == nil || slices.Contains(readBy(clause), programme.MattersVar)) {
		var moved int
		err = tx.Row(ctx, "SELECT count(*) FROM matter WHERE subject_id = $1 AND name NOT IN ('objection', 'appeal') AND moved_at > $2", []any{o.Subject.ID, made}, &moved)
		waits = moved == 0
	}
	if err != nil {
		return false, fmt.Errorf("what was put right since objection %s: %w", o.ID, err)
	}
	return waits, nil
}
