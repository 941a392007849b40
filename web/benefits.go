package web

import (
	"net/url"
	"strconv"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

type benefitsPage struct {
	bihuan.Benefits
	Year    int
	Subject *bihuan.Subject // looked at; nil: all
	Pager   pagerArgs
}

const benefitsShown = 50

// benefits is the ledger of what was gained: by year, by unit, record by record.
func benefits(r *request) error {
	run, err := r.running()
	if err != nil {
		return err
	}
	q := r.URL.Query()
	year, _ := strconv.Atoi(q.Get("year"))     // nonsense is no year
	offset, _ := strconv.Atoi(q.Get("offset")) // nonsense is the beginning
	p := benefitsPage{Year: year}
	if p.Benefits, err = r.f.site.Benefits(r.ctx(), r.actor, bihuan.BenefitQuery{Programme: run.Name, Unit: q.Get("unit"), Year: year, Subject: q.Get("subject"),
		Page: bihuan.Page{Limit: benefitsShown, Offset: offset}}); err != nil {
		return err
	}
	if q.Get("subject") != "" {
		s, err := r.f.site.Subject(r.ctx(), r.actor, q.Get("subject"))
		if err != nil {
			return err
		}
		p.Subject = &s
	}
	base := p.url(q.Get("unit"), year)
	p.Pager = pagerArgs{offset: max(offset, 0), limit: benefitsShown, total: p.Total.Matters, href: func(o int) string {
		if strings.Contains(base, "?") {
			return base + "&offset=" + strconv.Itoa(o)
		}
		return base + "?offset=" + strconv.Itoa(o)
	}}
	return r.page(benefitsView(r.inProgramme(programme.T("得益台账", "Benefits"), run.Programme, "benefits"), p))
}

// benefitsURL is the page with another unit or year.
func (p benefitsPage) url(unit string, year int) string {
	q := url.Values{}
	if unit != "" {
		q.Set("unit", unit)
	}
	if year != 0 {
		q.Set("year", strconv.Itoa(year))
	}
	if p.Subject != nil {
		q.Set("subject", p.Subject.ID)
	}
	out := "/p/" + url.PathEscape(p.Running.Name) + "/benefits"
	if len(q) > 0 {
		out += "?" + q.Encode()
	}
	return out
}

func (p benefitsPage) unit() string { return p.Path[len(p.Path)-1].Code }

// way leads from the root of the units to the one that is looked at.
func (p benefitsPage) way(v view) []crumb {
	var list []crumb
	for i, u := range p.Path {
		c := crumb{text: u.Name, href: p.url(u.Code, p.Year)}
		if i == len(p.Path)-1 {
			c.href = ""
		}
		list = append(list, c)
	}
	return list
}

// share is a part of the persons of the whole.
func (p benefitsPage) share(persons int) float64 {
	if p.Total.Persons == 0 {
		return 0
	}
	return min(1, float64(persons)/float64(p.Total.Persons))
}
