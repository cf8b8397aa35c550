"""Made-up files of every layout, row by row."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np


@dataclass(frozen=True)
class Event:
    time: datetime
    latitude: float
    longitude: float
    depth: float
    magnitude: float
    number: int

    @property
    def arc(self) -> tuple[int, float, int, float]:
        lat, lon = int(self.latitude), int(-self.longitude)
        return lat, (self.latitude - lat) * 59.9, lon, (-self.longitude - lon) * 59.9


def scedc_row(e: Event, kind: str = "eq  l") -> str:
    return (
        f"{e.time:%Y/%m/%d %H:%M:%S}.{e.number % 100:02d} {kind}{e.magnitude:5.2f} h   "
        f"{e.latitude:7.3f} {e.longitude:8.3f} {e.depth:5.1f} A{e.number:9d} {30:4d} {161:4d}"
    )


def scsn_row(e: Event) -> str:
    lat, lat_m, lon, lon_m = e.arc
    return (
        f"{e.time:%Y %m %d %H %M} {e.time.second:5.2f} {lat:3d} {lat_m:5.2f}-{lon:3d} {lon_m:5.2f} "
        f"A {e.magnitude:3.1f} {e.depth:6.2f} {12:4d} {0.12:5.2f} {e.number:9d}"
    )


def stp_row(e: Event) -> str:
    away = " l" if e.number % 2 else ""  # as it was until 2015
    return (
        f"{e.number:9d} le{away} {e.time:%Y/%m/%d,%H:%M:%S}.{e.number % 1000:03d} "
        f"{e.latitude:9.4f} {e.longitude:9.4f} {e.depth:6.2f} {e.magnitude:5.2f} w 1.0"
    )


def hauksson_row(e: Event) -> str:
    t = e.time
    head = f"{t.year:4d}{t.month:3d}{t.day:3d}{t.hour:3d}{t.minute:3d}{t.second:7.3f}{e.number:10d}"
    place = f"{e.latitude:10.5f}{e.longitude:11.5f}{e.depth:8.3f}{e.magnitude:6.2f}"
    return (head + place).ljust(177) + " le ct   3"


def jma_row(e: Event) -> str:
    lat, lat_m, lon, lon_m = e.arc
    magnitude = "A3" if e.number % 7 == 0 else f"{round(e.magnitude * 10):02d}"
    row = (
        f"J{e.time:%Y%m%d%H%M%S}{e.number % 100:02d} 012{lat:3d}{round(lat_m * 100):04d} 012"
        f"{lon:4d}{round(lon_m * 100):04d} 012{round(e.depth * 100):5d} 12{magnitude}V    "
        "1111 3 69SOMEWHERE"
    )
    return row.ljust(95) + "K"


def hypoinverse_row(e: Event) -> str:
    lat, lat_m, lon, lon_m = e.arc
    place = f"{lat:2d} {round(lat_m * 100):4d}{lon:3d} {round(lon_m * 100):4d}"
    row = f"{e.time:%Y%m%d%H%M%S}{e.number % 100:02d}{place}{round(e.depth * 100):5d}  0"
    magnitude = f"L{round(e.magnitude * 100):3d}"
    return row.ljust(136) + f"{e.number:10d}" + magnitude + "  80X  0   0 1"


def calendar(e: Event, separator: str) -> str:
    t = e.time
    return separator.join(map(str, (t.year, t.month, t.day, t.hour, t.minute, f"{t.second}.25")))


def stamp(e: Event) -> str:
    return f"{e.time:%Y-%m-%dT%H:%M:%S}.{e.number % 1000:03d}Z"


def usgs_row(e: Event) -> str:
    return (
        f"{stamp(e)},{e.latitude},{e.longitude},{e.depth},{e.magnitude},ml,12,90,0.1,0.2,nc,"
        f'nc{e.number},2020-01-01T00:00:00.000Z,"4 km N of A, CA",earthquake,0.1,0.2,0.1,9,'
        "reviewed,nc,nc"
    )


def quakeml_row(e: Event) -> str:
    return (
        f'<event publicID="a/{e.number}"><origin publicID="o">'
        f"<time><value>{stamp(e)}</value></time>"
        f"<latitude><value>{e.latitude}</value></latitude>"
        f"<longitude><value>{e.longitude}</value></longitude>"
        f"<depth><value>{1000 * e.depth}</value></depth></origin>"
        f'<magnitude publicID="m"><mag><value>{e.magnitude}</value></mag></magnitude></event>'
    )


USGS = (
    "time,latitude,longitude,depth,mag,magType,nst,gap,dmin,rms,net,id,updated,place,type,"
    "horizontalError,depthError,magError,magNst,status,locationSource,magSource"
)

WRITERS: dict[str, tuple[str, Callable[[Event], str]]] = {
    "scedc": ("# comment\n#YYY/MM/DD HH:mm:SS.ss ET GT MAG\n", scedc_row),
    "scedc until 2015": ("", lambda e: scedc_row(e, "le")),
    "scsn": ("# comment\n", scsn_row),
    "stp": ("# Number of events returned: 10000\n", stp_row),
    "hauksson": ("", hauksson_row),
    "jma": ("", jma_row),
    "hypoinverse": ("", hypoinverse_row),
    "qtm": (
        (
            "YEAR MONTH DAY HOUR MINUTE SECOND EVENTID LATITUDE LONGITUDE DEPTH MAGNITUDE MAGP5 "
            "MAGP95 TEMPLATEID STACKCC MAD RELOCATED?\n"
        ),
        lambda e: (
            f"{calendar(e, '  ')} {e.number} {e.latitude:9.5f} {e.longitude:10.5f} "
            f"{e.depth:6.3f} {e.magnitude:5.2f} 0.1 0.3 7 0.5 9.1 1"
        ),
    ),
    "white": (
        "event_id lat lon depth time Ml\n",
        lambda e: f"{e.number} {e.latitude} {e.longitude} {e.depth} {e.magnitude} {stamp(e)}",
    ),
    "ehp_csv": (USGS + "\n", usgs_row),
    "geonet": (
        (
            "publicid,eventtype,origintime,modificationtime, longitude, latitude, magnitude, depth,"
            "magnitudetype\n"
        ),
        lambda e: (
            f"{e.number},earthquake,{stamp(e)},{stamp(e)},{e.longitude},{e.latitude},"
            f"{e.magnitude},{e.depth},ML"
        ),
    ),
    "horus": (
        "Year\tMo\tDa\tHo\tMi\tSe\tLat\tLon\tDepth\tMw\tsigMw\n",
        lambda e: calendar(e, "\t") + f"\t{e.latitude}\t{e.longitude}\t{e.depth}\t{e.magnitude}\t",
    ),
    "tan2021": (
        "year,month,day,hour,minute,second,lat,lon,depth,id,mw,ml_median\n",
        lambda e: (
            calendar(e, ",") + f",{e.latitude},{e.longitude},{e.depth},{e.number},{e.magnitude},1.1"
        ),
    ),
    "shelly2020": (
        "# id year month day hour minute second latitude longitude depth magnitude\n",
        lambda e: (
            f"{e.number} {calendar(e, ' ')} {e.latitude} {e.longitude} {e.depth} {e.magnitude}"
        ),
    ),
    "fdsn_text": (
        (
            "#EventID|Time|Latitude|Longitude|Depth/Km|Author|Catalog|Contributor|ContributorID|"
            "MagType|Magnitude|MagAuthor|EventLocationName\n"
        ),
        lambda e: (
            f"{e.number}|{stamp(e)[:-1]}|{e.latitude}|{e.longitude}|{e.depth}|a|c|c|1|ML|"
            f"{e.magnitude}|a|"
        ),
    ),
    "table": (
        "time;lon;lat;depth;mag\n",
        lambda e: f"{stamp(e)};{e.longitude};{e.latitude};{e.depth};{e.magnitude}",
    ),
    "zmap": (
        "",
        lambda e: (
            f"{e.longitude}\t{e.latitude}\t{e.time.year + e.time.month / 13:.6f}\t{e.time.month}\t"
            f"{e.time.day}\t{e.magnitude}\t{e.depth}\t{e.time:%H\t%M}\t{e.time.second}.5"
        ),
    ),
    "quakeml": (
        '<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">\n<eventParameters>\n',
        quakeml_row,
    ),
}
"""What stands above the rows, and the writer of a row."""


def write(layout: str, n: int, rng: np.random.Generator) -> tuple[str, list[str]]:
    """Header and ``n`` rows of a layout."""
    header, row = WRITERS[layout]
    start = datetime(1990, 1, 1)  # noqa: DTZ001 - written without a zone
    days = np.sort(rng.uniform(0.0, 10_000.0, n))
    events = [
        Event(
            start + timedelta(seconds=round(86_400 * day)),
            *np.round([latitude, longitude, depth, magnitude], 2).tolist(),
            3_301_561 + i,
        )
        for i, (day, latitude, longitude, depth, magnitude) in enumerate(
            zip(
                days,
                rng.uniform(32, 37, n),
                rng.uniform(-122, -114, n),
                rng.uniform(0, 30, n),
                rng.exponential(0.5, n) + 0.1,
                strict=True,
            )
        )
    ]
    return header, [row(event) for event in events]
