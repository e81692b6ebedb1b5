"""What the README says of the speed: the part between its two marks, made from `RESULTS.md`.

    python -m benchmarks.readme          write it
    python -m benchmarks.readme --check  say whether the README has it

In: the targets of the last run. Out: the lines between the marks. Nothing there is written by hand, so nothing is said
that was not measured.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
PAGE = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
TARGETS = "## Targets"
HEAD = """`make bench` measures this in one run and writes [benchmarks/RESULTS.md](benchmarks/RESULTS.md): every way and
peer with its spread, where the time goes, and what was tried where a target was missed. CPU time; ratios travel between
machines, times do not. This table is made from that file."""


def block(results: str) -> str:
    """The part of the README, from a report; empty where the report has no targets.

    >>> block("Where.\\n\\n## Targets\\n\\n| what |\\n|---|\\n| a |\\n\\n1 met.\\n\\n## What").splitlines()[-1]
    '1 met.'
    """
    before, mark, rest = results.partition(TARGETS)
    if not mark:
        return ""
    machine = next((line for line in reversed(before.splitlines()) if line.startswith("Measured ")), "")
    targets = rest.partition("\n## ")[0].strip()
    return "\n\n".join(part for part in (HEAD, machine, targets) if part)


def page(text: str, inner: str) -> str:
    """The README with another part."""
    return re.sub(
        re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: f"{BEGIN}\n{inner}\n{END}", text, flags=re.DOTALL
    )


def main() -> int:
    """Write the part, or compare it; a report without targets leaves the README as it is."""
    text, inner = PAGE.read_text(encoding="utf-8"), block(RESULTS.read_text(encoding="utf-8"))
    made = page(text, inner) if inner else text
    if "--check" in sys.argv:
        return int(made != text)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
