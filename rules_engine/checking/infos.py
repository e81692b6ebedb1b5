"""What is known of each declared name: enough to check whoever mentions it, read off the syntax alone.

In: nothing; `symbols` makes these records. Out: frozen records, compared by what they say and not by where it stands,
so that an editor knows whose readers an edit concerns. `refused` says that a rule has a
clause that its kind cannot have.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from rules_engine import ir, tree
from rules_engine.periods import Period

Setting: TypeAlias = Literal["currency", "timezone", "weeks", "leap day", "split", "prices", "tax", "returns"]
"""The settings of the header that something may need."""

STAGES: dict[tree.RuleKind, int] = {
    "catalogue offer": 0,
    "item offer": 1,
    "basket offer": 2,
    "shipping offer": 3,
    "redeem": 4,
    "earn": 5,
    "reward": 7,
}
"""The order in which rules of a kind run; tiers and matches are judged between earns and rewards."""


class Place(msgspec.Struct, frozen=True):
    """Where a declaration's name stands: the file's number and name, and the span."""

    file: int
    source: str
    span: tuple[int, int]


class Info(msgspec.Struct, frozen=True):
    """The base of all records of names."""

    name: str


class BrokenInfo(Info, frozen=True):
    """A declaration whose text does not parse: it exists, and nothing more is known. Nobody complains about it
    twice."""


class UnitInfo(Info, frozen=True):
    """A unit: `currency` is empty unless it counts money. `apart`: each lot in a household's pool says whose it is."""

    plural: str
    decimals: int
    currency: str
    rounding: ir.RoundingMode | None
    remembers: tuple[ir.FieldDef, ...] = ()
    owner: Literal["member", "household"] = "member"
    apart: bool = False


class PeriodInfo(Info, frozen=True):
    """A declared period. `period` is None where its declaration has errors."""

    period: Period | None
    host: bool


class DefineInfo(Info, frozen=True):
    """A name for an expression or for an imported column (then `node` is None)."""

    node: tree.Expr | None
    file: int


class TableInfo(Info, frozen=True):
    """A named table: rows in the file, or imported by a key."""

    node: tree.TableBy | None
    key: tree.Path | None
    file: int


class TrackInfo(Info, frozen=True):
    """A track: its kind, its window and the events that move it, by their names. `given` is the unit whose flow it adds
    up, given or used. Its value's type is asked of `fold_type(node, ...)`."""

    kind: Literal["sum", "count", "distinct", "streak", "first day", "last day", ""]
    window: ir.Window | None
    events: tuple[str, ...]
    given: str
    by_key: bool
    node: tree.TrackDecl
    file: int


class RuleInfo(Info, frozen=True):
    """A rule. `key` is its `as` name, else its title; `stage` counts the order of evaluation."""

    key: str
    title: str
    kind: tree.RuleKind
    stage: int
    events: tuple[str, ...]
    refused: bool
    node: tree.RuleDecl
    file: int


class MatchInfo(Info, frozen=True):
    """A status match."""

    key: str
    title: str
    events: tuple[str, ...]
    node: tree.MatchDecl
    file: int


class GroupInfo(Info, frozen=True):
    """A group of rules."""

    order: tuple[str, ...]
    node: tree.GroupDecl
    file: int


class EventInfo(Info, frozen=True):
    """A declared event. `instant`: it is dated by an instant and not by a day."""

    definition: ir.EventDef
    owner_optional: bool
    instant: bool
    priced_by_offers: bool
    priced_in: str


class TiersInfo(Info, frozen=True):
    """The ladder: rungs from the lowest, names of paths."""

    from_host: bool
    rungs: tuple[str, ...]
    ways: tuple[str, ...]


class HeaderInfo(msgspec.Struct, frozen=True):
    """The program's settings; None and empty where the header does not say."""

    title: str
    currencies: dict[str, ir.Currency]
    zone: str | None
    week_start: int | None
    leap_day: Literal["28 February", "1 March"] | None
    split: tree.SplitPolicy | None
    terms_from: int | None
    terms_until: int | None
    terms: bool
    prices: Literal["include", "exclude", ""] = ""
    tax: tree.TaxRounding | None = None
    returns: tree.OnReturn | None = None
    stacking: tuple[tree.StageRow, ...] = ()


class PeriodUse(msgspec.Struct, frozen=True):
    """A period as some text uses it: the name that the core knows it by."""

    name: str
    period: Period


def alike(left: object, right: object) -> bool:
    """Whether two records say the same, wherever their text stands."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, tree.Node):
        return tree.same(left, right)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(alike, left, right))
    if isinstance(left, msgspec.Struct):
        return all(alike(getattr(left, each), getattr(right, each)) for each in left.__struct_fields__)
    return left == right
