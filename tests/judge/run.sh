#!/usr/bin/env bash
# Judges recordings of runs. No recording of a conforming server may be accused, and at least nine in ten of the planted faults
# that the suite sees must be found: measure.py says how they are counted. EACH=8 tries every eighth fault only.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/checks.sh
. "$here/../checks.sh"
export PYTHONDONTWRITEBYTECODE=1
tests=$here/..

# rules REPORT: the requirements that a report has findings of.
rules() { findings "$1" | cut -d ' ' -f 1 | sort -u; }

# accuses_nobody NAME [OPTION…]: the judge finds that a recording conforms, and warns of nothing that the run did not warn of.
accuses_nobody() {
    local name=$1 exit=0
    shift
    "$wabizspec" judge "$scratch/$name.har" --quiet --report "json=$scratch/$name.json" "$@" >"$scratch/$name.txt" || exit=$?
    comm -13 <(rules "$scratch/$name.run.json") <(rules "$scratch/$name.json") | tee "$scratch/$name.more"
    [ "$exit" -eq 0 ] && [ ! -s "$scratch/$name.more" ]
}

# conforming NAME RESET COMMAND…: a recording of a run against that server, judged.
conforming() {
    local name=$1 reset=$2 port
    shift 2
    port=$(free_port)
    start "$scratch/$name.log" "$@" --port "$port"
    wait_for "$port" "$last" || { cat "$scratch/$name.log" >&2; exit 1; }
    "$wabizspec" run --target "http://127.0.0.1:$port" --reset "POST http://127.0.0.1:$port$reset" --allow registration \
        --quiet --report "har=$scratch/$name.har" --report "json=$scratch/$name.run.json" >"$scratch/$name.run" || { tail -5 "$scratch/$name.run"; exit 1; }
    stop "$last"
    check "$name: its recording is not accused" accuses_nobody "$name"
    check "$name: nor as a complete one" accuses_nobody "$name" --complete
}

for registration in open sunset; do
    name=reference-$registration
    "$wabizspec" run --embedded --registration "$registration" --quiet --report "har=$scratch/$name.har" \
        --report "json=$scratch/$name.run.json" >"$scratch/$name.run"
    check "$name: its recording is not accused" accuses_nobody "$name"
    check "$name: nor as a complete one" accuses_nobody "$name" --complete
    conforming "node-$registration" /__reset node "$tests/other_language/server.mjs" --registration "$registration"
    conforming "python-$registration" /__reset python3 "$tests/python_server/server.py" --registration "$registration"
done
conforming core.mjs /__control/reset node "$tests/faulty_servers/core.mjs"
for freedom in loose small-roles three-tokens body-first only-named only-json well-formed repeats; do
    conforming "free-$freedom" /__control/reset python3 "$tests/faulty_servers/free.py" "$freedom"
done

python3 "$here/measure.py" "$wabizspec" "$scratch/faults" >"$scratch/measured.txt" && measured=0 || measured=$?
cat "$scratch/measured.txt"
check 'nine in ten of the faults are found' test "$measured" -eq 0
closing
