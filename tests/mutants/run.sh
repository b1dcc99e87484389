#!/usr/bin/env bash
# Our own code under mutation: every mutant of the modules that say what is right, against the unit tests of its own
# module. Fails where a mutant survives that explained.txt does not explain, and where it explains one that no longer does.
#
#   tests/mutants/run.sh [MODULE…]      documented template judge plan, unless told otherwise
#
# A mutant costs one compilation, so each module is compiled alone: in a copy of the package that holds it, the modules
# that it imports from, and the dependencies that these name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
explained=$root/tests/mutants/explained.txt
results=$root/target/mutants/results
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=0
unset CARGO_TARGET_DIR RUSTFLAGS

modules=("$@")
[ $# -gt 0 ] || modules=(documented template judge plan)
for module in "${modules[@]}"; do
    if ! grep -q "^pub mod $module;$" src/lib.rs; then
        echo "src/lib.rs has no module $module" >&2
        exit 2
    fi
done
if ! cargo mutants --version >/dev/null 2>&1; then
    cargo install --locked cargo-mutants
fi

# The files of a module.
files() { find "src/$1.rs" "src/$1" -name '*.rs' 2>/dev/null; }

# A module and all that it imports from, one a line.
closure() {
    local open=("$1") seen=' ' module
    while [ ${#open[@]} -gt 0 ]; do
        module=${open[0]}
        open=("${open[@]:1}")
        if [[ $seen != *" $module "* ]]; then
            seen+="$module "
            echo "$module"
            mapfile -t -O "${#open[@]}" open < <(files "$module" | xargs grep -ohE '\<crate::[a-z_]+' | sed 's/.*:://' | sort -u)
        fi
    done
}

# Makes the reduced copy. What an earlier run compiled is kept; the sources are new, so that none of its mutants is.
reduce() {
    local tree=$1 needed line name section=
    mapfile -t needed < <(closure "$2")
    mkdir -p "$tree"
    rm -rf "$tree/src" "$tree/scenarios" "$tree/mutants.out"
    mkdir "$tree/src"
    cp -r build.rs Cargo.lock scenarios "$tree"
    for name in "${needed[@]}"; do
        for line in "src/$name.rs" "src/$name"; do
            [ ! -e "$line" ] || cp -r "$line" "$tree/src"
        done
        echo "pub mod $name;" >>"$tree/src/lib.rs"
    done
    # Of the manifest the package and what is still named. A lint must not make a mutant unviable.
    while IFS= read -r line; do
        case $line in
            '['*) section=$line ;;
        esac
        name=${line%% =*}
        case $section in
            '[package]') [ "$name" = readme ] || echo "$line" ;;
            '[dependencies]' | '[dev-dependencies]')
                if [ "$line" = "$section" ] || { [ -n "$name" ] && grep -rq "\\<${name//-/_}::" "$tree/src"; }; then
                    echo "$line"
                fi
                ;;
        esac
    done <Cargo.toml >"$tree/Cargo.toml"
    # It lies below this package, but belongs to none.
    printf '[workspace]\n' >>"$tree/Cargo.toml"
}

rm -rf "$results"
mkdir -p "$results"
for module in "${modules[@]}"; do
    tree=$root/target/mutants/$module
    reduce "$tree" "$module"
    (cd "$tree" && cargo test --quiet --lib --no-run)
    status=0
    # The limit is far beyond what the tests take on a busy machine: an endless loop runs into it, and nothing else.
    cargo mutants --dir "$tree" --in-place --minimum-test-timeout 60 --file "src/$module.rs" --file "src/$module/**" \
        -- --lib "$module::" || status=$?
    case $status in
        # 2 and 3: some survived, some ran into the limit.
        0 | 2 | 3) ;;
        *) exit "$status" ;;
    esac
    for outcome in caught timeout missed unviable; do
        cat "$tree/mutants.out/$outcome.txt" >>"$results/$outcome"
    done
done

total() { wc -l <"$results/$1"; }
# Survivors by file and change, since lines move.
survivors=$(sed -E 's/:[0-9]+:[0-9]+: /: /' "$results/missed" | LC_ALL=C sort)
known=$(grep -E "^src/($(IFS='|' && echo "${modules[*]}"))(/|\.rs)" "$explained" | LC_ALL=C sort || true)
unexplained=$(LC_ALL=C comm -23 <(echo "$survivors") <(echo "$known"))
outdated=$(LC_ALL=C comm -13 <(echo "$survivors") <(echo "$known"))
# A reason stands below each, indented.
without_reason=$(awk '/^[^ #]/ { if (mutant) print mutant; mutant = $0 } /^ / { mutant = "" } END { if (mutant) print mutant }' "$explained")
for problem in unexplained outdated without_reason; do
    [ -z "${!problem}" ] || printf '\n%s:\n%s\n' "${problem/_/ }" "${!problem}"
done
awk -v caught=$(($(total caught) + $(total timeout))) -v missed="$(total missed)" -v unviable="$(total unviable)" \
    -v explained="$(LC_ALL=C comm -12 <(echo "$survivors") <(echo "$known") | grep -c . || true)" 'BEGIN {
    printf "\n%d caught, %d missed of which %d are explained, %d unviable: %.1f %% caught\n",
        caught, missed, explained, unviable, 100 * caught / (caught + missed)
}'
[ -z "$unexplained$outdated$without_reason" ]
