"""The page of a forecast, for people: one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from catalogs.areas import parse_area
from recast.live.publication.chart import drawn_until, fan_chart
from recast.live.publication.earlier import Outcome, tally
from recast.live.publication.geojson import quakes_of
from recast.live.publication.language import Language
from recast.live.publication.maps import DRAWN, event_map
from recast.live.publication.options import Pages
from recast.live.publication.outside import link, plain
from recast.live.publication.tables import (
    earlier_table,
    headline,
    number_sentences,
    numbers_table,
    probabilities_table,
    probability_sentences,
)
from recast.live.publication.templates import FORECAST, environment, isolated, rendered
from recast.live.records import Issued, Quake
from recast.plots.style import render
from recast.report.svg import inline_svg

MONTH, YEAR = pd.Timedelta(days=30), pd.Timedelta(days=365)

LARGEST = 5
"""Events that are listed one by one."""

BIN = 1e-6
"""Magnitudes are multiples of a hundredth, as doubles."""


@dataclass(frozen=True)
class Picture:
    """A figure of a page."""

    id: str
    heading: str
    svg: Markup
    caption: str


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
        coordinates=_coordinates,
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
        pictures=_pictures(issued, events, language),
        counted=counted,
        counted_share=language.percent(counted.inside / counted.n) if counted.n else "",
        earlier=earlier_table(issued, earlier, language),
        latest=_latest(issued, events, language),
        age=_age(issued, language),
        parameters=_parameters(issued),
    )
    return shown.encode()


def shown_events(issued: Issued, events: pd.DataFrame) -> pd.DataFrame:
    """Events that the files of a forecast show: of its sequence, of a region in the last year."""
    sequence = issued.sequence
    start = (
        pd.Timestamp(issued.at) - YEAR
        if sequence is None
        else pd.Timestamp(min(sequence.began, sequence.mainshock.time))
    )
    kept = (events["time"] >= start) & (events["time"] <= pd.Timestamp(issued.at))
    return events[kept]


def title(issued: Issued, language: Language) -> str:
    """What a forecast is about, as plain text."""
    about = subject(issued, language)
    return language.say(_key(issued), **_largest(issued, language), place=about, region=about)


def heading(issued: Issued, language: Language) -> Markup:
    """The same as HTML."""
    about = isolated(subject(issued, language))
    return language.mark(_key(issued), **_largest(issued, language), place=about, region=about)


def subject(issued: Issued, language: Language) -> str:
    """Where a forecast is for: the region, or the place of the mainshock."""
    if issued.sequence is None:
        return plain(issued.region)
    return place(issued.sequence.mainshock, language)


def _key(issued: Issued) -> str:
    return f"title.{issued.sequence.kind if issued.sequence else 'region'}"


def _largest(issued: Issued, language: Language) -> dict[str, str]:
    if issued.sequence is None:
        return {}
    return {"magnitude": language.magnitude(issued.sequence.mainshock.magnitude)}


def place(quake: Quake, language: Language) -> str:
    """Where an earthquake was: in words if the source has them."""
    return plain(quake.place) or language.place(quake.latitude, quake.longitude)


def _coordinates(quake: Quake, language: Language) -> str:
    return language.place(quake.latitude, quake.longitude)


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


def _pictures(issued: Issued, events: pd.DataFrame, language: Language) -> list[Picture]:
    chosen = shown_events(issued, events)
    return [_fan(issued, chosen, language), _map(issued, chosen, language)]


def _fan(issued: Issued, events: pd.DataFrame, language: Language) -> Picture:
    at, magnitude = pd.Timestamp(issued.at), issued.windows[0].bins[0].magnitude
    until = drawn_until(issued.fan)
    counted = events[events["magnitude"] >= magnitude - BIN]
    since = at - pd.Timedelta(days=until)
    if issued.sequence is not None:
        mainshock = issued.sequence.mainshock
        counted = counted[counted["time"] > pd.Timestamp(mainshock.time)]
        begin = pd.Timestamp(mainshock.time)
    else:
        counted = counted[counted["time"] > since]
        begin = since
    days = (at - counted["time"]).dt.total_seconds().to_numpy(np.float64) / 86_400.0
    drawn = days[days <= until]
    figure = fan_chart(
        issued.fan,
        drawn,
        days.size - drawn.size,
        language,
        at=language.moment(at),
        magnitude=magnitude,
    )
    low, _, middle, _, high = (
        days.size + round(float(np.interp(until, issued.fan.days, line)))
        for line in issued.fan.quantiles.values()
    )
    label = language.say(
        "pictures.fan_label",
        observed=language.number(days.size),
        magnitude=language.magnitude(magnitude),
        span=language.span(until),
        low=language.number(low),
        high=language.number(high),
        median=language.number(middle),
    )
    caption = language.say(
        "pictures.fan_caption",
        magnitude=language.magnitude(magnitude),
        since=language.moment(begin),
    )
    return _picture("fan", language.say("pictures.fan_title"), figure, label, caption)


def _map(issued: Issued, events: pd.DataFrame, language: Language) -> Picture:
    sequence = issued.sequence
    quakes = quakes_of(events.nlargest(DRAWN, "magnitude"))
    star = None if sequence is None else sequence.mainshock
    figure = event_map(quakes, parse_area(issued.area), language, star)
    began = pd.Timestamp(issued.at) - YEAR if sequence is None else pd.Timestamp(sequence.began)
    caption = language.say(
        "pictures.map_caption_region" if sequence is None else "pictures.map_caption",
        since=language.moment(began),
    )
    if len(events) > DRAWN:
        caption += " " + language.say("pictures.map_largest", n=language.number(DRAWN))
    around = plain(issued.region) if sequence is None else place(sequence.mainshock, language)
    label = language.count("pictures.map_label", len(events), place=around)
    return _picture("map", language.say("pictures.map_title"), figure, label, caption)


def _picture(key: str, title: str, figure: Any, label: str, caption: str) -> Picture:
    svg = inline_svg(render(figure, "svg").decode(), key, label)
    return Picture(key, title, Markup(svg), caption)  # noqa: S704 - escaped by matplotlib
