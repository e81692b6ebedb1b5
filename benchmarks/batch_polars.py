"""The ten rules of `batch.rules` by hand in Polars: columns of events and columns of lines, whole.

In: integers in data frames, made beforehand. Out: an answer as `batch_numpy` gives it. What an event's lines come to is
a difference of running sums, which is several times faster than grouping. A split sorts one whole number a line, as in
`batch_numpy`; state is a sum over the member's events, in windows.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.batch_data import CATEGORIES, CHANNELS, History
from benchmarks.batch_numpy import Answer, Memory, article_ranks, days, memory

GIVEN = ("season", "ten", "thirty", "five", "hello", "base", "tier", "toys", "grocery", "plus")
_BOOKS, _TOYS, _GROCERY, _FASHION = (CATEGORIES.index(name) for name in ("books", "toys", "grocery", "fashion"))
_APP, _STORE = CHANNELS.index("app"), CHANNELS.index("store")


class Frames:
    """The events, and their lines, in the order of events."""

    def __init__(self, found: History) -> None:
        known = days(found)
        self.members = found.members
        self.events = pl.DataFrame(
            {
                "id": np.arange(found.events),
                "begin": found.offsets[:-1],
                "end": found.offsets[1:],
                "member": found.member,
                "month": known.month[found.day - known.first],
                "channel": found.channel,
                "code": found.code,
                "plan": found.plan[found.member],
            }
        )
        self.lines = pl.DataFrame(
            {
                "event": np.repeat(np.arange(found.events), np.diff(found.offsets)),
                "category": found.category,
                "article": article_ranks(found),
                "spring": known.spring[found.for_day - known.first],
                "pieces": found.pieces,
                "price": found.price,
            }
        )

    def score(self) -> tuple[pl.DataFrame, pl.Series, pl.DataFrame]:
        """What each rule gives each event, what lines cost, and what is remembered of members."""
        lines = self.lines.select(
            "event", "category", "article", (pl.col("pieces") * pl.col("price")).alias("list"), "spring"
        ).with_columns(
            season=pl.when((pl.col("category") == _FASHION) & pl.col("spring"))
            .then((pl.col("list") + 5) // 10)
            .otherwise(0)
        )
        lines = lines.with_columns(cost=pl.col("list") - pl.col("season")).drop("list", "spring")
        events, lines = self._basket(lines)
        lines = self._take(lines, events["hello"], events["total"], pl.col("cost"))
        events = events.with_columns(
            net=pl.col("total") - pl.col("hello"),
            toys=self._sums(lines, _only(_TOYS)) // 100 * 3,
            grocery=pl.when(pl.col("channel") == _STORE).then(self._sums(lines, _only(_GROCERY)) // 200).otherwise(0),
        )
        return self._earned(events), lines["cost"], self._counters(events)

    def _basket(self, lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Season, the best of two, five pounds off sixty, and what the code would take."""
        events = self.events.with_columns(
            season=self._sums(lines, pl.col("season")),
            total=self._sums(lines, pl.col("cost")),
            books=self._sums(lines, _only(_BOOKS)),
        )
        events = events.with_columns(
            ten=pl.when(pl.col("total") >= 12_000).then(1000).otherwise(0),
            thirty=pl.when(pl.col("channel") == _APP).then((pl.col("books") * 3 + 5) // 10).otherwise(0),
        ).with_columns(
            ten=pl.when(pl.col("ten") >= pl.col("thirty")).then(pl.col("ten")).otherwise(0).cast(pl.Int64),
            thirty=pl.when(pl.col("thirty") > pl.col("ten")).then(pl.col("thirty")).otherwise(0),
        )
        lines = self._take(lines, events["ten"], events["total"], pl.col("cost"))
        lines = self._take(lines, events["thirty"], events["books"], _only(_BOOKS))
        events = events.with_columns(total=pl.col("total") - pl.col("ten") - pl.col("thirty")).with_columns(
            five=pl.when(pl.col("total") >= 6000).then(500).otherwise(0).cast(pl.Int64)
        )
        lines = self._take(lines, events["five"], events["total"], pl.col("cost"))
        first = events.filter(pl.col("code")).group_by("member").agg(first=pl.col("id").min())
        acts = pl.col("id").is_in(first["first"].implode())
        ten = ((pl.col("total") + 5) // 10).clip(upper_bound=2000)
        events = events.with_columns(total=pl.col("total") - pl.col("five"))
        return events.with_columns(hello=pl.when(acts).then(ten).otherwise(0)), lines

    def _sums(self, lines: pl.DataFrame, values: pl.Expr) -> pl.Series:
        """By event: the running sum at its last line, less that of the event before."""
        running = lines.select(values.cum_sum()).to_series().gather(self.events["end"] - 1)
        return running - running.shift(1, fill_value=0)

    def _take(self, lines: pl.DataFrame, amount: pl.Series, total: pl.Series, weight: pl.Expr) -> pl.DataFrame:
        """An amount for each event off its lines, in proportion to their weights."""
        asked = amount.gather(lines["event"])
        some = lines.with_row_index("line").select("line", "event", "article", weight=weight, amount=asked)
        some = some.filter(pl.col("amount") > 0)
        if not len(some):
            return lines
        some = some.with_columns(total=total.gather(some["event"]), product=pl.col("amount") * pl.col("weight"))
        some = some.with_columns(share=pl.col("product") // pl.col("total")).with_columns(
            left=pl.col("product") - pl.col("share") * pl.col("total")
        )
        chosen = self.events.filter(amount > 0).select(
            size=pl.col("end") - pl.col("begin"), amount=amount.filter(amount > 0)
        )
        end = chosen["size"].cum_sum()
        running = some["share"].cum_sum().gather(end - 1)
        odd = chosen["amount"] - (running - running.shift(1, fill_value=0))
        which = some["event"].rle_id()
        rank = pl.int_range(len(some), eager=True) - (end - chosen["size"]).gather(which)
        key = (pl.col("event") * (1 << 17) + (1 << 17) - 1 - pl.col("left")) * (1 << 25)
        key += ((1 << 13) - 1 - pl.col("weight")) * (1 << 12) + pl.col("article")
        order = some.select(key.arg_sort()).to_series()
        up = some["line"].gather(order.filter(rank < odd.gather(which)))
        off = pl.zeros(len(lines), pl.Int64, eager=True).scatter(some["line"], some["share"])
        cost = lines["cost"] - off
        return lines.with_columns(cost=cost.scatter(up, cost.gather(up) - 1))

    def _earned(self, events: pl.DataFrame) -> pl.DataFrame:
        base = pl.col("net") // 100
        spent = pl.col("net").cum_sum().over("member") - pl.col("net")
        used = pl.col("toys").cum_sum().over("member", "month") - pl.col("toys")
        return events.with_columns(base=base, spent=spent, used=used).select(
            "season",
            "ten",
            "thirty",
            "five",
            "hello",
            "base",
            pl.when(pl.col("spent") >= 200_000)
            .then(pl.col("base") * 50 // 100)
            .when(pl.col("spent") >= 50_000)
            .then(pl.col("base") * 25 // 100)
            .otherwise(0)
            .alias("tier"),
            pl.min_horizontal(pl.col("toys"), (500 - pl.col("used")).clip(lower_bound=0)).alias("toys"),
            "grocery",
            pl.when(pl.col("plan") == 1).then((pl.col("base") // 10).clip(upper_bound=200)).otherwise(0).alias("plus"),
            "net",
        )

    def _counters(self, events: pl.DataFrame) -> pl.DataFrame:
        sums = events.group_by("member").agg(spend=pl.col("net").sum(), hello=(pl.col("hello") > 0).any())
        months = events.filter(pl.col("toys") > 0).group_by("member", "month").agg(pl.col("toys").sum())
        last = months.group_by("member").agg(pl.all().sort_by("month").last())
        capped = last.with_columns(pl.col("toys").clip(upper_bound=500))
        return sums.join(capped, on="member", how="left")


def _only(category: int) -> pl.Expr:
    """What lines of a category cost, 0 for the others."""
    return pl.when(pl.col("category") == category).then(pl.col("cost")).otherwise(0)


def as_arrays(given: pl.DataFrame, costs: pl.Series, counters: pl.DataFrame, members: int) -> tuple[Answer, Memory]:
    """All as NumPy has it, to compare."""
    kept = memory(members)
    who = counters["member"].to_numpy()
    kept.spend[who] = counters["spend"].to_numpy()
    kept.toys[who] = counters["toys"].fill_null(0).to_numpy()
    kept.month[who] = counters["month"].fill_null(0).to_numpy()
    kept.hello[who] = counters["hello"].to_numpy()
    return Answer(given.select(GIVEN).to_numpy().T, given["net"].to_numpy(), costs.to_numpy()), kept
