"""Many threads, one program, all at once from its first call on: whatever they race for, each gets the answers that one
thread gets by itself. Run as a script it races by itself, for an interpreter that has no pytest.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
THREADS = 8

Call = Callable[[Any], object]
"""Something that is asked of a program."""


def calls() -> list[Call]:
    """Every way into a program, each with events of its own."""
    import msgspec

    from benchmarks import baskets

    found: list[Call] = []
    for number, sent in enumerate(baskets.baskets(24)):
        facts = baskets.facts(number)
        request = msgspec.json.encode({"event": sent, "member": facts})
        state = baskets.state(number, baskets.day_number(sent))
        found += [
            lambda program, sent=sent, facts=facts: program.score(sent, facts),  # type: ignore[misc]
            lambda program, sent=sent, facts=facts, state=state: program.score(sent, facts, state.to_json()),  # type: ignore[misc]
            lambda program, sent=sent, facts=facts: program.score(  # type: ignore[misc]
                msgspec.convert(sent, program.event_type("purchase")), facts
            ),
            lambda program, request=request: program.score_json(request),  # type: ignore[misc]
            lambda program, sent=sent, facts=facts: program.score(program.event(sent), facts),  # type: ignore[misc]
        ]
    sent, facts = baskets.baskets(1)[0], baskets.facts(0)
    found.append(lambda program: program.explain(sent, facts).text())
    found.append(lambda program: _refusal(program, {**sent, "lines": [{"sku": 1}]}))
    found.append(lambda program: [*program.score_many([sent, sent], {sent["customer"]: facts}, in_order=True)])
    return found


def _refusal(program: Any, sent: object) -> str:
    from rules_engine.outcome import EventRefused

    try:
        program.score(sent)
    except EventRefused as reason:
        return str(reason)
    raise AssertionError("it is refused")


def fresh(core: Any, fingerprint: str) -> Any:
    """A program of which nothing is compiled yet."""
    from rules_engine.backends.python import Python
    from rules_engine.calendar import zone_version
    from rules_engine.scoring import Program

    return Program(core, {}, Python(core, fingerprint, zone_version()), fingerprint)


def race(rounds: int, threads: int = THREADS) -> int:
    """Race for fresh programs; how many answers were compared. Raises AssertionError where one differs."""
    from rules_engine.pipeline import compile_core

    core, fingerprint = compile_core(ROOT / "benchmarks" / "checkout.rules")
    asked = calls()
    alone = fresh(core, fingerprint)
    expected = [call(alone) for call in asked]
    compared = 0
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(rounds):
            for found in _together(fresh(core, fingerprint), asked, threads):
                assert found == expected
                compared += len(found)
    finally:
        sys.setswitchinterval(interval)
    return compared


def _together(program: Any, asked: list[Call], threads: int) -> list[list[object]]:
    """What each thread was answered; each begins with another call, so that all first calls are raced for."""
    start = Barrier(threads)
    answers: list[list[object]] = [[] for _ in range(threads)]
    failures: list[BaseException] = []

    def ask(number: int) -> None:
        try:
            first = number * len(asked) // threads if number % 2 else 0
            start.wait()
            found = [(at, asked[at](program)) for at in (*range(first, len(asked)), *range(first))]
            answers[number] = [each for _, each in sorted(found, key=lambda pair: pair[0])]
        except BaseException as failure:
            failures.append(failure)

    running = [Thread(target=ask, args=(number,)) for number in range(threads)]
    for each in running:
        each.start()
    for each in running:
        each.join()
    if failures:
        raise failures[0]
    return answers


def free_threaded() -> bool:
    """Whether this interpreter runs threads side by side."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED")) and not getattr(sys, "_is_gil_enabled", lambda: True)()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    number = race(int(sys.argv[1]))
    print(f"{number} answers equal; free-threaded: {free_threaded()}")
