"""Windows of catalogs for training, and their full sequences for scoring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import lightning
from torch.utils.data import DataLoader

from catalogs import Catalog, Extent, InputError, Selection, Split, load
from catalogs.checks.overlap import check_no_leak
from etas.fit import fit_etas
from etas.model import ETAS
from recast.models.saved import check_completeness
from recast.net.batch import Batch, intervals, windows
from recast.net.clock import DayClock, fit_clock
from recast.net.scaling import Scaling
from recast.pretrained import etas_prior
from recast.training.windows import RegionBatch, RegionWindows, StepSampler, Windows

VALIDATION_BURN_IN = 512
"""Intervals before each validation window: longer than in training, to score as on the whole."""

VALIDATION_LENGTH = 512


class Region:
    """One catalog with its split, and what ties a net to it: clock, ETAS and scaling.

    ``etas_file`` is the JSON of ``recast etas fit`` on the train window; without one, or where a
    clock is found, ETAS is fitted on first use. ``day_clock`` allows a clock. ``pretrained`` is a
    net whose regions say what ETAS parameters to expect of one that is not among them
    (``etas.prior``).
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
        """That of the catalog."""
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
        """The ETAS model of the train window in the time of the clock."""
        return self._fits[0]

    @cached_property
    def scaling(self) -> Scaling:
        """In what units a net reads this catalog."""
        etas, clock = self._fits
        return Scaling.of(self.catalog, etas, clock)


