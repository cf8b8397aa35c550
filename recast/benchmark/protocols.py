"""Public benchmarks whose definitions this one can follow, so that tables can be read side by side.

EarthquakeNPP (Stockman et al. 2024, arXiv:2410.08226) scores times and places in nats per event,
with kernels of places that integrate to 1 over the plane, not over the region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from catalogs import Catalog, InputError, Split
from catalogs.json_records import Record

if TYPE_CHECKING:
    from etas.space.law import PlaceLaw

EARTHQUAKE_NPP = "earthquakenpp"

PROTOCOLS = (EARTHQUAKE_NPP,)

PUBLISHED = {
    "scedc_20": {
        "Poisson": (0.643, -12.917),
        "ETAS": (2.5410, -7.5342),
        "best neural": (2.436, -8.602),
    },
    "salton_sea_10": {
        "Poisson": (0.124, -9.024),
        "ETAS": (2.3320, -2.3151),
        "best neural": (2.324, -3.093),
    },
    "white_06": {
        "Poisson": (1.715, -8.294),
        "ETAS": (2.0211, -4.2611),
        "best neural": (2.003, -5.360),
    },
}
"""Test nats per event of times and places in its table of January 2026, by set, on epicentres that
were jittered by 0.0025 degrees."""

OWN = "its ETAS, on these places"


@dataclass(frozen=True)
class ProtocolResult(Record):
    """Test nats per event of times and places by a public benchmark's definition.

    Parameters
    ----------
    name : str
        The benchmark.
    published : dict of str to pair of float
        Rows of its table.
    models : dict of str to pair of float
        The same of the models here, and of its own ETAS on the places here.
    """

    name: str
    published: dict[str, tuple[float, float]] = field(default_factory=dict)
    models: dict[str, tuple[float, float]] = field(default_factory=dict)

    def table(self) -> list[str]:
        """A row for each model, those of the benchmark first."""
        rows = {
            **{f"{model} (published)": row for model, row in self.published.items()},
            **self.models,
        }
        wide = max(map(len, rows)) + 2
        lines = [f"{self.name:<{wide}}{'times':>10}{'places':>10}{'both':>10}"]
        lines += [
            f"{model:<{wide}}{times:>10.4f}{places:>10.4f}{times + places:>10.4f}"
            for model, (times, places) in rows.items()
        ]
        return lines


def under_protocol(catalog: Catalog, protocol: str) -> Catalog:
    """The catalog with the area that a protocol scores it on.

    Raises
    ------
    InputError
        If the protocol is unknown, or has no such catalog.
    """
    from etas.space.earthquakenpp import SETS

    if protocol not in PROTOCOLS:
        raise InputError(f"no protocol {protocol!r}: choose from {', '.join(PROTOCOLS)}")
    name = catalog.info.name
    if name not in SETS or not catalog.info.has_locations:
        raise InputError(
            f"catalog {name!r} is not one of the protocol {protocol}: choose from {', '.join(SETS)}"
        )
    return Catalog(catalog.events, replace(catalog.info, area=str(SETS[name].area)))


def protocol_scores(
    protocol: str, catalog: Catalog, split: Split, laws: Mapping[str, tuple[float, PlaceLaw]]
) -> ProtocolResult:
    """Scores of the test window as a protocol defines them.

    ``laws`` holds the nats per event of the times, and the law of places, by model.
    """
    from etas.space.earthquakenpp import scores

    name = catalog.info.name
    models = {OWN: scores(name, split.test)}
    for model, (times, law) in laws.items():
        plane = law.in_plane()
        models[model] = (times, float(np.mean(plane.log_density(split.test))))
    return ProtocolResult(protocol, PUBLISHED[name], models)
