"""The scores of a service as files: JSON, CSV and one page for people."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from catalogs.exports import csv_bytes
from catalogs.files import write_json, write_whole
from recast.live.score import (
    Group,
    Outcome,
    Reliable,
    Scores,
    lead_names,
    score_service,
    to_dataframe,
)
from recast.plots.live_scores import coverage_by_lead, pit_histograms, reliability_diagram
from recast.plots.style import render
from recast.report.svg import colour_variables, inline_svg

FEW = 10
"""Independent sequences below which a share says little."""

NOMINAL = 0.95


def write_scores(
    folder: Path,
    outcomes: Sequence[Outcome],
    revised: Sequence[Outcome] = (),
    *,
    region: str = "",
    updated: str = "",
) -> Scores:
    """Write scores.json, scores.csv and scores.html.

    Parameters
    ----------
    folder : Path
        Where the files go.
    outcomes : sequence of Outcome
        Against the events as they were known when each window ended.
    revised : sequence of Outcome
        The same against the events as revised since.
    region : str
        Name of the service's region.
    updated : str
        Time of the scores, for the page.

    Returns
    -------
    Scores
        Those against the events as known then.
    """
    first, later = score_service(outcomes), score_service(revised)
    content = {"updated": updated, "as_known_then": first.to_json(), "as_revised": later.to_json()}
    write_json(folder / "scores.json", content)
    table = to_dataframe(outcomes).assign(events="as known then")
    if revised:
        import pandas as pd

        table = pd.concat([table, to_dataframe(revised).assign(events="as revised")])
    write_whole(folder / "scores.csv", csv_bytes(table))
    page = scores_page(first, later if revised else None, region=region, updated=updated)
    write_whole(folder / "scores.html", page.encode())
    return first


def scores_page(
    scores: Scores, revised: Scores | None = None, *, region: str = "", updated: str = ""
) -> str:
    """The page, as HTML."""
    source = files("recast.live").joinpath("scores.html.j2").read_text(encoding="utf-8")
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(source)
    return template.render(
        region=region,
        updated=updated,
        scores=scores,
        summary=summary(scores),
        revised=None if revised is None else summary(revised),
        coverage=[_cells(group) for group in scores.by_magnitude],
        leads=[_cells(group) for group in scores.by_lead],
        reliability=[_reliable(row) for row in scores.reliability],
        plots=_plots(scores),
        light=Markup(colour_variables(dark=False)),  # noqa: S704 - our own constants
        dark=Markup(colour_variables(dark=True)),  # noqa: S704
    )


def summary(scores: Scores) -> list[str]:
    """What the scores mean, in sentences."""
    if not scores.n_forecasts:
        return ["No window is over yet: the first scores come when one is."]
    ordered = sorted(scores.overall, key=lambda group: (group.kind == "region", group.days))
    out = [_sentence(group) for group in ordered]
    n = scores.n_sequences
    if 0 < n < FEW:
        few = "one sequence" if n == 1 else f"{n} sequences"
        out.append(
            f"All forecasts after mainshocks belong to {few}. Forecasts of one sequence are right "
            "or wrong together: these shares may be far from those of many sequences."
        )
    return out


def _sentence(group: Group) -> str:
    what = "for the whole region" if group.kind == "region" else "after mainshocks"
    inside = round(group.inside_95 * group.n)
    units = "independent window" if group.kind == "region" else "sequence"
    units += "" if group.independent == 1 else "s"
    forecasts = "1 forecast" if group.n == 1 else f"{group.n:,} forecasts"
    return (
        f"Forecasts of {group.window.lower()} {what}, magnitude {group.value} or larger: "
        f"the number of earthquakes was inside the 95 % range in {inside:,} of {forecasts} "
        f"({100.0 * group.inside_95:.0f} %), "
        f"from {group.independent:,} {units}."
    )


def _cells(group: Group) -> list[str]:
    return [
        "sequences" if group.kind == "sequence" else "region",
        group.model,
        group.window,
        group.value,
        f"{group.n:,}",
        f"{group.independent:,}",
        f"{100.0 * group.inside_50:.0f} %",
        f"{100.0 * group.inside_95:.0f} %",
        f"{group.observed:,.3g}",
        f"{group.expected:,.3g}",
        f"{group.crps:,.3g}",
        f"{group.log_score:.2f}",
    ]


def _reliable(row: Reliable) -> list[str]:
    low, high = row.interval
    return [
        f"{100.0 * row.low:g} to {100.0 * row.high:g} %",
        f"{row.n:,}",
        f"{row.independent:,}",
        f"{100.0 * row.forecast:.3g} %",
        f"{100.0 * row.happened:.3g} %",
        f"{100.0 * low:.3g} to {100.0 * high:.3g} %",
    ]


def _plots(scores: Scores) -> list[dict[str, Any]]:
    """The figures with what they show."""
    if not scores.n_forecasts:
        return []
    leads: dict[str, list[tuple[str, float]]] = {}
    names = [name for name in lead_names() if any(g.value == name for g in scores.by_lead)]
    for group in _by_lead(scores):
        leads.setdefault(group[0], []).append(group[1:])
    out = [
        _plot(
            "pit",
            "Where the observed number fell in the forecast",
            pit_histograms({label: values for label, values in scores.pit.items() if values}),
            "Bars of equal height (dotted) mean that ranges are as wide as they should be. High "
            "bars at both ends: too narrow; in the middle: too wide; on the left: too many "
            "earthquakes forecast; on the right: too few.",
        ),
        _plot(
            "reliability",
            "Probabilities and what happened",
            reliability_diagram(
                [row.forecast for row in scores.reliability],
                [row.happened for row in scores.reliability],
                [row.interval for row in scores.reliability],
                [row.n for row in scores.reliability],
            ),
            "After forecasts of 30 %, an earthquake should come 30 times in 100: the dotted line. "
            "The numbers count forecasts. The bars would be 95 % intervals if forecasts were "
            "independent, which those of one sequence are not.",
        ),
    ]
    if leads:
        out.append(
            _plot(
                "leads",
                "By time since the mainshock",
                coverage_by_lead(names, leads),
                "Share of the forecasts whose 95 % range held the number of earthquakes that "
                "followed, of the lowest magnitude or larger; dotted: 95 %.",
            )
        )
    return out


def _by_lead(scores: Scores) -> list[tuple[str, str, float]]:
    """Window, lead time and coverage, of all models together."""
    sums: dict[tuple[float, str, str], list[Group]] = {}
    for group in scores.by_lead:
        sums.setdefault((group.days, group.window, group.value), []).append(group)
    names = lead_names()
    ordered = sorted(sums.items(), key=lambda item: (item[0][0], names.index(item[0][2])))
    return [
        (window, lead, sum(g.inside_95 * g.n for g in some) / sum(g.n for g in some))
        for (_, window, lead), some in ordered
    ]


def _plot(key: str, heading: str, figure: Figure, reading: str) -> dict[str, Any]:
    svg = inline_svg(render(figure, "svg").decode(), key, heading)
    # Of matplotlib, with our own labels only
    return {"id": key, "heading": heading, "svg": Markup(svg), "reading": reading}  # noqa: S704
