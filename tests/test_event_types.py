"""Which events count: earthquakes by default, whatever networks call them."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, InputError
from catalogs.areas import parse_area
from catalogs.event_types import are_earthquakes
from catalogs.formats import parse
from catalogs.providers.rules import Rules, choose

EARTHQUAKES = [
    "eq",
    "eq l",
    "eq r",
    "eq t",
    "le",
    "re",
    "ts",
    "earthquake",
    "Earthquake",
    "",
    "ke",
    "fe",
    "de",
    "not reported",
    "x",
]
OTHERS = [
    "qb",
    "qb l",
    "sn",
    "quarry blast",
    "explosion",
    "not locatable",
    "unreadable",
    "lp",
    "km",
]


def test_networks_call_earthquakes_by_many_names() -> None:
    assert are_earthquakes(pd.DataFrame({"event_type": EARTHQUAKES})).all()
    assert are_earthquakes(pd.DataFrame({"event_type": [None, "eq"]}, dtype=object)).all()
    assert are_earthquakes(pd.DataFrame({"time": [1.0, 2.0]})).all()
    assert not are_earthquakes(pd.DataFrame({"event_type": OTHERS})).any()


def events() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "latitude": [35.0, 35.0, 35.0, 36.0, 35.0, 35.0],
            "longitude": -117.0,
            "event_id": ["1", "1", "2", "3", "", ""],
            "event_type": ["eq", "eq", "qb", "eq", "", "eq"],
        }
    )


def test_rules_are_switches_and_every_step_is_counted() -> None:
    area = parse_area("34/35.5/-118/-116")
    chosen, steps = choose(events(), Rules(area=area))
    assert chosen.index.tolist() == [1, 4, 5]  # of repeated rows the last is the newest
    assert [(step.rule, step.before, step.after) for step in steps] == [
        ("the last row of each event_id", 6, 5),
        ("earthquakes, and events of no type", 5, 4),
        ("within 34/35.5/-118/-116", 4, 3),
    ]
    everything = choose(events(), Rules(event_types="all"))[0]
    assert everything.index.tolist() == [1, 2, 3, 4, 5]
    assert len(choose(events(), Rules(event_types="paper"))[0]) == 6
    bare = events()[["latitude"]]
    assert len(choose(bare, Rules())[0]) == 6
    nowhere = parse_area("80/81/0/1")
    with pytest.raises(InputError, match=r"none of 4 events is left by the rule: within 80"):
        choose(events(), Rules(area=nowhere))


@pytest.mark.parametrize(
    ("name", "end", "paper"),
    [
        ("SCEC_DC_1981.catalog.gz", "1982-01-01", 2018),
        ("SCEC_DC_1992_old_layout.catalog.gz", "1992-07-10T05:38", None),
    ],
)
def test_the_paper_kept_quarry_blasts(
    name: str,
    end: str,
    paper: int | None,
    raw_file: Callable[[str], bytes],
    real_catalog: Callable[[str], Catalog],
) -> None:
    table = parse(raw_file(name), "scedc", name=name).events
    stop = pd.Timestamp(end, tz="UTC")
    start = stop.floor("D").replace(month=1, day=1) - pd.Timedelta(days=365 * (stop.month == 1))

    def count(chosen: pd.DataFrame) -> int:
        inside = (chosen["time"] >= start) & (chosen["time"] < stop)
        return int((inside & (chosen["magnitude"] > 2.0 + 1e-9)).sum())

    scored = real_catalog("scedc").events
    published = int(((scored["time"] >= start) & (scored["time"] < stop)).sum())
    assert paper in {None, published}
    # Its sequence starts at the first event, and the file of 1992 was fetched years later
    assert abs(count(choose(table, Rules(event_types="paper"))[0]) - published) <= 3
    assert count(choose(table, Rules())[0]) < published - 100


def test_ncss_keeps_what_the_network_calls_earthquakes(
    raw_file: Callable[[str], bytes], real_catalog: Callable[[str], Catalog]
) -> None:
    name = "NCSS_1990.ehpcsv.gz"
    chosen, _ = choose(parse(raw_file(name), "ehp_csv", name=name).events, Rules())
    mine = chosen[chosen["magnitude"] >= 1.5 - 1e-9]
    table = real_catalog("ncss").events
    theirs = table[table["time"].dt.year == 1990]
    assert len(mine) == len(theirs) == 6416
    np.testing.assert_array_equal(np.sort(mine["magnitude"]), np.sort(theirs["magnitude"]))
