package bihuan

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// The verbs whose bodies are not written yet. This file goes away with the last of them.

var errPending = errors.New("not written yet")

func (s *Site) May(ctx context.Context, a Actor, programme, unit string, roles ...string) (bool, error) {
	return false, errPending
}
func (s *Site) SignIn(ctx context.Context, login, password string) (Actor, error) {
	return Actor{}, errPending
}
func (s *Site) ActorByID(ctx context.Context, id string) (Actor, error) { return Actor{}, errPending }
func (s *Site) ActorByToken(ctx context.Context, token string) (Actor, error) {
	return Actor{}, errPending
}
func (s *Site) CreateAccount(ctx context.Context, a Actor, n NewAccount) (Account, error) {
	return Account{}, errPending
}
func (s *Site) ChangePassword(ctx context.Context, a Actor, old, new string) error { return errPending }
func (s *Site) SetPassword(ctx context.Context, a Actor, accountID, new string) error {
	return errPending
}
func (s *Site) SetLang(ctx context.Context, a Actor, lang programme.Lang) error { return errPending }
func (s *Site) Disable(ctx context.Context, a Actor, accountID string, disabled bool) error {
	return errPending
}
func (s *Site) AddGrant(ctx context.Context, a Actor, accountID string, g Grant) error {
	return errPending
}
func (s *Site) RemoveGrant(ctx context.Context, a Actor, accountID string, g Grant) error {
	return errPending
}
func (s *Site) Accounts(ctx context.Context, a Actor, q AccountQuery) (AccountPage, error) {
	return AccountPage{}, errPending
}
func (s *Site) NewToken(ctx context.Context, a Actor, name string, days int) (string, Token, error) {
	return "", Token{}, errPending
}
func (s *Site) Tokens(ctx context.Context, a Actor) ([]Token, error)      { return nil, errPending }
func (s *Site) RevokeToken(ctx context.Context, a Actor, id string) error { return errPending }

// Sessions keeps web sessions in the database, in the shape that scs wants of a store.
type Sessions struct{ s *Site }

func (s *Site) SessionStore() *Sessions { return &Sessions{s} }
func (s *Sessions) Find(token string) (data []byte, found bool, err error) {
	return nil, false, errPending
}
func (s *Sessions) Commit(token string, data []byte, expiry time.Time) error { return errPending }
func (s *Sessions) Delete(token string) error                                { return errPending }

func (s *Site) ImportUnits(ctx context.Context, a Actor, rows []UnitRow, opt Import) (Imported, error) {
	return Imported{}, errPending
}
func (s *Site) Unit(ctx context.Context, code string) (Unit, error)       { return Unit{}, errPending }
func (s *Site) Path(ctx context.Context, code string) ([]Unit, error)     { return nil, errPending }
func (s *Site) Children(ctx context.Context, code string) ([]Unit, error) { return nil, errPending }
func (s *Site) Units(ctx context.Context, q UnitQuery) ([]Unit, int, error) {
	return nil, 0, errPending
}

func (s *Site) Publish(ctx context.Context, a Actor, fsys fs.FS, name, note string) (Version, error) {
	return Version{}, errPending
}
func (s *Site) Running(ctx context.Context, name string) (*Running, error) { return nil, errPending }
func (s *Site) RunningVersion(ctx context.Context, versionID string) (*Running, error) {
	return nil, errPending
}
func (s *Site) Programmes(ctx context.Context) ([]*Running, error)           { return nil, errPending }
func (s *Site) Versions(ctx context.Context, name string) ([]Version, error) { return nil, errPending }

func (s *Site) Enrol(ctx context.Context, a Actor, programme string, rows []NewSubject, opt Import) (Imported, error) {
	return Imported{}, errPending
}
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
