"""What earns, redeems and rewards do, one effect after the other.

In: the effects of a rule, its kind and the environment. Out: `ir.ActDef`s in the order of the text. Each kind of rule
has its verbs; another is reported with the kind that has it.
"""

from __future__ import annotations

from typing import Final

from rules_engine import ir, tree
from rules_engine.checking import accepting, amounts, carrying, turning
from rules_engine.checking.env import STAGE_WORDS, Env

VERBS: Final[dict[str, tuple[str, ...]]] = {
    "earn": ("give", "deduct", "turn"),
    "redeem": ("accept", "deduct"),
    "reward": ("give", "deduct", "turn", "carry"),
}
"""The verbs of each kind of rule."""

HOMES: Final = {
    "give": "an earn or a reward",
    "deduct": "an earn, a redeem or a reward",
    "turn": "an earn or a reward",
    "carry": "a reward",
    "accept": "a redeem",
    "take": "an offer",
    "price": "an offer",
    "charge": "an offer",
    "add": "an offer",
}
"""The kinds of rules that have a verb."""


def acts(effects: tuple[tree.Effect, ...], env: Env) -> tuple[ir.ActDef, ...]:
    """The effects of a rule, those with errors left out."""
    return tuple(made for each in effects if not isinstance(each, tree.Say) for made in _acts(each, env))


def _acts(effect: tree.Effect, env: Env) -> tuple[ir.ActDef, ...]:
    """What an effect becomes; an award of several units one for each."""
    if isinstance(effect, tree.Give) and effect.verb == "give" and "give" in VERBS[env.stage]:
        return amounts.gives(effect, env)
    made = _act(effect, env)
    return () if made is None else (made,)


def _act(effect: tree.Effect, env: Env) -> ir.ActDef | None:
    word = verb(effect)
    if word not in VERBS[env.stage]:
        code = "T374" if HOMES[word] == "an offer" and env.stage != "redeem" else "T400"
        env.report(code, effect, verb=word, kind=STAGE_WORDS[env.stage], home=HOMES[word])
        return None
    match effect:
        case tree.Give():
            return amounts.deduct(effect, env)
        case tree.Turn():
            return turning.turn(effect, env)
        case tree.Accept():
            return accepting.accept(effect, env)
        case tree.Carry():
            return carrying.carry(effect, env)
        case _:
            return None


def verb(effect: tree.Effect) -> str:
    """The word that an effect begins with."""
    match effect:
        case tree.Give(verb=word):
            return word
        case tree.AddFree():
            return "add"
        case _:
            return type(effect).__name__.lower()
