#!/usr/bin/env bash
# Builds every fuzz target and runs each one, two at a time: fuzz/ci.sh [SECONDS] (default: 10 per target). Installs what is
# missing. Fails on a crash, a hang or an input that takes more than five seconds.
# Our own code has no `unsafe`, so it needs no sanitizer and can be built on stable. SANITIZER=address uses one, on nightly.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source fuzz/targets.sh
export -f dictionary options option_words
export CARGO_TERM_COLOR=never
export seconds=${1:-10}
sanitizer=${SANITIZER:-none}
toolchain=stable
if [[ $sanitizer != none ]]; then
    toolchain=nightly
fi

command -v c++ >/dev/null || { echo 'building libFuzzer needs a C++ compiler: install g++' >&2; exit 2; }
if ! rustup toolchain list | grep --quiet "^$toolchain"; then
    rustup toolchain install "$toolchain" --profile minimal
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
    cargo install --locked cargo-fuzz
fi

cargo "+$toolchain" fuzz build --sanitizer "$sanitizer" "${build_flags[@]}" 2>&1 | grep --invert-match '^ *Compiling'
host=$(rustc "+$toolchain" -vV | sed -n 's/^host: //p')
export binaries=fuzz/target/$host/release

run() {
    local target=$1 scratch
    # New inputs go to a directory of their own, so that the committed seeds stay few and readable.
    scratch=$(mktemp --directory)
    mkdir -p "$scratch/corpus" "fuzz/artifacts/$target"
    local status=0
    timeout --kill-after=10 $((seconds + 60)) "$binaries/$target" "$scratch/corpus" "fuzz/corpus/$target" \
        $(option_words "$target") -max_total_time="$seconds" -timeout=5 \
        -dict="$(dictionary "$target")" -artifact_prefix="fuzz/artifacts/$target/" -print_final_stats=1 -verbosity=0 \
        >"$scratch/log" 2>&1 || status=$?
    local counted
    counted=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/log")
    if [[ $status == 0 && ${counted:-0} -gt 0 ]]; then
        echo "$target: $counted inputs in $seconds s, no finding"
    else
        tail --lines=40 "$scratch/log"
        echo "$target: FAILED with $status; the input is in fuzz/artifacts/$target" >&2
        status=1
    fi
    rm -rf "$scratch"
    return "$status"
}
export -f run

targets | xargs --max-procs=2 -I{} bash -c 'set -euo pipefail; run {}'
