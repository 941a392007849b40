package bihuan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// storeTurns stores whose turn it is in matters. Where a lead handler is named it is his and the co-handlers'.
func (s *Site) storeTurns(ctx context.Context, tx *db.Tx, list []*stored) error {
	var rows [][]any
	for _, m := range list {
		if m.state.Over() {
			continue
		}
		for _, who := range m.state.Holder {
			switch st, _ := m.x.Matter.Stage(m.state.Stage); {
			case who == programme.SystemRole, st != nil && st.Ballot != nil && len(st.Actions) == 0: // a vote is not a turn
			case who == tieRaiser || who == tieJoined:
				people, err := tiedTo(ctx, tx, m.ID, who)
				if err != nil {
					return err
				}
				for _, p := range people {
					rows = append(rows, []any{m.ID, "", p})
				}
			case m.state.Lead != "" && slices.Contains(m.x.Handlers(), who):
				for _, p := range append([]string{m.state.Lead}, m.state.With...) {
					rows = append(rows, []any{m.ID, "", p})
				}
			default:
				rows = append(rows, []any{m.ID, rolesOf(m.run, []string{who})[0], ""})
			}
		}
	}
	return tx.Insert(ctx, "matter_turn (matter_id, role, person)", rows, "ON CONFLICT (matter_id, role, person) DO NOTHING")
}

