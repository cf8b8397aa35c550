"""The residual analysis of one model on one window, as a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from catalogs import Catalog
from catalogs.json_records import Record
from catalogs.split import SplitName
from etas.declustering import background_probability
from etas.model import ETAS
from etas.residuals import ResidualTest, autocorrelation, residual_test
from recast.evaluation import diagnose
from recast.models.kind import FittedModel


@dataclass(frozen=True, repr=False)
class ResidualResult(Record):
    """Residuals of a model in the scored part of a window (`residuals.json`).

    ``expected`` is the compensator over the window, ``autocorrelation`` that of the transformed
    intervals by lag; of ETAS the probability of each event to be background.
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

    def __str__(self) -> str:
        """What the tests say, a line each."""
        test, n = self.residuals, self.n_events
        correlations = np.array(self.autocorrelation)
        outside = int(np.count_nonzero(np.abs(correlations) > 1.96 / np.sqrt(test.n)))
        lines = [
            f"{self.split}: {n:,} events observed, {self.expected:,.1f} expected",
            f"Kolmogorov-Smirnov distance {test.ks_distance:.4f}, p = {test.ks_p:.3g}",
            f"runs about the median: z = {test.runs_z:+.2f}, p = {test.runs_p:.3g}",
            f"correlation of successive intervals {test.correlation:+.4f}",
            f"autocorrelations outside their 95 % range: {outside} of {correlations.size} lags",
        ]
        if self.expected_background is not None:
            share = 100.0 * self.expected_background / n
            lines.append(f"background: {self.expected_background:,.1f} events, {share:.1f} %")
        return "\n".join(lines)

    __repr__ = __str__


def residual_report(
    model: FittedModel, catalog: Catalog, split: SplitName = "test", *, command: str | None = None
) -> ResidualResult:
    """Residual tests of a fitted model on a window of a catalog.

    Parameters
    ----------
    model : FittedModel
        Of any kind.
    catalog : Catalog
        That it is applied to.
    split : {"train", "val", "test"}
        Which window.
    command : str, optional
        By which command it was made, for the record.

    Returns
    -------
    ResidualResult
        Tests, correlations, and the background where the model is ETAS.

    Raises
    ------
    InputError
        If the window has fewer than 10 events.
    """
    window = catalog.split()[split]
    diagnosis = diagnose(model.process, window)
    background = None
    if isinstance(model.process, ETAS):
        background = background_probability(model.process, window)[window.first_scored :]
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
    )
