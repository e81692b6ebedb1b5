"""L306: two rules that do the same under the same conditions."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from rules_engine import ir
from rules_engine.linting.proofs import content
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View


def _find(view: View) -> Iterator[Found]:
    seen: dict[str, Rule] = {}
    groups = {rule for group in view.core.groups if group.choice == "first" for rule in group.order}
    for rule in view.rules:
        said = _said(rule)
        first = seen.setdefault(said, rule)
        if first is not rule and not {first.key, rule.key} <= groups:
            label = view.label(first.file, first.node.title.span, "the other one")
            data = {"title": rule.title, "other": first.title}
            yield Found(rule.file, rule.node.title.span, data, (label,))


def _said(rule: Rule) -> str:
    """All that a rule says but its names and words; what sets it off is part of it."""
    core = rule.core
    limits = tuple(replace(each, key="") for each in core.limits)
    if isinstance(core, ir.OfferDef):
        core = replace(core, title="", was="", says=(), limits=limits)
    else:
        core = replace(core, title="", was="", says=(), limits=limits)
    return content(core)


LINT = Lint(
    "L306",
    "same-rule-twice",
    "two rules that say the same",
    '"{title}" says the same as "{other}", so both act and the customer gets it twice',
    "take one out, or write what tells them apart",
    "A rule was copied and never changed, or two people wrote the same campaign. Both act on every event that meets them: "
    "the award is paid twice.",
    bad="""\
earn "Spring" { on purchase   when visits >= 3   give 10 points }

earn "Spring again" { on purchase   when visits >= 3   give 10 points }
""",
    good="""\
earn "Spring" { on purchase   when visits >= 3   give 10 points }

earn "Spring again" { on purchase   when visits >= 6   give 10 points }
""",
    find=_find,
)
