package bihuan

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"bihuan.dev/bihuan/internal/db"
)

// Draft is what somebody typed into a form and has not filed: unchecked, and seen by nobody else.
type Draft struct {
	Subject, Form string
	Values        map[string]any
	UpdatedAt     time.Time
}

const mostDraft = 256 << 10 // bytes

// SaveDraft keeps what the actor has typed into a form for a subject, in the place of what was kept before.
// Voices have no drafts: what they type stays on their own telephone.
func (s *Site) SaveDraft(ctx context.Context, a Actor, subjectID, form string, values map[string]any) error {
	doc, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("save draft: %w", err)
	}
	if len(doc) > mostDraft {
		return refuse(TooLarge, "草稿太大", "the draft is too large")
	}
	if bytes.Contains(doc, []byte(`\u0000`)) {
		return refuse(Invalid, "含有无法保存的字符", "it holds characters that cannot be stored")
	}
	if a.Voice() {
		return needsAccount()
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, run, _, err := s.seen(ctx, tx, a, subjectID)
		if err != nil {
			return err
		}
		if f := run.forms[form]; f == nil || f.Ballot { // a vote is never kept beside its voter
			return notFound("该表单", "form")
		}
		_, err = tx.Exec(ctx, `INSERT INTO draft (account_id, subject_id, form, doc, updated_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (account_id, subject_id, form) DO UPDATE SET doc = excluded.doc, updated_at = excluded.updated_at`,
			a.ID, subjectID, form, string(doc), s.Now().UnixMicro())
		return err
	})
}

// Draft gives what SaveDraft kept; NotFound when nothing was.
func (s *Site) Draft(ctx context.Context, a Actor, subjectID, form string) (Draft, error) {
	if a.Visitor() {
		return Draft{}, signInFirst()
	}
	d := Draft{Subject: subjectID, Form: form}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		var doc string
		var at int64
		err := tx.Row(ctx, "SELECT doc, updated_at FROM draft WHERE account_id = $1 AND subject_id = $2 AND form = $3",
			[]any{a.ID, subjectID, form}, &doc, &at)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("草稿", "draft")
		}
		if err != nil {
			return err
		}
		d.UpdatedAt = s.moment(at)
		numbers := json.NewDecoder(bytes.NewReader([]byte(doc)))
		numbers.UseNumber()
		return numbers.Decode(&d.Values)
	})
	if err != nil {
		return Draft{}, fmt.Errorf("draft of %s for %s: %w", form, subjectID, err)
	}
	return d, nil
}

// DropDraft forgets a draft. Filing the form does so by itself.
func (s *Site) DropDraft(ctx context.Context, a Actor, subjectID, form string) error {
	if a.Visitor() {
		return signInFirst()
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return dropDraft(ctx, tx, a, subjectID, form) })
}

// dropDraft forgets a draft within a transaction.
func dropDraft(ctx context.Context, tx *db.Tx, a Actor, subjectID, form string) error {
	_, err := tx.Exec(ctx, "DELETE FROM draft WHERE account_id = $1 AND subject_id = $2 AND form = $3", a.ID, subjectID, form)
	return err
}
