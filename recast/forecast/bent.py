"""Magnitudes of forecasts: b changes one unit above completeness."""

from __future__ import annotations

from collections.abc import Sequence

from catalogs import Catalog, PointProcess
from catalogs.bent_magnitudes import BentGutenbergRichter
from catalogs.marks import FixedMagnitudes
from etas.completeness import of_steps
from recast.models.known import b_above, known_so_far

ABOVE = 1.0
"""Magnitude units above completeness from which b is that of the large events."""

USUAL_B = 1.0
"""To which the b-value of large events is drawn where few are known: that of the world."""

SCATTER = 0.14
"""Standard deviation of b among the regions of the net that comes with the package."""

LEAST_ROOM = 0.1
"""Magnitude units below the largest magnitude, from which a law does not change any more."""


def bent(
    processes: Sequence[PointProcess],
    catalog: Catalog,
    day: float,
    steps: Sequence[tuple[str, float]] = (),
) -> BentGutenbergRichter | None:
    """The law of magnitudes of a forecast; None for that of the model.

    A model that draws magnitudes by a law of its own keeps it, and so does one without room for a
    bend, and a mixture of several laws.

    Before 1993 b was 0.73 in Northern California above M 1.5, and 0.93 above M 3: continued to
    M 4.5 the first law expects three times as many as the second. ``b_above`` is that of the n
    events before ``day`` one unit above completeness or more, and above Mc(t)
    (``CompletenessHistory.helmstetter``, and ``steps``), drawn towards 1 as far as the b-values of
    the regions of the net that comes with the package scatter. Where the bend lies, since when
    events count and towards what b is drawn was chosen on the train and validation windows of three
    catalogs.

    Parameters
    ----------
    processes : sequence of PointProcess
        The model, or what is mixed.
    catalog : Catalog
        With events before ``day``.
    day : float
        Days since its start.
    steps : sequence of (str, float)
        When each step of Mc(t) begins, and its level, where the model was fitted with a table.
    """
    law = processes[0].magnitude_law
    bend = law.completeness + ABOVE
    fixed = FixedMagnitudes(law)
    is_fixed = all(process.marks.get(fixed.name) == fixed for process in processes)
    if not is_fixed or bend > law.maximum - LEAST_ROOM:
        return None
    known = known_so_far(catalog, day)
    table = of_steps(steps, catalog.info)
    large = b_above(bend, known, known, catalog.info, USUAL_B, SCATTER, table)
    return BentGutenbergRichter(law.completeness, law.b, law.maximum, bend=bend, b_above=large)
