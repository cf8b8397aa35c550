"""Nets: RECAST as published, and the default net in its different uses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from catalogs import Catalog, InputError, PointProcess
from catalogs.checks.extent import check_unseen, way_to_use
from recast.models.from_file import note_file, noted_file
from recast.models.kind import CHECKPOINT, FittedModel, ModelKind, Task
from recast.models.places import learned_law, shared_law
from recast.models.seen import merged, seen_by_fit, seen_by_net
from recast.pretrained import (
    FILES,
    SHIPPED,
    is_regional,
    is_released_net,
    read_net,
    seen,
    shape_of,
)
from recast.training.region import ENOUGH_EVENTS, check_completeness

if TYPE_CHECKING:
    from etas.space.law import PlaceLaw
    from recast.models.neural import Recast
    from recast.training.region import Region

QUICK_EPOCHS = 1
FEW_SHOT_EPOCHS = 16
EVENTS_A_STEP = 200
"""Fine-tuning steps: a net that sees a thousand events 300 times overfits them."""


def few_shot_settings(n_train: int) -> dict[str, dict[str, Any]]:
    """Settings of data and model for fine-tuning on ``n_train`` events.

    Steps per epoch and the learning rate of the shared weights grow with the number of events.
    """
    return {
        "data": {"steps_per_epoch": min(20, math.ceil(n_train / EVENTS_A_STEP))},
        "model": {"fine_tuning": 0.5 * min(1.0, n_train / ENOUGH_EVENTS)},
    }


class NetKind(ModelKind):
    """A net that is trained on the catalog; its file is a checkpoint."""

    seeded = True
    is_neural = True
    day_clock: ClassVar[bool] = True
    shared_places: ClassVar[bool] = False
    """Whether places start from the net of other regions, too."""

    def check(self, catalog: Catalog, pretrained: str) -> None:
        """Refuse a net that may have seen the test window."""
        if self.uses_pretrained:
            check_unseen(seen(pretrained), catalog, f"net {pretrained}")

    def fit_places(self, task: Task) -> PlaceLaw:
        """Those of a net of their own: this one knows times and magnitudes."""
        return learned_law(task, shared=self.shared_places)

    def path(self, folder: Path, seed: int) -> Path:
        """The checkpoint with the best validation score."""
        return folder / self.name / f"seed{seed}" / "best.ckpt"

    def save(self, task: Task, fitted: FittedModel) -> None:
        """Do nothing: training saves the net."""

    def opens(self, path: Path, record: Mapping[str, Any] | None) -> bool:
        """Return False: the default net reads all checkpoints, whichever kind trained them."""
        del path, record
        return False

    def _train(
        self, task: Task, model: Mapping[str, Any], max_epochs: int | None = None
    ) -> FittedModel:
        from recast.models.neural import Recast
        from recast.models.start import start_of
        from recast.training.data import CatalogData
        from recast.training.region import Region
        from recast.training.trainer import train

        settings: dict[str, Any] = {}
        start = model.get("pretrained")
        region = Region(task.catalog, day_clock=self.day_clock, pretrained=start)
        if start is not None:
            if not task.allow_leak:
                check_unseen(seen(start), task.catalog, f"net {start}")
            start = start_of(region, start, allow_leak=task.allow_leak)
            max_epochs = FEW_SHOT_EPOCHS
            few = few_shot_settings(task.split.train.n_scored)
            settings = few["data"]
            model = {**model, **shape_of(start), "pretrained": start, **few["model"]}
        trained = train(
            CatalogData.of(region, seed=task.seed, **settings),
            task.folder / self.name / f"seed{task.seed}",
            seed=task.seed,
            model=model,
            max_epochs=QUICK_EPOCHS if task.quick else max_epochs,
            resume=task.resume,
            label=f"{task.catalog.info.name}, {self.name}, seed {task.seed}",
        )
        process = Recast.load(trained.checkpoint)
        return FittedModel(
            self,
            process,
            seen_by_net(trained.checkpoint, task.catalog),
            sum(p.numel() for p in process.net.parameters()),
            start,
        )

    def read(
        self, paths: Sequence[Path], catalog: Catalog | None, *, fit: bool = False
    ) -> FittedModel:
        """Read the net of one checkpoint, or the mixture of several.

        A net of several regions needs the ETAS and the clock of the catalog, which are fitted if
        ``fit`` allows it.
        """
        from recast.models.start import start_of
        from recast.training.region import Region

        region = None
        regional = [path for path in paths if is_regional(path)]
        if regional:
            if catalog is None or not fit:
                raise InputError(
                    f"the net {regional[0]} is of many regions and departs from the ETAS of the "
                    f"catalog it is used on: name one, as in load_model({str(regional[0])!r})"
                    ".on(catalog, fit=True), or by `catalog`"
                )
            region = Region(catalog, pretrained=str(regional[0]))
            paths = [Path(start_of(region, str(path))) for path in paths]
        return self._loaded(paths, catalog, region)

    def _loaded(
        self, paths: Sequence[Path], catalog: Catalog | None, region: Region | None
    ) -> FittedModel:
        """The nets of these files, in ``region`` or on the catalog of their training."""
        from recast.models.neural import Recast
        from recast.training.codes import with_inferred_code
        from recast.training.trainer import one_thread

        if region is None:
            nets = tuple(Recast.load(path) for path in paths)
        else:
            there = [read_net(path, region.scaling) for path in paths]
            with one_thread():
                nets = tuple(Recast(with_inferred_code(net, region.split.train)) for net in there)
        known = merged(*(seen_by_net(path, catalog) for path in paths))
        if catalog is not None:
            for path, net in zip(paths, nets, strict=True):
                check_completeness(path, net.net.scaling.completeness, catalog.info)
            if region is not None:  # with an ETAS of this catalog's train window, and its clock
                known = merged(known, seen_by_fit(catalog, "train+val"))
        about = {
            "kind": self.name,
            "checkpoints": [str(path) for path in paths],
            "decoder": nets[0].net.decoder_name,
        }
        numbers = [sum(p.numel() for p in net.net.parameters()) for net in nets]
        one = FittedModel(self, nets[0], known, sum(numbers), record=about)
        return one if len(nets) == 1 else replace(one, process=self.mix(nets), members=nets)

    def mix(self, processes: Sequence[PointProcess]) -> Recast:
        """The mixture of what the nets say of each interval (``recast.net.ensemble``)."""
        from recast.models.neural import Recast
        from recast.net.ensemble import EnsembleNet

        return Recast(EnsembleNet([cast("Recast", process).net for process in processes]))


class Paper(NetKind):
    """RECAST as published (Dascher-Cousineau et al. 2023, doi:10.1029/2023GL103909)."""

    name = "recast-paper"
    about = "RECAST as published"
    colour, mixture_colour = "#AA3377", "#882255"
    day_clock = False

    def fit(self, task: Task) -> FittedModel:
        """Train from scratch."""
        from recast.training.trainer import PAPER, PAPER_EPOCHS

        return self._train(task, PAPER, PAPER_EPOCHS)


class Released(NetKind):
    """The nets that the authors released with their paper (doi:10.1029/2023GL103909)."""

    name = "recast-released"
    about = "a net that the authors of RECAST released, by the path of its file"
    seeded = False
    refits = False
    colour = "#6699CC"

    def check(self, catalog: Catalog, pretrained: str) -> None:
        """Ask for the file."""
        del catalog, pretrained
        raise InputError(f"model {self.name} is read from a file: name that as the model")

    def fit(self, task: Task) -> FittedModel:
        """Ask for the file, too."""
        del task
        raise InputError(f"model {self.name} is read from a file: name that as the model")

    def opens(self, path: Path, record: Mapping[str, Any] | None) -> bool:
        """Recognise the layout of the authors' files."""
        return record is None and path.suffix == CHECKPOINT and is_released_net(path)


