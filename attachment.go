package bihuan

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Attachment is a file, found by the hash of its content.
type Attachment struct {
	SHA256 string
	Name   string // as the person called it
	Media  string // as its content says: image/jpeg, application/pdf, …
	Size   int64  // bytes
	Field  string // the field of the form it stands in; empty: not attached yet
}

// MostUpload is how many bytes a file may have.
const MostUpload = 20 << 20

// Upload stores a file, for the actor to name in a form by its SHA-256. Photos (JPEG, PNG, WebP) are made no larger than
// 2560 pixels and lose what else they say, such as where they were taken; PDF, office documents and zip files stay as
// they are. What it is, its content decides. Other kinds are refused.
func (s *Site) Upload(ctx context.Context, a Actor, name string, r io.Reader) (Attachment, error) {
	if a.Visitor() {
		return Attachment{}, signInFirst()
	}
	name, wrong := cleanText("name", filepath.Base(strings.ReplaceAll(name, `\`, "/")), mostName, true)
	if err := wrongFields(wrong); err != nil {
		return Attachment{}, err
	}
	got, err := s.newSpool()
	if err != nil {
		return Attachment{}, fmt.Errorf("upload: %w", err)
	}
	defer got.drop()
	n, err := io.Copy(got, io.LimitReader(r, MostUpload+1))
	switch {
	case err != nil:
		return Attachment{}, fmt.Errorf("upload: %w", err)
	case n > MostUpload:
		return Attachment{}, refuse(TooLarge, "文件超过{0}MB", "the file is larger than {0} MB", MostUpload>>20)
	case n == 0:
		return Attachment{}, refuse(Invalid, "文件是空的", "the file is empty")
	}
	media, err := mediaOf(got.File, n, name)
	if err != nil {
		return Attachment{}, err
	}
	if strings.HasPrefix(media, "image/") {
		small, err := s.newSpool()
		if err != nil {
			return Attachment{}, fmt.Errorf("upload: %w", err)
		}
		defer small.drop()
		if _, err := got.Seek(0, io.SeekStart); err != nil {
			return Attachment{}, fmt.Errorf("upload: %w", err)
		}
		if media, err = rewritePhoto(got.File, media, small); err != nil {
			return Attachment{}, err
		}
		got = small
	}
	x := Attachment{SHA256: got.sum(), Name: name, Media: media, Size: got.size}
	if err := got.keep(s.pathOf(x.SHA256)); err != nil { // before the row: a row never points at nothing
		return Attachment{}, fmt.Errorf("upload: %w", err)
	}
	now := s.Now().UnixMicro()
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := tx.Insert(ctx, "blob (sha256, size, media, created_at)", [][]any{{x.SHA256, x.Size, x.Media, now}},
			"ON CONFLICT (sha256) DO NOTHING"); err != nil {
			return err
		}
		return tx.Insert(ctx, "upload (sha256, account_id, name, created_at)", [][]any{{x.SHA256, a.ID, name, now}},
			"ON CONFLICT (sha256, account_id) DO UPDATE SET name = excluded.name, created_at = excluded.created_at")
	})
	if err != nil {
		return Attachment{}, fmt.Errorf("upload: %w", err)
	}
	return x, nil
}

func (s *Site) pathOf(sha256 string) string { return filepath.Join(s.files, sha256[:2], sha256[2:]) }

// sweepUploads removes what uploads have left behind that were cut off by a crash, a day later so as not to touch those of
// another process under way. What cannot be removed does no harm.
func (s *Site) sweepUploads() {
	left, _ := filepath.Glob(filepath.Join(s.files, ".upload-*"))
	for _, name := range left {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.Remove(name)
		}
	}
}

// spool is a temporary file in the directory of attachments that knows the hash of what was written to it.
type spool struct {
	*os.File
	hash hash.Hash
	size int64
}

func (s *Site) newSpool() (*spool, error) {
	f, err := os.CreateTemp(s.files, ".upload-*")
	if err != nil {
		return nil, err
	}
	return &spool{File: f, hash: sha256.New()}, nil
}

func (f *spool) Write(b []byte) (int, error) {
	n, err := f.File.Write(b)
	f.hash.Write(b[:n])
	f.size += int64(n)
	return n, err
}

// ReadFrom hides that of os.File, which would go past Write.
func (f *spool) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{f}, r)
}

func (f *spool) sum() string { return hex.EncodeToString(f.hash.Sum(nil)) }

// drop removes the file unless it was kept.
func (f *spool) drop() { _, _ = f.Close(), os.Remove(f.Name()) }

// keep moves the file to its place, on disk for good.
func (f *spool) keep(path string) error {
	if err := errors.Join(f.Sync(), f.Chmod(0o640), f.Close()); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// mediaOf tells what a file is by its content; the name only tells office formats apart that begin alike.
func mediaOf(f io.ReaderAt, size int64, name string) (string, error) {
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	head = head[:n]
	switch media := http.DetectContentType(head); {
	case slices.Contains([]string{"image/jpeg", "image/png", "image/webp", "application/pdf"}, media):
		return media, nil
	case media == "application/zip":
		return zipMedia(f, size)
	case bytes.HasPrefix(head, []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}):
		switch strings.ToLower(filepath.Ext(name)) {
		case ".doc", ".wps":
			return "application/msword", nil
		case ".xls", ".et":
			return "application/vnd.ms-excel", nil
		case ".ppt", ".dps":
			return "application/vnd.ms-powerpoint", nil
		}
		return "application/x-ole-storage", nil
	case len(head) > 12 && string(head[4:8]) == "ftyp" && strings.HasPrefix(string(head[8:12]), "hei"):
		return "", refuse(Invalid, "不支持HEIC照片", "HEIC photos are not supported").
			hint("请在手机相机设置中选择“兼容性最佳”（JPG）", "choose “most compatible” (JPEG) in the camera's settings")
	}
	return "", refuse(Invalid, "不支持这种文件", "this kind of file is not supported").
		hint("可上传 JPG、PNG、WebP 照片，PDF，Word、Excel、PPT、WPS、OFD 文档和 zip", "photos (JPEG, PNG, WebP), PDF, office documents and zip files are")
}

// zipMedia looks into the directory of a zip file, without unpacking anything.
func zipMedia(f io.ReaderAt, size int64) (string, error) {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return "", refuse(Invalid, "文件已损坏，无法打开", "the file is broken and cannot be opened")
	}
	for _, x := range z.File {
		switch {
		case strings.HasPrefix(x.Name, "word/"):
			return "application/vnd.openxmlformats-officedocument.wordprocessingml.document", nil
		case strings.HasPrefix(x.Name, "xl/"):
			return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", nil
		case strings.HasPrefix(x.Name, "ppt/"):
			return "application/vnd.openxmlformats-officedocument.presentationml.presentation", nil
		case x.Name == "OFD.xml":
			return "application/ofd", nil
		}
	}
	return "application/zip", nil
}

// OpenAttachment opens a file that is attached to evidence which the actor may read, or, with an empty evidenceID, one that
// he uploaded himself. The caller closes it.
func (s *Site) OpenAttachment(ctx context.Context, a Actor, sha256, evidenceID string) (io.ReadSeekCloser, Attachment, error) {
	missing := notFound("该附件", "attachment")
	var x Attachment
	if evidenceID != "" {
		e, err := s.Evidence(ctx, a, evidenceID)
		if err != nil {
			return nil, Attachment{}, err
		}
		i := slices.IndexFunc(e.Attachments, func(x Attachment) bool { return x.SHA256 == sha256 })
		if i < 0 {
			return nil, Attachment{}, missing
		}
		x = e.Attachments[i]
	} else {
		if a.Visitor() {
			return nil, Attachment{}, signInFirst()
		}
		err := s.db.Read(ctx, func(tx *db.Tx) error {
			return tx.Row(ctx, "SELECT b.sha256, u.name, b.media, b.size FROM upload u JOIN blob b ON b.sha256 = u.sha256 WHERE u.sha256 = $1 AND u.account_id = $2",
				[]any{sha256, a.ID}, &x.SHA256, &x.Name, &x.Media, &x.Size)
		})
		if errors.Is(err, sql.ErrNoRows) {
			return nil, Attachment{}, missing
		}
		if err != nil {
			return nil, Attachment{}, fmt.Errorf("open attachment %s: %w", sha256, err)
		}
	}
	return s.openBlob(x)
}

// OpenMatterAttachment opens a file that stands in a form of a matter, to those who see the form and the field. The caller closes it.
func (s *Site) OpenMatterAttachment(ctx context.Context, a Actor, sha256, matter string) (io.ReadSeekCloser, Attachment, error) {
	m, err := s.Matter(ctx, a, matter)
	if err != nil {
		return nil, Attachment{}, err
	}
	for _, f := range m.Forms {
		if i := slices.IndexFunc(f.Attachments, func(x Attachment) bool { return x.SHA256 == sha256 }); i >= 0 {
			return s.openBlob(f.Attachments[i])
		}
	}
	return nil, Attachment{}, notFound("该附件", "attachment")
}

func (s *Site) openBlob(x Attachment) (io.ReadSeekCloser, Attachment, error) {
	f, err := os.Open(s.pathOf(x.SHA256))
	if err != nil {
		return nil, Attachment{}, fmt.Errorf("open attachment: %w", err)
	}
	return f, x, nil
}

// attach finds the files that a form names. One may name what he uploaded, and what is attached to the subject already.
func (s *Site) attach(ctx context.Context, tx *db.Tx, a Actor, subjectID string, form *programme.Form, values programme.Values) ([]Attachment, error) {
	var out []Attachment
	var wrong []programme.FieldError
	for _, f := range form.Fields {
		if !f.HoldsAttachments() {
			continue
		}
		list, _ := values[f.Name].([]string)
		for _, sha := range list {
			x := Attachment{SHA256: sha, Field: f.Name}
			err := tx.Row(ctx, `SELECT u.name, b.media, b.size FROM upload u JOIN blob b ON b.sha256 = u.sha256
				WHERE u.sha256 = $1 AND (u.account_id = $2 OR $3)`, []any{sha, a.ID, a.system}, &x.Name, &x.Media, &x.Size)
			if errors.Is(err, sql.ErrNoRows) {
				err = tx.Row(ctx, `SELECT x.name, b.media, b.size FROM evidence e JOIN evidence_blob x ON x.evidence_id = e.id JOIN blob b ON b.sha256 = x.sha256
					WHERE e.subject_id = $1 AND x.sha256 = $2 ORDER BY e.seq DESC LIMIT 1`, []any{subjectID, sha}, &x.Name, &x.Media, &x.Size)
			}
			switch {
			case errors.Is(err, sql.ErrNoRows):
				wrong = append(wrong, wrongField(f.Name, "附件未上传，请重新选择", "the file was not uploaded; choose it again"))
			case err != nil:
				return nil, fmt.Errorf("find attachment: %w", err)
			case f.Type == programme.Photo && !strings.HasPrefix(x.Media, "image/"):
				wrong = append(wrong, wrongField(f.Name, "{0}不是照片", "{0} is no photo", x.Name))
			default:
				out = append(out, x)
			}
		}
	}
	return out, wrongFields(wrong)
}

// attachmentsOf adds to each piece of evidence its attachments.
func attachmentsOf(ctx context.Context, tx *db.Tx, list []Evidence) error {
	at := map[string]*Evidence{}
	ids := make([]string, len(list))
	for i := range list {
		at[list[i].ID], ids[i] = &list[i], list[i].ID
	}
	return db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, `SELECT x.evidence_id, x.field, x.sha256, x.name, b.media, b.size FROM evidence_blob x JOIN blob b ON b.sha256 = x.sha256
			WHERE x.evidence_id IN (`+db.In(len(ids), 1)+") ORDER BY x.evidence_id, x.field, x.position", db.Args(ids), func(scan func(...any) error) error {
			var id string
			var x Attachment
			err := scan(&id, &x.Field, &x.SHA256, &x.Name, &x.Media, &x.Size)
			if err == nil {
				at[id].Attachments = append(at[id].Attachments, x)
			}
			return err
		})
	})
}
