#!/usr/bin/env bash
# Lets client programs from PyPI use `wabizspec serve`. Installs them into an environment of their own under target/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)
binary=${WABIZSPEC_BIN:-$root/target/release/wabizspec}
environment=$root/target/clients
if [ ! -x "$environment/bin/python" ]; then
    python3 -m venv "$environment"
fi
"$environment/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
# wadebug by itself: its list of requirements is longer than what is used here.
"$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps wadebug==0.1.5
exec timeout 120 "$environment/bin/python" clients.py "$binary"
