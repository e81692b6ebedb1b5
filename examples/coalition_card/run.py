"""Follow a household of the coalition through half a year, or the people named, and sum up by rule.

python examples/coalition_card/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2027-07-31"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["ada", "ben"])


if __name__ == "__main__":
    main(sys.argv[1:])
