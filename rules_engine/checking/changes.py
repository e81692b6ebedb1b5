"""Which names say something else after an edit.

In: the symbols before and after, and the texts of their files. Out: what a reader may have looked up and would now find
changed. Where a record is made from its declaration's text alone, equal text is enough and is quick to compare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine.checking.infos import BrokenInfo, GroupInfo, MatchInfo, RuleInfo, alike

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules_engine.checking.context import ReadKey
    from rules_engine.checking.symbols import Symbols


def changed_names(
    before: Symbols, after: Symbols, old_texts: Sequence[str], new_texts: Sequence[str]
) -> frozenset[ReadKey] | None:
    """The names that changed; None where everything may have."""
    if before.supposed != after.supposed:
        return None
    keys: set[ReadKey] = set()
    tables: tuple[tuple[str, Mapping[str, object], Mapping[str, object]], ...] = (
        ("name", before.names, after.names),
        ("title", before.titles, after.titles),
        ("member", before.member, after.member),
        ("event", before.events, after.events),
        ("currency", before.header.currencies, after.header.currencies),
    )
    for table, old, new in tables:
        differing = [each for each in {*old, *new} if not _equal(old.get(each), new.get(each), old_texts, new_texts)]
        keys.update((table, name) for name in differing)
        if old.keys() != new.keys() or (table == "event" and differing):
            keys.add((table, ""))
        if table == "title" and any(_may_be_match(each.get(name)) for name in differing for each in (old, new)):
            keys.add(("match", ""))
    keys.update(_rosters("members", before.members, after.members, keys))
    keys.update(_rosters("tag", before.tags, after.tags, keys))
    if before.member_broken != after.member_broken:
        keys.add(("member", ""))
    for table, left, right in (("tiers", before.tiers, after.tiers), ("header", before.header, after.header)):
        if not alike(left, right):
            keys.add((table, ""))
    return frozenset(keys)


def _rosters(
    table: str, old: Mapping[str, Sequence[RuleInfo]], new: Mapping[str, Sequence[RuleInfo]], changed: set[ReadKey]
) -> set[ReadKey]:
    """The groups, or tags, whose rules are others now, stand in another order, or say something else."""
    keys: set[ReadKey] = {(table, "")} if old.keys() != new.keys() else set()
    for name in {*old, *new}:
        was, now = old.get(name, ()), new.get(name, ())
        same = [each.title for each in was] == [each.title for each in now]
        if not same or any(("title", each.title) in changed for each in now):
            keys.add((table, name))
    return keys


def _may_be_match(info: object) -> bool:
    return isinstance(info, (MatchInfo, BrokenInfo))


def _equal(old: object, new: object, old_texts: Sequence[str], new_texts: Sequence[str]) -> bool:
    if isinstance(old, (RuleInfo, MatchInfo, GroupInfo)) and isinstance(new, (RuleInfo, MatchInfo, GroupInfo)):
        if getattr(old, "events", ()) != getattr(new, "events", ()):
            return False
        if old.node is new.node:
            return True
        was, now = (slice(*each.node.span) for each in (old, new))
        return old_texts[old.file][was] == new_texts[new.file][now]
    return alike(old, new)
