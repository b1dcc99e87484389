#!/usr/bin/env bash
# Clicks through the HTML report in Chromium. Needs chromium at /usr/bin/chromium (Debian's package), Node.js and npm.
# Prints 'N passed, N failed' and ends with 1 if anything failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD
root=$(cd ../.. && pwd)

[ -x /usr/bin/chromium ] || { echo 'chromium is missing: apt-get install -y chromium' >&2; exit 1; }
cargo build --locked --quiet --manifest-path "$root/Cargo.toml"
wabizspec=${CARGO_TARGET_DIR:-$root/target}/debug/wabizspec

work=$(mktemp -d)
started=()
tidy() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap tidy EXIT

# Starts a server and waits for the line that says where it listens.
listening() {
    local log=$work/$1.log
    shift
    "$@" >"$log" 2>&1 &
    started+=($!)
    for _ in $(seq 600); do
        url=$(sed -n 's/^listening on //p' "$log")
        [ -z "$url" ] || return 0
        sleep 0.1
    done
    cat "$log" >&2
    return 1
}

npm install --silent --no-audit --no-fund --prefix "$work" playwright-core@1.64.1 >/dev/null
listening reference "$wabizspec" serve --listen 127.0.0.1:0
listening proxy node "$here/spoiling-proxy.mjs" "$url"
code=0
"$wabizspec" run --quiet --target "$url" --fresh --allow users,passwords --report "html=$work/broken.html" >/dev/null || code=$?
[ "$code" = 1 ] || { echo "the spoilt target was judged with exit code $code, not 1" >&2; exit 1; }
"$wabizspec" run --quiet --report "html=$work/green.html" >/dev/null

cp "$here/report.test.mjs" "$work/"
(cd "$work" && node report.test.mjs "$work/broken.html" "$work/green.html" "$work")
