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
        self.core = core
        self.files = [sources.get(name) for name in core.files]

    def named(self, node: ir.Expr | ir.Stop) -> str:  # noqa: C901 - one arm for each node
        """What a node is called: what it reads by its name, anything else by its text.

        Where a define is used, everything in it stands at the place of use, so that its text says nothing of the parts.
        """
        match node:
            case ir.Field(name=name) | ir.LineField(name=name):
                return name
            case ir.LineMoney(base=base, side=side) | ir.Basis(base=base, side=side):
                return f"{base} {side} tax" if side else base
            case ir.CurrencyRead():
                return "currency"
            case ir.CodeRead():
                return "code"
            case ir.MemberField(name=name):
                return f"member.{name}"
            case ir.PersonField(person=person, name=name):
                return f"{person}.{name}"
            case ir.KeyRead():
                return "the key"
            case ir.UsedRead(unit=unit):
                return f"used {unit}"
            case ir.TrackRead(track=name, previous=previous):
                return f"previous {name}" if previous else name
            case ir.AwardRead(rule=name) | ir.AwardPart(rule=name):
                return name
            case ir.BalanceRead(unit=unit, pending=pending):
                return f"balance of {unit}{', pending included' if pending else ''}"
            case ir.TierRead(which="held"):
                return "tier"
            case ir.TierRead(which=which):
                return f"{which} tier"
            case ir.MarkRead():
                return "mark"
            case ir.RungRead():
                return "rung"
            case ir.Today():
                return "today"
            case ir.Now():
                return "now"
            case _:
                text = self.of(node.at)
                # `member.birthday` asks, silently, whether there is a member
                return "has member" if isinstance(node, ir.HasMember) and not text.startswith("has ") else text

    def of(self, at: ir.Origin) -> str:
        """What is written there, on one line."""
        source = self._file(at)
        if source is None:
            return ""
        text = " ".join(source.slice((at.start, at.end)).split())
        return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 3] + "..."

    def limit(self, key: str) -> str:
        """The limit that counts under a key, as it is written, with the group whose it is; without a text the key."""
        core = self.core
        groups: tuple[ir.GroupDef | ir.OfferGroupDef, ...] = (*core.groups, *core.offer_groups)
        owned: tuple[ir.RuleDef | ir.OfferDef | ir.MatchDef, ...] = (*core.rules, *core.offers, *core.matches)
        owners = [("", each.limits) for each in owned]
        owners += [(f"group {each.name}: ", each.limits) for each in groups]
        found = next(((whose, each) for whose, limits in owners for each in limits if each.key == key), None)
        text = self.of(found[1].at) if found else ""
        return f"{found[0]}{text}" if found and text else key

    def place(self, at: ir.Origin) -> str:
        """`shop.rules:12`, or nothing; where the folder lies on this machine is nobody's business."""
        source = self._file(at)
        if source is None:
            return ""
        return f"{PurePath(source.name).name}:{source.place(at.start).line}"

    def _file(self, at: ir.Origin) -> Source | None:
        return self.files[at.file] if 0 <= at.file < len(self.files) else None
