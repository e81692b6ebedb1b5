"""What a start costs: a process that imports the engine, loads a program and scores one event.

In: the retail example, then the generated program of `checking.py`. Each start is a process of its own; what counts is
its CPU time, beside `python -c pass`. *Warm* means as it is after any first start: bytecode is kept beside the code,
and the program in the cache. *Cold* means that the program was never compiled, and grammar table and checker are read.
Both have bytecode, which pip writes as it installs. Folders for bytecode and cache are the benchmark's own, so nothing
that was there before helps or hurts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.baskets import baskets, facts
from benchmarks.checking import rules, source_of
from benchmarks.tables import Cell, Table
from benchmarks.timing import Timed, child, summary

ROOT = Path(__file__).resolve().parent.parent
BARE = "python -c pass"
WARM = "load from the cache and score one event"
_EVENT = (
    '{"event": "purchase", "order_no": "1", "customer": "m", "bought_at": "2011-03-01T10:00:00+00:00",'
    ' "country": "France", "lines": [{"sku": "a", "pieces": 1, "amount": "10.00"}]}'
)
_LOAD = "from rules_engine.pipeline import load\nprogram = load('examples/retail')\n"
_SCORE = f"assert program.score({_EVENT}).totals == {{'point': 20}}\n"
CODES = {
    BARE: "pass",
    "import rules_engine": "import rules_engine",
    "import msgspec, orjson, zoneinfo alone": "import msgspec, orjson, zoneinfo",
    "import load": "from rules_engine import load",
    "load from the cache": _LOAD,
    WARM: _LOAD + _SCORE,
}
_STEPS = """
import time
steps = [("the interpreter starts", time.process_time())]
def step(name): steps.append((name, time.process_time()))
import msgspec, orjson
step("import msgspec and orjson")
from rules_engine import artefacts, pipeline
step("import the pipeline and the nouns")
import rules_engine.scoring, rules_engine.backends.python
step("import scoring and back end")
files = pipeline._files("examples/retail")
key = artefacts.key_of(files.sources)
step("read the rule files, find their key")
artefact = artefacts.kept(key, files.folder)
assert artefact is not None
step("read the core from the cache")
program = pipeline._program(artefact, files)
step("make the program that scores")
SCORE
step("score the first event")
last = 0.0
for name, at in steps:
    print(f"{(at - last) * 1000}\\t{name}")
    last = at
"""


def run(rounds: int = 15, count: int = 10_000) -> list[Table]:
    """Starts in turns, then the steps and the imports of the warm one; then thousands of rules, cold and warm."""
    with TemporaryDirectory() as folder:
        environment = environment_of(Path(folder))
        times = _starts(environment, rounds)
        steps = _steps(environment, rounds)
        imports = _imports_table(environment)
        return [
            _table(times),
            _steps_table(steps),
            imports,
            _many(environment, Path(folder), count, max(1, rounds // 5)),
        ]


def environment_of(folder: Path) -> dict[str, str]:
    """The environment of a measured process: it keeps bytecode and programs in a folder of the benchmark."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own = {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "XDG_CACHE_HOME": str(folder / "cache")}
    return kept | own | {"PYTHONPATH": str(ROOT), "RULES_ENGINE_CACHE": ""}


def _starts(environment: dict[str, str], rounds: int) -> dict[str, Timed]:
    cold = "check, compile and score one event"
    off = {**environment, "RULES_ENGINE_CACHE": "off"}
    ways: dict[str, Callable[[], float]] = {
        name: lambda code=code: _start(code, environment)  # type: ignore[misc]
        for name, code in CODES.items()
    }
    ways[cold] = lambda: _start(CODES[WARM], off)
    found: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(rounds + 1):
        for name, way in ways.items():
            spent = way()
            if round_:
                found[name].append(spent)
    return {name: summary(times) for name, times in found.items()}


def _start(code: str, environment: dict[str, str]) -> float:
    os.chdir(ROOT)
    return child([sys.executable, "-c", code], environment).milliseconds


def _output(options: list[str], code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=ROOT)


def _steps(environment: dict[str, str], rounds: int) -> dict[str, Timed]:
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for line in _output([], _STEPS.replace("SCORE", _SCORE), environment).stdout.splitlines():
            spent, name = line.split("\t")
            found.setdefault(name, []).append(float(spent))
    return {name: summary(times) for name, times in found.items()}


# ---- thousands of rules ----

_MANY = """
import sys
import rules_engine.backends.python, rules_engine.decoding, rules_engine.pipeline, rules_engine.scoring
from time import process_time
imported = process_time()
rules_engine.pipeline.load(sys.argv[1]).score(EVENT, FACTS)
print(process_time() - imported, "rules_engine.checking" in sys.modules)
"""
_IMPORTED = "rules_engine.backends.python, rules_engine.decoding, rules_engine.pipeline, rules_engine.scoring"
_COLD, _WARM = "cold", "warm, from the cache"


