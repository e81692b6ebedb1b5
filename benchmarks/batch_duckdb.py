"""The ten rules of `batch.rules` by hand in SQL, for DuckDB: one query over a row an event, its lines in lists.

In: integers in a table of DuckDB's own, made beforehand. Out: an answer as `batch_numpy` gives it. A split is one list
of whole numbers in which remainder, cost and article lie side by side; the line gets an odd penny whose number is not
below the one that stands where the odd pennies end. State is a window over the member's events, without their lists.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.batch_data import CATEGORIES, CHANNELS, History
from benchmarks.batch_numpy import Answer, Memory, article_ranks, days, memory


def _split(name: str, source: str, amount: str, total: str, weight: str) -> str:
    """Three steps: what each line's share leaves, from which number on a line gets an odd penny, and the new costs.
    `weight` is what of a cost `c` at place `i` counts."""
    key = f"((({amount} * {weight}) % {total}) * 1048576 + {weight}) * 4096 + 4095 - article[i]"
    floor = f"({amount} * {weight}) // {total}"
    return f"""
{name}_keys AS (
  SELECT *, CASE WHEN {amount} > 0 THEN list_transform(costs, lambda c, i: {key}) END AS keys,
    CASE WHEN {amount} > 0 THEN {amount} - list_sum(list_transform(costs, lambda c, i: {floor}))::BIGINT END AS odd
  FROM {source}
),
{name}_cut AS (
  SELECT * EXCLUDE (odd), CASE WHEN odd > 0 THEN list_reverse_sort(keys)[odd] ELSE 9223372036854775807 END AS cut
  FROM {name}_keys
),
{name} AS (
  SELECT * EXCLUDE (costs, keys, cut), CASE WHEN {amount} > 0 THEN
    list_transform(costs, lambda c, i: c - {floor} - (keys[i] >= cut)::BIGINT) ELSE costs END AS costs
  FROM {name}_cut
)"""


def _sum_of(category: str) -> str:
    number = CATEGORIES.index(category)
    return f"list_sum(list_transform(costs, lambda c, i: CASE WHEN category[i] = {number} THEN c ELSE 0 END))::BIGINT"


_BOOK = f"(CASE WHEN category[i] = {CATEGORIES.index('books')} THEN c ELSE 0 END)"
_APP, _STORE, _FASHION = CHANNELS.index("app"), CHANNELS.index("store"), CATEGORIES.index("fashion")
QUERY = f"""
WITH lists AS (
  SELECT *, list_transform(pieces, lambda p, i: p * price[i]) AS list FROM events
),
seasons AS (
  SELECT *, list_transform(list, lambda c, i:
    CASE WHEN category[i] = {_FASHION} AND spring[i] THEN (c + 5) // 10 ELSE 0 END) AS off FROM lists
),
opened AS (
  SELECT * EXCLUDE (off, list, pieces, price, spring), list_sum(off)::BIGINT AS season,
    list_transform(list, lambda c, i: c - off[i]) AS costs FROM seasons
),
totals AS (
  SELECT *, list_sum(costs)::BIGINT AS total, CASE WHEN channel = {_APP} THEN {_sum_of("books")} ELSE 0 END AS books
  FROM opened
),
wanted AS (
  SELECT *, CASE WHEN total >= 12000 THEN 1000 ELSE 0 END AS ten0, (books * 3 + 5) // 10 AS thirty0 FROM totals
),
chosen AS (
  SELECT * EXCLUDE (ten0, thirty0), CASE WHEN ten0 >= thirty0 THEN ten0 ELSE 0 END AS ten,
    CASE WHEN thirty0 > ten0 THEN thirty0 ELSE 0 END AS thirty FROM wanted
),
{_split("tens", "chosen", "ten", "total", "c")},
{_split("books30", "tens", "thirty", "books", _BOOK)},
fives AS (SELECT * EXCLUDE (total), total - ten - thirty AS total,
  CASE WHEN total - ten - thirty >= 6000 THEN 500 ELSE 0 END AS five FROM books30),
{_split("spend60", "fives", "five", "total", "c")},
firsts AS (SELECT member AS buyer, min(id) AS first FROM events WHERE code GROUP BY member),
codes AS (
  SELECT * EXCLUDE (total, first, buyer), total - five AS total,
    CASE WHEN id = first THEN least((total - five + 5) // 10, 2000) ELSE 0 END AS hello
  FROM spend60 LEFT JOIN firsts ON member = buyer
),
{_split("hellos", "codes", "hello", "total", "c")},
nets AS (
  SELECT *, total - hello AS net, (total - hello) // 100 AS base,
    CASE WHEN plan = 1 THEN least((total - hello) // 1000, 200) ELSE 0 END AS plus,
    {_sum_of("toys")} // 100 * 3 AS toys,
    CASE WHEN channel = {_STORE} THEN {_sum_of("grocery")} // 200 ELSE 0 END AS grocery FROM hellos
)
SELECT * FROM nets
"""
EARNED = """
WITH spending AS (
  SELECT *, coalesce(sum(net) OVER (PARTITION BY member ORDER BY id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS spent
  FROM (SELECT id, member, net, base FROM answer)
),
capped AS (
  SELECT id, toys, coalesce(sum(toys) OVER (PARTITION BY member, month ORDER BY id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS used
  FROM (SELECT id, member, month, toys FROM answer WHERE toys > 0)
)
SELECT id, base * CASE WHEN spent >= 200000 THEN 50 WHEN spent >= 50000 THEN 25 ELSE 0 END // 100 AS tier,
  coalesce(least(toys, greatest(500 - used, 0)), 0)::BIGINT AS toys
FROM spending LEFT JOIN capped USING (id)
"""
COUNTERS = """
WITH months AS (
  SELECT member, month, least(sum(toys), 500)::BIGINT AS toys FROM answer WHERE toys > 0 GROUP BY member, month
),
last AS (SELECT member, max(month) AS month, arg_max(toys, month) AS toys FROM months GROUP BY member)
SELECT spends.*, month, toys
FROM (SELECT member, sum(net)::BIGINT AS spend, bool_or(hello > 0) AS hello FROM answer GROUP BY member) AS spends
LEFT JOIN last USING (member)
"""
GIVEN = ("season", "ten", "thirty", "five", "hello", "base", "tier", "toys", "grocery", "plus")
_PLAIN = tuple(name for name in GIVEN if name not in {"tier", "toys"})


def columns(found: History) -> pa.Table:
    """A row an event, lists of its lines; whole numbers all."""
    known = days(found)

    def lists(values: Any) -> pa.Array:
        return pa.LargeListArray.from_arrays(pa.array(found.offsets), pa.array(values))

    return pa.table(
        {
            "id": np.arange(found.events),
            "member": found.member,
            "month": known.month[found.day - known.first],
            "channel": found.channel,
            "code": found.code,
            "plan": found.plan[found.member],
            "category": lists(found.category),
            "article": lists(article_ranks(found)),
            "spring": lists(known.spring[found.for_day - known.first]),
            "pieces": lists(found.pieces),
            "price": lists(found.price),
        }
    )


class Duck:
    """A connection that holds the events."""

    def __init__(self, found: History, threads: int) -> None:
        self.members = found.members
        self.connection = duckdb.connect(config={"threads": threads})
        table = columns(found)
        self.connection.register("sent", table)
        self.connection.execute("CREATE TABLE events AS SELECT * FROM sent")

    def score(self) -> tuple[pa.Table, pa.Table, pa.Table]:
        """What offers and plain earns do with each event, what state decides of it, what is remembered of members."""
        run = self.connection
        run.execute("CREATE OR REPLACE TEMP TABLE answer AS " + QUERY)
        answer = run.sql(f"SELECT id, {', '.join(_PLAIN)}, net, costs FROM answer").to_arrow_table()
        return answer, run.sql(EARNED).to_arrow_table(), run.sql(COUNTERS).to_arrow_table()


def as_arrays(answer: pa.Table, earned: pa.Table, counters: pa.Table, members: int) -> tuple[Answer, Memory]:
    """All as NumPy has it, to compare."""
    answer, earned = answer.sort_by("id").combine_chunks(), earned.sort_by("id").combine_chunks()
    given = np.array([(answer if name in _PLAIN else earned)[name].to_numpy() for name in GIVEN])
    costs = answer["costs"].combine_chunks().flatten().to_numpy()
    kept = memory(members)
    who = counters["member"].to_numpy()
    kept.spend[who] = counters["spend"].to_numpy()
    for array, name in ((kept.toys, "toys"), (kept.month, "month")):
        array[who] = counters[name].fill_null(0).to_numpy()
    kept.hello[who] = counters["hello"].to_numpy(zero_copy_only=False)
    return Answer(given, answer["net"].to_numpy(), costs), kept
