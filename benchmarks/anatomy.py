"""Where the time of one checkout call goes, by measured variants of the generated function.

In: `checkout.rules` and its stream of baskets. The generated function for typed events is cut behind each of its
sections and compiled again, so that a variant does all that stands before the cut and nothing behind it; what two
neighbours differ by is the section between them. All variants take turns on new events, beside the whole function and
`score` around it. What of it are checks shows the same event as `score_json` has it, which the decoder in C has
checked.

From bytes to bytes the steps are separate calls, so each is timed by itself; with offers the functions of a call are
profiled besides, since three splits are among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

from benchmarks import calls, checkout, heavy, heavybaskets
from benchmarks.calls import Case
from benchmarks.profiling import by_function, shares
from benchmarks.tables import Cell, Plot, Table
from benchmarks.timing import Run, Timed, measured
from rules_engine.backends.python import Python
from rules_engine.outcome import encoded
from rules_engine.pipeline import load
from rules_engine.scoring import Program

EVENT = "purchase"


class Section(NamedTuple):
    """A part of the function: its name, and how the first line behind it begins."""

    name: str
    end: str


SECTIONS = (
    Section("the event's own fields, read and checked", "if member is None:"),
    Section("the member's facts, and what the day says", "s0 = 0"),
    Section("lines: checks, totals, one list a category", "except REFUSALS:"),
    Section("time moves on: day, tier held", "awards = []"),
    Section("counters and what rules could read", "# earn Base points"),
    Section("ten rules: awards, weights, limits", "if own_t0_spend:"),
    Section("the track moves, tiers are judged", "if all_t0_spend and len"),
    Section("the outcome", ""),
)


def run(rounds: int = 5, count: int = 600) -> list[Table]:
    """One table from an event, one from bytes; the latter with offers too."""
    program, offers = load(checkout.RULES), load(heavy.RULES)
    cases, many = checkout.cases(count), _with_offers(count)
    return [
        _of_sections(program, cases, rounds),
        _of_steps("Where a call's time goes from bytes to bytes", program, cases, rounds),
        _of_steps("Where a call's time goes from bytes to bytes, with offers", offers, many, rounds),
        _profiled(offers, many),
    ]


def _with_offers(count: int) -> list[Case]:
    return [heavy._case(number, sent) for number, sent in enumerate(heavybaskets.heavy(count))]


# ---- a typed event ----


def _of_sections(program: Program, cases: Sequence[Case], rounds: int) -> Table:
    typed, score = calls.decoder(program), program.score
    for each in cases:
        score(typed.decode(each.sent), each.facts, each.state)  # prices, dates and days are read once

    def events() -> Sequence[Any]:
        return [(typed.decode(each.sent), each.facts, each.state, None) for each in cases]

    runs = {"nothing": Run(events, _called(lambda *_: None)), "score": Run(events, lambda args: score(*args[:3]))}
    for section, function in zip(SECTIONS, cut(program), strict=True):
        runs[section.name] = Run(events, _called(function))
    times = measured(runs, rounds)
    rows = _differences(times, times["nothing"].median, times["score"].median)
    whole = times[SECTIONS[-1].name].median - times["nothing"].median
    around = times["score"].median - times[SECTIONS[-1].name].median
    rows.append(["`Program.score` around it", around, around / (whole + around)])
    notes = ["Each section is what a function cut behind it takes longer than one cut before it."]
    plot = Plot("anatomy", "bars", "us of a checkout call")
    return Table("Where a checkout call's time goes", ["section", "us", "share"], rows, notes, plot=plot)


def _differences(times: dict[str, Timed], before: float, last: float) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    total = last - before
    for section in SECTIONS:
        now = times[section.name].median
        rows.append([section.name, now - before, (now - before) / total])
        before = now
    return rows


def _called(function: Callable[..., Any]) -> Callable[[Any], object]:
    return lambda args: function(*args)


def cut(program: Program) -> list[Callable[..., Any]]:
    """The function for typed events, cut behind each section; the last one whole."""
    assert isinstance(program.backend, Python)
    lines = _source(program.backend, f"def score0_{EVENT}_typed(")
    space = program.backend.space
    found = []
    for section in SECTIONS:
        place = len(lines) if not section.end else _last(lines, section.end)
        head = lines[:place]
        if section.end:
            inside = not any(line.startswith("    except") for line in head)
            if lines[place].startswith("    except"):
                head = [*head, *lines[place : place + 2], "    return None"]
            elif inside:
                head = [*head, "        return None", *_refusing(lines)]
            else:
                head = [*head, "    return None"]
        names = dict(space)
        exec(compile("\n".join(head), f"<{section.name}>", "exec"), names)
        found.append(names[f"score0_{EVENT}_typed"])
    return found


def _source(backend: Python, head: str) -> list[str]:
    lines = backend.source.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(head))
    end = next((n for n in range(start + 1, len(lines)) if lines[n].startswith("def ")), len(lines))
    return lines[start:end]


def _last(lines: Sequence[str], begins: str) -> int:
    """The last line that begins so: guests come first."""
    return max(number for number, line in enumerate(lines) if line.strip().startswith(begins))


def _refusing(lines: Sequence[str]) -> Sequence[str]:
    place = _last(lines, "except REFUSALS:")
    return lines[place : place + 2]


# ---- from bytes ----


def _of_steps(title: str, program: Program, cases: Sequence[Case], rounds: int) -> Table:
    assert isinstance(program.backend, Python)
    requests = program.backend.requests
    for each in cases:
        program.score_json(each.request)
    texts = [each.request for each in cases]

    def opened() -> Sequence[Any]:
        return [requests.decode(each) for each in texts]

    def told() -> Sequence[Any]:
        return [requests.tell(each) for each in opened()]

    times = measured(
        {
            "all of it: `Program.score_json`": Run(lambda: texts, program.score_json),
            "decode the request, checked by type in C": Run(lambda: texts, requests.decode),
            "what no type says: texts printable, state plain": Run(
                lambda: list(zip(texts, opened(), strict=True)), lambda pair: requests.trusted(*pair)
            ),
            "score what was decoded: no checks left": Run(opened, requests.tell),
            "encode what is told": Run(told, encoded),
            "for comparison: orjson.loads of the request": Run(lambda: texts, orjson.loads),
        },
        rounds,
    )
    whole = next(iter(times.values())).median
    rows: list[list[Cell]] = [[name, each.median, each.median / whole] for name, each in times.items()]
    return Table(title, ["step", "us", "share"], rows)


def _profiled(program: Program, cases: Sequence[Case]) -> Table:
    texts = [each.request for each in cases]

    def scored() -> None:
        for each in texts:
            program.score_json(each)

    scored()
    title = "Where a call's time goes from bytes to bytes, with offers, by function (profiled)"
    notes = ["By themselves, with what they call that is built in. Tracing makes short functions look longer."]
    return Table(title, ["function", "share"], shares(by_function(scored)), notes)
