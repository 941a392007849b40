package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// subjectsPerPage is how many stand on one page of the list.
const subjectsPerPage = 50

type subjectsArgs struct {
	Running *bihuan.Running
	Query   bihuan.SubjectQuery
	Rows    []bihuan.SubjectRow
	Total   int
	Path    []bihuan.Unit // down to the unit that is looked at
	Below   []bihuan.Unit
	Places  places
}

// subjects lists those that are assessed: searched, filtered, ordered, page by page.
func subjects(r *request) error {
	run, err := r.running()
	if err != nil {
		return err
	}
	a := subjectsArgs{Running: run, Query: subjectQuery(run.Name, r.URL.Query())}
	if a.Rows, a.Total, err = r.f.site.Subjects(r.ctx(), r.actor, a.Query); err != nil {
		return err
	}
	unit := a.Query.Unit
	if unit == "" {
		if unit, err = r.homeUnit(run.Name); err != nil {
			return err
		}
	}
	if a.Path, err = r.f.site.Path(r.ctx(), unit); err != nil {
		return err
	}
	if a.Below, err = r.f.site.Children(r.ctx(), unit); err != nil {
		return err
	}
	if a.Places, err = r.places(unitsOf(a.Rows, func(row bihuan.SubjectRow) string { return row.Unit })); err != nil {
		return err
	}
	return r.page(subjectsPage(r.inProgramme(run.Subject.Title, run.Programme, "subjects"), a))
}

// subjectQuery reads what the address of the list asks for. What it does not understand it leaves out.
func subjectQuery(programmeName string, q url.Values) bihuan.SubjectQuery {
	offset, _ := strconv.Atoi(q.Get("offset"))
	sort := q.Get("sort")
	if !slices.Contains([]string{"name", "total", "-total", "rank", "grade", "changed"}, sort) {
		sort = ""
	}
	return bihuan.SubjectQuery{Programme: programmeName, Unit: q.Get("unit"), Search: q.Get("q"), Grade: q.Get("grade"),
		Clause: q.Get("clause"), Status: q.Get("status"), Sort: sort, Offset: max(offset, 0), Limit: subjectsPerPage}
}

// subjectsURL is the address of the list with one thing changed; the first page unless the offset itself is changed.
func subjectsURL(file string, q bihuan.SubjectQuery, key, value string) string {
	values := url.Values{}
	for k, s := range map[string]string{"unit": q.Unit, "q": q.Search, "grade": q.Grade, "clause": q.Clause, "status": q.Status, "sort": q.Sort} {
		if s != "" {
			values.Set(k, s)
		}
	}
	if value == "" {
		values.Del(key)
	} else if key != "" {
		values.Set(key, value)
	}
	to := "/p/" + q.Programme + "/" + file
	if len(values) > 0 {
		to += "?" + values.Encode()
	}
	return to
}

// filtered tells whether anything narrows the list down.
func filtered(q bihuan.SubjectQuery) bool {
	return q.Search != "" || q.Grade != "" || q.Clause != "" || q.Status != ""
}

// sorted marks the column a list is ordered by, for screen readers.
func sorted(here bool) templ.Attributes {
	if here {
		return templ.Attributes{"aria-sort": "descending"}
	}
	return nil
}

// gradeNames lists the grades of a programme, best first, then the one of those who reach none.
func gradeNames(p *programme.Programme) []string {
	var names []string
	if p.Standard != nil {
		bands := slices.Clone(p.Standard.Grades.Bands)
		slices.SortStableFunc(bands, func(a, b *programme.GradeBand) int { return b.AtLeast.Cmp(a.AtLeast) })
		for _, b := range bands {
			names = append(names, b.Grade)
		}
		for _, s := range slices.Backward(p.Standard.Grades.Ladder) {
			names = append(names, s.Grade)
		}
	}
	return append(names, elseGrade(p))
}

// standardClauses lists the clauses of a programme in their order.
func standardClauses(p *programme.Programme) []*programme.Clause {
	var clauses []*programme.Clause
	if p.Standard == nil {
		return nil
	}
	for _, part := range p.Standard.Parts {
		for _, section := range part.Sections {
			clauses = append(clauses, section.Clauses...)
		}
	}
	return clauses
}

// verdictsInOrder are the verdicts in the order in which people look for them.
var verdictsInOrder = []assess.Verdict{assess.Unmet, assess.Missing, assess.Partly, assess.Pending, assess.Met, assess.NotApplicable}

// difference is the deciding total less the one of the first party: what the review took off or added. False where one of
// them is not there.
func difference(run *bihuan.Running, totals map[string]assess.Points) (assess.Points, bool) {
	if len(run.Parties) < 2 {
		return 0, false
	}
	first, ok1 := totals[run.Parties[0].Name]
	last, ok2 := totals[run.Deciding()]
	return last - first, ok1 && ok2
}

func differenceClass(p assess.Points) string {
	return [...]string{"down", "", "up"}[1+cmp.Compare(p, 0)]
}

type subjectTableArgs struct {
	Running *bihuan.Running
	Rows    []bihuan.SubjectRow
	Query   *bihuan.SubjectQuery // nil: the table cannot be ordered
	Places  places
}

func (a subjectTableArgs) sortURL(by string) string {
	return subjectsURL("subjects", *a.Query, "sort", by)
}

// indent sets a unit below the one above it in a list of choices, where only spaces can.
func indent(depth int) string {
	s := ""
	for range depth {
		s += "\u3000"
	}
	return s
}

// subjectsCrumbs lead down to the unit that the list is of.
func subjectsCrumbs(v view, a subjectsArgs) []crumb {
	way := make([]crumb, len(a.Path))
	for i, u := range a.Path {
		q := a.Query
		way[i] = crumb{text: u.Name, href: subjectsURL("subjects", q, "unit", u.Code)}
	}
	if len(way) > 0 {
		way[len(way)-1].href = ""
	}
	return way
}

// places say where units lie, by their codes: the units above, below the top of the tree.
type places map[string]string

// places looks up where units lie. Units beside each other are looked up once.
func (r *request) places(codes []string) (places, error) {
	found, above := places{}, map[string]string{}
	for _, code := range codes {
		if _, known := found[code]; known {
			continue
		}
		u, err := r.f.site.Unit(r.ctx(), code)
		if err != nil {
			return nil, err
		}
		if u.Depth < 2 {
			found[code] = u.Name
			continue
		}
		if _, known := above[u.Parent]; !known {
			path, err := r.f.site.Path(r.ctx(), u.Parent)
			if err != nil {
				return nil, err
			}
			var names []string
			for _, x := range path[1:] {
				names = append(names, x.Name)
			}
			above[u.Parent] = strings.Join(names, " ")
		}
		found[code] = above[u.Parent]
		if u.Level != "enterprise" {
			found[code] += " " + u.Name
		}
	}
	return found, nil
}

func unitsOf[T any](rows []T, unit func(T) string) []string {
	codes := make([]string, len(rows))
	for i, row := range rows {
		codes[i] = unit(row)
	}
	return codes
}
