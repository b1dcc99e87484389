#!/usr/bin/env bash
# The scripts that `wabizspec reproduce` writes do what a run does: each twelfth case, or each with EVERY=1.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/checks.sh
. "$here/../checks.sh"

port=$(free_port)
start "$scratch/server.log" "$wabizspec" serve --listen "127.0.0.1:$port" --control
server=$last
wait_for "$port" "$server"
check 'the scripts of cases get what the cases expect' \
    python3 "$here/check.py" "$wabizspec" "http://127.0.0.1:$port" "${EVERY:-12}"
stop "$server"
closing
