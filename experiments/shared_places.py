"""A learned law of places in regions that its net has not seen, on their validation windows.

    python experiments/shared_places.py --out runs/shared_places

Each region is left out in turn, with all others that overlap it; a net is trained on the rest
(``recast.places.shared``) and compared with the region's smoothed seismicity and its ETAS law of
places, both of the train window. Writes ``shared_places.json``: nats per event of place, densities
per km^2. Regions that were prepared before are taken from the folder.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from catalogs import Catalog, EventSequence, load
from catalogs.areas import bounding_box
from catalogs.files import read_json, write_json
from etas.space.background import SmoothedPlaces
from etas.space.fit import fit_places, latest
from etas.space.records import law_from_json, law_to_json
from etas.space.triggered import TriggeredPlaces
from recast.models.places import smoothed_law
from recast.places.shared import Lesson, train_shared, zero_shot

NAMES = ["taupo", "china", "salton_sea_10", "white_06", "horus_italy", "ncss", "scedc_20"]

SCORED = 4_000
"""First events of a validation window: what comes before them is all known."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A region with what is fitted to its train window."""

    catalog: Catalog
    lesson: Lesson
    mixture: TriggeredPlaces
    background: SmoothedPlaces

    @property
    def validation(self) -> EventSequence:
        """The first events of the validation window, after all that came before."""
        val = self.catalog.split().val
        last = val.first_scored + SCORED
        return val if last >= len(val) else val.before(float(val.times[last]))


def prepared(name: str, out: Path) -> Prepared:
    """Fit what a region has of its own, or read it again."""
    catalog, path = load(name), out / f"{name}.pt"
    background = smoothed_law(catalog)
    completeness = catalog.magnitude_law().completeness
    train, kept = catalog.split().train, out / f"{name}.json"
    if not path.is_file():
        lesson = Lesson.of(train, background.region, completeness)
        torch.save(lesson, path)
    if not kept.is_file():
        region = background.region
        found = fit_places(latest(train), region, completeness, background=background)
        write_json(kept, law_to_json(found.model))
    mixture = law_from_json(read_json(kept))
    if not isinstance(mixture, TriggeredPlaces):
        raise TypeError(f"{kept} holds no mixture of parents")
    return Prepared(catalog, torch.load(path, weights_only=False), mixture, background)


def overlap(one: Prepared, other: Prepared) -> bool:
    """Whether two regions may share earthquakes, by the boxes around them."""
    a, b = (bounding_box(each.catalog.area) for each in (one, other))
    return a.south < b.north and b.south < a.north and a.west < b.east and b.west < a.east


def compare(name: str, regions: dict[str, Prepared], seeds: int) -> dict[str, object]:
    """Scores on the validation window of a region that the nets have not seen."""
    mine = regions[name]
    others = [k for k, each in regions.items() if k != name and not overlap(mine, each)]
    lessons = [regions[k].lesson for k in others]
    sequence = mine.validation
    scores = {
        "smoothed": mine.background.log_density(sequence),
        "etas": mine.mixture.log_density(sequence),
    }
    learned, shares = [], []
    for seed in range(seeds):
        law = zero_shot(train_shared(lessons, seed=seed), mine.lesson, mine.mixture)
        learned.append(law.log_density(sequence))
        shares.append(law.share)
    scores["zero-shot"] = np.mean(learned, axis=0)
    row: dict[str, object] = {k: float(values.mean()) for k, values in scores.items()}
    print(name, {k: round(float(v.mean()), 4) for k, v in scores.items()}, shares, flush=True)
    by_seed = [float(values.mean()) for values in learned]
    return row | {
        "trained on": others,
        "shares": shares,
        "seeds": by_seed,
        "events": len(learned[0]),
    }


def main() -> None:
    """Prepare all regions, leave each out, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/shared_places"))
    parser.add_argument("--regions", nargs="+", default=NAMES)
    parser.add_argument("--left-out", nargs="+", help="by default each in turn")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--prepare", action="store_true", help="only fit what regions have")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    regions = {name: prepared(name, given.out) for name in given.regions}
    if given.prepare:
        return
    path = given.out / "shared_places.json"
    rows = read_json(path) if path.is_file() else {}
    for name in given.left_out or given.regions:
        rows[name] = compare(name, regions, given.seeds)
        write_json(path, rows)


if __name__ == "__main__":
    main()
