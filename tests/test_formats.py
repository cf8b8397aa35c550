"""Layouts of data centres: what is odd about each, and how a file's layout is told."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from row_writers import WRITERS, Event, scedc_row, write

from catalogs import InputError
from catalogs.event_types import are_earthquakes
from catalogs.formats import FORMATS, Parsed, detect, parse
from catalogs.formats.reading import read_events


def read(layout: str, text: str, *, strict: bool = False) -> Parsed:
    return parse(text.encode("latin-1"), layout, name="file", strict=strict)


def stamps(parsed: Parsed) -> list[str]:
    return [str(t.tz_localize(None)) for t in parsed.events["time"]]


RAW = {
    "NCSS_1990.ehpcsv.gz": ("ehp_csv", rb"^1990-", 24_865, 0),
    "SCEC_DC_1981.catalog.gz": ("scedc", rb"^1981/", 10_684, 91),
    "SCEC_DC_1992_old_layout.catalog.gz": ("scedc", rb"^1992/", 19_990, 33),
    "fdsn_events_quakeml.xml.gz": ("quakeml", rb"<event ", 93, 0),
    "geonet_quakesearch.csv.gz": ("geonet", rb"^20\d\dp", 4_999, 0),
    "jma.csv.gz": ("table", rb"^19", 4_999, 0),
    "usgs_comcat.csv.gz": ("ehp_csv", rb"^20", 4_118, 0),
}
"""Layout, what each row begins with, rows, and rows without a magnitude."""


@pytest.mark.parametrize("name", list(RAW))
def test_published_files_are_read_row_by_row(name: str, raw_file: Callable[[str], bytes]) -> None:
    layout, begin, rows, without_magnitude = RAW[name]
    content = raw_file(name)
    assert len(re.findall(begin, gzip.decompress(content), flags=re.MULTILINE)) == rows
    assert detect(content, name=name) == layout
    parsed = parse(content, layout, name=name, strict=True)
    assert (parsed.n_rows, len(parsed.rejected)) == (rows, without_magnitude)
    assert len(parsed.events) == rows - without_magnitude
    assert parsed.events["time"].notna().all()


@pytest.mark.parametrize("layout", [name for name in WRITERS if " " not in name])
def test_a_layout_is_told_by_its_first_lines(layout: str) -> None:
    header, rows = write(layout, 30, np.random.default_rng(1))
    foot = "\n</eventParameters></q:quakeml>" if layout == "quakeml" else "\n"
    content = (header + "\n".join(rows) + foot).encode()
    told = {"shelly2020": "table", "white": "table"}.get(layout, layout)
    assert detect(content, name="file") == told
    assert detect(gzip.compress(content), name="file") == told
    for other in ("scedc", "qtm", "geonet", "quakeml", "hauksson"):
        if layout not in {other, "jma"}:
            with pytest.raises(InputError, match=r"^file is"):
                parse(content, other, name="file")


SCEDC = "#YYY/MM/DD HH:mm:SS.ss ET GT MAG\n"


def scedc(*changes: tuple[str, str], footer: int | None = None) -> str:
    event = Event(pd.Timestamp("1981-12-31 23:59:29"), 33.724, -118.83, 0.6, 2.27, 3_301_523)
    rows = [scedc_row(event).replace(*change) for change in changes]
    end = f"\n### Number of rows returned:{footer} \n" if footer is not None else ""
    return SCEDC + "\n".join(rows) + "\n" + end


def test_scedc_rolls_sixty_seconds_over_and_keeps_codes() -> None:
    parsed = read("scedc", scedc(("29.23", "60.00"), ("eq  l", "qb  l"), footer=2))
    assert stamps(parsed)[0] == "1982-01-01 00:00:00"
    assert parsed.events["event_type"].tolist() == ["eq l", "qb l"]
    assert parsed.events["magnitude_type"].tolist() == ["h", "h"]
    assert parsed.events["event_id"].tolist() == ["3301523", "3301523"]
    assert parsed.events.index.tolist() == [2, 3]


def test_scedc_knows_no_magnitude_of_type_n() -> None:
    parsed = read("scedc", scedc(("2.27 h", "0.00 n"), ("2.27 h", "2.27 n"), ("", "")), strict=True)
    assert parsed.events["magnitude"].tolist() == [2.27, 2.27]
    (row,) = parsed.rejected
    assert row.by_rule
    assert str(row) == "file line 2: magnitude 0.00 of type n stands for no magnitude"


def test_the_footer_of_scedc_is_a_checksum() -> None:
    with pytest.raises(InputError, match=r"file has 1 rows where its last line promises 2: fetch"):
        read("scedc", scedc(("", ""), footer=2))
    # A row that turned into a comment is missed, and so is one that is damaged reported
    text = scedc(("", ""), ("1981", "#981"), footer=2)
    (row,) = read("scedc", text).rejected
    assert (row.row, row.by_rule) == (3, False)
    assert read("scedc", SCEDC + "\n### Number of rows returned:0\n").n_rows == 0


def test_strict_stops_at_the_first_damaged_row() -> None:
    text = scedc(("", ""), ("33.724", "93.724"), ("1981/12/31", "1981/02/30"))
    parsed = read("scedc", text)
    assert [row.row for row in parsed.rejected] == [3, 4]
    with pytest.raises(InputError, match=r"file line 3: latitude = .* is outside -90 to 90"):
        read("scedc", text, strict=True)


def test_scsn_places_are_in_minutes_and_may_touch() -> None:
    parsed = read(
        "scsn",
        "# comment\n"
        "1986 07 08 09 20 44.50 33 59.91-116 36.32 A 5.6  11.70  98 0.14   700917\n"
        "1986 07 08 09 21 60.00 36 10.86 -118  2.64 A 2.1   1.00  12 0.10   700918\n",
    )
    np.testing.assert_allclose(parsed.events["latitude"], [33 + 59.91 / 60, 36 + 10.86 / 60])
    np.testing.assert_allclose(parsed.events["longitude"], [-116 - 36.32 / 60, -118 - 2.64 / 60])
    assert stamps(parsed)[1] == "1986-07-08 09:22:00"
    assert parsed.events["event_id"].tolist() == ["700917", "700918"]


STP = """\
# Number of events returned: 4
  38000000 le l 2019/05/02,02:07:59.370   35.3250 -118.5400   8.20  2.14 w 1.0
  38000001 qb l 2019/05/02,17:13:53.620   35.3240 -118.5370   7.70  2.37 l 1.0
