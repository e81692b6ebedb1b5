"""What offers become: orders, consents, limits and returns resolved; and mends that make a program check."""

from __future__ import annotations

import pytest

from rules_engine import ir
from rules_engine.checking import Checker, check, core_of
from rules_engine.diagnostics import Diagnostic
from rules_engine.lowering import lower
from rules_engine.source import Source

HEAD = """language 1
program "Shop" {{
  currency GBP, EUR, rounded half up   timezone "Europe/London"
  split in proportion, odd pennies to the largest remainder   {settings}
}}
event buy dated by at of who identified by id returnable {{
  id: text   who: member?   at: instant   codes: codes up to 5   friend: member?   fee: money up to 50 GBP as shipping
  lines 0 to 60 {{
    key: text as id   kind: food | toy   brand: text
    pieces: count up to 100 as quantity   price: money up to 5_000 GBP as list each
  }}
}}
event look dated by at of who identified by id {{
  id: text   who: member?   at: instant   paid_in: money up to 50 GBP as list
}}
"""


def text_of(rules: str, settings: str = "") -> str:
    return HEAD.format(settings=f"returns keep   {settings}") + rules


def found(rules: str, settings: str = "") -> list[str]:
    return [each.code for each in check([Source("a.rules", text_of(rules, settings))]).diagnostics]


def core(rules: str, settings: str = "") -> ir.Program:
    checked = check([Source("a.rules", text_of(rules, settings))])
    assert checked.diagnostics == ()
    return lower(checked)


def offer(title: str, rest: str = "", *, kind: str = "item", on: str = "buy", trigger: str = "automatic") -> str:
    return f'{kind} offer "{title}" {{ on {on}   {trigger}   take 1 GBP off each line   {rest} }}\n'


# ---- orders ----


def test_a_stage_without_a_row_has_all_its_offers() -> None:
    rules = (
        'item offer "B" { on buy   automatic   take 1 GBP off each unit where kind is toy }\n'
        'item offer "A" { on buy   automatic   take 1 GBP off each unit where kind is food }\n'
        + offer("C", kind="shipping")
    )
    stages = core(rules).stages
    assert stages == (
        ir.StageDef("item", ir.PolicyDef("all", "basket", ("A", "B"))),
        ir.StageDef("shipping", ir.PolicyDef("all", "basket", ("C",))),
    )


def test_a_list_orders_groups_rules_and_tags() -> None:
    rules = (
        'group pair { best per line in order "Two", "One" }\n'
        + offer("One", "competes in pair")
        + offer("Two", "competes in pair")
        + 'item offer "Left" { on buy   automatic   take 1 GBP off each unit where kind is toy   tag sale }\n'
        + 'item offer "Right" { on buy   automatic   take 1 GBP off each unit where kind is food   tag sale }\n'
        + offer("Last")
    )
    program = core(rules, 'stacking { item: first per line in order tag sale, pair, "Last" }')
    assert program.stages[0].policy == ir.PolicyDef("first", "line", ("Left", "Right", "group pair", "Last"))
    assert program.offer_groups[0].policy == ir.PolicyDef("best", "line", ("Two", "One"))


@pytest.mark.parametrize(("word", "order"), [("highest", ("B", "C", "A")), ("lowest", ("A", "C", "B"))])
def test_priorities_make_an_order(word: str, order: tuple[str, ...]) -> None:
    rules = offer("A", "priority 1") + offer("B", "priority 9") + offer("C", "priority 5")
    assert core(rules, f"stacking {{ item: all by priority {word} first }}").stages[0].policy.order == order


def test_the_order_of_codes_has_automatic_offers_first() -> None:
    rules = offer("A", trigger='with code "ONE"') + offer("B", trigger='with code "TWO"') + offer("C")
    policy = core(rules, "stacking { item: all in order of codes }").stages[0].policy
    assert policy.of_codes
    assert policy.order == ("C", "A", "B")


