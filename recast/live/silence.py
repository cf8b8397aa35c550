"""Whether a source that answers has fallen silent: nothing new, where something was to be expected.

A file that is no longer written, or a catalog that lags behind its network, answers as before. What
has not come is then taken for quiet, and forecasts are too low.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from catalogs import Catalog, EventSequence, GutenbergRichter
from catalogs.sequence import reaches
from etas.model import ETAS
from etas.omori import OmoriSequence, Seen
from recast.forecast.complete import STEP, highest_completeness, recorded_steps
from recast.forecast.early import generic
from recast.live.policy import Policy
from recast.live.records import SequenceState
from recast.live.times import read, written

UNLIKELY = 0.03
"""Of a silence after aftershocks. In Southern California, where events below M 2 are not listed,
the whole network was so silent before 15 of 1,121 forecasts after M >= 5, of 9 of 58 sequences
(before 31, of 18, with 0.1), in Northern California, listed from M 1.5, before none of 970."""

UNLIKELY_SO_FAR = 0.1
"""Of a silence from the mainshock on, which the spread of past sequences makes more probable. None
was so silent in the first day of 58 mainshocks there and 51 in Northern California, and one of 76
in Italy, listed from M 1.5; of Italy listed from M 2.5 five were."""

SHORTEST = pd.Timedelta(hours=1)
"""Sources are late by minutes."""

BEFORE = pd.Timedelta(days=5 * 365.25)
"""Time with which a silence is compared: networks were sparser once."""

ENOUGH = 200
"""Times between events, of which the longest says how long an area is quiet."""

SOON = 1e-4
"""Days after a mainshock in which none of its aftershocks is known."""

SECOND = pd.Timedelta(seconds=1)
"""To which times in remarks are written."""

NOTHING = "no earthquake is known since "
"""How remarks on a silence begin; its time follows."""

RECORDED = "large enough to be recorded"
"""Of expected aftershocks where none is known."""


def silence(
    events: pd.DataFrame,
    catalog: Catalog,
    process: ETAS,
    sequence: SequenceState | None,
    policy: Policy,
) -> tuple[str, ...]:
    """Say that nothing is known of a time in which something was to be expected.

    After a mainshock, where the probability of so few aftershocks is small by the Omori law that
    the ones until then and past sequences tell; else where there was no such time in the last five
    years. Small events and those around the area show that a source is not silent.

    Parameters
    ----------
    events : DataFrame
        All that are known, with a column ``time``.
    catalog : Catalog
        Those of the area of the forecast that are complete, until now.
    process : ETAS
        Fitted to them: gives what the events before a mainshock still cause.
    sequence : SequenceState or None
        None for the region: its mainshock is the largest event for which a sequence lasts.
    policy : Policy
        Trigger magnitude, duration of a sequence, and tectonic regime.
    """
    now = read(str(catalog.info.end))
    times = events.loc[(events["time"] <= now).to_numpy(), "time"].sort_values()
    if times.empty or now - times.iloc[-1] < SHORTEST:
        return ()
    known = catalog.to_sequence()
    shock = _shock(catalog, known, sequence, policy)
    after = () if shock is None else _after(catalog, known, process, shock, times.iloc[-1], policy)
    return after or _quiet(times, now)


def quiet(events: pd.DataFrame, now: pd.Timestamp) -> str:
    """That nothing is known of an hour or more, for longer than in five years; or nothing.

    The part of ``silence`` that needs no model.
    """
    times = events.loc[(events["time"] <= now).to_numpy(), "time"].sort_values()
    return next(iter(_quiet(times, now)), "") if len(times) else ""


def still(remarks: Sequence[str], events: pd.DataFrame, now: pd.Timestamp) -> str:
    """The remark on a silence among those of a forecast, if none of the events came since."""
    for remark in remarks:
        if remark.startswith(NOTHING):
            since = read(remark.removeprefix(NOTHING).partition(",")[0])
            times = events["time"]
            came = (times >= since + SECOND) & (times <= now)
            return "" if came.any() else remark
    return ""


def _shock(
    catalog: Catalog, known: EventSequence, sequence: SequenceState | None, policy: Policy
) -> int | None:
    if sequence is None:
        rows = np.flatnonzero(reaches(known.magnitudes, policy.trigger_magnitude))
        rows = rows[known.times[rows] > known.end - policy.duration_days]
    else:
        day = catalog.info.to_days(sequence.mainshock.time)
        rows = np.flatnonzero(np.abs(known.times - day) < 2.0 / 86_400.0)
    return int(rows[np.argmax(known.magnitudes[rows])]) if rows.size else None


def _after(
    catalog: Catalog,
    known: EventSequence,
    process: ETAS,
    shock: int,
    last: pd.Timestamp,
    policy: Policy,
) -> tuple[str, ...]:
    """After a mainshock."""
    law = process.magnitude_law
    day, magnitude = float(known.times[shock]), float(known.magnitudes[shock])
    begin = max(catalog.info.to_days(written(last)), day + SOON)
    lowest = min(highest_completeness(known, law.completeness)[0], law.maximum - STEP)
    told, prior = known.before(begin), generic(policy.regime).prior
    omori = OmoriSequence.of(process, told, day, magnitude, prior, lowest)
    span, seen, which = known.end - begin, None, f"of magnitude {lowest:g} or larger"
    none_yet = begin == day + SOON
    if none_yet:
        seen, which = _seen(magnitude, begin - day, known.end - day, law, lowest), RECORDED
    if omori.none_within(span, seen) > (UNLIKELY_SO_FAR if none_yet else UNLIKELY):
        return ()
    expected, _ = omori.expected(span, seen)
    remark = (
        f"{NOTHING}{written(last)}, where about {_rounded(expected)} {which} were to be expected: "
        "the source may be late, and numbers far too low"
    )
    return (remark,)


def _seen(
    magnitude: float, start: float, stop: float, law: GutenbergRichter, lowest: float
) -> Seen:
    """What networks record after a mainshock, as shares of the events of ``lowest`` and more.

    With every minute they record smaller ones (``recorded_steps``), so that the silence of a source
    is told within hours, not half a day.
    """
    edges, levels = recorded_steps(magnitude, start, stop, law.completeness)
    levels = np.minimum(levels, law.maximum - STEP)
    return edges - start, law.share_above(levels) / law.share_above(lowest)


def _rounded(number: float) -> str:
    """To one digit."""
    return f"{float(f'{number:.1g}'):g}"


def _quiet(times: pd.Series, now: pd.Timestamp) -> tuple[str, ...]:
    """In ordinary times."""
    last = times.iloc[-1]
    between = times[times > now - BEFORE].diff().dropna()
    if len(between) < ENOUGH or now - last <= max(between.max(), SHORTEST):
        return ()
    remark = (
        f"{NOTHING}{written(last)}, the longest such time in five years: the source may have "
        "stopped, and numbers may be too low"
    )
    return (remark,)