class Shipped(NetKind):
    """The default: the net that comes with the package, fine-tuned on the train window."""

    name = "recast"
    about = "from the net that comes with the package"
    shared_places = True
    colour, mixture_colour = "#0077BB", "#009988"

    def fit(self, task: Task) -> FittedModel:
        """Fine-tune the net of the package, or start from ETAS if it may have seen the test."""
        return self._train(task, {} if self.caveat(task.catalog) else {"pretrained": SHIPPED})

    def caveat(self, catalog: Catalog) -> str:
        """Say so where the net of the package is not used."""
        why = way_to_use(seen(SHIPPED), catalog, "the net that comes with the package")
        return f"{catalog.info.name}: {self.name} starts from ETAS alone: {why}" if why else ""

    def opens(self, path: Path, record: Mapping[str, Any] | None) -> bool:
        """Recognise any checkpoint of this project's nets."""
        return record is None and (path.suffix == CHECKPOINT or str(path) in FILES)


class Native(NetKind):
    """The default net, trained on the catalog alone."""

    name = "recast-native"
    about = "from the ETAS of the train window"
    colour, mixture_colour = "#DDAA33", "#997700"

    def fit(self, task: Task) -> FittedModel:
        """Train from the ETAS of the train window."""
        return self._train(task, {})


