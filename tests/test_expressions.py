"""What expressions become: the core of short texts, printed short.

Each row of the tables below is a text and its core as one line; the program around it has one event of each sort.
What is wrong in a text stands in the corpus of mistakes, so here everything checks.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from rules_engine import ir
from rules_engine.checking import Checked, check
from rules_engine.folders import Folder
from rules_engine.source import Source

PROGRAM = """language 1
program "Corner Shop" {
  currency GBP, rounded half up   timezone "Europe/London"   weeks start Monday
  29 February counts as 28 February   terms from 2027-01-01
}
unit point, points { rounded down   lasts for 24 months }
unit mile, miles { rounded half up   lasts forever }
unit star, stars { lasts forever }
unit cashback counts GBP { rounded half up   lasts forever }
event purchase dated by bought_on of customer identified by receipt {
  receipt: text   customer: member?   bought_on: date   seen_at: instant   shop: text   rate: rate   own: flag
  coupon: text?   asked: points? up to 1_000   codes: codes up to 5   kind: food | fuel
  lines 0 to 100 {
    sku: text   joins: flag   night: date?   pieces: count up to 100   price: money up to 5_000 GBP as list
  }
}
event visit dated by came_on of customer identified by ticket { ticket: text   customer: member   came_on: date }
member { joined: date   birthday: date?   plan: basic | gold   circle: list of up to 9 text }
period off_peak = 1 Nov to 28 Feb every year
period birthday_month = calendar month of member.birthday every year
period late = 23:00 to 07:00 every day
define shops = ("a", "b")
define rich = spend >= 100 GBP or own
define listed = column "sku" of "listed.csv"
table this_quarter by today { from 2027-01-01: ("gas", "toys")   from 2027-04-01: ("books", "food") }
table category by sku from "catalogue.csv"
track spend = sum of net, on purchase, per calendar year
track visits = count, on visit, per calendar year
track part = sum of net of lines where joins, on purchase where own, per calendar year
track given_points = sum of given points by base, per lifetime
tiers {
  Blue   Silver when visits >= 10   Gold when visits >= 25
  lasts for 12 months   then the earned tier   counts from the next event
}
earn "Base" as base { on purchase  give 10 points per 1 GBP of net of lines where joins }
"""


class Files:
    """The program's folder, in memory."""

    files: ClassVar = {"listed.csv": b"sku\na\nb\n", "catalogue.csv": b"sku,category\na,toys\nb,books\n"}

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)


def checked(declarations: str) -> Checked:
    return check([Source("shop.rules", PROGRAM + declarations)], Files())


def rule(clauses: str, kind: str = "earn") -> ir.RuleDef:
    result = checked(f'{kind} "It" {{ on purchase  {clauses} }}')
    assert [finding.message for finding in result.diagnostics] == []
    core = result.ones[-1].core
    assert isinstance(core, ir.RuleDef)
    return core


def short(value: object) -> str:
    """A core node on one line: its kind and parts, constants bare."""
    match value:
        case ir.Num(num=num, den=den):
            return str(Fraction(num, den))
        case ir.Txt(value=text):
            return repr(text)
        case ir.Flg(value=flag):
            return "yes" if flag else "no"
        case ir.Mul(left=left, right=right):
            return f"{short(left)}*{short(right)}"
        case ir.Add(parts=parts):
            return "(" + " + ".join(map(short, parts)) + ")"
        case ir.Cmp(op=op, left=left, right=right):
            return f"{short(left)} {op} {short(right)}"
        case ir.Choose(keys=keys, rows=rows):
            return f"[{', '.join(map(short, keys))}: {'; '.join(map(short, rows))}]"
        case ir.ChooseRow(tests=tests, value=row):
            return f"{', '.join(map(short, tests))} -> {short(row)}"
        case ir.AnyTest():
            return "any"
        case ir.InTest(values=values):
            return "|".join(map(str, values))
        case ir.RangeTest(low=low, high=high):
            return f"{low}..{'' if high is None else high}"
        case msgspec.Struct():
            fields = [name for name in value.__struct_fields__ if name != "at"]
            texts = [short(getattr(value, name)) for name in fields]
            shown = ", ".join(text for text in texts if text not in ("", "None", "no", "False", "lines"))
            return f"{type(value).__name__}({shown})" if shown else type(value).__name__
        case tuple():
            return "(" + ", ".join(map(short, value)) + ")"
        case _:
            return str(value)


