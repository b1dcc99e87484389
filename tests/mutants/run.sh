#!/usr/bin/env bash
# Our own code under mutation: every mutant of the modules that say what is right, against the unit tests of its own
# module. Fails where a mutant survives that explained.txt does not explain, and where it explains one that no longer does.
#
#   tests/mutants/run.sh [MODULE…]      documented template judge plan, unless told otherwise
#
# A mutant costs one compilation, so the module stands alone in a copy of the package; what it imports from is compiled once,
# as a package below it, and of the dependencies only those are there that the sources name.
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

# All that a module imports from, directly or not, one a line.
below() {
    local open=("$1") seen=" $1 " module import
    while [ ${#open[@]} -gt 0 ]; do
        module=${open[0]}
        open=("${open[@]:1}")
        for import in $(files "$module" | xargs grep -ohE '\<crate::[a-z_]+' | sed 's/.*:://' | sort -u); do
            if [[ $seen != *" $import "* ]]; then
                seen+="$import "
                open+=("$import")
                echo "$import"
            fi
        done
    done
}

# Prints a manifest for the sources of a folder: of ours the edition, and the dependencies that are named in them.
manifest() {
    local line section= name
    printf '[package]\nname = "%s"\n%s\n' "$2" "$(grep '^edition' Cargo.toml)"
    while IFS= read -r line; do
        case $line in
            '['*) section=$line ;;
        esac
        name=${line%% =*}
        case $section in
            '[dependencies]' | '[dev-dependencies]')
                if [ "$line" = "$section" ] || { [ -n "$name" ] && grep -rq "\\<${name//-/_}::" "$1"; }; then
                    echo "$line"
                fi
                ;;
        esac
    done <Cargo.toml
}

# Copies a module to where its crate's sources stand.
copy() {
    local part
    for part in "src/$1.rs" "src/$1"; do
        [ ! -e "$part" ] || cp -r "$part" "$2"
    done
}

# Makes the reduced copy. What an earlier run compiled is kept; the sources are new, so that none of its mutants is.
reduce() {
    local tree=$1 module=$2 lower needed
    mapfile -t needed < <(below "$module")
    rm -rf "$tree/src" "$tree/below/src" "$tree/below/scenarios" "$tree/mutants.out"
    mkdir -p "$tree/src" "$tree/below/src"
    copy "$module" "$tree/src"
    for lower in "${needed[@]}"; do
        copy "$lower" "$tree/below/src"
        # What the crate keeps to itself is shared by the two.
        find "$tree/below/src" -name '*.rs' -exec sed -i 's/pub(crate)/pub/' {} +
    done
    printf 'pub mod %s;\n' "${needed[@]}" | sed '/mod ;/d' >"$tree/below/src/lib.rs"
    printf '#![allow(unused_imports)]\npub use below::*;\npub mod %s;\n' "$module" >"$tree/src/lib.rs"
    cp -r build.rs scenarios "$tree/below"
    cp Cargo.lock "$tree"
    manifest "$tree/below/src" below >"$tree/below/Cargo.toml"
    {
        manifest "$tree/src" wabizspec
        printf '[dependencies.below]\npath = "below"\n[workspace]\n'
    } >"$tree/Cargo.toml"
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
awk -v tool="$(cargo mutants --version)" -v caught=$(($(total caught) + $(total timeout))) -v missed="$(total missed)" \
    -v unviable="$(total unviable)" \
    -v explained="$(LC_ALL=C comm -12 <(echo "$survivors") <(echo "$known") | grep -c . || true)" 'BEGIN {
    printf "\n%s: %d caught, %d missed of which %d are explained, %d unviable: %.1f %% caught\n",
        tool, caught, missed, explained, unviable, 100 * caught / (caught + missed)
}'
[ -z "$unexplained$outdated$without_reason" ]
