"""Lints of fairness, names and missing tests at their edges: amounts are held against sums worked out here, value by
value."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.checking import check
from rules_engine.linting import LINTS, View, lint
from rules_engine.linting.naming import one_letter_apart, plain
from rules_engine.linting.prelude import PRELUDE, example, whole
from rules_engine.source import Source


def _codes(text: str, *select: str, old: str = "") -> list[str]:
    return [found.code for found in lint(example(text, old), select=select)]


# ---- cliffs ----

ROW = st.tuples(st.sampled_from(("points", "rate", "full")), st.integers(0, 6))


def _row(kind: str, number: int) -> str:
    if kind == "points":
        return f"{number * 3} points"
    return f"({number} points per {'full ' if kind == 'full' else ''}1 GBP of net)"


def _worth(kind: str, number: int, pence: int) -> Fraction:
    """What a row gives for a basket, before it is rounded."""
    if kind == "points":
        return Fraction(number * 3)
    return Fraction(number * pence, 100) if kind == "rate" else Fraction(number * (pence // 100))


@settings(max_examples=40, deadline=None)
@given(st.lists(ROW, min_size=2, max_size=4), st.integers(1, 4))
def test_a_cliff_is_where_a_penny_more_gives_less(rows: list[tuple[str, int]], step: int) -> None:
    bounds = [number * step * 200 for number in range(len(rows))]
    table = "   ".join(f"from {bound // 100} GBP: {_row(*row)}" for bound, row in zip(bounds, rows, strict=True))
    found = _codes(f'earn "Steps" {{ on purchase   give by net {{ {table} }} }}\n', "L403")

    def total(pence: int) -> Fraction:
        return _worth(*rows[max(n for n, bound in enumerate(bounds) if bound <= pence)], pence)

    falls = [pence for pence in range(1, bounds[-1] + 2) if total(pence) < total(pence - 1)]
    assert falls == [bound for bound in bounds if bound in falls], "within a row nothing falls"
    assert len(found) == len(falls)


def test_a_cliff_is_found_through_factors_that_are_not_known() -> None:
    rule = 'earn "Steps" {{ on purchase   give by net {{ from 0 GBP: {0}   from 50 GBP: {1} }} of base }}\n'
    base = 'earn "Base" as base { on purchase   give 1 point per 1 GBP of net }\n\n'
    assert _codes(base + rule.format("10%", "5%"), "L403") == ["L403"]
    assert _codes(base + rule.format("5%", "5%"), "L403") == []
    assert _codes(base + rule.format("5%", "nothing"), "L403") == ["L403"]
    assert _codes(base + rule.format("5%", "10%"), "L403") == []


def test_prices_may_fall_with_the_number() -> None:
    price = 'item offer "More" {{\n  on        purchase\n  automatic\n  {0}\n}}\n'
    pieces = "by sum of pieces of lines { from 0: 9 GBP   from 5: 8 GBP }"
    assert _codes(price.format(f"price each unit at {pieces}"), "L403") == []
    assert _codes(price.format(f"take {pieces} off each unit"), "L403") == ["L403"]


# ---- rules side by side ----

BOUND = st.tuples(st.sampled_from(("<", "<=", ">", ">=")), st.integers(2, 5))
ACTS = {
    "<": lambda number, bound: number < bound,
    "<=": lambda number, bound: number <= bound,
    ">": lambda number, bound: number > bound,
    ">=": lambda number, bound: number >= bound,
}


@settings(max_examples=60, deadline=None)
@given(st.lists(BOUND, min_size=2, max_size=3))
def test_bounds_are_held_against_every_number(tests: list[tuple[str, int]]) -> None:
    """Numbers go by halves, so that what lies beside a bound is there too."""
    text = "\n".join(
        f'earn "Rule {n}" {{ on purchase   when visits {op} {bound}   give {n + 1} points }}\n'
        for n, (op, bound) in enumerate(tests)
    )
    numbers = [Fraction(n, 2) for n in range(2, 13)]
    acting = {number: {n for n, (op, bound) in enumerate(tests) if ACTS[op](number, bound)} for number in numbers}
    half, wholes = Fraction(1, 2), [Fraction(n) for n in range(2, 6)]
    gaps = [number for number in wholes if not acting[number] and acting[number - half] and acting[number + half]]
    twice = [
        number
        for number in wholes
        for one in acting[number]
        for other in acting[number]
        if one not in acting[number + half] and other not in acting[number - half] and one != other
    ]
    found = _codes(text, "L401", "L402")
    assert ("L401" in found) == bool(gaps)
    assert ("L402" in found) == bool(twice)


def test_pence_between_whole_pounds_are_a_gap() -> None:
    rules = 'earn "A" {{ on purchase   when net <= {0} GBP   give 1 point }}\n\n'
    rules += 'earn "B" {{ on purchase   when net >= {1} GBP   give 2 points }}\n'
    assert _codes(rules.format("99", "100"), "L401") == ["L401"]
    assert _codes(rules.format("99.99", "100"), "L401") == []
    assert _codes(rules.format("50", "100"), "L401") == []  # three bands of which one is not said: nobody's slip


def test_rules_that_differ_in_anything_else_are_not_side_by_side() -> None:
    one = 'earn "A" { on purchase   when visits < 3   give 1 point }\n\n'
    assert _codes(one + 'earn "B" { on purchase   when visits > 3   give 2 points }\n', "L401") == ["L401"]
    assert _codes(one + 'earn "B" { on purchase   when visits > 3 and channel is web   give 2 points }\n', "L401") == []
    assert _codes(one + 'reward "B" { on purchase   when visits > 3   give 2 points }\n', "L401") == []


# ---- tiers ----

TIERS = """\
track stays = count, on purchase, per calendar year

