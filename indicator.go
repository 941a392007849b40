package bihuan

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// An indicator is a figure over everybody within a unit, such as 入会率 or 得益人次. It is not stored: it is computed from the facts
// whenever somebody looks, and opens down to the subjects that it was computed from.

// IndicatorValue is what an indicator comes to for some subjects.
type IndicatorValue struct {
	Value   programme.Decimal
	Known   bool // somebody counts, and a ratio has something below its line
	Counted int  // subjects whose facts are there
	Meant   int  // subjects that it is about
}

// IndicatorFigure is an indicator of a unit.
type IndicatorFigure struct {
	Indicator *programme.Indicator
	IndicatorValue
	Share    programme.Decimal // 0 to 1, of what the unit above comes to
	Shared   bool              // there is a unit above, and the indicator adds up
	Rank, Of int               // among the units beside it; 0: not ranked
}

// Adds reports whether the figure of a unit is the sum of those below it.
func (f IndicatorFigure) Adds() bool {
	return f.Indicator.Function == "sum" || f.Indicator.Function == "count"
}

// Indicators are those of a programme for a unit, today.
type Indicators struct {
	Running *Running
	Path    []Unit // from the root down to the unit
	AsOf    programme.Day
	House   bool // the viewer is a member of the house there: he may open them down to the subjects
	List    []IndicatorFigure
}

// IndicatorRow is a unit, or a group of subjects.
type IndicatorRow struct {
	Unit  Unit           // zero for a group
	Title programme.Text // of a group
	IndicatorValue
	Rank int // of a unit; 0: not ranked
}

// IndicatorGroups are the figures by a choice that subjects have made.
type IndicatorGroups struct {
	Title programme.Text // of the field
	Rows  []IndicatorRow // in the order of its options; those who have chosen none last
}

// IndicatorPoint is the figure at the end of a period.
type IndicatorPoint struct {
	On programme.Day
	IndicatorValue
}

// IndicatorSubject is what one subject brings to the figure.
type IndicatorSubject struct {
	Subject
	assess.Figure
}

// IndicatorQuery names an indicator of a unit; the empty unit is the root of the tree. Page is of its subjects.
type IndicatorQuery struct {
	Programme, Name, Unit string
	Page
}

// IndicatorDetail is an indicator with everything that it opens into.
type IndicatorDetail struct {
	Indicators // of List only this one
	IndicatorFigure
	Units    []IndicatorRow // right below, in the order of their rank; those that are not known last
	Groups   []IndicatorGroups
	Period   string             // week month quarter half_year year
	Trend    []IndicatorPoint   // the ends of the last periods and today, the oldest first; nil: too many subjects
	Subjects []IndicatorSubject // for members of the house: who brings most first, or where nothing is added up the farthest from good; last those that lack facts
	Total    int                // of subjects
}

// Before gives the figure at the end of the last period.
func (d IndicatorDetail) Before() (IndicatorPoint, bool) {
	if len(d.Trend) < 2 {
		return IndicatorPoint{}, false
	}
	p := d.Trend[len(d.Trend)-2]
	return p, p.Known
}

// trendPeriods is how many past periods a trend has. trendSubjects bounds the subjects whose past is gone through for it: all they ever
// filed is read again.
const (
	trendPeriods  = 12
	trendSubjects = 5000
)

// Indicators gives the indicators of a programme for a unit. Members of the house at the unit may look, and everybody where the programme
// makes them public. The empty unit is the root of the tree.
func (s *Site) Indicators(ctx context.Context, a Actor, name, unit string) (Indicators, error) {
	out, err := s.indicatorsSeen(ctx, a, name, unit)
	if err != nil {
		return Indicators{}, fmt.Errorf("indicators of %s: %w", name, err)
	}
	err = s.countIndicators(ctx, &out, "", nil)
	if err != nil {
		return Indicators{}, fmt.Errorf("indicators of %s: %w", name, err)
	}
	return out, nil
}

