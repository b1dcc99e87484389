"""Runs the scripts of `wabizspec reproduce` for cases of every kind against the reference client, and holds the statuses
that come back to those that the scripts name. Usage: check.py PROGRAM URL [EVERY_NTH]"""

import base64
import os
import re
import subprocess
import sys
import urllib.request

program, url = sys.argv[1:3]
nth = int(sys.argv[3]) if len(sys.argv) > 3 else 1
PASSWORD = "Abc123!\\xyz"
environment = {**os.environ, "WABIZSPEC_ADMIN_PASSWORD": PASSWORD}


def post(path, body=b"", headers=None):
    urllib.request.urlopen(urllib.request.Request(url + path, data=body, method="POST", headers=headers or {})).read()


def reset(first_login):
    post("/__control/reset")
    if first_login:
        basic = base64.b64encode(b"admin:secret").decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        post("/v1/users/login", ('{"new_password": "%s"}' % PASSWORD.replace("\\", "\\\\")).encode(), headers)


def is_in(status, expected):
    """Whether a status is one of `200 or 4xx`, `400, 401` and the like."""
    for one in re.split(r", | or ", expected):
        low, _, high = one.strip().replace("x", "0").partition("-")
        high = high or one.strip().replace("x", "9")
        if low <= status <= high:
            return True
    return False


def mismatches(case):
    """What came back and is not what the script expects; None where somebody would have to type something."""
    script = subprocess.run([program, "reproduce", case, "--target", url], capture_output=True, env=environment)
    if script.returncode:
        return [script.stderr.decode()]
    if b"read -r" in script.stdout or b"must be registered already" in script.stdout:
        return None
    reset(first_login=b"must be just installed" not in script.stdout)
    ran = subprocess.run(["bash"], input=script.stdout, capture_output=True, env=environment, timeout=60)
    answers = re.split(r"\n\n== ", ran.stdout.decode("latin1"))[1:]
    steps = re.split(r"\nsay ", script.stdout.decode("latin1"))[1:]
    wrong = [ran.stderr.decode("latin1")] if ran.stderr else []
    if len(answers) != len(steps):
        wrong.append(f"{len(answers)} answers to {len(steps)} steps")
    for answer, step in zip(answers, steps):
        status = next(iter(re.findall(r"HTTP/1\.[01] ([2-9]\d\d)", answer)), "none")
        expected = re.findall(r"# (?:must|should), \S+: status (.*)", step)
        if not all(is_in(status, one) for one in expected):
            wrong.append(f"{step.splitlines()[0]}: {status}, expected {expected}")
    return wrong


cases = subprocess.run([program, "list", "cases"], capture_output=True, text=True, check=True).stdout
cases = [line.split()[0] for line in cases.splitlines()][::nth]
tried, failed = 0, 0
for case in cases:
    wrong = mismatches(case)
    tried += wrong is not None
    failed += bool(wrong)
    if wrong:
        print(f"FAILED  {case}: {'; '.join(wrong)}")
print(f"{tried} scripts tried, {failed} failed")
sys.exit(1 if failed or tried < len(cases) // 2 else 0)
