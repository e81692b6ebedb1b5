"""What stands at a place, told in a few lines: how it is declared, what it means, and what is known of it there.

In: a checked program and a place. Out: Markdown. All text of rule files stands in fences or in code spans, so none
of it
is read as Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from rules_engine import ir, tree
from rules_engine.checking import Checked, Entry
from rules_engine.language.navigating import VOCABULARY
from rules_engine.language.things import Mention, Thing, all_mentions, entry_at, mention_at
from rules_engine.language.words import KNOWN, TYPES, meaning_of, words
from rules_engine.language.worst import Costs
from rules_engine.source import Span

LINES_MAX: Final = 12


class Hover(NamedTuple):
    """What is told, and of which stretch."""

    text: str
    span: Span


def hover(checked: Checked, source: str, offset: int) -> Hover | None:
    """What is told of a place; None where there is nothing to tell."""
    found = mention_at(checked, source, offset)
    if found is not None:
        entry, mention = found
        parts = [part for thing in mention.things for part in _told(checked, thing, entry, mention)]
        if parts:
            return Hover("\n\n".join(dict.fromkeys(parts)), mention.span)
    return _word(checked, source, offset)


# ---- words of the language ----


def _word(checked: Checked, source: str, offset: int) -> Hover | None:
    """A keyword of one word or several, a type, or a name that nobody declares."""
    text = checked.sources[source].text if source in checked.sources else ""
    line = text.rfind("\n", 0, offset) + 1
    if text.count('"', line, offset) % 2 or "#" in text[line:offset]:
        return None
    for spelling in _longest():
        for start in range(max(0, offset - len(spelling)), offset + 1):
            end = start + len(spelling)
            if text[start:end] == spelling and _alone(text, start, end):
                meaning = meaning_of(spelling) or KNOWN.get(spelling) or TYPES.get(spelling, "")
                return Hover(f"**{spelling.lstrip(', ')}**: {meaning}", (start, end))
    return None


def _alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return not (before.isalnum() or (before in ("_", ".") and bool(before))) and not (after.isalnum() or after == "_")


@cache
def _longest() -> list[str]:
    return sorted({*(each for word in words() for each in word.spellings), *KNOWN, *TYPES}, key=len, reverse=True)


# ---- things ----


def _told(checked: Checked, thing: Thing, entry: Entry, mention: Mention) -> Iterator[str]:
    """What is known of one thing."""
    declared = declaration_of(checked, thing)
    if declared is not None:
        source, node = declared
        yield _fence(checked.sources[source].slice(node.span))
        if source.startswith(VOCABULARY):
            yield f"from the vocabulary `{source.removeprefix(VOCABULARY).removesuffix('.rules')}`"
    yield from _about(checked, thing, entry, mention)


def _about(checked: Checked, thing: Thing, entry: Entry, mention: Mention) -> Iterator[str]:
    match thing.kind:
        case "field":
            lines = any(each.name == thing.name for each in _lines(checked, thing.owner))
            yield f"a field of {'each line of ' if lines else ''}`{thing.owner}`"
        case "fact":
            yield "a fact of the member, sent by the host"
        case "remembered":
            yield f"what each lot of `{thing.owner}` remembers"
        case "value":
            yield f"a value of `{thing.owner}`"
        case "tier":
            yield f"a tier: rung {_rung(checked, thing.name)} of {len(getattr(checked.symbols.tiers, 'rungs', ()))}"
        case "way":
            yield "a path to a tier"
        case "tag":
            yield f"all rules that carry the tag `{thing.name}`"
        case "vocabulary":
            yield f"ready events and facts of members: `rules vocabulary {thing.name}` prints them"
        case "track":
            yield from _track(entry, mention)
        case "unit":
            yield from _unit(checked, thing)
        case "rule":
            yield from _rule(checked, thing)
        case _:
            yield f"a {thing.kind}"


def _track(entry: Entry, mention: Mention) -> Iterator[str]:
    """Which side of the event a reader stands on."""
    declared = entry.declaration
    match declared:
        case tree.RuleDecl(kind="reward"):
            yield "read here as it is **after** the event: a reward sees what was reached"
        case tree.RuleDecl(kind=kind):
            yield f"read here as it is **before** the event, as every {kind} sees it; a reward sees it after"
        case tree.TiersDecl() | tree.MatchDecl():
            yield "read here as it is **after** the event: tiers and matches are judged on it"
        case tree.TrackDecl() if mention.declares:
            yield "offers, redeems and earns see it as before the event; tiers, matches and rewards as after it"
        case _:
            yield "a track"


def _unit(checked: Checked, thing: Thing) -> Iterator[str]:
    """What one is worth, and the most that each rule gives of it on one event."""
    costs = Costs(checked)
    unit = costs.units.get(thing.name)
    if unit is None:
        return
    money = costs.money_of(thing.name, 100 * 10**unit.decimals)
    plural = unit.plural or unit.name
    yield f"100 `{plural}` are worth {money}" if money else f"what `{plural}` are worth in money is not said"
    rows = [f"- `{_plain(title)}`: {most.words}" for title, most in costs.of_unit(thing.name)]
    if rows:
        more = [f"- and {len(rows) - LINES_MAX} more"] if len(rows) > LINES_MAX else []
        yield "at worst, on one event:\n\n" + "\n".join([*rows[:LINES_MAX], *more])


def _rule(checked: Checked, thing: Thing) -> Iterator[str]:
    """What it gives back at worst on one event."""
    found = Costs(checked).of_rule(thing.name)
    info = checked.symbols.names.get(thing.name) or checked.symbols.titles.get(thing.name)
    verb = "takes off" if "offer" in getattr(info, "kind", "") else "gives"
    if found:
        yield f"at worst it {verb}, on one event: " + " and ".join(each.words for each in found)


def _lines(checked: Checked, event: str) -> tuple[ir.FieldDef, ...]:
    info = checked.symbols.events.get(event)
    lines = info.definition.lines if info is not None else None
    return lines.fields if lines is not None else ()


def _rung(checked: Checked, name: str) -> int:
    return list(getattr(checked.symbols.tiers, "rungs", ())).index(name) + 1


# ---- the text of a declaration ----


def declaration_of(checked: Checked, thing: Thing) -> tuple[str, tree.Node] | None:
    """Where a thing is declared: the file, and the node that is shown of it."""
    place = next(
        ((where, each) for where, each in all_mentions(checked) if each.declares and thing in each.things), None
    )
    if place is None:
        return None
    source, mention = place
    entry = entry_at(checked, source, mention.span[0])
    if entry is None:
        return None
    kinds = {"field": tree.FieldDecl, "fact": tree.FieldDecl, "remembered": tree.FieldDecl, "value": tree.FieldDecl,
             "tier": tree.RungDecl, "way": tree.Way}  # fmt: skip
    wanted = kinds.get(thing.kind)
    if wanted is None:
        return source, entry.declaration
    holders = (node for node in tree.walk(entry.declaration) if isinstance(node, wanted))
    return next(((source, node) for node in holders if node.span[0] <= mention.span[0] < node.span[1]), None)


def _fence(text: str) -> str:
    lines = text.strip().splitlines()
    shown = [*lines[:LINES_MAX], "..."] if len(lines) > LINES_MAX else lines
    return "```rules\n" + "\n".join(shown).replace("```", "'''") + "\n```"


def _plain(text: str) -> str:
    return text.replace("`", "'")
