"""Laws of returns over generated programs that own, pay and settle: everything that `tests.generating.owning` writes,
with its purchases made returnable and the policies of its rules chosen anew.

1. A full return right after its event restores everything but what the text keeps: every book's lots and debts, sums,
   counts and keys of tracks, and the counters of rules that are worked out again.
2. Whatever is bought, returned and settled, in whatever order: given - taken - lapsed - taken back + put back = left -
   owed, for each unit and owner, after each event and each return, with every state stored in between.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from rules_engine import Program, ir
from rules_engine.outcome import Outcome, Refused
from rules_engine.returns import Return, UnitsBack
from rules_engine.state import (
    Advanced,
    Change,
    HoldingEnded,
    LimitDropped,
    LotLapsed,
    Shared,
    State,
    TrackDropped,
    apply,
    copied,
)
from tests.histories import History, history
from tests.strategies import seeded
from tests.trials import core_of

SEEDS = range(9500, 9540)
EVENTS = 16
BY_ITSELF = (Advanced, HoldingEnded, LimitDropped, LotLapsed, TrackDropped)
"""What happens because time passes, whatever the event."""
BUY = re.compile(r"^event buy dated by at of who identified by ref(?: returnable)? \{$", re.MULTILINE)
POLICY = re.compile(r"^  (?:returns|on return) .*\n", re.MULTILINE)
RULE = re.compile(r'^(earn|reward|redeem|\w+ offer) ("[^"]*" \{\n  on buy\b.*?)^\}$', re.MULTILINE | re.DOTALL)
SHORT = ("off balance", "forgiven")


def returnable(text: str, dice: Random, keeps: bool) -> str:
    """A program whose purchases may come back, each rule by a policy of its own."""
    header = f"  returns by share, shortfall {dice.choice(SHORT)}\n"
    text = BUY.sub("event buy dated by at of who identified by ref returnable {", POLICY.sub("", text))
    text = text.replace("  split in proportion", f"{header}  split in proportion", 1)

    def ruled(found: re.Match[str]) -> str:
        policy = _policy(found[1], dice, keeps)
        return f"{found[1]} {found[2]}" + (f"  on return {policy}\n" if policy else "") + "}"

    return RULE.sub(ruled, text)


def _policy(kind: str, dice: Random, keeps: bool) -> str:
    """What a rule says about returns; empty where it is left to the header."""
    short = f", shortfall {dice.choice(SHORT)}"
    if dice.random() < 0.3:
        return ""
    if keeps and dice.random() < 0.2:
        return "keep"
    if kind == "redeem":
        return "by share"
    if kind.endswith("offer"):
        return dice.choice(("by share", f"work out again{short}"))
    return dice.choice(("by share", "work out again")) + short


@dataclass
class Shop:
    """A program, its members, everybody's books, and what came of each purchase."""

    seed: int
    program: Program
    told: History
    states: dict[str, State] = field(default_factory=dict)
    pools: dict[str, State] = field(default_factory=dict)
    shared: Shared = field(default_factory=Shared)

    @property
    def core(self) -> ir.Program:
        """The program's core."""
        return self.program.core

    def household(self, member: str) -> str:
        """Whose pool a member's is."""
        return self.told.members.get(member, {}).get(self.core.household) or member

    def do(self, sent: Mapping[str, Any]) -> list[Outcome]:
        """Score an event and all that is due before it; a refusal is none of them."""
        run = self.program.score_many(
            [sent], self.told.members, self.states, shared=self.shared, pools=self.pools, in_order=True
        )
        return [found for found in run if not isinstance(found, Refused)]

    def day(self) -> int:
        """The latest day that anybody has reached."""
        return max(state.day or 0 for state in (*self.states.values(), *self.pools.values()))

    def back(
        self, sent: Mapping[str, Any], found: Outcome, pieces: Mapping[str | int, int], earlier: list[Return], on: int
    ) -> Return:
        """A return, which moves everybody's books."""
        member = found.member or ""
        people = {*self.told.members, *self.states} - {member}
        others = {who: {"member": self.told.members.get(who), "state": self.states.get(who, State())} for who in people}
        pool = self.pools.get(self.household(member), State())
        back = self.program.give_back(
            sent, found, pieces, earlier=earlier, state=self.states[member], on=on, others=others, pool=pool
        )
        for who in (member, *back.others):
            self.states[who] = self.program.apply(self.states.get(who, State()), back, owner=who)
        self.pools[self.household(member)] = self.program.apply_pool(pool, back)
        self.shared.reserve(back.reserved)
        return back

    def stored(self) -> None:
        """Everything through JSON."""
        self.states = {name: self.program.state(state.to_json()) for name, state in self.states.items()}
        self.pools = {
            name: self.program.checked_pool(msgspec.json.decode(state.to_json())) for name, state in self.pools.items()
        }

    def owners(self) -> Iterator[tuple[str, State]]:
        """Every book by its owner."""
        yield from self.states.items()
        yield from ((f"household {name}", state) for name, state in self.pools.items())


