package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

type whatifCommand struct {
	Dir      string   `arg:"" help:"Directory of the programme as it is." zh:"现行规范程序所在目录。"`
	Evidence string   `required:"" placeholder:"FILE" help:"Filed forms as JSON Lines, CSV or xlsx; - reads from the pipe." zh:"填报的表单：JSON Lines、CSV 或 xlsx 文件；- 表示从管道读取。"`
	Against  string   `placeholder:"DIR" xor:"draft" required:"" help:"Directory of the draft to compare it with." zh:"对比的草案所在目录。"`
	Set      []string `placeholder:"CLAUSE.KEY=VALUE" xor:"draft" required:"" sep:"none" help:"A value to change, such as 1.1.2.linear.full_at=0.9 or grades.five_star.at_least=88; may be repeated." zh:"要改的值，如 1.1.2.linear.full_at=0.9、grades.five_star.at_least=88；可重复。"`
	AsOf     string   `placeholder:"DAY" help:"The day the scores are of, such as 2026-06-30 (default: today)." zh:"评分截至日期，如 2026-06-30（默认今天）。"`
	Party    string   `placeholder:"PARTY" help:"Whose column (default: that of the last party, which decides)." zh:"哪一方的得分栏（默认最后一方，即评定方）。"`
	Movers   int      `default:"20" placeholder:"N" help:"How many of those that move to list; -1: all." zh:"列出多少个变化的对象；-1 为全部。"`
	JSON     bool     `name:"json" help:"One object with everything." zh:"输出一个 JSON 对象。"`
}

// Run scores the same evidence by both standards and tells what moves. It stores nothing.
func (k *whatifCommand) Run(c *console) error {
	p, err := c.load(k.Dir)
	if err != nil {
		return err
	}
	draft, err := k.draft(c, p)
	if err != nil {
		return err
	}
	asOf := programme.DayOf(time.Now().In(bihuan.ChinaStandardTime))
	if k.AsOf != "" {
		if asOf, err = exchange.ParseDay(k.AsOf); err != nil {
			return usageError{fmt.Errorf("--as-of %s is no day; write it like 2026-06-30", k.AsOf)}
		}
	}
	if _, err := columnsUpTo(p, k.Party); err != nil {
		return err
	}
	subjects, err := (&assessCommand{Evidence: k.Evidence}).read(c, p, asOf)
	if err != nil {
		return err
	}
	is, err := assess.Compile(p)
	if err != nil {
		return fmt.Errorf("compile %s: %w", p.Name, err)
	}
	would, err := assess.Compile(draft)
	if err != nil {
		return fmt.Errorf("compile the draft of %s: %w", p.Name, err)
	}
	population := is.NewPopulation()
	for _, s := range subjects {
		population.Put(s)
	}
	o := assess.Options{AsOf: asOf, Party: k.Party}
	before, after := is.Run(population, o), would.Run(would.Over(population), o)
	w := whatif{assess.Compare(before, after, nil, k.Movers), before, p, draft, c.lang}
	out := bufio.NewWriterSize(c.out, 64<<10)
	if k.JSON {
		err = w.writeJSON(out)
	} else {
		err = w.writeText(out)
	}
	if err != nil {
		return fmt.Errorf("write comparison: %w", err)
	}
	return out.Flush()
}

// draft loads the other directory, or makes the changes.
func (k *whatifCommand) draft(c *console, p *programme.Programme) (*programme.Programme, error) {
	if k.Against != "" {
		return c.load(k.Against)
	}
	var changes []programme.Change
	for _, s := range k.Set {
		change, ok := programme.ParseChange(s)
		if !ok {
			return nil, usageError{fmt.Errorf("--set %s has no CLAUSE.KEY=VALUE", s)}
		}
		changes = append(changes, change)
	}
	draft, mistakes := p.With(changes)
	if fatal := mistakes.Fatal(); draft == nil {
		fatal.Under(k.Dir).Render(c.err, c.lang, colored(c.err))
		return nil, wrong("这样修改后规范程序有 {0} 处错误", "changed like this the programme has mistakes: {0}", len(fatal)).
			do("请按上面的提示修改 --set", "correct the --set above")
	}
	return draft, nil
}

// whatif is a comparison that is written.
type whatif struct {
	assess.Comparison
	before   *assess.Result
	p, draft *programme.Programme
	lang     programme.Lang
}

type pairJSON[T any] struct {
	Before T `json:"before"`
	After  T `json:"after"`
}

func pairOf[T any](p assess.Pair[T]) pairJSON[T] { return pairJSON[T]{p.Before, p.After} }

type flowJSON struct {
	From     any `json:"from"` // null: excluded
	To       any `json:"to"`
	Subjects int `json:"subjects"`
}

type groupJSON struct {
	Group    string                  `json:"group"`
	Subjects int                     `json:"subjects"`
	Up       int                     `json:"up"`
	Down     int                     `json:"down"`
	Mean     pairJSON[assess.Points] `json:"mean"`
}

type moverJSON struct {
	Subject string           `json:"subject"`
	Total   pairJSON[any]    `json:"total"` // null: not scored
	Grade   pairJSON[any]    `json:"grade"` // null: excluded
	Clauses []clauseMoveJSON `json:"clauses"`
}

type clauseMoveJSON struct {
	Clause string                  `json:"clause"`
	Points pairJSON[assess.Points] `json:"points"`
	Status pairJSON[string]        `json:"status"`
}

