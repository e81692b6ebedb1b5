"""`score_many` over several processes: real ones, held to what one process gives, and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from copy import deepcopy
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rules_engine import Program, load
from rules_engine.outcome import Outcome, Refused
from rules_engine.scoring import WorkerLost, forked, processes, workers
from rules_engine.scoring.processes import why_alone
from rules_engine.scoring.streams import Kept
from rules_engine.source import Source
from rules_engine.state import Shared, State

HEAD = """language 1
program "Shop" { currency GBP, rounded half up   timezone "Europe/London"
  split in proportion, odd pennies to the largest remainder
}
unit point, points { rounded down   lasts for 12 months }
event purchase dated by bought_at of customer identified by order_no {
  order_no: text up to 40   bought_at: instant   customer: member?
  lines 0 to 9 { sku: text up to 20 as id   price: money up to 500 GBP as list }
}
member { plan: basic | plus   household: text? as household }
track spend = sum of net, on purchase, per calendar year
tiers { Blue   Gold when spend >= 100 GBP   lasts until end of next calendar year   then the earned tier }
earn "Base" as base { on purchase   give 1 point per full 1 GBP of net }
earn "Plus" { on purchase   when has member and member.plan is plus   give 50% of base
  at most 60 points per member per calendar month }
earn "Gold" { on purchase   when tier is Gold   give 25% of base }
item offer "Toys" { on purchase   automatic   take 10% of list off each line where sku is "toy" }
earn "First" { on purchase   give 5 points   once per member }
"""


@pytest.fixture(scope="module")
def shop() -> Program:
    return load([Source("shop.rules", HEAD)])


def facts(count: int) -> dict[str, Any]:
    return {f"m{number}": {"plan": ("basic", "plus")[number % 2]} for number in range(count)}


def purchase(number: int, member: str | None, **more: object) -> dict[str, Any]:
    lines = [{"sku": "toy", "price": f"{number % 40 + 1}.50"}, {"sku": f"s{number % 5}", "price": "3.10"}]
    sent = {"event": "purchase", "order_no": f"o{number}", "bought_at": _moment(number), "lines": lines}
    return sent | ({} if member is None else {"customer": member}) | more


def _moment(number: int) -> str:
    return f"2027-{number // 900 % 12 + 1:02}-{number // 40 % 28 + 1:02}T{number % 24:02}:00:00+00:00"


def stream(count: int, members: int) -> Iterator[object]:
    """Events of all kinds: good ones, guests, wrong ones, ids that come again, bytes, what is no plain value."""
    for number in range(count):
        member = None if number % 17 == 0 else f"m{number * 7 % members}"
        sent = purchase(number, member)
        yield sent
        if number % 31 == 0:
            yield purchase(number, "m1")  # the id came, of another member
        if number % 41 == 0:
            yield {**purchase(number + count, member), "lines": [{"sku": "x", "price": "free"}]}
            yield purchase(number + count, "m2")  # the id came, and was refused
        if number % 43 == 0:
            yield {**purchase(number + 2 * count, member), "lines": ({"sku": "x", "price": "1.00"},)}
            yield {**purchase(number + 3 * count, member), "lines": [{"sku": "x", "price": Decimal("1.00")}]}
        if number % 47 == 0:
            yield b"{"
        if number % 5 == 0:
            again = json.dumps(purchase(number + 4 * count, "m3")).encode()
            yield again
            yield from (again, again.replace(b"price", b"cost")) if number % 2 else ()
            yield json.dumps(purchase(number + 5 * count, f"m{number % members}", vat="none")).encode()
            yield None
            yield {"event": "sale", "order_no": str(number)}


def both_ways(
    program: Program, events: Sequence[object], members: dict[str, Any], workers: int = 2, **more: Any
) -> tuple[list[Outcome | Refused], dict[str, State]]:
    """What several processes give, of a list and of what is read as it comes, which is what one gives: results, states
    and ids."""
    made = []
    for number, sent in ((1, events), (workers, events), (workers, iter(events))):
        states, ids = deepcopy(more.get("states", {})), set[tuple[str, str]](more.get("ids", ()))
        in_order = more.get("in_order", True)
        found = list(program.score_many(sent, members, states, ids=ids, in_order=in_order, workers=number))
        made.append((found, states, ids))
    assert made[1] == made[0]
    assert made[2] == made[0]
    return made[1][:2]


def test_several_processes_give_what_one_gives(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "RUN", 64)
    results, states = both_ways(shop, list(stream(500, 60)), facts(60), 3)
    assert sum(isinstance(each, Refused) for each in results) > 50
    assert len(states) == 60
    assert any(each.holdings for each in states.values()), "some reached a tier"


def test_any_order_is_put_in_order(shop: Program) -> None:
    events = list(stream(200, 20))
    both_ways(shop, [*events[100:], *events[:100]], facts(20), in_order=False)


def test_typed_and_decoded_events(shop: Program) -> None:
    kind = shop.event_type("purchase")
    sent: list[object] = [msgspec.convert(purchase(number, f"m{number % 9}"), kind) for number in range(60)]
    sent += [shop.event(purchase(number + 60, f"m{number % 9}")) for number in range(60)]
    results, _ = both_ways(shop, sent, facts(9))
    assert all(isinstance(each, Outcome) for each in results)


def test_states_are_gone_on_from(shop: Program) -> None:
    events = list(stream(300, 30))
    _, first = both_ways(shop, events[:150], facts(30))
    more = [each for each in events[150:] if isinstance(each, dict)]
    _, second = both_ways(shop, more, facts(30), states={**first, "m4": State(version=99)})
    assert second["m4"] == State(version=99), "a state that cannot be read is refused, and left"


def test_facts_of_whatever_kind(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "RUN", 8)
    members: dict[str, Any] = facts(12)
    members["m3"] = {"plan": Decimal(1)}  # no plain value: its member is scored here, and refused
    members["m5"] = ["not", "facts"]
    del members["m7"]
    results, _ = both_ways(shop, [purchase(number, f"m{number % 12}") for number in range(90)], members)
    assert any(isinstance(each, Refused) for each in results)


def test_facts_that_change_on_the_way(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "RUN", 4)
    members: dict[str, Any] = facts(4)

    def events() -> Iterator[object]:
        for number in range(40):
            if number == 20:
                members.update({name: {"plan": "plus"} for name in members})
            yield purchase(number, f"m{number % 4}")

    one = list(shop.score_many(events(), members, in_order=True))
    members.update(facts(4))
    assert list(shop.score_many(events(), members, in_order=True, workers=2)) == one


def test_the_reference_travels_too(shop: Program) -> None:
    by_reference = Program(shop.core, shop.sources, None, shop.fingerprint)
    assert by_reference.backend.name == "reference"
    both_ways(by_reference, list(stream(60, 9)), facts(9))


def test_ids_that_come_again(shop: Program) -> None:
    """In one stream, of another member, of guests, and of a stream before."""
    events = [purchase(number % 23, f"m{number % 7}" if number % 3 else None) for number in range(90)]
    results, _ = both_ways(shop, events, facts(7), 3, ids={("purchase", "o5"), ("purchase", "elsewhere")})
    assert sum(isinstance(each, Outcome) for each in results) == 22


def test_states_of_the_host_stay_until_the_end(shop: Program) -> None:
    events = [purchase(number, f"m{number % 9}") for number in range(200)]
    states = dict(shop_states(shop, facts(9)))
    before, ids = deepcopy(states), set[tuple[str, str]]()
    results = shop.score_many(events, facts(9), states, ids=ids, in_order=True, workers=2)
    for _ in range(150):
        next(results)
    results.close()  # type: ignore[attr-defined]
    assert (states, ids) == (before, set())


def shop_states(program: Program, members: dict[str, Any]) -> dict[str, State]:
    """The states of members who bought something once."""
    states: dict[str, State] = {}
    first = [purchase(1000 + number, member) for number, member in enumerate(members)]
    assert all(isinstance(each, Outcome) for each in program.score_many(first, members, states))
    return states


def test_nothing_at_all(shop: Program) -> None:
    assert both_ways(shop, [], {})[0] == []
    assert len(both_ways(shop, [purchase(1, None)], {})[0]) == 1


# ---- what cannot be shared out ----


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('earn "All" { on purchase   give 1 point   at most 100 points in total }', "all members share"),
        ("unit star, stars { held by household   rounded down   lasts forever }", "members of a household"),
        ('earn "To" { on purchase   give 1 point, to friend }', "of others, or give to them"),
        ('earn "Year" { on end of calendar year   give 1 point }', "happens by itself"),
    ],
)
def test_members_who_touch_each_other_are_scored_in_one_process(text: str, why: str) -> None:
    head = HEAD.replace("customer: member?", "customer: member?   friend: member?")
    program = load([Source("shop.rules", f"{head}{text}\n")])
    assert why in why_alone(program.core)
    with pytest.raises(ValueError, match="is scored in one process"):
        program.score_many([], workers=2)


# ---- what dies ----


def children() -> set[int]:
    """The processes that this one started."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    )
    return {int(each) for each in found.stdout.split()}


