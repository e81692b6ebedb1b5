"""Follow the flyers of the sample through both offers: two of them, or those named, flight by flight, and all by rule.

python examples/rival_flyers/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2029-01-01"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["two-for-one", "gold-to-silver"])


if __name__ == "__main__":
    main(sys.argv[1:])
