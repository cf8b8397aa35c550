"""The files of one forecast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from catalogs.files import write_whole
from recast.live.publication.earlier import Outcome
from recast.live.publication.geojson import (
    events_geojson,
    geojson_bytes,
    quakes_of,
    sequence_geojson,
)
from recast.live.publication.language import read_language
from recast.live.publication.oaf import check, oaf, oaf_bytes
from recast.live.publication.options import Pages
from recast.live.publication.page import forecast_page
from recast.live.publication.pictures import shown_events
from recast.live.publication.tidy import forecast_csv
from recast.live.records import Issued

OAF = "forecast.json"
CSV = "forecast.csv"
EVENTS = "events.geojson"
SEQUENCE = "sequence.geojson"
PAGE = "page.html"


def write_forecast(
    folder: Path,
    issued: Issued,
    events: pd.DataFrame,
    earlier: Sequence[Outcome],
    pages: Pages,
) -> None:
    """Write what is published of a forecast into its folder.

    ``forecast.json``, ``forecast.csv``, ``events.geojson``, ``sequence.geojson`` and ``page.html``:
    the same forecast gives the same bytes.

    Parameters
    ----------
    folder : Path
        Where the files go; it exists.
    issued : Issued
        The forecast.
    events : DataFrame
        Events of its area as they were known, with place and url as the source has them.
    earlier : sequence of Outcome
        Of earlier forecasts of the same sequence, or region, whose windows have passed.
    pages : Pages
        What the agency sets.

    Raises
    ------
    InputError
        For a language, text or template that cannot be used.
    ValueError
        If fields of ``forecast.json`` do not agree with each other.
    """
    content = oaf(issued, pages)
    check(content)
    language = read_language(pages)
    files = {
        OAF: oaf_bytes(content),
        CSV: forecast_csv(issued),
        EVENTS: geojson_bytes(events_geojson(quakes_of(shown_events(issued, events)))),
        SEQUENCE: geojson_bytes(sequence_geojson(issued)),
        PAGE: forecast_page(issued, events, earlier, pages, language),
    }
    for name, written in files.items():
        write_whole(folder / name, written)