// Indicator opens one of them: units below, groups, past periods, and the subjects for members of the house.
func (s *Site) Indicator(ctx context.Context, a Actor, q IndicatorQuery) (IndicatorDetail, error) {
	out, err := s.openIndicator(ctx, a, q)
	if err != nil {
		return IndicatorDetail{}, fmt.Errorf("indicator %s of %s: %w", q.Name, q.Programme, err)
	}
	return out, nil
}

func (s *Site) openIndicator(ctx context.Context, a Actor, q IndicatorQuery) (IndicatorDetail, error) {
	seen, err := s.indicatorsSeen(ctx, a, q.Programme, q.Unit)
	if err != nil {
		return IndicatorDetail{}, err
	}
	out := IndicatorDetail{Indicators: seen}
	var all []brought
	children := map[string][]assess.Figure{}
	err = s.countIndicators(ctx, &out.Indicators, q.Name, func(x *programme.Indicator, id, child string, f assess.Figure) {
		children[child] = append(children[child], f)
		all = append(all, broughtOf(x, id, f))
	})
	if err != nil {
		return IndicatorDetail{}, err
	}
	if len(out.List) == 0 {
		return IndicatorDetail{}, notFound("该指标", "indicator")
	}
	out.IndicatorFigure = out.List[0]
	x := out.Indicator
	out.Groups = groupsOf(out.Running, x, children)
	out.Period = periodOf(x)
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		units, err := unitsIn(ctx, tx, selectUnit+"WHERE u.parent = $1 ORDER BY u.sort", out.unit())
		if err != nil {
			return err
		}
		out.Units = rankedIndicator(x, units, children)
		if !out.House {
			return nil
		}
		return out.subjects(ctx, tx, all, q.Page)
	})
	if err == nil {
		out.Trend, err = s.keptTrend(ctx, out.Running, x, out.unit(), out.Period, out.AsOf)
	}
	if n := len(out.Trend); n > 0 {
		out.Trend[n-1].IndicatorValue = out.IndicatorValue // today's is the one above: nothing differs within a page
	}
	return out, err
}

func (i Indicators) unit() string { return i.Path[len(i.Path)-1].Code }

// indicatorsSeen finds the unit, and whether the actor may look.
func (s *Site) indicatorsSeen(ctx context.Context, a Actor, name, unit string) (Indicators, error) {
	out := Indicators{AsOf: s.Today()}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		run, err := s.runningIn(ctx, tx, name)
		if err != nil {
			return err
		}
		out.Running = run
		if out.Path, err = unitPath(ctx, tx, unit); err != nil {
			return err
		}
		h, err := heldAt(ctx, tx, a, name, out.unit())
		switch {
		case err != nil:
			return err
		case h.any():
			out.House = true
		case slices.Contains(run.Public, "indicators"):
		case a.Visitor():
			return signInFirst()
		default:
			return mayNot()
		}
		return nil
	})
	return out, err
}

// countIndicators computes one indicator, or all without a name, for the unit, its share of the unit above, and its rank among those beside it. each is told
// what every subject within the unit brings, and below which unit it is.
func (s *Site) countIndicators(ctx context.Context, out *Indicators, name string, each func(x *programme.Indicator, id, child string, f assess.Figure)) error {
	within, err := s.childOf(ctx, out.unit())
	if err != nil {
		return err
	}
	var beside map[string]string
	above := out.Path[len(out.Path)-1].Parent
	if above != "" {
		if beside, err = s.childOf(ctx, above); err != nil {
			return err
		}
	}
	return s.withPopulation(ctx, out.Running.Name, func(p *population) error {
		out.Running, out.List = p.run, nil
		for _, x := range p.run.Indicators {
			if name != "" && x.Name != name {
				continue
			}
			figures := p.figures(x, out.AsOf)
			var own, all []assess.Figure
			rivals := map[string][]assess.Figure{}
			for i, f := range figures {
				unit := p.all.UnitOf(i)
				if child, ok := within[unit]; ok {
					own = append(own, f)
					if each != nil {
						each(x, p.all.KeyOf(i), child, f)
					}
				}
				if sibling, ok := beside[unit]; ok {
					all = append(all, f)
					rivals[sibling] = append(rivals[sibling], f)
				}
			}
			y := IndicatorFigure{Indicator: x, IndicatorValue: valueOf(x, own)}
			if total := valueOf(x, all); above != "" && y.Known && total.Known && !total.Value.IsZero() && y.Adds() {
				y.Share, y.Shared = y.Value.QuoRound(total.Value, 4), true
			}
			y.Rank, y.Of = rankAmong(x, out.unit(), rivals)
			out.List = append(out.List, y)
		}
		return nil
	})
}

