"""Follow a card of the tea house from bill to bill, or those named, and sum up by rule.

python examples/stored_value/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2027-12-31"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["h-03"])


if __name__ == "__main__":
    main(sys.argv[1:])
