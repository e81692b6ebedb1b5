"""The state file of `rules score`: one JSON object with a version, the fingerprint of the program, and the state.

It is replaced as a whole, so that a run that stops half way leaves the state of the run before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import orjson

from rules_engine.feeds.files import reason, replace_bytes
from rules_engine.feeds.records import FeedError


class StateFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a state file holds: the version of its layout, the program that wrote it (its fingerprint and its title,
    where it says that), and the state itself."""

    version: int
    fingerprint: str
    state: dict[str, Any]
    program: str = ""


def read_state(path: str | Path, *, version: int) -> StateFile | None:
    """Return the state that an earlier run left, or None if there is no file; a file that cannot be trusted is refused.

    >>> read_state("no/such/file.json", version=1) is None
    True
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FeedError(f"the state file `{path}` cannot be read: {reason(error)}") from None
    try:
        found = msgspec.json.decode(content, type=StateFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FeedError(f"the state file `{path}` is broken: {reason(error)}; nothing was scored from it") from None
    if found.version != version:
        raise FeedError(f"the state file `{path}` has layout {found.version}, and this release reads layout {version}")
    return found


def read_shared(path: str | Path) -> Any:
    """Return the counters that all members share as an earlier run left them, or None if there is no file."""
    path = Path(path)
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FeedError(f"the file of shared counters `{path}` cannot be read: {reason(error)}") from None
    except orjson.JSONDecodeError as error:
        raise FeedError(f"the file of shared counters `{path}` is not JSON: {reason(error)}") from None


def write_shared(path: str | Path, content: bytes) -> None:
    """Replace the file of shared counters: keys in order, so that equal counters give equal files."""
    option = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    replace_bytes(Path(path), orjson.dumps(orjson.loads(content), option=option))


def write_state(path: str | Path, state: dict[str, Any], *, version: int, fingerprint: str, program: str = "") -> None:
    """Replace the state file: keys in order, so that equal states give equal files."""
    whole = {
        "version": version,
        "fingerprint": fingerprint,
        "state": state,
        **({"program": program} if program else {}),
    }
    replace_bytes(Path(path), orjson.dumps(whole, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
