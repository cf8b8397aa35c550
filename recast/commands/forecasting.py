"""What `recast forecast` and `recast benchmark --rolling` have in common."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs import Catalog, PointProcess
    from etas.model import ETAS
    from etas.parameter_draws import ParameterDraws
    from recast.forecast import Engine
    from recast.models.seen import FittedOn

PARAMETER_SETS = 100
"""Drawn from the uncertainty of an ETAS fit."""

WHERE = {"--workers": 1, "--scheduler": 1, "--resume": 0}
"""Options with their number of values that say where or how often, and change no result."""


def add_magnitudes(group: argparse._ActionsContainer) -> None:
    """From which law a forecast draws magnitudes."""
    group.add_argument(
        "--own-magnitudes",
        action="store_true",
        help="draw magnitudes from the net's own law, which may run away right after a large "
        "event, instead of the Gutenberg-Richter law of the train window",
    )


def with_magnitudes(
    args: argparse.Namespace, processes: Sequence[PointProcess]
) -> tuple[PointProcess, ...]:
    """The processes as they forecast: nets with a fixed b, unless their own law is asked for."""
    from recast.models.neural import Recast

    return tuple(
        Recast(process.net, process.magnitude_law)
        if isinstance(process, Recast) and not args.own_magnitudes
        else process
        for process in processes
    )


def add_engine(group: argparse._ActionsContainer) -> None:
    """Where forecasts are drawn."""
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a running dask cluster, as tcp://HOST:8786, whose workers draw the forecasts",
    )


def engine_of(args: argparse.Namespace) -> tuple[Engine, int]:
    """Where chunks are computed, and on how many threads where that is this process."""
    from catalogs.cores import threads
    from recast.forecast import Engine

    engine = Engine(1 if args.workers is None else args.workers, args.scheduler)
    engine.check()
    return engine, threads() if args.workers is None else 1


def drawn_models(
    args: argparse.Namespace, model: ETAS, uncertainty: dict[str, Any], n: int, days: float
) -> ParameterDraws:
    """``n`` parameter sets in place of a fitted ETAS, of a random stream of their own."""
    import numpy as np

    from etas import Uncertainty, draw_models

    known = Uncertainty.from_json(uncertainty, "uncertainty of the ETAS fit")
    return draw_models(model, known, n, days, rng=np.random.default_rng([args.seed, 2]))


def check_leak(
    args: argparse.Namespace,
    name: str,
    seen: FittedOn,
    catalog: Catalog,
    at: float | None = None,
) -> list[str]:
    """What a model has seen of the time after a forecast (by default of the test window).

    Raises
    ------
    InputError
        If that is anything, and --allow-leak is not set.
    """
    from catalogs import InputError
    from recast.models.seen import leaks

    info = catalog.info
    begin = info.to_days(info.splits.test_start) if at is None else at
    found = leaks(seen, catalog, begin)
    if found and not args.allow_leak:
        raise InputError(
            f"{name} was fitted on data from after the forecast at {info.to_time(begin)}: "
            f"{'; '.join(found)}: fit it on what came before, or add --allow-leak to forecast "
            "all the same, marked as such"
        )
    return found


def without_where(argv: Sequence[str]) -> list[str]:
    """The command without what changes no result, so that neither does it change the files."""
    out: list[str] = []
    skip = 0
    for word in argv:
        if skip:
            skip -= 1
        elif word.partition("=")[0] in WHERE:
            skip = 0 if "=" in word else WHERE[word]
        else:
            out.append(word)
    return out


class ChunkProgress:
    """A line every few seconds."""

    def __init__(self, label: str, stream: Any, seconds: float = 10.0) -> None:
        self.label, self.stream, self.seconds = label, stream, seconds
        self._said = 0.0

    def __call__(self, model: str, done: int, chunks: int) -> None:
        """Say how far a model is."""
        import time

        now = time.monotonic()
        if done == chunks or now - self._said > self.seconds:
            self._said = now
            line = f"{self.label}: {model}, {done} of {chunks} chunks of forecasts"
            print(line, file=self.stream, flush=True)
