#!/usr/bin/env bash
# Builds every fuzz target and runs each for a while: fuzz/ci.sh [SECONDS], ten unless given. Installs what is missing.
# Our own code has no `unsafe`, so no sanitizer is needed; SANITIZER=address runs with one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
seconds=${1:-10}
sanitizer=${SANITIZER:-none}

if ! cargo fuzz --version >/dev/null 2>&1; then
    cargo install --locked cargo-fuzz
fi
if ! rustup toolchain list | grep --quiet '^nightly'; then
    rustup toolchain install nightly --profile minimal
fi
export CARGO_TERM_COLOR=never

cd ..
cargo +nightly fuzz build --sanitizer "$sanitizer"
for target in $(cargo +nightly fuzz list); do
    # Long inputs cost time and say nothing new where the interesting lengths are below a hundred.
    dictionary=auth length=256
    case $target in
        *_body) dictionary=json length=512 ;;
        answer | scenario_file) dictionary=json length=2048 ;;
    esac
    # What is found on the way goes to a folder of its own: the committed seeds stay few and readable.
    corpus=$(mktemp --directory)
    trap 'rm -rf "$corpus"' EXIT
    printf '\n== %s, %s s\n' "$target" "$seconds"
    cargo +nightly fuzz run --sanitizer "$sanitizer" "$target" "$corpus" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -timeout=1 -max_len="$length" -print_final_stats=1 -verbosity=0 \
        -dict="fuzz/dictionaries/$dictionary.dict" >"$corpus.log" 2>&1 || { tail --lines=60 "$corpus.log"; exit 1; }
    grep -E "average_exec|number_of_executed" "$corpus.log"
    rm -rf "$corpus" "$corpus.log"
done
