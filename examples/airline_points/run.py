"""Tell a year of an airline's points: of a family, or of those named, and of all by rule.

python examples/airline_points/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2027-12-31"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["ada", "chidi"])


if __name__ == "__main__":
    main(sys.argv[1:])
