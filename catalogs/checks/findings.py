"""What of a quality report deserves a look, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from catalogs.checks.quality import SAME_KM, SAME_SECONDS, in_words

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
    if report["two_reports"]:
        found.append(f"{in_words(report['two_reports'])}: may be two reports of one event each")
    found.extend(
        f"no event for {gap['days']:.1f} days from {gap['start']}, when "
        f"{gap['events_usual']:.0f} are usual"
        for gap in report["gaps"]
    )
    found.extend(_of_magnitudes(report))
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


def _of_magnitudes(report: dict[str, Any]) -> list[str]:
    """What stands out of the steps of magnitudes, and what seems to stand for none."""
    found = []
    steps = report["magnitude_resolution"]
    if steps["changes"]:
        periods = ", ".join(
            f"{'steps of ' + format(part['step'], 'g') if part['step'] else 'continuous'} from "
            f"{part['from']} on"
            for part in steps["changes"]
        )
        found.append(f"the step of the magnitudes changes: {periods}")
    elif steps["not_in_steps"]:
        examples = ", ".join(f"{m:g}" for m in steps["examples"])
        found.append(
            f"{steps['not_in_steps']:,} of {report['events']:,} magnitudes do not keep steps of "
            f"{steps['step']:g}, such as "
            f"{examples}"
        )
    odd = report["missing_magnitudes"]
    if odd:
        are = "magnitude is" if odd["count"] == 1 else "magnitudes are"
        found.append(
            f"{odd['count']:,} {are} {odd['value']:g}, the others {odd['lowest']:g} to "
            f"{odd['highest']:g}: does it stand for none?"
        )
    return found
