"""L501: a costly rule that has to be asked on every event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View

STEPS: Final = 10_000
"""A rule of so many steps at worst is worth being found by a key; `rules plan` shows what each costs."""

RULES: Final = 60
"""So are cheap ones, where so many of them have to be asked on one event."""


def _find(view: View) -> Iterator[Found]:
    asked = [rule for rule in view.rules if not view.planned[rule.key].keys and _asks(rule)]
    crowd = Counter(name for rule in asked for name in rule.core.events)
    for rule in asked:
        planned = view.planned[rule.key]
        cost = view.plan.cost(planned)
        if cost >= STEPS or any(crowd[name] >= RULES for name in rule.core.events):
            data = {"title": rule.title, "steps": f"{cost:,}", "why": planned.why}
            yield Found(rule.file, rule.node.title.span, data)


def _asks(rule: Rule) -> bool:
    """Whether the rule asks for anything: one that always acts has to be asked always."""
    filters = (each.where for each in ir.records(rule.core) if isinstance(each, ir.Selection | ir.Fold | ir.PartDef))
    return rule.core.when is not None or any(where is not None for where in filters)


LINT = Lint(
    "L501",
    "asked-every-time",
    "a costly rule that nothing finds",
    '"{title}" is asked on every event, and takes up to {steps} steps: {why}',
    "hold a field, a fact or a sum to a constant in its condition: `channel is web`, `sku in (...)`, `net >= 40 GBP`",
    "Rules that hold something to a constant are found by it, however many there are. One that does not is asked on every "
    "event. That is nothing for a few cheap rules, and much for one that looks at thousands of lines, or for very many.",
    bad="""\
event invoice dated by day of buyer identified by no {
  no: text   buyer: member   day: date
  lines 0 to 6_000 { sku: text   rebated: text   amount: money up to 500 GBP as list }
}

earn "Rebate" { on invoice   give 1 point per 1 GBP of net of lines where sku is rebated }
""",
    good="""\
event invoice dated by day of buyer identified by no {
  no: text   buyer: member   day: date
  lines 0 to 6_000 { sku: text   rebated: text   amount: money up to 500 GBP as list }
}

earn "Rebate" { on invoice   give 1 point per 1 GBP of net of lines where rebated is "yes" }
""",
    find=_find,
)
