#!/usr/bin/env bash
# Judges Prism, a mock server that answers from an OpenAPI description and remembers nothing. README.md says why each
# finding is true. ACCEPT=1 writes the approved findings anew.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/checks.sh
. "$here/../checks.sh"

# The newest one that supports Node.js 20.
version=5.14.2
prism=$cache/prism-$version/node_modules/.bin/prism
if [ ! -x "$prism" ]; then
    npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
        --prefix "$cache/prism-$version" "@stoplight/prism-cli@$version"
fi
export WABIZSPEC_ADMIN_PASSWORD='Pr1sm-takes-any'

# judge DESCRIPTION NAME FILTER…: a new Prism and the run. Left in $scratch are NAME.json (the report), NAME.exit (its
# exit code) and, where Prism outlived the run, NAME.alive.
# Prism is always as just installed, so a reset has nothing to do.
judge() (
    local description=$1 name=$2 port exit=0
    shift 2
    port=$(free_port)
    start "$scratch/$name.log" "$prism" mock --host 127.0.0.1 --port "$port" "$here/$description"
    trap 'stop "$last"' EXIT
    wait_for "$port" "$last" || { tail -5 "$scratch/$name.log" >&2; return 1; }
    "$wabizspec" run "$@" --target "http://127.0.0.1:$port" --reset true --allow users,passwords,registration \
        --color never --quiet --report "json=$scratch/$name.json" >"$scratch/$name.txt" 2>&1 || exit=$?
    echo "$exit" >"$scratch/$name.exit"
    if is_alive "$last"; then
        touch "$scratch/$name.alive"
    fi
    tail -2 "$scratch/$name.txt"
)

is_complete() { grep -q '"complete": *true' "$1"; }

exit_is() { [ "$(cat "$scratch/$1.exit")" = "$2" ]; }
# Every requirement of the lists is explained.
are_explained() {
    local id
    for id in $(cut -d' ' -f1 "$here"/expected-*.txt | sort -u); do
        grep -qF "\`$id\`" "$here/README.md" || { echo "README.md does not explain $id"; return 1; }
    done
}
lives() { [ -e "$scratch/$1.alive" ]; }
died() { ! lives "$1"; }

# Two kinds of requests end the process; they are judged below, by themselves.
deadly='^(envelope/hostile-header|envelope/hostile-path|users/read-odd-name)'
mapfile -t cases < <("$wabizspec" list cases | awk '{ print $1 }' | grep -Ev "$deadly")
judge openapi-login.yaml login login &
login=$!
judge openapi.yaml whole "${cases[@]}"
wait "$login"

for name in login whole; do
    check "$name: does not conform" exit_is "$name" 1
    check "$name: the report is whole" is_complete "$scratch/$name.json"
    check "$name: the findings are the approved ones" as_approved "$scratch/$name.json" "$here/expected-$name.txt"
    check "$name: Prism is still there" lives "$name"
done

check 'README.md explains each requirement of the lists' are_explained

for deadly in envelope/hostile-path::bad-escape envelope/hostile-header::long; do
    name=${deadly//[:\/]/-}
    judge openapi.yaml "$name" "$deadly"
    check "$deadly: does not conform" exit_is "$name" 1
    check "$deadly: the report is whole" is_complete "$scratch/$name.json"
    check "$deadly: it is the missing answer" \
        diff <(echo "envelope.answered $deadly") <(findings "$scratch/$name.json")
    check "$deadly: Prism has ended" died "$name"
done

closing
