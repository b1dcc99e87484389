#!/bin/bash -eu
# Builds the fuzz targets into $OUT as ClusterFuzzLite wants them: TARGET, TARGET_seed_corpus.zip, TARGET.dict and
# TARGET.options. ClusterFuzzLite sets SRC, OUT, SANITIZER and the toolchain. OUT alone is enough elsewhere:
# `.ci/clusterfuzzlite` runs this against a plain folder.
if [[ -n ${SRC:-} ]]; then
    cd "$SRC/wabizspec"
else
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
fi
source fuzz/targets.sh

case ${SANITIZER:-address} in
    address | memory | thread) sanitizer=${SANITIZER:-address} flags=() ;;
    # Coverage comes from the compiler's flags, which the image sets, and Rust has nothing for `undefined`. The flags are
    # those of fuzz/ci.sh, so that what is compiled serves both.
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
    # Inputs that were once a crash are seeds too.
    seeds=("fuzz/corpus/$target"/*)
    [[ ! -d fuzz/regressions/$target ]] || seeds+=("fuzz/regressions/$target"/*)
    rm -f "$OUT/${target}_seed_corpus.zip"
    zip --quiet --junk-paths "$OUT/${target}_seed_corpus.zip" "${seeds[@]}"
done
