"""What plots ask of a process: consistent with the process itself, whole on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter, InputError
from etas.model import ETAS
from etas.poisson import Poisson
from recast.evaluation import diagnose, event_terms
from recast.evaluation.continuations import omori_samples
from recast.evaluation.diagnosis import (
    OMORI_EDGES,
    largest_scored,
    load_diagnoses,
    omori_stops,
    save_diagnoses,
    trace_times,
)

LAW = GutenbergRichter(2.5, 1.0, 7.5)
TRUTH = ETAS(1.0, 0.0208, 0.7, 0.01, 1.12, LAW)


@pytest.fixture(scope="module")
def sequence() -> EventSequence:
    (events,) = TRUTH.sample(EventSequence.nothing(), 300.0, 1, seed=3)
    return events.scored_from(100.0)


def test_it_agrees_with_the_process(sequence: EventSequence) -> None:
    seen = diagnose(TRUTH, sequence)
    assert seen.terms.sum() == pytest.approx(TRUTH.log_likelihood(sequence), rel=1e-9)
    np.testing.assert_allclose(seen.terms, event_terms(TRUTH, sequence), rtol=1e-9)
    assert seen.expected == pytest.approx(TRUTH.compensator(sequence, sequence.end)[0])
    assert seen.transformed.size == sequence.n_scored
    assert 0.0 < seen.transformed[0] < seen.transformed[-1] < seen.expected
    np.testing.assert_allclose(seen.trace, TRUTH.intensity(sequence, trace_times(sequence)))


def test_omori_bins_hold_what_is_expected_after_each_onset(sequence: EventSequence) -> None:
    stops = omori_stops(sequence)
    assert stops.shape == (10, OMORI_EDGES.size)
    assert stops.max() == sequence.end
    by_hand = sum(np.diff(TRUTH.compensator(sequence, edges)) for edges in stops)
    np.testing.assert_allclose(diagnose(TRUTH, sequence).omori, by_hand, rtol=1e-6, atol=1e-9)
    # Of a constant rate: rate times days
    constant = diagnose(Poisson(3.0, LAW), sequence).omori
    np.testing.assert_allclose(constant, 3.0 * np.diff(stops, axis=1).sum(axis=0), atol=1e-9)


def test_the_trace_holds_the_largest_event_and_its_jump(sequence: EventSequence) -> None:
    onset = largest_scored(sequence, 1)[0]
    grid = trace_times(sequence)
    i = int(np.searchsorted(grid, onset))
    assert grid[i] == onset
    rates = diagnose(TRUTH, sequence).trace
    magnitude = sequence.magnitudes[sequence.times == onset][0]
    jump = TRUTH.k * 10 ** (TRUTH.alpha * (magnitude - 2.5)) * TRUTH.c**-TRUTH.p
    # A second later: c is 0.01 days, so that a thousandth of the jump is gone
    assert rates[i + 1] - rates[i] == pytest.approx(jump, rel=0.01)
    assert sequence.score_from <= grid[0]
    assert grid[-1] <= sequence.end


def test_the_largest_scored_events_come_first_and_their_trace_has_a_hundred() -> None:
    times = np.arange(0.5, 400.0)
    for largest in (150, 393):
        magnitudes = np.full(400, 3.0)
        magnitudes[[largest, 120, 50]] = 6.0, 5.0, 7.0  # the last is history
        events = EventSequence(times, magnitudes, 0.0, 400.0, score_from=100.0)
        assert largest_scored(events, 3).tolist() == [times[largest], times[120], 100.5]
        grid = trace_times(events)
        shown = np.isin(times, grid)
        assert shown.sum() >= 100
        assert shown[largest]
    # Of a hundred events a quarter comes before
    magnitudes[[150, 393]] = 6.0, 3.0
    grid = trace_times(replace(events, magnitudes=magnitudes))
    assert (grid[0], grid[-1]) == (times[150 - 25 - 1], times[150 + 75])


@pytest.mark.parametrize("n", [1, 2])
def test_few_events_are_enough(n: int) -> None:
    few = EventSequence(np.arange(n) + 3.0, np.full(n, 3.0), 0.0, 9.0, score_from=2.0)
    seen = diagnose(TRUTH, few)
    assert seen.terms.sum() == pytest.approx(TRUTH.log_likelihood(few), rel=1e-9)
    assert np.isfinite(seen.trace).all()


def test_files_are_read_as_they_were_written(sequence: EventSequence, tmp_path: Path) -> None:
    made = {"etas": diagnose(TRUTH, sequence), "a-b": diagnose(Poisson(1.0, LAW), sequence)}
    path = tmp_path / "deep" / "diagnosis.npz"
    save_diagnoses(path, made)
    got = load_diagnoses(path)
    assert list(got) == list(made)
    for name, seen in made.items():
        np.testing.assert_array_equal(got[name].terms, seen.terms)
        np.testing.assert_array_equal(got[name].omori, seen.omori)
        assert float(got[name].expected) == seen.expected
    assert [p.name for p in path.parent.iterdir()] == ["diagnosis.npz"]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=r"diagnosis\.npz cannot be read"):
        load_diagnoses(path)


def test_an_empty_window_is_traced_from_end_to_end() -> None:
    empty = EventSequence([1.0], [3.0], 0.0, 10.0, score_from=4.0)
    times = trace_times(empty)
    assert (times[0], times[-1]) == (4.0, 10.0)
    assert (np.diff(times) > 0.0).all()


def test_nothing_comes_after_an_event_at_the_very_end() -> None:
    alone = EventSequence([9.0, 10.0 - 1e-7], [2.5, 7.0], 0.0, 10.0, score_from=9.5)
    assert (omori_samples(TRUTH, alone, seed=0) == 0.0).all()
