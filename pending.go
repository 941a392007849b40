package bihuan

import (
	"bihuan.dev/bihuan/internal/db"

	"context"
	"errors"
	"io"

	"bihuan.dev/bihuan/assess"
)

// The verbs whose bodies are not written yet. This file goes away with the last of them.

var errPending = errors.New("not written yet")

func (s *Site) Subject(ctx context.Context, a Actor, id string) (Subject, error) {
	return Subject{}, errPending
}
func (s *Site) SubjectByKey(ctx context.Context, a Actor, programme, key string) (Subject, error) {
	return Subject{}, errPending
}
func (s *Site) Subjects(ctx context.Context, a Actor, q SubjectQuery) (rows []SubjectRow, total int, err error) {
	return nil, 0, errPending
}
func (s *Site) Leave(ctx context.Context, a Actor, subjectID, reason string) error { return errPending }

func (s *Site) File(ctx context.Context, a Actor, f Filing) (Filed, error) {
	return Filed{}, errPending
}
func (s *Site) FileMany(ctx context.Context, a Actor, programme string, rows []Filing, opt Import) (Imported, error) {
	return Imported{}, errPending
}
func (s *Site) Withdraw(ctx context.Context, a Actor, evidenceID, reason string) error {
	return errPending
}
func (s *Site) Evidence(ctx context.Context, a Actor, id string) (Evidence, error) {
	return Evidence{}, errPending
}
func (s *Site) EvidenceOf(ctx context.Context, a Actor, subjectID, form string) ([]Evidence, error) {
	return nil, errPending
}
func (s *Site) Upload(ctx context.Context, a Actor, name string, r io.Reader) (Attachment, error) {
	return Attachment{}, errPending
}
func (s *Site) OpenAttachment(ctx context.Context, a Actor, sha256, evidenceID string) (io.ReadSeekCloser, Attachment, error) {
	return nil, Attachment{}, errPending
}
func (s *Site) SaveDraft(ctx context.Context, a Actor, subjectID, form string, values map[string]any) error {
	return errPending
}
func (s *Site) Draft(ctx context.Context, a Actor, subjectID, form string) (Draft, error) {
	return Draft{}, errPending
}
func (s *Site) DropDraft(ctx context.Context, a Actor, subjectID, form string) error {
	return errPending
}

func (s *Site) Columns(ctx context.Context, a Actor, subjectID string, at At) ([]assess.Score, error) {
	return nil, errPending
}
func (s *Site) History(ctx context.Context, a Actor, subjectID, party string) ([]Change, error) {
	return nil, errPending
}
func (s *Site) Rescore(ctx context.Context, programme string) error { return errPending }
func (s *Site) Due(ctx context.Context, a Actor, subjectID string) ([]Due, error) {
	return nil, errPending
}

func (s *Site) rescoreUnder(ctx context.Context, tx *db.Tx, run *Running) error { return nil }

func (s *Site) Enrol(ctx context.Context, a Actor, programme string, rows []NewSubject, opt Import) (Imported, error) {
	return Imported{}, errPending
}