tiers {
  Blue
  Silver    when stays >= 5
  Gold      when stays >= 20
  lasts     until end of next calendar year
  then      Blue
}

"""


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=3, max_size=3))
def test_a_tier_gives_less_where_its_number_is_less(numbers: list[int]) -> None:
    rows = "   ".join(
        f"{tier}: {number}0 points" for tier, number in zip(("Blue", "Silver", "Gold"), numbers, strict=True)
    )
    found = _codes(f'{TIERS}earn "Bonus" {{ on purchase   give by tier {{ {rows} }} }}\n', "L400")
    assert len(found) == sum(above < below for below, above in pairwise(numbers))


def test_one_tier_alone_may_be_given_something() -> None:
    rule = 'earn "Bonus" {{ on purchase   give by tier {{ {0}   otherwise: nothing }} }}\n'
    assert _codes(TIERS + rule.format("Silver: 10 points"), "L400") == []
    assert _codes(TIERS + rule.format("Blue: 10 points   Silver: 20 points"), "L400") == ["L400"]
    assert _codes(TIERS + rule.format("Silver: 10 points   Gold: 20 points"), "L400") == []


def test_beside_another_key_each_column_is_looked_at() -> None:
    rows = "Blue, web: 1 point   Silver, web: 2 points   Gold, web: 3 points   any, app: 5 points   {0}"
    rule = f'earn "Bonus" {{{{ on purchase   give by tier, channel {{{{ {rows} }}}} }}}}\n'
    assert _codes(TIERS + rule.format("Blue or Silver, store: 4 points   Gold, store: 3 points"), "L400") == ["L400"]
    assert _codes(TIERS + rule.format("Blue or Silver, store: 3 points   Gold, store: 3 points"), "L400") == []


# ---- names ----


def test_names_a_letter_apart() -> None:
    apart = [("weekend", "wekend"), ("weekend", "weeknd"), ("morning", "mroning"), ("spring", "sprint")]
    assert all(one_letter_apart(one, other) and one_letter_apart(other, one) for one, other in apart)
    meant = [("stay", "stays"), ("rate_1", "rate_2"), ("same", "same"), ("spring", "sprigns"), ("spring", "autumn")]
    assert not any(one_letter_apart(one, other) or one_letter_apart(other, one) for one, other in meant)
    assert plain("Crème  brûlée!") == plain("CREME-BRULEE")


def test_an_untidy_title_is_mended_only_where_nobody_else_says_it() -> None:
    rule = 'earn "Gift: "{0} {{ on purchase   give 100 points   once per member }}\n'
    assert (
        _mended(rule.format(""), "L603")
        == 'earn "Gift" was "Gift: " { on purchase   give 100 points   once per member }\n'
    )
    assert _mended(rule.format(" as gift"), "L603") == rule.format(" as gift").replace("Gift: ", "Gift")
    (found,) = lint(example(rule.format("") + '\nholdout 5% of members salt "s" from "Gift: "\n'), select=["L603"])
    assert found.fix is None


def _mended(text: str, code: str) -> str:
    (found,) = lint(example(text), select=[code])
    assert found.fix is not None
    all_of_it = whole(text)
    start, end = found.fix.span
    return (all_of_it[:start] + found.fix.text + all_of_it[end:]).removeprefix(whole(""))


def test_two_negations_are_taken_out_whatever_stands_inside() -> None:
    rule = 'earn "A" {{ on purchase   when {0}   give 5 points }}\n'
    for written, plainly in (
        ("not not (channel is web and visits >= 2)", "(channel is web and visits >= 2)"),
        ("visits >= 1 and not (channel not in (web, app))", "visits >= 1 and channel in (web, app)"),
        ("not (visits is not multiple of 5)", "visits is multiple of 5"),
        ("not not not (channel is web)", "not (channel is web)"),
    ):
        mended = _mended(rule.format(written), "L407")
        assert example(mended).checked.ok
        assert mended == rule.format(plainly), mended
        assert _core(mended) == _core(rule.format(written)), "the mend means the same"
    assert _codes(rule.format("not (channel is web)"), "L407") == []


def _core(text: str) -> list[bool]:
    """What a rule does on some purchases."""
    view = example(text)
    when = view.rules[0].core.when
    from rules_engine.backends.reference import Reference
    from rules_engine.lowering import fingerprint
    from rules_engine.scoring import Program

    program = Program(view.core, view.checked.sources, Reference(view.core), fingerprint(view.core))
    assert when is not None
    member = {"joined": "2027-01-01", "plan": "basic"}
    return [
        bool(program.score(_purchase(channel, visits), member).awards)
        for channel in ("store", "web", "app")
        for visits in range(7)
    ]


def _purchase(channel: str, visits: int) -> dict[str, object]:
    return {
        "event": "purchase", "order_no": f"{channel}-{visits}", "customer": "m", "bought_at": "2027-03-01T10:00:00Z",
        "channel": channel, "codes": [], "visits": visits, "lines": [],
    }  # fmt: skip


def test_a_new_name_is_known_by_what_it_does_or_by_how_it_sounds() -> None:
    old = "track visits_made = count, on purchase, per lifetime\n\n"
    old += 'earn "Hello" { on purchase   when visits_made is 0   give 9 points }\n'
    same_body = old.replace("Hello", "Welcome")
    assert _codes(same_body, "L600", old=old) == ["L600"]
    assert _codes(same_body.replace('"Welcome"', '"Welcome" was "Hello"'), "L600", old=old) == []
    (guess,) = lint(example(old.replace("9 points", "10 points").replace("Hello", "Hello!"), old), select=["L600"])
    assert guess.fix is None, "a name that sounds alike is for a person to judge"
    assert _codes(old.replace("9 points", "10 points").replace("Hello", "Farewell"), "L600", old=old) == []
    assert _codes(old.replace("visits_made", "purchases"), "L600", old=old) == ["L600"]
    assert _codes(old, "L600", old=old) == []
    assert _codes(old + '\nearn "Hello again" { on purchase   give 1 point }\n', "L600", old=old) == []


def test_a_title_may_say_what_is_left_to_pay_and_names_may_stand_for_figures() -> None:
    offer = 'item offer "20% off" {{\n  on        purchase\n  automatic\n  {0}\n}}\n'
    assert _codes(offer.format("price each unit at 80% of current"), "L612") == []
    assert _codes(offer.format("take 25% of current off each unit"), "L612") == ["L612"]
    assert _codes("define discount = 25%\n\n" + offer.format("take discount * current off each unit"), "L612") == []
    year = 'earn "Spring 2026" { on purchase   from 2027-03-01 until 2027-05-31   give 5 points }\n'
    assert _codes(year, "L612") == ["L612"]
    assert _codes(year.replace("Spring 2026", "Spring 2027"), "L612") == []


def test_words_of_two_scripts_and_words_of_another_are_told_apart() -> None:
    say = 'earn "A" {{ on purchase   give 5 points   say "{0}" }}\n'
    assert _codes(say.format("Скидка на wine"), "L605") == []
    assert _codes(say.format("Sаle"), "L605") == ["L605"]
    assert _codes(say.format("café größer"), "L605") == []


# ---- tests ----

SHOP = """\
language 1
use shop

