"""The report of an exam after mainshocks that stands alone, without a benchmark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recast.forecast.aftershock_results import AftershockCatalog, AftershockResult, LeftOut
from recast.forecast.aftershock_results import mainshock_label as label
from recast.models.environment import describe
from recast.report.contents import after_mainshocks
from recast.report.section import FOLDER, page_entry
from recast.report.summary import aftershock_table

NOTE = (
    "Shares of forecasts whose 50 and 95\u00a0% ranges hold the observed number; median of "
    "ln(median / observed) and of its absolute value; mean CRPS, and mean log score with a floor "
    "of -20 each. Differences are means over the same forecasts, with 95\u00a0% intervals of a "
    "jackknife over sequences: what follows one mainshock is one block."
)


def exam_page(result: AftershockResult, out: Path, command: str) -> dict[str, Any]:
    """Return what the template shows of an exam; write its plots to ``out/report/NAME``."""
    sections = [_section(result, name, found, out) for name, found in result.catalogs.items()]
    return {
        "title": "Forecasts after mainshocks",
        "subtitle": ", ".join(result.catalogs),
        "quick": False,
        "summary": None,
        "sections": sections,
        "provenance": list(_provenance(result, command)),
    }


def _section(
    result: AftershockResult, name: str, found: AftershockCatalog, out: Path
) -> dict[str, Any]:
    models = " and ".join(found.scores)
    fitted = "the day before each mainshock" if result.refitted else "once, on the train window"
    return {
        "key": f"catalog-{name}",
        "name": name,
        "title": name,
        "facts": f"{len(found.sequences)} mainshocks of M \u2265 {result.magnitude:g}; {models} "
        f"fitted {fitted}.",
        "remarks": found.remarks,
        "columns": [],
        "rows": [],
        "rolling": None,
        "aftershocks": aftershock_table(found),
        "note": NOTE,
        "plots": [page_entry(item, name, out / FOLDER / name) for item in after_mainshocks(found)],
        "missing": [_missing(shock) for shock in found.left_out],
        "provenance": [],
    }


def _missing(shock: LeftOut) -> dict[str, str]:
    return {"heading": label(shock.time, shock.magnitude), "remedy": shock.reason}


def _provenance(result: AftershockResult, command: str) -> Iterator[tuple[str, str]]:
    environment = dict(result.environment)
    code = str(environment.pop("code", "not recorded"))
    yield "exam", result.command or "not recorded"
    yield "report", command
    yield "version", result.version or "not recorded"
    yield "SHA-256 of the code", f"{code} (exam), {describe()['code']} (report)"
    yield "simulations", f"{result.n_samples} per forecast, seed {result.seed}"
    yield "environment", ", ".join(f"{name} {value}" for name, value in environment.items())
