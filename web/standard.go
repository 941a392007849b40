package web

import (
	"errors"
	"slices"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

type standardArgs struct {
	Running *bihuan.Running
	Rules   map[string]programme.Text // by clause: its rule in words
	Rates   map[string]bihuan.PassRate
	Unit    bihuan.Unit // whose pass rates they are
	Live    bool        // of live scores, otherwise of decided ones
	Forms   []formUse
}

// formUse is a form of the programme, and the clauses that read it.
type formUse struct {
	Form    *programme.Form
	Clauses []*programme.Clause
}

// standard shows the standard as a document to read and to print, with how often each clause is passed for those who may
// know. The document itself is public.
func standard(r *request) error {
	run, err := r.running()
	if err != nil {
		return err
	}
	if run.Standard == nil {
		return &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("本方案没有评分标准", "This programme has no standard")}
	}
	a := standardArgs{Running: run, Rules: clauseRules(run, r.f.site.Today()), Forms: formUses(run.Programme), Live: !r.actor.Visitor()}
	if err := r.passRates(&a); err != nil {
		return err
	}
	return r.page(standardPage(r.inProgramme(run.Document.Title, run.Programme, "standard"), a))
}

// passRates adds the pass rates of the unit that is asked for. Who may not see them reads the document without.
func (r *request) passRates(a *standardArgs) (err error) {
	unit := r.URL.Query().Get("unit")
	var known *bihuan.Error
	if unit == "" {
		if unit, err = r.homeUnit(a.Running.Name); errors.As(err, &known) {
			return nil
		}
	}
	if err == nil {
		a.Unit, err = r.f.site.Unit(r.ctx(), unit)
	}
	if err == nil {
		a.Rates, err = r.f.site.PassRates(r.ctx(), r.actor, a.Running.Name, unit)
	}
	if errors.As(err, &known) {
		a.Rates = nil
		return nil
	}
	return err
}

// clauseRules gives the rule of every clause in words. They are the same for every subject, so one without any evidence will do.
func clauseRules(run *bihuan.Running, today programme.Day) map[string]programme.Text {
	rules := map[string]programme.Text{}
	for _, c := range run.Assess.Assess(assess.Subject{Key: "rules"}, assess.Options{AsOf: today}).Clauses {
		rules[c.Clause] = c.Rule
	}
	return rules
}

// clauseForms lists the forms that feed a clause, in the order of the programme.
func clauseForms(p *programme.Programme, c *programme.Clause) []*programme.Form {
	var names []string
	add := func(exprs ...*programme.Expr) {
		for _, e := range exprs {
			for _, read := range e.Reads() {
				names = append(names, read.Form)
			}
		}
	}
	names = append(names, c.Evidence...)
	add(c.Measure, c.Applies, c.Pass, c.Formula)
	for _, t := range c.Ticks {
		add(t.Pass)
	}
	for _, d := range c.Deduct {
		add(d.Count)
	}
	if c.Linear != nil {
		add(c.Linear.FullAt, c.Linear.ZeroBelow)
	}
	if c.Proportional != nil {
		add(c.Proportional.Target)
	}
	if c.Each != nil {
		add(c.Each.Count)
	}
	if c.Rank != nil {
		add(c.Rank.By)
	}
	if c.Veto != nil {
		add(c.Veto.When, c.Veto.Until)
	}
	var forms []*programme.Form
	for _, f := range p.Forms {
		if slices.Contains(names, f.Name) {
			forms = append(forms, f)
		}
	}
	return forms
}

func formUses(p *programme.Programme) []formUse {
	uses := make([]formUse, len(p.Forms))
	at := map[*programme.Form]int{}
	for i, f := range p.Forms {
		uses[i].Form, at[f] = f, i
	}
	for _, c := range standardClauses(p) {
		for _, f := range clauseForms(p, c) {
			uses[at[f]].Clauses = append(uses[at[f]].Clauses, c)
		}
	}
	return uses
}

// bonusForm is the form whose records a section of extra points counts by their level.
func bonusForm(p *programme.Programme, s *programme.Section) (*programme.Form, bool) {
	if s.Bonus == nil || s.Bonus.Ladder == nil {
		return nil, false
	}
	return p.Form(s.Bonus.Ladder.Form)
}

func rateCounts(p bihuan.PassRate) []verdictCount {
	return []verdictCount{{assess.Met, p.Met}, {assess.Partly, p.Partly}, {assess.Unmet, p.Unmet}, {assess.Missing, p.Missing}, {assess.Pending, p.Pending}}
}

// documentKind names the kind of a document.
func documentKind(v view, kind string) string {
	words := map[string]programme.Text{
		"national": programme.T("国家标准", "National standard"), "industry": programme.T("行业标准", "Industry standard"),
		"local": programme.T("地方标准", "Local standard"), "group": programme.T("团体标准", "Group standard"),
		"enterprise": programme.T("企业标准", "Enterprise standard"), "normative": programme.T("规范性文件", "Normative document"),
		"notice": programme.T("通知", "Notice"), "statute": programme.T("法规", "Statute"),
	}
	return v.In(words[kind])
}

// clauseKind names what a clause is by GB/T 1.1; a plain requirement needs no word.
func clauseKind(v view, kind string) string {
	words := map[string]programme.Text{"instruction": programme.T("指示", "instruction"),
		"recommendation": programme.T("推荐", "recommendation"), "permission": programme.T("允许", "permission")}
	return v.In(words[kind])
}

// vetoEffect says what a veto does, in words.
func vetoEffect(v view, p *programme.Programme, veto *programme.Veto) string {
	to := veto.To
	switch veto.Effect {
	case programme.Fail:
		return v.T("一票否决，不得评定等级", "no grade, whatever the score")
	case programme.GateKind:
		return v.T("不予评分", "not scored at all")
	case programme.CapGrade:
		return v.T("等级最高为"+gradeTitle(v, p, to), "grade at most "+gradeTitle(v, p, to))
	case programme.SetGrade:
		return v.T("直接评为"+gradeTitle(v, p, to), "graded "+gradeTitle(v, p, to))
	case programme.SetScore:
		return v.T("得分定为 "+to, "score set to "+to)
	case programme.ZeroItem:
		return v.T("条款 "+to+" 不得分", "clause "+to+" earns nothing")
	case programme.NoAward:
		return v.T("不授予称号", "no award")
	case programme.Exclude:
		return v.T("不参加评定", "left out of the assessment")
	}
	return veto.Effect
}

// formBy says who files a form.
func formBy(v view, p *programme.Programme, f *programme.Form) string {
	names := f.By
	if len(names) == 0 {
		for _, party := range p.Parties {
			names = append(names, party.Name)
		}
	}
	text := ""
	for i, name := range names {
		if i > 0 {
			text += v.T("、", ", ")
		}
		text += v.by(p, name)
	}
	return text
}

// anchor makes an address within the page of a number such as 1.1.2.
func anchor(kind, number string) string { return kind + "-" + number }

// shortHash is enough of a fingerprint to compare by eye.
func shortHash(hash string) string { return hash[:min(len(hash), 12)] }

// shareText writes a share such as 0.1 as 10%.
func shareText(d programme.Decimal) string { return d.Mul(programme.DecimalOf(100)).String() + "%" }

// optionWord names an option of a choice as the form does.
func optionWord(v view, f *programme.Form, field, option string) string {
	if x, ok := f.Field(field); ok {
		for _, o := range x.Of {
			if o.Name == option && !o.Title.Empty() {
				return v.In(o.Title)
			}
		}
	}
	return option
}
