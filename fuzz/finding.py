"""What a target does with an input that breaks a law: the first of each kind is written down, and the run goes on."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

_seen: set[str] = set()


def kept(law: Callable[[], None], data: bytes) -> None:
    """Try a law on an input. A fault of a new kind goes, with its traceback, into the folder `FUZZ_FOUND`."""
    try:
        law()
    except Exception as fault:
        frames = [each for each in traceback.extract_tb(fault.__traceback__) if "site-packages" not in each.filename]
        places = [f"{each.name} of {Path(each.filename).name}:{each.lineno}" for each in frames]
        kind = f"{type(fault).__name__} in {places[-1]}"
        if kind in _seen:
            return
        _seen.add(kind)
        folder = Path(os.environ.get("FUZZ_FOUND", "."))
        name = sha256(data).hexdigest()[:12]
        (folder / name).write_bytes(data)
        told = "\n".join([kind, str(fault)[:2000], *places])
        (folder / f"{name}.txt").write_text(f"{told}\n", encoding="utf-8", errors="replace")
        print(f"FOUND {kind}: {name}", file=sys.stderr, flush=True)
