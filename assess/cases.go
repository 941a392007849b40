package assess

import (
	"fmt"
	"slices"
	"strings"

	"bihuan.dev/bihuan/programme"
)

// RunCases runs the programme's golden cases and tells every difference at its place, with what came out and what was expected.
func RunCases(p *programme.Programme) programme.Mistakes {
	pr, err := Compile(p)
	if err != nil {
		return programme.Mistakes{{Message: programme.T(err.Error(), err.Error())}}
	}
	var out programme.Mistakes
	for _, c := range p.Cases {
		out = append(out, pr.runCase(c)...)
	}
	return out
}

// caseRun is a case with its population.
type caseRun struct {
	pr  *Program
	c   *programme.Case
	pop *Population
}

func (pr *Program) newCase(c *programme.Case) caseRun {
	run := caseRun{pr, c, pr.NewPopulation()}
	run.pop.Put(pr.CaseSubject(c, "case", c.AsOf))
	for i, peer := range c.Peers {
		run.pop.Put(pr.CaseSubject(peer, fmt.Sprintf("peer %d", i+1), c.AsOf))
	}
	return run
}

func (run caseRun) result(party string) *Result {
	return run.pr.Run(run.pop, Options{AsOf: run.c.AsOf, Party: party})
}

// CaseSubject gives the subject of a case with its evidence. What the loader refused is left out.
func (pr *Program) CaseSubject(c *programme.Case, key string, asOf programme.Day) Subject {
	s := Subject{Key: key, Unit: c.Unit, Matters: map[string][]programme.Values{}}
	about := programme.About{AsOf: asOf}
	first := asOf
	for _, x := range c.Evidence {
		first = min(first, x.On)
	}
	if f, ok := pr.p.Form(programme.SubjectForm); ok && len(c.Subject) > 0 {
		about.Subject, _ = f.Fill(pr.p, c.Subject, about)
		s.Evidence = append(s.Evidence, Evidence{ID: "subject", Form: programme.SubjectForm, On: first, Values: about.Subject})
	}
	for i, x := range c.Evidence {
		f, ok := pr.p.Form(x.Form)
		if !ok {
			continue
		}
		var v programme.Values
		if f.Ballot {
			v = tallyOf(x.Values)
		} else {
			v, _ = f.Fill(pr.p, x.Values, about)
		}
		s.Evidence = append(s.Evidence, Evidence{ID: fmt.Sprintf("%s %d", x.Form, i+1), Form: x.Form, On: x.On, Recorded: int64(i), By: x.By,
			Filer: fmt.Sprint(i), Values: v})
	}
	for _, x := range c.Matters {
		s.Matters[x.Form] = append(s.Matters[x.Form], pr.matterValues(x))
	}
	return s
}

// tallyOf reads the figures of a ballot.
func tallyOf(raw programme.Raw) programme.Values {
	v := programme.Values{}
	for name, x := range raw {
		if d, err := programme.ParseDecimal(fmt.Sprint(x)); err == nil {
			v[name], _ = d.Int64()
		}
	}
	return v
}

// matterValues types the values of a matter in a case: what the language knows of every matter, and the fields of its forms.
func (pr *Program) matterValues(x programme.CaseFiling) programme.Values {
	i, ok := pr.matters.Index(x.Form)
	if !ok {
		return nil
	}
	shape := pr.matters.Sub(i)
	known := map[string]string{"raised": programme.Date, "taken_up": programme.Date, "closed": programme.Date, "due": programme.Date, "overdue": programme.Bool, "on_time": programme.Bool}
	var fields []*programme.Field
	raw := map[string]any{}
	for name, v := range x.Values {
		j, ok := shape.Index(name)
		if !ok {
			continue
		}
		f := &programme.Field{Name: name, Type: programme.TextType}
		if own := shape.Field(j); own != nil && name != "stage" {
			copied := *own
			f = &copied
			f.Check, f.ShowWhen = nil, nil
		} else if t, ok := known[name]; ok {
			f.Type = t
		}
		fields = append(fields, f)
		raw[name] = v
	}
	v, _ := (&programme.Form{Name: x.Form, Fields: fields}).Fill(pr.p, raw)
	return v
}

