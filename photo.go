package bihuan

import (
	"bufio"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"github.com/bep/imagemeta"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	mostPixels  = 50_000_000 // width × height that we are willing to decode: 200 MB
	photoSide   = 2560       // pixels of the longer side that we keep
	jpegQuality = 85
)

// decoding holds down how many photos are decoded at a time.
var decoding = make(chan struct{}, 2)

func tooManyPixels(w, h int) *Error {
	return refuse(TooLarge, "图片有{0}×{1}像素，太大", "the picture has {0} × {1} pixels, which is too many", w, h).
		hint("请缩小后再上传", "make it smaller first")
}

func brokenPhoto() *Error {
	return refuse(Invalid, "图片已损坏，无法打开", "the picture is broken and cannot be opened")
}

// rewritePhoto decodes a picture and writes it anew: upright, no longer than photoSide, and without anything else that the
// file said, such as where it was taken. The size is looked up in the header before anything is decoded.
func rewritePhoto(in io.ReadSeeker, media string, out io.Writer) (writtenAs string, err error) {
	decodeSize, decode := jpeg.DecodeConfig, jpeg.Decode
	switch media {
	case "image/png":
		decodeSize, decode = png.DecodeConfig, png.Decode
	case "image/webp":
		decodeSize, decode = webp.DecodeConfig, webp.Decode
	}
	size, err := decodeSize(bufio.NewReader(in))
	if err != nil {
		return "", brokenPhoto()
	}
	if size.Width <= 0 || size.Height <= 0 || size.Width > mostPixels/size.Height {
		return "", tooManyPixels(size.Width, size.Height)
	}
	turn := orientation(in, media)
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	picture, err := decode(bufio.NewReader(in))
	if err != nil {
		return "", brokenPhoto()
	}
	picture = upright(shrunk(picture), turn)
	w := bufio.NewWriter(out)
	if media == "image/png" { // screenshots: text stays sharp
		err = png.Encode(w, picture)
	} else {
		media = "image/jpeg"
		err = jpeg.Encode(w, picture, &jpeg.Options{Quality: jpegQuality})
	}
	return media, errors.Join(err, w.Flush())
}

func shrunk(p image.Image) image.Image {
	b := p.Bounds()
	long := max(b.Dx(), b.Dy())
	if long <= photoSide {
		return p
	}
	small := image.NewRGBA(image.Rect(0, 0, max(1, b.Dx()*photoSide/long), max(1, b.Dy()*photoSide/long)))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), p, b, draw.Src, nil)
	return small
}

// orientation reads how the camera was held: 1 (upright) to 8, as EXIF counts; 1 when it does not say.
func orientation(in io.ReadSeeker, media string) int {
	format, ok := map[string]imagemeta.ImageFormat{"image/jpeg": imagemeta.JPEG, "image/png": imagemeta.PNG, "image/webp": imagemeta.WebP}[media]
	if _, err := in.Seek(0, io.SeekStart); err != nil || !ok {
		return 1
	}
	turn := 1
	_, _ = imagemeta.Decode(imagemeta.Options{R: in, ImageFormat: format, Sources: imagemeta.EXIF, Timeout: time.Second,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "Orientation" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if n, ok := t.Value.(uint16); ok && n >= 1 && n <= 8 && t.Namespace == "IFD0" {
				turn = int(n)
			}
			return nil
		}})
	return turn // what cannot be read is upright
}

// upright turns and mirrors a picture as EXIF orientation says.
func upright(p image.Image, turn int) image.Image {
	if turn <= 1 {
		return p
	}
	b := p.Bounds()
	w, h := b.Dx(), b.Dy()
	if turn >= 5 {
		w, h = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			sx, sy := x, y
			switch turn {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, w-1-x
			case 7:
				sx, sy = h-1-y, w-1-x
			case 8:
				sx, sy = h-1-y, x
			}
			out.Set(x, y, p.At(b.Min.X+sx, b.Min.Y+sy))
		}
	}
	return out
}
