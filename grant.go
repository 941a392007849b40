package bihuan

import (
	"context"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// May tells whether the actor holds one of the roles at a unit or above it. Administrators hold the role Admin of the
// programme ""; it is no role of a programme, and programmes' roles administer nothing.
func (s *Site) May(ctx context.Context, a Actor, programme, unit string, roles ...string) (bool, error) {
	may := a.system
	if may || a.Visitor() {
		return may, nil
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		h, err := heldAt(ctx, tx, a, programme, unit)
		for _, r := range roles {
			may = may || h.holds(r) || programme == "" && r == Admin && h.admin
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("rights of %s at %s: %w", a.ID, unit, err)
	}
	return may, nil
}

// held is what an actor holds at one unit: the roles of a programme, with how far above the unit each was granted.
type held struct {
	roles  map[string]int64
	admin  bool // administers the unit
	system bool
}

func (h held) holds(role string) bool { _, ok := h.roles[role]; return ok || h.system }

// any reports whether the actor belongs to the house at the unit.
func (h held) any() bool { return h.system || h.admin || len(h.roles) > 0 }

// party gives the highest party whose role is held; empty: none.
func (h held) party(run *Running) string {
	for _, p := range slices.Backward(run.Parties) {
		if h.holds(p.Role) {
			return p.Name
		}
	}
	return ""
}

// heldAt gives what the actor holds at a unit.
func heldAt(ctx context.Context, tx *db.Tx, a Actor, programme, unit string) (held, error) {
	all, err := heldAtEach(ctx, tx, a, programme, []string{unit})
	return all[unit], err
}

// heldAtEach gives what the actor holds at each of the units.
func heldAtEach(ctx context.Context, tx *db.Tx, a Actor, programme string, units []string) (map[string]held, error) {
	out := make(map[string]held, len(units))
	if a.system {
		for _, u := range units {
			out[u] = held{system: true, admin: true}
		}
		return out, nil
	}
	at := map[string][]Grant{} // the grants that matter, by their unit
	for _, g := range a.Grants {
		if g.Programme == programme || g.Programme == "" && g.Role == Admin {
			at[g.Unit] = append(at[g.Unit], g)
		}
	}
	var granted []string
	for u := range at {
		granted = append(granted, u)
	}
	if len(granted) == 0 {
		return out, nil
	}
	err := db.Chunks(units, func(units []string) error {
		query := "SELECT unit, within, depth FROM unit_within WHERE unit IN (" + db.In(len(units), 1) +
			") AND within IN (" + db.In(len(granted), 1+len(units)) + ")"
		return tx.Each(ctx, query, append(db.Args(units), db.Args(granted)...), func(scan func(...any) error) error {
			var unit, within string
			var depth int64
			if err := scan(&unit, &within, &depth); err != nil {
				return err
			}
			h := out[unit]
			for _, g := range at[within] {
				if g.Programme == "" {
					h.admin = true
				} else if near, ok := h.roles[g.Role]; !ok || depth < near {
					if h.roles == nil {
						h.roles = map[string]int64{}
					}
					h.roles[g.Role] = depth
				}
			}
			out[unit] = h
			return nil
		})
	})
	return out, err
}

// filer is a party or role that may file a form, with the role somebody needs for it.
type filer struct{ by, role string }

// filers lists who may file a form: the parties and roles it names, or else every party.
func (r *Running) filers(f *programme.Form) []filer {
	var out []filer
	if len(f.By) == 0 {
		for _, p := range r.Parties {
			out = append(out, filer{p.Name, p.Role})
		}
	}
	for _, name := range f.By {
		by := filer{name, name}
		for _, p := range r.Parties {
			if p.Name == name || p.Role == name {
				by = filer{p.Name, p.Role}
				if p.Name == name {
					break
				}
			}
		}
		out = append(out, by)
	}
	return out
}

// filesAs tells as whom an actor files a form: as wanted, when he holds it, or in the role granted nearest to the unit;
// of two that are equally near, as the later party. Administrators may file for anyone they name, as one who types in
// what others wrote does.
func (r *Running) filesAs(f *programme.Form, h held, wanted string) (string, error) {
	best, near := "", int64(-1)
	options := r.filers(f)
	for _, o := range options {
		if wanted != "" && o.by != wanted && o.role != wanted {
			continue
		}
		if h.system || wanted != "" && h.admin {
			return o.by, nil
		}
		if depth, ok := h.roles[o.role]; ok && (near < 0 || depth <= near) {
			best, near = o.by, depth
		}
	}
	if near >= 0 {
		return best, nil
	}
	if h.admin && wanted == "" && len(options) > 0 {
		return options[0].by, nil
	}
	return "", mayNot()
}
