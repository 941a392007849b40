package bihuan_test

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/db"
)

// loadedAnew opens the site as a process just started does, compares what it loads with what has been kept current, and tells how many
// subjects came from segments.
func (r *runner) loadedAnew() int {
	r.Helper()
	fresh, err := bihuan.Open(r.ctx, bihuan.Config{Database: r.url, Files: r.files, Now: r.now.Now})
	r.must(err)
	defer func() { _ = fresh.Close() }()
	a, b := r.everybody(r.site), r.everybody(fresh)
	if a.Subjects != b.Subjects || !reflect.DeepEqual(a.Flow, b.Flow) || a.Mean != b.Mean || len(a.Movers) != len(b.Movers) {
		r.Fatalf("kept: %d subjects, %v, %v; loaded: %d subjects, %v, %v", a.Subjects, a.Flow, a.Mean, b.Subjects, b.Flow, b.Mean)
	}
	for i, m := range a.Movers {
		n := b.Movers[i]
		if m.Row, n.Row = 0, 0; !reflect.DeepEqual(m, n) {
			r.Errorf("kept %+v, loaded %+v", m, n)
		}
	}
	return fresh.Populations()[0].Packed
}

// A start takes its population from segments, and brings it to what the rows say: what was filed, corrected, withdrawn since, who
// came and who left. Segments that are missing, damaged, overlapping, or of another version are read from rows and written anew, by
// several processes at once.
func TestSegments(t *testing.T) {
	const subjects = 2500 // two segments
	each(t, func(r *runner) {
		var rows []bihuan.NewSubject
		for i := range subjects {
			rows = append(rows, bihuan.NewSubject{Row: i + 2, Unit: []string{"e1", "w1"}[i%2], Fields: values{"code": fmt.Sprint("S", i), "title": "家", "size": []string{"small", "large"}[i%2]}})
		}
		_, err := r.site.Enrol(r.ctx, bihuan.System(), "home", rows, bihuan.Import{})
		r.must(err)
		file := func(i, members int) bihuan.Filed {
			f, err := r.site.File(r.ctx, bihuan.System(), bihuan.Filing{Subject: r.ID(fmt.Sprint("S", i)), Form: "roster", On: day("2021-05-01"), By: "self",
				Values: values{"people": 100, "members": members}})
			r.must(err)
			return f
		}
		for i := range 40 {
			file(i*61, 50+i)
		}
		want := func(what string, least, most int) {
			r.Helper()
			if n := r.loadedAnew(); n < least || n > most {
				r.Errorf("%s: %d subjects came from segments, want %d to %d", what, n, least, most)
			}
		}
		r.everybody(r.site)
		want("written by who loaded first", subjects-1, subjects+5)

		wrong := file(7, 99)
		file(8, 98)
		r.must(r.site.Withdraw(r.ctx, bihuan.System(), wrong.ID, "填错"))
		r.must(r.site.Leave(r.ctx, bihuan.System(), r.ID("S9"), "迁出"))
		r.Enrol("home", "e1", values{"code": "S-new", "title": "新", "size": "small"})
		want("after some changes", subjects-1, subjects+5)

		d, err := db.Open(r.ctx, r.url)
		r.must(err)
		defer func() { _ = d.Close() }()
		exec := func(query string, args ...any) {
			r.Helper()
			r.must(d.Tx(r.ctx, func(tx *db.Tx) error { _, err := tx.Exec(r.ctx, query, args...); return err }))
		}
		exec("UPDATE population_segment SET body = $1 WHERE first = ''", []byte{1, 0, 1, 3, 'x'})
		want("one damaged", 1, 500)
		want("made anew", subjects-1, subjects+5)
		exec("UPDATE population_segment SET subjects = subjects + 1, seq = seq + 1 WHERE first = ''")
		want("one lies about itself", 1, 500)
		exec("DELETE FROM population_segment WHERE first = ''")
		want("one missing", 1, 500)
		exec("UPDATE population_segment SET upto = '' WHERE first = ''")
		want("overlapping and damaged", 0, 0)

		exec("DELETE FROM population_segment")
		var several sync.WaitGroup
		for range 4 {
			several.Go(func() {
				s, err := bihuan.Open(r.ctx, bihuan.Config{Database: r.url, Files: r.files, Now: r.now.Now})
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = s.Close() }()
				if _, err := s.WhatIf(r.ctx, bihuan.System(), "home", "", change(t, "1.1.2.each.points=5"), 3); err != nil {
					t.Error(err)
				}
			})
		}
		several.Wait()
		want("made by several at once", subjects-1, subjects+5)

		for i := range 300 { // more than one in eight of the first segment
			if i != 9 {
				file(i, 60+i%40)
			}
		}
		if n := r.loadedAnew(); n >= subjects {
			r.Errorf("%d subjects came from segments that are far behind", n)
		}
		r.Publish("home", map[string]string{`version: "1"`: `version: "2"`, "minus: 1,": "minus: 2,"})
		r.everybody(r.site)
		if n := r.site.Populations()[0].Packed; n != 0 {
			r.Errorf("%d subjects came from segments of another version", n)
		}
		want("written for the new version", subjects-1, subjects+5)
	})
}

// Loading that is broken off, at whatever moment, leaves nothing half behind.
func TestLoadingBrokenOff(t *testing.T) {
	each(t, func(r *runner) {
		var rows []bihuan.NewSubject
		for i := range 600 {
			rows = append(rows, bihuan.NewSubject{Row: i + 2, Unit: "e1", Fields: values{"code": fmt.Sprint("S", i), "title": "家", "size": "small"}})
		}
		_, err := r.site.Enrol(r.ctx, bihuan.System(), "home", rows, bihuan.Import{})
		r.must(err)
		for i := range 5 {
			_, err := r.site.File(r.ctx, bihuan.System(), bihuan.Filing{Subject: r.ID(fmt.Sprint("S", i)), Form: "roster", On: day("2021-05-01"), By: "self",
				Values: values{"people": 100, "members": 50 + i}})
			r.must(err)
		}
		r.everybody(r.site)
		broken := 0
		for n := int32(1); ; n += 1 + n/3 {
			r.Publish("home", map[string]string{`version: "1"`: fmt.Sprintf(`version: "1.%d"`, n)}) // what is in memory is of another version
			ctx, cancel := context.WithCancel(r.ctx)
			patience := &breaking{Context: ctx, cancel: cancel}
			patience.left.Store(n)
			err := r.site.LoadPopulation(patience, "home")
			if cancel(); err == nil {
				break
			}
			broken++
			r.loadedAnew()
		}
		if broken < 5 {
			r.Errorf("loading was broken off %d times", broken)
		}
	})
}

// breaking is a context that ends when it was looked at so often.
type breaking struct {
	context.Context
	cancel func()
	left   atomic.Int32
}

func (b *breaking) Done() <-chan struct{} {
	if b.left.Add(-1) == 0 {
		b.cancel()
	}
	return b.Context.Done()
}