// figures computes an indicator for everybody, once for what is in the population.
func (p *population) figures(x *programme.Indicator, asOf programme.Day) []assess.Figure {
	p.scoring.Lock()
	defer p.scoring.Unlock()
	key := figuresKey{x.Name, asOf}
	f, ok := p.indicators[key]
	if !ok {
		f = p.run.Assess.Figures(p.all, assess.Options{AsOf: asOf}, x)
		if p.indicators == nil || len(p.indicators) > 100 {
			p.indicators = map[figuresKey][]assess.Figure{}
		}
		p.indicators[key] = f
	}
	return f
}

type figuresKey struct {
	indicator string
	asOf      programme.Day
}

// IndicatorValueOf gives what an indicator comes to for one subject alone.
func IndicatorValueOf(x *programme.Indicator, f assess.Figure) IndicatorValue {
	return valueOf(x, []assess.Figure{f})
}

func valueOf(x *programme.Indicator, list []assess.Figure) IndicatorValue {
	var v IndicatorValue
	v.Value, v.Known = assess.Sum(x, list)
	for _, f := range list {
		if f.Meant {
			v.Meant++
		}
		if f.Known {
			v.Counted++
		}
	}
	return v
}

// better compares two figures: negative when the first is the better one. Without a direction more is better.
func better(x *programme.Indicator, a, b programme.Decimal) int {
	if x.Direction == "down" {
		return a.Cmp(b)
	}
	return b.Cmp(a)
}

// rankAmong gives the rank of a unit among those beside it whose figure is known. Equal figures share a rank.
func rankAmong(x *programme.Indicator, unit string, beside map[string][]assess.Figure) (rank, of int) {
	own := valueOf(x, beside[unit])
	if len(beside) == 0 || !own.Known {
		return 0, 0
	}
	rank = 1
	for code, list := range beside {
		v := valueOf(x, list)
		if code == "" || !v.Known {
			continue
		}
		of++
		if better(x, v.Value, own.Value) < 0 {
			rank++
		}
	}
	return rank, of
}

func rankedIndicator(x *programme.Indicator, units []Unit, children map[string][]assess.Figure) []IndicatorRow {
	rows := make([]IndicatorRow, 0, len(units))
	for _, u := range units {
		if list := children[u.Code]; len(list) > 0 {
			rows = append(rows, IndicatorRow{Unit: u, IndicatorValue: valueOf(x, list)})
		}
	}
	slices.SortStableFunc(rows, func(a, b IndicatorRow) int {
		switch {
		case a.Known && b.Known:
			return better(x, a.Value, b.Value)
		case a.Known:
			return -1
		case b.Known:
			return 1
		}
		return 0
	})
	shareRanks(rows, func(r *IndicatorRow) *int { return &r.Rank }, func(r IndicatorRow) bool { return r.Known }, func(a, b IndicatorRow) bool { return a.Value.Cmp(b.Value) == 0 })
	return rows
}

