#!/usr/bin/env bash
# Our own code under mutation: every mutant of the modules that say what is right, against the unit tests of its own
# module. Fails if a mutant survives that explained/modules.txt does not explain, or if it explains one that no longer survives.
#
#   tests/mutants/modules.sh [MODULE…]      documented template judge plan, unless others are given
#
# A mutant costs one compilation. Without the default features, that is the module, what it imports from, and little else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
explained=tests/mutants/explained/modules.txt
results=target/mutants/results
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=$PWD/target/mutants
unset RUSTFLAGS
PATH=$PWD/target/tools/bin:$PATH
if ! cargo mutants --version >/dev/null 2>&1; then
    cargo install --locked --root target/tools cargo-mutants@27.1.0 --target-dir target/mutants
fi

modules=("$@")
[[ $# -gt 0 ]] || modules=(documented template judge plan)
rm -rf "$results"
mkdir --parents "$results"
paths=()
for module in "${modules[@]}"; do
    package=wabizspec path=src/$module
    if [[ $module == documented ]]; then
        package=wabizspec-reference path=crates/wabizspec-reference/src/documented
    fi
    if [[ ! -e $path && ! -e $path.rs ]]; then
        echo "there is no module $path" >&2
        exit 2
    fi
    paths+=("$path")
    status=0
    # The limit is far beyond what the tests take on a busy machine: only an endless loop runs into it.
    cargo mutants --package "$package" --no-default-features --output "$results/$module" --minimum-test-timeout 60 \
        --file "$path.rs" --file "$path/**" -- --lib "$module::" || status=$?
    case $status in
        # 2 and 3: some survived, some ran into the limit.
        0 | 2 | 3) ;;
        *) exit "$status" ;;
    esac
done

outcome() { cat "$results"/*/mutants.out/"$1".txt; }
total() { outcome "$1" | wc --lines; }
# Survivors by file and change, since lines move.
survivors=$(outcome missed | sed --regexp-extended 's/:[0-9]+:[0-9]+: /: /' | LC_ALL=C sort)
known=$(grep --extended-regexp "^($(IFS='|' && echo "${paths[*]}"))(/|\.rs)" "$explained" | LC_ALL=C sort || true)
unexplained=$(LC_ALL=C comm -23 <(echo "$survivors") <(echo "$known"))
outdated=$(LC_ALL=C comm -13 <(echo "$survivors") <(echo "$known"))
# A reason stands below each, indented.
without_reason=$(awk '/^[^ #]/ { if (mutant) print mutant; mutant = $0 } /^ / { mutant = "" } END { if (mutant) print mutant }' "$explained")
for problem in unexplained outdated without_reason; do
    [[ -z ${!problem} ]] || printf '\n%s:\n%s\n' "${problem/_/ }" "${!problem}"
done
awk -v tool="$(cargo mutants --version)" -v caught=$(($(total caught) + $(total timeout))) -v missed="$(total missed)" \
    -v unviable="$(total unviable)" \
    -v explained="$(LC_ALL=C comm -12 <(echo "$survivors") <(echo "$known") | grep --count . || true)" 'BEGIN {
    printf "\n%s: %d caught, %d missed of which %d are explained, %d unviable: %.1f %% caught\n",
        tool, caught, missed, explained, unviable, 100 * caught / (caught + missed)
}'
[[ -z $unexplained$outdated$without_reason ]]
