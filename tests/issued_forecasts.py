"""Forecasts as a service issues them, from negative binomial numbers, and the events before."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from catalogs.areas import Polygon
from recast.forecast.results import Fan
from recast.live.records import (
    Circle,
    Issued,
    IssuedWindow,
    ModelUsed,
    Quake,
    SequenceState,
    bin_of,
)

MAINSHOCK = Quake(
    event_id="ci38457511",
    time="2019-07-06T03:19:53Z",
    magnitude=7.1,
    latitude=35.7695,
    longitude=-117.5993,
    depth_km=8.0,
    place="18 km W of Searles Valley, CA",
    url="https://earthquake.usgs.gov/earthquakes/eventpage/ci38457511",
)
FORESHOCK = Quake(
    event_id="ci38443183",
    time="2019-07-04T17:33:49Z",
    magnitude=6.4,
    latitude=35.7053,
    longitude=-117.5038,
    depth_km=10.5,
    place="12 km SW of Searles Valley, CA",
)
SEQUENCE = SequenceState(
    sequence_id="ci38443183",
    kind="mainshock",
    mainshock=MAINSHOCK,
    region=Circle(35.77, -117.6, 56.0),
    began=FORESHOCK.time,
    overtaken=(FORESHOCK,),
)
LABELS = {1.0: "1 Day", 7.0: "1 Week", 30.0: "1 Month", 365.0: "1 Year"}


@dataclass(frozen=True)
class Past:
    """How a number of an earlier forecast did."""

    window: str
    magnitude: float
    inside_95: bool


def circle(region: Circle, corners: int = 72) -> str:
    """The polygon around a circle, on a flat Earth."""
    bearing = np.arange(corners) * 2.0 * np.pi / corners
    degrees = region.radius_km / 111.2
    latitude = region.latitude + degrees * np.cos(bearing)
    stretch = np.cos(np.radians(region.latitude))
    longitude = region.longitude + degrees * np.sin(bearing) / stretch
    longitude = (longitude + 180.0) % 360.0 - 180.0
    pairs = zip(latitude.round(4).tolist(), longitude.round(4).tolist(), strict=True)
    return str(Polygon(tuple(pairs)))


def windows(
    at: pd.Timestamp,
    *,
    days: tuple[float, ...] = tuple(LABELS),
    magnitudes: tuple[float, ...] = (3.0, 4.0, 5.0, 6.0, 7.0),
    a_day: float = 60.0,
    mainshock: float | None = 7.1,
    samples: int = 2000,
    seed: int = 1,
) -> tuple[IssuedWindow, ...]:
    """Windows with Omori decay and b = 1; each sample's larger events are among its smaller."""
    rng = np.random.default_rng(seed)
    made = []
    for length in days:
        mean = a_day * np.log1p(length * 3.0) / np.log(4.0)
        lowest = rng.negative_binomial(4.0, 4.0 / (4.0 + mean), samples)
        every = [*magnitudes, *([mainshock] if mainshock is not None else [])]
        bins = {m: bin_of(m, rng.binomial(lowest, 10.0 ** (magnitudes[0] - m))) for m in every}
        bins[magnitudes[0]] = bin_of(magnitudes[0], lowest)
        made.append(
            IssuedWindow(
                label=LABELS.get(length, f"{length:g} Days"),
                days=length,
                start=f"{at:%Y-%m-%dT%H:%M:%SZ}",
                end=f"{at + pd.Timedelta(days=length):%Y-%m-%dT%H:%M:%SZ}",
                bins=tuple(bins[m] for m in magnitudes),
                above_mainshock=None if mainshock is None else bins[mainshock],
            )
        )
    return tuple(made)


def fan(days: float, a_day: float = 60.0) -> Fan:
    """Quantiles of a cumulative number, denser at the beginning."""
    grid = days * np.linspace(0.0, 1.0, 101) ** 3
    middle = a_day * np.log1p(grid * 3.0) / np.log(4.0)
    shares = {"0.025": 0.4, "0.25": 0.75, "0.5": 1.0, "0.75": 1.3, "0.975": 2.3}
    return Fan(grid.tolist(), {q: (share * middle).tolist() for q, share in shares.items()})


