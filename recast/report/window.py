"""The plots of one model on one scored window, as files."""

from __future__ import annotations

from pathlib import Path

from catalogs import Catalog, EventSequence, PointProcess
from recast.evaluation import Diagnosis, diagnose
from recast.report import etas_plots, model_plots, style


def window_plots(
    process: PointProcess,
    catalog: Catalog,
    sequence: EventSequence,
    title: str,
    out: Path,
    *,
    label: str = "etas",
    diagnosis: Diagnosis | None = None,
) -> None:
    """Omori decay, residuals, their autocorrelation, intensity and cumulative counts as PNG.

    ``label`` names the model in legends; ``diagnosis`` saves making one.
    """
    seen = diagnosis or diagnose(process, sequence)
    transformed = {label: seen.transformed}
    for name, figure in {
        "omori_decay": model_plots.omori_decay(sequence, {label: seen.omori}, title=title),
        "residuals": model_plots.transformed_residuals(transformed, title),
        "residual_correlation": model_plots.residual_correlation(transformed),
        "intensity_trace": model_plots.intensity_trace(catalog, sequence, {label: seen.trace}),
        "cumulative_counts": etas_plots.cumulative_counts(process, catalog, sequence, title),
    }.items():
        style.save(figure, out / f"{name}.png")
