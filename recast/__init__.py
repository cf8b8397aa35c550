"""RECAST: neural temporal point processes for earthquake forecasting, measured against ETAS.

net         the neural model: from a sequence of events to distributions of the next one
pretrained  nets from checkpoints, and the one that comes with the package
sampling    continuations of a history drawn from a net
training    windows, loss, trainer, and how an interrupted training resumes
places      a learned law of places: a net that moves a mixture of parents
models      kinds of models by name, and fitted models from their files
evaluation  scores, gains and diagnoses of any point process
plots       every picture
forecast    one forecast, consecutive ones, and synthetic catalogs
benchmark   models compared on catalogs
report      a benchmark as one page
live        forecasts that keep themselves up to date, are kept, and are scored
cli         the command `recast`: runs a subcommand, and reports errors in one line
commands    its subcommands
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from catalogs.lazy import lazy_names
from catalogs.namesake import check_found

try:
    check_found()
    import etas  # noqa: F401 - checks that it stands alone
except ImportError as error:
    if sys.argv[0].endswith(("/recast", "\\recast", "\\recast.exe")):  # the command
        sys.exit(f"recast: {error}")
    raise

if TYPE_CHECKING:
    from recast.benchmark.aftershocks import run_aftershock_exam
    from recast.benchmark.results import BenchmarkResult
    from recast.benchmark.run import run_benchmark, run_rolling
    from recast.evaluation import Score, event_terms, gain, score
    from recast.forecast.make import run_forecast
    from recast.forecast.results import ForecastResult
    from recast.forecast.rolling import Rolling
    from recast.forecast.rolling_results import RollingResult
    from recast.forecast.simulation import run_simulation
    from recast.models.etas_report import fit_catalog
    from recast.models.fitting import fit_model
    from recast.models.kind import FittedModel, ModelKind
    from recast.models.neural import Recast
    from recast.models.registry import model_kinds
    from recast.models.saved import SavedModel, load_model
    from recast.report.page import write_report
    from recast.report.residuals import residual_report
    from recast.training.data import CatalogData
    from recast.training.task import RecastTask

    __version__: str

__all__ = [
    "BenchmarkResult",
    "CatalogData",
    "FittedModel",
    "ForecastResult",
    "ModelKind",
    "Recast",
    "RecastTask",
    "Rolling",
    "RollingResult",
    "SavedModel",
    "Score",
    "event_terms",
    "fit_catalog",
    "fit_model",
    "gain",
    "load_model",
    "model_kinds",
    "residual_report",
    "run_aftershock_exam",
    "run_benchmark",
    "run_forecast",
    "run_rolling",
    "run_simulation",
    "score",
    "write_report",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "recast.benchmark.aftershocks": ["run_aftershock_exam"],
        "recast.benchmark.results": ["BenchmarkResult"],
        "recast.benchmark.run": ["run_benchmark", "run_rolling"],
        "recast.evaluation": ["Score", "event_terms", "gain", "score"],
        "recast.forecast.make": ["run_forecast"],
        "recast.forecast.results": ["ForecastResult"],
        "recast.forecast.rolling_results": ["RollingResult"],
        "recast.forecast.rolling": ["Rolling"],
        "recast.forecast.simulation": ["run_simulation"],
        "recast.models.etas_report": ["fit_catalog"],
        "recast.models.fitting": ["fit_model"],
        "recast.models.kind": ["FittedModel", "ModelKind"],
        "recast.models.neural": ["Recast"],
        "recast.models.registry": ["model_kinds"],
        "recast.models.saved": ["SavedModel", "load_model"],
        "recast.report.page": ["write_report"],
        "recast.report.residuals": ["residual_report"],
        "recast.training.data": ["CatalogData"],
        "recast.training.task": ["RecastTask"],
    },
)