@pytest.mark.skipif(not Path("/proc").is_dir() or os.name != "posix", reason="looks processes up")
def test_one_that_is_killed_is_an_error_and_moves_nothing(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "RUN", 16)
    before = children()
    endless = (purchase(number, f"m{number % 40}") for number in count())
    states, ids = {"m1": State(since=1)}, {("purchase", "old")}
    results = shop.score_many(endless, facts(40), states, ids=ids, in_order=True, workers=2)
    first = [next(results) for _ in range(32)]
    assert len(first) == 32
    (worker,) = _ours(before)
    os.kill(worker, signal.SIGKILL)
    with pytest.raises(WorkerLost, match=r"was ended by signal 9; \d+ of its events were under way, and no state"):
        list(results)
    assert not _ours(before), "none is left"
    assert (states, ids) == ({"m1": State(since=1)}, {("purchase", "old")})


def _ours(before: set[int]) -> set[int]:
    found = set()
    for each in children() - before:
        command = Path(f"/proc/{each}/cmdline")
        if command.exists() and b"scoring.workers" in command.read_bytes():
            found.add(each)
    return found


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that are forked."""
    if sys.platform != "linux" or threading.active_count() > 1:
        pytest.skip("processes are forked on Linux, where nothing else runs")
    begun: list[int] = []
    fork = os.fork

    def noted() -> int:
        begun.append(fork())
        return begun[-1]

    monkeypatch.setattr(os, "fork", noted)
    return begun


def test_one_that_is_forked_and_killed_moves_nothing(shop: Program, forks: list[int]) -> None:
    events = [purchase(number, f"m{number % 40}") for number in range(20_000)]
    states, ids = {"m1": State(since=1)}, {("purchase", "old")}
    results = shop.score_many(events, facts(40), states, ids=ids, in_order=True, workers=2)
    assert len([next(results) for _ in range(32)]) == 32
    os.kill(forks[0], signal.SIGKILL)
    with pytest.raises(WorkerLost, match=r"was ended by signal 9; \d+ of its events were under way, and no state"):
        list(results)
    with pytest.raises(ChildProcessError):
        os.waitpid(forks[0], 0)
    assert (states, ids) == ({"m1": State(since=1)}, {("purchase", "old")})


def test_forks_of_a_stream_that_is_left_end(shop: Program, forks: list[int]) -> None:
    events = [purchase(number, f"m{number % 40}") for number in range(2_000)]
    results = shop.score_many(events, facts(40), in_order=True, workers=3)
    next(results)
    assert len(forks) == 2
    results.close()  # type: ignore[attr-defined]
    for each in forks:
        with pytest.raises(ChildProcessError):
            os.waitpid(each, 0)


def test_a_mistake_of_ours_in_a_fork_is_told_here(shop: Program, forks: list[int]) -> None:
    class Odd(dict[str, Any]):
        """Facts that fail where they are asked for."""

        def get(self, *_: object) -> Any:
            raise RuntimeError("no facts today")

    events = [purchase(number, f"m{number % 9}") for number in range(99)]
    share = forked._Share(shop, events, Odd(), Kept({}, Shared(), set()), 2)
    fork = forked._Fork(share, 1, ())
    with pytest.raises(WorkerLost, match="no facts today"):
        list(fork.results())
    fork.stop()


def test_a_long_stretch_of_one_process_does_not_stop_another(shop: Program, forks: list[int]) -> None:
    """Pipes are emptied while this process is at its own events; and one that is far ahead waits."""
    events = [purchase(number, f"m{number // 3000}") for number in range(6_000)]
    one = list(shop.score_many(events, facts(2), in_order=True))
    assert list(shop.score_many(events, facts(2), in_order=True, workers=2)) == one
    assert len(forks) == 1


def test_what_is_not_forked(shop: Program) -> None:
    kept = Kept({}, Shared(), set())
    assert forked.can_fork([{}, b""], {"m1": {}}, kept) == (sys.platform == "linux" and threading.active_count() == 1)
    assert not forked.can_fork(iter([{}]), {}, kept), "it is not there as a whole"
    assert not forked.can_fork([OrderedDict()], {}, kept), "it may do anything"
    assert not forked.can_fork([], OrderedDict(), kept)
    assert not forked.can_fork([], {"m1": OrderedDict()}, kept)
    assert not forked.can_fork([], {}, Kept(OrderedDict(), Shared(), None))
    waiting = threading.Event()
    other = threading.Thread(target=waiting.wait)
    other.start()
    assert not forked.can_fork([], {}, kept), "another thread may hold a lock"
    waiting.set()
    other.join()


@pytest.mark.skipif(not Path("/proc").is_dir() or os.name != "posix", reason="looks processes up")
def test_a_stream_that_is_left_leaves_no_process(shop: Program) -> None:
    before = children()
    results = shop.score_many(stream(500, 9), facts(9), in_order=True, workers=3)
    next(results)
    assert len(_ours(before)) == 2
    results.close()  # type: ignore[attr-defined]
    assert not _ours(before)


def test_a_mistake_of_ours_there_is_told_here(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "dumped", lambda values: b"no message" if isinstance(values, tuple) else b"N")
    with pytest.raises(WorkerLost, match="another process failed"):
        list(shop.score_many(stream(9, 5), facts(5), in_order=True, workers=2))


def test_a_script_needs_no_guard(tmp_path: Path) -> None:
    """Nothing of the host is imported again: a script that starts processes while it runs does not start itself."""
    (tmp_path / "shop.rules").write_text(HEAD, encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import sys
        from rules_engine import load
        print("runs")
        event = {"event": "purchase", "order_no": "1", "bought_at": "2027-05-01T00:00:00+00:00", "lines": []}
        events = [dict(event, order_no=str(n), customer=f"m{n}") for n in range(9)]
        facts = {f"m{n}": {"plan": "plus"} for n in range(9)}
        found = list(load(sys.argv[1]).score_many(events, facts, workers=2))
        print(sum(each.totals["point"] for each in found))
        """),
        encoding="utf-8",
    )
    command = [sys.executable, str(script), str(tmp_path / "shop.rules")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
    assert done.stdout == "runs\n45\n"
    assert done.stderr == ""
