"""Quantities that the plots of a scored window need, from two passes over its history."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from catalogs import EventSequence, InputError, PointProcess
from catalogs.files import write_whole
from catalogs.sequence import FloatArray
from recast.evaluation.scores import terms_of

ONSETS = 10
"""Number of the largest scored events that are stacked for the Omori decay."""

OMORI_EDGES = np.logspace(-4, 2, 31)
"""Days after an event: 9 s to 100 days."""

TRACE_EVENTS = 100
"""Scored events in the window of the intensity trace, if there are as many."""

TRACE_STEPS = 600
JUST_AFTER = 1e-5
"""Days (about a second) after an event at which the intensity is evaluated, to show the jump."""


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Diagnosis of one process on one scored window.

    Parameters
    ----------
    terms : array (event,)
        Log-likelihood of each scored event, nats; they add up to the log-likelihood.
    transformed : array (event,)
        Compensator at each scored event, expected events since ``score_from``.
    expected : float
        Compensator at the window's end.
    trace : array (time,)
        Intensity at ``trace_times(sequence)``, events/day.
    omori : array (bin,)
        Expected events in the bins of ``OMORI_EDGES`` after the largest events, summed over them.
    """

    terms: FloatArray
    transformed: FloatArray
    expected: float
    trace: FloatArray
    omori: FloatArray


def largest_scored(sequence: EventSequence, n: int = ONSETS) -> FloatArray:
    """Times of the ``n`` largest scored events, largest first, shape (min(n, n_scored),)."""
    first = sequence.first_scored
    order = np.argsort(-sequence.magnitudes[first:], kind="stable")[:n]
    return sequence.times[first:][order]


def omori_stops(sequence: EventSequence) -> FloatArray:
    """Edges of the bins after each of the largest scored events, (onset, edge).

    They are cut off at the window's end.
    """
    return np.minimum(largest_scored(sequence)[:, None] + OMORI_EDGES, sequence.end)


def trace_times(sequence: EventSequence) -> FloatArray:
    """Times of an intensity trace: around the largest scored event, and just after each event.

    A quarter of ``TRACE_EVENTS`` precede that event and the others follow it, where there are
    enough.
    """
    times = sequence.times[sequence.first_scored :]
    if times.size == 0:
        return np.linspace(sequence.score_from, sequence.end, TRACE_STEPS)
    at = int(np.searchsorted(times, largest_scored(sequence, 1)[0]))
    lo = max(min(at - TRACE_EVENTS // 4, times.size - TRACE_EVENTS), 0)
    hi = min(lo + TRACE_EVENTS, times.size)
    begin = float(times[lo - 1]) if lo else sequence.score_from
    stop = float(times[hi]) if hi < times.size else sequence.end
    shown = times[lo:hi]
    after = np.minimum(shown + JUST_AFTER, stop)
    return np.unique(np.concatenate([np.linspace(begin, stop, TRACE_STEPS), shown, after]))


def diagnose(process: PointProcess, sequence: EventSequence) -> Diagnosis:
    """Compute the ``Diagnosis`` of a process; needs at least one scored event."""
    times = sequence.times[sequence.first_scored :]
    grid, stops = trace_times(sequence), omori_stops(sequence)
    rates = process.intensity(sequence, np.concatenate([times, grid]))
    asked = np.concatenate([times, [sequence.end], stops.ravel()])
    cumulative = process.compensator(sequence, asked)
    n = times.size
    return Diagnosis(
        terms=terms_of(rates[:n], cumulative[: n + 1]),
        transformed=cumulative[:n],
        expected=float(cumulative[n]),
        trace=rates[n:],
        omori=np.diff(cumulative[n + 1 :].reshape(stops.shape), axis=1).sum(axis=0),
    )


def save_diagnoses(path: Path, diagnoses: Mapping[str, Diagnosis]) -> None:
    """Write diagnoses by model as npz, whole or not at all."""
    arrays = {
        f"{model}/{field.name}": getattr(diagnosis, field.name)
        for model, diagnosis in diagnoses.items()
        for field in fields(Diagnosis)
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    write_whole(path, stream.getvalue())


def load_diagnoses(path: Path) -> dict[str, Diagnosis]:
    """Read what ``save_diagnoses`` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged or of another kind.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            models = dict.fromkeys(key.rpartition("/")[0] for key in arrays.files)
            return {
                model: Diagnosis(**{f.name: arrays[f"{model}/{f.name}"] for f in fields(Diagnosis)})
                for model in models
            }
    except Exception as error:  # numpy and zipfile raise many kinds; all mean a broken file
        raise InputError(
            f"{path} cannot be read ({error}): delete it, and it is made again"
        ) from error