def shop(seed: int, keeps: bool = False) -> Shop:
    """The shop of a seed, before anything has happened."""
    text = returnable(seeded(seed, "owning"), Random(seed), keeps)
    core = core_of(text)
    return Shop(seed, Program(core), history(core, Random(seed), EVENTS))


def goods(shop: Shop, found: Mapping[str, Any]) -> dict[str | int, int]:
    """All pieces of a purchase, by line counted from 1."""
    event = shop.program.event(found)
    counts: dict[str | int, int] = {number: int(str(line["pieces"])) for number, line in enumerate(event.lines, 1)}
    return {number: count for number, count in counts.items() if count}


# ---- a full return ----


def test_a_full_return_right_after_restores_everything() -> None:
    met = Counter[str]()
    for seed in SEEDS:
        one = shop(seed)
        for sent in one.told.events:
            books = {owner: copied(state) for owner, state in one.owners()}
            found = one.do(sent)
            if found and found[-1].event == "buy" and len(found) == 1 and not found[-1].late and found[-1].member:
                _restores(one, sent, found[-1], books, met)
    missing = RESTORED - set(+met)
    assert not missing, f"never restored: {sorted(missing)}"


def _restores(
    one: Shop, sent: Mapping[str, Any], found: Outcome, books: Mapping[str, State], met: Counter[str]
) -> None:
    pieces = goods(one, sent)
    if not pieces:
        return
    after = Shop(one.seed, one.program, one.told, dict(one.states), dict(one.pools), Shared())
    back = after.back(sent, found, pieces, [], found.day)
    met.update(_met(one, found, back))
    moved = {**found.changes, f"household {found.household}": found.pool}
    for owner, state in after.owners():
        changes = moved.get(owner, ())
        opened = apply(books.get(owner, State()), [each for each in changes if isinstance(each, BY_ITSELF)])
        gone = {(each.track, each.occurrence) for each in changes if isinstance(each, TrackDropped)}
        assert _restored(one, state, gone) == _restored(one, opened, gone), (one.seed, found.id, owner)
        assert _counters(one, state) == _counters(one, opened), (one.seed, found.id, owner)
    assert not any(each.missing for each in back.units), (one.seed, found.id)
    assert not any(each.lost for each in back.restored), (one.seed, found.id)


def _restored(one: Shop, state: State, gone: set[tuple[str, int]]) -> dict[str, object]:
    """What of a state a full return restores: lots in no order, what is owed, sums and counts that are not 0."""
    summed = {track.key for track in one.core.tracks if track.kind in ("sum", "count")}
    lots = Counter[bytes]()
    for lot in state.lots:
        lots[msgspec.json.encode(msgspec.structs.replace(lot, left=0), order="deterministic")] += lot.left
    tracks = {
        (name, at): value
        for name, values in state.tracks.items()
        for at, value in values.items()
        if value and name in summed and (name, at) not in gone
    }
    keyed = {
        (name, at, key): value
        for name, places in state.keyed.items()
        for at, values in places.items()
        for key, value in values.items()
        if (name, at) not in gone
    }
    return {"lots": lots, "debts": state.debts, "tracks": tracks, "keyed": keyed}


