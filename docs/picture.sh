#!/usr/bin/env bash
# Draws docs/failing-run.svg: what a run against a server that is wrong in two ways prints. Needs python3 and a release build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
wabizspec=${WABIZSPEC_BIN:-target/release/wabizspec}
scratch=$(mktemp --directory)
trap 'kill "$server"; rm -rf "$scratch"' EXIT
"$wabizspec" serve --listen 127.0.0.1:9091 --control --fault login.first.default-password-accepted \
    --fault tokens.logout.token-lives-on >"$scratch/serve" &
server=$!
until grep --quiet '^listening on ' "$scratch/serve"; do
    kill -0 "$server"
    sleep 0.05
done
arguments=(--quiet --target http://127.0.0.1:9091 --reset 'POST http://127.0.0.1:9091/__control/reset')
{
    printf '\e[2m$\e[0m wabizspec run --quiet --target http://127.0.0.1:9091 --reset "POST …/reset"\n'
    XDG_STATE_HOME=$scratch "$wabizspec" run --color always "${arguments[@]}" 2>&1 | grep --invert-match '^this run may' || true
} | sed '/^FAIL\|start here/,$d' | python3 docs/picture.py 'A run against a server that is wrong in two ways' \
    >"$scratch/picture"
mv "$scratch/picture" docs/failing-run.svg
