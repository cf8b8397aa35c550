"""Protocols: what they fix is refused if contradicted; results as CSV, LaTeX and by schema."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, InputError, Selection, load, save
from catalogs.files import read_json
from recast.benchmark.folder import open_run
from recast.benchmark.identity import data_hash
from recast.benchmark.protocols import (
    EARTHQUAKE_NPP,
    PAPER,
    RECAST,
    ProtocolResult,
    followed,
)
from recast.benchmark.results import BenchmarkResult
from recast.benchmark.schema import FILE, benchmark_schema, make_schema
from recast.benchmark.tables import as_latex, latex_table
from recast.cli import main

RIDGECREST = "ridgecrest_2019"
COMMAND = ["benchmark", "--catalog", RIDGECREST, "--models", "poisson", "etas"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark")
    command = [*COMMAND, "recast-zero-shot", "--places", "--protocol", "recast"]
    assert main([*command, "--out", str(folder)]) == 0
    return folder


def test_a_plain_run_follows_the_protocol_recast(tmp_path: Path) -> None:
    whole = [load(RIDGECREST)]
    models = ["poisson", "etas"]
    assert followed(None, whole, whole, models) is RECAST
    part = [Selection(magnitude_completeness=3.0).of(whole[0])]
    assert followed(None, whole, part, models) is None
    assert followed(None, whole, whole, ["poisson"]) is None
    assert followed(None, whole, whole, models, quick=True) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--protocol", "recast", "--quick"], "--quick: the protocol recast trains in full"),
        (["--protocol", "recast", "--completeness", "3"], "leave out --area, --start, --end,"),
        (["--protocol", "recast", "--area", "35/36/-118/-117"], "as its record has it"),
        (["--protocol", "recast", "--event-types", "earthquakes"], "and --event-types"),
        (["--protocol", "paper"], "'ridgecrest_2019' is not one of the protocol paper: choose"),
        (["--protocol", "earthquakenpp"], "is not one of the protocol earthquakenpp: choose from"),
        (["--protocol", "mine"], "no protocol 'mine': choose from recast, paper, earthquakenpp"),
    ],
)
def test_what_a_protocol_fixes_is_not_changed(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = ["--models", "etas", *(["recast"] if "--quick" in options else [])]
    command = ["benchmark", "--catalog", RIDGECREST, *models, *options, "--out", str(tmp_path)]
    assert main(command) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_protocol_compares_with_etas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["benchmark", "--catalog", RIDGECREST, "--models", "poisson"]
    assert main([*command, "--protocol", "recast", "--out", str(tmp_path)]) == 2
    assert "compares with etas: add etas to --models" in capsys.readouterr().err


def as_scedc(catalog: Catalog) -> Catalog:
    return Catalog(catalog.events, replace(catalog.info, name="scedc"))


def test_another_catalog_by_the_name_of_the_papers_is_refused(tmp_path: Path) -> None:
    catalog = [as_scedc(load(RIDGECREST))]
    with pytest.raises(InputError, match="is not the paper's, which has 125,421 events of M > 2"):
        followed("paper", catalog, catalog, ["etas"])


@pytest.mark.parametrize("name", PAPER.catalogs)
def test_the_papers_catalogs_are_its_own(real_catalog: Callable[[str], Catalog], name: str) -> None:
    catalog = [real_catalog(name)]
    assert followed("paper", catalog, catalog, ["etas"]) is PAPER
    later = [Selection(start="2009-01-02").of(catalog[0], any_splits=True)]
    assert followed(None, catalog, later, ["etas"]) is None


def test_the_papers_catalogs_have_its_events_and_windows(
    real_catalog: Callable[[str], Catalog],
) -> None:
    catalog = real_catalog("qtm_san_jacinto")
    events, info = catalog.events, catalog.info
    n = len(catalog.to_sequence())
    a_day_later = pd.Timestamp(info.splits.val_start) + pd.Timedelta("1D")
    later = replace(info.splits, val_start=str(a_day_later))
    one_less = events.drop(events.index[events["magnitude"] > 3.0][0])
    for other in (
        Catalog(events, replace(info, splits=later)),
        Catalog(one_less.reset_index(drop=True), replace(info, n_events=len(one_less))),
        Catalog(events, replace(info, completeness_is_strict=False)),
    ):
        with pytest.raises(InputError, match=f"is not the paper's, which has {n:,} events"):
            followed("paper", [other], [other], ["etas"])


def test_the_papers_rows_stand_beside_a_run(
    real_catalog: Callable[[str], Catalog], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(real_catalog("qtm_san_jacinto"), tmp_path)
    command = ["benchmark", "--protocol", "paper", "--catalog", str(path)]
    assert main([*command, "--models", "etas", "--out", str(tmp_path)]) == 0
    result = BenchmarkResult.load(tmp_path / "benchmark.json")
    assert result.protocol == "paper"
    beside = result.catalogs["qtm_san_jacinto"].protocol
    assert beside is not None
    # The paper's ETAS is a fit of the same events: 1.1315 in both
    assert beside.models["etas"] == pytest.approx(beside.published["ETAS"], abs=1e-4)
    assert "RECAST (published)" in capsys.readouterr().out


def test_of_times_and_places_the_table_has_the_sum() -> None:
    head, published, mine = ProtocolResult(
        "earthquakenpp", {"ETAS": (1.5, -2.0)}, {"etas": (1.25, -1.0)}
    ).table()
    assert head.split() == ["earthquakenpp", "times", "places", "both"]
    assert published.split() == ["ETAS", "(published)", "1.5000", "-2.0000", "-0.5000"]
    assert mine.split() == ["etas", "1.2500", "-1.0000", "0.2500"]
    *_, row = ProtocolResult("paper", {}, {"etas": (1.25, -1.0)}).table()
    assert row.split() == ["etas", "1.2500", "-1.0000"]


def test_protocols_name_their_catalogs_where_none_is_given() -> None:
    from recast.commands.benchmark import DEFAULT_CATALOGS, _catalogs_of

    assert _catalogs_of("paper") == PAPER.catalogs
    assert _catalogs_of("earthquakenpp") == EARTHQUAKE_NPP.catalogs
    assert _catalogs_of("recast") == _catalogs_of(None) == DEFAULT_CATALOGS


def test_the_hash_is_that_of_what_is_scored() -> None:
    catalog = load(RIDGECREST)
    known = data_hash(catalog.split())
    renamed = replace(catalog.info, name="other", title="Other", sha256="")
    assert data_hash(Catalog(catalog.events, renamed).split()) == known
    splits = replace(catalog.info.splits, val_start="2019-07-09")
    moved = Catalog(catalog.events, replace(catalog.info, splits=splits))
    events = catalog.events.copy()
    events.loc[50, "magnitude"] += 0.01
    shaken = Catalog(events, catalog.info)
    events = catalog.events.copy()
    events.loc[50, "latitude"] += 0.001
    elsewhere = Catalog(events, catalog.info)
    gap = ("2019-07-10T00:00:00", "2019-07-10T00:00:01")
    free = ~events["time"].between(*(pd.Timestamp(end, tz="UTC") for end in gap))
    assert free.all()
    silent = Catalog(catalog.events, replace(catalog.info, gaps=(gap,)))
    hashes = {data_hash(other.split()) for other in (catalog, moved, shaken, elsewhere, silent)}
    assert len(hashes) == 5


def test_the_record_has_what_it_says_of_models(run: Path) -> None:
    result = BenchmarkResult.load(run / "benchmark.json")
    catalog = result.catalogs[RIDGECREST]
    assert (result.protocol, result.schema_version) == ("recast", 1)
    assert catalog.data_sha256 == data_hash(load(RIDGECREST).split())
    assert set(catalog.models["etas"].seen) == {RIDGECREST}
    assert len(catalog.models["recast-zero-shot"].seen) > 5
    assert all(row.leaks == [] for row in catalog.models.values())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", str(result.date))


def test_the_schema_is_that_of_the_records(run: Path) -> None:
    assert benchmark_schema() == make_schema(), f"write make_schema() to recast/benchmark/{FILE}"
    schema = benchmark_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for part in (schema, *schema["$defs"].values()):
        assert all(field["description"] for field in part["properties"].values())


def changed(record: dict[str, Any], value: object, *path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(record))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


def test_a_record_is_valid_and_damaged_ones_are_not(run: Path) -> None:
    validator = jsonschema.Draft202012Validator(benchmark_schema())
    record = read_json(run / "benchmark.json")
    validator.validate(record)
    models = ("catalogs", RIDGECREST, "models")
    for damaged in (
        changed(record, "1", "schema_version"),
        changed(record, None, *models, "etas", "splits", "test", "nats_per_event"),
        changed(record, [0.1], *models, "poisson", "gain_over_etas", "ci95"),
        changed(record, {}, *models, "etas"),
    ):
        assert not validator.is_valid(damaged)


@pytest.mark.parametrize(
    ("path", "value"),
    [(("schema_version",), 2), (("catalogs", RIDGECREST, "models", "etas"), {})],
)
def test_a_run_of_a_newer_form_is_refused(
    path: tuple[str, ...], value: object, run: Path, tmp_path: Path
) -> None:
    """Whether what is known of it can be read or not."""
    record = changed(read_json(run / "benchmark.json"), 2, "schema_version")
    (tmp_path / "benchmark.json").write_text(json.dumps(changed(record, value, *path)))
    with pytest.raises(InputError, match=r"benchmark.json: a newer version made it \(schema 2\)"):
        open_run(tmp_path)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == benchmark_schema()
    assert main(["benchmark", "--schema", "--quick"]) == 2
    assert "--schema only prints it" in capsys.readouterr().err


def test_csv_has_every_score_once(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = run.parent / "csv"
    command = [*COMMAND, "--places", "--out", str(folder), "--format", "csv"]
    assert main(command) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    result = BenchmarkResult.load(folder / "benchmark.json")
    catalog = result.catalogs[RIDGECREST]
    keys = [(row["model"], row["window"], row["score"]) for row in rows]
    assert len(set(keys)) == len(keys) == 2 * 3 * 3  # models, windows, scores with the places
    for row in rows:
        model = catalog.models[row["model"]]
        assert row["data_sha256"] == catalog.data_sha256
        assert row["version"] == result.version
        if row["score"] == "times":
            score = model.splits[row["window"]]
            assert float(row["value"]) == score.nats_per_event
            assert int(row["n_events"]) == score.n_events
    (gained,) = (row for row in rows if row["gain"] and row["score"] == "times")
    gain = catalog.models["poisson"].gain_over_etas
    assert gain is not None
    assert (gained["model"], gained["window"], gained["gain_over"]) == ("poisson", "test", "etas")
    found = [float(gained[name]) for name in ("gain", "gain_low", "gain_high")]
    assert found == [gain.mean, *gain.ci95]


def test_json_is_that_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, "--out", str(tmp_path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == read_json(tmp_path / "benchmark.json")


def cells(table: str) -> list[list[str]]:
    """The cells of a LaTeX table, after a check of its frame."""
    begin, *lines, end = table.splitlines()
    frame = re.fullmatch(r"\\begin\{tabular\}\{([lr]+)\}", begin)
    assert frame is not None
    assert end == r"\end{tabular}"
    rows = [line for line in lines if line != r"\hline"]
    assert all(row.endswith(r" \\") for row in rows)
    split = [re.split(r"(?<!\\) ?& ?", row.removesuffix(r" \\")) for row in rows]
    assert {len(row) for row in split} == {len(frame[1])}
    return split


def test_latex_is_a_table_of_the_test_windows(run: Path) -> None:
    result = BenchmarkResult.load(run / "benchmark.json")
    head, *rows = cells(as_latex(result))
    assert head[-1] == "gain over ETAS, test"
    assert [row[1] for row in rows] == ["poisson", "etas", "recast-zero-shot"]
    assert rows[0][0] == r"ridgecrest\_2019"
    row = result.catalogs[RIDGECREST].models["etas"]
    assert rows[1][3] == f"${row.test.nats_per_event:.4f}$"
    assert re.fullmatch(r"\$-\d\.\d{4}\\ \[-\d\.\d{4}, [-+]\d\.\d{4}\]\$", rows[0][5])


def test_latex_takes_nothing_for_a_command() -> None:
    special = "\\ { } $ & % # _ ^ ~ < > |"
    (_, (name, number)) = cells(latex_table(["a", "b"], [[special, "-1,234.5"]]))
    assert number == "$-1{,}234.5$"
    bare = re.sub(r"\\(textbackslash|textasciicircum|textasciitilde|text\w+)\{\}|\\.", "", name)
    assert not set(bare) & set("\\{}$&%#_^~<>|")
    assert np.unique(name.split()).size == 13
