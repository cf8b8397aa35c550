"""Do forecasts in ordinary times gain from the correction that was made for those after mainshocks?

    python experiments/ordinary_windows.py scedc horus_italy ncss

forecasts the 14-day windows of the test window at whose start a sequence is under way, with ETAS of
the train window as it is and corrected, and prints coverage and log score of both.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from catalogs import load
from etas import fit_etas
from recast.forecast.correction import under_way
from recast.forecast.engine import Engine
from recast.forecast.mainshocks import current_mainshock
from recast.forecast.single import Request, draw_forecast, windows_of

DAYS = 14.0


def compare(name: str, samples: int) -> None:
    """Print what the correction does in the windows of one catalog."""
    catalog = load(name)
    info, events = catalog.info, catalog.to_sequence()
    lowest = info.magnitude_completeness
    model = fit_etas(catalog.split().train, catalog.magnitude_law()).model
    begin, end = info.to_days(info.splits.test_start), info.to_days(info.splits.end)
    starts = np.arange(begin, end - DAYS + 1e-9, DAYS).tolist()
    chosen = [t for t in starts if current_mainshock(events.before(t), lowest) is not None]
    print(f"{name}: a sequence is under way in {len(chosen)} of {len(starts)} windows")
    for corrected in (False, True):
        inside, scores = [], []
        for t in chosen:
            request, past = Request(t, (DAYS,), (lowest,), samples, 1), events.before(t)
            sequence = under_way([model], past) if corrected else None
            with tempfile.TemporaryDirectory() as folder:
                drawn = draw_forecast(
                    catalog,
                    windows_of(past, [model], request, sequence),
                    request,
                    Path(folder),
                    engine=Engine(),
                )
            (row,) = drawn.rows()
            low, high = row.ci95
            if row.observed is None or row.scores is None:
                continue
            inside.append(low <= row.observed <= (np.inf if high is None else high))
            scores.append(max(row.scores["log_score"], -20.0))
        how = "corrected" if corrected else "as it is"
        print(f"  {how}: {100.0 * np.mean(inside):.0f} % inside, log score {np.mean(scores):.2f}")


def main() -> None:
    """Compare on the catalogs that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("catalogs", nargs="+")
    parser.add_argument("--samples", type=int, default=400)
    options = parser.parse_args()
    for name in options.catalogs:
        compare(name, options.samples)


if __name__ == "__main__":
    main()
