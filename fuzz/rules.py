"""The target of rule files: `python -m fuzz.rules FOLDER -max_total_time=300`, with libFuzzer's arguments."""

from __future__ import annotations

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["rules_engine.parsing", "rules_engine.checking"]):
    from fuzz.finding import kept
    from fuzz.laws import rule_text, text_of
    from fuzz.mutating import SIZE_MAX, mutated


def one(data: bytes) -> None:
    """One input: bytes as text; what is no UTF-8 comes as halves of surrogate pairs, as a host might pass it."""
    kept(lambda: rule_text(text_of(data)), data)


def mutator(data: bytes, size: int, seed: int) -> bytes:
    """Half of the inputs are changed by the language's own pieces, half by libFuzzer."""
    random = Random(seed)
    if random.random() < 0.3:
        return bytes(atheris.Mutate(data, size))
    return mutated(text_of(data), random).encode("utf-8", "surrogatepass")[:size]


def main() -> None:
    """Run until something is found or the time is over."""
    limits = [f"-max_len={SIZE_MAX * 3}", "-timeout=20", "-rss_limit_mb=2000"]
    atheris.Setup([*sys.argv, *limits], one, custom_mutator=mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
