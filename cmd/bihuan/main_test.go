package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/internal/dbtest"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"bihuan": main}) }

// Scripts that touch no site.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Cmds: tableCommands, Setup: func(e *testscript.Env) error {
		return school(e)
	}})
}

// Scripts that work on a site, each on an empty one, on both engines.
func TestSite(t *testing.T) {
	scripts, err := filepath.Glob("testdata/site/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txtar"), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, url string) {
				testscript.Run(t, testscript.Params{Files: []string{script}, Cmds: tableCommands, Setup: func(e *testscript.Env) error {
					e.Setenv("BIHUAN_DATA", filepath.Join(e.WorkDir, "data"))
					if strings.Contains(url, "://") {
						e.Setenv("BIHUAN_DATABASE", url)
						e.Setenv("ENGINE", "postgres")
					} else {
						e.Setenv("ENGINE", "sqlite")
					}
					return school(e)
				}})
			})
		})
	}
}

// school puts the programme of the scripts into their directory.
func school(e *testscript.Env) error {
	e.Setenv("LC_ALL", "en")
	e.Setenv("NO_COLOR", "1")
	repository, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	e.Setenv("REPOSITORY", repository)
	return os.CopyFS(filepath.Join(e.WorkDir, "school"), os.DirFS("testdata/school"))
}

// tableCommands are verbs of the scripts: workbooks cannot stand in a text archive.
var tableCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	// xlsx IN.csv OUT.xlsx writes a workbook.
	"xlsx": func(ts *testscript.TestScript, neg bool, args []string) {
		table := readTable(ts, args[0])
		out, err := os.Create(ts.MkAbs(args[1]))
		ts.Check(err)
		rows := make([][]any, len(table.Rows))
		for i, r := range table.Rows {
			rows[i] = make([]any, len(table.Header))
			for j := range table.Header {
				rows[i][j] = r.Cell(j)
			}
		}
		ts.Check(exchange.WriteTable(out, exchange.XLSX, table.Header, slices.Values(rows)))
		ts.Check(out.Close())
	},
	// table FILE PATTERN matches a table's rows, a line each with bars between the cells.
	"table": func(ts *testscript.TestScript, neg bool, args []string) {
		table := readTable(ts, args[0])
		text := strings.Join(table.Header, "|") + "\n"
		for _, r := range table.Rows {
			text += fmt.Sprintf("%d: %s\n", r.Number, strings.Join(r.Cells, "|"))
		}
		if regexp.MustCompile("(?m)"+args[1]).MatchString(text) == neg {
			ts.Fatalf("%s:\n%s", args[1], text)
		}
	},
	// published PROGRAMME UNIT brings a round to its publicity, which no command does, and puts its ID into $ROUND.
	"published": func(ts *testscript.TestScript, neg bool, args []string) {
		data, database := ts.Getenv("BIHUAN_DATA"), ts.Getenv("BIHUAN_DATABASE")
		if database == "" {
			database = filepath.Join(data, "bihuan.db")
		}
		ctx := context.Background()
		site, err := bihuan.Open(ctx, bihuan.Config{Database: database, Files: filepath.Join(data, "files")})
		ts.Check(err)
		r, err := site.OpenRound(ctx, bihuan.System(), bihuan.NewRound{Programme: args[0], Unit: args[1]})
		for step, _ := r.UnderWay(); err == nil && step.Name != bihuan.Publicity; step, _ = r.UnderWay() {
			r, err = site.CloseStep(ctx, bihuan.System(), r.ID, step.Name)
		}
		ts.Check(err)
		ts.Check(site.Close())
		ts.Setenv("ROUND", r.ID)
	},
	// bomb FILE writes a workbook that unpacks to 64 MiB of nothing.
	"bomb": func(ts *testscript.TestScript, neg bool, args []string) {
		out, err := os.Create(ts.MkAbs(args[0]))
		ts.Check(err)
		z := zip.NewWriter(out)
		w, err := z.Create("xl/worksheets/sheet1.xml")
		ts.Check(err)
		_, err = w.Write(bytes.Repeat([]byte(" "), 64<<20))
		ts.Check(err)
		ts.Check(z.Close())
		ts.Check(out.Close())
	},
}

func readTable(ts *testscript.TestScript, name string) *exchange.Table {
	in, err := os.Open(ts.MkAbs(name))
	ts.Check(err)
	defer in.Close()
	format := exchange.CSV
	if strings.HasSuffix(name, ".xlsx") {
		format = exchange.XLSX
	}
	table, err := exchange.ReadTable(in, format)
	ts.Check(err)
	return table
}
