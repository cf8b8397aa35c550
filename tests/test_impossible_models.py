"""Parameters that no process has, and simulations that cannot be."""

from collections.abc import Callable

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter, InputError
from etas.model import ETAS
from etas.poisson import Poisson

LAW = GutenbergRichter(2.5)
MODEL = ETAS(1.0, 0.02, 0.7, 0.01, 1.1, LAW)
EMPTY = EventSequence.nothing()


def drawn(**options: int) -> object:
    return MODEL.simulate(EMPTY, 10.0, 1, seed=0, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ETAS(1.0, 0.02, 0.7, 0.01, 1.1, LAW, 0.0), "taper = 0"),
        (lambda: ETAS(1.0, 0.02, 0.7, 0.01, 1.1, LAW, np.inf), "taper = inf"),
        (lambda: ETAS(-1.0, 0.02, 0.7, 0.01, 1.1, LAW), "mu = -1"),
        (lambda: ETAS(1.0, 0.02, np.nan, 0.01, 1.1, LAW), "alpha = nan must be finite"),
        (lambda: ETAS(1.0, 0.02, 0.7, 0.0, 1.1, LAW), "c = 0.0 must be positive"),
        # Decades of productivity a unit, times the units above completeness
        (lambda: ETAS(1.0, 0.02, 32.0, 0.01, 1.1, LAW), "largest event would trigger 1e200"),
        (lambda: Poisson(0.0, LAW), "Poisson rate = 0.0 must be positive"),
        (lambda: Poisson(np.nan, LAW), "Poisson rate = nan must be positive"),
        (lambda: Poisson.fit(EMPTY, LAW), "has no event: a Poisson rate cannot be fitted"),
        (lambda: drawn(max_events=0), "max_events = 0"),
        (lambda: drawn(threads=0), "threads = 0 must be positive"),
        (lambda: MODEL.simulate(EMPTY, 0.0, 1, seed=0), "horizon = 0"),
    ],
)
def test_it_is_refused_in_one_line(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
