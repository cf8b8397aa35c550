"""How time grows with size: ratios within one run, which hold on any machine.

Part of the test suite, in a process of their own: thousands of tests leave a memory in which
allocation takes its time. Processor time, and the best of several rounds in turn: what else the
machine does then hardly counts.
"""

import math
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

import pytest
from operations import (
    ALTOGETHER,
    BY_PAIRS,
    BY_TREE,
    C_MIN,
    ETAS_CONTINUED,
    ETAS_PLACED,
    FIT,
    FORECAST_COUNTED,
    FORMATS_READ,
    IMPORT,
    LAW,
    LIKELIHOOD,
    MODEL,
    NETS_CONTINUED,
    QUADRATIC,
    STEPS,
    Operation,
    denser,
)

from catalogs import load
from catalogs.cores import cores
from catalogs.formats.table import parse_table
from etas.likelihood import LogLikelihood
from recast import fit_catalog


def times(*tasks: tuple[Operation, int], rounds: int) -> list[float]:
    """Shortest processor time of each operation at a size, seconds; the first round compiles."""
    made = [(operation.run, operation.make(size)) for operation, size in tasks]
    best = [math.inf] * len(made)
    for _ in range(rounds):
        for i, (run, task) in enumerate(made):
            started = process_time()
            run(task)
            best[i] = min(best[i], process_time() - started)
    return best


def exponent(operation: Operation, small: int, large: int, *, rounds: int) -> float:
    """s of time ~ size^s between two sizes."""
    first, second = times((operation, small), (operation, large), rounds=rounds)
    return math.log(second / first) / math.log(large / small)


def times_of_processes(*commands: list[str], rounds: int) -> list[float]:
    """Shortest processor time of Python with these arguments, seconds; the first round compiles."""
    best = [math.inf] * len(commands)
    for _ in range(rounds):
        for i, words in enumerate(commands):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *words], check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            best[i] = min(best[i], spent)
    return best


def test_a_forecast_takes_about_as_long_as_an_import_of_torch(tmp_path: Path) -> None:
    """From process start, with a fitted model: most of it are the imports of what it uses."""
    model = fit_catalog(load("synthetic_socal")).write(tmp_path)
    many = ["--samples", "1000", "--days", "7", "--no-plots", "--out", str(tmp_path / "forecast")]
    forecast = ["forecast", "--catalog", "synthetic_socal", "--model", str(model), *many]
    forecasted, imported = times_of_processes(
        ["-m", "recast", *forecast], ["-c", "import torch"], rounds=3
    )
    # 0.8 to 1.3; scipy.stats, scipy.optimize and matplotlib would add 0.8
    assert forecasted < 1.7 * imported


def test_counting_simulated_events_costs_little() -> None:
    simulated, counted = times((ETAS_CONTINUED, 1_000), (FORECAST_COUNTED, 1_000), rounds=8)
    # 1.8, as every 50 trajectories read the history; compressing the events would make it 4
    assert counted < 2.5 * simulated


def test_likelihoods_side_by_side_share_the_decay() -> None:
    alone, sixteen = times((LIKELIHOOD, 20_000), (ALTOGETHER, 20_000), rounds=8)
    assert sixteen < 16 * alone / 2  # a fourth


def test_the_likelihood_takes_linear_time() -> None:
    # Of the same years: longer ones need more nodes
    assert exponent(replace(LIKELIHOOD, make=denser), 50_000, 200_000, rounds=8) < 1.2


@pytest.mark.parametrize("operation", [IMPORT, replace(FIT, make=denser)], ids=["import", "fit"])
def test_a_million_events_take_ten_times_a_hundred_thousand(operation: Operation) -> None:
    # 0.9 to 1.05; a tenth for what falls out of the processor's caches
    assert exponent(operation, 100_000, 1_000_000, rounds=2) < 1.15


@pytest.mark.slow
@pytest.mark.skipif(cores() < 2, reason="needs two cores")
def test_two_threads_halve_the_time_of_the_likelihood() -> None:
    """By the clock, so it needs two idle cores: the best of many rounds, each with both."""
    likelihood = LogLikelihood.of(LIKELIHOOD.make(500_000), LAW.completeness, c_min=C_MIN)
    best = dict.fromkeys((1, 2), math.inf)
    for _ in range(20):
        for workers in best:
            started = perf_counter()
            replace(likelihood, workers=workers).evaluate(MODEL.parameters)
            best[workers] = min(best[workers], perf_counter() - started)
    assert best[1] / best[2] > 1.6


def test_the_double_sum_does_not() -> None:
    # Sizes of many blocks: of a thousand events half is one block, with the pairs that do not count
    assert exponent(QUADRATIC, 4_000, 12_000, rounds=3) > 1.5  # 1.95 to 2.05


def test_the_recursion_beats_the_double_sum_with_a_gradient_on_top() -> None:
    recursion, double_sum = times((LIKELIHOOD, 5_000), (QUADRATIC, 5_000), rounds=5)
    assert recursion < double_sum / 20


def test_the_tree_beats_the_sum_over_pairs() -> None:
    tree, pairs = times((BY_TREE, 4_000), (BY_PAIRS, 4_000), rounds=3)
    assert tree < pairs / 4


def test_the_tree_takes_less_than_quadratic_time() -> None:
    # Nearly N^1.4: a target asks ever more groups, until the places of events are dense
    assert exponent(BY_TREE, 5_000, 40_000, rounds=3) < 1.6


def test_places_are_drawn_about_as_fast_as_times() -> None:
    times_alone, places = times((ETAS_CONTINUED, 1_000), (ETAS_PLACED, 1_000), rounds=8)
    assert places < 1.5 * times_alone


def test_a_fit_takes_some_dozens_of_evaluations() -> None:
    evaluation, fit = times((LIKELIHOOD, 20_000), (FIT, 20_000), rounds=5)
    assert 5 < fit / evaluation < 100


@pytest.mark.parametrize(
    "operation", [ETAS_CONTINUED, *NETS_CONTINUED.values()], ids=lambda operation: operation.name
)
def test_trajectories_share_the_history(operation: Operation) -> None:
    single, hundred = times((operation, 1), (operation, 100), rounds=5)
    assert hundred < 100 * single / 10


@pytest.mark.parametrize("operation", STEPS.values(), ids=STEPS)
def test_windows_share_the_steps_of_the_recursion(operation: Operation) -> None:
    few, many = times((operation, 2), (operation, 32), rounds=5)
    assert many < 16 * few / 2


@pytest.mark.parametrize("layout", sorted(FORMATS_READ.keys() - {"obspy"}))
def test_reading_takes_linear_time(layout: str) -> None:
    # Half-way to quadratic; below 1 for what a file costs however short it is
    assert exponent(FORMATS_READ[layout], 1_000, 5_000, rounds=3) < 1.5


def test_looking_at_a_table_costs_little() -> None:
    """What anybody's table needs, beside one whose columns and ways of writing are known."""
    layout = FORMATS_READ["table"]

    def known(content: bytes) -> int:
        return len(parse_table(content, "file", as_published=True).events)

    anyone, published = times((layout, 100_000), (replace(layout, run=known), 100_000), rounds=12)
    assert anyone < 1.2 * published  # 1.0 to 1.1, and the noise of one run