def _many(environment: dict[str, str], folder: Path, count: int, rounds: int) -> Table:
    """From a file on disk to a program that scored an event, in a process of its own: cold, and from the cache.

    One start that does not count leaves the bytecode of all modules and the program in the folders. A warm process says
    itself that it never imported the checker; so one that did not find the program cannot pass for warm. Both import
    the same modules before, which is left out of what is compared, and told beside it.
    """
    file = folder / "many.rules"
    file.write_text(source_of(rules(count)).text, encoding="utf-8")
    code = _MANY.replace("EVENT", repr(baskets(1)[0])).replace("FACTS", repr(facts(0)))
    off = {**environment, "RULES_ENGINE_CACHE": "off"}
    found: dict[str, list[float]] = {_COLD: [], _WARM: []}
    whole: dict[str, list[float]] = {f"imports alone: {_IMPORTED}": [], f"{_COLD}, whole": [], f"{_WARM}, whole": []}
    _loaded(code, file, off)
    _loaded(code, file, environment)
    for _ in range(rounds):
        for name, where in ((_COLD, off), (_WARM, environment)):
            spent, checked = _loaded(code, file, where)
            assert checked == (name == _COLD), "a warm process finds the program in the cache, a cold one compiles it"
            found[name].append(spent)
        ways = (f"import {_IMPORTED}", environment), (code, off), (code, environment)
        for times, (each, where) in zip(whole.values(), ways, strict=True):
            times.append(child([sys.executable, "-c", each, str(file)], where).milliseconds)
    return _many_table({name: summary(each) for name, each in (found | whole).items()}, count)


def _loaded(code: str, file: Path, environment: dict[str, str]) -> tuple[float, bool]:
    """CPU milliseconds from all imports to the first outcome, and whether the program was compiled."""
    command = [sys.executable, "-c", code, str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=ROOT)
    spent, checked = done.stdout.split()
    return float(spent) * 1000, checked == "True"


def _many_table(times: dict[str, Timed], count: int) -> Table:
    cold, whole = times[_COLD].median, times[f"{_COLD}, whole"].median
    rows: list[list[Cell]] = [
        [name, each.median, each.spread, each.median / (cold if name in (_COLD, _WARM) else whole)]
        for name, each in times.items()
    ]
    notes = [
        f"{count:,} rules of eight shapes; CPU milliseconds of processes of their own, with bytecode. The first two go",
        "from all imports to the first outcome; the whole ones have the interpreter and the imports in them, and are",
        "what the target asks.",
    ]
    title = f"{count:,} rules: from disk to the first outcome"
    measured = {"warm": times[f"{_WARM}, whole"].median / whole}
    return Table(title, ["process", "ms", "spread", "x cold"], rows, notes, measured)


# ---- the tables ----


def _table(times: dict[str, Timed]) -> Table:
    bare = times[BARE].median
    rows: list[list[Cell]] = [
        [name, each.median, each.spread, each.median / bare, each.median - bare] for name, each in times.items()
    ]
    notes = ["The retail example; CPU milliseconds of a process, with bytecode; the last line has no kept program."]
    return Table("Start", ["process", "ms", "spread", "x bare", "ms more"], rows, notes)


def _steps_table(steps: dict[str, Timed]) -> Table:
    whole = sum(each.median for each in steps.values())
    rows: list[list[Cell]] = [[n, each.median, each.spread, f"{each.median / whole:.0%}"] for n, each in steps.items()]
    return Table("Start: where the time of a warm start goes", ["step", "ms", "spread", "share"], rows)


def _imports_table(environment: dict[str, str]) -> Table:
    """The modules that cost most by themselves: the least of three starts, as `-X importtime` measures the wall."""
    least: dict[str, float] = {}
    for _ in range(3):
        for line in _output(["-X", "importtime"], CODES[WARM], environment).stderr.splitlines():
            found = re.match(r"import time:\s+(\d+) \|\s+\d+ \| +(\S+)$", line)
            if found is not None:
                own = int(found[1]) / 1000
                least[found[2]] = min(own, least.get(found[2], own))
    dearest = sorted(least.items(), key=lambda pair: -pair[1])[:10]
    rows: list[list[Cell]] = [[name, own] for name, own in dearest]
    notes = [f"{len(least)} modules, {sum(least.values()):.0f} ms by this count (of the wall, with tracing)."]
    return Table("Start: the ten dearest imports, by themselves", ["module", "ms"], rows, notes)