def test_exclusive_ones_first_is_resolved_into_the_order() -> None:
    rules = (
        'group all_of { all in order "A", "B", "C"   exclusive ones first   at most 2 rules }\n'
        + offer("A", "competes in all_of")
        + offer("B", "competes in all_of   combines with nothing on the same line")
        + offer("C", "competes in all_of   combines with nothing")
    )
    group = core(rules).offer_groups[0]
    assert group.policy.order == ("C", "A", "B")
    assert (group.at_most, group.shares_claims) == (2, False)


# ---- consent ----


def consents(rules: str, settings: str) -> dict[str, ir.ConsentDef | None]:
    return {each.key: each.consent for each in core(rules, settings).offers}


def test_consents_are_resolved_to_rules() -> None:
    rules = (
        'group pair { all in order "A", "B"   combines with tag sale, "D" on the same line }\n'
        + offer("A", "competes in pair")
        + offer("B", "competes in pair   combines with everything")
        + 'item offer "C" as sea { on buy   automatic   add 1 "TOY" free   tag sale   combines with pair, "D" }\n'
        + offer("D", "combines with sea, pair")
        + offer("E", "combines with nothing on the same unit")
    )
    assert consents(rules, 'stacking { item: all in order pair, "C", "D", "E" }') == {
        "A": ir.ConsentDef(("A", "B", "D", "sea"), "line"),
        "B": ir.ConsentDef(None, "basket"),
        "sea": ir.ConsentDef(("A", "B", "D"), "basket"),
        "D": ir.ConsentDef(("A", "B", "sea"), "basket"),
        "E": ir.ConsentDef((), "unit"),
    }


# ---- limits and returns ----


def test_counters_are_named_by_rule_and_scope() -> None:
    rules = offer(
        "A",
        "once per member   once per code   at most 2 times per code per member"
        "   at most 3 times per friend per calendar year"
        "   at most 50 GBP in total   at most 50 EUR in total   at most 5 GBP",
        trigger='with code "ONE"   when has member and has friend',
    )
    limits = core(rules.replace("at most 50 EUR in total   ", "")).offers[0].limits
    assert [(each.key, each.owner, len(each.keys), each.times, each.amount, each.unit) for each in limits] == [
        ("A: times per lifetime", "member", 0, 1, None, ""),
        ("A: times in total per code", "shared", 1, 1, None, ""),
        ("A: times per code per lifetime", "member", 1, 2, None, ""),
        ("A: times in total per friend per calendar year", "shared", 1, 3, None, ""),
        ("A: GBP in total", "shared", 0, None, 5_000, "GBP"),
        ("A: GBP per event", "event", 0, None, 500, "GBP"),
    ]
    assert found(rules) == ["M172"]


def test_sets_are_times() -> None:
    rules = (
        'item offer "A" { on buy   automatic   for every set per line of { 3 units }   take 1 GBP off each set\n'
        "  at most 4 sets   at most 9 sets per member }\n"
    )
    limits = core(rules).offers[0].limits
    assert [(each.key, each.times) for each in limits] == [("A: times per event", 4), ("A: times per lifetime", 9)]


def test_returns_are_the_rules_own_or_the_headers() -> None:
    own = "on return work out again, shortfall forgiven"
    rules = offer("A", own) + offer("B") + offer("C", on="look")
    offers = core(rules, 'stacking { item: all in order "A", "B", "C" }').offers
    assert [each.on_return for each in offers] == [
        ir.ReturnDef("work out again", "forgiven"),
        ir.ReturnDef("keep"),
        None,
    ]


# ---- what is asked of two offers ----


def test_offers_that_never_meet_need_no_order() -> None:
    assert found(offer("A") + offer("B", on="look")) == []
    assert found(offer("A") + offer("B", kind="basket")) == []
    early = 'item offer "A" { on buy until 2027-01-31   automatic   take 1 GBP off each line }\n'
    late = 'item offer "B" { on buy from 2027-02-01   automatic   take 1 GBP off each line }\n'
    assert found(early + late) == []
    assert found(early + late.replace("02-01", "01-31")) == ["M231"]
    gift = 'item offer "B" { on buy   automatic   when count of lines >= 2   add 1 "TOY" free }\n'
    assert found(offer("A") + gift) == []
    assert found(offer("A") + gift.replace("count of lines >= 2", "current >= 2 GBP")) == ["M231"]
    assert found(offer("A") + gift.replace("free", "free   combines with nothing")) == ["M231"]


