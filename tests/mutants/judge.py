#!/usr/bin/env python3
"""What the suite says of one server, which may be a mutant: the exit code is 0 if it shows no difference from the right one.

    judge.py RIGHT CONTROL COMMAND…    the command gets `--registration open`, then `sunset`, and prints where it listens

The line that it prints says what was seen: `killed` (the server does not start, or breaks a must), `warned` (only a should
is broken), `fuzzed` (only the fuzzer found it), `observed` (only an observation has changed, or another case is skipped),
`hung` (the time was up) or `survived`. RIGHT holds what a run says of the right server; if it is missing, it is written.
CONTROL is what the paths of reset, advance and code start with.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("WABIZSPEC_BIN", ROOT / "target/release/wabizspec")
# Far beyond what a run takes on a busy machine.
PATIENCE = 45
# What is sent to move the clock, by the paths of the control requests: those of the reference client, and of the others.
ADVANCE = {"/__control/": '{\\"seconds\\": $WABIZSPEC_SECONDS}', "/__": "$WABIZSPEC_SECONDS"}
HOOKS = """
[state]
reset = 'POST {url}{control}reset'
advance = 'curl --silent --fail --output /dev/null --data "{seconds}" "{url}{control}advance"'
[registration]
code_command = 'curl --silent --fail "{url}{control}code" | grep --only-matching "[0-9]\\{{6\\}}"'
"""


class Seen(Exception):
    """How the server differs from the right one, as far as it shows."""


@contextlib.contextmanager
def served(command, registration):
    """The address of a server that ends with the block."""
    server = subprocess.Popen(
        [*command, "--registration", registration], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        ready, _, _ = select.select([server.stdout], [], [], PATIENCE)
        line = server.stdout.readline() if ready else ""
        if not line.startswith("listening on http://"):
            raise Seen("killed: it does not start")
        yield line.split()[-1]
    finally:
        server.kill()
        server.wait()


def wabizspec(scratch, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WABIZSPEC_")}
    environment |= {"XDG_STATE_HOME": str(scratch / "state")}
    try:
        ended = subprocess.run(
            [PROGRAM, *arguments, "--quiet", "--timeout", "3s", "--allow", "registration",
             "--config", scratch / "wabizspec.toml", "--report", f"json={scratch}/report.json"],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise Seen("hung: the time was up") from None
    report = scratch / "report.json"
    return ended, json.loads(report.read_text()) if report.exists() else {}


def judged(scratch, control, command, registration):
    """What has to be the same of a server that shows no difference from the right one."""
    with served(command, registration) as url:
        (scratch / "wabizspec.toml").write_text(HOOKS.format(url=url, control=control, seconds=ADVANCE[control]))
        target = ["--target", url, "--registration", registration]
        ended, report = wabizspec(scratch, "run", *target, "--max-fail", "1", "--wait", "5s")
        for verdict in ("fail", "error", "blocked"):
            for case in report.get("cases", []):
                if case["verdict"] == verdict:
                    rules = sorted({finding["requirement"] for finding in case["findings"]})
                    raise Seen(f"killed: {registration}, {case['id']}: {', '.join(rules) or verdict}")
        if ended.returncode:
            raise Seen(f"killed: {registration}, {ended.stderr.strip()[-300:]}")
        if warnings := notes(report, "findings"):
            raise Seen(f"warned: {registration}, {warnings[0]}")
        skipped = [f"{case['id']}: skipped" for case in report["cases"] if case["verdict"] == "skipped"]
        same = notes(report, "observations") + skipped
        if registration == "open":
            ended, report = wabizspec(
                scratch, "fuzz", "all", *target, "--requests", "2000", "--seed", "1", "--out", scratch / "fuzz"
            )
            if ended.returncode:
                raise Seen(f"fuzzed: {ended.stdout.strip()[-300:]}")
        return same


def notes(report, key):
    """The rules noted although every case passes."""
    return [f"{case['id']}: {note['requirement']}" for case in report["cases"] for note in case[key]]


def judge(right, control, *command):
    right = Path(right)
    with tempfile.TemporaryDirectory() as scratch:
        seen = {state: judged(Path(scratch), control, command, state) for state in ("open", "sunset")}
    if not right.exists():
        right.write_text(json.dumps(seen))
    expected = json.loads(right.read_text())
    for state, (now, then) in {state: (set(seen[state]), set(expected[state])) for state in seen}.items():
        if now != then:
            raise Seen(f"observed: {state}, {sorted(now ^ then)[0]}")


if __name__ == "__main__":
    try:
        judge(*sys.argv[1:])
    except Seen as how:
        print(how)
        sys.exit(1)
    print("survived")
