"""Windows of a catalog for training, and its full sequences for scoring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import lightning
import numpy as np
from torch.utils.data import DataLoader, Dataset, Sampler

from catalogs import Catalog, EventSequence, InputError, Split, load
from catalogs.jsonfile import read_json
from etas.fit import fit_etas
from etas.model import ETAS
from recast.batch import Batch, cut, intervals, windows
from recast.scaling import Scaling

VALIDATION_BURN_IN = 512
"""Intervals before each validation window: longer than in training, to score as on the whole."""

VALIDATION_LENGTH = 512


class WindowDataset(Dataset[Batch]):
    """Windows of a sequence by the interval they start at, fetched a batch at a time."""

    def __init__(self, sequence: EventSequence, etas: ETAS, *, length: int, burn_in: int) -> None:
        self.whole = intervals(sequence, etas)
        self.length = length
        self.burn_in = burn_in
        self.first = sequence.first_scored
        self.stop = len(sequence) + 1

    def __len__(self) -> int:
        return self.stop - self.first

    def __getitem__(self, start: int) -> Batch:
        return self.__getitems__([start])

    def __getitems__(self, starts: list[int]) -> Batch:
        return cut(self.whole, np.array(starts), length=self.length, burn_in=self.burn_in)


class TilingSampler(Sampler[int]):
    """Window starts of shuffled tilings of the scored intervals, ``size`` of them an epoch.

    Each tiling starts at a random phase, so that window edges fall elsewhere each time; within one
    tiling every interval is scored once. An epoch depends on ``seed`` and its number only.
    """

    def __init__(self, dataset: WindowDataset, *, size: int, seed: int) -> None:
        self.dataset = dataset
        self.size = size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer at the start of each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng([self.seed, self.epoch])
        first, stop, length = self.dataset.first, self.dataset.stop, self.dataset.length
        left = self.size
        while left > 0:
            phase = int(rng.integers(length))
            starts = rng.permutation(np.arange(first - phase, stop, length))[:left]
            left -= starts.size
            yield from starts.tolist()


class CatalogData(lightning.LightningDataModule):
    """One catalog: training windows, validation windows, and whole sequences to test on.

    Parameters
    ----------
    catalog : str
        Name or path, as ``catalogs.load`` takes it.
    window : int
        Scored intervals of a training window.
    burn_in : int
        Unscored intervals before them, from which the encoder's state is built up.
    batch_size : int
        Windows a step, or as many as the train sequence has.
    steps_per_epoch : int
        Steps between two validations.
    seed : int
        Of the order of the windows.
    magnitude_completeness : float, optional
        Raise the completeness magnitude above the catalog's own.
    etas_file : str, optional
        JSON of ``recast etas fit`` on the same train window; fitted on the fly without.
    """

    def __init__(
        self,
        catalog: str = "ridgecrest_2019",
        window: int = 256,
        burn_in: int = 128,
        batch_size: int = 32,
        steps_per_epoch: int = 20,
        seed: int = 0,
        magnitude_completeness: float | None = None,
        etas_file: str | None = None,
    ) -> None:
        super().__init__()
        for name, value, lowest in (
            ("window", window, 1),
            ("burn_in", burn_in, 0),
            ("batch_size", batch_size, 1),
            ("steps_per_epoch", steps_per_epoch, 1),
        ):
            if value < lowest:
                raise InputError(f"data.{name} = {value}: at least {lowest} is needed")
        self.catalog_name = catalog
        self.window = window
        self.burn_in = burn_in
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self.seed = seed
        self.magnitude_completeness = magnitude_completeness
        self.etas_file = etas_file

    @classmethod
    def of(cls, catalog: Catalog, **settings: Any) -> CatalogData:
        """The same for a catalog that is already at hand."""
        data = cls(catalog.info.name, **settings)
        data.__dict__["catalog"] = catalog  # what the cached property would have loaded
        return data

    @cached_property
    def catalog(self) -> Catalog:
        """The catalog, loaded on first use."""
        return load(self.catalog_name).select(magnitude_completeness=self.magnitude_completeness)

    @cached_property
    def split(self) -> Split:
        """Its train, validation and test sequences."""
        return self.catalog.split()

    @cached_property
    def etas(self) -> ETAS:
        """The ETAS model of the train window: read from ``etas_file``, or fitted."""
        if self.etas_file is not None:
            return _read_etas(self.etas_file, self.catalog)
        return fit_etas(self.split.train, self.catalog.magnitude_law()).model

    @cached_property
    def scaling(self) -> dict[str, float]:
        """The fields of ``Scaling`` from the train window, as plain floats for the checkpoint."""
        return asdict(Scaling.of(self.catalog, self.etas))

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled windows of the train sequence."""
        dataset = WindowDataset(
            self.split.train, self.etas, length=self.window, burn_in=self.burn_in
        )
        # A small catalog fills no batch: its steps take each window once.
        batch_size = min(self.batch_size, -(-len(dataset) // self.window) + 1)
        size = batch_size * self.steps_per_epoch
        return DataLoader(
            dataset,
            batch_size=batch_size,
            sampler=TilingSampler(dataset, size=size, seed=self.seed),
            collate_fn=_as_is,
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """All windows of the validation sequence in one batch."""
        return _one_batch(
            windows(
                self.split.val,
                self.etas,
                length=VALIDATION_LENGTH,
                burn_in=VALIDATION_BURN_IN,
            )
        )

    def test_dataloader(self) -> DataLoader[Batch]:
        """The whole test sequence: scores are never taken on windows."""
        return _one_batch(intervals(self.split.test, self.etas))

    predict_dataloader = test_dataloader


def _read_etas(path: str, catalog: Catalog) -> ETAS:
    etas = ETAS.from_json(read_json(Path(path)).get("model", {}))
    if etas.taper is not None:
        raise InputError(f"{path} has a tapered Omori law: the net starts from an untapered one")
    theirs, mine = etas.magnitude_law.completeness, catalog.info.magnitude_completeness
    if not np.isclose(theirs, mine):
        raise InputError(
            f"{path} was fitted at completeness {theirs:g}, the catalog is complete from {mine:g}: "
            "fit it anew"
        )
    return etas


def _as_is(batch: Any) -> Any:
    return batch


def _one_batch(batch: Batch) -> DataLoader[Any]:
    return DataLoader([batch], batch_size=None)  # type: ignore[arg-type]
