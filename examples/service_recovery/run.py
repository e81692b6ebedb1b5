"""Follow the flyers whom the airline let down most, or those named, and sum up by rule.

python examples/service_recovery/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2027-12-31"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["f-01", "f-05"])


if __name__ == "__main__":
    main(sys.argv[1:])
