"""What a row of `TAKE` takes: the numbers that stand in the pool for it, by their places; and how sets of shapes stand.

In: nothing. Out: names, for who writes such rows and who reads them.
"""

from typing import Final

# What `TAKE` takes: of each unit, of each line or of the total (`GRAIN`) of lines, of the event's own shipping or of
# both (`OF`); in proportion to what they cost, by units, or to that times V[FACTOR] and R[SHIP_FACTOR] (`SPLIT`). The
# amount is V[AMOUNT] of lines and R[SHIP_AMOUNT] of shipping, or R[AMOUNT] of a total; of units it is worked out as by
# `TAKE_UNITS` from the numbers that follow. Nothing goes below V[FLOOR], which lines (all units) cost at least, and no
# element below what `LEAST` has for it (V of lines, R of a total) and R[SHIP_LEAST]; -1 is none. `TELLS`: what was
# wanted is said though nothing was given. `RAISES`: a price may go up; the event is not done where lines (2: and
# shipping) then cost more than `MOST` in all.
(TAKE_GRAIN, TAKE_OF, TAKE_SPLIT, TAKE_FACTOR, TAKE_SHIP_FACTOR, TAKE_AMOUNT, TAKE_SHIP_AMOUNT, TAKE_FLOOR, TAKE_LEAST,
 TAKE_SHIP_LEAST, TAKE_TELLS, TAKE_RAISES, TAKE_MOST, TAKE_RATES) = range(14)  # fmt: skip
# A pick (where `PICK` is not below 0, at pool[PICK : PICK + PICK_WIDTH]; all amounts then follow from the numbers at
# `TAKE_RATES`): its kind, its order, how many and per how many (or from which place to which; or which place of how
# many), whether of lines, the vector that a sorted row goes by, and where what units cost when the rule began is kept
# (-1: what they cost now).
TAKE_PICK = 20
TAKE_WIDTH = 21
PICK_WIDTH = 7
PICK_SOME, PICK_EVERY, PICK_SPAN, PICK_WHERE = range(4)
# `PICK_WHERE`: units for which all of so many comparisons hold that stand at a place of the pool, four numbers each:
# `now * first + list * second + third` compares to 0 as the fourth says.
BY_PLACE, CHEAPEST, DEAREST, LAST_ONES, SORTED_UP, SORTED_DOWN = range(6)
BY_UNIT, BY_LINE, BY_TOTAL = 0, 1, 2
OF_LINES, OF_SHIPPING, OF_BOTH = 0, 1, 2
IN_PROPORTION, EVENLY, WITH_TAX = 0, 1, 2

SET_SHIFT: Final = 2**40
"""The values of all rows' sets stand in one sorted stretch, each moved by so much for each row."""
SET_MOST: Final = 2**39 - 1
"""What lies further from 0 is in no such set."""
