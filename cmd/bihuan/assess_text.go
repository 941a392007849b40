package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// writeText shows scores to a person: one subject with its clauses and reasons, several as a table.
func (a assessed) writeText(w io.Writer) error {
	if len(a.subjects) == 0 {
		return nil
	}
	if len(a.subjects) == 1 {
		return a.writeOne(w)
	}
	table := [][]string{{programme.T("评价对象", "subject").In(a.lang), programme.T("得分", "total").In(a.lang), programme.T("等级", "grade").In(a.lang)}}
	for _, party := range a.columns {
		table[0] = append(table[0], a.partyTitle(party))
	}
	table[0] = append(table[0], programme.T("否决", "vetoes").In(a.lang))
	for i := range a.subjects {
		s := a.score(i)
		row := []string{s.Subject, totalText(s), a.gradeTitle(s.Grade)}
		for n := range a.columns {
			row = append(row, text(columnTotal(a.results[n], i)))
		}
		table = append(table, append(row, joined(inForce(s))))
	}
	return writeAligned(w, table)
}

func (a assessed) writeOne(w io.Writer) error {
	s := a.score(0)
	head := fmt.Sprintf("%s  %s / %s  %s", s.Subject, totalText(s), points(s.Most), a.gradeTitle(s.Grade))
	for n, party := range a.columns {
		if party != "" {
			head += fmt.Sprintf("  %s %s", a.partyTitle(party), text(columnTotal(a.results[n], 0)))
		}
	}
	if _, err := fmt.Fprintln(w, head); err != nil {
		return err
	}
	for _, v := range s.Struck {
		title := v.Title.In(a.lang)
		if title == "" {
			title = v.Veto
		}
		state := map[string]programme.Text{"in_force": programme.T("生效中", "in force"), "repaired": programme.T("已整改", "repaired"),
			"undecided": programme.T("待定", "undecided")}[v.State]
		if _, err := fmt.Fprintf(w, "! %s (%s): %s\n", title, state.In(a.lang), v.Why.In(a.lang)); err != nil {
			return err
		}
	}
	table := [][]string{}
	titles := map[string]string{}
	for _, x := range a.clauses() {
		titles[x.Clause] = x.Title.In(a.lang)
	}
	for _, x := range s.Clauses {
		table = append(table, []string{x.Clause, titles[x.Clause], points(x.Points) + "/" + points(x.Most), x.Status.Text().In(a.lang), x.Why.In(a.lang)})
	}
	return writeAligned(w, table)
}

func (a assessed) partyTitle(name string) string {
	for _, x := range a.p.Parties {
		if x.Name == name && !x.Title.Empty() {
			return x.Title.In(a.lang)
		}
	}
	return name
}

func (a assessed) gradeTitle(grade string) string {
	if a.p.Standard == nil {
		return grade
	}
	for _, x := range a.p.Standard.Grades.Bands {
		if x.Grade == grade && !x.Title.Empty() {
			return x.Title.In(a.lang)
		}
	}
	for _, x := range a.p.Standard.Grades.Ladder {
		if x.Grade == grade && !x.Title.Empty() {
			return x.Title.In(a.lang)
		}
	}
	for _, x := range a.p.Standard.Grades.Titles {
		if x.Name == grade && !x.Title.Empty() {
			return x.Title.In(a.lang)
		}
	}
	return grade
}

// total is a JSON number, or nil when the subject is not scored.
func total(s assess.Score) any {
	if !s.Scored {
		return nil
	}
	return json.Number(points(s.Total))
}

func columnTotal(r *assess.Result, i int) any {
	if !r.Scored(i) {
		return nil
	}
	return json.Number(points(r.Total(i)))
}

func totalText(s assess.Score) string { return text(total(s)) }

func text(v any) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprint(v)
}

// points writes millionths of a point as an exact decimal.
func points(p assess.Points) string { return programme.NewDecimal(int64(p), 6).String() }

// inForce lists the vetoes that hold now, and the gates that were not passed.
func inForce(s assess.Score) []string {
	names := []string{}
	for _, v := range s.Struck {
		if v.State == "in_force" {
			names = append(names, v.Veto)
		}
	}
	return names
}

func joined(names []string) string { return strings.Join(names, " ") }

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := jsonLines(&b).Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func sortRows(errs []exchange.RowError) {
	slices.SortStableFunc(errs, func(a, b exchange.RowError) int { return a.Row - b.Row })
}
