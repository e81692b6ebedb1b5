"""Lowered programs kept on disk, so that a program that was compiled once starts at once.

In: the sources of a program. Out: its core, if the very same text was compiled by the very same release before. An
artefact is MessagePack of `Artefact` behind the SHA-256 of its bytes; it is read by type, never executed. The digest
covers all of it, the key of the text and of the release included, so that one entry does not pass for another.

Whose word it is matters more than its digest, which anybody can compute. So the folder and each file in it must belong
to the user, be no link, and be writable by nobody else; a folder that is not so is neither read nor written, with a
warning, and a file that is not so is replaced. Whatever else is wrong with an artefact (damaged, of another release, an
imported file changed), it is ignored and written anew: the cache changes no result.
`RULES_ENGINE_CACHE=off` turns it off.
"""

from __future__ import annotations

import hashlib
import os
import stat
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from rules_engine import ir
from rules_engine.planning import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rules_engine.folders import Folder
    from rules_engine.source import Source

KEPT_MAX: Final = 64
"""Artefacts in the folder; the oldest go first."""

BYTES_MAX: Final = 2**30
"""Of one artefact; more is none of ours."""

_DIGEST_BYTES: Final = 32


class Artefact(msgspec.Struct, frozen=True, eq=False, array_like=True):
    """A compiled program: the key of its text, digests of the files it imports, its fingerprint, its core, and how its
    rules are found."""

    key: str
    imports: dict[str, str]
    fingerprint: str
    core: ir.Program
    plan: Plan


def key_of(sources: Sequence[Source]) -> str:
    """The key of a program's text under this release and time-zone data."""
    digest = hashlib.sha256()
    for part in (*_release(), *(text for each in sources for text in (each.name, each.text))):
        content = part.encode(errors="surrogatepass")  # what cannot be checked has a key too
        digest.update(b"%d:" % len(content) + content)
    return digest.hexdigest()


