"""What a batch came to, as it is told: by event, by line, and the rows of all tables.

In: a batch; what walks wrote and emitted. Out: `Results`.
"""

from __future__ import annotations

import numpy as np

from rules_engine.backends.columnar.batch import (
    Awards,
    Batch,
    Charges,
    Codes,
    Discounts,
    Gifts,
    Payments,
    Prices,
    Results,
    Said,
    Tiers,
    Used,
)
from rules_engine.backends.columnar.walking.emitting import Emitted, PartsOf, Rows, parts_of


class Told:
    """What is told of every event and every line of a batch, in their order."""

    def __init__(self, batch: Batch) -> None:
        events = len(batch.kind)
        self.done, self.why = np.zeros((2, events), np.int64)
        self.priced = np.zeros(events, np.int64)
        self.net, self.total, self.tax, self.shipping, self.charges = np.zeros((5, events), np.int64)
        self.cost = np.zeros(batch.lines.shape[1] if batch.lines.ndim == 2 else 0, np.int64)

    def results(self, emitted: Emitted, rows: dict[str, Rows], noted: PartsOf | None) -> Results:
        """All of it, with the rows that events came to in their order."""
        columns = {name: found for name, (found, _) in rows.items()}
        return Results(
            self.done != 0, self.why.astype(np.int16), Awards(*columns["awards"]), Discounts(*columns["discounts"]),
            parts_of(emitted, rows["discounts"], noted), Tiers(*columns["tiers"]), Codes(*columns["codes"]),
            Prices(
                self.priced.astype(np.int32), self.net, self.shipping, self.charges, self.tax, self.total, self.cost
            ),
            Used(*columns["taken"]), Payments(*columns["payments"]), Charges(*columns["charges"]),
            Gifts(*columns["gifts"]), Said(*columns["said"]),
        )  # fmt: skip