// differ collects what is not as expected.
type differ struct {
	p   *programme.Programme
	c   *programme.Case
	out programme.Mistakes
}

func (d *differ) want(key string, what programme.Text, got, want any, why programme.Text) {
	if fmt.Sprint(got) == fmt.Sprint(want) {
		return
	}
	d.out = append(d.out, d.p.MistakeAt(d.c.At(key), say("案例“{0}”：{1}应为 {2}，实为 {3}", "case “{0}”: {1} should be {2}, but is {3}", d.c.Case, what, want, got), why))
}

func (pr *Program) runCase(c *programme.Case) programme.Mistakes {
	run := pr.newCase(c)
	d := &differ{p: pr.p, c: c}
	s := run.result(c.Party).Score(0)
	e := c.Expect
	if e.Scored != nil {
		d.want("scored", programme.T("是否评分", "scored"), s.Scored, *e.Scored, struckText(s))
	}
	if e.Total != nil {
		d.want("total", programme.T("总分", "the total"), s.Total, *e.Total, earnedText(s))
	}
	if e.Grade != nil {
		d.want("grade", programme.T("等级", "the grade"), quoted(s.Grade), quoted(*e.Grade), say("总分 {0}", "the total is {0}", s.Total))
	}
	if at := c.At("vetoes"); e.Vetoes != nil || at != c.Pos {
		var got []string
		for _, v := range s.Struck {
			if v.State == InForce {
				got = append(got, v.Veto)
			}
		}
		want := slices.Clone(e.Vetoes)
		slices.Sort(got)
		slices.Sort(want)
		d.want("vetoes", programme.T("生效的否决项", "the vetoes in force"), "["+strings.Join(got, ", ")+"]", "["+strings.Join(want, ", ")+"]", struckText(s))
	}
	for _, party := range pr.p.Parties {
		if want, ok := e.Columns[party.Name]; ok {
			x := run.result(party.Name).Score(0)
			d.want("columns."+party.Name, say("评价方 {0} 的总分", "the total of {0}", party.Name), x.Total, want, earnedText(x))
		}
	}
	for _, x := range s.Clauses {
		want, ok := e.Clauses[x.Clause]
		if !ok {
			continue
		}
		key := "clauses." + x.Clause
		if want.Points != nil {
			d.want(key, say("条款 {0} 的得分", "the points of clause {0}", x.Clause), x.Points, *want.Points, x.Why)
		}
		if want.Status != "" {
			d.want(key, say("条款 {0} 的结论", "the verdict on clause {0}", x.Clause), x.Status, want.Status, x.Why)
		}
		if want.Measure != nil {
			got := "none"
			if x.Measure != nil {
				got = x.Measure.String()
			}
			d.want(key, say("条款 {0} 的测量值", "the measure of clause {0}", x.Clause), got, *want.Measure, x.Why)
		}
	}
	return d.out
}

