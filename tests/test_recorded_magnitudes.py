"""Magnitudes on a grid: how many aftershocks events have is fitted to what the catalog gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter
from etas import ETAS, fit_etas

TRUTH = ETAS(0.8, 0.0155, 0.8, 0.01, 1.1, GutenbergRichter(2.0, 1.0, 7.0))


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("alpha", [0.4, 0.8, 1.2])
def test_mean_productivity_is_that_of_recorded_magnitudes(alpha: float, strict: bool) -> None:
    law = GutenbergRichter(2.0, 1.0, 5.03, step=0.1, strict=strict)
    drawn = law.inverse_cdf((np.arange(1_000_000) + 0.5) / 1_000_000)
    recorded = law.recorded_excess(drawn)
    assert law.mean_productivity(alpha) == pytest.approx((10.0 ** (alpha * recorded)).mean(), 1e-4)
    plain = replace(law, step=0.0, strict=False)
    fine = replace(law, step=1e-4, strict=False)
    assert fine.mean_productivity(alpha) == pytest.approx(plain.mean_productivity(alpha), 2e-4)


@pytest.mark.parametrize("strict", [False, True])
def test_simulated_events_have_as_many_offspring_as_their_recorded_magnitudes_say(
    strict: bool,
) -> None:
    """Direct offspring of background events, few enough that there is no third generation."""
    law = GutenbergRichter(2.0, 1.0, 6.0, step=0.5, strict=strict)
    model = ETAS(1.0, 1e-3, 1.0, 0.01, 1.2, law)
    drawn = model.sample(EventSequence.nothing(), 1_000.0, 200, seed=0, max_events=10**6)
    n = sum(len(one.times) for one in drawn)
    # Offspring of an event at t in the rest of the window; the mean over t is close to the whole
    t = (np.arange(20_000) + 0.5) / 20.0
    each = np.mean([model.branching_ratio(rest) for rest in t[::200]])
    assert n / (200 * 1_000.0) - 1.0 == pytest.approx(each / (1.0 - each), rel=0.1)
    plain = replace(law, step=0.0, strict=False)
    without = replace(model, magnitude_law=plain).branching_ratio(500.0)
    assert abs(np.log(without / model.branching_ratio(500.0))) > 0.3


def test_a_catalog_in_tenths_has_the_branching_ratio_of_its_events() -> None:
    """The same events with and without a grid: the fit's ratio is that of the truth either way."""
    days, ratios = 3_000.0, []
    for seed in range(4):
        (whole,) = TRUTH.sample(EventSequence.nothing(), days, 1, seed=seed, max_events=10**5)
        tenths = np.floor(10.0 * whole.magnitudes + 1e-9) / 10.0
        law = GutenbergRichter.fit(tenths, 2.0, bin_width=0.1, maximum=7.0)
        model = fit_etas(replace(whole, magnitudes=tenths), law).model
        plain = replace(model, magnitude_law=replace(law, step=0.0))
        ratios.append([model.branching_ratio(days), plain.branching_ratio(days)])
    mean, before = np.mean(ratios, axis=0)
    truth = TRUTH.branching_ratio(days)
    assert mean == pytest.approx(truth, rel=0.04)
    assert before > 1.06 * mean
