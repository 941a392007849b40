#!/usr/bin/env bash
# Everything that must hold before a change goes in. Each step says its name; the first that fails ends it.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }
tool() { go tool -modfile=tools/go.mod "$@"; }

step setup
scripts/setup.sh

step gofmt
unformatted=$(gofmt -l $(git ls-files '*.go' | grep -v '_templ\.go$'))
if [ -n "$unformatted" ]; then
	echo "not formatted (make fmt):" >&2
	echo "$unformatted" >&2
	exit 1
fi

step vet
go vet ./...

step staticcheck
tool staticcheck ./...

step "generated files are current"
generated() { git ls-files '*_templ.go' | xargs sha256sum; }
before=$(generated)
tool templ generate >/dev/null 2>&1
if [ "$before" != "$(generated)" ]; then
	diff <(echo "$before") <(generated) | sed -n 's/^> [0-9a-f]*//p' >&2
	echo "these were not current and are now: look at them and commit them" >&2
	exit 1
fi

step "tests: race detector, SQLite and PostgreSQL, browser"
cluster=$(mktemp -d "${TMPDIR:-/tmp}/bihuan-postgres.XXXXXX")
chmod 755 "$cluster"
trap 'scripts/postgres.sh stop "$cluster"; rm -rf "$cluster"' EXIT
BIHUAN_TEST_POSTGRES=$(scripts/postgres.sh start "$cluster")
export BIHUAN_TEST_POSTGRES
CI=1 CGO_ENABLED=1 go test -race -timeout 40m ./...

step "shipped programmes"
go run ./cmd/bihuan check --cover programmes/*/

step govulncheck
out=$(mktemp)
code=0
timeout 300 go tool -modfile=tools/go.mod govulncheck ./... >"$out" 2>&1 || code=$?
if [ "$code" -eq 0 ]; then
	tail -n 3 "$out"
elif [ "$code" -ne 3 ] && { [ "$code" -eq 124 ] || grep -Eqi 'fetch|dial|lookup|proxy|timeout|connection|status code|HTTP' "$out"; }; then
	echo "SKIPPED: the vulnerability database cannot be reached from here:"
	tail -n 2 "$out"
else
	cat "$out" >&2
	exit 1
fi
rm -f "$out"

step "all passed"
