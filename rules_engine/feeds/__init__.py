"""The feeds: files in and files out, for the command that scores them.

In come events and member facts as CSV, NDJSON or Parquet, with a mapping where the columns are not yet those of the
program; out go rows, a tally that accounts for every row that was read, and the state for the next run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rules_engine.feeds.events import read_events
from rules_engine.feeds.files import ENDINGS, at_row, ending_of
from rules_engine.feeds.members import read_members
from rules_engine.feeds.parquet import ParquetSource
from rules_engine.feeds.parts import Output, folder_of
from rules_engine.feeds.records import Count, Fault, FeedError, Read, Tally
from rules_engine.feeds.state_file import StateFile, read_shared, read_state, write_shared, write_state
from rules_engine.feeds.unfinished import Unfinished, identity
from rules_engine.feeds.writers import Writer, open_writer, reject_row
from rules_engine.tables import EFFECT_COLUMNS, REJECT_COLUMNS, Column, outcome_columns

if TYPE_CHECKING:
    from rules_engine.feeds.mapping import Mapping as Mapping

__all__ = [
    "EFFECT_COLUMNS",
    "ENDINGS",
    "REJECT_COLUMNS",
    "Column",
    "Count",
    "Fault",
    "FeedError",
    "Output",
    "ParquetSource",
    "Read",
    "StateFile",
    "Tally",
    "Unfinished",
    "Writer",
    "at_row",
    "ending_of",
    "events_file",
    "folder_of",
    "identity",
    "members_file",
    "open_writer",
    "outcome_columns",
    "read_events",
    "read_mapping",
    "read_members",
    "read_shared",
    "read_state",
    "reject_row",
    "write_shared",
    "write_state",
]


def read_mapping(path: str | Path) -> Mapping:
    """Read a mapping file; `FeedError` names each of its problems behind the key it stands at."""
    from rules_engine.feeds import mapping

    return mapping.read_mapping(Path(path))


def events_file(mapping: Mapping, data: str | Path | None = None) -> Path:
    """Return the file of events that a mapping names, beneath the folder of data if its path is relative."""
    if mapping.source.file is None:
        raise FeedError("the mapping names no file: write `file` under `[source]`, or say which events to read")
    return Path(data or "", mapping.source.file)


def members_file(mapping: Mapping, data: str | Path | None = None) -> Path | None:
    """Return the file of members that a mapping names, if it names one."""
    if mapping.members is None or mapping.members.file is None:
        return None
    return Path(data or "", mapping.members.file)
