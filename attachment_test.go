package bihuan_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
)

// photo is a JPEG, red in its upper left quarter, with an EXIF block that says how the camera was held and where.
func photo(t testing.TB, w, h int, orientation uint16) []byte {
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 255, 255, 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{255, 0, 0, 255}
			}
			p.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		t.Fatal(err)
	}
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08" + "\x00\x02" + "\x01\x0e\x00\x02\x00\x00\x00\x08\x00\x00\x00\x26" + "\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, orientation)
	tiff = append(tiff, "\x00\x00\x00\x00\x00\x00SECRET!\x00"...)
	exif := append([]byte("Exif\x00\x00"), tiff...)
	segment := append([]byte{0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))...)
	return append(append(append([]byte{}, b.Bytes()[:2]...), append(segment, exif...)...), b.Bytes()[2:]...)
}

// hugePNG has a header that promises so many pixels, and a body of a few bytes.
func hugePNG(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	ihdr := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	ihdr = append(ihdr, 8, 2, 0, 0, 0)
	b = append(b, 0, 0, 0, 13)
	b = append(b, ihdr...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(ihdr))
}

func TestAttachments(t *testing.T) {
	each(t, func(r *runner) {
		r.Who("officer")
		upload := func(name string, content []byte) bihuan.Attachment {
			var x bihuan.Attachment
			x, r.err = r.site.Upload(r.ctx, r.as, name, bytes.NewReader(content))
			return x
		}
		x := upload(`C:\照片\会议.JPG`, photo(t, 3000, 1000, 6)) // held upright: the picture is to be turned
		r.Want()
		if x.Name != "会议.JPG" || x.Media != "image/jpeg" || len(x.SHA256) != 64 {
			t.Fatalf("%+v", x)
		}
		f, _, err := r.site.OpenAttachment(r.ctx, r.as, x.SHA256, "")
		r.must(err)
		stored, err := io.ReadAll(f)
		r.must(err)
		r.must(f.Close())
		if bytes.Contains(stored, []byte("SECRET!")) || int64(len(stored)) != x.Size {
			t.Error("what else the file said is still there")
		}
		p, err := jpeg.Decode(bytes.NewReader(stored))
		r.must(err)
		if b := p.Bounds(); b.Dx() != 853 || b.Dy() != 2560 {
			t.Errorf("stored as %v", b)
		}
		if red, green, _, _ := p.At(800, 100).RGBA(); red>>8 < 200 || green>>8 > 100 {
			t.Error("it was not turned")
		}
		report := upload("报告.pdf", []byte("%PDF-1.7 ..."))
		r.Want()

		filed := r.File("E1", "roster", "", values{"people": 3, "photo": []any{x.SHA256}, "report": report.SHA256})
		r.Want()
		e, err := r.site.Evidence(r.ctx, r.as, filed.ID)
		if err != nil || len(e.Attachments) != 2 || e.Attachments[0].Name != "会议.JPG" || e.Attachments[1].Field != "report" {
			t.Fatalf("%+v %v", e.Attachments, err)
		}
		for login, want := range map[string][]bihuan.Kind{"": {bihuan.Unauthenticated}, "stranger": {bihuan.NotFound}, "member": {bihuan.NotFound}, "judge": nil} {
			f, _, err := r.site.OpenAttachment(r.ctx, r.Login(login), x.SHA256, filed.ID)
			r.err = err
			r.Want(want...)
			if f != nil {
				_ = f.Close()
			}
		}
		_, _, r.err = r.site.OpenAttachment(r.ctx, r.as, strings.Repeat("0", 64), filed.ID)
		r.Want(bihuan.NotFound)
		_, _, r.err = r.site.OpenAttachment(r.ctx, r.as, "../../etc/passwd", "")
		r.Want(bihuan.NotFound)
		r.File("E1", "roster", "", values{"people": 3, "photo": []any{report.SHA256}})
		r.Want(bihuan.Invalid) // a PDF is no photo
		r.Who("stranger").File("W1", "roster", "", values{"people": 3, "photo": []any{x.SHA256}})
		r.Want(bihuan.Invalid) // another's upload
		r.Who("officer2").File("E1", "roster", "", values{"people": 4, "photo": []any{x.SHA256}})
		r.Want() // what is attached to the subject already may stay when it is filed again

		r.Who("officer")
		for name, c := range map[string]struct {
			content []byte
			want    bihuan.Kind
		}{
			"空.pdf":   {nil, bihuan.Invalid},
			"页.html":  {[]byte("<html><script>alert(1)</script>"), bihuan.Invalid},
			"图.svg":   {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), bihuan.Invalid},
			"坏.jpg":   {photo(t, 100, 100, 1)[:200], bihuan.Invalid},
			"炸.png":   {hugePNG(100_000, 100_000), bihuan.TooLarge},
			"苹果.heic": {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), bihuan.Invalid},
			"坏.zip":   {[]byte("PK\x03\x04nothing"), bihuan.Invalid},
		} {
			if upload(name, c.content); true {
				r.Want(c.want)
			}
		}
		_, r.err = r.site.Upload(r.ctx, r.as, "大.pdf", io.MultiReader(strings.NewReader("%PDF-1.7 "), io.LimitReader(zeros{}, 50<<20)))
		r.Want(bihuan.TooLarge)
		_, r.err = r.site.Upload(r.ctx, bihuan.Actor{}, "x.pdf", strings.NewReader("%PDF-1.7 "))
		r.Want(bihuan.Unauthenticated)
		var small bytes.Buffer
		r.must(png.Encode(&small, image.NewGray(image.Rect(0, 0, 2, 2))))
		if x := upload("屏幕.png", small.Bytes()); x.Media != "image/png" {
			t.Errorf("%+v %v", x, r.err)
		}
		left, err := filepath.Glob(filepath.Join(r.files, ".upload-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
		if _, err := os.Stat(filepath.Join(r.files, x.SHA256[:2], x.SHA256[2:])); err != nil {
			t.Error(err)
		}
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