// tiedTo lists the people with a tie to a matter. Who raised it has always joined it.
func tiedTo(ctx context.Context, tx *db.Tx, matter, tie string) ([]string, error) {
	also := tie
	if tie == tieJoined {
		also = tieRaiser
	}
	var out []string
	err := tx.Each(ctx, "SELECT DISTINCT person FROM matter_person WHERE matter_id = $1 AND tie IN ($2, $3) ORDER BY person", []any{matter, tie, also},
		func(scan func(...any) error) error {
			var p string
			err := scan(&p)
			out = append(out, p)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("who is %s of matter %s: %w", tie, matter, err)
	}
	return out, nil
}

// peopleOf lists the people whom a process means: raiser, joined, follows, holder, parties and roles, or an account's ID.
func (s *Site) peopleOf(ctx context.Context, tx *db.Tx, w *writes, m *stored, who []string) ([]string, error) {
	var out, roles []string
	add := func(list ...string) {
		for _, p := range list {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	for _, x := range who {
		switch {
		case x == tieRaiser || x == tieJoined || x == tieFollows:
			list, err := tiedTo(ctx, tx, m.ID, x)
			if err != nil {
				return nil, err
			}
			add(list...)
			for _, t := range w.ties { // on their way into the database
				if t[0] == m.ID && (t[2] == x || x == tieJoined && t[2] == tieRaiser) {
					add(t[1].(string))
				}
			}
		case x == "holder":
			list, err := s.peopleOf(ctx, tx, w, m, m.state.Holder)
			if err != nil {
				return nil, err
			}
			add(list...)
		case x == programme.SystemRole:
		case x == programme.ParentUnit:
			list, err := s.peopleAbove(ctx, tx, w, m)
			if err != nil {
				return nil, err
			}
			add(list...)
		case m.state.Lead != "" && slices.Contains(m.x.Handlers(), x):
			add(m.state.Lead)
			add(m.state.With...)
		case x == m.state.Lead || slices.Contains(m.state.With, x):
			add(x)
		default:
			roles = append(roles, rolesOf(m.run, []string{x})...)
		}
	}
	if len(roles) > 0 {
		list, err := s.nearest(ctx, tx, w, m, roles)
		if err != nil {
			return nil, err
		}
		add(list...)
	}
	return out, nil
}

// nearest lists those who hold one of the roles at the matter's unit, or else at the nearest unit above it where somebody does.
func (s *Site) nearest(ctx context.Context, tx *db.Tx, w *writes, m *stored, roles []string) ([]string, error) {
	key := m.Programme + "\x00" + m.Unit + "\x00" + strings.Join(roles, "\x00")
	if list, ok := w.people[key]; ok {
		return list, nil
	}
	var out []string
	for _, role := range roles {
		near := -1
		err := eachHolder(ctx, tx, m.Programme, m.Unit, []string{role}, 0, func(person string, depth int) {
			if near < 0 || depth == near {
				near = depth
				out = append(out, person)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if w.people == nil {
		w.people = map[string][]string{}
	}
	w.people[key] = out
	return out, nil
}

// peopleAbove lists those above a matter: who handles such matters, or is a later party, at the nearest unit above it; or else who
// administers it.
func (s *Site) peopleAbove(ctx context.Context, tx *db.Tx, w *writes, m *stored) ([]string, error) {
	var out []string
	near := -1
	collect := func(person string, depth int) {
		if near < 0 || depth == near {
			near = depth
			out = append(out, person)
		}
	}
	err := eachHolder(ctx, tx, m.Programme, m.Unit, rolesAbove(m.run, m.x), 1, collect)
	if err == nil && len(out) == 0 {
		err = eachHolder(ctx, tx, "", m.Unit, []string{Admin}, 0, collect)
	}
	slices.Sort(out)
	return slices.Compact(out), err
}

// eachHolder tells who holds one of the roles at a unit or so far above it, the nearest first: accounts that are not disabled, and
// voices.
func eachHolder(ctx context.Context, tx *db.Tx, name, unit string, roles []string, above int, f func(person string, depth int)) error {
	in := db.In(len(roles), 4)
	return tx.Each(ctx, `SELECT g.account_id, w.depth FROM unit_within w JOIN account_grant g ON g.unit = w.within AND g.programme = $1
			JOIN account a ON a.id = g.account_id AND a.disabled_at IS NULL WHERE w.unit = $2 AND w.depth >= $3 AND g.role IN (`+in+`)
		UNION ALL SELECT v.id, w.depth FROM unit_within w JOIN voice v ON v.unit = w.within AND v.programme = $1 AND v.revoked_at IS NULL
			WHERE w.unit = $2 AND w.depth >= $3 AND v.role IN (`+in+`) ORDER BY 2, 1`,
		db.Args(roles, any(name), any(unit), any(int64(above))), func(scan func(...any) error) error {
			var person string
			var depth int
			err := scan(&person, &depth)
			f(person, depth)
			return err
		})
}

// holdersOf lists the accounts that hold one of the roles at the matter's unit or above it; with a login only that one.
func (s *Site) holdersOf(ctx context.Context, tx *db.Tx, m *stored, roles []string, login string) ([]string, error) {
	var out []string
	err := tx.Each(ctx, `SELECT DISTINCT a.id FROM unit_within w JOIN account_grant g ON g.unit = w.within AND g.programme = $1
		JOIN account a ON a.id = g.account_id AND a.disabled_at IS NULL
		WHERE w.unit = $2 AND a.login = $3 AND g.role IN (`+db.In(len(roles), 4)+")", db.Args(roles, any(m.Programme), any(m.Unit), any(strings.ToLower(strings.TrimSpace(login)))),
		func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			out = append(out, id)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("who may handle matter %s: %w", m.ID, err)
	}
	return slices.DeleteFunc(out, func(id string) bool { return slices.Contains(m.state.Recused, id) }), nil
}

// Handler is somebody who may be named lead handler or co-handler of a matter.
type Handler struct{ Login, Name string }

// MatterHandlers lists those who may handle a matter, to those who handle it or are above, the nearest first.
func (s *Site) MatterHandlers(ctx context.Context, a Actor, id string) ([]Handler, error) {
	var out []Handler
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		m, _, err := s.seenMatter(ctx, tx, a, id, matterHouse)
		if err != nil {
			return err
		}
		roles := rolesOf(m.run, m.x.Handlers())
		return tx.Each(ctx, `SELECT a.login, a.name, min(w.depth) FROM unit_within w JOIN account_grant g ON g.unit = w.within AND g.programme = $1
			JOIN account a ON a.id = g.account_id AND a.disabled_at IS NULL
			WHERE w.unit = $2 AND NOT EXISTS (SELECT 1 FROM matter_person q WHERE q.matter_id = $3 AND q.tie = 'recused' AND q.person = a.id)
			AND g.role IN (`+db.In(len(roles), 4)+") GROUP BY a.login, a.name, a.sort ORDER BY 3, a.sort", db.Args(roles, any(m.Programme), any(m.Unit), any(m.ID)),
			func(scan func(...any) error) error {
				var h Handler
				var depth int
				err := scan(&h.Login, &h.Name, &depth)
				out = append(out, h)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("handlers of matter %s: %w", id, err)
	}
	return out, nil
}

// Follow lets the actor be told of what becomes of a matter that he sees, or not any more.
func (s *Site) Follow(ctx context.Context, a Actor, id string, follows bool) error {
	if a.Visitor() {
		return signInFirst()
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		m, _, err := s.seenMatter(ctx, tx, a, id, matterPublic)
		if err != nil {
			return err
		}
		if !follows {
			_, err = tx.Exec(ctx, "DELETE FROM matter_person WHERE matter_id = $1 AND person = $2 AND tie = 'follows'", m.ID, a.ID)
			return err
		}
		return tx.Insert(ctx, "matter_person (matter_id, person, tie, since)", [][]any{{m.ID, a.ID, tieFollows, s.Now().UnixMicro()}},
			"ON CONFLICT (matter_id, person, tie) DO NOTHING")
	})
	if err != nil {
		return fmt.Errorf("follow matter %s: %w", id, err)
	}
	return nil
}
