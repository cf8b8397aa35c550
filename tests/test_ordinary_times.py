"""What a forecast of ETAS says where no sequence is under way."""

from dataclasses import replace

import numpy as np
import pytest

from catalogs import EventSequence
from etas import ETAS, Poisson
from etas.synthetic import SOCAL_TRUTH
from recast.forecast.remarks import about_last_year


@pytest.fixture(scope="module")
def history() -> EventSequence:
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 2000.0, 1, seed=4)
    return events


@pytest.mark.parametrize(("factor", "way"), [(1.0, None), (1.6, "high"), (0.6, "low")])
def test_a_year_that_was_not_as_expected_is_told(
    history: EventSequence, factor: float, way: str | None
) -> None:
    model = replace(SOCAL_TRUTH, mu=factor * SOCAL_TRUTH.mu, k=factor * SOCAL_TRUTH.k)
    said = about_last_year(model, history)
    last = history.scored_from(history.end - 365.25)
    expected = model.compensator(last, np.array([history.end]))[0]
    if way is None:
        assert said == []
    else:
        (line,) = said
        assert (
            f"ETAS expected {expected:,.0f} events, event by event, and {last.n_scored:,}" in line
        )
        assert f"may be too {way} as well" in line


def test_nothing_is_said_of_less_than_a_year_or_of_other_models(history: EventSequence) -> None:
    model = replace(SOCAL_TRUTH, mu=3.0 * SOCAL_TRUTH.mu)
    assert isinstance(model, ETAS)
    assert about_last_year(model, history.before(300.0)) == []
    assert about_last_year(Poisson(1e3, model.magnitude_law), history) == []
