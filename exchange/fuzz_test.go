package exchange_test

import (
	"bytes"
	"slices"
	"testing"
	"unicode/utf8"

	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// Whatever is sent, reading ends, holds its limits, and what it says about the rows can be written beside them and read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(unitsCSV), uint8(0))
	f.Add([]byte("学校代码,roll.pupils,on\ns1,3,2021-01-01\n,,x\n"), uint8(0))
	f.Add([]byte(`{"subject":"s1","form":"roll","values":{"pupils":3}}`), uint8(2))
	var book bytes.Buffer
	if err := exchange.WriteTable(&book, exchange.XLSX, []string{"subject", "roll.pupils"}, slices.Values([][]any{{"s1", 3}, {"=x", nil}})); err != nil {
		f.Fatal(err)
	}
	f.Add(book.Bytes(), uint8(1))
	formats := []exchange.Format{exchange.CSV, exchange.XLSX, exchange.JSONLines}
	f.Fuzz(func(t *testing.T, content []byte, n uint8) {
		format := formats[int(n)%len(formats)]
		read, err := exchange.ReadEvidence(bytes.NewReader(content), format, school)
		if err != nil {
			return
		}
		for _, e := range read.Errors {
			if e.Row < 1 || e.Text.Empty() || !utf8.ValidString(e.Text.Zh) {
				t.Fatalf("mistake %+v", e)
			}
		}
		var out bytes.Buffer
		if err := read.Table.WriteErrors(&out, read.Errors, programme.Zh, false); err != nil {
			t.Fatal(err)
		}
		if _, err := exchange.ReadEvidence(&out, format, school); err != nil {
			t.Fatalf("the error file does not come back: %v", err)
		}
	})
}
