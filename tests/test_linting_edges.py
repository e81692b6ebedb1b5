"""The edges of lints: texts beside their examples, just inside and just outside of what each finds."""

# ruff: noqa: E501 - each case stands on its line
from __future__ import annotations

import pytest

from rules_engine.linting import lint
from rules_engine.linting.prelude import example


def _deal(order: str, one: str, two: str, policy: str = "all") -> str:
    return f"""group deals {{ {policy} in order {order} }}
basket offer "A" {{ on purchase automatic {one} competes in deals }}
basket offer "B" {{ on purchase automatic {two} competes in deals }}
"""


def _both(one: str, two: str, policy: str = "all") -> str:
    return _deal('"A", "B"', f"take {one}", f"take {two}", policy)


def _tiers(*rungs: str) -> str:
    return f"""track made = count, on purchase, per calendar year
tiers {{ Blue {" ".join(rungs)} judged after every event counts from the next event lasts until end of next calendar year then the earned tier }}
"""


def _till(stacking: str, *declarations: str) -> str:
    return f"""language 1
program "Till" {{ currency GBP, rounded half up split in proportion, odd pennies to the largest remainder {f"stacking {{ {stacking} }}" if stacking else ""} }}
unit point, points {{ rounded down lasts forever }}
event order dated by day of customer identified by no {{ no: text customer: member day: date codes: codes up to 5 offered: points up to 900
  lines 0 to 50 {{ kind: wine | food pieces: count up to 9 as quantity price: money up to 500 GBP as list each }} }}
member {{ own: list of up to 9 text }}
""" + "\n".join(declarations)


def _stages(one: str, two: str) -> tuple[str, str]:
    return (
        f'{one} offer "A" {{ on order automatic take 60% of list off each line }}',
        f'{two} offer "B" {{ on order automatic take 40% of list off each line }}',
    )


def _earns(one: str, two: str, policy: str = "first per basket") -> str:
    return f"""group g {{ {policy} in order "A", "B" }}
earn "A" {{ on claim {one} competes in g }}
earn "B" {{ on claim {two} competes in g }}
"""


REDEEM = 'redeem "Pay" { on purchase accept points_offered, worth 1 GBP per 100 points }\n'
HALF = 'basket offer "Half" { on purchase automatic take 50% of list off each line }\n'
CODE = 'basket offer "C" { on purchase with code "C" take 5 GBP off the total of lines %s }\n'
FIRST = "first per basket"
TEXTS = ", ".join(f'"a{number}"' for number in range(40))
ROWS = " ".join(f'"a{number}": {number}' for number in range(39))

