"""The three scored windows of a catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from catalogs.errors import InputError
from catalogs.sequence import EventSequence

SplitName = Literal["train", "val", "test"]


@dataclass(frozen=True, eq=False)
class Split:
    """Train, validation and test: each sequence carries all earlier events as history.

    The scored windows are adjacent and disjoint: ``train`` is scored on [train_start, val_start),
    ``val`` on [val_start, test_start), ``test`` on [test_start, end).

    Raises
    ------
    InputError
        If a window has no event, or train has fewer than ``minimum_train`` (50) events: too few
        to fit five parameters.
    """

    train: EventSequence
    val: EventSequence
    test: EventSequence
    minimum_train: int = 50

    def __post_init__(self) -> None:
        for name, sequence in self.items():
            if sequence.n_scored == 0:
                raise InputError(
                    f"the {name} window [{sequence.score_from:g}, {sequence.end:g}) days has no "
                    "event: move the split dates or lower the completeness magnitude"
                )
        if self.train.n_scored < self.minimum_train:
            raise InputError(
                f"the train window [{self.train.score_from:g}, {self.train.end:g}) days has "
                f"{self.train.n_scored} events, fewer than {self.minimum_train}: lengthen it or "
                "lower the completeness magnitude"
            )
        if self.train.end != self.val.score_from or self.val.end != self.test.score_from:
            raise InputError(
                "the scored windows are not adjacent: train must end where validation starts, and "
                "validation where test starts"
            )

    def items(self) -> Iterator[tuple[SplitName, EventSequence]]:
        """Name and sequence, in the order train, val, test."""
        yield "train", self.train
        yield "val", self.val
        yield "test", self.test

    def __getitem__(self, name: SplitName) -> EventSequence:
        if name not in {f.name for f in fields(self)[:3]}:
            raise InputError(f"no split {name!r}: choose train, val or test")
        sequence: EventSequence = getattr(self, name)
        return sequence
