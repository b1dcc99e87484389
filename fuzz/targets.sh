# What each fuzz target is run with, told once: source it for `targets`, `dictionary TARGET` and `max_len TARGET`.

# All but `empty`, which is there to measure against.
targets() { sed -n 's/^name = "\(.*\)"$/\1/p' fuzz/Cargo.toml | grep --invert-match -e '^empty$' -e '^wabizspec-fuzz$'; }

dictionary() {
    case $1 in
        *_body) echo fuzz/dictionaries/json.dict ;;
        answer) echo fuzz/dictionaries/answer.dict ;;
        scenario_file) echo fuzz/dictionaries/scenario.dict ;;
        *) echo fuzz/dictionaries/auth.dict ;;
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
