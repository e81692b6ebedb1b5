"""How much a change may come to: `--max-change 5%`, `--max-change "100 GBP"`, `--max-change "5_000 points"`.

In: what a person wrote, and the two programs. Out: an `Allowed`, or the reason why it is none; and of an impact whether
it stays within. A percentage is of the outcomes that were compared: so many may differ in anything at all. An amount is
of one currency or unit: so much may move in all, where what one event gains and what another loses both count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import msgspec

from rules_engine.comparing.figures import Figures
from rules_engine.diagnostics import did_you_mean

if TYPE_CHECKING:
    from rules_engine.comparing.measuring import Impact

_WRITTEN: Final = re.compile(r"(\d[\d_]*(?:\.\d+)?) ?(%|[^\W\d]\w*)", re.ASCII)


class Allowed(msgspec.Struct, frozen=True):
    """The most that may change: `most` of `of` (scaled to whole minor units), or of every hundred outcomes (`%`)."""

    text: str
    most: Fraction
    of: str

    def holds(self, impact: Impact) -> bool:
        """Whether an impact stays within."""
        if self.of == "%":
            return impact.changed * 100 <= self.most * impact.compared
        return impact.moved.get(self.of, 0) <= self.most


class NotAllowed(ValueError):  # noqa: N818 - named for what was written
    """What was written is no amount that a change can be held against."""


def allowed(text: str, figures: Figures) -> Allowed:
    """What a person wrote; raises `NotAllowed`."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise NotAllowed(f"`{text}` is no share and no amount; write `5%`, `100 GBP` or `500 points`")
    number, name = Fraction(found[1].replace("_", "")), found[2]
    if name == "%":
        return Allowed(text, number, name)
    known = figures.named()
    if name not in known:
        hint = did_you_mean(name, known) or f"there are {', '.join(sorted(known))}"
        raise NotAllowed(f"there is no unit or currency `{name}` in the programs; {hint}")
    unit = known[name]
    called = unit if number == 1 else figures.plurals.get(unit, unit)
    return Allowed(f"{found[1]} {called}", number * 10 ** figures.decimals(unit), unit)


def beyond(impact: Impact, most: Sequence[Allowed]) -> tuple[Allowed, ...]:
    """What a change goes beyond."""
    return tuple(each for each in most if not each.holds(impact))
