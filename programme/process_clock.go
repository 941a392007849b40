package programme

// Clock is the time limit of the stage that a matter is in.
type Clock struct {
	Runs     bool // there is a limit
	Start    Day  // the day from which it counts; the next one is the first
	Due      Day  // the last day on which it is in time
	Workdays bool // the limit that decides counts working days, and so does what is left
	Stopped  bool // it stands still now; Due does not count the break that lasts
	Lacks    int  // the first year whose holidays it does not know; 0: none
	Why      Text // how Due came about
}

// defaultBallot is how long a ballot runs that has no limit of its own, so that none runs for ever.
var defaultBallot = Limits{{10, "day"}}

// Clock gives the time limit of the stage a matter is in, by a calendar. A stage without one, and a matter that is over, give
// a Clock that does not run.
func (x *Process) Clock(s State, cal *Calendar) Clock {
	st, ok := x.Matter.Stage(s.Stage)
	if !ok {
		return Clock{Why: T("已办结", "it is over")}
	}
	limits, from := s.Within, ""
	if len(limits) == 0 {
		limits, from = st.Within, st.From
	}
	if len(limits) == 0 && st.Ballot != nil {
		limits = defaultBallot
	}
	if len(limits) == 0 {
		return Clock{Why: T("没有时限", "there is no time limit")}
	}
	start, whence := x.start(s, from)
	if s.Rerun {
		start, whence = s.From, T("再次征集", "when the ballot began again")
	}
	due, unit, why, lacks := x.earliest(limits, start, s.Pauses, s.Extended, cal)
	_, stopped := s.Paused()
	c := Clock{Runs: true, Start: start, Due: due, Workdays: unit == "workday", Stopped: stopped, Lacks: lacks}
	c.Why = T("从{0}（{1}）起{2}，到{3}", "{2} from {0} ({1}): until {3}").Fill(start, whence, why, due)
	if stopped {
		c.Why = T("{0}；{1}起停钟（{2}）", "{0}; the clock has stood still since {1} ({2})").Fill(c.Why, s.Pauses[len(s.Pauses)-1].Since, PauseText(s.Pauses[len(s.Pauses)-1].For))
	}
	if c.Lacks != 0 {
		c.Why = T("{0}；日历没有{1}年的节假日，可能有出入", "{0}; the calendar lacks the holidays of {1}, so it may be wrong").Fill(c.Why, lacks)
	}
	return c
}

// late reports whether a day is after the time of a state; while the clock stands still, the day it stopped counts.
func (c Clock) late(s State, on Day) bool {
	if b, ok := s.Paused(); ok {
		on = b.Since
	}
	return c.Runs && on > c.Due
}

// Deadline gives the last day on which the stage of a matter is in time, and why. Known is false when there is no limit or
// the calendar lacks a year that matters: then administrators must be warned.
func (x *Process) Deadline(s State, cal *Calendar) (due Day, why Text, known bool) {
	c := x.Clock(s, cal)
	return c.Due, c.Why, c.Runs && c.Lacks == 0
}

// Left tells how many days are left on a day, negative once it is overdue: working days when the limit that decides
// counts these.
func (x *Process) Left(s State, on Day, cal *Calendar) (n int, ok bool) {
	c := x.Clock(s, cal)
	if !c.Runs {
		return 0, false
	}
	if b, stopped := s.Paused(); stopped {
		on = b.Since
	}
	if c.Workdays {
		return cal.Workdays(on, c.Due), true
	}
	return int(c.Due - on), true
}

// InWorkdays reports whether the time limit that decides in the stage a matter is in counts working days.
func (x *Process) InWorkdays(s State) bool { return x.Clock(s, x.Calendar).Workdays }

// start gives the day a clock starts from, and what day that is.
func (x *Process) start(s State, from string) (Day, Text) {
	if d, ok := s.Days[from]; ok {
		return d, x.StageTitle(from)
	}
	for form, filing := range s.Forms {
		for field, d := range filing.Dates {
			if form+"."+field == from {
				return d, x.dateTitle(form, field)
			}
		}
	}
	return s.From, T("进入本环节", "entering the stage")
}

func (x *Process) dateTitle(form, field string) Text {
	if f, ok := x.Form(form); ok {
		for _, y := range f.Fields {
			if y.Name == field && !y.Title.Empty() {
				return y.Title
			}
		}
	}
	return T(form+"."+field, form+"."+field)
}

