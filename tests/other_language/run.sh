#!/usr/bin/env bash
# Ten faults, planted in a server on Node's `http` that shares nothing with the reference client: which are caught?
# The server is judged green without a fault first. A fault counts as caught where the rule that it breaks is named.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/checks.sh
. "$here/../checks.sh"

# The fault, and the rule that it breaks.
faults=(
    'split-in-two        login.credentials.first-colon'
    'value-as-text       login.first.text-only'
    'trimmed-password    login.credentials.whole'
    'token-of-the-user   login.token.own'
    'local-time          login.answer.lifetime'
    'short-class         login.password.special-characters'
    'plain-object        users.read.odd-name'
    'body-spread         users.create.no-promotion'
    'any-scheme          tokens.bearer.scheme'
    'fixed-offset        account.request.vname'
)

# judge NAME OPTION…: a new server with those options and the run; the report in $scratch/NAME.json, the code in $exit.
judge() {
    local name=$1 port url
    shift
    port=$(free_port)
    url=http://127.0.0.1:$port
    start "$scratch/$name.log" node "$here/server.mjs" --port "$port" "$@"
    wait_for "$port" "$last" || { cat "$scratch/$name.log" >&2; return 1; }
    exit=0
    "$wabizspec" run --target "$url" --reset "POST $url/__reset" --allow registration --color never --quiet \
        --report "json=$scratch/$name.json" >"$scratch/$name.txt" 2>&1 || exit=$?
    stop "$last"
}

# names REPORT RULE: a finding names that rule.
names() { findings "$1" | grep -E "^${2//./\\.} " >/dev/null; }

for registration in open sunset; do
    judge "right-$registration" --registration "$registration"
    check "without a fault, $registration: conforms" test "$exit" -eq 0
    check "without a fault, $registration: nothing is found" test -z "$(findings "$scratch/right-$registration.json")"
done

declared=$(printf '%s\n' "${faults[@]}" | awk '{ print $1 }')
check 'every fault of the server is judged' diff <(node "$here/server.mjs" --list) <(echo "$declared")

for line in "${faults[@]}"; do
    read -r fault rule <<<"$line"
    judge "$fault" --fault "$fault"
    check "$fault: exit code 1" test "$exit" -eq 1
    check "$fault: caught, as $rule" names "$scratch/$fault.json" "$rule"
    findings "$scratch/$fault.json" | awk '{ count[$1]++ } END { for (rule in count) print "        " rule, count[rule] }' | sort
done

# What the wire fuzzer finds in a server that nobody planted anything in: `atob`, `split(":")`, `JSON.parse`, and 500 for
# the rest. The input of each finding is small, and is reproduced by itself.
port=$(free_port)
start "$scratch/naive.log" node "$here/naive.mjs" --port "$port"
wait_for "$port" "$last" || { cat "$scratch/naive.log" >&2; exit 1; }
exit=0
"$wabizspec" fuzz all --target "http://127.0.0.1:$port" --requests 20000 --time 40s --seed 1 --out "$scratch/naive" \
    --report "json=$scratch/naive.json" --quiet >"$scratch/naive.txt" 2>&1 || exit=$?
check 'naive.mjs, fuzzed: findings' test "$exit" -eq 1

# found SURFACE ORACLE RULE: the fuzzer has that finding, shown by an input of that surface.
found() {
    python3 - "$scratch/naive.json" "$@" <<'PYTHON'
import json, os, sys

report, surface, *wanted = sys.argv[1:]
for finding in json.load(open(report))["findings"]:
    # One entry for each cause, with the surfaces that show it.
    surfaces = [kind.split(":")[0] for kind in finding["inputs"]]
    if [finding["oracle"], finding["requirement"]] == wanted and surface in surfaces and os.path.getsize(finding["file"]) < 100:
        sys.exit(0)
sys.exit(1)
PYTHON
}
for wanted in \
    'basic-auth crash envelope.no-crash' \
    'basic-auth refused login.credentials.first-colon' \
    'basic-auth token login.refused.other-scheme' \
    'login-body crash envelope.no-crash' \
    'login-body accepted-change login.password.changed-works' \
    'password accepted-change login.password.on-change' \
    'users-body crash envelope.no-crash' \
    'bearer token tokens.bearer.scheme' \
    'path crash envelope.no-crash'; do
    # shellcheck disable=SC2086 # three words
    check "naive.mjs, fuzzed: $wanted" found $wanted
done
exit=0
"$wabizspec" replay "$scratch/naive/findings" --target "http://127.0.0.1:$port" >"$scratch/replayed.txt" 2>&1 || exit=$?
check 'naive.mjs: the findings are reproduced' test "$exit" -eq 1
stop "$last"

closing
