"""Threads share a program: they race for its first calls, and get the answers of one thread. The same holds in a
free-threaded interpreter, where one is installed with what the engine needs (`RULES_ENGINE_FREE_THREADED` names one
that is not on the path).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import warnings

import pytest

from tests import racing

CANDIDATES = ("python3.13t", "python3.14t", "python3.15t")
NEEDED = "import msgspec, orjson, tzdata, cachetools"


def test_threads_get_the_answers_of_one_thread() -> None:
    assert racing.race(rounds=6) == 6 * racing.THREADS * len(racing.calls())


def test_a_wrong_answer_of_one_thread_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = racing.calls()
    answers = iter(range(10**6))
    monkeypatch.setattr(racing, "calls", lambda: [*asked[:5], lambda _program: next(answers) > 3])
    with pytest.raises(AssertionError):
        racing.race(rounds=2)


def test_a_free_threaded_interpreter() -> None:
    """Here if this is one, else in one that is installed."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        assert racing.free_threaded(), "something that was imported turned the lock on again"
        return
    found = _interpreter()
    command = [found, str(racing.ROOT / "tests" / "racing.py"), "20"]
    environment = os.environ | {"PYTHONPATH": str(racing.ROOT), "PYTHON_GIL": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("free-threaded: True"), done.stdout


def _interpreter() -> str:
    """A free-threaded interpreter that has what the engine needs; skips, aloud, where there is none."""
    named = os.environ.get("RULES_ENGINE_FREE_THREADED")
    places = [named] if named else [place for name in CANDIDATES if (place := shutil.which(name))]
    whys = ["none is installed"] if not places else []
    for place in places:
        done = subprocess.run([place, "-c", NEEDED], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return place
        whys.append(f"{place} lacks what the engine needs: {done.stderr.strip().splitlines()[-1:]}")
    why = f"no free-threaded interpreter to test with ({sys.version.split()[0]} is none): {'; '.join(whys)}"
    warnings.warn(why, stacklevel=2)
    pytest.skip(why)