AMOUNTS = [
    ("10 points per 1 GBP of net", "1/10*Fold(sum, LineMoney(net))"),
    ("1 point per full 5 GBP of paid", "Steps(1/500*Fold(sum, LineMoney(paid)))"),
    ("3 points per full 5 GBP of paid", "3*Steps(1/500*Fold(sum, LineMoney(paid)))"),
    ("2 points per full 1 of pieces of lines", "2*Fold(sum, LineField(pieces))"),
    ("25% of base", "1/4*AwardRead(base)"),
    ("100% of base of lines where pieces > 1", "Fold(sum, AwardPart(base), LineField(pieces) > 1)"),
    ("200 points", "200"),
    ("10 points * visits plus 5 points", "(10*TrackRead(visits) + 5)"),
    ("10 points * (visits - 1)", "10*(TrackRead(visits) + -1)"),
    ("1 point per 1 GBP of (net / 2 - spend)", "1/100*(1/2*Fold(sum, LineMoney(net)) + -1*TrackRead(spend))"),
    ("1 point * (net / 1 GBP)", "1/100*Fold(sum, LineMoney(net))"),
    ("largest of (1 point, 2 points * visits)", "Largest((1, 2*TrackRead(visits)))"),
    ("(1 point per 1 GBP of net, up to 5 points, rounded up)", "Round(Clip(1/100*Fold(sum, LineMoney(net)), 5), up)"),
    ("10 points * rate", "10*Field(rate)"),
    ("2 points per 1 of distinct sku of lines", "2*Fold(distinct, LineField(sku))"),
    ("1 point * count of lines where has night and night in off_peak",
     "Fold(count, All((Has(LineField(night)), InPeriod(LineField(night), off_peak))))"),
    ("by tier { Blue: nothing   Silver or Gold: 5 points }", "[TierRead(held): 0 -> 0; 1|2 -> 5]"),
    ("by tier { Silver: 10%   otherwise: nothing } of base", "[TierRead(held): 1 -> 1/10; any -> 0]*AwardRead(base)"),
    ("by kind { food: 10 points   fuel: no award } per 1 GBP of net",
     "[Field(kind): food -> 10; fuel -> Stop]*1/100*Fold(sum, LineMoney(net))"),
    ("by kind { food: 10 points per 1 GBP   fuel: 1 point per 2 GBP } of net",
     "[Field(kind): food -> 1/10; fuel -> 1/200]*Fold(sum, LineMoney(net))"),
    ("by net { from 0 GBP: 1 point   from 100 GBP: 2 points }",
     "[Fold(sum, LineMoney(net)): 0..10000 -> 1; 10000.. -> 2]"),
    ("by coupon { \"A\": 1 point   otherwise: 2 points }",
     "[Has(Field(coupon)), Field(coupon): True, A -> 1; any, any -> 2]"),
    ("by today in off_peak, own { yes, any: 1 point   no, yes: 2 points   no, no: 3 points }",
     "[InPeriod(Today, off_peak), Field(own): True, any -> 1; False, True -> 2; False, False -> 3]"),
    ("by visits in rounds of 7 { 7: 10 points   otherwise: nothing }",
     "[(TrackRead(visits) + -7*(Steps(1/7*(TrackRead(visits) + 6)) + -1)): 7 -> 10; any -> 0]"),
    ("by rate { from 0: 1 point   from 0.5: 2 points }",
     "[1000000000*Field(rate): 0..500000000 -> 1; 500000000.. -> 2]"),
    ("across part { from 0 GBP: 5%   from 100 GBP: 1% }, in cashback", "Across(part, (0, 10000), (1/20, 1/100))"),
    ("across part { from 0 GBP: 1 point per 1 GBP   from 100 GBP: nothing }", "Across(part, (0, 10000), (1/100, 0))"),
    ("asked", "[Has(Field(asked)): True -> Field(asked); any -> 0]"),
    ("0.5% of net, in cashback", "1/200*Fold(sum, LineMoney(net))"),
    ("2.50 cashback", "250"),
    ("balance of points", "BalanceRead(point)"),
    ("1 point * previous visits", "TrackRead(visits, True)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "core"), AMOUNTS)
def test_amounts(text: str, core: str) -> None:
    assert short(rule(f"give {text}").gives[0].value) == core


SHOP = """language 1
program "Shop" {
  currency GBP, USD, rounded half up   prices include tax   tax rounded half up per line
  split in proportion, odd pennies to the largest remainder
}
unit point, points { rounded down   lasts forever }
event purchase dated by bought_on of customer identified by receipt {
  receipt: text   customer: member?   bought_on: date   codes: codes up to 5
  post: money up to 100 GBP or 120 USD as shipping   post_tax: rate as shipping tax rate
  lines 0 to 100 {
    sku: text   pieces: count up to 100 as quantity   price: money up to 5_000 GBP or 6_000 USD as list each
    was: money? up to 5_000 GBP or 6_000 USD as was   vat: rate as tax rate
  }
}
member { own: text?   limit: money up to 500 GBP }
tiers from host { Basic Gold }
define spring = ("a-1", "B 2")
define book = 5 GBP
"""


def offer(clauses: str, kind: str = "basket offer") -> ir.OfferDef:
    result = check([Source("shop.rules", SHOP + f'{kind} "It" {{ on purchase  {clauses} }}')])
    assert [finding.message for finding in result.diagnostics] == []
    core = result.ones[-1].core
    assert isinstance(core, ir.OfferDef)
    return core


TAKEN = [
    ("10% of current off each line", "1/10*Basis(current)"),
    ("10% of current with tax off each line", "1/10*Basis(current)"),
    ("10% of list off each unit where pieces > 2", "1/10*Basis(list)"),
    ("10% of was off each unit", "1/10*Basis(was)"),
    ("10% of after item off the total of lines", "1/10*Basis(after item)"),
    ("10% of after catalogue off the total of lines", "1/10*Basis(catalogue)"),
    ("10% of current of lines where pieces > 2, off the total of lines",
     "1/10*Fold(sum, LineMoney(current), LineField(pieces) > 2)"),
    ("current of the cheapest 1 unit off the total of lines",
     "Picked(current, Selection(both, PickSome(cheapest, 1, unit)), True)"),
    ("current of the cheapest 1 lines off the total of lines",
     "Picked(current, Selection(PickSome(cheapest, 1, line)))"),
    ("10% of current of shipping, off the total of lines", "1/10*Fold(sum, LineMoney(current), shipping)"),
    ("5 GBP off the total of lines", "PerCurrency(((GBP, 5 GBP)))"),
    ("(5 GBP, 6 USD) off the total of lines", "PerCurrency(((GBP, 5 GBP), (USD, 6 USD)))"),
    ("book off the total of lines", "PerCurrency(((GBP, 5 GBP)))"),
    ("5 GBP per full 50 GBP of current off the total of lines",
     "PerCurrency(((GBP, 1)))*500*Steps(PerCurrency(((GBP, 1/5000)))*Basis(current))"),
    ("by currency { GBP: 5 GBP   USD: 6 USD } off the total of lines",
     "[CurrencyRead: GBP -> PerCurrency(((GBP, 5 GBP))); USD -> PerCurrency(((USD, 6 USD)))]"),
    ("by currency { GBP: by list { from 0 GBP: nothing   from 9 GBP: 1 GBP }   otherwise: nothing } off each line",
     ("[CurrencyRead: GBP -> [PerCurrency(((GBP, 1)))*Basis(list): 0..900 -> 0; 900.. -> PerCurrency(((GBP, 1 GBP)))]; "
      "any -> 0]")),
    ("1 GBP plus 5% of current off the total of lines", "(PerCurrency(((GBP, 1 GBP))) + 1/20*Basis(current))"),
    ("5% of (sum of current of lines) off the total of lines", "1/20*Fold(sum, LineMoney(current))"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "core"), TAKEN)
def test_amounts_of_offers(text: str, core: str) -> None:
    effect = offer(f"automatic  take {text}").effects[0]
    assert isinstance(effect, ir.DiscountDef)
    assert short(effect.value) == core.replace("5 GBP", "500").replace("6 USD", "600").replace("1 GBP", "100")


MONEY_CONDITIONS = [
    ("list >= (5 GBP, 6 USD)", "Fold(sum, LineMoney(list)) >= PerCurrency(((GBP, 500), (USD, 600)))"),
    ("list without tax > 5 GBP", "Fold(sum, LineMoney(list, without)) > PerCurrency(((GBP, 500)))"),
    ("after item without tax of lines and shipping > 5 GBP",
     "Fold(sum, LineMoney(after item, without), both) > PerCurrency(((GBP, 500)))"),
    ("has member and current > member.limit",
     "All((HasMember, Fold(sum, LineMoney(current)) > PerCurrency(((GBP, 1)))*MemberField(limit)))"),
    ("currency is GBP", "CurrencyRead = 'GBP'"),
    ("currency in (GBP, USD)", "OneOf(CurrencyRead, (GBP, USD))"),
    ("(price * pieces) of lines >= 5 GBP",
     "Fold(sum, LineField(price)*LineField(pieces)) >= PerCurrency(((GBP, 500)))"),
    ("sum of (pieces * 2 - 1) of lines >= 5", "Fold(sum, (2*LineField(pieces) + -1)) >= 5"),
    ("count of (units where pieces > 2) >= 3", "Fold(sum, LineQuantity, LineField(pieces) > 2) >= 3"),
    ("count of (lines where pieces > 2) >= 3", "Fold(count, LineField(pieces) > 2) >= 3"),
    ("count of (the dearest 2 units where pieces > 2) >= 1",
     "Picked(Selection(LineField(pieces) > 2, PickSome(dearest, 2, unit))) >= 1"),
    ("list of units 2 to 5 of each line > 5 GBP",
     "Picked(list, Selection(PickSpan(2, 5))) > PerCurrency(((GBP, 500)))"),
    ("list of every 2nd of 3 units > 5 GBP",
     "Picked(list, Selection(PickEvery(2, 3, Ordering(line)))) > PerCurrency(((GBP, 500)))"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "core"), MONEY_CONDITIONS)
def test_conditions_on_money(text: str, core: str) -> None:
    made = offer(f"automatic  when {text}  take 1 GBP off each line")
    assert short(made.when) == core


CODES = [
    ('with code "spring-20"', "CodeDef(('SPRING20'))"),
    ("with code from spring", "CodeDef(('A1', 'B2'))"),
    ("with code from member.own", "CodeDef(MemberField(own))"),
]


@pytest.mark.parametrize(("text", "core"), CODES)
def test_codes(text: str, core: str) -> None:
    shown = short(offer(f"{text}  take 1 GBP off each line").code)
    assert shown.replace("()", "").replace("(, ", "(") == core.replace("'", "")


CONDITIONS = [
    ("net >= 10 GBP", "Fold(sum, LineMoney(net)) >= 1000"),
    ("own and not (visits > 3)", "All((Field(own), Not(TrackRead(visits) > 3)))"),
    ("kind is food", "Field(kind) = 'food'"),
    ("kind is not food", "Field(kind) != 'food'"),
    ("kind in (food, fuel)", "OneOf(Field(kind), (food, fuel))"),
    ("shop in shops", "OneOf(Field(shop), ('a', 'b'))".replace("'", "")),
    ("shop not in listed", "Not(InImported(Field(shop), listed))"),
    ('"HELLO" in codes', "InField('HELLO', Field(codes))"),
    ("has member and shop in first 3 of member.circle",
     "All((HasMember, InField(Field(shop), MemberField(circle), 3)))"),
    ("tier is Gold", "TierRead(held) = 2"),
    ("held tier >= Silver", "TierRead(held) >= 1"),
    ("rich", "Any((TrackRead(spend) >= 10000, Field(own)))"),
    ("visits is multiple of 20", "Multiple(TrackRead(visits), 20)"),
    ("shop in this_quarter",
     "[Today: 20819..20909 -> OneOf(Field(shop), (gas, toys)); 20909.. -> OneOf(Field(shop), (books, food))]"),
    ("today in off_peak", "InPeriod(Today, off_peak)"),
    ("seen_at in late", "InPeriod(Field(seen_at), late, True)"),
    ("seen_at in off_peak", "InPeriod(DayOf(Field(seen_at)), off_peak)"),
    ("seen_at >= 2027-01-01", "DayOf(Field(seen_at)) >= 20819"),
    ("bought_on in the last 3 calendar months", "InPeriod(Field(bought_on), the last 3 calendar months)"),
    ("has member and today from 30 days after member.joined",
     "All((HasMember, Today >= AddTime(MemberField(joined), 30, day)))"),
    ("bought_on before 2027-02-01", "Field(bought_on) < 20850"),
    ("has coupon and coupon is shop", "All((Has(Field(coupon)), Field(coupon) = Field(shop)))"),
    ("has member.birthday and today in birthday_month",
     "All((HasMember, Has(MemberField(birthday)), InPeriod(Today, birthday_month)))"),
    ("rate >= 25%", "Field(rate) >= 1/4"),
    ("rate in (25%, 0.5)", "OneOf(1000000000*Field(rate), (250000000, 500000000))"),
    ("by kind { food: own   fuel: visits > 3 }", "[Field(kind): food -> Field(own); fuel -> TrackRead(visits) > 3]"),
    ("has member and by member.plan { gold: yes   basic: own }",
     "All((HasMember, [MemberField(plan): gold -> yes; basic -> Field(own)]))"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "core"), CONDITIONS)
def test_conditions(text: str, core: str) -> None:
    assert short(rule(f"when {text}  give 1 point").when) == core


SHARES = [
    ("10 points per 1 GBP of net", "(Share(LineMoney(net)))"),
    ("10 points per 1 GBP of net of lines where joins", "(Share(LineMoney(net), LineField(joins)))"),
    ("50% of base", "(Share(AwardPart(base)))"),
    ("200 points", "()"),
    ("1 point per 1 GBP of net plus 5 points", "()"),
    ("1 point per 1 GBP of net plus 1 point per 1 of pieces of lines",
     "(Share(LineMoney(net), 1/100), Share(LineField(pieces), 1))"),
    ("by kind { food: (1 point per 1 GBP of net)   fuel: (1 point per 1 of pieces of lines) }",
     ("(Share(LineMoney(net), 1/100*[Field(kind): food -> 1; fuel -> 0]), "
      "Share(LineField(pieces), [Field(kind): food -> 0; fuel -> 1]))")),
    ("across part { from 0 GBP: 1 point per 1 GBP }", "(Share(LineMoney(net), LineField(joins)))"),
    ("1 point per full 5 GBP of net of each line where joins",
     "(Share(Steps(1/500*LineMoney(net)), LineField(joins)))"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shares"), SHARES)
def test_shares(text: str, shares: str) -> None:
    assert short(rule(f"give {text}").gives[0].shares) == shares


# ---- mends ----

ERRORS = Path(__file__).parent / "corpus" / "errors"
MINE = ("dimensions", "names_in_rules", "optionals", "tables", "track_folds")


@pytest.mark.parametrize("name", MINE)
def test_a_mend_takes_its_finding_away(name: str) -> None:
    """Each mend, made alone, leaves no finding of that code where it was, and none of text that does not parse."""
    text = (ERRORS / f"{name}.rules").read_text(encoding="utf-8")
    source = Source(name, text)
    findings = check([source], Folder(ERRORS)).diagnostics
    rows = [source.place(finding.span[0]).line for finding in findings]
    for finding, row in zip(findings, rows, strict=True):
        if finding.fix is None:
            continue
        start, end = finding.fix.span
        mended = Source(name, text[:start] + finding.fix.text + text[end:])
        left = [each for each in check([mended], Folder(ERRORS)).diagnostics if mended.place(each.span[0]).line == row]
        before = [each for each, its in zip(findings, rows, strict=True) if its == row and each.code == finding.code]
        assert sum(each.code == finding.code for each in left) < len(before), (source.line(row), finding.fix)
        assert not any(each.code[0] == "P" for each in left), (source.line(row), finding.fix)
