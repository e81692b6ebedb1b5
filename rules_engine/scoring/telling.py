"""An explanation as a tree of text, for a person who asks why it is 412 points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from rules_engine.scoring.explaining import Explanation, GiveTold, LimitTold, LotTold, RuleTold, ValueTold, WayTold


class Branch(msgspec.Struct, frozen=True):
    """A line and what hangs below it."""

    text: str
    inner: tuple[Branch, ...] = ()


def told(explanation: Explanation, rule: str = "") -> str:
    """The whole tree, or that of one rule."""
    if rule:
        return "\n".join(line for each in explanation.rules if each.rule == rule for line in _lines(_rule(each)))
    parts = [
        _list("time passed", explanation.passed),
        *(_rule(each) for each in explanation.rules),
        _list("tracks", [f"{each.track}: {each.before} -> {each.after}" for each in explanation.tracks]),
        Branch("tiers", (*map(_way, explanation.ways), *map(Branch, explanation.tiers))),
        _list("given", [_lot(each) for each in explanation.lots]),
        _list("said", [f"{each.rule}: {each.text}" for each in explanation.outcome.said]),
    ]
    return "\n".join(
        _lines(Branch(_head(explanation), tuple(each for each in parts if each.inner or ": " in each.text)))
    )


def _head(explanation: Explanation) -> str:
    member = f"member {explanation.member}" if explanation.member is not None else "a guest"
    late = ", late" if explanation.late else ""
    return f"{explanation.event} {explanation.id} of {member} on {explanation.day}{late}"


def _list(title: str, lines: Iterable[str]) -> Branch:
    return Branch(title, tuple(map(Branch, lines)))


# ---- rules ----


def _rule(rule: RuleTold) -> Branch:
    name = f'"{rule.title}"'
    if rule.why:
        head = f"{name}: not applied, {rule.why}" + (f": {rule.because}" if rule.because else "")
    else:
        head = f"{name}: " + (" and ".join(give.given for give in rule.gives) or "applied")
    gives = tuple(branch for give in rule.gives for branch in _give(give))
    limits = tuple(_limit(limit) for limit in rule.limits)
    return Branch(head + (f"  ({rule.place})" if rule.place else ""), (*map(_value, rule.values), *gives, *limits))


def _give(give: GiveTold) -> Iterator[Branch]:
    if not give.exact:
        return
    steps = [give.exact]
    if give.wanted != give.exact:
        steps.append(f"{give.wanted} wanted" + (f" (rounded {give.rounded})" if give.rounded else ""))
    if give.given != give.wanted:
        steps.append(f"{give.given} given" + (f" (cut by {give.cut_by})" if give.cut_by else ""))
    mark = f"at mark {give.mark}: " if give.mark is not None else ""
    inner = [*map(_value, give.values)]
    if any(give.parts):
        inner.append(Branch("on lines " + ", ".join(f"{n}: {part}" for n, part in enumerate(give.parts, 1))))
    yield Branch(f"{mark}{give.text or 'amount'} = {' -> '.join(steps)}", tuple(inner))


def _limit(limit: LimitTold) -> Branch:
    since = f" since {limit.since}" if limit.since else ""
    passed = "all of it passes" if limit.asked == limit.passed else f"{limit.passed} of it pass"
    room = f"{limit.used} used{since}, {limit.room} left"
    return Branch(f"{limit.text or 'limit'}: {room}; {limit.asked} asked, {passed}")


def _value(value: ValueTold) -> Branch:
    line = f"line {value.line}: " if value.line is not None else ""
    mark = ": " if value.text == "left out" else " = "
    shown = f"{mark}{value.value}" if value.value else ""
    return Branch(f"{line}{value.text or 'value'}{shown}", tuple(map(_value, value.inner)))


# ---- the rest ----


def _way(way: WayTold) -> Branch:
    name = way.tier if way.way == way.tier else f"{way.tier} by {way.way}"
    verdict = "holds" if way.holds else f"does not hold: {way.because}"
    return Branch(f"{name} {verdict}")


def _lot(lot: LotTold) -> str:
    words = [f"{lot.amount} from {lot.source}"]
    words += [f"pending through {lot.pending}"] if lot.pending else []
    words += [f"valid through {lot.expires}"] if lot.expires else []
    words += [f"valid for {span}" for span in lot.spans]
    return ", ".join(words if lot.expires or lot.spans else [*words, "valid without end"])


def _lines(branch: Branch, lead: str = "", below: str = "") -> Iterator[str]:
    """A tree drawn with box characters."""
    yield lead + branch.text
    for place, each in enumerate(branch.inner):
        last = place == len(branch.inner) - 1
        yield from _lines(each, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))
