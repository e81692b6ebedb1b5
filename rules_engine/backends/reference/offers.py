"""One offer on one event: whether it acts, and what it then leaves of the basket.

A rule is asked in this order: is its code presented; its dates; is there a member, where it is limited by member; is
its thing presented and owned; is there room in its limits by times; is its group full; is it shut out by consent; its
`when`. Then its sets are formed and its effects run in the order of the text, each on what the one before left. A rule
that changed no price, established none, added no charge and no gift has done nothing: it takes no turn, no consent, no
count, no claim.
"""

from __future__ import annotations

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import presented
from rules_engine.backends.reference.budgets import Account, Cancelled, account_of
from rules_engine.backends.reference.carrier import Act
from rules_engine.backends.reference.codes import codes_of
from rules_engine.backends.reference.expressions import NoAmount, NoAward, NoMember, truth
from rules_engine.backends.reference.holdouts import is_held_out
from rules_engine.backends.reference.reach import Reach, barriers_of, shut_out
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.trace import OfferNoted, noting
from rules_engine.backends.reference.working import Idle, Work
from rules_engine.outcome import Discount


def ask(rule: ir.OfferDef, reach: Reach, run: Run) -> None:
    """Ask a rule; where it acts, the run goes on with the basket that it leaves."""
    assert run.basket is not None
    noted, start = OfferNoted(rule), run.basket
    run.offers.append(noted)
    run.basket = start.acting
    with noting(run.trace, noted.inner):
        try:
            act = _asked(rule, reach, noted, run)
        except Idle as idle:
            run.basket = start
            noted.why, noted.by, noted.group, noted.how = idle.why, idle.by, idle.group, idle.how
            noted.failed, noted.limit = idle.failed, idle.limit
            _forget(noted)
            return
    if is_held_out(rule.key, Env(run)):
        run.basket = start
        noted.why, noted.held_out, noted.withheld = "held out", True, _withheld(act, noted)
        _forget(noted)
    else:
        run.basket = msgspec.structs.replace(run.basket, acts=(*start.acts, act))


def _forget(noted: OfferNoted) -> None:
    """What effects would have given is not given."""
    for each in noted.effects:
        each.given = 0


def _withheld(act: Act, noted: OfferNoted) -> tuple[Discount, ...]:
    """What a rule would have taken, of a member who is held out of it; for one that would have taken nothing, but
    charged, added or established something, a record of nothing by the first effect that did."""
    wanted = [each for each in act.discounts if each.wanted] or list(act.discounts[:1])
    if not wanted:
        number = next(each.number for each in noted.effects if each.wanted)
        wanted = [Discount(act.rule.key, act.rule.stage, number, 0, 0)]
    return tuple(msgspec.structs.replace(each, given=0, parts=(), held_out=True, cut_by="") for each in wanted)


def _asked(rule: ir.OfferDef, reach: Reach, noted: OfferNoted, run: Run) -> Act:
    """What a rule does; raises `Idle` where it does not act. The run's basket becomes the one that it leaves."""
    try:
        account = _admitted(rule, noted, run)
        return Work(rule, noted, account, barriers_of(rule, reach, run)).done()
    except NoAmount as missing:
        raise Idle("no amount") from missing
    except NoMember as missing:
        raise Idle("no member") from missing
    except NoAward as stopped:
        raise Idle("no award") from stopped
    except Cancelled as cut:
        raise Idle("limit reached", limit=cut.limit) from cut


def _admitted(rule: ir.OfferDef, noted: OfferNoted, run: Run) -> Account:
    """Everything that is asked before a rule acts."""
    assert run.basket is not None
    account = _set_off(rule, noted, run)
    env = account.env
    if not truth(rule.dates, env):
        raise Idle("outside its dates", failed=rule.dates)
    if run.member is None and (account.asks_member or rule.thing is not None):
        raise Idle("no member")
    absent = "" if rule.thing is None else presented.missing(rule.thing, env)
    if absent:
        raise Idle(absent)
    for limit in account.by_times:
        if account.times_left(limit) < 1:
            raise Idle("limit reached", limit=limit)
    group = run.world.offer_groups.get(rule.group)
    members = sum(act.rule.group == rule.group for act in run.basket.acts)
    if group is not None and group.at_most is not None and members >= group.at_most:
        raise Idle("group is full", group=group.name)
    other = shut_out(rule, run.basket)
    if other:
        raise Idle("shut out", by=other)
    if not truth(rule.when, env):
        raise Idle("condition", failed=rule.when)
    return account


def _set_off(rule: ir.OfferDef, noted: OfferNoted, run: Run) -> Account:
    """The code that sets a rule off, and its limits: the first presented code that its limits leave room for."""
    if rule.code is None:
        return account_of(rule, noted, Env(run))
    own = codes_of(rule, run)
    if not own:
        raise Idle("code not presented")
    tried = [account_of(rule, OfferNoted(rule), Env(run, code=code)) for code in own]
    member = run.member is not None
    free = [each for each in tried if (member or not each.asks_member) and each.has_times() and each.has_amount()]
    noted.code = (free[0] if free else tried[0]).env.code
    return account_of(rule, noted, Env(run, code=noted.code))
