"""Lowering: a checked program becomes one linked core, ready for every evaluator.

`lower(checked)` runs the passes of `linking.PASSES` one after the other and asserts the laws of the result;
`fingerprint(program)` names what the program means, whatever its layout, `meaning(definition)` what one part of it
means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine.lowering.canonical import fingerprint, meaning

if TYPE_CHECKING:
    from rules_engine import ir
    from rules_engine.checking import Checked

__all__ = ["fingerprint", "lower", "meaning"]


def lower(checked: Checked) -> ir.Program:
    """Link a program that checks. A program that was compiled before never gets here, so the checker is
    imported only now."""
    from rules_engine.lowering.linking import lower as link

    return link(checked)
