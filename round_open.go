package bihuan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// OpenRound opens a round for the subjects enrolled within a unit. It pins the running version, the day and the subjects.
// A kind has one open round at a time for any subject: Conflict otherwise.
func (s *Site) OpenRound(ctx context.Context, a Actor, n NewRound) (Round, error) {
	if a.Visitor() {
		return Round{}, signInFirst()
	}
	var out Round
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		run, err := s.holdProgramme(ctx, tx, n.Programme)
		if err != nil {
			return err
		}
		kind, err := roundKind(run, n.Kind)
		if err != nil {
			return err
		}
		if err := unitExists(ctx, tx, n.Unit); err != nil {
			return err
		}
		if err := s.mustHold(ctx, tx, a, run, n.Unit, kindDecides(run, kind)); err != nil {
			return err
		}
		if err := s.noOpenRound(ctx, tx, n.Programme, kind, n.Unit); err != nil {
			return err
		}
		r, err := s.plannedRound(run, kind, n)
		if err != nil {
			return err
		}
		if err := s.insertRound(ctx, tx, a, r); err != nil {
			return err
		}
		if err := s.pinSubjects(ctx, tx, &r); err != nil {
			return err
		}
		if err := s.askJudges(ctx, tx, run, r); err != nil {
			return err
		}
		out, _, err = s.round(ctx, tx, r.ID)
		return err
	})
	if err != nil {
		return Round{}, fmt.Errorf("open round of %s: %w", n.Programme, err)
	}
	s.wroteMany(ctx, out.Subjects, "round_subject", "judge_due")
	return out, nil
}

// wroteMany lets the database take note of tables after many rows were written to them.
func (s *Site) wroteMany(ctx context.Context, rows int, tables ...string) {
	if rows < db.Chunk {
		return
	}
	if err := s.db.Analyze(ctx, tables...); err != nil {
		s.log.Warn("slow for a while", "error", err)
	}
}

// holdProgramme keeps another round of the programme from being opened until the transaction ends, and gives the version
// that runs.
func (s *Site) holdProgramme(ctx context.Context, tx *db.Tx, name string) (*Running, error) {
	var version string
	err := tx.Row(ctx, "UPDATE programme SET rev = rev + 1 WHERE name = $1 RETURNING version_id", []any{name}, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("该方案", "programme")
	}
	if err != nil {
		return nil, fmt.Errorf("hold programme %s: %w", name, err)
	}
	return s.versionIn(ctx, tx, version)
}

// roundKind finds a kind of round by name, or the only one.
func roundKind(run *Running, name string) (*programme.Round, error) {
	if name == "" && len(run.Rounds) == 1 {
		return run.Rounds[0], nil
	}
	for _, k := range run.Rounds {
		if k.Name == name {
			return k, nil
		}
	}
	e := refuse(Invalid, "方案中没有这种考核周期", "the programme has no such kind of round")
	e.Fields = []programme.FieldError{wrongField("kind", "请选择考核周期的种类", "choose a kind of round")}
	return nil, e
}

// kindDecides gives the party that decides a kind of round.
func kindDecides(run *Running, kind *programme.Round) string {
	if kind.Decides != "" {
		return kind.Decides
	}
	return run.Deciding()
}

func (s *Site) noOpenRound(ctx context.Context, tx *db.Tx, name string, kind *programme.Round, unit string) error {
	var title, at string
	err := tx.Row(ctx, `SELECT r.title, u.name FROM round r JOIN unit u ON u.code = r.unit
		WHERE r.programme = $1 AND r.kind = $2 AND r.decided_at IS NULL AND EXISTS (SELECT 1 FROM unit_within w
			WHERE w.unit = r.unit AND w.within = $3 OR w.unit = $3 AND w.within = r.unit)
		ORDER BY r.opened_at LIMIT 1`, []any{name, kind.Name, unit}, &title, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for open rounds: %w", err)
	}
	return refuse(Conflict, "“{0}”（{1}）尚未评定，不能再开同类考核周期", "the round “{0}” ({1}) is not decided yet; it concerns the same subjects", title, at).
		hint("请先完成该周期", "bring that round to its decision first")
}

