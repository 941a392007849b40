package bihuan

import (
	"context"
	"errors"
	"fmt"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
)

// Submit hands in a party's column for a subject, as it stands now. A second time is a Conflict that tells who was first,
// and so is a step that is over.
func (s *Site) Submit(ctx context.Context, a Actor, roundID, subjectID, party string) error {
	_, err := s.handIn(ctx, a, roundID, party, []string{subjectID}, true)
	return err
}

// SubmitAll hands in a party's columns for several subjects at once; with none named, for all that the actor may and that
// are not handed in yet. Columns that are handed in already stay as they are and count as Unchanged.
func (s *Site) SubmitAll(ctx context.Context, a Actor, roundID, party string, subjectIDs []string) (Imported, error) {
	return s.handIn(ctx, a, roundID, party, subjectIDs, false)
}

func (s *Site) handIn(ctx context.Context, a Actor, roundID, party string, ids []string, once bool) (Imported, error) {
	if a.Visitor() {
		return Imported{}, signInFirst()
	}
	var done Imported
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, _, _, err := s.seenRound(ctx, tx, a, roundID); err != nil {
			return err
		}
		list := ids
		if len(list) == 0 {
			var err error
			if list, err = s.waitingFor(ctx, tx, a, roundID, party); err != nil {
				return err
			}
		}
		k, err := s.holdSubjects(ctx, tx, list)
		if err != nil {
			return err
		}
		// Read after the subjects are held: who closes the step holds them too, so the step cannot end under our hands.
		r, run, err := s.round(ctx, tx, roundID)
		if err != nil {
			return err
		}
		if err := s.mayHandIn(ctx, tx, a, run, r, party, list); err != nil {
			return err
		}
		if err := stepIs(run, r, party); err != nil {
			return err
		}
		fresh, err := s.notHandedIn(ctx, tx, r, party, list, once)
		if err != nil {
			return err
		}
		done = Imported{Rows: len(list), Stored: len(fresh), Unchanged: len(list) - len(fresh)}
		return s.storeColumns(ctx, tx, run, r, party, fresh, k, a.ID)
	})
	if err != nil {
		return Imported{}, fmt.Errorf("hand in %s of round %s: %w", party, roundID, err)
	}
	s.wroteMany(ctx, done.Stored, "round_column", "judge_due")
	return done, nil
}

// waitingFor lists the subjects whose column of a party the actor may hand in and nobody has.
func (s *Site) waitingFor(ctx context.Context, tx *db.Tx, a Actor, roundID, party string) ([]string, error) {
	r, run, err := s.round(ctx, tx, roundID)
	if err != nil {
		return nil, err
	}
	units := grantUnits(a, run.Name, rolesOf(run, []string{party})...)
	if a.system {
		units = []string{r.Unit}
	}
	var ids []string
	err = tx.Each(ctx, `SELECT rs.subject_id FROM round_subject rs
		WHERE rs.round_id = $1 AND EXISTS (SELECT 1 FROM unit_within w WHERE w.unit = rs.unit AND w.within IN (`+db.In(len(units), 3)+`))
		AND NOT EXISTS (SELECT 1 FROM round_column c WHERE c.round_id = rs.round_id AND c.subject_id = rs.subject_id AND c.party = $2)
		ORDER BY rs.subject_id`, db.Args(units, roundID, party), func(scan func(...any) error) error {
		var id string
		defer func() { ids = append(ids, id) }()
		return scan(&id)
	})
	return ids, err
}

// mayHandIn refuses subjects that are not in the round, and those that the actor may not score for the party.
func (s *Site) mayHandIn(ctx context.Context, tx *db.Tx, a Actor, run *Running, r Round, party string, ids []string) error {
	units := map[string]int{}
	n := 0
	err := db.Chunks(ids, func(part []string) error {
		return tx.Each(ctx, "SELECT unit FROM round_subject WHERE round_id = $1 AND subject_id IN ("+db.In(len(part), 2)+")",
			db.Args(part, r.ID), func(scan func(...any) error) error {
				var unit string
				if err := scan(&unit); err != nil {
					return err
				}
				units[unit]++
				n++
				return nil
			})
	})
	if err != nil {
		return err
	}
	if n < len(ids) {
		return notFound("该评价对象", "subject in this round")
	}
	for unit := range units {
		if err := s.mustHold(ctx, tx, a, run, unit, party); err != nil {
			return err
		}
	}
	return nil
}

// stepIs refuses to act for a party whose step is not under way, and says what is.
func stepIs(run *Running, r Round, party string) error {
	step, ok := r.UnderWay()
	if ok && step.Name == party {
		return nil
	}
	position := -1
	for i, x := range r.Steps {
		if x.Name == party {
			position = i
		}
	}
	if position < 0 {
		return refuse(Invalid, "该考核周期没有“{0}”环节", "this round has no step {0}", partyTitle(run, party))
	}
	at := r.Steps[position]
	if at.ClosedAt.IsZero() {
		return refuse(Conflict, "“{0}”尚未开始，现为“{1}”", "{0} has not begun yet; {1} is under way", at.Title, underWay(run, r))
	}
	if at.ClosedBy == "" {
		return refuse(Conflict, "“{0}”已于{1}结束，现为“{2}”", "{0} was closed on {1}; {2} is under way", at.Title, when(at.ClosedAt), underWay(run, r))
	}
	return refuse(Conflict, "“{0}”已于{1}由{2}结束，现为“{3}”", "{0} was closed on {1} by {2}; {3} is under way",
		at.Title, when(at.ClosedAt), at.ClosedBy, underWay(run, r))
}

