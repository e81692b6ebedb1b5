"""The check of one declaration, against the names of all.

In: a declaration and the symbols. Out: `CheckedOne`: the core of what it declares (None after an error, or where
there is none), its findings, and what it read. Nothing here looks at other declarations but through the context, so
the result holds until the declaration or something that it read changes.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

import msgspec

from rules_engine import ir, periods, tree
from rules_engine.checking.context import Context, Need, ReadKey
from rules_engine.checking.elaboration import anchor, define_decl, env_for, table_decl
from rules_engine.checking.events import event_info
from rules_engine.checking.fields import fields_of
from rules_engine.checking.groups import group_def, holdout_def
from rules_engine.checking.headers import header_info
from rules_engine.checking.imports import import_column, import_table
from rules_engine.checking.infos import EventInfo, HeaderInfo, PeriodInfo
from rules_engine.checking.ladders import match_def, tiers_def
from rules_engine.checking.offers import offer_def
from rules_engine.checking.refused import OFFERS
from rules_engine.checking.roles import roles_of_facts
from rules_engine.checking.rules import rule_def
from rules_engine.checking.scenarios import check_test
from rules_engine.checking.spans import anchors_of, period_of
from rules_engine.checking.subjects import subject
from rules_engine.checking.symbols import Entry, Symbols
from rules_engine.checking.tracks import track_def
from rules_engine.checking.units import unit_def
from rules_engine.diagnostics import Diagnostic

MemberFields: TypeAlias = tuple[ir.FieldDef, ...]
Core: TypeAlias = (
    HeaderInfo
    | MemberFields
    | EventInfo
    | ir.UnitDef
    | ir.PeriodDef
    | ir.TrackDef
    | ir.TiersDef
    | ir.RuleDef
    | ir.OfferDef
    | ir.GroupDef
    | ir.OfferGroupDef
    | ir.MatchDef
    | ir.HoldoutDef
    | ir.ImportDef
)
"""What a declaration becomes."""


class CheckedOne(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One declaration, checked. `uses` are periods that it names without declaring them, `needs` settings of the
    header, `reads` what its result depends on besides its own text; `moved` is how far the text moved since the core
    was made. What is `stale` does not outlast an edit: an import may have changed although its declaration did not, and
    a place that a label shows may have moved."""

    entry: Entry
    core: Core | None
    diagnostics: tuple[Diagnostic, ...]
    reads: frozenset[ReadKey]
    needs: tuple[Need, ...]
    uses: dict[str, periods.Period]
    stale: bool = False
    moved: int = 0


def check_one(entry: Entry, symbols: Symbols) -> CheckedOne:
    """Check a declaration."""
    context = Context(symbols, entry.file, subject(entry.declaration))
    core = _core(entry.declaration, context)
    if context.failed:
        core = None
    return CheckedOne(
        entry,
        core,
        tuple(context.findings),
        frozenset(context.reads),
        tuple(context.needs.values()),
        context.uses,
        any(each.labels for each in context.findings) or _imports(entry.home),
    )


def _imports(declared: tree.Declaration) -> bool:
    """Whether a declaration says what stands outside the rule files."""
    match declared:
        case tree.DefineDecl(value=tree.Column()) | tree.PeriodDecl(span_=tree.HostSpan()):
            return True
        case tree.TableDecl(file=file):
            return file is not None
        case _:
            return False


def _core(declared: tree.Declaration, context: Context) -> Core | None:  # noqa: C901 - one arm for each kind
    match declared:
        case tree.RuleDecl() if declared.kind in OFFERS:
            return offer_def(declared, context)
        case tree.RuleDecl():
            return rule_def(declared, context)
        case tree.Program():
            return header_info(declared, context)
        case tree.PeriodDecl():
            return period_def(declared, context)
        case tree.DefineDecl():
            return _define(declared, context)
        case tree.TableDecl():
            return _table(declared, context)
        case tree.UnitDecl():
            return unit_def(declared, context)
        case tree.EventDecl():
            return _event(declared, context)
        case tree.MemberDecl():
            return _member(declared, context)
        case tree.TrackDecl():
            return track_def(declared, context)
        case tree.TiersDecl():
            return tiers_def(declared, context)
        case tree.GroupDecl():
            return group_def(declared, context)
        case tree.HoldoutDecl():
            return holdout_def(declared, context)
        case tree.MatchDecl():
            return match_def(declared, context)
        case tree.TestDecl():
            check_test(declared, context)
            return None
        case tree.Language():
            _language(declared, context)
            return None
        case tree.Use():
            return None
        case _:
            assert_never(declared)


LANGUAGE_VERSION = 1


def _language(declared: tree.Language, context: Context) -> None:
    if declared.version != LANGUAGE_VERSION:
        context.report("S102", declared, version=str(declared.version), known=str(LANGUAGE_VERSION))


def _member(declared: tree.MemberDecl, context: Context) -> MemberFields:
    fields = fields_of(declared.fields, context)
    for each in fields:
        if each.bounds:
            context.report("T353", declared, name=each.name)
    roles_of_facts(declared, fields, context)
    return fields


def _event(declared: tree.EventDecl, context: Context) -> EventInfo:
    info = event_info(declared, context)
    instants = any(
        field.kind == "instant"
        for field in (*info.definition.fields, *(info.definition.lines.fields if info.definition.lines else ()))
    )
    if instants:
        context.need("timezone", declared.name)
    return info


def _define(declared: tree.DefineDecl, context: Context) -> Core | None:
    if isinstance(declared.value, tree.Column):
        return import_column(declared.name.text, declared.value, context)
    define_decl(declared, context)
    return None


def _table(declared: tree.TableDecl, context: Context) -> Core | None:
    if declared.file is not None and declared.key is not None:
        return import_table(declared.name.text, declared.key, declared.file, context)
    table_decl(declared, env_for(context, (), "earn"))
    return None


def period_def(declared: tree.PeriodDecl, context: Context) -> ir.PeriodDef | None:
    """A declared period with the day that its occurrences hang on."""
    made = period_of(declared, context)
    known = context.symbols.names.get(declared.name.text)
    if isinstance(known, PeriodInfo) and known.period is None and not context.findings:
        context.report("M121", declared.name, name=declared.name.text)
    if made is None or context.failed:
        return None
    context.need_for(made, declared.name)
    written = {each.text: each for each in anchors_of(declared)}
    if len(written) > 1:
        mend = "declare two periods and ask both: `today in a and not today in b`"
        context.never("a period that hangs on two days", mend, declared.name)
        return None
    for each in written.values():
        return ir.PeriodDef(declared.name.text, made, _anchor(each, context))
    return ir.PeriodDef(declared.name.text, made)


def _anchor(written: tree.Path | tree.DateLit, context: Context) -> ir.Expr | None:
    if isinstance(written, tree.DateLit):
        return context.day(written)
    return anchor(written, context)
