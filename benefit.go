package bihuan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Benefit is what those affected gained by a matter (得益), as they confirmed it when it ended.
type Benefit struct {
	Matter, Code  string
	Called        programme.Text // the matter
	Name          string         // of the matter's process
	Kind          programme.Text // how that is called
	Subject       Subject
	On            programme.Day  // the matter ended
	Measure       programme.Text // what was measured
	Unit          programme.Text
	Before, After programme.Decimal
	Less          bool // less is better
	Persons       int  // who gained
	Partly        bool // it was a part of what they asked for
	Proof         int  // how many photographs and files stand with it
}

// Better reports whether what was measured became better.
func (b Benefit) Better() bool {
	if b.Less {
		return b.After.Cmp(b.Before) < 0
	}
	return b.After.Cmp(b.Before) > 0
}

// BenefitQuery selects benefits.
type BenefitQuery struct {
	Programme string
	Unit      string // and below; empty: all
	Year      int    // 0: all
	Subject   string // its ID; empty: all
	Page
}

// BenefitSum is what a unit, or a year, gained.
type BenefitSum struct {
	Unit    Unit // of sums by unit
	Year    int  // of sums by year
	Matters int
	Persons int
}

// MeasureSum is what all the matters together gained that measured the same.
type MeasureSum struct {
	Measure       programme.Text
	Unit          programme.Text
	Before, After programme.Decimal // sums
	Less          bool              // less is better
	Matters       int
	Persons       int
}

// Benefits is the ledger of a programme within a unit.
type Benefits struct {
	Running  *Running
	Path     []Unit // from the root down to the unit
	Total    BenefitSum
	Years    []BenefitSum // the newest first, of the whole unit
	Units    []BenefitSum // of the units right below it, most persons first
	Measures []MeasureSum // of one subject alone, most persons first, at most mostMeasures
	List     []Benefit    // the newest first
}

// mostMeasures bounds the sums by what was measured: where that is free text, they are as many as the records.
const mostMeasures = 20

// Benefits gives what was gained within a unit. Members see their units; others see the benefits of matters that the programme makes
// public. The empty unit is the root of the tree.
func (s *Site) Benefits(ctx context.Context, a Actor, q BenefitQuery) (Benefits, error) {
	var out Benefits
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		run, err := s.runningIn(ctx, tx, q.Programme)
		if err != nil {
			return err
		}
		path, err := unitPath(ctx, tx, q.Unit)
		if err != nil {
			return err
		}
		out = Benefits{Running: run, Path: path}
		where, values, err := s.benefitsSeen(a, run, path[len(path)-1].Code, q.Subject)
		if err != nil {
			return err
		}
		if err := out.sums(ctx, tx, where, values, q.Year); err != nil {
			return fmt.Errorf("sum benefits: %w", err)
		}
		if q.Subject != "" {
			if err := out.measures(ctx, tx, where, values, q.Year); err != nil {
				return fmt.Errorf("sum benefits by what was measured: %w", err)
			}
		}
		return s.listBenefits(ctx, tx, &out, where, values, q)
	})
	if err != nil {
		return Benefits{}, fmt.Errorf("benefits of %s: %w", q.Programme, err)
	}
	return out, nil
}

// benefitsSeen makes the condition on benefits b that selects those within a unit which an actor may see.
func (s *Site) benefitsSeen(a Actor, run *Running, unit, subject string) (string, []any, error) {
	values, arg := args(run.Name)
	where := "b.programme = $1 AND b.taken_back IS NULL AND " + withinUnits("b.unit", []string{unit}, arg)
	if subject != "" {
		where += " AND b.subject_id = " + arg(subject)
	}
	if a.system {
		return where, *values, nil
	}
	var public []string
	for _, m := range run.Matters {
		if m.Benefit != "" && slices.Contains(run.Public, m.Name) {
			public = append(public, arg(m.Name))
		}
	}
	units := grantUnits(a, run.Name)
	switch {
	case len(units) == 0 && len(public) == 0 && a.Visitor():
		return "", nil, signInFirst()
	case len(units) == 0 && len(public) == 0:
		return "", nil, mayNot()
	}
	may := withinUnits("b.unit", units, arg)
	if len(public) > 0 {
		may += " OR b.name IN (" + joined(public) + ")"
	}
	return where + " AND (" + may + ")", *values, nil
}

