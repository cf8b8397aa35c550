"""Numbers and probabilities of large events from all simulated ones: few catalogs have any.

Magnitudes m are drawn one by one from one law, of survival function S, whatever came before. So
each event of magnitude m_0 or more reaches m with probability r = S(m) / S(m_0), and

    E N(m) = r E N(m_0),      P(N(m) > 0) = r E K,

where N(m) events reach m and K of those above m_0 come up to and with the first that does: the
indicator of N(m) > 0 less r K is a martingale. Four units above m_0 the standard error is less than
a tenth of that of counting (``tests/test_rare.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from catalogs import GutenbergRichter, PointProcess, Trajectories
from catalogs.bent_magnitudes import BentGutenbergRichter
from catalogs.marks import FixedMagnitudes
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, reaches

STRAIGHT = ("completeness", "b", "maximum")
"""What laws have in common that become one where b changes."""


def law_of_all(
    processes: Sequence[PointProcess], law: BentGutenbergRichter | None = None
) -> GutenbergRichter | None:
    """The law that all magnitudes are drawn from: ``law``, or that of the processes.

    None if they have several, or one that depends on the past.
    """
    common = law or processes[0].magnitude_law
    for process in processes:
        own = process.magnitude_law
        if process.marks.get(FixedMagnitudes.name) != FixedMagnitudes(own):
            return None
        if isinstance(own, BentGutenbergRichter) and own != law:
            return None
        if any(getattr(own, name) != getattr(common, name) for name in STRAIGHT):
            return None
    return common


def expected_counts(
    drawn: Trajectories, magnitudes: Sequence[float], lowest: float, law: GutenbergRichter
) -> tuple[FloatArray, FloatArray]:
    """r N(m_0) and r K of each trajectory, whose means are E N(m) and P(N(m) > 0).

    Parameters
    ----------
    drawn : Trajectories
        With all events from ``lowest`` on, in any order.
    magnitudes : sequence of float
        The magnitudes m.
    lowest : float
        The magnitude m_0.
    law : GutenbergRichter
        Of all magnitudes; where it bends, m_0 is not below the bend.

    Returns
    -------
    two arrays (trajectory, magnitude)
        NaN for magnitudes below m_0.

    Examples
    --------
    >>> from catalogs import EventSequence
    >>> one = EventSequence([0.1, 0.2, 0.3], [2.5, 4.2, 3.0], 0.0, 1.0)
    >>> drawn = Trajectories.of_sequences([one])
    >>> numbers, firsts = expected_counts(drawn, [4.0], 2.0, GutenbergRichter(2.0, 1.0, 9.0))
    >>> numbers.round(3), firsts.round(3)  # of three events and of the first two
    (array([[0.03]]), array([[0.02]]))
    """
    if isinstance(law, BentGutenbergRichter):
        lowest = max(lowest, law.bend)
    order = np.lexsort((drawn.times, drawn.trajectory))
    order = order[reaches(drawn.magnitudes[order], lowest)]
    who, size = drawn.trajectory[order], drawn.magnitudes[order]
    counts = np.bincount(who, minlength=drawn.n)
    begin = (np.cumsum(counts) - counts)[who]
    numbers, firsts = np.full((2, drawn.n, len(magnitudes)), np.nan)
    for j, magnitude in enumerate(magnitudes):
        if magnitude < lowest - MAGNITUDE_TOLERANCE:
            continue
        share = float(law.share_above(magnitude) / law.share_above(lowest))
        before = np.append(0, np.cumsum(reaches(size, magnitude)))
        until = before[:-1] == before[begin]
        numbers[:, j] = share * counts
        firsts[:, j] = share * np.bincount(who[until], minlength=drawn.n)
    return numbers, firsts


def tells_more(firsts: FloatArray) -> bool:
    """Whether the mean of r K has a smaller standard error than the share of catalogs with any."""
    chance = min(float(firsts.mean()), 1.0)  # NaN compares as False
    return float(firsts.std()) ** 2 < chance * (1.0 - chance)
