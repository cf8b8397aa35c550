"""Sets of synthetic catalogs with published parameters."""

from __future__ import annotations

from dataclasses import dataclass

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories
from catalogs.process import Seed
from etas.model import ETAS

LARGEST = 8.0
"""The source gives no largest magnitude. With alpha = b the branching ratio grows with it without
limit: 0.91 over 10,000 days at 8, above 1 from 8.6."""


@dataclass(frozen=True)
class Preset:
    """A set of synthetic catalogs: ``catalogs`` times ``days`` of ``model``, from no history."""

    name: str
    model: ETAS
    days: float
    catalogs: int
    source: str

    def draw(
        self, *, seed: Seed, catalogs: int | None = None, days: float | None = None
    ) -> Trajectories:
        """The set, or a smaller one."""
        days = self.days if days is None else days
        catalogs = self.catalogs if catalogs is None else catalogs
        return self.model.simulate(EventSequence.nothing(), days, catalogs, seed=seed)


_SOURCE = "Dascher-Cousineau et al. 2023 (doi:10.1029/2023GL103909), synthetic tests"
_LAW = GutenbergRichter(2.0, 1.0, LARGEST)

PRESETS = {
    preset.name: preset
    for preset in (
        Preset("recast_many", ETAS(0.02, 0.0073, 1.0, 0.1, 1.08, _LAW), 10_000.0, 1_000, _SOURCE),
        Preset("recast_single", ETAS(0.02, 0.005, 0.8, 0.1, 1.08, _LAW), 3_000_000.0, 1, _SOURCE),
    )
}


def preset(name: str) -> Preset:
    """The preset of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in PRESETS:
        raise InputError(f"no preset {name!r}: choose one of {', '.join(PRESETS)}")
    return PRESETS[name]