// groupsOf tells an indicator by each choice of its by.
func groupsOf(run *Running, x *programme.Indicator, children map[string][]assess.Figure) []IndicatorGroups {
	var out []IndicatorGroups
	for k, f := range run.Assess.ChoicesOf(x) {
		by := map[string][]assess.Figure{}
		for _, list := range children {
			for _, fig := range list {
				if fig.Meant {
					by[fig.Groups[k]] = append(by[fig.Groups[k]], fig)
				}
			}
		}
		g := IndicatorGroups{Title: f.Title}
		for _, o := range f.Of {
			if list := by[o.Name]; len(list) > 0 {
				g.Rows = append(g.Rows, IndicatorRow{Title: o.Title, IndicatorValue: valueOf(x, list)})
			}
		}
		if list := by[""]; len(list) > 0 {
			g.Rows = append(g.Rows, IndicatorRow{Title: programme.T("没有填写", "not filled in"), IndicatorValue: valueOf(x, list)})
		}
		out = append(out, g)
	}
	return out
}

// periodOf is the first period of an indicator's by, a month where there is none.
func periodOf(x *programme.Indicator) string {
	for _, by := range x.By {
		if slices.Contains([]string{"week", "month", "quarter", "half_year", "year"}, by) {
			return by
		}
	}
	return "month"
}

// periodBefore gives the last day of the period before the one that a day is in. Weeks begin on Monday.
func periodBefore(period string, d programme.Day) programme.Day {
	at := d.Time()
	months := map[string]int{"month": 1, "quarter": 3, "half_year": 6, "year": 12}[period]
	if months == 0 {
		return d - programme.Day((int(at.Weekday())+6)%7) - 1
	}
	first := time.Date(at.Year(), at.Month()-time.Month((int(at.Month())-1)%months), 1, 0, 0, 0, 0, time.UTC)
	return programme.DayOf(first) - 1
}

// keptTrend is trend, gone through once for what is in the population. No lock is held meanwhile, and what changed meanwhile is not kept.
func (s *Site) keptTrend(ctx context.Context, run *Running, x *programme.Indicator, unit, period string, asOf programme.Day) ([]IndicatorPoint, error) {
	members, err := s.membersOf(ctx, run.Name, unit)
	if err != nil || len(members.ids) > trendSubjects {
		return nil, err
	}
	key := trendKey{x.Name, unit, asOf}
	var known keptTrend
	var seq, rev int64
	err = s.withPopulation(ctx, run.Name, func(p *population) error {
		p.scoring.Lock()
		defer p.scoring.Unlock()
		known, seq, rev = p.trends[key], p.seq, p.rev
		return nil
	})
	if err != nil || known.points != nil && slices.Equal(known.ids, members.ids) {
		return slices.Clone(known.points), err
	}
	points, err := s.trend(ctx, run, x, members, period, asOf)
	if err != nil {
		return nil, err
	}
	return points, s.withPopulation(ctx, run.Name, func(p *population) error {
		p.scoring.Lock()
		defer p.scoring.Unlock()
		if p.seq != seq || p.rev != rev || p.run.Version.ID != run.Version.ID {
			return nil
		}
		if p.trends == nil || len(p.trends) > 1000 {
			p.trends = map[trendKey]keptTrend{}
		}
		p.trends[key] = keptTrend{members.ids, slices.Clone(points)}
		return nil
	})
}

// keptTrend is a trend and whose it is: units are moved in the tree without a word to the population.
type keptTrend struct {
	ids    []string
	points []IndicatorPoint
}

type trendKey struct {
	indicator, unit string
	asOf            programme.Day
}

// past are those who are or were enrolled within a unit, and when those left who did.
type past struct {
	ids  []string
	left map[string]programme.Day
}

