"""Which names say something else after an edit.

In: the symbols before and after. Out: what a reader may have looked up and would now find changed. A record whose
declaration was not touched is the same object, so most are told apart from changed ones at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine.checking.infos import BrokenInfo, MatchInfo, RuleInfo, alike

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules_engine.checking.context import ReadKey
    from rules_engine.checking.symbols import Symbols


def changed_names(before: Symbols, after: Symbols) -> frozenset[ReadKey] | None:
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
        differing = [name for name, now in new.items() if (was := old.get(name)) is not now and not _equal(was, now)]
        differing += old.keys() - new.keys()
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
        same = len(was) == len(now) and all(x is y or x.title == y.title for x, y in zip(was, now, strict=True))
        if not same or any(("title", each.title) in changed for each in now):
            keys.add((table, name))
    return keys


def _may_be_match(info: object) -> bool:
    return isinstance(info, (MatchInfo, BrokenInfo))


def _equal(old: object, new: object) -> bool:
    """Whether two records say the same; those of rules that are not the same record are compared by their trees."""
    return old is new or old == new or alike(old, new)
