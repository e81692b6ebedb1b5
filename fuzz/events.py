"""The target of events: `python -m fuzz.events FOLDER -max_total_time=300`, with libFuzzer's arguments."""

from __future__ import annotations

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["rules_engine.decoding", "rules_engine.values", "rules_engine.calendar"]):
    from fuzz.finding import kept
    from fuzz.laws import event_bytes
    from fuzz.mutating import event_mutated


def one(data: bytes) -> None:
    """One input: the first byte says which program, the rest is what a host sends."""
    if data:
        kept(lambda: event_bytes(data[0], data[1:]), data)


def mutator(data: bytes, size: int, seed: int) -> bytes:
    """Most inputs are events whose values take odd turns, the others are changed by libFuzzer."""
    random = Random(seed)
    if not data or random.random() < 0.3:
        return bytes(atheris.Mutate(data, size))
    number = random.randrange(256) if random.random() < 0.1 else data[0]
    return (bytes([number]) + event_mutated(number, data[1:], random))[:size]


def main() -> None:
    """Run until something is found or the time is over."""
    atheris.Setup([*sys.argv, "-max_len=8000", "-timeout=20", "-rss_limit_mb=2000"], one, custom_mutator=mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
