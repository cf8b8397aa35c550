"""Files as people have them: what each must give, from a folder ``cases`` beside $RECAST_DATA."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalogs import load
from recast import cli

REAL_DATA = os.environ.get("RECAST_DATA")
FOLDER = Path(REAL_DATA or "") / ".." / "cases"

FIRST = "2016-08-24T01:36:35.525"
LAST = "2016-09-23T01:07:56"  # to the whole second; written as 56.238 or rounded in the files


@dataclass(frozen=True)
class Case:
    """Options, how many events are read and kept, and what the output says; or the refusal."""

    events: int = 300
    kept: int | None = None
    options: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    refused: str = ""
    first: str = "2016-08-24T01:36"
    last: str = "2016-09-23T01:07"
    bin: float | None = None
    b: float | None = None
    depths: int | None = None


LIVE = Case(first="2000-01", last="2009-12-2", events=1187)


def real(events: int, first: str, last: str, **known: Any) -> Case:
    return Case(events=events, first=first, last=last, **known)


CASES: dict[str, Case] = {
    "mn.tsv": Case(last=LAST),
    "plural.csv": Case(last=LAST),
    "hypodd_header.reloc": Case(first=FIRST, last=LAST),
    "hypodd_plain.reloc": Case(first=FIRST, last=LAST),
    "usgs_mixed_bins.csv": real(
        1500, "2023-07", "2024-05", bin=0.1, b=1.08, says=("do not keep steps of 0.1",)
    ),
    "b_conv.csv": real(1187, "2000-01", "2009-12", bin=0.085, b=1.13),
    # The file holds multiples of 0.2
    "b_quarter.csv": real(1187, "2000-01", "2009-12", bin=0.2),
    # All but its three largest magnitudes, given to 0.01, are on tenths
    "b_mixed.csv": real(1187, "2000-01", "2009-12", bin=0.1, says=("3 of", "6.13, 5.83, 5.73")),
    "b_same.csv": Case(refused="all 1,187 magnitudes are 3.0"),
    "b_swarm.csv": real(800, "2000-01", "2009-12"),
    "b_few.csv": real(90, "2000-01", "2000-06"),
    "b_etas.csv": real(1187, "2000-01", "2009-12"),
    "sed_depth_m.csv": real(
        700,
        "2023-09",
        "2023-12",
        kept=579,
        depths=579,
        says=("depth is in metres", "quarry blast 110", "--event-types all"),
    ),
    "depth999.csv": Case(first=FIRST, depths=150, says=("150 values", "-999.0")),
    "mag00.csv": Case(refused="100 of 300 magnitudes are 0.0"),
    "magm1.csv": Case(refused="100 of 300 magnitudes are -1.0"),
    "mag999b.csv": Case(refused="100 of 300 magnitudes are 9.9"),
    "mmdup.txt": Case(first=FIRST, last=LAST),
    "ymdtime.txt": Case(first=FIRST, last=LAST),
    "isc_ren.csv": Case(kept=258, says=("km 42", "column TYPE")),
    "isc_new_cut.csv": Case(kept=258, says=("km 42",)),
    "isc_event_catalogue.csv": real(139, "2000-01-06", "2002-04-04", says=("ISC mb 60",)),
    "isc_event_catalogue_cut.csv": real(139, "2000-01-06", "2002-04-04", says=("DJA ML 65",)),
    "iscgem_mbtk.csv": real(832, "1905-02-17T11:41:07.82", "2016-11-27"),
    "commams.csv": Case(refused="6 fields where the header has 5"),
    "deccomma.csv": Case(first=FIRST, says=("decimal commas",)),
    "emrcmt.csv": Case(options=("--column", "clock=time_orig", "--ties", "separate")),
    "cwa.csv": Case(says=("UTC+8",)),
    "noaa_1700_2024.tsv": real(873, "1695-02-25T12:30", "2024-03-23"),
    "y1100.csv": real(
        371,
        "1682-09-28",
        "1959-12-12",
        options=("--start", "1682-09-28"),
        says=("before 1678", "earlier than 1678"),
    ),
    "koeri.txt": Case(),
    "koeri_year.csv": Case(),
    "ncedc_dash_only.txt": Case(),
    "ncedc_readable.txt": Case(),
    "afad.csv": Case(says=("day first",)),
    "ign.csv": Case(says=("day first", "latin-1")),
    "kaggle.csv": Case(
        kept=294, first="2016-08-24T02:16:16", says=("month first", "Nuclear Explosion 6")
    ),
    "ssn.csv": Case(events=270, first="2016-08-24T02:16:16", says=("Fecha UTC", "4 lines above")),
    "titlerow.csv": Case(says=("1 line above",)),
    "sepline.csv": Case(),
    # Chinese time, which the file does not say
    "cenc29.txt": Case(first="2016-08-24T09:36", last="2016-09-23T09:07", says=("local time",)),
    "zmap9.dat": Case(),
    "zmapcsv.csv": Case(first=FIRST),
    "lc_events.xlsx": Case(refused="save its sheet as CSV"),
    "utf16.csv": Case(says=("utf-16",)),
    "cenc_gbk.csv": Case(
        first="2016-08-24T01:36",
        options=("--encoding", "gbk", "--time-zone", "+08:00"),
        says=("gbk", "UTC+8"),
    ),
    "mac.zip": Case(first=FIRST),
    "readme.zip": Case(first=FIRST),
    "tar.tar.gz": Case(first=FIRST),
    "base.csv.bz2": Case(first=FIRST),
    "base.csv.xz": Case(first=FIRST),
    "ymdint.csv": Case(),
    "csep2epoch.csv": Case(first=FIRST, says=("counts ms since 1970",)),
    "sapp.etas": Case(options=("--origin", "2016-08-24T01:36:35"), first="2016-08-24T01:36:35"),
    "ob_select.out": Case(refused="try --layout obspy"),
    "ob_neries_events.xml": real(3, "2012-04-04", "2012-04-04"),
    "pandas_index.tsv": Case(first=FIRST),
    "r_cal.txt": Case(),
    "blankplace.txt": Case(),
    "placelast.csv": Case(first=FIRST),
    "freetext_1200.txt": real(1200, "2015-01-01", "2016-11-30"),
    "id0.csv": Case(first=FIRST, says=("300 events of different times share '0'",)),
    "template.csv": Case(first=FIRST),
    "nceer.txt": Case(),
    "usgs.geojson": Case(refused="export the events as CSV"),
    "phivolcs.csv": Case(refused="--time-zone"),
    "csn.csv": Case(says=("Fecha UTC",)),
    "noa.txt": Case(),
    "quakemigrate.csv": Case(events=266, first="2016-08-24T02:16", says=("in metres",)),
}


def test_every_case_of_the_folder_is_here() -> None:
    table = FOLDER / "cases.tsv"
    if not REAL_DATA or not table.is_file():
        pytest.skip("needs the folder cases beside RECAST_DATA")
    names = [
        name for row in table.read_text().splitlines()[1:] for name in row.split("\t")[0].split()
    ]
    assert sorted(CASES) == sorted(names)


@pytest.fixture
def case_file() -> Callable[[str], Path]:
    def get(name: str) -> Path:
        path = FOLDER / "files" / name
        if not REAL_DATA or not path.is_file():
            pytest.skip(f"needs the file {name} in a folder cases beside RECAST_DATA")
        return path

    return get


@pytest.mark.parametrize("name", list(CASES))
def test_a_file_gives_what_it_must(
    name: str, case_file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path, case = case_file(name), CASES[name]
    command = ["catalogs", "import", str(path), "--name", "case", *case.options]
    code = cli.main(command)
    out, err = capsys.readouterr()
    if case.refused:
        assert code == 2
        assert case.refused in err
        assert err.count("\n") == 1
        return
    assert (code, err) == (0, "")
    for part in case.says:
        assert part in out
    catalog = load("case")
    times = catalog.events["time"].dt.tz_localize(None)
    assert times.min().isoformat().startswith(case.first)
    assert times.max().isoformat().startswith(case.last)
    assert len(times) == (case.events if case.kept is None else case.kept)
    assert f"{case.events:,} events read" in out
    if case.bin is not None:
        assert catalog.info.magnitude_bin == pytest.approx(case.bin)
    if case.b is not None:
        law = catalog.info.magnitude_law(catalog.to_sequence().magnitudes)
        assert law.b == pytest.approx(case.b, abs=0.05)
    if case.depths is not None:
        assert catalog.events["depth_km"].notna().sum() == case.depths
        assert catalog.events["depth_km"].abs().max() < 100.0


@pytest.mark.parametrize("name", list(CASES))
def test_an_explanation_writes_nothing(
    name: str,
    case_file: Callable[[str], Path],
    user_cache: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, case = case_file(name), CASES[name]
    code = cli.main(["catalogs", "import", "--explain", str(path), "--json", *case.options])
    out, err = capsys.readouterr()
    assert not user_cache.exists()
    if code:
        assert case.refused in err
        return
    reading = json.loads(out)["reading"]
    meanings = {column["meaning"] for column in reading["columns"]}
    assert "magnitude" in meanings
    assert all(
        column["values"] for column in reading["columns"] if column["meaning"] == "magnitude"
    )
