package bihuan_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

func TestPublish(t *testing.T) {
	each(t, func(r *runner) {
		r.Who("officer").File("E1", "roster", "2021-05-01", values{"people": 100, "members": 85})
		r.File("E1", "visit", "", values{"day": "2021-05-01"})
		r.Want()
		first, err := r.site.Running(r.ctx, "home")
		r.must(err)

		again := r.Publish("home", nil)
		if again.ID != first.Version.ID {
			t.Error("the same content made another version")
		}
		_, r.err = r.site.Publish(r.ctx, bihuan.System(), fixture(t, "home", map[string]string{"minus: 1,": "minus: 2,"}), "home", "")
		r.Want(bihuan.Conflict) // another content under the same version text
		_, r.err = r.site.Publish(r.ctx, bihuan.System(), fixture(t, "home", map[string]string{`version: "1"`: `version: "2"`, "key: code": "key: title"}), "home", "")
		r.Want(bihuan.Conflict)
		_, r.err = r.site.Publish(r.ctx, bihuan.System(), fixture(t, "home", map[string]string{"visit.size()": "visits.size()"}), "home", "")
		r.Want(bihuan.Invalid)
		if m, ok := errors.AsType[programme.Mistakes](r.err); !ok || len(m) != 1 || m[0].Line == 0 {
			t.Errorf("mistakes %v", r.err)
		}
		files := fixture(t, "home", map[string]string{`version: "1"`: `version: "9"`}).(fstest.MapFS)
		files["cases/wrong.yaml"] = &fstest.MapFile{Data: []byte("case: wrong\nas_of: 2021-01-20\nsubject: {code: A, title: a}\nevidence: []\nexpect: {total: 7}\n")}
		_, r.err = r.site.Publish(r.ctx, bihuan.System(), files, "home", "")
		r.Want(bihuan.Invalid)

		// A new version moves every score in the same transaction; columns and clauses that are gone leave nothing behind.
		v, err := r.site.Publish(r.ctx, r.Login("admin"), fixture(t, "home", map[string]string{`version: "1"`: `version: "2"`, "minus: 1,": "minus: 2,",
			"  town: {title: {zh: 镇评, en: Town}, role: assessor}\n": "", "by: [self, town]": "by: [self]", "{town: 30d}, ": "",
			"  assessor: {title: {zh: 镇街, en: Assessor}}\n": "", `clause: "1.1.2"`: `clause: "1.1.4"`}), "home", "少一级")
		r.must(err)
		if self, town := r.Total("E1", "self"), r.Total("E1", "town"); self != "40" || town != "-" {
			t.Errorf("under version 2: self %s, town %s", self, town)
		}
		r.sameAsAnew("home")
		rows, n, err := r.site.Subjects(r.ctx, bihuan.System(), bihuan.SubjectQuery{Programme: "home", Clause: "1.1.2", Status: "partly"})
		if err != nil || n != 0 {
			t.Errorf("%v %v", rows, err)
		}
		scores, err := r.site.Columns(r.ctx, r.Login("officer"), r.ID("E1"), bihuan.At{Version: first.Version.ID})
		if err != nil || len(scores) != 3 || points(scores[0].Total) != "45" {
			t.Errorf("under version 1: %v", err)
		}
		list, err := r.site.Versions(r.ctx, "home")
		if err != nil || len(list) != 2 || list[0].ID != v.ID || list[0].Note != "少一级" {
			t.Errorf("%+v %v", list, err)
		}
		history, err := r.site.History(r.ctx, r.Login("officer"), r.ID("E1"), "self")
		if last := history[len(history)-1]; err != nil || last.Cause != "version" || last.Version != "2" || points(last.Total) != "40" {
			t.Errorf("%+v %v", last, err)
		}
		// What was filed under the first version reads as it was filed.
		evidence, err := r.site.EvidenceOf(r.ctx, r.Login("officer"), r.ID("E1"), "roster")
		if err != nil || evidence[0].Version != first.Version.ID || evidence[0].Values["members"] != int64(85) {
			t.Errorf("%+v %v", evidence, err)
		}
		r.Publish("home", nil) // a demo that starts again does not bring the old version back
		if run, _ := r.site.Running(r.ctx, "home"); run.Version.ID != v.ID {
			t.Error("the old version runs again")
		}
		if all, err := r.site.Programmes(r.ctx); err != nil || len(all) != 1 {
			t.Errorf("%v %v", all, err)
		}
	})
}

// Two processes that publish the same version at once make one.
func TestPublishAtOnce(t *testing.T) {
	each(t, func(r *runner) {
		var wg sync.WaitGroup
		ids := make([]string, 6)
		for i := range ids {
			wg.Go(func() {
				v, err := r.site.Publish(r.ctx, bihuan.System(), fixture(t, "contest", nil), "contest", "")
				if err != nil {
					t.Error(err)
				}
				ids[i] = v.ID
			})
		}
		wg.Wait()
		if joined := strings.Join(ids, ""); joined != strings.Repeat(ids[0], len(ids)) {
			t.Errorf("versions %v", ids)
		}
	})
}
