#!/usr/bin/env bash
# The server written in Python under mutation by cosmic-ray, judged by the suite. Fails if a mutant survives that
# explained/python.txt does not explain, or if it explains one that no longer survives. Needs python3, curl, and the program
# at target/release/wabizspec or in WABIZSPEC_BIN.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mutants=$PWD/tests/mutants
work=$PWD/target/mutants/python
export PYTHONDONTWRITEBYTECODE=1

mkdir --parents "$work"
[[ -x $work/tools/bin/cosmic-ray ]] || {
    python3 -m venv "$work/tools"
    "$work/tools/bin/pip" install --quiet cosmic-ray==8.7.0
}
PATH=$work/tools/bin:$PATH
# Mutants are made in a copy.
cp tests/python_server/{server,certificate}.py "$work"
cd "$work"
rm -f right.json session.sqlite
judge=(python3 "$mutants/judge.py" "$work/right.json" /__ python3 server.py)
"${judge[@]}"
# The judge has limits of its own, so that the server ends with it.
cat >cosmic-ray.toml <<TOML
[cosmic-ray]
module-path = ["server.py", "certificate.py"]
excluded-modules = []
test-command = "${judge[*]@Q}"
timeout = 300
distributor.name = "local"
TOML
cosmic-ray init cosmic-ray.toml session.sqlite
cosmic-ray exec cosmic-ray.toml session.sqlite
python3 "$mutants/outcomes.py" "$mutants/explained/python.txt" cosmic-ray session.sqlite
