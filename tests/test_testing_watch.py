"""`rules test --watch`: a real process, whose files are edited under its eyes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rules_engine.workbench import Watch, run_path

RULES = Path(sys.executable).with_name("rules")
HEAD = """language 1
program "Cafe" { currency GBP, rounded half up }
unit point, points { rounded down   lasts forever }
event purchase dated by day of customer identified by no { no: text   customer: member   day: date   shop: text }
define ours = column "shop" of "shops.csv"
earn "Base" as base { on purchase   when shop in ours   give 5 points }
"""
TEST = """test "{title}" {{
  given member {{}}
  when  purchase {{ day: 2027-03-01   shop: "A" }}
  then  base {points} points
}}
"""
WAIT = 30.0


class Shown:
    """What a process has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.readers = [
            threading.Thread(target=self._read, args=[stream]) for stream in (process.stdout, process.stderr)
        ]
        for reader in self.readers:
            reader.start()

    def _read(self, stream: object) -> None:
        for line in stream:  # type: ignore[attr-defined]
            self.lines.append(line.rstrip("\n"))

    def until(self, words: str, since: int = 0) -> int:
        """Wait for a line with these words; where it stands."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            for number, line in enumerate(self.lines[since:], since):
                if words in line:
                    return number + 1
            time.sleep(0.02)
        raise AssertionError(f"{words!r} never came: {self.lines[since:]}")


@contextmanager
def watching(folder: Path, *args: str) -> Iterator[Shown]:
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [RULES, "test", *args, "--watch"], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    shown = Shown(process)
    try:
        yield shown
    finally:
        process.kill()
        process.wait()
        for reader in shown.readers:
            reader.join()


def write(folder: Path, points: int = 5, title: str = "five") -> None:
    (folder / "cafe.rules").write_text(HEAD + TEST.format(title=title, points=points))


def test_what_changes_runs_again(tmp_path: Path) -> None:
    """One process for all of it: an edit, a program that does not parse for a while, an import, Ctrl-C."""
    write(tmp_path)
    (tmp_path / "shops.csv").write_text("shop\nA\n")
    (tmp_path / "other.rules").write_text(HEAD.replace("Cafe", "Other") + TEST.format(title="other", points=5))
    with watching(tmp_path, "cafe.rules", "other.rules", "--junit", "out.xml") as shown:
        at = shown.until("watching")
        assert "2 tests: 2 passed" in shown.lines
        write(tmp_path, points=6)
        shown.until("`cafe.rules` changed", at)
        at = shown.until("2 tests: 1 passed, 1 failed", at)
        failed = shown.lines.index("FAILED  five")
        assert "passed  other" not in shown.lines[failed:at], "what did not change does not run"
        at = shown.until("watching", at)
        assert 'failures="1"' in (tmp_path / "out.xml").read_text()

        (tmp_path / "cafe.rules").write_text(HEAD + 'test "half {')
        at = shown.until("so it cannot run", at)
        at = shown.until("watching", at)
        write(tmp_path, title="whole again")
        at = shown.until("passed  whole again", at)
        at = shown.until("watching", at)

        (tmp_path / "shops.csv").write_text("shop\nB\n")
        at = shown.until("`cafe.rules` and `other.rules` changed", at)
        at = shown.until("2 tests: 0 passed, 2 failed", at)
        shown.until("watching", at)

        shown.process.send_signal(signal.SIGINT)
        assert shown.process.wait(WAIT) == 130
        shown.until("error: stopped", at)
        assert not any("Traceback" in line for line in shown.lines)


# ---- which program a file belongs to ----


def stamped(watch: Watch, path: str) -> None:
    before = watch.stamp(path)
    watch.ran(path, before, run_path(path).reads)


def test_a_program_is_stamped_by_all_its_files(tmp_path: Path) -> None:
    write(tmp_path)
    path = str(tmp_path / "cafe.rules")
    watch = Watch([path])
    assert watch.changed() == [path], "it has never run"
    stamped(watch, path)
    assert watch.changed() == []
    (tmp_path / "shops.csv").write_text("shop\nA\n")
    assert watch.changed() == [path], "an import that was missing is there"
    stamped(watch, path)
    assert watch.changed() == []
    (tmp_path / "shops.csv").write_text("shop\nA\nB\n")
    assert watch.changed() == [path]
    stamped(watch, path)
    (tmp_path / "notes.txt").write_text("nobody's")
    assert watch.changed() == []
    (tmp_path / "cafe.rules").unlink()
    assert watch.changed() == [path]


def test_a_new_file_belongs_to_its_folder(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "shops.csv").write_text("shop\nA\n")
    watch = Watch([str(tmp_path)])
    stamped(watch, str(tmp_path))
    assert watch.changed() == []
    (tmp_path / "more.rules").write_text("language 1\n")
    assert watch.changed() == [str(tmp_path)]
    assert tmp_path in watch.folders()


def test_what_changes_while_a_program_runs_is_a_change(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "shops.csv").write_text("shop\nA\n")
    path = str(tmp_path / "cafe.rules")
    watch = Watch([path])
    before = watch.stamp(path)
    reads = run_path(path).reads
    write(tmp_path, title="edited meanwhile")
    watch.ran(path, before, reads)
    assert watch.changed() == [path]
