// Package dbtest gives a test its own empty database on each engine there is.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Each runs a test on SQLite in a temporary directory and, when BIHUAN_TEST_POSTGRES holds the URL of a PostgreSQL
// database, in a schema of its own there. url is what db.Open takes.
func Each(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	if os.Getenv("BIHUAN_TEST_POSTGRES") != "" {
		t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
	}
}

// SQLite gives the path of a SQLite file that does not exist yet.
func SQLite(t testing.TB) string { return filepath.Join(t.TempDir(), "bihuan.db") }

// Postgres gives the URL of an empty schema, dropped when the test ends. It skips the test when there is no server.
func Postgres(t testing.TB) string {
	t.Helper()
	base := os.Getenv("BIHUAN_TEST_POSTGRES")
	if base == "" {
		t.Skip("BIHUAN_TEST_POSTGRES is not set")
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatalf("BIHUAN_TEST_POSTGRES: %v", err)
	}
	server, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatalf("BIHUAN_TEST_POSTGRES: %v", err)
	}
	schema := fmt.Sprintf("t_%d_%d", os.Getpid(), time.Now().UnixNano())
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if _, err := server.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		t.Fatalf("BIHUAN_TEST_POSTGRES: %v", err)
	}
	t.Cleanup(func() {
		if _, err := server.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			t.Errorf("drop schema: %v", err)
		}
		_ = server.Close()
	})
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