class CatalogData(lightning.LightningDataModule):
    """One catalog or several: training windows, validation windows, whole sequences to test on.

    Parameters
    ----------
    catalog : str or list of str
        Name or path, as ``catalogs.load`` takes it. Of several, every batch holds windows of one.
    window : int
        Scored intervals of a training window.
    burn_in : int
        Unscored intervals before them, from which the encoder's state is built up.
    batch_size : int
        Windows a step, or as many as the train sequence has.
    steps_per_epoch : int
        Steps between two validations.
    exponent : float
        Of several catalogs, one with N training events is drawn in proportion to N^exponent.
    weights : dict, optional
        Of several catalogs, by name a factor of how often one is drawn; 1 where none is given.
    unnamed : list of str, optional
        Of several catalogs, names of those that a net is never told: it has no code for them, and
        they teach it what regions are like.
    seed : int
        Of the order of the windows.
    selection : Selection, optional
        What to use of each catalog: area, window, completeness, splits.
    magnitude_completeness : float, optional
        Another completeness magnitude than the catalog's own.
    etas_file : str, optional
        JSON of ``recast etas fit`` on the same train window; fitted on the fly without.
    pretrained : str, optional
        A net whose regions say what ETAS parameters to expect where events are few
        (``etas.prior``). Taken from the model by the command line.
    gaps : list of pairs of dates
        Periods that no training window touches: to test elsewhere on earthquakes that a catalog
        lists too.
    day_clock : bool
        Count in a time that runs faster at hours of more detection, where the train and the
        validation window agree that there are such (``recast.net.clock``).

    Raises
    ------
    InputError
        If a number is out of range, or the test window of one catalog holds events of another's
        train window (``catalogs.checks.overlap``).
    """

    def __init__(
        self,
        catalog: str | list[str] = "ridgecrest_2019",
        window: int = 256,
        burn_in: int = 128,
        batch_size: int = 32,
        steps_per_epoch: int = 20,
        exponent: float = 0.5,
        weights: dict[str, float] | None = None,
        unnamed: Sequence[str] = (),
        seed: int = 0,
        selection: Selection | None = None,
        magnitude_completeness: float | None = None,
        etas_file: str | None = None,
        day_clock: bool = True,
        gaps: Sequence[tuple[str, str]] = (),
        pretrained: str | None = None,
    ) -> None:
        super().__init__()
        for name, value, lowest in (
            ("window", window, 1),
            ("burn_in", burn_in, 0),
            ("batch_size", batch_size, 1),
            ("steps_per_epoch", steps_per_epoch, 1),
            ("exponent", exponent, 0.0),
        ):
            if not value >= lowest:
                raise InputError(f"data.{name} = {value}: at least {lowest} is needed")
        self.catalog_names = [catalog] if isinstance(catalog, str) else list(catalog)
        if not self.catalog_names:
            raise InputError("data.catalog names no catalog")
        if etas_file is not None and len(self.catalog_names) > 1:
            raise InputError("data.etas_file is of one catalog: leave it out for several")
        self.window = window
        self.burn_in = burn_in
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self.exponent = exponent
        self.weights = weights or {}
        self.unnamed = set(unnamed)
        for option, names in (("weights", self.weights), ("unnamed", unnamed)):
            for name in names:
                if name not in self.catalog_names:
                    raise InputError(
                        f"data.{option}: {name!r} is not among the catalogs of the data"
                    )
        for name, weight in self.weights.items():
            if not 0.0 < weight < float("inf"):
                raise InputError(f"data.weights: {name}: {weight}: it must be positive")
        self.seed = seed
        self.selection = selection or Selection()
        self.magnitude_completeness = magnitude_completeness
        self.etas_file = etas_file
        self.day_clock = day_clock
        self.pretrained = pretrained
        self.gaps = [(str(first), str(last)) for first, last in gaps]

    @classmethod
    def of(cls, *regions: Region, **settings: Any) -> CatalogData:
        """The same for regions that are already at hand."""
        data = cls([region.name for region in regions], **settings)
        data.__dict__["regions"] = _checked(regions)  # what the cached property would have loaded
        return data

    @cached_property
    def regions(self) -> list[Region]:
        """The catalogs, loaded on first use."""
        return _checked(
            [
                Region(
                    self.selection.of(
                        load(name).select(magnitude_completeness=self.magnitude_completeness)
                    ),
                    etas_file=self.etas_file,
                    day_clock=self.day_clock,
                    pretrained=self.pretrained,
                )
                for name in self.catalog_names
            ]
        )

    @property
    def region(self) -> Region:
        """The only one there is."""
        (only,) = self.regions
        return only

    @property
    def scalings(self) -> dict[str, dict[str, Any]]:
        """The fields of each region's ``Scaling``, as plain numbers for the checkpoint."""
        return {region.name: region.scaling.to_json() for region in self.regions}

    @property
    def trained_on(self) -> dict[str, dict[str, Any]]:
        """Of each region the time and place of what training looks at, see ``catalogs.Extent``."""
        return {
            region.name: Extent.of(region.catalog, self.gaps).to_json() for region in self.regions
        }

    def train_dataloader(self) -> DataLoader[RegionBatch]:
        """Shuffled windows of the train sequences."""
        parts = [
            Windows(
                region.split.train,
                region.scaling,
                length=self.window,
                burn_in=self.burn_in,
                gaps=[
                    (region.catalog.info.to_days(first), region.catalog.info.to_days(last))
                    for first, last in self.gaps
                ],
            )
            for region in self.regions
        ]
        sampler = StepSampler(
            parts,
            batch_size=self.batch_size,
            steps=self.steps_per_epoch,
            exponent=self.exponent,
            weights=[self.weights.get(name, 1.0) for name in self.catalog_names],
            seed=self.seed,
        )
        named = [name not in self.unnamed for name in self.catalog_names]
        return DataLoader(RegionWindows(parts, named), batch_size=None, sampler=sampler)

    def val_dataloader(self) -> DataLoader[RegionBatch]:
        """All windows of each validation sequence in one batch."""
        return _batches(
            windows(
                region.split.val,
                region.scaling,
                length=VALIDATION_LENGTH,
                burn_in=VALIDATION_BURN_IN,
            )
            for region in self.regions
        )

    def test_dataloader(self) -> DataLoader[RegionBatch]:
        """The whole test sequences: scores are never taken on windows."""
        return _batches(intervals(region.split.test, region.scaling) for region in self.regions)

    predict_dataloader = test_dataloader


def _checked(regions: Sequence[Region]) -> list[Region]:
    names = [region.name for region in regions]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InputError(f"catalog {repeated[0]!r} is named twice")
    check_no_leak([region.catalog for region in regions])
    return list(regions)


def _read_etas(path: str, catalog: Catalog) -> ETAS:
    etas = ETAS.load(path)
    if etas.taper is not None:
        raise InputError(f"{path} has a tapered Omori law: the net starts from an untapered one")
    check_completeness(Path(path), etas.magnitude_law.completeness, catalog.info)
    return etas


def _batches(batches: Iterable[Batch]) -> DataLoader[RegionBatch]:
    return DataLoader(
        [RegionBatch(i, batch) for i, batch in enumerate(batches)],  # type: ignore[arg-type]
        batch_size=None,
    )
