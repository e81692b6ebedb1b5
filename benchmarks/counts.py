"""What fixed programs cost in executed bytecodes: figures that neither the machine nor its load can move.

In: nothing. Out: by case, how many bytecodes of Python the engine executes for one event, or for one rule. Two runs
give the same figures: the cases are fixed, caches are warm, and the process that counts has a hash seed of 0 (`counted`
starts it). What is done in C counts nothing, so these figures find work that somebody added; how long it takes is what
the other benchmarks are for. Figures differ between minor versions of Python, so `counts.toml` has a table for each,
and `tests/test_cost.py` holds a run against the one of the Python that runs it.

`python -m benchmarks.counts` prints the figures as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

GOLDEN: Final = Path(__file__).with_name("counts.toml")
VERSION: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
EVENTS: Final = 12
"""Events of which the mean is taken."""


def bytecodes(do: Callable[[], object]) -> int:
    """How many bytecodes a call executes."""
    count = 0

    def inside(frame: Any, event: str, arg: object) -> Any:
        nonlocal count
        if event == "opcode":
            count += 1
        return inside

    def entered(frame: Any, event: str, arg: object) -> Any:
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return inside

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        do()
    finally:
        sys.settrace(before)
    return count


def counted() -> dict[str, int]:
    """The figures, from a process of its own, where texts hash alike every time."""
    environment = os.environ | {"PYTHONHASHSEED": "0", "RULES_ENGINE_CACHE": "off"}
    command = [sys.executable, "-m", "benchmarks.counts"]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment, cwd=GOLDEN.parent.parent
    )
    found: dict[str, int] = json.loads(done.stdout)
    return found


# ---- the cases ----


def _events(program: Any, sent: list[Any], facts: Callable[[int], object]) -> int:
    """Bytecodes for one event: every way through the program was taken before."""

    def score() -> None:
        for number, each in enumerate(sent):
            program.score(each, facts(number))

    score()
    return bytecodes(score) // len(sent)


def _checkout(way: str) -> int:
    import msgspec

    from benchmarks import baskets
    from rules_engine.pipeline import load

    program = load(GOLDEN.parent / "checkout.rules")
    sent: list[Any] = baskets.baskets(EVENTS)
    known = [baskets.facts(number) for number in range(EVENTS)]
    if way == "typed":
        kind = program.event_type("purchase")
        sent = [msgspec.convert(each, kind) for each in sent]
    if way == "reference":
        program = type(program)(program.core, program.sources, None, program.fingerprint)
    if way == "bytes":
        requests = [
            msgspec.json.encode({"event": each, "member": fact}) for each, fact in zip(sent, known, strict=True)
        ]

        def score() -> None:
            for each in requests:
                program.score_json(each)

        score()
        return bytecodes(score) // EVENTS
    return _events(program, sent, known.__getitem__)


def _heavy() -> int:
    from benchmarks import baskets, heavybaskets
    from rules_engine.pipeline import load

    sent = heavybaskets.heavy(EVENTS)
    return _events(load(GOLDEN.parent / "heavy.rules"), sent, baskets.facts)


def _stream() -> int:
    from benchmarks import baskets
    from rules_engine.pipeline import load

    program = load(GOLDEN.parent / "checkout.rules")
    sent = baskets.baskets(EVENTS)
    known = {each["customer"]: baskets.facts(number) for number, each in enumerate(sent)}

    def score() -> None:
        for _ in program.score_many(sent, known, in_order=True):
            pass

    score()
    return bytecodes(score) // EVENTS


def _targeted(count: int) -> int:
    from benchmarks import targeted_rules
    from rules_engine.pipeline import load
    from rules_engine.source import Source

    program = load([Source("targeted.rules", targeted_rules.text(count))])
    sent = [targeted_rules.basket(number) for number in range(EVENTS)]
    return _events(program, sent, lambda _: targeted_rules.FACTS)


RULES: Final = 80
"""Rules of the program that is compiled."""


def _compiled(stage: str) -> int:
    """Bytecodes for a rule in one stage, from text to what scores."""
    from benchmarks import baskets
    from benchmarks.checking import rules, source_of
    from rules_engine.backends.python import Python
    from rules_engine.checking import check
    from rules_engine.lowering import fingerprint, lower
    from rules_engine.parsing import parse
    from rules_engine.planning import plan

    source = source_of(rules(RULES))
    checked = check((source,))
    core = lower(checked)
    sent, facts = baskets.baskets(1)[0], baskets.facts(0)
    stages: dict[str, Callable[[], object]] = {
        "parse": lambda: parse(source),
        "parse and check": lambda: check((source,)),
        "lower": lambda: lower(checked),
        "fingerprint": lambda: fingerprint(core),
        "plan": lambda: plan(core),
        "make": lambda: Python(core).score(sent, facts, None, None),
    }
    stages[stage]()
    return bytecodes(stages[stage]) // RULES


CASES: Final[dict[str, Callable[[], int]]] = {
    "ten earns, a dictionary": lambda: _checkout("dict"),
    "ten earns, a typed event": lambda: _checkout("typed"),
    "ten earns, bytes to bytes": lambda: _checkout("bytes"),
    "ten earns, by the reference": lambda: _checkout("reference"),
    "ten earns, in a stream": _stream,
    "ten offers and earns, a dictionary": _heavy,
    "100 targeted rules, an event": lambda: _targeted(100),
    "1000 targeted rules, an event": lambda: _targeted(1000),
    "a rule: parse": lambda: _compiled("parse"),
    "a rule: parse and check": lambda: _compiled("parse and check"),
    "a rule: lower": lambda: _compiled("lower"),
    "a rule: fingerprint": lambda: _compiled("fingerprint"),
    "a rule: plan": lambda: _compiled("plan"),
    "a rule: make its program": lambda: _compiled("make"),
}
"""What is counted, and how."""


def written(golden: dict[str, dict[str, int]]) -> str:
    """The tables as a file."""
    lines = [
        "# Executed bytecodes by version of Python (counts.py), written by `pytest tests/test_cost.py --update-golden`."
    ]
    for version, table in golden.items():
        lines += ["", f'["{version}"]', *(f'"{name}" = {count}' for name, count in table.items())]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(json.dumps({name: count() for name, count in CASES.items()}, indent=1))
