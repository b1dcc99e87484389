# What each fuzz target is built and run with, told once: source it for `build_flags`, `targets`, `dictionary TARGET`,
# `options TARGET` and `option_words TARGET`.

# Without tracing each comparison: it takes half of the time, and what would be guessed by it stands in the dictionaries.
build_flags=(-O --no-trace-compares)
# Without libFuzzer's assertions about itself: there is one for every edge of every input.
export CXXFLAGS="${CXXFLAGS:-} -DNDEBUG"

# All but `empty`, which is there to measure against.
targets() { sed -n 's/^name = "\(.*\)"$/\1/p' fuzz/Cargo.toml | grep --invert-match -e '^empty$' -e '^wabizspec-fuzz$'; }

dictionary() {
    case $1 in
        password) echo fuzz/dictionaries/password.dict ;;
        *_body) echo fuzz/dictionaries/json.dict ;;
        answer) echo fuzz/dictionaries/answer.dict ;;
        scenario_file) echo fuzz/dictionaries/scenario.dict ;;
        *) echo fuzz/dictionaries/auth.dict ;;
    esac
}

# libFuzzer's options, a line each. Long inputs cost time and say nothing new where the interesting lengths are below a
# hundred. How often an edge was taken says little where the grammar and the dictionaries hold the lengths that matter;
# and to prefer inputs with rare edges costs a fifth of the time and finds no more there. What is read without a grammar
# needs both.
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

# The same as words for a command line.
option_words() { options "$1" | sed 's/^/-/'; }