func (s *Site) membersOf(ctx context.Context, name, unit string) (past, error) {
	out := past{left: map[string]programme.Day{}}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Each(ctx, "SELECT s.id, s.left_at FROM unit_within w JOIN subject s ON s.unit = w.unit WHERE w.within = $1 AND s.programme = $2 ORDER BY s.id", []any{unit, name},
			func(scan func(...any) error) error {
				var id string
				var at sql.NullInt64
				err := scan(&id, &at)
				out.ids = append(out.ids, id)
				if at.Valid {
					out.left[id] = programme.DayOf(s.moment(at.Int64))
				}
				return err
			})
	})
	return out, err
}

// trend computes an indicator as of the ends of past periods, from the facts of these days as known today. Who was not enrolled yet, or had
// left by then, is not among them.
func (s *Site) trend(ctx context.Context, run *Running, x *programme.Indicator, members past, period string, today programme.Day) ([]IndicatorPoint, error) {
	var evidence map[string][]assess.Evidence
	var logs map[string]matterLog
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if evidence, err = s.factsOf(ctx, tx, run, members.ids, nil); err == nil {
			logs, err = s.matterLogs(ctx, tx, run, members.ids)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	pop := run.Assess.NewPopulation()
	since := map[string]programme.Day{}
	for _, id := range members.ids {
		pop.Put(assess.Subject{Key: id, Evidence: evidence[id]})
		if list := evidence[id]; len(list) > 0 {
			since[id] = slices.MinFunc(list, func(a, b assess.Evidence) int { return cmp.Compare(a.On, b.On) }).On
		}
	}
	points := []IndicatorPoint{{On: today}}
	for range trendPeriods {
		points = append(points, IndicatorPoint{On: periodBefore(period, points[len(points)-1].On)})
	}
	slices.Reverse(points)
	for k, p := range points[:trendPeriods] {
		for i := range pop.Len() {
			pop.SetMatters(i, logs[pop.KeyOf(i)].lists(run, p.On, 0))
		}
		var list []assess.Figure
		for i, f := range run.Assess.Figures(pop, assess.Options{AsOf: p.On}, x) {
			id := pop.KeyOf(i)
			if day, gone := members.left[id]; since[id] != 0 && since[id] <= p.On && (!gone || day > p.On) {
				list = append(list, f)
			}
		}
		points[k].IndicatorValue = valueOf(x, list)
	}
	for len(points) > 1 && points[0].Counted == 0 { // before the beginning
		points = points[1:]
	}
	return points, nil
}

// brought is what a subject brings, and how it stands by itself.
type brought struct {
	id   string
	own  programme.Decimal // of a ratio: its own
	some bool              // there is an own figure
	assess.Figure
}

func broughtOf(x *programme.Indicator, id string, f assess.Figure) brought {
	own, some := assess.Sum(x, []assess.Figure{f})
	return brought{id, own, f.Known && some, f}
}

// subjects fills in a page of those that the figure is made of.
func (d *IndicatorDetail) subjects(ctx context.Context, tx *db.Tx, all []brought, page Page) error {
	all = slices.DeleteFunc(all, func(b brought) bool { return !b.Meant })
	d.Total = len(all)
	slices.SortStableFunc(all, func(a, b brought) int {
		switch {
		case a.some && b.some && d.Adds():
			return cmp.Or(b.own.Cmp(a.own), cmp.Compare(a.id, b.id))
		case a.some && b.some:
			return cmp.Or(better(d.Indicator, b.own, a.own), cmp.Compare(a.id, b.id))
		case a.some:
			return -1
		case b.some:
			return 1
		}
		return cmp.Compare(a.id, b.id)
	})
	limit, offset := page.clip()
	all = all[min(offset, len(all)):]
	all = all[:min(limit, len(all))]
	ids := make([]string, len(all))
	for i, b := range all {
		ids[i] = b.id
	}
	found, err := namesOf(ctx, tx, ids)
	for _, b := range all {
		d.Subjects = append(d.Subjects, IndicatorSubject{found[b.id], b.Figure})
	}
	return err
}
