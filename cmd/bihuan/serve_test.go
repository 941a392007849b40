package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"bihuan.dev/bihuan/internal/dbtest"
)

// said is what a command has said so far.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// wait waits until something was said.
func (s *said) wait(t *testing.T, pattern string) string {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		found := regexp.MustCompile(pattern).FindString(s.b.String())
		if s.mu.Unlock(); found != "" {
			return found
		}
	}
	t.Fatalf("%q was not said", pattern)
	return ""
}

// A server that is started brings everybody into memory while it answers, and stops cleanly whether that is done or not.
func TestServeLoadsPopulations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		where := []string{"--data", dir}
		if strings.Contains(url, "://") {
			where = append(where, "--database", url)
		}
		do := func(args ...string) {
			t.Helper()
			var out said
			if code := run(t.Context(), append(args, where...), strings.NewReader(""), &out, &out); code != 0 {
				t.Fatalf("bihuan %v: %d, %s", args, code, &out.b)
			}
		}
		units := filepath.Join(dir, "units.csv")
		if err := os.WriteFile(units, []byte("code,parent,name,level\n1,,County,county\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		subjects := filepath.Join(dir, "subjects.csv")
		if err := os.WriteFile(subjects, []byte("unit,code,name\n1,s1,One\n1,s2,Two\n1,s3,Three\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		do("import", "units", units)
		do("publish", "testdata/school")
		do("import", "subjects", subjects)
		for _, loaded := range []bool{true, false} {
			ctx, stop := context.WithCancel(t.Context())
			var out, log said
			ended := make(chan int, 1)
			go func() {
				ended <- run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0", "--log", "info"}, where...), strings.NewReader(""), &out, &log)
			}()
			address := out.wait(t, `http://[0-9.:]+`)
			if loaded {
				log.wait(t, `populations are in memory.*subjects=3`)
				answer, err := http.Get(address + "/")
				if err != nil {
					t.Fatal(err)
				}
				if answer.Body.Close(); answer.StatusCode != http.StatusOK {
					t.Errorf("the first page answers %s", answer.Status)
				}
			}
			stop()
			if code := <-ended; code != 0 {
				t.Errorf("the server ended with %d: %s", code, &log.b)
			}
		}
	})
}
