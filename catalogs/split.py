"""The three scored windows of a catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from catalogs.display import as_text, some, window
from catalogs.errors import InputError
from catalogs.sequence import EventSequence

SplitName = Literal["train", "val", "test"]


@dataclass(frozen=True, eq=False)
class Split:
    """Train, validation and test: each sequence carries all earlier events as history.

    The scored windows are adjacent and disjoint: ``train`` is scored on [train_start, val_start),
    ``val`` on [val_start, test_start), ``test`` on [test_start, end).

    Parameters
    ----------
    train, val, test : EventSequence
        Each ends where the next one is scored from.
    minimum_train : int
        Fewer events in train are too few to fit five parameters.

    Raises
    ------
    InputError
        If a window has no event, train has fewer than ``minimum_train`` events, or the windows
        are not adjacent.

    Examples
    --------
    >>> import numpy as np
    >>> events = EventSequence(np.arange(100.0), np.full(100, 3.0), 0.0, 100.0)
    >>> split = Split(
    ...     events.before(60.0),
    ...     events.before(80.0).scored_from(60.0),
    ...     events.scored_from(80.0),
    ... )
    >>> split
    Split
      train  60 events on [0, 60) days
      val    20 events on [60, 80) days
      test   20 events on [80, 100) days
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
        """Name and sequence, in the order train, val, test.

        Yields
        ------
        name : {"train", "val", "test"}
            Of the window.
        sequence : EventSequence
            Scored on it, with all earlier events as history.
        """
        yield "train", self.train
        yield "val", self.val
        yield "test", self.test

    def __repr__(self) -> str:
        rows: dict[str, str] = {
            name: f"{some(part.n_scored, 'event')} on {window(part.score_from, part.end)}"
            for name, part in self.items()
        }
        return as_text("Split", rows)

    def __getitem__(self, name: SplitName) -> EventSequence:
        if name not in {f.name for f in fields(self)[:3]}:
            raise InputError(f"no split {name!r}: choose train, val or test")
        sequence: EventSequence = getattr(self, name)
        return sequence
