package bihuan_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bihuan.dev/bihuan"
)

func (r *runner) Roster() bihuan.Roster {
	r.Helper()
	list, err := r.site.Roster(r.ctx, bihuan.System(), r.home("E1"), "member", "", bihuan.Page{Limit: 1000})
	r.must(err)
	return list
}

func (r *runner) AddVoices(people ...bihuan.Person) []bihuan.Slip {
	r.Helper()
	var list bihuan.Rostered
	list, r.err = r.site.AddVoices(r.ctx, r.as, r.home("E1"), "member", people)
	return list.Slips
}

func (r *runner) Speak(code string) bihuan.Actor {
	r.Helper()
	var a bihuan.Actor
	a, r.err = r.site.Speak(r.ctx, "10.0.0.1", code)
	return a
}

// A roster takes everybody once, tells mistakes by row, and gives each a code that works once.
func TestRoster(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		r.Who("m1").AddVoices(bihuan.Person{Name: "王芳"})
		r.Want(bihuan.Forbidden)
		r.Who("chair2").AddVoices(bihuan.Person{Name: "王芳"})
		r.Want(bihuan.NotFound)
		r.Who("chair").AddVoices(bihuan.Person{Row: 2, Name: "王芳"}, bihuan.Person{Row: 3, Name: " "}, bihuan.Person{Row: 4, Name: "王　芳"}, bihuan.Person{Row: 5, Name: "王芳"})
		r.Want(bihuan.Invalid)
		if rows := rowsOf(r.err); len(rows) != 2 || rows[0].Row != 3 || rows[1].Row != 5 {
			r.Error(describe(r.err))
		}
		slips := r.AddVoices(bihuan.Person{Name: "王芳", Number: "Ａ１"}, bihuan.Person{Name: "王芳", Number: "A2"}, bihuan.Person{Name: "李强"})
		r.Want()
		if again := r.AddVoices(bihuan.Person{Name: "王芳", Number: "A1"}, bihuan.Person{Name: "赵敏"}); len(again) != 1 || len(slips) != 3 {
			r.Errorf("slips %+v, again %+v", slips, again)
		}
		a := r.Speak(strings.ToLower(strings.ReplaceAll(slips[0].Code, "-", " ")))
		r.Want()
		if a.Name != "王芳" || !a.Voice() || a.Grants[0] != (bihuan.Grant{Programme: "loop", Role: "member", Unit: "e1"}) {
			r.Errorf("actor %+v", a)
		}
		var told []string
		for _, code := range []string{slips[0].Code, "AAAA-BBBB-CCCC", "", "'; DROP TABLE voice; --"} {
			r.Speak(code)
			r.Want(bihuan.Unauthenticated)
			told = append(told, r.err.Error())
		}
		if len(slices.Compact(told)) != 1 {
			r.Errorf("a used code and a wrong one are told apart: %v", told)
		}
		list := r.Roster()
		if list.Total != 4 || list.Used != 1 || !slices.ContainsFunc(list.Voices, func(v bihuan.RosterVoice) bool { return v.Number == "A1" && v.Used && !v.Waits }) {
			r.Errorf("roster %+v", list)
		}

		// New codes: the subject's officers for those who have not come in, those above for everybody. The old session ends.
		_, r.err = r.site.NewCodes(r.ctx, r.as, r.home("E1"), "member", a.ID)
		r.Want(bihuan.Forbidden)
		fresh, err := r.site.NewCodes(r.ctx, r.as, r.home("E1"), "member")
		r.must(err)
		if len(fresh) != 3 || fresh[0].Code == slips[1].Code {
			r.Errorf("new codes %+v", fresh)
		}
		r.Speak(slips[1].Code)
		r.Want(bihuan.Unauthenticated)
		fresh, r.err = r.site.NewCodes(r.ctx, r.Login("east"), r.home("E1"), "member", a.ID)
		r.Want()
		if now, err := r.site.ActorByID(r.ctx, a.ID); err != nil || now.Stamp == a.Stamp {
			r.Errorf("the old session goes on: %v", err)
		}
		r.Speak(fresh[0].Code)
		r.Want()
		r.must(r.site.RevokeVoices(r.ctx, r.Login("chair"), r.home("E1"), "member", a.ID))
		if _, err := r.site.ActorByID(r.ctx, a.ID); err == nil {
			r.Error("one who left may still speak")
		}

		// What needs an account says so.
		voice := r.Speak(r.AddVoices(bihuan.Person{Name: "孙丽"})[0].Code)
		_, _, err = r.site.NewToken(r.ctx, voice, "x", 3)
		for i, err := range []error{err, r.site.ChangePassword(r.ctx, voice, "a", "b"), r.site.SaveDraft(r.ctx, voice, r.home("E1"), "gain", values{})} {
			if k, _ := bihuan.KindOf(err); k != bihuan.Forbidden {
				r.Errorf("%d: %v", i, err)
			}
		}
		r.must(r.site.SetLang(r.ctx, voice, "en"))
		m := r.As(voice).Raise("proposal", values{"title": "修路灯", "reason": "太暗"})
		r.Want()
		if page, err := r.site.Matters(r.ctx, voice, bihuan.MatterQuery{Box: bihuan.BoxRaised}); err != nil || page.Total != 1 || page.Matters[0].ID != m.ID {
			r.Errorf("its own matters: %v %+v", err, page)
		}
	})
}

