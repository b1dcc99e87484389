"""Holds the findings of a run to the approved ones.

    compare.py REPORT APPROVED README

REPORT is wabizspec's JSON report, APPROVED a file of lines `requirement case` for every finding of level must, and README
the text that explains each of those requirements. With ACCEPT=1 in the environment APPROVED is written anew. The last
line counts what held.
"""

import json
import os
import sys


def main():
    report_path, approved_path, readme_path = sys.argv[1:]
    with open(report_path) as file:
        report = json.load(file)
    found = sorted({
        f"{finding['requirement']} {case['id']}"
        for case in report["cases"] for finding in case["findings"] if finding["level"] == "must"
    })
    if os.environ.get("ACCEPT"):
        with open(approved_path, "w") as file:
            file.write("".join(line + "\n" for line in found))
    with open(approved_path) as file:
        approved = file.read().splitlines()
    with open(readme_path) as file:
        readme = file.read()
    problems = [f"new: {line}" for line in found if line not in approved]
    problems += [f"gone: {line}" for line in approved if line not in found]
    problems += [
        f"not explained in {readme_path}: {requirement}"
        for requirement in sorted({line.split()[0] for line in found}) if f"`{requirement}`" not in readme
    ]
    problems += [
        f"proven on a server that keeps no state: {requirement['id']}"
        for requirement in report["requirements"] if requirement["verdict"] == "pass" and requirement["level"] == "must"
    ]
    problems += [
        f"{case['verdict']}: {case['id']}: {case.get('reason')}"
        for case in report["cases"] if case["verdict"] in ("blocked", "error")
    ]
    if not report["complete"]:
        problems.append("the report is not complete")
    for problem in problems:
        print(problem)
    print(f"{len(found)} passed, {len(problems)} failed")
    return 1 if problems or not found else 0


if __name__ == "__main__":
    sys.exit(main())
