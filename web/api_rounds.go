package web

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

type roundJSON struct {
	ID         string          `json:"id"`
	Programme  string          `json:"programme"`
	Version    string          `json:"version"`
	Title      string          `json:"title"`
	Unit       string          `json:"unit"`
	AsOf       dayJSON         `json:"as_of"`
	State      string          `json:"state" enum:"collecting,publicity,deciding,decided"`
	Step       int             `json:"step" doc:"Position in steps; their number when all are over"`
	Steps      []roundStepJSON `json:"steps"`
	Subjects   int             `json:"subjects"`
	Objections int             `json:"open_objections"`
}

type roundStepJSON struct {
	Name      string  `json:"name" doc:"A party, or publicity"`
	Starts    dayJSON `json:"starts"`
	Ends      dayJSON `json:"ends"`
	HandedIn  int     `json:"handed_in"`
	TakenOver int     `json:"taken_over"`
}

func asRound(r bihuan.Round) roundJSON {
	out := roundJSON{ID: r.ID, Programme: r.Programme, Version: r.Version, Title: r.Title, Unit: r.Unit, AsOf: dayJSON{r.AsOf}, State: string(r.State),
		Step: r.Step, Subjects: r.Subjects, Objections: r.OpenObjections, Steps: []roundStepJSON{}}
	for _, s := range r.Steps {
		out.Steps = append(out.Steps, roundStepJSON{s.Name, dayJSON{s.Starts}, dayJSON{s.Ends}, s.HandedIn, s.TakenOver})
	}
	return out
}

type RoundPath struct {
	Round string `path:"round" doc:"ID"`
}

// apiRounds: rounds and their steps, judgements, objections, decisions, tasks, boards.
func (f *face) apiRounds(api huma.API) {
	verb(f, api, "GET", "/programmes/{programme}/rounds", "rounds", "The rounds of a programme, newest first",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
		}) (*[]roundJSON, error) {
			rounds, err := f.site.Rounds(ctx, c.actor, in.Programme)
			if err != nil {
				return nil, err
			}
			out := []roundJSON{}
			for _, r := range rounds {
				out = append(out, asRound(r))
			}
			return &out, nil
		})
	verb(f, api, "POST", "/programmes/{programme}/rounds", "openRound", "Open a round: it pins the version, the day and the subjects",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
			Body      struct {
				Kind   string `json:"kind,omitempty" doc:"A round of the programme; default its only one"`
				Title  string `json:"title,omitempty" maxLength:"200"`
				Unit   string `json:"unit"`
				AsOf   string `json:"as_of,omitempty"`
				Starts string `json:"starts,omitempty"`
			}
		}) (*roundJSON, error) {
			asOf, err := dayIn(in.Body.AsOf, "as_of")
			if err != nil {
				return nil, err
			}
			starts, err := dayIn(in.Body.Starts, "starts")
			if err != nil {
				return nil, err
			}
			return oneRound(f.site.OpenRound(ctx, c.actor, bihuan.NewRound{Programme: in.Programme, Kind: in.Body.Kind, Title: in.Body.Title,
				Unit: in.Body.Unit, AsOf: asOf, Starts: starts}))
		})
	verb(f, api, "GET", "/rounds/{round}", "round", "A round and how far it is",
		func(ctx context.Context, c caller, in *RoundPath) (*roundJSON, error) {
			return oneRound(f.site.Round(ctx, c.actor, in.Round))
		})
	verb(f, api, "POST", "/rounds/{round}/close", "closeStep", "Close the step under way; columns not handed in are taken as they stand",
		func(ctx context.Context, c caller, in *struct {
			RoundPath
			Body struct {
				Step string `json:"step" doc:"Name of the step to close, so that a second call does not close the next one"`
			}
		}) (*roundJSON, error) {
			return oneRound(f.site.CloseStep(ctx, c.actor, in.Round, in.Body.Step))
		})
	verb(f, api, "POST", "/rounds/{round}/decide", "decide", "Decide the round, after its publicity and with no objection open",
		func(ctx context.Context, c caller, in *RoundPath) (*roundJSON, error) {
			return oneRound(f.site.Decide(ctx, c.actor, in.Round))
		})
	verb(f, api, "POST", "/rounds/{round}/submit", "submit", "Hand in the column of a party for subjects, as known now",
		func(ctx context.Context, c caller, in *struct {
			RoundPath
			Body struct {
				Party    string   `json:"party"`
				Subjects []string `json:"subjects" minItems:"1" doc:"IDs"`
			}
		}) (*importedJSON, error) {
			done, err := f.site.SubmitAll(ctx, c.actor, in.Round, in.Body.Party, in.Body.Subjects)
			if err != nil {
				return nil, err
			}
			return asImported(done, c.lang), nil
		})
	f.apiJudging(api)
	f.apiDecisions(api)
	f.apiTasks(api)
}