CASES: tuple[tuple[str, str, bool], ...] = (
    ("L101", _both("60% of list off each line", "40% of list off each line"), True),
    ("L101", _both("60% of list off each line", "39% of list off each line"), False),
    ("L101", _both("60% of list off each line where kind is wine", "60% of list off each line where kind is toys"), False),
    ("L101", _both("60% of list off each line, never below 1 GBP", "60% of list off each line"), False),
    ("L101", _both("60% of list off each line, up to 5 GBP", "60% of list off each line"), False),
    ("L101", _both("60% of list off each line", "60% of list off each line", FIRST), False),
    ("L101", _both("60% of current off each line", "60% of current off each line"), False),
    ("L101", _both("60% of list off each line", "60% of list off each line").replace("deals }\nb", "deals combines with nothing }\nb"), False),
    ("L101", _both("100% of list off each line", "40% of list off each line"), False),
    ("L102", 'earn "G" { on purchase when has points_offered give 50% of points_offered }', True),
    ("L102", 'earn "G" { on purchase give goodwill at most 100 points per member }', False),
    ("L102", 'group g { all in order "G" at most 50 points per member }\nearn "G" { on purchase give goodwill competes in g }', False),
    ("L102", 'earn "G" { on purchase when visits > 2 give goodwill }', True),
    ("L102", 'earn "G" { on purchase give 10 points }', False),
    ("L103", CODE % "once per code in total", False),
    ("L103", CODE % "competes in g" + "group g { all at most 50 GBP in total }", False),
    ("L103", CODE % "competes in g" + "group g { all }", True),
    ("L103", 'basket offer "C" { on purchase automatic take 5 GBP off the total of lines }', False),
    ("L104", CODE.replace("with", "from 2027-01-01 with") % "", True),
    ("L104", CODE.replace("with", "from 2027-01-01 until 2027-02-01 with") % "", False),
    ("L104", CODE.replace("with", "from 2027-01-01 at 10:00 before 2027-02-01 at 10:00 with") % "", False),
    ("L104", CODE.replace("take", "when today until 2027-02-01 take") % "", False),
    ("L105", HALF + 'earn "E" { on purchase when list >= 50 GBP and visits > 1 give 1 point per 1 GBP of net }', True),
    ("L105", HALF + 'earn "E" { on purchase when list < 50 GBP give 1 point per 1 GBP of net }', False),
    ("L105", HALF + 'earn "E" { on purchase when list >= 50 GBP give 1 point per 1 GBP of list }', False),
    ("L105", HALF + 'earn "E" { on purchase when list >= 50 GBP give 10 points }', False),
    ("L105", 'earn "E" { on purchase when list >= 50 GBP give 1 point per 1 GBP of net }', False),
    ("L107", REDEEM + 'earn "E" { on purchase give 100 points per 1 GBP of net }', False),
    ("L107", REDEEM + 'earn "E" { on purchase give 101 points per 1 GBP of net }', True),
    ("L107", REDEEM + 'earn "E" { on purchase give 500 points per 1 GBP of net, up to 50 points }', False),
    ("L107", 'earn "E" { on purchase give 500 points per 1 GBP of net }', False),
    ("L107", 'unit cash counts GBP { rounded down lasts forever }\nearn "E" { on purchase give 150% of net, in cash }', True),
    ("L108", 'earn "F" { on purchase when has friend give goodwill, to friend }', False),
    ("L108", 'earn "F" { on purchase when has friend give 10 points }', False),
    ("L109", 'earn "S" { on claim give 5 points once per member per calendar day }', False),
    ("L109", 'earn "S" { on claim from 2027-01-01 until 2027-01-02 give 5 points }', False),
    ("L109", 'earn "S" { on purchase give 5 points }', False),
    ("L109", 'earn "S" { on claim when member.plan is plus give 5 points }', False),
    ("L110", 'earn "C" { on claim give 300 points at most 600 points per member }', False),
    ("L110", 'earn "C" { on claim give 300 points at most 300 points per member }', False),
    ("L110", 'earn "C" { on claim give 300 points at most 301 points per member }', True),
    ("L110", 'earn "C" { on claim give 300 points at most 400 points per member, or nothing }', False),
    ("L110", 'earn "C" { on claim give 300 points at most 200 points per member }', False),
    ("L110", 'basket offer "T" { on purchase automatic when has customer take 5 GBP off the total of lines at most 12 GBP per member }', True),
    ("L111", 'earn "C" { on claim give 300 points at most 299 points per member }', True),
    ("L111", 'earn "C" { on claim give 300 points at most 300 points per member }', False),
    ("L112", 'earn "B" { on purchase give 1 point per 1 GBP of net, never below 50 points, up to 50 points }', False),
    ("L112", 'earn "B" { on purchase give 1 point per 1 GBP of net, only from 51 points, up to 50 points }', True),
    ("L112", 'item offer "B" { on purchase automatic take 50% of list off each line, never below 9 GBP, up to 2 GBP }', False),
    ("L113", 'earn "B" { on purchase give 1 point per 1 GBP of net, up to 100 points, in steps of 50 points }', False),
    ("L114", 'catalogue offer "F" { on purchase automatic when list > 9 GBP price each unit at 5 GBP }', False),
    ("L114", 'item offer "F" { on purchase automatic price each unit at 5 GBP }', False),
    ("L114", 'catalogue offer "F" { on purchase automatic price each unit at 50% of list }', False),
    ("L115", 'earn "B" { on purchase give 1 point per 10 GBP of net of each line, rounded half up }', False),
    ("L115", 'earn "B" { on purchase give 1 point per full 10 GBP of net of each line, rounded up }', False),
    ("L116", 'basket offer "G" { on purchase automatic add 1 "MINI" free at most 5 times in total }', False),
    ("L116", 'basket offer "G" { on purchase with code "G" add 1 "MINI" free }', False),
    ("L117", 'unit vote, votes { rounded down lasts forever balance at least 0 }\nearn "F" { on claim deduct 1 vote }', False),
    ("L301", 'earn "R" { on purchase when visits > 1_000 give 1 point }', True),
    ("L301", 'earn "R" { on purchase when visits >= 1_000 give 1 point }', False),
    ("L301", 'earn "R" { on purchase from 2027-02-01 when today before 2027-02-01 give 1 point }', True),
    ("L301", 'earn "R" { on purchase from 2027-02-01 when today until 2027-02-01 give 1 point }', False),
    ("L301", 'earn "R" { on purchase when has customer and member.plan is plus and member.plan is basic give 1 point }', True),
    ("L301", 'earn "R" { on purchase when net >= 5 GBP and net < 6 GBP give 1 point }', False),
    ("L301", 'earn "R" { on purchase when channel is web and not (channel is web) give 1 point }', True),
    ("L302", 'earn "R" { on purchase give 1 point * count of lines where pieces > 5 and pieces < 5 }', True),
    ("L302", 'earn "R" { on purchase give 1 point * count of lines where pieces >= 5 and pieces <= 5 }', False),
    ("L302", "track t = sum of net of lines where kind is wine and kind is food, on purchase, per calendar year", True),
    ("L303", 'earn "R" { on purchase when channel is web and visits <= 1_000 give 1 point }', True),
    ("L303", 'earn "R" { on purchase when channel is web and visits < 1_000 give 1 point }', False),
    ("L303", 'earn "R" { on purchase when channel is web and channel in (web, app, store) give 1 point }', True),
    ("L304", 'earn "R" { on purchase when visits >= 5 or visits >= 10 give 1 point }', True),
    ("L304", 'earn "R" { on purchase when visits >= 5 or channel is web give 1 point }', False),
    ("L304", 'earn "R" { on purchase from 2027-01-01 when today from 2026-01-01 and visits > 2 give 1 point }', True),
    ("L304", 'earn "R" { on purchase from 2026-01-01 when today from 2027-01-01 and visits > 2 give 1 point }', False),
    ("L304", 'earn "R" { on purchase when channel is web and channel is not app give 1 point }', True),
    ("L304", 'earn "R" { on purchase when has customer and has member.birthday give 1 point }', False),
    ("L304", 'define d = visits > 3 and visits > 2\nearn "R" { on purchase when d and visits > 5 give 1 point }', False),
    ("L305", 'earn "R" { on purchase when visits > 3 and channel is web and visits > 3 give 1 point }', True),
    ("L305", 'earn "R" { on purchase when visits > 3 and visits > 4 give 1 point }', False),
    ("L306", 'earn "A" { on claim give 1 point once per member }\nearn "B" { on claim give 1 point once per member }', True),
    ("L306", 'earn "A" { on claim give 1 point once per member }\nearn "B" { on claim give 1 point }', False),
    ("L306", 'earn "A" { on claim give 1 point }\nearn "B" { on purchase give 1 point }', False),
    ("L307", _deal('"A", "B"', "take 5% of list off each line", "when visits > 3 take 9% of list off each line", FIRST), True),
    ("L307", _deal('"A", "B"', "when visits > 3 take 5% of list off each line", "when visits > 3 take 9% of list off each line", FIRST), True),
    ("L307", _deal('"A", "B"', "when visits > 4 take 5% of list off each line", "when visits > 3 take 9% of list off each line", FIRST), False),
    ("L307", _deal('"A", "B"', "take 5% of list off each line", "when visits > 3 take 9% of list off each line"), False),
    ("L307", _deal('"A", "B"', "take 5% of list off each line where kind is wine", "when visits > 3 take 9% of list off each line", FIRST), False),
    ("L307", _deal('"A", "B"', "when has customer take 5% of list off each line once per member", "when has customer take 9% of list off each line", FIRST), False),
    ("L308", 'define a = visits > 3\nearn "R" { on purchase when a give 1 point }', False),
    ("L309", 'period a = 1 Mar to 31 May every year\ntrack t = count, on purchase where today in a, per calendar year', False),
    ("L311", "track t = count, on purchase, per calendar year", True),
    ("L311", 'track t = count, on purchase, per calendar year\ntest "t" { given member {} when claim { asked_on: 2027-01-01 } then track t 0 }', False),
    ("L311", 'track t = count, on purchase, per calendar year\ntest "t" { given member {} given track t 1 when claim { asked_on: 2027-01-01 } then total 0 GBP }', True),
    ("L312", 'unit mile, miles { rounded down lasts forever }\nearn "R" { on purchase when balance of miles > 3 miles give 1 point }', False),
    ("L315", 'earn "S" { on purchase when visits >= 10 give by visits { from 0: 5 points from 10: 9 points } }', False),
    ("L315", 'earn "S" { on purchase when visits >= 10 give by visits { from 5: 5 points from 11: 9 points otherwise: nothing } }', False),
    ("L315", 'earn "S" { on purchase when channel is web give by channel { app: 5 points otherwise: 1 point } }', True),
    ("L316", _tiers("Gold when made >= 50 and made < 50"), True),
    ("L316", _tiers("Gold when made >= 50 and made < 51"), False),
    ("L316", _tiers("Gold when made < 0, or when made > 9 as nine"), False),
    ("L317", 'unit vote, votes counts pieces { lasts forever balance at least 0 }\nearn "F" { on claim deduct 1 vote }', True),
    ("L318", 'earn "S" { on claim give 5 points once per member at most 1 times per member per calendar month }', True),
    ("L318", 'earn "S" { on claim give 5 points at most 2 times per member once per member per calendar month }', False),
    ("L318", 'earn "S" { on claim give 5 points at most 10 points per member per calendar month at most 20 points per member per calendar year }', False),
    ("L318", 'earn "S" { on claim give 5 points once per member at most 1 times in total }', False),
    ("L319", 'group g { first per basket }\nbasket offer "B" { on purchase automatic take 1 GBP off the total of lines competes in g }', True),
    ("L319", 'group g { all }\nbasket offer "B" { on purchase automatic take 1 GBP off the total of lines competes in g }', False),
    ("L320", 'earn "R" { on purchase give by channel { web: 1 point otherwise: 2 points } }', False),
    ("L321", 'earn "F" { on claim deduct 0 points }', True),
    ("L323", 'earn "R" { on purchase give 1 point * count of lines where sku in ("a", "a") }', True),
    ("L502", f'earn "R" {{ on purchase give 1 point * count of lines where sku in ({TEXTS}) }}', False),
    ("L503", f'table t by sku {{ {ROWS} otherwise: 1 }}\nearn "R" {{ on purchase give 1 point * t per 1 GBP of net of each line }}', False),
    ("L504", 'track t = sum of net by sku up to 1_000 keys, on purchase, per calendar year', False),
    ("L504", 'track t = sum of net by sku up to 1_001 keys, on purchase, per calendar year', True),
    ("L506", 'earn "R" { on purchase when channel is web or channel is app give 1 point }', False),
    ("L506", 'earn "R" { on purchase when channel is web or channel is app or visits > 1 give 1 point }', False),
    ("L507", "track t = count, on purchase, per 400 days", False),
    ("L507", "track t = count, on purchase, per 401 days", True),
    ("L507", 'earn "R" { on claim give 1 point once per member per 2 years }', True),
    ("L101", _till("", *_stages("item", "basket")), True),
    ("L101", _till('basket: all in order "A", "B"', *_stages("basket", "basket")), True),
    ("L101", _till('basket: first per basket in order "A", "B"', *_stages("basket", "basket")), False),
    ("L101", _till('item: first per basket in order "A", "B" basket: all in order "C"', *_stages("item", "item"), 'basket offer "C" { on order automatic take 45% of list off each line }'), True),
    ("L101", _till("", _stages("item", "item")[0], 'event other dated by day of who identified by no { no: text who: member day: date lines 0 to 9 { price: money up to 9 GBP as list } }', 'item offer "B" { on other automatic take 60% of list off each line }'), False),
    ("L101", _both("60% of list off each line", "60% of list off each line").replace('"A", "B" }', '"A", "B" at most 1 rules }'), False),
    ("L101", _both("60% of list off each line", "40% of list off each unit"), True),
    ("L104", _till("", 'basket offer "C" { on order with code from member.own take 5 GBP off the total of lines }'), False),
    ("L103", _till("", 'basket offer "C" { on order with code from member.own take 5 GBP off the total of lines }'), False),
    ("L104", _till("", 'basket offer "C" { on order with code "C" take 5 GBP off the total of lines }'), True),
    ("L107", REDEEM + 'earn "E" { on purchase give 500 points * count of lines }', False),
    ("L107", REDEEM + 'earn "E" { on purchase give 500 points per 1 of visits }', False),
    ("L109", 'earn "S" { on claim give 0 points }', False),
    ("L109", 'earn "S" { on claim deduct 1 stamp give 5 points }', False),
    ("L109", 'earn "S" { on claim give 10% of balance of points }', False),
    ("L113", 'earn "B" { on purchase give 1 point per 1 GBP of net, in steps of 50 points }', False),
    ("L306", _earns("give 1 point", "give 1 point"), False),
    ("L306", _earns("give 1 point", "give 1 point", "all"), True),
    ("L306", _earns("give 1 point", "give 1 point") + 'earn "C" { on claim give 1 stamp }\nearn "D" { on claim give 1 stamp }', True),
    ("L307", _earns("give 1 point", "when member.plan is plus give 2 points"), True),
    ("L307", _earns("give 1 point", "when member.plan is plus give 2 points", "all"), False),
    ("L307", _earns("give 0 points", "give 2 points"), False),
    ("L307", _earns("give 10% of balance of points", "give 2 points"), False),
    ("L307", _earns("give 1 point, or nothing", "give 2 points"), False),
    ("L307", _till('basket: first per basket in order "A", "B"', *_stages("basket", "basket")), True),
    ("L307", _till('basket: all in order "A", "B"', *_stages("basket", "basket")), False),
    ("L307", _deal('"A", "B"', "take 5% of list off each line where kind is wine", "take 9% of list off each line where kind is wine", FIRST), True),
    ("L307", _deal('"A", "B"', "take 5% of list off each line, or nothing", "take 9% of list off each line", FIRST), False),
    ("L315", 'earn "S" { on purchase give by visits { from 1: 5 points from 10: 9 points otherwise: nothing } }', False),
    ("L316", _tiers("Gold when made >= 50", "every tier needs made < 9"), True),
    ("L316", _tiers("Gold when made >= 50", "every tier needs made > 9"), False),
    ("L317", 'unit vote, votes counts pieces { lasts forever balance at least 0 }\nearn "F" { on claim deduct 1 vote }\ntest "t" { given member { joined: 2027-01-01 plan: plus } given balance 2 votes when claim { asked_on: 2027-01-02 } then balance of votes 1 }', False),
    ("L317", 'unit vote, votes counts pieces { lasts forever balance at least 0 }\nearn "F" { on claim deduct 1 vote }\ntest "t" { given member { joined: 2027-01-01 plan: plus } given balance 2 points when claim { asked_on: 2027-01-02 } then balance of votes 0 }', True),
    ("L501", _till("", 'earn "E" { on order give 1 point per 1 GBP of net }').replace("0 to 50", "0 to 10_000"), False),
    ("L503", "table t by pieces { " + " ".join(f"from {number}: {number}" for number in range(50)) + ' }\nearn "R" { on purchase give 1 point * t per 1 GBP of net of each line }', False),
    ("L506", 'earn "R" { on purchase when channel is web or channel is not app or channel is store give 1 point }', False),
    ("L506", 'earn "R" { on purchase when channel is web or channel is app or channel is web give 1 point }', False),
)  # fmt: skip


