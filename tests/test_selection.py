"""Parts of a catalog: the same in Python, in YAML and on the command line."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, CatalogInfo, InputError, Selection, SplitDates, load
from recast import cli

SELECTION = {
    "area": "35.6/36/-117.7/-117.3",
    "end": "2019-07-10",
    "magnitude_completeness": 2.7,
    "fractions": (0.5, 0.3, 0.2),
}


def counts(catalog: Catalog) -> list[int]:
    return [part.n_scored for _, part in catalog.split().items()]


def expected() -> pd.DataFrame:
    """The events of ``SELECTION``, chosen by hand."""
    events = load("ridgecrest_2019").events
    keep = events["latitude"].between(35.6, 36, inclusive="left")
    keep &= events["longitude"].between(-117.7, -117.3, inclusive="left")
    keep &= (events["time"] < pd.Timestamp("2019-07-10", tz="UTC")) & (events["magnitude"] >= 2.7)
    return events[keep]


def test_nothing_chosen_is_the_whole() -> None:
    catalog = load("ridgecrest_2019")
    assert Selection().of(catalog).info == catalog.info


def test_all_that_can_be_chosen() -> None:
    part = Selection(**SELECTION).of(load("ridgecrest_2019"))  # type: ignore[arg-type]
    sequence = part.to_sequence()
    np.testing.assert_array_equal(sequence.magnitudes, expected()["magnitude"])
    assert part.info.end == "2019-07-10"
    scored = sum(counts(part))
    assert scored < len(sequence)  # the first hours are history only, as in the whole
    np.testing.assert_allclose(np.array(counts(part)) / scored, SELECTION["fractions"], atol=2e-2)


def test_a_part_is_no_longer_the_file_that_its_hash_is_of() -> None:
    whole = load("ridgecrest_2019")
    info = replace(whole.info, sha256="a" * 64)
    part = Selection(end="2019-07-12").of(Catalog(whole.events, info))
    assert (part.info.sha256, part.info.n_events) == ("", len(part.events))
    assert Selection().of(Catalog(whole.events, info)).info.sha256 == "a" * 64


def test_events_after_the_test_window_stay_outside_of_it() -> None:
    whole = load("ridgecrest_2019")
    splits = replace(whole.info.splits, end="2019-07-12")
    catalog = Catalog(whole.events, replace(whole.info, splits=splits))
    assert Selection(end="2019-07-13").of(catalog).info.splits == splits
    assert Selection(start=whole.info.start).of(catalog).info.splits == splits


def test_windows_cut_the_splits() -> None:
    catalog = load("ridgecrest_2019")
    first = catalog.info.splits
    part = Selection(start="2019-07-07T06:00", end="2019-07-12").of(catalog)
    assert part.info.splits.train_start == "2019-07-07T06:00"
    assert (part.info.splits.val_start, part.info.splits.end) == (first.val_start, "2019-07-12")
    early = {"end": str(first.val_start)}
    with pytest.raises(InputError, match="do not lie inside .*: give `splits` that do, or `fracti"):
        Selection(**early).of(catalog)  # type: ignore[arg-type]
    shares = Selection(**early, fractions=(0.6, 0.2, 0.2)).of(catalog)  # type: ignore[arg-type]
    assert shares.info.splits.end == early["end"]
    dates = ("2019-07-07", "2019-07-08", "2019-07-09", "2019-07-10")
    chosen = Selection(splits=dates).of(catalog, "other").info
    assert (chosen.splits.train_start, chosen.splits.end) == (dates[0], dates[-1])
    assert (chosen.name, catalog.info.name) == ("other", "ridgecrest_2019")


def test_days_are_chosen_in_catalogs_that_count_days() -> None:
    days = np.arange(1000.0)
    table = pd.DataFrame({"time": days + 0.5, "magnitude": 3.0 + days % 7 / 10})
    splits = SplitDates(0.0, 600.0, 800.0, 1000.0)
    info = CatalogInfo("days", 0.0, 1000.0, splits, 3.0, time_unit="days since start")
    part = Selection(start="100", end="500", fractions=(0.6, 0.2, 0.2)).of(Catalog(table, info))
    assert (part.info.start, part.info.end) == (100.0, 500.0)
    assert counts(part) == [240, 80, 80]
    assert (part.info.splits.val_start, part.info.splits.test_start) == (340.0, 420.0)
    with pytest.raises(InputError, match=r"counts days since its start: 'July' is not a number"):
        Selection(end="July").of(Catalog(table, info))


def test_event_types_are_chosen() -> None:
    catalog = load("ridgecrest_2019")
    types = np.where(np.arange(len(catalog.events)) % 3 == 0, "qb", "eq")
    marked = Catalog(catalog.events.assign(event_type=types), catalog.info)
    part = Selection(earthquakes_only=True).of(marked)
    assert set(part.events["event_type"]) == {"eq"}
    assert part.info.n_events == len(part.events) == (types == "eq").sum()


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(area="0/1/0/1"), "has no event within 0/1/0/1"),
        (
            Selection(magnitude_completeness=1.0),
            "1 is below that of catalog 'ridgecrest_2019', 2.5",
        ),
        (
            Selection(start="2018-07-01"),
            "'ridgecrest_2019' is known from 2019-07-0.*import it again",
        ),
        (Selection(end="2020-07-01"), "'ridgecrest_2019' is known until 2019-07-.*choose a window"),
        (Selection(start="2019-07-13"), "give `splits` that do, or `fractions`"),
        (Selection(splits=("2019-07-07", "2019-07-08")), "give train start, validation start"),
        (
            Selection(splits=("2019-07-07",) * 4, fractions=(0.6, 0.2, 0.2)),
            "give splits or fractions, not both",
        ),
        (Selection(fractions=(0.6, 0.2)), "three positive shares"),
    ],
    ids=str,
)
def test_impossible_parts_are_one_line(selection: Selection, message: str) -> None:
    with pytest.raises(InputError, match=message):
        selection.of(load("ridgecrest_2019"))


def options() -> list[str]:
    return [
        *("--area", "35.6/36/-117.7/-117.3", "--end", "2019-07-10"),
        *("--completeness", "2.7", "--fractions", "0.5", "0.3", "0.2"),
    ]


def test_the_command_line_stores_the_same_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Selection(**SELECTION).of(load("ridgecrest_2019"), "part")  # type: ignore[arg-type]
    command = ["catalogs", "select", "ridgecrest_2019", "--name", "part", "--json"]
    assert cli.main([*command, *options()]) == 0
    summary = json.loads(capsys.readouterr().out)
    part = load("part")
    assert part.info.splits == whole.info.splits
    np.testing.assert_array_equal(part.to_sequence().times, whole.to_sequence().times)
    assert list(summary["splits"].values()) == counts(whole)
    assert cli.main([*command, *options()]) == 2
    assert "exists already" in capsys.readouterr().err
    assert cli.main([*command[:-1], "--overwrite", *options()]) == 0
    out = capsys.readouterr().out
    assert f"{len(part.events):,}" in out
    assert "saved " in out
    assert "part.json" in out


def test_yaml_trains_on_the_same_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from recast.training.data import CatalogData

    whole = Selection(**SELECTION).of(load("ridgecrest_2019"))  # type: ignore[arg-type]
    data = CatalogData("ridgecrest_2019", selection=Selection(**SELECTION))  # type: ignore[arg-type]
    assert data.region.catalog.info == whole.info
    config = tmp_path / "part.yaml"
    config.write_text(
        "data:\n  catalog: ridgecrest_2019\n  selection:\n    area: 35.6/36/-117.7/-117.3\n"
        "    end: '2019-07-10'\n    magnitude_completeness: 2.7\n    fractions: [0.5, 0.3, 0.2]\n"
    )
    assert cli.main(["fit", "--config", str(config), "--print_config"]) == 0
    assert "35.6/36/-117.7/-117.3" in capsys.readouterr().out
