"""`recast residuals`: goodness of fit of whatever was saved, from the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from catalogs import load
from catalogs.files import write_json
from etas.poisson import Poisson
from etas.residuals import residual_test, transformed_times
from recast.cli import main
from recast.models.neural import Recast
from recast.models.start import start_of
from recast.pretrained import read_net
from recast.training.codes import with_inferred_code
from recast.training.data import Region

PLOTS = {
    "omori_decay.png",
    "residuals.png",
    "residual_correlation.png",
    "intensity_trace.png",
    "cumulative_counts.png",
}


def run(model: str, out: Path, *options: str) -> dict[str, object]:
    command = ["residuals", "--model", model, "--catalog", "ridgecrest_2019", "--out", str(out)]
    assert main([*command, *options]) == 0
    record: dict[str, object] = json.loads((out / "residuals.json").read_text())
    return record


def test_of_the_net_that_comes_with_the_package(tmp_path: Path) -> None:
    record = run("shipped", tmp_path)
    catalog = load("ridgecrest_2019")
    region = Region(catalog, pretrained="shipped")
    known = read_net(start_of(region, "shipped"), region.scaling)
    net = Recast(with_inferred_code(known, region.split.train))
    test = catalog.split().test
    assert record["residuals"] == residual_test(transformed_times(net, test)).to_json()
    assert record["nats_per_event"] == pytest.approx(net.log_likelihood(test) / test.n_scored)
    assert record["background_probability"] is None
    for plot in PLOTS:
        assert (tmp_path / plot).read_bytes().startswith(b"\x89PNG"), plot


def test_of_poisson_on_the_window_it_was_fitted_to(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    train = catalog.split().train
    rate = Poisson.fit(train, catalog.magnitude_law()).rate
    write_json(tmp_path / "poisson.json", {"model": "poisson", "rate": rate})
    options = ("--split", "train", "--no-plots")
    record = run(str(tmp_path / "poisson.json"), tmp_path / "out", *options)
    assert record["expected"] == pytest.approx(train.n_scored)
    assert np.shape(record["autocorrelation"]) == (30,)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["residuals.json"]


def test_a_file_without_a_model_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json(tmp_path / "none.json", {})
    command = ["residuals", "--model", str(tmp_path / "none.json"), "--catalog", "ridgecrest_2019"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    shown = capsys.readouterr().err
    assert "none.json holds no model: give the JSON of a fit" in shown
    assert shown.count("\n") == 1


def test_of_several_nets_their_mixture(tmp_path: Path) -> None:
    command = ["residuals", "--model", "shipped", "shipped", "--catalog", "ridgecrest_2019"]
    options = ["--no-plots", "--out", str(tmp_path / "two")]
    assert main([*command, *options]) == 0
    two = json.loads((tmp_path / "two" / "residuals.json").read_text())
    one = run("shipped", tmp_path / "one", "--no-plots")
    # Of a net with itself: the net
    assert two["nats_per_event"] == pytest.approx(one["nats_per_event"], rel=1e-9)
