package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// samplePicture draws an attachment that nobody takes for a photograph: 示例图片 in large letters, and what it stands for.
func samplePicture(label string, tone int) ([]byte, error) {
	const width, height, scale = 960, 640, 7
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	tones := []color.RGBA{{0xE9, 0xF1, 0xEC, 255}, {0xF3, 0xEE, 0xE4, 255}, {0xE8, 0xEE, 0xF5, 255}, {0xF4, 0xE9, 0xEA, 255}}
	draw.Draw(picture, picture.Bounds(), image.NewUniform(tones[tone%len(tones)]), image.Point{}, draw.Src)
	ink := image.NewUniform(color.RGBA{0x5A, 0x6B, 0x66, 255})
	for i := -height; i < width; i += 48 { // hatching, as on a form that is not valid
		for y := range height {
			x := i + y
			draw.Draw(picture, image.Rect(x, y, x+2, y+1), image.NewUniform(color.RGBA{0xFF, 0xFF, 0xFF, 255}), image.Point{}, draw.Src)
		}
	}
	left := (width - len(sampleGlyphs)*26*scale) / 2
	for n, glyph := range sampleGlyphs {
		for y, row := range glyph {
			for x := range 24 {
				if row>>(23-x)&1 == 1 {
					at := image.Pt(left+(n*26+x)*scale, 170+y*scale)
					draw.Draw(picture, image.Rectangle{at, at.Add(image.Pt(scale, scale))}, ink, image.Point{}, draw.Src)
				}
			}
		}
	}
	text := "BIHUAN DEMO - SAMPLE PICTURE - " + label
	small := image.NewRGBA(image.Rect(0, 0, 7*len(text), 13))
	(&font.Drawer{Dst: small, Src: ink, Face: basicfont.Face7x13, Dot: fixed.P(0, 11)}).DrawString(text)
	for y := range small.Bounds().Dy() {
		for x := range small.Bounds().Dx() {
			if _, _, _, a := small.At(x, y).RGBA(); a > 0 {
				at := image.Pt((width-2*small.Bounds().Dx())/2+2*x, 430+2*y)
				draw.Draw(picture, image.Rectangle{at, at.Add(image.Pt(2, 2))}, ink, image.Point{}, draw.Src)
			}
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: 70}); err != nil {
		return nil, fmt.Errorf("draw sample picture: %w", err)
	}
	return out.Bytes(), nil
}

// sampleDocument writes the smallest PDF that says that it is a sample.
func sampleDocument(label string) []byte {
	content := fmt.Sprintf("BT /F1 28 Tf 72 700 Td (BIHUAN DEMO) Tj 0 -44 Td (SAMPLE DOCUMENT - %s) Tj ET", label)
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content), "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes()
}

// sampleGlyphs are 示例图片 as 24 rows of 24 dots, so that no font has to be shipped for four letters.
var sampleGlyphs = [4][24]uint32{
	{ // 示
		0x000000, 0x000000, 0x0ffff0, 0x1ffff8, 0x1ffff8, 0x000000, 0x000000, 0x000000,
		0x7ffffe, 0x7ffffe, 0x7ffffe, 0x003c00, 0x003c00, 0x0f3cf0, 0x0e3c70, 0x1e3c78,
		0x1c3c38, 0x3c3c3c, 0x783c1c, 0x703c1e, 0x11fc08, 0x01f800, 0x01f000, 0x000000,
	},
	{ // 例
		0x000000, 0x0e000e, 0x0ffe0e, 0x1dfece, 0x1cf0ee, 0x1c60ee, 0x38e0ee, 0x38feee,
		0x78feee, 0x79feee, 0x79ceee, 0x79ceee, 0x1b8cee, 0x1ffcee, 0x197cee, 0x187cee,
		0x1838ee, 0x18380e, 0x18700e, 0x18f00e, 0x19e0fc, 0x19c07c, 0x188078, 0x000000,
	},
	{ // 图
		0x000000, 0x000000, 0x3ffffc, 0x3ffffc, 0x38601c, 0x38701c, 0x39ffdc, 0x3bffdc,
		0x3fc39c, 0x3bff1c, 0x387e1c, 0x39ff9c, 0x3fe7fc, 0x3ff1fc, 0x387e1c, 0x380e1c,
		0x39f01c, 0x39ff1c, 0x381f9c, 0x38039c, 0x3ffffc, 0x3ffffc, 0x38001c, 0x000000,
	},
	{ // 片
		0x000000, 0x0e0700, 0x0e0700, 0x0e0700, 0x0e0700, 0x0e0700, 0x0e0f00, 0x0ffffc,
		0x0ffffc, 0x0ffff8, 0x0e0000, 0x0e0000, 0x0e0000, 0x0fffe0, 0x1fffe0, 0x1fffe0,
		0x1c00e0, 0x1c00e0, 0x3c00e0, 0x7800e0, 0x7800e0, 0x7000e0, 0x2000e0, 0x000000,
	},
}
