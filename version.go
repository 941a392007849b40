package bihuan

import (
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// Version is a published version of a programme. Its content never changes.
type Version struct {
	ID, Programme, Version, Hash, Note string
	PublishedAt                        time.Time
	PublishedBy                        string // the account's ID
}

// Running is a version that is loaded and compiled. It is shared: read it, do not change it.
type Running struct {
	Version Version
	*programme.Programme
	Assess *assess.Program
}

// Deciding gives the party whose column decides: the last one.
func (r *Running) Deciding() string {
	if len(r.Parties) == 0 {
		return ""
	}
	return r.Parties[len(r.Parties)-1].Name
}
