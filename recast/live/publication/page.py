"""The page of a forecast, for people: one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from recast.live.publication.earlier import Outcome, tally
from recast.live.publication.geojson import quakes_of
from recast.live.publication.language import Language
from recast.live.publication.names import heading, place, subject, title
from recast.live.publication.options import Pages
from recast.live.publication.outside import link, plain
from recast.live.publication.pictures import pictures
from recast.live.publication.tables import (
    earlier_table,
    headline,
    number_sentences,
    numbers_table,
    probabilities_table,
    probability_sentences,
)
from recast.live.publication.templates import FORECAST, environment, isolated, rendered
from recast.live.records import FROM_PAST_SEQUENCES, Issued, Quake

MONTH = pd.Timedelta(days=30)

LARGEST = 5
"""Events that are listed one by one."""


def forecast_page(
    issued: Issued,
    events: pd.DataFrame,
    earlier: Sequence[Outcome],
    pages: Pages,
    language: Language,
) -> bytes:
    """Show a forecast.

    Parameters
    ----------
    issued : Issued
        The forecast.
    events : DataFrame
        Events of its area as known, from which those that its files show are taken.
    earlier : sequence of Outcome
        Of earlier forecasts of the same sequence, or region.
    pages : Pages
        What the agency sets.
    language : Language
        Of the page.
    """
    window = headline(issued, pages.headline)
    counted = tally(earlier)
    shown = rendered(
        environment(pages, language),
        FORECAST,
        issued=issued,
        title=title(issued, language),
        heading=heading(issued, language),
        where=isolated(subject(issued, language)),
        place=place,
        largest=_largest_lately(issued, events),
        link=link,
        plain=plain,
        window=window,
        within=language.within(window.days),
        number_sentences=number_sentences(window, language),
        probability_sentences=probability_sentences(issued, window, language),
        numbers=numbers_table(issued, language),
        probabilities=probabilities_table(issued, language),
        pictures=pictures(issued, events, language),
        counted=counted,
        counted_share=language.percent(counted.inside / counted.n) if counted.n else "",
        earlier=earlier_table(issued, earlier, language),
        latest=_latest(issued, events, language),
        age=_age(issued, language),
        form="early" if issued.model.name == FROM_PAST_SEQUENCES else issued.kind,
        parameters=_parameters(issued),
    )
    return shown.encode()


def _largest_lately(issued: Issued, events: pd.DataFrame) -> list[Quake]:
    """The largest events of the last month, the largest first."""
    at = pd.Timestamp(issued.at)
    lately = events[(events["time"] > at - MONTH) & (events["time"] <= at)]
    order = ["magnitude", "time", "event_id"]
    return quakes_of(lately.sort_values(order, ascending=False).head(LARGEST))


def _age(issued: Issued, language: Language) -> str:
    """Time from the mainshock to the forecast."""
    if issued.sequence is None:
        return ""
    since = pd.Timestamp(issued.at) - pd.Timestamp(issued.sequence.mainshock.time)
    return language.span(max(since / pd.Timedelta(days=1), 0.0))


def _latest(issued: Issued, events: pd.DataFrame, language: Language) -> str:
    """The age of the latest event of the area that was known."""
    known = events[events["time"] <= pd.Timestamp(issued.at)]
    if known.empty:
        return ""
    last = known.iloc[-1]
    age = (pd.Timestamp(issued.at) - last["time"]) / pd.Timedelta(days=1)
    return language.say(
        "model.latest", magnitude=language.magnitude(last["magnitude"]), age=language.span(age)
    )


def _parameters(issued: Issued) -> list[tuple[str, str]]:
    return [(plain(name), plain(_short(value), 1000)) for name, value in _leaves(issued)]


def _leaves(issued: Issued) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in issued.model.parameters.items():
        inner = value.items() if isinstance(value, dict) else [(None, value)]
        rows.extend((name if key is None else f"{name}: {key}", item) for key, item in inner)
    return rows


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
