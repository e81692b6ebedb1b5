"""A circle in who reads whom, and an order in which each comes after those it reads.

In: for each key the keys it reads. Out: a circle as a path that ends where it begins, or an order. Both walk with a
stack of their own, since programs can be long chains. Order among the independent is that of the input, so it never
depends on chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def circle(reads: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The first circle, or an empty list.

    >>> circle({"a": ("b",), "b": ("c",), "c": ("b",)}), circle({"a": ("b",), "b": ()})
    (['b', 'c', 'b'], [])
    """
    return _walk(reads)[1]


def in_order(reads: Mapping[str, tuple[str, ...]]) -> list[str]:
    """All keys, each after those it reads; there must be no circle.

    >>> in_order({"a": ("b",), "b": (), "c": ("a",)})
    ['b', 'a', 'c']
    """
    done, path = _walk(reads)
    assert not path, "the check refuses circles"
    return done


def _walk(reads: Mapping[str, tuple[str, ...]]) -> tuple[list[str], list[str]]:
    done: dict[str, None] = {}
    open_: dict[str, None] = {}
    for start in reads:
        stack = [] if start in done else [(start, iter(reads[start]))]
        open_.update(dict.fromkeys(key for key, _ in stack))
        while stack:
            key, rest = stack[-1]
            for each in rest:
                if each in open_:
                    keys = list(open_)
                    return list(done), [*keys[keys.index(each) :], each]
                if each not in done and each in reads:
                    stack.append((each, iter(reads[each])))
                    open_[each] = None
                    break
            else:
                stack.pop()
                del open_[key]
                done[key] = None
    return list(done), []
