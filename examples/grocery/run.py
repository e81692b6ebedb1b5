"""Follow a shopper of the grocer through half a year, or those named, and sum up by rule.

python examples/grocery/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2027-07-06"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["s-06"])


if __name__ == "__main__":
    main(sys.argv[1:])
