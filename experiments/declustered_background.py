"""Space-time ETAS over a uniform background, fitted by who knows it and who does not.

    python experiments/declustered_background.py 6

Catalogs of ten years, of which nine are scored, over 407,000 km^2. The background of a fit is
uniform, as it is in truth; or the seismicity so far, smoothed as it is; or that, with events that
count by their probability of being background under the fit before. Prints means over the catalogs
of estimates over the truth, and their standard errors.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from catalogs import EventSequence, GutenbergRichter
from catalogs.areas import Box
from etas.space import Region, SmoothedPlaces, SpaceFit, SpaceTimeETAS, fit_space_time

DAYS, SCORED_FROM = 3650.0, 365.0

TRUTH = SpaceTimeETAS(
    mu=0.35,
    k=0.012,
    alpha=0.8,
    c=0.01,
    p=1.1,
    d=0.5,
    gamma=0.5,
    q=1.7,
    magnitude_law=GutenbergRichter(2.0, 1.0),
    region=Region(Box(32.0, 37.0, -122.0, -114.0)),
)


def simulated(seed: int) -> EventSequence:
    """A catalog without events before."""
    nothing = EventSequence([], [], 0.0, 1e-6, locations=np.empty((0, 2)))
    drawn = TRUTH.simulate(nothing, DAYS, 1, seed=seed)
    return EventSequence(
        drawn.times, drawn.magnitudes, 0.0, drawn.end, SCORED_FROM, drawn.locations
    )


def fits(sequence: EventSequence) -> dict[str, SpaceFit[SpaceTimeETAS]]:
    """By what the background is."""
    law, region = TRUTH.magnitude_law, TRUTH.region
    smoothed = SmoothedPlaces(region, neighbours=4, least_width=0.05)
    return {
        "known": fit_space_time(sequence, law, region),
        "as it is": fit_space_time(sequence, law, region, background=smoothed, decluster=False),
        "declustered": fit_space_time(sequence, law, region, background=smoothed),
    }


def main() -> None:
    """Fit all catalogs and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("catalogs", type=int, nargs="?", default=6, help="how many")
    rows = []
    for seed in range(parser.parse_args().catalogs):
        sequence = simulated(seed)
        for background, fit in fits(sequence).items():
            ratios = fit.model.parameters / TRUTH.parameters
            rows.append({"background": background, **dict(zip(TRUTH.names, ratios, strict=True))})
        print(f"{len(sequence):,} events", flush=True)
    found = pd.DataFrame(rows).groupby("background", sort=False)
    print(found.mean().round(3).to_string(), found.sem().round(3).to_string(), sep="\n\n")


if __name__ == "__main__":
    main()
