package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

type assessCommand struct {
	Dir      string `arg:"" help:"Directory of the programme." zh:"规范程序所在目录。"`
	Evidence string `required:"" placeholder:"FILE" help:"Filed forms as JSON Lines, CSV or xlsx; - reads from the pipe." zh:"填报的表单：JSON Lines、CSV 或 xlsx 文件；- 表示从管道读取。"`
	AsOf     string `placeholder:"DAY" help:"The day the scores are of, such as 2026-06-30 (default: today)." zh:"评分截至日期，如 2026-06-30（默认今天）。"`
	Party    string `placeholder:"PARTY" help:"Whose column (default: that of the last party, which decides)." zh:"哪一方的得分栏（默认最后一方，即评定方）。"`
	JSON     bool   `name:"json" xor:"format" help:"One object a line, with every clause and its reason." zh:"每行一个对象，含每条条款及理由。"`
	CSV      bool   `name:"csv" xor:"format" help:"One row a subject, with the points of every clause." zh:"每个评价对象一行，含每条条款得分。"`
}

// Run reads and checks all evidence before it writes anything: a bad line leaves stdout empty.
func (k *assessCommand) Run(c *console) error {
	p, err := c.load(k.Dir)
	if err != nil {
		return err
	}
	engine, err := assess.Compile(p)
	if err != nil {
		return fmt.Errorf("compile %s: %w", p.Name, err)
	}
	options := assess.Options{AsOf: programme.DayOf(time.Now().In(bihuan.ChinaStandardTime)), Party: k.Party}
	if k.AsOf != "" {
		if options.AsOf, err = exchange.ParseDay(k.AsOf); err != nil {
			return usageError{fmt.Errorf("--as-of %s is no day; write it like 2026-06-30", k.AsOf)}
		}
	}
	columns, err := columnsUpTo(p, k.Party)
	if err != nil {
		return err
	}
	subjects, err := k.read(c, p, options.AsOf)
	if err != nil {
		return err
	}
	population := engine.NewPopulation()
	for _, s := range subjects {
		population.Put(s)
	}
	a := assessed{p: p, subjects: subjects, columns: columns, lang: c.lang}
	for _, party := range columns {
		a.results = append(a.results, engine.Run(population, assess.Options{AsOf: options.AsOf, Party: party}))
	}
	out := bufio.NewWriterSize(c.out, 64<<10)
	switch {
	case k.JSON:
		err = a.writeJSON(out)
	case k.CSV:
		err = a.writeCSV(out)
	default:
		err = a.writeText(out)
	}
	if err != nil {
		return fmt.Errorf("write scores: %w", err)
	}
	return out.Flush()
}

// columnsUpTo lists the parties whose columns are shown: those up to the one asked for, which see no more than it does.
func columnsUpTo(p *programme.Programme, party string) ([]string, error) {
	var columns []string
	for _, x := range p.Parties {
		columns = append(columns, x.Name)
		if x.Name == party {
			return columns, nil
		}
	}
	if party == "" {
		if len(columns) == 0 {
			return []string{""}, nil
		}
		return columns, nil
	}
	text := "there is no party " + party
	if near := exchange.Nearest(party, columns); near != "" {
		text += "; did you mean " + near + "?"
	}
	return nil, usageError{fmt.Errorf("%s", text)}
}

// read gives the subjects with their checked evidence, in the order of their first appearance.
func (k *assessCommand) read(c *console, p *programme.Programme, asOf programme.Day) ([]assess.Subject, error) {
	in, name, err := c.open(k.Evidence)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	format, err := exchange.FormatOf(k.Evidence, in.head())
	if err != nil {
		return nil, err
	}
	file, err := exchange.ReadEvidence(in, format, p)
	if err != nil {
		return nil, err
	}
	subjects, errs := fill(p, file.Records, asOf)
	if errs = append(file.Errors, errs...); len(errs) > 0 {
		sortRows(errs)
		c.complainRows(name, errs)
		return nil, wrong("佐证有 {0} 处错误，未评分", "the evidence has mistakes ({0}), nothing was scored", len(errs)).
			do("请按行号改正后重试", "correct the lines above")
	}
	return subjects, nil
}

