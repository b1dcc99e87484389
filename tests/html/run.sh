#!/usr/bin/env bash
# Clicks through the HTML report in Chromium: of a target that breaks rules with hostile text, and of a run that conforms.
# SHOTS=DIR leaves pictures of both there. Needs Node.js and npm; installs Chromium where there is none (with apt, as root).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/checks.sh
. "$here/../checks.sh"

browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
if ! browser >/dev/null; then
    { apt-get update && apt-get install --yes --no-install-recommends chromium; } >"$scratch/apt.log" 2>&1 || {
        tail -5 "$scratch/apt.log" >&2
        echo 'Chromium is missing: install it, for example with apt-get install chromium' >&2
        exit 2
    }
fi
CHROMIUM=$(browser)
export CHROMIUM

version=1.64.1
playwright=$cache/playwright-core-$version
if [ ! -d "$playwright/node_modules/playwright-core" ]; then
    npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
        --prefix "$playwright" "playwright-core@$version"
fi

port=$(free_port)
start "$scratch/reference.log" "$wabizspec" serve --listen "127.0.0.1:$port"
wait_for "$port" "$last" || { cat "$scratch/reference.log" >&2; exit 1; }
upstream=http://127.0.0.1:$port
port=$(free_port)
start "$scratch/proxy.log" node "$here/spoiling-proxy.mjs" "$upstream" "$port"
wait_for "$port" "$last" || { cat "$scratch/proxy.log" >&2; exit 1; }

exit=0
"$wabizspec" run --quiet --target "http://127.0.0.1:$port" --fresh --allow users,passwords \
    --report "html=$scratch/broken.html" >"$scratch/broken.txt" 2>&1 || exit=$?
check 'the spoilt target does not conform' [ "$exit" = 1 ]
check 'the reference client conforms' "$wabizspec" run --embedded --quiet --report "html=$scratch/green.html"
# A module is looked for beside the file that wants it.
cp "$here/report.test.mjs" "$playwright/"
check 'the page works in Chromium' node "$playwright/report.test.mjs" "$scratch/broken.html" "$scratch/green.html" "${SHOTS:-}"
closing
