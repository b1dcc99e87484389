#!/usr/bin/env bash
# What wabizspec costs beside others on the same machine: benches/compare.sh [ROW…]. Everything is measured in turn, ours
# and the other right after each other, for several rounds (ROUNDS, five unless given); the table shows the ratios of the
# rounds, so that what else the machine does weighs on both.
#
# Rows: start suite login wire schemathesis inprocess reference scale clone; all but `clone` unless named.
# WABIZSPEC_BIN measures a program that is built already, and leaves examples as they are. Traffic goes to the loopback
# address only. Peers are installed under target/peers; needs python3, GNU time and wrk, and to build Hurl what its own
# instructions ask for (a C compiler, libclang, libxml2, libcurl with their headers).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TERM_COLOR=never LC_ALL=C
rounds=${ROUNDS:-5}
peers=$PWD/target/peers
export PATH=$peers/bin:$peers/schemathesis/bin:$PATH
# shellcheck source=benches/hurl.sh
. benches/hurl.sh
password=Correct-horse-1
scratch=$(mktemp --directory)
samples=$scratch/samples
: >"$samples"
started=()
end_all() {
    local process
    for process in "${started[@]}"; do
        kill "$process" 2>/dev/null || true
    done
    rm -rf "$scratch"
}
trap end_all EXIT
unset WABIZSPEC_TARGET WABIZSPEC_ADMIN_USERNAME WABIZSPEC_ADMIN_PASSWORD CARGO_TARGET_DIR
export XDG_STATE_HOME=$scratch/state

say() { printf '%s\n' "$*" >&2; }
need() { command -v "$1" >/dev/null || { say "$0 needs $1${2:+: $2}"; exit 2; }; }
calc() { awk "BEGIN { printf \"%.6g\", $1 }"; }

# sample ROW FIGURE GOAL VALUE: one measured ratio or figure of one round.
sample() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$samples"; say "  $1, $2: $4"; }

# measured COMMAND…: leaves the wall time in $wall (s), processor time in $cpu (s) and the most memory in $memory (MiB).
measured() {
    local begun=$EPOCHREALTIME ended
    /usr/bin/time --output="$scratch/time" --format='%M %U %S' "$@" >"$scratch/out" 2>&1 || {
        tail --lines=20 "$scratch/out" >&2
        say "FAILED: $*"
        return 1
    }
    ended=$EPOCHREALTIME
    wall=$(calc "$ended - $begun")
    memory=$(awk 'END { printf "%.1f", $1 / 1024 }' "$scratch/time")
    cpu=$(awk 'END { printf "%.2f", $2 + $3 }' "$scratch/time")
}

# server LOG COMMAND…: a program that says where it listens; leaves that in $url and its id in $server.
server() {
    local log=$1
    shift
    # Emptied here: the program of the last row may have said the same.
    : >"$log"
    "$@" >"$log" 2>&1 &
    server=$!
    started+=("$server")
    until grep --quiet '^listening on ' "$log"; do
        kill -0 "$server" || { cat "$log" >&2; return 1; }
        sleep 0.05
    done
    url=$(sed -n 's/^listening on //p' "$log")
}

stop() {
    kill "$1"
    wait "$1" 2>/dev/null || true
}

wabizspec=${WABIZSPEC_BIN:-target/release/wabizspec}
build() {
    [[ -n ${WABIZSPEC_BIN:-} ]] || cargo build --quiet --locked --release
}
example() {
    local program=target/$1/examples/$2
    if [[ -z ${WABIZSPEC_BIN:-} || ! -x $program ]]; then
        cargo build --quiet --locked --profile "${1/debug/dev}" --example "$2"
    fi
    echo "$program"
}

prepare_hurl() {
    install_hurl "$peers"
    version Hurl "$(hurl --version | awk 'NR == 1 { print $2 }')"
}

