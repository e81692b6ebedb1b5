"""Lowering: a checked program becomes one linked core, ready for every evaluator.

`lower(checked)` runs `PASSES` one after the other and asserts the laws of the result; `fingerprint(program)` names what
the program means, whatever its layout.
"""

from .canonical import fingerprint
from .linking import PASSES, lower

__all__ = ["PASSES", "fingerprint", "lower"]
