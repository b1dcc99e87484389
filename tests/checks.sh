# Shared by the scripts that judge servers and clients of others: a count of checks, and programs that end with the
# script. Source it, then call `check`, and `closing` at the end.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # for the scripts that source this
wabizspec=${WABIZSPEC_BIN:-$root/target/release/wabizspec}
# What is installed for the tests stays out of the sources and is used again by the next run.
cache=$root/target/real-input
passed=0
failed=0
started=()
scratch=$(mktemp -d)

if [ ! -x "$wabizspec" ]; then
    echo "no program at $wabizspec: build it with cargo build --release, or set WABIZSPEC_BIN" >&2
    exit 2
fi
mkdir -p "$cache"
# A target or a password from the caller's environment must not reach the runs.
unset WABIZSPEC_TARGET WABIZSPEC_ADMIN_USERNAME WABIZSPEC_ADMIN_PASSWORD
# Nor may what the runs keep of their targets stay behind.
export XDG_STATE_HOME=$scratch/state

# check TEXT COMMAND…: counts the command's success, and says what failed.
check() {
    local text=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok      $text"
    else
        failed=$((failed + 1))
        echo "FAILED  $text"
    fi
}

# start LOG COMMAND…: a program in the background; its id is in $last.
start() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 &
    last=$!
    started+=("$last")
}

stop() {
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

is_alive() { kill -0 "$1" 2>/dev/null; }

# A port on which nothing listens now.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for PORT PROCESS: until something listens there; fails when the process has ended or a minute has passed.
wait_for() {
    local tries=0
    until python3 -c "import socket; socket.create_connection(('127.0.0.1', $1), 1).close()" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 240 ] || ! is_alive "$2"; then
            return 1
        fi
        sleep 0.25
    done
}

# findings REPORT: a line for each finding and for each case that could not be judged, sorted.
findings() {
    python3 - "$1" <<'PYTHON'
import json, sys

report = json.load(open(sys.argv[1]))
lines = set()
for case in report["cases"]:
    lines |= {f"{finding['requirement']} {case['id']}" for finding in case["findings"]}
    if case["verdict"] == "blocked":
        lines.add(f"(blocked) {case['id']}")
print("\n".join(sorted(lines)))
PYTHON
}

# as_approved REPORT FILE: the findings are those of the file; with ACCEPT=1 the file is written instead.
as_approved() {
    if [ "${ACCEPT:-}" = 1 ]; then
        findings "$1" >"$2"
    fi
    findings "$1" | diff -u "$2" -
}

closing() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

end_all() {
    local process
    for process in "${started[@]}"; do
        stop "$process"
    done
    rm -rf "$scratch"
}
trap end_all EXIT
