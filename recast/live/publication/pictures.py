"""Pictures of a page, with what they show in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from catalogs.areas import parse_area
from recast.live.publication.chart import drawn_until, fan_chart
from recast.live.publication.geojson import quakes_of
from recast.live.publication.language import Language
from recast.live.publication.maps import DRAWN, event_map
from recast.live.publication.names import subject
from recast.live.records import Issued
from recast.plots.style import render
from recast.report.svg import inline_svg

YEAR = pd.Timedelta(days=365)

BIN = 1e-6
"""Magnitudes are multiples of a hundredth, as doubles."""


@dataclass(frozen=True)
class Picture:
    """A figure of a page."""

    id: str
    heading: str
    svg: Markup
    caption: str


def pictures(issued: Issued, events: pd.DataFrame, language: Language) -> list[Picture]:
    """The numbers so far and expected, and the map."""
    chosen = shown_events(issued, events)
    return [_fan(issued, chosen, language), _map(issued, chosen, language)]


def _fan(issued: Issued, events: pd.DataFrame, language: Language) -> Picture:
    at, magnitude = pd.Timestamp(issued.at), issued.windows[0].bins[0].magnitude
    until = drawn_until(issued.fan)
    counted = events[events["magnitude"] >= magnitude - BIN]
    since = at - pd.Timedelta(days=until)
    if issued.sequence is not None:
        mainshock = issued.sequence.mainshock
        begin = pd.Timestamp(mainshock.time)
        # Its time is cut to the second
        others = counted["event_id"].to_numpy(dtype=object) != mainshock.event_id
        counted = counted[(counted["time"] > begin) & others]
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
    around = subject(issued, language)
    label = language.count("pictures.map_label", len(events), place=around)
    return _picture("map", language.say("pictures.map_title"), figure, label, caption)


def _picture(key: str, title: str, figure: Any, label: str, caption: str) -> Picture:
    svg = inline_svg(render(figure, "svg").decode(), key, label)
    return Picture(key, title, Markup(svg), caption)  # noqa: S704 - escaped by matplotlib


def shown_events(issued: Issued, events: pd.DataFrame) -> pd.DataFrame:
    """Events that the files of a forecast show: of its sequence, of a region in the last year."""
    sequence = issued.sequence
    start = (
        pd.Timestamp(issued.at) - YEAR
        if sequence is None
        else min(pd.Timestamp(sequence.began), pd.Timestamp(sequence.mainshock.time))
    )
    kept = (events["time"] >= start) & (events["time"] <= pd.Timestamp(issued.at))
    return events[kept]
