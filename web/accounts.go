package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// accountsPerPage is how many stand on one page of the list.
const accountsPerPage = 50

type accountsArgs struct {
	Query    bihuan.AccountQuery
	Unit     bihuan.Unit // the one that the list is narrowed to; its code is empty for all
	Accounts []bihuan.Account
	Total    int
	Names    unitNames
	Grants   grantChoices
	Form     accountTyped
	Error    *bihuan.Error // what was wrong with the new account
}

// accountTyped is what somebody typed to make an account; the password is not shown again.
type accountTyped struct{ Login, Name, Lang, Role, Unit string }

// unitNames gives the names of units by their codes.
type unitNames map[string]string

// grantChoices are the roles that can be granted, and units to choose from.
type grantChoices struct {
	Programmes []*bihuan.Running
	Units      []bihuan.Unit // suggestions; any other may be typed
}

// accounts lists the accounts within what the viewer administers.
func accounts(r *request) error { return r.accountsPage(http.StatusOK, accountTyped{}, nil) }

func (r *request) accountsPage(status int, typed accountTyped, wrong *bihuan.Error) error {
	if err := r.administers(); err != nil {
		return err
	}
	q := r.URL.Query()
	a := accountsArgs{Form: typed, Error: wrong, Query: bihuan.AccountQuery{Search: strings.TrimSpace(q.Get("q")), Unit: q.Get("unit"),
		Page: bihuan.Page{Offset: subjectQuery("", q).Offset, Limit: accountsPerPage}}}
	list, err := r.f.site.Accounts(r.ctx(), r.actor, a.Query)
	if err != nil {
		return err
	}
	a.Accounts, a.Total = list.Accounts, list.Total
	if a.Query.Unit != "" {
		if a.Unit, err = r.f.site.Unit(r.ctx(), a.Query.Unit); err != nil {
			return err
		}
		if a.Form.Unit == "" {
			a.Form.Unit = a.Unit.Code
		}
	}
	if a.Names, err = r.unitNames(a.Accounts); err != nil {
		return err
	}
	if a.Grants, err = r.grantChoices(); err != nil {
		return err
	}
	v, err := r.inUsual(programme.T("账号与授权", "Accounts and grants"), "admin")
	if err != nil {
		return err
	}
	return r.pageWith(status, accountsPage(v, a))
}

// unitNames looks up the units at which accounts hold grants.
func (r *request) unitNames(list []bihuan.Account) (unitNames, error) {
	names := unitNames{}
	for _, x := range list {
		for _, g := range x.Grants {
			if _, known := names[g.Unit]; known {
				continue
			}
			u, err := r.f.site.Unit(r.ctx(), g.Unit)
			if err != nil {
				return nil, err
			}
			names[g.Unit] = u.Name
		}
	}
	return names, nil
}

// grantChoices offers the roles of all programmes, and the units that the viewer administers with those below.
func (r *request) grantChoices() (grantChoices, error) {
	var c grantChoices
	var err error
	if c.Programmes, err = r.f.site.Programmes(r.ctx()); err != nil {
		return c, err
	}
	within, err := r.adminUnitsOf()
	if err != nil {
		return c, err
	}
	for _, u := range within {
		below, _, err := r.f.site.Units(r.ctx(), bihuan.UnitQuery{Within: u.Code, Page: bihuan.Page{Limit: 300}})
		if err != nil {
			return c, err
		}
		c.Units = append(c.Units, below...)
	}
	return c, nil
}

// grantTyped reads a role, as programme/role, and a unit, by its code or its name.
func (r *request) grantTyped(role, unit string) (bihuan.Grant, error) {
	programmeName, roleName, _ := strings.Cut(role, "/")
	g := bihuan.Grant{Programme: programmeName, Role: roleName}
	wrong := func(field string, text programme.Text) error {
		return &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("有填写错误，请改正后再提交", "Some entries are wrong"),
			Fields: []programme.FieldError{{Field: field, Message: text}}}
	}
	if roleName == "" {
		return g, wrong("role", programme.T("请选择角色", "choose a role"))
	}
	unit = strings.TrimSpace(unit)
	if unit == "" {
		return g, wrong("unit", programme.T("请填单位", "name a unit"))
	}
	found, err := r.f.site.Unit(r.ctx(), unit)
	if err == nil {
		g.Unit = found.Code
		return g, nil
	}
	if kind, known := bihuan.KindOf(err); !known || kind != bihuan.NotFound {
		return g, err
	}
	list, _, err := r.f.site.Units(r.ctx(), bihuan.UnitQuery{Search: unit, Page: bihuan.Page{Limit: 6}})
	if err != nil {
		return g, err
	}
	var named []bihuan.Unit
	for _, u := range list {
		if u.Name == unit {
			named = append(named, u)
		}
	}
	if len(named) == 0 && len(list) == 1 {
		named = list
	}
	switch {
	case len(named) == 1:
		g.Unit = named[0].Code
		return g, nil
	case len(list) == 0:
		return g, wrong("unit", programme.T("没有叫“{0}”的单位", "there is no unit called {0}").Fill(unit))
	}
	var words []string
	for _, u := range list {
		words = append(words, u.Name+" "+u.Code)
	}
	return g, wrong("unit", programme.T("有几个单位相符，请填代码：{0}", "several units match, give the code: {0}").Fill(strings.Join(words, "、")))
}

