"""Large catalogs: the short ways give what the long ways give, whatever the blocks and threads."""

import json
import resource
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs import EventSequence
from catalogs.catalog import SAME_EVENT, Catalog, in_order_of_time
from catalogs.formats import cells as cells_module
from catalogs.formats.cells import no_times, numbers_among, texts, times, typed_numbers
from catalogs.formats.parsed import Faults
from catalogs.formats.text import text_cells
from catalogs.importing import import_table, tied_rows
from etas import likelihood
from etas.likelihood import LogLikelihood, log_likelihood_quadratic
from etas.synthetic import SOCAL_TRUTH
from recast.net.batch import Batch, Intervals, intervals
from recast.net.network import RecastNet, log_likelihoods
from recast.net.scaling import Scaling
from recast.plots.style import dots
from recast.training.windows import InTurn, Windows

THETA = np.array([0.4, 0.03, 0.8, 0.01, 1.15])


def sequence(n: int, *, gaps: tuple[tuple[float, float], ...] = ()) -> EventSequence:
    """Clustered times, of which those in gaps are missing."""
    rng = np.random.default_rng(n)
    times = np.cumsum(10.0 ** rng.uniform(-4.0, 1.0, n))
    times *= 990.0 / times[-1]
    for begin, end in gaps:
        times = times[(times < begin) | (times >= end)]
    return EventSequence(
        times, 2.0 + rng.exponential(0.4, times.size), 0.0, 1000.0, score_from=300.0, gaps=gaps
    )


@pytest.mark.parametrize("piece", [1, 50, 51, 300])
def test_blocks_add_up_to_the_double_sum(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    events = sequence(500, gaps=((310.0, 333.0), (700.0, 720.0)))
    whole = LogLikelihood.of(events, 2.0, c_min=1e-3).evaluate(THETA)
    monkeypatch.setattr(likelihood, "PIECE", piece)
    parts = LogLikelihood.of(events, 2.0, c_min=1e-3).evaluate(THETA)
    exact = log_likelihood_quadratic(THETA, events, 2.0)
    assert parts.value == pytest.approx(exact, rel=1e-8)
    assert parts.value == pytest.approx(whole.value, rel=1e-12)
    np.testing.assert_allclose(parts.gradient, whole.gradient, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(parts.information, whole.information, rtol=1e-12)


def test_the_likelihood_is_the_same_on_any_number_of_threads() -> None:
    n = 5 * likelihood.PIECE + 1001
    objective = LogLikelihood.of(sequence(n), 2.0, c_min=1e-5)
    done = [replace(objective, workers=workers).evaluate(THETA) for workers in (1, 2, 3, 7)]
    for one in done[1:]:
        assert one.value == done[0].value
        np.testing.assert_array_equal(one.gradient, done[0].gradient)
        np.testing.assert_array_equal(one.information, done[0].information)


def test_nothing_happens_in_a_window_without_events() -> None:
    nothing = EventSequence(np.empty(0), np.empty(0), 0.0, 10.0)
    assert LogLikelihood.of(nothing, 2.0, c_min=1e-3).evaluate(THETA).value == -10.0 * THETA[0]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(width=32, allow_nan=True) | st.integers(-99, 99)), st.data())
def test_numbers_are_read_as_their_digits_would_be(cells: list[float], data: st.DataObject) -> None:
    kind: Any = data.draw(st.sampled_from([np.float64, np.float32, pd.Float64Dtype()]))
    column: pd.Series = pd.Series(cells, dtype="float64").astype(kind)
    read = typed_numbers(column)
    assert read is not None
    np.testing.assert_array_equal(read, numbers_among(texts(column)))
    np.testing.assert_array_equal(np.signbit(read), np.signbit(numbers_among(texts(column))))


