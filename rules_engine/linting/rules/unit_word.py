"""L606: the singular of a unit for many, or the plural for one."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.diagnostics import Fix
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    forms = {unit.name: unit for unit in view.core.units} | {
        each.plural: each for each in view.core.units if each.plural
    }
    for file, node in (*view.nodes(tree.QuantityLit), *_in_tests(view)):
        unit = forms.get(node.unit.text)
        if unit is None or not unit.plural or unit.plural == unit.name:
            continue
        right = unit.name if node.text.lstrip("-") == "1" else unit.plural
        if node.unit.text != right:
            fix = Fix(f"write `{right}`", node.unit.span, right)
            data = {"number": node.text, "written": node.unit.text, "right": right}
            yield Found(file, node.unit.span, data, fix=fix)


def _in_tests(view: View) -> Iterator[tuple[int, tree.QuantityLit]]:
    for file, test in view.tests:
        yield from ((file, node) for node in tree.walk(test) if isinstance(node, tree.QuantityLit))


LINT = Lint(
    "L606",
    "unit-word",
    "one of many, or many of one",
    "`{number} {written}` is {number} `{right}`",
    "write `{right}`",
    "A unit has two words so that rules and what is made of them read as people speak. Both mean the same.",
    bad="""\
earn "Gift" { on purchase   give 20 point   once per member }
""",
    good="""\
earn "Gift" { on purchase   give 20 points   once per member }
""",
    find=_find,
    fixes=True,
)