# Downloads the sources of Hurl and of all that its lockfile names, as the dependency of an empty package.
fetch_hurl() {
    local needs=$scratch/needs-hurl manifest
    mkdir --parents "$needs/src"
    : >"$needs/src/lib.rs"
    printf '[package]\nname = "needs-hurl"\nedition = "2024"\n[dependencies]\nhurl = "=%s"\n' "$hurl_version" >"$needs/Cargo.toml"
    manifest=$(cargo metadata --quiet --format-version 1 --manifest-path "$needs/Cargo.toml" | python3 -c '
import json, sys
print(*(package["manifest_path"] for package in json.load(sys.stdin)["packages"] if package["name"] == "hurl"))')
    cargo fetch --quiet --locked --manifest-path "$manifest"
}

versions=()
version() { versions+=("$1 $2"); }

# An installed client whose admin has $password.
client() {
    server "$scratch/client" "$wabizspec" serve --listen 127.0.0.1:0 --control
    python3 - "$url" "$password" <<'PYTHON'
import base64, json, sys, urllib.request
url, password = sys.argv[1:]
body = json.dumps({"new_password": password}).encode()
basic = "Basic " + base64.b64encode(b"admin:secret").decode()
request = urllib.request.Request(url + "/v1/users/login", body, {"Authorization": basic, "Content-Type": "application/json"})
urllib.request.urlopen(request).read()
PYTHON
}

# loaded URL SECONDS: requests per second of wrk with eight connections, each a good login.
loaded() {
    # Reported as it goes wrong: answers other than 200 would be a measurement of something else.
    wrk --threads 1 --connections 8 --duration "${2}s" --script "$scratch/login.lua" "$1/v1/users/login" >"$scratch/wrk"
    if grep --quiet 'Non-2xx' "$scratch/wrk"; then
        cat "$scratch/wrk" >&2
        return 1
    fi
    sed -n 's|^Requests/sec: *||p' "$scratch/wrk"
}
prepare_wrk() {
    need wrk 'apt-get install wrk'
    version wrk "$(wrk --version 2>&1 | awk 'NR == 1 { print $2 }')"
    cat >"$scratch/login.lua" <<LUA
wrk.method = "POST"
wrk.body = "{}"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Basic $(printf 'admin:%s' "$password" | base64)"
LUA
}

row_start() {
    build
    local command times
    for ((round = 0; round < rounds; round++)); do
        for command in '--help' 'list cases'; do
            # shellcheck disable=SC2086 # words
            times=$(python3 - "$wabizspec" $command <<'PYTHON'
import os, sys, time
null = os.open(os.devnull, os.O_WRONLY)
wall, cpu = [], []
for _ in range(10):
    begun = time.perf_counter()
    pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    _, _, used = os.wait4(pid, 0)
    wall.append(time.perf_counter() - begun)
    cpu.append(used.ru_utime + used.ru_stime)
print(f"{min(wall) * 1000:.2f} {min(cpu) * 1000:.2f}")
PYTHON
            )
            sample start "\`$command\`, best of ten, ms" '< 10' "${times% *}"
            sample start "\`$command\`, processor time, ms" '' "${times#* }"
        done
    done
}

row_suite() {
    build
    prepare_hurl
    local recorder
    recorder=$(example debug to_hurl)
    server "$scratch/serve" "$wabizspec" serve --listen 127.0.0.1:0 --control
    local upstream=$url serving=$server
    : >"$scratch/proxy"
    "$recorder" "${upstream#http://}" >"$scratch/suite.hurl" 2>"$scratch/proxy" &
    local proxy=$!
    started+=("$proxy")
    until grep --quiet '^listening on ' "$scratch/proxy"; do sleep 0.05; done
    local through
    through=$(sed -n 's/^listening on //p' "$scratch/proxy")
    # Hurl keeps no record of passwords. Ours syncs one to the disk some dozens of times, which is the disk's time and told
    # apart: for the ratio it lies in memory.
    local in_memory=$scratch/journal
    [[ ! -w /dev/shm ]] || in_memory=$(mktemp --directory --tmpdir=/dev/shm)
    suite() {
        "${before[@]}" "$wabizspec" run --quiet --target "$1" --reset "POST $1/__control/reset" --registration open "${@:2}"
    }
    local before=()
    suite "$through" --jobs 1 >"$scratch/out" 2>&1
    stop "$proxy"
    say "  $(grep --count '^HTTP ' "$scratch/suite.hurl") requests for Hurl; $(grep ' pass' "$scratch/out")"
    local ours_wall ours_memory ours_cpu
    before=(measured)
    for ((round = 0; round < rounds; round++)); do
        suite "$upstream" --journal "$in_memory/passwords"
        ours_wall=$wall ours_memory=$memory ours_cpu=$cpu
        curl --silent --fail --request POST "$upstream/__control/reset" >/dev/null
        measured hurl --path-as-is --variable "base=$upstream" "$scratch/suite.hurl"
        sample suite "Hurl's time / ours" '>= 2' "$(calc "$wall / $ours_wall")"
        sample suite "Hurl's processor time / ours" '' "$(calc "$cpu / $ours_cpu")"
        sample suite "ours, s" '' "$ours_wall"
        sample suite "Hurl's, s" '' "$wall"
        suite "$upstream" --jobs 1 --journal "$in_memory/passwords"
        sample suite "ours with one case at a time, s" '' "$wall"
        suite "$upstream"
        sample suite "ours with its journal on the disk, s" '' "$wall"
        sample suite "our memory / Hurl's" '< 1' "$(calc "$ours_memory / $memory")"
    done
    [[ $in_memory != /dev/shm/* ]] || rm -rf "$in_memory"
    stop "$serving"
}

row_login() {
    # It is the logins that take the time, so the tests' own build will do.
    cargo test --quiet --locked --test it -- --ignored --nocapture --test-threads 1 how_long_the_login_area_and_the_suite_take \
        >"$scratch/out" 2>&1 || { cat "$scratch/out" >&2; return 1; }
    sample login 'suite, logins of 250 ms, s' '< 45' "$(sed -n 's/.*: \([0-9.]*\)s for .*/\1/p' "$scratch/out")"
}

row_wire() {
    build
    prepare_wrk
    local rate login
    for ((round = 0; round < rounds; round++)); do
        for surface in basic-auth login-body all; do
            # Each on a client of its own: every login leaves a token, and a client with many is a slower one.
            client
            login=$(loaded "$url" 3)
            stop "$server"
            client
            WABIZSPEC_ADMIN_PASSWORD=$password "$wabizspec" fuzz "$surface" --target "$url" --time 3s --jobs 8 --seed "$round" \
                --quiet --out "$scratch/found" --report json="$scratch/fuzz.json" >"$scratch/out" 2>&1 || { cat "$scratch/out" >&2; return 1; }
            stop "$server"
            rate=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["requests_per_s"])' "$scratch/fuzz.json")
            sample wire "\`fuzz $surface\` / wrk" '>= 0.75' "$(calc "$rate / $login")"
        done
    done
}

row_schemathesis() {
    build
    if ! command -v schemathesis >/dev/null; then
        need python3
        python3 -m venv "$peers/schemathesis"
        "$peers/schemathesis/bin/pip" install --quiet schemathesis
    fi
    version schemathesis "$(schemathesis --version | awk '{ print $NF }')"
    client
    local rate
    for ((round = 0; round < rounds; round++)); do
        WABIZSPEC_ADMIN_PASSWORD=$password "$wabizspec" fuzz login-body --target "$url" --time 3s --jobs 8 --seed "$round" \
            --quiet --out "$scratch/found" --report json="$scratch/fuzz.json" >"$scratch/out" 2>&1 || { cat "$scratch/out" >&2; return 1; }
        rate=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["requests_per_s"])' "$scratch/fuzz.json")
        # What it finds is not the question here, so it goes on whatever it finds; the server counts what it sent.
        rm -rf "$scratch/st.ndjson"
        local begun=$EPOCHREALTIME
        # From a folder of its own: it leaves a folder of what it learned wherever it is run.
        timeout 120 env --chdir="$scratch" schemathesis run "$PWD/tests/prism/openapi-login.yaml" --url "$url" --auth "admin:$password" --phases fuzzing \
            --max-examples 200 --seed "$round" --no-shrink --continue-on-failure --checks not_a_server_error \
            --report har --report-har-path "$scratch/st.har" >"$scratch/out" 2>&1 || true
        local took sent
        took=$(calc "$EPOCHREALTIME - $begun")
        sent=$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["log"]["entries"]))' "$scratch/st.har")
        say "  schemathesis: $sent requests in $took s"
        sample schemathesis '`fuzz login-body` / schemathesis' '>= 300' "$(calc "$rate / ($sent / $took)")"
    done
    stop "$server"
}