// notHandedIn leaves out what is handed in already, or refuses it when it should be handed in once.
func (s *Site) notHandedIn(ctx context.Context, tx *db.Tx, r Round, party string, ids []string, once bool) ([]string, error) {
	in := map[string]bool{}
	var by string
	var at int64
	err := db.Chunks(ids, func(part []string) error {
		return tx.Each(ctx, `SELECT c.subject_id, COALESCE(a.name, ''), c.known_at FROM round_column c
			LEFT JOIN account a ON a.id = c.submitted_by
			WHERE c.round_id = $1 AND c.party = $2 AND c.subject_id IN (`+db.In(len(part), 3)+")", db.Args(part, r.ID, party),
			func(scan func(...any) error) error {
				var id string
				if err := scan(&id, &by, &at); err != nil {
					return err
				}
				in[id] = true
				return nil
			})
	})
	if err != nil {
		return nil, err
	}
	if once && len(in) > 0 {
		if by == "" {
			by = System().Name
		}
		return nil, refuse(Conflict, "{0}已于{1}提交", "{0} handed it in on {1}", by, when(s.moment(at)))
	}
	fresh := make([]string, 0, len(ids)-len(in))
	for _, id := range ids {
		if !in[id] {
			fresh = append(fresh, id)
			in[id] = true // named twice
		}
	}
	return fresh, nil
}

// storeColumns keeps the score of a party's column for some subjects, as known at their moments. An empty submittedBy
// takes them over as they stand.
func (s *Site) storeColumns(ctx context.Context, tx *db.Tx, run *Running, r Round, party string, ids []string, k known, submittedBy string) error {
	if len(ids) == 0 {
		return nil
	}
	k, err := s.knownColumns(ctx, tx, run, r, party, k)
	if err != nil {
		return err
	}
	rows := make([][]any, 0, len(ids))
	err = s.assessRound(ctx, tx, run, r, party, ids, k, func(id string, result *assess.Result, i int) error {
		rows = append(rows, []any{r.ID, id, party, result.Scored(i), int64(result.Total(i)), result.Grade(i),
			pendingClauses(run, result, i), k[id], submittedBy})
		return nil
	})
	if err != nil {
		return err
	}
	if len(rows) != len(ids) {
		return fmt.Errorf("scored %d of %d subjects of round %s", len(rows), len(ids), r.ID)
	}
	if err := tx.Insert(ctx, "round_column (round_id, subject_id, party, scored, total, grade, pending, known_at, submitted_by)", rows, ""); err != nil {
		return err
	}
	return dropJudgeDue(ctx, tx, r.ID, party, ids)
}

// knownColumns adds to k what was known of the other subjects when their columns were handed in, where subjects are compared.
func (s *Site) knownColumns(ctx context.Context, tx *db.Tx, run *Running, r Round, party string, k known) (known, error) {
	if !run.Assess.NeedsPopulation() {
		return k, nil
	}
	out := known{}
	err := tx.Each(ctx, "SELECT subject_id, known_at FROM round_column WHERE round_id = $1 AND party = $2", []any{r.ID, party},
		func(scan func(...any) error) error {
			var id string
			var at int64
			defer func() { out[id] = at }()
			return scan(&id, &at)
		})
	for id, at := range k {
		out[id] = at
	}
	return out, err
}

// CloseStep ends the step under way, which the actor names so that a second click does not end the next one. Columns that
// were not handed in are taken over as they stand. After the last party's step the results are published. The party of
// the step may close it, and the deciding party any step, at the round's unit. Publicity is ended by Decide.
func (s *Site) CloseStep(ctx context.Context, a Actor, roundID, step string) (Round, error) {
	if a.Visitor() {
		return Round{}, signInFirst()
	}
	var out Round
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, _, _, err := s.seenRound(ctx, tx, a, roundID); err != nil {
			return err
		}
		if err := s.holdRound(ctx, tx, roundID); err != nil {
			return err
		}
		r, run, err := s.round(ctx, tx, roundID)
		if err != nil {
			return err
		}
		if err := s.mustHold(ctx, tx, a, run, r.Unit, step, r.Decides); err != nil {
			return err
		}
		if err := stepIs(run, r, step); err != nil {
			return err
		}
		if step == Publicity {
			if err := s.publicityOver(run, r); err != nil {
				return err
			}
		} else if err := s.takeOver(ctx, tx, run, r, step); err != nil {
			return err
		}
		if err := s.nextStep(ctx, tx, a, run, r); err != nil {
			return err
		}
		out, _, err = s.round(ctx, tx, roundID)
		return err
	})
	if err != nil {
		return Round{}, fmt.Errorf("close %s of round %s: %w", step, roundID, err)
	}
	s.wroteMany(ctx, out.Subjects, "round_column", "judge_due")
	return out, nil
}