@pytest.mark.parametrize(("code", "text", "found"), CASES, ids=[f"{each[0]}-{at}" for at, each in enumerate(CASES)])
def test_what_is_inside_and_what_is_outside(code: str, text: str, found: bool) -> None:
    assert bool(lint(example(text), [code])) == found


def test_three_discounts_together_take_all() -> None:
    offers = [
        f'basket offer "{name}" {{ on order automatic take {share}% of list off each line where {where} }}'
        for name, share, where in (
            ("A", 40, "pieces > 1"),
            ("B", 35, "kind is wine"),
            ("C", 30, "kind is food"),
            ("D", 25, "pieces < 9"),
        )
    ]
    (found,) = lint(example(_till('basket: all in order "A", "B", "C", "D"', *offers)), ["L101"])
    assert found.message == '"A", "B" and "D" together take 100% of the price'
    assert len(found.labels) == 2


def test_many_cheap_rules_are_worth_a_key() -> None:
    """A rule that nothing finds costs little; sixty of them cost what a large one does."""
    rule = 'earn "R{0}" {{ on purchase when visits is multiple of {1} give {0} points }}\n'
    few = "".join(rule.format(number, number + 2) for number in range(1, 60))
    assert lint(example(few), ["L501"]) == ()
    assert len(lint(example(few + rule.format(60, 62)), ["L501"])) == 60


