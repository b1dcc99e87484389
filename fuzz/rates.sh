#!/usr/bin/env bash
# Executions per second of every fuzz target against an empty one: fuzz/rates.sh [SECONDS [ROUNDS]].
# Each target first grows a corpus for SECONDS. Then it and the empty target are measured in turn (default: 5 rounds), so that
# other load affects both, and with the same work: the same complete corpus, flags and dictionary. Prints the round with the
# median ratio, and the smallest and largest ratio. Goals: 0.3 for Basic, passwords and expiry, 0.15 for JSON, 0.03 for
# sessions.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source fuzz/targets.sh
export CARGO_TERM_COLOR=never
seconds=${1:-5}
rounds=${2:-5}
cargo +stable fuzz build --sanitizer none "${build_flags[@]}" >/dev/null 2>&1
binaries=fuzz/target/$(rustc +stable -vV | sed -n 's/^host: //p')/release

# rate BINARY TARGET CORPUS: the average over a run that starts with the corpus. The run writes nothing, so the disk does not
# affect the measurement.
rate() {
    local binary=$1 target=$2 corpus=$3 scratch
    scratch=$(mktemp)
    find "$corpus" -type f | paste --serial --delimiters=, | tr --delete '\n' >"$scratch"
    "$binaries/$binary" -seed_inputs="@$scratch" -max_total_time="$seconds" $(option_words "$target") \
        -len_control=0 -keep_seed=1 -print_final_stats=1 -verbosity=0 \
        -dict="$(dictionary "$target")" 2>&1 |
        sed -n 's/^stat::average_exec_per_sec: *//p'
    rm -f "$scratch"
}

printf '%-16s %12s %12s %8s %6s %12s\n' target exec/s empty ratio goal spread
for target in $(targets); do
    goal=-
    case $target in
        basic_auth | password | expires_after) goal=0.30 ;;
        *_body) goal=0.15 ;;
        session) goal=0.03 ;;
    esac
    corpus=$(mktemp --directory)
    cp "fuzz/corpus/$target"/* "$corpus"
    "$binaries/$target" "$corpus" -max_total_time="$seconds" $(option_words "$target") -verbosity=0 \
        -dict="$(dictionary "$target")" >/dev/null 2>&1
    told=$(for ((round = 0; round < rounds; round++)); do
        empty=$(rate empty "$target" "$corpus")
        measured=$(rate "$target" "$target" "$corpus")
        awk "BEGIN { printf \"%.3f %s %s\\n\", $measured / $empty, $measured, $empty }"
    done | sort)
    rm -rf "$corpus"
    read -r ratio measured empty <<<"$(sed -n "$(((rounds + 1) / 2))p" <<<"$told")"
    spread=$(awk 'NR == 1 { printf "%.2f-", $1 } END { printf "%.2f", $1 }' <<<"$told")
    printf '%-16s %12s %12s %8.2f %6s %12s\n' "$target" "$measured" "$empty" "$ratio" "$goal" "$spread"
done
