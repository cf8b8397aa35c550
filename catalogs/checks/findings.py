"""What of a quality report deserves a look, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from catalogs.checks.quality import SAME_KM, SAME_SECONDS

CLEAR = 2.0
"""Standard deviations from which b-values are said to change: their mean square is 1 by chance."""


def findings(report: dict[str, Any]) -> list[str]:
    """What of a report deserves a look, a sentence each."""
    found = []
    tied, twice = report["ties"], report["duplicates"]
    if tied["events"]:
        found.append(f"{tied['events']:,} events share their time with another")
    for name, what in {
        "rows": "rows are equal to another",
        "identifiers": "identifiers come again",
        "may_be_one": f"pairs within {SAME_SECONDS:g} s and {SAME_KM:g} km may be one event each",
    }.items():
        if twice.get(name):
            found.append(f"{twice[name]:,} {what}")
    found.extend(
        f"no event for {gap['days']:.1f} days from {gap['start']}, when "
        f"{gap['events_usual']:.0f} are usual"
        for gap in report["gaps"]
    )
    if report["not_earthquakes"]:
        found.append(f"{report['not_earthquakes']:,} events are no earthquakes by their type")
    steps = report["completeness_over_time"]
    above = [step for step in steps if step["completeness"] > report["magnitude_completeness"]]
    if above:
        found.append(
            f"{len(above)} of {len(steps)} blocks of events look incomplete at "
            f"M {report['magnitude_completeness']:g}"
        )
    b = np.array([(step["b"], step["standard_error"]) for step in report["b_over_time"]])
    if len(b) > 1:
        weights = b[:, 1] ** -2
        mean = float((weights * b[:, 0]).sum() / weights.sum())
        spread = float(np.mean(((b[:, 0] - mean) / b[:, 1]) ** 2))
        if spread > CLEAR**2:
            found.append(f"the b-value changes, from {b[:, 0].min():.2f} to {b[:, 0].max():.2f}")
    ratio = report["time_of_day"]["complete"]
    if "ci95" in ratio and not ratio["ci95"][0] <= 1.0 <= ratio["ci95"][1]:
        what = "blasts by day?" if ratio["day_to_night"] > 1.0 else "the noise of the day?"
        found.append(f"{ratio['day_to_night']:.2f} complete events by day for one at night: {what}")
    return found