// earliest gives the end of the limit that ends first. The day a clock starts from does not count. Limits in days, weeks,
// months and years that would end on a day off end on the next working day (Civil Code art. 203); a limit of 0 is that day itself.
// Breaks are added in the unit of the limit, before and after extensions alike. lacks is the first year that it reaches whose holidays
// the calendar does not know; 0: none.
func (x *Process) earliest(limits Limits, start Day, breaks []Break, extended []Extension, cal *Calendar) (due Day, unit string, why Text, lacks int) {
	for i, l := range limits {
		d := cal.Add(start, l)
		w := l.Text()
		for _, e := range extended {
			d = cal.Add(d, e.By)
			w = T("{0}，延长{1}", "{0}, extended by {1}").Fill(w, e.By.Text())
		}
		excluded := 0
		for _, b := range breaks {
			if b.Lasts || b.Since >= b.Until {
				continue
			}
			if l.Unit == "workday" {
				n := cal.Workdays(b.Since-1, b.Until-1)
				d, excluded = cal.AddWorkdays(d, n), excluded+n
			} else {
				d, excluded = d+(b.Until-b.Since), excluded+int(b.Until-b.Since)
			}
		}
		if excluded > 0 {
			w = T("{0}，扣除{1}天", "{0}, {1} days excluded").Fill(w, excluded)
		}
		if l.N > 0 {
			for n := 0; !cal.Workday(d) && n < 60; n++ {
				d++
			}
		}
		if i == 0 || d < due {
			due, unit, why = d, l.Unit, w
		}
		if l.N > 0 {
			for year := start.Time().Year(); year <= d.Time().Year(); year++ {
				if !cal.knowsAll(year) && (lacks == 0 || year < lacks) {
					lacks = year
				}
			}
		}
	}
	if len(limits) > 1 {
		why = T("{0}（几个时限中最先到的）", "{0} (the first of several limits)").Fill(why)
	}
	return due, unit, why, lacks
}

// knowsAll reports whether nothing is unknown of a year: a calendar of weekends has no holidays to know.
func (c *Calendar) knowsAll(year int) bool { return c.Name == "weekends" || c.Knows(year) }

// Rung is a rung of the overdue ladder and the first day on which it is climbed.
type Rung struct {
	*Overdue
	On Day
}

// Rungs lists the whole ladder of the stage that a matter is in, in the order of days. The first day after the deadline is
// the first on which one can be climbed. It is empty when no clock runs or it stands still.
func (x *Process) Rungs(s State, cal *Calendar) []Rung {
	c := x.Clock(s, cal)
	if !c.Runs || c.Stopped {
		return nil
	}
	var out []Rung
	for _, o := range x.Matter.Overdue {
		r := Rung{o, max(c.Due+1, cal.Add(c.Due, o.After))}
		i := len(out)
		for i > 0 && out[i-1].On > r.On {
			i--
		}
		out = append(out[:i:i], append([]Rung{r}, out[i:]...)...)
	}
	return out
}

// Due lists the rungs that are climbed by a day and were not yet.
func (x *Process) Due(s State, on Day, cal *Calendar) []Rung {
	rungs := x.Rungs(s, cal)
	if s.Fired >= len(rungs) {
		return nil
	}
	rungs = rungs[s.Fired:]
	for i, r := range rungs {
		if r.On > on {
			return rungs[:i]
		}
	}
	return rungs
}

// day climbs the ladder. Twice on one day, or after days of which nobody told, each rung is climbed once.
func (x *Process) day(s *State, st *Stage, e Event) ([]Effect, error) {
	if err := x.may([]string{SystemRole}, e.Roles); err != nil {
		return nil, err
	}
	on := DayOf(e.At)
	c := x.Clock(*s, x.Calendar)
	var effects []Effect
	rungs := x.Due(*s, on, x.Calendar)
	for _, r := range rungs {
		text := T("“{0}”应于{1}前办好，已逾期", "“{0}” was due on {1} and is overdue").Fill(x.StageTitle(st.Stage), c.Due)
		if r.Remind != "" {
			who := []string{r.Remind}
			if r.Remind == "holder" {
				who = s.Holder
			}
			effects = append(effects, Effect{Kind: EffectRemind, Who: who, Stage: st.Stage, Text: text})
		}
		if r.Escalate != "" {
			effects = append(effects, Effect{Kind: EffectEscalate, Who: []string{r.Escalate}, Stage: st.Stage, Text: text})
		}
	}
	s.Fired += len(rungs)
	if st.Ballot != nil && c.Runs && on > c.Due {
		effects = append(effects, Effect{Kind: EffectCountBallot, Stage: st.Stage, Form: st.Ballot.Form})
	}
	if len(rungs) > 0 && c.Lacks != 0 {
		effects = append(effects, Effect{Kind: EffectWarn, Stage: st.Stage, Text: c.Why})
	}
	return effects, nil
}
