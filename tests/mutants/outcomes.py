#!/usr/bin/env python3
"""What became of the mutants of one server, and whether every survivor is explained.

    outcomes.py EXPLAINED stryker REPORT | cosmic-ray SESSION | cargo-mutants DIRECTORY [--partly]

Mutants are named by file, function and change, since lines move. In EXPLAINED the reason for a group of survivors stands
below them, indented; `? ` stands before those that survive only by chance. The exit code is 1 if a survivor has no reason,
or if a mutant has one that no longer survives; with `--partly` only some mutants were tried, and the second is not asked.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

# As judge.py says it. What the tool itself gave up counts as hung.
KINDS = ["killed", "fuzzed", "warned", "observed", "hung", "survived"]


def marked(old, new):
    """A change as `git diff --word-diff` writes it."""
    old, new = (re.findall(r"\w+|\s+|[^\w\s]", " ".join(text.split())) for text in (old, new))
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    before, after = old[:head], old[len(old) - tail :]
    old, new = (shortened("".join(text[head : len(text) - tail])) for text in (old, new))
    changed = (f"[-{old}-]" if old else "") + (f"{{+{new}+}}" if new else "")
    return "".join(before) + changed + "".join(after)


def shortened(text):
    return text if len(text) <= 60 else f"{text[:40]} … {text[-15:]}"


def seen(output):
    """What the judge said last."""
    said = [line for line in (output or "").splitlines() if line.split(":")[0] in KINDS]
    return said[-1] if said else "killed: without a word"


def named(file, function, lines, start, end, new):
    """A mutant by what it puts in the place of a part of the source, whose lines and columns count from 1."""
    first, last = start["line"] - 1, end["line"] - 1
    old = "\n".join(lines[first : last + 1])
    new = lines[first][: start["column"] - 1] + new + lines[last][end["column"] - 1 :]
    return f"{file} {function}: {marked(old, new)}"


def stryker(report):
    for name, file in json.loads(Path(report).read_text())["files"].items():
        lines = file["source"].splitlines()
        for mutant in file["mutants"]:
            start, end = mutant["location"]["start"], mutant["location"]["end"]
            above = (re.match(r"(?:function|class|const) (\w+)", line) for line in lines[: start["line"]])
            function = [at[1] for at in above if at]
            outcome = {"Survived": "survived", "Killed": seen(mutant.get("statusReason"))}
            yield (
                named(name, function[-1] if function else "", lines, start, end, mutant["replacement"]),
                outcome.get(mutant["status"], "hung"),
            )


def cosmic_ray(session):
    dump = subprocess.run(["cosmic-ray", "dump", session], check=True, capture_output=True, text=True).stdout
    for line in dump.splitlines():
        work, result = json.loads(line)
        # The tool cannot make every mutant that it lists.
        if result["worker_outcome"] == "exception":
            continue
        [mutation] = work["mutations"]
        changed = [line for line in result["diff"].splitlines()[3:] if line[:1] in "-+"]
        old, new = ("\n".join(line[1:] for line in changed if line[0] == sign) for sign in "-+")
        outcome = "survived" if result["test_outcome"] == "survived" else seen(result["output"])
        yield f"{mutation['module_path']} {mutation['definition_name'] or ''}: {marked(old, new)}", outcome


def cargo_mutants(directory):
    for result in json.loads((Path(directory) / "outcomes.json").read_text())["outcomes"]:
        if result["scenario"] == "Baseline" or result["summary"] == "Unviable":
            continue
        mutant = result["scenario"]["Mutant"]
        outcome = {"MissedMutant": "survived", "CaughtMutant": seen((Path(directory) / result["log_path"]).read_text())}
        yield (
            named(
                mutant["file"].removeprefix("crates/wabizspec-reference/src/"),
                (mutant["function"] or {}).get("function_name", ""),
                Path(mutant["file"]).read_text().splitlines(),
                mutant["span"]["start"],
                mutant["span"]["end"],
                mutant["replacement"],
            ),
            outcome.get(result["summary"], "hung"),
        )


def reasons(explained):
    """The mutants that have a reason, and those that have none."""
    group, known = [], set()
    for line in explained.read_text().splitlines():
        if line.startswith(" "):
            known |= set(group)
            group = []
        elif line and not line.startswith("#"):
            group.append(line)
    return known, group


def main():
    explained, tool, results = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    outcomes = list({"stryker": stryker, "cosmic-ray": cosmic_ray, "cargo-mutants": cargo_mutants}[tool](results))
    survivors = {mutant for mutant, outcome in outcomes if outcome == "survived"}
    known, without_reason = reasons(explained)
    chance = {mutant.removeprefix("? ") for mutant in known if mutant.startswith("? ")}
    problems = {"not explained": sorted(survivors - known - chance), "without a reason": without_reason}
    if "--partly" not in sys.argv:
        problems["explained, but no longer surviving"] = sorted(mutant for mutant in known - survivors if mutant[:2] != "? ")
    for problem, mutants in problems.items():
        if mutants:
            print(f"\n{problem}:", *mutants, sep="\n")
    count = Counter(outcome.split(":")[0] for _, outcome in outcomes)
    print(f"\n{date.today()}: {len(outcomes)} mutants; " + ", ".join(f"{count[kind]} {kind}" for kind in KINDS))
    sys.exit(any(problems.values()))


if __name__ == "__main__":
    main()
