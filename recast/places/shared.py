"""One net for several regions, and what it says of places in a region that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call

import recast.pretrained
from catalogs import EventSequence, InputError
from catalogs.checks.extent import Extent
from etas.space.region import Region
from etas.space.rounding import LEAST_WIDTH
from etas.space.triggered import TriggeredPlaces
from recast.places.adaptive import AdaptiveParents
from recast.places.fit import FEWEST, FIRST, fit_mixture
from recast.places.law import LearnedPlaces
from recast.places.net import PlaceNet, State
from recast.places.past import Past
from recast.places.targets import Events, Targets, targets
from recast.places.training import (
    BATCH,
    CLIP,
    DECAY,
    MEMORY,
    RATE,
    log_densities,
    pace,
    stacked_share,
)
from recast.pretrained.checkpoints import read_checkpoint, unreadable, write_checkpoint
from recast.training.trainer import one_thread

MOST = 6_000
"""Latest events of each train window: regions shall count alike."""

EPOCHS = 3

JUDGED = 3_000
"""Latest train events that say how far the net is to be believed in a region."""

SHIPPED = Path(recast.pretrained.__file__).parent / "places.ckpt"
"""The net that comes with the package."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """A region's train window as a net sees it."""

    region: Region
    completeness: float
    parents: AdaptiveParents
    """Fitted to the window: a mixture of the region's own, which the net moves."""

    events: Events
    train: Targets
    least_width: float

    @classmethod
    def of(
        cls,
        train: EventSequence,
        region: Region,
        completeness: float,
        *,
        most: int = MOST,
        least_width: float = LEAST_WIDTH,
    ) -> Lesson:
        """Fit the mixture of one region, and look at its latest train events.

        Raises
        ------
        InputError
            With fewer than 500 train events.
        """
        if train.n_scored < FEWEST:
            raise InputError(
                f"{train.n_scored} events of the train window are too few to learn places from, "
                f"which needs {FEWEST}"
            )
        first = max(train.first_scored, len(train) - most, FIRST)
        plain = Past.of(train, region, completeness, least_width)
        past, parents, memories = fit_mixture(plain, first, len(train))
        parts = list(targets(past, parents, first, memories))
        both = Targets.joined([block for _, block in parts])
        return cls(region, completeness, parents, parts[-1][0], both, least_width)

    def net(self) -> PlaceNet:
        """A net that starts at the region's mixture, and knows its usual situations."""
        net = PlaceNet(self.parents, self.region.square_km)
        net.standardise(self.train.situation)
        return net


def train_shared(lessons: Sequence[Lesson], *, seed: int, epochs: int = EPOCHS) -> State:
    """Train one net on several regions at once.

    State are common to all; the mixture that they move, and the mean and spread of situations,
    are each region's own. There is no window to stop on: a region that was left out has none.

    Parameters
    ----------
    lessons : sequence of Lesson
        The regions.
    seed : int
        Of the weights, of the order of examples and of dropout.
    epochs : int
        Passes over all train windows.

    Returns
    -------
    dict of str to Tensor
        Averages over the training, by name.
    """
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        nets = [lesson.net().train() for lesson in lessons]
        shared: State = dict(nets[0].named_parameters())
        averaged = {name: values.detach().clone() for name, values in shared.items()}
        optimiser = torch.optim.AdamW(shared.values(), lr=RATE, weight_decay=DECAY)
        parts = [part for _ in range(epochs) for part in _shuffled(lessons)]
        for step, (k, rows) in enumerate(parts):
            for group in optimiser.param_groups:
                group["lr"] = RATE * pace(step, len(parts))
            batch = lessons[k].train.batch(lessons[k].events, rows)
            learned, _ = functional_call(nets[k], shared, (batch,))
            optimiser.zero_grad()
            (-learned.mean()).backward()
            nn.utils.clip_grad_norm_(shared.values(), CLIP)
            optimiser.step()
            for name, mean in averaged.items():
                mean.lerp_(shared[name].detach(), max(0.01, MEMORY / (step + 1 + MEMORY)))
    return averaged


def _shuffled(lessons: Sequence[Lesson]) -> list[tuple[int, Tensor]]:
    """Batches of all regions in random order: which one, and the rows of its targets."""
    parts = [
        (k, rows)
        for k, lesson in enumerate(lessons)
        for rows in torch.randperm(len(lesson.train)).chunk(max(1, len(lesson.train) // BATCH))
    ]
    return [parts[i] for i in torch.randperm(len(parts)).tolist()]


def write_shared(path: Path, weights: State, trained_on: Mapping[str, Extent]) -> None:
    """Write the weights of a shared net, and what they have seen."""
    about = {name: extent.to_json() for name, extent in trained_on.items()}
    write_checkpoint(path, {"state_dict": weights, "trained_on": about})


def read_shared(path: Path = SHIPPED) -> tuple[State, dict[str, Extent]]:
    """Read what ``write_shared`` wrote, by default what comes with the package.

    Raises
    ------
    InputError
        If the file is missing, damaged or no such net.
    """
    content = read_checkpoint(path)
    try:
        about = {name: Extent.from_json(each) for name, each in content["trained_on"].items()}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise unreadable(path, error) from error
    return content["state_dict"], about


def zero_shot(weights: State, lesson: Lesson, mixture: TriggeredPlaces) -> LearnedPlaces:
    """The law of places of a region that a shared net was not trained on.

    Parameters
    ----------
    weights : dict of str to Tensor
        From ``train_shared``.
    lesson : Lesson
        The region's mixture, and the train window that says how far the net is to be believed.
    mixture : TriggeredPlaces
        From which places are drawn.

    Returns
    -------
    LearnedPlaces
        The law.
    """
    net = lesson.net()
    net.load_state_dict(weights, strict=False)
    net.eval()
    judged = lesson.train[slice(max(0, len(lesson.train) - JUDGED), None)]
    with one_thread():
        share = stacked_share(log_densities(net, lesson.events, judged))
    return LearnedPlaces(
        mixture.region,
        lesson.completeness,
        lesson.parents,
        net,
        share,
        mixture,
        lesson.least_width,
    )
