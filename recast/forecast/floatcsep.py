"""Any model as one of a floatCSEP experiment: from its arguments and catalog to its forecast file.

floatCSEP runs a command in the folder of a model, whose ``input`` holds ``args.txt`` (start_date,
end_date and what the experiment's ``func_kwargs`` say, one ``key: value`` a line) and
``catalog.csv``; it looks for ``forecasts/PREFIX_START_END.csv``.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from catalogs import Catalog, InputError
from catalogs.display import some
from catalogs.files import write_whole
from catalogs.from_files import import_catalog
from catalogs.info import timestamp
from recast.forecast.make import run_forecast
from recast.forecast.results import ForecastResult
from recast.models.saved import load_model

SIMULATIONS = 10_000

KNOWN = (
    "start_date",
    "end_date",
    "n_sims",
    "nsims",
    "seed",
    "mag_min",
    "catalog",
    "area",
    "model",
    "prefix",
    "uncorrected",
)
"""Keys of the arguments."""


@dataclass(frozen=True)
class Experiment:
    """What a forecast of an experiment is asked for.

    Parameters
    ----------
    start, end : Timestamp
        The window.
    catalog : Path
        The events before it.
    folder : Path
        Where the forecast goes.
    simulations, seed : int
        Number of simulated catalogs, and their random seed.
    completeness : float, optional
        Magnitude of completeness; by default estimated.
    area : str, optional
        Region of the experiment, as ``catalogs.parse_area`` reads it.
    model : Path, optional
        File of a fitted model; by default ETAS is fitted to the catalog.
    prefix : str
        Of the name of the forecast.
    uncorrected : bool
        Simulate ETAS as it is, as in ``run_forecast``.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    catalog: Path
    folder: Path
    prefix: str
    simulations: int = SIMULATIONS
    seed: int = 0
    completeness: float | None = None
    area: str | None = None
    model: Path | None = None
    uncorrected: bool = False

    @classmethod
    def read(cls, path: Path) -> Experiment:
        """Read the arguments of a model.

        Parameters
        ----------
        path : Path
            ``input/args.txt`` in the folder of the model.

        Returns
        -------
        Experiment
            With paths relative to that folder.

        Raises
        ------
        InputError
            If the file is missing, a line or value is none, or the window is missing or empty.
        """
        values = _arguments(path)
        home = path.resolve().parent.parent
        if missing := [name for name in ("start_date", "end_date") if name not in values]:
            raise InputError(
                f"{path} has no {missing[0]}: add a line such as {missing[0]}: 2020-01-01"
            )
        start, end = (timestamp(values[name], str(path)) for name in ("start_date", "end_date"))
        if not start < end:
            raise InputError(f"{path}: start_date {start} is not before end_date {end}: correct it")
        try:
            numbers = {
                "simulations": int(values.get("n_sims", values.get("nsims", SIMULATIONS))),
                "seed": int(values.get("seed", 0)),
            }
            completeness = float(values["mag_min"]) if "mag_min" in values else None
        except ValueError as error:
            raise InputError(f"{path}: {error}: give numbers for n_sims, seed, mag_min") from None
        if numbers["simulations"] < 1 or numbers["seed"] < 0:
            raise InputError(
                f"{path}: n_sims {numbers['simulations']} or seed {numbers['seed']} is too small: "
                "give 1 or more simulations and a seed of 0 or more"
            )
        as_it_is = values.get("uncorrected", "false").lower()
        if as_it_is not in ("true", "false"):
            raise InputError(f"{path}: uncorrected {as_it_is!r} is neither true nor false")
        model = values.get("model")
        return cls(
            start,
            end,
            home / values.get("catalog", "input/catalog.csv"),
            home / "forecasts",
            values.get("prefix", home.name),
            completeness=completeness,
            area=values.get("area"),
            model=None if model is None else home / model,
            uncorrected=as_it_is == "true",
            **numbers,
        )

    @property
    def path(self) -> Path:
        """The forecast file, dates without a clock where the window is set by midnights."""
        days = all(time == time.normalize() for time in (self.start, self.end))
        form = "%Y-%m-%d" if days else "%Y-%m-%dT%H:%M:%S"
        return self.folder / f"{self.prefix}_{self.start:{form}}_{self.end:{form}}.csv"


def run_experiment(experiment: Experiment, *, threads: int | None = None) -> ForecastResult:
    """Make the forecast that an experiment asks for, and write it to its ``path``.

    Parameters
    ----------
    experiment : Experiment
        Window, catalog and model.
    threads : int, optional
        By default one per core.

    Returns
    -------
    ForecastResult
        The numbers, and what was taken for granted; the file has the simulated catalogs, with
        places, in the layout of pyCSEP.

    Raises
    ------
    InputError
        If the catalog cannot be read or the model not be used on it.
    """
    catalog, remarks = _catalog(experiment)
    days = (experiment.end - experiment.start).total_seconds() / 86_400.0
    with tempfile.TemporaryDirectory() as folder:
        done = run_forecast(
            catalog,
            None if experiment.model is None else load_model(experiment.model),
            at=experiment.start.isoformat(),
            days=[days],
            samples=experiment.simulations,
            seed=experiment.seed,
            uncorrected=experiment.uncorrected,
            threads=threads,
            out=Path(folder),
            csep=True,
            places=True,
        )
        written = Path(folder) / "forecast_csep.csv"
        if not written.is_file():
            raise InputError(
                "the simulated events are too many for a file: set fewer `n_sims` or a shorter "
                "window"
            )
        content = written.read_bytes()
    experiment.folder.mkdir(parents=True, exist_ok=True)
    write_whole(experiment.path, content)
    return replace(done, catalog=experiment.prefix, remarks=[*remarks, *done.remarks])


def _catalog(experiment: Experiment) -> tuple[Catalog, list[str]]:
    """The events before the window, as observed until it starts, and what is said of them."""
    start = experiment.start.tz_localize(None).isoformat()
    found = import_catalog(
        experiment.catalog,
        "experiment",
        area=experiment.area,
        completeness=experiment.completeness,
        observed_until=start,
        ties="separate",
    ).catalog
    info, area, said = found.info, experiment.area, []
    if experiment.completeness is None:
        said = [f"M {info.magnitude_completeness:g} is estimated to be complete: set `mag_min`"]
    if area is None and experiment.model is None and info.has_locations:
        area = str(found.area)
        events = some(len(found.complete_rows()), "event")
        said.append(
            f"places lie in {area}, the box around the {events} so far, which can be another one "
            "in the next window: set `area` to the region of the experiment"
        )
    return (found if area is None else replace(found, info=replace(info, area=area))), said


def _arguments(path: Path) -> dict[str, str]:
    """Keys and values of the lines; blank ones and comments are left out."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}): name the args.txt of a model") from None
    values: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        # A date holds colons, too: the first separator counts
        at = min((i for i in (text.find(":"), text.find("=")) if i > 0), default=-1)
        if at < 0:
            raise InputError(f"{path}, line {number}: {line!r} is no `key: value`: correct it")
        key = text[:at].strip().lower()
        if key not in KNOWN:
            raise InputError(
                f"{path}, line {number}: unknown key {key!r}: remove it, or choose from "
                f"{', '.join(KNOWN)}"
            )
        values[key] = text[at + 1 :].strip().strip("'\"")
    return values
