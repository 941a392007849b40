package bihuan

import (
	"context"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Who sees a matter, and what of it. A matter is seen by the people in it; by those who handle it and are above; by those its
// stages ask to take part; by everybody, when the programme makes it public. One that was closed unresolved is told to everybody:
// that it was, and the public reason. What its `hides` names is shown to nobody but those it is about, and to handlers of a
// later party who are not the subject's own officers.

// matterSees is how much of a matter somebody sees.
type matterSees int

const (
	matterUnseen matterSees = iota
	matterTold              // that it ended unresolved, and the public reason
	matterPublic            // what is public of it
	matterPart              // those asked to take part, and those in it
	matterHouse             // those who handle it and are above
)

// The ties of people to a matter.
const (
	tieRaiser  = programme.RaiserRole
	tieJoined  = programme.JoinedRole
	tieFollows = "follows"
	tieRecused = "recused"
)

// viewer is somebody who looks at a matter.
type viewer struct {
	actor   Actor
	sees    matterSees
	roles   []string // that count in the matter: the programme's, and raiser, joined, parent_unit, system
	ties    map[string]bool
	trusted bool // may know what is hidden
}

// seenMatter gives a matter, by its ID or its code, and how an actor sees it; to who sees less of it than asked there is none.
func (s *Site) seenMatter(ctx context.Context, tx *db.Tx, a Actor, id string, least matterSees) (stored, viewer, error) {
	m, err := s.matterWhere(ctx, tx, "WHERE m.id = $1 OR m.code = $1", id)
	if err != nil {
		return stored{}, viewer{}, err
	}
	v, err := s.viewerOf(ctx, tx, a, m)
	if err == nil && v.sees < least {
		err = notFound("该事项", "matter")
	}
	return m, v, err
}

// viewerOf finds what somebody is to a matter.
func (s *Site) viewerOf(ctx context.Context, tx *db.Tx, a Actor, m stored) (viewer, error) {
	list, err := s.viewersOf(ctx, tx, a, []stored{m})
	if err != nil {
		return viewer{}, err
	}
	return list[0], nil
}

// viewersOf finds it for many matters at once.
func (s *Site) viewersOf(ctx context.Context, tx *db.Tx, a Actor, list []stored) ([]viewer, error) {
	ties, err := tiesOf(ctx, tx, a, list)
	if err != nil {
		return nil, err
	}
	units := map[string][]string{} // by programme
	for _, m := range list {
		units[m.Programme] = append(units[m.Programme], m.Unit, m.Subject.Unit)
	}
	holds := map[string]map[string]held{}
	for name, list := range units {
		slices.Sort(list)
		if holds[name], err = heldAtEach(ctx, tx, a, name, slices.Compact(list)); err != nil {
			return nil, err
		}
	}
	out := make([]viewer, len(list))
	for i, m := range list {
		at := holds[m.Programme]
		out[i] = viewOf(a, m, at[m.Unit], at[m.Subject.Unit], ties[m.ID])
	}
	return out, nil
}

func tiesOf(ctx context.Context, tx *db.Tx, a Actor, list []stored) (map[string]map[string]bool, error) {
	out := map[string]map[string]bool{}
	if a.Visitor() {
		return out, nil
	}
	ids := make([]string, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, "SELECT matter_id, tie FROM matter_person WHERE person = $1 AND matter_id IN ("+db.In(len(ids), 2)+")", db.Args(ids, any(a.ID)),
			func(scan func(...any) error) error {
				var id, tie string
				err := scan(&id, &tie)
				if out[id] == nil {
					out[id] = map[string]bool{}
				}
				out[id][tie] = true
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("ties of %s: %w", a.ID, err)
	}
	return out, nil
}

// viewOf says what somebody is to a matter, from what he holds at the body that handles it and at the subject, and his ties.
func viewOf(a Actor, m stored, at, home held, ties map[string]bool) viewer {
	x := m.x
	v := viewer{actor: a, ties: ties}
	if a.system {
		v.sees, v.trusted = matterHouse, true
		v.roles = []string{programme.SystemRole}
		return v
	}
	house, above, handlers := houseRoles(m.run, x), rolesAbove(m.run, x), rolesOf(m.run, x.Handlers())
	for role := range home.roles { // those affected belong to the subject, wherever the matter is handled
		if !isPartyRole(m.run, role) && !slices.Contains(handlers, role) {
			v.roles = append(v.roles, role)
		}
	}
	for role, depth := range at.roles {
		if !slices.Contains(v.roles, role) {
			v.roles = append(v.roles, role)
		}
		if slices.Contains(house, role) {
			v.sees = matterHouse
		}
		if depth > 0 && slices.Contains(above, role) {
			v.roles = append(v.roles, programme.ParentUnit)
		}
	}
	if at.admin || home.admin || m.state.Lead == a.ID && a.ID != "" || slices.Contains(m.state.With, a.ID) {
		v.sees = matterHouse
	}
	for _, tie := range []string{tieRaiser, tieJoined} {
		if ties[tie] {
			v.roles = append(v.roles, tie)
		}
	}
	if ties[tieRaiser] && !slices.Contains(v.roles, tieJoined) {
		v.roles = append(v.roles, tieJoined) // who raised it always takes part
	}
	switch {
	case v.sees == matterHouse:
	case ties[tieRaiser] || ties[tieJoined] || x.Asks(v.roles):
		v.sees = matterPart
	case slices.Contains(m.run.Public, m.Name):
		v.sees = matterPublic
	case m.Meaning == programme.OpenToPublic:
		v.sees = matterTold
	}
	// The subject's own officers are never told, whatever else they are.
	own, later := ties[tieRecused], false
	for i, p := range m.run.Parties {
		_, holds := at.roles[p.Role]
		_, here := home.roles[p.Role]
		own = own || i == 0 && (holds || here)
		later = later || i > 0 && holds && slices.Contains(handlers, p.Role)
	}
	for role := range home.roles {
		own = own || !isPartyRole(m.run, role) && slices.Contains(handlers, role)
	}
	v.trusted = later && !own
	return v
}

// houseRoles are those that handle a matter, that are above it, and the later parties, who look after its subject.
func houseRoles(run *Running, x *programme.Process) []string {
	return append(rolesOf(run, x.Above()), rolesAbove(run, x)...)
}

// rolesAbove are the roles that stand for parent_unit at a unit above: those that handle the matter, and the later parties.
func rolesAbove(run *Running, x *programme.Process) []string {
	roles := rolesOf(run, x.Handlers())
	for i, p := range run.Parties {
		if i > 0 {
			roles = append(roles, p.Role)
		}
	}
	return roles
}

// may tells whether the viewer is among those who may do something.
func (v viewer) may(x *programme.Process, by []string) bool {
	return !v.ties[tieRecused] && x.Among(by, v.roles)
}

// knowsName tells whether the viewer may know the name of somebody who acted in a role or tie.
func (v viewer) knowsName(x *programme.Process, person, as string) bool {
	if person == "" || v.sees < matterPart {
		return false
	}
	if person == v.actor.ID || v.trusted {
		return true
	}
	switch as {
	case tieRaiser:
		return !hides(x.Matter, "proposer", tieRaiser)
	case tieJoined:
		return !hides(x.Matter, tieJoined) && !hides(x.Matter, "proposer", tieRaiser)
	}
	for _, p := range x.Programme.Parties {
		if p.Role == as {
			return v.sees == matterHouse
		}
	}
	if slices.Contains(x.Handlers(), as) {
		return v.sees == matterHouse
	}
	return !hides(x.Matter, "proposer", tieRaiser, tieJoined)
}

// hides tells whether a matter hides one of the names.
func hides(m *programme.Matter, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(m.Hides, n) })
}

