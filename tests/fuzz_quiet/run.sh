#!/usr/bin/env bash
# The fuzzer finds nothing in servers that conform: the reference client, and one in Python and one in JavaScript (before and
# after the sunset) that share nothing with it. RUNS seeds for each (1 unless set), TIME each (10s).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/checks.sh
. "$here/../checks.sh"

runs=${RUNS:-1}
time=${TIME:-10s}

# fuzz NAME SEED: fuzzes the server at $url; fails on findings and warnings, and where nothing was judged.
fuzz() {
    local name=$1 seed=$2 out=$scratch/$1-$2 exit=0
    "$wabizspec" fuzz all --target "$url" --fresh --allow registration --time "$time" --seed "$seed" --out "$out" \
        --report "json=$out.json" >"$out.txt" 2>&1 || exit=$?
    if [ "$exit" -ne 0 ] || ! grep -q '"warnings": \[\]' "$out.json"; then
        echo "exit code $exit"
        grep -E '^(must|should|flaky|stopped|observed .* flaky)' "$out.txt" || tail -3 "$out.txt"
        return 1
    fi
}

# try NAME COMMAND…: a new server for each seed. PORT in the command stands for its port.
try() {
    local name=$1 seed port server
    shift
    for ((seed = ${FIRST_SEED:-1}; seed < ${FIRST_SEED:-1} + runs; seed++)); do
        port=$(free_port)
        url=http://127.0.0.1:$port
        start "$scratch/$name.log" "${@//PORT/$port}"
        server=$last
        wait_for "$port" "$server"
        check "$name, seed $seed: nothing is found" fuzz "$name" "$seed"
        stop "$server"
    done
}

try reference "$wabizspec" serve --listen 127.0.0.1:PORT
try python python3 "$here/../python_server/server.py" --port PORT
try javascript node "$here/../other_language/server.mjs" --port PORT
try sunset node "$here/../other_language/server.mjs" --port PORT --registration sunset
closing
