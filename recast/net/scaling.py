"""Scaling of a net's inputs and outputs, from the train window of its catalog."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from catalogs import Catalog, GutenbergRichter
from etas.model import ETAS
from recast.net.clock import DayClock

LOWEST_BACKGROUND = 1e-3
"""Share of the mean rate: a background of exp(-18) would have no usable gradient."""


@dataclass(frozen=True)
class Scaling:
    """Numbers of the train window by which a net's inputs are centred and its outputs scaled.

    All fields are plain floats, so that checkpoints load with ``weights_only=True``.
    ``mean_inter_time`` in days; completeness, b and maximum magnitude of the Gutenberg-Richter
    law; mu, k, alpha, c, p of the ETAS model fitted on the same window, which the hazard decoder
    starts from; ``lowest_magnitude``, the lower edge of the lowest magnitude bin kept, is where the
    law of magnitudes begins (by default completeness). ``day`` are the coefficients of ``clock``,
    in whose time the net and its ETAS count.
    """

    mean_inter_time: float
    mean_magnitude: float
    completeness: float
    b: float
    maximum_magnitude: float
    mu: float
    k: float
    alpha: float
    c: float
    p: float
    lowest_magnitude: float = float("nan")
    day: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if math.isnan(self.lowest_magnitude):
            object.__setattr__(self, "lowest_magnitude", self.completeness)
        object.__setattr__(self, "day", tuple(self.day))

    @classmethod
    def of(cls, catalog: Catalog, etas: ETAS, clock: DayClock | None = None) -> Scaling:
        """Compute it from a train window and its ETAS model in the time of ``clock``."""
        train = catalog.split().train
        law, info = etas.magnitude_law, catalog.info
        half_bin = 0.5 * info.magnitude_bin
        return cls(
            mean_inter_time=train.scored_days / train.n_scored,
            mean_magnitude=float(train.magnitudes[train.first_scored :].mean()),
            completeness=law.completeness,
            b=law.b,
            maximum_magnitude=law.maximum,
            mu=etas.mu,
            k=etas.k,
            alpha=etas.alpha,
            c=etas.c,
            p=etas.p,
            lowest_magnitude=law.completeness
            + (half_bin if info.completeness_is_strict else -half_bin),
            day=() if clock is None else clock.coefficients,
        )

    def to_json(self) -> dict[str, Any]:
        """Convert to plain numbers and lists, as kept in checkpoints and configurations."""
        return {**asdict(self), "day": list(self.day)}

    @property
    def clock(self) -> DayClock:
        """Clock that converts days to the time of the net and its ETAS."""
        return DayClock(self.day)

    @property
    def background(self) -> float:
        """Initial background rate, events/day: mu, unless ETAS found none."""
        return max(self.mu, LOWEST_BACKGROUND / self.mean_inter_time)

    @property
    def magnitude_law(self) -> GutenbergRichter:
        """The Gutenberg-Richter law of the train window."""
        return GutenbergRichter(self.completeness, self.b, self.maximum_magnitude)

    @property
    def etas(self) -> ETAS:
        """The ETAS model of the train window."""
        return ETAS(self.mu, self.k, self.alpha, self.c, self.p, magnitude_law=self.magnitude_law)
