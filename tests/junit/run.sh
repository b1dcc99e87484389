#!/usr/bin/env bash
# Holds JUnit reports to the Jenkins schema, of which pytest's source distribution carries a copy (junit-10.xsd, MIT).
# Needs Python 3 with venv. Prints 'N passed, N failed' and ends with 1 if anything failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)

cargo build --locked --quiet --manifest-path "$root/Cargo.toml"
wabizspec=${CARGO_TARGET_DIR:-$root/target}/debug/wabizspec
work=$(mktemp -d)
server=
tidy() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap tidy EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check xmlschema==4.1.0
"$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary pytest --dest "$work" pytest==8.3.3
tar -xzf "$work/pytest-8.3.3.tar.gz" -C "$work"

# Green; nothing but refusals and skips; findings, errors and text that no XML can hold; interrupted.
"$wabizspec" run --quiet --report "junit=$work/green.xml" >/dev/null
"$work/venv/bin/python" hostile_target.py >"$work/port" 2>"$work/target.log" &
server=$!
until [ -s "$work/port" ]; do sleep 0.1; done
url="http://127.0.0.1:$(cat "$work/port")"
"$wabizspec" run --quiet --target "$url" --report "junit=$work/unasked.xml" >/dev/null || [ $? = 1 ]
"$wabizspec" run --quiet --target "$url" --fresh --report "junit=$work/hostile.xml" --report "ndjson=$work/run.ndjson" \
    >/dev/null || [ $? = 1 ]
head -n 50 "$work/run.ndjson" >"$work/cut.ndjson"
"$wabizspec" merge "$work/cut.ndjson" --report "junit=$work/died.xml" >/dev/null || [ $? = 130 ]

"$work/venv/bin/python" validate.py "$work/pytest-8.3.3/testing/example_scripts/junit-10.xsd" \
    "$work"/{green,unasked,hostile,died}.xml
