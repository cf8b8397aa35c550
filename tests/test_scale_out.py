"""Chunks on disk, and the engines that make them: same files whoever computes them."""

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from catalogs import InputError
from recast.forecast.chunks import chunk_path, open_folder, read_chunks, write_chunk
from recast.forecast.engine import Engine, Session

HERE = Session(Engine(), ExitStack())
"""Runs everything in this process."""

PLAN = {"seed": 1, "samples": 3}


def numbers(payload: np.ndarray, chunk: int) -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng([7, chunk]).normal(size=(2, 3)) + payload}


def numbers_but_die_once(payload: tuple[str, np.ndarray], chunk: int) -> dict[str, np.ndarray]:
    """The worker that is given chunk 2 for the first time is killed."""
    folder, values = payload
    mark = Path(folder) / "died"
    if chunk == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return numbers(values, chunk)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs dask: pip install '.[cluster]'")
    cloudpickle = pytest.importorskip("cloudpickle")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers don't see tests
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    chunks = open_folder(alone, PLAN, 6, resume=False)
    HERE.run(numbers, np.ones(3), chunks, lambda i, part: write_chunk(alone, i, part))
    open_folder(shared, PLAN, 6, resume=False)
    # In this process's own threads nothing could be killed: one process a worker
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        payload = (str(tmp_path), np.ones(3))
        with Engine(scheduler=cluster.scheduler_address).session() as session:
            session.run(
                numbers_but_die_once, payload, chunks, lambda i, part: write_chunk(shared, i, part)
            )
    assert (tmp_path / "died").exists()
    assert files(alone) == files(shared)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    HERE.run(
        numbers,
        np.ones(3),
        open_folder(whole, PLAN, 5, resume=False),
        lambda i, arrays: write_chunk(whole, i, arrays),
    )

    def stop(chunk: int, arrays: dict[str, np.ndarray]) -> None:
        if chunk == 3:
            raise KeyboardInterrupt
        write_chunk(part, chunk, arrays)

    with pytest.raises(KeyboardInterrupt):
        HERE.run(numbers, np.ones(3), open_folder(part, PLAN, 5, resume=False), stop)
    with pytest.raises(InputError, match="chunk_000003.npz cannot be read"):
        read_chunks(part, 5)
    left = open_folder(part, PLAN, 5, resume=True)
    assert left == [3, 4]
    HERE.run(numbers, np.ones(3), left, lambda i, arrays: write_chunk(part, i, arrays))
    assert files(whole) == files(part)
    assert read_chunks(part, 5)["x"].shape == (10, 3)


def test_chunks_of_another_plan_are_not_mixed(tmp_path: Path) -> None:
    open_folder(tmp_path, PLAN, 2, resume=False)
    write_chunk(tmp_path, 0, {"x": np.zeros(1)})
    with pytest.raises(InputError, match=r"made with samples = 3, now 4: choose another `out`"):
        open_folder(tmp_path, {**PLAN, "samples": 4}, 2, resume=True)
    assert open_folder(tmp_path, {**PLAN, "samples": 4}, 2, resume=False) == [0, 1]
    assert not chunk_path(tmp_path, 0).exists()


def test_a_chunk_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_chunk(tmp_path, 0, {"x": np.zeros(1)})
    before = files(tmp_path)
    with pytest.raises(ValueError, match="x: objects cannot be saved"):
        write_chunk(tmp_path, 0, {"x": np.array([object()])})
    assert files(tmp_path) == before


def test_without_dask_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'recast-forecast\[cluster\]'"):
        Engine(workers=2).check()
    Engine(workers=1).check()
    with pytest.raises(InputError, match="workers = 0"):
        Engine(workers=0).check()


def test_no_scheduler_is_one_line() -> None:
    pytest.importorskip("distributed", reason="needs dask: pip install '.[cluster]'")
    with (
        pytest.raises(InputError, match="no dask scheduler answers at 'nowhere'"),
        Engine(scheduler="nowhere").session() as session,
    ):
        session.run(numbers, np.ones(3), [0], lambda *_: None)


def test_nothing_to_do_starts_no_workers() -> None:
    with Engine(workers=2).session() as session:
        session.run(numbers, np.ones(3), [], lambda *_: pytest.fail("there is no chunk"))
        assert session.client is None
