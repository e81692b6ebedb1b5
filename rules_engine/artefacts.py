"""Lowered programs kept on disk, so that a program that was compiled once starts at once.

In: the sources of a program. Out: its core, if the very same text was compiled by the very same release before. An
artefact is MessagePack of `Artefact` behind the SHA-256 of its bytes; it is read by type, never executed. Whatever is
wrong with one (damaged, of another release, an imported file changed, no folder to write to), it is ignored and written
anew: the cache changes no result. `RULES_ENGINE_CACHE=off` turns it off.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from rules_engine import ir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rules_engine.folders import Folder
    from rules_engine.source import Source

KEPT_MAX: Final = 64
"""Artefacts in the folder; the oldest go first."""

_DIGEST_BYTES: Final = 32


class Artefact(msgspec.Struct, frozen=True, eq=False, array_like=True):
    """A compiled program: the key of its text, digests of the files it imports, its fingerprint and its core."""

    key: str
    imports: dict[str, str]
    fingerprint: str
    core: ir.Program


def key_of(sources: Sequence[Source]) -> str:
    """The key of a program's text under this release and time-zone data."""
    digest = hashlib.sha256()
    for part in (*_release(), *(text for each in sources for text in (each.name, each.text))):
        content = part.encode()
        digest.update(b"%d:" % len(content) + content)
    return digest.hexdigest()


def kept(key: str, folder: Folder) -> Artefact | None:
    """The artefact of a key, if it is whole and what it imported is as it was."""
    place = _place()
    if place is None:
        return None
    try:
        content = (place / f"{key}.program").read_bytes()
        payload = content[_DIGEST_BYTES:]
        if hashlib.sha256(payload).digest() != content[:_DIGEST_BYTES]:
            return None
        found = msgspec.msgpack.decode(payload, type=Artefact)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
    return found if found.key == key and found.imports == digests(found.imports, folder) else None


def keep(artefact: Artefact) -> None:
    """Write an artefact in the place of whatever stood there; no folder to write to is no error."""
    place = _place()
    if place is None:
        return
    try:
        payload = msgspec.msgpack.encode(artefact)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_room(place)
        draft = place / f"{artefact.key}.{os.getpid()}.draft"
        draft.write_bytes(hashlib.sha256(payload).digest() + payload)
        draft.replace(place / f"{artefact.key}.program")
    except (OSError, OverflowError):
        return


def digests(paths: Iterable[str], folder: Folder) -> dict[str, str]:
    """The digest of each imported file as it is now; empty where it cannot be read."""
    return {path: hashlib.sha256(folder.read(path) or b"").hexdigest() for path in paths}


def _place() -> Path | None:
    environment: Mapping[str, str] = os.environ
    if environment.get("RULES_ENGINE_CACHE", "").lower() == "off":
        return None
    home = environment.get("XDG_CACHE_HOME") or environment.get("LOCALAPPDATA")
    try:
        return Path(home) / "rules_engine" if home else Path.home() / ".cache" / "rules_engine"
    except RuntimeError:
        return None


def _make_room(place: Path) -> None:
    files = sorted(place.glob("*.program"), key=lambda file: file.stat().st_mtime)
    for each in files[: max(0, len(files) - KEPT_MAX + 1)]:
        each.unlink(missing_ok=True)


def _release() -> tuple[str, ...]:
    """What makes a core: the release, each of its files by size and time (an editable install changes without a new
    release), and the time-zone data."""
    from rules_engine.calendar import zone_version

    root = Path(__file__).parent
    files = sorted(
        str(each) for room in ("", "checking", "lowering", "parsing", "solving") for each in _code(root / room)
    )
    return (zone_version(), *files)


def _code(folder: Path) -> Iterable[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for each in entries:
            if each.name.endswith((".py", ".json", ".rules")):
                state = each.stat()
                yield each.name, state.st_size, state.st_mtime_ns
