"""The text of a rule file behind a node of the core, for explanations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from rules_engine import ir
from rules_engine.source import Source

_SHOWN_MAX = 110


class Texts:
    """The files of a program, and what stands at an origin. A program without its files has no texts."""

    def __init__(self, core: ir.Program, sources: Mapping[str, Source]) -> None:
        self.files = [sources.get(name) for name in core.files]

    def of(self, at: ir.Origin) -> str:
        """What is written there, on one line."""
        source = self._file(at)
        if source is None:
            return ""
        text = " ".join(source.slice((at.start, at.end)).split())
        return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 3] + "..."

    def place(self, at: ir.Origin) -> str:
        """`shop.rules:12`, or nothing; where the folder lies on this machine is nobody's business."""
        source = self._file(at)
        if source is None:
            return ""
        return f"{PurePath(source.name).name}:{source.place(at.start).line}"

    def _file(self, at: ir.Origin) -> Source | None:
        return self.files[at.file] if 0 <= at.file < len(self.files) else None