@pytest.mark.parametrize(("first", "second", "met"), [("1 to 2", "3 to 4", False), ("1 to 3", "3 to 4", True)])
def test_units_of_one_line_may_be_apart(first: str, second: str, met: bool) -> None:
    rule = 'item offer "{}" {{ on buy   automatic   take 1 GBP off each unit at units {} of each line }}\n'
    rules = rule.format("A", first) + rule.format("B", second)
    assert found(rules) == (["M231"] if met else [])
    grouped = rules.replace("each line }", "each line   competes in pair }") + "group pair { first per line }\n"
    assert found(grouped) == ["M233"]


def test_both_act_on_the_shipping_of_the_event_whatever_their_filters() -> None:
    rule = (
        'basket offer "{}" {{ on buy   automatic   take 1 GBP off the total of lines and shipping where kind is {} }}\n'
    )
    assert found(rule.format("A", "toy") + rule.format("B", "food")) == ["M231"]


# ---- mends ----


def mended(text: str, finding: Diagnostic) -> str:
    assert finding.fix is not None
    start, end = finding.fix.span
    return text[:start] + finding.fix.text + text[end:]


MENDS = {
    "M220": 'item offer "A" { on buy   when list > 5 GBP   take 1 GBP off each line }\n',
    "M231": offer("A") + offer("B"),
    "M226": offer("A", "competes in pair") + 'group pair { best in order "A" }\n',
    "M186": offer("A", "competes in pair") + offer("B", "competes in pair") + 'group pair { all in order "A" }\n',
    "M228": offer("A", kind="basket") + offer("B", kind="basket") + offer("C", kind="basket"),
    "T372": 'item offer "A" { on buy   automatic   for every set of { 2 units }   take 1 GBP off each set }\n',
    "M222": offer("A", "at most 3 times"),
    "M173": offer("A", "at most 3 times per calendar year"),
    "M261": 'item offer "A" { on buy   automatic   take 120% of current off each line }\n',
}
"""A program for each code whose mend makes it check."""


@pytest.mark.parametrize("code", sorted(MENDS))
def test_a_mend_makes_the_program_check(code: str) -> None:
    text = text_of(MENDS[code], 'stacking { basket: all in order "A", "B" }' if code == "M228" else "")
    checker = Checker()
    findings = checker.check([Source("a.rules", text)]).diagnostics
    assert [each.code for each in findings] == [code]
    text = mended(text, findings[0])
    again = checker.recheck("a.rules", text)
    assert again.diagnostics == ()
    fresh = check([Source("a.rules", text)])
    assert [core_of(each) for each in again.ones[3:]] == [core_of(each) for each in fresh.ones[3:]]


def test_a_group_sees_when_its_members_change() -> None:
    rules = "group pair { all by priority highest first }\n" + offer("A", "competes in pair   priority 1")
    checker = Checker()
    assert checker.check([Source("a.rules", text_of(rules))]).ok
    more = rules + offer("B", "competes in pair   priority 2")
    changed = checker.recheck("a.rules", text_of(more))
    assert changed.ok
    assert lower(changed).offer_groups[0].policy.order == ("B", "A")
    assert not checker.recheck("a.rules", text_of(more.replace("priority 2", "priority 1"))).ok


def test_holdouts_may_name_offers() -> None:
    assert core(offer("A") + 'holdout 5% of members salt "s" from "A"\n').holdouts[0].rules == ("A",)


def test_a_rule_that_does_not_parse_is_missed_by_nobody() -> None:
    rules = 'group pair { first per line }\nitem offer "A" { on buy   automatic   take   competes in pair }\n'
    assert [code for code in found(rules + offer("B")) if code[0] != "P"] == []
    listed = 'stacking { item: all in order pair, "B", "A" }'
    assert [code for code in found(rules + offer("B"), listed) if code[0] != "P"] == []
