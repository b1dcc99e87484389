#!/usr/bin/env bash
# The server written in JavaScript under mutation by Stryker, judged by the suite. Fails if a mutant survives that
# explained/javascript.txt does not explain, or if it explains one that no longer survives. Needs node, npm, python3, curl,
# and the program at target/release/wabizspec or in WABIZSPEC_BIN.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mutants=$PWD/tests/mutants
work=$PWD/target/mutants/javascript

mkdir --parents "$work"
[[ -x $work/node_modules/.bin/stryker ]] ||
    npm install --silent --no-audit --no-fund --prefix "$work" --save-exact @stryker-mutator/core@9.6.1
cp tests/other_language/server.mjs "$work"
cd "$work"
rm -f right.json
judge=(python3 "$mutants/judge.py" "$work/right.json" /__ node server.mjs)
"${judge[@]}"
# Stryker says in the environment which mutant is meant, and the server inherits that. The judge has limits of its own, so
# that the server ends with it.
cat >stryker.conf.json <<JSON
{
  "mutate": ["server.mjs"],
  "testRunner": "command",
  "commandRunner": { "command": "${judge[*]@Q}" },
  "concurrency": 1,
  "timeoutMS": 300000,
  "reporters": ["progress-append-only", "json"],
  "jsonReporter": { "fileName": "report.json" },
  "allowConsoleColors": false
}
JSON
node_modules/.bin/stryker run stryker.conf.json
python3 "$mutants/outcomes.py" "$mutants/explained/javascript.txt" stryker report.json
