"""Log-likelihood scores of windows and events."""

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter, InputError
from etas.model import ETAS
from etas.poisson import Poisson
from recast.evaluation import event_terms, score

LAW = GutenbergRichter(2.0, 1.0, 8.0)


def test_three_units_of_one_score() -> None:
    sequence = EventSequence([1.0, 2.0, 5.0, 6.0], [3.0] * 4, 0.0, 10.0, score_from=1.5)
    result = score(Poisson(2.0, LAW), sequence)
    assert (result.n_events, result.days) == (3, 8.5)
    assert result.log_likelihood == pytest.approx(3 * np.log(2) - 17)
    assert result.nats_per_event == pytest.approx(result.log_likelihood / 3)
    assert result.nll_per_day == pytest.approx(-result.log_likelihood / 8.5)
    assert result.to_json()["nll_per_day"] == result.nll_per_day


def test_terms_of_events_add_up_to_the_log_likelihood() -> None:
    sequence = EventSequence([0.5, 2.0, 5.0, 6.0], [3.0, 2.0, 4.0, 2.5], 0.0, 10.0, score_from=1.5)
    etas = ETAS(0.3, 0.1, 0.8, 0.01, 1.2, LAW)
    terms = event_terms(etas, sequence)
    assert terms.shape == (3,)
    assert terms.sum() == pytest.approx(etas.log_likelihood(sequence), rel=1e-9)


def test_an_empty_window_has_no_score() -> None:
    sequence = EventSequence([1.0], [3.0], 0.0, 10.0, score_from=5.0)
    for score_it in (score, event_terms):
        with pytest.raises(InputError, match="has no event"):
            score_it(Poisson(1.0, LAW), sequence)


def test_an_impossible_event_is_said_to_be_one() -> None:
    sequence = EventSequence([1.0], [3.0], 0.0, 10.0)
    with (
        pytest.raises(InputError, match="log-likelihood of ETAS is -inf"),
        np.errstate(all="ignore"),
    ):
        score(ETAS(0.0, 0.0, 1.0, 0.1, 1.1, LAW), sequence)
