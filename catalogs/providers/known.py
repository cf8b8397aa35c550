"""The catalogs that can be fetched by name, one record each, and those that packages add."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from catalogs.areas import Box
from catalogs.errors import InputError
from catalogs.info import SplitDates
from catalogs.providers.rules import Rules
from catalogs.providers.services import (
    CITED,
    LICENCES,
    NCEDC_LICENCE,
    SCEDC_LICENCE,
    SERVICES,
    TERMS,
    record_name,
)
from catalogs.providers.sources import Files, Preset, Record, Service, Source, Yearly
from catalogs.texts import check_name
from catalogs.whereabouts import PAPER_SETS

SCEDC = "https://service.scedc.caltech.edu/ftp/"
SCEDC_CITATION = CITED["SCEDC"]
ROSS = f"{SCEDC_CITATION}; Ross et al. 2019, doi:10.1126/science.aaw6888"
WHITE = "White, Ben-Zion & Vernon 2019, doi:10.1029/2019JB017641"
WHITE_ID = "7de0df7a-a90a-4307-a090-3b00c8c1235d"
MENDELEY = "https://data.mendeley.com/"

SCEDC_YEARS = Yearly("scedc", f"{SCEDC}catalogs/SCEC_DC/{{year}}.catalog", first=1932)
QTM_12DEV = Files(
    "qtm",
    (f"{SCEDC}QTMcatalog/qtm_final_12dev.hypo",),
    ("b5438517ddb3ad7ab5777d5a5f1839a8b3aa41439ce0dffa66bdd394832d4dd6",),
)
QTM_9_5DEV = Files(
    "qtm",
    (f"{SCEDC}QTMcatalog/qtm_final_9.5dev.hypo",),
    ("0cd2010281a3b7c2c6c7162931d267cf65063ae29da61b606fa39f14d7539e31",),
)
WHITE_FILE = Files(
    "white",
    (f"{MENDELEY}public-files/datasets/7ywkdx7c62/files/{WHITE_ID}/file_downloaded",),
)


SOUTHERN_CALIFORNIA = Box(30.0, 38.5, -123.0, -113.0)
"""Around the region for which the Southern California Seismic Network is authoritative."""

NEW_ZEALAND = Box(-48.0, -34.0, 166.0, -176.0)


def _paper(
    name: str,
    title: str,
    source: Source,
    about: str,
    rules: Rules,
    preset: Preset,
    licence: str,
    citation: str,
) -> Record:
    """A catalog as the RECAST paper (doi:10.1029/2023GL103909) scored it: all types of events."""
    rules = rules.but(strict=preset.strict, min_magnitude=preset.completeness)
    return Record(
        name,
        f"{title}, as scored in the RECAST paper",
        "Southern California",
        source,
        licence,
        citation,
        about,
        preset.start,
        preset.end,
        rules,
        preset,
        area=PAPER_SETS[name].area,
    )


def _preset(
    name: str, splits: SplitDates, completeness: float, *, loses_first_rows: bool = False
) -> Preset:
    known = PAPER_SETS[name]
    return Preset(
        known.start,
        known.end,
        splits,
        completeness,
        known.n_events,
        loses_first_rows=loses_first_rows,
    )


def _qtm_paper(name: str, box_name: str, box: Box) -> Record:
    dates = SplitDates("2009-01-01", "2014-01-01", "2016-01-01", "2018-01-01")
    return _paper(
        name,
        f"QTM (Ross et al. 2019), {box_name} box",
        QTM_12DEV,
        "https://scedc.caltech.edu/data/qtm-catalog.html",
        Rules(event_types="paper", area=box),
        _preset(name, dates, 1.0),
        SCEDC_LICENCE,
        ROSS,
    )


PAPER = (
    _paper(
        "scedc",
        "SCEDC, Southern California",
        SCEDC_YEARS,
        "https://scedc.caltech.edu",
        Rules(event_types="paper"),
        _preset(
            "scedc",
            SplitDates("1985-01-01", "2005-01-01", "2014-01-01", "2020-01-01"),
            2.0,
            loses_first_rows=True,
        ),
        SCEDC_LICENCE,
        SCEDC_CITATION,
    ),
    _qtm_paper("qtm_salton_sea", "Salton Sea", Box(32.5, 33.3, -116.0, -115.0)),
    _qtm_paper("qtm_san_jacinto", "San Jacinto", Box(33.0, 34.0, -117.0, -116.0)),
    _paper(
        "white",
        "White et al. 2019, San Jacinto fault zone",
        WHITE_FILE,
        f"{MENDELEY}datasets/7ywkdx7c62/1",
        Rules(event_types="paper", trim=0.05),
        _preset("white", SplitDates("2009-01-01", "2014-01-01", "2017-01-01", "2021-01-01"), 0.6),
        "CC BY 4.0",
        WHITE,
    ),
)

HAUKSSON = f"{SCEDC_CITATION}; Hauksson, Yang & Shearer 2012, doi:10.1785/0120120010"

ENHANCED = (
    Record(
        "scedc_all",
        "SCEDC, Southern California, local earthquakes",
        "Southern California",
        SCEDC_YEARS,
        SCEDC_LICENCE,
        SCEDC_CITATION,
        "https://scedc.caltech.edu",
        "1981-01-01",
        area=PAPER_SETS["scedc"].area,
    ),
    Record(
        "hauksson",
        "Hauksson, Yang & Shearer, relocated, Southern California 1981-2025",
        "Southern California",
        Files(
            "hauksson",
            (f"{SCEDC}catalogs/hauksson/Socal_DD/sc_1981_2025_1d_3d_gc_soda_noqb_10_1_SCSN.gc",),
        ),
        SCEDC_LICENCE,
        HAUKSSON,
        "https://scedc.caltech.edu/data/alt-2011-dd-hauksson-yang-shearer.html",
        "1981-01-01",
        "2026-01-01",
        note="without quarry blasts",
        area=SOUTHERN_CALIFORNIA,
    ),
    Record(
        "qtm_12dev",
        "QTM (Ross et al. 2019), detections above 12 deviations",
        "Southern California",
        QTM_12DEV,
        SCEDC_LICENCE,
        ROSS,
        "https://scedc.caltech.edu/data/qtm-catalog.html",
        "2008-01-01",
        "2018-01-01",
        note="completeness differs much from place to place: give a box",
        area=SOUTHERN_CALIFORNIA,
    ),
    Record(
        "qtm_9_5dev",
        "QTM (Ross et al. 2019), detections above 9.5 deviations",
        "Southern California",
        QTM_9_5DEV,
        SCEDC_LICENCE,
        ROSS,
        "https://scedc.caltech.edu/data/qtm-catalog.html",
        "2008-01-01",
        "2018-01-01",
        note="holds false detections; completeness differs much from place to place: give a box",
        area=SOUTHERN_CALIFORNIA,
    ),
    Record(
        "white_all",
        "White et al. 2019, San Jacinto fault zone, all events",
        "Southern California",
        WHITE_FILE,
        "CC BY 4.0",
        WHITE,
        f"{MENDELEY}datasets/7ywkdx7c62/1",
        "2008-01-01",
        "2021-01-01",
        area=Box(32.0, 35.0, -118.2, -114.9),
    ),
    Record(
        "shelly_2020",
        "Shelly 2020, Ridgecrest, 4 to 16 July 2019",
        "Southern California",
        Files("shelly2020", by_hand="the catalog file of the data release"),
        "public domain (U.S. Geological Survey)",
        "Shelly 2020, doi:10.1785/0220190309",
        "https://doi.org/10.5066/P9JN6H0N",
        "2019-07-04",
        "2019-07-17",
        note="one sequence of two weeks: for tests of transfer, too short to train on",
        area=Box(35.0, 36.6, -118.4, -116.8),
    ),
    Record(
        "tan_2021",
        "Tan et al. 2021, Amatrice-Norcia 2016-17",
        "Central Italy",
        Files(
            "tan2021",
            ("https://zenodo.org/records/4736089/files/Amatrice_CAT5.v20210504.csv?download=1",),
        ),
        "CC BY 4.0",
        "Tan et al. 2021, doi:10.1785/0320210001; data doi:10.5281/zenodo.4736089",
        "https://doi.org/10.5281/zenodo.4736089",
        "2016-08-15",
        "2017-08-16",
        note="small events are missed after each of the large ones",
        area=Box(42.0, 43.6, 12.4, 14.0),
    ),
)

NATIONAL = (
    Record(
        "ncss",
        "NCSS, Northern California",
        "Northern California",
        Yearly("ehp_csv", "https://ncedc.org/pub/catalogs/NCSS-catalogs/{year}.ehpcsv", 1966),
        NCEDC_LICENCE,
        CITED["NCEDC"],
        "https://ncedc.org/pub/catalogs/NCSS-catalogs/",
        "1987-01-01",
        area=Box(30.0, 46.0, -130.0, -110.0),
    ),
    Record(
        "horus",
        "HORUS, homogenised magnitudes of Italy since 1960",
        "Italy",
        Files("horus", by_hand="the text file of the catalog"),
        TERMS,
        "Lolli et al. 2020, doi:10.1785/0220200148",
        "https://horus.bo.ingv.it",
        "1990-01-01",
        area=Box(33.0, 50.0, 4.0, 22.0),
    ),
    Record(
        "jma",
        "JMA unified hypocentre catalog",
        "Japan",
        Yearly(
            "jma",
            "https://www.data.jma.go.jp/eqev/data/bulletin/data/hypo/h{year}.zip",
            first=1983,
            last=2023,
            hours_ahead=9,
        ),
        "of the Japan Meteorological Agency; not to be redistributed",
        "Japan Meteorological Agency, Seismological Bulletin of Japan",
        "https://www.data.jma.go.jp/eqev/data/bulletin/hypo_e.html",
        "2000-01-01",
        "2016-04-01",
        note="from April 2016 on events are detected automatically and there are twice as many",
        area=Box(15.0, 55.0, 115.0, 165.0),
    ),
    Record(
        "geonet",
        "GeoNet, New Zealand",
        "New Zealand",
        Service(
            "https://quakesearch.geonet.org.nz/",
            ("geonet",),
            query="csv",
            names=(
                *(("starttime", "startdate"), ("endtime", "enddate")),
                *(("minmagnitude", "minmag"), ("bbox", "bbox")),
            ),
        ),
        LICENCES["GEONET"],
        CITED["GEONET"],
        "https://quakesearch.geonet.org.nz",
        "1987-01-01",
        rules=Rules(area=NEW_ZEALAND),
        area=NEW_ZEALAND,
    ),
)

RECORDS: dict[str, Record] = {
    record.name: record for record in (*PAPER, *ENHANCED, *NATIONAL, *SERVICES)
}
"""The records of this package, by name."""

PROVIDERS = "recast.providers"
"""Entry-point group by which other packages add a ``Record``, an iterable of them, or a function
that returns either."""


def known_records() -> dict[str, Record]:
    """Every catalog that can be fetched, by name: those of this package and of others.

    Raises
    ------
    InputError
        Naming an entry point that is broken, or whose record has the name of another.
    """
    known = dict(RECORDS)
    for point in entry_points(group=PROVIDERS):
        for record in _offered(point):
            if known.setdefault(record.name, record) is not record:
                raise InputError(
                    f"{_named(point)} adds a catalog {record.name!r}, which is known already: "
                    "rename its record, or uninstall the package"
                )
    return known


def find(name: str) -> Record:
    """The record of that name, or of the service that obspy calls so, in any case of letters.

    Raises
    ------
    InputError
        Listing the names.
    """
    record = RECORDS.get(name) or RECORDS.get(record_name(name.upper()))
    if record is None:
        known = known_records()  # only now: a broken package must not block these
        record = known.get(name)
    if record is None:
        raise InputError(f"catalog {name!r} cannot be fetched: choose one of {', '.join(known)}")
    return record


def _offered(point: EntryPoint) -> list[Record]:
    """What an entry point adds."""
    try:
        offered = point.load()
        if callable(offered):
            offered = offered()
        records = [offered] if isinstance(offered, Record) else list(offered)
        for record in records:
            check_name(record.name)  # what is not a Record has none
    except Exception as error:
        raise InputError(
            f"{_named(point)} is broken ({type(error).__name__}: {error}): fix or uninstall it"
        ) from error
    return records


def _named(point: EntryPoint) -> str:
    package = f" of {point.dist.name}" if point.dist is not None else ""
    return f"the entry point {point.name} = {point.value} ({PROVIDERS}){package}"
