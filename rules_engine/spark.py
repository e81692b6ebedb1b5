"""Scoring on Spark: the same rows as on one machine, from a data frame that is larger than one.

    from rules_engine.spark import score
    score(orders, load("shop.rules"), members=people).rows.write.parquet("points")

In: a data frame of events, a row an event, as `Program.score_table` reads them; a program. Out: `Scored`, whose data
frames are read from one that has a row for everything that was said. Nothing runs before one of them is asked for, but
the counting of ids.

A program whose events ask nothing of earlier ones is scored where the rows are (`mapInArrow`). Any other one needs all
events of a member in one place, and of a household where there are pools: they are brought together by its id, either
many members to a partition, which streams and so holds little at a time, or each by itself (`applyInArrow`). What is
shipped to the workers is the compiled core as data, behind its digest; a worker decodes it once.

What no partition can know is refused before anything runs: programs in which members touch each other, limits that all
share, events that happen by themselves. An id that comes twice is told by whoever has both: so ids are counted first,
unless the caller promises that each comes once.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from rules_engine import ir
from rules_engine.scoring import Program, ties_of
from rules_engine.state import State
from rules_engine.tables import FeedError, pyarrow, records

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

OWNER: Final = "rules_engine_owner"
FACTS: Final = "rules_engine_facts"
STATE: Final = "rules_engine_state"
POOL: Final = "rules_engine_pool"
ORDER: Final = "rules_engine_order"
HIDDEN: Final = (OWNER, FACTS, STATE, POOL, ORDER)
"""Columns that ride with each event: its member, the member's facts and state, the state of the member's pool, and what
decides among events of one instant."""

_READS_STATE: Final = (ir.TrackRead, ir.BalanceRead, ir.TierRead, ir.Reaches, ir.LotField, ir.MarksDef)
_MOVES_STATE: Final = (ir.DeductDef, ir.TurnDef, ir.AcceptDef, ir.CarryDef, ir.ThingDef)


class Shipped(msgspec.Struct, frozen=True, array_like=True):
    """A program on its way: its compiled core and its fingerprint, as data."""

    fingerprint: str
    core: ir.Program


class Job(msgspec.Struct, frozen=True):
    """What a worker is told: the bytes of a `Shipped` and their digest, facts of members, and what is wanted."""

    digest: str
    content: bytes
    members: dict[str, Any]
    effects: bool
    states: bool


class Scored:
    """What scoring gives, as data frames. `said` has a row for everything, of which each of the others is a part:
    persist it where more than one is read, else each scores again.

    `rows` has a row for each scored event, `effects` one for each thing that a rule gave or took, `rejects` one for
    each reason of a refusal: as `Program.score_table` gives them, without the number, as rows have no place in a data
    frame. `states` has `what` (`member` or `pool`), `owner` and `state` after the last event, as JSON text; what it
    holds may be given to the next run.

    >>> scored = score(orders, program, members=people)
    >>> [row.point for row in scored.rows.collect()]
    [Decimal('5')]
    """

    def __init__(self, said: DataFrame) -> None:
        self.said = said

    @property
    def rows(self) -> DataFrame:
        """A row for each scored event."""
        return self._of("row")

    @property
    def effects(self) -> DataFrame:
        """A row for each thing that a rule gave or took."""
        return self._of("effect")

    @property
    def rejects(self) -> DataFrame:
        """A row for each reason of a refusal."""
        return self._of("reject")

    @property
    def states(self) -> DataFrame:
        """The states after the last event of each owner."""
        return self._of("state")

    def _of(self, part: str) -> DataFrame:
        return self.said.where(self.said[part].isNotNull()).select(f"{part}.*")


def score(
    df: DataFrame,
    program: Program,
    members: DataFrame | Mapping[str, Any] | None = None,
    state: DataFrame | None = None,
    *,
    by: Literal["partition", "member"] = "partition",
    partitions: int | None = None,
    order: str = "",
    effects: bool = True,
    states: bool = True,
    unique_ids: bool = False,
) -> Scored:
    """Score a data frame of events; it has the columns that `Program.score_table` wants, in any order.

    `members` are facts: a data frame with a column `member` and one for each fact, or a small mapping, which is shipped
    to every worker. `state` is what an earlier run gave as `states`. Where events of a member must come together, they
    do so `by` partition (`partitions` of them, else as Spark decides) or each member alone. Rows of a data frame are in
    no order: events of one instant go by the column `order`, else by their ids. Without `states` a program
    that asks nothing of earlier events is not shuffled at all. With `unique_ids` the caller promises that no id comes
    twice; else that is counted first. Raises `FeedError` where a program cannot be scored in parts.
    """
    _check(program.core)
    plan = _Plan(df, program.core)
    alone = not states and state is None and is_stateless(program.core)
    if not unique_ids:
        alone = plan.check_ids(alone)
    mapped = dict(members) if isinstance(members, Mapping) else {}
    events = plan.joined(None if isinstance(members, Mapping) else members, state, order)
    job = job_of(program, mapped, effects=effects, states=states)
    schema = _spark_schema(job)
    if alone:
        return Scored(events.mapInArrow(partial(stream, job), schema))
    key = plan.key(mapped)
    if by == "member":
        alone_ = lambda table: group(job, table)  # noqa: E731 - Spark reads hints of whatever has some, and fails on ours
        return Scored(events.groupBy(key).applyInArrow(alone_, schema))
    spread = events.repartition(key) if partitions is None else events.repartition(partitions, key)
    return Scored(spread.sortWithinPartitions(ORDER).mapInArrow(partial(stream, job), schema))


def is_stateless(core: ir.Program) -> bool:
    """Whether what an event gives never depends on an earlier event of its member."""
    if core.tracks or core.tiers is not None or core.matches:
        return False
    records_ = list(ir.records((core.rules, core.offers, core.groups, core.offer_groups, core.units)))
    limited = any(isinstance(each, ir.LimitDef) and each.owner != "event" for each in records_)
    return not limited and not any(isinstance(each, (*_READS_STATE, *_MOVES_STATE)) for each in records_)


def _check(core: ir.Program) -> None:
    """Refuse what no partition can know by itself."""
    ties = ties_of(core)
    limits = [
        each for each in ir.records((core.rules, core.offers, core.groups, core.offer_groups)) if _is_shared(each)
    ]
    reasons = [
        ("its rules read facts of other people", bool(ties.reads)),
        ("its rules give to other people", bool(ties.gives)),
        ("events happen by themselves in it", bool(ties.scheduled)),
        ("all members share a limit of it", bool(limits)),
    ]
    found = [
        f"the program cannot be scored in parts, because {why}: score it on one machine" for why, so in reasons if so
    ]
    if found:
        raise FeedError(*found)


def _is_shared(each: object) -> bool:
    return isinstance(each, ir.LimitDef) and each.owner == "shared"


# ---- on the driver: what goes where ----


class _Plan:
    """Expressions over the events' columns."""

    def __init__(self, df: DataFrame, core: ir.Program) -> None:
        from pyspark.sql import functions

        self.df, self.core, self.functions = df, core, functions
        self.kinds = [event for event in core.events if event.schedule is None]
        if "event" not in df.columns and len(self.kinds) != 1:
            raise FeedError("the events have no column `event` to name the type of each row")
        taken = [name for name in HIDDEN if name in df.columns]
        if taken:
            raise FeedError(*(f"a column is called `{name}`, a name that is kept for ourselves" for name in taken))

    def column(self, attribute: Literal["owner", "identified_by"]) -> Any:
        """The member, or the id, of each event, whatever the field is called in its kind."""
        f = self.functions
        names = {
            kind.name: getattr(kind, attribute) for kind in self.kinds if getattr(kind, attribute) in self.df.columns
        }
        if not names:
            return f.lit(None).cast("string")
        if len(self.kinds) == 1:
            return f.col(next(iter(names.values()))).cast("string")
        cases = [f.when(f.col("event") == kind, f.col(name).cast("string")) for kind, name in names.items()]
        return f.coalesce(*cases)

    def check_ids(self, alone: bool) -> bool:
        """Whether events may still be scored where they are; raises where an id comes under two members."""
        f = self.functions
        kind = f.col("event") if "event" in self.df.columns else f.lit(self.kinds[0].name)
        owner = f.coalesce(self.column("owner"), f.lit(""))
        ids = self.df.select(kind.alias("kind"), self.column("identified_by").alias("id"), owner.alias("owner"))
        counted = ids.groupBy("kind", "id").agg(f.count("*").alias("times"), f.countDistinct("owner").alias("owners"))
        twice = counted.where("times > 1").orderBy(f.desc("owners"), "id").limit(5).collect()
        torn = [row for row in twice if row.owners > 1]
        if torn:
            raise FeedError(
                *(f"{row.kind} `{row.id}` comes for {row.owners} members; an id is of one event" for row in torn)
            )
        return alone and not twice

    def joined(self, members: DataFrame | None, state: DataFrame | None, order: str) -> DataFrame:
        """The events, with facts and states beside them. A column that is there for the order alone is no field."""
        f, events = self.functions, self.df.withColumn(OWNER, self.column("owner"))
        events = events.withColumn(ORDER, f.col(order) if order else self.column("identified_by"))
        if order and all(order not in {field.name for field in kind.fields} for kind in self.kinds):
            events = events.drop(order)
        if members is not None:
            facts = f.struct(*(name for name in members.columns if name != "member")).alias(FACTS)
            events = events.join(members.select(f.col("member").cast("string").alias(OWNER), facts), OWNER, "left")
        if state is not None:
            for what, key, column in (("member", f.col(OWNER), STATE), ("pool", self.pool(), POOL)):
                if what == "pool" and not ties_of(self.core).pooled:
                    continue
                mine = state.where(f.col("what") == what).select(
                    f.col("owner").alias("_whose"), f.col("state").alias(column)
                )
                events = events.join(mine, key == f.col("_whose"), "left").drop("_whose")
        return events

    def pool(self) -> Any:
        """Whose pool an event's member has: the household's that a fact names, else the member's own."""
        f = self.functions
        return (
            f.coalesce(f.col(f"{FACTS}.{self.core.household}"), f.col(OWNER)) if self.core.household else f.col(OWNER)
        )

    def key(self, mapped: Mapping[str, Any]) -> Any:
        """What events must come together by. A guest's go by their id, so that one that comes twice is told."""
        if ties_of(self.core).pooled and self.core.household and mapped:
            raise FeedError("households have pools: give `members` as a data frame, so that a household comes together")
        f, own = self.functions, self.pool() if ties_of(self.core).pooled else self.functions.col(OWNER)
        return f.coalesce(own, self.column("identified_by"))


