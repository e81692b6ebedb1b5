"""Our own columns for a history of `batch.rules`: batches as the columnar back end takes them; its answers as arrays.

In: whole numbers (`batch_data.History`), just as the ways by hand are given them. Out: `Batch`es in chunks; what each
rule gave each event, and what is remembered of each member, as `batch_numpy` has both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.batch_data import CATEGORIES, CHANNELS, CODE, JOINED, PLANS, SKUS, History
from benchmarks.batch_numpy import RULES, Answer, Array, Memory, article_ranks, memory
from rules_engine.backends.columnar import Batch, Columnar, Results, Texts

CHUNK = 65_536


def batches(columnar: Columnar, found: History, chunk: int = CHUNK) -> list[Batch]:
    """The history in chunks."""
    layout, texts = columnar.layout, Texts(columnar.layout.texts)
    assert not columnar.refused, columnar.refused

    def coded(values: Sequence[str], numbers: Array) -> Array:
        return np.array([texts.code(value) for value in values], dtype=np.int64)[numbers]

    columns = {
        "order_no": lambda: np.arange(found.events),
        "bought_at": lambda: found.instant,
        "customer": lambda: found.member,
        "channel": lambda: coded(CHANNELS, found.channel),
        "sku": lambda: coded([f"sku-{number}" for number in range(SKUS)], found.sku),
        "category": lambda: coded(CATEGORIES, found.category),
        "for_day": lambda: found.for_day,
        "pieces": lambda: found.pieces,
        "price": lambda: found.price,
    }
    fields = _rows({name: row for (_, name), row in layout.fields.items()}, columns, found.events)
    lines = _rows({name: row for (_, name), row in layout.line_fields.items()}, columns, len(found.sku))
    people = {"joined": lambda: np.full(found.members, JOINED), "plan": lambda: coded(PLANS, found.plan)}
    facts = _rows(layout.facts, people, found.members)
    presented = np.full(int(found.code.sum()), texts.presented(CODE), dtype=np.int64)
    typed = np.concatenate([[0], np.cumsum(found.code)])
    ranks = article_ranks(found)
    made = []
    for first in range(0, found.events, chunk):
        last = min(first + chunk, found.events)
        begin, end = int(found.offsets[first]), int(found.offsets[last])
        offsets, codes = found.offsets[first : last + 1] - begin, typed[first : last + 1]
        made.append(
            Batch(
                kind=np.full(last - first, layout.kinds["purchase"], dtype=np.int32),
                member=found.member[first:last].astype(np.int32),
                day=found.day[first:last].copy(),
                instant=found.instant[first:last].copy(),
                fields=np.ascontiguousarray(fields[:, first:last]),
                offsets=offsets,
                lines=np.ascontiguousarray(lines[:, begin:end]),
                rank=_places(ranks[begin:end], offsets),
                ragged=((codes - codes[0], presented[codes[0] : codes[-1]]),) if layout.ragged else (),
                facts=facts,
                holdouts=np.zeros((0, found.members), dtype=np.int64),
            )
        )
    return made


def _rows(rows: dict[str, int], columns: dict[str, Any], count: int) -> Array:
    made = np.empty((len(rows), count), dtype=np.int64)
    for name, row in rows.items():
        made[row] = columns[name]()
    return made


def _places(ranks: Array, offsets: Array) -> Array:
    """The place of each line's article in its event, in the order of texts."""
    event = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.argsort(event * SKUS + ranks)
    places = np.empty_like(order)
    places[order] = np.arange(len(order)) - offsets[event]
    return places


def answer(columnar: Columnar, sent: Sequence[Batch], results: Sequence[Results]) -> Answer:
    """What the rules gave, as arrays; every event has to be done."""
    place = {rule: number for number, rule in enumerate(RULES)}
    gives = [place.get(each.rule, -1) for each in columnar.layout.gives]
    effects = [place.get(each.rule, -1) for each in columnar.layout.effects]
    parts = []
    for batch, result in zip(sent, results, strict=True):
        assert result.done.all(), result.why[~result.done][:5]
        given = np.zeros((len(RULES), len(batch.kind)), dtype=np.int64)
        awards, discounts = result.awards, result.discounts
        np.add.at(given, (np.array(gives)[awards.give], awards.event), awards.given)
        np.add.at(given, (np.array(effects)[discounts.effect], discounts.event), discounts.given)
        parts.append((given, result.prices.net, result.prices.cost))
    all_given, net, costs = zip(*parts, strict=True)
    return Answer(np.concatenate(all_given, axis=1), np.concatenate(net), np.concatenate(costs))


def remembered(states: Any, members: int) -> Memory:
    """What is kept of members, from their states by number."""
    kept = memory(members)
    for number in range(members):
        state = states(number)
        kept.spend[number] = sum(state.tracks.get("spend", {}).values())
        toys = state.limits.get("Toys: point per calendar month", {})
        kept.month[number], kept.toys[number] = max(toys.items(), default=(0, 0))
        kept.hello[number] = bool(state.limits.get("Hello ten: times per lifetime"))
    return kept
