"""How messages call a declaration.

In: a declaration. Out: its kind and name in the user's words.
"""

from __future__ import annotations

from rules_engine import tree


def subject(declared: tree.Declaration) -> str:
    """A declaration as messages name it: `earn "Base points"`, `track nights`."""
    match declared:
        case tree.RuleDecl(kind=kind, title=title):
            return f'{kind} "{title.value}"'
        case tree.MatchDecl(title=title):
            return f'match "{title.value}"'
        case tree.TestDecl(title=title):
            return f'test "{title.value}"'
        case tree.PeriodDecl() | tree.DefineDecl() | tree.TableDecl() | tree.UnitDecl() | tree.EventDecl():
            return f"{type(declared).__name__.removesuffix('Decl').lower()} {declared.name.text}"
        case tree.TrackDecl() | tree.GroupDecl():
            return f"{type(declared).__name__.removesuffix('Decl').lower()} {declared.name.text}"
        case tree.MemberDecl() | tree.TiersDecl() | tree.HoldoutDecl():
            return type(declared).__name__.removesuffix("Decl").lower()
        case tree.Program() | tree.Language() | tree.Use():
            return "the header"
