package web

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

type MatterPath struct {
	Matter string `path:"matter" doc:"ID or code"`
}

type MatterJSON struct {
	ID         string    `json:"id"`
	Code       string    `json:"code" doc:"Told to people; names nobody"`
	Programme  string    `json:"programme"`
	Name       string    `json:"name" doc:"Of its process: proposal, dispute, rectification"`
	Kind       string    `json:"kind" doc:"How that is called"`
	Title      string    `json:"title"`
	Subject    string    `json:"subject,omitempty"`
	Of         string    `json:"subject_name,omitempty"`
	Unit       string    `json:"unit" doc:"The body that handles it now"`
	UnitName   string    `json:"unit_name"`
	Clause     string    `json:"clause,omitempty"`
	Round      string    `json:"round,omitempty"`
	Stage      string    `json:"stage" doc:"Of one that is over: its end"`
	StageTitle string    `json:"stage_title"`
	Outcome    string    `json:"outcome,omitempty" doc:"The name of its end; absent while it runs"`
	Meaning    string    `json:"meaning,omitempty" doc:"Of that end: good, partly, answered, open_to_public, …"`
	Why        string    `json:"why,omitempty" doc:"The public reason it ended with"`
	Raised     dayJSON   `json:"raised"`
	Closed     string    `json:"closed,omitempty" format:"date"`
	Moved      time.Time `json:"moved_at"`
	Due        string    `json:"due,omitempty" format:"date" doc:"The last day of its stage; absent when no clock runs"`
	Left       int       `json:"left" doc:"Days that are left, working days where the clock counts these; negative: overdue"`
	Lacks      int       `json:"lacks_holidays_of,omitempty" doc:"The first year that the deadline reaches and whose holidays are not loaded: it may still move"`
	Stopped    bool      `json:"clock_stopped"`
	Light      string    `json:"light,omitempty" enum:"blue,yellow,red" doc:"Blue: due within three days; yellow: overdue; red: overdue and told to those above"`
	Holder     string    `json:"holder,omitempty" doc:"Whose turn it is, in words"`
	Lead       string    `json:"lead,omitempty" doc:"The lead handler's name"`
	With       []string  `json:"with,omitempty"`
	Joined     int       `json:"joined"`
	Late       int       `json:"late" doc:"Stages that were left after their time"`
	Seq        int       `json:"seq" doc:"What an action that is based on it says it has seen"`
	Raiser     string    `json:"raiser,omitempty" doc:"Who raised it, for those who may know"`
}

func asMatter(m bihuan.Matter, l programme.Lang) MatterJSON {
	out := MatterJSON{ID: m.ID, Code: m.Code, Programme: m.Programme, Name: m.Name, Kind: m.Kind.In(l), Title: m.Called.In(l), Subject: m.Subject.ID, Of: m.Subject.Name,
		Unit: m.Unit, UnitName: m.UnitName, Clause: m.Clause, Round: m.Round, Stage: m.Stage, StageTitle: m.StageTitle.In(l), Outcome: m.Outcome, Meaning: m.Meaning, Why: m.Why,
		Raised: dayJSON{m.RaisedOn}, Moved: m.MovedAt, Left: m.Left, Stopped: m.Clock.Stopped, Light: string(m.Light), Holder: m.Holder.In(l), Lead: m.Lead, With: m.With,
		Joined: m.Joined, Late: m.Late, Seq: m.Seq, Raiser: m.Raiser}
	if m.ClosedOn != 0 {
		out.Closed = m.ClosedOn.String()
	}
	if m.Clock.Runs {
		out.Due, out.Lacks = m.Clock.Due.String(), m.Clock.Lacks
	}
	return out
}

type wayJSON struct {
	Kind   string   `json:"kind"`
	Action string   `json:"action,omitempty"`
	Title  string   `json:"title"`
	Form   string   `json:"form,omitempty" doc:"To be filed with it"`
	Reason bool     `json:"reason" doc:"A reason is needed"`
	To     []string `json:"to,omitempty" doc:"The stages and ends it can lead to"`
}

