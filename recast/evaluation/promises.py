"""What a point process promises, tried on a scored window: for models that no test has seen.

A score means nothing for a model that looks ahead, or whose compensator is not the integral of its
intensity: both make it better than it is, and a table of scores shows neither.
"""

from __future__ import annotations

import numpy as np

from catalogs import EventSequence, InputError, PointProcess
from catalogs.display import some
from catalogs.sequence import FloatArray
from recast.evaluation.scores import terms_of

CUTS = (0.3, 0.7, 1.0)
"""Shares of the scored events after which the rest is hidden, to see whether it matters."""

LATEST = 100
"""Events before each cut at which rates are compared."""

SAME = 1e-3
"""Relative difference that batches of another size may make in single precision."""

INTERVALS, STRATA = 100, 96
"""Intervals between events over which the intensity is integrated, at so many times each."""

NEAREST = 1e-6
"""The first stratum, as a share of its interval: strata grow geometrically, as Omori decays do."""

ROUND_OFF = 1e-5
"""Share of all expected events by which a compensator may grow in gaps, in single precision."""

PER_EVENT = 1e-5
"""Nats per event that a log-likelihood may differ from the sum of its terms: a tenth of the last
decimal of tables, and ten times what sums in single precision make."""

MISMATCH = 0.02
"""Relative difference of intensity and compensator that is refused: it moves scores by 0.02 nats
per event. The sums are good to 0.005 even where the rate jumps."""


DRAWS, DRAWN = 20, 50
"""Simulations that are counted, of the length in which so many events come on average."""

CHANCE, SIMULATED = 5.0, 0.01
"""Standard errors, and share of the expected events, by which simulated numbers may be off."""


def check_promises(process: PointProcess, sequence: EventSequence, name: str) -> None:
    """Raise an InputError for a process whose score would not mean what scores mean.

    Tried are that intensity and compensator give one value for each time, the same each time they
    are asked, and do not change if later events are hidden; that the compensator does not grow in
    gaps, and is the integral of the intensity elsewhere; and what ``check_terms`` tries.

    Parameters
    ----------
    process : PointProcess
        Any model of event times.
    sequence : EventSequence
        The events, with their history; one or more are scored.
    name : str
        Of the model, for the message.

    Raises
    ------
    InputError
        Naming the model, what it gives, and what it should.
    """
    times = _watched(sequence, sequence.n_scored)
    _check_repeats(process, sequence, times, name)
    for share in CUTS:
        _check_hidden(process, sequence, max(int(share * sequence.n_scored), 1), name)
    check_gaps(process, sequence, name)
    check_terms(process, sequence, name)
    _check_integral(process, sequence, name)


def check_gaps(process: PointProcess, sequence: EventSequence, name: str) -> None:
    """Raise an InputError for a process that expects events in scored gaps: see above."""
    if not sequence.scored_gaps:
        return
    gaps = np.array(sequence.scored_gaps)
    values = process.compensator(sequence, np.append(gaps.ravel(), sequence.end))
    total, grown = values[-1], np.diff(values[:-1])[::2]
    if not max(np.abs(grown).max(), abs(grown.sum())) <= ROUND_OFF * abs(total):
        k = int(np.argmax(np.abs(grown)))
        raise InputError(
            f"model {name!r}: its compensator grows by {grown[k]:.4g} in the gap from day "
            f"{gaps[k, 0]:g} to day {gaps[k, 1]:g}, where nothing was recorded and nothing is "
            "expected: write `@without_gaps` above it, after `from catalogs import without_gaps`"
        )


