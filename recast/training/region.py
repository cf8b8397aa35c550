"""A catalog as a net sees it: windows, fitted ETAS, clock and scaling."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from catalogs import Catalog, CatalogInfo, InputError, Split
from catalogs.sequence import MAGNITUDE_TOLERANCE
from etas.fit import fit_etas
from etas.model import ETAS
from recast.net.clock import DayClock, fit_clock
from recast.net.scaling import Scaling
from recast.pretrained import etas_prior

ENOUGH_EVENTS = 8000
"""Events of a train window that are enough to learn from at the full rate, and for the code of a
region to count in full (experiments/README.md, "Many regions")."""


class Region:
    """One catalog with its split, and what a net needs to know of it: clock, ETAS and scaling.

    ``etas_file`` is the JSON of ``recast etas fit`` on the train window; without one, or with a
    clock, ETAS is fitted on first use. ``day_clock`` allows a clock. ``pretrained`` is a net whose
    regions give a prior for the ETAS parameters of other regions (``etas.prior``).
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        etas_file: str | None = None,
        day_clock: bool = True,
        pretrained: str | None = None,
    ) -> None:
        self.catalog = catalog
        self.etas_file = etas_file
        self.day_clock = day_clock
        self.pretrained = pretrained

    @property
    def name(self) -> str:
        """Name of the catalog."""
        return self.catalog.info.name

    @cached_property
    def split(self) -> Split:
        """Train, validation and test sequences."""
        return self.catalog.split()

    @cached_property
    def _fits(self) -> tuple[ETAS, DayClock]:
        train, law = self.split.train, self.catalog.magnitude_law()
        if self.etas_file is not None:
            etas = _read_etas(self.etas_file, self.catalog)
        else:
            etas = fit_etas(train, law).model
        clock = fit_clock(train, self.split.val, etas) if self.day_clock else DayClock()
        prior = None
        if self.etas_file is None and self.pretrained is not None:
            prior = etas_prior(self.pretrained, Scaling.of(self.catalog, etas))
        if clock.coefficients or prior is not None:
            etas = fit_etas(clock.sequence(train), law, prior=prior).model
        return etas, clock

    @property
    def etas(self) -> ETAS:
        """The ETAS model of the train window, in clock time."""
        return self._fits[0]

    @cached_property
    def scaling(self) -> Scaling:
        """Units in which a net reads this catalog."""
        etas, clock = self._fits
        return Scaling.of(self.catalog, etas, clock)


def _read_etas(name: str, catalog: Catalog) -> ETAS:
    path = Path(name)
    etas = ETAS.load(path)
    if etas.taper is not None:
        raise InputError(f"{path} has a tapered Omori law: the net starts from an untapered one")
    check_completeness(path, etas.magnitude_law.completeness, catalog.info)
    return etas


def check_completeness(model: object, mine: float, info: CatalogInfo) -> None:
    """Check that a model, called ``model`` or by its file, is used with its own completeness.

    Raises
    ------
    InputError
        If ``mine`` is not that of the catalog.
    """
    theirs = info.magnitude_completeness
    if abs(mine - theirs) > MAGNITUDE_TOLERANCE:
        raise InputError(
            f"{model} was trained on events above completeness magnitude {mine:g}, catalog "
            f"{info.name!r} is complete from {theirs:g}: use the catalog it was trained on"
        )
