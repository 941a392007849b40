package bihuan

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Change is a point in the history of a subject's total or grade, and what caused it.
type Change struct {
	At       time.Time     // when it became so
	AsOf     programme.Day // the day it is of
	Scored   bool
	Total    assess.Points
	Grade    string
	Cause    string         // "evidence", "withdrawal", "version", "matter" or "day" (something went stale, began or ended)
	Evidence *EvidenceBrief // of evidence and withdrawals
	Version  string         // of versions: the version's text
}

// EvidenceBrief names a piece of evidence without its content.
type EvidenceBrief struct {
	ID, Form, By string
	Title        programme.Text // of the form
	AccountName  string
	On           programme.Day
}

// mostHistory is how many moments a history looks at, the newest ones.
const mostHistory = 400

// History gives the changes of a subject's total or grade in a party's column (empty: the deciding one), the oldest first:
// what the live score was at each moment at which anything could have moved it, by the version that ran. It is computed
// from the evidence, so it is right for evidence of before the site began, too. Changes by the calendar alone are found on
// the days on which evidence goes stale or a veto ends, and otherwise on the first of a month.
func (s *Site) History(ctx context.Context, a Actor, subjectID, party string) ([]Change, error) {
	var list []Change
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		sub, run, _, err := s.seen(ctx, tx, a, subjectID)
		if err != nil {
			return err
		}
		if party == "" {
			party = run.Deciding()
		}
		if _, ok := run.Party(party); !ok {
			return notFound("该评价方", "party")
		}
		evidence, err := s.evidenceWhere(ctx, tx, "e.subject_id = $1", subjectID)
		if err != nil {
			return err
		}
		versions, err := versionsIn(ctx, tx, s, "WHERE programme = $1 ORDER BY published_at", sub.Programme)
		if err != nil {
			return err
		}
		list, err = s.replay(ctx, tx, run, sub, party, evidence, versions)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", subjectID, err)
	}
	return list, nil
}

// replay scores the subject at every moment that may have moved it, and keeps those that did.
func (s *Site) replay(ctx context.Context, tx *db.Tx, run *Running, sub Subject, party string, evidence []Evidence, versions []Version) ([]Change, error) {
	running, next := run, 0 // before the first version was published here, the first one counts
	if len(versions) > 0 {
		var err error
		if running, err = s.versionIn(ctx, tx, versions[0].ID); err != nil {
			return nil, err
		}
	}
	all, err := s.storedOf(ctx, tx, sub.ID)
	if err != nil {
		return nil, err
	}
	logs, err := s.matterLogs(ctx, tx, run, []string{sub.ID})
	if err != nil {
		return nil, err
	}
	matters := logs[sub.ID]
	moments := s.momentsOf(run, evidence, matters, versions)
	var list []Change
	for _, m := range moments {
		for ; next < len(versions) && !versions[next].PublishedAt.After(m.At); next++ {
			if running, err = s.versionIn(ctx, tx, versions[next].ID); err != nil {
				return nil, err
			}
		}
		if _, ok := running.Party(party); !ok {
			continue
		}
		facts := allFacts{map[string][]assess.Evidence{sub.ID: all.by(running, m.At.UnixMicro())},
			map[string]map[string][]programme.Values{sub.ID: matters.lists(running, m.AsOf, m.At.UnixMicro())}}
		result := assessed(running, []Subject{sub}, facts, m.AsOf, party)
		m.Scored, m.Total, m.Grade = result.Scored(0), result.Total(0), result.Grade(0)
		if n := len(list); n > 0 && list[n-1].Scored == m.Scored && list[n-1].Total == m.Total && list[n-1].Grade == m.Grade {
			continue
		}
		list = append(list, m)
	}
	return list, nil
}