// hidesField tells whether a matter hides a field of a form.
func hidesField(m *programme.Matter, form, field string) bool { return hides(m, field, form+"."+field) }

// hideFields takes out what the viewer may not know.
func (v viewer) hideFields(x *programme.Process, form *programme.Form, person string, values programme.Values) (programme.Values, []string) {
	if v.trusted || person != "" && person == v.actor.ID {
		return values, nil
	}
	out, hidden := programme.Values{}, []string(nil)
	for _, f := range form.Fields {
		switch value, filled := values[f.Name]; {
		case !filled:
		case hidesField(x.Matter, form.Name, f.Name):
			hidden = append(hidden, f.Name)
		default:
			out[f.Name] = value
		}
	}
	return out, hidden
}

// show gives a matter as the viewer may know it.
func (v viewer) show(m stored, raiser raiserName) Matter {
	out := m.Matter
	out.Called = m.called()
	switch {
	case v.sees == matterTold:
		out.Called = m.Kind
		out.Title, out.Lead, out.With, out.Subject.Name, out.Subject.Key, out.Subject.ID = m.Kind.In(v.lang()), "", nil, m.Subject.UnitName, "", ""
	case v.sees < matterHouse:
		out.Lead, out.With = "", nil
	}
	if v.knowsName(m.x, raiser.person, tieRaiser) {
		out.Raiser = raiser.name
	}
	return out
}

func (v viewer) lang() programme.Lang {
	if v.actor.Lang == "" {
		return programme.Zh
	}
	return v.actor.Lang
}