// fill checks the filings against their forms. What a subject is goes first, since forms may look at it.
func fill(p *programme.Programme, filings []exchange.Filing, asOf programme.Day) ([]assess.Subject, []exchange.RowError) {
	var subjects []assess.Subject
	var errs []exchange.RowError
	at := map[string]int{}
	is := map[string]programme.Values{}
	for _, f := range filings {
		i, known := at[f.Subject]
		if !known {
			i = len(subjects)
			at[f.Subject] = i
			subjects = append(subjects, assess.Subject{Key: f.Subject})
		}
		if f.Unit != "" {
			subjects[i].Unit = f.Unit
		}
	}
	forms := map[string]*programme.Form{}
	one := func(f exchange.Filing) {
		form := forms[f.Form]
		if form == nil {
			form, _ = p.Form(f.Form)
			forms[f.Form] = form
		}
		raw := f.Values
		if f.Form == programme.SubjectForm {
			form = partial(form)
		}
		values, wrong := form.Fill(p, raw, programme.About{AsOf: asOf, Subject: is[f.Subject]})
		if form.Ballot {
			values, wrong = form.FillFigures(p, raw)
		}
		for _, w := range wrong {
			errs = append(errs, exchange.RowError{Row: f.Row, Field: f.Form + "." + w.Field, Text: w.Message})
		}
		e := assess.Evidence{ID: "line " + strconv.Itoa(f.Row), Form: f.Form, On: f.On, Recorded: int64(f.Row), By: f.By, Filer: f.Filer, Values: values}
		switch {
		case f.Form == programme.SubjectForm:
			now := programme.Values{}
			for _, v := range []programme.Values{is[f.Subject], values} {
				for name, x := range v {
					now[name] = x
				}
			}
			is[f.Subject] = now // without a day it always was so: On stays 0
		case f.On == 0:
			e.On = asOf
			for _, x := range form.Fields {
				if day, ok := values[x.Name].(programme.Day); ok && x.Is == "date" {
					e.On = day
				}
			}
		}
		if e.By == "" && f.Form != programme.SubjectForm {
			e.By = filerOf(p, form)
		}
		i := at[f.Subject]
		subjects[i].Evidence = append(subjects[i].Evidence, e)
	}
	for _, f := range filings {
		if f.Form == programme.SubjectForm {
			one(f)
		}
	}
	for _, f := range filings {
		if f.Form != programme.SubjectForm {
			one(f)
		}
	}
	return subjects, errs
}

// partial is the subject's form as a file may give it: field by field, so that none is required.
func partial(form *programme.Form) *programme.Form {
	loose := *form
	loose.Fields = nil
	for _, x := range form.Fields {
		y := *x
		y.Required = false
		loose.Fields = append(loose.Fields, &y)
	}
	return &loose
}

// filerOf is who files a form when the evidence does not say: the first that may, as in cases.
func filerOf(p *programme.Programme, form *programme.Form) string {
	if len(form.By) > 0 {
		return form.By[0]
	}
	if len(p.Parties) > 0 {
		if form.Name == programme.JudgementForm {
			return p.Parties[len(p.Parties)-1].Name
		}
		return p.Parties[0].Name
	}
	return ""
}

// input is a file or the pipe, whose first bytes can be looked at.
type input struct {
	*bufio.Reader
	io.Closer
}

func (i input) head() []byte {
	b, _ := i.Peek(512)
	return b
}