func joined(list []string) (out string) {
	for i, x := range list {
		if i > 0 {
			out += ", "
		}
		out += x
	}
	return out
}

func (b *Benefits) sums(ctx context.Context, tx *db.Tx, where string, values []any, year int) error {
	err := tx.Each(ctx, "SELECT b.year, count(*), CAST(sum(b.persons) AS BIGINT) FROM benefit b WHERE "+where+" GROUP BY b.year ORDER BY b.year DESC", values,
		func(scan func(...any) error) error {
			var x BenefitSum
			err := scan(&x.Year, &x.Matters, &x.Persons)
			b.Years = append(b.Years, x)
			if year == 0 || x.Year == year {
				b.Total.Matters, b.Total.Persons = b.Total.Matters+x.Matters, b.Total.Persons+x.Persons
			}
			return err
		})
	if err != nil {
		return err
	}
	if year != 0 {
		where += fmt.Sprintf(" AND b.year = %d", year)
	}
	below := fmt.Sprintf("$%d", len(values)+1)
	return tx.Each(ctx, "SELECT u.code, u.name, u.level, count(*), CAST(sum(b.persons) AS BIGINT) FROM benefit b JOIN unit_within w ON w.unit = b.unit JOIN unit u ON u.code = w.within AND u.parent = "+below+
		" WHERE "+where+" GROUP BY u.code, u.name, u.level, u.sort ORDER BY 5 DESC, u.sort", append(slices.Clone(values), b.Path[len(b.Path)-1].Code), func(scan func(...any) error) error {
		var x BenefitSum
		err := scan(&x.Unit.Code, &x.Unit.Name, &x.Unit.Level, &x.Matters, &x.Persons)
		b.Units = append(b.Units, x)
		return err
	})
}

// measures adds up what was measured alike. Whole numbers and millionths are added apart: no sum of either is too large.
func (b *Benefits) measures(ctx context.Context, tx *db.Tx, where string, values []any, year int) error {
	if year != 0 {
		where += fmt.Sprintf(" AND b.year = %d", year)
	}
	return tx.Each(ctx, fmt.Sprintf(`SELECT b.measure, max(b.measure_en), b.unit_zh, b.unit_en, b.better, count(*), CAST(sum(b.persons) AS BIGINT), CAST(sum(b.was / 1000000) AS BIGINT), CAST(sum(b.was %% 1000000) AS BIGINT),
			CAST(sum(b.became / 1000000) AS BIGINT), CAST(sum(b.became %% 1000000) AS BIGINT)
		FROM benefit b WHERE %s GROUP BY b.measure, b.unit_zh, b.unit_en, b.better ORDER BY 7 DESC, b.measure, b.unit_zh, b.better LIMIT %d`, where, mostMeasures), values, func(scan func(...any) error) error {
		var x MeasureSum
		var better string
		var was, wasRest, became, becameRest int64
		err := scan(&x.Measure.Zh, &x.Measure.En, &x.Unit.Zh, &x.Unit.En, &better, &x.Matters, &x.Persons, &was, &wasRest, &became, &becameRest)
		x.Less = better == "less"
		x.Before = programme.DecimalOf(was).Add(programme.NewDecimal(wasRest, 6))
		x.After = programme.DecimalOf(became).Add(programme.NewDecimal(becameRest, 6))
		b.Measures = append(b.Measures, x)
		return err
	})
}

