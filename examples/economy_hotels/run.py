"""Tell a year of an economy chain: of one guest, or of those named, night by night, and of all by rule.

python examples/economy_hotels/run.py [MEMBER ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.diary import tell

HERE = Path(__file__).parent
UNTIL = "2028-03-31"


def main(arguments: list[str]) -> None:
    """Run the example."""
    tell(HERE, UNTIL, arguments or ["hua", "jun"])


if __name__ == "__main__":
    main(sys.argv[1:])
