package assess

import (
	"slices"

	"bihuan.dev/bihuan/programme"
)

// tally is the way from the points of clauses to the total of one subject.
type tally struct {
	sections []partial
	parts    []partial
	sum      Points // of the parts, scaled, with bonus, before vetoes
	total    Points
	had      Points // applicable points of the total, when it was scaled
	scaled   bool
	scored   bool
	excluded bool
	noAward  bool
	failed   bool
	gates    []int // clauses that are gates and not met
	deducted Points
	set      bool // a veto set the total
}

// partial is what a section or a part earned.
type partial struct {
	earned Points
	raw    Points // before it was scaled or capped
	had    Points // the points that applied
	scaled bool   // some did not apply
	gone   bool   // none applied
	capped bool
}

// scale gives earned × all ÷ had, rounded to the decimals of points.
func (pr *Program) scale(earned, all, had Points) Points {
	return pr.points(earned.Decimal().Mul(all.Decimal()).QuoRound(had.Decimal(), pr.digits))
}

// tally sums up. What does not apply and is to be left out (合理缺项) is made up for by the rest of its section; a section of
// which nothing applies by the rest of its part; a part by the rest of the standard.
func (pr *Program) tally(outs []outcome, ladders func(section int) Points) tally {
	t := tally{sections: make([]partial, len(pr.sections)), parts: make([]partial, len(pr.parts)), scored: true}
	for k, s := range pr.sections {
		x := &t.sections[k]
		x.had = s.points
		for _, c := range s.clauses {
			out := &outs[c]
			if out.status == NotApplicable && pr.clauses[c].na.Word == "rescale" {
				if s.Bonus == nil {
					x.had -= pr.clauses[c].full
				}
				continue
			}
			x.raw += out.points
			if pr.clauses[c].Gate && out.status != Met && out.status != NotApplicable {
				t.gates = append(t.gates, c)
			}
		}
		if s.Bonus != nil {
			if s.Bonus.Ladder != nil {
				x.raw += ladders(k)
			}
			x.earned = x.raw
			if limit := pr.points(s.Bonus.Cap); x.raw > limit {
				x.earned, x.capped = limit, true
			}
			continue
		}
		x.earned = x.raw
		if x.had != s.points {
			x.scaled, x.gone = x.had > 0, x.had <= 0
			if x.scaled {
				x.earned = pr.scale(x.raw, s.points, x.had)
			}
		}
	}
	var bonus, base, had Points
	for k, p := range pr.parts {
		x := &t.parts[k]
		x.had = p.points
		var extra Points
		for _, s := range p.sections {
			sec := &t.sections[s]
			switch {
			case pr.sections[s].Bonus != nil:
				extra += sec.earned
			case sec.gone:
				x.had -= pr.sections[s].points
				x.raw += sec.earned
			default:
				x.raw += sec.earned
			}
		}
		x.earned = x.raw
		if x.had != p.points {
			x.scaled, x.gone = x.had > 0, x.had <= 0
			if x.scaled {
				x.earned = pr.scale(x.raw, p.points, x.had)
			}
		}
		if !x.gone {
			had += p.points
		}
		base += x.earned
		x.earned += extra
		bonus += extra
	}
	var all Points
	for _, p := range pr.parts {
		all += p.points
	}
	t.had = had
	if had != all && had > 0 {
		base, t.scaled = pr.scale(base, all, had), true
	}
	t.sum = base + bonus
	t.total = t.sum
	t.scored = len(t.gates) == 0
	return t
}

// earning is one record that the bonus ladder counts.
type earning struct {
	evidence *Evidence
	level    string
	event    string
	points   programme.Decimal
	once     bool // left out, because a higher one of the same event counts
}

// ladder adds up the points of the records of a bonus section's ladder. With same_event once, the records that name the same
// event count once, the highest.
func (pr *Program) ladder(s *section, ch *chosen) (sum programme.Decimal, all []earning) {
	l := s.Bonus.Ladder
	form, ok := pr.byForm[l.Form]
	if !ok {
		return sum, nil
	}
	event := l.Event
	if event == "" {
		event = "event"
	}
	best := map[string]int{}
	for _, e := range ch.records[form] {
		level, _ := e.open(pr).Values[l.Level].(string)
		i := slices.IndexFunc(l.Points, func(x programme.Level) bool { return x.Name == level })
		if i < 0 {
			continue
		}
		name, _ := e.Values[event].(string)
		x := earning{&e.Evidence, level, name, l.Points[i].Factor, false}
		if s.Bonus.SameEvent == "once" && name != "" {
			if was, dup := best[name]; dup {
				if all[was].points.Cmp(x.points) >= 0 {
					x.once = true
				} else {
					all[was].once = true
					best[name] = len(all)
				}
			} else {
				best[name] = len(all)
			}
		}
		all = append(all, x)
	}
	for _, x := range all {
		if !x.once {
			sum = sum.Add(x.points)
		}
	}
	return sum, all
}