row_inprocess() {
    version cargo-fuzz "$(cargo fuzz --version | awk '{ print $2 }')"
    for ((round = 0; round < rounds; round++)); do
        # Six columns: target, its rate, the empty one's, their ratio, the goal or `-`, the spread.
        fuzz/rates.sh 2 1 >"$scratch/rates"
        while read -r target _ _ ratio goal _; do
            [[ $goal == - ]] && goal='' || goal=">= $goal"
            [[ $target == target ]] || sample inprocess "\`$target\` / empty target" "$goal" "$ratio"
        done <"$scratch/rates"
    done
}

row_reference() {
    build
    prepare_wrk
    client
    local ours=$url serving=$server
    server "$scratch/bare" "$(example release bare_server)" 127.0.0.1:0
    for ((round = 0; round < rounds; round++)); do
        local bare client
        bare=$(loaded "$url" 3)
        client=$(loaded "$ours" 3)
        sample reference 'logins / bare hyper handler' '>= 0.7' "$(calc "$client / $bare")"
    done
    stop "$server"
    stop "$serving"
}

row_scale() {
    build
    server "$scratch/serve" "$wabizspec" serve --listen 127.0.0.1:0
    local count per_case=()
    for count in 1000 10000 100000; do
        mkdir --parents "$scratch/$count/login"
        cp scenarios/requirements.toml "$scratch/$count/"
        {
            printf 'title = "Made-up credentials get no token"\ngiven = "any"\ntwin = "login/good"\n\n[cases]\n'
            awk -v count="$count" 'BEGIN { for (i = 1; i <= count; i++) printf "row-%d = { name = \"nobody-%d\" }\n", i, i }'
            printf '\n[[steps]]\nname = "log in"\nsend = "POST /v1/users/login"\nbasic = "${name}:wrong"\njson = "{}"\n\n'
            printf '[steps.expect]\n"login.refused.unknown-user" = { status = 401, absent = ["/users"] }\n'
        } >"$scratch/$count/login/made-up.toml"
        cp scenarios/login/control.toml "$scratch/$count/login/good.toml"
    done
    for ((round = 0; round < rounds; round++)); do
        local small='' small_memory='' each
        for count in 1000 10000 100000; do
            measured "$wabizspec" run --quiet --target "$url" --registration open --scenarios "$scratch/$count" \
                --report ndjson="$scratch/run.ndjson"
            each=$(calc "$wall * 1000000 / $count")
            sample scale "$count cases, us each" '' "$each"
            sample scale "$count cases, MiB" '' "$memory"
            if [[ -z $small ]]; then
                small=$each small_memory=$memory
            elif [[ $count == 100000 ]]; then
                sample scale 'cost of a case, 100 000 / 1 000' '<= 1.2' "$(calc "$each / $small")"
                sample scale 'memory for 100 000 - for 1 000, KiB a case' '' "$(calc "($memory - $small_memory) * 1024 / 99000")"
            fi
        done
    done
    stop "$server"
}

