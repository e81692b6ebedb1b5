"""The checker: from parsed files to what each declaration means, and everything that is wrong with it.

`check(files, folder)` = `symbols(declarations)` + `check_one(declaration, symbols)` for each + what takes the whole
program to see. It never raises on user text, and a declaration that does not parse makes nobody else's name unknown.
An editor keeps a `Checker`, which checks again only the declarations that an edit concerns.
"""

from rules_engine.checking.checker import Checked, Checker, SourceFile, check
from rules_engine.checking.circles import in_order
from rules_engine.checking.declarations import CheckedOne, check_one
from rules_engine.checking.imports import Folder, NoFolder
from rules_engine.checking.infos import EventInfo, HeaderInfo
from rules_engine.checking.intervals import interval
from rules_engine.checking.relocating import core_of
from rules_engine.checking.stages import stages_of
from rules_engine.checking.symbols import Entry, Symbols, symbols
from rules_engine.checking.tender import tender_of

__all__ = [
    "Checked",
    "CheckedOne",
    "Checker",
    "Entry",
    "EventInfo",
    "Folder",
    "HeaderInfo",
    "NoFolder",
    "SourceFile",
    "Symbols",
    "check",
    "check_one",
    "core_of",
    "in_order",
    "interval",
    "stages_of",
    "symbols",
    "tender_of",
]
