package web

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"bihuan.dev/bihuan"
)

// RosterPath names the roster of a role at a subject.
type RosterPath struct {
	SubjectPath
	Role string `path:"role" doc:"A role that is no party's"`
}

// slipJSON is what is handed to somebody.
type slipJSON struct {
	Voice  string `json:"voice" doc:"Its ID"`
	Name   string `json:"name"`
	Number string `json:"number,omitempty"`
	Code   string `json:"code" doc:"Works once; told in this answer and nowhere else"`
}

func asSlips(list []bihuan.Slip) []slipJSON {
	out := []slipJSON{}
	for _, s := range list {
		out = append(out, slipJSON(s))
	}
	return out
}

// apiRosters: those without an account who may speak for a role at a subject, and their one-time codes.
func (f *face) apiRosters(api huma.API) {
	type voiceJSON struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Number string `json:"number,omitempty"`
		Used   bool   `json:"used" doc:"Has come in"`
		Waits  bool   `json:"waits" doc:"Has a code that was not used yet"`
	}
	type rosterJSON struct {
		Total  int         `json:"total"`
		Used   int         `json:"used"`
		Link   string      `json:"link,omitempty" doc:"The path by which people come in with name and number"`
		Voices []voiceJSON `json:"voices" doc:"By name"`
	}
	verb(f, api, "GET", "/subjects/{subject}/rosters/{role}", "roster", "Those who may speak for a role at a subject; never what anybody said",
		func(ctx context.Context, c caller, in *struct {
			RosterPath
			Search string `query:"search" doc:"The beginning of a name, or a number"`
			Offset int    `query:"offset" minimum:"0"`
			Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*rosterJSON, error) {
			r, err := f.site.Roster(ctx, c.actor, in.Subject, in.Role, in.Search, bihuan.Page{Offset: in.Offset, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := &rosterJSON{Total: r.Total, Used: r.Used, Voices: []voiceJSON{}}
			if r.Link != "" {
				out.Link = "/join/" + r.Link
			}
			for _, v := range r.Voices {
				out.Voices = append(out.Voices, voiceJSON(v))
			}
			return out, nil
		})
	type PersonJSON struct {
		Name   string `json:"name"`
		Number string `json:"number,omitempty" doc:"A staff number; needed to tell namesakes apart and to come in by a link"`
	}
	type rosteredJSON struct {
		Slips []slipJSON `json:"slips" doc:"Of those who are new"`
		Known int        `json:"known" doc:"How many were on it before"`
	}
	verb(f, api, "POST", "/subjects/{subject}/rosters/{role}", "addVoices", "Take people into a roster: all or nobody; each who is new gets a one-time code",
		func(ctx context.Context, c caller, in *struct {
			RosterPath
			Body struct {
				Rows []PersonJSON `json:"rows" minItems:"1"`
			}
		}) (*rosteredJSON, error) {
			var people []bihuan.Person
			for i, p := range in.Body.Rows {
				people = append(people, bihuan.Person{Row: i + 1, Name: p.Name, Number: p.Number})
			}
			r, err := f.site.AddVoices(ctx, c.actor, in.Subject, in.Role, people)
			if err != nil {
				return nil, err
			}
			return &rosteredJSON{asSlips(r.Slips), r.Known}, nil
		})
	verb(f, api, "POST", "/subjects/{subject}/rosters/{role}/codes", "newCodes", "Give people of a roster new codes; what they had before ends",
		func(ctx context.Context, c caller, in *struct {
			RosterPath
			Body struct {
				Voices []string `json:"voices,omitempty" doc:"Their IDs; absent: all who have not come in yet"`
			}
		}) (*[]slipJSON, error) {
			slips, err := f.site.NewCodes(ctx, c.actor, in.Subject, in.Role, in.Body.Voices...)
			if err != nil {
				return nil, err
			}
			out := asSlips(slips)
			return &out, nil
		})
	verb(f, api, "POST", "/subjects/{subject}/rosters/{role}/revoke", "revokeVoices", "Take people off a roster: their codes and sessions end",
		func(ctx context.Context, c caller, in *struct {
			RosterPath
			Body struct {
				Voices []string `json:"voices" minItems:"1" doc:"Their IDs"`
			}
		}) (*struct{}, error) {
			return &struct{}{}, f.site.RevokeVoices(ctx, c.actor, in.Subject, in.Role, in.Body.Voices...)
		})
}

// apiSubjectBallots: the ballots of a subject itself.
func (f *face) apiSubjectBallots(api huma.API) {
	verb(f, api, "GET", "/subjects/{subject}/ballots", "subjectBallots", "The ballots of a subject itself, the newest first",
		func(ctx context.Context, c caller, in *SubjectPath) (*[]ballotJSON, error) {
			list, err := f.site.SubjectBallots(ctx, c.actor, in.Subject)
			if err != nil {
				return nil, err
			}
			out := []ballotJSON{}
			for _, b := range list {
				out = append(out, asBallot(b, c.lang))
			}
			return &out, nil
		})
	verb(f, api, "POST", "/subjects/{subject}/ballots", "callBallot", "Call a ballot of a subject; those invited are told",
		func(ctx context.Context, c caller, in *struct {
			SubjectPath
			Body struct {
				Form   string `json:"form" doc:"A ballot of the programme that no matter uses"`
				Closes string `json:"closes" doc:"Its last day"`
			}
		}) (*ballotJSON, error) {
			inBody := func(field string) string { return "body." + field }
			closes, err := dayIn(in.Body.Closes, "closes")
			if err != nil {
				return nil, at(err, inBody)
			}
			id, err := f.site.CallBallot(ctx, c.actor, in.Subject, in.Body.Form, closes)
			if err != nil {
				return nil, at(err, inBody)
			}
			b, err := f.site.Ballot(ctx, c.actor, id)
			if err != nil {
				return nil, err
			}
			out := asBallot(b, c.lang)
			return &out, nil
		})
	type linkJSON struct {
		Link string `json:"link,omitempty" doc:"The path by which those of the roster vote with name and number, until the ballot is over"`
	}
	verb(f, api, "POST", "/ballots/{ballot}/link", "ballotLink", "Give a running ballot, of a subject or of a matter, a link of its own, or take it away; a new one ends the old",
		func(ctx context.Context, c caller, in *struct {
			Ballot string `path:"ballot"`
			Body   struct {
				Open bool `json:"open"`
			}
		}) (*linkJSON, error) {
			if !in.Body.Open {
				return &linkJSON{}, f.site.CloseBallotLink(ctx, c.actor, in.Ballot)
			}
			link, err := f.site.OpenBallotLink(ctx, c.actor, in.Ballot)
			if err != nil {
				return nil, err
			}
			return &linkJSON{linkedBallotURL(link)}, nil
		})
	verb(f, api, "POST", "/ballots/{ballot}/stop", "breakOffBallot", "End a ballot of a subject without counting it; those invited are told why",
		func(ctx context.Context, c caller, in *struct {
			Ballot string `path:"ballot"`
			Body   struct {
				Reason string `json:"reason" minLength:"1" maxLength:"2000"`
			}
		}) (*struct{}, error) {
			return &struct{}{}, f.site.BreakOffBallot(ctx, c.actor, in.Ballot, in.Body.Reason)
		})
}
