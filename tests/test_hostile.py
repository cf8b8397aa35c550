"""What a stranger's file says: used, or refused in one line, and nothing is written elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import hostile
import numpy as np
import pytest

from catalogs import Catalog, InputError, export_catalog, import_catalog, load, save
from catalogs.files import read_json, write_json
from catalogs.store import EMBEDDED
from catalogs.texts import as_cell, check_name, of_cell
from recast.benchmark.results import BenchmarkResult
from recast.benchmark.tables import as_csv, score_rows
from recast.plots.catalogs import magnitude_time
from recast.plots.style import render, sign
from recast.report.svg import inline_svg

EMBEDDED_RECORD = EMBEDDED / "ridgecrest_2019.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog, a benchmark of it, and the results of other commands."""
    folder = tmp_path_factory.mktemp("whole") / "files"
    hostile.make(folder)
    return folder


@pytest.fixture
def here(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a copy of all these files, two levels below an empty one."""
    folder = tmp_path / "outside" / "deep" / "here"
    hostile.copy_of(whole, folder)
    monkeypatch.setenv("RECAST_DATA", str(folder / "data"))
    monkeypatch.chdir(folder)
    return folder


def changed(path: Path, *keys: Any, value: Any) -> None:
    """Replace one value of a JSON file."""
    content = read_json(path)
    holder = content
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    path.write_text(json.dumps(content).replace("Infinity", "1e999"))


def refusal(line: str) -> str:
    """The one line by which a command refuses its input, having written nothing."""
    code, _, err = hostile.outcome(line.split())
    assert code == 2, (line, code, err)
    said = [row for row in err.splitlines() if row.startswith("recast")]
    assert len(said) == 1
    assert not hostile.WATCH.written, hostile.WATCH.written
    return said[0]


BAD = [
    name
    for name in (*hostile.NAMES, "/tmp/absolute")
    if name not in {"shipped", "地震", "etas.json", "../../x.json"}
]


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name"):
        check_name(name)
    catalog = load("ridgecrest_2019")
    with pytest.raises(InputError, match="name"):
        replace(catalog.info, name=name)
    for suffix in (".json", ".parquet"):
        path = tmp_path / f"x{suffix}"
        path.write_bytes(EMBEDDED_RECORD.with_suffix(suffix).read_bytes())
    changed(tmp_path / "x.json", "name", value=name)
    with pytest.raises(InputError, match=r"x\.json: .*name"):
        load(tmp_path / "x.json")


@pytest.mark.parametrize("line", hostile.OF_RECORDS)
def test_no_command_uses_a_name_that_is_a_path(line: str, here: Path) -> None:
    for name in ("../../escaped", str(here.parent / "absolute")):
        changed(here / hostile.RECORD, "name", value=name)
        if line == "catalogs list":
            code, out, _ = hostile.outcome(line.split())
            assert code == 0
            assert "catalog name '" in out
            assert not hostile.WATCH.written
        else:
            said = refusal(line)
            assert f"{hostile.RECORD}: catalog name {name!r:.60}: use letters" in said


@pytest.mark.parametrize("name", ["../../escaped", "a\x1b[2J", 'x"><script>', "--help"])
@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("run/benchmark.json", "report run"),
        ("run/benchmark.json", "leaderboard run"),
        ("run/benchmark.json", "forecast --rolling 1 --run run"),
        ("run/rolling.json", "report run --workers 1"),
        ("run/trimmed.json", "report run --workers 1"),
        ("exam/aftershocks.json", "report exam"),
    ],
)
def test_no_result_names_a_path(path: str, line: str, name: str, here: Path) -> None:
    content = read_json(here / path)
    changed(here / path, "catalogs", value={name: content["catalogs"]["ridgecrest_2019"]})
    said = refusal(line)
    assert path in said
    assert "name" in said or "control characters" in said


@pytest.mark.parametrize("name", ["../../escaped", "..", "a/b.json", "a\\b.json", "x" * 300])
def test_no_model_of_a_result_names_a_path(name: str, here: Path) -> None:
    catalog = read_json(here / "run/benchmark.json")["catalogs"]["ridgecrest_2019"]
    models = {**catalog["models"], name: catalog["models"]["poisson"]}
    changed(here / "run/benchmark.json", "catalogs", "ridgecrest_2019", "models", value=models)
    for line in ("report run", "leaderboard run", "forecast --rolling 1 --run run"):
        assert "run/benchmark.json: catalogs[...]: model '" in refusal(line)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("title", "a\x1b]0;owned\x07", "title = 'a\\x1b]0;owned\\x07' has control characters"),
        ("note", "moc.live\u202e", "note = 'moc.live\\u202e' has control characters"),
        ("title", "\u2067a\u2069", "has control characters (U+2067, U+2069): take them out"),
        ("citation", "\ud800", "citation = '\\ud800' has control characters"),
        ("title", "x" * 200_000, "title has 200,000 characters: shorten it"),
        ("kind", "<b>", "kind = '<b>': choose observed or synthetic"),
        ("time_unit", "weeks", "time_unit = 'weeks': choose UTC or days since start"),
        ("sha256", "../x", "sha256 = '../x' is no hash"),
        ("area", "javascript:alert(1)", "area 'javascript:alert(1)': write a box"),
        ("magnitude_completeness", hostile.TOO_LARGE, "magnitude_completeness is too large"),
        ("magnitude_completeness", -1e308, "magnitude_completeness = -1e+308 is out of range"),
        ("magnitude_bin", -0.1, "magnitude_bin = -0.1 is out of range: need 0 to 2"),
        ("magnitude_bin", True, "magnitude_bin = True is no float"),
        ("n_events", 10**30, "n_events is too large for a whole number"),
        ("gaps", [["2019-07-08"]], "gaps = [['2019-07-08']] is no tuple"),
        ("truth", {"mu": "x"}, "truth: mu = 'x' is not a number"),
        ("provenance", {"record": []}, "provenance: record: expected str"),
        ("provenance", {"files": [{"retrieved": 1}]}, "files[0].retrieved: expected str"),
    ],
)
def test_impossible_fields_are_named(field: str, value: Any, said: str, here: Path) -> None:
    changed(here / hostile.RECORD, field, value=value)
    line = refusal(f"catalogs info {hostile.RECORD}")
    assert hostile.RECORD in line
    assert said in line


def test_results_hold_no_impossible_numbers(here: Path) -> None:
    path = here / "run/benchmark.json"
    keys = ("catalogs", "ridgecrest_2019", "models", "etas", "fit_seconds")
    changed(path, *keys, value=hostile.TOO_LARGE)
    assert f"{'.'.join(keys)} is too large for a number" in refusal("leaderboard run")
    path.write_text(path.read_text().replace("1e999", "NaN"))
    assert "NaN is no number" in refusal("leaderboard run")


class Tags(HTMLParser):
    """The elements of a page that do something, and its links."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "img", "iframe", "object", "embed", "form", "base", "b"}:
            self.active.append(tag)
        for name, value in attrs:
            if name.startswith("on"):
                self.active.append(name)
            if name in {"href", "src", "xlink:href", "action"}:
                self.links.append(str(value))


def test_a_page_says_what_a_stranger_wrote_and_does_nothing(here: Path) -> None:
    text = "\"><img src=x onerror='alert(1)'></style><script>alert(1)<"
    model = text.replace("</style>", "").replace("<script>", "") + ".json"
    content = json.loads(json.dumps(hostile.exam()).replace("poisson", "NAME"))
    content = json.loads(json.dumps(content).replace("NAME", json.dumps(model)[1:-1]))
    found = content["catalogs"]["ridgecrest_2019"]
    found["remarks"] = [text, "javascript:alert(1)"]
    found["left_out"][0]["reason"] = text
    content |= {"command": text, "version": text, "environment": {text: text}}
    (here / "exam/aftershocks.json").write_text(json.dumps(content))
    code, _, err = hostile.outcome(["report", "exam"])
    assert code == 0, err
    page = (here / "exam/report.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.active == []
    assert tags.links
    assert all(link.startswith(("#", "data:,")) for link in tags.links)
    assert "alert(1)" in page
    for path in (here / "exam/report").rglob("*.svg"):
        names = {element.tag.rpartition("}")[2] for element in ET.parse(path).iter()}
        assert not names & {"script", "img", "image", "foreignObject"}


def test_identifiers_of_pictures_are_words() -> None:
    svg = '<svg width="1" viewBox="0 0 1 1"><g id="a"/><use href="#a"/></svg>'
    made = inline_svg(svg, 'x"><script>alert(1)</script>', 'a"><script>')
    root = ET.fromstring(made.replace("href", "xlink:href"))
    assert {element.tag for element in root.iter()} == {"svg", "g", "use"}
    (identifier,) = (element.attrib["id"] for element in root.iter() if "id" in element.attrib)
    assert identifier.replace("-", "").replace("_", "").isalnum()
    assert root.attrib["aria-label"] == 'a"><script>'


# What matplotlib before 3.11 says of scripts whose letters it draws one by one.
@pytest.mark.filterwarnings("ignore:Matplotlib currently does not support")
@pytest.mark.parametrize("title", ["$\\frac$", "$\\undefined{$ and $", "地震 उत्तर", "x" * 2000])
def test_pictures_take_titles_literally(title: str) -> None:
    whole = load("ridgecrest_2019")
    catalog = Catalog(whole.events, replace(whole.info, title=title))
    figure = magnitude_time(catalog, catalog.split())
    sign(figure, title)
    assert render(figure, "png").startswith(b"\x89PNG")
    root = ET.fromstring(render(figure, "svg").decode())
    assert title in "".join(root.itertext())


FORMULAS = ("=1+1", "+1+1", "-2+3", "@SUM(A1)", "'=1", "''", "'quoted", "-", "=", "ci1")


def test_exported_text_is_no_formula_and_comes_back(tmp_path: Path) -> None:
    whole = load("ridgecrest_2019")
    n = len(whole.events)
    ids = [f"{FORMULAS[i % len(FORMULAS)]}{i}" for i in range(n)]
    types = ["=cmd|' /C calc'!A0" if i % 7 == 0 else "earthquake" for i in range(n)]
    events = whole.events.assign(event_id=ids, event_type=types, **{"=HYPERLINK(1)": "x"})
    path = tmp_path / "events.csv"
    export_catalog(Catalog(events, whole.info), path, "csv")
    rows = [line.split(",") for line in path.read_text().splitlines()]
    cells = [cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@"}]
    assert cells
    for cell in cells:
        float(cell)  # longitudes
    again = import_catalog(path, "again", completeness=2.5).catalog.events
    back = again.set_index(again["event_id"]).loc[ids]
    assert back["event_type"].to_list() == types
    np.testing.assert_array_equal(back["longitude"], events["longitude"])


@pytest.mark.parametrize("text", [*FORMULAS, "-5", "+1.5e3", "", "'-5", "\u2212=", "'@x"])
def test_cells_are_read_as_they_were_written(text: str) -> None:
    assert of_cell(as_cell(text)) == text


def test_tables_of_results_hold_no_formulas(here: Path) -> None:
    result = BenchmarkResult.load(here / "run/benchmark.json")
    hostile_one = replace(result, version="=1+1", protocol="@x")
    lines = as_csv(score_rows(hostile_one)).splitlines()
    assert len(lines) > 10
    assert all(line.startswith("'@x,") and "'=1+1" in line for line in lines[1:])
    assert any(",-" in line for line in lines[1:])  # numbers stay numbers


def test_what_is_recorded_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"command": "recast \x1b[2J \udcff é 地震 😀", "n": [1, {"a\x7f": None}]})
    found = read_json(path)
    assert found["command"] == r"recast \x1b[2J \udcff é 地震 😀"
    assert found["n"] == [1, {r"a\x7f": None}]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_files_have_the_permissions_that_the_user_chose(
    mask: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.umask(mask)
    try:
        for line in (
            "catalogs select ridgecrest_2019 --name part --end 2019-07-12",
            "catalogs export ridgecrest_2019 --format csv --out out/x.csv",
            "benchmark --catalog part --models poisson --out out/run",
            "forecast --catalog part --model out/run/part/poisson.json --samples 20 --out out/f",
            "simulate --catalog part --model out/run/part/poisson.json --days 1 --out out/s",
        ):
            code, _, err = hostile.outcome(line.split())
            assert code == 0, err
    finally:
        os.umask(before)
    found = [path for path in tmp_path.rglob("*") if "cache" not in path.parts[-1:]]
    assert len(found) > 12
    for path in found:
        mode = path.stat().st_mode & 0o777
        assert mode == (0o777 if path.is_dir() else 0o666) & ~mask, (path, oct(mode))


@pytest.mark.parametrize("variable", ["RECAST_DATA", "RECAST_CACHE"])
def test_a_file_in_place_of_the_folder_of_catalogs_is_named(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.touch()
    monkeypatch.setenv(variable, str(path))
    for line in ("catalogs info scedc", "catalogs list", "benchmark --catalog scedc"):
        assert refusal(line).startswith(f"recast: {variable} = {path} is a file")


@pytest.mark.parametrize("name", ["-x", "--help"])
def test_names_do_not_read_like_options(name: str, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("time,mag\n2020-01-01,3\n2020-01-02,4\n")
    for line in (
        f"catalogs select ridgecrest_2019 --name={name} --end 2019-07-12",
        f"catalogs import {path} --name={name}",
    ):
        assert f"catalog name {name!r} reads like an option" in refusal(line)
    catalog = load("ridgecrest_2019")
    with pytest.raises(InputError, match="reads like an option"):
        save(Catalog(catalog.events, replace(catalog.info, name=name)), tmp_path)


def test_a_record_need_not_say_how_many_rows_there_were(here: Path) -> None:
    files = [{"url": "https://x", "retrieved": "2020-01-01"}]
    changed(here / hostile.RECORD, "provenance", value={"files": files})
    code, out, err = hostile.outcome(["catalogs", "info", hostile.RECORD])
    assert code == 0, err
    assert "1 file, the newest from 2020-01-01" in out


@pytest.mark.parametrize("action", [["info"], ["info", "--json"], ["check"]])
def test_a_terminal_need_not_know_all_letters(action: list[str], here: Path) -> None:
    changed(here / hostile.RECORD, "name", value="地震")
    changed(here / hostile.RECORD, "title", value="Überblick ½")
    verb, *options = action
    done = subprocess.run(
        [sys.executable, "-m", "recast", "catalogs", verb, hostile.RECORD, *options],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"\\u5730\\u9707" in done.stdout


def flat(*_: object) -> bytes:
    """In place of a picture: to draw it takes longest."""
    return b'<svg viewBox="0 0 1 1"></svg>'


@pytest.mark.parametrize("n", [100, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_file_makes_a_command_write_elsewhere_or_fail(
    n: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    here = outside / "deep" / "below" / "here"
    absolute = str(outside / "absolute")
    monkeypatch.setenv("RECAST_TRACEBACK", "1")
    monkeypatch.setattr("recast.report.section.render", flat)
    monkeypatch.setattr("recast.plots.style.render", flat)
    failed, codes = [], []
    modules = set(sys.modules)
    for i in range(n):
        rng = np.random.default_rng([i, 10_000])
        case = hostile.prepared(whole, here, rng, absolute)
        monkeypatch.setenv("RECAST_DATA", str(here / "data"))
        monkeypatch.chdir(here)
        code, out, err = hostile.outcome(case.line)
        monkeypatch.chdir(tmp_path)
        codes.append(code)
        elsewhere = hostile.WATCH.outside(here)
        said = err.strip().splitlines()
        if (
            elsewhere
            or code not in {0, 1, 2}
            or (code and not said)
            or hostile.UNEXPECTED.search(err)
            or "\x1b" in out + err
        ):
            failed.append(f"{i} {case.path} {case.line}\n  -> {code} {elsewhere} {said[-3:]}")
            sys.stderr.write(failed[-1] + "\n")  # shown by `pytest -s` as it goes
    assert not failed, f"{len(failed)} of {n} failed\n" + "\n".join(failed[:20])
    assert not [name for name in set(sys.modules) - modules if "evil" in name]
    assert [path.name for path in outside.iterdir()] == ["deep"]
    # Neither is everything refused nor everything taken: else nothing would be tested
    assert 0.1 < codes.count(0) / n < 0.9


def test_a_catalog_without_complete_events_is_shown_and_exported(tmp_path: Path) -> None:
    path = save(load("ridgecrest_2019"), tmp_path).with_suffix(".json")
    changed(path, "magnitude_completeness", value=9.0)
    code, shown, _ = hostile.outcome(["catalogs", "info", str(path)])
    assert code == 0
    assert "0 complete of 830" in shown
    code, shown, _ = hostile.outcome(["catalogs", "info", str(path), "--json"])
    assert (code, json.loads(shown)["largest_magnitude"]) == (0, None)
    out = tmp_path / "x.csv"
    export_catalog(load(str(path)), out, "csv")
    assert len(out.read_text(encoding="utf-8").splitlines()) == 1