// takeOver takes the columns of a party that were not handed in as they stand. Where subjects are compared, the columns
// handed in are then compared with them anew: a rank is only known when all are in.
func (s *Site) takeOver(ctx context.Context, tx *db.Tx, run *Running, r Round, party string) error {
	list, err := pinnedSubjects(ctx, tx, r.ID)
	if err != nil {
		return err
	}
	missing, err := s.notHandedIn(ctx, tx, r, party, idsOf(list), false)
	if err != nil {
		return err
	}
	k, err := s.holdSubjects(ctx, tx, missing)
	if err != nil {
		return err
	}
	// Once more, now that nobody can hand them in: on PostgreSQL somebody may have done so while we waited to hold them.
	if missing, err = s.notHandedIn(ctx, tx, r, party, missing, false); err != nil {
		return err
	}
	if err := s.storeColumns(ctx, tx, run, r, party, missing, k, ""); err != nil {
		return err
	}
	if !run.Assess.NeedsPopulation() {
		return nil
	}
	if k, err = s.knownColumns(ctx, tx, run, r, party, nil); err != nil {
		return err
	}
	return s.assessRound(ctx, tx, run, r, party, idsOf(list), k, func(id string, result *assess.Result, i int) error {
		_, err := tx.Exec(ctx, "UPDATE round_column SET scored = $4, total = $5, grade = $6 WHERE round_id = $1 AND subject_id = $2 AND party = $3",
			r.ID, id, party, result.Scored(i), int64(result.Total(i)), result.Grade(i))
		return err
	})
}

// nextStep closes the step under way and begins the next one today; the days of those after it move along.
func (s *Site) nextStep(ctx context.Context, tx *db.Tx, a Actor, run *Running, r Round) error {
	handed, err := handedIn(ctx, tx, r.ID, r.Steps[r.Step].Name)
	if err != nil {
		return err
	}
	now := s.Now().UnixMicro()
	ended := min(r.Steps[r.Step].Ends, s.Today()) // a step that is closed early has not lasted as planned
	_, err = tx.Exec(ctx, "UPDATE round_step SET closed_at = $3, closed_by = $4, handed_in = $5, ends_on = $6 WHERE round_id = $1 AND position = $2",
		r.ID, r.Step, now, a.ID, handed, int64(ended))
	if err != nil {
		return err
	}
	r.Step++
	publish := r.Step < len(r.Steps) && r.Steps[r.Step].Name == Publicity
	if publish || r.Step == len(r.Steps) {
		if err := s.lastColumns(ctx, tx, run, r); err != nil {
			return err
		}
	}
	published := any(nil)
	if publish {
		published = now
	}
	_, err = tx.Exec(ctx, "UPDATE round SET step = $2, published_at = COALESCE(published_at, $3) WHERE id = $1", r.ID, r.Step, published)
	if err != nil {
		return err
	}
	if err := s.moveSteps(ctx, tx, run, r); err != nil {
		return err
	}
	return s.askJudges(ctx, tx, run, r)
}

// lastColumns makes sure that what is published or decided is there: of a deciding party without a step of its own, the
// columns as they stand. It does nothing while the party's step is still to come.
func (s *Site) lastColumns(ctx context.Context, tx *db.Tx, run *Running, r Round) error {
	for i, step := range r.Steps {
		if step.Name == r.Decides && i >= r.Step {
			return nil
		}
	}
	return s.takeOver(ctx, tx, run, r, r.Decides)
}

func (s *Site) moveSteps(ctx context.Context, tx *db.Tx, run *Running, r Round) error {
	kind, err := roundKind(run, r.Kind)
	if err != nil {
		return err
	}
	if len(kind.Steps) != len(r.Steps) {
		return errors.New("the steps of the round are not those of its kind")
	}
	starts := s.Today()
	for i := r.Step; i < len(r.Steps); i++ {
		ends := lastDay(run, starts, kind.Steps[i].Span)
		if _, err := tx.Exec(ctx, "UPDATE round_step SET starts_on = $3, ends_on = $4 WHERE round_id = $1 AND position = $2",
			r.ID, i, int64(starts), int64(ends)); err != nil {
			return err
		}
		starts = ends + 1
	}
	return nil
}

func handedIn(ctx context.Context, tx *db.Tx, round, party string) (n int, err error) {
	err = tx.Row(ctx, "SELECT count(*) FROM round_column WHERE round_id = $1 AND party = $2 AND submitted_by <> ''", []any{round, party}, &n)
	return n, err
}

// underWay names the step under way, or what is left to do.
func underWay(run *Running, r Round) any {
	if step, ok := r.UnderWay(); ok {
		return step.Title
	}
	return r.State.Text()
}
