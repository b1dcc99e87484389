#!/usr/bin/env bash
# Judges five servers that are wrong in many ways at once. For each, the causes are written down by hand in expected/, and a
# run must report exactly these, on a screenful. README.md says what is wrong with each server.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/checks.sh
. "$here/../checks.sh"
export PYTHONDONTWRITEBYTECODE=1

# The most lines that a run may print.
screenful=120

# judge NAME COMMAND…: a new server and a run against it, which leaves NAME.json, NAME.txt and NAME.exit in $scratch.
judge() (
    local name=$1 port exit=0
    shift
    port=$(free_port)
    start "$scratch/$name.log" "$@" --port "$port"
    trap 'stop "$last"' EXIT
    wait_for "$port" "$last" || { tail -5 "$scratch/$name.log" >&2; return 1; }
    "$wabizspec" run --target "http://127.0.0.1:$port" --reset "POST http://127.0.0.1:$port/__control/reset" \
        --allow registration --color never --report "json=$scratch/$name.json" >"$scratch/$name.txt" 2>&1 || exit=$?
    echo "$exit" >"$scratch/$name.exit"
)

fails() { [ "$(cat "$scratch/$1.exit")" = 1 ]; }

fits() {
    local lines
    lines=$(wc -l <"$scratch/$1.txt")
    [ "$lines" -le "$screenful" ] || { echo "$lines lines"; return 1; }
}

for file in express.mjs chi.mjs php.mjs one_token.py no_account.py; do
    name=${file%.*}
    case $file in
    *.mjs) judge "$name" node "$here/$file" ;;
    *.py) judge "$name" python3 "$here/$file" ;;
    esac
    check "$name: the run fails" fails "$name"
    check "$name: exactly the expected causes are reported" \
        python3 "$here/causes.py" "$scratch/$name.json" "$here/expected/$name.txt"
    check "$name: the terminal shows a screenful" fits "$name"
done

# The conforming part that the servers share is found to conform, so that a cause comes from a defect.
for file in core.mjs core.py; do
    case $file in
    *.mjs) judge "$file" node "$here/$file" ;;
    *.py) judge "$file" python3 "$here/$file" ;;
    esac
    check "$file: conforms" test "$(cat "$scratch/$file.exit")" = 0
done

# What the documents leave open is no defect.
for freedom in loose small-roles three-tokens body-first only-named only-json well-formed repeats; do
    judge "free-$freedom" python3 "$here/free.py" "$freedom"
    check "free.py $freedom: conforms" test "$(cat "$scratch/free-$freedom.exit")" = 0
done
closing
