#!/bin/bash -eu
# Builds the fuzz targets into $OUT in the layout that ClusterFuzzLite expects: TARGET, TARGET_seed_corpus.zip, TARGET.dict
# and TARGET.options. ClusterFuzzLite sets SRC, OUT, SANITIZER and the toolchain. Elsewhere OUT is enough:
# `.ci/clusterfuzzlite` runs this in a plain directory.
if [[ -n ${SRC:-} ]]; then
    cd "$SRC/wabizspec"
else
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
fi
source fuzz/targets.sh

case ${SANITIZER:-address} in
    address | memory | thread) sanitizer=${SANITIZER:-address} flags=() ;;
    # The image sets the compiler flags for coverage, and Rust has no `undefined` sanitizer. The build flags are the same as
    # in fuzz/ci.sh, so that both can use the same build.
    *) sanitizer=none flags=("${build_flags[@]}") ;;
esac
# Sanitizers need a nightly compiler, which the image has by default.
if [[ $sanitizer != none && $(rustc --version) != *nightly* ]]; then
    export RUSTUP_TOOLCHAIN=nightly
fi
cargo fuzz build --sanitizer "$sanitizer" "${flags[@]}"
built=fuzz/target/$(rustc -vV | sed -n 's/^host: //p')/release

for target in $(targets); do
    cp "$built/$target" "$OUT/"
    cp "$(dictionary "$target")" "$OUT/$target.dict"
    {
        printf '[libfuzzer]\ntimeout = 5\n'
        options "$target" | sed 's/=/ = /'
    } >"$OUT/$target.options"
    # Inputs that once caused a crash are seeds too.
    seeds=("fuzz/corpus/$target"/*)
    [[ ! -d fuzz/regressions/$target ]] || seeds+=("fuzz/regressions/$target"/*)
    rm -f "$OUT/${target}_seed_corpus.zip"
    zip --quiet --junk-paths "$OUT/${target}_seed_corpus.zip" "${seeds[@]}"
done