func (s *Site) listBenefits(ctx context.Context, tx *db.Tx, out *Benefits, where string, values []any, q BenefitQuery) error {
	if q.Year != 0 {
		where += fmt.Sprintf(" AND b.year = %d", q.Year)
	}
	limit, offset := q.clip()
	var ids []string
	err := tx.Each(ctx, `SELECT b.matter_id, b.name, b.on_day, b.measure, b.measure_en, b.unit_zh, b.unit_en, b.was, b.became, b.better, b.persons, b.partly,
			(SELECT count(*) FROM matter_blob x JOIN matter_form f ON f.matter_id = x.matter_id AND f.seq = x.seq AND f.form = x.form WHERE x.matter_id = b.matter_id AND f.form = b.form), `+briefSubject+`
		FROM benefit b JOIN subject s ON s.id = b.subject_id
		WHERE `+where+fmt.Sprintf(" ORDER BY b.on_day DESC, b.matter_id DESC LIMIT %d OFFSET %d", limit, offset), values, func(scan func(...any) error) error {
		var x Benefit
		var b subjectBrief
		var was, became int64
		var better string
		err := scan(append([]any{&x.Matter, &x.Name, &x.On, &x.Measure.Zh, &x.Measure.En, &x.Unit.Zh, &x.Unit.En, &was, &became, &better, &x.Persons, &x.Partly, &x.Proof}, b.into()...)...)
		x.Subject, x.Before, x.After, x.Less = b.subject(s), programme.NewDecimal(was, 6), programme.NewDecimal(became, 6), better == "less"
		x.Kind = programme.T(x.Name, x.Name)
		if m, ok := out.Running.Matter(x.Name); ok {
			x.Kind = matterTitle(m)
		}
		out.List, ids = append(out.List, x), append(ids, x.Matter)
		return err
	})
	if err != nil {
		return fmt.Errorf("list benefits: %w", err)
	}
	links, err := s.linksTo(ctx, tx, ids)
	for i := range out.List {
		x := &out.List[i]
		x.Code, x.Called = links[x.Matter].Code, links[x.Matter].Called
	}
	return err
}

// storeBenefits stores what those affected gained by the matters that ended well or in part, and takes back what others gained that
// are open again. What the matters' forms say is stored before.
func (s *Site) storeBenefits(ctx context.Context, tx *db.Tx, w *writes) error {
	var rows [][]any
	for _, m := range w.matters {
		name := m.x.Matter.Benefit
		if name == "" {
			continue
		}
		if !m.state.Over() {
			if _, err := tx.Exec(ctx, "UPDATE benefit SET taken_back = $2 WHERE matter_id = $1 AND taken_back IS NULL", m.ID, w.moved[m.ID]); err != nil {
				return fmt.Errorf("take back what was gained by %s: %w", m.ID, err)
			}
			continue
		}
		form, ok := m.x.Form(name)
		if !ok || m.state.Meaning != programme.Good && m.state.Meaning != programme.Partly {
			continue
		}
		var doc string
		err := tx.Row(ctx, "SELECT doc FROM matter_form WHERE matter_id = $1 AND form = $2 ORDER BY seq DESC LIMIT 1", []any{m.ID, name}, &doc)
		if errors.Is(err, sql.ErrNoRows) {
			continue // it could end without it
		}
		if err != nil {
			return fmt.Errorf("what was gained by %s: %w", m.ID, err)
		}
		rows = append(rows, m.benefitRow(form, readValues(form, []byte(doc))))
	}
	return tx.Insert(ctx, "benefit (matter_id, seq, form, programme, name, subject_id, unit, on_day, year, measure, measure_en, unit_zh, unit_en, was, became, better, persons, partly)", rows,
		"ON CONFLICT (matter_id, seq) DO NOTHING")
}

func (m *stored) benefitRow(form *programme.Form, v programme.Values) []any {
	millionths := func(name string) int64 {
		d, _ := v[name].(programme.Decimal)
		if n, ok := v[name].(int64); ok {
			d = programme.DecimalOf(n)
		}
		n, _ := d.Round(6).Scaled(6)
		return n
	}
	var unit, measure programme.Text
	better := "more"
	for _, f := range form.Fields {
		switch text, _ := v[f.Name].(string); f.Name {
		case "before":
			unit = f.Unit
		case "measure":
			measure = programme.T(text, "") // in no language but that of those who wrote it
			if f.Type == programme.Choice {
				measure = programme.OptionTitle(f, text)
			}
		case "better":
			if text == "less" {
				better = text
			}
		}
	}
	persons, _ := v["persons"].(int64)
	on := programme.DayOf(m.state.Entered)
	return []any{m.ID, m.state.Seq, form.Name, m.Programme, m.Name, m.Subject.ID, m.Subject.Unit, int64(on), on.Time().Year(), measure.In(programme.Zh), measure.En, unit.Zh, unit.En,
		millionths("before"), millionths("after"), better, persons, m.state.Meaning == programme.Partly}
}
