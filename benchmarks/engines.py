"""The same simple rules in other engines, each as its documentation tells to run many.

In: rules (`Simple`), each of which asks one field for a value and the amount for a least, and gives points. Out: for
each engine that is installed an `Engine`: what takes a basket's facts, what scores, and what reads which rules held.
All get trusted facts, whole pennies among them; all stop at the names and points of the rules that held.

- *zen-engine*: one decision table that collects. By a static loader and `evaluate(key)` the graph is compiled once and
  asked by its key, which is its best path; `create_decision` is the one that most examples show.
- *clipspy*: a rule of CLIPS each, a fact a basket, `reset` between baskets.
- *cedarpy*: a policy each, parsed once; the reasons of the decision are the policies that held.
- *common-expression-language*, *cel-python*, *rule-engine*, *json-logic-qubit*: conditions alone, one after another.
- *durable-rules*: a rule set with a rule each; a basket is a fact that is taken back.
- *a dictionary by hand*: rules by field and value, the amount compared after: the least that is possible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from typing import Any, NamedTuple

Facts = dict[str, Any]
FIELDS = ("country", "segment", "brand")


class Simple(NamedTuple):
    """`when FIELD is VALUE and amount >= LEAST give POINTS`; the amount in pennies."""

    name: str
    field: str
    value: str
    least: int
    points: int


class Engine(NamedTuple):
    """A way to score: `one` takes facts, `points` reads what it gave, by rule."""

    one: Callable[[Facts], Any]
    points: Callable[[Any], dict[str, int]]


def _as_it_is(found: Any) -> dict[str, int]:
    return dict(found)


def by_hand(rules: Sequence[Simple]) -> Engine:
    """A dictionary from field and value to the rules."""
    index: dict[tuple[str, str], list[tuple[int, str, int]]] = {}
    for rule in rules:
        index.setdefault((rule.field, rule.value), []).append((rule.least, rule.name, rule.points))

    def one(facts: Facts) -> dict[str, int]:
        found, amount = {}, facts["amount"]
        for field in FIELDS:
            for least, name, points in index.get((field, facts[field]), ()):
                if amount >= least:
                    found[name] = points
        return found

    return Engine(one, _as_it_is)


def _table(rules: Sequence[Simple]) -> dict[str, Any]:
    rows = [
        {field: f"'{rule.value}'" if field == rule.field else "" for field in FIELDS}
        | {"_id": rule.name, "amount": f">= {rule.least}", "rule": f"'{rule.name}'", "points": str(rule.points)}
        for rule in rules
    ]
    inputs = [{"id": each, "name": each, "field": each} for each in (*FIELDS, "amount")]
    outputs = [{"id": each, "name": each, "field": each} for each in ("rule", "points")]
    content = {"hitPolicy": "collect", "inputs": inputs, "outputs": outputs, "rules": rows}
    nodes: list[dict[str, Any]] = [
        {"id": "in", "type": "inputNode", "name": "in"},
        {"id": "rules", "type": "decisionTableNode", "name": "rules", "content": content},
        {"id": "out", "type": "outputNode", "name": "out"},
    ]
    edges = [("a", "in", "rules"), ("b", "rules", "out")]
    return {
        "nodes": [{**node, "position": {"x": 0, "y": 0}} for node in nodes],
        "edges": [{"id": one, "sourceId": source, "targetId": to, "type": "edge"} for one, source, to in edges],
    }


def _zen_points(found: Any) -> dict[str, int]:
    return {row["rule"]: row["points"] for row in found["result"] or []}


def _zen_by_key(rules: Sequence[Simple]) -> Engine:
    import zen

    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"rules": _table(rules)}}})
    return Engine(lambda facts: engine.evaluate("rules", facts), _zen_points)


def _zen_decision(rules: Sequence[Simple]) -> Engine:
    import json

    import zen

    decision = zen.ZenEngine().create_decision(json.dumps(_table(rules)))
    return Engine(decision.evaluate, _zen_points)


def _clips(rules: Sequence[Simple]) -> Engine:
    import clips

    environment = clips.Environment()
    slots = " ".join(f"(slot {field} (type STRING))" for field in FIELDS)
    environment.build(f"(deftemplate basket {slots} (slot amount (type INTEGER)))")
    environment.build("(deftemplate award (slot rule (type STRING)) (slot points (type INTEGER)))")
    for number, rule in enumerate(rules):
        environment.build(
            f'(defrule r{number} (basket ({rule.field} "{rule.value}") (amount ?a&:(>= ?a {rule.least})))'
            f' => (assert (award (rule "{rule.name}") (points {rule.points}))))'
        )
    basket, award = environment.find_template("basket"), environment.find_template("award")

    def one(facts: Facts) -> dict[str, int]:
        environment.reset()
        basket.assert_fact(**facts)
        environment.run()
        return {fact["rule"]: fact["points"] for fact in award.facts()}

    return Engine(one, _as_it_is)


def _cedar(rules: Sequence[Simple]) -> Engine:
    import cedarpy

    text = "\n".join(
        f'@id("{rule.name}") permit(principal, action, resource) '
        f'when {{ context.{rule.field} == "{rule.value}" && context.amount >= {rule.least} }};'
        for rule in rules
    )
    policies, entities = cedarpy.PolicySet.from_str(text), cedarpy.Entities.from_json_str("[]")
    who = {"principal": 'M::"m"', "action": 'A::"buy"', "resource": 'S::"shop"'}
    given = {rule.name: rule.points for rule in rules}
    by_place = {f"policy{place}": rule.name for place, rule in enumerate(rules)}

    def points(found: Any) -> dict[str, int]:
        names = [by_place.get(reason, reason) for reason in found.diagnostics.reasons]
        return {name: given[name] for name in names}

    return Engine(lambda facts: cedarpy.is_authorized({**who, "context": facts}, policies, entities), points)


def _chain(tests: Sequence[tuple[Callable[[Facts], Any], str, int]]) -> Engine:
    """Conditions alone, one after another."""

    def one(facts: Facts) -> dict[str, int]:
        return {name: points for test, name, points in tests if test(facts)}

    return Engine(one, _as_it_is)


def _cel_text(rule: Simple) -> str:
    return f'{rule.field} == "{rule.value}" && amount >= {rule.least}'


def _common_expressions(rules: Sequence[Simple]) -> Engine:
    import cel

    return _chain([(cel.compile(_cel_text(rule)).execute, rule.name, rule.points) for rule in rules])


def _cel_python(rules: Sequence[Simple]) -> Engine:
    import celpy
    from celpy.adapter import json_to_cel

    environment = celpy.Environment()
    programs = [(environment.program(environment.compile(_cel_text(rule))), rule) for rule in rules]

    def one(facts: Facts) -> dict[str, int]:
        context: Any = json_to_cel(facts)
        return {rule.name: rule.points for program, rule in programs if program.evaluate(context)}

    return Engine(one, _as_it_is)


def _rule_engine(rules: Sequence[Simple]) -> Engine:
    import rule_engine

    context = rule_engine.Context(resolver=rule_engine.resolve_item)
    texts = [(f"{rule.field} == '{rule.value}' and amount >= {rule.least}", rule) for rule in rules]
    return _chain([(rule_engine.Rule(text, context=context).matches, rule.name, rule.points) for text, rule in texts])


def _json_logic(rules: Sequence[Simple]) -> Engine:
    from json_logic import jsonLogic

    def test(rule: Simple) -> Callable[[Facts], Any]:
        tree = {"and": [{"==": [{"var": rule.field}, rule.value]}, {">=": [{"var": "amount"}, rule.least]}]}
        return lambda facts: jsonLogic(tree, facts)

    return _chain([(test(rule), rule.name, rule.points) for rule in rules])


_NAMES = count()


def _durable(rules: Sequence[Simple]) -> Engine:
    from durable.engine import Host

    name = f"simple{next(_NAMES)}"
    found: dict[str, int] = {}
    given = {f"r{number}": rule for number, rule in enumerate(rules)}
    definition: dict[str, Any] = {}

    def act(rule: Simple) -> Callable[[Any], None]:
        return lambda context: found.__setitem__(rule.name, rule.points)

    for key, rule in given.items():
        test = {"$and": [{rule.field: rule.value}, {"$gte": {"amount": rule.least}}]}
        definition[key] = {"all": [{"m": test}], "run": act(rule)}
    host = Host({name: definition})

    def one(facts: Facts) -> dict[str, int]:
        found.clear()
        sent = {"id": "1", "sid": "0", **facts}
        host.assert_fact(name, sent)
        host.retract_fact(name, sent)
        return dict(found)

    return Engine(one, _as_it_is)


ZEN = "zen-engine, static loader and evaluate(key)"
ZEN_SLOW = "zen-engine, create_decision"
HAND = "a dictionary by hand"
ENGINES: dict[str, tuple[str, Callable[[Sequence[Simple]], Engine], int]] = {
    HAND: ("", by_hand, 5000),
    ZEN: ("zen-engine", _zen_by_key, 5000),
    ZEN_SLOW: ("zen-engine", _zen_decision, 5000),
    "clipspy": ("clipspy", _clips, 5000),
    "durable-rules": ("durable_rules", _durable, 500),
    "cedarpy": ("cedarpy", _cedar, 5000),
    "common-expression-language": ("common-expression-language", _common_expressions, 5000),
    "rule-engine": ("rule-engine", _rule_engine, 5000),
    "json-logic-qubit": ("json-logic-qubit", _json_logic, 5000),
    "cel-python": ("cel-python", _cel_python, 10),
}
"""Each engine with its package, how it is made, and the most rules that it is asked for: more take it minutes.
durable-rules does not come back from taking 600 such rules."""


def installed(package: str) -> str:
    """The version of a package, empty where it is not there."""
    try:
        return version(package) if package else "-"
    except PackageNotFoundError:
        return ""