def test_times_are_read_alike_in_any_company(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = "2019-07-06T03:19:53"
    written = [
        f"{clock}{decimals}{zone}"
        for decimals in ("", ".0", ".04", ".123456789", ".1234567891")
        for zone in ("", "Z", "+00:00", "-00:00", "+0000", "+00:01", "+00:00Z", "0+00:00")
    ]
    written += [
        written[2].replace("T", " "),
        "2019-07-06+00:00",
        "+00:00",
        "",
        "2019-02-30T00:00:00+00:00",
    ]

    def read(cells: list[str]) -> list[tuple[int, bool]]:
        faults = Faults("file", pd.RangeIndex(1, len(cells) + 1, name="line"))
        stamps = times(pd.Series(cells, name="time"), faults)
        kept = set(faults.parsed(pd.DataFrame({"time": stamps}), str).events.index)
        return [(stamp.value, i in kept) for i, stamp in enumerate(stamps)]

    together = read(written)
    monkeypatch.setattr(cells_module, "SOME", 3)
    assert read(written) == together
    monkeypatch.setattr(cells_module, "plain_times", lambda column: no_times(len(column)))
    slowly = read(written)
    assert [x for x, y in zip(slowly, together, strict=True) if x != y and (x[1] or y[1])] == []
    assert sum(good for _, good in together) > 20


@pytest.mark.skipif(pd.Series(["a"], dtype=str).dtype == object, reason="pandas before 3")
def test_cells_of_text_take_little_more_than_their_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own strings of these would take 400 bytes a row beside the lines."""
    n = 40_000
    row = "2019-07-06T03:19:53.040Z,35.7695,-117.5993,8.04,7.11,ci{:07}"
    text = "time,latitude,longitude,depth,mag,id\n" + "\n".join(map(row.format, range(n)))
    monkeypatch.setattr("catalogs.formats.text.SOME", 1000)
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    cells = text_cells(text, "file")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(cells.table), cells.table.iloc[-1, -1]) == (n, f"ci{n - 1:07}")
    of_lines = sum(map(sys.getsizeof, cells.lines))
    assert peak + pa.total_allocated_bytes() - before - of_lines < 250 * n


def test_whole_numbers_are_read_and_nothing_else() -> None:
    counts = pd.Series([3, 2**62 + 1, -7])
    for column in (counts, counts.astype("Int64"), counts.abs().astype("uint64")):
        np.testing.assert_array_equal(typed_numbers(column), numbers_among(texts(column)))
    for other in (counts > 0, counts.astype(str), pd.to_datetime(counts)):
        assert typed_numbers(other) is None


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Few events of few times, places and names, so that many are equal."""
    n = draw(st.integers(1, 12))
    values: dict[str, list[Any]] = {
        "time": [0, 1, 2, 3, 4],
        "latitude": [1.0, np.nan],
        "longitude": [1.0, 2.0],
        "magnitude": [3.0, 3.1],
        "event_id": ["b", "a", "", "a10", "a9"],
    }
    cells = {
        name: draw(st.lists(st.sampled_from(some), min_size=n, max_size=n))
        for name, some in values.items()
    }
    table = pd.DataFrame(cells, index=draw(st.permutations(range(n))))
    table["time"] = (
        pd.to_datetime(table["time"], unit="s", utc=True)
        if draw(st.booleans())
        else table["time"].astype(np.float64)
    )
    return table if draw(st.booleans()) else table.drop(columns="event_id")


@settings(deadline=None, max_examples=100)
@given(tables())
def test_equal_events_are_found_and_sorted_as_by_all_columns(table: pd.DataFrame) -> None:
    keys = ["time", "event_id"] if "event_id" in table else ["time"]
    pd.testing.assert_frame_equal(in_order_of_time(table), table.sort_values(keys, kind="stable"))
    if table["time"].dtype.kind == "f":
        return
    info = import_table(
        table.assign(time=table["time"] + pd.to_timedelta(np.arange(len(table)), unit="min")),
        "made",
        completeness=2.0,
    ).info
    rows = Catalog(table, replace(info, start="1970-01-01", has_locations=True)).complete_rows()
    assert sorted(rows) == np.flatnonzero(~table.duplicated(SAME_EVENT)).tolist()


def test_groups_of_equal_times_are_listed() -> None:
    minutes = [0, 3, 3, 5, 7, 7, 7, 9]
    table = pd.DataFrame(
        {
            "time": pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(minutes, unit="min"),
            "latitude": np.nan,
            "longitude": np.nan,
            "magnitude": 3.0 + 0.1 * np.arange(8),
        }
    )
    catalog = import_table(table, "made", completeness=2.0, ties="separate")
    assert tied_rows(catalog) == [[1, 2], [4, 5, 6]]


SCALING = Scaling(1.0, 2.4, 2.0, 1.0, 7.0, mu=0.5, k=0.02, alpha=0.6, c=0.01, p=1.1)


@pytest.mark.parametrize("kept", [1, 7, 100, 10_000])
def test_windows_have_the_amplitudes_of_the_whole(
    kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = sequence(300)
    whole = intervals(events, SCALING)
    monkeypatch.setattr("recast.net.excitation.MOST_STATES", kept)
    cutting = Intervals(events, SCALING)
    assert len(cutting.excitation.states) <= min(kept, len(events) + 1)
    first = np.array([5, 0, 40, 41, 290, 300])
    batch = cutting.cut(first, length=16, burn_in=9)
    for window, start in enumerate(np.maximum(first - 9, 0)):
        rows = np.minimum(start + np.arange(25), len(events))
        assert torch.equal(batch.amplitudes[window], whole.amplitudes[0, rows])
        assert torch.equal(batch.expected[window], whole.expected[0, rows])


@pytest.mark.parametrize("coefficients", [(), (0.2, -0.1)])
@pytest.mark.parametrize("gaps", [(), ((310.0, 333.0), (700.0, 701.0), (702.0, 720.0))])
def test_windows_are_parts_of_the_whole(
    coefficients: tuple[float, ...], gaps: tuple[tuple[float, float], ...]
) -> None:
    events = sequence(300, gaps=gaps)
    scaling = replace(SCALING, day=coefficients)
    whole, cutting = intervals(events, scaling), Intervals(events, scaling)
    first = np.array([0, 40, 41, 280, len(events)])
    batch = cutting.cut(first, length=16, burn_in=9)
    rows = np.minimum(np.maximum(first - 9, 0)[:, None] + np.arange(25), len(events))
    for name, part, parts in zip(Batch._fields, batch, whole, strict=True):
        assert part.dtype == parts.dtype
        if name != "scored":
            assert torch.equal(part, parts[0][rows]), name
    assert whole.gaps.shape[2] == (2 if gaps else 0)
    assert not torch.any(batch.scored & ~whole.scored[0][rows])


def test_what_training_keeps_of_an_event_is_small() -> None:
    n = 200_000
    events = EventSequence(np.arange(1.0, n + 1.0), np.full(n, 3.0), 0.0, n + 2.0, score_from=1.5)
    Windows(sequence(90), SCALING, length=8, burn_in=4)  # compiles
    tracemalloc.start()
    windows = Windows(events, SCALING, length=256, burn_in=128)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    of_states = windows.intervals.excitation.states.nbytes
    assert kept - of_states < 25 * n


def test_batches_of_windows_weigh_as_their_events_and_regions_do() -> None:
    parts = [Intervals(sequence(n), SCALING) for n in (300, 90)]
    net = RecastNet(SCALING, hidden_size=4, width=2).double().eval()

    def losses(most: int) -> list[tuple[int, float, float]]:
        turn = InTurn(parts, length=8, burn_in=300, most=most)
        done = []
        for i in range(len(turn)):
            part = turn[i]
            value = float(log_likelihoods(net, part.batch).times) / max(part.batch.n_events, 1)
            done.append((part.region, part.share * value, part.share * part.balance * value))
        return done

    with torch.no_grad():
        whole, cut = losses(10**6), losses(3)
    assert len(whole) == 2 < len(cut)
    for region in (0, 1):
        means = [np.mean([x for r, x, _ in some if r == region]) for some in (whole, cut)]
        assert means[0] == pytest.approx(means[1], rel=1e-12)
    means = [np.mean([x for _, _, x in some]) for some in (whole, cut)]
    assert means[0] == pytest.approx(means[1], rel=1e-12)


def test_a_plot_of_many_events_shows_the_largest_and_some_of_all_times() -> None:
    m = np.random.default_rng(0).exponential(0.4, 5000)
    everything, label = dots(m, 5000)
    assert everything.tolist() == list(range(5000))
    assert label is None
    shown, label = dots(m, 1000)
    assert {*np.argsort(m)[-100:]} <= {*shown}
    assert np.diff(shown).min() > 0
    assert np.diff(shown).max() < 10
    assert 900 < shown.size <= 1000
    assert label == f"{shown.size:,} of 5,000 events"


TEN_MILLION = 10_000_000

LIMIT_BYTES = 8e9


def events_of(days: float) -> pd.DataFrame:
    """A synthetic catalog of about ten million events, to the microsecond."""
    law = SOCAL_TRUTH.magnitude_law
    model = replace(SOCAL_TRUTH, k=0.018, magnitude_law=law)
    model = replace(model, mu=1.07 * TEN_MILLION / days * (1.0 - model.branching_ratio(days)))
    (events,) = model.sample(EventSequence.nothing(), days, 1, seed=1, max_events=2 * TEN_MILLION)
    stamps = np.round(events.times * 86_400e6).astype(np.int64)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "time": pd.Timestamp("1985-01-01", tz="UTC") + pd.to_timedelta(stamps, unit="us"),
            "latitude": np.round(rng.uniform(32.0, 37.0, stamps.size), 4),
            "longitude": np.round(rng.uniform(-121.0, -114.0, stamps.size), 4),
            "magnitude": np.round(events.magnitudes, 2),
            "event_id": np.arange(stamps.size).astype(np.str_),
        }
    )
    return table.drop_duplicates("time")


@pytest.mark.slow
def test_ten_million_events_are_imported_fitted_and_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = events_of(14_000.0)
    n = len(table)
    assert n > TEN_MILLION
    table.to_parquet(tmp_path / "big.parquet", index=False)
    del table
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    for command in (
        "catalogs import big.parquet --name big --completeness 2.5 --out .",
        "etas fit --catalog big.json --no-plots --out fit",
        "etas score --catalog big.json --model fit/etas.json --no-plots --out score",
    ):
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "recast", *command.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        peak = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        took = time.monotonic() - began
        with capsys.disabled():
            sys.stdout.write(f"{command}: {took:.0f} s, {peak / 1e9:.1f} GB\n")
        assert peak < max(LIMIT_BYTES, 1024 * before)
    fit = json.loads((tmp_path / "fit" / "etas.json").read_text(encoding="utf-8"))
    assert fit["converged"]
    assert fit["n_events"] == pytest.approx(0.6 * n, rel=1e-3)
    for name in ("alpha", "p"):  # standard errors of 0.002
        assert fit["model"][name] == pytest.approx(getattr(SOCAL_TRUTH, name), abs=0.01)
