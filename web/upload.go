package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

var errTooLong = errors.New("longer than it may be")

// uploaded is the answer to an upload.
type uploaded struct {
	SHA256 string `json:"sha256"`
	Name   string `json:"name"`
	Image  bool   `json:"image"`
}

// upload takes one file, as the body of the request, before the form it belongs to is filed.
func upload(r *request) error {
	name := r.URL.Query().Get("name")
	if name == "" {
		name = "photo.jpg"
	}
	a, err := r.f.site.Upload(r.ctx(), r.actor, name, r.Body)
	if err != nil {
		return r.uploadProblem(err)
	}
	r.ResponseWriter.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(r.ResponseWriter).Encode(uploaded{a.SHA256, a.Name, isImage(a.Media)})
}

// uploadProblem answers the script that sends files, as application/problem+json (RFC 9457).
func (r *request) uploadProblem(err error) error {
	status, known := r.f.problem(r.Request, err)
	if status == http.StatusRequestEntityTooLarge {
		known = &bihuan.Error{Kind: bihuan.TooLarge, Text: programme.T("文件太大，每个最多 {0} MB", "The file is too large; each may have {0} MB").Fill(bihuan.MostUpload >> 20), Hint: known.Hint}
	}
	r.ResponseWriter.Header().Set("Content-Type", "application/problem+json")
	r.WriteHeader(status)
	return json.NewEncoder(r.ResponseWriter).Encode(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{"about:blank", known.Text.In(r.lang), status, known.Hint.In(r.lang)})
}

// ownUpload shows a file that its owner has uploaded and not filed yet.
func ownUpload(r *request) error { return r.sendFile(r.PathValue("sha"), "") }

// attachment shows a file of a piece of evidence.
func attachment(r *request) error { return r.sendFile(r.PathValue("sha"), r.PathValue("id")) }

// sendFile sends a file of evidence, or an upload of the viewer's own.
func (r *request) sendFile(sha, evidence string) error {
	file, a, err := r.f.site.OpenAttachment(r.ctx(), r.actor, sha, evidence)
	if err != nil {
		return err
	}
	return r.send(file, a)
}

// send sends an attachment and closes it. Pictures and PDF are shown, everything else is for keeping; nothing in it can run.
func (r *request) send(file io.ReadSeekCloser, a bihuan.Attachment) error {
	defer file.Close()
	header := r.ResponseWriter.Header()
	header.Set("Content-Type", a.Media)
	disposition := "attachment"
	if isImage(a.Media) || a.Media == "application/pdf" {
		disposition = "inline"
	}
	header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": a.Name}))
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	header.Set("Cache-Control", "private, max-age=31536000, immutable")
	header.Set("ETag", `"`+a.SHA256+`"`)
	http.ServeContent(r.ResponseWriter, r.Request, "", time.Time{}, file)
	return nil
}

func isImage(media string) bool {
	switch media {
	case "image/jpeg", "image/png", "image/webp", "image/gif":
		return true
	}
	return false
}

// readAtMost reads a text of at most so many bytes.
func readAtMost(r io.Reader, most int) (string, error) {
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(r, int64(most)+1))
	if err != nil {
		return "", err
	}
	if n > int64(most) {
		return "", errTooLong
	}
	return b.String(), nil
}