def test_two_rules_may_spell_a_condition_out() -> None:
    rule = 'earn "R{0}" {{ on purchase when visits > 1 and channel is web and has friend give {0} points }}\n'
    assert lint(example(rule.format(1) + rule.format(2)), ["L505"]) == ()
    (found,) = lint(example(rule.format(1) + rule.format(2) + rule.format(3)), ["L505"])
    assert len(found.labels) == 2


def test_a_chain_with_a_comment_in_it_is_not_rewritten() -> None:
    chain = 'earn "R" {\n  on purchase\n  when channel is web or%s\n    channel is app or channel is store\n  give 1 point\n}\n'
    (bare,) = lint(example(chain % ""), ["L506"])
    (noted,) = lint(example(chain % "   # at home"), ["L506"])
    assert bare.fix is not None
    assert bare.fix.text == "channel in (web, app, store)"
    assert noted.fix is None


def test_a_list_of_one_is_not_written() -> None:
    """Two that are the same would leave one, which is no list."""
    text = 'earn "R" { on purchase give 1 point * count of lines where sku in (%s) }'
    (two,) = lint(example(text % '"a", "a"'), ["L323"])
    (three,) = lint(example(text % '"a", "b", "a"'), ["L323"])
    assert two.fix is None
    assert three.fix is not None


@pytest.mark.parametrize(("nothing", "got"), [("", "50 points"), (", or nothing", "nothing")])
def test_what_a_small_limit_lets_through(nothing: str, got: str) -> None:
    text = f'earn "C" {{ on claim give 500 points at most 50 points per member{nothing} }}'
    (found,) = lint(example(text), ["L111"])
    assert found.message.endswith(f"its limit of 50 points lets {got} through")
