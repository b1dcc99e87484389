# What each fuzz target is built and run with, told once: source it for `build_flags`, `targets`, `dictionary TARGET`,
# `max_len TARGET` and `use_counters TARGET`.

# Without tracing each comparison: it takes half of the time, and what would be guessed by it stands in the dictionaries.
build_flags=(-O --no-trace-compares)

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

# How often an edge was taken says little where the grammar and the dictionaries hold the lengths that matter, and
# without it there are half as many inputs again. What is read without a grammar needs it.
use_counters() {
    case $1 in
        answer | certificate | scenario_file) echo 1 ;;
        *) echo 0 ;;
    esac
}

# Long inputs cost time and say nothing new where the interesting lengths are below a hundred.
max_len() {
    case $1 in
        *_body) echo 512 ;;
        answer | scenario_file) echo 2048 ;;
        *) echo 256 ;;
    esac
}
