"""Training windows of catalogs, and their full sequences for scoring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import lightning
from torch.utils.data import DataLoader

from catalogs import InputError, Selection, load
from catalogs.checks.extent import Extent
from catalogs.checks.overlap import check_no_leak
from recast.net.batch import Batch, Intervals, intervals
from recast.training.region import Region
from recast.training.windows import InTurn, RegionBatch, RegionWindows, StepSampler, Windows

VALIDATION_BURN_IN = 512
"""Intervals before each validation window: more than in training, for almost exact scores."""

VALIDATION_LENGTH = 512

VALIDATION_WINDOWS = 256
"""Of a batch, 130,000 events: longer catalogs need no more memory."""


class CatalogData(lightning.LightningDataModule):
    """One catalog or several: windows for training and validation, full sequences for testing.

    Parameters
    ----------
    catalog : str or list of str
        Names or paths for ``catalogs.load``. Each batch holds windows of a single catalog.
    window : int
        Scored intervals of a training window.
    burn_in : int
        Unscored intervals before them, which build up the encoder's state.
    batch_size : int
        Windows per step, at most as many as the train sequence has.
    steps_per_epoch : int
        Steps between two validations.
    exponent : float
        With several catalogs, one with N training events is drawn in proportion to N^exponent.
    weights : dict, optional
        With several catalogs, factors by name of how often one is drawn; 1 by default.
    unnamed : list of str, optional
        With several catalogs, names of those that the net is not told: they get no region code, and
        teach it what regions have in common.
    seed : int
        Random seed of the order of the windows.
    selection : Selection, optional
        Part of each catalog to use: area, window, completeness, splits.
    magnitude_completeness : float, optional
        Completeness magnitude to use instead of the catalog's own.
    etas_file : str, optional
        JSON of ``recast etas fit`` on the same train window; by default ETAS is fitted.
    day_clock : bool
        Use a time that runs faster at hours of more detection, if the train and validation windows
        agree on such hours (``recast.net.clock``).
    gaps : list of pairs of dates
        Periods that no training window touches, so that the same earthquakes in other catalogs can
        be used for testing. The five parameters of ETAS, b and the scales of a region are still
        those of its whole train window.
    pretrained : str, optional
        A net whose regions give a prior for the ETAS parameters where events are few
        (``etas.prior``). The command line takes it from the model.

    Raises
    ------
    InputError
        If a number is out of range, or the test window of one catalog holds events of another's
        train window (``catalogs.checks.overlap``).

    Examples
    --------
    >>> data = CatalogData("ridgecrest_2019", window=64, batch_size=4)
    >>> batch = next(iter(data.test_dataloader())).batch
    >>> batch.n_events, tuple(batch.inter_times.shape)
    (103, (1, 831))
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
                raise InputError(f"data.{name} = {value}: give at least {lowest}")
        self.catalog_names = [catalog] if isinstance(catalog, str) else list(catalog)
        if not self.catalog_names:
            raise InputError("data.catalog names no catalog")
        if etas_file is not None and len(self.catalog_names) > 1:
            raise InputError("data.etas_file is for a single catalog: leave it out")
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
                    raise InputError(f"data.{option}: {name!r} is not in data.catalog")
        for name, weight in self.weights.items():
            if not 0.0 < weight < float("inf"):
                raise InputError(f"data.weights: {name}: {weight} must be positive")
        self.seed = seed
        self.selection = selection or Selection()
        self.magnitude_completeness = magnitude_completeness
        self.etas_file = etas_file
        self.day_clock = day_clock
        self.pretrained = pretrained
        self.gaps = [(str(first), str(last)) for first, last in gaps]

    @classmethod
    def of(cls, *regions: Region, **settings: Any) -> CatalogData:
        """Make the data module from regions that are already loaded.

        Parameters
        ----------
        *regions : Region
            The catalogs.
        **settings
            Parameters of the class other than the catalog.

        Returns
        -------
        CatalogData
            The data module.
        """
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
        """The only region, of data with one catalog."""
        (only,) = self.regions
        return only

    @property
    def scalings(self) -> dict[str, dict[str, Any]]:
        """Fields of each region's ``Scaling``, as plain numbers for the checkpoint."""
        return {region.name: region.scaling.to_json() for region in self.regions}

    @property
    def trained_on(self) -> dict[str, dict[str, Any]]:
        """Time and place of the training data of each region, as JSON."""
        return {
            region.name: Extent.of(region.catalog, self.gaps).to_json() for region in self.regions
        }

    def gaps_of(self, i: int) -> list[tuple[float, float]]:
        """Periods of a region that no training window touches.

        Parameters
        ----------
        i : int
            Number of the region in ``regions``.

        Returns
        -------
        list of (float, float)
            Days.
        """
        info = self.regions[i].catalog.info
        return [
            (info.to_days(first), info.to_days(last)) for first, last in (*self.gaps, *info.gaps)
        ]

    def train_dataloader(self) -> DataLoader[RegionBatch]:
        """Shuffled windows of the train sequences."""
        parts = [
            Windows(
                region.split.train,
                region.scaling,
                length=self.window,
                burn_in=self.burn_in,
                gaps=self.gaps_of(i),
            )
            for i, region in enumerate(self.regions)
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
        """All windows of each validation sequence, in one batch or more."""
        parts = InTurn(
            [Intervals(region.split.val, region.scaling) for region in self.regions],
            length=VALIDATION_LENGTH,
            burn_in=VALIDATION_BURN_IN,
            most=VALIDATION_WINDOWS,
        )
        return DataLoader(parts, batch_size=None)

    def test_dataloader(self) -> DataLoader[RegionBatch]:
        """Full test sequences: final scores are never computed on windows."""
        return _batches(intervals(region.split.test, region.scaling) for region in self.regions)

    predict_dataloader = test_dataloader


def _checked(regions: Sequence[Region]) -> list[Region]:
    names = [region.name for region in regions]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InputError(f"catalog {repeated[0]!r} is named twice")
    check_no_leak([region.catalog for region in regions])
    return list(regions)


def _batches(batches: Iterable[Batch]) -> DataLoader[RegionBatch]:
    return DataLoader(
        [RegionBatch(i, batch) for i, batch in enumerate(batches)],  # type: ignore[arg-type]
        batch_size=None,
    )
