"""Places from the command line: scored, fitted, forecast."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, CatalogInfo, InputError, SplitDates, load, save
from catalogs.areas import bounding_box, parse_area
from catalogs.sphere import square_kilometres
from etas.space.law import UniformPlaces
from etas.space.model import SpaceTimeETAS
from etas.space.region import Region
from recast import fit_model, load_model, run_benchmark, run_forecast, run_simulation
from recast.benchmark.results import BenchmarkResult
from recast.cli import main
from recast.forecast.gridded import GriddedRates
from recast.forecast.places import forecast_grid
from recast.forecast.results import ForecastResult
from recast.models.places import about_region, smoothed_law, triggered_law
from recast.report.summary import table

CATALOG = ["--catalog", "ridgecrest_2019"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark with places."""
    out = tmp_path_factory.mktemp("places")
    models = ["--models", "poisson", "smoothed", "etas"]
    assert main(["benchmark", *CATALOG, *models, "--places", "--out", str(out)]) == 0
    return out


def test_a_benchmark_scores_places_beside_times(run: Path) -> None:
    models = json.loads((run / "benchmark.json").read_text())["catalogs"]["ridgecrest_2019"][
        "models"
    ]
    place = {name: row["marks"]["place"] for name, row in models.items()}
    area = load("ridgecrest_2019").area
    assert place["poisson"]["nats_per_event"]["test"] < place["smoothed"]["nats_per_event"]["test"]
    assert place["etas"]["gain"]["mean"] > 1.0
    assert place["etas"]["gain_over_etas"] is None
    assert place["smoothed"]["gain_over_etas"]["ci95"][1] < 0.0
    law = json.loads((run / "ridgecrest_2019" / "etas.places.json").read_text())
    assert parse_area(law["area"]) == area


