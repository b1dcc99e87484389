"""Tries everything that a run of the fuzzer kept: the scenarios as a suite, the scripts with bash, the raw bytes on a socket.
Usage: check.py PROGRAM URL DIRECTORY"""

import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request

program, url, directory = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
address = url.removeprefix("http://").split(":")
PASSWORD = "Abc123!xyz"
# What raw files hold instead of the values of a run; see src/fuzz/grammar/bindings.rs.
ACCOUNTS = {"fuzzfinding": "Kd8!tHq2zPw4>>>???", "fuzzcolons": "Aa1!kq:w7:Zz:"}
TOKENS = {
    "user": b"dXNlci10b2tlbi1vZi1hLWZ1enotcnVuLTAwMDAwMDE",
    "admin": b"YWRtaW4tdG9rZW4tb2YtYS1mdXp6LXJ1bi0wMDAwMDE",
    "dead": b"ZGVhZC10b2tlbi1vZi1hLWZ1enotcnVuLTAwMDAwMDE",
}
environment = {**os.environ, "WABIZSPEC_TARGET": url, "WABIZSPEC_ADMIN_PASSWORD": PASSWORD}


def post(path, authorization="", body=None):
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data=json.dumps(body or {}).encode(), method="POST", headers=headers)
    return urllib.request.urlopen(request).read()


def log_in(name, password, body=None):
    basic = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    return json.loads(post("/v1/users/login", basic, body))["users"][0]["token"]


def reset():
    post("/__control/reset")
    # One server takes the password and refuses the login.
    with contextlib.suppress(urllib.error.HTTPError):
        log_in("admin", "secret", {"new_password": PASSWORD})
    return log_in("admin", PASSWORD)


def raw_status(file):
    """The status that the bytes get from a server that has the accounts in them."""
    tokens = {"admin": reset()}
    for name, password in ACCOUNTS.items():
        post("/v1/users", f"Bearer {tokens['admin']}", {"username": name, "password": password})
    for kind in ("dead", "user"):
        tokens[kind] = log_in("fuzzfinding", ACCOUNTS["fuzzfinding"])
        if kind == "dead":
            post("/v1/users/logout", f"Bearer {tokens[kind]}")
    sent = file.read_bytes()
    for kind, token in tokens.items():
        sent = sent.replace(TOKENS[kind], token.encode())
    with socket.create_connection((address[0], int(address[1])), 5) as connection:
        connection.sendall(sent)
        connection.settimeout(1)
        try:
            answer = connection.recv(64)
        except OSError:
            answer = b""
    return next(iter(re.findall(rb"^HTTP/1\.1 (\d{3})", answer)), b"none").decode()


def script_status(file):
    reset()
    ran = subprocess.run(["bash", file], capture_output=True, env=environment, timeout=60)
    sent = re.split(r"\n\n== ", ran.stdout.decode("latin1"))
    answer = next((answer for answer in sent if answer.startswith("send what was found")), "")
    return next(iter(re.findall(r"HTTP/1\.1 ([2-9]\d\d)", answer)), "none")


def failures():
    """The requirements that each case fails."""
    suite = directory / "suite"
    (suite / "login").mkdir(parents=True)
    shutil.copy(pathlib.Path(__file__).parents[2] / "scenarios/requirements.toml", suite)
    for file in directory.glob("findings/*/*.toml"):
        shutil.copy(file, suite / "login")
    subprocess.run([program, "check", suite], check=True, stdout=subprocess.DEVNULL)
    report = directory / "report.json"
    arguments = ["--scenarios", suite, "--target", url, "--reset", f"POST {url}/__control/reset", "--allow", "registration"]
    subprocess.run([program, "run", *arguments, "--report", f"json={report}"], stdout=subprocess.DEVNULL)
    cases = json.loads(report.read_text())["cases"]
    return {case["id"].split("/")[1]: {finding["requirement"] for finding in case["findings"]} for case in cases}


failed, counts, shown = [], {"toml": 0, "sh": 0, "raw": 0}, failures()
for file in sorted(directory.glob("findings/*/*.json")):
    finding = json.loads(file.read_text())
    exchange = file.with_suffix(".txt").read_text()
    expected = next(iter(re.findall(r"^< HTTP/1\.1 (\d{3})", exchange, re.MULTILINE)), "none")
    for ending, status in (("sh", script_status), ("raw", raw_status)):
        sibling = file.with_suffix(f".{ending}")
        if sibling.exists():
            counts[ending] += 1
            came = status(sibling)
            if came != expected:
                failed.append(f"{sibling.name}: {came}, expected {expected}: {finding['what']}")
    if file.with_suffix(".toml").exists():
        counts["toml"] += 1
        if finding["signature"]["requirement"] not in shown[finding["id"]]:
            failed.append(f"{finding['id']}.toml does not show {finding['signature']['requirement']}")
print("\n".join([*failed, f"{counts}"]))
sys.exit(bool(failed) or min(counts.values()) < 4)
