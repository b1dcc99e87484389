#!/usr/bin/env bash
# The cases that `wabizspec export` writes for Hurl and Postman pass on the reference client, and fail where it has a fault:
# tests/exported/run.sh [hurl|postman] (default: both). Hurl is built if there is none (see benches/hurl.sh), which takes minutes;
# newman comes from npm.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/checks.sh
. "$here/../checks.sh"
faults=(login.first.default-password-accepted tokens.logout.token-lives-on users.create.role-on-request
    users.username.five-are-needed account.two-step.any-body)
with_hurl() {
    # shellcheck source=benches/hurl.sh
    . "$root/benches/hurl.sh"
    install_hurl "$root/target/peers"
    for level in must should; do
        "$wabizspec" export "$scratch/$level" --format hurl --fail-on "$level" 2>"$scratch/left-out" || { cat "$scratch/left-out"; exit 1; }
        check "Hurl: what a $level asks, with registration open" "$here/check.py" "$wabizspec" "$scratch/$level" live reset open
        check "Hurl: what a $level asks, with registration closed" "$here/check.py" "$wabizspec" "$scratch/$level" live reset sunset
    done
    for fault in "${faults[@]}"; do
        check "Hurl: $fault" "$here/check.py" "$wabizspec" "$scratch/must" live reset open --fault "$fault"
    done
}

with_newman() {
    version=6.2.1
    newman=$cache/newman-$version
    if [ ! -x "$newman/node_modules/.bin/newman" ]; then
        npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --prefix "$newman" "newman@$version"
    fi
    export PATH=$newman/node_modules/.bin:$PATH
    "$wabizspec" export "$scratch/postman" --format postman 2>"$scratch/left-out" || { cat "$scratch/left-out"; exit 1; }
    check 'newman: live' "$here/check.py" "$wabizspec" "$scratch/postman" live
    check 'newman: reset and open' "$here/check.py" "$wabizspec" "$scratch/postman" reset open
    check 'newman: sunset' "$here/check.py" "$wabizspec" "$scratch/postman" sunset
    check "newman: ${faults[0]}" "$here/check.py" "$wabizspec" "$scratch/postman" reset --fault "${faults[0]}"
}

case ${1:-both} in
    hurl) with_hurl ;;
    postman) with_newman ;;
    both) with_hurl && with_newman ;;
    *) echo "usage: tests/exported/run.sh [hurl|postman]" >&2; exit 2 ;;
esac
closing
