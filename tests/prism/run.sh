#!/usr/bin/env bash
# Judges Prism, a server that nobody here wrote, which answers from openapi.yaml and keeps no state. Its findings are
# approved one by one in expected-*.txt and explained in README.md. ACCEPT=1 writes the approved findings anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)
binary=${WABIZSPEC_BIN:-$root/target/release/wabizspec}
place=$root/target/prism
# The newest one that supports the Node.js of this kind of machine.
version=5.14.2
port=${PRISM_PORT:-18473}
url=http://127.0.0.1:$port
mkdir -p "$place"
if ! grep -qs "\"version\": \"$version\"" "$place/node_modules/@stoplight/prism-cli/package.json"; then
    npm install --prefix "$place" --no-audit --no-fund --silent "@stoplight/prism-cli@$version"
fi

# Some requests end it: the loop stands for the service manager that would start it again.
serve() {
    local prism=
    trap 'kill "$prism" 2>/dev/null; exit 0' TERM
    while :; do
        "$place/node_modules/.bin/prism" mock --multiprocess false --host 127.0.0.1 --port "$port" openapi.yaml \
            >>"$place/log" 2>&1 &
        prism=$!
        wait "$prism" || true
    done
}
: >"$place/log"
serve &
manager=$!
trap 'kill "$manager" 2>/dev/null; wait "$manager" 2>/dev/null || true' EXIT

up() {
    for _ in $(seq 100); do
        if curl --silent --output /dev/null "$url/"; then return; fi
        sleep 0.2
    done
    echo "Prism does not answer at $url; its log is $place/log" >&2
    exit 1
}

failed=0
for area in login users tokens account; do
    up
    # It has no state, so bringing it back to just installed takes nothing. One request at a time: it dies of some.
    code=0
    timeout 180 "$binary" run "$area" --quiet --target "$url" --registration open --reset true --allow registration \
        --jobs 1 --report "json=$place/$area.json" >"$place/$area.txt" 2>&1 || code=$?
    if [ "$code" -ne 1 ]; then
        echo "$area: exit code $code instead of 1; see $place/$area.txt"
        failed=1
    fi
    echo "$area:"
    python3 compare.py "$place/$area.json" "expected-$area.txt" README.md || failed=1
done
exit "$failed"
