package programme

// lintMatter finds stages that cannot be reached, cannot be left, or lead round in circles that nobody can stop, and ends
// that nothing leads to.
func (l *loader) lintMatter(m *Matter) {
	if len(m.Stages) == 0 || l.d.broken[&m.Stages] || l.d.broken[&m.Ends] {
		return
	}
	seen := map[string]*Stage{}
	for _, s := range m.Stages {
		if was := seen[s.Stage]; was != nil {
			l.wrong(l.at(&s.Stage), T("环节 {0} 重复，第一次在第 {1} 行", "the stage {0} is there twice, first on line {1}").Fill(s.Stage, was.Pos.Line), Text{})
			return
		}
		if e, ok := m.End(s.Stage); ok {
			l.wrong(l.at(&s.Stage), T("{0} 既是环节又是结局", "{0} is a stage and an end").Fill(e.Name), T("结局只写在 ends 里", "an end stands in ends only"))
			return
		}
		seen[s.Stage] = s
	}
	for _, s := range m.Stages { // a wrong name was told already, and would make others look lost
		for _, to := range s.leads() {
			if _, end := m.End(to); !end && seen[to] == nil {
				return
			}
		}
	}
	reached := map[string]bool{}
	var visit func(*Stage)
	visit = func(s *Stage) {
		if s == nil || reached[s.Stage] {
			return
		}
		reached[s.Stage] = true
		for _, to := range s.leads() {
			visit(seen[to])
		}
	}
	visit(m.Stages[0])
	loops := m.loops(seen)
	for _, s := range m.Stages {
		out := false
		for _, to := range s.leads() {
			out = out || to != s.Stage
		}
		switch {
		case !reached[s.Stage]:
			l.wrong(l.at(&s.Stage), T("没有办法走到环节 {0}", "nothing leads to the stage {0}").Fill(s.Stage), T("从别的环节用 to 指向它，或去掉它", "lead to it from another stage, or leave it out"))
		case !out:
			l.wrong(l.at(&s.Stage), T("环节 {0} 没有出路", "there is no way out of the stage {0}").Fill(s.Stage), T("写 actions，或 ballot 和 decide", "write actions, or a ballot with decide"))
		case !m.ends(s, seen, map[string]bool{}):
			l.wrong(l.at(&s.Stage), T("从环节 {0} 走不到任何结局", "from the stage {0} no end can be reached").Fill(s.Stage), T("让其中一步通向 {0}", "let a step lead to {0}").Fill(endList(m)))
		case loops[s]:
			l.wrong(l.at(&s.Stage), T("经过环节 {0} 的循环可能永远走不完，没有人能让它停下", "what goes round through the stage {0} may never end: nobody can stop it").Fill(s.Stage),
				T("在循环里加一个通向别处的 action，或加一个含义为 open_to_public 的结局", "add an action that leads out, or an end that means open_to_public"))
		}
	}
	l.lintEnds(m)
}

// lintEnds finds ends that nothing leads to. To withdrawn and to one that is open to the public the language itself leads;
// where nothing leads to any, the stages were told already.
func (l *loader) lintEnds(m *Matter) {
	led := map[string]bool{}
	for _, s := range m.Stages {
		for _, to := range s.leads() {
			if _, ok := m.End(to); ok {
				led[to] = true
			}
		}
	}
	for i := range m.Ends {
		if e := &m.Ends[i]; len(led) > 0 && !led[e.Name] && e.Meaning != OpenToPublic && e.Name != Withdrawn {
			l.warn(l.at(&e.Name), T("没有办法走到结局 {0}", "nothing leads to the end {0}").Fill(e.Name), T("让其中一步通向它，或去掉它", "let a step lead to it, or leave it out"))
		}
	}
}

// loops tells the stages that are the first of a circle out of which no action leads. That a ballot may lead out is not
// enough, for those asked may never be satisfied. An end that is open to the public can be reached from everywhere.
func (m *Matter) loops(stages map[string]*Stage) map[*Stage]bool {
	found := map[*Stage]bool{}
	if _, ok := m.openEnd(); ok {
		return found
	}
	reach := map[*Stage]map[*Stage]bool{}
	for _, s := range m.Stages {
		to := map[*Stage]bool{}
		var visit func(*Stage)
		visit = func(s *Stage) {
			for _, name := range s.leads() {
				if next := stages[name]; next != nil && !to[next] {
					to[next] = true
					visit(next)
				}
			}
		}
		visit(s)
		reach[s] = to
	}
	told := map[*Stage]bool{}
	for _, s := range m.Stages {
		if !reach[s][s] || told[s] {
			continue
		}
		stopped := false
		for _, other := range m.Stages {
			if other != s && !(reach[s][other] && reach[other][s]) {
				continue
			}
			told[other] = true
			for _, a := range other.Actions {
				next := stages[a.To]
				stopped = stopped || next == nil || next != s && !reach[next][s]
			}
		}
		found[s] = !stopped
	}
	return found
}

func endList(m *Matter) string {
	var names []string
	for _, e := range m.Ends {
		names = append(names, e.Name)
	}
	return listed(names)
}

// leads lists where a stage can lead.
func (s *Stage) leads() (to []string) {
	for _, a := range s.Actions {
		to = append(to, a.To)
	}
	for _, b := range s.Decide {
		if b.To != "" {
			to = append(to, b.To)
		}
		if b.Else != "" {
			to = append(to, b.Else)
		}
	}
	return to
}

// ends reports whether an end can be reached from a stage.
func (m *Matter) ends(s *Stage, stages map[string]*Stage, seen map[string]bool) bool {
	if seen[s.Stage] {
		return false
	}
	seen[s.Stage] = true
	for _, to := range s.leads() {
		if _, ok := m.End(to); ok {
			return true
		}
		if next := stages[to]; next != nil && m.ends(next, stages, seen) {
			return true
		}
	}
	return false
}
