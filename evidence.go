package bihuan

import (
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// Filing is a form somebody filled in, on its way to become evidence.
type Filing struct {
	Subject    string         // its ID; in FileMany the key will do
	Form       string         // a form of the programme, or programme.SubjectForm
	On         programme.Day  // the day it is true; 0: the field that `is: date`, else today
	By         string         // the party or role that files; empty: the one that the actor's grants give
	Values     map[string]any // raw, as Form.Fill takes them
	Supersedes string         // the evidence that this one corrects
	Row        int            // in the file, from 1 with the header as row 1
	Recorded   time.Time      // System only: the moment it is taken to be recorded, for the history of a demo
}

// Filed is what a filing did: the evidence's ID, and what moved.
type Filed struct {
	ID            string
	Before, After Standing
	Moved         []ClauseMove // in the actor's column
}

// Standing is where a subject stands in the actor's own column and in the deciding one.
type Standing struct{ Own, Deciding Column }

// Column is the live score of a subject in one party's column, without its reasons.
type Column struct {
	Party  string
	Scored bool
	Total  assess.Points
	Grade  string
}

// ClauseMove is a clause whose verdict or points changed.
type ClauseMove struct {
	Clause                    string
	Before, After             assess.Verdict
	PointsBefore, PointsAfter assess.Points
}

// Evidence is a filed form. It is never changed: it may be superseded or withdrawn, and stays readable.
type Evidence struct {
	ID, Subject, Form, By string
	Account, AccountName  string // who filed it
	Seq                   int64  // its place in the programme's order of evidence, from 1 without gaps
	On                    programme.Day
	Recorded              time.Time
	Values                programme.Values
	Version               string // the ID of the version it was filed under
	Supersedes            string
	SupersededBy          string
	Withdrawn             *Withdrawal
	Attachments           []Attachment
}

// Withdrawal takes evidence out of the score from its moment on.
type Withdrawal struct {
	Account, AccountName, Reason string
	At                           time.Time
}

// Attachment is a file, found by the hash of its content.
type Attachment struct {
	SHA256 string
	Name   string // as the person called it
	Media  string // as its content says: image/jpeg, application/pdf, …
	Size   int64  // bytes
	Field  string // the field of the form it stands in; empty: not attached yet
}

// Draft is what somebody typed into a form and has not filed: unchecked, and seen by nobody else.
type Draft struct {
	Subject, Form string
	Values        map[string]any
	UpdatedAt     time.Time
}