def job_of(program: Program, members: dict[str, Any], *, effects: bool, states: bool) -> Job:
    """What the workers are told: data, and no code."""
    content = msgspec.msgpack.encode(Shipped(program.fingerprint, program.core))
    return Job(hashlib.sha256(content).hexdigest(), content, members, effects, states)


def _spark_schema(job: Job) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    pa = pyarrow("Spark data frames")
    return from_arrow_schema(_said(job, pa.table({"event": pa.array([], pa.string())}), {}, {}, {}).schema)


# ---- on a worker: some events, and all of their members' ----


@lru_cache(maxsize=4)
def _program(digest: str, content: bytes) -> Program:
    """The program, made once by each worker; bytes that are not those of the digest are refused."""
    assert hashlib.sha256(content).hexdigest() == digest, "the program came damaged"
    shipped = msgspec.msgpack.decode(content, type=Shipped)
    return Program(shipped.core, fingerprint=shipped.fingerprint)


def group(job: Job, table: Any) -> Any:
    """All events of one member, or household, as a table."""
    ride = _Ride(job)
    table = table.sort_by(ORDER) if ORDER in table.column_names else table
    batches = [ride.without(batch) for batch in table.to_batches()]
    events = pyarrow("Spark data frames").Table.from_batches(batches)
    return _said(job, events, ride.facts, ride.states, ride.pools)


