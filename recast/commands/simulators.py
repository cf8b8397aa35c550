"""What `recast simulate` draws from: a fitted ETAS model, or a trained net."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from catalogs import Catalog, CatalogInfo, EventSequence, Trajectories
    from etas.model import ETAS
    from recast.models.neural import Recast


class Simulator(Protocol):
    """A model, as the command needs it."""

    def check(self, info: CatalogInfo, history: EventSequence) -> None:
        """Refuse a history that the model cannot continue."""
        ...

    def draw(
        self, history: EventSequence, days: float, n: int, args: argparse.Namespace
    ) -> Trajectories:
        """``n`` continuations over ``days``."""
        ...

    def record(self, days: float) -> dict[str, Any]:
        """What simulation.json says of the model."""
        ...

    def catalog(self, sequence: EventSequence, name: str, start: str | None) -> Catalog:
        """A drawn sequence as a catalog whose day 0 is ``start``."""
        ...


@dataclass(frozen=True)
class EtasSimulator:
    """Branching simulation of ETAS."""

    model: ETAS

    def check(self, _: CatalogInfo, history: EventSequence) -> None:
        """Events below completeness would be of an unknown productivity."""
        history.magnitude_excess(self.model.magnitude_law.completeness)

    def draw(
        self, history: EventSequence, days: float, n: int, args: argparse.Namespace
    ) -> Trajectories:
        """See ``etas.simulation``."""
        return self.model.simulate(
            history,
            days,
            n,
            seed=args.seed,
            max_events=args.max_events,
            allow_supercritical=args.allow_supercritical,
            threads=args.workers,
        )

    def record(self, days: float) -> dict[str, Any]:
        """Parameters and branching ratio."""
        return {
            "model": self.model.to_json(),
            "branching_ratio": self.model.branching_ratio(days),
        }

    def catalog(self, sequence: EventSequence, name: str, start: str | None) -> Catalog:
        """With the parameters as its truth."""
        from etas.synthetic import synthetic_catalog

        title = f"Simulated by ETAS: {name}"
        return synthetic_catalog(sequence, self.model, name, start=start, title=title)


@dataclass(frozen=True)
class NetSimulator:
    """Event by event from a trained net."""

    process: Recast
    paths: Sequence[Path]

    def check(self, info: CatalogInfo, history: EventSequence) -> None:
        """A net knows the rates above its own completeness magnitude only."""
        from recast.models.saved import check_completeness

        mine = self.process.net.scaling.completeness
        check_completeness(self.paths[0], mine, info)
        history.magnitude_excess(mine)

    def draw(
        self, history: EventSequence, days: float, n: int, args: argparse.Namespace
    ) -> Trajectories:
        """See ``recast.sampling.sampler``."""
        return self.process.on_device(args.device).simulate(
            history, days, n, seed=args.seed, max_events=args.max_events, threads=args.workers
        )

    def record(self, _: float) -> dict[str, Any]:
        """Which file and which decoder."""
        return {
            "model": {
                "checkpoints": [str(path) for path in self.paths],
                "decoder": self.process.net.decoder_name,
            }
        }

    def catalog(self, sequence: EventSequence, name: str, start: str | None) -> Catalog:
        """Without a truth: no list of parameters says what the net knows."""
        from catalogs import Catalog
        from etas.synthetic import synthetic_catalog

        files = " + ".join(path.name for path in self.paths)
        source, title = f"{files}, recast.sampling.sampler", f"Simulated by RECAST: {name}"
        like = synthetic_catalog(
            sequence, self.process.net.scaling.etas, name, start=start, title=title, source=source
        )
        return Catalog(like.events, replace(like.info, truth={}))


def read_simulator(args: argparse.Namespace) -> Simulator:
    """From ``--model``: checkpoints by their suffix or as "shipped", else the JSON of an ETAS fit.

    A net of several regions is used with the ETAS that is fitted on the train window of
    ``--catalog``.

    Raises
    ------
    InputError
        If a file holds no model, or an option is for the other kind.
    """
    from catalogs import InputError, load
    from etas import ETAS
    from recast.models.saved import net_scaling, only_nets

    if not only_nets(args.model):
        if args.device != "cpu":
            raise InputError(f"--device {args.device} is for nets: ETAS is simulated on the CPU")
        return EtasSimulator(ETAS.load(args.model[0]))
    if args.allow_supercritical:
        raise InputError(
            "--allow-supercritical is for ETAS: a net has no branching ratio, --max-events stops it"
        )
    from recast.models.neural import Recast

    catalog = None if args.catalog is None else load(args.catalog)
    return NetSimulator(
        Recast.load(*args.model, scaling=net_scaling(args.model, catalog)), args.model
    )
