package web

import (
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// scoreArgs is a score to be laid out with its reasons: as it stands now, on another day, or as decided.
type scoreArgs struct {
	Running *bihuan.Running
	Columns []assess.Score  // one per party, in order
	Shown   int             // whose reasons are shown
	Only    string          // "lost", a word of assess.Verdict, or empty: which clauses are shown
	Public  bool            // for those who may not read evidence: reasons, but neither evidence nor what it says
	Base    string          // address of the subject
	Files   map[string]bool // forms that the viewer may file for this subject
	Judges  bool            // the viewer may judge clauses
	Anew    string          // the round in which the viewer may judge its clauses once more
}

// Score is the one whose reasons are shown.
func (a scoreArgs) Score() assess.Score { return a.Columns[a.Shown] }

// whole is where all clauses stand: on this page, or on the subject's page when this one shows only some.
func (a scoreArgs) whole() string {
	if a.Only == "" {
		return ""
	}
	return a.Base
}

// scorePart, scoreSection and scoreClause join what the standard says with what was found.
type scorePart struct {
	assess.PartScore
	Sections []scoreSection
}

type scoreSection struct {
	assess.SectionScore
	Clauses []scoreClause
}

type scoreClause struct {
	assess.ClauseScore
	Def     *programme.Clause
	Columns []clauseColumn // every party's, in order; empty when there is only one
	Differ  bool           // the columns do not agree
}

// clauseColumn is what a party's column gives a clause, and whether that is another value than the column before.
type clauseColumn struct {
	Party   string
	Status  assess.Verdict
	Points  assess.Points
	Differs bool
}

// parts lays the score out as the standard is laid out, with the clauses that Only selects. Sections without any are left out.
func (a scoreArgs) parts() []scorePart {
	s, standard := a.Score(), a.Running.Standard
	if standard == nil {
		return nil
	}
	at := map[string]int{}
	for i, c := range s.Clauses {
		at[c.Clause] = i
	}
	var parts []scorePart
	for pi, p := range standard.Parts {
		part := scorePart{PartScore: assess.PartScore{Part: p.Part, Title: p.Title}}
		if pi < len(s.Parts) {
			part.PartScore = s.Parts[pi]
		}
		for si, sec := range p.Sections {
			section := scoreSection{SectionScore: assess.SectionScore{Section: sec.Section, Title: sec.Title}}
			if si < len(part.PartScore.Sections) {
				section.SectionScore = part.PartScore.Sections[si]
			}
			for _, def := range sec.Clauses {
				i, ok := at[def.Clause]
				if !ok || !a.selects(s.Clauses[i]) {
					continue
				}
				section.Clauses = append(section.Clauses, a.clause(i, def))
			}
			if len(section.Clauses) > 0 || a.Only == "" {
				part.Sections = append(part.Sections, section)
			}
		}
		if len(part.Sections) > 0 {
			parts = append(parts, part)
		}
	}
	return parts
}

func (a scoreArgs) clause(i int, def *programme.Clause) scoreClause {
	c := scoreClause{ClauseScore: a.Score().Clauses[i], Def: def}
	if len(a.Columns) < 2 {
		return c
	}
	for k, column := range a.Columns {
		if i >= len(column.Clauses) {
			continue
		}
		x := column.Clauses[i]
		cell := clauseColumn{Party: column.Party, Status: x.Status, Points: x.Points}
		if k > 0 {
			before := a.Columns[k-1].Clauses[i]
			cell.Differs = before.Points != x.Points || before.Status != x.Status
		}
		c.Differ = c.Differ || cell.Differs
		c.Columns = append(c.Columns, cell)
	}
	return c
}

func (a scoreArgs) selects(c assess.ClauseScore) bool {
	switch a.Only {
	case "":
		return true
	case "lost":
		return lost(c)
	}
	return c.Status.String() == a.Only
}

// lost tells whether a clause gave less than it could.
func lost(c assess.ClauseScore) bool {
	return c.Status != assess.NotApplicable && (c.Points < c.Most || c.Status == assess.Unmet || c.Status == assess.Missing)
}

// scoreFilter is one way to narrow the clauses down.
type scoreFilter struct {
	key   string
	text  string
	count int
}

func scoreFilters(v view, s assess.Score) []scoreFilter {
	filters := []scoreFilter{{"", v.T("全部", "All"), len(s.Clauses)}, {"lost", v.T("失分", "Points lost"), 0},
		{"missing", v.In(assess.Missing.Text()), 0}, {"pending", v.In(assess.Pending.Text()), 0}}
	for _, c := range s.Clauses {
		if lost(c) {
			filters[1].count++
		}
		for i := 2; i < len(filters); i++ {
			if filters[i].key == c.Status.String() {
				filters[i].count++
			}
		}
	}
	shown := filters[:0]
	for i, f := range filters {
		if i == 0 || f.count > 0 {
			shown = append(shown, f)
		}
	}
	return shown
}

// verdictCounts counts the clauses of a score by verdict, in the order of the legend.
func verdictCounts(s assess.Score) []verdictCount {
	counts := []verdictCount{{assess.Met, 0}, {assess.Partly, 0}, {assess.Unmet, 0}, {assess.Missing, 0}, {assess.Pending, 0}, {assess.NotApplicable, 0}}
	for _, c := range s.Clauses {
		for i := range counts {
			if counts[i].status == c.Status {
				counts[i].count++
			}
		}
	}
	return counts
}

// inputEvidence is the evidence behind an input that gets a link of its own; the others are counted.
func inputEvidence(in assess.Input) (ids []string, more int) {
	const most = 4
	if len(in.Evidence) <= most {
		return in.Evidence, 0
	}
	return in.Evidence[:most], len(in.Evidence) - most
}

// nextGrade is the next better grade of one that goes by bands, and how much is missing to it.
func nextGrade(p *programme.Programme, s assess.Score) (grade string, short assess.Points, ok bool) {
	if p.Standard == nil || !s.Scored {
		return "", 0, false
	}
	for i := len(p.Standard.Grades.Bands) - 1; i >= 0; i-- {
		band := p.Standard.Grades.Bands[i]
		bound, fits := band.AtLeast.Scaled(6)
		if fits && assess.Points(bound) > s.Total {
			return band.Grade, assess.Points(bound) - s.Total, true
		}
	}
	return "", 0, false
}

// signed writes a difference of points with its sign: +2.5, −1, ±0.
func signed(p assess.Points) string {
	switch {
	case p > 0:
		return "+" + points(p)
	case p < 0:
		return "−" + strings.TrimPrefix(points(p), "-")
	}
	return "±0"
}

// effectText says what a veto does, in words.
func effectText(v view, p *programme.Programme, s assess.Struck) string {
	switch s.Effect {
	case programme.Fail:
		return v.T("不予达标", "fails the whole assessment")
	case programme.GateKind:
		return v.T("不进入评分", "not scored")
	case programme.CapGrade:
		return v.T("最高评为", "grade held to ") + gradeTitle(v, p, s.To)
	case programme.SetGrade:
		return v.T("直接评为", "grade set to ") + gradeTitle(v, p, s.To)
	case programme.SetScore:
		return v.T("总分定为 ", "total set to ") + s.To
	case programme.ZeroItem:
		return v.T("条款记零分：", "no points for clause ") + s.To
	case programme.NoAward:
		return v.T("取消评先资格", "no award")
	case programme.Exclude:
		return v.T("不参加评定", "excluded")
	}
	return s.Effect
}

// struckBy sorts the vetoes: those in force, and all others that say something.
func struckBy(s assess.Score) (inForce, others []assess.Struck) {
	for _, x := range s.Struck {
		if x.State == "in_force" {
			inForce = append(inForce, x)
		} else {
			others = append(others, x)
		}
	}
	return inForce, others
}

// share is part ÷ whole for a bar; 0 when there is no whole.
func share(part, whole assess.Points) float64 {
	if whole <= 0 {
		return 0
	}
	return clamp(float64(part) / float64(whole))
}

func percentOf(part, whole assess.Points) string { return percent(int(part), int(whole)) }

// evidenceCount counts the different pieces of evidence behind inputs.
func evidenceCount(list []assess.Input) int {
	seen := map[string]bool{}
	for _, in := range list {
		for _, id := range in.Evidence {
			seen[id] = true
		}
	}
	return len(seen)
}

// firstLack tells whether this is the first lack of its form, which carries the button.
func firstLack(list []assess.Lack, i int) bool {
	for _, l := range list[:i] {
		if l.Form == list[i].Form {
			return false
		}
	}
	return true
}
