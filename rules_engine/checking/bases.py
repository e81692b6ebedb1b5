"""Money bases, `list`, `current`, `net with tax`, `after item`: which can be read where, and on which side of tax.

In: a base as written and its environment. Out: a typed value: on a line its money, on the event the total of its goods,
in the amount of an effect what the unit, line, set or total at hand costs. A base that is not known yet where it
stands, or any more, is reported with the one to write instead.

A side that is the prices' own is left out of the core: under `prices include tax` both `net` and `net with tax` are
what the prices say.
"""

from __future__ import annotations

from typing import Final, cast

import msgspec

from rules_engine import ir, tree
from rules_engine.checking import monies, unknowns
from rules_engine.checking.env import STAGE_WORDS, Env
from rules_engine.checking.typed import Typed, unknown
from rules_engine.diagnostics import Fix
from rules_engine.types import Choice, Money, Unit

BASES: Final = ("list", "catalogue", "net", "paid", "was")
"""Money bases that every rule may name, as far as they are known where it acts."""

OFFER_BASES: Final = ("current",)
"""Money bases that move while offers act."""

CURRENCY: Final = "currency"
"""The name of the event's currency, unless a field or a declaration has it."""

STAGES: Final = ("catalogue", "item", "basket", "shipping")

Written = tree.Name | tree.Basis | tree.AfterStage


class Measure(msgspec.Struct, frozen=True):
    """A base that can be read: the core's word for it, its side of tax, and the type of its amounts."""

    base: ir.Base
    side: ir.Side
    type: Money | Unit


def basis(written: Written, env: Env) -> Typed:
    """A base by itself: of the element of an effect, of the unit or line at hand, else of all goods."""
    found = measure(written, env)
    at = env.at(written)
    if found is None:
        return unknown(at)
    if env.element or env.unit:
        return Typed(found.type, ir.Basis(at, found.base, found.side))
    line = ir.LineMoney(at, found.base, found.side)
    if env.line:
        return Typed(found.type, line)
    return Typed(found.type, ir.Fold(at, "sum", line, None), (ir.Share(line, None, None),))


def measure(written: Written, env: Env) -> Measure | None:
    """The base that is written; None where it cannot be read here, which is reported."""
    word, base, tax = _words(written, env)
    if base is None:
        return None
    kind = _money(word, written, env)
    if kind is None or not _readable(base, word, written, env):
        return None
    if isinstance(kind, Unit):
        return Measure(base, "", kind) if not tax or _untaxed(f"{word} {tax} tax", kind, written, env) else None
    own = price_side(env)
    side = tax or own
    if side != own and not _taxed(f"{word} {side} tax", own, written, env):
        return None
    return Measure(base, "" if side == own else side, msgspec.structs.replace(kind, side=side))


def _words(written: Written, env: Env) -> tuple[str, ir.Base | None, ir.Side]:
    """The base in words, in the core's word, and the side of tax that is written."""
    match written:
        case tree.Name(text=text):
            return text, cast("ir.Base", text), ""
        case tree.Basis(name=name, tax=tax):
            if name.text in (*BASES, *OFFER_BASES):
                return name.text, cast("ir.Base", name.text), tax
            unknowns.report_unknown("N221", name, env, (*BASES, *OFFER_BASES))
            return name.text, None, tax
        case tree.AfterStage(stage=stage, tax=tax):
            base = "catalogue" if stage == "catalogue" else f"after {stage}"
            return f"after {stage}", cast("ir.Base", base), tax or ""


def is_base(name: tree.Name, env: Env) -> bool:
    """Whether a name is a money base. A field of that name is so too: it says in its role that it holds the base."""
    return name.text in (*BASES, *OFFER_BASES) and env.context.find(name.text) is None


def currency(name: tree.Name, env: Env) -> Typed:
    """`currency`: which of its currencies the event comes in."""
    at = env.at(name)
    bare = next((event.name for event in env.events if not event.currencies), None)
    if bare is not None or not env.events:
        where = STAGE_WORDS[env.stage] if bare is None else f"`{bare}`"
        env.report("N216", name, name=name.text, where=where, note="no money comes with it")
        return unknown(at)
    codes = sorted({code for event in env.events for code in event.currencies})
    return Typed(Choice(tuple(codes), name.text), ir.CurrencyRead(at))


def price_side(env: Env) -> ir.Side:
    """The side of tax that the prices are on; empty where the header does not say."""
    match env.context.header().prices:
        case "include":
            return "with"
        case "exclude":
            return "without"
        case _:
            return ""


