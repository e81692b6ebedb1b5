"""What an editor asks of a rule file: pure functions over a checked program and a place in it.

In: `Checked`, the name of a file, an offset. Out: plain records with offsets; `Lines` turns them into what an editor
counts. Nothing here knows the protocol, so that any editor, page or test can ask. `words()` says what each word of
the language means.
"""

from __future__ import annotations

from rules_engine.language.colouring import LEGEND, MODIFIERS, Change, Colours, difference
from rules_engine.language.completing import Proposal, completions
from rules_engine.language.hovering import Hover, hover
from rules_engine.language.lensing import Lens, lenses
from rules_engine.language.mending import Mend, formatted, mends
from rules_engine.language.navigating import (
    VOCABULARY,
    RenameRefusedError,
    definition,
    references,
    renamable,
    rename,
)
from rules_engine.language.outlining import Fold, Symbol, folds, outline
from rules_engine.language.places import Edit, Encoding, Lines, Location, Spot, normal
from rules_engine.language.sampling import Told, sampled, told_tests
from rules_engine.language.words import KNOWN, TYPES, Word, meaning_of, words

__all__ = [
    "KNOWN",
    "LEGEND",
    "MODIFIERS",
    "TYPES",
    "VOCABULARY",
    "Change",
    "Colours",
    "Edit",
    "Encoding",
    "Fold",
    "Hover",
    "Lens",
    "Lines",
    "Location",
    "Mend",
    "Proposal",
    "RenameRefusedError",
    "Spot",
    "Symbol",
    "Told",
    "Word",
    "completions",
    "definition",
    "difference",
    "folds",
    "formatted",
    "hover",
    "lenses",
    "meaning_of",
    "mends",
    "normal",
    "outline",
    "references",
    "renamable",
    "rename",
    "sampled",
    "told_tests",
    "words",
]