// Several upload the same roster at once: everybody is on it once.
func TestRosterWriters(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		var people []bihuan.Person
		for i := range 40 {
			people = append(people, bihuan.Person{Name: fmt.Sprint("职工", i)})
		}
		chair, home := r.Login("chair"), r.home("E1")
		var mu sync.Mutex
		var wg sync.WaitGroup
		codes := map[string]bool{}
		for range 8 {
			wg.Go(func() {
				list, err := r.site.AddVoices(r.ctx, chair, home, "member", people)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || len(list.Slips)+list.Known != 40 {
					r.Errorf("%v %+v", err, list)
				}
				for _, s := range list.Slips {
					codes[s.Code] = true
				}
			})
		}
		wg.Wait()
		if list := r.Roster(); list.Total != 40 || len(codes) != 40 {
			r.Errorf("%d on the roster, %d codes", list.Total, len(codes))
		}
		var in sync.Map
		for code := range codes {
			for range 2 { // two telephones, one code
				wg.Go(func() {
					if a, err := r.site.Speak(r.ctx, code, code); err == nil {
						if _, twice := in.LoadOrStore(a.ID, true); twice {
							r.Error("a code worked twice")
						}
					} else if k, refused := bihuan.KindOf(err); !refused || k != bihuan.Unauthenticated {
						r.Errorf("broke: %v", err)
					}
				})
			}
		}
		wg.Wait()
		if list := r.Roster(); list.Used != 40 {
			r.Errorf("%d came in", list.Used)
		}
	})
}

// Who comes by the link gives his name and number, and comes in once.
func TestRosterLink(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		slips := r.Who("chair").AddVoices(bihuan.Person{Name: "王芳", Number: "A1"}, bihuan.Person{Name: "李强"})
		link, err := r.site.OpenLink(r.ctx, r.as, r.home("E1"), "member")
		r.must(err)
		come := func(link, name, number string) {
			_, r.err = r.site.SpeakByLink(r.ctx, "10.0.0.2", link, name, number)
		}
		come(link, "王芳", "A2")
		r.Want(bihuan.Unauthenticated)
		come(link, "李强", "") // without a number anybody could be him
		r.Want(bihuan.Unauthenticated)
		come("other", "王芳", "A1")
		r.Want(bihuan.Unauthenticated)
		come(link, " 王芳", "ａ1")
		r.Want()
		come(link, "王芳", "A1")
		r.Want(bihuan.Unauthenticated)
		r.Speak(slips[0].Code)
		r.Want(bihuan.Unauthenticated)
		r.must(r.site.CloseLink(r.ctx, r.as, r.home("E1"), "member"))
		if _, err := r.site.LinkedSubject(r.ctx, link); err == nil {
			r.Error("a closed link is open")
		}
	})
}

// Guessing ends: a hundred wrong codes from one address, forty names for a link, then one has to wait; others are not kept out.
func TestGuessing(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		slips := r.Who("chair").AddVoices(bihuan.Person{Name: "王芳"}, bihuan.Person{Name: "李强"}, bihuan.Person{Name: "赵敏", Number: "7"})
		for range 100 {
			r.Speak("AAAA-AAAA-AAAA")
			r.Want(bihuan.Unauthenticated)
		}
		r.Speak(slips[0].Code)
		r.Want(bihuan.TooMany)
		if !strings.Contains(r.err.Error(), "12:1") {
			r.Errorf("it does not say when: %v", r.err)
		}
		_, err := r.site.Speak(r.ctx, "10.0.0.9", slips[0].Code)
		r.must(err)
		r.now.mu.Lock()
		r.now.now = r.now.now.Add(16 * time.Minute)
		r.now.mu.Unlock()
		r.Speak(slips[1].Code)
		r.Want()
		link, err := r.site.OpenLink(r.ctx, r.as, r.home("E1"), "member")
		r.must(err)
		for i := range 40 {
			_, err := r.site.SpeakByLink(r.ctx, fmt.Sprint("10.1.0.", i), link, "赵敏", fmt.Sprint(100+i))
			if k, _ := bihuan.KindOf(err); k != bihuan.Unauthenticated {
				r.Fatalf("try %d: %v", i, err)
			}
		}
		_, r.err = r.site.SpeakByLink(r.ctx, "10.2.0.1", link, "赵敏", "7")
		r.Want(bihuan.TooMany)
		var wg sync.WaitGroup // many at once get no more tries than one after the other
		for range 140 {
			wg.Go(func() { _, _ = r.site.Speak(r.ctx, "10.3.0.1", "AAAA-AAAA-AAAA") })
		}
		wg.Wait()
		_, r.err = r.site.Speak(r.ctx, "10.3.0.1", slips[2].Code)
		r.Want(bihuan.TooMany)
	})
}
