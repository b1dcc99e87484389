# The build flags and options of every fuzz target. Source this file for `build_flags`, `targets`, `dictionary TARGET`,
# `options TARGET` and `option_words TARGET`.

# No tracing of comparisons: it takes half of the time, and the dictionaries contain what it would find.
build_flags=(-O --no-trace-compares)
# No assertions inside libFuzzer: it has one for every edge of every input.
export CXXFLAGS="${CXXFLAGS:-} -DNDEBUG"

# All targets except `empty`, which is the baseline for measurements.
targets() { sed -n 's/^name = "\(.*\)"$/\1/p' fuzz/Cargo.toml | grep --invert-match -e '^empty$' -e '^wabizspec-fuzz$'; }

dictionary() {
    case $1 in
        password) echo src/fuzz/dictionaries/password.dict ;;
        *_body) echo src/fuzz/dictionaries/json.dict ;;
        answer) echo src/fuzz/dictionaries/answer.dict ;;
        scenario_file) echo src/fuzz/dictionaries/scenario.dict ;;
        *) echo src/fuzz/dictionaries/auth.dict ;;
    esac
}

# libFuzzer's options, one per line. Long inputs cost time and show nothing new if the interesting lengths are below a
# hundred. How often an edge is taken says little if the grammar and the dictionaries contain the lengths that matter, and
# preferring inputs with rare edges costs a fifth of the time and finds no more. Targets without a grammar need both.
options() {
    case $1 in
        answer | scenario_file) echo max_len=2048 ;;
        *_body) echo max_len=512 ;;
        *) echo max_len=256 ;;
    esac
    case $1 in
        answer | certificate | scenario_file) ;;
        *) printf '%s\n' use_counters=0 entropic=0 ;;
    esac
}

# The same options, as words for a command line.
option_words() { options "$1" | sed 's/^/-/'; }