// shown gives each of the matters as the actor may know it.
func (s *Site) shown(ctx context.Context, tx *db.Tx, a Actor, list []stored, f func(v viewer, m *stored, shown Matter)) error {
	views, err := s.viewersOf(ctx, tx, a, list)
	if err != nil {
		return err
	}
	ids, named := make([]string, len(list)), make([]*stored, len(list))
	for i := range list {
		ids[i], named[i] = list[i].ID, &list[i]
	}
	raisers, err := s.raiserNames(ctx, tx, ids)
	if err != nil {
		return err
	}
	if err := s.nameHandlers(ctx, tx, named); err != nil {
		return err
	}
	for i := range list {
		if views[i].sees != matterUnseen { // the query sees to it; this is the second lock
			f(views[i], &list[i], views[i].show(list[i], raisers[list[i].ID]))
		}
	}
	return nil
}

type raiserName struct{ person, name string }

func (s *Site) raiserNames(ctx context.Context, tx *db.Tx, ids []string) (map[string]raiserName, error) {
	out := map[string]raiserName{}
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, `SELECT p.matter_id, p.person, COALESCE(a.name, v.name, '') FROM matter_person p
			LEFT JOIN account a ON a.id = p.person LEFT JOIN voice v ON v.id = p.person
			WHERE p.tie = 'raiser' AND p.matter_id IN (`+db.In(len(ids), 1)+")", db.Args(ids), func(scan func(...any) error) error {
			var id string
			var r raiserName
			err := scan(&id, &r.person, &r.name)
			out[id] = r
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("who raised matters: %w", err)
	}
	return out, nil
}

// nameHandlers puts the names of lead and co-handlers into matters.
func (s *Site) nameHandlers(ctx context.Context, tx *db.Tx, list []*stored) error {
	var ids []string
	for _, m := range list {
		if m.state.Lead != "" {
			ids = append(append(ids, m.state.Lead), m.state.With...)
		}
	}
	names := map[string]string{}
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, "SELECT id, name FROM account WHERE id IN ("+db.In(len(ids), 1)+")", db.Args(ids), func(scan func(...any) error) error {
			var id, name string
			err := scan(&id, &name)
			names[id] = name
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("name handlers: %w", err)
	}
	for _, m := range list {
		m.Lead, m.With = names[m.state.Lead], nil
		for _, id := range m.state.With {
			m.With = append(m.With, names[id])
		}
	}
	return nil
}

// seesMatters lists the conditions of which one must hold: by a tie, as a handler or above, as one asked to take part, as an
// administrator, because it is public.
func (s *Site) seesMatters(ctx context.Context, tx *db.Tx, a Actor, q MatterQuery, arg func(any) string) ([]string, error) {
	var names []string
	if err := tx.Each(ctx, "SELECT name FROM programme ORDER BY name", nil, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		if q.Programme == "" || q.Programme == name {
			names = append(names, name)
		}
		return err
	}); err != nil {
		return nil, err
	}
	sees := []string{"1 = 0"}
	if q.Subject == "" && q.Search == "" && q.Clause == "" && q.Round == "" { // what is told of them is none of that, and must not be found by it
		sees = append(sees, "m.meaning = "+arg(programme.OpenToPublic))
	}
	if !a.Visitor() {
		sees = append(sees, "m.id IN (SELECT p.matter_id FROM matter_person p WHERE p.tie IN ('raiser', 'joined') AND p.person = "+arg(a.ID)+")",
			"m.id IN (SELECT t.matter_id FROM matter_turn t WHERE t.person = "+arg(a.ID)+")")
		if units := grantUnits(a, "", Admin); len(units) > 0 {
			sees = append(sees, withinUnits("m.unit", units, arg), withinUnits("s.unit", units, arg))
		}
	}
	for _, name := range names {
		run, err := s.runningIn(ctx, tx, name)
		if err != nil {
			return nil, err
		}
		for _, x := range run.processes {
			is := func(also string) {
				sees = append(sees, "m.programme = "+arg(name)+" AND m.name = "+arg(x.Matter.Name)+also)
			}
			if slices.Contains(run.Public, x.Matter.Name) {
				is("")
				continue
			}
			if units := grantUnits(a, name, houseRoles(run, x)...); len(units) > 0 {
				is(" AND " + withinUnits("m.unit", units, arg))
			}
			for _, r := range run.Roles {
				if units := grantUnits(a, name, r.Name); len(units) > 0 && x.Asks([]string{r.Name}) {
					column := "m.unit"
					if !isPartyRole(run, r.Name) {
						column = "s.unit"
					}
					is(" AND " + withinUnits(column, units, arg))
				}
			}
		}
	}
	return sees, nil
}
