package programme

import (
	"embed"
	"io/fs"
	"slices"
	"sync"
)

// The matters that every programme has, written in the language itself. Their parties first and last stand for the first and
// the last party of the programme, affected for its roles that are no party.
//
//go:embed builtin/programme.yaml
var builtInFiles embed.FS

// BuiltInYAML gives the text of the matters that every programme has, for authors who want to change one.
func BuiltInYAML() []byte {
	data, err := builtInFiles.ReadFile("builtin/" + MainFile)
	if err != nil {
		panic(err) // it is part of the binary
	}
	return data
}

var (
	builtInOnce sync.Once
	builtInAll  *Programme
)

// builtIns loads them when first wanted: Load itself looks at them, so that they cannot be a variable's first value.
func builtIns() *Programme {
	builtInOnce.Do(func() {
		dir, err := fs.Sub(builtInFiles, "builtin")
		if err != nil {
			panic(err) // it is part of the binary
		}
		p, found := Load(dir, "builtin")
		if p == nil {
			panic(found.Error()) // a test loads it
		}
		builtInAll = p
	})
	return builtInAll
}

// builtIn gives such a matter for a programme, with the programme's own parties and roles, and its forms.
func builtIn(p *Programme, name string) (*Matter, []*Form, bool) {
	from, ok := builtIns().Matter(name)
	if !ok {
		return nil, nil, false
	}
	var first, last, affected []string
	partyRoles := map[string]bool{}
	for _, x := range p.Parties {
		partyRoles[x.Role] = true
	}
	for _, r := range p.Roles {
		if !partyRoles[r.Name] {
			affected = append(affected, r.Name)
		}
	}
	if n := len(p.Parties); n > 0 {
		first, last = []string{p.Parties[0].Name}, []string{p.Parties[n-1].Name}
	} else {
		first, last = affected, affected
	}
	people := func(by []string) (out []string) {
		for _, b := range by {
			switch b {
			case "first":
				out = append(out, first...)
			case "last":
				out = append(out, last...)
			case "affected":
				out = append(out, affected...)
			default:
				out = append(out, b)
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	m := *from
	m.Raise.By = people(m.Raise.By)
	m.Stages = nil
	for _, st := range from.Stages {
		s := *st
		s.Actions = nil
		for _, d := range p.Deadlines {
			if d.Name == name+"."+s.Stage {
				s.Within = d.Within
			}
		}
		for _, act := range st.Actions {
			a := *act
			a.By = people(a.By)
			s.Actions = append(s.Actions, &a)
		}
		s.Turn = people(st.Turn)
		if st.Extend != nil {
			e := *st.Extend
			e.By = people(e.By)
			s.Extend = &e
		}
		m.Stages = append(m.Stages, &s)
	}
	var forms []*Form
	for _, f := range builtIns().Forms {
		if slices.Contains(m.Forms(), f.Name) {
			g := *f
			g.By = people(f.By)
			forms = append(forms, &g)
		}
	}
	return &m, forms, true
}
