"""The ten rules of `checkout.rules` in the languages of two other engines: zen-engine and rule-engine.

Peers are given more than this engine takes: events are decoded and trusted, amounts are integers, the day is already
known to be in a season or not, what is remembered is looked up, and what the member becomes is left out (no counters
move, no tier is found). Where a way of theirs has *sums given*, the four sums over the lines are given as well.

- zen-engine is measured in the ways that it offers: a decision graph of one expression table or of one decision table,
  from a static loader and asked by key, and one compiled expression without any graph around it. `create_decision` is
  left out: its `evaluate` takes six times as long as the same graph asked by key.
- rule-engine has conditions and expressions, and no program: there is a `Rule` for each condition and one for each
  amount that is not a constant, and a loop in Python. It has no numbers but decimals; the cap is a comparison, as its
  `$min` is slower.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, NamedTuple

SUMS = ("toys", "books", "grocery")

RULES = {
    "base": ("net >= 100", "floor(net / 100)"),
    "Tier bonus": ("tier != 'Blue'", "floor(floor(net / 100) * (tier == 'Gold' ? 50 : 25) / 100)"),
    "Quiet season": ("quiet", "floor(net / 100)"),
    "Toys": ("toys >= 100", "min([floor(toys / 100) * 3, 500 - toys_used])"),
    "Books in the app": ("channel == 'app'", "floor(books / 100) * 2"),
    "Big basket": ("net >= 15000", "100"),
    "First order": ("first and not first_used", "250"),
    "Weekend grocery": ("weekend", "floor(grocery / 200)"),
    "Stamp card": ("channel == 'store' and net >= 1000", "1"),
    "Plus members": ("plan == 'plus'", "min([floor(net / 1000), 200])"),
}
"""Each rule as zen-engine has it: when it applies and what it gives."""

CONSTANT = frozenset({"100", "250", "1"})


class Peer(NamedTuple):
    """A way to score: `take` makes its input of the facts, untimed; `one` scores; `awards` reads what it gave."""

    take: Callable[[dict[str, Any]], Any]
    one: Callable[[Any], Any]
    awards: Callable[[Any], dict[str, int]]


def context(trusted: dict[str, Any], plan: str, memory: Any, clock: Any) -> dict[str, Any]:
    """Everything that the ten rules ask, with the lines as they are."""
    return {
        "channel": trusted["channel"],
        "first": trusted["first"],
        "lines": [{name: line[name] for name in ("category", "pieces", "price")} for line in trusted["lines"]],
        "plan": plan,
        "tier": memory.tier,
        "quiet": clock.quiet,
        "weekend": clock.weekend,
        "toys_used": memory.toys.get(clock.month, 0),
        "first_used": bool(memory.first),
    }


def summed(facts: dict[str, Any]) -> dict[str, Any]:
    """The same with the four sums in place of the lines."""
    amounts = [(line["category"], line["price"] * line["pieces"]) for line in facts["lines"]]
    sums = {name: sum(amount for category, amount in amounts if category == name) for name in SUMS}
    rest = {name: value for name, value in facts.items() if name != "lines"}
    return rest | sums | {"net": sum(amount for _, amount in amounts)}


def peers() -> dict[str, Peer]:
    """The peers that are installed."""
    found: dict[str, Peer] = {}
    if find_spec("zen") is not None:
        found |= _zen()
    if find_spec("rule_engine") is not None:
        found |= _rule_engine()
    return found


def absent() -> list[str]:
    """The peers that are not installed, and so are not measured."""
    return [
        name for name, module in (("zen-engine", "zen"), ("rule-engine", "rule_engine")) if find_spec(module) is None
    ]


def versions() -> list[str]:
    """Each installed peer with its version."""
    return [f"{name} {version(name)}" for name in ("zen-engine", "rule-engine") if name not in absent()]


# ---- zen-engine ----


def _zen() -> dict[str, Peer]:
    import zen

    content = {
        "sums": _graph(_expressions()),
        "lines": _graph(_expressions_over_lines()),
        "table": _graph(_decisions()),
    }
    engine = zen.ZenEngine({"loader": {"type": "static", "content": content}})
    compiled = zen.compile_expression("{" + ", ".join(f'"{name}": {_amount(name)}' for name in RULES) + "}")
    as_is: Callable[[dict[str, Any]], Any] = lambda facts: facts  # noqa: E731 - one word for one step
    return {
        "zen-engine, expressions": Peer(as_is, lambda sent: engine.evaluate("lines", sent), _from_expressions),
        "zen-engine, expressions, JSON text": Peer(
            _json, lambda sent: engine.evaluate("lines", sent), _from_expressions
        ),
        "zen-engine, expressions, sums given": Peer(
            summed, lambda sent: engine.evaluate("sums", sent), _from_expressions
        ),
        "zen-engine, decision table, sums given": Peer(
            summed, lambda sent: engine.evaluate("table", sent), _from_table
        ),
        "zen-engine, one expression, sums given": Peer(summed, compiled.evaluate, _given),
    }


def _json(facts: dict[str, Any]) -> bytes:
    import orjson

    return orjson.dumps(facts)


def _amount(name: str) -> str:
    when, amount = RULES[name]
    return f"({when} ? {amount} : 0)"


def _expressions() -> dict[str, Any]:
    return _expression_node({name: _amount(name) for name in RULES})


def _expressions_over_lines() -> dict[str, Any]:
    """The sums are expressions too, and the amounts read them."""
    sums = {"sum_net": "sum(map(lines, #.price * #.pieces))"}
    sums |= {f"sum_{name}": f"sum(map(filter(lines, #.category == '{name}'), #.price * #.pieces))" for name in SUMS}
    word = re.compile(rf"\b(net|{'|'.join(SUMS)})\b")
    amounts = {rule: word.sub(r"$.sum_\1", _amount(rule)) for rule in RULES}
    return _expression_node(sums | amounts)


def _expression_node(expressions: dict[str, str]) -> dict[str, Any]:
    rows = [{"id": name, "key": _key(name), "value": value} for name, value in expressions.items()]
    return {"id": "rules", "type": "expressionNode", "name": "rules", "content": {"expressions": rows}}


def _key(name: str) -> str:
    return name.replace(" ", "_")


def _decisions() -> dict[str, Any]:
    rows = [
        {"_id": name, "when": when, "rule": f"'{name}'", "amount": amount} for name, (when, amount) in RULES.items()
    ]
    outputs = [{"id": each, "name": each, "field": each} for each in ("rule", "amount")]
    content = {"hitPolicy": "collect", "inputs": [{"id": "when", "name": "when"}], "outputs": outputs, "rules": rows}
    return {"id": "rules", "type": "decisionTableNode", "name": "rules", "content": content}


def _graph(node: dict[str, Any]) -> dict[str, Any]:
    ends = [{"id": "in", "type": "inputNode", "name": "in"}, {"id": "out", "type": "outputNode", "name": "out"}]
    nodes = [{**each, "position": {"x": 0, "y": 0}} for each in (ends[0], node, ends[1])]
    edges = [{"id": "a", "sourceId": "in", "targetId": "rules"}, {"id": "b", "sourceId": "rules", "targetId": "out"}]
    return {"nodes": nodes, "edges": [{**edge, "type": "edge"} for edge in edges]}


def _given(found: Any) -> dict[str, int]:
    return {name: int(amount) for name, amount in found.items() if amount}


def _from_expressions(found: Any) -> dict[str, int]:
    result = found["result"]
    return _given({name: result[_key(name)] for name in RULES})


def _from_table(found: Any) -> dict[str, int]:
    return _given({row["rule"]: row["amount"] for row in found["result"]})


# ---- rule-engine ----


def _rule_engine() -> dict[str, Peer]:
    import rule_engine

    context_ = rule_engine.Context(resolver=rule_engine.resolve_item)
    parts: list[tuple[str, Any, Any, int]] = []
    for name, (when, amount) in RULES.items():
        constant = int(amount) if amount in CONSTANT else 0
        given = None if constant else rule_engine.Rule(_whole(amount), context=context_)
        parts.append((name, rule_engine.Rule(when, context=context_), given, constant))

    def one(facts: dict[str, Any]) -> dict[str, int]:
        awards = {}
        for name, when, given, constant in parts:
            if when.matches(facts):
                amount = constant or int(given.evaluate(facts))
                if amount:
                    awards[name] = amount
        return awards

    return {"rule-engine, sums given": Peer(summed, one, lambda found: found)}


_WHOLE = {
    "floor(net / 100)": "net // 100",
    "floor(floor(net / 100) * (tier == 'Gold' ? 50 : 25) / 100)": "(net // 100) * (tier == 'Gold' ? 50 : 25) // 100",
    "min([floor(toys / 100) * 3, 500 - toys_used])": (
        "toys // 100 * 3 < 500 - toys_used ? toys // 100 * 3 : 500 - toys_used"
    ),
    "floor(books / 100) * 2": "books // 100 * 2",
    "floor(grocery / 200)": "grocery // 200",
    "min([floor(net / 1000), 200])": "net // 1000 < 200 ? net // 1000 : 200",
}


def _whole(amount: str) -> str:
    """An amount as rule-engine has it: it knows a whole quotient, where zen-engine has `floor`."""
    return _WHOLE[amount]