def stream(job: Job, batches: Iterator[Any]) -> Iterator[Any]:
    """All events of many members, as they come; they stand in a file until the last is there."""
    pa = pyarrow("Spark data frames")
    ride, first = _Ride(job), next(batches, None)
    if first is None:
        return
    with tempfile.TemporaryDirectory(prefix="rules-engine-") as folder:
        path = str(Path(folder) / "events.arrows")
        head = ride.without(first)
        with pa.ipc.new_stream(path, head.schema) as writer:
            writer.write_batch(head)
            for batch in batches:
                writer.write_batch(ride.without(batch))
        with pa.OSFile(path) as file:
            found = _said(job, pa.ipc.open_stream(file), ride.facts, ride.states, ride.pools)
    yield from found.to_batches(max_chunksize=10_000)


class _Ride:
    """What rides with events: facts and states, kept when they are first met."""

    def __init__(self, job: Job) -> None:
        self.facts: dict[str, Any] = dict(job.members)
        self.states: dict[str, State] = {}
        self.pools: dict[str, State] = {}
        self.program = _program(job.digest, job.content)
        self.met: set[str] = set()

    def without(self, batch: Any) -> Any:
        """A batch of events alone."""
        pa, names = pyarrow("Spark data frames"), batch.schema.names
        owners = batch.column(names.index(OWNER)).to_pylist() if OWNER in names else []
        new = {owner: place for place, owner in reversed(list(enumerate(owners))) if owner and owner not in self.met}
        self.met.update(new)
        if FACTS in names and new:
            column = batch.column(names.index(FACTS)).take(pa.array(list(new.values())))
            known = column.is_valid().to_pylist()
            found = records(pa.RecordBatch.from_struct_array(column))
            self.facts |= {owner: facts for owner, facts, is_known in zip(new, found, known, strict=True) if is_known}
        for name, kept in ((STATE, self.states), (POOL, self.pools)):
            if name in names:
                self._keep(batch.column(names.index(name)), new, kept)
        return batch.select([name for name in names if name not in HIDDEN])

    def _keep(self, column: Any, new: dict[str, int], kept: dict[str, State]) -> None:
        for owner, place in new.items():
            stored = column[place].as_py()
            if stored is None:
                continue
            if kept is self.states:
                kept[owner] = self.program.state(stored)
            else:
                household = self.facts.get(owner, {}).get(self.program.core.household) or owner
                kept[household] = self.program.state(stored, pool=True)