def kept(key: str, folder: Folder) -> Artefact | None:
    """The artefact of a key, if it is ours, whole, and what it imported is as it was."""
    with _shelf(make=False) as shelf:
        content = None if shelf is None else shelf.read(f"{key}.program")
    if content is None:
        return None
    payload = memoryview(content)[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != content[:_DIGEST_BYTES]:
        return None
    try:
        found = msgspec.msgpack.decode(payload, type=Artefact)
    except (ValueError, msgspec.MsgspecError, RecursionError, MemoryError):
        return None
    return found if found.key == key and found.imports == digests(found.imports, folder) else None


def keep(artefact: Artefact) -> None:
    """Write an artefact in the place of whatever stood there; no folder to write to is no error."""
    try:
        payload = msgspec.msgpack.encode(artefact)
    except OverflowError:
        return
    with suppress(OSError), _shelf(make=True) as shelf:
        if shelf is not None:
            shelf.make_room()
            shelf.write(f"{artefact.key}.program", hashlib.sha256(payload).digest() + payload)


def digests(paths: Iterable[str], folder: Folder) -> dict[str, str]:
    """The digest of each imported file as it is now; empty where it cannot be read."""
    return {path: hashlib.sha256(folder.read(path) or b"").hexdigest() for path in paths}


# ---- the folder ----


class Shelf(NamedTuple):
    """The folder of the cache, opened and found to be ours. `handle` is its descriptor, so that nobody can put another
    folder in its place; None where the system has none, and paths are used instead."""

    place: Path
    handle: int | None

    def read(self, name: str) -> bytes | None:
        """The content of a file that is ours; None for anything else."""
        try:
            file = os.open(self._path(name), _READ, dir_fd=self.handle)
        except OSError:
            return None
        state = os.fstat(file)
        if not stat.S_ISREG(state.st_mode) or state.st_nlink > 1 or state.st_size > BYTES_MAX or not _ours(state):
            os.close(file)
            return None
        with os.fdopen(file, "rb") as opened:
            return opened.read()

    def write(self, name: str, content: bytes) -> None:
        """Put a file in the place of whatever stood there, whole or not at all; raises OSError."""
        draft = f"{name}.{os.urandom(8).hex()}.draft"
        file = os.open(self._path(draft), _WRITE, 0o600, dir_fd=self.handle)
        try:
            with os.fdopen(file, "wb") as opened:
                opened.write(content)
            os.replace(self._path(draft), self._path(name), src_dir_fd=self.handle, dst_dir_fd=self.handle)
        except OSError:
            os.unlink(self._path(draft), dir_fd=self.handle)
            raise

    def make_room(self) -> None:
        """Let the oldest artefacts go, and drafts of processes that died; raises OSError."""
        with os.scandir(self.place if self.handle is None else self.handle) as entries:
            ages = {each.name: each.stat(follow_symlinks=False).st_mtime for each in entries}
        programs = sorted((name for name in ages if name.endswith(".program")), key=ages.__getitem__)
        drafts = sorted((name for name in ages if name.endswith(".draft")), key=ages.__getitem__)
        for name in (*programs[: max(0, len(programs) - KEPT_MAX + 1)], *drafts[:-_DRAFTS_MAX]):
            with suppress(FileNotFoundError):
                os.unlink(self._path(name), dir_fd=self.handle)

    def _path(self, name: str) -> str | Path:
        return self.place / name if self.handle is None else name


_DRAFTS_MAX: Final = 8
"""Drafts that may be under way at once."""


def _flags(*names: str) -> int:
    return sum(getattr(os, name, 0) for name in names)


_READ: Final = os.O_RDONLY | _flags("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
_WRITE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _flags("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")
_FOLDER: Final = os.O_RDONLY | _flags("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC")


@contextmanager
def _shelf(*, make: bool) -> Iterator[Shelf | None]:
    """The folder while it is used; None where there is none, or where it is not ours alone."""
    place = _place()
    if place is None:
        yield None
        return
    if os.open not in os.supports_dir_fd:
        if make:
            place.mkdir(parents=True, exist_ok=True)
        yield Shelf(place, None)
        return
    handle = _opened(place, make)
    try:
        yield None if handle is None else Shelf(place, handle)
    finally:
        if handle is not None:
            os.close(handle)


def _opened(place: Path, make: bool) -> int | None:
    if make:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(place, _FOLDER)
    except OSError:
        if os.path.lexists(place):  # a link, a file, a folder that may not be opened
            _warn(place)
        return None
    if _ours(os.fstat(handle)):
        return handle
    os.close(handle)
    _warn(place)
    return None


def _ours(state: os.stat_result) -> bool:
    """Whether a file or folder belongs to this user, and nobody else may write to it."""
    user = getattr(os, "geteuid", None)
    return user is None or (state.st_uid == user() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _warn(place: Path) -> None:
    text = f"{place} is not used as a cache: it has to be a folder of this user to which nobody else can write"
    warnings.warn(text, RuntimeWarning, stacklevel=4)


def _place() -> Path | None:
    environment: Mapping[str, str] = os.environ
    if environment.get("RULES_ENGINE_CACHE", "").lower() == "off":
        return None
    home = environment.get("XDG_CACHE_HOME") or environment.get("LOCALAPPDATA")
    try:
        return Path(home) / "rules_engine" if home else Path.home() / ".cache" / "rules_engine"
    except RuntimeError:
        return None


_ROOMS: Final = ("checking", "lowering", "parsing", "planning", "solving", "vocabulary")
"""What makes a core, besides the modules beside this one."""


def _release() -> tuple[str, ...]:
    """What makes a core: the release, each of its files by size and time (an editable install changes without a new
    release), and the time-zone data."""
    from rules_engine.calendar import zone_version

    root = Path(__file__).parent
    files = sorted(str(each) for room in ("", *_ROOMS) for each in _code(root / room))
    return (zone_version(), *files)


def _code(folder: Path) -> Iterable[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for each in entries:
            if each.name.endswith((".py", ".json", ".rules")):
                state = each.stat()
                yield each.name, state.st_size, state.st_mtime_ns
