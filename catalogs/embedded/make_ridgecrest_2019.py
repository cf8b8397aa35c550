"""Make the embedded catalog ridgecrest_2019 from the ComCat sample of pyCSEP.

    python make_ridgecrest_2019.py sample_comcat_catalog.csv

The file is ``csep/artifacts/ObservedCatalogs/sample_comcat_catalog.csv`` of pycsep 0.8.0: 829
events from USGS ComCat, M2.5 and above, from 3.6 minutes after the M7.1 mainshock for a week.
The mainshock itself is prepended.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd

from catalogs import Catalog, save
from catalogs.formats.table import read_table
from catalogs.importing import import_table

MAINSHOCK = {  # USGS ComCat, event ci38457511
    "time": pd.Timestamp("2019-07-06T03:19:53.04", tz="UTC"),
    "latitude": 35.7695,
    "longitude": -117.5993,
    "depth_km": 8.0,
    "magnitude": 7.1,
}

SCORED_FROM = "2019-07-07T03:19:53Z"
"""A day after the mainshock. Until then small events are missed: the median magnitude falls from
4.5 in the first quarter of an hour to 3.1 in the second half of the day. From here on it stays at
2.8, and b is 0.98 to 1.01 for every threshold from 2.5 to 2.9, as in a complete catalog."""


def main(sample: Path) -> None:
    """Read, add the mainshock, split and write beside this script."""
    aftershocks = read_table(sample.read_bytes(), sample.name).drop(columns="event_id")
    events = pd.concat([pd.DataFrame([MAINSHOCK]), aftershocks], ignore_index=True)
    catalog = import_table(
        events,
        "ridgecrest_2019",
        completeness=2.5,
        start="2019-07-06T03:19:53Z",
        train_start=SCORED_FROM,
    )
    info = replace(
        catalog.info,
        title="Ridgecrest, California: a week from the M7.1 mainshock of 2019-07-06",
        region="Eastern California",
        source="USGS ComCat, as sampled in pycsep 0.8.0 (BSD-3-Clause, the pyCSEP developers)",
        licence="public domain (U.S. Geological Survey)",
        citation="U.S. Geological Survey, ANSS Comprehensive Earthquake Catalog, "
        "doi:10.5066/F7MS3QZH; Savran et al. 2022 (pyCSEP), doi:10.21105/joss.03658",
        note="small events are missed in the first day after the mainshock, which is history only; "
        "the mainshock was added to the sample",
    )
    record = save(Catalog(catalog.events, info), Path(__file__).parent, overwrite=True)
    print(record)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
