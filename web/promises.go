package web

import (
	"net/url"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

type promisesPage struct {
	All    []promiseBlock
	Unit   *bihuan.Unit // looked at; nil: all
	Chosen string       // the programme looked at; empty: all
	Total  int          // breaches
}

// promiseBlock is how the promises of one programme stand.
type promiseBlock struct {
	bihuan.Promises
	MayCheck bool
	Units    []unitBreaches
}

// unitBreaches is how often promises are broken at a unit.
type unitBreaches struct {
	Code, Name string
	Broken     [3]int
}

// promises counts what breaks the first three promises, and leads to each case.
func promises(r *request) error {
	q := bihuan.PromiseQuery{Programme: r.URL.Query().Get("programme"), Unit: r.URL.Query().Get("unit")}
	list, err := r.f.site.Promises(r.ctx(), r.actor, q)
	if err != nil {
		return err
	}
	p := promisesPage{Chosen: q.Programme}
	if q.Unit != "" {
		u, err := r.f.site.Unit(r.ctx(), q.Unit)
		if err != nil {
			return err
		}
		p.Unit = &u
	}
	for _, x := range list {
		b := promiseBlock{Promises: x, Units: breachesByUnit(x.Breaches)}
		for _, g := range r.actor.Grants {
			b.MayCheck = b.MayCheck || g.Programme == "" && g.Role == bihuan.Admin || g.Programme == x.Programme.Name && g.Role == roleOf(x.Programme.Programme, x.Programme.Deciding())
		}
		p.Total += len(x.Breaches)
		p.All = append(p.All, b)
	}
	return r.page(promisesView(r.view(programme.T("四项承诺", "Promises")), p))
}

// breachesByUnit counts breaches by the unit where they are.
func breachesByUnit(list []bihuan.Breach) (units []unitBreaches) {
	at := map[string]int{}
	for _, y := range list {
		i, there := at[y.Subject.Unit]
		if !there {
			i = len(units)
			at[y.Subject.Unit] = i
			units = append(units, unitBreaches{Code: y.Subject.Unit, Name: y.Subject.UnitName})
		}
		units[i].Broken[y.Kind.Promise()-1]++
	}
	return units
}

// checkPromises computes all decisions of a programme anew.
func checkPromises(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	name := r.PostForm.Get("programme")
	c, err := r.f.site.CheckPromises(r.ctx(), r.actor, name)
	if err != nil {
		return err
	}
	return r.redirect("/promises?programme="+url.QueryEscape(name), programme.T("已全部重新计算：{0} 个评定结果，{1} 处不符", "All {0} decisions were computed anew; {1} do not hold").Fill(c.Checked, len(c.Breaches)))
}

// promiseTexts are the promises in words.
var promiseTexts = [3]struct{ Title, Short, Says programme.Text }{
	{programme.T("有问题必有下文", "No finding without follow-up"), programme.T("缺下文", "no follow-up"), programme.T("评定中不符合的每一条，都有整改、有署名有理由的免予整改，或者待答复的异议、复核。", "Every clause that fails in a decided round has a rectification, a waiver with a name and a reason, or a pending objection or appeal.")},
	{programme.T("有诉求必有回音", "No voice without an answer"), programme.T("缺回音", "no answer"), programme.T("提案、纠纷、异议由当事人确认办结，或者公开说明理由；不由承办单位单方办结，更不会不了了之。", "A proposal, dispute or objection ends confirmed by those affected, or with a public reason; never by the office alone, and never silently.")},
	{programme.T("有数字必有依据", "No number without evidence"), programme.T("缺依据", "no evidence"), programme.T("每个得分、等级和汇总数都能点开看到佐证，重新计算结果一致。", "Every score, grade and figure opens to the evidence it came from, and computes to the same value.")},
}

// promiseFigures are the numbers beside a promise.
func promiseFigures(b promiseBlock, promise int) []promiseFigure {
	switch promise {
	case 1:
		return []promiseFigure{{programme.T("不符合的条款", "clauses that failed"), b.Findings}, {programme.T("整改中", "being put right"), b.Open}, {programme.T("已整改", "put right"), b.Met},
			{programme.T("免予整改", "waived"), b.Waived}, {programme.T("整改逾期", "overdue"), b.Late}}
	case 2:
		return []promiseFigure{{programme.T("提出的事项", "matters raised"), b.Matters}, {programme.T("已办结", "over"), b.Over}, {programme.T("逾期未办", "overdue"), b.Overdue}}
	}
	return []promiseFigure{{programme.T("评定结果", "decisions"), b.Decisions}, {programme.T("刚刚抽查重算", "computed anew just now"), b.Sampled}}
}

type promiseFigure struct {
	Text  programme.Text
	Count int
}

// breachHref leads to where a case can be looked at.
func breachHref(b bihuan.Breach) string {
	switch {
	case b.Matter != "":
		return "/matters/" + url.PathEscape(b.Matter)
	case b.Decision != "" && b.Clause != "":
		return decisionURL(b.Round, b.Subject.ID) + "#clause-" + b.Clause
	case b.Decision != "":
		return decisionURL(b.Round, b.Subject.ID) + "?recompute#proof"
	case b.Round != "":
		return roundURL(b.Round)
	}
	return "/p/" + url.PathEscape(b.Subject.Programme)
}

// mostBreaches is how many cases of one promise a page lists.
const mostBreaches = 200

func breachesOf(b promiseBlock, promise int) (list []bihuan.Breach) {
	for _, x := range b.Breaches {
		if x.Kind.Promise() == promise && len(list) < mostBreaches {
			list = append(list, x)
		}
	}
	return list
}

func promiseClass(n int) string {
	if n == 0 {
		return "met"
	}
	return "unmet"
}
