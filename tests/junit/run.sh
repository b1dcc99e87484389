#!/usr/bin/env bash
# Holds JUnit reports to the Jenkins schema, of which pytest's source distribution carries a copy (junit-10.xsd, MIT).
# Needs Python 3 with venv.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/checks.sh
. "$here/../checks.sh"

version=8.3.3
home=$cache/junit-$version
schema=$home/pytest-$version/testing/example_scripts/junit-10.xsd
if [ ! -f "$schema" ]; then
    python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install --quiet --disable-pip-version-check xmlschema==4.1.0
    "$home/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary pytest --dest "$home" "pytest==$version"
    tar -xzf "$home/pytest-$version.tar.gz" -C "$home"
fi

# run NAME CODE OPTION…: a run, or a report told again, as JUnit in $scratch/NAME.xml.
run() {
    local name=$1 code=$2 exit=0
    shift 2
    "$wabizspec" "$@" --quiet --report "junit=$scratch/$name.xml" >"$scratch/$name.txt" 2>&1 || exit=$?
    check "$name: exit code $code" [ "$exit" = "$code" ]
}

port=$(free_port)
start "$scratch/target.log" python3 "$here/hostile_target.py" "$port"
wait_for "$port" "$last" || { cat "$scratch/target.log" >&2; exit 1; }
url=http://127.0.0.1:$port

# All green; mostly skips; findings, blocked cases and text that no XML can hold; died in the middle.
run green 0 run --embedded
run unasked 1 run --target "$url"
run hostile 1 run --target "$url" --fresh --report "ndjson=$scratch/run.ndjson"
head -n 50 "$scratch/run.ndjson" >"$scratch/cut.ndjson"
run died 130 merge "$scratch/cut.ndjson"
check 'each report is valid and counts what it holds' \
    "$home/venv/bin/python" "$here/validate.py" "$schema" "$scratch"/{green,unasked,hostile,died}.xml
closing