def _counters(one: Shop, state: State) -> dict[tuple[str, int], int]:
    """The counters of rules that are worked out again."""
    rules: tuple[ir.RuleDef | ir.OfferDef, ...] = (*one.core.rules, *one.core.offers)
    again = {rule.key for rule in rules if rule.on_return is not None and rule.on_return.policy == "work out again"}
    return {
        (name, at): count
        for name, used in state.limits.items()
        for at, count in used.items()
        if count and name.partition(":")[0] in again
    }


RESTORED = {
    *(f"award {policy}" for policy in ("by share", "work out again")), "award of a split", "award to another",
    "award of a pool", "award pending", "award that paid a debt", "payment", "keyed", "track", "pool track",
    *(f"restored {how}" for how in ("accept", "deduct", "turn", "presented")), "into debt",
}  # fmt: skip


def _met(one: Shop, found: Outcome, back: Return) -> Iterator[str]:
    """What a return undid."""
    units = {unit.name: unit for unit in one.core.units}
    splits = {
        rule.key for rule in one.core.rules for each in rule.effects if isinstance(each, ir.GiveDef) and each.split
    }
    for each in back.units:
        yield f"award {each.policy}"
        yield from ["award of a split"] if each.rule in splits else ()
        yield from ["award to another"] if each.to else ()
        yield from ["award of a pool"] if units[each.unit].owner == "household" else ()
        yield from ["award pending"] if each.lot.pending is not None else ()
        yield from ["award that paid a debt"] if each.owed else ()
    yield from (f"restored {each.how}" for each in back.restored)
    yield from ["payment"] if back.paid else ()
    names = {track.name: track for track in one.core.tracks}
    for moved in back.tracks:
        yield "keyed" if moved.key else "track"
        yield from ["pool track"] if names[moved.track].owner == "household" else ()
    if any(sum(count for _, count in taken.lots) < taken.taken for taken in found.taken if not taken.held_out):
        yield "into debt"


# ---- the equation ----


def test_every_unit_is_accounted_for_whatever_comes_back() -> None:
    """Purchases come back in parts, long afterwards, between others' events; what is kept is kept."""
    met = Counter[str]()
    for seed in SEEDS:
        one, dice = shop(seed, keeps=True), Random(seed)
        sums = defaultdict[tuple[str, str], int](int)
        bought: list[tuple[Mapping[str, Any], Outcome, list[Return], list[str | int]]] = []
        for sent in one.told.events:
            for found in one.do(sent):
                _count(one, found, sums)
                if found.event == "buy" and found.member and found.id == sent["ref"]:
                    pieces = [number for number, count in goods(one, sent).items() for _ in range(count)]
                    dice.shuffle(pieces)
                    bought += [(sent, found, [], pieces)] if pieces else []
            _balanced(one, sums)
            if bought and dice.random() < 0.6:
                _comes_back(one, dice.choice(bought), dice, sums, met)
                bought = [each for each in bought if each[3]]
            one.stored()
            _balanced(one, sums)
    missing = ACCOUNTED - set(+met)
    assert not missing, f"never met: {sorted(missing)}"


ACCOUNTED = {
    "parts", "later", "missing becomes a debt", "forgiven", "lapsed", "taken", "owed again", "lost", "restored",
    "kept", "to another", "nothing left",
}  # fmt: skip


def _count(one: Shop, found: Outcome, sums: defaultdict[tuple[str, str], int]) -> None:
    """What an outcome says was given, taken and lapsed."""
    member = found.member or ""
    for award in found.awards:
        sums[award.unit, _owner(one, award.unit, award.to or member)] += award.given
    for taken in found.taken:
        sums[taken.unit, _owner(one, taken.unit, member)] -= taken.taken
    for owner, changes in ((f"household {found.household}", found.pool), *found.changes.items()):
        _lapse(owner, changes, sums)