func oneRound(r bihuan.Round, err error) (*roundJSON, error) {
	if err != nil {
		return nil, err
	}
	out := asRound(r)
	return &out, nil
}

func (f *face) apiJudging(api huma.API) {
	verb(f, api, "POST", "/subjects/{subject}/judgements", "judge", "Judge a clause, with a reason",
		func(ctx context.Context, c caller, in *struct {
			SubjectPath
			Body struct {
				Round  string `json:"round,omitempty"`
				Clause string `json:"clause"`
				Level  string `json:"level,omitempty" doc:"Of a clause with levels"`
				Points string `json:"points,omitempty" doc:"Of a clause with a range; a decimal"`
				Reason string `json:"reason" maxLength:"2000"`
				By     string `json:"by,omitempty" doc:"The party; default the last one you may judge for"`
			}
		}) (*filedJSON, error) {
			j := bihuan.Judgement{Subject: in.Subject, Round: in.Body.Round, Clause: in.Body.Clause, Level: in.Body.Level, Reason: in.Body.Reason, By: in.Body.By}
			if in.Body.Points != "" {
				d, err := programme.ParseDecimal(in.Body.Points)
				if err != nil {
					return nil, &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("分数要写成数字", "Points must be a number"),
						Fields: []programme.FieldError{{Field: "points", Message: programme.T("「{0}」不是数字", "“{0}” is not a number").Fill(in.Body.Points)}}}
				}
				j.Points = &d
			}
			filed, err := f.site.Judge(ctx, c.actor, j)
			if err != nil {
				return nil, err
			}
			return asFiled(filed), nil
		})
	type objectionJSON struct {
		ID       string    `json:"id"`
		Round    string    `json:"round"`
		Subject  string    `json:"subject"`
		Clause   string    `json:"clause,omitempty"`
		Body     string    `json:"body"`
		FiledBy  string    `json:"filed_by,omitempty" doc:"A name, for those who may know it"`
		FiledAt  time.Time `json:"filed_at"`
		Outcome  string    `json:"outcome" enum:"open,upheld,rejected,withdrawn,merged,split,unresolved"`
		Answer   string    `json:"answer,omitempty"`
		Answered time.Time `json:"answered_at,omitzero"`
		Waits    bool      `json:"waits_for_correction,omitempty" doc:"It is upheld and nothing is corrected yet: its round cannot be decided"`
	}
	asObjection := func(o bihuan.Objection) objectionJSON {
		return objectionJSON{o.ID, o.Round, o.Subject.ID, o.Clause, o.Body, o.FiledBy, o.FiledAt, string(o.Outcome), o.Answer, o.AnsweredAt, o.Waits}
	}
	verb(f, api, "GET", "/rounds/{round}/objections", "objections", "The objections to the results of a round and their answers, the newest first",
		func(ctx context.Context, c caller, in *struct {
			RoundPath
			Subject string `query:"subject" doc:"Its ID; absent: all"`
		}) (*[]objectionJSON, error) {
			list, err := f.site.Objections(ctx, c.actor, in.Round, in.Subject)
			if err != nil {
				return nil, err
			}
			out := []objectionJSON{}
			for _, o := range list {
				out = append(out, asObjection(o))
			}
			return &out, nil
		})
	verb(f, api, "POST", "/rounds/{round}/objections", "object", "Object to a published result",
		func(ctx context.Context, c caller, in *struct {
			RoundPath
			Body struct {
				Subject string `json:"subject"`
				Clause  string `json:"clause,omitempty" doc:"Empty: the whole result"`
				Body    string `json:"body" minLength:"1" maxLength:"2000"`
			}
		}) (*objectionJSON, error) {
			o, err := f.site.Object(ctx, c.actor, in.Round, in.Body.Subject, in.Body.Clause, in.Body.Body)
			if err != nil {
				return nil, err
			}
			out := asObjection(o)
			return &out, nil
		})
	verb(f, api, "POST", "/objections/{id}/answer", "answer", "Answer an objection, in public",
		func(ctx context.Context, c caller, in *struct {
			ID   string `path:"id"`
			Body struct {
				Upheld bool   `json:"upheld"`
				Answer string `json:"answer" minLength:"1" maxLength:"2000"`
			}
		}) (*struct{}, error) {
			return &struct{}{}, f.site.Answer(ctx, c.actor, in.ID, in.Body.Upheld, in.Body.Answer)
		})
	verb(f, api, "POST", "/rounds/{round}/appeals", "appeal", "Appeal against a decided result. It is a matter: list appeals and act on them there",
		func(ctx context.Context, c caller, in *struct {
			RoundPath
			Body struct {
				Subject string `json:"subject"`
				Clause  string `json:"clause,omitempty" doc:"Empty: the whole result"`
				Body    string `json:"body" minLength:"1" maxLength:"2000"`
			}
		}) (*matterFileJSON, error) {
			m, err := f.site.Appeal(ctx, c.actor, in.Round, in.Body.Subject, in.Body.Clause, in.Body.Body)
			if err != nil {
				return nil, at(err, func(field string) string { return "body." + field })
			}
			return asMatterFile(m, c.lang), nil
		})
}

