"""L315: a row of a table that the rule's own condition keeps from being reached."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir, tree
from rules_engine.linting.proofs import gates, impossible
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View
from rules_engine.source import Span


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        written = {each.span: each for each in tree.walk(rule.node) if isinstance(each, tree.TableBy)}
        if written and rule.core.when is not None and not impossible(gates(rule.core), view.known(rule.core.events)):
            yield from _rows(rule, written, view)


def _rows(rule: Rule, written: dict[Span, tree.TableBy], view: View) -> Iterator[Found]:
    known = view.known(rule.core.events)
    for table in ir.walk(rule.core.effects):
        node = written.get((table.at.start, table.at.end))
        if not isinstance(table, ir.Choose) or node is None or len(node.rows) != len(table.rows):
            continue
        if not node.rows[-1].otherwise:  # every value has to stand there, reached or not
            continue
        for row, text in zip(table.rows, node.rows, strict=True):
            met = list(_met(table.keys, row.tests))
            if not text.otherwise and impossible([*gates(rule.core), *met], known):
                words = " ".join(view.text(rule.file, text.span).split())
                yield Found(rule.file, text.span, {"title": rule.title, "row": words})


def _met(keys: tuple[ir.Expr, ...], tests: tuple[ir.Test, ...]) -> Iterator[ir.Expr]:
    """What must hold for a row to be taken."""
    for key, test in zip(keys, tests, strict=True):
        match test:
            case ir.InTest(values=values):
                yield ir.OneOf(key.at, key, values)
            case ir.RangeTest(low=low, high=high):
                if low is not None:
                    yield ir.Cmp(key.at, ">=", key, ir.Num(key.at, low))
                if high is not None:
                    yield ir.Cmp(key.at, "<", key, ir.Num(key.at, high))
            case ir.AnyTest():
                pass


LINT = Lint(
    "L315",
    "row-never-reached",
    "a row of a table that the condition keeps out",
    'the row `{row}` of "{title}" is never taken: the condition of the rule keeps it out',
    "take the row out, or widen the condition",
    "The table promises a rate to somebody whom the condition sends away first. Terms that are written from the table are "
    "wrong.",
    bad="""\
earn "Steps" {
  on        purchase
  when      visits >= 10
  give      by visits { from 1: 5 points   from 10: 10 points   from 20: 20 points   otherwise: nothing }
}
""",
    good="""\
earn "Steps" {
  on        purchase
  when      visits >= 10
  give      by visits { from 10: 10 points   from 20: 20 points   otherwise: nothing }
}
""",
    find=_find,
)
