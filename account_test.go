package bihuan_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

func TestSignIn(t *testing.T) {
	each(t, func(r *runner) {
		_, err := r.site.CreateAccount(r.ctx, r.Login("townadmin"), bihuan.NewAccount{Login: " Wang.Wei ", Name: "演示王", Password: password,
			Grants: []bihuan.Grant{{Programme: "home", Role: "officer", Unit: "e1"}}})
		r.must(err)
		actor, err := r.site.SignIn(r.ctx, "wang.wei", password)
		r.must(err)
		if actor.Name != "演示王" || len(actor.Grants) != 1 || actor.Lang != programme.Zh {
			t.Fatalf("actor %+v", actor)
		}
		// Whether a login exists shows in nothing: five tries, then the lock.
		for _, login := range []string{"wang.wei", "nobody"} {
			for i := range 7 {
				_, r.err = r.site.SignIn(r.ctx, login, "wrong wrong wrong")
				want := bihuan.Unauthenticated
				if i >= 5 {
					want = bihuan.TooMany
				}
				r.Want(want)
			}
		}
		_, r.err = r.site.SignIn(r.ctx, "wang.wei", password)
		r.Want(bihuan.TooMany)
		if page, _ := r.site.Accounts(r.ctx, bihuan.System(), bihuan.AccountQuery{Search: "wang"}); len(page.Accounts) != 1 || !page.Accounts[0].Locked {
			t.Errorf("%+v", page)
		}
		r.now.mu.Lock()
		r.now.now = r.now.now.Add(16 * time.Minute)
		r.now.mu.Unlock()
		for range 4 { // the count begins anew
			_, r.err = r.site.SignIn(r.ctx, "wang.wei", "wrong wrong wrong")
			r.Want(bihuan.Unauthenticated)
		}
		_, err = r.site.SignIn(r.ctx, "WANG.WEI", password)
		r.must(err)

		// Many at once get no more tries than one after the other.
		var wg sync.WaitGroup
		var mu sync.Mutex
		kinds := map[bihuan.Kind]int{}
		for range 12 {
			wg.Go(func() {
				_, err := r.site.SignIn(r.ctx, "somebody", "wrong wrong wrong")
				k, _ := bihuan.KindOf(err)
				mu.Lock()
				kinds[k]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if kinds[bihuan.Unauthenticated] != 5 || kinds[bihuan.TooMany] != 7 {
			t.Errorf("12 tries at once: %v", kinds)
		}

		// Passwords.
		r.err = r.site.ChangePassword(r.ctx, actor, "not it at all", "another horse 8")
		r.Want(bihuan.Invalid)
		for _, weak := range []string{"short", "wang.wei2021", "aaaaaaaaaaaa", "1234567890", "password123!", "演示王演示王演示王演"} {
			r.err = r.site.ChangePassword(r.ctx, actor, password, weak)
			r.Want(bihuan.Invalid)
		}
		r.must(r.site.ChangePassword(r.ctx, actor, password, "another horse 8"))
		again, err := r.site.SignIn(r.ctx, "wang.wei", "another horse 8")
		r.must(err)
		if again.Stamp == actor.Stamp || actor.Stamp == "" {
			t.Error("the stamp did not change with the password")
		}
		r.err = r.site.SetPassword(r.ctx, r.Login("officer2"), actor.ID, "a third horse 9")
		r.Want(bihuan.Forbidden)
		r.must(r.site.SetPassword(r.ctx, r.Login("townadmin"), actor.ID, "a third horse 9"))
		r.must(r.site.Disable(r.ctx, r.Login("admin"), actor.ID, true))
		_, r.err = r.site.SignIn(r.ctx, "wang.wei", "a third horse 9")
		r.Want(bihuan.Unauthenticated)
		_, r.err = r.site.ActorByID(r.ctx, actor.ID)
		r.Want(bihuan.Unauthenticated)
	})
}

func TestDelegatedAdministration(t *testing.T) {
	each(t, func(r *runner) {
		officer := bihuan.Grant{Programme: "home", Role: "officer", Unit: "e1"}
		for i, c := range []struct {
			who   string
			grant bihuan.Grant
			want  []bihuan.Kind
		}{
			{"townadmin", officer, nil},
			{"townadmin", bihuan.Grant{Role: bihuan.Admin, Unit: "e1"}, nil},
			{"townadmin", bihuan.Grant{Programme: "home", Role: "officer", Unit: "w1"}, []bihuan.Kind{bihuan.Forbidden}},
			{"townadmin", bihuan.Grant{Programme: "home", Role: "judge", Unit: "city"}, []bihuan.Kind{bihuan.Forbidden}},
			{"admin", bihuan.Grant{Programme: "home", Role: "judge", Unit: "city"}, nil},
			{"admin", bihuan.Grant{Programme: "home", Role: "emperor", Unit: "city"}, []bihuan.Kind{bihuan.Invalid}},
			{"admin", bihuan.Grant{Programme: "nothing", Role: "judge", Unit: "city"}, []bihuan.Kind{bihuan.NotFound}},
			{"admin", bihuan.Grant{Role: "judge", Unit: "city"}, []bihuan.Kind{bihuan.Invalid}},
			{"admin", bihuan.Grant{Programme: "home", Role: "judge", Unit: "moon"}, []bihuan.Kind{bihuan.Invalid}},
			{"judge", officer, []bihuan.Kind{bihuan.Forbidden}},
			{"", officer, []bihuan.Kind{bihuan.Unauthenticated}},
		} {
			_, r.err = r.site.CreateAccount(r.ctx, r.Login(c.who), bihuan.NewAccount{Login: fmt.Sprint("new", i), Name: "新人", Grants: []bihuan.Grant{c.grant}})
			r.Want(c.want...)
		}
		_, r.err = r.site.CreateAccount(r.ctx, r.Login("admin"), bihuan.NewAccount{Login: "new0", Name: "重名", Grants: []bihuan.Grant{officer}})
		r.Want(bihuan.Conflict)
		_, r.err = r.site.CreateAccount(r.ctx, r.Login("admin"), bihuan.NewAccount{Login: "a b", Name: ""})
		r.Want(bihuan.Invalid)
		if fields := fieldsOf(r.err); len(fields) != 3 {
			t.Errorf("fields %v", fields)
		}
		// A town's administrator neither sees nor takes over the county's accounts.
		judge := r.Login("judge")
		r.err = r.site.SetPassword(r.ctx, r.Login("townadmin"), judge.ID, "a third horse 9")
		r.Want(bihuan.Forbidden)
		r.err = r.site.Disable(r.ctx, r.Login("townadmin"), judge.ID, true)
		r.Want(bihuan.Forbidden)
		r.err = r.site.AddGrant(r.ctx, r.Login("townadmin"), r.Login("officer").ID, bihuan.Grant{Programme: "home", Role: "officer", Unit: "w1"})
		r.Want(bihuan.Forbidden)
		page, err := r.site.Accounts(r.ctx, r.Login("townadmin"), bihuan.AccountQuery{Search: "演示"})
		if err != nil || page.Total != 5 { // member, officer, officer2, assessor, townadmin
			t.Errorf("%d accounts, %v", page.Total, err)
		}
		_, r.err = r.site.Accounts(r.ctx, r.Login("officer"), bihuan.AccountQuery{})
		r.Want(bihuan.Forbidden)
		r.must(r.site.AddGrant(r.ctx, r.Login("townadmin"), r.Login("member").ID, officer))
		r.must(r.site.RemoveGrant(r.ctx, r.Login("townadmin"), r.Login("member").ID, officer))
		r.err = r.site.RemoveGrant(r.ctx, r.Login("townadmin"), r.Login("member").ID, officer)
		r.Want(bihuan.NotFound)
		for unit, want := range map[string]bool{"e1": true, "east": true, "city": false, "w1": false} {
			if may, err := r.site.May(r.ctx, r.Login("assessor"), "home", unit, "judge", "assessor"); err != nil || may != want {
				t.Errorf("assessor at %s: %v %v", unit, may, err)
			}
		}
	})
}

func TestTokensAndSessions(t *testing.T) {
	each(t, func(r *runner) {
		r.Who("officer")
		plain, token, err := r.site.NewToken(r.ctx, r.as, "抄表程序", 30)
		r.must(err)
		actor, err := r.site.ActorByToken(r.ctx, plain)
		if err != nil || actor.Login != "officer" {
			t.Fatalf("%+v %v", actor, err)
		}
		list, err := r.site.Tokens(r.ctx, r.as)
		if err != nil || len(list) != 1 || list[0].UsedAt.IsZero() || list[0].Name != "抄表程序" {
			t.Errorf("%+v %v", list, err)
		}
		r.err = r.site.RevokeToken(r.ctx, r.Login("officer2"), token.ID)
		r.Want(bihuan.NotFound)
		r.must(r.site.RevokeToken(r.ctx, r.as, token.ID))
		for _, bad := range []string{plain, "bh_x", "", plain + "x"} {
			_, r.err = r.site.ActorByToken(r.ctx, bad)
			r.Want(bihuan.Unauthenticated)
		}
		plain, _, err = r.site.NewToken(r.ctx, r.as, "短期", 1)
		r.must(err)
		r.now.now = r.now.now.AddDate(0, 0, 2)
		_, r.err = r.site.ActorByToken(r.ctx, plain)
		r.Want(bihuan.Unauthenticated)

		store := r.site.SessionStore()
		r.must(store.Commit("past", []byte{1}, time.Now().Add(-time.Minute)))
		if _, found, err := store.Find("past"); err != nil || found {
			t.Errorf("found %v %v", found, err)
		}
		r.must(store.Commit("t", []byte{0, 255}, time.Now().Add(2*time.Hour)))
		if data, found, err := store.Find("t"); err != nil || !found || string(data) != "\x00\xff" {
			t.Errorf("%q %v %v", data, found, err)
		}
		r.must(store.Delete("t"))
		if _, found, err := store.Find("t"); err != nil || found {
			t.Errorf("found %v %v", found, err)
		}
	})
}
