"""Space-time ETAS where completeness changes in time, and profiles of its likelihood."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter, InputError, load
from catalogs.areas import Box
from catalogs.magnitudes import LN10
from etas import CompletenessHistory
from etas.kernel import omori_integral
from etas.space.fit import fit_space_time, space_time_objective
from etas.space.likelihood import SpaceTimeLikelihood
from etas.space.model import SpaceTimeETAS
from etas.space.profile import space_time_profile
from etas.space.region import Region
from etas.space.triggered import PlaceTerms
from recast.cli import main
from recast.models.space_report import fit_space

REGION = Region(Box(33.0, 35.0, -118.0, -115.0))
LAW = GutenbergRichter(2.0, maximum=7.0)
MODEL = SpaceTimeETAS(1.0, 0.01, 0.8, 0.005, 1.15, 0.5, 0.5, 1.8, LAW, REGION)
CONSTANT = CompletenessHistory(np.empty(0), np.empty(0), 2.0)
RAISED = CompletenessHistory(
    np.array([5.0, 8.0, 20.0, 21.0, 25.0]), np.array([2.6, 2.0, 3.0, 2.4, 2.0]), 2.0
)


def drawn(days: float, magnitude: float, seed: int) -> EventSequence:
    """Events that follow a large one."""
    first = EventSequence([0.0], [magnitude], -1.0, 1e-9, locations=[[34.0, -116.5]])
    new = MODEL.simulate(first, days, 1, seed=seed).sequences()[0]
    return first.followed_by(new)


@cache
def after_a_mainshock() -> tuple[EventSequence, CompletenessHistory]:
    whole = drawn(300.0, 6.7, 1).scored_from(1e-9)
    return whole, CompletenessHistory.helmstetter(whole, 2.0)


def test_where_nothing_is_missed_it_is_the_plain_likelihood() -> None:
    seq = drawn(30.0, 5.5, 0).scored_from(3.0)
    seq = replace(seq.where((seq.times < 10.0) | (seq.times >= 11.0)), gaps=((10.0, 11.0),))
    plain = SpaceTimeLikelihood(PlaceTerms.of(seq, MODEL.places)).evaluate(MODEL.parameters)
    same, _ = space_time_objective(seq, MODEL, CONSTANT)
    found = same.evaluate(MODEL.parameters)
    assert found.value == pytest.approx(plain.value, abs=1e-8)
    np.testing.assert_allclose(found.gradient, plain.gradient, rtol=1e-6, atol=1e-6)


def test_it_is_the_double_sum() -> None:
    seq = drawn(30.0, 5.5, 0).scored_from(3.0)
    likelihood, _ = space_time_objective(seq, MODEL, RAISED)
    seen = RAISED.select(seq)
    assert len(seen) < len(seq)
    assert likelihood.sequence.n_scored == seen.n_scored
    m, beta = MODEL, LAW.beta
    depth = RAISED.at(seen.times) - 2.0
    # The mean productivity of a magnitude between Mc0 and Mc(t), times their number
    hidden = np.array(
        [
            float(np.trapezoid(beta * np.exp((m.alpha * LN10 - beta) * x), x)) * np.exp(beta * d)
            for d in depth
            for x in [np.linspace(0.0, d, 4001)]
        ]
    )
    gains = 10.0 ** (m.alpha * (seen.magnitudes - 2.0)) + hidden
    widths = m.d * 10.0 ** (m.gamma * (seen.magnitudes - 2.0))
    places = REGION.located(seen)
    masses = REGION.borders(places).parent_masses(widths, m.q)[:, 0]
    edges = np.concatenate([[3.0], RAISED.times[RAISED.times > 3.0], [seen.end]])
    days = expected = 0.0
    for begin, end in pairwise(edges):
        share = 10.0 ** -(LAW.b * (float(RAISED.at([end])[0]) - 2.0))
        days += share * (end - begin)
        for t, gain, mass in zip(seen.times, gains, masses, strict=True):
            lags = max(begin - t, 0.0), max(end - t, 0.0)
            expected += share * gain * mass * omori_integral(*lags, m.c, m.p)
    value = -m.mu * days - m.k * expected
    for i in range(seen.first_scored, len(seen)):
        square = REGION.distances(places[:i], places[i]) ** 2
        kernels = (m.q - 1.0) / (np.pi * widths[:i]) * (1.0 + square / widths[:i]) ** -m.q
        omori = (seen.times[i] - seen.times[:i] + m.c) ** -m.p
        rate = m.mu / REGION.square_km + m.k * float((gains[:i] * omori * kernels).sum())
        value += np.log(rate) - beta * depth[i]
    found = likelihood.evaluate(m.parameters)
    assert found.value == pytest.approx(value, abs=1e-4)
    for n, parameter in enumerate(m.parameters):
        step = np.zeros(8)
        step[n] = 1e-5 * parameter
        up, down = (likelihood.evaluate(m.parameters + s).value for s in (step, -step))
        assert found.gradient[n] == pytest.approx((up - down) / (2 * step[n]), rel=1e-4, abs=1e-4)


def test_a_fit_that_knows_what_is_missed_finds_the_truth() -> None:
    whole, history = after_a_mainshock()
    seen = history.select(whole)
    assert len(seen) < 0.9 * len(whole)

    def off(completeness: CompletenessHistory | None) -> np.ndarray:
        fit = fit_space_time(seen, LAW, REGION, completeness=completeness)
        assert fit.converged
        assert fit.uncertainty is not None
        errors = np.array([fit.uncertainty.standard_error(name) for name in MODEL.names])
        return np.asarray((fit.model.parameters - MODEL.parameters) / errors)

    alpha = MODEL.names.index("alpha")
    assert np.abs(off(history)).max() < 4.0
    assert off(None)[alpha] < -6.0  # large events seem less productive than they are


def test_missed_parents_make_fewer_events_background() -> None:
    whole, history = after_a_mainshock()
    seen = history.select(whole)
    known = MODEL.background_probability(seen, history)
    assert known.shape == (seen.n_scored,)
    assert known.sum() < MODEL.background_probability(seen).sum()


def test_a_profile_has_its_maximum_at_the_fit() -> None:
    seq = drawn(60.0, 5.5, 0)
    fit = fit_space_time(seq, LAW, REGION, fixed={"gamma": 0.5})
    values = fit.model.d * np.array([0.2, 0.5, 1.0, 2.0, 5.0])
    profile = space_time_profile(fit, seq, "d", values=values)
    assert profile.log_likelihoods.argmax() == 2
    assert profile.log_likelihoods[2] == pytest.approx(fit.log_likelihood, abs=1e-4)
    # With d held there, a fit of the others has the same height
    held = fit_space_time(seq, LAW, REGION, fixed={"gamma": 0.5, "d": float(values[1])})
    assert profile.log_likelihoods[1] == pytest.approx(held.log_likelihood, abs=1e-3)
    low, high = profile.ci95
    assert low is None or low < fit.model.d
    assert high is None or high > fit.model.d
    with pytest.raises(InputError, match="'gamma' was not estimated: choose one of mu, k, alpha"):
        space_time_profile(fit, seq, "gamma")


def test_the_interval_of_q_lies_above_one_and_near_that_of_its_profile() -> None:
    seq = drawn(60.0, 5.5, 3)
    fit = fit_space_time(seq, LAW, REGION, fixed={"gamma": 0.5})
    assert fit.uncertainty is not None
    known = np.array(fit.uncertainty.interval("q"))
    q, error = fit.model.q, fit.uncertainty.standard_error("q")
    assert known[0] > 1.0
    profile = np.array(space_time_profile(fit, seq, "q").ci95, dtype=np.float64)
    symmetric = q + 1.96 * error * np.array([-1.0, 1.0])
    assert np.abs(known - profile).max() < 0.5 * np.abs(symmetric - profile).max()


def test_the_map_of_the_background_adds_up_to_mu() -> None:
    catalog = load("ridgecrest_2019")
    held = {"p": 1.1, "c": 0.01, "q": 1.8, "gamma": 0.4}
    done = fit_space(catalog, fixed=held, completeness_history="helmstetter", large=4.5)
    assert done.result.hidden > 0
    assert done.background.sum() == pytest.approx(365.25 * done.fit.model.mu)


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["etas", "fit", "--catalog", "ridgecrest_2019", "--space"]
    for fixed in ("p=1.1", "c=0.01", "q=1.8", "gamma=0.4"):
        command += ["--fix", fixed]
    command += ["--completeness-history", "helmstetter", "--large", "4.5", "--profile", "d"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "events below Mc(t) left out; the scores use all events" in out
    assert "profile likelihood of d: 95 % from" in out
    record = json.loads((tmp_path / "space.json").read_text())
    assert record["completeness"] == "helmstetter"
    assert record["hidden"] > 0
    assert record["profiles"]["d"]["name"] == "d"
    assert (tmp_path / "profile_d.png").is_file()
