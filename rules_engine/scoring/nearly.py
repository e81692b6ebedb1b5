"""Near misses as values: what would have to be otherwise about an event, and what it would give then.

Amounts and days are words already, as a person reads them; `field`, `line`, `before` and `after` say exactly what was
changed in the event that proved it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class Changed(msgspec.Struct, frozen=True):
    """One change of an event: `said` in words (`4.10 GBP more`), the field, its line (from 1; None: the event's own),
    and its value before and after. `lines` as the field is a line more, like the one that `line` names.

    >>> change = program.near({**order, "lines": [{**order["lines"][0], "pieces": 1}]}, member).misses[0].changes[0]
    >>> change.said, change.field, change.line, change.before, change.after
    ('2.25 GBP more', 'price', 1, '2.75 GBP', '5.00 GBP')
    """

    said: str
    field: str
    line: int | None
    before: str
    after: str

    def where(self) -> str:
        """The field with its line: `amount of line 1`.

        >>> Changed("4.10 GBP more", "amount", 1, "45.90 GBP", "50.00 GBP").where()
        'amount of line 1: 45.90 GBP -> 50.00 GBP'
        """
        if self.field == "lines":
            return f"{self.before} -> {self.after} lines, as line {self.line}"
        line = f" of line {self.line}" if self.line is not None else ""
        before = f"{self.before} -> " if self.before else ""
        return f"{self.field}{line}: {before}{self.after}"


class NearMiss(msgspec.Struct, frozen=True):
    """A rule, offer or tier that the event does not reach, and how near it is.

    With `proved` the event with these changes was scored, and `gives` is what the rule gave then, `besides` what else
    was otherwise; each number changed by one step less does not do. Without, what is missing is nothing that the event
    carries, and only `because` says what.

    >>> miss = program.near({**order, "lines": [{**order["lines"][0], "pieces": 1}]}, member).misses[0]
    >>> miss.proved, miss.gives, miss.besides, [each.after for each in miss.changes]
    (True, ('Gold',), ('3 points more',), ['5.00 GBP'])
    """

    rule: str
    title: str
    place: str
    because: tuple[str, ...]
    changes: tuple[Changed, ...]
    proved: bool
    gives: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()

    def text(self) -> str:
        """The miss as a sentence.

        >>> change = Changed("4.10 GBP more", "amount", 1, "45.90 GBP", "50.00 GBP")
        >>> NearMiss("free", "Free shipping", "", (), (change,), True, ("3.95 GBP off",)).text()
        '4.10 GBP more gives 3.95 GBP off ("Free shipping")'
        """
        if not self.proved:
            return f'"{self.title}": {"; ".join(self.because)}'
        name = f' ("{self.title}")' if self.rule and self.gives else ""
        given = " and ".join(self.gives)
        does = f"gives {given}{name}" if given else f'makes "{self.title}" act'
        return f"{' and '.join(each.said for each in self.changes)} {does}"


class Near(msgspec.Struct, frozen=True):
    """The near misses of an event, the nearest first. `beyond` counts rules that failed on a comparison but are
    farther away than those that were tried.

    >>> smaller = {**order, "lines": [{**order["lines"][0], "pieces": 1}]}
    >>> [miss.text() for miss in program.near(smaller, member).misses]
    ['2.25 GBP more gives Gold']
    """

    misses: tuple[NearMiss, ...]
    beyond: int = 0

    def text(self) -> str:
        """The misses for a person."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        proved = [each for each in self.misses if each.proved]
        if not proved:
            yield "near misses: none that a change of this event would mend"
        else:
            yield "near misses"
        for each in proved:
            yield f"  {each.text()}" + (f"  ({each.place})" if each.place else "")
            yield from (f"    {change.where()}" for change in each.changes)
            if each.besides:
                yield f"    and besides: {', '.join(each.besides)}"
        if len(proved) < len(self.misses):
            yield "not in this event's hands"
        for each in self.misses:
            if not each.proved:
                yield f"  {each.text()}" + (f"  ({each.place})" if each.place else "")
        if self.beyond:
            yield f"and {self.beyond} farther away"
