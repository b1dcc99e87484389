"""Compares the causes of a report with those that are expected: causes.py REPORT EXPECTED.

An expected line is `level | operation | condition | expected | observed`, and a requirement that the cause must hold where
several causes are alike. Causes that only follow from others (`first_in` is 0) do not count.
"""

import json
import sys


def main(report, expected):
    reported = []
    for cause in json.load(open(report))["causes"]:
        if cause["first_in"] > 0:
            line = [cause[key] for key in ("level", "operation", "condition", "expected", "observed")]
            reported.append((line, cause["requirements"]))
    missed = []
    for text in open(expected):
        if text.strip() and not text.startswith("#"):
            parts = [part.strip() for part in text.split("|")]
            line, requirement = parts[:5], parts[5:]
            match = next((it for it in reported if it[0] == line and set(requirement) <= set(it[1])), None)
            if match is None:
                missed.append(" | ".join(parts))
            else:
                reported.remove(match)
    for line in missed:
        print("not reported:", line)
    for line, requirements in reported:
        print("not expected:", " | ".join(line), requirements[:3])
    return 1 if missed or reported else 0


sys.exit(main(*sys.argv[1:]))
