"""L600: what seems to be a rule, a track or a unit under a new name, and does not say what it was called."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from rules_engine import tree
from rules_engine.checking import Checked
from rules_engine.diagnostics import Fix
from rules_engine.linting.naming import plain
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View, key_of

Keyed = tree.RuleDecl | tree.MatchDecl | tree.TrackDecl
ALIKE = 75
"""In percent of their letters."""


def _find(view: View) -> Iterator[Found]:
    if view.old is None:
        return
    old = {_key(each): each for each in _keyed(view.old)}
    new = {_key(each.node): (each.file, each.node) for each in view.declared if isinstance(each.node, Keyed)}
    taken = {node.was.value for _, node in new.values() if node.was is not None}
    gone = {key: node for key, node in old.items() if key not in new and key not in taken}
    for key, (file, node) in new.items():
        if key in old or node.was is not None:
            continue
        same = next((name for name, before in gone.items() if _alike(before, node)), None)
        was = same or next((name for name, before in gone.items() if _sounds(before, node)), None)
        if was is not None:
            del gone[was]
            name = node.name or (node.name if isinstance(node, tree.TrackDecl) else node.title)
            end = name.span[1]
            # A guess by the name is for a person to make; the same body under another name is no guess.
            fix = Fix(f'write `was "{was}"`', (end, end), f' was "{was}"') if same else None
            yield Found(file, name.span, {"name": key, "was": was, "what": _what(node)}, fix=fix)


def _keyed(checked: Checked) -> Iterator[Keyed]:
    for each in checked.ones:
        if isinstance(each.entry.declaration, Keyed):
            yield each.entry.declaration


def _key(node: Keyed) -> str:
    return node.name.text if isinstance(node, tree.TrackDecl) else key_of(node)


def _what(node: Keyed) -> str:
    return "track" if isinstance(node, tree.TrackDecl) else "match" if isinstance(node, tree.MatchDecl) else "rule"


def _alike(before: Keyed, now: Keyed) -> bool:
    """Whether two declarations say the same under two names."""
    fields = [each for each in before.__struct_fields__ if each not in ("title", "name", "was", "span")]
    return type(before) is type(now) and all(tree.same(getattr(before, each), getattr(now, each)) for each in fields)


def _sounds(before: Keyed, now: Keyed) -> bool:
    """Whether two declarations of one kind have names that are much alike."""
    kinds = (getattr(each, "kind", type(each)) for each in (before, now))
    alike = 100 * SequenceMatcher(None, plain(_key(before)), plain(_key(now))).ratio()
    return len(set(kinds)) == 1 and alike >= ALIKE


LINT = Lint(
    "L600",
    "renamed-without-was",
    "a new name that does not say the old one",
    "the {what} `{name}` seems to be what was called `{was}`",
    'write `was "{was}"` behind the new name, so that members keep what they have',
    "States keep what a member has under the names of rules and tracks. Under a new name a track begins at nothing, "
    "and what a limit has used up begins anew: a bonus `once per member` is given once more to everybody.",
    bad="""\
earn "Welcome gift" as welcome_gift { on purchase   give 100 points   once per member }
""",
    good="""\
earn "Welcome gift" as welcome_gift was "hello" { on purchase   give 100 points   once per member }
""",
    find=_find,
    fixes=True,
    old="""\
earn "Hello" as hello { on purchase   give 100 points   once per member }
""",
)
