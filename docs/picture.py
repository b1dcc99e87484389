#!/usr/bin/env python3
"""Draws what a command prints as an SVG: docs/picture.py 'TITLE' <OUTPUT >PICTURE. Colours are those of the terminal."""

import html
import re
import sys

WIDTH, LINE, MARGIN = 8.4, 19, 18
COLUMNS = 110
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff", "2": "#8b949e", "90": "#8b949e"}


def spans(line):
    """The parts of a line, each in its colour, cut where the picture ends."""
    style, left = "", COLUMNS
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if match := re.fullmatch(r"\x1b\[([0-9;]*)m", part):
            codes = match[1].split(";")
            colour = next((f' fill="{COLOURS[code]}"' for code in codes if code in COLOURS), "")
            weight = ' font-weight="bold"' if "1" in codes else ""
            style = "" if codes in ([""], ["0"]) else style * ("0" not in codes) + colour + weight
        elif part and left > 0:
            shown = part if len(part) <= left else part[: left - 1] + "…"
            left -= len(part)
            # A picture would draw several spaces as one.
            shown = shown.replace(" ", "\u00a0")
            yield f"<tspan{style}>{html.escape(shown)}</tspan>"


title, lines = sys.argv[1], sys.stdin.read().rstrip("\n").split("\n")
width, height = int(COLUMNS * WIDTH + 2 * MARGIN), (len(lines) + 1) * LINE + 2 * MARGIN
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(title)}">')
print(f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>')
print('<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3">')
for number, line in enumerate(lines, 1):
    print(f'<text x="{MARGIN}" y="{MARGIN + number * LINE}">{"".join(spans(line))}</text>')
print("</g>\n</svg>")
