"""A small world to try rules in: events by hand, one member's state carried from one to the next."""

from __future__ import annotations

from functools import cache
from typing import Any

from rules_engine import checking, lowering
from rules_engine.calendar import parse_date
from rules_engine.outcome import Outcome
from rules_engine.scoring import Program
from rules_engine.source import Source
from rules_engine.state import State

HEAD = """language 1
program "Seaview" {
  currency GBP, rounded half up
  timezone "Europe/London"
  weeks start Monday
  29 February counts as 28 February
  split in proportion, odd points to the largest remainder
}
unit point, points { rounded down   lasts forever }
event stay dated by out of guest identified by folio {
  folio: text   guest: member?   out: date   brand: resort | city | inn   booked: date?   desk: points? up to 1_000
  lines 0 to 20 {
    id: text as id   kind: room | food | spa   night: date?
    amount: money from -5_000 GBP up to 5_000 GBP as list
  }
}
event ask dated by asked of guest identified by request {
  request: text   guest: member   asked: date   programme: text   level: text   proof: count up to 10_000
}
"""
MEMBER = """member { joined: date   birthday: date?   resident: flag   level: count up to 100 }
"""


@cache
def program(rules: str, head: str = HEAD) -> Program:
    """A program from rule text, the small world's declarations before it."""
    source = Source("seaview.rules", head + rules)
    checked = checking.check([source])
    errors = [f"{each.code} {each.message} at {source.slice(each.span)}" for each in checked.diagnostics]
    assert checked.ok, errors
    return Program(lowering.lower(checked), checked.sources)


def day(text: str) -> int:
    """A date as its day."""
    return parse_date(text)


class Guest:
    """A member who stays: each event is scored on the state that the one before left."""

    def __init__(
        self, program: Program, facts: dict[str, Any] | None = None, member: str | None = "m", watched: bool = True
    ) -> None:
        self.program = program
        self.watched = watched
        self.told = ""
        self.facts = facts
        self.member = member
        self.state = State()
        self.count = 0

    def stay(self, out: str, *amounts: str, **fields: Any) -> Outcome:
        """Stay, with a line for each amount: `100` a room, `food 20` food, `room 2027-02-27 20` that night's."""
        lines = [_line(number, text) for number, text in enumerate(amounts)]
        return self.score({"event": "stay", "out": out, "brand": "city", "lines": lines, **fields}, "folio")

    def ask(self, asked: str, **fields: Any) -> Outcome:
        """Ask for a match."""
        known = {"programme": "Rival", "level": "Gold", "proof": 0, **fields}
        return self.score({"event": "ask", "asked": asked, **known}, "request")

    def score(self, event: dict[str, Any], id_field: str) -> Outcome:
        """Score any event and keep the state; the explanation must come to the same outcome."""
        self.count += 1
        sent = {id_field: f"e{self.count}", "guest": self.member, **event}
        before = self.state
        outcome = self.program.score(sent, self.facts, before)
        self.state = self.program.apply(before, outcome)
        if self.watched:
            explained = self.program.explain(sent, self.facts, before)
            assert explained.outcome == outcome
            self.told = explained.text()
        return outcome

    def until(self, to: str) -> list[tuple[str, str]]:
        """Let time pass; what tiers it changed."""
        found = self.program.advance(self.facts, self.state, to)
        self.state = found.state
        return [(each.before, each.after) for each in found.tiers]

    def tier(self, on: str) -> str:
        """The tier held on a day, once time has passed to it."""
        self.until(on)
        tiers = self.program.core.tiers
        assert tiers is not None
        names = [rung.name for rung in tiers.rungs]
        live = [each.tier for each in self.state.holdings if each.start <= day(on)]
        return names[max((names.index(each) for each in live), default=0)]


def given(outcome: Outcome) -> dict[str, int]:
    """What each rule gave, where it gave anything."""
    sums: dict[str, int] = {}
    for award in outcome.awards:
        if award.given:
            sums[award.rule] = sums.get(award.rule, 0) + award.given
    return sums


def _line(number: int, text: str) -> dict[str, Any]:
    words = text.split()
    amount = words[-1] if "." in words[-1] else f"{words[-1]}.00"
    line: dict[str, Any] = {"id": f"l{number}", "kind": words[0] if len(words) > 1 else "room", "amount": amount}
    if len(words) > 2:
        line["night"] = words[1]
    return line
