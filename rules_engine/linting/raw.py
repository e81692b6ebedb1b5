"""What a lint finds before any comment allows it, kept with the view so that nobody asks twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules_engine.linting.records import Found, Lint
    from rules_engine.linting.view import View


def raw(view: View, lint: Lint) -> tuple[Found, ...]:
    """The findings of one lint in the files that are linted."""
    if lint.code not in view.kept:
        view.kept[lint.code] = tuple(each for each in lint.find(view) if each.file in view.own)
    return view.kept[lint.code]
