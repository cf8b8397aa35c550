"""obspy catalogs in and out, and files that obspy reads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, InputError, load
from catalogs.exports import write_quakeml, write_zmap
from catalogs.formats import detect, from_dataframe, from_obspy, parse, to_obspy

pytest.importorskip("obspy")

# obspy looks for its plugins in a way that Python has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:SelectableGroups:DeprecationWarning")


def small() -> Catalog:
    """The first hours of Ridgecrest, with codes."""
    catalog = load("ridgecrest_2019")
    part = catalog.events.head(60).assign(magnitude_type="ml")
    return Catalog(part, replace(catalog.info, n_events=60))


def test_a_catalog_comes_back_from_obspy() -> None:
    catalog = small()
    rows = catalog.complete_rows()
    parsed = from_obspy(to_obspy(catalog))
    assert parsed.rejected == ()
    assert parsed.events["time"].tolist() == catalog.events["time"].iloc[rows].tolist()
    assert set(parsed.events["magnitude_type"]) == {"ml"}
    for name in ("latitude", "longitude", "depth_km", "magnitude"):
        expected = catalog.events[name].iloc[rows].to_numpy()
        np.testing.assert_allclose(parsed.events[name], expected, rtol=1e-12)


def test_events_without_origin_or_magnitude_are_rejected() -> None:
    from obspy import UTCDateTime
    from obspy.core.event import Catalog as ObspyCatalog
    from obspy.core.event import Event, Magnitude, Origin

    time = UTCDateTime(2020, 1, 1)
    events = ObspyCatalog(
        [
            Event(origins=[Origin(time=time, latitude=1.0, longitude=2.0, depth=3000.0)]),
            Event(magnitudes=[Magnitude(mag=3.0)]),
            Event(
                event_type="quarry blast",
                origins=[Origin(time=time)],
                magnitudes=[Magnitude(mag=1.5)],
            ),
        ]
    )
    parsed = from_obspy(events)
    assert parsed.events["event_type"].tolist() == ["quarry blast"]
    assert [(row.row, row.by_rule, row.unit) for row in parsed.rejected] == [
        (1, True, "event"),
        (2, False, "event"),
    ]
    assert from_obspy(ObspyCatalog()).n_rows == 0


@pytest.mark.parametrize("write", [write_zmap, write_quakeml])
@pytest.mark.parametrize("through_obspy", [False, True])
def test_what_we_write_is_read(write: object, through_obspy: bool, tmp_path: Path) -> None:
    catalog = small()
    write(catalog, tmp_path / "file")  # type: ignore[operator]
    content = (tmp_path / "file").read_bytes()
    layout = "obspy" if through_obspy else detect(content, name="file")
    parsed = parse(content, layout, name="file")
    table = catalog.events.iloc[catalog.complete_rows()]
    assert len(parsed.events) == len(table)
    seconds = parsed.events["time"].to_numpy() - table["time"].to_numpy()
    # ZMAP holds the year as a decimal: 1e-12 of a year is 30 us
    assert np.abs(pd.to_timedelta(seconds).total_seconds()).max() < 1e-3
    for name, places in (("latitude", 9), ("longitude", 9), ("depth_km", 6), ("magnitude", 4)):
        np.testing.assert_allclose(parsed.events[name], table[name], atol=10.0**-places)


def test_what_obspy_cannot_read_is_named() -> None:
    with pytest.raises(InputError, match="file: obspy cannot read it"):
        parse(b"nothing of the kind", "obspy", name="file")
    plain = replace(load("ridgecrest_2019").info, name="x")
    with pytest.raises(InputError, match="pip install recast-forecast"):
        _without_obspy(Catalog(load("ridgecrest_2019").events, plain))


def _without_obspy(catalog: Catalog) -> None:
    import sys

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "obspy", None)
        to_obspy(catalog)


def test_a_data_frame_is_a_table_too() -> None:
    frame = pd.DataFrame(
        {
            "Origin Time": pd.to_datetime(["2020-01-01T12:00", None]),
            "Mag": [2.5, 3.0],
            "lat": [35.0, 35.0],
            "lon": [-117.0, -117.0],
        }
    )
    parsed = from_dataframe(frame)
    assert parsed.events["magnitude"].tolist() == [2.5]
    assert str(parsed.rejected[0]).startswith("the table row 2: time is empty")
    assert from_dataframe(frame.set_index("Origin Time")).n_rows == 2
    again = from_dataframe(load("ridgecrest_2019").events)
    expected = load("ridgecrest_2019").events["magnitude"].tolist()
    assert again.events["magnitude"].tolist() == expected
