"""Around what is owned: the header with the order of the tender, an offer or two, holdouts."""

from __future__ import annotations

from tests.generating import dealing, owned
from tests.generating.larder import Kept, Larder
from tests.generating.made import MODES, ZONES


def header(larder: Larder) -> None:
    """The program's settings; its order of redeems is known last."""
    made = larder.made
    odd = made.pick(("to the largest remainder", "to the largest remainder", "to first", "to last"))
    order = ", ".join(f'"{each}"' for each in (larder.redeems if made.chance(50) else larder.redeems[::-1]))
    order = dealing.ordered_by(larder) if larder.ranked else f"in order {order}"
    policy = made.pick(("all", "all", "first per basket"))
    how = made.pick(("by share, shortfall off balance", "by share, shortfall forgiven", "keep"))
    made.say(
        'program "Generated" {',
        f"  currency {made.currency}, {made.pick(MODES)}",
        f'  timezone "{made.pick(ZONES)}"',
        f"  weeks start {made.pick(('Monday', 'Sunday'))}",
        f"  29 February counts as {made.pick(('28 February', '1 March'))}",
        f"  split in proportion, odd pennies {odd}",
        f"  prices {larder.tax} tax   tax {made.pick(MODES)} per line" if larder.tax else "",
        *(("  stacking {", f"    tender: {policy} {order}", "  }") if len(larder.redeems) > 1 else ()),
        f"  returns {how}" if larder.returnable else "",
        "}",
    )


def offers(larder: Larder) -> None:
    """An offer that makes what is to pay differ from the list, one that takes a ticket, one with a fee."""
    made, at = larder.made, Kept("item offer", "buy")
    if made.chance(40):
        where = f" where {owned.line(larder, at)}" if made.chance(60) else ""
        made.say(
            'item offer "Off" {',
            "  on buy   automatic",
            f"  take {made.number(5, 60)}% of current off each line{where}",
            "}",
        )
    if larder.things and made.chance(50):
        name, unit = made.pick(sorted(larder.things.items(), key=lambda each: each[0]))
        made.say(
            'basket offer "Shown" {', "  on buy", f"  with {made.pick((1, 2))} {unit.name} from {name}",
            f"  take {made.money(30, 1)} off the total of lines", "}",
        )  # fmt: skip
    if made.chance(15):
        made.say(
            'basket offer "Fee" {',
            "  on buy   automatic",
            "  when express",
            f'  charge {made.money(5, 1)} as "fee"',
            "}",
        )


def holdouts(larder: Larder) -> None:
    """Members kept out by share, or by a condition."""
    made = larder.made
    if made.chance(15):
        kept = ", ".join(made.some(larder.rules)[:2])
        made.say(f'holdout {made.pick(("50%", "100%", "5%"))} of members salt "s" from {kept}')
    if made.chance(10):
        made.say(f"holdout members where member.plan is plus, from {made.pick(larder.rules)}")
