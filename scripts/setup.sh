#!/usr/bin/env bash
# Installs what the tests need beyond Go, make and git, where it is missing and apt may be used; otherwise says what is missing.
set -euo pipefail

missing=()
has_postgres() { [ -n "${PGBIN:-}" ] || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }
has_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome || command -v google-chrome-stable; } >/dev/null
has_chinese() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh family)" ]; }

has_postgres || missing+=(postgresql)
has_browser || missing+=(chromium)
has_chinese || missing+=(fonts-noto-cjk fontconfig)
command -v gcc >/dev/null || missing+=(gcc libc6-dev) # the race detector needs a C compiler

if [ ${#missing[@]} -eq 0 ]; then
	exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
	echo "setup: missing: ${missing[*]}" >&2
	echo "hint: install them, or run scripts/setup.sh as root where there is apt" >&2
	exit 1
fi
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# The newest PostgreSQL that is packaged would do, but 15 is what we promise to run on.
apt-get update -qq
for i in "${!missing[@]}"; do
	if [ "${missing[$i]}" = postgresql ] && apt-cache show postgresql-15 >/dev/null 2>&1; then
		missing[$i]=postgresql-15
	fi
done
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