func (f *face) apiDecisions(api huma.API) {
	type decisionJSON struct {
		ID         string    `json:"id"`
		Round      string    `json:"round"`
		Subject    string    `json:"subject"`
		AsOf       dayJSON   `json:"as_of"`
		KnownAt    time.Time `json:"known_at"`
		ValidUntil string    `json:"valid_until,omitempty"`
		DecidedAt  time.Time `json:"decided_at"`
		Score      scoreJSON `json:"score" doc:"With all reasons, as decided"`
	}
	asDecision := func(d bihuan.Decision, l programme.Lang) decisionJSON {
		out := decisionJSON{ID: d.ID, Round: d.Round, Subject: d.Subject.ID, AsOf: dayJSON{d.AsOf}, KnownAt: d.Known, DecidedAt: d.DecidedAt, Score: asScore(d.Score, l)}
		if d.ValidUntil != 0 {
			out.ValidUntil = d.ValidUntil.String()
		}
		return out
	}
	verb(f, api, "GET", "/rounds/{round}/subjects/{subject}", "decision", "What was decided of a subject, with all reasons",
		func(ctx context.Context, c caller, in *struct {
			RoundPath
			SubjectPath
		}) (*decisionJSON, error) {
			d, err := f.site.Decision(ctx, c.actor, in.Round, in.Subject)
			if err != nil {
				return nil, err
			}
			out := asDecision(d, c.lang)
			return &out, nil
		})
	type recomputedJSON struct {
		Same  bool      `json:"same" doc:"Equal to the decision, to the last decimal"`
		Score scoreJSON `json:"score"`
	}
	verb(f, api, "POST", "/decisions/{id}/recompute", "recompute", "Compute a decided score again from its version, day and what was known",
		func(ctx context.Context, c caller, in *struct {
			ID string `path:"id"`
		}) (*recomputedJSON, error) {
			s, same, err := f.site.Recompute(ctx, c.actor, in.ID)
			if err != nil {
				return nil, err
			}
			return &recomputedJSON{same, asScore(s, c.lang)}, nil
		})
}

