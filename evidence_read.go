package bihuan

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Evidence is a filed form. It is never changed: it may be superseded or withdrawn, and stays readable.
type Evidence struct {
	ID, Subject, Form, By string
	Account, AccountName  string // who filed it
	Seq                   int64  // its place in the programme's order of evidence, from 1 without gaps
	On                    programme.Day
	Recorded              time.Time
	Values                programme.Values // by the form of its version
	Version               string           // the ID of the version it was filed under
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

// Evidence gives one piece of evidence to those of the house who see its subject. Those whose role scores nothing see what
// they filed themselves.
func (s *Site) Evidence(ctx context.Context, a Actor, id string) (Evidence, error) {
	var e Evidence
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if a.Visitor() {
			return signInFirst()
		}
		if e, err = s.evidenceIn(ctx, tx, id); err != nil {
			return err
		}
		_, run, h, err := s.seen(ctx, tx, a, e.Subject)
		if k, ok := KindOf(err); ok && k == NotFound || err == nil && !run.reads(a, h, e) {
			return notFound("该佐证", "evidence")
		}
		return err
	})
	if err != nil {
		return Evidence{}, fmt.Errorf("evidence %s: %w", id, err)
	}
	return e, nil
}

// EvidenceOf lists the evidence of a subject that was filed on a form, or all of it, the newest first: superseded and
// withdrawn evidence, too.
func (s *Site) EvidenceOf(ctx context.Context, a Actor, subjectID, form string) ([]Evidence, error) {
	var list []Evidence
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		_, run, h, err := s.seen(ctx, tx, a, subjectID)
		if err != nil {
			return err
		}
		where, args := "e.subject_id = $1", []any{subjectID}
		if form != "" {
			where, args = where+" AND e.form = $2", append(args, form)
		}
		all, err := s.evidenceWhere(ctx, tx, where, args...)
		for _, e := range all {
			if run.reads(a, h, e) {
				list = append(list, e)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", subjectID, err)
	}
	return list, nil
}

// reads tells whether an actor may read evidence of a subject whose score he sees.
func (r *Running) reads(a Actor, h held, e Evidence) bool {
	return h.system || h.admin || h.party(r) != "" || e.Account == a.ID
}

func (s *Site) evidenceIn(ctx context.Context, tx *db.Tx, id string) (Evidence, error) {
	list, err := s.evidenceWhere(ctx, tx, "e.id = $1", id)
	if err == nil && len(list) == 0 {
		return Evidence{}, notFound("该佐证", "evidence")
	}
	if err != nil {
		return Evidence{}, err
	}
	return list[0], nil
}

func (s *Site) evidenceWhere(ctx context.Context, tx *db.Tx, where string, args ...any) ([]Evidence, error) {
	var list []Evidence
	var docs []string
	err := tx.Each(ctx, `SELECT e.id, e.subject_id, e.form, e.by_party, e.account_id, COALESCE(a.name, ''), e.seq, e.valid_on, e.recorded_at,
		e.doc, e.version_id, COALESCE(e.supersedes, ''), COALESCE(n.id, ''), w.account_id, wa.name, w.reason, w.recorded_at
		FROM evidence e
		LEFT JOIN account a ON a.id = e.account_id
		LEFT JOIN evidence n ON n.supersedes = e.id
		LEFT JOIN evidence_withdrawal w ON w.evidence_id = e.id
		LEFT JOIN account wa ON wa.id = w.account_id
		WHERE `+where+` ORDER BY e.seq DESC`, args, func(scan func(...any) error) error {
		var e Evidence
		var doc string
		var recorded int64
		var account, name, reason sql.NullString
		var at sql.NullInt64
		if err := scan(&e.ID, &e.Subject, &e.Form, &e.By, &e.Account, &e.AccountName, &e.Seq, &e.On, &recorded,
			&doc, &e.Version, &e.Supersedes, &e.SupersededBy, &account, &name, &reason, &at); err != nil {
			return err
		}
		e.Recorded = s.moment(recorded)
		e.AccountName = s.nameOfAccount(e.Account, e.AccountName)
		if at.Valid {
			e.Withdrawn = &Withdrawal{account.String, s.nameOfAccount(account.String, name.String), reason.String, s.moment(at.Int64)}
		}
		list, docs = append(list, e), append(docs, doc)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	for i := range list {
		run, err := s.versionIn(ctx, tx, list[i].Version)
		if err != nil {
			return nil, err
		}
		if f := run.forms[list[i].Form]; f != nil {
			list[i].Values = readValues(f, []byte(docs[i]))
		}
	}
	return list, attachmentsOf(ctx, tx, list)
}

func (s *Site) nameOfAccount(id, name string) string {
	if id == System().ID {
		return System().Name
	}
	return name
}
