"""Residual analysis of one model on one window, as a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from catalogs import Catalog, InputError
from catalogs.display import text_as_html
from catalogs.json_records import Record
from catalogs.split import SplitName
from etas.declustering import background_probability
from etas.model import ETAS
from etas.residuals import ResidualTest, autocorrelation, outside, residual_test
from etas.space.model import SpaceTimeETAS
from etas.space.residuals import PlaceResiduals, ThinnedResiduals, place_residuals
from etas.space.rounding import rounding_step
from recast.evaluation import diagnose
from recast.models.etas_report import of_all_events
from recast.models.kind import FittedModel
from recast.report.place_words import place_lines
from recast.training.region import check_completeness


@dataclass(frozen=True, repr=False)
class ResidualResult(Record):
    """Residual analysis of a model on a scored window (`residuals.json`).

    ``expected`` is the compensator over the window, ``autocorrelation`` that of the transformed
    intervals by lag, and ``background_probability`` that of each event, known for ETAS only.
    ``places`` has the tests of the law of places, if they were asked for.
    """

    catalog: str
    model: dict[str, Any]
    split: str
    n_events: int
    expected: float
    nats_per_event: float
    residuals: ResidualTest
    autocorrelation: list[float]
    command: str | None = None
    expected_background: float | None = None
    background_probability: list[float] | None = None
    places: PlaceResiduals | None = None

    def __str__(self) -> str:
        """Format the tests, one per line."""
        test, n = self.residuals, self.n_events
        off = outside(np.array(self.autocorrelation), test.n)
        lines = [
            f"{self.split}: {n:,} events observed, {self.expected:,.1f} expected",
            f"Kolmogorov-Smirnov distance {test.ks_distance:.4f}, p = {test.ks_p:.3g}",
            f"runs about the median: z = {test.runs_z:+.2f}, p = {test.runs_p:.3g}",
            f"correlation of successive intervals {test.correlation:+.4f}",
            f"autocorrelations outside their 95 % range: {off} of {len(self.autocorrelation)} lags",
        ]
        if self.expected_background is not None:
            share = 100.0 * self.expected_background / n
            lines.append(f"background: {self.expected_background:,.1f} events, {share:.1f} %")
        if "completeness" in self.model:
            lines.append(of_all_events(self.model["completeness"]))
        if self.places is not None:
            lines += place_lines(self.places)
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return text_as_html(str(self))


def residual_report(
    model: FittedModel,
    catalog: Catalog,
    split: SplitName = "test",
    *,
    places: bool = False,
    seed: int = 0,
    command: str | None = None,
) -> ResidualResult:
    """Test the residuals of a fitted model on a window of a catalog.

    Transformed times tau_i = integral_{score_from}^{t_i} lambda(t) dt are a Poisson process of unit
    rate under the true model; see ``etas.residual_test``.

    Parameters
    ----------
    model : FittedModel
        A model of any kind.
    catalog : Catalog
        The catalog that it is applied to.
    split : {"train", "val", "test"}
        The window.
    places : bool
        Also test the law of places (``place_report``).
    seed : int
        Of the places that this draws.
    command : str, optional
        The command line, for the record.

    Returns
    -------
    ResidualResult
        Tests, autocorrelations, and background probabilities if the model is ETAS.

    Raises
    ------
    InputError
        If the window has fewer than 10 events, the model is of another completeness than the
        catalog, or ``places`` without a law of places.

    References
    ----------
    Ogata, Y. (1988). Statistical models for earthquake occurrences and residual analysis for point
    processes. J. Am. Stat. Assoc. 83, 9-27. doi:10.1080/01621459.1988.10478560

    Examples
    --------
    >>> from catalogs import load
    >>> from recast import fit_model
    >>> catalog = load("ridgecrest_2019")
    >>> result = residual_report(fit_model("poisson", catalog), catalog, "train")
    >>> result.n_events, round(result.expected)
    (309, 309)
    """
    completeness = model.process.magnitude_law.completeness
    check_completeness(f"model {model.kind.name}", completeness, catalog.info)
    window = catalog.split()[split]
    diagnosis = diagnose(model.process, window)
    background = None
    if isinstance(model.process, ETAS):
        background = background_probability(model.process, window)[window.first_scored :]
    elif isinstance(model.process, SpaceTimeETAS):
        background = model.process.background_probability(window)
    return ResidualResult(
        catalog.info.name,
        dict(model.record or {"kind": model.kind.name}),
        split,
        window.n_scored,
        diagnosis.expected,
        float(diagnosis.terms.mean()),
        residual_test(diagnosis.transformed),
        autocorrelation(diagnosis.transformed).tolist(),
        command,
        None if background is None else float(background.sum()),
        None if background is None else background.tolist(),
        place_report(model, catalog, split, seed=seed).residuals if places else None,
    )


def place_report(
    model: FittedModel, catalog: Catalog, split: SplitName = "test", *, seed: int = 0
) -> ThinnedResiduals:
    """Test the law of places of a fitted model on a window of a catalog.

    Parameters
    ----------
    model : FittedModel
        A model with ``places``.
    catalog : Catalog
        The catalog that it is applied to.
    split : {"train", "val", "test"}
        The window.
    seed : int
        Of the places that are drawn.

    Returns
    -------
    ThinnedResiduals
        The tests, and the super-thinned places. Pairs closer than twice the step to which the
        epicentres of the window are rounded are not counted.

    Raises
    ------
    InputError
        If the model has no law of places, or the window has fewer than 10 events.
    """
    window = catalog.split()[split]
    if model.places is None or window.locations is None:
        raise InputError(
            f"model {model.kind.name!r} has no law of places for catalog {catalog.info.name!r}: "
            "fit it by `recast benchmark --places` to a catalog with locations, or leave out "
            "`places`"
        )
    region = model.places.region
    step = rounding_step(window.locations[window.first_scored :])
    rounded = 2.0 * float(np.radians(step)) * region.radius
    return place_residuals(model.places, window, seed=seed, least_distance=rounded)