// momentsOf lists when the score may have moved, in order: something recorded or withdrawn, a version, a day.
func (s *Site) momentsOf(run *Running, evidence []Evidence, matters matterLog, versions []Version) []Change {
	var list []Change
	add := func(at time.Time, cause string, e *Evidence) {
		c := Change{At: at, AsOf: programme.DayOf(at.In(s.zone)), Cause: cause}
		if e != nil {
			c.Evidence = &EvidenceBrief{ID: e.ID, Form: e.Form, By: e.By, AccountName: e.AccountName, On: e.On}
			if f := run.forms[e.Form]; f != nil {
				c.Evidence.Title = formTitle(f)
			}
		}
		list = append(list, c)
	}
	now, days := s.Now(), map[programme.Day]bool{}
	first := programme.DayOf(now)
	for i := range evidence {
		e := &evidence[i]
		add(e.Recorded, "evidence", e)
		if e.Withdrawn != nil {
			add(e.Withdrawn.At, "withdrawal", e)
		}
		first = min(first, programme.DayOf(e.Recorded))
		if f := run.forms[e.Form]; f != nil && !f.Valid.Zero() {
			days[run.calendar.Add(e.On, f.Valid)+1] = true
		}
		if run.Standard != nil {
			for _, v := range run.Standard.Vetoes {
				if !v.For.Zero() {
					days[run.calendar.Add(e.On, v.For)] = true
				}
			}
		}
	}
	for _, m := range matters {
		for _, e := range m.events {
			add(s.moment(e.at), "matter", nil)
			first = min(first, e.on)
		}
	}
	for _, v := range versions {
		if len(evidence) > 0 && v.PublishedAt.After(evidence[len(evidence)-1].Recorded) { // not those of before it was enrolled
			add(v.PublishedAt, "version", nil)
			list[len(list)-1].Version = v.Version
		}
	}
	y, m, _ := first.Time().Date()
	for i := 1; ; i++ {
		d := programme.DayOf(time.Date(y, m+time.Month(i), 1, 0, 0, 0, 0, time.UTC))
		if d > programme.DayOf(now) {
			break
		}
		days[d] = true
	}
	for d := range days {
		if d > first && d <= programme.DayOf(now) {
			y, m, day := d.Time().Date()
			add(time.Date(y, m, day, 0, 0, 0, 0, s.zone), "day", nil)
		}
	}
	slices.SortStableFunc(list, func(a, b Change) int { return a.At.Compare(b.At) })
	return list[max(0, len(list)-mostHistory):]
}

// storedFacts is all the evidence of one subject, to be read as of many moments.
type storedFacts struct {
	list      []storedEvidence // the newest first
	withdrawn map[string]int64
}

func (s *Site) storedOf(ctx context.Context, tx *db.Tx, id string) (*storedFacts, error) {
	out := &storedFacts{withdrawn: map[string]int64{}}
	err := tx.Each(ctx, `SELECT w.evidence_id, w.recorded_at FROM evidence_withdrawal w JOIN evidence e ON e.id = w.evidence_id
		WHERE e.subject_id = $1`, []any{id}, func(scan func(...any) error) error {
		var evidence string
		var at int64
		err := scan(&evidence, &at)
		out.withdrawn[evidence] = at
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, s.eachEvidence(ctx, tx, []string{id}, func(e *storedEvidence) { out.list = append(out.list, *e) })
}

// by gives the evidence that counted at a moment, by the forms of a version.
func (f *storedFacts) by(run *Running, moment int64) []assess.Evidence {
	superseded := map[string]bool{}
	for _, e := range f.list {
		if e.Recorded <= moment && e.supersedes.Valid {
			superseded[e.supersedes.String] = true
		}
	}
	var out []assess.Evidence
	for i, e := range f.list {
		at, withdrawn := f.withdrawn[e.ID]
		form := run.forms[e.Form]
		if e.Recorded > moment || superseded[e.ID] || withdrawn && at <= moment || form == nil {
			continue
		}
		if e.Values == nil {
			f.list[i].Values = readValues(form, []byte(e.doc))
			e.Values = f.list[i].Values
		}
		out = append(out, e.Evidence)
	}
	return out
}