func quoted(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

// earnedText lists what the clauses earned, for somebody who looks for a difference in the total.
func earnedText(s Score) programme.Text {
	var list []string
	for _, c := range s.Clauses {
		list = append(list, fmt.Sprintf("%s: %s", c.Clause, c.Points))
	}
	for _, p := range s.Parts {
		for _, x := range p.Sections {
			if x.Ladder != nil {
				list = append(list, fmt.Sprintf("%s: %s", x.Section, x.Ladder.Points))
			}
		}
	}
	t := strings.Join(list, ", ")
	return say("各条款得分：{0}{1}", "the clauses earned {0}{1}", t, join("", "", []programme.Text{space(s.Note)}))
}

func space(t programme.Text) programme.Text {
	if t.Empty() {
		return t
	}
	return say("。{0}", ". {0}", t)
}

func struckText(s Score) programme.Text {
	var list []programme.Text
	for _, v := range s.Struck {
		list = append(list, say("{0}：{1}", "{0}: {1}", v.Veto, v.Why))
	}
	return join(" ", " ", list)
}

// Cover tells what the golden cases never show: a clause that is never seen met, or never unmet; a veto that never strikes; a
// grade that nobody reaches. A clause with points must be seen at full and at 0, whatever its shape.
func Cover(p *programme.Programme) programme.Mistakes {
	pr, err := Compile(p)
	if err != nil || p.Standard == nil {
		return nil
	}
	met, unmet := make([]bool, len(pr.clauses)), make([]bool, len(pr.clauses))
	struck, grades := make([]bool, len(pr.vetoes)), map[string]bool{}
	for _, c := range p.Cases {
		r := pr.newCase(c).result(c.Party)
		for i := range r.Len() {
			for j, x := range pr.clauses {
				status, points := r.Status(i, j), r.Points(i, j)
				switch status {
				case Met:
					met[j] = true
				case Unmet:
					unmet[j] = true
				}
				if low, high, ok := x.reach(pr); ok && (status == Met || status == Partly || status == Unmet) {
					met[j] = met[j] || points >= high
					unmet[j] = unmet[j] || points <= low
				}
			}
			for k := range pr.vetoes {
				struck[k] = struck[k] || r.states[k][i] == inForce
			}
			grades[r.Grade(i)] = true
		}
	}
	var out programme.Mistakes
	tell := func(pos programme.Pos, zh, en string, args ...any) {
		out = append(out, p.MistakeAt(pos, say(zh, en, args...), programme.T("在 cases/ 中增加案例", "add a case to cases/")))
	}
	for j, c := range pr.clauses {
		if !met[j] {
			tell(c.Pos, "没有案例使条款 {0} 达到（得满分）", "no case shows clause {0} met", c.Clause.Clause)
		}
		if !unmet[j] {
			tell(c.Pos, "没有案例使条款 {0} 未达到（得 0 分）", "no case shows clause {0} unmet", c.Clause.Clause)
		}
	}
	for k, v := range pr.vetoes {
		if !struck[k] {
			tell(v.Pos, "没有案例使否决项 {0} 生效", "no case shows the veto {0} strike", v.name)
		}
	}
	for _, g := range pr.grades {
		if !grades[g] {
			tell(pr.gradePos(g), "没有案例得到等级 {0}", "no case reaches the grade {0}", g)
		}
	}
	return out
}

// reach gives the fewest and the most points that a clause can earn, where these are not 0 and all of its points: cover can ask
// for no more than that.
func (c *clause) reach(pr *Program) (low, high Points, ok bool) {
	high = c.full
	switch c.shape {
	case judgedShape:
		from, to := c.judgedRange()
		for i, l := range c.Judged.Levels {
			d := c.Points.Mul(l.Factor)
			if i == 0 || d.Cmp(from) < 0 {
				from = d
			}
			if i == 0 || d.Cmp(to) > 0 {
				to = d
			}
		}
		return pr.points(from), pr.points(to), true
	case rankShape, bandShape: // the worst place or band may well be worth something
		var all []programme.Decimal
		if c.shape == rankShape {
			all = append(all, c.Rank.Points...)
		}
		for _, b := range c.Bands {
			all = append(all, b.Points)
		}
		if len(all) == 0 {
			return 0, high, false
		}
		least, most := slices.MinFunc(all, programme.Decimal.Cmp), slices.MaxFunc(all, programme.Decimal.Cmp)
		return pr.points(least), pr.points(most), true
	case eachShape:
		if most := c.most(pr); most > 0 {
			high = most
		}
		return 0, high, true
	}
	return 0, high, false
}

// gradePos gives the place where a grade is written.
func (pr *Program) gradePos(name string) programme.Pos {
	g := pr.p.Standard.Grades
	for _, b := range g.Bands {
		if b.Grade == name {
			return b.Pos
		}
	}
	for _, s := range g.Ladder {
		if s.Grade == name {
			return s.Pos
		}
	}
	if len(g.Bands) > 0 {
		return g.Bands[len(g.Bands)-1].Pos
	}
	if len(g.Ladder) > 0 {
		return g.Ladder[0].Pos
	}
	return programme.Pos{}
}