func asWays(ways []programme.Way, l programme.Lang) []wayJSON {
	out := []wayJSON{}
	for _, w := range ways {
		out = append(out, wayJSON{string(w.Kind), w.Action, w.Title.In(l), w.Form, w.Reason, w.To})
	}
	return out
}

type matterFileJSON struct {
	MatterJSON
	Events  []matterEventJSON `json:"events" doc:"The oldest first"`
	Forms   []matterFormJSON  `json:"forms"`
	Ways    []wayJSON         `json:"ways" doc:"What you may do with it now"`
	Ballot  *ballotJSON       `json:"ballot,omitempty" doc:"The one that runs, or the last one"`
	Hides   []string          `json:"hides" doc:"What the programme hides"`
	Follows bool              `json:"follows"`
	Recused bool              `json:"recused" doc:"You had a part in what it is against, and may do nothing with it"`
	Reminds bool              `json:"reminds" doc:"You may remind those whose turn it is, and have not today"`
	Links   []matterLinkJSON  `json:"links,omitempty"`
}

type matterEventJSON struct {
	Seq    int       `json:"seq"`
	Kind   string    `json:"kind"`
	Action string    `json:"action,omitempty"`
	Title  string    `json:"title"`
	As     string    `json:"as" doc:"The role or tie in which it was done"`
	Name   string    `json:"name,omitempty" doc:"Of who did it, for those who may know"`
	Reason string    `json:"reason,omitempty"`
	Told   string    `json:"told,omitempty" doc:"What the rules said to it"`
	Target string    `json:"target,omitempty"`
	From   string    `json:"from,omitempty"`
	To     string    `json:"to,omitempty"`
	At     time.Time `json:"at"`
	Late   bool      `json:"late" doc:"It left its stage after its time"`
}

type matterFormJSON struct {
	Seq    int             `json:"seq" doc:"Of the event it came with"`
	Form   string          `json:"form"`
	Title  string          `json:"title"`
	By     string          `json:"by"`
	On     dayJSON         `json:"on"`
	Values json.RawMessage `json:"values"`
	Hidden []string        `json:"hidden,omitempty" doc:"Fields that hold something and are hidden from you"`
	Files  []fileJSON      `json:"files,omitempty"`
}

type matterLinkJSON struct {
	Rel   string `json:"rel" enum:"part,part_of,merged_into,absorbed"`
	ID    string `json:"id"`
	Code  string `json:"code"`
	Title string `json:"title"`
}

func asMatterFile(m bihuan.MatterFile, l programme.Lang) *matterFileJSON {
	out := &matterFileJSON{MatterJSON: asMatter(m.Matter, l), Events: []matterEventJSON{}, Forms: []matterFormJSON{}, Ways: asWays(m.Ways, l), Hides: m.Hides, Follows: m.Follows, Recused: m.Recused, Reminds: m.Reminds}
	if out.Hides == nil {
		out.Hides = []string{}
	}
	for _, e := range m.Events {
		out.Events = append(out.Events, matterEventJSON{e.Seq, string(e.Kind), e.Action, e.Title.In(l), e.As.In(l), e.Name, e.Reason, e.Told.In(l), e.Target, e.From.In(l), e.To.In(l), e.At, e.Late})
	}
	for _, f := range m.Forms {
		form := matterFormJSON{Seq: f.Seq, Form: f.Form, Title: f.Title.In(l), By: f.By.In(l), On: dayJSON{f.On}, Values: json.RawMessage(f.In(l).JSON()), Hidden: f.Hidden}
		for _, a := range f.Attachments {
			form.Files = append(form.Files, fileJSON{a.Field, a.Name, a.SHA256, a.Media, a.Size})
		}
		out.Forms = append(out.Forms, form)
	}
	if m.Ballot != nil {
		b := asBallot(*m.Ballot, l)
		out.Ballot = &b
	}
	link := func(rel string, x bihuan.MatterLink) {
		out.Links = append(out.Links, matterLinkJSON{rel, x.ID, x.Code, x.Called.In(l)})
	}
	for _, x := range m.Parts {
		link("part", x)
	}
	for _, x := range m.Absorbed {
		link("absorbed", x)
	}
	if m.Part != nil {
		link("part_of", *m.Part)
	}
	if m.Into != nil {
		link("merged_into", *m.Into)
	}
	return out
}

