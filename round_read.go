package bihuan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Round gives a round. People with a role within its unit, or above it, see it while it runs; visitors once it is decided
// and the programme publishes grades.
func (s *Site) Round(ctx context.Context, a Actor, id string) (Round, error) {
	var r Round
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		var err error
		r, _, _, err = s.seenRound(ctx, tx, a, id)
		return err
	})
	return r, err
}

// Rounds gives the rounds of a programme that the actor may see, the newest first.
func (s *Site) Rounds(ctx context.Context, a Actor, name string) ([]Round, error) {
	var out []Round
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		var ids []string
		err := tx.Each(ctx, "SELECT id FROM round WHERE programme = $1 ORDER BY opened_at DESC, id DESC", []any{name},
			func(scan func(...any) error) error {
				var id string
				defer func() { ids = append(ids, id) }()
				return scan(&id)
			})
		if err != nil {
			return fmt.Errorf("list rounds of %s: %w", name, err)
		}
		for _, id := range ids {
			r, _, _, err := s.seenRound(ctx, tx, a, id)
			if k, refused := KindOf(err); refused && (k == NotFound || k == Unauthenticated) {
				continue
			} else if err != nil {
				return err
			}
			out = append(out, r)
		}
		return nil
	})
	return out, err
}

// sight is how much of a round somebody sees.
type sight int

const (
	sightPublic sight = iota // what is decided, without names
	sightHouse               // a member: what is published, with names; the scores of his own units at any time
)

// seenRound gives a round to somebody who may see it. Whether it exists is not told to others.
func (s *Site) seenRound(ctx context.Context, tx *db.Tx, a Actor, id string) (Round, *Running, sight, error) {
	hidden := error(notFound("该考核周期", "round"))
	if a.Visitor() {
		hidden = signInFirst()
	}
	r, run, err := s.round(ctx, tx, id)
	if k, refused := KindOf(err); refused && k == NotFound {
		return Round{}, nil, 0, hidden
	} else if err != nil {
		return Round{}, nil, 0, err
	}
	member, err := s.memberAround(ctx, tx, a, r.Programme, r.Unit)
	switch {
	case err != nil:
		return Round{}, nil, 0, err
	case member:
		return r, run, sightHouse, nil
	case r.State == RoundDecided && slices.Contains(run.Public, "grades"):
		r.OpenedBy, r.DecidedBy = "", ""
		for i := range r.Steps {
			r.Steps[i].ClosedBy = ""
		}
		return r, run, sightPublic, nil
	}
	return Round{}, nil, 0, hidden
}

// memberAround reports whether the actor holds a role of the programme, or administers, at a unit, above it, or below it.
func (s *Site) memberAround(ctx context.Context, tx *db.Tx, a Actor, name, unit string) (bool, error) {
	if a.system {
		return true, nil
	}
	units := grantUnits(a, name)
	if len(units) == 0 {
		return false, nil
	}
	var n int
	in := db.In(len(units), 2)
	err := tx.Row(ctx, "SELECT count(*) FROM unit_within WHERE unit = $1 AND within IN ("+in+") OR within = $1 AND unit IN ("+in+")",
		db.Args(units, unit), &n)
	if err != nil {
		return false, fmt.Errorf("look for roles around %s: %w", unit, err)
	}
	return n > 0, nil
}

// grantUnits lists the units at which the actor holds any of the roles in the programme, any role at all when none is
// named. Administrators count wherever any role does.
func grantUnits(a Actor, name string, roles ...string) []string {
	var units []string
	for _, g := range a.Grants {
		holds := g.Programme == name && (len(roles) == 0 || slices.Contains(roles, g.Role)) ||
			len(roles) == 0 && g.Programme == "" && g.Role == Admin
		if holds && !slices.Contains(units, g.Unit) {
			units = append(units, g.Unit)
		}
	}
	return units
}

// holds reports whether the actor may act for one of the parties, or in one of the roles, on what is at a unit.
func (s *Site) holds(ctx context.Context, tx *db.Tx, a Actor, run *Running, unit string, parties ...string) (bool, error) {
	h, err := heldAt(ctx, tx, a, run.Name, unit)
	return err == nil && slices.ContainsFunc(rolesOf(run, parties), h.holds), err
}

// rolesOf gives the roles of parties; what is no party stands for itself.
func rolesOf(run *Running, parties []string) []string {
	roles := slices.Clone(parties)
	for i, name := range roles {
		if at, ok := run.Party(name); ok {
			roles[i] = run.Parties[at].Role
		}
	}
	return roles
}

// mustHold refuses who holds none of the roles.
func (s *Site) mustHold(ctx context.Context, tx *db.Tx, a Actor, run *Running, unit string, parties ...string) error {
	ok, err := s.holds(ctx, tx, a, run, unit, parties...)
	switch {
	case err != nil:
		return err
	case a.Visitor():
		return signInFirst()
	case !ok:
		return mayNot()
	}
	return nil
}