func (f *face) apiTasks(api huma.API) {
	type taskJSON struct {
		Kind      string `json:"kind" enum:"decide,answer,matter,vote,submit,file,judge"`
		Programme string `json:"programme"`
		Subject   string `json:"subject,omitempty"`
		Form      string `json:"form,omitempty"`
		Clause    string `json:"clause,omitempty"`
		Round     string `json:"round,omitempty"`
		Matter    string `json:"matter,omitempty"`
		Ballot    string `json:"ballot,omitempty"`
		Title     string `json:"title"`
		Due       string `json:"due,omitempty"`
		Overdue   bool   `json:"overdue"`
	}
	type tasksJSON struct {
		Counts  map[string]int `json:"counts"`
		Overdue int            `json:"overdue"`
		Total   int            `json:"total"`
		Tasks   []taskJSON     `json:"tasks"`
	}
	verb(f, api, "GET", "/tasks", "tasks", "What you have to do",
		func(ctx context.Context, c caller, in *struct {
			Kind      string `query:"kind" enum:"decide,answer,matter,vote,submit,file,judge"`
			Programme string `query:"programme"`
			Unit      string `query:"unit"`
			Offset    int    `query:"offset" minimum:"0"`
			Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*tasksJSON, error) {
			tasks, err := f.site.Tasks(ctx, c.actor, bihuan.TaskQuery{Kind: bihuan.TaskKind(in.Kind), Programme: in.Programme, Unit: in.Unit,
				Page: bihuan.Page{Offset: in.Offset, Limit: in.Limit}})
			if err != nil {
				return nil, err
			}
			out := &tasksJSON{Counts: map[string]int{}, Overdue: tasks.Overdue, Total: tasks.Total, Tasks: []taskJSON{}}
			for kind, n := range tasks.Counts {
				out.Counts[string(kind)] = n
			}
			for _, t := range tasks.List {
				j := taskJSON{Kind: string(t.Kind), Programme: t.Programme, Form: t.Form, Clause: t.Clause, Round: t.Round, Title: t.Title.In(c.lang), Overdue: t.Overdue}
				if t.Subject != nil {
					j.Subject = t.Subject.ID
				}
				if j.Ballot = t.Ballot; t.Matter != nil {
					j.Matter = t.Matter.ID
				}
				if t.Due != 0 {
					j.Due = t.Due.String()
				}
				out.Tasks = append(out.Tasks, j)
			}
			return out, nil
		})
	type BoardRowJSON struct {
		Unit     string         `json:"unit"`
		Name     string         `json:"name"`
		Subjects int            `json:"subjects"`
		Scored   int            `json:"scored"`
		Mean     float64        `json:"mean"`
		Grades   map[string]int `json:"grades"`
		Rank     int            `json:"rank"`
	}
	type boardJSON struct {
		BoardRowJSON
		Live     bool           `json:"live" doc:"Live scores; otherwise decided ones"`
		AsOf     dayJSON        `json:"as_of"`
		Median   float64        `json:"median"`
		Of       int            `json:"of" doc:"How many units the rank is among"`
		Children []BoardRowJSON `json:"children"`
	}
	row := func(u bihuan.Unit, subjects, scored int, mean assess.Points, grades []bihuan.GradeCount, rank int) BoardRowJSON {
		out := BoardRowJSON{u.Code, u.Name, subjects, scored, asPoints(mean), map[string]int{}, rank}
		for _, g := range grades {
			out.Grades[g.Grade] = g.Count
		}
		return out
	}
	verb(f, api, "GET", "/programmes/{programme}/boards/{unit}", "board", "How the subjects within a unit stand",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
			Unit      string `path:"unit"`
		}) (*boardJSON, error) {
			b, err := f.site.Board(ctx, c.actor, in.Programme, in.Unit)
			if err != nil {
				return nil, err
			}
			out := &boardJSON{BoardRowJSON: row(b.Unit, b.Subjects, b.Scored, b.Mean, b.Grades, b.Rank), Live: b.Live, AsOf: dayJSON{b.AsOf},
				Median: asPoints(b.Median), Of: b.Of, Children: []BoardRowJSON{}}
			for _, child := range b.Children {
				out.Children = append(out.Children, row(child.Unit, child.Subjects, child.Scored, child.Mean, child.Grades, child.Rank))
			}
			return out, nil
		})
}
