#!/usr/bin/env bash
# Executions per second of every fuzz target against an empty one, each measured right after the other so that other load
# weighs on both: fuzz/rates.sh [SECONDS].
# The goals: 0.3 for Basic, passwords and expiry, 0.15 for JSON, 0.03 for sessions.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TERM_COLOR=never
seconds=${1:-5}
cargo +stable fuzz build --sanitizer none >/dev/null 2>&1
binaries=fuzz/target/$(rustc +stable -vV | sed -n 's/^host: //p')/release

# The average over a whole run: it begins with the committed seeds.
rate() {
    local target=$1 dictionary=auth length=256 scratch seeds=()
    case $target in
        *_body) dictionary=json length=512 ;;
        answer | scenario_file) dictionary=json length=2048 ;;
    esac
    if [[ -d fuzz/corpus/$target ]]; then
        seeds=("fuzz/corpus/$target")
    fi
    scratch=$(mktemp --directory)
    "$binaries/$target" "$scratch" "${seeds[@]}" -max_total_time="$seconds" -max_len="$length" -print_final_stats=1 \
        -verbosity=0 -dict="fuzz/dictionaries/$dictionary.dict" 2>&1 |
        sed -n 's/^stat::average_exec_per_sec: *//p'
    rm -rf "$scratch"
}

printf '%-16s %12s %12s %8s %6s\n' target exec/s empty ratio goal
for target in $(cargo +stable fuzz list | grep --invert-match '^empty$'); do
    goal=
    case $target in
        basic_auth | password | expires_after) goal=0.30 ;;
        *_body) goal=0.15 ;;
        session) goal=0.03 ;;
    esac
    empty=$(rate empty)
    measured=$(rate "$target")
    ratio=$(awk "BEGIN { printf \"%.2f\", $measured / $empty }")
    printf '%-16s %12s %12s %8s %6s\n' "$target" "$measured" "$empty" "$ratio" "$goal"
done