row_clone() {
    # Once: it takes minutes. Both from downloaded sources, so that the network does not count.
    cargo fetch --quiet --locked
    fetch_hurl
    git clone --quiet . "$scratch/clone"
    (cd "$scratch/clone" && CARGO_TARGET_DIR=$scratch/clone/target measured cargo run --locked --release -- run --embedded &&
        printf 'ours=%s ours_cpu=%s\n' "$wall" "$cpu" >"$scratch/clone-took")
    rm -rf "$scratch/clone/target"
    local ours ours_cpu
    source "$scratch/clone-took"
    measured cargo install --locked --version "$hurl_version" --root "$scratch/hurl" --target-dir "$scratch/hurl-build" hurl
    version Hurl "$hurl_version"
    sample clone 'clean clone to first verdict / building Hurl' '< 1' "$(calc "$ours / $wall")"
    sample clone 'the same, processor time' '' "$(calc "$ours_cpu / $cpu")"
    sample clone 'clean clone to first verdict, s' '' "$ours"
}

table() {
    printf '\n%s, %s, %s cores, wabizspec %s (%s), %s\n' "$(date --utc +%F)" "benches/compare.sh ${rows[*]}" "$(nproc)" \
        "$("$wabizspec" --version | awk '{ print $2 }')" "$(git rev-parse --short HEAD)" "$(rustc --version | cut -d' ' -f1-2)"
    ((${#versions[@]} == 0)) || printf '%s\n' "${versions[@]}" | sort --unique | paste --serial --delimiters=, | sed 's/,/, /g'
    printf '\n| what | figure | goal | min | median | max |\n| --- | --- | --- | --- | --- | --- |\n'
    python3 - "$samples" <<'PYTHON'
import statistics, sys

figures = {}
for line in open(sys.argv[1]):
    row, figure, goal, value = line.rstrip("\n").split("\t")
    figures.setdefault((row, figure, goal), []).append(float(value))
for (row, figure, goal), values in figures.items():
    shown = (min(values), statistics.median(values), max(values))
    print(f"| {row} | {figure} | {goal} | " + " | ".join(f"{value:.3g}" for value in shown) + " |")
PYTHON
}

need python3
[[ -x /usr/bin/time ]] || need /usr/bin/time 'apt-get install time'
rows=("$@")
((${#rows[@]} > 0)) || rows=(start suite login wire schemathesis inprocess reference scale)
for row in "${rows[@]}"; do
    declare -F "row_$row" >/dev/null || { say "there is no row $row"; exit 2; }
done
build
for row in "${rows[@]}"; do
    say "$row ($SECONDS s)"
    "row_$row"
done
table