def test_the_table_has_them(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = str(BenchmarkResult.load(run / "benchmark.json"))
    assert "places, nats per event" in text
    assert "smoothed places them worse than ETAS" in text


def test_a_benchmark_says_which_box_places_lie_in(run: Path) -> None:
    result = BenchmarkResult.load(run / "benchmark.json")
    (remark,) = result.catalogs["ridgecrest_2019"].remarks
    area = load("ridgecrest_2019").area
    assert remark.startswith(f"places lie in {area}, the box around the catalog's events")
    assert "recast catalogs import --area" in remark
    assert f"note: {remark}" in str(result)


def test_a_forecast_says_where_places_lie_if_not_in_the_area_of_the_catalog() -> None:
    """Rates are those of the model's area, whatever was asked for."""
    catalog = load("ridgecrest_2019")
    narrow, wide = parse_area("35.2/36.5/-118.2/-117"), parse_area("35/37/-119/-116.5")
    law = smoothed_law(catalog.within(narrow))
    (said,) = about_region(catalog.within(wide), law)
    assert said.startswith(f"places lie in {narrow}, the area that the model was fitted to")
    assert f"not in {wide}" in said
    assert about_region(catalog.within(narrow), law) == []
    (said,) = about_region(catalog, smoothed_law(catalog))
    assert f"places lie in {catalog.area}, the box around the catalog's events" in said


@pytest.mark.parametrize("square", [False, True])
def test_etas_that_knows_nothing_gains_nothing_in_a_small_network(
    square: bool, tmp_path: Path
) -> None:
    """Uniform places in a hundredth of a degree: edges at tenths gave a gain of 4.5 nats."""
    found = load("ridgecrest_2019")
    events = found.to_dataframe()
    places = np.random.default_rng(1).random((len(events), 2)) * 0.01
    events["latitude"], events["longitude"] = 35.00013 + places[:, 0], -117.00037 + places[:, 1]
    area = "35.00013/35.01013/-117.00037/-116.99037" if square else ""
    catalog = Catalog(events, replace(found.info, name="mine", area=area))
    done = run_benchmark([catalog], ["poisson", "etas"], tmp_path, places=True)
    result = done.catalogs["mine"]
    gain = result.models["etas"].marks["place"].gain
    assert gain is not None
    assert abs(gain.mean) < 0.15
    assert len(result.remarks) == (not square)


def test_a_report_has_them(run: Path) -> None:
    result = BenchmarkResult.load(run / "benchmark.json")
    heads, rows = table(result.catalogs["ridgecrest_2019"].models)
    place = heads.index("places (nats/event)")
    assert [float(row[place]) < -3.0 for row in rows] == [True] * 3
    assert "gain of places over ETAS [95\u00a0%]" in heads


def test_a_protocol_puts_published_rows_beside(tmp_path: Path) -> None:
    found = load("ridgecrest_2019")
    events = found.to_dataframe()
    events["latitude"] = 33.6 + 0.05 * (events["latitude"] - 35.8)
    events["longitude"] = -116.6 + 0.05 * (events["longitude"] + 117.6)
    catalog = Catalog(events, replace(found.info, name="white_06"))
    done = run_benchmark([catalog], ["poisson", "etas"], tmp_path, protocol="earthquakenpp")
    result = done.catalogs["white_06"]
    assert result.protocol is not None
    assert result.protocol.published["ETAS"] == (2.0211, -4.2611)
    times, places = result.protocol.models["poisson"]
    assert times == result.models["poisson"].test.nats_per_event
    assert places == pytest.approx(-np.log(4000.0), abs=0.005)
    mine = result.protocol.models["etas"]
    # Kernels that integrate to 1 over the plane have a little less density inside
    inside = result.models["etas"].marks["place"].nats_per_event["test"]
    assert inside - 0.2 < mine[1] < inside
    text = str(done)
    assert "best neural (published)" in text
    assert "its ETAS, on these places" in text


def test_a_saved_model_keeps_its_law_of_places(run: Path) -> None:
    catalog = load("ridgecrest_2019")
    model = load_model(run / "ridgecrest_2019" / "etas.json").on(catalog)
    assert model.places is not None
    again = fit_model("etas", catalog, places=True)
    test = catalog.split().test
    assert again.places is not None
    np.testing.assert_allclose(
        model.places.log_density(test), again.places.log_density(test), rtol=1e-9
    )
    assert fit_model("etas", catalog).places is None
    scored = BenchmarkResult.load(run / "benchmark.json").catalogs["ridgecrest_2019"]
    means = scored.models["etas"].marks["place"].nats_per_event
    for part, window in catalog.split().items():
        assert means[part] == pytest.approx(model.places.log_density(window).mean(), rel=1e-9)


def test_simulated_catalogs_have_places(run: Path, tmp_path: Path) -> None:
    model = str(run / "ridgecrest_2019" / "etas.json")
    command = ["simulate", "--model", model, "--days", "1", "--places", "--no-plots"]
    assert main([*command, *CATALOG, "--out", str(tmp_path)]) == 0
    one = load(str(tmp_path / "simulated"))
    area = load("ridgecrest_2019").area
    events = one.to_dataframe()
    assert len(events) > 20
    assert area.contains(events["latitude"], events["longitude"]).all()
    fitted = load_model(model).on(load("ridgecrest_2019"))
    nothing = run_simulation(fitted, 2.0, 3, places=fitted.places)
    assert nothing.drawn.locations is not None
    assert area.contains(*nothing.drawn.locations.T).all()


def test_a_forecast_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["forecast", *CATALOG, "--at", "2019-07-10", "--days", "1", "--samples", "200"]
    assert main([*command, "--places", "--csep", "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "half of the events are expected within" in shown
    assert "the box around the catalog's events: if the network covers more" in shown
    record = json.loads((tmp_path / "forecast.json").read_text())
    expected = next(row["expected"] for row in record["table"] if row["magnitude"] == 2.5)
    rates = GriddedRates.from_dat(tmp_path / "forecast_rates.dat")
    assert rates.expected == pytest.approx(expected, rel=1e-6)
    assert (rates.rates > 0.0).all()
    assert 0.0 <= record["places"]["spatial_test"] <= 1.0
    assert 0.0 <= record["places"]["pseudo_likelihood_test"] <= 1.0
    table = pd.read_csv(tmp_path / "forecast_csep.csv").dropna(subset="mag")
    inside = load("ridgecrest_2019").area.contains(table["lat"], table["lon"])
    assert inside.all()
    assert len(table) == pytest.approx(200 * expected, abs=0.5)
    assert (tmp_path / "forecast_map.png").stat().st_size > 10_000
    shapes = json.loads((tmp_path / "forecast_rates.geojson").read_text())
    assert len(shapes["features"]) == len(rates.grid)


@pytest.mark.parametrize(
    ("kilometres", "decimals", "cell"),
    [(3.0, 5, 0.0005), (5.0, 2, 0.01), (20.0, 5, 0.01), (60.0, 5, 0.1)],
)
def test_a_small_field_has_small_cells(kilometres: float, decimals: int, cell: float) -> None:
    """The longer side of a region of less than half a degree has some fifty, or as places allow."""
    side = kilometres / 111.2
    rng = np.random.default_rng(0)
    places = np.round([36.0, -117.8] + side * rng.random((400, 2)), decimals)
    info = CatalogInfo(
        "field",
        0.0,
        400.0,
        SplitDates(0.0, 240.0, 320.0, 400.0),
        0.0,
        has_locations=True,
        time_unit="days since start",
    )
    columns = {"time": np.arange(400.0), "magnitude": 0.5}
    events = pd.DataFrame({**columns, "latitude": places[:, 0], "longitude": places[:, 1]})
    catalog = Catalog(events, info)
    law = UniformPlaces(Region(bounding_box(catalog.area)))
    assert forecast_grid(catalog, law, 300.0).step == cell


@pytest.mark.parametrize(
    ("area", "cell"),
    [("32/40.5/-122/-114", 0.1), ("10/60/-140/-60", 0.5), ("-90/90/-180/180", 2.0)],
    ids=["state", "continent", "the Earth"],
)
def test_a_large_area_has_large_cells(area: str, cell: float) -> None:
    """Cells of 0.1 degrees of China were a .dat of 454 MB."""
    catalog, law = load("ridgecrest_2019"), UniformPlaces(Region(parse_area(area)))
    grid = forecast_grid(catalog, law, catalog.to_sequence().end)
    assert grid.step == cell
    assert len(grid) <= 30_000
    assert forecast_grid(catalog, law, catalog.to_sequence().end, 1.0).step == 1.0


@pytest.mark.parametrize(
    "area", ["35.55/36.05/-117.95/-117.35", "35.3,-118 36.2,-118.1 36.3,-117.2 35.4,-117.1"]
)
def test_every_event_is_in_a_cell_where_they_do_not_tile_the_area(
    area: str, tmp_path: Path
) -> None:
    command = ["forecast", *CATALOG, "--area", area, "--at", "2019-07-11", "--days", "1"]
    options = ["--samples", "300", "--places", "--csep", "--cell", "0.5"]
    assert main([*command, *options, "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "forecast.json").read_text())
    rates = GriddedRates.from_dat(tmp_path / "forecast_rates.dat")
    assert rates.expected == pytest.approx(record["table"][0]["expected"], rel=1e-9)
    table = pd.read_csv(tmp_path / "forecast_csep.csv").dropna(subset="mag")
    cells = rates.grid.cell_of(table[["lat", "lon"]].to_numpy())
    assert (cells >= 0).all()
    seen = np.bincount(cells, minlength=len(rates.grid)) / 300.0
    off = np.abs(seen - rates.per_cell)  # events trigger others, so that numbers vary more
    assert (off < 0.02 * rates.per_cell + 5.0 * np.sqrt(rates.per_cell / 300.0)).all()
    inside = [
        feature["properties"]["rate"] / feature["properties"]["rate_per_km2"]
        for feature in json.loads((tmp_path / "forecast_rates.geojson").read_text())["features"]
    ]
    assert sum(inside) == pytest.approx(square_kilometres(parse_area(area)), rel=1e-9)
    assert record["places"]["half_km2"] < 1.01 * square_kilometres(parse_area(area))


def test_an_area_on_record_is_taken_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the message above advises."""
    table = tmp_path / "network.csv"
    events = load("ridgecrest_2019").to_dataframe()
    events[["time", "latitude", "longitude", "magnitude"]].to_csv(table, index=False)
    importing = ["catalogs", "import", str(table), "--name", "seq", "--completeness", "2.5"]
    assert main([*importing, "--area", "35/37/-119/-117"]) == 0
    command = ["forecast", "--catalog", "seq", "--at", "2019-07-10", "--days", "0.5", "--places"]
    assert main([*command, "--samples", "50", "--no-plots", "--out", str(tmp_path / "out")]) == 0
    assert "the box around" not in capsys.readouterr().out
    record = json.loads((tmp_path / "out" / "forecast.json").read_text())
    assert record["places"]["law"]["area"] == "35/37/-119/-117"


def test_the_most_active_place_across_180_degrees_has_a_longitude_in_the_west(
    tmp_path: Path,
) -> None:
    events = load("ridgecrest_2019").to_dataframe()[["time", "latitude", "longitude", "magnitude"]]
    events["longitude"] += 297.8  # from 179.8 on
    events.to_csv(tmp_path / "east.csv", index=False)
    importing = ["catalogs", "import", str(tmp_path / "east.csv"), "--name", "across"]
    assert main([*importing, "--completeness", "2.5"]) == 0
    command = ["forecast", "--catalog", "across", "--at", "2019-07-10", "--days", "0.5", "--places"]
    assert main([*command, "--samples", "50", "--no-plots", "--out", str(tmp_path / "out")]) == 0
    record = json.loads((tmp_path / "out" / "forecast.json").read_text())
    assert -180.0 < record["places"]["centre"][1] < -179.0


def test_numbers_do_not_depend_on_places(tmp_path: Path) -> None:
    command = ["forecast", *CATALOG, "--at", "2019-07-10", "--days", "1", "--samples", "100"]
    tables = []
    for more in ([], ["--places", "--cell", "0.25"]):
        out = tmp_path / str(len(more))
        assert main([*command, *more, "--no-plots", "--out", str(out)]) == 0
        tables.append(json.loads((out / "forecast.json").read_text())["table"])
    assert tables[0] == tables[1]


def test_a_map_is_the_same_before_and_after_its_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the rates of a large area takes seconds."""
    catalog = load("ridgecrest_2019")
    asked = {"at": "2019-07-10", "days": [0.5], "samples": 50, "places": True}
    made = run_forecast(catalog, **asked, out=tmp_path)
    with monkeypatch.context() as patch:
        patch.delattr(GriddedRates, "from_dat")
        just = made.map(catalog, tmp_path)
    read = ForecastResult.load(tmp_path / "forecast.json").map(catalog, tmp_path)
    for figure, name in ((just, "just.png"), (read, "read.png")):
        figure.savefig(tmp_path / name)
    assert (tmp_path / "just.png").read_bytes() == (tmp_path / "read.png").read_bytes()


def test_cells_finer_than_the_epicentres_are_refused(tmp_path: Path) -> None:
    found = load("ridgecrest_2019")
    events = found.to_dataframe().round({"latitude": 1, "longitude": 1})
    coarse = Catalog(events, found.info)
    with pytest.raises(InputError, match="rounded to 0.1: set `cell` to that or more"):
        run_forecast(coarse, at="2019-07-10", days=[0.5], samples=50, places=True, cell=0.05)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("0.07", "step 0.07 does not divide 90 degrees"),
        ("0", r"step 0 is not in \(0, 90\] degrees"),
        ("0.0001", "choose a larger step"),
        ("0.05", "rounded to 0.1: set --cell to that or more"),
    ],
)
def test_cells_that_cannot_be_are_refused_before_anything_is_simulated(
    cell: str,
    message: str,
    tmp_path: Path,
    user_cache: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = load("ridgecrest_2019")
    events = found.to_dataframe().round({"latitude": 1, "longitude": 1})
    save(Catalog(events, replace(found.info, name="coarse")), user_cache)
    monkeypatch.setattr("recast.forecast.make.draw_forecast", None)
    command = ["forecast", "--catalog", "coarse", "--at", "2019-07-10", "--days", "0.5"]
    out = tmp_path / "out"
    assert main([*command, "--places", "--cell", cell, "--out", str(out)]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not out.exists()


def test_rounded_epicentres_gain_no_more_than_exact_ones() -> None:
    exact = load("ridgecrest_2019").within(parse_area("35.2/36.5/-118.2/-117"))
    table = exact.events.assign(
        latitude=exact.events["latitude"].round(2), longitude=exact.events["longitude"].round(2)
    )
    rounded = replace(exact, events=table)
    scores = {}
    for name, catalog in (("exact", exact), ("rounded", rounded)):
        test = catalog.split().test
        laws = (smoothed_law(catalog), triggered_law(catalog))
        scores[name] = np.array([law.log_density(test).mean() for law in laws])
    np.testing.assert_allclose(scores["rounded"], scores["exact"], atol=0.1)


def test_a_forecast_without_an_event_has_no_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["forecast", *CATALOG, "--days", "1e-4", "--samples", "3", "--places"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    assert "no event was simulated over the longest window" in capsys.readouterr().out
    assert (tmp_path / "forecast_rates.dat").is_file()
    assert not (tmp_path / "forecast_map.png").exists()
    with pytest.raises(InputError, match="samples = 0"):
        run_forecast(load("ridgecrest_2019"), days=[1.0], samples=0)


def test_few_events_are_placed_where_others_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["forecast", *CATALOG, "--at", "2019-07-06T04:00", "--days", "1", "--samples", "50"]
    assert main([*command, "--places", "--no-plots", "--out", str(tmp_path)]) == 0
    law = json.loads((tmp_path / "forecast.json").read_text())["places"]["law"]
    assert law["law"] == "SmoothedPlaces"
    assert "fewer than 70 events are known" in capsys.readouterr().out


def test_a_space_time_fit_has_errors_scores_and_a_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["etas", "fit", *CATALOG, "--space", "--fix", "q=1.8", "--out", str(tmp_path)]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "q          1.8 fixed" in shown
    ratios = (
        r"branching ratio (\S+) anywhere over (\S+) days, "
        r"(\S+) counting only offspring inside the region"
    )
    matched = re.search(ratios, shown).groups()  # type: ignore[union-attr]
    anywhere, days, inside = map(float, matched)
    record = json.loads((tmp_path / "space.json").read_text())
    model = SpaceTimeETAS.from_json(record["model"])
    test = load("ridgecrest_2019").split().test
    places = model.places.log_density(test).mean()
    assert record["splits"]["test"][1] == pytest.approx(places)
    assert record["branching_ratio_inside"] == pytest.approx(inside, abs=1e-4)
    assert record["branching_ratio"] == pytest.approx(anywhere, abs=1e-4)
    assert model.branching_ratio(record["days"]) == pytest.approx(anywhere, abs=1e-4)
    assert days == pytest.approx(record["days"], rel=5e-3)
    assert shown.startswith(f"fitted to {record['n_events']} events over {days:g} days\n")
    assert f"b-value {model.magnitude_law.b:.3f} above M 2.5\n" in shown
    assert inside < anywhere
    assert ("supercritical" in shown) == (anywhere >= 1.0)
    assert 0.0 < record["background_share"] < 1.0
    assert (tmp_path / "background_map.png").is_file()
    # The file is a model, whose times and places can be tested
    command = ["residuals", *CATALOG, "--model", str(tmp_path / "space.json"), "--split", "train"]
    assert main([*command, "--places", "--no-plots", "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "residuals.json").read_text())
    assert found["nats_per_event"] == pytest.approx(record["splits"]["train"][0])
    assert found["expected_background"] == pytest.approx(
        record["background_share"] * found["n_events"]
    )
    assert sum(found["places"]["cells"]["observed"]) == found["n_events"]


def test_a_space_time_model_is_simulated_with_and_without_history(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    area = ["--area", "35.2/36.5/-118.2/-117"]
    fit = ["etas", "fit", *CATALOG, *area, "--space", "--fix", "q=1.8", "--fix", "d=0.5"]
    assert main([*fit, "--no-plots", "--out", str(tmp_path)]) == 0
    simulate = ["simulate", "--model", str(tmp_path / "space.json"), "--days", "1", "--no-plots"]
    simulate += ["--format", "csep", "--samples", "20", "--out", str(tmp_path / "drawn")]

    def drawn() -> pd.DataFrame:
        return pd.read_csv(tmp_path / "drawn" / "simulated.csv").dropna(subset="lon")

    capsys.readouterr()
    assert main([*simulate, "--origin", "2020-01-01"]) == 0
    assert "the background is uniform" in capsys.readouterr().out
    inside = parse_area(area[1])
    assert len(drawn()) > 50
    assert inside.contains(drawn()["lat"], drawn()["lon"]).all()

    assert main([*simulate, *CATALOG]) == 2
    assert "(--area)" in capsys.readouterr().err
    assert main([*simulate, *CATALOG, *area]) == 0
    assert "uniform" not in capsys.readouterr().out
    assert inside.contains(drawn()["lat"], drawn()["lon"]).all()
    assert main([*simulate, *area]) == 2
    assert "--catalog NAME" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ["benchmark", "--catalog", "synthetic_socal", "--models", "etas", "--places"],
            "synthetic_socal has no locations",
        ),
        (["benchmark", *CATALOG, "--protocol", "earthquakenpp"], "is not one of the protocol"),
        (["benchmark", *CATALOG, "--protocol", "x"], "no protocol 'x'"),
        (["forecast", *CATALOG, "--cell", "0.1"], "--cell is the size of the cells of --places"),
        (
            ["forecast", *CATALOG, "--places", "--csep", "--place", "35", "-117"],
            "leave out --places",
        ),
        (["forecast", *CATALOG, "--places", "--cell", "0.07"], "does not divide 90 degrees"),
        (
            ["forecast", "--catalog", "synthetic_socal", "--places", "--samples", "10"],
            "has no locations",
        ),
        (
            ["etas", "fit", "--catalog", "synthetic_socal", "--space"],
            "choose a catalog with latitudes and longitudes, or leave places out",
        ),
        (["etas", "fit", *CATALOG, "--space", "--taper"], "--taper is for fits of times alone"),
        (["forecast", "--rolling", "--places"], "--places is for a single forecast"),
    ],
)
def test_mistakes_get_one_line(
    command: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert message in lines[-1]


def test_a_model_without_a_law_of_places_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["etas", "fit", *CATALOG, "--no-plots", "--out", str(tmp_path)]) == 0
    model = ["--model", str(tmp_path / "etas.json"), "--places"]
    for command in (["forecast"], ["simulate", "--days", "1"]):
        assert main([*command, *CATALOG, *model, "--out", str(tmp_path / "out")]) == 2
        assert "has no law of places: fit it with --places" in capsys.readouterr().err
