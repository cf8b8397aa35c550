"""Where the disk is full the old file stays whole, nothing else is left, and the file is named."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

from catalogs import Catalog, CatalogInfo, SplitDates, load, save
from catalogs.exports import write_csep, write_csv, write_quakeml, write_zmap
from catalogs.files import write_json, write_whole
from catalogs.store import EMBEDDED
from recast.cli import main
from recast.evaluation import Diagnosis
from recast.evaluation.diagnosis import save_diagnoses
from recast.forecast.chunks import chunk_path, write_chunk
from recast.forecast.results import Fan, ForecastResult, ForecastRow
from recast.plots import style
from recast.pretrained.checkpoints import write_checkpoint

BYTES = 64
"""What still fits."""


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond a few bytes, whoever writes it, C++ included."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def ridgecrest() -> Catalog:
    return load(EMBEDDED / "ridgecrest_2019.json")


def plain_days(path: Path) -> None:
    """A catalog that is stored as npz."""
    info = CatalogInfo(
        path.stem, 0.0, 9.0, SplitDates(0.0, 1.0, 2.0, 3.0), 2.0, time_unit="days since start"
    )
    table = pd.DataFrame({"time": np.linspace(0.0, 8.0, 500), "magnitude": 3.0})
    save(Catalog(table, info), path.parent, overwrite=True)


def stored(path: Path) -> None:
    """A catalog that is stored as parquet."""
    catalog = ridgecrest()
    info = CatalogInfo(**{**vars(catalog.info), "name": path.stem})
    save(Catalog(catalog.events, info), path.parent, overwrite=True)


def diagnosis(path: Path) -> None:
    values = np.random.default_rng(0).random(500)
    save_diagnoses(path, {"etas": Diagnosis(values, values, 1.0, values, values)})


def forecast(path: Path) -> None:
    row = ForecastRow(1.0, 3.0, 1.0, 1.0, (0.0, 1.0), (0.0, 2.0), 0.5)
    done = ForecastResult("a", "1.0", {"kind": "b"}, [row] * 9, Fan([], {}), 9, 0, 9)
    write_whole(path, done.to_dataframe().to_csv(index=False).encode())


WRITERS: dict[str, Callable[[Path], object]] = {
    "result.json": lambda path: write_json(path, list(range(100))),
    "report.html": lambda path: write_whole(path, b"<p>" * 100),
    "plot.png": lambda path: style.save(Figure(), path),
    "plot.svg": lambda path: style.save(Figure(), path),
    "net.ckpt": lambda path: write_checkpoint(path, {"state_dict": {"a": torch.zeros(99)}}),
    "chunk_000003.npz": lambda path: write_chunk(path.parent, 3, {"counts": np.arange(999)}),
    "diagnosis.npz": diagnosis,
    "table.csv": forecast,
    "ridgecrest.parquet": stored,
    "long.npz": plain_days,
    "out.csv": lambda path: write_csv(ridgecrest(), path),
    "out.zmap": lambda path: write_zmap(ridgecrest(), path),
    "out.xml": lambda path: write_quakeml(ridgecrest(), path),
    "csep.csv": lambda path: write_csep([ridgecrest()], path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_old_file_stays(name: str, tmp_path: Path) -> None:
    path, write = tmp_path / name, WRITERS[name]
    write(path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert len(before[name]) > BYTES
    with full_disk(), pytest.raises(OSError, match=path.stem) as caught:
        write(path)
    assert str(caught.value.filename).startswith(str(tmp_path / path.stem))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_parts_of_forecasts_are_where_they_are_looked_for(tmp_path: Path) -> None:
    write_chunk(tmp_path, 3, {"a": np.arange(3)})
    assert [chunk_path(tmp_path, 3)] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["etas", "fit", "--catalog", "ridgecrest_2019", "--out", "out"], "etas.json"),
        (["benchmark", "--models", "etas", "--catalog", "ridgecrest_2019", "--out", "o"], "etas"),
        (
            ["catalogs", "export", "ridgecrest_2019", "--format", "zmap", "--out", "a.zmap"],
            "a.zmap",
        ),
        (["fit", "--data.steps_per_epoch=1"], "config.yaml"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_commands_say_which_file(
    command: list[str],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    # What is compiled here for the first time would be kept on the same disk
    monkeypatch.setattr("numba.core.caching.Cache.save_overload", lambda *_: None)
    with full_disk():
        code = main(command)
    assert code == 1
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("recast: ")
    assert name in line
    assert line.endswith("File too large")  # what the system says here for a disk that is full
