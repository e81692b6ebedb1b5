"""What a test says, and what it leaves out: a dictionary that refuses to be read where nothing was said.

A test may omit facts and fields that nothing evaluated reads. What it omits is not in the dictionary, and asking for
it raises `NotGiven`, which ends the test with the name of what is missing. `dict(told)` is a plain copy without guard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from rules_engine.event import FieldValue


class NotGiven(Exception):  # noqa: N818 - the test lacks something; nothing failed
    """A rule reads a fact or field that the test does not give. `where` says of what: the member, an event, a line."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(f"`{name}` of {where}")
        self.name = name
        self.where = where


class Told(dict[str, FieldValue]):
    """Values by name, without those that were left out.

    >>> told = Told({"joined": 3}, omitted=["birthday"], where="the member")
    >>> told["joined"], told.get("nothing of that name")
    (3, None)
    >>> told.get("birthday")
    Traceback (most recent call last):
    rules_engine.workbench.told.NotGiven: `birthday` of the member
    """

    def __init__(self, values: Mapping[str, FieldValue], omitted: Iterable[str], where: str) -> None:
        self.omitted = frozenset(omitted)
        self.where = where
        super().__init__({name: value for name, value in values.items() if name not in self.omitted})

    def __missing__(self, name: str) -> NoReturn:
        if name in self.omitted:
            raise NotGiven(name, self.where)
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value; asking for what was left out ends the test."""
        if name in self.omitted:
            raise NotGiven(name, self.where)
        return super().get(name, default)
