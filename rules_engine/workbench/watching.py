"""Running again what changed: `Watch` waits for files to change and says which programs they belong to.

In: for each program the files that it is made of. Out: again and again the programs whose files changed. What changed
is decided by the stamps of the files (time and size), so that nothing is missed however an editor writes: in place,
over a new file, or in two steps. The library `watchfiles` only wakes this up at once; it looks by itself every second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

PIP: Final = "watching needs a library: pip install 'rules-engine[watch]'"
SUFFIX: Final = ".rules"

Stamp = tuple[tuple[str, int, int], ...]
"""The files of a program, each with its time of change and its size; a file that is not there is left out."""


class NoWatch(Exception):  # noqa: N818 - the library that watches is not installed
    """What to install before files can be watched."""


def check_watch() -> None:
    """Raise `NoWatch` where the library that watches is not there."""
    try:
        import watchfiles  # noqa: F401
    except ImportError:
        raise NoWatch(PIP) from None


class Watch:
    """The files of some programs, and what they were when each program ran last.

    Say `ran` behind each run, with the stamp from before it: what changes while a program runs is then a change.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.reads: dict[str, tuple[Path, ...]] = {path: (Path(path),) for path in paths}
        self.stamps: dict[str, Stamp] = {}

    def stamp(self, path: str) -> Stamp:
        """What a program's files are now. Of a folder also rule files that are new belong to it."""
        place = Path(path)
        listed = sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else []
        return tuple(_stamps(dict.fromkeys([*listed, *self.reads[path]])))

    def ran(self, path: str, before: Stamp, reads: Sequence[Path]) -> None:
        """A program ran with the files that it was made of; `before` is its stamp from before they were read."""
        known = {name for name, _, _ in before}
        self.reads[path] = tuple(reads)
        new = [each for each in self.stamp(path) if each[0] not in known]
        self.stamps[path] = tuple(sorted([*before, *new]))

    def changed(self) -> list[str]:
        """The programs whose files are not what they were."""
        return [path for path in self.reads if tuple(sorted(self.stamp(path))) != self.stamps.get(path)]

    def folders(self) -> list[Path]:
        """The folders to watch: those that hold a file of a program, as far as they are there."""
        found = [file if file.is_dir() else file.parent for reads in self.reads.values() for file in reads]
        found += [Path(path) for path in self.reads if Path(path).is_dir()]
        return [folder for folder in dict.fromkeys(found) if folder.is_dir()]

    def waiting(self) -> Iterator[list[str]]:
        """The programs that changed, as soon as some did; ends by `KeyboardInterrupt`."""
        from watchfiles import watch

        while True:
            folders = self.folders()
            waking = watch(*folders, watch_filter=None, debounce=200, step=20, rust_timeout=1000,
                           yield_on_timeout=True, recursive=False, raise_interrupt=True)  # fmt: skip
            for _ in waking:
                found = self.changed()
                if found:
                    yield found
                if self.folders() != folders:
                    break


def _stamps(files: Mapping[Path, None]) -> Iterator[tuple[str, int, int]]:
    for file in files:
        try:
            known = file.stat()
        except OSError:
            continue
        if file.is_file():
            yield str(file), known.st_mtime_ns, known.st_size