// createAccount makes an account with its first grant.
func createAccount(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	f := r.PostForm
	typed := accountTyped{Login: f.Get("login"), Name: f.Get("name"), Lang: f.Get("lang"), Role: f.Get("role"), Unit: f.Get("unit")}
	var made bihuan.Account
	g, err := r.grantTyped(typed.Role, typed.Unit)
	if err == nil {
		made, err = r.f.site.CreateAccount(r.ctx(), r.actor, bihuan.NewAccount{Login: typed.Login, Name: typed.Name, Password: f.Get("password"),
			Lang: programme.Lang(typed.Lang), Grants: []bihuan.Grant{g}})
	}
	if known := mendable(err); known != nil {
		return r.accountsPage(statuses[known.Kind], typed, known)
	}
	if err != nil {
		return err
	}
	return r.redirect(accountURL(made.ID), programme.T("账号 {0} 已创建", "The account {0} is made").Fill(made.Login))
}

// mendable gives the error when whoever filled in the form can mend it there.
func mendable(err error) *bihuan.Error {
	var known *bihuan.Error
	if errors.As(err, &known) {
		switch known.Kind {
		case bihuan.Invalid, bihuan.Conflict, bihuan.TooLarge, bihuan.TooMany:
			return known
		}
	}
	return nil
}

type accountArgs struct {
	Account bihuan.Account
	Names   unitNames
	Grants  grantChoices
	Self    bool
	Role    string // what was typed into the new grant
	Unit    string
	Error   *bihuan.Error
}

// account shows one account: its grants, and what an administrator can do about it.
func account(r *request) error { return r.accountPage(http.StatusOK, accountArgs{}) }

func (r *request) accountPage(status int, a accountArgs) error {
	if err := r.administers(); err != nil {
		return err
	}
	list, err := r.f.site.Accounts(r.ctx(), r.actor, bihuan.AccountQuery{ID: r.PathValue("id")})
	if err != nil {
		return err
	}
	if len(list.Accounts) == 0 {
		return &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有这个账号", "There is no such account")}
	}
	a.Account = list.Accounts[0]
	a.Self = a.Account.ID == r.actor.ID
	if a.Names, err = r.unitNames(list.Accounts); err != nil {
		return err
	}
	if a.Grants, err = r.grantChoices(); err != nil {
		return err
	}
	v, err := r.inUsual(programme.T(a.Account.Name, a.Account.Name), "admin")
	if err != nil {
		return err
	}
	return r.pageWith(status, accountPage(v, a))
}

// change does something to the account of the address, and comes back to its page.
func (r *request) change(said programme.Text, typed accountArgs, do func(id string) error) error {
	err := do(r.PathValue("id"))
	if known := mendable(err); known != nil {
		typed.Error = known
		return r.accountPage(statuses[known.Kind], typed)
	}
	if err != nil {
		return err
	}
	return r.redirect(accountURL(r.PathValue("id")), said)
}

// setPassword gives somebody a new password.
func setPassword(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	return r.change(programme.T("密码已重设，请当面告知本人", "The password is set; tell it in person"), accountArgs{}, func(id string) error {
		return r.f.site.SetPassword(r.ctx(), r.actor, id, r.PostForm.Get("new"))
	})
}

// disableAccount keeps an account from signing in, or lets it again.
func disableAccount(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	off := r.PostForm.Get("disabled") != "no"
	said := programme.T("账号已停用", "The account is disabled")
	if !off {
		said = programme.T("账号已恢复", "The account is enabled")
	}
	return r.change(said, accountArgs{}, func(id string) error { return r.f.site.Disable(r.ctx(), r.actor, id, off) })
}

// addGrant grants a role at a unit.
func addGrant(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	typed := accountArgs{Role: r.PostForm.Get("role"), Unit: r.PostForm.Get("unit")}
	return r.change(programme.T("已授权", "Granted"), typed, func(id string) error {
		g, err := r.grantTyped(typed.Role, typed.Unit)
		if err != nil {
			return err
		}
		return r.f.site.AddGrant(r.ctx(), r.actor, id, g)
	})
}

// removeGrant takes a grant back.
func removeGrant(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	programmeName, role, _ := strings.Cut(r.PostForm.Get("role"), "/")
	g := bihuan.Grant{Programme: programmeName, Role: role, Unit: r.PostForm.Get("unit")}
	return r.change(programme.T("授权已收回", "The grant is taken back"), accountArgs{}, func(id string) error {
		return r.f.site.RemoveGrant(r.ctx(), r.actor, id, g)
	})
}

func accountURL(id string) string { return "/admin/accounts/" + url.PathEscape(id) }

// roleText names a grant's role, with its programme where there are several.
func roleText(v view, c grantChoices, g bihuan.Grant) string {
	if g.Programme == "" {
		return v.T("管理员", "Administrator")
	}
	for _, run := range c.Programmes {
		if run.Name == g.Programme {
			text := roleTitle(v, run.Programme, g.Role)
			if len(c.Programmes) > 1 {
				text += v.T("（", " (") + v.In(run.Title) + v.T("）", ")")
			}
			return text
		}
	}
	return g.Programme + "/" + g.Role
}

func roleTitle(v view, p *programme.Programme, name string) string {
	for _, x := range p.Roles {
		if x.Name == name && !x.Title.Empty() {
			return v.In(x.Title)
		}
	}
	return name
}