class FewShot(NetKind):
    """A pretrained net, fine-tuned on the train window."""

    name = "recast-few-shot"
    about = "a pretrained net, fine-tuned"
    uses_pretrained = True
    shared_places = True
    colour, mixture_colour = "#EE7733", "#CC3311"

    def fit(self, task: Task) -> FittedModel:
        """Fine-tune ``task.pretrained``."""
        return self._train(task, {"pretrained": task.pretrained})


class ZeroShot(NetKind):
    """A pretrained net with the ETAS of the train window, not fine-tuned."""

    name = "recast-zero-shot"
    about = "a pretrained net with the code of the region, not fine-tuned"
    seeded = False
    uses_pretrained = True
    colour, dashes = "#66CCEE", "-."

    def fit(self, task: Task) -> FittedModel:
        """Fit the ETAS of the train window and, for a net of many regions, the region's code."""
        from recast.models.start import start_of
        from recast.training.codes import spread_of_codes
        from recast.training.region import Region

        if not task.allow_leak:
            check_unseen(seen(task.pretrained), task.catalog, f"net {task.pretrained}")
        region = Region(task.catalog, pretrained=task.pretrained)
        start = start_of(region, task.pretrained, allow_leak=task.allow_leak)
        found = self._loaded([Path(start)], task.catalog, region)
        spread = spread_of_codes(read_net(start, region.scaling))
        numbers = 0 if spread is None else len(spread)
        return replace(found, n_parameters=5 + numbers, started_from=start)

    def fit_places(self, task: Task) -> PlaceLaw:
        """Those of a net of other regions, which moves the mixture of the train window."""
        return shared_law(task)

    def save(self, task: Task, fitted: FittedModel) -> None:
        """Save which net it was, unless that comes with the package."""
        record = self._record(task.folder)
        record.unlink(missing_ok=True)  # of an earlier run
        if fitted.started_from is not None and fitted.started_from not in FILES:
            note_file(record, Path(fitted.started_from))

    def load(self, folder: Path, seed: int, catalog: Catalog, pretrained: str) -> FittedModel:
        """Read the net of the benchmark again, with the ETAS of the train window."""
        record = self._record(folder)
        if record.is_file():  # runs of version 0.1.0 have none
            pretrained = str(noted_file(record, self.name))
        return self.fit(Task(catalog, folder, seed, pretrained=pretrained))

    def _record(self, folder: Path) -> Path:
        """Where the file of the net is noted."""
        return folder / f"{self.name}.json"