def _said(job: Job, events: Any, facts: Any, states: Any, pools: Any) -> Any:
    """Everything that scoring some events says, as one table."""
    pa = pyarrow("Spark data frames")
    program = _program(job.digest, job.content)
    scored = program.score_table(events, facts, states, pools=pools, effects=job.effects)
    said = [("member", *each) for each in scored.states.items()] + [("pool", *each) for each in scored.pools.items()]
    if not job.states:
        said = []
    kept = [(what, owner, state.to_json().decode()) for what, owner, state in said]
    names = ("what", "owner", "state")
    columns = [pa.array(values, pa.string()) for values in (zip(*kept, strict=True) if kept else ((), (), ()))]
    parts = {
        "row": scored.rows.drop_columns(["number"]),
        "effect": scored.effects.drop_columns(["number"]),
        "reject": scored.rejects.drop_columns(["number"]),
        "state": pa.Table.from_arrays(columns, names=list(names)),
    }
    schema = pa.schema([(name, pa.struct(list(part.schema))) for name, part in parts.items()])
    tables = [
        pa.table(
            {each: _struct(part) if each == name else pa.nulls(len(part), schema.field(each).type) for each in parts}
        )
        for name, part in parts.items()
    ]
    return pa.concat_tables([table.cast(schema) for table in tables])


def _struct(table: Any) -> Any:
    """The rows of a table as one column."""
    pa = pyarrow("Spark data frames")
    columns = [column.combine_chunks() for column in table.columns]
    return pa.StructArray.from_arrays(columns, fields=list(table.schema))
