"""A forecast as CSV: one row for each window and magnitude."""

from __future__ import annotations

import csv
import io

from recast.live.records import Issued

COLUMNS = (
    "forecast_id",
    "issued",
    "window",
    "start",
    "end",
    "magnitude",
    "is_mainshock_magnitude",
    "expected",
    "median",
    "low95",
    "high95",
    "probability",
)


def forecast_csv(issued: Issued) -> bytes:
    """Numbers of events at or above each magnitude, and the probability of one or more."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for window in issued.windows:
        above = window.above_mainshock
        rows = [(row, "false") for row in window.bins] + ([(above, "true")] if above else [])
        for row, is_mainshock in rows:
            writer.writerow(
                [
                    issued.forecast_id,
                    issued.at,
                    window.label,
                    window.start,
                    window.end,
                    f"{row.magnitude:g}",
                    is_mainshock,
                    f"{row.expected:.6g}",
                    row.median,
                    row.low95,
                    row.high95,
                    f"{row.probability:.6g}",
                ]
            )
    return text.getvalue().encode()
