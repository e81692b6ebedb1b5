"""Holdouts: members who are kept out of some rules, so that what the rules do can be measured.

Who is held out by share is settled by SHA-256 of the salt, a zero byte and the member's id: the first eight bytes, read
as a big-endian number modulo 10,000, lie under the share. It needs no memory, and stays the same for ever.
"""

from __future__ import annotations

from hashlib import sha256

from rules_engine import ir
from rules_engine.backends.reference.expressions import truth
from rules_engine.backends.reference.run import Env
from rules_engine.backends.reference.trace import noting

PARTS = 10_000


def hashed(salt: str, member: str) -> int:
    """A member's place in 10,000 parts.

    >>> hashed("spring-2027", "m-1") == hashed("spring-2027", "m-1")
    True
    """
    digest = sha256(salt.encode() + b"\0" + member.encode()).digest()
    return int.from_bytes(digest[:8], "big") % PARTS


def is_held_out(rule: str, env: Env) -> bool:
    """Whether the event's member is kept out of a rule; guests never are."""
    return any(rule in holdout.rules and keeps_out(holdout, env) for holdout in env.run.world.core.holdouts)


def keeps_out(holdout: ir.HoldoutDef, env: Env) -> bool:
    """Whether a holdout keeps the member out; guests never are."""
    member = env.run.member
    if member is None:
        return False
    if holdout.share is not None and hashed(holdout.salt, member) < holdout.share:
        return True
    with noting(env.run.trace, []):
        return holdout.where is not None and truth(holdout.where, env)