type whatifJSON struct {
	Subjects int                     `json:"subjects"`
	Scored   pairJSON[int]           `json:"scored"`
	Mean     pairJSON[assess.Points] `json:"mean"`
	Up       int                     `json:"up"`
	Down     int                     `json:"down"`
	Changed  int                     `json:"changed"`
	Grades   json.RawMessage         `json:"grades"`
	Flow     []flowJSON              `json:"flow"`
	Units    []groupJSON             `json:"units"`
	Choices  json.RawMessage         `json:"choices"`
	Movers   []moverJSON             `json:"movers"`
}

// gradeValue is a grade for JSON: null when there is none.
func gradeValue(g string) any {
	if g == "" {
		return nil
	}
	return g
}

func (w *whatif) writeJSON(out io.Writer) error {
	line := whatifJSON{Subjects: w.Subjects, Scored: pairOf(w.Scored), Mean: pairOf(w.Mean), Up: w.Up, Down: w.Down, Changed: w.Changed,
		Flow: []flowJSON{}, Units: groups(w.By(w.before.Unit)), Movers: []moverJSON{}}
	grades, choices := object{}, object{}
	for i, g := range w.Grades {
		if g != "" {
			grades.add(g, pairJSON[int]{w.Before[i], w.After[i]})
		}
		for j, n := range w.Flow[i] {
			if n > 0 {
				line.Flow = append(line.Flow, flowJSON{gradeValue(g), gradeValue(w.Grades[j]), n})
			}
		}
	}
	for _, f := range w.p.Subject.Fields {
		if f.Type == programme.Choice {
			choices.add(f.Name, groups(w.By(func(i int) string { return w.before.Choice(i, f.Name) })))
		}
	}
	line.Grades, line.Choices = grades.close(), choices.close()
	for _, m := range w.Movers {
		one := moverJSON{Subject: m.Subject, Grade: pairJSON[any]{gradeValue(m.Grade.Before), gradeValue(m.Grade.After)}, Clauses: []clauseMoveJSON{}}
		if m.Scored.Before {
			one.Total.Before = m.Total.Before
		}
		if m.Scored.After {
			one.Total.After = m.Total.After
		}
		for _, x := range m.Clauses {
			one.Clauses = append(one.Clauses, clauseMoveJSON{x.Clause, pairOf(x.Points), pairJSON[string]{x.Status.Before.String(), x.Status.After.String()}})
		}
		line.Movers = append(line.Movers, one)
	}
	return jsonLines(out).Encode(line)
}

func groups(moves []assess.GroupMove) []groupJSON {
	out := []groupJSON{}
	for _, g := range moves {
		out = append(out, groupJSON{g.Group, g.Subjects, g.Up, g.Down, pairOf(g.Mean)})
	}
	return out
}

// writeText shows the comparison to a person: grades with their flow, then who moves and by which clauses.
func (w *whatif) writeText(out io.Writer) error {
	say := func(zh, en string, values ...any) string { return programme.T(zh, en).Fill(values...).In(w.lang) }
	if _, err := fmt.Fprintln(out, say("{0}个对象：升级{1}，降级{2}，得分变化{3}；平均分 {4} → {5}", "{0} subjects: {1} up, {2} down, {3} change; mean {4} → {5}",
		w.Subjects, w.Up, w.Down, w.Changed, w.Mean.Before, w.Mean.After)); err != nil {
		return err
	}
	head := []string{say("等级", "grade"), say("之前", "before"), say("之后", "after")}
	var places []int // of grades that anybody has
	for i := range w.Grades {
		if w.Before[i]+w.After[i] > 0 {
			places = append(places, i)
			head = append(head, "→ "+w.title(w.Grades[i]))
		}
	}
	table := [][]string{head}
	for _, i := range places {
		row := []string{w.title(w.Grades[i]), strconv.Itoa(w.Before[i]), strconv.Itoa(w.After[i])}
		for _, j := range places {
			cell := ""
			if n := w.Flow[i][j]; n > 0 {
				cell = strconv.Itoa(n)
			}
			row = append(row, cell)
		}
		table = append(table, row)
	}
	if err := writeAligned(out, table); err != nil || len(w.Movers) == 0 {
		return err
	}
	table = [][]string{{say("评价对象", "subject"), say("得分", "total"), say("等级", "grade"), say("条款", "clauses")}}
	for _, m := range w.Movers {
		total := func(p assess.Points, scored bool) string {
			if !scored {
				return say("不评分", "not scored")
			}
			return p.String()
		}
		clauses := ""
		for i, x := range m.Clauses {
			if i == 3 {
				clauses += say(" 等{0}条", " and {0} more", len(m.Clauses)-3)
				break
			}
			if i > 0 {
				clauses += ", "
			}
			clauses += x.Clause + " " + x.Points.Before.String() + " → " + x.Points.After.String()
		}
		grade := w.title(m.Grade.Before)
		if m.Grade.Before != m.Grade.After {
			grade += " → " + w.title(m.Grade.After)
		}
		table = append(table, []string{m.Subject, total(m.Total.Before, m.Scored.Before) + " → " + total(m.Total.After, m.Scored.After), grade, clauses})
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	if err := writeAligned(out, table); err != nil {
		return err
	}
	if w.Changed > len(w.Movers) {
		_, err := fmt.Fprintln(out, say("……另有 {0} 个", "… and {0} more", w.Changed-len(w.Movers)))
		return err
	}
	return nil
}

func (w *whatif) title(grade string) string {
	if grade == "" {
		return programme.T("不参评", "excluded").In(w.lang)
	}
	t := w.draft.GradeTitle(grade)
	if t.Empty() {
		t = w.p.GradeTitle(grade)
	}
	if t.Empty() {
		return grade
	}
	return t.In(w.lang)
}