def check_terms(process: PointProcess, sequence: EventSequence, name: str) -> None:
    """Raise an InputError for a log-likelihood that is not the sum of its terms.

    They have to be finite, and the same whatever other times are asked for, and the compensator has
    to begin at 0 where the scored window does, and to fall nowhere.
    """
    times = _scored(sequence)
    rates = np.asarray(process.intensity(sequence, times))
    right = (rates > 0.0) & np.isfinite(rates)
    if not right.all():
        k = int(np.argmin(right))
        what = {-1.0: "is negative", 0.0: "vanishes"}.get(np.sign(rates[k]), "is no finite number")
        raise InputError(
            f"model {name!r}: its intensity {what} at the event on day {times[k]:g} "
            f"({rates[k]:.4g}): give events/day, finite and above 0"
        )
    cumulative = np.asarray(process.compensator(sequence, np.append(times, sequence.end)))
    _check_rises(process, sequence, cumulative, name)
    latest, half = times[-LATEST:], times.size // 2
    watched = _watched(sequence, times.size)
    here = np.searchsorted(watched, latest)
    for what, give, known in (
        ("intensity", process.intensity, rates),
        ("compensator", process.compensator, cumulative[:-1]),
    ):
        parts = [
            np.asarray(give(sequence, part)) for part in (times[:half], times[half:]) if part.size
        ]
        mixed = np.asarray(give(sequence, watched))[here]
        for asked, found in ((times, np.concatenate(parts)), (latest, mixed)):
            values = known[-asked.size :]
            if (j := _first_difference(values, found)) is not None:
                raise InputError(
                    f"model {name!r}: its {what} on day {asked[j]:g} is {values[j]:.6g} if asked "
                    f"for at all events at once, and {found[j]:.6g} if not: it must not depend on "
                    "the other times that are asked for"
                )
    check_sum(terms_of(rates, cumulative), process.log_likelihood(sequence), name)


def _check_rises(
    process: PointProcess, sequence: EventSequence, cumulative: FloatArray, name: str
) -> None:
    """Check a compensator that is ``cumulative`` at the scored events and at the end."""
    begin = float(process.compensator(sequence, np.array([sequence.score_from]))[0])
    steps = np.diff(cumulative, prepend=begin)
    least = -ROUND_OFF * max(abs(float(cumulative[-1]) - begin), 1.0)
    if not abs(begin) <= -least:
        raise InputError(
            f"model {name!r}: its compensator is {begin:.6g} on day {sequence.score_from:g}, where "
            "the scored window begins, and has to be 0 there: subtract its value at "
            "`sequence.score_from`"
        )
    if not (steps >= least).all():
        k = int(np.argmin(steps))
        edges = [sequence.score_from, *_scored(sequence), sequence.end]
        raise InputError(
            f"model {name!r}: its compensator falls by {-steps[k]:.4g} from day {edges[k]:g} to "
            f"day {edges[k + 1]:g}: it is an integral of events/day, which are never negative"
        )


def check_sum(terms: FloatArray, log_likelihood: float, name: str) -> None:
    """Raise an InputError for a log-likelihood other than the sum of the terms of its events."""
    total = float(terms.sum())
    if not abs(log_likelihood - total) <= PER_EVENT * terms.size:
        raise InputError(
            f"model {name!r}: its log-likelihood of {some(terms.size, 'event')} is "
            f"{log_likelihood:.6g}, and its log intensities less the compensator add up to "
            f"{total:.6g}: leave `log_likelihood` to PointProcess, or mend it"
        )


def _check_repeats(
    process: PointProcess, sequence: EventSequence, times: FloatArray, name: str
) -> None:
    for what, give in (("intensity", process.intensity), ("compensator", process.compensator)):
        first = np.asarray(give(sequence, times))
        if first.shape != times.shape:
            raise InputError(
                f"model {name!r}: its {what} at {times.size} times has shape {first.shape}: return "
                "an array of one value for each"
            )
        again = np.asarray(give(sequence, times))
        if (k := _first_difference(first, again)) is not None:
            raise InputError(
                f"model {name!r}: its {what} on day {times[k]:g} is once {first[k]:.6g} and once "
                f"{again[k]:.6g}: draw no random numbers there, and switch dropout off"
            )


def _check_hidden(process: PointProcess, sequence: EventSequence, n: int, name: str) -> None:
    """Hide all from the n-th scored event on, that event included."""
    times = _watched(sequence, n)
    if times[-1] == sequence.score_from:
        return
    until = sequence.before(float(times[-1])).scored_from(sequence.score_from)
    for what, give in (("intensity", process.intensity), ("compensator", process.compensator)):
        known, blind = (np.asarray(give(events, times)) for events in (sequence, until))
        if (k := _first_difference(known, blind)) is not None:
            raise InputError(
                f"model {name!r} looks ahead: its {what} on day {times[k]:g} is {known[k]:.6g}, "
                f"and {blind[k]:.6g} if the events from day {times[-1]:g} on are hidden: use only "
                "events strictly before each time"
            )


