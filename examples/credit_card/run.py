"""Follow a card holder through a year of caps, or those named, and sum up by rule.

python examples/credit_card/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2027-12-31"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["eli"])


if __name__ == "__main__":
    main(sys.argv[1:])
