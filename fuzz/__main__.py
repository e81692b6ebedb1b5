"""`python -m fuzz [--seconds 600] [rules|events ...]`: both targets, each half of the time.

Seeds are the declarations of the corpora and the events of the corpus of scoring, and what was found before. What
breaks a law goes to `tests/corpus/fuzz/rules` or `.../events`, to be replayed by `tests/test_fuzz_cases.py` ever after.
Prints for each target how many inputs were tried, how many made the corpus grow, and what was found. Ends with 1 where
something was.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from fuzz.laws import KEPT, ROOT
from fuzz.mutating import seeds

TARGETS = ("rules", "events")


def main() -> int:
    """Run the targets one after the other."""
    reader = argparse.ArgumentParser(prog="python -m fuzz", description="fuzz rule files and events")
    reader.add_argument("targets", nargs="*", help=f"{' or '.join(TARGETS)}; both where none is named")
    reader.add_argument("--seconds", type=int, default=600, help="altogether (600)")
    given = reader.parse_args()
    chosen = given.targets or TARGETS
    if unknown := [each for each in chosen if each not in TARGETS]:
        reader.error(f"there is no target `{unknown[0]}`; the targets are {', '.join(TARGETS)}")
    return max([_run(each, given.seconds // len(chosen)) for each in chosen])


def _run(target: str, seconds: int) -> int:
    found = KEPT / target
    found.mkdir(parents=True, exist_ok=True)
    before = {each.name for each in found.iterdir()}
    with TemporaryDirectory() as made:
        folder = Path(made)
        for number, content in enumerate(seeds()[TARGETS.index(target)]):
            (folder / f"seed{number}").write_bytes(content)
        args = [sys.executable, "-m", f"fuzz.{target}", made, str(found)]
        args += [f"-max_total_time={seconds}", f"-artifact_prefix={found}/", "-print_final_stats=1", "-verbosity=0"]
        surroundings = {**os.environ, "FUZZ_FOUND": str(found)}
        done = subprocess.run(args, cwd=ROOT, env=surroundings, stderr=subprocess.PIPE, text=True, check=False)
        grown = sum(not each.name.startswith("seed") for each in folder.iterdir())
    tried = re.search(r"number_of_executed_units:\s*(\d+)", done.stderr)
    new = sorted(each.name for each in found.iterdir() if each.name not in before and not each.name.endswith(".txt"))
    print(f"{target}: {int(tried[1]) if tried else 0:,} inputs in {seconds} s, {grown:,} kept as new, {len(new)} found")
    for line in done.stderr.splitlines():
        if line.startswith("FOUND ") or "ERROR: " in line:
            print(f"  {line}")
    if done.returncode or tried is None:
        print(done.stderr[-2000:])
    return 1 if new or done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
