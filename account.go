package bihuan

import (
	"context"
	"time"

	"bihuan.dev/bihuan/programme"
)

// Actor is who acts, with what he has been granted. The zero Actor is a visitor.
type Actor struct {
	ID, Login, Name string
	Lang            programme.Lang
	Grants          []Grant
	Stamp           string // changes with the password; a session that kept another stamp is over

	system bool
}

// Grant is a role at a unit; it holds for everything below the unit.
// The programme "" and the role Admin administer the unit itself: units, accounts, imports.
type Grant struct{ Programme, Role, Unit string }

// Admin is the role of administrators, granted with the programme "".
const Admin = "admin"

// System is the product acting by itself: the demo, the command line, jobs. It may do everything.
func System() Actor {
	return Actor{ID: "system", Login: "system", Name: "闭环", Lang: programme.Zh, system: true}
}

// Visitor reports whether nobody has signed in.
func (a Actor) Visitor() bool { return a.ID == "" }

// Account is what an administrator sees of somebody's account.
type Account struct {
	ID, Login, Name string
	Lang            programme.Lang
	Grants          []Grant
	CreatedAt       time.Time
	Disabled        bool
	Locked          bool // for a quarter of an hour, after five wrong passwords
}

// NewAccount is an account to be created. An empty password makes an account that cannot sign in with one.
type NewAccount struct {
	Login, Name, Password string
	Lang                  programme.Lang // empty: Zh
	Grants                []Grant
}

// AccountQuery selects accounts by name or login, and by where they hold grants.
type AccountQuery struct {
	Search string
	Unit   string // and below; empty: wherever the actor administers
	Page
}

// AccountPage is a part of the list of accounts, and how many there are in all.
type AccountPage struct {
	Accounts []Account
	Total    int
}

var _ context.Context