def issued(
    sequence: SequenceState | None = SEQUENCE, hours: float = 12.0, **changed: object
) -> Issued:
    """A forecast so many hours after the mainshock of a sequence, or one for a region."""
    begin = pd.Timestamp(MAINSHOCK.time if sequence is None else sequence.mainshock.time)
    at = begin + pd.Timedelta(hours=hours)
    lengths = tuple(LABELS) if sequence else tuple(LABELS)[:3]
    large = None if sequence is None else sequence.mainshock.magnitude
    stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    name = "region" if sequence is None else sequence.sequence_id
    values: dict[str, object] = {
        "forecast_id": f"{name}_{at:%Y%m%dT%H%M%SZ}",
        "region": "Southern California",
        "area": "32/37/-122/-114" if sequence is None else circle(sequence.region),
        "at": stamp,
        "scheduled": stamp,
        "next": f"{at + pd.Timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}",
        "created": f"{at + pd.Timedelta(seconds=40):%Y-%m-%dT%H:%M:%SZ}",
        "windows": windows(at, days=lengths, mainshock=large),
        "completeness": 2.5,
        "observed": ((3.0, 143), (4.0, 21), (5.0, 3), (6.0, 0), (7.0, 0)),
        "model": ModelUsed(
            name="ETAS, corrected for the sequence",
            sentence=(
                "Every earthquake can be followed by others nearby, the more the larger it is, and "
                "fewer as time goes by: the model (ETAS) has learned how many and how fast from "
                "the earthquakes of this area so far."
            ),
            reference="Ogata (1988), doi:10.1080/01621459.1988.10478560",
            parameters={"mu": 0.0123456789, "p": 1.08, "b": 0.98, "law": {"beta": 2.25}},
            fitted_at="2019-07-06T00:00:00Z",
        ),
        "fan": fan(lengths[-1]),
        "n_samples": 2000,
        "seed": 1,
        "catalog_sha256": "0123456789abcdef" * 4,
        "configuration_sha256": "fedcba9876543210" * 4,
        "version": "0.1.0",
        "sequence": sequence,
    }
    return Issued(**(values | changed))  # type: ignore[arg-type]


def events(n: int = 250, seed: int = 0, place: str | None = None) -> pd.DataFrame:
    """The foreshock, the mainshock and aftershocks of both, as a service knows them."""
    rng = np.random.default_rng(seed)
    start, end = pd.Timestamp(FORESHOCK.time), pd.Timestamp(MAINSHOCK.time)
    share = rng.uniform(size=n)
    early = rng.uniform(size=n) < 0.4
    days = np.where(early, 1.4 * share**2, 0.5 * share**3)
    begin = np.where(early, 0.0, (end - start) / pd.Timedelta(days=1))
    along = rng.normal(scale=0.16, size=n)
    table = pd.DataFrame(
        {
            "time": start + pd.to_timedelta(begin + days + 0.001, unit="D"),
            "magnitude": (2.5 + rng.exponential(1.0 / np.log(10.0), size=n)).clip(max=5.9).round(2),
            "latitude": 35.75 + along + rng.normal(scale=0.02, size=n),
            "longitude": -117.57 - 0.8 * along + rng.normal(scale=0.03, size=n),
            "depth_km": rng.uniform(1.0, 12.0, size=n).round(1),
            "event_id": [f"ci{37000000 + i}" for i in range(n)],
            "place": "near Searles Valley, CA",
            "url": "",
        }
    )
    large = pd.DataFrame([quake.to_json() for quake in (FORESHOCK, MAINSHOCK)])
    large["time"] = pd.to_datetime(large["time"], utc=True)
    both = pd.concat([table, large], ignore_index=True)
    both["time"] = both["time"].astype("datetime64[ns, UTC]")
    if place is not None:
        both["place"] = pd.Series([place] * len(both), dtype=object)
    return both.sort_values(["time", "event_id"], ignore_index=True)


def past(n: int = 40) -> list[Past]:
    """Earlier numbers, most of them inside their ranges."""
    return [
        Past(window, magnitude, (i * 7 + j) % 19 != 0)
        for i in range(n)
        for j, (window, magnitude) in enumerate(
            (w, m) for w in ("1 Day", "1 Week") for m in (3.0, 4.0, 5.0)
        )
    ]
