"""Every evaluator gives the same, on generated programs and histories; and nothing of the language is left out.

Shards of fixed seeds, so that two workers share them and a failure comes back under the same name: programs of visits,
of orders with offers on them, and of members who own, pay and settle.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, get_args

import msgspec
import orjson
import pytest
from msgspec.structs import replace

from rules_engine import ir, periods
from rules_engine.backends.python import Python
from rules_engine.calendar import zone_version
from rules_engine.decoding import decode, encode_state, event_struct
from rules_engine.lowering import fingerprint
from rules_engine.outcome import EventRefused, Outcome, Refused
from rules_engine.scoring import Program
from rules_engine.state import Change, Shared, State
from tests.books import played
from tests.earning_programs import earning_program
from tests.histories import history
from tests.strategies import Of, seeded
from tests.trials import EVENTS, Finding, core_of, play, shrunk, trial

SHARDS = 2
PROGRAMS = 180
SHARED = 10  # programs at a shard's end that the next begins with: rare words are met in each
ORDERS = 110
ORDERS_SHARED = 50
OWNING = 90
HISTORY = 12  # events of each that are sent; what happens by itself comes between

UNWRITTEN = {"node LineQuantity"}  # nothing that can be written becomes one of these yet
OF_OFFERS = {f"node {name}" for name in ("Basis", "PerCurrency", "CurrencyRead", "CodeRead", "Picked")}
NODES = {f"node {each.__name__}" for each in (*get_args(ir.Expr), *get_args(ir.Test), ir.Stop, ir.Share, ir.MarksDef)}
OF_OWNING = {
    f"node {name}"
    for name in ("UsedRead", "PersonField", "KeyRead", "KeyValue", "KeyFold", "LineKeys", "LotField", "TurnedSum")
}
NODES -= UNWRITTEN | OF_OFFERS | OF_OWNING
MOVED = {f"change {name}" for name in ("LotTaken", "LotAdded", "DebtMoved", "KeyMoved", "Settled", "Seen")}
OF_RETURNS = {"change KeyDropped", "change LotRestored"}
CHANGES = {f"change {each.__name__}" for each in get_args(Change)} - MOVED - OF_RETURNS
PERIODS = {f"period {each.__name__}" for each in get_args(periods.Period)} - {
    "period Host",  # from the host: not evaluated yet
    "period Lifetime",  # windows of these kinds are not asked as periods
    "period Rolling",
    "period LastCalendar",
    "period Trial",
}
RESULTS = {
    "earn gave", "reward gave", "gave nothing", "held out", "late", "said", "mark fired", "weights", "event of a guest",
    "tier up", "tier down", "match trial", "match kept", "match ended", "holding began", "holding prolonged",
    "holding ended", "cut by times of own", "cut by amount of own", "cut by times of group", "cut by amount of group",
    "cut to some", "cut to nothing", "refused V151", "generated", "beside a run",
    *(f"TrackDef window {kind}" for kind in ("period", "rolling", "last", "lifetime", "trial")),
    *(f"LimitDef window {kind}" for kind in ("period", "rolling", "last", "lifetime", "trial")),
    "limit by line", "limit by date", "limit by event", "track sum", "track count", "track sum by line",
    "track count by line", "track sum by date", "track distinct", "track streak", "track sum given",
    "tier held", "tier earned", "tier matched", "previous track", "in period, instant True", "in period, instant False",
    "fold sum", "fold count", "fold distinct", "fall earned", "fall down", "fall tier",
    "edge end, next True", "edge end, next False", "edge start, next False",
    *(f"give with {word}" for word in (
        "low", "high", "steps", "only from", "rounding", "pending", "life", "or nothing", "each line", "facts",
    )),
}  # fmt: skip


STAGES = ("catalogue", "item", "basket", "shipping")
PERS = ("unit", "line", "basket")
CHOICES = ("all", "first", "best", "best together")
MODES = get_args(ir.RoundingMode)
OFFERED = OF_OFFERS | {
    *(f"{stage} offer" for stage in STAGES), "automatic", "by code", "code of a member", "code text",
    "code of a column",
    *(f"{verb} each {grain}" for verb in ("take", "price") for grain in ("unit", "line", "set", "total")),
    *(f"take with {word}" for word in ("low", "high", "only from", "steps", "or nothing")),
    *(f"price with {word}" for word in ("low", "high", "or nothing")),
    *(f"discount {mode}" for mode in MODES), "split evenly", "split in proportion", "split in proportion with tax",
    *(f"selection of {lines}" for lines in ("lines", "shipping", "both")),
    *(f"pick {which}" for which in ("cheapest", "dearest", "first", "last")), "pick units", "pick lines",
    "pick units per full", "PickEvery", "PickSpan",
    *(f"order {how}" for how in ("line", "cheapest", "dearest", "sorted", "sorted descending")),
    "sets per basket", "sets per line", "sets once", "sets every", "sets several", "sets partial",
    "part with an effect", "part without", "ChargeDef", "GiftDef",
    *(f"consent with {whom}" for whom in ("all", "some", "none")), *(f"consent on the {per}" for per in PERS),
    *(f"{where}: choice {choice}" for where in ("stage", "group") for choice in CHOICES),
    *(f"{choice} per {per}" for choice in ("first", "best") for per in PERS), "order of codes",
    "group shares claims", "group at most",
    *(f"return {policy}, {shortfall}" for policy, shortfall in (
        ("keep", None), ("by share", None), ("work out again", "off refund"),
        ("work out again", "off balance"), ("work out again", "forgiven"),
    )),
    *(f"limit of {owner}" for owner in ("member", "event", "shared")), "limit with a key",
    *(f"basis {base}" for base in ("was", "list", "current", "catalogue", "after item", "after basket")),
    *(f"money {base}" for base in ("list", "current", "net", "was", "paid", "catalogue")),
    *(f"money after {stage}" for stage in ("item", "basket", "shipping")),
    *(f"{what} {side}" for what in ("basis", "money") for side in ("with", "without")),
    "held out of an offer", "discount cut to room", "discount raises a price", "discount of several runs",
    "discount of several lines", "cut by amount of own", "cut by amount of group", "times of a rule counted",
    "times of a group counted", "charge", "gift", "reserved", "code applied", "price in several currencies True",
    *(f"price with {word}" for word in ("net", "shipping", "charges", "tax", "total")),
    *(f"code {reason}" for reason in (
        "unknown code", "not before", "ended on", "used up", "members only", "conditions not met", "shut out by",
        "lost to", "group is full", "nothing to give", "no amount in", "held out",
    )),
    *(f"public {words}" for words in (
        "not valid", "not yet valid", "expired", "already used", "not for this order", "does not combine",
    )),
    "earn gave", "reward gave", "tier up", "event of a guest", "refused V162", "generated", "offers by a step",
}  # fmt: skip


OWNED = OF_OWNING | MOVED | {
    *(f"node {each.__name__}" for each in (*get_args(ir.ActDef), ir.KeysDef, ir.ThingDef, ir.SplitRow)),
    *(f"taken by {how}" for how in ("deduct", "turn", "accept", "presented")),
    "taken of several lots", "taken into debt", "taken, cut by a limit", "scheduled", "award booked",
    "award to another", "paid", "paid less than offered", "paid in several parts", "refused V166", "held out of taking",
    *(f"turn {form}" for form in ("blocks", "whole", "in proportion", "into one of several")),
    *(f"accept {form}" for form in ("at a rate", "for an amount")),
    *(f"accept with {word}" for word in ("cap", "steps", "most", "only from", "never beyond", "whole", "some lines")),
    "keys of a track", "keys of lines", "keys in an order", "track first day", "track last day", "mark fired",
    "unit of household", "unit of member", "unit apart", "unit with a floor", "unit in debt",
    *(f"unit used {use}" for use in ("oldest first", "soonest first", "in proportion to balance")),
    *(f"limit of {owner}" for owner in ("member", "household", "other", "shared")), "limit with a key",
    *(f"pool: change {name}" for name in (
        "LotAdded", "LotTaken", "LotLapsed", "DebtMoved", "LimitUsed", "TrackMoved", "KeyMoved", "LastDay",
    )),
    *(f"another: change {name}" for name in ("LotAdded", "LimitUsed")), "late", "event of a guest",
    "earn gave", "reward gave", "beside a run", "previous track",
}  # fmt: skip


def run_shard(first: int, count: int, wanted: set[str], of: Of, events: int = EVENTS) -> None:
    """The whole evaluation, on every event, with the state carried on; every program checks and round-trips."""
    met, findings = Counter[str](), list[Finding]()
    for seed in range(first, first + count):
        found = trial(seed, met, events=events, format_too=seed % 4 == 0, of=of)
        if isinstance(found, Finding):
            findings.append(found)
    kinds = Counter(finding.kind for finding in findings)
    assert not findings, f"{kinds}\n{shrunk(findings[0], 20)}"
    missing = wanted - set(+met)
    assert not missing, f"never exercised: {sorted(missing)}"


@pytest.mark.parametrize("shard", range(SHARDS))
def test_evaluators_agree(shard: int) -> None:
    """On visits: earns, rewards, tracks, tiers, matches."""
    run_shard(shard * PROGRAMS, PROGRAMS + SHARED, NODES | CHANGES | PERIODS | RESULTS, "visits")


@pytest.mark.parametrize("shard", range(SHARDS))
def test_evaluators_agree_on_offers(shard: int) -> None:
    """On orders: offers of all stages, and what is earned after them."""
    run_shard(shard * ORDERS, ORDERS + ORDERS_SHARED, OFFERED, "orders")


def test_evaluators_agree_on_owning() -> None:
    """On lots, debts and pools, redeems, turns, keys, other people, and what happens by itself."""
    run_shard(0, OWNING, OWNED, "owning", HISTORY)


# ---- the ways in


def programs(core: ir.Program) -> tuple[Program, Program]:
    """The same program on the fused generated code, and on the reference."""
    zones = zone_version() if core.header.zone else ""
    return Program(core, backend=Python(core, fingerprint(core), zones)), Program(core)


@pytest.mark.parametrize(
    ("seed", "of"), [*((n, "visits") for n in range(2000, 2030)), *((n, "orders") for n in range(30))]
)
def test_ways_in_agree(seed: int, of: Of) -> None:
    """A dictionary, a decoded event, a typed struct and `score_json` give the same outcome, by either evaluator."""
    core = core_of(seeded(seed, of))
    told, both, states, shared = history(core, Random(seed), 12), programs(core), dict[str, State](), Shared()
    for sent in told.events:
        member = sent.get("who")
        state, facts = states.get(member or "", State()), told.members.get(member or "")
        outcomes = [_outcome(each, way, facts, state, shared) for each in both for way in _ways(core, sent)]
        assert all(each == outcomes[0] for each in outcomes), outcomes
        request = {"event": sent, "member": facts or {}, "state": encode_state(state)}
        if shared.limits:
            request["shared"] = orjson.loads(shared.to_json())
        for each in both:
            assert orjson.loads(each.score_json(orjson.dumps(request))) == orjson.loads(_as_json(outcomes[0]))
        if isinstance(outcomes[0], Outcome):
            shared.reserve(outcomes[0].reserved)
            if member is not None:
                states[member] = both[0].apply(state, outcomes[0])


def _ways(core: ir.Program, sent: dict[str, Any]) -> list[object]:
    typed = msgspec.json.decode(orjson.dumps(sent), type=event_struct(core, sent["event"]))
    return [sent, decode(sent, core), typed]


def _outcome(
    made: Program, sent: object, facts: object, state: State, shared: Shared | None = None
) -> Outcome | Refused:
    try:
        return made.score(sent, facts, state, shared)
    except EventRefused as reason:
        return reason.refused


BROKEN: tuple[object, ...] = (
    None,
    1.5,
    -1,
    10**30,
    "",
    "x",
    True,
    [],
    [1, 1],
    {"amount": "1"},
    "2027-02-30",
    "12.345678",
    float("nan"),
    object(),
)


@pytest.mark.parametrize(
    ("seed", "of"), [*((n, "visits") for n in range(2050, 2070)), *((n, "orders") for n in range(50, 70))]
)
def test_refusals_agree(seed: int, of: Of) -> None:
    """What is broken somewhere is refused with the same faults, or scored alike, by either evaluator."""
    core, rng = core_of(seeded(seed, of)), Random(seed)
    told, both = history(core, rng, 12), programs(core)
    for sent in told.events:
        for broken in _broken(sent, rng):
            facts = told.members.get(str(sent.get("who")))
            one, other = (_outcome(each, broken, facts, State()) for each in both)
            assert one == other


def _broken(sent: dict[str, Any], rng: Random) -> list[dict[str, Any]]:
    """An event with one thing wrong: a field gone, another value, a field too many; here or on a line."""
    found = [dict(sent) for _ in range(4)]
    for event in found:
        target = event
        if event.get("lines") and rng.random() < 0.4:
            place = rng.randrange(len(event["lines"]))
            target = dict(event["lines"][place])
            event["lines"] = [*event["lines"][:place], target, *event["lines"][place + 1 :]]
        name = rng.choice(sorted(target))
        if rng.random() < 0.2:
            del target[name]
        elif rng.random() < 0.1:
            target["unheard_of"] = 1
        else:
            target[name] = rng.choice(BROKEN)
    return found


@pytest.mark.parametrize(
    ("seed", "of"), [*((n, "visits") for n in range(2100, 2110)), *((n, "orders") for n in range(100, 115))]
)
def test_streams_agree_with_single_events(seed: int, of: Of) -> None:
    """`score_many` in the order of arrival is `score`, `apply` and `reserve`, one after the other."""
    core = core_of(seeded(seed, of))
    told, (program, _), states = history(core, Random(seed), 15), programs(core), dict[str, State]()
    kept, shared = Shared(), Shared()
    streamed = list(program.score_many(list(told.events), told.members, states, in_order=True, shared=kept))
    single, apart = list[Outcome | Refused](), dict[str, State]()
    for sent in told.events:
        member = sent.get("who")
        found = _outcome(program, sent, told.members.get(member or ""), apart.get(member or "", State()), shared)
        single.append(found)
        if isinstance(found, Outcome):
            shared.reserve(found.reserved)
            if member is not None:
                apart[member] = program.apply(apart.get(member, State()), found)
    assert streamed == single
    assert kept == shared
    assert {name: state for name, state in states.items() if state != State()} == apart


@pytest.mark.parametrize("seed", range(40, 52))
def test_json_with_others_and_pools_is_what_dictionaries_give(seed: int) -> None:
    """Bytes to bytes, with other people, their states and a pool, is the same outcome as by `score`."""
    book = played(seed, HISTORY)
    sent = {event["ref"]: event for event in book.told.events}
    for step in book.steps:
        event = sent.get(step.event.id)
        member = book.told.members.get(step.event.member or "")
        others: dict[str, Any] = {
            name: {"member": book.told.members.get(name, {})}
            | ({"state": encode_state(step.people.states[name])} if name in step.people.states else {})
            for name in {*step.people.facts, *step.people.states} & book.told.members.keys()
        }
        if event is None or {*step.people.facts, *step.people.states} - others.keys():
            continue
        pool = None if step.people.pool is None else encode_state(step.people.pool)
        shared = {"version": 1, "limits": step.shared.limits}
        request = {"event": event, "member": member, "state": encode_state(step.state), "shared": shared}
        content = orjson.dumps({**request, "others": others, "pool": pool}, option=orjson.OPT_NON_STR_KEYS)
        for program in programs(book.core):
            told = program.score(event, member, step.state, step.shared, others, pool)
            assert told == replace(step.outcome, fingerprint=told.fingerprint, zones=told.zones)
            assert program.score_json(content) == told.to_json()


def _as_json(found: Outcome | Refused) -> bytes:
    return found.to_json() if isinstance(found, Outcome) else msgspec.json.encode(found)


@pytest.mark.parametrize("seed", [20000920, 20001563])
def test_weights_of_each_line_are_in_lowest_terms(seed: int) -> None:
    """Found by a long run: a measure with a denominator over all lines is no plain amount."""
    assert not isinstance(trial(seed, events=200, format_too=False), Finding)


@pytest.mark.parametrize("seed", [238, 429])
def test_awards_are_read_line_by_line_where_nothing_else_is(seed: int) -> None:
    """Found by a long run: the order of lines is known though the pass over them keeps nothing."""
    core = core_of(earning_program(seed))
    assert play(core, history(core, Random(seed), EVENTS)) == EVENTS


def test_weights_after_offers_are_in_lowest_terms() -> None:
    """Found by a long run: what is given per pound of each line's price is no count of pennies."""
    assert not isinstance(trial(1003540, format_too=False, of="plain"), Finding)


def test_nobody_is_skipped_who_has_to_be_known() -> None:
    """Found by a long run: a reward asks another person's facts before it wants nothing."""
    assert not isinstance(trial(1000200, format_too=False, of="owning", histories=4), Finding)
