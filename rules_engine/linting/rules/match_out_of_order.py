"""L405: a status match that gives less for a higher tier of the rival."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine import ir, tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.tables import beside
from rules_engine.linting.view import View, key_of

RANKS: Final = ("bronze", "silver", "gold", "platinum", "diamond")
"""The order that these names have wherever tiers are called so."""


def _find(view: View) -> Iterator[Found]:
    cores = {each.key: each for each in view.core.matches}
    own = [each.name.casefold() for each in view.core.tiers.rungs] if view.core.tiers is not None else []
    for _, node in view.all(tree.MatchDecl):
        core = cores[key_of(node)]
        tables = [each for each in ir.walk(core.rung) if isinstance(each, ir.Choose)]
        found: dict[ir.Origin, Found] = {}
        for table in tables:
            for at in range(len(table.keys)):
                for scale in (own, list(RANKS)):
                    found |= {each.at: said for each, said in _turned(table, at, scale, core, view)}
        yield from found.values()


def _turned(
    table: ir.Choose, at: int, scale: list[str], core: ir.MatchDef, view: View
) -> Iterator[tuple[ir.Num, Found]]:
    """The rows of a rival's higher tier that give less than a row of a lower one."""
    assert view.core.tiers is not None
    rungs = view.core.tiers.rungs
    for others in beside(table, at):
        best, name = -1, ""
        for rank in scale:
            found = _row(table, at, rank, others)
            rung = found[1].value if found is not None else None
            if found is None or not isinstance(rung, ir.Num):
                continue
            if rung.num < best:
                data = {"title": core.title, "high": found[0], "low": name}
                data |= {"given": rungs[rung.num].name, "better": rungs[best].name}
                yield rung, Found(rung.at.file, (rung.at.start, rung.at.end), data)
                return
            if rung.num > best:
                best, name = rung.num, found[0]


def _row(table: ir.Choose, at: int, rank: str, others: tuple[ir.Test, ...]) -> tuple[str, ir.ChooseRow] | None:
    """The row of the rival's tier of a name, beside the same cells, and the name as it is written there."""
    for row in table.rows:
        test = row.tests[at]
        written = [str(each) for each in test.values] if isinstance(test, ir.InTest) else []
        name = next((each for each in written if each.casefold() == rank), None)
        if name is not None and row.tests[:at] + row.tests[at + 1 :] == others:
            return name, row
    return None


LINT = Lint(
    "L405",
    "match-out-of-order",
    "a match that gives less for more",
    '"{title}" gives {given} for `{high}`, and {better} for `{low}`',
    "let the two rows change places",
    "Who comes with the rival's higher tier should not be matched below those who come with a lower one. Two rows "
    "changed places, or a row was copied.",
    bad="""\
track stays = count, on purchase, per calendar year

tiers {
  Blue
  Silver    when stays >= 5
  Gold      when stays >= 20
  lasts     until end of next calendar year
  then      Blue
}

match "Status match" as challenge {
  on        claim
  matches   by member.segment { "Silver": Gold   "Gold": Silver   otherwise: no award }
  trial     for 90 days
  keep      matched tier if in_trial >= 5
  lasts     until end of next calendar year
  then      Blue
  once      per member
}

track in_trial = count, on purchase, per trial of challenge
""",
    good="""\
track stays = count, on purchase, per calendar year

tiers {
  Blue
  Silver    when stays >= 5
  Gold      when stays >= 20
  lasts     until end of next calendar year
  then      Blue
}

match "Status match" as challenge {
  on        claim
  matches   by member.segment { "Silver": Silver   "Gold": Gold   otherwise: no award }
  trial     for 90 days
  keep      matched tier if in_trial >= 5
  lasts     until end of next calendar year
  then      Blue
  once      per member
}

track in_trial = count, on purchase, per trial of challenge
""",
    find=_find,
)
