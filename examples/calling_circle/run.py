"""Tell two months of a phone network: of Ana, or of those named, call by call, and of all by rule.

python examples/calling_circle/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2027-05-10"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["ana"])


if __name__ == "__main__":
    main(sys.argv[1:])
