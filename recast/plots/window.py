"""Plots of one model on one scored window, as files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from catalogs import Catalog, EventSequence, PointProcess
from catalogs.sequence import FloatArray
from etas.fit import FittingProtocol, fitting_sequence
from etas.model import ETAS
from etas.poisson import Poisson
from etas.weighted_likelihood import WeightedLogLikelihood
from recast.evaluation import Diagnosis, diagnose, event_terms
from recast.models.etas_report import ETASResult, History, history_of
from recast.models.registry import REFERENCE
from recast.plots import counts as curves
from recast.plots.catalogs import frequency_magnitude
from recast.plots.scores import (
    intensity_trace,
    omori_decay,
    residual_correlation,
    transformed_residuals,
)
from recast.plots.style import save

if TYPE_CHECKING:
    from etas.completeness import CompletenessHistory
    from etas.profile import Profile


@dataclass(frozen=True, eq=False)
class Detected:
    """Events above Mc(t), and the compensator of such events at each scored one and at the end."""

    sequence: EventSequence
    transformed: FloatArray
    expected: float

    @classmethod
    def of(cls, model: ETAS, sequence: EventSequence, history: CompletenessHistory) -> Detected:
        """Select the events that a fit with changing completeness scores, as it scores them."""
        likelihood = WeightedLogLikelihood.of(
            sequence,
            model.magnitude_law,
            taper=model.taper is not None,
            completeness=history,
            c_min=model.c,
            p_max=max(model.p, 1.0),
        )
        return cls(likelihood.sequence, *likelihood.transformed_times(model.parameters))


def window_plots(
    process: PointProcess,
    catalog: Catalog,
    sequence: EventSequence,
    title: str,
    out: Path,
    *,
    label: str = REFERENCE,
    diagnosis: Diagnosis | None = None,
    detected: Detected | None = None,
) -> None:
    """Plot Omori decay, residuals, their autocorrelation, intensity and counts, as PNG.

    ``label`` names the model in legends; without ``diagnosis`` one is computed. With ``detected``,
    residuals and counts are those of the events above Mc(t).
    """
    seen = diagnosis or diagnose(process, sequence)
    if detected is None:
        times = sequence.times[sequence.first_scored :]
        stops = np.union1d(np.linspace(sequence.score_from, sequence.end, 800), times)
        counts = (sequence, stops, process.compensator(sequence, stops))
    else:
        seen = replace(seen, transformed=detected.transformed)
        above = detected.sequence
        stops = np.concatenate([[above.score_from], above.times[above.first_scored :], [above.end]])
        counts = (above, stops, np.concatenate([[0.0], seen.transformed, [detected.expected]]))
        title += ", M ≥ Mc(t)"
    transformed = {label: seen.transformed}
    for name, figure in {
        "omori_decay": omori_decay(sequence, {label: seen.omori}, title=title),
        "residuals": transformed_residuals(transformed, title),
        "residual_correlation": residual_correlation(transformed),
        "intensity_trace": intensity_trace(catalog, sequence, {label: seen.trace}),
        "cumulative_counts": curves.cumulative_counts(catalog, *counts, title),
    }.items():
        save(figure, out / f"{name}.png")


def fit_plots(
    result: ETASResult,
    catalog: Catalog,
    out: Path,
    *,
    completeness_history: History = None,
    large: float | None = None,
) -> None:
    """Plot the fitted window, the magnitudes and the profiles.

    ``completeness_history`` and ``large`` are as for ``fit_catalog``.
    """
    fit, name = result.fit, catalog.info.title or catalog.info.name
    protocol = cast("FittingProtocol", fit.protocol)
    sequence = fitting_sequence(catalog, protocol)
    history = history_of(catalog, protocol, completeness_history, large)
    detected = None if history is None else Detected.of(fit.model, sequence, history)
    title = f"{name}: fitted on {fit.protocol}"
    window_plots(fit.model, catalog, sequence, title, out, detected=detected)
    magnitudes = sequence.magnitudes[sequence.first_scored :]
    law, bins = fit.model.magnitude_law, catalog.info.magnitude_bin
    figure = frequency_magnitude(magnitudes, law, bins, name)
    save(figure, out / "frequency_magnitude.png")
    for profile in result.profiles.values():
        profile_plot(profile, fit.log_likelihood, catalog.info.name, out)


def profile_plot(profile: Profile, maximum: float, title: str, out: Path) -> None:
    """Plot a profile likelihood below the ``maximum`` of a fit."""
    drops = profile.log_likelihoods - maximum
    figure = curves.profile(profile.values, drops, profile.name, title)
    save(figure, out / f"profile_{profile.name}.png")


def score_plot(model: ETAS, catalog: Catalog, out: Path) -> None:
    """Plot the cumulative gain over a Poisson process of the train window, on the test window."""
    split = catalog.split()
    null = Poisson.fit(split.train, model.magnitude_law)
    gains = event_terms(model, split.test) - event_terms(null, split.test)
    title = f"{catalog.info.title or catalog.info.name}: test window"
    figure = curves.cumulative_terms(catalog, split.test, gains, title)
    save(figure, out / "gain_over_poisson.png")
