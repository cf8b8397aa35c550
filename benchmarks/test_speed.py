"""Every operation at every size: the time, and the peak memory at the largest."""

from pathlib import Path
from time import process_time

import pytest
from memory import growth
from operations import OPERATIONS, Operation
from pytest_benchmark.fixture import BenchmarkFixture

SECONDS = 2.0
"""Of repetitions for one figure, of whatever takes less."""

ROUNDS = 30

CASES = [
    pytest.param(operation, size, id=f"{key}-{size}")
    for key, operation in OPERATIONS.items()
    for size in operation.sizes
]


@pytest.mark.parametrize(("operation", "size"), CASES)
def test_operation(
    benchmark: BenchmarkFixture, operation: Operation, size: int, tmp_path: Path
) -> None:
    small = operation.make(operation.sizes[0])
    operation.run(small)  # compiles
    made = operation.make(size)
    started = process_time()
    operation.run(made)
    rounds = int(SECONDS / max(process_time() - started, SECONDS / ROUNDS))
    done = benchmark.pedantic(operation.run, args=(made,), rounds=max(rounds, 1))
    benchmark.extra_info.update(operation=operation.name, unit=operation.unit, size=size)
    if size == operation.sizes[-1]:
        benchmark.extra_info["peak_bytes"] = growth(operation.key, small, made, tmp_path)
    assert done is not None