program "Corner Shop Club" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Base" as base { on purchase   give 1 point per 1 GBP of net   at most 3 points per member }
"""
TEST = """
test "a pound" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 1.00 GBP | }
  then  base 1 point
}
"""


def test_without_tests_one_lint_speaks_and_with_them_the_others_when_asked() -> None:
    assert _codes(SHOP, "L7") == ["L700"]
    assert _codes(SHOP) == ["L700"]
    assert _codes(SHOP + TEST) == []
    assert _codes(SHOP + TEST, "L7") == ["L704"]
    assert _codes(SHOP + TEST.replace("1.00 GBP", "9.00 GBP").replace("1 point", "3 points"), "L7") == []


def test_a_program_in_several_files_is_one() -> None:
    """The tests may stand in a file of their own, and a rule's place is in its own file."""
    rules = SHOP + '\nearn "Never" as never { on purchase   when net >= 50 GBP   give 5 points }\n'
    checked = check([Source("rules.rules", rules), Source("tests.rules", "language 1\n" + TEST)])
    (found,) = lint(View(checked))
    assert (found.code, found.source) == ("L701", "rules.rules")
    assert rules[slice(*found.span)] == '"Never"'
    assert PRELUDE not in rules


def test_a_rule_without_an_upper_bound_closes_a_gap() -> None:
    rules = "".join(
        f'earn "{name}" {{ on purchase   when visits {test}   give {n} points }}\n\n'
        for n, (name, test) in enumerate((("A", "< 3"), ("B", "> 3"), ("C", ">= 2")), 1)
    )
    assert _codes(rules, "L401") == []
    assert _codes(rules.replace(">= 2", ">= 4"), "L401") == ["L401"]
    assert _codes(rules.replace(">= 2", "is 3"), "L401") == []