def _lapse(owner: str, changes: Iterable[Change], sums: defaultdict[tuple[str, str], int]) -> None:
    for change in changes:
        if isinstance(change, LotLapsed):
            sums[change.lot.unit, owner] -= change.lot.left


def _owner(one: Shop, unit: str, member: str) -> str:
    definition = next(each for each in one.core.units if each.name == unit)
    return f"household {one.household(member)}" if definition.owner == "household" else member


def _comes_back(
    one: Shop, bought: tuple[Mapping[str, Any], Outcome, list[Return], list[str | int]], dice: Random,
    sums: defaultdict[tuple[str, str], int], met: Counter[str],
) -> None:  # fmt: skip
    sent, found, earlier, pieces = bought
    count = dice.choice((len(pieces), dice.randint(1, len(pieces))))
    some, day = Counter(pieces[:count]), one.day()
    back = one.back(sent, found, some, earlier, day)
    earlier.append(back)
    del pieces[:count]
    member = found.member or ""
    for each in back.units:
        owed = each.owed + (each.missing if each.shortfall == "off balance" else 0)
        assert each.amount == each.taken + each.owed + each.missing + each.forgiven
        sums[each.unit, _owner(one, each.unit, each.to or member)] -= each.taken + owed
        met["missing becomes a debt"] += each.missing > 0
        met["forgiven"] += each.forgiven > 0
        met["lapsed"] += each.forgiven > 0 and each.lot.expires is not None and each.lot.expires < day
        met["taken"] += each.taken > 0
        met["owed again"] += each.owed > 0
        met["to another"] += bool(each.to)
        if each.missing or (each.forgiven and (each.lot.expires is None or each.lot.expires >= day)):
            gives_more = any(other.amount < 0 for other in back.units)
            met["nothing left"] += not gives_more and _has_no_more(one, each, member, day)
    for part in back.restored:
        sums[part.unit, _owner(one, part.unit, member)] += part.amount - part.lost
        met["lost"] += part.lost > 0
        met["restored"] += 1
    met["parts"] += len(earlier) > 1
    met["later"] += day > found.day
    met["kept"] += bool(found.awards) and not back.units


def _has_no_more(one: Shop, each: UnitsBack, member: str, day: int) -> bool:
    """Nothing is missing as long as there is something to take: no more is left than the least balance and the debt.
    Whether that could be told from the state alone."""
    unit = next(unit for unit in one.core.units if unit.name == each.unit)
    state = dict(one.owners())[_owner(one, each.unit, each.to or member)]
    lots = [lot for lot in state.lots if (lot.unit, lot.holder) == (each.unit, each.lot.holder)]
    if any(life.after_last for life in unit.lives) or any(
        lot.expires is not None and lot.expires < day for lot in lots
    ):
        return False
    left = sum(lot.left for lot in lots if lot.pending is None or lot.pending < day)
    owed = sum(count for name, count in state.debts.items() if name.partition(" ")[0] == each.unit)
    assert left <= (unit.floor or 0) + owed, (one.seed, each)
    return True


def _balanced(one: Shop, sums: Mapping[tuple[str, str], int]) -> None:
    """What was counted is what is there, and nothing is below zero."""
    left = Counter[tuple[str, str]]()
    for owner, state in one.owners():
        assert all(lot.left > 0 for lot in state.lots), (one.seed, owner)
        assert all(owed > 0 for owed in state.debts.values()), (one.seed, owner)
        for lot in state.lots:
            left[lot.unit, owner] += lot.left
        for name, owed in state.debts.items():
            left[name.partition(" ")[0], owner] -= owed
    assert {at: count for at, count in sums.items() if count} == {at: n for at, n in left.items() if n}, one.seed
