package bihuan

import (
	"errors"
	"fmt"

	"bihuan.dev/bihuan/programme"
)

// Kind is what sort of refusal an Error is; the faces turn it into a status.
type Kind int

// The kinds of refusal.
const (
	Invalid         Kind = iota // what was given is wrong; Fields or Rows say where
	NotFound                    // it does not exist, or the actor may not know that it does
	Forbidden                   // the actor may not do this
	Conflict                    // somebody or something was there first
	TooLarge                    // a file, a text or a number of rows beyond its limit
	TooMany                     // too often in too short a time
	Unauthenticated             // one has to sign in for this
)

var kindWords = [...]string{"invalid", "not found", "forbidden", "conflict", "too large", "too many", "unauthenticated"}

func (k Kind) String() string { return kindWords[k] }

// Error is what a person can act on: a sentence, what to do next, and the mistakes by field or by row.
// Everything else that goes wrong comes back as a plain error and is nobody's business but ours.
type Error struct {
	Kind   Kind
	Text   programme.Text
	Hint   programme.Text
	Fields []programme.FieldError
	Rows   []RowError

	cause error
}

// Unwrap gives what lies beneath: programme.Mistakes, when a programme could not be published.
func (e *Error) Unwrap() error { return e.cause }

// RowError is a mistake in one row of a file that somebody sent.
type RowError struct {
	Row   int    // as in the file, counted from 1 with the header as row 1
	Field string // the column; empty: the whole row
	Text  programme.Text
}

// Error gives the English text.
func (e *Error) Error() string {
	s := e.Text.In(programme.En)
	for _, f := range e.Fields {
		s += "; " + f.Error()
	}
	for i, r := range e.Rows {
		if i == 3 {
			s += fmt.Sprintf("; and %d more", len(e.Rows)-3)
			break
		}
		s += fmt.Sprintf("; row %d: %s", r.Row, r.Text.In(programme.En))
	}
	return s
}

// KindOf tells the kind of an error made here, anywhere in its chain.
func KindOf(err error) (Kind, bool) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind, true
	}
	return 0, false
}

func refuse(k Kind, zh, en string, values ...any) *Error {
	return &Error{Kind: k, Text: programme.T(zh, en).Fill(values...)}
}

func (e *Error) hint(zh, en string, values ...any) *Error {
	e.Hint = programme.T(zh, en).Fill(values...)
	return e
}

func wrongField(field, zh, en string, values ...any) programme.FieldError {
	return programme.FieldError{Field: field, Message: programme.T(zh, en).Fill(values...)}
}

// wrongFields refuses what was filled in, or is nil when there is no mistake.
func wrongFields(fields []programme.FieldError) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Text: programme.T("有填写错误，请改正后再提交", "some entries are wrong"), Fields: fields}
}

// The refusals that many verbs share. They do not say whether the thing exists.
func notFound(zh, en string) *Error {
	return refuse(NotFound, "没有找到{0}", "there is no such {1}", zh, en)
}

func signInFirst() *Error { return refuse(Unauthenticated, "请先登录", "please sign in") }

func mayNot() *Error {
	return refuse(Forbidden, "您没有办理此事的权限", "you may not do this").
		hint("请向本单位管理员申请授权", "ask the administrator of your unit for a grant")
}

func needsAccount() *Error {
	return refuse(Forbidden, "这项功能要有账号才能用", "this needs an account").hint("用码进入的，凭码办事即可", "with a code nothing of the kind is needed")
}
