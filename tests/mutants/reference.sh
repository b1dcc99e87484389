#!/usr/bin/env bash
# The reference client under mutation by cargo-mutants, judged by the suite: its own unit tests have no say. Fails if a mutant
# survives that explained/reference.txt does not explain, or if it explains one that no longer survives. Needs python3, curl,
# and the program at target/release/wabizspec or in WABIZSPEC_BIN.
#
#   tests/mutants/reference.sh [OPTION…]      options for cargo mutants, such as --shard 0/8 or --file
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mutants=$PWD/tests/mutants
work=$PWD/target/mutants/reference
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=$PWD/target/mutants
unset RUSTFLAGS

mkdir --parents "$work"
PATH=$PWD/target/tools/bin:$PATH
if ! cargo mutants --version >/dev/null 2>&1; then
    cargo install --locked --root target/tools cargo-mutants@27.1.0
fi
rm -rf "$work/mutants.out" "$work/right.json"
judge=(python3 "$mutants/judge.py" "$work/right.json" /__control/)
# What `cargo test` would run as a test is the server, by way of the judge.
host=$(rustc --version --verbose | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${host}_RUNNER=${judge[*]}"
# Not the parts that only planted faults use: they do nothing in a client without one.
options=(--package wabizspec-reference --no-default-features --features server
    --exclude '**/src/fault/**' --exclude '**/src/behaviour/**' --exclude '**/src/server/t*.rs')
status=0
# The judge has limits of its own, so that the server ends with it.
cargo mutants "${options[@]}" --cargo-arg=--example=serve --timeout 300 --output "$work" "$@" || status=$?
case $status in
    # 2 and 3: some survived, some ran into the limit.
    0 | 2 | 3) ;;
    *) exit "$status" ;;
esac
python3 "$mutants/outcomes.py" "$mutants/explained/reference.txt" cargo-mutants "$work/mutants.out" ${1:+--partly}