# ---- money at all ----


def _money(word: str, node: tree.Node, env: Env) -> Money | Unit | None:
    """The money of the events at hand, or the unit that they are priced in."""
    if not env.events:
        if env.broken:
            env.fail()
        else:
            env.report("N216", node, name=word, where=STAGE_WORDS[env.stage], note="it reads no event")
        return None
    bare = next((event for event in env.events if not event.list_field and not event.priced_by_offers), None)
    if bare is not None:
        if bare.schedule is not None:
            env.report("T380", node, name=word, event=bare.name)
        else:
            note = f"`{bare.name}` has no field that says `as list`"
            env.report("N216", node, name=word, where=f"`{bare.name}`", note=note)
        return None
    kind = monies.money_of_events(env)
    if kind is None and len(set(map(monies.price_names, env.events))) > 1:
        env.report("N218", node, name=word, kinds=monies.kinds_of_prices(env))
    elif kind is None:
        env.fail()
    return kind


# ---- where a base is known ----


def _readable(base: ir.Base, word: str, node: tree.Node, env: Env) -> bool:
    """Whether the base is known where it stands; reports where it is not."""
    if base == "current" and env.stage != "offer":
        env.report("N215", node, name=word, fix=_instead(node, word, "net"))
        return False
    if base == "paid" and env.stage == "redeem":
        why, fix = "it is what redeems leave to pay in money", _instead(node, word, "net")
        env.report("T342", node, name=word, where="a redeem", why=why, mend="net", fix=fix)
        return False
    if env.stage == "offer" and env.offer:
        why = _not_yet_known(base, env.offer)
        if why:
            mend = "current" if base != "paid" else "current` or `list"
            fix = _instead(node, word, "current")
            env.report("T342", node, name=word, where=f"{_article(env.offer)} offer", why=why, mend=mend, fix=fix)
            return False
    if base in ("list", "was") and env.offer == "catalogue":
        unpriced = [event for event in env.events if event.priced_by_offers]
        if unpriced and (base == "list" or not all(event.was_field for event in unpriced)):
            env.report("T343", node, name=word, events=env.event_words())
            return False
    lacking = next((event for event in env.events if base == "was" and not event.was_field), None)
    if lacking is not None:
        note = f"`{lacking.name}` has no field that says `as was`; write `list` for its price"
        env.report("N216", node, name=word, where=f"`{lacking.name}`", note=note, fix=_instead(node, word, "list"))
    return lacking is None


def _not_yet_known(base: ir.Base, stage: ir.Stage) -> str:
    """Why an offer of a stage cannot read a base; empty where it can."""
    if base == "net":
        return "it is what all offers leave"
    if base == "paid":
        return "it is what is paid when all offers have acted"
    after = "catalogue" if base == "catalogue" else base.removeprefix("after ")
    if after not in STAGES or STAGES.index(after) < STAGES.index(stage):
        return ""
    return f"the {after} offers {'are still acting' if after == stage else 'come later'}"


def _article(stage: str) -> str:
    return f"an {stage}" if stage[0] in "aeiou" else f"a {stage}"


def _instead(node: tree.Node, word: str, base: str) -> Fix | None:
    """The mend that writes another base."""
    match node:
        case tree.Name():
            return Fix(f"write `{base}`", node.span, base)
        case tree.Basis(tax=tax) | tree.AfterStage(tax="with" | "without" as tax):
            return Fix(f"write `{base} {tax} tax`", node.span, f"{base} {tax} tax")
        case tree.AfterStage():
            return Fix(f"write `{base}` in the place of `{word}`", node.span, base)
        case _:
            return None


# ---- the other side of tax ----


def _untaxed(word: str, unit: Unit, node: tree.Node, env: Env) -> bool:
    """Prices in a unit have no tax sides."""
    mend = f"{unit.plural} have no tax: leave the side out"
    env.report("T341", node, name=word, events=env.event_words(), mend=mend)
    return False


def _taxed(word: str, own: ir.Side, node: tree.Node, env: Env) -> bool:
    """Whether the tax is known that lies between the prices and the side that is asked for."""
    if env.context.symbols.broken_header:
        env.fail()
        return False
    if not own:
        mend = "write `prices include tax` or `prices exclude tax` in the header"
        env.report("T341", node, name=word, events=env.event_words(), mend=mend)
        return False
    for event in env.events:
        if not event.tax_field:
            mend = f"add a field `as tax rate` to the goods of `{event.name}`"
            env.report("T341", node, name=word, events=f"`{event.name}`", mend=mend)
            return False
    return True
