"""`recast etas` and `recast simulate`, run in this process: results, files, and refusals."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from catalogs import Catalog, EventSequence, InputError, load, save
from etas import ETAS, ETASFit, residual_test
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog, true_model
from recast.cli import main
from recast.models.etas_report import ETASResult, fit_catalog, history_of, score_catalog
from recast.plots.window import Detected, fit_plots
from recast.training.data import CatalogData
from recast.training.trainer import train

PLOTS = {"omori_decay.png", "residuals.png", "cumulative_counts.png", "frequency_magnitude.png"}
PNG = b"\x89PNG\r\n"
CONTINUED = ["--model", "{fit}", "--days", "1", "--catalog", "{small}"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of about 1,500 events, by its path."""
    empty = EventSequence.nothing()
    (events,) = SOCAL_TRUTH.sample(empty, 500.0, 1, seed=2)
    catalog = synthetic_catalog(events, SOCAL_TRUTH, "small", start="2001-01-01")
    return save(catalog, tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="module")
def fitted(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fit")
    assert main(["etas", "fit", "--catalog", str(small), "--out", str(out), "--profile", "p"]) == 0
    return out / "etas.json"


def test_a_fit_is_written_with_errors_scores_and_plots(fitted: Path) -> None:
    record = json.loads(fitted.read_text())
    model = ETAS.from_json(record["model"])
    assert record["protocol"] == "train"
    assert record["converged"] is True
    for name in ("mu", "k", "alpha", "c", "p"):
        row = record["uncertainty"]["parameters"][name]
        # 4 standard errors in the logarithm (or in the parameter): 1 in 3,000 for all five
        truth, value, error = getattr(SOCAL_TRUTH, name), row["estimate"], row["standard_error"]
        scale = name in {"mu", "k", "c"}
        distance = np.log(value / truth) * value if scale else value - truth
        assert abs(distance) < 4.0 * error, name
    low, high = record["profiles"]["p"]["ci95"]
    assert low < model.p < high
    train = record["splits"]["train"]
    assert train["log_likelihood"] == pytest.approx(record["log_likelihood"], rel=1e-9)
    for plot in PLOTS | {"profile_p.png"}:
        assert (fitted.parent / plot).read_bytes().startswith(PNG), plot


def test_fixed_tapered_incomplete_and_on_both_windows(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["etas", "fit", "--catalog", str(small), "--out", str(tmp_path), "--no-plots"]
    options = ["--fit-to", "train+val", "--fix", "p=1.1", "--fix", "alpha=0.7", "--taper"]
    table = tmp_path / "mc.csv"
    table.write_text("time,magnitude\n2001-03-01,3.0\n2001-04-01,2.5\n")
    options += ["--completeness-history", str(table), "--random-starts", "2"]
    assert main([*command, *options]) == 0
    record = json.loads((tmp_path / "etas.json").read_text())
    assert record["protocol"] == "train+val"
    assert record["fixed"] == {"p": 1.1, "alpha": 0.7}
    assert record["model"]["p"] == 1.1
    assert record["model"]["taper"] > 0.0
    assert len(record["start_log_likelihoods"]) == 5
    split = load(small).split()
    march = split.val.between(59.0, 90.0)
    hidden = int((march.magnitudes < 3.0).sum())
    assert hidden > 10
    assert record["n_events"] == split.train.n_scored + split.val.n_scored - hidden
    options[-3] = "helmstetter"
    assert main([*command, *options]) == 0
    shown = capsys.readouterr().out
    assert "fitted on train+val" in shown
    assert f"{hidden:,} events below Mc(t) left out" in shown


def test_the_command_is_one_function(fitted: Path, small: Path, tmp_path: Path) -> None:
    result = fit_catalog(load(str(small)), profile=["p"])
    written = json.loads(fitted.read_text())
    assert {**result.to_json(), "command": written["command"]} == written
    assert str(result) == str(ETASResult.load(fitted))
    assert ETASFit.load(fitted) == result.fit
    again = ETASResult.load(result.write(tmp_path))
    assert again.to_json() == result.to_json()
    with pytest.raises(InputError, match="^`seed` -1 and `random_starts` 0: give 0 or more"):
        fit_catalog(load(str(small)), seed=-1)


@pytest.mark.parametrize("part", ["early", "model"])
def test_every_form_of_etas_json_is_read(part: str, fitted: Path, tmp_path: Path) -> None:
    record = json.loads(fitted.read_text())
    model = ETAS.from_json(record["model"])
    for key in ("command", "environment", "fitted_on", "completeness", "prior", "profiles"):
        record.pop(key)  # which 0.1.0 did not write everywhere
    path = tmp_path / "etas.json"
    path.write_text(json.dumps(record["model"] if part == "model" else record))
    assert ETAS.load(path) == model
    if part == "model":
        with pytest.raises(InputError, match=f"^{path}: object missing required field"):
            ETASFit.load(path)
    else:
        assert ETASFit.load(path).model == ETASResult.load(path).fit.model == model


def test_counts_of_an_incomplete_catalog_are_those_above_its_completeness(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog, table = load(str(small)), tmp_path / "mc.csv"
    table.write_text("time,magnitude\n2001-03-01,3.0\n2001-04-01,2.5\n")
    result = fit_catalog(catalog, completeness_history=table)
    train = catalog.split().train
    history = history_of(catalog, "train", table)
    assert history is not None
    seen = Detected.of(result.fit.model, train, history)
    assert seen.sequence.n_scored == result.fit.n_events < train.n_scored
    assert seen.expected == pytest.approx(result.fit.n_events, rel=1e-5)
    assert seen.expected < result.fit.model.compensator(train, train.end)[0] - 1.0
    assert residual_test(seen.transformed).ks_p == pytest.approx(result.fit.residuals.ks_p)
    drawn: dict[str, Figure] = {}
    monkeypatch.setattr(
        "recast.plots.window.save", lambda figure, p: drawn.update({p.stem: figure})
    )
    fit_plots(result, catalog, tmp_path, completeness_history=table)
    (axes,) = drawn["cumulative_counts"].axes
    assert axes.get_title().endswith("M ≥ Mc(t)")
    observed, expected = (np.asarray(line.get_ydata()) for line in axes.lines)
    assert observed[-1] == result.fit.n_events
    assert (expected[0], expected[-1]) == (0.0, seen.expected)


def test_a_fit_on_all_events_has_no_scores_to_explain(small: Path, tmp_path: Path) -> None:
    catalog, table = load(str(small)), tmp_path / "mc.csv"
    table.write_text("time,magnitude\n2001-03-01,3.0\n2001-04-01,2.5\n")
    history = history_of(catalog, "all", table)
    assert history is not None
    result = fit_catalog(catalog, protocol="all", completeness_history=history)
    assert result.completeness == f"{history.times.size} steps"
    assert result.splits == {}
    assert "below Mc(t)" not in str(result)
    named = replace(result, fit=replace(result.fit, protocol="<i>"))
    assert "fitted on &lt;i&gt;" in named._repr_html_()
    assert "<i>" not in named._repr_html_()


def test_all_events_until_a_date_need_no_splits(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    end = str(load(str(small)).info.splits.val_start)
    command = ["etas", "fit", "--catalog", str(small), "--no-plots", "--out", str(tmp_path)]
    assert main([*command, "--fit-to", "all", "--end", end]) == 0
    assert "fitted on all" in capsys.readouterr().out
    assert main([*command, "--end", end]) == 2
    assert "give --splits that do, or --fractions" in capsys.readouterr().err
    assert main([*command, "--end", end, "--fractions", "0.8", "0.1", "0.1"]) == 0


def test_a_net_of_this_catalog_is_no_prior(small: Path, tmp_path: Path) -> None:
    data = CatalogData([str(small)], window=64, burn_in=16, steps_per_epoch=1)
    net = train(data, tmp_path, seed=0, max_epochs=1).checkpoint
    with pytest.raises(InputError, match="its net knows this catalog, or too few others"):
        fit_catalog(load(str(small)), prior=net)


def test_a_pretrained_net_says_what_to_expect(small: Path, fitted: Path, tmp_path: Path) -> None:
    command = ["etas", "fit", "--catalog", str(small), "--out", str(tmp_path), "--no-plots"]
    assert main([*command, "--prior", "shipped"]) == 0
    expected, alone = (json.loads(p.read_text()) for p in (tmp_path / "etas.json", fitted))
    assert (expected["prior"], alone["prior"]) == ("shipped", None)
    assert expected["converged"]
    assert expected["log_likelihood"] < alone["log_likelihood"]
    for name in ("mu", "k", "alpha", "c", "p"):  # the regions know more than nothing
        errors = [r["uncertainty"]["parameters"][name]["standard_error"] for r in (expected, alone)]
        assert errors[0] < errors[1], name


def test_scores_are_those_of_the_fit(fitted: Path, small: Path, tmp_path: Path) -> None:
    command = ["etas", "score", "--model", str(fitted), "--catalog", str(small)]
    assert main([*command, "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "score.json").read_text())
    fit = json.loads(fitted.read_text())
    for part in ("train", "val", "test"):
        assert record["splits"][part]["log_likelihood"] == pytest.approx(
            fit["splits"][part]["log_likelihood"], rel=1e-12
        )
    assert record["splits"]["train"]["gain_over_poisson"] > 0.1
    assert (tmp_path / "gain_over_poisson.png").read_bytes().startswith(PNG)
    scores = score_catalog(load(str(small)), ETAS.load(fitted), "<i>")
    assert scores.splits["test"].to_json() == record["splits"]["test"]
    assert "fitted on: &lt;i&gt;" in scores._repr_html_()


def test_the_model_of_another_program_is_refused_in_one_line(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "foreign.json"
    path.write_text(json.dumps({"model": {"mu": 1.0, "productivity": 0.1}}))
    assert main(["etas", "score", "--model", str(path), "--catalog", str(small)]) == 2
    shown = capsys.readouterr().err
    assert f"{path}: these are not ETAS parameters (no k, alpha, c, p, magnitude_law)" in shown
    assert shown.count("\n") == 1


def test_residuals_of_the_train_window_are_those_of_the_fit(
    fitted: Path, small: Path, tmp_path: Path
) -> None:
    command = ["residuals", "--model", str(fitted), "--catalog", str(small)]
    assert main([*command, "--split", "train", "--out", str(tmp_path)]) == 0
    record, fit = (json.loads(p.read_text()) for p in (tmp_path / "residuals.json", fitted))
    assert record["residuals"]["ks_p"] == pytest.approx(fit["residuals"]["ks_p"], rel=1e-6)
    assert record["expected"] == pytest.approx(record["n_events"], rel=1e-5)
    # At the maximum in mu: sum 1 / lambda = T, so that background is mu T
    mu, days = fit["model"]["mu"], fit["days"]
    assert record["expected_background"] == pytest.approx(mu * days, rel=1e-4)


@pytest.mark.parametrize("space", [False, True])
def test_numbers_of_all_events_by_a_fit_to_some_say_so(
    space: bool, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = small
    if space:
        rng = np.random.default_rng(0)
        plain = load(str(small))
        places = {
            name: rng.uniform(35.0, 36.0, len(plain.events)) for name in ("latitude", "longitude")
        }
        info = replace(plain.info, name="placed", has_locations=True)
        catalog = save(Catalog(plain.events.assign(**places), info), tmp_path)
    command = ["--catalog", str(catalog), "--no-plots", "--out", str(tmp_path)]
    how = ["--completeness-history", "helmstetter", "--large", "3.5"]
    assert main(["etas", "fit", *command, *how, *(["--space"] if space else [])]) == 0
    said = "fitted to events above Mc(t) (helmstetter); these numbers are of all events"
    saved = tmp_path / ("space.json" if space else "etas.json")
    for action in (["residuals"], *([] if space else [["etas", "score"]])):
        capsys.readouterr()
        assert main([*action, "--model", str(saved), *command]) == 0
        assert said in capsys.readouterr().out


def test_a_simulated_catalog_is_a_catalog(fitted: Path, tmp_path: Path) -> None:
    command = ["simulate", "--model", str(fitted), "--days", "300", "--samples", "2", "--seed", "3"]
    assert main([*command, "--out", str(tmp_path / "a"), "--threads", "1"]) == 0
    assert main([*command, "--out", str(tmp_path / "b"), "--no-plots"]) == 0
    first, second = (load(tmp_path / x / "simulated_1.json") for x in "ab")
    np.testing.assert_array_equal(first.days, second.days)
    assert true_model(first.info) == ETAS.from_json(json.loads(fitted.read_text())["model"])
    record = json.loads((tmp_path / "a" / "simulation.json").read_text())
    assert record["events"] == sum(
        len(load(tmp_path / "a" / f"simulated_{i}.json").events) for i in range(2)
    )
    assert (tmp_path / "a" / "counts.png").read_bytes().startswith(PNG)
    assert main(["catalogs", "info", str(tmp_path / "a" / "simulated_0.json")]) == 0


def test_a_continuation_starts_where_its_history_ends(
    fitted: Path, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["simulate", "--model", str(fitted), "--catalog", str(small), "--at", "2002-01-01"]
    options = ["--days", "14", "--samples", "100", "--format", "csep", "--out", str(tmp_path)]
    assert main([*command, *options]) == 0
    lines = (tmp_path / "simulated.csv").read_text().splitlines()
    record = json.loads((tmp_path / "simulation.json").read_text())
    assert len(lines) == 1 + record["events"]
    stamps = [line.split(",")[3] for line in lines[1:]]
    assert min(stamps) >= "2002-01-01T00:00:00"
    assert max(stamps) < "2002-01-15T00:00:00.000001"
    assert record["observed"] == len(load(small).to_sequence().between(365.0, 379.0))
    low, high = record["counts"]["ci95"]
    assert low <= record["counts"]["median"] <= high
    assert "branching ratio" in capsys.readouterr().out


def test_presets_and_formats(tmp_path: Path) -> None:
    command = ["simulate", "--preset", "recast_many", "--samples", "2", "--days", "2000"]
    options = ["--origin", "1990-01-01", "--place", "34", "-118", "--name", "many"]
    formats = ["--format", "catalog", "csep", "zmap", "quakeml"]
    assert main([*command, *options, *formats, "--out", str(tmp_path)]) == 0
    files = {path.name for path in tmp_path.iterdir()}
    assert {"many.csv", "many_0.zmap", "many_1.xml", "many_1.parquet", "counts.png"} <= files
    assert load(tmp_path / "many_0.json").info.has_locations


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--preset", "paper"], "no preset 'paper': choose one of recast_many"),
        (
            ["--preset", "recast_many", "--at", "2000-01-01"],
            "--at is a time in a catalog: give --catalog",
        ),
        (["--preset", "recast_many", "--samples", "0"], "--samples 0: at least one is needed"),
        (["--preset", "recast_many", "--days", "0"], "horizon = 0.0 days"),
        (["--preset", "recast_many", "--seed", "-1"], "--seed -1 is negative"),
        ([*CONTINUED, "--origin", "2001"], "--origin is for simulations from nothing: give --at"),
        (
            [*CONTINUED, "--at", "2011-01-01"],
            "--at 2011-01-01: catalog 'small' covers 2001-01-01 to 2002-05-16 only",
        ),
        (["--model", "{fit}"], "add --days N"),
        (["--model", "{none}", "--days", "1"], "none.json does not exist"),
        (["--model", "{fit}", "--days", "1", "--format", "csep"], "counts plain days"),
        (["--model", "{hot}", "--days", "100"], "--allow-supercritical"),
        (["--model", "{empty}", "--days", "1"], "empty.json holds no model: give the JSON of"),
    ],
)
def test_refusals_are_one_line(
    options: list[str],
    message: str,
    small: Path,
    fitted: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hot, empty = tmp_path / "hot.json", tmp_path / "empty.json"
    record = json.loads(fitted.read_text())["model"]
    hot.write_text(json.dumps({**record, "k": 1.0}))
    empty.write_text("{}")
    made = {"fit": fitted, "small": small, "hot": hot, "empty": empty}
    names = {**made, "none": tmp_path / "none.json"}
    filled = [text.format(**names) for text in options]
    assert main(["simulate", *filled, "--out", str(tmp_path / "out")]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fix", "p"], "'p' is not NAME=VALUE"),
        (["--fix", "p=high"], "'p=high' is not NAME=VALUE"),
        (["--fix", "p=7"], "p = 7 is out of bounds: choose 0.5 to 3"),
        (
            ["--random-starts", "1000000000000"],
            "--random-starts 1000000000000: give 0 or more, and at most 10000",
        ),
        (["--large", "5"], "--large 5 goes with --completeness-history helmstetter: add that"),
        (["--completeness", "helmstetter"], "is now --completeness-history helmstetter"),
        (["--completeness", "mc.csv"], "is now --completeness-history mc.csv"),
        (["--random-starts", "2", "--seed", "-1"], "--seed -1 and --random-starts 2: give 0"),
        (["--random-starts", "-2"], "--random-starts -2: give 0 or more"),
        (["--profile", "q"], "'q' was not estimated"),
        (
            ["--profile", "p", "--prior", "shipped"],
            "--profile p is of the likelihood alone: leave out that or --prior shipped",
        ),
        (["--taper", "--prior", "shipped"], "a prior says nothing of a taper"),
        (["--prior", "none.ckpt"], "none.ckpt"),
    ],
)
def test_impossible_fits_are_one_line(
    options: list[str], message: str, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["etas", "fit", "--catalog", str(small), *options]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1


def test_parameters_without_error_say_so(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixed = [
        f"--fix={name}={getattr(SOCAL_TRUTH, name)}" for name in ("mu", "k", "alpha", "c", "p")
    ]
    out = ["--out", str(small.parent / "fixed"), "--no-plots"]
    assert main(["etas", "fit", "--catalog", str(small), *fixed, *out]) == 0
    shown = capsys.readouterr().out
    assert shown.count(" fixed\n") == 5
    command = ["etas", "score", "--catalog", str(small), *out]
    assert main([*command, "--model", str(small.parent / "fixed" / "etas.json")]) == 0
    assert [p.name for p in (small.parent / "fixed").glob("*.png")] == []
    assert "nats/event over Poisson" in capsys.readouterr().out


def test_forty_eight_events_are_imported_fitted_and_forecast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command is the one that the import before it names."""
    rng = np.random.default_rng(3)
    days = np.sort(np.append(rng.uniform(0.0, 200.0, 20), 100.0 + 10 ** rng.uniform(-2, 1.6, 28)))
    magnitudes = 2.0 + rng.exponential(0.4, 48)
    table = pd.DataFrame(
        {
            "time": pd.Timestamp("2020-01-01") + pd.to_timedelta(days, "D"),
            "mag": magnitudes.round(2),
        }
    )
    table.to_csv(tmp_path / "few.csv", index=False)
    record, fit = tmp_path / "few.json", tmp_path / "fit"
    command = ["catalogs", "import", str(tmp_path / "few.csv"), "--name", "few"]
    assert main([*command, "--completeness", "2", "--out", str(tmp_path)]) == 0
    _, _, following = capsys.readouterr().out.partition("Next: recast ")
    assert following.startswith("etas fit --fit-to all --prior shipped --catalog ")
    assert main([*following.split(), "--out", str(fit), "--no-plots"]) == 0
    result = json.loads((fit / "etas.json").read_text())
    assert (result["protocol"], result["n_events"], result["splits"]) == ("all", 48, {})
    assert result["fitted_on"]["few"]["until"] == load(str(record)).info.end
    saved = ["--catalog", str(record), "--model", str(fit / "etas.json"), "--no-plots"]
    ask = ["forecast", *saved, "--samples", "100", "--out", str(tmp_path / "forecast")]
    assert main(ask) == 0
    capsys.readouterr()
    # What was fitted to all of it knows what follows any earlier date
    assert main([*ask, "--at", "2020-06-01"]) == 2
    assert "few until 2020" in capsys.readouterr().err


def test_a_long_gap_is_said_before_a_fit_until_it_is_declared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = np.sort(np.random.default_rng(2).uniform(0.0, 1000.0, 2000))
    days = days[(days < 400.0) | (days > 450.0)]
    times = pd.Timestamp("2020-01-01") + pd.to_timedelta(days, "D")
    pd.DataFrame({"time": times, "mag": 3.0 + 0.1 * (np.arange(days.size) % 7)}).to_csv(
        tmp_path / "gap.csv", index=False
    )
    record = str(tmp_path / "gap.json")
    read = [
        "catalogs",
        "import",
        str(tmp_path / "gap.csv"),
        "--name",
        "gap",
        "--out",
        str(tmp_path),
    ]
    fit = ["etas", "fit", "--catalog", record, "--out", str(tmp_path), "--no-plots"]
    compare = [
        "benchmark",
        "--catalog",
        record,
        "--models",
        "poisson",
        "--out",
        str(tmp_path / "b"),
    ]
    assert main([*read, "--completeness", "3"]) == 0
    for command in (fit, compare):
        capsys.readouterr()
        assert main(command) == 0
        assert "'gap' has no event from 2021-02-0" in (err := capsys.readouterr().err)
        assert "recast catalogs import --gap" in err
    gap = ["--gap", "2021-02-04", "2021-03-26", "--overwrite"]
    assert main([*read, "--completeness", "3", *gap]) == 0
    for command in (fit, compare):
        capsys.readouterr()
        assert main(command) == 0
        assert "has no event from" not in capsys.readouterr().err
