#!/bin/sh
# Checks the units that are installed on a device: well-formed, and no more exposed than they were meant to be. Needs systemd's tools alone, no running systemd.
set -eu
cd "$(dirname "$0")/systemd"

# verify wants the programs and the accounts that a unit names, so it sees a copy that names ones which are there.
copies=$(mktemp -d)
trap 'rm -rf "$copies"' EXIT
for unit in modulardm-*; do
    sed -e 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' -e 's#^\(Socket\)\{0,1\}\(User\|Group\)=modulardm#\1\2=root#' "$unit" >"$copies/$unit"
done
if ! systemd-analyze verify --man=no "$copies"/modulardm-* >"$copies/verify.log" 2>&1 || [ -s "$copies/verify.log" ]; then
    cat "$copies/verify.log" >&2
    echo "check-units: systemd-analyze verify has something to say" >&2
    exit 1
fi

failed=0
check() {
    if report=$(systemd-analyze security --offline=yes --no-pager --threshold="$2" "./$1" 2>&1); then
        result=ok
    else
        result="over the limit"
        failed=1
        printf '%s\n' "$report" | grep '✗' >&2 || true
    fi
    printf '%s: %s (limit %s.%s) %s\n' "$1" "$(printf '%s\n' "$report" | sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')" "${2%?}" "${2#?}" "$result"
}
check modulardm-host.service 20
check modulardm-configurator.service 25
exit "$failed"
