package web

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
)

var update = flag.Bool("update", false, "write what the tests make into the files they compare with")

// The description of the API is committed, so that a change of it is seen in review.
func TestOpenAPIIsCurrent(t *testing.T) {
	site, err := bihuan.Open(t.Context(), bihuan.Config{Database: filepath.Join(t.TempDir(), "bihuan.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	answer := httptest.NewRecorder()
	New(site, Config{}).ServeHTTP(answer, httptest.NewRequest("GET", "/api/v1/openapi.yaml", nil))
	if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), "openapi: 3.1") {
		t.Fatalf("openapi.yaml: %d %.80s", answer.Code, answer.Body)
	}
	const file = "../docs/openapi.yaml"
	if *update {
		if err := os.WriteFile(file, answer.Body.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != answer.Body.String() {
		t.Errorf("docs/openapi.yaml is not current (%v): go test ./web -run OpenAPI -update", err)
	}
}
