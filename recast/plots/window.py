"""The plots of one model on one scored window, as files."""

from __future__ import annotations

from pathlib import Path

from catalogs import Catalog, EventSequence, PointProcess
from recast.evaluation import Diagnosis, diagnose
from recast.models.registry import REFERENCE
from recast.plots.counts import cumulative_counts
from recast.plots.scores import (
    intensity_trace,
    omori_decay,
    residual_correlation,
    transformed_residuals,
)
from recast.plots.style import save


def window_plots(
    process: PointProcess,
    catalog: Catalog,
    sequence: EventSequence,
    title: str,
    out: Path,
    *,
    label: str = REFERENCE,
    diagnosis: Diagnosis | None = None,
) -> None:
    """Omori decay, residuals, their autocorrelation, intensity and cumulative counts as PNG.

    ``label`` names the model in legends; ``diagnosis`` saves making one.
    """
    seen = diagnosis or diagnose(process, sequence)
    transformed = {label: seen.transformed}
    for name, figure in {
        "omori_decay": omori_decay(sequence, {label: seen.omori}, title=title),
        "residuals": transformed_residuals(transformed, title),
        "residual_correlation": residual_correlation(transformed),
        "intensity_trace": intensity_trace(catalog, sequence, {label: seen.trace}),
        "cumulative_counts": cumulative_counts(process, catalog, sequence, title),
    }.items():
        save(figure, out / f"{name}.png")
