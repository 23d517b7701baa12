#!/bin/sh
# Installs the real parts that tests and benchmarks run against, where we are root on Debian and they are missing.
# Elsewhere nothing happens: a test whose tool is missing says so, and fails where CI=true.
set -eu
missing=""
command -v promtool >/dev/null || missing="$missing prometheus"
command -v amtool >/dev/null || missing="$missing prometheus-alertmanager"
command -v prometheus-blackbox-exporter >/dev/null || missing="$missing prometheus-blackbox-exporter"
command -v prometheus-postgres-exporter >/dev/null || missing="$missing prometheus-postgres-exporter"
[ -x /usr/bin/chromium ] || missing="$missing chromium fonts-liberation"
[ -x /usr/sbin/pgbouncer ] || missing="$missing pgbouncer"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
hypopg() {
    # Its package is named for the PostgreSQL it goes with.
    version=$(ls /usr/lib/postgresql 2>/dev/null | sort -V | tail -1)
    [ -z "$version" ] || [ -e "/usr/share/postgresql/$version/extension/hypopg.control" ] || echo " postgresql-$version-hypopg"
}
[ -n "$missing$(hypopg)" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "note: not installed:$missing$(hypopg); tests that need them are left out" >&2
    exit 0
fi
# RUNLEVEL=1: the packages must not start services of their own here.
apt-get update -qq
install() {
    [ $# = 0 ] || RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
# shellcheck disable=SC2086
install $missing
# shellcheck disable=SC2046
install $(hypopg)
