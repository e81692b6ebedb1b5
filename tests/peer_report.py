"""How many calculations of other engines the rule language says exactly: the second half of `make corpus`.

In: the rule files under `corpus/peer_cases/`, the table of cases and the table of those left out. Out: counts by peer
and by mechanic and a last line `N of M exact, K left out with reasons`. It fails where a case is not accounted for, is
encoded twice, or where more than three in a hundred are left out; where the list of cases is there, each test is held
against its case.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable

from tests import peer_cases

MOST_LEFT_OUT = 3
"""In a hundred cases."""


def encoded() -> list[str]:
    """The cases that have a test, in the order of the files."""
    return [peer_cases.id_of(title) for path in peer_cases.files() for title in peer_cases.titles(path)]


def faults() -> list[str]:
    """What is not accounted for, in sentences."""
    known, left, tests = peer_cases.known(), peer_cases.left_out(), encoded()
    found = [f"{name}: {count} tests" for name, count in Counter(tests).items() if count > 1]
    found += [f"{name}: there is no such case" for name in sorted({*tests, *left} - known.keys())]
    found += [f"{name}: has a test, and is left out" for name in sorted({*tests} & left.keys())]
    found += [f"{name}: neither encoded nor left out" for name in sorted(known.keys() - {*tests} - left.keys())]
    found += [f"{name}: left out without a reason" for name, reason in left.items() if not reason.strip()]
    if len(left) * 100 > MOST_LEFT_OUT * len(known):
        found.append(f"{len(left)} of {len(known)} cases are left out, more than {MOST_LEFT_OUT} in a hundred")
    listed = peer_cases.listed()
    if listed is not None:
        found += [f"{name}: not in the table of cases" for name in sorted(listed.keys() - known.keys())]
        found += [f"{name}: not in the list of cases" for name in sorted(known.keys() - listed.keys())]
    return found + [fault for path in peer_cases.files() for fault in peer_cases.faults(path, listed)]


def _table(title: str, pairs: Iterable[tuple[str, bool]]) -> list[str]:
    """How many there are, are exact and are left out for each name, most frequent first."""
    every, exact = Counter[str](), Counter[str]()
    for name, is_exact in pairs:
        every[name] += 1
        exact[name] += is_exact
    width = max(map(len, [title, *every]))
    names = sorted(every, key=lambda name: (-every[name], name))
    return [f"{title:{width}}  {'cases':>5}  {'exact':>5}  {'left out':>8}"] + [
        f"{name:{width}}  {every[name]:5}  {exact[name]:5}  {every[name] - exact[name]:8}" for name in names
    ]


def report() -> list[str]:
    """The lines of the report; the last one counts."""
    known, left = peer_cases.known(), peer_cases.left_out()
    lines = _table("peer", ((name.rpartition("-")[0], name not in left) for name in known))
    lines += ["", *_table("mechanic", ((each, name not in left) for name, found in known.items() for each in found))]
    lines += ["", "left out"] + [f"  {name}: {reason}" for name, reason in left.items()]
    return [*lines, "", f"{len(known) - len(left)} of {len(known)} exact, {len(left)} left out with reasons"]


def main() -> int:
    """Print the report; 1 where something is not accounted for or does not come out."""
    found = faults()
    for fault in found:
        print(f"error: {fault}", file=sys.stderr)
    if found:
        return 1
    if peer_cases.listed() is None:
        print("the list of cases is not here; this is what the committed tests say")
    print("\n".join(report()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
