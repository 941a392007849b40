package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// maxTyped bounds the texts of a filing; each attachment has its own bound.
const maxTyped = 256 << 10

// own puts a mistake in the day at the field of the page that asks for it.
func (p filingPage) own(e *bihuan.Error) *bihuan.Error {
	mine := *e
	mine.Fields = slices.Clone(e.Fields)
	for i, f := range mine.Fields {
		if f.Field == "on" && p.AskDay {
			mine.Fields[i].Field = onField
		}
	}
	return &mine
}

// readFiling reads a posted form part by part: texts within their bound, and files, which become attachments at once so
// that none is lost when another field is wrong.
func (r *request) readFiling(form *programme.Form) (map[string][]string, []programme.FieldError, error) {
	tooLarge := &bihuan.Error{Kind: bihuan.TooLarge, Text: programme.T("填写的文字太长，全部文字最多 {0} KB", "What was typed is too long; all texts together may have {0} KB").Fill(maxTyped >> 10),
		Hint: programme.T("请按浏览器的“后退”，删短后再提交；较长的材料请作为附件上传。", "Go back, shorten it, and send it again; attach longer material as a file.")}
	kind, _, _ := mime.ParseMediaType(r.Request.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		r.Body = http.MaxBytesReader(r.ResponseWriter, r.Body, 3*maxTyped) // escapes take up to three bytes for one
		if err := r.parseForm(); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return nil, nil, tooLarge
			}
			return nil, nil, err
		}
		return r.PostForm, nil, nil
	}
	const mostFiles = 40
	r.Body = http.MaxBytesReader(r.ResponseWriter, r.Body, mostFiles*bihuan.MostUpload)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, unreadable(err)
	}
	values, typed, files := map[string][]string{}, 0, 0
	var wrong []programme.FieldError
	for {
		part, err := parts.NextPart()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return values, wrong, nil
			}
			return nil, nil, unreadable(err)
		}
		name := part.FormName()
		field, ok := form.Field(name)
		if part.FileName() == "" {
			text, err := readAtMost(part, maxTyped-typed)
			if errors.Is(err, errTooLong) {
				return nil, nil, tooLarge
			}
			if err != nil {
				return nil, nil, unreadable(err)
			}
			typed += len(text)
			if _, isFile := part.Header["Content-Type"]; !isFile { // an empty file input sends an empty part
				values[name] = append(values[name], text)
			}
			continue
		}
		if !ok || !field.HoldsAttachments() || files == mostFiles {
			continue
		}
		files++
		a, err := r.f.site.Upload(r.ctx(), r.actor, part.FileName(), part)
		var known *bihuan.Error
		switch {
		case errors.As(err, &known):
			wrong = append(wrong, programme.FieldError{Field: name, Message: programme.T("{0}：{1}", "{0}: {1}").Fill(part.FileName(), known.Text)})
		case err != nil:
			return nil, nil, err
		default:
			values[name] = append(values[name], a.SHA256)
		}
	}
}

func unreadable(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("表单无法读取，可能是传输中断", "The form cannot be read; perhaps the connection broke"),
		Hint: programme.T("手机上留有草稿，请重新打开这张表再提交。", "Your phone kept a draft: open the form and send it again.")}
}

// rawValues gives typed texts in the shape that Form.Fill takes.
func rawValues(form *programme.Form, values map[string][]string) map[string]any {
	raw := map[string]any{}
	for _, f := range form.Fields {
		list := slices.DeleteFunc(slices.Clone(values[f.Name]), func(s string) bool { return s == "" })
		switch {
		case len(list) == 0:
		case f.Type == programme.Choices || f.HoldsAttachments():
			raw[f.Name] = list
		default:
			raw[f.Name] = list[0]
		}
	}
	return raw
}

// typedValues writes checked values as they would be typed.
func typedValues(form *programme.Form, filled programme.Values) map[string][]string {
	values := map[string][]string{}
	for _, f := range form.Fields {
		switch value := filled[f.Name].(type) {
		case nil:
		case []string:
			values[f.Name] = value
		case bool:
			values[f.Name] = []string{map[bool]string{true: "true", false: "false"}[value]}
		default: // numbers, decimals, days and texts write themselves as they are read
			values[f.Name] = []string{fmt.Sprint(value)}
		}
	}
	return values
}

// draftValues reads a draft back: lists of texts, however the store kept them.
func draftValues(doc map[string]any) map[string][]string {
	values := map[string][]string{}
	for name, value := range doc {
		switch value := value.(type) {
		case string:
			values[name] = []string{value}
		case []string:
			values[name] = value
		case []any:
			for _, x := range value {
				if s, ok := x.(string); ok {
					values[name] = append(values[name], s)
				}
			}
		}
	}
	return values
}

// first gives the first text that is not empty.
func first(list []string, otherwise ...string) string {
	for _, s := range append(list[:len(list):len(list)], otherwise...) {
		if s != "" {
			return s
		}
	}
	return ""
}