def _check_integral(process: PointProcess, sequence: EventSequence, name: str) -> None:
    random = np.random.default_rng(0)
    edges = np.array(sequence.scored_gaps).ravel()
    knots = np.unique([sequence.score_from, *_scored(sequence), *edges, sequence.end])
    chosen = np.flatnonzero(np.searchsorted(edges, knots[:-1], side="right") % 2 == 0)
    if chosen.size > INTERVALS:
        chosen = np.sort(random.choice(chosen, INTERVALS, replace=False))
    begin, widths = knots[chosen], np.diff(knots)[chosen]
    parts = np.concatenate([[0.0], np.geomspace(NEAREST, 1.0, STRATA)])
    places = parts[:-1] + np.diff(parts) * random.uniform(size=(chosen.size, STRATA))
    times = np.minimum(begin[:, None] + widths[:, None] * places, knots[chosen + 1][:, None])
    rates = np.asarray(process.intensity(sequence, times.ravel())).reshape(times.shape)
    integral = float((rates @ np.diff(parts) * widths).sum())
    values = process.compensator(sequence, np.concatenate([begin, knots[chosen + 1]]))
    grown = float(np.diff(np.asarray(values).reshape(2, -1), axis=0).sum())
    if not abs(grown - integral) <= MISMATCH * max(abs(integral), abs(grown)):
        raise InputError(
            f"model {name!r}: over {chosen.size} intervals its compensator grows by {grown:.4g} "
            f"and its intensity integrates to {integral:.4g}: the one must be the integral of the "
            "other, in events/day and days"
        )


def check_simulations(process: PointProcess, sequence: EventSequence, name: str) -> None:
    """Raise an InputError for a process that draws other events than its intensity expects.

    Continuations of the history of the scored window are drawn. The number N of their events, less
    the compensator that they make, has mean 0 and the variance of a Poisson process; and a seed
    gives the same events again. A process that leaves ``simulate`` to PointProcess, or cannot be
    simulated from there, is let be.

    Raises
    ------
    InputError
        Naming the model, and the two numbers.
    """
    if type(process).simulate is PointProcess.simulate:
        return
    history = sequence.before(sequence.score_from)
    horizon = DRAWN * sequence.scored_days / sequence.n_scored
    try:
        drawn, again = (process.simulate(history, horizon, DRAWS, seed=0) for _ in range(2))
    except (InputError, NotImplementedError):  # scores need none
        return
    same = np.array_equal(drawn.times, again.times)
    if not same or not np.array_equal(drawn.counts, again.counts):
        raise InputError(
            f"model {name!r}: its simulations with one `seed` are {drawn.times.size:,} events once "
            f"and {again.times.size:,} once, or at other times: draw all random numbers from that"
        )
    if drawn.capped.size:
        return
    expected = sum(
        float(process.compensator(history.followed_by(part), np.array([drawn.end]))[0])
        for part in drawn.sequences()
    )
    if not abs(drawn.times.size - expected) <= CHANCE * np.sqrt(expected) + SIMULATED * expected:
        raise InputError(
            f"model {name!r}: in {DRAWS} simulations of {horizon:.4g} days it draws "
            f"{drawn.times.size:,} events where its intensity expects {expected:,.1f}: let "
            "`simulate` follow the intensity, or leave it to PointProcess"
        )


def _scored(sequence: EventSequence) -> FloatArray:
    return sequence.times[sequence.first_scored :]


def _watched(sequence: EventSequence, n: int) -> FloatArray:
    """The latest of the first ``n`` scored events, and times between them, in order."""
    events = _scored(sequence)[max(n - LATEST, 0) : n]
    between = 0.5 * (events[1:] + events[:-1])
    return np.sort(np.concatenate([events, between]))


def _first_difference(a: FloatArray, b: FloatArray) -> int | None:
    apart = ~np.isclose(a, b, rtol=SAME, atol=SAME * 1e-3, equal_nan=True)
    return int(np.argmax(apart)) if apart.any() else None
