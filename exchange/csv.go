package exchange

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

var bom = []byte("\xef\xbb\xbf")

func (t *Table) readCSV(content []byte) error {
	text, err := decode(content)
	if err != nil {
		return err
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = separator(text)
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	r.ReuseRecord = false
	extra := 0 // line breaks inside cells so far: a spreadsheet shows such a record as one row
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return refuse("第 {0} 行不是 CSV：{1}", "line {0} is not CSV: {1}", bad.Line, bad.Err.Error())
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		number := line - extra
		for _, c := range cells {
			extra += strings.Count(c, "\n")
		}
		if err := t.add(number, cells); err != nil {
			return err
		}
	}
}

// decode gives UTF-8 without byte order mark. What is neither UTF-8 nor UTF-16 with its mark is read as GB18030, which
// contains GBK and GB 2312: that is what Excel and WPS write in China when nobody chooses.
func decode(b []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(b, bom):
		b = b[len(bom):]
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(b)
		if err != nil {
			return nil, notText()
		}
		b = out
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return nil, notText()
	}
	if utf8.Valid(b) {
		return b, nil
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return nil, notText()
	}
	return out, nil
}

func notText() *Error {
	return refuse("文件的文字编码无法识别", "the text of the file is in an unknown encoding").
		hint("请另存为 UTF-8 或 GB18030 编码的 CSV，或 .xlsx", "save it as CSV in UTF-8 or GB18030, or as .xlsx")
}

// separator is the commonest of comma, tab and semicolon in the first line that has any, outside quotes.
func separator(text []byte) rune {
	count := map[rune]int{}
	quoted := false
	for _, c := range string(text[:min(len(text), 64<<10)]) {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n' && len(count) > 0:
			return commonest(count)
		case c == ',' || c == '\t' || c == ';':
			count[c]++
		}
	}
	return commonest(count)
}

func commonest(count map[rune]int) rune {
	best := ','
	for _, c := range []rune{'\t', ';'} {
		if count[c] > count[best] {
			best = c
		}
	}
	return best
}
