"""Tell two months of a phone network for the young: of one, or of those named, and of all by rule.

python examples/youth_network/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2027-06-30"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["lin"])


if __name__ == "__main__":
    main(sys.argv[1:])
