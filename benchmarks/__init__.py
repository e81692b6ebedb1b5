"""Measurements: ratios against named peers and against the physical floor, in one run. Nothing here is asserted."""
