#!/usr/bin/env bash
# Fuzzes three servers that are wrong in several ways at once. Every scenario, script and raw file that is kept must show its
# finding once more.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/checks.sh
. "$here/../checks.sh"

# kept NAME FAULT…: a server with these faults, a run of the fuzzer, and everything that it kept.
kept() (
    local name=$1 port faults=() fault
    shift
    for fault in "$@"; do faults+=(--fault "$fault"); done
    port=$(free_port)
    start "$scratch/$name.log" "$wabizspec" serve --listen "127.0.0.1:$port" --control "${faults[@]}"
    trap 'stop "$last"' EXIT
    wait_for "$port" "$last" || return 1
    "$wabizspec" fuzz all http --target "http://127.0.0.1:$port" --allow registration --requests 4000 --seed 1 --quiet \
        --out "$scratch/$name" --journal "$scratch/$name.journal" >"$scratch/$name.txt" || [ $? = 1 ] || return 1
    python3 "$here/check.py" "$wabizspec" "http://127.0.0.1:$port" "$scratch/$name"
)

check 'crashes, secrets in answers, and a role that anybody gets' kept one login.robustness.no-colon \
    login.robustness.array-for-a-body envelope.no-secret-echoed.new-password users.create.role-on-request
check 'credentials and tokens that should be refused' kept two login.refused.scheme-left-out login.refused.takeover \
    tokens.logout.token-lives-on tokens.bearer.any-form-to-read users.robustness.odd-name-in-the-path
check 'bodies that are taken, stored or never answered' kept three login.robustness.deep-nesting-closes \
    login.robustness.no-utf8 users.create.stored-before-judged account.two-step.any-body envelope.error-shape.without-title
closing
