"""Models in files, beside kinds of models: fitted before, or by others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import is_zipfile

from catalogs import Catalog, InputError
from catalogs.display import closest
from catalogs.files import read_json, reading, write_json
from catalogs.store import file_hash
from recast.models.kind import CHECKPOINT, FittedModel, ModelKind, Task, plain_name
from recast.models.places import load_places
from recast.models.seen import leaks
from recast.pretrained import seen

if TYPE_CHECKING:
    from etas.space.law import PlaceLaw

SUFFIXES = frozenset({CHECKPOINT, ".json"})


def is_file_name(name: str) -> bool:
    """Whether the name of a model is that of a file: kinds have no dots in theirs."""
    return Path(name).suffix in SUFFIXES


def kind_of(path: Path, kinds: Mapping[str, ModelKind]) -> ModelKind:
    """Find the kind of the model in a file.

    Raises
    ------
    InputError
        If the file is missing, damaged or holds no model.
    """
    for kind in kinds.values():
        if kind.opens(path, None):
            if kind.is_neural:
                seen(path)  # reads the whole file
            return kind
    _check_json(path)
    record: dict[str, Any] = read_json(path)
    name = record.get("kind")
    if isinstance(name, str) and "fitted_on" in record:
        try:
            return kinds[plain_name(name)]
        except KeyError:
            raise InputError(
                f"{path}: {unknown(name, kinds)}, or install the package that adds it"
            ) from None
    for kind in kinds.values():
        if kind.opens(path, record):
            return kind
    raise InputError(f"{path} holds no model: give the JSON of a fit, or a checkpoint")


def _check_json(path: Path) -> None:
    """Raise an InputError for a folder, or for a checkpoint of another name."""
    if path.is_dir():
        raise InputError(f"{path} is a folder: name the file of a model in it")
    if path.is_file() and is_zipfile(path):
        raise InputError(f"{path} is a checkpoint by its content: let its name end with .ckpt")


def note_file(record: Path, file: Path) -> None:
    """Write which file a model of a benchmark is in."""
    write_json(record, {"file": str(file.resolve()), "sha256": file_hash(file)})


def noted_file(record: Path, name: str) -> Path:
    """Return the file that ``note_file`` wrote of, for the model ``name``.

    Raises
    ------
    InputError
        If it is not where it was, or has changed.
    """
    with reading(record):
        content = read_json(record)
        path, known = Path(content["file"]), content["sha256"]
    if not path.is_file() or file_hash(path) != known:
        what = "has changed" if path.is_file() else "is missing"
        raise InputError(f"{path} {what}, from which the benchmark read {name}: put back the file")
    return path


def unknown(name: str, kinds: Iterable[str]) -> str:
    """Say that there is no model of that name, and which there are."""
    near = closest(name, kinds)
    hint = "" if near is None else f"did you mean {near}? "
    return f"no model {name!r}: {hint}choose from {', '.join(kinds)}"


class FromFile(ModelKind):
    """The model in a file as it is: to fit it is to read it.

    It is named like its file. In the folder of a benchmark ``NAME.json`` says which file that was.

    Parameters
    ----------
    path : Path
        The file.
    kinds : mapping of str to ModelKind
        All kinds of models, among which that of the file is looked for.
    holds : ModelKind, optional
        The kind of the model that was read from it.
    """

    about = "the model in a file"
    refits = False

    def __init__(
        self, path: Path, kinds: Mapping[str, ModelKind], holds: ModelKind | None = None
    ) -> None:
        self.file = path
        self.kinds = kinds
        self.holds = holds
        self.name = path.name
        self.place_laws = () if holds is None else holds.place_laws

    def check(self, catalog: Catalog, pretrained: str) -> None:
        """Refuse a model that has seen the test window, or is of another completeness."""
        del pretrained
        self._on(self.file, catalog)

    def fit(self, task: Task) -> FittedModel:
        """Read it; a net of many regions is given the ETAS of the train window."""
        return self._on(self.file, task.catalog, allow_leak=task.allow_leak)

    def fit_places(self, task: Task) -> PlaceLaw | None:
        """Those beside the file, if there are any."""
        del task
        return load_places(self.file, kind_of(self.file, self.kinds).place_laws)

    def save(self, task: Task, fitted: FittedModel) -> None:
        """Save where the model is."""
        del fitted
        note_file(self.path(task.folder, task.seed), self.file)

    def load(self, folder: Path, seed: int, catalog: Catalog, pretrained: str) -> FittedModel:
        """Read the model of a benchmark again.

        Raises
        ------
        InputError
            If its file is not where it was, or has changed.
        """
        del pretrained
        path = noted_file(self.path(folder, seed), self.name)
        return self._on(path, catalog, allow_leak=True)  # checked when it was fitted

    def read(
        self, paths: Sequence[Path], catalog: Catalog | None, *, fit: bool = False
    ) -> FittedModel:
        """Read the file as one of its own kind."""
        return kind_of(paths[0], self.kinds).read(paths, catalog, fit=fit)

    def _on(self, path: Path, catalog: Catalog, *, allow_leak: bool = False) -> FittedModel:
        model = self.read([path], catalog, fit=True)
        later = leaks(model.seen, catalog, catalog.info.to_days(catalog.info.splits.test_start))
        if later and not allow_leak:
            raise InputError(
                f"{path} was fitted on {'; '.join(later)}, which may hold events of the test "
                f"window of {catalog.info.name!r}: test later (--splits), or fit it on earlier data"
            )
        return replace(model, kind=FromFile(self.file, self.kinds, model.kind))