# Number of events returned: 3
   9114858 le 1998/10/17,17:03:54.180 34.5530 -116.2690 0.50 1.30 l 1.0
   9114859 sn 1998/10/18,17:03:54.180 34.5530 -116.2690 0.00 1.10 l 1.0
   9114860 le 1998/10/18,18:03:54.180 34.5530 -116.2690 0.00 0.00 n 0.0
#  9114861 le 1998/10/18,18:03:54.180 34.5530 -116.2690 0.00 1.00 l 1.0
"""


def test_lists_of_stp_are_recognised_and_their_blasts_left_out(tmp_path: Path) -> None:
    path = tmp_path / "events.txt"
    path.write_text(STP)
    parsed = read_events(path)
    assert parsed.explanation.layout == "stp"
    assert stamps(parsed)[:1] == ["2019-05-02 02:07:59.370000"]
    assert parsed.events["longitude"].tolist() == [-118.54, -118.537, -116.269, -116.269]
    assert parsed.events["magnitude"].tolist() == [2.14, 2.37, 1.3, 1.1]
    assert parsed.events["event_type"].tolist() == ["le l", "qb l", "le", "sn"]
    assert are_earthquakes(parsed.events).tolist() == [True, False, True, False]
    assert [(row.row, row.fault) for row in parsed.rejected] == [
        (7, "no magnitude"),
        (8, "damaged"),
    ]


def test_hauksson_is_read_by_columns_where_some_are_blank() -> None:
    _, (first, second) = write("hauksson", 2, np.random.default_rng(2))
    parsed = read("hauksson", f"{first}\n{second[:68]}\n")
    assert parsed.events["event_type"].tolist() == ["le", ""]
    assert len(parsed.rejected) == 0


JMA = "J2016041601250547 011 324527 030 1304578 042 1245 1273V    1512 2180KUMAMOTO"


def jma(change: tuple[str, str] = ("", "")) -> Parsed:
    return read("jma", JMA.replace(*change).ljust(95) + "K\n")


def test_jma_counts_japans_time_and_letters_for_negative_magnitudes() -> None:
    parsed = jma()
    event = parsed.events.iloc[0]
    assert stamps(parsed) == ["2016-04-15 16:25:05.470000"]
    np.testing.assert_allclose(
        event[["latitude", "longitude", "depth_km", "magnitude"]].to_numpy(np.float64),
        [32 + 45.27 / 60, 130 + 45.78 / 60, 12.45, 7.3],
    )
    assert (event["magnitude_type"], event["event_type"]) == ("V", "low-frequency earthquake")
    for code, magnitude in (("-6", -0.6), ("A0", -1.0), ("A9", -1.9), ("B0", -2.0), ("05", 0.5)):
        assert jma(("1273V", f"12{code}V")).events["magnitude"].tolist() == [magnitude]
    # The second magnitude where the first is blank, and a depth to the kilometre
    late = jma(("1245 1273V  ", "12   12   55"))
    assert late.events["magnitude"].tolist() == [5.5]
    assert late.events["depth_km"].tolist() == [12.0]
    assert stamps(jma(("250547", "2505  "))) == ["2016-04-15 16:25:05"]
    (row,) = jma(("J2016", "U2016")).rejected
    assert row.by_rule
    (row,) = jma(("1273V", "12D0V")).rejected
    assert not row.by_rule


def summary(place: str = "38 4188119 5220", magnitude: str = "L-12", coda: str = "") -> str:
    row = f"1993070103112503{place}  850".ljust(70) + f"{coda:3s}"
    return row.ljust(117) + ("D" if coda else " ").ljust(19) + f"{30041234:10d}{magnitude}\n"


def test_hypoinverse_is_north_and_west_where_no_letter_stands() -> None:
    parsed = read("hypoinverse", summary() + summary("38S4188119E5220", "L305"))
    assert stamps(parsed) == ["1993-07-01 03:11:25.030000"] * 2
    columns = ["latitude", "longitude", "depth_km", "magnitude"]
    north, west = 38.0 + 41.88 / 60.0, 119.0 + 52.2 / 60.0
    np.testing.assert_allclose(
        parsed.events[columns].to_numpy(np.float64),
        [[north, -west, 8.5, -0.12], [-north, west, 8.5, 3.05]],
    )
    assert parsed.events["magnitude_type"].tolist() == ["L", "L"]
    assert parsed.events["event_id"].tolist() == ["30041234"] * 2
    assert detect(summary().encode(), name="file") == "hypoinverse"


def test_hypoinverse_archives_have_other_lines_too() -> None:
    phase = "ORV  BK  BHZ IPU0199307010311 3261".ljust(111)
    others = f"$1   shadow\n{phase}\n$ shadow of a phase\n{30041234:72d}\n"
    parsed = read("hypoinverse", (summary() + others) * 2)
    assert (len(parsed.events), len(parsed.rejected)) == (2, 0)
    damaged = read("hypoinverse", summary() + "X" + summary()[1:])
    assert (len(damaged.events), damaged.rejected[0].row) == (1, 2)


def test_hypoinverse_without_preferred_magnitudes_has_those_of_codas() -> None:
    parsed = read("hypoinverse", summary(magnitude="   0", coda="251"))
    assert parsed.events["magnitude"].tolist() == [2.51]
    assert parsed.events["magnitude_type"].tolist() == ["D"]
    assert "no magnitude is marked as preferred" in parsed.explanation.notes[0]
    # One that is preferred, and none is taken from elsewhere
    both = read("hypoinverse", summary() + summary(magnitude="   0", coda="251"))
    assert both.events["magnitude"].tolist() == [-0.12]
    assert both.rejected[0].fault == "no magnitude"


@pytest.mark.parametrize(("time", "ml"), [("Ml", "time"), ("time", "Ml")])
def test_white_is_read_whether_or_not_its_headers_are_swapped(time: str, ml: str) -> None:
    text = f"event_id lat lon depth {ml} {time}\n7 33.5 -116.5 8.0 1.25 2008-01-01T00:00:60.00Z\n"
    parsed = read("white", text * 1 + "8 33.6 -116.6 9.0 0.75 2008-01-02T00:00:00.00Z\n")
    assert parsed.events["magnitude"].tolist() == [1.25, 0.75]
    assert stamps(parsed)[0] == "2008-01-01 00:01:00"


def test_horus_minutes_and_seconds_beyond_sixty_roll_over() -> None:
    header, _ = write("horus", 1, np.random.default_rng(3))
    row = "1990\t1\t1\t23\t60.0\t64.29\t42.1\t13.2\t\t2.5\t0.1\n"
    parsed = read("horus", header + row)
    assert stamps(parsed) == ["1990-01-02 00:01:04.290000"]
    assert np.isnan(parsed.events["depth_km"].iloc[0])


def test_control_bytes_in_ncss_types_are_no_text() -> None:
    header, rows = write("ehp_csv", 2, np.random.default_rng(4))
    text = header + "\n".join(rows).replace("earthquake", "\x1a", 1).replace("4 km", "\xff\xff")
    parsed = read("ehp_csv", text)
    assert parsed.events["event_type"].tolist() == ["unreadable", "earthquake"]


def test_tan_has_events_without_a_magnitude() -> None:
    header, rows = write("tan2021", 2, np.random.default_rng(5))
    without = re.sub(r",[^,]*,1\.1$", ",nan,1.1", rows[0])
    parsed = read("tan2021", header + without + "\n" + rows[1], strict=True)
    assert (len(parsed.events), parsed.rejected[0].by_rule) == (1, True)


def test_pages_of_fdsn_text_may_follow_each_other() -> None:
    header, rows = write("fdsn_text", 2, np.random.default_rng(6))
    parsed = read("fdsn_text", header + rows[0] + "\n" + header + rows[1] + "\n", strict=True)
    assert len(parsed.events) == 2
    assert read("fdsn_text", header).n_rows == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!DOCTYPE x><q:quakeml xmlns:q='a'/>", "declares XML entities"),
        ("<q:quakeml xmlns:q='a'>", "no well-formed XML"),
        ("<other/>", "no QuakeML: its root is 'other'"),
    ],
)
def test_what_is_no_quakeml_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read("quakeml", text)


def test_quakeml_takes_the_preferred_origin_and_magnitude() -> None:
    origin = "<origin publicID='{0}'><time><value>2020-01-0{0}T00:00:00Z</value></time></origin>"
    size = "<magnitude publicID='{0}'><mag><value>{0}</value></mag></magnitude>"
    body = origin.format(1) + origin.format(2) + size.format(1) + size.format(2)
    chosen = (
        "<preferredOriginID>2</preferredOriginID><preferredMagnitudeID>2</preferredMagnitudeID>"
    )
    events = f"<event>{body}{chosen}</event><event>{body}</event>"
    text = f"<a:quakeml xmlns:a='x'><e>{events}</e></a:quakeml>"
    parsed = read("quakeml", text)
    assert parsed.events["magnitude"].tolist() == [2.0, 1.0]
    assert stamps(parsed) == ["2020-01-02 00:00:00", "2020-01-01 00:00:00"]
    assert parsed.explanation.notes == (
        "1 event has several origins and prefers none: the first counts",
        "1 event has several magnitudes and prefers none: the first counts",
    )
    one = f"<event>{origin.format(1)}{size.format(1)}</event><event>{body}{chosen}</event>"
    plain = read("quakeml", f"<a:quakeml xmlns:a='x'><e>{one}</e></a:quakeml>")
    assert plain.explanation.notes == ()


def test_quakeml_whose_origin_was_rejected_is_no_earthquake() -> None:
    event = (
        "<event><type>earthquake</type><origin><time><value>2020-01-01T00:00:00Z</value></time>"
        "<evaluationStatus>{}</evaluationStatus></origin><magnitude><mag><value>9</value></mag>"
        "</magnitude></event>"
    )
    events = event.format("rejected") + event.format("reviewed")
    parsed = read("quakeml", f"<a:quakeml xmlns:a='x'><e>{events}</e></a:quakeml>")
    assert parsed.events["event_type"].tolist() == ["rejected", "earthquake"]
    assert are_earthquakes(parsed.events).tolist() == [False, True]


def test_an_unknown_layout_is_named_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"layout 'scdec': choose one of scedc, scsn"):
        read("scdec", "")
    assert all(form.title for form in FORMATS.values())


def test_a_file_that_fits_two_layouts_is_not_guessed_at() -> None:
    both = b"time latitude longitude depth mag magType nst gap dmin rms net id updated place type "
    both += b"EventID Depth/Km Magnitude\n"
    with pytest.raises(InputError, match=r"fits the layouts ehp_csv, fdsn_text: .*`layout`"):
        detect(both, name="file")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("# only a comment\n", "it starts with"),
        ("a b c\n", "it starts with 'a b c'"),
    ],
)
def test_what_is_no_zmap_is_refused(text: str, message: str) -> None:
    with pytest.raises(
        InputError, match=f"is not of layout zmap, nine columns of numbers or more: {message}"
    ):
        read("zmap", text)
