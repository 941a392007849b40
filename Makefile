# What people do with this repository. `make help` lists it; `make test` is what CI runs.

GO      ?= go
TOOLS   := $(GO) tool -modfile=tools/go.mod
PACKAGE ?= ./...

.DEFAULT_GOAL := help
.PHONY: help demo build test quick setup fmt lint generate bench bench-quick bench-go fuzz clean

help: ## list what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## build and serve a county filled with invented enterprises (ARGS="--fresh" begins anew)
	$(GO) run ./cmd/bihuan demo $(ARGS)

build: ## build bin/bihuan, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w" -o bin/bihuan ./cmd/bihuan

test: ## all that CI runs: formatting, vet, staticcheck, race, both engines, browser, govulncheck
	scripts/test.sh

quick: ## tests of PACKAGE on SQLite, without race detector and browser
	$(GO) test -short $(PACKAGE)

setup: ## install what the tests need and this machine lacks (by apt, as root), or say what is missing
	scripts/setup.sh

fmt: ## format Go and templ files
	gofmt -w $$(git ls-files '*.go' | grep -v _templ.go)
	$(TOOLS) templ fmt web

lint: ## vet and staticcheck
	$(GO) vet ./...
	$(TOOLS) staticcheck ./...

generate: ## write generated files again: templ, JSON Schema, API description
	$(TOOLS) templ generate
	$(GO) test ./programme ./web -run 'Schema|OpenAPI' -update

bench: ## measure the engine against its peers (some 20 minutes); writes docs/performance.md and bench/ratios.json
	cd bench && $(GO) run . -write $(ARGS)

bench-quick: ## the same at 10 000 subjects, without PostgreSQL; fails when a ratio has fallen below half of the committed one
	cd bench && $(GO) run . -guard $(ARGS)

bench-go: ## Go benchmarks of PACKAGE
	$(GO) test -run '^$$' -bench . -benchmem $(PACKAGE)

fuzz: ## fuzz the readers for 20 seconds each
	$(GO) test ./exchange -run '^$$' -fuzz FuzzRead -fuzztime 20s -fuzzminimizetime 1s
	$(GO) test ./programme -run '^$$' -fuzz FuzzLoad -fuzztime 20s -fuzzminimizetime 1s

clean: ## remove what was built, and the demo's data
	rm -rf bin .data/demo
