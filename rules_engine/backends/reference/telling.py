"""What a rule's effects came to, noted for `explain`."""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.reference.acts import Act
from rules_engine.backends.reference.run import Run
from rules_engine.backends.reference.taking import gifts_of
from rules_engine.backends.reference.trace import CarryNoted, GiveNoted, RuleNoted, TakenNoted


def note_acts(noted: RuleNoted, acts: list[Act], run: Run) -> None:
    """Note every effect in every turn."""
    if run.trace is None:
        return
    noted.limits, run.trace.limits = run.trace.limits, []
    for act in acts:
        match act.effect:
            case ir.GiveDef() as give:
                noted.gives.append(_give(give, act))
            case ir.TurnDef() as effect:
                noted.takes.append(_take(effect, act))
                noted.gives += _into(effect, act)
            case ir.DeductDef() | ir.AcceptDef() as effect:
                noted.takes.append(_take(effect, act))
            case ir.CarryDef() as effect:
                noted.carries.append(CarryNoted(effect, act.wanted.exact, act.given, act.inner))


def _give(give: ir.GiveDef, act: Act) -> GiveNoted:
    wanted = act.wanted
    return GiveNoted(give, act.turn, act.at.mark, wanted.exact, wanted.amount, act.given, act.cut_by, act.inner,
                     act.at.key)  # fmt: skip


def _into(effect: ir.TurnDef, act: Act) -> list[GiveNoted]:
    given = act.gifts or (0,) * len(act.into)
    return [
        GiveNoted(give, act.turn, act.at.mark, wanted.exact, wanted.amount, count, act.cut_by, [], act.at.key)
        for give, wanted, count in zip(gifts_of(effect) if act.into else (), act.into, given, strict=True)
    ]


def _take(effect: ir.DeductDef | ir.TurnDef | ir.AcceptDef, act: Act) -> TakenNoted:
    return TakenNoted(
        effect, act.turn, act.wanted.amount, act.asked, act.taken, tuple(act.cuts), act.cut_by, act.inner, act.value,
        act.room, act.at.key,
    )  # fmt: skip
