package db_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/internal/dbtest"
)

func each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	dbtest.Each(t, func(t *testing.T, url string) {
		d, err := db.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		test(t, d)
	})
}

func units(n int) [][]any {
	rows := make([][]any, n)
	for i := range rows {
		rows[i] = []any{"u" + string(rune('0'+i/1000%10)) + string(rune('0'+i/100%10)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10)),
			nil, "单位", "town", "单位 100%_a", []byte{1}}
	}
	return rows
}

const intoUnit = "unit (code, parent, name, level, terms, sort)"

func TestInsertInAndLike(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		err := d.Tx(ctx, func(tx *db.Tx) error { return tx.Insert(ctx, intoUnit, units(1503), "") })
		if err != nil {
			t.Fatal(err)
		}
		err = d.Read(ctx, func(tx *db.Tx) error {
			for pattern, want := range map[string]int{"100%_": 1503, "100_": 0, "": 1503, `\`: 0} {
				var n int
				if err := tx.Row(ctx, `SELECT count(*) FROM unit WHERE terms LIKE $1 ESCAPE '\'`, []any{db.Like(pattern)}, &n); err != nil || n != want {
					t.Errorf("like %q: %d rows, %v; want %d", pattern, n, err, want)
				}
			}
			codes := []string{"u0000", "u1502", "nobody"}
			n := 0
			err := tx.Each(ctx, "SELECT code FROM unit WHERE level = $1 AND code IN ("+db.In(len(codes), 2)+")", db.Args(codes, "town"),
				func(scan func(...any) error) error { n++; var c string; return scan(&c) })
			if n != 2 {
				t.Errorf("in: %d rows, want 2", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestRefusedTransactionLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		no := errors.New("no")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			if err := tx.Insert(ctx, intoUnit, units(3), ""); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Fatalf("got %v", err)
		}
		err = d.Read(ctx, func(tx *db.Tx) error {
			var code string
			return tx.Row(ctx, "SELECT code FROM unit", nil, &code)
		})
		if !errors.Is(err, sql.ErrNoRows) {
			t.Fatalf("a row is left: %v", err)
		}
		if err := d.Read(ctx, func(tx *db.Tx) error { return tx.Insert(ctx, intoUnit, units(1), "") }); err == nil {
			t.Error("a read may write")
		}
		err = d.Tx(ctx, func(tx *db.Tx) error { return tx.Insert(ctx, intoUnit, append(units(1), units(1)...), "") })
		if !db.Duplicate(err) {
			t.Errorf("duplicate: %v", err)
		}
	})
}

// Two transactions that hold two rows in opposite order deadlock on PostgreSQL; both must come through.
func TestDeadlockRunsAgain(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := d.Tx(ctx, func(tx *db.Tx) error { return tx.Insert(ctx, intoUnit, units(2), "") }); err != nil {
			t.Fatal(err)
		}
		var meet sync.WaitGroup
		var wg sync.WaitGroup
		if d.Postgres() {
			meet.Add(2)
		}
		for _, order := range [][]string{{"u0000", "u0001"}, {"u0001", "u0000"}} {
			wg.Go(func() {
				first := true
				err := d.Tx(context.WithoutCancel(ctx), func(tx *db.Tx) error {
					for _, code := range order {
						if _, err := tx.Exec(ctx, "UPDATE unit SET name = name || $2 WHERE code = $1", code, "x"); err != nil {
							return err
						}
						if first && d.Postgres() {
							first = false
							meet.Done()
							meet.Wait()
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		_ = d.Read(ctx, func(tx *db.Tx) error {
			return tx.Each(ctx, "SELECT name FROM unit", nil, func(scan func(...any) error) error {
				var name string
				if err := scan(&name); err != nil || name != "单位xx" {
					t.Errorf("name %q, %v", name, err)
				}
				return nil
			})
		})
	})
}
