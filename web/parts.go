package web

import (
	"fmt"
	"strings"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// ringSegment is one clause on the score ring, in thousandths of its length.
type ringSegment struct {
	clause       string
	status       assess.Verdict
	dash, offset string
}

// ringSegments lays the clauses that carry points around the ring, with a small gap between them.
func ringSegments(s assess.Score) []ringSegment {
	var total assess.Points
	for _, c := range s.Clauses {
		total += c.Most
	}
	if total == 0 {
		return nil
	}
	var segments []ringSegment
	var at float64
	for _, c := range s.Clauses {
		length := 1000 * float64(c.Most) / float64(total)
		if length > 0 {
			segments = append(segments, ringSegment{c.Clause, c.Status, fmt.Sprintf("%.2f 1000", max(length-4, 1)), fmt.Sprintf("%.2f", -at)})
		}
		at += length
	}
	return segments
}

// verdictCount is how many have a verdict.
type verdictCount struct {
	status assess.Verdict
	count  int
}

type barPart struct{ class, x, width string }

func barParts(counts []verdictCount, length float64) []barPart {
	total := 0
	for _, c := range counts {
		total += c.count
	}
	var parts []barPart
	var at float64
	for _, c := range counts {
		if c.count == 0 {
			continue
		}
		w := length * float64(c.count) / float64(total)
		parts = append(parts, barPart{c.status.String(), fmt.Sprintf("%.1f", at), fmt.Sprintf("%.1f", w)})
		at += w
	}
	return parts
}

func verdictBarText(v view, counts []verdictCount) string {
	var words []string
	for _, c := range counts {
		if c.count > 0 {
			words = append(words, fmt.Sprintf("%s %d", v.In(c.status.Text()), c.count))
		}
	}
	return strings.Join(words, v.T("，", ", "))
}

func clamp(share float64) float64 { return min(max(share, 0), 1) }

type histogramBar struct{ x, y, width, height, mid, label string }

func histogramBars(bins []int) []histogramBar {
	most := 1
	for _, n := range bins {
		most = max(most, n)
	}
	step := 420 / float64(max(len(bins), 1))
	bars := make([]histogramBar, len(bins))
	for i, n := range bins {
		h := 115 * float64(n) / float64(most)
		x := float64(i) * step
		bars[i] = histogramBar{fmt.Sprintf("%.1f", x+1), fmt.Sprintf("%.1f", 135-h), fmt.Sprintf("%.1f", step-2), fmt.Sprintf("%.1f", h),
			fmt.Sprintf("%.1f", x+step/2), fmt.Sprintf("%.1f", 131-h)}
	}
	return bars
}

// linePoint is a total on a day.
type linePoint struct {
	day   programme.Day
	total assess.Points
}

type lineMark struct{ x, y, text, anchor string }

func lineXY(series []linePoint, most assess.Points, p linePoint) (float64, float64) {
	first, last := series[0].day, series[len(series)-1].day
	x := 335.0
	if last > first {
		x = 40 + 590*float64(p.day-first)/float64(last-first)
	}
	return x, 175 - 160*clamp(float64(p.total)/float64(max(most, 1)))
}

func linePath(series []linePoint, most assess.Points) string {
	var b strings.Builder
	for i, p := range series {
		x, y := lineXY(series, most, p)
		if i > 0 { // a score holds until it changes: steps, not slopes
			_, before := lineXY(series, most, series[i-1])
			fmt.Fprintf(&b, "%.1f,%.1f ", x, before)
		}
		fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
	}
	return b.String()
}

func lineDots(v view, series []linePoint, most assess.Points) []lineMark {
	marks := make([]lineMark, len(series))
	for i, p := range series {
		x, y := lineXY(series, most, p)
		marks[i] = lineMark{x: fmt.Sprintf("%.1f", x), y: fmt.Sprintf("%.1f", y), text: v.day(p.day) + " · " + points(p.total)}
	}
	return marks
}

func lineGrid(most assess.Points) []lineMark {
	var marks []lineMark
	for i := range 5 {
		marks = append(marks, lineMark{y: fmt.Sprintf("%.1f", 175-160*float64(i)/4), text: points(most / 4 * assess.Points(i))})
	}
	return marks
}

func lineTicks(v view, series []linePoint) []lineMark {
	if len(series) == 0 {
		return nil
	}
	ticks := []lineMark{{x: "40", text: v.day(series[0].day), anchor: "start"}}
	if last := series[len(series)-1].day; last > series[0].day {
		ticks = append(ticks, lineMark{x: "636", text: v.day(last), anchor: "end"})
	}
	return ticks
}

// elseGrade is the grade of those who reach none.
func elseGrade(p *programme.Programme) string {
	if p.Standard == nil || p.Standard.Grades.Else == "" {
		return "none"
	}
	return p.Standard.Grades.Else
}

// gradeTitle names a grade as the programme does.
func gradeTitle(v view, p *programme.Programme, grade string) string {
	if p.Standard != nil {
		g := p.Standard.Grades
		for _, b := range g.Bands {
			if b.Grade == grade && !b.Title.Empty() {
				return v.In(b.Title)
			}
		}
		for _, s := range g.Ladder {
			if s.Grade == grade && !s.Title.Empty() {
				return v.In(s.Title)
			}
		}
		for _, o := range g.Titles {
			if o.Name == grade && !o.Title.Empty() {
				return v.In(o.Title)
			}
		}
	}
	if grade == elseGrade(p) {
		return v.T("未达等级", "no grade")
	}
	return grade
}

// dotRadius makes many dots small.
func dotRadius(n int) string {
	if n > 20 {
		return "2"
	}
	return "3.5"
}
