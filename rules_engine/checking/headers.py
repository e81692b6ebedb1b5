"""The header: the program's settings, each written at most once.

In: the `program` declaration and the context of the check. Out: `HeaderInfo`; what a setting cannot mean is reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from rules_engine import ir, tree
from rules_engine.calendar import check_zone, parse_date
from rules_engine.checking.infos import HeaderInfo
from rules_engine.checking.spans import dates_crossed, month_of, weekday_of
from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.values import ValueFault

if TYPE_CHECKING:
    from rules_engine.checking.context import Context

DECIMALS_MAX = 6
NO_HEADER = HeaderInfo("", {}, None, None, None, None, None, None, False)


def header_info(declared: tree.Program, context: Context) -> HeaderInfo:
    """What the header says; a setting with an error counts as said."""
    said: dict[type, tree.Setting] = {}
    for each in declared.settings:
        other = said.setdefault(type(each), each)
        if other is not each:
            context.report("S103", each, labels=context.label(other, "the first one"), setting=words(each))
    terms = _terms(said.get(tree.Terms), context)
    return HeaderInfo(
        declared.title.value,
        _currencies(said.get(tree.Currencies), context),
        _zone(said.get(tree.Zone), context),
        _week_start(said.get(tree.WeekStart), context),
        _leap_day(said.get(tree.LeapDay), context),
        _split(said.get(tree.SplitPolicy)),
        *terms,
        tree.Terms in said,
        _prices(said.get(tree.Prices)),
        _tax(said.get(tree.TaxRounding)),
        _returns(said.get(tree.ReturnsPolicy), context),
        _stacking(said.get(tree.Stacking), context),
    )


def supposed_header(words: tuple[str, ...]) -> HeaderInfo:
    """A header that does not parse, by the currencies that stand in it: enough to check the rest."""
    currencies = {code: ir.Currency(code, CURRENCY_DECIMALS[code], "half up") for code in words}
    return HeaderInfo("", currencies, "UTC", 0, "28 February", None, None, None, True)


def words(setting: tree.Setting) -> str:
    """How a setting is called in messages."""
    match setting:
        case tree.Currencies():
            return "currency"
        case tree.Zone():
            return "timezone"
        case tree.WeekStart():
            return "weeks start"
        case tree.LeapDay():
            return "29 February"
        case tree.Prices():
            return "prices"
        case tree.TaxRounding():
            return "tax"
        case tree.SplitPolicy():
            return "split"
        case tree.Terms():
            return "terms"
        case tree.ReturnsPolicy():
            return "returns"
        case tree.Stacking():
            return "stacking"
        case _:
            assert_never(setting)


def _currencies(setting: tree.Setting | None, context: Context) -> dict[str, ir.Currency]:
    made: dict[str, ir.Currency] = {}
    if not isinstance(setting, tree.Currencies):
        return made
    for name, finer in setting.codes:
        decimals = CURRENCY_DECIMALS.get(name.text)
        if decimals is None:
            context.unknown("currency", name, CURRENCY_DECIMALS, note="currencies go by their ISO 4217 codes")
            decimals = 2
        if name.text in made:
            context.report("N102", name, name=name.text, what="currencies")
        if finer is not None and not decimals <= finer <= DECIMALS_MAX:
            context.report("S105", name, code=name.text, least=str(decimals), most=str(DECIMALS_MAX))
        made[name.text] = ir.Currency(name.text, decimals if finer is None else finer, setting.rounding)
    return made


def _zone(setting: tree.Setting | None, context: Context) -> str | None:
    if not isinstance(setting, tree.Zone):
        return None
    try:
        return check_zone(setting.name.value)
    except ValueFault as fault:
        context.report("S106", setting.name, reason=fault.reason)
        return "UTC"


def _week_start(setting: tree.Setting | None, context: Context) -> int | None:
    if not isinstance(setting, tree.WeekStart):
        return None
    return weekday_of(setting.day, context) or 0


def _leap_day(setting: tree.Setting | None, context: Context) -> Literal["28 February", "1 March"] | None:
    if not isinstance(setting, tree.LeapDay):
        return None
    counts_as = setting.counts_as
    match counts_as.day, month_of(counts_as.month, context):
        case 28, 2:
            return "28 February"
        case 1, 3:
            return "1 March"
        case _, None:
            return "28 February"
        case _:
            context.report("S107", counts_as)
            return "28 February"


def _split(setting: tree.Setting | None) -> tree.SplitPolicy | None:
    return setting if isinstance(setting, tree.SplitPolicy) else None


def _prices(setting: tree.Setting | None) -> Literal["include", "exclude", ""]:
    if not isinstance(setting, tree.Prices):
        return ""
    return "include" if setting.include else "exclude"


def _tax(setting: tree.Setting | None) -> tree.TaxRounding | None:
    return setting if isinstance(setting, tree.TaxRounding) else None


def _returns(setting: tree.Setting | None, context: Context) -> tree.OnReturn | None:
    if not isinstance(setting, tree.ReturnsPolicy):
        return None
    if setting.policy.policy != "by share":  # there it is about what was given and is spent
        shortfall_fits(setting.policy, context)
    return setting.policy


def shortfall_fits(policy: tree.OnReturn, context: Context) -> None:
    """Only where a return is worked out again can it take back more than was paid for what comes back."""
    again = policy.policy == "work out again"
    if again and policy.shortfall is None:
        fix = context.insert("take it off later refunds", policy.span[1], ", shortfall off refund")
        context.report("M217", policy, fix=fix)
    elif not again and policy.shortfall is not None:
        context.report("M218", policy, policy=policy.policy)


def _stacking(setting: tree.Setting | None, context: Context) -> tuple[tree.StageRow, ...]:
    if not isinstance(setting, tree.Stacking):
        return ()
    first: dict[str, tree.StageRow] = {}
    for each in setting.rows:
        other = first.setdefault(each.stage, each)
        if other is not each:
            context.report("M160", each, what=f"`{each.stage}:`", labels=context.label(other, "the first one"))
    return setting.rows


def _terms(setting: tree.Setting | None, context: Context) -> tuple[int | None, int | None]:
    if not isinstance(setting, tree.Terms):
        return None, None
    dates = setting.dates
    for each in (dates.start_time, dates.end_time, dates.by):
        if each is not None:
            context.report("S108", each)
    dates_crossed(dates, context)
    start, end = _day(dates.start, context), _day(dates.end, context)
    return start, end if end is None or dates.end_word != "before" else end - 1


def _day(date: tree.DateExpr | None, context: Context) -> int | None:
    if date is None:
        return None
    if not isinstance(date, tree.DateLit):
        context.report("S108", date)
        return None
    try:
        return parse_date(date.text)
    except ValueFault as fault:
        context.report("M148", date, reason=fault.reason)
        return None