// open opens a file to be read, or the pipe for "-". The name is the one to show.
func (c *console) open(name string) (in input, shown string, err error) {
	if name == "-" {
		return input{bufio.NewReader(c.in), io.NopCloser(c.in)}, programme.T("管道", "pipe").In(c.lang), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return input{}, "", wrong("打不开文件 {0}", "cannot open {0}", name).do("{0}", "{0}", err.Error())
	}
	return input{bufio.NewReader(f), f}, name, nil
}

// assessed is the result that is written: one column a party, the last one being asked for.
type assessed struct {
	p        *programme.Programme
	subjects []assess.Subject
	columns  []string
	results  []*assess.Result
	lang     programme.Lang
}

// clauses lists the clauses in the order of the standard.
func (a assessed) clauses() []*programme.Clause {
	var list []*programme.Clause
	if a.p.Standard != nil {
		for _, part := range a.p.Standard.Parts {
			for _, section := range part.Sections {
				list = append(list, section.Clauses...)
			}
		}
	}
	return list
}

func (a assessed) score(i int) assess.Score { return a.results[len(a.results)-1].Score(i) }

type scoreJSON struct {
	Subject string          `json:"subject"`
	Total   any             `json:"total"` // null: not scored
	Grade   any             `json:"grade"` // null: excluded
	Vetoes  []string        `json:"vetoes"`
	Columns json.RawMessage `json:"columns"`
	Clauses json.RawMessage `json:"clauses"`
}

type clauseJSON struct {
	Points  json.Number `json:"points"`
	Status  string      `json:"status"`
	Measure any         `json:"measure"` // null: it has none, or it cannot be computed
	Why     string      `json:"why"`
}

func (a assessed) writeJSON(w io.Writer) error {
	out := jsonLines(w)
	for i := range a.subjects {
		s := a.score(i)
		line := scoreJSON{Subject: s.Subject, Total: total(s), Vetoes: inForce(s)}
		if s.Grade != "" {
			line.Grade = s.Grade
		}
		columns, clauses := object{}, object{}
		for n, party := range a.columns {
			if party != "" {
				columns.add(party, columnTotal(a.results[n], i))
			}
		}
		for _, x := range s.Clauses {
			one := clauseJSON{Points: json.Number(points(x.Points)), Status: x.Status.String(), Why: x.Why.In(a.lang)}
			if x.Measure != nil && x.Measure.Finite() {
				one.Measure = x.Measure
			}
			clauses.add(x.Clause, one)
		}
		line.Columns, line.Clauses = columns.close(), clauses.close()
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// object is a JSON object whose keys stay in their order: parties and clauses have one.
type object struct{ text []byte }

func (o *object) add(key string, v any) {
	k, err := json.Marshal(key)
	if err != nil {
		panic(err) // a string always encodes
	}
	var b []byte
	if b, err = encode(v); err != nil {
		panic(err) // as do our own plain structs
	}
	sep := byte(',')
	if o.text == nil {
		sep = '{'
	}
	o.text = append(append(append(append(o.text, sep), k...), ':'), b...)
}

func (o *object) close() json.RawMessage {
	if o.text == nil {
		return json.RawMessage("{}")
	}
	return append(o.text, '}')
}

func (a assessed) writeCSV(w io.Writer) error {
	header := []string{"subject", "total", "grade", "vetoes"}
	for _, party := range a.columns {
		if party != "" {
			header = append(header, party)
		}
	}
	for _, x := range a.clauses() {
		header = append(header, x.Clause)
	}
	rows := func(yield func([]any) bool) {
		for i := range a.subjects {
			s := a.score(i)
			row := []any{s.Subject, total(s), s.Grade, joined(inForce(s))}
			for n, party := range a.columns {
				if party != "" {
					row = append(row, columnTotal(a.results[n], i))
				}
			}
			for _, x := range s.Clauses {
				row = append(row, json.Number(points(x.Points)))
			}
			if !yield(row) {
				return
			}
		}
	}
	return exchange.WriteTable(w, exchange.PlainCSV, header, rows)
}
