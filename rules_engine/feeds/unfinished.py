"""A run over a file that may be cut short: what stands of it, and how the next one goes on from there.

Beside the file of results stands a folder until the run is whole: the finished parts of each file that is written, what
the run knew when it finished them (its checkpoint), and which run it was. The next run of the same program over the
same files goes on behind the checkpoint; any other begins again. The checkpoint is one file that is put in its place at
once, so a kill leaves the one before. When all is done the whole files are put in their places one after the other, and
a list of them, written before, lets a run that is killed in between be ended by the next.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import IO, Any

import msgspec
import orjson

from rules_engine.feeds.files import reason, replace_bytes
from rules_engine.feeds.records import FeedError

_VERSION = 1


class Point(msgspec.Struct):
    """Where a run stood: which run it is, how many rows were done, the parts of each file, and what the run knew: plain
    values here, arrays in a file beside it."""

    job: dict[str, Any]
    rows: int = 0
    parts: int = 0
    known: dict[str, Any] = {}
    arrays: str = ""


class End(msgspec.Struct):
    """A run that is whole: which files go to which places, and what is said of it."""

    job: dict[str, Any]
    moves: list[tuple[str, str]]
    said: dict[str, Any]


class Unfinished:
    """The folder of one run, locked against others."""

    def __init__(self, folder: Path, job: dict[str, Any], afresh: bool) -> None:
        self.folder = folder
        self.job = {"version": _VERSION, **job}
        try:
            folder.mkdir(exist_ok=True)
            self._lock = (folder / "lock").open("w")
        except OSError as error:
            raise FeedError(f"`{folder}` cannot be written: {reason(error)}") from None
        if not _locked(self._lock):
            self._lock.close()
            raise FeedError(f"another run is writing to `{folder}`; wait for its end")
        self.remark = ""
        if afresh:
            for name in ("end.json", "point.json"):
                (folder / name).unlink(missing_ok=True)
        self.end = self._ended()
        self.point = None if self.end is not None else self._point()

    # ---- from the run before ----

    def _read(self, name: str, kind: Any) -> Any:
        try:
            return msgspec.json.decode((self.folder / name).read_bytes(), type=kind)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def _ended(self) -> End | None:
        """The end of this very run; that of another is brought about first, since its files are whole."""
        found: End | None = self._read("end.json", End)
        if found is None or _lasting(found.job) == _lasting(self.job):
            return found
        self._moved(found)
        (self.folder / "end.json").unlink()
        (self.folder / "point.json").unlink(missing_ok=True)
        return None

    def _point(self) -> Point | None:
        found: Point | None = self._read("point.json", Point)
        if found is None:
            return None
        if found.job != self.job:
            self.remark = "an unfinished run was of another program or of other files: this one began again"
            return None
        self.remark = f"went on behind row {found.rows:,} of an unfinished run"
        return found

    def arrays(self) -> dict[str, Any]:
        """The arrays of the checkpoint."""
        import numpy as np

        assert self.point is not None
        if not self.point.arrays:
            return {}
        with np.load(self.folder / self.point.arrays) as found:
            return dict(found)

    # ---- for the run after ----

    def keep(self, rows: int, parts: int, known: dict[str, Any], arrays: dict[str, Any]) -> None:
        """Put down where the run stands, once its parts are on the disk."""
        import numpy as np

        before = "" if self.point is None else self.point.arrays
        name = f"arrays-{parts}.npz" if arrays else ""
        if name:
            with (self.folder / name).open("wb") as stream:
                np.savez(stream, **arrays)
                stream.flush()
                os.fsync(stream.fileno())
        self.point = Point(self.job, rows, parts, known, name)
        replace_bytes(self.folder / "point.json", msgspec.json.encode(self.point))
        if before and before != name:
            (self.folder / before).unlink(missing_ok=True)

    def finish(self, moves: list[tuple[Path, Path]], said: dict[str, Any]) -> None:
        """All is there: put the whole files in their places."""
        end = End(self.job, [(str(source), str(target)) for source, target in moves], said)
        replace_bytes(self.folder / "end.json", orjson.dumps(msgspec.to_builtins(end)))
        self.end = end
        self.put(end)

    def put(self, end: End) -> None:
        """Move what has not been moved yet, and tidy up."""
        self._moved(end)
        for folder in {str(Path(source).parent) for source, _ in end.moves} - {str(self.folder)}:
            shutil.rmtree(folder, ignore_errors=True)
        self.close(remove=True)

    def _moved(self, end: End) -> None:
        for source, target in end.moves:
            if Path(source).exists():
                try:
                    Path(source).replace(target)
                except OSError as error:
                    raise FeedError(f"`{target}` cannot be written: {reason(error)}") from None

    def close(self, remove: bool) -> None:
        """Let go of the folder; it stays where another run can go on from it."""
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def _lasting(job: dict[str, Any]) -> dict[str, Any]:
    """What tells a run where some of its files stand in their places already: a state that is read is written, too."""
    return {name: value[:1] if name in ("state", "shared") and value else value for name, value in job.items()}


def _locked(stream: IO[str]) -> bool:
    """Whether a file is ours alone; where the system has no such locks it is taken to be."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def identity(path: Path | None) -> Any:
    """What tells whether a file is still the one that it was."""
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return [str(path.resolve())]
    return [str(path.resolve()), found.st_size, found.st_mtime_ns]
