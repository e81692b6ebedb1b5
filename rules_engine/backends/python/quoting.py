"""The one way from a rule file's text into generated source: quoted constants and checked identifiers.

In: constants and names of the typed core. Out: Python text. Whatever a rule file holds, it reaches the generated module
either as a literal made here or as an identifier that begins with a prefix and a number of ours.
"""

from __future__ import annotations

from typing import TypeAlias

Constant: TypeAlias = "int | str | bool | tuple[Constant, ...] | dict[int | str | bool, Constant] | None"


class Local(str):
    """A constant that rules of one shape differ in: the local name that holds it, an identifier of ours, stands where
    the constant would."""

    __slots__ = ()


def const(value: Constant) -> str:
    """A literal for a constant; any other kind of value is our mistake.

    >>> const(("gas", "it's"))
    '(\\'gas\\', "it\\'s")'
    """
    if isinstance(value, Local):
        return str(value)
    if isinstance(value, tuple):
        return "(" + "".join(const(item) + ", " for item in value).rstrip(" ") + ")" if value else "()"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{const(k)}: {const(v)}" for k, v in value.items()) + "}"
    assert value is None or type(value) in (int, str, bool), type(value)
    return ascii(value)


def ident(prefix: str, number: int, word: str = "") -> str:
    """An identifier: `spend` as track 2 is `t2_spend`. Letters outside a small alphabet become underscores.

    >>> ident("t", 2, "spend"), ident("r", 0, "Base points"), ident("r", 1, "')")
    ('t2_spend', 'r0_Base_points', 'r1___')
    """
    safe = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in word)[:40]
    return f"{prefix}{number}_{safe}" if safe else f"{prefix}{number}"


def comment(text: str) -> str:
    """A text for a comment: one line, printable ASCII.

    >>> comment("a\\nb")
    'a b'
    """
    return "".join(c if " " <= c <= "~" else " " for c in text)
