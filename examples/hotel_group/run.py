"""Tell a year of a hotel group: of a regular guest, or of those named, stay by stay, and of all by rule.

python examples/hotel_group/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2028-03-31"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["regular"])


if __name__ == "__main__":
    main(sys.argv[1:])
