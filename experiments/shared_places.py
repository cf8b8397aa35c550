"""A learned law of places in regions that its net has not seen.

    python experiments/shared_places.py --out runs/shared_places

Each region is left out in turn, with all others that overlap it; a net is trained on the rest
(``recast.places.shared``) and compared with the region's smoothed seismicity and its ETAS law of
places, both of the train window. Writes ``left_out_NAME_WINDOW.json``: nats per event of place,
densities per km^2. ``--window test`` scores whole test windows instead of the first events of the
validation windows. Regions that were prepared before are taken from the folder.

    python experiments/shared_places.py --tuned taupo china white_06:3000 --seeds 2

compares two starts of training instead: at the mixture of the region, and from a net of the others.
Of the last train events, 3,000 of white_06 here, four fifths are learned from and the rest stop the
training; the first events of the validation window are scored.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from catalogs import Catalog, EventSequence, load
from catalogs.areas import bounding_box
from catalogs.files import read_json, write_json
from etas.space.records import law_from_json, law_to_json
from etas.space.triggered import TriggeredPlaces
from recast.models.places import region_of, smoothed_law, triggered_law
from recast.models.seen import merged, seen_by_fit
from recast.places.fit import MOST_TRAIN, fit_learned_places
from recast.places.shared import SHIPPED, Lesson, train_shared, write_shared, zero_shot

NAMES = ["taupo", "china", "salton_sea_10", "white_06", "horus_italy", "ncss", "scedc_20"]

SCORED = 4_000
"""First events of a validation window: what comes before them is all known."""

LEARNED = 0.8
"""Share of the train events that nets learn from where two starts are compared."""


def lesson_of(name: str, out: Path) -> Lesson:
    """What a region's train window teaches, or what was kept of it."""
    path = out / f"{name}.pt"
    if not path.is_file():
        catalog = load(name)
        completeness = catalog.magnitude_law().completeness
        torch.save(Lesson.of(catalog.split().train, region_of(catalog), completeness), path)
    return torch.load(path, weights_only=False)  # type: ignore[no-any-return]


def etas_law(name: str, out: Path) -> TriggeredPlaces:
    """The region's ETAS law of places, or what was kept of it."""
    path = out / f"{name}.json"
    if not path.is_file():
        write_json(path, law_to_json(triggered_law(load(name))))
    law = law_from_json(read_json(path))
    if not isinstance(law, TriggeredPlaces):
        raise TypeError(f"{path} holds no mixture of parents")
    return law


def scored(catalog: Catalog, window: str) -> EventSequence:
    """The first events of the validation window or the whole test window, with their past."""
    split = catalog.split()
    if window == "test":
        return split.test
    val = split.val
    last = val.first_scored + SCORED
    if last >= len(val):
        return val
    return val.before(float(val.times[last])).scored_from(val.score_from)


def overlap(one: str, other: str) -> bool:
    """Whether two regions may share earthquakes, by the boxes around them."""
    a, b = (bounding_box(load(name).area) for name in (one, other))
    return a.south < b.north and b.south < a.north and a.west < b.east and b.west < a.east


def compare(
    name: str, lessons: dict[str, Lesson], out: Path, seeds: int, window: str
) -> dict[str, object]:
    """Scores on a window of a region that the nets have not seen."""
    catalog, mixture = load(name), etas_law(name, out)
    others = [k for k in lessons if k != name and not overlap(name, k)]
    sequence = scored(catalog, window)
    learned, shares = [], []
    for seed in range(seeds):
        weights = train_shared([lessons[k] for k in others], seed=seed)
        law = zero_shot(weights, lessons[name], mixture)
        learned.append(float(law.log_density(sequence).mean()))
        shares.append(law.share)
    row = {
        "smoothed": float(smoothed_law(catalog).log_density(sequence).mean()),
        "etas": float(mixture.log_density(sequence).mean()),
        "adaptive": float(replace(law, share=1e-6).log_density(sequence).mean()),
        "zero-shot": float(np.mean(learned)),
        "seeds": learned,
        "shares of the net": shares,
        "events": sequence.n_scored,
        "trained on": others,
    }
    print(name, row, flush=True)
    return row


def starts(
    name: str, most: int, lessons: dict[str, Lesson], out: Path, seeds: int
) -> dict[str, object]:
    """Gain over the mixture by nets that start at it, or from what other regions teach."""
    catalog = load(name)
    window, sequence = catalog.split().train, scored(catalog, "validation")
    first = max(window.first_scored, len(window) - most)
    cut = float(window.times[first + round(LEARNED * (len(window) - first))])
    train = window.before(cut).scored_from(float(window.times[first]))
    stop = window.scored_from(cut)
    others = [lessons[k] for k in lessons if k != name and not overlap(name, k)]
    gains: dict[str, list[float]] = {"mixture": [], "others": []}
    for seed in range(seeds):
        for start, weights in (("mixture", None), ("others", train_shared(others, seed=seed))):
            law = fit_learned_places(
                train,
                stop,
                region_of(catalog),
                catalog.magnitude_law().completeness,
                seed=seed,
                folder=out / f"{name}_{most}",
                weights=weights,
            )
            plain = replace(law, share=1e-6).log_density(sequence)
            gains[start].append(float((law.log_density(sequence) - plain).mean()))
    row: dict[str, object] = {"events": train.n_scored, **gains}
    print(name, row, flush=True)
    return row


def main() -> None:
    """Prepare all regions, leave each out, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/shared_places"))
    parser.add_argument("--regions", nargs="+", default=NAMES)
    parser.add_argument("--left-out", nargs="+", help="by default each in turn")
    parser.add_argument("--window", choices=["validation", "test"], default="validation")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--ship", action="store_true", help="train on all, for the package")
    parser.add_argument("--tuned", nargs="+", metavar="NAME[:EVENTS]", help="compare two starts")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    lessons = {name: lesson_of(name, given.out) for name in given.regions}
    if given.ship:
        seen = [seen_by_fit(load(name)) for name in given.regions]
        write_shared(SHIPPED, train_shared(list(lessons.values()), seed=0), merged(*seen))
        return
    for each in given.tuned or ():
        name, _, most = each.partition(":")
        starts(name, int(most or MOST_TRAIN), lessons, given.out, given.seeds)
    if given.tuned:
        return
    for name in given.left_out or given.regions:
        row = compare(name, lessons, given.out, given.seeds, given.window)
        write_json(given.out / f"left_out_{name}_{given.window}.json", row)


if __name__ == "__main__":
    main()
