#!/bin/sh
# A throw-away PostgreSQL for tests: scripts/postgres.sh start DIR prints its URL, scripts/postgres.sh stop DIR removes it.
# It never listens beyond this machine, and forgets everything on a crash (fsync off): not for data.
set -eu

usage() { echo "usage: $0 start DIR | stop DIR" >&2; exit 2; }
[ $# -eq 2 ] || usage
dir=$2

bin=${PGBIN:-}
if [ -z "$bin" ]; then
	for d in $(ls -d /usr/lib/postgresql/*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql*/bin 2>/dev/null | sort -rV); do
		if [ -x "$d/initdb" ]; then bin=$d; break; fi
	done
fi
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb 2>/dev/null || true)")
if [ ! -x "$bin/initdb" ]; then
	echo "postgres.sh: PostgreSQL's initdb is not installed" >&2
	echo "hint: apt-get install postgresql, or set PGBIN to its bin directory" >&2
	exit 1
fi

# PostgreSQL refuses to run as root; as root we run it as the user postgres, else as nobody.
as() {
	if [ "$(id -u)" -ne 0 ]; then "$@"; return; fi
	user=postgres
	id "$user" >/dev/null 2>&1 || user=nobody
	if command -v runuser >/dev/null 2>&1; then runuser -u "$user" -- "$@"; else su -s /bin/sh "$user" -c '"$0" "$@"' -- "$@"; fi
}
owner() {
	[ "$(id -u)" -ne 0 ] && return
	user=postgres
	id "$user" >/dev/null 2>&1 || user=nobody
	chown "$user" "$1"
}

case $1 in
start)
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	owner "$dir"
	if [ ! -f "$dir/data/PG_VERSION" ]; then
		as "$bin/initdb" -D "$dir/data" -U bihuan -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
	fi
	# Another process may take a port between choosing and binding it: try a few.
	for _ in 1 2 3 4 5 6 7 8; do
		port=$(awk 'BEGIN { srand(); print 20000 + int((rand() * 100000 + '$$') % 30000) }')
		if as "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/log" -w -t 30 -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$dir' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c deadlock_timeout=200ms -c shared_buffers=64MB" start >/dev/null 2>&1; then
			echo "postgres://bihuan@127.0.0.1:$port/postgres?sslmode=disable"
			exit 0
		fi
		sleep 1
	done
	tail -20 "$dir/data/log" >&2 || true
	echo "postgres.sh: PostgreSQL did not start" >&2
	exit 1
	;;
stop)
	[ -d "$dir" ] || exit 0
	dir=$(cd "$dir" && pwd)
	if [ -f "$dir/data/postmaster.pid" ]; then
		as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
	fi
	[ -f "$dir/data/PG_VERSION" ] && rm -rf "$dir"
	;;
*) usage ;;
esac
