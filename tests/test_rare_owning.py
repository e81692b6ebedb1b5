"""What owning can say and generated programs never do: one program of such words, played by generated histories.

Every evaluator, explained and not, must agree; formatting keeps the meaning; and each rule must have acted.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.exercised import Index
from tests.histories import history
from tests.trials import core_of, play, round_trip

TEXT = """language 1
program "Rare" {
  currency GBP, rounded half up   29 February counts as 1 March
  split in proportion, odd pennies to the largest remainder
  stacking { tender: all in order "Old seals", "Any" }
}
unit seal, seals { rounded down   lasts for 3 weeks after last visit   balance at least 0   remembers n: count up to 9 }
unit star, stars { rounded up   lasts for 1 year after last buy }
unit point, points { rounded half even   lasts forever   use soonest first }
period quarterly = every 1 quarter from member.joined
event buy dated by at of who identified by ref {
  ref: text   who: member   at: date   seals_in: seals? up to 90
  lines 0 to 6 {
    key: text as id   kind: food | toy   shop: A | B | C   pieces: count up to 9 as quantity
    price: money up to 99 GBP as list each
  }
}
event visit dated by at of who identified by ref { ref: text   who: member   at: date   n: count up to 9 }
member { joined: date }
track by_shop = sum of net of lines by shop up to 3 keys, on buy, per calendar month
track spend = sum of net, on buy, per calendar month
track recent = count, on visit, per the last 2 calendar quarters
redeem "Old seals" { on buy   accept balance of seals where seal.n >= 3, worth 1 GBP per 4 seals, rounded up }
redeem "Any" { on buy   accept seals_in, worth 0.35 GBP per 3 seals, rounded half even }
earn "Seals" { on visit   give 9 seals, with n: n   at most 60 seals per member per quarterly }
earn "Largest" {
  on buy   give 1 point per full 5 GBP of (sum of top 1 of shop of lines where kind is toy by net ties by shop)
}
earn "Cheapest" { on buy   give 1 point per 1 GBP of (paid of the cheapest 2 units where kind is food) }
earn "Least" { on visit   when recent >= 2   deduct 1.5 points * n, rounded up }
reward "Before" {
  on end of calendar month, settled after 1 month   when sum of previous by_shop > 0 GBP   give 3 stars
}
reward "Over" {
  on end of calendar month   give 1 star   carry spend - 20 GBP into spend, never below 0 GBP, up to 50 GBP
}
reward "Half" { on end of quarterly, settled after 1 week   give 1 star per full 2 points of balance of points }
"""


def test_words_that_are_seldom_said() -> None:
    core = core_of(TEXT)
    round_trip(TEXT, core)
    met, index = Counter[str](), Index(core)
    for seed in range(16):
        play(core, history(core, Random(seed), 14), met)
    wanted = {word for rule in core.rules for word in index.words(rule)} - {"give with rounding"}
    missing = wanted - set(+met)
    assert not missing, f"never exercised: {sorted(missing)}"
    assert not [word for word in +met if word.startswith("refused")], "three shops are three keys"
    assert met["scheduled"]
    assert met["paid"]
