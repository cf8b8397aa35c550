"""``forecast.json``, in the schema in which the U.S. Geological Survey publishes such forecasts.

``oaf.schema.json`` beside this file is the schema as JSON Schema; what it cannot say, that fields
agree with each other, ``check`` says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from recast.live.publication.bars import BAR_LABELS, bars, whole_percent
from recast.live.publication.options import Pages
from recast.live.publication.outside import plain
from recast.live.records import FRACTILES, Bin, Issued, IssuedWindow

TEMPLATES = {"mainshock": "Mainshock", "swarm": "Swarm", "region": "Custom"}

DAY = 86_400_000
"""Milliseconds."""

MINUTE = 60_000


def oaf(issued: Issued, pages: Pages) -> dict[str, Any]:
    """A forecast in the public schema.

    Windows begin at a whole ten minutes, or a whole hour from a day after the mainshock on, as
    there; the numbers are those of windows that begin at the time of the forecast.
    """
    start = _start(issued)
    windows = [_window(window, start) for window in issued.windows]
    labels = [window.label for window in issued.windows]
    return {
        "creationTime": milliseconds(issued.created),
        "expireTime": max(window["timeEnd"] for window in windows),
        "advisoryTimeFrame": pages.headline if pages.headline in labels else labels[0],
        "template": TEMPLATES[issued.sequence.kind if issued.sequence else "region"],
        "injectableText": "",
        "observations": [{"magnitude": m, "count": n} for m, n in issued.observed],
        "model": {
            "name": plain(issued.model.name),
            "reference": plain(issued.model.reference, 1000),
            "parameters": _parameters(issued),
        },
        "fractileProbabilities": list(FRACTILES),
        "barLabels": list(BAR_LABELS),
        "forecast": windows,
        # To the end of its minute
        "nextForecastTime": -(-milliseconds(issued.next) // MINUTE) * MINUTE if issued.next else -1,
    }


def oaf_bytes(content: Mapping[str, Any]) -> bytes:
    """As a file, on one line: lists of fractiles would be thousands."""
    return (json.dumps(content, allow_nan=False, separators=(",", ":")) + "\n").encode()


def milliseconds(time: str) -> int:
    """Since 1970."""
    return int(pd.Timestamp(time).timestamp() * 1000 + 0.5)


def _start(issued: Issued) -> int:
    at = milliseconds(issued.at)
    late = issued.sequence and at - milliseconds(issued.sequence.mainshock.time) >= DAY
    step = (60 if late else 10) * MINUTE
    return (at + step // 2) // step * step


def _window(window: IssuedWindow, start: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "timeStart": start,
        "timeEnd": start + round(window.days * DAY),
        "label": window.label,
        "bins": [
            {
                "magnitude": row.magnitude,
                "p95minimum": row.low95,
                "p95maximum": row.high95,
                "median": row.median,
                **_distribution(row),
            }
            for row in window.bins
        ],
    }
    if window.above_mainshock is not None:
        row = window.above_mainshock
        shown["aboveMainshockMag"] = {"magnitude": row.magnitude, **_distribution(row)}
    return shown


def _distribution(row: Bin) -> dict[str, Any]:
    return {
        "probability": float(f"{row.probability:.4g}"),
        "fractileValues": list(row.fractiles),
        "barPercentages": bars(row.fractiles, row.probability),
    }


def _parameters(issued: Issued) -> dict[str, float | int | str | bool]:
    """Of the model, one level deep, and of the region."""
    known: dict[str, float | int | str | bool] = {}
    for name, value in _flat(issued.model.parameters, ""):
        known[plain(name)] = plain(value) if isinstance(value, str) else value
    if "magnitude_law_b" in known:  # of ETAS
        known.setdefault("b", known["magnitude_law_b"])
    known.setdefault("Mcat", issued.completeness)
    if issued.sequence is not None:
        circle = issued.sequence.region
        known |= {
            "magMain": issued.sequence.mainshock.magnitude,
            "regionType": "circle",
            "regionCenterLat": circle.latitude,
            "regionCenterLon": circle.longitude,
            "regionRadius": circle.radius_km,
        }
    return known


def _flat(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Numbers, texts and yes or no, with the names of what they are in before their own."""
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}_")
        elif isinstance(value, int | float | str):
            yield f"{prefix}{name}", value


def check(content: Mapping[str, Any]) -> None:
    """See that the fields of a ``forecast.json`` agree with each other.

    Raises
    ------
    ValueError
        With the first ones that do not, and where.
    """
    labels = [window["label"] for window in content["forecast"]]
    _see(content["advisoryTimeFrame"] in labels, "advisoryTimeFrame", "is no window's label")
    # No look at creationTime: a forecast of the past may be written today
    ends = [window["timeEnd"] for window in content["forecast"]]
    _see(content["expireTime"] == max(ends), "expireTime", "is not the end of the longest window")
    for window in content["forecast"]:
        where = f"window {window['label']}"
        _see(window["timeStart"] < window["timeEnd"], where, "ends before it starts")
        for row in window["bins"]:
            place = f"{where}, M {row['magnitude']:g}"
            _check_distribution(row, place)
            named = (row["p95minimum"], row["median"], row["p95maximum"])
            read = tuple(row["fractileValues"][FRACTILES.index(f)] for f in (0.025, 0.5, 0.975))
            _see(named == read, place, "has a median or range that is not that of the fractiles")
        above = window.get("aboveMainshockMag")
        if above is not None:
            _check_distribution(above, f"{where}, above the mainshock")
        for low, high in zip(window["bins"], window["bins"][1:], strict=False):
            fewer = all(
                a >= b for a, b in zip(low["fractileValues"], high["fractileValues"], strict=True)
            )
            _see(fewer, where, "has more events above a higher magnitude")


def _check_distribution(row: Mapping[str, Any], where: str) -> None:
    fractiles, shares, probability = (
        row[key] for key in ("fractileValues", "barPercentages", "probability")
    )
    _see(0.0 <= probability <= 1.0, where, "has a probability outside of [0, 1]")
    _see(len(fractiles) == len(FRACTILES), where, "has too few fractiles or too many")
    _see(fractiles == sorted(fractiles), where, "has fractiles that decrease")
    none = sum(n == 0 for n in fractiles)
    # f is 0 where P(0) >= f; four digits of the probability may differ by half of the last
    at_most = 1.0 - probability + 1e-3 * max(probability, 1e-3)
    at_least = 1.0 - probability - 1e-3 * max(probability, 1e-3)
    _see(not none or FRACTILES[none - 1] <= at_most, where, "has a probability above its fractiles")
    _see(
        none == len(FRACTILES) or FRACTILES[none] > at_least,
        where,
        "has a probability below its fractiles",
    )
    _see(sum(shares) == 100 and min(shares) >= 0, where, "has bars that do not make up 100")
    _see(shares[0] == 100 - whole_percent(probability), where, "has bars of another probability")


def _see(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise ValueError(f"forecast.json: {where} {what}")
