#!/usr/bin/env python3
"""Runs exported cases with Hurl or newman against the reference client. Without a fault all must pass. With one, those must fail
that fail in a run of wabizspec too, and no others. Usage: check.py PROGRAM EXPORTED FOLDER… [--fault FAULT]"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

program, exported, *folders = sys.argv[1:]
exported = Path(exported)
faults = folders[folders.index("--fault"):] if "--fault" in folders else []
folders = folders[: len(folders) - len(faults)]
registration = "sunset" if "sunset" in folders else "open"
PASSWORD = "Correct-horse-1"
COLLECTION, ENVIRONMENT = (exported / f"wabizspec.postman_{kind}.json" for kind in ("collection", "environment"))


def serve():
    command = [program, "serve", "--listen", "127.0.0.1:0", "--control", "--registration", registration, *faults]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return server, re.search(r"http://\S+", server.stdout.readline()).group()


def post(url, body=b"", headers=None):
    urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST", headers=headers or {})).read()


def run_itself(url, scratch):
    """The cases that fail in a run, each with the requirements that it breaks."""
    report = Path(scratch) / "report.json"
    command = [program, "run", "--quiet", "--target", url, "--reset", f"POST {url}/__control/reset", "--registration", registration, "--allow", "registration"]
    subprocess.run([*command, "--report", f"json={report}"], capture_output=True, check=not faults)
    failed = {}
    for case in json.loads(report.read_text())["cases"]:
        musts = {finding["requirement"] for finding in case["findings"] if finding["level"] == "must"}
        if musts:
            failed[case["id"]] = musts
    return failed


def run_hurl(url):
    """How many files ran, and the cases of those that failed."""
    names = {"target": url, "reset": f"{url}/__control/reset"}
    environment = {**os.environ, **{f"HURL_VARIABLE_{name}": value for name, value in names.items()}}
    environment["HURL_SECRET_admin_password"] = PASSWORD
    ran, failed = 0, set()
    for folder in folders:
        jobs = ["--jobs", "4" if folder == "live" else "1"]
        command = ["hurl", "--test", "--continue-on-error", *jobs, "--variables-file", "variables.env", folder]
        said = subprocess.run(command, cwd=exported, env=environment, capture_output=True, text=True).stderr
        ran += int(re.search(r"Executed files: +(\d+)", said).group(1)) if "Executed files" in said else 0
        of_folder = re.findall(r"^Failure (\S+)\.hurl", said, re.MULTILINE)
        failed |= {case_of(path) for path in of_folder}
        if of_folder and not faults:
            print(said[:3000])
    return ran, failed


def case_of(path):
    _, area, scenario, *row = path.split("/")
    return "::".join([f"{area}/{scenario}", *row])


def hurl(url, scratch):
    expected = {case for case, musts in run_itself(url, scratch).items() if any(asserts(case, must) for must in musts)}
    first_login(url)
    ran, failed = run_hurl(url)
    there = sum(len(list((exported / folder).rglob("*.hurl"))) for folder in folders)
    print(f"{ran} of {there} files, {len(failed)} failed, {len(expected)} were to fail")
    for what, cases in (("failed and should not have", failed - expected), ("should have failed", expected - failed)):
        if cases:
            print(f"{what}: {' '.join(sorted(cases))}")
    return ran == there > 0 and failed == expected and bool(failed) == bool(faults)


def asserts(case, requirement):
    """Whether the file of a case asserts what a requirement asks."""
    files = [exported / folder / f"{case.replace('::', '/')}.hurl" for folder in folders]
    return any(file.exists() and f"# {requirement} (must)" in file.read_text() for file in files)


def newman(url, scratch):
    environment = json.loads(ENVIRONMENT.read_text())
    values = {"target": url, "admin_password": PASSWORD, "reset": f"{url}/__control/reset"}
    for value in environment["values"]:
        value["value"] = values.pop(value["key"])
    filled_in, report = Path(scratch) / "environment.json", Path(scratch) / "newman.json"
    filled_in.write_text(json.dumps(environment))
    first_login(url)
    ok = not values
    for folder in folders:
        command = ["newman", "run", COLLECTION, "--environment", filled_in, "--folder", folder]
        subprocess.run([*command, "--reporters", "json", "--reporter-json-export", report], capture_output=True)
        run = json.loads(report.read_text())["run"]
        failures = {f"{failure['source']['name']}: {failure['error'].get('test')}" for failure in run["failures"]}
        count = run["stats"]["assertions"]["total"]
        print(f"{folder}: {count} tests, {len(failures)} kinds failed: {'; '.join(sorted(failures)[:9])}")
        requirements = {re.sub(r".*: (.*) \(must\)", r"\1", failure) for failure in failures}
        expected = set().union(*run_itself(url, scratch).values()) if faults else set()
        first_login(url)
        ok = ok and count > 0 and bool(failures) == bool(faults) and (not faults or bool(requirements & expected))
    return ok


def first_login(url):
    post(f"{url}/__control/reset")
    basic = base64.b64encode(b"admin:secret").decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
    post(f"{url}/v1/users/login", json.dumps({"new_password": PASSWORD}).encode(), headers)


server, url = serve()
try:
    with tempfile.TemporaryDirectory() as scratch:
        good = (newman if COLLECTION.exists() else hurl)(url, scratch)
finally:
    server.terminate()
sys.exit(0 if good else 1)