// plannedRound lays the steps out over days, one after the other.
func (s *Site) plannedRound(run *Running, kind *programme.Round, n NewRound) (Round, error) {
	today := s.Today()
	r := Round{ID: newID(), Programme: run.Name, VersionID: run.Version.ID, Kind: kind.Name, Title: n.Title, Unit: n.Unit,
		AsOf: n.AsOf, Decides: kindDecides(run, kind), OpenedAt: s.Now()}
	if r.AsOf == 0 {
		r.AsOf = today
	}
	starts := n.Starts
	if starts == 0 {
		starts = today
	}
	if r.Title == "" {
		r.Title = kindTitle(kind).In(programme.Zh) + " " + fmt.Sprint(r.AsOf.Time().Year())
	}
	if len([]rune(r.Title)) > 200 {
		return r, wrongFields([]programme.FieldError{wrongField("title", "名称不能超过 200 字", "at most 200 characters")})
	}
	for _, step := range kind.Steps {
		r.Steps = append(r.Steps, RoundStep{Name: step.Name, Starts: starts, Ends: lastDay(run, starts, step.Span)})
		starts = r.Steps[len(r.Steps)-1].Ends + 1
	}
	if len(r.Steps) == 0 {
		return r, refuse(Invalid, "这种考核周期没有环节", "this kind of round has no steps")
	}
	if last := r.Steps[len(r.Steps)-1].Ends; r.AsOf > last {
		return r, wrongFields([]programme.FieldError{wrongField("as_of", "评分日不能晚于周期的最后一天 {0}", "the day of the scores cannot be after the round's last day {0}", last)})
	}
	return r, nil
}

func kindTitle(kind *programme.Round) programme.Text {
	if kind.Title.Empty() {
		return programme.T(kind.Name, kind.Name)
	}
	return kind.Title
}

// lastDay gives the last day of a step that begins on a day: of 7 days from the 1st it is the 7th.
func lastDay(run *Running, first programme.Day, span programme.Span) programme.Day {
	if span.N <= 0 {
		return first
	}
	return max(first, run.calendar.Add(first-1, span))
}

func (s *Site) insertRound(ctx context.Context, tx *db.Tx, a Actor, r Round) error {
	_, err := tx.Exec(ctx, `INSERT INTO round (id, programme, version_id, kind, title, unit, as_of, step, subjects, opened_at, opened_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9)`,
		r.ID, r.Programme, r.VersionID, r.Kind, r.Title, r.Unit, int64(r.AsOf), r.OpenedAt.UnixMicro(), a.ID)
	if err != nil {
		return fmt.Errorf("open round: %w", err)
	}
	rows := make([][]any, len(r.Steps))
	for i, step := range r.Steps {
		rows[i] = []any{r.ID, i, step.Name, int64(step.Starts), int64(step.Ends)}
	}
	return tx.Insert(ctx, "round_step (round_id, position, name, starts_on, ends_on)", rows, "")
}

func (s *Site) pinSubjects(ctx context.Context, tx *db.Tx, r *Round) error {
	n, err := tx.Exec(ctx, `INSERT INTO round_subject (round_id, subject_id, unit)
		SELECT r.id, s.id, s.unit FROM round r, subject s JOIN unit_within w ON w.unit = s.unit
		WHERE r.id = $1 AND w.within = r.unit AND s.programme = r.programme AND s.left_at IS NULL`, r.ID)
	if err != nil {
		return fmt.Errorf("pin subjects: %w", err)
	}
	if n == 0 {
		return refuse(Invalid, "该单位范围内还没有评价对象", "there are no subjects within the unit yet").
			hint("请先登记评价对象", "enrol them first")
	}
	r.Subjects = int(n)
	_, err = tx.Exec(ctx, "UPDATE round SET subjects = $2 WHERE id = $1", r.ID, n)
	return err
}