// partyTitle gives a party's or a step's title.
func partyTitle(run *Running, name string) programme.Text {
	if name == Publicity {
		return programme.T("公示", "publicity")
	}
	for _, p := range run.Parties {
		if p.Name == name && !p.Title.Empty() {
			return p.Title
		}
	}
	return programme.T(name, name)
}

// holdRound keeps a round as it is until the transaction ends. Rounds are held before subjects.
func (s *Site) holdRound(ctx context.Context, tx *db.Tx, id string) error {
	n, err := tx.Exec(ctx, "UPDATE round SET rev = rev + 1 WHERE id = $1", id)
	if err != nil {
		return fmt.Errorf("hold round %s: %w", id, err)
	}
	if n == 0 {
		return notFound("该考核周期", "round")
	}
	return nil
}

// round reads a round with its steps and counts, whoever asks.
func (s *Site) round(ctx context.Context, tx *db.Tx, id string) (Round, *Running, error) {
	r := Round{ID: id}
	var asOf, opened int64
	var published, decided sql.NullInt64
	err := tx.Row(ctx, `SELECT r.programme, r.version_id, v.version, r.kind, r.title, r.unit, u.name, r.as_of, r.step, r.subjects,
			r.opened_at, COALESCE(o.name, ''), r.published_at, r.decided_at, COALESCE(d.name, ''),
			(SELECT count(*) FROM matter j WHERE j.round_id = r.id AND j.name = 'objection' AND j.outcome = '')
		FROM round r JOIN programme_version v ON v.id = r.version_id JOIN unit u ON u.code = r.unit
		LEFT JOIN account o ON o.id = r.opened_by LEFT JOIN account d ON d.id = r.decided_by WHERE r.id = $1`, []any{id},
		&r.Programme, &r.VersionID, &r.Version, &r.Kind, &r.Title, &r.Unit, &r.UnitName, &asOf, &r.Step, &r.Subjects,
		&opened, &r.OpenedBy, &published, &decided, &r.DecidedBy, &r.OpenObjections)
	if errors.Is(err, sql.ErrNoRows) {
		return Round{}, nil, notFound("该考核周期", "round")
	}
	if err != nil {
		return Round{}, nil, fmt.Errorf("read round %s: %w", id, err)
	}
	run, err := s.versionIn(ctx, tx, r.VersionID)
	if err != nil {
		return Round{}, nil, err
	}
	r.AsOf, r.OpenedAt = programme.Day(asOf), s.moment(opened)
	r.PublishedAt, r.DecidedAt = s.momentIf(published), s.momentIf(decided)
	kind, err := roundKind(run, r.Kind)
	if err != nil {
		return Round{}, nil, fmt.Errorf("round %s: %w", id, err)
	}
	r.KindTitle, r.Decides = kindTitle(kind), kindDecides(run, kind)
	if err := s.readSteps(ctx, tx, run, &r); err != nil {
		return Round{}, nil, fmt.Errorf("read steps of round %s: %w", id, err)
	}
	switch {
	case decided.Valid:
		r.State = RoundDecided
	case r.Step >= len(r.Steps):
		r.State = RoundDeciding
	case r.Steps[r.Step].Name == Publicity:
		r.State = RoundPublicity
	default:
		r.State = RoundCollecting
	}
	return r, run, nil
}

func (s *Site) readSteps(ctx context.Context, tx *db.Tx, run *Running, r *Round) error {
	err := tx.Each(ctx, `SELECT t.name, t.starts_on, t.ends_on, t.handed_in, t.closed_at, COALESCE(a.name, '')
		FROM round_step t LEFT JOIN account a ON a.id = t.closed_by WHERE t.round_id = $1 ORDER BY t.position`, []any{r.ID},
		func(scan func(...any) error) error {
			var step RoundStep
			var starts, ends int64
			var closed sql.NullInt64
			if err := scan(&step.Name, &starts, &ends, &step.HandedIn, &closed, &step.ClosedBy); err != nil {
				return err
			}
			step.Title = partyTitle(run, step.Name)
			step.Starts, step.Ends, step.ClosedAt = programme.Day(starts), programme.Day(ends), s.momentIf(closed)
			if closed.Valid && step.Name != Publicity {
				step.TakenOver = r.Subjects - step.HandedIn
			}
			r.Steps = append(r.Steps, step)
			return nil
		})
	if err != nil || r.Step >= len(r.Steps) || r.Steps[r.Step].Name == Publicity {
		return err
	}
	step := &r.Steps[r.Step]
	return tx.Row(ctx, "SELECT count(*) FROM round_column WHERE round_id = $1 AND party = $2 AND submitted_by <> ''",
		[]any{r.ID, step.Name}, &step.HandedIn)
}

// momentIf reads a moment that may not be there: the zero time.
func (s *Site) momentIf(m sql.NullInt64) time.Time {
	if !m.Valid {
		return time.Time{}
	}
	return s.moment(m.Int64)
}

// when writes a moment, in the site's zone as it was read, for a sentence.
func when(t time.Time) string { return t.Format("2006-01-02 15:04") }