// MatterQueryJSON selects matters.
type MatterQueryJSON struct {
	Programme string `query:"programme"`
	Name      string `query:"name" doc:"Of the process"`
	Unit      string `query:"unit" doc:"Code of a unit: it and everything below, of the subject or of the body that handles it"`
	Subject   string `query:"subject" doc:"Its ID"`
	Round     string `query:"round" doc:"Its ID"`
	Clause    string `query:"clause"`
	State     string `query:"state" doc:"open, over, soon, overdue, or the meaning of an end"`
	Stage     string `query:"stage" doc:"Or the name of an end"`
	Search    string `query:"search" doc:"Words of the title, the code, pinyin or its initials"`
}

func (q MatterQueryJSON) query() bihuan.MatterQuery {
	return bihuan.MatterQuery{Programme: q.Programme, Name: q.Name, Unit: q.Unit, Subject: q.Subject, Round: q.Round, Clause: q.Clause, State: q.State, Stage: q.Stage, Search: q.Search}
}

// apiMatters: matters, what is done with them, their boxes.
func (f *face) apiMatters(api huma.API) {
	type mattersJSON struct {
		Total    int          `json:"total"`
		Matters  []MatterJSON `json:"matters"`
		Together []wayJSON    `json:"together" doc:"What you may do with several of these at once"`
	}
	verb(f, api, "GET", "/matters", "matters", "Matters that you may see",
		func(ctx context.Context, c caller, in *struct {
			MatterQueryJSON
			Box    string `query:"box" enum:"todo,done,raised,following" doc:"Of yours; absent: whatever you may see"`
			Sort   string `query:"sort" enum:"moved,due,raised" default:"moved"`
			Offset int    `query:"offset" minimum:"0"`
			Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*mattersJSON, error) {
			q := in.query()
			q.Box, q.Sort, q.Page = bihuan.Box(in.Box), in.Sort, bihuan.Page{Offset: in.Offset, Limit: in.Limit}
			page, err := f.site.Matters(ctx, c.actor, q)
			if err != nil {
				return nil, err
			}
			out := &mattersJSON{Total: page.Total, Matters: []MatterJSON{}, Together: asWays(page.Together, c.lang)}
			for _, m := range page.Matters {
				out.Matters = append(out.Matters, asMatter(m, c.lang))
			}
			return out, nil
		})
	type boxesJSON struct {
		Todo      int `json:"todo" doc:"Whose turn is yours"`
		Done      int `json:"done" doc:"In which you acted"`
		Raised    int `json:"raised" doc:"That you raised"`
		Following int `json:"following" doc:"That you joined or follow"`
	}
	verb(f, api, "GET", "/matters/boxes", "matterBoxes", "How many matters are in each of your boxes",
		func(ctx context.Context, c caller, in *MatterQueryJSON) (*boxesJSON, error) {
			n, err := f.site.MatterCounts(ctx, c.actor, in.query())
			if err != nil {
				return nil, err
			}
			return &boxesJSON{n[bihuan.BoxTodo], n[bihuan.BoxDone], n[bihuan.BoxRaised], n[bihuan.BoxFollowing]}, nil
		})
	verb(f, api, "GET", "/matters/{matter}", "matter", "A matter with all that happened to it, as far as you may know it",
		func(ctx context.Context, c caller, in *MatterPath) (*matterFileJSON, error) {
			m, err := f.site.Matter(ctx, c.actor, in.Matter)
			if err != nil {
				return nil, err
			}
			return asMatterFile(m, c.lang), nil
		})
	type raisedJSON struct {
		Matter *matterFileJSON `json:"matter"`
		Code   string          `json:"code,omitempty" doc:"With which somebody without an account speaks in it; shown once"`
	}
	verb(f, api, "POST", "/matters", "raise", "Raise a matter for a subject",
		func(ctx context.Context, c caller, in *struct {
			Body struct {
				Subject string         `json:"subject" doc:"Its ID"`
				Name    string         `json:"name" doc:"Of the process"`
				Values  map[string]any `json:"values" doc:"Of the form that raises it"`
				Clause  string         `json:"clause,omitempty"`
				Round   string         `json:"round,omitempty"`
				For     string         `json:"for,omitempty" doc:"A role without accounts: you register it for somebody who came or called"`
				ForName string         `json:"for_name,omitempty"`
				Once    string         `json:"once,omitempty" maxLength:"100" doc:"A mark of your own: what you send again with the same mark is not raised again"`
			}
		}) (*raisedJSON, error) {
			b := in.Body
			raised, err := f.site.Raise(ctx, c.actor, bihuan.NewMatter{Subject: b.Subject, Name: b.Name, Values: exact(b.Values), Clause: b.Clause, Round: b.Round,
				For: b.For, ForName: b.ForName, Once: b.Once})
			if err != nil {
				return nil, at(err, func(field string) string {
					if field == "clause" {
						return "body.clause"
					}
					return "body.values." + field
				})
			}
			return &raisedJSON{asMatterFile(raised.Matter, c.lang), raised.Voice}, nil
		})
	f.apiActs(api)
}

// MoveJSON is what is done with one matter or with several.
type MoveJSON struct {
	Kind   string   `json:"kind" enum:"act,file,pause,resume,extend,transfer,return,assign,merge,split,withdraw,reopen,close,remind"`
	Action string   `json:"action,omitempty" doc:"Of act and pause"`
	Reason string   `json:"reason,omitempty" maxLength:"2000"`
	To     string   `json:"to,omitempty" doc:"Of transfer: a unit; of assign: the login of the lead handler; of merge: the code of the matter it is a duplicate of"`
	With   []string `json:"with,omitempty" doc:"Of assign: the logins of the co-handlers"`
}

func (j MoveJSON) move() bihuan.Move {
	return bihuan.Move{Kind: programme.EventKind(j.Kind), Action: j.Action, Reason: j.Reason, To: j.To, With: j.With}
}

// apiActs: what is done with matters, and who may handle them.
func (f *face) apiActs(api huma.API) {
	verb(f, api, "POST", "/matters/{matter}/act", "act", "Do something with a matter",
		func(ctx context.Context, c caller, in *struct {
			MatterPath
			Body struct {
				MoveJSON
				Seen  int                       `json:"seen,omitempty" minimum:"0" doc:"The seq of what you looked at: who comes second is then told so"`
				Stage string                    `json:"stage,omitempty" doc:"The stage that you looked at"`
				Forms map[string]map[string]any `json:"forms,omitempty" doc:"Values by form"`
				Parts []string                  `json:"parts,omitempty" doc:"Of split: what the parts are called"`
			}
		}) (*matterFileJSON, error) {
			b, mv := in.Body, in.Body.move()
			mv.Seen, mv.Stage, mv.Forms, mv.Parts = b.Seen, b.Stage, b.Forms, b.Parts
			only := ""
			for name, values := range mv.Forms {
				mv.Forms[name], only = exact(values), name
			}
			m, err := f.site.Act(ctx, c.actor, in.Matter, mv)
			if err != nil {
				return nil, at(err, func(field string) string {
					switch _, form := mv.Forms[field]; {
					case field == "reason", field == "to", field == "with", field == "parts":
						return "body." + field
					case form || len(mv.Forms) != 1: // a form that is needed, and missing
						return "body.forms." + field
					}
					return "body.forms." + only + "." + field
				})
			}
			return asMatterFile(m, c.lang), nil
		})
	type lineJSON struct {
		Matter string `json:"matter" doc:"As it was named"`
		Code   string `json:"code,omitempty"`
		Title  string `json:"title,omitempty"`
		Done   bool   `json:"done"`
		Why    string `json:"why,omitempty" doc:"It was not"`
	}
	type batchJSON struct {
		Done    int        `json:"done"`
		Refused int        `json:"refused"`
		Lines   []lineJSON `json:"lines"`
	}
	verb(f, api, "POST", "/matters/batch", "actOnMany", "Do the same with up to 300 matters: each is done or refused by itself",
		func(ctx context.Context, c caller, in *struct {
			Body struct {
				MoveJSON
				Matters []struct {
					Matter string `json:"matter" doc:"ID or code"`
					Seen   int    `json:"seen,omitempty" minimum:"0"`
					Stage  string `json:"stage,omitempty"`
				} `json:"matters"`
			}
		}) (*batchJSON, error) {
			batch := bihuan.Batch{Move: in.Body.move()}
			for _, m := range in.Body.Matters {
				batch.Matters = append(batch.Matters, bihuan.Picked{ID: m.Matter, Seen: m.Seen, Stage: m.Stage})
			}
			lines, err := f.site.ActOnMany(ctx, c.actor, batch)
			if err != nil {
				return nil, at(err, func(field string) string { return "body." + field })
			}
			out := &batchJSON{Lines: []lineJSON{}}
			for _, l := range lines {
				if l.Done {
					out.Done++
				} else {
					out.Refused++
				}
				out.Lines = append(out.Lines, lineJSON{l.ID, l.Code, l.Called.In(c.lang), l.Done, l.Why.In(c.lang)})
			}
			return out, nil
		})
	verb(f, api, "POST", "/matters/{matter}/follow", "follow", "Be told of what becomes of a matter, or not any more",
		func(ctx context.Context, c caller, in *struct {
			MatterPath
			Body struct {
				Follows bool `json:"follows"`
			}
		}) (*struct{}, error) {
			return &struct{}{}, f.site.Follow(ctx, c.actor, in.Matter, in.Body.Follows)
		})
	type handlerJSON struct {
		Login string `json:"login"`
		Name  string `json:"name"`
	}
	verb(f, api, "GET", "/matters/{matter}/handlers", "handlers", "Who may be named lead handler or co-handler, the nearest first",
		func(ctx context.Context, c caller, in *MatterPath) (*[]handlerJSON, error) {
			list, err := f.site.MatterHandlers(ctx, c.actor, in.Matter)
			if err != nil {
				return nil, err
			}
			out := []handlerJSON{}
			for _, h := range list {
				out = append(out, handlerJSON(h))
			}
			return &out, nil
		})
}

type ballotJSON struct {
	ID       string         `json:"id"`
	Form     formJSON       `json:"form"`
	Subject  string         `json:"subject"`
	Matter   string         `json:"matter,omitempty" doc:"Its ID; absent: of the subject itself"`
	Called   string         `json:"called,omitempty" doc:"What the matter is called"`
	Opened   time.Time      `json:"opened_at"`
	Closes   dayJSON        `json:"closes" doc:"Its last day"`
	Over     bool           `json:"over"`
	Counted  bool           `json:"counted" doc:"Not broken off"`
	Invited  int            `json:"invited"`
	Votes    int            `json:"votes" doc:"How many took part"`
	Tally    map[string]int `json:"tally,omitempty" doc:"Votes by option; absent while it runs, and when they would tell what single people said"`
	Withheld bool           `json:"withheld" doc:"It is over, but more would tell what single people said"`
	May      bool           `json:"may" doc:"You may vote and have not"`
	Voted    bool           `json:"voted" doc:"You have"`
	Link     string         `json:"link,omitempty" doc:"The path by which those of the roster vote with name and number, for those who may open it"`
}

func asBallot(b bihuan.BallotFigures, l programme.Lang) ballotJSON {
	out := ballotJSON{ID: b.ID, Form: asForm(b.Form, l), Subject: b.Subject.ID, Matter: b.Matter, Called: b.Called.In(l), Opened: b.OpenedAt, Closes: dayJSON{b.ClosesOn},
		Over: b.Over, Counted: b.Counted, Invited: b.Invited, Votes: b.Votes, Tally: b.Tally, Withheld: b.Withheld, May: b.May, Voted: b.Voted}
	if b.Link != "" {
		out.Link = linkedBallotURL(b.Link)
	}
	return out
}

// apiBallots: secret ballots.
func (f *face) apiBallots(api huma.API) {
	type BallotPath struct {
		Ballot string `path:"ballot"`
	}
	verb(f, api, "GET", "/ballots", "ballots", "The ballots in which you may vote and have not",
		func(ctx context.Context, c caller, _ *struct{}) (*[]ballotJSON, error) {
			list, err := f.site.MyBallots(ctx, c.actor)
			if err != nil {
				return nil, err
			}
			out := []ballotJSON{}
			for _, b := range list {
				out = append(out, asBallot(b, c.lang))
			}
			return &out, nil
		})
	verb(f, api, "GET", "/ballots/{ballot}", "ballot", "A ballot and its figures, once they may be shown",
		func(ctx context.Context, c caller, in *BallotPath) (*ballotJSON, error) {
			b, err := f.site.Ballot(ctx, c.actor, in.Ballot)
			if err != nil {
				return nil, err
			}
			out := asBallot(b, c.lang)
			return &out, nil
		})
	verb(f, api, "POST", "/ballots/{ballot}/vote", "vote", "Cast your vote, once; nobody can read or change it afterwards",
		func(ctx context.Context, c caller, in *struct {
			BallotPath
			Body struct {
				Values map[string]any `json:"values"`
			}
		}) (*struct{}, error) {
			return &struct{}{}, f.site.Vote(ctx, c.actor, in.Ballot, in.Body.Values)
		})
}

// apiNotices: what somebody has to know.
func (f *face) apiNotices(api huma.API) {
	type noticeJSON struct {
		ID     string    `json:"id"`
		Kind   string    `json:"kind"`
		Matter string    `json:"matter,omitempty"`
		Ballot string    `json:"ballot,omitempty"`
		Text   string    `json:"text"`
		At     time.Time `json:"at"`
		Read   bool      `json:"read"`
	}
	type noticesJSON struct {
		Total   int          `json:"total"`
		Unread  int          `json:"unread"`
		Notices []noticeJSON `json:"notices" doc:"The newest first"`
	}
	verb(f, api, "GET", "/notices", "notices", "Your notices",
		func(ctx context.Context, c caller, in *struct {
			Offset int `query:"offset" minimum:"0"`
			Limit  int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*noticesJSON, error) {
			page, err := f.site.Notices(ctx, c.actor, bihuan.Page{Offset: in.Offset, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := &noticesJSON{Total: page.Total, Unread: page.Unread, Notices: []noticeJSON{}}
			for _, n := range page.Notices {
				out.Notices = append(out.Notices, noticeJSON{n.ID, n.Kind, n.Matter, n.Ballot, n.Text.In(c.lang), n.At, n.Read})
			}
			return out, nil
		})
	verb(f, api, "POST", "/notices/read", "readNotices", "Mark notices as read: those given, or all of them",
		func(ctx context.Context, c caller, in *struct {
			Body struct {
				Notices []string `json:"notices,omitempty" maxItems:"1000" doc:"IDs; absent: all"`
			}
		}) (*struct{}, error) {
			return &struct{}{}, f.site.ReadNotices(ctx, c.actor, in.Body.Notices...)
		})
}

// placed is an error whose fields stand elsewhere in the body than in its values.
type placed struct {
	error
	at func(field string) string
}

func (p placed) Unwrap() error { return p.error }

func at(err error, place func(field string) string) error { return placed{err, place} }
