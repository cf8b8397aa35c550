"""Reports of one earthquake are told from those of two; what a source said is never merged away."""

import uuid

import numpy as np
import pandas as pd
import pytest

from catalogs.areas import Box
from recast.live.identity import NANOSECONDS, Report, agency, apart, duplicates, matched
from recast.live.reconcile import Memory, Reconciled, Scope, reconcile
from recast.live.sources import places, reports_of, widened
from recast.live.store import Version

NOW = pd.Timestamp("2020-01-02", tz="UTC")
SCOPE = Scope(NOW - pd.Timedelta(days=1), NOW)
NOON = (NOW - pd.Timedelta(hours=12)).value


def report(name: str, seconds: float, magnitude: float = 3.0, north: float = 35.0) -> Report:
    return Report(
        name, NOON + round(seconds * NANOSECONDS), magnitude, north, -117.0, 5.0, "", "ml", "", ""
    )


def compared(answer: list[Report], known: list[Version], links: dict[str, str]) -> Reconciled:
    histories: dict[str, list[Version]] = {}
    for version in known:
        histories.setdefault(version.event_id, []).append(version)
    return reconcile(answer, histories, links, SCOPE, Memory(), NOW)


def test_events_of_one_network_are_never_merged_in_one_answer() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.5, 10.0, 300))  # as after a mainshock
    answer = [report(f"ci{i}", t, 3.0 + 0.1 * (i % 5)) for i, t in enumerate(times)]
    found = compared(answer, [], {})
    assert [version.report for version in found.versions] == answer
    assert not list(duplicates(answer))


@pytest.mark.parametrize("form", ["smi:local/{}", "{}", "quakeml:org.example/event/{}#now"])
def test_identifiers_without_order_are_of_one_agency(form: str) -> None:
    rng = np.random.default_rng(1)
    names = [str(uuid.UUID(bytes=rng.bytes(16), version=4)) for _ in range(40)]
    names += [rng.bytes(16).hex() for _ in range(40)]
    answer = [report(form.format(name), 2.0 * i) for i, name in enumerate(names)]
    assert len(compared(answer, [], {}).versions) == 80


def test_two_agencies_tell_of_one_earthquake() -> None:
    answer = [report("ci1", 0.0), report("ci2", 10.0), report("us7000a", 1.5, 3.4, 35.1)]
    found = compared(answer, [], {})
    assert [version.event_id for version in found.versions] == ["ci1", "ci2"]
    assert found.links == {"ci1": "ci1", "us7000a": "ci1", "ci2": "ci2"}


def test_an_earthquake_that_two_agencies_had_apart_becomes_one() -> None:
    first = [Version("ci1", 1, False, report("ci1", 0.0))]
    other = [Version("us1", 2, False, report("us1", 30.0))]  # as it was located at first
    answer = [report("ci1", 0.0), report("us1", 1.0)]
    found = compared(answer, first + other, {"ci1": "ci1", "us1": "us1"})
    assert [(v.event_id, v.withdrawn) for v in found.versions] == [("us1", True)]
    assert found.links == {"us1": "ci1"}
    # Not the one that was withdrawn
    first = [first[0]._replace(withdrawn=True)]
    found = compared(answer, first + other, {"ci1": "ci1", "us1": "us1"})
    assert [(v.event_id, v.withdrawn) for v in found.versions] == [("us1", False)]
    assert found.links == {"ci1": "us1"}


@pytest.mark.parametrize(
    ("seconds", "magnitude", "north", "is_same"),
    [
        (2.0, 3.4, 35.1, True),
        (2.0, 4.5, 35.0, False),
        (4.0, 3.0, 35.0, False),
        (1.0, 3.0, 36.0, False),
    ],
)
def test_a_report_takes_the_place_of_one_that_has_gone(
    seconds: float, magnitude: float, north: float, is_same: bool
) -> None:
    known = [
        Version("ci1", 1, False, report("ci1", 0.0)),
        Version("ci2", 1, False, report("ci2", 9.0)),
    ]
    links = {"ci1": "ci1", "ci2": "ci2"}
    answer = [report("ci9", seconds, magnitude, north), report("ci2", 9.0)]
    found = compared(answer, known, links)
    assert [v.event_id for v in found.versions] == (["ci1"] if is_same else ["ci9"])
    assert found.links == {"ci9": "ci1" if is_same else "ci9"}


def test_what_comes_in_any_order_is_the_same() -> None:
    rng = np.random.default_rng(3)
    answer = [
        report(f"{a}{i}", 20.0 * i + rng.normal(0, 1)) for i in range(40) for a in ("ci", "us")
    ]
    first = compared(answer, [], {})
    for _ in range(5):
        rng.shuffle(answer)  # type: ignore[arg-type]
        again = compared(answer, [], {})
        assert sorted(again.versions) == sorted(first.versions)
        assert again.links == first.links
    assert len(first.versions) == 40


def test_nearness_is_symmetric_and_agencies_are_told() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        a, b = (
            report(n, t, m)
            for n, t, m in zip("ab", rng.uniform(0, 6, 2), rng.uniform(3, 4, 2), strict=True)
        )
        assert apart(a, b) == apart(b, a)
    assert matched([], []) == []
    assert agency("smi:local/ev000012") == agency("smi:local/ev7") == "smi:local/ev"


def test_places_and_pages_are_kept() -> None:
    text = (
        b"#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|"
        b"MagType|Magnitude|MagAuthor|EventLocationName\n"
        b"x1|2020-01-01|1|2|3|A|C|B|x1|ML|4|A|By the sea\n"
    )
    assert places(text, "fdsn_text") == {"x1": ("By the sea", "")}
    assert places(b'id,place\nci1,"6km NW of There, CA"\n', "ehp_csv") == {
        "ci1": ("6km NW of There, CA", "")
    }
    assert places(b"", "table") == {}
    xml = b"""<q:quakeml xmlns:q="a" xmlns="b"><eventParameters><event publicID="e1">
      <description><text>Near  there</text><type>region name</type></description>
      </event></eventParameters></q:quakeml>"""
    assert places(xml, "quakeml") == {"e1": ("Near there", "")}
    table = pd.DataFrame(
        {
            "event_id": ["ci1", ""],
            "time": [NOW, NOW],
            "magnitude": 3.0,
            "latitude": [35.0, np.nan],
            "longitude": -117.0,
        }
    )
    (found,) = reports_of(table, {"ci1": ("There", "")}, "https://a.org/")
    assert (found.place, found.url, found.depth_km) == ("There", "https://a.org/ci1", None)


def test_a_margin_stays_on_the_map() -> None:
    assert widened(Box(-90, 10, -180, 0)) == Box(-90, 10.5, -180, 0.5)
    assert widened(Box(-20, 10, 170, -170)) == Box(-20.5, 10.5, 169.5, -169.5)
