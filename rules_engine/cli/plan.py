"""`rules plan`: how each rule is found, and what it costs at worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rules_engine.cli.console import complain, plural, say, say_json
from rules_engine.cli.loading import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules_engine.scoring import Planned, PlannedRule

_ALIKE = 3
"""So many rules that differ in constants alone are shown one by one; of more, the first stands for all."""


@click.command("plan", short_help="say how each rule is found, and what it costs at worst")
@click.argument("program")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how it is shown")
@click.option("--every", is_flag=True, help="show every rule, also those that differ in constants alone")
@click.option("--max-cost", type=click.IntRange(min=0), metavar="STEPS", help="the most that one rule may cost")
@click.pass_context
def command(ctx: click.Context, program: str, form: str, every: bool, max_cost: int | None) -> None:
    """Say of every rule how it is found, what could not be looked up and why, and what it costs at worst.

    A rule that is found costs nothing on events that it has nothing to do with, however many such rules there are. One
    that is asked on every event does.

    \b
      rules plan corner_shop.rules
      rules plan programme/ --format json
      rules plan programme/ --max-cost 2000

    A step is one comparison, one amount, one look at a line or at a limit; what is worked out on lines counts once for
    each line that the event may have. Ends with 1 where a rule costs more than `--max-cost`.
    """
    from msgspec import to_builtins

    from rules_engine.scoring import planned

    found = planned(load(program))
    dear = () if max_cost is None else found.above(max_cost)
    if form == "json":
        say_json({"plan": to_builtins(found), "above": [rule.rule for rule in dear]})
    else:
        _say(found, every)
    for rule in dear:
        complain(
            f'{rule.kind} "{rule.title}" may cost {plural(rule.cost, "step")}, more than {max_cost:,} ({rule.place})'
        )
    ctx.exit(1 if dear else 0)


def _say(found: Planned, every: bool) -> None:
    known = sum(bool(rule.found) for rule in found.rules)
    say(
        f"{plural(len(found.rules), 'rule')}: {known:,} found, {len(found.rules) - known:,} asked on every event",
        bold=True,
    )
    say(f"at worst {plural(found.cost, 'step')} for an event that all of them act on")
    for rules in _together(found.rules, every):
        say()
        _say_rules(rules)
    if found.shared:
        say()
        say("worked out once for an event", bold=True)
        for each in found.shared:
            say(f"  {each.text}   {plural(each.rules, 'rule')}")
    say()
    for event in found.events:
        offers = f", offers by the reference: {event.checkout}" if event.checkout else ""
        say(f"{event.event}: by generated code{offers}")
        if event.batch is not None:
            say(f"  batch: {f'row by row, {event.batch}' if event.batch else 'in columns'}")
        for why in event.left:
            say(f"    row by row where it may act: {why}")


def _together(rules: Sequence[PlannedRule], every: bool) -> list[list[PlannedRule]]:
    """Rules that are shown together: those that differ in constants alone and are found by the same."""
    groups: dict[object, list[PlannedRule]] = {}
    for rule in rules:
        groups.setdefault((rule.alike, rule.by, rule.why), []).append(rule)
    found = []
    for some in groups.values():
        found += [[each] for each in some] if every or len(some) <= _ALIKE else [some]
    return found


def _say_rules(rules: list[PlannedRule]) -> None:
    first = rules[0]
    more = f" and {len(rules) - 1:,} more like it" if len(rules) > 1 else ""
    say(f'{first.kind} "{first.title}"{more}', fg="cyan")
    ways = first.found if len(rules) == 1 else first.by
    if ways:
        say(f"  found by   {' or by '.join(ways)}")
    else:
        say(f"  asked      on every {' and '.join(first.events)}: {first.why}")
    for text in first.then:
        say(f"  then       {text}")
    say(f"  at worst   {plural(first.cost, 'step')}{' each' if len(rules) > 1 else ''}")