def test_names_are_held_against_shorter_and_longer_ones() -> None:
    for one, other in (("returning", "retuning"), ("retuning", "returning"), ("morning_gift", "moring_gift")):
        uses = f'earn "A" {{ on purchase   when {one} or {other}   give 1 point }}\n'
        text = f"define {one} = visits >= 3\n\ndefine {other} = net >= 9 GBP\n\n{uses}"
        assert _codes(text, "L608") == ["L608"], (one, other)
    assert _codes("define gold = visits >= 3\n\ndefine cold = net >= 9 GBP\n", "L608") == []


def test_a_match_is_held_against_the_ladder_and_the_usual_ranks() -> None:
    match = """\
match "Match" as challenge {{
  on        claim
  matches   by member.segment {{ {0}   otherwise: no award }}
  trial     for 90 days
  keep      matched tier if in_trial >= 5
  lasts     until end of next calendar year
  then      Blue
  once      per member
}}

track in_trial = count, on purchase, per trial of challenge
"""
    for rows, codes in (
        ('"Silver": Silver   "Gold": Gold', []),
        ('"Silver" or "Gold": Silver', []),
        ('"Bronze": Gold   "Platinum": Silver', ["L405"]),
        ('"silver": Gold   "gold": Silver', ["L405"]),
        ('"Red": Gold   "Violet": Silver', []),
    ):
        assert _codes(TIERS + match.format(rows), "L405") == codes, rows


def test_a_currency_that_another_rule_speaks_for_is_not_left_out() -> None:
    text = example_of("L406")
    ten = 'basket offer "Ten" { on order   automatic   when list >= 50 GBP   take 10 GBP off the total of lines }'
    assert ten in text
    dollars = ten.replace("Ten", "Twelve").replace("50 GBP", "60 USD").replace("10 GBP", "12 USD")
    assert _codes(text, "L406") == ["L406"]
    stacked = text.replace("  split", '  stacking   { basket: all in order "Ten", "Twelve" }\n  split')
    assert _codes(stacked.replace(ten, f"{ten}\n\n{dollars}"), "L406") == []
    assert _codes(text.replace("when list", "when currency is GBP and list"), "L406") == []


def example_of(code: str) -> str:
    """The bad example of a lint."""
    return next(each.bad for each in LINTS if each.code == code)


def test_of_a_condition_made_of_parts_each_part_is_told() -> None:
    rule = '\nearn "Big" as big { on purchase   when net >= 5 GBP and channel is web   give 7 points }\n'
    both = (
        TEST.replace("10:00", "10:00   channel: web")
        .replace("1.00 GBP", "9.00 GBP")
        .replace("base 1 point", "big 7 points")
    )
    found = [each.message for each in lint(example(SHOP + rule + both), select=["L705"])]
    assert found == ["no test has `net >= 5 GBP` fail", "no test has `channel is web` fail"]
    short = TEST.replace("10:00", "10:00   channel: web")
    found = [
        each.message for each in lint(example(SHOP + rule + both + short.replace("a pound", "less")), select=["L705"])
    ]
    assert found == ["no test has `channel is web` fail"]


def test_returns_are_asked_for_only_where_they_take_back() -> None:
    text = example_of("L707")
    assert _codes(text, "L707") == ["L707"]
    assert _codes(text.replace("by share, shortfall forgiven", "keep"), "L707") == []
