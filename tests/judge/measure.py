"""Records a run against each planted fault and judges the recording: `measure.py WABIZSPEC FOLDER [FAULT…]`.

From a recording all comments are taken out before it is judged, so that nothing but the traffic is used. A fault counts where
the run itself has a finding of level should or must, and where it is a rule: what only raw bytes show is no rule. It is found
where the judge has such a finding too. Prints what is missed, and the figure.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

wabizspec, folder, *wanted = sys.argv[1:]
folder = pathlib.Path(folder)
hooks = pathlib.Path(__file__).with_name("hooks.py")


def findings(report):
    """The requirements of level should and must that a report has findings of."""
    return {finding["requirement"] for case in json.loads(report.read_text())["cases"] for finding in case["findings"]}


def judged(recording, *options):
    report = recording.with_suffix(".judged.json")
    command = [wabizspec, "judge", recording, "--quiet", "--report", f"json={report}", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{recording}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return findings(report)


def without_comments(recording):
    document = json.loads(recording.read_text())
    for entry in document["log"]["entries"]:
        del entry["comment"]
    recording.write_text(json.dumps(document))


def measure(fault):
    """What the run finds, and what the judge finds in a recording of it: with nothing said of it, and as a complete one."""
    name = re.sub(r"[^\w.-]", "_", fault["id"])
    (folder / name).mkdir()
    served = [wabizspec, "serve", "--listen", "127.0.0.1:0", "--control", "--fault", fault["id"]]
    served += ["--registration", fault["registration"]]
    with subprocess.Popen(served, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            url = re.search(r"http://\S+", server.stdout.readline()).group()
            recording, report = folder / name / "run.har", folder / name / "run.json"
            config = folder / name / "wabizspec.toml"
            config.write_text(
                f'[target]\nurl = "{url}"\nregistration = "{fault["registration"]}"\n[state]\nreset = "POST {url}/__control/reset"\nadvance = "python3 {hooks} advance"\n'
                f'allow = ["users", "passwords", "registration", "clock"]\n'
                f'[registration]\ncode_command = "python3 {hooks} code"\n'
            )
            command = [wabizspec, "run", "--config", config, "--quiet", "--journal", folder / name / "journal"]
            command += ["--report", f"har={recording}", "--report", f"json={report}", "--max-time", "120s"]
            environment = os.environ | {"XDG_STATE_HOME": str(folder / name)}
            subprocess.run(command, capture_output=True, env=environment, timeout=300)
            seen = findings(report)
        finally:
            server.terminate()
    without_comments(recording)
    found = judged(recording), judged(recording, "--complete")
    if "KEEP" not in os.environ:
        recording.unlink()
    return fault, seen, *found


def main():
    folder.mkdir(parents=True, exist_ok=True)
    faults = json.loads(subprocess.run([wabizspec, "list", "faults", "--json"], capture_output=True, text=True).stdout)
    sought = [fault for fault in faults if fault["kind"] == "rule" and (not wanted or fault["id"] in wanted)]
    if "EACH" in os.environ:
        sought = sought[:: int(os.environ["EACH"])]
    counts = {"seen": 0, "found": 0, "named": 0, "complete": 0}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for fault, seen, found, complete in pool.map(measure, sought):
            if not seen:
                continue
            counts["seen"] += 1
            counts["found"] += bool(found)
            counts["named"] += fault["requirement"] in complete
            counts["complete"] += bool(complete)
            if not complete:
                print(f"missed  {fault['id']} ({fault['requirement']}): {fault['description']}", flush=True)
            elif not found:
                print(f"partly  {fault['id']}: only as a complete recording", flush=True)
    share = counts["complete"] / max(counts["seen"], 1)
    print(
        f"{counts['complete']} of {counts['seen']} faults that the suite sees are found in a recording ({share:.1%}), "
        f"{counts['named']} by their own requirement; {counts['found']} without --complete"
    )
    return share >= 0.9


if __name__ == "__main__":
    sys.exit(not main())
