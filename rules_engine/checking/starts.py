"""Where each `from` of a table ends.

In: the tests of the rows, in which a `from` has no end yet. Out: the same tests, each `from` ended where the next
higher one begins among the rows whose other cells can meet this row's. Rows are kept by what their cells say, in the
order of their starts, so that a long table takes little longer than a short one for each row.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TypeAlias

from rules_engine import ir

Tests: TypeAlias = tuple[ir.Test, ...]
_Says: TypeAlias = tuple[str, object]

_ANY: _Says = ("any", None)
_LISTS: _Says = ("lists", None)
_STARTS: _Says = ("starts", None)


def closed(tests: list[Tests], keys: int) -> list[Tests]:
    """The tests with their ends.

    >>> closed([(ir.RangeTest(0, None),), (ir.RangeTest(5, None),)], 1)
    [(RangeTest(low=0, high=5),), (RangeTest(low=5, high=None),)]
    """
    columns = [[row[key] for row in tests] for key in range(keys)]
    for key in range(keys):
        if any(_start(row[key]) is not None for row in tests):
            above = _Above(tests, key)
            columns[key] = [above.ended(row) for row in range(len(tests))]
    return list(zip(*columns, strict=True)) if tests else []


def _start(test: ir.Test) -> int | None:
    return test.low if isinstance(test, ir.RangeTest) else None


class _Above:
    """The rows that start somewhere at one key, in that order, by what each of their other cells says."""

    def __init__(self, tests: list[Tests], key: int) -> None:
        self.tests, self.key = tests, key
        starts = [(start, row) for row, each in enumerate(tests) if (start := _start(each[key])) is not None]
        self.rows = [row for _, row in sorted(starts)]
        self.others = [each for each in range(len(tests[0])) if each != key]
        self.by: dict[int, dict[_Says, list[int]]] = {each: {} for each in self.others}
        for row in self.rows:
            for column, said in self.by.items():
                for each in _says(tests[row][column]):
                    said.setdefault(each, []).append(row)

    def ended(self, row: int) -> ir.Test:
        """A row's test at the key, with its end."""
        test = self.tests[row][self.key]
        if not isinstance(test, ir.RangeTest) or test.low is None:
            return test
        likely = [self._like(self.tests[row][column], said) for column, said in self.by.items()] or [[self.rows]]
        fewest = min(likely, key=lambda lists: sum(map(len, lists)))
        ends = [end for rows in fewest if (end := self._first(row, test.low, rows)) is not None]
        return ir.RangeTest(test.low, min(ends) if ends else None)

    def _like(self, test: ir.Test, said: dict[_Says, list[int]]) -> list[list[int]]:
        """The rows whose cell can meet a test, as lists."""
        match test:
            case ir.AnyTest():
                return [self.rows]
            case ir.InTest(values=values):
                wanted = [_ANY, _STARTS, *(("value", value) for value in values)]
            case ir.RangeTest(low=low):
                wanted = [_ANY, _LISTS, ("start", low)]
        return [said[each] for each in wanted if each in said]

    def _first(self, row: int, low: int, rows: list[int]) -> int | None:
        """The first start above a number in a list of rows of which all cells can meet the row's."""
        at = bisect_right(rows, low, key=lambda each: _start(self.tests[each][self.key]) or 0)
        for place in range(at, len(rows)):
            other = self.tests[rows[place]]
            if all(_can_meet(self.tests[row][each], other[each]) for each in self.others):
                return _start(other[self.key])
        return None


def _says(test: ir.Test) -> list[_Says]:
    match test:
        case ir.AnyTest():
            return [_ANY]
        case ir.InTest(values=values):
            return [_LISTS, *dict.fromkeys(("value", value) for value in values)]
        case ir.RangeTest(low=low):
            return [_STARTS, ("start", low)]


def _can_meet(left: ir.Test, right: ir.Test) -> bool:
    if isinstance(left, ir.InTest) and isinstance(right, ir.InTest):
        return not set(left.values).isdisjoint(right.values)
    if isinstance(left, ir.RangeTest) and isinstance(right, ir.RangeTest):
        return left.low == right.low
    return True
